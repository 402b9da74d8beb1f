//! Every way in which it goes wrong on command.

use std::time::{Duration, Instant};

use nightshift_slack::{Slack, Trouble, When};
use serde_json::{Value, json};

use crate::client::{Answer, Client, JSON};

const SHORT: Duration = Duration::from_millis(60);
/// How long something may take that will come.
const LONG: Duration = Duration::from_secs(10);

/// Posts once; nothing when the connection was closed.
async fn post(client: &Client, to: Option<&str>) -> Option<Answer> {
    let body = json!({ "channel": "ops", "text": "x" }).to_string();
    let answer = async {
        match to {
            Some(url) => client.post(url, JSON, body).await,
            None => client.raw("chat.postMessage", Some(JSON), body).await,
        }
    };
    tokio::time::timeout(LONG, answer).await.unwrap().ok()
}

/// Posts once and gives up soon after the server has it.
async fn post_impatiently(slack: &Slack, client: &Client, to: Option<&str>) -> Option<Answer> {
    let carried_out = |slack: &Slack| {
        let lost = usize::from(slack.requests()[0].trouble == Some(Trouble::Hang(When::After)));
        slack.counts().lost == lost
    };
    let patience = async {
        let came = |slack: &Slack| slack.requests().len() == 1 && carried_out(slack);
        assert!(slack.until(LONG, came).await);
        tokio::time::sleep(SHORT).await;
    };
    tokio::select! {
        answer = post(client, to) => answer,
        () = patience => None,
    }
}

#[tokio::test]
async fn each_trouble_comes_once_and_says_by_itself_whether_the_message_was_posted() {
    // Each: the trouble, the answer's status or nothing, messages posted, answers lost.
    let cases = [
        (Trouble::RateLimited(7), Some(429), 0, 0),
        (Trouble::ServerError(When::Before), Some(500), 0, 0),
        (Trouble::ServerError(When::After), Some(500), 1, 1),
        (Trouble::Unavailable, Some(503), 0, 0),
        (Trouble::Hang(When::Before), None, 0, 0),
        (Trouble::Hang(When::After), None, 1, 1),
        (Trouble::Reset(When::Before), None, 0, 0),
        (Trouble::Reset(When::After), None, 1, 1),
        (Trouble::Slow(SHORT), Some(200), 1, 0),
        (Trouble::Truncated, Some(200), 1, 1),
    ];
    for is_webhook in [false, true] {
        for (trouble, status, posted, lost) in cases.clone() {
            let slack = Slack::start().await.unwrap();
            let client = Client::of(&slack);
            let hook = is_webhook.then(|| slack.webhook("ops"));
            slack.will(trouble.clone());
            let begun = Instant::now();
            let answer = match trouble {
                Trouble::Hang(_) => post_impatiently(&slack, &client, hook.as_deref()).await,
                _ => post(&client, hook.as_deref()).await,
            };
            let counts = slack.counts();
            assert_eq!(answer.as_ref().map(|it| it.status), status, "{trouble:?}");
            assert_eq!((counts.posted, counts.lost), (posted, lost), "{trouble:?}");
            if matches!(trouble, Trouble::Slow(_)) {
                assert!(begun.elapsed() >= SHORT);
            }
            if let Some(answer) = answer.filter(|it| it.status == 429) {
                assert_eq!(answer.retry_after.as_deref(), Some("7"));
            }
            assert_eq!(slack.requests()[0].trouble, Some(trouble.clone()));
            let after = post(&client, hook.as_deref()).await.unwrap();
            assert_eq!(after.status, 200, "{trouble:?}");
            assert_eq!(slack.messages("ops").len(), posted + 1);
        }
    }
}

#[tokio::test]
async fn answers_in_trouble_have_slacks_form() {
    let slack = Slack::start().await.unwrap();
    let client = Client::of(&slack);
    let hook = slack.webhook("ops");
    slack.will(Trouble::Refused("fatal_error".into()).times(2));
    slack.will(Trouble::ServerError(When::Before).times(2));
    slack.will(Trouble::RateLimited(1).times(2));
    slack.will(Trouble::Unavailable);
    let mut bodies = Vec::new();
    for _ in 0..3 {
        for to in [None, Some(hook.as_str())] {
            let answer = post(&client, to).await.unwrap();
            bodies.push((answer.status, answer.text().to_owned()));
        }
    }
    let expected = [
        (200, r#"{"error":"fatal_error","ok":false}"#),
        (400, "fatal_error"),
        (500, r#"{"error":"internal_error","ok":false}"#),
        (500, "rollup_error"),
        (429, r#"{"error":"ratelimited","ok":false}"#),
        (429, "rate_limited"),
    ];
    for ((status, body), (expected_status, expected)) in bodies.iter().zip(expected) {
        assert_eq!(*status, expected_status);
        let parsed = |text: &str| serde_json::from_str::<Value>(text).ok();
        assert_eq!(parsed(body), parsed(expected));
        assert!(body == expected || parsed(body).is_some(), "{body}");
    }
    let page = post(&client, None).await.unwrap();
    assert!(page.kind.starts_with("text/html") && page.text().contains("<h1>503"));
}

#[tokio::test]
async fn half_an_answer_is_no_json() {
    let slack = Slack::start().await.unwrap();
    let client = Client::of(&slack);
    slack.will(Trouble::Truncated);
    let answer = post(&client, None).await.unwrap();
    assert!(answer.text().starts_with("{\"channel\""), "{answer:?}");
    assert!(serde_json::from_slice::<Value>(&answer.body).is_err());
}

#[tokio::test]
async fn a_refused_token_stays_refused_until_there_is_another() {
    let slack = Slack::start().await.unwrap();
    let client = Client::of(&slack);
    slack.will(Trouble::TokenRefused);
    for _ in 0..3 {
        let answer = post(&client, None).await.unwrap();
        assert_eq!(answer.json()["error"], "invalid_auth");
    }
    slack.renew_token("xoxb-new");
    let answer = post(&Client::of(&slack), None).await.unwrap();
    assert_eq!(answer.json()["ok"], true);
    assert_eq!(slack.counts().posted, 1);
}

#[tokio::test]
async fn a_refused_webhook_stays_refused_until_there_is_another() {
    let slack = Slack::start().await.unwrap();
    let client = Client::of(&slack);
    let (one, other) = (slack.webhook("ops"), slack.webhook("ops"));
    slack.will(Trouble::TokenRefused);
    for _ in 0..2 {
        let answer = post(&client, Some(&one)).await.unwrap();
        assert_eq!((answer.status, answer.text()), (403, "invalid_token"));
    }
    assert_eq!(post(&client, Some(&other)).await.unwrap().status, 200);
}

#[tokio::test]
async fn a_plan_waits_for_the_requests_that_it_is_about() {
    let slack = Slack::start().await.unwrap();
    let client = Client::of(&slack);
    slack.will(Trouble::Reset(When::After).on("webhook").times(2));
    assert_eq!(post(&client, None).await.unwrap().status, 200);
    assert_eq!(slack.troubles_left(), 2);
    let hook = slack.webhook("ops");
    assert!(post(&client, Some(&hook)).await.is_none());
    slack.behave();
    assert!(post(&client, Some(&hook)).await.is_some());
    assert_eq!((slack.counts().posted, slack.counts().lost), (3, 1));
}

#[tokio::test]
async fn chance_is_the_same_for_the_same_seed() {
    let play = async |seed| {
        let slack = Slack::start().await.unwrap();
        let client = Client::of(&slack);
        let chances = [
            (0.3, Trouble::RateLimited(1)),
            (0.2, Trouble::Reset(When::After)),
        ];
        slack.misbehave(seed, chances);
        let mut statuses = Vec::new();
        for _ in 0..30 {
            statuses.push(post(&client, None).await.map(|answer| answer.status));
        }
        let counts = slack.counts();
        let came = statuses.iter().filter(|it| **it == Some(200)).count();
        assert_eq!(counts.posted, came + counts.lost);
        assert!(counts.lost > 0 && counts.refused > 0, "{counts:?}");
        statuses
    };
    assert_eq!(play(3).await, play(3).await);
}

#[tokio::test]
async fn the_page_never_suffers() {
    let slack = Slack::start().await.unwrap();
    let client = Client::of(&slack);
    slack.misbehave(1, [(1.0, Trouble::Reset(When::Before))]);
    assert_eq!(client.get(&slack.page("ops")).await.status, 200);
    assert!(post(&client, None).await.is_none());
    assert_eq!(slack.requests().len(), 1);
}

#[tokio::test]
async fn dropping_it_ends_what_hangs() {
    let slack = Slack::start().await.unwrap();
    let client = Client::of(&slack);
    slack.will(Trouble::Hang(When::Before));
    let url = format!("{}/chat.postMessage", slack.api());
    let waiting = tokio::spawn(async move { client.post(&url, JSON, "{}").await.is_err() });
    assert!(slack.until(LONG, |slack| slack.requests().len() == 1).await);
    drop(slack);
    assert!(tokio::time::timeout(LONG, waiting).await.unwrap().unwrap());
}
