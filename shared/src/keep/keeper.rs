//! What a function brings that keeps estates: its words, its section of a document, what it saves,
//! what it reads, decides and does. All else is the same for every function.

use std::{collections::BTreeMap, fmt, future::Future};

use aws_types::SdkConfig;
use jiff::Timestamp;

use super::{
    act::Page,
    command::Orders,
    context::Context,
    estates::{Rivalry, Seen},
    plan::{Chain, Plan, Step},
    section::Section,
};
use crate::{
    kind::{Arn, Keeping},
    ledger::{EstateRecord, Kept, Order, Override, Owner, Phase, Saved},
    report::{Change, Deed, Diagnosis, Failure, News},
};

/// A function that keeps estates.
pub trait Keeper: fmt::Debug + Sized + 'static {
    /// The function's name: in marks, in logs and in reports.
    const NAME: &'static str;

    /// The orders that it takes from people.
    const ORDERS: Orders;

    /// What it does to an estate while it is closed.
    const KEEPING: Keeping;

    /// What an estate is taken for that was never looked at before.
    const AT_FIRST: Phase;

    /// Its section of an estate's document.
    type Section: Section;

    /// What it saves of a resource before it changes it.
    type Entry: Saved;

    /// What it reads of an estate.
    type Snapshot: Seen;

    /// What it does to a resource.
    type Step: Step;

    /// The clients by which it reads and changes resources.
    type Clients: fmt::Debug;

    /// Makes the clients. They are made when the first estate is read.
    fn clients(config: &SdkConfig) -> Self::Clients;

    /// Reads the estates, all in one go since some things are listed once for all. Answers one
    /// snapshot for each, in the same order; what could not be read stands in it too.
    fn observe(
        context: &Context<'_, Self>,
        estates: &[Known<'_, Self>],
    ) -> impl Future<Output = Vec<Self::Snapshot>>;

    /// Decides what is done next. Pure.
    fn plan(view: &View<'_, Self>) -> Plan<Self::Step>;

    /// Everything that would be done until the estate has settled. Pure.
    fn foresee(view: &View<'_, Self>) -> Vec<Deed>;

    /// Takes one idempotent step; entries are saved and forgotten on the resource's page. Answers
    /// what was changed in AWS.
    fn take(
        context: &Context<'_, Self>,
        chain: &Chain<Self::Step>,
        step: &Self::Step,
        page: &mut Page<'_, Self::Entry>,
    ) -> impl Future<Output = Result<Option<Change>, Failure>>;

    /// Tells what is unhealthy about an estate's set-up. Pure.
    fn examine(view: &View<'_, Self>) -> Diagnosis;

    /// When an order ends that names no end of its own; none for the usual two hours.
    fn end_of(
        order: Order,
        section: &Self::Section,
        record: Option<&EstateRecord>,
        now: Timestamp,
    ) -> Option<Timestamp>;

    /// `Mode: watch` changes nothing: that something is not as it is wanted is then no news.
    fn goes_without_saying(news: &News) -> bool;

    /// For the simulation alone: a known bug may misread the ground that a look rests on.
    #[cfg(feature = "sabotage")]
    fn misread(_ground: &mut super::Ground<Self>, _now: Timestamp) {}

    /// For the simulation alone: a known bug may believe what an event says.
    #[cfg(feature = "sabotage")]
    #[must_use]
    fn believe(
        _context: &Context<'_, Self>,
        _payload: &serde_json::Value,
    ) -> impl Future<Output = ()> {
        std::future::ready(())
    }

    /// For the simulation alone: a known bug may call failures a success.
    #[cfg(feature = "sabotage")]
    #[must_use]
    fn hushes() -> bool {
        false
    }
}

/// What is known of an estate before AWS is asked.
#[derive(Debug)]
pub struct Known<'a, K: Keeper> {
    /// The section of its document that is in force.
    pub section: &'a K::Section,
    /// Whether the document is gone, so that all that was saved is given back and forgotten.
    pub released: bool,
    /// Its entries in the ledger.
    pub entries: &'a BTreeMap<Arn, Kept<K::Entry>>,
    /// How it fared until now.
    pub record: EstateRecord,
    /// The override, expired or not.
    pub order: Option<&'a Override>,
    /// Whether it is examined, so that what only matters at other times is read too.
    pub examined: bool,
}

/// Everything that a plan is made from.
#[derive(Debug)]
pub struct View<'a, K: Keeper> {
    /// The section of the estate's document that is in force.
    pub section: &'a K::Section,
    /// Whether the document is gone, so that all that was saved is given back and forgotten.
    pub released: bool,
    /// What AWS shows.
    pub snapshot: &'a K::Snapshot,
    /// The estate's entries in the ledger.
    pub entries: &'a BTreeMap<Arn, Kept<K::Entry>>,
    /// The resources that functions are changing.
    pub owners: &'a BTreeMap<Arn, Owner>,
    /// Since when a rollout of the estate is broken, if one is, as explain-rollback tells.
    pub broken: Option<Timestamp>,
    /// How the estate fared until now.
    pub record: &'a EstateRecord,
    /// The override, expired or not.
    pub order: Option<&'a Override>,
    /// What more than one estate claims.
    pub rivals: &'a BTreeMap<Arn, Rivalry>,
    /// The instant of the look.
    pub now: Timestamp,
}
