//! The alarms of production as its Terraform makes them, and how they ring on a local AWS, which tells
//! topics of an alarm but emits no event of it; and those that its document names as brakes.

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::aws::{ACCOUNT, Aws, CLOUDWATCH, REGION, SNS, first_text};
use crate::stage::event;

/// What production's Terraform makes: an action to the topic, and none for the recovery.
#[must_use]
pub fn alarms(topic: &str) -> [Value; 4] {
    let service = json!([
        { "Name": "ClusterName", "Value": "bookmark-manager-production-cluster" },
        { "Name": "ServiceName", "Value": "bookmark-manager-production-api" },
    ]);
    let balancer = json!([
        { "Name": "LoadBalancer", "Value": "app/bookmark-manager-production-alb/50dc6c495c0c9188" },
    ]);
    let aurora = json!([
        { "Name": "DBClusterIdentifier", "Value": "bookmark-manager-production-aurora" },
    ]);
    [
        (
            "api-cpu-high",
            "AWS/ECS",
            "CPUUtilization",
            "Average",
            80.0,
            &service,
        ),
        (
            "api-memory-high",
            "AWS/ECS",
            "MemoryUtilization",
            "Average",
            80.0,
            &service,
        ),
        (
            "alb-5xx",
            "AWS/ApplicationELB",
            "HTTPCode_Target_5XX_Count",
            "Sum",
            5.0,
            &balancer,
        ),
        (
            "aurora-connections",
            "AWS/RDS",
            "DatabaseConnections",
            "Average",
            80.0,
            &aurora,
        ),
    ]
    .map(
        |(name, namespace, metric, statistic, threshold, dimensions)| {
            json!({
                "AlarmName": format!("bookmark-manager-production-{name}"),
                "Namespace": namespace, "MetricName": metric, "Statistic": statistic,
                "Dimensions": dimensions, "Period": 60, "EvaluationPeriods": 3,
                "Threshold": threshold, "ComparisonOperator": "GreaterThanThreshold",
                "AlarmActions": [topic],
            })
        },
    )
}

/// The recovery at an instant, as EventBridge tells it, which needs no `ok_actions`.
///
/// # Errors
/// When the sample that it is made from is gone.
pub fn recovery(alarm: &Value, at: Timestamp) -> Result<Value> {
    let name = alarm["AlarmName"].as_str().unwrap_or_default();
    let mut event = event("alarm-cpu-eventbridge-ok")?;
    let at = at.strftime("%Y-%m-%dT%H:%M:%S.000+0000").to_string();
    event["id"] = format!("recovery-of-{name}").into();
    event["resources"] = json!([format!(
        "arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{name}"
    )]);
    event["detail"]["alarmName"] = name.into();
    let state = &mut event["detail"]["state"];
    state["timestamp"] = at.into();
    // The sample's figures are those of its own metric.
    state["reason"] = "Threshold Crossed: no datapoint was greater than the threshold.".into();
    if let Some(state) = state.as_object_mut() {
        state.remove("reasonData");
    }
    Ok(event)
}

/// The topic that the alarms of production go to.
///
/// # Errors
/// When SNS refuses.
pub async fn topic(aws: &Aws) -> Result<String> {
    let name = [("Name", "bookmark-manager-production-alerts")];
    let created = aws.query(SNS, "CreateTopic", &name).await?;
    first_text(&created, "TopicArn").context("a topic without an ARN")
}

/// Makes an alarm and lets it ring.
///
/// # Errors
/// When CloudWatch refuses.
pub async fn ring(aws: &Aws, alarm: &Value) -> Result<()> {
    aws.json(CLOUDWATCH, "PutMetricAlarm", alarm).await?;
    let state = json!({
        "AlarmName": alarm["AlarmName"], "StateValue": "ALARM",
        "StateReason": "Threshold Crossed: 3 datapoints were greater than the threshold.",
    });
    aws.json(CLOUDWATCH, "SetAlarmState", &state).await?;
    Ok(())
}

/// The alarms that production's document names as brakes.
pub const BRAKES: [&str; 3] = [
    "bookmark-manager-production-alb-5xx",
    "bookmark-manager-production-ecs-cpu",
    "bookmark-manager-production-ecs-memory",
];

/// Makes the brakes, none of which rings.
///
/// # Errors
/// When CloudWatch refuses.
pub async fn make_brakes(aws: &Aws) -> Result<()> {
    for brake in BRAKES {
        set_brake(aws, brake, false).await?;
    }
    Ok(())
}

/// Makes a brake, if it is not there, and lets it ring or not. It has no action: who is alarmed by it
/// is none of the tests' business.
///
/// # Errors
/// When CloudWatch refuses.
pub async fn set_brake(aws: &Aws, name: &str, rings: bool) -> Result<()> {
    let alarm = json!({
        "AlarmName": name, "Namespace": "AWS/ApplicationELB", "MetricName": "HTTPCode_Target_5XX_Count",
        "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 3, "Threshold": 5.0,
        "ComparisonOperator": "GreaterThanThreshold",
    });
    aws.json(CLOUDWATCH, "PutMetricAlarm", &alarm).await?;
    let value = if rings { "ALARM" } else { "OK" };
    let state = json!({ "AlarmName": name, "StateValue": value, "StateReason": "as is played" });
    aws.json(CLOUDWATCH, "SetAlarmState", &state).await?;
    Ok(())
}
