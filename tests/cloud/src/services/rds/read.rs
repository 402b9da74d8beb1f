//! Describe, page by page, and tags. The element names are those that the SDK reads.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::{
    call::{Actor, Call, Fault, Outcome, Tags},
    services::rds::{
        Cluster, Database, Instance, Rds, Shape, asked_cluster, asked_instance, cluster_arn,
        plain_name, refuse,
    },
    world::{What, World},
};

/// The database that an operation was about, as it is now.
pub(super) fn answered(world: &World, arn: &str) -> Outcome {
    let database = world
        .rds
        .database(arn)
        .ok_or_else(|| refuse::not_found(arn))?;
    let name = match &database.shape {
        Shape::Instance(_) => "DBInstance",
        Shape::Cluster(_) => "DBCluster",
    };
    Ok(json!({ name: written(&world.rds, database) }))
}

pub(super) fn describe_instances(world: &World, call: &Call) -> Outcome {
    let all: Vec<&Database> = match asked_instance(call) {
        Some(arn) => vec![
            world
                .rds
                .database(&arn)
                .ok_or_else(|| refuse::not_found(&arn))?,
        ],
        None => world
            .rds
            .databases()
            .filter(|database| database.instance().is_some())
            .collect(),
    };
    let (page, marker) = page(call, &filtered(call, all)?)?;
    let page: Vec<Value> = page
        .iter()
        .map(|database| written(&world.rds, database))
        .collect();
    Ok(json!({ "DBInstances": { "DBInstance": page }, "Marker": marker }))
}

pub(super) fn describe_clusters(world: &World, call: &Call) -> Outcome {
    let all: Vec<&Database> = match asked_cluster(call) {
        Some(arn) => vec![
            world
                .rds
                .database(&arn)
                .ok_or_else(|| refuse::not_found(&arn))?,
        ],
        None => world
            .rds
            .databases()
            .filter(|database| database.cluster().is_some())
            .collect(),
    };
    let (page, marker) = page(call, &filtered(call, all)?)?;
    let page: Vec<Value> = page
        .iter()
        .map(|database| written(&world.rds, database))
        .collect();
    Ok(json!({ "DBClusters": { "DBCluster": page }, "Marker": marker }))
}

/// What the filters let through: all of them must, each by one of its values.
// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeDBInstances.html
fn filtered<'a>(call: &Call, mut all: Vec<&'a Database>) -> Result<Vec<&'a Database>, Fault> {
    for number in 1.. {
        let prefix = format!("Filters.Filter.{number}");
        let Some(name) = call.text(&format!("{prefix}.Name")) else {
            break;
        };
        let values = list(call, &format!("{prefix}.Values.Value"));
        let names: Vec<String> = values.iter().map(|value| plain_name(value)).collect();
        match name {
            "db-instance-id" => all.retain(|database| names.contains(&database.name)),
            "db-cluster-id" => all.retain(|database| {
                let cluster = match &database.shape {
                    Shape::Instance(instance) => instance.cluster.as_ref(),
                    Shape::Cluster(_) => Some(&database.name),
                };
                cluster.is_some_and(|cluster| names.contains(cluster))
            }),
            "engine" => {
                all.retain(|database| values.contains(&database.engine));
            }
            name => return Err(refuse::invalid(format!("Unrecognized filter name: {name}"))),
        }
    }
    Ok(all)
}

/// One page, and the marker of the next. The marker is the last name of the page, so that what is
/// made or deleted meanwhile shifts nothing.
// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeDBInstances.html
fn page<'a>(
    call: &Call,
    all: &[&'a Database],
) -> Result<(Vec<&'a Database>, Option<String>), Fault> {
    let size = call.number("MaxRecords").unwrap_or(100);
    let size = usize::try_from(size)
        .ok()
        .filter(|size| (20..=100).contains(size))
        .ok_or_else(|| {
            refuse::invalid(format!(
                "Invalid value {size} for MaxRecords. Must be between 20 and 100"
            ))
        })?;
    let after = call.text("Marker").unwrap_or_default();
    let mut rest = all
        .iter()
        .copied()
        .filter(|database| database.name.as_str() > after);
    let page: Vec<&Database> = rest.by_ref().take(size).collect();
    let marker = rest
        .next()
        .and_then(|_| page.last())
        .map(|last| last.name.clone());
    Ok((page, marker))
}

/// The texts of a list in a form: `<prefix>.1` and so on.
pub(super) fn list(call: &Call, prefix: &str) -> Vec<String> {
    (1..)
        .map_while(|number| call.text(&format!("{prefix}.{number}")))
        .map(ToOwned::to_owned)
        .collect()
}

/// The tags of a form.
pub(super) fn tags(call: &Call) -> Tags {
    (1..)
        .map_while(|number| {
            let key = call.text(&format!("Tags.Tag.{number}.Key"))?;
            let value = call.text(&format!("Tags.Tag.{number}.Value"));
            Some((key.to_owned(), value.unwrap_or_default().to_owned()))
        })
        .collect()
}

fn written(rds: &Rds, database: &Database) -> Value {
    let mut output = match &database.shape {
        Shape::Instance(instance) => instance_output(rds, database, instance),
        Shape::Cluster(cluster) => cluster_output(database, cluster),
    };
    let common = json!({
        "Engine": database.engine,
        "BackupRetentionPeriod": database.backup_days,
        "PreferredBackupWindow": database.backup_window,
        "PreferredMaintenanceWindow": database.maintenance_window,
        "AutomaticRestartTime": database.restart_at.map(time),
        "DeletionProtection": false,
        "TagList": tag_list(&database.tags),
    });
    if let Value::Object(common) = common {
        output.extend(common);
    }
    Value::Object(output)
}

fn instance_output(rds: &Rds, database: &Database, instance: &Instance) -> Map<String, Value> {
    let cluster = instance.cluster.as_deref().map(cluster_arn);
    // Members have their cluster's master user, and a place of their own.
    let master = cluster.and_then(|arn| rds.database(&arn));
    let master = &master.unwrap_or(database).master;
    let (host, port) = database.master.answers_at(&database.name, false);
    let replicas: Vec<&str> = rds
        .replicas_of(&database.name)
        .map(|replica| replica.name.as_str())
        .collect();
    object(json!({
        "DBInstanceIdentifier": database.name,
        "DBInstanceArn": database.arn,
        "DBInstanceClass": instance.class,
        "DBInstanceStatus": database.status,
        "InstanceCreateTime": time(database.created),
        "AllocatedStorage": instance.storage,
        "MultiAZ": instance.multi_az,
        "DBClusterIdentifier": instance.cluster,
        "ReadReplicaSourceDBInstanceIdentifier": instance.replica_of,
        "ReadReplicaDBInstanceIdentifiers": { "ReadReplicaDBInstanceIdentifier": replicas },
        "PendingModifiedValues": pending(database, &instance.pending),
        "MasterUsername": master.user,
        "DBName": master.database,
        "MasterUserSecret": database.master.secret(&database.name),
        "Endpoint": { "Address": host, "Port": port },
    }))
}

fn cluster_output(database: &Database, cluster: &Cluster) -> Map<String, Value> {
    let members: Vec<Value> = cluster
        .members
        .iter()
        .enumerate()
        .map(|(place, name)| {
            json!({
                "DBInstanceIdentifier": name,
                "IsClusterWriter": place == 0,
                "DBClusterParameterGroupStatus": "in-sync",
                "PromotionTier": 1,
            })
        })
        .collect();
    let (host, port) = database.master.answers_at(&database.name, true);
    let scaling = cluster.scaling.map(|scaling| {
        json!({
            "MinCapacity": scaling.min,
            "MaxCapacity": scaling.max,
            "SecondsUntilAutoPause": scaling.pause_after,
        })
    });
    object(json!({
        "DBClusterIdentifier": database.name,
        "DBClusterArn": database.arn,
        "Status": database.status,
        "EngineMode": cluster.mode,
        "ClusterCreateTime": time(database.created),
        "MultiAZ": cluster.members.len() > 1,
        "DBClusterMembers": { "DBClusterMember": members },
        "ServerlessV2ScalingConfiguration": scaling,
        "PendingModifiedValues": pending(database, &BTreeMap::new()),
        "MasterUsername": database.master.user,
        "DatabaseName": database.master.database,
        "MasterUserSecret": database.master.secret(&database.name),
        "Endpoint": host,
        "Port": port,
        "GlobalClusterIdentifier": cluster.global,
        "ReplicationSourceIdentifier": cluster.replica_of,
        "ReadReplicaIdentifiers": { "ReadReplicaIdentifier": cluster.replicas },
    }))
}

/// What waits, and a password that nobody is shown.
fn pending(database: &Database, waiting: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let password = database.master.pending.iter();
    let password = password.map(|_| ("MasterUserPassword".to_owned(), "****".to_owned()));
    waiting.clone().into_iter().chain(password).collect()
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}

fn time(at: Timestamp) -> String {
    format!("{at:.3}")
}

fn tag_list(tags: &Tags) -> Value {
    let tags: Vec<Value> = tags
        .iter()
        .map(|(key, value)| json!({ "Key": key, "Value": value }))
        .collect();
    json!({ "Tag": tags })
}

/// The database that a call on tags names by its ARN.
fn tagged<'a>(world: &'a mut World, call: &Call) -> Result<&'a mut Database, Fault> {
    let arn = call
        .text("ResourceName")
        .ok_or_else(|| refuse::missing("ResourceName"))?;
    if !arn.starts_with("arn:aws:rds:") {
        return Err(refuse::invalid(format!("Invalid resource name: {arn}")));
    }
    world
        .rds
        .databases
        .get_mut(arn)
        .ok_or_else(|| refuse::not_found(arn))
}

pub(super) fn list_tags(world: &mut World, call: &Call) -> Outcome {
    let database = tagged(world, call)?;
    Ok(json!({ "TagList": tag_list(&database.tags) }))
}

pub(super) fn add_tags(world: &mut World, call: &Call) -> Outcome {
    let database = tagged(world, call)?;
    database.tags.extend(tags(call));
    let arn = database.arn.clone();
    Ok(noted(world, &call.actor, arn))
}

pub(super) fn remove_tags(world: &mut World, call: &Call) -> Outcome {
    let database = tagged(world, call)?;
    for key in list(call, "TagKeys.member") {
        database.tags.remove(&key);
    }
    let arn = database.arn.clone();
    Ok(noted(world, &call.actor, arn))
}

fn noted(world: &mut World, by: &Actor, arn: String) -> Value {
    world.note(by, arn, What::Written);
    json!({})
}
