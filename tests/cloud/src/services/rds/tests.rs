use jiff::SignedDuration;
use serde_json::{Value, json};

use super::*;
use crate::{
    call::Actor,
    world::{Noted, What},
};

mod failover;
mod life;
mod master;
mod operations;
mod refusals;

const NIGHTSHIFT: &str = "power-staging";

fn world(seed: u64) -> World {
    World::new("2026-11-27T10:00:00Z".parse().unwrap(), seed)
}

fn function() -> Actor {
    Actor::Function(NIGHTSHIFT.to_owned())
}

/// A world in which no window disturbs, with one instance of no backups.
fn with_instance(seed: u64) -> (World, String) {
    let mut world = world(seed);
    let arn = create_instance(&mut world, &Actor::Terraform, quiet("main"));
    (world, arn)
}

fn quiet(name: &str) -> NewInstance {
    NewInstance {
        backup_days: 0,
        maintenance_window: String::new(),
        ..NewInstance::named(name)
    }
}

fn with_cluster(seed: u64, members: usize) -> (World, String) {
    let mut world = world(seed);
    let arn = create_cluster(&mut world, &Actor::Terraform, quiet_cluster(members));
    (world, arn)
}

fn quiet_cluster(members: usize) -> NewCluster {
    NewCluster {
        classes: vec!["db.t4g.medium".to_owned(); members],
        backup_days: 0,
        maintenance_window: String::new(),
        ..NewCluster::named("aurora")
    }
}

fn pass_time(world: &mut World, hours: i64) {
    let to = world.now + SignedDuration::from_hours(hours);
    world.advance(to);
}

/// Goes on from one happening to the next until a database has a status.
fn until(world: &mut World, arn: &str, status: &str) {
    for _ in 0..1000 {
        if status_of(world, arn) == status {
            return;
        }
        let next = world.next().expect("nothing is going to happen any more");
        world.advance(next);
    }
    panic!("{arn} never became {status}");
}

fn status_of(world: &World, arn: &str) -> String {
    world.rds.database(arn).unwrap().status.clone()
}

fn ask(world: &mut World, operation: &str, input: Value) -> Outcome {
    world.ask(&SERVICE, function(), operation, input)
}

fn code(outcome: Outcome) -> (String, u16) {
    let fault = outcome.unwrap_err();
    (fault.code, fault.status)
}

fn event_ids(world: &mut World) -> Vec<String> {
    let ids = world.events.emitted.iter().map(|event| {
        let id = event.envelope["detail"]["EventID"].as_str().unwrap();
        id.trim_start_matches("RDS-EVENT-").to_owned()
    });
    ids.collect()
}

fn changes(journal: &[Noted], arn: &str) -> Vec<(Actor, String)> {
    journal
        .iter()
        .filter(|noted| noted.arn == arn)
        .filter_map(|noted| match &noted.what {
            What::Status { to, .. } => Some((noted.by.clone(), to.clone())),
            _ => None,
        })
        .collect()
}

fn described(world: &mut World) -> Value {
    let output = ask(world, "DescribeDBInstances", json!({})).unwrap();
    output["DBInstances"]["DBInstance"][0].clone()
}
