//! What a template gives a function, read from the template itself: its permissions, the events that
//! reach it and its schedule.

use std::collections::BTreeMap;

use anyhow::{Result, anyhow};
use serde_json::Value;

use crate::{
    policy::{self, Policy},
    services::{
        dynamodb,
        events::{self, Schedule},
        sns,
    },
    world::World,
};

/// A function as a template deploys it.
#[derive(Clone, Debug)]
pub struct Stack {
    /// The function's name: the last part of its `CodeUri`.
    pub function: String,
    /// The rules whose events reach it: their names and patterns.
    pub rules: Vec<(String, Value)>,
    /// When it is invoked by the clock.
    pub schedules: Vec<Schedule>,
    policy: Policy,
}

impl Stack {
    /// The table's name: its logical id in the template.
    pub const TABLE: &'static str = "Ledger";
    /// The topic's name: its logical id in the template.
    pub const TOPIC: &'static str = "Reports";

    /// Reads a template for one of its functions, with the defaults of its parameters.
    ///
    /// # Errors
    /// With what could not be read.
    pub fn read(template: &str, function: &str) -> Result<Self> {
        let none = BTreeMap::new();
        let read = || {
            Ok::<_, String>((
                policy::rules_of_template(template, &none)?,
                policy::schedules_of_template(template, &none)?,
                policy::of_template(template, function, &none)?,
            ))
        };
        let (mut rules, mut schedules, policy) = read().map_err(|why| anyhow!(why))?;
        rules.retain(|(name, _)| name.contains(function));
        schedules.retain(|schedule| schedule.name.contains(function));
        Ok(Self {
            function: function.to_owned(),
            rules,
            schedules,
            policy,
        })
    }

    /// Makes the table, the topic and the role.
    pub fn deploy(&self, world: &mut World) {
        world
            .roles
            .insert(self.function.clone(), self.policy.clone());
        dynamodb::create_table(world, Self::TABLE, "pk", Some("sk"), Some("ttl"));
        sns::create_topic(world, Self::TOPIC);
    }

    /// Whether an event reaches the function.
    #[must_use]
    pub fn takes(&self, envelope: &Value) -> bool {
        let mut rules = self.rules.iter();
        rules.any(|(_, pattern)| events::matches(pattern, envelope))
    }
}
