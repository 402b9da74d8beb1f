//! What holds for every estate: arbitrary ones that no sane history leads to, and reachable ones,
//! played through nights with brakes, hands, deploys, lost looks and deaths between any two steps.

mod anything;

use std::collections::BTreeSet;

use proptest::{collection::vec, prelude::*, sample::select};

use super::*;
use crate::snapshot::Handle;
use anything::anything;

/// What must hold for the plan of any view.
pub(super) fn assert_sound(view: &View<'_>, plan: &Plan) {
    let mut seen = BTreeSet::new();
    for chain in &plan.chains {
        assert!(seen.insert(&chain.arn), "two chains for {}", chain.arn);
        assert!(!chain.steps.is_empty());
        assert_sound_chain(view, plan, chain);
    }
    if plan.wanted.state.is_none() {
        assert!(plan.chains.is_empty(), "a hold changes nothing");
    }
    let grows = |chain: &&Chain| chain.steps.iter().any(Step::grows);
    let growing: Vec<Kind> = plan.chains.iter().filter(grows).map(|it| it.kind).collect();
    assert!(
        growing.is_sorted_by_key(|kind| *kind != Kind::AuroraCluster),
        "clusters first: {growing:?}"
    );
    assert!(!plan.settled || plan.chains.is_empty());
    assert!(plan.due.is_none_or(|due| due > view.now));
}

fn assert_sound_chain(view: &View<'_>, plan: &Plan, chain: &Chain) {
    let before = view.entry(&chain.arn);
    let mut entry = before.cloned();
    for step in &chain.steps {
        match step {
            Step::Save(next) => {
                assert_eq!((&next.arn, &next.estate), (&chain.arn, &view.section.name));
                let kept = before.filter(|kept| kept.is_open());
                if let Some(kept) = kept {
                    assert_eq!(next.found, kept.found, "a saved day is never overwritten");
                }
                entry = Some((**next).clone());
            }
            Step::Forget => {
                let resource = view.snapshot.resource(&chain.arn);
                let let_go = resource.is_none_or(|resource| view.night(resource).is_none());
                assert!(let_go, "{chain:?}");
            }
            Step::Move { lever, from, to } => {
                let resource = view.snapshot.resource(&chain.arn).unwrap();
                let handle = resource.handle().unwrap();
                assert_eq!((*lever, *from), (handle.lever, handle.level));
                assert_ne!(from, to);
                assert!(handle.max.is_none_or(|max| *to <= max), "above the maximum");
                let saved = entry.as_ref().filter(|entry| entry.is_open());
                let saved = saved.expect("nothing is changed that is not saved");
                assert!(*to <= saved.found, "never more than the day: {chain:?}");
                if to < from {
                    assert_may_shrink(view, plan, resource, *to);
                }
            }
        }
    }
}

/// Everything that must be so before anything is taken away.
fn assert_may_shrink(view: &View<'_>, plan: &Plan, resource: Resource<'_>, to: Level) {
    let snapshot = view.snapshot;
    assert_eq!(plan.wanted.state, Some(State::Night));
    assert_eq!(Some(to), view.night(resource), "the document says how far");
    assert!(
        to.get() >= 0.5 && to.tasks().is_none_or(|count| count >= 1),
        "the floor"
    );
    assert!(snapshot.unread.is_empty() && snapshot.no_alarms.is_empty());
    let brakes = &view.section.slim.brakes;
    let mut alarms = snapshot.alarms.iter();
    assert!(!alarms.any(|alarm| alarm.rings && brakes.contains(&alarm.name)));
    for watched in &snapshot.services {
        let ours = view.names(Resource::Service(watched));
        assert!(!(ours && watched.is_deploying()), "{watched:?}");
    }
    for measured in &snapshot.clusters {
        let ours = view.names(Resource::Cluster(measured));
        assert!(!ours || measured.cluster.unrest().is_none(), "{measured:?}");
    }
    for (_, tag) in resource.consents() {
        assert_eq!(tag, Tag::Read(Some(view.section.name.clone())));
    }
    let owner = view.owners.get(resource.arn());
    assert!(owner.is_none_or(|owner| owner.function == FUNCTION || owner.until <= view.now));
    let rivalry = view.rivals.get(resource.arn());
    assert!(rivalry.is_none_or(|it| it.keeper.as_ref() == Some(&view.section.name)));
    if let Some(service) = resource.service() {
        assert!(service.desired > 0 && !service.daemon);
        if let Some(target) = &service.target {
            assert!(
                service.desired <= target.bounds.max,
                "the clamp would cut it"
            );
            assert!(!target.suspension.dynamic_out, "it could not grow again");
            return;
        }
    }
    let load = resource.load().expect("measured");
    assert!(view.now.duration_since(load.newest) <= FRESH);
    let of = match resource {
        Resource::Service(watched) => f64::from(watched.service.running),
        Resource::Cluster(measured) => measured.cluster.capacity.unwrap().max.get(),
    };
    assert!(load.highest * of / to.get() < FITS, "{load:?}");
}

/// So many cases; `PROPTEST_CASES=2560` makes ten times as many.
fn cases(cases: u32) -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig {
        cases: cases * usual.cases / 256,
        ..usual
    }
}

impl std::fmt::Debug for Play {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Play")
            .field("slim", &self.section.slim)
            .field("world", &self.world)
            .field("owners", &self.owners)
            .field("rivals", &self.rivals)
            .field("released", &self.released)
            .field("now", &self.now)
            .finish_non_exhaustive()
    }
}

/// What the levers of all resources stand at, and the maxima.
fn sight(snapshot: &Snapshot) -> Vec<(Arn, Handle, u32)> {
    let seen = snapshot.resources().filter_map(|resource| {
        let count = resource.service().map_or(0, |service| service.desired);
        Some((resource.arn().clone(), resource.handle()?, count))
    });
    seen.collect()
}

impl Play {
    /// Looks every ten minutes for four hours; by then whatever can be done is done.
    fn wait_long(&mut self) {
        for _ in 0..24 {
            self.look();
            self.now += minutes(10);
        }
        let (entries, sight_before) = (self.world.entries.clone(), sight(&self.world.snapshot));
        let plan = self.look();
        assert!(plan.chains.is_empty(), "it never rests: {:?}", plan.chains);
        assert_eq!(self.world.entries, entries);
        assert_eq!(sight(&self.world.snapshot), sight_before);
    }

    /// The function dies after so many steps of this look, and nothing else is written down.
    fn die_after(&mut self, steps: usize) {
        let plan = self.plan();
        let all = plan.chains.iter().flat_map(|chain| {
            chain
                .steps
                .iter()
                .map(|step| (chain.arn.clone(), step.clone()))
        });
        for (arn, step) in all.take(steps) {
            self.world.take(&arn, &step);
        }
    }

    fn maxima(&self) -> Vec<Option<Level>> {
        let resources = self.world.snapshot.resources();
        resources
            .map(|it| it.handle().and_then(|handle| handle.max))
            .collect()
    }
}

proptest! {
    #![proptest_config(cases(2000))]

    #[test]
    fn every_plan_is_sound_and_the_same_twice(mut play in anything()) {
        let (first, second) = (play.plan(), play.plan());
        assert_sound(&play.view(), &first);
        prop_assert_eq!(format!("{first:?}"), format!("{second:?}"));
    }
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn no_maximum_is_ever_changed_and_no_count_under_a_target_falls(mut play in anything()) {
        let maxima = play.maxima();
        for _ in 0..12 {
            let counts: Vec<u32> = play.world.snapshot.services.iter()
                .map(|watched| watched.service.desired)
                .collect();
            let plan = play.look();
            prop_assert_eq!(&play.maxima(), &maxima);
            let after = &play.world.snapshot.services;
            for (watched, before) in after.iter().zip(counts) {
                let falls = watched.service.desired < before;
                prop_assert!(!falls || watched.service.target.is_none(), "{:?}", plan.chains);
                prop_assert!(!falls || watched.service.desired >= 1);
            }
            play.now += minutes(5);
        }
    }

    #[test]
    fn whatever_it_is_the_day_that_was_saved_returns(mut play in anything()) {
        let saved: Vec<Entry> = play.world.entries.values()
            .map(|kept| kept.item.clone())
            .filter(Entry::is_open)
            .collect();
        if !play.released {
            play.world.order = Some(order(Order::Day, play.now, minutes(24 * 60)));
        }
        play.world.snapshot.unread.clear();
        play.wait_long();
        for entry in saved {
            let Some(resource) = play.world.snapshot.resource(&entry.arn) else { continue };
            let Some(handle) = resource.handle() else { continue };
            let day = handle.max.map_or(entry.found, |max| entry.found.min(max));
            let cut_off = resource.service().is_some_and(|service| {
                service.target.as_ref().is_some_and(|target| service.desired > target.bounds.max)
            });
            let stopped = matches!(resource, Resource::Cluster(measured)
                if measured.cluster.state.is_down());
            let is_auto_scalings = entry.lever == Lever::Count && handle.lever == Lever::Minimum;
            prop_assert!(
                handle.level >= day || cut_off || stopped || is_auto_scalings,
                "{entry:?} {handle:?}"
            );
        }
    }

    #[test]
    fn killed_after_any_step_it_ends_where_it_would_have_ended(
        mut play in anything(),
        deaths in vec(0..6_usize, 1..4),
        wish in select(vec![Order::Day, Order::Night, Order::Night, Order::Night]),
    ) {
        play.measures = true;
        play.world.order = Some(order(wish, play.now, minutes(24 * 60)));
        let mut other = Play {
            section: play.section.clone(),
            world: play.world.clone(),
            owners: play.owners.clone(),
            rivals: play.rivals.clone(),
            news: Vec::new(),
            ..play
        };
        for steps in deaths {
            play.die_after(steps);
        }
        play.wait_long();
        other.wait_long();
        prop_assert_eq!(sight(&play.world.snapshot), sight(&other.world.snapshot));
    }
}

/// What may happen between two looks at night.
#[derive(Clone, Copy, Debug)]
enum Event {
    Nothing,
    Ring(bool),
    Deploy(bool),
    FailOver(bool),
    Hand(u32),
    Terraform,
    Load(u32),
    Count(u32),
    DieAfter(usize),
    Miss,
}

fn an_event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => Just(Event::Nothing),
        1 => any::<bool>().prop_map(Event::Ring),
        1 => any::<bool>().prop_map(Event::Deploy),
        1 => any::<bool>().prop_map(Event::FailOver),
        1 => (2..7_u32).prop_map(Event::Hand),
        1 => Just(Event::Terraform),
        1 => (0..80_u32).prop_map(Event::Load),
        1 => (1..8_u32).prop_map(Event::Count),
        2 => (0..6_usize).prop_map(Event::DieAfter),
        1 => Just(Event::Miss),
    ]
}

impl Play {
    fn happen(&mut self, event: Event) {
        match event {
            Event::Nothing | Event::Miss | Event::DieAfter(_) => {}
            Event::Ring(rings) => self.ring(rings),
            Event::Deploy(runs) => {
                let rollout = if runs {
                    Rollout::InProgress
                } else {
                    Rollout::Completed
                };
                self.deploy("web", rollout);
            }
            Event::FailOver(runs) => {
                self.cluster().state = if runs {
                    DatabaseState::Changing
                } else {
                    DatabaseState::Available
                };
            }
            Event::Hand(min) => self.register("api", min),
            Event::Terraform => self.register("api", 3),
            Event::Load(percent) => {
                self.watched("web").load.as_mut().unwrap().highest = f64::from(percent);
            }
            // Target tracking.
            Event::Count(count) => {
                let bounds = self.bounds("api");
                self.set("api", bounds.clamp(count));
            }
        }
        match event {
            Event::DieAfter(steps) => self.die_after(steps),
            Event::Miss => {}
            _ => {
                self.look();
            }
        }
    }
}

proptest! {
    #![proptest_config(cases(300))]

    /// A night of a reachable estate: the floor holds, the day returns by opening, a person's value
    /// stands until morning, and a larger one beyond it.
    #[test]
    fn a_night_keeps_the_floor_the_hand_and_the_day(
        rings in any::<bool>(),
        events in vec(an_event(), 1..60),
    ) {
        let mut play = Estate::empty()
            .with_service("api", 3, 1)
            .with_target(3, 10)
            .with_service("web", 2, 1)
            .with_aurora("0.5")
            .saying("brakes: [errors]")
            .with_alarm("errors")
            .at(EVENING);
        // The night begins under a brake or without one.
        play.ring(rings);
        play.look();
        let mut hand = None;
        for event in events {
            if let Event::Hand(min) = event {
                hand = (min != 3).then_some(min);
            } else if matches!(event, Event::Terraform) {
                hand = None;
            }
            play.happen(event);
            prop_assert!(play.min("api") >= 1 && play.count("web") >= 1 && play.acu() >= 0.5);
            prop_assert_eq!(play.bounds("api").max, 10);
            if let Some(hand) = hand {
                prop_assert_eq!(play.min("api"), hand, "a person's change is not undone");
            }
            play.now += minutes(7);
        }
        if let Some(entry) = play.entry("api") {
            prop_assert_eq!(entry.found, tasks(3), "a night's hand is never the day");
        }
        let was_small = play.entry("api").is_some();
        play.turn_to(MORNING);
        let before = play.min("api");
        play.pass(19);
        // What was never made smaller is not ours to give back.
        let day = if was_small { before.max(3) } else { before };
        prop_assert_eq!(play.min("api"), day);
        prop_assert_eq!(play.count("web"), 2);
        prop_assert!((play.acu() - 2.0).abs() < 1e-9);
        prop_assert!(play.count("api") >= play.min("api"));
        prop_assert_eq!(play.phase(), Phase::Day, "{:?}", play.rows());
    }
}
