//! How alarms come to their states: so many breaching periods out of so many, with what is said
//! about periods that have no data. Alarms on what a load makes look by themselves, see
//! [`super::watch`].
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html>

use jiff::{Timestamp, tz::TimeZone};
use serde_json::json;

use super::{
    made::Source,
    metrics::Measured,
    state::{self, Kind, MetricAlarm},
};
use crate::world::World;

/// What of a period's values is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Statistic {
    Average,
    Maximum,
    Minimum,
    SampleCount,
    Sum,
}

impl Statistic {
    const ALL: [Self; 5] = [
        Self::Average,
        Self::Maximum,
        Self::Minimum,
        Self::SampleCount,
        Self::Sum,
    ];

    pub(super) fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Average => "Average",
            Self::Maximum => "Maximum",
            Self::Minimum => "Minimum",
            Self::SampleCount => "SampleCount",
            Self::Sum => "Sum",
        }
    }

    pub(super) fn of_measured(self, measured: Measured) -> f64 {
        match self {
            Self::Average => measured.sum / measured.count,
            Self::Maximum => measured.most,
            Self::Minimum => measured.least,
            Self::SampleCount => measured.count,
            Self::Sum => measured.sum,
        }
    }
}

/// When a value breaches the threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

impl Comparison {
    const ALL: [Self; 4] = [
        Self::Greater,
        Self::GreaterOrEqual,
        Self::Less,
        Self::LessOrEqual,
    ];

    pub(super) fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Greater => "GreaterThanThreshold",
            Self::GreaterOrEqual => "GreaterThanOrEqualToThreshold",
            Self::Less => "LessThanThreshold",
            Self::LessOrEqual => "LessThanOrEqualToThreshold",
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Greater => "greater than",
            Self::GreaterOrEqual => "greater than or equal to",
            Self::Less => "less than",
            Self::LessOrEqual => "less than or equal to",
        }
    }

    fn breaches(self, value: f64, threshold: f64) -> bool {
        match self {
            Self::Greater => value > threshold,
            Self::GreaterOrEqual => value >= threshold,
            Self::Less => value < threshold,
            Self::LessOrEqual => value <= threshold,
        }
    }
}

/// What a period without data counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missing {
    Breaching,
    NotBreaching,
    Ignore,
    Unknown,
}

impl Missing {
    const ALL: [Self; 4] = [
        Self::Breaching,
        Self::NotBreaching,
        Self::Ignore,
        Self::Unknown,
    ];

    pub(super) fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Breaching => "breaching",
            Self::NotBreaching => "notBreaching",
            Self::Ignore => "ignore",
            Self::Unknown => "missing",
        }
    }
}

/// Lets alarms look at every whole minute after `from`, until and with `to`, and change as they
/// would have then: with the events and messages of those minutes. `world.now` is afterwards what it
/// was before, so spans must be given in their order and not lie ahead. Alarms on what a load makes
/// have looked by themselves.
pub fn evaluate(world: &mut World, from: Timestamp, to: Timestamp) {
    let now = world.now;
    let first = from.as_second().div_euclid(60) + 1;
    for minute in first..=to.as_second().div_euclid(60) {
        let Ok(at) = Timestamp::from_second(minute * 60) else {
            break;
        };
        world.now = at;
        look(world, at);
    }
    world.now = now;
}

fn look(world: &mut World, at: Timestamp) {
    let mut changes = Vec::new();
    for alarm in world.cloudwatch.alarms.values() {
        let Kind::Metric(metric) = &alarm.kind else {
            continue;
        };
        let source = Source::of(world, &metric.metric);
        if matches!(source, Source::Made(_)) {
            continue;
        }
        let mut between = |from, to| source.between(from, to, at);
        let verdict = judge(metric, at, alarm.state.value, &mut between);
        if let Some(verdict) = verdict.filter(|verdict| verdict.value != alarm.state.value) {
            changes.push((alarm.name.clone(), verdict));
        }
    }
    apply(world, changes);
}

/// Brings alarms into the states that they should be in, and composite alarms after them.
pub(super) fn apply(world: &mut World, changes: Vec<(String, Verdict)>) {
    for (name, verdict) in changes {
        state::change(
            world,
            &name,
            verdict.value,
            verdict.reason,
            Some(verdict.data),
        );
    }
    // Composite alarms can stand on composite alarms: each round carries a change one floor up.
    for _ in 0..world.cloudwatch.alarms.len() {
        let changes = composite_changes(world);
        if changes.is_empty() {
            break;
        }
        for (name, value, reason) in changes {
            state::change(world, &name, value, reason, None);
        }
    }
}

fn composite_changes(world: &World) -> Vec<(String, &'static str, String)> {
    let alarms = &world.cloudwatch.alarms;
    let state_of = |name: &str| alarms.get(name).map(|alarm| alarm.state.value);
    let mut changes = Vec::new();
    for alarm in alarms.values() {
        let Kind::Composite(composite) = &alarm.kind else {
            continue;
        };
        let value = if composite.rule.holds(&state_of) {
            "ALARM"
        } else {
            "OK"
        };
        if value != alarm.state.value {
            let reason = format!("The alarm rule {} was evaluated to {value}", composite.text);
            changes.push((alarm.name.clone(), value, reason));
        }
    }
    changes
}

/// What an alarm should be in.
#[derive(Debug)]
pub(super) struct Verdict {
    pub(super) value: &'static str,
    reason: String,
    data: String,
}

/// A period with data: how many periods ago it was, when it began, and its value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Point {
    age: i64,
    began: i64,
    pub(super) value: f64,
}

/// What was measured from one second up to another.
pub(super) type Between<'a> = dyn FnMut(i64, i64) -> Option<Measured> + 'a;

/// The verdict at an instant; none where the alarm stays as it is.
pub(super) fn judge(
    alarm: &MetricAlarm,
    at: Timestamp,
    now: &str,
    between: &mut Between<'_>,
) -> Option<Verdict> {
    let points = points(alarm, at, between);
    let value = verdict(alarm, &points)?;
    let (reason, data) = words(alarm, &points, at, value, now);
    Some(Verdict {
        value,
        reason,
        data,
    })
}

/// More periods are read than are evaluated, to stand in for those without data. How many more is not
/// documented in general; the guide's example reads two.
const MORE: i64 = 2;

/// How many seconds before an instant it looks at.
pub(super) fn looks_back(alarm: &MetricAlarm) -> i64 {
    (alarm.evaluation_periods + MORE) * alarm.period
}

/// The periods that are evaluated at an instant, the newest first.
pub(super) fn points(alarm: &MetricAlarm, at: Timestamp, between: &mut Between<'_>) -> Vec<Point> {
    let periods = alarm.evaluation_periods;
    let read = (1..=periods + MORE).filter_map(|age| {
        let began = at.as_second() - age * alarm.period;
        let measured = between(began, began + alarm.period)?;
        let value = alarm.statistic.of_measured(measured);
        Some(Point { age, began, value })
    });
    read.take(usize::try_from(periods).unwrap_or(usize::MAX))
        .collect()
}

/// What an alarm should be in by these points; none where it stays as it is.
pub(super) fn verdict(alarm: &MetricAlarm, points: &[Point]) -> Option<&'static str> {
    let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    let missing = alarm.evaluation_periods - count(points.len());
    let breaches = |point: &&Point| alarm.comparison.breaches(point.value, alarm.threshold);
    let breaching = count(points.iter().filter(breaches).count());
    let enough = |breaching: i64| {
        if breaching >= alarm.datapoints_to_alarm {
            "ALARM"
        } else {
            "OK"
        }
    };
    if missing == 0 {
        return Some(enough(breaching));
    }
    match alarm.treat_missing {
        Missing::Breaching => Some(enough(breaching + missing)),
        Missing::NotBreaching => Some(enough(breaching)),
        Missing::Unknown if points.is_empty() => Some("INSUFFICIENT_DATA"),
        Missing::Ignore if points.is_empty() => None,
        _ if breaching >= alarm.datapoints_to_alarm => Some("ALARM"),
        _ if breaching < count(points.len()) => Some("OK"),
        // All that is there breaches: an alarm once the oldest is old enough, and not before.
        Missing::Unknown => {
            let oldest = points.iter().map(|point| point.age).max()?;
            (oldest >= alarm.datapoints_to_alarm).then_some("ALARM")
        }
        Missing::Ignore => None,
    }
}

fn words(
    alarm: &MetricAlarm,
    points: &[Point],
    at: Timestamp,
    value: &str,
    before: &str,
) -> (String, String) {
    let (periods, threshold) = (alarm.evaluation_periods, alarm.threshold);
    let reason = if points.is_empty() {
        match alarm.treat_missing {
            Missing::Breaching | Missing::NotBreaching => {
                let how = if value == "ALARM" {
                    "Breaching"
                } else {
                    "NonBreaching"
                };
                format!(
                    "Threshold Crossed: no datapoints were received for {periods} periods and {periods} missing datapoints were treated as [{how}]."
                )
            }
            Missing::Ignore | Missing::Unknown => {
                format!("Insufficient Data: {periods} datapoints were unknown.")
            }
        }
    } else {
        let breaches = |point: &&Point| {
            alarm.comparison.breaches(point.value, threshold) == (value == "ALARM")
        };
        let shown: Vec<&Point> = points.iter().filter(breaches).collect();
        let list: Vec<String> = shown
            .iter()
            .map(|point| format!("{:?} ({})", point.value, short(point.began)))
            .collect();
        let not = if value == "ALARM" { "" } else { "not " };
        format!(
            "Threshold Crossed: {} out of the last {periods} datapoints [{}] was {not}{} the threshold ({threshold:?}) (minimum {} datapoints for {before} -> {value} transition).",
            shown.len(),
            list.join(", "),
            alarm.comparison.words(),
            alarm.datapoints_to_alarm,
        )
    };
    let recent: Vec<f64> = points.iter().rev().map(|point| point.value).collect();
    let start = points
        .last()
        .and_then(|point| Timestamp::from_second(point.began).ok());
    let data = json!({
        "version": "1.0",
        "queryDate": state::millis(at),
        "startDate": start.map(state::millis),
        "statistic": alarm.statistic.name(),
        "period": alarm.period,
        "recentDatapoints": recent,
        "threshold": threshold,
    });
    (reason, data.to_string())
}

/// `02/10/19 16:59:00`
fn short(second: i64) -> String {
    let at = Timestamp::from_second(second).unwrap_or_default();
    at.to_zoned(TimeZone::UTC)
        .strftime("%d/%m/%y %H:%M:%S")
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::{
        super::metrics::{Metric, record},
        *,
    };

    const AT: i64 = 1_800_000_000;

    /// The guide's notation: X breaches, 0 does not, - is missing, the newest at the right.
    fn state_of(periods: &str, needed: i64, of: i64, missing: Missing) -> Option<&'static str> {
        let metric = Metric::of("N", "M", &json!([]));
        let mut world = World::new(Timestamp::from_second(AT).unwrap(), 1);
        for (age, letter) in (1..).zip(periods.chars().rev().filter(|letter| *letter != ' ')) {
            let at = Timestamp::from_second(AT - age * 60).unwrap();
            match letter {
                'X' => record(&mut world, metric.clone(), at, 2.0),
                '0' => record(&mut world, metric.clone(), at, 0.0),
                _ => {}
            }
        }
        let alarm = MetricAlarm {
            metric,
            statistic: Statistic::Sum,
            period: 60,
            evaluation_periods: of,
            datapoints_to_alarm: needed,
            comparison: Comparison::Greater,
            threshold: 1.0,
            treat_missing: missing,
        };
        let stored = &world.cloudwatch.metrics;
        let mut between = |from, to| stored.between(&alarm.metric, from, to);
        judge(&alarm, world.now, "OK", &mut between).map(|verdict| verdict.value)
    }

    #[test]
    fn missing_data_is_treated_as_in_the_table_of_the_guide() {
        const ALARM: Option<&str> = Some("ALARM");
        const OK: Option<&str> = Some("OK");
        let unknown = Some("INSUFFICIENT_DATA");
        let cases = [
            ("0 - X - X", 3, [OK, OK, OK, OK]),
            ("- - - - 0", 3, [OK, OK, OK, OK]),
            ("- - - - -", 3, [unknown, None, ALARM, OK]),
            ("0 X X - X", 3, [ALARM, ALARM, ALARM, ALARM]),
            ("- - X - -", 3, [ALARM, None, ALARM, OK]),
            ("0 - X - X", 2, [ALARM, ALARM, ALARM, ALARM]),
            ("0 0 X 0 X", 2, [ALARM, ALARM, ALARM, ALARM]),
            ("0 - X - -", 2, [OK, OK, ALARM, OK]),
            ("- - - - 0", 2, [OK, OK, ALARM, OK]),
            ("- - - X -", 2, [ALARM, None, ALARM, OK]),
            ("- - - - X", 2, [None, None, ALARM, OK]),
        ];
        let ways = [
            Missing::Unknown,
            Missing::Ignore,
            Missing::Breaching,
            Missing::NotBreaching,
        ];
        for (periods, needed, expected) in cases {
            for (way, expected) in ways.into_iter().zip(expected) {
                assert_eq!(
                    state_of(periods, needed, 3, way),
                    expected,
                    "{periods}, {needed} of 3, {way:?}"
                );
            }
        }
    }
}
