//! How a task ends by itself, by its fate or by what is wrong with it, and what its containers and its
//! service say of it.

use serde_json::{Value, json};

use crate::{
    services::ecs::{
        Fate, Task, containers,
        flaws::{self, End, Kind},
        saying, scheduler, tasks,
    },
    world::World,
};

/// What the containers of a task that does not crash write when they are up.
pub(super) fn listens(world: &mut World, owner: Option<&str>, arn: &str, fate: Fate) {
    let Some(task) = world.ecs.task_mut(owner, arn) else {
        return;
    };
    let containers = task.containers.iter().filter(|one| one.log.is_some());
    let containers: Vec<_> = containers.cloned().collect();
    let flaw = task.flaw.clone();
    let flawed = flaw.as_ref().map(|flaw| flaw.place(&task.containers));
    let flawed = flawed.and_then(|place| task.containers.get(place));
    let flawed = flawed.map(|container| container.name.clone());
    if containers.is_empty() || fate == Fate::Crashes {
        return;
    }
    let now = world.now;
    for container in containers {
        let lines = match &flaw {
            Some(flaw) if flawed.as_ref() == Some(&container.name) && !flaw.lines.is_empty() => {
                flaw.lines.clone()
            }
            _ => container
                .port
                .map(|port| format!("listening on port {port}"))
                .into_iter()
                .collect(),
        };
        containers::say(world, &container, now, &lines);
    }
}

pub(super) fn fails(world: &mut World, owner: Option<&str>, arn: &str) {
    let Some(task) = world.ecs.task_mut(owner, arn) else {
        return;
    };
    let (deployment, started) = (task.deployment.clone(), task.started_at.is_some());
    let (task, fate) = (task.clone(), task.fate);
    let essential = "Essential container in task exited";
    match (ending(world, owner, &task), fate) {
        (Some(end), _) => ends(world, owner, &task, end),
        (None, Fate::FailsToStart) => {
            let reason = "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref";
            let end = End::NeverRan {
                reason: reason.to_owned(),
                told_by_container: true,
            };
            ends(world, owner, &task, end);
        }
        (None, Fate::Unhealthy) => {
            let reason = "Task failed container health checks";
            ends(world, owner, &task, End::Replaced(reason.to_owned()));
        }
        (None, Fate::Crashes | Fate::Healthy) => {
            if let Some(task) = world.ecs.task_mut(owner, arn) {
                task.ends_with(0, 1, None);
            }
            tasks::exits(world, owner, arn, "EssentialContainerExited", essential);
        }
    }
    if let Some(owner) = owner {
        let flaw = task.flaw.as_ref();
        scheduler::failed(world, owner, deployment.as_deref(), started, flaw);
    }
}

/// How a task with a flaw ends.
fn ending(world: &World, owner: Option<&str>, task: &Task) -> Option<End> {
    let flaw = task.flaw.as_ref()?;
    let service = owner.and_then(|owner| world.ecs.services.get(owner));
    let registered = service.and_then(|service| service.registered(task));
    Some(flaws::end(flaw, task, registered.map(|(group, _)| group)))
}

/// Lets a task end as it must, and the service's events tell of it.
fn ends(world: &mut World, owner: Option<&str>, task: &Task, end: End) {
    let arn = task.arn.as_str();
    let place = task
        .flaw
        .as_ref()
        .map_or(0, |flaw| flaw.place(&task.containers));
    match end {
        End::NeverRan {
            reason,
            told_by_container,
        } => {
            let no_capacity = matches!(
                task.flaw.as_ref().map(|flaw| &flaw.kind),
                Some(Kind::NoCapacity)
            );
            if let Some(task) = world.ecs.task_mut(owner, arn) {
                if told_by_container && let Some(container) = task.containers.get_mut(place) {
                    container.reason = Some(reason.clone());
                }
                // Tasks that never had a place were seen without containers.
                if no_capacity {
                    task.containers.clear();
                }
            }
            tasks::exits(world, owner, arn, "TaskFailedToStart", &reason);
            if let Some(owner) = owner {
                // https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html
                let text = reason.trim_end_matches('.');
                saying::say(
                    world,
                    owner,
                    &format!("was unable to place a task. Reason: {text}."),
                );
                if no_capacity {
                    let name = "SERVICE_TASK_PLACEMENT_FAILURE";
                    let more = json!({ "reason": "RESOURCE:FARGATE" });
                    saying::act_undrawn(world, owner, "ERROR", name, more);
                }
            }
        }
        End::Exited { code, reason } => {
            if let Some(task) = world.ecs.task_mut(owner, arn) {
                task.ends_with(place, code, reason.as_deref());
            }
            last_words(world, task, place);
            let reason = "Essential container in task exited";
            tasks::exits(world, owner, arn, "EssentialContainerExited", reason);
        }
        End::Replaced(reason) => {
            if let Some(owner) = owner {
                unhealthy(world, owner, task);
            }
            tasks::stop(world, owner, arn, "ServiceSchedulerInitiated", &reason);
        }
    }
}

/// What a container writes before it dies.
fn last_words(world: &mut World, task: &Task, place: usize) {
    let (Some(flaw), Some(container)) = (&task.flaw, task.containers.get(place)) else {
        return;
    };
    let definition = world.ecs.definition(&task.task_definition);
    let of_it = definition.and_then(|one| {
        let mut containers = one.containers.iter();
        containers.find(|one| one.get("name").and_then(Value::as_str) == Some(&container.name))
    });
    let part = |name: &str| {
        let first = of_it?.get(name)?.get(0)?.as_str()?;
        Some(first.to_owned())
    };
    let entry = part("entryPoint").or_else(|| part("command"));
    let lines = flaws::last_lines(flaw, entry.as_deref());
    let now = world.now;
    containers::say(world, container, now, &lines);
}

/// What a service's events say of a task that fails its health checks.
fn unhealthy(world: &mut World, owner: &str, task: &Task) {
    let id = task.id();
    let text = match task.flaw.as_ref().map(|flaw| &flaw.kind) {
        Some(Kind::TargetUnhealthy(trouble)) => {
            let service = world.ecs.services.get(owner);
            let Some((group, port)) = service.and_then(|service| service.registered(task)) else {
                return;
            };
            let why = trouble.text();
            // https://docs.aws.amazon.com/AmazonECS/latest/developerguide/troubleshoot-service-load-balancers.html
            format!(
                "(task {id}) (port {port}) is unhealthy in (target-group {group}) due to (reason {why})."
            )
        }
        _ => format!("(task {id}) failed container health checks."),
    };
    saying::say(world, owner, &text);
}
