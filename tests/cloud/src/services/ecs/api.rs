//! ECS's operations, with the refusals of its API's model.

mod clusters;
mod releases;
mod services;
mod tasks;

use serde_json::{Value, json};

use crate::{
    call::{Call, Fault, Outcome, Tags},
    services::{
        ecs::{SERVICE, refer::invalid, render},
        unknown_operation,
    },
    world::World,
};

pub(super) fn answer(world: &mut World, call: &Call) -> Outcome {
    match call.operation.as_str() {
        "CreateCluster" => Ok(clusters::create(world, call)),
        "DescribeClusters" => Ok(clusters::describe(world, call)),
        "DeleteCluster" => clusters::delete(world, call),
        "CreateService" => services::create(world, call),
        "UpdateService" => services::update(world, call),
        "DeleteService" => services::delete(world, call),
        "DescribeServices" => services::describe(world, call),
        "ListServices" => services::list(world, call),
        "ListServiceDeployments" => releases::list(world, call),
        "DescribeServiceDeployments" => releases::describe(world, call),
        "DescribeServiceRevisions" => releases::revisions(world, call),
        "StopServiceDeployment" => releases::stop(world, call),
        "RunTask" => tasks::run(world, call),
        "StopTask" => tasks::stop(world, call),
        "DescribeTasks" => tasks::describe(world, call),
        "ListTasks" => tasks::list(world, call),
        "RegisterTaskDefinition" => tasks::register(world, call),
        "DescribeTaskDefinition" => tasks::describe_definition(world, call),
        "TagResource" => tag(world, call),
        "UntagResource" => untag(world, call),
        "ListTagsForResource" => list_tags(world, call),
        _ => Err(unknown_operation(&SERVICE, call)),
    }
}

/// The tags of a call: a list of objects with `key` and `value`.
fn tags_of(call: &Call) -> Tags {
    let list = call.input.get("tags").and_then(Value::as_array);
    let pairs = list.into_iter().flatten().filter_map(|tag| {
        let value = tag.get("value").and_then(Value::as_str).unwrap_or_default();
        Some((tag.get("key")?.as_str()?.to_owned(), value.to_owned()))
    });
    pairs.collect()
}

fn includes_tags(call: &Call) -> bool {
    call.texts("include").iter().any(|one| one == "TAGS")
}

/// One page of ARNs in order, and the token of the next: the last ARN of this one, so that what
/// comes and goes between two pages shifts nothing.
fn page(
    arns: Vec<String>,
    call: &Call,
    unless_given: usize,
) -> Result<(Vec<String>, Option<String>), Fault> {
    let size = match call.number("maxResults") {
        None => unless_given,
        Some(number @ 1..=100) => usize::try_from(number).unwrap_or(unless_given),
        Some(_) => return Err(invalid("maxResults must be between 1 and 100.")),
    };
    let after = call.text("nextToken").unwrap_or_default();
    let mut rest = arns.into_iter().filter(|arn| arn.as_str() > after);
    let shown: Vec<String> = rest.by_ref().take(size).collect();
    let token = rest.next().and_then(|_| shown.last().cloned());
    Ok((shown, token))
}

/// A list with its token, which is left out on the last page.
fn listed(name: &str, arns: &[String], token: Option<String>) -> Value {
    let mut answer = json!({ name: arns });
    if let Some(token) = token {
        answer["nextToken"] = token.into();
    }
    answer
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TagResource.html>
fn tag(world: &mut World, call: &Call) -> Outcome {
    tags_to_change(world, call)?.extend(tags_of(call));
    Ok(json!({}))
}

fn untag(world: &mut World, call: &Call) -> Outcome {
    let tags = tags_to_change(world, call)?;
    for key in call.texts("tagKeys") {
        tags.remove(&key);
    }
    Ok(json!({}))
}

fn tags_to_change<'a>(world: &'a mut World, call: &Call) -> Result<&'a mut Tags, Fault> {
    let arn = call.text("resourceArn").unwrap_or_default();
    let tags = world.ecs.tags_mut(arn);
    tags.ok_or_else(|| {
        Fault::client(
            "ResourceNotFoundException",
            "The specified resource could not be found.",
        )
    })
}

fn list_tags(world: &mut World, call: &Call) -> Outcome {
    let arn = call.text("resourceArn").unwrap_or_default();
    // ListTagsForResource has no ResourceNotFoundException in the model, other than TagResource.
    let tags = world.ecs.tags(arn);
    let tags = tags.ok_or_else(|| invalid("The specified resource could not be found."))?;
    Ok(json!({ "tags": render::tags(tags) }))
}
