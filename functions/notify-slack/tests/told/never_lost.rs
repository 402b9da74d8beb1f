use std::{sync::Arc, time::Duration};

use fastrand::Rng;
use futures_util::future::join_all;
use jiff::SignedDuration;
use nightshift::{clock::Clock, ledger::Phase};
use nightshift_slack::{Rates, Trouble, When};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::stage::{By, Stage, alarm, by_sns};

const AT: &str = "2026-11-20T10:00:00.000+0000";

#[tokio::test]
async fn whatever_slack_answers_the_alert_arrives() {
    let troubles = [
        Trouble::RateLimited(1),
        Trouble::ServerError(When::Before),
        Trouble::ServerError(When::After),
        Trouble::Unavailable,
        Trouble::Reset(When::Before),
        Trouble::Reset(When::After),
        Trouble::Hang(When::Before),
        Trouble::Slow(Duration::from_millis(300)),
        Trouble::Refused("internal_error".to_owned()),
        Trouble::Refused("invalid_blocks".to_owned()),
        Trouble::Truncated,
    ];
    let tried = troubles.into_iter().map(|trouble| async move {
        for by in [By::App, By::Webhook] {
            let stage = Stage::set(by).await.unwrap();
            let name = match by {
                By::App => "chat.postMessage",
                By::Webhook => "webhook",
            };
            if by == By::Webhook && trouble == Trouble::Truncated {
                // Half of `ok` is an answer that nobody can tell from another one.
                continue;
            }
            stage.slack.will(trouble.clone().on(name));
            let told = stage.invoke("1", alarm("shop-cpu", "ALARM", AT)).await;
            assert_eq!(told.unwrap()["told"], 1, "{trouble:?}");
            assert_eq!(stage.slack.troubles_left(), 0, "{trouble:?}");
            // An answer that got lost after its effect cannot be told from one before it.
            let lost = stage.slack.counts().lost;
            assert_eq!(stage.naming("shop"), 1 + lost, "{trouble:?}");
        }
    });
    join_all(tried).await;
}

#[tokio::test]
async fn a_channel_that_refuses_us_loses_nothing() {
    let stage = Stage::set(By::App).await.unwrap();
    stage.slack.archive("alerts").unwrap();
    stage
        .invoke("1", alarm("shop-cpu", "ALARM", AT))
        .await
        .unwrap();
    let [message] = &stage.slack.messages("ops")[..] else {
        panic!("not in the other channel")
    };
    assert!(
        message.as_read().contains("is_archived"),
        "{}",
        message.as_read()
    );
}

#[tokio::test]
async fn a_token_that_is_not_valid_any_more_is_read_again() {
    let stage = Stage::set(By::App).await.unwrap();
    stage
        .invoke("1", alarm("shop-a", "ALARM", AT))
        .await
        .unwrap();
    stage.slack.renew_token("xoxb-newer");
    let failed = stage
        .invoke("2", alarm("shop-b", "ALARM", AT))
        .await
        .unwrap_err();
    assert!(failed.to_string().contains("invalid_auth"), "{failed}");
    assert!(!failed.to_string().contains("xoxb"));
    assert_eq!(stage.items("slack/waiting").len(), 1, "it is kept");
    stage.put("/nightshift/slack/token", "xoxb-newer").unwrap();
    // What waits goes with whatever comes next.
    stage
        .invoke("3", alarm("shop-c", "ALARM", AT))
        .await
        .unwrap();
    assert_eq!(stage.slack.messages("alerts").len(), 3);
    let again = stage
        .invoke("2", alarm("shop-b", "ALARM", AT))
        .await
        .unwrap();
    assert_eq!(again["told"], 1);
    assert_eq!(stage.slack.messages("alerts").len(), 3);
}

#[tokio::test]
async fn without_a_secret_the_failure_names_the_parameters() {
    let stage = Stage::set(By::App).await.unwrap();
    stage.put("/nightshift/slack/token", " ").unwrap();
    let failed = stage
        .invoke("1", alarm("shop-cpu", "ALARM", AT))
        .await
        .unwrap_err();
    let failed = failed.to_string();
    for name in ["/nightshift/slack/token", "/nightshift/slack/webhook"] {
        assert!(failed.contains(name), "{failed}");
    }
    assert_eq!(stage.items("slack/waiting").len(), 1, "it is kept");
}

#[tokio::test]
async fn many_alarms_of_an_estate_that_sleeps_wake_nobody() {
    let stage = Stage::set(By::App).await.unwrap();
    let since = Clock::system().now();
    stage.phase(Phase::Asleep, since).unwrap();
    let records: Vec<Value> = (0..8)
        .map(|number| {
            let mut event = alarm(&format!("staging-{number}"), "ALARM", AT);
            event["detail"]["configuration"]["metrics"][0]["metricStat"]["metric"]["dimensions"] =
                json!({ "ClusterName": "staging", "ServiceName": format!("api-{number}") });
            let body = event.to_string();
            json!({ "messageId": number.to_string(), "eventSource": "aws:sqs", "body": body })
        })
        .collect();
    let records = json!({ "Records": records });
    stage.invoke("1", records).await.unwrap();
    assert_eq!(stage.slack.messages("alerts").len(), 0);
    let [message] = &stage.slack.messages("ops")[..] else {
        panic!("not folded: {:?}", stage.read())
    };
    let read = message.as_read();
    assert!(!read.contains("S0123456789"), "{read}");
    for number in 0..8 {
        assert!(read.contains(&format!("api-{number}")), "{read}");
    }
}

#[tokio::test]
async fn what_could_not_be_told_goes_back_to_its_queue_and_the_rest_does_not() {
    let stage = Stage::set(By::App).await.unwrap();
    let record = |number: u32| {
        let body = alarm(&format!("shop-{number}"), "ALARM", AT).to_string();
        json!({ "messageId": format!("m{number}"), "eventSource": "aws:sqs", "body": body })
    };
    let batch = json!({ "Records": [record(1), record(2)] });
    let refused = Trouble::Refused("restricted_action_thread_locked".to_owned());
    stage.slack.will(refused.on("chat.postMessage"));
    let answer = stage.invoke("1", batch.clone()).await.unwrap();
    assert_eq!(
        answer["batchItemFailures"],
        json!([{ "itemIdentifier": "m1" }])
    );
    let answer = stage.invoke("2", batch).await.unwrap();
    assert_eq!(answer["batchItemFailures"], json!([]));
    assert_eq!(stage.slack.messages("alerts").len(), 2);
}

#[tokio::test]
async fn the_invocation_fails_when_its_time_is_over_and_the_next_one_tells_it() {
    let stage = Stage::set(By::App).await.unwrap();
    stage
        .slack
        .will(Trouble::RateLimited(30).on("chat.postMessage"));
    let short = Duration::from_secs(8);
    let event = alarm("shop-cpu", "ALARM", AT);
    let failed = stage
        .invoke_for(short, "1", event.clone())
        .await
        .unwrap_err();
    assert!(failed.to_string().contains("429"), "{failed}");
    stage.invoke("1", event).await.unwrap();
    assert_eq!(stage.slack.messages("alerts").len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_alarms_at_once_are_all_told_and_none_twice() {
    let stage = Arc::new(Stage::set(By::App).await.unwrap());
    stage.slack.keep_rates(Some(Rates::default()));
    let events: Vec<(String, Value)> = (0..1000)
        .map(|number| {
            let event = alarm(&format!("storm-{number}-cpu"), "ALARM", AT);
            let payload = match number % 3 {
                0 => by_sns(&format!("m{number}"), &event),
                _ => event,
            };
            (format!("i{number}"), payload)
        })
        .collect();
    let all = events.into_iter().map(|(id, payload)| {
        let stage = Arc::clone(&stage);
        let time = Duration::from_mins(3);
        tokio::spawn(async move { stage.invoke_for(time, &id, payload).await })
    });
    for answer in join_all(all).await {
        assert_eq!(answer.unwrap().unwrap()["told"], 1);
    }
    let read = stage.read();
    for number in 0..1000 {
        let name = format!("storm-{number}-cpu");
        // Told alone, a message names its alarm several times.
        let times = read.iter().filter(|text| text.contains(&name)).count();
        assert_eq!(times, 1, "{name}");
    }
    assert!(read.len() < 40, "{} messages", read.len());
    assert_eq!(stage.items("slack/waiting").len(), 0);
}

/// Dies at some instant, again and again, and is brought again as Lambda does.
async fn brought_until_told(stage: &Stage, random: &mut Rng, id: &str, event: &Value) -> usize {
    for deaths in 0.. {
        let life = Duration::from_millis(random.u64(0..40));
        let alive = if deaths < 3 {
            life
        } else {
            Duration::from_mins(1)
        };
        let invoked = stage.invoke(id, event.clone());
        if let Ok(answer) = timeout(alive, invoked).await {
            assert_eq!(answer.unwrap()["told"], 1);
            return deaths;
        }
    }
    unreachable!("it lives in the end")
}

#[tokio::test]
async fn wherever_the_function_dies_the_alert_arrives() {
    // Whoever dies while it sends is waited for that long.
    let lease = SignedDuration::from_secs(2);
    let stage = Stage::with_lease(By::App, lease).await.unwrap();
    let mut random = Rng::with_seed(7);
    let mut deaths = 0;
    for number in 0..8 {
        let name = format!("shop-{number}-cpu");
        let event = alarm(&name, "ALARM", AT);
        let died = brought_until_told(&stage, &mut random, &name, &event).await;
        let told = stage.naming(&name);
        assert!(
            (1..=1 + died).contains(&told),
            "{name} told {told} times, died {died} times"
        );
        deaths += died;
    }
    assert!(deaths > 8, "only {deaths} deaths");
}
