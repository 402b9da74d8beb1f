//! Application Auto Scaling: bounds, suspension, and the clamp at night and in the morning.

use nightshift_tests::aws::{AUTOSCALING, ECS};
use serde_json::{Value, json};

use crate::script::{Step, json, later};

const ID: &str = "service/scaled/api";

fn register(words: &str, more: &Value) -> Step {
    let mut input = json!({
        "ServiceNamespace": "ecs",
        "ScalableDimension": "ecs:service:DesiredCount",
        "ResourceId": ID,
    });
    for (name, value) in more.as_object().unwrap() {
        input[name] = value.clone();
    }
    json(AUTOSCALING, "RegisterScalableTarget", words, input)
}

fn describe(words: &str, more: &Value) -> Step {
    let mut input = json!({ "ServiceNamespace": "ecs" });
    for (name, value) in more.as_object().unwrap() {
        input[name] = value.clone();
    }
    json(AUTOSCALING, "DescribeScalableTargets", words, input)
}

fn count(words: &str) -> Step {
    let input = json!({ "cluster": "scaled", "services": ["api"] });
    json(ECS, "DescribeServices", words, input).shows(&["/services/0/desiredCount"])
}

fn suspended(is: bool) -> Value {
    json!({
        "DynamicScalingInSuspended": is,
        "DynamicScalingOutSuspended": is,
        "ScheduledScalingSuspended": is,
    })
}

pub(crate) fn steps() -> Vec<Step> {
    let mut steps = setting();
    steps.extend(nights());
    steps.extend(refusals());
    steps
}

fn setting() -> Vec<Step> {
    let definition = json!({
        "family": "scaled",
        "requiresCompatibilities": ["FARGATE"],
        "networkMode": "awsvpc",
        "cpu": "256",
        "memory": "512",
        "containerDefinitions": [{ "name": "app", "image": "app" }],
    });
    let service = json!({
        "cluster": "scaled", "serviceName": "api", "taskDefinition": "scaled", "desiredCount": 3,
    });
    vec![
        json(
            ECS,
            "CreateCluster",
            "for scaling",
            json!({ "clusterName": "scaled" }),
        ),
        json(ECS, "RegisterTaskDefinition", "for scaling", definition),
        json(ECS, "CreateService", "for scaling", service),
        later(10),
        register("without bounds", &json!({})),
        register("without a maximum", &json!({ "MinCapacity": 1 })),
        register(
            "of an unknown service",
            &json!({ "ResourceId": "service/scaled/nobody", "MinCapacity": 1, "MaxCapacity": 5 }),
        ),
        register(
            "in an unknown namespace",
            &json!({ "ServiceNamespace": "nothing", "MinCapacity": 1, "MaxCapacity": 5 }),
        ),
        register(
            "with more at least than at most",
            &json!({ "MinCapacity": 6, "MaxCapacity": 5 }),
        ),
        register(
            "new",
            &json!({
                "MinCapacity": 1,
                "MaxCapacity": 5,
                "SuspendedState": { "ScheduledScalingSuspended": true },
                "Tags": { "nightshift:sleep": "talk" },
            }),
        )
        .shows(&["/ScalableTargetARN?"])
        .keeps("arn", "/ScalableTargetARN"),
        describe("of one", &json!({ "ResourceIds": [ID] })).shows(&[
            "/ScalableTargets#",
            "/ScalableTargets/0/MinCapacity",
            "/ScalableTargets/0/MaxCapacity",
            "/ScalableTargets/0/SuspendedState/DynamicScalingInSuspended",
            "/ScalableTargets/0/SuspendedState/ScheduledScalingSuspended",
            "/ScalableTargets/0/ScalableTargetARN!arn",
        ]),
        json(
            AUTOSCALING,
            "ListTagsForResource",
            "of a target",
            json!({ "ResourceARN": "<arn>" }),
        )
        .shows(&["/Tags/nightshift:sleep"]),
        count("within the bounds"),
    ]
}

fn nights() -> Vec<Step> {
    let bounds = [
        "/ScalableTargets/0/MinCapacity",
        "/ScalableTargets/0/MaxCapacity",
        "/ScalableTargets/0/SuspendedState/DynamicScalingInSuspended",
        "/ScalableTargets/0/SuspendedState/DynamicScalingOutSuspended",
        "/ScalableTargets/0/SuspendedState/ScheduledScalingSuspended",
    ];
    vec![
        register(
            "for the night: nothing at most",
            &json!({ "MinCapacity": 0, "MaxCapacity": 0, "SuspendedState": suspended(true) }),
        ),
        describe("at night", &json!({})).shows(&bounds),
        count("clamped to nothing"),
        json(
            ECS,
            "UpdateService",
            "outside the bounds",
            json!({ "cluster": "scaled", "service": "api", "desiredCount": 3 }),
        )
        .shows(&["/service/desiredCount"]),
        count("outside the bounds"),
        register(
            "only suspended",
            &json!({ "SuspendedState": suspended(true) }),
        ),
        describe("only suspended", &json!({})).shows(&bounds),
        count("clamped by a registration that named no bounds"),
        register(
            "with one kind of suspension",
            &json!({ "SuspendedState": { "DynamicScalingInSuspended": false } }),
        ),
        describe("with one kind of suspension", &json!({})).shows(&bounds),
        register(
            "for the morning",
            &json!({ "MinCapacity": 1, "MaxCapacity": 5, "SuspendedState": suspended(false) }),
        ),
        describe("in the morning", &json!({})).shows(&bounds),
        count("clamped to the minimum"),
        register(
            "with a minimum above the maximum that is there",
            &json!({ "MinCapacity": 9 }),
        ),
        describe("after a refusal", &json!({})).shows(&bounds),
    ]
}

fn refusals() -> Vec<Step> {
    let deregister = |words: &str| {
        let input = json!({
            "ServiceNamespace": "ecs",
            "ScalableDimension": "ecs:service:DesiredCount",
            "ResourceId": ID,
        });
        json(AUTOSCALING, "DeregisterScalableTarget", words, input)
    };
    vec![
        describe(
            "of an unknown one",
            &json!({ "ResourceIds": ["service/scaled/nobody"] }),
        )
        .shows(&["/ScalableTargets#"]),
        describe("of more than a page takes", &json!({ "MaxResults": 51 })),
        json(
            AUTOSCALING,
            "DescribeScalableTargets",
            "without a namespace",
            json!({}),
        ),
        json(
            AUTOSCALING,
            "ListTagsForResource",
            "of an unknown target",
            json!({ "ResourceARN": "arn:aws:application-autoscaling:ap-northeast-1:123456789012:scalable-target/nobody" }),
        ),
        deregister("that is there"),
        deregister("that is gone"),
        describe("of none", &json!({})).shows(&["/ScalableTargets#"]),
    ]
}
