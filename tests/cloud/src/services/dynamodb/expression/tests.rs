//! Expressions against one item, as tables of text and meaning.

use serde_json::json;

use super::*;

fn item() -> Item {
    let item = json!({
        "pk": { "S": "tick" },
        "n": { "N": "5" },
        "text": { "S": "hello" },
        "set": { "SS": ["a", "b"] },
        "list": { "L": [{ "N": "1" }, { "S": "x" }] },
        "nested": { "M": { "deep": { "M": { "n": { "N": "7" } } } } },
        "yes": { "BOOL": true },
        "power-staging/looked_at": { "N": "10" },
    });
    item.as_object().cloned().unwrap()
}

fn input() -> Value {
    json!({
        "ExpressionAttributeNames": {
            "#looked": "power-staging/looked_at", "#text": "text", "#list": "list", "#set": "set", "#absent": "absent",
        },
        "ExpressionAttributeValues": {
            ":five": { "N": "5.0" }, ":six": { "N": "6" }, ":four": { "N": "4" }, ":he": { "S": "he" },
            ":hello": { "S": "hello" }, ":a": { "S": "a" }, ":one": { "N": "1" }, ":true": { "BOOL": true },
            ":seven": { "N": "7" }, ":more": { "L": [{ "S": "y" }] }, ":c": { "SS": ["b", "c"] },
            ":type": { "S": "N" }, ":ten": { "N": "10" }, ":both": { "SS": ["a", "b"] },
        }
    })
}

fn holds(text: &str) -> Result<bool, String> {
    let (input, none) = (input(), Map::new());
    let condition = Scope::of(&input, &none).condition("ConditionExpression", text);
    condition
        .map(|condition| condition.holds(&item()))
        .map_err(|fault| fault.message)
}

fn updated(text: &str) -> Result<Item, String> {
    let (input, none) = (input(), Map::new());
    let update = Scope::of(&input, &none).update(text);
    update
        .and_then(|update| update.apply(&item()))
        .map_err(|fault| fault.message)
}

#[test]
fn conditions_mean_what_the_guide_says() {
    let cases = [
        ("n = :five", true),
        ("n <> :five", false),
        ("absent <> :five", true),
        ("#absent = :five", false),
        ("n < :six", true),
        ("n<=:five", true),
        ("n > :four and n < :six", true),
        ("n > :he", false),
        ("n BETWEEN :four AND :six", true),
        ("NOT n BETWEEN :four AND :six", false),
        ("n between :four and :six AND #text = :hello", true),
        ("n IN (:four, :five)", true),
        ("n IN (:four)", false),
        ("attribute_exists(pk)", true),
        ("attribute_not_exists(pk)", false),
        ("attribute_not_exists(absent) OR n = :four", true),
        ("attribute_exists(nested.deep.n)", true),
        ("attribute_exists(nested.deep.m)", false),
        ("attribute_type(n, :type)", true),
        ("begins_with(#text, :he)", true),
        ("contains(#text, :he)", true),
        ("contains(#set, :a)", true),
        ("contains(#set, :he)", false),
        ("contains(#list, :one)", true),
        ("size(#list) < :five", true),
        ("size(#text) = :five", true),
        ("size(n) = :five", false),
        ("nested.deep.n = :seven", true),
        ("#list[0] = :one", true),
        ("#list[9] = :one", false),
        ("yes = :true", true),
        ("#set = :both", true),
        ("n = :four OR n = :five AND #text = :hello", true),
        ("(n = :four OR n = :five) AND #text = :he", false),
        ("NOT n = :four", true),
        ("NOT (n = :five AND #text = :he)", true),
        ("NOT NOT n = :five", true),
        ("#looked <= :ten", true),
        (
            "attribute_not_exists(leased_until) OR leased_until <= :ten OR leased_by = :he",
            true,
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(holds(text), Ok(expected), "{text}");
    }
}

#[test]
fn negation_and_the_laws_of_logic_hold_for_every_pair_of_tests() {
    let tests = [
        "n = :five",
        "n > :six",
        "attribute_exists(pk)",
        "begins_with(#text, :a)",
        "absent = :five",
        "absent <> :five",
    ];
    for a in tests {
        for b in tests {
            let is = |text: String| holds(&text).unwrap();
            assert_eq!(
                is(format!("NOT ({a} AND {b})")),
                is(format!("NOT {a} OR NOT {b}"))
            );
            assert_eq!(
                is(format!("NOT ({a} OR {b})")),
                is(format!("NOT {a} AND NOT {b}"))
            );
            assert_eq!(is(format!("{a} AND {b} OR {b}")), is(b.to_owned()));
            assert_eq!(is(format!("{b} OR {a} AND {b}")), is(b.to_owned()));
        }
    }
}

#[test]
fn what_is_no_condition_is_refused_with_the_reason() {
    let cases = [
        ("", "can not be empty"),
        ("n", "Syntax error"),
        ("n = ", "Syntax error"),
        ("n = :five AND", "Syntax error"),
        ("n == :five", "Syntax error"),
        ("(n = :five", "Syntax error"),
        ("n = :five)", "Syntax error"),
        ("n = 5", "Syntax error"),
        ("((n = :five))", "redundant parentheses"),
        ("n = :absent", "attribute value: :absent"),
        ("#nobody = :five", "attribute name: #nobody"),
        ("ttl < :five", "reserved keyword: ttl"),
        ("name = :he", "reserved keyword: name"),
        ("nested.value = :he", "reserved keyword: value"),
        ("n = n", "must be distinct"),
        ("begins_with(#text, :five)", "Incorrect operand type"),
        ("n BETWEEN :six AND :four", "upper bound"),
        ("exists(n)", "Invalid function name"),
        ("if_not_exists(n, :five) = :five", "Invalid function name"),
    ];
    for (text, reason) in cases {
        let refused = holds(text).unwrap_err();
        assert!(refused.contains(reason), "{text}: {refused}");
    }
}

#[test]
fn updates_change_what_they_name_and_nothing_else() {
    let cases = [
        ("SET n = :six", "n", json!({ "N": "6" })),
        ("SET n = n + :one, fresh = n", "n", json!({ "N": "6" })),
        ("SET n = n + :one, fresh = n", "fresh", json!({ "N": "5" })),
        ("SET n = :one - n", "n", json!({ "N": "-4" })),
        ("SET n = if_not_exists(n, :one)", "n", json!({ "N": "5" })),
        (
            "SET m = if_not_exists(m, :one) + :six",
            "m",
            json!({ "N": "7" }),
        ),
        (
            "SET #list = list_append(#list, :more)",
            "list",
            json!({ "L": [{ "N": "1" }, { "S": "x" }, { "S": "y" }] }),
        ),
        (
            "SET #list[0] = :six",
            "list",
            json!({ "L": [{ "N": "6" }, { "S": "x" }] }),
        ),
        (
            "SET #list[9] = :six",
            "list",
            json!({ "L": [{ "N": "1" }, { "S": "x" }, { "N": "6" }] }),
        ),
        (
            "SET nested.deep.n = :six",
            "nested",
            json!({ "M": { "deep": { "M": { "n": { "N": "6" } } } } }),
        ),
        ("REMOVE n", "n", Value::Null),
        ("REMOVE absent", "absent", Value::Null),
        ("REMOVE #list[0]", "list", json!({ "L": [{ "S": "x" }] })),
        ("REMOVE #list[0], #list[1]", "list", json!({ "L": [] })),
        (
            "REMOVE nested.deep.n",
            "nested",
            json!({ "M": { "deep": { "M": {} } } }),
        ),
        ("ADD n :one", "n", json!({ "N": "6" })),
        ("ADD fresh :one", "fresh", json!({ "N": "1" })),
        ("ADD #set :c", "set", json!({ "SS": ["a", "b", "c"] })),
        ("DELETE #set :c", "set", json!({ "SS": ["a"] })),
        ("DELETE #set :both", "set", Value::Null),
        ("set n = :six remove #text", "text", Value::Null),
    ];
    for (text, attribute, expected) in cases {
        let after = updated(text).unwrap();
        assert_eq!(
            after.get(attribute).cloned().unwrap_or_default(),
            expected,
            "{text}"
        );
        let named: Vec<&str> = text.split(|c: char| !c.is_alphanumeric()).collect();
        for (name, value) in item() {
            if !named.contains(&name.as_str()) {
                assert_eq!(after.get(&name), Some(&value), "{text} changed {name}");
            }
        }
    }
}

#[test]
fn what_is_no_update_is_refused_with_the_reason() {
    let cases = [
        ("SET n = absent", "does not exist in the item"),
        ("SET absent.deep = :six", "invalid for update"),
        ("REMOVE absent.deep", "invalid for update"),
        ("SET n = :he + :one", "incorrect data type"),
        ("SET #text = #text + :one", "incorrect data type"),
        ("SET n = :one, n = :six", "overlap"),
        ("SET nested.deep.n = :one REMOVE nested", "overlap"),
        ("SET n = :one SET m = :six", "can only be used once"),
        ("ADD n :he", "Incorrect operand type"),
        ("CHANGE n :he", "Syntax error"),
        ("SET n :he", "Syntax error"),
        ("SET", "Syntax error"),
    ];
    for (text, reason) in cases {
        let refused = updated(text).unwrap_err();
        assert!(refused.contains(reason), "{text}: {refused}");
    }
}

#[test]
fn names_and_values_that_nobody_uses_are_refused() {
    let none = Map::new();
    let given = json!({
        "ExpressionAttributeNames": { "#a": "a" },
        "ExpressionAttributeValues": { ":v": { "S": "v" }, ":w": { "S": "w" } },
    });
    let mut scope = Scope::of(&given, &none);
    scope.condition("ConditionExpression", "#a = :v").unwrap();
    let refused = scope.finish().unwrap_err();
    assert_eq!(
        refused.message,
        "Value provided in ExpressionAttributeValues unused in expressions: keys: {:w}"
    );
    let refused = Scope::of(&given, &none).finish().unwrap_err();
    assert!(
        refused
            .message
            .contains("can only be specified when using expressions")
    );
}

#[test]
fn a_projection_keeps_the_shape() {
    let (input, none) = (input(), Map::new());
    let paths = Scope::of(&input, &none)
        .projection("n, nested.deep.n, #list[1]")
        .unwrap();
    let projected = project(&item(), &paths);
    assert_eq!(
        Value::Object(projected),
        json!({ "n": { "N": "5" }, "nested": { "M": { "deep": { "M": { "n": { "N": "7" } } } } }, "list": { "L": [{ "S": "x" }] } })
    );
}
