//! What is asked of a production estate, through the clients as functions have them: both must read what
//! the other writes.

use std::collections::BTreeMap;

use aws_sdk_applicationautoscaling::types::{
    ScalableDimension, ScalingActivityStatusCode, ServiceNamespace,
};
use aws_sdk_cloudwatch::{
    primitives::DateTime,
    types::{Dimension, Metric, MetricDataQuery, MetricStat, ScanBy, StatusCode},
};
use aws_sdk_ecs::types::{DesiredStatus, TaskStopCode};
use aws_sdk_rds::types::ServerlessV2ScalingConfiguration;
use jiff::{SignedDuration, Timestamp};

use crate::{
    estate::{API, AURORA, CLUSTER, at, count, estate},
    line::Line,
};

/// The client's query for a metric in minutes.
fn query(
    id: &str,
    namespace: &str,
    name: &str,
    stat: &str,
    of: &[(&str, &str)],
) -> MetricDataQuery {
    let mut metric = Metric::builder().namespace(namespace).metric_name(name);
    for (name, value) in of {
        metric = metric.dimensions(Dimension::builder().name(*name).value(*value).build());
    }
    let stat = MetricStat::builder()
        .metric(metric.build())
        .period(60)
        .stat(stat);
    let stat = stat.build();
    MetricDataQuery::builder().id(id).metric_stat(stat).build()
}

fn time(at: Timestamp) -> DateTime {
    DateTime::from_secs(at.as_second())
}

fn ecs_of(service: &str) -> [(&'static str, &str); 2] {
    [("ClusterName", CLUSTER), ("ServiceName", service)]
}

#[tokio::test]
async fn metrics_are_read_for_services_instances_and_the_cluster_page_by_page() {
    let mut world = estate(6);
    world.advance(at(7, 20, 30));
    let line = Line::to(world);
    let client = aws_sdk_cloudwatch::Client::new(&line.config("scale-production"));
    let (api, web) = (ecs_of("production-api"), ecs_of("production-web"));
    let (cluster, one) = (
        [("DBClusterIdentifier", AURORA)],
        [("DBInstanceIdentifier", "production-aurora-instance-1")],
    );
    let queries = || {
        vec![
            query("api", "AWS/ECS", "CPUUtilization", "Average", &api),
            query("most", "AWS/ECS", "CPUUtilization", "Maximum", &api),
            query("memory", "AWS/ECS", "MemoryUtilization", "Average", &web),
            query(
                "acu",
                "AWS/RDS",
                "ServerlessDatabaseCapacity",
                "Average",
                &cluster,
            ),
            query("full", "AWS/RDS", "ACUUtilization", "Maximum", &cluster),
            query("cpu", "AWS/RDS", "CPUUtilization", "Average", &one),
            query(
                "nobody",
                "AWS/ECS",
                "CPUUtilization",
                "Average",
                &ecs_of("other"),
            ),
        ]
    };
    let pages = client
        .get_metric_data()
        .set_metric_data_queries(Some(queries()))
        .start_time(time(at(7, 20, 0)))
        .end_time(time(at(7, 20, 30)))
        .scan_by(ScanBy::TimestampAscending)
        .max_datapoints(50)
        .into_paginator()
        .send();
    let mut got: BTreeMap<String, Vec<(i64, f64)>> = BTreeMap::new();
    let (mut count, mut pages, mut partial) = (0, pages, 0);
    while let Some(page) = pages.next().await {
        count += 1;
        for result in page.unwrap().metric_data_results() {
            partial += i32::from(result.status_code() == Some(&StatusCode::PartialData));
            let times = result.timestamps().iter().map(DateTime::secs);
            let points = times.zip(result.values().iter().copied());
            got.entry(result.id().unwrap().to_owned())
                .or_default()
                .extend(points);
        }
    }
    assert_eq!((count, got.len()), (4, 7));
    assert!(partial > 0);
    // The last minute or two are still on their way.
    for id in ["api", "most", "memory", "acu", "full", "cpu"] {
        let points = &got[id];
        assert!((28..=29).contains(&points.len()), "{id}: {}", points.len());
        assert!(points.is_sorted_by(|a, b| a.0 < b.0), "{id}");
        assert_eq!(points[0].0, at(7, 20, 0).as_second(), "{id}");
    }
    assert_eq!(got["nobody"], []);
    let average = |id: &str| got[id].iter().map(|(_, value)| value).sum::<f64>() / 28.0;
    assert!((45.0..85.0).contains(&average("api")), "{}", average("api"));
    assert!(average("most") > average("api"));
    assert!((7.0..=16.0).contains(&average("acu")), "{}", average("acu"));
    assert!((average("full") - average("acu") / 0.16).abs() < 2.0);
    assert!(
        (30.0..=80.0).contains(&average("cpu")),
        "{}",
        average("cpu")
    );

    let refused = client
        .get_metric_data()
        .set_metric_data_queries(Some(queries()))
        .start_time(time(at(7, 20, 0)))
        .end_time(time(at(7, 20, 30)))
        .next_token("no")
        .send()
        .await
        .unwrap_err();
    assert!(refused.into_service_error().is_invalid_next_token());
}

#[tokio::test]
async fn a_minimum_alone_is_registered_and_activities_tell_what_scaled_and_why() {
    let mut world = estate(7);
    world.advance(at(7, 21, 0));
    let line = Line::to(world);
    let client = aws_sdk_applicationautoscaling::Client::new(&line.config("scale-production"));
    let describe = || async {
        let call = client
            .describe_scalable_targets()
            .service_namespace(ServiceNamespace::Ecs);
        call.resource_ids(API)
            .send()
            .await
            .unwrap()
            .scalable_targets()[0]
            .clone()
    };
    let before = describe().await;
    assert_eq!((before.min_capacity(), before.max_capacity()), (2, 10));
    let register = |min: i32| {
        let call = client
            .register_scalable_target()
            .service_namespace(ServiceNamespace::Ecs);
        let call = call.scalable_dimension(ScalableDimension::EcsServiceDesiredCount);
        call.resource_id(API).min_capacity(min).send()
    };
    let counted = line.with(|world| count(world, "production-api"));
    register(1).await.unwrap();
    let after = describe().await;
    assert_eq!((after.min_capacity(), after.max_capacity()), (1, 10));
    assert_eq!(line.with(|world| count(world, "production-api")), counted);
    register(10).await.unwrap();
    assert_eq!(line.with(|world| count(world, "production-api")), 10);
    let refused = register(11).await.unwrap_err().into_service_error();
    assert!(refused.is_validation_exception(), "{refused:?}");

    let tags = client
        .list_tags_for_resource()
        .resource_arn(after.scalable_target_arn().unwrap());
    let tags = tags.send().await.unwrap();
    assert_eq!(tags.tags().unwrap()["nightshift:slim"], "production");

    let mut pages = client
        .describe_scaling_activities()
        .service_namespace(ServiceNamespace::Ecs)
        .resource_id(API)
        .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
        .max_results(2)
        .into_paginator()
        .send();
    let mut all = Vec::new();
    while let Some(page) = pages.next().await {
        all.extend(page.unwrap().scaling_activities().iter().cloned());
    }
    assert!(all.len() > 3, "{}", all.len());
    assert_eq!(all[0].cause(), "minimum capacity was set to 10");
    assert_eq!(all[0].status_code(), &ScalingActivityStatusCode::InProgress);
    assert!(all.is_sorted_by(|a, b| a.start_time() >= b.start_time()));
    let by_policy =
        |cause: &str| cause.contains("-AlarmHigh-") && cause.ends_with("triggered policy cpu-70");
    assert!(all[1..].iter().any(|one| by_policy(one.cause())));
    assert_eq!(all[1].status_code(), &ScalingActivityStatusCode::Successful);
    assert!(all[1].end_time().is_some());
    let odd = client
        .describe_scaling_activities()
        .service_namespace(ServiceNamespace::Ecs);
    let odd = odd
        .next_token("no")
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    assert!(odd.is_invalid_next_token_exception(), "{odd:?}");
}

#[tokio::test]
async fn stopped_tasks_tell_why_for_an_hour() {
    let line = Line::to(estate(8));
    let client = aws_sdk_ecs::Client::new(&line.config("scale-production"));
    let update = client
        .update_service()
        .cluster(CLUSTER)
        .service("production-web");
    let updated = update.desired_count(1).send().await.unwrap();
    assert_eq!(updated.service().unwrap().desired_count(), 1);
    let stopped = || async {
        let call = client
            .list_tasks()
            .cluster(CLUSTER)
            .service_name("production-web");
        let call = call
            .desired_status(DesiredStatus::Stopped)
            .send()
            .await
            .unwrap();
        call.task_arns().to_vec()
    };
    assert!(stopped().await.is_empty());
    let pass = |minutes: i64| {
        line.with(|world| world.advance(world.now + SignedDuration::from_mins(minutes)));
    };
    pass(10);
    let arns = stopped().await;
    assert_eq!(arns.len(), 1);
    let described = client
        .describe_tasks()
        .cluster(CLUSTER)
        .set_tasks(Some(arns.clone()));
    let described = described.send().await.unwrap();
    let task = &described.tasks()[0];
    assert_eq!(
        task.stop_code(),
        Some(&TaskStopCode::ServiceSchedulerInitiated)
    );
    assert!(
        task.stopped_reason()
            .unwrap()
            .starts_with("Scaling activity initiated by")
    );
    assert_eq!(task.containers()[0].exit_code(), Some(143));
    let services = client
        .describe_services()
        .cluster(CLUSTER)
        .services("production-web");
    let services = services.send().await.unwrap();
    assert_eq!(services.services()[0].running_count(), 1);
    pass(70);
    assert!(stopped().await.is_empty());
    let described = client
        .describe_tasks()
        .cluster(CLUSTER)
        .set_tasks(Some(arns));
    let described = described.send().await.unwrap();
    assert_eq!(described.failures()[0].reason(), Some("MISSING"));
}

#[tokio::test]
async fn a_capacity_is_changed_online_and_not_while_the_cluster_fails_over() {
    let line = Line::to(estate(9));
    let client = aws_sdk_rds::Client::new(&line.config("scale-production"));
    let modify = |min: f64| {
        let scaling = ServerlessV2ScalingConfiguration::builder()
            .min_capacity(min)
            .max_capacity(16.0);
        let call = client
            .modify_db_cluster()
            .db_cluster_identifier(AURORA)
            .apply_immediately(true);
        call.serverless_v2_scaling_configuration(scaling.build())
            .send()
    };
    let describe = || async {
        let call = client.describe_db_clusters().db_cluster_identifier(AURORA);
        call.send().await.unwrap().db_clusters()[0].clone()
    };
    let before = describe().await;
    let range = before.serverless_v2_scaling_configuration().unwrap();
    assert_eq!(
        (range.min_capacity(), range.max_capacity()),
        (Some(0.5), Some(16.0))
    );
    let changed = modify(4.0).await.unwrap();
    assert_eq!(changed.db_cluster().unwrap().status(), Some("available"));
    let range = describe().await;
    let range = range.serverless_v2_scaling_configuration().unwrap();
    assert_eq!(range.min_capacity(), Some(4.0));

    let failover = client.failover_db_cluster().db_cluster_identifier(AURORA);
    let begun = failover.send().await.unwrap();
    assert_eq!(begun.db_cluster().unwrap().status(), Some("failing-over"));
    let refused = modify(0.5).await.unwrap_err().into_service_error();
    assert!(refused.is_invalid_db_cluster_state_fault(), "{refused:?}");
    let instances = client.describe_db_instances().send().await.unwrap();
    let statuses = instances
        .db_instances()
        .iter()
        .map(|one| one.db_instance_status().unwrap());
    assert_eq!(statuses.collect::<Vec<_>>(), ["rebooting", "available"]);

    let later = SignedDuration::from_mins(10);
    line.with(|world| world.advance(world.now + later));
    let after = describe().await;
    assert_eq!(after.status(), Some("available"));
    let writer = after
        .db_cluster_members()
        .iter()
        .find(|it| it.is_cluster_writer() == Some(true));
    assert_eq!(
        writer.unwrap().db_instance_identifier(),
        Some("production-aurora-instance-2")
    );
    modify(0.5).await.unwrap();
    let odd = modify(0.7).await.unwrap_err();
    assert_eq!(
        aws_sdk_rds::error::ProvideErrorMetadata::code(&odd),
        Some("InvalidParameterValue")
    );
}
