//! What is done next for an estate's secrets: `plan(view)` is a pure function of what was seen, what
//! is remembered and the instant. A turn goes on from wherever it stands; only where there is none a
//! new one may begin, and never with half of what it takes.
//!
//! [`begin`] says which secrets begin a turn and what holds it back, [`turn`] how it goes on and when
//! it goes back, [`roll`] when a service's tasks have what was published last.

pub mod begin;
mod ends;
pub mod roll;
#[cfg(test)]
mod tests;
pub mod turn;
mod watch;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use nightshift::{
    config::{Rotator, Secret as Described, SecretName},
    kind::Arn,
    ledger::{
        Kept, Owner,
        rollout::FailedRotation,
        rotation::{Cause, Entry, Secret, Service, Turn},
    },
};

use crate::snapshot::{BlueGreen, Seen, Snapshot};
pub use nightshift::report::rotation::{Rotation, Wait};

/// This function's name: in the ledger, in logs and in reports.
pub const FUNCTION: &str = "rotate-secrets";

/// How long a secret is left alone after its turn was taken back, unless a person asks.
pub const BACK_OFF: SignedDuration = SignedDuration::from_hours(7 * 24);

/// A secret that would follow within this joins the turn of another with the same services.
pub const JOINS_WITHIN: SignedDuration = SignedDuration::from_hours(7 * 24);

/// For how long other functions keep off a service after a look that rolls it.
pub const KEEP_OFF: SignedDuration = SignedDuration::from_mins(30);

/// How soon to look again while something is under way.
pub const SOON: SignedDuration = SignedDuration::from_mins(1);

/// Everything that a plan is made from.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// What the estate's document says; the last good one where it is broken.
    pub rotator: &'a Rotator,
    /// Whether that is the document as it stands: from a broken one nothing begins.
    pub is_whole: bool,
    /// What AWS shows.
    pub snapshot: &'a Snapshot,
    /// The estate's entries in the ledger.
    pub entries: &'a BTreeMap<Arn, Kept<Entry>>,
    /// The resources that functions are changing.
    pub owners: &'a BTreeMap<Arn, Owner>,
    /// Since when a rollout of the estate is broken, if one is, as explain-rollback tells.
    pub broken: Option<Timestamp>,
    /// The rotations that a deployment failed of, as explain-rollback tells.
    pub failed: &'a [FailedRotation],
    /// Another estate that is in a turn.
    pub elsewhere: Option<&'a str>,
    /// The id that a turn gets that begins now.
    pub next_id: &'a str,
    /// The instant of the look.
    pub now: Timestamp,
}

/// What a look decided.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// What is done, in this order. What fails ends what is done for that secret.
    pub steps: Vec<Step>,
    /// What each secret waits for.
    pub waits: Vec<(SecretName, Wait)>,
    /// Those that leaked and whose turn has not begun: what holds them back is told soon.
    pub leaked: BTreeSet<SecretName>,
    /// What lasts, and people should know.
    pub matters: Vec<Rotation>,
    /// When something is due next.
    pub due: Option<Timestamp>,
}

/// One step. Each is idempotent, and what it leads to was written down before.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Write down what is known of a secret.
    Save(Box<Secret>),
    /// Tell how a turn ended, then write that down of each of its secrets.
    Settle {
        /// The secrets, at rest again.
        secrets: Vec<Secret>,
        /// What people are told.
        told: Box<Rotation>,
    },
    /// Make a new value, put it to use where it is checked, try it, and publish it.
    Make(Box<Secret>),
    /// Publish the former value again.
    PutBack(Box<Secret>),
    /// Keep others off a service, and replace its tasks.
    Roll {
        /// What is written down of it.
        service: Service,
        /// Its cluster's name.
        cluster: String,
        /// Its name.
        name: String,
        /// Who deploys it, where that is `CodeDeploy`.
        group: Option<Box<BlueGreen>>,
    },
    /// Keep others off a service a little longer.
    Keep(Service),
    /// Let others at a service again.
    Free(Service),
    /// Disable the former credential, or wipe its copy; then write that down.
    End(Box<Secret>),
}

/// One secret with all that is known of it.
#[derive(Clone, Copy, Debug)]
pub struct One<'a> {
    /// Its name.
    pub name: &'a SecretName,
    /// What the document says of it.
    pub described: &'a Described,
    /// What is remembered of it.
    pub entry: Option<&'a Secret>,
    /// What AWS shows of it.
    pub seen: Option<&'a Seen>,
}

impl One<'_> {
    /// Since when its value is in use. A former value that was published again is as old as it was.
    #[must_use]
    pub fn since(&self) -> Option<Timestamp> {
        let newest = &self.seen?.newest;
        let known = self.entry.and_then(|entry| entry.current.as_ref());
        let known = known.filter(|known| known.version == newest.version);
        Some(known.unwrap_or(newest).at)
    }
}

impl<'a> View<'a> {
    /// What is remembered of a secret. Its name is looked for, not its ARN: Secrets Manager gives a
    /// secret that is made anew another one.
    #[must_use]
    pub fn entry(&self, name: &SecretName) -> Option<&'a Secret> {
        let mut secrets = self.entries.values().filter_map(|kept| kept.item.secret());
        secrets.find(|secret| secret.name == *name)
    }

    /// Every secret that the document names.
    pub fn all(&self) -> impl Iterator<Item = One<'a>> {
        let view = *self;
        self.rotator
            .rotate
            .secrets
            .iter()
            .map(move |(name, described)| One {
                name,
                described,
                entry: view.entry(name),
                seen: view.snapshot.seen(name),
            })
    }

    /// The secrets that are in a turn, also such as no document names any more.
    #[must_use]
    pub fn in_turn(&self) -> Vec<(&'a Secret, &'a Turn)> {
        let secrets = self.entries.values().filter_map(|kept| kept.item.secret());
        secrets
            .filter_map(|secret| Some((secret, secret.turn.as_ref()?)))
            .collect()
    }

    /// The services that are kept off others.
    pub fn kept_off(&self) -> impl Iterator<Item = &'a Service> {
        self.entries.values().filter_map(|kept| match &kept.item {
            Entry::Service(service) => Some(service),
            Entry::Secret(_) => None,
        })
    }

    /// The rotation that a deployment failed of since this instant, if explain-rollback tells one.
    #[must_use]
    pub fn blamed(&self, secret: &Secret, since: Timestamp) -> Option<&'a FailedRotation> {
        let name = &secret.name.name;
        let mut failed = self.failed.iter();
        failed.find(|failed| failed.since >= since && failed.secrets.contains(name))
    }
}

/// Decides what is done next.
#[must_use]
pub fn plan(view: &View<'_>) -> Plan {
    let mut plan = Plan::default();
    if view.in_turn().is_empty() {
        begin::begin(view, &mut plan);
    } else {
        turn::go_on(view, &mut plan);
    }
    watch::watch(view, &mut plan);
    plan
}

impl Plan {
    /// Whether nothing is done, and nothing is waited for that changes without a person, the hour or a
    /// sleep that ends.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        let mut waits = self.waits.iter();
        self.steps.is_empty()
            && waits.all(|(_, wait)| {
                matches!(
                    wait,
                    Wait::Age { .. }
                        | Wait::Adoption
                        | Wait::BackOff { .. }
                        | Wait::Window { .. }
                        | Wait::Asleep
                        | Wait::Pinned { .. }
                        | Wait::Unrollable { .. }
                        | Wait::ReadByServices { .. }
                )
            })
    }

    /// Looks again at this instant, or sooner.
    fn look_at(&mut self, at: Timestamp) {
        self.due = Some(self.due.map_or(at, |due| due.min(at)));
    }

    /// Looks again soon.
    fn look_soon(&mut self, now: Timestamp) {
        self.look_at(after(now, SOON));
    }

    fn wait(&mut self, name: &SecretName, wait: Wait) {
        self.waits.push((name.clone(), wait));
    }
}

/// `Mode: watch`: nothing is done, and people are told what would be.
pub fn watched(view: &View<'_>, plan: &mut Plan) {
    let mut secrets: Vec<SecretName> = Vec::new();
    for step in plan.steps.drain(..) {
        match step {
            Step::Save(secret) | Step::Make(secret) | Step::PutBack(secret) => {
                secrets.push(secret.name);
            }
            Step::Settle { .. }
            | Step::Roll { .. }
            | Step::Keep(_)
            | Step::Free(_)
            | Step::End(_) => {}
        }
    }
    if !secrets.is_empty() {
        let readers = view.snapshot.readers.iter();
        let read = readers.filter(|reader| secrets.iter().any(|secret| reader.reads(secret)));
        plan.matters.push(Rotation::Would {
            services: read.map(|reader| reader.service.name.clone()).collect(),
            secrets,
        });
    }
    plan.due = plan.due.filter(|due| *due > view.now);
}

/// An instant later by this; the last one there is beyond that.
fn after(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_add(by).unwrap_or(Timestamp::MAX)
}

/// A cause in the words of a turn that was taken back by hand.
fn asked_back(secret: &Secret) -> Option<Cause> {
    use nightshift::ledger::rotation::Order;
    let asked = secret.asked.as_ref()?;
    (asked.order == Order::Revert).then(|| Cause::Asked {
        who: asked.who.clone(),
        reason: asked.reason.clone(),
    })
}
