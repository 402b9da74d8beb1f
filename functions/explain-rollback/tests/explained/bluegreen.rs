//! Estate 5: CodeDeploy deploys, the service has task sets, and an event names no service.

use jiff::SignedDuration;
use nightshift::{
    ledger::rollout::DeploymentGroup,
    report::rollback::{Again, Back, Fault, Remedy, Stage, Trigger, Users},
};
use nightshift_cloud::{
    call::Actor,
    services::{
        cloudwatch,
        codedeploy::{self, Group},
        ecs::{self, Flaw, NewService, Place, flaws, flaws::Kind},
        elbv2, logs,
    },
    world::World,
};
use serde_json::{Value, json};

use crate::{
    account::world,
    stage::{Post, Stage as Theatre, cause},
};

const DOCUMENT: &str = "version: 1\nwatch: { cluster: point, log_excerpts: true }\n";
/// A task that crashes for an hour tells of it often: a few of these events do.
const FEW: Post = Post {
    lost: 85,
    doubled: 0,
    late: 0,
};
const ALARM: &str = "app-5xx";
const LOGS: &str = "/ecs/point-app";

fn container() -> Value {
    json!({
        "name": "app", "image": "app:1", "essential": true,
        "portMappings": [{ "containerPort": 8080 }],
        "logConfiguration": { "logDriver": "awslogs", "options": {
            "awslogs-group": LOGS, "awslogs-region": "ap-northeast-1", "awslogs-stream-prefix": "app",
        } },
    })
}

/// The account with the app in it, which was never deployed by CodeDeploy yet.
fn point(alarms: &[&str]) -> World {
    let mut world = world(DOCUMENT);
    let by = Actor::Terraform;
    logs::create_group(&mut world, &by, LOGS);
    let blue = elbv2::create_group(&mut world, &by, "point-blue", 8080, "/health");
    let green = elbv2::create_group(&mut world, &by, "point-green", 8080, "/health");
    let new = NewService::new("point", "app")
        .count(2)
        .containers(vec![container()])
        .code_deploy();
    let service = ecs::create_service(&mut world, &by, new.behind(&blue, "app", 8080));
    let mut group = Group::new("point-app", "production", &service, [&blue, &green]);
    group.alarms = alarms.iter().map(|it| (*it).to_owned()).collect();
    codedeploy::create_group(&mut world, &by, group);
    world.advance(world.now + SignedDuration::from_hours(30));
    world.events.take();
    world
}

/// Registers the next revision and lets CodeDeploy deploy it; answers the deployment's id.
fn deploy(stage: &Theatre, flaw: Option<Flaw>) -> String {
    stage.with(|world| {
        let input =
            json!({ "family": "app", "containerDefinitions": [container()], "memory": "512" });
        let by = Actor::Pipeline;
        let made = world.ask(&ecs::SERVICE, by, "RegisterTaskDefinition", input);
        let arn = made.unwrap()["taskDefinition"]["taskDefinitionArn"].clone();
        let arn = arn.as_str().unwrap();
        if let Some(flaw) = flaw {
            flaws::put(world, Place::Definition(arn.to_owned()), flaw);
        }
        codedeploy::deploy(world, &Actor::Pipeline, "point-app", "production", arn).unwrap()
    })
}

/// A deployment that an alarm stopped, and that was rolled back.
pub(crate) async fn failed() -> Theatre {
    play(Theatre::set(point(&[ALARM]))).await
}

/// The same without a permission.
pub(crate) async fn failed_without(action: &str) -> Theatre {
    let stage = Theatre::set(point(&[ALARM]));
    stage.deny(action);
    play(stage).await
}

async fn play(mut stage: Theatre) -> Theatre {
    ring(&stage, "OK");
    deploy(&stage, None);
    stage.pass(180).await;
    ring(&stage, "ALARM");
    stage.pass(12 * 60).await;
    stage
}

/// Sets the alarm that watches deployments.
fn ring(stage: &Theatre, to: &str) {
    let put = json!({
        "AlarmName": ALARM, "MetricName": "5XX", "Namespace": "Mine", "Statistic": "Sum",
        "Period": 60, "EvaluationPeriods": 5, "Threshold": 5,
        "ComparisonOperator": "GreaterThanThreshold",
    });
    let set = json!({ "AlarmName": ALARM, "StateValue": to, "StateReason": "test" });
    stage.with(|world| {
        for (operation, input) in [("PutMetricAlarm", put), ("SetAlarmState", set)] {
            let by = Actor::Person;
            world
                .ask(&cloudwatch::SERVICE, by, operation, input)
                .unwrap();
        }
    });
}

#[tokio::test(start_paused = true)]
async fn a_blue_green_deployment_that_fails_is_told_from_its_first_death_to_its_end() {
    let mut stage = Theatre::set(point(&[]));
    stage.post = FEW;
    for round in 0..2 {
        // The first one ever has no task set before it that names a deployment.
        let id = deploy(&stage, Some(Flaw::new(Kind::OutOfMemory)));
        let before = stage.stories().len();
        stage.pass(75 * 60).await;
        let told = stage.stories().split_off(before);
        let stages: Vec<Stage> = told.iter().map(|it| it.stage).collect();
        assert_eq!(
            stages,
            [Stage::Failing, Stage::Stalled, Stage::RolledBack],
            "{round}"
        );
        assert!(told.iter().all(|it| it.deployment == id));
        let stalled = &told[1];
        let wanted = Remedy::StopCodeDeploy {
            deployment: id.clone(),
        };
        assert_eq!(stalled.remedy, Some(wanted));
        let last = told.last().unwrap();
        assert!(
            matches!(
                cause(last),
                Fault::OutOfMemory {
                    limit: Some(512),
                    ..
                }
            ),
            "{:?}",
            last.faults
        );
        assert_eq!(
            (last.back, last.users),
            (Back::ByItself, Users::NotAffected)
        );
        assert_eq!(last.again, Again::UnlessMended);
        assert!(
            matches!(&last.trigger, Some(Trigger::CodeDeploy { code: Some(code) }) if code == "TIMEOUT"),
            "{:?}",
            last.trigger
        );
        assert_eq!(
            last.before.as_ref().unwrap().task_definition.as_deref(),
            Some("app:1")
        );
    }
    stage.is_well();
}

#[tokio::test(start_paused = true)]
async fn a_deployment_after_a_good_one_is_compared_with_it() {
    let mut stage = Theatre::set(point(&[]));
    stage.post = FEW;
    deploy(&stage, None);
    stage.pass(90 * 60).await;
    assert_eq!(stage.stages(), []);
    deploy(&stage, Some(Flaw::exits(1).saying(&["panic: no route"])));
    stage.pass(75 * 60).await;
    let last = stage.last();
    assert_eq!(last.stage, Stage::RolledBack);
    assert_eq!(
        last.before.unwrap().task_definition.as_deref(),
        Some("app:2")
    );
    assert_eq!(last.release.task_definition.as_deref(), Some("app:3"));
    assert_eq!(last.excerpts[0].lines, ["panic: no route"]);
    assert!(matches!(last.faults[0].fault, Fault::Crash { code: 1, .. }));
    stage.is_well();
}

#[tokio::test(start_paused = true)]
async fn an_alarm_that_stops_a_deployment_is_told_by_name() {
    let stage = failed().await;
    let last = stage.last();
    assert_eq!(
        (last.stage, last.users),
        (Stage::RolledBack, Users::NotAffected)
    );
    assert_eq!(
        last.trigger,
        Some(Trigger::Alarms {
            names: vec![ALARM.to_owned()]
        })
    );
    assert!(matches!(cause(&last), Fault::Alarm { names } if names == [ALARM]));
    stage.is_well();
}

#[tokio::test(start_paused = true)]
async fn a_deployment_that_a_person_stops_is_no_news_unless_it_failed() {
    for fails in [false, true] {
        let mut stage = Theatre::set(point(&[]));
        let id = deploy(&stage, fails.then(|| Flaw::exits(1)));
        stage.pass(8 * 60).await;
        let input = json!({ "deploymentId": id, "autoRollbackEnabled": true });
        stage.with(|world| {
            let by = Actor::Person;
            world
                .ask(&codedeploy::SERVICE, by, "StopDeployment", input)
                .unwrap();
        });
        stage.pass(20 * 60).await;
        if fails {
            assert_eq!(stage.stages(), [Stage::Failing, Stage::RolledBack]);
            assert_eq!(stage.last().back, Back::ByHand);
            assert_eq!(stage.last().trigger, Some(Trigger::Person));
        } else {
            assert_eq!(stage.stages(), []);
        }
        stage.is_well();
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_of_a_group_that_is_gone_looks_at_nothing() {
    let mut stage = Theatre::set(point(&[]));
    let event = json!({
        "source": "aws.codedeploy",
        "detail-type": "CodeDeploy Deployment State-change Notification",
        "detail": { "application": "point-app", "deploymentGroup": "gone", "state": "FAILURE" },
    });
    let answer = stage.invoke(event).await.unwrap().unwrap();
    assert_eq!(answer["looked"], json!([]));
    assert_eq!(answer["idle"], true);
}

#[tokio::test(start_paused = true)]
async fn who_else_hears_of_a_group_can_know_before_its_first_failure_that_it_is_told_here() {
    let mut stage = Theatre::set(point(&[]));
    let arn = "arn:aws:ecs:ap-northeast-1:123456789012:service/point/app";
    assert_eq!(stage.entry(arn).await, None);
    deploy(&stage, None);
    stage.pass(60).await;
    let entry = stage.entry(arn).await.unwrap();
    let wanted = DeploymentGroup {
        application: "point-app".to_owned(),
        group: "production".to_owned(),
    };
    assert_eq!(entry.deployment_group, Some(wanted.clone()));
    assert!(entry.chapters.is_empty() && entry.broken.is_none());
    stage.pass(90 * 60).await;
    assert_eq!(stage.stages(), []);
    deploy(&stage, Some(Flaw::exits(1)));
    stage.pass(75 * 60).await;
    let entry = stage.entry(arn).await.unwrap();
    assert_eq!(entry.deployment_group, Some(wanted));
    assert!(!entry.chapters.is_empty());
    stage.is_well();
}
