//! The calls as the ledger's store makes them, and what AWS answers to mistakes.

use super::*;

const START: i64 = 1_800_000_000;

fn world() -> World {
    let mut world = World::new(Timestamp::from_second(START).unwrap(), 1);
    create_table(&mut world, "ledger", "pk", Some("sk"), Some("ttl"));
    world
}

fn ask(world: &mut World, operation: &str, mut input: Value) -> Outcome {
    if input.get("TransactItems").is_none() && input.get("RequestItems").is_none() {
        input["TableName"] = "ledger".into();
    }
    world.ask(
        &SERVICE,
        Actor::Function("power-staging".to_owned()),
        operation,
        input,
    )
}

fn key(sk: &str) -> Value {
    json!({ "pk": { "S": "ledger" }, "sk": { "S": sk } })
}

fn row(sk: &str, revision: u32) -> Value {
    let mut item = key(sk);
    item["revision"] = json!({ "N": revision.to_string() });
    item
}

fn put_row(world: &mut World, sk: &str) {
    ask(world, "PutItem", json!({ "Item": row(sk, 1) })).unwrap();
}

#[test]
fn of_two_writes_from_one_revision_one_fails() {
    let mut world = world();
    let create = json!({ "Item": row("a", 1), "ConditionExpression": "attribute_not_exists(pk)" });
    ask(&mut world, "PutItem", create.clone()).unwrap();
    let refused = ask(&mut world, "PutItem", create).unwrap_err();
    assert_eq!(
        (refused.code.as_str(), refused.status),
        ("ConditionalCheckFailedException", 400)
    );
    let next = |to| {
        json!({ "Item": row("a", to), "ConditionExpression": "revision = :r",
                "ExpressionAttributeValues": { ":r": { "N": "1" } } })
    };
    ask(&mut world, "PutItem", next(2)).unwrap();
    assert!(ask(&mut world, "PutItem", next(3)).is_err());
    let written: Vec<_> = world.take_journal();
    assert_eq!(written.len(), 2);
    assert_eq!(
        written[0].arn,
        "arn:aws:dynamodb:ap-northeast-1:123456789012:table/ledger/a"
    );
}

#[test]
fn a_failed_condition_shows_the_item_when_asked_to() {
    let mut world = world();
    put_row(&mut world, "a");
    let refused = ask(
        &mut world,
        "DeleteItem",
        json!({
            "Key": key("a"), "ConditionExpression": "revision = :r",
            "ExpressionAttributeValues": { ":r": { "N": "9" } },
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }),
    )
    .unwrap_err();
    assert_eq!(refused.more["Item"]["revision"], json!({ "N": "1" }));
}

#[test]
fn a_lease_is_taken_by_one_and_taken_over_when_it_has_ended() {
    let mut world = world();
    let take = |me: &str, now: i64| {
        json!({
            "Key": key("staging"),
            "UpdateExpression": "SET leased_by = :me, leased_until = :until, #looked = :now REMOVE #again, #noted",
            "ConditionExpression": "attribute_not_exists(leased_until) OR leased_until <= :now OR leased_by = :me",
            "ExpressionAttributeNames": { "#looked": "p/looked_at", "#again": "p/look_again_at", "#noted": "p/noted" },
            "ExpressionAttributeValues": { ":me": { "S": me }, ":until": { "N": (now + 120).to_string() }, ":now": { "N": now.to_string() } },
        })
    };
    ask(&mut world, "UpdateItem", take("one", 100)).unwrap();
    assert!(ask(&mut world, "UpdateItem", take("two", 150)).is_err());
    ask(&mut world, "UpdateItem", take("one", 160)).unwrap();
    ask(&mut world, "UpdateItem", take("two", 280)).unwrap();
    let item = &items(&world, "ledger")[0];
    assert_eq!(item["leased_by"], json!({ "S": "two" }));
    assert_eq!(item["p/looked_at"], json!({ "N": "280" }));
}

#[test]
fn an_update_returns_what_was_asked_for() {
    let mut world = world();
    put_row(&mut world, "a");
    let mut update = |wanted: &str| {
        ask(
            &mut world,
            "UpdateItem",
            json!({
                "Key": key("a"), "UpdateExpression": "SET revision = revision + :one",
                "ExpressionAttributeValues": { ":one": { "N": "1" } }, "ReturnValues": wanted,
            }),
        )
        .unwrap()
    };
    assert_eq!(
        update("UPDATED_NEW")["Attributes"],
        json!({ "revision": { "N": "2" } })
    );
    assert_eq!(
        update("UPDATED_OLD")["Attributes"],
        json!({ "revision": { "N": "2" } })
    );
    assert_eq!(update("ALL_NEW")["Attributes"], row("a", 4));
    assert_eq!(update("NONE"), json!({}));
}

#[test]
fn a_query_finds_its_partition_in_order_and_by_pages() {
    let mut world = world();
    for sk in ["resource/b", "override/x", "resource/a", "resource/c"] {
        put_row(&mut world, sk);
    }
    let mut other = row("resource/a", 1);
    other["pk"] = json!({ "S": "tick" });
    ask(&mut world, "PutItem", json!({ "Item": other })).unwrap();
    let query = json!({
        "KeyConditionExpression": "pk = :pk AND begins_with(sk, :p)", "Limit": 2, "ConsistentRead": true,
        "ExpressionAttributeValues": { ":pk": { "S": "ledger" }, ":p": { "S": "resource/" } },
    });
    let first = ask(&mut world, "Query", query.clone()).unwrap();
    assert_eq!(
        first["Items"],
        json!([row("resource/a", 1), row("resource/b", 1)])
    );
    assert_eq!(first["LastEvaluatedKey"], key("resource/b"));
    let mut second = query.clone();
    second["ExclusiveStartKey"] = first["LastEvaluatedKey"].clone();
    let second = ask(&mut world, "Query", second).unwrap();
    assert_eq!(second["Items"], json!([row("resource/c", 1)]));
    assert!(second.get("LastEvaluatedKey").is_none());
    let mut backwards = query;
    backwards["ScanIndexForward"] = false.into();
    assert_eq!(
        ask(&mut world, "Query", backwards).unwrap()["Items"][0],
        row("resource/c", 1)
    );
}

#[test]
fn a_page_ends_after_a_megabyte() {
    let mut world = world();
    for sk in ["a", "b", "c", "d"] {
        let mut item = key(sk);
        item["text"] = json!({ "S": "x".repeat(390_000) });
        ask(&mut world, "PutItem", json!({ "Item": item })).unwrap();
    }
    let query = json!({ "KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": { ":pk": { "S": "ledger" } } });
    let page = ask(&mut world, "Query", query).unwrap();
    assert_eq!(page["Count"], 3);
    assert_eq!(page["LastEvaluatedKey"], key("c"));
}

#[test]
fn key_conditions_are_about_the_key() {
    let mut world = world();
    let mut query = |text: &str, values: Value| {
        let input = json!({ "KeyConditionExpression": text, "ExpressionAttributeValues": values });
        ask(&mut world, "Query", input).map_err(|fault| fault.message)
    };
    let v = json!({ ":v": { "S": "x" } });
    assert!(query("pk = :v AND sk = :v", v.clone()).is_ok());
    assert!(
        query("sk = :v", v.clone())
            .unwrap_err()
            .contains("missed key schema element: pk")
    );
    for text in [
        "pk > :v",
        "pk = :v AND sk <> :v",
        "pk = :v AND other = :v",
        "pk = :v OR sk = :v",
    ] {
        assert!(query(text, v.clone()).is_err(), "{text}");
    }
    assert!(query("pk = :v", json!({ ":v": { "N": "1" } })).is_err());
}

#[test]
fn a_filter_counts_against_the_limit() {
    let mut world = world();
    for sk in ["a", "b", "c"] {
        put_row(&mut world, sk);
    }
    let scan = json!({ "FilterExpression": "sk = :c", "Limit": 2, "ExpressionAttributeValues": { ":c": { "S": "c" } } });
    let page = ask(&mut world, "Scan", scan).unwrap();
    assert_eq!(
        (&page["Count"], &page["ScannedCount"]),
        (&json!(0), &json!(2))
    );
    assert_eq!(page["LastEvaluatedKey"], key("b"));
}

#[test]
fn keys_must_be_whole_of_their_type_and_are_never_changed() {
    let mut world = world();
    let cases = [
        (
            "PutItem",
            json!({ "Item": { "pk": { "S": "x" } } }),
            "Missing the key sk",
        ),
        (
            "PutItem",
            json!({ "Item": { "pk": { "N": "1" }, "sk": { "S": "x" } } }),
            "Type mismatch for key pk expected: S actual: N",
        ),
        (
            "PutItem",
            json!({ "Item": { "pk": { "S": "" }, "sk": { "S": "x" } } }),
            "empty string value",
        ),
        (
            "GetItem",
            json!({ "Key": { "pk": { "S": "x" } } }),
            "does not match the schema",
        ),
        (
            "UpdateItem",
            json!({ "Key": key("a"), "UpdateExpression": "SET pk = :v", "ExpressionAttributeValues": { ":v": { "S": "x" } } }),
            "part of the key",
        ),
        (
            "PutItem",
            json!({ "Item": row("a", 1), "Expected": {} }),
            "legacy parameter",
        ),
        (
            "PutItem",
            json!({ "Item": row("a", 1), "ExpressionAttributeValues": { ":v": { "S": "x" } } }),
            "only be specified when using expressions",
        ),
    ];
    for (operation, input, reason) in cases {
        let refused = ask(&mut world, operation, input).unwrap_err();
        assert_eq!(refused.code, "ValidationException");
        assert!(refused.message.contains(reason), "{}", refused.message);
    }
    let refused = world.ask(
        &SERVICE,
        Actor::Person,
        "GetItem",
        json!({ "TableName": "nobody", "Key": key("a") }),
    );
    assert_eq!(refused.unwrap_err().code, "ResourceNotFoundException");
}

#[test]
fn an_item_over_400_kilobytes_is_refused() {
    let mut item = key("a");
    item["text"] = json!({ "S": "x".repeat(410_000) });
    let refused = ask(&mut world(), "PutItem", json!({ "Item": item })).unwrap_err();
    assert!(refused.message.contains("Item size has exceeded"));
}

#[test]
fn an_item_vanishes_some_time_in_two_days_after_its_time_to_live() {
    let mut world = world();
    let mut item = row("a", 1);
    item["ttl"] = json!({ "N": (START + 60).to_string() });
    ask(&mut world, "PutItem", json!({ "Item": item })).unwrap();
    put_row(&mut world, "b");
    world.advance(Timestamp::from_second(START + 59).unwrap());
    assert_eq!(items(&world, "ledger").len(), 2);
    world.advance(Timestamp::from_second(START + 60 + 48 * 3600).unwrap());
    assert_eq!(items(&world, "ledger").len(), 1);
    assert_eq!(
        ask(&mut world, "GetItem", json!({ "Key": key("a") })).unwrap(),
        json!({})
    );
}

#[test]
fn a_transaction_happens_whole_or_not_at_all() {
    let mut world = world();
    put_row(&mut world, "a");
    let put = |sk: &str, condition: &str| json!({ "Put": { "TableName": "ledger", "Item": row(sk, 2), "ConditionExpression": condition } });
    let refused = ask(
        &mut world,
        "TransactWriteItems",
        json!({ "TransactItems": [
        put("b", "attribute_not_exists(pk)"), put("a", "attribute_not_exists(pk)"),
    ] }),
    )
    .unwrap_err();
    assert_eq!(refused.code, "TransactionCanceledException");
    assert!(refused.message.ends_with("[None, ConditionalCheckFailed]"));
    assert_eq!(items(&world, "ledger").len(), 1);
    ask(&mut world, "TransactWriteItems", json!({ "TransactItems": [
        put("b", "attribute_not_exists(pk)"), { "Delete": { "TableName": "ledger", "Key": key("a") } },
    ] })).unwrap();
    assert_eq!(
        items(&world, "ledger"),
        [row("b", 2).as_object().cloned().unwrap()]
    );
}

#[test]
fn a_batch_writes_and_deletes_up_to_25_different_items() {
    let mut world = world();
    put_row(&mut world, "a");
    let put = |sk: &str| json!({ "PutRequest": { "Item": row(sk, 1) } });
    let batch = |requests: Vec<Value>| json!({ "RequestItems": { "ledger": requests } });
    ask(
        &mut world,
        "BatchWriteItem",
        batch(vec![
            put("b"),
            json!({ "DeleteRequest": { "Key": key("a") } }),
        ]),
    )
    .unwrap();
    assert_eq!(items(&world, "ledger").len(), 1);
    assert!(
        ask(
            &mut world,
            "BatchWriteItem",
            batch(vec![put("c"), put("c")])
        )
        .is_err()
    );
    let many = (0..26).map(|n| put(&n.to_string())).collect();
    assert!(ask(&mut world, "BatchWriteItem", batch(many)).is_err());
}

#[test]
fn a_batch_of_reads_answers_what_is_there() {
    let mut world = world();
    for sk in ["a", "b"] {
        ask(&mut world, "PutItem", json!({ "Item": row(sk, 1) })).unwrap();
    }
    let keys = |names: Vec<String>| {
        let keys: Vec<Value> = names.iter().map(|name| key(name)).collect();
        json!({ "RequestItems": { "ledger": { "Keys": keys } } })
    };
    let names = ["a", "c", "b"].map(ToOwned::to_owned).to_vec();
    let answer = ask(&mut world, "BatchGetItem", keys(names)).unwrap();
    let found = &answer["Responses"]["ledger"];
    assert_eq!(found.as_array().unwrap().len(), 2);
    assert_eq!(found[1]["sk"]["S"], "b");
    for names in [
        vec!["a".to_owned(), "a".to_owned()],
        Vec::new(),
        (0..101).map(|number| number.to_string()).collect(),
    ] {
        assert!(ask(&mut world, "BatchGetItem", keys(names)).is_err());
    }
}

#[test]
fn a_table_is_made_described_and_protected() {
    let mut world = world();
    let create = json!({
        "TableName": "numbers", "DeletionProtectionEnabled": true,
        "KeySchema": [{ "AttributeName": "n", "KeyType": "HASH" }],
        "AttributeDefinitions": [{ "AttributeName": "n", "AttributeType": "N" }],
    });
    let mut ask = |operation: &str, input: &Value| {
        world.ask(&SERVICE, Actor::Terraform, operation, input.clone())
    };
    assert_eq!(
        ask("CreateTable", &create).unwrap()["TableDescription"]["TableStatus"],
        "CREATING"
    );
    assert_eq!(
        ask("CreateTable", &create).unwrap_err().code,
        "ResourceInUseException"
    );
    let name = json!({ "TableName": "numbers" });
    assert_eq!(
        ask("DescribeTable", &name).unwrap()["Table"]["TableStatus"],
        "ACTIVE"
    );
    assert!(
        ask("DeleteTable", &name)
            .unwrap_err()
            .message
            .contains("protected against deletion")
    );
    for n in ["10", "9", "-1"] {
        ask(
            "PutItem",
            &json!({ "TableName": "numbers", "Item": { "n": { "N": n } } }),
        )
        .unwrap();
    }
    let page = ask("Scan", &name).unwrap();
    assert_eq!(page["Items"][2], json!({ "n": { "N": "10" } }));
}
