//! A turn from its beginning to its end, of each kind that needs no database.

use nightshift::ledger::rotation::{Adopted, Stage as Step};
use serde_json::json;

use crate::{
    account::{AGENT, CANARIES, COPY, DOCUMENT, KEY, KMS, SECRET, TOKEN, json_secret},
    stage::{Stage, order, with_key},
};

#[tokio::test(start_paused = true)]
async fn a_key_past_its_age_is_replaced_and_its_reader_rolled_once() {
    let mut stage = with_key().await;
    stage.until_over(20).await;
    let new = stage.parameter(KEY);
    assert_ne!(new, CANARIES[0]);
    assert_eq!(new.len(), 86, "64 bytes in base64url");
    assert_eq!(
        stage.parameter(COPY),
        CANARIES[0],
        "tokens that live still verify"
    );
    let entry = stage.entry(KEY).await;
    let current = entry.current.unwrap();
    assert_eq!(current.version, "2");
    let former = entry.former.unwrap();
    assert_eq!(former.published.version, "1");
    assert!(former.ends.is_some() && !former.ended);
    assert_eq!(entry.last.unwrap().undone, None);
    assert!(
        stage
            .tasks_since("api")
            .iter()
            .all(|since| *since >= current.at)
    );
    assert_eq!(stage.deployments("api"), 1);
    assert_eq!(stage.deployments("web"), 0, "it does not read the key");
    assert_eq!(stage.deployments("cron"), 0);
    assert_eq!(stage.labelled(KEY, "nightshift-current"), Some(new));
    let previous = stage.labelled(KEY, "nightshift-previous");
    assert_eq!(previous.as_deref(), Some(CANARIES[0]));
    assert_eq!(stage.told(), ["rotated /shop/KEY"]);
    assert_eq!(stage.failures(), [""; 0]);
    let ledger = stage.ledger().await;
    assert_eq!(ledger.entries.len(), 1, "the service is free again");
    let answer = stage.ask(json!({ "command": "status" })).await;
    let secrets = answer["estates"][0]["secrets"].as_array().unwrap();
    assert_eq!(secrets.len(), 3, "{answer}");
}

#[tokio::test(start_paused = true)]
async fn type_and_key_of_a_parameter_stay_and_its_copy_is_sealed_alike() {
    let mut stage = with_key().await;
    stage.until_over(20).await;
    for name in [KEY, COPY] {
        let described = stage.with(|world| {
            let input = json!({ "ParameterFilters": [{ "Key": "Name", "Values": [name] }] });
            let by = nightshift_cloud::call::Actor::Person;
            let ssm = &nightshift_cloud::services::ssm::SERVICE;
            world.ask(ssm, by, "DescribeParameters", input).unwrap()
        });
        assert_eq!(described["Parameters"][0]["KeyId"], KMS, "{name}");
        assert_eq!(described["Parameters"][0]["Type"], "SecureString");
    }
}

#[tokio::test(start_paused = true)]
async fn the_copy_of_a_key_is_wiped_when_the_longest_token_is_dead() {
    let mut stage = with_key().await;
    stage.until_over(20).await;
    let key = stage.parameter(KEY);
    stage.pass(23 * 3600).await;
    assert_eq!(stage.parameter(COPY), CANARIES[0]);
    stage.pass(2 * 3600).await;
    assert_eq!(stage.parameter(COPY), key);
    assert!(stage.entry(KEY).await.former.unwrap().ended);
    assert_eq!(stage.failures(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn of_a_json_secret_one_key_is_replaced_and_every_other_byte_stays() {
    let mut stage = Stage::adopted(&[TOKEN]).await;
    stage.ask(order("rotate", TOKEN)).await;
    stage.until_over(30).await;
    let text = stage.secret(SECRET);
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    let token = value["token"].as_str().unwrap();
    assert_ne!(token, CANARIES[2]);
    assert_eq!(token.len(), 128, "64 bytes in hexadecimal");
    assert_eq!(text, json_secret(token));
    let entry = stage.entry(TOKEN).await;
    assert_eq!(entry.last.unwrap().undone, None);
    for service in ["api", "web"] {
        let current = entry.current.as_ref().unwrap().at;
        assert!(
            stage
                .tasks_since(service)
                .iter()
                .all(|since| *since >= current)
        );
        assert_eq!(stage.deployments(service), 1, "{service}");
    }
    assert_eq!(
        stage.told(),
        ["too-old /shop/KEY", "rotated shop/app#token"]
    );
    assert_eq!(stage.failures(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn two_secrets_of_one_service_are_replaced_with_one_roll_out() {
    let document = DOCUMENT.replace("every: 180d", "every: 90d");
    let mut stage = Stage::with_document(&document);
    for secret in [KEY, TOKEN] {
        stage.adopt(secret).await;
    }
    stage.until_over(30).await;
    let (key, token) = (stage.entry(KEY).await, stage.entry(TOKEN).await);
    for entry in [&key, &token] {
        assert_eq!(entry.last.as_ref().unwrap().undone, None);
    }
    assert_eq!(stage.deployments("api"), 1);
    assert_eq!(stage.deployments("web"), 1);
    let in_one = "rotated shop/app#token, /shop/KEY";
    assert_eq!(stage.told(), [in_one]);
    assert_eq!(stage.failures(), [""; 0]);
}

/// One key of a JSON secret, replaced by hand.
pub(crate) async fn of_one_key_of_a_json() -> Stage {
    let mut stage = Stage::adopted(&[TOKEN]).await;
    stage.ask(order("rotate", TOKEN)).await;
    stage.until_over(30).await;
    stage
}

#[tokio::test(start_paused = true)]
async fn what_is_settled_costs_one_read_a_tick() {
    let mut stage = Stage::adopted(&[TOKEN]).await;
    stage.pass(120).await;
    let before = stage.with(|world| world.calls.len());
    stage.pass(240).await;
    let calls = stage.with(|world| {
        let calls = world.calls[before..].iter();
        calls.map(|call| call.action.clone()).collect::<Vec<_>>()
    });
    assert_eq!(calls, ["dynamodb:Query"; 4]);
}

#[tokio::test(start_paused = true)]
async fn nothing_begins_that_nobody_adopted_and_people_are_told_of_its_age_once() {
    let mut stage = Stage::with_document(DOCUMENT);
    stage.pass(3600).await;
    assert_eq!(stage.parameter(KEY), CANARIES[0]);
    assert_eq!(stage.told(), ["too-old /shop/KEY"]);
    assert_eq!(stage.count("ecs:UpdateService"), 0);
    assert_eq!(stage.count("ssm:PutParameter"), 0);
    assert_eq!(stage.failures(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn adopting_is_shown_first_and_remembers_who_and_when() {
    let mut stage = Stage::with_document(DOCUMENT);
    let asked = json!({ "command": "adopt", "estate": "shop", "secret": AGENT });
    let shown = stage.ask(asked).await;
    assert_eq!(shown["adopted"], false);
    assert_eq!(shown["written"]["by"], "Terraform");
    let terraform = shown["terraform"].as_str().unwrap();
    assert!(terraform.contains("ignore_changes = [value"), "{terraform}");
    assert!(stage.ledger().await.entries.is_empty());
    stage.adopt(AGENT).await;
    let entry = stage.entry(AGENT).await;
    let Adopted { who, reason, .. } = entry.adopted.unwrap();
    assert_eq!((who.as_str(), reason.as_str()), ("mika", "because"));
    assert_eq!(entry.current.unwrap().version, "1");
}

#[tokio::test(start_paused = true)]
async fn ticks_that_come_twice_replace_once() {
    let mut stage = with_key().await;
    stage.doubled = true;
    stage.until_over(20).await;
    assert_eq!(stage.entry(KEY).await.current.unwrap().version, "2");
    assert_eq!(stage.deployments("api"), 1);
    assert_eq!(stage.told(), ["rotated /shop/KEY"]);
    assert_eq!(stage.failures(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn of_two_estates_one_is_in_a_turn() {
    let mut stage = with_key().await;
    let document = "version: 1\nrotate:\n  cluster: other\n  secrets:\n    /other/KEY: { kind: random, every: 90d }\n";
    stage.with(|world| {
        let by = nightshift_cloud::call::Actor::Person;
        nightshift_cloud::services::ecs::create_cluster(world, "other");
        let estate = "/nightshift/estates/other";
        nightshift_cloud::services::ssm::put(world, &by, estate, document).unwrap();
        let input = json!({
            "Name": "/other/KEY", "Value": "x", "Type": "SecureString",
            "Tags": [{ "Key": "nightshift:rotate", "Value": "other" }],
        });
        let ssm = &nightshift_cloud::services::ssm::SERVICE;
        world.ask(ssm, by, "PutParameter", input).unwrap();
    });
    let mut adopt = order("adopt", "/other/KEY");
    adopt["estate"] = "other".into();
    adopt["confirm"] = true.into();
    stage.ask(adopt).await;
    stage.pass(61).await;
    assert_eq!(stage.entry(KEY).await.turn.unwrap().stage, Step::Published);
    let mut rotate = order("rotate", "/other/KEY");
    rotate["estate"] = "other".into();
    stage.ask(rotate).await;
    assert_eq!(stage.entry("/other/KEY").await.turn, None);
    assert_eq!(stage.parameter("/other/KEY"), "x");
    stage.until_over(20).await;
    stage.pass(120).await;
    assert_ne!(stage.parameter("/other/KEY"), "x", "then it is the other's");
    assert_eq!(stage.failures(), [""; 0]);
}
