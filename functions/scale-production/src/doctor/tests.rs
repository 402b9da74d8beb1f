use std::collections::BTreeMap;

use nightshift::{
    config,
    kind::{
        Acu, Arn, Bounds, Capacity, DatabaseState, Kind, Service, Suspension, Target,
        aurora_cluster::{Cluster, Member},
    },
    ledger::{
        EstateRecord, Kept, VERSION,
        slim::{Entry, Stage},
    },
    report::Failure,
};

use super::*;
use crate::snapshot::{Measured, Snapshot, Watched};

const COMPANY: &str = "
version: 1
time_zone: Asia/Tokyo
calendars:
  shop:
    hours:
      daily: 07:00-22:00
prices:
  as_of: 2026-10-01
  fargate_vcpu: 0.05056
  fargate_gb: 0.00553
  aurora_acu: 0.2
";

fn section(brakes: &str) -> Slimmer {
    let company = config::company("c", COMPANY).unwrap();
    let document = format!(
        "version: 1\nslim:\n  calendar: shop\n  cluster: shop\n  services: {{ api: 1, web: 1 }}\n  databases: {{ aurora: 0.5 }}\n  brakes: [{brakes}]\n"
    );
    let estate = config::estate("e", &document).unwrap();
    config::slimmer("e", "shop", &estate, &company)
        .unwrap()
        .unwrap()
}

fn service(name: &str, target: Option<Bounds>) -> Watched {
    let arn = nightshift::kind::Arn::new(format!("arn:aws:ecs:r:1:service/shop/{name}"));
    let tag = Some("shop".to_owned());
    Watched {
        service: Service {
            arn: arn.clone(),
            cluster: "shop".to_owned(),
            name: name.to_owned(),
            desired: 2,
            running: 2,
            pending: 0,
            deployment: None,
            tag: tag.clone(),
            target: target.map(|bounds| Target {
                arn: Some(arn),
                bounds,
                suspension: Suspension::default(),
                tag: Tag::Read(tag),
            }),
            older: 0,
            circuit_breaker: true,
            load_balanced: true,
            daemon: false,
            task_definition: "t:1".to_owned(),
            size: Some(nightshift::kind::Size {
                vcpu: 0.5,
                gb: 1.0,
                arm: false,
            }),
            healthy: None,
        },
        load: None,
    }
}

fn snapshot() -> Snapshot {
    let acu = |units| Acu::new(units).unwrap();
    let member = Member {
        name: "one".to_owned(),
        status: "available".to_owned(),
        serverless: true,
    };
    let cluster = Cluster {
        arn: nightshift::kind::Arn::new("arn:aws:rds:r:1:cluster:aurora"),
        name: "aurora".to_owned(),
        status: "available".to_owned(),
        state: DatabaseState::Available,
        tag: Some("shop".to_owned()),
        capacity: Some(Capacity {
            min: acu(2.0),
            max: acu(16.0),
        }),
        used: None,
        members: vec![member],
    };
    Snapshot {
        services: vec![
            service("api", Some(Bounds { min: 2, max: 10 })),
            service("web", None),
        ],
        clusters: vec![Measured {
            cluster,
            load: None,
        }],
        ..Snapshot::default()
    }
}

fn examined(section: &Slimmer, snapshot: &Snapshot) -> Diagnosis {
    examined_with(section, snapshot, &BTreeMap::new())
}

fn examined_with(
    section: &Slimmer,
    snapshot: &Snapshot,
    entries: &BTreeMap<Arn, Kept<Entry>>,
) -> Diagnosis {
    let now: Timestamp = "2026-11-19T12:00:00+09:00".parse().unwrap();
    examine(&View {
        section,
        released: false,
        snapshot,
        entries,
        owners: &BTreeMap::new(),
        broken: None,
        record: &EstateRecord::new(now),
        order: None,
        rivals: &BTreeMap::new(),
        now,
    })
}

#[test]
fn a_healthy_estate_has_nothing_to_mend_and_its_saving_told() {
    let diagnosis = examined(&section("errors"), &snapshot());
    assert!(diagnosis.findings.is_empty(), "{:?}", diagnosis.findings);
    // Nine hours a night, thirty nights.
    assert_eq!(diagnosis.hours_asleep_this_month, 270);
    let hourly = 2.0 * 0.03081 + 1.5 * 0.2;
    let saved = diagnosis.saved_this_month.unwrap();
    assert!((saved.amount - hourly * 270.0).abs() < 1e-9, "{saved:?}");
    assert_eq!(diagnosis.terraform.len(), 1);
    assert!(
        diagnosis.terraform[0].contains("web") && diagnosis.terraform[0].contains("desired_count")
    );
}

#[test]
fn what_a_task_is_made_of_is_known_from_the_last_night_too() {
    let mut snapshot = snapshot();
    let whole = examined(&section("errors"), &snapshot).saved_this_month;
    let closed = |watched: &mut Watched| {
        let arn = watched.service.arn.clone();
        let found = Level::Tasks(2);
        let entry = Entry {
            version: VERSION,
            arn: arn.clone(),
            kind: Kind::EcsService,
            estate: "shop".to_owned(),
            stage: Stage::Closed,
            since: Timestamp::UNIX_EPOCH,
            lever: Lever::Count,
            found,
            from: found,
            set: Level::Tasks(1),
            saved_at: Timestamp::UNIX_EPOCH,
            small_since: None,
            grown_at: None,
            hand: None,
            undone: None,
            size: watched.service.size.take(),
            owner: None,
        };
        (arn, Kept::new(entry))
    };
    let entries = snapshot.services.iter_mut().map(closed).collect();
    let remembered = examined_with(&section("errors"), &snapshot, &entries);
    assert_eq!(remembered.saved_this_month, whole);
    assert_ne!(
        examined(&section("errors"), &snapshot).saved_this_month,
        whole
    );
}

#[test]
fn each_ailment_is_found_where_it_is() {
    type Ail = fn(&mut Snapshot);
    type Find = fn(&Finding) -> bool;
    let cases: Vec<(Ail, Find)> = vec![
        (
            |it| it.services[0].service.target.as_mut().unwrap().bounds.min = 1,
            |found| matches!(found, Finding::SavesNothing { name, .. } if name == "api"),
        ),
        (
            |it| it.services[1].service.desired = 1,
            |found| matches!(found, Finding::SavesNothing { name, .. } if name == "web"),
        ),
        (
            |it| it.clusters[0].cluster.capacity.as_mut().unwrap().min = Acu::FLOOR,
            |found| matches!(found, Finding::SavesNothing { name, .. } if name == "aurora"),
        ),
        (
            |it| it.services[1].service.tag = None,
            |found| matches!(found, Finding::NoConsent { arn, .. } if arn.name() == "web"),
        ),
        (
            |it| it.services[0].service.target.as_mut().unwrap().tag = Tag::Read(None),
            |found| matches!(found, Finding::NoConsent { arn, .. } if arn.name() == "api"),
        ),
        (
            |it| it.clusters[0].cluster.tag = Some("another".to_owned()),
            |found| matches!(found, Finding::NoConsent { arn, .. } if arn.name() == "aurora"),
        ),
        (
            |it| it.clusters[0].cluster.capacity = None,
            |found| matches!(found, Finding::NotServerless { database } if database == "aurora"),
        ),
        (
            |it| it.services[0].service.circuit_breaker = false,
            |found| matches!(found, Finding::NoCircuitBreaker { service } if service == "api"),
        ),
        (
            |it| {
                let target = it.services[0].service.target.as_mut();
                target.unwrap().suspension = Suspension::ALL;
            },
            |found| matches!(found, Finding::ScalingSuspended { service } if service == "api"),
        ),
        (
            |it| it.no_alarms.push("errors".to_owned()),
            |found| matches!(found, Finding::NotFound { name } if name == "errors"),
        ),
        (
            |it| it.not_found.push("wbe".to_owned()),
            |found| matches!(found, Finding::NotFound { name } if name == "wbe"),
        ),
        (
            |it| {
                it.unmeasured.push(Failure {
                    resource: "web".to_owned(),
                    action: "cloudwatch:GetMetricData".to_owned(),
                    code: "AccessDenied".to_owned(),
                    message: String::new(),
                    denied: true,
                });
            },
            |found| matches!(found, Finding::Unread { .. }),
        ),
    ];
    for (number, (ail, is_it)) in cases.into_iter().enumerate() {
        let mut snapshot = snapshot();
        ail(&mut snapshot);
        let findings = examined(&section("errors"), &snapshot).findings;
        assert!(
            matches!(&findings[..], [one] if is_it(one)),
            "{number}: {findings:?}"
        );
    }
}

#[test]
fn an_estate_without_brakes_is_told_to_name_some() {
    let diagnosis = examined(&section(""), &snapshot());
    assert_eq!(diagnosis.findings, [Finding::NoBrakes]);
}
