//! No secret leaves the process: not in messages, not in the table, not in logs, answers or errors.

use nightshift_cloud::{
    call::{Actor, Fault as Refusal},
    services::{dynamodb, ecs::Flaw, secretsmanager, ssm},
};
use serde_json::json;

use crate::{
    account::TABLE,
    log::Log,
    shop::{PARAMETER, SECRET, Shop},
};

/// What must not be found anywhere.
const CANARIES: [&str; 12] = [
    "cAnAry1Environment",
    "cAnAry2Parameter",
    "cAnAry3Secret",
    "cAnAry4InAddress",
    "cAnAry5KeyValue",
    "cAnAry6Json",
    "cAnAry7Bearer8sK2",
    "cAnAry8Pem",
    "cAnAry9Command",
    "cAnAry10Flag",
    "cAnAry11Health",
    "cAnAry12OldEnvironment",
];

/// Lines in which they stand as they do in logs.
const LINES: [&str; 9] = [
    "connecting to postgresql://app:cAnAry4InAddress@db.internal:5432/shop?schema=public",
    "starting with DATABASE_PASSWORD=cAnAry5KeyValue LOG_LEVEL=debug",
    r#"{"level":"error","msg":"cannot sign in","password":"cAnAry6Json","user":"app"}"#,
    "GET /v1/charges Authorization: Bearer cAnAry7Bearer8sK2",
    "-----BEGIN PRIVATE KEY-----",
    "cAnAry8PemMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7",
    "-----END PRIVATE KEY-----",
    "usage: main --api-token cAnAry10Flag --verbose",
    "Error: P1001: cannot reach the database",
];

fn plant(shop: &Shop) {
    shop.stage.with(|world| {
        let by = Actor::Terraform;
        ssm::put(
            world,
            &by,
            PARAMETER,
            "postgresql://app:cAnAry2Parameter@db/x",
        )
        .unwrap();
        secretsmanager::put(world, &by, SECRET, r#"{"key":"cAnAry3Secret"}"#);
    });
    let mut new = shop.containers();
    new[0]["environment"] = json!([{ "name": "API_HINT", "value": "cAnAry12OldEnvironment" }]);
    shop.deploy_containers(new);
}

fn spoil(shop: &Shop) {
    let mut new = shop.containers();
    new[0]["environment"] = json!([{ "name": "API_HINT", "value": "cAnAry1Environment" }]);
    new[0]["command"] = json!(["node", "main.js", "--secret=cAnAry9Command"]);
    new[0]["healthCheck"] =
        json!({ "command": ["CMD-SHELL", "curl -H 'x: cAnAry11Health' localhost"] });
    shop.put(Flaw::exits(1).saying(&LINES));
    shop.deploy_containers(new);
}

/// Everything that left the process.
fn left(shop: &Shop) -> String {
    let (messages, items) = shop.stage.with(|world| {
        let published = world.sns.published.iter();
        let messages: Vec<String> = published
            .map(|it| format!("{} {}", it.subject, it.message))
            .collect();
        (messages.join("\n"), dynamodb::items(world, TABLE))
    });
    let answers: Vec<String> = shop
        .stage
        .ended
        .iter()
        .map(|it| format!("{:?}", it.answer))
        .collect();
    let items = serde_json::to_string(&items).unwrap();
    [messages, items, answers.join("\n"), Log::text()].join("\n")
}

fn has_no_canary(left: &str) {
    for canary in CANARIES {
        let at = left.find(canary);
        let near = at.map(|at| left.get(at.saturating_sub(120)..at + 40));
        assert_eq!(at, None, "{canary}: {near:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn no_canary_leaves_by_message_table_log_answer_or_error() {
    Log::keep();
    let mut shop = Shop::open();
    plant(&shop);
    shop.stage.pass(10 * 60).await;
    spoil(&shop);
    shop.stage.pass(75).await;
    // What fails quotes what it was asked with, and what AWS says.
    let refusal = Refusal::client("ValidationException", "nothing to see");
    for action in ["logs:GetLogEvents", "ssm:DescribeParameters", "sns:Publish"] {
        shop.stage.broken(action, Some(refusal.clone()));
    }
    shop.stage.pass(120).await;
    for action in ["logs:GetLogEvents", "ssm:DescribeParameters", "sns:Publish"] {
        shop.stage.broken(action, None);
    }
    shop.until_over(20).await;
    for payload in [
        json!({ "command": "explain", "service": "shop/api" }),
        json!({ "command": "status" }),
        json!({ "command": "explain", "service": "cAnAry" }),
    ] {
        shop.stage.invoke(payload).await;
    }
    let left = left(&shop);
    // What is no secret is there, so that the search is one.
    for told in [
        "Error: P1001",
        "API_HINT",
        "rolled back",
        "\"kind\":\"told\"",
        "LOG_LEVEL=debug",
    ] {
        assert!(left.contains(told), "{told}");
    }
    assert!(
        left.contains("postgresql://app:***@db.internal"),
        "the rest of a line stays"
    );
    has_no_canary(&left);
}

#[tokio::test(start_paused = true)]
async fn with_excerpts_off_no_line_of_a_log_leaves_at_all() {
    for document in [
        "version: 1\nwatch: { cluster: shop, log_excerpts: false }\n",
        // Nobody said so: what never sleeps is production.
        "version: 1\nwatch: { cluster: shop }\n",
        // Nobody claims it.
        "version: 1\nwatch: { cluster: other, log_excerpts: true }\n",
    ] {
        Log::keep();
        let mut shop = Shop::with(document, |new| new);
        plant(&shop);
        shop.stage.pass(5 * 60).await;
        spoil(&shop);
        shop.until_over(20).await;
        shop.stage
            .invoke(json!({ "command": "explain", "service": "shop/api" }))
            .await;
        let left = left(&shop);
        has_no_canary(&left);
        for line in LINES {
            let word = line.split(' ').next().unwrap();
            assert!(
                !left.contains(line) && !left.contains(&format!("{word} to ")),
                "{line}"
            );
        }
        for word in [
            "P1001",
            "cannot sign in",
            "db.internal",
            "usage: main",
            "BEGIN PRIVATE",
        ] {
            assert!(!left.contains(word), "{word}");
        }
        assert!(
            left.contains("this estate lets none leave"),
            "and it says so"
        );
    }
}
