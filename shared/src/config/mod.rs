//! Configuration is data that people write into SSM: one document for the company, one for each
//! estate. Types are the schema; what does not fit them is refused with the mend, never guessed.

mod company;
mod duration;
mod estate;
mod parse;
mod rotate;
#[cfg(feature = "schema")]
pub mod schema;
mod slim;

use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

pub use company::{Company, Language, Prices, Slack};
pub use duration::{Duration, NotADuration};
pub use estate::{CalendarChoice, DeploymentsWake, Estate, Services, Sleep, Watch};
pub use parse::{LIMIT_BYTES, Problem, nearest};
pub use rotate::{
    Age, Form, Means, NotASecretName, NotAnAge, Recipe, Rotate, Rotator, Secret, SecretKind,
    SecretName, SecretStore, Window, rotator,
};
pub use slim::{NightCapacity, Slim, Slimmer, slimmer};

use crate::calendar::Calendar;

/// The only version of the documents' format so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Version;

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(1)
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u64::deserialize(deserializer)? {
            1 => Ok(Self),
            other => Err(de::Error::custom(format!(
                "version {other} is not known to this release: write `version: 1`"
            ))),
        }
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Version {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Version".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "const": 1 })
    }
}

/// An estate whose document and company document fit together: what a plan is made from.
#[derive(Clone, Debug)]
pub struct Sleeper {
    /// The estate's name: the last part of its parameter's.
    pub name: String,
    /// What sleeps.
    pub sleep: Sleep,
    /// When it must be usable.
    pub calendar: Calendar,
    /// The zone in which people read times.
    pub zone: TimeZone,
    /// The language in which people read.
    pub language: Language,
    /// What things cost, if anybody said.
    pub prices: Option<Prices>,
}

/// Reads the company's document.
///
/// # Errors
/// Everything that is wrong with it.
pub fn company(document: &str, text: &str) -> Result<Company, Vec<Problem>> {
    parse::read(document, text, Company::problems)
}

/// Reads an estate's document.
///
/// # Errors
/// Everything that is wrong with it.
pub fn estate(document: &str, text: &str) -> Result<Estate, Vec<Problem>> {
    parse::read(document, text, Estate::problems)
}

/// An estate's name is part of a tag's value, of a parameter's name and of what people type.
///
/// # Errors
/// When it holds anything but letters, digits and `-_.`.
pub fn estate_name(name: &str) -> Result<(), String> {
    let fits = !name.is_empty()
        && name.len() <= 64
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    if fits && name != "all" {
        Ok(())
    } else {
        Err(format!(
            "`{name}` cannot be an estate's name: use up to 64 letters, digits, `-`, `_` and `.`, and not `all`"
        ))
    }
}

/// Puts an estate that sleeps together with the company's calendars.
///
/// # Errors
/// When the calendar that it names does not exist.
pub fn sleeper(
    document: &str,
    name: &str,
    estate: &Estate,
    company: &Company,
) -> Result<Option<Sleeper>, Vec<Problem>> {
    let Some(sleep) = &estate.sleep else {
        return Ok(None);
    };
    let calendar = calendar_of(document, "sleep", &sleep.calendar, company)?;
    Ok(Some(Sleeper {
        name: name.to_owned(),
        sleep: sleep.clone(),
        calendar: calendar.hours,
        zone: calendar.zone,
        language: company.language,
        prices: company.prices.clone(),
    }))
}

/// A section's calendar with the company's days, and the zone in which it is meant.
struct Hours {
    hours: Calendar,
    zone: TimeZone,
}

fn calendar_of(
    document: &str,
    section: &str,
    choice: &CalendarChoice,
    company: &Company,
) -> Result<Hours, Vec<Problem>> {
    let problem = |text: String| {
        vec![Problem {
            document: document.to_owned(),
            line: None,
            text,
        }]
    };
    let zone = company.zone().map_err(problem)?;
    let spec = match choice {
        CalendarChoice::InPlace(spec) => spec,
        CalendarChoice::Named(wanted) => company.calendars.get(wanted).ok_or_else(|| {
            let known: Vec<&str> = company.calendars.keys().map(String::as_str).collect();
            let hint = match nearest(wanted, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None if known.is_empty() => "it knows none".to_owned(),
                None => format!("it knows {}", known.join(", ")),
            };
            problem(format!(
                "{section}.calendar: the company's document has no calendar `{wanted}`: {hint}"
            ))
        })?,
    };
    Ok(Hours {
        hours: Calendar::new(spec, &company.holidays, zone.clone()),
        zone,
    })
}

#[cfg(test)]
mod tests;
