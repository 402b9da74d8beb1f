//! Somebody's hand at night: left alone until morning, said once, never taken for the day.

use super::*;

#[test]
fn a_minimum_that_is_neither_found_nor_set_is_left_alone_until_morning_and_said_once() {
    let mut play = Estate::usual().at_night();
    play.register("api", 5);
    play.pass(240);
    assert_eq!(play.min("api"), 5);
    assert_eq!(play.waits_for("api"), Some(Cause::ByHand));
    let [
        News::ChangedByHand {
            resource,
            lever: Lever::Minimum,
            hand,
            day,
            night,
            until,
            ..
        },
    ] = &play.news[..]
    else {
        panic!("{:?}", play.news)
    };
    assert_eq!(
        (resource.as_str(), *hand, *day, *night, *until),
        ("api", tasks(5), tasks(2), tasks(1), Some(jst(MORNING)))
    );
    assert!(play.plan().settled, "there is nothing to wait for");
}

#[test]
fn in_the_morning_the_day_as_found_returns_unless_the_hands_value_is_larger() {
    for (found, hand, morning) in [(4, 2, 4), (4, 3, 4), (4, 6, 6), (2, 3, 3)] {
        let mut play = Estate::empty()
            .with_service("api", found, 1)
            .with_target(found, 10)
            .with_service("web", found, 1)
            .where_service(|watched| watched.load.as_mut().unwrap().highest = 5.0)
            .at_night();
        play.register("api", hand);
        play.set("web", hand);
        play.pass(60);
        assert_eq!((play.min("api"), play.count("web")), (hand, hand));
        play.turn_to(MORNING);
        play.settle();
        assert_eq!(
            (play.min("api"), play.count("web")),
            (morning, morning),
            "{found} by day, {hand} by hand"
        );
    }
}

#[test]
fn a_hand_that_asks_for_less_is_left_alone_too_and_the_day_returns() {
    let mut play = Estate::empty()
        .with_service("web", 4, 2)
        .where_service(|watched| watched.load.as_mut().unwrap().highest = 5.0)
        .at_night();
    play.set("web", 0);
    play.pass(60);
    assert_eq!(play.count("web"), 0);
    play.turn_to(MORNING);
    play.settle();
    assert_eq!(play.count("web"), 4);
}

#[test]
fn a_nights_hand_never_becomes_the_day() {
    let mut play = Estate::usual().at_night();
    play.register("api", 7);
    play.set("web", 0);
    play.pass(90);
    let found = |play: &Play, name: &str| play.entry(name).unwrap().found;
    assert_eq!(
        (found(&play, "api"), found(&play, "web")),
        (tasks(2), tasks(2))
    );
}

#[test]
fn a_hand_that_was_taken_back_is_forgotten() {
    let mut play = Estate::usual().at_night();
    play.register("api", 5);
    play.pass(5);
    assert_eq!(play.entry("api").unwrap().hand, Some(tasks(5)));
    play.register("api", 1);
    play.pass(5);
    assert_eq!(play.entry("api").unwrap().hand, None);
    assert_eq!(play.waits_for("api"), None);
}

#[test]
fn a_count_under_auto_scaling_moves_by_itself_and_proves_nothing() {
    let mut play = Estate::usual().at_night();
    for count in [1, 4, 10, 2] {
        play.set("api", count);
        play.pass(10);
        assert_eq!((play.count("api"), play.min("api")), (count, 1));
    }
    assert!(play.news.is_empty(), "{:?}", play.news);
}

#[test]
fn the_days_value_put_back_at_night_has_its_grace_is_said_once_and_is_lowered_again() {
    let mut play = Estate::usual().at_night();
    // An apply of Terraform, and somebody's hand on the count.
    play.register("api", 2);
    play.set("web", 2);
    play.pass(60);
    assert_eq!((play.min("api"), play.count("web")), (2, 2));
    assert_eq!(play.heard(|news| matches!(news, News::PutBack { .. })), 2);
    assert!(
        matches!(&play.news[0], News::PutBack { until, .. } if *until == jst(NIGHT) + minutes(60))
    );
    play.settle();
    assert_eq!((play.min("api"), play.count("web")), (1, 1));
    assert_eq!(play.news.len(), 2);
    assert_eq!(play.entry("api").unwrap().found, tasks(2));
}

#[test]
fn what_is_lowered_again_after_the_grace_waits_for_the_brakes_like_any_other() {
    let mut play = Estate::usual().at_night();
    play.register("api", 2);
    play.ring(true);
    play.pass(180);
    assert_eq!(play.min("api"), 2);
    play.ring(false);
    play.settle();
    assert_eq!(play.min("api"), 1);
}

#[test]
fn a_hand_during_the_grace_is_left_until_morning() {
    let mut play = Estate::usual().at_night();
    play.register("api", 2);
    play.pass(30);
    play.register("api", 3);
    play.pass(120);
    assert_eq!(play.min("api"), 3);
}

#[test]
fn a_change_that_the_document_enforces_against_is_undone_downwards_under_the_brakes() {
    for hand in [2, 5] {
        let mut play = Estate::usual().saying("enforce: true").at_night();
        play.register("api", hand);
        play.ring(true);
        play.pass(10);
        assert_eq!(play.min("api"), hand, "held back");
        play.ring(false);
        play.settle();
        assert_eq!(play.min("api"), 1, "{hand}");
        assert!(
            matches!(&play.news[..], [News::HandUndone { resource, hand: told, .. }]
                if resource == "api" && *told == tasks(hand)),
            "{:?}",
            play.news
        );
    }
}

#[test]
fn what_was_undone_is_told_once_also_by_the_look_after_a_death_before_the_message() {
    let mut play = Estate::usual().saying("enforce: true").at_night();
    play.register("api", 5);
    let plan = play.plan();
    let told = play.world.record.matters.clone();
    play.world.carry_out(&plan);
    play.world.record.matters = told;
    assert_eq!(play.min("api"), 1);
    play.pass(60);
    assert_eq!(
        play.heard(|news| matches!(news, News::HandUndone { hand, .. } if *hand == tasks(5))),
        1
    );
    assert_eq!(play.entry("api").unwrap().undone, None);
    play.assert_at_rest();
}

#[test]
fn what_is_undone_again_is_told_again() {
    let mut play = Estate::usual().saying("enforce: true").at_night();
    for hand in [5, 6] {
        play.register("api", hand);
        play.pass(60);
    }
    assert_eq!(
        play.heard(|news| matches!(news, News::HandUndone { .. })),
        2
    );
}

#[test]
fn a_change_that_the_document_enforces_against_is_undone_upwards_at_once() {
    let mut play = Estate::empty()
        .with_service("web", 4, 2)
        .where_service(|watched| watched.load.as_mut().unwrap().highest = 5.0)
        .saying("enforce: true")
        .saying("brakes: [errors]")
        .with_alarm("errors")
        .at_night();
    play.set("web", 1);
    play.ring(true);
    play.look();
    assert_eq!(play.count("web"), 2);
}

#[test]
fn a_hand_that_is_already_there_in_the_evening_is_the_day() {
    let mut play = Estate::usual().at(NOON);
    play.register("api", 6);
    play.look();
    play.turn_to(EVENING);
    play.settle();
    assert_eq!(play.entry("api").unwrap().found, tasks(6));
}

#[test]
fn a_hand_of_the_night_is_not_said_again_after_a_hold() {
    let mut play = Estate::usual().at_night();
    play.register("api", 5);
    play.pass(5);
    play.order(Order::Hold, minutes(30));
    play.pass(60);
    assert_eq!(
        play.heard(|news| matches!(news, News::ChangedByHand { .. })),
        1
    );
}

#[test]
fn what_somebody_changed_while_a_brake_held_us_back_is_left_until_morning_too() {
    let mut play = Estate::usual().at(EVENING);
    play.ring(true);
    play.pass(5);
    play.register("api", 6);
    play.set("web", 3);
    play.pass(5);
    play.ring(false);
    play.pass(120);
    assert_eq!((play.min("api"), play.count("web")), (6, 3));
    assert_eq!(
        play.heard(|news| matches!(news, News::ChangedByHand { .. })),
        2
    );
    play.turn_to(MORNING);
    play.settle();
    assert_eq!((play.min("api"), play.count("web")), (6, 3));
    play.watched("web").load.as_mut().unwrap().highest = 5.0;
    play.turn_to("2026-11-20T22:00");
    play.settle();
    assert_eq!(
        (play.min("api"), play.count("web")),
        (1, 1),
        "the next night"
    );
}

#[test]
fn what_somebody_changed_under_a_brake_and_took_back_is_lowered() {
    let mut play = Estate::usual().at(EVENING);
    play.ring(true);
    play.pass(5);
    play.register("api", 6);
    play.pass(5);
    play.register("api", 2);
    play.ring(false);
    play.settle();
    assert_eq!(play.min("api"), 1);
}

#[test]
fn what_is_lowered_again_is_saved_as_it_stands_and_goes_where_the_document_says_by_now() {
    for (enforced, stands) in [(false, 4), (true, 6)] {
        let estate = |night: u32| {
            let estate = Estate::empty()
                .with_service("api", 4, night)
                .with_target(4, 10)
                .saying("brakes: [errors]")
                .with_alarm("errors");
            if enforced {
                estate.saying("enforce: true")
            } else {
                estate
            }
        };
        let mut play = estate(1).at_night();
        play.rewrite(&estate(2));
        play.settle();
        play.register("api", stands);
        play.ring(true);
        play.pass(70);
        play.rewrite(&estate(3));
        play.ring(false);
        let chains = play.plan().chains;
        let Step::Save(saved) = &chains[0].steps[0] else {
            panic!("{chains:?}")
        };
        assert_eq!((saved.from, saved.set), (tasks(stands), tasks(3)));
        play.settle();
        assert_eq!(play.min("api"), 3);
    }
}

#[test]
fn who_puts_a_service_under_auto_scaling_at_night_says_by_that_what_its_day_is() {
    for min in [1, 3] {
        let mut play = Estate::usual().at_night();
        play.watched("web").service.target = Some(target("web", min, 6));
        play.set("web", 3);
        play.pass(30);
        play.turn_to(MORNING);
        play.settle();
        assert_eq!(play.bounds("web"), Bounds { min, max: 6 });
        assert_eq!((play.count("web"), play.stage("web")), (3, Stage::Closed));
    }
}

#[test]
fn what_is_undone_is_told_by_the_look_that_undoes_it_and_not_before() {
    let mut play = Estate::usual().saying("enforce: true").at_night();
    play.register("api", 5);
    play.ring(true);
    play.pass(5);
    assert!(play.news.is_empty(), "{:?}", play.news);
    play.ring(false);
    play.look();
    assert_eq!(play.min("api"), 1);
    assert!(
        matches!(&play.news[..], [News::HandUndone { .. }]),
        "{:?}",
        play.news
    );
}
