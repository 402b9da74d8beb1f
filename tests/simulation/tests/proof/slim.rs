//! scale-production: fortnights for many seeds, whole years, and the known bugs, each caught within a
//! few seeds that are clean without it.

use nightshift_simulation::{
    places::{FORTNIGHTS, YEAR},
    run::play,
    slim::{Script, Slim},
};
use scale_production::sabotage::Bug;

use crate::{
    bugs::caught,
    weeks::{fortnights, nothing_breaks},
};

#[test]
fn production_survives_golden_week() {
    fortnights::<Slim>(0);
}

#[test]
fn production_survives_the_turn_of_the_year() {
    fortnights::<Slim>(1);
}

#[test]
fn production_survives_a_week_in_which_the_company_is_closed() {
    fortnights::<Slim>(2);
}

#[test]
fn production_survives_clocks_that_go_forward() {
    fortnights::<Slim>(3);
}

#[test]
fn production_survives_clocks_that_go_back() {
    fortnights::<Slim>(4);
}

#[test]
fn production_survives_plain_weeks() {
    fortnights::<Slim>(5);
}

#[test]
fn production_survives_the_first_year() {
    nothing_breaks(&Script::drawn(YEAR, 1));
}

#[test]
fn production_survives_the_second_year() {
    nothing_breaks(&Script::drawn(YEAR, 2));
}

#[test]
fn production_survives_the_third_year() {
    nothing_breaks(&Script::drawn(YEAR, 3));
}

/// Time jumps over ticks at which nothing can happen: leaving them out must lose nothing.
#[test]
fn production_comes_to_the_same_end_when_every_tick_is_played() {
    let mut script = Script::drawn(FORTNIGHTS[5], 7);
    script.every_tick = true;
    nothing_breaks(&script);
}

#[test]
fn a_seed_plays_the_same_run_of_production_twice() {
    let mut script = Script::drawn(FORTNIGHTS[2], 11);
    script.tells = true;
    assert_eq!(play(&script).trace, play(&script).trace);
}

fn caught_bug(bug: Bug) -> String {
    caught(|script: &mut Script| script.bug = Some(bug))
}

#[test]
fn shrinking_without_looking_is_caught() {
    let rule = caught_bug(Bug::ShrinkWithoutLooking);
    let rules = [
        "nothing shrinks while a brake holds",
        "a count is lowered only if the load fits",
    ];
    assert!(rules.contains(&rule.as_str()), "{rule}");
}

#[test]
fn forgetting_the_clamp_is_caught() {
    assert_eq!(caught_bug(Bug::ClampForgotten), "no count is cut off by us");
}

#[test]
fn losing_the_day_is_caught() {
    assert_eq!(caught_bug(Bug::DayLost), "the day is there when it opens");
}

#[test]
fn taking_a_hand_for_the_day_is_caught() {
    let rule = caught_bug(Bug::HandBecomesDay);
    let rules = [
        "the day is there when it opens",
        "what returns is the day as it was found",
        "no hand is undone before morning",
    ];
    assert!(rules.contains(&rule.as_str()), "{rule}");
}
