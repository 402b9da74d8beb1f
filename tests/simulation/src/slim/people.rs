//! What people and AWS do to production, most of it at night: minimums, maximums and counts, targets
//! registered and removed, alarms, failovers, load, tags.

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use nightshift_cloud::{
    call::{Actor, Tags},
    load::{self, Load},
    services::{autoscaling, ecs, rds},
    world::World,
};
use serde_json::{Value, json};

use super::estates::{Estate, SLIM_TAG, Service, consent, ring, scale};
use crate::{
    people::{Deeds, Hand, bad, of_database, of_service, seconds},
    places::Place,
    subject,
};

/// Something that somebody does.
#[derive(Clone, Debug)]
pub enum Deed {
    /// Gives a scalable target other bounds.
    SetBounds {
        /// The service.
        arn: String,
        /// The least and the most.
        to: (u32, u32),
    },
    /// Sets a service's count in the console.
    SetCount {
        /// The service.
        arn: String,
        /// The count.
        to: u32,
    },
    /// Registers a scalable target.
    Register {
        /// The service.
        arn: String,
        /// The least and the most.
        to: (u32, u32),
    },
    /// Takes a scalable target away.
    Deregister {
        /// The service.
        arn: String,
    },
    /// Gives a cluster another range.
    SetCapacity {
        /// The cluster.
        arn: String,
        /// The least and the most.
        to: (f64, f64),
    },
    /// An alarm rings, or is quiet again.
    Ring {
        /// Of which estate.
        estate: &'static str,
        /// The alarm.
        alarm: String,
        /// Whether it rings.
        rings: bool,
    },
    /// The writer of a cluster dies.
    FailOver {
        /// The cluster.
        arn: String,
    },
    /// People come, or are as many as ever again.
    Load {
        /// The service or cluster.
        arn: String,
        /// How much they ask for.
        to: Option<f64>,
    },
    /// Takes the consent away, or gives it again.
    Consent {
        /// The service or cluster.
        arn: String,
        /// Whether it consents.
        given: bool,
        /// After how many seconds it is given again.
        again: i64,
    },
}

/// An instant at night: after a closing, up to the opening.
fn at_night(random: &mut Rng, place: &Place, estate: &Estate, at: Timestamp) -> Timestamp {
    let hours = estate.hours;
    let mut closings = hours.turns(place);
    closings.retain(|turn| !hours.is_open(place, *turn) && *turn >= place.begin());
    let closing = random.choice(&closings).copied().unwrap_or(at);
    (closing + seconds(random.i64(0..32_400))).min(place.end())
}

#[expect(clippy::too_many_lines, reason = "a list: one arm for each deed")]
pub(super) fn some(random: &mut Rng, place: &Place, estate: &Estate, at: Timestamp) -> Deeds<Deed> {
    let at = if random.bool() {
        at
    } else {
        at_night(random, place, estate, at)
    };
    let after = |random: &mut Rng, least, most| at + seconds(random.i64(least..most));
    let service = random.choice(&estate.services).cloned();
    let Some(service) = service else {
        return Vec::new();
    };
    let arn = service.arn.clone();
    let name = estate.name;
    let database = random.choice(&estate.databases).cloned();
    let database = database.unwrap_or_default();
    let own = |at: Timestamp, deed: Deed| (at, Hand::Own(deed));
    match random.u8(0..24) {
        // Larger, smaller, equal to the day, equal to the night; sometimes taken back.
        0..=4 => {
            let level = *random
                .choice(&[
                    service.day + 2,
                    service.day - 1,
                    service.day,
                    service.night,
                    0,
                    1,
                ])
                .unwrap_or(&0);
            let mut deeds = vec![own(at, lever(&service, level))];
            if random.u8(0..3) == 0 {
                let back = after(random, 600, 10_000);
                deeds.push(own(back, lever(&service, service.day)));
            }
            deeds
        }
        5 => {
            let Some(most) = service.most else {
                return vec![own(at, lever(&service, service.day + 1))];
            };
            let other = random
                .choice([1, service.day - 1, most + 4])
                .unwrap_or(most);
            let least = service.night.min(other);
            vec![
                own(
                    at,
                    Deed::SetBounds {
                        arn: arn.clone(),
                        to: (least, other),
                    },
                ),
                own(
                    after(random, 3600, 90_000),
                    Deed::SetBounds {
                        arn,
                        to: (service.day, most),
                    },
                ),
            ]
        }
        // More than auto scaling may ask for, shortly before a turn: a load test.
        6 | 7 => {
            let to = service.most.unwrap_or(service.day) + 2;
            let turns = estate.hours.turns(place);
            let turn = random.choice(&turns).copied().unwrap_or(at);
            let before = turn - seconds(random.i64(240..720));
            let at = before.clamp(place.begin(), place.end());
            vec![own(at, Deed::SetCount { arn, to })]
        }
        8 => {
            let most = service.most.unwrap_or(service.day + 4);
            let registered = Deed::Register {
                arn: arn.clone(),
                to: (service.day, most),
            };
            let removed = Deed::Deregister { arn };
            let later = after(random, 3600, 90_000);
            match service.most {
                Some(_) => vec![own(at, removed), own(later, registered)],
                None => vec![own(at, registered), own(later, removed)],
            }
        }
        9 | 10 => vec![(
            at,
            Hand::Deploy {
                arn,
                fate: ecs::Fate::Healthy,
            },
        )],
        11 => {
            let fate = bad(random);
            let good = after(random, 1800, 14_400);
            let deploy = |fate| Hand::Deploy {
                arn: arn.clone(),
                fate,
            };
            vec![(at, deploy(fate)), (good, deploy(ecs::Fate::Healthy))]
        }
        12 | 13 => {
            let Some(alarm) = random.choice(&estate.brakes).cloned() else {
                return Vec::new();
            };
            let ring = |rings| Deed::Ring {
                estate: name,
                alarm: alarm.clone(),
                rings,
            };
            let quiet = after(random, 300, 20_000);
            vec![own(at, ring(true)), own(quiet, ring(false))]
        }
        14 => vec![own(at, Deed::FailOver { arn: database })],
        15 => {
            let statuses = ["modifying", "maintenance", "upgrading"];
            let status = random.choice(statuses).unwrap_or("modifying");
            let seconds = random.u64(60..3600);
            vec![(
                at,
                Hand::Status {
                    arn: database,
                    status,
                    seconds,
                },
            )]
        }
        16 => {
            let Some((_, most)) = range(estate, &database) else {
                return Vec::new();
            };
            let least = random.choice([0.5, 1.0, 2.0, 3.0]).unwrap_or(1.0);
            let to = (
                least,
                random.choice([most, 1.0_f64.max(least)]).unwrap_or(most),
            );
            let back = after(random, 3600, 90_000);
            vec![
                own(
                    at,
                    Deed::SetCapacity {
                        arn: database.clone(),
                        to,
                    },
                ),
                own(
                    back,
                    Deed::SetCapacity {
                        arn: database,
                        to: (2.0, most),
                    },
                ),
            ]
        }
        17 | 18 => {
            let to = Some(f64::from(service.day) * random.f64() * 1.2);
            let over = after(random, 1200, 7200);
            vec![
                own(
                    at,
                    Deed::Load {
                        arn: arn.clone(),
                        to,
                    },
                ),
                own(over, Deed::Load { arn, to: None }),
            ]
        }
        19 => {
            let again = random.i64(1800..30_000);
            let of = if random.bool() { arn } else { database };
            let consent = |given| Deed::Consent {
                arn: of.clone(),
                given,
                again,
            };
            vec![
                own(at, consent(false)),
                own(at + seconds(again), consent(true)),
            ]
        }
        20 => vec![
            (at, Hand::BreakDocument { estate: name }),
            (
                after(random, 1800, 14_400),
                Hand::MendDocument { estate: name },
            ),
        ],
        21 => vec![
            (at, Hand::DeleteDocument { estate: name }),
            (
                after(random, 300, 36_000),
                Hand::MendDocument { estate: name },
            ),
        ],
        22 => {
            let verb = random.choice(["day", "night", "hold"]).unwrap_or("day");
            let minutes = random.i64(20..600);
            let order = |verb, minutes| Hand::Order {
                estate: name,
                verb,
                minutes,
            };
            let mut deeds = vec![(at, order(verb, minutes))];
            if random.bool() {
                deeds.push((after(random, 1800, 14_400), order("clear", 0)));
            }
            deeds
        }
        _ => vec![(
            at,
            Hand::Silence {
                minutes: random.i64(20..75),
            },
        )],
    }
}

/// What moves a service's lever.
fn lever(service: &Service, level: u32) -> Deed {
    let arn = service.arn.clone();
    match service.most {
        Some(most) => Deed::SetBounds {
            arn,
            to: (level, most),
        },
        None => Deed::SetCount { arn, to: level },
    }
}

/// The range of a cluster that gets smaller.
fn range(estate: &Estate, database: &str) -> Option<(f64, f64)> {
    estate.capacity.get(database)?;
    Some((2.0, if estate.name == "shop" { 32.0 } else { 16.0 }))
}

/// How long it takes until somebody's hand was seen.
const A_LOOK: SignedDuration = SignedDuration::from_mins(12);

impl subject::Deed<Estate> for Deed {
    /// A deployment holds shrinking back while it lasts, and nothing else.
    const AFTER_DEPLOYMENT: (SignedDuration, SignedDuration) = (A_LOOK, A_LOOK);

    fn does(
        &self,
        world: &mut World,
        estates: &[Estate],
    ) -> (Option<&'static str>, SignedDuration) {
        let by = Actor::Person;
        match self {
            Self::SetBounds { arn, to } => {
                let id = id_of(arn);
                if world.autoscaling.target(&id).is_some() {
                    autoscaling::register(world, &by, &id, Some(*to), None, &Tags::new());
                }
                (of_service(estates, arn), A_LOOK)
            }
            Self::SetCount { arn, to } => {
                ecs::set_count(world, &by, arn, *to);
                (of_service(estates, arn), A_LOOK)
            }
            Self::Register { arn, to } => {
                let name = of_service(estates, arn);
                scale(world, &id_of(arn), *to, &consent(name.unwrap_or_default()));
                (name, A_LOOK)
            }
            Self::Deregister { arn } => {
                let input = json!({
                    "ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount",
                    "ResourceId": id_of(arn),
                });
                ask(
                    world,
                    &autoscaling::SERVICE,
                    "DeregisterScalableTarget",
                    input,
                );
                (of_service(estates, arn), A_LOOK)
            }
            Self::SetCapacity { arn, to } => {
                let input = json!({
                    "DBClusterIdentifier": arn,
                    "ServerlessV2ScalingConfiguration.MinCapacity": to.0,
                    "ServerlessV2ScalingConfiguration.MaxCapacity": to.1,
                });
                ask(world, &rds::SERVICE, "ModifyDBCluster", input);
                (of_database(estates, arn), A_LOOK)
            }
            Self::Ring {
                estate,
                alarm,
                rings,
            } => {
                ring(world, alarm, *rings);
                (Some(estate), A_LOOK)
            }
            Self::FailOver { arn } => {
                rds::fail_over(world, arn);
                (of_database(estates, arn), A_LOOK)
            }
            Self::Load { arn, to } => {
                let mut estates_of = estates.iter();
                let usual = estates_of.find_map(|estate| estate.loads.get(arn));
                let load = to.map(Load::constant).or_else(|| usual.cloned());
                if let Some(load) = load {
                    load::set(world, arn, load);
                }
                (of_service(estates, arn), A_LOOK)
            }
            Self::Consent { arn, given, again } => {
                let name = of_service(estates, arn).or_else(|| of_database(estates, arn));
                tag(world, arn, name.filter(|_| *given));
                let open = if *given { A_LOOK } else { seconds(*again) };
                (name, open)
            }
        }
    }
}

fn ask(
    world: &mut World,
    service: &'static dyn nightshift_cloud::services::Service,
    operation: &str,
    input: Value,
) {
    let _refused = world.ask(service, Actor::Person, operation, input);
}

/// Gives a service or a cluster the tag, or takes it away.
fn tag(world: &mut World, arn: &str, estate: Option<&str>) {
    match (arn.contains(":cluster:"), estate) {
        (true, Some(estate)) => {
            let tags = json!({
                "ResourceName": arn,
                "Tags.Tag.1.Key": SLIM_TAG, "Tags.Tag.1.Value": estate,
            });
            ask(world, &rds::SERVICE, "AddTagsToResource", tags);
        }
        (true, None) => {
            let keys = json!({ "ResourceName": arn, "TagKeys.member.1": SLIM_TAG });
            ask(world, &rds::SERVICE, "RemoveTagsFromResource", keys);
        }
        (false, Some(estate)) => {
            let tags = json!({
                "resourceArn": arn, "tags": [{ "key": SLIM_TAG, "value": estate }],
            });
            ask(world, &ecs::SERVICE, "TagResource", tags);
        }
        (false, None) => {
            let keys = json!({ "resourceArn": arn, "tagKeys": [SLIM_TAG] });
            ask(world, &ecs::SERVICE, "UntagResource", keys);
        }
    }
}

/// The resource id of a service's scalable target.
#[must_use]
pub fn id_of(service: &str) -> String {
    let id = service.split(":service/").nth(1).unwrap_or_default();
    format!("service/{id}")
}
