//! The form in which every function's plan comes: what is wanted and why, the steps by resource,
//! and what people are told. What is wanted is decided here, for all functions alike: a hold says
//! so, else an unexpired override, else the calendar.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::matters::Matters;
use crate::{
    calendar::Calendar,
    kind::{Arn, Kind},
    ledger::{EstateRecord, Order, Override, Owner},
    report::{Cause, Deed, News, Report, Row, State, Wanted, Why},
};

/// One idempotent step on one resource.
pub trait Step {
    /// The step in a form that can be told.
    fn deed(&self, arn: &Arn) -> Deed;

    /// Whether it is taken even while another function changes the resource: what only gives back
    /// is never held up.
    fn waits_for_nobody(&self) -> bool {
        false
    }
}

/// The steps on one resource, in order: when one fails, those behind it are left for the next look.
#[derive(Clone, Debug, PartialEq)]
pub struct Chain<S> {
    /// The resource.
    pub arn: Arn,
    /// Its kind.
    pub kind: Kind,
    /// What is done.
    pub steps: Vec<S>,
}

/// What a look decided.
#[derive(Clone, Debug)]
pub struct Plan<S> {
    /// What the estate should be.
    pub wanted: Wanted,
    /// An override that a deployment gave, to be written before anything else.
    pub deployment_order: Option<Override>,
    /// What is done, side by side.
    pub chains: Vec<Chain<S>>,
    /// Every resource, for people.
    pub rows: Vec<Row>,
    /// What lasts, and what of it is told now.
    pub matters: Matters,
    /// What is told because it happened at this look: the estate is asleep, or ready.
    pub moments: Vec<News>,
    /// The estate's record as it shall be once all of this was done and told.
    pub record: EstateRecord,
    /// Whether everything that should be awake is usable.
    pub ready: bool,
    /// Whether nothing is waited for and nothing is to be done.
    pub settled: bool,
    /// When something is due next, if nothing happens before.
    pub due: Option<Timestamp>,
}

impl<S: Step> Plan<S> {
    /// The steps in a form that can be told.
    #[must_use]
    pub fn deeds(&self) -> Vec<Deed> {
        let order = self
            .deployment_order
            .iter()
            .map(|order| Deed::WakeForDeployment {
                deployment: order.reason.clone(),
                until: order.until,
            });
        order
            .chain(
                self.chains
                    .iter()
                    .flat_map(|chain| chain.steps.iter().map(|step| step.deed(&chain.arn))),
            )
            .collect()
    }

    /// Leaves alone what other functions are changing now: its chain is taken out of the plan, and
    /// its row says whom it waits for, unless the chain waits for nobody.
    pub fn keep_off(&mut self, owners: &BTreeMap<Arn, Owner>, now: Timestamp) {
        for (arn, owner) in owners.iter().filter(|(_, owner)| owner.until > now) {
            let planned = self.chains.len();
            self.chains.retain(|chain| {
                chain.arn != *arn || chain.steps.iter().any(Step::waits_for_nobody)
            });
            if self.chains.len() == planned {
                continue;
            }
            self.settled = false;
            for row in self
                .rows
                .iter_mut()
                .filter(|row| row.arn.as_ref() == Some(arn))
            {
                row.settled = false;
                row.waits_for = Some(Cause::Owned {
                    function: owner.function.clone(),
                    until: owner.until,
                });
            }
        }
    }
}

impl<S> Plan<S> {
    /// The report of this plan before anything was done.
    #[must_use]
    pub fn report(&self, name: &str, now: Timestamp) -> Report {
        Report {
            estate: name.to_owned(),
            at: now,
            wanted: Some(self.wanted.clone()),
            phase: self.record.phase,
            ready: self.ready,
            settled: self.settled,
            resources: self.rows.clone(),
            steps: Vec::new(),
            changes: Vec::new(),
            failures: Vec::new(),
            news: Vec::new(),
            next: self.due,
        }
    }

    /// The estate's record as it is written down once all news of this plan were told.
    #[must_use]
    pub fn record_with_all_told(&self) -> EstateRecord {
        let news = self.matters.to_tell().iter();
        let told: Vec<String> = news.map(|(key, _)| key.clone()).collect();
        EstateRecord {
            matters: self.matters.after_telling(&told),
            ..self.record.clone()
        }
    }
}

/// What a function makes of an estate's calendar and of orders.
#[derive(Clone, Copy, Debug)]
pub struct Turns<'a> {
    /// The estate's calendar.
    pub calendar: &'a Calendar,
    /// How long before opening the estate turns.
    pub lead: SignedDuration,
    /// What it is while it is open, and once it is released.
    pub open: State,
    /// What it is while it is closed.
    pub closed: State,
    /// What an order makes of it; none for a hold.
    pub ordered: fn(Order) -> Option<State>,
}

impl Turns<'_> {
    /// What the estate should be at this instant, before its resources are looked at.
    #[must_use]
    pub fn wanted(&self, released: bool, order: Option<&Override>, now: Timestamp) -> Wanted {
        if released {
            return Wanted {
                state: Some(self.open),
                why: Why::Released,
                until: None,
            };
        }
        if let Some(order) = order.filter(|order| order.holds(now)) {
            let why = if order.deployment {
                Why::Deployment {
                    reason: order.reason.clone(),
                    set_at: order.set_at,
                }
            } else {
                Why::Person {
                    order: order.order,
                    who: order.by.clone(),
                    reason: order.reason.clone(),
                    set_at: order.set_at,
                }
            };
            return Wanted {
                state: (self.ordered)(order.order),
                why,
                until: Some(order.until),
            };
        }
        Wanted {
            state: Some(if self.calendar.is_awake(now, self.lead) {
                self.open
            } else {
                self.closed
            }),
            why: Why::Calendar,
            until: self.calendar.next_change(now, self.lead).map(|(at, _)| at),
        }
    }

    /// The next time that the calendar opens the estate.
    #[must_use]
    pub fn next_opening(&self, now: Timestamp) -> Option<Timestamp> {
        let mut at = now;
        while let Some((change, open)) = self.calendar.next_change(at, self.lead) {
            if open {
                return Some(change);
            }
            at = change;
        }
        None
    }
}
