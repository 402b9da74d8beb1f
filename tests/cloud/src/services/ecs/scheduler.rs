//! The service scheduler: it brings a service to its desired count, replaces what fails, and stops
//! the tasks of the deployment before as those of the next one run well.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::{
    call::Actor,
    services::{
        autoscaling, codedeploy,
        ecs::{
            Controller, Flaw, Happening, Last, Rollout, Service, Status, alarms, history, rollout,
            saying,
            tasks::{self, Start},
        },
    },
    world::{What, World},
};

/// Asks the scheduler to look at a service, which takes it a second or two.
pub(super) fn look_soon(world: &mut World, service: &str) {
    let happening = Happening::Reconcile {
        service: service.to_owned(),
    };
    world.after(1..=2, happening);
}

/// Sets the desired count. This begins no deployment.
// "This parameter doesn't trigger a new service deployment."
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html
pub(super) fn count(world: &mut World, by: &Actor, arn: &str, desired: u32) {
    let Some(service) = world.ecs.services.get_mut(arn) else {
        return;
    };
    let from = service.desired;
    if from == desired || service.status != Status::Active {
        return;
    }
    service.desired = desired;
    service.steady = false;
    let resource_id = service.resource_id();
    world.note(by, arn, What::Count { from, to: desired });
    look_soon(world, arn);
    autoscaling::consider(world, &resource_id);
}

/// What the scheduler has decided.
#[derive(Debug, Default)]
struct Decision {
    /// Tasks to stop, with the deployment that they belong to.
    stop: Vec<(String, String)>,
    /// How many to start, for which deployment and of which task definition.
    start: Vec<(u32, String, String)>,
    /// When to look again, as starting is held back.
    again: Option<Timestamp>,
}

/// Looks at a service and does what brings it nearer to what is asked for.
pub(super) fn reconcile(world: &mut World, arn: &str) {
    let Some(service) = world.ecs.services.get(arn) else {
        return;
    };
    match service.status {
        Status::Inactive => return,
        Status::Draining => return drain(world, arn),
        Status::Active => {}
    }
    let now = world.now;
    if let Some(service) = world.ecs.services.get_mut(arn) {
        history::take_up(service, now);
    }
    let Some(service) = world.ecs.services.get(arn) else {
        return;
    };
    let decision = decide(service, now);
    let reason =
        |deployment: &str| format!("Scaling activity initiated by (deployment {deployment})");
    for (task, deployment) in &decision.stop {
        let reason = reason(deployment);
        tasks::stop(world, Some(arn), task, "ServiceSchedulerInitiated", &reason);
    }
    let stopped = decision.stop.iter().map(|(task, _)| task.as_str());
    let stopped: Vec<&str> = stopped.collect();
    saying::tasks(world, arn, ["stopped", " running"], &stopped);
    for (count, deployment, definition) in decision.start {
        start(world, arn, count, &deployment, &definition);
    }
    if let Some(at) = decision.again {
        let service = arn.to_owned();
        world.at(at, Happening::Reconcile { service });
    }
    let Some(service) = world.ecs.services.get_mut(arn) else {
        return;
    };
    if service.desired == 0 && service.is_rolling_out() {
        rollout::complete(world, arn);
    }
    watch(world, arn);
}

/// The deployment that tasks are started for: the PRIMARY one; when that has FAILED and nothing
/// rolls it back, what was COMPLETED before keeps its place.
// "A deployment in FAILED state doesn't launch any new tasks."
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Deployment.html
// That the earlier one is kept up meanwhile is a guess: no document tells.
fn launching(service: &Service) -> Option<&super::Deployment> {
    let primary = service.primary()?;
    if primary.rollout == Rollout::Failed {
        let completed = service.last_completed.as_ref()?;
        let mut deployments = service.deployments.iter();
        return deployments.find(|one| one.id == completed.id);
    }
    Some(primary).filter(|primary| !primary.stalled)
}

fn decide(service: &Service, now: Timestamp) -> Decision {
    if service.controller == Controller::CodeDeploy && service.deployments.len() > 1 {
        return decide_sets(service, now);
    }
    let desired = usize::try_from(service.desired).unwrap_or(usize::MAX);
    let launching = launching(service);
    let id = launching.map(|deployment| deployment.id.as_str());
    let wanted = service.tasks.iter().filter(|task| task.wanted);
    let (mut mine, mut others): (Vec<_>, Vec<_>) =
        wanted.partition(|task| id.is_some() && task.deployment.as_deref() == id);
    let mut decision = Decision::default();
    let mut stop = |task: &super::Task| {
        let deployment = task.deployment.clone().unwrap_or_default();
        decision.stop.push((task.arn.clone(), deployment));
    };
    // What does not run yet goes first, then the youngest.
    for tasks in [&mut mine, &mut others] {
        tasks.sort_by_key(|task| (task.last != Last::Running, task.created_at));
    }
    let well = mine.iter().filter(|task| task.settled).count();
    // A minimum healthy percent of 100, the default of a rolling update.
    // https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html
    for task in others.iter().skip(desired.saturating_sub(well)) {
        stop(task);
    }
    for task in mine.iter().skip(desired) {
        stop(task);
    }
    if let Some(deployment) = launching
        && mine.len() < desired
    {
        let missing = u32::try_from(desired - mine.len()).unwrap_or(u32::MAX);
        match deployment.next_start {
            Some(at) if at > now => decision.again = Some(at),
            _ => decision.start.push((
                missing,
                deployment.id.clone(),
                deployment.task_definition.clone(),
            )),
        }
    }
    decision
}

/// Two task sets side by side: each has as many tasks as the service, and the tasks of none that is left
/// are stopped.
fn decide_sets(service: &Service, now: Timestamp) -> Decision {
    let desired = usize::try_from(service.desired).unwrap_or(usize::MAX);
    let mut decision = Decision::default();
    for set in &service.deployments {
        let of_it = |task: &&super::Task| task.wanted && task.deployment.as_ref() == Some(&set.id);
        let mut mine: Vec<_> = service.tasks.iter().filter(of_it).collect();
        mine.sort_by_key(|task| (task.last != Last::Running, task.created_at));
        for task in mine.iter().skip(desired) {
            decision.stop.push((task.arn.clone(), set.id.clone()));
        }
        let missing = u32::try_from(desired.saturating_sub(mine.len())).unwrap_or(u32::MAX);
        match set.next_start {
            _ if missing == 0 => {}
            Some(at) if at > now => decision.again = Some(decision.again.unwrap_or(at).min(at)),
            _ => {
                let definition = set.task_definition.clone();
                decision.start.push((missing, set.id.clone(), definition));
            }
        }
    }
    decision
}

fn start(world: &mut World, arn: &str, count: u32, deployment: &str, definition: &str) {
    let Some(definition) = world.ecs.definition(definition).cloned() else {
        return;
    };
    let service = world.ecs.services.get(arn);
    let of_it = service.and_then(|one| one.deployments.iter().find(|one| one.id == deployment));
    let revision = of_it.map_or_else(String::new, |one| one.revision.clone());
    let pins = history::pins(world, arn, &revision);
    let Some(service) = world.ecs.services.get(arn) else {
        return;
    };
    let start = Start {
        pins,
        subnet: subnet_of(service),
        owner: Some(arn.to_owned()),
        cluster: service.cluster.clone(),
        group: format!("service:{}", service.name),
        started_by: Some(deployment.to_owned()),
        deployment: Some(deployment.to_owned()),
        overrides: json!({ "containerOverrides": [] }),
        health_checked: service.health_checked,
        load_balanced: service.load_balanced,
        ..Start::default()
    };
    let started: Vec<String> = (0..count)
        .map(|_| tasks::start(world, &definition, start.clone()))
        .collect();
    let started: Vec<&str> = started.iter().map(String::as_str).collect();
    saying::tasks(world, arn, ["started", ""], &started);
}

/// The first of the subnets that a service was given.
pub(super) fn subnet_of(service: &Service) -> Option<String> {
    let subnets = service.network.pointer("/awsvpcConfiguration/subnets")?;
    Some(subnets.get(0)?.as_str()?.to_owned())
}

/// Whether a service is as it should be, its deployment apart.
fn is_as_asked(service: &Service) -> bool {
    let Some(deployment) = launching(service) else {
        return false;
    };
    let mut wanted = service.tasks.iter().filter(|task| task.wanted);
    let desired = usize::try_from(service.desired).unwrap_or(usize::MAX);
    wanted.clone().count() == desired
        && wanted
            .all(|task| task.settled && task.deployment.as_deref() == Some(deployment.id.as_str()))
}

/// Sees to it that a service that is as it should be becomes steady after a while.
fn watch(world: &mut World, arn: &str) {
    let seconds = world.timings.steady.clone();
    let Some(service) = world.ecs.services.get_mut(arn) else {
        return;
    };
    if service.steady || service.steady_due || !is_as_asked(service) {
        return;
    }
    service.steady_due = true;
    let service = arn.to_owned();
    world.after(seconds, Happening::Steady { service });
}

/// A service has been as it should be for a while: a deployment under way is COMPLETED.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service_events.html
pub(super) fn steady(world: &mut World, arn: &str) {
    let now = world.now;
    let Some(service) = world.ecs.services.get_mut(arn) else {
        return;
    };
    service.steady_due = false;
    if service.status != Status::Active || service.steady || !is_as_asked(service) {
        return;
    }
    service.steady = true;
    if service.is_rolling_out() {
        match alarms::bakes_until(service, now) {
            Some(at) => {
                let primary = service.primary();
                let deployment = primary.map_or_else(String::new, |primary| primary.id.clone());
                let service = arn.to_owned();
                world.at(
                    at,
                    Happening::Baked {
                        service,
                        deployment,
                    },
                );
            }
            None => rollout::complete(world, arn),
        }
    }
    saying::say(world, arn, "has reached a steady state.");
    saying::act(world, arn, "INFO", "SERVICE_STEADY_STATE");
}

/// A deployment has waited for its alarms: it is COMPLETED, unless it ended otherwise or its tasks no
/// longer run well.
pub(super) fn baked(world: &mut World, arn: &str, deployment: &str) {
    let Some(service) = world.ecs.services.get(arn) else {
        return;
    };
    let is_it = service.primary().is_some_and(|one| one.id == deployment);
    if is_it && service.steady && service.is_rolling_out() {
        rollout::complete(world, arn);
    }
}

/// A task of a deployment has run well.
// "Once a service deployment has one or more successfully running tasks, the failed task count
// resets to zero." https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Deployment.html
pub(super) fn settled(world: &mut World, arn: &str, deployment: Option<&str>) {
    let Some(service) = world.ecs.services.get_mut(arn) else {
        return;
    };
    let threshold = rollout::threshold(service.desired);
    let mut counted = None;
    let deployments = service.deployments.iter_mut();
    for one in deployments.filter(|one| Some(one.id.as_str()) == deployment) {
        one.failed_tasks = 0;
        one.failed_starts = 0;
        one.next_start = None;
        counted = Some((one.release.clone(), 0));
    }
    count_failures(service, counted, threshold);
    if service.controller == Controller::CodeDeploy && service.deployments.len() > 1 {
        codedeploy::look(world, arn);
    }
}

/// A task of a deployment has failed.
pub(super) fn failed(
    world: &mut World,
    arn: &str,
    deployment: Option<&str>,
    started: bool,
    flaw: Option<&Flaw>,
) {
    let now = world.now;
    let Some(service) = world.ecs.services.get_mut(arn) else {
        return;
    };
    service.steady = false;
    let pulls = flaw.is_some_and(Flaw::is_pull);
    let most = service.pulls_counted.filter(|_| pulls).unwrap_or(u32::MAX);
    let threshold = rollout::threshold(service.desired);
    let mut impaired = false;
    let mut counted = None;
    let deployments = service.deployments.iter_mut();
    for one in deployments.filter(|one| Some(one.id.as_str()) == deployment) {
        one.failed_tasks = (one.failed_tasks + 1).min(most.max(one.failed_tasks));
        counted = Some((one.release.clone(), one.failed_tasks));
        if !started {
            one.failed_starts += 1;
            impaired = one.failed_starts == 3;
            one.next_start = now.saturating_add(hold_back(one.failed_starts)).ok();
        }
    }
    count_failures(service, counted, threshold);
    if impaired {
        saying::say(
            world,
            arn,
            "is unable to consistently start tasks successfully.",
        );
        saying::act(world, arn, "WARN", "SERVICE_TASK_START_IMPAIRED");
    }
    rollout::judge(world, arn);
    look_soon(world, arn);
}

/// Keeps what the circuit breaker has counted in the service deployment, but not what it counts of the
/// way back.
fn count_failures(service: &mut Service, counted: Option<(String, u32)>, threshold: u32) {
    if let Some((release, failures)) = counted
        && let Some(release) = service.release_mut(&release)
        && release.is_open()
        && release.rollback.is_none()
    {
        release.failures = failures;
        release.threshold = threshold;
    }
}

/// How long no task is started after so many that never ran: longer each time, up to 27 minutes.
/// Tasks that stop after they were RUNNING hold nothing back.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-throttle-logic.html; the
// steps between are not documented.
fn hold_back(failures: u32) -> SignedDuration {
    let seconds = 10_i64.saturating_mul(1 << failures.min(10));
    SignedDuration::from_secs(seconds.min(27 * 60))
}

/// Lets go of a service that was deleted.
// "After all tasks have transitioned to either STOPPING or STOPPED status, the service status moves
// from DRAINING to INACTIVE." https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteService.html
pub(super) fn drain(world: &mut World, arn: &str) {
    let Some(service) = world.ecs.services.get(arn) else {
        return;
    };
    let tasks = service.tasks.iter().filter(|task| task.wanted);
    let wanted: Vec<String> = tasks.map(|task| task.arn.clone()).collect();
    for task in wanted {
        let reason = "Scaling activity initiated by the deletion of the service";
        tasks::stop(world, Some(arn), &task, "ServiceSchedulerInitiated", reason);
    }
    let now = world.now;
    if let Some(service) = world.ecs.services.get_mut(arn) {
        let gone = |task: &super::Task| matches!(task.last, Last::Stopping | Last::Stopped);
        if service.tasks.iter().all(gone) {
            service.status = Status::Inactive;
            service.deleted_at = Some(now);
        } else {
            look_soon(world, arn);
        }
    }
}
