//! EventBridge: rules, patterns, and events in whose name.

use nightshift_tests::aws::EVENTS;
use serde_json::{Value, json};

use crate::script::{Step, json};

fn test(words: &str, pattern: &Value) -> Step {
    let event = json!({
        "version": "0",
        "id": "7bf73129-1428-4cd3-a780-95db273d1602",
        "detail-type": "RDS DB Instance Event",
        "source": "aws.rds",
        "account": "123456789012",
        "time": "2027-06-04T10:00:00Z",
        "region": "ap-northeast-1",
        "resources": ["arn:aws:rds:ap-northeast-1:123456789012:db:one"],
        "detail": { "EventID": "RDS-EVENT-0154", "Count": 3, "Message": null },
    });
    let input = json!({ "EventPattern": pattern.to_string(), "Event": event.to_string() });
    json(EVENTS, "TestEventPattern", words, input).shows(&["/Result"])
}

fn put(words: &str, entries: &Value) -> Step {
    json(EVENTS, "PutEvents", words, json!({ "Entries": entries }))
}

fn entry(source: &str, detail: &str) -> Value {
    json!({ "Source": source, "DetailType": "said", "Detail": detail })
}

pub(crate) fn steps() -> Vec<Step> {
    let mut steps = events();
    steps.extend(patterns());
    steps.extend(rules());
    steps
}

fn events() -> Vec<Step> {
    let answers = ["/FailedEntryCount", "/Entries/0/ErrorCode"];
    let eleven: Vec<Value> = (0..11).map(|_| entry("mine", "{}")).collect();
    vec![
        put("of one's own", &json!([entry("mine", "{}")]))
            .shows(&["/FailedEntryCount", "/Entries/0/EventId?"]),
        put("in the name of AWS", &json!([entry("aws.rds", "{}")])).shows(&answers),
        put("whose detail is no object", &json!([entry("mine", "text")])).shows(&answers),
        put(
            "without a source",
            &json!([{ "DetailType": "said", "Detail": "{}" }]),
        )
        .shows(&answers),
        put("of none", &json!([])),
        put("of eleven", &json!(eleven)),
    ]
}

fn patterns() -> Vec<Step> {
    vec![
        test(
            "that fits",
            &json!({ "source": ["aws.rds"], "detail": { "EventID": ["RDS-EVENT-0154"] } }),
        ),
        test("that does not fit", &json!({ "source": ["aws.ecs"] })),
        test(
            "with prefix",
            &json!({ "detail": { "EventID": [{ "prefix": "RDS-" }] } }),
        ),
        test(
            "with anything-but",
            &json!({ "detail": { "EventID": [{ "anything-but": "RDS-EVENT-0087" }] } }),
        ),
        test(
            "with exists",
            &json!({ "detail": { "Nothing": [{ "exists": false }] } }),
        ),
        test(
            "with numeric",
            &json!({ "detail": { "Count": [{ "numeric": [">", 2] }] } }),
        ),
        test("with null", &json!({ "detail": { "Message": [null] } })),
        test(
            "of an item in a list",
            &json!({ "resources": [{ "suffix": ":db:one" }] }),
        ),
        test("with a text for a list", &json!({ "source": "aws.rds" })),
        test("that is no object", &json!(["aws.rds"])),
    ]
}

fn rules() -> Vec<Step> {
    let rule = |words: &str, more: &Value| {
        let mut input = json!({ "Name": "talk" });
        for (name, value) in more.as_object().unwrap() {
            input[name] = value.clone();
        }
        json(EVENTS, "PutRule", words, input)
    };
    let pattern = json!({ "source": ["aws.rds"] }).to_string();
    vec![
        rule("new", &json!({ "EventPattern": pattern })).shows(&["/RuleArn"]),
        rule("with neither pattern nor schedule", &json!({})),
        rule(
            "with a bad pattern",
            &json!({ "EventPattern": "{\"source\": \"x\"}" }),
        ),
        json(
            EVENTS,
            "PutTargets",
            "of one",
            json!({
                "Rule": "talk",
                "Targets": [{ "Id": "1", "Arn": "arn:aws:sqs:ap-northeast-1:123456789012:inbox" }],
            }),
        )
        .shows(&["/FailedEntryCount"]),
        json(
            EVENTS,
            "DescribeRule",
            "that is there",
            json!({ "Name": "talk" }),
        )
        .shows(&["/State", "/EventBusName"]),
        json(
            EVENTS,
            "DescribeRule",
            "that is unknown",
            json!({ "Name": "nobody" }),
        ),
        json(
            EVENTS,
            "ListTargetsByRule",
            "of one",
            json!({ "Rule": "talk" }),
        )
        .shows(&["/Targets#"]),
        json(
            EVENTS,
            "DeleteRule",
            "with targets",
            json!({ "Name": "talk" }),
        ),
        json(
            EVENTS,
            "RemoveTargets",
            "of one",
            json!({ "Rule": "talk", "Ids": ["1"] }),
        )
        .shows(&["/FailedEntryCount"]),
        json(
            EVENTS,
            "DeleteRule",
            "without targets",
            json!({ "Name": "talk" }),
        ),
        json(
            EVENTS,
            "DeleteRule",
            "that is unknown",
            json!({ "Name": "talk" }),
        ),
    ]
}
