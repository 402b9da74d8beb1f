//! Towards waking: databases, counts, suspensions, closed.

use super::*;

#[test]
fn waking_goes_from_the_database_to_the_count_to_the_suspension_to_the_closed_entry() {
    let mut play = Estate::usual().asleep();
    play.turn_to(WAKING_TIME);
    assert_eq!(short(&play.steps("db")), ["save ToWake", "start"]);
    assert!(play.steps("api").is_empty());
    assert_eq!(
        play.waits_for("api"),
        Some(Cause::NeedsDatabases {
            databases: vec!["db".to_owned()]
        })
    );
    play.look();
    play.turn("db", DatabaseState::Starting, "starting");
    assert!(play.steps("db").is_empty() && play.steps("api").is_empty());
    play.turn("db", DatabaseState::Available, "available");
    assert_eq!(short(&play.steps("db")), ["save Closed"]);
    assert_eq!(short(&play.steps("api")), ["save ToWake 2", "count 0 to 2"]);
    play.look();
    play.service("api").running = 1;
    assert!(play.steps("api").is_empty(), "not all tasks run");
    play.service("api").running = 2;
    assert_eq!(short(&play.steps("api")), ["save ToWake 2", "resume"]);
    play.look();
    assert_eq!(short(&play.steps("api")), ["save Closed 2"]);
    play.look();
    assert!(play.plan().ready);
    play.settle();
    play.assert_at_rest();
}

#[test]
fn a_long_weekend_ends_exactly_as_it_began() {
    let mut play = Estate::usual()
        .with_aurora("aurora")
        .with_service("outside", 8)
        .with_target(2, 6)
        .with_service("below", 1)
        .with_target(2, 6)
        .at(FRIDAY_NOON);
    let before = play.sight();
    play.turn_to(BEDTIME);
    play.settle();
    assert_ne!(play.sight(), before);
    play.turn_to(WAKING_TIME);
    play.settle();
    assert_eq!(play.sight(), before);
}

#[test]
fn a_database_is_started_only_when_it_is_stopped_and_only_if_we_stopped_it() {
    use DatabaseState::*;
    for state in [
        Available, Occupied, Changing, Starting, Stopping, Stopped, Deleting, Broken,
    ] {
        let mut play = Estate::usual().asleep();
        play.turn_to(WAKING_TIME);
        play.turn("db", state, "some-status");
        let starts = play.steps("db").contains(&Step::Start);
        assert_eq!(starts, state == Stopped, "{state:?}");
    }
}

#[test]
fn a_service_starts_only_when_the_databases_that_it_needs_are_usable() {
    use DatabaseState::*;
    for (state, starts) in [
        (Available, true),
        (Occupied, true),
        (Deleting, true),
        (Changing, false),
        (Starting, false),
        (Stopping, false),
        (Stopped, false),
        (Broken, false),
    ] {
        let mut play = Estate::usual().asleep();
        play.turn_to(WAKING_TIME);
        play.turn("db", state, "some-status");
        assert_eq!(!play.steps("web").is_empty(), starts, "{state:?}");
    }
}

#[test]
fn a_service_waits_for_the_databases_that_it_needs_and_for_no_other() {
    let mut play = Estate::usual()
        .with_database("other")
        .saying("needs: { api: [db], web: [] }")
        .asleep();
    play.turn_to(WAKING_TIME);
    assert_eq!(short(&play.steps("web")), ["save ToWake 1", "count 0 to 1"]);
    assert!(play.steps("api").is_empty());
    play.turn("db", DatabaseState::Available, "available");
    assert!(!play.steps("api").is_empty(), "`other` is not needed");
}

#[test]
fn a_database_that_could_not_be_listed_holds_only_those_that_need_it() {
    let mut play = Estate::usual().saying("needs: { web: [] }").asleep();
    play.turn_to(WAKING_TIME);
    play.world.snapshot.databases.clear();
    play.world.snapshot.unread.push(sleeping::throttled());
    assert!(play.steps("api").is_empty());
    assert!(!play.steps("web").is_empty());
    play.world.snapshot.unread.clear();
    play.world.snapshot.gone.push(database_arn("db"));
    assert!(
        !play.steps("api").is_empty(),
        "what is gone is not waited for"
    );
}

#[test]
fn databases_of_other_hands_are_waited_for_while_they_come_up_and_not_when_they_are_down() {
    use DatabaseState::*;
    for (state, starts) in [
        (Available, true),
        (Starting, false),
        (Changing, false),
        (Stopping, true),
        (Stopped, true),
        (Broken, true),
        (Deleting, true),
    ] {
        let mut play = Estate::usual().at(FRIDAY_NOON);
        play.turn("db", Stopped, "stopped");
        play.turn_to(BEDTIME);
        play.settle();
        assert_eq!(play.entry("db"), None);
        play.turn_to(WAKING_TIME);
        play.turn("db", state, "some-status");
        assert_eq!(!play.steps("web").is_empty(), starts, "{state:?}");
        assert!(play.steps("db").is_empty());
    }
}

#[test]
fn after_the_count_was_seen_once_a_0_is_a_persons() {
    let mut play = Estate::usual().asleep();
    play.turn_to(WAKING_TIME);
    play.pass(2);
    assert_eq!((play.count("web"), play.stage("web")), (1, Stage::ToWake));
    play.look();
    assert_eq!(play.stage("web"), Stage::Closed, "seen equal once");
    play.set("web", 0);
    play.settle();
    assert_eq!(play.count("web"), 0);
}

#[test]
fn a_0_between_the_count_and_the_suspension_is_a_persons_and_the_target_is_not_registered_at_it() {
    let mut play = Estate::usual().asleep();
    play.turn_to(WAKING_TIME);
    play.pass(2);
    assert_eq!(short(&play.steps("api")), ["save ToWake 2", "resume"]);
    play.die_after(1, "api");
    play.set("api", 0);
    play.settle();
    assert_eq!(play.count("api"), 0);
    assert_eq!(play.suspension("api"), Suspension::ALL);
    assert!(
        play.entry("api").unwrap().is_open(),
        "the suspension is not forgotten"
    );
    play.turn_to("2026-11-24T18:00");
    play.settle();
    play.turn_to("2026-11-25T09:00");
    play.settle();
    assert_eq!(play.count("api"), 0, "still the person's");
    play.set("api", 3);
    play.settle();
    assert_eq!(play.suspension("api"), Suspension::default());
    assert_eq!((play.count("api"), play.stage("api")), (3, Stage::Closed));
}

#[test]
fn a_wake_that_is_broken_off_after_the_count_was_seen_loses_neither_count_nor_suspension() {
    let mut play = Estate::usual().asleep();
    play.order(Order::Wake, minutes(3));
    play.pass(3);
    assert!(play.entry("api").unwrap().service.as_ref().unwrap().counted);
    play.settle();
    assert_eq!((play.count("api"), play.stage("api")), (0, Stage::Asleep));
    play.turn_to(WAKING_TIME);
    assert!(play.steps("api").is_empty(), "the database comes first");
    play.settle();
    assert_eq!(play.count("api"), 2);
    assert_eq!(play.suspension("api"), Suspension::default());
}

#[test]
fn the_document_may_say_what_to_wake_to() {
    let mut play = Estate::usual().saying("wake_to: { api: 4 }").asleep();
    play.turn_to(WAKING_TIME);
    play.settle();
    assert_eq!(play.count("api"), 4);
    assert_eq!(play.count("web"), 1);
    let ready = play.news.last().unwrap();
    assert!(
        matches!(ready, News::Ready { changed, .. }
            if changed.len() == 1 && (changed[0].before, changed[0].after) == (2, 4)),
        "{ready:?}"
    );
}

#[test]
fn what_to_wake_to_beats_a_hands_count() {
    let mut play = Estate::usual().saying("wake_to: { api: 4 }").asleep();
    play.turn_to(WAKING_TIME);
    play.set("api", 3);
    play.settle();
    assert_eq!(play.count("api"), 4);
}

#[test]
fn an_early_wake_is_not_put_to_sleep_again_before_its_opening() {
    let mut play = Estate::usual().asleep();
    play.turn_to(WAKING_TIME);
    play.settle();
    assert!(play.now < jst("2026-11-24T08:46"), "{}", play.now);
    let lead = play.world.record.lead(SignedDuration::ZERO);
    assert!(
        lead < minutes(14),
        "a quick wake teaches a short lead: {lead}"
    );
    while play.now < jst("2026-11-24T18:00") {
        let plan = play.plan();
        assert_eq!(plan.wanted.state, Some(State::Awake), "{}", play.now);
        assert_eq!(
            plan.wanted.until,
            Some(jst("2026-11-24T18:00")),
            "{}",
            play.now
        );
        assert!(plan.chains.is_empty(), "{}", play.now);
        play.pass(1);
    }
    assert_eq!(play.plan().wanted.state, Some(State::Asleep));
    play.settle();
    let lead = play.world.record.lead(SignedDuration::ZERO);
    assert_eq!(
        play.plan().wanted.until,
        Some(jst("2026-11-25T09:00") - lead)
    );
}

#[test]
fn an_order_that_ends_long_before_opening_does_not_keep_the_estate_up_until_then() {
    let mut play = Estate::usual().asleep();
    play.turn_to("2026-11-24T05:00");
    play.order(Order::Wake, minutes(30));
    play.pass(30);
    assert_eq!(play.plan().wanted.state, Some(State::Asleep));
}

#[test]
fn the_lead_is_learned_from_the_slowest_wake() {
    let mut play = Estate::usual().asleep();
    play.world.record.remember(Wake {
        began: jst("2026-11-19T08:40"),
        seconds: 20 * 60,
        database_seconds: None,
    });
    let plan = play.plan();
    // Twenty minutes, a fifth more, and two for the tick.
    assert_eq!(plan.wanted.until, Some(jst("2026-11-24T08:34")));
}

#[test]
fn a_clamped_service_is_not_given_more_tasks_before_its_database_is_there() {
    let mut play = Estate::usual().asleep();
    play.turn_to(WAKING_TIME);
    play.set("api", 1);
    assert!(play.steps("api").is_empty());
    play.settle();
    assert_eq!(play.count("api"), 2);
}

#[test]
fn a_target_that_appeared_or_vanished_at_night_is_not_ours_to_change_in_the_morning() {
    let mut play = Estate::usual().asleep();
    play.turn_to(WAKING_TIME);
    play.service("api").target = None;
    let web = target(play.service("web"), 1, 3);
    play.service("web").target = Some(web);
    play.settle();
    assert_eq!((play.count("api"), play.count("web")), (2, 1));
    assert_eq!(play.suspension("web"), Suspension::default());
}

#[test]
fn while_a_service_is_not_steady_the_estate_is_not_ready() {
    let mut play = Estate::usual().asleep();
    play.turn_to(WAKING_TIME);
    play.pass(2);
    play.service("web").deployment.as_mut().unwrap().rollout = Rollout::InProgress;
    play.pass(5);
    assert!(!play.plan().ready && !play.plan().settled);
    assert_eq!(play.heard(|news| matches!(news, News::Ready { .. })), 0);
    play.service("web").deployment.as_mut().unwrap().rollout = Rollout::Completed;
    play.settle();
    assert!(play.plan().ready);
    assert_eq!(play.heard(|news| matches!(news, News::Ready { .. })), 1);
}

#[test]
fn without_a_rollout_state_the_health_of_the_tasks_decides() {
    let mut play = Estate::usual().asleep();
    play.turn_to(WAKING_TIME);
    play.service("web").deployment = None;
    play.service("web").healthy = Some(0);
    play.pass(5);
    assert!(!play.plan().ready);
    play.service("web").healthy = Some(1);
    play.settle();
    assert!(play.plan().ready);
}

#[test]
fn a_lost_record_loses_no_count() {
    let mut play = Estate::usual().at(FRIDAY_NOON);
    let before = play.sight();
    play.turn_to(BEDTIME);
    play.pass(2);
    play.world.record = EstateRecord::new(play.now);
    play.settle();
    play.turn_to(WAKING_TIME);
    play.pass(1);
    play.world.record = EstateRecord::new(play.now);
    play.pass(5);
    assert_eq!(play.sight(), before);
}

#[test]
fn only_a_whole_wake_from_full_sleep_teaches_the_lead() {
    let mut broken_off = Estate::usual().at(BEDTIME);
    broken_off.pass(1);
    broken_off.order(Order::Wake, minutes(60));
    broken_off.settle();
    assert!(matches!(broken_off.news.last(), Some(News::Ready { .. })));
    assert!(broken_off.world.record.wakes.is_empty());

    let mut held = Estate::usual().asleep();
    held.turn_to(WAKING_TIME);
    held.pass(1);
    held.order(Order::Hold, minutes(10));
    held.pass(10);
    held.settle();
    assert!(matches!(held.news.last(), Some(News::Ready { .. })));
    assert!(held.world.record.wakes.is_empty());

    let mut whole = Estate::usual().asleep();
    whole.turn_to(WAKING_TIME);
    whole.settle();
    assert_eq!(whole.world.record.wakes.len(), 1);
    whole.turn_to("2026-11-24T12:00");
    whole.order(Order::Sleep, minutes(1));
    whole.pass(1);
    whole.settle();
    assert_eq!(whole.world.record.wakes.len(), 1, "and only itself");
}

#[test]
fn what_is_usable_makes_an_estate_ready_and_nothing_else_does() {
    use DatabaseState::*;
    type Case = (&'static str, fn(&mut Play), bool);
    let cases: [Case; 9] = [
        ("as it is", |_| (), true),
        (
            "a rollout",
            |play| play.service("web").deployment.as_mut().unwrap().rollout = Rollout::InProgress,
            false,
        ),
        (
            "a rollout at 0",
            |play| {
                play.set("web", 0);
                play.service("web").deployment.as_mut().unwrap().rollout = Rollout::InProgress;
            },
            true,
        ),
        (
            "another estate's rollout",
            |play| {
                play.service("web").tag = Some("another".to_owned());
                play.service("web").deployment.as_mut().unwrap().rollout = Rollout::InProgress;
            },
            true,
        ),
        ("backing up", |play| play.turn("db", Occupied, "-"), true),
        ("rebooting", |play| play.turn("db", Changing, "-"), false),
        ("stopped", |play| play.turn("db", Stopped, "-"), true),
        (
            "another estate's database",
            |play| {
                play.turn("db", Changing, "-");
                "theirs".clone_into(&mut play.database("db").name);
            },
            true,
        ),
        (
            "unread",
            |play| play.world.snapshot.unread.push(sleeping::throttled()),
            false,
        ),
    ];
    for (case, change, ready) in cases {
        let mut play = Estate::usual().at(FRIDAY_NOON);
        play.order(Order::Hold, minutes(60));
        change(&mut play);
        assert_eq!(play.plan().ready, ready, "{case}");
    }
    let mut asleep = Estate::usual().asleep();
    asleep.order(Order::Hold, minutes(60));
    asleep.world.snapshot.services.clear();
    assert!(!asleep.plan().ready, "stopped by us");
}

#[test]
fn by_day_an_unsteady_service_is_not_waited_for_and_the_estate_is_not_ready() {
    let mut play = Estate::usual().at(FRIDAY_NOON);
    play.service("web").deployment.as_mut().unwrap().rollout = Rollout::InProgress;
    let plan = play.plan();
    assert!(!plan.ready && !plan.settled);
    assert!(plan.rows.iter().all(|row| row.settled), "{:?}", plan.rows);
}

#[test]
fn a_service_at_0_is_wanted_by_nobody_and_not_waited_for() {
    let mut play = Estate::usual().with_service("job", 0).asleep();
    play.service("job").deployment.as_mut().unwrap().rollout = Rollout::InProgress;
    play.turn_to(WAKING_TIME);
    play.settle();
    assert!(play.plan().ready);
    let wanted = |name: &str| {
        let row = play.rows().into_iter().find(|row| row.name == name);
        row.unwrap().wanted
    };
    assert_eq!(wanted("job"), None);
    assert_eq!(wanted("web"), Some(State::Awake));
}

#[test]
fn what_a_database_is_waited_for_says_whether_a_person_must_mend_it() {
    use DatabaseState::*;
    let status = "some-status".to_owned();
    for (state, cause) in [
        (
            Broken,
            Cause::Broken {
                status: status.clone(),
            },
        ),
        (Changing, Cause::Status { status }),
    ] {
        let mut play = Estate::usual().asleep();
        play.turn_to(WAKING_TIME);
        play.turn("db", state, "some-status");
        assert_eq!(play.waits_for("db"), Some(cause));
    }
}

#[test]
fn of_the_databases_that_nobody_sees_a_service_waits_for_those_that_it_needs() {
    let mut play = Estate::usual()
        .with_database("other")
        .saying("needs: { api: [db], web: [other] }")
        .asleep();
    play.turn_to(WAKING_TIME);
    play.world.snapshot.databases.clear();
    for (service, database) in [("api", "db"), ("web", "other")] {
        let databases = vec![database.to_owned()];
        assert_eq!(
            play.waits_for(service),
            Some(Cause::NeedsDatabases { databases })
        );
    }
}

#[test]
fn a_closed_entry_that_nobody_sees_does_not_hold_the_estate_back() {
    let mut play = Estate::usual().asleep();
    let arn = service_arn("staging", "web");
    let entry = &mut play.world.entries.get_mut(&arn).unwrap().item;
    entry.stage = Stage::Closed;
    play.world
        .snapshot
        .services
        .retain(|service| service.arn != arn);
    play.turn_to(WAKING_TIME);
    play.settle();
    assert_eq!(play.heard(|news| matches!(news, News::Ready { .. })), 1);
}

#[test]
fn what_has_its_tasks_back_waits_for_no_database() {
    let mut play = Estate::usual().asleep();
    play.turn_to(WAKING_TIME);
    play.pass(2);
    play.turn("db", DatabaseState::Changing, "rebooting");
    assert_eq!(short(&play.steps("api")), ["save ToWake 2", "resume"]);
    play.die_after(1, "api");
    play.set("api", 0);
    assert_eq!(play.waits_for("api"), None, "a 0 is a person's by now");
}

#[test]
fn a_count_that_somebody_set_while_it_slept_is_saved_and_stays() {
    let mut play = Estate::usual().asleep();
    play.turn_to(WAKING_TIME);
    play.set("web", 3);
    assert_eq!(short(&play.steps("web")), ["save ToWake 3"]);
    play.settle();
    assert_eq!(play.count("web"), 3);
}

#[test]
fn the_tag_of_a_service_is_asked_for_only_where_it_is_still_at_0() {
    for (count, told) in [(0, 1), (1, 0)] {
        let mut play = Estate::usual().asleep();
        play.turn_to(WAKING_TIME);
        play.turn("db", DatabaseState::Available, "available");
        play.service("web").tag = None;
        play.set("web", count);
        play.look();
        assert_eq!(
            play.heard(|news| matches!(news, News::NoConsent { .. })),
            told,
            "{count}"
        );
    }
}

#[test]
fn of_a_count_beyond_the_bounds_only_the_clamp_is_undone_and_no_hand() {
    for (hand, woken) in [(None, 7), (Some(3), 3)] {
        let mut play = Estate::named("staging")
            .with_service("api", 7)
            .with_target(2, 5)
            .asleep();
        play.turn_to(WAKING_TIME);
        play.look();
        assert_eq!(short(&play.steps("api")), ["save ToWake 7", "resume"]);
        play.look();
        assert_eq!(play.count("api"), 5);
        if let Some(hand) = hand {
            play.set("api", hand);
        }
        play.settle();
        assert_eq!(play.count("api"), woken, "{hand:?}");
    }
}
