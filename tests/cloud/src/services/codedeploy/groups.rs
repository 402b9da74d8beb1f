//! Applications and deployment groups, with their last deployments.

use serde_json::{Value, json};

use super::{Deployment, Group, read::millis};
use crate::{
    call::{Call, Fault, Outcome},
    world::World,
};

/// <https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_ListApplications.html>
pub(super) fn applications(world: &World) -> Value {
    let groups = world.codedeploy.groups.keys();
    let mut names: Vec<&String> = groups.map(|(application, _)| application).collect();
    names.dedup();
    json!({ "applications": names })
}

/// <https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_ListDeploymentGroups.html>
pub(super) fn list(world: &World, call: &Call) -> Outcome {
    let application = known(world, call)?;
    let groups = world.codedeploy.groups.keys();
    let of_it = groups.filter(|(one, _)| *one == application);
    let names: Vec<&String> = of_it.map(|(_, name)| name).collect();
    Ok(json!({ "applicationName": application, "deploymentGroups": names }))
}

/// <https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_GetDeploymentGroup.html>
pub(super) fn get(world: &World, call: &Call) -> Outcome {
    let application = known(world, call)?;
    let name = call.text("deploymentGroupName").unwrap_or_default();
    let key = (application, name.to_owned());
    let Some(group) = world.codedeploy.groups.get(&key) else {
        return Err(no_group(name));
    };
    Ok(json!({ "deploymentGroupInfo": info(world, group) }))
}

/// What is not there is left out, and told in `errorMessage`.
/// <https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_BatchGetDeploymentGroups.html>
pub(super) fn get_all(world: &World, call: &Call) -> Outcome {
    let application = known(world, call)?;
    let names = call.texts("deploymentGroupNames");
    let found = names.iter().filter_map(|name| {
        let key = (application.clone(), name.clone());
        Some(info(world, world.codedeploy.groups.get(&key)?))
    });
    Ok(json!({ "deploymentGroupsInfo": found.collect::<Value>() }))
}

/// The application that a call names.
fn known(world: &World, call: &Call) -> Result<String, Fault> {
    let application = call.text("applicationName").unwrap_or_default();
    let mut groups = world.codedeploy.groups.keys();
    if groups.any(|(known, _)| known == application) {
        return Ok(application.to_owned());
    }
    let words = format!("No application found for name: {application}");
    Err(Fault::client("ApplicationDoesNotExistException", words))
}

pub(super) fn no_group(name: &str) -> Fault {
    let words = format!("No Deployment Group found for name: {name}");
    Fault::client("DeploymentGroupDoesNotExistException", words)
}

fn info(world: &World, group: &Group) -> Value {
    let (cluster, service) = group.place();
    let of = (&group.application, &group.name);
    let deployments = world.codedeploy.deployments.iter();
    let of_it = deployments.filter(|one| (&one.of.0, &one.of.1) == of);
    let last = |wanted: fn(&&Deployment) -> bool| of_it.clone().find(wanted).map(brief);
    let mut shown = json!({
        "applicationName": group.application,
        "deploymentGroupName": group.name,
        "deploymentConfigName": "CodeDeployDefault.ECSAllAtOnce",
        "computePlatform": "ECS",
        "ecsServices": [{ "clusterName": cluster, "serviceName": service }],
    });
    if let Some(attempted) = last(|_| true) {
        shown["lastAttemptedDeployment"] = attempted;
    }
    if let Some(successful) = last(|one| one.status == "Succeeded") {
        shown["lastSuccessfulDeployment"] = successful;
    }
    shown
}

/// <https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_LastDeploymentInfo.html>
fn brief(deployment: &Deployment) -> Value {
    let mut shown = json!({
        "deploymentId": deployment.id,
        "status": deployment.status,
        "createTime": millis(deployment.created_at),
    });
    if let Some(at) = deployment.completed_at {
        shown["endTime"] = millis(at);
    }
    shown
}
