//! The role of the template allows what the function calls, or the other tests here would fail; and
//! nothing else. What is taken away is named, and nothing is done by halves.

use std::collections::BTreeSet;

use crate::{
    account::{CANARIES, KEY, role},
    code_deploy, foreign, master,
    stage::{Stage, with_key},
    whole,
};

/// What is allowed and not called here, each with the reason.
const NOT_CALLED: [(&str, &str); 2] = [
    (
        "logs:CreateLogStream",
        "Lambda writes the log with the function's role",
    ),
    ("logs:PutLogEvents", "the same"),
];

fn allowed() -> BTreeSet<String> {
    let statements = role().statements.into_iter();
    let mut allowed: BTreeSet<String> = statements.flat_map(|one| one.actions).collect();
    for (action, _) in NOT_CALLED {
        assert!(allowed.remove(action), "{action} is not allowed at all");
    }
    allowed
}

fn used(stage: &Stage) -> BTreeSet<String> {
    let used = stage.with(|world| world.used.clone());
    used.into_iter().map(|used| used.action).collect()
}

#[tokio::test(start_paused = true)]
async fn everything_that_is_allowed_is_called() {
    let mut called = BTreeSet::new();
    for stage in [
        foreign::older_value().await,
        whole::of_one_key_of_a_json().await,
        code_deploy::whole().await,
        master::of_an_instance().await,
        master::of_a_cluster().await,
    ] {
        called.extend(used(&stage));
    }
    assert_eq!(called, allowed());
}

/// What a turn of the key does not need, or is not missed before it ends.
fn is_of_others(action: &str) -> bool {
    let services = ["codedeploy:", "rds:", "secretsmanager:"];
    let single = ["ssm:GetParameterHistory", "sns:Publish"];
    services.iter().any(|service| action.starts_with(service)) || single.contains(&action)
}

#[tokio::test(start_paused = true)]
async fn each_permission_that_is_taken_away_is_named() {
    for action in allowed().iter().filter(|action| !is_of_others(action)) {
        let mut stage = with_key().await;
        stage.deny(action);
        stage.pass(10 * 60).await;
        let failures = stage.failures().join("\n");
        // To take a lease away is not missed until a turn begins.
        assert!(failures.contains(action), "{action}: {failures}");
        let late = [
            "ssm:LabelParameterVersion",
            "ecs:UpdateService",
            "dynamodb:DeleteItem",
        ];
        if !late.contains(&action.as_str()) {
            assert_eq!(stage.parameter(KEY), CANARIES[0], "{action}");
        }
    }
}
