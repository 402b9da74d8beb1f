//! What CodeDeploy tells of a deployment. Its event has no word on the cause.

use super::{Frame, Known, NAME, known};
use crate::{signal::Told, understand::room::Room};

/// <https://docs.aws.amazon.com/codedeploy/latest/userguide/monitoring-cloudwatch-events.html>
pub(super) fn deployment(frame: &Frame<'_>) -> Option<Known> {
    let state = Some(frame.text("state")).filter(|state| !state.is_empty())?;
    let mut room = Room::new();
    let told = Told::CodeDeploy {
        state: room.text(state, NAME),
        application: room.text(frame.text("application"), NAME),
        group: room.text(frame.text("deploymentGroup"), NAME),
        deployment: room.text(frame.text("deploymentId"), NAME),
    };
    Some(known(told, frame.resource(":deploymentgroup:"), &mut room))
}
