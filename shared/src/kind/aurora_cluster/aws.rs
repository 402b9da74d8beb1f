//! Aurora clusters over the AWS SDK.

use aws_sdk_rds::{
    Client,
    types::{DbCluster, DbInstance, ServerlessV2ScalingConfiguration},
};

use super::{Cluster, Member, Shape, never, state};
use crate::{
    aws::{failure::failure, pace::Pace},
    kind::{
        Acu, Arn, Capacity, Database, DatabaseState, Kind, SLEEP_TAG, SLIM_TAG, Sizing,
        rds_instance::days,
    },
    report::Failure,
    timestamp::from_aws,
};

/// The class of instances whose capacity is the cluster's range.
const SERVERLESS: &str = "db.serverless";

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

/// The members of a cluster among these instances.
fn members<'a>(cluster: &DbCluster, instances: &'a [DbInstance]) -> Vec<&'a DbInstance> {
    let name = cluster.db_cluster_identifier.as_deref().unwrap_or_default();
    let is_member = |one: &&DbInstance| one.db_cluster_identifier.as_deref() == Some(name);
    instances.iter().filter(is_member).collect()
}

/// What the cluster's status means, together with its writer's.
fn state_of(cluster: &DbCluster, members: &[&DbInstance]) -> DatabaseState {
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
    state(cluster.status.as_deref().unwrap_or_default(), writer)
}

fn value_of(cluster: &DbCluster, tag: &str) -> Option<String> {
    let mut tags = cluster.tag_list.iter().flatten();
    let found = tags.find(|found| found.key.as_deref() == Some(tag));
    found.and_then(|found| found.value.clone())
}

/// The cluster as who stops and starts it knows it, together with its members among these instances.
#[must_use]
pub fn seen(cluster: &DbCluster, instances: &[DbInstance]) -> Database {
    let has_any = |names: Option<&Vec<String>>| names.is_some_and(|names| !names.is_empty());
    let members = members(cluster, instances);
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
    let serverless = classes().filter(|class| class == SERVERLESS).count();
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
        state: state_of(cluster, &members),
        status: cluster.status.clone().unwrap_or_default(),
        name: cluster.db_cluster_identifier.clone().unwrap_or_default(),
        never: never(&shape),
        tag: value_of(cluster, SLEEP_TAG),
        restart_at: cluster.automatic_restart_time.as_ref().and_then(from_aws),
        sizing: Sizing {
            classes: classes().filter(|class| class != SERVERLESS).collect(),
            acu,
        },
        backup_window: cluster.preferred_backup_window.clone(),
        backup_days: days(cluster.backup_retention_period),
        maintenance_window: cluster.preferred_maintenance_window.clone(),
    }
}

/// The cluster as who changes its capacity knows it, together with its members among these instances.
#[must_use]
pub fn sized(cluster: &DbCluster, instances: &[DbInstance]) -> Cluster {
    let members = members(cluster, instances);
    let range = cluster.serverless_v2_scaling_configuration.as_ref();
    let range = range.and_then(|range| {
        Some(Capacity {
            min: Acu::seen(range.min_capacity?),
            max: Acu::seen(range.max_capacity?),
        })
    });
    let member = |instance: &&DbInstance| Member {
        name: instance.db_instance_identifier.clone().unwrap_or_default(),
        status: instance.db_instance_status.clone().unwrap_or_default(),
        serverless: instance.db_instance_class.as_deref() == Some(SERVERLESS),
    };
    Cluster {
        arn: Arn::new(cluster.db_cluster_arn.clone().unwrap_or_default()),
        name: cluster.db_cluster_identifier.clone().unwrap_or_default(),
        status: cluster.status.clone().unwrap_or_default(),
        state: state_of(cluster, &members),
        tag: value_of(cluster, SLIM_TAG),
        // A range without an instance of that class is nobody's.
        capacity: range.filter(|_| members.iter().any(|one| member(one).serverless)),
        used: None,
        members: members.iter().map(member).collect(),
    }
}

/// Sets the smallest capacity, and nothing else: the maximum is left out of the call, so that a
/// maximum that somebody raises meanwhile stays. The range changes online and at once; to ask for
/// that would also apply what waits for the maintenance window.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-serverless-v2-administration.html>
///
/// # Errors
/// When RDS refuses: `InvalidDBClusterStateFault` when it is not `available`.
pub async fn set_minimum(rds: &Client, arn: &Arn, least: Acu, pace: &Pace) -> Result<(), Failure> {
    pace.rds.acquire_one().await;
    let range = ServerlessV2ScalingConfiguration::builder().min_capacity(least.get());
    rds.modify_db_cluster()
        .db_cluster_identifier(arn.name())
        .serverless_v2_scaling_configuration(range.build())
        .send()
        .await
        .map_err(|error| failure(arn.as_str(), "rds:ModifyDBCluster", &error))?;
    Ok(())
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
