//! The role allows what the function calls, or the other tests here would fail; and nothing else. What
//! is taken away is named.

use std::collections::BTreeSet;

use nightshift::report::rollback::Stage;
use nightshift_cloud::services::ecs::Flaw;

use crate::{account::policy, bluegreen, refused::EVIDENCE, shop::Shop, stage::Stage as Theatre};

/// What is allowed and not called here, each with the reason.
const NOT_CALLED: [(&str, &str); 2] = [
    (
        "logs:CreateLogStream",
        "Lambda writes the log with the function's role",
    ),
    ("logs:PutLogEvents", "the same"),
];

fn allowed() -> BTreeSet<String> {
    let statements = policy().statements.into_iter();
    let mut allowed: BTreeSet<String> = statements.flat_map(|one| one.actions).collect();
    for (action, _) in NOT_CALLED {
        assert!(allowed.remove(action), "{action} is not allowed at all");
    }
    allowed
}

fn used(stage: &Theatre) -> BTreeSet<String> {
    let used = stage.with(|world| world.used.clone());
    used.into_iter().map(|used| used.action).collect()
}

#[tokio::test(start_paused = true)]
async fn everything_that_is_allowed_is_called() {
    let mut shop = Shop::open();
    shop.spoilt(Flaw::exits(1));
    shop.until_over(20).await;
    let mut called = used(&shop.stage);
    let stage = bluegreen::failed().await;
    called.extend(used(&stage));
    assert_eq!(called, allowed());
}

/// Those with which the evidence is read have their own tests.
#[tokio::test(start_paused = true)]
async fn each_other_permission_that_is_taken_away_is_named() {
    let mut others = allowed();
    for action in EVIDENCE {
        assert!(others.remove(action), "{action} is not allowed at all");
    }
    for action in others {
        let is_code_deploy = action.starts_with("codedeploy:");
        let stage = if is_code_deploy {
            bluegreen::failed_without(&action).await
        } else {
            let mut shop = Shop::open();
            shop.stage.deny(&action);
            shop.spoilt(Flaw::exits(1));
            shop.stage.pass(12 * 60).await;
            shop.stage
        };
        let missing = |it: &nightshift::report::rollback::Story| {
            it.missing.iter().any(|it| it.action == action && it.denied)
        };
        let told = stage.stories().iter().any(missing);
        let failures = stage.failures();
        let failed = failures.iter().any(|it| it.contains(&action));
        assert!(
            told || failed,
            "{action}: {failures:?} {:?}",
            stage.stages()
        );
        // What is only evidence stops nothing.
        if !failed {
            assert_eq!(stage.stages().last(), Some(&Stage::RolledBack), "{action}");
        }
    }
}
