//! The capacity of Aurora Serverless v2: it follows the load within the bounds, quickly up, slowly
//! down. It is computed when somebody asks, out of the minutes before, so nothing of it is kept.

use super::Scaling;
use crate::load::Load;

/// How much of its capacity an instance is let use before it grows: a guess.
const FULL: f64 = 0.8;
/// What it can grow to in a minute, as a factor and in units, and what it can shrink to. "The scaling
/// rate … depends on its current capacity. The higher the current capacity, the faster"; the figures are
/// guesses: from 0.5 to 16 units in five minutes, and back in a quarter of an hour.
// https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-serverless-v2.how-it-works.html
const UP: f64 = 2.0;
const UP_AT_LEAST: f64 = 0.5;
const DOWN: f64 = 0.8;
/// How many minutes back it is computed from: by then all that was before has been caught up with.
const BACK: i64 = 16;

/// The capacity of the writer in a minute, and of readers with a promotion tier of 0 or 1, which are kept
/// at least as large; none where the bounds are not known. A change of the bounds takes effect at once.
// https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-serverless-v2.setting-capacity.html
pub(in crate::services) fn capacity(
    load: &Load,
    range: &dyn Fn(i64) -> Option<Scaling>,
    minute: i64,
) -> Option<f64> {
    let mut held: Option<f64> = None;
    for minute in minute - BACK..=minute {
        let Some(range) = range(minute) else {
            held = None;
            continue;
        };
        let wanted = load.at(minute) / FULL;
        let reached = held.map_or(wanted, |held| {
            let most = (held * UP).max(held + UP_AT_LEAST);
            wanted.clamp(held * DOWN, most)
        });
        held = Some(reached.max(range.min).min(range.max));
    }
    // "In half-step increments", as the bounds are; up, for the load must fit.
    held.map(|held| (held * 2.0).ceil() / 2.0)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::Timestamp;

    use super::*;

    const BOUNDS: Scaling = Scaling {
        min: 0.5,
        max: 16.0,
        pause_after: None,
    };

    /// From minute 100 on the load is another.
    fn step(from: f64, to: f64) -> Load {
        Load::Steps(BTreeMap::from([
            (Timestamp::UNIX_EPOCH, from),
            (Timestamp::from_second(6000).unwrap(), to),
        ]))
    }

    fn at(load: &Load, minute: i64) -> f64 {
        capacity(load, &|_| Some(BOUNDS), minute).unwrap()
    }

    #[test]
    fn it_grows_in_minutes_and_shrinks_in_a_quarter_of_an_hour_within_its_bounds() {
        let up = step(0.1, 40.0);
        for (minute, expected) in [(99, 0.5), (100, 1.0), (101, 2.0), (102, 4.0), (104, 16.0)] {
            assert!((at(&up, minute) - expected).abs() < 1e-9, "{minute}");
        }
        let down = step(40.0, 0.0);
        let sizes: Vec<f64> = (99..120).map(|minute| at(&down, minute)).collect();
        assert!(sizes.is_sorted_by(|a, b| a >= b), "{sizes:?}");
        assert!(at(&down, 105) > 3.0);
        assert!((at(&down, 118) - 0.5).abs() < 1e-9);
    }

    #[test]
    fn a_higher_minimum_is_there_at_once_and_without_bounds_there_is_nothing() {
        let idle = Load::constant(0.1);
        let raised = |minute: i64| {
            let min = if minute < 100 { 0.5 } else { 4.0 };
            Some(Scaling { min, ..BOUNDS })
        };
        assert_eq!(capacity(&idle, &raised, 99), Some(0.5));
        assert_eq!(capacity(&idle, &raised, 100), Some(4.0));
        assert_eq!(capacity(&idle, &|_| None, 100), None);
    }
}
