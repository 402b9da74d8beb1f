//! Towards sleep: save, suspend, desired count 0; and only when nothing that rests on them runs any
//! more, stop the databases. Somebody else's hand is not fought at once, and its newest count is what returns.

use jiff::{SignedDuration, Timestamp};
use nightshift::{
    config::DeploymentsWake,
    keep::matters::short,
    kind::{self, Arn, Database, DatabaseState, Kind, Service, Suspension, Tag},
    ledger::{Entry, Phase, SavedDatabase, Stage},
    money,
    report::{Cause, News},
};

use super::{Chain, Draft, Step, dark_deployment, found};
use crate::snapshot::Resource;

/// AWS starts a stopped database after seven days.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_StopInstance.html>
const RESTARTED_AFTER: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How much earlier than foretold a restart may be and still be taken for AWS's.
const RESTART_MARGIN: SignedDuration = SignedDuration::from_mins(15);

/// Whose doing it is that something is awake in sleeping hours.
enum Grace {
    /// It is left alone until then.
    Until(Timestamp),
    /// It is put to sleep again now.
    Over,
}

impl Draft<'_> {
    pub(super) fn towards_sleep(&mut self) {
        if matches!(self.record.phase, Phase::Awake | Phase::ToWake) {
            if self.record.phase == Phase::Awake {
                self.record.slept_at = Some(self.now);
            }
            self.record.enter(Phase::ToSleep, self.now);
        }
        for resource in self.view.snapshot.in_order(self.order.iter()) {
            if self.view.has(resource) {
                self.put_to_sleep(resource);
            } else if self.view.entry(resource.arn()).is_some() {
                self.wake(resource);
            }
        }
    }

    fn put_to_sleep(&mut self, resource: Resource<'_>) {
        match resource {
            Resource::Service(service) => self.put_service_to_sleep(service),
            Resource::Database(database) => self.put_database_to_sleep(database),
        }
    }

    fn put_service_to_sleep(&mut self, service: &Service) {
        let row = self.service_row(service);
        let entry = self.view.entry(&service.arn);
        let saved = entry.filter(|entry| entry.is_open() && entry.service.is_some());
        let slept = saved.is_some_and(|entry| entry.stage == Stage::Asleep);
        let woken = service.desired > 0 && (slept || self.was_woken(&service.arn));
        if self.is_owned(&row, entry) {
            return;
        }
        match saved {
            None => self.put_new_service_to_sleep(service, woken),
            Some(entry) if service.desired == 0 => self.keep_service_asleep(service, entry),
            Some(entry) if entry.stage != Stage::ToSleep && woken => {
                self.meet_a_hand(service, entry);
            }
            Some(entry) => {
                if entry.stage == Stage::ToWake && self.has_its_rollout(service) {
                    return;
                }
                let entry = self.with_newest_count(service, entry);
                self.send_service_to_sleep(service, &entry);
            }
        }
    }

    /// A service that is not in the ledger: put to sleep now, unless it is at 0 by a person's
    /// hand, does not consent, is being deployed, or was woken by somebody in the night.
    fn put_new_service_to_sleep(&mut self, service: &Service, woken: bool) {
        let row = self.service_row(service);
        if service.desired == 0 {
            if service.running == 0 {
                return self.rest(row);
            }
            let tasks = service.running;
            return self.wait(row, Cause::Draining { tasks });
        }
        if let Some(cause) = self.claimed_by_another(&service.arn) {
            return self.leave(row, cause);
        }
        if service.daemon {
            return self.leave(row, Cause::Daemon);
        }
        if service.tag.as_deref() != Some(self.name()) {
            self.tell_of_no_consent(&service.arn, service.tag.as_ref(), false);
            let found = service.tag.clone();
            return self.leave(row, Cause::NoConsent { found });
        }
        let mut unread = self.view.snapshot.unread.iter();
        if let Some(failure) = unread.find(|failure| failure.resource == service.arn.as_str()) {
            let code = failure.code.clone();
            return self.wait(row, Cause::Unreadable { code });
        }
        if let Some(target) = &service.target
            && let Tag::Read(found) = &target.tag
            && found.as_deref() != Some(self.name())
        {
            let arn = target.arn.clone().unwrap_or_else(|| service.arn.clone());
            self.tell_of_no_consent(&arn, found.as_ref(), false);
            let found = found.clone();
            return self.leave(row, Cause::NoConsent { found });
        }
        if woken {
            let count = Some(service.desired);
            if let Grace::Until(until) = self.grace_of_a_hand(&service.arn, count) {
                return self.wait(row, Cause::Grace { until });
            }
        } else if self.has_its_rollout(service) {
            return;
        }
        let entry = self.new_service_entry(service);
        self.send_service_to_sleep(service, &entry);
    }

    /// A service with an open entry, at 0: from now on, whoever gives it tasks is not us.
    fn keep_service_asleep(&mut self, service: &Service, entry: &Entry) {
        let row = self.service_row(service);
        if is_counted(entry) {
            return self.rest(row);
        }
        if entry.stage != Stage::Asleep || entry.estate != self.name() {
            let asleep = self.at_stage(entry, Stage::Asleep);
            self.steps(
                &service.arn,
                Kind::EcsService,
                vec![Step::Save(Box::new(asleep))],
            );
        }
        // ECS may answer with what was before the last look: what was told stays told while it sleeps.
        self.matters
            .keep_what_was_told(&[&format!("dark/{}/", service.arn)]);
        if service.running > 0 {
            let tasks = service.running;
            return self.wait(row, Cause::Draining { tasks });
        }
        if let Some(deployment) = dark_deployment(service, entry)
            && self.view.sleeper.sleep.deployments_wake == DeploymentsWake::Never
        {
            let name = service.name.clone();
            self.matters.tell(
                &format!("dark/{}/{deployment}", service.arn),
                SignedDuration::ZERO,
                |_| News::DeploymentInTheDark {
                    service: name,
                    deployment,
                },
            );
        }
        self.rest(row);
    }

    /// A service that was seen asleep has tasks again, and it was not us.
    fn meet_a_hand(&mut self, service: &Service, entry: &Entry) {
        let row = self.service_row(service);
        let newest = self.with_newest_count(service, entry);
        let grace = match entry.service.as_ref().filter(|_| is_clamp(service, entry)) {
            Some(saved) => self.grace_of_a_clamp(service, saved.count),
            None => self.grace_of_a_hand(&service.arn, Some(service.desired)),
        };
        match grace {
            Grace::Until(until) => {
                if newest != *entry {
                    self.steps(
                        &service.arn,
                        Kind::EcsService,
                        vec![Step::Save(Box::new(newest))],
                    );
                }
                self.wait(row, Cause::Grace { until });
            }
            Grace::Over => self.send_service_to_sleep(service, &newest),
        }
    }

    /// Save, suspend, count 0: in this order, so that nothing is changed that is not saved, and
    /// no target is registered whose count may already be 0.
    fn send_service_to_sleep(&mut self, service: &Service, entry: &Entry) {
        let row = self.service_row(service);
        let mut entry = self.at_stage(entry, Stage::ToSleep);
        if let Some(saved) = entry.service.as_mut() {
            let found = found(service);
            saved.counted = false;
            saved.dark = None;
            saved.deployment = found.deployment;
            // A target that appeared since the entry was written is saved before it is changed.
            if saved.suspension.is_none() {
                saved.suspension = found.suspension;
                saved.bounds = found.bounds;
            }
        }
        let mut steps = Vec::new();
        if self.view.entry(&service.arn) != Some(&entry) {
            steps.push(Step::Save(Box::new(entry)));
        }
        if service
            .target
            .as_ref()
            .is_some_and(|target| target.suspension != Suspension::ALL)
        {
            steps.push(Step::Suspend);
        }
        steps.push(Step::SetCount {
            from: service.desired,
            to: 0,
        });
        self.steps(&service.arn, Kind::EcsService, steps);
        self.wait(row, Cause::JustChanged);
    }

    /// A person's or a deployment's newer count replaces the saved one; a count that registering
    /// the target left behind does not.
    pub(super) fn with_newest_count(&self, service: &Service, entry: &Entry) -> Entry {
        let mut entry = entry.clone();
        self.name().clone_into(&mut entry.estate);
        let clamp = is_clamp(service, &entry);
        if let Some(saved) = entry.service.as_mut()
            && service.desired != 0
            && service.desired != saved.count
            && !clamp
        {
            saved.replaced = Some(saved.replaced.unwrap_or(saved.count));
            saved.count = service.desired;
        }
        entry
    }

    /// What keeps a resource of this kind awake: what rests on it and still runs, and tasks of no
    /// service.
    fn what_still_runs(&self, kind: Kind) -> Option<Cause> {
        let snapshot = self.view.snapshot;
        let above: Vec<Kind> = kind::before(self.order.iter(), kind).collect();
        if above.is_empty() {
            return None;
        }
        let awake: Vec<String> = snapshot
            .in_order(self.order.iter())
            .filter(|resource| above.contains(&resource.kind()) && resource.runs())
            .filter(|resource| {
                self.view.has(*resource) || self.view.open_entry(resource.arn()).is_some()
            })
            .map(|resource| resource.name().to_owned())
            .collect();
        if !awake.is_empty() {
            return Some(Cause::ServicesAwake { services: awake });
        }
        // Each answer of AWS may be some seconds old, and two that are not equally old miss a task that
        // stops in between. So what rests on it has to have been seen asleep at an earlier look.
        let falls_asleep = |chain: &Chain| {
            let mut steps = chain.steps.iter();
            steps.any(|step| matches!(step, Step::Save(entry) if entry.stage == Stage::Asleep))
        };
        let mut chains = self.chains.iter();
        if chains.any(|chain| above.contains(&chain.kind) && falls_asleep(chain)) {
            return Some(Cause::JustChanged);
        }
        if let Some(failure) = snapshot.unread.first() {
            let code = failure.code.clone();
            return Some(Cause::Unreadable { code });
        }
        self.view.sleeper.sleep.cluster.as_ref()?;
        match &snapshot.tasks {
            None => Some(Cause::JustChanged),
            Some(tasks) if tasks.of_services > 0 => Some(Cause::Draining {
                tasks: tasks.of_services,
            }),
            Some(tasks) if !tasks.standalone.is_empty() => Some(Cause::StandaloneTasks {
                groups: tasks.standalone.clone(),
            }),
            Some(_) => None,
        }
    }

    fn put_database_to_sleep(&mut self, database: &Database) {
        let row = self.database_row(database);
        let entry = self.view.open_entry(&database.arn);
        let woken = entry.is_none() && !database.state.is_down() && self.was_woken(&database.arn);
        if self.is_owned(&row, self.view.entry(&database.arn)) {
            return;
        }
        if let Some(never) = database.never.filter(|_| !database.state.is_down()) {
            self.tell_of_never(database, never);
            if let Some(entry) = entry.filter(|_| database.state.is_usable()) {
                return self.close(&database.arn, entry, row);
            }
            return self.leave(row, Cause::Never { never });
        }
        match (entry, database.state) {
            (_, DatabaseState::Deleting) | (None, DatabaseState::Stopped) => self.rest(row),
            (_, DatabaseState::Stopping) => {
                let status = database.status.clone();
                self.wait(row, Cause::Status { status });
            }
            (Some(entry), DatabaseState::Stopped) => {
                let mut asleep = self.at_stage(entry, Stage::Asleep);
                if let Some(saved) = asleep.database.as_mut() {
                    saved.restart_at = database.restart_at.or(saved.restart_at);
                }
                self.dues.push(restart(&asleep));
                if asleep != *entry {
                    self.steps(
                        &database.arn,
                        database.kind,
                        vec![Step::Save(Box::new(asleep))],
                    );
                }
                self.rest(row);
            }
            (entry, _) => self.stop_database(database, entry, woken),
        }
    }

    /// A database that is up, or on its way up, in sleeping hours.
    fn stop_database(&mut self, database: &Database, entry: Option<&Entry>, woken: bool) {
        let row = self.database_row(database);
        if entry.is_none() {
            if let Some(cause) = self.claimed_by_another(&database.arn) {
                return self.leave(row, cause);
            }
            if database.tag.as_deref() != Some(self.name()) {
                self.tell_of_no_consent(&database.arn, database.tag.as_ref(), false);
                let found = database.tag.clone();
                return self.leave(row, Cause::NoConsent { found });
            }
        }
        let woken_by_somebody = match entry {
            Some(entry) if entry.stage == Stage::Asleep => {
                let by_aws = restart(entry)
                    .saturating_sub(RESTART_MARGIN)
                    .is_ok_and(|at| at <= self.now);
                if by_aws {
                    let resource = database.name.clone();
                    self.matters.tell(
                        &format!("restarted/{}", database.arn),
                        SignedDuration::ZERO,
                        |_| News::RestartedByAws { resource },
                    );
                }
                !by_aws
            }
            Some(_) => false,
            None => woken,
        };
        if woken_by_somebody && let Grace::Until(until) = self.grace_of_a_hand(&database.arn, None)
        {
            return self.wait(row, Cause::Grace { until });
        }
        if let Some(cause) = self.what_still_runs(database.kind) {
            return self.wait(row, cause);
        }
        if !database.state.is_stoppable() {
            let status = database.status.clone();
            let cause = if database.state == DatabaseState::Broken {
                Cause::Broken { status }
            } else {
                Cause::Status { status }
            };
            return self.wait(row, cause);
        }
        let mut saved = entry.map_or_else(
            || self.new_entry(&database.arn, database.kind),
            |entry| self.at_stage(entry, Stage::ToSleep),
        );
        // When AWS starts it next is told anew once it has stopped.
        saved.database = Some(SavedDatabase {
            restart_at: None,
            sizing: database.sizing.clone(),
        });
        let mut steps = Vec::new();
        if entry != Some(&saved) {
            steps.push(Step::Save(Box::new(saved)));
        }
        steps.push(Step::Stop);
        self.steps(&database.arn, database.kind, steps);
        self.wait(row, Cause::JustChanged);
    }

    /// Whether somebody woke what is not in the ledger as asleep: the night had fallen when it was
    /// first seen awake. What has been up since bedtime, for its rollout or for a task that holds
    /// it, was woken by nobody.
    fn was_woken(&mut self, arn: &Arn) -> bool {
        let key = format!("up/{}", short(arn));
        if self.night_has_fallen() && !self.matters.is_known(&key) {
            return true;
        }
        self.matters.note(&key);
        false
    }

    /// The estate was asleep, or should have been for longer than the grace.
    fn night_has_fallen(&self) -> bool {
        match self.record.phase {
            Phase::Asleep => true,
            Phase::ToSleep => self.now > self.grace_ends(self.record.since),
            Phase::Awake
            | Phase::ToWake
            | Phase::Day
            | Phase::ToNight
            | Phase::Night
            | Phase::ToDay => false,
        }
    }

    fn grace_ends(&self, since: Timestamp) -> Timestamp {
        since
            .saturating_add(self.view.sleeper.sleep.grace.get())
            .unwrap_or(since)
    }

    /// What somebody woke is reported with the command that keeps it awake, and left alone for the
    /// grace.
    fn grace_of_a_hand(&mut self, arn: &Arn, count: Option<u32>) -> Grace {
        let key = format!("hand/{}", short(arn));
        let first_seen = self.matters.note(&key);
        let until = self.grace_ends(first_seen);
        self.matters
            .tell(&key, SignedDuration::ZERO, |since| News::AwakeByHand {
                resource: arn.name().to_owned(),
                count,
                since,
                until,
            });
        self.grace_until(until)
    }

    /// What registering the target left behind is nobody's wish. Still it is not taken away at
    /// once: somebody is at work there.
    fn grace_of_a_clamp(&mut self, service: &Service, saved: u32) -> Grace {
        let key = format!("clamp/{}", service.arn);
        let first_seen = self.matters.note(&key);
        let (count, resource) = (service.desired, service.name.clone());
        self.matters
            .tell(&key, SignedDuration::ZERO, |_| News::Clamped {
                resource,
                count,
                saved,
            });
        self.grace_until(self.grace_ends(first_seen))
    }

    fn grace_until(&mut self, until: Timestamp) -> Grace {
        if until <= self.now {
            Grace::Over
        } else {
            self.dues.push(until);
            Grace::Until(until)
        }
    }

    /// Whether the service is left awake for a rollout that is not complete.
    fn has_its_rollout(&mut self, service: &Service) -> bool {
        if !service.is_rolling_out() || self.rollout_may_be_ended(service) {
            return false;
        }
        let since = self.matters.note(&format!("rollout/{}", service.arn));
        let until = self.grace_ends(since);
        let deployment = deployment_id(service);
        let row = self.service_row(service);
        self.wait(row, Cause::Rollout { deployment, until });
        true
    }

    /// An unfinished rollout has its grace; that it is ended is told before it is done.
    fn rollout_may_be_ended(&mut self, service: &Service) -> bool {
        let since = self.matters.note(&format!("rollout/{}", service.arn));
        if self.grace_ends(since) > self.now {
            return false;
        }
        let key = format!("rollout-ends/{}", service.arn);
        let (name, deployment) = (service.name.clone(), deployment_id(service));
        self.matters
            .tell(&key, SignedDuration::ZERO, |_| News::RolloutEnded {
                service: name,
                deployment,
            });
        self.matters.is_told(&key)
    }

    fn tell_of_never(&mut self, database: &Database, never: nightshift::kind::Never) {
        let prices = self.view.sleeper.prices.as_ref();
        let hourly = prices.and_then(|prices| {
            money::database_hour(&database.sizing, prices).map(|hour| money::money(hour, prices))
        });
        let resource = database.name.clone();
        self.matters.tell(
            &format!("never/{}", database.arn),
            SignedDuration::ZERO,
            |_| News::NeverStops {
                resource,
                never,
                hourly,
            },
        );
    }

    /// Another estate holds, or may hold, the resource.
    fn claimed_by_another(&self, arn: &Arn) -> Option<Cause> {
        let rivalry = self.view.rivals.get(arn)?;
        let ours = rivalry.keeper.as_deref() == Some(self.name());
        (!ours).then(|| Cause::Claimed {
            estates: rivalry.estates.clone(),
        })
    }
}

/// When AWS starts the database by itself: as AWS told it, else seven days after it was stopped.
fn restart(entry: &Entry) -> Timestamp {
    entry
        .database
        .as_ref()
        .and_then(|saved| saved.restart_at)
        .or_else(|| entry.since.checked_add(RESTARTED_AFTER).ok())
        .unwrap_or(Timestamp::MAX)
}

/// Whether the count is what registering the target leaves behind: its minimum, or the bound next
/// to what was saved, and not what was saved. Nobody wished it, so it replaces nothing.
pub(super) fn is_clamp(service: &Service, entry: &Entry) -> bool {
    let Some(saved) = entry.service.as_ref().map(|saved| saved.count) else {
        return false;
    };
    saved > 0
        && saved != service.desired
        && service.target.as_ref().is_some_and(|target| {
            let bounds = target.bounds;
            [bounds.min, bounds.clamp(saved)].contains(&service.desired)
        })
}

/// Whether the saved count was seen running since waking began: a 0 is then a person's.
pub(super) fn is_counted(entry: &Entry) -> bool {
    entry.stage == Stage::ToWake && entry.service.as_ref().is_some_and(|saved| saved.counted)
}

fn deployment_id(service: &Service) -> String {
    service
        .deployment
        .as_ref()
        .map(|deployment| deployment.id.clone())
        .unwrap_or_default()
}
