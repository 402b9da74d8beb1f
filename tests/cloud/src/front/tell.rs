//! What happened, in a line for a person to read along.

use std::{collections::BTreeMap, fmt::Write as _};

use jiff::{Timestamp, tz::TimeZone};
use serde_json::Value;

use crate::world::{Noted, What};

/// The Region's own time: everything here lives in Tokyo.
const ZONE: &str = "Asia/Tokyo";

/// Tells, and remembers what it told of each estate.
#[derive(Debug)]
pub(super) struct Teller<S> {
    say: S,
    told: BTreeMap<String, String>,
}

impl<S: FnMut(String)> Teller<S> {
    pub(super) fn new(say: S) -> Self {
        Self {
            say,
            told: BTreeMap::new(),
        }
    }

    /// Tells of changes. What is written into a table is the function's own book-keeping, some lines
    /// for each look: it is left out.
    pub(super) fn tell(&mut self, journal: &[Noted]) {
        for noted in journal {
            if noted.arn.contains(":dynamodb:") {
                continue;
            }
            let (by, what) = (noted.by.to_string(), change(&noted.what));
            // What follows the account in an ARN.
            let name = noted.arn.splitn(6, ':').nth(5).unwrap_or(&noted.arn);
            (self.say)(format!("{}  {by:<14} {name} {what}", time(noted.at)));
        }
    }

    /// Tells how an invocation ended, where that is something new.
    pub(super) fn answer(&mut self, at: Timestamp, what: &str, answer: &Value) {
        if let Some(error) = answer["errorMessage"].as_str() {
            self.failed(at, what, error);
        }
        for report in answer["estates"].as_array().into_iter().flatten() {
            let text = |name: &str| report[name].as_str().unwrap_or_default();
            let settled = if report["settled"] == true {
                ""
            } else {
                ", not settled yet"
            };
            let mut line = format!("{}{settled}", text("phase"));
            if let Ok(next) = text("next").parse() {
                let _ = write!(line, ", next {}", time(next));
            }
            let estate = text("estate").to_owned();
            if self.told.get(&estate) != Some(&line) {
                (self.say)(format!("{}  {what}: {estate} {line}", time(at)));
                self.told.insert(estate, line);
            }
        }
    }

    /// Tells of an invocation that failed.
    pub(super) fn failed(&mut self, at: Timestamp, what: &str, error: &str) {
        (self.say)(format!("{}  {what} failed: {error}", time(at)));
    }
}

fn time(at: Timestamp) -> String {
    let zone = TimeZone::get(ZONE).unwrap_or(TimeZone::UTC);
    at.to_zoned(zone).strftime("%a %d %H:%M:%S").to_string()
}

fn change(what: &What) -> String {
    let suspended = |kinds: &[bool; 3]| {
        let kinds = kinds.iter().zip(["in", "out", "scheduled"]);
        let kinds: Vec<&str> = kinds.filter_map(|(is, kind)| is.then_some(kind)).collect();
        if kinds.is_empty() {
            "none".to_owned()
        } else {
            kinds.join("+")
        }
    };
    match what {
        What::Created => "created".to_owned(),
        What::Deleted => "deleted".to_owned(),
        What::Count { from, to } => format!("count {from} → {to}"),
        What::Bounds { from, to } => {
            format!("bounds {}..{} → {}..{}", from.0, from.1, to.0, to.1)
        }
        What::Suspension { from, to } => {
            format!("suspended {} → {}", suspended(from), suspended(to))
        }
        What::Capacity { from, to } => {
            format!("capacity {}..{} → {}..{}", from.0, from.1, to.0, to.1)
        }
        What::Status { from, to } => format!("{from} → {to}"),
        What::Deployment { id } => format!("deployment {id}"),
        What::Written => "written".to_owned(),
        What::Published { subject, .. } => format!("« {subject} »"),
    }
}
