//! Each function may do exactly what it does: every call that it makes is allowed by the template, and
//! what the template allows is called.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests as well")]

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::date;
use nightshift_tests::aws::ECS;
use nightshift_tests::estates;
use nightshift_tests::local::{Deployment, root};
use nightshift_tests::play;
use nightshift_tests::stage::{Moment, Stage, event, parameter};
use nightshift_tests::week;
use serde_json::json;

/// What is allowed and called by no scenario, each with the reason.
const NOT_CALLED: [(&str, &str); 2] = [
    (
        "logs:CreateLogStream",
        "Lambda writes the log with the function's role",
    ),
    (
        "logs:PutLogEvents",
        "Lambda writes the log with the function's role",
    ),
];

fn at(days: i8, time: &str) -> Timestamp {
    play::at(date(2027, 1, 19 + days), time).unwrap()
}

/// The actions that the template's policies allow a function, by what its resources are called, read
/// from its text: a policy's statement names them behind `Action:`, alone, in brackets or one in a line.
fn allowed(function: &str) -> BTreeSet<String> {
    let template = std::fs::read_to_string(root().join("template.yaml")).unwrap();
    let mut allowed = BTreeSet::new();
    let mut is_ours = false;
    let ours = template.lines().filter(|line| {
        // A resource's name stands two blanks in.
        if line.starts_with("  ") && !line.starts_with("   ") && line.ends_with(':') {
            is_ours = line.trim().starts_with(function);
        }
        is_ours
    });
    let mut lines = ours.map(str::trim).peekable();
    while let Some(line) = lines.next() {
        let Some(actions) = line.strip_prefix("Action:") else {
            continue;
        };
        let inline = actions.trim().trim_matches(['[', ']']);
        let mut take = |action: &str| {
            if !action.is_empty() {
                allowed.insert(action.to_owned());
            }
        };
        inline.split(',').map(str::trim).for_each(&mut take);
        while let Some(action) = lines.peek().and_then(|line| line.strip_prefix("- ")) {
            if inline.is_empty() {
                take(action.trim());
                lines.next();
            } else {
                break;
            }
        }
    }
    // That is who may become the role, not what the role may do.
    assert!(allowed.remove("sts:AssumeRole"));
    allowed
}

/// Everything that power-staging calls in a day, a night and all that may come.
async fn called_by_power_staging() -> BTreeSet<String> {
    let stage = Stage::set(&Deployment::built(), &estates::ALL)
        .await
        .unwrap();
    let mut called = BTreeSet::new();
    let mut note = |moments: &[Moment]| {
        for moment in moments {
            assert_eq!(moment.failed, None);
            called.extend(moment.actions());
        }
    };
    note(&stage.settle(at(0, "17:30")).await.unwrap());
    // Where ECS keeps no rollout state, tasks are asked for instead; and tasks that belong to no
    // service hold the databases.
    let run = json!({ "cluster": estates::BLOG.cluster, "taskDefinition": "blog-aws-practice-api", "launchType": "FARGATE" });
    stage.local.aws.json(ECS, "RunTask", &run).await.unwrap();
    note(&[stage.tick(at(0, "18:00")).await.unwrap()]);
    note(&[stage.tick(at(0, "18:01")).await.unwrap()]);
    let tasks = json!({ "cluster": estates::BLOG.cluster, "family": "blog-aws-practice-api" });
    let tasks = stage
        .local
        .aws
        .json(ECS, "ListTasks", &tasks)
        .await
        .unwrap();
    for task in tasks["taskArns"].as_array().unwrap() {
        let stop = json!({ "cluster": estates::BLOG.cluster, "task": task });
        stage.local.aws.json(ECS, "StopTask", &stop).await.unwrap();
    }
    note(&stage.settle(at(0, "20:00")).await.unwrap());
    for command in ["status", "doctor", "reconcile"] {
        let mut payload = event(command).unwrap();
        payload["estate"] = "all".into();
        note(&[stage.play(at(0, "21:00"), command, payload).await.unwrap()]);
    }
    let mut order = event("wake").unwrap();
    order["until"] = "1h".into();
    note(&[stage.play(at(0, "21:10"), "wake", order).await.unwrap()]);
    note(&[stage
        .play(at(0, "21:11"), "clear", event("clear").unwrap())
        .await
        .unwrap()]);
    let samples = ["rds-instance-stopped", "ecs-deployment-completed"];
    for sample in samples {
        note(&[stage
            .play(at(0, "21:12"), sample, event(sample).unwrap())
            .await
            .unwrap()]);
    }
    note(&stage.settle(at(0, "21:20")).await.unwrap());
    note(&stage.settle(at(1, "08:59")).await.unwrap());
    // A document goes, and with it everything that is remembered.
    stage
        .local
        .delete_document(&parameter(estates::BLOG.name))
        .await
        .unwrap();
    for time in ["12:00", "12:11", "12:30"] {
        note(&stage.settle(at(1, time)).await.unwrap());
    }
    called
}

/// Everything that scale-production calls in a day, a night and all that may come.
async fn called_by_scale_production() -> BTreeSet<String> {
    let stage = week::set_the_stage(&Deployment::built()).await.unwrap();
    let mut called = BTreeSet::new();
    let mut note = |moments: &[Moment]| {
        for moment in moments {
            assert_eq!(moment.failed, None);
            called.extend(moment.actions());
        }
    };
    note(&stage.settle(at(0, "21:40")).await.unwrap());
    note(&stage.settle(at(0, "22:00")).await.unwrap());
    for command in ["status", "doctor", "reconcile"] {
        let mut payload = event(command).unwrap();
        payload["estate"] = "all".into();
        note(&[stage.play(at(0, "23:00"), command, payload).await.unwrap()]);
    }
    let mut order = event("day").unwrap();
    order["until"] = "1h".into();
    note(&[stage.play(at(0, "23:10"), "day", order).await.unwrap()]);
    let mut clear = event("clear").unwrap();
    clear["estate"] = week::ESTATE.name.into();
    note(&[stage.play(at(0, "23:11"), "clear", clear).await.unwrap()]);
    note(&stage.settle(at(1, "06:40")).await.unwrap());
    // The document goes, and with it everything that is remembered.
    let document = parameter(week::ESTATE.name);
    stage.local.delete_document(&document).await.unwrap();
    for time in ["12:00", "12:11", "12:12", "12:13"] {
        note(&[stage.tick(at(1, time)).await.unwrap()]);
    }
    called
}

fn agree(called: &BTreeSet<String>, allowed: &BTreeSet<String>) {
    let reasons: BTreeSet<_> = NOT_CALLED.map(|(action, _)| action.to_owned()).into();
    let needed: BTreeSet<_> = called.union(&reasons).cloned().collect();
    let missing: Vec<_> = needed.difference(allowed).collect();
    assert!(
        missing.is_empty(),
        "the template does not allow {missing:?}"
    );
    let surplus: Vec<_> = allowed.difference(&needed).collect();
    assert!(surplus.is_empty(), "nobody needs {surplus:?}");
    let stale: Vec<_> = reasons.intersection(called).collect();
    assert!(stale.is_empty(), "{stale:?} are called after all");
}

#[tokio::test]
async fn power_staging_is_allowed_what_it_calls_and_calls_what_it_is_allowed() {
    agree(&called_by_power_staging().await, &allowed("PowerStaging"));
}

#[tokio::test]
async fn scale_production_is_allowed_what_it_calls_and_calls_what_it_is_allowed() {
    agree(
        &called_by_scale_production().await,
        &allowed("ScaleProduction"),
    );
}
