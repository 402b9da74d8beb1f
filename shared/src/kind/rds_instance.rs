//! An RDS instance. It is stopped when it is `available` and nothing else; AWS starts it again
//! after seven days.

use super::{DatabaseState, Never};

/// What an instance's status means.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/accessing-monitoring.html>
#[must_use]
pub fn state(status: &str) -> DatabaseState {
    match status {
        "available" => DatabaseState::Available,
        "backing-up"
        | "configuring-enhanced-monitoring"
        | "configuring-iam-database-auth"
        | "configuring-log-exports"
        | "configuring-associated-roles"
        | "resetting-master-credentials"
        | "storage-config-upgrade"
        | "storage-initialization"
        | "storage-optimization" => DatabaseState::Occupied,
        "starting" => DatabaseState::Starting,
        "stopping" => DatabaseState::Stopping,
        "stopped" => DatabaseState::Stopped,
        "deleting" | "delete-precheck" => DatabaseState::Deleting,
        "failed" | "restore-error" | "storage-full" | "insufficient-capacity" => {
            DatabaseState::Broken
        }
        status
            if status.starts_with("incompatible-")
                || status.starts_with("inaccessible-encryption-credentials") =>
        {
            DatabaseState::Broken
        }
        // Creating, modifying, rebooting, renaming, upgrading, maintenance, and whatever AWS adds:
        // waited for, and reported as stuck past the deadline.
        _ => DatabaseState::Changing,
    }
}

/// What decides whether an instance can ever be stopped.
#[derive(Clone, Debug, Default)]
pub struct Shape<'a> {
    /// The engine, `postgres` for instance.
    pub engine: &'a str,
    /// Whether it stands in several Availability Zones.
    pub multi_az: bool,
    /// The cluster that it is a member of.
    pub cluster: Option<&'a str>,
    /// Whether it replicates another instance or cluster.
    pub is_replica: bool,
    /// Whether others replicate it.
    pub has_replicas: bool,
}

/// Why an instance of this shape can never be stopped, if so.
#[must_use]
pub fn never(shape: &Shape<'_>) -> Option<Never> {
    if shape.cluster.is_some() || shape.engine.starts_with("aurora") {
        Some(Never::ClusterMember)
    } else if shape.is_replica {
        Some(Never::Replica)
    } else if shape.has_replicas {
        Some(Never::ReplicaSource)
    } else if shape.engine.starts_with("sqlserver") && shape.multi_az {
        Some(Never::SqlServerMultiAz)
    } else {
        None
    }
}

#[cfg(feature = "rds")]
pub use aws::*;

#[cfg(feature = "rds")]
mod aws;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_available_instance_can_be_stopped() {
        for status in [
            "backing-up",
            "storage-optimization",
            "modifying",
            "starting",
            "stopped",
        ] {
            assert!(!state(status).is_stoppable(), "{status}");
        }
        assert!(state("available").is_stoppable());
    }

    #[test]
    fn storage_optimization_lasts_a_day_and_serves_all_the_while() {
        assert!(state("storage-optimization").is_usable());
        assert!(state("backing-up").is_usable());
        assert!(!state("modifying").is_usable());
    }

    #[test]
    fn what_only_a_person_can_mend_is_broken_and_what_aws_adds_is_waited_for() {
        for status in [
            "incompatible-network",
            "storage-full",
            "inaccessible-encryption-credentials-recoverable",
        ] {
            assert_eq!(state(status), DatabaseState::Broken, "{status}");
        }
        assert_eq!(state("a-status-of-2031"), DatabaseState::Changing);
    }

    #[test]
    fn replicas_their_sources_members_and_sql_server_in_two_zones_can_never_be_stopped() {
        let postgres = Shape {
            engine: "postgres",
            multi_az: true,
            ..Shape::default()
        };
        assert_eq!(never(&postgres), None, "a Multi-AZ instance can be stopped");
        let cases = [
            (
                Shape {
                    is_replica: true,
                    ..postgres.clone()
                },
                Never::Replica,
            ),
            (
                Shape {
                    has_replicas: true,
                    ..postgres.clone()
                },
                Never::ReplicaSource,
            ),
            (
                Shape {
                    engine: "sqlserver-se",
                    ..postgres.clone()
                },
                Never::SqlServerMultiAz,
            ),
            (
                Shape {
                    engine: "aurora-postgresql",
                    ..postgres.clone()
                },
                Never::ClusterMember,
            ),
            (
                Shape {
                    cluster: Some("c"),
                    ..postgres
                },
                Never::ClusterMember,
            ),
        ];
        for (shape, reason) in cases {
            assert_eq!(never(&shape), Some(reason), "{shape:?}");
        }
    }
}
