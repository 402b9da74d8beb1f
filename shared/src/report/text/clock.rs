//! An instant on a wall clock, as people of each language tell it: without seconds, with the day
//! where it is not today's.

use jiff::{Timestamp, civil::Weekday, tz::TimeZone};

/// How far a day is from today, and so how it is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Day {
    /// The same day.
    Today,
    /// Within six days, before or after.
    Near(Weekday),
    /// Month, day and weekday.
    ThisYear(i8, i8, Weekday),
    /// Year, month and day.
    Far(i16, i8, i8),
}

/// An instant on a wall clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    /// The day.
    pub day: Day,
    /// The hour, from 0 to 23.
    pub hour: i8,
    /// The minute, from 0 to 59.
    pub minute: i8,
}

impl Clock {
    /// An instant in a zone, told at another one.
    #[must_use]
    pub fn new(at: Timestamp, now: Timestamp, zone: &TimeZone) -> Self {
        let there = at.to_zoned(zone.clone());
        let (today, date) = (now.to_zoned(zone.clone()).date(), there.date());
        let days = date.duration_since(today).as_hours() / 24;
        let day = match days.abs() {
            0 => Day::Today,
            1..=6 => Day::Near(date.weekday()),
            _ if date.year() == today.year() => {
                Day::ThisYear(date.month(), date.day(), date.weekday())
            }
            _ => Day::Far(date.year(), date.month(), date.day()),
        };
        Self {
            day,
            hour: there.hour(),
            minute: there.minute(),
        }
    }

    /// Whether it is this evening.
    #[must_use]
    pub fn is_tonight(self) -> bool {
        self.day == Day::Today && self.hour >= 18
    }

    /// `19:04`, `Friday at 19:04`, `20 November at 19:04`.
    #[must_use]
    pub fn in_english(self) -> String {
        let time = format!("{:02}:{:02}", self.hour, self.minute);
        match self.day {
            Day::Today => time,
            Day::Near(day) => format!("{} at {time}", weekday(day)),
            Day::ThisYear(month, day, _) => format!("{day} {} at {time}", month_name(month)),
            Day::Far(year, month, day) => format!("{day} {} {year} at {time}", month_name(month)),
        }
    }

    /// `19:04`, `金曜 19:04`, `11月20日(金) 19:04`.
    #[must_use]
    pub fn in_japanese(self) -> String {
        let time = format!("{}:{:02}", self.hour, self.minute);
        match self.day {
            Day::Today => time,
            Day::Near(day) => format!("{}曜 {time}", letter(day)),
            Day::ThisYear(month, date, day) => format!("{month}月{date}日({}) {time}", letter(day)),
            Day::Far(year, month, date) => format!("{year}年{month}月{date}日 {time}"),
        }
    }
}

fn weekday(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "Monday",
        Weekday::Tuesday => "Tuesday",
        Weekday::Wednesday => "Wednesday",
        Weekday::Thursday => "Thursday",
        Weekday::Friday => "Friday",
        Weekday::Saturday => "Saturday",
        Weekday::Sunday => "Sunday",
    }
}

fn letter(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "月",
        Weekday::Tuesday => "火",
        Weekday::Wednesday => "水",
        Weekday::Thursday => "木",
        Weekday::Friday => "金",
        Weekday::Saturday => "土",
        Weekday::Sunday => "日",
    }
}

pub(super) fn month_name(month: i8) -> &'static str {
    match month {
        1 => "January",
        2 => "February",
        3 => "March",
        4 => "April",
        5 => "May",
        6 => "June",
        7 => "July",
        8 => "August",
        9 => "September",
        10 => "October",
        11 => "November",
        _ => "December",
    }
}
