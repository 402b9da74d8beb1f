//! What documents let go of, what is gone, and what two of them claim.

use nightshift::keep::estates::Seen;

use super::*;

#[test]
fn a_released_estate_is_restored_seen_and_forgotten_whatever_the_hour() {
    let mut play = Estate::usual().at(FRIDAY_NOON);
    let before = play.sight();
    play.turn_to(BEDTIME);
    play.settle();
    play.turn_to(NIGHT);
    play.news.clear();
    play.released = true;
    play.settle();
    assert_eq!(play.sight(), before);
    assert!(play.world.entries.is_empty(), "{:?}", play.world.entries);
    assert_eq!(
        play.news,
        [News::Released {
            resources: vec!["api".to_owned(), "web".to_owned(), "db".to_owned()]
        }]
    );
    play.assert_at_rest();
}

#[test]
fn an_estate_that_is_released_by_day_forgets_its_closed_entries() {
    let mut play = Estate::usual().asleep();
    play.turn_to(WAKING_TIME);
    play.settle();
    assert_eq!(play.world.entries.len(), 3);
    play.released = true;
    play.settle();
    assert!(play.world.entries.is_empty());
    assert_eq!((play.count("api"), play.count("web")), (2, 1));
}

#[test]
fn a_service_that_the_document_lets_go_of_wakes_and_is_forgotten_while_the_rest_sleeps_on() {
    let mut play = Estate::usual().asleep();
    let rest = Estate::usual().of_services("[web]");
    play.sleeper = parse("staging", &rest.document());
    play.settle();
    assert_eq!((play.count("api"), play.count("web")), (2, 0));
    assert_eq!(play.suspension("api"), Suspension::default());
    assert_eq!(play.entry("api"), None);
    assert_eq!(play.state("db"), DatabaseState::Stopped);
    assert!(play.news.is_empty(), "{:?}", play.news);
}

#[test]
fn a_database_that_the_document_lets_go_of_wakes_and_is_forgotten_while_the_rest_sleeps_on() {
    let mut play = Estate::usual().with_database("other").asleep();
    play.sleeper = parse("staging", &Estate::usual().document());
    play.settle();
    assert_eq!(play.state("other"), DatabaseState::Available);
    assert_eq!(play.state("db"), DatabaseState::Stopped);
    assert_eq!(play.entry("other"), None);
    assert_eq!(play.count("web"), 0);
}

#[test]
fn what_was_let_go_of_by_day_is_forgotten_too() {
    for (time, asleep) in [("2026-11-24T12:00", false), ("2026-11-24T18:00", true)] {
        let mut play = Estate::usual().asleep();
        play.turn_to(WAKING_TIME);
        play.settle();
        play.turn_to(time);
        let rest = Estate::usual().of_services("[web]");
        play.sleeper = parse("staging", &rest.document());
        play.look();
        assert_eq!(play.entry("api"), None, "{time}");
        assert_eq!(play.count("api"), 2, "{time}");
        assert_eq!(play.count("web") == 0, asleep, "{time}");
    }
}

#[test]
fn what_is_gone_is_told_after_ten_minutes_and_forgotten_only_after_it_was_told() {
    let mut play = Estate::usual().asleep();
    play.world
        .snapshot
        .services
        .retain(|service| service.name != "api");
    play.world.snapshot.gone.push(service_arn("staging", "api"));
    let gone =
        |news: &News| matches!(news, News::Gone { resource, saved: Some(2) } if resource == "api");
    play.pass(10);
    assert_eq!(play.heard(gone), 0);
    assert!(play.entry("api").is_some());
    let plan = play.look();
    assert_eq!(play.heard(gone), 1);
    assert!(play.entry("api").is_some(), "{:?}", plan.chains);
    play.now += minutes(1);
    play.look();
    assert!(play.entry("api").is_none());
    play.world.snapshot.gone.clear();
    play.settle();
    assert_eq!(play.news.len(), 1, "{:?}", play.news);
}

#[test]
fn what_could_not_be_told_to_be_gone_is_not_forgotten() {
    let mut play = Estate::usual().asleep();
    play.world
        .snapshot
        .services
        .retain(|service| service.name != "api");
    play.world.snapshot.gone.push(service_arn("staging", "api"));
    for _ in 0..30 {
        let plan = play.plan();
        play.world.carry_out(&plan);
        play.world.record.matters = plan.matters.after_telling(&[]);
        play.now += minutes(1);
    }
    assert!(play.entry("api").is_some());
}

#[test]
fn what_comes_back_within_ten_minutes_was_never_gone() {
    let mut play = Estate::usual().asleep();
    let seen = play.world.snapshot.clone();
    for _ in 0..5 {
        play.world
            .snapshot
            .services
            .retain(|service| service.name != "api");
        play.world.snapshot.gone = vec![service_arn("staging", "api")];
        play.pass(9);
        play.world.snapshot = seen.clone();
        play.pass(1);
    }
    assert!(play.entry("api").is_some());
    assert!(play.news.is_empty(), "{:?}", play.news);
}

#[test]
fn a_closed_entry_of_what_is_gone_is_forgotten_without_a_word() {
    let mut play = Estate::usual().asleep();
    play.turn_to(WAKING_TIME);
    play.settle();
    play.news.clear();
    play.world
        .snapshot
        .services
        .retain(|service| service.name != "api");
    play.world.snapshot.gone.push(service_arn("staging", "api"));
    play.pass(10);
    assert!(play.entry("api").is_some());
    play.pass(2);
    assert!(play.entry("api").is_none());
    assert!(play.news.is_empty(), "{:?}", play.news);
}

#[test]
fn the_wake_is_not_ready_while_the_ledger_holds_what_nobody_sees() {
    let mut play = Estate::usual().asleep();
    play.turn_to(WAKING_TIME);
    play.world
        .snapshot
        .services
        .retain(|service| service.name != "api");
    play.world.snapshot.gone.push(service_arn("staging", "api"));
    play.pass(8);
    assert_eq!(play.heard(|news| matches!(news, News::Ready { .. })), 0);
    play.pass(8);
    assert_eq!(play.heard(|news| matches!(news, News::Ready { .. })), 1);
}

#[test]
fn of_two_estates_only_the_keeper_goes_on() {
    for (keeper, goes_on) in [
        (Some("staging"), true),
        (Some("other"), false),
        (None, false),
    ] {
        let mut play = Estate::usual().at(BEDTIME);
        play.rivals.insert(
            service_arn("staging", "web"),
            Rivalry {
                estates: vec!["other".to_owned(), "staging".to_owned()],
                keeper: keeper.map(str::to_owned),
            },
        );
        play.pass(3);
        assert_eq!(play.count("web") == 0, goes_on, "{keeper:?}");
        assert_eq!(play.heard(|news| matches!(news, News::Rivals { .. })), 1);
    }
}

#[test]
fn an_entry_that_was_handed_over_is_kept_in_the_heirs_name() {
    let mut play = Estate::usual().asleep();
    for kept in play.world.entries.values_mut() {
        "former".clone_into(&mut kept.item.estate);
    }
    play.settle();
    assert!(
        play.world
            .entries
            .values()
            .all(|kept| kept.item.estate == "staging")
    );
    assert_eq!((play.count("api"), play.saved("api")), (0, 2));
}

#[test]
fn restoring_needs_no_consent_and_says_what_may_be_refused() {
    let mut play = Estate::usual().asleep();
    play.service("web").tag = None;
    play.database("db").tag = None;
    play.turn_to(WAKING_TIME);
    play.settle();
    assert_eq!(play.count("web"), 1);
    let told = |news: &News| matches!(news, News::NoConsent { asleep: true, .. });
    assert_eq!(play.heard(told), 2, "{:?}", play.news);
}

#[test]
fn rivals_are_looked_for_among_all_that_was_seen_and_what_failed_is_reported() {
    let mut play = Estate::usual()
        .where_database(|database| database.tag = None)
        .at(BEDTIME);
    play.world.snapshot.unread.push(sleeping::throttled());
    let snapshot = &play.world.snapshot;
    let services: Vec<&str> = Seen::services(snapshot)
        .map(|service| service.name.as_str())
        .collect();
    assert_eq!(services, ["api", "web"]);
    let databases: Vec<_> = Seen::databases(snapshot).collect();
    assert_eq!(databases, [(&database_arn("db"), &None)]);
    let failures: Vec<&Failure> = Seen::failures(snapshot).collect();
    assert_eq!(failures, [&sleeping::throttled()]);
}
