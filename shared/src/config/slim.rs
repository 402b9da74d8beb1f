//! What gets smaller at night, and by how much. Never less than one task nor half a capacity unit:
//! a document that asks for less is refused, since that would be sleeping.

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{CalendarChoice, Company, Duration, Estate, Language, Prices, Problem, calendar_of};
use crate::{
    calendar::Calendar,
    kind::{Acu, Service},
};

/// What gets smaller outside the calendar's hours.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Slim {
    /// When the estate must be at its full size: a calendar's name, or a calendar in place.
    pub calendar: CalendarChoice,
    /// The ECS cluster's name.
    pub cluster: String,
    /// The smallest number of tasks at night, for each service: at least 1. Under auto scaling it
    /// is the minimum that is lowered to it, else the count.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(
        feature = "schema",
        schemars(with = "BTreeMap<String, std::num::NonZeroU32>")
    )]
    pub services: BTreeMap<String, u32>,
    /// The smallest capacity at night in ACU, for each Aurora Serverless v2 cluster: at least 0.5;
    /// or `keep` for a cluster whose capacity is left alone, but whose failovers and modifications
    /// hold shrinking back.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub databases: BTreeMap<String, NightCapacity>,
    /// Alarms that hold shrinking back while they are in ALARM. Growing is never held back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub brakes: Vec<String>,
    /// Undo what a person changed by hand at night, instead of leaving it until morning.
    #[serde(default)]
    pub enforce: bool,
    /// How long a day's size that somebody put back at night, an apply of Terraform for instance, is
    /// left alone.
    #[serde(default = "Slim::default_hour")]
    pub grace: Duration,
    /// After how long it is told that something holds shrinking back, or does not grow.
    #[serde(default = "Slim::default_hour")]
    pub stuck_after: Duration,
    /// How long before opening growing begins, until mornings have taught better.
    #[serde(default = "Slim::default_lead")]
    pub lead: Duration,
}

/// What becomes of a cluster's capacity at night.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NightCapacity {
    /// Its minimum is lowered to this.
    AtLeast(Acu),
    /// It is left alone; its failovers and modifications hold shrinking back all the same.
    Keep,
}

impl Serialize for NightCapacity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::AtLeast(capacity) => capacity.serialize(serializer),
            Self::Keep => serializer.serialize_str("keep"),
        }
    }
}

impl<'de> Deserialize<'de> for NightCapacity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl Visitor {
            fn units<E: de::Error>(units: f64) -> Result<NightCapacity, E> {
                if units < Acu::FLOOR.get() {
                    return Err(E::custom(format!(
                        "{units} ACU is below the floor: write at least {}",
                        Acu::FLOOR
                    )));
                }
                Acu::new(units).map(NightCapacity::AtLeast).ok_or_else(|| {
                    E::custom(format!(
                        "AWS does not take {units} ACU: write a half step up to 256, like 0.5 or 2"
                    ))
                })
            }
        }

        impl de::Visitor<'_> for Visitor {
            type Value = NightCapacity;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a capacity in ACU like 0.5, or `keep`")
            }
            fn visit_f64<E: de::Error>(self, units: f64) -> Result<NightCapacity, E> {
                Self::units(units)
            }
            #[allow(
                clippy::cast_precision_loss,
                reason = "what is that large is refused anyway"
            )]
            fn visit_u64<E: de::Error>(self, units: u64) -> Result<NightCapacity, E> {
                Self::units(units as f64)
            }
            #[allow(
                clippy::cast_precision_loss,
                reason = "what is that large is refused anyway"
            )]
            fn visit_i64<E: de::Error>(self, units: i64) -> Result<NightCapacity, E> {
                Self::units(units as f64)
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<NightCapacity, E> {
                if text == "keep" {
                    Ok(NightCapacity::Keep)
                } else {
                    Err(E::custom(format!(
                        "`{text}` is neither a capacity in ACU like 0.5 nor `keep`"
                    )))
                }
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for NightCapacity {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "NightCapacity".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "The smallest capacity at night in ACU, or keep, which leaves it alone.",
            "oneOf": [
                { "type": "number", "minimum": 0.5, "maximum": 256, "multipleOf": 0.5 },
                { "const": "keep" }
            ],
            "examples": [0.5, "keep"]
        })
    }
}

impl Slim {
    const fn default_hour() -> Duration {
        Duration::minutes(60)
    }
    const fn default_lead() -> Duration {
        Duration::minutes(20)
    }

    pub(super) fn problems(&self, problems: &mut Vec<String>) {
        let shrinks = |capacity: &NightCapacity| *capacity != NightCapacity::Keep;
        if self.services.is_empty() && !self.databases.values().any(shrinks) {
            problems.push(
                "slim: neither a service nor a database gets smaller: name one under `services`, like `api: 1`"
                    .to_owned(),
            );
        }
        if self.cluster.contains([':', '/']) {
            problems.push("slim.cluster: write the cluster's name, not its ARN".to_owned());
        }
        for (name, count) in &self.services {
            if *count == 0 {
                problems.push(format!(
                    "slim.services.{name}: 0 tasks would be asleep, not slim: write at least 1"
                ));
            }
        }
        let services = self.services.keys().map(|name| ("services", name));
        let databases = self.databases.keys().map(|name| ("databases", name));
        for (place, name) in services.chain(databases) {
            if name.contains([':', '/']) {
                problems.push(format!(
                    "slim.{place}: `{name}`: write the name, not the ARN"
                ));
            }
        }
        let mut seen = BTreeSet::new();
        for name in &self.brakes {
            if !seen.insert(name) {
                problems.push(format!(
                    "slim.brakes: `{name}` stands there twice: remove one"
                ));
            }
            if name.is_empty() || name.starts_with("arn:") {
                problems.push(format!(
                    "slim.brakes: `{name}`: write the alarm's name, not its ARN"
                ));
            }
        }
    }
}

/// An estate that is slimmed, whose document and company document fit together: what a plan is
/// made from.
#[derive(Clone, Debug)]
pub struct Slimmer {
    /// The estate's name: the last part of its parameter's.
    pub name: String,
    /// What gets smaller.
    pub slim: Slim,
    /// When it must be at its full size.
    pub calendar: Calendar,
    /// The zone in which people read times.
    pub zone: TimeZone,
    /// The language in which people read.
    pub language: Language,
    /// What things cost, if anybody said.
    pub prices: Option<Prices>,
}

impl Slimmer {
    /// Whether the document names this service.
    #[must_use]
    pub fn claims_service(&self, service: &Service) -> bool {
        self.slim.cluster == service.cluster && self.slim.services.contains_key(&service.name)
    }

    /// Whether the capacity of the cluster of this name is to get smaller.
    #[must_use]
    pub fn claims_database(&self, name: &str) -> bool {
        self.night_capacity(name).is_some()
    }

    /// What the minimum capacity of the cluster of this name is lowered to.
    #[must_use]
    pub fn night_capacity(&self, name: &str) -> Option<Acu> {
        match self.slim.databases.get(name)? {
            NightCapacity::AtLeast(capacity) => Some(*capacity),
            NightCapacity::Keep => None,
        }
    }

    /// The clusters and databases that the document names: their events concern the estate.
    #[must_use]
    pub fn watched(&self) -> Vec<String> {
        let databases = self.slim.databases.keys();
        [&self.slim.cluster]
            .into_iter()
            .chain(databases)
            .cloned()
            .collect()
    }
}

/// Puts an estate that is slimmed together with the company's calendars.
///
/// # Errors
/// When the calendar that it names does not exist.
pub fn slimmer(
    document: &str,
    name: &str,
    estate: &Estate,
    company: &Company,
) -> Result<Option<Slimmer>, Vec<Problem>> {
    let Some(slim) = &estate.slim else {
        return Ok(None);
    };
    let calendar = calendar_of(document, "slim", &slim.calendar, company)?;
    Ok(Some(Slimmer {
        name: name.to_owned(),
        slim: slim.clone(),
        calendar: calendar.hours,
        zone: calendar.zone,
        language: company.language,
        prices: company.prices.clone(),
    }))
}

#[cfg(test)]
mod tests;
