//! What a person can order, and what is answered to what cannot be.

use nightshift::{lambda::Failed, ledger::rotation::Cause};
use nightshift_cloud::{call::Actor, services::ssm};
use serde_json::{Value, json};

use crate::{
    account::{CANARIES, COPY, DOCUMENT, ESTATE, KEY, TOKEN},
    stage::{Stage, order, with_key},
};

#[tokio::test(start_paused = true)]
async fn a_key_that_leaked_is_not_kept_under_its_second_name() {
    let mut stage = with_key().await;
    stage.ask(order("leaked", KEY)).await;
    stage.until_over(20).await;
    stage.pass(120).await;
    let new = stage.parameter(KEY);
    assert_ne!(new, CANARIES[0]);
    assert_eq!(stage.parameter(COPY), new);
    assert!(stage.entry(KEY).await.former.unwrap().ended);
}

/// What is due may wait for a day before people hear of it; what leaked may not.
#[tokio::test(start_paused = true)]
async fn what_holds_back_a_key_that_leaked_is_told_soon() {
    let mut stage = with_key().await;
    stage.until_over(20).await;
    let ask = |stage: &Stage, action: &str, mut input: Value| {
        input["ResourceType"] = "Parameter".into();
        input["ResourceId"] = KEY.into();
        stage.with(|world| {
            let asked = world.ask(&ssm::SERVICE, Actor::Person, action, input);
            asked.unwrap();
        });
    };
    let untagged = json!({ "TagKeys": ["nightshift:rotate"] });
    ask(&stage, "RemoveTagsFromResource", untagged);
    stage.ask(order("leaked", KEY)).await;
    stage.pass(5 * 60).await;
    assert_eq!(stage.told(), ["rotated /shop/KEY"]);
    stage.pass(10 * 60).await;
    assert_eq!(stage.told()[1..], ["held-back /shop/KEY"]);
    let left = stage.left();
    assert!(left.contains("leaked `KEY` still works"), "{left}");
    let tagged = json!({ "Tags": [{ "Key": "nightshift:rotate", "Value": ESTATE }] });
    ask(&stage, "AddTagsToResource", tagged);
    stage.pass(11 * 60).await;
    stage.until_over(20).await;
    assert_eq!(
        stage.told()[1..],
        ["held-back /shop/KEY", "rotated /shop/KEY"]
    );
    assert_eq!(stage.failures(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn what_settled_well_can_be_put_back_by_hand() {
    let mut stage = with_key().await;
    stage.until_over(20).await;
    stage.ask(order("revert", KEY)).await;
    stage.until_over(20).await;
    assert_eq!(stage.parameter(KEY), CANARIES[0]);
    let entry = stage.entry(KEY).await;
    assert!(matches!(
        entry.last.unwrap().undone,
        Some(Cause::Asked { .. })
    ));
    assert_eq!(stage.deployments("api"), 2);
    assert_eq!(stage.told(), ["rotated /shop/KEY", "reverted /shop/KEY"]);
    assert_eq!(stage.failures(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_says_what_would_be_done_and_does_nothing() {
    let mut stage = with_key().await;
    let before = stage.ledger().await;
    let answer = stage
        .ask(json!({ "command": "dry_run", "estate": "shop" }))
        .await;
    let estate = &answer["estates"][0];
    assert_eq!(estate["steps"][0]["step"], "save", "{answer}");
    assert_eq!(estate["steps"][0]["secret"], KEY);
    assert_eq!(estate["waits"][TOKEN]["for"], "adoption");
    assert_eq!(stage.ledger().await, before);
    assert_eq!(stage.parameter(KEY), CANARIES[0]);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_ordered_is_answered_with_the_mend() {
    let mut stage = Stage::with_document(DOCUMENT);
    let mut elsewhere = order("rotate", KEY);
    elsewhere["estate"] = "nowhere".into();
    let mut played = json!({ "command": "status" });
    played["at"] = "2026-11-20T19:00:00+09:00".into();
    for (payload, wanted) in [
        (order("rotate", KEY), "is not adopted"),
        (order("revert", KEY), "is not adopted"),
        (elsewhere, "no document with a section `rotate`"),
        (order("adopt", "/shop/OTHER"), "names no `/shop/OTHER`"),
        (played, "on a local AWS only"),
    ] {
        let answer = stage.invoke(payload.clone()).await.unwrap();
        let Err(Failed::BadInput(text)) = &answer else {
            panic!("{payload}: {answer:?}")
        };
        assert!(text.contains(wanted), "{payload}: {text}");
    }
    stage.adopt(KEY).await;
    let answer = stage.invoke(order("revert", KEY)).await.unwrap();
    let Err(Failed::BadInput(text)) = &answer else {
        panic!("{answer:?}")
    };
    assert!(text.contains("nothing to put back"), "{text}");
}
