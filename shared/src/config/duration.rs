//! A length of time in a document is a number with its unit (`30m`, `2h`, `1h30m`): a bare
//! number is refused, since nobody can tell minutes from seconds by looking at it.

use std::{fmt, str::FromStr};

use jiff::SignedDuration;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A positive length of time, at most 366 days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Duration(SignedDuration);

/// The text is no length of time.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` is not a length of time: write a number and its unit, like `30m`, `2h` or `1h30m`")]
pub struct NotADuration(String);

impl Duration {
    /// So many minutes.
    #[must_use]
    pub const fn minutes(minutes: i64) -> Self {
        Self(SignedDuration::from_mins(minutes))
    }

    /// The same length for reckoning with instants.
    #[must_use]
    pub const fn get(self) -> SignedDuration {
        self.0
    }
}

impl FromStr for Duration {
    type Err = NotADuration;

    fn from_str(text: &str) -> Result<Self, NotADuration> {
        let length: SignedDuration = text.parse().map_err(|_| NotADuration(text.to_owned()))?;
        if length.is_positive() && length <= SignedDuration::from_hours(366 * 24) {
            Ok(Self(length))
        } else {
            Err(NotADuration(text.to_owned()))
        }
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let minutes = self.0.as_mins();
        match (minutes / 60, minutes % 60, self.0.as_secs() % 60) {
            (0, 0, seconds) => write!(f, "{seconds}s"),
            (0, minutes, _) => write!(f, "{minutes}m"),
            (hours, 0, _) => write!(f, "{hours}h"),
            (hours, minutes, _) => write!(f, "{hours}h{minutes}m"),
        }
    }
}

impl Serialize for Duration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Duration;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a length of time like `30m` or `2h`")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Duration, E> {
                text.parse().map_err(E::custom)
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Duration, E> {
                Err(E::custom(NotADuration(number.to_string())))
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Duration, E> {
                Err(E::custom(NotADuration(number.to_string())))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Duration {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Duration".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "A length of time with its unit, like 30m, 2h or 1h30m.",
            "examples": ["30m", "2h", "1h30m"]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_of_time_is_written_as_it_is_read() {
        for text in ["30m", "2h", "1h30m", "45s"] {
            assert_eq!(text.parse::<Duration>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_bare_number_nothing_or_the_past_is_no_length_of_time() {
        for text in ["30", "", "0m", "-5m", "soon", "9000h"] {
            assert!(text.parse::<Duration>().is_err(), "{text}");
        }
    }
}
