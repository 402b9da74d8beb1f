//! What template.yaml gives the function: its permissions, the events that reach it, the tick.

use std::{collections::BTreeMap, sync::LazyLock};

use nightshift_cloud::{
    policy::{self, Policy},
    services::{dynamodb, sns},
    world::World,
};
use power_staging::plan::FUNCTION;
use serde_json::Value;

use crate::process::TABLE;

const TEMPLATE: &str = include_str!("../../../template.yaml");
const RESOURCE: &str = "PowerStaging";

struct Read {
    acts: Policy,
    watches: Policy,
    patterns: Vec<Value>,
    tick: Value,
}

/// A template that cannot be read proves nothing, so the simulation stops there.
static READ: LazyLock<Result<Read, String>> = LazyLock::new(|| {
    let policy = |mode| {
        let parameters: BTreeMap<&str, &str> = [("Mode", mode)].into();
        policy::of_template(TEMPLATE, RESOURCE, &parameters)
    };
    let none = BTreeMap::new();
    let ours = |name: &str| name.contains(FUNCTION);
    let mut rules = policy::rules_of_template(TEMPLATE, &none)?;
    rules.retain(|(name, _)| ours(name));
    let mut schedules = policy::schedules_of_template(TEMPLATE, &none)?;
    schedules.retain(|schedule| ours(&schedule.name));
    Ok(Read {
        acts: policy("act")?,
        watches: policy("watch")?,
        patterns: rules.into_iter().map(|(_, pattern)| pattern).collect(),
        tick: schedules
            .into_iter()
            .next()
            .map(|schedule| schedule.input)
            .ok_or("the template has no schedule")?,
    })
});

fn read() -> Result<&'static Read, String> {
    READ.as_ref().map_err(Clone::clone)
}

/// Deploys the stack: the table, the topic, the role, which may lack one action.
///
/// # Errors
/// When the template cannot be read.
pub fn deploy(world: &mut World, watch: bool, without: Option<&str>) -> Result<(), String> {
    let read = read()?;
    let mut policy = if watch { &read.watches } else { &read.acts }.clone();
    for statement in &mut policy.statements {
        statement
            .actions
            .retain(|action| Some(action.as_str()) != without);
    }
    world.roles.insert(FUNCTION.to_owned(), policy);
    dynamodb::create_table(world, TABLE, "pk", Some("sk"), Some("ttl"));
    sns::create_topic(world, "Reports");
    Ok(())
}

/// The patterns of the rules that invoke the function.
///
/// # Errors
/// When the template cannot be read.
pub fn patterns() -> Result<Vec<Value>, String> {
    Ok(read()?.patterns.clone())
}

/// What the schedule sends.
///
/// # Errors
/// When the template cannot be read.
pub fn tick() -> Result<Value, String> {
    Ok(read()?.tick.clone())
}

/// What the policy allows when the function acts.
///
/// # Errors
/// When the template cannot be read.
pub fn policy() -> Result<Policy, String> {
    Ok(read()?.acts.clone())
}
