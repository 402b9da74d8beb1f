//! What all estates share stands once, in the parameter `/nightshift/company`: time zone,
//! language, holidays, named calendars, Slack and prices.

use std::collections::BTreeMap;

use jiff::{civil, tz::TimeZone};
use serde::{Deserialize, Serialize};

use super::Version;
use crate::calendar::{CalendarSpec, Days};

/// The document in `/nightshift/company`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Company {
    /// The version of this format: 1.
    pub version: Version,
    /// The IANA time zone in which all hours and dates are meant, like `Asia/Tokyo`.
    pub time_zone: String,
    /// The language of everything that people read.
    #[serde(default)]
    pub language: Language,
    /// The country's holidays, and the company's own closed and open days on top.
    #[serde(default)]
    pub holidays: Days,
    /// Calendars that estates refer to by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub calendars: BTreeMap<String, CalendarSpec>,
    /// Where messages go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slack: Option<Slack>,
    /// What things cost. Without prices, reports name hours and no money.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prices: Option<Prices>,
}

/// A language that reports can be written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Japanese.
    Ja,
}

/// Where messages go in Slack. The token or the webhook itself lies in an SSM
/// `SecureString` parameter, of which only the name stands here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Slack {
    /// The channel that gets everything without a channel of its own, like `#ops`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// The channel of severe messages, where it is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert_channel: Option<String>,
    /// Whom severe messages mention: the id of a user or of a user group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mention: Option<String>,
    /// The name of the parameter that holds the bot token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_parameter: Option<String>,
    /// The name of the parameter that holds the incoming webhook's address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook_parameter: Option<String>,
}

/// What things cost, per hour, on a date that stands beside the figures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Prices {
    /// The day on which the figures were looked up.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub as_of: civil::Date,
    /// The currency's code, like `USD`.
    #[serde(default = "usd")]
    pub currency: String,
    /// One vCPU of Fargate on x86, for an hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fargate_vcpu: Option<f64>,
    /// One GB of memory of Fargate on x86, for an hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fargate_gb: Option<f64>,
    /// One vCPU of Fargate on ARM, for an hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fargate_arm_vcpu: Option<f64>,
    /// One GB of memory of Fargate on ARM, for an hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fargate_arm_gb: Option<f64>,
    /// One Aurora capacity unit, for an hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aurora_acu: Option<f64>,
    /// A database instance of each class, for an hour, single-AZ: `db.t4g.micro: 0.025`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub db: BTreeMap<String, f64>,
}

fn usd() -> String {
    "USD".to_owned()
}

impl Company {
    /// The time zone, looked up.
    ///
    /// # Errors
    /// When the name is no IANA time zone; the text names the mend.
    pub fn zone(&self) -> Result<TimeZone, String> {
        TimeZone::get(&self.time_zone).map_err(|_| {
            format!(
                "time_zone: `{}` is no IANA time zone: write one like `Asia/Tokyo` or `Europe/Berlin`",
                self.time_zone
            )
        })
    }

    pub(super) fn problems(&self) -> Vec<String> {
        let mut problems: Vec<String> = self.zone().err().into_iter().collect();
        if let Some(prices) = &self.prices {
            let all = [
                prices.fargate_vcpu,
                prices.fargate_gb,
                prices.fargate_arm_vcpu,
                prices.fargate_arm_gb,
                prices.aurora_acu,
            ];
            if all
                .into_iter()
                .flatten()
                .chain(prices.db.values().copied())
                .any(|price| !price.is_finite() || price < 0.0)
            {
                problems.push("prices: a price is a number of at least 0".to_owned());
            }
        }
        problems
    }
}
