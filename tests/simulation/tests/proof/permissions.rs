//! The template allows exactly what the function calls, and a call that it does not allow fails with
//! the missing permission's name.

use std::collections::BTreeSet;

use nightshift_simulation::{
    places::FORTNIGHTS,
    run::{Script, play},
    template,
};

/// Lambda itself writes the log, with the function's role.
const LAMBDA_S: [&str; 2] = ["logs:CreateLogStream", "logs:PutLogEvents"];

fn allowed() -> BTreeSet<String> {
    let policy = template::policy().unwrap();
    let statements = policy.statements.into_iter();
    statements
        .flat_map(|statement| statement.actions)
        .filter(|action| !LAMBDA_S.contains(&action.as_str()))
        .collect()
}

#[test]
fn everything_that_is_allowed_is_called() {
    let mut unused = allowed();
    for seed in 0..40 {
        let place = FORTNIGHTS[usize::try_from(seed).unwrap() % FORTNIGHTS.len()];
        let outcome = play(&Script::drawn(place, seed));
        assert_eq!(outcome.broken, []);
        unused.retain(|action| outcome.used.iter().all(|used| used.action != *action));
        if unused.is_empty() {
            return;
        }
    }
    panic!("nobody calls {unused:?}");
}

#[test]
fn a_call_that_is_not_allowed_fails_and_names_the_permission() {
    for action in allowed() {
        let named = (0..12).any(|seed| {
            let script = Script {
                without: Some(action.clone()),
                storms: 0,
                watch: false,
                ..Script::drawn(FORTNIGHTS[5], seed)
            };
            let failures = play(&script).failures;
            failures
                .iter()
                .any(|text| text.contains(&format!("perform: {action} on")))
        });
        assert!(named, "without {action} nothing fails that names it");
    }
}
