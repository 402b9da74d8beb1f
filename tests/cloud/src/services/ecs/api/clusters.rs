//! Operations on clusters.

use serde_json::{Value, json};

use crate::{
    call::{Call, Fault, Outcome},
    services::ecs::{
        Ecs, Service, Status,
        api::{includes_tags, tags_of},
        create_cluster, refer, render,
    },
    world::World,
};

fn shown(ecs: &Ecs, name: &str, with_tags: bool) -> Option<Value> {
    let cluster = ecs.clusters.get(name)?;
    let of_it = |status: Status| {
        let services = ecs.services.values();
        services
            .filter(|service| service.cluster == name && service.status == status)
            .count()
    };
    let running = ecs.live_tasks(name).filter(|task| task.is_running());
    let pending = ecs.live_tasks(name).filter(|task| task.is_pending());
    Some(json!({
        "clusterArn": refer::arn(&format!("cluster/{name}")),
        "clusterName": name,
        "status": if cluster.inactive { "INACTIVE" } else { "ACTIVE" },
        "registeredContainerInstancesCount": 0,
        "runningTasksCount": running.count(),
        "pendingTasksCount": pending.count(),
        "activeServicesCount": of_it(Status::Active),
        "statistics": [],
        "tags": if with_tags { render::tags(&cluster.tags) } else { json!([]) },
        "settings": [],
        "capacityProviders": ["FARGATE", "FARGATE_SPOT"],
        "defaultCapacityProviderStrategy": [],
    }))
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateCluster.html>
pub(super) fn create(world: &mut World, call: &Call) -> Value {
    let name = call.text("clusterName").unwrap_or("default").to_owned();
    create_cluster(world, &name);
    if let Some(cluster) = world.ecs.clusters.get_mut(&name) {
        cluster.tags.extend(tags_of(call));
    }
    let cluster = shown(&world.ecs, &name, true);
    json!({ "cluster": cluster })
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeClusters.html>
pub(super) fn describe(world: &mut World, call: &Call) -> Value {
    let mut named = call.texts("clusters");
    if named.is_empty() {
        named.push("default".to_owned());
    }
    let (mut clusters, mut failures) = (Vec::new(), Vec::new());
    for given in named {
        let name = refer::name_of(&given);
        match shown(&world.ecs, name, includes_tags(call)) {
            Some(cluster) => clusters.push(cluster),
            None => failures.push(json!({
                "arn": refer::arn(&format!("cluster/{name}")),
                "reason": "MISSING",
            })),
        }
    }
    json!({ "clusters": clusters, "failures": failures })
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteCluster.html>
pub(super) fn delete(world: &mut World, call: &Call) -> Outcome {
    let name = world.ecs.cluster(call.text("cluster"))?;
    let holds = |service: &Service| service.cluster == name && service.status != Status::Inactive;
    if world.ecs.services().any(holds) {
        return Err(Fault::client(
            "ClusterContainsServicesException",
            "The Cluster cannot be deleted while Services are active.",
        ));
    }
    if world.ecs.live_tasks(&name).next().is_some() {
        return Err(Fault::client(
            "ClusterContainsTasksException",
            "The Cluster cannot be deleted while Tasks are active.",
        ));
    }
    if let Some(cluster) = world.ecs.clusters.get_mut(&name) {
        cluster.inactive = true;
    }
    Ok(json!({ "cluster": shown(&world.ecs, &name, true) }))
}
