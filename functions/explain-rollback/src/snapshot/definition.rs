//! What is deployed: task definitions without any value of their environment, and the revisions of
//! a service with the digests of their images.

use std::{
    collections::BTreeMap,
    fmt,
    hash::{DefaultHasher, Hash, Hasher},
};

use jiff::Timestamp;

/// A revision of a service.
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceRevision.html>
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Revision {
    /// Its ARN. Its last part is the number of the deployment's id, `ecs-svc/…`.
    pub arn: String,
    /// Its task definition.
    pub task_definition: Option<String>,
    /// The images of its containers.
    pub images: Vec<Image>,
    /// When it was made.
    pub created: Option<Timestamp>,
}

/// The image of a container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Image {
    /// The container.
    pub container: String,
    /// The image as the task definition names it.
    pub image: Option<String>,
    /// Its digest.
    pub digest: Option<String>,
}

impl Image {
    /// The image by its digest, whatever its tag stands for by now: `<name>@<digest>`.
    #[must_use]
    pub fn pinned(&self) -> Option<String> {
        let (image, digest) = (self.image.as_deref()?, self.digest.as_deref()?);
        let name = image.split('@').next().unwrap_or(image);
        let tagged = name.rsplit_once(':');
        // What holds a `/` is no tag: the `:` stands before a registry's port.
        let tagged = tagged.filter(|(_, tag)| !tag.contains('/'));
        let name = tagged.map_or(name, |(name, _)| name);
        Some(format!("{name}@{digest}"))
    }
}

/// A task definition. Of its environment only names are kept, and whether two values are the same.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TaskDefinition {
    /// Its ARN.
    pub arn: String,
    /// CPU units of the task.
    pub cpu: Option<String>,
    /// Memory of the task in MiB.
    pub memory: Option<String>,
    /// `X86_64` or `ARM64`.
    pub architecture: Option<String>,
    /// The operating system's family.
    pub system: Option<String>,
    /// Its containers.
    pub containers: Vec<Container>,
    /// Everything else that is compared.
    pub rest: Option<Fingerprint>,
}

/// A container of a task definition.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Container {
    /// Its name.
    pub name: String,
    /// Its image.
    pub image: Option<String>,
    /// Whether the task ends with it.
    pub essential: bool,
    /// The names of its environment, each with a fingerprint of its value.
    pub environment: BTreeMap<String, Fingerprint>,
    /// The variables that are filled from secrets and parameters, each with where from.
    pub secrets: BTreeMap<String, String>,
    /// Its CPU units.
    pub cpu: Option<String>,
    /// Its memory in MiB.
    pub memory: Option<u32>,
    /// The ports that it opens.
    pub ports: Vec<u16>,
    /// Its health check.
    pub health: Option<Probe>,
    /// Where its log goes.
    pub logging: Option<Logging>,
    /// The commit that a label names.
    pub commit: Option<String>,
    /// Everything else that is compared: it may hold secrets, a command for instance.
    pub rest: Option<Fingerprint>,
}

/// A container's health check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Probe {
    /// The command, as a fingerprint: it may hold a secret.
    pub command: Option<Fingerprint>,
    /// Seconds between two checks.
    pub interval: Option<i64>,
    /// Seconds after which a check fails.
    pub timeout: Option<i64>,
    /// Failures in a row until it counts as unhealthy.
    pub retries: Option<u32>,
    /// Seconds after the start for which failures do not count.
    pub start_period: Option<i64>,
}

/// Where a container's log goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Logging {
    /// The driver: `awslogs`, `awsfirelens` and the like.
    pub driver: String,
    /// The log group.
    pub group: Option<String>,
    /// The prefix of its streams.
    pub prefix: Option<String>,
    /// The Region.
    pub region: Option<String>,
}

/// What tells two values apart without holding either. It lives in memory only, and shows nothing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint(u64);

impl Fingerprint {
    /// The fingerprint of a value.
    #[must_use]
    pub fn of(value: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        value.hash(&mut hasher);
        Self(hasher.finish())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fingerprint")
    }
}

impl Revision {
    /// The id of the deployment that deploys it, as tasks name it in `startedBy`.
    #[must_use]
    pub fn deployment(&self) -> Option<String> {
        deployment_of(&self.arn)
    }

    /// The image of a container.
    #[must_use]
    pub fn image(&self, container: &str) -> Option<&Image> {
        let mut images = self.images.iter();
        images.find(|image| image.container == container)
    }

    /// The digest of a container's image.
    #[must_use]
    pub fn digest(&self, container: &str) -> Option<&str> {
        self.image(container)?.digest.as_deref()
    }
}

/// The id of the deployment of a revision: both bear the same number.
#[must_use]
pub fn deployment_of(revision: &str) -> Option<String> {
    let number = revision.rsplit('/').next()?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| format!("ecs-svc/{number}"))
}

/// `family:revision` of a task definition's ARN.
#[must_use]
pub(super) fn short(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

impl TaskDefinition {
    /// The container that serves: the first essential one that opens a port, else the first
    /// essential one, else the first.
    #[must_use]
    pub fn main(&self) -> Option<&Container> {
        let essential = || self.containers.iter().filter(|it| it.essential);
        essential()
            .find(|it| !it.ports.is_empty())
            .or_else(|| essential().next())
            .or_else(|| self.containers.first())
    }

    /// The container of this name.
    #[must_use]
    pub fn container(&self, name: &str) -> Option<&Container> {
        self.containers.iter().find(|it| it.name == name)
    }

    /// All ports that its containers open.
    #[must_use]
    pub fn ports(&self) -> Vec<u16> {
        let ports = self.containers.iter().flat_map(|it| it.ports.iter());
        let mut ports: Vec<u16> = ports.copied().collect();
        ports.sort_unstable();
        ports.dedup();
        ports
    }
}
