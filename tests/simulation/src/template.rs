//! What template.yaml gives a function: its permissions, the events that reach it, the tick.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use nightshift::keep::Keeper;
use nightshift_cloud::{
    policy::{self, Policy},
    services::{dynamodb, sns},
    world::World,
};
use serde_json::Value;

use crate::{process::TABLE, subject::Subject};

const TEMPLATE: &str = include_str!("../../../template.yaml");

/// What the template says of one function.
#[derive(Debug)]
pub struct Stack {
    function: &'static str,
    acts: Policy,
    watches: Policy,
    /// The patterns of the rules that invoke it.
    pub patterns: Vec<Value>,
    /// What its schedule sends.
    pub tick: Value,
}

/// A template that cannot be read proves nothing, so the simulation stops there.
type Known = BTreeMap<&'static str, Result<Arc<Stack>, String>>;

static KNOWN: Mutex<Known> = Mutex::new(BTreeMap::new());

impl Stack {
    /// What the template says of the function that is played; read once.
    ///
    /// # Errors
    /// When the template cannot be read.
    pub fn of<S: Subject>() -> Result<Arc<Self>, String> {
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        let read = || Self::read(TEMPLATE, S::RESOURCE, S::Keeper::NAME).map(Arc::new);
        known.entry(S::RESOURCE).or_insert_with(read).clone()
    }

    fn read(template: &str, resource: &str, function: &'static str) -> Result<Self, String> {
        let policy = |mode| {
            let parameters: BTreeMap<&str, &str> = [("Mode", mode)].into();
            policy::of_template(template, resource, &parameters)
        };
        let none = BTreeMap::new();
        let ours = |name: &str| name.contains(function);
        let mut rules = policy::rules_of_template(template, &none)?;
        rules.retain(|(name, _)| ours(name));
        let mut schedules = policy::schedules_of_template(template, &none)?;
        schedules.retain(|schedule| ours(&schedule.name));
        Ok(Self {
            function,
            acts: policy("act")?,
            watches: policy("watch")?,
            patterns: rules.into_iter().map(|(_, pattern)| pattern).collect(),
            tick: schedules
                .into_iter()
                .next()
                .map(|schedule| schedule.input)
                .ok_or("the template has no schedule")?,
        })
    }

    /// Deploys it: the table, the topic, the role, which may lack one action.
    pub fn deploy(&self, world: &mut World, watch: bool, without: Option<&str>) {
        let mut policy = if watch { &self.watches } else { &self.acts }.clone();
        for statement in &mut policy.statements {
            statement
                .actions
                .retain(|action| Some(action.as_str()) != without);
        }
        world.roles.insert(self.function.to_owned(), policy);
        dynamodb::create_table(world, TABLE, "pk", Some("sk"), Some("ttl"));
        sns::create_topic(world, "Reports");
    }

    /// What the policy allows when the function acts.
    #[must_use]
    pub const fn policy(&self) -> &Policy {
        &self.acts
    }
}
