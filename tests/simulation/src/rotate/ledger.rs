//! The function's ledger as it stands in the table, read without the function's own code for it but
//! for the form of an entry.

use jiff::Timestamp;
use nightshift::ledger::rotation::{Entry, Secret};
use nightshift_cloud::{
    services::dynamodb::{self, Item},
    world::World,
};
use serde_json::{Map, Value, json};

use crate::played::TABLE;

const OURS: &str = "rotate/resource/";

/// All its entries.
pub(super) fn entries(world: &World) -> Vec<Entry> {
    let items = dynamodb::items(world, TABLE);
    let ours = items.into_iter().filter(|item| {
        let key = item.get("sk").and_then(|key| key["S"].as_str());
        key.is_some_and(|key| key.starts_with(OURS))
    });
    let plain = ours.map(|item| plain(&json!({ "M": item })));
    plain
        .filter_map(|item| serde_json::from_value(item).ok())
        .collect()
}

/// What is known of each secret.
pub(super) fn secrets(world: &World) -> Vec<Secret> {
    let entries = entries(world).into_iter();
    entries
        .filter_map(|entry| match entry {
            Entry::Secret(secret) => Some(*secret),
            Entry::Service(_) => None,
        })
        .collect()
}

/// The function, other than this one, that owns a resource at an instant.
pub(super) fn owner_of(world: &World, arn: &str, but: &str, now: Timestamp) -> Option<String> {
    let end = format!("resource/{arn}");
    dynamodb::items(world, TABLE).into_iter().find_map(|item| {
        let key = item.get("sk")?["S"].as_str()?;
        let owner = plain(item.get("owner").filter(|_| key.ends_with(&end))?);
        let until: Timestamp = owner["until"].as_str()?.parse().ok()?;
        let function = owner["function"].as_str()?.to_owned();
        (function != but && until > now).then_some(function)
    })
}

/// Whether the ledger says what is about to be done: a service is kept off others, a parameter or a
/// secret is in a turn, or has a former value that is to be ended.
pub(super) fn is_saved(items: &[Item], resource: &str) -> bool {
    let is_service = resource.contains(":service/");
    items.iter().any(|item| {
        let key = item
            .get("sk")
            .and_then(|key| key["S"].as_str()?.strip_prefix(OURS));
        let Some(key) = key else {
            return false;
        };
        if is_service {
            return key == resource && item.contains_key("owner");
        }
        // A copy lies beside its secret.
        item.contains_key("turn") || item.contains_key("former")
    })
}

/// A value without the table's types.
fn plain(typed: &Value) -> Value {
    let Some((kind, inner)) = typed.as_object().and_then(|object| object.iter().next()) else {
        return Value::Null;
    };
    match kind.as_str() {
        "M" => {
            let fields = inner.as_object().into_iter().flatten();
            let fields: Map<String, Value> = fields
                .map(|(name, value)| (name.clone(), plain(value)))
                .collect();
            Value::Object(fields)
        }
        "L" => inner.as_array().into_iter().flatten().map(plain).collect(),
        "N" => {
            let number = inner.as_str().and_then(|text| text.parse::<i64>().ok());
            number.map_or(Value::Null, Value::from)
        }
        "NULL" => Value::Null,
        _ => inner.clone(),
    }
}
