//! From what was seen to what is done next: `plan(view)` is a pure function of the snapshot, the
//! document, the ledger and the instant, so that any look, however late or doubled, decides alike.
//!
//! Wanted is what a hold says, else an unexpired override, else the calendar. Towards sleep see
//! [`sleep`], which walks [`ORDER`] forwards, towards waking [`wake`], which walks it backwards;
//! whatever lasts and people should know of is a *matter*.

pub mod billed;
mod matters;
mod sleep;
#[cfg(test)]
mod tests;
mod wake;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use nightshift::{
    config::{DeploymentsWake, Sleeper},
    keep::{self, plan::Turns, section::Section},
    kind::{Arn, Database, Kind, ORDER, Rows, Service, Suspension},
    ledger::{Entry, EstateRecord, Kept, Order, Override, Phase, SavedService, Stage, VERSION},
    report::{Cause, Deed, News, Row, State, Wanted},
};

pub use nightshift::keep::{
    estates::Rivalry,
    matters::{Matters, failed},
};

use crate::snapshot::{Resource, Snapshot};

/// This function's name: in the ledger, in logs and in reports.
pub const FUNCTION: &str = "power-staging";

/// Everything that a plan is made from.
#[derive(Clone, Debug)]
pub struct View<'a> {
    /// The estate's document, put together with the company's.
    pub sleeper: &'a Sleeper,
    /// Whether the document is gone, so that all that was saved is given back and forgotten.
    pub released: bool,
    /// What AWS shows.
    pub snapshot: &'a Snapshot,
    /// The estate's entries in the ledger.
    pub entries: &'a BTreeMap<Arn, Kept<Entry>>,
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
    /// Write the entry; the steps behind it rest on it.
    Save(Box<Entry>),
    /// Suspend all three scalings. Only while the count is not 0.
    Suspend,
    /// Put the suspension back. Only once the count was seen.
    Resume(Suspension),
    /// Set the desired count.
    SetCount {
        /// From.
        from: u32,
        /// To.
        to: u32,
    },
    /// Stop the database.
    Stop,
    /// Start the database.
    Start,
    /// Forget the entry.
    Forget,
}

/// The steps on one resource, in order.
pub type Chain = keep::plan::Chain<Step>;

/// What a look decided.
pub type Plan = keep::plan::Plan<Step>;

impl keep::plan::Step for Step {
    fn deed(&self, arn: &Arn) -> Deed {
        let arn = arn.clone();
        match self {
            Self::Save(entry) if entry.stage == Stage::Closed => Deed::Close { arn },
            Self::Save(entry) => Deed::Save {
                arn,
                count: entry.service.as_ref().map(|service| service.count),
            },
            Self::Suspend => Deed::Suspend { arn },
            Self::Resume(suspension) => Deed::Resume {
                arn,
                suspension: *suspension,
            },
            Self::SetCount { from, to } => Deed::SetCount {
                arn,
                from: *from,
                to: *to,
            },
            Self::Stop => Deed::Stop { arn },
            Self::Start => Deed::Start { arn },
            Self::Forget => Deed::Forget { arn },
        }
    }
}

/// What the estate should be at this instant, before its resources are looked at.
#[must_use]
pub fn wanted(
    sleeper: &Sleeper,
    released: bool,
    order: Option<&Override>,
    record: &EstateRecord,
    now: Timestamp,
) -> Wanted {
    let lead = lead(sleeper, record, now);
    turns(sleeper, lead).wanted(released, order, now)
}

/// How the estate turns with its calendar, and with orders.
#[must_use]
pub fn turns(sleeper: &Sleeper, lead: SignedDuration) -> Turns<'_> {
    Turns {
        calendar: &sleeper.calendar,
        lead,
        open: State::Awake,
        closed: State::Asleep,
        ordered: |order| match order {
            Order::Wake | Order::Day => Some(State::Awake),
            Order::Sleep => Some(State::Asleep),
            Order::Hold | Order::Night => None,
        },
    }
}

/// How long before opening the estate is to be awake.
fn lead(sleeper: &Sleeper, record: &EstateRecord, now: Timestamp) -> SignedDuration {
    keep::matters::lead(record, sleeper.sleep.lead.get(), now)
}

/// Decides what is done next.
#[must_use]
pub fn plan(view: &View<'_>) -> Plan {
    plan_by(ORDER, view)
}

/// The plan by a table of what rests on what.
fn plan_by(order: &'static Rows, view: &View<'_>) -> Plan {
    let deployment_order = deployment_order(view);
    let said = deployment_order.as_ref().or(view.order);
    let wanted = wanted(view.sleeper, view.released, said, view.record, view.now);
    let mut draft = Draft::new(view, order, wanted);
    draft.tell_of_the_order(said);
    draft.tell_of_the_release();
    draft.matters.tell_of_rivals(draft.name(), view.rivals);
    draft.tell_of_what_cannot_be_read();
    draft.look_for_the_gone();
    match draft.wanted.state {
        Some(State::Asleep) => draft.towards_sleep(),
        Some(State::Awake) => draft.towards_waking(),
        None | Some(State::Day | State::Night) => draft.hold(),
    }
    draft.finish(deployment_order)
}

/// A deployment to a sleeping service, seen by a PRIMARY deployment other than the saved one,
/// wakes the estate as an override does, unless the document forbids it or a person has said
/// something that still holds.
fn deployment_order(view: &View<'_>) -> Option<Override> {
    let DeploymentsWake::For(length) = view.sleeper.sleep.deployments_wake else {
        return None;
    };
    if view.released || view.order.is_some_and(|order| order.holds(view.now)) {
        return None;
    }
    let lead = lead(view.sleeper, view.record, view.now);
    if view.sleeper.calendar.is_awake(view.now, lead) {
        return None;
    }
    let (service, id) = view.snapshot.services.iter().find_map(|service| {
        Some((
            service,
            dark_deployment(service, view.entry(&service.arn)?)?,
        ))
    })?;
    Some(Override {
        version: VERSION,
        order: Order::Wake,
        until: view.now.saturating_add(length.get()).unwrap_or(view.now),
        by: "deployment".to_owned(),
        reason: format!("{} {id}", service.name),
        set_at: view.now,
        deployment: true,
    })
}

/// The id of a deployment that was made after the service was seen asleep.
fn dark_deployment(service: &Service, entry: &Entry) -> Option<String> {
    let saved = entry.service.as_ref()?;
    let id = &service.deployment.as_ref()?.id;
    (entry.stage == Stage::Asleep
        && saved.deployment.as_ref().is_some_and(|known| known != id)
        && saved.dark.as_ref() != Some(id))
    .then(|| id.clone())
}

impl View<'_> {
    /// The entry of a resource.
    fn entry(&self, arn: &Arn) -> Option<&Entry> {
        self.entries.get(arn).map(|kept| &kept.item)
    }

    /// The entry of a resource, unless all that it holds was given back.
    fn open_entry(&self, arn: &Arn) -> Option<&Entry> {
        self.entry(arn).filter(|entry| entry.is_open())
    }

    /// Whether the document names this service as the estate's own.
    fn has_service(&self, service: &Service) -> bool {
        !self.released && self.sleeper.claims_service(service)
    }

    /// Whether the document names this resource as the estate's own.
    fn has(&self, resource: Resource<'_>) -> bool {
        match resource {
            Resource::Service(service) => self.has_service(service),
            Resource::Database(database) => self.has_database(database),
        }
    }

    /// Whether the document names this database.
    fn has_database(&self, database: &Database) -> bool {
        !self.released && self.sleeper.claims_database(&database.name)
    }
}

/// A plan while it is made.
struct Draft<'a> {
    view: &'a View<'a>,
    order: &'static Rows,
    now: Timestamp,
    wanted: Wanted,
    chains: Vec<Chain>,
    rows: Vec<Row>,
    matters: Matters,
    moments: Vec<News>,
    record: EstateRecord,
    dues: Vec<Timestamp>,
}

impl<'a> Draft<'a> {
    fn new(view: &'a View<'a>, order: &'static Rows, wanted: Wanted) -> Self {
        let mut record = view.record.clone();
        record.version = VERSION;
        Self {
            view,
            order,
            now: view.now,
            dues: wanted.until.into_iter().collect(),
            wanted,
            chains: Vec::new(),
            rows: Vec::new(),
            matters: Matters::new(&view.record.matters, view.now),
            moments: Vec::new(),
            record,
        }
    }

    fn name(&self) -> &'a str {
        &self.view.sleeper.name
    }

    fn in_so_long(&self, length: SignedDuration) -> Timestamp {
        self.now.saturating_add(length).unwrap_or(self.now)
    }

    fn steps(&mut self, arn: &Arn, kind: Kind, steps: Vec<Step>) {
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
        match resource {
            Resource::Service(service) => self.service_row(service),
            Resource::Database(database) => self.database_row(database),
        }
    }

    fn service_row(&self, service: &Service) -> Row {
        let entry = self.view.open_entry(&service.arn);
        Row {
            arn: Some(service.arn.clone()),
            name: service.name.clone(),
            kind: Some(Kind::EcsService),
            wanted: self.wanted.state,
            actual: format!("{}/{}", service.running, service.desired),
            settled: true,
            saved_count: entry
                .and_then(|entry| entry.service.as_ref())
                .map(|saved| saved.count),
            since: entry.map(|entry| entry.since),
            waits_for: None,
        }
    }

    fn database_row(&self, database: &Database) -> Row {
        Row {
            arn: Some(database.arn.clone()),
            name: database.name.clone(),
            kind: Some(database.kind),
            wanted: self.wanted.state,
            actual: database.status.clone(),
            settled: true,
            saved_count: None,
            since: self.view.open_entry(&database.arn).map(|entry| entry.since),
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
        self.matter_of_waiting(&row, &cause);
        row.waits_for = Some(cause);
        self.rows.push(row);
    }

    /// The resource is left alone, with the reason beside it.
    fn leave(&mut self, mut row: Row, cause: Cause) {
        row.wanted = None;
        row.waits_for = Some(cause);
        self.rows.push(row);
    }

    /// Another function changes the resource: we keep off.
    fn is_owned(&mut self, row: &Row, entry: Option<&Entry>) -> bool {
        let Some(owner) = entry.and_then(|entry| entry.owned_by_another(FUNCTION, self.now)) else {
            return false;
        };
        let cause = Cause::Owned {
            function: owner.function.clone(),
            until: owner.until,
        };
        self.wait(row.clone(), cause);
        true
    }

    /// An entry as it shall be saved for a service, from what is seen now.
    fn new_service_entry(&self, service: &Service) -> Entry {
        let mut entry = self.new_entry(&service.arn, Kind::EcsService);
        entry.service = Some(found(service));
        entry
    }

    fn new_entry(&self, arn: &Arn, kind: Kind) -> Entry {
        Entry {
            version: VERSION,
            arn: arn.clone(),
            kind,
            estate: self.name().to_owned(),
            stage: Stage::ToSleep,
            since: self.now,
            saved_at: self.now,
            service: None,
            database: None,
            owner: Some(self.owner("sleep")),
        }
    }

    fn owner(&self, purpose: &str) -> nightshift::ledger::Owner {
        nightshift::ledger::Owner {
            function: FUNCTION.to_owned(),
            purpose: purpose.to_owned(),
            until: self.in_so_long(self.view.sleeper.sleep.stuck_after.get()),
        }
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
        entry.owner = match stage {
            Stage::ToSleep => Some(self.owner("sleep")),
            Stage::ToWake => Some(self.owner("wake")),
            Stage::Asleep | Stage::Closed => None,
        };
        entry
    }

    /// While a hold lasts everything is shown and nothing is changed.
    fn hold(&mut self) {
        for resource in self.view.snapshot.in_order(self.order.iter()) {
            if !self.is_anothers(resource) {
                self.keep_what_was_said(resource.arn(), resource.target());
                let row = self.row(resource);
                self.leave(row, Cause::Hold);
            }
        }
    }

    /// Whether it is a service that only lives in the same cluster: neither the document nor the
    /// ledger has it.
    fn is_anothers(&self, resource: Resource<'_>) -> bool {
        matches!(resource, Resource::Service(_))
            && !self.view.has(resource)
            && self.view.entry(resource.arn()).is_none()
    }

    /// The document let go of what was given back: nothing of it is kept.
    fn forget_if_let_go(&mut self, arn: &Arn, has: bool) {
        if let Some(entry) = self.view.entry(arn)
            && !has
            && !entry.is_open()
            && entry.owned_by_another(FUNCTION, self.now).is_none()
        {
            self.steps(arn, entry.kind, vec![Step::Forget]);
        }
    }

    /// Whether everything of the estate that runs at all is usable.
    fn is_usable(&self) -> bool {
        let snapshot = self.view.snapshot;
        let services = snapshot
            .services
            .iter()
            .filter(|service| self.view.has_service(service) && service.desired > 0)
            .all(Service::is_steady);
        let databases = snapshot
            .databases
            .iter()
            .filter(|database| self.view.has_database(database))
            .all(|database| {
                database.state.is_usable()
                    || (database.state.is_down() && self.view.open_entry(&database.arn).is_none())
            });
        services && databases && snapshot.unread.is_empty()
    }

    fn finish(mut self, deployment_order: Option<Override>) -> Plan {
        self.matters.outlast(&self.view.snapshot.unread);
        let waiting = self.rows.iter().any(|row| !row.settled);
        let idle = self.chains.is_empty() && !waiting && self.view.snapshot.unread.is_empty();
        let ready = match self.wanted.state {
            Some(State::Awake) => idle && self.is_usable(),
            Some(State::Asleep) => false,
            None | Some(State::Day | State::Night) => self.is_usable(),
        };
        match self.wanted.state {
            Some(State::Asleep) if idle => self.fall_asleep(),
            Some(State::Awake) if ready => self.become_ready(),
            _ => {}
        }
        self.keep_what_was_told();
        if let Some(order) = self.view.order.filter(|order| order.holds(self.now)) {
            self.dues.push(order.until);
        }
        let settled = idle
            && deployment_order.is_none()
            && (ready || self.wanted.state != Some(State::Awake));
        let due = self
            .dues
            .iter()
            .copied()
            .filter(|due| *due > self.now)
            .min();
        Plan {
            wanted: self.wanted,
            deployment_order,
            chains: self.chains,
            rows: self.rows,
            matters: self.matters,
            moments: self.moments,
            record: self.record,
            ready,
            settled,
            due,
        }
    }

    /// All of it was seen asleep.
    fn fall_asleep(&mut self) {
        if self.record.phase != Phase::ToSleep {
            return;
        }
        let asleep = |kind: fn(Kind) -> bool| {
            let open = self
                .view
                .entries
                .values()
                .filter(|kept| kept.item.stage == Stage::Asleep && kind(kept.item.kind));
            u32::try_from(open.count()).unwrap_or(u32::MAX)
        };
        let news = News::Asleep {
            began: self.record.since,
            services: asleep(|kind| kind == Kind::EcsService),
            databases: asleep(|kind| kind != Kind::EcsService),
            until: self.wanted.until,
        };
        self.moments.push(news);
        self.record.enter(Phase::Asleep, self.now);
    }
}

/// What is to be saved of a service, as it is found.
fn found(service: &Service) -> SavedService {
    SavedService {
        count: service.desired,
        replaced: None,
        suspension: service.target.as_ref().map(|target| target.suspension),
        bounds: service.target.as_ref().map(|target| target.bounds),
        deployment: service
            .deployment
            .as_ref()
            .map(|deployment| deployment.id.clone()),
        dark: None,
        counted: false,
        size: service.size,
    }
}
