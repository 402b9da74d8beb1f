//! What is saved of a resource before it is made smaller. What was found before the first
//! shrinking of a night is the day, and returns; nothing that is met at night ever replaces it.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use super::{Owner, Saved};
use crate::{
    kind::{Arn, Kind, Level, Lever, Size},
    report::{Cause, HeldSpan, Peak},
};

/// What is known of one resource that was, or is being, made smaller.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The version of this format.
    pub version: u32,
    /// The resource.
    pub arn: Arn,
    /// Its kind.
    pub kind: Kind,
    /// The estate that made it smaller.
    pub estate: String,
    /// Where in its life the entry is.
    pub stage: Stage,
    /// Since when it is at that stage.
    pub since: Timestamp,
    /// What is moved.
    pub lever: Lever,
    /// The day: what was found before the first shrinking of this night.
    pub found: Level,
    /// Where the lever stood when this was saved: seen again, it says that our step was not taken.
    pub from: Level,
    /// The night: what we set.
    pub set: Level,
    /// When the day was saved.
    pub saved_at: Timestamp,
    /// When it was first seen small in this night.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub small_since: Option<Timestamp>,
    /// When it was seen at the day's size again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grown_at: Option<Timestamp>,
    /// What somebody set it to at night, where that is left alone until morning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hand: Option<Level>,
    /// What somebody set it to at night, where the document had us undo that, until people were told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undone: Option<Level>,
    /// What one task is made of, for its price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<Size>,
    /// Who changes it now, why and until when; functions that would only take away keep off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Owner>,
}

/// Where in its life an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Saved; on its way to the night's size, which was not seen yet.
    ToNight,
    /// Seen at the night's size.
    Night,
    /// On its way back.
    ToDay,
    /// Seen at the day's size. What was found stays readable until the next save.
    Closed,
}

impl Entry {
    /// Whether what it holds was not yet seen restored.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.stage != Stage::Closed
    }
}

impl Saved for Entry {
    const NAMESPACE: &'static str = "slim/";

    fn arn(&self) -> &Arn {
        &self.arn
    }

    fn estate(&self) -> &str {
        &self.estate
    }

    fn is_open(&self) -> bool {
        self.is_open()
    }
}

/// A night of an estate, until it is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Night {
    /// When it began.
    pub began: Timestamp,
    /// Where each lever stood when it was first seen in this night, which is the day: what somebody
    /// sets after that, also before anything was made smaller, is a hand of the night.
    #[serde(default)]
    pub evening: BTreeMap<Arn, Level>,
    /// Up to when everything below is counted.
    pub counted_until: Timestamp,
    /// How many tasks fewer than by day each service ran at the last look, or by how much less
    /// capacity all instances of a cluster had.
    #[serde(default)]
    pub spare: BTreeMap<Arn, f64>,
    /// Task-hours that did not run.
    #[serde(default)]
    pub task_hours: f64,
    /// ACU-hours that were not used.
    #[serde(default)]
    pub acu_hours: f64,
    /// Their worth at the prices of their hours.
    #[serde(default)]
    pub saved: f64,
    /// The highest CPU utilisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub highest_cpu: Option<Peak>,
    /// How often auto scaling added tasks.
    #[serde(default)]
    pub scale_outs: u32,
    /// How many tasks died by themselves.
    #[serde(default)]
    pub deaths: u32,
    /// What held shrinking back, oldest first.
    #[serde(default)]
    pub held: Vec<HeldSpan>,
    /// Whether the last of these lasted at the last look.
    #[serde(default)]
    pub is_held: bool,
}

/// How many spans of being held back are remembered; what follows lengthens the last.
const SPANS: usize = 8;

impl Night {
    /// A night that begins now.
    #[must_use]
    pub const fn new(now: Timestamp) -> Self {
        Self {
            began: now,
            evening: BTreeMap::new(),
            counted_until: now,
            spare: BTreeMap::new(),
            task_hours: 0.0,
            acu_hours: 0.0,
            saved: 0.0,
            highest_cpu: None,
            scale_outs: 0,
            deaths: 0,
            held: Vec::new(),
            is_held: false,
        }
    }

    /// Notes a utilisation, if it is the highest so far.
    pub fn meet(&mut self, peak: Peak) {
        let known = self.highest_cpu.as_ref().map(|known| known.percent);
        if known.is_none_or(|known| known < peak.percent) {
            self.highest_cpu = Some(peak);
        }
    }

    /// Notes that something holds shrinking back at this look, as at the one before or newly.
    pub fn hold(&mut self, by: Cause, now: Timestamp) {
        let full = self.held.len() >= SPANS;
        let lasts = self.is_held;
        match self.held.last_mut() {
            Some(last) if full || (lasts && last.by == by) => last.until = now,
            last => {
                // The one before ended when this one began.
                if let Some(last) = last.filter(|_| lasts) {
                    last.until = now;
                }
                self.held.push(HeldSpan {
                    from: now,
                    until: now,
                    by,
                });
            }
        }
        self.is_held = true;
    }

    /// Notes that nothing holds shrinking back at this look: what did until the one before is over
    /// now.
    pub fn release(&mut self, now: Timestamp) {
        if self.is_held
            && let Some(last) = self.held.last_mut()
        {
            last.until = now;
        }
        self.is_held = false;
    }
}

/// What the nights of a month came to.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Month {
    /// Its first day.
    pub first: Date,
    /// Their worth.
    pub saved: f64,
}

impl Month {
    /// The month of a date with what one more night saved.
    #[must_use]
    pub fn with(known: Option<Self>, date: Date, saved: f64) -> Self {
        let first = date.first_of_month();
        let before = known.filter(|known| known.first == first);
        Self {
            first,
            saved: before.map_or(0.0, |before| before.saved) + saved,
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, civil::date};

    use super::*;
    use crate::{kind::Acu, ledger::VERSION};

    fn at(minute: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minute)
    }

    fn alarm(name: &str) -> Cause {
        Cause::Alarm {
            alarm: name.to_owned(),
        }
    }

    #[test]
    fn an_entry_is_read_as_it_was_written_also_by_the_release_before() {
        let entry = Entry {
            version: VERSION,
            arn: Arn::new("arn:aws:rds:r:1:cluster:aurora"),
            kind: Kind::AuroraCluster,
            estate: "production".to_owned(),
            stage: Stage::Night,
            since: at(1),
            lever: Lever::Capacity,
            found: Level::Acu(Acu::new(2.0).unwrap()),
            from: Level::Acu(Acu::new(2.0).unwrap()),
            set: Level::Acu(Acu::FLOOR),
            saved_at: at(0),
            small_since: Some(at(1)),
            grown_at: None,
            hand: None,
            undone: None,
            size: None,
            owner: None,
        };
        let mut value = serde_json::to_value(&entry).unwrap();
        value["colour"] = "blue".into();
        value["version"] = 2.into();
        let read: Entry = serde_json::from_value(value).unwrap();
        assert_eq!(
            read,
            Entry {
                version: 2,
                ..entry
            }
        );
    }

    #[test]
    fn an_entry_is_open_until_the_day_was_seen_restored() {
        let text = |stage: &str| {
            format!(
                r#"{{"version":1,"arn":"a","kind":"ecs-service","estate":"e","stage":"{stage}",
                "since":"2026-11-20T10:00:00Z","lever":"minimum","found":{{"tasks":2}},
                "from":{{"tasks":2}},"set":{{"tasks":1}},"saved_at":"2026-11-20T10:00:00Z"}}"#
            )
        };
        for (stage, open) in [
            ("to-night", true),
            ("night", true),
            ("to-day", true),
            ("closed", false),
        ] {
            let entry: Entry = serde_json::from_str(&text(stage)).unwrap();
            assert_eq!((entry.is_open(), Saved::is_open(&entry)), (open, open));
            assert_eq!((entry.arn(), entry.estate()), (&Arn::new("a"), "e"));
        }
    }

    #[test]
    fn what_holds_back_look_after_look_is_one_span_and_another_cause_another() {
        let mut night = Night::new(at(0));
        for minute in 0..5 {
            night.hold(alarm("a"), at(minute));
        }
        night.hold(alarm("b"), at(5));
        for minute in 6..9 {
            night.release(at(minute));
        }
        night.hold(alarm("b"), at(9));
        let spans: Vec<_> = night
            .held
            .iter()
            .map(|span| (span.from, span.until))
            .collect();
        assert_eq!(spans, [(at(0), at(5)), (at(5), at(6)), (at(9), at(9))]);
        for minute in 10..40 {
            night.release(at(minute * 2 - 1));
            night.hold(alarm("a"), at(minute * 2));
        }
        assert_eq!(
            night.held.len(),
            SPANS,
            "an item of the table is not endless"
        );
    }

    #[test]
    fn a_month_begins_anew_with_its_first_night() {
        let november = Month::with(None, date(2026, 11, 30), 0.5);
        let more = Month::with(Some(november), date(2026, 11, 30), 0.25);
        assert!((more.saved - 0.75).abs() < 1e-9);
        let december = Month::with(Some(more), date(2026, 12, 1), 0.5);
        assert_eq!(
            december,
            Month {
                first: date(2026, 12, 1),
                saved: 0.5
            }
        );
    }

    #[test]
    fn only_the_highest_utilisation_is_remembered_and_of_equals_the_first() {
        let mut night = Night::new(at(0));
        for (service, percent) in [("web", 20), ("api", 55), ("worker", 55), ("web", 30)] {
            night.meet(Peak {
                service: service.to_owned(),
                percent,
            });
        }
        let highest = Peak {
            service: "api".to_owned(),
            percent: 55,
        };
        assert_eq!(night.highest_cpu, Some(highest));
    }
}
