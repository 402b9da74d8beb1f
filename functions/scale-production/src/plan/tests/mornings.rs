//! Mornings: early enough, clusters first, ready when tasks run and are healthy, loud when late.

use super::*;

#[test]
fn it_grows_a_lead_before_opening_and_raises_the_count_at_once_by_the_clamp() {
    let mut play = Estate::usual().at_night();
    play.set("api", 1);
    play.turn_to("2026-11-20T06:39");
    play.look();
    assert_eq!(play.min("api"), 1);
    play.turn_to(MORNING);
    assert_eq!(play.steps("api"), ["Minimum 1 to 2", "save ToDay 2"]);
    assert_eq!(play.steps("web"), ["Count 1 to 2", "save ToDay 2"]);
    play.settle();
    assert_eq!(
        (play.min("api"), play.count("api"), play.count("web")),
        (2, 2, 2)
    );
    assert_eq!(play.phase(), Phase::Day);
    assert_eq!(play.stage("api"), Stage::Closed);
    play.assert_at_rest();
}

#[test]
fn clusters_come_before_services_in_the_morning() {
    let mut play = Estate::usual().with_aurora("0.5").at_night();
    play.turn_to(MORNING);
    let plan = play.plan();
    let first = plan.chains.first().unwrap();
    assert_eq!(first.arn, cluster_arn("aurora"));
    assert_eq!(plan.chains.len(), 3, "nothing waits for it");
}

#[test]
fn the_lead_is_learned_and_a_morning_that_has_begun_goes_on_to_its_opening() {
    let mut play = Estate::usual().at_night();
    play.turn_to(MORNING);
    play.settle();
    let wake = play.world.record.wakes.last().unwrap();
    assert_eq!(wake.began, jst(MORNING));
    assert!(wake.seconds <= 180, "{wake:?}");
    // By the lead just learned it would still be night.
    play.pass(15);
    assert_eq!(play.min("api"), 2);
    assert_eq!(play.phase(), Phase::Day);
    play.turn_to(EVENING);
    play.now += minutes(24 * 60);
    play.settle();
    play.turn_to("2026-11-21T06:54");
    play.look();
    assert_eq!(play.min("api"), 1, "the lead is five minutes by now");
    play.turn_to("2026-11-21T06:55");
    play.look();
    assert_eq!(play.min("api"), 2);
}

#[test]
fn a_morning_without_anything_to_grow_teaches_nothing() {
    let mut play = Estate::empty()
        .with_service("api", 2, 2)
        .with_target(2, 10)
        .at_night();
    play.turn_to(MORNING);
    play.settle();
    assert!(play.world.record.wakes.is_empty());
}

#[test]
fn it_is_ready_when_the_tasks_of_the_day_run_and_are_healthy() {
    let mut play = Estate::usual().at_night();
    play.set("api", 1);
    play.turn_to(MORNING);
    play.look();
    for (running, healthy) in [(1, None), (2, Some(1))] {
        let service = &mut play.watched("api").service;
        (service.running, service.healthy) = (running, healthy);
        play.now += minutes(1);
        let plan = play.look();
        assert!(!plan.ready && !plan.settled, "{running} {healthy:?}");
        assert_eq!(plan.record.phase, Phase::ToDay);
    }
    play.watched("api").service.healthy = Some(2);
    play.now += minutes(1);
    assert!(play.look().ready);
    assert_eq!(play.phase(), Phase::Day);
}

#[test]
fn a_deployment_in_the_morning_is_no_reason_to_be_late() {
    let mut play = Estate::usual().at_night();
    play.turn_to(MORNING);
    play.deploy("web", Rollout::InProgress);
    play.settle();
    assert_eq!(play.phase(), Phase::Day);
}

#[test]
fn not_being_ready_at_opening_is_an_alert_and_said_once() {
    let mut play = Estate::usual().at_night();
    play.turn_to(MORNING);
    play.look();
    play.watched("web").service.running = 1;
    play.now += minutes(1);
    play.pass(19);
    assert_eq!(play.now, jst(OPENING));
    assert!(play.news.is_empty(), "{:?}", play.news);
    play.pass(100);
    let [
        News::NotReady {
            opening,
            since,
            waiting,
        },
    ] = &play.news[..]
    else {
        panic!("{:?}", play.news)
    };
    assert_eq!((*opening, *since), (Some(jst(OPENING)), jst(MORNING)));
    assert!(matches!(&waiting[..], [one] if one.resource == "web"
        && one.cause == Cause::NotSteady { running: 1, desired: 2 }));
    assert_eq!(play.news[0].severity(), nightshift::report::Severity::Alert);
    play.watched("web").service.running = 2;
    play.settle();
    assert!(matches!(&play.news[1], News::NightSummary { night }
        if night.opening == Some(jst(OPENING))));
}

#[test]
fn a_change_that_aws_refuses_is_asked_for_again_at_every_look() {
    let mut play = Estate::usual().at_night();
    play.turn_to(MORNING);
    for _ in 0..30 {
        let plan = play.plan();
        assert_eq!(
            play.steps("api").first().map(String::as_str),
            Some("Minimum 1 to 2")
        );
        play.world.write_down(&plan);
        play.now += minutes(1);
    }
    play.settle();
    assert_eq!(play.min("api"), 2);
}

#[test]
fn what_cannot_be_read_holds_nothing_else_back() {
    let mut play = Estate::usual().at_night();
    let web = play.world.snapshot.services.pop().unwrap();
    play.world.snapshot.unread.push(throttled("shop"));
    play.turn_to(MORNING);
    play.pass(3);
    assert_eq!(play.min("api"), 2);
    assert_eq!(play.phase(), Phase::ToDay, "web was not seen");
    play.world.snapshot.services.push(web);
    play.world.snapshot.unread.clear();
    play.settle();
    assert_eq!(play.count("web"), 2);
}

#[test]
fn what_lost_its_tag_at_night_grows_all_the_same_and_the_command_is_told() {
    let mut play = Estate::usual().at_night();
    play.watched("web").service.tag = None;
    play.turn_to(MORNING);
    play.settle();
    assert_eq!(play.count("web"), 2);
    assert_eq!(
        play.heard(|news| matches!(news, News::NoConsent { asleep: true, .. })),
        1
    );
}

#[test]
fn a_dropped_resource_has_its_day_again_in_the_middle_of_the_night_and_is_forgotten() {
    let mut play = Estate::usual().at_night();
    let mut estate = Estate::usual();
    estate.services.retain(|(name, _)| name != "web");
    play.rewrite(&estate);
    play.ring(true);
    play.settle();
    assert_eq!((play.count("web"), play.min("api")), (2, 1));
    assert!(play.entry("web").is_none() && play.entry("api").is_some());
}

#[test]
fn a_released_document_gives_the_day_back_and_forgets_it() {
    let mut play = Estate::usual().with_aurora("0.5").at_night();
    play.released = true;
    play.settle();
    assert_eq!((play.min("api"), play.count("web")), (2, 2));
    assert!((play.acu() - 2.0).abs() < 1e-9);
    assert!(play.world.entries.is_empty());
    assert!(
        matches!(&play.news[..], [News::Released { resources }] if resources.len() == 3),
        "{:?}",
        play.news
    );
}

#[test]
fn a_cluster_that_is_kept_from_now_on_has_its_day_again() {
    let mut play = Estate::usual().with_aurora("0.5").at_night();
    play.rewrite(&Estate::usual().with_aurora("keep"));
    play.settle();
    assert!((play.acu() - 2.0).abs() < 1e-9);
}

#[test]
fn only_a_morning_that_gives_a_whole_night_back_teaches_the_lead() {
    type Story = fn() -> Play;
    let stories: [(&str, Story); 4] = [
        ("part of the night was held back to its end", || {
            let mut play = Estate::usual().at(EVENING);
            play.watched("web").load.as_mut().unwrap().highest = 70.0;
            play.pass(5);
            assert_eq!((play.min("api"), play.count("web")), (1, 2));
            play.turn_to(MORNING);
            play
        }),
        ("only the night before made something smaller", || {
            let mut play = Estate::usual().at_night();
            play.turn_to(MORNING);
            play.settle();
            let mut estate = Estate::usual();
            for (_, night) in &mut estate.services {
                *night = 2;
            }
            play.rewrite(&estate);
            play.turn_to("2026-11-20T22:00");
            play.settle();
            play.turn_to("2026-11-21T06:40");
            play
        }),
        ("a hand was there before anything was smaller", || {
            let mut play = Estate::usual().at(EVENING);
            for chain in play.plan().chains {
                play.world.take(&chain.arn, &chain.steps[0]);
            }
            play.register("api", 5);
            play.set("web", 5);
            play.settle();
            play.turn_to(MORNING);
            play
        }),
        ("the document is gone", || {
            let mut play = Estate::usual().at_night();
            play.released = true;
            play
        }),
    ];
    for (what, story) in stories {
        let mut play = story();
        play.world.record.wakes.clear();
        play.settle();
        assert!(play.world.record.wakes.is_empty(), "{what}");
    }
}

#[test]
fn the_day_has_not_come_while_something_that_was_saved_is_not_to_be_seen() {
    let mut play = Estate::usual().at_night();
    play.world.snapshot.services.pop();
    play.world.snapshot.gone.push(service_arn("web"));
    play.turn_to(MORNING);
    play.pass(9);
    assert_eq!((play.min("api"), play.phase()), (2, Phase::ToDay));
    assert!(play.news.is_empty(), "{:?}", play.news);
    play.pass(6);
    assert_eq!(play.phase(), Phase::Day, "it is believed to be gone");
}

#[test]
fn what_the_document_does_not_name_is_not_shown_by_day_either() {
    let mut play = Estate::usual().at(NOON);
    play.world.snapshot.services.push(watched("job", 5));
    let names: Vec<String> = play.rows().into_iter().map(|row| row.name).collect();
    assert_eq!(names, ["api", "web"]);
}
