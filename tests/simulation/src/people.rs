//! What people, pipelines and AWS do to the estates in between, drawn from the seed. Each deed says
//! for how long nobody can tell what the estate should look like.

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use nightshift_cloud::{
    call::{Actor, Tags},
    services::{autoscaling, ecs, rds, ssm},
    world::World,
};

use crate::{
    estates::{Estate, SLEEP_TAG, parameter},
    places::Place,
    sky::CANARY,
};

/// Something that somebody does.
#[derive(Clone, Debug)]
pub enum Hand {
    /// Sets a service's count in the console.
    SetCount {
        /// The service.
        arn: String,
        /// The count.
        to: u32,
    },
    /// `terraform apply` on a scalable target, and on the count that it does not ignore.
    Terraform {
        /// The target's resource id.
        id: String,
    },
    /// A deployment.
    Deploy {
        /// The service.
        arn: String,
        /// How the release fares.
        fate: ecs::Fate,
    },
    /// A task of no service: a migration.
    RunTask {
        /// Where.
        cluster: String,
        /// How long it runs, in seconds.
        seconds: u64,
    },
    /// Starts a database in the console, if it is stopped.
    StartDatabase {
        /// Which.
        arn: String,
    },
    /// A maintenance or the like.
    Status {
        /// The database.
        arn: String,
        /// The status.
        status: &'static str,
        /// How long, in seconds.
        seconds: u64,
    },
    /// No database can be started for a while.
    NoCapacity {
        /// How long, in seconds.
        seconds: u64,
    },
    /// Users come or go.
    Load {
        /// The target's resource id.
        id: String,
        /// How many tasks they need.
        wanted: f64,
    },
    /// Breaks an estate's document.
    BreakDocument {
        /// Which estate.
        estate: &'static str,
    },
    /// Deletes an estate's document.
    DeleteDocument {
        /// Which estate.
        estate: &'static str,
    },
    /// Puts the good document back.
    MendDocument {
        /// Which estate.
        estate: &'static str,
    },
    /// Makes a service.
    CreateService {
        /// Of which estate.
        estate: &'static str,
        /// Where.
        cluster: String,
        /// Its name.
        name: String,
    },
    /// Deletes a service.
    DeleteService {
        /// Where.
        cluster: String,
        /// Its name.
        name: String,
    },
    /// Orders something by hand.
    Order {
        /// Which estate.
        estate: &'static str,
        /// What.
        verb: &'static str,
        /// For how many minutes.
        minutes: i64,
    },
    /// Nothing invokes the function.
    Silence {
        /// For how many minutes.
        minutes: i64,
    },
}

/// Draws the deeds of a run.
pub fn draw(
    random: &mut Rng,
    place: &Place,
    estates: &[Estate],
    how_many: usize,
) -> Vec<(Timestamp, Hand)> {
    let mut deeds = Vec::new();
    for number in 0..how_many {
        let Some(estate) = random.choice(estates) else {
            break;
        };
        let at = moment(random, place, estate);
        deeds.extend(some(random, estate, at, number));
    }
    deeds.sort_by_key(|(at, _)| *at);
    deeds
}

/// Any time, but often shortly before and after a turn of the calendar, and at three in the night.
fn moment(random: &mut Rng, place: &Place, estate: &Estate) -> Timestamp {
    let turns = estate.hours.turns(place);
    let from = place.begin();
    let span = place.end().duration_since(from).as_secs();
    let at = match random.u8(0..4) {
        0 => from + seconds(random.i64(0..span)),
        1 => {
            let day = from + seconds(random.i64(0..span));
            let day = day.to_zoned(place.time_zone()).date();
            place.at(day, jiff::civil::Time::constant(3, 0, 0, 0)) + seconds(random.i64(0..600))
        }
        _ => {
            let turn = random.choice(&turns).copied().unwrap_or(from);
            turn + seconds(random.i64(-1800..5400))
        }
    };
    at.clamp(from, place.end())
}

const fn seconds(seconds: i64) -> SignedDuration {
    SignedDuration::from_secs(seconds)
}

const SERVICES: [(&str, &[&str]); 3] = [
    (
        "bookmark-manager-staging",
        &[
            "bookmark-manager-staging-web",
            "bookmark-manager-staging-api",
        ],
    ),
    ("r2e", &["r2e-api-service"]),
    (
        "blog-aws-practice",
        &["blog-aws-practice-service", "blog-aws-practice-worker"],
    ),
];

#[expect(clippy::too_many_lines, reason = "a list: one arm for each deed")]
fn some(random: &mut Rng, estate: &Estate, at: Timestamp, number: usize) -> Vec<(Timestamp, Hand)> {
    let later = |random: &mut Rng| at + seconds(random.i64(1800..14400));
    let names = SERVICES.iter().find(|(name, _)| *name == estate.name);
    let name = names
        .and_then(|(_, names)| random.choice(*names))
        .copied()
        .unwrap_or_default();
    let cluster = estate.cluster.clone();
    let arn = ecs::service_arn(&cluster, name);
    let scaled = "service/r2e-cluster/r2e-api-service".to_owned();
    let database = random
        .choice(&estate.databases)
        .cloned()
        .unwrap_or_default();
    match random.u8(0..17) {
        0 | 1 => vec![(
            at,
            Hand::SetCount {
                arn,
                to: random.u32(0..5),
            },
        )],
        2 => vec![(at, Hand::Terraform { id: scaled })],
        3 | 4 => vec![(
            at,
            Hand::Deploy {
                arn,
                fate: ecs::Fate::Healthy,
            },
        )],
        5 => {
            let fate = *random
                .choice(
                    [
                        ecs::Fate::Crashes,
                        ecs::Fate::FailsToStart,
                        ecs::Fate::Unhealthy,
                    ]
                    .iter(),
                )
                .unwrap_or(&ecs::Fate::Crashes);
            vec![
                (
                    at,
                    Hand::Deploy {
                        arn: arn.clone(),
                        fate,
                    },
                ),
                (
                    later(random),
                    Hand::Deploy {
                        arn,
                        fate: ecs::Fate::Healthy,
                    },
                ),
            ]
        }
        6 => vec![(
            at,
            Hand::RunTask {
                cluster,
                seconds: random.u64(60..5400),
            },
        )],
        7 => vec![(at, Hand::StartDatabase { arn: database })],
        8 => {
            let statuses = [
                "modifying",
                "maintenance",
                "storage-optimization",
                "backing-up",
                "upgrading",
                "rebooting",
            ];
            let status = random.choice(statuses).unwrap_or("modifying");
            // A reader that is busy keeps its cluster from being stopped, and nobody sees it there.
            let reader = database.replace(":cluster:", ":db:") + "-instance-2";
            let busy = if database.contains(":cluster:") && random.bool() {
                reader
            } else {
                database
            };
            vec![(
                at,
                Hand::Status {
                    arn: busy,
                    status,
                    seconds: random.u64(60..3600),
                },
            )]
        }
        9 => vec![(
            at,
            Hand::NoCapacity {
                seconds: random.u64(600..5400),
            },
        )],
        10 => vec![(
            at,
            Hand::Load {
                id: scaled,
                wanted: f64::from(random.u32(0..7)),
            },
        )],
        11 => vec![
            (
                at,
                Hand::BreakDocument {
                    estate: estate.name,
                },
            ),
            (
                later(random),
                Hand::MendDocument {
                    estate: estate.name,
                },
            ),
        ],
        12 => vec![
            (
                at,
                Hand::DeleteDocument {
                    estate: estate.name,
                },
            ),
            (
                at + seconds(random.i64(300..36000)),
                Hand::MendDocument {
                    estate: estate.name,
                },
            ),
        ],
        13 => {
            let name = format!("{}-extra-{number}", estate.name);
            vec![
                (
                    at,
                    Hand::CreateService {
                        estate: estate.name,
                        cluster: cluster.clone(),
                        name: name.clone(),
                    },
                ),
                (
                    at + seconds(random.i64(600..100_000)),
                    Hand::DeleteService { cluster, name },
                ),
            ]
        }
        14 | 15 => {
            let verb = random.choice(["wake", "sleep", "hold"]).unwrap_or("wake");
            let minutes = random.i64(20..600);
            let mut deeds = vec![(
                at,
                Hand::Order {
                    estate: estate.name,
                    verb,
                    minutes,
                },
            )];
            if random.bool() {
                deeds.push((
                    later(random),
                    Hand::Order {
                        estate: estate.name,
                        verb: "clear",
                        minutes: 0,
                    },
                ));
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

/// How long an estate may take after a deed until it is what it should be, beside what it always
/// may take.
const PATIENCE: SignedDuration = SignedDuration::from_mins(60);

impl Hand {
    /// Does it. Answers which estate it concerns, none for all, and for how long the outcome is open.
    #[expect(clippy::too_many_lines, reason = "a list: one arm for each deed")]
    pub fn does(
        &self,
        world: &mut World,
        estates: &[Estate],
    ) -> (Option<&'static str>, SignedDuration) {
        let owner = |cluster: &str| {
            estates
                .iter()
                .find(|estate| estate.cluster == cluster)
                .map(|estate| estate.name)
        };
        let of_service = |arn: &str| arn.rsplit('/').nth(1).and_then(owner);
        let of_database = |arn: &str| {
            estates
                .iter()
                .find(|estate| estate.databases.iter().any(|other| other == arn))
                .map(|estate| estate.name)
        };
        match self {
            Self::SetCount { arn, to } => {
                ecs::set_count(world, &Actor::Person, arn, *to);
                (of_service(arn), PATIENCE)
            }
            Self::Terraform { id } => {
                autoscaling::register(
                    world,
                    &Actor::Terraform,
                    id,
                    Some((1, 5)),
                    None,
                    &Tags::new(),
                );
                (Some("r2e"), PATIENCE)
            }
            Self::Deploy { arn, fate } => {
                ecs::deploy(world, &Actor::Pipeline, arn, *fate);
                // Two hours awake, and for a bad release the time until a good one.
                let open = if *fate == ecs::Fate::Healthy { 3 } else { 7 };
                (of_service(arn), SignedDuration::from_hours(open))
            }
            Self::RunTask { cluster, seconds } => {
                let tags: Tags = [("DEBUG_TOKEN".to_owned(), format!("{CANARY}-token"))].into();
                ecs::run_task(
                    world,
                    &Actor::Person,
                    cluster,
                    "migration",
                    *seconds..=*seconds,
                    &tags,
                );
                let open = i64::try_from(*seconds).unwrap_or(i64::MAX);
                (owner(cluster), SignedDuration::from_secs(open) + PATIENCE)
            }
            Self::StartDatabase { arn } => {
                let _refused = rds::start(world, &Actor::Person, arn);
                (of_database(arn), PATIENCE)
            }
            Self::Status {
                arn,
                status,
                seconds,
            } => {
                if world
                    .rds
                    .database(arn)
                    .is_some_and(|database| database.status == "available")
                {
                    rds::set_status(world, arn, status, Some(*seconds..=*seconds));
                }
                let open = i64::try_from(*seconds).unwrap_or(i64::MAX);
                (of_database(arn), SignedDuration::from_secs(open) + PATIENCE)
            }
            Self::NoCapacity { seconds } => {
                let open = SignedDuration::from_secs(i64::try_from(*seconds).unwrap_or(i64::MAX));
                let until = world.now.saturating_add(open).unwrap_or(world.now);
                world.rds.capacity_lacks_until(until);
                (None, open + PATIENCE)
            }
            Self::Load { id, wanted } => {
                autoscaling::set_load(world, id, *wanted);
                (Some("r2e"), PATIENCE)
            }
            Self::BreakDocument { estate } => {
                let broken =
                    format!("version: 1\nsleep:\n  calender: business # {CANARY}\n  cluster: [\n");
                let _done = ssm::put(world, &Actor::Person, &parameter(estate), &broken);
                (Some(estate), SignedDuration::ZERO)
            }
            Self::DeleteDocument { estate } => {
                let _done = ssm::delete(world, &Actor::Person, &parameter(estate));
                (Some(estate), PATIENCE)
            }
            Self::MendDocument { estate } => {
                if let Some(found) = estates.iter().find(|other| other.name == *estate) {
                    let (name, document) = (found.name, found.document.clone());
                    let _done = ssm::put(world, &Actor::Person, &parameter(name), &document);
                }
                (Some(estate), PATIENCE)
            }
            Self::CreateService {
                estate,
                cluster,
                name,
            } => {
                let tags: Tags = [(SLEEP_TAG.to_owned(), (*estate).to_owned())].into();
                let new = ecs::NewService::new(cluster, name).count(1).tags(&tags);
                ecs::create_service(world, &Actor::Terraform, new);
                (Some(estate), PATIENCE)
            }
            Self::DeleteService { cluster, name } => {
                ecs::delete_service(world, &Actor::Terraform, &ecs::service_arn(cluster, name));
                (owner(cluster), PATIENCE)
            }
            Self::Order { estate, .. } => (Some(estate), PATIENCE),
            Self::Silence { minutes } => (None, SignedDuration::from_mins(*minutes) + PATIENCE),
        }
    }
}
