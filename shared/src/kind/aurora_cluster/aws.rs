//! Aurora clusters over the AWS SDK.

use aws_sdk_rds::{
    Client,
    types::{DbCluster, DbInstance},
};

use super::{Shape, never, state};
use crate::{
    aws::{failure::failure, pace::Pace},
    kind::{Arn, Database, Kind, SLEEP_TAG, Sizing, rds_instance::days},
    report::Failure,
    timestamp::from_aws,
};

/// All clusters of the account and Region.
///
/// # Errors
/// When a page cannot be read: half a list would be taken for the whole.
pub async fn list(rds: &Client, pace: &Pace) -> Result<Vec<DbCluster>, Failure> {
    let mut clusters = Vec::new();
    let mut next = None;
    loop {
        pace.rds.acquire_one().await;
        let answer = rds
            .describe_db_clusters()
            .max_records(100)
            .set_marker(next)
            .send()
            .await
            .map_err(|error| failure("all clusters", "rds:DescribeDBClusters", &error))?;
        clusters.extend(answer.db_clusters.unwrap_or_default());
        next = answer.marker.filter(|marker| !marker.is_empty());
        if next.is_none() {
            return Ok(clusters);
        }
    }
}

/// The cluster as the plan knows it, together with its members among these instances.
#[must_use]
pub fn seen(cluster: &DbCluster, instances: &[DbInstance]) -> Database {
    let status = cluster.status.clone().unwrap_or_default();
    let has_any = |names: Option<&Vec<String>>| names.is_some_and(|names| !names.is_empty());
    let name = cluster.db_cluster_identifier.clone().unwrap_or_default();
    let members: Vec<&DbInstance> = instances
        .iter()
        .filter(|instance| instance.db_cluster_identifier.as_deref() == Some(&name))
        .collect();
    let writer = cluster
        .db_cluster_members
        .iter()
        .flatten()
        .find(|member| member.is_cluster_writer.unwrap_or(false))
        .and_then(|member| member.db_instance_identifier.as_deref())
        .and_then(|writer| {
            let is_it = |instance: &&&DbInstance| {
                instance.db_instance_identifier.as_deref() == Some(writer)
            };
            members.iter().find(is_it)
        })
        .and_then(|writer| writer.db_instance_status.as_deref());
    let shape = Shape {
        engine: cluster.engine.as_deref().unwrap_or_default(),
        mode: cluster.engine_mode.as_deref().unwrap_or_default(),
        is_global: cluster
            .global_cluster_identifier
            .as_ref()
            .is_some_and(|id| !id.is_empty()),
        replicates: cluster
            .replication_source_identifier
            .as_ref()
            .is_some_and(|id| !id.is_empty())
            || has_any(cluster.read_replica_identifiers.as_ref()),
    };
    let classes = || {
        members
            .iter()
            .filter_map(|member| member.db_instance_class.clone())
    };
    let serverless = classes().filter(|class| class == "db.serverless").count();
    let least = cluster
        .serverless_v2_scaling_configuration
        .as_ref()
        .and_then(|scaling| scaling.min_capacity)
        .unwrap_or(0.0);
    #[expect(
        clippy::cast_precision_loss,
        reason = "a cluster has at most 16 members"
    )]
    let acu = least * serverless as f64;
    Database {
        arn: Arn::new(cluster.db_cluster_arn.clone().unwrap_or_default()),
        kind: Kind::AuroraCluster,
        state: state(&status, writer),
        status,
        name,
        never: never(&shape),
        tag: cluster
            .tag_list
            .iter()
            .flatten()
            .find(|tag| tag.key.as_deref() == Some(SLEEP_TAG))
            .and_then(|tag| tag.value.clone()),
        restart_at: cluster.automatic_restart_time.as_ref().and_then(from_aws),
        sizing: Sizing {
            classes: classes().filter(|class| class != "db.serverless").collect(),
            acu,
        },
        backup_window: cluster.preferred_backup_window.clone(),
        backup_days: days(cluster.backup_retention_period),
        maintenance_window: cluster.preferred_maintenance_window.clone(),
    }
}

/// Stops the cluster with all its members.
///
/// # Errors
/// When RDS refuses: `InvalidDBClusterStateFault` when it is not `available`.
pub async fn stop(rds: &Client, arn: &Arn, pace: &Pace) -> Result<(), Failure> {
    pace.rds.acquire_one().await;
    rds.stop_db_cluster()
        .db_cluster_identifier(arn.name())
        .send()
        .await
        .map_err(|error| failure(arn.as_str(), "rds:StopDBCluster", &error))?;
    Ok(())
}

/// Starts the cluster with all its members.
///
/// # Errors
/// When RDS refuses: `InvalidDBClusterStateFault` when it is not `stopped`.
pub async fn start(rds: &Client, arn: &Arn, pace: &Pace) -> Result<(), Failure> {
    pace.rds.acquire_one().await;
    rds.start_db_cluster()
        .db_cluster_identifier(arn.name())
        .send()
        .await
        .map_err(|error| failure(arn.as_str(), "rds:StartDBCluster", &error))?;
    Ok(())
}
