//! A matter is something that lasts: it is told once, when it has lasted long enough to be worth a
//! message, and forgotten when it is over. What was told is written down after it was told, so
//! that a death in between tells twice rather than never.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::{estates::Rivalry, plan::Plan};
use crate::{
    calendar::Calendar,
    kind::Arn,
    ledger::{EstateRecord, Matter, Override},
    report::{Cause, Failure, News, Row, State, Wanted, Why},
};

/// How long something that may pass by itself, a call that fails for instance, is not worth a
/// message.
pub const PATIENCE: SignedDuration = SignedDuration::from_mins(10);

/// What RDS answers when a database's status does not allow the change yet: codes on the wire.
const REFUSED: [&str; 2] = ["InvalidDBInstanceState", "InvalidDBClusterStateFault"];

/// Between the first and the second complete listing that do not have a resource, before it is
/// believed to be gone.
pub const BELIEVED_AFTER: SignedDuration = SignedDuration::from_mins(10);

/// The matter of an estate whose document is gone.
const RELEASED: &str = "released";

/// The matter of an opening for which the estate is awake already.
const OPENING: &str = "opening/";

/// Whether the estate was being given back at the last look.
#[must_use]
pub fn is_being_released(record: &EstateRecord) -> bool {
    record.matters.contains_key(RELEASED)
}

/// The opening for which the estate was awake at the last look, before it came.
fn begun_for(record: &EstateRecord) -> Option<Timestamp> {
    record
        .matters
        .keys()
        .find_map(|key| key.strip_prefix(OPENING)?.parse().ok())
}

/// How long before opening the estate is to be awake: as it was learned, and until then as the
/// document says. A wake that was begun for an opening goes on to it, whatever shorter lead was
/// learned meanwhile.
#[must_use]
pub fn lead(record: &EstateRecord, untaught: SignedDuration, now: Timestamp) -> SignedDuration {
    let learned = record.lead(untaught);
    begun_for(record).map_or(learned, |opening| learned.max(opening.duration_since(now)))
}

/// What tells a resource from the others of its account and Region: `service/staging/api`.
#[must_use]
pub fn short(arn: &Arn) -> &str {
    arn.as_str().splitn(6, ':').nth(5).unwrap_or(arn.as_str())
}

fn unread_key(failure: &Failure) -> String {
    format!("unread/{}/{}", failure.resource, failure.action)
}

/// Everything that lasts now.
#[derive(Clone, Debug, PartialEq)]
pub struct Matters {
    now: Timestamp,
    before: BTreeMap<String, Matter>,
    current: BTreeMap<String, Matter>,
    to_tell: Vec<(String, News)>,
}

impl Matters {
    /// Nothing lasts yet; `before` is what lasted at the look before.
    #[must_use]
    pub fn new(before: &BTreeMap<String, Matter>, now: Timestamp) -> Self {
        Self {
            now,
            before: before.clone(),
            current: BTreeMap::new(),
            to_tell: Vec::new(),
        }
    }

    /// Notes that this lasts, and answers since when.
    pub fn note(&mut self, key: &str) -> Timestamp {
        let now = self.now;
        let known = self.before.get(key).copied();
        self.current
            .entry(key.to_owned())
            .or_insert_with(|| {
                known.unwrap_or(Matter {
                    since: now,
                    told: None,
                })
            })
            .since
    }

    /// Notes that this lasts, and tells it once it has lasted so long.
    pub fn tell(
        &mut self,
        key: &str,
        patience: SignedDuration,
        news: impl FnOnce(Timestamp) -> News,
    ) {
        let since = self.note(key);
        let told = self
            .current
            .get(key)
            .is_some_and(|matter| matter.told.is_some());
        let queued = self.to_tell.iter().any(|(other, _)| other == key);
        if !told && !queued && self.now.duration_since(since) >= patience {
            self.to_tell.push((key.to_owned(), news(since)));
        }
    }

    /// Whether it lasted at the look before.
    #[must_use]
    pub fn is_known(&self, key: &str) -> bool {
        self.before.contains_key(key)
    }

    /// Notes that this lasts, if it lasted before: what is said once is not said again after a
    /// look that has no reason to say it.
    pub fn keep(&mut self, key: &str) {
        if self.is_known(key) {
            self.note(key);
        }
    }

    /// What was told of these kinds stays told: while an estate is on its way, tasks that crash and
    /// come back are one matter, however often a look finds them running.
    pub fn keep_what_was_told(&mut self, kinds: &[&str]) {
        let told = self.before.iter().filter(|(key, matter)| {
            matter.told.is_some() && kinds.iter().any(|kind| key.starts_with(kind))
        });
        let told: Vec<String> = told.map(|(key, _)| key.clone()).collect();
        for key in told {
            self.note(&key);
        }
    }

    /// Whether it lasts at this look.
    #[must_use]
    pub fn lasts(&self, key: &str) -> bool {
        self.current.contains_key(key)
    }

    /// It is over.
    pub fn end(&mut self, key: &str) {
        self.current.remove(key);
    }

    /// What could not be read for a moment is no reason to think that anything is over.
    pub fn outlast(&mut self, unread: &[Failure]) {
        let fleeting = unread.iter().all(|failure| {
            let since = self.current.get(&unread_key(failure));
            since.is_some_and(|matter| self.now.duration_since(matter.since) < PATIENCE)
        });
        if !unread.is_empty() && fleeting {
            for (key, matter) in &self.before {
                self.current.entry(key.clone()).or_insert(*matter);
            }
        }
    }

    /// Whether people know of it since an earlier look.
    #[must_use]
    pub fn is_told(&self, key: &str) -> bool {
        self.before
            .get(key)
            .is_some_and(|matter| matter.told.is_some())
    }

    /// What is to be told now, with its key.
    #[must_use]
    pub fn to_tell(&self) -> &[(String, News)] {
        &self.to_tell
    }

    /// What to write down once the news with these keys were told.
    #[must_use]
    pub fn after_telling(&self, told: &[String]) -> BTreeMap<String, Matter> {
        let mut matters = self.current.clone();
        for key in told {
            if let Some(matter) = matters.get_mut(key) {
                matter.told = Some(self.now);
            }
        }
        matters
    }

    /// A person's order, or a deployment's, is told when it is first seen in force.
    pub fn tell_of_the_order(&mut self, order: &Override) {
        let order = order.clone();
        let key = format!("order/{}", order.set_at);
        self.tell(&key, SignedDuration::ZERO, |_| {
            if order.deployment {
                News::DeploymentWoke {
                    deployment: order.reason,
                    until: order.until,
                }
            } else {
                News::Overridden {
                    order: order.order,
                    until: order.until,
                    who: order.by,
                    reason: order.reason,
                    set_at: order.set_at,
                }
            }
        });
    }

    /// That the document is gone is told once, with what is given back.
    pub fn tell_of_the_release(&mut self, resources: Vec<String>) {
        self.tell(RELEASED, SignedDuration::ZERO, |_| News::Released {
            resources,
        });
    }

    /// Notes that the estate is awake by its calendar for an opening that is still to come.
    pub fn note_the_opening(&mut self, wanted: &Wanted, calendar: &Calendar) {
        if wanted.why == Why::Calendar
            && let Some(span) = calendar.span_at_or_after(self.now)
            && span.start > self.now
        {
            self.note(&format!("{OPENING}{}", span.start));
        }
    }

    /// Two estates that claim one resource are both told, by each for itself.
    pub fn tell_of_rivals(&mut self, name: &str, rivals: &BTreeMap<Arn, Rivalry>) {
        for (arn, rivalry) in rivals {
            if rivalry.estates.iter().any(|estate| estate == name) {
                let key = format!("rivals/{arn}");
                self.tell(&key, SignedDuration::ZERO, |_| News::Rivals {
                    arn: arn.clone(),
                    estates: rivalry.estates.clone(),
                    keeper: rivalry.keeper.clone(),
                });
            }
        }
    }

    /// What could not be read is no reason to think that it is not there.
    pub fn tell_of_what_cannot_be_read(&mut self, unread: &[Failure]) {
        for failure in unread {
            let lasting = failure.denied || failure.code == "ClusterNotFoundException";
            let patience = if lasting {
                SignedDuration::ZERO
            } else {
                PATIENCE
            };
            self.tell(&unread_key(failure), patience, |since| News::CannotRead {
                failure: failure.clone(),
                since,
            });
        }
    }

    /// The document names what is not there. Answers its row.
    pub fn tell_of_the_missing(&mut self, name: &str) -> Row {
        self.tell(&format!("missing/{name}"), PATIENCE, |_| News::NotFound {
            resource: name.to_owned(),
        });
        Row {
            arn: None,
            name: name.to_owned(),
            kind: None,
            wanted: None,
            actual: "-".to_owned(),
            settled: true,
            saved_count: None,
            since: None,
            waits_for: Some(Cause::Missing),
        }
    }

    /// An entry whose resource is gone is forgotten, but not before two listings agreed and
    /// people were told what was saved, if it is `open`; and while a hold lasts nothing is.
    pub fn tell_of_the_gone(
        &mut self,
        arn: &Arn,
        saved: Option<u32>,
        open: bool,
        held: bool,
    ) -> Gone {
        let key = format!("gone/{arn}");
        let since = self.note(&key);
        if open {
            self.tell(&key, BELIEVED_AFTER, |_| News::Gone {
                resource: arn.name().to_owned(),
                saved,
            });
        }
        let believed = self.now.duration_since(since) >= BELIEVED_AFTER;
        if believed && !held && (!open || self.is_told(&key)) {
            return Gone::Forget;
        }
        let soon = self.now.saturating_add(SignedDuration::from_mins(1));
        let at = since.saturating_add(BELIEVED_AFTER).unwrap_or(since);
        Gone::LookAgain(at.max(soon.unwrap_or(self.now)))
    }
}

/// What becomes of the entry of a resource that is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gone {
    /// It is forgotten.
    Forget,
    /// Its resource is looked for again at this instant.
    LookAgain(Timestamp),
}

/// Adds to a plan what happened to its steps: a refusal that passes by itself is a thing to wait
/// for, a missing permission is told at once, anything else when it lasts.
pub fn failed<S>(plan: &mut Plan<S>, failures: &[Failure]) {
    for failure in failures {
        let key = format!("fails/{}/{}", failure.resource, failure.action);
        let refused = !failure.denied && REFUSED.contains(&failure.code.as_str());
        if refused {
            let resource = Arn::new(failure.resource.clone()).name().to_owned();
            let again_at = plan
                .matters
                .now
                .saturating_add(PATIENCE * 6)
                .unwrap_or(plan.matters.now);
            let wanted = plan.wanted.state.unwrap_or(State::Asleep);
            let code = failure.code.clone();
            plan.matters
                .tell(&key, SignedDuration::ZERO, |since| News::NotYet {
                    resource,
                    wanted,
                    cause: Cause::Refused { code },
                    since,
                    again_at,
                });
        } else {
            let patience = if failure.denied {
                SignedDuration::ZERO
            } else {
                PATIENCE
            };
            let failure = failure.clone();
            plan.matters
                .tell(&key, patience, |since| News::ChangeFails { failure, since });
        }
    }
}
