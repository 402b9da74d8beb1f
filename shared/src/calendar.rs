//! A calendar says when an estate is to be awake, in the wall-clock time of its zone. A range of
//! hours belongs to the day on which it begins: a holiday closes all of it, and the holiday after
//! it none of it. No clock of the machine is ever read here.

mod days;
mod hours;
#[cfg(test)]
mod tests;

use jiff::{
    SignedDuration, Timestamp, ToSpan,
    civil::{Date, DateTime, Time},
    tz::{AmbiguousOffset, Offset, TimeZone},
};
use serde::{Deserialize, Serialize};

pub use days::{Country, DateRange, DateRangeError, Days, DaysError};
pub use hours::{ClockRange, ClockRangeError, WeekHours, WeekHoursError};

use crate::holidays::{self, Holiday};

/// How far a search for the next or the last span goes before it gives up.
const HORIZON_DAYS: i32 = 400;

/// Whether a calendar closes on the country's holidays.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum OnHolidays {
    /// A holiday has no hours.
    #[default]
    Closed,
    /// A holiday is a day like any other. Days on which the company is closed stay closed.
    Ignored,
}

/// A calendar as a document gives it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CalendarSpec {
    /// The hours of each weekday.
    pub hours: WeekHours,
    /// Whether the calendar closes on the country's holidays.
    #[serde(default)]
    pub holidays: OnHolidays,
}

/// A time during which the calendar is open: from `start`, up to but without `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// The first instant that is open.
    pub start: Timestamp,
    /// The first instant that is not open any more.
    pub end: Timestamp,
}

impl Span {
    /// Whether the instant is in the span.
    #[must_use]
    pub fn contains(&self, at: Timestamp) -> bool {
        self.start <= at && at < self.end
    }
}

/// What makes a date's hours, for a report to explain them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DayKind {
    /// The hours of the weekday.
    Regular,
    /// A holiday of the country, on which this calendar is closed.
    Holiday {
        /// Its English name.
        name: &'static str,
        /// Not on the official list yet, but worked out from the law.
        computed: bool,
    },
    /// Closed by the company.
    Closed,
    /// Opened by the company.
    Open,
}

/// The hours of a calendar, with holidays and the company's days, in a time zone.
///
/// A wall-clock time that the zone skips stands for the first instant after the gap. Of a time
/// that comes twice, a start takes the earlier and an end the later instant.
///
/// A day that the company opens, on a weekday without hours, takes the hours of the first weekday
/// that has some, counted from Monday.
#[derive(Debug, Clone)]
pub struct Calendar {
    week: [Vec<Stretch>; 7],
    holidays: OnHolidays,
    days: Days,
    zone: TimeZone,
    reaches_into_next_day: bool,
    never_closes: bool,
}

/// Minutes of a weekday, counted from its midnight and on past the next one.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    start: u16,
    end: u16,
}

/// A stretch on a date: hours on the wall clock, that the zone has not turned into instants.
#[derive(Debug, Clone, Copy)]
struct Wall {
    start: DateTime,
    end: DateTime,
}

/// Which instant a wall-clock time stands for that comes twice.
#[derive(Clone, Copy)]
enum Fold {
    Earlier,
    Later,
}

impl Calendar {
    /// The calendar of a document, with the company's days, in a time zone.
    #[must_use]
    pub fn new(spec: &CalendarSpec, days: &Days, zone: TimeZone) -> Self {
        let week = hours::week().map(|weekday| joined(spec.hours.on(weekday)));
        let can_close = !days.closed().is_empty()
            || (spec.holidays == OnHolidays::Closed && days.country() != Country::None);
        Self {
            reaches_into_next_day: week.iter().any(|day| past_midnight(day) > 0),
            never_closes: !can_close && is_unbroken(&week),
            week,
            holidays: spec.holidays,
            days: days.clone(),
            zone,
        }
    }

    /// Whether the calendar is open at an instant.
    #[must_use]
    pub fn is_open(&self, at: Timestamp) -> bool {
        let today = self.date(at);
        self.walls(reaching(today), later(today, 1))
            .filter_map(|wall| self.span(wall))
            .any(|span| span.contains(at))
    }

    /// The open span that contains the instant, or else the next one that begins after it. `None`
    /// if the calendar does not open within some 400 days; a span that goes on for longer than
    /// that, in either direction, is cut there.
    #[must_use]
    pub fn span_at_or_after(&self, at: Timestamp) -> Option<Span> {
        let last = later(self.date(at), HORIZON_DAYS);
        let first = self.first_ending_after(at, last)?;
        let end = self.last_joined(first, last, SignedDuration::ZERO);
        Some(Span {
            start: self.instant(self.first_joined(first), Fold::Earlier),
            end: self.instant(end, Fold::Later),
        })
    }

    /// The last span that ended at or before the instant. `None` if there was none in some 400 days.
    #[must_use]
    pub fn span_before(&self, at: Timestamp) -> Option<Span> {
        let today = self.date(at);
        // What has begun by the time that a stretch ends carries it on.
        let mut later_start = None;
        for wall in self.walls_back(later(today, 1), earlier(today, HORIZON_DAYS)) {
            let Some(span) = self.span(wall) else {
                continue;
            };
            let goes_on = later_start.is_some_and(|start| span.end >= start);
            if span.end <= at && !goes_on {
                let start = self.instant(self.first_joined(wall), Fold::Earlier);
                return Some(Span {
                    start,
                    end: span.end,
                });
            }
            later_start = Some(span.start);
        }
        None
    }

    /// Whether an estate must be awake: the calendar is open, or opens within `lead`.
    #[must_use]
    pub fn is_awake(&self, at: Timestamp, lead: SignedDuration) -> bool {
        let until = add(at, lead.max(SignedDuration::ZERO));
        self.first_ending_after(at, later(self.date(until), 1))
            .is_some_and(|wall| self.instant(wall.start, Fold::Earlier) <= until)
    }

    /// The next instant after `at` at which [`Self::is_awake`] changes, and what it becomes.
    /// `None` if it stays as it is for some 400 days.
    #[must_use]
    pub fn next_change(&self, at: Timestamp, lead: SignedDuration) -> Option<(Timestamp, bool)> {
        if self.never_closes {
            return None;
        }
        let lead = lead.max(SignedDuration::ZERO);
        let last = later(self.date(at), HORIZON_DAYS);
        let first = self.first_ending_after(at, last)?;
        let wakes = subtract(self.instant(first.start, Fold::Earlier), lead);
        if wakes > at {
            return Some((wakes, true));
        }
        let end = self.last_joined(first, last, lead);
        let sleeps = self.instant(end, Fold::Later);
        // What would keep it awake may lie beyond the dates that were looked at.
        (self.date(add(sleeps, lead)) < last).then_some((sleeps, false))
    }

    /// The open spans between two instants, in order, cut to them.
    #[must_use]
    pub fn open_spans(&self, from: Timestamp, to: Timestamp) -> Vec<Span> {
        let mut spans: Vec<Span> = Vec::new();
        let walls = self.walls(reaching(self.date(from)), later(self.date(to), 1));
        for span in walls.filter_map(|wall| self.span(wall)) {
            let (start, end) = (span.start.max(from), span.end.min(to));
            if start >= end {
                continue;
            }
            match spans.last_mut() {
                Some(before) if before.end >= start => before.end = end,
                _ => spans.push(Span { start, end }),
            }
        }
        spans
    }

    /// What makes the hours of a date. A holiday is a regular day in a calendar that ignores
    /// holidays.
    #[must_use]
    pub fn day_kind(&self, date: Date) -> DayKind {
        if self.days.open().iter().any(|range| range.contains(date)) {
            return DayKind::Open;
        }
        if self.days.closed().iter().any(|range| range.contains(date)) {
            return DayKind::Closed;
        }
        match (self.holidays, self.days.country()) {
            (OnHolidays::Ignored, _) | (_, Country::None) => DayKind::Regular,
            (OnHolidays::Closed, Country::Japan) => match holidays::japan(date) {
                Some(Holiday {
                    name_en, computed, ..
                }) => DayKind::Holiday {
                    name: name_en,
                    computed,
                },
                None => DayKind::Regular,
            },
        }
    }

    fn date(&self, at: Timestamp) -> Date {
        self.zone.to_datetime(at).date()
    }

    fn hours_on(&self, date: Date) -> &[Stretch] {
        let own = self
            .week
            .get(hours::index(date.weekday()))
            .map_or(&[][..], Vec::as_slice);
        match (self.day_kind(date), own) {
            (DayKind::Closed | DayKind::Holiday { .. }, _) => &[],
            (DayKind::Open, []) => self
                .week
                .iter()
                .find(|day| !day.is_empty())
                .map_or(&[], Vec::as_slice),
            (DayKind::Regular | DayKind::Open, own) => own,
        }
    }

    /// The hours that begin on a date, without those that the day before covers: so that the walls
    /// of successive dates are in order, by their starts and by their ends.
    fn walls_on(&self, date: Date) -> impl DoubleEndedIterator<Item = Wall> {
        let covered = match date.yesterday() {
            Ok(yesterday) if self.reaches_into_next_day => past_midnight(self.hours_on(yesterday)),
            _ => 0,
        };
        self.hours_on(date)
            .iter()
            .filter(move |hours| hours.end > covered)
            .map(move |hours| Wall {
                start: wall_time(date, hours.start),
                end: wall_time(date, hours.end),
            })
    }

    fn walls(&self, first: Date, last: Date) -> impl Iterator<Item = Wall> {
        std::iter::successors(Some(first), |date| date.tomorrow().ok())
            .take_while(move |date| *date <= last)
            .flat_map(|date| self.walls_on(date))
    }

    fn walls_back(&self, last: Date, first: Date) -> impl Iterator<Item = Wall> {
        std::iter::successors(Some(last), |date| date.yesterday().ok())
            .take_while(move |date| *date >= first)
            .flat_map(|date| self.walls_on(date).rev())
    }

    fn first_ending_after(&self, at: Timestamp, last: Date) -> Option<Wall> {
        self.walls(reaching(self.date(at)), last)
            .find(|wall| self.span(*wall).is_some_and(|span| span.end > at))
    }

    /// The end of the stretch that begins with `wall`, across whatever follows within `lead`.
    fn last_joined(&self, wall: Wall, last: Date, lead: SignedDuration) -> DateTime {
        let mut end = wall.end;
        let rest = self
            .walls(wall.start.date(), last)
            .skip_while(|next| next.start <= wall.start);
        for next in rest {
            // Hours that touch on the wall touch in time: the zone need not be asked.
            if next.start > end {
                let Some(span) = self.span(next) else {
                    continue;
                };
                if subtract(span.start, lead) > self.instant(end, Fold::Later) {
                    break;
                }
            }
            end = next.end;
        }
        end
    }

    /// The start of the stretch that ends with `wall`.
    fn first_joined(&self, wall: Wall) -> DateTime {
        let mut start = wall.start;
        let date = wall.start.date();
        let rest = self
            .walls_back(date, earlier(date, HORIZON_DAYS))
            .skip_while(|before| before.start >= wall.start);
        for before in rest {
            if before.end < start {
                let Some(span) = self.span(before) else {
                    continue;
                };
                if span.end < self.instant(start, Fold::Earlier) {
                    break;
                }
            }
            start = before.start;
        }
        start
    }

    /// The instants of hours on the wall, unless all of them are skipped by the zone.
    fn span(&self, wall: Wall) -> Option<Span> {
        let start = self.instant(wall.start, Fold::Earlier);
        let end = self.instant(wall.end, Fold::Later);
        (start < end).then_some(Span { start, end })
    }

    fn instant(&self, time: DateTime, fold: Fold) -> Timestamp {
        match (self.zone.to_ambiguous_timestamp(time).offset(), fold) {
            (AmbiguousOffset::Unambiguous { offset }, _)
            | (AmbiguousOffset::Fold { before: offset, .. }, Fold::Earlier)
            | (AmbiguousOffset::Fold { after: offset, .. }, Fold::Later) => at_offset(offset, time),
            (AmbiguousOffset::Gap { after, .. }, _) => {
                // Read with the offset after the gap, a skipped time lies just before the gap.
                let before_gap = at_offset(after, time);
                let gap = self.zone.following(before_gap).next();
                gap.map_or(before_gap, |transition| transition.timestamp())
            }
        }
    }
}

/// The ranges of a day in order, with those that touch made one.
fn joined(ranges: &[ClockRange]) -> Vec<Stretch> {
    let mut sorted: Vec<Stretch> = ranges
        .iter()
        .map(|range| Stretch {
            start: range.start(),
            end: range.end(),
        })
        .collect();
    sorted.sort_by_key(|stretch| stretch.start);
    let mut day: Vec<Stretch> = Vec::with_capacity(sorted.len());
    for stretch in sorted {
        match day.last_mut() {
            Some(before) if before.end >= stretch.start => before.end = before.end.max(stretch.end),
            _ => day.push(stretch),
        }
    }
    day
}

/// The minutes of the next day that a day's hours reach into.
fn past_midnight(day: &[Stretch]) -> u16 {
    day.last()
        .map_or(0, |last| last.end.saturating_sub(hours::DAY))
}

fn is_unbroken(week: &[Vec<Stretch>; 7]) -> bool {
    let days_before = week.iter().cycle().skip(week.len() - 1);
    week.iter().zip(days_before).all(|(day, before)| {
        let covered = day
            .iter()
            .try_fold(past_midnight(before), |covered, stretch| {
                (stretch.start <= covered).then(|| covered.max(stretch.end))
            });
        covered.is_some_and(|covered| covered >= hours::DAY)
    })
}

fn wall_time(date: Date, minutes: u16) -> DateTime {
    date.to_datetime(Time::midnight())
        .saturating_add(SignedDuration::from_mins(minutes.into()))
}

/// The first date whose hours can reach an instant of `today`: a range lasts up to a day beyond
/// its own, and a zone that sets its clocks back across midnight may stretch that by another.
fn reaching(today: Date) -> Date {
    earlier(today, 2)
}

fn earlier(date: Date, days: i32) -> Date {
    date.saturating_sub(days.days())
}

fn later(date: Date, days: i32) -> Date {
    date.saturating_add(days.days())
}

fn at_offset(offset: Offset, time: DateTime) -> Timestamp {
    // Out of range only at the two ends of the calendar.
    let end = if time.year() < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    };
    offset.to_timestamp(time).unwrap_or(end)
}

fn add(at: Timestamp, duration: SignedDuration) -> Timestamp {
    at.checked_add(duration).unwrap_or(Timestamp::MAX)
}

fn subtract(at: Timestamp, duration: SignedDuration) -> Timestamp {
    at.checked_sub(duration).unwrap_or(Timestamp::MIN)
}
