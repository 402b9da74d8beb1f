//! Uploads, and pictures in messages.

use nightshift_slack::{Access, Slack};
use serde_json::{Value, json};

use crate::client::{Client, named};
use crate::png;

fn picture(id: &str) -> Value {
    let image = json!({ "type": "image", "slack_file": { "id": id }, "alt_text": "the graph" });
    json!({ "channel": "ops", "text": "x", "blocks": [image] })
}

#[tokio::test]
async fn an_uploaded_picture_can_be_shown_and_is_served_to_the_page() {
    let slack = Slack::start().await.unwrap();
    let client = Client::of(&slack);
    let bytes = png::graph(40, 20);
    let id = client.upload("graph.png", bytes.clone(), &json!({})).await;
    // Private until a message shows it.
    assert_eq!(slack.messages("ops").len(), 0);
    named(&client.call("chat.postMessage", &picture(&id)).await);
    assert_eq!(slack.messages("ops")[0].pictures(), [id.as_str()]);
    let served = client.get(&format!("{}/files/{id}", slack.url())).await;
    assert_eq!((served.status, served.kind.as_str()), (200, "image/png"));
    assert_eq!(served.body, bytes);
    assert_eq!(slack.file(&id), Some(bytes));
    assert_eq!(slack.counts().uploaded, 1);
}

#[tokio::test]
async fn a_picture_that_is_not_there_not_complete_or_no_picture_is_refused() {
    let slack = Slack::start().await.unwrap();
    let client = Client::of(&slack);
    let fields = [("filename", "x.png"), ("length", "10")];
    let announced = client.form("files.getUploadURLExternal", &fields).await;
    let announced = announced["file_id"].as_str().unwrap();
    let text = client
        .upload("x.txt", b"only text".to_vec(), &json!({}))
        .await;
    for id in ["F0ABCDEFGH", announced, text.as_str()] {
        let answer = client.call("chat.postMessage", &picture(id)).await;
        assert_eq!(answer["error"], "invalid_blocks", "{id}");
        let expected = "invalid slack file [json-pointer:/blocks/0/slack_file.id/slack_file]";
        assert_eq!(answer["errors"][0], expected);
    }
}

#[tokio::test]
async fn a_new_file_can_be_refused_until_slack_has_looked_at_it() {
    let slack = Slack::start().await.unwrap();
    let client = Client::of(&slack);
    slack.refuse_new_files(2);
    let id = client.upload("x.png", png::graph(4, 4), &json!({})).await;
    let mut answers = Vec::new();
    for _ in 0..3 {
        let answer = client.call("chat.postMessage", &picture(&id)).await;
        answers.push(answer["ok"].as_bool().unwrap());
    }
    assert_eq!(answers, [false, false, true]);
}

#[tokio::test]
async fn a_file_can_be_shared_into_a_thread_with_a_comment() {
    let slack = Slack::start().await.unwrap();
    let client = Client::of(&slack);
    let (channel, ts) = client.say("ops", "alarm").await;
    let share = json!({ "channel_id": channel, "thread_ts": ts, "initial_comment": "since 22:00" });
    let id = client.upload("x.png", png::graph(4, 4), &share).await;
    let [reply] = slack.replies("ops", &ts).try_into().unwrap();
    assert_eq!(
        (reply.text.as_str(), reply.files),
        ("since 22:00", vec![id])
    );
}

#[tokio::test]
async fn an_upload_out_of_order_or_of_another_length_is_refused() {
    let slack = Slack::start().await.unwrap();
    let client = Client::of(&slack);
    let others = slack.add_channel("others", Access::Public);
    let missing = client.form("files.getUploadURLExternal", &[]).await;
    assert_eq!(missing["error"], "invalid_arguments");
    let empty = [("filename", "x"), ("length", "0")];
    let empty = client.form("files.getUploadURLExternal", &empty).await;
    assert_eq!(empty["error"], "missing_argument");
    let fields = [("filename", "x.png"), ("length", "10")];
    let announced = client.form("files.getUploadURLExternal", &fields).await;
    let (url, id) = (&announced["upload_url"], &announced["file_id"]);
    let complete = json!({ "files": [{ "id": id }] });
    let early = client.call("files.completeUploadExternal", &complete).await;
    assert_eq!(early["error"], "file_not_found");
    let kind = "application/octet-stream";
    let short = client.post(url.as_str().unwrap(), kind, "short").await;
    assert_eq!(short.unwrap().status, 400);
    let whole = client.post(url.as_str().unwrap(), kind, "0123456789").await;
    assert_eq!(whole.unwrap().text(), "OK - 10");
    for (more, error) in [
        (json!({ "channel_id": "ops" }), "invalid_channel"),
        (json!({ "channel_id": others }), "posting_to_channel_denied"),
        (json!({ "files": [] }), "invalid_arguments"),
        (
            json!({ "files": [{ "id": id, "initial_comment": "x" }] }),
            "invalid_arguments",
        ),
    ] {
        let mut complete = complete.clone();
        for (name, value) in more.as_object().unwrap() {
            complete[name] = value.clone();
        }
        let answer = client.call("files.completeUploadExternal", &complete).await;
        assert_eq!(answer["error"], error, "{complete}");
    }
    let done = client.call("files.completeUploadExternal", &complete).await;
    assert_eq!(done["files"][0]["id"], *id);
    let twice = client.call("files.completeUploadExternal", &complete).await;
    assert_eq!(twice["error"], "file_not_found");
}
