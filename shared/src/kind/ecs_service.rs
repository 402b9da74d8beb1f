//! An ECS service with its scalable target. Asleep is desired count 0 with auto scaling suspended;
//! bounds are never touched, and a target whose count may already be 0 is never registered, since
//! registering clamps the count into the bounds.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Arn;

/// A service as it was seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Service {
    /// The service's ARN.
    pub arn: Arn,
    /// The cluster's name.
    pub cluster: String,
    /// The service's name.
    pub name: String,
    /// How many tasks are asked for.
    pub desired: u32,
    /// How many tasks are RUNNING.
    pub running: u32,
    /// How many tasks are PENDING.
    pub pending: u32,
    /// The PRIMARY deployment.
    pub deployment: Option<Deployment>,
    /// How many deployments or task sets beside the PRIMARY still have tasks.
    pub older: u32,
    /// The value of the tag that consents, to sleeping or to slimming, as who looks is after.
    pub tag: Option<String>,
    /// The scalable target of its desired count.
    pub target: Option<Target>,
    /// Whether the deployment circuit breaker is on.
    pub circuit_breaker: bool,
    /// Whether a load balancer stands before it.
    pub load_balanced: bool,
    /// Whether it runs one task for each container instance, so that it has no count to set.
    pub daemon: bool,
    /// Its task definition, as `family:revision` or ARN.
    pub task_definition: String,
    /// What one of its running tasks is made of, where that was looked up.
    pub size: Option<Size>,
    /// How many of its tasks are not unhealthy; looked up only where there is no rollout state.
    pub healthy: Option<u32>,
}

/// A deployment of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployment {
    /// Its id, `ecs-svc/…`.
    pub id: String,
    /// How far it is.
    pub rollout: Rollout,
    /// Whether it takes the place of one that failed.
    pub rolls_back: bool,
    /// When it began.
    pub created_at: Option<Timestamp>,
    /// How many of its tasks failed.
    pub failed_tasks: u32,
}

/// How far a deployment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rollout {
    /// Steady.
    Completed,
    /// Under way.
    InProgress,
    /// Given up by the circuit breaker.
    Failed,
    /// ECS keeps none: CodeDeploy or an external controller deploys.
    Unknown,
}

/// A scalable target of a service's desired count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Its ARN, where AWS told it.
    pub arn: Option<Arn>,
    /// Its bounds.
    pub bounds: Bounds,
    /// Which scalings are suspended.
    pub suspension: Suspension,
    /// The tag that consents, to sleeping or to slimming, as who looks is after.
    pub tag: Tag,
}

/// A tag that may not have been looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tag {
    /// Nobody asked: it does not matter for this look.
    NotRead,
    /// Its value, if the resource has it.
    Read(Option<String>),
}

/// The smallest and the largest count that auto scaling may set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bounds {
    /// The minimum.
    pub min: u32,
    /// The maximum.
    pub max: u32,
}

impl Bounds {
    /// The count that registering the target leaves behind.
    #[must_use]
    pub fn clamp(self, count: u32) -> u32 {
        count.clamp(self.min, self.max.max(self.min))
    }
}

/// The three scalings that a target can suspend.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[allow(clippy::struct_excessive_bools, reason = "AWS has three switches")]
pub struct Suspension {
    /// Scaling in by a policy.
    pub dynamic_in: bool,
    /// Scaling out by a policy.
    pub dynamic_out: bool,
    /// Scheduled actions.
    pub scheduled: bool,
}

impl Suspension {
    /// All three.
    pub const ALL: Self = Self {
        dynamic_in: true,
        dynamic_out: true,
        scheduled: true,
    };
}

/// What one Fargate task is made of.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Size {
    /// vCPUs.
    pub vcpu: f64,
    /// Memory in GB.
    pub gb: f64,
    /// Whether it runs on ARM.
    pub arm: bool,
}

impl Service {
    /// Whether a deployment, or a rollback, is under way.
    #[must_use]
    pub fn is_rolling_out(&self) -> bool {
        self.deployment
            .as_ref()
            .is_some_and(|deployment| deployment.rollout == Rollout::InProgress)
    }

    /// Whether all the tasks that are asked for run, and no deployment is under way. Where ECS
    /// keeps no rollout state, the tasks' own health decides.
    #[must_use]
    pub fn is_steady(&self) -> bool {
        let counted = self.running == self.desired && self.pending == 0;
        let rollout = self
            .deployment
            .as_ref()
            .map_or(Rollout::Unknown, |deployment| deployment.rollout);
        counted
            && match rollout {
                Rollout::Completed => true,
                Rollout::InProgress | Rollout::Failed => false,
                Rollout::Unknown => self.healthy.is_none_or(|healthy| healthy >= self.desired),
            }
    }
}

#[cfg(feature = "ecs")]
pub use {
    listing::list,
    read::{read, seen},
};

#[cfg(feature = "ecs")]
mod listing;
#[cfg(feature = "ecs")]
mod read;

#[cfg(all(feature = "ecs", feature = "autoscaling"))]
pub use aws::*;

#[cfg(all(feature = "ecs", feature = "autoscaling"))]
mod aws;
