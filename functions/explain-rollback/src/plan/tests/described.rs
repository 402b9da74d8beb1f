//! What deployments there are and how far each is where only `DescribeServices` and what is
//! remembered tell of them.

use super::*;
use crate::plan::attempts::Phase;

/// What was remembered at the failure.
fn failure(change: impl FnOnce(&mut Chapter)) -> Vec<Chapter> {
    let mut play = Play::default();
    play.look(&crashed().given_up().without_history(), at("14:09"));
    let mut chapters = play.entry.unwrap().chapters;
    change(&mut chapters[0]);
    chapters
}

/// The one deployment that is known.
fn only<'a>(snapshot: &'a Snapshot, chapters: &[Chapter]) -> Attempt<'a> {
    let mut all = attempts(snapshot, chapters);
    assert_eq!(all.len(), 1, "{all:#?}");
    all.remove(0)
}

fn primary(snapshot: &mut Snapshot) -> &mut Deployment {
    let mut all = snapshot.service.deployments.iter_mut();
    all.find(|it| it.is_primary()).unwrap()
}

#[test]
fn a_history_without_a_record_says_no_more_than_none() {
    let empty = Snapshot {
        history: Some(Vec::new()),
        ..crashed().given_up()
    };
    let attempt = only(&empty, &[]);
    assert_eq!((attempt.id.as_str(), attempt.phase), (D2, Phase::Failed));
}

#[test]
fn the_primary_deployment_is_as_far_as_its_state_says() {
    let changed = Some(at("14:09"));
    for (rollout, phase, failed, ended) in [
        (None, Phase::Underway, None, None),
        (Some(RolloutState::InProgress), Phase::Underway, None, None),
        (Some(RolloutState::Failed), Phase::Failed, changed, None),
        (
            Some(RolloutState::Completed),
            Phase::Succeeded,
            None,
            changed,
        ),
    ] {
        let mut snapshot = crashed().given_up().without_history();
        primary(&mut snapshot).rollout = rollout;
        let attempt = only(&snapshot, &[]);
        assert_eq!(attempt.phase, phase, "{rollout:?}");
        assert_eq!((attempt.failed, attempt.ended), (failed, ended));
        assert_eq!(attempt.started, Some(at("14:00")));
    }
}

#[test]
fn a_deployment_can_return_to_another_one_that_is_complete() {
    for (rollback, other, back, before) in [
        (true, Some(RolloutState::Completed), Back::ByItself, true),
        (
            true,
            Some(RolloutState::InProgress),
            Back::NothingComplete,
            false,
        ),
        (true, None, Back::NothingComplete, false),
        (
            false,
            Some(RolloutState::Completed),
            Back::NotConfigured,
            true,
        ),
        (false, None, Back::NotConfigured, false),
    ] {
        let mut snapshot = crashed().given_up().without_history();
        snapshot.service.breaker.rollback = rollback;
        snapshot.service.deployments[1].rollout = other;
        let attempt = only(&snapshot, &[]);
        let case = format!("rollback: {rollback}, the other one: {other:?}");
        assert_eq!(attempt.back, back, "{case}");
        let name = attempt.before.and_then(|it| it.name);
        assert_eq!(name.is_some_and(|it| it.ends_with("/api:8")), before);
    }
    let mut complete = underway().without_history();
    primary(&mut complete).rollout = Some(RolloutState::Completed);
    complete.service.deployments.truncate(1);
    let attempt = only(&complete, &[]);
    assert!(attempt.before.is_none(), "it is not its own former version");
}

#[test]
fn the_way_back_is_as_far_as_its_state_says_and_ends_with_it() {
    for (rollout, phase, ended) in [
        (None, Phase::RollingBack, None),
        (Some(RolloutState::InProgress), Phase::RollingBack, None),
        (
            Some(RolloutState::Completed),
            Phase::RolledBack,
            Some(at("14:12")),
        ),
        (
            Some(RolloutState::Failed),
            Phase::RollbackFailed,
            Some(at("14:12")),
        ),
    ] {
        let mut snapshot = crashed().turned().without_history();
        let way = primary(&mut snapshot);
        way.rollout = rollout;
        way.updated = Some(at("14:12"));
        let attempt = only(&snapshot, &[]);
        assert_eq!(
            (attempt.phase, attempt.ended),
            (phase, ended),
            "{rollout:?}"
        );
        assert_eq!(attempt.id, D2, "{rollout:?}");
        assert_eq!(attempt.taken_back_by.as_deref(), Some(D3));
        assert_eq!(attempt.turned, Some(at("14:09")));
    }
}

#[test]
fn of_a_deployment_that_is_gone_only_its_way_back_is_known() {
    let mut snapshot = crashed().turned().without_history();
    snapshot.service.deployments.retain(|it| it.id != D2);
    let attempt = only(&snapshot, &[]);
    assert_eq!(
        (attempt.id.as_str(), attempt.phase),
        (D3, Phase::RollingBack)
    );
    assert_eq!(attempt.started, None);
}

#[test]
fn the_way_back_that_is_complete_is_known_by_its_id_whatever_its_reason_says() {
    let mut play = Play::default();
    play.look(&crashed().turned().without_history(), at("14:10"));
    let entry = play.entry.unwrap();
    let restored = crashed().restored().without_history();
    let attempt = only(&restored, &entry.chapters);
    assert_eq!(
        (attempt.id.as_str(), attempt.phase),
        (D2, Phase::RolledBack)
    );
    assert_eq!(attempt.ended, Some(at("14:12")));
    let mut another = restored;
    primary(&mut another).id = "ecs-svc/4".to_owned();
    primary(&mut another).created = Some(at("16:00"));
    let all = attempts(&another, &entry.chapters);
    let phases: Vec<_> = all.iter().map(|it| (it.id.as_str(), it.phase)).collect();
    assert_eq!(
        phases,
        [(D2, Phase::Superseded), ("ecs-svc/4", Phase::Succeeded)]
    );
}

#[test]
fn what_follows_a_failure_soon_with_the_former_version_takes_it_back() {
    let eight = Some("api:8");
    let now = |rollout, created: &str| {
        let mut snapshot = crashed().restored().without_history();
        let primary = primary(&mut snapshot);
        primary.rollout = Some(rollout);
        primary.created = Some(at(created));
        snapshot
    };
    let (complete, underway) = (RolloutState::Completed, RolloutState::InProgress);
    for (case, snapshot, back, failed, before, phase) in [
        (
            "it is complete",
            now(complete, "14:09"),
            Back::ByItself,
            Some("14:09"),
            eight,
            Phase::RolledBack,
        ),
        (
            "it is under way",
            now(underway, "14:19"),
            Back::ByItself,
            Some("14:09"),
            eight,
            Phase::RollingBack,
        ),
        (
            "it is too late",
            now(complete, "14:19:01"),
            Back::ByItself,
            Some("14:09"),
            eight,
            Phase::Superseded,
        ),
        (
            "nobody knows when it failed",
            now(complete, "14:09"),
            Back::ByItself,
            None,
            eight,
            Phase::Superseded,
        ),
        (
            "nothing turns back by itself",
            now(complete, "14:09"),
            Back::NotConfigured,
            Some("14:09"),
            eight,
            Phase::Superseded,
        ),
        (
            "it is another version",
            now(complete, "14:09"),
            Back::ByItself,
            Some("14:09"),
            Some("api:7"),
            Phase::Superseded,
        ),
        (
            "nobody knows the former version",
            now(complete, "14:09"),
            Back::ByItself,
            Some("14:09"),
            None,
            Phase::Superseded,
        ),
    ] {
        let chapters = failure(|chapter| {
            let story = &mut chapter.story;
            story.back = back;
            story.failed = failed.map(at);
            let former = story.before.as_mut().unwrap();
            former.task_definition = before.map(str::to_owned);
        });
        let all = attempts(&snapshot, &chapters);
        let attempt = all.iter().find(|it| it.id == D2).unwrap();
        assert_eq!(attempt.phase, phase, "{case}");
        let is_back = phase != Phase::Superseded;
        assert_eq!(all.len(), if is_back { 1 } else { 2 }, "{case}");
        let (way, after) = if is_back {
            (Some(D3), None)
        } else {
            (None, Some(D3))
        };
        assert_eq!(attempt.taken_back_by.as_deref(), way, "{case}");
        assert_eq!(attempt.successor.as_deref(), after, "{case}");
        assert_eq!(attempt.before.is_some(), is_back, "{case}");
        let ended = (phase != Phase::RollingBack).then(|| at("14:12"));
        assert_eq!(attempt.ended, ended, "{case}");
    }
    let chapters = failure(|chapter| chapter.story.before = None);
    let mut vague = now(complete, "14:09");
    primary(&mut vague).task_definition = None;
    let all = attempts(&vague, &chapters);
    assert_eq!(all[0].phase, Phase::Superseded, "neither version is known");
}

#[test]
fn a_deployment_that_is_remembered_and_still_listed_is_known_once() {
    let chapters = failure(|_| {});
    let again = crashed().given_up().without_history();
    assert_eq!(only(&again, &chapters).phase, Phase::Failed);
    let turned = crashed().turned().without_history();
    assert_eq!(only(&turned, &chapters).phase, Phase::RollingBack);
    let over = failure(|chapter| chapter.told.push(Stage::Superseded));
    let restored = crashed().restored().without_history();
    let attempt = only(&restored, &over);
    assert_eq!(
        (attempt.id.as_str(), attempt.phase),
        (D3, Phase::Succeeded),
        "what is over is not asked for again"
    );
}

#[test]
fn a_breaker_or_one_alarm_gave_up_only_what_failed_and_says_so() {
    let breaker = "ECS deployment circuit breaker: tasks failed to start.";
    let alarm = "ECS deployment failed: alarm detected.";
    let (failed, underway) = (RolloutState::Failed, RolloutState::InProgress);
    for (reason, rollout, names, broke, alarms) in [
        (breaker, failed, &["5xx"][..], true, &[][..]),
        (breaker, underway, &["5xx"], false, &[]),
        (alarm, failed, &["5xx"], false, &["5xx"]),
        (alarm, underway, &["5xx"], false, &[]),
        (alarm, failed, &["5xx", "slow"], false, &[]),
        (alarm, failed, &[], false, &[]),
        ("ECS deployment failed.", failed, &["5xx"], false, &[]),
    ] {
        let mut snapshot = crashed().without_history();
        snapshot.service.alarms.names = names.iter().map(ToString::to_string).collect();
        let primary = primary(&mut snapshot);
        primary.rollout = Some(rollout);
        primary.reason = Some(reason.to_owned());
        let attempt = only(&snapshot, &[]);
        let case = format!("{reason} {rollout:?} {names:?}");
        assert_eq!(attempt.broke, broke, "{case}");
        assert_eq!(attempt.alarms, alarms, "{case}");
    }
}

#[test]
fn a_deployment_is_of_the_revision_that_bears_its_number() {
    let snapshot = crashed().without_history();
    let attempt = only(&snapshot, &[]);
    let digest = |version: &crate::changes::Version<'_>| version.release(&snapshot).digest;
    let of = |number: usize| snapshot.revisions[number].images[0].digest.clone();
    assert_eq!(digest(&attempt.version), of(1));
    assert_eq!(attempt.before.as_ref().and_then(digest), of(0));
}

#[test]
fn only_tasks_of_the_way_back_that_died_are_its_own() {
    let died = |starter: Option<&str>, code: &str| StoppedTask {
        started_by: starter.map(str::to_owned),
        ..task(9, code, "")
    };
    for (case, task, turned, expected) in [
        ("its own", died(Some(D3), "TaskFailedToStart"), true, 1),
        ("the other's", died(Some(D2), "TaskFailedToStart"), true, 0),
        ("nobody's", died(None, "TaskFailedToStart"), true, 0),
        ("not needed", died(Some(D3), "UserInitiated"), true, 0),
        ("before", died(None, "TaskFailedToStart"), false, 0),
        ("before, not needed", died(None, "UserInitiated"), false, 0),
    ] {
        let mut snapshot = underway();
        if turned {
            snapshot = snapshot.turned();
        }
        snapshot.stopped = vec![task];
        let all = attempts(&snapshot, &[]);
        let tasks = all.last().unwrap().tasks_of_the_way_back(&snapshot);
        assert_eq!(tasks.count(), expected, "{case}");
    }
}
