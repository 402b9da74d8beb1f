//! Orders by hand: day, night and hold until an instant, also across the calendar's boundaries.

use super::*;

#[test]
fn the_day_can_be_ordered_in_the_night_and_ends_by_itself() {
    let mut play = Estate::usual().at_night();
    play.order(Order::Day, minutes(60));
    play.pass(3);
    assert_eq!((play.min("api"), play.count("web")), (2, 2));
    assert_eq!(
        play.heard(|news| matches!(news, News::Overridden { .. })),
        1
    );
    assert_eq!(play.heard(|news| matches!(news, News::FullSize { .. })), 1);
    play.pass(55);
    assert_eq!(play.min("api"), 2);
    play.now += minutes(2);
    play.settle();
    assert_eq!((play.min("api"), play.count("web")), (1, 1));
    assert_eq!(
        play.heard(|news| matches!(news, News::NightSummary { .. })),
        0
    );
}

#[test]
fn the_night_can_be_ordered_by_day_and_the_brakes_hold_it_back_too() {
    let mut play = Estate::usual().at(NOON);
    play.order(Order::Night, minutes(120));
    play.ring(true);
    play.pass(10);
    assert_eq!(play.min("api"), 2);
    play.ring(false);
    play.settle();
    assert_eq!((play.min("api"), play.count("web")), (1, 1));
    play.now += minutes(120);
    play.settle();
    assert_eq!((play.min("api"), play.count("web")), (2, 2));
}

#[test]
fn a_day_that_was_ordered_before_bedtime_lasts_across_it() {
    let mut play = Estate::usual().at("2026-11-19T21:50");
    play.order(Order::Day, minutes(70));
    play.pass(70);
    assert_eq!((play.now, play.min("api")), (jst("2026-11-19T23:00"), 2));
    assert!(play.world.entries.is_empty());
    play.settle();
    assert_eq!(play.min("api"), 1);
}

#[test]
fn a_night_that_was_ordered_across_opening_lasts_and_is_no_alarm() {
    let mut play = Estate::usual().at_night();
    play.order(Order::Night, minutes(7 * 60));
    play.turn_to("2026-11-20T08:30");
    play.pass(30);
    assert_eq!((play.now, play.min("api")), (jst("2026-11-20T09:00"), 1));
    play.settle();
    assert_eq!(play.min("api"), 2);
    assert_eq!(play.heard(|news| matches!(news, News::NotReady { .. })), 0);
}

#[test]
fn a_hold_changes_nothing_neither_in_the_evening_nor_in_the_morning() {
    let mut play = Estate::usual().at("2026-11-19T21:50");
    play.order(Order::Hold, minutes(60));
    play.pass(60);
    assert!(play.world.entries.is_empty());
    play.settle();
    assert_eq!(play.min("api"), 1);
    play.turn_to("2026-11-20T06:00");
    play.order(Order::Hold, minutes(120));
    play.pass(120);
    assert_eq!(play.min("api"), 1);
    play.settle();
    assert_eq!(play.min("api"), 2);
}

#[test]
fn what_is_slimmed_never_sleeps_whoever_says_so() {
    let mut play = Estate::usual().at(NOON);
    play.order(Order::Sleep, minutes(600));
    play.settle();
    assert_eq!((play.min("api"), play.count("web")), (2, 2));
    play.order(Order::Wake, minutes(24 * 60));
    play.turn_to(EVENING);
    play.settle();
    assert_eq!(play.min("api"), 2);
}

#[test]
fn an_expired_order_says_nothing() {
    let mut play = Estate::usual().at(NOON);
    play.order(Order::Night, minutes(-1));
    play.settle();
    assert_eq!(play.min("api"), 2);
}

#[test]
fn an_estate_that_slept_before_it_was_slimmed_is_taken_for_awake() {
    let mut play = Estate::usual().at(EVENING);
    play.world.record.phase = Phase::Asleep;
    play.settle();
    assert_eq!(play.phase(), Phase::Night);
    play.turn_to(MORNING);
    play.settle();
    assert_eq!(play.phase(), Phase::Day);
}

#[test]
fn a_night_shorter_than_the_lead_is_none() {
    let calendar = "calendar: { hours: { daily: [07:00-12:00, 12:15-22:00] } }";
    let mut play = Estate::usual().saying(calendar).at("2026-11-19T12:05");
    let plan = play.look();
    assert!(plan.chains.is_empty());
    assert_eq!(plan.wanted.state, Some(State::Day));
}

#[test]
fn an_order_is_told_only_if_it_counts() {
    for (length, released, told) in [(60, false, 1), (-1, false, 0), (60, true, 0)] {
        let mut play = Estate::usual().at(NOON);
        play.order(Order::Night, minutes(length));
        play.released = released;
        play.look();
        assert_eq!(
            play.heard(|news| matches!(news, News::Overridden { .. })),
            told,
            "{length} minutes, released: {released}"
        );
    }
}

#[test]
fn an_ordered_day_that_has_nothing_to_give_back_is_not_told_as_such() {
    let mut play = Estate::usual().at_night();
    play.turn_to(MORNING);
    play.settle();
    play.turn_to("2026-11-20T22:00");
    play.ring(true);
    play.pass(10);
    play.order(Order::Day, minutes(60));
    play.pass(10);
    assert_eq!((play.min("api"), play.phase()), (2, Phase::Day));
    assert_eq!(play.heard(|news| matches!(news, News::FullSize { .. })), 0);
}

#[test]
fn an_ordered_day_that_ends_before_it_was_seen_is_nobodys_hand() {
    let mut play = Estate::usual().at_night();
    play.order(Order::Day, minutes(1));
    play.look();
    assert_eq!((play.min("api"), play.count("web")), (2, 2));
    play.now += minutes(1);
    play.look();
    assert_eq!(play.min("api"), 1);
    play.settle();
    assert_eq!(play.count("web"), 1);
    assert_eq!(play.heard(|news| matches!(news, News::PutBack { .. })), 0);
}
