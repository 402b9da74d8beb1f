//! What is told of a night of being small: what it came to, what held it back, what it met.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Cause, Count, Money};
use crate::kind::{Level, Lever};

/// A night as it is told in the morning.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NightTold {
    /// When the night began.
    pub began: Timestamp,
    /// The opening that the estate grew for, if the calendar wanted the day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opening: Option<Timestamp>,
    /// What was smaller, and for how long.
    pub slimmed: Vec<Slimmed>,
    /// Task-hours that did not run.
    pub task_hours: f64,
    /// ACU-hours that were not used.
    pub acu_hours: f64,
    /// Their worth, if there are prices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saved: Option<Money>,
    /// What the nights of this month came to, this one included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub month: Option<Money>,
    /// Every service with its tasks, now that it is at the day's size.
    pub services: Vec<Count>,
    /// The highest CPU utilisation of the night.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub highest_cpu: Option<Peak>,
    /// How often auto scaling added tasks.
    pub scale_outs: u32,
    /// How many tasks died by themselves.
    pub deaths: u32,
    /// What held shrinking back, and when.
    pub held: Vec<HeldSpan>,
}

/// Something that was smaller for a night.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slimmed {
    /// The resource's name.
    pub resource: String,
    /// What was moved.
    pub lever: Lever,
    /// The day's size.
    pub day: Level,
    /// The night's size.
    pub night: Level,
    /// When it was first seen small.
    pub from: Timestamp,
    /// When it was seen at the day's size again.
    pub until: Timestamp,
}

/// The highest utilisation of a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peak {
    /// The service's name.
    pub service: String,
    /// In per cent.
    pub percent: u32,
}

/// A time in which shrinking was held back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldSpan {
    /// When it was first seen.
    pub from: Timestamp,
    /// When it was last seen.
    pub until: Timestamp,
    /// By what.
    pub by: Cause,
}

/// A resource that is not yet what it should be, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// Its name.
    pub resource: String,
    /// Why.
    pub cause: Cause,
}

#[cfg(test)]
mod tests {
    use crate::report::{News, text::samples};

    #[test]
    fn all_news_travel_between_functions_and_arrive_as_they_were() {
        for news in samples::news() {
            let text = serde_json::to_string(&news).unwrap();
            assert_eq!(serde_json::from_str::<News>(&text).unwrap(), news, "{text}");
        }
    }
}
