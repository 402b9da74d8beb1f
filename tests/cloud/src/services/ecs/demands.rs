//! What ECS's operations need to be allowed, and the rates that they share.

use serde_json::Value;

use crate::{
    call::{Call, Demand, Tags},
    rates::Bucket,
    services::ecs::{Ecs, refer},
};

/// The documented buckets.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html
pub(super) fn bucket(operation: &str) -> Option<Bucket> {
    let (name, burst, a_second) = match operation {
        "CreateService" | "UpdateService" | "DeleteService" => ("ecs service modify", 50.0, 5.0),
        "DescribeServices" | "ListServices" => ("ecs service read", 100.0, 20.0),
        "DescribeServiceDeployments" | "ListServiceDeployments" => {
            ("ecs service deployment read", 50.0, 20.0)
        }
        "DescribeServiceRevisions" => ("ecs service revision read", 50.0, 20.0),
        "DescribeTasks" | "ListTasks" => ("ecs cluster resource read", 100.0, 20.0),
        "RunTask" | "StopTask" => ("ecs cluster resource modify", 100.0, 40.0),
        "DescribeClusters" => ("ecs cluster read", 50.0, 20.0),
        "DescribeTaskDefinition" => ("ecs task definition read", 50.0, 20.0),
        "RegisterTaskDefinition" => ("ecs task definition modify", 20.0, 1.0),
        "TagResource" | "UntagResource" => ("ecs tag modify", 20.0, 10.0),
        "ListTagsForResource" => ("ecs tag read", 50.0, 20.0),
        _ => return None,
    };
    Some(Bucket {
        name,
        burst,
        a_second,
    })
}

/// What a call needs, one demand for each resource that it names.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerservice.html
pub(super) fn demands(ecs: &Ecs, call: &Call) -> Vec<Demand> {
    let action = format!("ecs:{}", call.operation);
    let on = |arn: String| {
        let tags = ecs.tags(&arn).cloned().unwrap_or_default();
        Demand::new(action.clone(), arn, &tags)
    };
    let cluster = refer::cluster_name(call.text("cluster"));
    let within = |kind: &str, given: &str| {
        let arn = Ecs::within(kind, cluster, given);
        on(arn.unwrap_or_else(|_| given.to_owned()))
    };
    let given = |name: &str| call.text(name).unwrap_or_default();
    let demands: Vec<Demand> = match call.operation.as_str() {
        "DescribeServices" => each(call, "services", |one| within("service", one)),
        "DescribeTasks" => each(call, "tasks", |one| within("task", one)),
        "CreateService" => vec![within("service", given("serviceName"))],
        "UpdateService" | "DeleteService" | "ListServiceDeployments" => {
            vec![within("service", given("service"))]
        }
        "DescribeServiceDeployments" => each(call, "serviceDeploymentArns", |one| on(one.into())),
        "DescribeServiceRevisions" => each(call, "serviceRevisionArns", |one| on(one.into())),
        "StopServiceDeployment" => vec![on(given("serviceDeploymentArn").to_owned())],
        "StopTask" => vec![within("task", given("task"))],
        "RunTask" => {
            let definition = ecs.find_definition(given("taskDefinition"));
            let arn = definition.map(|definition| definition.arn.clone());
            vec![on(arn.unwrap_or_else(|| {
                refer::arn(&format!("task-definition/{}", given("taskDefinition")))
            }))]
        }
        "RegisterTaskDefinition" => {
            vec![on(refer::arn(&format!(
                "task-definition/{}",
                given("family")
            )))]
        }
        "DescribeClusters" => each(call, "clusters", |one| {
            on(refer::arn(&format!("cluster/{}", refer::name_of(one))))
        }),
        "DeleteCluster" => vec![on(refer::arn(&format!("cluster/{cluster}")))],
        "TagResource" | "UntagResource" | "ListTagsForResource" => {
            vec![on(given("resourceArn").to_owned())]
        }
        // CreateCluster, DescribeTaskDefinition and ListServices know no resource types, and
        // ListTasks only container instances, of which Fargate has none.
        _ => Vec::new(),
    };
    if demands.is_empty() {
        return vec![Demand::new(action, "*", &Tags::new())];
    }
    demands
}

fn each(call: &Call, name: &str, demand: impl Fn(&str) -> Demand) -> Vec<Demand> {
    let list = call.input.get(name).and_then(Value::as_array);
    let texts = list.into_iter().flatten().filter_map(Value::as_str);
    texts.map(demand).collect()
}
