//! Payloads for the properties: any JSON, JSON of the right form, and real payloads with something
//! wrong in them.

use proptest::{collection::vec, prelude::*, sample::select};

use super::*;

/// The words that the parser looks for, so that it gets into its branches.
const NAMES: &[&str] = &[
    "Records",
    "Sns",
    "eventSource",
    "EventSource",
    "body",
    "messageId",
    "Type",
    "Message",
    "TopicArn",
    "MessageId",
    "Subject",
    "Timestamp",
    "attributes",
    "SentTimestamp",
    "detail-type",
    "source",
    "detail",
    "resources",
    "time",
    "id",
    "account",
    "region",
    "alarmData",
    "alarmArn",
    "alarmName",
    "state",
    "value",
    "reason",
    "reasonData",
    "timestamp",
    "previousState",
    "configuration",
    "metrics",
    "metricStat",
    "metric",
    "dimensions",
    "name",
    "namespace",
    "stat",
    "period",
    "expression",
    "label",
    "returnData",
    "alarmRule",
    "alarmContributor",
    "AlarmName",
    "AlarmArn",
    "NewStateValue",
    "NewStateReason",
    "StateChangeTime",
    "Trigger",
    "MetricName",
    "Metrics",
    "Threshold",
    "AlarmRule",
    "TriggeringChildren",
    "Event ID",
    "Event Time",
    "nightshift",
    "title",
    "lines",
    "news",
    "code",
    "at",
    "eventName",
    "eventType",
    "lastStatus",
    "stopCode",
    "containers",
    "EventID",
    "EventCategories",
    "Date",
    "eventTypeCode",
    "communicationId",
    "page",
    "eventDescription",
    "affectedEntities",
    "startTime",
    "deploymentGroup",
    "evaluationCriteria",
    "muteDetail",
    "mutedByArn",
];

const WORDS: &[&str] = &[
    "",
    "aws:sns",
    "aws:sqs",
    "Notification",
    "aws.cloudwatch",
    "CloudWatch Alarm State Change",
    "CloudWatch Alarm Contributor State Change",
    "ECS Deployment State Change",
    "ECS Service Action",
    "ECS Task State Change",
    "RDS DB Instance Event",
    "AWS Health Event",
    "CodeDeploy Deployment State-change Notification",
    "ALARM",
    "OK",
    "INSUFFICIENT_DATA",
    "STOPPED",
    "SERVICE_DEPLOYMENT_FAILED",
    "TargetTracking-x",
    "RDS-EVENT-0049",
    "ANOMALY_DETECTION_BAND(",
    "ANOMALY_DETECTION_BAND(m1, 2)",
    "m1",
    "arn:aws:cloudwatch:ap-northeast-1:123456789012:alarm:x",
    "arn:aws:ecs:::service/a/b",
    "2026-11-25T03:42:17.583+0000",
    "Fri, 27 Jan 2023 06:02:51 GMT",
    "-99999999999999",
    "Threshold Crossed: 1 datapoint [1.0 (x)] was greater than the threshold (",
    "Crossed: [",
    "out of the last ",
    "Budget Name: a\nAlert Threshold: > 1\nAlert Type: ",
    "{\"Records\":[{\"Sns\":{\"Message\":\"[{}]\"}}]}",
    "[{\"detail-type\":\"x\",\"source\":\"y\"}]",
];

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => select(WORDS).prop_map(str::to_owned),
        2 => any::<String>(),
        1 => "[🌙\u{1}\"\\\\警]{0,400}",
    ]
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![8 => select(NAMES).prop_map(str::to_owned), 1 => any::<String>()]
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
        1 => Just(json!(1)),
        8 => text().prop_map(Value::from),
    ]
}

/// Any JSON, some of it as JSON in a text.
pub(super) fn anything() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(6, 96, 8, |inner| {
        let object = vec((name(), inner.clone()), 0..8)
            .prop_map(|fields| Value::Object(fields.into_iter().collect()))
            .boxed();
        prop_oneof![
            3 => object.clone(),
            1 => vec(inner, 0..6).prop_map(Value::from),
            2 => object.prop_map(|value| Value::from(value.to_string())),
        ]
    })
}

/// Where something can be put into a value.
fn pointers(value: &Value, path: &str, all: &mut Vec<String>) {
    all.push(path.to_owned());
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                let name = name.replace('~', "~0").replace('/', "~1");
                pointers(field, &format!("{path}/{name}"), all);
            }
        }
        Value::Array(items) => {
            for (number, item) in items.iter().enumerate() {
                pointers(item, &format!("{path}/{number}"), all);
            }
        }
        _ => {}
    }
}

/// A real payload, or what SNS carries in one.
fn real() -> impl Strategy<Value = Value> {
    let mut payloads = Vec::new();
    for file in std::fs::read_dir(events()).unwrap() {
        let payload = sample(&file.unwrap().file_name().into_string().unwrap());
        let message = payload["Records"][0]["Sns"]["Message"].as_str();
        payloads.extend(message.and_then(|message| serde_json::from_str(message).ok()));
        payloads.push(payload);
    }
    // The directory's order is not the same everywhere.
    payloads.sort_by_key(Value::to_string);
    select(payloads)
}

/// A real payload with anything somewhere in it.
pub(super) fn nearly_real() -> impl Strategy<Value = Value> {
    let changes = vec((any::<prop::sample::Index>(), anything()), 1..4);
    (real(), changes).prop_map(|(mut payload, changes)| {
        for (place, value) in changes {
            let mut all = Vec::new();
            pointers(&payload, "", &mut all);
            if let Some(place) = payload.pointer_mut(place.get::<String>(&all)) {
                *place = value;
            }
        }
        payload
    })
}

/// The fields of what arrives.
const WHOLE: &[&[&str]] = &[
    &["Records"],
    &[
        "detail-type",
        "source",
        "detail",
        "resources",
        "time",
        "id",
        "account",
        "region",
    ],
    &["alarmData", "alarmArn", "accountId", "time", "region"],
    &[
        "AlarmName",
        "NewStateValue",
        "NewStateReason",
        "StateChangeTime",
        "Trigger",
        "AlarmArn",
        "AlarmRule",
        "TriggeringChildren",
        "AlarmContributorAttributes",
    ],
    &[
        "Type",
        "Message",
        "TopicArn",
        "MessageId",
        "Subject",
        "Timestamp",
    ],
    &["nightshift", "title", "lines", "news", "at", "function"],
    &["Event ID", "Event Time", "Event Source", "Source ARN"],
];
const RECORD: &[&[&str]] = &[
    &["Sns"],
    &["eventSource", "body", "messageId", "attributes"],
];
const NOTIFICATION: &[&[&str]] = &[&["Message", "TopicArn", "MessageId", "Subject", "Timestamp"]];
const DETAIL: &[&[&str]] = &[
    &[
        "alarmName",
        "state",
        "previousState",
        "configuration",
        "alarmContributor",
        "muteDetail",
    ],
    &["eventName", "eventType", "clusterArn", "reason"],
    &[
        "lastStatus",
        "stopCode",
        "stoppedReason",
        "containers",
        "taskArn",
    ],
    &["EventID", "EventCategories", "Date", "SourceArn", "Message"],
    &[
        "eventTypeCode",
        "communicationId",
        "page",
        "eventDescription",
        "startTime",
    ],
    &["state", "application", "deploymentGroup"],
];
const STATE: &[&[&str]] = &[&[
    "value",
    "reason",
    "reasonData",
    "timestamp",
    "actionsSuppressedBy",
]];
const RULE: &[&[&str]] = &[
    &["metrics", "description", "alarmRule"],
    &[
        "MetricName",
        "Dimensions",
        "Period",
        "Threshold",
        "ComparisonOperator",
    ],
];
const METRIC: &[&[&str]] = &[&["id", "expression", "metricStat", "returnData", "label"]];
const STAT: &[&[&str]] = &[&["metric", "period", "stat", "unit"]];
const DATA: &[&[&str]] = &[&[
    "recentDatapoints",
    "threshold",
    "period",
    "triggeringAlarms",
]];

/// JSON whose fields belong together, as a rule.
pub(super) fn formed() -> impl Strategy<Value = Value> {
    form(WHOLE, 2)
}

fn form(forms: &'static [&'static [&'static str]], hops: u32) -> BoxedStrategy<Value> {
    let fields = move |names: &[&'static str]| -> Vec<_> {
        let fields = names.iter().map(|name| (Just(*name), field(name, hops)));
        fields.collect()
    };
    let present = |fields: Vec<(&str, Option<Value>)>| -> Value {
        let fields = fields.into_iter();
        fields
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .collect()
    };
    select(forms)
        .prop_flat_map(fields)
        .prop_map(present)
        .boxed()
}

/// Mostly what belongs there, sometimes nothing, sometimes anything.
fn field(name: &str, hops: u32) -> BoxedStrategy<Option<Value>> {
    let one_of = |words: &'static [&'static str]| select(words).prop_map(Value::from).boxed();
    let list = |of: BoxedStrategy<Value>| vec(of, 0..3).prop_map(Value::from).boxed();
    let as_text = |of: BoxedStrategy<Value>| of.prop_map(|value| value.to_string().into()).boxed();
    let fitting = match name {
        "Records" if hops > 0 => list(form(RECORD, hops - 1)),
        "Sns" => form(NOTIFICATION, hops),
        "Message" | "body" if hops > 0 => as_text(form(WHOLE, hops - 1)),
        "detail" | "alarmData" => form(DETAIL, hops),
        "state" => form(STATE, hops),
        "configuration" | "Trigger" => form(RULE, hops),
        "metrics" => list(form(METRIC, hops)),
        "metricStat" => form(STAT, hops),
        "reasonData" => as_text(form(DATA, hops)),
        "detail-type" => one_of(WORDS.get(5..13).unwrap()),
        "value" | "NewStateValue" => one_of(&["ALARM", "OK", "INSUFFICIENT_DATA"]),
        "lastStatus" => one_of(&["STOPPED", "RUNNING"]),
        "eventName" => one_of(&["SERVICE_DEPLOYMENT_FAILED", "SERVICE_STEADY_STATE"]),
        "eventSource" => one_of(&["aws:sqs"]),
        "Type" => one_of(&["Notification"]),
        "nightshift" => Just(json!(1)).boxed(),
        "expression" => one_of(&["ANOMALY_DETECTION_BAND(m1, 2)", "m1 + m2"]),
        "Event ID" => one_of(&["…#RDS-EVENT-0049", "…#DMS-EVENT-0079"]),
        _ => text().prop_map(Value::from).boxed(),
    };
    prop_oneof![
        1 => Just(None),
        8 => fitting.prop_map(Some),
        1 => scalar().prop_map(Some),
    ]
    .boxed()
}
