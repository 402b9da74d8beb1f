//! Atlas answers before its clusters know, some servers later than others, and one may be away.

use std::time::{Duration, Instant};

use crate::stage::Stage;

#[tokio::test]
async fn a_change_that_comes_later_is_waited_for() {
    let stage = Stage::new().await;
    stage.atlas.applies_after(Duration::from_millis(2500));
    let begun = Instant::now();
    let password = stage.set().await.unwrap();
    stage.test(&password).await.unwrap();
    assert!(begun.elapsed() >= Duration::from_millis(2500));
}

#[tokio::test]
async fn of_several_servers_the_last_one_is_waited_for() {
    let stage = Stage::with_servers(3).await;
    stage.atlas.lags(2, Duration::from_millis(2500));
    // The first user has been there for long.
    tokio::time::sleep(Duration::from_millis(2600)).await;
    let begun = Instant::now();
    let password = stage.set().await.unwrap();
    stage.test(&password).await.unwrap();
    assert!(begun.elapsed() >= Duration::from_millis(2500));
}

#[tokio::test]
async fn what_never_comes_is_given_up_in_time() {
    let stage = Stage::new().await;
    stage.atlas.applies_after(Duration::from_hours(1));
    let password = stage.set().await.unwrap();
    let refused = stage.test_within(&password, 2).await.unwrap_err();
    assert_eq!(refused.code, "18");
    assert!(refused.message.contains("it is tried again"), "{refused}");
}

#[tokio::test]
async fn one_server_that_is_away_is_passed_over_and_all_of_them_are_told() {
    let stage = Stage::with_servers(3).await;
    stage.atlas.is_down(0, true);
    stage.atlas.is_stopping(1);
    let password = stage.set().await.unwrap();
    stage.test(&password).await.unwrap();
    stage.atlas.is_down(2, true);
    let refused = stage.test(&password).await.unwrap_err();
    assert_eq!(refused.code, "unreached");
    assert!(refused.message.contains("IP access list"), "{refused}");
}
