use std::collections::BTreeMap;

use nightshift::{
    config,
    kind::{Arn, Bounds, DatabaseState, Never, Size, Sizing, Suspension, Target},
    ledger::EstateRecord,
};

use super::*;
use crate::snapshot::Snapshot;

const COMPANY: &str = "
version: 1
time_zone: Asia/Tokyo
holidays: { country: japan }
calendars: { business: { hours: { monday-friday: 09:00-18:00 } } }
prices: { as_of: 2026-10-01, fargate_vcpu: 0.05, fargate_gb: 0.005, db: { db.t4g.micro: 0.025 } }
";
const ESTATE: &str = "version: 1\nsleep: { calendar: business, cluster: staging, databases: [db] }";

fn sleeper() -> Sleeper {
    let company = config::company("company", COMPANY).unwrap();
    let estate = config::estate("estate", ESTATE).unwrap();
    config::sleeper("estate", "staging", &estate, &company)
        .unwrap()
        .unwrap()
}

fn service(name: &str) -> Service {
    Service {
        arn: Arn::new(format!("arn:aws:ecs:r:1:service/staging/{name}")),
        cluster: "staging".to_owned(),
        name: name.to_owned(),
        desired: 2,
        running: 2,
        pending: 0,
        deployment: None,
        tag: Some("staging".to_owned()),
        target: None,
        older: 0,
        circuit_breaker: true,
        load_balanced: false,
        daemon: false,
        task_definition: "t:1".to_owned(),
        size: Some(Size {
            vcpu: 0.5,
            gb: 1.0,
            arm: false,
        }),
        healthy: None,
    }
}

/// A database that is in perfect health: its windows lie in opening hours.
fn database() -> Database {
    Database {
        arn: Arn::new("arn:aws:rds:r:1:db:db"),
        kind: Kind::RdsInstance,
        name: "db".to_owned(),
        status: "available".to_owned(),
        state: DatabaseState::Available,
        never: None,
        tag: Some("staging".to_owned()),
        restart_at: None,
        sizing: Sizing {
            classes: vec!["db.t4g.micro".to_owned()],
            acu: 0.0,
        },
        backup_window: Some("03:00-03:30".to_owned()),
        backup_days: 7,
        maintenance_window: Some("tue:05:00-tue:05:30".to_owned()),
    }
}

fn diagnose(services: Vec<Service>, databases: Vec<Database>) -> Diagnosis {
    let now: Timestamp = "2026-11-20T12:00:00+09:00".parse().unwrap();
    let snapshot = Snapshot {
        services,
        databases,
        ..Snapshot::default()
    };
    examine(&View {
        sleeper: &sleeper(),
        released: false,
        snapshot: &snapshot,
        entries: &BTreeMap::new(),
        record: &EstateRecord::new(now),
        order: None,
        rivals: &BTreeMap::new(),
        now,
    })
}

fn findings(change: impl FnOnce(&mut Service, &mut Database)) -> Vec<Finding> {
    let (mut service, mut database) = (service("web"), database());
    change(&mut service, &mut database);
    diagnose(vec![service], vec![database]).findings
}

#[test]
fn a_healthy_estate_has_no_findings() {
    assert_eq!(findings(|_, _| ()), []);
}

#[test]
fn a_backup_window_is_judged_by_where_it_lies_on_most_days() {
    let database = "db".to_owned();
    // Windows are UTC, hours are Tokyo's: opening is 00:00 to 09:00 UTC.
    for (window, asleep, at_bedtime) in [
        ("03:00-03:30", false, false),
        ("08:00-08:30", false, false),
        ("08:45-09:15", false, true),
        ("09:00-09:30", true, false),
        ("15:00-15:30", true, false),
        ("23:30-00:30", false, false),
        ("nonsense", false, false),
    ] {
        let window = window.to_owned();
        let found = findings(|_, database| database.backup_window = Some(window.clone()));
        let (database, window) = (database.clone(), window.clone());
        let expected = match (asleep, at_bedtime) {
            (true, _) => vec![Finding::BackupAsleep { database, window }],
            (_, true) => vec![Finding::BackupAtBedtime { database, window }],
            _ => Vec::new(),
        };
        assert_eq!(found, expected);
    }
}

#[test]
fn maintenance_at_the_weekend_falls_into_sleep_and_a_holiday_alone_does_not_matter() {
    for (window, asleep) in [
        ("sun:03:00-sun:03:30", true),
        ("sat:23:45-sun:00:15", true),
        ("tue:20:00-tue:20:30", true),
        ("wed:02:00-wed:02:30", false),
    ] {
        let window = window.to_owned();
        let found = findings(|_, database| database.maintenance_window = Some(window.clone()));
        assert_eq!(!found.is_empty(), asleep, "{window}: {found:?}");
    }
}

#[test]
fn what_is_unhealthy_is_found() {
    let arn = || Arn::new("arn:aws:ecs:r:1:service/staging/web");
    assert_eq!(
        findings(|service, _| service.circuit_breaker = false),
        [Finding::NoCircuitBreaker {
            service: "web".to_owned()
        }]
    );
    assert_eq!(
        findings(|service, _| service.tag = None),
        [Finding::NoConsent {
            arn: arn(),
            found: None
        }]
    );
    let target = Target {
        arn: None,
        bounds: Bounds { min: 1, max: 2 },
        suspension: Suspension::default(),
        tag: Tag::Read(Some("other".to_owned())),
    };
    assert_eq!(
        findings(|service, _| service.target = Some(target)),
        [Finding::NoConsent {
            arn: arn(),
            found: Some("other".to_owned())
        }]
    );
    assert_eq!(
        findings(|_, database| database.backup_days = 0),
        [Finding::NoBackups {
            database: "db".to_owned()
        }]
    );
    assert_eq!(
        findings(|_, database| database.never = Some(Never::Replica)),
        [Finding::NeverStops {
            database: "db".to_owned(),
            never: Never::Replica
        }]
    );
}

#[test]
fn services_of_other_estates_in_the_same_cluster_are_none_of_its_business() {
    let mut theirs = service("theirs");
    theirs.tag = Some("other".to_owned());
    theirs.circuit_breaker = false;
    let diagnosis = diagnose(vec![service("web"), theirs], vec![database()]);
    assert_eq!(diagnosis.findings, []);
    assert_eq!(diagnosis.terraform.len(), 1);
    let alone = diagnose(vec![service("web")], vec![database()]);
    assert_eq!(diagnosis.saved_this_month, alone.saved_this_month);
}

#[test]
fn the_forecast_counts_the_hours_of_the_month_that_the_calendar_is_closed() {
    let diagnosis = diagnose(vec![service("web")], vec![database()]);
    // November 2026: 21 weekdays, of which the 3rd and the 23rd are holidays; nine hours each.
    assert_eq!(diagnosis.hours_asleep_this_month, 30 * 24 - 19 * 9);
    let hourly = 2.0 * (0.5 * 0.05 + 0.005) + 0.025;
    let saved = diagnosis.saved_this_month.unwrap().amount;
    assert!((saved - hourly * 549.0).abs() < 1e-9, "{saved}");
    assert_eq!(diagnosis.still_billed, ["RDS storage"]);
    assert!(diagnosis.terraform[0].contains("ignore_changes = [desired_count]"));
}
