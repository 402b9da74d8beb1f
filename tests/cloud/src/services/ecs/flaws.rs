//! What is wrong with an image, a task definition, a service or the network, and what tasks that meet it
//! say of it: their stop codes, reasons and exit codes, in AWS's words.

mod texts;

use crate::{
    hash,
    services::{
        ecr::{Found, Reference},
        ecs::{Container, Fate, TaskDefinition, containers},
        secretsmanager, ssm,
    },
    world::World,
};

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// What it is.
    pub kind: Kind,
    /// The container that it shows in; the first one unless it is said.
    pub container: Option<String>,
    /// What that container writes before it dies, or while it fails its checks.
    pub lines: Vec<String>,
}

/// Kinds of flaws.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The registry has no such image.
    ImageMissing,
    /// The image's index names no image for the task's platform.
    PlatformMissing,
    /// The execution role may not pull.
    PullForbidden,
    /// There is no way to the registry.
    RegistryOutOfReach,
    /// There is no way to the registry's API, where the login comes from.
    RegistryAuthOutOfReach,
    /// The execution role may not log in to the registry.
    RegistryAuthForbidden,
    /// There is no such parameter or secret, named as `valueFrom` does.
    SecretMissing(String),
    /// A secret's JSON has no such key: `valueFrom` and the key.
    SecretWithoutKey(String, String),
    /// The execution role may not read the parameter or secret.
    SecretForbidden(String),
    /// There is no way to Parameter Store or Secrets Manager.
    SecretOutOfReach(String),
    /// The group of the `awslogs` driver does not exist.
    LogGroupMissing,
    /// Fargate has no capacity.
    NoCapacity,
    /// No network interface can be had.
    NoInterface,
    /// The image is for another architecture, and nobody noticed until it ran.
    WrongArchitecture {
        /// 1, or 255 of some images.
        exit_code: u8,
    },
    /// It needs more memory than it has.
    OutOfMemory,
    /// A container exits soon after its start.
    Exits(u8),
    /// The load balancer's health check fails.
    TargetUnhealthy(Trouble),
    /// The container's health check fails.
    ContainerUnhealthy,
    /// It never runs, and these are AWS's words for why.
    Says(String),
}

/// What a load balancer sees of a target that fails its check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It answers with this status.
    Status(u16),
    /// It does not answer in time.
    TimesOut,
    /// Nobody listens.
    Refuses,
}

/// What a flaw is put on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// An image, by its digest.
    Image(String),
    /// A task definition, by its ARN.
    Definition(String),
    /// A service, by its ARN.
    Service(String),
    /// All tasks.
    Network,
}

/// How a task with a flaw ends.
#[derive(Debug)]
pub(super) enum End {
    /// It never ran. Each container says so too, if it is about images.
    NeverRan {
        reason: String,
        told_by_container: bool,
    },
    /// A container exited.
    Exited { code: u8, reason: Option<String> },
    /// The scheduler replaces it for its health.
    Replaced(String),
}

impl Flaw {
    /// A flaw of this kind in the first container, which says nothing of it.
    #[must_use]
    pub fn new(kind: Kind) -> Self {
        Self {
            kind,
            container: None,
            lines: Vec::new(),
        }
    }

    /// A container that exits with a code.
    #[must_use]
    pub fn exits(code: u8) -> Self {
        Self::new(Kind::Exits(code))
    }

    /// The same in a container of this name.
    #[must_use]
    pub fn of(self, container: &str) -> Self {
        Self {
            container: Some(container.to_owned()),
            ..self
        }
    }

    /// The same with these lines.
    #[must_use]
    pub fn saying(self, lines: &[&str]) -> Self {
        Self {
            lines: lines.iter().map(|line| (*line).to_owned()).collect(),
            ..self
        }
    }

    /// How tasks fare with it.
    pub(super) fn fate(&self) -> Fate {
        match self.kind {
            Kind::WrongArchitecture { .. } | Kind::OutOfMemory | Kind::Exits(_) => Fate::Crashes,
            Kind::TargetUnhealthy(_) | Kind::ContainerUnhealthy => Fate::Unhealthy,
            _ => Fate::FailsToStart,
        }
    }

    /// Whether it is about pulling an image.
    pub(super) fn is_pull(&self) -> bool {
        matches!(
            self.kind,
            Kind::ImageMissing
                | Kind::PlatformMissing
                | Kind::PullForbidden
                | Kind::RegistryOutOfReach
        )
    }

    /// The place of its container among these.
    pub(super) fn place(&self, containers: &[Container]) -> usize {
        let mut names = containers.iter().map(|container| &container.name);
        let name = self.container.as_ref();
        name.and_then(|name| names.position(|one| one == name))
            .unwrap_or(0)
    }
}

/// Puts a flaw on something: tasks that are started from now on meet it.
pub fn put(world: &mut World, place: Place, flaw: Flaw) {
    world.ecs.flaws.insert(place, flaw);
}

/// Takes it away again.
pub fn mend(world: &mut World, place: &Place) {
    world.ecs.flaws.remove(place);
}

/// The flaw that a new task meets: one that was put somewhere, else what the cloud's own state makes
/// inevitable.
pub(super) fn met(
    world: &World,
    service: Option<&str>,
    definition: &TaskDefinition,
    containers: &[Container],
) -> Option<Flaw> {
    let put = &world.ecs.flaws;
    if !put.is_empty() {
        let on = |place| put.get(&place).cloned();
        let network = on(Place::Network);
        let service = service.and_then(|arn| on(Place::Service(arn.to_owned())));
        let found = network
            .or(service)
            .or_else(|| on(Place::Definition(definition.arn.clone())));
        if found.is_some() {
            return found;
        }
        for container in containers {
            let digest = container.digest.clone();
            if let Some(flaw) = digest.and_then(|digest| on(Place::Image(digest))) {
                return Some(flaw.of(&container.name));
            }
        }
    }
    // In the order in which Fargate goes about it.
    secrets(world, definition)
        .or_else(|| log_groups(world, definition))
        .or_else(|| images(world, definition, containers))
}

fn secrets(world: &World, definition: &TaskDefinition) -> Option<Flaw> {
    let containers = definition.containers.iter();
    let secrets = containers.filter_map(|one| one.get("secrets")?.as_array());
    let mut given = secrets
        .flatten()
        .filter_map(|secret| secret.get("valueFrom")?.as_str());
    given.find_map(|given| {
        let kind = if secretsmanager::is_arn(given) {
            match secretsmanager::look(world, given) {
                secretsmanager::Seen::There => return None,
                secretsmanager::Seen::Missing => Kind::SecretMissing(given.to_owned()),
                secretsmanager::Seen::NoKey(key) => Kind::SecretWithoutKey(given.to_owned(), key),
            }
        } else if ssm::exists(world, given) {
            return None;
        } else {
            Kind::SecretMissing(given.to_owned())
        };
        Some(Flaw::new(kind))
    })
}

fn log_groups(world: &World, definition: &TaskDefinition) -> Option<Flaw> {
    definition.containers.iter().find_map(|container| {
        let group = containers::log_option(container, "awslogs-group")?;
        let makes = containers::log_option(container, "awslogs-create-group") == Some("true");
        let there = makes || world.logs.has_group(group);
        (!there).then(|| Flaw::new(Kind::LogGroupMissing))
    })
}

fn images(world: &World, definition: &TaskDefinition, containers: &[Container]) -> Option<Flaw> {
    containers.iter().find_map(|container| {
        let reference = Reference::read(&container.image)?;
        let kind = match world.ecr.find(&reference) {
            Found::Elsewhere => return None,
            Found::Missing => Kind::ImageMissing,
            Found::Here(digest) => {
                let image = world.ecr.image(reference.repository, &digest)?;
                match (image.runs_on(definition.arm), image.index) {
                    (true, _) => return None,
                    (false, true) => Kind::PlatformMissing,
                    (false, false) => Kind::WrongArchitecture { exit_code: 1 },
                }
            }
        };
        Some(Flaw::new(kind).of(&container.name))
    })
}

impl Trouble {
    /// The reason code of `DescribeTargetHealth`.
    // https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetHealth.html
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Status(_) => "Target.ResponseCodeMismatch",
            Self::TimesOut => "Target.Timeout",
            Self::Refuses => "Target.FailedHealthChecks",
        }
    }

    /// The same in words.
    // https://docs.aws.amazon.com/elasticloadbalancing/latest/application/check-target-health.html#target-health-reason-codes
    #[must_use]
    pub fn text(self) -> String {
        match self {
            Self::Status(status) => format!("Health checks failed with these codes: [{status}]"),
            Self::TimesOut => "Request timed out".to_owned(),
            Self::Refuses => "Health checks failed".to_owned(),
        }
    }
}

/// A request id for messages that have one.
fn request_id(task_id: &str) -> String {
    hash::uuid(task_id)
}

pub(super) use texts::{end, last_lines};
