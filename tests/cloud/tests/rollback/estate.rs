//! A shop whose API is deployed by tag: `latest` moves, the task definition does not.

use aws_sdk_ecs::error::ProvideErrorMetadata;
use aws_sdk_ecs::types::ServiceDeployment;
use jiff::{SignedDuration, Timestamp};
use nightshift_cloud::{
    call::Actor,
    services::{
        ecr::{self, Pushed},
        ecs::{self, NewService, Place, flaws},
        elbv2, logs, ssm,
    },
    world::World,
};
use serde_json::{Value, json};

use crate::line::Line;

pub(crate) const CLUSTER: &str = "shop";
pub(crate) const REPOSITORY: &str = "shop/api";
pub(crate) const GROUP: &str = "/ecs/shop-api";

/// The shop with a steady API of two tasks.
pub(crate) struct Estate {
    pub(crate) line: Line,
    /// The API's ARN.
    pub(crate) service: String,
    /// The digest of the image that it began with.
    pub(crate) good: String,
    /// Its target group.
    pub(crate) targets: String,
}

fn container() -> Value {
    json!({
        "name": "api",
        "image": ecr::uri("shop/api:latest"),
        "essential": true,
        "command": ["node", "main.js"],
        "portMappings": [{ "containerPort": 3001 }],
        "environment": [{ "name": "NODE_ENV", "value": "production" }],
        "secrets": [{ "name": "DATABASE_URL", "valueFrom": "/shop/DATABASE_URL" }],
        "healthCheck": { "command": ["CMD-SHELL", "curl -f http://localhost:3001/health"], "interval": 30 },
        "dockerLabels": { "org.opencontainers.image.revision": "3f9c2d1" },
        "logConfiguration": { "logDriver": "awslogs", "options": {
            "awslogs-group": GROUP,
            "awslogs-region": "ap-northeast-1",
            "awslogs-stream-prefix": "app",
        } },
    })
}

impl Estate {
    pub(crate) fn new() -> Self {
        let mut world = World::new(Timestamp::from_second(1_800_000_000).unwrap(), 7);
        let by = Actor::Terraform;
        logs::create_group(&mut world, &by, GROUP);
        ssm::put(&mut world, &by, "/shop/DATABASE_URL", "postgresql://x").unwrap();
        let image = Pushed::new("one").tag("latest").tag("3f9c2d1");
        let good = ecr::push(&mut world, &Actor::Pipeline, REPOSITORY, image);
        let targets = elbv2::create_group(&mut world, &by, "shop-api", 3001, "/health");
        let new = NewService::new(CLUSTER, "api")
            .count(2)
            .containers(vec![container()])
            .behind(&targets, "api", 3001);
        let new = NewService {
            network: json!({ "awsvpcConfiguration": {
                "subnets": ["subnet-0a1b2c3d"], "securityGroups": ["sg-0a1b2c3d"], "assignPublicIp": "DISABLED",
            } }),
            ..new
        };
        let service = ecs::create_service(&mut world, &by, new);
        world.advance(world.now + SignedDuration::from_mins(5));
        Self {
            line: Line::to(world),
            service,
            good,
            targets,
        }
    }

    pub(crate) fn pass(&self, seconds: i64) {
        self.line.with(|world| {
            world.advance(world.now + SignedDuration::from_secs(seconds));
        });
    }

    /// Pushes an image that has this flaw and deploys it; answers its digest.
    pub(crate) fn release(&self, content: &str, flaw: flaws::Flaw) -> String {
        self.line.with(|world| {
            let image = Pushed::new(content).tag("latest").tag(content);
            let image = image.annotation("org.opencontainers.image.revision", content);
            let digest = ecr::push(world, &Actor::Pipeline, REPOSITORY, image);
            flaws::put(world, Place::Image(digest.clone()), flaw);
            ecs::redeploy(world, &Actor::Pipeline, &self.service);
            digest
        })
    }

    pub(crate) fn ecs(&self) -> aws_sdk_ecs::Client {
        aws_sdk_ecs::Client::new(&self.line.config("explain-rollback"))
    }

    /// The newest service deployment.
    pub(crate) async fn newest(&self) -> ServiceDeployment {
        let client = self.ecs();
        let listed = client.list_service_deployments().cluster(CLUSTER);
        let listed = listed.service("api").send().await.unwrap();
        let brief = listed.service_deployments().first().unwrap();
        let arn = brief.service_deployment_arn().unwrap();
        let described = client.describe_service_deployments();
        let described = described.service_deployment_arns(arn).send().await.unwrap();
        assert_eq!(described.failures(), []);
        described.service_deployments()[0].clone()
    }
}

/// The code of a refusal.
pub(crate) fn code<T, E: ProvideErrorMetadata>(answer: Result<T, E>) -> String {
    let Err(error) = answer else {
        panic!("not refused")
    };
    error.code().unwrap().to_owned()
}
