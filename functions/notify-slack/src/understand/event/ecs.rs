//! What ECS tells of deployments, services and tasks. Of tasks only stops are told, and not those
//! that ECS makes for a deployment or because fewer are wanted.

use serde_json::Value;

use super::{ARN, Frame, Known, NAME, SENTENCE, known};
use crate::{
    signal::{Container, Stage, Told},
    understand::{
        Why,
        json::{self, Arn},
        room::Room,
    },
};

/// A task has at most ten containers.
const CONTAINERS: usize = 20;

/// The event names neither cluster nor service; both are in the service's ARN.
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service_deployment_events.html>
pub(super) fn deployment(frame: &Frame<'_>) -> Option<Known> {
    let reason = frame.text("reason");
    let stage = match frame.text("eventName") {
        // Nothing else tells the way back from the way forward.
        "SERVICE_DEPLOYMENT_IN_PROGRESS" if is_way_back(reason) => Stage::RollingBack,
        "SERVICE_DEPLOYMENT_IN_PROGRESS" => Stage::Begun,
        "SERVICE_DEPLOYMENT_COMPLETED" => Stage::Completed,
        "SERVICE_DEPLOYMENT_FAILED" => Stage::Failed,
        _ => return None,
    };
    let arn = frame.resource(":service/");
    let (cluster, service) = cluster_and_service(arn);
    let mut room = Room::new();
    let told = Told::Deployment {
        stage,
        cluster: room.text(cluster, NAME),
        service: room.text(service, NAME),
        deployment: room.text(frame.text("deploymentId"), NAME),
        reason: room.text(reason, SENTENCE),
    };
    Some(known(told, arn, &mut room))
}

fn is_way_back(reason: &str) -> bool {
    reason.to_ascii_lowercase().contains("rolling back")
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service_events.html>
pub(super) fn action(frame: &Frame<'_>) -> Option<Known> {
    let name = Some(frame.text("eventName")).filter(|name| !name.is_empty())?;
    let arn = frame.resource(":service/");
    let (cluster, service) = cluster_and_service(arn);
    let cluster = json::first([Arn::read(frame.text("clusterArn")).name(), cluster]);
    let mut room = Room::new();
    let told = Told::Service {
        name: room.text(name, NAME),
        level: room.text(frame.text("eventType"), NAME),
        cluster: room.text(cluster, NAME),
        service: room.text(service, NAME),
        reason: room.text(frame.text("reason"), SENTENCE),
    };
    Some(known(told, arn, &mut room))
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_task_events.html>
pub(super) fn task(frame: &Frame<'_>) -> Option<Known> {
    let status = Some(frame.text("lastStatus")).filter(|status| !status.is_empty())?;
    let arn = json::first([frame.text("taskArn"), frame.resource(":task/")]);
    let mut room = Room::new();
    if status != "STOPPED" {
        return Some(Known::LeftOut(room.text(arn, ARN), Why::TaskNotStopped));
    }
    let (code, reason) = (frame.text("stopCode"), frame.text("stoppedReason"));
    if is_wanted(code, reason) {
        return Some(Known::LeftOut(room.text(arn, ARN), Why::StoppedByScheduler));
    }
    let cluster = Arn::read(frame.text("clusterArn")).name();
    let (cluster, group) = (
        room.text(cluster, NAME),
        room.text(frame.text("group"), NAME),
    );
    let (code, reason) = (room.text(code, NAME), room.text(reason, SENTENCE));
    let containers = json::items(json::get(frame.detail, "containers"));
    let told = Told::Task {
        cluster,
        group,
        code,
        reason,
        containers: room.list(containers, CONTAINERS, 60, container),
    };
    Some(known(told, arn, &mut room))
}

/// The scheduler also stops tasks that fail their health checks, with the same code.
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html>
fn is_wanted(code: &str, reason: &str) -> bool {
    code == "ServiceSchedulerInitiated"
        && (reason.is_empty() || reason.starts_with("Scaling activity initiated by"))
}

fn container(room: &mut Room, container: &Value) -> Container {
    Container {
        name: room.text(json::text(container, "name"), NAME),
        exit_code: json::get(container, "exitCode").as_i64(),
        reason: room.some(json::text(container, "reason"), SENTENCE),
    }
}

/// `service/cluster/name`, or `service/name` as it once was.
fn cluster_and_service(arn: &str) -> (&str, &str) {
    let resource = Arn::read(arn).resource;
    let name = resource.strip_prefix("service/").unwrap_or_default();
    name.split_once('/').unwrap_or(("", name))
}
