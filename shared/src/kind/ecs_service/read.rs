//! Services as `DescribeServices` shows them, for who needs nothing of Application Auto Scaling.

use aws_sdk_ecs::{
    Client as Ecs,
    types::{self, DeploymentRolloutState, SchedulingStrategy, ServiceField},
};
use futures_util::{StreamExt, TryStreamExt, stream};

use super::{Deployment, Rollout, Service};
use crate::{
    aws::{
        failure::failure,
        pace::{Pace, SIDE_BY_SIDE},
    },
    kind::Arn,
    report::Failure,
    timestamp::from_aws,
};

/// The deployment, or the task set, that is to serve.
pub(super) const PRIMARY: &str = "PRIMARY";
/// `DescribeServices` takes ten, whatever other calls take.
const SERVICES_A_CALL: usize = 10;

/// The services of these names or ARNs as ECS has them, tags included, and the names that the cluster
/// does not have. What is INACTIVE or DRAINING is as good as gone.
///
/// # Errors
/// When a batch cannot be read: half a picture would be taken for the whole.
pub async fn read(
    ecs: &Ecs,
    cluster: &str,
    names: &[String],
    pace: &Pace,
) -> Result<(Vec<types::Service>, Vec<String>), Failure> {
    let batches: Vec<Vec<String>> = names.chunks(SERVICES_A_CALL).map(<[_]>::to_vec).collect();
    let found: Vec<_> = stream::iter(batches)
        .map(|batch| read_batch(ecs, cluster, batch, pace))
        .buffered(SIDE_BY_SIDE)
        .try_collect()
        .await?;
    let (mut services, mut missing) = (Vec::new(), Vec::new());
    for (some, others) in found {
        services.extend(some);
        missing.extend(others);
    }
    Ok((services, missing))
}

async fn read_batch(
    ecs: &Ecs,
    cluster: &str,
    names: Vec<String>,
    pace: &Pace,
) -> Result<(Vec<types::Service>, Vec<String>), Failure> {
    pace.service_reads.acquire_one().await;
    let output = ecs
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
            services.push(service);
        } else {
            missing.push(service.service_name.unwrap_or_default());
        }
    }
    Ok((services, missing))
}

/// The service with its value of a tag; its scalable target is not looked up.
#[must_use]
pub fn seen(service: types::Service, cluster: &str, tag: &str) -> Service {
    let breaker = service
        .deployment_configuration
        .as_ref()
        .and_then(|configuration| configuration.deployment_circuit_breaker.as_ref())
        .is_some_and(|breaker| breaker.enable);
    let deployment = service
        .deployments
        .iter()
        .flatten()
        .find(|deployment| deployment.status.as_deref() == Some(PRIMARY))
        .and_then(|deployment| {
            let reason = deployment.rollout_state_reason.as_deref();
            Some(Deployment {
                id: deployment.id.clone()?,
                rolls_back: reason.is_some_and(|reason| reason.contains("rolling back")),
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
    let older = older(&service);
    Service {
        arn: Arn::new(service.service_arn.unwrap_or_default()),
        cluster,
        name: service.service_name.unwrap_or_default(),
        desired: count(service.desired_count),
        running: count(service.running_count),
        pending: count(service.pending_count),
        deployment,
        older,
        tag: value_of(tag, service.tags),
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

/// Deployments that ECS itself makes stand under `deployments`, others as task sets.
fn older(service: &types::Service) -> u32 {
    let deployments = service.deployments.iter().flatten();
    let deployments = deployments
        .filter(|one| one.status.as_deref() != Some(PRIMARY))
        .filter(|one| one.running_count + one.pending_count > 0);
    let sets = service.task_sets.iter().flatten();
    let sets = sets
        .filter(|one| one.status.as_deref() != Some(PRIMARY))
        .filter(|one| one.running_count + one.pending_count > 0);
    u32::try_from(deployments.count() + sets.count()).unwrap_or(u32::MAX)
}

pub(super) fn value_of(tag: &str, tags: Option<Vec<types::Tag>>) -> Option<String> {
    let mut tags = tags.into_iter().flatten();
    let found = tags.find(|found| found.key.as_deref() == Some(tag));
    found.and_then(|found| found.value)
}

pub(super) fn count(number: i32) -> u32 {
    u32::try_from(number).unwrap_or(0)
}
