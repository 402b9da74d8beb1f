//! The account in which the function is deployed: what the template gives it, the documents, and what
//! another function wrote into the table.

use std::{collections::BTreeMap, sync::OnceLock};

use jiff::Timestamp;
use nightshift::ledger::Phase;
use nightshift_cloud::{
    call::Actor,
    policy::{self, Policy},
    services::{dynamodb, sns, ssm},
    world::World,
};
use serde_json::{Value, json};

/// The function's name.
pub(crate) const FUNCTION: &str = "explain-rollback";
const TEMPLATE: &str = include_str!("../../../../template.yaml");
/// The table's logical name in the template.
pub(crate) const TABLE: &str = "Ledger";
/// When every play begins: a Friday at 17:00 in Tokyo.
const BEGINNING: i64 = 1_800_000_000;

/// What the template says of the function; read once.
pub(crate) struct Stack {
    policy: Policy,
    /// The patterns of its rules.
    pub(crate) patterns: Vec<Value>,
    /// What its schedule sends.
    pub(crate) tick: Value,
}

/// The template, as far as it concerns the function.
pub(crate) fn stack() -> &'static Stack {
    static STACK: OnceLock<Stack> = OnceLock::new();
    STACK.get_or_init(|| {
        let none = BTreeMap::new();
        let rules = policy::rules_of_template(TEMPLATE, &none).unwrap();
        let rules = rules
            .into_iter()
            .filter(|(name, _)| name.contains(FUNCTION));
        let schedules = policy::schedules_of_template(TEMPLATE, &none).unwrap();
        let mut schedules = schedules.into_iter();
        Stack {
            policy: policy::of_template(TEMPLATE, FUNCTION, &none).unwrap(),
            patterns: rules.map(|(_, pattern)| pattern).collect(),
            tick: schedules
                .find(|one| one.name.contains(FUNCTION))
                .unwrap()
                .input,
        }
    })
}

/// What the role of the template allows.
pub(crate) fn policy() -> Policy {
    stack().policy.clone()
}

/// An account in which the function is deployed, with this estate's document.
pub(crate) fn world(document: &str) -> World {
    let mut world = World::new(Timestamp::from_second(BEGINNING).unwrap(), 7);
    world.roles.insert(FUNCTION.to_owned(), policy());
    dynamodb::create_table(&mut world, TABLE, "pk", Some("sk"), Some("ttl"));
    sns::create_topic(&mut world, "Reports");
    let company = "version: 1\ntime_zone: Asia/Tokyo\nlanguage: en\n";
    let by = Actor::Person;
    ssm::put(&mut world, &by, "/nightshift/company", company).unwrap();
    ssm::put(&mut world, &by, "/nightshift/estates/production", document).unwrap();
    world
}

/// Writes down, as power-staging does, that an estate sleeps.
pub(crate) fn asleep_since(world: &mut World, estate: &str, since: Timestamp) {
    let item = json!({
        "pk": { "S": "ledger" },
        "sk": { "S": format!("estate/{estate}") },
        "version": { "N": "1" },
        "phase": { "S": serde_json::to_value(Phase::Asleep).unwrap() },
        "since": { "S": since.to_string() },
        "revision": { "N": "1" },
    });
    let item = item.as_object().unwrap().clone();
    dynamodb::put(world, &Actor::Person, TABLE, &item).unwrap();
}
