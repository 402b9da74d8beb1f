//! A service's tasks are replaced by a deployment of what is deployed already: a forced one of ECS's, or
//! one of CodeDeploy's, which refuses those. It is kept off other functions before.

use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use nightshift::{
    aws::failure::failure,
    ledger::rotation::{Entry, Service},
    report::Failure,
};

use super::Act;
use crate::snapshot::BlueGreen;

/// What CodeDeploy answers while another deployment of the group is open: the next look tells whose.
/// <https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_CreateDeployment.html>
const OPEN: &str = "DeploymentLimitExceededException";

pub(super) async fn roll(
    act: &mut Act<'_>,
    service: &Service,
    cluster: &str,
    name: &str,
    group: Option<&BlueGreen>,
) -> Result<(), Failure> {
    act.save(Entry::Service(service.clone())).await?;
    match group {
        None => force(act, service, cluster, name).await?,
        Some(group) => deploy(act, service, group).await?,
    }
    act.log(&service.arn, "tasks", "", "replaced", &service.turn);
    Ok(())
}

async fn force(act: &Act<'_>, service: &Service, cluster: &str, name: &str) -> Result<(), Failure> {
    let function = act.context.function;
    function.pace.service_writes.acquire_one().await;
    let forced = function
        .ecs()
        .update_service()
        .cluster(cluster)
        .service(name)
        .force_new_deployment(true)
        .send()
        .await;
    forced.map_err(|error| failure(service.arn.as_str(), "ecs:UpdateService", &error))?;
    Ok(())
}

/// Deploys once more what the last deployment that went well brought, with its hooks: an `AppSpec` as it
/// was handed in, or one in S3.
async fn deploy(act: &Act<'_>, service: &Service, group: &BlueGreen) -> Result<(), Failure> {
    let (codedeploy, arn) = (act.context.function.codedeploy(), service.arn.as_str());
    let before = codedeploy
        .get_deployment()
        .deployment_id(&group.successful)
        .send()
        .await
        .map_err(|error| failure(arn, "codedeploy:GetDeployment", &error))?;
    let revision = before.deployment_info.and_then(|info| info.revision);
    let made = codedeploy
        .create_deployment()
        .application_name(&group.application)
        .deployment_group_name(&group.group)
        .set_revision(revision)
        .description(format!("nightshift: new tasks for turn {}", service.turn))
        .send()
        .await;
    match made {
        Ok(_) => Ok(()),
        Err(error) if error.code() == Some(OPEN) => Ok(()),
        Err(error) => Err(failure(arn, "codedeploy:CreateDeployment", &error)),
    }
}
