//! Operations on tasks and task definitions.

use serde_json::{Map, Value, json};

use crate::{
    call::{Call, Fault, Outcome},
    services::ecs::{
        Ecs, Fate, Service, Task, TaskDefinition,
        api::{includes_tags, listed, page, tags_of},
        harness,
        refer::{self, invalid},
        render, scheduler,
        tasks::{self, Start},
    },
    world::{What, World},
};

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html>
pub(super) fn run(world: &mut World, call: &Call) -> Outcome {
    let cluster = world.ecs.cluster(call.text("cluster"))?;
    let given = call.text("taskDefinition").unwrap_or_default();
    let definition = world.ecs.find_definition(given).cloned();
    let definition =
        definition.ok_or_else(|| Fault::client("ClientException", "TaskDefinition not found."))?;
    // "You can specify up to 10 tasks for each call."
    let count = call.number("count").unwrap_or(1);
    if !(1..=10).contains(&count) {
        return Err(invalid("Count must be between 1 and 10."));
    }
    let group = call.text("group").map(ToOwned::to_owned);
    let overrides = call.input.get("overrides").cloned();
    let start = Start {
        cluster,
        group: group.unwrap_or_else(|| format!("family:{}", definition.family)),
        started_by: call.text("startedBy").map(ToOwned::to_owned),
        tags: tags_of(call),
        overrides: overrides.unwrap_or_else(|| json!({ "containerOverrides": [] })),
        ..Start::default()
    };
    let mut shown = Vec::new();
    for _ in 0..count {
        let arn = tasks::start(world, &definition, start.clone());
        world.note(&call.actor, arn.clone(), What::Created);
        shown.extend(world.ecs.task(&arn).map(|task| show(task, true)));
    }
    Ok(json!({ "tasks": shown, "failures": [] }))
}

fn show(task: &Task, with_tags: bool) -> Value {
    render::task(task, render::epoch, with_tags)
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_StopTask.html>
pub(super) fn stop(world: &mut World, call: &Call) -> Outcome {
    let cluster = world.ecs.cluster(call.text("cluster"))?;
    let given = call.text("task").unwrap_or_default();
    let arn = Ecs::within("task", &cluster, given)?;
    let reason = call.text("reason").unwrap_or("Task stopped by user");
    let has = |service: &&Service| service.tasks.iter().any(|task| task.arn == arn);
    let owner = world.ecs.services().find(has);
    let owner = owner.map(|service| service.arn.clone());
    if world.ecs.task(&arn).is_none() {
        return Err(invalid("The referenced task was not found."));
    }
    tasks::stop(world, owner.as_deref(), &arn, "UserInitiated", reason);
    world.note(&call.actor, arn.clone(), What::Deleted);
    if let Some(owner) = owner {
        scheduler::look_soon(world, &owner);
    }
    let task = world.ecs.task(&arn).map(|task| show(task, true));
    Ok(json!({ "task": task }))
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTasks.html>
pub(super) fn describe(world: &mut World, call: &Call) -> Outcome {
    let cluster = world.ecs.cluster(call.text("cluster"))?;
    let named = call.texts("tasks");
    if named.is_empty() {
        return Err(invalid("Tasks cannot be empty."));
    }
    // "A list of up to 100 task IDs or full ARN entries."
    if named.len() > 100 {
        return Err(invalid("Tasks cannot have more than 100 elements."));
    }
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for given in &named {
        let arn = Ecs::within("task", &cluster, given)?;
        let task = world.ecs.task(&arn);
        match task.filter(|task| Ecs::shows(task, world.now)) {
            Some(task) => found.push(show(task, includes_tags(call))),
            None => failures.push(json!({ "arn": arn, "reason": "MISSING" })),
        }
    }
    Ok(json!({ "tasks": found, "failures": failures }))
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListTasks.html>
pub(super) fn list(world: &mut World, call: &Call) -> Outcome {
    let cluster = world.ecs.cluster(call.text("cluster"))?;
    let service = call.text("serviceName");
    if let Some(service) = service
        && world
            .ecs
            .service(&Ecs::within("service", &cluster, service)?)
            .is_none()
    {
        return Err(Fault::client(
            "ServiceNotFoundException",
            "Service not found.",
        ));
    }
    let group = service.map(|service| format!("service:{}", refer::name_of(service)));
    let family = call.text("family").map(|family| format!("/{family}:"));
    let started_by = call.text("startedBy");
    // "Although you can filter results based on a desired status of PENDING, this doesn't return any
    // results."
    let status = call.text("desiredStatus").unwrap_or("RUNNING");
    let asked = |task: &&Task| {
        task.cluster == cluster
            && Ecs::shows(task, world.now)
            && status == if task.wanted { "RUNNING" } else { "STOPPED" }
            && group.as_ref().is_none_or(|group| *group == task.group)
            && family
                .as_ref()
                .is_none_or(|family| task.task_definition.contains(family.as_str()))
            && started_by.is_none_or(|by| task.started_by.as_deref() == Some(by))
    };
    let tasks = world.ecs.tasks().filter(asked);
    let mut arns: Vec<String> = tasks.map(|task| task.arn.clone()).collect();
    arns.sort();
    let (arns, token) = page(arns, call, 100)?;
    Ok(listed("taskArns", &arns, token))
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html>
pub(super) fn register(world: &mut World, call: &Call) -> Outcome {
    let family = call.text("family").unwrap_or_default().to_owned();
    let containers = call.input.get("containerDefinitions");
    let containers = containers.and_then(Value::as_array).cloned();
    let containers = containers.unwrap_or_default();
    if family.is_empty() || containers.is_empty() {
        return Err(Fault::client(
            "ClientException",
            "Family and container definitions should not be empty.",
        ));
    }
    let architecture = call.input.pointer("/runtimePlatform/cpuArchitecture");
    let units = |name: &str, unless_given| {
        let units = call
            .number(name)
            .and_then(|units| u32::try_from(units).ok());
        units.unwrap_or(unless_given)
    };
    let definition = TaskDefinition {
        arn: String::new(),
        family: String::new(),
        revision: 0,
        cpu: units("cpu", 256),
        memory: units("memory", 512),
        arm: architecture.and_then(Value::as_str) == Some("ARM64"),
        containers,
        more: more_of(call),
        fate: Fate::Healthy,
        tags: tags_of(call),
        registered_at: world.now,
    };
    let arn = harness::register(world, &family, definition);
    world.note(&call.actor, arn.clone(), What::Created);
    Ok(defined(world.ecs.definition(&arn)))
}

/// What else a task definition is registered with.
fn more_of(call: &Call) -> Map<String, Value> {
    let names = [
        "taskRoleArn",
        "executionRoleArn",
        "networkMode",
        "requiresCompatibilities",
        "volumes",
        "ephemeralStorage",
        "runtimePlatform",
    ];
    let given = names.iter().filter_map(|name| {
        let value = call.input.get(*name).filter(|value| !value.is_null())?;
        Some(((*name).to_owned(), value.clone()))
    });
    given.collect()
}

fn defined(definition: Option<&TaskDefinition>) -> Value {
    json!({
        "taskDefinition": definition.map(render::definition),
        "tags": definition.map_or_else(|| json!([]), |one| render::tags(&one.tags)),
    })
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTaskDefinition.html>
pub(super) fn describe_definition(world: &mut World, call: &Call) -> Outcome {
    let given = call.text("taskDefinition").unwrap_or_default();
    let definition = world.ecs.find_definition(given);
    let definition = definition
        .ok_or_else(|| Fault::client("ClientException", "Unable to describe task definition."))?;
    let mut answer = defined(Some(definition));
    if !includes_tags(call) {
        answer["tags"] = json!([]);
    }
    Ok(answer)
}
