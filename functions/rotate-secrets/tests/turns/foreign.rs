//! What somebody else writes: a new value of an external key is rolled out, an older one that came back
//! never is.

use nightshift::ledger::rotation::Stage as Step;
use nightshift_cloud::{call::Actor, services::secretsmanager};
use serde_json::json;

use crate::{
    account::{AGENT, CANARIES, KEY, SECRET, TOKEN, container, parameter, service},
    stage::{Stage, order, with_key},
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
async fn what_somebody_writes_during_a_turn_ends_it_and_has_a_turn_of_its_own() {
    let mut stage = with_key().await;
    stage.until(KEY, Step::Published).await;
    stage.write(KEY, "by a person");
    stage.pass(60).await;
    stage.until_over(40).await;
    stage.pass(3600).await;
    let current = stage.entry(KEY).await.current.unwrap();
    assert_eq!(current.version, "3", "that is what the person wrote");
    assert_eq!(stage.parameter(KEY), "by a person");
    let since = stage.tasks_since("api");
    assert!(since.iter().all(|since| *since >= current.at), "{since:?}");
    assert_eq!(stage.told(), ["given-up /shop/KEY", "rotated /shop/KEY"]);
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

#[tokio::test(start_paused = true)]
async fn a_new_value_that_was_written_twice_is_no_older_one() {
    let mut stage = Stage::adopted(&[AGENT]).await;
    stage.pass(120).await;
    stage.write(AGENT, "a new one");
    stage.pass(30).await;
    stage.write(AGENT, "a new one");
    stage.pass(11 * 60).await;
    stage.until_over(20).await;
    assert_eq!(
        stage.told(),
        ["too-old /shop/KEY", "rotated /shop/AGENT_KEY"]
    );
    assert_eq!(stage.failures(), [""; 0]);
}

/// The stage `AWSCURRENT` can be moved by hand: no version is written, and the value is an older one.
#[tokio::test(start_paused = true)]
async fn a_stage_that_is_moved_back_brings_an_older_value_which_is_never_rolled() {
    let mut stage = Stage::adopted(&[TOKEN]).await;
    let first = stage.entry(TOKEN).await.current.unwrap().version;
    stage.ask(order("rotate", TOKEN)).await;
    stage.until_over(20).await;
    let second = stage.entry(TOKEN).await.current.unwrap().version;
    let moved = json!({
        "SecretId": SECRET, "VersionStage": "AWSCURRENT",
        "MoveToVersionId": first, "RemoveFromVersionId": second,
    });
    stage.with(|world| {
        let action = "UpdateSecretVersionStage";
        world
            .ask(&secretsmanager::SERVICE, Actor::Person, action, moved)
            .unwrap();
    });
    stage.pass(3600).await;
    let told = stage.told();
    assert_eq!(told.last().unwrap(), "older-value shop/app#token");
    assert_eq!(stage.deployments("api"), 1);
    assert_eq!(stage.failures(), [""; 0]);
}

/// Between a person's write and the window we wrote another key of the same text: SSM then names us as who
/// wrote it last.
#[tokio::test(start_paused = true)]
async fn what_somebody_wrote_under_one_key_is_rolled_out_though_another_was_written_since() {
    let (agent, token) = ("/shop/APP#agent", "/shop/APP#token");
    let document = format!(
        "version: 1\nrotate:\n  cluster: shop\n  secrets:\n    '{agent}': {{ kind: external, every: 365d }}\n    '{token}': {{ kind: random, every: 365d, form: hex }}\n"
    );
    let mut stage = Stage::with_document(&document);
    let text = |agent: &str| format!("{{ \"agent\": \"{agent}\", \"token\": \"none\" }}");
    stage.with(|world| {
        parameter(world, "/shop/APP", &text("old"));
        service(
            world,
            "app",
            vec![container("app", &[("APP", "/shop/APP")], &[])],
        );
    });
    stage.pass(1200).await;
    stage.adopt(agent).await;
    stage.adopt(token).await;
    // The window is over.
    stage.pass(10 * 3600).await;
    stage.write("/shop/APP", &text("new"));
    stage.ask(order("rotate", token)).await;
    stage.until_over(20).await;
    assert!(stage.parameter("/shop/APP").contains("\"agent\": \"new\""));
    assert_eq!(stage.entry(agent).await.current.unwrap().version, "1");
    let deployments = stage.deployments("app");

    stage.pass(13 * 3600).await;
    stage.until_over(20).await;
    let current = stage.entry(agent).await.current.unwrap();
    assert_eq!(current.version, "2", "that is what the person wrote");
    assert_eq!(
        stage.told(),
        ["rotated /shop/APP#token", "rotated /shop/APP#agent"]
    );
    let rolled = stage.deployments("app") - deployments;
    assert_eq!(rolled, 0, "every task has read it by then");
    assert_eq!(stage.failures(), [""; 0]);
}
