//! The life of a task, from PROVISIONING to STOPPED, each change of which is an event.

use std::ops::RangeInclusive;

use jiff::SignedDuration;
use serde_json::Value;

use crate::{
    call::Tags,
    load,
    services::{
        ecs::{
            Fate, Flaw, Happening, Health, Last, Pinned, Step, Task, TaskDefinition, containers,
            ending,
            flaws::{self, Kind},
            refer, render, scheduler,
        },
        events,
    },
    world::World,
};

/// From RUNNING to having run well, in seconds: a health check's interval or two.
const SETTLES: RangeInclusive<u64> = 5..=30;
/// From RUNNING to the exit of a container that crashes.
const CRASHES: RangeInclusive<u64> = 2..=30;
/// From RUNNING to UNHEALTHY: the retries of a health check. <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_HealthCheck.html>
const FAILS_HEALTH_CHECK: RangeInclusive<u64> = 60..=150;
/// From UNHEALTHY to being replaced.
const IS_REPLACED: RangeInclusive<u64> = 20..=90;
/// From the exit of its containers to STOPPED: its network interface is detached.
const IS_CLEANED_UP: RangeInclusive<u64> = 1..=10;

/// What a new task is started for.
#[derive(Clone, Debug, Default)]
pub(super) struct Start {
    /// The ARN of the service.
    pub(super) owner: Option<String>,
    pub(super) cluster: String,
    pub(super) group: String,
    pub(super) started_by: Option<String>,
    pub(super) deployment: Option<String>,
    pub(super) tags: Tags,
    pub(super) overrides: Value,
    pub(super) lasting: Option<RangeInclusive<u64>>,
    pub(super) health_checked: bool,
    pub(super) load_balanced: bool,
    /// The subnet for its network interface.
    pub(super) subnet: Option<String>,
    /// The images of its containers, as they were resolved for its deployment.
    pub(super) pins: Vec<Pinned>,
}

/// A task that was just made, not yet on the agenda.
pub(super) fn made(world: &mut World, definition: &TaskDefinition, start: Start) -> Task {
    let id = world.id(32);
    let containers = containers::made(definition, &id, &start.pins);
    let flaw = flaws::met(world, start.owner.as_deref(), definition, &containers);
    let role = definition.more.get("executionRoleArn");
    let role = role.and_then(Value::as_str).map(refer::name_of);
    Task {
        arn: refer::arn(&format!("task/{}/{id}", start.cluster)),
        task_definition: definition.arn.clone(),
        group: start.group,
        started_by: start.started_by,
        wanted: true,
        last: Last::Provisioning,
        health: Health::Unknown,
        tags: start.tags,
        overrides: start.overrides,
        cpu: definition.cpu,
        memory: definition.memory,
        arm: definition.arm,
        containers,
        created_at: world.now,
        started_at: None,
        stopping_at: None,
        stopped_at: None,
        stop_code: None,
        stopped_reason: None,
        version: 1,
        fate: flaw.as_ref().map_or(definition.fate, Flaw::fate),
        flaw,
        subnet: start.subnet,
        execution_role: role.unwrap_or("ecsTaskExecutionRole").to_owned(),
        lasting: start.lasting,
        deployment: start.deployment,
        settled: false,
        health_checked: start.health_checked,
        load_balanced: start.load_balanced,
        cluster: start.cluster,
    }
}

/// Starts a task; answers its ARN.
pub(super) fn start(world: &mut World, definition: &TaskDefinition, start: Start) -> String {
    let owner = start.owner.clone();
    let task = made(world, definition, start);
    let arn = task.arn.clone();
    let service = owner
        .as_ref()
        .and_then(|owner| world.ecs.services.get_mut(owner));
    match service {
        Some(service) => service.tasks.push(task),
        None => world.ecs.loose.push(task),
    }
    tell(world, owner.as_deref(), &arn);
    let seconds = world.random.u64(world.timings.task_start.clone());
    soon(world, owner.as_deref(), &arn, seconds / 4, Step::Pending);
    soon(world, owner.as_deref(), &arn, seconds, Step::Running);
    arn
}

fn soon(world: &mut World, owner: Option<&str>, task: &str, seconds: u64, step: Step) {
    let happening = Happening::Task {
        owner: owner.map(ToOwned::to_owned),
        task: task.to_owned(),
        step,
    };
    world.after(seconds..=seconds, happening);
}

fn within(
    world: &mut World,
    owner: Option<&str>,
    task: &str,
    seconds: RangeInclusive<u64>,
    step: Step,
) {
    let seconds = world.random.u64(seconds);
    soon(world, owner, task, seconds, step);
}

/// Emits an ECS Task State Change.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_task_events.html
fn tell(world: &mut World, owner: Option<&str>, arn: &str) {
    let Some(task) = world.ecs.task_mut(owner, arn) else {
        return;
    };
    let mut detail = render::task(task, render::iso, false);
    if let Some(detail) = detail.as_object_mut() {
        // Its health is not in the event.
        detail.remove("healthStatus");
    }
    events::emit(
        world,
        "aws.ecs",
        "ECS Task State Change",
        vec![arn.to_owned()],
        detail,
    );
}

/// Moves a task to a status and tells of it.
fn moves(world: &mut World, owner: Option<&str>, arn: &str, last: Last) {
    if let Some(task) = world.ecs.task_mut(owner, arn) {
        task.last = last;
        task.version += 1;
    }
    tell(world, owner, arn);
    if let Some(owner) = owner {
        load::tasks_changed(world, owner);
    }
}

/// Lets a task take a step, if it still can: one that was told to stop meanwhile starts no more.
pub(super) fn step(world: &mut World, owner: Option<&str>, arn: &str, step: Step) {
    let now = world.now;
    let Some(task) = world.ecs.task_mut(owner, arn) else {
        return;
    };
    let flaw = task.flaw.as_ref().map(|flaw| flaw.kind.clone());
    match (step, task.wanted, task.last) {
        (Step::Pending, true, Last::Provisioning) => match flaw {
            // Without capacity it ends soon, without a network interface only later.
            Some(Kind::NoCapacity) => ending::fails(world, owner, arn),
            Some(Kind::NoInterface) => {}
            _ => moves(world, owner, arn, Last::Pending),
        },
        (Step::Running, true, Last::Provisioning | Last::Pending) => runs(world, owner, arn),
        (Step::Settled, true, Last::Running) => settles(world, owner, arn),
        (Step::Unhealthy, true, Last::Running) => {
            if !matches!(flaw, Some(Kind::TargetUnhealthy(_))) {
                task.health = Health::Unhealthy;
            }
            within(world, owner, arn, IS_REPLACED, Step::Fails);
        }
        (Step::Fails, true, Last::Running) => ending::fails(world, owner, arn),
        (Step::Ends, true, Last::Running) => {
            task.ends_with(0, 0, None);
            let reason = "Essential container in task exited";
            exits(world, owner, arn, "EssentialContainerExited", reason);
        }
        (Step::Stopping, false, Last::Deactivating) => moves(world, owner, arn, Last::Stopping),
        (Step::Stopped, false, _) => {
            task.stopped_at = Some(now);
            // SIGTERM: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_task_events.html
            if task.started_at.is_some() {
                for container in &mut task.containers {
                    container.exit_code.get_or_insert(143);
                }
            }
            moves(world, owner, arn, Last::Stopped);
            prune(world);
            if let Some(owner) = owner {
                scheduler::reconcile(world, owner);
            }
        }
        _ => {}
    }
}

fn runs(world: &mut World, owner: Option<&str>, arn: &str) {
    let now = world.now;
    let Some(task) = world.ecs.task_mut(owner, arn) else {
        return;
    };
    let (fate, lasting) = (task.fate, task.lasting.clone());
    if fate == Fate::FailsToStart {
        return ending::fails(world, owner, arn);
    }
    task.started_at = Some(now);
    moves(world, owner, arn, Last::Running);
    ending::listens(world, owner, arn, fate);
    match fate {
        Fate::Crashes => within(world, owner, arn, CRASHES, Step::Fails),
        Fate::Unhealthy => within(world, owner, arn, FAILS_HEALTH_CHECK, Step::Unhealthy),
        Fate::Healthy | Fate::FailsToStart => {
            within(world, owner, arn, SETTLES, Step::Settled);
            if let Some(lasting) = lasting {
                within(world, owner, arn, lasting, Step::Ends);
            }
        }
    }
}

fn settles(world: &mut World, owner: Option<&str>, arn: &str) {
    let Some(task) = world.ecs.task_mut(owner, arn) else {
        return;
    };
    task.settled = true;
    if task.health_checked {
        task.health = Health::Healthy;
    }
    let deployment = task.deployment.clone();
    if let Some(owner) = owner {
        scheduler::settled(world, owner, deployment.as_deref());
        scheduler::reconcile(world, owner);
    }
}

/// A service whose task goes is not as it was.
fn unsteady(world: &mut World, owner: Option<&str>) {
    if let Some(service) = owner.and_then(|owner| world.ecs.services.get_mut(owner)) {
        service.steady = false;
    }
}

/// A task's containers are gone already; only the cleaning up is left.
pub(super) fn exits(
    world: &mut World,
    owner: Option<&str>,
    arn: &str,
    code: &'static str,
    reason: &str,
) {
    if let Some(task) = world.ecs.task_mut(owner, arn) {
        task.wanted = false;
        task.stopping_at = Some(world.now);
        task.stop_code = Some(code);
        task.stopped_reason = Some(reason.to_owned());
        unsteady(world, owner);
        moves(world, owner, arn, Last::Stopping);
        within(world, owner, arn, IS_CLEANED_UP, Step::Stopped);
    }
}

/// Tells a task to stop.
pub(super) fn stop(
    world: &mut World,
    owner: Option<&str>,
    arn: &str,
    code: &'static str,
    reason: &str,
) {
    let (now, grace) = (world.now, world.timings.task_stop.clone());
    let Some(task) = world.ecs.task_mut(owner, arn).filter(|task| task.wanted) else {
        return;
    };
    task.wanted = false;
    task.stopping_at = Some(now);
    task.stop_code = Some(code);
    task.stopped_reason = Some(reason.to_owned());
    let (ran, drains) = (task.last == Last::Running, task.load_balanced);
    unsteady(world, owner);
    if ran && drains {
        // A service's task is deregistered from its target group first.
        // https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html
        moves(world, owner, arn, Last::Deactivating);
        let seconds = world.random.u64(grace);
        soon(world, owner, arn, seconds / 2, Step::Stopping);
        soon(world, owner, arn, seconds, Step::Stopped);
    } else {
        moves(world, owner, arn, Last::Stopping);
        let seconds = if ran { grace } else { IS_CLEANED_UP };
        within(world, owner, arn, seconds, Step::Stopped);
    }
}

/// Forgets the tasks that nobody is told of any more.
fn prune(world: &mut World) {
    let old = world
        .now
        .saturating_sub(SignedDuration::from_mins(90))
        .unwrap_or(world.now);
    let kept = |task: &Task| task.stopped_at.is_none_or(|at| at > old);
    world.ecs.loose.retain(kept);
    for service in world.ecs.services.values_mut() {
        service.tasks.retain(kept);
    }
}
