//! Alarms that fail a deployment: one that goes to ALARM while a deployment is under way fails it, and
//! rolls it back if asked; one that rings already at its begin turns the watching off for all of it.
//! <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-alarm-failure.html>

use jiff::{SignedDuration, Timestamp};

use crate::{
    services::ecs::{
        Breaker, Happening, Service,
        rollout::{self, Cause},
    },
    world::World,
};

/// What a service's deployments are watched by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeploymentAlarms {
    /// The alarms' names.
    pub names: Vec<String>,
    /// Whether they are used.
    pub enable: bool,
    /// Whether a deployment that they fail is rolled back.
    pub rollback: bool,
}

/// What one deployment is watched by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watch {
    /// The alarms' names.
    pub names: Vec<String>,
    /// Whether it is rolled back.
    pub rollback: bool,
    /// Whether one of them rang already when the deployment began, so that none is looked at.
    pub ignored: bool,
    /// Those that went off.
    pub triggered: Vec<String>,
    /// How long the deployment waits for them after all tasks run well.
    pub(super) bake: SignedDuration,
}

/// ECS asks for the alarms' states now and then. A rollback was seen 21 seconds after its alarm.
const NOTICES_AFTER: SignedDuration = SignedDuration::from_secs(20);

fn rings(world: &World, name: &str) -> bool {
    let alarm = world.cloudwatch.alarm(name);
    alarm.is_some_and(|alarm| alarm.state.value == "ALARM")
}

/// What a deployment that begins now is watched by.
pub(super) fn watch(world: &World, service: &str) -> Option<Watch> {
    let alarms = &world.ecs.services.get(service)?.alarms;
    if !alarms.enable || alarms.names.is_empty() {
        return None;
    }
    let seconds = alarms.names.iter().map(|name| {
        let alarm = world.cloudwatch.alarm(name);
        alarm.map_or(0, crate::services::cloudwatch::Alarm::span)
    });
    Some(Watch {
        names: alarms.names.clone(),
        rollback: alarms.rollback,
        ignored: alarms.names.iter().any(|name| rings(world, name)),
        triggered: Vec::new(),
        // ECS works it out of the alarms' configuration, but how is not said: as long as the slowest
        // alarm looks back is a guess.
        bake: SignedDuration::from_secs(seconds.max().unwrap_or(0)),
    })
}

/// An alarm has gone to ALARM: deployments that are watched by it notice soon.
pub(in crate::services) fn rang(world: &mut World, name: &str) {
    let watched = |service: &&Service| {
        let release = service.releases.first();
        let open = release.filter(|release| release.is_open() && release.rollback.is_none());
        let watch = open.and_then(|release| release.watch.as_ref());
        watch.is_some_and(|watch| !watch.ignored && watch.names.iter().any(|one| one == name))
    };
    let services = world.ecs.services.values().filter(watched);
    let services: Vec<String> = services.map(|service| service.arn.clone()).collect();
    let at = world.now.saturating_add(NOTICES_AFTER).unwrap_or(world.now);
    for service in services {
        let alarm = name.to_owned();
        world.at(at, Happening::Rings { service, alarm });
    }
}

/// ECS has noticed: the deployment fails, unless it has ended or the alarm rings no more.
pub(super) fn noticed(world: &mut World, arn: &str, alarm: &str) {
    if !rings(world, alarm) {
        return;
    }
    let Some(service) = world.ecs.services.get_mut(arn) else {
        return;
    };
    let Some(release) = service.releases.first_mut() else {
        return;
    };
    let open = release.is_open() && release.rollback.is_none();
    let Some(watch) = release.watch.as_mut().filter(|_| open) else {
        return;
    };
    if watch.ignored || !watch.triggered.is_empty() {
        return;
    }
    watch.triggered.push(alarm.to_owned());
    let rollback = watch.rollback;
    let breaker = if rollback {
        Breaker::RollsBack
    } else {
        Breaker::Fails
    };
    rollout::fail(world, arn, Cause::Alarm, breaker);
}

/// Until when a deployment whose tasks all run well still waits for its alarms.
pub(super) fn bakes_until(service: &Service, now: Timestamp) -> Option<Timestamp> {
    let release = service.releases.first()?;
    let watch = release.watch.as_ref()?;
    let waits = release.is_open()
        && release.rollback.is_none()
        && !watch.ignored
        && watch.bake > SignedDuration::ZERO;
    if !waits {
        return None;
    }
    now.saturating_add(watch.bake).ok()
}
