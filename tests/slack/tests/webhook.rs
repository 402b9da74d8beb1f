//! Incoming webhooks.

use nightshift_slack::{Author, Rates, Slack};
use serde_json::json;

use crate::client::{Client, FORM, JSON, section};

#[tokio::test]
async fn a_webhook_posts_into_its_channel_and_says_only_ok() {
    let slack = Slack::start().await.unwrap();
    let client = Client::of(&slack);
    let hook = slack.webhook("alerts");
    let body =
        json!({ "text": "x", "attachments": [{ "color": "good", "blocks": [section("y")] }] });
    let answer = client.post(&hook, JSON, body.to_string()).await.unwrap();
    assert_eq!((answer.status, answer.text()), (200, "ok"));
    let form = "payload=%7B%22text%22%3A%22from+a+form%22%7D";
    let answer = client.post(&hook, FORM, form).await.unwrap();
    assert_eq!((answer.status, answer.text()), (200, "ok"));
    let [first, second] = slack.messages("alerts").try_into().unwrap();
    assert_eq!(first.author, Author::Webhook);
    assert_eq!(second.text, "from a form");
    assert_eq!(slack.counts().posted, 2);
}

#[tokio::test]
async fn what_a_webhook_refuses_is_told_by_status_and_in_plain_text() {
    let slack = Slack::start().await.unwrap();
    let client = Client::of(&slack);
    let hook = slack.webhook("ops");
    let gone = slack.webhook("gone");
    slack.remove("gone").unwrap();
    let old = slack.webhook("old");
    slack.archive("old").unwrap();
    let (open, _) = hook.rsplit_once('/').unwrap();
    let wrong = format!("{open}/other");
    let nobody = format!("{}/services/T000/B000/secret", slack.url());
    let fine = json!({ "text": "x" }).to_string();
    let long = json!({ "blocks": [section(&"x".repeat(3001))] }).to_string();
    let both = json!({ "attachments": [{ "blocks": [section("x")], "footer": "y" }] }).to_string();
    let cases = [
        (&hook, "{", 400, "invalid_payload"),
        (&hook, "[]", 400, "invalid_payload"),
        (&hook, "{}", 400, "no_text"),
        (&hook, &long, 400, "invalid_blocks"),
        (&hook, &both, 400, "invalid_attachments"),
        (&wrong, &fine, 403, "invalid_token"),
        (&nobody, &fine, 404, "no_service"),
        (&gone, &fine, 404, "channel_not_found"),
        (&old, &fine, 410, "channel_is_archived"),
    ];
    for (url, body, status, text) in cases {
        let answer = client.post(url, JSON, body.to_owned()).await.unwrap();
        assert_eq!((answer.status, answer.text()), (status, text), "{body}");
        assert!(answer.kind.starts_with("text/plain"), "{}", answer.kind);
    }
    assert_eq!(slack.counts().posted, 0);
}

#[tokio::test]
async fn a_webhook_too_takes_one_message_a_second() {
    let slack = Slack::start().await.unwrap();
    let client = Client::of(&slack);
    let hook = slack.webhook("ops");
    slack.keep_rates(Some(Rates {
        burst: 1,
        ..Rates::default()
    }));
    let body = json!({ "text": "x" }).to_string();
    let first = client.post(&hook, JSON, body.clone()).await.unwrap();
    let second = client.post(&hook, JSON, body).await.unwrap();
    assert_eq!((first.status, second.status), (200, 429));
    assert_eq!(second.retry_after.as_deref(), Some("1"));
}
