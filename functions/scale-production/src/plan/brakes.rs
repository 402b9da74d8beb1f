//! What holds shrinking back: a named alarm, a deployment or one that failed, a failover or modification,
//! a load that does not fit, and whatever could not be read. Growing never asks any of them.

use jiff::{SignedDuration, Timestamp};
use nightshift::{
    keep::matters::short,
    kind::{Level, Lever},
    report::Cause,
};

use super::{Draft, View};
use crate::snapshot::{Handle, Resource};

/// How loaded what is left may become, in per cent of its CPU.
pub const FITS: f64 = 60.0;

/// Over how long the highest minute is looked for.
pub const MEASURED: SignedDuration = SignedDuration::from_mins(15);

/// How old the newest measurement may be.
pub const FRESH: SignedDuration = SignedDuration::from_mins(10);

/// What holds all shrinking of the estate back, if anything does: one brake stops it all, since
/// nobody knows what a deployment of one service or an alarm rests on.
pub(super) fn of_the_estate(view: &View<'_>) -> Option<Cause> {
    let snapshot = view.snapshot;
    if let Some(failure) = snapshot.unread.first() {
        let code = failure.code.clone();
        return Some(Cause::Unreadable { code });
    }
    let mut rings = snapshot.alarms.iter().filter(|alarm| alarm.rings);
    if let Some(alarm) = rings.find(|alarm| view.section.slim.brakes.contains(&alarm.name)) {
        let alarm = alarm.name.clone();
        return Some(Cause::Alarm { alarm });
    }
    // A brake that is not there does not ring either: whoever named it relies on it.
    if let Some(alarm) = snapshot.no_alarms.first() {
        let alarm = alarm.clone();
        return Some(Cause::NoAlarm { alarm });
    }
    let deploying = snapshot
        .services
        .iter()
        .find(|watched| watched.is_deploying() && view.names(Resource::Service(watched)));
    if let Some(watched) = deploying {
        return Some(Cause::Deploying {
            service: watched.service.name.clone(),
            back: watched.rolls_back(),
        });
    }
    if let Some(since) = view.broken {
        return Some(Cause::RolloutBroken { since });
    }
    let named = snapshot
        .clusters
        .iter()
        .filter(|measured| view.names(Resource::Cluster(measured)));
    let mut unrest = named.filter_map(|measured| {
        let status = measured.cluster.unrest()?.to_owned();
        let database = measured.cluster.name.clone();
        Some(Cause::Unrest { database, status })
    });
    unrest.next()
}

impl Draft<'_> {
    /// What holds back that this resource gets so small, if anything does.
    pub(super) fn held_back_by(&mut self, resource: Resource<'_>, night: Level) -> Option<Cause> {
        if let Some(cause) = &self.brake {
            return Some(cause.clone());
        }
        if let Some(owner) = self.view.owner(resource.arn()) {
            return Some(Cause::Owned {
                function: owner.function.clone(),
                until: owner.until,
            });
        }
        if let Some(service) = resource.service()
            && (service.running < service.desired || service.pending > 0)
        {
            let (running, desired) = (service.running, service.desired);
            return Some(Cause::NotSteady { running, desired });
        }
        let handle = resource.handle()?;
        match handle.lever {
            // Target tracking decides whether the load allows fewer tasks.
            Lever::Minimum => None,
            Lever::Count | Lever::Capacity => self.load_that_does_not_fit(resource, handle, night),
        }
    }

    /// Two tasks at 70 per cent are not one. What was measured counts only if it is fresh, and was
    /// measured at the count that there is now.
    fn load_that_does_not_fit(
        &mut self,
        resource: Resource<'_>,
        handle: Handle,
        night: Level,
    ) -> Option<Cause> {
        let Some(load) = resource.load() else {
            return Some(Cause::NoLoad);
        };
        let is_fresh = self.now.duration_since(load.newest) <= FRESH;
        let is_of_this_count = self
            .note_the_count(resource)
            .is_none_or(|since| self.now.duration_since(since) >= MEASURED);
        if !is_fresh || !is_of_this_count {
            return Some(Cause::NoLoad);
        }
        // AWS reckons an Aurora instance's utilisation of the maximum of its range.
        let of = match resource {
            Resource::Service(watched) => f64::from(watched.service.running),
            Resource::Cluster(_) => handle.max.map_or(0.0, Level::get),
        };
        let expected = load.highest * of / night.get();
        (expected.is_nan() || expected >= FITS).then(|| Cause::Load {
            percent: whole(expected),
            left: night,
        })
    }

    /// Remembers since when a service without auto scaling runs the tasks that it runs.
    pub(super) fn note_the_count(&mut self, resource: Resource<'_>) -> Option<Timestamp> {
        let service = resource.service()?;
        if service.target.is_some() {
            return None;
        }
        let key = format!("count/{}/{}", short(resource.arn()), service.running);
        Some(self.matters.note(&key))
    }
}

/// Per cent without places, for people.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between 0 and 100,000, and what is not a number becomes 0"
)]
pub(super) fn whole(percent: f64) -> u32 {
    percent.clamp(0.0, 100_000.0).round() as u32
}
