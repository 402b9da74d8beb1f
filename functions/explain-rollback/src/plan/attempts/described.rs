//! Deployments as `DescribeServices` shows them, where the service deployments API is silent. That
//! a rollback is complete shows nowhere in it: what takes a failed deployment back is remembered.

use jiff::SignedDuration;
use nightshift::{ledger::rollout::Chapter, report::rollback::Back};

use super::{Attempt, Phase, configured};
use crate::{
    changes::Version,
    snapshot::{Deployment, RolloutState, Snapshot},
};

/// How soon after a failure ECS begins to take it back.
const SOON: SignedDuration = SignedDuration::from_mins(10);

pub(super) fn attempts<'a>(snapshot: &'a Snapshot, chapters: &[Chapter]) -> Vec<Attempt<'a>> {
    let deployments = &snapshot.service.deployments;
    let Some(primary) = deployments.iter().find(|it| it.is_primary()) else {
        return Vec::new();
    };
    let mut all = Vec::new();
    if primary.rolls_back() {
        all.push(taken_back(snapshot, primary));
    } else if let Some(chapter) = chapter_of_the_way_back(primary, chapters) {
        all.push(remembered(snapshot, primary, chapter, Phase::RolledBack));
    }
    for chapter in chapters.iter().filter(|chapter| chapter.is_open()) {
        let is_primary = chapter.ids.contains(&primary.id);
        let seen = all.iter().any(|it| !it.ids.is_disjoint(&chapter.ids));
        if !is_primary && !seen {
            all.push(replaced(snapshot, primary, chapter));
        }
    }
    if !all.iter().any(|it| it.ids.contains(&primary.id)) {
        all.push(current(snapshot, primary));
    }
    all
}

/// The chapter of the deployment that the primary one took back, now that it is complete.
fn chapter_of_the_way_back<'c>(
    primary: &Deployment,
    chapters: &'c [Chapter],
) -> Option<&'c Chapter> {
    let mut chapters = chapters.iter().rev();
    chapters.find(|chapter| chapter.taken_back_by.as_deref() == Some(&primary.id))
}

/// The primary deployment itself.
fn current<'a>(snapshot: &'a Snapshot, primary: &'a Deployment) -> Attempt<'a> {
    let mut attempt = of(snapshot, primary);
    attempt.phase = match primary.rollout {
        Some(RolloutState::Failed) => Phase::Failed,
        Some(RolloutState::Completed) => Phase::Succeeded,
        Some(RolloutState::InProgress) | None => Phase::Underway,
    };
    let others = || {
        let all = snapshot.service.deployments.iter();
        all.filter(|it| it.id != primary.id)
    };
    let complete = others().find(|it| it.rollout == Some(RolloutState::Completed));
    attempt.before = complete.and_then(|it| version(snapshot, it));
    attempt.back = configured(snapshot);
    if attempt.back == Back::ByItself && complete.is_none() {
        attempt.back = Back::NothingComplete;
    }
    match attempt.phase {
        Phase::Failed => attempt.failed = primary.updated,
        Phase::Succeeded => attempt.ended = primary.updated,
        _ => {}
    }
    attempt
}

/// The deployment that failed, which the primary one takes back.
fn taken_back<'a>(snapshot: &'a Snapshot, primary: &'a Deployment) -> Attempt<'a> {
    let deployments = snapshot.service.deployments.iter();
    let failed = deployments
        .filter(|it| it.rollout == Some(RolloutState::Failed) && it.id != primary.id)
        .max_by_key(|it| it.created);
    let mut attempt = match failed {
        Some(failed) => of(snapshot, failed),
        // It is gone already: the way back is all that is known of it.
        None => Attempt::new(primary.id.clone()),
    };
    attempt.ids.insert(primary.id.clone());
    attempt.taken_back_by = Some(primary.id.clone());
    attempt.back = Back::ByItself;
    attempt.phase = match primary.rollout {
        Some(RolloutState::Failed) => Phase::RollbackFailed,
        Some(RolloutState::Completed) => Phase::RolledBack,
        Some(RolloutState::InProgress) | None => Phase::RollingBack,
    };
    attempt.failed = primary.created;
    attempt.turned = primary.created;
    if attempt.phase != Phase::RollingBack {
        attempt.ended = primary.updated;
    }
    attempt.reason = primary.reason.as_deref();
    let reason = primary.reason.as_deref().unwrap_or_default();
    attempt.broke = says(reason, "circuit breaker");
    attempt.before = version(snapshot, primary);
    attempt
}

/// An open story whose deployment is not the primary one any more.
fn replaced<'a>(snapshot: &'a Snapshot, primary: &'a Deployment, chapter: &Chapter) -> Attempt<'a> {
    let story = &chapter.story;
    let in_time = match (primary.created, story.failed) {
        (Some(created), Some(failed)) => created.duration_since(failed) <= SOON,
        _ => false,
    };
    let restored = story
        .before
        .as_ref()
        .and_then(|it| it.task_definition.as_deref());
    let name = primary.task_definition.as_deref();
    let name = name.and_then(|name| name.rsplit('/').next());
    let is_way_back =
        story.back == Back::ByItself && in_time && restored.is_some() && restored == name;
    let complete = primary.rollout == Some(RolloutState::Completed);
    match (is_way_back, complete) {
        (true, true) => remembered(snapshot, primary, chapter, Phase::RolledBack),
        (true, false) => remembered(snapshot, primary, chapter, Phase::RollingBack),
        (false, _) => {
            let mut attempt = remembered(snapshot, primary, chapter, Phase::Superseded);
            attempt.successor = Some(primary.id.clone());
            attempt
        }
    }
}

/// A deployment that is only remembered, at the phase to which the primary one brought it.
fn remembered<'a>(
    snapshot: &'a Snapshot,
    primary: &'a Deployment,
    chapter: &Chapter,
    phase: Phase,
) -> Attempt<'a> {
    let mut deployments = snapshot.service.deployments.iter();
    let listed = deployments.find(|it| it.id == chapter.story.deployment);
    let mut attempt = match listed {
        Some(listed) => of(snapshot, listed),
        None => Attempt::new(chapter.story.deployment.clone()),
    };
    attempt.ids.extend(chapter.ids.iter().cloned());
    attempt.phase = phase;
    attempt.back = chapter.story.back;
    attempt.started = attempt.started.or(chapter.story.started);
    attempt.failed = chapter.story.failed;
    if phase == Phase::RolledBack || phase == Phase::RollingBack {
        attempt.taken_back_by = Some(primary.id.clone());
        attempt.ids.insert(primary.id.clone());
        attempt.turned = primary.created;
        attempt.before = version(snapshot, primary);
    }
    if phase != Phase::RollingBack {
        attempt.ended = primary.updated.or(primary.created);
    }
    attempt
}

fn of<'a>(snapshot: &'a Snapshot, deployment: &'a Deployment) -> Attempt<'a> {
    let mut attempt = Attempt::new(deployment.id.clone());
    attempt.started = deployment.created;
    attempt.failed_tasks = deployment.failed;
    attempt.reason = deployment.reason.as_deref();
    let reason = deployment.reason.as_deref().unwrap_or_default();
    attempt.broke =
        deployment.rollout == Some(RolloutState::Failed) && says(reason, "circuit breaker");
    let alarms = &snapshot.service.alarms;
    let rang = attempt.reason.is_some_and(|reason| says(reason, "alarm"));
    // Which of several rang it does not say.
    if deployment.rollout == Some(RolloutState::Failed) && rang && alarms.names.len() == 1 {
        attempt.alarms.clone_from(&alarms.names);
    }
    attempt.version = version(snapshot, deployment).unwrap_or_default();
    attempt
}

fn says(reason: &str, words: &str) -> bool {
    reason.to_ascii_lowercase().contains(words)
}

/// What a deployment deploys: its revision bears its number.
fn version<'a>(snapshot: &'a Snapshot, deployment: &'a Deployment) -> Option<Version<'a>> {
    let id = Some(deployment.id.as_str());
    let mut revisions = snapshot.revisions.iter();
    let revision = revisions.find(|it| it.deployment().as_deref() == id);
    if let Some(version) = revision.and_then(|it| Version::of_revision(snapshot, &it.arn)) {
        return Some(version);
    }
    let name = deployment.task_definition.as_deref()?;
    Some(Version::of_definition(snapshot, name))
}
