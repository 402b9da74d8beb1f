//! notify-slack as built, deployed from the real template: the alarms of production fire on a local AWS
//! and are told in a Slack on loopback.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests as well")]

use std::time::Duration;

use nightshift_slack::Slack;
use nightshift_tests::alarms::{alarms, recovery, ring, topic};
use nightshift_tests::local::{Deployment, LocalAws, root};
use serde_json::{Value, json};

const COMPANY: &str = "
version: 1
time_zone: Asia/Tokyo
slack: { channel: '#ops', alert_channel: '#alerts', mention: S0123456789 }
";
const PRODUCTION: &str = "
version: 1
watch: { alarms: [bookmark-manager-production-] }
";
/// Longer than anything takes that is on its way.
const SOON: Duration = Duration::from_secs(40);

struct Shop {
    local: LocalAws,
    /// notify-slack's name as deployed.
    notifier: String,
    slack: Slack,
    topic: String,
}

/// The stack beside a topic that a team has already, as in production's Terraform.
async fn shop() -> Shop {
    let slack = Slack::start().await.unwrap();
    let local = LocalAws::start().await.unwrap();
    let topic = topic(&local.aws).await.unwrap();
    let deployment = Deployment::built()
        .with("SlackUrl", &slack.url())
        .with("AlarmTopicArn1", &topic);
    let notifier = local.deploy(&deployment).await.unwrap().notifier;
    local
        .put_secret("/nightshift/slack/token", &slack.token())
        .await
        .unwrap();
    for (name, document) in [
        ("/nightshift/company", COMPANY),
        (
            "/nightshift/estates/bookmark-manager-production",
            PRODUCTION,
        ),
    ] {
        local.put_document(name, document).await.unwrap();
    }
    Shop {
        local,
        notifier,
        slack,
        topic,
    }
}

#[tokio::test]
async fn the_alarms_of_production_ring_in_slack_and_their_recovery_answers_them() {
    let shop = shop().await;
    let alarms = alarms(&shop.topic);
    for alarm in &alarms {
        ring(&shop.local.aws, alarm).await.unwrap();
    }
    let first = |slack: &Slack| {
        let all = slack.messages("alerts").into_iter();
        all.filter(|message| !message.is_reply())
            .collect::<Vec<_>>()
    };
    let told = shop
        .slack
        .until(SOON, |slack| first(slack).len() == alarms.len())
        .await;
    let log = shop.local.log(&shop.notifier).await.unwrap();
    assert!(
        told,
        "{:#?}\n{}",
        shop.slack.messages("alerts"),
        log.join("\n")
    );
    for alarm in &alarms {
        // Later than any alarm that this test lets ring.
        let event = recovery(alarm, "2036-01-01T00:00:00Z".parse().unwrap()).unwrap();
        let invoked = shop.local.invoke(&shop.notifier, &event).await.unwrap();
        assert_eq!(invoked.answer().unwrap()["told"], 1);
    }
    for message in first(&shop.slack) {
        let replies = shop.slack.replies("alerts", &message.ts);
        assert_eq!(replies.len(), 1, "{}", message.as_read());
        assert!(message.edits > 0, "{}", message.as_read());
    }
}

#[tokio::test]
async fn every_sample_is_told() {
    let shop = shop().await;
    let mut told = 0;
    for file in std::fs::read_dir(root().join("events")).unwrap() {
        let path = file.unwrap().path();
        let payload: Value =
            serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        if payload["command"].is_string() {
            continue;
        }
        let invoked = shop.local.invoke(&shop.notifier, &payload).await.unwrap();
        let answer = invoked.answer().unwrap();
        if payload["Records"][0]["eventSource"] == "aws:sqs" {
            assert_eq!(answer["batchItemFailures"], json!([]), "{}", path.display());
        } else {
            assert!(answer["told"].is_u64(), "{}: {answer}", path.display());
        }
        told += 1;
    }
    assert!(told > 30, "only {told}");
    assert!(shop.slack.messages("ops").len() + shop.slack.messages("alerts").len() > 25);
}
