//! The role allows what the function calls, or the other tests here would fail; and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use nightshift::ledger::Phase;
use nightshift_cloud::policy;
use serde_json::json;

use crate::stage::{By, Stage, TEMPLATE, alarm, of_staging};

const AT: &str = "2026-11-20T09:30:00.000+0000";

/// What is allowed and not called here, each with the reason.
const NOT_CALLED: [(&str, &str); 6] = [
    (
        "logs:CreateLogStream",
        "Lambda writes the log with the function's role",
    ),
    ("logs:PutLogEvents", "the same"),
    (
        "sqs:DeleteMessage",
        "Lambda works the dead-letter queue off with the function's role",
    ),
    ("sqs:GetQueueAttributes", "the same"),
    ("sqs:ReceiveMessage", "the same"),
    (
        "sqs:SendMessage",
        "Lambda puts aside with the function's role what failed",
    ),
];

fn used(stage: &Stage) -> BTreeSet<String> {
    let used = stage.front.with(|world| world.used.clone());
    used.into_iter().map(|used| used.action).collect()
}

async fn called() -> BTreeSet<String> {
    let stage = Stage::set(By::App).await.unwrap();
    stage.slack.add_person("U1", "tanaka");
    for number in 0..2 {
        let id = format!("a{number}");
        stage
            .invoke(&id, alarm("shop-cpu", "ALARM", AT))
            .await
            .unwrap();
    }
    // Of an estate that sleeps: quiet now, and read again when the estate is up.
    let morning: Timestamp = "2026-11-19T23:45:00Z".parse().unwrap();
    stage.phase(Phase::Asleep, morning).unwrap();
    let event = of_staging("staging-cpu", morning);
    stage.invoke("q", event).await.unwrap();
    // Friday in Tokyo, a quarter of an hour before staging goes to sleep.
    let evening: Timestamp = "2026-11-20T09:45:00Z".parse().unwrap();
    stage
        .phase(Phase::Awake, "2026-11-20T00:00:00Z".parse().unwrap())
        .unwrap();
    let tick = json!({ "command": "tick", "at": evening.to_string() });
    stage.invoke("t1", tick.clone()).await.unwrap();
    let notice = stage.slack.messages("ops").pop().unwrap();
    stage
        .slack
        .react("ops", &notice.ts, "U1", "clock10")
        .unwrap();
    stage.invoke("t2", tick.clone()).await.unwrap();
    stage
        .slack
        .unreact("ops", &notice.ts, "U1", "clock10")
        .unwrap();
    stage.invoke("t3", tick).await.unwrap();
    used(&stage)
}

#[tokio::test]
async fn everything_that_is_allowed_is_called() {
    let policy = policy::of_template(TEMPLATE, "notify-slack", &BTreeMap::new()).unwrap();
    let statements = policy.statements.into_iter();
    let mut allowed: BTreeSet<String> = statements.flat_map(|one| one.actions).collect();
    for (action, _) in NOT_CALLED {
        assert!(allowed.remove(action), "{action} is not allowed at all");
    }
    assert_eq!(called().await, allowed);
}
