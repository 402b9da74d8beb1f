//! `template.yaml` as deployed: its rules take the events that matter and no others, and what may
//! change an estate asks for consent and is gone in watch mode.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests as well")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use hyper::Method;
use nightshift_tests::aws::{CLOUDWATCH, EVENTS, IAM, first_text, unpercent};
use nightshift_tests::local::{Deployment, LocalAws, Stack, root};
use serde_json::{Value, json};

/// The end record of a zip with nothing in it: what is deployed here is never invoked.
const EMPTY_ZIP: [u8; 22] = [
    b'P', b'K', 5, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
];

fn empty_zip(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, EMPTY_ZIP).unwrap();
    path
}

fn event(name: &str) -> Value {
    let path = root().join("events").join(name);
    serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap()
}

/// Which of the stack's rules take an event.
async fn takers(
    local: &LocalAws,
    patterns: &BTreeMap<String, String>,
    event: &Value,
) -> Vec<String> {
    let mut takers = Vec::new();
    for (rule, pattern) in patterns {
        let input = json!({ "EventPattern": pattern, "Event": event.to_string() });
        let tested = local
            .aws
            .json(EVENTS, "TestEventPattern", &input)
            .await
            .unwrap();
        if tested["Result"].as_bool().unwrap() {
            takers.push(rule.clone());
        }
    }
    takers
}

/// Deploys, and reads the rules' patterns back by the rules' short names.
async fn deployed_patterns(local: &LocalAws, zip: &str) -> BTreeMap<String, String> {
    local.deploy(&Deployment::of(empty_zip(zip))).await.unwrap();
    let rules = local
        .aws
        .json(EVENTS, "ListRules", &json!({}))
        .await
        .unwrap();
    let rules = rules["Rules"].as_array().unwrap().iter();
    rules
        .map(|rule| {
            let name = rule["Name"].as_str().unwrap();
            let name = name.trim_start_matches("nightshift-");
            (
                name.to_owned(),
                rule["EventPattern"].as_str().unwrap().to_owned(),
            )
        })
        .collect()
}

/// Who takes what ECS says of a deployment.
const DEPLOYMENT: [&str; 2] = ["explain-rollback-deployment", "power-staging-deployment"];

/// And of the end of one.
const ENDED: [&str; 3] = [
    "explain-rollback-deployment",
    "power-staging-deployment",
    "rotate-secrets-deployment",
];

/// Who takes what ECS says of a service that cannot start its tasks.
const TROUBLE: [&str; 2] = ["explain-rollback-service-action", "notify-slack-services"];

#[tokio::test]
async fn each_sample_event_is_taken_by_the_rules_that_it_is_for() {
    let local = LocalAws::start().await.unwrap();
    let patterns = deployed_patterns(&local, "samples.zip").await;
    let expected: &[(&str, &[&str])] = &[
        ("alarm-anomaly.json", &["notify-slack-alarms"]),
        ("alarm-composite.json", &["notify-slack-alarms"]),
        ("alarm-contributor.json", &["notify-slack-alarms"]),
        ("alarm-cpu-eventbridge.json", &["notify-slack-alarms"]),
        ("alarm-cpu-eventbridge-ok.json", &["notify-slack-alarms"]),
        ("alarm-insufficient-data.json", &["notify-slack-alarms"]),
        // Auto scaling's own.
        ("alarm-target-tracking.json", &[]),
        // For whoever makes a rule of his own.
        ("backup-job-failed.json", &[]),
        (
            "codedeploy-failure.json",
            &["explain-rollback-codedeploy", "notify-slack-codedeploy"],
        ),
        ("ecs-deployment-completed.json", &ENDED),
        ("ecs-deployment-failed.json", &ENDED),
        ("ecs-deployment-in-progress.json", &DEPLOYMENT),
        ("ecs-deployment-rolling-back.json", &DEPLOYMENT),
        ("ecs-placement-failure.json", &TROUBLE),
        // Told as a story, and not twice.
        (
            "ecs-service-deployment-failed.json",
            &["explain-rollback-service-action"],
        ),
        ("ecs-start-impaired.json", &TROUBLE),
        (
            "ecs-service-steady-state.json",
            &["power-staging-steady-state"],
        ),
        ("ecs-task-failed-to-start.json", &["explain-rollback-task"]),
        ("ecs-task-stopped.json", &["explain-rollback-task"]),
        ("ecs-task-stopped-by-scale-in.json", &[]),
        ("health-rds-maintenance.json", &["notify-slack-health"]),
        ("rds-cluster-failover.json", &["notify-slack-databases"]),
        (
            "rds-cluster-restarted-by-aws.json",
            &["power-staging-db-cluster"],
        ),
        ("rds-cluster-started.json", &["power-staging-db-cluster"]),
        (
            "rds-cluster-stop-failed.json",
            &["power-staging-db-cluster"],
        ),
        ("rds-cluster-stopped.json", &["power-staging-db-cluster"]),
        (
            "rds-instance-restarted-by-aws.json",
            &["power-staging-db-instance"],
        ),
        ("rds-instance-started.json", &["power-staging-db-instance"]),
        ("rds-instance-stopped.json", &["power-staging-db-instance"]),
    ];
    let expected: BTreeMap<_, _> = expected.iter().copied().collect();
    let mut tried = BTreeSet::new();
    for file in std::fs::read_dir(root().join("events")).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        let payload = event(&name);
        if payload.get("detail-type").is_some() {
            let rules = expected.get(name.as_str());
            let rules = rules.unwrap_or_else(|| panic!("say here which rules take {name}"));
            assert_eq!(takers(&local, &patterns, &payload).await, *rules, "{name}");
            tried.insert(name);
        } else {
            let is_known = ["command", "Records", "alarmData"]
                .iter()
                .any(|field| payload.get(field).is_some());
            assert!(is_known, "{name} is neither an event nor a command");
        }
    }
    assert_eq!(
        tried,
        expected.keys().map(|name| (*name).to_owned()).collect()
    );
}

#[tokio::test]
async fn other_events_are_taken_by_none() {
    let local = LocalAws::start().await.unwrap();
    let patterns = deployed_patterns(&local, "others.zip").await;
    // The same events with one thing changed, each of which really occurs.
    let others = [
        (
            "rds-instance-stopped.json",
            "/detail/EventID",
            "RDS-EVENT-0001",
        ),
        (
            "rds-instance-stopped.json",
            "/detail/EventID",
            "RDS-EVENT-0006",
        ),
        (
            "rds-instance-stopped.json",
            "/detail/EventID",
            "RDS-EVENT-0150",
        ),
        (
            "rds-instance-stopped.json",
            "/detail-type",
            "RDS DB Snapshot Event",
        ),
        ("rds-instance-stopped.json", "/source", "our.rds"),
        (
            "rds-cluster-stopped.json",
            "/detail/EventID",
            "RDS-EVENT-0087",
        ),
        (
            "rds-cluster-stopped.json",
            "/detail/EventID",
            "RDS-EVENT-0170",
        ),
        (
            "rds-cluster-stopped.json",
            "/detail-type",
            "RDS DB Cluster Snapshot Event",
        ),
        (
            "ecs-deployment-completed.json",
            "/detail-type",
            "ECS Task State Change",
        ),
        ("ecs-deployment-completed.json", "/source", "aws.codedeploy"),
        // ECS announces deployments by service actions too: one invocation is enough.
        (
            "ecs-deployment-completed.json",
            "/detail-type",
            "ECS Service Action",
        ),
        (
            "ecs-service-steady-state.json",
            "/detail/eventName",
            "TASKSET_STEADY_STATE",
        ),
        (
            "ecs-service-steady-state.json",
            "/detail/eventName",
            "CAPACITY_PROVIDER_STEADY_STATE",
        ),
        // Stopped by auto scaling, a deployment that goes well or a person; not stopped yet; not a
        // service's.
        (
            "ecs-task-stopped.json",
            "/detail/stopCode",
            "ServiceSchedulerInitiated",
        ),
        ("ecs-task-stopped.json", "/detail/stopCode", "UserInitiated"),
        (
            "ecs-task-stopped.json",
            "/detail/lastStatus",
            "DEPROVISIONING",
        ),
        ("ecs-task-stopped.json", "/detail/startedBy", "migration"),
        (
            "codedeploy-failure.json",
            "/detail-type",
            "CodeDeploy Instance State-change Notification",
        ),
    ];
    for (name, field, value) in others {
        let mut payload = event(name);
        *payload.pointer_mut(field).unwrap() = json!(value);
        assert_eq!(
            takers(&local, &patterns, &payload).await,
            [""; 0],
            "{name} with {value}"
        );
    }
}

/// The functions that change estates: their resources' name, the tag that they ask for, and what they
/// change.
const CHANGING: [(&str, &str, &[&str]); 3] = [
    (
        "PowerStaging",
        "nightshift:sleep",
        &[
            "application-autoscaling:RegisterScalableTarget",
            "ecs:UpdateService",
            "rds:StartDBCluster",
            "rds:StartDBInstance",
            "rds:StopDBCluster",
            "rds:StopDBInstance",
        ],
    ),
    (
        "ScaleProduction",
        "nightshift:slim",
        &[
            "application-autoscaling:RegisterScalableTarget",
            "ecs:UpdateService",
            "rds:ModifyDBCluster",
        ],
    ),
    (
        "RotateSecrets",
        "nightshift:rotate",
        &[
            "ecs:UpdateService",
            "rds:ModifyDBCluster",
            "rds:ModifyDBInstance",
            "secretsmanager:PutSecretValue",
            "ssm:LabelParameterVersion",
            "ssm:PutParameter",
        ],
    ),
];

/// The secrets that the stack names.
const SECRETS: &str = "arn:aws:ssm:ap-northeast-1:123456789012:parameter/shop/*,arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:shop/*";

/// The statements of a function's role, by policy.
async fn statements(
    local: &LocalAws,
    stack: &Stack,
    function: &str,
) -> BTreeMap<String, Vec<Value>> {
    let role = stack.resources[&format!("{function}Role")].as_str();
    let mut policies = BTreeMap::new();
    for name in ["keep", "observe", "change"] {
        let input = [("RoleName", role), ("PolicyName", name)];
        let Ok(answer) = local.aws.query(IAM, "GetRolePolicy", &input).await else {
            continue;
        };
        let document: Value =
            serde_json::from_str(&unpercent(&first_text(&answer, "PolicyDocument").unwrap()))
                .unwrap();
        policies.insert(
            name.to_owned(),
            document["Statement"].as_array().unwrap().clone(),
        );
    }
    let attached = local
        .aws
        .query(IAM, "ListAttachedRolePolicies", &[("RoleName", role)])
        .await
        .unwrap();
    assert_eq!(
        first_text(&attached, "PolicyArn"),
        None,
        "a managed policy allows more than is asked for"
    );
    policies
}

fn strings(value: &Value) -> Vec<&str> {
    value.as_str().map_or_else(
        || {
            value
                .as_array()
                .unwrap()
                .iter()
                .map(|one| one.as_str().unwrap())
                .collect()
        },
        |one| vec![one],
    )
}

/// Changes nothing outside nightshift's own table, topic and log.
fn only_reads(action: &str) -> bool {
    let verb = action.split_once(':').unwrap().1;
    ["BatchGet", "Describe", "Get", "List", "Query"]
        .iter()
        .any(|prefix| verb.starts_with(prefix))
}

/// The actions of a role by policy, that it reads what it likes and keeps its own.
fn reads_and_keeps(policies: &BTreeMap<String, Vec<Value>>) -> BTreeMap<&str, Vec<&str>> {
    let mut actions = BTreeMap::<&str, Vec<&str>>::new();
    for (policy, statements) in policies {
        for statement in statements {
            assert_eq!(statement["Effect"], "Allow");
            for action in strings(&statement["Action"]) {
                assert!(!action.contains('*'), "{action}");
                actions.entry(policy).or_default().push(action);
                let everything = strings(&statement["Resource"]).contains(&"*");
                assert!(!everything || only_reads(action), "{action} on everything");
            }
        }
    }
    assert!(
        actions["observe"].iter().all(|action| only_reads(action)),
        "{:?}",
        actions["observe"]
    );
    let own = ["dynamodb", "logs", "sns"];
    assert!(
        actions["keep"]
            .iter()
            .all(|action| own.contains(&action.split(':').next().unwrap())),
        "{:?}",
        actions["keep"]
    );
    actions
}

/// That a function changes only what consents. Answers its policies.
async fn changes_only_what_consents(
    local: &LocalAws,
    stack: &Stack,
    (function, tag, changes): (&str, &str, &[&str]),
) -> BTreeMap<String, Vec<Value>> {
    let acting = statements(local, stack, function).await;
    let mut actions = reads_and_keeps(&acting);
    actions.get_mut("change").unwrap().sort_unstable();
    assert_eq!(actions["change"], changes, "{function}");
    for statement in &acting["change"] {
        let consents = format!("aws:ResourceTag/{tag}");
        assert_eq!(
            statement["Condition"],
            json!({ "Null": { consents: "false" } })
        );
    }
    acting
}

#[tokio::test]
async fn who_explains_changes_nothing_and_reads_no_secret() {
    let local = LocalAws::start().await.unwrap();
    let deployment = Deployment::of(empty_zip("explains.zip"));
    let stack = local.deploy(&deployment).await.unwrap();
    let policies = statements(&local, &stack, "ExplainRollback").await;
    let actions = reads_and_keeps(&policies);
    assert!(!actions.contains_key("change"), "{actions:?}");
    let reads = &actions["observe"];
    let values = ["secretsmanager:GetSecretValue", "ssm:GetParameters"];
    assert!(
        !values.iter().any(|value| reads.contains(value)),
        "{reads:?}"
    );
    // Of parameters it reads its own documents.
    let documents = policies["observe"].iter();
    let mut documents = documents.filter(|it| strings(&it["Action"]).contains(&"ssm:GetParameter"));
    let documents = strings(&documents.next().unwrap()["Resource"]);
    let ours = |arn: &&str| arn.contains(":parameter/nightshift/");
    assert!(documents.iter().all(ours), "{documents:?}");
}

#[tokio::test]
async fn who_replaces_secrets_reads_those_that_the_stack_names_and_without_any_none() {
    let local = LocalAws::start().await.unwrap();
    let deployment = Deployment::of(empty_zip("secrets.zip"));
    let bare = local.deploy(&deployment).await.unwrap();
    let bare = statements(&local, &bare, "RotateSecrets").await;
    assert_eq!(bare.get("change"), None);
    let is_of_values = |it: &&Value| {
        let actions = strings(&it["Action"]);
        actions.contains(&"secretsmanager:GetSecretValue") || it["Sid"] == "Keys"
    };
    assert_eq!(bare["observe"].iter().find(is_of_values), None);

    let key = "arn:aws:kms:ap-northeast-1:123456789012:key/shop";
    let named = deployment
        .with("RotatedSecrets", SECRETS)
        .with("RotatedSecretsKeys", key);
    let named = local.deploy(&named).await.unwrap();
    let named = statements(&local, &named, "RotateSecrets").await;
    let secrets: Vec<&str> = SECRETS.split(',').collect();
    for (policy, sid, resources) in [
        ("observe", "Secrets", &secrets[..]),
        ("change", "Secrets", &secrets),
        ("observe", "Keys", &[key]),
        ("change", "Keys", &[key]),
    ] {
        let found = named[policy].iter().find(|it| it["Sid"] == sid).unwrap();
        assert_eq!(strings(&found["Resource"]), resources, "{policy}/{sid}");
    }
}

/// `MiniStack` has no networks; which function is where it says by what each is told to do.
#[tokio::test]
async fn rotate_secrets_is_deployed_once_or_twice() {
    let local = LocalAws::start().await.unwrap();
    let subnets = "subnet-0123456789abcdef0,subnet-0123456789abcdef1";
    let deployment = Deployment::of(empty_zip("reach.zip"))
        .with("VpcSubnets", subnets)
        .with("VpcSecurityGroups", "sg-0123456789abcdef0");
    for (from, first, second) in [
        ("outside", "everything", None),
        ("inside", "everything", None),
        ("both", "outside", Some("inside")),
    ] {
        let deployment = deployment.clone().with("RotateFrom", from);
        let stack = local.deploy(&deployment).await.unwrap();
        let reach = async |id: &str| {
            let name = stack.resources.get(id)?;
            let path = format!("/2015-03-31/functions/{name}/configuration");
            let read = local.aws.rest("lambda", Method::GET, &path, None);
            let read = read.await.unwrap();
            let reach = &read["Environment"]["Variables"]["NIGHTSHIFT_REACH"];
            Some(reach.as_str().unwrap().to_owned())
        };
        assert_eq!(reach("RotateSecrets").await.as_deref(), Some(first));
        let other = reach("RotateSecretsInside").await;
        assert_eq!(other.as_deref(), second, "{from}");
    }
}

#[tokio::test]
async fn changing_asks_for_the_tag_and_is_gone_in_watch_mode() {
    let local = LocalAws::start().await.unwrap();
    let deployment = Deployment::of(empty_zip("policies.zip")).with("RotatedSecrets", SECRETS);
    let stack = local.deploy(&deployment).await.unwrap();
    let mut acting = BTreeMap::new();
    for function in CHANGING {
        let policies = changes_only_what_consents(&local, &stack, function).await;
        acting.insert(function.0, policies);
    }
    let stack = local
        .deploy(&deployment.with("Mode", "watch"))
        .await
        .unwrap();
    for (function, acting) in acting {
        let watching = statements(&local, &stack, function).await;
        assert_eq!(watching.get("change"), None, "{function}");
        assert_eq!(watching["observe"], acting["observe"], "{function}");
        assert_eq!(watching["keep"], acting["keep"], "{function}");
    }
}

#[tokio::test]
async fn each_function_that_looks_at_estates_ticks_every_minute_and_is_missed_when_it_does_not() {
    let local = LocalAws::start().await.unwrap();
    let deployment = Deployment::of(empty_zip("clocks.zip")).with("AlarmEmail", "ops@example.com");
    let stack = local.deploy(&deployment).await.unwrap();
    let described = local
        .aws
        .json(CLOUDWATCH, "DescribeAlarms", &json!({}))
        .await
        .unwrap();
    let alarms = described["MetricAlarms"].as_array().unwrap();
    // Those that keep estates write a heartbeat; of the others Lambda counts the invocations.
    let (keeper, slimmer) = ("power-staging", "scale-production");
    let (explainer, rotator) = (&stack.explainer, &stack.rotator);
    for (id, name, deployed, missed) in [
        ("PowerStaging", keeper, &stack.function, ("Looks", keeper)),
        (
            "ScaleProduction",
            slimmer,
            &stack.slimmer,
            ("Looks", slimmer),
        ),
        (
            "ExplainRollback",
            "explain-rollback",
            explainer,
            ("Invocations", explainer),
        ),
        (
            "RotateSecrets",
            "rotate-secrets",
            rotator,
            ("Invocations", rotator),
        ),
    ] {
        let tick = &stack.resources[&format!("{id}Tick")];
        let path = format!("/schedules/{tick}");
        let schedule = local.aws.rest("scheduler", Method::GET, &path, None);
        let schedule = schedule.await.unwrap();
        assert_eq!(schedule["ScheduleExpression"], "rate(1 minute)", "{name}");
        assert_eq!(schedule["State"], "DISABLED", "as it was deployed");
        let target = &schedule["Target"];
        assert_eq!(target["Input"], r#"{"command":"tick"}"#, "{name}");
        assert!(target["Arn"].as_str().unwrap().ends_with(deployed.as_str()));
        // A tick is its own retry.
        assert_eq!(target["RetryPolicy"]["MaximumRetryAttempts"], 0, "{name}");

        let alarm = |kind: &str| {
            let physical = &stack.resources[&format!("{id}{kind}")];
            let mut found = alarms.iter().filter(|one| one["AlarmName"] == **physical);
            found.next().unwrap()
        };
        let silent = alarm("Silent");
        assert_eq!(silent["MetricName"], missed.0);
        assert_eq!(silent["TreatMissingData"], "breaching");
        assert_eq!(silent["Dimensions"][0]["Value"], missed.1);
        let failing = alarm("Failing");
        assert_eq!(failing["MetricName"], "Errors");
        assert_eq!(failing["Dimensions"][0]["Value"], **deployed);
        for alarm in [silent, failing] {
            for actions in ["AlarmActions", "OKActions"] {
                let to = alarm[actions][0].as_str().unwrap();
                assert_eq!(to, stack.resources["Alarms"], "{name}");
            }
        }
    }
}

#[tokio::test]
async fn what_exists_already_is_used() {
    let local = LocalAws::start().await.unwrap();
    let topic = "arn:aws:sns:ap-northeast-1:123456789012:existing";
    let deployment = Deployment::of(empty_zip("existing.zip"))
        .with("ReportsTopicArn", topic)
        .with("LedgerTable", "existing-table");
    let stack = local.deploy(&deployment).await.unwrap();
    assert_eq!(
        (stack.topic.as_str(), stack.table.as_str()),
        (topic, "existing-table")
    );
    assert!(!stack.resources.contains_key("Reports") && !stack.resources.contains_key("Ledger"));
    let keep = &statements(&local, &stack, "PowerStaging").await["keep"];
    let resources: Vec<_> = keep
        .iter()
        .flat_map(|statement| strings(&statement["Resource"]))
        .collect();
    assert!(resources.contains(&topic));
    assert!(
        resources.contains(&"arn:aws:dynamodb:ap-northeast-1:123456789012:table/existing-table")
    );
}
