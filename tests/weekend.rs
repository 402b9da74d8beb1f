//! The long weekend of the demo, held against what was promised.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests are tests as well"
)]

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::date;
use nightshift::ledger::Phase;
use nightshift_tests::estates::{BLOG, BOOKMARK_MANAGER, R2E};
use nightshift_tests::local::{Deployment, LocalAws};
use nightshift_tests::play::{Audience, Played, at};
use nightshift_tests::stage::{Mail, Moment};
use nightshift_tests::weekend::{self, BY_HAND};
use serde_json::{Value, json};

struct Nobody;

impl Audience for Nobody {
    fn act(&mut self, _: &str, _: &str) {}
    fn aside(&mut self, _: Timestamp, _: &str) {}
    fn moment(&mut self, _: &Moment) {}
}

/// What was changed in an act, in order: the resource's name, what, to what. Services that are
/// changed side by side come in any order, so each look's changes are sorted.
fn changes(moments: &[Moment]) -> Vec<String> {
    moments
        .iter()
        .flat_map(|moment| {
            let mut changes: Vec<_> = moment
                .changes()
                .map(|(_, change)| format!("{} {} {}", change.arn.name(), change.what, change.to))
                .collect();
            changes.sort();
            changes
        })
        .collect()
}

fn told(moments: &[Moment]) -> Vec<(&str, &str)> {
    let mail = moments.iter().flat_map(|moment| &moment.mail);
    mail.map(|mail| (mail.estate.as_str(), mail.code()))
        .collect()
}

fn mail<'a>(moments: &'a [Moment], code: &str) -> &'a Mail {
    moments
        .iter()
        .flat_map(|moment| &moment.mail)
        .find(|mail| mail.code() == code)
        .unwrap_or_else(|| panic!("nothing like {code} was told"))
}

/// All changes of the weekend to one estate's suspension and counts, to find where they are wrong.
fn bounds(weekend: &Played) -> Vec<(i64, i64)> {
    let states = weekend.acts.iter().flat_map(|(_, moments)| moments);
    let mut bounds: Vec<_> = states
        .flat_map(|moment| moment.state.services.values())
        .filter_map(|service| service.target)
        .map(|target| (target.min, target.max))
        .collect();
    bounds.dedup();
    bounds
}

#[tokio::test]
async fn staging_sleeps_over_a_long_weekend_and_comes_back_as_it_was() {
    let local = LocalAws::start().await.unwrap();
    let (stage, calls) = weekend::set_the_stage(local, Deployment::built(), "en", |_| ())
        .await
        .unwrap();
    the_schedule_looks_by_itself_and_changes_nothing_that_should_be_awake(&calls);

    let monday = date(2027, 1, 11);
    let weekend = weekend::play(&stage, monday, &mut Nobody).await.unwrap();
    assert_eq!(weekend.after, weekend.expected);
    assert_eq!(bounds(&weekend), [(1, 5)]);

    friday(&weekend);
    saturday(&weekend);
    the_night_of_the_deployment(&weekend);
    sunday(&weekend);
    monday_and_tuesday(&weekend);
    a_settled_tick_is_one_read(&weekend);
    a_service_never_starts_before_its_database_nor_outlives_it(&weekend);
    each_change_is_a_line_of_the_log(
        &weekend,
        &stage.local.log(&stage.stack.function).await.unwrap(),
    );
}

fn the_schedule_looks_by_itself_and_changes_nothing_that_should_be_awake(
    calls: &[nightshift_tests::gateway::Call],
) {
    let changing = ["ecs", "rds", "application-autoscaling"];
    for call in calls {
        let reads = call.action.starts_with("Describe") || call.action.starts_with("List");
        assert!(
            reads || !changing.contains(&call.service.as_str()),
            "{call}"
        );
    }
    assert!(
        calls
            .iter()
            .any(|call| call.to_string() == "ecs:DescribeServices")
    );
}

fn friday(weekend: &Played) {
    let awake = weekend.act("Friday 17:59");
    assert_eq!((changes(awake), told(awake)), (vec![], vec![]));
    assert!(awake[0].reports.iter().all(|report| report.ready));

    let blog = weekend.act("blog-aws-practice closes at 18:00");
    assert_eq!(
        changes(blog),
        [
            "blog-aws-practice-api desired_count 0",
            "blog-aws-practice-aurora power stopped"
        ]
    );
    assert_eq!(told(blog), [(BLOG.name, "asleep")]);
    let aurora =
        |moment: &Moment| moment.state.databases["cluster:blog-aws-practice-aurora"].clone();
    let mut seen: Vec<_> = blog.iter().map(aurora).collect();
    seen.dedup();
    assert_eq!(seen, ["available", "stopping", "stopped"]);

    let load_test = weekend.act("A load test");
    assert_eq!(told(load_test), [(BOOKMARK_MANAGER.name, "overridden")]);
    assert_eq!(changes(load_test), [""; 0]);
    let overridden = mail(load_test, "overridden");
    assert!(overridden.title.contains("22:00"), "{}", overridden.title);
    assert!(overridden.lines[0].contains("tanaka") && overridden.lines[0].contains("load test"));

    let late = weekend.act("Late and twice");
    assert_eq!((changes(late), told(late)), (vec![], vec![]));
    // The first is a look, its double is left to the next tick.
    assert!(
        late[0]
            .actions()
            .contains(&"rds:DescribeDBClusters".to_owned())
    );
    assert!(
        !late[1]
            .actions()
            .contains(&"rds:DescribeDBClusters".to_owned())
    );
    assert!(
        late[2]
            .actions()
            .contains(&"rds:DescribeDBClusters".to_owned())
    );

    let r2e = weekend.act("r2e closes at 20:00");
    assert_eq!(
        changes(r2e),
        [
            "r2e-api-service desired_count 0",
            "r2e-api-service suspension in+out+scheduled",
            "r2e-postgres power stopped",
        ]
    );
    let actions = r2e[0].actions();
    let place = |action: &str| actions.iter().position(|other| other == action).unwrap();
    assert!(place("application-autoscaling:RegisterScalableTarget") < place("ecs:UpdateService"));
    assert_eq!(told(r2e), [(R2E.name, "asleep")]);

    let end = weekend.act("The load test ends at 22:00");
    assert_eq!(
        changes(end),
        [
            "bookmark-manager-staging-api desired_count 0",
            "bookmark-manager-staging-web desired_count 0",
            "bookmark-manager-staging-postgres power stopped",
        ]
    );
    assert_eq!(told(end), [(BOOKMARK_MANAGER.name, "asleep")]);
}

fn saturday(weekend: &Played) {
    let act = weekend.act("r2e works on Saturday, 10:00-12:00 and 13:00-17:00");
    let saturday = date(2027, 1, 9);
    assert_eq!(
        told(act).iter().map(|(_, code)| *code).collect::<Vec<_>>(),
        ["ready", "asleep", "ready", "asleep"]
    );
    let ready: Vec<_> = act
        .iter()
        .filter(|moment| moment.told(R2E.name) == ["ready"])
        .map(|moment| moment.at)
        .collect();
    assert!(ready[0] <= at(saturday, "10:00").unwrap(), "{ready:?}");
    assert!(ready[1] > at(saturday, "12:40").unwrap(), "{ready:?}");
    assert!(ready[1] <= at(saturday, "13:00").unwrap(), "{ready:?}");
    let up = &act
        .iter()
        .find(|moment| moment.at == ready[0])
        .unwrap()
        .state
        .services["r2e-cluster/r2e-api-service"];
    assert_eq!(up, &weekend.before.services["r2e-cluster/r2e-api-service"]);
    // Nobody else works on Saturday.
    assert!(changes(act).iter().all(|change| change.starts_with("r2e-")));
}

fn the_night_of_the_deployment(weekend: &Played) {
    let act = weekend.act("A deployment in the night");
    assert_eq!(
        changes(act),
        [
            "bookmark-manager-staging-postgres power available",
            "bookmark-manager-staging-api desired_count 2",
            "bookmark-manager-staging-web desired_count 1",
        ]
    );
    assert_eq!(
        told(act),
        [
            (BOOKMARK_MANAGER.name, "deployment_woke"),
            (BOOKMARK_MANAGER.name, "ready"),
        ]
    );
    let ready = act
        .iter()
        .find(|moment| moment.told(BOOKMARK_MANAGER.name) == ["ready"]);
    assert!(ready.unwrap().report(BOOKMARK_MANAGER.name).unwrap().ready);

    let act = weekend.act("Two hours later");
    let sunday = date(2027, 1, 10);
    // To the second: the clock of the look that gave the order ran on while it looked.
    assert_eq!(
        act[0].at.as_second(),
        at(sunday, "00:00").unwrap().as_second()
    );
    assert_eq!(told(act), [(BOOKMARK_MANAGER.name, "asleep")]);
    assert_eq!(
        act.last().unwrap().state.databases["db:bookmark-manager-staging-postgres"],
        "stopped"
    );
}

fn sunday(weekend: &Played) {
    let act = weekend.act("Somebody's hand");
    let sunday = date(2027, 1, 10);
    assert_eq!(told(act), [(BLOG.name, "awake_by_hand")]);
    let mail = mail(act, "awake_by_hand");
    assert_eq!(mail.news["count"], BY_HAND.2);
    assert!(
        mail.lines
            .iter()
            .any(|line| line.contains(r#""command":"wake""#)),
        "no command to keep it awake: {:?}",
        mail.lines
    );
    assert_eq!(changes(act), ["blog-aws-practice-api desired_count 0"]);
    let back = act
        .iter()
        .find(|moment| moment.changes().next().is_some())
        .unwrap();
    assert_eq!(
        back.at.as_second(),
        at(sunday, "03:30").unwrap().as_second()
    );

    let act = weekend.act("Terraform registers r2e's scalable target");
    assert_eq!(told(act), [(R2E.name, "clamped")], "nobody's hand");
    let clamped = self::mail(act, "clamped");
    assert_eq!(
        (&clamped.news["count"], &clamped.news["saved"]),
        (&json!(1), &json!(3))
    );
    assert_eq!(changes(act), ["r2e-api-service desired_count 0"]);
}

fn monday_and_tuesday(weekend: &Played) {
    let act = weekend.act("Monday is Coming of Age Day");
    assert_eq!(act.len(), 3);
    assert_eq!((changes(act), told(act)), (vec![], vec![]));
    let asleep = |moment: &Moment| {
        moment
            .reports
            .iter()
            .all(|report| report.phase == Phase::Asleep)
    };
    assert!(act.iter().all(asleep));

    let act = weekend.act("Tuesday morning");
    let tuesday = date(2027, 1, 12);
    let mut ready = BTreeMap::new();
    for moment in act {
        for mail in &moment.mail {
            assert_eq!(mail.code(), "ready", "{}", mail.title);
            ready.insert(mail.estate.as_str(), (moment.at, mail.news.clone()));
        }
    }
    for (estate, opening) in [(R2E, "08:30"), (BLOG, "09:00"), (BOOKMARK_MANAGER, "09:00")] {
        let (at_last, news) = &ready[estate.name];
        let opening = at(tuesday, opening).unwrap();
        assert!(*at_last <= opening, "{} was late", estate.name);
        assert_eq!(news["opening"], opening.to_string(), "{}", estate.name);
        assert!(
            news["saved"]["amount"].as_f64().unwrap() > 0.0,
            "{}",
            estate.name
        );
    }
    assert_eq!(
        ready[BLOG.name].1["changed"],
        json!([{ "service": BY_HAND.1, "before": 1, "after": BY_HAND.2 }])
    );
    for estate in [R2E, BOOKMARK_MANAGER] {
        assert_eq!(
            ready[estate.name].1["changed"],
            json!([]),
            "{}",
            estate.name
        );
    }
    let status = act.last().unwrap();
    assert_eq!(status.answer["ready"], true);
}

fn a_settled_tick_is_one_read(weekend: &Played) {
    let idle: Vec<_> = weekend
        .acts
        .iter()
        .flat_map(|(_, moments)| moments)
        .filter(|moment| moment.is_idle())
        .collect();
    assert!(idle.len() > 10);
    for moment in idle {
        assert_eq!(moment.actions(), ["dynamodb:Query"], "at {}", moment.at);
    }
}

fn a_service_never_starts_before_its_database_nor_outlives_it(weekend: &Played) {
    let estates = [
        (BOOKMARK_MANAGER, "db:bookmark-manager-staging-postgres"),
        (BLOG, "cluster:blog-aws-practice-aurora"),
        (R2E, "db:r2e-postgres"),
    ];
    let by_others = [
        "Somebody's hand",
        "Terraform registers r2e's scalable target",
    ];
    let acts = weekend
        .acts
        .iter()
        .filter(|(act, _)| !by_others.contains(&act.as_str()));
    for moment in acts.flat_map(|(_, moments)| moments) {
        for (estate, database) in &estates {
            let tasks: i64 = moment
                .state
                .services
                .iter()
                .filter(|(name, _)| name.starts_with(estate.cluster))
                .map(|(_, service)| service.desired)
                .sum();
            let status = &moment.state.databases[*database];
            assert!(
                tasks == 0 || status == "available",
                "{tasks} tasks on {database}, {status}, at {}",
                moment.at
            );
        }
    }
}

/// Every change that was answered is a line of the log, with the same words for the same thing.
fn each_change_is_a_line_of_the_log(weekend: &Played, log: &[String]) {
    let mut lines = BTreeMap::<String, usize>::new();
    for line in log {
        let Ok(line) = serde_json::from_str::<Value>(line) else {
            continue;
        };
        if line["kind"] == "change" {
            for field in [
                "function", "estate", "resource", "what", "from", "to", "why", "who",
            ] {
                assert!(line[field].is_string(), "{field} of {line}");
            }
            let key = format!(
                "{} {} {}",
                line["resource"].as_str().unwrap(),
                line["what"],
                line["to"]
            );
            *lines.entry(key).or_default() += 1;
        }
    }
    let mut answered = BTreeMap::<String, usize>::new();
    for moment in weekend.acts.iter().flat_map(|(_, moments)| moments) {
        for (_, change) in moment.changes() {
            let key = format!("{} {} {}", change.arn, json!(change.what), json!(change.to));
            *answered.entry(key).or_default() += 1;
        }
    }
    assert_eq!(lines, answered);
}

#[test]
fn the_weekend_is_the_next_long_one_that_is_yet_to_come() {
    let cases = [
        (date(2026, 11, 22), date(2027, 1, 11)),
        (date(2027, 1, 11), date(2027, 3, 22)),
        // The first Monday that is off may lie in a row of days off, and is none of these.
        (date(2027, 4, 20), date(2027, 7, 19)),
    ];
    for (today, monday) in cases {
        assert_eq!(
            weekend::monday_after(today).unwrap(),
            monday,
            "from {today}"
        );
    }
}
