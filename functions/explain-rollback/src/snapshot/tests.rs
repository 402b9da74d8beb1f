//! What can be read of a snapshot's pieces without deciding anything.

use super::*;
use crate::made::{at, definition, ended, log, revision_arn, task};

#[test]
fn a_log_is_of_one_container_of_one_task() {
    let (one, other) = (ended(0, 1), ended(1, 1));
    let of = |task: &StoppedTask, container: &str| Log {
        container: container.to_owned(),
        ..log(task, &[container])
    };
    let mut snapshot = Snapshot::default();
    for task in [&one, &other] {
        let logs = ["api", "envoy"].map(|container| of(task, container));
        snapshot.logs.extend(logs);
    }
    for task in [&one, &other] {
        for container in ["api", "envoy"] {
            let expected = of(task, container);
            assert_eq!(snapshot.log(&task.arn, container), Some(&expected));
        }
    }
    assert_eq!(snapshot.log(&one.arn, "agent"), None);
    assert_eq!(snapshot.log(&ended(2, 1).arn, "api"), None);
}

#[test]
fn an_image_is_pinned_by_its_digest_in_place_of_its_tag() {
    for (image, pinned) in [
        ("api", "api@sha256:1"),
        ("api:latest", "api@sha256:1"),
        ("shop/api:1f3c9ab", "shop/api@sha256:1"),
        ("localhost:5000/api", "localhost:5000/api@sha256:1"),
        (
            "localhost:5000/shop/api:v1",
            "localhost:5000/shop/api@sha256:1",
        ),
        ("r.example/api@sha256:2", "r.example/api@sha256:1"),
        ("r.example/api:v1@sha256:2", "r.example/api@sha256:1"),
    ] {
        let known = Image {
            container: "api".to_owned(),
            image: Some(image.to_owned()),
            digest: Some("sha256:1".to_owned()),
        };
        assert_eq!(known.pinned().as_deref(), Some(pinned), "{image}");
    }
    assert_eq!(Image::default().pinned(), None);
}

#[test]
fn a_revision_and_its_deployment_bear_the_same_number() {
    let revision = |arn: &str| Revision {
        arn: arn.to_owned(),
        ..Revision::default()
    };
    for (arn, expected) in [
        (revision_arn(2).as_str(), Some("ecs-svc/2")),
        ("2", Some("ecs-svc/2")),
        ("arn:aws:ecs:r:1:service-revision/c/api/", None),
        ("arn:aws:ecs:r:1:service-revision/c/api/2x", None),
        ("", None),
    ] {
        assert_eq!(revision(arn).deployment().as_deref(), expected, "{arn}");
    }
}

#[test]
fn the_container_that_serves_is_the_first_essential_one_with_a_port() {
    let container = |name: &str, essential, ports: &[u16]| Container {
        name: name.to_owned(),
        essential,
        ports: ports.to_vec(),
        ..Container::default()
    };
    let main = |containers: &[Container]| {
        let definition = TaskDefinition {
            containers: containers.to_vec(),
            ..definition(9, "latest")
        };
        definition.main().map(|it| it.name.clone())
    };
    let init = container("init", false, &[80]);
    let agent = container("agent", true, &[]);
    let api = container("api", true, &[3001]);
    let envoy = container("envoy", true, &[9901]);
    let all = [init, agent, api, envoy];
    assert_eq!(main(&all).as_deref(), Some("api"));
    assert_eq!(main(&all[..2]).as_deref(), Some("agent"), "none has a port");
    assert_eq!(
        main(&all[..1]).as_deref(),
        Some("init"),
        "none is essential"
    );
    assert_eq!(main(&[]), None);
}

#[test]
fn each_port_that_any_container_opens_is_named_once() {
    let mut definition = definition(9, "latest");
    let envoy = Container {
        ports: vec![9901, 3001, 80],
        ..definition.containers[0].clone()
    };
    definition.containers.push(envoy);
    assert_eq!(definition.ports(), [80, 3001, 9901]);
}

#[test]
fn only_the_primary_deployment_should_be_running() {
    for (status, expected) in [
        ("PRIMARY", true),
        ("ACTIVE", false),
        ("DRAINING", false),
        ("INACTIVE", false),
    ] {
        let deployment = Deployment {
            status: status.to_owned(),
            ..Deployment::default()
        };
        assert_eq!(deployment.is_primary(), expected, "{status}");
    }
}

#[test]
fn a_task_failed_if_its_code_or_without_one_its_reason_says_so() {
    let unhealthy = "Task failed ELB health checks in (target-group tg)";
    for (code, reason, expected) in [
        (Some("TaskFailedToStart"), "", true),
        (Some("EssentialContainerExited"), "", true),
        (Some("ServiceSchedulerInitiated"), unhealthy, true),
        (Some("ServiceSchedulerInitiated"), "Scaling activity", false),
        (Some("UserInitiated"), unhealthy, false),
        (None, unhealthy, true),
        (None, "Essential container in task exited", true),
        (None, "CannotPullContainerError: not found", true),
        (None, "Scaling activity initiated by (deployment 2)", false),
        (None, "", false),
    ] {
        let task = StoppedTask {
            code: code.map(str::to_owned),
            ..task(0, "", reason)
        };
        assert_eq!(task.is_failure(), expected, "{code:?}: {reason}");
    }
}

#[test]
fn a_task_has_run_if_it_was_started_or_a_container_of_it_ended() {
    let run = |started: Option<&str>, exit| {
        let mut task = task(0, "TaskFailedToStart", "");
        task.started = started.map(at);
        task.containers[0].exit = exit;
        task.has_run()
    };
    assert!(run(Some("14:01"), Some(1)) && run(Some("14:01"), None) && run(None, Some(1)));
    assert!(!run(None, None));
}

#[test]
fn a_task_ran_from_its_start_to_its_stopping() {
    let ran = |started: Option<&str>, stopping: Option<&str>, stopped: Option<&str>| {
        let task = StoppedTask {
            started: started.map(at),
            stopping: stopping.map(at),
            stopped: stopped.map(at),
            ..StoppedTask::default()
        };
        task.ran()
    };
    let (begun, second, third) = (Some("14:01:00"), Some("14:01:07"), Some("14:01:30"));
    assert_eq!(ran(begun, second, third), Some(7));
    assert_eq!(ran(begun, None, third), Some(30));
    assert_eq!(ran(begun, begun, third), Some(0));
    assert_eq!(ran(second, begun, third), None, "the clocks disagree");
    assert_eq!(ran(begun, None, None), None);
    assert_eq!(ran(None, second, third), None);
}

#[test]
fn a_task_goes_by_the_last_part_of_its_arn_and_says_what_it_and_its_containers_say() {
    let mut task = task(
        3,
        "TaskFailedToStart",
        "CannotPullContainerError: not found",
    );
    task.containers[0].reason = Some("OutOfMemoryError".to_owned());
    assert_eq!(task.id(), format!("{:032x}", 3));
    let said: Vec<&str> = task.said().collect();
    assert_eq!(
        said,
        ["CannotPullContainerError: not found", "OutOfMemoryError"]
    );
    let silent = StoppedTask::default();
    assert_eq!(silent.said().count(), 0);
}
