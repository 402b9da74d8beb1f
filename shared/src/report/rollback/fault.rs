//! Why a deployment failed: a named fault, how sure that is, and the evidence for it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Again;

/// A fault with what speaks for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// What is wrong.
    pub fault: Fault,
    /// How sure that is.
    pub sure: Sureness,
    /// What speaks for it.
    pub evidence: Vec<Evidence>,
}

/// How sure a fault is, the surest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sureness {
    /// The evidence leaves no other reading.
    Certain,
    /// The usual reading of the evidence.
    Likely,
    /// Worth a look.
    Possible,
}

/// What is wrong with a deployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum Fault {
    /// The image, or its tag, is not in the registry.
    ImageNotFound {
        /// The image, where it is named.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        image: Option<String>,
    },
    /// The registry refuses the execution role.
    ImageDenied {
        /// The image, where it is named.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        image: Option<String>,
    },
    /// The image could not be pulled for another reason: a limit of the registry, no room.
    ImageNotPulled {
        /// The image, where it is named.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        image: Option<String>,
    },
    /// The image is built for another architecture.
    Architecture {
        /// What the task runs on, `X86_64` or `ARM64`, where that is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        runs_on: Option<String>,
    },
    /// The parameter or secret is not there.
    SecretMissing {
        /// Its name, where it is named.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        secret: Option<String>,
    },
    /// The execution role may not read the parameter or secret, or its key.
    SecretForbidden {
        /// Its name, where it is named.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        secret: Option<String>,
    },
    /// The secret is no JSON object, or has no such key.
    SecretKey {
        /// The key, where it is named.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<String>,
    },
    /// The execution role cannot be assumed.
    Role,
    /// The log driver could not be set up: no log group, or no permission.
    LogSetup {
        /// The log group, where it is named.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        group: Option<String>,
    },
    /// AWS has no room for the task.
    NoCapacity,
    /// The task does not reach what it needs to start.
    NoRoute {
        /// What it does not reach.
        to: Upstream,
    },
    /// The task's network interface was not made in time.
    NoInterface,
    /// The container's command is not there, or cannot be run.
    Command {
        /// The container.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        container: Option<String>,
    },
    /// The container needed more memory than it has.
    OutOfMemory {
        /// The container.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        container: Option<String>,
        /// What it has, in MiB.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<u32>,
    },
    /// A container that the others need died first.
    Sidecar {
        /// The container.
        container: String,
        /// Its exit code.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<i32>,
    },
    /// The container exits right after it started.
    Crash {
        /// The container.
        container: String,
        /// Its exit code.
        code: i32,
        /// How many tasks ended so.
        times: u32,
    },
    /// The health check asks for a path that does not answer as it should.
    HealthPath {
        /// The path.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        path: Option<String>,
        /// The HTTP status that it answers.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<u16>,
    },
    /// The health check asks at a port at which nothing listens.
    HealthPort {
        /// The port that it asks at.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        asked: Option<u16>,
        /// The ports of the task definition.
        open: Vec<u16>,
    },
    /// It needs longer to start than it is given.
    SlowStart {
        /// Seconds that it needed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        needed: Option<i64>,
        /// Seconds that it is given.
        given: i64,
    },
    /// The load balancer's health check fails otherwise.
    Health {
        /// The HTTP status that it answers, if it answers.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<u16>,
    },
    /// The container's own health check fails.
    ContainerHealth {
        /// The container.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        container: Option<String>,
    },
    /// A lifecycle event or hook of the deployment failed.
    Hook {
        /// Which.
        name: String,
    },
    /// An alarm of the deployment went to ALARM.
    Alarm {
        /// Their names.
        names: Vec<String>,
    },
    /// The estate was asleep, its databases stopped.
    Asleep,
    /// A secret or parameter that it uses was changed shortly before.
    SecretChanged {
        /// Its name.
        secret: String,
        /// By whom.
        by: Changer,
    },
    /// Nothing changed, so that something outside did.
    NothingChanged,
    /// The image to return to is gone.
    ImageGone {
        /// The image.
        image: String,
    },
    /// The evidence allows none of these.
    Unknown,
}

/// What a task has to reach before it starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Upstream {
    /// The registry: ECR, or another.
    Registry,
    /// SSM Parameter Store.
    ParameterStore,
    /// AWS Secrets Manager.
    SecretsManager,
    /// CloudWatch Logs.
    Logs,
}

/// Who changed a secret, as a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Changer {
    /// nightshift's rotation.
    Rotation,
    /// Somebody, or something, else.
    Other,
}

/// What speaks for a fault. Whatever is quoted was masked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "from", rename_all = "snake_case")]
pub enum Evidence {
    /// Why tasks stopped, in ECS's words.
    StoppedReason {
        /// The words.
        text: String,
        /// How many tasks say so.
        times: u32,
    },
    /// How a container ended.
    Exit {
        /// The container.
        container: String,
        /// Its exit code.
        code: i32,
        /// How many tasks ended so.
        times: u32,
        /// Seconds for which the last of them ran.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ran: Option<i64>,
    },
    /// Words that are known to mean something stand in a container's log. They are the table's own,
    /// so they may be told also where log lines may not.
    LogSays {
        /// The container.
        container: String,
        /// The words.
        words: String,
    },
    /// The last line of a container's log.
    LastLine {
        /// The container.
        container: String,
        /// The line, masked.
        line: String,
    },
    /// What a service event says.
    Event {
        /// The words.
        text: String,
    },
    /// What the load balancer says of a target.
    Target {
        /// The port.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        port: Option<u16>,
        /// The reason's code.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<String>,
        /// The reason's words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
    },
    /// An alarm.
    Alarm {
        /// Its name.
        name: String,
    },
    /// When a secret was changed.
    SecretChanged {
        /// When.
        at: Timestamp,
    },
    /// Since when the estate sleeps, or slept.
    Asleep {
        /// Since when.
        since: Timestamp,
    },
    /// The image has the same digest as before.
    SameDigest {
        /// The digest.
        digest: String,
    },
    /// The registry has no such image any more.
    NotInRegistry {
        /// The image.
        image: String,
    },
    /// What CodeDeploy says.
    CodeDeploy {
        /// Its error code.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<String>,
        /// Its words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
    },
}

/// Where in a deployment's life a fault bites. What bites earlier explains what is seen later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// Before a container runs.
    Before,
    /// While a container starts.
    Start,
    /// A container that runs ends.
    Run,
    /// A container that runs does not answer.
    Health,
    /// A container that runs and answers does not do so well.
    Service,
    /// Around the deployment: it may explain, and is explained by nothing.
    Around,
}

impl Fault {
    /// Where in a deployment's life it bites.
    #[must_use]
    pub fn layer(&self) -> Layer {
        match self {
            Self::ImageNotFound { .. }
            | Self::ImageDenied { .. }
            | Self::ImageNotPulled { .. }
            | Self::SecretMissing { .. }
            | Self::SecretForbidden { .. }
            | Self::SecretKey { .. }
            | Self::Role
            | Self::LogSetup { .. }
            | Self::NoCapacity
            | Self::NoRoute { .. }
            | Self::NoInterface => Layer::Before,
            Self::Architecture { .. } | Self::Command { .. } | Self::OutOfMemory { .. } => {
                Layer::Start
            }
            Self::Sidecar { .. } | Self::Crash { .. } => Layer::Run,
            Self::HealthPath { .. }
            | Self::HealthPort { .. }
            | Self::SlowStart { .. }
            | Self::Health { .. }
            | Self::ContainerHealth { .. } => Layer::Health,
            Self::Hook { .. } | Self::Alarm { .. } => Layer::Service,
            Self::Asleep
            | Self::SecretChanged { .. }
            | Self::NothingChanged
            | Self::ImageGone { .. }
            | Self::Unknown => Layer::Around,
        }
    }

    /// Whether the next deployment of the same commit meets it again.
    #[must_use]
    pub fn again(&self) -> Again {
        match self {
            Self::Architecture { .. } | Self::Command { .. } | Self::Crash { .. } => Again::Will,
            Self::NoCapacity | Self::NoInterface | Self::ImageNotPulled { .. } | Self::Asleep => {
                Again::MaySucceed
            }
            Self::ImageNotFound { .. }
            | Self::ImageDenied { .. }
            | Self::SecretMissing { .. }
            | Self::SecretForbidden { .. }
            | Self::SecretKey { .. }
            | Self::Role
            | Self::LogSetup { .. }
            | Self::NoRoute { .. }
            | Self::OutOfMemory { .. }
            | Self::HealthPath { .. }
            | Self::HealthPort { .. }
            | Self::SlowStart { .. } => Again::UnlessMended,
            Self::Sidecar { .. }
            | Self::Health { .. }
            | Self::ContainerHealth { .. }
            | Self::Hook { .. }
            | Self::Alarm { .. }
            | Self::SecretChanged { .. }
            | Self::NothingChanged
            | Self::ImageGone { .. }
            | Self::Unknown => Again::Unknown,
        }
    }

    /// Whether it is the same fault, whatever its particulars.
    #[must_use]
    pub fn is_like(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}
