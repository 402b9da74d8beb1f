//! No value leaves the process: not in messages, not in the table, not in logs, answers or errors.

use nightshift_cloud::{call::Fault, services::ecs::Flaw};
use serde_json::json;

use crate::{
    account::{CANARIES, COPY, KEY, SECRET, TOKEN},
    stage::{Stage, order},
};

#[tokio::test(start_paused = true)]
async fn no_value_leaves_by_message_table_log_answer_or_error() {
    let mut stage = Stage::adopted(&[KEY, TOKEN]).await;
    let mut values: Vec<String> = CANARIES.map(str::to_owned).to_vec();
    let mut note = |stage: &Stage| {
        let token: serde_json::Value = serde_json::from_str(&stage.secret(SECRET)).unwrap();
        values.push(token["token"].as_str().unwrap().to_owned());
        values.push(stage.parameter(KEY));
        if let Some(copy) = stage.labelled(COPY, "1") {
            values.push(copy);
        }
    };
    for action in [
        "ssm:PutParameter",
        "secretsmanager:GetSecretValue",
        "secretsmanager:PutSecretValue",
    ] {
        let quoting = format!("Value 'cAnAry1Key {}' at 'value'", CANARIES[2]);
        let refusal = Fault::client("ValidationException", quoting);
        stage.broken(action, Some(refusal));
        stage.pass(61).await;
        stage.broken(action, None);
    }
    stage.pass(120).await;
    // In the middle of a turn the table holds most.
    let mut left = stage.left();
    stage.until_over(30).await;
    note(&stage);
    stage.spoil("web", Some(Flaw::exits(1)));
    stage.ask(order("leaked", TOKEN)).await;
    stage.pass(60 * 40).await;
    note(&stage);
    stage.spoil("web", None);
    stage.pass(60 * 40).await;
    note(&stage);
    for command in [
        json!({ "command": "status" }),
        json!({ "command": "dry_run" }),
        json!({ "command": "adopt", "estate": "shop", "secret": "cAnAry" }),
    ] {
        stage.invoke(command).await;
    }
    left.push_str(&stage.left());
    // What is no secret is there, so that the search is one.
    for said in ["rotated", "/shop/KEY", "ssm:PutParameter", "fingerprint"] {
        assert!(left.contains(said), "{said}");
    }
    for value in values {
        let at = left.find(&value);
        let near = at.map(|at| left.get(at.saturating_sub(120)..at + 10));
        assert_eq!(at, None, "{near:?}");
    }
}
