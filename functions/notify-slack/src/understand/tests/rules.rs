//! What alarms watch: a metric, an expression, a band, a query.

use super::{
    alarms::{NAME, by_event, changed, detail, message, metric},
    *,
};
use crate::signal::{Comparison, Rule};

/// The rule of an alarm with these metrics.
fn rule_of(metrics: &Value) -> Rule {
    let detail = changed(
        detail(NAME, "ALARM"),
        "/configuration/metrics",
        metrics.clone(),
    );
    alarm(&by_event(NAME, &detail)).rule
}

#[test]
fn what_is_looked_at_is_what_is_returned() {
    let sum =
        |returned: bool| json!({ "id": "e1", "expression": "m1 + m2", "returnData": returned });
    let metrics = json!([
        metric("m1", "ReadIOPS", false),
        sum(true),
        metric("m2", "WriteIOPS", false)
    ]);
    let Rule::Math {
        expression,
        metrics,
        label,
        ..
    } = rule_of(&metrics)
    else {
        panic!()
    };
    let names: Vec<_> = metrics.iter().map(|metric| metric.name.as_str()).collect();
    assert_eq!((expression.as_str(), label), ("m1 + m2", None));
    assert_eq!(names, ["ReadIOPS", "WriteIOPS"]);

    let other_way = json!([metric("m1", "ReadIOPS", true), sum(false)]);
    assert!(
        matches!(rule_of(&other_way), Rule::Metric { metric, .. } if metric.name == "ReadIOPS")
    );
}

#[test]
fn a_band_finds_the_metric_that_it_is_about() {
    let band = |of: &str| json!({ "id": "ad1", "expression": of, "returnData": true });
    let two = |expression: &str| {
        json!([
            metric("m1", "ReadIOPS", false),
            band(expression),
            metric("m2", "WriteIOPS", true)
        ])
    };
    for (expression, name, width) in [
        ("ANOMALY_DETECTION_BAND(m2, 0.8)", "WriteIOPS", Some(0.8)),
        ("anomaly_detection_band(m1,3)", "ReadIOPS", Some(3.0)),
        ("ANOMALY_DETECTION_BAND(m2)", "WriteIOPS", None),
        ("ANOMALY_DETECTION_BAND(gone, wide)", "ReadIOPS", None),
    ] {
        let Rule::Anomaly {
            metric,
            width: found,
            test,
        } = rule_of(&two(expression))
        else {
            panic!("{expression}")
        };
        assert_eq!(
            (metric.name.as_str(), found, test.threshold),
            (name, width, None),
            "{expression}"
        );
    }
    // A band around an expression is about that expression.
    let metrics = json!([
        metric("m1", "ReadIOPS", false),
        { "id": "e1", "expression": "RATE(m1)", "returnData": true },
        band("ANOMALY_DETECTION_BAND(e1, 2)")
    ]);
    assert!(matches!(rule_of(&metrics), Rule::Math { expression, .. } if expression == "RATE(m1)"));
}

#[test]
fn a_band_by_sns_has_no_threshold_but_an_operator() {
    let mut message = message(NAME, "OK");
    message["Trigger"] = json!({
        "Period": 900, "EvaluationPeriods": 2, "ComparisonOperator": "GreaterThanUpperThreshold",
        "ThresholdMetricId": "ad1",
        "Metrics": [
            {
                "Id": "m1", "ReturnData": true,
                "MetricStat": {
                    "Metric": {
                        "Dimensions": [{ "name": "LoadBalancer", "value": "app/lb/1" }],
                        "MetricName": "TargetResponseTime", "Namespace": "AWS/ApplicationELB"
                    },
                    "Period": 900, "Stat": "p90"
                }
            },
            {
                "Id": "ad1", "Expression": "ANOMALY_DETECTION_BAND(m1, 2)", "ReturnData": true,
                "Label": "TargetResponseTime (Expected)"
            }
        ]
    });
    let Rule::Anomaly {
        metric,
        width,
        test,
    } = alarm(&sns(&message)).rule
    else {
        panic!()
    };
    assert_eq!(
        (metric.name.as_str(), metric.statistic.as_str()),
        ("TargetResponseTime", "p90")
    );
    assert_eq!(metric.dimensions["LoadBalancer"], "app/lb/1");
    assert_eq!(
        (width, test.threshold, test.periods),
        (Some(2.0), None, Some(2))
    );
    assert_eq!(test.comparison, Some(Comparison::AboveBand));
}

#[test]
fn every_operator_of_the_api_is_known() {
    for (word, expected) in [
        ("GreaterThanThreshold", Some(Comparison::Greater)),
        (
            "GreaterThanOrEqualToThreshold",
            Some(Comparison::GreaterOrEqual),
        ),
        ("LessThanThreshold", Some(Comparison::Less)),
        ("LessThanOrEqualToThreshold", Some(Comparison::LessOrEqual)),
        (
            "LessThanLowerOrGreaterThanUpperThreshold",
            Some(Comparison::OutsideBand),
        ),
        ("GreaterThanUpperThreshold", Some(Comparison::AboveBand)),
        ("LessThanLowerThreshold", Some(Comparison::BelowBand)),
        ("RoughlyThreshold", None),
    ] {
        let message = changed(
            message(NAME, "ALARM"),
            "/Trigger/ComparisonOperator",
            json!(word),
        );
        let Rule::Metric { test, .. } = alarm(&sns(&message)).rule else {
            panic!()
        };
        assert_eq!(test.comparison, expected, "{word}");
    }
}

#[test]
fn statistics_are_spelt_as_in_the_api() {
    for (written, meant) in [
        ("AVERAGE", "Average"),
        ("SUM", "Sum"),
        ("MINIMUM", "Minimum"),
        ("MAXIMUM", "Maximum"),
        ("SAMPLE_COUNT", "SampleCount"),
        ("SampleCount", "SampleCount"),
        ("p99.9", "p99.9"),
        ("tm90", "tm90"),
    ] {
        let message = changed(message(NAME, "ALARM"), "/Trigger/Statistic", json!(written));
        let Rule::Metric { metric, .. } = alarm(&sns(&message)).rule else {
            panic!()
        };
        assert_eq!(metric.statistic, meant);
    }
}

#[test]
fn an_alarm_over_a_query_shows_the_query() {
    let criteria = json!({ "promQLCriteria": { "query": "up == 0", "pendingPeriod": 120 } });
    let mut detail = detail(NAME, "ALARM");
    detail["configuration"] = json!({ "evaluationCriteria": criteria });
    let rule = alarm(&by_event(NAME, &detail)).rule;
    assert!(matches!(rule, Rule::Math { expression, .. } if expression == "up == 0"));

    detail["configuration"] = json!({});
    assert_eq!(alarm(&by_event(NAME, &detail)).rule, Rule::Unknown);
}

#[test]
fn what_the_data_lack_the_sentence_tells() {
    let mut detail = detail(NAME, "ALARM");
    detail["state"]["reason"] = json!(
        "Threshold Crossed: 1 out of the last 3 datapoints [904.0 (25/11/26 03:41:00)] was greater than or equal to the threshold (900.0) (minimum 1 datapoint for OK -> ALARM transition)."
    );
    for data in [json!("no JSON"), json!("[]"), json!(7), Value::Null] {
        detail["state"]["reasonData"] = data;
        let alarm = alarm(&by_event(NAME, &detail));
        let Rule::Metric { test, .. } = &alarm.rule else {
            panic!()
        };
        assert_eq!(alarm.measured, [904.0]);
        assert_eq!(
            (test.threshold, test.comparison),
            (Some(900.0), Some(Comparison::GreaterOrEqual))
        );
        assert_eq!((test.periods, test.datapoints), (Some(3), Some(1)));
    }
}
