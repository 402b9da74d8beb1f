//! A matter is something that lasts: it is told once, when it has lasted long enough to be worth a
//! message, and forgotten when it is over. What was told is written down after it was told, so
//! that a death in between tells twice rather than never.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use nightshift::{
    kind::{Arn, Kind, Target},
    ledger::{EstateRecord, Matter, Override, Phase, Stage},
    report::{Cause, Failure, News, Row, State, Why},
};

use super::{Draft, Plan, Step};

/// How long a database that is not asleep yet, or a call that fails, is not worth a message.
const PATIENCE: SignedDuration = SignedDuration::from_mins(10);

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
pub(super) fn begun_for(record: &EstateRecord) -> Option<Timestamp> {
    record
        .matters
        .keys()
        .find_map(|key| key.strip_prefix(OPENING)?.parse().ok())
}

/// What tells a resource from the others of its account and Region: `service/staging/api`.
pub(super) fn short(arn: &Arn) -> &str {
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

    /// What was told on the way stays told until the estate is there: tasks that crash and come back
    /// are one matter, however often a look finds them running.
    pub(super) fn keep_what_was_told(&mut self, phase: Phase) {
        let kept: &[&str] = match phase {
            Phase::ToWake => &["dark-fails/", "stuck/awake/"],
            Phase::ToSleep => &["stuck/asleep/"],
            Phase::Awake | Phase::Asleep => &[],
        };
        let before = self.before.clone();
        for (key, matter) in before {
            if matter.told.is_some() && kept.iter().any(|prefix| key.starts_with(prefix)) {
                self.note(&key);
            }
        }
    }

    /// Whether it lasts at this look.
    pub(super) fn lasts(&self, key: &str) -> bool {
        self.current.contains_key(key)
    }

    /// It is over.
    pub(super) fn end(&mut self, key: &str) {
        self.current.remove(key);
    }

    /// What could not be read for a moment is no reason to think that anything is over.
    pub(super) fn outlast(&mut self, unread: &[Failure]) {
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
}

/// Adds to a plan what happened to its steps: a refusal that passes by itself is a thing to wait
/// for, a missing permission is told at once, anything else when it lasts.
pub fn failed(plan: &mut Plan, failures: &[Failure]) {
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

impl Draft<'_> {
    /// A person's order, or a deployment's, is told when it is first seen in force.
    pub(super) fn tell_of_the_order(&mut self, order: Option<&Override>) {
        let Some(order) = order.filter(|order| order.holds(self.now) && !self.view.released) else {
            return;
        };
        let key = format!("order/{}", order.set_at);
        let order = order.clone();
        self.matters.tell(&key, SignedDuration::ZERO, |_| {
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
    pub(super) fn tell_of_the_release(&mut self) {
        if self.view.released {
            let open = self.view.entries.values().map(|kept| &kept.item);
            let resources = open
                .filter(|entry| entry.is_open())
                .map(|entry| entry.arn.name().to_owned())
                .collect();
            self.matters
                .tell(RELEASED, SignedDuration::ZERO, |_| News::Released {
                    resources,
                });
        }
    }

    /// Notes that the estate is awake for an opening that is still to come.
    pub(super) fn note_the_opening(&mut self) {
        let calendar = &self.view.sleeper.calendar;
        if self.wanted.why == Why::Calendar
            && let Some(span) = calendar.span_at_or_after(self.now)
            && span.start > self.now
        {
            self.matters.note(&format!("{OPENING}{}", span.start));
        }
    }

    /// What is said once is remembered also while there is no reason to say it.
    pub(super) fn keep_what_was_said(&mut self, arn: &Arn, target: Option<&Target>) {
        self.matters.keep(&format!("never/{arn}"));
        let target = target.and_then(|target| target.arn.as_ref());
        for arn in [Some(arn), target].into_iter().flatten() {
            self.matters.keep(&format!("no-consent/{arn}/false"));
        }
    }

    /// Two estates that claim one resource are both told, by each for itself.
    pub(super) fn tell_of_rivals(&mut self) {
        for (arn, rivalry) in self.view.rivals {
            if rivalry.estates.iter().any(|estate| estate == self.name()) {
                self.matters
                    .tell(&format!("rivals/{arn}"), SignedDuration::ZERO, |_| {
                        News::Rivals {
                            arn: arn.clone(),
                            estates: rivalry.estates.clone(),
                            keeper: rivalry.keeper.clone(),
                        }
                    });
            }
        }
    }

    /// What could not be read is no reason to think that it is not there.
    pub(super) fn tell_of_what_cannot_be_read(&mut self) {
        for failure in &self.view.snapshot.unread {
            let key = unread_key(failure);
            let lasting = failure.denied || failure.code == "ClusterNotFoundException";
            let patience = if lasting {
                SignedDuration::ZERO
            } else {
                PATIENCE
            };
            self.matters.tell(&key, patience, |since| News::CannotRead {
                failure: failure.clone(),
                since,
            });
        }
        for name in &self.view.snapshot.not_found {
            self.matters
                .tell(&format!("missing/{name}"), PATIENCE, |_| News::NotFound {
                    resource: name.clone(),
                });
            self.rows.push(Row {
                arn: None,
                name: name.clone(),
                kind: None,
                wanted: None,
                actual: "-".to_owned(),
                settled: true,
                saved_count: None,
                since: None,
                waits_for: Some(Cause::Missing),
            });
        }
    }

    /// An entry whose resource is gone is forgotten, but not before two listings agreed and
    /// people were told what was saved.
    pub(super) fn look_for_the_gone(&mut self) {
        for arn in &self.view.snapshot.gone {
            let Some(entry) = self.view.entry(arn) else {
                continue;
            };
            let (kind, open) = (entry.kind, entry.is_open());
            let saved = entry.service.as_ref().map(|service| service.count);
            let key = format!("gone/{arn}");
            let since = self.matters.note(&key);
            if open {
                self.matters.tell(&key, BELIEVED_AFTER, |_| News::Gone {
                    resource: arn.name().to_owned(),
                    saved,
                });
            }
            let believed = self.now.duration_since(since) >= BELIEVED_AFTER;
            let held = self.wanted.state.is_none();
            if believed && !held && (!open || self.matters.is_told(&key)) {
                self.steps(arn, kind, vec![Step::Forget]);
            } else if let Ok(at) = since.checked_add(BELIEVED_AFTER) {
                self.dues
                    .push(at.max(self.in_so_long(SignedDuration::from_mins(1))));
            }
        }
    }

    /// Something is not yet what it should be: told when it is late.
    pub(super) fn matter_of_waiting(&mut self, row: &Row, cause: &Cause) {
        let Some(wanted) = row.wanted else { return };
        if matches!(
            cause,
            // The databases that it waits for are told of themselves.
            Cause::NeedsDatabases { .. }
                | Cause::Grace { .. }
                | Cause::Rollout { .. }
                | Cause::JustChanged
                | Cause::Hold
        ) {
            return;
        }
        let side = match wanted {
            State::Awake => "awake",
            State::Asleep => "asleep",
        };
        let stuck_after = self.view.sleeper.sleep.stuck_after.get();
        let id = row.arn.as_ref().map_or(row.name.as_str(), short);
        let since = self.matters.note(&format!("wait/{side}/{id}"));
        let resource = row.name.clone();
        let cause = cause.clone();
        let overdue = match wanted {
            State::Asleep => self.now.duration_since(since) >= stuck_after,
            State::Awake => {
                self.now.duration_since(since) >= stuck_after
                    || self.late_since().is_some_and(|opening| opening <= self.now)
            }
        };
        if overdue {
            self.matters
                .tell(&format!("stuck/{side}/{id}"), SignedDuration::ZERO, |_| {
                    News::Stuck {
                        resource,
                        wanted,
                        cause,
                        since,
                    }
                });
        } else if wanted == State::Asleep
            && matches!(cause, Cause::Status { .. } | Cause::StandaloneTasks { .. })
        {
            let again_at = since.saturating_add(stuck_after).unwrap_or(since);
            self.matters
                .tell(&format!("not-yet/{id}"), PATIENCE, |_| News::NotYet {
                    resource,
                    wanted,
                    cause,
                    since,
                    again_at,
                });
        }
    }

    /// The opening that a wake under way should have been ready for.
    fn late_since(&self) -> Option<Timestamp> {
        if self.record.phase != Phase::ToWake {
            return None;
        }
        let calendar = &self.view.sleeper.calendar;
        let woken_for = calendar.span_at_or_after(self.record.since)?.start;
        (woken_for >= self.record.since).then_some(woken_for)
    }

    /// The tasks of a release that was made while the service slept do not come up: the release is
    /// named, since nobody saw it fail.
    pub(super) fn tell_of_a_dark_release(&mut self, service: &nightshift::kind::Service) {
        let Some(saved) = self
            .view
            .entry(&service.arn)
            .and_then(|entry| entry.service.as_ref())
        else {
            return;
        };
        let failing = service.running < service.desired
            && service
                .deployment
                .as_ref()
                .is_some_and(|deployment| deployment.failed_tasks > 0);
        let late = self.now.duration_since(self.record.since) >= PATIENCE;
        if let Some(deployment) = saved
            .dark
            .clone()
            .filter(|_| failing || (late && !service.is_steady()))
        {
            self.matters.tell(
                &format!("dark-fails/{}/{deployment}", service.arn),
                SignedDuration::ZERO,
                |_| News::DarkReleaseFails {
                    service: service.name.clone(),
                    deployment,
                    running: service.running,
                    desired: service.desired,
                },
            );
        }
    }

    /// What does not consent is left alone, and said once, with the command that mends it.
    pub(super) fn tell_of_no_consent(&mut self, arn: &Arn, found: Option<&String>, asleep: bool) {
        self.matters.tell(
            &format!("no-consent/{arn}/{asleep}"),
            SignedDuration::ZERO,
            |_| News::NoConsent {
                arn: arn.clone(),
                found: found.cloned(),
                asleep,
            },
        );
    }

    /// Whether entries of this kind are still open after the resources were walked: the service or
    /// database behind them could not be read at this look.
    pub(super) fn has_unseen_entries(&self) -> bool {
        let snapshot = self.view.snapshot;
        self.view.entries.values().any(|kept| {
            let entry = &kept.item;
            entry.stage != Stage::Closed
                && match entry.kind {
                    Kind::EcsService => snapshot.service(&entry.arn).is_none(),
                    Kind::RdsInstance | Kind::AuroraCluster => {
                        snapshot.database(&entry.arn).is_none()
                    }
                }
        })
    }
}
