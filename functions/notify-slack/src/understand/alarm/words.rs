//! What CloudWatch's own sentence tells of a metric alarm. EventBridge says neither the comparison
//! nor how many periods are looked at, so the sentence is the only source:
//!
//! > Threshold Crossed: 2 out of the last 3 datapoints [93.1 (21/11/26 10:20:00), 88.4 (21/11/26
//! > 10:19:00)] were greater than the threshold (80.0) (minimum 2 datapoints for OK -> ALARM
//! > transition).
//!
//! What is not there, or worded otherwise, is not told.

use crate::signal::Comparison;

/// How the values are compared. The sentence of an OK negates it: `was not greater than`.
pub(super) fn comparison(reason: &str) -> Option<Comparison> {
    let has = |words| reason.contains(words);
    let below = has("less than the lower threshold");
    let above = has("greater than the upper threshold");
    match (below, above) {
        (true, true) => Some(Comparison::OutsideBand),
        (true, false) => Some(Comparison::BelowBand),
        (false, true) => Some(Comparison::AboveBand),
        _ if has("greater than or equal to the threshold") => Some(Comparison::GreaterOrEqual),
        _ if has("greater than the threshold") => Some(Comparison::Greater),
        _ if has("less than or equal to the threshold") => Some(Comparison::LessOrEqual),
        _ if has("less than the threshold") => Some(Comparison::Less),
        _ => None,
    }
}

/// With what they are compared.
pub(super) fn threshold(reason: &str) -> Option<f64> {
    let (_, rest) = reason.split_once("the threshold (")?;
    let (number, _) = rest.split_once(')')?;
    finite(number)
}

/// The values, as they are told: newest first.
pub(super) fn measured(reason: &str) -> Vec<f64> {
    let groups = reason.split('[').skip(1);
    let lists = groups.filter_map(|group| group.split_once(']').map(|(list, _)| list));
    let in_brackets = lists.map(values).find(|values| !values.is_empty());
    in_brackets.unwrap_or_else(|| older(reason))
}

/// `93.1 (21/11/26 10:20:00), 88.4 (…)`. Words in brackets, as in `treated as [Breaching]`, are no
/// values.
fn values(list: &str) -> Vec<f64> {
    let values: Option<Vec<f64>> = list
        .split(", ")
        .map(|item| finite(item.split_whitespace().next()?))
        .collect();
    values.unwrap_or_default()
}

/// Once it was `1 datapoint (93.1) was greater than …`.
fn older(reason: &str) -> Vec<f64> {
    let value = || {
        let (_, rest) = reason.split_once("datapoint (")?;
        finite(rest.split_once(')')?.0)
    };
    value().into_iter().collect()
}

/// How many periods are looked at.
pub(super) fn periods(reason: &str) -> Option<u32> {
    if let Some((_, rest)) = reason.split_once("out of the last ") {
        return leading(rest);
    }
    if let Some((_, rest)) = reason.split_once("no datapoints were received for ") {
        return leading(rest);
    }
    // Where all of them must be across the threshold, only their number is told, and for the way
    // back it is how many were looked at, not how many there are.
    let (_, rest) = reason.split_once("Crossed: ")?;
    leading(rest).filter(|_| !reason.contains(" not "))
}

/// How many of them must be across the threshold; told on the way to ALARM only.
pub(super) fn datapoints(reason: &str) -> Option<u32> {
    let (_, rest) = reason.split_once("(minimum ")?;
    leading(rest).filter(|_| rest.contains("for OK -> ALARM transition"))
}

fn leading(text: &str) -> Option<u32> {
    text.split_whitespace().next()?.parse().ok()
}

fn finite(number: &str) -> Option<f64> {
    let number = number.trim().parse().ok();
    number.filter(|number: &f64| number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sentence_tells_the_comparison() {
        let table = [
            (
                "[1.0] was greater than the threshold (0.0)",
                Some(Comparison::Greater),
            ),
            (
                "[1.0] was greater than or equal to the threshold (1.0)",
                Some(Comparison::GreaterOrEqual),
            ),
            (
                "[1.0] was less than the threshold (2.0)",
                Some(Comparison::Less),
            ),
            (
                "[0.0, 0.0] were less than or equal to the threshold (0.0)",
                Some(Comparison::LessOrEqual),
            ),
            // A recovery: the comparison is the alarm's, not its opposite.
            (
                "[1.0] was not greater than the threshold (5.0)",
                Some(Comparison::Greater),
            ),
            (
                "[1.0] was less than the lower thresholds [2.0] or greater than the upper thresholds [3.0]",
                Some(Comparison::OutsideBand),
            ),
            (
                "[1.0] was not less than the lower thresholds [0.1] or not greater than the upper thresholds [3.0]",
                Some(Comparison::OutsideBand),
            ),
            (
                "[4.0] was greater than the upper thresholds [3.0]",
                Some(Comparison::AboveBand),
            ),
            (
                "[1.0] was less than the lower thresholds [2.0]",
                Some(Comparison::BelowBand),
            ),
            ("Unchecked: Initial alarm creation", None),
            ("", None),
        ];
        for (reason, expected) in table {
            assert_eq!(comparison(reason), expected, "{reason}");
        }
    }

    #[test]
    fn the_sentence_tells_threshold_values_and_periods() {
        type Told<'a> = (Option<f64>, &'a [f64], Option<u32>, Option<u32>);
        let table: [(&str, Told<'_>); 10] = [
            (
                "Threshold Crossed: 2 out of the last 3 datapoints [93.1 (21/11/26 10:20:00), 88.4 (21/11/26 10:19:00)] were greater than the threshold (80.0) (minimum 2 datapoints for OK -> ALARM transition).",
                (Some(80.0), &[93.1, 88.4], Some(3), Some(2)),
            ),
            (
                "Threshold Crossed: 1 out of the last 2 datapoints [0.1 (01/10/26 13:46:00)] was not greater than the threshold (50.0) (minimum 1 datapoint for ALARM -> OK transition).",
                (Some(50.0), &[0.1], Some(2), None),
            ),
            (
                "Threshold Crossed: 1 datapoint (37.1) was less than or equal to the threshold (40.0).",
                (Some(40.0), &[37.1], Some(1), None),
            ),
            (
                "Threshold Crossed: 2 datapoints [0.0 (09/01/23 14:02:00), 1.0 (09/01/23 14:01:00)] were not greater than the threshold (42.0).",
                (Some(42.0), &[0.0, 1.0], None, None),
            ),
            (
                "Threshold Crossed: no datapoints were received for 3 periods and 3 missing datapoints were treated as [Breaching].",
                (None, &[], Some(3), None),
            ),
            (
                "Threshold Crossed: 1 datapoint was less than the threshold (1.0). The most recent datapoint which crossed the threshold: [0.0 (01/12/25 13:34:00)].",
                (Some(1.0), &[0.0], Some(1), None),
            ),
            (
                "Thresholds Crossed: 1 out of the last 1 datapoints [0.0 (03/10/19 15:58:00)] was less than the lower thresholds [0.02] or greater than the upper thresholds [0.3] (minimum 1 datapoint for OK -> ALARM transition).",
                (None, &[0.0], Some(1), Some(1)),
            ),
            (
                "Threshold Crossed: 1 datapoint [1.0E7 (01/12/25 13:34:00)] was greater than the threshold (1.0E6).",
                (Some(1e6), &[1e7], Some(1), None),
            ),
            (
                "Threshold Crossed: 1 datapoint [NaN (x)] was greater than the threshold (inf).",
                (None, &[], Some(1), None),
            ),
            ("tried out by hand [really]", (None, &[], None, None)),
        ];
        for (reason, (limit, values, looked_at, across)) in table {
            assert_eq!(threshold(reason), limit, "{reason}");
            assert_eq!(measured(reason), values, "{reason}");
            assert_eq!(periods(reason), looked_at, "{reason}");
            assert_eq!(datapoints(reason), across, "{reason}");
        }
    }
}
