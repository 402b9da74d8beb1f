use super::*;
use crate::call::Call;

fn code(outcome: Result<Value, Fault>) -> String {
    outcome.unwrap_err().code
}

fn staging(names: &[&str]) -> World {
    let mut world = world();
    for name in names {
        let new = NewService::new("staging", name).tag("nightshift:sleep", "staging");
        create_service(&mut world, &Actor::Terraform, new);
    }
    world
}

#[test]
fn describe_services_takes_names_and_arns_tells_what_is_missing_and_tags_only_when_asked() {
    let mut world = staging(&["api", "web"]);
    let arn = "arn:aws:ecs:ap-northeast-1:123456789012:service/staging/web";
    let cluster = "arn:aws:ecs:ap-northeast-1:123456789012:cluster/staging";
    let input = json!({ "cluster": cluster, "services": ["api", arn, "gone"] });
    let shown = ask(&mut world, "DescribeServices", input).unwrap();
    assert_eq!(shown["services"][0]["serviceName"], "api");
    assert_eq!(shown["services"][1]["serviceArn"], arn);
    assert_eq!(shown["services"][1]["clusterArn"], cluster);
    assert_eq!(shown["services"][0]["tags"], Value::Null);
    assert_eq!(shown["services"][0]["createdAt"], 1_795_424_400.0);
    assert_eq!(
        shown["services"][0]["deployments"][0]["rolloutState"],
        "COMPLETED"
    );
    assert_eq!(
        shown["failures"],
        json!([{
            "arn": "arn:aws:ecs:ap-northeast-1:123456789012:service/staging/gone",
            "reason": "MISSING",
        }])
    );
    let input = json!({ "cluster": "staging", "services": ["api"], "include": ["TAGS"] });
    let shown = ask(&mut world, "DescribeServices", input).unwrap();
    assert_eq!(
        shown["services"][0]["tags"],
        json!([{ "key": "nightshift:sleep", "value": "staging" }])
    );
}

#[test]
fn describe_services_refuses_more_than_ten_and_clusters_that_there_are_not() {
    let mut world = staging(&["api"]);
    let eleven: Vec<_> = (0..11).map(|number| format!("s{number}")).collect();
    let input = json!({ "cluster": "staging", "services": eleven });
    assert_eq!(
        code(ask(&mut world, "DescribeServices", input)),
        "InvalidParameterException"
    );
    let input = json!({ "services": ["api"] });
    assert_eq!(
        code(ask(&mut world, "DescribeServices", input)),
        "ClusterNotFoundException"
    );
}

#[test]
fn list_services_gives_ten_a_page_unless_told_otherwise() {
    let names: Vec<_> = (0..23).map(|number| format!("s{number:02}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let mut world = staging(&names);
    let (mut token, mut sizes) = (Value::Null, Vec::new());
    loop {
        let input = json!({ "cluster": "staging", "nextToken": token });
        let listed = ask(&mut world, "ListServices", input).unwrap();
        sizes.push(listed["serviceArns"].as_array().unwrap().len());
        token = listed["nextToken"].clone();
        if token.is_null() {
            break;
        }
    }
    assert_eq!(sizes, [10, 10, 3]);
    let input = json!({ "cluster": "staging", "maxResults": 100 });
    let listed = ask(&mut world, "ListServices", input).unwrap();
    assert_eq!(listed["serviceArns"].as_array().unwrap().len(), 23);
    let input = json!({ "cluster": "staging", "maxResults": 101 });
    assert_eq!(
        code(ask(&mut world, "ListServices", input)),
        "InvalidParameterException"
    );
}

#[test]
fn list_tasks_shows_what_is_to_run_unless_asked_for_what_is_to_stop() {
    let mut world = staging(&["api", "web"]);
    world.timings.task_stop = 100..=100;
    let arn = "arn:aws:ecs:ap-northeast-1:123456789012:service/staging/web";
    set_count(&mut world, &Actor::Person, arn, 0);
    pass(&mut world, 10);
    let mut count = |more: Value| {
        let mut input = json!({ "cluster": "staging" });
        input
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let listed = ask(&mut world, "ListTasks", input)?;
        Ok::<_, Fault>(listed["taskArns"].as_array().unwrap().len())
    };
    assert_eq!(count(json!({})), Ok(1));
    assert_eq!(count(json!({ "desiredStatus": "STOPPED" })), Ok(1));
    assert_eq!(count(json!({ "desiredStatus": "PENDING" })), Ok(0));
    assert_eq!(count(json!({ "serviceName": "web" })), Ok(0));
    assert_eq!(count(json!({ "family": "api" })), Ok(1));
    let missing = count(json!({ "serviceName": "gone" }));
    assert_eq!(missing.unwrap_err().code, "ServiceNotFoundException");
}

#[test]
fn a_task_of_fargate_tells_its_size_group_and_health() {
    let mut world = world();
    let new = NewService::new("staging", "api").size(512, 1024).arm();
    create_service(&mut world, &Actor::Terraform, new);
    let listed = ask(&mut world, "ListTasks", json!({ "cluster": "staging" })).unwrap();
    let input = json!({ "cluster": "staging", "tasks": listed["taskArns"], "include": ["TAGS"] });
    let shown = ask(&mut world, "DescribeTasks", input).unwrap();
    let task = &shown["tasks"][0];
    assert_eq!(
        (&task["cpu"], &task["memory"]),
        (&json!("512"), &json!("1024"))
    );
    assert_eq!(
        task["attributes"],
        json!([{ "name": "ecs.cpu-architecture", "value": "arm64" }])
    );
    assert_eq!(task["group"], "service:api");
    assert!(task["startedBy"].as_str().unwrap().starts_with("ecs-svc/"));
    assert_eq!(task["healthStatus"], "HEALTHY");
}

#[test]
fn run_task_keeps_its_overrides_and_tags() {
    let mut world = staging(&["api"]);
    let definition = json!({
        "family": "migrate", "cpu": "1024", "memory": "2048",
        "containerDefinitions": [{ "name": "migrate", "image": "migrate:1" }],
    });
    let made = ask(&mut world, "RegisterTaskDefinition", definition).unwrap();
    assert_eq!(made["taskDefinition"]["revision"], 1);
    let overrides = json!({ "containerOverrides": [
        { "name": "migrate", "environment": [{ "name": "HOLD_UNTIL", "value": "20:00" }] },
    ] });
    let input = json!({
        "cluster": "staging", "taskDefinition": "migrate", "overrides": overrides,
        "tags": [{ "key": "who", "value": "me" }],
    });
    let run = ask(&mut world, "RunTask", input).unwrap();
    let task = run["tasks"][0]["taskArn"].clone();
    pass(&mut world, 300);
    let input = json!({ "cluster": "staging", "tasks": [task], "include": ["TAGS"] });
    let shown = ask(&mut world, "DescribeTasks", input).unwrap();
    assert_eq!(shown["tasks"][0]["overrides"], overrides);
    assert_eq!(
        shown["tasks"][0]["tags"],
        json!([{ "key": "who", "value": "me" }])
    );
    assert_eq!(shown["tasks"][0]["lastStatus"], "RUNNING");
    assert_eq!(shown["tasks"][0]["cpu"], "1024");
}

#[test]
fn update_service_tells_missing_deleted_and_daemon_services_apart() {
    let mut world = staging(&["api", "gone"]);
    let new = NewService::new("staging", "agent").daemon(2);
    create_service(&mut world, &Actor::Terraform, new);
    let gone = "arn:aws:ecs:ap-northeast-1:123456789012:service/staging/gone";
    delete_service(&mut world, &Actor::Terraform, gone);
    let mut update = |name: &str| {
        let input = json!({ "cluster": "staging", "service": name, "desiredCount": 0 });
        ask(&mut world, "UpdateService", input)
    };
    assert_eq!(code(update("nobody")), "ServiceNotFoundException");
    assert_eq!(code(update("gone")), "ServiceNotActiveException");
    assert_eq!(code(update("agent")), "InvalidParameterException");
    assert_eq!(update("api").unwrap()["service"]["desiredCount"], 0);
}

#[test]
fn update_service_deploys_for_a_new_task_definition_and_by_force_only() {
    let mut world = staging(&["api"]);
    let mut update = |more: (&str, Value)| {
        let input = json!({ "cluster": "staging", "service": "api", more.0: more.1 });
        let updated = ask(&mut world, "UpdateService", input).unwrap();
        updated["service"]["deployments"].as_array().unwrap().len()
    };
    assert_eq!(update(("desiredCount", json!(2))), 1);
    assert_eq!(update(("taskDefinition", json!("api:1"))), 1);
    assert_eq!(update(("forceNewDeployment", json!(true))), 2);
}

#[test]
fn create_and_delete_service_go_through_their_states() {
    let mut world = staging(&["api"]);
    let create = json!({
        "cluster": "staging", "serviceName": "new", "taskDefinition": "api", "desiredCount": 1,
        "deploymentConfiguration": { "deploymentCircuitBreaker": { "enable": true, "rollback": true } },
    });
    let made = ask(&mut world, "CreateService", create.clone()).unwrap();
    assert_eq!(made["service"]["runningCount"], 0);
    assert_eq!(
        made["service"]["deployments"][0]["rolloutState"],
        "IN_PROGRESS"
    );
    assert_eq!(
        code(ask(&mut world, "CreateService", create.clone())),
        "InvalidParameterException"
    );
    rest(&mut world, 1);
    let delete = json!({ "cluster": "staging", "service": "new" });
    assert_eq!(
        code(ask(&mut world, "DeleteService", delete)),
        "InvalidParameterException"
    );
    let forced = json!({ "cluster": "staging", "service": "new", "force": true });
    ask(&mut world, "DeleteService", forced).unwrap();
    rest(&mut world, 1);
    ask(&mut world, "CreateService", create).unwrap();
}

#[test]
fn a_cluster_with_services_is_not_deleted() {
    let mut world = staging(&["api"]);
    let cluster = json!({ "cluster": "staging" });
    assert_eq!(
        code(ask(&mut world, "DeleteCluster", cluster)),
        "ClusterContainsServicesException"
    );
    ask(
        &mut world,
        "CreateCluster",
        json!({ "clusterName": "empty" }),
    )
    .unwrap();
    ask(&mut world, "DeleteCluster", json!({ "cluster": "empty" })).unwrap();
    let shown = ask(
        &mut world,
        "DescribeClusters",
        json!({ "clusters": ["staging", "no"] }),
    );
    let shown = shown.unwrap();
    assert_eq!(shown["clusters"][0]["activeServicesCount"], 1);
    assert_eq!(shown["failures"][0]["reason"], "MISSING");
}

#[test]
fn tags_are_set_read_and_removed() {
    let mut world = staging(&["api"]);
    let arn = "arn:aws:ecs:ap-northeast-1:123456789012:service/staging/api";
    let tag = json!({ "resourceArn": arn, "tags": [{ "key": "a", "value": "b" }] });
    ask(&mut world, "TagResource", tag).unwrap();
    let untag = json!({ "resourceArn": arn, "tagKeys": ["nightshift:sleep"] });
    ask(&mut world, "UntagResource", untag).unwrap();
    let listed = ask(
        &mut world,
        "ListTagsForResource",
        json!({ "resourceArn": arn }),
    )
    .unwrap();
    assert_eq!(listed, json!({ "tags": [{ "key": "a", "value": "b" }] }));
    let nobody = json!({ "resourceArn": format!("{arn}x"), "tags": [] });
    assert_eq!(
        code(ask(&mut world, "TagResource", nobody)),
        "ResourceNotFoundException"
    );
}

#[test]
fn the_history_tells_of_a_rollback() {
    let mut world = staging(&["api"]);
    let arn = "arn:aws:ecs:ap-northeast-1:123456789012:service/staging/api";
    deploy(&mut world, &Actor::Pipeline, arn, Fate::Crashes);
    rest(&mut world, 2);
    let input = json!({ "cluster": "staging", "service": "api" });
    let listed = ask(&mut world, "ListServiceDeployments", input).unwrap();
    let last = &listed["serviceDeployments"][0];
    assert_eq!(last["status"], "ROLLBACK_SUCCESSFUL");
    let input = json!({ "serviceDeploymentArns": [last["serviceDeploymentArn"]] });
    let shown = ask(&mut world, "DescribeServiceDeployments", input).unwrap();
    let shown = &shown["serviceDeployments"][0];
    assert_eq!(
        shown["rollback"]["serviceRevisionArn"],
        listed["serviceDeployments"][1]["targetServiceRevisionArn"]
    );
}

#[test]
fn one_demand_is_made_for_each_service_with_its_tags() {
    let world = staging(&["api", "web"]);
    let demands = |operation: &str, input: Value| {
        let call = Call {
            operation: operation.to_owned(),
            input,
            actor: Actor::Person,
        };
        AwsService::demands(&SERVICE, &world, &call)
    };
    let found = demands(
        "DescribeServices",
        json!({ "cluster": "staging", "services": ["api", "web"] }),
    );
    assert_eq!(found.len(), 2);
    assert!(found[1].resource.ends_with("service/staging/web"));
    let found = demands(
        "UpdateService",
        json!({ "cluster": "staging", "service": "api" }),
    );
    assert_eq!(found[0].action, "ecs:UpdateService");
    assert_eq!(found[0].tags["nightshift:sleep"], "staging");
    assert_eq!(demands("ListTasks", json!({}))[0].resource, "*");
}

#[test]
fn update_service_is_throttled_at_its_documented_rate() {
    let mut world = staging(&["api"]);
    let call = Call {
        operation: "UpdateService".to_owned(),
        input: json!({ "cluster": "staging", "service": "api", "desiredCount": 1 }),
        actor: Actor::Person,
    };
    let codes: Vec<_> = (0..52)
        .filter_map(|_| world.call(&SERVICE, &call).err())
        .map(|fault| fault.code)
        .collect();
    assert_eq!(codes, ["ThrottlingException", "ThrottlingException"]);
}
