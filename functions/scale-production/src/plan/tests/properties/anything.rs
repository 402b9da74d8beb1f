//! Any estate at any instant: what stands in AWS, in the ledger and in the document.

use std::sync::LazyLock;

use nightshift::ledger::{Matter, Revision, slim::Night};
use proptest::{collection::vec, option, prelude::*, sample::select};

use super::*;

const SERVICES: [&str; 3] = ["api", "job", "web"];

/// Documents of all shapes, for one estate.
static DOCUMENTS: LazyLock<Vec<Slimmer>> = LazyLock::new(|| {
    [
        Estate::usual().with_aurora("0.5"),
        Estate::usual().with_aurora("keep").saying("enforce: true"),
        Estate::usual()
            .saying("grace: 5m")
            .with_service("job", 4, 3),
        Estate::empty().with_service("api", 2, 2),
    ]
    .iter()
    .map(|estate| parse(&estate.document()))
    .collect()
});

fn a_tag() -> impl Strategy<Value = Option<String>> {
    prop_oneof![
        9 => Just(Some("shop".to_owned())),
        1 => Just(Some("another".to_owned())),
        1 => Just(None),
    ]
}

fn a_target(name: &'static str) -> impl Strategy<Value = Target> {
    (
        1..4_u32,
        0..4_u32,
        prop::bool::weighted(0.1),
        a_tag(),
        prop::bool::weighted(0.9),
    )
        .prop_map(move |(min, more, suspended, tag, read)| Target {
            suspension: if suspended {
                Suspension::ALL
            } else {
                Suspension::default()
            },
            tag: if read { Tag::Read(tag) } else { Tag::NotRead },
            ..target(name, min, min + more)
        })
}

fn a_load() -> impl Strategy<Value = Option<Load>> {
    let newest = prop_oneof![5 => 0..10_i64, 1 => 10..40_i64];
    let load = (0.0..90.0_f64, newest).prop_map(|(highest, age)| Load {
        highest,
        newest: jst(NIGHT) - minutes(age),
    });
    option::weighted(0.9, load)
}

fn a_service(name: &'static str) -> impl Strategy<Value = Watched> {
    (
        (0..6_u32, 0..6_u32, prop::bool::weighted(0.8)),
        option::of(a_target(name)),
        a_tag(),
        prop::bool::weighted(0.1),
        prop::bool::weighted(0.03),
        a_load(),
    )
        .prop_map(
            move |((desired, running, steady), target, tag, deploys, daemon, load)| {
                let mut watched = watched(name, desired);
                if !steady {
                    watched.service.running = running;
                }
                if deploys {
                    let deployment = watched.service.deployment.as_mut();
                    deployment.unwrap().rollout = Rollout::InProgress;
                }
                (watched.service.target, watched.service.tag) = (target, tag);
                (watched.service.daemon, watched.load) = (daemon, load);
                watched
            },
        )
}

fn a_cluster() -> impl Strategy<Value = Measured> {
    use DatabaseState::{Available, Changing, Stopped};
    let state = select(vec![
        Available, Available, Available, Available, Changing, Stopped,
    ]);
    (0..8_u32, 1..8_u32, state, a_tag(), a_load()).prop_map(|(min, more, state, tag, load)| {
        let (min, more) = (f64::from(min) / 2.0, f64::from(more) / 2.0);
        let mut measured = measured("aurora", min, min + more);
        (measured.cluster.state, measured.cluster.tag) = (state, tag);
        measured.load = load;
        measured
    })
}

fn a_level(of_tasks: bool) -> impl Strategy<Value = Level> {
    (1..9_u32).prop_map(move |number| {
        if of_tasks {
            tasks(number)
        } else {
            Level::Acu(acu(f64::from(number) / 2.0))
        }
    })
}

fn an_entry(arn: Arn, kind: Kind) -> impl Strategy<Value = Option<Kept<Entry>>> {
    let of_tasks = kind == Kind::EcsService;
    let levers = if of_tasks {
        vec![Lever::Minimum, Lever::Count]
    } else {
        vec![Lever::Capacity]
    };
    let stages = vec![Stage::ToNight, Stage::Night, Stage::ToDay, Stage::Closed];
    let entry = (
        (select(stages), select(levers), 0..3000_i64),
        (a_level(of_tasks), a_level(of_tasks), a_level(of_tasks)),
        (
            option::of(a_level(of_tasks)),
            option::weighted(0.2, a_level(of_tasks)),
        ),
        any::<bool>(),
        prop::bool::weighted(0.1),
    )
        .prop_map(
            move |((stage, lever, age), (found, from, set), (hand, undone), small, former)| Kept {
                item: Entry {
                    version: VERSION,
                    arn: arn.clone(),
                    kind,
                    estate: if former { "former" } else { "shop" }.to_owned(),
                    stage,
                    since: jst(NIGHT) - minutes(age),
                    lever,
                    found: found.max(set),
                    from,
                    set: set.min(found),
                    saved_at: jst(NIGHT) - minutes(age),
                    small_since: small.then(|| jst(NIGHT) - minutes(age)),
                    grown_at: None,
                    hand,
                    undone,
                    size: None,
                    owner: None,
                },
                revision: Revision(1),
            },
        );
    option::weighted(0.6, entry)
}

fn a_record() -> impl Strategy<Value = EstateRecord> {
    let phase = select(vec![
        Phase::Day,
        Phase::ToNight,
        Phase::Night,
        Phase::ToDay,
        Phase::Awake,
        Phase::Asleep,
    ]);
    let keys: Vec<String> =
        ["put-back", "hand", "gone"]
            .into_iter()
            .flat_map(|key| SERVICES.map(|name| format!("{key}/service/shop/{name}")))
            .chain(SERVICES.into_iter().flat_map(|name| {
                (0..6).map(move |count| format!("count/service/shop/{name}/{count}"))
            }))
            .chain([
                "held".to_owned(),
                "late".to_owned(),
                "whole-night".to_owned(),
            ])
            .collect();
    let matters = vec((select(keys), 0..120_i64, any::<bool>()), 0..8);
    (phase, 0..900_i64, matters, any::<bool>()).prop_map(|(phase, age, matters, night)| {
        let since = jst(NIGHT) - minutes(age);
        let mut record = EstateRecord {
            phase,
            ..EstateRecord::new(since)
        };
        record.night = night.then(|| Night::new(since));
        for (key, age, told) in matters {
            let since = jst(NIGHT) - minutes(age);
            let told = told.then_some(since);
            record.matters.insert(key, Matter { since, told });
        }
        record
    })
}

fn an_order() -> impl Strategy<Value = Option<Override>> {
    let orders = select(vec![
        Order::Day,
        Order::Night,
        Order::Hold,
        Order::Sleep,
        Order::Wake,
    ]);
    let order =
        (orders, -60..300_i64).prop_map(|(wish, until)| order(wish, jst(NIGHT), minutes(until)));
    option::weighted(0.3, order)
}

prop_compose! {
    fn a_snapshot()(
        services in SERVICES.map(|name| option::weighted(0.85, a_service(name))),
        cluster in option::weighted(0.7, a_cluster()),
        rings in prop::bool::weighted(0.15),
        no_alarm in prop::bool::weighted(0.05),
        unread in prop::bool::weighted(0.05),
        gone in prop::bool::weighted(0.3),
    ) -> Snapshot {
        let mut snapshot = Snapshot::default();
        for (service, name) in services.into_iter().zip(SERVICES) {
            match service {
                Some(service) => snapshot.services.push(service),
                None if gone => snapshot.gone.push(service_arn(name)),
                None => {}
            }
        }
        snapshot.clusters.extend(cluster);
        snapshot.alarms.push(Alarm { name: "errors".to_owned(), rings });
        if no_alarm {
            snapshot.no_alarms.push("other".to_owned());
        }
        if unread {
            snapshot.unread.push(throttled("shop"));
        }
        snapshot
    }
}

prop_compose! {
    /// Any estate at any instant, also such as no history leads to.
    pub(super) fn anything()(
        document in 0..DOCUMENTS.len(),
        snapshot in a_snapshot(),
        services in SERVICES.map(|name| an_entry(service_arn(name), Kind::EcsService)),
        cluster in an_entry(cluster_arn("aurora"), Kind::AuroraCluster),
        record in a_record(),
        order in an_order(),
        owned in prop::bool::weighted(0.1),
        claimed in prop::bool::weighted(0.1),
        released in prop::bool::weighted(0.05),
        now in prop_oneof![3 => Just(0), 1 => 0..600_i64],
    ) -> Play {
        let entries = services.into_iter().chain([cluster]).flatten();
        let owner = Owner {
            function: "rotate-secrets".to_owned(),
            purpose: "rotate".to_owned(),
            until: jst(NIGHT) + minutes(3 * 24 * 60),
        };
        let rival = Rivalry { estates: vec!["another".to_owned(), "shop".to_owned()], keeper: None };
        Play {
            section: DOCUMENTS[document].clone(),
            world: World {
                snapshot,
                entries: entries.map(|kept| (kept.item.arn.clone(), kept)).collect(),
                record,
                order,
            },
            owners: owned.then(|| (service_arn("api"), owner)).into_iter().collect(),
            broken: None,
            rivals: claimed.then(|| (service_arn("web"), rival)).into_iter().collect(),
            released,
            now: jst(NIGHT) + minutes(now),
            measures: false,
            news: Vec::new(),
        }
    }
}
