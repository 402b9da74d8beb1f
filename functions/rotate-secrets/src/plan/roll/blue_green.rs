//! A service of CodeDeploy's has what was published last once its PRIMARY task set began after that and
//! is steady. The task set before it lingers for minutes or days, without traffic; its credential works
//! until the next turn, so that nobody waits for it, unless it leaked. While a deployment is open
//! CodeDeploy takes no other.

use jiff::{SignedDuration, Timestamp};

use super::Rolled;
use crate::{
    plan::after,
    snapshot::{Attempt, BlueGreen, Reader},
};

pub(super) fn rolled(
    reader: &Reader,
    group: &BlueGreen,
    since: Timestamp,
    patience: SignedDuration,
    now: Timestamp,
    to_the_last: bool,
) -> Rolled {
    let service = &reader.service;
    let is_late = |from: Timestamp| now > after(from, patience);
    let lingers = service.older > 0 || reader.tasks_since.is_some_and(|at| at < since);
    let primary = service.deployment.as_ref().and_then(|it| it.created_at);
    if let Some(primary) = primary.filter(|at| *at >= since) {
        return if service.is_steady() && !(to_the_last && lingers) {
            Rolled::Yes
        } else if !service.is_steady() && is_late(primary) {
            Rolled::Late
        } else {
            Rolled::UnderWay
        };
    }
    let attempt = group.attempt.as_ref();
    let is_after = |attempt: &&Attempt| attempt.created_at >= since;
    match (attempt.filter(is_after), attempt) {
        (Some(attempt), _) if !attempt.is_open => Rolled::Failed {
            // However it ended, tasks from before have the traffic.
            deployment: attempt.id.clone(),
        },
        (Some(attempt), _) if is_late(attempt.created_at) => Rolled::Late,
        (Some(_), _) => Rolled::UnderWay,
        (None, Some(attempt)) if attempt.is_open => {
            if is_late(since) {
                Rolled::Late
            } else {
                Rolled::Busy
            }
        }
        _ if service.desired + service.running + service.pending + service.older == 0 => {
            Rolled::Yes
        }
        _ => Rolled::NotYet,
    }
}
