//! What ECS keeps: services, their deployments and tasks, and task definitions.

use std::ops::RangeInclusive;

use jiff::Timestamp;
use serde_json::Value;

use crate::call::Tags;

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
    /// How many of its tasks in a row never ran.
    pub(super) failed_starts: u32,
    /// The instant before which no task is started, after such failures.
    pub(super) next_start: Option<Timestamp>,
}

/// An entry of the service's history: what the API calls a service deployment.
#[derive(Clone, Debug, PartialEq)]
pub struct Release {
    /// Its ARN.
    pub arn: String,
    /// The ARN of the service revision that it brings.
    pub revision: String,
    /// Where it stands: `IN_PROGRESS`, `SUCCESSFUL`, `ROLLBACK_SUCCESSFUL`, ….
    pub status: &'static str,
    /// Why.
    pub reason: Option<String>,
    /// When it began.
    pub created_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// When it was rolled back, why, and to which service revision.
    pub rollback: Option<(Timestamp, String, String)>,
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
    /// The deployments that it ever had, the last one first.
    pub releases: Vec<Release>,
    /// Its tasks, the oldest first, also those that stopped within the hour.
    pub tasks: Vec<Task>,
    /// Who deploys it.
    pub controller: Controller,
    /// Whether it runs one task for each container instance.
    pub daemon: bool,
    /// Its circuit breaker.
    pub breaker: Breaker,
    /// Whether a load balancer stands before it: tasks are deregistered before they stop.
    pub load_balanced: bool,
    /// Whether its containers have health checks.
    pub health_checked: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// The texts of its events with their instants, the last one first.
    pub events: Vec<(Timestamp, String)>,
    pub(super) deleted_at: Option<Timestamp>,
    /// The id and the task definition of the deployment that may be rolled back to.
    pub(super) last_completed: Option<(String, String)>,
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
    /// The name of its container.
    pub container: String,
    /// The image of its container.
    pub image: String,
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
    /// What its container exited with.
    pub exit_code: Option<u8>,
    /// How often it changed.
    pub version: u32,
    /// What becomes of it.
    pub fate: Fate,
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
    /// What becomes of its tasks.
    pub fate: Fate,
    /// Its tags.
    pub tags: Tags,
    /// When it was registered.
    pub registered_at: Timestamp,
}

/// A service to be made.
#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct NewService {
    /// The cluster's name.
    pub cluster: String,
    /// Its name, which is its family's too.
    pub name: String,
    /// How many tasks are asked for.
    pub desired: u32,
    /// Its tags.
    pub tags: Tags,
    /// Who deploys it.
    pub controller: Controller,
    /// Whether it runs one task for each container instance: then `desired` is how many there are.
    pub daemon: bool,
    /// Its circuit breaker.
    pub breaker: Breaker,
    /// Whether a load balancer stands before it.
    pub load_balanced: bool,
    /// Whether its containers have health checks.
    pub health_checked: bool,
    /// The CPU units of a task.
    pub cpu: u32,
    /// The memory of a task in MiB.
    pub memory: u32,
    /// Whether its tasks run on ARM.
    pub arm: bool,
    /// What becomes of its tasks.
    pub fate: Fate,
    /// Whether its tasks run already and its deployment is COMPLETED; otherwise it begins as
    /// after `CreateService`.
    pub steady: bool,
}

impl NewService {
    /// A steady service of one task of a quarter vCPU and half a GB, with a circuit breaker that
    /// rolls back and a health check.
    #[must_use]
    pub fn new(cluster: &str, name: &str) -> Self {
        Self {
            cluster: cluster.to_owned(),
            name: name.to_owned(),
            desired: 1,
            tags: Tags::new(),
            controller: Controller::Ecs,
            daemon: false,
            breaker: Breaker::RollsBack,
            load_balanced: false,
            health_checked: true,
            cpu: 256,
            memory: 512,
            arm: false,
            fate: Fate::Healthy,
            steady: true,
        }
    }

    /// With so many tasks.
    #[must_use]
    pub fn count(self, desired: u32) -> Self {
        Self { desired, ..self }
    }

    /// With a tag more.
    #[must_use]
    pub fn tag(mut self, key: &str, value: &str) -> Self {
        self.tags.insert(key.to_owned(), value.to_owned());
        self
    }

    /// With these tags more.
    #[must_use]
    pub fn tags(mut self, tags: &Tags) -> Self {
        let more = tags.iter().map(|(key, value)| (key.clone(), value.clone()));
        self.tags.extend(more);
        self
    }

    /// With a circuit breaker that rolls back, or with none.
    #[must_use]
    pub fn circuit_breaker(self, on: bool) -> Self {
        self.breaker(if on { Breaker::RollsBack } else { Breaker::Off })
    }

    /// With this circuit breaker.
    #[must_use]
    pub fn breaker(self, breaker: Breaker) -> Self {
        Self { breaker, ..self }
    }

    /// Deployed by `CodeDeploy`.
    #[must_use]
    pub fn code_deploy(self) -> Self {
        Self {
            controller: Controller::CodeDeploy,
            breaker: Breaker::Off,
            ..self
        }
    }

    /// One task for each of so many container instances.
    #[must_use]
    pub fn daemon(self, instances: u32) -> Self {
        Self {
            daemon: true,
            desired: instances,
            ..self
        }
    }

    /// Behind a load balancer.
    #[must_use]
    pub fn load_balanced(self) -> Self {
        Self {
            load_balanced: true,
            ..self
        }
    }

    /// Without a health check: its tasks' health stays UNKNOWN.
    #[must_use]
    pub fn without_health_check(self) -> Self {
        Self {
            health_checked: false,
            ..self
        }
    }

    /// With tasks of so many CPU units and MiB.
    #[must_use]
    pub fn size(self, cpu: u32, memory: u32) -> Self {
        Self {
            cpu,
            memory,
            ..self
        }
    }

    /// On ARM.
    #[must_use]
    pub fn arm(self) -> Self {
        Self { arm: true, ..self }
    }

    /// With this fate, beginning with no task.
    #[must_use]
    pub fn beginning(self, fate: Fate) -> Self {
        Self {
            fate,
            steady: false,
            ..self
        }
    }
}
