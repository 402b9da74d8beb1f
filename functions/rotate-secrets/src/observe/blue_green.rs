//! Services that CodeDeploy deploys. ECS shows their PRIMARY task set in the place of a deployment, and
//! CodeDeploy who deploys them and how that goes. Which deployment group is a service's is looked for
//! once for the life of the process.

use aws_sdk_codedeploy::types::{DeploymentGroupInfo, DeploymentStatus, LastDeploymentInfo};
use aws_sdk_ecs::types::{self, StabilityStatus};
use nightshift::{
    aws::failure::failure,
    kind::{Deployment, Rollout, Service},
    report::{Failure, rotation::Unrollable},
    timestamp::from_aws,
};

use crate::{
    context::Context,
    snapshot::{Attempt, BlueGreen},
};

/// `BatchGetDeploymentGroups` takes a hundred names.
/// <https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_BatchGetDeploymentGroups.html>
const GROUPS_A_CALL: usize = 100;

/// The task set that has the traffic.
const PRIMARY: &str = "PRIMARY";

/// The PRIMARY task set of a service as if it were its deployment, with its own counts: those of the
/// service count the tasks that linger as well.
pub(super) fn of_primary(sets: &[types::TaskSet], service: &mut Service) {
    let mut sets = sets.iter();
    let Some(set) = sets.find(|set| set.status.as_deref() == Some(PRIMARY)) else {
        return;
    };
    let count = |number: i32| u32::try_from(number).unwrap_or(0);
    service.desired = count(set.computed_desired_count);
    service.running = count(set.running_count);
    service.pending = count(set.pending_count);
    service.deployment = Some(Deployment {
        id: set
            .external_id
            .clone()
            .or_else(|| set.id.clone())
            .unwrap_or_default(),
        rollout: match set.stability_status {
            Some(StabilityStatus::SteadyState) => Rollout::Completed,
            Some(StabilityStatus::Stabilizing) => Rollout::InProgress,
            _ => Rollout::Unknown,
        },
        rolls_back: false,
        created_at: set.created_at.as_ref().and_then(from_aws),
        failed_tasks: 0,
    });
}

/// The deployment group of a service as it stands, or why there is none to ask.
///
/// # Errors
/// When CodeDeploy cannot be read.
pub(super) async fn look(
    context: &Context<'_>,
    service: &Service,
) -> Result<Result<BlueGreen, Unrollable>, Failure> {
    let facts = &context.function.facts;
    let arn = service.arn.as_str();
    let known = facts.group(arn);
    let mut found = Vec::new();
    if let Some((application, group)) = known {
        found = groups(context, arn, &application, vec![group]).await?;
        found.retain(|group| is_of(group, service));
    }
    if found.is_empty() {
        found = all_of(context, service).await?;
    }
    let [group] = found.as_slice() else {
        return Ok(Err(if found.is_empty() {
            Unrollable::NoGroup
        } else {
            Unrollable::SeveralGroups
        }));
    };
    let (Some(application), Some(name)) = (&group.application_name, &group.deployment_group_name)
    else {
        return Ok(Err(Unrollable::NoGroup));
    };
    facts.remember_group(arn, application, name);
    let id = |last: &LastDeploymentInfo| last.deployment_id.clone();
    let successful = group.last_successful_deployment.as_ref().and_then(id);
    let Some(successful) = successful else {
        return Ok(Err(Unrollable::NeverDeployed));
    };
    Ok(Ok(BlueGreen {
        application: application.clone(),
        group: name.clone(),
        successful,
        attempt: group.last_attempted_deployment.as_ref().and_then(attempt),
    }))
}

fn attempt(last: &LastDeploymentInfo) -> Option<Attempt> {
    Some(Attempt {
        id: last.deployment_id.clone()?,
        created_at: last.create_time.as_ref().and_then(from_aws)?,
        is_open: !matches!(
            last.status,
            Some(
                DeploymentStatus::Succeeded | DeploymentStatus::Failed | DeploymentStatus::Stopped
            )
        ),
    })
}

fn is_of(group: &DeploymentGroupInfo, service: &Service) -> bool {
    group.ecs_services().iter().any(|of| {
        of.cluster_name.as_deref() == Some(service.cluster.as_str())
            && of.service_name.as_deref() == Some(service.name.as_str())
    })
}

/// Every deployment group of the account that deploys this service.
async fn all_of(
    context: &Context<'_>,
    service: &Service,
) -> Result<Vec<DeploymentGroupInfo>, Failure> {
    let arn = service.arn.as_str();
    let client = context.function.codedeploy();
    let mut found = Vec::new();
    let mut next = None;
    loop {
        let page = client.list_applications().set_next_token(next).send().await;
        let page = page.map_err(|error| failure(arn, "codedeploy:ListApplications", &error))?;
        for application in page.applications.unwrap_or_default() {
            let names = names(context, arn, &application).await?;
            for names in names.chunks(GROUPS_A_CALL) {
                found.extend(groups(context, arn, &application, names.to_vec()).await?);
            }
        }
        next = page.next_token.filter(|token| !token.is_empty());
        if next.is_none() {
            break;
        }
    }
    found.retain(|group| is_of(group, service));
    Ok(found)
}

/// The names of an application's deployment groups.
async fn names(
    context: &Context<'_>,
    arn: &str,
    application: &str,
) -> Result<Vec<String>, Failure> {
    let client = context.function.codedeploy();
    let mut names = Vec::new();
    let mut next = None;
    loop {
        let page = client
            .list_deployment_groups()
            .application_name(application)
            .set_next_token(next)
            .send()
            .await
            .map_err(|error| failure(arn, "codedeploy:ListDeploymentGroups", &error))?;
        names.extend(page.deployment_groups.unwrap_or_default());
        next = page.next_token.filter(|token| !token.is_empty());
        if next.is_none() {
            return Ok(names);
        }
    }
}

/// Deployment groups by their names; what is not there is left out.
async fn groups(
    context: &Context<'_>,
    arn: &str,
    application: &str,
    names: Vec<String>,
) -> Result<Vec<DeploymentGroupInfo>, Failure> {
    let client = context.function.codedeploy();
    let answer = client
        .batch_get_deployment_groups()
        .application_name(application)
        .set_deployment_group_names(Some(names))
        .send()
        .await
        .map_err(|error| failure(arn, "codedeploy:BatchGetDeploymentGroups", &error))?;
    Ok(answer.deployment_groups_info.unwrap_or_default())
}
