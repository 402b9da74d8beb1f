//! The last words of containers that died. A few tasks say what a hundred would; what is logged
//! elsewhere than in CloudWatch Logs of this Region is not read.

use aws_sdk_cloudwatchlogs::operation::get_log_events::GetLogEventsError;
use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use nightshift::{
    aws::{failure::failure, pace::SIDE_BY_SIDE},
    report::Failure,
};

use crate::{
    context::Context,
    snapshot::{Line, Log, Logging, Snapshot, StoppedTask},
};

/// The logs of so many tasks are read at most.
const TASKS: usize = 4;
/// So many lines of a container are read.
const LINES: i32 = 40;

/// The logs of the containers of the tasks that failed last.
pub(super) async fn last_words(
    context: &Context<'_>,
    snapshot: &Snapshot,
) -> (Vec<Log>, Vec<Failure>) {
    let mut failed: Vec<&StoppedTask> = snapshot
        .stopped
        .iter()
        // What never ran wrote nothing; what is being replaced may not have ended yet.
        .filter(|task| task.is_failure() && task.has_run())
        .collect();
    failed.sort_by_key(|task| std::cmp::Reverse(task.stopped.or(task.stopping)));
    failed.truncate(TASKS);
    let region = &context.function.settings.region;
    let wanted = failed.into_iter().flat_map(|task| {
        let definition = task.task_definition.as_deref();
        let definition = definition.and_then(|name| snapshot.definition(name));
        let containers = definition.map_or(&[][..], |it| &it.containers);
        containers.iter().filter_map(move |container| {
            let logging = container.logging.as_ref()?;
            let here = logging.region.as_ref().is_none_or(|it| it == region);
            (logging.driver == "awslogs" && here).then_some((task, &container.name, logging))
        })
    });
    let read: Vec<(Log, Option<Failure>)> = stream::iter(wanted)
        .map(|(task, container, logging)| read(context, task, container, logging))
        .buffered(SIDE_BY_SIDE)
        .collect()
        .await;
    let (logs, missing): (Vec<_>, Vec<_>) = read.into_iter().unzip();
    (logs, missing.into_iter().flatten().collect())
}

/// `<prefix>/<container>/<task id>`; without a prefix Docker names the stream, which nobody can tell.
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_awslogs.html>
async fn read(
    context: &Context<'_>,
    task: &StoppedTask,
    container: &str,
    logging: &Logging,
) -> (Log, Option<Failure>) {
    let mut log = Log {
        task: task.arn.clone(),
        container: container.to_owned(),
        ..Log::default()
    };
    let (Some(group), Some(prefix)) = (&logging.group, &logging.prefix) else {
        log.unread = Some("no awslogs-stream-prefix".to_owned());
        return (log, None);
    };
    let stream = format!("{prefix}/{container}/{}", task.id());
    let answer = context
        .function
        .logs()
        .get_log_events()
        .log_group_name(group)
        .log_stream_name(&stream)
        .start_from_head(false)
        .limit(LINES)
        .send()
        .await;
    match answer {
        Ok(answer) => {
            let events = answer.events.unwrap_or_default().into_iter();
            log.lines = events
                .filter_map(|event| {
                    Some(Line {
                        at: Timestamp::from_millisecond(event.timestamp?).ok()?,
                        text: event.message?,
                    })
                })
                .collect();
            (log, None)
        }
        Err(error) => {
            let absent = error
                .as_service_error()
                .is_some_and(GetLogEventsError::is_resource_not_found_exception);
            let failure = failure(format!("{group}:{stream}"), "logs:GetLogEvents", &error);
            // A container that died before it wrote anything has no stream. That the group is gone has
            // the same code, and only its words differ.
            let silent = absent && failure.message.contains("log stream");
            log.unread = (!silent).then(|| failure.code.clone());
            (log, (!absent).then_some(failure))
        }
    }
}
