//! What the page shows, as HTML and as data.

use nightshift_slack::{Access, Slack};
use serde_json::json;

use crate::client::{Client, section};
use crate::samples::Evening;

#[tokio::test]
async fn the_first_page_leads_to_every_channel() {
    let evening = Evening::begin().await;
    evening.client.say("costs", "x").await;
    evening.slack.archive("costs").unwrap();
    let page = evening.client.get(&evening.slack.url()).await;
    assert!(page.kind.starts_with("text/html"), "{}", page.kind);
    let page = page.text();
    for part in [
        "/channels/ops",
        "/channels/%E9%9A%9C%E5%AE%B3%E9%80%9A%E7%9F%A5",
        "# 障害通知",
        "1 message · archived",
    ] {
        assert!(page.contains(part), "{part} in {page}");
    }
    let named = evening.client.get(&evening.slack.page("#障害通知")).await;
    assert!(named.text().contains("Nothing has been posted here yet."));
}

#[tokio::test]
async fn nothing_that_is_posted_becomes_markup() {
    let slack = Slack::start().await.unwrap();
    let client = Client::of(&slack);
    let evil = "<script>alert(1)</script> \"><img src=x onerror=alert(2)> <https://x\" onclick=\"alert(3)|'x'>";
    let _ = slack.add_channel("\"><script>alert(4)</script>", Access::Member);
    slack.add_person("U1", evil);
    let ts = slack.say("ops", "U1", evil, None).unwrap();
    slack.react("ops", &ts, "U1", evil).unwrap();
    client
        .upload(
            evil,
            b"<script>alert(5)</script>".to_vec(),
            &json!({ "channel_id": slack.id("ops") }),
        )
        .await;
    let plain = json!({ "type": "plain_text", "text": evil });
    let message = json!({
        "channel": "ops",
        "text": evil,
        "attachments": [
            { "color": evil, "title": evil, "text": evil, "pretext": evil, "footer": evil, "fields": [{ "title": evil, "value": evil }] },
            { "color": "good", "blocks": [
                section(evil),
                { "type": "header", "text": plain },
                { "type": "section", "fields": [{ "type": "mrkdwn", "text": evil }] },
                { "type": "image", "image_url": evil, "alt_text": evil, "title": plain },
                { "type": "context", "elements": [plain] },
                { "type": "actions", "elements": [{ "type": "button", "text": { "type": "plain_text", "text": "<b>" }, "url": "javascript:alert(6)" }] },
            ] },
        ],
    });
    let posted = client.call("chat.postMessage", &message).await;
    assert_eq!(posted["ok"], true, "{posted}");
    for url in [slack.url(), slack.page("ops")] {
        let page = client.get(&url).await;
        let page = page.text().replace("<script src=\"/page.js\" defer>", "");
        for part in [
            "<script",
            "<img src=x",
            "\" onclick",
            "\" onerror",
            "javascript:",
        ] {
            assert!(!page.contains(part), "{part} in {page}");
        }
        assert!(page.contains("&lt;script&gt;"), "{page}");
    }
}

#[tokio::test]
async fn pages_forbid_whatever_is_not_theirs_and_files_are_never_pages() {
    let slack = Slack::start().await.unwrap();
    let client = Client::of(&slack);
    let page = client.get(&slack.page("ops")).await;
    let text = page.text();
    assert!(
        !text.contains("http://") && !text.contains("https://"),
        "{text}"
    );
    let id = client
        .upload("x.html", b"<script></script>".to_vec(), &json!({}))
        .await;
    let file = client.get(&format!("{}/files/{id}", slack.url())).await;
    assert_eq!(file.kind, "application/octet-stream");
    for path in [
        "/files/F0",
        "/channels/none",
        "/channels/none.json",
        "/other",
    ] {
        assert_eq!(
            client.get(&format!("{}{path}", slack.url())).await.status,
            404,
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_text_is_hidden_by_blocks_but_not_by_attachments() {
    let slack = Slack::start().await.unwrap();
    let client = Client::of(&slack);
    let shown = async |message| {
        client.call("chat.postMessage", &message).await;
        client
            .get(&slack.page("ops"))
            .await
            .text()
            .contains("for notifications")
    };
    let blocks = [section("body")];
    assert!(
        !shown(json!({ "channel": "ops", "text": "for notifications", "blocks": blocks })).await
    );
    assert!(shown(json!({ "channel": "ops", "text": "for notifications", "attachments": [{ "blocks": blocks }] })).await);
}

#[tokio::test]
async fn the_same_comes_as_data() {
    let evening = Evening::begin().await;
    evening.play().await;
    let url = format!("{}.json", evening.slack.page("ops"));
    let data = evening.client.get(&url).await.json();
    assert_eq!(Some(&data), evening.slack.as_json("ops").as_ref());
    let messages = data["messages"].as_array().unwrap();
    assert_eq!(messages.len(), 5);
    let [notice, _, alarm, ..] = messages.as_slice() else {
        panic!("{data}");
    };
    assert_eq!(
        notice["reactions"][0],
        json!({ "name": "clock10", "users": ["U0NIGHTSH1", "U0TANAKA"], "count": 2 })
    );
    assert_eq!(alarm["edits"], 1);
    assert_eq!(alarm["at"], "2026-11-13T14:58:00Z");
    let replies: Vec<_> = alarm["replies"]
        .as_array()
        .unwrap()
        .iter()
        .map(|reply| &reply["author"])
        .collect();
    assert_eq!(replies, ["佐藤", "nightshift"]);
}
