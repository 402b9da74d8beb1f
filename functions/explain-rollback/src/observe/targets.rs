//! The target groups before the service: what their health checks ask, and how each target fares.

use aws_sdk_elasticloadbalancingv2::types;
use futures_util::{StreamExt, stream};
use nightshift::{
    aws::{failure::failure, pace::SIDE_BY_SIDE},
    report::Failure,
};

use super::count;
use crate::{
    context::Context,
    snapshot::{Snapshot, Target, TargetCheck, TargetGroup},
};

/// The service's target groups. One that cannot be read keeps its name alone.
pub(super) async fn health(
    context: &Context<'_>,
    snapshot: &Snapshot,
) -> (Vec<TargetGroup>, Vec<Failure>) {
    let read: Vec<(TargetGroup, Vec<Failure>)> = stream::iter(&snapshot.targets)
        .map(|group| async {
            let arn = group.arn.clone();
            let (check, targets) = tokio::join!(check(context, &arn), targets(context, &arn));
            let mut missing = Vec::new();
            let check = super::kept(check, &mut missing);
            let targets = super::kept(targets, &mut missing);
            let group = TargetGroup {
                arn,
                check: check.unwrap_or_default(),
                targets: targets.unwrap_or_default(),
            };
            (group, missing)
        })
        .buffered(SIDE_BY_SIDE)
        .collect()
        .await;
    let (groups, missing): (Vec<_>, Vec<_>) = read.into_iter().unzip();
    (groups, missing.into_iter().flatten().collect())
}

async fn check(context: &Context<'_>, arn: &str) -> Result<TargetCheck, Failure> {
    let answer = context
        .function
        .elb()
        .describe_target_groups()
        .target_group_arns(arn)
        .send()
        .await
        .map_err(|error| failure(arn, "elasticloadbalancing:DescribeTargetGroups", &error))?;
    let group = answer.target_groups.unwrap_or_default().into_iter().next();
    Ok(group.map(from_group).unwrap_or_default())
}

fn from_group(group: types::TargetGroup) -> TargetCheck {
    let matcher = group.matcher.and_then(|it| it.http_code.or(it.grpc_code));
    TargetCheck {
        path: group.health_check_path,
        port: group.health_check_port,
        matcher,
        interval: group.health_check_interval_seconds.map(i64::from),
        timeout: group.health_check_timeout_seconds.map(i64::from),
        unhealthy: group.unhealthy_threshold_count.map(count),
    }
}

async fn targets(context: &Context<'_>, arn: &str) -> Result<Vec<Target>, Failure> {
    let answer = context
        .function
        .elb()
        .describe_target_health()
        .target_group_arn(arn)
        .send()
        .await
        .map_err(|error| failure(arn, "elasticloadbalancing:DescribeTargetHealth", &error))?;
    let all = answer.target_health_descriptions.unwrap_or_default();
    Ok(all.into_iter().map(from_description).collect())
}

fn from_description(one: types::TargetHealthDescription) -> Target {
    let target = one.target;
    let health = one.target_health;
    let state = health.as_ref().and_then(|it| it.state.as_ref());
    let reason = health.as_ref().and_then(|it| it.reason.as_ref());
    Target {
        port: target.as_ref().and_then(|it| u16::try_from(it.port?).ok()),
        id: target.and_then(|it| it.id).unwrap_or_default(),
        state: state.map(|it| it.as_str().to_owned()).unwrap_or_default(),
        reason: reason.map(|it| it.as_str().to_owned()),
        description: health.and_then(|it| it.description),
    }
}
