//! How resources are named: names and ARNs are both taken, as AWS takes them.

use jiff::{SignedDuration, Timestamp};

use crate::{
    call::{Fault, Tags},
    services::ecs::{Ecs, Last, Service, Status, Task, TaskDefinition},
    world::{ACCOUNT, REGION},
};

/// An ARN of ECS.
pub(super) fn arn(rest: &str) -> String {
    format!("arn:aws:ecs:{REGION}:{ACCOUNT}:{rest}")
}

/// The ARN of a service, in the form that names its cluster.
#[must_use]
pub fn service_arn(cluster: &str, name: &str) -> String {
    arn(&format!("service/{cluster}/{name}"))
}

/// What stands after the last slash: the name, also of a name.
pub(super) fn name_of(name_or_arn: &str) -> &str {
    name_or_arn.rsplit('/').next().unwrap_or_default()
}

/// The cluster in the ARN of a service or a task.
fn cluster_of(name_or_arn: &str) -> Option<&str> {
    let mut parts = name_or_arn.strip_prefix("arn:")?.split('/').skip(1);
    let cluster = parts.next()?;
    parts.next().map(|_| cluster)
}

/// The cluster's name for a name or an ARN, or for none.
pub(super) fn cluster_name(given: Option<&str>) -> &str {
    // "If you do not specify a cluster, the default cluster is assumed."
    name_of(given.unwrap_or("default"))
}

pub(super) fn invalid(message: impl Into<String>) -> Fault {
    Fault::client("InvalidParameterException", message)
}

impl Ecs {
    /// The name of a cluster that is there.
    pub(super) fn cluster(&self, given: Option<&str>) -> Result<String, Fault> {
        let name = cluster_name(given);
        let there = self
            .clusters
            .get(name)
            .is_some_and(|cluster| !cluster.inactive);
        if there {
            Ok(name.to_owned())
        } else {
            Err(Fault::client(
                "ClusterNotFoundException",
                "Cluster not found.",
            ))
        }
    }

    /// The ARN that a name or an ARN means within a cluster.
    // https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Service.html: the ARN names the cluster.
    pub(super) fn within(kind: &str, cluster: &str, given: &str) -> Result<String, Fault> {
        match cluster_of(given) {
            Some(other) if other != cluster => Err(invalid(format!(
                "Invalid identifier: Identifier is for {other}. Your cluster is {cluster}"
            ))),
            _ => Ok(arn(&format!("{kind}/{cluster}/{}", name_of(given)))),
        }
    }

    /// The ARN of a service that the call names, which must not be deleted.
    pub(super) fn active(&self, cluster: &str, given: Option<&str>) -> Result<String, Fault> {
        let given = given.ok_or_else(|| invalid("Service cannot be empty."))?;
        let arn = Self::within("service", cluster, given)?;
        match self.services.get(&arn).map(|service| service.status) {
            None => Err(Fault::client(
                "ServiceNotFoundException",
                "Service not found.",
            )),
            Some(Status::Active) => Ok(arn),
            Some(Status::Draining | Status::Inactive) => Err(Fault::client(
                "ServiceNotActiveException",
                "Service was not ACTIVE.",
            )),
        }
    }

    /// A task definition by `family`, `family:revision` or ARN.
    pub(super) fn find_definition(&self, given: &str) -> Option<&TaskDefinition> {
        let (family, revision) = match name_of(given).split_once(':') {
            Some((family, revision)) => (family, Some(revision.parse::<usize>().ok()?)),
            None => (name_of(given), None),
        };
        let revisions = self.definitions.get(family)?;
        match revision {
            Some(revision) => revisions.get(revision.checked_sub(1)?),
            None => revisions.last(),
        }
    }

    /// The tags of whatever has this ARN.
    pub(super) fn tags(&self, arn: &str) -> Option<&Tags> {
        let resource = arn.splitn(6, ':').nth(5)?;
        let (kind, name) = resource.split_once('/')?;
        match kind {
            "service" => self.services.get(arn).map(|service| &service.tags),
            "cluster" => self.clusters.get(name).map(|cluster| &cluster.tags),
            "task" => self.task(arn).map(|task| &task.tags),
            "task-definition" => self.definition(arn).map(|definition| &definition.tags),
            _ => None,
        }
    }

    /// The tags of whatever has this ARN, to be changed.
    pub(super) fn tags_mut(&mut self, arn: &str) -> Option<&mut Tags> {
        let resource = arn.splitn(6, ':').nth(5)?;
        let (kind, name) = resource.split_once('/')?;
        match kind {
            "service" => self.services.get_mut(arn).map(|service| &mut service.tags),
            "cluster" => self.clusters.get_mut(name).map(|cluster| &mut cluster.tags),
            "task" => {
                let services = self.services.values_mut();
                let owned = services.flat_map(|service| &mut service.tasks);
                owned
                    .chain(&mut self.loose)
                    .find(|task| task.arn == arn)
                    .map(|task| &mut task.tags)
            }
            "task-definition" => self
                .definitions
                .values_mut()
                .flatten()
                .find(|definition| definition.arn == arn)
                .map(|definition| &mut definition.tags),
            _ => None,
        }
    }

    /// Whether a task is still told of.
    // "Stopped tasks only appear in the returned results for at least one hour."
    // https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTasks.html
    pub(super) fn shows(task: &Task, now: Timestamp) -> bool {
        task.last != Last::Stopped || recent(task.stopped_at, now)
    }

    /// Whether a service is still told of: INACTIVE ones may be purged at any time.
    // https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteService.html
    pub(super) fn knows(service: &Service, now: Timestamp) -> bool {
        service.status != Status::Inactive || recent(service.deleted_at, now)
    }
}

fn recent(at: Option<Timestamp>, now: Timestamp) -> bool {
    at.is_some_and(|at| now.duration_since(at) <= SignedDuration::from_hours(1))
}

/// The ARN of the service that Application Auto Scaling calls `service/<cluster>/<name>`.
pub(in crate::services) fn service_arn_of(resource_id: &str) -> Option<String> {
    let (cluster, name) = resource_id.strip_prefix("service/")?.split_once('/')?;
    let whole = !cluster.is_empty() && !name.is_empty() && !name.contains('/');
    whole.then(|| service_arn(cluster, name))
}
