//! The alarms of the template, as their metrics come and fail to come.

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::{call::Actor, services::sns};

fn start() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

fn after(minutes: i64) -> Timestamp {
    start() + SignedDuration::from_mins(minutes)
}

fn ask(world: &mut World, operation: &str, input: Value) -> Outcome {
    world.ask(&SERVICE, Actor::Person, operation, input)
}

fn silent(topic: &str) -> Value {
    json!({
        "AlarmName": "silent", "AlarmDescription": "no look", "Namespace": "Nightshift", "MetricName": "Looks",
        "Dimensions": [{ "Name": "Function", "Value": "power-staging" }],
        "Statistic": "Sum", "Period": 300, "EvaluationPeriods": 3, "DatapointsToAlarm": 3,
        "ComparisonOperator": "LessThanThreshold", "Threshold": 1, "TreatMissingData": "breaching",
        "AlarmActions": [topic], "OKActions": [topic],
    })
}

fn world() -> World {
    let mut world = World::new(start(), 1);
    let topic = sns::create_topic(&mut world, "alarms");
    ask(&mut world, "PutMetricAlarm", silent(&topic)).unwrap();
    world
}

fn look_at(world: &mut World, at: Timestamp) {
    let line = json!({
        "_aws": { "Timestamp": at.as_millisecond(), "CloudWatchMetrics": [{
            "Namespace": "Nightshift", "Dimensions": [["Function"]], "Metrics": [{ "Name": "Looks", "Unit": "Count" }] }] },
        "Function": "power-staging", "Looks": 1,
    });
    assert_eq!(ingest(world, &line.to_string()), 1);
}

fn state(world: &World) -> &'static str {
    world.cloudwatch.alarm("silent").unwrap().state.value
}

#[test]
fn a_heartbeat_keeps_the_alarm_quiet_and_its_end_rings_it() {
    let mut world = world();
    for minutes in (-20..60).step_by(10) {
        look_at(&mut world, after(minutes));
    }
    world.advance(after(60));
    evaluate(&mut world, start(), after(60));
    assert_eq!(state(&world), "OK");
    assert_eq!(world.events.take().len(), 1);
    world.advance(after(120));
    evaluate(&mut world, after(60), after(120));
    assert_eq!(state(&world), "ALARM");
    let events = world.events.take();
    assert_eq!(events.len(), 1);
    let detail = &events[0].envelope["detail"];
    assert_eq!(
        (&detail["state"]["value"], &detail["previousState"]["value"]),
        (&json!("ALARM"), &json!("OK"))
    );
    assert_eq!(
        detail["configuration"]["metrics"][0]["metricStat"]["metric"]["dimensions"],
        json!({ "Function": "power-staging" })
    );
    // The last look was in minute 50; older periods stand in for missing ones for a while.
    let rang = events[0].at;
    assert!(rang > after(65) && rang <= after(76), "{rang}");
    let told: Vec<String> = world
        .sns
        .take()
        .into_iter()
        .map(|message| message.subject)
        .collect();
    assert_eq!(
        told,
        [
            "OK: \"silent\" in Asia Pacific (Tokyo)",
            "ALARM: \"silent\" in Asia Pacific (Tokyo)"
        ]
    );
}

#[test]
fn an_alarm_without_its_actions_tells_eventbridge_alone() {
    let mut world = world();
    ask(
        &mut world,
        "DisableAlarmActions",
        json!({ "AlarmNames": ["silent"] }),
    )
    .unwrap();
    ask(
        &mut world,
        "SetAlarmState",
        json!({ "AlarmName": "silent", "StateValue": "ALARM", "StateReason": "drill" }),
    )
    .unwrap();
    assert_eq!(world.events.take().len(), 1);
    assert!(world.sns.take().is_empty());
    ask(
        &mut world,
        "EnableAlarmActions",
        json!({ "AlarmNames": ["silent"] }),
    )
    .unwrap();
    ask(
        &mut world,
        "SetAlarmState",
        json!({ "AlarmName": "silent", "StateValue": "OK", "StateReason": "drill" }),
    )
    .unwrap();
    let message: Value = serde_json::from_str(&world.sns.take()[0].message).unwrap();
    assert_eq!(message["StateChangeTime"], "2027-01-15T08:00:00.000+0000");
    assert_eq!(
        message["Trigger"]["Dimensions"],
        json!([{ "name": "Function", "value": "power-staging" }])
    );
}

#[test]
fn composite_alarms_are_listed_only_when_asked_for_and_follow_their_rule() {
    let mut world = world();
    let rule = json!({ "AlarmName": "any", "AlarmRule": "ALARM(\"silent\")" });
    ask(&mut world, "PutCompositeAlarm", rule).unwrap();
    let listed = ask(&mut world, "DescribeAlarms", json!({})).unwrap();
    assert_eq!(listed["MetricAlarms"].as_array().map(Vec::len), Some(1));
    assert_eq!(listed["CompositeAlarms"], json!([]));
    let both = json!({ "AlarmTypes": ["MetricAlarm", "CompositeAlarm"] });
    let listed = ask(&mut world, "DescribeAlarms", both).unwrap();
    assert_eq!(
        listed["CompositeAlarms"][0]["AlarmRule"],
        "ALARM(\"silent\")"
    );
    world.advance(after(30));
    evaluate(&mut world, start(), after(30));
    assert_eq!(world.cloudwatch.alarm("any").unwrap().state.value, "ALARM");
    let unknown = json!({ "AlarmName": "x", "AlarmRule": "ALARM(nobody)" });
    assert!(ask(&mut world, "PutCompositeAlarm", unknown).is_err());
}

#[test]
fn alarms_that_make_no_sense_are_refused_and_unknown_ones_not_found() {
    let mut world = world();
    for (field, value) in [
        ("DatapointsToAlarm", json!(4)),
        ("EvaluationPeriods", json!(0)),
        ("Statistic", json!("Median")),
        ("TreatMissingData", json!("guess")),
        ("Period", json!(604_800)),
        ("AlarmName", json!("")),
    ] {
        let mut alarm = silent("arn:x");
        alarm[field] = value;
        assert_eq!(
            ask(&mut world, "PutMetricAlarm", alarm).unwrap_err().code,
            "ValidationError",
            "{field}"
        );
    }
    let unknown = json!({ "AlarmName": "nobody", "StateValue": "OK", "StateReason": "said so" });
    let refused = ask(&mut world, "SetAlarmState", unknown).unwrap_err();
    assert_eq!(
        (refused.code.as_str(), refused.status),
        ("ResourceNotFound", 404)
    );
}

#[test]
fn unknown_alarms_are_no_reason_to_keep_the_others_but_composite_ones_are() {
    let mut world = world();
    let any = json!({ "AlarmName": "any", "AlarmRule": "ALARM(silent)" });
    ask(&mut world, "PutCompositeAlarm", any).unwrap();
    let delete = |world: &mut World, names: &[&str]| {
        ask(world, "DeleteAlarms", json!({ "AlarmNames": names }))
    };
    let refused = delete(&mut world, &["silent"]).unwrap_err();
    assert_eq!(refused.code, "ValidationError");
    assert!(world.cloudwatch.alarm("silent").is_some());
    delete(&mut world, &["silent", "any", "nobody"]).unwrap();
    assert!(world.cloudwatch.alarm("silent").is_none());
    assert!(world.cloudwatch.alarm("any").is_none());
}

#[test]
fn lines_that_carry_no_metrics_make_no_data_points() {
    let mut world = world();
    for line in [
        "",
        "START RequestId",
        "{\"level\":\"INFO\"}",
        "{\"_aws\":{\"Timestamp\":1}}",
    ] {
        assert_eq!(ingest(&mut world, line), 0, "{line}");
    }
    let data = json!({ "Namespace": "Mine", "MetricData": [{ "MetricName": "m", "Value": 2.0, "Timestamp": 1_800_000_000 }] });
    ask(&mut world, "PutMetricData", data).unwrap();
    let metric = Metric::of("Mine", "m", &json!([]));
    let measured = world
        .cloudwatch
        .metrics
        .between(&metric, 1_800_000_000, 1_800_000_060);
    assert_eq!(measured.map(|measured| measured.count), Some(1.0));
}
