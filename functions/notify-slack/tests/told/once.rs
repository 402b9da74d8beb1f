use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::stage::{By, Stage, alarm, by_sns};

const AT: &str = "2026-11-20T10:00:00.000+0000";

#[tokio::test]
async fn an_alarm_by_several_ways_at_the_same_time_is_one_message() {
    let stage = Stage::set(By::App).await.unwrap();
    let event = alarm("shop-cpu", "ALARM", AT);
    let ways: Vec<_> = (0..8)
        .map(|number| {
            let payload = if number % 2 == 0 {
                event.clone()
            } else {
                by_sns(&format!("m{number}"), &event)
            };
            (format!("i{number}"), payload)
        })
        .collect();
    let all = ways
        .iter()
        .map(|(id, payload)| stage.invoke(id, payload.clone()));
    for answer in join_all(all).await {
        assert_eq!(answer.unwrap()["told"], 1);
    }
    assert_eq!(stage.slack.messages("alerts").len(), 1);
    assert_eq!(stage.items("slack/waiting").len(), 0);
    assert_eq!(
        stage.items("slack/watch").len(),
        0,
        "the lease is given back"
    );
}

#[tokio::test]
async fn the_end_of_an_alarm_answers_its_message_and_draws_it_anew() {
    let stage = Stage::set(By::App).await.unwrap();
    stage
        .invoke("1", alarm("shop-cpu", "ALARM", AT))
        .await
        .unwrap();
    let end = alarm("shop-cpu", "OK", "2026-11-20T10:12:00.000+0000");
    stage.invoke("2", end.clone()).await.unwrap();
    stage.invoke("3", end).await.unwrap();
    let all = stage.slack.messages("alerts");
    let first = all.iter().find(|message| !message.is_reply()).unwrap();
    // For its picture, and for its end.
    assert_eq!(first.edits, 2);
    assert!(first.as_read().contains("12 min"), "{}", first.as_read());
    let replies = stage.slack.replies("alerts", &first.ts);
    assert_eq!(replies.len(), 1);
    assert!(replies[0].as_read().contains("12 min"));
}

#[tokio::test]
async fn with_a_webhook_each_state_is_a_message() {
    let stage = Stage::set(By::Webhook).await.unwrap();
    stage
        .invoke("1", alarm("shop-cpu", "ALARM", AT))
        .await
        .unwrap();
    let end = alarm("shop-cpu", "OK", "2026-11-20T10:12:00.000+0000");
    stage.invoke("2", end).await.unwrap();
    assert_eq!(stage.slack.messages("ops").len(), 2);
}

#[tokio::test]
async fn what_is_left_out_is_said_and_one_bad_record_does_not_lose_the_others() {
    let stage = Stage::set(By::App).await.unwrap();
    let own = alarm("TargetTracking-service/c/s-AlarmHigh", "ALARM", AT);
    let answer = stage.invoke("1", own.clone()).await.unwrap();
    assert_eq!(
        (
            &answer["told"],
            answer["left_out"].as_array().unwrap().len()
        ),
        (&json!(0), 1)
    );
    let mut batch = by_sns("a", &alarm("shop-cpu", "ALARM", AT));
    let mut records = batch["Records"].take();
    let odd = json!({ "EventSource": "aws:sns", "Sns": { "Message": 7 } });
    records.as_array_mut().unwrap().insert(0, odd);
    let payload = json!({ "Records": records });
    assert_eq!(stage.invoke("2", payload).await.unwrap()["told"], 2);
    assert_eq!(stage.naming("shop"), 1);
}

#[tokio::test]
async fn a_test_by_hand_says_that_it_works_and_an_unknown_command_what_there_is() {
    let stage = Stage::set(By::App).await.unwrap();
    let payload = json!({ "command": "test", "by": "tanaka" });
    stage.invoke("1", payload).await.unwrap();
    assert_eq!(stage.naming("tanaka"), 1);
    let payload = json!({ "command": "wake" });
    let failed = stage.invoke("2", payload).await.unwrap_err();
    assert!(failed.to_string().contains("tick, test"), "{failed}");
}

#[tokio::test]
async fn a_deployment_that_is_explained_as_a_story_is_not_told_beside_it() {
    let stage = Stage::set(By::App).await.unwrap();
    let sample = include_str!("../../../../events/codedeploy-failure.json");
    let event: Value = serde_json::from_str(sample).unwrap();
    let mut other = event.clone();
    other["id"] = json!("another");
    other["detail"]["deploymentGroup"] = json!("point-app-bastion");
    // As long as nobody is known to explain it, it is told here.
    stage.invoke("1", event.clone()).await.unwrap();
    assert_eq!(stage.naming("deployment of point-app failed"), 1);
    stage
        .explained("point-app", "point-app-production")
        .unwrap();
    let mut again = event;
    again["id"] = json!("again");
    let answer = stage.invoke("2", again).await.unwrap();
    assert_eq!(answer["told"], 1, "it is done with: {answer}");
    assert_eq!(stage.naming("deployment of point-app failed"), 1);
    assert_eq!(stage.items("slack/waiting").len(), 0);
    stage.invoke("3", other).await.unwrap();
    assert_eq!(stage.naming("deployment of point-app failed"), 2);
}
