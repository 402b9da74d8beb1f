//! What was deployed when: the service's deployments as ECS remembers them, its revisions with the
//! digests of their images, and the task definitions. Of an environment only names and fingerprints
//! are kept.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use aws_sdk_ecs::types::{
    self, CreatedAt, ServiceDeploymentRollbackMonitorsStatus, ServiceDeploymentStatus,
};
use aws_smithy_types::DateTime;
use futures_util::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use nightshift::{
    aws::{failure::failure, pace::SIDE_BY_SIDE},
    report::Failure,
};

use super::{at, count, parted};
use crate::{
    context::Context,
    estates::ServiceName,
    snapshot::{
        Container, Fingerprint, Gate, Image, Logging, Probe, Revision, ServiceDeployment, Snapshot,
        Status, TaskDefinition, Way,
    },
};

/// `DescribeServiceDeployments` and `DescribeServiceRevisions` take twenty.
const A_CALL: usize = 20;
/// How far back deployments are looked for.
const BACK: SignedDuration = SignedDuration::from_hours(7 * 24);
/// So many pages of deployments are read at most.
const PAGES: usize = 5;
/// So many task definitions are read at most.
const DEFINITIONS: usize = 12;

/// The last deployments of the service, newest first.
///
/// # Errors
/// When they cannot be listed or read.
pub(super) async fn history(
    context: &Context<'_>,
    name: &ServiceName,
    now: Timestamp,
) -> Result<Vec<ServiceDeployment>, Failure> {
    let ecs = context.function.ecs();
    let since = now.saturating_sub(BACK).unwrap_or(now);
    let since = CreatedAt::builder().after(DateTime::from_secs(since.as_second()));
    let since = since.build();
    let mut briefs = Vec::new();
    let mut next = None;
    for _ in 0..PAGES {
        let page = ecs
            .list_service_deployments()
            .cluster(&name.cluster)
            .service(&name.service)
            .created_at(since.clone())
            .max_results(100)
            .set_next_token(next)
            .send()
            .await
            .map_err(|error| failure(&name.service, "ecs:ListServiceDeployments", &error))?;
        briefs.extend(page.service_deployments.unwrap_or_default());
        next = page.next_token.filter(|token| !token.is_empty());
        if next.is_none() {
            break;
        }
    }
    briefs.sort_by_key(|brief| std::cmp::Reverse(at(brief.created_at.as_ref())));
    let arns = briefs
        .into_iter()
        .filter_map(|it| it.service_deployment_arn);
    let arns: Vec<String> = arns.take(A_CALL).collect();
    if arns.is_empty() {
        return Ok(Vec::new());
    }
    let described = ecs
        .describe_service_deployments()
        .set_service_deployment_arns(Some(arns))
        .send()
        .await
        .map_err(|error| failure(&name.service, "ecs:DescribeServiceDeployments", &error))?;
    let found = described.service_deployments.unwrap_or_default();
    Ok(found.into_iter().map(from_ecs).collect())
}

fn from_ecs(one: types::ServiceDeployment) -> ServiceDeployment {
    let sources = one.source_service_revisions.unwrap_or_default();
    let target = one.target_service_revision.and_then(|it| it.arn);
    let breaker = one.deployment_circuit_breaker.map(|it| Gate {
        failed: count(it.failure_count),
        threshold: (it.threshold > 0).then(|| count(it.threshold)),
        triggered: it.status == Some(ServiceDeploymentRollbackMonitorsStatus::Triggered),
    });
    let rollback = one.rollback.map(|it| Way {
        reason: it.reason,
        started: at(it.started_at.as_ref()),
        revision: it.service_revision_arn,
    });
    let triggered = one.alarms.and_then(|it| it.triggered_alarm_names);
    ServiceDeployment {
        arn: one.service_deployment_arn.unwrap_or_default(),
        status: one.status.as_ref().map_or(Status::Unknown, status),
        reason: one.status_reason,
        created: at(one.created_at.as_ref()),
        started: at(one.started_at.as_ref()),
        finished: at(one.finished_at.as_ref()),
        stopped: at(one.stopped_at.as_ref()),
        sources: sources.into_iter().filter_map(|it| it.arn).collect(),
        target,
        breaker,
        rollback,
        triggered: triggered.unwrap_or_default(),
    }
}

fn status(status: &ServiceDeploymentStatus) -> Status {
    match status {
        ServiceDeploymentStatus::Pending => Status::Pending,
        ServiceDeploymentStatus::InProgress => Status::InProgress,
        ServiceDeploymentStatus::StopRequested => Status::StopRequested,
        ServiceDeploymentStatus::Stopped => Status::Stopped,
        ServiceDeploymentStatus::RollbackRequested => Status::RollbackRequested,
        ServiceDeploymentStatus::RollbackInProgress => Status::RollbackInProgress,
        ServiceDeploymentStatus::RollbackSuccessful => Status::RollbackSuccessful,
        ServiceDeploymentStatus::RollbackFailed => Status::RollbackFailed,
        ServiceDeploymentStatus::Successful => Status::Successful,
        _ => Status::Unknown,
    }
}

/// The revisions that those deployments name, the newest deployments' first.
pub(super) async fn revisions(
    context: &Context<'_>,
    snapshot: &Snapshot,
) -> (Vec<Revision>, Vec<Failure>) {
    let mut arns: Vec<&String> = Vec::new();
    for one in snapshot.history.iter().flatten() {
        let back = one.rollback.as_ref().and_then(|it| it.revision.as_ref());
        for arn in one.target.iter().chain(back).chain(&one.sources) {
            if !arns.contains(&arn) {
                arns.push(arn);
            }
        }
    }
    let arns: Vec<String> = arns.into_iter().take(A_CALL).cloned().collect();
    if arns.is_empty() {
        return (Vec::new(), Vec::new());
    }
    let described = context
        .function
        .ecs()
        .describe_service_revisions()
        .set_service_revision_arns(Some(arns))
        .send()
        .await
        .map_err(|error| {
            let name = snapshot.service.name.as_str();
            failure(name, "ecs:DescribeServiceRevisions", &error)
        });
    match described {
        Ok(answer) => {
            let found = answer.service_revisions.unwrap_or_default();
            (found.into_iter().map(from_revision).collect(), Vec::new())
        }
        Err(failure) => (Vec::new(), vec![failure]),
    }
}

fn from_revision(one: types::ServiceRevision) -> Revision {
    let images = one.container_images.unwrap_or_default().into_iter();
    Revision {
        arn: one.service_revision_arn.unwrap_or_default(),
        task_definition: one.task_definition,
        created: at(one.created_at.as_ref()),
        images: images
            .map(|it| Image {
                container: it.container_name.unwrap_or_default(),
                image: it.image,
                digest: it.image_digest,
            })
            .collect(),
    }
}

/// Task definitions by name.
pub(super) async fn definitions(
    context: &Context<'_>,
    names: BTreeSet<String>,
) -> (Vec<TaskDefinition>, Vec<Failure>) {
    let read: Vec<_> = stream::iter(names.into_iter().take(DEFINITIONS))
        .map(|name| definition(context, name))
        .buffered(SIDE_BY_SIDE)
        .collect()
        .await;
    let (read, missing) = parted(read);
    (read.into_iter().flatten().collect(), missing)
}

async fn definition(
    context: &Context<'_>,
    name: String,
) -> Result<Option<TaskDefinition>, Failure> {
    let ecs = context.function.ecs();
    let answer = ecs.describe_task_definition().task_definition(&name);
    let answer = answer
        .send()
        .await
        .map_err(|error| failure(name, "ecs:DescribeTaskDefinition", &error))?;
    Ok(answer.task_definition.map(from_definition))
}

/// What else of a task may make it fail.
fn rest_of_task(one: &types::TaskDefinition) -> Fingerprint {
    let volumes = one.volumes().iter();
    let volumes: Vec<_> = volumes
        .map(|it| (it.name(), it.host(), it.efs_volume_configuration()))
        .collect();
    let roles = (one.task_role_arn(), one.execution_role_arn());
    let around = (
        one.network_mode(),
        one.pid_mode(),
        one.ephemeral_storage(),
        one.proxy_configuration(),
    );
    Fingerprint::of(&format!("{:?}", (roles, volumes, around)))
}

fn from_definition(one: types::TaskDefinition) -> TaskDefinition {
    let rest = rest_of_task(&one);
    let platform = one.runtime_platform;
    let architecture = platform
        .as_ref()
        .and_then(|it| it.cpu_architecture.as_ref());
    let system = platform
        .as_ref()
        .and_then(|it| it.operating_system_family.as_ref());
    let containers = one.container_definitions.unwrap_or_default();
    TaskDefinition {
        rest: Some(rest),
        arn: one.task_definition_arn.unwrap_or_default(),
        cpu: one.cpu,
        memory: one.memory,
        architecture: architecture.map(|it| it.as_str().to_owned()),
        system: system.map(|it| it.as_str().to_owned()),
        containers: containers.into_iter().map(from_container).collect(),
    }
}

/// Labels in which builds leave their commit.
/// <https://github.com/opencontainers/image-spec/blob/main/annotations.md>
const LABELS: [&str; 4] = [
    "org.opencontainers.image.revision",
    "org.label-schema.vcs-ref",
    "git-commit",
    "git-sha",
];

/// What else of a container may make it fail. Maps are sorted, so that the same is the same.
fn rest_of(one: &types::ContainerDefinition) -> Fingerprint {
    let sorted = |options: Option<&HashMap<String, String>>| {
        let options = options.into_iter().flatten();
        options
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect::<BTreeMap<_, _>>()
    };
    let logging = one.log_configuration();
    let options = sorted(logging.and_then(types::LogConfiguration::options));
    let firelens = one.firelens_configuration();
    let routes = sorted(firelens.and_then(types::FirelensConfiguration::options));
    let started = (
        &one.command,
        &one.entry_point,
        &one.working_directory,
        &one.user,
    );
    let around = (
        &one.depends_on,
        &one.mount_points,
        &one.volumes_from,
        &one.environment_files,
        &one.links,
    );
    let limits = (
        &one.ulimits,
        &one.linux_parameters,
        &one.system_controls,
        &one.memory_reservation,
        &one.resource_requirements,
    );
    let rights = (
        &one.privileged,
        &one.readonly_root_filesystem,
        &one.start_timeout,
        &one.stop_timeout,
        &one.essential,
    );
    let logs = (
        logging.map(types::LogConfiguration::log_driver),
        logging.map(types::LogConfiguration::secret_options),
        options,
        routes,
    );
    Fingerprint::of(&format!("{:?}", (started, around, limits, rights, logs)))
}

fn from_container(one: types::ContainerDefinition) -> Container {
    let rest = rest_of(&one);
    let environment = one.environment.unwrap_or_default().into_iter();
    let environment = environment.filter_map(|it| {
        let value = it.value.unwrap_or_default();
        Some((it.name?, Fingerprint::of(&value)))
    });
    let secrets = one.secrets.unwrap_or_default().into_iter();
    let secrets = secrets.map(|it| (it.name, it.value_from));
    let labels = one.docker_labels.unwrap_or_default();
    let commit = LABELS.iter().find_map(|label| labels.get(*label)).cloned();
    let ports = one.port_mappings.unwrap_or_default().into_iter();
    let ports = ports.filter_map(|it| u16::try_from(it.container_port?).ok());
    Container {
        name: one.name.unwrap_or_default(),
        image: one.image,
        // ECS takes a container for essential unless it is told otherwise.
        essential: one.essential.unwrap_or(true),
        environment: environment.collect(),
        secrets: secrets.collect(),
        cpu: (one.cpu > 0).then(|| one.cpu.to_string()),
        memory: one.memory.map(count),
        ports: ports.collect(),
        health: one.health_check.as_ref().map(from_probe),
        logging: one.log_configuration.map(from_logging),
        commit,
        rest: Some(rest),
    }
}

fn from_probe(probe: &types::HealthCheck) -> Probe {
    Probe {
        command: Some(Fingerprint::of(&probe.command.join("\u{0}"))),
        interval: probe.interval.map(i64::from),
        timeout: probe.timeout.map(i64::from),
        retries: probe.retries.map(count),
        start_period: probe.start_period.map(i64::from),
    }
}

fn from_logging(logging: types::LogConfiguration) -> Logging {
    let options = logging.options.unwrap_or_default();
    let option = |name: &str| options.get(name).cloned();
    Logging {
        driver: logging.log_driver.as_str().to_owned(),
        group: option("awslogs-group"),
        prefix: option("awslogs-stream-prefix"),
        region: option("awslogs-region"),
    }
}
