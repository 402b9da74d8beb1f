//! Forms in which AWS shows the same: words that differ, fields that are left out, records that
//! have no number, and CodeDeploy.

use nightshift::{config, ledger::rollout::DeploymentGroup};

use super::*;

#[test]
fn a_rollback_is_known_by_its_reason() {
    for (reason, expected) in [
        (
            "ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/1.",
            true,
        ),
        (
            "ECS deployment failed: alarm detected: Rolling back to deploymentId `ecs-svc/1`",
            true,
        ),
        ("ECS deployment ecs-svc/2 in progress.", false),
    ] {
        let deployment = Deployment {
            reason: Some(reason.to_owned()),
            ..Deployment::default()
        };
        assert_eq!(deployment.rolls_back(), expected, "{reason}");
    }
    assert!(!Deployment::default().rolls_back());
}

#[test]
fn a_record_is_matched_to_its_deployment_by_time_where_numbers_differ() {
    let mut play = Play::default();
    let strange = |mut snapshot: Snapshot| {
        for record in snapshot.history.as_mut().unwrap() {
            record.target = record.target.as_ref().map(|arn| format!("{arn}x"));
        }
        for revision in &mut snapshot.revisions {
            revision.arn.push('x');
        }
        snapshot
    };
    for (snapshot, now) in course() {
        play.look(&strange(snapshot), now);
    }
    assert_eq!(play.told[0].deployment, D2);
    assert_eq!(
        play.stages(),
        [
            Stage::Failing,
            Stage::Failed,
            Stage::RollingBack,
            Stage::RolledBack
        ]
    );
    let faults = &play.told[1].faults;
    assert!(matches!(faults[0].fault, Fault::Crash { .. }), "{faults:?}");
    // What is told by one API goes on by the other, under one id.
    let mut mixed = Play::default();
    for (at, (snapshot, now)) in course().into_iter().enumerate() {
        let snapshot = strange(snapshot);
        let snapshot = if at % 2 == 0 {
            snapshot
        } else {
            snapshot.without_history()
        };
        mixed.look(&snapshot, now);
    }
    assert_eq!(mixed.stages(), play.stages());
    assert_eq!(mixed.entry.unwrap().chapters.len(), 1);
}

#[test]
fn tasks_that_name_no_deployment_are_told_apart_by_time_and_definition() {
    let mut snapshot = crashed().given_up();
    for task in &mut snapshot.stopped {
        task.started_by = None;
    }
    snapshot.record().breaker = None;
    snapshot.service.deployments[0].failed = 0;
    let failed = |snapshot: &Snapshot| attempts(snapshot, &[]).last().unwrap().failed_tasks;
    assert_eq!(failed(&snapshot), 3);
    snapshot.stopped[0].created = Some(at("13:59"));
    assert_eq!(failed(&snapshot), 2);
    snapshot.stopped[1].task_definition = Some("arn:aws:ecs:r:1:task-definition/api:8".to_owned());
    assert_eq!(failed(&snapshot), 1);
}

#[test]
fn a_breaker_is_told_with_the_tasks_that_it_counted_if_any_are_known() {
    for (snapshot, failed) in [(crashed(), Some(3)), (underway(), None)] {
        let mut play = Play::default();
        play.look(&snapshot.given_up(), at("14:09"));
        let threshold = Some(3);
        let expected = Trigger::Breaker { failed, threshold };
        assert_eq!(play.told[0].trigger, Some(expected));
    }
}

#[test]
fn alarms_take_a_deployment_back_as_the_breaker_does_or_not_at_all() {
    let rung = |rollback| {
        let mut snapshot = underway();
        snapshot.service.breaker = Breaker::default();
        snapshot.service.alarms = Alarms {
            enabled: true,
            rollback,
            names: vec!["5xx".to_owned()],
        };
        let record = snapshot.record();
        record.triggered = vec!["5xx".to_owned()];
        record.breaker = None;
        record.status = Status::Stopped;
        record.stopped = Some(at("14:09"));
        snapshot
    };
    let mut play = Play::default();
    play.look(&rung(false), at("14:09"));
    let story = &play.told[0];
    assert_eq!(
        (story.stage, story.back),
        (Stage::Failed, Back::NotConfigured)
    );
    assert_eq!(
        story.trigger,
        Some(Trigger::Alarms {
            names: vec!["5xx".to_owned()]
        })
    );
    assert!(story.remedy.is_some());
    let mut play = Play::default();
    play.look(&rung(true), at("14:09"));
    assert_eq!(
        (play.told[0].back, &play.told[0].remedy),
        (Back::ByItself, &None)
    );
    // Without the history it was the service's one alarm, if it has but one.
    let mut described = rung(true).without_history();
    described.service.deployments[0].rollout = Some(RolloutState::Failed);
    described.service.deployments[0].reason =
        Some("ECS deployment failed: alarm detected.".to_owned());
    let mut play = Play::default();
    play.look(&described, at("14:09"));
    assert_eq!(
        play.told[0].trigger,
        Some(Trigger::Alarms {
            names: vec!["5xx".to_owned()]
        })
    );
}

/// A blue/green deployment of CodeDeploy at a status, beside one that worked.
pub(super) fn blue_green(status: &str, code: Option<&str>, way: Option<&str>) -> Snapshot {
    let mut snapshot = crashed().without_history();
    snapshot.service.controller = Controller::CodeDeploy;
    let sets = &mut snapshot.service.deployments;
    sets.swap(0, 1);
    for (set, (status, external)) in sets.iter_mut().zip([("PRIMARY", "d-1"), ("ACTIVE", "d-2")]) {
        set.status = status.to_owned();
        set.external = Some(external.to_owned());
        set.rollout = None;
        set.reason = None;
    }
    let one = |id: &str, status: &str, created: &str| CodeDeployment {
        id: id.to_owned(),
        status: status.to_owned(),
        created: Some(at(created)),
        finished: Some(at(created) + SignedDuration::from_mins(9)),
        rollback_enabled: Some(true),
        ..CodeDeployment::default()
    };
    snapshot.codedeploy = vec![
        one("d-1", "Succeeded", "09:00"),
        CodeDeployment {
            code: code.map(str::to_owned),
            rolled_back_by: way.map(|_| "d-3".to_owned()),
            ..one("d-2", status, "14:00")
        },
    ];
    if let Some(way) = way {
        snapshot.codedeploy.push(CodeDeployment {
            takes_back: Some("d-2".to_owned()),
            ..one("d-3", way, "14:09")
        });
    }
    snapshot
}

#[test]
fn codedeploys_failures_are_told_like_those_of_ecs() {
    let health = Some("HEALTH_CONSTRAINTS");
    let mut play = Play::default();
    play.look(&blue_green("InProgress", None, None), at("14:05"));
    play.look(&blue_green("Failed", health, None), at("14:09"));
    play.look(
        &blue_green("Failed", health, Some("InProgress")),
        at("14:10"),
    );
    play.look(
        &blue_green("Failed", health, Some("Succeeded")),
        at("14:19"),
    );
    assert_eq!(
        play.stages(),
        [
            Stage::Failing,
            Stage::Failed,
            Stage::RollingBack,
            Stage::RolledBack
        ]
    );
    let story = play.told.last().unwrap();
    assert_eq!(story.deployment, "d-2");
    assert_eq!(
        story.trigger,
        Some(Trigger::CodeDeploy {
            code: health.map(str::to_owned)
        })
    );
    assert_eq!(
        story.before.as_ref().unwrap().task_definition.as_deref(),
        Some("api:8")
    );
    assert!(matches!(story.faults[0].fault, Fault::Crash { .. }));
    assert_eq!(story.users, Users::NotAffected);
}

#[test]
fn codedeploys_other_ends_are_told_as_what_they_are() {
    let stages = |snapshot: &Snapshot| {
        let mut play = Play::default();
        play.look(snapshot, at("14:12"));
        play.stages()
    };
    let failed = blue_green("Failed", Some("HEALTH_CONSTRAINTS"), Some("Failed"));
    assert_eq!(stages(&failed), [Stage::RollbackFailed]);
    assert_eq!(
        stages(&blue_green("Stopped", Some("MANUAL_STOP"), None)),
        []
    );
    assert_eq!(stages(&blue_green("Stopped", None, None)), []);
    assert_eq!(stages(&blue_green("Succeeded", None, None)), []);
    assert_eq!(
        stages(&blue_green("Stopped", Some("ALARM_ACTIVE"), None)),
        [Stage::Failed]
    );
    let mut off = blue_green("Failed", Some("TIMEOUT"), None);
    off.codedeploy[1].rollback_enabled = Some(false);
    let mut play = Play::default();
    play.look(&off, at("14:09"));
    assert_eq!(play.told[0].back, Back::NotConfigured);
    let mut next = off.codedeploy[0].clone();
    (next.id, next.created) = ("d-4".to_owned(), Some(at("15:00")));
    off.codedeploy.push(next);
    play.look(&off, at("15:10"));
    assert_eq!(play.stages(), [Stage::Failed, Stage::Superseded]);
    let mut play = Play::default();
    play.look(&blue_green("InProgress", None, None), at("14:30"));
    assert_eq!(
        play.told[0].remedy,
        Some(Remedy::StopCodeDeploy {
            deployment: "d-2".to_owned()
        })
    );
}

#[test]
fn of_two_target_groups_codedeploys_idle_one_does_not_count() {
    let mut snapshot = blue_green("Failed", Some("TIMEOUT"), None);
    let mut idle = balanced(TargetCheck::default());
    idle.targets = vec![unhealthy(3001, "Target.Timeout", "Request timed out")];
    snapshot.targets = vec![balanced(TargetCheck::default()), idle];
    let mut play = Play::default();
    play.look(&snapshot, at("14:09"));
    assert_eq!(play.told[0].users, Users::NotAffected);
}

#[test]
fn a_fault_that_is_seen_more_surely_later_is_told_as_sure() {
    // First only that a health check fails is known, and much is said of it; then why.
    let mut vague = underway().with(vec![
        task(
            0,
            "ServiceSchedulerInitiated",
            "Task failed ELB health checks in (target-group tg)",
        ),
        task(
            1,
            "ServiceSchedulerInitiated",
            "Task failed ELB health checks in (target-group tg)",
        ),
    ]);
    vague.targets.push(balanced(TargetCheck::default()));
    let mut play = Play::default();
    play.look(&vague, at("14:05"));
    let first = &play.told[0].faults;
    assert_eq!(first[0].fault, Fault::Health { status: None }, "{first:?}");
    let mut clear = vague.given_up();
    clear.logs = vec![log(&clear.stopped[0], &["Server listening on port 3000"])];
    clear.targets[0].check.port = Some("3001".to_owned());
    play.look(&clear, at("14:09"));
    let faults = &play.told[1].faults;
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert!(
        matches!(faults[0].fault, Fault::HealthPort { .. }),
        "{faults:?}"
    );
}

#[test]
fn the_tasks_of_the_way_back_say_nothing_of_why_it_was_taken() {
    let mut stuck = crashed().turned();
    let gone = "CannotPullContainerError: failed to resolve ref 1.dkr.ecr.r.amazonaws.com/api:0a1b2c3: not found";
    let mut back = task(9, "TaskFailedToStart", gone);
    back.started_by = Some(D3.to_owned());
    stuck.stopped.push(back);
    let mut play = Play::default();
    play.look(&stuck, at("14:10"));
    let faults = &play.told[0].faults;
    assert!(
        matches!(faults[0].fault, Fault::Crash { times: 3, .. }),
        "{faults:?}"
    );
    assert!(
        matches!(&faults[1].fault, Fault::ImageGone { image } if image.ends_with("api:0a1b2c3")),
        "{faults:?}"
    );
    assert_eq!(faults.len(), 2);
}

#[test]
fn a_task_whose_starter_nobody_knows_is_told_apart_by_time() {
    let mut snapshot = crashed().restored();
    for task in &mut snapshot.stopped {
        task.started_by = Some("ecs-svc/77".to_owned());
    }
    for record in snapshot.history.as_mut().unwrap() {
        record.target = record.target.as_ref().map(|arn| format!("{arn}x"));
    }
    for revision in &mut snapshot.revisions {
        revision.arn.push('x');
    }
    let mut play = Play::default();
    play.look(&snapshot, at("14:13"));
    assert!(matches!(
        play.told[0].faults[0].fault,
        Fault::Crash { times: 3, .. }
    ));
}

#[test]
fn a_look_without_the_evidence_writes_down_a_new_deployment_group_and_nothing_else() {
    let mut snapshot = blue_green("Failed", Some("TIMEOUT"), None);
    let mut play = Play::default();
    play.look(&snapshot, at("14:09"));
    let known = play.entry.clone().unwrap();
    let without_evidence = |snapshot: &Snapshot, entry: Option<&Entry>| {
        let mut decided = plan(&View {
            estate: "production",
            settings: &settings(),
            snapshot,
            entry,
            now: at("14:12"),
        });
        decided.keep_evidence(entry);
        decided.save
    };
    assert_eq!(without_evidence(&snapshot, Some(&known)), None);
    snapshot.group = Some(DeploymentGroup {
        application: "shop".to_owned(),
        group: "api".to_owned(),
    });
    let with_the_group = Entry {
        deployment_group: snapshot.group.clone(),
        ..known.clone()
    };
    let written = without_evidence(&snapshot, Some(&known));
    assert_eq!(written, Some(with_the_group.clone()));
    let first = without_evidence(&snapshot, None).unwrap();
    assert_eq!(first.deployment_group, with_the_group.deployment_group);
    assert_eq!(first.chapters, []);
}

#[test]
fn what_the_document_says_of_stalled_deployments_and_log_lines_is_followed() {
    let settings_of = |document: &str| Settings::of(&config::estate("e", document).unwrap());
    let silent = settings_of("version: 1\nwatch:\n  cluster: shop\n  services: [api]\n");
    assert_eq!(silent, Settings::default());
    let said = settings_of(
        "version: 1\nwatch:\n  cluster: shop\n  services: [api]\n  stalled_after: 45m\n  log_excerpts: true\n",
    );
    assert_eq!(said.stalled_after, SignedDuration::from_mins(45));
    assert!(said.log_excerpts);
}
