//! Deployments: how they begin, complete, fail and are rolled back.

use serde_json::json;

use crate::{
    call::Actor,
    services::{
        autoscaling,
        ecs::{
            Breaker, Completed, Controller, Deployment, Rollout, Service, history, history::Opened,
            render, saying, scheduler,
        },
        events,
    },
    world::{What, World},
};

/// Why a deployment is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// Too many of its tasks failed.
    Breaker,
    /// An alarm rings.
    Alarm,
    /// Somebody stopped it.
    Stopped,
}

impl Cause {
    /// What `rolloutStateReason` says. The circuit breaker's words are those of `DescribeServices`, which has the
    /// plural where the documented event has the singular. The alarm's are made after what a service's
    /// events were seen to say, and the third is a guess.
    fn reason(self, id: &str) -> String {
        match self {
            Self::Breaker => "ECS deployment circuit breaker: tasks failed to start.".to_owned(),
            Self::Alarm => "ECS deployment failed: alarm detected.".to_owned(),
            Self::Stopped => format!("ECS deployment {id} stopped."),
        }
    }

    /// The same while it is rolled back. Only the circuit breaker's is documented.
    fn rolling_back(self, to: &str) -> String {
        let who = match self {
            Self::Breaker => " circuit breaker",
            Self::Alarm => " alarm",
            Self::Stopped => "",
        };
        format!("ECS deployment{who}: rolling back to deploymentId {to}.")
    }

    /// What the service's events say of it.
    fn event(self) -> &'static str {
        match self {
            Self::Breaker => "deployment failed: tasks failed to start.",
            Self::Alarm => "deployment failed: alarm detected.",
            Self::Stopped => "deployment stopped.",
        }
    }

    /// Why a service deployment is as it is. The circuit breaker's rollback is met in
    /// <https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/ecs/service_test.go>;
    /// the others are made after it.
    fn status_reason(self, rolled_back: bool) -> String {
        let what = if rolled_back {
            "rolled back"
        } else {
            "stopped"
        };
        let why = match self {
            Self::Breaker => "the circuit breaker threshold was exceeded",
            Self::Alarm => "an alarm was triggered",
            Self::Stopped => "of a user request",
        };
        format!("Service deployment {what} because {why}.")
    }
}

/// What a service deployment says that had nothing to roll back to.
const NO_CANDIDATE: &str = "No rollback candidate was found to run the rollback.";

/// `ecs-svc/` and nineteen digits.
pub(super) fn fresh_id(world: &mut World) -> String {
    let number = world
        .random
        .u64(1_000_000_000_000_000_000..9_223_372_036_854_775_807);
    format!("ecs-svc/{number}")
}

pub(super) fn deployment(world: &World, id: &str, definition: &str, of: Opened) -> Deployment {
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
        release: of.release,
        revision: of.revision,
        group: None,
        external: None,
        failed_starts: 0,
        next_start: None,
    }
}

/// Begins a deployment; answers its id. At count 0 it is COMPLETED at once.
pub(super) fn begin(world: &mut World, by: &Actor, arn: &str, definition: &str) -> String {
    let id = fresh_id(world);
    let (release, revision) = (world.id(20), fresh_id(world));
    let opened = history::open(world, arn, [&release, &revision], definition);
    let fresh = deployment(world, &id, definition, opened);
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

/// The PRIMARY deployment is COMPLETED, and the others are gone.
pub(super) fn complete(world: &mut World, arn: &str) {
    let now = world.now;
    let Some(service) = world.ecs.services.get_mut(arn) else {
        return;
    };
    service.deployments.retain(|deployment| deployment.primary);
    history::take_up(service, now);
    let Some(primary) = service.primary_mut() else {
        return;
    };
    primary.rollout = Rollout::Completed;
    primary.stalled = false;
    primary.reason = format!("ECS deployment {} completed.", primary.id);
    primary.updated_at = now;
    let (id, release) = (primary.id.clone(), primary.release.clone());
    service.last_completed = Some(Completed {
        id: id.clone(),
        task_definition: primary.task_definition.clone(),
        revision: primary.revision.clone(),
    });
    let counts = render::revision_counts(service);
    if let Some(release) = service
        .release_mut(&release)
        .filter(|release| release.is_open())
    {
        let status = if release.rollback.is_some() {
            "ROLLBACK_SUCCESSFUL"
        } else {
            "SUCCESSFUL"
        };
        release.end(now, status, None);
        release.counts = counts;
    }
    let resource_id = service.resource_id();
    let ecs_deploys = service.controller == Controller::Ecs;
    tell(world, arn, &id);
    if ecs_deploys {
        let text = format!("(deployment {id}) deployment completed.");
        saying::say(world, arn, &text);
    }
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
    let Some(service) = world.ecs.services.get_mut(arn) else {
        return;
    };
    let breaker = service.breaker;
    let limit = threshold(service.desired);
    let ecs_deploys = service.controller == Controller::Ecs;
    let Some(primary) = service.primary() else {
        return;
    };
    let under_way = primary.rollout == Rollout::InProgress && !primary.stalled;
    let judged = ecs_deploys && under_way && primary.failed_tasks >= limit;
    if judged && breaker != Breaker::Off {
        fail(world, arn, Cause::Breaker, breaker);
    }
}

/// Gives up the deployment that is under way, and rolls it back if it is to be.
pub(super) fn fail(world: &mut World, arn: &str, cause: Cause, breaker: Breaker) {
    let now = world.now;
    let Some(service) = world.ecs.services.get_mut(arn) else {
        return;
    };
    let back_to = service.last_completed.clone();
    if breaker == Breaker::RollsBack && back_to.is_none() {
        return stall(world, arn, cause);
    }
    let Some(primary) = service.primary_mut() else {
        return;
    };
    primary.rollout = Rollout::Failed;
    primary.reason = cause.reason(&primary.id);
    primary.updated_at = now;
    let (id, release) = (primary.id.clone(), primary.release.clone());
    let counts = render::revision_counts(service);
    if let Some(release) = service.release_mut(&release) {
        release.tripped = cause == Cause::Breaker;
        let reason = cause.status_reason(breaker == Breaker::RollsBack);
        release.end(now, "STOPPED", Some(reason));
        release.counts = counts;
    }
    let resource_id = service.resource_id();
    tell(world, arn, &id);
    autoscaling::consider(world, &resource_id);
    let text = format!("(deployment {id}) {}", cause.event());
    saying::say(world, arn, &text);
    if cause != Cause::Stopped {
        let reason = cause.reason(&id);
        let name = "SERVICE_DEPLOYMENT_FAILED";
        saying::act_undrawn(world, arn, "ERROR", name, json!({ "reason": reason }));
    }
    if let (Breaker::RollsBack, Some(back_to)) = (breaker, back_to) {
        roll_back(world, arn, &release, &back_to, cause);
    }
}

/// With nothing COMPLETED to go back to, no new tasks are launched and the deployment stalls.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
// A service deployment that had none was seen as ROLLBACK_FAILED too; so was one that somebody stopped.
fn stall(world: &mut World, arn: &str, cause: Cause) {
    let now = world.now;
    let ends = world.ecs.ends_without_candidate || cause == Cause::Stopped;
    let Some(service) = world.ecs.services.get_mut(arn) else {
        return;
    };
    let Some(primary) = service.primary_mut() else {
        return;
    };
    primary.stalled = true;
    let release = primary.release.clone();
    let counts = render::revision_counts(service);
    let Some(release) = service.release_mut(&release) else {
        return;
    };
    let rolls_back = release.rollback.is_some();
    if !rolls_back {
        release.tripped = cause == Cause::Breaker;
        release.updated_at = now;
    }
    if release.is_open() && (ends || rolls_back) {
        release.end(now, "ROLLBACK_FAILED", Some(NO_CANDIDATE.to_owned()));
        release.counts = counts;
    }
}

/// Goes back to what was COMPLETED last: a new deployment with a new id takes that one's place and
/// tasks, and nothing is COMPLETED until it is.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
fn roll_back(world: &mut World, arn: &str, release: &str, back_to: &Completed, cause: Cause) {
    let (now, id) = (world.now, fresh_id(world));
    let opened = Opened {
        release: release.to_owned(),
        revision: back_to.revision.clone(),
    };
    let mut fresh = deployment(world, &id, &back_to.task_definition, opened);
    fresh.reason = cause.rolling_back(&back_to.id);
    let Some(service) = world.ecs.services.get_mut(arn) else {
        return;
    };
    adopt(service, &back_to.id, &id);
    if let Some(release) = service.release_mut(release) {
        let reason = cause.status_reason(true);
        release.rollback = Some((now, reason, back_to.revision.clone()));
        release.status = "ROLLBACK_IN_PROGRESS";
        release.finished_at = None;
        release.stopped_at = None;
        release.counts.clear();
    }
    service.deployments.insert(0, fresh);
    service.last_completed = None;
    service.steady = false;
    world.note(&Actor::Aws, arn, What::Deployment { id: id.clone() });
    tell(world, arn, &id);
    let text = format!("rolling back to deployment {}.", back_to.id);
    saying::say(world, arn, &text);
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

/// Somebody's request to stop a service deployment is carried out.
pub(super) fn stop(world: &mut World, arn: &str, release: &str) {
    let Some(service) = world.ecs.services.get_mut(arn) else {
        return;
    };
    let primary = service.primary().map(|primary| primary.release.clone());
    if primary.as_deref() != Some(release) {
        return;
    }
    let status = service.release_mut(release).map(|release| release.status);
    match status {
        Some("ROLLBACK_REQUESTED") => fail(world, arn, Cause::Stopped, Breaker::RollsBack),
        Some("STOP_REQUESTED") => fail(world, arn, Cause::Stopped, Breaker::Fails),
        _ => {}
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
