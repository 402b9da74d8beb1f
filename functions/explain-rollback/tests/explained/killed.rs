//! A process that dies after any call loses nothing: the next tick, or the one after the lease's end,
//! goes on, and each stage reaches people once.

use nightshift::report::rollback::Stage;
use nightshift_cloud::services::ecs::{Flaw, flaws::Kind};

use crate::{
    shop::Shop,
    stage::{Post, Stage as Theatre},
};

/// Plays a story to its end, then again and again, with a death after each of its calls.
async fn dies_everywhere(spoil: impl Fn(&Shop), post: Post) {
    let mut shop = Shop::open();
    // What happens before the story is no part of it.
    shop.stage.pass(90).await;
    shop.stage.ended.clear();
    shop.stage.post = post;
    shop.stage.checkpoints = Some(Vec::new());
    spoil(&shop);
    for _ in 0..20 {
        shop.stage.pass(60).await;
        if shop.stage.stages().last() == Some(&Stage::RolledBack) {
            break;
        }
    }
    let told = shop.stage.heard();
    assert_eq!(told.last().unwrap().1, Stage::RolledBack);
    let calls: Vec<usize> = shop.stage.ended.iter().map(|it| it.calls).collect();
    let checkpoints = shop.stage.checkpoints.take().unwrap();
    let mut deaths = 0;
    for (checkpoint, calls) in checkpoints.into_iter().zip(calls) {
        // A tick that reads the marks alone can lose nothing.
        for call in (0..calls).filter(|_| calls > 1) {
            deaths += 1;
            let mut stage = Theatre::resume(checkpoint.clone(), call).await;
            for _ in 0..8 {
                stage.pass(60).await;
                if stage.stages().last() == Some(&Stage::RolledBack) {
                    break;
                }
            }
            let how = format!("dead after call {call} of {}", stage.ended[0].at);
            let heard = stage.heard();
            let stages: Vec<Stage> = heard.iter().map(|it| it.1).collect();
            assert!(
                stages.windows(2).all(|pair| pair[0] < pair[1]),
                "{how}: {stages:?}"
            );
            assert_eq!(stages.last(), Some(&Stage::RolledBack), "{how}: {stages:?}");
            let one = heard.iter().all(|it| it.0 == heard[0].0);
            assert!(one, "{how}: {heard:?}");
            assert_eq!(stage.failures(), [""; 0], "{how}");
            // What is told twice is told twice alike, but for the time.
            stage.pass(61).await;
            assert_eq!(stage.heard(), heard, "{how}");
        }
    }
    assert!(deaths > 50, "{deaths}");
}

#[tokio::test(start_paused = true)]
async fn a_death_anywhere_in_the_story_of_a_crash_loses_nothing_and_doubles_nothing() {
    let spoil = |shop: &Shop| shop.spoilt(Flaw::exits(1).saying(&["Error: no such table"]));
    Box::pin(dies_everywhere(spoil, Post::default())).await;
}

#[tokio::test(start_paused = true)]
async fn a_death_anywhere_in_the_story_of_a_missing_secret_does_so_neither() {
    let kind = Kind::SecretMissing("/shop/DATABASE_URL".to_owned());
    let post = Post {
        lost: 60,
        ..Post::default()
    };
    let spoil = |shop: &Shop| shop.spoilt(Flaw::new(kind.clone()));
    Box::pin(dies_everywhere(spoil, post)).await;
}
