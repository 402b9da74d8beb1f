//! The Web API: what is accepted, and every refusal.

use std::time::Duration;

use nightshift_slack::{Access, Author, Message, Options, Slack, Token};
use serde_json::{Value, json};

use crate::client::{Client, FORM, JSON, named, section};

async fn start() -> (Slack, Client) {
    let slack = Slack::start().await.unwrap();
    let client = Client::of(&slack);
    (slack, client)
}

#[tokio::test]
async fn a_message_is_answered_with_its_channels_id_and_its_ts() {
    let (slack, client) = start().await;
    let answer = client
        .call(
            "chat.postMessage",
            &json!({ "channel": "#ops", "text": "up", "blocks": [section("*up*")] }),
        )
        .await;
    let (channel, ts) = named(&answer);
    assert_eq!(Some(channel), slack.id("ops"));
    assert_eq!(ts, "1700000000.000100");
    assert_eq!(answer["message"]["text"], "up");
    let [message] = slack.messages("ops").try_into().unwrap();
    assert_eq!((message.ts, message.author), (ts, Author::App));
    assert_eq!(message.blocks, [section("*up*")]);
}

#[tokio::test]
async fn a_form_says_the_same_with_its_lists_as_json_in_a_text() {
    let (slack, client) = start().await;
    let blocks = json!([section("from a form")]).to_string();
    let fields = [("channel", "ops"), ("blocks", blocks.as_str())];
    let answer = client.form("chat.postMessage", &fields).await;
    assert_eq!(answer["ok"], true, "{answer}");
    assert_eq!(slack.messages("ops")[0].as_read(), "from a form");
}

#[tokio::test]
async fn what_slack_refuses_in_a_message_is_refused_with_its_code() {
    let (slack, client) = start().await;
    slack.archive("alerts").unwrap();
    let _ = slack.add_channel("others", Access::Public);
    let _ = slack.add_channel("secret", Access::Private);
    let blocks = |count| vec![json!({ "type": "divider" }); count];
    let long = |count: usize| "字".repeat(count);
    let cases = [
        (json!({ "text": "x" }), "channel_not_found"),
        (
            json!({ "channel": "nowhere", "text": "x" }),
            "channel_not_found",
        ),
        (
            json!({ "channel": "secret", "text": "x" }),
            "channel_not_found",
        ),
        (
            json!({ "channel": "others", "text": "x" }),
            "not_in_channel",
        ),
        (json!({ "channel": "alerts", "text": "x" }), "is_archived"),
        (json!({ "channel": "ops" }), "no_text"),
        (json!({ "channel": "ops", "text": " \n" }), "no_text"),
        (
            json!({ "channel": "ops", "text": "", "blocks": [] }),
            "no_text",
        ),
        (
            json!({ "channel": "ops", "text": long(40_001) }),
            "msg_too_long",
        ),
        (
            json!({ "channel": "ops", "blocks": blocks(51) }),
            "invalid_blocks",
        ),
        (
            json!({ "channel": "ops", "blocks": [{ "type": "sections" }] }),
            "invalid_blocks",
        ),
        (
            json!({ "channel": "ops", "blocks": [section(&long(3001))] }),
            "invalid_blocks",
        ),
        (
            json!({ "channel": "ops", "blocks": vec![section(&long(2900)); 5] }),
            "msg_blocks_too_long",
        ),
        (
            json!({ "channel": "ops", "text": "x", "blocks": { "type": "divider" } }),
            "invalid_blocks_format",
        ),
        (
            json!({ "channel": "ops", "attachments": [{ "blocks": blocks(51) }] }),
            "invalid_attachments",
        ),
        (
            json!({ "channel": "ops", "attachments": [{ "blocks": blocks(1), "text": "x" }] }),
            "invalid_attachments",
        ),
        (
            json!({ "channel": "ops", "text": "x", "attachments": "[{" }),
            "invalid_attachments",
        ),
        (
            json!({ "channel": "ops", "attachments": vec![json!({ "text": "x" }); 101] }),
            "too_many_attachments",
        ),
        (
            json!({ "channel": "ops", "text": "x", "thread_ts": "yesterday" }),
            "invalid_thread_ts",
        ),
    ];
    for (message, error) in &cases {
        let answer = client.call("chat.postMessage", message).await;
        assert_eq!(answer["ok"], false, "{message}");
        assert_eq!(answer["error"], *error, "{message}");
    }
    assert_eq!(slack.counts().refused, cases.len());
    assert_eq!(slack.counts().posted, 0);
}

#[tokio::test]
async fn a_refusal_of_blocks_says_where() {
    let (_slack, client) = start().await;
    let message = json!({ "channel": "ops", "attachments": [{ "blocks": [section("")] }] });
    let answer = client.call("chat.postMessage", &message).await;
    let messages = answer["response_metadata"]["messages"].as_array().unwrap();
    let expected =
        "[ERROR] must be more than 0 characters [json-pointer:/attachments/0/blocks/0/text/text]";
    assert_eq!(messages.last().unwrap(), expected);
}

#[tokio::test]
async fn with_the_scope_for_it_the_app_writes_in_public_channels_uninvited() {
    let mut options = Options::default();
    options.scopes.push("chat:write.public".to_owned());
    let slack = Slack::with(options).await.unwrap();
    let client = Client::of(&slack);
    let _ = slack.add_channel("others", Access::Public);
    let _ = slack.add_channel("secret", Access::Private);
    client.say("others", "hello").await;
    let message = json!({ "channel": "secret", "text": "x" });
    let answer = client.call("chat.postMessage", &message).await;
    assert_eq!(answer["error"], "channel_not_found");
}

#[tokio::test]
async fn a_token_must_be_there_be_right_and_have_the_scope() {
    let (slack, client) = start().await;
    let message = json!({ "channel": "ops", "text": "x" });
    for (token, error, seen) in [
        (None, "not_authed", Token::Missing),
        (Some("xoxb-other"), "invalid_auth", Token::Wrong),
    ] {
        let other = Client::with_token(&slack, token);
        let answer = other.call("chat.postMessage", &message).await;
        assert_eq!(answer["error"], error);
        assert_eq!(slack.requests().last().unwrap().token, seen);
    }
    slack.grant(&["users:read"]);
    let answer = client.call("chat.postMessage", &message).await;
    assert_eq!(answer["error"], "missing_scope");
    assert_eq!(
        (answer["needed"].as_str(), answer["provided"].as_str()),
        (Some("chat:write"), Some("users:read"))
    );
    let who = client.call("auth.test", &json!({})).await;
    assert_eq!(who["user"], "nightshift", "{who}");
}

#[tokio::test]
async fn a_renewed_token_replaces_the_one_before() {
    let (slack, client) = start().await;
    slack.renew_token("xoxb-local-2");
    let who = client.call("auth.test", &json!({})).await;
    assert_eq!(who["error"], "invalid_auth");
    let who = Client::of(&slack).call("auth.test", &json!({})).await;
    assert_eq!(who["ok"], true);
}

#[tokio::test]
async fn a_body_that_cannot_be_read_is_refused_as_such() {
    let (_slack, client) = start().await;
    let cases = [
        (Some(JSON), "{", "invalid_json"),
        (Some(JSON), "[]", "json_not_object"),
        (Some("text/xml"), "<x/>", "invalid_post_type"),
        (None, "channel=ops", "missing_post_type"),
    ];
    for (kind, body, error) in cases {
        let answer = client.raw("chat.postMessage", kind, body).await.unwrap();
        assert_eq!(answer.json()["error"], error, "{body}");
    }
    let answer = client.raw("chat.nothing", Some(FORM), "").await.unwrap();
    assert_eq!(answer.json()["error"], "unknown_method");
}

#[tokio::test]
async fn json_without_a_charset_is_taken_with_a_warning() {
    let (_slack, client) = start().await;
    let body = json!({ "channel": "ops", "text": "x" }).to_string();
    let kind = Some("application/json");
    let answer = client.raw("chat.postMessage", kind, body).await.unwrap();
    let answer = answer.json();
    assert_eq!(
        (&answer["ok"], &answer["warning"]),
        (&json!(true), &json!("missing_charset"))
    );
}

#[tokio::test]
async fn methods_that_read_see_nothing_of_json() {
    let (slack, client) = start().await;
    slack.add_person("U1", "Tanaka");
    let (channel, ts) = client.say("ops", "x").await;
    let cases = [
        ("users.info", json!({ "user": "U1" }), "user_not_found"),
        (
            "reactions.get",
            json!({ "channel": channel, "timestamp": ts }),
            "no_item_specified",
        ),
        (
            "files.getUploadURLExternal",
            json!({ "filename": "x", "length": 1 }),
            "invalid_arguments",
        ),
    ];
    for (method, arguments, error) in cases {
        let answer = client.call(method, &arguments).await;
        assert_eq!(answer["error"], error, "{method}");
    }
}

#[tokio::test]
async fn a_reply_stands_in_its_thread_and_one_without_a_parent_in_the_channel() {
    let (slack, client) = start().await;
    let (_, parent) = client.say("ops", "alarm").await;
    let reply = async |thread: &str| {
        let reply = json!({ "channel": "ops", "text": "re", "thread_ts": thread });
        client.call("chat.postMessage", &reply).await
    };
    let threaded = reply(&parent).await;
    assert_eq!(threaded["message"]["thread_ts"], parent.as_str());
    slack.delete("ops", &parent).unwrap();
    let lonely = reply(&parent).await;
    assert_eq!(lonely["ok"], true);
    assert_eq!(lonely["message"]["thread_ts"], Value::Null);
    let messages = slack.messages("ops");
    let replies: Vec<_> = messages.iter().map(Message::is_reply).collect();
    assert_eq!(replies, [true, false]);
}

#[tokio::test]
async fn an_update_changes_what_it_says_and_leaves_the_rest() {
    let (slack, client) = start().await;
    let message = json!({ "channel": "ops", "text": "one", "blocks": [section("one")], "attachments": [{ "text": "a" }] });
    let (channel, ts) = named(&client.call("chat.postMessage", &message).await);
    let update = json!({ "channel": channel, "ts": ts, "text": "two", "attachments": [] });
    let answer = client.call("chat.update", &update).await;
    assert_eq!(
        (&answer["ok"], &answer["text"]),
        (&json!(true), &json!("two"))
    );
    let [message] = slack.messages("ops").try_into().unwrap();
    assert_eq!((message.text.as_str(), message.edits), ("two", 1));
    assert_eq!(message.blocks, [section("one")]);
    assert_eq!(message.attachments, [Value::Null; 0]);
    assert_eq!((slack.counts().posted, slack.counts().updated), (1, 1));
}

#[tokio::test]
async fn an_update_needs_the_id_and_the_apps_own_message() {
    let (slack, client) = start().await;
    let (channel, ts) = client.say("ops", "x").await;
    let persons = slack.say("ops", "U1", "hello", None).unwrap();
    let hook = slack.webhook("ops");
    client.post(&hook, JSON, "{\"text\":\"x\"}").await.unwrap();
    let hooks = slack.messages("ops").last().unwrap().ts.clone();
    let long = "x".repeat(4_001);
    let cases = [
        ("ops", &ts, "y", "channel_not_found"),
        (
            &channel,
            &"1600000000.000100".to_owned(),
            "y",
            "message_not_found",
        ),
        (&channel, &persons, "y", "cant_update_message"),
        (&channel, &hooks, "y", "cant_update_message"),
        (&channel, &ts, "", "no_text"),
        (&channel, &ts, &long, "msg_too_long"),
    ];
    for (channel, ts, text, error) in cases {
        let update = json!({ "channel": channel, "ts": ts, "text": text });
        let answer = client.call("chat.update", &update).await;
        assert_eq!(answer["error"], error, "{error}");
    }
    slack.archive("ops").unwrap();
    let update = json!({ "channel": channel, "ts": ts, "text": "y" });
    let answer = client.call("chat.update", &update).await;
    assert_eq!(answer["error"], "is_inactive");
}

#[tokio::test]
async fn requests_are_written_down_without_their_secrets() {
    let (slack, client) = start().await;
    let hook = slack.webhook("ops");
    client.say("ops", "x").await;
    let form = [("token", "xoxb-local-1"), ("user", "U1")];
    Client::with_token(&slack, None)
        .form("users.info", &form)
        .await;
    client.post(&hook, JSON, "{\"text\":\"y\"}").await.unwrap();
    client.upload("x.txt", b"bytes".to_vec(), &json!({})).await;
    let seen = slack.requests();
    let names: Vec<_> = seen.iter().map(|seen| seen.name.as_str()).collect();
    let expected = [
        "chat.postMessage",
        "users.info",
        "webhook",
        "files.getUploadURLExternal",
        "upload",
        "files.completeUploadExternal",
    ];
    assert_eq!(names, expected);
    assert!(seen.iter().all(|seen| seen.token == Token::Right));
    assert_eq!(seen[0].body, json!({ "channel": "ops", "text": "x" }));
    assert_eq!(seen[0].headers["content-type"], JSON);
    assert_eq!(
        seen[1].answer.as_ref().unwrap().error.as_deref(),
        Some("user_not_found")
    );
    assert_eq!(seen[4].body, json!({ "bytes": 5 }));
    let all = format!("{seen:?}");
    let secret = hook.rsplit('/').next().unwrap();
    for secret in [secret, "xoxb", "Bearer", "/v1/ticket"] {
        assert!(!all.contains(secret), "{secret} in {all}");
    }
}

#[tokio::test]
async fn many_at_once_lose_nothing_and_share_no_ts() {
    let (slack, client) = start().await;
    let posts = (0..40).map(|number| {
        let client = &client;
        async move { client.say("ops", &number.to_string()).await.1 }
    });
    let mut all = Vec::new();
    // Four at a time, interleaved.
    let mut posts = posts.into_iter();
    while let (Some(a), Some(b), Some(c), Some(d)) =
        (posts.next(), posts.next(), posts.next(), posts.next())
    {
        let (a, b, c, d) = tokio::join!(a, b, c, d);
        all.extend([a, b, c, d]);
    }
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 40);
    assert_eq!(slack.messages("ops").len(), 40);
}

#[tokio::test]
async fn a_test_can_wait_for_what_a_channel_will_show() {
    let (slack, client) = start().await;
    let soon = slack.until(Duration::from_secs(5), |slack| {
        slack.messages("ops").len() == 2
    });
    let posting = async {
        client.say("ops", "one").await;
        client.say("ops", "two").await;
    };
    let (came, ()) = tokio::join!(soon, posting);
    assert!(came);
    let never = slack.until(Duration::from_millis(20), |slack| slack.counts().posted > 2);
    assert!(!never.await);
}
