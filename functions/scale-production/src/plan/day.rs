//! Towards the day: what was found returns, clusters first, and waits for nothing: no brake, no
//! tag, no other function, nothing that could not be read. What is larger by now stays.

use jiff::{SignedDuration, Timestamp};
use nightshift::{
    keep::matters::short,
    kind::{DatabaseState, Level, Lever, Tag},
    ledger::{
        Phase, Wake,
        slim::{Entry, Stage},
    },
    report::{Cause, Count, News, State, Waiting, Wanted, Why},
};

use super::{Draft, Step};
use crate::snapshot::Resource;

/// The matter of a morning that began with the whole night behind it: only such a one teaches the
/// lead.
const WHOLE_NIGHT: &str = "whole-night";

/// The matter of growing that is late.
const LATE: &str = "late";

impl Draft<'_> {
    pub(super) fn towards_day(&mut self) {
        if self.record.phase == Phase::Night && self.has_something_to_grow() {
            self.matters.note(WHOLE_NIGHT);
        }
        self.matters.keep(WHOLE_NIGHT);
        if matches!(self.record.phase, Phase::Night | Phase::ToNight) {
            self.record.enter(Phase::ToDay, self.now);
        }
        // What is found from now on is the day, however long the night takes to be told.
        if self.is_over()
            && let Some(night) = self.record.night.as_mut()
        {
            night.evening.clear();
        }
        let calendar = &self.view.section.calendar;
        self.matters.note_the_opening(&self.wanted, calendar);
        for resource in self.view.snapshot.resources() {
            self.note_the_count(resource);
            self.give_back(resource);
        }
    }

    fn has_something_to_grow(&self) -> bool {
        let mut entries = self.view.entries.values();
        entries.any(|kept| kept.item.is_open() && kept.item.small_since.is_some())
    }

    /// What the document does not slim, at night: what it held of it returns.
    pub(super) fn let_go(&mut self, resource: Resource<'_>) {
        if self.view.entry(resource.arn()).is_some() {
            self.give_back(resource);
        } else if self.view.names(resource) {
            let mut row = self.row(resource);
            row.wanted = None;
            self.rest(row);
        }
    }

    fn give_back(&mut self, resource: Resource<'_>) {
        self.keep_what_was_said(resource);
        self.forget_if_let_go(resource);
        match self.view.open_entry(resource.arn()) {
            Some(entry) => self.grow(resource, entry),
            None if self.view.names(resource) => self.watch(resource),
            None => {}
        }
    }

    fn grow(&mut self, resource: Resource<'_>, entry: &Entry) {
        let mut row = self.row(resource);
        row.wanted = Some(State::Day);
        let Some(handle) = resource.handle() else {
            return self.close(resource, entry);
        };
        let day = match (entry.lever, handle.lever) {
            // Registered at night: whoever did so left the count to auto scaling.
            (Lever::Count, Lever::Minimum) => return self.close(resource, entry),
            // Removed at night: the minimum was what the day is sure of.
            _ => handle.cap(entry.found),
        };
        if day < entry.found {
            self.tell_of_a_capped_day(resource, entry, day);
        }
        if handle.level >= day {
            return self.close(resource, entry);
        }
        // More run than by day, and registering the target would cut them off.
        if let Some(cause) = resource.cut_off() {
            return self.leave_for_a_minute(row, cause);
        }
        if let Resource::Cluster(measured) = resource {
            let cluster = &measured.cluster;
            if cluster.state.is_down() || cluster.state == DatabaseState::Deleting {
                let (database, status) = (cluster.name.clone(), cluster.status.clone());
                return self.wait(row, Cause::Unrest { database, status });
            }
        }
        for (arn, tag) in resource.consents() {
            if let Tag::Read(found) = tag
                && found.as_deref() != Some(entry.estate.as_str())
            {
                self.tell_of_no_consent(arn, found.as_ref(), true);
            }
        }
        // First the change: what is given back does not even wait for the ledger.
        let mut steps = vec![handle.to(day)];
        steps.extend(self.save(self.at_stage(entry, Stage::ToDay)));
        self.steps(resource, steps);
        self.wait(row, Cause::JustChanged);
    }

    /// The day was seen restored: the entry is closed. What the document let go of is forgotten by
    /// the next look.
    fn close(&mut self, resource: Resource<'_>, entry: &Entry) {
        let mut closed = self.at_stage(entry, Stage::Closed);
        closed.grown_at = Some(self.now);
        closed.hand = None;
        closed.undone = None;
        self.steps(resource, vec![Step::Save(Box::new(closed))]);
        self.watch(resource);
    }

    /// A resource whose day stands: until the estate is ready its tasks are waited for.
    fn watch(&mut self, resource: Resource<'_>) {
        let mut row = self.row(resource);
        row.wanted = Some(State::Day);
        if let Resource::Service(watched) = resource
            && self.record.phase == Phase::ToDay
            && self.view.names(resource)
            && !watched.is_up()
        {
            let (running, desired) = (watched.service.running, watched.required());
            return self.wait(row, Cause::NotSteady { running, desired });
        }
        self.rest(row);
    }

    fn tell_of_a_capped_day(&mut self, resource: Resource<'_>, entry: &Entry, max: Level) {
        let key = format!("capped/{}/{max}", short(&entry.arn));
        let (resource, day) = (resource.name().to_owned(), entry.found);
        self.matters
            .tell(&key, SignedDuration::ZERO, |_| News::DayCapped {
                resource,
                day,
                max,
            });
    }

    /// Everything is at the day's size.
    pub(super) fn become_ready(&mut self) {
        let began = self.record.since;
        let opening = self.opening();
        let growing = self.record.phase == Phase::ToDay && !self.has_unseen_entries();
        if growing {
            let seconds = self.now.duration_since(began).as_secs();
            if self.matters.lasts(WHOLE_NIGHT) && !self.view.released {
                self.record.remember(Wake {
                    began,
                    seconds,
                    database_seconds: None,
                });
            }
            self.matters.end(WHOLE_NIGHT);
            if !self.is_over() && self.has_grown_since(began) {
                let services = self.counts();
                self.moments.push(News::FullSize { services, seconds });
            }
            self.record.enter(Phase::Day, self.now);
        }
        if self.record.phase == Phase::Day && self.is_over() {
            self.tell_of_the_night(opening.filter(|_| growing));
        }
    }

    /// Whether the night is over for good, not only for somebody's order.
    fn is_over(&self) -> bool {
        let lead = super::lead(self.view.section, self.view.record, self.now);
        self.view.released || self.view.section.calendar.is_awake(self.now, lead)
    }

    fn has_grown_since(&self, began: Timestamp) -> bool {
        let mut entries = self.view.entries.values();
        entries.any(|kept| {
            let grown_at = kept.item.grown_at;
            kept.item.small_since.is_some() && grown_at.is_some_and(|at| at >= began)
        })
    }

    /// Every service of the estate with the tasks that it needs.
    pub(super) fn counts(&self) -> Vec<Count> {
        let services = self.view.snapshot.services.iter();
        services
            .filter(|watched| self.view.names(Resource::Service(watched)))
            .map(|watched| Count {
                service: watched.service.name.clone(),
                running: watched.service.running,
                desired: watched.service.desired,
            })
            .collect()
    }

    /// Whether entries are open whose resource could not be read at this look.
    fn has_unseen_entries(&self) -> bool {
        let mut entries = self.view.entries.values();
        entries.any(|kept| {
            kept.item.is_open() && self.view.snapshot.resource(&kept.item.arn).is_none()
        })
    }

    /// Growing that has not come to its end when the calendar opens, or within the document's
    /// patience, is told with what is missing.
    pub(super) fn tell_if_late(&mut self) {
        if self.record.phase != Phase::ToDay {
            return;
        }
        let since = self.record.since;
        let opening = self.opening();
        let patience = self.view.section.slim.stuck_after.get();
        let stuck = self.now.duration_since(since) >= patience;
        let waiting: Vec<Waiting> = self
            .rows
            .iter()
            .filter(|row| !row.settled)
            .filter_map(|row| {
                Some(Waiting {
                    resource: row.name.clone(),
                    cause: row.waits_for.clone()?,
                })
            })
            .collect();
        if stuck || opening.is_some_and(|opening| opening <= self.now) {
            self.matters
                .tell(LATE, SignedDuration::ZERO, |_| News::NotReady {
                    opening,
                    since,
                    waiting,
                });
        } else {
            self.dues.extend(opening);
        }
    }

    /// The opening that the estate grows for, if it is the calendar that wants the day.
    pub(super) fn opening(&self) -> Option<Timestamp> {
        let Wanted { why, .. } = &self.wanted;
        let since = self.record.since;
        let span = self.view.section.calendar.span_at_or_after(since)?;
        (*why == Why::Calendar && span.start >= since).then_some(span.start)
    }
}
