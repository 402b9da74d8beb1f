//! What must never happen to estates that sleep, judged by the cloud's own journal. What a rule lets
//! pass, for the seconds between a look and its deed, is said beside it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use nightshift_cloud::{
    call::Actor,
    services::rds,
    world::{Noted, What, World},
};

use super::estates::{Estate, SLEEP_TAG};
use crate::{
    places::Place,
    rules::{Broken, MOMENT, Reports, SEEN},
    subject::{self, Should},
};

/// How long it took and what it is worth does not make it other news.
const VARIES: [&str; 6] = [
    "woke_seconds",
    "database_seconds",
    "saved",
    "services",
    "changed",
    "left_at_zero",
];

/// A count that may return in the morning.
#[derive(Clone, Debug)]
struct Accepted {
    count: u32,
    since: Timestamp,
    until: Option<Timestamp>,
}

/// What is right for one service.
#[derive(Clone, Debug, Default)]
struct Right {
    counts: Vec<Accepted>,
    /// Whether the older counts stay right: the function may not have seen the newer ones.
    keeps: bool,
    suspensions: BTreeSet<[bool; 3]>,
    /// Whether we put it to sleep, and neither its scaling was resumed nor the estate ready since.
    asleep: bool,
    /// Whether we gave it its tasks back since: a look may have seen them.
    returned: bool,
    touched: Option<Timestamp>,
}

/// The judge of one run.
#[derive(Clone, Debug)]
pub struct Rules {
    estates: Vec<Estate>,
    services: BTreeMap<String, Right>,
    stopped_by_us: BTreeSet<String>,
    /// When a database stopped being usable.
    usable_until: BTreeMap<String, Timestamp>,
    reports: Reports,
    last_phase: BTreeMap<String, &'static str>,
    /// `Mode: watch`: nothing may change.
    watch: bool,
}

impl subject::Rules<Estate> for Rules {
    fn new(world: &World, _place: Place, estates: &[Estate], watch: bool) -> Self {
        let mut rules = Self {
            estates: estates.to_vec(),
            services: BTreeMap::new(),
            stopped_by_us: BTreeSet::new(),
            usable_until: BTreeMap::new(),
            reports: Reports::default(),
            last_phase: BTreeMap::new(),
            watch,
        };
        for service in world.ecs.services() {
            rules.meet(world, &service.arn, service.desired);
        }
        rules
    }

    fn reports(&mut self) -> &mut Reports {
        &mut self.reports
    }

    fn wrong(&mut self, world: &World, estate: &Estate, should: Should) -> Vec<String> {
        match should {
            Should::Unknown => Vec::new(),
            Should::Closed => self.not_asleep(world, estate),
            Should::Open => self.not_awake(world, estate),
            Should::GivenBack => {
                let mut wrong = self.not_awake(world, estate);
                wrong.retain(|wrong| !wrong.starts_with("nobody was told"));
                wrong
            }
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
            match &noted.what {
                What::Count { from, to } if ours => {
                    self.our_count(world, noted, *from, *to, &mut fail);
                }
                What::Count { from, to } => {
                    let near = journal
                        .get(index.wrapping_sub(1))
                        .into_iter()
                        .chain(journal.get(index + 1));
                    let by_us = near.into_iter().any(|other| {
                        other.at == noted.at
                            && matches!(other.by, Actor::Function(_))
                            && matches!(other.what, What::Suspension { .. } | What::Bounds { .. })
                    });
                    if noted.by == Actor::AutoScaling && by_us {
                        fail(
                            noted.at,
                            "no count is clamped by us",
                            format!("{} from {from} to {to}", noted.arn),
                        );
                    }
                    self.their_count(world, noted, *to);
                }
                What::Suspension { from, to } => {
                    self.suspension(world, noted, ours, *from, *to, &mut fail);
                }
                What::Bounds { from, to } if ours => {
                    fail(
                        noted.at,
                        "no bound is ever touched",
                        format!("{} from {from:?} to {to:?}", noted.arn),
                    );
                }
                What::Status { from, to } => {
                    if rds::serves(from) && !rds::serves(to) {
                        self.usable_until.insert(noted.arn.clone(), noted.at);
                    }
                    self.status(world, noted, ours, to, &mut fail);
                }
                What::Created => {
                    if let Some(service) = world.ecs.service(&noted.arn) {
                        let desired = service.desired;
                        self.meet(world, &noted.arn, desired);
                    }
                }
                What::Deleted => {
                    self.services.remove(&noted.arn);
                    self.stopped_by_us.remove(&noted.arn);
                    // What the ledger forgets was given back: from here on a 0 is a person's.
                    let forgotten = noted.arn.split_once(":table/Ledger/resource/");
                    if let Some((_, arn)) = forgotten
                        && let Some(right) = self.services.get_mut(arn)
                    {
                        right.asleep = false;
                    }
                }
                What::Published { message, .. } if ours => {
                    self.published(noted.at, message, &mut fail);
                }
                _ => {}
            }
        }
        broken
    }
}

impl Rules {
    fn meet(&mut self, world: &World, arn: &str, count: u32) {
        let right = self.services.entry(arn.to_owned()).or_default();
        right.counts = vec![Accepted {
            count,
            since: world.now,
            until: None,
        }];
        right.suspensions.clear();
        if let Some(target) = target(world, arn) {
            right.suspensions.insert(target.suspension);
        }
    }

    fn estate_of(&self, world: &World, arn: &str) -> Option<&Estate> {
        let service = world.ecs.service(arn)?;
        let name = service.tags.get(SLEEP_TAG)?;
        self.estates.iter().find(|estate| estate.name == name)
    }

    fn our_count(
        &mut self,
        world: &World,
        noted: &Noted,
        from: u32,
        to: u32,
        fail: &mut impl FnMut(Timestamp, &'static str, String),
    ) {
        let Some(service) = world.ecs.service(&noted.arn) else {
            return;
        };
        let estate = self.estate_of(world, &noted.arn).cloned();
        let Some(estate) = estate else {
            return fail(
                noted.at,
                "nothing is touched without consent",
                noted.arn.clone(),
            );
        };
        let at = noted.at;
        let right = self.services.entry(noted.arn.clone()).or_default();
        if to == 0 {
            if let Some(target) = target(world, &noted.arn)
                && target.suspension != [true; 3]
                && right
                    .touched
                    .is_none_or(|touched| at.duration_since(touched) > MOMENT)
            {
                fail(
                    at,
                    "scaling is suspended before the count is 0",
                    noted.arn.clone(),
                );
            }
            right.asleep = true;
            right.returned = false;
            right.settle(at);
            return;
        }
        let accepted = right.counts.iter().any(|accepted| accepted.count == to)
            || estate.wake_to.get(&service.name) == Some(&to);
        if !accepted {
            let counts: Vec<u32> = right.counts.iter().map(|accepted| accepted.count).collect();
            fail(
                at,
                "what returns is what was",
                format!("{} from {from} to {to}, right is {counts:?}", noted.arn),
            );
        }
        right.counts = vec![Accepted {
            count: to,
            since: at,
            until: None,
        }];
        right.keeps = false;
        right.returned = true;
        if from > 0 {
            return;
        }
        let needs = estate.needs.get(&service.name);
        for arn in &estate.databases {
            let Some(database) = world.rds.database(arn) else {
                continue;
            };
            let needed = needs.is_none_or(|needs| needs.contains(&database.name));
            let until = self.usable_until.get(arn);
            let just = until.is_some_and(|until| at.duration_since(*until) <= MOMENT);
            if needed && self.stopped_by_us.contains(arn) && !database.is_usable() && !just {
                fail(
                    at,
                    "no service starts before its database",
                    format!(
                        "{} while {} is {}",
                        noted.arn, database.name, database.status
                    ),
                );
            }
        }
    }

    fn their_count(&mut self, world: &World, noted: &Noted, to: u32) {
        let bounds = target(world, &noted.arn).map(|target| target.bounds);
        let right = self.services.entry(noted.arn.clone()).or_default();
        right.touched = Some(noted.at);
        if right.asleep {
            if to == 0 {
                // Nobody may have seen what it was in between.
                right.keeps = true;
                if right.returned {
                    // If a look has seen them, the 0 is a person's.
                    right.accept(noted.at, to);
                }
                return;
            }
            if bounds.is_some_and(|(min, _)| min == to) {
                right.keeps = true;
                if noted.by == Actor::AutoScaling {
                    return;
                }
            }
        }
        right.accept(noted.at, to);
    }

    fn suspension(
        &mut self,
        world: &World,
        noted: &Noted,
        ours: bool,
        from: [bool; 3],
        to: [bool; 3],
        fail: &mut impl FnMut(Timestamp, &'static str, String),
    ) {
        let Some(service) = service_of_target(world, &noted.arn) else {
            return;
        };
        let (arn, desired, running) = (service.arn.clone(), service.desired, service.running());
        let right = self.services.entry(arn.clone()).or_default();
        let at = noted.at;
        let just = right
            .touched
            .is_some_and(|touched| at.duration_since(touched) <= MOMENT);
        if !ours {
            right.touched = Some(at);
            if !right.asleep {
                right.suspensions.clear();
            }
            right.suspensions.insert(to);
            return;
        }
        if desired == 0 && !just {
            fail(at, "no target is registered at count 0", arn.clone());
        }
        if to == [true; 3] {
            return;
        }
        if !right.suspensions.contains(&to) {
            fail(
                at,
                "the suspension returns as it was",
                format!("{arn} from {from:?} to {to:?}"),
            );
        }
        // From here on auto scaling moves the count as the load asks, down to the minimum too.
        right.asleep = false;
        if running < desired && !just {
            let recent = right
                .counts
                .last()
                .is_some_and(|accepted| at.duration_since(accepted.since) <= MOMENT);
            if recent {
                fail(
                    at,
                    "scaling resumes when the count was seen",
                    format!("{arn}: {running} of {desired}"),
                );
            }
        }
    }

    fn status(
        &mut self,
        world: &World,
        noted: &Noted,
        ours: bool,
        to: &str,
        fail: &mut impl FnMut(Timestamp, &'static str, String),
    ) {
        let arn = &noted.arn;
        let owner = self
            .estates
            .iter()
            .find(|estate| estate.databases.contains(arn));
        if !ours {
            if matches!(noted.by, Actor::Person | Actor::Terraform) {
                self.stopped_by_us.remove(arn);
            }
            return;
        }
        let Some(estate) = owner else {
            return fail(noted.at, "nothing is touched without consent", arn.clone());
        };
        if to != "stopping" {
            return;
        }
        for task in world.ecs.live_tasks(&estate.cluster) {
            let service = task.group.strip_prefix("service:");
            let tag = task.tags.get(SLEEP_TAG);
            let theirs = match service {
                Some(name) => world
                    .ecs
                    .services()
                    .any(|service| service.name == name && estate.has(service)),
                None => tag.is_none_or(|tag| tag == estate.name),
            };
            // A task that began while the look was under way could not be seen.
            if theirs && noted.at.duration_since(task.created_at) > MOMENT {
                fail(
                    noted.at,
                    "no database stops under running tasks",
                    format!("{arn} under {}", task.arn),
                );
            }
        }
        self.stopped_by_us.insert(arn.clone());
    }

    fn published(
        &mut self,
        at: Timestamp,
        message: &str,
        fail: &mut impl FnMut(Timestamp, &'static str, String),
    ) {
        let Some((estate, news)) = self.reports.read(at, message, &VARIES, fail) else {
            return;
        };
        let estate = estate.as_str();
        match news["code"].as_str().unwrap_or_default() {
            "ready" => {
                self.last_phase.insert(estate.to_owned(), "ready");
                self.awake(estate);
            }
            "change_fails"
                if news["failure"]["code"]
                    .as_str()
                    .is_some_and(|code| code.starts_with("InvalidDB")) =>
            {
                fail(
                    at,
                    "a refusal that passes by itself is waited for",
                    news.to_string(),
                );
            }
            // The estate is nobody's any more, and begins anew if its document returns.
            "released" => {
                self.last_phase.remove(estate);
            }
            "asleep" => {
                self.last_phase.insert(estate.to_owned(), "asleep");
            }
            _ => {}
        }
    }

    /// The estate is up: what happens to its counts now is a person's.
    fn awake(&mut self, estate: &str) {
        let Some(estate) = self.estates.iter().find(|other| other.name == estate) else {
            return;
        };
        let cluster = format!("/{}/", estate.cluster);
        for (_, right) in self
            .services
            .iter_mut()
            .filter(|(arn, _)| arn.contains(&cluster))
        {
            right.asleep = false;
        }
    }

    /// What is wrong with an estate that should be asleep and was left in peace long enough.
    #[must_use]
    pub fn not_asleep(&self, world: &World, estate: &Estate) -> Vec<String> {
        let mut wrong = Vec::new();
        for service in world.ecs.services().filter(|service| estate.has(service)) {
            if service.desired + service.running() > 0 {
                wrong.push(format!("{} has {} tasks", service.name, service.running()));
            }
            let slept = self
                .services
                .get(&service.arn)
                .is_some_and(|right| right.asleep);
            if slept
                && let Some(target) = target(world, &service.arn)
                && target.suspension != [true; 3]
            {
                wrong.push(format!("{} scales: {:?}", service.name, target.suspension));
            }
        }
        for arn in &estate.databases {
            if let Some(database) = world.rds.database(arn)
                && !["stopped", "stopping"].contains(&database.status.as_str())
            {
                wrong.push(format!("{} is {}", database.name, database.status));
            }
        }
        if self.last_phase.get(estate.name) != Some(&"asleep") {
            wrong.push("nobody was told that it sleeps".to_owned());
        }
        wrong
    }

    /// What is wrong with an estate that should be awake and was left in peace long enough.
    #[must_use]
    pub fn not_awake(&self, world: &World, estate: &Estate) -> Vec<String> {
        let mut wrong = Vec::new();
        for service in world.ecs.services().filter(|service| estate.has(service)) {
            let right = self.services.get(&service.arn);
            let wake_to = estate.wake_to.get(&service.name).copied();
            let accepted = wake_to == Some(service.desired)
                || right.is_some_and(|right| {
                    right
                        .counts
                        .iter()
                        .any(|accepted| accepted.count == service.desired)
                });
            if !accepted {
                let counts: Vec<u32> = right
                    .into_iter()
                    .flat_map(|right| &right.counts)
                    .map(|accepted| accepted.count)
                    .collect();
                wrong.push(format!(
                    "{} has a desired count of {}, right is {counts:?}",
                    service.name, service.desired
                ));
            }
            if let (Some(target), Some(right)) = (target(world, &service.arn), right)
                && !right.suspensions.contains(&target.suspension)
            {
                wrong.push(format!(
                    "{} is left suspended: {:?}",
                    service.name, target.suspension
                ));
            }
        }
        for arn in estate.databases.iter().chain(&estate.never) {
            if world
                .rds
                .database(arn)
                .is_some_and(|database| !database.is_usable())
            {
                wrong.push(format!("{arn} is not usable"));
            }
        }
        if self
            .last_phase
            .get(estate.name)
            .is_some_and(|phase| *phase != "ready")
        {
            wrong.push("nobody was told that it is ready".to_owned());
        }
        wrong
    }
}

impl Right {
    /// Somebody set a count, which is right from now on.
    fn accept(&mut self, at: Timestamp, count: u32) {
        if let Some(last) = self.counts.last_mut() {
            if last.count == count {
                return;
            }
            if at.duration_since(last.since) < SEEN {
                self.keeps = true;
            }
            last.until = Some(at);
        }
        self.settle(at);
        self.counts.push(Accepted {
            count,
            since: at,
            until: None,
        });
    }

    /// Forgets what was replaced so long ago that a look must have seen it.
    fn settle(&mut self, at: Timestamp) {
        if !self.keeps {
            self.counts.retain(|accepted| {
                accepted
                    .until
                    .is_none_or(|until| at.duration_since(until) < SEEN)
            });
        }
    }
}

fn target<'a>(
    world: &'a World,
    service: &str,
) -> Option<&'a nightshift_cloud::services::autoscaling::Target> {
    let id = service.split(":service/").nth(1)?;
    world.autoscaling.target(&format!("service/{id}"))
}

fn service_of_target<'a>(
    world: &'a World,
    arn: &str,
) -> Option<&'a nightshift_cloud::services::ecs::Service> {
    world
        .ecs
        .services()
        .find(|service| target(world, &service.arn).is_some_and(|target| target.arn == arn))
}
