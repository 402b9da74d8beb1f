//! Schedules of EventBridge Scheduler as plain data: when they are due is a pure function, and
//! whoever keeps the time calls it.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

/// A schedule.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    /// Its name.
    pub name: String,
    /// When it is due.
    pub every: Every,
    /// What its target gets.
    pub input: Value,
    /// Whether it is `ENABLED`.
    pub enabled: bool,
}

/// When a schedule is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Every {
    /// `rate(n minutes)`, counted on whole minutes since 1970.
    Minutes(u32),
    /// `at(…)`: once.
    At(Timestamp),
}

/// When a schedule is due after `from`, until and with `to`.
// Scheduler keeps to 60 seconds; whole minutes stand for that.
// https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
#[must_use]
pub fn occurrences(schedule: &Schedule, from: Timestamp, to: Timestamp) -> Vec<Timestamp> {
    if !schedule.enabled {
        return Vec::new();
    }
    match schedule.every {
        Every::At(at) => (from < at && at <= to).then_some(at).into_iter().collect(),
        Every::Minutes(0) => Vec::new(),
        Every::Minutes(minutes) => {
            let seconds = i64::from(minutes) * 60;
            let first = (from.as_second().div_euclid(seconds) + 1) * seconds;
            let mut due = Vec::new();
            let mut next = Timestamp::from_second(first);
            while let Ok(at) = next
                && at <= to
            {
                due.push(at);
                next = at.checked_add(SignedDuration::from_secs(seconds));
            }
            due
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(every: Every) -> Schedule {
        Schedule {
            name: "tick".to_owned(),
            every,
            input: Value::Null,
            enabled: true,
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_rate_is_due_once_in_each_span_without_gap_or_double() {
        let tick = schedule(Every::Minutes(1));
        assert_eq!(occurrences(&tick, at(0), at(150)), [at(60), at(120)]);
        assert_eq!(occurrences(&tick, at(120), at(180)), [at(180)]);
        assert_eq!(occurrences(&tick, at(121), at(179)), []);
    }

    #[test]
    fn a_single_instant_is_due_once_and_a_disabled_schedule_never() {
        let mut once = schedule(Every::At(at(100)));
        assert_eq!(occurrences(&once, at(0), at(100)), [at(100)]);
        assert_eq!(occurrences(&once, at(100), at(200)), []);
        once.enabled = false;
        assert_eq!(occurrences(&once, at(0), at(100)), []);
    }
}
