//! How a status follows upon another: what people and AWS begin, and what AWS finishes later. Each
//! change of status voids what was planned for the status before.

use std::{mem, ops::RangeInclusive};

use jiff::{SignedDuration, Timestamp, Unit};
use serde_json::json;

use crate::{
    call::{Actor, Fault},
    load,
    services::{
        events,
        rds::{
            Database, Shape, change, cluster_arn, failover, master, modify, refuse, windows::Window,
        },
    },
    world::{What, World},
};

/// A database can be stopped for seven days in a row.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_StopInstance.html
const STOPPED_AT_MOST: SignedDuration = SignedDuration::from_hours(7 * 24);
/// One stop or start in so many takes up to an hour.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_StopInstance.html
const SLOW_ONE_IN: u32 = 20;
const HOUR: u64 = 3600;
/// One start in so many is followed by something else than `available`: a guess.
const DETOUR_ONE_IN: u32 = 8;
/// One maintenance window in so many is made use of: a guess.
const MAINTENANCE_ONE_IN: u32 = 4;

/// What RDS does by itself later.
#[derive(Clone, Debug)]
pub struct Happening(Planned);

#[derive(Clone, Debug)]
enum Planned {
    /// The status comes to its end, unless it already did.
    Turn { arn: String, turn: u64, next: Next },
    /// The seven days are over.
    Restart { arn: String, at: Timestamp },
    /// The daily backup.
    BackUp { arn: String, at: Timestamp },
    /// The weekly maintenance.
    Maintain { arn: String, at: Timestamp },
}

/// How a status ends.
#[derive(Clone, Debug)]
pub(super) enum Next {
    /// `stopping` in `stopped`.
    Stopped,
    /// `stopping` in `available` again.
    StopFailed,
    /// `stopped` in `starting`, after AWS said so.
    Restarting,
    /// `starting`, mostly in `available`.
    Started,
    /// Whatever it was in `available`.
    Settled,
    /// `creating` in `available`.
    Created,
    /// `backing-up` in `available`.
    BackedUp,
    /// `rebooting` in `available`.
    Rebooted,
    /// `modifying` in what was asked for.
    Modified,
    /// `resetting-master-credentials` in `available`.
    CredentialsReset,
    /// `failing-over` in `available`, with another writer.
    FailedOver { writer: String },
    /// `failing-over` in `available`, with the same writer.
    FailoverFailed,
    /// `deleting` in nothing.
    Deleted { by: Actor },
}

impl Happening {
    /// Lets it happen.
    pub fn happen(self, world: &mut World) {
        match self.0 {
            Planned::Turn { arn, turn, next } => {
                if world.rds.database(&arn).map(|database| database.turn) == Some(turn) {
                    next.come(world, &arn);
                }
            }
            Planned::Restart { arn, at } => restart(world, &arn, at),
            Planned::BackUp { arn, at } => back_up(world, &arn, at),
            Planned::Maintain { arn, at } => maintain(world, &arn, at),
        }
    }
}

impl Next {
    fn come(self, world: &mut World, arn: &str) {
        let is_cluster = is_cluster(world, arn);
        match self {
            Self::Stopped => {
                pass(world, arn, "stopped", &Actor::Aws);
                if is_cluster {
                    emit(world, arn, "0150", "notification", "DB cluster stopped.");
                } else {
                    emit(world, arn, "0087", "notification", "DB instance stopped");
                }
            }
            Self::StopFailed => {
                settle(world, arn);
                emit(
                    world,
                    arn,
                    "0152",
                    "notification",
                    "DB cluster stop failed.",
                );
            }
            Self::Restarting => begin_start(world, arn, &Actor::Aws),
            Self::Started => started(world, arn),
            Self::Settled => settle(world, arn),
            Self::Created => {
                settle(world, arn);
                if is_cluster {
                    emit(world, arn, "0170", "creation", "DB cluster created.");
                } else {
                    emit(world, arn, "0005", "creation", "DB instance created.");
                }
            }
            Self::BackedUp => {
                settle(world, arn);
                if !is_cluster {
                    emit(world, arn, "0002", "backup", "Finished DB instance backup.");
                }
            }
            Self::Rebooted => {
                settle(world, arn);
                emit(world, arn, "0006", "availability", "DB instance restarted.");
            }
            Self::Modified => modify::take_effect(world, arn),
            Self::CredentialsReset => master::take_effect(world, arn),
            Self::FailedOver { writer } => failover::done(world, arn, &writer),
            Self::FailoverFailed => failover::failed(world, arn),
            Self::Deleted { by } => change::remove(world, arn, &by),
        }
    }
}

/// Gives a database another status.
pub(super) fn pass(world: &mut World, arn: &str, to: &str, by: &Actor) {
    let Some(database) = world.rds.databases.get_mut(arn) else {
        return;
    };
    world.rds.turns += 1;
    database.turn = world.rds.turns;
    let from = mem::replace(&mut database.status, to.to_owned());
    if !matches!(to, "stopping" | "stopped") {
        database.restart_at = None;
    }
    let cluster = member_of(database);
    if from != to {
        let what = What::Status {
            from,
            to: to.to_owned(),
        };
        world.note(by, arn, what);
    }
    if let Some(cluster) = cluster {
        world.rds.mirror_writer(&cluster);
    }
    load::member_changed(world, arn);
    if to == "available" {
        plan_windows(world, arn);
    }
}

/// Says how the status that a database has now ends, after some seconds out of a range.
pub(super) fn then(world: &mut World, arn: &str, seconds: RangeInclusive<u64>, next: Next) {
    let Some(turn) = world.rds.database(arn).map(|database| database.turn) else {
        return;
    };
    let arn = arn.to_owned();
    world.after(seconds, Happening(Planned::Turn { arn, turn, next }));
}

/// Back to `available`, by AWS.
pub(super) fn settle(world: &mut World, arn: &str) {
    pass(world, arn, "available", &Actor::Aws);
}

/// Stops an instance, or a cluster with its members.
///
/// # Errors
/// With what RDS answers when it cannot be stopped.
pub fn stop(world: &mut World, by: &Actor, arn: &str) -> Result<(), Fault> {
    let database = world
        .rds
        .database(arn)
        .ok_or_else(|| refuse::not_found(arn))?;
    refuse::stop(&world.rds, database)?;
    let seconds = lengthy(world, world.timings.database_stop.clone());
    let fails = is_cluster(world, arn) && world.rds.failing_stops.remove(arn);
    pass(world, arn, "stopping", by);
    // AWS, not the caller, stops the members; each is stopped before its cluster is.
    for member in world.rds.members_of(arn) {
        pass(world, &member, "stopping", &Actor::Aws);
        let (when, next) = if fails {
            (seconds..=seconds, Next::Settled)
        } else {
            (seconds / 2..=seconds, Next::Stopped)
        };
        then(world, &member, when, next);
    }
    let next = if fails {
        Next::StopFailed
    } else {
        await_restart(world, arn);
        Next::Stopped
    };
    then(world, arn, seconds..=seconds, next);
    // A stop drops pending modifications except those of option and parameter groups, which are
    // not modelled.
    // https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_StopInstance.html
    if let Some(Shape::Instance(instance)) = world
        .rds
        .databases
        .get_mut(arn)
        .map(|database| &mut database.shape)
    {
        instance.pending.clear();
    }
    Ok(())
}

/// Starts an instance, or a cluster with its members.
///
/// # Errors
/// With what RDS answers when it cannot be started.
pub fn start(world: &mut World, by: &Actor, arn: &str) -> Result<(), Fault> {
    let database = world
        .rds
        .database(arn)
        .ok_or_else(|| refuse::not_found(arn))?;
    refuse::start(&world.rds, database)?;
    // https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_StartDBInstance.html
    if database.instance().is_some() && world.rds.lacks_capacity(world.now) {
        return Err(Fault::client(
            "InsufficientDBInstanceCapacity",
            "The specified DB instance class isn't available in the specified Availability Zone.",
        ));
    }
    // https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_StartDBCluster.html
    if world.rds.lost_keys.contains(arn) {
        return Err(Fault::client(
            "KMSKeyNotAccessibleFault",
            "An error occurred accessing an Amazon Web Services KMS key.",
        ));
    }
    begin_start(world, arn, by);
    Ok(())
}

/// Gives a database a status as AWS does by itself, for some seconds out of a range and then
/// `available` again, or for good. A cluster's members follow it to `stopped` and to nothing else.
pub fn set_status(
    world: &mut World,
    arn: &str,
    status: &str,
    seconds: Option<RangeInclusive<u64>>,
) {
    pass(world, arn, status, &Actor::Aws);
    if status == "stopped" {
        await_restart(world, arn);
        for member in world.rds.members_of(arn) {
            pass(world, &member, status, &Actor::Aws);
        }
    }
    if let Some(seconds) = seconds {
        then(world, arn, seconds, Next::Settled);
    }
}

fn begin_start(world: &mut World, arn: &str, by: &Actor) {
    let seconds = lengthy(world, world.timings.database_start.clone());
    pass(world, arn, "starting", by);
    then(world, arn, seconds..=seconds, Next::Started);
    // Members come up on their own: now before, now after their cluster says `available`. That the
    // two statuses differ for a while is known, by how much is a guess.
    for member in world.rds.members_of(arn) {
        let range = if world.random.bool() {
            seconds / 2..=seconds
        } else {
            seconds + 10..=seconds + 300
        };
        pass(world, &member, "starting", &Actor::Aws);
        then(world, &member, range, Next::Started);
    }
}

fn started(world: &mut World, arn: &str) {
    if is_cluster(world, arn) {
        settle(world, arn);
        emit(world, arn, "0151", "notification", "DB cluster started.");
        return;
    }
    let detour = world.random.u32(0..DETOUR_ONE_IN) == 0;
    let backs_up = world.random.bool()
        && world
            .rds
            .database(arn)
            .is_some_and(|database| database.backup_days > 0 && !database.is_member());
    if detour && backs_up {
        begin_backup(world, arn);
    } else if detour {
        pass(world, arn, "configuring-enhanced-monitoring", &Actor::Aws);
        then(world, arn, 30..=180, Next::Settled);
    } else {
        settle(world, arn);
    }
    // Aurora's members tell it as well, beside their cluster's 0151.
    emit(world, arn, "0088", "notification", "DB instance started.");
}

/// Plans the start that AWS makes after seven days.
fn await_restart(world: &mut World, arn: &str) {
    let at = world
        .now
        .saturating_add(STOPPED_AT_MOST)
        .unwrap_or(world.now);
    plan_restart(world, arn, at);
}

fn plan_restart(world: &mut World, arn: &str, at: Timestamp) {
    if let Some(database) = world.rds.databases.get_mut(arn) {
        database.restart_at = Some(at);
        let arn = arn.to_owned();
        world.at(at, Happening(Planned::Restart { arn, at }));
    }
}

/// The event is out before the status changes.
// https://github.com/sqlxpert/step-stay-stopped-aws-rds-aurora/pull/4
fn restart(world: &mut World, arn: &str, at: Timestamp) {
    let is_due = world
        .rds
        .database(arn)
        .is_some_and(|database| database.status == "stopped" && database.restart_at == Some(at));
    if !is_due {
        return;
    }
    let is_cluster = is_cluster(world, arn);
    // Nothing is written on what AWS does then; that it tries again when it can is a guess.
    if let Some(until) = world.rds.capacity_lacks_until
        && world.now < until
        && !is_cluster
    {
        plan_restart(world, arn, until);
        return;
    }
    // https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/accessing-monitoring.html
    if world.rds.lost_keys.contains(arn) {
        let status = "inaccessible-encryption-credentials-recoverable";
        pass(world, arn, status, &Actor::Aws);
        return;
    }
    let (id, what) = if is_cluster {
        ("0153", "DB cluster")
    } else {
        ("0154", "DB instance")
    };
    let message = format!(
        "{what} is being started due to it exceeding the maximum allowed time being stopped."
    );
    emit(world, arn, id, "notification", &message);
    then(world, arn, 2..=10, Next::Restarting);
}

/// Plans the next backup and the next maintenance. Only what is `available` has them ahead of it, so
/// nothing is planned for what sleeps; members have them with their cluster.
fn plan_windows(world: &mut World, arn: &str) {
    let now = world.now;
    let Some(database) = world
        .rds
        .databases
        .get_mut(arn)
        .filter(|database| !database.is_member())
    else {
        return;
    };
    // Backups are made daily in the window; with a retention of 0 never, and not while the database
    // is stopped.
    // https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_WorkingWithAutomatedBackups.html
    let backup = Window::daily(&database.backup_window)
        .filter(|_| database.backup_days > 0 && database.next_backup.is_none())
        .and_then(|window| window.next(now, database.last_backup, &mut world.random));
    let maintenance = Window::weekly(&database.maintenance_window)
        .filter(|_| database.next_maintenance.is_none())
        .and_then(|window| window.next(now, database.last_maintenance, &mut world.random));
    database.next_backup = backup.or(database.next_backup);
    database.next_maintenance = maintenance.or(database.next_maintenance);
    if let Some(at) = backup {
        let arn = arn.to_owned();
        world.at(at, Happening(Planned::BackUp { arn, at }));
    }
    if let Some(at) = maintenance {
        let arn = arn.to_owned();
        world.at(at, Happening(Planned::Maintain { arn, at }));
    }
}

/// Plans the windows anew after one of them, or the retention, was changed.
pub(super) fn replan_windows(world: &mut World, arn: &str) {
    if let Some(database) = world.rds.databases.get_mut(arn) {
        database.next_backup = None;
        database.next_maintenance = None;
        if database.status == "available" {
            plan_windows(world, arn);
        }
    }
}

fn back_up(world: &mut World, arn: &str, at: Timestamp) {
    let Some(database) = world
        .rds
        .databases
        .get_mut(arn)
        .filter(|database| database.next_backup == Some(at))
    else {
        return;
    };
    database.next_backup = None;
    if database.status == "available" && database.backup_days > 0 {
        begin_backup(world, arn);
    }
}

fn begin_backup(world: &mut World, arn: &str) {
    let now = world.now;
    if let Some(database) = world.rds.databases.get_mut(arn) {
        database.last_backup = Some(now);
    }
    pass(world, arn, "backing-up", &Actor::Aws);
    if !is_cluster(world, arn) {
        emit(world, arn, "0001", "backup", "Backing up DB instance.");
    }
    let seconds = world.timings.backup.clone();
    then(world, arn, seconds, Next::BackedUp);
}

fn maintain(world: &mut World, arn: &str, at: Timestamp) {
    let Some(database) = world
        .rds
        .databases
        .get_mut(arn)
        .filter(|database| database.next_maintenance == Some(at))
    else {
        return;
    };
    database.next_maintenance = None;
    if database.status != "available" {
        return;
    }
    database.last_maintenance = Some(at);
    // Changes wait for the next maintenance window, unless at once was asked for.
    // https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ModifyInstance.ApplyImmediately.html
    let is_pending = database
        .instance()
        .is_some_and(|instance| !instance.pending.is_empty());
    let seconds = world.timings.modification.clone();
    if is_pending {
        pass(world, arn, "modifying", &Actor::Aws);
        then(world, arn, seconds, Next::Modified);
    } else if world.random.u32(0..MAINTENANCE_ONE_IN) == 0 {
        pass(world, arn, "maintenance", &Actor::Aws);
        then(world, arn, seconds, Next::Settled);
    } else {
        plan_windows(world, arn);
    }
}

/// Seconds out of a range, now and then up to an hour.
fn lengthy(world: &mut World, usual: RangeInclusive<u64>) -> u64 {
    if world.random.u32(0..SLOW_ONE_IN) == 0 {
        let least = *usual.end();
        world.random.u64(least..=least.max(HOUR))
    } else {
        world.random.u64(usual)
    }
}

fn is_cluster(world: &World, arn: &str) -> bool {
    world
        .rds
        .database(arn)
        .is_some_and(|database| database.cluster().is_some())
}

fn member_of(database: &Database) -> Option<String> {
    let cluster = database.instance()?.cluster.as_deref()?;
    Some(cluster_arn(cluster))
}

/// Emits an event with its number, its category and its text.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Events.Messages.html
// https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/USER_Events.Messages.html
pub(super) fn emit(world: &mut World, arn: &str, id: &str, category: &str, message: &str) {
    let (kind, source) = if arn.contains(":cluster:") {
        ("RDS DB Cluster Event", "CLUSTER")
    } else {
        ("RDS DB Instance Event", "DB_INSTANCE")
    };
    let date = world.now.round(Unit::Millisecond).unwrap_or(world.now);
    let detail = json!({
        "EventCategories": [category],
        "SourceType": source,
        "SourceArn": arn,
        "Date": format!("{date:.3}"),
        "Message": message,
        "SourceIdentifier": arn.rsplit(':').next(),
        "EventID": format!("RDS-EVENT-{id}"),
    });
    events::emit(world, "aws.rds", kind, vec![arn.to_owned()], detail);
}
