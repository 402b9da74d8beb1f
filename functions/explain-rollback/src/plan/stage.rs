//! How far a deployment is in the eyes of a reader. What ends by itself is waited for; what fails
//! and neither ends nor turns back is stalled.

use jiff::{SignedDuration, Timestamp};
use nightshift::report::rollback::{Back, Stage};

use super::{
    View,
    attempts::{Attempt, Phase},
};
use crate::snapshot::{Snapshot, TargetCheck, TaskDefinition};

/// How many tasks die until it is no accident.
const DEATHS: u32 = 2;

/// How long after a failure ECS begins to take it back at the latest.
const TURNING: SignedDuration = SignedDuration::from_mins(5);

/// How often a deployment is looked at that fails or is being taken back.
const SOON: SignedDuration = SignedDuration::from_mins(1);

/// How often one is looked at that waits for a person.
const LATER: SignedDuration = SignedDuration::from_mins(10);

/// How far it is; none while there is nothing to tell.
pub(super) fn stage(attempt: &Attempt<'_>, view: &View<'_>) -> Option<Stage> {
    match attempt.phase {
        Phase::Underway => underway(attempt, view),
        Phase::Failed => Some(failed(attempt, view.now)),
        Phase::RollingBack => Some(rolling_back(attempt, view)),
        Phase::RolledBack => Some(Stage::RolledBack),
        Phase::RollbackFailed => Some(Stage::RollbackFailed),
        Phase::Succeeded => Some(Stage::Succeeded),
        Phase::Superseded => Some(Stage::Superseded),
        Phase::Stopped => Some(Stage::Stopped),
    }
}

/// Nothing fails where nothing should run: then the estate sleeps, or somebody set the count to 0.
fn underway(attempt: &Attempt<'_>, view: &View<'_>) -> Option<Stage> {
    if view.snapshot.service.desired == 0 || attempt.failed_tasks == 0 {
        return None;
    }
    let patience = patience(attempt, view);
    if since(attempt.started, view.now).is_some_and(|age| age > patience) {
        return Some(Stage::Stalled);
    }
    (attempt.failed_tasks >= DEATHS).then_some(Stage::Failing)
}

fn failed(attempt: &Attempt<'_>, now: Timestamp) -> Stage {
    match attempt.back {
        Back::NothingComplete => Stage::RollbackStalled,
        Back::ByItself if since(attempt.failed, now).is_some_and(|age| age > TURNING) => {
            Stage::RollbackStalled
        }
        Back::ByItself | Back::NotConfigured | Back::ByHand => Stage::Failed,
    }
}

fn rolling_back(attempt: &Attempt<'_>, view: &View<'_>) -> Stage {
    let turned = attempt.turned.or(attempt.failed);
    let patience = patience(attempt, view);
    if since(turned, view.now).is_some_and(|age| age > patience) {
        Stage::RollbackStalled
    } else {
        Stage::RollingBack
    }
}

fn since(then: Option<Timestamp>, now: Timestamp) -> Option<SignedDuration> {
    then.map(|then| now.duration_since(then))
}

/// How long a deployment may take: what the document says, beyond what its grace period and its
/// health checks explain.
fn patience(attempt: &Attempt<'_>, view: &View<'_>) -> SignedDuration {
    let beyond = explained(view.snapshot, attempt.version.definition);
    view.settings.stalled_after.saturating_add(beyond)
}

fn explained(snapshot: &Snapshot, definition: Option<&TaskDefinition>) -> SignedDuration {
    let grace = SignedDuration::from_secs(snapshot.service.grace.unwrap_or(0).max(0));
    let checks = snapshot.targets.iter().map(|group| &group.check);
    let checks = checks.map(TargetCheck::patience).max();
    let containers = definition.map_or(&[][..], |definition| &definition.containers);
    let probes = containers.iter().filter_map(|it| it.health.as_ref());
    let start = probes.filter_map(|probe| probe.start_period).max();
    let start = SignedDuration::from_secs(start.unwrap_or(0));
    grace
        .saturating_add(checks.unwrap_or(SignedDuration::ZERO))
        .saturating_add(start)
}

/// When to look again at a story that is at this stage; none once it is over.
pub(super) fn due(stage: Stage, now: Timestamp) -> Option<Timestamp> {
    let wait = match stage {
        // What was given up turns back soon, where it does so by itself.
        Stage::Failing | Stage::Failed | Stage::RollingBack => SOON,
        Stage::Stalled | Stage::RollbackStalled | Stage::RollbackFailed => LATER,
        Stage::RolledBack | Stage::Succeeded | Stage::Superseded | Stage::Stopped => return None,
    };
    now.checked_add(wait).ok()
}

/// When to look again at a deployment under way of which there is nothing to tell yet.
pub(super) fn due_unheard(attempt: &Attempt<'_>, view: &View<'_>) -> Option<Timestamp> {
    if view.snapshot.service.desired == 0 {
        return None;
    }
    if attempt.failed_tasks > 0 {
        return view.now.checked_add(SOON).ok();
    }
    let patience = patience(attempt, view);
    let at = attempt
        .started
        .and_then(|at| at.checked_add(patience).ok())?;
    let after = view.now.checked_add(LATER).ok()?;
    Some(if at > view.now { at } else { after })
}
