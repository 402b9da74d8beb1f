//! What must never happen, whichever function is played, and what all rules need to say so. Each rule
//! names itself when it is broken.

use std::{collections::BTreeMap, fmt};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::sky::CANARY;

/// Between a look and its deed, and between a deed and the look that sees it, the world moves on.
pub const MOMENT: SignedDuration = SignedDuration::from_mins(3);

/// What somebody did is seen by the next full look.
pub const SEEN: SignedDuration = SignedDuration::from_mins(21);

/// The same news so much later is that of another night.
const NIGHT: SignedDuration = SignedDuration::from_hours(10);

/// And so it is after the shortest day of any estate, if it opened in between.
const DAY: SignedDuration = SignedDuration::from_hours(8);

/// A broken rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// When.
    pub at: Timestamp,
    /// Which.
    pub rule: &'static str,
    /// How.
    pub detail: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.at, self.rule, self.detail)
    }
}

/// What was told, for an estate.
#[derive(Clone, Debug)]
struct Told {
    key: String,
    at: Timestamp,
}

/// Everything that was told.
#[derive(Clone, Debug, Default)]
pub struct Reports {
    told: BTreeMap<String, Vec<Told>>,
    /// When each estate opens.
    openings: BTreeMap<String, Vec<Timestamp>>,
    trouble: Option<Timestamp>,
}

impl Reports {
    /// Something failed, died or was hidden: a report may be repeated from now on for a while.
    pub const fn note_trouble(&mut self, at: Timestamp) {
        self.trouble = Some(at);
    }

    /// Between two nights an estate opens, at these instants.
    pub fn note_openings(&mut self, estate: &str, openings: Vec<Timestamp>) {
        self.openings.insert(estate.to_owned(), openings);
    }

    /// Somebody did something to an estate: what it leads to may be told, also if the same was told
    /// before.
    pub fn expect_news(&mut self, estate: &str) {
        self.told.remove(estate);
    }

    /// Reads a message: it is typed, holds no secret, and comes once. Answers the estate and the
    /// news; `varies` names what of a piece of news does not make it another one.
    pub fn read(
        &mut self,
        at: Timestamp,
        message: &str,
        varies: &[&str],
        fail: &mut impl FnMut(Timestamp, &'static str, String),
    ) -> Option<(String, Value)> {
        if message.contains(CANARY) {
            fail(at, "no secret leaves the function", "a message".to_owned());
        }
        let typed = typed(message);
        let Some(estate) = typed["estate"].as_str() else {
            fail(at, "a message is typed", message.to_owned());
            return None;
        };
        let news = &typed["news"];
        self.once(at, estate, key_of(news, varies), fail);
        Some((estate.to_owned(), news.clone()))
    }

    /// A stage of the story of a deployment that fails comes once, whatever else changed since.
    pub fn read_story(
        &mut self,
        at: Timestamp,
        message: &str,
        fail: &mut impl FnMut(Timestamp, &'static str, String),
    ) {
        let typed = typed(message);
        let Some(estate) = typed["estate"].as_str() else {
            fail(at, "a message is typed", message.to_owned());
            return;
        };
        let story = &typed["news"]["story"];
        let [service, deployment, stage] =
            ["service", "deployment", "stage"].map(|field| &story[field]);
        self.once(at, estate, format!("{service} {deployment} {stage}"), fail);
    }

    fn once(
        &mut self,
        at: Timestamp,
        estate: &str,
        key: String,
        fail: &mut impl FnMut(Timestamp, &'static str, String),
    ) {
        let told = self.told.entry(estate.to_owned()).or_default();
        let twice = told.iter().rev().find(|told| told.key == key);
        if let Some(first) = twice {
            let later = at.duration_since(first.at);
            let mut openings = self.openings.get(estate).into_iter().flatten();
            let excused = later > NIGHT
                || later > DAY && openings.any(|opening| first.at < *opening && *opening < at)
                || self
                    .trouble
                    .is_some_and(|trouble| trouble >= first.at - MOMENT);
            if !excused {
                fail(
                    at,
                    "no report comes twice",
                    format!("{estate} {key}, first at {}", first.at),
                );
            }
        }
        told.push(Told { key, at });
    }
}

/// What a message carries for whoever reads it by machine.
fn typed(message: &str) -> Value {
    let parsed: Value = serde_json::from_str(message).unwrap_or_default();
    let typed = parsed["lambda"].as_str();
    typed
        .and_then(|json| serde_json::from_str(json).ok())
        .unwrap_or_default()
}

/// What makes two messages the same: all but what varies while the matter is the same.
fn key_of(news: &Value, varies: &[&str]) -> String {
    let mut same = news.clone();
    if let Some(fields) = same.as_object_mut() {
        for field in varies {
            fields.remove(*field);
        }
    }
    same.to_string()
}
