//! What ECS shows of its resources, with the member names of its API's model.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::{
    call::Tags,
    hash,
    services::ecs::{
        Breaker, Container, Controller, Deployment, DeploymentAlarms, Health, Last, Rollout,
        Service, Status, Task, TaskDefinition, refer,
    },
    world::ACCOUNT,
};

mod releases;

pub(super) use releases::{release, release_brief, revision};

/// An instant in an answer: seconds since the epoch.
// https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
pub(super) fn epoch(at: Timestamp) -> Value {
    #[allow(clippy::cast_precision_loss, reason = "milliseconds fit for ages")]
    let seconds = at.as_millisecond() as f64 / 1000.0;
    json!(seconds)
}

/// An instant in an event.
pub(super) fn iso(at: Timestamp) -> Value {
    json!(at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string())
}

pub(super) fn tags(tags: &Tags) -> Value {
    tags.iter()
        .map(|(key, value)| json!({ "key": key, "value": value }))
        .collect()
}

/// What is null is left out, as AWS does.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => members
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .collect::<Map<_, _>>()
            .into(),
        other => other,
    }
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Service.html>
pub(super) fn service(service: &Service, with_tags: bool) -> Value {
    let breaker = json!({
        "enable": service.breaker != Breaker::Off,
        "rollback": service.breaker == Breaker::RollsBack,
    });
    let deploys = service.controller == Controller::Ecs;
    let deployments = service.deployments.iter().filter(|_| deploys);
    let sets = service.deployments.iter().filter(|_| !deploys);
    let current = service.primary().filter(|_| deploys);
    let events = service.events.iter().map(|(at, message)| {
        json!({ "id": format!("{:x}", at.as_nanosecond()), "createdAt": epoch(*at), "message": message })
    });
    without_nulls(json!({
        "serviceArn": service.arn,
        "serviceName": service.name,
        "clusterArn": refer::arn(&format!("cluster/{}", service.cluster)),
        "status": match service.status {
            Status::Active => "ACTIVE",
            Status::Draining => "DRAINING",
            Status::Inactive => "INACTIVE",
        },
        "desiredCount": service.desired,
        "runningCount": service.running(),
        "pendingCount": service.pending(),
        "launchType": if service.daemon { "EC2" } else { "FARGATE" },
        "platformVersion": if service.daemon { Value::Null } else { json!("LATEST") },
        "platformFamily": if service.daemon { Value::Null } else { json!("Linux") },
        "taskDefinition": service.task_definition(),
        "deploymentConfiguration": {
            "deploymentCircuitBreaker": breaker,
            "maximumPercent": 200,
            "minimumHealthyPercent": 100,
            "strategy": "ROLLING",
            "alarms": alarms(&service.alarms),
        },
        "deploymentController": { "type": if deploys { "ECS" } else { "CODE_DEPLOY" } },
        "deployments": deployments.map(|one| deployment(service, one)).collect::<Value>(),
        "taskSets": sets.map(|one| task_set(service, one)).collect::<Value>(),
        "currentServiceDeployment": current.map(|one| &one.release),
        "events": events.collect::<Value>(),
        "loadBalancers": balancers(service),
        "networkConfiguration": service.network,
        "healthCheckGracePeriodSeconds": service.grace,
        "serviceRegistries": [],
        "placementConstraints": [],
        "placementStrategy": [],
        "createdAt": epoch(service.created_at),
        "schedulingStrategy": if service.daemon { "DAEMON" } else { "REPLICA" },
        "enableECSManagedTags": false,
        "enableExecuteCommand": false,
        "propagateTags": "NONE",
        "availabilityZoneRebalancing": "DISABLED",
        "tags": if with_tags { tags(&service.tags) } else { Value::Null },
    }))
}

/// The target groups of a service.
pub(super) fn balancers(service: &Service) -> Value {
    let balancers = service.balancers.iter();
    let shown = balancers.map(|one| {
        json!({
            "targetGroupArn": one.group,
            "containerName": one.container,
            "containerPort": one.port,
        })
    });
    shown.collect()
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentAlarms.html>
pub(super) fn alarms(alarms: &DeploymentAlarms) -> Value {
    json!({
        "alarmNames": alarms.names,
        "enable": alarms.enable,
        "rollback": alarms.rollback,
    })
}

/// The counts of each revision of which a deployment is left: asked for, running, pending.
pub(super) fn revision_counts(service: &Service) -> Vec<(String, [usize; 3])> {
    let mut all: Vec<(String, [usize; 3])> = Vec::new();
    for deployment in &service.deployments {
        let [asked, running, pending] = counts(service, deployment);
        match all.iter_mut().find(|(arn, _)| *arn == deployment.revision) {
            Some((_, sum)) => {
                let [a, r, p] = *sum;
                *sum = [a + asked, r + running, p + pending];
            }
            None => all.push((deployment.revision.clone(), [asked, running, pending])),
        }
    }
    all
}

/// The counts of a deployment: asked for, running, pending.
pub(super) fn counts(service: &Service, deployment: &Deployment) -> [usize; 3] {
    let of_it = || {
        let tasks = service.tasks.iter();
        tasks.filter(|task| task.deployment.as_deref() == Some(deployment.id.as_str()))
    };
    let is_set = service.controller == Controller::CodeDeploy;
    let asked = if is_set || deployment.primary && deployment.rollout != Rollout::Failed {
        usize::try_from(service.desired).unwrap_or(usize::MAX)
    } else {
        of_it().filter(|task| task.wanted).count()
    };
    let running = of_it().filter(|task| task.is_running()).count();
    let pending = of_it().filter(|task| task.is_pending()).count();
    [asked, running, pending]
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Deployment.html>
fn deployment(service: &Service, deployment: &Deployment) -> Value {
    let [asked, running, pending] = counts(service, deployment);
    json!({
        "id": deployment.id,
        "status": if deployment.primary { "PRIMARY" } else { "ACTIVE" },
        "taskDefinition": deployment.task_definition,
        "desiredCount": asked,
        "runningCount": running,
        "pendingCount": pending,
        "failedTasks": deployment.failed_tasks,
        "createdAt": epoch(deployment.created_at),
        "updatedAt": epoch(deployment.updated_at),
        "launchType": if service.daemon { "EC2" } else { "FARGATE" },
        "rolloutState": match deployment.rollout {
            Rollout::InProgress => "IN_PROGRESS",
            Rollout::Completed => "COMPLETED",
            Rollout::Failed => "FAILED",
        },
        "rolloutStateReason": deployment.reason,
    })
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskSet.html>
fn task_set(service: &Service, set: &Deployment) -> Value {
    let [asked, running, pending] = counts(service, set);
    let steady = running == asked && pending == 0;
    let status = match (set.primary, asked) {
        (true, _) => "PRIMARY",
        (false, 0) => "DRAINING",
        (false, _) => "ACTIVE",
    };
    let of = format!("{}/{}", service.cluster, service.name);
    let mut shown = json!({
        "id": set.id,
        "taskSetArn": refer::arn(&format!("task-set/{of}/{}", set.id)),
        "serviceArn": service.arn,
        "clusterArn": refer::arn(&format!("cluster/{}", service.cluster)),
        "startedBy": "CODE_DEPLOY",
        "status": status,
        "taskDefinition": set.task_definition,
        "computedDesiredCount": asked,
        "runningCount": running,
        "pendingCount": pending,
        "createdAt": epoch(set.created_at),
        "updatedAt": epoch(set.updated_at),
        "launchType": "FARGATE",
        "loadBalancers": set_balancers(service, set),
        "scale": { "value": 100.0, "unit": "PERCENT" },
        "stabilityStatus": if steady { "STEADY_STATE" } else { "STABILIZING" },
    });
    // "If an AWS CodeDeploy deployment created a task set, the externalId parameter contains the AWS
    // CodeDeploy deployment ID."
    if let Some(external) = &set.external {
        shown["externalId"] = external.as_str().into();
    }
    shown
}

/// The target group of a task set.
fn set_balancers(service: &Service, set: &Deployment) -> Value {
    let mut shown = balancers(service);
    if let (Some(group), Some(first)) = (&set.group, shown.get_mut(0)) {
        first["targetGroupArn"] = group.as_str().into();
    }
    shown
}

/// A task, with its instants written as the reader wants them.
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Task.html>
pub(super) fn task(task: &Task, at: fn(Timestamp) -> Value, with_tags: bool) -> Value {
    let health = match task.health {
        Health::Unknown => "UNKNOWN",
        Health::Healthy => "HEALTHY",
        Health::Unhealthy => "UNHEALTHY",
    };
    let architecture = if task.arm { "arm64" } else { "x86_64" };
    without_nulls(json!({
        "taskArn": task.arn,
        "clusterArn": refer::arn(&format!("cluster/{}", task.cluster)),
        "taskDefinitionArn": task.task_definition,
        "group": task.group,
        "startedBy": task.started_by,
        "desiredStatus": if task.wanted { "RUNNING" } else { "STOPPED" },
        "lastStatus": last(task.last),
        "healthStatus": health,
        "launchType": "FARGATE",
        "platformVersion": "1.4.0",
        "platformFamily": "Linux",
        "cpu": task.cpu.to_string(),
        "memory": task.memory.to_string(),
        "attributes": [{ "name": "ecs.cpu-architecture", "value": architecture }],
        "attachments": attachments(task),
        "availabilityZone": "ap-northeast-1a",
        "connectivity": "CONNECTED",
        "containers": task.containers.iter().enumerate().map(|(n, one)| container(task, n, one, health)).collect::<Value>(),
        "overrides": task.overrides,
        "createdAt": at(task.created_at),
        "startedAt": task.started_at.map(at),
        "stoppingAt": task.stopping_at.map(at),
        "executionStoppedAt": task.stopping_at.filter(|_| task.exit_code().is_some()).map(at),
        "stoppedAt": task.stopped_at.map(at),
        "stopCode": task.stop_code,
        "stoppedReason": task.stopped_reason,
        "version": task.version,
        "enableExecuteCommand": false,
        "inferenceAccelerators": [],
        "tags": if with_tags { tags(&task.tags) } else { json!([]) },
    }))
}

fn last(last: Last) -> &'static str {
    match last {
        Last::Provisioning => "PROVISIONING",
        Last::Pending => "PENDING",
        Last::Running => "RUNNING",
        Last::Deactivating => "DEACTIVATING",
        Last::Stopping => "STOPPING",
        Last::Stopped => "STOPPED",
    }
}

fn container(task: &Task, number: usize, container: &Container, health: &str) -> Value {
    let state = match task.last {
        Last::Provisioning | Last::Pending => "PENDING",
        Last::Stopped => "STOPPED",
        Last::Running | Last::Deactivating | Last::Stopping => "RUNNING",
    };
    without_nulls(json!({
        "containerArn": refer::arn(&format!("container/{}/{}/{number}", task.cluster, task.id())),
        "taskArn": task.arn,
        "name": container.name,
        "image": container.image,
        "imageDigest": container.digest,
        "lastStatus": state,
        "healthStatus": health,
        "exitCode": container.exit_code,
        "reason": container.reason,
        "networkInterfaces": interfaces(task),
        "cpu": "0",
    }))
}

/// The network interface of a task, for those that were told where to have it.
fn interfaces(task: &Task) -> Value {
    if task.subnet.is_none() || task.last == Last::Provisioning {
        return json!([]);
    }
    json!([{
        "attachmentId": hash::uuid(&task.arn),
        "privateIpv4Address": task.address(),
    }])
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Attachment.html>
fn attachments(task: &Task) -> Value {
    let Some(subnet) = &task.subnet else {
        return json!([]);
    };
    let seed = hash::text(&task.arn);
    let status = match task.last {
        Last::Provisioning => "PRECREATED",
        Last::Stopped => "DELETED",
        _ => "ATTACHED",
    };
    json!([{
        "id": hash::uuid(&task.arn),
        "type": "ElasticNetworkInterface",
        "status": status,
        "details": [
            { "name": "subnetId", "value": subnet },
            { "name": "networkInterfaceId", "value": format!("eni-{:017x}", hash::number(seed, 7, 0) >> 1) },
            { "name": "privateIPv4Address", "value": task.address() },
        ],
    }])
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskDefinition.html>
pub(super) fn definition(definition: &TaskDefinition) -> Value {
    let mut shown = json!({
        "taskDefinitionArn": definition.arn,
        "family": definition.family,
        "revision": definition.revision,
        "status": "ACTIVE",
        "cpu": definition.cpu.to_string(),
        "memory": definition.memory.to_string(),
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "compatibilities": ["EC2", "FARGATE"],
        "runtimePlatform": {
            "cpuArchitecture": if definition.arm { "ARM64" } else { "X86_64" },
            "operatingSystemFamily": "LINUX",
        },
        "containerDefinitions": definition.containers.iter().map(container_definition).collect::<Value>(),
        "volumes": [],
        "placementConstraints": [],
        "registeredAt": epoch(definition.registered_at),
        "registeredBy": format!("arn:aws:iam::{ACCOUNT}:user/pipeline"),
    });
    if let Some(members) = shown.as_object_mut() {
        members.extend(definition.more.clone());
    }
    shown
}

/// A container as it was registered, with what AWS adds to it.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html
fn container_definition(given: &Value) -> Value {
    let mut shown = json!({
        "cpu": 0,
        "portMappings": [],
        "essential": true,
        "environment": [],
        "mountPoints": [],
        "volumesFrom": [],
        "systemControls": [],
    });
    if let (Some(members), Some(given)) = (shown.as_object_mut(), given.as_object()) {
        members.extend(given.clone());
    }
    let ports = shown.get_mut("portMappings").and_then(Value::as_array_mut);
    for port in ports.into_iter().flatten() {
        if port.get("hostPort").is_none() {
            port["hostPort"] = port["containerPort"].clone();
        }
        if port.get("protocol").is_none() {
            port["protocol"] = "tcp".into();
        }
    }
    shown
}
