//! RDS instances over the AWS SDK.

use aws_sdk_rds::{Client, types::DbInstance};

use super::{Shape, never, state};
use crate::{
    aws::{failure::failure, pace::Pace},
    kind::{Arn, Database, Kind, SLEEP_TAG, Sizing},
    report::Failure,
    timestamp::from_aws,
};

/// All instances of the account and Region, cluster members included.
///
/// # Errors
/// When a page cannot be read: half a list would be taken for the whole.
pub async fn list(rds: &Client, pace: &Pace) -> Result<Vec<DbInstance>, Failure> {
    let mut instances = Vec::new();
    let mut next = None;
    loop {
        pace.rds.acquire_one().await;
        let answer = rds
            .describe_db_instances()
            .max_records(100)
            .set_marker(next)
            .send()
            .await
            .map_err(|error| failure("all instances", "rds:DescribeDBInstances", &error))?;
        instances.extend(answer.db_instances.unwrap_or_default());
        next = answer.marker.filter(|marker| !marker.is_empty());
        if next.is_none() {
            return Ok(instances);
        }
    }
}

/// The instance as the plan knows it.
#[must_use]
pub fn seen(instance: &DbInstance) -> Database {
    let status = instance.db_instance_status.clone().unwrap_or_default();
    let has_any = |names: Option<&Vec<String>>| names.is_some_and(|names| !names.is_empty());
    let named = |name: &Option<String>| name.as_ref().is_some_and(|name| !name.is_empty());
    let shape = Shape {
        engine: instance.engine.as_deref().unwrap_or_default(),
        multi_az: instance.multi_az.unwrap_or(false),
        cluster: instance
            .db_cluster_identifier
            .as_deref()
            .filter(|name| !name.is_empty()),
        is_replica: named(&instance.read_replica_source_db_instance_identifier)
            || named(&instance.read_replica_source_db_cluster_identifier),
        has_replicas: has_any(instance.read_replica_db_instance_identifiers.as_ref())
            || has_any(instance.read_replica_db_cluster_identifiers.as_ref()),
    };
    let zones = if shape.multi_az { 2 } else { 1 };
    Database {
        arn: Arn::new(instance.db_instance_arn.clone().unwrap_or_default()),
        kind: Kind::RdsInstance,
        name: instance.db_instance_identifier.clone().unwrap_or_default(),
        state: state(&status),
        status,
        never: never(&shape),
        tag: instance
            .tag_list
            .iter()
            .flatten()
            .find(|tag| tag.key.as_deref() == Some(SLEEP_TAG))
            .and_then(|tag| tag.value.clone()),
        restart_at: instance.automatic_restart_time.as_ref().and_then(from_aws),
        sizing: Sizing {
            classes: instance
                .db_instance_class
                .iter()
                .flat_map(|class| std::iter::repeat_n(class.clone(), zones))
                .collect(),
            acu: 0.0,
        },
        backup_window: instance.preferred_backup_window.clone(),
        backup_days: days(instance.backup_retention_period),
        maintenance_window: instance.preferred_maintenance_window.clone(),
    }
}

pub(crate) fn days(days: Option<i32>) -> u32 {
    days.and_then(|days| u32::try_from(days).ok()).unwrap_or(0)
}

/// Stops the instance.
///
/// # Errors
/// When RDS refuses: `InvalidDBInstanceState` when it is not `available`.
pub async fn stop(rds: &Client, arn: &Arn, pace: &Pace) -> Result<(), Failure> {
    pace.rds.acquire_one().await;
    rds.stop_db_instance()
        .db_instance_identifier(arn.name())
        .send()
        .await
        .map_err(|error| failure(arn.as_str(), "rds:StopDBInstance", &error))?;
    Ok(())
}

/// Starts the instance.
///
/// # Errors
/// When RDS refuses: `InvalidDBInstanceState` when it is not `stopped`,
/// `InsufficientDBInstanceCapacity` when the zone has none left.
pub async fn start(rds: &Client, arn: &Arn, pace: &Pace) -> Result<(), Failure> {
    pace.rds.acquire_one().await;
    rds.start_db_instance()
        .db_instance_identifier(arn.name())
        .send()
        .await
        .map_err(|error| failure(arn.as_str(), "rds:StartDBInstance", &error))?;
    Ok(())
}
