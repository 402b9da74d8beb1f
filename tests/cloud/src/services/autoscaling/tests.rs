use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::{
    call::Fault,
    services::ecs::{self, Fate, NewService},
    world::What,
};

const ID: &str = "service/staging/api";
const ARN: &str = "arn:aws:ecs:ap-northeast-1:123456789012:service/staging/api";

fn world(count: u32) -> World {
    let mut world = World::new("2026-11-23T09:00:00Z".parse().unwrap(), 7);
    let new = NewService::new("staging", "api").count(count);
    ecs::create_service(&mut world, &Actor::Terraform, new);
    pass(&mut world, 600);
    world
}

fn registered(count: u32, bounds: (u32, u32)) -> World {
    let mut world = world(count);
    let tags = Tags::from([("nightshift:sleep".to_owned(), "staging".to_owned())]);
    register(&mut world, &Actor::Terraform, ID, Some(bounds), None, &tags).unwrap();
    world.take_journal();
    world
}

fn pass(world: &mut World, seconds: u64) {
    world.advance(world.now + Duration::from_secs(seconds));
}

fn count(world: &World) -> u32 {
    world.ecs.service(ARN).unwrap().desired
}

#[allow(
    clippy::needless_pass_by_value,
    reason = "reads better where it is called"
)]
fn ask(world: &mut World, operation: &str, more: Value) -> Result<Value, Fault> {
    let mut input = json!({
        "ServiceNamespace": "ecs",
        "ScalableDimension": "ecs:service:DesiredCount",
        "ResourceId": ID,
    });
    let members = input.as_object_mut().unwrap();
    for (name, value) in more.as_object().unwrap() {
        members.insert(name.clone(), value.clone());
    }
    members.retain(|_, value| !value.is_null());
    world.ask(&SERVICE, Actor::Person, operation, input)
}

fn suspend(world: &mut World, state: [bool; 3]) {
    register(world, &Actor::Person, ID, None, Some(state), &Tags::new()).unwrap();
}

#[test]
fn a_new_target_needs_both_bounds_and_a_service() {
    let mut world = world(1);
    let half = ask(
        &mut world,
        "RegisterScalableTarget",
        json!({ "MinCapacity": 1 }),
    );
    assert_eq!(half.unwrap_err().code, "ValidationException");
    let more = json!({ "MinCapacity": 1, "MaxCapacity": 2, "ResourceId": "service/staging/no" });
    let nobody = ask(&mut world, "RegisterScalableTarget", more);
    assert_eq!(nobody.unwrap_err().code, "ValidationException");
    let more = json!({ "MinCapacity": 3, "MaxCapacity": 2 });
    let crossed = ask(&mut world, "RegisterScalableTarget", more);
    assert_eq!(crossed.unwrap_err().code, "ValidationException");
    let more = json!({ "MinCapacity": 1, "MaxCapacity": 2 });
    let made = ask(&mut world, "RegisterScalableTarget", more).unwrap();
    let arn = made["ScalableTargetARN"].as_str().unwrap();
    assert_eq!(world.autoscaling.target(ID).unwrap().arn, arn);
}

#[test]
fn registering_clamps_the_count_even_when_it_only_suspends() {
    let mut world = registered(2, (2, 4));
    ecs::set_count(&mut world, &Actor::Person, ARN, 0);
    pass(&mut world, 60);
    world.take_journal();
    let more = json!({ "SuspendedState": { "DynamicScalingInSuspended": true } });
    ask(&mut world, "RegisterScalableTarget", more).unwrap();
    assert_eq!(count(&world), 2);
    let journal = world.take_journal();
    assert_eq!(journal.len(), 2);
    assert_eq!(journal[0].by, Actor::Person);
    assert_eq!(
        journal[0].what,
        What::Suspension {
            from: [false; 3],
            to: [true, false, false]
        }
    );
    assert_eq!(journal[1].by, Actor::AutoScaling);
    assert_eq!(journal[1].what, What::Count { from: 0, to: 2 });
}

#[test]
fn bounds_are_noted_whenever_a_call_names_them() {
    let mut world = registered(2, (2, 4));
    ask(
        &mut world,
        "RegisterScalableTarget",
        json!({ "MinCapacity": 2 }),
    )
    .unwrap();
    let journal = world.take_journal();
    assert_eq!(
        journal[0].what,
        What::Bounds {
            from: (2, 4),
            to: (2, 4)
        }
    );
    suspend(&mut world, [true; 3]);
    let journal = world.take_journal();
    assert!(
        journal
            .iter()
            .all(|one| !matches!(one.what, What::Bounds { .. }))
    );
}

#[test]
fn a_count_within_the_bounds_is_left_alone() {
    let mut world = registered(3, (2, 4));
    suspend(&mut world, [true; 3]);
    assert_eq!(count(&world), 3);
    let target = world.autoscaling.target(ID).unwrap();
    assert_eq!((target.suspension, target.bounds), ([true; 3], (2, 4)));
}

#[test]
fn targets_are_described_with_their_suspension() {
    let mut world = registered(2, (2, 4));
    let more = json!({ "ResourceId": null, "ResourceIds": [ID, "service/staging/no"] });
    let shown = ask(&mut world, "DescribeScalableTargets", more).unwrap();
    let targets = shown["ScalableTargets"].as_array().unwrap();
    assert_eq!(targets.len(), 1);
    assert_eq!(targets[0]["MinCapacity"], 2);
    assert_eq!(
        targets[0]["SuspendedState"]["DynamicScalingInSuspended"],
        false
    );
    let more = json!({ "ResourceId": null });
    let refused = ask(&mut world, "DescribeScalableTargets", more);
    assert_eq!(refused.unwrap_err().code, "ValidationException");
}

#[test]
fn fifty_targets_stand_on_a_page() {
    let mut world = world(1);
    for number in 0..60 {
        let name = format!("s{number:02}");
        let new = NewService::new("staging", &name).count(1);
        ecs::create_service(&mut world, &Actor::Terraform, new);
        let id = format!("service/staging/{name}");
        register(
            &mut world,
            &Actor::Person,
            &id,
            Some((1, 2)),
            None,
            &Tags::new(),
        )
        .unwrap();
    }
    let more = json!({ "ResourceId": null, "ScalableDimension": null });
    let first = ask(&mut world, "DescribeScalableTargets", more).unwrap();
    assert_eq!(first["ScalableTargets"].as_array().unwrap().len(), 50);
    let more = json!({
        "ResourceId": null, "ScalableDimension": null, "NextToken": first["NextToken"],
    });
    let second = ask(&mut world, "DescribeScalableTargets", more).unwrap();
    assert_eq!(second["ScalableTargets"].as_array().unwrap().len(), 10);
    assert_eq!(second["NextToken"], Value::Null);
    let more = json!({ "ResourceId": null, "ScalableDimension": null, "NextToken": "no" });
    let refused = ask(&mut world, "DescribeScalableTargets", more);
    assert_eq!(refused.unwrap_err().code, "InvalidNextTokenException");
}

#[test]
fn tags_are_those_of_the_target() {
    let mut world = registered(2, (2, 4));
    let arn = world.autoscaling.target(ID).unwrap().arn.clone();
    let on = |more: Value| {
        let mut input = json!({ "ResourceARN": arn });
        let members = more.as_object().unwrap().clone();
        input.as_object_mut().unwrap().extend(members);
        input
    };
    let tag = on(json!({ "Tags": { "a": "b" } }));
    world
        .ask(&SERVICE, Actor::Person, "TagResource", tag)
        .unwrap();
    let untag = on(json!({ "TagKeys": ["nightshift:sleep"] }));
    world
        .ask(&SERVICE, Actor::Person, "UntagResource", untag)
        .unwrap();
    let list = on(json!({}));
    let listed = world.ask(&SERVICE, Actor::Person, "ListTagsForResource", list);
    assert_eq!(listed.unwrap(), json!({ "Tags": { "a": "b" } }));
    let list = json!({ "ResourceARN": "arn:no" });
    let missing = world.ask(&SERVICE, Actor::Person, "ListTagsForResource", list);
    assert_eq!(missing.unwrap_err().code, "ResourceNotFoundException");
}

#[test]
fn a_load_scales_out_and_in_within_the_bounds_and_then_nothing_is_on_the_agenda() {
    let mut world = registered(2, (2, 4));
    set_load(&mut world, ID, 9.5);
    assert_eq!(count(&world), 2);
    pass(&mut world, 1200);
    assert_eq!(count(&world), 4);
    assert_eq!(world.next(), None);
    set_load(&mut world, ID, 0.2);
    pass(&mut world, 1200);
    assert_eq!(count(&world), 2);
    assert_eq!(world.next(), None);
    let counts = world.take_journal();
    assert!(
        counts
            .iter()
            .filter(|one| one.arn == ARN)
            .all(|one| one.by == Actor::AutoScaling)
    );
}

#[test]
fn suspended_scaling_waits_until_it_is_resumed() {
    let mut world = registered(2, (2, 4));
    suspend(&mut world, [false, true, false]);
    set_load(&mut world, ID, 4.0);
    pass(&mut world, 1200);
    assert_eq!(count(&world), 2);
    suspend(&mut world, [true, false, false]);
    pass(&mut world, 1200);
    assert_eq!(count(&world), 4);
    set_load(&mut world, ID, 1.0);
    pass(&mut world, 1200);
    assert_eq!(count(&world), 4);
}

#[test]
fn a_service_at_zero_is_lifted_only_when_its_load_says_so() {
    let mut world = registered(2, (1, 4));
    set_load(&mut world, ID, 0.0);
    ecs::set_count(&mut world, &Actor::Person, ARN, 0);
    pass(&mut world, 3600);
    assert_eq!(count(&world), 0);
    set_load(&mut world, ID, 0.5);
    pass(&mut world, 3600);
    assert_eq!(count(&world), 1);
}

#[test]
fn nothing_scales_in_while_a_deployment_is_under_way() {
    let mut world = registered(4, (1, 4));
    ecs::set_breaker(&mut world, ARN, ecs::Breaker::Off);
    ecs::deploy(&mut world, &Actor::Pipeline, ARN, Fate::FailsToStart);
    set_load(&mut world, ID, 1.0);
    pass(&mut world, 3600);
    assert_eq!(count(&world), 4);
    ecs::deploy(&mut world, &Actor::Pipeline, ARN, Fate::Healthy);
    pass(&mut world, 3600);
    assert_eq!(count(&world), 1);
}

#[test]
fn a_target_that_is_deregistered_takes_its_policies_with_it() {
    let mut world = registered(2, (2, 4));
    let policy = json!({
        "PolicyName": "cpu", "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": { "TargetValue": 60.0 },
    });
    ask(&mut world, "PutScalingPolicy", policy.clone()).unwrap();
    let shown = ask(&mut world, "DescribeScalingPolicies", json!({})).unwrap();
    assert_eq!(shown["ScalingPolicies"][0]["PolicyName"], "cpu");
    ask(&mut world, "DeregisterScalableTarget", json!({})).unwrap();
    let again = ask(&mut world, "DeregisterScalableTarget", json!({}));
    assert_eq!(again.unwrap_err().code, "ObjectNotFoundException");
    let policy = ask(&mut world, "PutScalingPolicy", policy);
    assert_eq!(policy.unwrap_err().code, "ObjectNotFoundException");
}
