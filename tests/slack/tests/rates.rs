//! Rates, where they are kept.

use nightshift_slack::{Rates, Slack};
use serde_json::json;

use crate::client::{Client, JSON};

#[tokio::test]
async fn a_channel_takes_its_burst_and_then_asks_to_wait() {
    let slack = Slack::start().await.unwrap();
    let client = Client::of(&slack);
    slack.keep_rates(Some(Rates {
        burst: 2,
        ..Rates::default()
    }));
    let body = json!({ "channel": "#ops", "text": "x" }).to_string();
    for status in [200, 200, 429] {
        let answer = client.raw("chat.postMessage", Some(JSON), body.clone());
        let answer = answer.await.unwrap();
        assert_eq!(answer.status, status);
        if status == 429 {
            assert_eq!(answer.retry_after.as_deref(), Some("1"));
            assert_eq!(answer.json()["error"], "ratelimited");
        }
    }
    client.say("alerts", "another channel").await;
    slack.keep_rates(None);
    client.say("ops", "no limit").await;
    assert_eq!(slack.messages("ops").len(), 3);
}

#[tokio::test]
async fn updates_are_limited_over_all_channels() {
    let slack = Slack::start().await.unwrap();
    let client = Client::of(&slack);
    slack.keep_rates(Some(Rates {
        burst: 10,
        tier_3: 2,
        tier_4: 1,
    }));
    let (ops, first) = client.say("ops", "x").await;
    let (alerts, second) = client.say("alerts", "x").await;
    let mut statuses = Vec::new();
    for (channel, ts) in [(&ops, &first), (&alerts, &second), (&ops, &first)] {
        let update = json!({ "channel": channel, "ts": ts, "text": "y" }).to_string();
        let answer = client.raw("chat.update", Some(JSON), update).await.unwrap();
        statuses.push((answer.status, answer.retry_after));
    }
    let wait = Some("30".to_owned());
    assert_eq!(statuses, [(200, None), (200, None), (429, wait)]);
}
