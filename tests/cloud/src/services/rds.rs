//! RDS and Aurora: a database takes its minutes to stop and to start, refuses what does not fit its
//! status, is backed up in its window, and is started again by AWS after seven days.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::{
    call::{Call, Demand, Fault, Outcome, Tags},
    rates::Bucket,
    services::{Protocol, Service, unknown_operation},
    world::{ACCOUNT, REGION, World},
};

mod capacity;
mod change;
mod database;
mod failover;
mod life;
mod master;
mod modify;
mod read;
mod refuse;
mod windows;

#[cfg(test)]
mod tests;

pub(super) use capacity::capacity;
pub use change::{create_cluster, create_instance, delete};
pub use database::{Cluster, Database, Instance, NewCluster, NewInstance, Scaling, Shape, serves};
pub use failover::fail_over;
pub use life::{Happening, set_status, start, stop};
pub use master::Master;

/// The service.
pub const SERVICE: RdsService = RdsService;

/// The service.
#[derive(Clone, Copy, Debug)]
pub struct RdsService;

/// Its state.
#[derive(Clone, Debug, Default)]
pub struct Rds {
    databases: BTreeMap<String, Database>,
    capacity_lacks_until: Option<Timestamp>,
    lost_keys: BTreeSet<String>,
    failing_stops: BTreeSet<String>,
    failing_failovers: BTreeSet<String>,
    failing_resets: BTreeSet<String>,
    turns: u64,
}

impl Rds {
    /// The instance or cluster with this ARN.
    #[must_use]
    pub fn database(&self, arn: &str) -> Option<&Database> {
        self.databases.get(arn)
    }

    /// The instance with this name, or else the cluster.
    #[must_use]
    pub fn by_name(&self, name: &str) -> Option<&Database> {
        self.database(&instance_arn(name))
            .or_else(|| self.database(&cluster_arn(name)))
    }

    /// All instances, members included, and all clusters, by their ARNs.
    pub fn databases(&self) -> impl Iterator<Item = &Database> {
        self.databases.values()
    }

    /// Until then no instance can be started: the Availability Zone has none left of its class.
    pub fn capacity_lacks_until(&mut self, until: Timestamp) {
        self.capacity_lacks_until = Some(until);
    }

    /// Takes away the key that a database is encrypted with: it cannot be started.
    pub fn lose_key(&mut self, arn: &str) {
        self.lost_keys.insert(arn.to_owned());
    }

    /// Gives the key back.
    pub fn find_key(&mut self, arn: &str) {
        self.lost_keys.remove(arn);
    }

    /// Lets the next stop of a cluster fail: after the time of a stop it is `available` again.
    pub fn fail_next_stop(&mut self, arn: &str) {
        self.failing_stops.insert(arn.to_owned());
    }

    /// Lets the next failover of a cluster fail: its writer writes on.
    pub fn fail_next_failover(&mut self, arn: &str) {
        self.failing_failovers.insert(arn.to_owned());
    }

    /// Whether new master passwords of a database are lost from now on: after the time that they take
    /// it has the one from before.
    pub fn fail_resets(&mut self, arn: &str, fail: bool) {
        if fail {
            self.failing_resets.insert(arn.to_owned());
        } else {
            self.failing_resets.remove(arn);
        }
    }

    /// The ARN of the cluster that an instance, by its name, is a member of.
    #[must_use]
    pub fn cluster_of(&self, instance: &str) -> Option<String> {
        let instance = self.database(&instance_arn(instance))?.instance()?;
        instance.cluster.as_deref().map(cluster_arn)
    }

    fn lacks_capacity(&self, now: Timestamp) -> bool {
        self.capacity_lacks_until.is_some_and(|until| now < until)
    }

    fn replicas_of<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Database> {
        self.databases.values().filter(move |database| {
            database
                .instance()
                .and_then(|instance| instance.replica_of.as_deref())
                == Some(name)
        })
    }

    /// The members' ARNs, the writer's first.
    #[must_use]
    pub fn members_of(&self, cluster: &str) -> Vec<String> {
        self.database(cluster)
            .and_then(Database::cluster)
            .into_iter()
            .flat_map(|cluster| &cluster.members)
            .map(|member| instance_arn(member))
            .collect()
    }

    /// Brings up to date what a cluster knows of its writer.
    fn mirror_writer(&mut self, cluster: &str) {
        let status = self
            .members_of(cluster)
            .first()
            .and_then(|writer| self.database(writer))
            .map(|writer| writer.status.clone());
        if let Some(Shape::Cluster(cluster)) = self
            .databases
            .get_mut(cluster)
            .map(|database| &mut database.shape)
        {
            cluster.writer_status = status;
        }
    }
}

fn instance_arn(name: &str) -> String {
    format!("arn:aws:rds:{REGION}:{ACCOUNT}:db:{name}")
}

/// The ARN of a cluster.
#[must_use]
pub fn cluster_arn(name: &str) -> String {
    format!("arn:aws:rds:{REGION}:{ACCOUNT}:cluster:{name}")
}

/// The name out of a name or an ARN. Both are accepted, and stored in lower case.
// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeDBInstances.html
fn plain_name(identifier: &str) -> String {
    identifier
        .rsplit(':')
        .next()
        .unwrap_or(identifier)
        .to_lowercase()
}

/// The ARN of the instance that a call is about.
fn asked_instance(call: &Call) -> Option<String> {
    call.text("DBInstanceIdentifier")
        .map(|name| instance_arn(&plain_name(name)))
}

/// The ARN of the cluster that a call is about.
fn asked_cluster(call: &Call) -> Option<String> {
    call.text("DBClusterIdentifier")
        .map(|name| cluster_arn(&plain_name(name)))
}

fn known_instance<'a>(world: &'a World, call: &Call) -> Result<&'a Database, Fault> {
    let arn = asked_instance(call).ok_or_else(|| refuse::missing("DBInstanceIdentifier"))?;
    world
        .rds
        .database(&arn)
        .ok_or_else(|| refuse::not_found(&arn))
}

fn known_cluster<'a>(world: &'a World, call: &Call) -> Result<&'a Database, Fault> {
    let arn = asked_cluster(call).ok_or_else(|| refuse::missing("DBClusterIdentifier"))?;
    world
        .rds
        .database(&arn)
        .ok_or_else(|| refuse::not_found(&arn))
}

impl Service for RdsService {
    fn name(&self) -> &'static str {
        "rds"
    }

    fn protocol(&self) -> Protocol {
        Protocol::Query {
            version: "2014-10-31",
        }
    }

    // https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonrds.html
    fn demands(&self, world: &World, call: &Call) -> Vec<Demand> {
        let action = format!("rds:{}", call.operation);
        let on = |arn: Option<String>| {
            let arn = arn.unwrap_or_else(|| "*".to_owned());
            let none = Tags::new();
            let tags = world.rds.database(&arn).map_or(&none, |known| &known.tags);
            Demand::new(action.as_str(), arn, tags)
        };
        let mut demands = match call.operation.as_str() {
            "DescribeDBInstances" => vec![on(Some(
                asked_instance(call).unwrap_or_else(|| instance_arn("*")),
            ))],
            "DescribeDBClusters" => vec![on(Some(
                asked_cluster(call).unwrap_or_else(|| cluster_arn("*")),
            ))],
            "AddTagsToResource" | "RemoveTagsFromResource" | "ListTagsForResource" => {
                vec![on(call.text("ResourceName").map(ToOwned::to_owned))]
            }
            "CreateDBInstanceReadReplica" => {
                let source = call
                    .text("SourceDBInstanceIdentifier")
                    .map(|name| instance_arn(&plain_name(name)));
                vec![on(asked_instance(call)), on(source)]
            }
            "CreateDBInstance" => {
                let member_of = asked_cluster(call).map(|cluster| on(Some(cluster)));
                let mut demands = vec![on(asked_instance(call))];
                demands.extend(member_of);
                demands
            }
            operation if operation.contains("Cluster") => vec![on(asked_cluster(call))],
            _ => vec![on(asked_instance(call))],
        };
        // Tags that are given at creation need the permission to tag as well.
        if call.operation.starts_with("Create") && call.text("Tags.Tag.1.Key").is_some() {
            let resource = demands.first().map(|demand| demand.resource.clone());
            demands.extend(
                resource.map(|arn| Demand::new("rds:AddTagsToResource", arn, &Tags::new())),
            );
        }
        demands
    }

    fn answer(&self, world: &mut World, call: &Call) -> Outcome {
        match call.operation.as_str() {
            "DescribeDBInstances" => read::describe_instances(world, call),
            "DescribeDBClusters" => read::describe_clusters(world, call),
            "StopDBInstance" => {
                let arn = known_instance(world, call)?.arn.clone();
                stop(world, &call.actor, &arn)?;
                read::answered(world, &arn)
            }
            "StartDBInstance" => {
                let arn = known_instance(world, call)?.arn.clone();
                start(world, &call.actor, &arn)?;
                read::answered(world, &arn)
            }
            "StopDBCluster" => {
                let arn = known_cluster(world, call)?.arn.clone();
                stop(world, &call.actor, &arn)?;
                read::answered(world, &arn)
            }
            "StartDBCluster" => {
                let arn = known_cluster(world, call)?.arn.clone();
                start(world, &call.actor, &arn)?;
                read::answered(world, &arn)
            }
            "CreateDBInstance" => change::create_db_instance(world, call),
            "CreateDBInstanceReadReplica" => change::create_read_replica(world, call),
            "CreateDBCluster" => change::create_db_cluster(world, call),
            "DeleteDBInstance" => change::delete_db_instance(world, call),
            "DeleteDBCluster" => change::delete_db_cluster(world, call),
            "RebootDBInstance" => change::reboot(world, call),
            "FailoverDBCluster" => failover::asked(world, call),
            "ModifyDBInstance" => modify::instance(world, call),
            "ModifyDBCluster" => modify::cluster(world, call),
            "AddTagsToResource" => read::add_tags(world, call),
            "RemoveTagsFromResource" => read::remove_tags(world, call),
            "ListTagsForResource" => read::list_tags(world, call),
            _ => Err(unknown_operation(self, call)),
        }
    }

    /// AWS does not publish the rates of RDS: this is a guess.
    fn bucket(&self, _operation: &str) -> Option<Bucket> {
        Some(Bucket {
            name: "rds",
            burst: 40.0,
            a_second: 10.0,
        })
    }

    // https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/CommonErrors.html
    fn throttled(&self) -> Fault {
        Fault::client("Throttling", "Rate exceeded")
    }

    fn denied(&self, message: String) -> Fault {
        Fault::with_status(403, "AccessDenied", message)
    }
}
