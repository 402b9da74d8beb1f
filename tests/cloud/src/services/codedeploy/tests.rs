use serde_json::{Value, json};

use super::*;
use crate::services::ecs::{self, Flaw, NewService, Place, flaws};

const TARGETS: [&str; 2] = [
    "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:targetgroup/point-blue/0123456789abcdef",
    "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:targetgroup/point-green/0123456789abcdef",
];

fn estate() -> (World, String) {
    let mut world = World::new(Timestamp::from_second(1_800_000_000).unwrap(), 5);
    let new = NewService::new("point", "app")
        .count(2)
        .code_deploy()
        .behind(TARGETS[0], "app", 8080);
    let arn = ecs::create_service(&mut world, &Actor::Terraform, new);
    let group = Group::new("point", "app-group", &arn, TARGETS);
    create_group(&mut world, &Actor::Terraform, group);
    pass(&mut world, 60);
    world.events.take();
    (world, arn)
}

fn pass(world: &mut World, seconds: i64) {
    world.advance(world.now + SignedDuration::from_secs(seconds));
}

fn ask(world: &mut World, operation: &str, input: Value) -> Outcome {
    world.ask(&SERVICE, Actor::Person, operation, input)
}

/// Registers the same containers once more and deploys them.
fn release(world: &mut World) -> String {
    let containers = json!([{ "name": "app", "image": "app:2", "essential": true }]);
    let input = json!({ "family": "app", "containerDefinitions": containers });
    let registered = world.ask(
        &ecs::SERVICE,
        Actor::Pipeline,
        "RegisterTaskDefinition",
        input,
    );
    let definition = registered.unwrap()["taskDefinition"]["taskDefinitionArn"].clone();
    let definition = definition.as_str().unwrap();
    deploy(world, &Actor::Pipeline, "point", "app-group", definition).unwrap()
}

fn info(world: &mut World, id: &str) -> Value {
    let shown = ask(world, "GetDeployment", json!({ "deploymentId": id })).unwrap();
    shown["deploymentInfo"].clone()
}

fn sets(world: &mut World) -> Vec<(String, u64, String)> {
    let input = json!({ "cluster": "point", "services": ["app"] });
    let shown = world.ask(&ecs::SERVICE, Actor::Person, "DescribeServices", input);
    let shown = shown.unwrap();
    let sets = shown["services"][0]["taskSets"].as_array().unwrap().clone();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let group = |set: &Value| text(&set["loadBalancers"][0]["targetGroupArn"]);
    sets.iter()
        .map(|set| {
            let group = group(set);
            let name = group.rsplit('/').nth(1).unwrap_or_default().to_owned();
            (
                text(&set["status"]),
                set["runningCount"].as_u64().unwrap(),
                name,
            )
        })
        .collect()
}

fn states(world: &mut World) -> Vec<String> {
    let events = world.events.take();
    let of_it = events
        .iter()
        .filter(|one| one.envelope["source"] == "aws.codedeploy");
    of_it
        .map(|one| one.envelope["detail"]["state"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_good_release_is_filled_gets_the_traffic_and_the_old_tasks_stay_a_while() {
    let (mut world, arn) = estate();
    let id = release(&mut world);
    assert_eq!(info(&mut world, &id)["status"], "InProgress");
    pass(&mut world, 240);
    assert_eq!(
        sets(&mut world),
        [
            ("PRIMARY".to_owned(), 2, "point-green".to_owned()),
            ("ACTIVE".to_owned(), 2, "point-blue".to_owned())
        ]
    );
    assert_eq!(
        info(&mut world, &id)["instanceTerminationWaitTimeStarted"],
        true
    );
    pass(&mut world, 4000);
    assert_eq!(info(&mut world, &id)["status"], "Succeeded");
    assert_eq!(
        sets(&mut world),
        [("PRIMARY".to_owned(), 2, "point-green".to_owned())]
    );
    assert_eq!(states(&mut world), ["START", "SUCCESS"]);
    assert!(
        world
            .ecs
            .service(&arn)
            .unwrap()
            .task_definition()
            .ends_with("app:2")
    );
    // The next one goes back to the first target group.
    release(&mut world);
    pass(&mut world, 240);
    assert_eq!(sets(&mut world)[0].2, "point-blue");
}

#[test]
fn a_release_that_never_becomes_healthy_fails_after_an_hour_and_is_rolled_back() {
    let (mut world, arn) = estate();
    let definition = "arn:aws:ecs:ap-northeast-1:123456789012:task-definition/app:2";
    flaws::put(
        &mut world,
        Place::Definition(definition.to_owned()),
        Flaw::exits(1),
    );
    let id = release(&mut world);
    pass(&mut world, 1800);
    assert_eq!(info(&mut world, &id)["status"], "InProgress");
    pass(&mut world, 1900);
    let failed = info(&mut world, &id);
    assert_eq!(failed["status"], "Failed");
    assert_eq!(failed["errorInformation"]["code"], "TIMEOUT");
    let back = failed["rollbackInfo"]["rollbackDeploymentId"]
        .as_str()
        .unwrap()
        .to_owned();
    let back = info(&mut world, &back);
    assert_eq!(back["creator"], "codeDeployRollback");
    assert_eq!(
        back["rollbackInfo"]["rollbackTriggeringDeploymentId"],
        id.as_str()
    );
    assert_eq!(states(&mut world), ["START", "FAILURE", "START", "SUCCESS"]);
    pass(&mut world, 600);
    assert_eq!(
        sets(&mut world),
        [("PRIMARY".to_owned(), 2, "point-blue".to_owned())]
    );
    assert_eq!(world.ecs.service(&arn).unwrap().running(), 2);
    let input = json!({ "deploymentId": id, "targetIds": ["point:app"] });
    let targets = ask(&mut world, "BatchGetDeploymentTargets", input).unwrap();
    let target = &targets["deploymentTargets"][0]["ecsTarget"];
    assert_eq!(target["status"], "Failed");
    let statuses: Vec<_> = target["lifecycleEvents"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| step["status"].as_str().unwrap())
        .collect();
    assert_eq!(
        statuses,
        [
            "Succeeded",
            "Failed",
            "Skipped",
            "Skipped",
            "Skipped",
            "Skipped",
            "Skipped"
        ]
    );
}

#[test]
fn an_alarm_stops_a_deployment_even_after_the_traffic_went_over() {
    let (mut world, arn) = estate();
    let group = Group {
        alarms: vec!["5xx".to_owned()],
        ..Group::new("point", "app-group", &arn, TARGETS)
    };
    create_group(&mut world, &Actor::Terraform, group);
    let id = release(&mut world);
    pass(&mut world, 240);
    rang(&mut world, "5xx");
    let stopped = info(&mut world, &id);
    assert_eq!(stopped["status"], "Stopped");
    assert_eq!(stopped["errorInformation"]["code"], "ALARM_ACTIVE");
    assert_eq!(sets(&mut world)[0].2, "point-blue");
    assert_eq!(states(&mut world), ["START", "STOP", "START", "SUCCESS"]);
}

#[test]
fn a_deployment_is_stopped_by_hand_once() {
    let (mut world, _) = estate();
    let id = release(&mut world);
    pass(&mut world, 30);
    let input = json!({ "deploymentId": id, "autoRollbackEnabled": true });
    let stopped = ask(&mut world, "StopDeployment", input.clone()).unwrap();
    assert_eq!(stopped["status"], "Succeeded");
    let again = ask(&mut world, "StopDeployment", input).unwrap_err();
    assert_eq!(again.code, "DeploymentAlreadyCompletedException");
    assert_eq!(
        info(&mut world, &id)["errorInformation"]["code"],
        "MANUAL_STOP"
    );
    let nobody = ask(
        &mut world,
        "GetDeployment",
        json!({ "deploymentId": "d-NOBODY" }),
    );
    assert_eq!(nobody.unwrap_err().code, "DeploymentDoesNotExistException");
}

#[test]
fn deployments_are_listed_by_group_and_status() {
    let (mut world, _) = estate();
    let first = release(&mut world);
    pass(&mut world, 5000);
    let second = release(&mut world);
    let of = json!({ "applicationName": "point", "deploymentGroupName": "app-group" });
    let listed = ask(&mut world, "ListDeployments", of).unwrap();
    assert_eq!(listed["deployments"], json!([second, first]));
    let open = json!({ "includeOnlyStatuses": ["InProgress"] });
    let listed = ask(&mut world, "ListDeployments", open).unwrap();
    assert_eq!(listed["deployments"], json!([second]));
    let unknown = json!({ "applicationName": "nobody", "deploymentGroupName": "x" });
    let refused = ask(&mut world, "ListDeployments", unknown).unwrap_err();
    assert_eq!(refused.code, "ApplicationDoesNotExistException");
}

#[test]
fn what_was_deployed_last_is_deployed_again_by_the_api_one_at_a_time() {
    let (mut world, arn) = estate();
    let first = release(&mut world);
    let of = json!({ "applicationName": "point", "deploymentGroupNames": ["app-group", "none"] });
    let last = |world: &mut World| {
        let shown = ask(world, "BatchGetDeploymentGroups", of.clone()).unwrap();
        let groups = shown["deploymentGroupsInfo"].as_array().unwrap().clone();
        assert_eq!(groups.len(), 1, "what is not there is left out");
        let id = |which: &str| groups[0][which]["deploymentId"].clone();
        (
            id("lastSuccessfulDeployment"),
            id("lastAttemptedDeployment"),
        )
    };
    assert_eq!(last(&mut world), (Value::Null, json!(first)));
    let revision = info(&mut world, &first)["revision"].clone();
    let again = json!({
        "applicationName": "point", "deploymentGroupName": "app-group", "revision": revision,
    });
    let refused = ask(&mut world, "CreateDeployment", again.clone()).unwrap_err();
    assert_eq!(refused.code, "DeploymentLimitExceededException");
    pass(&mut world, 5000);
    assert_eq!(last(&mut world), (json!(first), json!(first)));
    let second = ask(&mut world, "CreateDeployment", again).unwrap()["deploymentId"].clone();
    assert_eq!(last(&mut world), (json!(first), second.clone()));
    pass(&mut world, 5000);
    assert_eq!(
        info(&mut world, second.as_str().unwrap())["revision"],
        revision
    );
    let service = world.ecs.service(&arn).unwrap();
    assert!(service.task_definition().ends_with("app:2"));
    assert_eq!(service.running(), 2);
    let nothing = json!({ "applicationName": "point", "deploymentGroupName": "app-group" });
    let refused = ask(&mut world, "CreateDeployment", nothing).unwrap_err();
    assert_eq!(refused.code, "RevisionRequiredException");
}

#[test]
fn applications_and_their_groups_are_listed() {
    let (mut world, _) = estate();
    let shown = ask(&mut world, "ListApplications", json!({})).unwrap();
    assert_eq!(shown["applications"], json!(["point"]));
    let of = json!({ "applicationName": "point" });
    let shown = ask(&mut world, "ListDeploymentGroups", of).unwrap();
    assert_eq!(shown["deploymentGroups"], json!(["app-group"]));
    let nobody = json!({ "applicationName": "nobody" });
    let refused = ask(&mut world, "ListDeploymentGroups", nobody).unwrap_err();
    assert_eq!(refused.code, "ApplicationDoesNotExistException");
}

#[test]
fn a_world_at_rest_has_nothing_of_it_on_its_agenda() {
    let (mut world, _) = estate();
    release(&mut world);
    pass(&mut world, 3 * 3600);
    assert_eq!(world.agenda_len(), 0);
}
