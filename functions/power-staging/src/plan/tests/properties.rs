//! What holds for every estate: arbitrary ones that no sane history leads to, and reachable ones,
//! played through evenings with crashes, lost records, slow databases and other people's hands.

use std::sync::LazyLock;

use nightshift::{
    kind::Tag,
    ledger::{Kept, Matter, Revision, SavedDatabase, SavedService},
    report::Wanted,
};
use proptest::{collection::vec, option, prelude::*, sample::select};

use super::*;
use crate::plan::Chain;

/// Whether the resource of a chain is a database.
fn is_database(chain: &Chain) -> bool {
    chain.kind != Kind::EcsService
}

const SERVICES: [&str; 3] = ["api", "job", "web"];
const DATABASES: [&str; 2] = ["db", "other"];

/// What must hold for the plan of any view.
pub(super) fn assert_sound(view: &View<'_>, plan: &Plan) {
    let mut seen = std::collections::BTreeSet::new();
    for chain in &plan.chains {
        assert!(seen.insert(&chain.arn), "two chains for {}", chain.arn);
        assert!(!chain.steps.is_empty());
        let entry = view.entries.get(&chain.arn).map(|kept| &kept.item);
        let owner = entry.and_then(|entry| entry.owned_by_another("power-staging", view.now));
        let gone = view.snapshot.gone.contains(&chain.arn);
        assert!(owner.is_none() || gone, "{chain:?} is owned by {owner:?}");
        if is_database(chain) {
            assert_sound_database(view, plan, chain);
        } else {
            assert_sound_service(view, plan, chain);
        }
    }
    if plan.wanted.state.is_none() {
        assert!(
            plan.chains.is_empty(),
            "a hold changes nothing: {:?}",
            plan.chains
        );
    }
    assert!(!plan.settled || plan.chains.is_empty());
    assert!(!plan.ready || plan.wanted.state != Some(State::Asleep));
    assert!(plan.due.is_none_or(|due| due > view.now));
}

fn assert_sound_service(view: &View<'_>, plan: &Plan, chain: &Chain) {
    let service = view.snapshot.service(&chain.arn);
    let before = view.entries.get(&chain.arn).map(|kept| kept.item.clone());
    let mut entry = before.clone();
    let mut count = service.map(|service| service.desired);
    for step in &chain.steps {
        let saved = entry
            .as_ref()
            .filter(|entry| entry.is_open())
            .and_then(|entry| entry.service.clone());
        match step {
            Step::Save(next) => {
                assert_eq!((&next.arn, &next.estate), (&chain.arn, &view.sleeper.name));
                let kept = before.as_ref().filter(|entry| entry.is_open());
                let kept = kept.and_then(|entry| entry.service.as_ref());
                let new = next.service.as_ref();
                if let Some(old) = kept.filter(|old| old.count > 0) {
                    let new = new.expect("a count is not dropped").count;
                    assert!(
                        new == old.count || Some(new) == count.filter(|count| *count > 0),
                        "{old:?} becomes {new}"
                    );
                } else if kept.is_none() {
                    assert!(new.is_none_or(|new| new.count > 0), "{next:?}");
                }
                let first = next.stage == Stage::ToSleep && kept.is_none();
                assert!(!first || consents(view, service.unwrap()), "{next:?}");
                entry = Some((**next).clone());
            }
            Step::Suspend => {
                assert_ne!(count, Some(0), "registering a target at 0");
                assert!(saved.unwrap().suspension.is_some(), "not saved");
            }
            Step::Resume(found) => {
                assert!(count.unwrap() > 0, "registering a target at 0");
                assert_eq!(saved.unwrap().suspension, Some(*found));
            }
            Step::SetCount { from, to: 0 } => {
                let saved = saved.unwrap();
                assert!(saved.count > 0 && *from > 0, "{chain:?}");
                assert!(!saved.counted, "{chain:?}");
                count = Some(0);
            }
            Step::SetCount { to, .. } => {
                let saved = saved.unwrap();
                let name = &service.unwrap().name;
                let wake_to = view.sleeper.sleep.wake_to.get(name).copied();
                assert_eq!(*to, wake_to.unwrap_or(saved.count));
                if !saved.counted {
                    assert_needed_are_usable(view, &plan.wanted, service.unwrap());
                }
                count = Some(*to);
            }
            Step::Forget => assert_may_forget(view, chain, entry.as_ref()),
            Step::Stop | Step::Start => panic!("{chain:?}"),
        }
    }
}

/// Whether the service may be put to sleep for the first time in a night.
fn consents(view: &View<'_>, service: &Service) -> bool {
    let ours = |tag: &Option<String>| tag.as_deref() == Some(view.sleeper.name.as_str());
    let target = service.target.as_ref().map(|target| &target.tag);
    let rivalry = view.rivals.get(&service.arn);
    ours(&service.tag)
        && !matches!(target, Some(Tag::Read(tag)) if !ours(tag))
        && !service.daemon
        && rivalry.is_none_or(|rivalry| rivalry.keeper.as_ref() == Some(&view.sleeper.name))
}

/// What is forgotten was let go of, and either seen restored or is gone.
fn assert_may_forget(view: &View<'_>, chain: &Chain, entry: Option<&Entry>) {
    if view.snapshot.gone.contains(&chain.arn) {
        let told = view.record.matters.get(&format!("gone/{}", chain.arn));
        let closed = entry.is_some_and(|entry| !entry.is_open());
        assert!(closed || told.is_some_and(|matter| matter.told.is_some()));
        return;
    }
    let service = view.snapshot.service(&chain.arn);
    let database = view.snapshot.database(&chain.arn);
    assert!(!service.is_some_and(|service| view.has_service(service)));
    assert!(!database.is_some_and(|database| view.has_database(database)));
    assert!(
        !database.is_some_and(
            |database| !database.state.is_usable() && entry.is_some_and(Entry::is_open)
        )
    );
}

/// What sleeps because we put it to sleep, and is to be woken, comes before what needs it.
fn assert_needed_are_usable(view: &View<'_>, wanted: &Wanted, service: &Service) {
    let needs = view.sleeper.sleep.needs.get(&service.name);
    for database in &view.snapshot.databases {
        let needed = needs.is_none_or(|needs| needs.contains(&database.name));
        let ours = view.open_entry(&database.arn).is_some();
        let wakes = wanted.state == Some(State::Awake) || !view.has_database(database);
        let coming = database.state != DatabaseState::Deleting;
        assert!(
            !(needed && ours && wakes && coming) || database.state.is_usable(),
            "{} starts before {}",
            service.name,
            database.name
        );
    }
}

fn assert_sound_database(view: &View<'_>, plan: &Plan, chain: &Chain) {
    let database = view.snapshot.database(&chain.arn);
    let mut entry = view.entries.get(&chain.arn).map(|kept| kept.item.clone());
    for step in &chain.steps {
        match step {
            Step::Save(next) => entry = Some((**next).clone()),
            Step::Stop => {
                let database = database.unwrap();
                assert!(entry.as_ref().is_some_and(Entry::is_open), "not saved");
                assert_eq!(database.state, DatabaseState::Available);
                assert_eq!(database.never, None);
                assert_eq!(plan.wanted.state, Some(State::Asleep));
                let running = view.snapshot.services.iter().find(|service| {
                    view.has_service(service)
                        && service.desired + service.running + service.pending > 0
                });
                assert_eq!(running, None, "{} is stopped under it", database.name);
                assert!(view.snapshot.unread.is_empty());
                if view.sleeper.sleep.cluster.is_some() {
                    assert_eq!(view.snapshot.tasks, Some(Tasks::default()));
                }
            }
            Step::Start => {
                assert_eq!(database.unwrap().state, DatabaseState::Stopped);
                assert!(entry.as_ref().is_some_and(Entry::is_open), "not ours");
            }
            Step::Forget => assert_may_forget(view, chain, entry.as_ref()),
            Step::Suspend | Step::Resume(_) | Step::SetCount { .. } => panic!("{chain:?}"),
        }
    }
}

/// So many cases; `PROPTEST_CASES=2560` makes ten times as many.
fn cases(cases: u32) -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig {
        cases: cases * usual.cases / 256,
        ..usual
    }
}

/// Documents of all shapes, for one estate.
static DOCUMENTS: LazyLock<Vec<Sleeper>> = LazyLock::new(|| {
    let estate = || Estate::named("staging").with_database("db");
    [
        estate(),
        estate().with_database("other"),
        estate().of_services("[api, web]"),
        estate()
            .of_services("{ all_but: [job] }")
            .saying("deployments_wake: never"),
        estate().saying("wake_to: { api: 4 }").saying("grace: 5m"),
        estate()
            .with_database("other")
            .saying("needs: { api: [db], web: [] }"),
        Estate::named("staging"),
    ]
    .iter()
    .map(|estate| parse("staging", &estate.document()))
    .collect()
});

fn a_suspension() -> impl Strategy<Value = Suspension> {
    prop_oneof![
        Just(Suspension::ALL),
        Just(Suspension::default()),
        any::<[bool; 3]>().prop_map(|[dynamic_in, dynamic_out, scheduled]| Suspension {
            dynamic_in,
            dynamic_out,
            scheduled,
        }),
    ]
}

fn a_tag() -> impl Strategy<Value = Option<String>> {
    prop_oneof![
        8 => Just(Some("staging".to_owned())),
        1 => Just(Some("another".to_owned())),
        1 => Just(None),
    ]
}

fn a_target() -> impl Strategy<Value = Target> {
    (0..3_u32, 0..4_u32, a_suspension(), a_tag(), any::<bool>()).prop_map(
        |(min, more, suspension, tag, read)| Target {
            arn: None,
            bounds: Bounds {
                min,
                max: min + more,
            },
            suspension,
            tag: if read { Tag::Read(tag) } else { Tag::NotRead },
        },
    )
}

fn a_rollout() -> impl Strategy<Value = Rollout> {
    prop_oneof![
        4 => Just(Rollout::Completed),
        1 => Just(Rollout::InProgress),
        1 => Just(Rollout::Failed),
        1 => Just(Rollout::Unknown),
    ]
}

fn a_service(name: &'static str) -> impl Strategy<Value = Service> {
    (
        (0..4_u32, 0..4_u32, 0..2_u32),
        option::of((0..3_u8, a_rollout(), 0..2_u32)),
        option::of(a_target()),
        a_tag(),
        prop::bool::weighted(0.05),
        option::of(0..3_u32),
        any::<bool>(),
    )
        .prop_map(
            move |((desired, running, pending), release, target, tag, daemon, healthy, rest)| {
                let mut service = service("staging", name, desired);
                if !rest {
                    (service.running, service.pending) = (running, pending);
                }
                service.deployment = release.map(|(id, rollout, failed_tasks)| Deployment {
                    rollout,
                    failed_tasks,
                    rolls_back: false,
                    ..deployment(&id.to_string())
                });
                (service.target, service.tag) = (target, tag);
                (service.daemon, service.healthy) = (daemon, healthy);
                service
            },
        )
}

fn a_state() -> impl Strategy<Value = DatabaseState> {
    use DatabaseState::*;
    select(vec![
        Available, Available, Available, Occupied, Changing, Starting, Stopping, Stopped, Stopped,
        Deleting, Broken,
    ])
}

fn a_database(name: &'static str) -> impl Strategy<Value = Database> {
    (
        a_state(),
        a_tag(),
        prop::bool::weighted(0.1),
        option::of(-600..600_i64),
    )
        .prop_map(move |(state, tag, never, restart)| {
            let mut database = database("staging", name);
            (database.state, database.tag) = (state, tag);
            database.status = format!("{state:?}").to_lowercase();
            database.never = never.then_some(Never::Replica);
            database.restart_at = restart.map(|restart| jst(NIGHT) + minutes(restart));
            database
        })
}

fn a_stage() -> impl Strategy<Value = Stage> {
    select(vec![
        Stage::ToSleep,
        Stage::Asleep,
        Stage::ToWake,
        Stage::Closed,
    ])
}

fn an_owner() -> impl Strategy<Value = Option<Owner>> {
    option::weighted(
        0.3,
        (
            select(vec!["power-staging", "rotate-secrets"]),
            -60..120_i64,
        )
            .prop_map(|(function, until)| Owner {
                function: function.to_owned(),
                purpose: "sleep".to_owned(),
                until: jst(NIGHT) + minutes(until),
            }),
    )
}

fn a_saved_service() -> impl Strategy<Value = SavedService> {
    (
        prop_oneof![1 => Just(0_u32), 20 => 1..7_u32],
        option::of(1..5_u32),
        option::of(a_suspension()),
        option::of(0..3_u8),
        option::of(0..3_u8),
        any::<bool>(),
    )
        .prop_map(|(count, replaced, suspension, deployment, dark, counted)| {
            let id = |id: u8| format!("ecs-svc/{id}");
            SavedService {
                count,
                replaced,
                suspension,
                bounds: None,
                deployment: deployment.map(id),
                dark: dark.map(id),
                counted,
                size: None,
            }
        })
}

fn an_entry(arn: Arn, kind: Kind) -> impl Strategy<Value = Option<Kept<Entry>>> {
    let entry = (
        a_stage(),
        0..5000_i64,
        a_saved_service(),
        option::of(-600..600_i64),
        an_owner(),
        prop::bool::weighted(0.05),
        prop::bool::weighted(0.1),
    )
        .prop_map(move |(stage, age, saved, restart, owner, hollow, former)| {
            let since = jst(NIGHT) - minutes(age);
            let of_service = kind == Kind::EcsService;
            Kept {
                item: Entry {
                    version: VERSION,
                    arn: arn.clone(),
                    kind,
                    estate: if former { "former" } else { "staging" }.to_owned(),
                    stage,
                    since,
                    saved_at: since,
                    service: (of_service && !hollow).then_some(saved),
                    database: (!of_service && !hollow).then(|| SavedDatabase {
                        restart_at: restart.map(|restart| jst(NIGHT) + minutes(restart)),
                        sizing: Sizing::default(),
                    }),
                    owner,
                },
                revision: Revision(1),
            }
        });
    option::weighted(0.7, entry)
}

fn a_record() -> impl Strategy<Value = EstateRecord> {
    let phase = select(vec![
        Phase::Awake,
        Phase::ToSleep,
        Phase::Asleep,
        Phase::ToWake,
    ]);
    let keys: Vec<String> = ["up", "hand"]
        .into_iter()
        .flat_map(|key| SERVICES.map(|name| format!("{key}/service/staging/{name}")))
        .chain(SERVICES.map(|name| format!("rollout-ends/{}", service_arn("staging", name))))
        .chain(SERVICES.map(|name| format!("gone/{}", service_arn("staging", name))))
        .chain(DATABASES.map(|name| format!("up/db:{name}")))
        .chain(["opening/2026-11-24T00:00:00Z".to_owned()])
        .collect();
    let matters = vec((select(keys), 0..90_i64, any::<bool>()), 0..5);
    (phase, 0..3000_i64, matters, vec(0..4000_i64, 0..3)).prop_map(
        |(phase, age, matters, wakes)| {
            let since = jst(NIGHT) - minutes(age);
            let mut record = EstateRecord::new(since);
            record.phase = phase;
            record.slept_at = Some(since);
            for seconds in wakes {
                record.remember(Wake {
                    began: since,
                    seconds,
                    database_seconds: None,
                });
            }
            for (key, age, told) in matters {
                let since = jst(NIGHT) - minutes(age);
                let told = told.then_some(since);
                record.matters.insert(key, Matter { since, told });
            }
            record
        },
    )
}

fn an_order() -> impl Strategy<Value = Option<Override>> {
    let order = select(vec![Order::Wake, Order::Sleep, Order::Hold]);
    option::weighted(
        0.3,
        (order, -60..300_i64, any::<bool>()).prop_map(|(order, until, deployment)| Override {
            version: VERSION,
            order,
            until: jst(NIGHT) + minutes(until),
            by: "tanaka".to_owned(),
            reason: "load test".to_owned(),
            set_at: jst(NIGHT) - minutes(60),
            deployment,
        }),
    )
}

fn some_tasks() -> impl Strategy<Value = Option<Tasks>> {
    prop_oneof![
        6 => Just(Some(Tasks::default())),
        1 => Just(None),
        1 => (0..2_u32, any::<bool>()).prop_map(|(of_services, migrates)| Some(Tasks {
            of_services,
            standalone: migrates.then(|| "family:migrate".to_owned()).into_iter().collect(),
        })),
    ]
}

prop_compose! {
    fn a_snapshot()(
        services in SERVICES.map(|name| option::weighted(0.8, a_service(name))),
        databases in DATABASES.map(|name| option::weighted(0.8, a_database(name))),
        tasks in some_tasks(),
        unread in prop::bool::weighted(0.1),
        gone in prop::bool::weighted(0.3),
    ) -> Snapshot {
        let mut snapshot = Snapshot { tasks, ..Snapshot::default() };
        for (service, name) in services.into_iter().zip(SERVICES) {
            match service {
                Some(service) => snapshot.services.push(service),
                None if gone => snapshot.gone.push(service_arn("staging", name)),
                None => {}
            }
        }
        for (database, name) in databases.into_iter().zip(DATABASES) {
            match database {
                Some(database) => snapshot.databases.push(database),
                None if gone => snapshot.gone.push(database_arn(name)),
                None => {}
            }
        }
        if unread {
            snapshot.unread.push(sleeping::throttled());
        }
        snapshot
    }
}

prop_compose! {
    /// Any estate at any instant, also such as no history leads to.
    fn anything()(
        document in 0..DOCUMENTS.len(),
        snapshot in a_snapshot(),
        services in SERVICES.map(|name| an_entry(service_arn("staging", name), Kind::EcsService)),
        databases in DATABASES.map(|name| an_entry(database_arn(name), Kind::RdsInstance)),
        record in a_record(),
        order in an_order(),
        claimed in prop::bool::weighted(0.1),
        released in prop::bool::weighted(0.1),
        now in prop_oneof![Just(0), -600..600_i64, 0..6000_i64],
    ) -> Play {
        let entries = services.into_iter().chain(databases).flatten();
        let rival = Rivalry { estates: vec!["another".to_owned(), "staging".to_owned()], keeper: None };
        Play {
            sleeper: DOCUMENTS[document].clone(),
            world: World {
                snapshot,
                entries: entries.map(|kept| (kept.item.arn.clone(), kept)).collect(),
                record,
                order,
            },
            rivals: claimed.then(|| (service_arn("staging", "web"), rival)).into_iter().collect(),
            released,
            now: jst(NIGHT) + minutes(now),
            news: Vec::new(),
        }
    }
}

impl std::fmt::Debug for Play {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Play")
            .field("sleep", &self.sleeper.sleep)
            .field("world", &self.world)
            .field("rivals", &self.rivals)
            .field("released", &self.released)
            .field("now", &self.now)
            .finish_non_exhaustive()
    }
}

impl Play {
    /// Whatever else was said, this is wanted for the days to come.
    fn want(&mut self, order: Order) {
        self.order(order, minutes(20 * 24 * 60));
    }

    /// Looks every ten minutes for sixteen hours; by then whatever can be done is done.
    fn wait_long(&mut self) {
        let mut looks_without_steps = 0;
        for _ in 0..96 {
            let plan = self.look();
            looks_without_steps = if plan.chains.is_empty() {
                looks_without_steps + 1
            } else {
                0
            };
            self.now += minutes(10);
        }
        assert!(
            looks_without_steps > 3,
            "it never rests: {:?}",
            self.plan().chains
        );
        let (entries, sight) = (self.world.entries.clone(), self.sight());
        self.look();
        assert_eq!(self.world.entries, entries);
        assert_eq!(self.sight(), sight);
    }

    fn may_sleep(&self, service: &Service) -> bool {
        let entry = self.world.entries.get(&service.arn).map(|kept| &kept.item);
        let is_asleep = entry.is_some_and(|entry| entry.is_open() && entry.service.is_some());
        let consents = service.tag.as_deref() == Some("staging")
            && service
                .target
                .as_ref()
                .is_none_or(|target| match &target.tag {
                    Tag::Read(tag) => tag.as_deref() == Some("staging"),
                    Tag::NotRead => true,
                });
        self.view().has_service(service)
            && (is_asleep || consents && !service.daemon && !self.rivals.contains_key(&service.arn))
    }
}

proptest! {
    #![proptest_config(cases(1500))]

    #[test]
    fn every_plan_is_sound_and_the_same_twice(play in anything()) {
        let (first, second) = (play.plan(), play.plan());
        assert_sound(&play.view(), &first);
        prop_assert_eq!(format!("{first:?}"), format!("{second:?}"));
    }
}

proptest! {
    #![proptest_config(cases(250))]

    #[test]
    fn whatever_it_is_it_comes_to_rest_asleep(mut play in anything()) {
        play.released = false;
        play.want(Order::Sleep);
        play.wait_long();
        let awake: Vec<&Service> = play.world.snapshot.services.iter()
            .filter(|service| play.may_sleep(service) && service.desired > 0)
            .collect();
        prop_assert!(awake.is_empty(), "{awake:?}");
        let snapshot = &play.world.snapshot;
        let hindered = snapshot.services.iter().any(|service| {
            (play.view().has_service(service) || play.view().open_entry(&service.arn).is_some())
                && service.desired + service.running + service.pending > 0
        }) || !snapshot.unread.is_empty()
            || snapshot.tasks.as_ref().is_some_and(|tasks| *tasks != Tasks::default())
            || snapshot.tasks.is_none();
        for database in &snapshot.databases {
            let ours = play.view().has_database(database)
                && (database.tag.as_deref() == Some("staging")
                    || play.view().open_entry(&database.arn).is_some());
            prop_assert!(
                !(ours && database.never.is_none() && database.state == DatabaseState::Available)
                    || hindered,
                "{database:?}"
            );
        }
    }

    #[test]
    fn whatever_it_is_it_comes_to_rest_awake_with_no_saved_count_lost(mut play in anything()) {
        let saved: Vec<(Arn, u32)> = play.world.entries.values()
            .filter(|kept| kept.item.is_open())
            .filter_map(|kept| {
                let saved = kept.item.service.as_ref()?;
                let seen = kept.item.stage == Stage::ToWake && saved.counted;
                (saved.count > 0 && !seen).then(|| (kept.item.arn.clone(), saved.count))
            })
            .collect();
        if !play.released {
            play.want(Order::Wake);
        }
        play.wait_long();
        let view = play.view();
        for (arn, count) in saved {
            let Some(service) = play.world.snapshot.service(&arn) else { continue };
            let blocked = play.world.snapshot.databases.iter().any(|database| {
                !database.state.is_usable() && database.state != DatabaseState::Deleting
            }) || view.entries.values().any(|kept| {
                is_database_entry(&kept.item) && kept.item.is_open()
            });
            if !blocked {
                prop_assert!(service.desired > 0, "{count} of {} were lost", service.name);
                let suspended = view.open_entry(&arn).is_some();
                let steady = service.running == service.desired;
                prop_assert!(!suspended || !steady, "{service:?}");
            }
        }
    }

    #[test]
    fn asleep_and_awake_again_is_exactly_as_before(
        services in vec((0..8_u32, option::of((0..3_u32, 0..4_u32, a_suspension()))), 1..4),
        databases in 0..3_usize,
    ) {
        let mut play = reachable(&services, databases).at(FRIDAY_NOON);
        let before = play.sight();
        for day in ["2026-11-24", "2026-11-25"] {
            play.turn_to(if day.ends_with("24") { BEDTIME } else { "2026-11-24T18:00" });
            play.settle();
            for service in &play.world.snapshot.services {
                prop_assert_eq!(service.desired, 0);
            }
            play.turn_to(&format!("{day}T09:00"));
            play.settle();
            prop_assert_eq!(play.sight(), before.clone());
        }
    }
}

fn is_database_entry(entry: &Entry) -> bool {
    entry.kind != Kind::EcsService
}

/// A count, and the bounds and suspension of a target.
type Made = (u32, Option<(u32, u32, Suspension)>);

fn reachable(services: &[Made], databases: usize) -> Estate {
    let mut estate = Estate::named("staging");
    for ((count, target), name) in services.iter().zip(SERVICES) {
        estate = estate.with_service(name, *count);
        if let Some((min, more, suspension)) = *target {
            estate = estate
                .with_target(min, min + more)
                .where_service(|service| service.target.as_mut().unwrap().suspension = suspension);
        }
    }
    for name in DATABASES.into_iter().take(databases) {
        estate = estate.with_database(name);
    }
    estate
}

/// What happens in an estate from one look to the next.
#[derive(Clone, Debug)]
enum Happening {
    /// Time, with a look each minute.
    Minutes(i64),
    /// A person orders something for so many minutes.
    Order(Order, i64),
    /// The next look dies after so many steps, and writes nothing down.
    Crash(usize),
    /// The next look's steps are taken twice, by a late twin.
    Twin,
    /// The record is lost.
    Lost,
    /// The next look cannot read the services.
    Unread,
    /// A release.
    Deploy(usize),
    /// A person sets a count.
    Set(usize, u32),
    /// Somebody registers a target, as it was in the beginning.
    Register(usize),
    /// A person turns a database on or off.
    Turn(usize),
}

fn our_happening() -> impl Strategy<Value = Happening> {
    let order = select(vec![Order::Wake, Order::Sleep, Order::Hold]);
    prop_oneof![
        4 => (1..50_i64).prop_map(Happening::Minutes),
        2 => (order, 1..40_i64).prop_map(|(order, length)| Happening::Order(order, length)),
        4 => (0..9_usize).prop_map(Happening::Crash),
        1 => Just(Happening::Twin),
        1 => Just(Happening::Lost),
        1 => Just(Happening::Unread),
        1 => (0..3_usize).prop_map(Happening::Deploy),
    ]
}

fn any_happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        4 => our_happening(),
        2 => (0..3_usize, 0..4_u32).prop_map(|(service, count)| Happening::Set(service, count)),
        1 => (0..3_usize).prop_map(Happening::Register),
        1 => (0..2_usize).prop_map(Happening::Turn),
    ]
}

/// An AWS that takes its time: tasks come and go one a minute, databases need some.
struct Slow {
    play: Play,
    /// The targets' suspension in the beginning.
    found: BTreeMap<Arn, Suspension>,
    pace: i64,
}

impl Slow {
    fn take(&mut self, chain: &Chain, step: &Step) -> bool {
        let world = &mut self.play.world;
        let service = |world: &mut World| {
            let mut services = world.snapshot.services.clone().into_iter();
            services.position(|service| service.arn == chain.arn)
        };
        match step {
            Step::Save(_) | Step::Forget => world.take(chain, step),
            Step::SetCount { to, .. } => {
                if let Some(at) = service(world) {
                    world.snapshot.services[at].desired = *to;
                }
            }
            Step::Suspend | Step::Resume(_) => {
                if let Some(at) = service(world) {
                    let running = world.snapshot.services[at].running;
                    world.take(chain, step);
                    world.snapshot.services[at].running = running;
                }
            }
            Step::Stop | Step::Start => {
                let databases = &mut world.snapshot.databases;
                let database = databases
                    .iter_mut()
                    .find(|database| database.arn == chain.arn);
                let database = database.unwrap();
                let (from, to) = match step {
                    Step::Stop => (DatabaseState::Available, DatabaseState::Stopping),
                    _ => (DatabaseState::Stopped, DatabaseState::Starting),
                };
                if database.state != from {
                    return false;
                }
                database.state = to;
            }
        }
        true
    }

    /// One look that dies after `steps` steps.
    fn look(&mut self, steps: usize, times: usize) {
        let plan = self.play.plan();
        assert_sound(&self.play.view(), &plan);
        let mut left = steps;
        for _ in 0..times {
            for chain in &plan.chains {
                for step in &chain.steps {
                    if left == 0 {
                        return;
                    }
                    left -= 1;
                    if !self.take(chain, step) {
                        break;
                    }
                }
            }
        }
        self.play.world.write_down(&plan);
        self.play.hear(&plan);
    }

    /// A minute later.
    fn tick(&mut self) {
        self.play.now += minutes(1);
        let minute = self.play.now.as_second() / 60;
        let snapshot = &mut self.play.world.snapshot;
        let mut tasks = 0;
        for service in &mut snapshot.services {
            service.running = match service.running.cmp(&service.desired) {
                std::cmp::Ordering::Less => service.running + 1,
                std::cmp::Ordering::Equal => service.running,
                std::cmp::Ordering::Greater => service.running - 1,
            };
            tasks += service.running;
        }
        snapshot.tasks = Some(Tasks {
            of_services: tasks,
            standalone: Vec::new(),
        });
        if minute % self.pace == 0 {
            for database in &mut snapshot.databases {
                database.state = match database.state {
                    DatabaseState::Starting => DatabaseState::Changing,
                    DatabaseState::Changing => DatabaseState::Available,
                    DatabaseState::Stopping => DatabaseState::Stopped,
                    state => state,
                };
            }
        }
    }

    fn minutes(&mut self, minutes: i64) {
        for _ in 0..minutes {
            self.look(usize::MAX, 1);
            self.tick();
        }
    }

    fn settle(&mut self) {
        for _ in 0..200 {
            if self.play.plan().settled {
                self.look(usize::MAX, 1);
                return self.play.assert_at_rest();
            }
            self.minutes(1);
        }
        panic!("it does not settle: {:?}", self.play.rows());
    }

    fn happen(&mut self, happening: &Happening) {
        let services = self.play.world.snapshot.services.len();
        match happening {
            Happening::Minutes(minutes) => self.minutes(*minutes),
            Happening::Order(order, length) => self.play.order(*order, minutes(*length)),
            Happening::Crash(steps) => {
                self.look(*steps, 1);
                self.tick();
            }
            Happening::Twin => {
                self.look(usize::MAX, 2);
                self.tick();
            }
            Happening::Lost => self.play.world.record = EstateRecord::new(self.play.now),
            Happening::Unread => {
                let seen = self.play.world.snapshot.clone();
                self.play.world.snapshot.services.clear();
                self.play.world.snapshot.tasks = None;
                self.play.world.snapshot.unread.push(sleeping::throttled());
                let plan = self.play.look();
                assert!(plan.chains.iter().all(is_database), "{:?}", plan.chains);
                let databases = self.play.world.snapshot.databases.clone();
                self.play.world.snapshot = Snapshot { databases, ..seen };
                self.tick();
            }
            Happening::Deploy(at) if *at < services => {
                let service = &mut self.play.world.snapshot.services[*at];
                let id = self.play.now.as_second().to_string();
                service.deployment = Some(deployment(&id));
            }
            Happening::Set(at, count) if *at < services => {
                self.play.world.snapshot.services[*at].desired = *count;
            }
            Happening::Register(at) if *at < services => {
                let service = &mut self.play.world.snapshot.services[*at];
                if let Some(target) = service.target.as_mut() {
                    target.suspension = self.found[&service.arn];
                    service.desired = target.bounds.clamp(service.desired);
                }
            }
            Happening::Turn(at) => {
                if let Some(database) = self.play.world.snapshot.databases.get_mut(*at) {
                    database.state = match database.state {
                        DatabaseState::Available => DatabaseState::Stopping,
                        DatabaseState::Stopped => DatabaseState::Starting,
                        state => state,
                    };
                }
            }
            Happening::Deploy(_) | Happening::Set(..) | Happening::Register(_) => {}
        }
    }
}

fn slow(services: &[Made], databases: usize, pace: i64) -> Slow {
    let mut play = reachable(services, databases).at("2026-11-20T17:55");
    let targets = play
        .world
        .snapshot
        .services
        .iter()
        .filter_map(|service| Some((service.arn.clone(), service.target.as_ref()?.suspension)));
    let found = targets.collect();
    play.look();
    Slow { play, found, pace }
}

fn some_services() -> impl Strategy<Value = Vec<Made>> {
    vec(
        (0..5_u32, option::of((0..3_u32, 0..4_u32, a_suspension()))),
        1..4,
    )
}

proptest! {
    #![proptest_config(cases(150))]

    #[test]
    fn crashes_orders_releases_and_lost_records_change_nothing_in_the_end(
        services in some_services(),
        databases in 0..3_usize,
        pace in 1..6_i64,
        happenings in vec(our_happening(), 1..12),
    ) {
        let mut slow = slow(&services, databases, pace);
        let before = slow.play.sight();
        for happening in &happenings {
            slow.happen(happening);
        }
        slow.play.want(Order::Sleep);
        slow.settle();
        for service in &slow.play.world.snapshot.services {
            prop_assert_eq!(service.desired, 0);
        }
        for database in &slow.play.world.snapshot.databases {
            prop_assert_eq!(database.state, DatabaseState::Stopped);
        }
        slow.play.want(Order::Wake);
        slow.settle();
        prop_assert_eq!(slow.play.sight(), before);
        slow.play.released = true;
        slow.settle();
        prop_assert!(slow.play.world.entries.is_empty());
        let by_hand = |news: &News| matches!(news, News::AwakeByHand { .. });
        let lost = happenings.iter().any(|happening| matches!(happening,
            Happening::Lost | Happening::Crash(_) | Happening::Unread | Happening::Twin));
        prop_assert!(lost || slow.play.heard(by_hand) == 0, "{:?}", slow.play.news);
    }

    #[test]
    fn with_other_hands_in_it_too_the_estate_comes_to_rest_and_keeps_every_newest_count(
        services in some_services(),
        databases in 0..3_usize,
        pace in 1..6_i64,
        happenings in vec(any_happening(), 1..16),
    ) {
        let mut slow = slow(&services, databases, pace);
        for happening in &happenings {
            slow.happen(happening);
        }
        slow.play.want(Order::Sleep);
        slow.settle();
        let saved: Vec<(Arn, u32)> = slow.play.world.entries.values()
            .filter(|kept| kept.item.stage == Stage::Asleep)
            .filter_map(|kept| Some((kept.item.arn.clone(), kept.item.service.as_ref()?.count)))
            .collect();
        slow.play.want(Order::Wake);
        slow.settle();
        for (arn, count) in saved {
            let service = slow.play.world.snapshot.service(&arn).unwrap();
            prop_assert_eq!(service.desired, count);
            if let Some(target) = &service.target {
                prop_assert_eq!(target.suspension, slow.found[&arn]);
            }
        }
    }
}
