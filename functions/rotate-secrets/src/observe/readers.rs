//! Which services read which secrets: nobody writes that down, their task definitions say it. A task
//! definition never changes, so each is read once for the life of the process.

use std::{collections::BTreeSet, sync::Arc as Shared};

use aws_sdk_ecs::types::{self, ContainerDefinition, DeploymentControllerType, LogConfiguration};
use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use nightshift::{
    aws::{failure::failure, pace::SIDE_BY_SIDE},
    config::{Rotator, SecretName, SecretStore},
    kind::{ROTATE_TAG, Service, ecs_service},
    report::Failure,
    timestamp::from_aws,
};

use super::blue_green;
use crate::{
    context::Context,
    snapshot::{Controller, Reader, Reference},
    store::Place,
};

/// The stage that every reader gets who names none.
const CURRENT: &str = "AWSCURRENT";

/// What a task definition names in one `valueFrom`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    store: SecretStore,
    /// The names that may be meant: an ARN does not say where a name ends.
    names: Vec<String>,
    key: Option<String>,
    pinned: Option<String>,
    /// Region and account, where it is an ARN.
    home: Option<(String, String)>,
}

impl Source {
    /// `valueFrom`: a parameter's name or ARN, or a secret's ARN, whole or without its last six
    /// characters, with `:json-key:version-stage:version-id` behind it.
    /// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html>
    #[must_use]
    pub fn of(value_from: &str) -> Self {
        let parts: Vec<&str> = value_from.split(':').collect();
        match parts.as_slice() {
            [
                "arn",
                _,
                "secretsmanager",
                region,
                account,
                "secret",
                name,
                rest @ ..,
            ] => {
                let part = |at: usize| rest.get(at).filter(|part| !part.is_empty());
                let stage = part(1).filter(|stage| **stage != CURRENT);
                let mut names = vec![(*name).to_owned()];
                names.extend(without_suffix(name));
                Self {
                    store: SecretStore::SecretsManager,
                    names,
                    key: part(0).map(|key| (*key).to_owned()),
                    pinned: part(2).or(stage).map(|pinned| (*pinned).to_owned()),
                    home: Some(((*region).to_owned(), (*account).to_owned())),
                }
            }
            ["arn", _, "ssm", region, account, resource, rest @ ..] => {
                let name = resource.strip_prefix("parameter").unwrap_or(resource);
                // A name without a slash has one in its ARN, too.
                let plain = name.strip_prefix('/').unwrap_or(name);
                Self {
                    home: Some(((*region).to_owned(), (*account).to_owned())),
                    ..Self::parameter(vec![format!("/{plain}"), plain.to_owned()], rest)
                }
            }
            [name, rest @ ..] => Self::parameter(vec![(*name).to_owned()], rest),
            [] => Self::parameter(Vec::new(), &[]),
        }
    }

    fn parameter(names: Vec<String>, rest: &[&str]) -> Self {
        let selector = rest.first().filter(|part| !part.is_empty());
        Self {
            store: SecretStore::Parameter,
            names,
            key: None,
            pinned: selector.map(|part| (*part).to_owned()),
            home: None,
        }
    }

    /// Whether it means this parameter or secret, or its own key of it.
    fn means(&self, place: &Place) -> bool {
        let is_key = match (&self.key, &place.key) {
            (Some(own), Some(key)) => own == key,
            _ => true,
        };
        self.store == place.store && is_key && self.names.contains(&place.name)
    }
}

/// A secret's name in its ARN: Secrets Manager puts a hyphen and six characters behind it.
/// <https://docs.aws.amazon.com/secretsmanager/latest/userguide/troubleshoot.html#ARN_secretnamehyphen>
fn without_suffix(name: &str) -> Option<String> {
    let (bare, suffix) = name.rsplit_once('-')?;
    let fits = suffix.len() == 6 && suffix.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (fits && !bare.is_empty()).then(|| bare.to_owned())
}

/// The services of the estate's cluster that read any of these.
///
/// # Errors
/// When services or a task definition cannot be read: a reader that is not known would be left with a
/// credential that does not work.
pub(super) async fn look(
    context: &Context<'_>,
    rotator: &Rotator,
    places: &[(SecretName, Place)],
) -> Result<Vec<Reader>, Failure> {
    let function = context.function;
    let (ecs, pace, cluster) = (function.ecs(), &function.pace, rotator.cluster.as_str());
    let arns = ecs_service::list(ecs, cluster, pace).await?;
    let names = arns.iter().map(|arn| arn.name().to_owned());
    let names: Vec<String> = names
        .filter(|name| rotator.services.include(name))
        .collect();
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let (services, _) = ecs_service::read(ecs, cluster, &names, pace).await?;
    let readers: Vec<Option<Reader>> = stream::iter(services)
        .map(|service| reader(context, rotator, places, service))
        .buffered(SIDE_BY_SIDE)
        .try_collect()
        .await?;
    let mut readers: Vec<Reader> = readers.into_iter().flatten().collect();
    readers.sort_by(|one, other| one.service.name.cmp(&other.service.name));
    Ok(readers)
}

/// The service with what it reads of these; none where that is nothing.
async fn reader(
    context: &Context<'_>,
    rotator: &Rotator,
    places: &[(SecretName, Place)],
    service: types::Service,
) -> Result<Option<Reader>, Failure> {
    let deployed = service.deployments.iter().flatten();
    let deployed = deployed.filter_map(|one| one.task_definition.clone());
    let sets = service.task_sets.iter().flatten();
    let sets = sets.filter_map(|one| one.task_definition.clone());
    let definitions: BTreeSet<String> = service
        .task_definition
        .iter()
        .cloned()
        .chain(deployed)
        .chain(sets)
        .collect();
    let controller = service.deployment_controller.as_ref().map(|it| &it.r#type);
    let by = controller.cloned();
    let sets = service.task_sets.clone().unwrap_or_default();
    let mut service = ecs_service::seen(service, &rotator.cluster, ROTATE_TAG);
    blue_green::of_primary(&sets, &mut service);
    let home = (
        service.arn.region().to_owned(),
        service.arn.account().to_owned(),
    );
    let mut reads = Vec::new();
    for definition in definitions {
        for source in definition_of(context, &definition).await?.iter() {
            if source.home.as_ref().is_some_and(|other| *other != home) {
                continue;
            }
            for (_, place) in places.iter().filter(|(_, place)| source.means(place)) {
                let reference = Reference {
                    name: SecretName {
                        name: place.name.clone(),
                        key: source.key.clone(),
                    },
                    pinned: source.pinned.clone(),
                };
                if !reads.contains(&reference) {
                    reads.push(reference);
                }
            }
        }
    }
    if reads.is_empty() {
        return Ok(None);
    }
    let controller = match by {
        None | Some(DeploymentControllerType::Ecs) => Controller::Ecs,
        Some(DeploymentControllerType::CodeDeploy) => {
            Controller::CodeDeploy(blue_green::look(context, &service).await?)
        }
        // What cannot be rolled is not begun.
        Some(_) => Controller::External,
    };
    let tasks_since = oldest_task(context, &service).await?;
    Ok(Some(Reader {
        service,
        reads,
        controller,
        tasks_since,
    }))
}

/// Since when the oldest of a service's tasks is there; none where it has none.
async fn oldest_task(
    context: &Context<'_>,
    service: &Service,
) -> Result<Option<Timestamp>, Failure> {
    let function = context.function;
    let (client, pace) = (function.ecs(), &function.pace);
    let mut oldest: Option<Timestamp> = None;
    let mut next = None;
    loop {
        pace.task_reads.acquire_one().await;
        let listed = client
            .list_tasks()
            .cluster(&service.cluster)
            .service_name(&service.name)
            .set_next_token(next)
            .send()
            .await
            .map_err(|error| failure(service.arn.as_str(), "ecs:ListTasks", &error))?;
        let tasks = listed.task_arns.unwrap_or_default();
        if !tasks.is_empty() {
            pace.task_reads.acquire_one().await;
            let described = client
                .describe_tasks()
                .cluster(&service.cluster)
                .set_tasks(Some(tasks))
                .send()
                .await
                .map_err(|error| failure(service.arn.as_str(), "ecs:DescribeTasks", &error))?;
            let tasks = described.tasks.unwrap_or_default();
            let made = tasks.iter().filter_map(|task| task.created_at.as_ref());
            oldest = made.filter_map(from_aws).chain(oldest).min();
        }
        next = listed.next_token.filter(|token| !token.is_empty());
        if next.is_none() {
            return Ok(oldest);
        }
    }
}

async fn definition_of(context: &Context<'_>, arn: &str) -> Result<Shared<Vec<Source>>, Failure> {
    let facts = &context.function.facts;
    if let Some(known) = facts.definition(arn) {
        return Ok(known);
    }
    let answer = context
        .function
        .ecs()
        .describe_task_definition()
        .task_definition(arn)
        .send()
        .await
        .map_err(|error| failure(arn, "ecs:DescribeTaskDefinition", &error))?;
    let definition = answer.task_definition;
    let containers = definition.and_then(|it| it.container_definitions);
    let containers = containers.unwrap_or_default();
    Ok(facts.define(arn, containers.iter().flat_map(sources).collect()))
}

fn sources(container: &ContainerDefinition) -> Vec<Source> {
    let logs = container.log_configuration.as_ref();
    let options = logs.into_iter().flat_map(LogConfiguration::secret_options);
    let all = container.secrets().iter().chain(options);
    all.map(|secret| Source::of(&secret.value_from)).collect()
}

#[cfg(test)]
mod tests;
