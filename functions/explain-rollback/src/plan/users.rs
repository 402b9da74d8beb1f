//! Whether users are affected now: how many tasks answer, of how many should.

use nightshift::report::{
    Count,
    rollback::{Stage, Users},
};

use super::attempts::Attempt;
use crate::snapshot::{Controller, Snapshot, TargetGroup};

/// Whether users are affected, and by which tasks they are served.
pub(super) fn users(attempt: &Attempt<'_>, stage: Stage, snapshot: &Snapshot) -> (Users, Count) {
    let service = &snapshot.service;
    let answering = answering(attempt, stage, snapshot);
    let running = Count {
        service: service.name.clone(),
        running: answering.unwrap_or(service.running),
        desired: service.desired,
    };
    let rings = !attempt.alarms.is_empty() && !stage.is_over();
    let users = match answering {
        _ if service.desired == 0 => Users::Nobody,
        None => Users::Unknown,
        Some(0) => Users::Affected,
        Some(enough) if enough < service.desired => Users::Fewer,
        Some(_) if rings => Users::Perhaps,
        Some(_) => Users::NotAffected,
    };
    (users, running)
}

/// How many tasks answer: the load balancer's healthy targets; without one, the tasks that run of
/// other deployments than the one that failed.
fn answering(attempt: &Attempt<'_>, stage: Stage, snapshot: &Snapshot) -> Option<u32> {
    let healthy = snapshot
        .targets
        .iter()
        .filter(|group| !group.targets.is_empty())
        .map(TargetGroup::healthy);
    // Of CodeDeploy's two target groups one is idle; else each must have its targets.
    let healthy = match snapshot.service.controller {
        Controller::CodeDeploy => healthy.max(),
        Controller::Ecs | Controller::External => healthy.min(),
    };
    if healthy.is_some() {
        return healthy;
    }
    let unread = |action: &str| {
        snapshot
            .missing
            .iter()
            .any(|it| it.action.ends_with(action))
    };
    if unread("DescribeTargetHealth") || unread("DescribeServices") {
        return None;
    }
    let service = &snapshot.service;
    if stage == Stage::Succeeded || service.deployments.is_empty() {
        return Some(service.running);
    }
    let others = service.deployments.iter().filter(|it| it.id != attempt.id);
    Some(others.map(|it| it.running).sum())
}
