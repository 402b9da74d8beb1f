//! Blue/green deployments of ECS services: a second task set is filled, gets the traffic, and the first
//! one goes after a while; or it never becomes healthy, and everything stays as it was.

mod create;
mod groups;
mod read;
mod run;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::{
    call::{Actor, Call, Demand, Fault, Outcome, Tags},
    rates::Bucket,
    services::{Protocol, Service, unknown_operation},
    world::{ACCOUNT, REGION, What, World},
};

pub use create::from_s3;
pub use run::deploy;
pub(in crate::services) use run::{look, rang};

/// The service.
pub const SERVICE: CodeDeployService = CodeDeployService;

/// The service.
#[derive(Clone, Copy, Debug)]
pub struct CodeDeployService;

/// How many deployments are kept.
const MOST: usize = 200;

/// Its state.
#[derive(Clone, Debug, Default)]
pub struct CodeDeploy {
    /// By the names of application and group.
    groups: BTreeMap<(String, String), Group>,
    /// The newest first.
    deployments: Vec<Deployment>,
}

/// A deployment group: one ECS service between two target groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The application's name.
    pub application: String,
    /// Its name.
    pub name: String,
    /// The service's ARN.
    pub service: String,
    /// The ARNs of the two target groups; the service begins behind the first.
    pub targets: [String; 2],
    /// How long the old task set stays after the traffic has gone.
    pub keeps: SignedDuration,
    /// Whether a deployment that fails, or that an alarm stops, is rolled back.
    pub rolls_back: bool,
    /// The alarms that stop a deployment.
    pub alarms: Vec<String>,
}

impl Group {
    /// A group that keeps the old tasks for an hour and rolls back, without alarms.
    #[must_use]
    pub fn new(application: &str, name: &str, service: &str, targets: [&str; 2]) -> Self {
        Self {
            application: application.to_owned(),
            name: name.to_owned(),
            service: service.to_owned(),
            targets: targets.map(ToOwned::to_owned),
            keeps: SignedDuration::from_hours(1),
            rolls_back: true,
            alarms: Vec::new(),
        }
    }

    /// The names of the service's cluster and of the service.
    fn place(&self) -> (&str, &str) {
        let mut parts = self.service.rsplit('/');
        let service = parts.next().unwrap_or_default();
        (parts.next().unwrap_or_default(), service)
    }
}

/// A deployment.
#[derive(Clone, Debug, PartialEq)]
pub struct Deployment {
    /// `d-` and nine letters and digits.
    pub id: String,
    /// The names of its application and its group.
    pub of: (String, String),
    /// The ARN of the task definition that it brings.
    pub task_definition: String,
    /// The revision that it was asked for with, where that was by the API.
    revision: Option<serde_json::Value>,
    /// `Created`, `InProgress`, `Succeeded`, `Failed`, `Stopped`.
    pub status: &'static str,
    /// `user`, or `codeDeployRollback`.
    pub creator: &'static str,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ended.
    pub completed_at: Option<Timestamp>,
    /// The code and the words of what went wrong.
    pub error: Option<(&'static str, String)>,
    /// The deployment that rolls it back.
    pub rolled_back_by: Option<String>,
    /// The deployment that it rolls back.
    pub rolls_back: Option<String>,
    /// The ids of the task sets: that of before, and its own.
    pub sets: [String; 2],
    /// The target group of its own task set.
    targets: String,
    /// When the traffic went over.
    shifted_at: Option<Timestamp>,
    /// How far its lifecycle is: the steps with their beginnings, ends and statuses.
    steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq)]
struct Step {
    name: &'static str,
    began_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
    status: &'static str,
}

impl Deployment {
    /// Whether it is under way.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.completed_at.is_none()
    }
}

impl CodeDeploy {
    /// A deployment by its id.
    #[must_use]
    pub fn deployment(&self, id: &str) -> Option<&Deployment> {
        self.deployments.iter().find(|one| one.id == id)
    }

    fn deployment_mut(&mut self, id: &str) -> Option<&mut Deployment> {
        self.deployments.iter_mut().find(|one| one.id == id)
    }

    fn group_of(&self, deployment: &Deployment) -> Option<&Group> {
        self.groups.get(&deployment.of)
    }
}

/// What it does by itself later.
#[derive(Clone, Debug)]
pub enum Happening {
    /// The traffic goes over to the new task set.
    Shifts {
        /// The deployment's id.
        deployment: String,
    },
    /// The old task set goes.
    Ends {
        /// The deployment's id.
        deployment: String,
    },
    /// The new task set has had its time to become healthy.
    TimesOut {
        /// The deployment's id.
        deployment: String,
    },
}

impl Happening {
    /// Lets it happen.
    pub fn happen(self, world: &mut World) {
        match self {
            Self::Shifts { deployment } => run::shift(world, &deployment),
            Self::Ends { deployment } => run::end(world, &deployment),
            Self::TimesOut { deployment } => run::time_out(world, &deployment),
        }
    }
}

/// The ARN of an application.
#[must_use]
pub fn application_arn(application: &str) -> String {
    format!("arn:aws:codedeploy:{REGION}:{ACCOUNT}:application:{application}")
}

/// The ARN of a deployment group.
#[must_use]
pub fn group_arn(application: &str, group: &str) -> String {
    format!("arn:aws:codedeploy:{REGION}:{ACCOUNT}:deploymentgroup:{application}/{group}")
}

/// Makes a deployment group, and its application with it.
pub fn create_group(world: &mut World, by: &Actor, group: Group) {
    for targets in &group.targets {
        crate::services::elbv2::stand(world, targets, 80);
    }
    world.note(
        by,
        group_arn(&group.application, &group.name),
        What::Created,
    );
    let key = (group.application.clone(), group.name.clone());
    world.codedeploy.groups.insert(key, group);
}

impl Service for CodeDeployService {
    fn name(&self) -> &'static str {
        "codedeploy"
    }

    fn protocol(&self) -> Protocol {
        Protocol::Json {
            target: "CodeDeploy_20141006",
            version: "1.1",
        }
    }

    // No rates are documented.
    fn bucket(&self, _operation: &str) -> Option<Bucket> {
        None
    }

    // Everything that is modelled knows the deployment group.
    // https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscodedeploy.html
    fn demands(&self, world: &World, call: &Call) -> Vec<Demand> {
        let action = format!("codedeploy:{}", call.operation);
        let id = call.text("deploymentId").unwrap_or_default();
        let found = world.codedeploy.deployment(id);
        let of = found.map(|one| one.of.clone()).or_else(|| {
            let text = |name: &str| call.text(name).map(ToOwned::to_owned);
            Some((text("applicationName")?, text("deploymentGroupName")?))
        });
        let resource = of.map_or_else(
            || group_arn("*", "*"),
            |(application, group)| group_arn(&application, &group),
        );
        let application = call.text("applicationName").unwrap_or("*");
        let none = Tags::new();
        match call.operation.as_str() {
            // What else a deployment is refused without, as users report it.
            // https://github.com/aws-actions/amazon-ecs-deploy-task-definition#permissions
            "CreateDeployment" => {
                let config = format!("arn:aws:codedeploy:{REGION}:{ACCOUNT}:deploymentconfig:*");
                let register = "codedeploy:RegisterApplicationRevision";
                vec![
                    Demand::new(action, resource, &none),
                    Demand::new("codedeploy:GetDeploymentConfig", config, &none),
                    Demand::new(register, application_arn(application), &none),
                ]
            }
            "ListApplications" => vec![Demand::new(action, "*", &none)],
            "ListDeploymentGroups" => {
                vec![Demand::new(action, application_arn(application), &none)]
            }
            _ => vec![Demand::new(action, resource, &none)],
        }
    }

    fn answer(&self, world: &mut World, call: &Call) -> Outcome {
        match call.operation.as_str() {
            "GetDeployment" => read::get(world, call),
            "GetDeploymentGroup" => groups::get(world, call),
            "BatchGetDeploymentGroups" => groups::get_all(world, call),
            "ListApplications" => Ok(groups::applications(world)),
            "ListDeploymentGroups" => groups::list(world, call),
            "CreateDeployment" => create::create(world, call),
            "ListDeployments" => read::list(world, call),
            "ListDeploymentTargets" => read::list_targets(world, call),
            "BatchGetDeploymentTargets" => read::targets(world, call),
            "StopDeployment" => run::stop(world, call),
            _ => Err(unknown_operation(self, call)),
        }
    }
}

/// The deployment that a call names.
fn asked<'a>(world: &'a World, call: &Call) -> Result<&'a Deployment, Fault> {
    let id = call.text("deploymentId").unwrap_or_default();
    if id.is_empty() {
        return Err(Fault::client(
            "DeploymentIdRequiredException",
            "Deployment ID must be specified",
        ));
    }
    if !id.starts_with("d-") {
        return Err(Fault::client(
            "InvalidDeploymentIdException",
            format!("The deployment ID {id} is not valid"),
        ));
    }
    world.codedeploy.deployment(id).ok_or_else(|| {
        Fault::client(
            "DeploymentDoesNotExistException",
            format!("The deployment {id} could not be found"),
        )
    })
}

#[cfg(test)]
mod tests;
