//! A service has what was published last once its PRIMARY deployment and all its tasks began after
//! that, it is complete and steady, and nothing older has a task. Who made that deployment does not
//! matter: tasks read their secrets when they start. So a death after the call, or a deploy in between,
//! costs nothing.

mod blue_green;

use jiff::{SignedDuration, Timestamp};
use nightshift::kind::Rollout;

use super::after;
use crate::snapshot::{Controller, Reader};

/// How far a service is with what was published at an instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rolled {
    /// All its tasks have it.
    Yes,
    /// Its tasks are to be replaced.
    NotYet,
    /// Somebody's deployment, begun before, is under way: it is waited for.
    Busy,
    /// Its tasks are being replaced.
    UnderWay,
    /// Its tasks were not replaced in time.
    Late,
    /// A deployment that began since has failed.
    Failed {
        /// Which.
        deployment: String,
    },
}

/// How far a service is with what was published at `since`. To the last, where also tasks without
/// traffic must be gone: they hold what leaked.
#[must_use]
pub fn rolled(
    reader: &Reader,
    since: Timestamp,
    patience: SignedDuration,
    now: Timestamp,
    to_the_last: bool,
) -> Rolled {
    if let Controller::CodeDeploy(Ok(group)) = &reader.controller {
        return blue_green::rolled(reader, group, since, patience, now, to_the_last);
    }
    let service = &reader.service;
    let Some(deployment) = &service.deployment else {
        // Nothing that could hold an old value, and nothing that could be replaced.
        return if service.running == 0 {
            Rolled::Yes
        } else {
            Rolled::NotYet
        };
    };
    let is_after = deployment.created_at.is_some_and(|at| at >= since);
    let is_late = |from: Timestamp| now > after(from, patience);
    if is_after {
        let is_over = service.is_steady() && service.older == 0;
        if is_over && reader.began_since(since) {
            return Rolled::Yes;
        }
        // What is over and has tasks from before took a failed one back, unseen.
        if is_over || deployment.rollout == Rollout::Failed || deployment.rolls_back {
            return Rolled::Failed {
                deployment: deployment.id.clone(),
            };
        }
        return if is_late(deployment.created_at.unwrap_or(since)) {
            Rolled::Late
        } else {
            Rolled::UnderWay
        };
    }
    if service.desired == 0 && service.running == 0 && service.pending == 0 {
        return Rolled::Yes;
    }
    if service.is_rolling_out() && !is_late(since) {
        return Rolled::Busy;
    }
    Rolled::NotYet
}
