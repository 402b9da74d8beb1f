//! Deployments, as `DescribeServices` shows them, as the service deployments API tells their
//! history, and as `CodeDeploy` does.

use jiff::Timestamp;

/// A deployment of `DescribeServices`, or a task set where `CodeDeploy` deploys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deployment {
    /// Its id, `ecs-svc/…`: the tasks' `startedBy`.
    pub id: String,
    /// `PRIMARY`, `ACTIVE`, `DRAINING` or `INACTIVE`.
    pub status: String,
    /// How far it is; none where ECS keeps no state.
    pub rollout: Option<RolloutState>,
    /// Why.
    pub reason: Option<String>,
    /// Its task definition.
    pub task_definition: Option<String>,
    /// How many tasks are asked for.
    pub desired: u32,
    /// How many are RUNNING.
    pub running: u32,
    /// How many failed in a row.
    pub failed: u32,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// When it last changed.
    pub updated: Option<Timestamp>,
    /// `CodeDeploy`'s deployment that made it, for a task set.
    pub external: Option<String>,
}

/// How far a deployment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RolloutState {
    /// Under way.
    InProgress,
    /// Steady.
    Completed,
    /// Given up.
    Failed,
}

impl Deployment {
    /// Whether it is the one that should be running.
    #[must_use]
    pub fn is_primary(&self) -> bool {
        self.status == "PRIMARY"
    }

    /// Whether it takes the place of one that failed. The words are `ECS deployment circuit breaker:
    /// rolling back to deploymentId ecs-svc/….`; what stands before `rolling back` differs for alarms.
    /// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service_deployment_events.html>
    #[must_use]
    pub fn rolls_back(&self) -> bool {
        let reason = self.reason.as_deref();
        reason.is_some_and(|reason| find(reason, "rolling back").is_some())
    }
}

/// Where words stand in a text, whatever their case.
fn find(text: &str, words: &str) -> Option<usize> {
    text.to_ascii_lowercase().find(words)
}

/// The deployment circuit breaker's configuration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Breaker {
    /// Whether it is on.
    pub enabled: bool,
    /// Whether it rolls back.
    pub rollback: bool,
}

/// The deployment alarms' configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Alarms {
    /// Whether they are on.
    pub enabled: bool,
    /// Whether they roll back.
    pub rollback: bool,
    /// Their names.
    pub names: Vec<String>,
}

/// A service deployment: what ECS remembers for 90 days, and the truth about rollbacks.
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceDeployment.html>
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ServiceDeployment {
    /// Its ARN.
    pub arn: String,
    /// How far it is.
    pub status: Status,
    /// Why.
    pub reason: Option<String>,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// When it began.
    pub started: Option<Timestamp>,
    /// When it ended.
    pub finished: Option<Timestamp>,
    /// When it was stopped.
    pub stopped: Option<Timestamp>,
    /// The revisions that were running before.
    pub sources: Vec<String>,
    /// The revision that is deployed.
    pub target: Option<String>,
    /// What its circuit breaker says.
    pub breaker: Option<Gate>,
    /// Its rollback, once there is one.
    pub rollback: Option<Way>,
    /// The alarms that went to ALARM.
    pub triggered: Vec<String>,
}

/// How far a service deployment is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Status {
    /// Not begun.
    #[default]
    Pending,
    /// Under way.
    InProgress,
    /// A stop was asked for.
    StopRequested,
    /// Stopped: by a person, by a newer one, or by a failure where rollback is off.
    Stopped,
    /// A rollback was asked for.
    RollbackRequested,
    /// The former revision is being restored.
    RollbackInProgress,
    /// The former revision is restored.
    RollbackSuccessful,
    /// Restoring failed.
    RollbackFailed,
    /// Complete.
    Successful,
    /// A status that this release does not know.
    Unknown,
}

/// What a service deployment's circuit breaker says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gate {
    /// How many tasks failed.
    pub failed: u32,
    /// At how many it gives up.
    pub threshold: Option<u32>,
    /// Whether it gave up: TRIGGERED.
    pub triggered: bool,
}

/// A service deployment's rollback.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Way {
    /// Why.
    pub reason: Option<String>,
    /// When it began.
    pub started: Option<Timestamp>,
    /// The revision that is restored.
    pub revision: Option<String>,
}

/// A deployment of `CodeDeploy`.
/// <https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_DeploymentInfo.html>
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CodeDeployment {
    /// Its id, `d-…`.
    pub id: String,
    /// `Created`, `Queued`, `InProgress`, `Baking`, `Ready`, `Succeeded`, `Failed`, `Stopped`.
    pub status: String,
    /// Its error's code.
    pub code: Option<String>,
    /// Its error's words.
    pub message: Option<String>,
    /// The deployment that took it back.
    pub rolled_back_by: Option<String>,
    /// The deployment that this one takes back.
    pub takes_back: Option<String>,
    /// What `CodeDeploy` says of taking it back.
    pub rollback_message: Option<String>,
    /// Whether failures are taken back by themselves.
    pub rollback_enabled: Option<bool>,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// When it ended.
    pub finished: Option<Timestamp>,
    /// Its lifecycle events.
    pub lifecycle: Vec<Lifecycle>,
}

/// A lifecycle event of `CodeDeploy`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lifecycle {
    /// Its name, `BeforeAllowTraffic` for instance.
    pub name: String,
    /// `Succeeded`, `Failed`, `Skipped` and the like.
    pub status: String,
    /// What its script or function said.
    pub message: Option<String>,
}
