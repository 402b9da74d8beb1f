//! rotate-secrets: estates whose secrets are replaced while other functions put them to sleep, make
//! them smaller and explain their rollbacks.

pub mod databases;
pub mod estates;
mod ledger;
pub mod people;
pub mod process;
pub mod rules;
mod tasks;

use std::{ops::Range, time::Duration};

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use nightshift_cloud::{call::Actor, services::dynamodb::Item, world::World};
use rotate_secrets::{
    plan::FUNCTION,
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
pub type Script = run::Script<Rotate>;

/// rotate-secrets.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rotate;

impl Subject for Rotate {
    type Played = process::Together;
    type Estate = estates::Estate;
    type Deed = people::Deed;
    type Rules = rules::Rules;
    type Bug = Bug;

    const RESOURCE: &'static str = "RotateSecrets";
    const BESIDE: &'static [(&'static str, &'static str)] = &[
        ("PowerStaging", "power-staging"),
        ("ScaleProduction", "scale-production"),
        ("ExplainRollback", "explain-rollback"),
    ];
    const PARAMETERS: &'static [(&'static str, &'static str)] = &[(
        "RotatedSecrets",
        "arn:aws:ssm:*:*:parameter/bookmark-manager/*,arn:aws:secretsmanager:*:*:secret:r2e/*",
    )];
    const TIMEOUT: Duration = Duration::from_mins(3);
    const CARRIES: &'static [&'static str] = &["PutParameter", "PutSecretValue"];
    const ANSWERS: &'static [&'static str] =
        &["ParameterVersionNotFound", "ResourceNotFoundException"];
    const WORD: &'static str = "rotate/";
    const TAG: &'static str = estates::ROTATE_TAG;
    const CLOSED: &'static str = "no turn lasts";
    const OPEN: &'static str = "a secret is younger than its age, or people were told";
    /// A turn, its way back and a look.
    const BOUND: SignedDuration = SignedDuration::from_mins(150);
    const LEAD: SignedDuration = SignedDuration::ZERO;
    const LATE: SignedDuration = SignedDuration::from_mins(60);
    const WAITING: SignedDuration = SignedDuration::from_mins(60);
    /// Each has four functions look at everything, of which three are judged elsewhere.
    const IDLE: Range<i64> = 5..10;
    const PROMPT: SignedDuration = SignedDuration::ZERO;
    const HEEDS_SCALING: bool = false;

    #[inline(never)]
    fn perform(script: &Script, part: Part<Self>) -> (Outcome, Option<Still<Self>>) {
        run::perform(script, part)
    }

    fn start(desk: &Desk<Self>) -> process::Together {
        process::Together::start(desk)
    }

    fn begin(estates: &[estates::Estate], at: Timestamp) -> Deeds<people::Deed> {
        let adopted = estates.iter().flat_map(|it| people::adoption(it, at));
        adopted.collect()
    }

    fn is_saved(by: &Actor, items: &[Item], resource: &str) -> bool {
        // What the others save, their own simulations judge.
        *by != Actor::Function(FUNCTION.to_owned()) || ledger::is_saved(items, resource)
    }

    fn furnish(world: &mut World, random: &mut Rng, script: &Script) -> Vec<estates::Estate> {
        estates::furnish(world, random, script)
    }

    fn deeds(
        random: &mut Rng,
        place: &Place,
        estate: &estates::Estate,
        at: Timestamp,
        number: usize,
    ) -> Deeds<people::Deed> {
        people::some(random, place, estate, at, number)
    }

    fn put_back(bug: Option<Bug>) {
        sabotage::put_back(bug);
    }

    fn ordered(_verb: &str) -> Should {
        Should::Unknown
    }
}
