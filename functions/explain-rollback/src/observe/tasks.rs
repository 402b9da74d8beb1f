//! Tasks of the service that stopped. ECS shows them for an hour, hence the haste.

use aws_sdk_ecs::types::{self, DesiredStatus};
use nightshift::{aws::failure::failure, report::Failure};

use super::at;
use crate::{
    context::Context,
    estates::ServiceName,
    snapshot::{Dead, StoppedTask},
};

/// `ListTasks` and `DescribeTasks` take a hundred: more dead tasks than that say nothing new.
const TASKS_A_CALL: i32 = 100;

/// The tasks of the service that stopped.
///
/// # Errors
/// When they cannot be listed or read.
pub(super) async fn stopped(
    context: &Context<'_>,
    name: &ServiceName,
) -> Result<Vec<StoppedTask>, Failure> {
    let ServiceName { cluster, service } = name;
    let pace = &context.function.pace.task_reads;
    let ecs = context.function.ecs();
    pace.acquire_one().await;
    let listed = ecs
        .list_tasks()
        .cluster(cluster)
        .service_name(service)
        .desired_status(DesiredStatus::Stopped)
        .max_results(TASKS_A_CALL)
        .send()
        .await
        .map_err(|error| failure(service, "ecs:ListTasks", &error))?;
    let arns = listed.task_arns.unwrap_or_default();
    if arns.is_empty() {
        return Ok(Vec::new());
    }
    pace.acquire_one().await;
    let described = ecs
        .describe_tasks()
        .cluster(cluster)
        .set_tasks(Some(arns))
        .send()
        .await
        .map_err(|error| failure(service, "ecs:DescribeTasks", &error))?;
    let tasks = described.tasks.unwrap_or_default();
    Ok(tasks.into_iter().map(from_ecs).collect())
}

fn from_ecs(task: types::Task) -> StoppedTask {
    let containers = task.containers.unwrap_or_default().into_iter();
    let dead = containers.map(|it| Dead {
        name: it.name.unwrap_or_default(),
        exit: it.exit_code,
        reason: it.reason,
        digest: it.image_digest,
        health: it.health_status.map(|it| it.as_str().to_owned()),
    });
    StoppedTask {
        arn: task.task_arn.unwrap_or_default(),
        started_by: task.started_by,
        task_definition: task.task_definition_arn,
        code: task.stop_code.map(|it| it.as_str().to_owned()),
        reason: task.stopped_reason,
        created: at(task.created_at.as_ref()),
        started: at(task.started_at.as_ref()),
        stopping: at(task.stopping_at.as_ref()),
        stopped: at(task.stopped_at.as_ref()),
        health: task.health_status.map(|it| it.as_str().to_owned()),
        containers: dead.collect(),
    }
}
