//! Evenings: what gets smaller, by which lever, and what does not.

use super::*;

#[test]
fn by_day_nothing_is_touched() {
    let mut play = Estate::usual().with_aurora("0.5").at(NOON);
    let plan = play.look();
    assert!(plan.settled && plan.ready && plan.chains.is_empty());
    assert_eq!(plan.wanted.until, Some(jst(EVENING)));
}

#[test]
fn under_a_target_only_the_minimum_is_lowered_and_the_count_is_left_to_auto_scaling() {
    let mut play = Estate::usual().at(EVENING);
    play.set("api", 3);
    assert_eq!(play.steps("api"), ["save ToNight 2", "Minimum 2 to 1"]);
    play.settle();
    assert_eq!(
        (play.bounds("api"), play.count("api")),
        (Bounds { min: 1, max: 10 }, 3)
    );
}

#[test]
fn what_it_is_by_day_is_saved_before_anything_is_lowered() {
    let mut play = Estate::usual().with_aurora("0.5").at(EVENING);
    for (name, steps) in [
        ("api", ["save ToNight 2", "Minimum 2 to 1"]),
        ("web", ["save ToNight 2", "Count 2 to 1"]),
        ("aurora", ["save ToNight 2", "Capacity 2 to 0.5"]),
    ] {
        assert_eq!(play.steps(name), steps);
    }
    play.settle();
    assert_eq!((play.min("api"), play.count("web")), (1, 1));
    assert!((play.acu() - 0.5).abs() < 1e-9);
    assert_eq!(play.stage("api"), Stage::Night);
    assert_eq!(play.phase(), Phase::Night);
    play.assert_at_rest();
}

#[test]
fn a_cluster_is_lowered_only_if_the_document_asks_for_it() {
    for estate in [Estate::usual(), Estate::usual().with_aurora("keep")] {
        let mut play = estate.at(EVENING);
        if play.world.snapshot.clusters.is_empty() {
            play.world
                .snapshot
                .clusters
                .push(measured("aurora", 2.0, 16.0));
        }
        play.settle();
        assert!((play.acu() - 2.0).abs() < 1e-9);
        assert!(play.entry("aurora").is_none());
    }
}

#[test]
fn a_service_without_a_target_goes_by_count_only_if_its_load_fits() {
    for (count, night, highest, fits) in [
        (2, 1, 70.0, false),
        (2, 1, 30.0, false),
        (2, 1, 29.9, true),
        (3, 2, 39.9, true),
        (3, 2, 40.0, false),
        (10, 1, 5.9, true),
        (2, 1, f64::NAN, false),
    ] {
        let mut play = Estate::empty()
            .with_service("web", count, night)
            .where_service(|watched| watched.load.as_mut().unwrap().highest = highest)
            .at(EVENING);
        play.pass(5);
        let expected = if fits { night } else { count };
        assert_eq!(
            play.count("web"),
            expected,
            "{count} → {night} at {highest} %"
        );
    }
}

#[test]
fn a_load_that_does_not_fit_is_looked_at_again_every_minute_until_it_does() {
    let mut play = Estate::usual().at(EVENING);
    play.watched("web").load.as_mut().unwrap().highest = 70.0;
    play.pass(3);
    assert_eq!(
        play.waits_for("web"),
        Some(Cause::Load {
            percent: 140,
            left: tasks(1)
        })
    );
    assert!(!play.plan().settled);
    assert_eq!(play.min("api"), 1, "the load of one holds back no other");
    play.watched("web").load.as_mut().unwrap().highest = 20.0;
    play.settle();
    assert_eq!(play.count("web"), 1);
}

#[test]
fn without_fresh_metrics_a_count_and_a_capacity_are_not_lowered_and_a_minimum_is() {
    let stale = |play: &mut Play| {
        play.measures = false;
        let newest = play.now - minutes(11);
        play.watched("web").load.as_mut().unwrap().newest = newest;
        play.world.snapshot.clusters[0]
            .load
            .as_mut()
            .unwrap()
            .newest = newest;
    };
    let none = |play: &mut Play| {
        play.watched("web").load = None;
        play.world.snapshot.clusters[0].load = None;
    };
    for unmeasured in [stale as fn(&mut Play), none] {
        let mut play = Estate::usual().with_aurora("0.5").at(EVENING);
        unmeasured(&mut play);
        play.pass(3);
        assert_eq!(play.count("web"), 2);
        assert!((play.acu() - 2.0).abs() < 1e-9);
        assert_eq!(play.waits_for("web"), Some(Cause::NoLoad));
        assert_eq!(play.min("api"), 1);
    }
}

#[test]
fn a_load_that_was_measured_at_another_count_says_nothing_about_this_one() {
    let mut play = Estate::usual().at(NOON);
    play.turn_to("2026-11-19T21:55");
    play.set("web", 4);
    play.look();
    play.turn_to("2026-11-19T21:58");
    play.set("web", 2);
    play.pass(14);
    assert_eq!(
        play.count("web"),
        2,
        "20 % of four tasks may be 40 % of two"
    );
    assert_eq!(play.waits_for("web"), Some(Cause::NoLoad));
    play.pass(4);
    assert_eq!(play.count("web"), 1);
}

#[test]
fn a_clusters_load_is_reckoned_of_its_maximum() {
    for (highest, fits) in [(1.8, true), (1.9, false)] {
        // Of 16 ACU, 1.9 % are 0.3: more than 60 % of half a unit.
        let mut play = Estate::empty()
            .with_service("api", 1, 1)
            .with_aurora("0.5")
            .at(EVENING);
        play.world.snapshot.clusters[0]
            .load
            .as_mut()
            .unwrap()
            .highest = highest;
        play.pass(3);
        assert_eq!(play.acu() < 2.0, fits, "{highest}");
    }
}

#[test]
fn a_night_that_is_no_smaller_than_the_day_changes_and_saves_nothing() {
    let mut play = Estate::empty()
        .with_service("api", 3, 2)
        .with_target(2, 10)
        .with_service("web", 2, 4)
        .with_aurora("4")
        .at(EVENING);
    play.settle();
    assert!(play.world.entries.is_empty());
    assert_eq!((play.min("api"), play.count("web")), (2, 2));
    assert_eq!(play.phase(), Phase::Night);
    play.turn_to(MORNING);
    play.settle();
    assert!(play.news.is_empty(), "{:?}", play.news);
}

#[test]
fn what_does_not_consent_is_left_alone_and_said_once_with_whose_tag_is_missing() {
    type Change = fn(&mut Play);
    let changes: [(Change, &str); 3] = [
        (|play| play.watched("web").service.tag = None, "web"),
        (
            |play| play.watched("api").service.tag = Some("another".to_owned()),
            "api",
        ),
        (
            |play| {
                let target = play.watched("api").service.target.as_mut();
                target.unwrap().tag = Tag::Read(None);
            },
            "api",
        ),
    ];
    for (change, name) in changes {
        let mut play = Estate::usual().at(EVENING);
        change(&mut play);
        play.settle();
        assert!(play.entry(name).is_none(), "{name}");
        assert!(matches!(
            play.waits_for(name),
            Some(Cause::NoConsent { .. })
        ));
        assert_eq!(
            play.heard(|news| matches!(news, News::NoConsent { asleep: false, .. })),
            1
        );
        play.pass(120);
        assert_eq!(play.news.len(), 1, "once");
    }
}

#[test]
fn a_target_whose_tag_nobody_has_read_yet_is_not_lowered() {
    let mut play = Estate::usual().at(EVENING);
    play.watched("api").service.target.as_mut().unwrap().tag = Tag::NotRead;
    play.look();
    assert_eq!(play.min("api"), 2);
}

#[test]
fn what_two_estates_claim_is_its_keepers_and_both_are_told() {
    for (keeper, min) in [(Some("shop"), 1), (Some("another"), 2), (None, 2)] {
        let mut play = Estate::usual().at(EVENING);
        let rivalry = Rivalry {
            estates: vec!["another".to_owned(), "shop".to_owned()],
            keeper: keeper.map(str::to_owned),
        };
        play.rivals.insert(service_arn("api"), rivalry);
        play.settle();
        assert_eq!(play.min("api"), min, "{keeper:?}");
        assert_eq!(play.heard(|news| matches!(news, News::Rivals { .. })), 1);
    }
}

#[test]
fn services_of_the_cluster_that_the_document_does_not_name_are_nobodys_business() {
    let mut play = Estate::usual().at(EVENING);
    let mut stranger = watched("job", 5);
    stranger.service.deployment.as_mut().unwrap().rollout = Rollout::InProgress;
    play.world.snapshot.services.push(stranger);
    play.settle();
    assert_eq!(play.count("job"), 5);
    assert_eq!(play.min("api"), 1);
    assert!(play.rows().iter().all(|row| row.name != "job"));
}

#[test]
fn a_day_that_is_another_one_tomorrow_is_tomorrows_day() {
    let mut play = Estate::usual().at_night();
    play.watched("web").load.as_mut().unwrap().highest = 5.0;
    play.turn_to(MORNING);
    play.settle();
    play.turn_to(NOON);
    play.now += minutes(24 * 60);
    // An apply of Terraform by day.
    play.register("api", 4);
    play.set("web", 3);
    play.look();
    play.turn_to("2026-11-20T22:00");
    play.settle();
    assert_eq!((play.min("api"), play.count("web")), (1, 1));
    // The lead was learned meanwhile.
    play.turn_to("2026-11-21T06:56");
    play.settle();
    assert_eq!((play.min("api"), play.count("web")), (4, 3));
}

#[test]
fn a_calendar_that_does_not_ignore_holidays_makes_them_small_all_day() {
    let business = "calendar: { hours: { daily: 07:00-22:00 } }";
    // 23 November is a holiday.
    for (calendar, small) in [(business, 1), ("calendar: shop", 2)] {
        let mut play = Estate::usual().saying(calendar).at("2026-11-23T12:00");
        play.settle();
        assert_eq!(play.min("api"), small, "{calendar}");
    }
}

#[test]
fn a_namesake_in_another_cluster_is_nobodys_business() {
    let mut play = Estate::usual()
        .where_service(|watched| watched.service.cluster = "batch".to_owned())
        .at(EVENING);
    play.settle();
    assert_eq!((play.min("api"), play.count("web")), (1, 2));
    assert!(play.rows().iter().all(|row| row.name != "web"));
}

#[test]
fn another_functions_claim_ends_at_its_instant() {
    let mut play = Estate::usual().at(EVENING);
    let owner = Owner {
        function: "rotate-secrets".to_owned(),
        purpose: "rotate".to_owned(),
        until: play.now + minutes(5),
    };
    play.owners.insert(service_arn("api"), owner);
    play.pass(5);
    assert_eq!(play.min("api"), 2);
    play.look();
    assert_eq!(play.min("api"), 1);
}

#[test]
fn what_does_not_consent_is_said_again_only_if_it_consented_meanwhile() {
    for (by_day, told) in [(None, 1), (Some("shop"), 2)] {
        let mut play = Estate::usual().at(EVENING);
        play.watched("api").service.tag = None;
        play.settle();
        play.turn_to("2026-11-20T12:00");
        play.watched("api").service.tag = by_day.map(str::to_owned);
        play.settle();
        play.watched("api").service.tag = None;
        play.turn_to("2026-11-20T22:00");
        play.settle();
        assert_eq!(
            play.heard(|news| matches!(news, News::NoConsent { .. })),
            told,
            "{by_day:?}"
        );
    }
}

#[test]
fn what_was_saved_and_never_became_smaller_is_no_part_of_the_night() {
    let estate = |night: u32| {
        Estate::empty()
            .with_service("api", 2, night)
            .with_target(2, 10)
    };
    let mut play = estate(1).at(EVENING);
    let chains = play.plan().chains;
    play.world.take(&chains[0].arn, &chains[0].steps[0]);
    play.rewrite(&estate(2));
    play.settle();
    assert_eq!((play.min("api"), play.stage("api")), (2, Stage::Night));
    play.turn_to(MORNING);
    play.settle();
    assert!(play.news.is_empty(), "{:?}", play.news);
    assert!(play.world.record.wakes.is_empty());
}
