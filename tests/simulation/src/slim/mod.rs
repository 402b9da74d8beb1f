//! scale-production: estates that get smaller at night.

pub mod estates;
pub mod people;
pub mod rules;

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use nightshift::keep::Function;
use nightshift_cloud::world::World;
use scale_production::{
    ScaleProduction,
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
pub type Script = run::Script<Slim>;

/// scale-production.
#[derive(Clone, Copy, Debug, Default)]
pub struct Slim;

impl Subject for Slim {
    type Played = Function<ScaleProduction>;
    type Estate = estates::Estate;
    type Deed = people::Deed;
    type Rules = rules::Rules;
    type Bug = Bug;

    const RESOURCE: &'static str = "ScaleProduction";
    const WORD: &'static str = "slim/";
    const TAG: &'static str = estates::SLIM_TAG;
    const CLOSED: &'static str = "it is small when nothing holds it back";
    const OPEN: &'static str = "the day is there when it opens";
    /// A look within ten minutes, a quarter of an hour to measure, and some minutes for tasks.
    const BOUND: SignedDuration = SignedDuration::from_mins(45);
    /// Growing begins three hours before the opening at the earliest.
    const LEAD: SignedDuration = SignedDuration::from_mins(190);
    /// The day is there when it opens.
    const LATE: SignedDuration = SignedDuration::ZERO;
    /// What does not fit may not fit all night.
    const WAITING: SignedDuration = SignedDuration::from_mins(20);
    const PROMPT: SignedDuration = SignedDuration::from_mins(30);
    const HEEDS_SCALING: bool = false;

    #[inline(never)]
    fn perform(script: &Script, part: Part<Self>) -> (Outcome, Option<Still<Self>>) {
        run::perform(script, part)
    }

    fn start(desk: &Desk<Self>) -> Function<ScaleProduction> {
        desk.keeper()
    }

    fn furnish(world: &mut World, random: &mut Rng, script: &Script) -> Vec<estates::Estate> {
        estates::furnish(world, random, script)
    }

    fn deeds(
        random: &mut Rng,
        place: &Place,
        estate: &estates::Estate,
        at: Timestamp,
        _number: usize,
    ) -> Deeds<people::Deed> {
        people::some(random, place, estate, at)
    }

    fn put_back(bug: Option<Bug>) {
        sabotage::put_back(bug);
    }

    fn ordered(verb: &str) -> Should {
        match verb {
            "day" => Should::Open,
            "night" => Should::Closed,
            _ => Should::Unknown,
        }
    }
}
