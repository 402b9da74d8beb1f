use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::*;
use crate::{
    call::Actor,
    load::{self, Load},
    services::{
        cloudwatch::{SERVICE, evaluate as evaluate_span, record},
        ecs::{self, NewService},
        rds::{self, NewCluster, Scaling},
        sns,
    },
};

fn minute(minute: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + minute * 60).unwrap()
}

fn steps(steps: &[(i64, f64)]) -> Load {
    let steps = steps.iter().map(|(from, load)| (minute(*from), *load));
    Load::Steps(steps.collect::<BTreeMap<_, _>>())
}

fn ask(world: &mut World, operation: &str, input: Value) -> Value {
    world
        .ask(&SERVICE, Actor::Person, operation, input)
        .unwrap()
}

/// An alarm on CPU above 80 % for three minutes.
fn cpu(name: &str, namespace: &str, dimensions: &[(&str, &str)]) -> Value {
    let dimensions = dimensions.iter();
    let dimensions = dimensions.map(|(name, value)| json!({ "Name": name, "Value": value }));
    json!({
        "AlarmName": name, "Namespace": namespace, "MetricName": "CPUUtilization",
        "Dimensions": dimensions.collect::<Vec<_>>(), "Statistic": "Average", "Period": 60,
        "EvaluationPeriods": 3, "Threshold": 80.0, "ComparisonOperator": "GreaterThanThreshold",
    })
}

const WEB: [(&str, &str); 2] = [("ClusterName", "shop"), ("ServiceName", "web")];

/// A fixed service of two whose alarm tells a topic, and a composite alarm above it.
fn world(load: Load) -> World {
    let mut world = World::new(minute(0), 5);
    let new = NewService::new("shop", "web").count(2);
    let service = ecs::create_service(&mut world, &Actor::Terraform, new);
    let topic = sns::create_topic(&mut world, "alarms");
    let mut alarm = cpu("web-cpu", "AWS/ECS", &WEB);
    alarm["AlarmActions"] = json!([topic]);
    ask(&mut world, "PutMetricAlarm", alarm);
    let any = json!({ "AlarmName": "any", "AlarmRule": "ALARM(\"web-cpu\")" });
    ask(&mut world, "PutCompositeAlarm", any);
    load::set(&mut world, &service, load);
    world
}

fn state<'a>(world: &'a World, name: &str) -> (&'a str, i64) {
    let state = &world.cloudwatch.alarm(name).unwrap().state;
    (
        state.value,
        (state.at.as_second() - minute(0).as_second()) / 60,
    )
}

#[test]
fn an_alarm_rings_and_recovers_as_the_load_does_without_anybody_asking_it_to_look() {
    let mut world = world(steps(&[(0, 1.0), (60, 1.8), (120, 1.0)]));
    world.advance(minute(59));
    assert_eq!(state(&world, "web-cpu").0, "OK");
    world.advance(minute(119));
    assert_eq!(state(&world, "web-cpu"), ("ALARM", 64));
    assert_eq!(state(&world, "any"), ("ALARM", 64));
    let told = world.sns.take();
    assert_eq!(told.len(), 1);
    assert!(
        told[0]
            .message
            .contains("3 out of the last 3 datapoints [90.0")
    );
    world.advance(minute(600));
    assert_eq!(state(&world, "web-cpu"), ("OK", 122));
    assert_eq!(state(&world, "any"), ("OK", 122));
}

#[test]
fn a_state_set_by_hand_is_gone_with_the_next_look() {
    let mut world = world(Load::constant(1.0));
    world.advance(minute(60));
    let set = json!({ "AlarmName": "web-cpu", "StateValue": "ALARM", "StateReason": "drill" });
    ask(&mut world, "SetAlarmState", set);
    assert_eq!(state(&world, "web-cpu"), ("ALARM", 60));
    world.advance(minute(61));
    assert_eq!(state(&world, "web-cpu"), ("OK", 61));
}

#[test]
fn what_no_load_makes_looks_when_it_is_asked_to_and_rings_by_hand() {
    let mut world = world(Load::constant(1.0));
    let balancer = [("LoadBalancer", "app/shop/0123456789abcdef")];
    let mut errors = cpu("alb-5xx", "AWS/ApplicationELB", &balancer);
    errors["MetricName"] = "HTTPCode_ELB_5XX_Count".into();
    errors["Statistic"] = "Sum".into();
    errors["Threshold"] = 5.into();
    let metric = super::super::Metric::of(
        "AWS/ApplicationELB",
        "HTTPCode_ELB_5XX_Count",
        &errors["Dimensions"],
    );
    ask(&mut world, "PutMetricAlarm", errors);
    world.advance(minute(60));
    assert_eq!(state(&world, "alb-5xx").0, "INSUFFICIENT_DATA");
    let set = json!({ "AlarmName": "alb-5xx", "StateValue": "ALARM", "StateReason": "drill" });
    ask(&mut world, "SetAlarmState", set);
    world.advance(minute(120));
    assert_eq!(state(&world, "alb-5xx"), ("ALARM", 60));
    for at in 117..120 {
        record(&mut world, metric.clone(), minute(at), 0.0);
    }
    evaluate_span(&mut world, minute(119), minute(120));
    assert_eq!(state(&world, "alb-5xx"), ("OK", 120));
    // The other alarm had nothing to do with that.
    assert_eq!(state(&world, "web-cpu").0, "OK");
}

#[test]
fn data_comes_late_and_what_is_new_carries_nothing_for_a_minute_or_two() {
    let mut world = world(Load::constant(1.6));
    world.advance(minute(30));
    let service = ecs::service_arn("shop", "web");
    ecs::set_count(&mut world, &Actor::Person, &service, 4);
    world.advance(minute(40));
    let metric = super::super::Metric::of(
        "AWS/ECS",
        "CPUUtilization",
        &json!([
            { "Name": "ClusterName", "Value": "shop" },
            { "Name": "ServiceName", "Value": "web" },
        ]),
    );
    let made = Made::of(&world, &metric).unwrap();
    let cpu = |at: i64| {
        let measured = made.minute(minute(at).as_second() / 60).unwrap();
        (measured.sum / measured.count, measured.most)
    };
    assert!((cpu(29).0 - 80.0).abs() < 1e-9);
    assert!((cpu(31).0 - 80.0).abs() < 1e-9, "they start");
    assert!((cpu(36).0 - 40.0).abs() < 1e-9);
    assert!(cpu(36).1 > 40.0 && cpu(36).1 <= 46.0, "the busiest task");
    let begins = minute(36).as_second();
    let late = |second: i64| made.between(begins, begins + 60, begins + second).is_some();
    assert!(!late(60) && !late(89) && late(150));
}

#[test]
fn alarms_on_a_database_ring_too() {
    let mut world = World::new(minute(0), 6);
    let new = NewCluster {
        classes: vec!["db.serverless".to_owned(); 2],
        scaling: Some(Scaling {
            min: 0.5,
            max: 4.0,
            pause_after: None,
        }),
        backup_days: 0,
        maintenance_window: String::new(),
        ..NewCluster::named("aurora")
    };
    let cluster = rds::create_cluster(&mut world, &Actor::Terraform, new);
    load::set(
        &mut world,
        &cluster,
        steps(&[(0, 1.0), (60, 3.9), (120, 0.2)]),
    );
    let writer = [("DBInstanceIdentifier", "aurora-instance-1")];
    let reader = [("DBInstanceIdentifier", "aurora-instance-2")];
    let role = [("DBClusterIdentifier", "aurora"), ("Role", "WRITER")];
    for (name, dimensions) in [("one", &writer[..]), ("two", &reader), ("role", &role)] {
        ask(
            &mut world,
            "PutMetricAlarm",
            cpu(name, "AWS/RDS", dimensions),
        );
    }
    world.advance(minute(100));
    let states = ["one", "two", "role"].map(|name| state(&world, name).0);
    assert_eq!(states, ["ALARM", "OK", "ALARM"]);
    assert!(rds::fail_over(&mut world, &cluster));
    world.advance(minute(119));
    let states = ["one", "two", "role"].map(|name| state(&world, name).0);
    assert_eq!(states, ["OK", "ALARM", "ALARM"], "another one writes");
    world.advance(minute(200));
    let states = ["one", "two", "role"].map(|name| state(&world, name).0);
    assert_eq!(states, ["OK"; 3]);
}
