//! Whether anything holds shrinking back, by the cloud's own truth.

use jiff::{SignedDuration, Timestamp};
use nightshift_cloud::{services::ecs::Rollout, world::World};

use super::super::estates::Estate;

/// Since when something holds an estate back.
#[derive(Clone, Debug, Default)]
pub(super) struct Brakes {
    /// What does now, and since when the same does.
    now: Vec<(String, Timestamp)>,
    /// When anything did for the last time.
    pub(super) seen_at: Option<Timestamp>,
}

impl Brakes {
    /// Looks at them.
    pub(super) fn sample(&mut self, world: &World, estate: &Estate) {
        let held = held(world, estate);
        if !held.is_empty() {
            self.seen_at = Some(world.now);
        }
        self.now.retain(|(known, _)| held.contains(known));
        for cause in held {
            if !self.now.iter().any(|(known, _)| *known == cause) {
                self.now.push((cause, world.now));
            }
        }
    }

    /// What holds back now and has for so long.
    pub(super) fn held_for(
        &self,
        world: &World,
        estate: &Estate,
        moment: SignedDuration,
    ) -> Option<String> {
        let held = held(world, estate);
        let mut known = self.now.iter().filter(|(cause, _)| held.contains(cause));
        let long = known.find(|(_, since)| world.now.duration_since(*since) > moment);
        long.map(|(cause, since)| format!("{cause} since {since}"))
    }
}

/// Everything that holds back now.
fn held(world: &World, estate: &Estate) -> Vec<String> {
    let mut held = Vec::new();
    for name in &estate.brakes {
        let alarm = world.cloudwatch.alarm(name);
        if alarm.is_some_and(|alarm| alarm.state.value == "ALARM") {
            held.push(format!("{name} rings"));
        }
    }
    for service in &estate.services {
        let deployments = world.ecs.service(&service.arn).into_iter();
        let mut deployments = deployments.flat_map(|service| &service.deployments);
        if deployments.any(|one| !one.primary || one.rollout == Rollout::InProgress) {
            held.push(format!("{} is deployed", service.arn));
        }
    }
    for arn in &estate.databases {
        let members = world.rds.members_of(arn);
        for arn in members.iter().chain([arn]) {
            if let Some(database) = world.rds.database(arn)
                && database.status != "available"
            {
                held.push(format!("{arn} is {}", database.status));
            }
        }
    }
    held
}
