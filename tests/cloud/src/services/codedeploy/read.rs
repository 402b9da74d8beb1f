//! Reading deployments and their targets.

use serde_json::{Value, json};

use super::{Deployment, Group, asked};
use crate::{
    call::{Call, Fault, Outcome},
    services::ecs,
    world::World,
};

pub(super) fn millis(at: jiff::Timestamp) -> Value {
    #[allow(clippy::cast_precision_loss, reason = "milliseconds fit for ages")]
    let seconds = at.as_millisecond() as f64 / 1000.0;
    json!(seconds)
}

/// <https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_GetDeployment.html>
pub(super) fn get(world: &World, call: &Call) -> Outcome {
    let deployment = asked(world, call)?;
    let group = world.codedeploy.group_of(deployment);
    Ok(json!({ "deploymentInfo": info(deployment, group) }))
}

fn info(deployment: &Deployment, group: Option<&Group>) -> Value {
    let (application, name) = &deployment.of;
    let count = |statuses: &[&str]| u8::from(statuses.contains(&deployment.status));
    let content = json!({
        "version": 0.0,
        "Resources": [{ "TargetService": {
            "Type": "AWS::ECS::Service",
            "Properties": { "TaskDefinition": deployment.task_definition },
        } }],
    });
    let made = json!({
        "revisionType": "AppSpecContent",
        "appSpecContent": { "content": content.to_string() },
    });
    let mut shown = json!({
        "applicationName": application,
        "deploymentGroupName": name,
        "deploymentConfigName": "CodeDeployDefault.ECSAllAtOnce",
        "deploymentId": deployment.id,
        "revision": deployment.revision.as_ref().unwrap_or(&made),
        "status": deployment.status,
        "createTime": millis(deployment.created_at),
        "startTime": millis(deployment.created_at),
        "deploymentOverview": {
            "Pending": 0,
            "InProgress": count(&["InProgress"]),
            "Succeeded": count(&["Succeeded"]),
            "Failed": count(&["Failed", "Stopped"]),
            "Skipped": 0,
            "Ready": 0,
        },
        "creator": deployment.creator,
        "ignoreApplicationStopFailures": false,
        "updateOutdatedInstancesOnly": false,
        "deploymentStyle": {
            "deploymentType": "BLUE_GREEN",
            "deploymentOption": "WITH_TRAFFIC_CONTROL",
        },
        "instanceTerminationWaitTimeStarted": deployment.shifted_at.is_some(),
        "deploymentStatusMessages": [],
        "computePlatform": "ECS",
    });
    if let Some(at) = deployment.completed_at {
        shown["completeTime"] = millis(at);
    }
    if let Some((code, message)) = &deployment.error {
        shown["errorInformation"] = json!({ "code": code, "message": message });
    }
    if let Some(by) = &deployment.rolled_back_by {
        shown["rollbackInfo"] = json!({
            "rollbackDeploymentId": by,
            // As users report it.
            "rollbackMessage": format!(
                "Deployment {} terminated. Automatic rollback is triggered with a DeploymentId {by}.",
                deployment.id
            ),
        });
    }
    if let Some(of) = &deployment.rolls_back {
        shown["rollbackInfo"] = json!({
            "rollbackTriggeringDeploymentId": of,
            "rollbackMessage": format!("It rolls back the deployment {of}."),
        });
    }
    if let Some(group) = group {
        shown["autoRollbackConfiguration"] = json!({
            "enabled": group.rolls_back,
            "events": if group.rolls_back { vec!["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"] } else { Vec::new() },
        });
        shown["blueGreenDeploymentConfiguration"] = json!({
            "terminateBlueInstancesOnDeploymentSuccess": {
                "action": "TERMINATE",
                "terminationWaitTimeInMinutes": group.keeps.as_mins(),
            },
            "deploymentReadyOption": { "actionOnTimeout": "CONTINUE_DEPLOYMENT", "waitTimeInMinutes": 0 },
        });
        let names = group.targets.iter();
        let names = names.map(|arn| json!({ "name": arn.rsplit('/').nth(1) }));
        shown["loadBalancerInfo"] = json!({
            "targetGroupPairInfoList": [{ "targetGroups": names.collect::<Value>() }],
        });
    }
    shown
}

/// The newest come first.
/// <https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_ListDeployments.html>
pub(super) fn list(world: &World, call: &Call) -> Outcome {
    let (application, name) = (
        call.text("applicationName"),
        call.text("deploymentGroupName"),
    );
    let mut groups = world.codedeploy.groups.keys();
    if let Some(application) = application {
        if !groups.clone().any(|(one, _)| one == application) {
            return Err(Fault::client(
                "ApplicationDoesNotExistException",
                format!("No application found for name: {application}"),
            ));
        }
        let Some(name) = name else {
            return Err(Fault::client(
                "DeploymentGroupNameRequiredException",
                "Deployment group name is required when an application name is given",
            ));
        };
        if !groups.any(|(one, group)| one == application && group == name) {
            return Err(Fault::client(
                "DeploymentGroupDoesNotExistException",
                format!("No Deployment Group found for name: {name}"),
            ));
        }
    }
    let statuses = call.texts("includeOnlyStatuses");
    let instant = |part: &str| {
        call.input
            .pointer(&format!("/createTimeRange/{part}"))?
            .as_f64()
    };
    let (start, end) = (instant("start"), instant("end"));
    let asked = |one: &&Deployment| {
        let created = millis(one.created_at).as_f64().unwrap_or_default();
        application.is_none_or(|application| one.of.0 == application)
            && name.is_none_or(|name| one.of.1 == name)
            && (statuses.is_empty() || statuses.iter().any(|status| status == one.status))
            && start.is_none_or(|start| created >= start)
            && end.is_none_or(|end| created <= end)
    };
    let mut rest = world.codedeploy.deployments.iter().filter(asked).peekable();
    if let Some(token) = call.text("nextToken") {
        rest.by_ref().find(|one| one.id == token);
    }
    let page: Vec<&str> = rest.by_ref().take(100).map(|one| one.id.as_str()).collect();
    let mut answer = json!({ "deployments": page });
    if rest.peek().is_some() {
        answer["nextToken"] = json!(page.last());
    }
    Ok(answer)
}

/// `cluster:service`.
fn target_id(world: &World, deployment: &Deployment) -> Option<String> {
    let group = world.codedeploy.group_of(deployment)?;
    let service = world.ecs.service(&group.service)?;
    Some(format!("{}:{}", service.cluster, service.name))
}

/// <https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_ListDeploymentTargets.html>
pub(super) fn list_targets(world: &World, call: &Call) -> Outcome {
    let deployment = asked(world, call)?;
    let ids: Vec<String> = target_id(world, deployment).into_iter().collect();
    Ok(json!({ "targetIds": ids }))
}

/// <https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_BatchGetDeploymentTargets.html>
pub(super) fn targets(world: &World, call: &Call) -> Outcome {
    let deployment = asked(world, call)?;
    let given = call.texts("targetIds");
    let id = target_id(world, deployment).unwrap_or_default();
    if given.is_empty() {
        return Err(Fault::client(
            "DeploymentTargetIdRequiredException",
            "A deployment target ID was not provided",
        ));
    }
    if let Some(other) = given.iter().find(|one| **one != id) {
        return Err(Fault::client(
            "DeploymentTargetDoesNotExistException",
            format!("The deployment target {other} could not be found"),
        ));
    }
    let steps = deployment.steps.iter().map(|step| {
        let mut shown = json!({ "lifecycleEventName": step.name, "status": step.status });
        if let Some(at) = step.began_at {
            shown["startTime"] = millis(at);
        }
        if let Some(at) = step.ended_at {
            shown["endTime"] = millis(at);
        }
        shown
    });
    let group = world.codedeploy.group_of(deployment);
    let service = group.and_then(|group| world.ecs.service(&group.service));
    let sets = service.map(|service| sets(service, deployment));
    let status = match deployment.status {
        "Succeeded" => "Succeeded",
        "InProgress" => "InProgress",
        _ => "Failed",
    };
    let updated = deployment.completed_at.or(deployment.shifted_at);
    Ok(json!({ "deploymentTargets": [{
        "deploymentTargetType": "ECSTarget",
        "ecsTarget": {
            "deploymentId": deployment.id,
            "targetId": id,
            "targetArn": service.map(|service| &service.arn),
            "lastUpdatedAt": millis(updated.unwrap_or(deployment.created_at)),
            "lifecycleEvents": steps.collect::<Value>(),
            "status": status,
            "taskSetsInfo": sets,
        },
    }] }))
}

/// The task sets of a deployment as they are now; one that is gone has no tasks.
// The member is spelled like this in the API. https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_ECSTaskSet.html
fn sets(service: &ecs::Service, deployment: &Deployment) -> Value {
    let labels = deployment.sets.iter().zip(["Blue", "Green"]);
    let shown = labels.map(|(id, label)| {
        let set = service.deployments.iter().find(|set| set.id == *id);
        let [asked, running, pending] = service.set_counts(id);
        let primary = set.is_some_and(|set| set.primary);
        let status = match (set, primary) {
            (None, _) => "DRAINING",
            (Some(_), true) => "PRIMARY",
            (Some(_), false) => "ACTIVE",
        };
        json!({
            "identifer": id,
            "desiredCount": asked,
            "pendingCount": pending,
            "runningCount": running,
            "status": status,
            "trafficWeight": if primary { 100.0 } else { 0.0 },
            "taskSetLabel": label,
        })
    });
    shown.collect()
}
