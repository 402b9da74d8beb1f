//! The week with a holiday of the demo, held against what was promised.

use jiff::Timestamp;
use jiff::civil::date;
use nightshift_tests::local::Deployment;
use nightshift_tests::play::{Audience, Played, at};
use nightshift_tests::stage::{Mail, Moment};
use nightshift_tests::week::{self, API, BY_HAND, ESTATE, RAISED, WEB};
use serde_json::{Value, json};

const AURORA: &str = "bookmark-manager-production-aurora";

const CLOSES: &str = "The shop closes at 22:00";
const ALARM: &str = "An alarm rings on Saturday at 21:58";
const HOLIDAY: &str = "Monday is Coming of Age Day";
const RAISES: &str = "Terraform raises the minimum on Tuesday at 14:00";
const DEPLOYMENT: &str = "A deployment at 21:58";
const LOAD: &str = "web is busy on Wednesday night";
const HAND: &str = "Somebody's hand on Friday at 02:00";
const APPLY: &str = "An apply of Terraform on Friday at 23:30";

struct Nobody;

impl Audience for Nobody {
    fn act(&mut self, _: &str, _: &str) {}
    fn aside(&mut self, _: Timestamp, _: &str) {}
    fn moment(&mut self, _: &Moment) {}
}

#[tokio::test]
async fn production_is_small_at_night_and_on_a_holiday_and_has_its_day_back_each_morning() {
    let stage = week::set_the_stage(&Deployment::built()).await.unwrap();
    let monday = date(2027, 1, 11);
    let played = week::play(&stage, monday, &mut Nobody).await.unwrap();
    assert_eq!(played.after, played.expected);

    the_first_night(&played);
    each_brake_holds_back_for_as_long_as_it_lasts(&played);
    the_holiday_is_small_and_grows_when_it_must(&played);
    what_somebody_sets_by_day_is_the_day(&played);
    a_hand_at_night_stays_until_morning(&played);
    a_day_put_back_at_night_has_its_grace(&played);
    each_night_is_told_once(&played);
    only_what_is_moved_is_named(&played);
    a_settled_tick_is_one_read(&played);
}

/// The minimum, the count of web and the smallest capacity.
fn sizes(moment: &Moment) -> (i64, i64, &str) {
    let services = &moment.state.services;
    let api = &services[API.trim_start_matches("service/")];
    let web = &services[&format!("{}/{WEB}", ESTATE.cluster)];
    let target = api.target.unwrap();
    assert_eq!(target.max, 10, "at {}", moment.at);
    (target.min, web.desired, &moment.state.capacities[AURORA])
}

/// The moments of an act at a time of day of its days, in order.
fn moments<'a>(played: &'a Played, act: &str, from: Timestamp, to: Timestamp) -> Vec<&'a Moment> {
    let moments = played.act(act).iter();
    let found: Vec<_> = moments
        .filter(|moment| moment.at >= from && moment.at <= to)
        .collect();
    assert!(
        !found.is_empty(),
        "nothing between {from} and {to} in {act}"
    );
    found
}

/// What was changed in an act, in order; what is changed side by side comes in any order, so each
/// look's changes are sorted.
fn changes(played: &Played, act: &str) -> Vec<String> {
    let of_a_look = |moment: &Moment| {
        let changes = moment.changes();
        let mut changes: Vec<_> = changes
            .map(|(_, change)| {
                let name = change.arn.name().trim_start_matches(ESTATE.name);
                format!("{} {} {}", &name[1..], change.what, change.to)
            })
            .collect();
        changes.sort();
        changes
    };
    played.act(act).iter().flat_map(of_a_look).collect()
}

fn told(played: &Played, act: &str) -> Vec<String> {
    let mail = played.act(act).iter().flat_map(|moment| &moment.mail);
    mail.map(|mail| mail.code().to_owned()).collect()
}

fn mail<'a>(played: &'a Played, act: &str, code: &str) -> &'a Mail {
    let mut mail = played.act(act).iter().flat_map(|moment| &moment.mail);
    mail.find(|mail| mail.code() == code)
        .unwrap_or_else(|| panic!("{act}: nothing like {code} was told"))
}

/// What was told of the night of an act.
fn night<'a>(played: &'a Played, act: &str) -> &'a Value {
    &mail(played, act, "night_summary").news
}

fn tasks(count: u32) -> Value {
    json!({ "tasks": count })
}

const DOWN: [&str; 3] = [
    "api min_capacity 1",
    "aurora min_acu 0.5",
    "web desired_count 1",
];
const UP: [&str; 3] = [
    "api min_capacity 2",
    "aurora min_acu 2",
    "web desired_count 2",
];

fn the_first_night(played: &Played) {
    let day = played.act("Friday 21:40");
    assert!(day.iter().all(|moment| moment.changes().next().is_none()));
    assert_eq!(sizes(&day[0]), (2, 2, "2..16 ACU"));

    assert_eq!(changes(played, CLOSES), [DOWN, UP].concat());
    let (friday, saturday) = (date(2027, 1, 8), date(2027, 1, 9));
    let small = moments(
        played,
        CLOSES,
        at(friday, "22:00").unwrap(),
        at(saturday, "06:39").unwrap(),
    );
    for moment in small {
        assert_eq!(sizes(moment), (1, 1, "0.5..16 ACU"), "at {}", moment.at);
    }
    let morning = played.act(CLOSES).last().unwrap();
    assert_eq!(morning.at, at(saturday, "07:00").unwrap());
    assert_eq!(sizes(morning), (2, 2, "2..16 ACU"));
    assert!(morning.report(ESTATE.name).unwrap().ready);

    // Saved before anything is taken away.
    let first = &played.act(CLOSES)[0].actions();
    let place = |action: &str| first.iter().position(|other| other == action);
    let saved = first.iter().filter(|action| *action == "dynamodb:PutItem");
    assert!(saved.count() >= 3, "{first:?}");
    assert!(
        place("dynamodb:PutItem") < place("ecs:UpdateService"),
        "{first:?}"
    );
}

fn each_brake_holds_back_for_as_long_as_it_lasts(played: &Played) {
    for (act, cause, until) in [
        (ALARM, "alarm", at(date(2027, 1, 9), "22:14").unwrap()),
        (
            DEPLOYMENT,
            "deploying",
            at(date(2027, 1, 12), "22:10").unwrap(),
        ),
        (LOAD, "load", at(date(2027, 1, 14), "06:55").unwrap()),
    ] {
        let held = night(played, act)["held"].as_array().unwrap();
        assert_eq!(held.len(), 1, "{act}: {held:?}");
        assert_eq!(held[0]["by"]["cause"], cause, "{act}");
        let over: Timestamp = held[0]["until"].as_str().unwrap().parse().unwrap();
        assert_eq!(over.as_second(), until.as_second(), "{act}");
        let first = played.act(act).iter().find(|moment| {
            let mut changes = moment.changes();
            changes.any(|(_, change)| act != LOAD || change.arn.name() == WEB)
        });
        // Under its load web keeps both tasks until the day is back, which it has never left.
        match first {
            Some(first) => assert_eq!(first.at.as_second(), until.as_second(), "{act}"),
            None => assert_eq!(act, LOAD),
        }
    }
    assert_eq!(told(played, ALARM), ["night_summary"]);
    assert_eq!(told(played, DEPLOYMENT), ["night_summary"]);
    // What holds back for longer than an hour is told once.
    assert_eq!(told(played, LOAD), ["held_back", "night_summary"]);
    let waiting = &mail(played, LOAD, "held_back").news["waiting"];
    assert_eq!(
        waiting[0]["cause"],
        json!({ "cause": "load", "percent": 70, "left": tasks(1) })
    );
    assert!(
        changes(played, LOAD)
            .iter()
            .all(|change| !change.starts_with("web"))
    );
}

fn the_holiday_is_small_and_grows_when_it_must(played: &Played) {
    assert_eq!(changes(played, HOLIDAY), [DOWN, UP].concat());
    let (sunday, tuesday) = (date(2027, 1, 10), date(2027, 1, 12));
    let small = moments(
        played,
        HOLIDAY,
        at(sunday, "22:00").unwrap(),
        at(tuesday, "06:54").unwrap(),
    );
    for moment in &small {
        assert_eq!(sizes(moment), (1, 1, "0.5..16 ACU"), "at {}", moment.at);
    }
    let count = |moment: &Moment| moment.state.services[API.trim_start_matches("service/")].desired;
    let mut counts: Vec<_> = small.iter().map(|moment| count(moment)).collect();
    counts.dedup();
    assert_eq!(
        counts,
        [2, 1, 4, 1],
        "auto scaling's own, and nobody else's"
    );
    let night = night(played, HOLIDAY);
    assert_eq!(night["scale_outs"], 1);
    assert_eq!(night["deaths"], 0);
    // 33 hours with two tasks fewer, but for a quarter of an hour and the two hours of the load.
    let hours = night["task_hours"].as_f64().unwrap();
    assert!((60.0..66.0).contains(&hours), "{hours}");
    assert_eq!(told(played, HOLIDAY), ["night_summary"]);
}

fn what_somebody_sets_by_day_is_the_day(played: &Played) {
    assert_eq!(changes(played, RAISES), [""; 0]);
    let raised = format!("api min_capacity {RAISED}");
    let up = [raised.as_str(), UP[1], UP[2]];
    assert_eq!(changes(played, DEPLOYMENT), [DOWN, up].concat());
    let slimmed = night(played, DEPLOYMENT)["slimmed"].as_array().unwrap();
    let api = slimmed
        .iter()
        .find(|one| one["lever"] == "minimum")
        .unwrap();
    assert_eq!((&api["day"], &api["night"]), (&tasks(RAISED), &tasks(1)));
}

fn a_hand_at_night_stays_until_morning(played: &Played) {
    assert_eq!(told(played, HAND), ["changed_by_hand", "night_summary"]);
    let news = &mail(played, HAND, "changed_by_hand").news;
    assert_eq!(
        (&news["hand"], &news["day"], &news["night"]),
        (&tasks(BY_HAND), &tasks(RAISED), &tasks(1))
    );
    let friday = date(2027, 1, 15);
    let (from, to) = (at(friday, "02:00").unwrap(), at(friday, "06:54").unwrap());
    for moment in moments(played, HAND, from, to) {
        assert_eq!(sizes(moment).0, i64::from(BY_HAND), "at {}", moment.at);
    }
    let morning = played.act(HAND).last().unwrap();
    assert_eq!(sizes(morning).0, i64::from(RAISED));
}

fn a_day_put_back_at_night_has_its_grace(played: &Played) {
    assert_eq!(told(played, APPLY), ["put_back", "night_summary"]);
    let raised = format!("api min_capacity {RAISED}");
    let expected = [&DOWN[..], &DOWN[..1], &[&raised, UP[1], UP[2]]].concat();
    assert_eq!(changes(played, APPLY), expected);
    let again = played.act(APPLY).iter();
    let mut again = again.filter(|moment| moment.changes().next().is_some());
    let over = at(date(2027, 1, 16), "00:30").unwrap();
    // The clock of the look that met it ran on while it looked.
    let late = again.nth(1).unwrap().at.duration_since(over).as_secs();
    assert!((0..=60).contains(&late), "{late} s");
}

fn each_night_is_told_once(played: &Played) {
    let mut month = 0.0;
    for act in [CLOSES, ALARM, HOLIDAY, DEPLOYMENT, LOAD, HAND, APPLY] {
        let nights = told(played, act);
        let nights = nights.iter().filter(|code| *code == "night_summary");
        assert_eq!(nights.count(), 1, "{act}");
        let night = night(played, act);
        for what in ["task_hours", "acu_hours"] {
            assert!(night[what].as_f64().unwrap() > 10.0, "{act}: {night}");
        }
        let amount = |of: &str| night[of]["amount"].as_f64().unwrap();
        month += amount("saved");
        assert!((amount("month") - month).abs() < 0.02, "{act}: {night}");
        let healthy = night["services"].as_array().unwrap();
        assert!(
            healthy
                .iter()
                .all(|count| count["running"] == count["desired"]),
            "{act}"
        );
    }
    let all = played.acts.iter().flat_map(|(_, moments)| moments);
    let nights = all.filter(|moment| moment.told(ESTATE.name).contains(&"night_summary"));
    assert_eq!(nights.count(), 7);
}

/// A maximum, a count under auto scaling, or anything else of a resource, is in no call.
fn only_what_is_moved_is_named(played: &Played) {
    let writes = played.acts.iter().flat_map(|(_, moments)| moments);
    let mut seen = std::collections::BTreeSet::new();
    for write in writes.flat_map(|moment| &moment.writes) {
        seen.insert(write.call.action.as_str());
        let expected: &[&str] = match write.call.action.as_str() {
            "RegisterScalableTarget" => {
                assert_eq!(write.input["ResourceId"], API);
                &[
                    "MinCapacity",
                    "ResourceId",
                    "ScalableDimension",
                    "ServiceNamespace",
                ]
            }
            "UpdateService" => {
                assert_eq!(write.input["service"], WEB);
                &["cluster", "desiredCount", "service"]
            }
            "ModifyDBCluster" => {
                assert_eq!(write.input["DBClusterIdentifier"], AURORA);
                &[
                    "DBClusterIdentifier",
                    "ServerlessV2ScalingConfiguration.MinCapacity",
                ]
            }
            other => panic!("{other} is none of its business"),
        };
        assert_eq!(write.names(), expected);
    }
    assert_eq!(seen.len(), 3, "{seen:?}");
}

fn a_settled_tick_is_one_read(played: &Played) {
    let all = played.acts.iter().flat_map(|(_, moments)| moments);
    let idle: Vec<_> = all.filter(|moment| moment.is_idle()).collect();
    assert!(idle.len() > 10);
    for moment in idle {
        assert_eq!(moment.actions(), ["dynamodb:Query"], "at {}", moment.at);
    }
}

#[test]
fn the_week_is_the_next_one_whose_other_days_are_like_others() {
    let cases = [
        (date(2026, 11, 22), date(2027, 1, 11)),
        // The Sunday before 22 March is a holiday too.
        (date(2027, 1, 11), date(2027, 7, 19)),
    ];
    for (today, monday) in cases {
        assert_eq!(week::monday_after(today).unwrap(), monday, "from {today}");
    }
}
