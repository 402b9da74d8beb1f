//! What ECS keeps: services, their deployments and tasks, and task definitions.

use std::ops::RangeInclusive;

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::{
    call::Tags,
    services::ecs::{Container, DeploymentAlarms, Flaw, Release, Revision},
};

/// What becomes of the tasks of a task definition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fate {
    /// They run.
    #[default]
    Healthy,
    /// They exit soon after they are RUNNING.
    Crashes,
    /// Their image cannot be pulled.
    FailsToStart,
    /// They run, but their health check fails, and they are replaced after minutes.
    Unhealthy,
}

/// Who deploys a service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Controller {
    /// ECS itself, by rolling update.
    #[default]
    Ecs,
    /// `CodeDeploy`: task sets instead of deployments, and no rollout state.
    CodeDeploy,
}

/// The deployment circuit breaker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Breaker {
    /// A failing deployment is tried for ever.
    #[default]
    Off,
    /// A failing deployment becomes FAILED.
    Fails,
    /// A failing deployment becomes FAILED and is rolled back.
    RollsBack,
}

/// How far a deployment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rollout {
    /// Under way.
    InProgress,
    /// Steady.
    Completed,
    /// Given up by the circuit breaker.
    Failed,
}

/// Whether a service is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It is.
    Active,
    /// It was deleted, and its tasks are being stopped.
    Draining,
    /// It was deleted.
    Inactive,
}

/// A deployment of a service, or a task set of one that `CodeDeploy` deploys.
#[derive(Clone, Debug, PartialEq)]
pub struct Deployment {
    /// `ecs-svc/` and nineteen digits.
    pub id: String,
    /// Whether it is PRIMARY; ACTIVE otherwise.
    pub primary: bool,
    /// The ARN of its task definition.
    pub task_definition: String,
    /// How far it is.
    pub rollout: Rollout,
    /// What `rolloutStateReason` says.
    pub reason: String,
    /// How many of its tasks failed since one was well.
    pub failed_tasks: u32,
    /// When it began.
    pub created_at: Timestamp,
    /// When it changed last.
    pub updated_at: Timestamp,
    /// Whether it failed with nothing to roll back to: it starts no more tasks and stays
    /// `IN_PROGRESS`.
    pub stalled: bool,
    /// The ARN of the service deployment that it belongs to.
    pub(super) release: String,
    /// The ARN of the service revision that its tasks are of.
    pub(super) revision: String,
    /// The target group of a task set, where it is not the service's.
    pub(super) group: Option<String>,
    /// The deployment of `CodeDeploy` that made a task set; none for the one that was there before.
    pub(super) external: Option<String>,
    /// How many of its tasks in a row never ran.
    pub(super) failed_starts: u32,
    /// The instant before which no task is started, after such failures.
    pub(super) next_start: Option<Timestamp>,
}

/// A deployment that may be rolled back to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Completed {
    pub(super) id: String,
    pub(super) task_definition: String,
    pub(super) revision: String,
}

/// What stands before a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Balancer {
    /// The ARN of the target group.
    pub group: String,
    /// The name of the container that it sends to.
    pub container: String,
    /// Its port.
    pub port: u16,
}

/// A service.
#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct Service {
    /// Its ARN.
    pub arn: String,
    /// The cluster's name.
    pub cluster: String,
    /// Its name.
    pub name: String,
    /// Whether it is there.
    pub status: Status,
    /// How many tasks are asked for.
    pub desired: u32,
    /// Its tags.
    pub tags: Tags,
    /// Its deployments, the PRIMARY one first.
    pub deployments: Vec<Deployment>,
    /// Its service deployments of ninety days, the last one first.
    pub releases: Vec<Release>,
    /// The service revisions that these speak of, the last one first.
    pub revisions: Vec<Revision>,
    /// Its tasks, the oldest first, also those that stopped within the hour.
    pub tasks: Vec<Task>,
    /// Who deploys it.
    pub controller: Controller,
    /// Whether it runs one task for each container instance.
    pub daemon: bool,
    /// Its circuit breaker.
    pub breaker: Breaker,
    /// The alarms that fail its deployments.
    pub alarms: DeploymentAlarms,
    /// Whether a load balancer stands before it: tasks are deregistered before they stop.
    pub load_balanced: bool,
    /// The target groups that its tasks are registered with.
    pub balancers: Vec<Balancer>,
    /// For how many seconds a new task's health is not looked at.
    pub grace: Option<u32>,
    /// Its network configuration as it was given, `null` if none was.
    pub network: Value,
    /// Whether its containers have health checks.
    pub health_checked: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// The texts of its events with their instants, the last one first.
    pub events: Vec<(Timestamp, String)>,
    pub(super) deleted_at: Option<Timestamp>,
    pub(super) last_completed: Option<Completed>,
    /// How many failed pulls of an image the circuit breaker counts at most: it was seen to stop there.
    pub(super) pulls_counted: Option<u32>,
    pub(super) steady: bool,
    pub(super) steady_due: bool,
}

impl Service {
    /// The PRIMARY deployment.
    #[must_use]
    pub fn primary(&self) -> Option<&Deployment> {
        self.deployments
            .iter()
            .find(|deployment| deployment.primary)
    }

    /// The ARN of its task definition.
    #[must_use]
    pub fn task_definition(&self) -> &str {
        self.primary()
            .map_or("", |deployment| deployment.task_definition.as_str())
    }

    /// How many of its tasks are RUNNING and not told to stop.
    // The API says "the number of tasks in the cluster that are in the RUNNING state"; a task that
    // drains has left it. https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Service.html
    #[must_use]
    pub fn running(&self) -> u32 {
        self.count(Task::is_running)
    }

    /// How many of its tasks are on their way to RUNNING.
    #[must_use]
    pub fn pending(&self) -> u32 {
        self.count(Task::is_pending)
    }

    /// How many of its tasks are not STOPPED: those that drain too.
    #[must_use]
    pub fn live(&self) -> u32 {
        self.count(Task::is_live)
    }

    fn count(&self, which: fn(&Task) -> bool) -> u32 {
        let count = self.tasks.iter().filter(|task| which(task)).count();
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// Whether it is neither deleted nor being deleted.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.status == Status::Active
    }

    /// Whether a deployment is under way.
    #[must_use]
    pub fn is_rolling_out(&self) -> bool {
        self.primary()
            .is_some_and(|deployment| deployment.rollout == Rollout::InProgress)
    }

    /// What Application Auto Scaling calls it: `service/<cluster>/<name>`.
    #[must_use]
    pub fn resource_id(&self) -> String {
        format!("service/{}/{}", self.cluster, self.name)
    }

    pub(super) fn primary_mut(&mut self) -> Option<&mut Deployment> {
        self.deployments
            .iter_mut()
            .find(|deployment| deployment.primary)
    }

    pub(super) fn release_mut(&mut self, arn: &str) -> Option<&mut Release> {
        self.releases.iter_mut().find(|release| release.arn == arn)
    }
}

/// Where a task is in its life.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "AWS's own names")]
pub enum Last {
    Provisioning,
    Pending,
    Running,
    Deactivating,
    Stopping,
    Stopped,
}

/// What a task's health check says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "AWS's own names")]
pub enum Health {
    Unknown,
    Healthy,
    Unhealthy,
}

/// A task.
#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct Task {
    /// Its ARN.
    pub arn: String,
    /// The cluster's name.
    pub cluster: String,
    /// The ARN of its task definition.
    pub task_definition: String,
    /// `service:<name>` or `family:<family>`, or what the caller gave.
    pub group: String,
    /// `ecs-svc/…`, or what the caller gave.
    pub started_by: Option<String>,
    /// Whether it is to run; false is the desired status STOPPED.
    pub wanted: bool,
    /// Where it is.
    pub last: Last,
    /// What its health check says.
    pub health: Health,
    /// Its tags.
    pub tags: Tags,
    /// The overrides that it was started with, as `RunTask` takes them.
    pub overrides: Value,
    /// Its CPU units.
    pub cpu: u32,
    /// Its memory in MiB.
    pub memory: u32,
    /// Whether it runs on ARM.
    pub arm: bool,
    /// Its containers.
    pub containers: Vec<Container>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was RUNNING.
    pub started_at: Option<Timestamp>,
    /// When it was told to stop.
    pub stopping_at: Option<Timestamp>,
    /// When it was STOPPED.
    pub stopped_at: Option<Timestamp>,
    /// Why it stopped, in one word.
    pub stop_code: Option<&'static str>,
    /// Why it stopped.
    pub stopped_reason: Option<String>,
    /// How often it changed.
    pub version: u32,
    /// What becomes of it.
    pub fate: Fate,
    /// What is wrong with it.
    pub flaw: Option<Flaw>,
    /// The subnet that its network interface is in, if its service was given any.
    pub(super) subnet: Option<String>,
    /// The name of the role that it is started with.
    pub(super) execution_role: String,
    /// How long it runs by itself, in seconds; for ever if none.
    pub(super) lasting: Option<RangeInclusive<u64>>,
    /// The deployment that counts it: not the one that started it after a rollback.
    pub(super) deployment: Option<String>,
    /// Whether it has run well.
    pub(super) settled: bool,
    pub(super) health_checked: bool,
    pub(super) load_balanced: bool,
}

impl Task {
    /// Whether it is not STOPPED.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.last != Last::Stopped
    }

    /// Whether it is RUNNING and not told to stop.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.wanted && self.last == Last::Running
    }

    /// Whether it is on its way to RUNNING.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        self.wanted && matches!(self.last, Last::Provisioning | Last::Pending)
    }
}

/// A revision of a task definition.
#[derive(Clone, Debug)]
pub struct TaskDefinition {
    /// Its ARN.
    pub arn: String,
    /// Its family.
    pub family: String,
    /// Its revision, from 1.
    pub revision: usize,
    /// The CPU units of a task.
    pub cpu: u32,
    /// The memory of a task in MiB.
    pub memory: u32,
    /// Whether its tasks run on ARM.
    pub arm: bool,
    /// Its containers, as they were registered.
    pub containers: Vec<Value>,
    /// What else it was registered with: roles, volumes.
    pub more: Map<String, Value>,
    /// What becomes of its tasks.
    pub fate: Fate,
    /// Its tags.
    pub tags: Tags,
    /// When it was registered.
    pub registered_at: Timestamp,
}
