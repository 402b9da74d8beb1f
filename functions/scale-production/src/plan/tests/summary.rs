//! The one report of a night: what did not run, its worth, what was met.

use nightshift::report::{NightTold, Peak};

use super::*;

fn summary(play: &Play) -> &NightTold {
    let told: Vec<&NightTold> = play
        .news
        .iter()
        .filter_map(|news| match news {
            News::NightSummary { night } => Some(&**night),
            _ => None,
        })
        .collect();
    let [night] = told[..] else {
        panic!("{:?}", play.news)
    };
    night
}

/// Looks every ten minutes, as a settled estate has it.
fn sleep_through(play: &mut Play, until: &str) {
    while play.now < jst(until) {
        play.look();
        play.now += minutes(10);
    }
    play.turn_to(until);
}

#[test]
fn a_quiet_night_tells_its_task_hours_their_worth_and_the_month() {
    let mut play = Estate::usual().at(EVENING);
    play.settle();
    // Target tracking takes the second task.
    play.set("api", 1);
    sleep_through(&mut play, MORNING);
    play.settle();
    let night = summary(&play);
    assert_eq!(night.began, jst(EVENING));
    // Two tasks less, from a few minutes after 22:00 to 6:40.
    assert!((17.0..17.4).contains(&night.task_hours), "{night:?}");
    let worth = night.task_hours * 0.03081;
    assert!((night.saved.as_ref().unwrap().amount - worth).abs() < 1e-9);
    assert!((night.month.as_ref().unwrap().amount - worth).abs() < 1e-9);
    let slimmed: Vec<_> = night
        .slimmed
        .iter()
        .map(|one| (one.resource.as_str(), one.lever, one.day, one.night))
        .collect();
    assert_eq!(
        slimmed,
        [
            ("api", Lever::Minimum, tasks(2), tasks(1)),
            ("web", Lever::Count, tasks(2), tasks(1)),
        ]
    );
    assert_eq!(night.services.len(), 2);
    assert_eq!((night.scale_outs, night.deaths), (0, 0));
    assert!(night.held.is_empty());
    assert_eq!(
        night.highest_cpu,
        Some(Peak {
            service: "api".to_owned(),
            percent: 20
        })
    );
}

#[test]
fn only_what_did_not_run_is_counted_whatever_was_asked_for() {
    let mut play = Estate::usual().at(EVENING);
    play.settle();
    // Load keeps both tasks of api all night; web is down to one.
    sleep_through(&mut play, MORNING);
    play.settle();
    let night = summary(&play);
    assert!((8.5..8.7).contains(&night.task_hours), "{night:?}");
}

#[test]
fn the_month_goes_on_from_night_to_night_and_begins_anew_with_its_first() {
    let mut play = Estate::usual().at(EVENING);
    play.world.record.month = Some(Month {
        first: jiff::civil::date(2026, 11, 1),
        saved: 10.0,
    });
    play.settle();
    sleep_through(&mut play, MORNING);
    play.settle();
    let night = summary(&play);
    let (saved, month) = (night.saved.as_ref().unwrap(), night.month.as_ref().unwrap());
    assert!((month.amount - saved.amount - 10.0).abs() < 1e-9);
}

#[test]
fn capacity_that_was_not_used_is_counted_for_each_instance() {
    let mut play = Estate::empty()
        .with_service("api", 1, 1)
        .with_aurora("0.5")
        .at(EVENING);
    play.settle();
    play.cluster().used = Some(acu(1.0));
    sleep_through(&mut play, MORNING);
    play.settle();
    let night = summary(&play);
    // One unit less, of two instances, for about 8.6 hours.
    assert!((17.0..17.4).contains(&night.acu_hours), "{night:?}");
    assert!((night.saved.as_ref().unwrap().amount - night.acu_hours * 0.2).abs() < 1e-9);
}

#[test]
fn what_held_back_is_told_with_when_and_by_what() {
    let mut play = Estate::usual().at(EVENING);
    play.deploy("web", Rollout::InProgress);
    play.pass(14);
    play.deploy("web", Rollout::Completed);
    play.settle();
    sleep_through(&mut play, MORNING);
    play.settle();
    let night = summary(&play);
    let [span] = &night.held[..] else {
        panic!("{:?}", night.held)
    };
    assert_eq!(
        (span.from, span.until),
        (jst(EVENING), jst("2026-11-19T22:14"))
    );
    assert!(matches!(span.by, Cause::Deploying { back: false, .. }));
}

#[test]
fn a_night_that_was_held_back_to_its_end_is_told_too() {
    let mut play = Estate::usual().at(EVENING);
    play.ring(true);
    sleep_through(&mut play, MORNING);
    play.settle();
    let night = summary(&play);
    assert!(night.slimmed.is_empty() && night.held.len() == 1);
    assert!(night.task_hours.abs() < 1e-9);
}

#[test]
fn scale_outs_and_deaths_of_the_night_are_counted_once_each_and_only_ours() {
    let mut play = Estate::usual().at_night();
    let event = |name: &str, at: &str| Event {
        service: service_arn(name),
        at: jst(at),
    };
    play.world.snapshot.scale_outs = vec![
        event("api", "2026-11-20T02:05"),
        event("api", "2026-11-20T02:06"),
        event("stranger", "2026-11-20T02:06"),
    ];
    play.world.snapshot.deaths = vec![event("web", "2026-11-20T02:07"), event("web", EVENING)];
    play.pass(30);
    play.turn_to(MORNING);
    play.settle();
    let night = summary(&play);
    assert_eq!((night.scale_outs, night.deaths), (2, 1));
}

#[test]
fn the_highest_cpu_is_the_nights_and_not_the_evenings() {
    let mut play = Estate::usual().at(EVENING);
    play.watched("api").load.as_mut().unwrap().highest = 90.0;
    play.pass(10);
    play.watched("api").load.as_mut().unwrap().highest = 35.4;
    play.pass(30);
    play.turn_to(MORNING);
    play.settle();
    assert_eq!(
        summary(&play).highest_cpu,
        Some(Peak {
            service: "api".to_owned(),
            percent: 35
        })
    );
}

#[test]
fn a_day_that_was_ordered_over_the_morning_ends_the_night_at_opening() {
    let mut play = Estate::usual().at_night();
    play.order(Order::Day, minutes(10 * 60));
    play.pass(10);
    assert_eq!(
        play.heard(|news| matches!(news, News::NightSummary { .. })),
        0
    );
    play.turn_to(OPENING);
    play.look();
    summary(&play);
    assert!(play.world.record.night.is_none());
}

#[test]
fn one_report_a_night() {
    let mut play = Estate::usual().at_night();
    play.turn_to(MORNING);
    play.pass(200);
    assert_eq!(play.news.len(), 1, "{:?}", play.news);
}

#[test]
fn without_prices_hours_are_told_and_no_money() {
    let mut play = Estate::usual().at_night();
    play.section.prices = None;
    play.turn_to(MORNING);
    play.settle();
    let night = summary(&play);
    assert!(night.task_hours > 0.0 && night.saved.is_none() && night.month.is_none());
}

#[test]
fn an_hour_that_nobody_looked_at_is_counted_by_its_worse_end() {
    let mut play = Estate::empty()
        .with_service("api", 3, 1)
        .with_target(3, 10)
        .at(EVENING);
    play.settle();
    play.set("api", 1);
    play.look();
    let before = play.world.record.night.clone().unwrap();
    play.now += minutes(60);
    play.set("api", 2);
    play.look();
    let after = play.world.record.night.clone().unwrap();
    // Two tasks less at one end, one at the other.
    assert!((after.task_hours - before.task_hours - 1.0).abs() < 1e-9);
}

#[test]
fn what_runs_less_for_another_reason_than_the_night_is_not_counted() {
    let mut play = Estate::usual().at_night();
    play.turn_to(MORNING);
    play.settle();
    play.news.clear();
    play.turn_to("2026-11-20T22:00");
    play.set("web", 1);
    play.ring(true);
    sleep_through(&mut play, "2026-11-21T06:55");
    play.settle();
    let night = summary(&play);
    assert!(night.task_hours.abs() < 1e-9, "{night:?}");
}

#[test]
fn what_runs_as_by_day_is_not_written_down_as_spared() {
    let mut play = Estate::usual().at_night();
    assert_eq!((play.count("api"), play.count("web")), (2, 1));
    let night = play.world.record.night.as_ref().unwrap();
    assert!(night.spare.keys().eq([&service_arn("web")]), "{night:?}");
}

#[test]
fn what_happened_between_two_looks_is_counted_by_the_later_one() {
    let mut play = Estate::usual().at_night();
    let event = Event {
        service: service_arn("api"),
        at: play.now + SignedDuration::from_secs(30),
    };
    play.world.snapshot.scale_outs = vec![event.clone()];
    play.world.snapshot.deaths = vec![event];
    play.pass(30);
    play.turn_to(MORNING);
    play.settle();
    let night = summary(&play);
    assert_eq!((night.scale_outs, night.deaths), (1, 1));
}

#[test]
fn a_night_that_ended_by_an_order_was_not_ended_for_the_opening() {
    let mut play = Estate::usual().at_night();
    play.order(Order::Day, minutes(5 * 60));
    play.pass(10);
    play.turn_to(OPENING);
    play.look();
    assert_eq!(summary(&play).opening, None);
}
