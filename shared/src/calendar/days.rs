//! The company's own days, which override the weekday hours and the country's holidays. No date
//! is both open and closed.

use std::{fmt, str::FromStr};

use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::hours::{Text, Written};

/// An inclusive range of dates, `2026-12-29..2027-01-03`, or one date, `2026-12-30`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DateRange {
    first: Date,
    last: Date,
}

impl DateRange {
    /// The range from `first` to `last`, both included.
    ///
    /// # Errors
    ///
    /// When `last` is before `first`.
    pub fn new(first: Date, last: Date) -> Result<Self, DateRangeError> {
        if last < first {
            return Err(DateRangeError::Reversed { first, last });
        }
        Ok(Self { first, last })
    }

    /// Whether the date is in the range.
    #[must_use]
    pub fn contains(self, date: Date) -> bool {
        self.first <= date && date <= self.last
    }
}

/// Why a text is not a [`DateRange`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DateRangeError {
    /// A date is not in the form, or not in the calendar.
    #[error(
        "{text:?} is not a date: write year, month and day, like \"2026-12-30\", or two of them, like \"2026-12-29..2027-01-03\""
    )]
    NotADate {
        /// The part that is wrong.
        text: String,
    },
    /// The range ends before it begins.
    #[error("the range ends before it begins: write \"{last}..{first}\"")]
    Reversed {
        /// The date that was written first.
        first: Date,
        /// The date that was written last.
        last: Date,
    },
}

impl FromStr for DateRange {
    type Err = DateRangeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once("..") {
            Some((first, last)) => Self::new(date(first.trim())?, date(last.trim())?),
            None => date(text.trim()).map(|day| Self {
                first: day,
                last: day,
            }),
        }
    }
}

fn date(text: &str) -> Result<Date, DateRangeError> {
    // jiff alone would also take a date and a time, and forms without dashes.
    let is_plain = text.split('-').map(str::len).eq([4, 2, 2]);
    is_plain
        .then(|| text.parse().ok())
        .flatten()
        .ok_or_else(|| DateRangeError::NotADate {
            text: text.to_owned(),
        })
}

impl fmt::Display for DateRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last {
            write!(f, "{}", self.first)
        } else {
            write!(f, "{}..{}", self.first, self.last)
        }
    }
}

impl Written for DateRange {
    const FORM: &'static str =
        "a date like \"2026-12-30\" or a range like \"2026-12-29..2027-01-03\"";

    fn instead_of_number(number: i128) -> String {
        DateRangeError::NotADate {
            text: number.to_string(),
        }
        .to_string()
    }
}

impl<'de> Deserialize<'de> for DateRange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Text::new())
    }
}

impl Serialize for DateRange {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The country whose holidays count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Country {
    /// No country's.
    #[default]
    None,
    /// Japan's, by the Cabinet Office's list.
    Japan,
}

/// Company-wide days that differ from the weekday hours.
///
/// `open` wins over a holiday of the country, `closed` wins over the weekday's hours. An open day
/// that falls on a weekday without hours takes the hours of the first weekday that has some,
/// counted from Monday.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(try_from = "DaysDocument")]
pub struct Days {
    country: Country,
    closed: Vec<DateRange>,
    open: Vec<DateRange>,
}

/// Company-wide days that differ from the weekday hours.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct DaysDocument {
    /// The country whose public holidays are days off.
    #[serde(default)]
    country: Country,
    /// Dates and ranges of dates on which the company is closed.
    #[serde(default)]
    closed: Vec<DateRange>,
    /// Dates and ranges of dates on which the company works, holiday or weekend though it be.
    #[serde(default)]
    open: Vec<DateRange>,
}

/// Why days do not go together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DaysError {
    /// A date is in both lists.
    #[error(
        "{date} is both closed (by \"{closed}\") and open (by \"{open}\"): take it out of one of the two"
    )]
    Both {
        /// The first date that is in both.
        date: Date,
        /// The range of closed days with it.
        closed: DateRange,
        /// The range of open days with it.
        open: DateRange,
    },
}

impl Days {
    /// Days of a company in a country.
    ///
    /// # Errors
    ///
    /// When a date is both closed and open.
    pub fn new(
        country: Country,
        closed: Vec<DateRange>,
        open: Vec<DateRange>,
    ) -> Result<Self, DaysError> {
        for shut in &closed {
            for work in &open {
                let date = shut.first.max(work.first);
                if shut.contains(date) && work.contains(date) {
                    return Err(DaysError::Both {
                        date,
                        closed: *shut,
                        open: *work,
                    });
                }
            }
        }
        Ok(Self {
            country,
            closed,
            open,
        })
    }

    /// The country whose holidays count.
    #[must_use]
    pub fn country(&self) -> Country {
        self.country
    }

    /// The days on which the company is closed.
    #[must_use]
    pub fn closed(&self) -> &[DateRange] {
        &self.closed
    }

    /// The days on which the company works, whatever the holidays say.
    #[must_use]
    pub fn open(&self) -> &[DateRange] {
        &self.open
    }
}

impl TryFrom<DaysDocument> for Days {
    type Error = DaysError;

    fn try_from(document: DaysDocument) -> Result<Self, Self::Error> {
        Self::new(document.country, document.closed, document.open)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for DateRange {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "DateRange".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "A date like \"2026-12-30\", or a range that includes both ends, like \"2026-12-29..2027-01-03\".",
            "pattern": r"^\d{4}-\d{2}-\d{2}(\.\.\d{4}-\d{2}-\d{2})?$",
        })
    }
}
