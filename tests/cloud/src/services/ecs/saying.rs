//! What a service says: the texts among its own events, and its Service Actions.

use serde_json::{Value, json};

use crate::{
    services::{
        ecs::{refer, render},
        events,
    },
    world::World,
};

/// What the service's events say of tasks that were started or stopped.
pub(super) fn tasks(world: &mut World, arn: &str, [what, which]: [&str; 2], tasks: &[&str]) {
    if tasks.is_empty() {
        return;
    }
    let names = tasks
        .iter()
        .map(|task| format!(" (task {})", refer::name_of(task)));
    let (count, names) = (tasks.len(), names.collect::<String>());
    say(
        world,
        arn,
        &format!("has {what} {count}{which} tasks:{names}."),
    );
}

/// Adds to the events of a service.
pub(super) fn say(world: &mut World, arn: &str, text: &str) {
    let now = world.now;
    if let Some(service) = world.ecs.services.get_mut(arn) {
        let message = format!("(service {}) {text}", service.name);
        service.events.insert(0, (now, message));
        // "A maximum of 100 of the latest events are displayed."
        // https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Service.html
        service.events.truncate(100);
    }
}

/// Emits an ECS Service Action.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service_events.html
pub(super) fn act(world: &mut World, arn: &str, kind: &str, name: &str) {
    if let Some(detail) = action(world, arn, kind, name) {
        let resources = vec![arn.to_owned()];
        events::emit(world, "aws.ecs", "ECS Service Action", resources, detail);
    }
}

/// The same with more in it, and an id that is not drawn.
pub(super) fn act_undrawn(world: &mut World, arn: &str, kind: &str, name: &str, more: Value) {
    if let (Some(mut detail), Value::Object(more)) = (action(world, arn, kind, name), more) {
        if let Some(members) = detail.as_object_mut() {
            members.extend(more);
        }
        let resources = vec![arn.to_owned()];
        events::emit_undrawn(world, "aws.ecs", "ECS Service Action", resources, detail);
    }
}

fn action(world: &World, arn: &str, kind: &str, name: &str) -> Option<Value> {
    let service = world.ecs.services.get(arn)?;
    Some(json!({
        "eventType": kind,
        "eventName": name,
        "clusterArn": refer::arn(&format!("cluster/{}", service.cluster)),
        "createdAt": render::iso(world.now),
    }))
}
