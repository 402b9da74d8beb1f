//! The local AWS itself: that it is started and filled, that it is as strict as AWS where the
//! functions would be hurt by less, and that nothing of it is left behind.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests as well")]

use std::time::Duration;

use anyhow::Result;
use jiff::Timestamp;
use nightshift_tests::aws::{AUTOSCALING, ECS, RDS, Refused};
use nightshift_tests::estates::{BLOG, BOOKMARK_MANAGER, PRODUCTION, R2E, SLEEP_TAG};
use nightshift_tests::local::{LocalAws, Target};
use nightshift_tests::week;
use serde_json::json;

fn code(result: Result<impl Sized>) -> String {
    match result {
        Ok(_) => "accepted".into(),
        Err(error) => error.downcast::<Refused>().unwrap().code,
    }
}

#[tokio::test]
async fn an_estate_reads_as_it_was_made() {
    let local = LocalAws::start().await.unwrap();
    for estate in [BOOKMARK_MANAGER, BLOG, R2E] {
        estate.create(&local).await.unwrap();
    }
    let snapshot = local.snapshot().await.unwrap();
    assert_eq!(
        snapshot.to_string(),
        "blog-aws-practice-cluster/blog-aws-practice-api: 1/1\n\
         bookmark-manager-staging-cluster/bookmark-manager-staging-api: 2/2\n\
         bookmark-manager-staging-cluster/bookmark-manager-staging-web: 1/1\n\
         r2e-cluster/r2e-api-service: 3/3 within 1..5, suspended: scheduled\n\
         cluster:blog-aws-practice-aurora: available\n\
         db:blog-aws-practice-aurora-1: available\n\
         db:bookmark-manager-staging-postgres: available\n\
         db:r2e-postgres: available\n"
    );
    // The harness's own calls are not the function's.
    assert_eq!(local.gateway.take_calls(), []);
}

#[tokio::test]
async fn registering_a_target_clamps_the_count_and_keeps_the_tags() {
    let local = LocalAws::start().await.unwrap();
    R2E.create(&local).await.unwrap();
    let name = "r2e-cluster/r2e-api-service";
    let zero = json!({ "cluster": "r2e-cluster", "service": "r2e-api-service", "desiredCount": 0 });
    local.aws.json(ECS, "UpdateService", &zero).await.unwrap();
    assert_eq!(local.snapshot().await.unwrap().services[name].desired, 0);

    let mut target = json!({
        "ServiceNamespace": "ecs",
        "ScalableDimension": "ecs:service:DesiredCount",
        "ResourceId": "service/r2e-cluster/r2e-api-service",
    });
    target["SuspendedState"] =
        json!({ "DynamicScalingInSuspended": true, "DynamicScalingOutSuspended": true });
    let registered = local
        .aws
        .json(AUTOSCALING, "RegisterScalableTarget", &target)
        .await
        .unwrap();
    let state = local.snapshot().await.unwrap().services[name].clone();
    assert_eq!(state.desired, 1);
    let expected = Target {
        min: 1,
        max: 5,
        scale_in: true,
        scale_out: true,
        scheduled: false,
    };
    assert_eq!(state.target, Some(expected));

    let arn = json!({ "ResourceARN": registered["ScalableTargetARN"] });
    let tags = local
        .aws
        .json(AUTOSCALING, "ListTagsForResource", &arn)
        .await
        .unwrap();
    assert_eq!(tags["Tags"][SLEEP_TAG], "r2e");

    target["ResourceId"] = json!("service/r2e-cluster/nothing");
    assert_eq!(
        code(
            local
                .aws
                .json(AUTOSCALING, "RegisterScalableTarget", &target)
                .await
        ),
        "ValidationException"
    );
}

#[tokio::test]
async fn databases_refuse_what_aws_refuses_and_take_their_time() {
    let local = LocalAws::start().await.unwrap();
    for estate in [BOOKMARK_MANAGER, BLOG] {
        estate.create(&local).await.unwrap();
    }
    let instance = [("DBInstanceIdentifier", "bookmark-manager-staging-postgres")];
    let cluster = [("DBClusterIdentifier", "blog-aws-practice-aurora")];
    let member = [("DBInstanceIdentifier", "blog-aws-practice-aurora-1")];
    let status = async || {
        local.snapshot().await.unwrap().databases["db:bookmark-manager-staging-postgres"].clone()
    };

    assert_eq!(
        code(local.aws.query(RDS, "StopDBInstance", &member).await),
        "InvalidParameterCombination"
    );
    assert_eq!(
        code(local.aws.query(RDS, "StartDBInstance", &instance).await),
        "InvalidDBInstanceState"
    );
    assert_eq!(
        code(local.aws.query(RDS, "StopDBInstance", &instance).await),
        "accepted"
    );
    assert_eq!(
        code(local.aws.query(RDS, "StopDBInstance", &instance).await),
        "InvalidDBInstanceState"
    );
    assert_eq!(
        code(local.aws.query(RDS, "StopDBCluster", &cluster).await),
        "accepted"
    );
    assert_eq!(
        code(local.aws.query(RDS, "StopDBCluster", &cluster).await),
        "InvalidDBClusterStateFault"
    );
    let nobody = [("DBInstanceIdentifier", "nobody")];
    assert_eq!(
        code(local.aws.query(RDS, "StopDBInstance", &nobody).await),
        "DBInstanceNotFound"
    );

    local.gateway.databases_take(2);
    let started = local
        .aws
        .query(RDS, "StartDBInstance", &instance)
        .await
        .unwrap();
    assert!(
        started.contains("<DBInstanceStatus>starting</DBInstanceStatus>"),
        "{started}"
    );
    assert_eq!(
        code(local.aws.query(RDS, "StopDBInstance", &instance).await),
        "InvalidDBInstanceState"
    );
    assert_eq!(
        [status().await, status().await, status().await],
        ["starting", "starting", "available"]
    );
}

#[tokio::test]
async fn clusters_that_are_not_there_are_an_error() {
    let local = LocalAws::start().await.unwrap();
    let nowhere = json!({ "cluster": "nowhere" });
    for action in ["ListServices", "ListTasks"] {
        assert_eq!(
            code(local.aws.json(ECS, action, &nowhere).await),
            "ClusterNotFoundException"
        );
    }
}

#[tokio::test]
async fn production_reads_as_it_was_made() {
    let local = LocalAws::start().await.unwrap();
    PRODUCTION.create(&local).await.unwrap();
    assert_eq!(
        local.snapshot().await.unwrap().to_string(),
        "bookmark-manager-production-cluster/bookmark-manager-production-api: 2/2 within 2..10\n\
         bookmark-manager-production-cluster/bookmark-manager-production-web: 2/2\n\
         cluster:bookmark-manager-production-aurora: available\n\
         db:bookmark-manager-production-aurora-1: available\n\
         db:bookmark-manager-production-aurora-2: available\n\
         bookmark-manager-production-aurora: 0.5..16 ACU\n"
    );
}

#[tokio::test]
async fn what_a_change_does_not_name_stays_and_crossed_bounds_are_refused() {
    const RANGE: &str = "ServerlessV2ScalingConfiguration";

    let local = LocalAws::start().await.unwrap();
    PRODUCTION.create(&local).await.unwrap();
    let name = PRODUCTION.database.name();
    for (bound, value, after) in [
        ("MinCapacity", "2", "2..16 ACU"),
        ("MaxCapacity", "8", "2..8 ACU"),
    ] {
        let bound = format!("{RANGE}.{bound}");
        let form = [("DBClusterIdentifier", name), (&bound, value)];
        local
            .aws
            .query(RDS, "ModifyDBCluster", &form)
            .await
            .unwrap();
        assert_eq!(local.snapshot().await.unwrap().capacities[name], after);
    }
    let target = |min: u32| {
        json!({
            "ServiceNamespace": "ecs",
            "ScalableDimension": "ecs:service:DesiredCount",
            "ResourceId": week::API,
            "MinCapacity": min,
        })
    };
    let register = async |min: u32| {
        let target = target(min);
        let registered = local
            .aws
            .json(AUTOSCALING, "RegisterScalableTarget", &target);
        code(registered.await)
    };
    assert_eq!(register(11).await, "ValidationException");
    assert_eq!(register(3).await, "accepted");
    let api = &local.snapshot().await.unwrap().services[week::API.trim_start_matches("service/")];
    assert_eq!(api.to_string(), "3/3 within 3..10", "the clamp raises too");
}

#[tokio::test]
async fn a_deployment_lasts_for_as_long_as_a_test_says() {
    let local = LocalAws::start().await.unwrap();
    PRODUCTION.create(&local).await.unwrap();
    let query = json!({ "cluster": PRODUCTION.cluster, "services": [week::WEB] });
    let rollout = async || {
        let described = local.aws.json(ECS, "DescribeServices", &query).await;
        described.unwrap()["services"][0]["deployments"][0]["rolloutState"].clone()
    };
    assert_eq!(rollout().await, "COMPLETED");
    local.gateway.deploys(week::WEB, true);
    assert_eq!(rollout().await, "IN_PROGRESS");
    local.gateway.deploys(week::WEB, false);
    assert_eq!(rollout().await, "COMPLETED");
}

#[tokio::test]
async fn what_auto_scaling_did_is_told_the_newest_first() {
    let local = LocalAws::start().await.unwrap();
    let query = json!({
        "ServiceNamespace": "ecs",
        "ScalableDimension": "ecs:service:DesiredCount",
        "ResourceId": week::API,
    });
    let told = async || {
        let action = "DescribeScalingActivities";
        let told = local.aws.json(AUTOSCALING, action, &query).await.unwrap();
        let activities = told["ScalingActivities"].as_array().cloned().unwrap();
        let starts = activities.iter().map(|one| one["StartTime"].as_i64());
        starts.map(Option::unwrap).collect::<Vec<_>>()
    };
    assert_eq!(told().await, [0_i64; 0]);
    for (second, from, to) in [(60, 1, 4), (120, 4, 1)] {
        let at = Timestamp::from_second(second).unwrap();
        local.gateway.scaled(week::API, at, from, to);
    }
    assert_eq!(told().await, [120, 60]);
}

/// The processes in the group of whose watchdog we know the id.
fn left(group: u32) -> usize {
    std::fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| std::fs::read_to_string(entry.ok()?.path().join("stat")).ok())
        .filter(|stat| {
            let fields: Vec<_> = stat
                .rsplit(')')
                .next()
                .unwrap()
                .split_whitespace()
                .collect();
            fields[2] == group.to_string() && fields[0] != "Z"
        })
        .count()
}

#[tokio::test]
async fn nothing_is_left_running() {
    let local = LocalAws::start().await.unwrap();
    let groups = local.groups();
    assert!(groups.iter().all(|group| left(*group) >= 2));
    drop(local);
    // The signal has been sent to all of them; the last may still be on its way out.
    for _ in 0..100 {
        if groups.map(left) == [0, 0] {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(groups.map(left), [0, 0]);
}
