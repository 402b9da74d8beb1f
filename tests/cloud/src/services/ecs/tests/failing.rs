//! Why a rollout fails, in the words in which its tasks and its service say it.

use super::*;
use crate::services::{
    ecr::{self, Pushed},
    ecs::flaws::{self, Kind, Trouble},
    logs, secretsmanager, ssm,
};

const IMAGE: &str = "123456789012.dkr.ecr.ap-northeast-1.amazonaws.com/shop/api:latest";

/// The containers of an API with a sidecar.
fn containers() -> Vec<Value> {
    let log = |prefix: &str| {
        json!({ "logDriver": "awslogs", "options": {
            "awslogs-group": "/ecs/api",
            "awslogs-region": "ap-northeast-1",
            "awslogs-stream-prefix": prefix,
        } })
    };
    vec![
        json!({
            "name": "api", "image": IMAGE, "essential": true,
            "entryPoint": ["/usr/local/bin/api"],
            "portMappings": [{ "containerPort": 3001 }],
            "logConfiguration": log("app"),
        }),
        json!({
            "name": "agent", "image": "public.ecr.aws/agent:7", "essential": true,
            "logConfiguration": log("app"),
        }),
    ]
}

/// A steady service of two tasks behind a load balancer, whose image is known.
fn estate() -> (World, String) {
    let mut world = world();
    logs::create_group(&mut world, &Actor::Terraform, "/ecs/api");
    let image = Pushed::new("one").tag("latest").tag("3f9c2d1");
    ecr::push(&mut world, &Actor::Pipeline, "shop/api", image);
    let new = NewService::new("shop", "api")
        .count(2)
        .containers(containers())
        .load_balanced();
    let arn = create_service(&mut world, &Actor::Terraform, new);
    pass(&mut world, 120);
    world.events.take();
    (world, arn)
}

/// Deploys the service once more until the circuit breaker has gone off; answers a task of that
/// deployment that stopped.
fn fails_with(kind: Kind) -> (World, String, Task) {
    let (mut world, arn) = estate();
    flaws::put(&mut world, Place::Service(arn.clone()), Flaw::new(kind));
    let task = failed(&mut world, &arn);
    (world, arn, task)
}

fn failed(world: &mut World, arn: &str) -> Task {
    let bad = redeploy(world, &Actor::Pipeline, arn);
    rest(world, 1);
    let service = service(world, arn);
    assert_eq!(service.releases[0].status, "ROLLBACK_SUCCESSFUL");
    let of_it = |task: &&Task| task.started_by.as_deref() == Some(bad.as_str());
    let task = service
        .tasks
        .iter()
        .filter(of_it)
        .find(|task| !task.is_live());
    task.unwrap().clone()
}

fn said(world: &World, arn: &str, part: &str) -> bool {
    let events = service(world, arn).events;
    events.iter().any(|(_, text)| text.contains(part))
}

#[test]
fn a_task_that_never_ran_says_why_and_so_does_its_service() {
    let secret = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:db-AbCdEf:password::";
    let cases = [
        (
            Kind::ImageMissing,
            "CannotPullContainerError: pull image manifest has been retried 7 time(s): failed to resolve ref 123456789012.dkr.ecr.ap-northeast-1.amazonaws.com/shop/api:latest@sha256:",
        ),
        (
            Kind::PlatformMissing,
            "image Manifest does not contain descriptor matching platform 'linux/amd64'",
        ),
        (Kind::PullForbidden, "403 Forbidden"),
        (
            Kind::RegistryOutOfReach,
            "dial tcp 52.119.219.89:443: i/o timeout",
        ),
        (
            Kind::RegistryAuthOutOfReach,
            "Please check your task network configuration.",
        ),
        (
            Kind::RegistryAuthForbidden,
            "is not authorized to perform: ecr:GetAuthorizationToken on resource: *",
        ),
        (
            Kind::SecretMissing("/shop/DATABASE_URL".to_owned()),
            "invalid ssm parameters: /shop/DATABASE_URL",
        ),
        (
            Kind::SecretForbidden("/shop/DATABASE_URL".to_owned()),
            "is not authorized to perform: ssm:GetParameters on resource: arn:aws:ssm:ap-northeast-1:123456789012:parameter/shop/DATABASE_URL",
        ),
        (
            Kind::SecretOutOfReach("/shop/DATABASE_URL".to_owned()),
            "context deadline exceeded",
        ),
        (
            Kind::SecretMissing(secret.to_owned()),
            "secret:db-AbCdEf from secrets manager",
        ),
        (
            Kind::SecretForbidden(secret.to_owned()),
            "not authorized to perform: secretsmanager:GetSecretValue",
        ),
        (
            Kind::SecretWithoutKey(secret.to_owned(), "password".to_owned()),
            "did not contain json key password",
        ),
        (
            Kind::LogGroupMissing,
            "The specified log group does not exist.",
        ),
        (
            Kind::NoCapacity,
            "Capacity is unavailable at this time. Please try again later or in a different availability zone",
        ),
        (
            Kind::NoInterface,
            "Timeout waiting for network interface provisioning to complete.",
        ),
    ];
    for (kind, text) in cases {
        let (world, arn, task) = fails_with(kind.clone());
        assert_eq!(task.stop_code, Some("TaskFailedToStart"), "{kind:?}");
        let reason = task.stopped_reason.clone().unwrap();
        assert!(reason.contains(text), "{kind:?}: {reason}");
        assert_eq!(
            (task.started_at, task.exit_code()),
            (None, None),
            "{kind:?}"
        );
        let container = task.containers.first().and_then(|one| one.reason.clone());
        let pulls = Flaw::new(kind.clone()).is_pull();
        assert_eq!(container.is_some(), pulls, "{kind:?}");
        let reason = reason.trim_end_matches('.');
        let placed = format!("was unable to place a task. Reason: {reason}.");
        assert!(said(&world, &arn, &placed), "{kind:?}");
    }
}

#[test]
fn a_container_that_dies_leaves_its_exit_code_its_reason_and_its_last_lines() {
    let exec = "exec /usr/local/bin/api: exec format error";
    let oom = "OutOfMemoryError: Container killed due to memory usage";
    let boot = ["connecting", "Error: no such table"];
    let cases: [(Flaw, u8, Option<&str>, &[&str]); 5] = [
        (
            Flaw::new(Kind::WrongArchitecture { exit_code: 255 }),
            255,
            None,
            &[exec],
        ),
        (Flaw::new(Kind::OutOfMemory), 137, Some(oom), &[]),
        (Flaw::exits(1).saying(&boot), 1, None, &boot),
        (Flaw::exits(139), 139, None, &[]),
        (Flaw::exits(143), 143, None, &[]),
    ];
    for (flaw, code, reason, lines) in cases {
        let (mut world, arn) = estate();
        flaws::put(&mut world, Place::Service(arn.clone()), flaw.clone());
        let task = failed(&mut world, &arn);
        assert_eq!(task.stop_code, Some("EssentialContainerExited"), "{flaw:?}");
        assert_eq!(
            task.stopped_reason.as_deref(),
            Some("Essential container in task exited")
        );
        assert_eq!(task.exit_code(), Some(code), "{flaw:?}");
        let container = &task.containers[0];
        assert_eq!(container.reason.as_deref(), reason, "{flaw:?}");
        // The other containers were told to end.
        assert_eq!(task.containers[1].exit_code, Some(143), "{flaw:?}");
        let (group, stream) = container.log.clone().unwrap();
        assert_eq!(stream, format!("app/api/{}", task.id()));
        let written: Vec<&str> = world.logs.lines(&group, &stream).collect();
        assert_eq!(written, lines, "{flaw:?}");
    }
}

#[test]
fn a_sidecar_that_dies_ends_the_task_and_keeps_its_own_exit_code() {
    let (mut world, arn) = estate();
    let flaw = Flaw::exits(2).of("agent").saying(&["no API key"]);
    flaws::put(&mut world, Place::Service(arn.clone()), flaw);
    let task = failed(&mut world, &arn);
    let codes: Vec<_> = task.containers.iter().map(|one| one.exit_code).collect();
    assert_eq!(codes, [Some(143), Some(2)]);
    let (group, stream) = task.containers[1].log.clone().unwrap();
    let lines: Vec<&str> = world.logs.lines(&group, &stream).collect();
    assert_eq!(lines, ["no API key"]);
}

#[test]
fn a_target_that_fails_its_checks_is_told_of_with_its_group_and_the_status() {
    let (world, arn, task) = fails_with(Kind::TargetUnhealthy(Trouble::Status(404)));
    let group = &service(&world, &arn).balancers[0].group;
    assert_eq!(
        task.stopped_reason,
        Some(format!(
            "Task failed ELB health checks in (target-group {group})"
        ))
    );
    assert_eq!(task.stop_code, Some("ServiceSchedulerInitiated"));
    let text = format!(
        "(service api) (task {}) (port 80) is unhealthy in (target-group {group}) due to (reason Health checks failed with these codes: [404]).",
        task.id()
    );
    assert!(said(&world, &arn, &text));
    let (_, stream) = task.containers[0].log.clone().unwrap();
    let lines: Vec<&str> = world.logs.lines("/ecs/api", &stream).collect();
    assert_eq!(lines, ["listening on port 3001"]);
}

#[test]
fn a_container_that_fails_its_checks_is_told_of_too() {
    let (world, arn, task) = fails_with(Kind::ContainerUnhealthy);
    assert_eq!(
        task.stopped_reason.as_deref(),
        Some("Task failed container health checks")
    );
    assert!(said(&world, &arn, "failed container health checks."));
}

#[test]
fn without_capacity_a_task_has_no_containers_and_the_placement_is_an_event() {
    let (mut world, arn) = estate();
    flaws::put(&mut world, Place::Network, Flaw::new(Kind::NoCapacity));
    redeploy(&mut world, &Actor::Pipeline, &arn);
    pass(&mut world, 200);
    let events = world.events.take();
    let mut events = events.iter().map(|event| &event.envelope);
    let placement = events
        .find(|one| one["detail"]["eventName"] == "SERVICE_TASK_PLACEMENT_FAILURE")
        .unwrap();
    assert_eq!(placement["detail-type"], "ECS Service Action");
    assert_eq!(placement["detail"]["eventType"], "ERROR");
    assert_eq!(placement["detail"]["reason"], "RESOURCE:FARGATE");
    let input = json!({ "cluster": "shop", "serviceName": "api", "desiredStatus": "STOPPED" });
    let listed = ask(&mut world, "ListTasks", input).unwrap();
    let input = json!({ "cluster": "shop", "tasks": listed["taskArns"] });
    let shown = ask(&mut world, "DescribeTasks", input).unwrap();
    let tasks = shown["tasks"].as_array().unwrap();
    let mut failed = tasks
        .iter()
        .filter(|task| task["stopCode"] == "TaskFailedToStart");
    assert_eq!(failed.next().unwrap()["containers"], json!([]));
}

#[test]
fn failed_pulls_may_stall_the_breaker_as_was_seen() {
    let (mut world, arn) = estate();
    stall_pulls(&mut world, &arn, Some(2));
    flaws::put(
        &mut world,
        Place::Service(arn.clone()),
        Flaw::new(Kind::ImageMissing),
    );
    redeploy(&mut world, &Actor::Pipeline, &arn);
    pass(&mut world, 2 * 3600);
    let now = service(&world, &arn);
    let primary = now.primary().unwrap();
    assert_eq!(
        (primary.rollout, primary.failed_tasks),
        (Rollout::InProgress, 2)
    );
    assert_eq!(now.releases[0].failures, 2);
    assert_eq!(now.running(), 2);
}

#[test]
fn a_flaw_of_an_image_is_met_by_its_digest_alone() {
    let (mut world, arn) = estate();
    let image = Pushed::new("two").tag("latest");
    let digest = ecr::push(&mut world, &Actor::Pipeline, "shop/api", image);
    let flaw = Flaw::exits(1).saying(&["bad migration"]);
    flaws::put(&mut world, Place::Image(digest.clone()), flaw);
    let task = failed(&mut world, &arn);
    assert_eq!(task.containers[0].digest, Some(digest.clone()));
    assert_eq!(task.containers[0].image, format!("{IMAGE}@{digest}"));
    // What runs again is the image of before, although the tag says another.
    let running = service(&world, &arn).tasks;
    let running = running.iter().filter(|task| task.is_running());
    assert!(
        running
            .clone()
            .all(|task| task.containers[0].digest != Some(digest.clone()))
    );
    assert_eq!(running.count(), 2);
    flaws::mend(&mut world, &Place::Image(digest));
    redeploy(&mut world, &Actor::Pipeline, &arn);
    rest(&mut world, 1);
    assert_eq!(service(&world, &arn).releases[0].status, "SUCCESSFUL");
}

#[test]
fn what_the_clouds_own_state_makes_inevitable_needs_no_flaw() {
    let with = |part: Value| {
        let mut containers = containers();
        let members = containers[0].as_object_mut().unwrap();
        members.extend(part.as_object().unwrap().clone());
        containers
    };
    let uri =
        |tag: &str| format!("123456789012.dkr.ecr.ap-northeast-1.amazonaws.com/shop/api:{tag}");
    let secret = |from: &str| json!({ "secrets": [{ "name": "X", "valueFrom": from }] });
    let parameter = "arn:aws:ssm:ap-northeast-1:123456789012:parameter/shop/GONE";
    let arn_of_secret = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:shop/db:port::";
    let cases = [
        (
            json!({ "image": uri("typo") }),
            Some("shop/api:typo: not found"),
        ),
        (
            json!({ "image": uri("graviton") }),
            Some("platform 'linux/amd64'"),
        ),
        (
            json!({ "image": uri("plain") }),
            Some("Essential container in task exited"),
        ),
        (
            secret(parameter),
            Some("invalid ssm parameters: /shop/GONE"),
        ),
        (secret("/shop/THERE"), None),
        (secret(arn_of_secret), Some("did not contain json key port")),
        (
            json!({ "logConfiguration": { "logDriver": "awslogs", "options": {
            "awslogs-group": "/gone", "awslogs-stream-prefix": "a" } } }),
            Some("log group"),
        ),
        (
            json!({ "logConfiguration": { "logDriver": "awsfirelens" } }),
            None,
        ),
        (json!({ "image": "docker.io/library/nginx:1" }), None),
    ];
    for (part, reason) in cases {
        let (mut world, arn) = estate();
        let arm = |content: &str| Pushed::new(content).arm64();
        let push = |world: &mut World, image| ecr::push(world, &Actor::Pipeline, "shop/api", image);
        push(&mut world, arm("index").index().tag("graviton"));
        push(&mut world, arm("plain").tag("plain"));
        ssm::put(&mut world, &Actor::Terraform, "/shop/THERE", "x").unwrap();
        secretsmanager::put(&mut world, &Actor::Terraform, "shop/db", r#"{"user":"a"}"#);
        let id = deploy_containers(&mut world, &Actor::Pipeline, &arn, with(part.clone()));
        rest(&mut world, 1);
        let now = service(&world, &arn);
        let mut tasks = now.tasks.iter();
        let task = tasks
            .find(|task| task.started_by.as_ref() == Some(&id))
            .unwrap();
        match reason {
            None => assert!(task.is_running(), "{part}"),
            Some(reason) => {
                let said = task.stopped_reason.clone().unwrap_or_default();
                assert!(said.contains(reason), "{part}: {said}");
            }
        }
    }
}

#[test]
fn an_image_to_return_to_that_is_gone_leaves_a_rollback_that_fails() {
    let (mut world, arn) = estate();
    let before = service(&world, &arn).tasks[0].containers[0]
        .digest
        .clone()
        .unwrap();
    ecr::delete(&mut world, &Actor::Aws, "shop/api", &before);
    let image = Pushed::new("two").tag("latest");
    let digest = ecr::push(&mut world, &Actor::Pipeline, "shop/api", image);
    flaws::put(&mut world, Place::Image(digest), Flaw::exits(1));
    redeploy(&mut world, &Actor::Pipeline, &arn);
    pass(&mut world, 60);
    // A task of before dies meanwhile: only then is the image needed.
    let old = service(&world, &arn).tasks[0].arn.clone();
    let input = json!({ "cluster": "shop", "task": old });
    ask(&mut world, "StopTask", input).unwrap();
    rest(&mut world, 6);
    let now = service(&world, &arn);
    assert_eq!(now.releases[0].status, "ROLLBACK_FAILED");
    assert_eq!(now.running(), 1);
    let missing = now
        .events
        .iter()
        .any(|(_, text)| text.contains(&before) && text.contains("not found"));
    assert!(missing);
}
