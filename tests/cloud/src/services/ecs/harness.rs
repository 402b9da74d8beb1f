//! What a test does to ECS without a call: people, pipelines and Terraform do the same over the API.

use std::ops::RangeInclusive;

use serde_json::{Map, Value, json};

use crate::{
    call::{Actor, Tags},
    load,
    services::{
        autoscaling,
        ecs::{
            Balancer, Breaker, Fate, Health, Last, NewService, Rollout, Service, Status, Task,
            TaskDefinition, history, refer, rollout, scheduler,
            tasks::{self, Start},
        },
        elbv2,
    },
    world::{What, World},
};

/// Makes a cluster; answers its ARN.
pub fn create_cluster(world: &mut World, name: &str) -> String {
    world
        .ecs
        .clusters
        .entry(name.to_owned())
        .or_default()
        .inactive = false;
    refer::arn(&format!("cluster/{name}"))
}

/// Makes a service, and its cluster if there is none; answers its ARN.
pub fn create_service(world: &mut World, by: &Actor, new: NewService) -> String {
    create_cluster(world, &new.cluster);
    let containers = if new.containers.is_empty() {
        vec![container(&new.name)]
    } else {
        new.containers.clone()
    };
    let definition = register(
        world,
        &new.name,
        TaskDefinition {
            arn: String::new(),
            family: String::new(),
            revision: 0,
            cpu: new.cpu,
            memory: new.memory,
            arm: new.arm,
            containers,
            more: Map::new(),
            fate: new.fate,
            tags: Tags::new(),
            registered_at: world.now,
        },
    );
    put_service(world, by, new, &definition)
}

fn container(name: &str) -> Value {
    let image = format!("123456789012.dkr.ecr.ap-northeast-1.amazonaws.com/{name}:latest");
    json!({ "name": name, "image": image, "essential": true })
}

/// Registers the next revision of a family; answers its ARN.
pub(super) fn register(world: &mut World, family: &str, definition: TaskDefinition) -> String {
    let revisions = world.ecs.definitions.entry(family.to_owned()).or_default();
    let revision = revisions.len() + 1;
    let arn = refer::arn(&format!("task-definition/{family}:{revision}"));
    revisions.push(TaskDefinition {
        arn: arn.clone(),
        family: family.to_owned(),
        revision,
        registered_at: world.now,
        ..definition
    });
    arn
}

/// Makes a service of a task definition; answers its ARN.
pub(super) fn put_service(
    world: &mut World,
    by: &Actor,
    new: NewService,
    definition: &str,
) -> String {
    let arn = refer::service_arn(&new.cluster, &new.name);
    if let Some(old) = world.ecs.services.remove(&arn) {
        world.ecs.loose.extend(old.tasks);
    }
    let (steady, count) = (new.steady, new.desired);
    let balancers = balancers_of(world, &new, definition);
    let service = Service {
        arn: arn.clone(),
        cluster: new.cluster,
        name: new.name,
        status: Status::Active,
        desired: count,
        tags: new.tags,
        deployments: Vec::new(),
        releases: Vec::new(),
        revisions: Vec::new(),
        tasks: Vec::new(),
        controller: new.controller,
        daemon: new.daemon,
        breaker: new.breaker,
        alarms: new.alarms,
        load_balanced: new.load_balanced,
        balancers,
        grace: new.grace,
        network: new.network,
        health_checked: new.health_checked,
        created_at: world.now,
        events: Vec::new(),
        deleted_at: None,
        last_completed: None,
        pulls_counted: None,
        steady: false,
        steady_due: false,
    };
    world.ecs.services.insert(arn.clone(), service);
    world.note(by, arn.clone(), What::Created);
    rollout::begin(world, by, &arn, definition);
    if steady {
        settle(world, &arn);
    }
    load::tasks_changed(world, &arn);
    arn
}

/// The target groups of a service, which are made where there are none: one of the service's own name if
/// it is load balanced and none is said.
fn balancers_of(world: &mut World, new: &NewService, definition: &str) -> Vec<Balancer> {
    let mut balancers = new.balancers.clone();
    if balancers.is_empty() && new.load_balanced {
        let containers = world.ecs.definition(definition);
        let first = containers.and_then(|one| one.containers.first());
        let name = first
            .and_then(|one| one.get("name"))
            .and_then(Value::as_str);
        balancers.push(Balancer {
            group: elbv2::group_arn(&new.name),
            container: name.unwrap_or("app").to_owned(),
            port: 80,
        });
    }
    for balancer in &balancers {
        elbv2::stand(world, &balancer.group, balancer.port);
    }
    balancers
}

/// Lets a new service be as if it had run for long.
fn settle(world: &mut World, arn: &str) {
    let Some(service) = world.ecs.services.get(arn).cloned() else {
        return;
    };
    let Some(definition) = world.ecs.definition(service.task_definition()).cloned() else {
        return;
    };
    let deployment = service.primary().map(|deployment| deployment.id.clone());
    let revision = service.primary().map(|one| one.revision.clone());
    let start = Start {
        pins: history::pins(world, arn, &revision.unwrap_or_default()),
        subnet: scheduler::subnet_of(&service),
        owner: Some(arn.to_owned()),
        cluster: service.cluster.clone(),
        group: format!("service:{}", service.name),
        started_by: deployment.clone(),
        deployment,
        overrides: json!({ "containerOverrides": [] }),
        health_checked: service.health_checked,
        load_balanced: service.load_balanced,
        ..Start::default()
    };
    let made: Vec<Task> = (0..service.desired)
        .map(|_| Task {
            last: Last::Running,
            settled: true,
            flaw: None,
            fate: definition.fate,
            started_at: Some(world.now),
            health: if service.health_checked {
                Health::Healthy
            } else {
                Health::Unknown
            },
            ..tasks::made(world, &definition, start.clone())
        })
        .collect();
    if let Some(service) = world.ecs.services.get_mut(arn) {
        service.tasks = made;
        service.steady = true;
    }
    if service.is_rolling_out() {
        rollout::complete(world, arn);
    }
}

/// Sets a service's desired count. A service that there is not is left alone.
pub fn set_count(world: &mut World, by: &Actor, arn: &str, count: u32) {
    scheduler::count(world, by, arn, count);
}

/// Deploys a new revision of a service's task definition whose tasks have this fate; answers the
/// deployment's id. At count 0 it is COMPLETED at once. Empty if there is no such service.
pub fn deploy(world: &mut World, by: &Actor, arn: &str, fate: Fate) -> String {
    let current = world.ecs.service(arn).map(Service::task_definition);
    let current = current.and_then(|current| world.ecs.definition(current));
    let Some(current) = current.cloned() else {
        return String::new();
    };
    let family = current.family.clone();
    let definition = register(world, &family, TaskDefinition { fate, ..current });
    rollout::begin(world, by, arn, &definition)
}

/// Deploys a new revision of a service's task definition with these containers; answers the
/// deployment's id. Empty if there is no such service.
pub fn deploy_containers(
    world: &mut World,
    by: &Actor,
    arn: &str,
    containers: Vec<Value>,
) -> String {
    let current = world.ecs.service(arn).map(Service::task_definition);
    let current = current.and_then(|current| world.ecs.definition(current));
    let Some(current) = current.cloned() else {
        return String::new();
    };
    let family = current.family.clone();
    let fresh = TaskDefinition {
        containers,
        ..current
    };
    let definition = register(world, &family, fresh);
    rollout::begin(world, by, arn, &definition)
}

/// Deploys a service's task definition once more, as `--force-new-deployment` does: tags are resolved
/// anew. Answers the deployment's id; empty if there is no such service.
pub fn redeploy(world: &mut World, by: &Actor, arn: &str) -> String {
    let definition = world.ecs.service(arn).map(Service::task_definition);
    let Some(definition) = definition.map(ToOwned::to_owned) else {
        return String::new();
    };
    rollout::begin(world, by, arn, &definition)
}

/// Lets the circuit breaker of a service stop counting failed pulls of images at this many: such a
/// deployment was seen to stay `IN_PROGRESS` with two failed tasks for a quarter of an hour and more.
pub fn stall_pulls(world: &mut World, arn: &str, at: Option<u32>) {
    if let Some(service) = world.ecs.services.get_mut(arn) {
        service.pulls_counted = at;
    }
}

/// Changes what becomes of the tasks of a service's task definition that are started from now on:
/// an image that can no longer be pulled, a secret that no longer works.
pub fn set_fate(world: &mut World, arn: &str, fate: Fate) {
    let definition = world
        .ecs
        .service(arn)
        .map(|one| one.task_definition().to_owned());
    let definitions = world.ecs.definitions.values_mut().flatten();
    for one in definitions.filter(|one| Some(&one.arn) == definition.as_ref()) {
        one.fate = fate;
    }
}

/// Sets a service's circuit breaker.
pub fn set_breaker(world: &mut World, arn: &str, breaker: Breaker) {
    if let Some(service) = world.ecs.services.get_mut(arn) {
        service.breaker = breaker;
    }
}

/// Deletes a service, whatever runs.
pub fn delete_service(world: &mut World, by: &Actor, arn: &str) {
    let Some(service) = world.ecs.services.get_mut(arn) else {
        return;
    };
    if service.status != Status::Active {
        return;
    }
    service.status = Status::Draining;
    service.desired = 0;
    for deployment in &mut service.deployments {
        deployment.rollout = Rollout::Completed;
    }
    let resource_id = service.resource_id();
    world.note(by, arn, What::Deleted);
    scheduler::drain(world, arn);
    autoscaling::consider(world, &resource_id);
}

/// Runs a task of a family, which is registered if there is none, for some seconds out of a range;
/// answers its ARN.
pub fn run_task(
    world: &mut World,
    by: &Actor,
    cluster: &str,
    family: &str,
    lasting: RangeInclusive<u64>,
    tags: &Tags,
) -> String {
    create_cluster(world, cluster);
    let known = world.ecs.find_definition(family).cloned();
    let definition = known.unwrap_or_else(|| {
        let definition = TaskDefinition {
            arn: String::new(),
            family: String::new(),
            revision: 0,
            cpu: 256,
            memory: 512,
            arm: false,
            containers: vec![container(family)],
            more: Map::new(),
            fate: Fate::Healthy,
            tags: Tags::new(),
            registered_at: world.now,
        };
        let arn = register(world, family, definition.clone());
        let made = world.ecs.definition(&arn).cloned();
        made.unwrap_or(definition)
    });
    let start = Start {
        cluster: cluster.to_owned(),
        group: format!("family:{}", definition.family),
        tags: tags.clone(),
        overrides: json!({ "containerOverrides": [] }),
        lasting: Some(lasting),
        ..Start::default()
    };
    let arn = tasks::start(world, &definition, start);
    world.note(by, arn.clone(), What::Created);
    arn
}
