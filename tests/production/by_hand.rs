//! What people send by hand: each command in `events/`, orders with who and why and their ends, dry
//! runs, `doctor`, and `Mode: watch`.

use jiff::Timestamp;
use jiff::civil::date;
use nightshift_tests::aws::ECS;
use nightshift_tests::estates::{PRODUCTION, SLIM_TAG};
use nightshift_tests::local::Deployment;
use nightshift_tests::play::at;
use nightshift_tests::stage::{Moment, Stage, event, is_command_of, parameter, samples};
use nightshift_tests::week::{self, API, ESTATE, WEB};
use serde_json::{Value, json};

/// A time of the Tuesday that most of it is played on; all days around it are working days.
fn on(time: &str) -> Timestamp {
    at(date(2027, 1, 19), time).unwrap()
}

fn morning(time: &str) -> Timestamp {
    at(date(2027, 1, 20), time).unwrap()
}

/// The day has been looked at, so that what it measures is known.
async fn by_day(deployment: &Deployment) -> Stage {
    let stage = week::set_the_stage(deployment).await.unwrap();
    for time in ["21:10", "21:30"] {
        let moment = stage.tick(on(time)).await.unwrap();
        assert_eq!(moment.failed, None);
    }
    stage
}

fn sizes(moment: &Moment) -> (i64, i64, &str) {
    let services = &moment.state.services;
    let min = services[API.trim_start_matches("service/")].target.unwrap();
    let web = &services[&format!("{}/{WEB}", ESTATE.cluster)];
    let capacity = &moment.state.capacities[ESTATE.database.name()];
    (min.min, web.desired, capacity)
}

const DAY: (i64, i64, &str) = (2, 2, "2..16 ACU");
const NIGHT: (i64, i64, &str) = (1, 1, "0.5..16 ACU");

fn only_reads(moment: &Moment) -> bool {
    moment
        .calls
        .iter()
        .all(nightshift_tests::gateway::Call::is_read)
}

async fn settled(stage: &Stage, from: Timestamp) -> Moment {
    stage.settle(from).await.unwrap().pop().unwrap()
}

async fn say(stage: &Stage, time: Timestamp, command: &str, until: Option<&str>) -> Moment {
    let mut order = json!({ "command": command, "estate": ESTATE.name, "by": "tanaka" });
    if command != "clear" {
        order["reason"] = "a sale".into();
    }
    if let Some(until) = until {
        order["until"] = until.into();
    }
    let moment = stage.play(time, command, order).await.unwrap();
    assert_eq!(moment.failed, None, "{command}");
    moment
}

/// When the order ends that was told. The clock of who gave it ran on while it was written.
fn end(moment: &Moment) -> Timestamp {
    let until = moment.mail[0].news["until"].as_str().unwrap();
    until.parse().unwrap()
}

/// That an order was told with what it says, who gave it, why, and until when.
fn is_told(moment: &Moment, order: &str, until: Timestamp) {
    assert_eq!(moment.told(ESTATE.name), ["overridden"], "{order}");
    let mail = &moment.mail[0];
    assert_eq!(mail.news["order"], order);
    assert_eq!(mail.news["who"], "tanaka");
    assert_eq!(mail.news["reason"], "a sale");
    assert_eq!(end(moment).as_second(), until.as_second());
    let words = mail.lines.join("\n");
    assert!(
        words.contains("tanaka") && words.contains("a sale"),
        "{words}"
    );
}

#[tokio::test]
async fn every_sample_is_answered() {
    let stage = by_day(&Deployment::built()).await;
    // The Friday evening that the samples speak of.
    let friday = at(date(2026, 11, 20), "18:30").unwrap();
    let mut tried = 0;
    for (name, mut payload) in samples().unwrap() {
        if !is_command_of("scale-production", &payload) {
            continue;
        }
        tried += 1;
        // Those that serve staging as well name staging's estate.
        if payload["estate"].is_string() && payload["estate"] != "all" {
            payload["estate"] = ESTATE.name.into();
        }
        let moment = if payload["command"] == "dry_run" {
            stage.ask(friday, &name, &payload).await.unwrap()
        } else {
            stage.play(friday, &name, payload.clone()).await.unwrap()
        };
        assert_eq!(moment.failed, None, "{name}");
        match name.as_str() {
            "day" | "night" | "hold" => {
                let overridden = &moment.mail[0];
                assert_eq!(overridden.code(), "overridden", "{name}");
                assert_eq!(overridden.news["order"], name);
                assert_eq!(overridden.news["who"], payload["by"]);
                assert_eq!(overridden.news["reason"], payload["reason"]);
            }
            "doctor" | "dry-run" | "status" => assert!(only_reads(&moment), "{name}"),
            "clear" | "reconcile" => assert_eq!(moment.reports.len(), 1, "{name}"),
            "tick" => assert_eq!(moment.mail, []),
            other => panic!("say here what {other} answers"),
        }
    }
    assert_eq!(tried, 9);
    // And what is another function's is refused with what there is.
    let wake = event("wake").unwrap();
    let moment = stage.ask(friday, "wake", &wake).await.unwrap();
    assert_eq!(moment.answer["errorType"], "BadInput");
    assert!(moment.failed.unwrap().contains("day, night, hold"));
}

#[tokio::test]
async fn a_day_by_order_keeps_the_days_size_at_night_until_it_ends() {
    let stage = by_day(&Deployment::built()).await;
    let ordered = say(&stage, on("21:50"), "day", Some("23:30")).await;
    is_told(&ordered, "day", on("23:30"));
    for time in ["22:00", "22:30", "23:20"] {
        assert_eq!(sizes(&settled(&stage, on(time)).await), DAY, "at {time}");
    }
    assert_eq!(sizes(&settled(&stage, on("23:31")).await), NIGHT);

    // In the middle of the night the size returns, and is told.
    say(&stage, morning("02:00"), "day", Some("1h")).await;
    let moments = stage.settle(morning("02:01")).await.unwrap();
    assert_eq!(sizes(moments.last().unwrap()), DAY);
    let told: Vec<_> = moments.iter().flat_map(|moment| &moment.mail).collect();
    let codes: Vec<_> = told.iter().map(|mail| mail.code()).collect();
    assert_eq!(codes, ["full_size"]);
    // Measured at this count a quarter of an hour from now at the latest.
    assert_eq!(sizes(&settled(&stage, morning("03:01")).await), NIGHT);
    let moments = stage.settle(morning("06:55")).await.unwrap();
    assert_eq!(sizes(moments.last().unwrap()), DAY);
    let nights = moments.iter().flat_map(|moment| moment.told(ESTATE.name));
    assert_eq!(
        nights.collect::<Vec<_>>(),
        ["night_summary"],
        "one, whatever was ordered"
    );
}

#[tokio::test]
async fn a_night_by_order_is_small_by_day_until_the_next_opening_or_until_it_is_taken_back() {
    let stage = by_day(&Deployment::built()).await;
    let ordered = say(&stage, on("21:40"), "night", None).await;
    // The day returns in time.
    is_told(&ordered, "night", morning("06:40"));
    assert_eq!(sizes(&settled(&stage, on("21:41")).await), NIGHT);
    say(&stage, on("21:50"), "clear", None).await;
    assert_eq!(sizes(&settled(&stage, on("21:51")).await), DAY);

    let noon = morning("12:00");
    settled(&stage, morning("06:40")).await;
    settled(&stage, morning("11:40")).await;
    is_told(
        &say(&stage, noon, "night", Some("2h")).await,
        "night",
        morning("14:00"),
    );
    assert_eq!(sizes(&settled(&stage, morning("12:01")).await), NIGHT);
    assert_eq!(sizes(&settled(&stage, morning("14:00")).await), DAY);
}

#[tokio::test]
async fn a_hold_leaves_everything_as_it_is_in_the_morning_too() {
    let stage = by_day(&Deployment::built()).await;
    is_told(
        &say(&stage, on("21:50"), "hold", Some("23:00")).await,
        "hold",
        on("23:00"),
    );
    assert_eq!(sizes(&settled(&stage, on("22:00")).await), DAY);
    assert_eq!(sizes(&settled(&stage, on("23:00")).await), NIGHT);
    say(&stage, morning("05:00"), "hold", Some("08:00")).await;
    assert_eq!(sizes(&settled(&stage, morning("07:00")).await), NIGHT);
    assert_eq!(sizes(&settled(&stage, morning("08:00")).await), DAY);
}

#[tokio::test]
async fn dry_runs_and_the_status_say_how_things_are_and_write_nothing() {
    let stage = by_day(&Deployment::built()).await;
    let before = (
        stage.ledger().await.unwrap(),
        stage.local.snapshot().await.unwrap(),
    );
    let ask = async |command: &str, time: Timestamp| {
        let payload = json!({ "command": command, "estate": ESTATE.name });
        let moment = stage.play(time, command, payload).await.unwrap();
        assert_eq!(moment.failed, None);
        assert!(only_reads(&moment) && moment.mail.is_empty(), "{command}");
        moment
    };
    let dry = ask("dry_run", on("22:00")).await;
    let words = words(&dry);
    let expected = [
        "set the minimum capacity of bookmark-manager-production-aurora from 2 to 0.5 ACU",
        "set the minimum of bookmark-manager-production-api from 2 to 1",
        "set bookmark-manager-production-web from 2 to 1",
    ];
    assert_eq!(words, expected);
    assert_eq!(
        (
            stage.ledger().await.unwrap(),
            stage.local.snapshot().await.unwrap()
        ),
        before
    );

    settled(&stage, on("22:00")).await;
    let status = ask("status", on("23:00")).await;
    assert_eq!(status.answer["ready"], true, "it serves: {}", status.answer);
    let rows = &status.report(ESTATE.name).unwrap().resources;
    let found = |name: &str| rows.iter().find(|row| row.name == name).unwrap();
    assert_eq!(found(WEB).actual, "1/1");
    assert_eq!(found(WEB).saved_count, Some(2));
    let text = status.answer["text"].to_string();
    assert!(text.contains("bookmark-manager-production"), "{text}");
}

/// The steps that were told in words.
fn words(moment: &Moment) -> Vec<String> {
    let lines = moment.answer["text"].as_array().unwrap().iter();
    let steps = lines.filter_map(|line| line.as_str()?.strip_prefix("• "));
    let mut steps: Vec<String> = steps.map(str::to_owned).collect();
    steps.sort_by_key(|step| !step.contains("capacity of"));
    steps
}

#[tokio::test]
async fn doctor_finds_what_saves_nothing_and_what_does_not_consent() {
    let stage = by_day(&Deployment::built()).await;
    let findings = async || {
        let doctor = json!({ "command": "doctor", "estate": "all" });
        let moment = stage.play(on("12:00"), "doctor", doctor).await.unwrap();
        assert_eq!(moment.failed, None);
        assert!(only_reads(&moment), "{:?}", moment.actions());
        let found = moment.answer["estates"][0].clone();
        let codes = found["findings"].as_array().unwrap().iter();
        let mut codes: Vec<_> = codes
            .map(|one| one["finding"].as_str().unwrap().to_owned())
            .collect();
        codes.sort();
        (codes, found)
    };
    let (codes, found) = findings().await;
    assert_eq!(codes, [""; 0], "{found}");
    assert!(
        found["saved_this_month"]["amount"].as_f64().unwrap() > 10.0,
        "{found}"
    );
    assert!(
        found["hours_asleep_this_month"].as_i64().unwrap() > 200,
        "{found}"
    );
    assert!(
        found["terraform"][0].as_str().unwrap().contains(WEB),
        "{found}"
    );

    // A night that is no smaller than the day, a tag that somebody took, a service that is not there.
    let document = week::lowering().unwrap();
    let mended = [
        (
            format!("{}: 0.5", ESTATE.database.name()),
            format!("{}: 2", ESTATE.database.name()),
        ),
        (
            "    bookmark-manager-production-web: 1".to_owned(),
            "    bookmark-manager-production-jobs: 1\n    bookmark-manager-production-web: 1"
                .to_owned(),
        ),
    ];
    let document = mended.iter().fold(document, |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    });
    stage
        .local
        .put_document(&parameter(ESTATE.name), &document)
        .await
        .unwrap();
    let arn = format!(
        "arn:aws:ecs:ap-northeast-1:123456789012:service/{}/{WEB}",
        ESTATE.cluster
    );
    let untag = json!({ "resourceArn": arn, "tagKeys": [SLIM_TAG] });
    stage
        .local
        .aws
        .json(ECS, "UntagResource", &untag)
        .await
        .unwrap();
    let (codes, found) = findings().await;
    assert_eq!(
        codes,
        ["no_consent", "not_found", "saves_nothing"],
        "{found}"
    );
    let nothing = found["findings"].as_array().unwrap().iter();
    let mut nothing = nothing.filter(|one| one["finding"] == "saves_nothing");
    let nothing = nothing.next().unwrap();
    assert_eq!(nothing["name"], ESTATE.database.name());
}

#[tokio::test]
async fn the_example_as_it_is_leaves_the_database_alone() {
    let stage = by_day(&Deployment::built()).await;
    let example = nightshift_tests::stage::document(PRODUCTION.name).unwrap();
    stage
        .local
        .put_document(&parameter(ESTATE.name), &example)
        .await
        .unwrap();
    let night = settled(&stage, on("22:00")).await;
    assert_eq!(sizes(&night), (1, 1, "2..16 ACU"));
    let morning = settled(&stage, morning("06:40")).await;
    assert_eq!(sizes(&morning), DAY);
}

#[tokio::test]
async fn in_watch_mode_nothing_is_changed_and_what_would_be_done_is_told_once() {
    let stage = by_day(&Deployment::built().with("Mode", "watch")).await;
    let mut mail = Vec::new();
    for time in ["22:00", "22:01", "22:15", "23:30"] {
        let moment = stage.tick(on(time)).await.unwrap();
        assert_eq!(moment.failed, None);
        assert_eq!(moment.writes, [], "at {time}");
        assert_eq!(sizes(&moment), DAY, "at {time}");
        mail.extend(moment.mail);
    }
    let [would] = &mail[..] else {
        panic!("{mail:#?}")
    };
    assert_eq!(would.code(), "would");
    let lines = would.lines.join("\n");
    for step in [
        "would set the minimum capacity of bookmark-manager-production-aurora from 2 to 0.5 ACU",
        "would set the minimum of bookmark-manager-production-api from 2 to 1",
        "would set bookmark-manager-production-web from 2 to 1",
    ] {
        assert!(lines.contains(step), "{lines}");
    }
    let ordered: Value = json!({ "command": "night", "estate": ESTATE.name, "until": "1h", "by": "sato", "reason": "a try" });
    let moment = stage
        .play(morning("12:00"), "night", ordered)
        .await
        .unwrap();
    assert_eq!((moment.failed, moment.writes), (None, vec![]));
}
