//! Towards sleep: save, suspend, count 0; then the databases.

use super::*;

#[test]
fn in_opening_hours_nothing_is_done() {
    let mut play = Estate::usual().at(FRIDAY_NOON);
    play.look();
    play.assert_at_rest();
    assert!(play.plan().ready);
    assert!(play.world.entries.is_empty());
}

#[test]
fn at_bedtime_the_count_is_saved_before_scaling_is_suspended_before_the_count_is_0() {
    let play = Estate::usual().at(BEDTIME);
    assert_eq!(
        short(&play.steps("api")),
        ["save ToSleep 2", "suspend", "count 2 to 0"]
    );
    assert_eq!(
        short(&play.steps("web")),
        ["save ToSleep 1", "count 1 to 0"]
    );
    let steps = play.steps("api");
    let Step::Save(entry) = &steps[0] else {
        panic!("{steps:?}")
    };
    let saved = entry.service.as_ref().unwrap();
    assert_eq!(saved.suspension, Some(Suspension::default()));
    assert_eq!(saved.bounds, Some(Bounds { min: 1, max: 5 }));
    let owner = Owner {
        function: "power-staging".to_owned(),
        purpose: "sleep".to_owned(),
        until: jst("2026-11-20T19:00"),
    };
    assert_eq!(entry.owner, Some(owner));
}

#[test]
fn a_minute_before_bedtime_is_not_bedtime() {
    let mut play = Estate::usual().at("2026-11-20T17:59");
    play.look();
    play.assert_at_rest();
}

/// What is otherwise than it should be, and whether the database is stopped all the same.
type Hindrance = (&'static str, fn(&mut Play), bool);

#[test]
fn a_database_is_stopped_only_when_no_task_of_its_services_is_left() {
    let mut play = Estate::usual().at(BEDTIME);
    let cases: [Hindrance; 6] = [
        ("asleep", |_| (), true),
        ("desired", |play| play.service("web").desired = 1, false),
        ("running", |play| play.service("web").running = 1, false),
        ("pending", |play| play.service("web").pending = 1, false),
        (
            "tasks of a service",
            |play| play.world.snapshot.tasks.as_mut().unwrap().of_services = 1,
            false,
        ),
        (
            "tasks not read",
            |play| play.world.snapshot.tasks = None,
            false,
        ),
    ];
    play.pass(2);
    for (case, change, stops) in cases {
        let mut play = Play {
            sleeper: play.sleeper.clone(),
            world: play.world.clone(),
            rivals: BTreeMap::new(),
            news: Vec::new(),
            ..play
        };
        change(&mut play);
        let steps = short(&play.steps("db"));
        let expected: &[&str] = if stops {
            &["save ToSleep", "stop"]
        } else {
            &[]
        };
        assert_eq!(steps, expected, "{case}");
    }
}

#[test]
fn a_database_is_stopped_a_look_after_its_services_were_seen_asleep() {
    let mut play = Estate::usual().at(BEDTIME);
    play.pass(1);
    let seen = play.plan();
    let services = ["api", "web"].map(|name| short(&play.steps(name)));
    assert_eq!(services, [["save Asleep 2"], ["save Asleep 1"]]);
    assert!(
        play.steps("db").is_empty(),
        "what says so may be some seconds old"
    );
    assert!(!seen.settled);
    play.pass(1);
    assert_eq!(short(&play.steps("db")), ["save ToSleep", "stop"]);
}

#[test]
fn the_whole_evening_ends_with_everything_asleep_and_one_message() {
    let mut play = Estate::usual().with_aurora("aurora").at(BEDTIME);
    play.settle();
    assert_eq!((play.count("api"), play.count("web")), (0, 0));
    assert_eq!(play.suspension("api"), Suspension::ALL);
    assert_eq!(play.state("db"), DatabaseState::Stopped);
    assert_eq!(play.state("aurora"), DatabaseState::Stopped);
    for name in ["api", "web", "db", "aurora"] {
        assert_eq!(play.stage(name), Stage::Asleep, "{name}");
        assert_eq!(play.entry(name).unwrap().owner, None, "{name}");
    }
    assert_eq!(
        play.news,
        [News::Asleep {
            began: jst(BEDTIME),
            services: 2,
            databases: 2,
            until: Some(jst(WAKING_TIME)),
        }]
    );
    play.assert_at_rest();
    assert!(!play.plan().ready);
}

#[test]
fn a_service_at_0_by_a_person_gets_no_entry_and_stays_at_0_in_the_morning() {
    let mut play = Estate::usual().with_service("job", 0).at(BEDTIME);
    play.settle();
    assert_eq!(play.entry("job"), None);
    play.turn_to(WAKING_TIME);
    play.settle();
    assert_eq!(play.count("job"), 0);
    assert_eq!(play.entry("job"), None);
    let ready = play.news.last().unwrap();
    assert!(
        matches!(ready, News::Ready { left_at_zero, .. } if left_at_zero == &["job".to_owned()]),
        "{ready:?}"
    );
}

#[test]
fn a_service_at_0_keeps_its_suspension_as_it_is() {
    let mut play = Estate::named("staging")
        .with_service("job", 0)
        .with_target(1, 3)
        .at(BEDTIME);
    play.settle();
    assert_eq!(play.suspension("job"), Suspension::default());
    play.turn_to(WAKING_TIME);
    play.settle();
    assert_eq!(play.suspension("job"), Suspension::default());
    assert_eq!(play.count("job"), 0);
}

#[test]
fn what_was_suspended_already_comes_back_suspended() {
    let in_part = Suspension {
        scheduled: true,
        ..Suspension::default()
    };
    for found in [Suspension::ALL, in_part] {
        let mut play = Estate::usual().at(BEDTIME);
        play.service("api").target.as_mut().unwrap().suspension = found;
        let suspends = play.steps("api").contains(&Step::Suspend);
        assert_eq!(suspends, found != Suspension::ALL);
        play.settle();
        play.turn_to(WAKING_TIME);
        play.settle();
        assert_eq!(play.suspension("api"), found);
        assert_eq!(play.count("api"), 2);
    }
}

#[test]
fn stand_alone_tasks_hold_the_databases_and_are_reported_after_ten_minutes_and_at_the_deadline() {
    let mut play = Estate::usual().at(BEDTIME);
    let tasks = play.world.snapshot.tasks.as_mut().unwrap();
    tasks.standalone = vec!["family:migrate".to_owned()];
    play.pass(11);
    let not_yet = |news: &News| matches!(news, News::NotYet { resource, .. } if resource == "db");
    assert_eq!(play.heard(not_yet), 0, "{:?}", play.news);
    play.pass(49);
    assert_eq!(play.heard(not_yet), 1, "{:?}", play.news);
    let stuck = |news: &News| {
        matches!(news, News::Stuck { resource, wanted: State::Asleep, cause: Cause::StandaloneTasks { groups }, .. }
            if resource == "db" && groups == &["family:migrate".to_owned()])
    };
    assert_eq!(play.heard(stuck), 0, "{:?}", play.news);
    play.pass(60);
    assert_eq!(play.heard(stuck), 1, "{:?}", play.news);
    assert_eq!(play.state("db"), DatabaseState::Available, "still held");
    let by_hand = |news: &News| matches!(news, News::AwakeByHand { .. });
    assert_eq!(play.heard(by_hand), 0, "nobody's hand: {:?}", play.news);
    play.world.snapshot.tasks = Some(Tasks::default());
    play.settle();
    assert_eq!(play.state("db"), DatabaseState::Stopped);
    assert_eq!(play.heard(by_hand), 0, "{:?}", play.news);
}

#[test]
fn a_database_that_is_backing_up_for_an_hour_is_stopped_as_soon_as_it_can_be() {
    let mut play = Estate::usual().at(BEDTIME);
    play.turn("db", DatabaseState::Occupied, "backing-up");
    play.pass(50);
    assert_eq!(play.state("db"), DatabaseState::Occupied);
    play.turn("db", DatabaseState::Available, "available");
    assert_eq!(short(&play.steps("db")), ["save ToSleep", "stop"]);
    assert_eq!(play.news.len(), 1, "one `NotYet`: {:?}", play.news);
}

#[test]
fn only_an_available_database_is_stopped() {
    use DatabaseState::*;
    for state in [
        Available, Occupied, Changing, Starting, Stopping, Stopped, Deleting, Broken,
    ] {
        let mut play = Estate::usual().at(BEDTIME);
        play.turn("db", DatabaseState::Occupied, "backing-up");
        play.pass(2);
        play.turn("db", state, "some-status");
        let stops = play.steps("db").contains(&Step::Stop);
        assert_eq!(stops, state == Available, "{state:?}");
    }
}

#[test]
fn a_database_that_somebody_stopped_gets_no_entry_and_is_not_started_in_the_morning() {
    let mut play = Estate::usual().at(FRIDAY_NOON);
    play.turn("db", DatabaseState::Stopped, "stopped");
    play.turn_to(BEDTIME);
    play.settle();
    assert_eq!(play.entry("db"), None);
    play.turn_to(WAKING_TIME);
    play.settle();
    assert_eq!(play.state("db"), DatabaseState::Stopped);
    assert_eq!(play.count("api"), 2, "it is not waited for");
}

#[test]
fn what_can_never_be_stopped_is_said_once_for_all_nights_with_its_price() {
    let mut play = Estate::usual()
        .with_database("replica")
        .where_database(|database| database.never = Some(Never::Replica))
        .at(BEDTIME);
    for day in ["2026-11-24", "2026-11-25"] {
        play.settle();
        play.turn_to(&format!("{day}T09:00"));
        play.settle();
        play.turn_to(&format!("{day}T18:00"));
    }
    play.settle();
    let never: Vec<&News> = play
        .news
        .iter()
        .filter(|news| matches!(news, News::NeverStops { .. }))
        .collect();
    assert_eq!(never.len(), 1, "{:?}", play.news);
    assert!(
        matches!(never[0], News::NeverStops { resource, hourly: Some(hourly), .. }
        if resource == "replica" && (hourly.amount - 0.025).abs() < 1e-9)
    );
    assert_eq!(play.state("replica"), DatabaseState::Available);
    assert_eq!(play.state("db"), DatabaseState::Stopped);
    assert_eq!(play.world.record.phase, Phase::Asleep, "it hinders nothing");
}

#[test]
fn a_database_that_became_unstoppable_at_night_is_given_back_instead_of_being_tried_for_ever() {
    let mut play = Estate::usual().asleep();
    play.turn("db", DatabaseState::Available, "available");
    play.database("db").never = Some(Never::ReplicaSource);
    play.settle();
    assert_eq!(play.stage("db"), Stage::Closed);
    assert_eq!(play.state("db"), DatabaseState::Available);
}

#[test]
fn without_consent_nothing_is_touched_and_it_is_said_once() {
    let mut play = Estate::usual().at(BEDTIME);
    play.service("web").tag = None;
    play.database("db").tag = Some("another".to_owned());
    for day in ["2026-11-24", "2026-11-25"] {
        play.pass(90);
        play.turn_to(&format!("{day}T09:00"));
        play.settle();
        play.turn_to(&format!("{day}T18:00"));
    }
    assert_eq!(play.count("web"), 1);
    assert_eq!(play.state("db"), DatabaseState::Available);
    assert_eq!((play.entry("web"), play.entry("db")), (None, None));
    assert_eq!(play.heard(|news| matches!(news, News::NoConsent { .. })), 2);
}

#[test]
fn a_service_in_the_list_that_carries_another_estates_tag_is_not_touched() {
    let mut play = Estate::usual().of_services("[api, web]").at(BEDTIME);
    play.service("web").tag = Some("another".to_owned());
    play.pass(3);
    assert_eq!((play.count("api"), play.count("web")), (0, 1));
    let found = Some("another".to_owned());
    assert!(play.news.iter().any(
        |news| matches!(news, News::NoConsent { found: other, asleep: false, .. } if *other == found)
    ));
}

#[test]
fn a_scalable_target_must_consent_too_and_one_whose_tag_was_not_read_is_no_hindrance() {
    let mut play = Estate::usual().at(BEDTIME);
    play.service("api").target.as_mut().unwrap().tag = Tag::Read(None);
    assert!(play.steps("api").is_empty());
    let target = play.service("api").target.as_ref().unwrap().arn.clone();
    play.look();
    assert!(
        play.news.iter().any(
            |news| matches!(news, News::NoConsent { arn, asleep: false, .. } if Some(arn) == target.as_ref())
        ),
        "{:?}",
        play.news
    );
    play.service("api").target.as_mut().unwrap().tag = Tag::NotRead;
    assert!(!play.steps("api").is_empty());
}

#[test]
fn a_daemon_has_no_count_to_set() {
    let play = Estate::named("staging")
        .with_service("agent", 3)
        .where_service(|service| service.daemon = true)
        .at(BEDTIME);
    assert!(play.steps("agent").is_empty());
}

#[test]
fn what_could_not_be_read_holds_the_databases() {
    let mut play = Estate::usual().at(BEDTIME);
    play.pass(2);
    play.world.snapshot.unread.push(throttled());
    assert!(play.steps("db").is_empty());
    assert!(!play.plan().settled);
    play.world.snapshot.unread.clear();
    assert_eq!(short(&play.steps("db")), ["save ToSleep", "stop"]);
}

pub(super) fn throttled() -> Failure {
    Failure {
        resource: "staging".to_owned(),
        action: "ecs:DescribeServices".to_owned(),
        code: "ThrottlingException".to_owned(),
        message: "Rate exceeded".to_owned(),
        denied: false,
    }
}

#[test]
fn an_estate_of_databases_alone_asks_for_no_tasks() {
    let mut play = Estate::named("staging").with_database("db").at(BEDTIME);
    play.sleeper = parse(
        "staging",
        "version: 1\nsleep: { calendar: business, databases: [db] }",
    );
    play.world.snapshot.tasks = None;
    play.settle();
    assert_eq!(play.state("db"), DatabaseState::Stopped);
}

#[test]
fn a_resource_that_another_function_changes_is_left_alone_until_its_deadline() {
    let mut play = Estate::usual().at(BEDTIME);
    play.settle();
    play.turn_to(WAKING_TIME);
    let arn = service_arn("staging", "web");
    let owner = Owner {
        function: "rotate-secrets".to_owned(),
        purpose: "rotate".to_owned(),
        until: jst("2026-11-24T08:50"),
    };
    let entry = &mut play.world.entries.get_mut(&arn).unwrap().item;
    entry.owner = Some(owner);
    play.pass(10);
    assert_eq!(play.count("web"), 0);
    assert!(matches!(
        play.waits_for("api"),
        None | Some(Cause::JustChanged)
    ));
    play.pass(1);
    assert_eq!(play.count("web"), 1);
}

#[test]
fn what_another_function_changed_across_bedtime_is_put_to_sleep_after_it_without_a_grace() {
    let mut play = Estate::usual().at(FRIDAY_NOON);
    play.turn_to(BEDTIME);
    play.settle();
    play.turn_to(WAKING_TIME);
    play.settle();
    play.turn_to("2026-11-24T18:00");
    for name in ["web", "db"] {
        let arn = play.entry(name).unwrap().arn.clone();
        let entry = &mut play.world.entries.get_mut(&arn).unwrap().item;
        entry.owner = Some(Owner {
            function: "rotate-secrets".to_owned(),
            purpose: "rotate".to_owned(),
            until: jst("2026-11-24T18:45"),
        });
    }
    play.pass(45);
    assert_eq!((play.count("web"), play.count("api")), (1, 0));
    play.settle();
    assert_eq!(play.count("web"), 0);
    assert_eq!(play.state("db"), DatabaseState::Stopped);
    assert_eq!(play.now, jst("2026-11-24T18:49"));
    let by_hand = |news: &News| matches!(news, News::AwakeByHand { .. });
    assert_eq!(play.heard(by_hand), 0, "{:?}", play.news);
}

#[test]
fn a_crash_after_each_step_of_bedtime_loses_nothing() {
    for taken in 0..=3 {
        let mut play = Estate::usual().at(BEDTIME);
        play.die_after(taken, "api");
        play.now += minutes(1);
        play.settle();
        assert_eq!(play.saved("api"), 2, "{taken}");
        play.turn_to(WAKING_TIME);
        play.settle();
        assert_eq!(play.count("api"), 2, "{taken}");
        assert_eq!(play.suspension("api"), Suspension::default(), "{taken}");
    }
}

#[test]
fn a_count_beyond_the_bounds_survives_a_crash_after_suspending_has_clamped_it() {
    for (count, clamped) in [(7, 5), (1, 2)] {
        let mut play = Estate::named("staging")
            .with_service("api", count)
            .with_target(2, 5)
            .at(BEDTIME);
        play.die_after(2, "api");
        assert_eq!(play.count("api"), clamped);
        play.now += minutes(1);
        play.settle();
        assert_eq!(play.saved("api"), count);
        play.turn_to(WAKING_TIME);
        play.settle();
        assert_eq!(play.count("api"), count);
    }
}

#[test]
fn an_entry_that_holds_no_count_is_never_taken_for_one_that_does() {
    let mut play = Estate::usual().asleep();
    let arn = service_arn("staging", "web");
    play.world.entries.get_mut(&arn).unwrap().item.service = None;
    play.turn_to(WAKING_TIME);
    play.pass(3);
    play.set("web", 3);
    play.turn_to("2026-11-24T18:00");
    play.pass(3);
    assert_eq!((play.count("web"), play.saved("web")), (0, 3));
}

#[test]
fn services_of_other_estates_in_the_same_cluster_neither_sleep_nor_hold_the_databases() {
    let mut play = Estate::usual().with_service("theirs", 4).at(BEDTIME);
    play.service("theirs").tag = Some("another".to_owned());
    play.settle();
    assert_eq!(play.count("theirs"), 4);
    assert_eq!(play.entry("theirs"), None);
    assert_eq!(play.state("db"), DatabaseState::Stopped);
    play.turn_to(WAKING_TIME);
    play.settle();
    assert!(play.rows().iter().all(|row| row.name != "theirs"));
}

#[test]
fn a_service_whose_consent_could_not_be_read_is_left_for_the_next_look() {
    let mut play = Estate::usual().with_target(1, 5).at(BEDTIME);
    let arn = play.service("api").arn.as_str().to_owned();
    play.world.snapshot.unread.push(Failure {
        resource: arn,
        action: "application-autoscaling:ListTagsForResource".to_owned(),
        code: "ThrottlingException".to_owned(),
        message: "Rate exceeded".to_owned(),
        denied: false,
    });
    assert!(play.steps("api").is_empty());
    assert!(matches!(
        play.waits_for("api"),
        Some(Cause::Unreadable { .. })
    ));
    assert!(!play.steps("web").is_empty(), "the others go on");
    play.world.snapshot.unread.clear();
    assert!(!play.steps("api").is_empty());
}

#[test]
fn a_service_whose_tasks_still_end_is_waited_for_with_their_number() {
    let mut play = Estate::usual().at(BEDTIME);
    play.look();
    play.service("web").running = 1;
    play.look();
    assert_eq!(play.stage("web"), Stage::Asleep);
    assert_eq!(play.waits_for("web"), Some(Cause::Draining { tasks: 1 }));
    play.service("web").running = 0;
    assert_eq!(play.waits_for("web"), None);
}

#[test]
fn a_database_that_waits_names_the_services_that_run() {
    let play = Estate::usual().at(BEDTIME);
    assert_eq!(
        play.waits_for("db"),
        Some(Cause::ServicesAwake {
            services: vec!["api".to_owned(), "web".to_owned()]
        })
    );
}

#[test]
fn a_database_that_falls_asleep_holds_no_other_one() {
    let mut play = Estate::usual().with_database("other").at(BEDTIME);
    play.turn("other", DatabaseState::Occupied, "backing-up");
    play.pass(3);
    play.turn("other", DatabaseState::Available, "available");
    assert_eq!(short(&play.steps("db")), ["save Asleep"]);
    assert_eq!(short(&play.steps("other")), ["save ToSleep", "stop"]);
}

#[test]
fn a_database_whose_stop_was_lost_is_stopped_again_without_a_grace() {
    let mut play = Estate::usual().at(BEDTIME);
    play.pass(2);
    assert_eq!(short(&play.steps("db")), ["save ToSleep", "stop"]);
    play.look();
    play.turn("db", DatabaseState::Available, "available");
    assert_eq!(short(&play.steps("db")), ["stop"]);
    assert_eq!(
        play.heard(|news| matches!(news, News::AwakeByHand { .. })),
        0
    );
}
