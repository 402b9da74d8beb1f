//! The containers of a task: which image each was started from, where its lines go, and how it ended.

use jiff::Timestamp;
use serde_json::Value;

use crate::{
    services::{
        ecr::{Found, Reference},
        ecs::{Task, TaskDefinition, refer},
        logs,
    },
    world::World,
};

/// A container of a task.
#[derive(Clone, Debug, PartialEq)]
pub struct Container {
    /// Its name.
    pub name: String,
    /// Its image, as the task was told to start it: with the digest behind the tag once that is known.
    // https://github.com/aws/amazon-ecs-agent/issues/4226
    pub image: String,
    /// The digest of its image, where it comes from this account's registry.
    pub digest: Option<String>,
    /// Whether the task ends with it.
    pub essential: bool,
    /// What it exited with.
    pub exit_code: Option<u8>,
    /// Why it ended, if there is more to say than the exit code.
    pub reason: Option<String>,
    /// The group and the stream that its lines go to; none without the `awslogs` driver.
    pub log: Option<(String, String)>,
    /// The port that it listens on.
    pub(super) port: Option<u64>,
}

/// A container's image as it was resolved for a deployment: all of its tasks have this digest, also when
/// the tag moves on meanwhile.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html#deployment-container-image-stability
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pinned {
    /// The container's name.
    pub container: String,
    /// The image as the task definition says it.
    pub image: String,
    /// Its digest; none of an image that is not there, or of another registry.
    pub digest: Option<String>,
}

fn text<'a>(container: &'a Value, name: &str) -> &'a str {
    let value = container.get(name).and_then(Value::as_str);
    value.unwrap_or("app")
}

/// The images of a task definition as they are now.
pub(super) fn pinned(world: &World, definition: &TaskDefinition) -> Vec<Pinned> {
    let containers = definition.containers.iter();
    containers
        .map(|container| {
            let image = text(container, "image");
            Pinned {
                container: text(container, "name").to_owned(),
                image: image.to_owned(),
                digest: resolved(world, image),
            }
        })
        .collect()
}

/// The digest of an image of this account's registry.
pub(super) fn resolved(world: &World, image: &str) -> Option<String> {
    match world.ecr.find(&Reference::read(image)?) {
        Found::Here(digest) => Some(digest),
        Found::Elsewhere | Found::Missing => None,
    }
}

/// What a task of a definition is made of.
pub(super) fn made(definition: &TaskDefinition, task_id: &str, pins: &[Pinned]) -> Vec<Container> {
    let containers = definition.containers.iter();
    containers
        .map(|container| {
            let (name, image) = (text(container, "name"), text(container, "image"));
            let digest = pins
                .iter()
                .find(|pin| pin.container == name)
                .and_then(|pin| pin.digest.clone());
            let with_digest = digest.as_ref().filter(|_| !image.contains('@'));
            Container {
                name: name.to_owned(),
                image: with_digest
                    .map_or_else(|| image.to_owned(), |digest| format!("{image}@{digest}")),
                essential: container.get("essential") != Some(&Value::Bool(false)),
                exit_code: None,
                reason: None,
                log: stream(container, name, task_id),
                port: container
                    .pointer("/portMappings/0/containerPort")
                    .and_then(Value::as_u64),
                digest,
            }
        })
        .collect()
}

/// An option of a container's log driver.
pub(super) fn log_option<'a>(container: &'a Value, name: &str) -> Option<&'a str> {
    let config = container.get("logConfiguration")?;
    let is_awslogs = config.get("logDriver").and_then(Value::as_str) == Some("awslogs");
    let option = config.get("options").filter(|_| is_awslogs)?.get(name)?;
    option.as_str()
}

// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/specify-log-config.html: with a prefix, which
// Fargate requires, the stream is `prefix-name/container-name/ecs-task-id`.
fn stream(container: &Value, name: &str, task_id: &str) -> Option<(String, String)> {
    let group = log_option(container, "awslogs-group")?;
    let prefix = log_option(container, "awslogs-stream-prefix")?;
    Some((group.to_owned(), format!("{prefix}/{name}/{task_id}")))
}

impl Task {
    /// What the first of its essential containers exited with.
    #[must_use]
    pub fn exit_code(&self) -> Option<u8> {
        self.containers
            .iter()
            .find(|one| one.essential)
            .or_else(|| self.containers.first())?
            .exit_code
    }

    /// The address of its network interface, which belongs to the task alone.
    #[must_use]
    pub fn address(&self) -> String {
        let number = crate::hash::text(&self.arn);
        let part = |shift: u32| (number >> shift) % 250 + 4;
        format!("10.0.{}.{}", part(8), part(24))
    }

    /// Whether it has run well.
    #[must_use]
    pub fn has_settled(&self) -> bool {
        self.settled
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> &str {
        refer::name_of(&self.arn)
    }

    /// Lets a container of it end with a code.
    pub(super) fn ends_with(&mut self, container: usize, code: u8, reason: Option<&str>) {
        if let Some(container) = self.containers.get_mut(container) {
            container.exit_code = Some(code);
            container.reason = reason.map(ToOwned::to_owned);
        }
    }
}

/// Writes lines of a container, the last of them at an instant, those before it some milliseconds
/// earlier each.
pub(super) fn say(world: &mut World, container: &Container, last: Timestamp, lines: &[String]) {
    let Some((group, stream)) = &container.log else {
        return;
    };
    for (before, line) in (0..lines.len()).rev().zip(lines) {
        let before = i64::try_from(before).unwrap_or(0) * 7;
        let at = last.saturating_sub(jiff::SignedDuration::from_millis(before));
        logs::write(world, group, stream, at.unwrap_or(last), line);
    }
}
