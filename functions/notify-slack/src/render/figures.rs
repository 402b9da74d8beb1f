//! Figures as people read them: few digits, in the unit that suits them, and never so rounded that a
//! value seems to be on the other side of its threshold.

use super::{metrics, words::Tongue};
use crate::signal::Metric;

/// What a figure counts, and so how it is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Quantity {
    /// Nothing is known about it.
    Bare,
    Percent,
    /// Seconds for each one.
    Time(f64),
    /// Bytes for each one, and what stands behind the unit (`/s`).
    Bytes(f64, &'static str),
    /// Bits for each one, and what stands behind the unit.
    Bits(f64, &'static str),
    /// Something with a unit of its own, which is never scaled.
    Of(&'static str),
}

impl Quantity {
    /// What a metric's figures count: by the unit it names, or else by what is known of it.
    pub(super) fn of(metric: &Metric) -> Self {
        metric
            .unit
            .as_deref()
            .and_then(Self::named)
            .or_else(|| metrics::known(metric).map(metrics::Known::quantity))
            .unwrap_or(Self::Bare)
    }

    /// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html>
    fn named(unit: &str) -> Option<Self> {
        let (unit, per) = match unit.split_once('/') {
            Some((unit, "Second")) => (unit, "/s"),
            _ => (unit, ""),
        };
        let factor = |prefix: &str| match prefix {
            "" => Some(1.0),
            "kilo" => Some(1e3),
            "mega" => Some(1e6),
            "giga" => Some(1e9),
            "tera" => Some(1e12),
            _ => None,
        };
        let lower = unit.to_ascii_lowercase();
        Some(match lower.as_str() {
            "percent" => Self::Percent,
            "seconds" => Self::Time(1.0),
            "milliseconds" => Self::Time(1e-3),
            "microseconds" => Self::Time(1e-6),
            "count" if per == "/s" => Self::Of("/s"),
            "count" => Self::Bare,
            other => {
                if let Some(prefix) = other.strip_suffix("bytes") {
                    Self::Bytes(factor(prefix)?, per)
                } else {
                    Self::Bits(factor(other.strip_suffix("bits")?)?, per)
                }
            }
        })
    }
}

/// How the figures of one message are written: all in the same unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    quantity: Quantity,
    /// By what a figure is multiplied.
    factor: f64,
    unit: &'static str,
}

impl Scale {
    /// The scale for these figures. What is a whole number of mebibytes is told in binary units, so
    /// that 2147483648 is 2 GiB and not 2.15 GB.
    pub(super) fn new(quantity: Quantity, threshold: Option<f64>, figures: &[f64]) -> Self {
        let largest = figures
            .iter()
            .copied()
            .chain(threshold)
            .filter(|figure| figure.is_finite())
            .fold(0.0_f64, |largest, figure| largest.max(figure.abs()));
        let pick = |base: f64, steps: &[(f64, &'static str)]| {
            let largest = largest * base;
            let step = steps.iter().rev().find(|(size, _)| largest >= *size);
            step.or_else(|| steps.first())
                .map_or((1.0, ""), |(size, unit)| (base / size, *unit))
        };
        let (factor, unit) = match quantity {
            Quantity::Bare | Quantity::Percent => (1.0, ""),
            Quantity::Of(unit) => (1.0, unit),
            Quantity::Time(base) => pick(
                base,
                &[(1e-6, "µs"), (1e-3, "ms"), (1.0, "s"), (3600.0, "h")],
            ),
            Quantity::Bytes(base, per) => {
                let whole = threshold.is_some_and(|threshold| {
                    let mebibytes = threshold * base / 1_048_576.0;
                    mebibytes >= 1.0 && mebibytes.fract() == 0.0
                });
                match (whole, per) {
                    (true, "/s") => {
                        pick(base, &[(1_048_576.0, "MiB/s"), (1_073_741_824.0, "GiB/s")])
                    }
                    (true, _) => pick(
                        base,
                        &[
                            (1_048_576.0, "MiB"),
                            (1_073_741_824.0, "GiB"),
                            (1_099_511_627_776.0, "TiB"),
                        ],
                    ),
                    (false, "/s") => pick(
                        base,
                        &[(1.0, "B/s"), (1e3, "kB/s"), (1e6, "MB/s"), (1e9, "GB/s")],
                    ),
                    (false, _) => pick(
                        base,
                        &[
                            (1.0, "B"),
                            (1e3, "kB"),
                            (1e6, "MB"),
                            (1e9, "GB"),
                            (1e12, "TB"),
                        ],
                    ),
                }
            }
            Quantity::Bits(base, "/s") => pick(
                base,
                &[
                    (1.0, "bit/s"),
                    (1e3, "kbit/s"),
                    (1e6, "Mbit/s"),
                    (1e9, "Gbit/s"),
                ],
            ),
            Quantity::Bits(base, _) => pick(
                base,
                &[(1.0, "bit"), (1e3, "kbit"), (1e6, "Mbit"), (1e9, "Gbit")],
            ),
        };
        Self {
            quantity,
            factor,
            unit,
        }
    }

    /// A threshold, as exactly as it was set.
    pub(super) fn threshold(&self, threshold: f64, tongue: &dyn Tongue) -> String {
        self.write(&digits(threshold * self.factor, EXACT), tongue)
    }

    /// A value, with as many digits as tell it from its threshold.
    pub(super) fn value(&self, value: f64, threshold: Option<f64>, tongue: &dyn Tongue) -> String {
        let value = value * self.factor;
        let threshold = threshold.map(|threshold| threshold * self.factor);
        let same_side = |text: &str| {
            let shown: f64 = text.parse().unwrap_or(value);
            threshold.is_none_or(|threshold| {
                shown.partial_cmp(&threshold) == value.partial_cmp(&threshold)
            })
        };
        let told = (FEW..=EXACT)
            .map(|places| rounded(value, places))
            .find(|text| same_side(text))
            .unwrap_or_else(|| rounded(value, EXACT));
        self.write(&grouped(&told), tongue)
    }

    fn write(&self, number: &str, tongue: &dyn Tongue) -> String {
        match (self.quantity, self.unit) {
            (Quantity::Percent, _) => tongue.percent(number),
            (_, "") => number.to_owned(),
            (_, unit) if unit.starts_with('/') => format!("{number}{unit}"),
            (_, unit) => format!("{number} {unit}"),
        }
    }
}

/// How many digits a value has at first.
const FEW: usize = 3;
/// How many digits a figure has at most.
const EXACT: usize = 9;

fn digits(value: f64, places: usize) -> String {
    grouped(&rounded(value, places))
}

/// A number with so many digits that count, at least all of those before the point, and no noughts
/// after the last that says something.
fn rounded(value: f64, places: usize) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    if value != 0.0 && !(1e-9..1e15).contains(&value.abs()) {
        return format!("{value:.2e}");
    }
    let mut before = 0_usize;
    let mut whole = value.abs();
    while whole >= 1.0 {
        whole /= 10.0;
        before += 1;
    }
    let mut noughts = 0_usize;
    let mut small = value.abs();
    while small > 0.0 && small < 0.1 {
        small *= 10.0;
        noughts += 1;
    }
    let after = (places + noughts).saturating_sub(before).min(12);
    let text = format!("{value:.after$}");
    let text = if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        &text
    };
    match text {
        "-0" | "" => "0".to_owned(),
        text => text.to_owned(),
    }
}

/// `1234567` as `1,234,567`.
fn grouped(number: &str) -> String {
    let (sign, number) = match number.strip_prefix('-') {
        Some(number) => ("-", number),
        None => ("", number),
    };
    let (whole, fraction) = match number.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (number, None),
    };
    if !whole.bytes().all(|byte| byte.is_ascii_digit()) {
        return format!("{sign}{number}");
    }
    let mut told = String::from(sign);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            told.push(',');
        }
        told.push(digit);
    }
    if let Some(fraction) = fraction {
        told.push('.');
        told.push_str(fraction);
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::words::tongue;
    use nightshift::config::Language;

    fn compared(quantity: Quantity, value: f64, threshold: f64) -> String {
        let scale = Scale::new(quantity, Some(threshold), &[value]);
        let tongue = tongue(Language::En);
        format!(
            "{} / {}",
            scale.value(value, Some(threshold), tongue),
            scale.threshold(threshold, tongue)
        )
    }

    #[test]
    fn figures_are_in_the_unit_that_people_read() {
        for (quantity, value, threshold, told) in [
            (Quantity::Percent, 91.234, 80.0, "91.2 % / 80 %"),
            (Quantity::Percent, 7.345_678, 5.0, "7.35 % / 5 %"),
            (Quantity::Bare, 37.0, 5.0, "37 / 5"),
            (Quantity::Bare, 1_234_567.0, 1e6, "1,234,567 / 1,000,000"),
            (Quantity::Bare, 0.000_123_4, 0.0001, "0.000123 / 0.0001"),
            (Quantity::Time(1.0), 0.85, 0.5, "850 ms / 500 ms"),
            (Quantity::Time(1.0), 2.417, 1.0, "2.42 s / 1 s"),
            (Quantity::Time(1e-3), 12_000.0, 500.0, "12 s / 0.5 s"),
            (Quantity::Time(1.0), 0.0, 0.0, "0 µs / 0 µs"),
            (Quantity::Time(1.0), 7200.0, 3600.0, "2 h / 1 h"),
            (Quantity::Bytes(1.0, ""), 1.9e9, 2e9, "1.9 GB / 2 GB"),
            (
                Quantity::Bytes(1.0, ""),
                1.9e9,
                2_147_483_648.0,
                "1.77 GiB / 2 GiB",
            ),
            (Quantity::Bytes(1.0, "/s"), 5e6, 4e6, "5 MB/s / 4 MB/s"),
            (Quantity::Bytes(1e3, ""), 5e6, 4e6, "5 GB / 4 GB"),
            (Quantity::Bits(1.0, "/s"), 5e6, 4e6, "5 Mbit/s / 4 Mbit/s"),
            (Quantity::Of("ACU"), 15.5, 14.0, "15.5 ACU / 14 ACU"),
            (Quantity::Of("/s"), 15.5, 14.0, "15.5/s / 14/s"),
            (Quantity::Bare, f64::NAN, 1.0, "– / 1"),
            (Quantity::Bare, 1e20, 1.0, "1.00e20 / 1"),
            (Quantity::Bare, -12.0, -1234.5, "-12 / -1,234.5"),
        ] {
            assert_eq!(compared(quantity, value, threshold), told);
        }
    }

    #[test]
    fn a_value_never_seems_to_be_on_the_other_side_of_its_threshold() {
        for (value, threshold, told) in [
            (80.04, 80.0, "80.04 % / 80 %"),
            (79.96, 80.0, "79.96 % / 80 %"),
            (80.0, 80.0, "80 % / 80 %"),
            (99.951, 99.95, "100 % / 99.95 %"),
            (99.949, 99.95, "99.9 % / 99.95 %"),
        ] {
            assert_eq!(compared(Quantity::Percent, value, threshold), told);
        }
    }

    #[test]
    fn the_unit_that_a_metric_names_wins_over_what_is_known_of_it() {
        let metric = |name: &str, unit: Option<&str>| Metric {
            namespace: "AWS/RDS".to_owned(),
            name: name.to_owned(),
            unit: unit.map(str::to_owned),
            ..Metric::default()
        };
        for (name, unit, quantity) in [
            ("CPUUtilization", None, Quantity::Percent),
            (
                "FreeStorageSpace",
                Some("Megabytes"),
                Quantity::Bytes(1e6, ""),
            ),
            (
                "NetworkThroughput",
                Some("Kilobits/Second"),
                Quantity::Bits(1e3, "/s"),
            ),
            ("Mine", Some("Count/Second"), Quantity::Of("/s")),
            ("Mine", Some("None"), Quantity::Bare),
            ("CPUUtilization", Some("None"), Quantity::Percent),
            ("Mine", Some("Petabytes"), Quantity::Bare),
            ("Mine", None, Quantity::Bare),
        ] {
            assert_eq!(
                Quantity::of(&metric(name, unit)),
                quantity,
                "{name} {unit:?}"
            );
        }
    }
}
