//! What an alarm watches, as people call it: the metric, whose it is, and what was measured against
//! what. Everything is optional, because anything may be missing in what reached us.

use std::collections::BTreeMap;

use super::{
    cut::{Kind, Room, clip},
    figures::{Quantity, Scale},
    links::{self, Console},
    metrics,
    words::{Against, Label, Measured, Place, Tongue},
};
use crate::signal::{Alarm, AlarmState, Comparison, Metric, Rule, Test};

/// How much of a name of strangers' stands in a title.
const NAME: usize = 60;
/// How many earlier values are told.
const EARLIER: usize = 4;

/// What an alarm watches.
pub(super) struct Watched<'a> {
    /// What people call it, without whose it is: `CPU`.
    metric: String,
    /// The same with whose it is: `CPU of api`.
    what: String,
    test: &'a Test,
    scale: Scale,
    measured: &'a [f64],
    statistic: String,
    period: Option<u32>,
    /// The metrics behind it.
    metrics: Vec<&'a Metric>,
    /// What they have in common.
    dimensions: BTreeMap<&'a str, &'a str>,
    tongue: &'static dyn Tongue,
}

impl<'a> Watched<'a> {
    /// Nothing for a composite alarm, and for one that is not told.
    pub(super) fn new(
        alarm: &'a Alarm,
        estate: Option<&str>,
        tongue: &'static dyn Tongue,
    ) -> Option<Self> {
        let (metric, test, metrics, quantity) = match &alarm.rule {
            Rule::Metric { metric, test } | Rule::Anomaly { metric, test, .. } => {
                if metric.name.is_empty() {
                    return None;
                }
                let name = match metrics::known(metric) {
                    Some(known) => tongue.metric(known).to_owned(),
                    None => metric.name.clone(),
                };
                let name = if is_percentile(&metric.statistic) {
                    tongue.percentile(&name, &metric.statistic)
                } else {
                    name
                };
                (name, test, vec![metric], Quantity::of(metric))
            }
            Rule::Math {
                expression,
                label,
                metrics,
                test,
            } => {
                let label = label.as_deref().unwrap_or_default().trim();
                let name = if label.is_empty() { expression } else { label };
                if name.is_empty() {
                    return None;
                }
                let quantity = math_quantity(expression, label);
                (name.to_owned(), test, metrics.iter().collect(), quantity)
            }
            Rule::Composite { .. } | Rule::Unknown => return None,
        };
        let dimensions = in_common(&metrics);
        let metric = clip(&metric, Room::of(NAME), Kind::Plain);
        let what = match whose(&dimensions, &alarm.contributor) {
            Some(name) => tongue.of(&metric, &short(name, estate)),
            None => metric.clone(),
        };
        let first = metrics.first();
        Some(Self {
            metric,
            what,
            test,
            scale: Scale::new(quantity, test.threshold, &alarm.measured),
            measured: &alarm.measured,
            statistic: match &alarm.rule {
                Rule::Math { .. } => String::new(),
                _ => first.map_or_else(String::new, |metric| metric.statistic.clone()),
            },
            period: first.and_then(|metric| metric.period),
            metrics,
            dimensions,
            tongue,
        })
    }

    /// `CPU of api`.
    pub(super) fn what(&self) -> &str {
        &self.what
    }

    /// The newest value: `91.2 %`.
    pub(super) fn value(&self) -> Option<String> {
        self.measured.first().map(|value| self.shown(*value))
    }

    /// The value against what it is compared with: `91.2 % > 80 %`.
    pub(super) fn compared(&self) -> Option<String> {
        let value = self.value();
        match (value, self.test()) {
            (value, Some(Side::Band(band))) => Some(self.tongue.banded(value.as_deref(), band)),
            (Some(value), Some(Side::Threshold(test))) => Some(format!("{value} {test}")),
            (None, Some(Side::Threshold(test))) => Some(test),
            (value, None) => value,
        }
    }

    /// What was measured against what, for how long.
    pub(super) fn told(&self, state: AlarmState) -> String {
        let value = self.value();
        let test = self.test();
        let window = self.window().map(|seconds| self.tongue.lasted(seconds));
        let period = self.period.map(|period| self.tongue.lasted(period.into()));
        // A percentile is in the metric's name already.
        let statistic = (!self.statistic.is_empty() && !is_percentile(&self.statistic))
            .then(|| self.tongue.statistic(&self.statistic, period.as_deref()));
        self.tongue.measured(
            state,
            &Measured {
                metric: &self.metric,
                value: value.as_deref(),
                test: test.as_ref().map(Side::borrowed),
                window: window.as_deref(),
                datapoints: self.datapoints(),
                statistic: statistic.as_deref(),
            },
        )
    }

    /// The values before the newest, if there are any.
    pub(super) fn earlier(&self) -> Option<String> {
        let values = self.measured.iter().skip(1).take(EARLIER);
        let values: Vec<String> = values.map(|value| self.shown(*value)).collect();
        let newest = self.value();
        let says_more = values.iter().any(|value| Some(value) != newest.as_ref());
        says_more.then(|| self.tongue.earlier(&values))
    }

    /// Whether users feel it.
    pub(super) fn felt(&self) -> Option<&'static str> {
        let known = self
            .metrics
            .first()
            .and_then(|metric| metrics::known(metric));
        let felt = known.and_then(metrics::Known::felt)?;
        // Few errors, or many healthy targets, hurt nobody.
        let more_is_worse =
            felt != metrics::Felt::Capacity || known == Some(metrics::Known::UnhealthyHosts);
        let rings_above = match self.test.comparison? {
            Comparison::Greater | Comparison::GreaterOrEqual | Comparison::AboveBand => true,
            Comparison::Less | Comparison::LessOrEqual | Comparison::BelowBand => false,
            Comparison::OutsideBand => return None,
        };
        (more_is_worse == rings_above && self.metrics.len() == 1).then(|| self.tongue.felt(felt))
    }

    /// Its resources, name by name.
    pub(super) fn fields(&self) -> Vec<(String, String)> {
        let mut fields: Vec<(usize, String, String)> = Vec::new();
        for (dimension, value) in &self.dimensions {
            let rank = DIMENSIONS.iter().position(|known| known.0 == *dimension);
            let label = match rank.and_then(|rank| DIMENSIONS.get(rank)) {
                Some((_, label, _)) => self.tongue.label(*label).to_owned(),
                None => (*dimension).to_owned(),
            };
            let rank = rank.unwrap_or(DIMENSIONS.len());
            fields.push((rank, label, resource_name(dimension, value).to_owned()));
        }
        fields.sort_by_key(|field| field.0);
        fields
            .into_iter()
            .map(|(_, label, value)| (label, value))
            .collect()
    }

    /// Its graph, and the pages of its resources.
    pub(super) fn links(&self, console: Console<'_>) -> Vec<(Place, String)> {
        let mut found = Vec::new();
        if !self.metrics.is_empty() {
            found.push((Place::Metric, console.graph(&self.metrics)));
        }
        let get = |name: &str| self.dimensions.get(name).copied();
        if let (Some(cluster), Some(service)) = (get("ClusterName"), get("ServiceName")) {
            found.push((Place::Service, console.service(cluster, service, "health")));
            found.push((Place::Logs, console.service(cluster, service, "logs")));
        }
        if let Some(name) = get("DBInstanceIdentifier") {
            found.push((Place::Database, console.database(name, false)));
        } else if let Some(name) = get("DBClusterIdentifier") {
            found.push((Place::Database, console.database(name, true)));
        }
        if let Some(address) = get("TargetGroup").and_then(|name| console.target_group(name)) {
            found.push((Place::TargetGroup, address));
        }
        if let Some(address) = get("LoadBalancer").and_then(|name| console.load_balancer(name)) {
            found.push((Place::LoadBalancer, address));
        }
        if let Some(name) = get("FunctionName") {
            found.push((Place::Function, console.function(name)));
        }
        found.retain(|(_, address)| address.len() <= links::LONGEST);
        found
    }

    fn shown(&self, value: f64) -> String {
        self.scale.value(value, self.test.threshold, self.tongue)
    }

    fn test(&self) -> Option<Side> {
        let comparison = self.test.comparison?;
        let sign = match comparison {
            Comparison::Greater => ">",
            Comparison::GreaterOrEqual => "≥",
            Comparison::Less => "<",
            Comparison::LessOrEqual => "≤",
            Comparison::OutsideBand | Comparison::AboveBand | Comparison::BelowBand => {
                return Some(Side::Band(self.tongue.band(comparison)));
            }
        };
        let threshold = self.test.threshold?;
        let threshold = self.scale.threshold(threshold, self.tongue);
        Some(Side::Threshold(format!("{sign} {threshold}")))
    }

    fn datapoints(&self) -> Option<(u32, u32)> {
        let periods = self.test.periods?;
        // One of one goes without saying.
        (periods > 1).then(|| (self.test.datapoints.unwrap_or(periods), periods))
    }

    /// How long all the periods together are, in seconds.
    fn window(&self) -> Option<i64> {
        let seconds = self.period?.checked_mul(self.test.periods?)?;
        (seconds > 0).then_some(seconds.into())
    }
}

enum Side {
    Threshold(String),
    Band(&'static str),
}

impl Side {
    fn borrowed(&self) -> Against<'_> {
        match self {
            Self::Threshold(text) => Against::Threshold(text),
            Self::Band(text) => Against::Band(text),
        }
    }
}

/// A percentile, a trimmed mean and the like: those whose name says more than the metric's.
fn is_percentile(statistic: &str) -> bool {
    let letters = statistic.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    letters.len() < statistic.len() && letters.starts_with(|c: char| c.is_ascii_digit() || c == '(')
}

/// What multiplies by a hundred is a share, unless its label says `%` itself.
fn math_quantity(expression: &str, label: &str) -> Quantity {
    let dense: String = expression
        .chars()
        .filter(|character| !character.is_whitespace())
        .collect();
    let by_hundred = dense.ends_with("*100")
        || dense.starts_with("100*")
        || dense.contains("*100)")
        || dense.contains("(100*")
        || dense.contains("*100/")
        || dense.contains("*100,");
    if by_hundred && !label.contains('%') {
        Quantity::Percent
    } else {
        Quantity::Bare
    }
}

/// The dimensions that have the same value wherever they appear.
fn in_common<'a>(metrics: &[&'a Metric]) -> BTreeMap<&'a str, &'a str> {
    let mut all: BTreeMap<&str, &str> = BTreeMap::new();
    let mut rivals = Vec::new();
    for metric in metrics {
        for (name, value) in &metric.dimensions {
            let before = all.insert(name, value);
            if before.is_some_and(|before| before != value) {
                rivals.push(name.as_str());
            }
        }
    }
    all.retain(|name, value| !rivals.contains(name) && !value.is_empty());
    all
}

/// The dimensions that people know by another name, what is shown first coming first; and whether
/// such a one says whose a metric is, the smaller the number the better.
const DIMENSIONS: &[(&str, Label, u8)] = &[
    ("ServiceName", Label::Service, 1),
    ("ClusterName", Label::Cluster, 9),
    ("TargetGroup", Label::TargetGroup, 2),
    ("LoadBalancer", Label::LoadBalancer, 3),
    ("LoadBalancerName", Label::LoadBalancer, 3),
    ("DBInstanceIdentifier", Label::Database, 2),
    ("DBClusterIdentifier", Label::DatabaseCluster, 3),
    ("FunctionName", Label::Function, 2),
    ("QueueName", Label::Queue, 2),
    ("TopicName", Label::Topic, 2),
    ("TableName", Label::Table, 2),
    ("BucketName", Label::Bucket, 2),
    ("CacheClusterId", Label::Cache, 2),
    ("ReplicationGroupId", Label::Cache, 2),
    ("InstanceId", Label::Instance, 3),
    ("NatGatewayId", Label::NatGateway, 3),
    ("AvailabilityZone", Label::Zone, u8::MAX),
];

/// Whose the metric is: the nearest resource that its dimensions name.
fn whose<'a>(
    dimensions: &BTreeMap<&'a str, &'a str>,
    contributor: &'a BTreeMap<String, String>,
) -> Option<&'a str> {
    if let Some((_, value)) = contributor.iter().next() {
        return Some(value);
    }
    let rank = |name: &str| {
        let known = DIMENSIONS.iter().find(|known| known.0 == name);
        known.map_or(8, |known| known.2)
    };
    dimensions
        .iter()
        .filter(|(name, _)| rank(name) < u8::MAX)
        .min_by_key(|(name, _)| rank(name))
        .map(|(name, value)| resource_name(name, value))
}

/// A load balancer's and a target group's dimension without what only AWS needs.
fn resource_name<'a>(dimension: &str, value: &'a str) -> &'a str {
    let mut parts = value.split('/');
    let name = match dimension {
        "LoadBalancer" | "TargetGroup" => parts.nth(1),
        _ => None,
    };
    name.filter(|name| !name.is_empty()).unwrap_or(value)
}

/// A resource's name as colleagues say it: without the estate's name before it.
pub(super) fn short(name: &str, estate: Option<&str>) -> String {
    let name = estate
        .and_then(|estate| name.strip_prefix(estate)?.strip_prefix('-'))
        .filter(|rest| !rest.is_empty())
        .unwrap_or(name);
    clip(name, Room::of(NAME), Kind::Plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_told_by_its_name() {
        for (statistic, wanted) in [
            ("p99", true),
            ("tm99.9", true),
            ("TM(2%:98%)", true),
            ("Average", false),
            ("SampleCount", false),
            ("", false),
        ] {
            assert_eq!(is_percentile(statistic), wanted, "{statistic}");
        }
    }

    #[test]
    fn a_share_is_told_by_its_hundred() {
        for (expression, label, wanted) in [
            ("errors / requests * 100", "5xx rate", Quantity::Percent),
            ("100*(m2/m1)", "", Quantity::Percent),
            ("IF(m1 > 100, m2*100/m1, 0)", "", Quantity::Percent),
            ("m1 * 1000", "", Quantity::Bare),
            ("IF(m1>100,m2,0)", "", Quantity::Bare),
            ("m2/m1*100", "5xx (%)", Quantity::Bare),
        ] {
            assert_eq!(math_quantity(expression, label), wanted, "{expression}");
        }
    }

    #[test]
    fn a_name_loses_its_estate_but_never_everything() {
        for (name, estate, wanted) in [
            ("shop-api", Some("shop"), "api"),
            ("shop", Some("shop"), "shop"),
            ("shop-", Some("shop"), "shop-"),
            ("shopping-api", Some("shop"), "shopping-api"),
            ("shop-api", None, "shop-api"),
        ] {
            assert_eq!(short(name, estate), wanted);
        }
    }
}
