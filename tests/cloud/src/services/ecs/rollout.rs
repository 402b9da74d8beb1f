//! Deployments: how they begin, complete, fail by the circuit breaker and are rolled back.

use serde_json::json;

use crate::{
    call::Actor,
    services::{
        autoscaling,
        ecs::{
            Breaker, Controller, Deployment, Release, Rollout, Service, refer, render, scheduler,
        },
        events,
    },
    world::{What, World},
};

/// `ecs-svc/` and nineteen digits.
pub(super) fn fresh_id(world: &mut World) -> String {
    let number = world
        .random
        .u64(1_000_000_000_000_000_000..9_223_372_036_854_775_807);
    format!("ecs-svc/{number}")
}

fn deployment(world: &World, id: &str, definition: &str, release: &str) -> Deployment {
    Deployment {
        id: id.to_owned(),
        primary: true,
        task_definition: definition.to_owned(),
        rollout: Rollout::InProgress,
        reason: format!("ECS deployment {id} in progress."),
        failed_tasks: 0,
        created_at: world.now,
        updated_at: world.now,
        stalled: false,
        release: release.to_owned(),
        failed_starts: 0,
        next_start: None,
    }
}

/// Begins a deployment; answers its id. At count 0 it is COMPLETED at once.
pub(super) fn begin(world: &mut World, by: &Actor, arn: &str, definition: &str) -> String {
    let id = fresh_id(world);
    let (release, revision) = (world.id(20), fresh_id(world));
    let release = release_of(world, arn, &release, &revision);
    let fresh = deployment(world, &id, definition, &release);
    let Some(service) = world.ecs.services.get_mut(arn) else {
        return id;
    };
    for other in &mut service.deployments {
        other.primary = false;
    }
    service.deployments.insert(0, fresh);
    service.steady = false;
    let empty = service.desired == 0;
    world.note(by, arn, What::Deployment { id: id.clone() });
    tell(world, arn, &id);
    if empty {
        complete(world, arn);
    }
    scheduler::look_soon(world, arn);
    id
}

/// Writes a new entry into the history of a service; whatever was under way is stopped by it.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceDeployment.html
fn release_of(world: &mut World, arn: &str, id: &str, revision: &str) -> String {
    let now = world.now;
    let Some(service) = world.ecs.services.get_mut(arn) else {
        return String::new();
    };
    let of = format!("{}/{}", service.cluster, service.name);
    let number = refer::name_of(revision);
    for release in &mut service.releases {
        if release.finished_at.is_none() {
            release.status = "STOPPED";
            release.reason = Some("Service deployment stopped by a new one.".to_owned());
            release.finished_at = Some(now);
        }
    }
    let release = Release {
        arn: refer::arn(&format!("service-deployment/{of}/{id}")),
        revision: refer::arn(&format!("service-revision/{of}/{number}")),
        status: "IN_PROGRESS",
        reason: None,
        created_at: now,
        finished_at: None,
        rollback: None,
    };
    service.releases.insert(0, release.clone());
    service.releases.truncate(100);
    release.arn
}

/// The PRIMARY deployment is COMPLETED, and the others are gone.
pub(super) fn complete(world: &mut World, arn: &str) {
    let now = world.now;
    let Some(service) = world.ecs.services.get_mut(arn) else {
        return;
    };
    service.deployments.retain(|deployment| deployment.primary);
    let Some(primary) = service.primary_mut() else {
        return;
    };
    primary.rollout = Rollout::Completed;
    primary.stalled = false;
    primary.reason = format!("ECS deployment {} completed.", primary.id);
    primary.updated_at = now;
    let (id, release) = (primary.id.clone(), primary.release.clone());
    service.last_completed = Some((id.clone(), primary.task_definition.clone()));
    if let Some(release) = service.release_mut(&release) {
        release.finished_at = Some(now);
        release.status = if release.rollback.is_some() {
            "ROLLBACK_SUCCESSFUL"
        } else {
            "SUCCESSFUL"
        };
    }
    let resource_id = service.resource_id();
    tell(world, arn, &id);
    autoscaling::consider(world, &resource_id);
}

/// How many tasks may fail.
// Half of the desired count, at least 3 and at most 200.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
pub(super) fn threshold(desired: u32) -> u32 {
    desired.div_ceil(2).clamp(3, 200)
}

/// Lets the circuit breaker judge the deployment that is under way.
pub(super) fn judge(world: &mut World, arn: &str) {
    let now = world.now;
    let Some(service) = world.ecs.services.get_mut(arn) else {
        return;
    };
    let (breaker, back_to) = (service.breaker, service.last_completed.clone());
    let limit = threshold(service.desired);
    let ecs_deploys = service.controller == Controller::Ecs;
    let Some(primary) = service.primary_mut() else {
        return;
    };
    let under_way = primary.rollout == Rollout::InProgress && !primary.stalled;
    let judged = ecs_deploys && under_way && primary.failed_tasks >= limit;
    if !judged || breaker == Breaker::Off {
        return;
    }
    if breaker == Breaker::RollsBack && back_to.is_none() {
        // With nothing COMPLETED to go back to, no new tasks are launched and the deployment stalls.
        // https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
        primary.stalled = true;
        return;
    }
    primary.rollout = Rollout::Failed;
    // DescribeServices has the plural, the documented event the singular.
    "ECS deployment circuit breaker: tasks failed to start.".clone_into(&mut primary.reason);
    primary.updated_at = now;
    let (id, release) = (primary.id.clone(), primary.release.clone());
    if let Some(release) = service.release_mut(&release) {
        release.reason = Some("Service deployment failed: tasks failed to start.".to_owned());
        release.status = "STOPPED";
        release.finished_at = Some(now);
    }
    let resource_id = service.resource_id();
    tell(world, arn, &id);
    autoscaling::consider(world, &resource_id);
    if let (Breaker::RollsBack, Some(back_to)) = (breaker, back_to) {
        roll_back(world, arn, &release, &back_to);
    }
}

/// Goes back to what was COMPLETED last: a new deployment with a new id takes that one's place and
/// tasks, and nothing is COMPLETED until it is.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
fn roll_back(world: &mut World, arn: &str, release: &str, back_to: &(String, String)) {
    let (now, id) = (world.now, fresh_id(world));
    let (old, definition) = back_to;
    let mut fresh = deployment(world, &id, definition, release);
    fresh.reason = format!("ECS deployment circuit breaker: rolling back to deploymentId {old}.");
    let Some(service) = world.ecs.services.get_mut(arn) else {
        return;
    };
    adopt(service, old, &id);
    let revision = service
        .releases
        .iter()
        .find(|release| release.status.ends_with("SUCCESSFUL"))
        .map_or_else(String::new, |release| release.revision.clone());
    if let Some(release) = service.release_mut(release) {
        let reason =
            "Service deployment rolled back because the circuit breaker threshold was exceeded.";
        release.rollback = Some((now, reason.to_owned(), revision));
        release.status = "ROLLBACK_IN_PROGRESS";
        release.finished_at = None;
    }
    service.deployments.insert(0, fresh);
    service.last_completed = None;
    service.steady = false;
    world.note(&Actor::Aws, arn, What::Deployment { id: id.clone() });
    tell(world, arn, &id);
    scheduler::look_soon(world, arn);
}

fn adopt(service: &mut Service, old: &str, id: &str) {
    service
        .deployments
        .retain(|deployment| deployment.id != old);
    for deployment in &mut service.deployments {
        deployment.primary = false;
    }
    for task in &mut service.tasks {
        if task.deployment.as_deref() == Some(old) {
            task.deployment = Some(id.to_owned());
        }
    }
}

/// Emits an ECS Deployment State Change. `CodeDeploy` tells of its own deployments itself.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service_deployment_events.html
fn tell(world: &mut World, arn: &str, id: &str) {
    let Some(service) = world.ecs.services.get(arn) else {
        return;
    };
    let deployment = service.deployments.iter().find(|one| one.id == id);
    let Some(deployment) = deployment.filter(|_| service.controller == Controller::Ecs) else {
        return;
    };
    let (kind, name) = match deployment.rollout {
        Rollout::InProgress => ("INFO", "SERVICE_DEPLOYMENT_IN_PROGRESS"),
        Rollout::Completed => ("INFO", "SERVICE_DEPLOYMENT_COMPLETED"),
        Rollout::Failed => ("ERROR", "SERVICE_DEPLOYMENT_FAILED"),
    };
    let detail = json!({
        "eventType": kind,
        "eventName": name,
        "deploymentId": id,
        "updatedAt": render::iso(deployment.updated_at),
        "reason": deployment.reason.replace(": tasks failed", ": task failed"),
    });
    events::emit(
        world,
        "aws.ecs",
        "ECS Deployment State Change",
        vec![arn.to_owned()],
        detail,
    );
}
