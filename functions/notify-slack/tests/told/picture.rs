use futures_util::future::join_all;
use nightshift_slack::{Message, Trouble, When};
use serde_json::{Value, json};

use crate::stage::{By, Spoilt, Stage, alarm};

const AT: &str = "2026-11-20T10:00:00.000+0000";
const OVER: &str = "2026-11-20T10:12:00.000+0000";
const DRAW: &str = "cloudwatch:GetMetricWidgetImage";
/// What is asked of Slack for a message with a picture.
const STEPS: [&str; 5] = [
    "chat.postMessage",
    "files.getUploadURLExternal",
    "upload",
    "files.completeUploadExternal",
    "chat.update",
];

/// An alarm over a threshold, which EventBridge tells in the reason's data alone.
fn over_80() -> Value {
    let mut event = alarm("shop-cpu", "ALARM", AT);
    let data = json!({ "threshold": 80.0, "period": 60, "statistic": "Average" });
    event["detail"]["state"]["reasonData"] = data.to_string().into();
    event
}

/// The one message of the channel that is no answer.
fn only(stage: &Stage) -> Message {
    let all = stage.slack.messages("alerts").into_iter();
    let mut firsts: Vec<Message> = all.filter(|message| !message.is_reply()).collect();
    assert_eq!(firsts.len(), 1, "{:?}", stage.read());
    firsts.remove(0)
}

/// The alarm's end, as the first message shows it.
async fn over(stage: &Stage) -> Message {
    let end = alarm("shop-cpu", "OK", OVER);
    stage.invoke("end", end).await.unwrap();
    let first = only(stage);
    let read = first.as_read();
    assert!(read.contains("12 min"), "{read}");
    // Drawn as usual, not as the bare text that is left when Slack refuses a form.
    assert!(!first.shows_its_text(), "{first:?}");
    first
}

#[tokio::test]
async fn an_alarm_is_told_with_the_graph_of_its_metric_which_stays_when_it_is_over() {
    let stage = Stage::set(By::App).await.unwrap();
    stage.invoke("1", over_80()).await.unwrap();
    let seen = stage.slack.requests().into_iter().map(|seen| seen.name);
    assert_eq!(seen.collect::<Vec<_>>(), STEPS);

    let widgets = stage.front.with(|world| world.cloudwatch.drawn.clone());
    let [widget] = &widgets[..] else {
        panic!("{widgets:?}")
    };
    assert_eq!(widget["title"], "shop-cpu");
    let line = json!([
        "AWS/ECS", "CPUUtilization", "ClusterName", "shop", "ServiceName", "shop-cpu",
        { "id": "m1", "visible": true, "stat": "Average", "period": 60 },
    ]);
    assert_eq!(widget["metrics"], json!([line]));
    assert_eq!(widget["annotations"]["horizontal"][0]["value"], 80.0);
    let instant = &widget["annotations"]["vertical"][0]["value"];
    assert_eq!(instant, "2026-11-20T10:00:00Z");
    assert_eq!(widget["timezone"], "+0900");

    let first = only(&stage);
    let [file] = &first.pictures()[..] else {
        panic!("{first:?}")
    };
    let bytes = stage.slack.file(file).unwrap();
    assert!(bytes.starts_with(b"\x89PNG"), "{bytes:x?}");
    assert!(first.as_read().contains("shop-cpu"), "{first:?}");

    let again = stage.invoke("2", over_80()).await.unwrap();
    assert_eq!(again["told"], 1);
    assert_eq!(stage.calls(DRAW), 1, "told once, drawn once");
    assert_eq!(over(&stage).await.pictures(), [file.as_str()]);
    assert_eq!(stage.calls(DRAW), 1);
}

#[tokio::test]
async fn when_cloudwatch_refuses_the_picture_the_alert_is_told_all_the_same() {
    let ways = [
        Spoilt::Forbidden,
        Spoilt::Broken(400, "Throttling"),
        Spoilt::Broken(400, "ValidationError"),
        Spoilt::Broken(500, "InternalFailure"),
    ];
    let tried = ways.map(|way| async move {
        let stage = Stage::set(By::App).await.unwrap();
        stage.spoil(DRAW, way);
        for id in ["1", "2"] {
            let answer = stage.invoke(id, over_80()).await.unwrap();
            assert_eq!(answer["told"], 1, "{way:?}");
        }
        assert!(stage.calls(DRAW) > 0, "{way:?}");
        let first = only(&stage);
        assert_eq!((first.edits, first.pictures().len()), (0, 0), "{way:?}");
        assert_eq!(stage.slack.requests().len(), 1, "{way:?}: only the message");
        over(&stage).await;
    });
    join_all(tried).await;
}

#[tokio::test]
async fn when_slack_refuses_the_picture_the_alert_stands() {
    let refused = |code: &str| Trouble::Refused(code.to_owned());
    let troubles = [
        ("files.getUploadURLExternal", refused("missing_scope")),
        ("files.getUploadURLExternal", Trouble::RateLimited(1)),
        ("upload", Trouble::ServerError(When::Before)),
        ("upload", Trouble::Reset(When::After)),
        ("files.completeUploadExternal", refused("file_not_found")),
        ("files.completeUploadExternal", Trouble::Truncated),
        ("chat.update", refused("cant_update_message")),
    ];
    let tried = troubles.map(|(step, trouble)| async move {
        let stage = Stage::set(By::App).await.unwrap();
        stage.slack.will(trouble.clone().on(step));
        let answer = stage.invoke("1", over_80()).await.unwrap();
        assert_eq!(answer["told"], 1, "{step}: {trouble:?}");
        assert_eq!(stage.slack.troubles_left(), 0, "{step}: {trouble:?}");
        let first = only(&stage);
        let shown = (first.edits, first.pictures().len());
        assert_eq!(shown, (0, 0), "{step}: {trouble:?}");
        over(&stage).await;
    });
    join_all(tried).await;
}

#[tokio::test]
async fn a_picture_that_slack_looks_at_first_is_shown_a_little_later() {
    let stage = Stage::set(By::App).await.unwrap();
    stage.slack.refuse_new_files(1);
    stage.invoke("1", over_80()).await.unwrap();
    let first = only(&stage);
    assert_eq!((first.edits, first.pictures().len()), (1, 1));
    assert_eq!(stage.slack.requests_to("upload").len(), 1);
}

#[tokio::test]
async fn nothing_is_drawn_that_could_not_be_shown_or_read_from_here() {
    let mut elsewhere = over_80();
    let arn = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:shop-cpu";
    elsewhere["resources"] = json!([arn]);
    elsewhere["region"] = json!("eu-west-1");
    let mut composite = over_80();
    composite["detail"]["configuration"] = json!({ "alarmRule": "ALARM(a)" });
    for (by, event) in [
        (By::Webhook, over_80()),
        (By::App, elsewhere),
        (By::App, composite),
    ] {
        let stage = Stage::set(by).await.unwrap();
        let answer = stage.invoke("1", event).await.unwrap();
        assert_eq!(answer["told"], 1);
        assert_eq!(stage.calls(DRAW), 0);
        assert_eq!(stage.slack.requests().len(), 1);
    }
}

#[tokio::test]
async fn no_alert_waits_for_the_picture_of_another() {
    let stage = Stage::set(By::App).await.unwrap();
    let record = |number: u32| {
        let body = alarm(&format!("shop-{number}"), "ALARM", AT).to_string();
        json!({ "messageId": format!("m{number}"), "eventSource": "aws:sqs", "body": body })
    };
    let batch = json!({ "Records": [record(1), record(2), record(3)] });
    stage.invoke("1", batch).await.unwrap();
    let asked: Vec<String> = stage
        .slack
        .requests()
        .into_iter()
        .map(|seen| seen.name)
        .collect();
    assert_eq!(asked[..3], ["chat.postMessage"; 3], "{asked:?}");
    assert_eq!(stage.slack.requests_to("upload").len(), 3);
}

#[tokio::test]
async fn a_message_that_slack_takes_as_bare_text_only_gets_no_picture() {
    let stage = Stage::set(By::App).await.unwrap();
    let refused = Trouble::Refused("invalid_blocks".to_owned());
    stage.slack.will(refused.on("chat.postMessage"));
    stage.invoke("1", over_80()).await.unwrap();
    let first = only(&stage);
    assert!(first.shows_its_text() && first.edits == 0, "{first:?}");
    assert_eq!(stage.calls(DRAW), 0);
}
