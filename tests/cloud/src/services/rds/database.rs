//! What is known of one instance or cluster, and how a new one is described.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::Master;
use crate::call::Tags;

/// An instance or a cluster.
#[derive(Clone, Debug)]
pub struct Database {
    /// Its ARN.
    pub arn: String,
    /// Its name, in lower case.
    pub name: String,
    /// Its own status, as Describe gives it.
    pub status: String,
    /// `postgres`, `aurora-postgresql`.
    pub engine: String,
    /// Its tags.
    pub tags: Tags,
    /// When it was made.
    pub created: Timestamp,
    /// `hh:mm-hh:mm`, in UTC.
    pub backup_window: String,
    /// For how many days backups are kept; with 0 there are none.
    pub backup_days: u32,
    /// `ddd:hh:mm-ddd:hh:mm`, in UTC.
    pub maintenance_window: String,
    /// When AWS starts it again, while it is stopping or stopped.
    pub restart_at: Option<Timestamp>,
    /// Who owns it, and where it answers. Members have their cluster's.
    pub master: Master,
    /// What only instances, or only clusters, have.
    pub shape: Shape,
    /// Which change of its status was the latest: what was planned for an earlier one is void.
    pub(super) turn: u64,
    pub(super) next_backup: Option<Timestamp>,
    pub(super) last_backup: Option<Timestamp>,
    pub(super) next_maintenance: Option<Timestamp>,
    pub(super) last_maintenance: Option<Timestamp>,
}

/// What only instances, or only clusters, have.
#[derive(Clone, Debug)]
pub enum Shape {
    /// An instance.
    Instance(Instance),
    /// A cluster.
    Cluster(Cluster),
}

/// What only instances have.
#[derive(Clone, Debug, Default)]
pub struct Instance {
    /// `db.t4g.micro`.
    pub class: String,
    /// Whether a standby waits in another Availability Zone.
    pub multi_az: bool,
    /// The name of the cluster that it is a member of.
    pub cluster: Option<String>,
    /// The name of the instance that it replicates.
    pub replica_of: Option<String>,
    /// In GiB.
    pub storage: u32,
    /// What waits for the maintenance window, by the names of `PendingModifiedValues`.
    pub pending: BTreeMap<String, String>,
}

/// What only clusters have.
#[derive(Clone, Debug, Default)]
pub struct Cluster {
    /// `provisioned`, or `serverless` for the first version of Aurora Serverless.
    pub mode: String,
    /// The names of its members, the writer's first.
    pub members: Vec<String>,
    /// The writer's status.
    pub writer_status: Option<String>,
    /// The capacity of its `db.serverless` members.
    pub scaling: Option<Scaling>,
    /// The global database that it belongs to.
    pub global: Option<String>,
    /// Whether it is the only cluster of its global database.
    pub alone_in_global: bool,
    /// The ARN of the cluster or instance that it replicates.
    pub replica_of: Option<String>,
    /// The ARNs of the clusters that replicate it.
    pub replicas: Vec<String>,
}

/// The bounds of Aurora Serverless v2, in Aurora capacity units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scaling {
    /// The least; with 0 it pauses when nobody is connected.
    pub min: f64,
    /// The most.
    pub max: f64,
    /// After how many idle seconds it pauses.
    pub pause_after: Option<u32>,
}

impl Database {
    /// What only instances have, if it is one.
    #[must_use]
    pub fn instance(&self) -> Option<&Instance> {
        match &self.shape {
            Shape::Instance(instance) => Some(instance),
            Shape::Cluster(_) => None,
        }
    }

    /// What only clusters have, if it is one.
    #[must_use]
    pub fn cluster(&self) -> Option<&Cluster> {
        match &self.shape {
            Shape::Cluster(cluster) => Some(cluster),
            Shape::Instance(_) => None,
        }
    }

    /// Whether it can be connected to: an instance by its status, a cluster by its own and its
    /// writer's.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        let writer = self
            .cluster()
            .and_then(|cluster| cluster.writer_status.as_deref());
        serves(&self.status) && writer.is_none_or(serves)
    }

    pub(super) fn is_aurora(&self) -> bool {
        self.engine.starts_with("aurora")
    }

    pub(super) fn is_member(&self) -> bool {
        self.instance()
            .is_some_and(|instance| instance.cluster.is_some())
    }
}

/// Whether a database with this status takes connections.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/accessing-monitoring.html
#[must_use]
pub fn serves(status: &str) -> bool {
    matches!(
        status,
        "available"
            | "backing-up"
            | "configuring-associated-roles"
            | "configuring-enhanced-monitoring"
            | "configuring-iam-database-auth"
            | "configuring-log-exports"
            | "resetting-master-credentials"
            | "storage-config-upgrade"
            | "storage-initialization"
            | "storage-optimization"
            | "update-iam-db-auth"
    )
}

/// An instance to be made. The defaults are a small `postgres` in one zone with one day of backups,
/// whose windows lie in Tokyo's night.
#[derive(Clone, Debug)]
pub struct NewInstance {
    /// Its name.
    pub name: String,
    /// `db.t4g.micro`.
    pub class: String,
    /// `postgres`.
    pub engine: String,
    /// Whether it has a standby.
    pub multi_az: bool,
    /// The name of the instance that it replicates.
    pub replica_of: Option<String>,
    /// The name of the cluster that it joins.
    pub cluster: Option<String>,
    /// In GiB.
    pub storage: u32,
    /// Its tags.
    pub tags: Tags,
    /// `hh:mm-hh:mm`, in UTC.
    pub backup_window: String,
    /// For how many days backups are kept.
    pub backup_days: u32,
    /// `ddd:hh:mm-ddd:hh:mm`, in UTC.
    pub maintenance_window: String,
    /// Who owns it, and where it answers.
    pub master: Master,
}

impl NewInstance {
    /// One with this name and the defaults.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into().to_lowercase(),
            class: "db.t4g.micro".to_owned(),
            engine: "postgres".to_owned(),
            multi_az: false,
            replica_of: None,
            cluster: None,
            storage: 20,
            tags: Tags::new(),
            backup_window: BACKUP_WINDOW.to_owned(),
            backup_days: 1,
            maintenance_window: MAINTENANCE_WINDOW.to_owned(),
            master: Master::default(),
        }
    }

    /// The same with one more tag.
    #[must_use]
    pub fn tagged(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.tags.insert(key.into(), value.into());
        self
    }

    pub(super) fn into_database(self, arn: String, status: &str, created: Timestamp) -> Database {
        Database {
            arn,
            name: self.name,
            status: status.to_owned(),
            engine: self.engine,
            tags: self.tags,
            created,
            backup_window: self.backup_window,
            backup_days: self.backup_days,
            maintenance_window: self.maintenance_window,
            restart_at: None,
            master: self.master,
            shape: Shape::Instance(Instance {
                class: self.class,
                multi_az: self.multi_az,
                cluster: self.cluster,
                replica_of: self.replica_of,
                storage: self.storage,
                pending: BTreeMap::new(),
            }),
            turn: 0,
            next_backup: None,
            last_backup: None,
            next_maintenance: None,
            last_maintenance: None,
        }
    }
}

/// A cluster to be made. The defaults are `aurora-postgresql` with one member.
#[derive(Clone, Debug)]
pub struct NewCluster {
    /// Its name.
    pub name: String,
    /// `aurora-postgresql`; an engine without `aurora` makes a Multi-AZ DB cluster.
    pub engine: String,
    /// `provisioned`, or `serverless` for the first version of Aurora Serverless.
    pub engine_mode: String,
    /// The class of each member, the writer's first. The members are called `<name>-instance-1`
    /// and so on.
    pub classes: Vec<String>,
    /// The bounds of `db.serverless` members.
    pub scaling: Option<Scaling>,
    /// The global database that it belongs to.
    pub global: Option<String>,
    /// Whether it is the only cluster of its global database.
    pub alone_in_global: bool,
    /// The ARN of the cluster or instance that it replicates.
    pub replica_of: Option<String>,
    /// The ARNs of the clusters that replicate it, in other Regions.
    pub replicas: Vec<String>,
    /// Its tags.
    pub tags: Tags,
    /// `hh:mm-hh:mm`, in UTC.
    pub backup_window: String,
    /// For how many days backups are kept.
    pub backup_days: u32,
    /// `ddd:hh:mm-ddd:hh:mm`, in UTC.
    pub maintenance_window: String,
    /// Who owns it, and where it answers.
    pub master: Master,
}

impl NewCluster {
    /// One with this name and the defaults.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into().to_lowercase(),
            engine: "aurora-postgresql".to_owned(),
            engine_mode: "provisioned".to_owned(),
            classes: vec!["db.t4g.medium".to_owned()],
            scaling: None,
            global: None,
            alone_in_global: false,
            replica_of: None,
            replicas: Vec::new(),
            tags: Tags::new(),
            backup_window: BACKUP_WINDOW.to_owned(),
            backup_days: 1,
            maintenance_window: MAINTENANCE_WINDOW.to_owned(),
            master: Master::default(),
        }
    }

    /// The same with one more tag.
    #[must_use]
    pub fn tagged(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.tags.insert(key.into(), value.into());
        self
    }

    pub(super) fn into_database(self, arn: String, status: &str, created: Timestamp) -> Database {
        Database {
            arn,
            name: self.name,
            status: status.to_owned(),
            engine: self.engine,
            tags: self.tags,
            created,
            backup_window: self.backup_window,
            backup_days: self.backup_days,
            maintenance_window: self.maintenance_window,
            restart_at: None,
            master: self.master,
            shape: Shape::Cluster(Cluster {
                mode: self.engine_mode,
                members: Vec::new(),
                writer_status: None,
                scaling: self.scaling,
                global: self.global,
                alone_in_global: self.alone_in_global,
                replica_of: self.replica_of,
                replicas: self.replicas,
            }),
            turn: 0,
            next_backup: None,
            last_backup: None,
            next_maintenance: None,
            last_maintenance: None,
        }
    }
}

/// In the block that AWS chooses from in ap-northeast-1, 13:00 to 21:00 UTC.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_WorkingWithAutomatedBackups.BackupWindow.html
const BACKUP_WINDOW: &str = "17:00-17:30";
const MAINTENANCE_WINDOW: &str = "sun:18:00-sun:18:30";
