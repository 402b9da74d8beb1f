//! Somebody else's hand, AWS's hand, and the clamp's.

use super::*;

const BY_HAND: fn(&News) -> bool = |news| matches!(news, News::AwakeByHand { .. });

#[test]
fn a_service_woken_at_night_has_its_grace_is_reported_once_and_saved_at_once() {
    let mut play = Estate::usual().asleep();
    play.set("web", 3);
    assert_eq!(short(&play.steps("web")), ["save Asleep 3"]);
    play.pass(30);
    assert_eq!(play.count("web"), 3, "for thirty minutes it is not fought");
    assert_eq!(
        play.news,
        [News::AwakeByHand {
            resource: "web".to_owned(),
            count: Some(3),
            since: jst(NIGHT),
            until: jst("2026-11-20T23:30"),
        }]
    );
    assert_eq!(
        play.waits_for("web"),
        Some(Cause::JustChanged),
        "at 23:30 it is put back"
    );
    play.settle();
    assert_eq!((play.count("web"), play.saved("web")), (0, 3));
    assert_eq!(play.heard(BY_HAND), 1);
    assert_eq!(play.state("db"), DatabaseState::Stopped);
    play.turn_to(WAKING_TIME);
    play.settle();
    assert_eq!(play.count("web"), 3, "the newest count returns");
    let ready = play.news.last().unwrap();
    assert!(
        matches!(ready, News::Ready { changed, .. }
            if changed.len() == 1 && (changed[0].before, changed[0].after) == (1, 3)),
        "{ready:?}"
    );
}

#[test]
fn the_grace_is_the_documents() {
    let mut play = Estate::usual().saying("grace: 5m").asleep();
    play.set("web", 3);
    play.pass(5);
    assert_eq!(play.count("web"), 3);
    play.pass(1);
    assert_eq!(play.count("web"), 0);
}

#[test]
fn a_second_hand_has_a_grace_of_its_own() {
    let mut play = Estate::usual().asleep();
    play.set("web", 3);
    play.pass(40);
    assert_eq!(play.count("web"), 0);
    play.set("web", 2);
    play.pass(30);
    assert_eq!((play.count("web"), play.saved("web")), (2, 2));
    play.settle();
    assert_eq!(play.count("web"), 0);
    assert_eq!(play.heard(BY_HAND), 2);
}

#[test]
fn whoever_sets_the_count_back_while_tasks_still_drain_has_a_grace_too() {
    let mut play = Estate::usual().at(BEDTIME);
    play.look();
    play.service("web").running = 1;
    play.pass(1);
    play.set("web", 1);
    play.pass(10);
    assert_eq!(play.count("web"), 1);
    assert_eq!(play.heard(BY_HAND), 1);
}

#[test]
fn a_service_made_at_night_has_a_grace_and_one_that_slept_badly_since_bedtime_has_none() {
    let mut play = Estate::usual().asleep();
    let new = service("staging", "new", 2);
    play.world.snapshot.services.push(new);
    play.pass(30);
    assert_eq!(play.count("new"), 2);
    play.settle();
    assert_eq!((play.count("new"), play.saved("new")), (0, 2));
}

#[test]
fn the_night_falls_when_the_first_grace_is_over() {
    for (minutes, has_grace) in [(30, false), (31, true)] {
        let mut play = Estate::usual().at(BEDTIME);
        play.turn("db", DatabaseState::Broken, "storage-full");
        play.pass(minutes);
        let late = service("staging", "late", 2);
        play.world.snapshot.services.push(late);
        play.look();
        assert_eq!(play.count("late") == 2, has_grace, "{minutes}");
    }
}

#[test]
fn a_service_made_while_the_estate_cannot_fall_asleep_has_a_grace_too() {
    let mut play = Estate::usual().at(BEDTIME);
    play.turn("db", DatabaseState::Broken, "storage-full");
    play.pass(40);
    assert_eq!(play.world.record.phase, Phase::ToSleep);
    play.world
        .snapshot
        .services
        .push(service("staging", "new", 2));
    play.pass(30);
    assert_eq!(play.count("new"), 2);
    play.pass(2);
    assert_eq!(play.count("new"), 0);
}

#[test]
fn a_database_woken_at_night_has_its_grace() {
    let mut play = Estate::usual().asleep();
    play.turn("db", DatabaseState::Available, "available");
    play.pass(30);
    assert_eq!(play.state("db"), DatabaseState::Available);
    assert_eq!(play.heard(BY_HAND), 1);
    play.settle();
    assert_eq!(play.state("db"), DatabaseState::Stopped);
    assert_eq!(play.heard(BY_HAND), 1);
}

#[test]
fn a_service_and_a_database_of_one_name_are_two_matters() {
    let mut play = Estate::named("staging")
        .with_service("app", 1)
        .with_database("app")
        .asleep();
    play.set("app", 1);
    play.pass(1);
    play.turn("app", DatabaseState::Available, "available");
    play.pass(1);
    assert_eq!(play.heard(BY_HAND), 2, "{:?}", play.news);
}

#[test]
fn a_clamped_count_does_not_replace_the_saved_one_and_is_said() {
    let mut play = Estate::usual().asleep();
    // Terraform registers the target at night: AWS lifts the count to the minimum.
    play.set("api", 1);
    play.service("api").target.as_mut().unwrap().suspension = Suspension::default();
    play.pass(31);
    assert_eq!(
        play.heard(|news| matches!(news,
        News::Clamped { resource, count: 1, saved: 2 } if resource == "api")),
        1,
        "{:?}",
        play.news
    );
    assert_eq!((play.count("api"), play.saved("api")), (0, 2));
    assert_eq!(play.suspension("api"), Suspension::ALL);
    play.settle();
    play.turn_to(WAKING_TIME);
    play.settle();
    assert_eq!(play.count("api"), 2);
    assert_eq!(play.suspension("api"), Suspension::default());
    assert!(matches!(play.news.last(), Some(News::Ready { changed, .. }) if changed.is_empty()));
}

#[test]
fn a_saved_count_that_is_the_minimum_is_no_clamp() {
    let mut play = Estate::usual().at(FRIDAY_NOON);
    play.set("api", 1);
    play.turn_to(BEDTIME);
    play.settle();
    play.set("api", 1);
    play.look();
    assert_eq!(play.heard(|news| matches!(news, News::Clamped { .. })), 0);
    play.set("api", 4);
    play.look();
    assert_eq!(play.saved("api"), 4);
}

#[test]
fn a_target_that_appears_at_night_is_suspended_only_after_its_state_was_saved() {
    let mut play = Estate::usual().asleep();
    let new = target(play.service("web"), 2, 4);
    play.service("web").target = Some(new);
    play.set("web", 2);
    play.pass(30);
    assert_eq!(
        short(&play.steps("web")),
        ["save ToSleep 1", "suspend", "count 2 to 0"]
    );
    play.settle();
    play.turn_to(WAKING_TIME);
    play.settle();
    assert_eq!(play.suspension("web"), Suspension::default());
}

#[test]
fn what_aws_restarts_after_seven_days_gets_no_grace_and_is_told_quietly() {
    let mut play = Estate::usual().saying("lead: 1m").at(BEDTIME);
    play.order(Order::Sleep, minutes(30 * 24 * 60));
    play.settle();
    for (told, restart) in [
        (Some("2026-11-27T18:02"), "2026-11-27T18:02"),
        (None, "2026-12-04T18:05"),
    ] {
        play.database("db").restart_at = told.map(jst);
        play.settle();
        play.news.clear();
        play.turn_to(restart);
        play.database("db").restart_at = None;
        play.turn("db", DatabaseState::Starting, "starting");
        play.pass(3);
        assert_eq!(
            play.news,
            [News::RestartedByAws {
                resource: "db".to_owned()
            }],
            "{restart}"
        );
        play.turn("db", DatabaseState::Available, "available");
        assert_eq!(short(&play.steps("db")), ["save ToSleep", "stop"]);
        play.settle();
        assert_eq!(play.news.len(), 1, "{:?}", play.news);
    }
    // A night later it is a person's again.
    play.now += minutes(24 * 60);
    play.turn("db", DatabaseState::Available, "available");
    play.look();
    assert_eq!(play.heard(BY_HAND), 1, "{:?}", play.news);
}

#[test]
fn a_quarter_of_an_hour_before_the_restart_it_may_be_aws_and_before_that_it_is_a_person() {
    for (time, by_hand) in [("2026-11-27T17:46", true), ("2026-11-27T17:47", false)] {
        let mut play = Estate::usual().at(BEDTIME);
        play.order(Order::Sleep, minutes(30 * 24 * 60));
        play.settle();
        play.database("db").restart_at = Some(jst("2026-11-27T18:02"));
        play.settle();
        play.turn_to(time);
        play.turn("db", DatabaseState::Available, "available");
        play.look();
        assert_eq!(play.heard(BY_HAND) == 1, by_hand, "{time}");
    }
}

#[test]
fn a_restart_that_nobody_foretold_is_aws_s_after_seven_days_and_before_that_a_persons() {
    for (time, by_hand) in [
        ("2026-11-22T18:00", true),
        ("2026-11-27T17:40", true),
        ("2026-11-27T18:00", false),
    ] {
        let mut play = Estate::usual().at(BEDTIME);
        play.order(Order::Sleep, minutes(30 * 24 * 60));
        play.settle();
        play.turn_to(time);
        play.turn("db", DatabaseState::Available, "available");
        play.look();
        assert_eq!(play.heard(BY_HAND) == 1, by_hand, "{time}");
    }
}

#[test]
fn in_a_hold_nothing_changes_and_the_end_of_the_hold_is_due() {
    let mut play = Estate::usual().at(BEDTIME);
    play.order(Order::Hold, minutes(120));
    let plan = play.look();
    assert!(plan.chains.is_empty() && plan.settled && plan.ready);
    assert_eq!(plan.due, Some(jst("2026-11-20T20:00")));
    assert!(
        plan.rows
            .iter()
            .all(|row| row.waits_for == Some(Cause::Hold))
    );
    play.turn_to("2026-11-20T19:59");
    assert!(play.plan().chains.is_empty());
    play.turn_to("2026-11-20T20:00");
    assert!(!play.plan().chains.is_empty());
}

#[test]
fn a_hold_forgets_nothing_either() {
    let mut play = Estate::usual().asleep();
    play.world.snapshot.services.clear();
    play.world.snapshot.gone = vec![service_arn("staging", "api"), service_arn("staging", "web")];
    play.pass(5);
    play.order(Order::Hold, minutes(60));
    play.pass(30);
    assert!(play.entry("api").is_some());
    play.world.order = None;
    play.pass(12);
    assert!(play.entry("api").is_none());
}

#[test]
fn an_order_beats_the_calendar_until_it_ends_and_is_told_once() {
    let mut play = Estate::usual().at(BEDTIME);
    play.order(Order::Wake, minutes(60));
    play.pass(60);
    assert_eq!(play.count("api"), 2);
    assert_eq!(
        play.heard(|news| matches!(news, News::Overridden { .. })),
        1
    );
    play.settle();
    assert_eq!(play.count("api"), 0);

    let mut play = Estate::usual().at(FRIDAY_NOON);
    play.order(Order::Sleep, minutes(60));
    play.settle();
    assert_eq!(play.state("db"), DatabaseState::Stopped);
    play.turn_to("2026-11-20T13:00");
    play.settle();
    assert_eq!(play.count("api"), 2);
}

#[test]
fn one_look_that_could_not_read_the_services_begins_no_grace_anew() {
    let mut play = Estate::usual().asleep();
    play.set("web", 3);
    play.pass(10);
    let seen = play.world.snapshot.clone();
    play.world.snapshot.services.clear();
    play.world.snapshot.unread.push(sleeping::throttled());
    play.pass(1);
    play.world.snapshot = seen;
    play.pass(19);
    assert_eq!(play.count("web"), 3);
    play.pass(1);
    assert_eq!(play.count("web"), 0);
    assert_eq!(play.heard(BY_HAND), 1);
}

#[test]
fn after_reading_failed_for_long_old_graces_are_forgotten() {
    let mut play = Estate::usual().asleep();
    play.set("web", 3);
    play.pass(10);
    let seen = play.world.snapshot.clone();
    play.world.snapshot.services.clear();
    play.world.snapshot.unread.push(sleeping::throttled());
    play.pass(30);
    play.world.snapshot = seen;
    play.pass(5);
    assert_eq!(play.count("web"), 3);
    assert_eq!(play.heard(BY_HAND), 2);
}

#[test]
fn until_when_somebody_is_left_alone_is_due() {
    let mut play = Estate::usual().asleep();
    play.set("web", 3);
    assert_eq!(play.plan().due, Some(jst("2026-11-20T23:30")));
    play.turn("db", DatabaseState::Available, "available");
    play.pass(10);
    assert_eq!(play.plan().due, Some(jst("2026-11-20T23:30")));
}

#[test]
fn when_aws_starts_a_database_is_due_before_and_not_at_that_instant() {
    let mut play = Estate::usual().at(BEDTIME);
    play.order(Order::Sleep, minutes(30 * 24 * 60));
    play.settle();
    let restart = jst("2026-11-27T18:02");
    play.database("db").restart_at = Some(restart);
    play.settle();
    assert_eq!(play.plan().due, Some(restart));
    play.now = restart;
    assert_eq!(play.plan().due, Some(jst("2026-12-20T18:00")));
}

#[test]
fn what_a_person_had_turned_off_and_turns_on_at_night_has_its_grace() {
    let mut play = Estate::usual()
        .with_service("job", 0)
        .with_database("other")
        .at(FRIDAY_NOON);
    play.turn("other", DatabaseState::Stopped, "stopped");
    play.turn_to(BEDTIME);
    play.settle();
    play.turn_to(NIGHT);
    play.pass(3);
    play.set("job", 2);
    play.turn("other", DatabaseState::Available, "available");
    play.pass(30);
    assert_eq!(play.count("job"), 2);
    assert_eq!(play.state("other"), DatabaseState::Available);
    assert_eq!(play.heard(BY_HAND), 2, "{:?}", play.news);
    play.settle();
    assert_eq!(play.count("job"), 0);
    assert_eq!(play.state("other"), DatabaseState::Stopped);
}

#[test]
fn an_order_that_is_over_or_that_a_release_overrules_is_not_told() {
    let told = |news: &News| matches!(news, News::Overridden { .. });
    let mut over = Estate::usual().at(FRIDAY_NOON);
    over.order(Order::Wake, minutes(1));
    over.now += minutes(1);
    over.pass(3);
    assert_eq!(over.heard(told), 0, "{:?}", over.news);

    let mut released = Estate::usual().asleep();
    released.order(Order::Sleep, minutes(60));
    released.released = true;
    released.pass(3);
    assert_eq!(released.heard(told), 0, "{:?}", released.news);
}

#[test]
fn a_grace_outlasts_nine_minutes_of_failing_to_read_and_not_ten() {
    for (unread, kept) in [(10, true), (11, false)] {
        let mut play = Estate::usual().asleep();
        play.set("web", 3);
        play.pass(1);
        let seen = play.world.snapshot.clone();
        play.world.snapshot.services.clear();
        play.world.snapshot.unread.push(sleeping::throttled());
        play.pass(unread);
        let hand = play.world.record.matters.get("hand/service/staging/web");
        assert_eq!(hand.is_some(), kept, "{unread}");
        play.world.snapshot = seen;
    }
}

#[test]
fn any_count_replaces_a_saved_0_that_nobody_should_have_written() {
    let mut play = Estate::usual().asleep();
    let arn = service_arn("staging", "api");
    let entry = &mut play.world.entries.get_mut(&arn).unwrap().item;
    entry.service.as_mut().unwrap().count = 0;
    let mut morning = Play {
        sleeper: play.sleeper.clone(),
        world: play.world.clone(),
        rivals: BTreeMap::new(),
        news: Vec::new(),
        ..play
    };
    // The minimum too, though it may be what registering the target left behind.
    play.set("api", 1);
    play.look();
    assert_eq!(play.saved("api"), 1);

    morning.turn_to(WAKING_TIME);
    morning.set("api", 1);
    morning.turn("db", DatabaseState::Available, "available");
    assert_eq!(short(&morning.steps("api")), ["save ToWake 0", "resume"]);
    morning.settle();
    assert_eq!(morning.count("api"), 1);
}
