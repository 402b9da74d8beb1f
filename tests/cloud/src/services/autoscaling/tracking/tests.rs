use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{
    call::{Actor, Tags},
    load::{self, Load},
    services::{
        autoscaling::{SERVICE, register},
        cloudwatch,
        ecs::{self, Fate, NewService},
    },
    world::{What, World},
};

const ID: &str = "service/shop/api";

fn service() -> String {
    ecs::service_arn("shop", "api")
}

fn start() -> Timestamp {
    "2027-06-07T00:00:00Z".parse().unwrap()
}

fn minute(minute: i64) -> Timestamp {
    start() + jiff::SignedDuration::from_mins(minute)
}

/// Loads from minutes on.
fn steps(steps: &[(i64, f64)]) -> Load {
    let steps = steps.iter().map(|(from, load)| (minute(*from), *load));
    Load::Steps(
        steps
            .chain([(Timestamp::MIN, 0.0)])
            .collect::<BTreeMap<_, _>>(),
    )
}

fn policy(more: &Value) -> Value {
    let mut configuration = json!({
        "TargetValue": 70.0,
        "PredefinedMetricSpecification": {
            "PredefinedMetricType": "ECSServiceAverageCPUUtilization",
        },
    });
    let members = more.as_object().unwrap().clone();
    configuration.as_object_mut().unwrap().extend(members);
    json!({
        "ServiceNamespace": "ecs",
        "ScalableDimension": "ecs:service:DesiredCount",
        "ResourceId": ID,
        "PolicyName": "cpu",
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": configuration,
    })
}

fn ask(world: &mut World, operation: &str, input: Value) -> Value {
    world
        .ask(&SERVICE, Actor::Person, operation, input)
        .unwrap()
}

/// A service of two that is scaled between two and ten, at 70 % of CPU.
fn world(load: Load) -> World {
    let mut world = World::new(start(), 3);
    let new = NewService::new("shop", "api").count(2);
    ecs::create_service(&mut world, &Actor::Terraform, new);
    let tags = Tags::new();
    register(
        &mut world,
        &Actor::Terraform,
        ID,
        Some((2, 10)),
        None,
        &tags,
    )
    .unwrap();
    ask(&mut world, "PutScalingPolicy", policy(&json!({})));
    load::set(&mut world, &service(), load);
    world
}

fn bounds(world: &mut World, min: u32, max: u32) {
    register(
        world,
        &Actor::Person,
        ID,
        Some((min, max)),
        None,
        &Tags::new(),
    )
    .unwrap();
}

/// The counts that were set, with their minutes.
fn counts(world: &mut World) -> Vec<(i64, u32)> {
    let journal = world.take_journal();
    let counts = journal.iter().filter_map(|noted| match noted.what {
        What::Count { to, .. } if noted.by == Actor::AutoScaling => {
            Some(((noted.at.as_second() - start().as_second()) / 60, to))
        }
        _ => None,
    });
    counts.collect()
}

#[test]
fn it_scales_out_in_minutes_and_in_by_quarters_of_an_hour() {
    /// What it is, the loads from minutes on, and the counts with their minutes.
    type Case = (&'static str, &'static [(i64, f64)], &'static [(i64, u32)]);
    let cases: [Case; 5] = [
        ("60 % is as it should be", &[(0, 1.2)], &[]),
        ("under the minimum nothing goes", &[(0, 0.1)], &[]),
        // At 64 three minutes have been read; at 69 the cool-down is over and it is still 80 %.
        (
            "a rise and a fall",
            &[(0, 1.0), (60, 2.4), (240, 0.5)],
            &[(64, 3), (69, 4), (256, 2)],
        ),
        (
            "two minutes are no reason",
            &[(0, 1.2), (60, 2.4), (62, 1.2)],
            &[],
        ),
        (
            "up to the maximum",
            &[(0, 1.2), (60, 30.0)],
            &[(64, 3), (69, 5), (74, 8), (79, 10)],
        ),
    ];
    for (what, load, expected) in cases {
        let mut world = world(steps(load));
        world.take_journal();
        world.advance(minute(600));
        assert_eq!(counts(&mut world), expected, "{what}");
    }
}

#[test]
fn a_jump_over_days_does_what_each_minute_would_have_done() {
    let hourly = || Load::Hourly(load::Hourly::new(11, 0.3, 5.0));
    let mut jumped = world(hourly());
    jumped.advance(minute(3 * 1440));
    let mut walked = world(hourly());
    for at in 1..=3 * 1440 {
        walked.advance(minute(at));
    }
    assert_eq!(jumped.journal, walked.journal);
    assert!(counts(&mut jumped).len() > 6);
    let told = |world: &World| world.events.emitted.len();
    assert_eq!(told(&jumped), told(&walked));
}

#[test]
fn while_nothing_changes_the_agenda_holds_one_look_a_day() {
    let mut world = world(Load::constant(1.35));
    world.advance(minute(60));
    let mut looks = 0;
    while let Some(at) = world.next().filter(|at| *at <= minute(7 * 1440)) {
        world.advance(at);
        looks += 1;
    }
    assert!((1..=8).contains(&looks), "{looks}");
    assert_eq!(world.agenda_len(), 1);
}

#[test]
fn a_lower_minimum_changes_nothing_by_itself_and_a_higher_one_lifts_the_count_at_once() {
    // Two tasks at 25 %, and at 65 %, which is not far enough below the target.
    for (load, settles_at) in [(0.5, 1), (1.3, 2)] {
        let mut world = world(Load::constant(load));
        world.advance(minute(60));
        let count = |world: &World| world.ecs.service(&service()).unwrap().desired;
        bounds(&mut world, 1, 10);
        assert_eq!(count(&world), 2, "{load}");
        world.advance(minute(120));
        assert_eq!(count(&world), settles_at, "{load}");
        bounds(&mut world, 4, 10);
        assert_eq!(count(&world), 4, "{load}");
        let last = world.autoscaling.activities().last().unwrap();
        assert_eq!(last.cause, "minimum capacity was set to 4");
    }
}

#[test]
fn what_is_suspended_waits_and_the_other_direction_goes_on() {
    let up_and_down = [(0, 1.2), (60, 2.4), (300, 0.1)];
    let cases: [([bool; 3], &[u32]); 4] = [
        ([false, false, true], &[3, 4, 2]),
        ([true, false, false], &[3, 4]),
        ([false, true, false], &[]),
        ([true, true, true], &[]),
    ];
    for (suspension, expected) in cases {
        let mut world = world(steps(&up_and_down));
        let (tags, state) = (Tags::new(), Some(suspension));
        register(&mut world, &Actor::Person, ID, None, state, &tags).unwrap();
        world.take_journal();
        world.advance(minute(600));
        let counts: Vec<u32> = counts(&mut world).iter().map(|(_, to)| *to).collect();
        assert_eq!(counts, expected, "{suspension:?}");
    }
}

#[test]
fn a_suspension_that_ends_is_caught_up_with_in_the_next_minute() {
    let mut world = world(steps(&[(0, 1.2), (60, 2.4)]));
    let suspend = |world: &mut World, state: [bool; 3]| {
        register(world, &Actor::Person, ID, None, Some(state), &Tags::new()).unwrap();
    };
    suspend(&mut world, [true; 3]);
    world.advance(minute(200));
    world.take_journal();
    suspend(&mut world, [false; 3]);
    world.advance(minute(202));
    assert_eq!(counts(&mut world), [(201, 3)]);
}

#[test]
fn a_deployment_holds_back_scaling_in_and_not_scaling_out() {
    let mut world = world(steps(&[(0, 1.2), (60, 2.4), (200, 0.1), (400, 4.0)]));
    world.advance(minute(180));
    ecs::set_breaker(&mut world, &service(), ecs::Breaker::Off);
    ecs::deploy(&mut world, &Actor::Pipeline, &service(), Fate::FailsToStart);
    world.take_journal();
    world.advance(minute(390));
    assert_eq!(counts(&mut world), []);
    world.advance(minute(450));
    let grown = counts(&mut world);
    assert!(grown.first().is_some_and(|(_, to)| *to > 4), "{grown:?}");
    load::set(&mut world, &service(), Load::constant(0.1));
    ecs::deploy(&mut world, &Actor::Pipeline, &service(), Fate::Healthy);
    world.advance(minute(600));
    assert_eq!(counts(&mut world).last().map(|(_, to)| *to), Some(2));
}

#[test]
fn cooldowns_are_those_of_the_policy() {
    let mut world = world(steps(&[(0, 1.2), (60, 30.0), (200, 0.1)]));
    let slow = json!({ "ScaleOutCooldown": 600, "ScaleInCooldown": 3600, "DisableScaleIn": false });
    ask(&mut world, "PutScalingPolicy", policy(&slow));
    world.take_journal();
    world.advance(minute(150));
    assert_eq!(counts(&mut world), [(64, 3), (74, 5), (84, 8), (94, 10)]);
    let never = json!({ "DisableScaleIn": true });
    ask(&mut world, "PutScalingPolicy", policy(&never));
    world.advance(minute(600));
    assert_eq!(counts(&mut world), []);
}

#[test]
fn it_scales_in_again_only_when_the_cooldown_is_over() {
    // Ten tasks at 52 %, and soon at next to nothing.
    let load = [(0, 1.2), (60, 30.0), (200, 5.2), (217, 0.1)];
    for (cooldown, again) in [(300, 234), (3600, 276)] {
        let mut world = world(steps(&load));
        let more = json!({ "ScaleInCooldown": cooldown });
        ask(&mut world, "PutScalingPolicy", policy(&more));
        world.advance(minute(200));
        world.take_journal();
        world.advance(minute(600));
        assert_eq!(counts(&mut world), [(216, 8), (again, 2)], "{cooldown}");
    }
}

#[test]
fn an_alarm_without_its_actions_scales_nothing_until_it_has_them_again() {
    let mut world = world(steps(&[(0, 1.2), (60, 2.4)]));
    let target = world.autoscaling.target(ID).unwrap();
    let high = target.policies["cpu"].alarms.clone().unwrap().high;
    let switch = |world: &mut World, operation: &str| {
        let names = json!({ "AlarmNames": [high] });
        let alarms = &cloudwatch::SERVICE;
        world.ask(alarms, Actor::Person, operation, names).unwrap();
    };
    switch(&mut world, "DisableAlarmActions");
    world.advance(minute(100));
    assert_eq!(world.cloudwatch.alarm(&high).unwrap().state.value, "ALARM");
    assert_eq!(counts(&mut world), []);
    switch(&mut world, "EnableAlarmActions");
    world.advance(minute(102));
    assert_eq!(counts(&mut world), [(101, 3)]);
}

#[test]
fn the_alarms_of_a_policy_come_change_and_go_with_it() {
    let mut world = world(steps(&[(0, 1.2), (60, 2.4)]));
    let put = ask(
        &mut world,
        "PutScalingPolicy",
        policy(&json!({ "TargetValue": 50.0 })),
    );
    let names: Vec<String> = put["Alarms"]
        .as_array()
        .unwrap()
        .iter()
        .map(|alarm| alarm["AlarmName"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(names.len(), 2);
    assert!(names[0].starts_with("TargetTracking-service/shop/api-AlarmHigh-"));
    assert!(names[1].starts_with("TargetTracking-service/shop/api-AlarmLow-"));
    let shown = ask(
        &mut world,
        "DescribeScalingPolicies",
        json!({ "ServiceNamespace": "ecs" }),
    );
    assert_eq!(shown["ScalingPolicies"][0]["Alarms"], put["Alarms"]);
    let state = |world: &World, name: &str| world.cloudwatch.alarm(name).map(|it| it.state.value);
    world.advance(minute(65));
    assert_eq!(state(&world, &names[0]), Some("ALARM"));
    assert_eq!(state(&world, &names[1]), Some("OK"));
    let target = json!({
        "ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount",
        "ResourceId": ID,
    });
    ask(&mut world, "DeregisterScalableTarget", target);
    assert_eq!(state(&world, &names[0]), None);
    world.advance(minute(70));
    world.take_journal();
    world.advance(minute(1000));
    assert_eq!(counts(&mut world), []);
    assert_eq!(world.agenda_len(), 0);
}

#[test]
fn activities_are_told_the_newest_first_page_by_page() {
    let mut world = world(steps(&[(0, 1.2), (60, 30.0)]));
    world.advance(minute(600));
    let list = |world: &mut World, more: Value| {
        let mut input = json!({
            "ServiceNamespace": "ecs", "ResourceId": ID, "MaxResults": 3,
            "ScalableDimension": "ecs:service:DesiredCount",
        });
        let members = more.as_object().unwrap().clone();
        input.as_object_mut().unwrap().extend(members);
        world.ask(&SERVICE, Actor::Person, "DescribeScalingActivities", input)
    };
    let first = list(&mut world, json!({})).unwrap();
    let told = first["ScalingActivities"].as_array().unwrap();
    assert_eq!(told.len(), 3);
    assert_eq!(told[0]["Description"], "Setting desired count to 10.");
    assert_eq!(told[0]["StatusCode"], "Successful");
    let cause = told[0]["Cause"].as_str().unwrap();
    assert!(cause.starts_with("monitor alarm TargetTracking-service/shop/api-AlarmHigh-"));
    assert!(
        cause.ends_with(" in state ALARM triggered policy cpu"),
        "{cause}"
    );
    let token = &first["NextToken"];
    let second = list(&mut world, json!({ "NextToken": token })).unwrap();
    assert_eq!(second["ScalingActivities"].as_array().unwrap().len(), 1);
    assert_eq!(second["NextToken"], Value::Null);
    for (more, code) in [
        (json!({ "NextToken": "no" }), "InvalidNextTokenException"),
        (json!({ "MaxResults": 51 }), "ValidationException"),
        (json!({ "ResourceId": null }), "ValidationException"),
    ] {
        assert_eq!(list(&mut world, more).unwrap_err().code, code);
    }
    world.advance(minute(60 * 24 * 45));
    let later = list(&mut world, json!({})).unwrap();
    assert_eq!(later["ScalingActivities"], json!([]), "after six weeks");
}

#[test]
fn an_activity_is_in_progress_for_half_a_minute() {
    let mut world = world(Load::constant(1.2));
    bounds(&mut world, 3, 10);
    let input = json!({ "ServiceNamespace": "ecs" });
    let told = ask(&mut world, "DescribeScalingActivities", input.clone());
    assert_eq!(told["ScalingActivities"][0]["StatusCode"], "InProgress");
    assert_eq!(told["ScalingActivities"][0]["EndTime"], Value::Null);
    world.advance(minute(1));
    let told = ask(&mut world, "DescribeScalingActivities", input);
    assert_eq!(told["ScalingActivities"][0]["StatusCode"], "Successful");
}
