//! notify-slack as built, deployed from the real template: the alarms of production fire on a local AWS
//! and are told in a Slack on loopback.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests as well")]

use std::time::Duration;

use nightshift_slack::{Answered, Message, Seen, Slack, Trouble, When};
use nightshift_tests::alarms::{alarms, recovery, ring, topic};
use nightshift_tests::dead_letters::DeadLetters;
use nightshift_tests::local::{Deployment, Invocation, LocalAws, Stack};
use nightshift_tests::process;
use nightshift_tests::stage::{event, is_command_of, samples};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

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
/// Longer than the lease of a sender that died.
const LATER: Duration = Duration::from_secs(80);

struct Shop {
    local: LocalAws,
    stack: Stack,
    slack: Slack,
    topic: String,
}

impl Shop {
    /// Invokes the function and waits for its answer.
    async fn invoke(&self, payload: &Value) -> Invocation {
        let invoked = self.local.invoke(&self.stack.notifier, payload);
        invoked.await.unwrap()
    }

    /// How many messages people got to see.
    fn told(&self) -> usize {
        let channels = ["ops", "alerts"].into_iter();
        channels
            .map(|channel| self.slack.messages(channel).len())
            .sum()
    }

    /// Kills the function once it waits for Slack's answer.
    async fn kill_the_sender(&self) {
        let asked = |slack: &Slack| !slack.requests_to("chat.postMessage").is_empty();
        assert!(self.slack.until(SOON, asked).await, "Slack is not asked");
        let [functions, _] = self.local.groups();
        assert!(process::kill_named(functions, "bootstrap").unwrap() > 0);
    }
}

/// Asks again and again; whether it came to be so in this time.
async fn until(within: Duration, so: impl AsyncFn() -> bool) -> bool {
    let asking = async {
        while !so().await {
            sleep(Duration::from_millis(300)).await;
        }
    };
    timeout(within, asking).await.is_ok()
}

/// The stack beside a topic that a team has already, as in production's Terraform.
async fn shop() -> Shop {
    let slack = Slack::start().await.unwrap();
    let local = LocalAws::start().await.unwrap();
    let topic = topic(&local.aws).await.unwrap();
    let deployment = Deployment::built()
        .with("SlackUrl", &slack.url())
        .with("AlarmTopicArn1", &topic);
    let deployed = local.deploy(&deployment).await.unwrap();
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
        stack: deployed,
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
    let log = shop.local.log(&shop.stack.notifier).await.unwrap();
    assert!(
        told,
        "{:#?}\n{}",
        shop.slack.messages("alerts"),
        log.join("\n")
    );
    for alarm in &alarms {
        // Later than any alarm that this test lets ring.
        let event = recovery(alarm, "2036-01-01T00:00:00Z".parse().unwrap()).unwrap();
        let invoked = shop.invoke(&event).await;
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
    for (name, payload) in samples().unwrap() {
        if payload["command"].is_string() && !is_command_of("notify-slack", &payload) {
            continue;
        }
        let invoked = shop.invoke(&payload).await;
        let answer = invoked.answer().unwrap();
        if payload["Records"][0]["eventSource"] == "aws:sqs" {
            assert_eq!(answer["batchItemFailures"], json!([]), "{name}");
        } else {
            assert!(answer["told"].is_u64(), "{name}: {answer}");
        }
        told += 1;
    }
    assert!(told > 32, "only {told}");
    assert!(shop.told() > 26, "only {}", shop.told());
    let ops = shop.slack.messages("ops");
    let mut read = ops.iter().map(Message::as_read);
    assert!(read.any(|text| text.contains("asked for by tanaka")));
}

#[tokio::test]
async fn what_slack_refuses_for_good_lies_in_the_queue_until_its_reader_is_turned_on() {
    let shop = shop().await;
    let letters = DeadLetters::of(&shop.local.aws, &shop.stack).await.unwrap();
    // Nobody has told Parameter Store.
    shop.slack.renew_token("xoxb-newer");
    let alarm = event("alarm-cpu-eventbridge").unwrap();
    shop.local
        .leave(&shop.stack.notifier, &alarm)
        .await
        .unwrap();
    let lies = async || letters.count().await.unwrap() == 1;
    assert!(until(SOON, lies).await, "it is not in the queue");
    let tried = shop.slack.requests_to("chat.postMessage");
    let refused = |answer: &Answered| answer.error.as_deref() == Some("invalid_auth");
    let is_refused = |seen: &Seen| seen.answer.as_ref().is_some_and(refused);
    assert!(tried.iter().all(is_refused), "{tried:#?}");
    assert_eq!((tried.len(), shop.told()), (3, 0));
    let letter = letters.as_lambda_leaves_them().await.unwrap();
    assert_eq!(letter, [alarm]);

    let token = shop.slack.token();
    let put = shop.local.put_secret("/nightshift/slack/token", &token);
    put.await.unwrap();
    assert_eq!((letters.count().await.unwrap(), shop.told()), (1, 0));
    letters.read(true).await.unwrap();
    let is_empty = async || letters.count().await.unwrap() == 0;
    assert!(until(SOON, is_empty).await, "it stays in the queue");
    letters.read(false).await.unwrap();
    assert_eq!(shop.told(), 1, "{:#?}", shop.slack.messages("alerts"));
}

#[tokio::test]
async fn killed_before_slack_has_it_the_alarm_is_told_once_by_a_later_tick() {
    let shop = shop().await;
    let hang = Trouble::Hang(When::Before).on("chat.postMessage");
    shop.slack.will(hang);
    let alarm = event("alarm-cpu-eventbridge").unwrap();
    let invoked = shop.invoke(&alarm);
    let (invoked, ()) = tokio::join!(invoked, shop.kill_the_sender());
    assert!(invoked.failed);
    assert_eq!(shop.told(), 0);
    let tick = json!({ "command": "tick" });
    let tells = async || {
        let ticked = shop.invoke(&tick).await;
        ticked.answer().unwrap();
        shop.told() > 0
    };
    assert!(until(LATER, tells).await, "nobody tells it");
    let again = shop.invoke(&alarm).await;
    assert_eq!(again.answer().unwrap()["told"], 1);
    assert_eq!(shop.told(), 1);
}

#[tokio::test]
async fn killed_before_slack_s_answer_arrives_the_alarm_is_told_twice_at_most() {
    let shop = shop().await;
    let hang = Trouble::Hang(When::After).on("chat.postMessage");
    shop.slack.will(hang);
    let alarm = event("alarm-cpu-eventbridge").unwrap();
    let invoked = shop.invoke(&alarm);
    let (invoked, ()) = tokio::join!(invoked, shop.kill_the_sender());
    assert!(invoked.failed);
    for _ in 0..2 {
        // Waits until the lease of the dead ends, and then tells it.
        let again = shop.invoke(&alarm).await;
        assert_eq!(again.answer().unwrap()["told"], 1);
        assert_eq!(shop.told(), 2);
    }
}
