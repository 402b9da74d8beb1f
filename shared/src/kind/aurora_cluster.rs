//! An Aurora cluster, stopped and started as a whole. It is usable when it and its writer are;
//! its member instances are never touched.

pub mod serverless;

use super::{DatabaseState, Never, rds_instance};

pub use serverless::{Cluster, Member};

/// What a cluster's status means, together with its writer's, if it has one.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/accessing-monitoring.html>
#[must_use]
pub fn state(status: &str, writer: Option<&str>) -> DatabaseState {
    let own = match status {
        "available" => DatabaseState::Available,
        "backing-up"
        | "resetting-master-credentials"
        | "storage-optimization"
        | "update-iam-db-auth"
        | "preparing-data-migration" => DatabaseState::Occupied,
        "starting" => DatabaseState::Starting,
        "stopping" => DatabaseState::Stopping,
        "stopped" => DatabaseState::Stopped,
        "deleting" => DatabaseState::Deleting,
        "cloning-failed" | "migration-failed" => DatabaseState::Broken,
        status if status.starts_with("inaccessible-encryption-credentials") => {
            DatabaseState::Broken
        }
        _ => DatabaseState::Changing,
    };
    let Some(writer) = writer.filter(|_| own.is_usable()) else {
        return own;
    };
    match rds_instance::state(writer) {
        DatabaseState::Available => own,
        DatabaseState::Occupied => DatabaseState::Occupied,
        DatabaseState::Broken => DatabaseState::Broken,
        DatabaseState::Starting => DatabaseState::Starting,
        _ => DatabaseState::Changing,
    }
}

/// What decides whether a cluster can ever be stopped.
#[derive(Clone, Debug, Default)]
pub struct Shape<'a> {
    /// The engine, `aurora-postgresql` for instance.
    pub engine: &'a str,
    /// The engine mode, `provisioned` for instance.
    pub mode: &'a str,
    /// Whether it belongs to a global database.
    pub is_global: bool,
    /// Whether it replicates, or is replicated by, another cluster.
    pub replicates: bool,
}

/// Why a cluster of this shape can never be stopped, if so.
#[must_use]
pub fn never(shape: &Shape<'_>) -> Option<Never> {
    if !shape.engine.starts_with("aurora") {
        Some(Never::MultiAzCluster)
    } else if shape.mode == "serverless" {
        Some(Never::ServerlessV1)
    } else if shape.is_global || shape.mode == "global" {
        Some(Never::GlobalDatabase)
    } else if shape.replicates {
        Some(Never::Replication)
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
    fn a_cluster_is_usable_when_it_and_its_writer_are() {
        assert!(state("available", Some("available")).is_usable());
        assert!(!state("available", Some("starting")).is_usable());
        assert!(!state("available", Some("rebooting")).is_usable());
        assert!(state("available", Some("storage-optimization")).is_usable());
        assert!(!state("available", Some("backing-up")).is_stoppable());
        assert!(!state("failing-over", Some("available")).is_usable());
        assert_eq!(state("stopped", Some("stopped")), DatabaseState::Stopped);
    }

    #[test]
    fn only_a_plain_aurora_cluster_can_be_stopped() {
        let plain = Shape {
            engine: "aurora-postgresql",
            mode: "provisioned",
            ..Shape::default()
        };
        assert_eq!(never(&plain), None);
        let cases = [
            (
                Shape {
                    engine: "postgres",
                    ..plain.clone()
                },
                Never::MultiAzCluster,
            ),
            (
                Shape {
                    mode: "serverless",
                    ..plain.clone()
                },
                Never::ServerlessV1,
            ),
            (
                Shape {
                    is_global: true,
                    ..plain.clone()
                },
                Never::GlobalDatabase,
            ),
            (
                Shape {
                    replicates: true,
                    ..plain
                },
                Never::Replication,
            ),
        ];
        for (shape, reason) in cases {
            assert_eq!(never(&shape), Some(reason), "{shape:?}");
        }
    }
}
