//! Towards waking: databases first; when those that it needs are usable, each service to its saved
//! count; and once that count was seen running, the suspension as it was found. A service or
//! database that is not in the ledger was not put to sleep by us and stays as it is.

use jiff::Timestamp;
use nightshift::{
    kind::{self, Database, DatabaseState, Kind, Service, Target},
    ledger::{Entry, Phase, SavedService, Stage, Wake},
    money,
    report::{Cause, Count, CountChange, Money, News, State, Why},
};

use super::{
    Draft, Step, dark_deployment,
    sleep::{is_clamp, is_counted},
};
use crate::snapshot::Resource;

/// The matter of a wake from full sleep without a break: only such a wake teaches the lead.
const WHOLE_WAKE: &str = "whole-wake";

impl Draft<'_> {
    pub(super) fn towards_waking(&mut self) {
        if self.record.phase == Phase::Asleep {
            self.matters.note(WHOLE_WAKE);
        }
        self.matters.keep(WHOLE_WAKE);
        if matches!(self.record.phase, Phase::Asleep | Phase::ToSleep) {
            self.record.enter(Phase::ToWake, self.now);
        }
        let calendar = &self.view.sleeper.calendar;
        self.matters.note_the_opening(&self.wanted, calendar);
        for resource in self.view.snapshot.in_order(self.order.iter().rev()) {
            if !self.is_anothers(resource) {
                self.wake(resource);
            }
        }
    }

    pub(super) fn wake(&mut self, resource: Resource<'_>) {
        match resource {
            Resource::Service(service) => self.wake_service(service),
            Resource::Database(database) => self.wake_database(database),
        }
    }

    fn wake_database(&mut self, database: &Database) {
        let mut row = self.database_row(database);
        row.wanted = Some(State::Awake);
        self.keep_what_was_said(&database.arn, None);
        self.forget_if_let_go(&database.arn, self.view.has_database(database));
        let Some(entry) = self.view.open_entry(&database.arn) else {
            if database.state.is_usable() || database.state.is_down() {
                return self.rest(row);
            }
            return self.wait(row, not_serving(database));
        };
        if self.is_owned(&row, Some(entry)) {
            return;
        }
        if database.state.is_usable() {
            return self.close(&database.arn, entry, row);
        }
        if database.state != DatabaseState::Stopped {
            return self.wait(row, not_serving(database));
        }
        if database.tag.as_deref() != Some(entry.estate.as_str()) {
            self.tell_of_no_consent(&database.arn, database.tag.as_ref(), true);
        }
        let mut steps = self.save_at(entry, Stage::ToWake);
        steps.push(Step::Start);
        self.steps(&database.arn, database.kind, steps);
        self.wait(row, Cause::JustChanged);
    }

    fn wake_service(&mut self, service: &Service) {
        let mut row = self.service_row(service);
        row.wanted = Some(State::Awake);
        self.keep_what_was_said(&service.arn, service.target.as_ref());
        self.forget_if_let_go(&service.arn, self.view.has_service(service));
        let Some(entry) = self.view.open_entry(&service.arn) else {
            return self.watch_awake_service(service);
        };
        let Some(saved) = entry.service.clone() else {
            return self.rest(row);
        };
        if self.is_owned(&row, Some(entry)) {
            return;
        }
        let databases = self.databases_not_usable(service);
        let starts = !is_counted(entry)
            && service.desired != self.goal(service, &saved)
            && !self.is_hands(service, entry);
        if !databases.is_empty() && starts {
            self.remember_dark_deployment(service, entry);
            return self.wait(row, Cause::NeedsDatabases { databases });
        }
        if service.desired == 0 && service.tag.as_deref() != Some(entry.estate.as_str()) {
            self.tell_of_no_consent(&service.arn, service.tag.as_ref(), true);
        }
        self.restore(service, entry, &saved);
    }

    /// A deployment that woke the estate is written down at once: whoever takes the order back
    /// is not overruled by the same deployment.
    fn remember_dark_deployment(&mut self, service: &Service, entry: &Entry) {
        if let Some(dark) = dark_deployment(service, entry) {
            let mut entry = self.at_stage(entry, entry.stage);
            if let Some(saved) = entry.service.as_mut() {
                saved.dark = Some(dark);
            }
            let step = Step::Save(Box::new(entry));
            self.steps(&service.arn, Kind::EcsService, vec![step]);
        }
    }

    /// Count first; then, once it runs, the suspension as it was found; then, once that was seen,
    /// the entry is closed. After the count was seen, a 0 is a person's; while it lasts the
    /// suspension stays, since registering a target at 0 would give it tasks.
    fn restore(&mut self, service: &Service, entry: &Entry, saved: &SavedService) {
        let mut row = self.service_row(service);
        row.wanted = Some(State::Awake);
        let goal = self.goal(service, saved);
        if is_counted(entry) {
            let suspended = differs(service, saved);
            if suspended && service.desired == 0 {
                row.wanted = None;
                return self.rest(row);
            }
            let is_clamp = |target: &Target| target.bounds.clamp(goal) == service.desired;
            let clamped = service.desired != goal && service.target.as_ref().is_some_and(is_clamp);
            if clamped && !suspended {
                return self.set_count(service, entry, goal);
            }
            if !suspended {
                return self.close(&service.arn, entry, row);
            }
        } else if service.desired != goal {
            if !self.is_hands(service, entry) {
                return self.set_count(service, entry, goal);
            }
            let newest = self.at_stage(&self.with_newest_count(service, entry), Stage::ToWake);
            self.steps(
                &service.arn,
                Kind::EcsService,
                vec![Step::Save(Box::new(newest))],
            );
            return self.wait(row, Cause::JustChanged);
        }
        if !differs(service, saved) || service.desired == 0 {
            return self.close(&service.arn, entry, row);
        }
        self.tell_of_a_dark_release(service);
        if service.running != service.desired {
            let (running, desired) = (service.running, service.desired);
            return self.wait(row, Cause::NotSteady { running, desired });
        }
        let mut counted = self.at_stage(entry, Stage::ToWake);
        if let Some(service) = counted.service.as_mut() {
            service.counted = true;
        }
        let mut steps = Vec::new();
        if counted != *entry {
            steps.push(Step::Save(Box::new(counted)));
        }
        steps.extend(saved.suspension.map(Step::Resume));
        self.steps(&service.arn, Kind::EcsService, steps);
        self.wait(row, Cause::JustChanged);
    }

    fn set_count(&mut self, service: &Service, entry: &Entry, goal: u32) {
        let mut row = self.service_row(service);
        row.wanted = Some(State::Awake);
        let mut waking = self.at_stage(entry, Stage::ToWake);
        if let (Some(saved), Some(dark)) =
            (waking.service.as_mut(), dark_deployment(service, entry))
        {
            saved.dark = Some(dark);
        }
        let mut steps = Vec::new();
        if waking != *entry {
            steps.push(Step::Save(Box::new(waking)));
        }
        steps.push(Step::SetCount {
            from: service.desired,
            to: goal,
        });
        self.steps(&service.arn, Kind::EcsService, steps);
        self.wait(row, Cause::JustChanged);
    }

    /// A service that is not, or no longer, in the ledger: until the estate is ready its health is
    /// waited for.
    fn watch_awake_service(&mut self, service: &Service) {
        let mut row = self.service_row(service);
        row.wanted = (service.desired > 0).then_some(State::Awake);
        let waking = self.record.phase == Phase::ToWake && self.view.has_service(service);
        if waking && service.desired > 0 && !service.is_steady() {
            self.tell_of_a_dark_release(service);
            let (running, desired) = (service.running, service.desired);
            return self.wait(row, Cause::NotSteady { running, desired });
        }
        self.rest(row);
    }

    /// Whether the count is one that somebody wished, and that stays.
    fn is_hands(&self, service: &Service, entry: &Entry) -> bool {
        service.desired > 0 && !is_clamp(service, entry) && self.wake_to(service).is_none()
    }

    /// The count that returns: the document's, if it names one, else the saved. A saved 0, which
    /// nobody should have written, takes nothing away.
    fn goal(&self, service: &Service, saved: &SavedService) -> u32 {
        let saved = Some(saved.count).filter(|count| *count > 0);
        self.wake_to(service).or(saved).unwrap_or(service.desired)
    }

    fn wake_to(&self, service: &Service) -> Option<u32> {
        self.view.sleeper.sleep.wake_to.get(&service.name).copied()
    }

    /// Which of the databases that the service needs cannot be used yet. One that a person stopped
    /// is not waited for, nor is one that is not there.
    fn databases_not_usable(&self, service: &Service) -> Vec<String> {
        let needs = self.view.sleeper.sleep.needs.get(&service.name);
        let snapshot = self.view.snapshot;
        let below: Vec<Kind> = kind::before(self.order.iter().rev(), Kind::EcsService).collect();
        let mut missing: Vec<String> = snapshot
            .databases
            .iter()
            .filter(|database| below.contains(&database.kind))
            .filter(|database| needs.is_none_or(|needs| needs.contains(&database.name)))
            .filter(|database| !self.sleeps_on(&database.name))
            .filter(|database| {
                let ours = self.view.open_entry(&database.arn).is_some();
                match database.state {
                    DatabaseState::Deleting => false,
                    DatabaseState::Broken => ours,
                    state => !state.is_usable() && (ours || !state.is_down()),
                }
            })
            .map(|database| database.name.clone())
            .collect();
        let unseen = self
            .view
            .entries
            .values()
            .map(|kept| &kept.item)
            .filter(|entry| {
                entry.is_open()
                    && below.contains(&entry.kind)
                    && needs.is_none_or(|needs| needs.iter().any(|name| name == entry.arn.name()))
                    && !self.sleeps_on(entry.arn.name())
                    && snapshot.database(&entry.arn).is_none()
                    && !snapshot.gone.contains(&entry.arn)
            });
        missing.extend(unseen.map(|entry| entry.arn.name().to_owned()));
        missing
    }

    /// Whether the database sleeps on: a service that the document let go of at night does not
    /// wait for it.
    fn sleeps_on(&self, database: &str) -> bool {
        self.wanted.state == Some(State::Asleep) && {
            let databases = &self.view.sleeper.sleep.databases;
            databases.iter().any(|name| name == database)
        }
    }

    /// What the entry holds was seen restored: it is closed, or forgotten if its estate let it go.
    pub(super) fn close(
        &mut self,
        arn: &nightshift::kind::Arn,
        entry: &Entry,
        row: nightshift::report::Row,
    ) {
        let snapshot = self.view.snapshot;
        let kept = snapshot
            .service(arn)
            .is_some_and(|service| self.view.has_service(service))
            || snapshot
                .database(arn)
                .is_some_and(|database| self.view.has_database(database));
        let step = if kept {
            Step::Save(Box::new(self.at_stage(entry, Stage::Closed)))
        } else {
            Step::Forget
        };
        self.steps(arn, entry.kind, vec![step]);
        self.rest(row);
    }

    fn save_at(&self, entry: &Entry, stage: Stage) -> Vec<Step> {
        let saved = self.at_stage(entry, stage);
        if saved == *entry {
            Vec::new()
        } else {
            vec![Step::Save(Box::new(saved))]
        }
    }

    /// Everything is usable again.
    pub(super) fn become_ready(&mut self) {
        if self.record.phase != Phase::ToWake || self.has_unseen_entries() {
            return;
        }
        let began = self.record.since;
        let seconds = self.now.duration_since(began).as_secs();
        let database_seconds = self
            .view
            .entries
            .values()
            .filter(|kept| kept.item.kind != Kind::EcsService && kept.item.since >= began)
            .map(|kept| kept.item.since.duration_since(began).as_secs())
            .max();
        if !self.view.released {
            let ready = self.ready(began, seconds, database_seconds);
            self.moments.push(ready);
            if self.matters.lasts(WHOLE_WAKE) {
                self.record.remember(Wake {
                    began,
                    seconds,
                    database_seconds,
                });
            }
        }
        self.matters.end(WHOLE_WAKE);
        self.record.enter(Phase::Awake, self.now);
    }

    fn ready(&self, began: Timestamp, woke_seconds: i64, database_seconds: Option<i64>) -> News {
        let services = || {
            let all = self.view.snapshot.services.iter();
            all.filter(|service| self.view.has_service(service))
        };
        let changed = services()
            .filter_map(|service| {
                let entry = self.view.entry(&service.arn);
                let entry = entry.filter(|entry| entry.since >= began)?;
                let saved = entry.service.as_ref()?;
                let before = saved.replaced.unwrap_or(saved.count);
                let after = self.goal(service, saved);
                (before != after).then(|| CountChange {
                    service: service.name.clone(),
                    before,
                    after,
                })
            })
            .collect();
        let (at_zero, awake): (Vec<_>, Vec<_>) =
            services().partition(|service| service.desired == 0);
        News::Ready {
            opening: (self.wanted.why == Why::Calendar)
                .then(|| self.view.sleeper.calendar.span_at_or_after(began))
                .flatten()
                .map(|span| span.start)
                .filter(|opening| *opening >= began),
            woke_seconds,
            database_seconds,
            services: awake
                .into_iter()
                .map(|service| Count {
                    service: service.name.clone(),
                    running: service.running,
                    desired: service.desired,
                })
                .collect(),
            slept_at: self.record.slept_at,
            changed,
            left_at_zero: at_zero
                .into_iter()
                .map(|service| service.name.clone())
                .collect(),
            saved: self.saved_by_sleeping(began),
            still_billed: super::billed::while_asleep(self.view),
        }
    }

    /// What sleeping saved: what each entry of this sleep would have cost from its beginning to the
    /// beginning of the wake.
    fn saved_by_sleeping(&self, woken_at: Timestamp) -> Option<Money> {
        let prices = self.view.sleeper.prices.as_ref()?;
        let slept_at = self.record.slept_at?;
        let hours = woken_at.duration_since(slept_at).as_secs_f64() / 3600.0;
        let hourly: f64 = self
            .view
            .entries
            .values()
            .map(|kept| &kept.item)
            .filter(|entry| entry.saved_at >= slept_at)
            .filter_map(|entry| {
                let tasks = entry.service.as_ref().and_then(|saved| {
                    Some(
                        money::task_hour(saved.size?, prices)?
                            * f64::from(saved.replaced.unwrap_or(saved.count)),
                    )
                });
                let database = || money::database_hour(&entry.database.as_ref()?.sizing, prices);
                tasks.or_else(database)
            })
            .sum();
        (hourly > 0.0 && hours > 0.0).then(|| money::money(hourly * hours, prices))
    }
}

/// Whether the suspension is not yet as it was found. A target that appeared or vanished meanwhile
/// is not ours to change.
fn differs(service: &Service, saved: &SavedService) -> bool {
    match (&service.target, saved.suspension) {
        (Some(target), Some(found)) => target.suspension != found,
        _ => false,
    }
}

fn not_serving(database: &Database) -> Cause {
    let status = database.status.clone();
    if database.state == DatabaseState::Broken {
        Cause::Broken { status }
    } else {
        Cause::Status { status }
    }
}
