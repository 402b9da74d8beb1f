//! What cannot be read is named, and the story is told all the same; without what everything rests on
//! the invocation fails, says of what, and the next tick heals it.

use nightshift::report::rollback::{NoLog, Stage};
use nightshift_cloud::{call::Fault as Refusal, services::ecs::Flaw};

use crate::{shop::Shop, stage::Stage as Theatre};

/// What the evidence is read with.
pub(crate) const EVIDENCE: [&str; 12] = [
    "ecr:DescribeImages",
    "ecs:DescribeServiceDeployments",
    "ecs:DescribeServiceRevisions",
    "ecs:DescribeTaskDefinition",
    "ecs:DescribeTasks",
    "ecs:ListServiceDeployments",
    "ecs:ListTasks",
    "elasticloadbalancing:DescribeTargetGroups",
    "elasticloadbalancing:DescribeTargetHealth",
    "logs:GetLogEvents",
    "secretsmanager:DescribeSecret",
    "ssm:DescribeParameters",
];

/// The story is complete, and every message of it says what it lacks.
fn is_told_without(stage: &Theatre, action: &str, code: &str) {
    let stages = stage.stages();
    let once = stages.windows(2).all(|pair| pair[0] < pair[1]);
    assert!(once, "{action}: {stages:?}");
    assert_eq!(
        stages.last(),
        Some(&Stage::RolledBack),
        "{action}: {stages:?}"
    );
    assert_eq!(stage.failures(), [""; 0], "{action}");
    for (story, message) in stage.stories().iter().zip(stage.messages()) {
        let named = story.missing.iter().find(|it| it.action == action);
        let named = named.unwrap_or_else(|| panic!("{action}: {:?}", story.missing));
        assert_eq!(named.code, code, "{action}");
        let line = message
            .lines
            .iter()
            .find(|line| line.starts_with("Not read"));
        assert!(line.is_some_and(|line| line.contains(action)), "{line:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_permission_the_story_is_told_and_the_permission_named() {
    for action in EVIDENCE {
        let mut shop = Shop::open();
        shop.stage.deny(action);
        shop.spoilt(Flaw::exits(1).saying(&["Error: no such table"]));
        shop.until_over(25).await;
        let code = if action.starts_with("elastic") {
            "AccessDenied"
        } else {
            "AccessDeniedException"
        };
        is_told_without(&shop.stage, action, code);
        let missing = &shop.stage.last().missing;
        assert!(missing.iter().all(|it| it.denied), "{missing:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn throttled_or_broken_apis_are_named_and_stop_nothing() {
    for (action, refusal) in [
        (
            "ecs:ListServiceDeployments",
            Refusal::client("ThrottlingException", "Rate exceeded"),
        ),
        (
            "logs:GetLogEvents",
            Refusal::client("ThrottlingException", "Rate exceeded"),
        ),
        (
            "ecs:ListTasks",
            Refusal::with_status(500, "ServerException", "Try again later."),
        ),
        (
            "ecr:DescribeImages",
            Refusal::with_status(500, "ServerException", "Try again later."),
        ),
    ] {
        let mut shop = Shop::open();
        let code = refusal.code.clone();
        shop.stage.broken(action, Some(refusal));
        shop.spoilt(Flaw::exits(1));
        shop.until_over(25).await;
        is_told_without(&shop.stage, action, &code);
    }
}

#[tokio::test(start_paused = true)]
async fn a_throttle_that_ends_leaves_no_trace() {
    let mut shop = Shop::open();
    let throttle = Refusal::client("ThrottlingException", "Rate exceeded");
    shop.stage.broken("logs:GetLogEvents", Some(throttle));
    shop.spoilt(Flaw::exits(1).saying(&["Error: no such table"]));
    shop.stage.pass(110).await;
    shop.stage.broken("logs:GetLogEvents", None);
    shop.until_over(20).await;
    let stories = shop.stage.stories();
    let last = stories.last().unwrap();
    assert_eq!(last.stage, Stage::RolledBack);
    assert_eq!(last.missing, []);
    assert_eq!(last.excerpts[0].lines, ["Error: no such table"]);
}

#[tokio::test(start_paused = true)]
async fn without_what_everything_rests_on_it_fails_by_name_and_heals_with_the_next_tick() {
    for action in [
        "dynamodb:PutItem",
        "dynamodb:Query",
        "dynamodb:UpdateItem",
        "ecs:DescribeServices",
        "sns:Publish",
    ] {
        for refusal in [
            None,
            Some(Refusal::with_status(
                500,
                "InternalServerError",
                "Try again.",
            )),
        ] {
            let mut shop = Shop::open();
            shop.spoilt(Flaw::exits(1));
            shop.stage.pass(75).await;
            match &refusal {
                None => shop.stage.deny(action),
                broken => shop.stage.broken(action, broken.clone()),
            }
            shop.stage.pass(240).await;
            let failures = shop.stage.failures();
            assert!(!failures.is_empty(), "{action}");
            assert!(
                failures.iter().all(|it| it.contains(action)),
                "{failures:?}"
            );
            shop.stage.allow();
            shop.stage.broken(action, None);
            shop.stage.ended.clear();
            shop.stage.pass(60).await;
            let stages = shop.stage.stages();
            assert_eq!(
                stages.last(),
                Some(&Stage::RolledBack),
                "{action}: {stages:?}"
            );
            let told = shop.stage.heard();
            let mut order: Vec<Stage> = told.iter().map(|it| it.1).collect();
            order.dedup();
            assert!(order.is_sorted(), "{action}: {order:?}");
            shop.stage.pass(600).await;
            assert_eq!(shop.stage.failures(), [""; 0], "{action}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn without_the_documents_no_log_line_leaves_and_a_story_goes_on_under_its_name() {
    for late in [false, true] {
        let mut shop = Shop::open();
        if !late {
            shop.stage.deny("ssm:GetParametersByPath");
        }
        shop.spoilt(Flaw::exits(1).saying(&["Error: no such table"]));
        shop.stage.pass(100).await;
        shop.stage.deny("ssm:GetParametersByPath");
        shop.until_over(20).await;
        let failures = shop.stage.failures();
        let named = |it: &String| it.contains("ssm:GetParametersByPath");
        assert!(
            !failures.is_empty() && failures.iter().all(named),
            "{failures:?}"
        );
        let messages = shop.stage.messages();
        assert_eq!(shop.stage.last().stage, Stage::RolledBack);
        let estate = if late { "production" } else { "shop" };
        assert!(
            messages.iter().all(|it| it.estate == estate),
            "{messages:?}"
        );
        let excerpt = &shop.stage.last().excerpts[0];
        let absent = (!late).then_some(NoLog::TurnedOff);
        assert_eq!(excerpt.absent, absent, "{late}");
    }
}
