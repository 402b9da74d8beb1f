//! What is told of an estate that sleeps, wakes, or does not. What every function tells alike, and
//! what a matter is, stands in [`nightshift::keep::matters`].

use jiff::{SignedDuration, Timestamp};
use nightshift::{
    keep::matters::{Gone, PATIENCE, short},
    kind::{Arn, Kind, Target},
    ledger::{Override, Phase, Stage},
    report::{Cause, News, Row, State},
};

use super::{Draft, Step};

impl Draft<'_> {
    /// An order is told when it is first seen in force.
    pub(super) fn tell_of_the_order(&mut self, order: Option<&Override>) {
        let holds = |order: &&Override| order.holds(self.now) && !self.view.released;
        if let Some(order) = order.filter(holds) {
            self.matters.tell_of_the_order(order);
        }
    }

    /// That the document is gone is told once, with what is given back.
    pub(super) fn tell_of_the_release(&mut self) {
        if self.view.released {
            let open = self.view.entries.values().map(|kept| &kept.item);
            let resources = open
                .filter(|entry| entry.is_open())
                .map(|entry| entry.arn.name().to_owned())
                .collect();
            self.matters.tell_of_the_release(resources);
        }
    }

    /// What was told on the way stays told until the estate is there.
    pub(super) fn keep_what_was_told(&mut self) {
        self.matters.keep_what_was_told(match self.record.phase {
            Phase::ToWake => &["dark-fails/", "stuck/awake/"],
            Phase::ToSleep => &["stuck/asleep/"],
            Phase::Awake
            | Phase::Asleep
            | Phase::Day
            | Phase::ToNight
            | Phase::Night
            | Phase::ToDay => &[],
        });
    }

    /// What is said once is remembered also while there is no reason to say it.
    pub(super) fn keep_what_was_said(&mut self, arn: &Arn, target: Option<&Target>) {
        self.matters.keep(&format!("never/{arn}"));
        let target = target.and_then(|target| target.arn.as_ref());
        for arn in [Some(arn), target].into_iter().flatten() {
            self.matters.keep(&format!("no-consent/{arn}/false"));
        }
    }

    /// What could not be read is no reason to think that it is not there.
    pub(super) fn tell_of_what_cannot_be_read(&mut self) {
        let snapshot = self.view.snapshot;
        self.matters.tell_of_what_cannot_be_read(&snapshot.unread);
        for name in &snapshot.not_found {
            let row = self.matters.tell_of_the_missing(name);
            self.rows.push(row);
        }
    }

    /// An entry whose resource is gone is forgotten, but not before two listings agreed and
    /// people were told what was saved.
    pub(super) fn look_for_the_gone(&mut self) {
        let held = self.wanted.state.is_none();
        for arn in &self.view.snapshot.gone {
            let Some(entry) = self.view.entry(arn) else {
                continue;
            };
            let saved = entry.service.as_ref().map(|service| service.count);
            let open = entry.is_open();
            match self.matters.tell_of_the_gone(arn, saved, open, held) {
                Gone::Forget => self.steps(arn, entry.kind, vec![Step::Forget]),
                Gone::LookAgain(at) => self.dues.push(at),
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
            State::Awake | State::Day => "awake",
            State::Asleep | State::Night => "asleep",
        };
        let stuck_after = self.view.sleeper.sleep.stuck_after.get();
        let id = row.arn.as_ref().map_or(row.name.as_str(), short);
        let since = self.matters.note(&format!("wait/{side}/{id}"));
        let resource = row.name.clone();
        let cause = cause.clone();
        let overdue = match wanted {
            State::Asleep | State::Night => self.now.duration_since(since) >= stuck_after,
            State::Awake | State::Day => {
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
