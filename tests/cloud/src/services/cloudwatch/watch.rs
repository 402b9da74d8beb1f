//! Alarms on what a load makes look by themselves, and only when there is something to see. The load
//! is known ahead and what carries it changes by events, so the minute of the next change can be
//! computed: it alone stands on the agenda, and is computed anew after each event. Whoever holds the
//! world jumps over all minutes in which no alarm changes and no policy acts.

use jiff::Timestamp;

use super::{
    Happening,
    evaluate::{self, Point, judge, points, verdict},
    made::Made,
    metrics::Measured,
    state::{Alarm, Kind, MetricAlarm},
};
use crate::{
    services::autoscaling,
    world::{Planned, World},
};

/// How far ahead is looked, in minutes. A day without any change costs one look that finds nothing.
const AHEAD: i64 = 24 * 60;

/// What is planned for a service or a cluster.
#[derive(Clone, Debug, Default)]
pub(super) struct Watch {
    planned: Option<Planned>,
    /// Whether its alarms look right now: the next look is planned when they have.
    looks: bool,
}

/// Plans the next look at a service's or cluster's alarms, in the place of what was planned. Nothing is
/// planned for what has no load or no alarm.
pub(crate) fn plan(world: &mut World, resource: &str) {
    let watches = &mut world.cloudwatch.watches;
    let known = watches.get_mut(resource);
    if known.as_ref().is_some_and(|watch| watch.looks) {
        return;
    }
    if let Some(planned) = known.and_then(|watch| watch.planned.take()) {
        world.cancel(planned);
    }
    let Some(at) = Round::of(world, resource).and_then(|mut round| round.next()) else {
        return;
    };
    let resource = resource.to_owned();
    let look = Happening::Look {
        resource: resource.clone(),
    };
    let planned = Some(world.plan(at, look));
    let looks = false;
    let watch = Watch { planned, looks };
    world.cloudwatch.watches.insert(resource, watch);
}

/// Plans all looks anew: alarms were made, changed or deleted.
pub(super) fn plan_all(world: &mut World) {
    let resources: Vec<String> = world.loads.resources().cloned().collect();
    for resource in resources {
        plan(world, &resource);
    }
}

/// The alarms of a service or cluster look, and the policies on them act.
pub(super) fn look(world: &mut World, resource: &str) {
    if let Some(watch) = world.cloudwatch.watches.get_mut(resource) {
        watch.looks = true;
        watch.planned = None;
    }
    let at = world.now;
    let mut changes = Vec::new();
    if let Some(mut round) = Round::of(world, resource) {
        for (alarm, seen) in &mut round.alarms {
            let (state, recent) = (alarm.state.value, &mut seen.recent);
            let mut between = |from, to| recent.between(from, to, at);
            let verdict = judge(seen.alarm, at, state, &mut between);
            if let Some(verdict) = verdict.filter(|verdict| verdict.value != state) {
                changes.push((alarm.name.clone(), verdict));
            }
        }
    }
    evaluate::apply(world, changes);
    autoscaling::track(world, resource);
    if let Some(watch) = world.cloudwatch.watches.get_mut(resource) {
        watch.looks = false;
    }
    plan(world, resource);
}

/// The values that an alarm has evaluated, the newest first, while it is in ALARM and its actions, which
/// are the policy's, are enabled.
pub(in crate::services) fn breach(world: &World, name: &str, at: Timestamp) -> Option<Vec<f64>> {
    let alarm = world.cloudwatch.alarm(name)?;
    let Kind::Metric(metric) = &alarm.kind else {
        return None;
    };
    let recent = Recent::of(Made::of(world, &metric.metric)?, metric, at);
    let mut seen = Seen {
        alarm: metric,
        recent,
    };
    acts(alarm).then(|| values(&seen.points(at)))
}

fn acts(alarm: &Alarm) -> bool {
    alarm.state.value == "ALARM" && alarm.actions_enabled
}

fn values(points: &[Point]) -> Vec<f64> {
    points.iter().map(|point| point.value).collect()
}

/// The alarms of one service or cluster.
struct Round<'a> {
    world: &'a World,
    resource: &'a str,
    /// With what each sees.
    alarms: Vec<(&'a Alarm, Seen<'a>)>,
}

struct Seen<'a> {
    alarm: &'a MetricAlarm,
    recent: Recent<'a>,
}

impl Seen<'_> {
    fn points(&mut self, at: Timestamp) -> Vec<Point> {
        let recent = &mut self.recent;
        points(self.alarm, at, &mut |from, to| recent.between(from, to, at))
    }
}

impl<'a> Round<'a> {
    fn of(world: &'a World, resource: &'a str) -> Option<Self> {
        let all = world.cloudwatch.alarms.values();
        let alarms: Vec<_> = all
            .filter_map(|alarm| {
                let Kind::Metric(metric) = &alarm.kind else {
                    return None;
                };
                let made = Made::of(world, &metric.metric)?;
                let mine = made.resource() == resource;
                mine.then(|| {
                    let recent = Recent::of(made, metric, world.now);
                    let seen = Seen {
                        alarm: metric,
                        recent,
                    };
                    (alarm, seen)
                })
            })
            .collect();
        (!alarms.is_empty()).then_some(Self {
            world,
            resource,
            alarms,
        })
    }

    /// The next whole minute at which an alarm changes or a policy acts, as things are now; the last
    /// that was looked at if there is none.
    fn next(&mut self) -> Option<Timestamp> {
        let first = self.world.now.as_second().div_euclid(60) + 1;
        let mut last = None;
        for minute in first..=first + AHEAD {
            let at = Timestamp::from_second(minute * 60).ok()?;
            last = Some(at);
            if self.stirs(at) {
                break;
            }
        }
        last
    }

    fn stirs(&mut self, at: Timestamp) -> bool {
        let mut breaches = Vec::new();
        for (alarm, seen) in &mut self.alarms {
            let points = seen.points(at);
            if verdict(seen.alarm, &points).is_some_and(|value| value != alarm.state.value) {
                return true;
            }
            if acts(alarm) {
                breaches.push((alarm.name.as_str(), values(&points)));
            }
        }
        let mut of = |name: &str| {
            let mut breaches = breaches.iter();
            let found = breaches.find(|(other, _)| *other == name)?;
            Some(found.1.clone())
        };
        !breaches.is_empty() && autoscaling::wish(self.world, self.resource, at, &mut of).is_some()
    }
}

/// The data points of some minutes, each made once however often it is read.
struct Recent<'a> {
    made: Made<'a>,
    first: i64,
    minutes: Vec<Option<Measured>>,
}

impl<'a> Recent<'a> {
    /// For an alarm that looks now and later.
    fn of(made: Made<'a>, alarm: &MetricAlarm, now: Timestamp) -> Self {
        let back = evaluate::looks_back(alarm);
        Self {
            made,
            first: (now.as_second() - back).div_euclid(60),
            minutes: Vec::new(),
        }
    }

    fn between(&mut self, from: i64, to: i64, now: Timestamp) -> Option<Measured> {
        let now = now.as_second();
        let mut all: Option<Measured> = None;
        for minute in from.div_euclid(60)..to.div_euclid(60) {
            if self.made.arrives(minute) > now {
                break;
            }
            if let Some(here) = self.minute(minute) {
                all = Some(all.map_or(here, |all| all.and(here)));
            }
        }
        all
    }

    fn minute(&mut self, minute: i64) -> Option<Measured> {
        let Ok(index) = usize::try_from(minute - self.first) else {
            return self.made.minute(minute);
        };
        while self.minutes.len() <= index {
            let made = i64::try_from(self.minutes.len()).unwrap_or(i64::MAX);
            self.minutes.push(self.made.minute(self.first + made));
        }
        self.minutes.get(index).copied().flatten()
    }
}

#[cfg(test)]
mod tests;
