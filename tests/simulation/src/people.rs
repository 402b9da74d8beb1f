//! What people, pipelines and AWS do to the estates in between, drawn from the seed. Each deed says
//! for how long nobody can tell what the estate should look like.

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use nightshift_cloud::{
    call::Actor,
    services::{ecs, rds, ssm},
    world::World,
};

use crate::{
    places::Place,
    sky::CANARY,
    subject::{Deed, Estate, Subject},
};

/// Something that somebody does.
#[derive(Clone, Debug)]
pub enum Hand<D> {
    /// A deployment.
    Deploy {
        /// The service.
        arn: String,
        /// How the release fares.
        fate: ecs::Fate,
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
    /// What is done to one function's estates alone.
    Own(D),
}

/// Deeds and when they are done.
pub type Deeds<D> = Vec<(Timestamp, Hand<D>)>;

/// How long an estate may take after a deed until it is what it should be, beside what it always
/// may take.
pub const PATIENCE: SignedDuration = SignedDuration::from_mins(60);

/// The name of an estate's parameter.
#[must_use]
pub fn parameter(estate: &str) -> String {
    format!("/nightshift/estates/{estate}")
}

/// Draws the deeds of a run.
pub fn draw<S: Subject>(
    random: &mut Rng,
    place: &Place,
    estates: &[S::Estate],
    how_many: usize,
) -> Deeds<S::Deed> {
    let mut deeds = Vec::new();
    for number in 0..how_many {
        let Some(estate) = random.choice(estates) else {
            break;
        };
        let at = moment(random, place, estate);
        deeds.extend(S::deeds(random, place, estate, at, number));
    }
    deeds.sort_by_key(|(at, _)| *at);
    deeds
}

/// Any time, but often shortly before and after a turn of the calendar, and at three in the night.
fn moment(random: &mut Rng, place: &Place, estate: &impl Estate) -> Timestamp {
    let turns = estate.hours().turns(place);
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

/// So many seconds.
#[must_use]
pub const fn seconds(seconds: i64) -> SignedDuration {
    SignedDuration::from_secs(seconds)
}

/// One of the ways in which a release fares badly.
pub fn bad(random: &mut Rng) -> ecs::Fate {
    let fates = [
        ecs::Fate::Crashes,
        ecs::Fate::FailsToStart,
        ecs::Fate::Unhealthy,
    ];
    *random.choice(fates.iter()).unwrap_or(&ecs::Fate::Crashes)
}

impl<D> Hand<D> {
    /// Does it. Answers which estate it concerns, none for all, and for how long the outcome is open.
    pub fn does<E: Estate>(
        &self,
        world: &mut World,
        estates: &[E],
    ) -> (Option<&'static str>, SignedDuration)
    where
        D: Deed<E>,
    {
        match self {
            Self::Deploy { arn, fate } => {
                ecs::deploy(world, &Actor::Pipeline, arn, *fate);
                let (well, badly) = D::AFTER_DEPLOYMENT;
                let open = if *fate == ecs::Fate::Healthy {
                    well
                } else {
                    badly
                };
                (of_service(estates, arn), open)
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
                let open = SignedDuration::from_secs(open) + PATIENCE;
                (of_database(estates, arn), open)
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
                if let Some(found) = estates.iter().find(|other| other.name() == *estate) {
                    let (name, document) = (found.name(), found.document().to_owned());
                    let _done = ssm::put(world, &Actor::Person, &parameter(name), &document);
                }
                (Some(estate), PATIENCE)
            }
            Self::Order { estate, .. } => (Some(estate), PATIENCE),
            Self::Silence { minutes } => (None, SignedDuration::from_mins(*minutes) + PATIENCE),
            Self::Own(deed) => deed.does(world, estates),
        }
    }
}

/// Whose cluster it is.
pub fn of_cluster<E: Estate>(estates: &[E], cluster: &str) -> Option<&'static str> {
    let mut estates = estates.iter();
    let owner = estates.find(|estate| estate.cluster() == cluster);
    owner.map(Estate::name)
}

/// Whose service it is.
pub fn of_service<E: Estate>(estates: &[E], arn: &str) -> Option<&'static str> {
    let cluster = arn.rsplit('/').nth(1)?;
    of_cluster(estates, cluster)
}

/// Whose database it is.
pub fn of_database<E: Estate>(estates: &[E], arn: &str) -> Option<&'static str> {
    let mut estates = estates.iter();
    let owner = estates.find(|estate| estate.databases().iter().any(|other| other == arn));
    owner.map(Estate::name)
}
