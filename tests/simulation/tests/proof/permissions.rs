//! The template allows exactly what the function calls, and a call that it does not allow fails with
//! the missing permission's name.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use nightshift_simulation::{
    places::FORTNIGHTS,
    run::{Script, play, play_to},
    sleep::Sleep,
    slim::Slim,
    subject::Subject,
    template::Stack,
};

/// Lambda itself writes the log, with the function's role.
const LAMBDA_S: [&str; 2] = ["logs:CreateLogStream", "logs:PutLogEvents"];

fn allowed<S: Subject>() -> BTreeSet<String> {
    let stack = Stack::of::<S>().unwrap();
    let statements = stack.policy().statements.iter();
    statements
        .flat_map(|statement| statement.actions.clone())
        .filter(|action| !LAMBDA_S.contains(&action.as_str()))
        .collect()
}

fn all_of_it_is_called<S: Subject>() {
    let mut unused = allowed::<S>();
    for seed in 0..40 {
        let place = FORTNIGHTS[usize::try_from(seed).unwrap() % FORTNIGHTS.len()];
        let outcome = play(&Script::<S>::drawn(place, seed));
        assert_eq!(outcome.broken, []);
        unused.retain(|action| outcome.used.iter().all(|used| used.action != *action));
        if unused.is_empty() {
            return;
        }
    }
    panic!("nobody calls {unused:?}");
}

/// Plays so many days of up to twelve seeds: of each action those that call it where it is allowed.
fn each_is_named_where_it_lacks<S: Subject>(days: i64) {
    let played = |seed, without| {
        let script = Script {
            without,
            storms: 0,
            watch: false,
            ..Script::<S>::drawn(FORTNIGHTS[5], seed)
        };
        let until = script.place.begin() + SignedDuration::from_hours(24 * days);
        play_to(&script, until).0
    };
    let mut unnamed = allowed::<S>();
    for seed in 0..12 {
        if unnamed.is_empty() {
            break;
        }
        let used = played(seed, None).used;
        unnamed.retain(|action| {
            let is_called = used.iter().any(|used| used.action == *action);
            let failures = || played(seed, Some(action.clone())).failures;
            let words = format!("perform: {action} on");
            !(is_called && failures().iter().any(|text| text.contains(&words)))
        });
    }
    let rest = format!("without {unnamed:?} nothing fails that names it");
    assert!(unnamed.is_empty(), "{rest}");
}

#[test]
fn everything_that_is_allowed_is_called() {
    all_of_it_is_called::<Sleep>();
}

#[test]
fn a_call_that_is_not_allowed_fails_and_names_the_permission() {
    each_is_named_where_it_lacks::<Sleep>(14);
}

#[test]
fn everything_that_is_allowed_for_production_is_called() {
    all_of_it_is_called::<Slim>();
}

#[test]
fn a_call_that_is_not_allowed_for_production_fails_and_names_the_permission() {
    each_is_named_where_it_lacks::<Slim>(2);
}
