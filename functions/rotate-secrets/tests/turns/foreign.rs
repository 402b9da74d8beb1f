//! What somebody else writes: a new value of an external key is rolled out, an older one that came back
//! never is.

use crate::{
    account::{AGENT, CANARIES, KEY},
    stage::{Stage, with_key},
};

/// A key that was replaced, and an apply of Terraform that brings the older value back.
pub(crate) async fn older_value() -> Stage {
    let mut stage = with_key().await;
    stage.until_over(20).await;
    stage.write(KEY, CANARIES[0]);
    stage.pass(3600).await;
    stage
}

#[tokio::test(start_paused = true)]
async fn the_older_value_that_terraform_brings_back_is_told_at_once_and_never_rolled() {
    let stage = older_value().await;
    let deployed = 1;
    assert_eq!(stage.told(), ["rotated /shop/KEY", "older-value /shop/KEY"]);
    assert_eq!(stage.deployments("api"), deployed);
    assert_eq!(stage.entry(KEY).await.turn, None);
    assert_eq!(
        stage.count("ssm:GetParameterHistory"),
        1,
        "it is compared once"
    );
    assert_eq!(stage.failures(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_new_value_of_an_external_key_is_rolled_out() {
    let mut stage = Stage::adopted(&[AGENT]).await;
    stage.pass(120).await;
    stage.write(AGENT, "a new one");
    stage.pass(11 * 60).await;
    stage.until_over(20).await;
    let entry = stage.entry(AGENT).await;
    let current = entry.current.unwrap();
    assert_eq!(current.version, "2");
    assert!(
        stage
            .tasks_since("api")
            .iter()
            .all(|since| *since >= current.at)
    );
    assert_eq!(stage.deployments("api"), 1);
    assert_eq!(stage.parameter(AGENT), "a new one");
    assert_eq!(
        stage.told(),
        ["too-old /shop/KEY", "rotated /shop/AGENT_KEY"]
    );
    assert_eq!(stage.failures(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn the_same_value_written_again_is_no_news() {
    let mut stage = Stage::adopted(&[AGENT]).await;
    stage.pass(120).await;
    stage.write(AGENT, CANARIES[1]);
    stage.pass(3600).await;
    assert_eq!(stage.told(), ["too-old /shop/KEY"]);
    assert_eq!(stage.deployments("api"), 0);
    assert_eq!(stage.failures(), [""; 0]);
}
