//! Where in time a run is played: where calendars, holidays and the seven days of RDS hurt. Which
//! days are open is written down here by hand, so that the product's own calendar proves nothing
//! about itself.

use std::fmt::Write as _;

use jiff::{
    SignedDuration, Timestamp, Zoned,
    civil::{Date, Time, Weekday, date},
    tz::TimeZone,
};

/// A stretch of time.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// Its name on the command line.
    pub name: &'static str,
    /// The IANA zone of the company.
    pub zone: &'static str,
    /// The first day.
    pub first: Date,
    /// How many days.
    pub days: i32,
    /// Days on which the company's own document says that it is closed, from and to.
    pub closed: &'static [(Date, Date)],
    /// Public holidays, where the company keeps them.
    pub holidays: &'static [Date],
}

const TOKYO: &str = "Asia/Tokyo";

/// Japan's holidays of 2027, from the Cabinet Office's list.
const JAPAN_2027: &[Date] = &[
    date(2027, 1, 1),
    date(2027, 1, 11),
    date(2027, 2, 11),
    date(2027, 2, 23),
    date(2027, 3, 21),
    date(2027, 3, 22),
    date(2027, 4, 29),
    date(2027, 5, 3),
    date(2027, 5, 4),
    date(2027, 5, 5),
    date(2027, 7, 19),
    date(2027, 8, 11),
    date(2027, 9, 20),
    date(2027, 9, 23),
    date(2027, 10, 11),
    date(2027, 11, 3),
    date(2027, 11, 23),
];

/// The places of the fortnights.
pub const FORTNIGHTS: [Place; 6] = [
    Place {
        name: "golden-week",
        zone: TOKYO,
        first: date(2027, 4, 23),
        days: 14,
        closed: &[],
        holidays: JAPAN_2027,
    },
    Place {
        name: "new-year",
        zone: TOKYO,
        first: date(2026, 12, 24),
        days: 14,
        closed: &[(date(2026, 12, 29), date(2027, 1, 3))],
        holidays: JAPAN_2027,
    },
    // Ten nights in a row: AWS starts what was stopped on the first of them.
    Place {
        name: "seven-days",
        zone: TOKYO,
        first: date(2027, 8, 5),
        days: 14,
        closed: &[(date(2027, 8, 9), date(2027, 8, 16))],
        holidays: JAPAN_2027,
    },
    Place {
        name: "spring-forward",
        zone: "America/New_York",
        first: date(2027, 3, 8),
        days: 14,
        closed: &[],
        holidays: &[],
    },
    // Far east of Greenwich: the morning is the day before in UTC.
    Place {
        name: "fall-back",
        zone: "Pacific/Auckland",
        first: date(2027, 3, 29),
        days: 14,
        closed: &[],
        holidays: &[],
    },
    Place {
        name: "plain",
        zone: TOKYO,
        first: date(2027, 6, 7),
        days: 14,
        closed: &[],
        holidays: JAPAN_2027,
    },
];

/// A whole year.
pub const YEAR: Place = Place {
    name: "year",
    zone: TOKYO,
    first: date(2027, 1, 4),
    days: 360,
    closed: &[
        (date(2027, 8, 9), date(2027, 8, 18)),
        (date(2026, 12, 29), date(2027, 1, 3)),
    ],
    holidays: JAPAN_2027,
};

impl Place {
    /// The place of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        FORTNIGHTS
            .into_iter()
            .chain([YEAR])
            .find(|place| place.name == name)
    }

    /// The zone.
    #[must_use]
    pub fn time_zone(&self) -> TimeZone {
        TimeZone::get(self.zone).unwrap_or(TimeZone::UTC)
    }

    /// An instant of this place's clocks.
    #[must_use]
    pub fn at(&self, day: Date, time: Time) -> Timestamp {
        day.to_datetime(time)
            .to_zoned(self.time_zone())
            .map_or(Timestamp::UNIX_EPOCH, |zoned| zoned.timestamp())
    }

    /// The first instant: noon of the first day.
    #[must_use]
    pub fn begin(&self) -> Timestamp {
        self.at(self.first, Time::constant(12, 0, 0, 0))
    }

    /// The last instant.
    #[must_use]
    pub fn end(&self) -> Timestamp {
        self.begin()
            .saturating_add(SignedDuration::from_hours(24 * i64::from(self.days)))
            .unwrap_or(Timestamp::MAX)
    }

    /// The days, with one before.
    pub fn dates(&self) -> impl Iterator<Item = Date> + '_ {
        (-1..=self.days).filter_map(|day| self.first.checked_add(jiff::Span::new().days(day)).ok())
    }

    /// Whether the company is closed on a day.
    #[must_use]
    pub fn is_closed(&self, day: Date) -> bool {
        let mut closed = self.closed.iter();
        closed.any(|(from, to)| (*from..=*to).contains(&day))
    }

    /// The company's document.
    #[must_use]
    pub fn company(&self) -> String {
        let mut document = format!("version: 1\ntime_zone: {}\nlanguage: ", self.zone);
        document.push_str(if self.zone == TOKYO { "ja\n" } else { "en\n" });
        let country = if self.zone == TOKYO {
            "\n  country: japan"
        } else {
            ""
        };
        let closed: Vec<String> = self
            .closed
            .iter()
            .map(|(from, to)| format!("{from}..{to}"))
            .collect();
        if !country.is_empty() || !closed.is_empty() {
            document.push_str("holidays:");
            document.push_str(country);
            if !closed.is_empty() {
                let _ = write!(document, "\n  closed: [{}]", closed.join(", "));
            }
            document.push('\n');
        }
        document
            .push_str("calendars:\n  business:\n    hours:\n      monday-friday: 09:00-19:00\n");
        document
    }
}

/// Hours on weekdays, perhaps past midnight, perhaps on other days too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hours {
    /// Opening.
    pub from: Time,
    /// Closing; before the opening it is the next day's.
    pub to: Time,
    /// Whether Saturdays are worked.
    pub saturdays: bool,
    /// Whether Sundays are worked.
    pub sundays: bool,
    /// Whether public holidays are days like any other.
    pub holidays: bool,
}

impl Hours {
    /// From and to, in hours.
    #[must_use]
    pub const fn new(from: i8, to: i8, saturdays: bool) -> Self {
        Self {
            from: Time::constant(from, 0, 0, 0),
            to: Time::constant(to, 0, 0, 0),
            saturdays,
            sundays: false,
            holidays: false,
        }
    }

    /// The same on every day of the week, perhaps on public holidays too.
    #[must_use]
    pub const fn daily(self, holidays: bool) -> Self {
        Self {
            saturdays: true,
            sundays: true,
            holidays,
            ..self
        }
    }

    fn is_worked(&self, place: &Place, day: Date) -> bool {
        let worked = match day.weekday() {
            Weekday::Sunday => self.sundays,
            Weekday::Saturday => self.saturdays,
            _ => true,
        };
        let holiday = !self.holidays && place.holidays.contains(&day);
        worked && !holiday && !place.is_closed(day)
    }

    /// Whether it is open at an instant.
    #[must_use]
    pub fn is_open(&self, place: &Place, at: Timestamp) -> bool {
        let local: Zoned = at.to_zoned(place.time_zone());
        let (day, time) = (local.date(), local.time());
        if self.from < self.to {
            return self.is_worked(place, day) && (self.from..self.to).contains(&time);
        }
        let before = day.yesterday().is_ok_and(|day| self.is_worked(place, day));
        (self.is_worked(place, day) && time >= self.from) || (before && time < self.to)
    }

    /// Every opening and closing of the place.
    #[must_use]
    pub fn turns(&self, place: &Place) -> Vec<Timestamp> {
        let mut turns = Vec::new();
        for day in place.dates().filter(|day| self.is_worked(place, *day)) {
            turns.push(place.at(day, self.from));
            let last = if self.from < self.to {
                day
            } else {
                day.tomorrow().unwrap_or(day)
            };
            turns.push(place.at(last, self.to));
        }
        turns
    }

    /// The lines of a document.
    #[must_use]
    pub fn document(&self) -> String {
        let days = match (self.saturdays, self.sundays) {
            (true, true) => "daily",
            (true, false) => "monday-saturday",
            _ => "monday-friday",
        };
        format!(
            "{days}: {}-{}",
            self.from.strftime("%H:%M"),
            self.to.strftime("%H:%M")
        )
    }

    /// The calendar of a document.
    #[must_use]
    pub fn calendar(&self) -> String {
        let holidays = if self.holidays { "ignored" } else { "closed" };
        format!(
            "{{ hours: {{ {} }}, holidays: {holidays} }}",
            self.document()
        )
    }
}
