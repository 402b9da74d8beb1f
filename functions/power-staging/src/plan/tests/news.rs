//! What is told, with which facts, and when.

use super::*;

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
    play.pass(15);
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

#[test]
fn a_dry_run_foresees_the_whole_evening_in_order_without_the_ledgers_part() {
    let play = Estate::usual().at(BEDTIME);
    let deeds = crate::foresee::foresee(&play.view());
    let steps: Vec<String> = deeds
        .iter()
        .map(|deed| {
            let value = serde_json::to_value(deed).unwrap();
            let name = value["arn"]
                .as_str()
                .unwrap()
                .rsplit(['/', ':'])
                .next()
                .unwrap()
                .to_owned();
            format!("{} {name}", value["step"].as_str().unwrap())
        })
        .collect();
    assert_eq!(
        steps,
        ["suspend api", "set_count api", "set_count web", "stop db"]
    );
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
