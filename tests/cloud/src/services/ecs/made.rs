//! A service to be made, in the words of whoever makes it.

use serde_json::Value;

use crate::{
    call::Tags,
    services::ecs::{Balancer, Breaker, Controller, DeploymentAlarms, Fate},
};

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
    /// The alarms that fail its deployments.
    pub alarms: DeploymentAlarms,
    /// Whether a load balancer stands before it.
    pub load_balanced: bool,
    /// The target groups that its tasks are registered with; one of its own name if it is load
    /// balanced and none is said.
    pub balancers: Vec<Balancer>,
    /// For how many seconds a new task's health is not looked at.
    pub grace: Option<u32>,
    /// Its network configuration.
    pub network: Value,
    /// Its containers as a task definition has them; one of its own name unless they are said.
    pub containers: Vec<Value>,
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
            alarms: DeploymentAlarms::default(),
            load_balanced: false,
            balancers: Vec::new(),
            grace: None,
            network: Value::Null,
            containers: Vec::new(),
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

    /// Behind this target group, which must be there.
    #[must_use]
    pub fn behind(mut self, group: &str, container: &str, port: u16) -> Self {
        self.balancers.push(Balancer {
            group: group.to_owned(),
            container: container.to_owned(),
            port,
        });
        self.load_balanced()
    }

    /// With these containers, as a task definition has them.
    #[must_use]
    pub fn containers(self, containers: Vec<Value>) -> Self {
        Self { containers, ..self }
    }

    /// With alarms that fail its deployments and roll them back.
    #[must_use]
    pub fn watched_by(self, alarms: &[&str]) -> Self {
        let names = alarms.iter().map(|name| (*name).to_owned()).collect();
        Self {
            alarms: DeploymentAlarms {
                names,
                enable: true,
                rollback: true,
            },
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
