//! What a function brings to be played: its estates, its people, its rules, its known bugs. All else
//! is the same for every function.

use std::{fmt::Debug, ops::Range, time::Duration};

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use nightshift_cloud::{
    call::Actor,
    services::dynamodb::Item,
    world::{Noted, World},
};
use serde_json::Value;

use crate::{
    people::{Deeds, Hand},
    places::{Hours, Place},
    played::{Desk, Played},
    rules::{Broken, Reports},
    run::{Outcome, Part, Script, Still},
};

/// A function that is played.
pub trait Subject: Copy + Debug + Default + Send + Sync + 'static {
    /// What one process of it holds.
    type Played: Played;
    /// An estate as its people know it.
    type Estate: Estate;
    /// What people do that they do to this function's estates alone.
    type Deed: Deed<Self::Estate>;
    /// What must never happen.
    type Rules: Rules<Self::Estate>;
    /// The known bugs that can be put back.
    type Bug: Copy + Debug + PartialEq;

    /// Its logical name in template.yaml.
    const RESOURCE: &'static str;
    /// What else gets the same ticks and events: logical names in template.yaml, and the functions'.
    const BESIDE: &'static [(&'static str, &'static str)] = &[];
    /// The template's parameters, where they matter.
    const PARAMETERS: &'static [(&'static str, &'static str)] = &[];
    /// The function's timeout in template.yaml.
    const TIMEOUT: Duration = Duration::from_mins(2);
    /// The operations whose bodies carry a secret to where it belongs.
    const CARRIES: &'static [&'static str] = &[];
    /// Codes that are answers, not failures, beside those of every function.
    const ANSWERS: &'static [&'static str] = &[];
    /// What the command line calls it; nothing for the first.
    const WORD: &'static str;
    /// The tag by which a resource consents.
    const TAG: &'static str;
    /// The rule of an estate that is closed.
    const CLOSED: &'static str;
    /// The rule of an estate that is open.
    const OPEN: &'static str;
    /// Once faults stop, an estate is what it should be after so long.
    const BOUND: SignedDuration;
    /// So long before an opening an estate may turn already.
    const LEAD: SignedDuration;
    /// So long after an opening it may still be on its way, if nothing went wrong.
    const LATE: SignedDuration;
    /// How often a tick is played while a look changed nothing and waits, for a database to stop, say.
    /// Those in between are lost, as EventBridge may lose them.
    const WAITING: SignedDuration;
    /// How often a tick is played while everything is settled, at random in this range of hours.
    const IDLE: Range<i64> = 2..5;
    /// So long before an opening no tick of one that waits is lost.
    const PROMPT: SignedDuration;
    /// Whether what auto scaling does by itself is a reason to look.
    const HEEDS_SCALING: bool;

    /// What people do at the very beginning.
    fn begin(_estates: &[Self::Estate], _at: Timestamp) -> Deeds<Self::Deed> {
        Vec::new()
    }

    /// Plays a part of a script: by [`crate::run`], called where this function's crate is compiled.
    fn perform(script: &Script<Self>, part: Part<Self>) -> (Outcome, Option<Still<Self>>);

    /// Starts a process of it.
    fn start(desk: &Desk<Self>) -> Self::Played;

    /// Whether the ledger's items say what is about to be done to a resource.
    #[must_use]
    fn is_saved(_by: &Actor, items: &[Item], resource: &str) -> bool {
        let key = format!("{}resource/{resource}", Self::Played::NAMESPACE);
        items.iter().any(|item| {
            item["pk"]["S"] == "ledger"
                && item["sk"]["S"] == key.as_str()
                && item.get("stage").is_none_or(|stage| stage["S"] != "closed")
        })
    }

    /// Makes all estates of a place, with their bystanders.
    fn furnish(world: &mut World, random: &mut Rng, script: &Script<Self>) -> Vec<Self::Estate>;

    /// What people do to an estate at an instant, and perhaps later because of it.
    fn deeds(
        random: &mut Rng,
        place: &Place,
        estate: &Self::Estate,
        at: Timestamp,
        number: usize,
    ) -> Vec<(Timestamp, Hand<Self::Deed>)>;

    /// Puts a bug back into everything that this thread runs.
    fn put_back(bug: Option<Self::Bug>);

    /// What an estate should be by an order.
    fn ordered(verb: &str) -> Should;
}

/// An estate, as far as the run itself knows it.
pub trait Estate: Clone + Debug + Send {
    /// Its name.
    fn name(&self) -> &'static str;
    /// Its cluster.
    fn cluster(&self) -> &str;
    /// When it is open.
    fn hours(&self) -> Hours;
    /// Its databases, by ARN.
    fn databases(&self) -> &[String];
    /// Its document.
    fn document(&self) -> &str;
}

/// Something that somebody does.
pub trait Deed<E>: Clone + Debug {
    /// For how long after a deployment that fares well, or badly, nobody can tell what an estate
    /// should look like.
    const AFTER_DEPLOYMENT: (SignedDuration, SignedDuration);

    /// What it sends to the function, if it does.
    fn sends(&self) -> Option<Value> {
        None
    }

    /// Does it. Answers which estate it concerns, none for all, and for how long the outcome is open.
    fn does(&self, world: &mut World, estates: &[E]) -> (Option<&'static str>, SignedDuration);
}

/// The judge of one run.
pub trait Rules<E>: Clone + Debug + Send {
    /// The rules for estates as they are now; under `Mode: watch` nothing may change.
    fn new(world: &World, place: Place, estates: &[E], watch: bool) -> Self;

    /// Judges what was noted since the last time.
    fn judge(&mut self, world: &World, journal: &[Noted]) -> Vec<Broken>;

    /// What was told.
    fn reports(&mut self) -> &mut Reports;

    /// What is wrong with an estate that was left in peace long enough.
    fn wrong(&mut self, world: &World, estate: &E, should: Should) -> Vec<String>;

    /// Calls fail, or answers are old, up to this instant.
    fn note_rough(&mut self, _until: Timestamp) {}

    /// An order, or a document that is gone, decides of an estate until then.
    fn let_go(&mut self, _estate: &str, _until: Timestamp) {}

    /// Whether a text holds a secret that is none of the first ones.
    fn holds_secret(&self, _text: &[u8]) -> bool {
        false
    }

    /// Looks at what is noted nowhere, at every step.
    fn watch(&mut self, _world: &World) {}

    /// What was broken where neither the journal nor the watch shows it.
    fn broken(&mut self) -> Vec<Broken> {
        Vec::new()
    }
}

/// What an estate should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Should {
    /// As by day.
    Open,
    /// As at night.
    Closed,
    /// As by day, since its document is gone.
    GivenBack,
    /// Nobody can tell.
    Unknown,
}
