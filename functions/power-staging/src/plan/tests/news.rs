//! What is told, with which facts, and when.

use nightshift::keep::plan::Step as _;

use super::*;
use crate::plan::failed;

#[test]
fn ready_tells_how_long_it_took_what_it_saved_and_for_which_opening() {
    let mut play = Estate::usual()
        .saying("still_billed: [NAT gateway]")
        .asleep();
    play.turn_to(WAKING_TIME);
    play.look();
    play.turn("db", DatabaseState::Starting, "starting");
    play.now += minutes(1);
    play.pass(3);
    play.turn("db", DatabaseState::Available, "available");
    play.settle();
    let [
        News::Ready {
            opening,
            woke_seconds,
            database_seconds,
            services,
            slept_at,
            changed,
            left_at_zero,
            saved,
            still_billed,
        },
    ] = &play.news[..]
    else {
        panic!("{:?}", play.news)
    };
    assert_eq!(*opening, Some(jst(OPENING)));
    assert_eq!(*database_seconds, Some(4 * 60));
    assert_eq!(*woke_seconds, 7 * 60);
    assert_eq!(*slept_at, Some(jst(BEDTIME)));
    assert!(changed.is_empty() && left_at_zero.is_empty());
    assert_eq!(still_billed, &["ALB", "RDS storage", "NAT gateway"]);
    assert_eq!(services.len(), 2);
    // Three tasks of 0.03 and a database of 0.025 an hour, from Friday 18:00 to Tuesday 8:40.
    let expected = (3.0 * 0.03 + 0.025) * (86.0 + 40.0 / 60.0);
    let saved = saved.as_ref().unwrap();
    assert!((saved.amount - expected).abs() < 1e-9, "{saved:?}");
    let wake = play.world.record.wakes.last().unwrap();
    assert_eq!((wake.began, wake.seconds), (jst(WAKING_TIME), 7 * 60));
}

#[test]
fn a_wake_in_the_middle_of_the_day_is_not_late_for_the_morning() {
    let mut play = Estate::usual().asleep();
    play.turn_to("2026-11-24T07:00");
    play.order(Order::Sleep, minutes(5 * 60));
    play.turn_to("2026-11-24T12:00");
    play.settle();
    let openings: Vec<_> = play
        .news
        .iter()
        .filter_map(|news| match news {
            News::Ready { opening, .. } => Some(*opening),
            _ => None,
        })
        .collect();
    assert_eq!(openings, [None]);
}

#[test]
fn a_wake_that_somebody_ordered_names_no_opening() {
    let mut play = Estate::usual().asleep();
    play.order(Order::Wake, minutes(60));
    play.settle();
    assert!(matches!(
        play.news.last(),
        Some(News::Ready { opening: None, .. })
    ));
}

#[test]
fn what_is_late_is_told_at_opening_and_not_before() {
    let mut play = Estate::usual().asleep();
    play.turn_to(WAKING_TIME);
    play.look();
    play.turn("db", DatabaseState::Starting, "starting");
    play.pass(20);
    let stuck = |news: &News| {
        matches!(
            news,
            News::Stuck {
                wanted: State::Awake,
                ..
            }
        )
    };
    assert_eq!(play.heard(stuck), 0, "{:?}", play.news);
    assert_eq!(play.now, jst(OPENING));
    play.look();
    assert!(
        play.heard(|news| matches!(news,
        News::Stuck { resource, wanted: State::Awake, .. } if resource == "db"))
            == 1,
        "{:?}",
        play.news
    );
    let told = play.heard(stuck);
    play.now += minutes(1);
    play.pass(200);
    assert_eq!(play.heard(stuck), told, "once");
}

#[test]
fn a_database_that_is_changed_by_day_is_no_alarm_until_the_deadline() {
    let mut play = Estate::usual().asleep();
    play.turn_to(WAKING_TIME);
    play.settle();
    play.news.clear();
    play.turn_to("2026-11-24T15:00");
    play.turn("db", DatabaseState::Changing, "rebooting");
    play.pass(60);
    assert!(play.news.is_empty(), "{:?}", play.news);
    play.look();
    assert_eq!(play.heard(|news| matches!(news, News::Stuck { .. })), 1);
}

#[test]
fn a_broken_database_is_stuck_after_the_documents_deadline() {
    let mut play = Estate::usual().saying("stuck_after: 15m").at(BEDTIME);
    play.turn("db", DatabaseState::Broken, "storage-full");
    play.pass(17);
    assert!(play.news.is_empty(), "{:?}", play.news);
    play.look();
    assert!(
        matches!(&play.news[..], [News::Stuck { cause: Cause::Broken { status }, .. }] if status == "storage-full")
    );
}

#[test]
fn what_is_told_by_one_look_is_told_again_if_it_could_not_be_written_down() {
    let mut play = Estate::usual().asleep();
    play.set("web", 3);
    let (first, second) = (play.plan(), play.plan());
    assert_eq!(first.matters.to_tell(), second.matters.to_tell());
    assert_eq!(first.matters.to_tell().len(), 1);
}

#[test]
fn names_in_the_document_that_are_not_there_are_told_after_ten_minutes() {
    let mut play = Estate::usual().at(FRIDAY_NOON);
    play.world.snapshot.not_found.push("wbe".to_owned());
    play.pass(10);
    assert!(play.news.is_empty());
    play.look();
    assert!(matches!(&play.news[..], [News::NotFound { resource }] if resource == "wbe"));
}

#[test]
fn a_missing_permission_is_told_at_once_and_a_throttle_after_ten_minutes() {
    for (denied, patience) in [(true, 0), (false, 10)] {
        let mut play = Estate::usual().at(FRIDAY_NOON);
        play.world.snapshot.unread.push(Failure {
            denied,
            ..sleeping::throttled()
        });
        play.pass(patience);
        assert!(play.news.is_empty(), "{denied}");
        play.look();
        assert!(matches!(&play.news[..], [News::CannotRead { .. }]));
    }
}

/// The steps that a dry run foresees, in short.
fn foreseen(play: &Play) -> Vec<String> {
    let deeds = crate::foresee::foresee(&play.view());
    let short = deeds.iter().map(|deed| {
        let value = serde_json::to_value(deed).unwrap();
        let arn = Arn::new(value["arn"].as_str().unwrap());
        format!("{} {}", value["step"].as_str().unwrap(), arn.name())
    });
    short.collect()
}

#[test]
fn a_dry_run_foresees_the_whole_evening_in_order_without_the_ledgers_part() {
    let play = Estate::usual().at(BEDTIME);
    assert_eq!(
        foreseen(&play),
        ["suspend api", "set_count api", "set_count web", "stop db"]
    );
}

#[test]
fn a_dry_run_of_a_release_foresees_that_each_entry_is_forgotten_once() {
    let mut play = Estate::usual().asleep();
    play.released = true;
    assert_eq!(
        foreseen(&play),
        [
            "start db",
            "forget db",
            "set_count api",
            "set_count web",
            "resume api",
            "forget web",
            "forget api"
        ]
    );
}

#[test]
fn a_dry_run_foresees_what_is_done_only_after_it_was_told() {
    let mut play = Estate::usual().at(BEDTIME);
    let rollout = &mut play.service("web").deployment.as_mut().unwrap().rollout;
    *rollout = Rollout::InProgress;
    play.pass(30);
    assert_eq!(foreseen(&play), ["set_count web", "stop db"]);
}

#[test]
fn a_dry_run_foresees_that_the_tasks_it_counted_are_gone_before_the_database_stops() {
    let mut play = Estate::usual().at(BEDTIME);
    play.world.snapshot.tasks = Some(Tasks {
        of_services: 3,
        standalone: Vec::new(),
    });
    let deeds = crate::foresee::foresee(&play.view());
    assert!(matches!(
        deeds.last(),
        Some(nightshift::report::Deed::Stop { .. })
    ));
}

#[test]
fn a_dry_run_does_not_wait_for_the_tasks_of_another_estate_in_the_cluster() {
    let mut play = Estate::usual().with_service("theirs", 4).at(BEDTIME);
    play.service("theirs").tag = Some("another".to_owned());
    play.world.snapshot.tasks = Some(Tasks {
        of_services: 3,
        standalone: Vec::new(),
    });
    let deeds = crate::foresee::foresee(&play.view());
    assert!(
        matches!(deeds.last(), Some(nightshift::report::Deed::Stop { .. })),
        "{deeds:?}"
    );
}

#[test]
fn a_dry_run_of_a_deployment_at_night_ends_awake() {
    let mut play = Estate::usual().asleep();
    play.service("web").deployment = Some(deployment("2"));
    let deeds = crate::foresee::foresee(&play.view());
    let starts = deeds
        .iter()
        .filter(|deed| matches!(deed, nightshift::report::Deed::Start { .. }));
    assert_eq!(starts.count(), 1, "{deeds:?}");
    assert!(
        deeds
            .iter()
            .all(|deed| !matches!(deed, nightshift::report::Deed::Stop { .. })),
        "{deeds:?}"
    );
}

/// What is told of steps that failed, at the first look and at each of the next ten minutes.
fn told_of(play: &mut Play, failure: &Failure) -> Vec<(i64, News)> {
    let mut told = Vec::new();
    for minute in 0..=10 {
        let mut plan = play.plan();
        failed(&mut plan, std::slice::from_ref(failure));
        let news = plan.matters.to_tell().iter();
        told.extend(news.map(|(_, news)| (minute, news.clone())));
        play.world.write_down(&plan);
        play.now += minutes(1);
    }
    told
}

fn refused(code: &str) -> Failure {
    Failure {
        resource: database_arn("db").to_string(),
        action: "rds:StopDBInstance".to_owned(),
        code: code.to_owned(),
        message: "no".to_owned(),
        denied: false,
    }
}

#[test]
fn a_refusal_that_passes_by_itself_is_told_once_as_something_to_wait_for() {
    for code in ["InvalidDBInstanceState", "InvalidDBClusterStateFault"] {
        let mut play = Estate::usual().at(FRIDAY_NOON);
        let not_yet = News::NotYet {
            resource: "db".to_owned(),
            wanted: State::Awake,
            cause: Cause::Refused {
                code: code.to_owned(),
            },
            since: jst(FRIDAY_NOON),
            again_at: jst("2026-11-20T13:00"),
        };
        assert_eq!(told_of(&mut play, &refused(code)), [(0, not_yet)]);
    }
}

#[test]
fn a_step_that_fails_otherwise_is_told_when_it_lasts_and_a_missing_permission_at_once() {
    for (code, denied, minute) in [
        ("InternalFailure", false, 10),
        ("AccessDenied", true, 0),
        ("InvalidDBInstanceState", true, 0),
    ] {
        let mut play = Estate::usual().at(FRIDAY_NOON);
        let failure = Failure {
            denied,
            ..refused(code)
        };
        let fails = News::ChangeFails {
            failure: failure.clone(),
            since: jst(FRIDAY_NOON),
        };
        assert_eq!(told_of(&mut play, &failure), [(minute, fails)], "{code}");
    }
}

#[test]
fn what_fails_twice_in_one_look_is_told_once() {
    let play = Estate::usual().at(FRIDAY_NOON);
    let mut plan = play.plan();
    let failure = refused("InvalidDBInstanceState");
    failed(&mut plan, &[failure.clone(), failure]);
    assert_eq!(plan.matters.to_tell().len(), 1);
}

#[test]
fn in_a_dry_run_each_save_has_a_revision_of_its_own() {
    let mut play = Estate::usual().asleep();
    let first = play.world.entries[&database_arn("db")].revision.0;
    play.turn_to(WAKING_TIME);
    play.look();
    let second = play.world.entries[&database_arn("db")].revision.0;
    assert_eq!((first, second), (2, 3));
}

#[test]
fn what_costs_nothing_that_is_known_saves_no_money() {
    let saved = |play: &Play| match play.news.last() {
        Some(News::Ready { saved, .. }) => saved.clone(),
        news => panic!("{news:?}"),
    };
    let mut unpriced = Estate::named("staging").with_service("api", 2).at(BEDTIME);
    unpriced.service("api").size = None;
    unpriced.settle();
    unpriced.turn_to(WAKING_TIME);
    unpriced.settle();
    assert_eq!(saved(&unpriced), None);

    // Put to sleep and woken by looks at one instant.
    let mut instant = Estate::usual().at(BEDTIME);
    instant.look();
    instant.order(Order::Wake, minutes(60));
    instant.settle();
    assert_eq!(saved(&instant), None);
}

#[test]
fn what_stays_billed_is_the_estates_own_and_named_once() {
    let mut play = Estate::usual()
        .with_database("replica")
        .where_database(|database| database.never = Some(Never::Replica))
        .saying("still_billed: [ALB, NAT gateway]")
        .at(FRIDAY_NOON);
    let billed = |play: &Play| super::super::billed::while_asleep(&play.view());
    assert_eq!(
        billed(&play),
        ["ALB", "RDS storage", "replica", "NAT gateway"]
    );
    play.service("api").load_balanced = false;
    play.service("web").tag = Some("another".to_owned());
    play.world
        .snapshot
        .databases
        .retain(|database| database.name == "replica");
    assert_eq!(billed(&play), ["replica", "ALB", "NAT gateway"]);
    play.sleeper.sleep.still_billed.clear();
    assert_eq!(billed(&play), ["replica"]);
}

#[test]
fn two_things_that_cannot_be_read_are_told_each_for_itself() {
    let mut play = Estate::usual().at(FRIDAY_NOON);
    for action in ["ecs:DescribeServices", "ecs:ListTasks"] {
        play.world.snapshot.unread.push(Failure {
            action: action.to_owned(),
            denied: true,
            ..sleeping::throttled()
        });
    }
    play.look();
    let told = |news: &News| matches!(news, News::CannotRead { .. });
    assert_eq!(play.heard(told), 2, "{:?}", play.news);
}

#[test]
fn a_cluster_that_does_not_exist_is_told_at_once() {
    let mut play = Estate::usual().at(FRIDAY_NOON);
    play.world.snapshot.unread.push(Failure {
        code: "ClusterNotFoundException".to_owned(),
        ..sleeping::throttled()
    });
    play.look();
    assert_eq!(
        play.heard(|news| matches!(news, News::CannotRead { .. })),
        1
    );
}

#[test]
fn a_wake_in_the_middle_of_the_day_is_late_only_after_the_deadline() {
    let mut play = Estate::usual().asleep();
    play.turn_to("2026-11-24T07:00");
    play.order(Order::Sleep, minutes(5 * 60));
    play.turn_to("2026-11-24T12:00");
    play.look();
    play.turn("db", DatabaseState::Starting, "starting");
    play.now += minutes(1);
    let stuck = |news: &News| matches!(news, News::Stuck { .. });
    play.pass(60);
    assert_eq!(play.heard(stuck), 0, "{:?}", play.news);
    play.look();
    assert_eq!(play.heard(stuck), 1, "{:?}", play.news);
}

#[test]
fn what_is_gone_is_due_when_it_is_believed_and_after_that_each_minute() {
    let mut play = Estate::usual().asleep();
    play.world.snapshot.services.clear();
    play.world.snapshot.gone = vec![service_arn("staging", "api"), service_arn("staging", "web")];
    play.look();
    assert_eq!(play.plan().due, Some(jst("2026-11-20T23:10")));
    play.now += minutes(10);
    assert_eq!(play.plan().due, Some(jst("2026-11-20T23:11")));
}

/// Whether the release that was made while the service slept is named, so many minutes into the
/// wake.
fn dark_release_is_named(minute: i64, change: fn(&mut Service)) -> bool {
    let mut play = Estate::usual().saying("deployments_wake: never").asleep();
    play.service("web").deployment = Some(deployment("2"));
    play.pass(1);
    play.turn_to(WAKING_TIME);
    play.pass(3);
    change(play.service("web"));
    play.now += minutes(minute - 3);
    play.look();
    let told = |news: &News| matches!(news, News::DarkReleaseFails { .. });
    play.heard(told) == 1
}

#[test]
fn a_release_in_the_dark_is_named_when_its_tasks_fail_or_do_not_come_up_for_long() {
    fn failing(service: &mut Service, running: u32, failed_tasks: u32) {
        service.running = running;
        let deployment = service.deployment.as_mut().unwrap();
        (deployment.rollout, deployment.failed_tasks) = (Rollout::InProgress, failed_tasks);
    }
    assert!(dark_release_is_named(3, |web| failing(web, 0, 1)));
    assert!(!dark_release_is_named(3, |web| failing(web, 0, 0)));
    assert!(!dark_release_is_named(3, |web| failing(web, 1, 1)));
    assert!(!dark_release_is_named(9, |web| failing(web, 0, 0)));
    assert!(dark_release_is_named(10, |web| failing(web, 0, 0)));
    assert!(!dark_release_is_named(10, |_| ()));
}

#[test]
fn asleep_tells_since_when_and_how_much_of_what_kind_sleeps() {
    let mut play = Estate::usual()
        .with_aurora("aurora")
        .with_service("off", 0)
        .with_service("worker", 1)
        .at(BEDTIME);
    play.settle();
    assert_eq!(
        play.news,
        [News::Asleep {
            began: jst(BEDTIME),
            services: 3,
            databases: 2,
            until: Some(jst(WAKING_TIME)),
        }]
    );
}

#[test]
fn a_closed_entry_is_told_as_closed_and_any_other_as_saved() {
    let play = Estate::usual().asleep();
    let arn = service_arn("staging", "api");
    for (stage, told) in [
        (Stage::ToSleep, "save"),
        (Stage::Asleep, "save"),
        (Stage::ToWake, "save"),
        (Stage::Closed, "close"),
    ] {
        let entry = Entry {
            stage,
            ..play.entry("api").unwrap().clone()
        };
        let deed = Step::Save(Box::new(entry)).deed(&arn);
        let value = serde_json::to_value(&deed).unwrap();
        assert_eq!(value["step"], told, "{stage:?}");
    }
}

#[test]
fn what_is_said_of_a_target_is_not_said_again_after_a_hold() {
    let mut play = Estate::usual().at(BEDTIME);
    play.service("api").target.as_mut().unwrap().tag = Tag::Read(None);
    play.pass(5);
    play.order(Order::Hold, minutes(30));
    play.pass(60);
    assert_eq!(play.heard(|news| matches!(news, News::NoConsent { .. })), 1);
}
