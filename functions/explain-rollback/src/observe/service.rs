//! The service itself, with its deployments or task sets; and which services roll out now.

use std::collections::BTreeSet;

use aws_sdk_ecs::types::{self, DeploymentControllerType, DeploymentRolloutState};
use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use nightshift::{
    aws::{failure::failure, pace::SIDE_BY_SIDE},
    kind::{Arn, ecs_service::list},
    report::Failure,
};

use super::{at, count};
use crate::{
    context::Context,
    estates::ServiceName,
    snapshot::{
        Alarms, Breaker, Controller, Deployment, Event, RolloutState, Service, TargetGroup,
    },
};

/// `DescribeServices` takes ten.
const SERVICES_A_CALL: usize = 10;

/// A service, and the target groups before it.
pub(super) struct Found {
    pub(super) service: Service,
    pub(super) targets: Vec<TargetGroup>,
}

/// The service; none where it is gone.
///
/// # Errors
/// When it cannot be read.
pub(super) async fn describe(
    context: &Context<'_>,
    name: &ServiceName,
) -> Result<Option<Found>, Failure> {
    let names = vec![name.service.clone()];
    let found = batch(context, &name.cluster, names).await;
    let found = match found {
        Err(failure) if failure.code == "ClusterNotFoundException" => return Ok(None),
        found => found?,
    };
    let active = |it: &types::Service| it.status.as_deref() == Some("ACTIVE");
    Ok(found.into_iter().find(active).map(|it| from_ecs(it, name)))
}

async fn batch(
    context: &Context<'_>,
    cluster: &str,
    names: Vec<String>,
) -> Result<Vec<types::Service>, Failure> {
    context.function.pace.service_reads.acquire_one().await;
    let answer = context
        .function
        .ecs()
        .describe_services()
        .cluster(cluster)
        .set_services(Some(names))
        .send()
        .await
        .map_err(|error| failure(cluster, "ecs:DescribeServices", &error))?;
    let mut unknown = answer.failures.unwrap_or_default().into_iter();
    // What is missing is no failure; anything else must not be taken for that.
    if let Some(other) = unknown.find(|it| it.reason.as_deref() != Some("MISSING")) {
        return Err(Failure {
            resource: other.arn.unwrap_or_default(),
            action: "ecs:DescribeServices".to_owned(),
            code: other.reason.unwrap_or_else(|| "unknown".to_owned()),
            message: other.detail.unwrap_or_default(),
            denied: false,
        });
    }
    Ok(answer.services.unwrap_or_default())
}

fn from_ecs(service: types::Service, name: &ServiceName) -> Found {
    let configuration = service.deployment_configuration.as_ref();
    let breaker = configuration.and_then(|it| it.deployment_circuit_breaker.as_ref());
    let alarms = configuration.and_then(|it| it.alarms.as_ref());
    let controller = service.deployment_controller.as_ref().map(|it| &it.r#type);
    let controller = match controller {
        None | Some(DeploymentControllerType::Ecs) => Controller::Ecs,
        Some(DeploymentControllerType::CodeDeploy) => Controller::CodeDeploy,
        Some(_) => Controller::External,
    };
    let sets = service.task_sets.unwrap_or_default();
    let balancers = service.load_balancers.into_iter().flatten();
    let of_sets = sets.iter().flat_map(|set| set.load_balancers().to_vec());
    let mut groups: Vec<String> = balancers
        .chain(of_sets)
        .filter_map(|it| it.target_group_arn)
        .collect();
    groups.sort();
    groups.dedup();
    let deployments = service.deployments.unwrap_or_default();
    let deployments = if controller == Controller::Ecs {
        deployments.into_iter().map(from_deployment).collect()
    } else {
        sets.into_iter().map(from_set).collect()
    };
    let events = service.events.unwrap_or_default().into_iter();
    let events = events.filter_map(|it| {
        Some(Event {
            at: at(it.created_at.as_ref())?,
            message: it.message?,
        })
    });
    let targets = groups.into_iter().map(|arn| TargetGroup {
        arn,
        ..TargetGroup::default()
    });
    Found {
        targets: targets.collect(),
        service: Service {
            arn: Arn::new(service.service_arn.unwrap_or_default()),
            cluster: name.cluster.clone(),
            name: service.service_name.unwrap_or_default(),
            desired: count(service.desired_count),
            running: count(service.running_count),
            controller,
            deployments,
            events: events.collect(),
            breaker: Breaker {
                enabled: breaker.is_some_and(|it| it.enable),
                rollback: breaker.is_some_and(|it| it.rollback),
            },
            alarms: Alarms {
                enabled: alarms.is_some_and(|it| it.enable),
                rollback: alarms.is_some_and(|it| it.rollback),
                names: alarms.map(|it| it.alarm_names.clone()).unwrap_or_default(),
            },
            grace: service.health_check_grace_period_seconds.map(i64::from),
        },
    }
}

fn from_deployment(one: types::Deployment) -> Deployment {
    let rollout = one.rollout_state.as_ref().and_then(|state| match state {
        DeploymentRolloutState::InProgress => Some(RolloutState::InProgress),
        DeploymentRolloutState::Completed => Some(RolloutState::Completed),
        DeploymentRolloutState::Failed => Some(RolloutState::Failed),
        _ => None,
    });
    Deployment {
        id: one.id.unwrap_or_default(),
        status: one.status.unwrap_or_default(),
        rollout,
        reason: one.rollout_state_reason,
        task_definition: one.task_definition,
        desired: count(one.desired_count),
        running: count(one.running_count),
        failed: count(one.failed_tasks),
        created: at(one.created_at.as_ref()),
        updated: at(one.updated_at.as_ref()),
        external: None,
    }
}

fn from_set(one: types::TaskSet) -> Deployment {
    Deployment {
        id: one.id.unwrap_or_default(),
        status: one.status.unwrap_or_default(),
        rollout: None,
        reason: None,
        task_definition: one.task_definition,
        desired: count(one.computed_desired_count),
        running: count(one.running_count),
        failed: 0,
        created: at(one.created_at.as_ref()),
        updated: at(one.updated_at.as_ref()),
        external: one.external_id,
    }
}

/// The services of a cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rollouts {
    /// All of them.
    pub all: BTreeSet<ServiceName>,
    /// Those whose deployments are not all complete, or began lately: one that failed may be taken back
    /// already.
    pub open: Vec<ServiceName>,
}

/// The services of a cluster, and which of them were deployed since an instant, or are still.
///
/// # Errors
/// When the cluster cannot be read; a cluster that is not there has none.
pub async fn rollouts(
    context: &Context<'_>,
    cluster: &str,
    since: Timestamp,
) -> Result<Rollouts, Failure> {
    let function = context.function;
    let arns = match list(function.ecs(), cluster, &function.pace).await {
        Err(failure) if failure.code == "ClusterNotFoundException" => {
            return Ok(Rollouts::default());
        }
        arns => arns?,
    };
    let names: Vec<String> = arns.iter().map(|arn| arn.as_str().to_owned()).collect();
    let batches: Vec<Vec<String>> = names.chunks(SERVICES_A_CALL).map(<[_]>::to_vec).collect();
    let found: Vec<Vec<types::Service>> = stream::iter(batches)
        .map(|names| batch(context, cluster, names))
        .buffered(SIDE_BY_SIDE)
        .try_collect()
        .await?;
    let services = found.into_iter().flatten();
    let services = services.filter(|it| is_rolling_out(it) || is_new(it, since));
    let open = services.filter_map(|it| it.service_name);
    let name = |service: String| ServiceName {
        cluster: cluster.to_owned(),
        service,
    };
    Ok(Rollouts {
        all: arns.iter().map(|arn| name(arn.name().to_owned())).collect(),
        open: open.map(name).collect(),
    })
}

fn is_rolling_out(service: &types::Service) -> bool {
    let complete = DeploymentRolloutState::Completed;
    let deployments = service.deployments();
    let ecs = deployments
        .iter()
        .any(|it| it.rollout_state.as_ref().is_some_and(|it| *it != complete));
    ecs || service.task_sets().len() > 1
}

/// Whether a deployment was made since an instant. Of task sets the one that stays when another is
/// taken away is changed only.
fn is_new(service: &types::Service, since: Timestamp) -> bool {
    let made = service
        .deployments()
        .iter()
        .map(|it| it.created_at.as_ref());
    let changed = service.task_sets().iter().map(|it| it.updated_at.as_ref());
    made.chain(changed)
        .filter_map(at)
        .any(|instant| instant >= since)
}

/// The services of a deployment group of `CodeDeploy`'s.
///
/// # Errors
/// When the group cannot be read; one that is gone has none.
pub async fn services_of_group(
    context: &Context<'_>,
    application: &str,
    group: &str,
) -> Result<Vec<ServiceName>, Failure> {
    let answer = context
        .function
        .codedeploy()
        .get_deployment_group()
        .application_name(application)
        .deployment_group_name(group)
        .send()
        .await;
    let answer = match answer {
        Ok(answer) => answer,
        Err(error)
            if error.as_service_error().is_some_and(|error| {
                error.is_deployment_group_does_not_exist_exception()
                    || error.is_application_does_not_exist_exception()
            }) =>
        {
            return Ok(Vec::new());
        }
        Err(error) => {
            let name = format!("{application}/{group}");
            return Err(failure(name, "codedeploy:GetDeploymentGroup", &error));
        }
    };
    let services = answer.deployment_group_info.and_then(|it| it.ecs_services);
    let services = services.unwrap_or_default().into_iter();
    Ok(services
        .filter_map(|it| {
            Some(ServiceName {
                cluster: it.cluster_name?,
                service: it.service_name?,
            })
        })
        .collect())
}
