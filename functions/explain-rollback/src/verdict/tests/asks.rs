//! Health checks, and what lies around a deployment.

use nightshift::report::rollback::{Changed, Changer};

use super::*;
use crate::snapshot::{
    Asleep, CodeDeployment, Controller, Event, Lifecycle, Probe, RegistryImage, SecretChange,
    TargetCheck,
};

fn check() -> TargetCheck {
    TargetCheck {
        path: Some("/healthz".to_owned()),
        port: Some("traffic-port".to_owned()),
        interval: Some(10),
        unhealthy: Some(3),
        ..TargetCheck::default()
    }
}

/// Three tasks that the load balancer found unhealthy after 40 seconds.
fn unanswered() -> Snapshot {
    let reason = "Task failed ELB health checks in (target-group arn:aws:elasticloadbalancing:r:1:targetgroup/api/1)";
    let mut snapshot = underway().with(three(|number| {
        let mut task = task(number, "ServiceSchedulerInitiated", reason);
        task.stopping = task
            .started
            .map(|at| at + jiff::SignedDuration::from_secs(40));
        task.containers[0].exit = Some(143);
        task
    }));
    snapshot.targets.push(balanced(check()));
    snapshot
}

fn with_target(port: u16, reason: &str, description: &str) -> Snapshot {
    let mut snapshot = unanswered();
    snapshot.targets[0]
        .targets
        .push(unhealthy(port, reason, description));
    snapshot
}

#[test]
fn a_health_check_that_is_answered_a_status_asks_the_wrong_path_or_a_sick_server() {
    let path = |status| Fault::HealthPath {
        path: Some("/healthz".to_owned()),
        status: Some(status),
    };
    let sick = |status| Fault::Health {
        status: Some(status),
    };
    for (status, fault, sure) in [
        (404, path(404), Sureness::Certain),
        (401, path(401), Sureness::Likely),
        (301, path(301), Sureness::Likely),
        (500, sick(500), Sureness::Likely),
        (503, sick(503), Sureness::Likely),
    ] {
        let says = format!("Health checks failed with these codes: [{status}]");
        let by_target = with_target(3001, "Target.ResponseCodeMismatch", &says);
        assert_eq!(first(&by_target), (fault.clone(), sure), "{status}");
        let mut by_event = unanswered();
        by_event.service.events.push(Event {
            at: at("14:05"),
            message: format!("(service api) (task 1) (port 3001) is unhealthy in (target-group arn) due to (reason {says})."),
        });
        assert_eq!(first(&by_event), (fault, sure), "{status}");
    }
}

#[test]
fn a_health_check_that_nobody_answers_asks_the_wrong_port() {
    let refused = ("Target.FailedHealthChecks", "Health checks failed");
    let port = |asked, open: &[u16]| Fault::HealthPort {
        asked: Some(asked),
        open: open.to_vec(),
    };
    let other = with_target(8080, refused.0, refused.1);
    assert_eq!(first(&other), (port(8080, &[3001]), Sureness::Certain));
    let mut fixed = with_target(3001, refused.0, refused.1);
    fixed.targets[0].check.port = Some("9000".to_owned());
    assert_eq!(first(&fixed), (port(9000, &[3001]), Sureness::Certain));
    // The task definition opens the port, but the application listens at another.
    for line in [
        "Server listening on http://0.0.0.0:4000",
        "app listening at port 4000",
        "Uvicorn running on http://0.0.0.0:4000 (Press CTRL+C to quit)",
    ] {
        let mut elsewhere = with_target(3001, "Target.Timeout", "Request timed out");
        let task = elsewhere.stopped[0].clone();
        elsewhere.logs = vec![log(&task, &["hello", line])];
        assert_eq!(
            first(&elsewhere),
            (port(3001, &[4000]), Sureness::Likely),
            "{line}"
        );
    }
}

#[test]
fn a_start_that_takes_longer_than_it_may_is_slow() {
    let ready_after = |seconds: usize| {
        let mut snapshot = with_target(3001, "Target.FailedHealthChecks", "Health checks failed");
        let task = snapshot.stopped[0].clone();
        let mut lines = vec!["migrating"; seconds];
        lines.push("listening on port 3001");
        snapshot.logs = vec![log(&task, &lines)];
        snapshot
    };
    let slow = |needed, given| Fault::SlowStart { needed, given };
    assert_eq!(
        first(&ready_after(95)),
        (slow(Some(95), 30), Sureness::Likely)
    );
    assert!(
        matches!(first(&ready_after(20)).0, Fault::Health { .. }),
        "it was in time"
    );
    assert!(
        matches!(first(&ready_after(30)).0, Fault::Health { .. }),
        "it was just in time"
    );
    let mut graceful = ready_after(95);
    graceful.service.grace = Some(120);
    assert!(
        matches!(first(&graceful).0, Fault::Health { .. }),
        "the grace period counts"
    );
    let mut silent = with_target(3001, "Target.FailedHealthChecks", "Health checks failed");
    let task = silent.stopped[0].clone();
    silent.logs = vec![log(&task, &["migrating", "still migrating"])];
    assert_eq!(first(&silent), (slow(None, 30), Sureness::Possible));
}

#[test]
fn what_several_targets_say_alike_is_told_once() {
    let (code, text) = ("Target.Timeout", "Request timed out");
    let mut snapshot = with_target(3001, code, text);
    let other = crate::snapshot::Target {
        id: "10.0.0.8".to_owned(),
        ..unhealthy(3001, code, text)
    };
    snapshot.targets[0].targets.push(other);
    let said = Evidence::Target {
        port: Some(3001),
        code: Some(code.to_owned()),
        text: Some(text.to_owned()),
    };
    assert_eq!(verdict(&snapshot)[0].evidence, [said]);
}

#[test]
fn a_health_check_without_particulars_is_told_as_such() {
    let found = verdict(&unanswered()).swap_remove(0);
    assert_eq!(
        (found.fault, found.sure),
        (Fault::Health { status: None }, Sureness::Likely)
    );
    assert!(
        matches!(&found.evidence[..], [Evidence::StoppedReason { text, times: 3 }] if text.contains("ELB health checks")),
        "{:?}",
        found.evidence
    );
    let mut nothing = unanswered();
    nothing.targets.clear();
    assert_eq!(first(&nothing).0, Fault::Health { status: None });
    // Once the former version is back its targets say nothing of the one that failed.
    let mut over = with_target(
        3001,
        "Target.ResponseCodeMismatch",
        "Health checks failed with these codes: [404]",
    )
    .restored();
    over.stopped.clear();
    assert_eq!(verdict(&over)[0].fault, Fault::Unknown);
}

/// With a health check of the container's own that gives it 20 seconds.
fn probed(mut snapshot: Snapshot) -> Snapshot {
    snapshot.definitions[1].containers[0].health = Some(Probe {
        interval: Some(5),
        retries: Some(2),
        start_period: Some(10),
        ..Probe::default()
    });
    snapshot
}

/// The log of a task that is ready 45 seconds after its start.
fn warming_up(snapshot: &Snapshot) -> Vec<crate::snapshot::Log> {
    let mut lines = vec!["warming up"; 45];
    lines.push("ready on port 3001");
    vec![log(&snapshot.stopped[0], &lines)]
}

#[test]
fn a_containers_own_health_check_is_not_blamed_for_tasks_that_it_did_not_fail() {
    let mut snapshot = probed(unanswered());
    snapshot.service.grace = Some(120);
    snapshot.logs = warming_up(&snapshot);
    let faults = verdict(&snapshot);
    let faults: Vec<&Fault> = faults.iter().map(|it| &it.fault).collect();
    assert_eq!(faults, [&Fault::Health { status: None }]);
}

#[test]
fn a_containers_own_health_check_may_be_too_impatient() {
    let reason = "Task failed container health checks";
    let mut snapshot = probed(underway().with(three(|number| {
        task(number, "ServiceSchedulerInitiated", reason)
    })));
    assert_eq!(
        first(&snapshot).0,
        Fault::ContainerHealth { container: None }
    );
    snapshot.logs = warming_up(&snapshot);
    let faults = verdict(&snapshot);
    assert!(
        faults.iter().any(|it| it.fault
            == Fault::SlowStart {
                needed: Some(45),
                given: 20
            }),
        "{faults:?}"
    );
}

#[test]
fn alarms_that_gave_a_deployment_up_are_its_cause_unless_something_earlier_is() {
    let mut snapshot = underway();
    snapshot.record().triggered = vec!["api-5xx".to_owned()];
    let alarm = Fault::Alarm {
        names: vec!["api-5xx".to_owned()],
    };
    assert_eq!(first(&snapshot), (alarm, Sureness::Certain));
    let crashed = snapshot.with(three(|number| ended(number, 1)));
    assert_eq!(first(&crashed).0, crash(1, 3));
    let mut unnamed = underway();
    unnamed.record().reason = Some("ECS deployment failed: alarm detected.".to_owned());
    assert_eq!(
        first(&unnamed),
        (Fault::Alarm { names: Vec::new() }, Sureness::Likely)
    );
}

#[test]
fn a_sleeping_estate_explains_a_database_that_is_not_there() {
    let mut snapshot = underway().with(three(|number| ended(number, 1)));
    let task = snapshot.stopped[0].clone();
    snapshot.logs = vec![log(&task, &["Error: connect ECONNREFUSED 10.0.12.34:5432"])];
    let asleep = |since: &str, until: Option<&str>| Asleep {
        since: at(since),
        until: until.map(at),
    };
    snapshot.asleep = Some(asleep("10:00", None));
    let faults = verdict(&snapshot);
    assert_eq!(
        (&faults[0].fault, faults[0].sure),
        (&Fault::Asleep, Sureness::Certain)
    );
    assert_eq!(faults[1].fault, crash(1, 3));
    assert_eq!(again(&faults), Again::MaySucceed);
    snapshot.asleep = Some(asleep("10:00", Some("13:59")));
    assert_eq!(first(&snapshot).0, crash(1, 3), "it was awake by then");
    snapshot.asleep = Some(asleep("10:00", Some("14:01")));
    assert_eq!(first(&snapshot).0, Fault::Asleep);
    snapshot.logs.clear();
    let faults = verdict(&snapshot);
    assert_eq!(faults[0].fault, crash(1, 3));
    assert!(
        faults
            .iter()
            .any(|it| it.fault == Fault::Asleep && it.sure == Sureness::Possible)
    );
    let mut pull = underway().with(three(|number| {
        task_(
            number,
            "TaskFailedToStart",
            "CannotPullContainerError: x: not found",
        )
    }));
    pull.asleep = Some(asleep("10:00", None));
    assert!(
        !verdict(&pull).iter().any(|it| it.fault == Fault::Asleep),
        "sleep hides no image"
    );
}

#[test]
fn a_secret_that_was_changed_shortly_before_may_be_why() {
    let changed = |time: &str, by| SecretChange {
        name: "/api/DATABASE_URL".to_owned(),
        at: at(time),
        by,
    };
    let with = |change: SecretChange, line: &str| {
        let mut snapshot = underway().with(three(|number| ended(number, 1)));
        let task = snapshot.stopped[0].clone();
        snapshot.logs = vec![log(&task, &[line])];
        snapshot.secrets = vec![change];
        let faults = verdict(&snapshot);
        let found = faults
            .iter()
            .find(|it| matches!(it.fault, Fault::SecretChanged { .. }));
        (found.map(|it| it.sure), again(&faults))
    };
    let refused = "FATAL: password authentication failed for user \"app\"";
    let ours = Changer::Rotation;
    let other = Changer::Other;
    assert_eq!(
        with(changed("13:50", ours), refused),
        (Some(Sureness::Certain), Again::UnlessMended)
    );
    assert_eq!(
        with(changed("13:50", ours), "boom"),
        (Some(Sureness::Likely), Again::UnlessMended)
    );
    assert_eq!(
        with(changed("13:50", other), refused).0,
        Some(Sureness::Likely)
    );
    assert_eq!(
        with(changed("13:50", other), "boom"),
        (Some(Sureness::Possible), Again::Will)
    );
    for (time, counts) in [
        ("11:59:59", false),
        ("12:00", true),
        ("14:10", true),
        ("14:10:01", false),
    ] {
        let found = with(changed(time, ours), refused).0;
        assert_eq!(found.is_some(), counts, "{time}");
    }
    let unused = SecretChange {
        name: "/web/TOKEN".to_owned(),
        ..changed("13:50", ours)
    };
    assert_eq!(with(unused, refused).0, None, "it does not use that one");
}

#[test]
fn a_deployment_that_changed_nothing_says_that_something_outside_did() {
    let mut snapshot = underway().with(three(|number| ended(number, 1)));
    let same = snapshot.revisions[0].clone();
    snapshot.revisions[1].task_definition = same.task_definition.clone();
    snapshot.revisions[1].images = same.images.clone();
    let faults = verdict(&snapshot);
    let nothing = faults
        .iter()
        .find(|it| it.fault == Fault::NothingChanged)
        .unwrap();
    assert!(matches!(
        &nothing.evidence[..],
        [Evidence::SameDigest { .. }]
    ));
    assert_eq!(again(&faults), Again::Unknown);
    snapshot.revisions[1].images[0].digest = None;
    let faults = verdict(&snapshot);
    assert!(
        !faults.iter().any(|it| it.fault == Fault::NothingChanged),
        "a tag may have moved"
    );
    let mut quiet = snapshot.clone();
    quiet.stopped.clear();
    quiet.revisions[1].images = same.images;
    let faults = verdict(&quiet);
    assert_eq!(
        faults.len(),
        2,
        "that nothing changed is no cause: {faults:?}"
    );
    assert!(faults.iter().any(|it| it.fault == Fault::Unknown));
    assert!(Changed::default().edits.is_empty());
}

#[test]
fn an_image_to_return_to_that_is_gone_is_said_beside_the_cause() {
    let mut snapshot = underway().with(three(|number| ended(number, 1)));
    snapshot.images.push(RegistryImage {
        image: image("0a1b2c3"),
        there: false,
        ..RegistryImage::default()
    });
    let faults = verdict(&snapshot);
    assert_eq!(faults[0].fault, crash(1, 3));
    assert_eq!(
        faults[1].fault,
        Fault::ImageGone {
            image: image("0a1b2c3")
        }
    );
    snapshot.stopped.clear();
    snapshot.service.deployments[0].failed = 0;
    assert!(
        verdict(&snapshot)
            .iter()
            .any(|it| it.fault == Fault::Unknown)
    );
}

#[test]
fn an_image_that_the_way_back_does_not_find_is_told_with_how_often_it_was_said() {
    let not_found = |number| StoppedTask {
        started_by: Some(D3.to_owned()),
        ..task(
            number,
            "TaskFailedToStart",
            "CannotPullContainerError: failed to resolve ref 1.dkr.ecr.r.amazonaws.com/api:0a1b2c3: not found",
        )
    };
    let mut snapshot = underway().with(three(|number| ended(number, 1))).turned();
    snapshot.stopped.extend([8, 9].map(not_found));
    let faults = verdict(&snapshot);
    assert_eq!(
        faults[1].fault,
        Fault::ImageGone {
            image: image("0a1b2c3")
        }
    );
    assert!(
        matches!(
            &faults[1].evidence[..],
            [Evidence::StoppedReason { times: 2, .. }]
        ),
        "{faults:?}"
    );
}

#[test]
fn a_failed_lifecycle_event_of_codedeploy_is_a_hook_unless_it_is_codedeploys_own() {
    let with = |event: &str| {
        let mut snapshot = underway();
        snapshot.service.controller = Controller::CodeDeploy;
        snapshot.codedeploy = vec![CodeDeployment {
            id: "d-1".to_owned(),
            status: "Failed".to_owned(),
            code: Some("HEALTH_CONSTRAINTS".to_owned()),
            message: Some("The deployment failed.".to_owned()),
            created: Some(at("14:00")),
            finished: Some(at("14:09")),
            lifecycle: vec![Lifecycle {
                name: event.to_owned(),
                status: "Failed".to_owned(),
                message: None,
            }],
            ..CodeDeployment::default()
        }];
        verdict(&snapshot).swap_remove(0)
    };
    let hook = with("BeforeAllowTraffic");
    assert_eq!(
        hook.fault,
        Fault::Hook {
            name: "BeforeAllowTraffic".to_owned()
        }
    );
    assert!(matches!(
        &hook.evidence[..],
        [Evidence::CodeDeploy { code: Some(_), .. }]
    ));
    assert_eq!(with("Install").fault, Fault::Unknown);
}

#[test]
fn what_the_next_deployment_of_the_commit_will_do_follows_from_the_first_cause() {
    let found = |fault, sure| Found {
        fault,
        sure,
        evidence: Vec::new(),
    };
    for (fault, sure, expected) in [
        (crash(1, 3), Sureness::Certain, Again::Will),
        (crash(1, 3), Sureness::Possible, Again::Unknown),
        (Fault::NoCapacity, Sureness::Certain, Again::MaySucceed),
        (
            Fault::SecretMissing { secret: None },
            Sureness::Certain,
            Again::UnlessMended,
        ),
        (Fault::Unknown, Sureness::Possible, Again::Unknown),
    ] {
        assert_eq!(again(&[found(fault.clone(), sure)]), expected, "{fault:?}");
    }
    assert_eq!(again(&[]), Again::Unknown);
}

#[test]
fn what_lies_around_a_deployment_excuses_a_crash_and_nothing_else() {
    let found = |fault: &Fault, sure| Found {
        fault: fault.clone(),
        sure,
        evidence: Vec::new(),
    };
    let changed = Fault::SecretChanged {
        secret: "/api/DATABASE_URL".to_owned(),
        by: Changer::Other,
    };
    for (around, expected) in [
        (Fault::Asleep, Again::MaySucceed),
        (changed, Again::UnlessMended),
        (Fault::NothingChanged, Again::Unknown),
    ] {
        let after = |first: &Fault, sure| {
            let first = found(first, Sureness::Certain);
            again(&[first, found(&around, sure)])
        };
        let crash = crash(1, 3);
        assert_eq!(after(&crash, Sureness::Likely), expected, "{around:?}");
        assert_eq!(after(&crash, Sureness::Possible), Again::Will, "{around:?}");
        let architecture = Fault::Architecture { runs_on: None };
        let command = Fault::Command { container: None };
        for first in [architecture, command] {
            let again = after(&first, Sureness::Likely);
            assert_eq!(again, Again::Will, "{first:?} and {around:?}");
        }
    }
}
