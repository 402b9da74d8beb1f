//! Known bugs of this field, put back one at a time: the simulation must catch each. Compiled only
//! for it, by the feature `sabotage`, and asleep there too until a bug is chosen.

use std::{cell::Cell, collections::BTreeMap};

use nightshift::{
    kind::Arn,
    ledger::{
        Kept,
        rotation::{Entry, Former, Secret, Stage, Turn},
    },
};

use crate::{
    plan::{self, Plan, Step, View, turn::kept_off},
    snapshot::{Found, Reader, Seen, Snapshot},
    users::Inactive,
};

/// A bug that somebody in this field has shipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// The new value is published though no database was told of it, and nobody tried it.
    PublishBeforeSet,
    /// Services are rolled before the new value is published, and count as rolled.
    RollBeforePublished,
    /// The user whom every task holds gets the new password.
    PresentUserChanged,
    /// When a deployment fails, services are rolled again without the old value.
    OldValueNotPutBack,
    /// The former credential is ended while tasks still hold it.
    EndFormerUnderTasks,
    /// A later number is taken for a new value, whatever it holds.
    NumberNotValue,
    /// Who begins a turn does not look whether another estate is in one.
    NoTurnLease,
    /// A service counts as rolled as soon as its deployment is complete, whenever that began.
    RolledByState,
}

/// Every one of them.
pub const ALL: [Bug; 8] = [
    Bug::PublishBeforeSet,
    Bug::RollBeforePublished,
    Bug::PresentUserChanged,
    Bug::OldValueNotPutBack,
    Bug::EndFormerUnderTasks,
    Bug::NumberNotValue,
    Bug::NoTurnLease,
    Bug::RolledByState,
];

thread_local! {
    static CHOSEN: Cell<Option<Bug>> = const { Cell::new(None) };
}

/// Puts a bug back into everything that this thread runs.
pub fn put_back(bug: Option<Bug>) {
    CHOSEN.set(bug);
}

/// Whether this bug is put back.
#[must_use]
pub fn is(bug: Bug) -> bool {
    CHOSEN.get() == Some(bug)
}

/// Of two users the wrong one.
#[must_use]
pub fn inactive(right: Inactive, users: &[String; 2]) -> Inactive {
    if !is(Bug::PresentUserChanged) {
        return right;
    }
    Inactive::of(users, right.user()).unwrap_or(right)
}

/// The plan, with the chosen bug.
#[must_use]
pub fn plan(view: &View<'_>) -> Plan {
    let Some(bug) = CHOSEN.get() else {
        return plan::plan(view);
    };
    let (snapshot, entries) = (misread(bug, view), misremember(bug, view));
    let seen = View {
        snapshot: &snapshot,
        entries: &entries,
        elsewhere: view.elsewhere.filter(|_| bug != Bug::NoTurnLease),
        ..*view
    };
    let mut plan = plan::plan(&seen);
    spoil(bug, &mut plan, &seen);
    plan
}

fn misread(bug: Bug, view: &View<'_>) -> Snapshot {
    let mut snapshot = view.snapshot.clone();
    match bug {
        Bug::NumberNotValue => {
            for (secret, turn) in view.in_turn() {
                if let Some(Found::Seen(seen)) = snapshot.secrets.get_mut(&secret.name)
                    && is_later(seen, turn)
                {
                    seen.fingerprint.clone_from(&turn.fingerprint);
                }
            }
            for found in snapshot.secrets.values_mut() {
                if let Found::Seen(seen) = found {
                    seen.same_as = None;
                }
            }
        }
        Bug::RolledByState => {
            for reader in &mut snapshot.readers {
                reader.tasks_since = None;
                if let Some(deployment) = &mut reader.service.deployment {
                    deployment.created_at = Some(view.now);
                }
            }
        }
        _ => {}
    }
    snapshot
}

fn is_later(seen: &Seen, turn: &Turn) -> bool {
    turn.stage == Stage::Tested && seen.newest.version != turn.from.version
}

/// What is published counts from the turn's beginning.
fn misremember(bug: Bug, view: &View<'_>) -> BTreeMap<Arn, Kept<Entry>> {
    let mut entries = view.entries.clone();
    if bug == Bug::RollBeforePublished {
        for kept in entries.values_mut() {
            if let Entry::Secret(secret) = &mut kept.item
                && let Some(turn) = &mut secret.turn
                && let Some(to) = &mut turn.to
            {
                to.at = to.at.min(turn.began);
            }
        }
    }
    entries
}

fn spoil(bug: Bug, plan: &mut Plan, view: &View<'_>) {
    match bug {
        Bug::RollBeforePublished => {
            let made: Vec<&Secret> = plan.steps.iter().filter_map(made).collect();
            let rolls: Vec<Step> = made
                .iter()
                .flat_map(|secret| view.snapshot.readers_of(&secret.name))
                .filter(|reader| reader.service.is_steady())
                .map(|reader| roll(view, reader))
                .collect();
            plan.steps.splice(0..0, rolls);
        }
        Bug::OldValueNotPutBack => {
            for step in &mut plan.steps {
                if let Step::PutBack(secret) = step {
                    let mut secret = secret.clone();
                    if let Some(turn) = &mut secret.turn {
                        turn.stage = Stage::Reverted;
                        turn.since = view.now;
                        turn.back.clone_from(&turn.to);
                    }
                    *step = Step::Save(secret);
                }
            }
        }
        Bug::EndFormerUnderTasks => {
            let rolls = plan
                .steps
                .iter()
                .any(|step| matches!(step, Step::Roll { .. }));
            let published = view
                .in_turn()
                .into_iter()
                .filter(|(_, turn)| rolls && turn.stage == Stage::Published && turn.user.is_some());
            let ends: Vec<Step> = published
                .map(|(secret, turn)| ended(secret, turn))
                .collect();
            plan.steps.extend(ends);
        }
        _ => {}
    }
}

fn made(step: &Step) -> Option<&Secret> {
    match step {
        Step::Make(secret) => Some(secret),
        _ => None,
    }
}

fn roll(view: &View<'_>, reader: &Reader) -> Step {
    Step::Roll {
        service: kept_off(view, &reader.service.arn, view.next_id),
        cluster: reader.service.cluster.clone(),
        name: reader.service.name.clone(),
    }
}

fn ended(secret: &Secret, turn: &Turn) -> Step {
    let mut secret = secret.clone();
    secret.former = Some(Former {
        published: turn.from.clone(),
        ends: Some(turn.began),
        ended: false,
    });
    Step::End(Box::new(secret))
}
