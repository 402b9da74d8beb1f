//! Times as people read them: on the wall clock of their zone, without seconds, with the day where
//! it is not today's.

use jiff::Timestamp;
use nightshift::report::text::clock::Clock;

use crate::scene::Scene;

/// An instant on the wall clock of the scene.
pub(super) fn clock(at: Timestamp, scene: &Scene<'_>) -> Clock {
    Clock::new(at, scene.now, scene.zone)
}

/// A unit of a length of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Day,
    Hour,
    Minute,
    Second,
}

/// A length of time in its two largest units that are not nothing: `(2, Hour), (5, Minute)`.
pub(super) fn parts(seconds: i64) -> Vec<(i64, Unit)> {
    let seconds = seconds.max(0);
    let all = [
        (seconds / 86_400, Unit::Day),
        (seconds / 3600 % 24, Unit::Hour),
        (seconds / 60 % 60, Unit::Minute),
        (seconds % 60, Unit::Second),
    ];
    let first = all.iter().position(|(number, _)| *number > 0);
    let Some(first) = first else {
        return vec![(0, Unit::Second)];
    };
    all.into_iter()
        .skip(first)
        .take(2)
        .filter(|(number, _)| *number > 0)
        .collect()
}

/// How long something took, in seconds; in whole minutes from one minute on, as people say it.
pub(super) fn elapsed(from: Timestamp, to: Timestamp) -> i64 {
    let seconds = to.duration_since(from).as_secs().max(0);
    if seconds < 60 {
        seconds
    } else {
        seconds / 60 * 60
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::samples::{at, scene};
    use jiff::civil::Weekday;
    use nightshift::{config::Language, report::text::clock::Day};

    #[test]
    fn a_day_is_named_by_its_distance_from_today() {
        let scene = scene(Language::En);
        for (instant, day) in [
            ("2026-11-24T00:00:00+09:00", Day::Today),
            ("2026-11-23T23:59:59+09:00", Day::Near(Weekday::Monday)),
            ("2026-11-30T00:00:00+09:00", Day::Near(Weekday::Monday)),
            (
                "2026-12-01T00:00:00+09:00",
                Day::ThisYear(12, 1, Weekday::Tuesday),
            ),
            ("2027-01-01T00:00:00+09:00", Day::Far(2027, 1, 1)),
        ] {
            assert_eq!(clock(at(instant), &scene).day, day, "{instant}");
        }
    }

    #[test]
    fn a_length_of_time_has_at_most_two_units() {
        let numbers = |seconds| parts(seconds).iter().map(|part| part.0).collect::<Vec<_>>();
        assert_eq!(numbers(45), [45]);
        assert_eq!(numbers(180), [3]);
        assert_eq!(numbers(90), [1, 30]);
        assert_eq!(numbers(3 * 3600 + 59), [3]);
        assert_eq!(numbers(2 * 86_400 + 3 * 3600 + 300), [2, 3]);
        assert_eq!(numbers(-5), [0]);
        let (from, to) = (at("2026-11-24T10:00:00Z"), at("2026-11-24T10:12:59Z"));
        assert_eq!(elapsed(from, to), 720);
        assert_eq!(elapsed(to, from), 0);
    }
}
