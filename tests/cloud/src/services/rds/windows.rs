//! The windows in which AWS backs up each day and maintains each week, in UTC.

use fastrand::Rng;
use jiff::Timestamp;

const DAY: i64 = 24 * 60 * 60;
const WEEK: i64 = 7 * DAY;
/// The first Monday of Unix time: 1970 began on a Thursday.
const FIRST_MONDAY: i64 = 4 * DAY;
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// A stretch of time that comes again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    /// In Unix seconds, of one of its beginnings.
    begins: i64,
    seconds: i64,
    every: i64,
}

impl Window {
    /// `hh:mm-hh:mm`, at least half an hour.
    // https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html
    pub(super) fn daily(text: &str) -> Option<Self> {
        let (from, to) = text.split_once('-')?;
        Self::between(clock(from)?, clock(to)?, DAY)
    }

    /// `ddd:hh:mm-ddd:hh:mm`, at least half an hour.
    // https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html
    pub(super) fn weekly(text: &str) -> Option<Self> {
        let (from, to) = text.split_once('-')?;
        let in_week = |text: &str| {
            let (day, time) = text.split_once(':')?;
            let day = DAYS
                .iter()
                .position(|name| name.eq_ignore_ascii_case(day))?;
            Some(FIRST_MONDAY + i64::try_from(day).ok()? * DAY + clock(time)?)
        };
        Self::between(in_week(from)?, in_week(to)?, WEEK)
    }

    fn between(begins: i64, ends: i64, every: i64) -> Option<Self> {
        let seconds = (ends - begins).rem_euclid(every);
        (seconds >= 30 * 60).then_some(Self {
            begins,
            seconds,
            every,
        })
    }

    /// An instant in the first window from now on in which `last` does not lie: in the window that
    /// is open, if one is.
    pub(super) fn next(
        self,
        now: Timestamp,
        last: Option<Timestamp>,
        random: &mut Rng,
    ) -> Option<Timestamp> {
        let now = now.as_second();
        let ago = (now - self.begins - self.seconds).div_euclid(self.every);
        let mut begins = self.begins + (ago + 1) * self.every;
        if last.is_some_and(|last| last.as_second() >= begins) {
            begins += self.every;
        }
        let ends = begins + self.seconds;
        Timestamp::from_second(random.i64(begins.max(now + 1)..=ends)).ok()
    }
}

fn clock(text: &str) -> Option<i64> {
    let (hours, minutes) = text.split_once(':')?;
    let hours: i64 = hours.parse().ok().filter(|hours| (0..24).contains(hours))?;
    let minutes: i64 = minutes
        .parse()
        .ok()
        .filter(|minutes| (0..60).contains(minutes))?;
    Some((hours * 60 + minutes) * 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_daily_window_comes_today_or_tomorrow_and_once() {
        let window = Window::daily("23:45-00:30").unwrap();
        let mut random = Rng::with_seed(1);
        for _ in 0..50 {
            let next = window
                .next(at("2026-11-27T12:00:00Z"), None, &mut random)
                .unwrap();
            assert!(next >= at("2026-11-27T23:45:00Z") && next <= at("2026-11-28T00:30:00Z"));
            let in_it = at("2026-11-28T00:10:00Z");
            let rest = window.next(in_it, None, &mut random).unwrap();
            assert!(rest > in_it && rest <= at("2026-11-28T00:30:00Z"));
            let again = window.next(in_it, Some(next), &mut random).unwrap();
            assert!(again >= at("2026-11-28T23:45:00Z"), "{again}");
        }
    }

    #[test]
    fn a_weekly_window_falls_on_its_day() {
        let window = Window::weekly("Sun:23:30-Mon:00:30").unwrap();
        let mut random = Rng::with_seed(2);
        let next = window
            .next(at("2026-11-27T12:00:00Z"), None, &mut random)
            .unwrap();
        assert!(next >= at("2026-11-29T23:30:00Z") && next <= at("2026-11-30T00:30:00Z"));
    }

    #[test]
    fn what_is_no_window_is_none() {
        for text in ["", "25:00-26:00", "17:00-17:10", "17:00", "1700-1730"] {
            assert_eq!(Window::daily(text), None, "{text}");
        }
        assert_eq!(Window::weekly("17:00-17:30"), None);
        assert_eq!(Window::weekly("day:17:00-day:17:30"), None);
    }
}
