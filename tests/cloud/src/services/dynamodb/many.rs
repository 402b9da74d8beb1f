//! Calls that write several items: a batch is so many single writes, a transaction is all or nothing.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    expression::invalid,
    items::{get, judge},
};
use crate::{
    call::{Call, Fault, Outcome},
    world::World,
};

/// The actions of a transaction with their verbs.
pub(super) fn actions(call: &Call) -> impl Iterator<Item = (&str, &Value)> {
    let items = call.input["TransactItems"].as_array().into_iter().flatten();
    items.filter_map(|item| {
        let (verb, action) = item.as_object()?.iter().next()?;
        Some((verb.as_str(), action))
    })
}

// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
pub(super) fn batch_write(world: &mut World, call: &Call) -> Outcome {
    let mut judged = Vec::new();
    let tables = call.input["RequestItems"].as_object().into_iter().flatten();
    for (table, requests) in tables {
        for request in requests.as_array().into_iter().flatten() {
            let (verb, name, wanted) = match request.get("PutRequest") {
                Some(put) => ("Put", "Item", put),
                None => ("Delete", "Key", &request["DeleteRequest"]),
            };
            let input = json!({ "TableName": table, name: wanted[name] });
            judged.push(judge(world, verb, &input)?);
        }
    }
    if judged.is_empty() || judged.len() > 25 {
        return Err(invalid(
            "1 validation error detected: Value at 'requestItems' failed to satisfy constraint: Map value must satisfy constraint: [Member must have length less than or equal to 25, Member must have length greater than or equal to 1]",
        ));
    }
    let different: BTreeSet<_> = judged.iter().map(|one| (&one.table, &one.key)).collect();
    if different.len() < judged.len() {
        return Err(invalid("Provided list of item keys contains duplicates"));
    }
    for one in judged {
        one.carry_out(world, &call.actor);
    }
    Ok(json!({ "UnprocessedItems": {} }))
}

// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
pub(super) fn batch_get(world: &World, call: &Call) -> Outcome {
    let mut responses = serde_json::Map::new();
    let mut count = 0;
    let tables = call.input["RequestItems"].as_object().into_iter().flatten();
    for (table, wanted) in tables {
        let mut found = Vec::new();
        let mut seen = Vec::new();
        for key in wanted["Keys"].as_array().into_iter().flatten() {
            count += 1;
            if seen.contains(&key) {
                return Err(invalid("Provided list of item keys contains duplicates"));
            }
            seen.push(key);
            let mut one = wanted.clone();
            one["TableName"] = table.clone().into();
            one["Key"] = key.clone();
            if let Some(fields) = one.as_object_mut() {
                fields.remove("Keys");
            }
            let one = Call {
                input: one,
                ..call.clone()
            };
            let mut answer = get(world, &one)?;
            found.extend(answer.get_mut("Item").map(Value::take));
        }
        responses.insert(table.clone(), found.into());
    }
    if count == 0 || count > 100 {
        return Err(invalid(
            "1 validation error detected: Value at 'requestItems' failed to satisfy constraint: Map value must satisfy constraint: [Member must have length less than or equal to 100, Member must have length greater than or equal to 1]",
        ));
    }
    Ok(json!({ "Responses": responses, "UnprocessedKeys": {} }))
}

// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
pub(super) fn transact_write(world: &mut World, call: &Call) -> Outcome {
    let (mut judged, mut reasons, mut cancelled) = (Vec::new(), Vec::new(), false);
    for (verb, action) in actions(call) {
        match judge(world, verb, action) {
            Ok(one) => {
                judged.push(one);
                reasons.push(json!({ "Code": "None" }));
            }
            Err(fault) if fault.code == "ConditionalCheckFailedException" => {
                cancelled = true;
                let mut reason =
                    json!({ "Code": "ConditionalCheckFailed", "Message": fault.message });
                if let Some(item) = fault.more.get("Item") {
                    reason["Item"] = item.clone();
                }
                reasons.push(reason);
            }
            Err(fault) => return Err(fault),
        }
    }
    if reasons.is_empty() || reasons.len() > 100 {
        return Err(invalid(
            "1 validation error detected: Value at 'transactItems' failed to satisfy constraint: Member must have length less than or equal to 100",
        ));
    }
    if cancelled {
        return Err(cancelled_for(&reasons));
    }
    let different: BTreeSet<_> = judged.iter().map(|one| (&one.table, &one.key)).collect();
    if different.len() < judged.len() {
        return Err(invalid(
            "Transaction request cannot include multiple operations on one item",
        ));
    }
    for one in judged {
        one.carry_out(world, &call.actor);
    }
    Ok(json!({}))
}

fn cancelled_for(reasons: &[Value]) -> Fault {
    let codes: Vec<&str> = reasons
        .iter()
        .filter_map(|reason| reason["Code"].as_str())
        .collect();
    let message = format!(
        "Transaction cancelled, please refer cancellation reasons for specific reasons [{}]",
        codes.join(", ")
    );
    Fault::client("TransactionCanceledException", message)
        .with(json!({ "CancellationReasons": reasons }))
}
