//! What CloudWatch measured: the alarms that are brakes, and the loads on which a smaller count
//! rests. A load that was not measured whole is none at all.

use std::collections::BTreeMap;

use aws_sdk_cloudwatch::{
    Client,
    types::{AlarmType, Dimension, Metric, MetricDataQuery, MetricStat, StateValue},
};
use aws_smithy_types::DateTime;
use jiff::Timestamp;
use nightshift::{
    aws::{failure::failure, pace::Pace},
    kind::Acu,
    report::Failure,
    timestamp::from_aws,
};

use crate::{
    plan::MEASURED,
    snapshot::{Alarm, Load, Measured, Watched},
};

/// `DescribeAlarms` takes and tells a hundred.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html>
const ALARMS_A_CALL: usize = 100;
/// `GetMetricData` takes five hundred.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html>
const QUERIES_A_CALL: usize = 500;
/// Services and instances are measured once a minute.
const PERIOD: i32 = 60;

/// The alarms of these names that there are, with whether they ring.
///
/// # Errors
/// When they cannot be read.
pub(super) async fn alarms(
    client: &Client,
    pace: &Pace,
    names: &[String],
) -> Result<Vec<Alarm>, Failure> {
    let mut alarms = Vec::new();
    for batch in names.chunks(ALARMS_A_CALL) {
        pace.alarm_reads.acquire_one().await;
        let answer = client
            .describe_alarms()
            .set_alarm_names(Some(batch.to_vec()))
            // Without them only metric alarms are told.
            .alarm_types(AlarmType::MetricAlarm)
            .alarm_types(AlarmType::CompositeAlarm)
            // Without it a page has fifty.
            .max_records(i32::try_from(ALARMS_A_CALL).unwrap_or(100))
            .send()
            .await
            .map_err(|error| failure("alarms", "cloudwatch:DescribeAlarms", &error))?;
        let metric = answer.metric_alarms.unwrap_or_default();
        let metric = metric
            .into_iter()
            .map(|alarm| (alarm.alarm_name, alarm.state_value));
        let composite = answer.composite_alarms.unwrap_or_default();
        let composite = composite
            .into_iter()
            .map(|alarm| (alarm.alarm_name, alarm.state_value));
        alarms.extend(metric.chain(composite).filter_map(|(name, state)| {
            Some(Alarm {
                name: name?,
                rings: state == Some(StateValue::Alarm),
            })
        }));
    }
    Ok(alarms)
}

/// Measures services and clusters.
///
/// # Errors
/// When a page cannot be read; nothing is then known of any.
pub(super) async fn loads(
    client: &Client,
    pace: &Pace,
    services: Vec<&mut Watched>,
    clusters: Vec<&mut Measured>,
    now: Timestamp,
) -> Result<(), Failure> {
    let mut asked = Vec::new();
    for watched in &services {
        asked.push(cpu_of(watched));
    }
    for measured in &clusters {
        for member in serverless(measured) {
            asked.push(of_instance("CPUUtilization", &member));
            asked.push(of_instance("ServerlessDatabaseCapacity", &member));
        }
    }
    let mut series = read(client, pace, asked, now).await?.into_iter();
    for watched in services {
        watched.load = series.next().and_then(|points| load(&points));
    }
    for measured in clusters {
        let (mut cpu, mut capacity) = (Vec::new(), Vec::new());
        for _ in serverless(measured) {
            cpu.push(series.next().unwrap_or_default());
            capacity.push(series.next().unwrap_or_default());
        }
        measured.load = busiest(&cpu);
        measured.cluster.used = average(&capacity);
    }
    Ok(())
}

/// A metric of AWS's own, of one resource.
type Asked = (&'static str, &'static str, Vec<(&'static str, String)>);
/// Minutes and what was measured in them.
type Points = BTreeMap<Timestamp, f64>;

/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/available-metrics.html>
fn cpu_of(watched: &Watched) -> Asked {
    let service = &watched.service;
    let dimensions = vec![
        ("ClusterName", service.cluster.clone()),
        ("ServiceName", service.name.clone()),
    ];
    ("AWS/ECS", "CPUUtilization", dimensions)
}

/// <https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.AuroraMonitoring.Metrics.html>
fn of_instance(metric: &'static str, instance: &str) -> Asked {
    let dimensions = vec![("DBInstanceIdentifier", instance.to_owned())];
    ("AWS/RDS", metric, dimensions)
}

fn serverless(measured: &Measured) -> Vec<String> {
    let members = measured.cluster.members.iter();
    members
        .filter(|member| member.serverless)
        .map(|member| member.name.clone())
        .collect()
}

/// The points of each metric, in the order in which they were asked for.
async fn read(
    client: &Client,
    pace: &Pace,
    asked: Vec<Asked>,
    now: Timestamp,
) -> Result<Vec<Points>, Failure> {
    let from = now.saturating_sub(MEASURED).unwrap_or(now);
    let mut all = vec![Points::new(); asked.len()];
    let queries: Vec<MetricDataQuery> = asked.into_iter().enumerate().map(query).collect();
    for batch in queries.chunks(QUERIES_A_CALL) {
        let mut next = None;
        loop {
            pace.metric_reads.acquire_one().await;
            let answer = client
                .get_metric_data()
                .set_metric_data_queries(Some(batch.to_vec()))
                .start_time(DateTime::from_secs(from.as_second()))
                .end_time(DateTime::from_secs(now.as_second()))
                .set_next_token(next)
                .send()
                .await
                .map_err(|error| failure("loads", "cloudwatch:GetMetricData", &error))?;
            for result in answer.metric_data_results.unwrap_or_default() {
                let id = result.id.as_deref().and_then(|id| id.strip_prefix('m'));
                let number = id.and_then(|id| id.parse::<usize>().ok());
                let Some(points) = number.and_then(|number| all.get_mut(number)) else {
                    continue;
                };
                let minutes = result.timestamps.unwrap_or_default();
                let values = result.values.unwrap_or_default();
                let read = minutes.iter().zip(values);
                points.extend(read.filter_map(|(at, value)| Some((from_aws(at)?, value))));
            }
            next = answer.next_token.filter(|token| !token.is_empty());
            if next.is_none() {
                break;
            }
        }
    }
    Ok(all)
}

fn query((place, (namespace, name, dimensions)): (usize, Asked)) -> MetricDataQuery {
    let dimensions = dimensions
        .into_iter()
        .map(|(name, value)| Dimension::builder().name(name).value(value).build());
    let metric = Metric::builder()
        .namespace(namespace)
        .metric_name(name)
        .set_dimensions(Some(dimensions.collect()));
    let stat = MetricStat::builder()
        .metric(metric.build())
        .period(PERIOD)
        .stat("Average");
    MetricDataQuery::builder()
        .id(format!("m{place}"))
        .metric_stat(stat.build())
        .build()
}

fn load(points: &Points) -> Option<Load> {
    let (newest, _) = points.last_key_value()?;
    Some(Load {
        highest: points.values().copied().fold(f64::MIN, f64::max),
        newest: *newest,
    })
}

/// The busiest instance counts, and what is known of all of them.
fn busiest(instances: &[Points]) -> Option<Load> {
    let loads: Option<Vec<Load>> = instances.iter().map(load).collect();
    let of_two = |a: Load, b: Load| Load {
        highest: a.highest.max(b.highest),
        newest: a.newest.min(b.newest),
    };
    loads?.into_iter().reduce(of_two)
}

/// How much capacity each instance has in its newest minute, on average.
fn average(instances: &[Points]) -> Option<Acu> {
    let newest = |points: &Points| points.last_key_value().map(|(_, units)| *units);
    let newest: Option<Vec<f64>> = instances.iter().map(newest).collect();
    let newest = newest.filter(|newest| !newest.is_empty())?;
    let count = u32::try_from(newest.len()).ok()?;
    Some(Acu::seen(newest.iter().sum::<f64>() / f64::from(count)))
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    fn points(of: &[(i64, f64)]) -> Points {
        let at = |minute: i64| Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minute);
        of.iter()
            .map(|(minute, value)| (at(*minute), *value))
            .collect()
    }

    #[test]
    fn the_busiest_instance_counts_and_the_one_that_was_measured_longest_ago() {
        let (busy, late) = (
            points(&[(1, 10.0), (2, 70.0), (3, 20.0)]),
            points(&[(1, 30.0)]),
        );
        let load = busiest(&[busy.clone(), late]).unwrap();
        assert!((load.highest - 70.0).abs() < 1e-9);
        assert_eq!(load.newest.as_second(), 60);
        assert_eq!(busiest(&[busy, points(&[])]), None, "half is nothing");
        assert_eq!(busiest(&[]), None);
    }

    #[test]
    fn capacity_is_the_newest_of_each_instance_on_average() {
        let (one, other) = (points(&[(1, 4.0), (2, 2.0)]), points(&[(2, 0.5)]));
        assert_eq!(
            average(&[one.clone(), other]),
            Acu::new(1.5),
            "to the half step"
        );
        assert_eq!(average(&[one, points(&[])]), None);
        assert_eq!(average(&[]), None);
    }
}
