//! The function may die at any call. Running again ends in the same state: nothing that was saved is
//! lost, nothing is changed that was not saved, and everything comes back as it was.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests are tests as well"
)]

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::date;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use nightshift_tests::estates::{self, Estate, R2E};
use nightshift_tests::gateway::{Call, Fate};
use nightshift_tests::hits::{Hits, hit, mutates};
use nightshift_tests::local::{Deployment, Snapshot};
use nightshift_tests::play::at;
use nightshift_tests::stage::Stage;
use serde_json::{Value, json};

/// Longer than a night takes in which every seventh change kills the function, and each time the
/// lease of the dead look has to end first.
const PATIENCE: i64 = 120;

/// Goes through an evening and a morning, a tick each minute, until nothing is due.
struct Night<'a> {
    stage: &'a Stage,
    evening: Timestamp,
    morning: Timestamp,
}

impl Night<'_> {
    /// The `n`th night, so that each has dates of its own.
    fn of(stage: &Stage, n: i64) -> Night<'_> {
        // From Tuesday to Wednesday, every other week: for more than a year none of these Wednesdays
        // is a holiday. r2e, which is open longest, closes at 20:00.
        let tuesday = date(2027, 1, 19).saturating_add((n * 14).days());
        Night {
            stage,
            evening: at(tuesday, "20:00").unwrap(),
            morning: at(tuesday.saturating_add(1.day()), "09:00").unwrap(),
        }
    }

    async fn sleep(&self) {
        self.until_idle(self.evening).await;
    }

    async fn wake(&self) {
        // By nine all are open, so that nothing is left to be woken.
        self.until_idle(self.morning).await;
    }

    async fn until_idle(&self, from: Timestamp) {
        let mut last = None;
        for minute in 0..PATIENCE {
            let at = from.checked_add(SignedDuration::from_mins(minute)).unwrap();
            let tick = json!({ "command": "tick", "at": at.to_string() });
            let ticked = self.stage.local.invoke(&self.stage.stack.function, &tick);
            let ticked = ticked.await.unwrap();
            if ticked.payload["idle"] == true {
                return;
            }
            last = Some(ticked);
        }
        panic!("not settled: {last:#?}");
    }
}

/// The ledger's entries: stage and what was saved, without when and how often.
async fn saved(stage: &Stage) -> BTreeMap<String, (Value, Value, Value)> {
    let ledger = stage.ledger().await.unwrap();
    ledger
        .into_iter()
        .filter(|(key, _)| key.starts_with("ledger/resource/"))
        .map(|(key, item)| {
            let service = &item["service"]["M"];
            let saved = (
                item["stage"]["S"].clone(),
                service["count"].clone(),
                service["suspension"].clone(),
            );
            (key, saved)
        })
        .collect()
}

/// How a night goes when nothing goes wrong.
struct Undisturbed {
    asleep: Snapshot,
    awake: Snapshot,
    saved_asleep: BTreeMap<String, (Value, Value, Value)>,
    saved_awake: BTreeMap<String, (Value, Value, Value)>,
    changes: BTreeSet<Call>,
}

impl Undisturbed {
    async fn of(stage: &Stage) -> Self {
        let night = Night::of(stage, 0);
        // The first look ever writes the documents down; it is no part of a night.
        night
            .until_idle(night.evening.checked_sub(7.hours()).unwrap())
            .await;
        let awake = stage.local.snapshot().await.unwrap();
        let _ = stage.local.gateway.take_calls();
        night.sleep().await;
        let asleep = stage.local.snapshot().await.unwrap();
        let saved_asleep = saved(stage).await;
        night.wake().await;
        assert_eq!(stage.local.snapshot().await.unwrap(), awake);
        let calls = stage.local.gateway.take_calls();
        Self {
            asleep,
            awake,
            saved_asleep,
            saved_awake: saved(stage).await,
            changes: calls.into_iter().filter(mutates).collect(),
        }
    }

    async fn is_as_asleep(&self, stage: &Stage, when: &str) {
        assert_eq!(stage.local.snapshot().await.unwrap(), self.asleep, "{when}");
        assert_eq!(saved(stage).await, self.saved_asleep, "{when}");
    }

    async fn is_as_awake(&self, stage: &Stage, when: &str) {
        assert_eq!(stage.local.snapshot().await.unwrap(), self.awake, "{when}");
        assert_eq!(saved(stage).await, self.saved_awake, "{when}");
    }
}

/// Night after night, each beginning a change later, until each change of a night was hit; and one
/// in which the first of each kind is.
async fn nights(estates: &[Estate], nth: usize, firsts: &[usize], fate: Fate) {
    let stage = Stage::set(&Deployment::built(), estates).await.unwrap();
    let undisturbed = Undisturbed::of(&stage).await;
    let every = firsts.iter().map(|&first| Hits::Every { nth, first });
    for (number, hits) in (1..).zip(every.chain([Hits::FirstOfEachKind])) {
        let when = format!("{fate:?}, {hits:?}");
        let night = Night::of(&stage, number);
        let met = hit(&stage.local.gateway, stage.plays.name(), hits, &fate);
        night.sleep().await;
        undisturbed.is_as_asleep(&stage, &when).await;
        night.wake().await;
        undisturbed.is_as_awake(&stage, &when).await;
        if let Hits::FirstOfEachKind = hits {
            let met = met.lock().unwrap();
            assert!(met.is_superset(&undisturbed.changes), "only {met:?}");
        }
    }
}

#[tokio::test]
async fn killed_before_any_change_the_night_ends_as_any_other() {
    nights(&[R2E], 7, &[1, 2, 3, 4, 5, 6, 7], Fate::KilledBefore).await;
}

#[tokio::test]
async fn killed_after_any_change_the_night_ends_as_any_other() {
    nights(&[R2E], 7, &[1, 2, 3, 4, 5, 6, 7], Fate::KilledAfter).await;
}

#[tokio::test]
async fn with_any_answer_lost_the_night_ends_as_any_other() {
    nights(&[R2E], 7, &[1, 3, 5, 7], Fate::AnswerLost).await;
}

#[tokio::test]
async fn three_estates_side_by_side_survive_it_as_well() {
    // Seldom enough for a look at three estates to come to an end at all.
    nights(&estates::ALL, 17, &[4, 8, 13], Fate::KilledAfter).await;
}
