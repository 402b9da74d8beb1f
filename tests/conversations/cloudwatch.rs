//! CloudWatch: alarms of both kinds and their states.

use nightshift_tests::aws::CLOUDWATCH;
use serde_json::{Value, json};

use crate::script::{Step, json};

fn alarm(words: &str, more: &Value) -> Step {
    let mut input = json!({
        "AlarmName": "silent",
        "Namespace": "Nightshift",
        "MetricName": "Looks",
        "Statistic": "Sum",
        "Period": 300,
        "EvaluationPeriods": 3,
        "Threshold": 1.0,
        "ComparisonOperator": "LessThanThreshold",
        "TreatMissingData": "breaching",
    });
    for (name, value) in more.as_object().unwrap() {
        input[name] = value.clone();
    }
    json(CLOUDWATCH, "PutMetricAlarm", words, input)
}

pub(crate) fn steps() -> Vec<Step> {
    let describe = |words: &str, input: Value| json(CLOUDWATCH, "DescribeAlarms", words, input);
    let set = |words: &str, name: &str, state: &str| {
        let input = json!({ "AlarmName": name, "StateValue": state, "StateReason": "said so" });
        json(CLOUDWATCH, "SetAlarmState", words, input)
    };
    let composite = |words: &str, rule: &str| {
        let input = json!({ "AlarmName": "any", "AlarmRule": rule });
        json(CLOUDWATCH, "PutCompositeAlarm", words, input)
    };
    let switch = |operation: &'static str| {
        json(
            CLOUDWATCH,
            operation,
            "of one",
            json!({ "AlarmNames": ["silent"] }),
        )
    };
    vec![
        alarm("new", &json!({})),
        alarm(
            "with more datapoints than periods",
            &json!({ "DatapointsToAlarm": 4 }),
        ),
        alarm(
            "without a comparison",
            &json!({ "ComparisonOperator": null }),
        ),
        alarm(
            "with an unknown comparison",
            &json!({ "ComparisonOperator": "AboutTheThreshold" }),
        ),
        describe("of one", json!({ "AlarmNames": ["silent"] })).shows(&[
            "/MetricAlarms/0/StateValue",
            "/MetricAlarms/0/ActionsEnabled",
            "/MetricAlarms/0/EvaluationPeriods",
            "/MetricAlarms/0/TreatMissingData",
        ]),
        set("of one", "silent", "ALARM"),
        describe(
            "after its state was set",
            json!({ "AlarmNames": ["silent"] }),
        )
        .shows(&["/MetricAlarms/0/StateValue", "/MetricAlarms/0/StateReason"]),
        set("of an unknown one", "nobody", "OK"),
        set("to an unknown state", "silent", "LOUD"),
        composite("new", "ALARM(\"silent\")"),
        composite("of an unknown alarm", "ALARM(\"nobody\")"),
        composite("that cannot be read", "ALARM(silent"),
        describe("without types", json!({})).shows(&["/MetricAlarms#", "/CompositeAlarms#"]),
        describe(
            "of both types",
            json!({ "AlarmTypes": ["MetricAlarm", "CompositeAlarm"] }),
        )
        .shows(&["/MetricAlarms#", "/CompositeAlarms#"]),
        describe(
            "by the beginning of their name",
            json!({ "AlarmNamePrefix": "sil" }),
        )
        .shows(&["/MetricAlarms#"]),
        describe("by their state", json!({ "StateValue": "ALARM" })).shows(&["/MetricAlarms#"]),
        describe("of an unknown one", json!({ "AlarmNames": ["nobody"] }))
            .shows(&["/MetricAlarms#"]),
        describe("of more than a page takes", json!({ "MaxRecords": 101 })),
        switch("DisableAlarmActions"),
        describe("with its actions off", json!({ "AlarmNames": ["silent"] }))
            .shows(&["/MetricAlarms/0/ActionsEnabled"]),
        switch("EnableAlarmActions"),
        json(
            CLOUDWATCH,
            "DeleteAlarms",
            "under a composite one",
            json!({ "AlarmNames": ["silent"] }),
        ),
        json(
            CLOUDWATCH,
            "DeleteAlarms",
            "that is composite",
            json!({ "AlarmNames": ["any"] }),
        ),
        json(
            CLOUDWATCH,
            "DeleteAlarms",
            "that is unknown",
            json!({ "AlarmNames": ["nobody"] }),
        ),
    ]
}
