//! ECS on Fargate: services that keep their count of tasks, deployments that complete, fail and roll
//! back, and tasks that take their time. Nothing is instant that is not instant at AWS.

mod alarms;
mod api;
mod containers;
mod demands;
mod ending;
pub mod flaws;
mod harness;
mod history;
mod made;
mod model;
mod refer;
mod render;
mod rollout;
mod saying;
mod scheduler;
pub(in crate::services) mod sets;
mod tasks;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

pub(in crate::services) use alarms::rang;
pub use alarms::{DeploymentAlarms, Watch};
pub use containers::{Container, Pinned};
pub use flaws::{Flaw, Place};
pub use harness::{
    create_cluster, create_service, delete_service, deploy, deploy_containers, redeploy, run_task,
    set_breaker, set_count, set_fate, stall_pulls,
};
pub use history::{Release, Revision};
pub use made::NewService;
use model::Completed;
pub use model::{
    Balancer, Breaker, Controller, Deployment, Fate, Health, Last, Rollout, Service, Status, Task,
    TaskDefinition,
};
pub use refer::service_arn;
pub(super) use refer::service_arn_of;

use crate::{
    call::{Call, Demand, Outcome, Tags},
    rates::Bucket,
    services::{Protocol, Service as AwsService},
    world::World,
};

/// The service.
pub const SERVICE: EcsService = EcsService;

/// The service.
#[derive(Clone, Copy, Debug)]
pub struct EcsService;

/// Its state.
#[derive(Clone, Debug, Default)]
pub struct Ecs {
    clusters: BTreeMap<String, Cluster>,
    services: BTreeMap<String, Service>,
    /// Tasks of no service, and those whose service was made anew.
    loose: Vec<Task>,
    /// The revisions of each family, the first of them 1.
    definitions: BTreeMap<String, Vec<TaskDefinition>>,
    /// What is wrong where.
    flaws: BTreeMap<Place, Flaw>,
    /// Whether a service deployment that fails with nothing to roll back to ends as
    /// `ROLLBACK_FAILED`, as some were seen to; else it stays `IN_PROGRESS`, as the documents have it.
    pub ends_without_candidate: bool,
}

/// A cluster.
#[derive(Clone, Debug, Default)]
struct Cluster {
    tags: Tags,
    inactive: bool,
}

impl Ecs {
    /// A service by its ARN, also one that was deleted not long ago.
    #[must_use]
    pub fn service(&self, arn: &str) -> Option<&Service> {
        self.services.get(arn)
    }

    /// All services, by their ARNs.
    pub fn services(&self) -> impl Iterator<Item = &Service> {
        self.services.values()
    }

    /// A task by its ARN.
    #[must_use]
    pub fn task(&self, arn: &str) -> Option<&Task> {
        self.tasks().find(|task| task.arn == arn)
    }

    /// The tasks of a cluster, named without its ARN, that are not STOPPED: those that drain too.
    pub fn live_tasks<'a>(&'a self, cluster: &'a str) -> impl Iterator<Item = &'a Task> {
        self.tasks()
            .filter(move |task| task.cluster == cluster && task.is_live())
    }

    /// A task definition by its ARN.
    #[must_use]
    pub fn definition(&self, arn: &str) -> Option<&TaskDefinition> {
        self.definitions
            .values()
            .flatten()
            .find(|definition| definition.arn == arn)
    }

    fn tasks(&self) -> impl Iterator<Item = &Task> {
        self.services
            .values()
            .flat_map(|service| &service.tasks)
            .chain(&self.loose)
    }

    fn task_mut(&mut self, owner: Option<&str>, arn: &str) -> Option<&mut Task> {
        let service = owner.and_then(|owner| self.services.get_mut(owner));
        let tasks = service.into_iter().flat_map(|service| &mut service.tasks);
        tasks.chain(&mut self.loose).find(|task| task.arn == arn)
    }
}

/// What it does by itself later.
#[derive(Clone, Debug)]
pub enum Happening {
    /// The scheduler looks at a service.
    Reconcile {
        /// Its ARN.
        service: String,
    },
    /// A service has been as it should be for a while.
    Steady {
        /// Its ARN.
        service: String,
    },
    /// A deployment whose tasks all run well has waited for its alarms long enough.
    Baked {
        /// The ARN of its service.
        service: String,
        /// Its id.
        deployment: String,
    },
    /// ECS notices that an alarm rings.
    Rings {
        /// The ARN of the service whose deployment it watches.
        service: String,
        /// The alarm's name.
        alarm: String,
    },
    /// A service deployment is stopped, as it was asked for.
    Stops {
        /// The ARN of the service.
        service: String,
        /// Its ARN.
        release: String,
    },
    /// A task takes its next step.
    Task {
        /// The ARN of the service that it was started for.
        owner: Option<String>,
        /// Its ARN.
        task: String,
        /// The step.
        step: Step,
    },
}

/// A step in the life of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Its network interface is there, its image is pulled.
    Pending,
    /// Its containers run, or its image cannot be had.
    Running,
    /// It runs well.
    Settled,
    /// Its health check failed.
    Unhealthy,
    /// It exits by itself, or is replaced for its health.
    Fails,
    /// It is done.
    Ends,
    /// It is off the load balancer, SIGTERM was sent.
    Stopping,
    /// It is gone.
    Stopped,
}

impl Happening {
    /// Lets it happen.
    pub fn happen(self, world: &mut World) {
        match self {
            Self::Reconcile { service } => scheduler::reconcile(world, &service),
            Self::Steady { service } => scheduler::steady(world, &service),
            Self::Baked {
                service,
                deployment,
            } => scheduler::baked(world, &service, &deployment),
            Self::Rings { service, alarm } => alarms::noticed(world, &service, &alarm),
            Self::Stops { service, release } => rollout::stop(world, &service, &release),
            Self::Task { owner, task, step } => tasks::step(world, owner.as_deref(), &task, step),
        }
    }
}

impl AwsService for EcsService {
    fn name(&self) -> &'static str {
        "ecs"
    }

    fn protocol(&self) -> Protocol {
        Protocol::Json {
            target: "AmazonEC2ContainerServiceV20141113",
            version: "1.1",
        }
    }

    fn demands(&self, world: &World, call: &Call) -> Vec<Demand> {
        demands::demands(&world.ecs, call)
    }

    fn bucket(&self, operation: &str) -> Option<Bucket> {
        demands::bucket(operation)
    }

    fn answer(&self, world: &mut World, call: &Call) -> Outcome {
        api::answer(world, call)
    }
}
