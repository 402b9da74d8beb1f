//! An ECS service and its scalable target over the AWS SDK. No decisions: what is asked for is
//! read, or changed.

use std::collections::BTreeMap;

use aws_sdk_applicationautoscaling::{
    Client as Scaling,
    operation::register_scalable_target::builders::RegisterScalableTargetFluentBuilder,
    types::{ScalableDimension, ScalingActivity, ServiceNamespace, SuspendedState},
};
use aws_sdk_ecs::{
    Client as Ecs,
    types::{DesiredStatus, HealthStatus, Task, TaskField, TaskStopCode},
};
use jiff::Timestamp;

use super::{
    Bounds, Service, Size, Suspension, Tag, Target,
    read::{count, read, seen, value_of},
};
use crate::{
    aws::{failure::failure, pace::Pace},
    kind::Arn,
    report::Failure,
    timestamp::from_aws,
};

/// `DescribeScalableTargets` returns at most fifty.
const TARGETS_A_CALL: usize = 50;
/// `DescribeTasks` takes a hundred.
const TASKS_A_CALL: usize = 100;

/// The clients that a service needs.
#[derive(Clone, Debug)]
pub struct ServiceClients {
    /// ECS.
    pub ecs: Ecs,
    /// Application Auto Scaling.
    pub scaling: Scaling,
}

/// A task that is not STOPPED.
#[derive(Clone, Debug, PartialEq)]
pub struct LiveTask {
    /// `service:<name>`, `family:<family>` or what a person gave it.
    pub group: String,
    /// The value of the tag that was asked for.
    pub tag: Option<String>,
    /// Whether its health check says that it is unhealthy.
    pub unhealthy: bool,
    /// What it is made of, where ECS tells it: it does for every Fargate task.
    pub size: Option<Size>,
}

/// The services of these names or ARNs, with their value of a tag and their scalable targets, and the
/// names that the cluster does not have. What is INACTIVE or DRAINING is as good as gone.
///
/// # Errors
/// When a batch cannot be read: half a picture would be taken for the whole.
pub async fn describe(
    clients: &ServiceClients,
    cluster: &str,
    names: &[String],
    tag: &str,
    pace: &Pace,
) -> Result<(Vec<Service>, Vec<String>), Failure> {
    let (services, missing) = read(&clients.ecs, cluster, names, pace).await?;
    let services = services.into_iter();
    let mut services: Vec<Service> = services.map(|one| seen(one, cluster, tag)).collect();
    let mut targets = targets(clients, cluster, &services, pace).await?;
    for service in &mut services {
        service.target = targets.remove(&resource_id(&service.cluster, &service.name));
    }
    Ok((services, missing))
}

fn resource_id(cluster: &str, service: &str) -> String {
    format!("service/{cluster}/{service}")
}

async fn targets(
    clients: &ServiceClients,
    cluster: &str,
    services: &[Service],
    pace: &Pace,
) -> Result<BTreeMap<String, Target>, Failure> {
    let ids: Vec<String> = services
        .iter()
        .map(|service| resource_id(&service.cluster, &service.name))
        .collect();
    let mut targets = BTreeMap::new();
    for batch in ids.chunks(TARGETS_A_CALL) {
        let mut next = None;
        loop {
            pace.scaling_reads.acquire_one().await;
            let answer = clients
                .scaling
                .describe_scalable_targets()
                .service_namespace(ServiceNamespace::Ecs)
                .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
                .set_resource_ids(Some(batch.to_vec()))
                .set_next_token(next)
                .send()
                .await
                .map_err(|error| {
                    failure(
                        cluster,
                        "application-autoscaling:DescribeScalableTargets",
                        &error,
                    )
                })?;
            for target in answer.scalable_targets.unwrap_or_default() {
                let suspended = target.suspended_state.as_ref();
                targets.insert(
                    target.resource_id.clone(),
                    Target {
                        arn: target.scalable_target_arn.clone().map(Arn::new),
                        bounds: Bounds {
                            min: count(target.min_capacity),
                            max: count(target.max_capacity),
                        },
                        suspension: suspended.map_or_else(Suspension::default, |state| {
                            Suspension {
                                dynamic_in: state.dynamic_scaling_in_suspended.unwrap_or(false),
                                dynamic_out: state.dynamic_scaling_out_suspended.unwrap_or(false),
                                scheduled: state.scheduled_scaling_suspended.unwrap_or(false),
                            }
                        }),
                        tag: Tag::NotRead,
                    },
                );
            }
            next = answer.next_token.filter(|token| !token.is_empty());
            if next.is_none() {
                break;
            }
        }
    }
    Ok(targets)
}

/// The consent of a service's scalable target.
///
/// # Errors
/// When the tags cannot be read.
pub async fn read_target_tag(
    clients: &ServiceClients,
    arn: &Arn,
    tag: &str,
    pace: &Pace,
) -> Result<Tag, Failure> {
    pace.scaling_reads.acquire_one().await;
    let output = clients
        .scaling
        .list_tags_for_resource()
        .resource_arn(arn.as_str())
        .send()
        .await
        .map_err(|error| {
            failure(
                arn.as_str(),
                "application-autoscaling:ListTagsForResource",
                &error,
            )
        })?;
    let value = output.tags.and_then(|mut tags| tags.remove(tag));
    Ok(Tag::Read(value))
}

/// The cluster's tasks that are not STOPPED, those that are stopping included.
///
/// # Errors
/// When a page or a batch cannot be read.
pub async fn live_tasks(
    clients: &ServiceClients,
    cluster: &str,
    tag: &str,
    pace: &Pace,
) -> Result<Vec<LiveTask>, Failure> {
    // A task that ECS has decided to stop is listed under the desired status STOPPED while it
    // still drains its connections.
    let statuses = [DesiredStatus::Running, DesiredStatus::Stopped];
    let tasks = tasks(clients, cluster, &statuses, pace).await?;
    let live = tasks
        .into_iter()
        .filter(|task| task.last_status.as_deref() != Some("STOPPED"));
    Ok(live
        .map(|task| LiveTask {
            size: size(&task),
            group: task.group.unwrap_or_default(),
            tag: value_of(tag, task.tags),
            unhealthy: task.health_status == Some(HealthStatus::Unhealthy),
        })
        .collect())
}

/// A task that died by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadTask {
    /// `service:<name>`, `family:<family>` or what a person gave it.
    pub group: String,
    /// When it began to stop.
    pub at: Timestamp,
}

/// The cluster's tasks that died by themselves in the last hour, which is as long as ECS shows them:
/// not those that the scheduler or a person stopped, but those that it stopped for being unhealthy.
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html>
///
/// # Errors
/// When a page or a batch cannot be read.
pub async fn dead_tasks(
    clients: &ServiceClients,
    cluster: &str,
    pace: &Pace,
) -> Result<Vec<DeadTask>, Failure> {
    let tasks = tasks(clients, cluster, &[DesiredStatus::Stopped], pace).await?;
    let dead = tasks.into_iter().filter(died);
    Ok(dead
        .filter_map(|task| {
            let at = task.stopping_at.as_ref().or(task.stopped_at.as_ref());
            Some(DeadTask {
                at: from_aws(at?)?,
                group: task.group.unwrap_or_default(),
            })
        })
        .collect())
}

fn died(task: &Task) -> bool {
    match task.stop_code {
        Some(TaskStopCode::UserInitiated) | None => false,
        Some(TaskStopCode::ServiceSchedulerInitiated) => {
            let reason = task.stopped_reason.as_deref().unwrap_or_default();
            reason.starts_with("Task failed")
        }
        Some(_) => true,
    }
}

async fn tasks(
    clients: &ServiceClients,
    cluster: &str,
    statuses: &[DesiredStatus],
    pace: &Pace,
) -> Result<Vec<Task>, Failure> {
    let mut arns = Vec::new();
    for status in statuses {
        let mut next = None;
        loop {
            pace.task_reads.acquire_one().await;
            let answer = clients
                .ecs
                .list_tasks()
                .cluster(cluster)
                .desired_status(status.clone())
                .set_next_token(next)
                .send()
                .await
                .map_err(|error| failure(cluster, "ecs:ListTasks", &error))?;
            arns.extend(answer.task_arns.unwrap_or_default());
            next = answer.next_token.filter(|token| !token.is_empty());
            if next.is_none() {
                break;
            }
        }
    }
    let mut tasks = Vec::new();
    for batch in arns.chunks(TASKS_A_CALL) {
        pace.task_reads.acquire_one().await;
        let output = clients
            .ecs
            .describe_tasks()
            .cluster(cluster)
            .set_tasks(Some(batch.to_vec()))
            .include(TaskField::Tags)
            .send()
            .await
            .map_err(|error| failure(cluster, "ecs:DescribeTasks", &error))?;
        tasks.extend(output.tasks.unwrap_or_default());
    }
    Ok(tasks)
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Task.html>
fn size(task: &Task) -> Option<Size> {
    let vcpu: f64 = task.cpu.as_deref()?.parse().ok()?;
    let megabytes: f64 = task.memory.as_deref()?.parse().ok()?;
    let arm = task.attributes.iter().flatten().any(|attribute| {
        attribute.name == "ecs.cpu-architecture" && attribute.value.as_deref() == Some("arm64")
    });
    Some(Size {
        vcpu: vcpu / 1024.0,
        gb: megabytes / 1024.0,
        arm,
    })
}

/// Sets the desired count.
///
/// # Errors
/// When ECS refuses.
pub async fn set_count(
    clients: &ServiceClients,
    arn: &Arn,
    count: u32,
    pace: &Pace,
) -> Result<(), Failure> {
    pace.service_writes.acquire_one().await;
    clients
        .ecs
        .update_service()
        .cluster(arn.cluster().unwrap_or("default"))
        .service(arn.name())
        .desired_count(i32::try_from(count).unwrap_or(i32::MAX))
        .send()
        .await
        .map_err(|error| failure(arn.as_str(), "ecs:UpdateService", &error))?;
    Ok(())
}

/// Sets which scalings are suspended, and nothing else: the bounds are left out of the call.
///
/// # Errors
/// When Application Auto Scaling refuses.
pub async fn set_suspension(
    clients: &ServiceClients,
    arn: &Arn,
    suspension: Suspension,
    pace: &Pace,
) -> Result<(), Failure> {
    let state = SuspendedState::builder()
        .dynamic_scaling_in_suspended(suspension.dynamic_in)
        .dynamic_scaling_out_suspended(suspension.dynamic_out)
        .scheduled_scaling_suspended(suspension.scheduled)
        .build();
    register(clients, arn, pace, |call| call.suspended_state(state)).await
}

/// Sets the minimum, and nothing else: the maximum and what is suspended are left out of the call.
/// The count is clamped into the bounds, which a lower minimum never notices.
///
/// # Errors
/// When Application Auto Scaling refuses.
pub async fn set_minimum(
    clients: &ServiceClients,
    arn: &Arn,
    minimum: u32,
    pace: &Pace,
) -> Result<(), Failure> {
    let minimum = i32::try_from(minimum).unwrap_or(i32::MAX);
    register(clients, arn, pace, |call| call.min_capacity(minimum)).await
}

async fn register(
    clients: &ServiceClients,
    arn: &Arn,
    pace: &Pace,
    with: impl FnOnce(RegisterScalableTargetFluentBuilder) -> RegisterScalableTargetFluentBuilder,
) -> Result<(), Failure> {
    pace.scaling_writes.acquire_one().await;
    let call = clients
        .scaling
        .register_scalable_target()
        .service_namespace(ServiceNamespace::Ecs)
        .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
        .resource_id(resource_id(arn.cluster().unwrap_or("default"), arn.name()));
    with(call).send().await.map_err(|error| {
        failure(
            arn.as_str(),
            "application-autoscaling:RegisterScalableTarget",
            &error,
        )
    })?;
    Ok(())
}

/// When auto scaling added tasks to a service because of its load, the newest first.
/// <https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DescribeScalingActivities.html>
///
/// # Errors
/// When the page cannot be read. It has fifty activities: who looks every few minutes misses none.
pub async fn scale_outs(
    clients: &ServiceClients,
    arn: &Arn,
    pace: &Pace,
) -> Result<Vec<Timestamp>, Failure> {
    pace.scaling_reads.acquire_one().await;
    let answer = clients
        .scaling
        .describe_scaling_activities()
        .service_namespace(ServiceNamespace::Ecs)
        .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
        .resource_id(resource_id(arn.cluster().unwrap_or("default"), arn.name()))
        .send()
        .await
        .map_err(|error| {
            failure(
                arn.as_str(),
                "application-autoscaling:DescribeScalingActivities",
                &error,
            )
        })?;
    let activities = answer.scaling_activities.unwrap_or_default();
    let outs = activities.iter().enumerate().filter(|(place, activity)| {
        let before = activities.get(place + 1);
        is_scale_out(activity, before)
    });
    Ok(outs
        .filter_map(|(_, activity)| from_aws(&activity.start_time))
        .collect())
}

/// The alarms of target tracking say their direction in their names. Other policies' alarms are
/// named by people: there the count of the activity before tells. What was scaled without an alarm
/// was clamped into bounds that somebody set, or scheduled.
fn is_scale_out(activity: &ScalingActivity, before: Option<&ScalingActivity>) -> bool {
    let cause = activity.cause.as_str();
    if cause.contains("AlarmHigh") || cause.contains("AlarmLow") {
        return cause.contains("AlarmHigh");
    }
    let count = |activity: &ScalingActivity| -> Option<u32> {
        let mut words = activity.description.split(|c: char| !c.is_ascii_digit());
        words.rfind(|word| !word.is_empty())?.parse().ok()
    };
    let grew = before.and_then(count).zip(count(activity));
    cause.contains("alarm") && grew.is_some_and(|(before, now)| now > before)
}

#[cfg(test)]
mod tests {
    use aws_sdk_applicationautoscaling::types::ScalingActivityStatusCode;
    use aws_smithy_types::DateTime;

    use super::{TaskStopCode as Code, *};

    fn activity(count: u32, cause: &str) -> ScalingActivity {
        ScalingActivity::builder()
            .activity_id("1")
            .service_namespace(ServiceNamespace::Ecs)
            .resource_id("service/shop/api")
            .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
            .description(format!("Setting desired count to {count}."))
            .cause(cause)
            .start_time(DateTime::from_secs(0))
            .status_code(ScalingActivityStatusCode::Successful)
            .build()
            .unwrap()
    }

    #[test]
    fn auto_scaling_added_tasks_when_an_alarm_asked_for_more() {
        let high = "monitor alarm TargetTracking-service/shop/api-AlarmHigh-1 in state ALARM triggered policy cpu";
        let low = "monitor alarm TargetTracking-service/shop/api-AlarmLow-1 in state ALARM triggered policy cpu";
        let stepped = "monitor alarm shop-busy in state ALARM triggered policy steps";
        let clamped = "minimum capacity was set to 4";
        let two = activity(2, low);
        assert!(is_scale_out(&activity(3, high), None));
        assert!(!is_scale_out(&activity(3, low), Some(&two)));
        assert!(is_scale_out(&activity(3, stepped), Some(&two)));
        assert!(!is_scale_out(&activity(1, stepped), Some(&two)));
        assert!(!is_scale_out(&activity(3, stepped), None), "nobody knows");
        assert!(!is_scale_out(&activity(4, clamped), Some(&two)));
    }

    #[test]
    fn a_task_died_unless_the_scheduler_or_a_person_stopped_it() {
        let task = |code: Code, reason: &str| {
            let task = Task::builder().stop_code(code).stopped_reason(reason);
            died(&task.build())
        };
        let exited = "Essential container in task exited";
        assert!(task(Code::EssentialContainerExited, exited));
        assert!(task(Code::TaskFailedToStart, "CannotPullContainerError"));
        assert!(task(Code::SpotInterruption, "Spot Task was interrupted."));
        let unhealthy = "Task failed ELB health checks in (target-group arn)";
        assert!(task(Code::ServiceSchedulerInitiated, unhealthy));
        let scaled = "Scaling activity initiated by (deployment ecs-svc/1)";
        assert!(!task(Code::ServiceSchedulerInitiated, scaled));
        assert!(!task(Code::UserInitiated, "Task stopped by user"));
        assert!(!died(&Task::builder().build()), "it is only stopping");
    }
}
