//! Service deployments and service revisions tell the same story as the service's deployments.

use super::*;
use crate::services::{
    cloudwatch,
    ecr::{self, Pushed},
    ecs::flaws,
};

const IMAGE: &str = "123456789012.dkr.ecr.ap-northeast-1.amazonaws.com/shop/api:latest";

fn push(world: &mut World, content: &str) -> String {
    let image = Pushed::new(content).tag("latest");
    ecr::push(world, &Actor::Pipeline, "shop/api", image)
}

/// A steady service of two tasks and its image's digest.
fn estate(change: impl FnOnce(NewService) -> NewService) -> (World, String, String) {
    let mut world = world();
    let digest = push(&mut world, "one");
    let containers = vec![json!({ "name": "api", "image": IMAGE })];
    let new = NewService::new("shop", "api")
        .count(2)
        .containers(containers);
    let arn = create_service(&mut world, &Actor::Terraform, change(new));
    pass(&mut world, 120);
    world.events.take();
    (world, arn, digest)
}

fn listed(world: &mut World, more: &Value) -> Value {
    let mut input = json!({ "cluster": "shop", "service": "api" });
    let members = input.as_object_mut().unwrap();
    members.extend(more.as_object().unwrap().clone());
    ask(world, "ListServiceDeployments", input).unwrap()
}

/// The newest service deployment.
fn newest(world: &mut World) -> Value {
    let all = listed(world, &json!({}));
    let arn = all["serviceDeployments"][0]["serviceDeploymentArn"].clone();
    let input = json!({ "serviceDeploymentArns": [arn] });
    let shown = ask(world, "DescribeServiceDeployments", input).unwrap();
    shown["serviceDeployments"][0].clone()
}

fn revision(world: &mut World, arn: &Value) -> Value {
    let input = json!({ "serviceRevisionArns": [arn] });
    let shown = ask(world, "DescribeServiceRevisions", input).unwrap();
    shown["serviceRevisions"][0].clone()
}

/// Lets time pass until the newest service deployment has a status.
fn until(world: &mut World, arn: &str, status: &str) {
    for _ in 0..10_000 {
        if service(world, arn).releases[0].status == status {
            return;
        }
        let next = world.next().unwrap_or_else(|| panic!("never {status}"));
        world.advance(next);
    }
    panic!("not {status} for long");
}

#[test]
fn a_rollback_is_told_from_pending_to_its_end_with_both_revisions_and_their_digests() {
    let (mut world, arn, good) = estate(|new| new);
    let bad = push(&mut world, "two");
    flaws::put(&mut world, Place::Image(bad.clone()), Flaw::exits(1));
    redeploy(&mut world, &Actor::Pipeline, &arn);
    let pending = newest(&mut world);
    assert_eq!(
        (&pending["status"], &pending["startedAt"]),
        (&json!("PENDING"), &Value::Null)
    );
    pass(&mut world, 3);
    let begun = newest(&mut world);
    assert_eq!(begun["status"], "IN_PROGRESS");
    assert_eq!(
        begun["deploymentCircuitBreaker"],
        json!({ "status": "MONITORING", "failureCount": 0, "threshold": 3 })
    );
    assert_eq!(begun["sourceServiceRevisions"][0]["runningTaskCount"], 2);
    assert_eq!(begun["targetServiceRevision"]["requestedTaskCount"], 2);
    until(&mut world, &arn, "ROLLBACK_IN_PROGRESS");
    let back = newest(&mut world);
    assert_eq!(
        back["deploymentCircuitBreaker"],
        json!({ "status": "TRIGGERED", "failureCount": 3, "threshold": 3 })
    );
    let why = "Service deployment rolled back because the circuit breaker threshold was exceeded.";
    assert_eq!(
        (&back["statusReason"], &back["rollback"]["reason"]),
        (&json!(why), &json!(why))
    );
    assert_eq!(back["finishedAt"], Value::Null);
    until(&mut world, &arn, "ROLLBACK_SUCCESSFUL");
    let ended = newest(&mut world);
    assert!(ended["finishedAt"].is_number());
    let (failed, restored) = (
        &ended["targetServiceRevision"]["arn"],
        &ended["rollback"]["serviceRevisionArn"],
    );
    assert_eq!(*restored, ended["sourceServiceRevisions"][0]["arn"]);
    assert_eq!(ended["sourceServiceRevisions"][0]["runningTaskCount"], 2);
    assert_eq!(ended["targetServiceRevision"]["runningTaskCount"], 0);
    let (failed, restored) = (revision(&mut world, failed), revision(&mut world, restored));
    assert_eq!(failed["taskDefinition"], restored["taskDefinition"]);
    assert_eq!(
        failed["containerImages"],
        json!([{ "containerName": "api", "image": IMAGE, "imageDigest": bad }])
    );
    assert_eq!(restored["containerImages"][0]["imageDigest"], good);
    // A release after it has the restored revision as its source.
    redeploy(&mut world, &Actor::Pipeline, &arn);
    let next = newest(&mut world);
    assert_eq!(
        next["sourceServiceRevisions"][0]["arn"],
        restored["serviceRevisionArn"]
    );
}

#[test]
fn ids_look_as_aws_s_do() {
    let (mut world, _, _) = estate(|new| new);
    let shown = newest(&mut world);
    let arn = shown["serviceDeploymentArn"].as_str().unwrap();
    let id =
        arn.strip_prefix("arn:aws:ecs:ap-northeast-1:123456789012:service-deployment/shop/api/");
    assert_eq!(id.map(str::len), Some(21));
    let arn = shown["targetServiceRevision"]["arn"].as_str().unwrap();
    let id = arn.strip_prefix("arn:aws:ecs:ap-northeast-1:123456789012:service-revision/shop/api/");
    assert!(id.unwrap().parse::<u64>().is_ok());
    let service = ask(
        &mut world,
        "DescribeServices",
        json!({ "cluster": "shop", "services": ["api"] }),
    );
    let service = service.unwrap();
    assert_eq!(
        service["services"][0]["currentServiceDeployment"],
        shown["serviceDeploymentArn"]
    );
}

#[test]
fn the_history_is_listed_page_by_page_by_status_and_by_time() {
    let (mut world, arn, _) = estate(|new| new);
    for _ in 0..4 {
        redeploy(&mut world, &Actor::Pipeline, &arn);
        rest(&mut world, 1);
    }
    let middle = render::epoch(world.now);
    pass(&mut world, 60);
    redeploy(&mut world, &Actor::Pipeline, &arn);
    pass(&mut world, 3);
    let count = |answer: &Value| answer["serviceDeployments"].as_array().unwrap().len();
    let cases = [
        (json!({}), 6),
        (json!({ "status": ["IN_PROGRESS"] }), 1),
        (json!({ "status": ["SUCCESSFUL", "IN_PROGRESS"] }), 6),
        (json!({ "createdAt": { "after": middle } }), 1),
        (json!({ "createdAt": { "before": middle } }), 5),
    ];
    for (more, expected) in cases {
        assert_eq!(count(&listed(&mut world, &more)), expected, "{more}");
    }
    let (mut sizes, mut token) = (Vec::new(), Value::Null);
    loop {
        let mut more = json!({ "maxResults": 4 });
        if token.is_string() {
            more["nextToken"] = token;
        }
        let page = listed(&mut world, &more);
        sizes.push(count(&page));
        token = page["nextToken"].clone();
        if token.is_null() {
            break;
        }
    }
    assert_eq!(sizes, [4, 2]);
}

#[test]
fn after_ninety_days_a_service_deployment_and_its_revision_are_gone() {
    let (mut world, arn, _) = estate(|new| new);
    let first = newest(&mut world);
    redeploy(&mut world, &Actor::Pipeline, &arn);
    rest(&mut world, 1);
    pass(&mut world, 91 * 24 * 3600);
    assert_eq!(
        listed(&mut world, &json!({}))["serviceDeployments"],
        json!([])
    );
    redeploy(&mut world, &Actor::Pipeline, &arn);
    rest(&mut world, 1);
    let kept = service(&world, &arn);
    assert_eq!((kept.releases.len(), kept.revisions.len()), (1, 2));
    let input = json!({ "serviceRevisionArns": [first["targetServiceRevision"]["arn"]] });
    let gone = ask(&mut world, "DescribeServiceRevisions", input).unwrap();
    assert_eq!(gone["failures"][0]["reason"], "MISSING");
}

#[test]
fn with_nothing_to_return_to_it_stays_in_progress_or_ends_as_some_were_seen_to() {
    for ends in [false, true] {
        let mut world = world();
        world.ecs.ends_without_candidate = ends;
        let new = NewService::new("shop", "api").beginning(Fate::Crashes);
        let arn = create_service(&mut world, &Actor::Terraform, new);
        rest(&mut world, 6);
        let shown = newest(&mut world);
        assert_eq!(shown["deploymentCircuitBreaker"]["status"], "TRIGGERED");
        if ends {
            assert_eq!(shown["status"], "ROLLBACK_FAILED");
            let why = "No rollback candidate was found to run the rollback.";
            assert_eq!(shown["statusReason"], why);
        } else {
            assert_eq!(shown["status"], "IN_PROGRESS");
        }
        assert!(service(&world, &arn).primary().unwrap().stalled);
    }
}

#[test]
fn a_deployment_under_way_is_stopped_and_rolled_back_on_request() {
    let (mut world, arn, _) = estate(|new| new.circuit_breaker(false));
    deploy(&mut world, &Actor::Pipeline, &arn, Fate::FailsToStart);
    pass(&mut world, 3600);
    let release = newest(&mut world)["serviceDeploymentArn"].clone();
    let input = json!({ "serviceDeploymentArn": release, "stopType": "ROLLBACK" });
    let stopped = ask(&mut world, "StopServiceDeployment", input.clone()).unwrap();
    assert_eq!(stopped["serviceDeploymentArn"], release);
    assert_eq!(newest(&mut world)["status"], "ROLLBACK_REQUESTED");
    let again = ask(&mut world, "StopServiceDeployment", input).unwrap_err();
    assert_eq!(again.code, "ConflictException");
    rest(&mut world, 1);
    assert_eq!(newest(&mut world)["status"], "ROLLBACK_SUCCESSFUL");
    assert_eq!(
        newest(&mut world)["deploymentCircuitBreaker"]["status"],
        "DISABLED"
    );
    let now = service(&world, &arn);
    assert!(now.task_definition().ends_with(":1"));
    let (input, code) = (
        json!({ "serviceDeploymentArn": "arn:x" }),
        "ServiceDeploymentNotFoundException",
    );
    let nobody = ask(&mut world, "StopServiceDeployment", input).unwrap_err();
    assert_eq!(nobody.code, code);
}

#[test]
fn an_abort_stops_it_without_a_way_back() {
    let (mut world, arn, _) = estate(|new| new);
    deploy(&mut world, &Actor::Pipeline, &arn, Fate::FailsToStart);
    pass(&mut world, 5);
    let release = newest(&mut world)["serviceDeploymentArn"].clone();
    let input = json!({ "serviceDeploymentArn": release, "stopType": "ABORT" });
    ask(&mut world, "StopServiceDeployment", input).unwrap();
    rest(&mut world, 1);
    let shown = newest(&mut world);
    assert_eq!(shown["status"], "STOPPED");
    assert!(shown["stoppedAt"].is_number());
    assert_eq!(service(&world, &arn).running(), 2);
}

fn alarm(world: &mut World, state: &str) {
    let input = json!({
        "AlarmName": "api-5xx", "MetricName": "HTTPCode_Target_5XX_Count", "Namespace": "Mine",
        "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 2, "Threshold": 5.0,
        "ComparisonOperator": "GreaterThanThreshold",
    });
    let by = Actor::Terraform;
    if world.cloudwatch.alarm("api-5xx").is_none() {
        world
            .ask(&cloudwatch::SERVICE, by.clone(), "PutMetricAlarm", input)
            .unwrap();
    }
    let input = json!({ "AlarmName": "api-5xx", "StateValue": state, "StateReason": "test" });
    world
        .ask(&cloudwatch::SERVICE, by, "SetAlarmState", input)
        .unwrap();
}

#[test]
fn an_alarm_that_rings_during_the_rollout_fails_it_and_rolls_it_back() {
    let (mut world, arn, _) = estate(|new| new.watched_by(&["api-5xx"]));
    alarm(&mut world, "OK");
    deploy(&mut world, &Actor::Pipeline, &arn, Fate::Healthy);
    pass(&mut world, 100);
    world.events.take();
    assert_eq!(newest(&mut world)["alarms"]["status"], "MONITORING");
    alarm(&mut world, "ALARM");
    pass(&mut world, 25);
    let shown = newest(&mut world);
    assert_eq!(shown["status"], "ROLLBACK_IN_PROGRESS");
    assert_eq!(
        shown["alarms"],
        json!({
            "status": "TRIGGERED", "alarmNames": ["api-5xx"], "triggeredAlarmNames": ["api-5xx"],
        })
    );
    assert_eq!(
        shown["deploymentCircuitBreaker"]["status"],
        "MONITORING_COMPLETE"
    );
    rest(&mut world, 1);
    assert_eq!(newest(&mut world)["status"], "ROLLBACK_SUCCESSFUL");
    assert!(service(&world, &arn).task_definition().ends_with(":1"));
    let events = events_of(&mut world, "ECS Deployment State Change");
    assert_eq!(
        names_of(&events),
        [
            "SERVICE_DEPLOYMENT_FAILED",
            "SERVICE_DEPLOYMENT_IN_PROGRESS",
            "SERVICE_DEPLOYMENT_COMPLETED"
        ]
    );
    let reason = events[1]["detail"]["reason"].as_str().unwrap();
    assert!(
        reason.contains("rolling back to deploymentId ecs-svc/"),
        "{reason}"
    );
}

#[test]
fn an_alarm_that_rang_before_is_not_looked_at_and_one_without_rollback_only_fails() {
    let (mut world, arn, _) = estate(|new| new.watched_by(&["api-5xx"]));
    alarm(&mut world, "ALARM");
    deploy(&mut world, &Actor::Pipeline, &arn, Fate::Healthy);
    pass(&mut world, 60);
    assert_eq!(newest(&mut world)["alarms"]["status"], "DISABLED");
    alarm(&mut world, "OK");
    alarm(&mut world, "ALARM");
    rest(&mut world, 1);
    assert_eq!(newest(&mut world)["status"], "SUCCESSFUL");
    alarm(&mut world, "OK");
    let update = json!({ "cluster": "shop", "service": "api", "forceNewDeployment": true,
        "deploymentConfiguration": { "alarms": { "alarmNames": ["api-5xx"], "enable": true, "rollback": false } } });
    ask(&mut world, "UpdateService", update).unwrap();
    pass(&mut world, 30);
    alarm(&mut world, "ALARM");
    rest(&mut world, 1);
    assert_eq!(newest(&mut world)["status"], "STOPPED");
    assert_eq!(
        service(&world, &arn).primary().unwrap().rollout,
        Rollout::Failed
    );
}

#[test]
fn a_watched_deployment_waits_for_its_alarms_before_it_is_completed() {
    let (mut world, arn, _) = estate(|new| new.watched_by(&["api-5xx"]));
    alarm(&mut world, "OK");
    deploy(&mut world, &Actor::Pipeline, &arn, Fate::Healthy);
    let steady = loop {
        let next = world.next().unwrap();
        world.advance(next);
        if service(&world, &arn).steady {
            break world.now;
        }
    };
    assert!(service(&world, &arn).is_rolling_out());
    until(&mut world, &arn, "SUCCESSFUL");
    assert_eq!(world.now.duration_since(steady).as_secs(), 120);
}

#[test]
fn a_failed_deployment_is_a_service_action_too() {
    let (mut world, arn, _) = estate(|new| new);
    deploy(&mut world, &Actor::Pipeline, &arn, Fate::Crashes);
    rest(&mut world, 1);
    let actions = events_of(&mut world, "ECS Service Action");
    assert!(names_of(&actions).contains(&"SERVICE_DEPLOYMENT_FAILED"));
    let texts = service(&world, &arn).events;
    let texts: Vec<&str> = texts.iter().map(|(_, text)| text.as_str()).collect();
    for part in [
        "deployment failed: tasks failed to start.",
        "rolling back to deployment ecs-svc/",
        "deployment completed.",
    ] {
        assert!(
            texts.iter().any(|text| text.contains(part)),
            "{part} in {texts:?}"
        );
    }
}
