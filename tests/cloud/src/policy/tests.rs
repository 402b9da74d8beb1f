//! The repository's own template is the sample.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::json;

use super::*;
use crate::{
    call::{Actor, Call, Tags},
    services::{dynamodb, events::Every, sns, ssm},
    world::World,
};

const TEMPLATE: &str = include_str!("../../../../template.yaml");

fn demand(action: &str, resource: &str, tags: &[(&str, &str)]) -> Demand {
    let tags: Tags = tags
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
        .collect();
    Demand::new(action, resource, &tags)
}

fn statement(effect: Effect, action: &str, resource: &str) -> Statement {
    Statement {
        sid: "s".to_owned(),
        effect,
        actions: vec![action.to_owned()],
        resources: vec![resource.to_owned()],
        conditions: Vec::new(),
    }
}

fn policy(parameters: &[(&str, &str)]) -> Policy {
    let parameters: BTreeMap<&str, &str> = parameters.iter().copied().collect();
    of_template(TEMPLATE, "power-staging", &parameters).unwrap()
}

const SERVICE_ARN: &str = "arn:aws:ecs:ap-northeast-1:123456789012:service/staging/api";

#[test]
fn patterns_take_any_letters_for_a_star_and_one_for_a_question_mark() {
    let cases = [
        ("*", "", true),
        ("a*c", "abbc", true),
        ("a*c", "abbd", false),
        ("a?c", "abc", true),
        ("a?c", "ac", false),
        ("*b*b", "abab", true),
        ("arn:*:service/*", "arn:x:service/a/b", true),
        ("a", "ab", false),
        ("", "", true),
    ];
    for (pattern, text, expected) in cases {
        assert_eq!(like(pattern, text, exactly), expected, "{pattern} {text}");
    }
}

#[test]
fn nothing_is_allowed_that_no_statement_allows_and_a_deny_wins() {
    let update = demand("ecs:UpdateService", SERVICE_ARN, &[]);
    assert_eq!(Policy::default().judge(&update), Judgement::NotAllowed);
    let mut policy = Policy {
        statements: vec![statement(Effect::Allow, "ECS:update*", "*")],
    };
    assert_eq!(policy.judge(&update), Judgement::Allowed("s"));
    policy
        .statements
        .push(statement(Effect::Deny, "*", "*service/staging/*"));
    assert_eq!(policy.judge(&update), Judgement::Denied);
}

#[test]
fn conditions_look_at_the_resource_tags() {
    let allowed = |operator, value: &str, tags: &[(&str, &str)]| {
        let mut statement = statement(Effect::Allow, "*", "*");
        statement.conditions = vec![Condition {
            operator,
            tag: "nightshift:sleep".to_owned(),
            values: vec![value.to_owned()],
        }];
        Policy {
            statements: vec![statement],
        }
        .allows(&demand("a:B", "*", tags))
    };
    let tagged = [("nightshift:sleep", "staging")];
    assert!(allowed(Operator::Null, "false", &tagged));
    assert!(!allowed(Operator::Null, "false", &[]));
    assert!(allowed(Operator::Null, "true", &[]));
    assert!(allowed(Operator::StringEquals, "staging", &tagged));
    assert!(!allowed(Operator::StringEquals, "stag*", &tagged));
    assert!(allowed(Operator::StringLike, "stag*", &tagged));
    assert!(!allowed(Operator::StringLike, "*", &[]));
}

#[test]
fn the_role_of_the_template_changes_only_what_is_tagged_and_nothing_in_watch_mode() {
    let tagged = demand(
        "ecs:UpdateService",
        SERVICE_ARN,
        &[("nightshift:sleep", "staging")],
    );
    assert_eq!(
        policy(&[]).judge(&tagged),
        Judgement::Allowed("change/Services")
    );
    assert!(!policy(&[]).allows(&demand("ecs:UpdateService", SERVICE_ARN, &[])));
    assert!(!policy(&[("Mode", "watch")]).allows(&tagged));
    assert!(policy(&[("Mode", "watch")]).allows(&demand("ecs:DescribeServices", SERVICE_ARN, &[])));
}

#[test]
fn the_arns_of_the_template_are_those_of_the_simulated_services() {
    let path = ssm::arn("/nightshift/estates");
    let put = demand("dynamodb:PutItem", &dynamodb::arn("Ledger"), &[]);
    assert!(policy(&[]).allows(&put));
    assert!(policy(&[]).allows(&demand("sns:Publish", &sns::arn("Reports"), &[])));
    assert!(policy(&[]).allows(&demand("ssm:GetParametersByPath", &path, &[])));
    assert!(!policy(&[("Prefix", "/other")]).allows(&demand(
        "ssm:GetParametersByPath",
        &path,
        &[]
    )));
    let given = [
        ("LedgerTable", "kept"),
        (
            "ReportsTopicArn",
            "arn:aws:sns:ap-northeast-1:123456789012:mine",
        ),
    ];
    assert!(policy(&given).allows(&demand("dynamodb:PutItem", &dynamodb::arn("kept"), &[])));
    assert!(!policy(&given).allows(&put));
    assert!(policy(&given).allows(&demand("sns:Publish", &sns::arn("mine"), &[])));
}

#[test]
fn a_function_with_a_role_is_refused_and_what_it_used_is_recorded() {
    let mut world = World::new(Timestamp::UNIX_EPOCH, 1);
    world.roles.insert("power-staging".to_owned(), policy(&[]));
    ssm::put(&mut world, &Actor::Person, "/nightshift/company", "x").unwrap();
    let call = |operation: &str, actor: Actor| Call {
        operation: operation.to_owned(),
        input: json!({ "Name": "/nightshift/company" }),
        actor,
    };
    let function = || Actor::Function("power-staging".to_owned());
    world
        .call(&ssm::SERVICE, &call("GetParameter", function()))
        .unwrap();
    let used: Vec<_> = world
        .used
        .iter()
        .map(|used| (used.action.as_str(), used.sid.as_str()))
        .collect();
    assert_eq!(used, [("ssm:GetParameter", "observe/Documents")]);
    let refused = world
        .call(&ssm::SERVICE, &call("DeleteParameter", function()))
        .unwrap_err();
    assert_eq!(refused.code, "AccessDeniedException");
    assert_eq!(
        refused.message,
        "User: arn:aws:sts::123456789012:assumed-role/power-staging-role/power-staging is not authorized to perform: ssm:DeleteParameter on resource: arn:aws:ssm:ap-northeast-1:123456789012:parameter/nightshift/company because no identity-based policy allows the ssm:DeleteParameter action"
    );
    world
        .call(&ssm::SERVICE, &call("DeleteParameter", Actor::Person))
        .unwrap();
}

#[test]
fn rules_and_schedules_are_read_with_their_names() {
    let parameters = BTreeMap::from([("AWS::StackName", "test")]);
    let rules = rules_of_template(TEMPLATE, &parameters).unwrap();
    let stopped = json!({ "source": "aws.rds", "detail-type": "RDS DB Instance Event", "detail": { "EventID": "RDS-EVENT-0087" } });
    let takers: Vec<&str> = rules
        .iter()
        .filter(|(_, pattern)| crate::services::events::matches(pattern, &stopped))
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(takers, ["test-power-staging-db-instance"]);
    // Rules that stand by themselves, and only those whose condition is met.
    let own = |parameters| {
        let rules = rules_of_template(TEMPLATE, parameters).unwrap();
        rules
            .iter()
            .filter(|(name, _)| name.contains("notify-slack"))
            .count()
    };
    assert_eq!(own(&parameters), 5);
    let alone = BTreeMap::from([("Events", "alarms")]);
    assert_eq!(own(&alone), 1);
    let schedules = schedules_of_template(TEMPLATE, &parameters).unwrap();
    let names: Vec<&str> = schedules.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "test-power-staging-tick",
            "test-scale-production-tick",
            "test-explain-rollback-tick",
            "test-rotate-secrets-tick",
            "test-notify-slack-tick"
        ]
    );
    // A function that is deployed only where it is asked for has no clock elsewhere.
    let both = BTreeMap::from([("RotateFrom", "both")]);
    let inside = schedules_of_template(TEMPLATE, &both).unwrap();
    let inside = inside.iter().filter(|one| one.name.contains("-inside-"));
    assert_eq!(inside.count(), 1);
    assert_eq!(schedules[0].every, Every::Minutes(1));
    assert_eq!(schedules[0].input, json!({ "command": "tick" }));
    assert!(schedules[0].enabled);
    let off = BTreeMap::from([("Schedule", "DISABLED")]);
    assert!(!schedules_of_template(TEMPLATE, &off).unwrap()[0].enabled);
}

#[test]
fn what_the_reader_does_not_know_is_an_error_and_not_a_guess() {
    for yaml in [
        "a: [",
        "Resources: { F: { Type: AWS::Serverless::Function } }",
        "",
    ] {
        assert!(of_template(yaml, "F", &BTreeMap::new()).is_err(), "{yaml}");
    }
}
