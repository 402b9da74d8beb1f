//! Making, deleting and rebooting.

use std::ops::RangeInclusive;

use crate::{
    call::{Actor, Call, Fault, Outcome},
    load,
    services::rds::{
        Database, NewCluster, NewInstance, Shape, asked_cluster, cluster_arn, instance_arn,
        known_cluster, known_instance,
        life::{self, Next},
        modify, plain_name, read, refuse,
    },
    world::{What, World},
};

/// How long things take that the world has no timing for, in seconds: guesses.
const CREATION: RangeInclusive<u64> = 240..=900;
const DELETION: RangeInclusive<u64> = 60..=300;
pub(super) const REBOOT: RangeInclusive<u64> = 30..=300;

/// Makes an instance that is `available` at once, in the place of any with its name, and answers its
/// ARN.
pub fn create_instance(world: &mut World, by: &Actor, new: NewInstance) -> String {
    place_instance(world, by, new, "available")
}

/// Makes a cluster and its members, all `available` at once, in the place of any with its name, and
/// answers its ARN.
pub fn create_cluster(world: &mut World, by: &Actor, new: NewCluster) -> String {
    let arn = cluster_arn(&new.name);
    let members: Vec<NewInstance> = (1..)
        .zip(&new.classes)
        .map(|(number, class)| NewInstance {
            class: class.clone(),
            ..member_of(&new, format!("{}-instance-{number}", new.name))
        })
        .collect();
    place(
        world,
        by,
        new.into_database(arn.clone(), "available", world.now),
    );
    for member in members {
        place_instance(world, by, member, "available");
    }
    life::replan_windows(world, &arn);
    arn
}

/// What a member has from its cluster.
fn member_of(cluster: &NewCluster, name: String) -> NewInstance {
    NewInstance {
        engine: cluster.engine.clone(),
        cluster: Some(cluster.name.clone()),
        backup_window: cluster.backup_window.clone(),
        backup_days: cluster.backup_days,
        maintenance_window: cluster.maintenance_window.clone(),
        ..NewInstance::named(name)
    }
}

/// Begins to delete an instance, or a cluster with its members; they are gone minutes later.
pub fn delete(world: &mut World, by: &Actor, arn: &str) {
    let members = world.rds.members_of(arn);
    let (first, last) = (*DELETION.start(), *DELETION.end());
    let seconds = if members.is_empty() {
        DELETION
    } else {
        last..=2 * last
    };
    for member in members {
        life::pass(world, &member, "deleting", by);
        life::then(
            world,
            &member,
            first..=last,
            Next::Deleted { by: by.clone() },
        );
    }
    life::pass(world, arn, "deleting", by);
    life::then(world, arn, seconds, Next::Deleted { by: by.clone() });
}

fn place(world: &mut World, by: &Actor, database: Database) {
    let arn = database.arn.clone();
    world.rds.databases.insert(arn.clone(), database);
    world.note(by, arn, What::Created);
}

fn place_instance(world: &mut World, by: &Actor, new: NewInstance, status: &str) -> String {
    let arn = instance_arn(&new.name);
    let (name, cluster) = (new.name.clone(), new.cluster.as_deref().map(cluster_arn));
    place(world, by, new.into_database(arn.clone(), status, world.now));
    if let Some(cluster) = cluster {
        if let Some(Shape::Cluster(cluster)) = shape(world, &cluster)
            && !cluster.members.contains(&name)
        {
            cluster.members.push(name);
        }
        world.rds.mirror_writer(&cluster);
    }
    load::member_changed(world, &arn);
    if status == "available" {
        life::replan_windows(world, &arn);
    } else {
        life::then(world, &arn, CREATION, Next::Created);
    }
    arn
}

fn shape<'a>(world: &'a mut World, arn: &str) -> Option<&'a mut Shape> {
    world
        .rds
        .databases
        .get_mut(arn)
        .map(|database| &mut database.shape)
}

/// Takes a database out of the world at the end of its deletion.
pub(super) fn remove(world: &mut World, arn: &str, by: &Actor) {
    let Some(database) = world.rds.databases.remove(arn) else {
        return;
    };
    world.rds.lost_keys.remove(arn);
    world.rds.failing_stops.remove(arn);
    world.note(by, arn, What::Deleted);
    let Shape::Instance(instance) = &database.shape else {
        life::emit(world, arn, "0171", "deletion", "DB cluster deleted.");
        return;
    };
    life::emit(world, arn, "0003", "deletion", "DB instance deleted.");
    if let Some(cluster) = instance.cluster.as_deref().map(cluster_arn) {
        if let Some(Shape::Cluster(cluster)) = shape(world, &cluster) {
            cluster.members.retain(|member| *member != database.name);
        }
        world.rds.mirror_writer(&cluster);
        load::cluster_changed(world, &cluster);
    }
    // Replicas in the same Region are promoted when their source is deleted.
    // https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_DeleteInstance.html
    let replicas: Vec<String> = world
        .rds
        .replicas_of(&database.name)
        .map(|replica| replica.arn.clone())
        .collect();
    for replica in replicas {
        if let Some(Shape::Instance(instance)) = shape(world, &replica) {
            instance.replica_of = None;
        }
        world.note(&Actor::Aws, replica, What::Written);
    }
}

/// Puts a member before the others.
pub(super) fn make_writer(world: &mut World, cluster: &str, writer: &str) {
    if let Some(Shape::Cluster(cluster)) = shape(world, cluster) {
        cluster.members.sort_by_key(|member| member != writer);
    }
    world.rds.mirror_writer(cluster);
    load::cluster_changed(world, cluster);
}

fn taken(world: &World, arn: &str) -> Result<(), Fault> {
    match world.rds.database(arn) {
        None => Ok(()),
        // https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBCluster.html
        Some(known) if known.cluster().is_some() => Err(Fault::client(
            "DBClusterAlreadyExistsFault",
            "DB Cluster already exists",
        )),
        // https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html
        Some(_) => Err(Fault::client(
            "DBInstanceAlreadyExists",
            "DB instance already exists",
        )),
    }
}

fn has_capacity(world: &World) -> Result<(), Fault> {
    if world.rds.lacks_capacity(world.now) {
        return Err(Fault::client(
            "InsufficientDBInstanceCapacity",
            "The specified DB instance class isn't available in the specified Availability Zone.",
        ));
    }
    Ok(())
}

fn required<'a>(call: &'a Call, name: &str) -> Result<&'a str, Fault> {
    call.text(name).ok_or_else(|| refuse::missing(name))
}

pub(super) fn create_db_instance(world: &mut World, call: &Call) -> Outcome {
    let name = plain_name(required(call, "DBInstanceIdentifier")?);
    taken(world, &instance_arn(&name))?;
    has_capacity(world)?;
    let class = required(call, "DBInstanceClass")?;
    let engine = required(call, "Engine")?;
    let wanted = modify::Wanted::read(call)?;
    let mut new = match asked_cluster(call) {
        None => NewInstance::named(name),
        Some(cluster) => joining(world, &cluster, class, name)?,
    };
    if new.cluster.is_none() {
        engine.clone_into(&mut new.engine);
    }
    class.clone_into(&mut new.class);
    new.multi_az = call.truth("MultiAZ").unwrap_or(false);
    new.storage = wanted.storage.unwrap_or(new.storage);
    new.backup_days = wanted.backup_days.unwrap_or(new.backup_days);
    new.backup_window = wanted.backup_window.unwrap_or(new.backup_window);
    new.maintenance_window = wanted.maintenance_window.unwrap_or(new.maintenance_window);
    new.tags = read::tags(call);
    let arn = place_instance(world, &call.actor, new, "creating");
    read::answered(world, &arn)
}

fn joining(world: &World, cluster: &str, class: &str, name: String) -> Result<NewInstance, Fault> {
    let known = world
        .rds
        .database(cluster)
        .ok_or_else(|| refuse::not_found(cluster))?;
    // https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-cluster-stop-start.html
    if matches!(known.status.as_str(), "stopping" | "stopped" | "deleting") {
        return Err(refuse::cluster_state(format!(
            "DbCluster {} is not in available state.",
            known.name
        )));
    }
    // https://github.com/cloudposse/terraform-aws-rds-cluster/pull/181
    if class == "db.serverless" && known.cluster().is_none_or(|known| known.scaling.is_none()) {
        return Err(refuse::cluster_state(
            "Set the Serverless v2 scaling configuration on the parent DB cluster before creating \
             a Serverless v2 DB instance.",
        ));
    }
    Ok(NewInstance {
        engine: known.engine.clone(),
        cluster: Some(known.name.clone()),
        backup_window: known.backup_window.clone(),
        backup_days: known.backup_days,
        maintenance_window: known.maintenance_window.clone(),
        ..NewInstance::named(name)
    })
}

pub(super) fn create_read_replica(world: &mut World, call: &Call) -> Outcome {
    let name = plain_name(required(call, "DBInstanceIdentifier")?);
    taken(world, &instance_arn(&name))?;
    has_capacity(world)?;
    let source = instance_arn(&plain_name(required(call, "SourceDBInstanceIdentifier")?));
    let source = world
        .rds
        .database(&source)
        .ok_or_else(|| refuse::not_found(&source))?;
    if source.status != "available" {
        return Err(refuse::instance_state(format!(
            "Instance {} is not in available state.",
            source.name
        )));
    }
    // https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstanceReadReplica.html
    if source.backup_days == 0 {
        return Err(refuse::instance_state(
            "Automated backups are not enabled for this database instance. To enable automated \
             backups, use ModifyDBInstance to set the backup retention period to a non-zero value.",
        ));
    }
    let (class, storage) = source
        .instance()
        .map(|instance| (instance.class.clone(), instance.storage))
        .unwrap_or_default();
    let new = NewInstance {
        engine: source.engine.clone(),
        class: call.text("DBInstanceClass").map_or(class, str::to_owned),
        storage,
        replica_of: Some(source.name.clone()),
        // Replicas are made with backups disabled.
        backup_days: 0,
        backup_window: source.backup_window.clone(),
        maintenance_window: source.maintenance_window.clone(),
        tags: read::tags(call),
        ..NewInstance::named(name)
    };
    let arn = place_instance(world, &call.actor, new, "creating");
    read::answered(world, &arn)
}

pub(super) fn create_db_cluster(world: &mut World, call: &Call) -> Outcome {
    let name = plain_name(required(call, "DBClusterIdentifier")?);
    let arn = cluster_arn(&name);
    taken(world, &arn)?;
    let wanted = modify::Wanted::read(call)?;
    let defaults = NewCluster::named(name);
    let new = NewCluster {
        engine: required(call, "Engine")?.to_owned(),
        engine_mode: call
            .text("EngineMode")
            .map_or(defaults.engine_mode, str::to_owned),
        classes: Vec::new(),
        scaling: modify::wanted_scaling(call, None)?,
        global: call.text("GlobalClusterIdentifier").map(str::to_owned),
        replica_of: call.text("ReplicationSourceIdentifier").map(str::to_owned),
        backup_days: wanted.backup_days.unwrap_or(defaults.backup_days),
        backup_window: wanted.backup_window.unwrap_or(defaults.backup_window),
        maintenance_window: wanted
            .maintenance_window
            .unwrap_or(defaults.maintenance_window),
        tags: read::tags(call),
        ..NewCluster::named(defaults.name)
    };
    place(
        world,
        &call.actor,
        new.into_database(arn.clone(), "creating", world.now),
    );
    life::then(world, &arn, CREATION, Next::Created);
    read::answered(world, &arn)
}

/// A final snapshot is taken unless it is declined, and needs a name; members have none.
// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DeleteDBInstance.html
fn final_snapshot(call: &Call) -> Result<(), Fault> {
    let skipped = call.truth("SkipFinalSnapshot").unwrap_or(false);
    let named = [
        "FinalDBSnapshotIdentifier",
        "FinalDBClusterSnapshotIdentifier",
    ]
    .iter()
    .any(|name| call.text(name).is_some());
    match (skipped, named) {
        (false, false) => Err(refuse::combination(
            "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.",
        )),
        (true, true) => Err(refuse::combination(
            "FinalDBSnapshotIdentifier can not be specified when deleting without a final snapshot.",
        )),
        _ => Ok(()),
    }
}

pub(super) fn delete_db_instance(world: &mut World, call: &Call) -> Outcome {
    let database = known_instance(world, call)?;
    if database.status == "deleting" {
        return Err(refuse::instance_state(format!(
            "Instance {} is already being deleted.",
            database.name
        )));
    }
    let cluster = database
        .instance()
        .and_then(|instance| instance.cluster.as_deref())
        .and_then(|cluster| world.rds.database(&cluster_arn(cluster)));
    match cluster {
        None => final_snapshot(call)?,
        // https://github.com/ekristen/aws-nuke/pull/951: a cluster is started to delete its members.
        Some(cluster) if matches!(cluster.status.as_str(), "stopping" | "stopped") => {
            return Err(refuse::cluster_state(format!(
                "DbCluster {} is not in available state.",
                cluster.name
            )));
        }
        Some(_) => {}
    }
    let arn = database.arn.clone();
    delete(world, &call.actor, &arn);
    read::answered(world, &arn)
}

pub(super) fn delete_db_cluster(world: &mut World, call: &Call) -> Outcome {
    let database = known_cluster(world, call)?;
    let arn = database.arn.clone();
    if database.status == "deleting" {
        return Err(refuse::cluster_state(format!(
            "DbCluster {} is already being deleted.",
            database.name
        )));
    }
    // https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/USER_DeleteCluster.html quotes it.
    let has_members = world
        .rds
        .members_of(&arn)
        .iter()
        .filter_map(|member| world.rds.database(member))
        .any(|member| member.status != "deleting");
    if has_members {
        return Err(refuse::cluster_state(
            "Cluster cannot be deleted, it still contains DB instances in non-deleting state.",
        ));
    }
    if database
        .cluster()
        .is_some_and(|cluster| cluster.global.is_some())
    {
        return Err(refuse::cluster_state(
            "This cluster is a part of a global cluster, please remove it from globalcluster first",
        ));
    }
    final_snapshot(call)?;
    let by = call.actor.clone();
    life::pass(world, &arn, "deleting", &by);
    // After its members, whose deletion may be under way.
    let seconds = *DELETION.end()..=2 * *DELETION.end();
    life::then(world, &arn, seconds, Next::Deleted { by });
    read::answered(world, &arn)
}

// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_RebootInstance.html
pub(super) fn reboot(world: &mut World, call: &Call) -> Outcome {
    let database = known_instance(world, call)?;
    if database.status != "available" {
        return Err(refuse::instance_state(format!(
            "Instance {} is not in available state.",
            database.name
        )));
    }
    let arn = database.arn.clone();
    life::pass(world, &arn, "rebooting", &call.actor);
    life::emit(world, &arn, "0004", "availability", "DB instance shutdown.");
    life::then(world, &arn, REBOOT, Next::Rebooted);
    read::answered(world, &arn)
}
