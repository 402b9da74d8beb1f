//! Modifying: at once, or pending until the maintenance window; never while a database is stopped.

use std::{mem, ops::RangeInclusive};

use serde_json::Value;

use crate::{
    call::{Actor, Call, Fault, Outcome},
    load,
    services::rds::{
        Scaling, Shape, known_cluster, known_instance,
        life::{self, Next},
        master, read, refuse,
        windows::Window,
    },
    world::{What, World},
};

/// The largest capacity of Aurora Serverless v2; older engines have half of it.
// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ServerlessV2ScalingConfiguration.html
const MOST_UNITS: f64 = 256.0;
/// The new size is there at once, the storage is rearranged for hours after it.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PIOPS.ModifyingExisting.html
const STORAGE_OPTIMIZATION: RangeInclusive<u64> = 6 * 3600..=24 * 3600;

/// What both instances and clusters can be given.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    pub(super) backup_days: Option<u32>,
    pub(super) backup_window: Option<String>,
    pub(super) maintenance_window: Option<String>,
    pub(super) storage: Option<u32>,
}

impl Wanted {
    // https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBInstance.html
    pub(super) fn read(call: &Call) -> Result<Self, Fault> {
        let whole = |name: &str, most: u32| {
            call.number(name)
                .map(|number| {
                    u32::try_from(number)
                        .ok()
                        .filter(|number| *number <= most)
                        .ok_or_else(|| refuse::invalid(format!("Invalid {name}: {number}")))
                })
                .transpose()
        };
        let window = |name: &str, read: fn(&str) -> Option<Window>| match call.text(name) {
            Some(text) if read(text).is_none() => {
                Err(refuse::invalid(format!("Invalid {name}: {text}")))
            }
            text => Ok(text.map(ToOwned::to_owned)),
        };
        Ok(Self {
            backup_days: whole("BackupRetentionPeriod", 35)?,
            backup_window: window("PreferredBackupWindow", Window::daily)?,
            maintenance_window: window("PreferredMaintenanceWindow", Window::weekly)?,
            storage: whole("AllocatedStorage", 65_536)?,
        })
    }
}

pub(super) fn instance(world: &mut World, call: &Call) -> Outcome {
    let database = known_instance(world, call)?;
    // https://github.com/cloud-custodian/cloud-custodian/issues/178
    if !matches!(database.status.as_str(), "available" | "storage-full") {
        return Err(refuse::instance_state(
            "Database instance is not in available state.",
        ));
    }
    let wanted = Wanted::read(call)?;
    master::check(call, database)?;
    // https://github.com/cloud-custodian/cloud-custodian/issues/178
    if database.is_member() && wanted.backup_days.is_some() {
        return Err(refuse::combination(
            "The specified DB Instance is a member of a cluster and its backup retention should \
             not be modified directly. Instead, modify the backup retention of the cluster using \
             the ModifyDbCluster API",
        ));
    }
    let arn = database.arn.clone();
    // What may wait for the window; the windows themselves take effect at once.
    // https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ModifyInstance.Settings.html
    let pending = [
        (
            "DBInstanceClass",
            call.text("DBInstanceClass").map(ToOwned::to_owned),
        ),
        ("MultiAZ", call.truth("MultiAZ").map(|yes| yes.to_string())),
        (
            "AllocatedStorage",
            wanted.storage.map(|gib| gib.to_string()),
        ),
        (
            "BackupRetentionPeriod",
            wanted.backup_days.map(|days| days.to_string()),
        ),
    ];
    let mut is_pending = false;
    if let Some(database) = world.rds.databases.get_mut(&arn)
        && let Shape::Instance(instance) = &mut database.shape
    {
        for (name, value) in pending {
            if let Some(value) = value {
                instance.pending.insert(name.to_owned(), value);
            }
        }
        is_pending = !instance.pending.is_empty();
    }
    set_windows(world, &arn, wanted);
    world.note(&call.actor, arn.as_str(), What::Written);
    if is_pending && call.truth("ApplyImmediately").unwrap_or(false) {
        let seconds = world.timings.modification.clone();
        life::pass(world, &arn, "modifying", &call.actor);
        life::then(world, &arn, seconds, Next::Modified);
    } else {
        master::reset(world, call, &arn);
    }
    read::answered(world, &arn)
}

fn set_windows(world: &mut World, arn: &str, wanted: Wanted) {
    let Some(database) = world.rds.databases.get_mut(arn) else {
        return;
    };
    let changes = wanted.backup_window.is_some() || wanted.maintenance_window.is_some();
    if let Some(window) = wanted.backup_window {
        database.backup_window = window;
    }
    if let Some(window) = wanted.maintenance_window {
        database.maintenance_window = window;
    }
    if changes {
        life::replan_windows(world, arn);
    }
}

/// The end of `modifying`: what was pending is so.
pub(super) fn take_effect(world: &mut World, arn: &str) {
    let mut grew = false;
    if let Some(database) = world.rds.databases.get_mut(arn)
        && let Shape::Instance(instance) = &mut database.shape
    {
        for (name, value) in mem::take(&mut instance.pending) {
            match name.as_str() {
                "DBInstanceClass" => instance.class = value,
                "MultiAZ" => instance.multi_az = value == "true",
                "BackupRetentionPeriod" => {
                    database.backup_days = value.parse().unwrap_or(database.backup_days);
                }
                "AllocatedStorage" => {
                    let storage = value.parse().unwrap_or(instance.storage);
                    grew = storage > instance.storage;
                    instance.storage = storage;
                }
                _ => {}
            }
        }
    }
    // Before `available` plans them: the retention may be another one now.
    life::replan_windows(world, arn);
    if grew {
        life::pass(world, arn, "storage-optimization", &Actor::Aws);
        life::then(world, arn, STORAGE_OPTIMIZATION, Next::Settled);
    } else {
        life::settle(world, arn);
    }
}

pub(super) fn cluster(world: &mut World, call: &Call) -> Outcome {
    let database = known_cluster(world, call)?;
    // A stopped cluster cannot be modified, nor one that is busy.
    // https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-cluster-stop-start.html
    // https://github.com/aws-controllers-k8s/rds-controller/pull/56
    if database.status != "available" {
        return Err(refuse::cluster_state(format!(
            "DbCluster {} is not in available state.",
            database.name
        )));
    }
    let wanted = Wanted::read(call)?;
    master::check(call, database)?;
    // https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBCluster.html
    if wanted.backup_days == Some(0) && database.is_aurora() {
        return Err(refuse::invalid("Invalid backup retention period: 0"));
    }
    let present = database.cluster().and_then(|cluster| cluster.scaling);
    let scaling = wanted_scaling(call, present)?;
    if scaling.is_some() && !database.is_aurora() {
        return Err(refuse::combination(
            "ServerlessV2ScalingConfiguration is valid for Aurora DB clusters only.",
        ));
    }
    let arn = database.arn.clone();
    if let Some(database) = world.rds.databases.get_mut(&arn) {
        database.backup_days = wanted.backup_days.unwrap_or(database.backup_days);
        // The range changes online: the status stays as it is.
        if let Shape::Cluster(cluster) = &mut database.shape {
            cluster.scaling = scaling.or(cluster.scaling);
        }
    }
    load::cluster_changed(world, &arn);
    set_windows(world, &arn, wanted);
    world.note(&call.actor, arn.as_str(), What::Written);
    if let Some(now) = scaling {
        let before = present.unwrap_or(now);
        let (from, to) = ((before.min, before.max), (now.min, now.max));
        world.note(&call.actor, arn.as_str(), What::Capacity { from, to });
    }
    master::reset(world, call, &arn);
    read::answered(world, &arn)
}

/// The bounds that a call asks for, over those that are there: half steps, the least not above the
/// most, a pause only with a least of 0.
// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ServerlessV2ScalingConfiguration.html
pub(super) fn wanted_scaling(
    call: &Call,
    present: Option<Scaling>,
) -> Result<Option<Scaling>, Fault> {
    let given = |name: &str| {
        let value = call
            .input
            .get(format!("ServerlessV2ScalingConfiguration.{name}"))?;
        value.as_f64().or_else(|| value.as_str()?.parse().ok())
    };
    let (min, max) = (given("MinCapacity"), given("MaxCapacity"));
    let pause = call
        .input
        .get("ServerlessV2ScalingConfiguration.SecondsUntilAutoPause")
        .and_then(|value| {
            value
                .as_i64()
                .or_else(|| Value::as_str(value)?.parse().ok())
        });
    if min.is_none() && max.is_none() && pause.is_none() {
        return Ok(None);
    }
    let (Some(min), Some(max)) = (
        min.or_else(|| present.map(|present| present.min)),
        max.or_else(|| present.map(|present| present.max)),
    ) else {
        // https://github.com/crossplane-contrib/provider-upjet-aws/issues/1165
        return Err(refuse::invalid(
            "Both MinCapacity and MaxCapacity must be specified when you initialize Serverless v2 \
             scaling configuration.",
        ));
    };
    bounded(min, max)?;
    let kept = present.and_then(|present| present.pause_after);
    Ok(Some(Scaling {
        min,
        max,
        pause_after: pause_after(min, pause, kept)?,
    }))
}

/// The largest minimum is as the maximum's, the smallest maximum is one unit.
// https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-serverless-v2.setting-capacity.html
fn bounded(min: f64, max: f64) -> Result<(), Fault> {
    let has_half_steps = |units: f64| (units * 2.0).fract() == 0.0;
    if max < 1.0 {
        // https://github.com/aws/aws-cdk/pull/32232
        Err(refuse::invalid(format!(
            "Serverless v2 maximum capacity {max:?} isn't valid. The maximum capacity must be at \
             least 1.0."
        )))
    } else if !(0.0..=MOST_UNITS).contains(&min) || !(1.0..=MOST_UNITS).contains(&max) {
        Err(refuse::invalid(format!(
            "Serverless v2 capacity {min}..{max} is out of range."
        )))
    } else if !has_half_steps(min) || !has_half_steps(max) {
        Err(refuse::invalid(
            "Serverless v2 capacity must be a multiple of 0.5.",
        ))
    } else if min > max {
        Err(refuse::combination(
            "Serverless v2 minimum capacity can't be greater than the maximum capacity.",
        ))
    } else {
        Ok(())
    }
}

/// After how many idle seconds it pauses: only with a least of 0, five minutes if nothing is said.
fn pause_after(min: f64, asked: Option<i64>, kept: Option<u32>) -> Result<Option<u32>, Fault> {
    match (asked, min > 0.0) {
        (Some(_), true) => Err(refuse::combination(
            "SecondsUntilAutoPause can be set only with a minimum capacity of 0.",
        )),
        (None, true) => Ok(None),
        (None, false) => Ok(Some(kept.unwrap_or(300))),
        (Some(seconds), false) => u32::try_from(seconds)
            .ok()
            .filter(|seconds| (300..=86_400).contains(seconds))
            .map(Some)
            .ok_or_else(|| refuse::invalid("SecondsUntilAutoPause must be between 300 and 86400.")),
    }
}
