//! Failing over: asked for, or because the writer died. For half a minute and more the cluster is
//! `failing-over` and refuses to be changed; then another member writes, and the old writer comes back
//! as a reader.

use std::ops::RangeInclusive;

use crate::{
    call::{Actor, Call, Fault, Outcome},
    services::rds::{
        change, known_cluster,
        life::{self, Next},
        plain_name, read, refuse,
    },
    world::World,
};

/// How long it takes, in seconds: mostly under a minute. The most is a guess.
// https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Concepts.AuroraHighAvailability.html
const FAILOVER: RangeInclusive<u64> = 30..=120;

// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_FailoverDBCluster.html
pub(super) fn asked(world: &mut World, call: &Call) -> Outcome {
    let arn = known_cluster(world, call)?.arn.clone();
    let target = call.text("TargetDBInstanceIdentifier").map(plain_name);
    let writer = chosen(world, &arn, target.as_deref())?;
    begin(world, &call.actor, &arn, writer);
    read::answered(world, &arn)
}

/// Lets the writer of a cluster, by its ARN, die: AWS fails over to another member. Answers whether it
/// could; a cluster of one has nothing to fail over to.
pub fn fail_over(world: &mut World, arn: &str) -> bool {
    match chosen(world, arn, None) {
        Ok(writer) => {
            begin(world, &Actor::Aws, arn, writer);
            true
        }
        Err(_) => false,
    }
}

/// The member that writes next: the one that is asked for, or the first that can.
fn chosen(world: &World, arn: &str, target: Option<&str>) -> Result<String, Fault> {
    let database = world.rds.database(arn);
    let database = database.ok_or_else(|| refuse::not_found(arn))?;
    let name = &database.name;
    if database.status != "available" {
        return Err(refuse::cluster_state(format!(
            "DbCluster {name} is not in available state."
        )));
    }
    let members = world.rds.members_of(arn);
    let mut members = members.iter().filter_map(|arn| world.rds.database(arn));
    let found = match target {
        None => members.skip(1).find(|member| member.status == "available"),
        Some(target) => members.find(|member| member.name == target),
    };
    match found {
        None => Err(refuse::cluster_state(format!(
            "DbCluster {name} has no such instance to fail over to."
        ))),
        // The code is in the operation's model and must have a cause; that it is this one is a guess.
        Some(member) if member.status != "available" => Err(refuse::instance_state(format!(
            "Instance {} is not in available state.",
            member.name
        ))),
        Some(member) => Ok(member.name.clone()),
    }
}

fn begin(world: &mut World, by: &Actor, arn: &str, writer: String) {
    let before = world.rds.members_of(arn).into_iter().next();
    life::pass(world, arn, "failing-over", by);
    // Which members share an Availability Zone is not modelled: each has its own. 0072 would be the
    // event of a failover within one.
    let message = format!("Started cross AZ failover to DB instance: {writer}");
    life::emit(world, arn, "0073", "failover", &message);
    // The old writer comes back as a reader.
    if let Some(old) = before {
        life::pass(world, &old, "rebooting", &Actor::Aws);
        life::emit(world, &old, "0004", "availability", "DB instance shutdown.");
        life::then(world, &old, change::REBOOT, Next::Rebooted);
    }
    let fails = world.rds.failing_failovers.remove(arn);
    let next = if fails {
        Next::FailoverFailed
    } else {
        Next::FailedOver { writer }
    };
    life::then(world, arn, FAILOVER, next);
}

/// The end of `failing-over`: the member writes.
pub(super) fn done(world: &mut World, arn: &str, writer: &str) {
    change::make_writer(world, arn, writer);
    life::settle(world, arn);
    let message = format!("Completed failover to DB instance: {writer}");
    life::emit(world, arn, "0071", "failover", &message);
}

/// The end of `failing-over` where the old writer writes on.
pub(super) fn failed(world: &mut World, arn: &str) {
    let writer = world.rds.members_of(arn).into_iter().next();
    let writer = writer.unwrap_or_default();
    let name = writer.rsplit(':').next().unwrap_or_default();
    let message =
        "Cluster failover failed, check the health of your cluster instances and try again.";
    life::emit(world, arn, "0069", "failover", message);
    let message = format!("Promoting previous primary again: {name}");
    life::emit(world, arn, "0070", "failover", &message);
    life::settle(world, arn);
}
