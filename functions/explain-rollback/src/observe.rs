//! One service as AWS shows it. The truth (the service, its deployments, its tasks) comes first and
//! costs five calls; the evidence is gathered side by side once something fails, and whatever of it
//! cannot be read is named in the snapshot and stops nothing.

mod codedeploy;
mod logs;
mod registry;
mod releases;
mod secrets;
mod service;
mod targets;
mod tasks;

use std::collections::BTreeSet;

use jiff::Timestamp;
use nightshift::{ledger::rollout::Entry, report::Failure};

pub use codedeploy::Group;
pub use service::{rollouts, services_of_group};

use crate::{
    context::Context,
    estates::ServiceName,
    snapshot::{Controller, Snapshot},
};

/// The truth about a service, of which something may be remembered, or whose deployment group an event
/// named; none where there is no such service any more.
///
/// # Errors
/// When the service itself cannot be read, or where `CodeDeploy` deploys not one deployment of it. What
/// else fails stands in [`Snapshot::missing`].
pub async fn truth(
    context: &Context<'_>,
    name: &ServiceName,
    entry: Option<&Entry>,
    group: Option<Group<'_>>,
) -> Result<Option<Snapshot>, Failure> {
    let now = context.now();
    let (found, history, stopped) = tokio::join!(
        service::describe(context, name),
        releases::history(context, name, now),
        tasks::stopped(context, name),
    );
    let Some(found) = found? else {
        return Ok(None);
    };
    let mut snapshot = Snapshot {
        service: found.service,
        targets: found.targets,
        ..Snapshot::default()
    };
    let missing = &mut snapshot.missing;
    // Of a service that CodeDeploy deploys ECS keeps no deployments.
    if snapshot.service.controller == Controller::Ecs {
        snapshot.history = kept(history, missing);
    }
    snapshot.stopped = kept(stopped, missing).unwrap_or_default();
    if snapshot.service.controller == Controller::CodeDeploy {
        let open = entry.into_iter().flat_map(|entry| &entry.chapters);
        let open = open.filter(|chapter| chapter.is_open());
        let remembered = open.map(|it| it.story.deployment.clone()).collect();
        codedeploy::deployments(context, &mut snapshot, remembered, group).await?;
    }
    Ok(Some(snapshot))
}

/// Everything that may say why, side by side.
pub async fn evidence(context: &Context<'_>, snapshot: &mut Snapshot) {
    let (revisions, mut missing) = releases::revisions(context, snapshot).await;
    snapshot.revisions = revisions;
    let names = definitions_of(snapshot);
    let (definitions, lacking) = releases::definitions(context, names).await;
    snapshot.definitions = definitions;
    missing.extend(lacking);
    let seen = &*snapshot;
    let (logs, targets, images, secrets) = tokio::join!(
        logs::last_words(context, seen),
        targets::health(context, seen),
        registry::images(context, seen),
        secrets::changes(context, seen),
    );
    snapshot.logs = logs.0;
    snapshot.targets = targets.0;
    snapshot.images = images.0;
    snapshot.secrets = secrets.0;
    for lacking in [logs.1, targets.1, images.1, secrets.1] {
        missing.extend(lacking);
    }
    snapshot.missing.extend(missing);
}

/// The task definitions that the story is about.
fn definitions_of(snapshot: &Snapshot) -> BTreeSet<String> {
    let revised = snapshot.revisions.iter();
    let revised = revised.filter_map(|it| it.task_definition.clone());
    let deployed = snapshot.service.deployments.iter();
    let deployed = deployed.filter_map(|it| it.task_definition.clone());
    let dead = snapshot.stopped.iter().filter(|it| it.is_failure());
    let dead = dead.filter_map(|it| it.task_definition.clone());
    revised.chain(deployed).chain(dead).collect()
}

/// What was read, or the failure among what is missing.
fn kept<T>(read: Result<T, Failure>, missing: &mut Vec<Failure>) -> Option<T> {
    read.map_err(|failure| missing.push(failure)).ok()
}

/// What was read of many, and what could not be.
fn parted<T>(all: Vec<Result<T, Failure>>) -> (Vec<T>, Vec<Failure>) {
    let (mut read, mut missing) = (Vec::new(), Vec::new());
    for one in all {
        match one {
            Ok(one) => read.push(one),
            Err(failure) => missing.push(failure),
        }
    }
    (read, missing)
}

fn at(instant: Option<&aws_smithy_types::DateTime>) -> Option<Timestamp> {
    instant.and_then(nightshift::timestamp::from_aws)
}

fn count(number: i32) -> u32 {
    u32::try_from(number).unwrap_or(0)
}
