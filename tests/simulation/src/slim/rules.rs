//! What must never happen to estates that get smaller, judged by the cloud's own journal. What a rule
//! lets pass, for the seconds between a look and its deed, is said beside it.

mod brakes;
mod right;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use nightshift_cloud::{
    call::Actor,
    services::{autoscaling::Target, ecs},
    world::{ACCOUNT, Noted, REGION, What, World},
};

use self::{
    brakes::Brakes,
    right::{Met, Right},
};
use super::{
    Slim,
    estates::{Estate, SLIM_TAG},
    people::id_of,
};
use crate::{
    places::Place,
    rules::{Broken, MOMENT, Reports, SEEN},
    subject::{self, Should, Subject},
};

/// Between a look and its deed, while nothing goes wrong: reading takes a second.
const A_LOOK: SignedDuration = SignedDuration::from_secs(20);

/// So long after a call that failed or an old answer the world may be seen as it was.
const ROUGH: SignedDuration = SignedDuration::from_mins(5);

/// How loaded what is left may become, in per cent, and how far the measured minutes may be off.
const FITS: f64 = 70.0;

/// What a night came to is one piece of news, whatever it came to.
const VARIES: [&str; 13] = [
    "opening",
    "slimmed",
    "task_hours",
    "acu_hours",
    "saved",
    "month",
    "services",
    "highest_cpu",
    "scale_outs",
    "deaths",
    "held",
    "seconds",
    "waiting",
];

/// How an estate stands.
#[derive(Clone, Debug, Default)]
struct Standing {
    /// Every opening and closing, with whether it is one.
    turns: Vec<(Timestamp, bool)>,
    brakes: Brakes,
    /// An order or a document that is gone decides until then.
    free_until: Option<Timestamp>,
    /// Since when something is smaller and nobody was told what it came to.
    untold: Option<Timestamp>,
}

/// The judge of one run.
#[derive(Clone, Debug)]
pub struct Rules {
    estates: Vec<Estate>,
    place: Place,
    standing: BTreeMap<&'static str, Standing>,
    rights: BTreeMap<String, Right>,
    /// The services of scalable targets, by the targets' ARNs: also of those that are gone.
    targets: BTreeMap<String, String>,
    reports: Reports,
    /// Up to when calls failed or answers were old.
    rough_until: Option<Timestamp>,
    /// `Mode: watch`: nothing may change.
    watch: bool,
}

/// A lever that was moved.
struct Move<'a> {
    at: Timestamp,
    arn: &'a str,
    from: f64,
    to: f64,
}

impl subject::Rules<Estate> for Rules {
    fn new(world: &World, place: Place, estates: &[Estate], watch: bool) -> Self {
        let standing = estates.iter().map(|estate| {
            let hours = estate.hours;
            let mut turns = hours.turns(&place);
            turns.sort();
            let turns = turns.into_iter();
            let standing = Standing {
                turns: turns.map(|at| (at, hours.is_open(&place, at))).collect(),
                ..Standing::default()
            };
            (estate.name, standing)
        });
        let resources = estates.iter().flat_map(Estate::resources);
        let rights = resources.filter_map(|arn| {
            let (level, _) = level(world, arn)?;
            Some((arn.clone(), Right::of(level)))
        });
        Self {
            standing: standing.collect(),
            rights: rights.collect(),
            targets: targets(world),
            estates: estates.to_vec(),
            place,
            reports: Reports::default(),
            rough_until: None,
            watch,
        }
    }

    fn judge(&mut self, world: &World, journal: &[Noted]) -> Vec<Broken> {
        let mut broken = Vec::new();
        let mut fail = |at, rule, detail| broken.push(Broken { at, rule, detail });
        for (index, noted) in journal.iter().enumerate() {
            let ours = matches!(noted.by, Actor::Function(_));
            let of_its_own = noted.arn.contains(":dynamodb:") || noted.arn.contains(":sns:");
            if ours && self.watch && !of_its_own {
                fail(noted.at, "watch mode changes nothing", format!("{noted:?}"));
            }
            if let What::Published { message, .. } = &noted.what
                && ours
            {
                self.published(noted.at, message, &mut fail);
            }
            if of_its_own {
                continue;
            }
            let before = index.checked_sub(1).and_then(|index| journal.get(index));
            self.noted(world, noted, before, ours, &mut fail);
        }
        broken
    }

    fn reports(&mut self) -> &mut Reports {
        &mut self.reports
    }

    fn wrong(&mut self, world: &World, estate: &Estate, should: Should) -> Vec<String> {
        match should {
            Should::Unknown => Vec::new(),
            Should::Closed => self.not_small(world, estate),
            Should::Open | Should::GivenBack => self.not_large(world, estate, should),
        }
    }

    fn note_rough(&mut self, until: Timestamp) {
        self.rough_until = self.rough_until.max(Some(until));
    }

    fn let_go(&mut self, estate: &str, until: Timestamp) {
        let Some(standing) = self.standing.get_mut(estate) else {
            return;
        };
        // Until the next morning nobody can tell what was meant by whom.
        let mut openings = standing.turns.iter().filter(|(_, opens)| *opens);
        let next = openings.find(|(at, _)| *at > until);
        standing.free_until = Some(next.map_or(Timestamp::MAX, |(at, _)| *at));
        standing.untold = None;
    }

    fn watch(&mut self, world: &World) {
        for estate in &self.estates {
            if let Some(standing) = self.standing.get_mut(estate.name) {
                standing.brakes.sample(world, estate);
            }
            for service in &estate.services {
                let Some(seen) = world.ecs.service(&service.arn) else {
                    continue;
                };
                if seen.running() < seen.desired || seen.pending() > 0 {
                    let right = self.rights.entry(service.arn.clone()).or_default();
                    right.unsteady_at = Some(world.now);
                }
            }
        }
    }
}

type Fail<'a> = dyn FnMut(Timestamp, &'static str, String) + 'a;

impl Rules {
    fn estate_of(&self, arn: &str) -> Option<&Estate> {
        let mut estates = self.estates.iter();
        estates.find(|estate| estate.resources().any(|other| other == arn))
    }

    /// How long the world may look as it was.
    fn moment(&self, at: Timestamp) -> SignedDuration {
        let rough = self.rough_until.is_some_and(|until| at < until + ROUGH);
        if rough { MOMENT } else { A_LOOK }
    }

    fn noted(
        &mut self,
        world: &World,
        noted: &Noted,
        before: Option<&Noted>,
        ours: bool,
        fail: &mut Fail<'_>,
    ) {
        let at = noted.at;
        match &noted.what {
            What::Bounds { from, to } => {
                if ours && to.1 != from.1 {
                    let detail = format!("{} from {from:?} to {to:?}", noted.arn);
                    fail(at, "no maximum is ever touched", detail);
                }
                if let Some(arn) = self.targets.get(&noted.arn).cloned() {
                    let (from, to) = (f64::from(from.0), f64::from(to.0));
                    let step = Move {
                        at,
                        arn: &arn,
                        from,
                        to,
                    };
                    self.moved(world, &step, ours, fail);
                    self.right(&arn).stirred_at(at, ours);
                }
            }
            What::Capacity { from, to } => {
                if ours && (to.1 - from.1).abs() > 0.01 {
                    let detail = format!("{} from {from:?} to {to:?}", noted.arn);
                    fail(at, "no maximum is ever touched", detail);
                }
                let step = Move {
                    at,
                    arn: &noted.arn,
                    from: from.0,
                    to: to.0,
                };
                self.moved(world, &step, ours, fail);
            }
            What::Count { from, to } => {
                if target(world, &noted.arn).is_none() {
                    let (from, to) = (f64::from(*from), f64::from(*to));
                    let step = Move {
                        at,
                        arn: &noted.arn,
                        from,
                        to,
                    };
                    self.moved(world, &step, ours, fail);
                } else if ours {
                    let detail = format!("{} from {from} to {to}", noted.arn);
                    fail(at, "no count under auto scaling is touched", detail);
                } else if to < from {
                    self.cut_off(noted, before, fail);
                }
                self.right(&noted.arn).stirred_at(at, ours);
            }
            What::Suspension { .. } if ours => {
                fail(at, "nothing is suspended", noted.arn.clone());
            }
            What::Status { .. } | What::Deployment { .. } | What::Deleted if ours => {
                fail(at, "nothing else is touched", format!("{noted:?}"));
            }
            // Whoever registers a target by hand says by it what the day is; whoever takes it away
            // moves another lever.
            What::Created => {
                self.targets.extend(targets(world));
                if let Some(arn) = self.targets.get(&noted.arn).cloned() {
                    let right = self.right(&arn);
                    right.excused = true;
                    right.hands += 1;
                }
            }
            What::Deleted => {
                if let Some(arn) = self.targets.get(&noted.arn).cloned() {
                    self.right(&arn).hands += 1;
                }
            }
            _ => {}
        }
    }

    fn right(&mut self, arn: &str) -> &mut Right {
        self.rights.entry(arn.to_owned()).or_default()
    }

    /// Registering a target clamps its count: we never let it cut off what runs above the maximum,
    /// unless it came there between the look and the deed.
    fn cut_off(&mut self, noted: &Noted, before: Option<&Noted>, fail: &mut Fail<'_>) {
        let by_us = before.is_some_and(|before| {
            before.at == noted.at
                && matches!(before.by, Actor::Function(_))
                && matches!(before.what, What::Bounds { .. })
        });
        let moment = self.moment(noted.at);
        let touched = self.right(&noted.arn).touched;
        let just = touched.is_some_and(|touched| noted.at.duration_since(touched) <= moment);
        if by_us && noted.by == Actor::AutoScaling && !just {
            fail(noted.at, "no count is cut off by us", format!("{noted:?}"));
        }
    }

    fn moved(&mut self, world: &World, step: &Move<'_>, ours: bool, fail: &mut Fail<'_>) {
        if (step.to - step.from).abs() < 0.01 {
            return;
        }
        let Some(estate) = self.estate_of(step.arn).cloned() else {
            if ours {
                let detail = step.arn.to_owned();
                fail(step.at, "nothing is touched that no document names", detail);
            }
            return;
        };
        match ours {
            true if step.to < step.from => self.lowered(world, &estate, step, fail),
            true => self.raised(world, &estate, step, fail),
            false => self.changed(&estate, step),
        }
    }

    /// Somebody else moved it.
    fn changed(&mut self, estate: &Estate, step: &Move<'_>) {
        let at = step.at;
        let rough = self.rough_until;
        let (closing, opening) = self.night(estate, at);
        // The function may be on its way to the day already, and what is met then is the day.
        let by_day = estate.hours.is_open(&self.place, at) || at >= opening - Slim::LEAD;
        let is_rough = rough.is_some_and(|rough| rough + SEEN >= closing);
        let seen = !is_rough && at.duration_since(closing) > SEEN;
        let right = self.right(step.arn);
        right.touched = Some(at);
        right.hands += 1;
        if right.small && !by_day {
            let quick = right
                .lowered_at
                .is_some_and(|lowered| at.duration_since(lowered) <= SEEN);
            right.hand = Some(Met {
                at,
                counts: seen && !quick && right.hands == 1,
            });
            return;
        }
        right.keeps |= right.small || is_rough;
        right.accept(at, step.to);
        right.hand = (!by_day).then_some(Met {
            at,
            counts: seen && right.hands == 1,
        });
    }

    /// The closing before an instant and the opening after it.
    fn night(&self, estate: &Estate, at: Timestamp) -> (Timestamp, Timestamp) {
        let turns = self
            .standing
            .get(estate.name)
            .map(|standing| &standing.turns);
        let turns = || turns.into_iter().flatten();
        let closing = turns().rfind(|(turn, opens)| !opens && *turn <= at);
        let opening = turns().find(|(turn, opens)| *opens && *turn > at);
        (
            closing.map_or_else(|| self.place.begin(), |(at, _)| *at),
            opening.map_or_else(|| self.place.end(), |(at, _)| *at),
        )
    }

    fn is_free(&self, estate: &Estate, at: Timestamp) -> bool {
        let standing = self.standing.get(estate.name);
        standing.is_some_and(|standing| standing.free_until.is_some_and(|until| at < until))
    }

    fn lowered(&mut self, world: &World, estate: &Estate, step: &Move<'_>, fail: &mut Fail<'_>) {
        let (at, arn) = (step.at, step.arn);
        let moment = self.moment(at);
        let shown = format!("{arn} from {} to {}", step.from, step.to);
        let floor = if arn.contains(":cluster:") { 0.5 } else { 1.0 };
        if step.to < floor || estate.night(arn).is_none_or(|night| step.to < night) {
            fail(at, "nothing gets smaller than its night", shown.clone());
        }
        let touched = self.right(arn).touched;
        let just = touched.is_some_and(|touched| at.duration_since(touched) <= moment);
        if !consents(world, estate, arn) && !just {
            fail(at, "nothing is taken without consent", shown.clone());
        }
        let brakes = self.standing.get(estate.name).map(|it| &it.brakes);
        if let Some(cause) = brakes.and_then(|brakes| brakes.held_for(world, estate, moment)) {
            let detail = format!("{shown}: {cause}");
            fail(at, "nothing shrinks while a brake holds", detail);
        }
        let recently = touched.is_some_and(|touched| at.duration_since(touched) <= SEEN);
        if !recently
            && let Some(percent) = load_for(world, arn, step.to, at)
            && percent > FITS
        {
            let detail = format!("{shown}: it would be loaded by {percent:.0} %");
            fail(at, "a count is lowered only if the load fits", detail);
        }
        let free = self.is_free(estate, at) || estate.enforce;
        let most = level(world, arn).map_or(f64::MAX, |(_, most)| most);
        let right = self.right(arn);
        if let Some(hand) = right.hand
            && hand.counts
            && !free
            && at.duration_since(hand.at) > moment
        {
            let capped = (step.from - most).abs() < 0.01;
            let is_day = right.accepts(step.from) || capped;
            // Whoever puts the day back has its grace, and whoever sets something else the night.
            let grace = is_day && (!right.small || at >= hand.at + estate.grace);
            if !grace {
                let detail = format!("{shown}, set by hand at {}", hand.at);
                fail(at, "no hand is undone before morning", detail);
            }
        }
        right.lowered(at, step.from);
        let (_, opening) = self.night(estate, at);
        let told = opening.duration_since(at) > SEEN;
        if let Some(standing) = self.standing.get_mut(estate.name)
            && told
            && !free
        {
            standing.untold.get_or_insert(at);
        }
    }

    fn raised(&mut self, world: &World, estate: &Estate, step: &Move<'_>, fail: &mut Fail<'_>) {
        let (at, arn) = (step.at, step.arn);
        let (_, opening) = self.night(estate, at);
        let free = self.is_free(estate, at);
        let by_day = estate.hours.is_open(&self.place, at) || at >= opening - Slim::LEAD;
        let moment = self.moment(at);
        let most = level(world, arn).map_or(f64::MAX, |(_, most)| most);
        let is_night = estate.enforce && estate.night(arn) == Some(step.to);
        let right = self.right(arn);
        let shown = format!("{arn} from {} to {}", step.from, step.to);
        let capped = (step.to - most).abs() < 0.01 && right.day().any(|day| day > most);
        if !right.accepts(step.to) && !capped && !is_night && !right.excused {
            let days: Vec<f64> = right.day().collect();
            let detail = format!("{shown}, the day is {days:?}");
            fail(at, "what returns is the day as it was found", detail);
        }
        if let Some(hand) = right.hand
            && hand.counts
            && !free
            && !by_day
            && !estate.enforce
            && at.duration_since(hand.at) > moment
        {
            let detail = format!("{shown}, set by hand at {}", hand.at);
            fail(at, "no hand is undone before morning", detail);
        }
        if !is_night || right.accepts(step.to) {
            right.raised(at, step.to);
        }
    }

    fn published(&mut self, at: Timestamp, message: &str, mut fail: &mut Fail<'_>) {
        let Some((estate, news)) = self.reports.read(at, message, &VARIES, &mut fail) else {
            return;
        };
        let Some(standing) = self.standing.get_mut(estate.as_str()) else {
            return;
        };
        if matches!(news["code"].as_str(), Some("night_summary" | "released")) {
            standing.untold = None;
        }
    }

    /// What is wrong with an estate that should be at its day's size.
    fn not_large(&mut self, world: &World, estate: &Estate, should: Should) -> Vec<String> {
        let mut wrong = Vec::new();
        // A release whose tasks do not start keeps the estate from being ready, and so does who sets a
        // count under auto scaling below its minimum.
        let mut lacks_tasks = false;
        for arn in estate.resources() {
            let Some((level, most)) = level(world, arn) else {
                continue;
            };
            let right = self.rights.entry(arn.clone()).or_default();
            let least = right.day().map(|day| day.min(most)).reduce(f64::min);
            if !right.excused && least.is_some_and(|least| level < least - 0.01) {
                let days: Vec<f64> = right.day().collect();
                wrong.push(format!("{arn} is at {level}, the day is {days:?}"));
                continue;
            }
            let service = world.ecs.service(arn);
            lacks_tasks |= service
                .is_some_and(|service| f64::from(service.desired.min(service.running())) < level);
            if let Some(service) = service
                && !service.is_rolling_out()
                && service.running() < service.desired
                && f64::from(service.running()) < level
            {
                wrong.push(format!("{arn} runs {} of {level}", service.running()));
                continue;
            }
            right.restored(level);
        }
        let now = world.now;
        let standing = self.standing.get(estate.name);
        let untold = standing.and_then(|standing| standing.untold);
        if should == Should::Open
            && !lacks_tasks
            && estate.hours.is_open(&self.place, now)
            && untold.is_some_and(|since| now.duration_since(since) > SEEN)
        {
            wrong.push("nobody was told what the night came to".to_owned());
        }
        wrong
    }

    /// What is wrong with an estate that should be small, as far as nothing holds it back.
    fn not_small(&self, world: &World, estate: &Estate) -> Vec<String> {
        let now = world.now;
        let long_ago = |at: Option<Timestamp>| at.is_none_or(|at| now - Slim::BOUND > at);
        let standing = self.standing.get(estate.name);
        if standing.is_none_or(|standing| !long_ago(standing.brakes.seen_at)) {
            return Vec::new();
        }
        let mut wrong = Vec::new();
        for arn in estate.resources() {
            let (Some((level, _)), Some(night)) = (level(world, arn), estate.night(arn)) else {
                continue;
            };
            let right = self.rights.get(arn).cloned().unwrap_or_default();
            let at_peace = long_ago(right.touched) && long_ago(right.unsteady_at);
            let none_runs = world.ecs.service(arn).is_some_and(|one| one.desired == 0);
            let cut = target(world, arn).is_some_and(|target| {
                let desired = world.ecs.service(arn).map_or(0, |one| one.desired);
                desired > target.bounds.1
            });
            // What fits needs some air for three quarters of an hour to be sure that it was seen.
            let fits = (0..4).all(|quarter| {
                let at = now - SignedDuration::from_mins(15 * quarter);
                load_for(world, arn, night, at).is_none_or(|percent| percent < 45.0)
            });
            if level > night
                && right.hands == 0
                && at_peace
                && fits
                && !right.excused
                && !none_runs
                && !cut
                && consents(world, estate, arn)
            {
                wrong.push(format!("{arn} is at {level}, the night is {night}"));
            }
        }
        wrong
    }
}

/// How loaded something would have been in the quarter of an hour before, had it been so small; none
/// where target tracking decides.
fn load_for(world: &World, arn: &str, small: f64, at: Timestamp) -> Option<f64> {
    if target(world, arn).is_some() {
        return None;
    }
    let load = world.loads.of(arn)?;
    let minute = at.as_second().div_euclid(60);
    // What can be read is two minutes old, and the window's first minute may be cut.
    let minutes = minute - 13..=minute - 3;
    let highest = minutes.map(|minute| load.at(minute)).reduce(f64::max)?;
    Some(100.0 * highest / small)
}

/// Where the lever of a service or a cluster stands, and how far it can be raised.
fn level(world: &World, arn: &str) -> Option<(f64, f64)> {
    if let Some(database) = world.rds.database(arn) {
        let scaling = database.cluster()?.scaling?;
        return Some((scaling.min, scaling.max));
    }
    let service = world.ecs.service(arn)?;
    Some(match target(world, arn) {
        Some(target) => (f64::from(target.bounds.0), f64::from(target.bounds.1)),
        None => (f64::from(service.desired), f64::MAX),
    })
}

fn target<'a>(world: &'a World, service: &str) -> Option<&'a Target> {
    world.autoscaling.target(&id_of(service))
}

/// The services of all scalable targets.
fn targets(world: &World) -> BTreeMap<String, String> {
    let targets = world.autoscaling.targets();
    let service = |id: &str| format!("arn:aws:ecs:{REGION}:{ACCOUNT}:{id}");
    targets
        .map(|target| (target.arn.clone(), service(&target.resource_id)))
        .collect()
}

/// Whether a service with its target, or a cluster, consents.
fn consents(world: &World, estate: &Estate, arn: &str) -> bool {
    let is_ours = |tags: &nightshift_cloud::call::Tags| {
        tags.get(SLIM_TAG).is_some_and(|tag| tag == estate.name)
    };
    let service = world.ecs.service(arn).map(|one: &ecs::Service| &one.tags);
    let cluster = world.rds.database(arn).map(|one| &one.tags);
    let target = target(world, arn).map(|one| &one.tags);
    [service, cluster, target]
        .into_iter()
        .flatten()
        .all(is_ours)
}
