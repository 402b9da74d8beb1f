//! What was scaled, and why, for six weeks.
//! <https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-scaling-activities.html>

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::api::{self, DIMENSION};
use crate::{
    call::{Call, Outcome},
    hash,
    world::World,
};

/// "You can look up scaling activities from the last six weeks."
const KEPT: SignedDuration = SignedDuration::from_hours(6 * 7 * 24);
/// How long ECS takes to fulfil it: the half minute of the guide's example.
const TAKES: SignedDuration = SignedDuration::from_secs(34);

/// A scaling of a target.
#[derive(Clone, Debug, PartialEq)]
pub struct Activity {
    /// Its id.
    pub id: String,
    /// When it began.
    pub at: Timestamp,
    /// What was scaled: `service/<cluster>/<name>`.
    pub resource_id: String,
    /// The count that was set.
    pub count: u32,
    /// Why.
    pub cause: String,
}

/// Records what is scaled now.
pub(super) fn record(world: &mut World, resource_id: &str, count: u32, cause: String) {
    let at = world.now;
    let scaling = &mut world.autoscaling;
    scaling.scaled += 1;
    let activity = Activity {
        id: hash::uuid(&format!("{resource_id} {}", scaling.scaled)),
        at,
        resource_id: resource_id.to_owned(),
        count,
        cause,
    };
    let kept = |one: &Activity| at.duration_since(one.at) <= KEPT;
    scaling.activities.retain(kept);
    scaling.activities.push(activity);
}

/// In descending order of their time. Those that were not scaled are not modelled: with
/// `IncludeNotScaledActivities` the answer is the same.
/// <https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DescribeScalingActivities.html>
pub(super) fn describe(world: &World, call: &Call) -> Outcome {
    api::ecs_only(call)?;
    let id = call.text("ResourceId");
    if call.text("ScalableDimension").is_some() && id.is_none() {
        return Err(api::invalid(
            "If you specify a scalable dimension, you must also specify a resource ID",
        ));
    }
    let size = api::page_size(call)?;
    let now = world.now;
    let all = world.autoscaling.activities.iter().rev();
    let asked: Vec<&Activity> = all
        .filter(|one| id.is_none_or(|id| one.resource_id == id))
        .filter(|one| now.duration_since(one.at) <= KEPT)
        .collect();
    let from = match call.text("NextToken") {
        None => 0,
        Some(token) => {
            let place = asked.iter().position(|one| one.id == token);
            place.ok_or_else(api::invalid_token)? + 1
        }
    };
    let rest = asked.get(from..).unwrap_or_default();
    let page = rest.get(..size).unwrap_or(rest);
    let more = rest.len() > page.len();
    let token = page.last().filter(|_| more).map(|last| last.id.clone());
    let shown = page.iter().map(|one| show(one, now)).collect();
    Ok(api::listed("ScalingActivities", shown, token))
}

// https://docs.aws.amazon.com/autoscaling/application/APIReference/API_ScalingActivity.html
fn show(activity: &Activity, now: Timestamp) -> Value {
    let count = activity.count;
    let mut shown = json!({
        "ActivityId": activity.id,
        "ServiceNamespace": "ecs",
        "ResourceId": activity.resource_id,
        "ScalableDimension": DIMENSION,
        "Description": format!("Setting desired count to {count}."),
        "Cause": activity.cause,
        "StartTime": api::epoch(activity.at),
    });
    let done = activity.at.saturating_add(TAKES).unwrap_or(activity.at);
    let (status, message) = if done <= now {
        shown["EndTime"] = api::epoch(done);
        ("Successful", "Change successfully fulfilled by ecs.")
    } else {
        ("InProgress", "Waiting for change to be fulfilled by ecs.")
    };
    shown["StatusCode"] = status.into();
    let message = format!("Successfully set desired count to {count}. {message}");
    shown["StatusMessage"] = message.into();
    shown
}
