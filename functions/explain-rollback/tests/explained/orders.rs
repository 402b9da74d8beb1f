//! One story, whatever becomes of the events: in any order, doubled, late, partly lost, or none at all.

use nightshift::report::rollback::{Fault, Stage};
use nightshift_cloud::services::ecs::Flaw;
use proptest::prelude::*;

use crate::{
    shop::Shop,
    stage::{Post, SILENT, cause},
};

fn crash() -> Flaw {
    Flaw::exits(1).saying(&["connecting", "Error: no such table"])
}

/// Each stage at most once, in order, the last one always; one thread, one cause.
fn is_one_story(shop: &Shop, how: &str) {
    let stages = shop.stage.stages();
    let once = stages.windows(2).all(|pair| pair[0] < pair[1]);
    assert!(once, "{how}: {stages:?}");
    assert_eq!(stages.last(), Some(&Stage::RolledBack), "{how}: {stages:?}");
    let stories = shop.stage.stories();
    let threads = stories.iter().all(|it| it.thread == stories[0].thread);
    assert!(threads && stories[0].failures == 1, "{how}");
    let last = shop.stage.last();
    let fault = cause(&last);
    assert!(
        matches!(fault, Fault::Crash { code: 1, .. }),
        "{how}: {fault:?}"
    );
    assert_eq!(shop.stage.failures(), [""; 0], "{how}");
}

async fn play(post: Post, seed: u64) -> Shop {
    let mut shop = Shop::open();
    shop.stage.post = post;
    shop.stage.seed(seed);
    shop.spoilt(crash());
    shop.stage.pass(20 * 60).await;
    shop
}

#[tokio::test(start_paused = true)]
async fn without_any_event_the_round_finds_what_failed_and_was_taken_back_since() {
    let shop = play(SILENT, 1).await;
    is_one_story(&shop, "silent");
    let excerpts = &shop.stage.last().excerpts;
    assert_eq!(excerpts[0].lines.last().unwrap(), "Error: no such table");
}

#[tokio::test(start_paused = true)]
async fn events_of_a_story_that_is_over_tell_it_once_in_whatever_order() {
    let mut events = {
        let mut shop = Shop::open();
        shop.stage.ticks = false;
        shop.spoilt(crash());
        // The post keeps them until the end of the story.
        shop.stage.post.late = 1;
        let mut all = Vec::new();
        for _ in 0..600 {
            all.extend(shop.stage.take_events());
            shop.wait(1).await;
        }
        all
    };
    assert!(events.len() > 6, "{}", events.len());
    for seed in 0..4 {
        let mut shop = Shop::open();
        shop.spoilt(crash());
        shop.wait(600).await;
        shop.stage.take_events();
        let mut random = fastrand::Rng::with_seed(seed);
        match seed {
            0 => events.reverse(),
            _ => random.shuffle(&mut events),
        }
        for event in &events {
            shop.stage.invoke(event.clone()).await.unwrap().unwrap();
            shop.wait(7).await;
        }
        is_one_story(&shop, &format!("order {seed}"));
    }
}

#[tokio::test(start_paused = true)]
async fn events_of_both_kinds_at_once_tell_one_story() {
    let post = Post {
        doubled: 100,
        ..Post::default()
    };
    is_one_story(&play(post, 3).await, "all doubled");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(8) })]

    #[test]
    fn however_bad_the_post_is_each_stage_is_told_once_and_the_last_one_always(
        lost in 0_u32..=100,
        doubled in 0_u32..=60,
        late in 0_u64..400,
        seed: u64,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        let post = Post { lost, doubled: doubled.min(100 - lost), late };
        let shop = runtime.block_on(play(post, seed));
        is_one_story(&shop, &format!("{post:?}"));
    }
}
