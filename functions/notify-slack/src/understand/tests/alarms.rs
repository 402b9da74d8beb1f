//! Alarms of every kind in each of the three shapes, with and without what is optional.

use super::*;
use crate::signal::{AlarmState, Rule};

pub(super) const NAME: &str = "bookmark-manager-production-aurora-connections";

pub(super) fn arn(name: &str) -> String {
    format!("arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{name}")
}

/// What EventBridge and an invocation say of a change.
pub(super) fn detail(name: &str, state: &str) -> Value {
    json!({
        "alarmName": name,
        "state": { "value": state, "reason": "", "timestamp": "2026-11-25T03:42:17.583+0000" },
        "previousState": { "value": "OK" },
        "configuration": { "metrics": [metric("m1", "DatabaseConnections", true)] }
    })
}

pub(super) fn metric(id: &str, name: &str, returned: bool) -> Value {
    json!({
        "id": id,
        "metricStat": {
            "metric": {
                "namespace": "AWS/RDS", "name": name,
                "dimensions": { "DBClusterIdentifier": "bookmark-manager-production-aurora" }
            },
            "period": 60, "stat": "Maximum"
        },
        "returnData": returned
    })
}

/// What SNS says of it.
pub(super) fn message(name: &str, state: &str) -> Value {
    json!({
        "AlarmName": name, "AlarmArn": arn(name), "AWSAccountId": ACCOUNT, "NewStateValue": state,
        "NewStateReason": "", "StateChangeTime": "2026-11-25T03:42:17.583+0000",
        "Region": "Asia Pacific (Tokyo)", "OldStateValue": "OK",
        "Trigger": {
            "MetricName": "DatabaseConnections", "Namespace": "AWS/RDS", "Statistic": "MAXIMUM",
            "Dimensions": [
                { "name": "DBClusterIdentifier", "value": "bookmark-manager-production-aurora" }
            ],
            "Period": 60
        }
    })
}

pub(super) fn by_event(name: &str, detail: &Value) -> Value {
    eventbridge(
        "CloudWatch Alarm State Change",
        "aws.cloudwatch",
        &arn(name),
        detail,
    )
}

fn by_invocation(name: &str, detail: &Value) -> Value {
    json!({
        "source": "aws.cloudwatch", "alarmArn": arn(name), "accountId": ACCOUNT,
        "time": "2026-11-25T03:42:17.583+0000", "region": REGION, "alarmData": detail
    })
}

/// The same change by all three ways.
fn three_ways(name: &str, state: &str) -> [Value; 3] {
    let detail = detail(name, state);
    [
        by_event(name, &detail),
        sns(&message(name, state)),
        by_invocation(name, &detail),
    ]
}

pub(super) fn changed(mut value: Value, pointer: &str, to: Value) -> Value {
    let (parent, field) = pointer.rsplit_once('/').unwrap();
    value.pointer_mut(parent).unwrap()[field] = to;
    value
}

fn without(mut value: Value, pointer: &str) -> Value {
    let (parent, field) = pointer.rsplit_once('/').unwrap();
    let parent = value.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    parent.remove(field).unwrap();
    value
}

#[test]
fn each_state_is_the_same_by_all_three_ways() {
    for (word, state) in [
        ("ALARM", AlarmState::Alarm),
        ("OK", AlarmState::Ok),
        ("INSUFFICIENT_DATA", AlarmState::InsufficientData),
    ] {
        for payload in three_ways(NAME, word) {
            let signal = signal(&payload);
            let key = format!("alarm/{}/{word}/1795578137583", arn(NAME));
            assert_eq!(signal.key, key, "{payload}");
            assert_eq!(signal, super::signal(&three_ways(NAME, word)[0]));
            assert_eq!(alarm(&payload).state, state);
        }
    }
}

#[test]
fn alarms_of_auto_scaling_are_left_out_by_all_three_ways() {
    let name = "TargetTracking-service/cluster/api-AlarmLow-1b2c";
    for payload in three_ways(name, "ALARM") {
        let expected = LeftOut {
            name: name.to_owned(),
            why: Why::AutoScalingAlarm,
        };
        assert_eq!(left_out(&payload), expected, "{payload}");
    }
    // A person's alarm about one of them is a person's.
    for payload in three_ways("api TargetTracking-service is busy", "ALARM") {
        assert_eq!(alarm(&payload).state, AlarmState::Alarm);
    }
}

#[test]
fn a_state_that_nobody_knows_is_told_field_by_field() {
    for payload in three_ways(NAME, "MUTED") {
        let fields = other(&payload).fields;
        assert!(
            fields.iter().any(|(_, value)| value == "MUTED"),
            "{fields:?}"
        );
    }
}

#[test]
fn an_alarm_is_told_whatever_optional_field_is_missing_or_null() {
    let event = by_event(NAME, &detail(NAME, "ALARM"));
    let invocation = by_invocation(NAME, &detail(NAME, "ALARM"));
    for (payload, pointers) in [
        (
            event,
            [
                "/detail/state/reason",
                "/detail/state/timestamp",
                "/detail/previousState",
                "/detail/configuration",
                "/detail/configuration/metrics",
                "/detail/configuration/metrics/0/metricStat/metric/dimensions",
                "/resources",
                "/account",
                "/region",
                "/time",
                "/id",
            ]
            .as_slice(),
        ),
        (
            invocation,
            [
                "/alarmArn",
                "/accountId",
                "/time",
                "/region",
                "/source",
                "/alarmData/configuration",
                "/alarmData/state/timestamp",
            ]
            .as_slice(),
        ),
    ] {
        for pointer in pointers {
            for payload in [
                without(payload.clone(), pointer),
                changed(payload.clone(), pointer, Value::Null),
                changed(payload.clone(), pointer, json!(17)),
            ] {
                let alarm = alarm(&payload);
                assert_eq!(
                    (alarm.name.as_str(), alarm.state),
                    (NAME, AlarmState::Alarm)
                );
            }
        }
    }
    let message = message(NAME, "ALARM");
    for field in message.as_object().unwrap().keys() {
        if ["AlarmName", "NewStateValue"].contains(&field.as_str()) {
            continue;
        }
        let pointer = format!("/{field}");
        for message in [
            without(message.clone(), &pointer),
            changed(message.clone(), &pointer, Value::Null),
            changed(message.clone(), &pointer, json!({ "a": [1] })),
        ] {
            assert_eq!(alarm(&sns(&message)).state, AlarmState::Alarm, "{field}");
        }
    }
}

#[test]
fn an_alarm_without_a_description_has_none() {
    for description in [Value::Null, json!(""), json!(17)] {
        let message = changed(
            message(NAME, "ALARM"),
            "/AlarmDescription",
            description.clone(),
        );
        assert_eq!(alarm(&sns(&message)).description, None);
        let detail = changed(
            detail(NAME, "ALARM"),
            "/configuration/description",
            description,
        );
        assert_eq!(alarm(&by_event(NAME, &detail)).description, None);
    }
}

#[test]
fn without_an_arn_one_is_made_of_account_region_and_name() {
    let message = without(message(NAME, "ALARM"), "/AlarmArn");
    let signal = signal(&sns(&message));
    assert_eq!(
        signal.key,
        format!("alarm/{}/ALARM/1795578137583", arn(NAME))
    );
    assert_eq!(signal.region, REGION);

    let beijing = "arn:aws-cn:sns:cn-north-1:123456789012:alerts";
    let payload = changed(sns(&message), "/Records/0/Sns/TopicArn", json!(beijing));
    assert_eq!(
        alarm(&payload).arn,
        format!("arn:aws-cn:cloudwatch:cn-north-1:{ACCOUNT}:alarm:{NAME}")
    );
}

#[test]
fn account_and_region_are_the_alarms_own_and_the_region_is_a_code() {
    for payload in three_ways(NAME, "ALARM") {
        assert_eq!(signal(&payload).region, REGION, "{payload}");
    }
    // Whatever passed it on, from wherever: the alarm's own Region counts.
    for mut payload in three_ways(NAME, "ALARM") {
        payload["region"] = json!("us-east-1");
        payload["account"] = json!("210987654321");
        if let Some(topic) = payload.pointer_mut("/Records/0/Sns/TopicArn") {
            *topic = json!(TOPIC.replace(REGION, "us-east-1"));
        }
        assert_eq!(signal(&payload).region, REGION, "{payload}");
        assert_eq!(signal(&payload).account, ACCOUNT, "{payload}");
    }
    // Neither ARN nor topic: no Region is better than one that no link works with.
    let bare = without(message(NAME, "ALARM"), "/AlarmArn");
    assert_eq!(signal(&bare).region, "");
}

#[test]
fn without_its_own_time_the_envelopes_is_taken() {
    let broken = json!("a moment ago");
    let message = changed(message(NAME, "ALARM"), "/StateChangeTime", broken.clone());
    let by_sns = signal(&sns(&message));
    assert_eq!(by_sns.at, at("2026-11-25T03:42:18.001Z"));
    assert!(
        by_sns.key.ends_with("/ALARM/1795578138001"),
        "{}",
        by_sns.key
    );

    let detail = changed(detail(NAME, "ALARM"), "/state/timestamp", broken);
    let event = by_event(NAME, &detail);
    assert_eq!(signal(&event).at, at("2026-11-25T03:42:17Z"));

    // Without any, the key must not depend on when it arrived: it may arrive again.
    let timeless = without(event, "/time");
    let [first, second] = ["2026-12-24T00:00:00Z", "2026-12-24T00:01:00Z"].map(|arrived| {
        let mut records = understand(&timeless, at(arrived));
        records.remove(0).understood.signals.remove(0)
    });
    assert_eq!(first.at, at("2026-12-24T00:00:00Z"));
    assert_eq!(first.key, second.key);
}

#[test]
fn a_long_name_still_gives_three_times_the_same_key() {
    let name = "警報".repeat(150);
    let [first, second, third] = three_ways(&name, "ALARM").map(|payload| signal(&payload).key);
    assert!(first.len() <= 900, "{first}");
    assert_eq!((&first, &first), (&second, &third));
    assert_ne!(first, signal(&three_ways(&name, "OK")[0]).key);
}

#[test]
fn contributors_of_one_alarm_have_keys_of_their_own_by_all_three_ways() {
    let keys = |id: &str| {
        let contributor = json!({ "id": id, "attributes": { "ServiceName": id } });
        let detail = changed(detail(NAME, "ALARM"), "/alarmContributor", contributor);
        let kind = "CloudWatch Alarm Contributor State Change";
        let mut message = message(NAME, "ALARM");
        message["AlarmContributorId"] = json!(id);
        message["AlarmContributorAttributes"] = json!({ "ServiceName": id });
        let payloads = [
            eventbridge(kind, "aws.cloudwatch", &arn(NAME), &detail),
            sns(&message),
            by_invocation(NAME, &detail),
        ];
        payloads.map(|payload| {
            assert_eq!(alarm(&payload).contributor["ServiceName"], id);
            signal(&payload).key
        })
    };
    let [api, web] = ["api", "web"].map(keys);
    assert_eq!((&api[0], &api[0]), (&api[1], &api[2]));
    assert!(api[0].ends_with("/ALARM/1795578137583/api"), "{}", api[0]);
    assert_ne!(api[0], web[0]);
    assert_ne!(api[0], signal(&three_ways(NAME, "ALARM")[0]).key);

    // Attributes alone tell them apart as well.
    let nameless = |service: &str| {
        let attributes = json!({ "ServiceName": service });
        let message = changed(
            message(NAME, "ALARM"),
            "/AlarmContributorAttributes",
            attributes,
        );
        signal(&sns(&message)).key
    };
    assert_ne!(nameless("api"), nameless("web"));
}

#[test]
fn a_composite_alarm_by_sns_has_no_trigger() {
    let child = json!({ "Arn": arn("cpu"), "State": { "Value": "ALARM", "Timestamp": "x" } });
    let mut message = without(message("degraded", "ALARM"), "/Trigger");
    message["AlarmRule"] = json!("ALARM(cpu) OR ALARM(memory)");
    message["TriggeringChildren"] = json!([child, arn("memory")]);
    let alarm = alarm(&sns(&message));
    let expression = "ALARM(cpu) OR ALARM(memory)".to_owned();
    assert_eq!(alarm.rule, Rule::Composite { expression });
    let children: Vec<_> = alarm
        .children
        .iter()
        .map(|child| (child.arn.clone(), child.state))
        .collect();
    assert_eq!(
        children,
        [(arn("cpu"), Some(AlarmState::Alarm)), (arn("memory"), None)]
    );
}

#[test]
fn who_suppresses_an_alarm_is_told() {
    let rule = "arn:aws:cloudwatch:ap-northeast-1:123456789012:alarm-mute-rule:release";
    let table = [
        (json!({}), json!({}), None),
        (
            json!({ "actionsSuppressedBy": "ExtensionPeriod" }),
            json!({}),
            Some("ExtensionPeriod"),
        ),
        (
            json!({ "actionsSuppressedBy": "Alarm" }),
            json!({}),
            Some("maintenance"),
        ),
        (json!({}), json!({ "mutedByArn": rule }), Some("release")),
    ];
    for (state, mute, expected) in table {
        let mut detail = detail(NAME, "ALARM");
        detail["configuration"]["actionsSuppressor"] = json!("maintenance");
        detail["state"]["actionsSuppressedBy"] = state["actionsSuppressedBy"].clone();
        detail["muteDetail"] = mute;
        let alarm = alarm(&by_event(NAME, &detail));
        assert_eq!(alarm.suppressed_by.as_deref(), expected);
    }
}
