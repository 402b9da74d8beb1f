//! ECS: services, their counts, deployments and tasks.

use nightshift_tests::aws::{ACCOUNT, ECS, REGION};
use serde_json::json;

use crate::script::{Step, json, later};

pub(crate) fn steps() -> Vec<Step> {
    [
        services(),
        counts(),
        refusals(),
        code_deploy(),
        tasks(),
        lists(),
        ends(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn service(name: &str, count: u32) -> serde_json::Value {
    json!({
        "cluster": "talk",
        "serviceName": name,
        "taskDefinition": "app",
        "desiredCount": count,
        "launchType": "FARGATE",
        "networkConfiguration": { "awsvpcConfiguration": { "subnets": ["<subnet>"], "securityGroups": [] } },
        "tags": [{ "key": "nightshift:sleep", "value": "talk" }],
    })
}

fn describe(words: &str, names: &[&str]) -> Step {
    let input = json!({ "cluster": "talk", "services": names });
    json(ECS, "DescribeServices", words, input)
}

fn update(words: &str, more: &serde_json::Value) -> Step {
    let mut input = json!({ "cluster": "talk", "service": "web" });
    for (name, value) in more.as_object().unwrap() {
        input[name] = value.clone();
    }
    json(ECS, "UpdateService", words, input)
}

fn services() -> Vec<Step> {
    let definition = json!({
        "family": "app",
        "requiresCompatibilities": ["FARGATE"],
        "networkMode": "awsvpc",
        "cpu": "256",
        "memory": "512",
        "containerDefinitions": [{ "name": "app", "image": "app" }],
    });
    let eleven: Vec<String> = (0..11).map(|n| format!("s{n}")).collect();
    let eleven: Vec<&str> = eleven.iter().map(String::as_str).collect();
    vec![
        json(
            ECS,
            "CreateCluster",
            "new",
            json!({ "clusterName": "talk" }),
        )
        .shows(&["/cluster/status"]),
        json(
            ECS,
            "CreateCluster",
            "that is there",
            json!({ "clusterName": "talk" }),
        )
        .shows(&["/cluster/status"]),
        json(ECS, "RegisterTaskDefinition", "new", definition.clone())
            .shows(&["/taskDefinition/revision", "/taskDefinition/status"]),
        json(ECS, "RegisterTaskDefinition", "again", definition)
            .shows(&["/taskDefinition/revision"]),
        json(ECS, "CreateService", "of two tasks", service("web", 2)).shows(&[
            "/service/status",
            "/service/desiredCount",
            "/service/runningCount",
            "/service/deployments/0/rolloutState",
        ]),
        json(ECS, "CreateService", "with a name that is taken", {
            let mut input = service("web", 2);
            input["taskDefinition"] = "app:1".into();
            input
        }),
        json(ECS, "CreateService", "in an unknown cluster", {
            let mut input = service("web", 1);
            input["cluster"] = "nowhere".into();
            input
        }),
        json(ECS, "CreateService", "of an unknown task definition", {
            let mut input = service("other", 1);
            input["taskDefinition"] = "nothing".into();
            input
        }),
        later(30),
        describe("of one that is steady", &["web"])
            .shows(&[
                "/services/0/desiredCount",
                "/services/0/runningCount",
                "/services/0/pendingCount",
                "/services/0/deployments#",
                "/services/0/deployments/0/rolloutState",
                "/services/0/tags#",
            ])
            .keeps("deployment", "/services/0/deployments/0/id"),
        json(
            ECS,
            "DescribeServices",
            "with their tags",
            json!({ "cluster": "talk", "services": ["web"], "include": ["TAGS"] }),
        )
        .shows(&["/services/0/tags/0/key"]),
        describe("of eleven", &eleven),
        describe("of none", &[]),
        describe("of an unknown one", &["nobody"]).shows(&[
            "/services#",
            "/failures#",
            "/failures/0/reason",
        ]),
        json(
            ECS,
            "DescribeServices",
            "in an unknown cluster",
            json!({ "cluster": "nowhere", "services": ["web"] }),
        ),
        json(
            ECS,
            "DescribeServices",
            "in the default cluster, which nobody made",
            json!({ "services": ["web"] }),
        ),
    ]
}

fn counts() -> Vec<Step> {
    let shown = [
        "/services/0/desiredCount",
        "/services/0/runningCount",
        "/services/0/deployments/0/desiredCount",
        "/services/0/deployments/0/runningCount",
    ];
    vec![
        update("to no task", &json!({ "desiredCount": 0 })).shows(&[
            "/service/desiredCount",
            "/service/runningCount",
            "/service/deployments/0/id!deployment",
        ]),
        later(30),
        describe("after it was set to no task", &["web"]).shows(&shown),
        update("to three tasks", &json!({ "desiredCount": 3 }))
            .shows(&["/service/desiredCount", "/service/runningCount"]),
        later(30),
        describe("after it was set to three tasks", &["web"]).shows(&shown),
        update(
            "with a new deployment forced",
            &json!({ "forceNewDeployment": true }),
        )
        .shows(&[
            "/service/deployments#",
            "/service/deployments/0/status",
            "/service/deployments/0/rolloutState",
            "/service/deployments/0/id!deployment",
        ]),
        later(60),
        describe("after a deployment", &["web"]).shows(&[
            "/services/0/deployments#",
            "/services/0/deployments/0/rolloutState",
            "/services/0/deployments/0/id!deployment",
            "/services/0/runningCount",
        ]),
        update(
            "with another task definition",
            &json!({ "taskDefinition": "app:1" }),
        )
        .shows(&[
            "/service/deployments#",
            "/service/deployments/0/rolloutState",
            "/service/taskDefinition",
        ]),
        later(60),
    ]
}

fn refusals() -> Vec<Step> {
    vec![
        update(
            "of an unknown service",
            &json!({ "service": "nobody", "desiredCount": 0 }),
        ),
        update(
            "in an unknown cluster",
            &json!({ "cluster": "nowhere", "desiredCount": 0 }),
        ),
        update("to less than no task", &json!({ "desiredCount": -1 })),
        update(
            "to an unknown task definition",
            &json!({ "taskDefinition": "nothing" }),
        ),
    ]
}

fn code_deploy() -> Vec<Step> {
    let mut input = service("blue", 1);
    input["deploymentController"] = json!({ "type": "CODE_DEPLOY" });
    let blue = |words: &str, more: serde_json::Value| {
        let mut input = more;
        input["service"] = "blue".into();
        update(words, &input)
    };
    vec![
        json(ECS, "CreateService", "under CodeDeploy", input).shows(&[
            "/service/deploymentController/type",
            "/service/deployments#",
        ]),
        blue("under CodeDeploy, to no task", json!({ "desiredCount": 0 }))
            .shows(&["/service/desiredCount"]),
        blue(
            "under CodeDeploy, forced",
            json!({ "forceNewDeployment": true }),
        ),
        blue(
            "under CodeDeploy, to another task definition",
            json!({ "taskDefinition": "app:2" }),
        ),
        describe("under CodeDeploy", &["blue"]).shows(&[
            "/services/0/deploymentController/type",
            "/services/0/deployments#",
            "/services/0/desiredCount",
        ]),
    ]
}

fn tasks() -> Vec<Step> {
    let nobody =
        format!("arn:aws:ecs:{REGION}:{ACCOUNT}:task/talk/0123456789abcdef0123456789abcdef");
    vec![
        json(
            ECS,
            "ListTasks",
            "of a service",
            json!({ "cluster": "talk", "serviceName": "web" }),
        )
        .shows(&["/taskArns#"])
        .keeps("task", "/taskArns/0"),
        json(
            ECS,
            "ListTasks",
            "in an unknown cluster",
            json!({ "cluster": "nowhere" }),
        ),
        json(
            ECS,
            "DescribeTasks",
            "of a service's",
            json!({ "cluster": "talk", "tasks": ["<task>"] }),
        )
        .shows(&[
            "/tasks/0/lastStatus",
            "/tasks/0/desiredStatus",
            "/tasks/0/group",
        ]),
        json(
            ECS,
            "DescribeTasks",
            "of an unknown one",
            json!({ "cluster": "talk", "tasks": [nobody] }),
        )
        .shows(&["/tasks#", "/failures/0/reason"]),
        json(
            ECS,
            "ListServiceDeployments",
            "of a service",
            json!({ "cluster": "talk", "service": "web" }),
        )
        .shows(&["/serviceDeployments?", "/serviceDeployments/0/status"]),
    ]
}

fn lists() -> Vec<Step> {
    let list = |words: &str, more: &str| {
        let mut input = json!({ "cluster": "talk" });
        match more {
            "" => {}
            "two" => input["maxResults"] = 2.into(),
            "many" => input["maxResults"] = 101.into(),
            token => input["nextToken"] = token.into(),
        }
        json(ECS, "ListServices", words, input)
    };
    let mut steps: Vec<Step> = (1..=10)
        .map(|n| {
            json(
                ECS,
                "CreateService",
                &format!("number {n}"),
                service(&format!("n{n}"), 0),
            )
        })
        .collect();
    steps.extend([
        list("of twelve", "")
            .shows(&["/serviceArns#", "/nextToken?"])
            .keeps("next", "/nextToken"),
        list("of the rest", "<next>").shows(&["/serviceArns#", "/nextToken?"]),
        list("two at a time", "two").shows(&["/serviceArns#", "/nextToken?"]),
        list("of more than a page takes", "many"),
        json(
            ECS,
            "ListServices",
            "in an unknown cluster",
            json!({ "cluster": "nowhere" }),
        ),
    ]);
    steps
}

fn ends() -> Vec<Step> {
    let delete = |words: &str, name: &str| {
        let input = json!({ "cluster": "talk", "service": name });
        json(ECS, "DeleteService", words, input)
    };
    vec![
        delete("that has tasks", "web"),
        delete("that has none", "n1").shows(&["/service/status"]),
        delete("that is unknown", "nobody"),
        later(10),
        update(
            "of a deleted service",
            &json!({ "service": "n1", "desiredCount": 1 }),
        ),
        describe("of a deleted one", &["n1"]).shows(&["/services/0/status", "/failures#"]),
        json(
            ECS,
            "DescribeClusters",
            "of an unknown one",
            json!({ "clusters": ["nowhere"] }),
        )
        .shows(&["/clusters#", "/failures/0/reason"]),
        json(
            ECS,
            "DeleteCluster",
            "with services",
            json!({ "cluster": "talk" }),
        ),
    ]
}
