//! What is deployed: production's API, behind whose task definition the tag `latest` moves and which
//! ECS's circuit breaker watches; and a release of it that fails.

use anyhow::{Result, ensure};
use nightshift_cloud::call::Actor;
use nightshift_cloud::services::ecr::{self, Pushed};
use nightshift_cloud::services::ecs::{self, Flaw, NewService, Place, flaws};
use nightshift_cloud::services::{elbv2, logs};
use nightshift_cloud::world::World;
use serde_json::json;

use super::put;
use crate::estates::PRODUCTION;
use crate::stage::{document, parameter};

/// What stands in a secret of production, and in a line of its log: it must be read nowhere else.
pub const PASSWORD: &str = "q7Zr-9Kd2_Wm4xT8v";

/// The commit that crashes.
pub const COMMIT: &str = "9e1b7c4";

/// The last line of those that it writes.
pub const LAST_LINE: &str = "[Nest] 1 - ERROR [ExceptionHandler] SESSION_TTL is not set";

/// The service of production that is released.
pub const API: &str = "bookmark-manager-production-api";

const REPOSITORY: &str = "bookmark-manager-api";
const LOG_GROUP: &str = "/ecs/bookmark-manager-production-api";
const DATABASE_URL: &str = "/bookmark-manager/production/DATABASE_URL";

/// Makes production's API as its Terraform does: two tasks behind a load balancer, a circuit breaker
/// that rolls back. Answers the service's ARN.
///
/// # Errors
/// When its document cannot be written.
pub fn production(world: &mut World, document: &str) -> Result<String> {
    let by = Actor::Terraform;
    put(world, &parameter(PRODUCTION.name), document)?;
    let url = format!("postgresql://bookmark:{PASSWORD}@aurora.internal:5432/bookmarkdb");
    put(world, DATABASE_URL, &url)?;
    logs::create_group(world, &by, LOG_GROUP);
    let image = Pushed::new("1f3c9ab").tag("latest").tag("1f3c9ab");
    ecr::push(world, &Actor::Pipeline, REPOSITORY, image);
    let targets = elbv2::create_group(world, &by, "bookmark-manager-api", 3001, "/health");
    let container = json!({
        "name": "api",
        "image": ecr::uri(&format!("{REPOSITORY}:latest")),
        "essential": true,
        "portMappings": [{ "containerPort": 3001 }],
        "secrets": [{ "name": "DATABASE_URL", "valueFrom": DATABASE_URL }],
        "logConfiguration": { "logDriver": "awslogs", "options": {
            "awslogs-group": LOG_GROUP,
            "awslogs-region": "ap-northeast-1",
            "awslogs-stream-prefix": "app",
        } },
    });
    let new = NewService::new(PRODUCTION.cluster, API)
        .count(2)
        .size(512, 1024)
        .containers(vec![container])
        .behind(&targets, "api", 3001);
    Ok(ecs::create_service(world, &by, new))
}

/// Production's document from the examples, whose log lines may leave the account.
///
/// # Errors
/// When the example is gone, or says otherwise what becomes of them.
pub fn open_document() -> Result<String> {
    const KEPT: &str = "log_excerpts: false";

    let text = document(PRODUCTION.name)?;
    ensure!(text.contains(KEPT), "the example does not say `{KEPT}`");
    Ok(text.replace(KEPT, "log_excerpts: true"))
}

/// Pushes an image over `latest` that ends soon after its start, and forces a deployment.
pub fn release_what_crashes(world: &mut World, service: &str) {
    let by = Actor::Pipeline;
    let image = Pushed::new(COMMIT).tag("latest").tag(COMMIT);
    let digest = ecr::push(world, &by, REPOSITORY, image);
    let connecting = format!(
        "[Nest] 1 - LOG [Database] connecting to postgresql://bookmark:{PASSWORD}@aurora.internal:5432/bookmarkdb"
    );
    let lines = [
        "[Nest] 1 - LOG [NestFactory] Starting Nest application...",
        &connecting,
        LAST_LINE,
    ];
    let flaw = Flaw::exits(1).saying(&lines);
    flaws::put(world, Place::Image(digest), flaw);
    ecs::redeploy(world, &by, service);
}
