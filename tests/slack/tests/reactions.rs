//! Reactions and who gave them.

use nightshift_slack::Slack;
use serde_json::{Value, json};

use crate::client::Client;

#[tokio::test]
async fn reactions_of_the_app_and_of_people_are_read_back() {
    let slack = Slack::start().await.unwrap();
    let client = Client::of(&slack);
    slack.add_person("U1", "Tanaka");
    let (channel, ts) = client.say("ops", "sleeps in 15 minutes").await;
    let item = [("channel", channel.as_str()), ("timestamp", ts.as_str())];
    let bare = client.form("reactions.get", &item).await;
    assert_eq!(bare["message"]["reactions"], Value::Null);
    let add = |name: &str| json!({ "channel": channel, "timestamp": ts, "name": name });
    assert_eq!(
        client.call("reactions.add", &add("clock10")).await["ok"],
        true
    );
    slack.react("ops", &ts, "U1", "clock10").unwrap();
    slack.react("ops", &ts, "U1", "x").unwrap();
    slack.unreact("ops", &ts, "U1", "x").unwrap();
    let told = client.form("reactions.get", &item).await;
    assert_eq!(told["type"], "message");
    let [reaction] = told["message"]["reactions"].as_array().unwrap().as_slice() else {
        panic!("{told}");
    };
    assert_eq!(
        (&reaction["name"], &reaction["count"]),
        (&json!("clock10"), &json!(2))
    );
    assert_eq!(reaction["users"][1], "U1");
    let person = client.form("users.info", &[("user", "U1")]).await;
    assert_eq!(person["user"]["profile"]["display_name"], "Tanaka");
    let twice = client.call("reactions.add", &add("clock10")).await;
    assert_eq!(twice["error"], "already_reacted");
}

#[tokio::test]
async fn reactions_are_refused_where_there_is_nothing_to_react_to() {
    let slack = Slack::start().await.unwrap();
    let client = Client::of(&slack);
    let (channel, ts) = client.say("ops", "x").await;
    let cases = [
        (json!({ "name": "x" }), "no_item_specified"),
        (
            json!({ "name": "not_an_emoji", "channel": channel, "timestamp": ts }),
            "invalid_name",
        ),
        (
            json!({ "name": "x", "channel": "ops", "timestamp": ts }),
            "channel_not_found",
        ),
        (
            json!({ "name": "x", "channel": channel, "timestamp": "now" }),
            "bad_timestamp",
        ),
        (
            json!({ "name": "x", "channel": channel, "timestamp": "1.5" }),
            "message_not_found",
        ),
    ];
    for (arguments, error) in cases {
        let answer = client.call("reactions.add", &arguments).await;
        assert_eq!(answer["error"], error, "{arguments}");
    }
    slack.archive("ops").unwrap();
    let late = json!({ "name": "x", "channel": channel, "timestamp": ts });
    assert_eq!(
        client.call("reactions.add", &late).await["error"],
        "is_archived"
    );
    assert_eq!(slack.counts().reacted, 0);
}
