//! How much people ask of a service or a database: a pure function of the minute and of a seed, with
//! day and night, weekends, noise and bursts. Nothing of it is drawn or kept; what is kept is what
//! there was to carry it.

mod history;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, ops::RangeInclusive};

use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};

pub use history::History;

use crate::{
    hash,
    services::{cloudwatch, ecs, rds},
    world::World,
};

/// How long a task that is RUNNING carries nothing yet: health checks, connections, caches. A guess,
/// like the default grace of load balancers' health checks.
const WARM_UP: SignedDuration = SignedDuration::from_secs(90);

/// How much is asked for. The unit is what one task can do for a service, and an Aurora capacity unit
/// for a cluster: a load of 1.4 keeps two tasks at 70 %.
#[derive(Clone, Debug)]
pub enum Load {
    /// It follows the hour.
    Hourly(Hourly),
    /// It is what it was set to last.
    Steps(BTreeMap<Timestamp, f64>),
}

/// A load that follows the hour.
#[derive(Clone, Debug)]
pub struct Hourly {
    /// Where its chance comes from.
    pub seed: u64,
    /// Whose hours they are.
    pub zone: TimeZone,
    /// The least, at four in the night.
    pub night: f64,
    /// The most of a working day, at eight in the evening.
    pub day: f64,
    /// The share of the day's height on Saturdays and Sundays.
    pub weekend: f64,
    /// The share of the day's height on particular days, by their numbers since 1 January 1970.
    days: BTreeMap<i64, f64>,
    /// How far it is off at most, as a share.
    pub noise: f64,
    /// How many bursts there are in a day, on average.
    pub bursts: f64,
    /// What a burst multiplies it with.
    pub height: f64,
    /// How many minutes a burst takes, an hour at most.
    pub minutes: RangeInclusive<u8>,
}

/// The share of the day's height at each full hour, as shops know it: little before dawn, a first
/// top at noon, the last in the evening.
const SHARES: [f64; 25] = [
    0.30, 0.16, 0.08, 0.03, 0.0, 0.02, 0.08, 0.20, 0.38, 0.55, 0.66, 0.74, 0.85, 0.78, 0.68, 0.66,
    0.68, 0.74, 0.82, 0.92, 1.0, 0.96, 0.80, 0.54, 0.30,
];

/// What chance is asked for: different kinds must not go together.
mod salt {
    pub(super) const FAST: u64 = 1;
    pub(super) const SLOW: u64 = 2;
    pub(super) const BURSTS: u64 = 3;
    pub(super) const BEGINS: u64 = 4;
    pub(super) const LASTS: u64 = 5;
}

impl Hourly {
    /// In Tokyo, between a night and a day, a little less on weekends, with 6 % of noise and a burst
    /// every other day that adds a half for up to half an hour.
    #[must_use]
    pub fn new(seed: u64, night: f64, day: f64) -> Self {
        Self {
            seed,
            zone: TimeZone::get("Asia/Tokyo").unwrap_or(TimeZone::UTC),
            night,
            day,
            weekend: 0.8,
            days: BTreeMap::new(),
            noise: 0.06,
            bursts: 0.5,
            height: 1.5,
            minutes: 5..=30,
        }
    }

    /// The same with another height on a day: a shop is busiest on holidays.
    #[must_use]
    pub fn on(mut self, date: Date, share: f64) -> Self {
        let midnight = date.to_datetime(jiff::civil::Time::midnight());
        if let Ok(day) = midnight.to_zoned(TimeZone::UTC) {
            let number = day.timestamp().as_second().div_euclid(86_400);
            self.days.insert(number, share);
        }
        self
    }

    fn at(&self, minute: i64) -> f64 {
        let second = minute.saturating_mul(60);
        let at = Timestamp::from_second(second).unwrap_or_default();
        let local = second + i64::from(self.zone.to_offset(at).seconds());
        let (day, of_day) = (local.div_euclid(86_400), local.rem_euclid(86_400));
        // The first of January 1970 was a Thursday.
        let weekend = matches!(day.rem_euclid(7), 2 | 3);
        let height = match self.days.get(&day) {
            Some(share) => *share,
            None if weekend => self.weekend,
            None => 1.0,
        };
        let usual = self.night + (self.day - self.night) * height * curve(of_day);
        let burst = if self.bursts_at(minute) {
            self.height
        } else {
            1.0
        };
        (usual * burst * self.off(minute)).max(0.0)
    }

    /// How far it is off, as a factor: a slow swing of quarters of an hour and a flicker of minutes.
    fn off(&self, minute: i64) -> f64 {
        let swing = |salt: u64, place: i64| 2.0 * hash::share(self.seed, salt, place) - 1.0;
        let (quarter, within) = (minute.div_euclid(15), minute.rem_euclid(15));
        let (from, to) = (swing(salt::SLOW, quarter), swing(salt::SLOW, quarter + 1));
        let slow = from + (to - from) * small(within) / 15.0;
        1.0 + self.noise * (0.6 * slow + 0.4 * swing(salt::FAST, minute))
    }

    /// In each hour at most one begins, which may last into the next.
    fn bursts_at(&self, minute: i64) -> bool {
        let hour = minute.div_euclid(60);
        [hour - 1, hour].into_iter().any(|hour| {
            if hash::share(self.seed, salt::BURSTS, hour) >= self.bursts / 24.0 {
                return false;
            }
            let upto = |salt: u64, count: u64| {
                i64::try_from(hash::number(self.seed, salt, hour) % count.max(1)).unwrap_or(0)
            };
            let (least, most) = (*self.minutes.start(), *self.minutes.end());
            let begins = hour * 60 + upto(salt::BEGINS, 60);
            let more = u64::from(most.saturating_sub(least)) + 1;
            let lasts = (i64::from(least) + upto(salt::LASTS, more)).min(60);
            (begins..begins + lasts).contains(&minute)
        })
    }
}

/// The share of the day's height at a second of the day.
fn curve(of_day: i64) -> f64 {
    let hour = usize::try_from(of_day / 3600).unwrap_or(0);
    let at = |hour: usize| SHARES.get(hour).copied().unwrap_or(0.0);
    let (from, to) = (at(hour), at(hour + 1));
    from + (to - from) * small(of_day % 3600) / 3600.0
}

fn small(number: i64) -> f64 {
    f64::from(i32::try_from(number).unwrap_or(i32::MAX))
}

impl Load {
    /// One that is always the same.
    #[must_use]
    pub fn constant(load: f64) -> Self {
        Self::Steps(BTreeMap::from([(Timestamp::MIN, load)]))
    }

    /// The load in a minute, counted since 1970.
    #[must_use]
    pub fn at(&self, minute: i64) -> f64 {
        match self {
            Self::Hourly(hourly) => hourly.at(minute),
            Self::Steps(steps) => {
                let at = Timestamp::from_second(minute.saturating_mul(60)).unwrap_or_default();
                steps
                    .range(..=at)
                    .next_back()
                    .map_or(0.0, |(_, load)| *load)
            }
        }
    }
}

/// A load and what carried it.
#[derive(Clone, Debug)]
pub(crate) struct Carried<T> {
    pub(crate) load: Load,
    pub(crate) by: History<T>,
}

/// The members of a cluster that can be connected to, and their capacity.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Members {
    /// Their names, and whether they are serverless.
    pub(crate) serving: Vec<(String, bool)>,
    /// The writer's name.
    pub(crate) writer: Option<String>,
    /// The bounds of those that are serverless.
    pub(crate) range: Option<rds::Scaling>,
}

/// The loads of services and clusters, by their ARNs.
#[derive(Clone, Debug, Default)]
pub struct Loads {
    services: BTreeMap<String, Carried<u32>>,
    clusters: BTreeMap<String, Carried<Members>>,
}

impl Loads {
    pub(crate) fn is_empty(&self) -> bool {
        self.services.is_empty() && self.clusters.is_empty()
    }

    /// The ARNs of what has a load.
    pub(crate) fn resources(&self) -> impl Iterator<Item = &String> {
        self.services.keys().chain(self.clusters.keys())
    }

    pub(crate) fn service(&self, arn: &str) -> Option<&Carried<u32>> {
        self.services.get(arn)
    }

    pub(crate) fn cluster(&self, arn: &str) -> Option<&Carried<Members>> {
        self.clusters.get(arn)
    }

    /// The load of a service or a cluster, if it has one.
    #[must_use]
    pub fn of(&self, arn: &str) -> Option<&Load> {
        let service = self.services.get(arn).map(|carried| &carried.load);
        service.or_else(|| Some(&self.clusters.get(arn)?.load))
    }
}

/// Gives a service or a cluster, by its ARN, a load from now on: it has metrics then, and the alarms
/// and policies on them look by themselves. What was measured before is another load's, and forgotten.
pub fn set(world: &mut World, arn: &str, load: Load) {
    let arn_of = arn.to_owned();
    if arn.contains(":cluster:") {
        let by = History::default();
        world.loads.clusters.insert(arn_of, Carried { load, by });
        cluster_changed(world, arn);
    } else {
        let by = History::default();
        world.loads.services.insert(arn_of, Carried { load, by });
        tasks_changed(world, arn);
    }
}

/// A task of a service changed: from when on how many carry its load.
pub(crate) fn tasks_changed(world: &mut World, service: &str) {
    let now = world.now;
    let Some(carried) = world.loads.services.get_mut(service) else {
        return;
    };
    let tasks = world.ecs.service(service).into_iter();
    let running = tasks
        .flat_map(|service| &service.tasks)
        .filter(|task| task.is_running());
    let ready = |task: &ecs::Task| task.started_at?.checked_add(WARM_UP).ok();
    let mut ready: Vec<Timestamp> = running.filter_map(ready).collect();
    ready.sort();
    let mut count = 0;
    let mut later = BTreeMap::new();
    let mut at_once = 0;
    for at in ready {
        count += 1;
        if at <= now {
            at_once = count;
        } else {
            later.insert(at, count);
        }
    }
    if carried
        .by
        .foresee(now, at_once, later.into_iter().collect())
    {
        cloudwatch::plan(world, service);
    }
}

/// A cluster or one of its members changed.
pub(crate) fn cluster_changed(world: &mut World, cluster: &str) {
    let now = world.now;
    let Some(carried) = world.loads.clusters.get_mut(cluster) else {
        return;
    };
    let known = world.rds.database(cluster).and_then(rds::Database::cluster);
    let members = world.rds.members_of(cluster);
    let members = members.iter().filter_map(|arn| world.rds.database(arn));
    let serving = members.filter(|member| rds::serves(&member.status));
    let named = serving.map(|member| {
        let class = member.instance().map(|instance| instance.class.as_str());
        (member.name.clone(), class == Some("db.serverless"))
    });
    let now_so = Members {
        serving: named.collect(),
        writer: known.and_then(|known| known.members.first().cloned()),
        range: known.and_then(|known| known.scaling),
    };
    if carried.by.foresee(now, now_so, Vec::new()) {
        cloudwatch::plan(world, cluster);
    }
}

/// A cluster, or an instance that may be a member of one, changed.
pub(crate) fn member_changed(world: &mut World, database: &str) {
    if world.loads.clusters.is_empty() {
        return;
    }
    let name = database.rsplit(':').next().unwrap_or_default();
    let cluster = world.rds.cluster_of(name);
    cluster_changed(world, cluster.as_deref().unwrap_or(database));
}
