//! An ECS service and its scalable target over the AWS SDK. No decisions: what is asked for is
//! read, or changed.

use std::collections::BTreeMap;

use aws_sdk_applicationautoscaling::{
    Client as Scaling,
    types::{ScalableDimension, ServiceNamespace, SuspendedState},
};
use aws_sdk_ecs::{
    Client as Ecs,
    types::{
        DeploymentRolloutState, DesiredStatus, SchedulingStrategy, ServiceField, Task, TaskField,
    },
};
use futures_util::{StreamExt, TryStreamExt, stream};

use super::{Bounds, Deployment, Rollout, Service, Size, Suspension, Tag, Target};
use crate::{
    aws::{
        failure::failure,
        pace::{Pace, SIDE_BY_SIDE},
    },
    kind::{Arn, SLEEP_TAG},
    report::Failure,
    timestamp::from_aws,
};

/// `DescribeServices` takes ten, whatever other calls take.
const SERVICES_A_CALL: usize = 10;
/// `DescribeScalableTargets` returns at most fifty.
const TARGETS_A_CALL: usize = 50;
/// `DescribeTasks` takes a hundred.
const TASKS_A_CALL: usize = 100;

/// The clients that a service needs.
#[derive(Clone, Debug)]
pub struct ServiceClients {
    /// ECS.
    pub ecs: Ecs,
    /// Application Auto Scaling.
    pub scaling: Scaling,
}

/// A task that is not STOPPED.
#[derive(Clone, Debug, PartialEq)]
pub struct LiveTask {
    /// `service:<name>`, `family:<family>` or what a person gave it.
    pub group: String,
    /// The value of the tag that consents to sleeping.
    pub tag: Option<String>,
    /// Whether its health check says that it is unhealthy.
    pub unhealthy: bool,
    /// What it is made of, where ECS tells it: it does for every Fargate task.
    pub size: Option<Size>,
}

/// The ARNs of all services of a cluster.
///
/// # Errors
/// When a page cannot be read; `ClusterNotFoundException` when there is no such cluster.
pub async fn list(
    clients: &ServiceClients,
    cluster: &str,
    pace: &Pace,
) -> Result<Vec<Arn>, Failure> {
    let mut arns = Vec::new();
    let mut next = None;
    loop {
        pace.service_reads.acquire_one().await;
        let answer = clients
            .ecs
            .list_services()
            .cluster(cluster)
            .max_results(100)
            .set_next_token(next)
            .send()
            .await
            .map_err(|error| failure(cluster, "ecs:ListServices", &error))?;
        arns.extend(
            answer
                .service_arns
                .unwrap_or_default()
                .into_iter()
                .map(Arn::new),
        );
        next = answer.next_token.filter(|token| !token.is_empty());
        if next.is_none() {
            return Ok(arns);
        }
    }
}

/// The services of these names or ARNs, with their scalable targets, and the names that the
/// cluster does not have. What is INACTIVE or DRAINING is as good as gone.
///
/// # Errors
/// When a batch cannot be read: half a picture would be taken for the whole.
pub async fn describe(
    clients: &ServiceClients,
    cluster: &str,
    names: &[String],
    pace: &Pace,
) -> Result<(Vec<Service>, Vec<String>), Failure> {
    let batches: Vec<Vec<String>> = names.chunks(SERVICES_A_CALL).map(<[_]>::to_vec).collect();
    let found: Vec<_> = stream::iter(batches)
        .map(|batch| describe_batch(clients, cluster, batch, pace))
        .buffered(SIDE_BY_SIDE)
        .try_collect()
        .await?;
    let (mut services, mut missing) = (Vec::new(), Vec::new());
    for (some, others) in found {
        services.extend(some);
        missing.extend(others);
    }
    let mut targets = targets(clients, cluster, &services, pace).await?;
    for service in &mut services {
        service.target = targets.remove(&resource_id(&service.cluster, &service.name));
    }
    Ok((services, missing))
}

async fn describe_batch(
    clients: &ServiceClients,
    cluster: &str,
    names: Vec<String>,
    pace: &Pace,
) -> Result<(Vec<Service>, Vec<String>), Failure> {
    pace.service_reads.acquire_one().await;
    let output = clients
        .ecs
        .describe_services()
        .cluster(cluster)
        .set_services(Some(names))
        .include(ServiceField::Tags)
        .send()
        .await
        .map_err(|error| failure(cluster, "ecs:DescribeServices", &error))?;
    let mut missing = Vec::new();
    for unknown in output.failures.unwrap_or_default() {
        let arn = unknown.arn.unwrap_or_default();
        if unknown.reason.as_deref() == Some("MISSING") {
            missing.push(arn.rsplit('/').next().unwrap_or_default().to_owned());
        } else {
            return Err(Failure {
                resource: arn,
                action: "ecs:DescribeServices".to_owned(),
                code: unknown.reason.unwrap_or_else(|| "unknown".to_owned()),
                message: unknown.detail.unwrap_or_default(),
                denied: false,
            });
        }
    }
    let mut services = Vec::new();
    for service in output.services.unwrap_or_default() {
        if service.status.as_deref() == Some("ACTIVE") {
            services.push(from_ecs(service, cluster));
        } else {
            missing.push(service.service_name.unwrap_or_default());
        }
    }
    Ok((services, missing))
}

fn from_ecs(service: aws_sdk_ecs::types::Service, cluster: &str) -> Service {
    let breaker = service
        .deployment_configuration
        .as_ref()
        .and_then(|configuration| configuration.deployment_circuit_breaker.as_ref())
        .is_some_and(|breaker| breaker.enable);
    let deployment = service
        .deployments
        .iter()
        .flatten()
        .find(|deployment| deployment.status.as_deref() == Some("PRIMARY"))
        .and_then(|deployment| {
            Some(Deployment {
                id: deployment.id.clone()?,
                rollout: match deployment.rollout_state {
                    Some(DeploymentRolloutState::Completed) => Rollout::Completed,
                    Some(DeploymentRolloutState::InProgress) => Rollout::InProgress,
                    Some(DeploymentRolloutState::Failed) => Rollout::Failed,
                    _ => Rollout::Unknown,
                },
                created_at: deployment.created_at.as_ref().and_then(from_aws),
                failed_tasks: count(deployment.failed_tasks),
            })
        });
    // The cluster's name as AWS writes it: a document may name it otherwise than the ARN does.
    let cluster = service
        .cluster_arn
        .as_deref()
        .and_then(|arn| arn.rsplit('/').next())
        .unwrap_or(cluster)
        .to_owned();
    Service {
        arn: Arn::new(service.service_arn.unwrap_or_default()),
        cluster,
        name: service.service_name.unwrap_or_default(),
        desired: count(service.desired_count),
        running: count(service.running_count),
        pending: count(service.pending_count),
        deployment,
        tag: service
            .tags
            .into_iter()
            .flatten()
            .find(|tag| tag.key.as_deref() == Some(SLEEP_TAG))
            .and_then(|tag| tag.value),
        target: None,
        circuit_breaker: breaker,
        load_balanced: service
            .load_balancers
            .is_some_and(|balancers| !balancers.is_empty()),
        daemon: service.scheduling_strategy == Some(SchedulingStrategy::Daemon),
        task_definition: service.task_definition.unwrap_or_default(),
        size: None,
        healthy: None,
    }
}

fn count(number: i32) -> u32 {
    u32::try_from(number).unwrap_or(0)
}

fn resource_id(cluster: &str, service: &str) -> String {
    format!("service/{cluster}/{service}")
}

async fn targets(
    clients: &ServiceClients,
    cluster: &str,
    services: &[Service],
    pace: &Pace,
) -> Result<BTreeMap<String, Target>, Failure> {
    let ids: Vec<String> = services
        .iter()
        .map(|service| resource_id(&service.cluster, &service.name))
        .collect();
    let mut targets = BTreeMap::new();
    for batch in ids.chunks(TARGETS_A_CALL) {
        let mut next = None;
        loop {
            pace.scaling_reads.acquire_one().await;
            let answer = clients
                .scaling
                .describe_scalable_targets()
                .service_namespace(ServiceNamespace::Ecs)
                .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
                .set_resource_ids(Some(batch.to_vec()))
                .set_next_token(next)
                .send()
                .await
                .map_err(|error| {
                    failure(
                        cluster,
                        "application-autoscaling:DescribeScalableTargets",
                        &error,
                    )
                })?;
            for target in answer.scalable_targets.unwrap_or_default() {
                let suspended = target.suspended_state.as_ref();
                targets.insert(
                    target.resource_id.clone(),
                    Target {
                        arn: target.scalable_target_arn.clone().map(Arn::new),
                        bounds: Bounds {
                            min: count(target.min_capacity),
                            max: count(target.max_capacity),
                        },
                        suspension: suspended.map_or_else(Suspension::default, |state| {
                            Suspension {
                                dynamic_in: state.dynamic_scaling_in_suspended.unwrap_or(false),
                                dynamic_out: state.dynamic_scaling_out_suspended.unwrap_or(false),
                                scheduled: state.scheduled_scaling_suspended.unwrap_or(false),
                            }
                        }),
                        tag: Tag::NotRead,
                    },
                );
            }
            next = answer.next_token.filter(|token| !token.is_empty());
            if next.is_none() {
                break;
            }
        }
    }
    Ok(targets)
}

/// The consent of a service's scalable target.
///
/// # Errors
/// When the tags cannot be read.
pub async fn read_target_tag(
    clients: &ServiceClients,
    arn: &Arn,
    pace: &Pace,
) -> Result<Tag, Failure> {
    pace.scaling_reads.acquire_one().await;
    let output = clients
        .scaling
        .list_tags_for_resource()
        .resource_arn(arn.as_str())
        .send()
        .await
        .map_err(|error| {
            failure(
                arn.as_str(),
                "application-autoscaling:ListTagsForResource",
                &error,
            )
        })?;
    let value = output.tags.and_then(|mut tags| tags.remove(SLEEP_TAG));
    Ok(Tag::Read(value))
}

/// The cluster's tasks that are not STOPPED, those that are stopping included.
///
/// # Errors
/// When a page or a batch cannot be read.
pub async fn live_tasks(
    clients: &ServiceClients,
    cluster: &str,
    pace: &Pace,
) -> Result<Vec<LiveTask>, Failure> {
    let mut arns = Vec::new();
    // A task that ECS has decided to stop is listed under the desired status STOPPED while it
    // still drains its connections.
    for status in [DesiredStatus::Running, DesiredStatus::Stopped] {
        let mut next = None;
        loop {
            pace.task_reads.acquire_one().await;
            let answer = clients
                .ecs
                .list_tasks()
                .cluster(cluster)
                .desired_status(status.clone())
                .set_next_token(next)
                .send()
                .await
                .map_err(|error| failure(cluster, "ecs:ListTasks", &error))?;
            arns.extend(answer.task_arns.unwrap_or_default());
            next = answer.next_token.filter(|token| !token.is_empty());
            if next.is_none() {
                break;
            }
        }
    }
    let mut tasks = Vec::new();
    for batch in arns.chunks(TASKS_A_CALL) {
        pace.task_reads.acquire_one().await;
        let output = clients
            .ecs
            .describe_tasks()
            .cluster(cluster)
            .set_tasks(Some(batch.to_vec()))
            .include(TaskField::Tags)
            .send()
            .await
            .map_err(|error| failure(cluster, "ecs:DescribeTasks", &error))?;
        let live = output
            .tasks
            .unwrap_or_default()
            .into_iter()
            .filter(|task| task.last_status.as_deref() != Some("STOPPED"));
        tasks.extend(live.map(|task| {
            LiveTask {
                size: size(&task),
                group: task.group.unwrap_or_default(),
                tag: task
                    .tags
                    .into_iter()
                    .flatten()
                    .find(|tag| tag.key.as_deref() == Some(SLEEP_TAG))
                    .and_then(|tag| tag.value),
                unhealthy: task.health_status == Some(aws_sdk_ecs::types::HealthStatus::Unhealthy),
            }
        }));
    }
    Ok(tasks)
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Task.html>
fn size(task: &Task) -> Option<Size> {
    let vcpu: f64 = task.cpu.as_deref()?.parse().ok()?;
    let megabytes: f64 = task.memory.as_deref()?.parse().ok()?;
    let arm = task.attributes.iter().flatten().any(|attribute| {
        attribute.name == "ecs.cpu-architecture" && attribute.value.as_deref() == Some("arm64")
    });
    Some(Size {
        vcpu: vcpu / 1024.0,
        gb: megabytes / 1024.0,
        arm,
    })
}

/// Sets the desired count.
///
/// # Errors
/// When ECS refuses.
pub async fn set_count(
    clients: &ServiceClients,
    arn: &Arn,
    count: u32,
    pace: &Pace,
) -> Result<(), Failure> {
    pace.service_writes.acquire_one().await;
    clients
        .ecs
        .update_service()
        .cluster(arn.cluster().unwrap_or("default"))
        .service(arn.name())
        .desired_count(i32::try_from(count).unwrap_or(i32::MAX))
        .send()
        .await
        .map_err(|error| failure(arn.as_str(), "ecs:UpdateService", &error))?;
    Ok(())
}

/// Sets which scalings are suspended, and nothing else: the bounds are left out of the call.
///
/// # Errors
/// When Application Auto Scaling refuses.
pub async fn set_suspension(
    clients: &ServiceClients,
    arn: &Arn,
    suspension: Suspension,
    pace: &Pace,
) -> Result<(), Failure> {
    pace.scaling_writes.acquire_one().await;
    clients
        .scaling
        .register_scalable_target()
        .service_namespace(ServiceNamespace::Ecs)
        .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
        .resource_id(resource_id(arn.cluster().unwrap_or("default"), arn.name()))
        .suspended_state(
            SuspendedState::builder()
                .dynamic_scaling_in_suspended(suspension.dynamic_in)
                .dynamic_scaling_out_suspended(suspension.dynamic_out)
                .scheduled_scaling_suspended(suspension.scheduled)
                .build(),
        )
        .send()
        .await
        .map_err(|error| {
            failure(
                arn.as_str(),
                "application-autoscaling:RegisterScalableTarget",
                &error,
            )
        })?;
    Ok(())
}
