//! A process that dies after any call loses nothing: the next tick, or the one after the lease's end,
//! goes on.

use nightshift_cloud::services::ecs::Flaw;

use crate::{
    account::{CANARIES, KEY},
    stage::{Stage, with_key},
};

/// Plays a turn to its end, then again and again, with a death after each of its calls.
async fn dies_everywhere(spoilt: bool, check: impl AsyncFn(&Stage, &str)) {
    let mut stage = with_key().await;
    stage.ended.clear();
    stage.checkpoints = Some(Vec::new());
    if spoilt {
        stage.spoil("api", Some(Flaw::exits(1)));
    }
    play(&mut stage, spoilt).await;
    check(&stage, "alive").await;
    let calls: Vec<usize> = stage.ended.iter().map(|it| it.calls).collect();
    let checkpoints = stage.checkpoints.take().unwrap();
    let mut deaths = 0;
    for (checkpoint, calls) in checkpoints.into_iter().zip(calls) {
        // A tick that reads the marks alone can lose nothing.
        for call in (0..calls).filter(|_| calls > 1) {
            let (mut stage, died) = Stage::resume(checkpoint.clone(), call).await;
            deaths += usize::from(died);
            play(&mut stage, spoilt).await;
            let how = format!("dead after call {call} of {}", stage.ended[0].at);
            check(&stage, &how).await;
            assert_eq!(stage.failures(), [""; 0], "{how}");
        }
    }
    assert!(deaths > 50, "{deaths}");
}

async fn play(stage: &mut Stage, spoilt: bool) {
    for _ in 0..60 {
        stage.pass(60).await;
        let entry = stage.entry(KEY).await;
        if spoilt
            && entry
                .turn
                .as_ref()
                .is_some_and(nightshift::ledger::rotation::Turn::goes_back)
        {
            stage.spoil("api", None);
        }
        if entry.turn.is_none() && entry.last.is_some() {
            return;
        }
    }
    panic!("never over");
}

#[tokio::test(start_paused = true)]
async fn a_death_anywhere_in_a_turn_loses_nothing() {
    dies_everywhere(false, async |stage, how| {
        let entry = stage.entry(KEY).await;
        assert_eq!(entry.last.unwrap().undone, None, "{how}");
        let current = entry.current.unwrap();
        let newest = stage.parameter(KEY);
        assert_ne!(newest, CANARIES[0], "{how}");
        let current_value = stage.labelled(KEY, &current.version);
        assert_eq!(current_value, Some(newest), "{how}");
        let tasks = stage.tasks_since("api");
        assert!(tasks.iter().all(|since| *since >= current.at), "{how}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_death_anywhere_on_the_way_back_does_so_neither() {
    dies_everywhere(true, async |stage, how| {
        let entry = stage.entry(KEY).await;
        assert!(entry.last.unwrap().undone.is_some(), "{how}");
        assert_eq!(stage.parameter(KEY), CANARIES[0], "{how}");
    })
    .await;
}
