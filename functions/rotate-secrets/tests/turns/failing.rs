//! A deployment that fails, a call that is refused or throttled: the former value comes back, or the
//! turn goes on later.

use nightshift::ledger::rotation::{Cause, Stage as Step};
use nightshift_cloud::{
    call::{Actor, Fault},
    services::{ecs::Flaw, secretsmanager},
};

use crate::{
    account::{CANARIES, KEY, SECRET, TOKEN, json_secret},
    stage::{Stage, order, with_key},
};

#[tokio::test(start_paused = true)]
async fn after_a_deployment_that_fails_the_former_value_comes_back() {
    let mut stage = with_key().await;
    stage.spoil("api", Some(Flaw::exits(1)));
    stage.until(KEY, Step::Reverted).await;
    stage.spoil("api", None);
    stage.until_over(40).await;
    assert_eq!(stage.parameter(KEY), CANARIES[0]);
    let entry = stage.entry(KEY).await;
    assert_eq!(entry.current.as_ref().unwrap().version, "3");
    let undone = entry.last.unwrap().undone;
    assert!(
        matches!(undone, Some(Cause::Deployment { .. })),
        "{undone:?}"
    );
    assert!(entry.back_off.is_some());
    assert_eq!(stage.told(), ["reverted /shop/KEY"]);
    let current = stage.labelled(KEY, "nightshift-current");
    assert_eq!(current.as_deref(), Some(CANARIES[0]));
    stage.pass(3600).await;
    assert_eq!(
        stage.parameter(KEY),
        CANARIES[0],
        "it is left alone for a while"
    );
    assert_eq!(stage.told().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn of_a_json_secret_too_and_its_other_keys_stay() {
    let mut stage = Stage::adopted(&[TOKEN]).await;
    stage.spoil("web", Some(Flaw::exits(1)));
    stage.ask(order("rotate", TOKEN)).await;
    stage.until(TOKEN, Step::Reverted).await;
    stage.spoil("web", None);
    stage.until_over(40).await;
    assert_eq!(stage.secret(SECRET), json_secret(CANARIES[2]));
    assert_eq!(
        stage.told(),
        ["too-old /shop/KEY", "reverted shop/app#token"]
    );
}

/// Secrets Manager keeps about a hundred versions that no stage is on.
#[tokio::test(start_paused = true)]
async fn a_former_value_that_is_gone_is_said_with_its_mend_and_what_a_person_writes_ends_the_turn()
{
    let mut stage = Stage::adopted(&[TOKEN]).await;
    stage.spoil("web", Some(Flaw::exits(1)));
    stage.ask(order("rotate", TOKEN)).await;
    stage.until(TOKEN, Step::Published).await;
    let action = "secretsmanager:PutSecretValue";
    let refusal = Fault::client("InternalServiceError", "not now");
    stage.broken(action, Some(refusal));
    stage.until(TOKEN, Step::Reverting).await;
    stage.with(|world| {
        let ours = secretsmanager::value(world, SECRET).unwrap().to_owned();
        for number in 0..=100 {
            let text = ours.replace("1e2", &number.to_string());
            secretsmanager::put(world, &Actor::Person, SECRET, &text);
        }
    });
    stage.broken(action, None);
    stage.pass(180).await;
    let failures = stage.failures().join("\n");
    assert!(
        failures.contains("Write one that works by hand"),
        "{failures}"
    );

    stage.spoil("web", None);
    stage.with(|world| {
        let text = json_secret("by-a-person");
        secretsmanager::put(world, &Actor::Person, SECRET, &text);
    });
    stage.until_over(40).await;
    assert_eq!(stage.secret(SECRET), json_secret("by-a-person"));
    assert_eq!(stage.told()[1..], ["given-up shop/app#token"]);
    stage.ask(order("rotate", TOKEN)).await;
    stage.until_over(40).await;
    assert_eq!(
        stage.told()[1..],
        ["given-up shop/app#token", "rotated shop/app#token"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_put_that_is_refused_is_tried_again_and_given_up_with_its_reason() {
    let mut stage = with_key().await;
    let refusal = Fault::client("InternalServerError", "cAnAry1Key is not accepted");
    stage.broken("ssm:PutParameter", Some(refusal));
    stage.until_over(60).await;
    assert_eq!(stage.parameter(KEY), CANARIES[0]);
    let undone = stage.entry(KEY).await.last.unwrap().undone;
    assert!(
        matches!(&undone, Some(Cause::Refused { code, .. }) if code == "InternalServerError"),
        "{undone:?}"
    );
    assert_eq!(stage.told(), ["given-up /shop/KEY"]);
    let failures = stage.failures().join("\n");
    assert!(
        failures.contains("ssm:PutParameter failed on /shop/KEY"),
        "{failures}"
    );
    assert!(!failures.contains("cAnAry"), "AWS may quote the value");
    assert_eq!(stage.deployments("api"), 0);
}

#[tokio::test(start_paused = true)]
async fn throttles_put_it_off_and_break_nothing() {
    let mut stage = with_key().await;
    let throttle = Fault::client("ThrottlingException", "Rate exceeded");
    for action in [
        "ssm:PutParameter",
        "ssm:DescribeParameters",
        "ecs:DescribeServices",
        "ecs:UpdateService",
        "dynamodb:PutItem",
        "ssm:LabelParameterVersion",
        "secretsmanager:DescribeSecret",
    ] {
        stage.broken(action, Some(throttle.clone()));
        stage.pass(61).await;
        stage.broken(action, None);
        stage.pass(61).await;
    }
    stage.until_over(20).await;
    let entry = stage.entry(KEY).await;
    assert_eq!(entry.last.unwrap().undone, None);
    assert_eq!(stage.told(), ["rotated /shop/KEY"]);
    assert_eq!(stage.deployments("api"), 1);
}
