//! What RDS instances and Aurora clusters have in common. A status answers two questions, *can it
//! be used?* and *can it be stopped?*, and what is neither is waited for or needs a person.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Arn, Kind};

/// A database as it was seen: an RDS instance or an Aurora cluster.
#[derive(Clone, Debug, PartialEq)]
pub struct Database {
    /// Its ARN.
    pub arn: Arn,
    /// Which of the two it is.
    pub kind: Kind,
    /// Its identifier.
    pub name: String,
    /// The status in AWS's own word.
    pub status: String,
    /// What the status means; for a cluster, together with its writer's.
    pub state: DatabaseState,
    /// Why it can never be stopped, if so.
    pub never: Option<Never>,
    /// The value of the tag that consents to sleeping.
    pub tag: Option<String>,
    /// When AWS starts it by itself, at the latest seven days after it was stopped.
    pub restart_at: Option<Timestamp>,
    /// What it is made of, for its price.
    pub sizing: Sizing,
    /// When backups are made: `hh:mm-hh:mm` in UTC.
    pub backup_window: Option<String>,
    /// For how many days backups are kept; 0 means none are made.
    pub backup_days: u32,
    /// When maintenance is done: `ddd:hh:mm-ddd:hh:mm` in UTC.
    pub maintenance_window: Option<String>,
}

/// What a status means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DatabaseState {
    /// It serves, and it can be stopped.
    Available,
    /// It serves, and AWS would refuse to stop it: it is backing up, for instance.
    Occupied,
    /// It does not serve yet, and will by itself.
    Changing,
    /// On its way from stopped to available.
    Starting,
    /// On its way from available to stopped.
    Stopping,
    /// It costs its storage only.
    Stopped,
    /// It is being deleted.
    Deleting,
    /// It stays as it is until a person mends it.
    Broken,
}

impl DatabaseState {
    /// Whether services can use it now.
    #[must_use]
    pub const fn is_usable(self) -> bool {
        matches!(self, Self::Available | Self::Occupied)
    }

    /// Whether AWS would accept a stop now.
    #[must_use]
    pub const fn is_stoppable(self) -> bool {
        matches!(self, Self::Available)
    }

    /// Whether it is stopped or will be.
    #[must_use]
    pub const fn is_down(self) -> bool {
        matches!(self, Self::Stopped | Self::Stopping)
    }
}

/// Why AWS will never stop a database.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_StopInstance.html>
/// <https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-cluster-stop-start.html>
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Never {
    /// It is a read replica.
    Replica,
    /// It has read replicas.
    ReplicaSource,
    /// SQL Server in several Availability Zones.
    SqlServerMultiAz,
    /// An instance of an Aurora cluster: only the cluster can be stopped.
    ClusterMember,
    /// A Multi-AZ DB cluster, which is no Aurora cluster.
    MultiAzCluster,
    /// Aurora Serverless v1.
    ServerlessV1,
    /// Part of a global database.
    GlobalDatabase,
    /// It replicates to or from another cluster.
    Replication,
}

/// What a database is made of, for its price.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sizing {
    /// The classes of its instances that are billed by the hour, one for each instance;
    /// twice where it stands in two Availability Zones.
    #[serde(default)]
    pub classes: Vec<String>,
    /// The least capacity that is billed while it is awake, in ACU, for Serverless v2.
    #[serde(default)]
    pub acu: f64,
}
