//! What was so from when on. What AWS measures is made only when somebody asks, minutes or a night
//! later, so what carried the load by then must still be known.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

/// A little longer than data points of a minute are kept.
const KEPT: SignedDuration = SignedDuration::from_hours(16 * 24);

/// The values that something had, each from an instant on.
#[derive(Clone, Debug)]
pub struct History<T>(BTreeMap<Timestamp, T>);

impl<T> Default for History<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T: Clone + PartialEq> History<T> {
    /// The value at an instant; none before the first.
    #[must_use]
    pub fn at(&self, at: Timestamp) -> Option<&T> {
        self.0.range(..=at).next_back().map(|(_, value)| value)
    }

    /// Puts what is so from now on, and what is known to be so later, in the place of all that was
    /// said of now and later. Answers whether that is something new.
    pub fn foresee(&mut self, now: Timestamp, value: T, later: Vec<(Timestamp, T)>) -> bool {
        let mut ahead = BTreeMap::new();
        if self.at(before(now)) != Some(&value) {
            ahead.insert(now, value);
        }
        ahead.extend(later);
        let said = self.0.split_off(&now);
        let is_new = said != ahead;
        self.0.append(&mut ahead);
        self.forget(now);
        is_new
    }

    /// Drops what nobody can ask for any more, but for the last of it, which may still be so.
    fn forget(&mut self, now: Timestamp) {
        let Ok(old) = now.checked_sub(KEPT) else {
            return;
        };
        if let Some(last) = self.0.range(..=old).next_back().map(|(at, _)| *at) {
            self.0 = self.0.split_off(&last);
        }
    }
}

fn before(at: Timestamp) -> Timestamp {
    at.saturating_sub(SignedDuration::from_nanos(1))
        .unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_value_holds_until_the_next_and_what_is_foreseen_can_change() {
        let mut history = History::default();
        assert_eq!(history.at(second(0)), None);
        assert!(history.foresee(second(10), 1, vec![(second(100), 2)]));
        let at = |history: &History<i32>, at: i64| history.at(second(at)).copied();
        for (when, expected) in [(9, None), (10, Some(1)), (99, Some(1)), (100, Some(2))] {
            assert_eq!(at(&history, when), expected, "{when}");
        }
        assert!(!history.foresee(second(50), 1, vec![(second(100), 2)]));
        assert!(history.foresee(second(50), 1, Vec::new()));
        assert_eq!(at(&history, 200), Some(1));
        assert_eq!(at(&history, 20), Some(1), "what was stays");
    }

    #[test]
    fn what_is_older_than_data_points_are_kept_is_forgotten_but_for_what_still_holds() {
        let mut history = History::default();
        for day in 0..40 {
            history.foresee(second(day * 86_400), day, Vec::new());
        }
        assert_eq!(history.0.len(), 17);
        assert_eq!(history.at(second(39 * 86_400)), Some(&39));
        assert_eq!(history.at(second(23 * 86_400)), Some(&23));
    }
}
