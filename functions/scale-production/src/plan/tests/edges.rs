//! What else can be met: targets that come and go, maxima, suspensions, zeros, what is gone.

use nightshift::keep::estates::Seen;

use super::*;

#[test]
fn a_target_removed_at_night_leaves_the_count_to_the_hand_and_the_days_minimum_returns_as_count() {
    let mut play = Estate::usual().at_night();
    play.watched("api").service.target = None;
    play.set("api", 1);
    play.pass(30);
    assert_eq!(play.count("api"), 1);
    assert_eq!(
        play.heard(|news| matches!(news, News::ChangedByHand { .. })),
        1
    );
    play.turn_to(MORNING);
    play.settle();
    assert_eq!(play.count("api"), 2);
}

#[test]
fn a_target_registered_at_night_is_left_alone_for_good() {
    let mut play = Estate::usual().at_night();
    play.watched("web").service.target = Some(target("web", 3, 6));
    play.set("web", 3);
    play.pass(30);
    assert_eq!(play.bounds("web"), Bounds { min: 3, max: 6 });
    play.turn_to(MORNING);
    play.settle();
    assert_eq!(play.bounds("web"), Bounds { min: 3, max: 6 });
    assert_eq!((play.count("web"), play.stage("web")), (3, Stage::Closed));
    play.turn_to("2026-11-20T22:00");
    play.settle();
    assert_eq!(play.min("web"), 1, "the next night it is the day");
}

#[test]
fn a_day_above_the_maximum_returns_as_far_as_it_goes_and_is_told() {
    let mut play = Estate::empty()
        .with_service("api", 4, 1)
        .with_target(4, 10)
        .at_night();
    play.watched("api")
        .service
        .target
        .as_mut()
        .unwrap()
        .bounds
        .max = 3;
    play.set("api", 3);
    play.turn_to(MORNING);
    play.settle();
    assert_eq!(play.bounds("api"), Bounds { min: 3, max: 3 });
    assert!(matches!(&play.news[0], News::DayCapped { day, max, .. }
        if (*day, *max) == (tasks(4), tasks(3))));
}

#[test]
fn a_count_above_the_maximum_is_not_cut_off_by_a_registration() {
    let mut play = Estate::usual().at(EVENING);
    play.set("api", 12);
    play.settle();
    assert_eq!((play.count("api"), play.min("api")), (12, 2));
    assert_eq!(
        play.waits_for("api"),
        Some(Cause::AboveMaximum { count: 12, max: 10 })
    );

    let mut play = Estate::usual().at_night();
    play.set("api", 12);
    play.turn_to(MORNING);
    play.settle();
    assert_eq!((play.count("api"), play.min("api")), (12, 1));
    assert_eq!(play.phase(), Phase::Day, "more runs than by day");
    play.set("api", 10);
    play.now += minutes(1);
    play.settle();
    assert_eq!((play.count("api"), play.min("api")), (10, 2));
}

#[test]
fn a_target_that_could_not_grow_again_is_left_alone() {
    for (dynamic_in, dynamic_out, scheduled, min) in [
        (true, false, false, 2),
        (false, true, false, 2),
        (true, true, true, 2),
        (false, false, true, 1),
    ] {
        let mut play = Estate::usual().at(EVENING);
        play.watched("api")
            .service
            .target
            .as_mut()
            .unwrap()
            .suspension = Suspension {
            dynamic_in,
            dynamic_out,
            scheduled,
        };
        play.settle();
        assert_eq!(play.min("api"), min);
    }
}

#[test]
fn scaling_suspended_at_night_does_not_keep_the_day_from_returning() {
    let mut play = Estate::usual().at_night();
    play.watched("api")
        .service
        .target
        .as_mut()
        .unwrap()
        .suspension = Suspension::ALL;
    play.turn_to(MORNING);
    play.settle();
    assert_eq!(play.bounds("api"), Bounds { min: 2, max: 10 });
    let target = play.watched("api").service.target.clone().unwrap();
    assert_eq!(target.suspension, Suspension::ALL, "somebody's, and left");
}

#[test]
fn a_service_at_0_in_the_evening_is_never_registered_nor_started() {
    let mut play = Estate::usual().at(EVENING);
    play.set("api", 0);
    play.set("web", 0);
    play.settle();
    assert!(play.world.entries.is_empty());
    assert_eq!(play.waits_for("api"), Some(Cause::AtZero));
    play.turn_to(MORNING);
    play.settle();
    assert_eq!((play.count("api"), play.count("web")), (0, 0));
}

#[test]
fn a_daemon_has_no_count() {
    let mut play = Estate::usual().at(EVENING);
    play.watched("web").service.daemon = true;
    play.settle();
    assert_eq!(play.count("web"), 2);
    assert_eq!(play.waits_for("web"), Some(Cause::Daemon));
}

#[test]
fn what_is_gone_is_told_with_what_was_saved_and_forgotten_after_two_listings() {
    let mut play = Estate::usual().at_night();
    play.world
        .snapshot
        .services
        .retain(|watched| watched.service.name != "web");
    play.world.snapshot.gone.push(service_arn("web"));
    play.world.snapshot.not_found.push("web".to_owned());
    play.pass(10);
    assert!(play.entry("web").is_some());
    play.pass(2);
    assert!(play.entry("web").is_none());
    assert_eq!(
        play.heard(|news| matches!(news, News::Gone { saved: Some(2), .. })),
        1
    );
}

#[test]
fn a_cluster_that_pauses_by_itself_has_nothing_to_save() {
    let mut play = Estate::usual().with_aurora("0.5").at(EVENING);
    play.cluster().capacity.as_mut().unwrap().min = acu(0.0);
    play.settle();
    assert!(play.entry("aurora").is_none());
    assert!(play.acu().abs() < 1e-9);
}

#[test]
fn auto_pause_switched_on_at_night_is_a_hand_until_morning() {
    let mut play = Estate::usual().with_aurora("0.5").at_night();
    play.cluster().capacity.as_mut().unwrap().min = acu(0.0);
    play.pass(60);
    assert!(play.acu().abs() < 1e-9);
    play.turn_to(MORNING);
    play.settle();
    assert!((play.acu() - 2.0).abs() < 1e-9);
}

#[test]
fn a_cluster_without_a_range_is_told_apart_and_left() {
    let mut play = Estate::usual().with_aurora("0.5").at(EVENING);
    play.cluster().capacity = None;
    play.settle();
    assert_eq!(play.waits_for("aurora"), Some(Cause::NotServerless));
}

#[test]
fn a_stopped_cluster_is_waited_for_and_late_at_opening() {
    let mut play = Estate::usual().with_aurora("0.5").at_night();
    play.cluster().state = DatabaseState::Stopped;
    play.cluster().status = "stopped".to_owned();
    play.turn_to(MORNING);
    play.pass(21);
    assert!(play.steps("aurora").is_empty());
    assert_eq!(play.min("api"), 2);
    assert_eq!(play.heard(|news| matches!(news, News::NotReady { .. })), 1);
}

#[test]
fn a_night_that_the_document_changes_is_followed_up_at_once_and_down_under_the_brakes() {
    let estate = |night: u32| {
        Estate::empty()
            .with_service("api", 4, night)
            .with_target(4, 10)
            .saying("brakes: [errors]")
            .with_alarm("errors")
    };
    let mut play = estate(2).at_night();
    play.rewrite(&estate(3));
    play.ring(true);
    play.settle();
    assert_eq!((play.min("api"), play.stage("api")), (3, Stage::Night));
    play.rewrite(&estate(1));
    play.pass(10);
    assert_eq!(play.min("api"), 3);
    play.ring(false);
    play.settle();
    assert_eq!(play.min("api"), 1);
    play.rewrite(&estate(5));
    play.settle();
    assert_eq!(play.min("api"), 4, "the day, and no more");
    assert!(play.news.is_empty(), "{:?}", play.news);
    play.turn_to(MORNING);
    play.settle();
    assert_eq!(play.min("api"), 4);
}

#[test]
fn a_night_that_was_changed_and_killed_in_between_is_nobodys_hand() {
    let estate = |night: u32| {
        Estate::empty()
            .with_service("api", 4, night)
            .with_target(4, 10)
    };
    for new in [1, 3] {
        let mut play = estate(2).at_night();
        play.rewrite(&estate(new));
        let plan = play.plan();
        play.world
            .take(&service_arn("api"), &plan.chains[0].steps[0]);
        play.settle();
        assert_eq!(play.min("api"), new);
        assert!(play.news.is_empty());
    }
}

#[test]
fn a_ledger_that_was_lost_at_night_takes_nothing_more_away() {
    let mut play = Estate::usual().at_night();
    play.world.entries.clear();
    play.settle();
    assert_eq!((play.min("api"), play.count("web")), (1, 1));
    assert!(play.world.entries.is_empty(), "a night's size is no day");
}

#[test]
fn a_day_that_never_became_ready_is_still_not_the_night_of_the_next_evening() {
    let mut play = Estate::usual().at_night();
    play.watched("web").load.as_mut().unwrap().highest = 5.0;
    play.turn_to(MORNING);
    play.look();
    play.watched("web").service.healthy = Some(0);
    play.pass(60);
    assert_eq!(play.phase(), Phase::ToDay);
    play.register("api", 5);
    play.look();
    play.watched("web").service.healthy = Some(2);
    play.turn_to("2026-11-20T22:00");
    play.settle();
    assert_eq!(
        (play.min("api"), play.entry("api").unwrap().found),
        (1, tasks(5))
    );
}

#[test]
fn a_night_that_became_larger_than_the_day_takes_nothing_away_from_a_hand() {
    let estate = |night: u32| {
        Estate::empty()
            .with_service("api", 3, night)
            .with_target(3, 10)
            .saying("enforce: true")
    };
    let mut play = estate(1).at_night();
    play.register("api", 6);
    play.rewrite(&estate(4));
    play.settle();
    assert_eq!(play.min("api"), 6);
}

#[test]
fn what_was_saved_before_a_death_is_not_saved_again_for_the_time_alone() {
    let mut play = Estate::usual().at(EVENING);
    for chain in play.plan().chains {
        play.world.take(&chain.arn, &chain.steps[0]);
    }
    play.now += minutes(1);
    assert_eq!(play.steps("api"), ["Minimum 2 to 1"]);
    assert_eq!(play.steps("web"), ["Count 2 to 1"]);
}

#[test]
fn what_a_registration_would_cut_off_is_looked_at_again_in_a_minute() {
    let mut play = Estate::usual().at_night();
    let target = play.watched("api").service.target.as_mut();
    target.unwrap().bounds.max = 2;
    play.set("api", 3);
    play.turn_to(MORNING);
    let plan = play.plan();
    assert_eq!(plan.due, Some(jst(MORNING) + minutes(1)));
}

#[test]
fn ready_is_what_could_be_read_and_has_its_tasks_also_while_shrinking_is_held_back() {
    let ready = |change: fn(&mut Play)| {
        let mut play = Estate::usual().at(EVENING);
        change(&mut play);
        play.plan().ready
    };
    assert!(ready(|_| {}));
    assert!(ready(|play| play.ring(true)));
    assert!(!ready(|play| play.watched("web").service.running = 1));
    assert!(!ready(|play| play
        .world
        .snapshot
        .unread
        .push(throttled("shop"))));
}

#[test]
fn a_service_that_lacks_tasks_is_waited_for_by_day_and_not_at_night() {
    for (mut play, waited_for) in [
        (Estate::usual().at(NOON), true),
        (Estate::usual().at_night(), false),
    ] {
        play.watched("web").service.running = 0;
        let plan = play.plan();
        assert_eq!((plan.ready, plan.settled), (false, !waited_for));
    }
}

#[test]
fn rivals_are_looked_for_among_all_that_was_seen_and_what_failed_is_reported() {
    let mut play = Estate::usual().with_aurora("0.5").at(EVENING);
    play.cluster().tag = None;
    let snapshot = &mut play.world.snapshot;
    snapshot.unread.push(throttled("shop"));
    snapshot.unmeasured.push(throttled("metrics"));
    let services: Vec<&str> = Seen::services(snapshot)
        .map(|service| service.name.as_str())
        .collect();
    assert_eq!(services, ["api", "web"]);
    let databases: Vec<_> = Seen::databases(snapshot).collect();
    assert_eq!(databases, [(&cluster_arn("aurora"), &None)]);
    let failures: Vec<&str> = Seen::failures(snapshot)
        .map(|failure| failure.resource.as_str())
        .collect();
    assert_eq!(failures, ["shop", "metrics"]);
}
