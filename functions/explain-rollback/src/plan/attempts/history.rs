//! Deployments as the service deployments API tells them: one record holds a deployment and its
//! rollback.
//! <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-deployment.html>

use jiff::SignedDuration;
use nightshift::report::rollback::Back;

use super::{Attempt, Phase, configured, tells_a_failure};
use crate::{
    changes::Version,
    snapshot::{Deployment, RolloutState, ServiceDeployment, Snapshot, Status, deployment_of},
};

/// How far the instants of one deployment lie apart in the two APIs.
const APART: SignedDuration = SignedDuration::from_secs(120);

pub(super) fn attempts<'a>(
    snapshot: &'a Snapshot,
    history: &'a [ServiceDeployment],
) -> Vec<Attempt<'a>> {
    let all = history.iter().map(|one| attempt(snapshot, history, one));
    all.collect()
}

fn attempt<'a>(
    snapshot: &'a Snapshot,
    history: &'a [ServiceDeployment],
    one: &'a ServiceDeployment,
) -> Attempt<'a> {
    let target = one.target.as_deref();
    let described = described(snapshot, history, one);
    let number = target.and_then(deployment_of);
    let id = described.map(|it| it.id.clone()).or_else(|| number.clone());
    let id = id.unwrap_or_else(|| one.arn.clone());
    let taken_back_by = taken_back_by(snapshot, history, one);
    let mut attempt = Attempt::new(id);
    attempt.ids.insert(one.arn.clone());
    attempt.ids.extend(number);
    attempt.ids.extend(taken_back_by.clone());
    let triggered = one.breaker.is_some_and(|breaker| breaker.triggered);
    let counted = one.breaker.map_or(0, |breaker| breaker.failed);
    attempt.failed_tasks = counted.max(described.map_or(0, |it| it.failed));
    attempt.by_person = is_by_person(one, attempt.failed_tasks);
    attempt.phase = phase(one, described, attempt.by_person);
    attempt.taken_back_by = taken_back_by;
    attempt.arn = Some(&one.arn);
    attempt.back = back(snapshot, history, one, &attempt);
    attempt.started = one.started.or(one.created);
    let turned = one.rollback.as_ref().and_then(|way| way.started);
    attempt.turned = turned;
    attempt.ended = one.finished.or(one.stopped);
    attempt.failed = turned.or_else(|| match attempt.phase {
        Phase::Failed => one.stopped.or(one.finished),
        _ => None,
    });
    attempt.threshold = one.breaker.and_then(|breaker| breaker.threshold);
    attempt.broke = triggered;
    attempt.alarms.clone_from(&one.triggered);
    let why = one.rollback.as_ref().and_then(|way| way.reason.as_deref());
    attempt.reason = why.or(one.reason.as_deref());
    let name = described.and_then(|it| it.task_definition.as_deref());
    attempt.version = target
        .and_then(|target| Version::of_revision(snapshot, target))
        .or_else(|| Some(Version::of_definition(snapshot, name?)))
        .unwrap_or_default();
    attempt.before = before(snapshot, history, one);
    succeed(history, one, &mut attempt);
    attempt
}

/// The deployment of `DescribeServices` that is this one: by its number, else by its time and task
/// definition.
fn described<'a>(
    snapshot: &'a Snapshot,
    history: &[ServiceDeployment],
    one: &ServiceDeployment,
) -> Option<&'a Deployment> {
    let target = one.target.as_deref();
    let number = target.and_then(deployment_of);
    let deployments = &snapshot.service.deployments;
    let by_number = deployments
        .iter()
        .find(|it| Some(&it.id) == number.as_ref());
    let name = target
        .and_then(|target| snapshot.revision(target))
        .and_then(|revision| revision.task_definition.as_deref());
    let mut all = deployments.iter();
    by_number.or_else(|| {
        all.find(|it| {
            let near = match (it.created, one.created.or(one.started)) {
                (Some(a), Some(b)) => a.duration_since(b).abs() <= APART,
                _ => false,
            };
            let same = name.is_none() || it.task_definition.as_deref() == name;
            near && same && !it.rolls_back() && !is_anothers(history, one, it)
        })
    })
}

/// Whether a deployment of `DescribeServices` is, by its number, another record's.
fn is_anothers(history: &[ServiceDeployment], one: &ServiceDeployment, it: &Deployment) -> bool {
    let mut others = history.iter().filter(|other| other.arn != one.arn);
    others.any(|other| other.target.as_deref().and_then(deployment_of).as_ref() == Some(&it.id))
}

/// The deployment of `DescribeServices` that takes this one back: made when the rollback began. Its
/// reason says so until it is complete. Where it is gone, what was deployed next may be as near.
fn taken_back_by(
    snapshot: &Snapshot,
    history: &[ServiceDeployment],
    one: &ServiceDeployment,
) -> Option<String> {
    let began = one.rollback.as_ref()?.started?;
    let number = one.target.as_deref().and_then(deployment_of);
    let others = || {
        let all = snapshot.service.deployments.iter();
        all.filter(|it| {
            let is_later = it
                .created
                .zip(one.finished)
                .is_some_and(|(at, end)| at > end);
            Some(&it.id) != number.as_ref() && !is_later && !is_anothers(history, one, it)
        })
    };
    let apart = |it: &Deployment| it.created.map(|at| at.duration_since(began).abs());
    let says_so = others().find(|it| it.rolls_back() && apart(it).is_none_or(|it| it <= APART));
    let found = says_so.or_else(|| others().find(|it| apart(it).is_some_and(|it| it <= APART)));
    found.map(|it| it.id.clone())
}

/// A person's stop says so, or says nothing where no task failed: neither breaker nor alarm did it.
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stop-service-deployment.html>
fn is_by_person(one: &ServiceDeployment, failed: u32) -> bool {
    let ended = matches!(
        one.status,
        Status::StopRequested
            | Status::Stopped
            | Status::RollbackRequested
            | Status::RollbackInProgress
            | Status::RollbackSuccessful
            | Status::RollbackFailed
    );
    let by_itself =
        one.breaker.is_some_and(|breaker| breaker.triggered) || !one.triggered.is_empty();
    let why = one.rollback.as_ref().and_then(|way| way.reason.as_deref());
    let reasons = [why, one.reason.as_deref()];
    let mut reasons = reasons.into_iter().flatten().peekable();
    if !ended || by_itself {
        return false;
    }
    if reasons.peek().is_none() {
        return failed == 0 || one.status == Status::RollbackRequested;
    }
    reasons.all(|reason| !tells_a_failure(reason))
}

fn phase(one: &ServiceDeployment, described: Option<&Deployment>, by_person: bool) -> Phase {
    let given_up = one.breaker.is_some_and(|breaker| breaker.triggered)
        || !one.triggered.is_empty()
        || described.is_some_and(|it| it.rollout == Some(RolloutState::Failed));
    match one.status {
        Status::RollbackRequested | Status::RollbackInProgress => Phase::RollingBack,
        Status::RollbackSuccessful => Phase::RolledBack,
        Status::RollbackFailed => Phase::RollbackFailed,
        Status::Successful => Phase::Succeeded,
        Status::Stopped if by_person => Phase::Stopped,
        Status::Stopped => Phase::Failed,
        Status::Pending | Status::InProgress | Status::StopRequested | Status::Unknown => {
            if given_up {
                Phase::Failed
            } else {
                Phase::Underway
            }
        }
    }
}

fn back(
    snapshot: &Snapshot,
    history: &[ServiceDeployment],
    one: &ServiceDeployment,
    attempt: &Attempt<'_>,
) -> Back {
    if attempt.by_person {
        return Back::ByHand;
    }
    if one.rollback.is_some() || attempt.phase == Phase::RollingBack {
        return Back::ByItself;
    }
    let back = configured(snapshot);
    let complete = |other: &ServiceDeployment| {
        matches!(
            other.status,
            Status::Successful | Status::RollbackSuccessful
        ) && other.created < one.created
    };
    let described = |it: &Deployment| {
        it.rollout == Some(RolloutState::Completed) && !attempt.ids.contains(&it.id)
    };
    let nothing =
        !history.iter().any(complete) && !snapshot.service.deployments.iter().any(described);
    if back == Back::ByItself && nothing {
        Back::NothingComplete
    } else {
        back
    }
}

/// What was there before: what is restored, else what ran, else what was last complete.
fn before<'a>(
    snapshot: &'a Snapshot,
    history: &'a [ServiceDeployment],
    one: &'a ServiceDeployment,
) -> Option<Version<'a>> {
    let restored = one
        .rollback
        .as_ref()
        .and_then(|way| way.revision.as_deref());
    let earlier = history
        .iter()
        .filter(|other| other.status == Status::Successful && other.created < one.created);
    let complete = earlier.max_by_key(|other| other.created);
    let last = complete.and_then(|other| other.target.as_deref());
    let sources = one.sources.iter().rev().map(String::as_str);
    let named = restored.into_iter().chain(sources).chain(last);
    let mut versions = named.filter_map(|arn| Version::of_revision(snapshot, arn));
    versions.next()
}

/// What was given up for good, or stopped, is history once a newer deployment stands in its place.
fn succeed(history: &[ServiceDeployment], one: &ServiceDeployment, attempt: &mut Attempt<'_>) {
    let newer = history.iter().filter(|other| other.created > one.created);
    let name = |other: &ServiceDeployment| {
        let number = other.target.as_deref().and_then(deployment_of);
        number.unwrap_or_else(|| other.arn.clone())
    };
    let replaced = match attempt.phase {
        Phase::Failed | Phase::RollbackFailed | Phase::Underway => {
            let complete = newer.filter(|other| other.status == Status::Successful);
            complete.min_by_key(|other| other.created)
        }
        Phase::Stopped => newer.min_by_key(|other| other.created),
        _ => None,
    };
    if let Some(other) = replaced {
        attempt.phase = Phase::Superseded;
        attempt.successor = Some(name(other));
        attempt.ended = other.finished.or(attempt.ended);
    }
}
