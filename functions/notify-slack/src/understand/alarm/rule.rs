//! What an alarm watches. EventBridge lists metrics and leaves out against what they are compared;
//! SNS has a trigger with both, flat for a lone metric and with a list for metric math.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{ATTRIBUTES, NAME, pairs, words};
use crate::{
    signal::{Comparison, Metric, Rule, Test},
    understand::{
        json::{self, at, get},
        room::Room,
    },
};

/// At most so many characters of an expression over metrics: a query of Prometheus may have
/// 10,000.
const EXPRESSION: usize = 2_500;
/// At most so many characters of a composite alarm's expression: CloudWatch allows 10,240.
const COMPOSITE: usize = 10_240;
/// At most so many metrics of one alarm.
const METRICS: usize = 20;
/// What the names and brackets of one metric fill as JSON.
const METRIC: usize = 120;

/// CloudWatch's function for the band of expected values.
const BAND: &str = "ANOMALY_DETECTION_BAND(";

/// Where it is told.
pub(super) struct Source<'a> {
    /// `configuration` of EventBridge or `Trigger` of SNS.
    pub(super) configuration: &'a Value,
    /// A composite alarm's expression.
    pub(super) expression: &'a str,
    /// `reasonData` of EventBridge.
    pub(super) data: &'a Value,
    /// CloudWatch's sentence.
    pub(super) reason: &'a str,
}

/// An element of the list of metrics: a metric, or an expression over others.
struct Entry<'a>(&'a Value);

impl<'a> Entry<'a> {
    fn id(&self) -> &'a str {
        json::text(self.0, "id")
    }

    fn expression(&self) -> &'a str {
        json::text(self.0, "expression")
    }

    fn is_metric(&self) -> bool {
        get(self.0, "metricStat").is_object()
    }

    /// Whether it is what the alarm looks at, or a part of it.
    fn is_returned(&self) -> bool {
        get(self.0, "returnData").as_bool().unwrap_or_default()
    }

    /// What is between the brackets of the band.
    fn band(&self) -> Option<&'a str> {
        let expression = self.expression().trim();
        let name = expression.get(..BAND.len())?;
        let inside = expression.get(BAND.len()..)?;
        name.eq_ignore_ascii_case(BAND)
            .then(|| inside.trim_end_matches(')'))
    }
}

impl Source<'_> {
    /// What the alarm watches.
    pub(super) fn rule(&self, room: &mut Room) -> Rule {
        if !self.expression.is_empty() {
            return Rule::Composite {
                expression: room.text(self.expression, COMPOSITE),
            };
        }
        if !json::text(self.configuration, "MetricName").is_empty() {
            return Rule::Metric {
                metric: self.trigger_metric(room),
                test: self.test(),
            };
        }
        let list = json::items(get(self.configuration, "metrics"));
        let entries: Vec<Entry<'_>> = list.iter().map(Entry).collect();
        if let Some(band) = entries.iter().find_map(Entry::band) {
            return self.anomaly(band, &entries, room);
        }
        let mut looked_at = entries.iter().filter(|entry| entry.is_returned());
        match looked_at.next().or_else(|| entries.last()) {
            Some(entry) if entry.is_metric() => Rule::Metric {
                metric: self.listed_metric(entry, room),
                test: self.test(),
            },
            Some(entry) => self.math(entry, &entries, room),
            None => self.query(room),
        }
    }

    /// The band's first argument is the metric, its second how wide the band is.
    fn anomaly(&self, band: &str, entries: &[Entry<'_>], room: &mut Room) -> Rule {
        let (id, width) = band.split_once(',').unwrap_or((band, ""));
        let named = entries.iter().find(|entry| entry.id() == id.trim());
        let others = || entries.iter().find(|entry| entry.band().is_none());
        match named.or_else(others) {
            Some(entry) if !entry.is_metric() => self.math(entry, entries, room),
            entry => Rule::Anomaly {
                metric: entry.map_or_else(Metric::default, |entry| self.listed_metric(entry, room)),
                width: width
                    .trim()
                    .parse()
                    .ok()
                    .filter(|width: &f64| width.is_finite()),
                test: Test {
                    threshold: None,
                    ..self.test()
                },
            },
        }
    }

    fn math(&self, entry: &Entry<'_>, entries: &[Entry<'_>], room: &mut Room) -> Rule {
        let expression = room.text(entry.expression(), EXPRESSION);
        let label = room.some(json::text(entry.0, "label"), NAME);
        let metrics = entries.iter().filter(|entry| entry.is_metric());
        Rule::Math {
            expression,
            label,
            metrics: room.list(metrics, METRICS, METRIC, |room, entry| {
                self.listed_metric(entry, room)
            }),
            test: self.test(),
        }
    }

    /// An alarm over Prometheus's language has a query in place of metrics.
    /// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-promql.html>
    fn query(&self, room: &mut Room) -> Rule {
        let query = at(
            self.configuration,
            &["EvaluationCriteria", "PromQLCriteria", "Query"],
        );
        match query.as_str() {
            None | Some("") => Rule::Unknown,
            Some(query) => Rule::Math {
                expression: room.text(query, EXPRESSION),
                label: None,
                metrics: Vec::new(),
                test: self.test(),
            },
        }
    }

    /// The lone metric of a trigger.
    fn trigger_metric(&self, room: &mut Room) -> Metric {
        let trigger = self.configuration;
        let statistic = json::first([
            json::text(trigger, "Statistic"),
            json::text(trigger, "ExtendedStatistic"),
        ]);
        Metric {
            namespace: room.text(json::text(trigger, "Namespace"), NAME),
            name: room.text(json::text(trigger, "MetricName"), NAME),
            dimensions: dimensions(get(trigger, "Dimensions"), room),
            statistic: room.text(&spelt_as_in_the_api(statistic), NAME),
            period: json::whole(get(trigger, "Period")),
            unit: room.some(json::text(trigger, "Unit"), NAME),
        }
    }

    fn listed_metric(&self, entry: &Entry<'_>, room: &mut Room) -> Metric {
        let stat = get(entry.0, "metricStat");
        let metric = get(stat, "metric");
        let name = json::first([json::text(metric, "name"), json::text(metric, "MetricName")]);
        let statistic = json::first([json::text(stat, "stat"), json::text(self.data, "statistic")]);
        let period = json::whole(get(stat, "period"));
        Metric {
            namespace: room.text(json::text(metric, "namespace"), NAME),
            name: room.text(name, NAME),
            dimensions: dimensions(get(metric, "dimensions"), room),
            statistic: room.text(&spelt_as_in_the_api(statistic), NAME),
            period: period.or_else(|| json::whole(get(self.data, "period"))),
            unit: room.some(json::text(stat, "unit"), NAME),
        }
    }

    /// What the configuration says, else the data, else the sentence.
    fn test(&self) -> Test {
        let configured = |name| get(self.configuration, name);
        let threshold = json::number(configured("threshold"))
            .or_else(|| json::number(get(self.data, "threshold")))
            .or_else(|| words::threshold(self.reason));
        let comparison = configured("comparisonOperator").as_str();
        Test {
            comparison: comparison
                .and_then(named)
                .or_else(|| words::comparison(self.reason)),
            threshold,
            periods: json::whole(configured("evaluationPeriods"))
                .or_else(|| words::periods(self.reason)),
            datapoints: json::whole(configured("datapointsToAlarm"))
                .or_else(|| words::datapoints(self.reason)),
        }
    }
}

/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html>
fn named(operator: &str) -> Option<Comparison> {
    match operator {
        "GreaterThanThreshold" => Some(Comparison::Greater),
        "GreaterThanOrEqualToThreshold" => Some(Comparison::GreaterOrEqual),
        "LessThanThreshold" => Some(Comparison::Less),
        "LessThanOrEqualToThreshold" => Some(Comparison::LessOrEqual),
        "LessThanLowerOrGreaterThanUpperThreshold" => Some(Comparison::OutsideBand),
        "GreaterThanUpperThreshold" => Some(Comparison::AboveBand),
        "LessThanLowerThreshold" => Some(Comparison::BelowBand),
        _ => None,
    }
}

/// SNS writes `AVERAGE` where the API says `Average`; percentiles are the same in both.
fn spelt_as_in_the_api(statistic: &str) -> String {
    let known = ["Average", "Sum", "Minimum", "Maximum", "SampleCount"];
    let bare = statistic.replace('_', "");
    let known = known
        .into_iter()
        .find(|name| name.eq_ignore_ascii_case(&bare));
    known.unwrap_or(statistic).to_owned()
}

/// EventBridge has an object, SNS a list of names and values.
fn dimensions(value: &Value, room: &mut Room) -> BTreeMap<String, String> {
    if let Some(fields) = value.as_object() {
        return pairs(fields, room);
    }
    let list = room.list(json::items(value), ATTRIBUTES, 8, |room, pair| {
        let name = room.text(json::text(pair, "name"), NAME);
        (name, room.text(json::text(pair, "value"), NAME))
    });
    list.into_iter().collect()
}
