use futures_util::future::join_all;
use jiff::{Timestamp, civil::date, tz::TimeZone};
use nightshift::ledger::Phase;
use nightshift_cloud::{services::cloudwatch, world::World};
use nightshift_slack::Message;
use serde_json::{Value, json};

use crate::stage::{By, STAGING, Spoilt, Stage, of_staging};

const DESCRIBE: &str = "cloudwatch:DescribeAlarms";
/// As the company's document has it.
const MENTION: &str = "S0123456789";

/// Friday, 2026-11-20, in Tokyo.
fn friday(hour: i8, minute: i8) -> Timestamp {
    let zone = TimeZone::get("Asia/Tokyo").unwrap();
    let at = date(2026, 11, 20).at(hour, minute, 0, 0);
    at.to_zoned(zone).unwrap().timestamp()
}

fn tick(at: Timestamp) -> Value {
    json!({ "command": "tick", "at": at.to_string() })
}

#[tokio::test]
async fn an_alarm_of_a_sleeping_estate_is_quiet_and_watched() {
    let stage = Stage::set(By::App).await.unwrap();
    stage.phase(Phase::Asleep, friday(19, 30)).unwrap();
    let event = of_staging("staging-cpu", friday(20, 0));
    stage.invoke("1", event).await.unwrap();
    let [message] = &stage.slack.messages("ops")[..] else {
        panic!("not told quietly")
    };
    let read = message.as_read();
    assert!(!read.contains(MENTION), "{read}");
    assert_eq!(quieted(&stage), ["staging-cpu"]);
}

/// A stage on which alarms of staging's were told quietly before the estate was up at nine.
async fn woken(by: By, phase: Phase, alarms: &[Value]) -> Stage {
    let stage = Stage::set(by).await.unwrap();
    let named = format!("{STAGING}watch: {{ alarms: [staging-] }}\n");
    stage.put("/nightshift/estates/staging", &named).unwrap();
    stage.phase(phase, friday(8, 45)).unwrap();
    for (number, event) in alarms.iter().enumerate() {
        let id = format!("a{number}");
        stage.invoke(&id, event.clone()).await.unwrap();
    }
    stage.phase(Phase::Awake, friday(9, 0)).unwrap();
    stage
}

/// The names of the alarms that are quiet and watched.
fn quieted(stage: &Stage) -> Vec<String> {
    let watched = stage.items("slack/watch").into_iter();
    let prefix = format!("quiet/{}", cloudwatch::arn(""));
    let names = watched.filter_map(|item| {
        let name = item["sk"]["S"].as_str()?.strip_prefix(&prefix)?;
        Some(name.to_owned())
    });
    names.collect()
}

/// What was told loudly.
fn alerts(stage: &Stage) -> Vec<String> {
    let all = stage.slack.messages("alerts").into_iter();
    all.map(|message| message.as_read()).collect()
}

#[tokio::test]
async fn an_alarm_that_outlives_the_wake_up_is_told_loudly_once_however_often_it_ticks() {
    let phases = [Phase::Asleep, Phase::ToSleep, Phase::ToWake];
    let tried = phases.map(|phase| async move {
        let event = of_staging("staging-cpu", friday(8, 50));
        let stage = woken(By::App, phase, &[event]).await;
        stage.know("staging-cpu", "ALARM", None).unwrap();
        stage.invoke("t1", tick(friday(9, 9))).await.unwrap();
        assert_eq!(alerts(&stage).len(), 0, "{phase:?}: it settles");
        assert_eq!(stage.calls(DESCRIBE), 0, "{phase:?}");
        let at_once = ["t2", "t3"].map(|id| stage.invoke(id, tick(friday(9, 10))));
        for answer in join_all(at_once).await {
            answer.unwrap();
        }
        let looked = stage.calls(DESCRIBE);
        for minute in 11..14 {
            let id = format!("t{minute}");
            let answer = stage.invoke(&id, tick(friday(9, minute))).await.unwrap();
            assert_eq!(answer["told"], 0, "{phase:?}");
        }
        let [told] = &alerts(&stage)[..] else {
            panic!("{phase:?}: {:?}", stage.read())
        };
        assert!(told.contains("staging-cpu"), "{told}");
        assert!(told.contains(MENTION), "{told}");
        assert_eq!(stage.naming("staging-cpu"), 2, "quietly, then loudly");
        assert_eq!(quieted(&stage).len(), 0);
        assert_eq!(stage.calls(DESCRIBE), looked, "nothing is left to ask for");
    });
    join_all(tried).await;
}

#[tokio::test]
async fn an_alarm_that_does_not_ring_any_more_is_forgotten_in_silence() {
    for state in [Some("OK"), Some("INSUFFICIENT_DATA"), None] {
        let event = of_staging("staging-cpu", friday(8, 50));
        let stage = woken(By::App, Phase::Asleep, &[event]).await;
        if let Some(state) = state {
            stage.know("staging-cpu", state, None).unwrap();
        }
        let answer = stage.invoke("t", tick(friday(9, 10))).await.unwrap();
        assert_eq!(answer["told"], 0, "{state:?}");
        assert_eq!(stage.calls(DESCRIBE), 1, "{state:?}");
        assert_eq!(stage.naming("staging-cpu"), 1, "{state:?}");
        assert_eq!(quieted(&stage).len(), 0, "{state:?}");
    }
}

#[tokio::test]
async fn of_several_alarms_those_that_ring_are_told_composite_ones_too() {
    let mut composite = of_staging("staging-any", friday(8, 50));
    composite["detail"]["configuration"] = json!({ "alarmRule": "ALARM(\"staging-cpu\")" });
    let metric = |name| of_staging(name, friday(8, 50));
    let events = [metric("staging-cpu"), metric("staging-memory"), composite];
    let stage = woken(By::Webhook, Phase::Asleep, &events).await;
    assert_eq!(quieted(&stage).len(), 3);
    stage.know("staging-cpu", "ALARM", None).unwrap();
    stage.know("staging-memory", "OK", None).unwrap();
    let rule = Some("ALARM(\"staging-cpu\")");
    stage.know("staging-any", "ALARM", rule).unwrap();
    let quietly = stage.slack.messages("ops").len();
    let answer = stage.invoke("t", tick(friday(9, 10))).await.unwrap();
    assert_eq!(answer["told"], 2);
    let loudly = stage.slack.messages("ops").split_off(quietly);
    let read: Vec<String> = loudly.iter().map(Message::as_read).collect();
    let read = read.concat();
    assert!(read.contains("staging-cpu"), "{read}");
    assert!(read.contains("staging-any"), "{read}");
    assert!(!read.contains("staging-memory"), "{read}");
    assert_eq!(stage.calls(DESCRIBE), 1);
    assert_eq!(quieted(&stage).len(), 0);
}

#[tokio::test]
async fn more_alarms_than_a_page_of_cloudwatch_holds_are_all_told() {
    let names: Vec<String> = (0..60).map(|number| format!("staging-{number}")).collect();
    let records = names.iter().map(|name| {
        let body = of_staging(name, friday(8, 50)).to_string();
        json!({ "messageId": name, "eventSource": "aws:sqs", "body": body })
    });
    let batch = json!({ "Records": records.collect::<Vec<Value>>() });
    let stage = woken(By::App, Phase::Asleep, &[batch]).await;
    assert_eq!(quieted(&stage).len(), 60);
    for name in &names {
        stage.know(name, "ALARM", None).unwrap();
    }
    let answer = stage.invoke("t", tick(friday(9, 10))).await.unwrap();
    assert_eq!(answer["told"], 60);
    assert_eq!(quieted(&stage).len(), 0);
}

#[tokio::test]
async fn an_alarm_that_rang_anew_when_its_estate_was_up_is_not_told_by_the_tick_as_well() {
    for by in [By::App, By::Webhook] {
        let event = of_staging("staging-cpu", friday(8, 50));
        let stage = woken(by, Phase::Asleep, &[event]).await;
        stage.know("staging-cpu", "ALARM", None).unwrap();
        let loudly = of_staging("staging-cpu", friday(9, 11));
        stage.invoke("1", loudly).await.unwrap();
        let told = stage.naming("staging-cpu");
        let answer = stage.invoke("t", tick(friday(9, 12))).await.unwrap();
        assert_eq!(answer["told"], 0);
        assert_eq!(stage.naming("staging-cpu"), told);
        assert_eq!(quieted(&stage).len(), 0);
    }
}

#[tokio::test]
async fn an_alarm_that_rang_again_in_its_loud_thread_while_the_estate_slept_is_told_by_the_tick() {
    let rang = of_staging("staging-cpu", friday(8, 30));
    let stage = woken(By::App, Phase::Awake, &[rang]).await;
    assert_eq!(alerts(&stage).len(), 1, "before the estate went to sleep");
    stage.phase(Phase::Asleep, friday(8, 45)).unwrap();
    let quietly = of_staging("staging-cpu", friday(8, 50));
    stage.invoke("1", quietly).await.unwrap();
    assert_eq!(quieted(&stage), ["staging-cpu"]);
    stage.phase(Phase::Awake, friday(9, 0)).unwrap();
    stage.know("staging-cpu", "ALARM", None).unwrap();
    let answer = stage.invoke("t", tick(friday(9, 10))).await.unwrap();
    assert_eq!(answer["told"], 1);
}

#[tokio::test]
async fn as_long_as_alarms_cannot_be_read_the_tick_fails_and_the_next_one_tells() {
    let ways = [
        Spoilt::Forbidden,
        Spoilt::Broken(400, "Throttling"),
        Spoilt::Broken(500, "InternalFailure"),
    ];
    let tried = ways.map(|way| async move {
        let event = of_staging("staging-cpu", friday(8, 50));
        let stage = woken(By::App, Phase::Asleep, &[event]).await;
        stage.know("staging-cpu", "ALARM", None).unwrap();
        stage.spoil(DESCRIBE, way);
        let failed = stage.invoke("t1", tick(friday(9, 10))).await.unwrap_err();
        assert!(failed.to_string().contains(DESCRIBE), "{failed}");
        assert_eq!(alerts(&stage).len(), 0, "{way:?}");
        assert_eq!(quieted(&stage), ["staging-cpu"], "{way:?}");
        stage.mend();
        let answer = stage.invoke("t2", tick(friday(9, 11))).await.unwrap();
        assert_eq!(answer["told"], 1, "{way:?}");
        assert_eq!(alerts(&stage).len(), 1, "{way:?}");
    });
    join_all(tried).await;
}

#[tokio::test]
async fn an_alarm_that_cannot_be_read_from_here_is_told_without_being_asked_for() {
    let mut event = of_staging("staging-cpu", friday(8, 50));
    let arn = cloudwatch::arn("staging-cpu").replace("ap-northeast-1", "eu-west-1");
    event["resources"] = json!([arn]);
    event["region"] = json!("eu-west-1");
    let stage = woken(By::App, Phase::Asleep, &[event]).await;
    let answer = stage.invoke("t", tick(friday(9, 10))).await.unwrap();
    assert_eq!(answer["told"], 1);
    assert_eq!(alerts(&stage).len(), 1);
    assert_eq!(stage.calls(DESCRIBE), 0);
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
