//! Deployments as `CodeDeploy` tells them, where it deploys: the service has task sets, one of which
//! serves while the other is tried.
//! <https://docs.aws.amazon.com/codedeploy/latest/userguide/deployments-rollback-and-redeploy.html>

use nightshift::report::rollback::Back;

use super::{Attempt, Phase};
use crate::{
    changes::Version,
    snapshot::{CodeDeployment, Snapshot},
};

/// `CodeDeploy`'s code for what a person stopped.
/// <https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_ErrorInformation.html>
const MANUAL: &str = "MANUAL_STOP";

/// `CodeDeploy`'s code for what an alarm stopped.
const ALARM: &str = "ALARM_ACTIVE";

pub(super) fn attempts(snapshot: &Snapshot) -> Vec<Attempt<'_>> {
    let forward = snapshot.codedeploy.iter();
    let forward = forward.filter(|one| one.takes_back.is_none());
    forward.map(|one| attempt(snapshot, one)).collect()
}

fn attempt<'a>(snapshot: &'a Snapshot, one: &'a CodeDeployment) -> Attempt<'a> {
    let mut attempt = Attempt::new(one.id.clone());
    let sets = &snapshot.service.deployments;
    let own = |external: &str| {
        let mut sets = sets.iter();
        sets.find(move |set| set.external.as_deref() == Some(external))
    };
    let tried = own(&one.id);
    attempt.ids.extend(tried.map(|set| set.id.clone()));
    attempt.codedeploy = Some(one);
    attempt.started = one.created;
    attempt.failed = one.finished;
    attempt.reason = one.message.as_deref();
    attempt.failed_tasks = tried.map_or(0, |set| set.failed);
    attempt.by_person = is_by_person(one);
    if one.code.as_deref() == Some(ALARM) {
        attempt.alarms = one.message.as_deref().map(alarms).unwrap_or_default();
    }
    let way = way_back(snapshot, one);
    attempt.taken_back_by = way.map(|way| way.id.clone());
    attempt.ids.extend(attempt.taken_back_by.clone());
    attempt.turned = way.and_then(|way| way.created);
    attempt.phase = phase(one, way, attempt.by_person);
    attempt.ended = match attempt.phase {
        Phase::RolledBack | Phase::RollbackFailed => way.and_then(|way| way.finished),
        Phase::Succeeded => one.finished,
        _ => None,
    };
    attempt.back = match (attempt.by_person, way, one.rollback_enabled) {
        (true, _, _) => Back::ByHand,
        (_, Some(_), _) | (_, None, Some(true)) => Back::ByItself,
        _ => Back::NotConfigured,
    };
    let version = |name: Option<&'a str>| name.map(|name| Version::of_definition(snapshot, name));
    let name = tried.and_then(|set| set.task_definition.as_deref());
    attempt.version = version(name).unwrap_or_default();
    let mut others = sets
        .iter()
        .filter(|set| set.external.as_deref() != Some(&one.id));
    let serving = others.find(|set| set.is_primary());
    attempt.before = version(serving.and_then(|set| set.task_definition.as_deref()));
    succeed(snapshot, one, &mut attempt);
    attempt
}

/// The names behind `Activated alarms:`, each in angle brackets.
/// <https://docs.aws.amazon.com/codedeploy/latest/userguide/deployments-stop.html>
fn alarms(message: &str) -> Vec<String> {
    let parts = message.split('<').skip(1);
    let names = parts.filter_map(|part| part.split_once('>'));
    names.map(|(name, _)| name.to_owned()).collect()
}

fn is_by_person(one: &CodeDeployment) -> bool {
    match one.code.as_deref() {
        Some(code) => code == MANUAL,
        None => one.status == "Stopped",
    }
}

/// The deployment that takes this one back.
fn way_back<'a>(snapshot: &'a Snapshot, one: &CodeDeployment) -> Option<&'a CodeDeployment> {
    let mut all = snapshot.codedeploy.iter();
    all.find(|other| {
        Some(&other.id) == one.rolled_back_by.as_ref() || other.takes_back.as_ref() == Some(&one.id)
    })
}

fn phase(one: &CodeDeployment, way: Option<&CodeDeployment>, by_person: bool) -> Phase {
    match one.status.as_str() {
        "Succeeded" => Phase::Succeeded,
        "Failed" | "Stopped" => match way.map(|way| way.status.as_str()) {
            Some("Succeeded") => Phase::RolledBack,
            Some("Failed" | "Stopped") => Phase::RollbackFailed,
            Some(_) => Phase::RollingBack,
            None if one.rolled_back_by.is_some() => Phase::RollingBack,
            None if by_person => Phase::Stopped,
            None => Phase::Failed,
        },
        _ => Phase::Underway,
    }
}

/// What failed for good is history once a newer deployment succeeded.
fn succeed(snapshot: &Snapshot, one: &CodeDeployment, attempt: &mut Attempt<'_>) {
    if !matches!(
        attempt.phase,
        Phase::Failed | Phase::RollbackFailed | Phase::Stopped
    ) {
        return;
    }
    let newer = snapshot.codedeploy.iter().filter(|other| {
        other.created > one.created && other.status == "Succeeded" && other.takes_back.is_none()
    });
    if let Some(other) = newer.min_by_key(|other| other.created) {
        attempt.phase = Phase::Superseded;
        attempt.successor = Some(other.id.clone());
        attempt.ended = other.finished;
    }
}
