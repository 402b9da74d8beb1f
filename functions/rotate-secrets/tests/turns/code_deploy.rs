//! A service that CodeDeploy deploys is rolled by CodeDeploy: what it brought last is brought again, and
//! the tasks from before linger without anybody's waiting for them.

use jiff::SignedDuration;
use nightshift::ledger::rotation::{Cause, Stage as Step};
use nightshift_cloud::{
    call::{Actor, Fault},
    services::{
        codedeploy::{self, Group},
        ecs::{self, NewService},
    },
    world::What,
};
use serde_json::{Value, json};

use crate::{
    account::{CANARIES, ESTATE, KEY, container, service_arn},
    stage::{Stage, order},
};

const POINT: &str = "point";
const TARGETS: [&str; 2] = [
    "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:targetgroup/point-blue/0123456789abcdef",
    "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:targetgroup/point-green/0123456789abcdef",
];
/// `api` reads the key as well: only `point` is to.
const DOCUMENT: &str = "version: 1
watch: { cluster: shop, services: [point] }
rotate:
  secrets:
    /shop/KEY: { kind: random, every: 90d }
";

fn group(name: &str) -> Group {
    Group {
        // For as long as most people leave it at.
        keeps: SignedDuration::from_hours(1),
        ..Group::new("shop", name, &service_arn(POINT), TARGETS)
    }
}

/// The shop with a service of CodeDeploy's that reads the key, and with these groups for it.
async fn with_groups(groups: &[&str]) -> Stage {
    let mut stage = Stage::with_document(DOCUMENT);
    stage.with(|world| {
        let reads = [("KEY", KEY)];
        let new = NewService::new("shop", POINT)
            .count(2)
            .tag("nightshift:rotate", ESTATE)
            .containers(vec![container(POINT, &reads, &[])])
            .code_deploy()
            .behind(TARGETS[0], POINT, 8080);
        ecs::create_service(world, &Actor::Terraform, new);
        for name in groups {
            codedeploy::create_group(world, &Actor::Terraform, group(name));
        }
    });
    stage.pass(60).await;
    stage
}

/// The same with a group that has deployed it once.
async fn with_point() -> Stage {
    let mut stage = with_groups(&["point-group"]).await;
    deploy(&stage);
    stage.pass(5000).await;
    stage.adopt(KEY).await;
    stage
}

/// A pipeline deploys what is deployed; answers the deployment's id.
fn deploy(stage: &Stage) -> String {
    stage.with(|world| {
        let service = world.ecs.service(&service_arn(POINT)).unwrap();
        let definition = service.task_definition().to_owned();
        let by = Actor::Pipeline;
        codedeploy::deploy(world, &by, "shop", "point-group", &definition).unwrap()
    })
}

/// The ids of the deployments that the function made.
fn made(stage: &Stage) -> Vec<String> {
    stage.with(|world| {
        let mut made = Vec::new();
        for noted in &world.journal {
            if let (Actor::Function(_), What::Deployment { id }) = (&noted.by, &noted.what) {
                made.push(id.clone());
            }
        }
        made
    })
}

#[tokio::test(start_paused = true)]
async fn a_key_is_replaced_and_its_service_deployed_again_while_old_tasks_linger() {
    let mut stage = with_point().await;
    stage.ask(order("rotate", KEY)).await;
    stage.until_over(20).await;
    let entry = stage.entry(KEY).await;
    assert_eq!(entry.last.unwrap().undone, None, "{:?}", stage.failures());
    let current = entry.current.unwrap();
    let since = stage.tasks_since(POINT);
    assert_eq!(since.len(), 4, "two of them linger");
    assert!(since[0] < current.at);
    assert!(since[2] >= current.at);
    assert_eq!(made(&stage).len(), 1);
    assert_eq!(stage.count("codedeploy:CreateDeployment"), 1);
    assert_eq!(
        stage.count("codedeploy:ListApplications"),
        1,
        "it is remembered"
    );
    assert_eq!(stage.count("ecs:UpdateService"), 0);
    assert_eq!(stage.failures(), [""; 0]);
    stage.pass(3600).await;
    let since = stage.tasks_since(POINT);
    assert!(since.iter().all(|at| *at >= current.at), "{since:?}");
}

#[tokio::test(start_paused = true)]
async fn what_came_from_s3_comes_from_there_again() {
    let mut stage = with_point().await;
    let id = deploy(&stage);
    stage.with(|world| codedeploy::from_s3(world, &id, "releases", "appspec.yaml"));
    stage.pass(5000).await;
    stage.ask(order("rotate", KEY)).await;
    stage.until_over(20).await;
    assert_eq!(stage.entry(KEY).await.last.unwrap().undone, None);
    let made = made(&stage);
    let shown = stage.with(|world| {
        let input = json!({ "deploymentId": made[0] });
        world.ask(&codedeploy::SERVICE, Actor::Person, "GetDeployment", input)
    });
    let revision = shown.unwrap()["deploymentInfo"]["revision"].clone();
    assert_eq!(revision["revisionType"], "S3");
    assert_eq!(revision["s3Location"]["key"], "appspec.yaml");
}

/// A whole turn, by hand.
pub(crate) async fn whole() -> Stage {
    let mut stage = with_point().await;
    stage.ask(order("rotate", KEY)).await;
    stage.until_over(20).await;
    stage
}

#[tokio::test(start_paused = true)]
async fn what_leaked_is_not_over_before_the_last_old_task_is_gone() {
    let mut stage = with_point().await;
    stage.ask(order("leaked", KEY)).await;
    stage.pass(20 * 60).await;
    assert_eq!(stage.tasks_since(POINT).len(), 4);
    assert!(stage.entry(KEY).await.turn.is_some());
    stage.until_over(60).await;
    assert_eq!(stage.entry(KEY).await.last.unwrap().undone, None);
    assert_eq!(stage.tasks_since(POINT).len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_deployment_that_is_stopped_sends_the_value_back_and_is_made_again_with_it() {
    let mut stage = with_point().await;
    stage.spoil(POINT, Some(ecs::Flaw::exits(1)));
    stage.ask(order("rotate", KEY)).await;
    stage.until(KEY, Step::Published).await;
    stage.pass(120).await;
    let id = made(&stage)[0].clone();
    stage.with(|world| {
        let input = json!({ "deploymentId": id, "autoRollbackEnabled": true });
        let by = Actor::Person;
        world
            .ask(&codedeploy::SERVICE, by, "StopDeployment", input)
            .unwrap();
    });
    stage.until(KEY, Step::Reverted).await;
    stage.spoil(POINT, None);
    stage.until_over(60).await;
    assert_eq!(stage.parameter(KEY), CANARIES[0]);
    let undone = stage.entry(KEY).await.last.unwrap().undone;
    assert!(
        matches!(undone, Some(Cause::Deployment { .. })),
        "{undone:?}"
    );
    assert_eq!(made(&stage).len(), 2);
}

/// What the key waits for.
async fn waits(stage: &mut Stage) -> Value {
    let answer = stage.ask(json!({ "command": "status" })).await;
    answer["estates"][0]["secrets"][0]["waits"].clone()
}

#[tokio::test(start_paused = true)]
async fn nothing_begins_while_a_deployment_is_open() {
    let mut stage = with_point().await;
    deploy(&stage);
    stage.ask(order("rotate", KEY)).await;
    stage.pass(600).await;
    assert_eq!(stage.entry(KEY).await.turn, None);
    assert_eq!(waits(&mut stage).await["for"], "service");
    stage.pass(4000).await;
    stage.until_over(30).await;
    assert_ne!(stage.parameter(KEY), CANARIES[0], "then it is its turn");
}

#[tokio::test(start_paused = true)]
async fn nothing_begins_without_a_group_that_deploys_it_or_with_two() {
    for (groups, wanted) in [
        (&[][..], "no_group"),
        (&["one", "two"][..], "several_groups"),
        (&["one"][..], "never_deployed"),
    ] {
        let mut stage = with_groups(groups).await;
        stage.adopt(KEY).await;
        stage.ask(order("rotate", KEY)).await;
        let found = waits(&mut stage).await;
        assert_eq!(found["for"], "controller", "{found}");
        assert_eq!(found["why"], wanted);
        assert_eq!(stage.parameter(KEY), CANARIES[0]);
    }
}

#[tokio::test(start_paused = true)]
async fn an_open_deployment_that_began_meanwhile_is_waited_for() {
    let mut stage = with_point().await;
    stage.ask(order("rotate", KEY)).await;
    stage.broken(
        "codedeploy:CreateDeployment",
        Some(Fault::client(
            "DeploymentLimitExceededException",
            "The Deployment Group 'point-group' already has an active Deployment",
        )),
    );
    stage.pass(180).await;
    assert_eq!(stage.failures(), [""; 0]);
    stage.broken("codedeploy:CreateDeployment", None);
    stage.until_over(30).await;
    assert_eq!(stage.entry(KEY).await.last.unwrap().undone, None);
    assert_eq!(stage.failures(), [""; 0]);
}
