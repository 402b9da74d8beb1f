//! Towards the night: save the day, then lower, once nothing holds it back. What somebody set at
//! night is left alone until morning, and is never taken for the day.

use std::cmp::Ordering;

use jiff::SignedDuration;
use nightshift::{
    keep::matters::short,
    kind::{Level, Tag},
    ledger::{
        Phase, VERSION,
        slim::{Entry, Night, Stage},
    },
    report::{Cause, News, Waiting},
};

use super::{Draft, Step};
use crate::snapshot::{Handle, Resource};

impl Draft<'_> {
    pub(super) fn towards_night(&mut self) {
        if matches!(self.record.phase, Phase::Day | Phase::ToDay) {
            self.record.enter(Phase::ToNight, self.now);
        }
        if self.record.night.is_none() {
            self.record.night = Some(Night::new(self.now));
        }
        for resource in self.view.snapshot.resources() {
            self.note_the_count(resource);
            match self.view.night(resource) {
                Some(night) => self.slim(resource, night),
                // What the document let go of has its day again at once.
                None => self.let_go(resource),
            }
        }
    }

    fn slim(&mut self, resource: Resource<'_>, night: Level) {
        self.keep_what_was_said(resource);
        let row = self.row(resource);
        let entry = self.view.open_entry(resource.arn());
        let Some(handle) = resource.handle() else {
            return self.leave(row, Cause::NotServerless);
        };
        match entry {
            Some(entry) => self.go_on(resource, handle, entry, night),
            None if self.is_hand_of_this_night(resource, handle) => {
                self.leave_to_an_early_hand(resource, handle, night);
            }
            // A night that is no smaller than the day saves nothing.
            None if handle.level <= night => self.rest(row),
            None => {
                let entry = Entry {
                    version: VERSION,
                    arn: resource.arn().clone(),
                    kind: resource.kind(),
                    estate: self.name().to_owned(),
                    stage: Stage::ToNight,
                    since: self.now,
                    lever: handle.lever,
                    found: handle.level,
                    from: handle.level,
                    set: night,
                    saved_at: self.now,
                    small_since: None,
                    grown_at: None,
                    hand: None,
                    undone: None,
                    size: resource.service().and_then(|service| service.size),
                    owner: None,
                };
                self.lower(resource, handle, &entry);
            }
        }
    }

    /// Whether somebody changed it in this night, before it was made smaller: while a brake held us
    /// back, for instance, and for the same reason.
    fn is_hand_of_this_night(&mut self, resource: Resource<'_>, handle: Handle) -> bool {
        let Some(night) = self.record.night.as_mut() else {
            return false;
        };
        let evening = night.evening.entry(resource.arn().clone());
        let evening = *evening.or_insert(handle.level);
        evening != handle.level && !self.view.section.slim.enforce
    }

    /// A resource whose day is saved: it is on its way, small, or somebody changed it.
    fn go_on(&mut self, resource: Resource<'_>, handle: Handle, entry: &Entry, wished: Level) {
        let row = self.row(resource);
        let is_told = self.tell_of_the_undone(resource, entry);
        if handle.lever != entry.lever {
            // Somebody registered or removed its scalable target.
            return self.leave_to_the_hand(resource, handle, entry);
        }
        let level = handle.level;
        let day = handle.cap(entry.found);
        // The document may have changed since; the day, and the maximum, are never exceeded.
        let night = wished.min(day);
        if level == night {
            let mut small = self.at_stage(entry, Stage::Night);
            if level < entry.found {
                small.small_since = small.small_since.or(Some(self.now));
            }
            small.set = night;
            small.hand = None;
            small.undone = small.undone.filter(|_| !is_told);
            let steps = self.save(small).into_iter().collect();
            self.steps(resource, steps);
            return self.rest(row);
        }
        if level > night && wished >= entry.found {
            // A night that is no smaller than the day takes nothing away.
            return self.rest(row);
        }
        let ours = level == entry.set
            || (level == entry.from && entry.stage == Stage::ToNight)
            || (level == day && entry.stage == Stage::ToDay);
        if ours {
            let entry = Entry {
                from: level,
                set: night,
                ..entry.clone()
            };
            return self.turn(resource, handle, &entry);
        }
        if self.view.section.slim.enforce {
            self.undo_the_hand(resource, handle, entry, night);
        } else if level == day {
            self.meet_the_day(resource, handle, entry, night);
        } else {
            self.leave_to_the_hand(resource, handle, entry);
        }
    }

    /// To the night that the entry says, which is another level than the present one.
    fn turn(&mut self, resource: Resource<'_>, handle: Handle, entry: &Entry) {
        match entry.set.cmp(&handle.level) {
            Ordering::Greater => self.raise(resource, handle, entry),
            Ordering::Equal | Ordering::Less => self.lower(resource, handle, entry),
        }
    }

    /// Save, then lower: nothing is taken away that is not saved.
    fn lower(&mut self, resource: Resource<'_>, handle: Handle, entry: &Entry) {
        let row = self.row(resource);
        if let Some(cause) = self.refused(resource) {
            return self.leave(row, cause);
        }
        if let Some(cause) = self.held_back_by(resource, entry.set) {
            self.held.push(Waiting {
                resource: resource.name().to_owned(),
                cause: cause.clone(),
            });
            return self.wait(row, cause);
        }
        let mut lowering = self.at_stage(entry, Stage::ToNight);
        lowering.hand = None;
        let to = lowering.set;
        let mut steps: Vec<Step> = self.save(lowering).into_iter().collect();
        steps.push(handle.to(to));
        self.steps(resource, steps);
        self.wait(row, Cause::JustChanged);
    }

    /// A night that became larger while it lasts: nothing holds growing back.
    fn raise(&mut self, resource: Resource<'_>, handle: Handle, entry: &Entry) {
        let row = self.row(resource);
        if let Some(cause) = resource.cut_off() {
            return self.leave_for_a_minute(row, cause);
        }
        let to = entry.set;
        let mut raising = self.at_stage(entry, Stage::ToNight);
        raising.hand = None;
        let mut steps: Vec<Step> = self.save(raising).into_iter().collect();
        steps.push(handle.to(to));
        self.steps(resource, steps);
        self.wait(row, Cause::JustChanged);
    }

    /// Why nothing may be taken from the resource, whatever the document says. To give back needs
    /// none of this.
    fn refused(&mut self, resource: Resource<'_>) -> Option<Cause> {
        if let Some(rivalry) = self.view.rivals.get(resource.arn())
            && rivalry.keeper.as_deref() != Some(self.name())
        {
            return Some(Cause::Claimed {
                estates: rivalry.estates.clone(),
            });
        }
        for (arn, tag) in resource.consents() {
            match tag {
                // The next look reads it.
                Tag::NotRead => return Some(Cause::JustChanged),
                Tag::Read(found) if found.as_deref() != Some(self.name()) => {
                    self.tell_of_no_consent(arn, found.as_ref(), false);
                    return Some(Cause::NoConsent { found });
                }
                Tag::Read(_) => {}
            }
        }
        let service = resource.service()?;
        if service.daemon {
            return Some(Cause::Daemon);
        }
        if service.desired == 0 {
            return Some(Cause::AtZero);
        }
        let target = service.target.as_ref()?;
        if target.suspension.dynamic_in || target.suspension.dynamic_out {
            return Some(Cause::ScalingSuspended);
        }
        resource.cut_off()
    }

    /// The day's size stands there again, and it was not us: an apply of Terraform does that, and
    /// also who wants all tasks back at once. It has its grace, then it is lowered like any other.
    fn meet_the_day(
        &mut self,
        resource: Resource<'_>,
        handle: Handle,
        entry: &Entry,
        night: Level,
    ) {
        let key = format!("put-back/{}", short(resource.arn()));
        let since = self.matters.note(&key);
        let grace = self.view.section.slim.grace.get();
        let until = since.saturating_add(grace).unwrap_or(since);
        let news = News::PutBack {
            resource: resource.name().to_owned(),
            lever: entry.lever,
            day: entry.found,
            night,
            since,
            until,
        };
        self.matters.tell(&key, SignedDuration::ZERO, |_| news);
        if until <= self.now {
            let entry = Entry {
                from: handle.level,
                set: night,
                ..entry.clone()
            };
            return self.lower(resource, handle, &entry);
        }
        self.dues.push(until);
        let row = self.row(resource);
        self.wait(row, Cause::PutBack { until });
    }

    /// Somebody's own value, or somebody's own lever: left alone until morning, said once.
    fn leave_to_the_hand(&mut self, resource: Resource<'_>, handle: Handle, entry: &Entry) {
        let mut met = self.at_stage(entry, Stage::Night);
        met.hand = Some(handle.level);
        let steps = self.save(met).into_iter().collect();
        self.steps(resource, steps);
        self.leave_until_morning(resource, handle, entry.found, entry.set);
    }

    /// What was changed before we took anything away is not ours to give back in the morning either.
    fn leave_to_an_early_hand(&mut self, resource: Resource<'_>, handle: Handle, night: Level) {
        let evening = self.record.night.as_ref().and_then(|known| {
            let level = known.evening.get(resource.arn());
            level.copied()
        });
        self.leave_until_morning(resource, handle, evening.unwrap_or(handle.level), night);
    }

    fn leave_until_morning(
        &mut self,
        resource: Resource<'_>,
        handle: Handle,
        day: Level,
        night: Level,
    ) {
        let key = format!("hand/{}", short(resource.arn()));
        let since = self.matters.note(&key);
        let news = News::ChangedByHand {
            resource: resource.name().to_owned(),
            lever: handle.lever,
            hand: handle.level,
            day,
            night,
            since,
            until: self.wanted.until,
        };
        self.matters.tell(&key, SignedDuration::ZERO, |_| news);
        let row = self.row(resource);
        self.leave(row, Cause::ByHand);
    }

    /// The document says that the night's size is enforced: upwards at once, downwards like any
    /// other shrinking.
    fn undo_the_hand(
        &mut self,
        resource: Resource<'_>,
        handle: Handle,
        entry: &Entry,
        night: Level,
    ) {
        let hand = handle.level;
        let entry = Entry {
            from: hand,
            set: night,
            undone: Some(hand),
            ..entry.clone()
        };
        let planned = self.chains.len();
        self.turn(resource, handle, &entry);
        if self.chains.len() > planned {
            self.tell_of_the_undone(resource, &entry);
        }
    }

    /// What the entry remembers is told by whichever look comes to it, also after a death between the
    /// deed and its message. Answers whether people know of it since an earlier look.
    fn tell_of_the_undone(&mut self, resource: Resource<'_>, entry: &Entry) -> bool {
        let Some(hand) = entry.undone else {
            return false;
        };
        let key = format!("undone/{}", short(resource.arn()));
        self.matters
            .tell(&key, SignedDuration::ZERO, |_| News::HandUndone {
                resource: resource.name().to_owned(),
                lever: entry.lever,
                hand,
                night: entry.set,
            });
        self.matters.is_told(&key)
    }
}

impl Resource<'_> {
    /// Registering a target clamps the count: what a change of its minimum would cut off.
    pub(super) fn cut_off(self) -> Option<Cause> {
        let service = self.service()?;
        let max = service.target.as_ref()?.bounds.max;
        (service.desired > max).then_some(Cause::AboveMaximum {
            count: service.desired,
            max,
        })
    }
}

impl Handle {
    /// As much of a level as the resource takes.
    pub(super) fn cap(self, level: Level) -> Level {
        self.max.map_or(level, |max| level.min(max))
    }

    /// The step that moves the lever there.
    pub(super) fn to(self, to: Level) -> Step {
        Step::Move {
            lever: self.lever,
            from: self.level,
            to,
        }
    }
}
