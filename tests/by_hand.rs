//! What people and CI send by hand: each command in `events/`, orders and their ends, dry runs, the
//! field that CI polls, `doctor`, and `Mode: watch`.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests as well")]

use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};
use nightshift_tests::aws::{ECS, RDS};
use nightshift_tests::estates::{self, BLOG, BOOKMARK_MANAGER, R2E};
use nightshift_tests::local::Deployment;
use nightshift_tests::play;
use nightshift_tests::stage::{self, Moment, Stage, document, event, is_command_of, parameter};
use serde_json::{Value, json};

const API: &str = "blog-aws-practice-cluster/blog-aws-practice-api";
const AURORA: &str = "cluster:blog-aws-practice-aurora";

/// A Tuesday on which blog-aws-practice is open from 9:00 to 18:00.
fn at(time: &str) -> Timestamp {
    play::at(date(2027, 1, 19), time).unwrap()
}

fn only_reads(moment: &Moment) -> bool {
    let reads = ["Describe", "Get", "List", "Query"];
    moment
        .calls
        .iter()
        .all(|call| reads.iter().any(|verb| call.action.starts_with(verb)))
}

fn order(command: &str, until: &str) -> Value {
    json!({ "command": command, "estate": BLOG.name, "until": until, "by": "tanaka", "reason": "load test" })
}

fn is_up(moment: &Moment) -> bool {
    moment.state.services[API].running == 1 && moment.state.databases[AURORA] == "available"
}

fn is_down(moment: &Moment) -> bool {
    moment.state.services[API].running == 0 && moment.state.databases[AURORA] == "stopped"
}

/// The samples that are meant for power-staging: its commands, and the events that its rules take.
fn samples() -> Vec<(String, Value)> {
    let mut samples = stage::samples().unwrap();
    samples.retain(|(name, sample)| {
        is_command_of("power-staging", sample) || EVENTS.contains(&name.as_str())
    });
    samples
}

/// The events that power-staging's rules take; tests/template.rs holds them against the rules.
const EVENTS: [&str; 11] = [
    "ecs-deployment-completed",
    "ecs-deployment-failed",
    "ecs-deployment-in-progress",
    "ecs-service-steady-state",
    "rds-cluster-restarted-by-aws",
    "rds-cluster-started",
    "rds-cluster-stop-failed",
    "rds-cluster-stopped",
    "rds-instance-restarted-by-aws",
    "rds-instance-started",
    "rds-instance-stopped",
];

#[tokio::test]
async fn every_sample_is_answered() {
    let stage = Stage::set(&Deployment::built(), &estates::ALL)
        .await
        .unwrap();
    // The Friday evening that the samples speak of: blog-aws-practice is closed already.
    let friday = play::at(date(2026, 11, 20), "18:30").unwrap();
    stage.settle(friday).await.unwrap();
    let staging = BOOKMARK_MANAGER.name;
    for (minutes, (name, payload)) in (10..).zip(samples()) {
        let now = friday
            .checked_add(SignedDuration::from_mins(minutes))
            .unwrap();
        let moment = if payload["command"] == "dry_run" {
            stage.ask(now, &name, &payload).await.unwrap()
        } else {
            stage.play(now, &name, payload.clone()).await.unwrap()
        };
        assert_eq!(moment.failed, None, "{name}");
        let only_staging = || moment.reports.len() == 1 && moment.report(staging).is_some();
        let order = |code: &str| {
            assert!(only_staging(), "{name}: {}", moment.answer);
            let mail = moment
                .mail
                .iter()
                .find(|mail| mail.code() == "overridden")
                .unwrap();
            assert_eq!(mail.news["order"], code, "{name}");
            assert_eq!(mail.news["who"], payload["by"], "{name}");
            assert_eq!(mail.news["reason"], payload["reason"], "{name}");
        };
        match name.as_str() {
            "clear" => assert!(
                only_staging() && moment.reports[0].ready,
                "{}",
                moment.answer
            ),
            "doctor" => {
                let estates = moment.answer["estates"].as_array().unwrap();
                assert_eq!(estates.len(), 3);
                for estate in estates {
                    assert!(estate["findings"].is_array() && estate["terraform"].is_array());
                    assert!(
                        estate["hours_asleep_this_month"].as_i64().unwrap() > 300,
                        "{estate}"
                    );
                }
                assert!(only_reads(&moment));
            }
            "dry-run" => {
                assert_eq!(moment.reports.len(), 3);
                assert!(only_reads(&moment));
            }
            "hold" => order("hold"),
            "sleep" => {
                order("sleep");
                assert_eq!(moment.changes().count(), 2, "{}", moment.answer);
            }
            "wake" => {
                order("wake");
                assert!(moment.changes().count() > 0, "{}", moment.answer);
            }
            "reconcile" => assert_eq!(moment.reports.len(), 3),
            "status" => {
                assert_eq!(moment.reports.len(), 3);
                assert!(only_reads(&moment));
                assert!(moment.answer["ready"].is_boolean());
                assert!(!moment.answer["text"].as_array().unwrap().is_empty());
            }
            "tick" => assert_eq!(moment.mail, []),
            _ => {
                let source = payload["source"].as_str();
                assert!(source.is_some(), "{name}: say here what it answers");
                // Only the estate of the event's resource is looked at.
                let resource = payload["resources"][0].as_str().unwrap();
                let estate = [BLOG, BOOKMARK_MANAGER]
                    .into_iter()
                    .find(|estate| resource.contains(estate.name));
                let looked: Vec<_> = moment.reports.iter().map(|report| &report.estate).collect();
                assert_eq!(looked, [estate.unwrap().name], "{name}");
            }
        }
    }
}

#[tokio::test]
async fn played_time_is_refused_where_the_template_does_not_allow_it() {
    let deployment = Deployment::built().with("AllowAt", "false");
    let stage = Stage::set(&deployment, &[BLOG]).await.unwrap();
    let before = stage.local.snapshot().await.unwrap();
    let mut wake = event("wake").unwrap();
    wake["estate"] = BLOG.name.into();
    let payloads = [
        json!({ "command": "tick" }),
        json!({ "command": "reconcile" }),
        json!({ "command": "status" }),
        json!({ "command": "doctor" }),
        wake,
        event("rds-cluster-stopped").unwrap(),
    ];
    for payload in payloads {
        let moment = stage
            .play(at("18:00"), "played", payload.clone())
            .await
            .unwrap();
        assert_eq!(moment.answer["errorType"], "BadInput", "{payload}");
        assert!(moment.failed.unwrap().contains("dry_run"), "{payload}");
        assert_eq!(moment.calls, [], "{payload}");
    }
    let dry_run = json!({ "command": "dry_run" });
    let moment = stage.play(at("18:00"), "dry run", dry_run).await.unwrap();
    assert_eq!(moment.failed, None);
    assert_eq!(
        moment.report(BLOG.name).unwrap().at.as_second(),
        at("18:00").as_second()
    );
    assert_eq!(stage.local.snapshot().await.unwrap(), before);
    assert!(stage.ledger().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_dry_run_says_in_words_what_would_be_done_and_writes_nothing() {
    let stage = Stage::set(&Deployment::built(), &[R2E]).await.unwrap();
    stage.settle(at("17:30")).await.unwrap();
    let (ledger, before) = (
        stage.ledger().await.unwrap(),
        stage.local.snapshot().await.unwrap(),
    );
    let dry_run = json!({ "command": "dry_run", "estate": R2E.name });
    let moment = stage.play(at("20:00"), "dry run", dry_run).await.unwrap();
    assert_eq!(moment.failed, None);
    assert!(only_reads(&moment), "{:?}", moment.actions());
    assert_eq!(moment.mail, []);
    let words: Vec<_> = moment.answer["text"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|line| line.as_str()?.strip_prefix("• "))
        .collect();
    assert_eq!(
        words,
        [
            "suspend all auto scaling of r2e-api-service",
            "set r2e-api-service from 3 to 0",
            "stop r2e-postgres",
        ]
    );
    assert_eq!(stage.ledger().await.unwrap(), ledger);
    assert_eq!(stage.local.snapshot().await.unwrap(), before);
}

#[tokio::test]
async fn orders_hold_until_they_end_or_are_taken_back() {
    let stage = Stage::set(&Deployment::built(), &[BLOG]).await.unwrap();
    stage.settle(at("17:30")).await.unwrap();

    // Hold: nothing changes at closing time, everything does when it ends.
    let hold = stage
        .play(at("17:55"), "hold", order("hold", "18:30"))
        .await
        .unwrap();
    assert_eq!(hold.told(BLOG.name), ["overridden"]);
    let moments = stage.settle(at("18:00")).await.unwrap();
    assert!(
        moments
            .iter()
            .all(|moment| is_up(moment) && moment.changes().next().is_none())
    );
    let moments = stage.settle(at("18:30")).await.unwrap();
    assert!(is_down(moments.last().unwrap()));

    // Wake, and taken back again.
    let mut moments = vec![
        stage
            .play(at("20:00"), "wake", order("wake", "1h"))
            .await
            .unwrap(),
    ];
    moments.extend(stage.settle(at("20:01")).await.unwrap());
    assert!(is_up(moments.last().unwrap()));
    let clear = json!({ "command": "clear", "estate": BLOG.name, "by": "tanaka" });
    let mut moments = vec![stage.play(at("20:30"), "clear", clear).await.unwrap()];
    assert!(moments[0].state.services[API].desired == 0);
    moments.extend(stage.settle(at("20:31")).await.unwrap());
    assert!(is_down(moments.last().unwrap()));

    // Without an end of its own a wake lasts two hours, and a sleep until the next opening.
    let without_end = |command: &str| {
        let mut order = order(command, "");
        order.as_object_mut().unwrap().remove("until");
        order
    };
    stage
        .play(at("21:00"), "wake", without_end("wake"))
        .await
        .unwrap();
    let moments = stage.settle(at("21:01")).await.unwrap();
    assert!(is_up(moments.last().unwrap()));
    assert!(is_up(
        stage.settle(at("22:50")).await.unwrap().last().unwrap()
    ));
    let moments = stage.settle(at("23:01")).await.unwrap();
    assert!(is_down(moments.last().unwrap()));

    let next_day = |time: &str| play::at(date(2027, 1, 20), time).unwrap();
    let moments = stage.settle(next_day("08:55")).await.unwrap();
    assert!(is_up(moments.last().unwrap()));
    stage
        .play(next_day("10:00"), "sleep", without_end("sleep"))
        .await
        .unwrap();
    let moments = stage.settle(next_day("10:01")).await.unwrap();
    assert!(is_down(moments.last().unwrap()));
    let moments = stage.settle(next_day("17:00")).await.unwrap();
    assert!(
        is_down(moments.last().unwrap()),
        "asleep by order in opening hours"
    );
    let thursday = play::at(date(2027, 1, 21), "08:55").unwrap();
    let moments = stage.settle(thursday).await.unwrap();
    assert!(is_up(moments.last().unwrap()));

    // An order of yesterday, and one that lies in the past already.
    let moment = stage
        .play(thursday, "wake", order("wake", "2027-01-20T00:00:00+09:00"))
        .await
        .unwrap();
    assert_eq!(moment.answer["errorType"], "BadInput");
    // For an estate that nobody knows.
    let mut wake = order("wake", "1h");
    wake["estate"] = "blog".into();
    let moment = stage.play(thursday, "wake", wake).await.unwrap();
    assert!(moment.failed.unwrap().contains("blog-aws-practice"));
}

#[tokio::test]
async fn ready_becomes_true_when_everything_is_usable_and_not_before() {
    let stage = Stage::set(&Deployment::built(), &[BLOG]).await.unwrap();
    stage.local.gateway.databases_take(6);
    let status = json!({ "command": "status", "estate": BLOG.name });
    let ask = async |time: Timestamp| {
        let moment = stage.play(time, "status", status.clone()).await.unwrap();
        assert!(only_reads(&moment));
        (moment.answer["ready"].as_bool().unwrap(), is_up(&moment))
    };
    assert_eq!(ask(at("17:30")).await, (true, true));
    stage.settle(at("18:00")).await.unwrap();
    assert_eq!(ask(at("18:30")).await, (false, false));
    stage
        .play(at("20:00"), "wake", order("wake", "1h"))
        .await
        .unwrap();
    let mut answers = Vec::new();
    for minute in 1..20 {
        let now = at("20:00")
            .checked_add(SignedDuration::from_mins(minute))
            .unwrap();
        stage.tick(now).await.unwrap();
        answers.push(ask(now).await);
        if answers.last() == Some(&(true, true)) {
            break;
        }
    }
    assert_eq!(answers.last(), Some(&(true, true)));
    assert!(answers.contains(&(false, false)));
    assert!(
        !answers.contains(&(true, false)),
        "ready before it was usable: {answers:?}"
    );
}

#[tokio::test]
async fn doctor_finds_what_is_unhealthy() {
    let stage = Stage::set(&Deployment::built(), &[BOOKMARK_MANAGER, R2E])
        .await
        .unwrap();
    let findings = async || {
        let doctor = json!({ "command": "doctor", "estate": "all" });
        let moment = stage.play(at("12:00"), "doctor", doctor).await.unwrap();
        assert_eq!(moment.failed, None);
        assert!(only_reads(&moment), "{:?}", moment.actions());
        let mut found: Vec<String> = Vec::new();
        for estate in moment.answer["estates"].as_array().unwrap() {
            for finding in estate["findings"].as_array().unwrap() {
                let of = ["database", "service", "name", "arn"]
                    .into_iter()
                    .find_map(|field| finding[field].as_str());
                let of = of.unwrap().rsplit(['/', ':']).next().unwrap();
                found.push(format!("{} {of}", finding["finding"].as_str().unwrap()));
            }
        }
        found.sort();
        found
    };
    // Backups at 03:00 UTC are made at noon, maintenance on Sunday at 05:00 UTC in the sleep.
    assert_eq!(
        findings().await,
        [
            "maintenance_asleep bookmark-manager-staging-postgres",
            "maintenance_asleep r2e-postgres",
        ]
    );
    let (cluster, web) = (BOOKMARK_MANAGER.cluster, "bookmark-manager-staging-web");
    let postgres = "bookmark-manager-staging-postgres";
    let aws = &stage.local.aws;
    let arn = format!("arn:aws:ecs:ap-northeast-1:123456789012:service/{cluster}/{web}");
    let input = json!({ "resourceArn": arn, "tagKeys": [estates::SLEEP_TAG] });
    aws.json(ECS, "UntagResource", &input).await.unwrap();
    let input = json!({
        "cluster": cluster,
        "service": "bookmark-manager-staging-api",
        "deploymentConfiguration": { "deploymentCircuitBreaker": { "enable": false, "rollback": false } },
    });
    aws.json(ECS, "UpdateService", &input).await.unwrap();
    let modify = [
        ("DBInstanceIdentifier", postgres),
        ("PreferredBackupWindow", "17:00-17:30"),
        ("PreferredMaintenanceWindow", "tue:03:00-tue:03:30"),
        ("ApplyImmediately", "true"),
    ];
    aws.query(RDS, "ModifyDBInstance", &modify).await.unwrap();
    let replica = [
        ("DBInstanceIdentifier", "r2e-postgres-replica"),
        ("SourceDBInstanceIdentifier", "r2e-postgres"),
    ];
    aws.query(RDS, "CreateDBInstanceReadReplica", &replica)
        .await
        .unwrap();
    let wrong = document(R2E.name)
        .unwrap()
        .replace("[r2e-postgres]", "[r2e-postgres, r2e-redis]");
    stage
        .local
        .put_document(&parameter(R2E.name), &wrong)
        .await
        .unwrap();
    assert_eq!(
        findings().await,
        [
            "backup_asleep bookmark-manager-staging-postgres",
            "never_stops r2e-postgres",
            "no_circuit_breaker bookmark-manager-staging-api",
            "no_consent bookmark-manager-staging-web",
            "not_found r2e-redis",
        ]
    );
}

#[tokio::test]
async fn in_watch_mode_nothing_is_changed_and_what_would_be_done_is_told_once() {
    let deployment = Deployment::built().with("Mode", "watch");
    let stage = Stage::set(&deployment, &[BLOG, R2E]).await.unwrap();
    let before = stage.local.snapshot().await.unwrap();
    let mut moments = Vec::new();
    for time in [
        "17:50", "18:00", "18:01", "18:15", "20:00", "20:01", "20:30",
    ] {
        moments.push(stage.tick(at(time)).await.unwrap());
    }
    let changing = ["ecs", "rds", "application-autoscaling"];
    for moment in &moments {
        assert_eq!(moment.failed, None);
        assert!(moment.changes().next().is_none());
        for call in moment
            .calls
            .iter()
            .filter(|call| changing.contains(&call.service.as_str()))
        {
            assert!(
                call.action.starts_with("Describe") || call.action.starts_with("List"),
                "{call}"
            );
        }
    }
    assert_eq!(stage.local.snapshot().await.unwrap(), before);
    let told: Vec<_> = moments
        .iter()
        .flat_map(|moment| moment.mail.iter().map(|mail| (moment.at, mail)))
        .collect();
    let codes: Vec<_> = told
        .iter()
        .map(|(at, mail)| (*at, mail.estate.as_str(), mail.code()))
        .collect();
    assert_eq!(
        codes,
        [
            (at("18:00"), BLOG.name, "would"),
            (at("20:00"), R2E.name, "would")
        ]
    );
    let lines = &told[1].1.lines;
    for line in [
        "• would suspend all auto scaling of r2e-api-service",
        "• would set r2e-api-service from 3 to 0",
        "• would stop r2e-postgres",
    ] {
        assert!(lines.iter().any(|other| other == line), "{lines:?}");
    }
    // Orders are accepted and told, and change nothing either.
    let wake = stage
        .play(at("21:00"), "wake", order("wake", "1h"))
        .await
        .unwrap();
    assert_eq!(wake.failed, None);
    assert_eq!(wake.state, before);
}
