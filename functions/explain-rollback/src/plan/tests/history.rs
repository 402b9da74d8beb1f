//! What deployments there are and how far each is as the service deployments API tells it, beside
//! what `DescribeServices` shows.

use super::*;
use crate::plan::attempts::Phase;

const BY_USER: &str = "Service deployment stopped by user.";
const BY_BREAKER: &str =
    "Service deployment rolled back because the circuit breaker threshold was exceeded.";

/// The deployment that fails.
fn second(snapshot: &Snapshot) -> Attempt<'_> {
    let mut all = attempts(snapshot, &[]).into_iter();
    let is_second = |it: &Attempt<'_>| it.arn.is_some_and(|arn| arn.ends_with("record-2"));
    all.find(is_second).unwrap()
}

/// Another record of the history.
fn record(number: u32, status: Status, created: &str) -> ServiceDeployment {
    ServiceDeployment {
        arn: format!("arn:aws:ecs:r:1:service-deployment/c/api/record-{number}"),
        status,
        created: Some(at(created)),
        target: Some(revision_arn(number)),
        ..ServiceDeployment::default()
    }
}

fn all_of(snapshot: &mut Snapshot) -> &mut Vec<ServiceDeployment> {
    snapshot.history.as_mut().unwrap()
}

fn ends(name: Option<&str>, end: &str) -> bool {
    name.is_some_and(|name| name.ends_with(end))
}

#[test]
fn a_persons_stop_is_one_of_which_neither_breaker_nor_alarm_nor_any_reason_tells_a_failure() {
    let by_person = |status, reason: Option<&str>, why: Option<&str>, failed: u32| {
        let mut snapshot = underway();
        let record = snapshot.record();
        record.status = status;
        record.breaker.as_mut().unwrap().failed = failed;
        record.reason = reason.map(str::to_owned);
        record.rollback = why.map(|why| Way {
            reason: Some(why.to_owned()),
            ..Way::default()
        });
        snapshot
    };
    let is = |snapshot: &Snapshot| second(snapshot).by_person;
    for (status, expected) in [
        (Status::Pending, false),
        (Status::InProgress, false),
        (Status::StopRequested, true),
        (Status::Stopped, true),
        (Status::RollbackRequested, true),
        (Status::RollbackInProgress, true),
        (Status::RollbackSuccessful, true),
        (Status::RollbackFailed, true),
        (Status::Successful, false),
        (Status::Unknown, false),
    ] {
        let snapshot = by_person(status, Some(BY_USER), None, 2);
        assert_eq!(is(&snapshot), expected, "{status:?}");
        let mut rang = snapshot.clone();
        rang.record().triggered = vec!["5xx".to_owned()];
        assert!(!is(&rang), "{status:?}, an alarm rang");
        let mut broke = snapshot;
        broke.record().breaker.as_mut().unwrap().triggered = true;
        assert!(!is(&broke), "{status:?}, the breaker gave up");
    }
    for (status, failed, expected) in [
        (Status::Stopped, 0, true),
        (Status::Stopped, 1, false),
        (Status::RollbackRequested, 0, true),
        (Status::RollbackRequested, 1, true),
        (Status::RollbackInProgress, 0, true),
        (Status::RollbackInProgress, 1, false),
    ] {
        let snapshot = by_person(status, None, None, failed);
        assert_eq!(is(&snapshot), expected, "{status:?}, {failed} failed");
    }
    for reason in [
        BY_BREAKER,
        "Service deployment rolled back because of invalid networking configuration: subnet",
        "ECS Deployment Circuit Breaker was triggered.",
        "Service deployment rolled back because an alarm rang.",
        "The lifecycle hook said no.",
        "Tasks failed to start.",
    ] {
        for (own, why) in [
            (Some(reason), None),
            (None, Some(reason)),
            (Some(BY_USER), Some(reason)),
            (Some(reason), Some(BY_USER)),
        ] {
            let snapshot = by_person(Status::RollbackInProgress, own, why, 0);
            assert!(!is(&snapshot), "{own:?}, {why:?}");
        }
    }
    let twice = by_person(Status::RollbackInProgress, Some(BY_USER), Some(BY_USER), 3);
    assert!(is(&twice));
}

#[test]
fn a_deployment_is_given_up_before_its_status_says_so_by_breaker_alarm_or_its_other_side() {
    let given_up = |gate: Option<bool>, alarm: bool, rollout| {
        let mut snapshot = underway();
        snapshot.service.deployments[0].rollout = rollout;
        let record = snapshot.record();
        record.breaker = gate.map(|triggered| Gate {
            triggered,
            ..Gate::default()
        });
        record.triggered = alarm.then(|| "5xx".to_owned()).into_iter().collect();
        snapshot
    };
    let underway = Some(RolloutState::InProgress);
    for (case, snapshot, phase) in [
        ("none", given_up(None, false, underway), Phase::Underway),
        (
            "neither",
            given_up(Some(false), false, underway),
            Phase::Underway,
        ),
        ("unknown", given_up(None, false, None), Phase::Underway),
        (
            "complete",
            given_up(None, false, Some(RolloutState::Completed)),
            Phase::Underway,
        ),
        (
            "breaker",
            given_up(Some(true), false, underway),
            Phase::Failed,
        ),
        ("alarm", given_up(None, true, underway), Phase::Failed),
        (
            "other side",
            given_up(None, false, Some(RolloutState::Failed)),
            Phase::Failed,
        ),
    ] {
        for status in [
            Status::Pending,
            Status::InProgress,
            Status::StopRequested,
            Status::Unknown,
        ] {
            let mut snapshot = snapshot.clone();
            snapshot.record().status = status;
            assert_eq!(second(&snapshot).phase, phase, "{case}, {status:?}");
        }
    }
}

#[test]
fn it_failed_when_it_was_turned_or_where_nothing_turned_it_when_it_was_stopped() {
    let failed = |change: fn(&mut ServiceDeployment)| {
        let mut snapshot = crashed().given_up();
        let record = snapshot.record();
        record.status = Status::Stopped;
        record.finished = Some(at("14:11"));
        change(record);
        second(&snapshot).failed
    };
    assert_eq!(failed(|_| {}), Some(at("14:11")));
    assert_eq!(
        failed(|it| it.stopped = Some(at("14:10"))),
        Some(at("14:10"))
    );
    assert_eq!(failed(|it| it.status = Status::RollbackFailed), None);
    let turned = |it: &mut ServiceDeployment| {
        it.stopped = Some(at("14:10"));
        it.rollback = Some(Way {
            started: Some(at("14:09")),
            ..Way::default()
        });
    };
    assert_eq!(failed(turned), Some(at("14:09")));
}

#[test]
fn it_turns_back_by_itself_where_it_does_so_already_or_could_and_is_told_to() {
    let failed = |rollback: bool, earlier: Option<Status>, described: Option<RolloutState>| {
        let mut snapshot = crashed().given_up();
        snapshot.service.breaker.rollback = rollback;
        let other = &mut all_of(&mut snapshot)[0];
        other.status = earlier.unwrap_or(Status::Stopped);
        snapshot.service.deployments[1].rollout = described;
        snapshot
    };
    let (successful, restored) = (Some(Status::Successful), Some(Status::RollbackSuccessful));
    let (complete, underway) = (RolloutState::Completed, RolloutState::InProgress);
    for (rollback, earlier, described, expected) in [
        (true, successful, None, Back::ByItself),
        (true, restored, None, Back::ByItself),
        (true, None, Some(complete), Back::ByItself),
        (true, successful, Some(complete), Back::ByItself),
        (true, None, Some(underway), Back::NothingComplete),
        (true, None, None, Back::NothingComplete),
        (false, successful, Some(complete), Back::NotConfigured),
        (false, None, None, Back::NotConfigured),
    ] {
        let snapshot = failed(rollback, earlier, described);
        let case = format!("{rollback}, {earlier:?}, {described:?}");
        assert_eq!(second(&snapshot).back, expected, "{case}");
    }
    for created in ["14:00", "15:00"] {
        let mut late = failed(true, successful, None);
        all_of(&mut late)[0].created = Some(at(created));
        let back = second(&late).back;
        assert_eq!(
            back,
            Back::NothingComplete,
            "not complete before: {created}"
        );
    }
    let mut own = failed(true, None, None);
    own.service.deployments[0].rollout = Some(complete);
    let back = second(&own).back;
    assert_eq!(back, Back::NothingComplete, "only it itself is complete");
    let mut turning = failed(false, None, None);
    turning.record().status = Status::RollbackInProgress;
    assert_eq!(second(&turning).back, Back::ByItself, "it is on its way");
    let mut turned = failed(false, None, None);
    turned.record().status = Status::RollbackFailed;
    turned.record().rollback = Some(Way::default());
    assert_eq!(second(&turned).back, Back::ByItself, "it was on its way");
}

#[test]
fn before_it_was_what_is_restored_else_what_ran_else_what_was_last_complete() {
    let mut snapshot = crashed();
    let version = |number: u32| {
        let mut revision = snapshot.revisions[0].clone();
        revision.arn = revision_arn(number);
        revision.task_definition = Some(format!("arn:aws:ecs:r:1:task-definition/api:{number}"));
        revision
    };
    let revisions = [20, 21, 30, 31, 32, 33, 34].map(version);
    snapshot.revisions.extend(revisions);
    snapshot.record().sources.clear();
    let all = all_of(&mut snapshot);
    all.remove(0);
    let others = [
        record(30, Status::Successful, "09:00"),
        record(31, Status::Successful, "10:00"),
        record(32, Status::RollbackSuccessful, "11:00"),
        record(33, Status::Successful, "14:00"),
        record(34, Status::Successful, "15:00"),
    ];
    all.splice(0..0, others);
    let before = |snapshot: &Snapshot, end| {
        let attempt = second(snapshot);
        ends(attempt.before.and_then(|it| it.name), end)
    };
    assert!(before(&snapshot, "/api:31"));
    let of = |snapshot: &mut Snapshot, change: &dyn Fn(&mut ServiceDeployment)| {
        let all = all_of(snapshot).iter_mut();
        all.filter(|it| it.arn.ends_with("record-2"))
            .for_each(change);
    };
    of(&mut snapshot, &|it| {
        it.sources = [20, 21, 77].map(revision_arn).into();
    });
    assert!(before(&snapshot, "/api:21"), "of 77 nothing is known");
    of(&mut snapshot, &|it| {
        it.rollback = Some(Way {
            revision: Some(revision_arn(1)),
            ..Way::default()
        });
    });
    assert!(before(&snapshot, "/api:8"));
}

#[test]
fn what_failed_for_good_gives_way_to_a_newer_one_that_succeeded_what_was_stopped_to_any() {
    let of = |status, reason: &str| {
        let mut snapshot = crashed();
        snapshot.record().status = status;
        snapshot.record().reason = Some(reason.to_owned());
        snapshot
    };
    let failed = || of(Status::Stopped, BY_BREAKER);
    let stopped = || of(Status::Stopped, BY_USER);
    let found = |mut snapshot: Snapshot, status, created: &str| {
        let other = ServiceDeployment {
            finished: Some(at("15:05")),
            ..record(4, status, created)
        };
        all_of(&mut snapshot).push(other);
        let attempt = second(&snapshot);
        let successor = attempt.successor.is_some();
        assert_eq!(successor, attempt.phase == Phase::Superseded);
        if successor {
            assert_eq!(attempt.successor.as_deref(), Some("ecs-svc/4"));
            assert_eq!(attempt.ended, Some(at("15:05")));
        }
        attempt.phase
    };
    let (successful, underway) = (Status::Successful, Status::InProgress);
    for (case, snapshot, status, created, phase) in [
        ("failed", failed(), successful, "15:00", Phase::Superseded),
        (
            "failed to turn back",
            of(Status::RollbackFailed, BY_BREAKER),
            successful,
            "15:00",
            Phase::Superseded,
        ),
        (
            "under way",
            crashed(),
            successful,
            "15:00",
            Phase::Superseded,
        ),
        ("stopped", stopped(), successful, "15:00", Phase::Superseded),
        ("stopped", stopped(), underway, "15:00", Phase::Superseded),
        ("failed", failed(), underway, "15:00", Phase::Failed),
        ("failed", failed(), successful, "14:00", Phase::Failed),
        ("failed", failed(), successful, "13:00", Phase::Failed),
        ("stopped", stopped(), underway, "13:00", Phase::Stopped),
        (
            "turning back",
            of(Status::RollbackInProgress, BY_BREAKER),
            successful,
            "15:00",
            Phase::RollingBack,
        ),
        (
            "turned back",
            of(Status::RollbackSuccessful, BY_BREAKER),
            successful,
            "15:00",
            Phase::RolledBack,
        ),
    ] {
        let found = found(snapshot, status, created);
        assert_eq!(found, phase, "{case}, then {status:?} at {created}");
    }
}

/// The snapshot with records whose numbers are no deployment's.
fn strange(mut snapshot: Snapshot) -> Snapshot {
    for record in all_of(&mut snapshot) {
        record.target = record.target.as_ref().map(|arn| format!("{arn}x"));
    }
    for revision in &mut snapshot.revisions {
        revision.arn.push('x');
    }
    snapshot
}

#[test]
fn a_record_without_a_number_is_the_deployment_of_its_time_and_definition() {
    let back = "ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/1.";
    let is_second = |change: &dyn Fn(&mut Snapshot)| {
        let mut snapshot = strange(crashed());
        change(&mut snapshot);
        let attempt = second(&snapshot);
        let named = attempt.id == D2;
        assert!(named || Some(attempt.id.as_str()) == attempt.arn);
        named
    };
    let created = |time: Option<&str>| {
        let time = time.map(at);
        is_second(&|it| it.service.deployments[0].created = time)
    };
    assert!(is_second(&|_| {}));
    for time in ["13:58", "14:02"] {
        assert!(created(Some(time)), "{time}");
    }
    for time in [Some("13:57:59"), Some("14:02:01"), None] {
        assert!(!created(time), "{time:?}");
    }
    let other = |it: &mut Snapshot| {
        let deployments = &mut it.service.deployments;
        let task = deployments[1].task_definition.clone();
        deployments[0].task_definition = task;
    };
    assert!(!is_second(&other), "another definition");
    let unread = |it: &mut Snapshot| {
        other(it);
        it.revisions.clear();
    };
    assert!(is_second(&unread), "of the record's nothing is known");
    let way = |it: &mut Snapshot| it.service.deployments[0].reason = Some(back.to_owned());
    assert!(!is_second(&way), "it takes another one back");
    let numbered = |it: &mut Snapshot| {
        let mut other = record(4, Status::InProgress, "14:01");
        other.target = Some(revision_arn(2));
        all_of(it).push(other);
    };
    assert!(!is_second(&numbered), "it bears the number of another one");
}

#[test]
fn what_takes_it_back_says_so_or_was_made_when_the_rollback_began() {
    let way = |change: &dyn Fn(&mut Snapshot)| {
        let mut snapshot = crashed().turned();
        change(&mut snapshot);
        second(&snapshot).taken_back_by
    };
    let made = |says_so: bool, time: Option<&str>| {
        way(&|it| {
            let back = &mut it.service.deployments[0];
            back.created = time.map(at);
            if !says_so {
                back.reason = None;
            }
        })
    };
    let third = Some(D3.to_owned());
    for (says_so, time, expected) in [
        (true, Some("14:09"), &third),
        (true, Some("14:07"), &third),
        (true, Some("14:11"), &third),
        (true, Some("14:11:01"), &None),
        (true, Some("14:06:59"), &None),
        (true, None, &third),
        (false, Some("14:09"), &third),
        (false, Some("14:07"), &third),
        (false, Some("14:11"), &third),
        (false, Some("14:11:01"), &None),
        (false, Some("14:06:59"), &None),
        (false, None, &None),
    ] {
        assert_eq!(&made(says_so, time), expected, "{says_so}, {time:?}");
    }
    let finished = |time: &str| {
        let time = Some(at(time));
        way(&|it| {
            it.record().finished = time;
            it.service.deployments[0].reason = None;
            it.service.deployments[0].created = Some(at("14:10"));
        })
    };
    assert_eq!(finished("14:12"), third);
    assert_eq!(finished("14:10"), third);
    assert_eq!(finished("14:09:59"), None, "it was deployed after the end");
    let fails_at_once = |it: &mut Snapshot| {
        let deployments = &mut it.service.deployments;
        deployments[0].reason = None;
        deployments[1].created = Some(at("14:08"));
        deployments.swap(0, 1);
    };
    assert_eq!(way(&fails_at_once), third, "it does not take itself back");
    let two = |it: &mut Snapshot| {
        let mut other = it.service.deployments[0].clone();
        other.id = "ecs-svc/4".to_owned();
        other.reason = None;
        it.service.deployments.insert(0, other);
    };
    assert_eq!(way(&two), third, "of two that which says so");
    let anothers = |it: &mut Snapshot| {
        it.service.deployments[0].reason = None;
        all_of(it).push(record(3, Status::InProgress, "14:09"));
    };
    assert_eq!(way(&anothers), None, "it is a release of its own");
    let unknown = |it: &mut Snapshot| {
        let rollback = it.record().rollback.as_mut();
        rollback.unwrap().started = None;
    };
    assert_eq!(way(&unknown), None, "nobody knows when it began");
}
