//! What is read of AWS for one service: plain values, no decisions, no AWS types. Every piece may
//! be missing; what could not be read stands in [`Snapshot::missing`] and is never fatal.

mod definition;
mod deployment;
mod task;
#[cfg(test)]
mod tests;

use jiff::{SignedDuration, Timestamp};
use nightshift::{kind::Arn, ledger::rollout::DeploymentGroup, report::Failure};

pub use definition::{
    Container, Fingerprint, Image, Logging, Probe, Revision, TaskDefinition, deployment_of,
};
pub use deployment::{
    Alarms, Breaker, CodeDeployment, Deployment, Gate, Lifecycle, RolloutState, ServiceDeployment,
    Status, Way,
};
pub use task::{Dead, Line, Log, StoppedTask};

/// One service and its deployments as AWS shows them at one instant.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// The service now.
    pub service: Service,
    /// Its service deployments; none where that API could not be read, or answered with nothing.
    pub history: Option<Vec<ServiceDeployment>>,
    /// The deployment group by which `CodeDeploy` deploys the service, where it does and that is known.
    pub group: Option<DeploymentGroup>,
    /// `CodeDeploy`'s deployments of the service.
    pub codedeploy: Vec<CodeDeployment>,
    /// Revisions of the service, of those deployments at least that fail.
    pub revisions: Vec<Revision>,
    /// Task definitions of the deployments that fail and of what was there before.
    pub definitions: Vec<TaskDefinition>,
    /// Tasks that stopped in the last hour.
    pub stopped: Vec<StoppedTask>,
    /// Logs of their containers.
    pub logs: Vec<Log>,
    /// The target groups of the service.
    pub targets: Vec<TargetGroup>,
    /// Images as the registry has them.
    pub images: Vec<RegistryImage>,
    /// Secrets and parameters of the service that were changed lately.
    pub secrets: Vec<SecretChange>,
    /// When the estate was last asleep, with its databases stopped.
    pub asleep: Option<Asleep>,
    /// What could not be read.
    pub missing: Vec<Failure>,
}

/// A service as it is now.
#[derive(Clone, Debug, PartialEq)]
pub struct Service {
    /// Its ARN.
    pub arn: Arn,
    /// The cluster's name.
    pub cluster: String,
    /// Its name.
    pub name: String,
    /// How many tasks are asked for.
    pub desired: u32,
    /// How many tasks are RUNNING.
    pub running: u32,
    /// Who deploys.
    pub controller: Controller,
    /// Its deployments, or its task sets where `CodeDeploy` deploys.
    pub deployments: Vec<Deployment>,
    /// Its events, in any order.
    pub events: Vec<Event>,
    /// Its circuit breaker.
    pub breaker: Breaker,
    /// Its deployment alarms.
    pub alarms: Alarms,
    /// For how many seconds after a task's start the load balancer's health checks do not count.
    pub grace: Option<i64>,
}

impl Default for Service {
    fn default() -> Self {
        Self {
            arn: Arn::new(""),
            cluster: String::new(),
            name: String::new(),
            desired: 0,
            running: 0,
            controller: Controller::Ecs,
            deployments: Vec::new(),
            events: Vec::new(),
            breaker: Breaker::default(),
            alarms: Alarms::default(),
            grace: None,
        }
    }
}

/// Who deploys a service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Controller {
    /// ECS.
    #[default]
    Ecs,
    /// AWS `CodeDeploy`: the service has task sets instead of deployments.
    CodeDeploy,
    /// Somebody else, of whom nothing is known.
    External,
}

/// A service event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// What it says.
    pub message: String,
}

/// A target group and its targets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TargetGroup {
    /// Its ARN.
    pub arn: String,
    /// What its health check asks.
    pub check: TargetCheck,
    /// Its targets.
    pub targets: Vec<Target>,
}

/// What a target group's health check asks.
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html>
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TargetCheck {
    /// The path, where it asks by HTTP.
    pub path: Option<String>,
    /// The port: a number, or `traffic-port`.
    pub port: Option<String>,
    /// The statuses that count as healthy, `200-299` for instance.
    pub matcher: Option<String>,
    /// Seconds between two checks.
    pub interval: Option<i64>,
    /// Seconds after which a check fails.
    pub timeout: Option<i64>,
    /// Checks in a row until a target counts as unhealthy.
    pub unhealthy: Option<u32>,
}

/// A target of a target group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// Its id: an IP address on Fargate.
    pub id: String,
    /// Its port.
    pub port: Option<u16>,
    /// `healthy`, `unhealthy`, `initial`, `draining`, `unused`.
    pub state: String,
    /// The reason's code, `Target.ResponseCodeMismatch` for instance.
    pub reason: Option<String>,
    /// The reason's words.
    pub description: Option<String>,
}

/// An image as the registry has it, or that it is gone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RegistryImage {
    /// The image as a task definition names it, or with the digest of a revision behind its name.
    pub image: String,
    /// Whether the registry has it.
    pub there: bool,
    /// Its digest.
    pub digest: Option<String>,
    /// When it was pushed.
    pub pushed: Option<Timestamp>,
    /// All its tags, in no order.
    pub tags: Vec<String>,
}

/// That a secret or a parameter was changed. Its value is never read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretChange {
    /// Its name.
    pub name: String,
    /// When.
    pub at: Timestamp,
    /// By whom, as a kind.
    pub by: nightshift::report::rollback::Changer,
}

/// A sleep of the estate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asleep {
    /// Since when.
    pub since: Timestamp,
    /// Until when everything was usable again; none while it lasts.
    pub until: Option<Timestamp>,
}

impl Asleep {
    /// Whether it slept at any time between two instants.
    #[must_use]
    pub fn overlaps(&self, from: Timestamp, to: Timestamp) -> bool {
        self.since <= to && self.until.is_none_or(|until| until >= from)
    }
}

impl TargetGroup {
    /// How many of its targets are healthy.
    #[must_use]
    pub fn healthy(&self) -> u32 {
        let healthy = self.targets.iter().filter(|target| target.is_healthy());
        u32::try_from(healthy.count()).unwrap_or(u32::MAX)
    }
}

impl Target {
    /// Whether it answers.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        self.state.eq_ignore_ascii_case("healthy")
    }

    /// Whether it should answer and does not.
    #[must_use]
    pub fn is_unhealthy(&self) -> bool {
        self.state.eq_ignore_ascii_case("unhealthy")
    }
}

impl TargetCheck {
    /// How long a task may take until it counts as unhealthy.
    #[must_use]
    pub fn patience(&self) -> SignedDuration {
        let checks = i64::from(self.unhealthy.unwrap_or(2));
        SignedDuration::from_secs(self.interval.unwrap_or(30).saturating_mul(checks))
    }
}

impl Snapshot {
    /// The task definition with this ARN, or `family:revision`.
    #[must_use]
    pub fn definition(&self, name: &str) -> Option<&TaskDefinition> {
        let short = definition::short(name);
        let mut all = self.definitions.iter();
        all.find(|definition| definition::short(&definition.arn) == short)
    }

    /// The revision with this ARN.
    #[must_use]
    pub fn revision(&self, arn: &str) -> Option<&Revision> {
        self.revisions.iter().find(|revision| revision.arn == arn)
    }

    /// The image in the registry of this name.
    #[must_use]
    pub fn image(&self, image: &str) -> Option<&RegistryImage> {
        self.images.iter().find(|known| known.image == image)
    }

    /// The log of a container of a task.
    #[must_use]
    pub fn log(&self, task: &str, container: &str) -> Option<&Log> {
        let mut all = self.logs.iter();
        all.find(|log| log.task == task && log.container == container)
    }
}
