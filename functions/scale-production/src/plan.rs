//! From what was seen to what is done next: `plan(view)` is a pure function of the snapshot, the
//! document, the ledger and the instant, so that any look, however late or doubled, decides alike.
//!
//! Towards the night see [`night`], towards the day [`day`]. Taking away waits for the brakes
//! ([`brakes`]), for consent and for other functions; giving back waits for nothing and nobody.

mod brakes;
mod day;
mod matters;
mod night;
mod summary;
#[cfg(test)]
mod tests;
mod view;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use nightshift::{
    config::Slimmer,
    keep::{
        estates::Rivalry,
        matters::{self as keep, Gone, Matters},
        plan::Turns,
    },
    kind::{Arn, Kind, Level, Lever},
    ledger::{
        EstateRecord, Kept, Order, Override, Owner, Phase, VERSION,
        slim::{Entry, Stage},
    },
    report::{Cause, Deed, News, Row, State, Waiting, Wanted},
};

pub use brakes::{FITS, FRESH, MEASURED};

use crate::snapshot::{Resource, Snapshot};

/// This function's name: in the ledger, in logs and in reports.
pub const FUNCTION: &str = "scale-production";

/// The steps on one resource, in order.
pub type Chain = nightshift::keep::plan::Chain<Step>;

/// What a look decided.
pub type Plan = nightshift::keep::plan::Plan<Step>;

/// Everything that a plan is made from.
#[derive(Clone, Debug)]
pub struct View<'a> {
    /// The section of the estate's document that is in force.
    pub section: &'a Slimmer,
    /// Whether the document is gone, so that the day is given back and forgotten.
    pub released: bool,
    /// What AWS shows.
    pub snapshot: &'a Snapshot,
    /// The estate's entries in the ledger.
    pub entries: &'a BTreeMap<Arn, Kept<Entry>>,
    /// The resources that other functions are changing.
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

/// One idempotent step on one resource.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Write the entry; what is taken away behind it rests on it.
    Save(Box<Entry>),
    /// Move the lever: the minimum of the scalable target, which clamps the count into the bounds;
    /// the count; or the cluster's minimum capacity. Nothing else of the resource is named.
    Move {
        /// Which.
        lever: Lever,
        /// From.
        from: Level,
        /// To.
        to: Level,
    },
    /// Forget the entry.
    Forget,
}

impl nightshift::keep::plan::Step for Step {
    fn deed(&self, arn: &Arn) -> Deed {
        let arn = arn.clone();
        match self {
            Self::Save(entry) if entry.stage == Stage::Closed => Deed::Close { arn },
            Self::Save(entry) => Deed::SaveDay {
                arn,
                lever: entry.lever,
                day: entry.found,
            },
            Self::Move { lever, from, to } => Deed::Move {
                arn,
                lever: *lever,
                from: *from,
                to: *to,
            },
            Self::Forget => Deed::Forget { arn },
        }
    }

    fn waits_for_nobody(&self) -> bool {
        self.grows()
    }
}

impl Step {
    /// Whether it only gives: such a step waits for nobody.
    #[must_use]
    pub fn grows(&self) -> bool {
        match self {
            Self::Move { from, to, .. } => to > from,
            Self::Save(_) | Self::Forget => false,
        }
    }
}

/// How long before opening growing begins.
#[must_use]
pub fn lead(section: &Slimmer, record: &EstateRecord, now: Timestamp) -> SignedDuration {
    keep::lead(record, section.slim.lead.get(), now)
}

/// What the estate should be at this instant, before its resources are looked at.
#[must_use]
pub fn wanted(
    section: &Slimmer,
    released: bool,
    order: Option<&Override>,
    record: &EstateRecord,
    now: Timestamp,
) -> Wanted {
    let lead = lead(section, record, now);
    turns(section, lead).wanted(released, counting(order), now)
}

/// The order that counts: what is slimmed never sleeps, whoever says so.
fn counting(order: Option<&Override>) -> Option<&Override> {
    order.filter(|order| order.order != Order::Sleep)
}

/// What the function makes of the estate's calendar and of orders.
#[must_use]
pub fn turns(section: &Slimmer, lead: SignedDuration) -> Turns<'_> {
    Turns {
        calendar: &section.calendar,
        lead,
        open: State::Day,
        closed: State::Night,
        ordered,
    }
}

/// What an order makes of the estate; none for a hold.
const fn ordered(order: Order) -> Option<State> {
    match order {
        Order::Day | Order::Wake => Some(State::Day),
        Order::Night => Some(State::Night),
        Order::Hold | Order::Sleep => None,
    }
}

/// Decides what is done next.
#[must_use]
pub fn plan(view: &View<'_>) -> Plan {
    let mut draft = Draft::new(view);
    draft.tell_of_the_estate();
    draft.look_for_the_gone();
    match draft.wanted.state {
        Some(State::Night | State::Asleep) => draft.towards_night(),
        Some(State::Day | State::Awake) => draft.towards_day(),
        None => draft.hold(),
    }
    draft.finish()
}

/// A plan while it is made.
struct Draft<'a> {
    view: &'a View<'a>,
    now: Timestamp,
    wanted: Wanted,
    /// What holds all shrinking back, if anything does.
    brake: Option<Cause>,
    chains: Vec<Chain>,
    rows: Vec<Row>,
    matters: Matters,
    moments: Vec<News>,
    record: EstateRecord,
    /// What is held back at this look, and why.
    held: Vec<Waiting>,
    dues: Vec<Timestamp>,
}

impl<'a> Draft<'a> {
    fn new(view: &'a View<'a>) -> Self {
        let wanted = wanted(
            view.section,
            view.released,
            view.order,
            view.record,
            view.now,
        );
        let mut record = view.record.clone();
        record.version = VERSION;
        // What slept before it was slimmed is taken for what it is by day.
        if !matches!(
            record.phase,
            Phase::Day | Phase::ToNight | Phase::Night | Phase::ToDay
        ) {
            record.enter(Phase::Day, view.now);
        }
        Self {
            view,
            now: view.now,
            dues: wanted.until.into_iter().collect(),
            wanted,
            brake: brakes::of_the_estate(view),
            chains: Vec::new(),
            rows: Vec::new(),
            matters: Matters::new(&view.record.matters, view.now),
            moments: Vec::new(),
            record,
            held: Vec::new(),
        }
    }

    fn name(&self) -> &'a str {
        &self.view.section.name
    }

    fn in_so_long(&self, length: SignedDuration) -> Timestamp {
        self.now.saturating_add(length).unwrap_or(self.now)
    }

    fn steps(&mut self, resource: Resource<'_>, steps: Vec<Step>) {
        self.chain(resource.arn(), resource.kind(), steps);
    }

    fn chain(&mut self, arn: &Arn, kind: Kind, steps: Vec<Step>) {
        if !steps.is_empty() {
            self.chains.push(Chain {
                arn: arn.clone(),
                kind,
                steps,
            });
        }
    }

    /// The row of a resource; what is wanted and waited for is filled in by who calls.
    fn row(&self, resource: Resource<'_>) -> Row {
        let entry = self.view.open_entry(resource.arn());
        let actual = match resource {
            Resource::Service(watched) => {
                let service = &watched.service;
                let bounds = service.target.as_ref().map(|target| target.bounds);
                let range = bounds.map_or_else(String::new, |bounds| {
                    format!(", {}–{}", bounds.min, bounds.max)
                });
                format!("{}/{}{range}", service.running, service.desired)
            }
            Resource::Cluster(measured) => match measured.cluster.capacity {
                Some(capacity) => format!("{}–{} ACU", capacity.min, capacity.max),
                None => measured.cluster.status.clone(),
            },
        };
        Row {
            arn: Some(resource.arn().clone()),
            name: resource.name().to_owned(),
            kind: Some(resource.kind()),
            wanted: self.wanted.state,
            actual,
            settled: true,
            saved_count: entry.and_then(|entry| entry.found.tasks()),
            since: entry.map(|entry| entry.since),
            waits_for: None,
        }
    }

    /// The resource is what it should be, or is none of our business.
    fn rest(&mut self, row: Row) {
        self.rows.push(row);
    }

    /// The resource is not yet what it should be.
    fn wait(&mut self, mut row: Row, cause: Cause) {
        row.settled = false;
        row.waits_for = Some(cause);
        self.rows.push(row);
    }

    /// The resource is left alone, with the reason beside it.
    fn leave(&mut self, mut row: Row, cause: Cause) {
        row.wanted = None;
        row.waits_for = Some(cause);
        self.rows.push(row);
    }

    /// The resource is left alone, and looked at again in a minute.
    fn leave_for_a_minute(&mut self, row: Row, cause: Cause) {
        self.dues
            .push(self.in_so_long(SignedDuration::from_mins(1)));
        self.leave(row, cause);
    }

    /// The same entry at another stage, in this estate's name.
    fn at_stage(&self, entry: &Entry, stage: Stage) -> Entry {
        let mut entry = entry.clone();
        entry.version = VERSION;
        self.name().clone_into(&mut entry.estate);
        if entry.stage != stage {
            entry.stage = stage;
            entry.since = self.now;
        }
        let purpose = match stage {
            Stage::ToNight => Some("shrink"),
            Stage::ToDay => Some("grow"),
            Stage::Night | Stage::Closed => None,
        };
        entry.owner = purpose.map(|purpose| Owner {
            function: FUNCTION.to_owned(),
            purpose: purpose.to_owned(),
            until: self.in_so_long(self.view.section.slim.stuck_after.get()),
        });
        entry
    }

    /// What has to be written for the entry to be this one, which may be nothing: the owner alone
    /// is no reason.
    fn save(&self, entry: Entry) -> Option<Step> {
        let same = self.view.entry(&entry.arn).is_some_and(|kept| {
            let owner = entry.owner.clone();
            entry
                == Entry {
                    owner,
                    ..kept.clone()
                }
        });
        (!same).then(|| Step::Save(Box::new(entry)))
    }

    /// While a hold lasts everything is shown and nothing is changed.
    fn hold(&mut self) {
        for resource in self.view.snapshot.resources() {
            if self.view.names(resource) || self.view.entry(resource.arn()).is_some() {
                self.keep_what_was_said(resource);
                self.note_the_count(resource);
                let row = self.row(resource);
                self.leave(row, Cause::Hold);
            }
        }
    }

    /// The document let go of what was given back: nothing of it is kept.
    fn forget_if_let_go(&mut self, resource: Resource<'_>) {
        if let Some(entry) = self.view.entry(resource.arn())
            && self.view.night(resource).is_none()
            && !entry.is_open()
        {
            self.steps(resource, vec![Step::Forget]);
        }
    }

    /// An entry whose resource is gone is forgotten, but not before two listings agreed and
    /// people were told what was saved.
    fn look_for_the_gone(&mut self) {
        let held = self.wanted.state.is_none();
        for arn in &self.view.snapshot.gone {
            let Some(entry) = self.view.entry(arn) else {
                continue;
            };
            let (kind, open, saved) = (entry.kind, entry.is_open(), entry.found.tasks());
            match self.matters.tell_of_the_gone(arn, saved, open, held) {
                Gone::Forget => self.chain(arn, kind, vec![Step::Forget]),
                Gone::LookAgain(at) => self.dues.push(at),
            }
        }
    }

    /// Whether all services of the estate have the tasks that they must have.
    fn is_up(&self) -> bool {
        let services = self.view.snapshot.services.iter();
        self.view.snapshot.unread.is_empty()
            && services
                .filter(|watched| self.view.names(Resource::Service(watched)))
                .all(crate::snapshot::Watched::is_up)
    }

    fn finish(mut self) -> Plan {
        let snapshot = self.view.snapshot;
        self.matters.outlast(&snapshot.unread);
        self.tell_of_what_is_held_back();
        let waiting = self.rows.iter().any(|row| !row.settled);
        let idle = self.chains.is_empty() && !waiting && snapshot.unread.is_empty();
        let ready = self.is_up() && (idle || self.wanted.state != Some(State::Day));
        self.count_the_night();
        match self.wanted.state {
            Some(State::Night) if idle => self.record.enter(Phase::Night, self.now),
            Some(State::Day) if ready => self.become_ready(),
            Some(State::Day) => self.tell_if_late(),
            _ => {}
        }
        let due = self
            .dues
            .iter()
            .chain(self.view.said().map(|order| &order.until))
            .copied()
            .filter(|due| *due > self.now)
            .min();
        Plan {
            settled: idle && (ready || self.wanted.state != Some(State::Day)),
            wanted: self.wanted,
            deployment_order: None,
            chains: self.chains,
            rows: self.rows,
            matters: self.matters,
            moments: self.moments,
            record: self.record,
            ready,
            due,
        }
    }
}
