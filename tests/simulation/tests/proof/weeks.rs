//! Fortnights for many seeds, placed where it hurts, and whole years. `make soak` plays many more.

use nightshift_simulation::{
    places::{FORTNIGHTS, YEAR},
    run::{self, again, play},
    sleep::{Script, Sleep},
    subject::Subject,
};

/// So many seeds for each place: six places make two hundred fortnights.
const SEEDS: u64 = 34;

pub(crate) fn nothing_breaks<S: Subject>(script: &run::Script<S>) {
    let outcome = play(script);
    if let Some(broken) = outcome.broken.first() {
        let mut told = script.clone();
        told.tells = true;
        let trace = play(&told).trace;
        let last = trace.len().saturating_sub(60);
        panic!(
            "{broken}\n{}\nthe last steps:\n{}",
            again(script),
            trace[last..].join("\n")
        );
    }
    assert!(outcome.calls > 1000, "{outcome:?}");
    assert!(script.watch || outcome.checks > 20, "{outcome:?}");
}

pub(crate) fn fortnights<S: Subject>(place: usize) {
    let first = u64::try_from(place).unwrap() * 1000;
    for seed in first..first + SEEDS {
        nothing_breaks(&run::Script::<S>::drawn(FORTNIGHTS[place], seed));
    }
}

#[test]
fn golden_week_is_survived() {
    fortnights::<Sleep>(0);
}

#[test]
fn the_turn_of_the_year_is_survived() {
    fortnights::<Sleep>(1);
}

#[test]
fn ten_nights_in_a_row_with_the_restart_of_the_seventh_are_survived() {
    fortnights::<Sleep>(2);
}

#[test]
fn clocks_that_go_forward_are_survived() {
    fortnights::<Sleep>(3);
}

#[test]
fn clocks_that_go_back_are_survived() {
    fortnights::<Sleep>(4);
}

#[test]
fn plain_weeks_are_survived() {
    fortnights::<Sleep>(5);
}

#[test]
fn the_first_year_is_survived() {
    nothing_breaks(&Script::drawn(YEAR, 1));
}

#[test]
fn the_second_year_is_survived() {
    nothing_breaks(&Script::drawn(YEAR, 2));
}

#[test]
fn the_third_year_is_survived() {
    nothing_breaks(&Script::drawn(YEAR, 3));
}

/// Time jumps over ticks at which nothing can happen: leaving them out must lose nothing.
#[test]
fn playing_every_tick_comes_to_the_same_end() {
    let mut script = Script::drawn(FORTNIGHTS[5], 7);
    script.every_tick = true;
    nothing_breaks(&script);
}

/// The seed is the whole of a run: what it breaks can be looked at again.
#[test]
fn a_seed_plays_the_same_run_twice() {
    let mut script = Script::drawn(FORTNIGHTS[2], 11);
    script.tells = true;
    assert_eq!(play(&script).trace, play(&script).trace);
}
