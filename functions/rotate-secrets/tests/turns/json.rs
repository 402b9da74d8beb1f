//! Several keys of one text are written one after the other, each into what the one before has left: also
//! where a read does not show yet what was written a moment ago.

use jiff::SignedDuration;
use nightshift_cloud::{call::Actor, services::secretsmanager};
use serde_json::{Value, json};

use crate::{
    account::{CANARIES, SECRET, TOKEN, container, json_secret, service},
    stage::{Stage, order},
};

const USER: &str = "shop/app#user";

/// The text's keys `token` and `user`, which one more service reads, with these secrets; reads are late
/// by two seconds.
async fn with_secrets(secrets: &str, adopted: &[&str]) -> Stage {
    let document = format!("version: 1\nrotate:\n  cluster: shop\n  secrets:\n{secrets}");
    let mut stage = Stage::with_document(&document);
    stage.with(|world| {
        let whole = secretsmanager::arn(world, SECRET);
        let (token, user) = (format!("{whole}:token::"), format!("{whole}:user::"));
        let both = [("TOKEN", token.as_str()), ("USER", user.as_str())];
        service(world, "both", vec![container("both", &both, &[])]);
        secretsmanager::answer_late(world, SignedDuration::from_secs(2));
    });
    stage.pass(1200).await;
    for secret in adopted {
        stage.adopt(secret).await;
    }
    stage
}

fn read(stage: &Stage) -> Value {
    serde_json::from_str(&stage.secret(SECRET)).unwrap()
}

#[tokio::test(start_paused = true)]
async fn two_keys_of_one_text_are_both_replaced_though_reads_are_late() {
    let secrets = "    'shop/app#token': { kind: random, every: 90d, form: hex }
    'shop/app#user': { kind: random, every: 90d, form: hex }
";
    let mut stage = with_secrets(secrets, &[TOKEN, USER]).await;
    stage.until_over(30).await;
    let json = read(&stage);
    for key in ["token", "user"] {
        assert_eq!(json[key].as_str().unwrap().len(), 128, "{key} is new");
    }
    let in_one = "rotated shop/app#token, shop/app#user".to_owned();
    assert_eq!(stage.told().last(), Some(&in_one), "in one turn");
    assert_eq!(stage.failures(), [""; 0]);

    for secret in [TOKEN, USER] {
        stage.ask(order("revert", secret)).await;
        stage.until_over(30).await;
    }
    assert_eq!(stage.secret(SECRET), json_secret(CANARIES[2]), "and back");
    assert_eq!(stage.failures(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn the_copy_of_a_former_key_may_lie_in_the_same_text() {
    let secrets = "    'shop/app#token': { kind: random, every: 90d, form: hex, previous: 'shop/app#user', token_life: 24h }
";
    let mut stage = with_secrets(secrets, &[TOKEN]).await;
    stage.until_over(30).await;
    let json = read(&stage);
    let token = json["token"].as_str().unwrap();
    assert_eq!(token.len(), 128, "it is new");
    assert_eq!(json["user"], CANARIES[2], "the former one stays readable");
    assert_eq!(json["n"], 100.0);

    stage.pass(25 * 3600).await;
    assert_eq!(read(&stage)["user"], token, "until tokens are dead");
    assert_eq!(stage.failures(), [""; 0]);
}

/// Terraform put the whole text back, then we wrote another key of it: that brought no older value.
#[tokio::test(start_paused = true)]
async fn an_older_value_under_one_key_is_told_once_and_is_as_old_as_its_first_version() {
    let secrets = "    'shop/app#token': { kind: random, every: 365d, form: hex }
    'shop/app#user': { kind: random, every: 365d, form: hex }
";
    let mut stage = with_secrets(secrets, &[TOKEN, USER]).await;
    stage.ask(order("rotate", TOKEN)).await;
    stage.until_over(30).await;
    let input = json!({ "SecretId": SECRET, "SecretString": json_secret(CANARIES[2]) });
    stage.with(|world| {
        let (by, action) = (Actor::Terraform, "PutSecretValue");
        world
            .ask(&secretsmanager::SERVICE, by, action, input)
            .unwrap();
    });
    let written_by = stage.now();
    stage.pass(3600).await;
    stage.ask(order("rotate", USER)).await;
    stage.until_over(30).await;
    stage.pass(3600).await;
    let older = "older-value shop/app#token".to_owned();
    let told = stage.told();
    assert_eq!(
        told.iter().filter(|it| **it == older).count(),
        1,
        "{told:?}"
    );

    for command in ["rotate", "revert"] {
        stage.ask(order(command, TOKEN)).await;
        stage.until_over(30).await;
    }
    let current = stage.entry(TOKEN).await.current.unwrap();
    assert!(current.at <= written_by, "{current:?} of {written_by}");
    assert_eq!(stage.failures(), [""; 0]);
}
