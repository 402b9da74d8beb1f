//! rotate-secrets as built, on the local AWS with a real PostgreSQL: secrets of two estates are replaced,
//! each command in `events/` is answered, and no value leaves it.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests as well")]

use jiff::Timestamp;
use nightshift_tests::estates::{PRODUCTION, R2E};
use nightshift_tests::play::Audience;
use nightshift_tests::rotation::{self, now, order};
use nightshift_tests::secrets::{CANARIES, SIGNING_KEY, Secrets, an_atlas};
use nightshift_tests::stage::{self, Moment, Plays, Stage, event, is_command_of};
use serde_json::{Value, json};

/// Nobody looks on.
struct Nobody;

impl Audience for Nobody {
    fn act(&mut self, _: &str, _: &str) {}
    fn aside(&mut self, _: Timestamp, _: &str) {}
    fn moment(&mut self, _: &Moment) {}
}

#[tokio::test]
async fn secrets_of_two_estates_are_replaced_and_no_value_leaves_the_function() {
    let atlas = an_atlas().await.unwrap();
    let deployment = rotation::deployment(&atlas);
    let mut stage = Stage::bare(&deployment).await.unwrap();
    let found = rotation::play(&mut stage, &atlas, "en", &mut Nobody)
        .await
        .unwrap();
    assert!(found.is_good(), "{:#?}", found.facts);
    let told: Vec<&Value> = found
        .moments
        .iter()
        .flat_map(|moment| &moment.mail)
        .map(|mail| &mail.news["told"]["rotation"])
        .collect();
    let rotated = json!("rotated");
    assert_eq!(
        told,
        [
            &rotated,
            &rotated,
            &rotated,
            &rotated,
            &rotated,
            &json!("older_value")
        ]
    );
    let table = stage.ledger().await.unwrap();
    let left = format!("{:?} {table:?}", found.moments);
    for canary in CANARIES {
        assert!(!left.contains(canary), "{canary}");
    }
}

#[tokio::test]
async fn every_sample_is_answered() {
    let atlas = an_atlas().await.unwrap();
    let deployment = rotation::deployment(&atlas);
    let mut stage = Stage::set(&deployment, &[PRODUCTION, R2E]).await.unwrap();
    stage.plays = Plays::RotateSecrets;
    let _secrets = Secrets::make(&stage.local, &atlas).await.unwrap();
    let mut samples = stage::samples().unwrap();
    let is_event =
        |name: &str| name == "ecs-deployment-completed" || name == "ecs-deployment-failed";
    samples.retain(|(name, it)| is_command_of("rotate-secrets", it) || is_event(name));
    // Nothing can be replaced that nobody adopted, and nothing put back that was not replaced.
    let rank = |name: &str| {
        ["adopt", "rotate", "revert"]
            .iter()
            .position(|it| *it == name)
    };
    samples.sort_by_key(|(name, _)| rank(name).unwrap_or(usize::MAX));
    assert_eq!(samples.len(), 10, "{samples:?}");
    for (name, mut payload) in samples {
        // Those that serve other functions as well name another estate.
        if payload["estate"] == "bookmark-manager-staging"
            && let Some(fields) = payload.as_object_mut()
        {
            fields.remove("estate");
        }
        let moment = stage.ask(now(), &name, &payload).await.unwrap();
        assert_eq!(moment.failed, None, "{name}");
        let answer = &moment.answer;
        let is_order = ["rotate", "leaked", "revert"].contains(&name.as_str());
        let told = if is_order {
            until_told(&stage, answer.clone()).await
        } else {
            None
        };
        match name.as_str() {
            "adopt" => {
                assert_eq!(answer["adopted"], true);
                let block = answer["terraform"].as_str().unwrap();
                assert!(block.contains("ignore_changes"), "{block}");
            }
            "rotate" | "leaked" => assert_eq!(told.as_deref(), Some("rotated"), "{name}"),
            "revert" => assert_eq!(told.as_deref(), Some("reverted"), "{answer}"),
            "status" => {
                let secrets = answer["estates"][0]["secrets"].as_array().unwrap();
                assert!(secrets.iter().any(|it| it["secret"] == SIGNING_KEY));
                assert!(moment.only_reads(), "{:?}", moment.actions());
            }
            "dry-run" => assert!(moment.only_reads(), "{:?}", moment.actions()),
            "reconcile" => assert_eq!(answer["looked"].as_array().unwrap().len(), 2, "{answer}"),
            _ => assert_eq!(answer["busy"], json!([]), "{name}: {answer}"),
        }
    }
}

/// What is told at the end of a turn, whose services are rolled from one look to the next; nothing
/// where that takes too long.
async fn until_told(stage: &Stage, mut answer: Value) -> Option<String> {
    for _ in 0..20 {
        if let Some(told) = answer["told"][0]["told"].as_str() {
            return Some(told.to_owned());
        }
        let look = json!({ "command": "reconcile" });
        let moment = stage.ask(now(), "look", &look).await.unwrap();
        assert_eq!(moment.failed, None);
        answer = moment.answer;
    }
    None
}

#[tokio::test]
async fn what_is_not_understood_is_refused_with_the_mend() {
    let atlas = an_atlas().await.unwrap();
    let deployment = rotation::deployment(&atlas);
    let mut stage = Stage::set(&deployment, &[R2E]).await.unwrap();
    stage.plays = Plays::RotateSecrets;
    let wake = event("wake").unwrap();
    for (payload, words) in [
        (wake, "the commands are tick, reconcile, status"),
        (order("rotate", "r2e", "r2e/nothing"), "is not adopted"),
        (order("rotate", "shop", "/shop/KEY"), "no document"),
        (json!({ "command": "leaked" }), "`leaked` needs `estate`"),
        (
            json!({ "hello": "world" }),
            "neither a command nor an event",
        ),
    ] {
        let moment = stage.ask(now(), "nonsense", &payload).await.unwrap();
        assert_eq!(moment.answer["errorType"], "BadInput", "{payload}");
        let said = moment.failed.as_deref().unwrap();
        assert!(said.contains(words), "{said}");
        assert_eq!(moment.writes, [], "{payload}");
    }
}
