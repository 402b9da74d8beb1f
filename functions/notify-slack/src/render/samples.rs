//! Signals as they come from the estates, built by hand; and every kind of message drawn from them.

pub(super) mod alarms;
mod drawn;
mod events;
pub(super) mod reports;

use std::{collections::BTreeMap, sync::LazyLock};

use jiff::{Timestamp, tz::TimeZone};
use nightshift::config::Language;

pub(super) use self::drawn::drawn;
use self::{
    alarms::{anomaly, composite, connections, cpu, cpu_ok, errors, insufficient, math, unknown},
    events::{events, others},
    reports::reports,
};
use crate::{
    scene::Scene,
    signal::{Alarm, AlarmState, Comparison, Metric, Rule, Signal, Test, VERSION, What},
};

pub(super) const ACCOUNT: &str = "123456789012";
pub(super) const REGION: &str = "ap-northeast-1";
pub(super) const PRODUCTION: &str = "bookmark-manager-production";
pub(super) const STAGING: &str = "bookmark-manager-staging";

static TOKYO: LazyLock<TimeZone> = LazyLock::new(|| TimeZone::get("Asia/Tokyo").unwrap());

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Tuesday, 24 November 2026, 14:14 in Tokyo.
pub(crate) fn scene(language: Language) -> Scene<'static> {
    Scene {
        language,
        zone: &TOKYO,
        now: at("2026-11-24T14:14:20+09:00"),
        estate: Some(PRODUCTION),
        quiet: None,
        function: "nightshift-notify-slack",
    }
}

fn today(time: &str) -> Timestamp {
    at(&format!("2026-11-24T{time}:31+09:00"))
}

pub(super) fn signal(what: What) -> Signal {
    Signal {
        version: VERSION,
        key: "event/c4c1c1c9-6542-e61b-6ef0-8c4d36933a92".to_owned(),
        at: today("14:02"),
        account: ACCOUNT.to_owned(),
        region: REGION.to_owned(),
        what,
    }
}

pub(super) fn metric(namespace: &str, name: &str, dimensions: &[(&str, &str)]) -> Metric {
    Metric {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        dimensions: owned(dimensions),
        statistic: "Average".to_owned(),
        period: Some(60),
        unit: None,
    }
}

pub(super) fn test(comparison: Comparison, threshold: f64, periods: u32) -> Test {
    Test {
        comparison: Some(comparison),
        threshold: Some(threshold),
        periods: Some(periods),
        datapoints: Some(periods),
    }
}

fn owned(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

pub(super) fn alarm(name: &str, rule: Rule, measured: &[f64]) -> Alarm {
    Alarm {
        arn: format!("arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{name}"),
        name: name.to_owned(),
        description: None,
        state: AlarmState::Alarm,
        previous: Some(AlarmState::Ok),
        reason: "Threshold Crossed: 3 out of the last 3 datapoints were greater than the threshold (minimum 3 datapoints for OK -> ALARM transition).".to_owned(),
        rule,
        measured: measured.to_vec(),
        children: Vec::new(),
        suppressed_by: None,
        contributor: BTreeMap::new(),
    }
}

fn told(alarm: Alarm) -> Signal {
    signal(What::Alarm(Box::new(alarm)))
}

/// One signal of each sort.
pub(super) fn signals(language: Language) -> Vec<Signal> {
    let alarms = [
        cpu(),
        errors(),
        math(),
        anomaly(),
        composite(),
        insufficient(),
        unknown(),
    ];
    let reports = reports(language).into_iter().take(1);
    let rest = reports.chain(events()).chain(others());
    let rest = rest.filter(|(name, _)| !name.ends_with("_cut"));
    let mut all: Vec<Signal> = alarms.map(told).into();
    all.extend(rest.map(|(_, signal)| signal));
    all
}

/// Many signals of all sorts.
pub(super) fn storm(count: usize) -> Vec<Signal> {
    (0..count)
        .map(|index| {
            let mut signal = match index % 4 {
                0 => cpu_ok(),
                1 => told(Alarm {
                    name: format!("alarm-{index}"),
                    ..errors()
                }),
                2 => told(connections()),
                _ => told(cpu()),
            };
            if let What::Alarm(alarm) = &mut signal.what
                && let Rule::Metric { metric, .. } = &mut alarm.rule
            {
                for value in metric.dimensions.values_mut() {
                    *value = value.replace("production", &format!("production-{index}"));
                }
            }
            signal
        })
        .collect()
}
