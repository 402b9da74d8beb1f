//! What holds back beside what happens in the week: loads that nobody measures, and alarms that are not
//! there. The plan's own tests have all the others.

use jiff::Timestamp;
use jiff::civil::date;
use nightshift_tests::alarms::{BRAKES, make_brakes};
use nightshift_tests::aws::CLOUDWATCH;
use nightshift_tests::local::Deployment;
use nightshift_tests::play::at;
use nightshift_tests::stage::{Mail, Moment, Stage};
use nightshift_tests::week::{self, ESTATE};
use serde_json::{Value, json};

fn on(time: &str) -> Timestamp {
    at(date(2027, 1, 19), time).unwrap()
}

async fn tick(stage: &Stage, time: &str) -> Moment {
    let moment = stage.tick(on(time)).await.unwrap();
    assert_eq!(moment.failed, None, "at {time}");
    moment
}

/// Why each resource waits, by its short name.
fn waits(moment: &Moment) -> Vec<(String, Value)> {
    let rows = &moment.report(ESTATE.name).unwrap().resources;
    let waiting = rows.iter().filter(|row| !row.settled);
    let waits = waiting.map(|row| {
        let name = row.name.trim_start_matches(ESTATE.name);
        (name[1..].to_owned(), json!(row.waits_for)["cause"].clone())
    });
    waits.collect()
}

fn changed(moment: &Moment) -> Vec<&str> {
    let mut changed: Vec<_> = moment.changes().map(|(_, change)| &*change.what).collect();
    changed.sort_unstable();
    changed
}

#[tokio::test]
async fn without_measurements_only_what_auto_scaling_watches_gets_smaller() {
    let stage = week::set_the_stage(&Deployment::built()).await.unwrap();
    stage.local.gateway.measure_nothing();
    tick(&stage, "21:30").await;
    assert_eq!(changed(&tick(&stage, "22:00").await), ["min_capacity"]);
    for time in ["22:01", "22:20"] {
        let moment = tick(&stage, time).await;
        let unknown = |name: &str| (name.to_owned(), json!("no_load"));
        assert_eq!(waits(&moment), [unknown("aurora"), unknown("web")]);
        assert_eq!(moment.writes, [], "at {time}");
    }
    stage.local.gateway.measure(|_, _| None);
    assert_eq!(
        changed(&tick(&stage, "22:21").await),
        ["desired_count", "min_acu"]
    );
}

#[tokio::test]
async fn a_brake_that_is_not_there_holds_back_and_is_told_until_it_is_made() {
    let stage = week::set_the_stage(&Deployment::built()).await.unwrap();
    let [alarm, ..] = BRAKES;
    let gone = json!({ "AlarmNames": [alarm] });
    let aws = &stage.local.aws;
    aws.json(CLOUDWATCH, "DeleteAlarms", &gone).await.unwrap();
    tick(&stage, "21:30").await;
    let mut told = Vec::new();
    for time in ["22:00", "22:01", "22:10", "22:20", "22:50"] {
        let moment = tick(&stage, time).await;
        assert_eq!(moment.writes, [], "at {time}");
        let waits = waits(&moment);
        assert_eq!(waits.len(), 3, "{waits:?}");
        assert!(waits.iter().all(|(_, cause)| cause == "no_alarm"));
        told.extend(moment.mail);
    }
    let codes: Vec<_> = told.iter().map(Mail::code).collect();
    assert_eq!(codes, ["not_found"], "once");
    assert_eq!(told[0].news["resource"], alarm);
    make_brakes(aws).await.unwrap();
    assert_eq!(
        changed(&tick(&stage, "22:51").await),
        ["desired_count", "min_acu", "min_capacity"]
    );
}
