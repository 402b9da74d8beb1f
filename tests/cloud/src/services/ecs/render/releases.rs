//! The history of a service as the API shows it.

use serde_json::{Value, json};

use crate::services::ecs::{
    Breaker, DeploymentAlarms, Pinned, Release, Revision, Service, Watch, refer,
    render::{self, epoch, revision_counts, without_nulls},
};

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceDeploymentBrief.html>
pub(in crate::services::ecs) fn release_brief(service: &Service, release: &Release) -> Value {
    without_nulls(json!({
        "serviceDeploymentArn": release.arn,
        "serviceArn": service.arn,
        "clusterArn": refer::arn(&format!("cluster/{}", service.cluster)),
        "createdAt": epoch(release.created_at),
        "startedAt": release.started_at.map(epoch),
        "finishedAt": release.finished_at.map(epoch),
        "targetServiceRevisionArn": release.revision,
        "status": release.status,
        "statusReason": release.reason,
    }))
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceDeployment.html>
pub(in crate::services::ecs) fn release(service: &Service, release: &Release) -> Value {
    let counts = if release.is_open() {
        revision_counts(service)
    } else {
        release.counts.clone()
    };
    let summary = |arn: &String| {
        let of_it = counts.iter().find(|(one, _)| one == arn);
        let [asked, running, pending] = of_it.map_or([0; 3], |(_, counts)| *counts);
        json!({
            "arn": arn,
            "requestedTaskCount": asked,
            "runningTaskCount": running,
            "pendingTaskCount": pending,
        })
    };
    let rollback = release.rollback.as_ref().map(|(at, reason, revision)| {
        json!({ "reason": reason, "startedAt": epoch(*at), "serviceRevisionArn": revision })
    });
    let breaker = json!({
        "enable": release.breaker != Breaker::Off,
        "rollback": release.breaker == Breaker::RollsBack,
    });
    without_nulls(json!({
        "serviceDeploymentArn": release.arn,
        "serviceArn": service.arn,
        "clusterArn": refer::arn(&format!("cluster/{}", service.cluster)),
        "createdAt": epoch(release.created_at),
        "startedAt": release.started_at.map(epoch),
        "finishedAt": release.finished_at.map(epoch),
        "stoppedAt": release.stopped_at.map(epoch),
        "updatedAt": epoch(release.updated_at),
        "sourceServiceRevisions": release.sources.iter().map(summary).collect::<Value>(),
        "targetServiceRevision": summary(&release.revision),
        "status": release.status,
        "statusReason": release.reason,
        "deploymentConfiguration": {
            "deploymentCircuitBreaker": breaker,
            "maximumPercent": 200,
            "minimumHealthyPercent": 100,
            "strategy": "ROLLING",
            "alarms": watched_by(release.watch.as_ref()),
        },
        "rollback": rollback,
        "deploymentCircuitBreaker": {
            "status": monitor(release, release.breaker != Breaker::Off, release.tripped),
            "failureCount": release.failures,
            "threshold": release.threshold,
        },
        "alarms": alarms(release),
    }))
}

fn watched_by(watch: Option<&Watch>) -> Value {
    let alarms = watch.map(|watch| DeploymentAlarms {
        names: watch.names.clone(),
        enable: true,
        rollback: watch.rollback,
    });
    render::alarms(&alarms.unwrap_or_default())
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceDeploymentCircuitBreaker.html>
fn monitor(release: &Release, used: bool, triggered: bool) -> &'static str {
    if !used {
        "DISABLED"
    } else if triggered {
        "TRIGGERED"
    } else if release.is_open() && release.rollback.is_none() {
        "MONITORING"
    } else {
        "MONITORING_COMPLETE"
    }
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceDeploymentAlarms.html>
fn alarms(release: &Release) -> Value {
    let none = Vec::new();
    let watch = release.watch.as_ref();
    let triggered = watch.map_or(&none, |watch: &Watch| &watch.triggered);
    let used = watch.is_some_and(|watch| !watch.ignored);
    json!({
        "status": monitor(release, used, !triggered.is_empty()),
        "alarmNames": watch.map_or(&none, |watch| &watch.names),
        "triggeredAlarmNames": triggered,
    })
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceRevision.html>
pub(in crate::services::ecs) fn revision(service: &Service, revision: &Revision) -> Value {
    let image = |pin: &Pinned| {
        without_nulls(json!({
            "containerName": pin.container,
            "image": pin.image,
            "imageDigest": pin.digest,
        }))
    };
    without_nulls(json!({
        "serviceRevisionArn": revision.arn,
        "serviceArn": service.arn,
        "clusterArn": refer::arn(&format!("cluster/{}", service.cluster)),
        "taskDefinition": revision.task_definition,
        "launchType": if service.daemon { "EC2" } else { "FARGATE" },
        "platformVersion": if service.daemon { Value::Null } else { json!("1.4.0") },
        "platformFamily": if service.daemon { Value::Null } else { json!("Linux") },
        "loadBalancers": revision.balancers,
        "networkConfiguration": revision.network,
        "containerImages": revision.images.iter().map(image).collect::<Value>(),
        "guardDutyEnabled": false,
        "createdAt": epoch(revision.created_at),
    }))
}
