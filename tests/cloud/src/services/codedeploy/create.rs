//! A deployment by the API: of an `AppSpec` as it is handed in, or of a revision in S3 that was deployed
//! before. A group has one deployment at a time, until the tasks from before are gone.

use serde_json::{Value, json};

use super::{groups::no_group, run};
use crate::{
    call::{Call, Fault, Outcome},
    world::World,
};

/// <https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_CreateDeployment.html>
pub(super) fn create(world: &mut World, call: &Call) -> Outcome {
    let text = |name: &str| call.text(name).unwrap_or_default().to_owned();
    let (application, name) = (text("applicationName"), text("deploymentGroupName"));
    let key = (application.clone(), name.clone());
    if !world.codedeploy.groups.contains_key(&key) {
        return Err(no_group(&name));
    }
    let revision = call.input.get("revision").filter(|it| !it.is_null());
    let Some(revision) = revision.cloned() else {
        let words = "RevisionLocation must be specified";
        return Err(Fault::client("RevisionRequiredException", words));
    };
    let definition = brought(world, &revision)?;
    let mut deployments = world.codedeploy.deployments.iter();
    if let Some(open) = deployments.find(|one| one.of == key && one.is_open()) {
        let words = format!(
            "The Deployment Group '{name}' already has an active Deployment '{}'",
            open.id
        );
        return Err(Fault::client("DeploymentLimitExceededException", words));
    }
    let made = run::deploy(world, &call.actor, &application, &name, &definition);
    let Some(id) = made else {
        return Err(invalid("the service or the task definition is not there"));
    };
    if let Some(deployment) = world.codedeploy.deployment_mut(&id) {
        deployment.revision = Some(revision);
    }
    Ok(json!({ "deploymentId": id }))
}

fn invalid(why: &str) -> Fault {
    Fault::client("InvalidRevisionException", format!("The revision: {why}"))
}

/// The task definition that a revision brings.
fn brought(world: &World, revision: &Value) -> Result<String, Fault> {
    let content = revision.pointer("/appSpecContent/content");
    let Some(content) = content.and_then(Value::as_str) else {
        // What lies in S3 is known where it was deployed before.
        let mut deployments = world.codedeploy.deployments.iter();
        let before = deployments.find(|one| one.revision.as_ref() == Some(revision));
        let definition = before.map(|one| one.task_definition.clone());
        return definition.ok_or_else(|| invalid("nothing lies there"));
    };
    let content: Value = serde_json::from_str(content).unwrap_or_default();
    let definition = content.pointer("/Resources/0/TargetService/Properties/TaskDefinition");
    let definition = definition.and_then(Value::as_str);
    definition
        .map(ToOwned::to_owned)
        .ok_or_else(|| invalid("its AppSpec names no task definition"))
}

/// Lets a deployment have come from S3.
pub fn from_s3(world: &mut World, deployment: &str, bucket: &str, key: &str) {
    if let Some(deployment) = world.codedeploy.deployment_mut(deployment) {
        let location = json!({ "bucket": bucket, "key": key, "bundleType": "YAML" });
        deployment.revision = Some(json!({ "revisionType": "S3", "s3Location": location }));
    }
}
