//! Calls that read or write one item. A write happens whole or, when its condition does not hold,
//! not at all.

use serde_json::{Map, Value, json};

use super::{
    Item, Key, Table,
    expression::{self, Scope, condition_of, invalid, project},
    forget, keep, table_of,
    value::{checked_item, weight},
};
use crate::{
    call::{Actor, Call, Fault, Outcome},
    world::World,
};

// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
const LARGEST_ITEM: usize = 400 * 1024;

/// What a write comes to once it was judged against the item that is there.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) table: String,
    pub(super) key: Key,
    pub(super) before: Option<Item>,
    pub(super) deed: Deed,
    changed: Vec<expression::Path>,
}

/// What is done to the item.
#[derive(Debug)]
pub(super) enum Deed {
    Keep(Item),
    Forget,
    Nothing,
}

impl Judged {
    /// Does it.
    pub(super) fn carry_out(self, world: &mut World, by: &Actor) {
        match self.deed {
            Deed::Keep(item) => keep(world, by, &self.table, self.key, item),
            Deed::Forget => forget(world, by, &self.table, &self.key),
            Deed::Nothing => {}
        }
    }
}

fn object<'a>(input: &'a Value, name: &str) -> Result<&'a Item, Fault> {
    input.get(name).and_then(Value::as_object).ok_or_else(|| {
        invalid(format!(
            "1 validation error detected: Value null at '{name}' failed to satisfy constraint: Member must not be null"
        ))
    })
}

/// Judges a write by its verb: `Put`, `Update`, `Delete` or `ConditionCheck`.
pub(super) fn judge(world: &World, verb: &str, input: &Value) -> Result<Judged, Fault> {
    let nothing = Map::new();
    let mut scope = Scope::of(input, &nothing);
    let condition = condition_of(&mut scope, input)?;
    let update = match (verb, input.get("UpdateExpression").and_then(Value::as_str)) {
        ("Update", Some(text)) => scope.update(text)?,
        _ => expression::Update::default(),
    };
    scope.finish()?;
    let table = table_of(world, input)?;
    let (key, put) = if verb == "Put" {
        let item = checked_item(object(input, "Item")?).map_err(invalid)?;
        (table.key_of(&item)?, Some(item))
    } else {
        (table.key_named(object(input, "Key")?)?, None)
    };
    let before = table.get(&key, world.now).cloned();
    let seen = before.clone().unwrap_or_default();
    if condition.is_some_and(|condition| !condition.holds(&seen)) {
        return Err(condition_failed(input, before.as_ref()));
    }
    let deed = match (verb, put) {
        (_, Some(item)) => Deed::Keep(within_size(
            item,
            "Item size has exceeded the maximum allowed size",
        )?),
        ("Update", None) => {
            refuse_key_changes(table, &update)?;
            let keys = checked_item(object(input, "Key")?).map_err(invalid)?;
            let after = update.apply(before.as_ref().unwrap_or(&keys))?;
            Deed::Keep(within_size(
                after,
                "Item size to update has exceeded the maximum allowed size",
            )?)
        }
        ("Delete", None) => Deed::Forget,
        _ => Deed::Nothing,
    };
    Ok(Judged {
        table: table.name.clone(),
        key,
        before,
        deed,
        changed: update.paths().cloned().collect(),
    })
}

fn within_size(item: Item, otherwise: &str) -> Result<Item, Fault> {
    if weight(&item) > LARGEST_ITEM {
        Err(invalid(otherwise))
    } else {
        Ok(item)
    }
}

fn refuse_key_changes(table: &Table, update: &expression::Update) -> Result<(), Fault> {
    match update.paths().find(|path| table.is_key(path.attribute())) {
        Some(path) => Err(invalid(format!(
            "One or more parameter values were invalid: Cannot update attribute {}. This attribute is part of the key",
            path.attribute()
        ))),
        None => Ok(()),
    }
}

// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateItem.html
fn condition_failed(input: &Value, before: Option<&Item>) -> Fault {
    let fault = Fault::client(
        "ConditionalCheckFailedException",
        "The conditional request failed",
    );
    match before {
        Some(item) if input["ReturnValuesOnConditionCheckFailure"] == "ALL_OLD" => {
            fault.with(json!({ "Item": item }))
        }
        _ => fault,
    }
}

fn wanted<'a>(call: &'a Call, allowed: &[&str]) -> Result<&'a str, Fault> {
    let wanted = call.text("ReturnValues").unwrap_or("NONE");
    if wanted == "NONE" || allowed.contains(&wanted) {
        Ok(wanted)
    } else {
        Err(invalid("ReturnValues can only be ALL_OLD or NONE"))
    }
}

fn with_attributes(item: Option<Item>) -> Value {
    match item {
        Some(item) if !item.is_empty() => json!({ "Attributes": item }),
        _ => json!({}),
    }
}

pub(super) fn get(world: &World, call: &Call) -> Outcome {
    let nothing = Map::new();
    let mut scope = Scope::of(&call.input, &nothing);
    let projection = call.text("ProjectionExpression");
    let projection = projection.map(|text| scope.projection(text)).transpose()?;
    scope.finish()?;
    let table = table_of(world, &call.input)?;
    let key = table.key_named(object(&call.input, "Key")?)?;
    Ok(match (table.get(&key, world.now), projection) {
        (None, _) => json!({}),
        (Some(item), None) => json!({ "Item": item }),
        (Some(item), Some(paths)) => json!({ "Item": project(item, &paths) }),
    })
}

pub(super) fn put(world: &mut World, call: &Call) -> Outcome {
    let wanted = wanted(call, &["ALL_OLD"])?;
    let judged = judge(world, "Put", &call.input)?;
    let before = judged.before.clone().filter(|_| wanted == "ALL_OLD");
    judged.carry_out(world, &call.actor);
    Ok(with_attributes(before))
}

pub(super) fn delete(world: &mut World, call: &Call) -> Outcome {
    let wanted = wanted(call, &["ALL_OLD"])?;
    let judged = judge(world, "Delete", &call.input)?;
    let before = judged.before.clone().filter(|_| wanted == "ALL_OLD");
    judged.carry_out(world, &call.actor);
    Ok(with_attributes(before))
}

pub(super) fn update(world: &mut World, call: &Call) -> Outcome {
    let all = ["ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW"];
    let wanted = wanted(call, &all)?;
    let judged = judge(world, "Update", &call.input)?;
    let before = judged.before.clone().unwrap_or_default();
    let after = match &judged.deed {
        Deed::Keep(item) => item.clone(),
        Deed::Forget | Deed::Nothing => Item::new(),
    };
    let answer = match wanted {
        "ALL_OLD" => Some(before),
        "ALL_NEW" => Some(after),
        "UPDATED_OLD" => Some(project(&before, &judged.changed)),
        "UPDATED_NEW" => Some(project(&after, &judged.changed)),
        _ => None,
    };
    judged.carry_out(world, &call.actor);
    Ok(with_attributes(answer))
}
