//! What people do to estates that sleep: counts, migrations, databases started by hand, services made
//! and deleted.

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use nightshift_cloud::{
    call::{Actor, Tags},
    services::{autoscaling, ecs, rds},
    world::World,
};

use super::estates::{Estate, SLEEP_TAG};
use crate::{
    people::{Deeds, Hand, PATIENCE, bad, of_cluster, of_database, of_service, seconds},
    sky::CANARY,
    subject,
};

/// Something that somebody does.
#[derive(Clone, Debug)]
pub enum Deed {
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
pub(super) fn some(random: &mut Rng, estate: &Estate, at: Timestamp, number: usize) -> Deeds<Deed> {
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
            Hand::Own(Deed::SetCount {
                arn,
                to: random.u32(0..5),
            }),
        )],
        2 => vec![(at, Hand::Own(Deed::Terraform { id: scaled }))],
        3 | 4 => vec![(
            at,
            Hand::Deploy {
                arn,
                fate: ecs::Fate::Healthy,
            },
        )],
        5 => {
            let fate = bad(random);
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
            Hand::Own(Deed::RunTask {
                cluster,
                seconds: random.u64(60..5400),
            }),
        )],
        7 => vec![(at, Hand::Own(Deed::StartDatabase { arn: database }))],
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
            Hand::Own(Deed::NoCapacity {
                seconds: random.u64(600..5400),
            }),
        )],
        10 => vec![(
            at,
            Hand::Own(Deed::Load {
                id: scaled,
                wanted: f64::from(random.u32(0..7)),
            }),
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
                    Hand::Own(Deed::CreateService {
                        estate: estate.name,
                        cluster: cluster.clone(),
                        name: name.clone(),
                    }),
                ),
                (
                    at + seconds(random.i64(600..100_000)),
                    Hand::Own(Deed::DeleteService { cluster, name }),
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

impl subject::Deed<Estate> for Deed {
    /// Two hours awake, and for a bad release the time until a good one.
    const AFTER_DEPLOYMENT: (SignedDuration, SignedDuration) =
        (SignedDuration::from_hours(3), SignedDuration::from_hours(7));

    fn does(
        &self,
        world: &mut World,
        estates: &[Estate],
    ) -> (Option<&'static str>, SignedDuration) {
        match self {
            Self::SetCount { arn, to } => {
                ecs::set_count(world, &Actor::Person, arn, *to);
                (of_service(estates, arn), PATIENCE)
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
                let open = SignedDuration::from_secs(open) + PATIENCE;
                (of_cluster(estates, cluster), open)
            }
            Self::StartDatabase { arn } => {
                let _refused = rds::start(world, &Actor::Person, arn);
                (of_database(estates, arn), PATIENCE)
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
                (of_cluster(estates, cluster), PATIENCE)
            }
        }
    }
}
