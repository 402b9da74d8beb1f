//! Hours of the week as people write them: a mistake is answered with what to write instead.

use std::{fmt, str::FromStr};

use jiff::civil::Weekday;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, MapAccess, SeqAccess, Visitor},
    ser::SerializeMap,
};

pub(super) const DAY: u16 = 24 * 60;

/// A range of the clock within a day, `09:00-18:00`.
///
/// An end at or before the start lies on the next day; `00:00-24:00` is the whole day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClockRange {
    /// Minutes from the midnight on which the range's day begins, below 24 h.
    start: u16,
    /// Minutes from the same midnight, after the start and at most 24 h after it.
    end: u16,
}

impl ClockRange {
    pub(super) fn start(self) -> u16 {
        self.start
    }

    pub(super) fn end(self) -> u16 {
        self.end
    }
}

/// Why a text is not a [`ClockRange`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClockRangeError {
    /// There is no start and end.
    #[error("{text:?} is not a range: write the start and the end, like {example:?}")]
    NotARange {
        /// What was written.
        text: String,
        /// A range that makes use of it.
        example: String,
    },
    /// One of the two is no time of day.
    #[error(
        "{time:?} in {text:?} is not a time of day: write hours and minutes, like \"09:00-18:00\""
    )]
    NotATime {
        /// What was written.
        text: String,
        /// The part that is wrong.
        time: String,
    },
    /// The end counts on past 24:00.
    #[error(
        "{text:?} counts past 24:00: write {mend:?}, an end at or before the start lies on the next day"
    )]
    PastMidnight {
        /// What was written.
        text: String,
        /// The same range, written as it should be.
        mend: String,
    },
    /// The start is 24:00.
    #[error("{text:?} starts at 24:00: start it at 00:00 of the next weekday")]
    StartsAtTheEnd {
        /// What was written.
        text: String,
    },
}

impl FromStr for ClockRange {
    type Err = ClockRangeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Some((start_text, end_text)) = text.split_once('-') else {
            return Err(ClockRangeError::NotARange {
                text: text.to_owned(),
                example: match minutes(text.trim()) {
                    Some(time) if time <= 9 * 60 => format!("{}-18:00", Clock(time)),
                    Some(time) if time <= DAY => format!("09:00-{}", Clock(time)),
                    _ => "09:00-18:00".to_owned(),
                },
            });
        };
        let time = |part: &str| {
            minutes(part.trim()).ok_or_else(|| ClockRangeError::NotATime {
                text: text.to_owned(),
                time: part.trim().to_owned(),
            })
        };
        let (start, end) = (time(start_text)?, time(end_text)?);
        let outside = |part: &str| ClockRangeError::NotATime {
            text: text.to_owned(),
            time: part.trim().to_owned(),
        };
        match (start, end) {
            (DAY, _) => Err(ClockRangeError::StartsAtTheEnd {
                text: text.to_owned(),
            }),
            (DAY.., _) => Err(outside(start_text)),
            // 26:00 for two in the morning is how opening hours are often written in Japan.
            (_, end) if end > DAY && end - DAY <= start => Err(ClockRangeError::PastMidnight {
                text: text.to_owned(),
                mend: format!("{}-{}", Clock(start), Clock(end - DAY)),
            }),
            (_, end) if end > DAY => Err(outside(end_text)),
            (start, end) if end <= start => Ok(Self {
                start,
                end: end + DAY,
            }),
            (start, end) => Ok(Self { start, end }),
        }
    }
}

/// Reads `9:05` or `09:05`; the hour may exceed 24, for the caller to judge.
fn minutes(time: &str) -> Option<u16> {
    let (hours, minutes) = time.split_once(':')?;
    let number = |text: &str, longest: usize| {
        (1..=longest)
            .contains(&text.len())
            .then_some(text)
            .filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|text| text.parse::<u16>().ok())
    };
    let hours = number(hours, 2)?;
    let minutes = number(minutes, 2).filter(|value| minutes.len() == 2 && *value < 60)?;
    Some(hours * 60 + minutes)
}

struct Clock(u16);

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl fmt::Display for ClockRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = if self.end > DAY {
            self.end - DAY
        } else {
            self.end
        };
        write!(f, "{}-{}", Clock(self.start), Clock(end))
    }
}

/// A value that documents write as text, so that a number in its place can be explained.
pub(super) trait Written: FromStr<Err: fmt::Display> {
    const FORM: &'static str;

    fn instead_of_number(number: i128) -> String;
}

impl Written for ClockRange {
    const FORM: &'static str = "a range of the clock like \"09:00-18:00\"";

    fn instead_of_number(number: i128) -> String {
        match u16::try_from(number) {
            // YAML 1.1 has numbers to the base of sixty.
            Ok(lone @ 1..=DAY) => format!(
                "{number} is not a range (YAML can read a lone {} as this number): write the start \
                 and the end in quotes, like \"09:00-18:00\"",
                Clock(lone)
            ),
            _ => format!(
                "{number} is not a range: write the start and the end, like \"09:00-18:00\""
            ),
        }
    }
}

pub(super) struct Text<T>(std::marker::PhantomData<T>);

impl<T> Text<T> {
    pub(super) fn new() -> Self {
        Self(std::marker::PhantomData)
    }
}

impl<T: Written> Visitor<'_> for Text<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::FORM)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<T, E> {
        Err(E::custom(T::instead_of_number(number.into())))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<T, E> {
        Err(E::custom(T::instead_of_number(number.into())))
    }
}

impl<'de> Deserialize<'de> for ClockRange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Text::new())
    }
}

impl Serialize for ClockRange {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

const WEEK: [Weekday; 7] = [
    Weekday::Monday,
    Weekday::Tuesday,
    Weekday::Wednesday,
    Weekday::Thursday,
    Weekday::Friday,
    Weekday::Saturday,
    Weekday::Sunday,
];
const NAMES: [&str; 7] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];
const SHORT: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const GROUPS: [(&str, std::ops::Range<usize>); 3] =
    [("daily", 0..7), ("weekdays", 0..5), ("weekend", 5..7)];
const CLOSED: &str = "closed";

/// Hours for each weekday, as in a document.
///
/// Keys are weekdays (`monday` or `mon`), ranges of them (`monday-friday`, also wrapping like
/// `fri-mon`), or `daily`, `weekdays` and `weekend`; a value is one range, a list of ranges, or
/// `closed`. A weekday that is not named is closed; one that is named twice is an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WeekHours([Vec<ClockRange>; 7]);

/// Why hours are not those of a week.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WeekHoursError {
    /// A key names no weekdays.
    #[error("{key:?} is not a weekday: {mend}")]
    UnknownDay {
        /// What was written.
        key: String,
        /// What to write instead.
        mend: String,
    },
    /// Two keys name the same weekday.
    #[error("{day} is given twice, by {first:?} and by {second:?}: give each weekday once")]
    Twice {
        /// The weekday.
        day: &'static str,
        /// The key that named it first.
        first: String,
        /// The key that named it again.
        second: String,
    },
    /// No weekday is named at all.
    #[error("no weekday has hours: write at least one, like monday-friday: \"09:00-18:00\"")]
    Empty,
}

impl WeekHours {
    /// Hours from a document's keys, each with its ranges; no ranges say that the days are closed.
    ///
    /// # Errors
    ///
    /// When a key names no weekday, a weekday is named twice, or none is named.
    pub fn new<K: AsRef<str>>(
        entries: impl IntoIterator<Item = (K, Vec<ClockRange>)>,
    ) -> Result<Self, WeekHoursError> {
        let mut named: [Option<(String, Vec<ClockRange>)>; 7] = Default::default();
        for (key, ranges) in entries {
            let key = key.as_ref();
            for day in days_named(key)? {
                let (Some(slot), Some(name)) = (named.get_mut(day), NAMES.get(day)) else {
                    continue;
                };
                if let Some((first, _)) = slot {
                    return Err(WeekHoursError::Twice {
                        day: name,
                        first: first.clone(),
                        second: key.to_owned(),
                    });
                }
                *slot = Some((key.to_owned(), ranges.clone()));
            }
        }
        if named.iter().all(Option::is_none) {
            return Err(WeekHoursError::Empty);
        }
        Ok(Self(named.map(|slot| {
            slot.map(|(_, ranges)| ranges).unwrap_or_default()
        })))
    }

    /// The ranges that begin on a weekday, in the order in which they were written.
    #[must_use]
    pub fn on(&self, weekday: Weekday) -> &[ClockRange] {
        self.0.get(index(weekday)).map_or(&[], Vec::as_slice)
    }
}

/// A weekday's place in a week that begins on Monday.
pub(super) fn index(weekday: Weekday) -> usize {
    usize::from(weekday.to_monday_zero_offset().unsigned_abs())
}

/// The weekdays, Monday first.
pub(super) fn week() -> [Weekday; 7] {
    WEEK
}

fn days_named(key: &str) -> Result<Vec<usize>, WeekHoursError> {
    if let Some((_, days)) = GROUPS.iter().find(|(group, _)| *group == key) {
        return Ok(days.clone().collect());
    }
    let day = |part: &str| {
        NAMES
            .iter()
            .zip(&SHORT)
            .position(|(name, short)| *name == part || *short == part)
    };
    let unknown = |part: &str| WeekHoursError::UnknownDay {
        key: part.to_owned(),
        mend: suggestion(part),
    };
    let Some((first, last)) = key.split_once('-') else {
        return day(key).map(|day| vec![day]).ok_or_else(|| unknown(key));
    };
    let (first, last) = (first.trim(), last.trim());
    let from = day(first).ok_or_else(|| unknown(first))?;
    let to = day(last).ok_or_else(|| unknown(last))?;
    let length = (to + 7 - from) % 7 + 1;
    Ok((from..from + length).map(|day| day % 7).collect())
}

fn suggestion(part: &str) -> String {
    let wanted = part.to_lowercase();
    NAMES
        .iter()
        .chain(&SHORT)
        .chain(GROUPS.iter().map(|(group, _)| group))
        .map(|known| (strsim::jaro_winkler(&wanted, known), known))
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .filter(|(likeness, _)| *likeness >= 0.8)
        .map_or_else(
            || {
                "write monday to sunday, a range of them like monday-friday, or daily, weekdays \
                 or weekend"
                    .to_owned()
            },
            |(_, known)| format!("did you mean {known:?}?"),
        )
}

impl Serialize for WeekHours {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(NAMES.len()))?;
        for (name, ranges) in NAMES.iter().zip(&self.0) {
            match ranges.as_slice() {
                [] => map.serialize_entry(name, CLOSED)?,
                [range] => map.serialize_entry(name, range)?,
                ranges => map.serialize_entry(name, ranges)?,
            }
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for WeekHours {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(WeekVisitor)
    }
}

struct WeekVisitor;

impl<'de> Visitor<'de> for WeekVisitor {
    type Value = WeekHours;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("hours by weekday, like monday-friday: \"09:00-18:00\"")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<WeekHours, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            let DayHours(ranges) = map.next_value()?;
            entries.push((key, ranges));
        }
        WeekHours::new(entries).map_err(de::Error::custom)
    }
}

/// What stands behind a weekday: one range, a list of them, or `closed`.
struct DayHours(Vec<ClockRange>);

impl<'de> Deserialize<'de> for DayHours {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DayVisitor)
    }
}

struct DayVisitor;

impl<'de> Visitor<'de> for DayVisitor {
    type Value = DayHours;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "a range of the clock like \"09:00-18:00\", a list of such ranges, or \"closed\"",
        )
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<DayHours, E> {
        if text == CLOSED {
            return Ok(DayHours(Vec::new()));
        }
        // With no time of day in it, the text was rather meant to be the word.
        if !text.contains(':') {
            return Err(E::custom(format_args!(
                "{text:?} is neither hours nor \"closed\": write \"closed\", or a range like \
                 \"09:00-18:00\""
            )));
        }
        Text::<ClockRange>::new()
            .visit_str(text)
            .map(|range| DayHours(vec![range]))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<DayHours, E> {
        Err(E::custom(ClockRange::instead_of_number(number.into())))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<DayHours, E> {
        Err(E::custom(ClockRange::instead_of_number(number.into())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<DayHours, A::Error> {
        let mut ranges = Vec::new();
        while let Some(range) = seq.next_element()? {
            ranges.push(range);
        }
        if ranges.is_empty() {
            return Err(de::Error::custom(
                "the list of hours is empty: write \"closed\", or a range like \"09:00-18:00\"",
            ));
        }
        Ok(DayHours(ranges))
    }
}

#[cfg(feature = "schema")]
mod schema {
    use std::borrow::Cow;

    use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

    use super::{CLOSED, ClockRange, GROUPS, NAMES, SHORT, WeekHours};

    impl JsonSchema for ClockRange {
        fn schema_name() -> Cow<'static, str> {
            "ClockRange".into()
        }

        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            json_schema!({
                "type": "string",
                "description": "A range of the clock like \"09:00-18:00\"; an end at or before the start lies on the next day, and \"00:00-24:00\" is the whole day.",
                "pattern": "^([01]?[0-9]|2[0-3]):[0-5][0-9]-(([01]?[0-9]|2[0-3]):[0-5][0-9]|24:00)$",
            })
        }
    }

    impl JsonSchema for WeekHours {
        fn schema_name() -> Cow<'static, str> {
            "WeekHours".into()
        }

        fn json_schema(generator: &mut SchemaGenerator) -> Schema {
            let range = generator.subschema_for::<ClockRange>();
            let day = NAMES
                .iter()
                .chain(&SHORT)
                .copied()
                .collect::<Vec<_>>()
                .join("|");
            let groups = GROUPS.map(|(group, _)| group).join("|");
            let key = format!("^({groups}|({day})(-({day}))?)$");
            let hours = json_schema!({
                "anyOf": [
                    range,
                    { "type": "array", "items": range, "minItems": 1 },
                    { "const": CLOSED },
                ],
            });
            json_schema!({
                "type": "object",
                "description": "Hours by weekday: keys monday to sunday, ranges like \"monday-friday\", or daily, weekdays and weekend; each weekday once.",
                "patternProperties": { key: hours },
                "additionalProperties": false,
                "minProperties": 1,
            })
        }
    }
}
