//! scale-production may die at any call of an evening and of a morning. The next looks end in the same
//! state: what is taken away is saved, and the whole day comes back. The simulated cloud tries every
//! call; here a few real kills show that the binary is as its plan says.

use std::collections::BTreeSet;

use jiff::civil::{Date, date};
use jiff::{SignedDuration, ToSpan as _};
use nightshift_tests::gateway::{Call, Fate};
use nightshift_tests::hits::{Hits, hit, mutates};
use nightshift_tests::local::{Deployment, Snapshot};
use nightshift_tests::play::at;
use nightshift_tests::stage::Stage;
use nightshift_tests::week;
use serde_json::{Value, json};

/// Longer than an evening takes in which every so many changes kill the function, and each time the
/// lease of the dead look has to end first.
const PATIENCE: i64 = 90;

/// A Tuesday; with every other week added, the Wednesday after it is a working day for a year.
const TUESDAY: Date = date(2027, 1, 19);

/// Ticks each minute until nothing is due. A tick that died says nothing.
async fn until_idle(stage: &Stage, date: Date, time: &str) {
    let from = at(date, time).unwrap();
    let mut last = None;
    for minute in 0..PATIENCE {
        let now = from.checked_add(SignedDuration::from_mins(minute)).unwrap();
        let tick = json!({ "command": "tick", "at": now.to_string() });
        let ticked = stage.local.invoke(stage.deployed(), &tick).await.unwrap();
        if ticked.payload["idle"] == true {
            return;
        }
        last = Some(ticked);
    }
    panic!("not settled: {last:#?}");
}

/// The days that are saved, with their stages.
async fn saved(stage: &Stage) -> Vec<(String, Value, Value)> {
    let ledger = stage.ledger().await.unwrap().into_iter();
    let entries = ledger.filter(|(key, _)| key.starts_with("ledger/slim/resource/"));
    let saved = entries.map(|(key, item)| (key, item["stage"].clone(), item["found"].clone()));
    saved.collect()
}

/// One night: what stands and is saved in it, and in the morning after it.
async fn night(stage: &Stage, number: i64) -> [(Snapshot, Vec<(String, Value, Value)>); 2] {
    let tuesday = TUESDAY.saturating_add((number * 14).days());
    // How loaded it is, is known a quarter of an hour after the first look of the day.
    until_idle(stage, tuesday, "20:00").await;
    until_idle(stage, tuesday, "22:00").await;
    let small = (stage.local.snapshot().await.unwrap(), saved(stage).await);
    until_idle(stage, tuesday.saturating_add(1.day()), "06:55").await;
    [
        small,
        (stage.local.snapshot().await.unwrap(), saved(stage).await),
    ]
}

async fn nights(fate: Fate, hits: &[Hits]) {
    let stage = week::set_the_stage(&Deployment::built()).await.unwrap();
    let before = stage.local.snapshot().await.unwrap();
    let function = stage.plays.name();
    let _ = stage.local.gateway.take_calls_of(function);
    let undisturbed = night(&stage, 0).await;
    let [(small, entries), (day, _)] = &undisturbed;
    assert_eq!(*day, before);
    assert_ne!(*small, before);
    assert_eq!(entries.len(), 3, "{entries:#?}");
    let calls = stage.local.gateway.take_calls_of(function);
    let changes: BTreeSet<Call> = calls.into_iter().filter(mutates).collect();
    for (number, hits) in (1..).zip(hits) {
        let met = hit(&stage.local.gateway, function, *hits, &fate);
        assert_eq!(
            night(&stage, number).await,
            undisturbed,
            "{fate:?}, {hits:?}"
        );
        let met = met.lock().unwrap();
        assert!(!met.is_empty());
        if let Hits::FirstOfEachKind = hits {
            assert!(met.is_superset(&changes), "only {met:?}");
        }
    }
}

/// Seldom enough for a look at three resources to come to an end at all.
const fn from(first: usize) -> Hits {
    Hits::Every { nth: 11, first }
}

#[tokio::test]
async fn killed_before_a_change_the_night_ends_as_any_other() {
    let hits = [from(2), from(6), from(10), Hits::FirstOfEachKind];
    nights(Fate::KilledBefore, &hits).await;
}

#[tokio::test]
async fn killed_after_a_change_the_night_ends_as_any_other() {
    let hits = [from(1), from(4), from(8), Hits::FirstOfEachKind];
    nights(Fate::KilledAfter, &hits).await;
}

#[tokio::test]
async fn with_answers_lost_the_night_ends_as_any_other() {
    nights(Fate::AnswerLost, &[from(3), from(7), Hits::FirstOfEachKind]).await;
}
