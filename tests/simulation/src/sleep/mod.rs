//! power-staging: estates that sleep.

pub mod estates;
pub mod people;
pub mod rules;

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use nightshift::keep::Function;
use nightshift_cloud::world::World;
use power_staging::{
    PowerStaging,
    sabotage::{self, Bug},
};

use crate::{
    people::Deeds,
    places::Place,
    played::Desk,
    run::{self, Outcome, Part, Still},
    subject::{Should, Subject},
};

/// What is played of it.
pub type Script = run::Script<Sleep>;

/// power-staging.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sleep;

impl Subject for Sleep {
    type Played = Function<PowerStaging>;
    type Estate = estates::Estate;
    type Deed = people::Deed;
    type Rules = rules::Rules;
    type Bug = Bug;

    const RESOURCE: &'static str = "PowerStaging";
    const WORD: &'static str = "";
    const TAG: &'static str = estates::SLEEP_TAG;
    const CLOSED: &'static str = "it sleeps when it should";
    const OPEN: &'static str = "it is awake when it should, as it was";
    /// An hour for a database to stop, an hour to start, and the graces.
    const BOUND: SignedDuration = SignedDuration::from_mins(170);
    /// Wakes begin three hours before the opening at the earliest.
    const LEAD: SignedDuration = SignedDuration::from_mins(190);
    const LATE: SignedDuration = Self::BOUND;
    const WAITING: SignedDuration = SignedDuration::from_mins(10);
    const PROMPT: SignedDuration = SignedDuration::ZERO;
    const HEEDS_SCALING: bool = true;

    #[inline(never)]
    fn perform(script: &Script, part: Part<Self>) -> (Outcome, Option<Still<Self>>) {
        run::perform(script, part)
    }

    fn start(desk: &Desk<Self>) -> Function<PowerStaging> {
        desk.keeper()
    }

    fn furnish(world: &mut World, random: &mut Rng, script: &Script) -> Vec<estates::Estate> {
        estates::furnish(world, random, script)
    }

    fn deeds(
        random: &mut Rng,
        _place: &Place,
        estate: &estates::Estate,
        at: Timestamp,
        number: usize,
    ) -> Deeds<people::Deed> {
        people::some(random, estate, at, number)
    }

    fn put_back(bug: Option<Bug>) {
        sabotage::put_back(bug);
    }

    fn ordered(verb: &str) -> Should {
        match verb {
            "wake" => Should::Open,
            "sleep" => Should::Closed,
            _ => Should::Unknown,
        }
    }
}
