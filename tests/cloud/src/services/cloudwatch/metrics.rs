//! Data points, kept for each minute as the sum, the count and the extremes, for fifteen days.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html>

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::invalid;
use crate::{
    call::{Call, Outcome},
    world::World,
};

const KEPT_MINUTES: i64 = 15 * 24 * 60;

/// A metric: a name in a namespace, with dimensions.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Metric {
    /// The namespace.
    pub namespace: String,
    /// The name.
    pub name: String,
    /// The dimensions' names and values. Other dimensions are another metric.
    pub dimensions: BTreeMap<String, String>,
}

impl Metric {
    /// A metric with dimensions as the API lists them.
    pub(super) fn of(namespace: &str, name: &str, dimensions: &Value) -> Self {
        let dimensions = dimensions.as_array().into_iter().flatten();
        let dimensions = dimensions.filter_map(|dimension| {
            let text = |name: &str| dimension[name].as_str().map(ToOwned::to_owned);
            Some((text("Name")?, text("Value")?))
        });
        Self {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            dimensions: dimensions.collect(),
        }
    }
}

/// What was measured in some time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Measured {
    pub(super) sum: f64,
    pub(super) count: f64,
    pub(super) least: f64,
    pub(super) most: f64,
}

impl Measured {
    pub(super) fn one(value: f64) -> Self {
        Self {
            sum: value,
            count: 1.0,
            least: value,
            most: value,
        }
    }

    pub(super) fn and(self, other: Self) -> Self {
        Self {
            sum: self.sum + other.sum,
            count: self.count + other.count,
            least: self.least.min(other.least),
            most: self.most.max(other.most),
        }
    }
}

#[derive(Clone, Debug, Default)]
pub(super) struct Metrics {
    series: BTreeMap<Metric, BTreeMap<i64, Measured>>,
}

fn minute(at: Timestamp) -> i64 {
    at.as_second().div_euclid(60)
}

impl Metrics {
    fn add(&mut self, metric: Metric, at: Timestamp, value: f64) {
        let series = self.series.entry(metric).or_default();
        let now = minute(at);
        let one = Measured::one(value);
        series
            .entry(now)
            .and_modify(|there| *there = there.and(one))
            .or_insert(one);
        while let Some(first) = series.first_entry()
            && *first.key() < now - KEPT_MINUTES
        {
            first.remove();
        }
    }

    /// What was measured from one second up to another, both whole minutes.
    pub(super) fn between(&self, metric: &Metric, from: i64, to: i64) -> Option<Measured> {
        let series = self.series.get(metric)?;
        let range = from.div_euclid(60)..to.div_euclid(60);
        series
            .range(range)
            .map(|(_, there)| *there)
            .reduce(Measured::and)
    }
}

/// Records one value, as AWS does for its own metrics: an error of a Lambda function for instance.
pub fn record(world: &mut World, metric: Metric, at: Timestamp, value: f64) {
    world.cloudwatch.metrics.add(metric, at, value);
}

/// Takes a line of a log. If it is in embedded metric format, its values become data points; answers
/// how many.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
pub fn ingest(world: &mut World, line: &str) -> usize {
    let Ok(line) = serde_json::from_str::<Value>(line) else {
        return 0;
    };
    let at = line["_aws"]["Timestamp"].as_i64();
    let Some(at) = at.and_then(|at| Timestamp::from_millisecond(at).ok()) else {
        return 0;
    };
    let mut points = Vec::new();
    let directives = line["_aws"]["CloudWatchMetrics"].as_array();
    for directive in directives.into_iter().flatten() {
        let namespace = directive["Namespace"].as_str().unwrap_or_default();
        let sets = directive["Dimensions"].as_array();
        for set in sets.into_iter().flatten() {
            let Some(dimensions) = dimensions(&line, set) else {
                continue;
            };
            let metrics = directive["Metrics"].as_array().into_iter().flatten();
            for name in metrics.filter_map(|metric| metric["Name"].as_str()) {
                let metric = Metric {
                    namespace: namespace.to_owned(),
                    name: name.to_owned(),
                    dimensions: dimensions.clone(),
                };
                points.extend(values(&line[name]).map(|value| (metric.clone(), value)));
            }
        }
    }
    let count = points.len();
    for (metric, value) in points {
        world.cloudwatch.metrics.add(metric, at, value);
    }
    count
}

/// The values of a set of dimensions; none when the line lacks one of them.
fn dimensions(line: &Value, set: &Value) -> Option<BTreeMap<String, String>> {
    let names = set.as_array()?.iter();
    names
        .map(|name| {
            let name = name.as_str()?;
            Some((name.to_owned(), line[name].as_str()?.to_owned()))
        })
        .collect()
}

fn values(value: &Value) -> impl Iterator<Item = f64> {
    let several = value.as_array().into_iter().flatten();
    several.chain([value]).filter_map(Value::as_f64)
}

// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html
pub(super) fn put(world: &mut World, call: &Call) -> Outcome {
    let namespace = call.text("Namespace").unwrap_or_default();
    if namespace.is_empty() || namespace.starts_with("AWS/") {
        return Err(invalid("The value for parameter Namespace is invalid."));
    }
    let data = call.input["MetricData"].as_array().into_iter().flatten();
    for datum in data {
        let name = datum["MetricName"].as_str().unwrap_or_default();
        let metric = Metric::of(namespace, name, &datum["Dimensions"]);
        let second = datum["Timestamp"].as_f64();
        let at = second.and_then(|second| {
            let since = jiff::SignedDuration::try_from_secs_f64(second).ok()?;
            Timestamp::UNIX_EPOCH.checked_add(since).ok()
        });
        let at = at.unwrap_or(world.now);
        for value in values(&datum["Value"]).chain(values(&datum["Values"])) {
            world.cloudwatch.metrics.add(metric.clone(), at, value);
        }
    }
    Ok(json!({}))
}
