use jiff::{Timestamp, civil::date, tz::TimeZone};
use nightshift::ledger::Phase;
use nightshift_cloud::world::{ACCOUNT, REGION, World};
use serde_json::{Value, json};

use crate::stage::{By, Stage, alarm};

/// Friday, 2026-11-20, in Tokyo.
fn friday(hour: i8, minute: i8) -> Timestamp {
    let zone = TimeZone::get("Asia/Tokyo").unwrap();
    let at = date(2026, 11, 20).at(hour, minute, 0, 0);
    at.to_zoned(zone).unwrap().timestamp()
}

fn of_staging(at: Timestamp) -> Value {
    let mut event = alarm("staging-cpu", "ALARM", &at.to_string());
    event["detail"]["configuration"]["metrics"][0]["metricStat"]["metric"]["dimensions"] =
        json!({ "ClusterName": "staging", "ServiceName": "api" });
    event
}

fn tick(at: Timestamp) -> Value {
    json!({ "command": "tick", "at": at.to_string() })
}

#[tokio::test]
async fn an_alarm_of_a_sleeping_estate_is_quiet_and_watched() {
    let stage = Stage::set(By::App).await.unwrap();
    stage.phase(Phase::Asleep, friday(19, 30)).unwrap();
    stage.invoke("1", of_staging(friday(20, 0))).await.unwrap();
    let [message] = &stage.slack.messages("ops")[..] else {
        panic!("not told quietly")
    };
    let read = message.as_read();
    assert!(!read.contains("S0123456789"), "{read}");
    let watched = stage.items("slack/watch");
    let arn = format!("quiet/arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:staging-cpu");
    assert!(
        watched.iter().any(|item| item["sk"]["S"] == arn.as_str()),
        "{watched:?}"
    );
}

#[tokio::test]
async fn a_tick_with_nothing_to_do_costs_one_read() {
    let stage = Stage::set(By::App).await.unwrap();
    let at = friday(12, 0);
    stage.invoke("1", tick(at)).await.unwrap();
    stage.front.with(World::take_calls);
    let answer = stage.invoke("2", tick(friday(12, 1))).await.unwrap();
    assert_eq!(answer["idle"], true);
    let calls = stage.front.with(World::take_calls);
    assert_eq!(calls.len(), 1, "{calls:?}");
}

#[tokio::test]
async fn a_reaction_to_the_notice_keeps_the_estate_up_and_taking_it_away_does_not() {
    let stage = Stage::set(By::App).await.unwrap();
    stage.slack.add_person("U1", "tanaka");
    stage.phase(Phase::Awake, friday(9, 0)).unwrap();
    stage.invoke("1", tick(friday(18, 40))).await.unwrap();
    assert_eq!(stage.slack.messages("ops").len(), 0, "it is not time yet");
    for number in 0..3 {
        let id = format!("2-{number}");
        stage.invoke(&id, tick(friday(18, 45))).await.unwrap();
    }
    let [notice] = &stage.slack.messages("ops")[..] else {
        panic!("not told once: {:?}", stage.read())
    };
    let offered: Vec<&str> = notice
        .reactions
        .iter()
        .map(|one| one.name.as_str())
        .collect();
    assert_eq!(offered, ["clock10", "clock12", "x"]);

    stage
        .slack
        .react("ops", &notice.ts, "U1", "clock10")
        .unwrap();
    stage.invoke("3", tick(friday(18, 46))).await.unwrap();
    let order = stage
        .items("ledger")
        .into_iter()
        .find(|item| item["sk"]["S"] == "override/staging");
    let order = order.unwrap();
    assert_eq!(
        (&order["by"]["S"], &order["order"]["S"]),
        (&json!("tanaka"), &json!("wake"))
    );
    let until: Timestamp = order["until"]["S"].as_str().unwrap().parse().unwrap();
    assert_eq!(until, friday(22, 0));
    let read = stage.read().concat();
    assert!(read.contains("tanaka") && read.contains("22:00"), "{read}");

    stage
        .slack
        .unreact("ops", &notice.ts, "U1", "clock10")
        .unwrap();
    stage.invoke("4", tick(friday(18, 47))).await.unwrap();
    let orders = stage
        .items("ledger")
        .into_iter()
        .filter(|item| item["sk"]["S"] == "override/staging");
    assert_eq!(orders.count(), 0);
    assert_eq!(stage.slack.messages("ops").len(), 1);
}

#[tokio::test]
async fn with_a_webhook_the_notice_holds_the_command() {
    let stage = Stage::set(By::Webhook).await.unwrap();
    stage.phase(Phase::Awake, friday(9, 0)).unwrap();
    stage.invoke("1", tick(friday(18, 45))).await.unwrap();
    let read = stage.read().concat();
    assert!(
        read.contains("--function-name nightshift-power-staging"),
        "{read}"
    );
}
