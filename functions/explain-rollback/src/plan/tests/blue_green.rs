//! How far a blue/green deployment is by what `CodeDeploy` says of it, of the one that takes it
//! back, and of newer ones.

use super::{shapes::blue_green, *};
use crate::plan::attempts::Phase;

const HEALTH: Option<&str> = Some("HEALTH_CONSTRAINTS");

/// The deployment that fails.
fn green(snapshot: &Snapshot) -> Attempt<'_> {
    let mut all = attempts(snapshot, &[]).into_iter();
    all.find(|it| it.id == "d-2").unwrap()
}

#[test]
fn it_is_as_far_as_its_status_and_that_of_its_way_back_say_and_ends_with_the_last_of_them() {
    for (status, code, way, phase, ended) in [
        ("Created", None, None, Phase::Underway, None),
        ("InProgress", None, None, Phase::Underway, None),
        ("Ready", None, None, Phase::Underway, None),
        ("Succeeded", None, None, Phase::Succeeded, Some("14:09")),
        ("Failed", HEALTH, None, Phase::Failed, None),
        ("Stopped", Some("ALARM_ACTIVE"), None, Phase::Failed, None),
        ("Stopped", Some("MANUAL_STOP"), None, Phase::Stopped, None),
        ("Stopped", None, None, Phase::Stopped, None),
        ("Failed", None, None, Phase::Failed, None),
        ("Failed", HEALTH, Some("Created"), Phase::RollingBack, None),
        (
            "Stopped",
            Some("MANUAL_STOP"),
            Some("InProgress"),
            Phase::RollingBack,
            None,
        ),
        (
            "Failed",
            HEALTH,
            Some("Succeeded"),
            Phase::RolledBack,
            Some("14:18"),
        ),
        (
            "Failed",
            HEALTH,
            Some("Failed"),
            Phase::RollbackFailed,
            Some("14:18"),
        ),
        (
            "Failed",
            HEALTH,
            Some("Stopped"),
            Phase::RollbackFailed,
            Some("14:18"),
        ),
    ] {
        let snapshot = blue_green(status, code, way);
        let attempt = green(&snapshot);
        let case = format!("{status} {code:?}, back: {way:?}");
        assert_eq!(attempt.phase, phase, "{case}");
        assert_eq!(attempt.ended, ended.map(at), "{case}");
        assert_eq!(attempt.turned, way.map(|_| at("14:09")), "{case}");
    }
}

#[test]
fn its_way_back_is_named_by_it_or_names_it() {
    let taken_back = |own: Option<&str>, ways: Option<&str>| {
        let mut snapshot = blue_green("Failed", HEALTH, Some("Succeeded"));
        snapshot.codedeploy[1].rolled_back_by = own.map(str::to_owned);
        snapshot.codedeploy[2].takes_back = ways.map(str::to_owned);
        let attempt = green(&snapshot);
        (attempt.phase, attempt.taken_back_by)
    };
    let back = (Phase::RolledBack, Some("d-3".to_owned()));
    assert_eq!(taken_back(Some("d-3"), Some("d-2")), back);
    assert_eq!(taken_back(Some("d-3"), None), back);
    assert_eq!(taken_back(None, Some("d-2")), back);
    assert_eq!(taken_back(None, Some("d-1")), (Phase::Failed, None));
    assert_eq!(
        taken_back(Some("d-9"), Some("d-8")),
        (Phase::RollingBack, None),
        "nothing is known yet of what takes it back"
    );
}

#[test]
fn it_is_taken_back_by_a_person_by_itself_or_not_at_all() {
    for (code, way, enabled, back) in [
        (Some("MANUAL_STOP"), None, Some(true), Back::ByHand),
        (
            Some("MANUAL_STOP"),
            Some("Succeeded"),
            Some(true),
            Back::ByHand,
        ),
        (HEALTH, None, Some(true), Back::ByItself),
        (HEALTH, Some("InProgress"), Some(false), Back::ByItself),
        (HEALTH, Some("InProgress"), None, Back::ByItself),
        (HEALTH, None, Some(false), Back::NotConfigured),
        (HEALTH, None, None, Back::NotConfigured),
    ] {
        let mut snapshot = blue_green("Failed", code, way);
        snapshot.codedeploy[1].rollback_enabled = enabled;
        assert_eq!(green(&snapshot).back, back, "{code:?} {way:?} {enabled:?}");
    }
}

#[test]
fn alarms_are_named_where_an_alarm_stopped_it() {
    let all = "One or more alarms have been activated. Activated alarms: <5xx> <slow api>";
    for (code, message, names) in [
        ("ALARM_ACTIVE", all, &["5xx", "slow api"][..]),
        ("ALARM_ACTIVE", "Activated alarms: <5xx> <slo", &["5xx"]),
        (
            "ALARM_ACTIVE",
            "One or more alarms have been activated",
            &[],
        ),
        ("HEALTH_CONSTRAINTS", all, &[]),
    ] {
        let mut snapshot = blue_green("Stopped", Some(code), None);
        snapshot.codedeploy[1].message = Some(message.to_owned());
        assert_eq!(green(&snapshot).alarms, names, "{code}: {message}");
    }
}

#[test]
fn what_failed_for_good_gives_way_to_the_first_newer_one_that_succeeded() {
    let newer = |first: &Snapshot, status: &str, created: &str, takes_back: Option<&str>| {
        let mut snapshot = first.clone();
        for (id, hours) in [("d-5", 1), ("d-4", 0)] {
            let created = at(created) + SignedDuration::from_hours(hours);
            snapshot.codedeploy.push(CodeDeployment {
                id: id.to_owned(),
                status: status.to_owned(),
                created: Some(created),
                finished: Some(created + SignedDuration::from_mins(5)),
                takes_back: takes_back.map(str::to_owned),
                ..CodeDeployment::default()
            });
        }
        let attempt = green(&snapshot);
        (attempt.phase, attempt.successor, attempt.ended)
    };
    let superseded = (Phase::Superseded, Some("d-4".to_owned()), Some(at("15:05")));
    for (status, code, way) in [
        ("Failed", HEALTH, None),
        ("Stopped", Some("MANUAL_STOP"), None),
        ("Failed", HEALTH, Some("Failed")),
    ] {
        let snapshot = blue_green(status, code, way);
        let found = newer(&snapshot, "Succeeded", "15:00", None);
        assert_eq!(found, superseded, "{status} {code:?} {way:?}");
    }
    let failed = blue_green("Failed", HEALTH, None);
    for (case, status, created, takes_back) in [
        ("it failed as well", "Failed", "15:00", None),
        ("it is under way", "InProgress", "15:00", None),
        (
            "it takes another one back",
            "Succeeded",
            "15:00",
            Some("d-6"),
        ),
        ("it is older", "Succeeded", "12:00", None),
    ] {
        let found = newer(&failed, status, created, takes_back);
        assert_eq!(found, (Phase::Failed, None, None), "{case}");
    }
    let mut at_once = failed.clone();
    let twin = at_once.codedeploy[0].clone();
    at_once.codedeploy.push(CodeDeployment {
        id: "d-4".to_owned(),
        created: Some(at("14:00")),
        ..twin
    });
    assert_eq!(green(&at_once).phase, Phase::Failed, "it is not newer");
    for (status, way, phase) in [
        ("InProgress", None, Phase::Underway),
        ("Failed", Some("Succeeded"), Phase::RolledBack),
        ("Failed", Some("InProgress"), Phase::RollingBack),
        ("Succeeded", None, Phase::Succeeded),
    ] {
        let snapshot = blue_green(status, HEALTH, way);
        let (found, successor, _) = newer(&snapshot, "Succeeded", "15:00", None);
        assert_eq!((found, successor), (phase, None), "{status} {way:?}");
    }
}

#[test]
fn it_is_the_task_set_that_it_made_beside_the_one_that_serves() {
    let mut snapshot = blue_green("Failed", HEALTH, None);
    let mut old = snapshot.service.deployments[0].clone();
    old.id = "ecs-svc/0".to_owned();
    old.status = "DRAINING".to_owned();
    old.external = Some("d-0".to_owned());
    old.task_definition = Some("arn:aws:ecs:r:1:task-definition/api:7".to_owned());
    snapshot.service.deployments.insert(0, old);
    snapshot.stopped.clear();
    snapshot.service.deployments[2].failed = 5;
    let attempt = green(&snapshot);
    assert_eq!(attempt.ids, [D2, "d-2"].map(str::to_owned).into());
    assert_eq!(attempt.failed_tasks, 5);
    let ends = |name: Option<&str>, end| name.is_some_and(|name| name.ends_with(end));
    assert!(ends(attempt.version.name, "/api:9"));
    assert!(ends(attempt.before.and_then(|it| it.name), "/api:8"));
}
