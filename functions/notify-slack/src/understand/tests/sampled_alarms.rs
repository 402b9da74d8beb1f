//! The alarms in `events/`, field by field.

use std::collections::BTreeMap;

use super::*;
use crate::signal::{AlarmState, Child, Comparison, Metric, Rule, Test};

fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let owned = pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    owned.collect()
}

fn alarm_arn(name: &str) -> String {
    format!("arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{name}")
}

const LOAD_BALANCER: &str = "app/bookmark-manager-production-alb/4f1d2c3b5a697887";

#[test]
fn the_same_alarm_is_the_same_by_all_three_ways() {
    let ways = [
        "alarm-cpu-eventbridge",
        "alarm-cpu-sns",
        "alarm-cpu-lambda-action",
    ];
    let [by_event, by_sns, by_invocation] = ways.map(|name| signal(&sample(name)));
    assert_eq!(by_event, by_sns);
    assert_eq!(by_event, by_invocation);

    let name = "bookmark-manager-production-api-cpu-high";
    assert_eq!(
        by_event.key,
        format!("alarm/{}/ALARM/1795578137583", alarm_arn(name))
    );
    assert_eq!(by_event.at, at("2026-11-25T03:42:17.583Z"));
    assert_eq!(
        (by_event.account.as_str(), by_event.region.as_str()),
        (ACCOUNT, REGION)
    );
    assert_eq!(
        alarm(&sample("alarm-cpu-eventbridge")),
        Alarm {
            arn: alarm_arn(name),
            name: name.to_owned(),
            description: Some(
                "api の CPU 使用率が 80 % を超えています。手順: https://wiki.example.com/runbooks/api-cpu"
                    .to_owned()
            ),
            state: AlarmState::Alarm,
            previous: Some(AlarmState::Ok),
            reason: "Threshold Crossed: 2 out of the last 2 datapoints [93.18450311024984 (25/11/26 03:41:00), 88.42719268798828 (25/11/26 03:40:00)] were greater than the threshold (80.0) (minimum 2 datapoints for OK -> ALARM transition).".to_owned(),
            rule: Rule::Metric {
                metric: Metric {
                    namespace: "AWS/ECS".to_owned(),
                    name: "CPUUtilization".to_owned(),
                    dimensions: map(&[
                        ("ClusterName", "bookmark-manager-production-cluster"),
                        ("ServiceName", "bookmark-manager-production-api"),
                    ]),
                    statistic: "Average".to_owned(),
                    period: Some(60),
                    unit: None,
                },
                test: Test {
                    comparison: Some(Comparison::Greater),
                    threshold: Some(80.0),
                    periods: Some(2),
                    datapoints: Some(2),
                },
            },
            measured: vec![93.184_503_110_249_84, 88.427_192_687_988_28],
            children: Vec::new(),
            suppressed_by: None,
            contributor: map(&[]),
        }
    );
}

#[test]
fn its_recovery_is_another_signal_of_the_same_alarm() {
    let rang = signal(&sample("alarm-cpu-eventbridge"));
    let recovery = signal(&sample("alarm-cpu-eventbridge-ok"));
    let arn = alarm_arn("bookmark-manager-production-api-cpu-high");
    assert_eq!(recovery.key, format!("alarm/{arn}/OK/1795578857602"));
    assert_ne!(rang.key, recovery.key);
    let alarm = alarm(&sample("alarm-cpu-eventbridge-ok"));
    assert_eq!(
        (alarm.state, alarm.previous),
        (AlarmState::Ok, Some(AlarmState::Alarm))
    );
    assert_eq!(
        alarm.measured,
        [46.032_157_897_949_22, 81.902_145_385_742_19]
    );
    let Rule::Metric { test, .. } = alarm.rule else {
        panic!("{:?}", alarm.rule)
    };
    assert_eq!(
        test,
        Test {
            comparison: Some(Comparison::Greater),
            threshold: Some(80.0),
            periods: Some(2),
            datapoints: None,
        }
    );
}

#[test]
fn a_composite_alarm_names_its_children_and_who_suppresses_it() {
    let alarm = alarm(&sample("alarm-composite"));
    let children = [
        "bookmark-manager-production-alb-5xx",
        "bookmark-manager-production-api-cpu-high",
    ];
    assert_eq!(
        alarm.children,
        children.map(|name| Child {
            arn: alarm_arn(name),
            state: Some(AlarmState::Alarm),
        })
    );
    assert_eq!(alarm.suppressed_by.as_deref(), Some("WaitPeriod"));
    let expression = r#"ALARM("bookmark-manager-production-api-cpu-high") AND ALARM("bookmark-manager-production-alb-5xx")"#;
    assert_eq!(
        alarm.rule,
        Rule::Composite {
            expression: expression.to_owned()
        }
    );
    assert_eq!(alarm.measured, [0.0; 0]);
}

#[test]
fn metric_math_keeps_expression_label_and_metrics() {
    let alarm = alarm(&sample("alarm-metric-math"));
    assert_eq!(alarm.description, None);
    let metric = |name: &str| Metric {
        namespace: "AWS/ApplicationELB".to_owned(),
        name: name.to_owned(),
        dimensions: map(&[("LoadBalancer", LOAD_BALANCER)]),
        statistic: "Sum".to_owned(),
        period: Some(60),
        unit: None,
    };
    assert_eq!(
        alarm.rule,
        Rule::Math {
            expression: "errors / requests * 100".to_owned(),
            label: Some("5xx rate (%)".to_owned()),
            metrics: vec![metric("HTTPCode_Target_5XX_Count"), metric("RequestCount")],
            test: Test {
                comparison: Some(Comparison::Greater),
                threshold: Some(5.0),
                periods: Some(5),
                datapoints: Some(3),
            },
        }
    );
    assert_eq!(alarm.measured, [11.4, 9.7, 6.2]);
}

#[test]
fn an_anomaly_is_compared_with_a_band() {
    let alarm = alarm(&sample("alarm-anomaly"));
    assert_eq!(alarm.description, None);
    let Rule::Anomaly {
        metric,
        width,
        test,
    } = alarm.rule
    else {
        panic!("{:?}", alarm.rule)
    };
    assert_eq!(
        (metric.name.as_str(), metric.period),
        ("RequestCount", Some(300))
    );
    assert_eq!(width, Some(2.0));
    assert_eq!(
        test,
        Test {
            comparison: Some(Comparison::OutsideBand),
            threshold: None,
            periods: Some(3),
            datapoints: Some(3),
        }
    );
    assert_eq!(alarm.measured, [12.0, 18.0, 31.0]);
}

#[test]
fn a_percentile_keeps_its_statistic_and_unit() {
    let alarm = alarm(&sample("alarm-percentile"));
    assert_eq!(alarm.previous, Some(AlarmState::InsufficientData));
    let Rule::Metric { metric, test } = alarm.rule else {
        panic!("{:?}", alarm.rule)
    };
    assert_eq!(metric.statistic, "p99");
    assert_eq!(metric.unit.as_deref(), Some("Seconds"));
    assert_eq!(test.comparison, Some(Comparison::GreaterOrEqual));
    assert_eq!((test.periods, test.datapoints), (Some(3), None));
    assert_eq!(alarm.measured, [2.318, 1.977, 1.602]);
}

#[test]
fn too_few_data_measure_nothing() {
    let signal = signal(&sample("alarm-insufficient-data"));
    assert!(signal.key.contains("/INSUFFICIENT_DATA/"), "{}", signal.key);
    let alarm = alarm(&sample("alarm-insufficient-data"));
    assert_eq!(alarm.state, AlarmState::InsufficientData);
    assert_eq!(alarm.measured, [0.0; 0]);
    let Rule::Metric { metric, test } = alarm.rule else {
        panic!("{:?}", alarm.rule)
    };
    assert_eq!(
        (metric.statistic.as_str(), metric.period),
        ("Maximum", Some(60))
    );
    assert_eq!((test.threshold, test.comparison), (Some(900.0), None));
}

#[test]
fn a_contributor_is_told_apart_from_the_others_of_its_alarm() {
    let signal = signal(&sample("alarm-contributor"));
    assert!(
        signal
            .key
            .ends_with("/ALARM/1795579804919/6d442278dba546f6"),
        "{}",
        signal.key
    );
    let alarm = alarm(&sample("alarm-contributor"));
    assert_eq!(
        alarm.contributor,
        map(&[("ServiceName", "bookmark-manager-production-web")])
    );
    assert_eq!((alarm.previous, alarm.measured), (None, vec![86.4]));
    assert!(matches!(&alarm.rule, Rule::Math { expression, metrics, .. }
        if expression.starts_with("SELECT AVG(MemoryUtilization)") && metrics.is_empty()));
}

#[test]
fn the_alarms_of_auto_scaling_are_left_out() {
    let left_out = left_out(&sample("alarm-target-tracking"));
    assert_eq!(left_out.why, Why::AutoScalingAlarm);
    assert!(
        left_out.name.starts_with("TargetTracking-service/"),
        "{left_out:?}"
    );
}
