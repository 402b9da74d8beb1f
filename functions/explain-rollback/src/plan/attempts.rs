//! Which deployments there are and how far each is, whatever event came first. The service
//! deployments API is the truth; where it is silent, `DescribeServices` and what is remembered are.

mod blue_green;
mod described;
mod history;

use std::collections::BTreeSet;

use jiff::Timestamp;
use nightshift::{ledger::rollout::Chapter, report::rollback::Back};

use crate::{
    changes::Version,
    snapshot::{CodeDeployment, Controller, Snapshot, StoppedTask},
};

/// A deployment that may fail.
#[derive(Clone, Debug)]
pub struct Attempt<'a> {
    /// What it is called: the id that its tasks name.
    pub id: String,
    /// Everything by which it goes.
    pub ids: BTreeSet<String>,
    /// The deployment that takes it back.
    pub taken_back_by: Option<String>,
    /// The service deployment's ARN.
    pub arn: Option<&'a str>,
    /// How far it is.
    pub phase: Phase,
    /// Whether a person stopped it or asked to roll it back.
    pub by_person: bool,
    /// What takes it back.
    pub back: Back,
    /// When it began.
    pub started: Option<Timestamp>,
    /// When it was given up.
    pub failed: Option<Timestamp>,
    /// When taking it back began.
    pub turned: Option<Timestamp>,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// How many of its tasks failed, as ECS counts.
    pub failed_tasks: u32,
    /// At how many the circuit breaker gives up.
    pub threshold: Option<u32>,
    /// Whether the circuit breaker gave up.
    pub broke: bool,
    /// The alarms that gave it up.
    pub alarms: Vec<String>,
    /// What ECS or `CodeDeploy` says of it.
    pub reason: Option<&'a str>,
    /// What is deployed.
    pub version: Version<'a>,
    /// What was there before.
    pub before: Option<Version<'a>>,
    /// `CodeDeploy`'s side of it.
    pub codedeploy: Option<&'a CodeDeployment>,
    /// The deployment that took its place.
    pub successor: Option<String>,
    /// Other deployments: their tasks are not this one's.
    pub others: BTreeSet<String>,
}

/// How far a deployment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Under way.
    Underway,
    /// Given up.
    Failed,
    /// The former version is being restored.
    RollingBack,
    /// The former version is restored.
    RolledBack,
    /// Restoring failed.
    RollbackFailed,
    /// Complete.
    Succeeded,
    /// A newer one took its place.
    Superseded,
    /// A person stopped it.
    Stopped,
}

/// All deployments that are known, oldest first.
#[must_use]
pub fn attempts<'a>(snapshot: &'a Snapshot, chapters: &[Chapter]) -> Vec<Attempt<'a>> {
    let mut all = match (snapshot.service.controller, &snapshot.history) {
        (Controller::CodeDeploy, _) => blue_green::attempts(snapshot),
        (_, Some(history)) if !history.is_empty() => history::attempts(snapshot, history),
        _ => described::attempts(snapshot, chapters),
    };
    all.sort_by_key(|attempt| attempt.started);
    let described = snapshot.service.deployments.iter().map(|it| it.id.clone());
    let known: BTreeSet<String> = all
        .iter()
        .flat_map(|it| it.ids.iter().cloned())
        .chain(described)
        .collect();
    for attempt in &mut all {
        let mut chapters = chapters.iter().rev();
        if let Some(chapter) = chapters.find(|it| !it.ids.is_disjoint(&attempt.ids)) {
            attempt.ids.extend(chapter.ids.iter().cloned());
            let before = chapter.taken_back_by.clone();
            attempt.taken_back_by = attempt.taken_back_by.take().or(before);
        }
        attempt.others = known.difference(&attempt.ids).cloned().collect();
        if attempt.version.name.is_none() {
            // AWS shows it no more, but its tasks still say what they were made of.
            let made_of = attempt
                .tasks(snapshot)
                .find_map(|it| it.task_definition.as_deref());
            let version = made_of.map(|name| Version::of_definition(snapshot, name));
            attempt.version = version.unwrap_or_default();
        }
        let died = attempt.tasks(snapshot).count();
        let died = u32::try_from(died).unwrap_or(u32::MAX);
        attempt.failed_tasks = attempt.failed_tasks.max(died);
    }
    all
}

impl Attempt<'_> {
    /// A deployment under way of which nothing else is known.
    fn new(id: String) -> Self {
        Self {
            ids: BTreeSet::from([id.clone()]),
            id,
            taken_back_by: None,
            arn: None,
            phase: Phase::Underway,
            by_person: false,
            back: Back::NotConfigured,
            started: None,
            failed: None,
            turned: None,
            ended: None,
            failed_tasks: 0,
            threshold: None,
            broke: false,
            alarms: Vec::new(),
            reason: None,
            version: Version::default(),
            before: None,
            codedeploy: None,
            successor: None,
            others: BTreeSet::new(),
        }
    }

    /// The tasks of this deployment that died of something. Those of another deployment, or of the
    /// way back, are not among them; where it is not known who started a task, its time and task
    /// definition decide.
    pub fn tasks<'s>(&self, snapshot: &'s Snapshot) -> impl Iterator<Item = &'s StoppedTask> {
        let dead = snapshot.stopped.iter();
        dead.filter(|task| task.is_failure() && self.started_task(task))
    }

    /// The tasks of the deployment that takes this one back that died of something.
    pub fn tasks_of_the_way_back<'s>(
        &self,
        snapshot: &'s Snapshot,
    ) -> impl Iterator<Item = &'s StoppedTask> {
        let way = self.taken_back_by.as_ref();
        let dead = snapshot.stopped.iter();
        dead.filter(move |task| {
            task.is_failure() && way.is_some() && task.started_by.as_ref() == way
        })
    }

    fn started_task(&self, task: &StoppedTask) -> bool {
        if let Some(starter) = &task.started_by {
            if self.taken_back_by.as_ref() == Some(starter) || self.others.contains(starter) {
                return false;
            }
            if self.ids.contains(starter) {
                return true;
            }
        }
        let began = task.created.or(task.started).or(task.stopped);
        let in_time = match (began, self.started) {
            (Some(began), Some(started)) => {
                began >= started && self.failed.is_none_or(|failed| began <= failed)
            }
            _ => false,
        };
        let name = |arn: &str| arn.rsplit('/').next().map(str::to_owned);
        let same = match (task.task_definition.as_deref(), self.version.name) {
            (Some(task), Some(ours)) => name(task) == name(ours),
            _ => true,
        };
        in_time && same
    }

    /// Whether it failed, or is being taken back, as far as AWS says.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        matches!(
            self.phase,
            Phase::Failed | Phase::RollingBack | Phase::RolledBack | Phase::RollbackFailed
        )
    }

    /// The last instant that is known of it.
    #[must_use]
    pub fn last(&self) -> Option<Timestamp> {
        let instants = [self.ended, self.turned, self.failed, self.started];
        instants.into_iter().flatten().max()
    }
}

/// What the service's configuration says of failed deployments.
fn configured(snapshot: &Snapshot) -> Back {
    let service = &snapshot.service;
    let breaker = service.breaker.enabled && service.breaker.rollback;
    let alarms = service.alarms.enabled && service.alarms.rollback;
    if breaker || alarms {
        Back::ByItself
    } else {
        Back::NotConfigured
    }
}

/// Whether a reason is a failure's, in ECS's words: `ECS deployment circuit breaker: …`, `Service
/// deployment rolled back because the circuit breaker threshold was exceeded.`, `… because of
/// invalid networking configuration: …`.
fn tells_a_failure(reason: &str) -> bool {
    let reason = reason.to_ascii_lowercase();
    [
        "circuit breaker",
        "alarm",
        "because of invalid",
        "hook",
        "failed",
    ]
    .iter()
    .any(|words| reason.contains(words))
}
