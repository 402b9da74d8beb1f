//! DynamoDB: conditions, updates, and pages of a query.

use nightshift_tests::aws::DYNAMODB;
use serde_json::{Value, json};

use crate::script::{Step, json};

fn call(operation: &'static str, words: &str, more: &Value) -> Step {
    let mut input = json!({ "TableName": "ledger" });
    for (name, value) in more.as_object().unwrap() {
        input[name] = value.clone();
    }
    json(DYNAMODB, operation, words, input)
}

fn key(sort: &str) -> Value {
    json!({ "pk": { "S": "p" }, "sk": { "S": sort } })
}

fn item(sort: &str, revision: u32) -> Value {
    let mut item = key(sort);
    item["revision"] = json!({ "N": revision.to_string() });
    item["note"] = json!({ "S": "kept" });
    item
}

pub(crate) fn steps() -> Vec<Step> {
    let mut steps = puts();
    steps.extend(updates());
    steps.extend(refusals());
    steps.extend(queries());
    steps
}

fn puts() -> Vec<Step> {
    let table = json!({
        "AttributeDefinitions": [
            { "AttributeName": "pk", "AttributeType": "S" },
            { "AttributeName": "sk", "AttributeType": "S" },
        ],
        "KeySchema": [
            { "AttributeName": "pk", "KeyType": "HASH" },
            { "AttributeName": "sk", "KeyType": "RANGE" },
        ],
        "BillingMode": "PAY_PER_REQUEST",
    });
    let unless = json!({ "Item": item("a", 1), "ConditionExpression": "attribute_not_exists(pk)" });
    let expected = |revision: &str, on_failure: &str| {
        json!({
            "Item": item("a", 2),
            "ConditionExpression": "revision = :r",
            "ExpressionAttributeValues": { ":r": { "N": revision } },
            "ReturnValuesOnConditionCheckFailure": on_failure,
        })
    };
    vec![
        call("CreateTable", "new", &table).shows(&["/TableDescription/TableName"]),
        call("CreateTable", "that is there", &table),
        call("PutItem", "unless it is there", &unless),
        call("PutItem", "unless it is there, and it is", &unless),
        call(
            "PutItem",
            "of a revision that is not there",
            &expected("7", "ALL_OLD"),
        ),
        call(
            "PutItem",
            "of the revision that is there",
            &expected("1", "NONE"),
        ),
        call(
            "GetItem",
            "that is there",
            &json!({ "Key": key("a"), "ConsistentRead": true }),
        )
        .shows(&["/Item/revision/N", "/Item/note/S"]),
        call(
            "GetItem",
            "that is unknown",
            &json!({ "Key": key("nothing") }),
        )
        .shows(&["/Item?"]),
        call(
            "GetItem",
            "in part",
            &json!({
                "Key": key("a"),
                "ProjectionExpression": "#r",
                "ExpressionAttributeNames": { "#r": "revision" },
            }),
        )
        .shows(&["/Item#"]),
    ]
}

fn number(n: &str) -> Value {
    json!({ ":n": { "N": n } })
}

fn update(words: &str, expression: &str, names: Value, values: Value) -> Step {
    let mut input = json!({
        "Key": key("a"),
        "UpdateExpression": expression,
        "ReturnValues": "ALL_NEW",
    });
    if names != Value::Null {
        input["ExpressionAttributeNames"] = names;
    }
    if values != Value::Null {
        input["ExpressionAttributeValues"] = values;
    }
    call("UpdateItem", words, &input)
}

fn updates() -> Vec<Step> {
    vec![
        update(
            "with SET and REMOVE",
            "SET #s = :n REMOVE note",
            json!({ "#s": "seen" }),
            number("5"),
        )
        .shows(&[
            "/Attributes/seen/N",
            "/Attributes/note?",
            "/Attributes/revision/N",
        ]),
        update(
            "that counts",
            "SET seen = seen + :n",
            Value::Null,
            number("2"),
        )
        .shows(&["/Attributes/seen/N"]),
        update(
            "with if_not_exists",
            "SET other = if_not_exists(other, :n)",
            Value::Null,
            number("1"),
        )
        .shows(&["/Attributes/other/N"]),
        update(
            "of a missing attribute that counts",
            "SET fresh = nothing + :n",
            Value::Null,
            number("2"),
        ),
        update(
            "of a key",
            "SET sk = :n",
            Value::Null,
            json!({ ":n": { "S": "b" } }),
        ),
        update(
            "with names that nobody uses",
            "SET seen = :n",
            json!({ "#x": "x" }),
            number("5"),
        ),
        update(
            "with values that nobody uses",
            "REMOVE other",
            Value::Null,
            number("5"),
        ),
        update(
            "with values that nobody gave",
            "SET seen = :m",
            Value::Null,
            number("5"),
        ),
        update(
            "of a reserved word",
            "SET status = :n",
            Value::Null,
            number("5"),
        ),
        update(
            "that cannot be read",
            "SOT seen = :n",
            Value::Null,
            number("5"),
        ),
        call(
            "UpdateItem",
            "of an unknown one",
            &json!({
                "Key": key("b"),
                "UpdateExpression": "SET seen = :n",
                "ExpressionAttributeValues": number("1"),
                "ReturnValues": "ALL_NEW",
            }),
        )
        .shows(&["/Attributes/seen/N"]),
        call(
            "UpdateItem",
            "under a condition that does not hold",
            &json!({
                "Key": key("b"),
                "UpdateExpression": "SET seen = :n",
                "ConditionExpression": "attribute_exists(nothing)",
                "ExpressionAttributeValues": number("1"),
            }),
        ),
    ]
}

fn refusals() -> Vec<Step> {
    vec![
        call(
            "PutItem",
            "without its sort key",
            &json!({ "Item": { "pk": { "S": "p" } } }),
        ),
        call(
            "PutItem",
            "with a key of another type",
            &json!({ "Item": { "pk": { "S": "p" }, "sk": { "N": "1" } } }),
        ),
        call("PutItem", "with an empty key", &json!({ "Item": key("") })),
        call(
            "PutItem",
            "with an empty set",
            &json!({ "Item": { "pk": { "S": "p" }, "sk": { "S": "s" }, "set": { "SS": [] } } }),
        ),
        call(
            "GetItem",
            "in an unknown table",
            &json!({ "TableName": "nowhere", "Key": key("a") }),
        ),
        call(
            "DeleteItem",
            "that is unknown",
            &json!({ "Key": key("nothing") }),
        ),
        call(
            "DeleteItem",
            "under a condition that does not hold",
            &json!({
                "Key": key("a"),
                "ConditionExpression": "attribute_not_exists(pk)",
            }),
        ),
    ]
}

fn queries() -> Vec<Step> {
    let query = |words: &str, condition: &str, values: Value, more: &Value| {
        let mut input = json!({
            "KeyConditionExpression": condition,
            "ExpressionAttributeValues": values,
        });
        for (name, value) in more.as_object().unwrap() {
            input[name] = value.clone();
        }
        call("Query", words, &input)
    };
    let all = json!({ ":p": { "S": "p" } });
    let begins = json!({ ":p": { "S": "p" }, ":b": { "S": "r/" } });
    let mut steps: Vec<Step> = (1..=5)
        .map(|n| {
            call(
                "PutItem",
                &format!("number {n}"),
                &json!({ "Item": item(&format!("r/{n}"), n) }),
            )
        })
        .collect();
    steps.extend([
        query("of a partition", "pk = :p", all.clone(), &json!({})).shows(&["/Count", "/ScannedCount"]),
        query("with begins_with", "pk = :p AND begins_with(sk, :b)", begins.clone(), &json!({})).shows(&["/Count"]),
        query("two at a time", "pk = :p AND begins_with(sk, :b)", begins.clone(), &json!({ "Limit": 2 }))
            .shows(&["/Count", "/LastEvaluatedKey/sk/S"])
            .keeps("last", "/LastEvaluatedKey/sk/S"),
        query(
            "from where a page ended",
            "pk = :p AND begins_with(sk, :b)",
            begins.clone(),
            &json!({ "ExclusiveStartKey": key("<last>") }),
        )
        .shows(&["/Count", "/LastEvaluatedKey?", "/Items/0/sk/S"]),
        query("backwards", "pk = :p AND begins_with(sk, :b)", begins, &json!({ "ScanIndexForward": false, "Limit": 1 }))
            .shows(&["/Items/0/sk/S"]),
        query("with a filter", "pk = :p", json!({ ":p": { "S": "p" }, ":r": { "N": "3" } }), &json!({ "FilterExpression": "revision >= :r" }))
            .shows(&["/Count", "/ScannedCount"]),
        query("with values that nobody uses", "pk = :p", json!({ ":p": { "S": "p" }, ":x": { "S": "x" } }), &json!({})),
        query("without its partition", "sk = :p", all, &json!({})),
        call("Scan", "of everything", &json!({})).shows(&["/Count"]),
        json(DYNAMODB, "TransactWriteItems", "of which one condition does not hold", json!({
            "TransactItems": [
                { "Put": { "TableName": "ledger", "Item": item("t", 1) } },
                { "Put": { "TableName": "ledger", "Item": item("a", 1), "ConditionExpression": "attribute_not_exists(pk)" } },
            ],
        })),
        call("GetItem", "that a failed transaction left out", &json!({ "Key": key("t") })).shows(&["/Item?"]),
        call("DeleteTable", "that is there", &json!({})).shows(&["/TableDescription/TableStatus"]),
    ]);
    steps
}
