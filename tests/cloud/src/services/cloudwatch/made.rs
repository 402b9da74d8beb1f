//! What AWS measures of services and databases that have a load. A data point is made when somebody
//! asks for it, out of the load of its minute and what carried it then, and can be read half a minute
//! to a minute and a half after that minute is over.

use jiff::{SignedDuration, Timestamp};

use super::{
    CloudWatch,
    metrics::{Measured, Metric},
};
use crate::{
    hash,
    load::{Carried, Members},
    services::{ecs, rds},
    world::World,
};

/// The soonest that a data point can be read after its minute, and how much later at most. Metrics of
/// a service come "at one-minute intervals"; how late is not documented, that they come in order is a
/// guess too.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/available-metrics.html
const LATE: i64 = 30;
const LATER: u64 = 60;
/// How long data points of a minute are kept.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html
const KEPT: i64 = 15 * 24 * 3600;
/// How far the busiest and the idlest task are from the average at most, as a share: a guess.
const SPREAD: f64 = 0.15;
/// The memory of a task that does nothing, in per cent, and what full CPU adds: a guess.
const MEMORY: f64 = 40.0;
const MEMORY_OF_CPU: f64 = 0.3;
/// What each reader has of the writer's load: a guess.
const OF_READERS: f64 = 0.3;

mod salt {
    pub(super) const LATE: u64 = 11;
    pub(super) const MOST: u64 = 12;
    pub(super) const LEAST: u64 = 13;
}

/// A metric of something with a load.
#[derive(Debug)]
pub(super) struct Made<'a> {
    resource: String,
    seed: u64,
    what: What<'a>,
}

#[derive(Debug)]
enum What<'a> {
    Service {
        of: &'a Carried<u32>,
        memory: bool,
    },
    Cluster {
        of: &'a Carried<Members>,
        whose: Whose,
        unit: Unit,
    },
}

/// Which members a metric is about.
// https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/dimensions.html
#[derive(Debug)]
enum Whose {
    All,
    One(String),
    Writer,
    Readers,
}

#[derive(Clone, Copy, Debug)]
enum Unit {
    Capacity,
    OfMost,
    Cpu,
}

impl<'a> Made<'a> {
    /// A metric of AWS's own, if its resource has a load.
    pub(super) fn of(world: &'a World, metric: &Metric) -> Option<Self> {
        if world.loads.is_empty() {
            return None;
        }
        let name = |key: &str| metric.dimensions.get(key).map(String::as_str);
        let count = metric.dimensions.len();
        let (resource, what) = match metric.namespace.as_str() {
            // https://docs.aws.amazon.com/AmazonECS/latest/developerguide/available-metrics.html
            "AWS/ECS" if count == 2 => {
                let arn = ecs::service_arn(name("ClusterName")?, name("ServiceName")?);
                let memory = match metric.name.as_str() {
                    "CPUUtilization" => false,
                    "MemoryUtilization" => true,
                    _ => return None,
                };
                let of = world.loads.service(&arn)?;
                (arn, What::Service { of, memory })
            }
            "AWS/RDS" => {
                let (arn, whose) = match (name("DBInstanceIdentifier"), name("Role")) {
                    (Some(member), None) if count == 1 => {
                        let cluster = world.rds.cluster_of(member)?;
                        (cluster, Whose::One(member.to_owned()))
                    }
                    (None, role) => {
                        let arn = rds::cluster_arn(name("DBClusterIdentifier")?);
                        let whose = match (role, count) {
                            (None, 1) => Whose::All,
                            (Some("WRITER"), 2) => Whose::Writer,
                            (Some("READER"), 2) => Whose::Readers,
                            _ => return None,
                        };
                        (arn, whose)
                    }
                    _ => return None,
                };
                let unit = match metric.name.as_str() {
                    "ServerlessDatabaseCapacity" => Unit::Capacity,
                    "ACUUtilization" => Unit::OfMost,
                    "CPUUtilization" => Unit::Cpu,
                    _ => return None,
                };
                let of = world.loads.cluster(&arn)?;
                (arn, What::Cluster { of, whose, unit })
            }
            _ => return None,
        };
        let seed = hash::text(&resource);
        Some(Self {
            resource,
            seed,
            what,
        })
    }

    /// The ARN of the service or cluster.
    pub(super) fn resource(&self) -> &str {
        &self.resource
    }

    /// The second from which on a minute can be read.
    pub(super) fn arrives(&self, minute: i64) -> i64 {
        let late = hash::number(self.seed, salt::LATE, minute) % (LATER + 1);
        (minute + 1) * 60 + LATE + i64::try_from(late).unwrap_or(0)
    }

    /// What was measured from one second up to another, both whole minutes, as far as it can be read
    /// at an instant.
    pub(super) fn between(&self, from: i64, to: i64, now: i64) -> Option<Measured> {
        let from = from.max(now - KEPT);
        let minutes = from.div_euclid(60)..to.div_euclid(60);
        minutes
            .take_while(|minute| self.arrives(*minute) <= now)
            .filter_map(|minute| self.minute(minute))
            .reduce(Measured::and)
    }

    /// What was measured in a minute; nothing if there was nothing to be measured.
    pub(super) fn minute(&self, minute: i64) -> Option<Measured> {
        match &self.what {
            What::Service { of, memory } => self.service(of, *memory, minute),
            What::Cluster { of, whose, unit } => cluster(of, whose, *unit, minute),
        }
    }

    // "If a cluster, service, or other resource has no running tasks, no metrics will be reported for
    // that resource during that period." The extremes are those of single tasks.
    // https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service_utilization.html
    fn service(&self, of: &Carried<u32>, memory: bool, minute: i64) -> Option<Measured> {
        let count = of.by.at(end(minute)).copied().filter(|count| *count > 0)?;
        let tasks = f64::from(count);
        let cpu = (100.0 * of.load.at(minute) / tasks).min(100.0);
        let average = if memory {
            (MEMORY + MEMORY_OF_CPU * cpu).min(100.0)
        } else {
            cpu
        };
        let off = |salt: u64| match count {
            1 => 0.0,
            _ => SPREAD * hash::share(self.seed, salt, minute),
        };
        Some(Measured {
            sum: average * tasks,
            count: tasks,
            least: average * (1.0 - off(salt::LEAST)),
            most: (average * (1.0 + off(salt::MOST))).min(100.0),
        })
    }
}

/// The last instant of a minute.
fn end(minute: i64) -> Timestamp {
    let end = Timestamp::from_second((minute + 1).saturating_mul(60)).unwrap_or(Timestamp::MAX);
    end.saturating_sub(SignedDuration::from_nanos(1))
        .unwrap_or(end)
}

// https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-serverless-v2.setting-capacity.html
// "Important Amazon CloudWatch metrics": the capacity of a cluster is the average of its members;
// ACUUtilization is the capacity by the maximum of the range, and CPUUtilization the CPU in use by what
// the maximum of the range would have.
fn cluster(of: &Carried<Members>, whose: &Whose, unit: Unit, minute: i64) -> Option<Measured> {
    let members = of.by.at(end(minute))?;
    let load = of.load.at(minute);
    let capacity = || {
        let range = |minute| of.by.at(end(minute)).and_then(|then| then.range);
        rds::capacity(&of.load, &range, minute)
    };
    let one = |(name, serverless): &(String, bool)| {
        let writes = members.writer.as_ref() == Some(name);
        let is_meant = match whose {
            Whose::All => true,
            Whose::One(member) => member == name,
            Whose::Writer => writes,
            Whose::Readers => !writes,
        };
        if !is_meant {
            return None;
        }
        let used = if writes { load } else { OF_READERS * load };
        if *serverless {
            let (capacity, most) = (capacity()?, members.range?.max);
            let value = match unit {
                Unit::Capacity => capacity,
                Unit::OfMost => 100.0 * capacity / most,
                Unit::Cpu => 100.0 * used.min(capacity) / most,
            };
            return Some(Measured::one(value));
        }
        // What is provisioned has no capacity to tell of: a load of 1 fills it.
        match unit {
            Unit::Cpu => Some(Measured::one((100.0 * used).min(100.0))),
            Unit::Capacity | Unit::OfMost => None,
        }
    };
    members.serving.iter().filter_map(one).reduce(Measured::and)
}

/// Where the data points of a metric are: made of a load, or stored as they were put.
#[derive(Debug)]
pub(super) enum Source<'a> {
    Made(Made<'a>),
    Stored(&'a CloudWatch, Metric),
}

impl<'a> Source<'a> {
    pub(super) fn of(world: &'a World, metric: &Metric) -> Self {
        match Made::of(world, metric) {
            Some(made) => Self::Made(made),
            None => Self::Stored(&world.cloudwatch, metric.clone()),
        }
    }

    /// What was measured from one second up to another, both whole minutes, as far as it can be read
    /// at an instant.
    pub(super) fn between(&self, from: i64, to: i64, now: Timestamp) -> Option<Measured> {
        match self {
            Self::Made(made) => made.between(from, to, now.as_second()),
            Self::Stored(cloudwatch, metric) => cloudwatch.metrics.between(metric, from, to),
        }
    }
}
