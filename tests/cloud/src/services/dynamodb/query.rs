//! Query and Scan: pages end after 1 MB or the limit, before any filter, and say where to go on.
//! <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.Pagination.html>

use std::ops::Bound;

use serde_json::{Map, Value, json};

use super::{
    Item, Key, Table,
    expression::{Comparator, Condition, Operand, Scope, invalid, project},
    table_of, value,
};
use crate::{
    call::{Call, Fault, Outcome},
    world::World,
};

const LARGEST_PAGE: usize = 1024 * 1024;

pub(super) fn query(world: &World, call: &Call) -> Outcome {
    let nothing = Map::new();
    let mut scope = Scope::of(&call.input, &nothing);
    let text = call.text("KeyConditionExpression").ok_or_else(|| {
        invalid("Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.")
    })?;
    let condition = scope.condition("KeyConditionExpression", text)?;
    page(world, call, scope, Some(&condition))
}

pub(super) fn scan(world: &World, call: &Call) -> Outcome {
    let nothing = Map::new();
    page(world, call, Scope::of(&call.input, &nothing), None)
}

fn page(world: &World, call: &Call, mut scope: Scope<'_>, keys: Option<&Condition>) -> Outcome {
    let filter = call.text("FilterExpression");
    let filter = filter
        .map(|text| scope.condition("FilterExpression", text))
        .transpose()?;
    let projection = call.text("ProjectionExpression");
    let projection = projection.map(|text| scope.projection(text)).transpose()?;
    scope.finish()?;
    let limit = match call.number("Limit") {
        None => usize::MAX,
        Some(limit) => usize::try_from(limit).ok().filter(|limit| *limit > 0).ok_or_else(|| {
            invalid(format!("1 validation error detected: Value '{limit}' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1"))
        })?,
    };
    let table = table_of(world, &call.input)?;
    if let Some(index) = call.text("IndexName") {
        return Err(invalid(format!(
            "The table does not have the specified index: {index}"
        )));
    }
    if let Some(keys) = keys {
        check_keys(table, keys)?;
    }
    let (mut found, mut read, mut size, mut last) = (Vec::new(), 0_usize, 0_usize, None);
    for item in rows(table, world, call)? {
        if keys.is_some_and(|keys| !keys.holds(item)) {
            continue;
        }
        read += 1;
        size += value::weight(item);
        if filter.as_ref().is_none_or(|filter| filter.holds(item)) {
            found.push(item);
        }
        if read >= limit || size >= LARGEST_PAGE {
            last = Some(table.key_item(item));
            break;
        }
    }
    let mut answer = json!({ "Count": found.len(), "ScannedCount": read });
    if call.text("Select") != Some("COUNT") {
        let shown = found.into_iter().map(|item| match &projection {
            Some(paths) => project(item, paths),
            None => item.clone(),
        });
        answer["Items"] = shown.collect::<Vec<Item>>().into();
    }
    if let Some(last) = last {
        answer["LastEvaluatedKey"] = last.into();
    }
    Ok(answer)
}

/// The table's items from where the call says, forwards or backwards.
fn rows<'a>(
    table: &'a Table,
    world: &World,
    call: &Call,
) -> Result<Box<dyn Iterator<Item = &'a Item> + 'a>, Fault> {
    let forwards = call.truth("ScanIndexForward").unwrap_or(true);
    let start = match call.input.get("ExclusiveStartKey").and_then(Value::as_object) {
        None => Bound::Unbounded,
        Some(key) => Bound::Excluded(table.key_named(key).map_err(|_| {
            invalid("The provided starting key is invalid: The provided key element does not match the schema")
        })?),
    };
    let range: (Bound<Key>, Bound<Key>) = if forwards {
        (start, Bound::Unbounded)
    } else {
        (Bound::Unbounded, start)
    };
    let now = world.now;
    let rows = table
        .rows
        .range(range)
        .filter(move |(_, row)| row.is_there(now))
        .map(|(_, row)| &row.item);
    Ok(if forwards {
        Box::new(rows)
    } else {
        Box::new(rows.rev())
    })
}

// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.KeyConditionExpressions.html
fn check_keys(table: &Table, condition: &Condition) -> Result<(), Fault> {
    let mut parts = Vec::new();
    conjuncts(condition, &mut parts);
    let on = |name: &str| {
        let wanted = move |part: &&&Condition| key_of(part).is_some_and(|key| key == name);
        parts.iter().filter(wanted).collect::<Vec<_>>()
    };
    let hash = on(&table.hash.name);
    let is_equal = matches!(
        hash.as_slice(),
        [Condition::Compare(_, Comparator::Equal, Operand::Value(_))]
    );
    if hash.is_empty() {
        return Err(invalid(format!(
            "Query condition missed key schema element: {}",
            table.hash.name
        )));
    }
    let range = table
        .range
        .as_ref()
        .map(|range| on(&range.name))
        .unwrap_or_default();
    let allowed = range
        .iter()
        .all(|part| !matches!(part, Condition::Compare(_, Comparator::NotEqual, _)));
    if !is_equal || range.len() > 1 || !allowed || hash.len() + range.len() != parts.len() {
        return Err(invalid("Query key condition not supported"));
    }
    check_kinds(table, &parts)
}

fn check_kinds(table: &Table, parts: &[&Condition]) -> Result<(), Fault> {
    for part in parts {
        let (Condition::Compare(_, _, Operand::Value(value))
        | Condition::Between(_, Operand::Value(value), _)
        | Condition::BeginsWith(_, Operand::Value(value))) = part
        else {
            return Err(invalid("Query key condition not supported"));
        };
        let kind = value::typed(value).map_or("", |(kind, _)| kind);
        let mut keys = table.key_names();
        if !keys.any(|key| key_of(part) == Some(key.name.as_str()) && key.kind == kind) {
            return Err(invalid(
                "One or more parameter values were invalid: Condition parameter type does not match schema type",
            ));
        }
    }
    Ok(())
}

fn conjuncts<'a>(condition: &'a Condition, parts: &mut Vec<&'a Condition>) {
    if let Condition::And(left, right) = condition {
        conjuncts(left, parts);
        conjuncts(right, parts);
    } else {
        parts.push(condition);
    }
}

/// The attribute that a part of a key condition is about.
fn key_of(condition: &Condition) -> Option<&str> {
    match condition {
        Condition::Compare(Operand::Path(path), ..)
        | Condition::Between(Operand::Path(path), ..)
        | Condition::BeginsWith(Operand::Path(path), _)
            if path.is_attribute() =>
        {
            Some(path.attribute())
        }
        _ => None,
    }
}
