//! The health of targets, out of the tasks of the services that stand behind a group.

use serde_json::{Value, json};

use super::{members, not_found};
use crate::{
    call::{Call, Fault, Outcome},
    services::ecs::{
        Last, Task,
        flaws::{Kind, Trouble},
    },
    world::World,
};

/// What is known of a target: its state, and the reason code and its words for all but the healthy.
struct Health {
    state: &'static str,
    reason: Option<(&'static str, String)>,
}

/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/check-target-health.html>
fn health(task: &Task) -> Option<Health> {
    let told = |state, code, text: &str| {
        let reason = Some((code, text.to_owned()));
        Some(Health { state, reason })
    };
    let trouble = match task.flaw.as_ref().map(|flaw| &flaw.kind) {
        Some(Kind::TargetUnhealthy(trouble)) => Some(*trouble),
        // A container that is about to exit was never reached.
        _ => None,
    };
    match (task.last, task.wanted, trouble) {
        (Last::Deactivating, ..) | (Last::Running, false, _) => told(
            "draining",
            "Target.DeregistrationInProgress",
            "Target deregistration is in progress",
        ),
        (Last::Running, true, Some(trouble)) => Some(unhealthy(trouble)),
        (Last::Running, true, None) if task.has_settled() => Some(Health {
            state: "healthy",
            reason: None,
        }),
        (Last::Running, true, None) => told(
            "initial",
            "Elb.InitialHealthChecking",
            "Initial health checks in progress",
        ),
        _ => None,
    }
}

fn unhealthy(trouble: Trouble) -> Health {
    Health {
        state: "unhealthy",
        reason: Some((trouble.code(), trouble.text())),
    }
}

fn described(id: &str, port: u64, health: &Health) -> Value {
    let reason = health.reason.as_ref();
    json!({
        "Target": { "Id": id, "Port": port, "AvailabilityZone": "ap-northeast-1a" },
        "HealthCheckPort": port.to_string(),
        "TargetHealth": {
            "State": health.state,
            "Reason": reason.map(|(code, _)| code),
            "Description": reason.map(|(_, text)| text),
        },
    })
}

/// All targets of a group, or those that are asked for; of these one that is not registered is `unused`.
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTargetHealth.html>
pub(super) fn describe(world: &World, call: &Call) -> Outcome {
    let arn = call.text("TargetGroupArn").unwrap_or_default();
    let group = world.elbv2.groups.get(arn).ok_or_else(not_found)?;
    let mut targets: Vec<(String, u64, Health)> = Vec::new();
    for service in world.ecs.services() {
        for task in &service.tasks {
            let registered = service.registered(task).filter(|(group, _)| *group == arn);
            if let (Some((_, port)), Some(health)) = (registered, health(task)) {
                targets.push((task.address(), u64::from(port), health));
            }
        }
    }
    let asked: Vec<String> = (1..)
        .map_while(|number| call.text(&format!("Targets.member.{number}.Id")))
        .map(ToOwned::to_owned)
        .collect();
    let shown: Vec<Value> = if asked.is_empty() {
        let all = targets.iter();
        all.map(|(id, port, health)| described(id, *port, health))
            .collect()
    } else {
        let unused = Health {
            state: "unused",
            reason: Some((
                "Target.NotRegistered",
                "Target is not registered to the target group".to_owned(),
            )),
        };
        let one = |id: &String| {
            let found = targets.iter().find(|(one, ..)| one == id);
            found.map_or_else(
                || described(id, u64::from(group.port), &unused),
                |(id, port, health)| described(id, *port, health),
            )
        };
        asked.iter().map(one).collect()
    };
    if !members(call, "Include").is_empty() {
        return Err(Fault::client(
            "ValidationError",
            "the simulated cloud knows no anomaly detection",
        ));
    }
    Ok(json!({ "TargetHealthDescriptions": { "member": shown } }))
}
