//! What is no failure, what is nobody's news, and what belongs to one thread.

use super::*;

fn nothing(snapshot: &Snapshot, now: Timestamp) {
    let mut play = Play::default();
    let decided = play.look(snapshot, now);
    assert_eq!(
        (decided.save, decided.tell),
        (None, Vec::new()),
        "{snapshot:#?}"
    );
}

#[test]
fn a_service_whose_deployments_do_not_fail_gets_an_empty_plan() {
    let mut done = underway();
    done.record().status = Status::Successful;
    done.service.deployments.truncate(1);
    done.service.deployments[0].rollout = Some(RolloutState::Completed);
    for snapshot in [
        underway(),
        done.clone(),
        done.without_history(),
        underway().without_history(),
    ] {
        nothing(&snapshot, at("14:05"));
    }
    let mut play = Play::default();
    assert_eq!(
        play.look(&Snapshot::default(), at("14:05")),
        Plan::default()
    );
}

#[test]
fn scaling_in_sleeping_spot_and_a_persons_stop_are_no_failures() {
    let stopped = |code: &str, reason: &str| {
        let mut snapshot = underway();
        snapshot.stopped = (0..5).map(|number| task(number, code, reason)).collect();
        snapshot
    };
    for (code, reason) in [
        (
            "ServiceSchedulerInitiated",
            "Scaling activity initiated by (deployment ecs-svc/2)",
        ),
        ("UserInitiated", "Task stopped by user"),
        ("SpotInterruption", "Your Spot Task was interrupted."),
        ("TerminationNotice", "Your task was retired"),
        ("InfrastructureHealth", "host"),
    ] {
        nothing(&stopped(code, reason), at("20:00"));
    }
    let mut asleep = crashed();
    asleep.service.desired = 0;
    nothing(&asleep, at("20:00"));
    for status in [
        Status::Stopped,
        Status::RollbackRequested,
        Status::RollbackInProgress,
        Status::RollbackSuccessful,
    ] {
        let mut by_hand = underway();
        by_hand.record().status = status;
        by_hand.record().reason = Some("Service deployment stopped by user.".to_owned());
        nothing(&by_hand, at("14:10"));
        by_hand.record().reason = None;
        nothing(&by_hand, at("14:10"));
    }
}

#[test]
fn a_person_who_takes_back_what_was_told_to_fail_ends_the_story() {
    let mut play = Play::default();
    play.look(&crashed(), at("14:21"));
    let mut by_hand = crashed().turned();
    by_hand.record().reason = Some("Rollback requested with StopServiceDeployment.".to_owned());
    by_hand.record().rollback.as_mut().unwrap().reason = None;
    by_hand.record().breaker.as_mut().unwrap().triggered = false;
    play.look(&by_hand, at("14:22"));
    by_hand.record().status = Status::RollbackSuccessful;
    by_hand.record().finished = Some(at("14:25"));
    play.look(&by_hand, at("14:25"));
    assert_eq!(
        play.stages(),
        [Stage::Stalled, Stage::RollingBack, Stage::RolledBack]
    );
    let last = play.told.last().unwrap();
    assert_eq!(
        (last.back, &last.trigger),
        (Back::ByHand, &Some(Trigger::Person))
    );
    let mut stopped = Play::default();
    stopped.look(&crashed(), at("14:21"));
    let mut ended = crashed();
    ended.record().status = Status::Stopped;
    ended.record().reason = Some("Service deployment stopped by user.".to_owned());
    stopped.look(&ended, at("14:22"));
    assert_eq!(stopped.stages(), [Stage::Stalled, Stage::Stopped]);
}

#[test]
fn what_succeeds_after_all_or_is_replaced_is_told_only_to_who_heard_of_it() {
    let mut well = crashed();
    well.record().status = Status::Successful;
    well.record().finished = Some(at("14:20"));
    nothing(&well, at("14:20"));
    let mut play = Play::default();
    play.look(&twice(), at("14:05"));
    play.look(&well, at("14:20"));
    assert_eq!(play.stages(), [Stage::Failing, Stage::Succeeded]);
    assert_eq!(play.due, None);

    for history in [true, false] {
        let mut failed = crashed().given_up();
        failed.service.breaker.rollback = false;
        failed.record().status = Status::Stopped;
        failed.record().stopped = Some(at("14:09"));
        let mut replaced = failed.clone();
        let mut next = replaced.history.as_ref().unwrap()[0].clone();
        next.arn = "arn:aws:ecs:r:1:service-deployment/c/api/record-4".to_owned();
        next.target = Some(revision_arn(4));
        (next.created, next.started, next.finished) =
            (Some(at("14:30")), Some(at("14:30")), Some(at("14:34")));
        replaced.history.as_mut().unwrap().push(next);
        let mut primary = replaced.service.deployments.remove(0);
        primary.id = "ecs-svc/4".to_owned();
        primary.created = Some(at("14:30"));
        primary.rollout = Some(RolloutState::Completed);
        primary.reason = None;
        replaced.service.deployments = vec![primary];
        if !history {
            failed.history = None;
            replaced.history = None;
        }
        let mut play = Play::default();
        play.look(&failed, at("14:09"));
        assert_eq!(play.told[0].back, Back::NotConfigured);
        assert!(play.due.is_some(), "somebody has to act");
        play.look(&replaced, at("14:35"));
        assert_eq!(
            play.stages(),
            [Stage::Failed, Stage::Superseded],
            "history: {history}"
        );
        assert_eq!(play.told[1].successor.as_deref(), Some("ecs-svc/4"));
        nothing(&replaced, at("14:35"));
    }
}

#[test]
fn what_failed_long_ago_is_no_news() {
    let restored = crashed().restored();
    nothing(&restored, at("20:12:01"));
    let mut play = Play::default();
    play.look(&restored, at("20:12"));
    assert_eq!(play.stages(), [Stage::RolledBack]);
    // What people heard of is told to its end, however late.
    let mut play = Play::default();
    play.look(&crashed().given_up(), at("14:09"));
    play.look(&restored, at("23:59"));
    assert_eq!(play.stages(), [Stage::Failed, Stage::RolledBack]);
}

/// The same service with another deployment that fails later.
pub(super) fn again(first: Snapshot, task: u32, hour: &str) -> Snapshot {
    let mut snapshot = first;
    let time = |minute: &str| at(&format!("{hour}:{minute}"));
    let mut record = snapshot.record().clone();
    record.arn = "arn:aws:ecs:r:1:service-deployment/c/api/record-4".to_owned();
    record.target = Some(revision_arn(4));
    (record.created, record.started) = (Some(time("00")), Some(time("00")));
    record.rollback.as_mut().unwrap().started = Some(time("09"));
    record.finished = Some(time("12"));
    snapshot.history.as_mut().unwrap().push(record);
    let mut revision = snapshot.revisions[1].clone();
    revision.arn = revision_arn(4);
    revision.task_definition = Some(format!("arn:aws:ecs:r:1:task-definition/api:{task}"));
    if task != 9 {
        revision.images[0].digest = Some("sha256:other".to_owned());
        snapshot.definitions.push(definition(task, "2b4d6e8"));
    }
    snapshot.revisions.push(revision);
    snapshot
}

#[test]
fn a_service_that_fails_again_soon_or_with_the_same_version_joins_the_thread() {
    let joins = |task, hour, within: i64| {
        let settings = Settings {
            joined_within: SignedDuration::from_mins(within),
            ..settings()
        };
        let mut play = Play::default();
        play.look_as(&crashed().restored(), at("14:13"), &settings);
        let second = again(crashed().restored(), task, hour);
        play.look_as(&second, at(&format!("{hour}:13")), &settings);
        assert_eq!(play.stages(), [Stage::RolledBack, Stage::RolledBack]);
        let (one, two) = (&play.told[0], &play.told[1]);
        assert_ne!(one.deployment, two.deployment);
        assert_eq!(two.failures, if one.thread == two.thread { 2 } else { 1 });
        one.thread("e") == two.thread("e")
    };
    assert!(joins(10, "15", 60), "within the hour");
    assert!(!joins(10, "16", 60), "another version, later");
    assert!(joins(10, "16", 120), "as it is configured");
    assert!(joins(9, "20", 60), "the same version on the same day");
}

#[test]
fn what_follows_one_that_failed_and_fails_too_joins_its_thread_however_late_the_end_is_seen() {
    let followed = |status, reason: Option<&str>, failed| {
        let mut snapshot = twice();
        let begun = Some(at("14:06"));
        let former = snapshot.record();
        let next = ServiceDeployment {
            arn: "arn:aws:ecs:r:1:service-deployment/c/api/record-4".to_owned(),
            target: Some(revision_arn(4)),
            created: begun,
            started: begun,
            ..former.clone()
        };
        former.status = status;
        former.reason = reason.map(str::to_owned);
        former.finished = Some(at("14:05:30"));
        snapshot.history.as_mut().unwrap().push(next);
        snapshot.record().breaker.as_mut().unwrap().failed = failed;
        let task_definition = Some("arn:aws:ecs:r:1:task-definition/api:10".to_owned());
        snapshot.revisions.push(Revision {
            arn: revision_arn(4),
            task_definition: task_definition.clone(),
            ..Revision::default()
        });
        snapshot.definitions.push(definition(10, "2b4d6e8"));
        let primary = &mut snapshot.service.deployments[0];
        primary.id = "ecs-svc/4".to_owned();
        primary.task_definition = task_definition;
        (primary.created, primary.failed) = (begun, failed);
        snapshot
    };
    let stopped = (Status::Stopped, Some("Service deployment stopped by user."));
    for ((status, reason), end, joins) in [
        (stopped, Stage::Superseded, true),
        ((Status::Successful, None), Stage::Succeeded, false),
    ] {
        for between in [false, true] {
            let mut play = Play::default();
            play.look(&twice(), at("14:05"));
            if between {
                play.look(&followed(status, reason, 0), at("14:07"));
                assert_eq!(play.stages(), [Stage::Failing, end]);
            }
            play.look(&followed(status, reason, 2), at("14:12"));
            assert_eq!(play.stages(), [Stage::Failing, end, Stage::Failing]);
            let (first, last) = (&play.told[0], &play.told[2]);
            assert_ne!(first.deployment, last.deployment);
            let expected = if joins {
                (&first.thread, 2)
            } else {
                (&last.deployment, 1)
            };
            assert_eq!((&last.thread, last.failures), expected, "{end:?} {between}");
        }
    }
}

#[test]
fn two_failures_at_one_look_are_told_oldest_first() {
    let mut play = Play::default();
    play.look(&again(crashed().restored(), 10, "15"), at("15:13"));
    let deployments: Vec<_> = play.told.iter().map(|it| it.deployment.as_str()).collect();
    assert_eq!(deployments, [D2, "ecs-svc/4"]);
    assert_eq!(play.told[1].failures, 2);
}

/// The deployment that took the first one back is gone by then.
#[test]
fn what_is_deployed_right_after_a_rollback_did_not_take_the_first_one_back() {
    let mut snapshot = crashed().restored();
    snapshot.record().finished = Some(at("14:09:40"));
    let mut play = Play::default();
    play.look(&snapshot, at("14:10"));
    let mut snapshot = again(snapshot, 9, "14");
    let begun = Some(at("14:10:30"));
    let record = snapshot.record();
    record.status = Status::InProgress;
    (record.created, record.started) = (begun, begun);
    (record.rollback, record.finished) = (None, None);
    let primary = &mut snapshot.service.deployments[0];
    primary.id = "ecs-svc/4".to_owned();
    (primary.created, primary.reason) = (begun, None);
    (primary.rollout, primary.failed) = (Some(RolloutState::InProgress), 2);
    for time in ["14:11", "14:12"] {
        play.look(&snapshot, at(time));
    }
    let told = play
        .told
        .iter()
        .map(|it| (it.deployment.as_str(), it.stage));
    let told: Vec<_> = told.collect();
    assert_eq!(
        told,
        [(D2, Stage::RolledBack), ("ecs-svc/4", Stage::Failed)]
    );
}

/// A pipeline tries again and again: by then the first ones are not remembered any more, but AWS still
/// shows them.
#[test]
fn of_a_service_that_fails_all_day_each_failure_is_told_once() {
    let fails = |times: u32| {
        let mut snapshot = crashed().restored();
        let failed = snapshot.record().clone();
        for number in 4..4 + times {
            let begun = at("15:00") + SignedDuration::from_mins(i64::from(number) * 5);
            let minutes = |minutes| Some(begun + SignedDuration::from_mins(minutes));
            let mut record = failed.clone();
            record.arn = format!("arn:aws:ecs:r:1:service-deployment/c/api/record-{number}");
            record.target = Some(revision_arn(number));
            (record.created, record.started) = (Some(begun), Some(begun));
            record.rollback.as_mut().unwrap().started = minutes(2);
            record.finished = minutes(3);
            let mut revision = snapshot.revisions[1].clone();
            revision.arn = revision_arn(number);
            snapshot.revisions.push(revision);
            snapshot.history.as_mut().unwrap().push(record);
        }
        snapshot
    };
    let told = |play: &Play| {
        let stories = play.told.iter();
        stories.map(|it| it.deployment.clone()).collect::<Vec<_>>()
    };
    for first in [1, 20] {
        let mut play = Play::default();
        for times in first..30 {
            let now = at("15:04") + SignedDuration::from_mins(i64::from(times + 3) * 5);
            for minute in 0..10 {
                play.look(&fails(times), now + SignedDuration::from_secs(minute * 10));
            }
        }
        let told = told(&play);
        let each: std::collections::BTreeSet<&String> = told.iter().collect();
        assert_eq!(told.len(), 30, "from {first} on: {told:?}");
        assert_eq!(each.len(), 30);
        assert_eq!(play.told.last().unwrap().failures, 30);
    }
}

#[test]
fn another_version_right_after_a_failure_is_no_way_back() {
    let mut play = Play::default();
    play.look(&crashed().given_up().without_history(), at("14:09"));
    let mut mended = crashed().restored().without_history();
    let mut primary = mended.service.deployments.remove(0);
    primary.task_definition = Some("arn:aws:ecs:r:1:task-definition/api:10".to_owned());
    mended.service.deployments = vec![primary];
    play.look(&mended, at("14:13"));
    assert_eq!(play.stages(), [Stage::Failed, Stage::Superseded]);
}
