//! A shop whose API is deployed by tag: `latest` moves, the task definition does not. Two tasks
//! behind a load balancer, a sidecar, a parameter and a secret.

use std::time::Duration;

use jiff::SignedDuration;
use nightshift_cloud::{
    call::Actor,
    services::{
        ecr::{self, Pushed},
        ecs::{self, Flaw, NewService, Place, flaws},
        elbv2, logs, secretsmanager, ssm,
    },
    world::World,
};
use serde_json::{Value, json};

use tokio::time::sleep;

use crate::{account::world, stage::Stage};

pub(crate) const CLUSTER: &str = "shop";
pub(crate) const REPOSITORY: &str = "shop/api";
pub(crate) const GROUP: &str = "/ecs/shop-api";
pub(crate) const PARAMETER: &str = "/shop/DATABASE_URL";
pub(crate) const SECRET: &str = "shop/payment";
pub(crate) const DOCUMENT: &str = "version: 1\nwatch: { cluster: shop, log_excerpts: true }\n";

/// The shop, with its API.
pub(crate) struct Shop {
    pub(crate) stage: Stage,
    /// The API's ARN.
    pub(crate) api: String,
}

fn log_to(group: &str) -> Value {
    json!({ "logDriver": "awslogs", "options": {
        "awslogs-group": group,
        "awslogs-region": "ap-northeast-1",
        "awslogs-stream-prefix": "app",
    } })
}

/// The containers of the API: itself and an agent beside it.
pub(crate) fn containers(secret: &str) -> Vec<Value> {
    vec![
        json!({
            "name": "api",
            "image": ecr::uri("shop/api:latest"),
            "essential": true,
            "command": ["node", "main.js"],
            "portMappings": [{ "containerPort": 3001 }],
            "environment": [{ "name": "NODE_ENV", "value": "production" }],
            "secrets": [
                { "name": "DATABASE_URL", "valueFrom": PARAMETER },
                { "name": "PAYMENT_KEY", "valueFrom": format!("{secret}:key::") },
            ],
            "logConfiguration": log_to(GROUP),
        }),
        json!({
            "name": "agent",
            "image": ecr::uri("shop/agent:7"),
            "essential": true,
            "logConfiguration": log_to(GROUP),
        }),
    ]
}

/// The account with the shop in it, steady for a while.
fn open(document: &str, change: impl FnOnce(NewService) -> NewService) -> (World, String) {
    let (mut world, api) = found(document, change);
    // Longer ago than a change of a secret is news.
    world.advance(world.now + SignedDuration::from_hours(30));
    world.events.take();
    world.journal.clear();
    (world, api)
}

/// The account with the shop in it.
fn found(document: &str, change: impl FnOnce(NewService) -> NewService) -> (World, String) {
    let mut world = world(document);
    let by = Actor::Terraform;
    logs::create_group(&mut world, &by, GROUP);
    ssm::put(&mut world, &by, PARAMETER, "postgresql://x").unwrap();
    let secret = secretsmanager::put(&mut world, &by, SECRET, r#"{"key":"k"}"#);
    let image = Pushed::new("one").tag("latest").tag("3f9c2d1");
    ecr::push(&mut world, &Actor::Pipeline, REPOSITORY, image);
    let agent = Pushed::new("agent").tag("7");
    ecr::push(&mut world, &Actor::Pipeline, "shop/agent", agent);
    let targets = elbv2::create_group(&mut world, &by, "shop-api", 3001, "/health");
    let new = NewService::new(CLUSTER, "api")
        .count(2)
        .containers(containers(&secret))
        .behind(&targets, "api", 3001);
    let api = ecs::create_service(&mut world, &by, change(new));
    (world, api)
}

impl Shop {
    pub(crate) fn open() -> Self {
        Self::with(DOCUMENT, |new| new)
    }

    /// The shop on the day on which its API is made.
    pub(crate) fn young(
        change: impl FnOnce(NewService) -> NewService,
        set: impl FnOnce(&mut World),
    ) -> Self {
        let (mut world, api) = found(DOCUMENT, change);
        set(&mut world);
        let stage = Stage::set(world);
        Self { stage, api }
    }

    /// Lets time pass in which the function is not invoked.
    pub(crate) async fn wait(&self, seconds: u64) {
        sleep(Duration::from_secs(seconds)).await;
        self.stage.with(|_| ());
    }

    /// The ARN of the newest service deployment.
    pub(crate) fn release_arn(&self) -> String {
        self.stage.with(|world| {
            world.ecs.service(&self.api).unwrap().releases[0]
                .arn
                .clone()
        })
    }

    pub(crate) fn with(document: &str, change: impl FnOnce(NewService) -> NewService) -> Self {
        let (world, api) = open(document, change);
        let stage = Stage::set(world);
        Self { stage, api }
    }

    /// Pushes an image and moves the tag to it; answers its digest.
    pub(crate) fn push(&self, pushed: Pushed) -> String {
        let pushed = pushed.tag("latest");
        self.stage
            .with(|world| ecr::push(world, &Actor::Pipeline, REPOSITORY, pushed))
    }

    /// Pushes another image that has this flaw, and deploys it; answers the deployment's id.
    pub(crate) fn release(&self, content: &str, flaw: Flaw) -> String {
        let digest = self.push(Pushed::new(content).tag(content));
        self.stage
            .with(|world| flaws::put(world, Place::Image(digest), flaw));
        self.deploy()
    }

    /// Deploys the same task definition once more.
    pub(crate) fn deploy(&self) -> String {
        self.stage
            .with(|world| ecs::redeploy(world, &Actor::Pipeline, &self.api))
    }

    /// Pushes another image that has this flaw, under a commit's tag too, and deploys it.
    pub(crate) fn spoilt(&self, flaw: Flaw) {
        self.release("b0c1d2e", flaw);
    }

    /// The containers as they are registered now.
    pub(crate) fn containers(&self) -> Vec<Value> {
        self.stage.with(|world| {
            let service = world.ecs.service(&self.api).unwrap();
            let definition = world.ecs.definition(service.task_definition());
            definition.unwrap().containers.clone()
        })
    }

    /// Deploys other containers; answers the deployment's id.
    pub(crate) fn deploy_containers(&self, containers: Vec<Value>) -> String {
        let by = Actor::Pipeline;
        self.stage
            .with(|world| ecs::deploy_containers(world, &by, &self.api, containers))
    }

    /// Stops every task that runs, as a person may.
    pub(crate) fn stop_tasks(&self) {
        self.stage.with(|world| {
            let live = world.ecs.live_tasks(CLUSTER);
            let tasks: Vec<String> = live.map(|task| task.arn.clone()).collect();
            for task in tasks {
                let input = json!({ "cluster": CLUSTER, "task": task });
                world
                    .ask(&ecs::SERVICE, Actor::Person, "StopTask", input)
                    .unwrap();
            }
        });
    }

    /// Lets time pass until the story is over, so many minutes at most.
    pub(crate) async fn until_over(&mut self, minutes: usize) {
        let before = self.stage.stories().len();
        for _ in 0..minutes {
            self.stage.pass(60).await;
            let stages = self.stage.stages();
            let told = stages.iter().skip(before).next_back();
            if told.is_some_and(|stage| stage.is_over()) {
                break;
            }
        }
        // Whatever is still on its way comes, too.
        self.stage.pass(180).await;
    }

    /// Puts a flaw on all new tasks of the API.
    pub(crate) fn put(&self, flaw: Flaw) {
        let place = Place::Service(self.api.clone());
        self.stage.with(|world| flaws::put(world, place, flaw));
    }
}
