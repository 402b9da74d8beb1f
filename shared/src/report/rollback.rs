//! A deployment that failed, as one story that grows: what failed and why, what is running now,
//! and what a person does next. Everything that is quoted here was masked before it came here.

mod fault;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Count, Failure, Severity};

pub use fault::{Changer, Evidence, Fault, Found, Layer, Sureness, Upstream};

/// A deployment that failed, up to one stage of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Story {
    /// The cluster's name.
    pub cluster: String,
    /// The service's name.
    pub service: String,
    /// The id of the deployment that failed: `ecs-svc/…`, or CodeDeploy's `d-…`.
    pub deployment: String,
    /// The id of the first deployment that is told in this thread: another one than `deployment` for
    /// a service that fails again and again.
    pub thread: String,
    /// How many deployments of this thread failed, this one included.
    pub failures: u32,
    /// How far it is.
    pub stage: Stage,
    /// What takes it back.
    pub back: Back,
    /// What made it fail, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trigger: Option<Trigger>,
    /// When it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<Timestamp>,
    /// When it was given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<Timestamp>,
    /// When the story ended: the former version was restored, or the way back failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
    /// Whether users are affected now.
    pub users: Users,
    /// Whether the next deployment of the same commit will fail as well.
    pub again: Again,
    /// Why it failed, the surest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Found>,
    /// What the deployment changed; none where there was nothing to compare with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed: Option<Changed>,
    /// What was deployed.
    pub release: Release,
    /// What was running before, and what is restored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Release>,
    /// The tasks that answer now.
    pub running: Count,
    /// What a person can do, as a command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<Remedy>,
    /// The last words of the containers that died.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub excerpts: Vec<Excerpt>,
    /// The deployment that took its place, where one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub successor: Option<String>,
    /// What could not be read, so that the story may lack it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<Failure>,
}

/// How far a deployment that fails is, in the order in which a story grows. None is told after one
/// that stands behind it here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Its tasks fail; it is not given up yet.
    Failing,
    /// Its tasks fail for too long, and nothing gives it up.
    Stalled,
    /// It was given up.
    Failed,
    /// The former version is being restored.
    RollingBack,
    /// Restoring takes too long, or there is nothing to return to.
    RollbackStalled,
    /// Restoring failed.
    RollbackFailed,
    /// The former version is restored.
    RolledBack,
    /// It succeeded after all.
    Succeeded,
    /// A newer deployment took its place.
    Superseded,
    /// A person stopped it.
    Stopped,
}

impl Stage {
    /// Whether the story ends with it.
    #[must_use]
    pub fn is_over(self) -> bool {
        self >= Self::RolledBack
    }

    /// Whether one may be told after the other: a story never goes backwards, and ends once.
    #[must_use]
    pub fn may_follow(self, told: Self) -> bool {
        self > told && !told.is_over()
    }

    /// Whether the service's rollout is broken as long as this lasts.
    #[must_use]
    pub fn is_broken(self) -> bool {
        !self.is_over()
    }
}

/// What takes a failed deployment back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Back {
    /// ECS or CodeDeploy, by itself.
    ByItself,
    /// Nothing: rolling back is not configured.
    NotConfigured,
    /// Nothing: no deployment is complete that could be returned to.
    NothingComplete,
    /// A person asked for it.
    ByHand,
}

/// What made a deployment fail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "trigger", rename_all = "snake_case")]
pub enum Trigger {
    /// The deployment circuit breaker counted failed tasks.
    Breaker {
        /// How many failed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        failed: Option<u32>,
        /// At how many it gives up.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        threshold: Option<u32>,
    },
    /// Alarms of the deployment went to ALARM.
    Alarms {
        /// Their names.
        names: Vec<String>,
    },
    /// CodeDeploy gave it up.
    CodeDeploy {
        /// CodeDeploy's error code.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<String>,
    },
    /// A person stopped it.
    Person,
}

/// Whether users are affected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Users {
    /// Enough tasks answer.
    NotAffected,
    /// Fewer tasks answer than should.
    Fewer,
    /// No task answers.
    Affected,
    /// Tasks answer, but an alarm rings.
    Perhaps,
    /// The service is asleep: nobody is to be served.
    Nobody,
    /// It could not be found out.
    Unknown,
}

/// Whether the next deployment of the same commit will fail as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Again {
    /// It will: what is wrong is deployed with it.
    Will,
    /// It may succeed: what is wrong lies outside, and may pass.
    MaySucceed,
    /// It will unless something outside the commit is mended first.
    UnlessMended,
    /// Nobody knows.
    Unknown,
}

/// A version of a service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// The task definition, `family:revision`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_definition: Option<String>,
    /// The image of the container that serves, as `repository:tag`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// The image's digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// The commit, where a label, the tag or another tag of the same image holds one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// When the image was pushed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pushed: Option<Timestamp>,
}

/// What differs between what failed and what was there before.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    /// Each difference.
    pub edits: Vec<Edit>,
    /// Whether the digests of all images are known on both sides: else a tag may stand for another
    /// image than before.
    pub digests_known: bool,
}

impl Changed {
    /// Whether nothing differs, and that is certain.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.edits.is_empty() && self.digests_known
    }
}

/// One difference between two versions. Values of the environment are never among them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "edit", rename_all = "snake_case")]
pub enum Edit {
    /// Another image, or another tag of it.
    Image {
        /// The container.
        container: String,
        /// Before.
        from: String,
        /// Now.
        to: String,
    },
    /// The same tag, but another image behind it.
    Digest {
        /// The container.
        container: String,
        /// Before.
        from: String,
        /// Now.
        to: String,
    },
    /// A variable of the environment.
    Variable {
        /// The container.
        container: String,
        /// The variable's name.
        name: String,
        /// What became of it.
        became: Became,
    },
    /// A variable that is filled from a secret or a parameter.
    Secret {
        /// The container.
        container: String,
        /// The variable's name.
        name: String,
        /// What became of it.
        became: Became,
    },
    /// CPU units, of a container or of the task.
    Cpu {
        /// The container; none for the task.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        container: Option<String>,
        /// Before.
        from: String,
        /// Now.
        to: String,
    },
    /// Memory in MiB, of a container or of the task.
    Memory {
        /// The container; none for the task.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        container: Option<String>,
        /// Before.
        from: String,
        /// Now.
        to: String,
    },
    /// The ports that a container opens.
    Ports {
        /// The container.
        container: String,
        /// Before.
        from: Vec<u16>,
        /// Now.
        to: Vec<u16>,
    },
    /// The health check of a container.
    HealthCheck {
        /// The container.
        container: String,
    },
    /// Something else: the command, the user, volumes, roles, where the log goes.
    Rest {
        /// The container; none for the task.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        container: Option<String>,
    },
    /// The architecture or the operating system.
    Platform {
        /// Before.
        from: String,
        /// Now.
        to: String,
    },
    /// A container that was not there before.
    ContainerAdded {
        /// Its name.
        container: String,
    },
    /// A container that is not there any more.
    ContainerRemoved {
        /// Its name.
        container: String,
    },
}

/// What became of a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Became {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It has another value, or comes from elsewhere.
    Other,
}

/// What a person can do about a story, as a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "remedy", rename_all = "snake_case")]
pub enum Remedy {
    /// Stop the deployment so that it is rolled back.
    /// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stop-service-deployment.html>
    StopDeployment {
        /// The service deployment's ARN.
        arn: String,
    },
    /// Deploy the version that worked last.
    Redeploy {
        /// Its task definition, `family:revision`.
        task_definition: String,
    },
    /// Stop CodeDeploy's deployment so that it is rolled back.
    /// <https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_StopDeployment.html>
    StopCodeDeploy {
        /// Its id.
        deployment: String,
    },
}

/// The last words of one container, masked, or why there are none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Excerpt {
    /// The container.
    pub container: String,
    /// The task's id.
    pub task: String,
    /// The lines, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<String>,
    /// Why there are no lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub absent: Option<NoLog>,
}

/// Why there are no log lines of a container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "absent", rename_all = "snake_case")]
pub enum NoLog {
    /// The estate does not let them leave.
    TurnedOff,
    /// The container has no log driver.
    NoDriver,
    /// They go elsewhere: with `FireLens`, or another driver than `awslogs`.
    Elsewhere {
        /// The driver.
        driver: String,
    },
    /// It wrote nothing before it died.
    Silent,
    /// They could not be read.
    Unreadable {
        /// The error code on the wire.
        code: String,
    },
}

impl Story {
    /// How much it matters.
    #[must_use]
    pub fn severity(&self) -> Severity {
        match self.stage {
            Stage::Succeeded | Stage::Superseded | Stage::Stopped => Severity::Notice,
            Stage::Stalled | Stage::RollbackStalled | Stage::RollbackFailed => Severity::Alert,
            _ if self.users == Users::Affected => Severity::Alert,
            Stage::RolledBack => Severity::Warning,
            Stage::Failed if self.back != Back::ByItself => Severity::Warning,
            Stage::Failing | Stage::Failed | Stage::RollingBack => match self.users {
                Users::NotAffected | Users::Nobody => Severity::Notice,
                _ => Severity::Warning,
            },
        }
    }

    /// What is told with the same key grows in one message.
    #[must_use]
    pub fn thread(&self, estate: &str) -> String {
        format!(
            "{estate}/rollout/{}/{}/{}",
            self.cluster, self.service, self.thread
        )
    }
}

#[cfg(test)]
mod tests;
