//! What template.yaml gives a function: its permissions, the events that reach it, the tick.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use nightshift_cloud::{
    policy::{self, Policy},
    services::{dynamodb, events, sns},
    world::World,
};
use serde_json::Value;

use crate::{
    played::{Played, TABLE},
    subject::Subject,
};

const TEMPLATE: &str = include_str!("../../../template.yaml");

/// What the template says of what is played.
#[derive(Debug)]
pub struct Stack {
    /// The function that is judged stands first.
    parts: Vec<Part>,
    /// What its schedule sends.
    pub tick: Value,
}

/// What the template says of one function.
#[derive(Debug)]
struct Part {
    function: &'static str,
    acts: Policy,
    watches: Policy,
    /// The patterns of the rules that invoke it.
    patterns: Vec<Value>,
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
        known
            .entry(S::RESOURCE)
            .or_insert_with(|| Self::read::<S>(TEMPLATE).map(Arc::new))
            .clone()
    }

    fn read<S: Subject>(template: &str) -> Result<Self, String> {
        let own = [(S::RESOURCE, S::Played::NAME)];
        let parts = own.iter().chain(S::BESIDE);
        let parts = parts
            .map(|(resource, function)| Part::read(template, resource, function, S::PARAMETERS));
        let mut schedules = policy::schedules_of_template(template, &BTreeMap::new())?;
        schedules.retain(|schedule| schedule.name.contains(S::Played::NAME));
        Ok(Self {
            parts: parts.collect::<Result<_, String>>()?,
            tick: schedules
                .into_iter()
                .next()
                .map(|schedule| schedule.input)
                .ok_or("the template has no schedule")?,
        })
    }

    /// Deploys it: the table, the topic, the role, which may lack one action.
    pub fn deploy(&self, world: &mut World, watch: bool, without: Option<&str>) {
        for (number, part) in self.parts.iter().enumerate() {
            let mut policy = if watch { &part.watches } else { &part.acts }.clone();
            for statement in &mut policy.statements {
                let lacks = |action: &String| number == 0 && Some(action.as_str()) == without;
                statement.actions.retain(|action| !lacks(action));
            }
            world.roles.insert(part.function.to_owned(), policy);
        }
        dynamodb::create_table(world, TABLE, "pk", Some("sk"), Some("ttl"));
        sns::create_topic(world, "Reports");
    }

    /// What the policy allows when the function acts.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        static NOTHING: Policy = Policy {
            statements: Vec::new(),
        };
        self.parts.first().map_or(&NOTHING, |part| &part.acts)
    }

    /// Whether any of them is invoked by an event.
    #[must_use]
    pub fn hears(&self, envelope: &Value) -> bool {
        self.parts.iter().any(|part| part.hears(envelope))
    }

    /// Whether this function is invoked by an event.
    #[must_use]
    pub fn is_heard_by(&self, function: &str, envelope: &Value) -> bool {
        let mut parts = self.parts.iter();
        parts.any(|part| part.function == function && part.hears(envelope))
    }
}

impl Part {
    fn read(
        template: &str,
        resource: &str,
        function: &'static str,
        parameters: &[(&'static str, &'static str)],
    ) -> Result<Self, String> {
        let policy = |mode| {
            let mut parameters: BTreeMap<&str, &str> = parameters.iter().copied().collect();
            parameters.insert("Mode", mode);
            policy::of_template(template, resource, &parameters)
        };
        let mut rules = policy::rules_of_template(template, &BTreeMap::new())?;
        rules.retain(|(name, _)| name.contains(function));
        Ok(Self {
            function,
            acts: policy("act")?,
            watches: policy("watch")?,
            patterns: rules.into_iter().map(|(_, pattern)| pattern).collect(),
        })
    }

    fn hears(&self, envelope: &Value) -> bool {
        let mut patterns = self.patterns.iter();
        patterns.any(|pattern| events::matches(pattern, envelope))
    }
}
