//! The deployments of a service that CodeDeploy deploys: those that its task sets name, those that are
//! remembered, and those that they take back or are taken back by. A task set that was there before the
//! first deployment names none, and the one beside it is gone once that failed.

use std::collections::{BTreeSet, VecDeque};

use aws_sdk_codedeploy::types::{DeploymentInfo, DeploymentTarget};
use nightshift::{aws::failure::failure, ledger::rollout::DeploymentGroup, report::Failure};

use super::at;
use crate::{
    context::Context,
    snapshot::{CodeDeployment, Lifecycle, Snapshot},
};

/// So many deployments are read at most.
const DEPLOYMENTS: usize = 10;
/// So many of the group's last deployments are read: a failed one's task set may be gone already.
const LAST: usize = 5;

/// A deployment group, by the names of its application and itself.
pub type Group<'a> = (&'a str, &'a str);

/// Reads them into the snapshot. `group` is the one that an event named.
///
/// # Errors
/// When there are deployments and none of them can be read.
pub(super) async fn deployments(
    context: &Context<'_>,
    snapshot: &mut Snapshot,
    remembered: Vec<String>,
    group: Option<Group<'_>>,
) -> Result<(), Failure> {
    let sets = snapshot.service.deployments.iter();
    let mut waiting: VecDeque<String> = sets.filter_map(|set| set.external.clone()).collect();
    waiting.extend(remembered);
    let mut known = BTreeSet::new();
    let mut listed = false;
    let mut unread = None;
    if let Some(group) = group {
        listed = true;
        snapshot.group = Some(named(group));
        match last_of_group(context, group).await {
            Ok(ids) => waiting.extend(ids),
            Err(failure) => {
                unread = Some(failure.clone());
                snapshot.missing.push(failure);
            }
        }
    }
    while let Some(id) = waiting.pop_front() {
        if known.len() == DEPLOYMENTS || !known.insert(id.clone()) {
            continue;
        }
        let info = match get(context, &id).await {
            Ok(info) => info,
            Err(failure) => {
                unread.get_or_insert_with(|| failure.clone());
                snapshot.missing.push(failure);
                continue;
            }
        };
        let (application, name) = (info.application_name(), info.deployment_group_name());
        if let Some(group) = application.zip(name).filter(|_| !listed) {
            listed = true;
            snapshot.group = Some(named(group));
            match last_of_group(context, group).await {
                Ok(ids) => waiting.extend(ids),
                Err(failure) => snapshot.missing.push(failure),
            }
        }
        let mut one = from_info(info, id);
        waiting.extend(one.rolled_back_by.clone());
        waiting.extend(one.takes_back.clone());
        if one.status != "Succeeded" {
            match lifecycle(context, &one.id).await {
                Ok(events) => one.lifecycle = events,
                Err(failure) => snapshot.missing.push(failure),
            }
        }
        snapshot.codedeploy.push(one);
    }
    match unread.filter(|_| snapshot.codedeploy.is_empty()) {
        Some(failure) => Err(failure),
        None => Ok(()),
    }
}

fn named((application, group): Group<'_>) -> DeploymentGroup {
    DeploymentGroup {
        application: application.to_owned(),
        group: group.to_owned(),
    }
}

async fn get(context: &Context<'_>, id: &str) -> Result<DeploymentInfo, Failure> {
    let codedeploy = context.function.codedeploy();
    let answer = codedeploy
        .get_deployment()
        .deployment_id(id)
        .send()
        .await
        .map_err(|error| failure(id, "codedeploy:GetDeployment", &error))?;
    answer.deployment_info.ok_or_else(|| Failure {
        resource: id.to_owned(),
        action: "codedeploy:GetDeployment".to_owned(),
        code: "unknown".to_owned(),
        message: "AWS answered without the deployment".to_owned(),
        denied: false,
    })
}

/// The last deployments of a group, newest first.
async fn last_of_group(
    context: &Context<'_>,
    (application, group): Group<'_>,
) -> Result<Vec<String>, Failure> {
    let answer = context
        .function
        .codedeploy()
        .list_deployments()
        .application_name(application)
        .deployment_group_name(group)
        .send()
        .await
        .map_err(|error| {
            let name = format!("{application}/{group}");
            failure(name, "codedeploy:ListDeployments", &error)
        })?;
    let ids = answer.deployments.unwrap_or_default();
    Ok(ids.into_iter().take(LAST).collect())
}

fn from_info(info: DeploymentInfo, id: String) -> CodeDeployment {
    let error = info.error_information;
    let back = info.rollback_info;
    let some = |text: Option<String>| text.filter(|text| !text.is_empty());
    CodeDeployment {
        status: info
            .status
            .map(|it| it.as_str().to_owned())
            .unwrap_or_default(),
        code: error
            .as_ref()
            .and_then(|it| Some(it.code.as_ref()?.as_str().to_owned())),
        message: error.and_then(|it| it.message),
        rolled_back_by: back
            .as_ref()
            .and_then(|it| some(it.rollback_deployment_id.clone())),
        takes_back: back.as_ref().and_then(|it| {
            let triggered_by = some(it.rollback_triggering_deployment_id.clone());
            triggered_by.filter(|other| *other != id)
        }),
        rollback_message: back.and_then(|it| some(it.rollback_message)),
        rollback_enabled: info.auto_rollback_configuration.map(|it| it.enabled),
        created: at(info.create_time.as_ref()),
        finished: at(info.complete_time.as_ref()),
        lifecycle: Vec::new(),
        id,
    }
}

/// The lifecycle events of a deployment to ECS, which has one target.
/// <https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-steps-ecs.html>
async fn lifecycle(context: &Context<'_>, id: &str) -> Result<Vec<Lifecycle>, Failure> {
    let codedeploy = context.function.codedeploy();
    let listed = codedeploy
        .list_deployment_targets()
        .deployment_id(id)
        .send()
        .await
        .map_err(|error| failure(id, "codedeploy:ListDeploymentTargets", &error))?;
    let ids = listed.target_ids.unwrap_or_default();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let answer = codedeploy
        .batch_get_deployment_targets()
        .deployment_id(id)
        .set_target_ids(Some(ids))
        .send()
        .await
        .map_err(|error| failure(id, "codedeploy:BatchGetDeploymentTargets", &error))?;
    let targets = answer.deployment_targets.unwrap_or_default().into_iter();
    Ok(targets.flat_map(events).collect())
}

fn events(target: DeploymentTarget) -> Vec<Lifecycle> {
    let events = target.ecs_target.and_then(|it| it.lifecycle_events);
    let events = events.unwrap_or_default().into_iter();
    events
        .map(|event| Lifecycle {
            name: event.lifecycle_event_name.unwrap_or_default(),
            status: event
                .status
                .map(|it| it.as_str().to_owned())
                .unwrap_or_default(),
            message: event.diagnostics.and_then(|it| it.message),
        })
        .collect()
}
