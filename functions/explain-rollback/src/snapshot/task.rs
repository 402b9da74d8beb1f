//! Tasks that stopped, and what their containers last wrote. AWS shows such tasks for an hour.
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Task.html>

use jiff::Timestamp;

/// A task that stopped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoppedTask {
    /// Its ARN.
    pub arn: String,
    /// The deployment that started it: `ecs-svc/…`.
    pub started_by: Option<String>,
    /// Its task definition.
    pub task_definition: Option<String>,
    /// `TaskFailedToStart`, `EssentialContainerExited` and the like.
    pub code: Option<String>,
    /// Why, in ECS's words.
    pub reason: Option<String>,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// When it was RUNNING.
    pub started: Option<Timestamp>,
    /// When its stopping began.
    pub stopping: Option<Timestamp>,
    /// When it was STOPPED.
    pub stopped: Option<Timestamp>,
    /// `HEALTHY`, `UNHEALTHY` or `UNKNOWN`, by the containers' own health checks.
    pub health: Option<String>,
    /// Its containers; none of a task that never got so far.
    pub containers: Vec<Dead>,
}

/// A container of a task that stopped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dead {
    /// Its name.
    pub name: String,
    /// Its exit code.
    pub exit: Option<i32>,
    /// Why, in ECS's words.
    pub reason: Option<String>,
    /// The digest of its image.
    pub digest: Option<String>,
    /// `HEALTHY`, `UNHEALTHY` or `UNKNOWN`.
    pub health: Option<String>,
}

/// The end of a container's log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Log {
    /// The task's ARN.
    pub task: String,
    /// The container.
    pub container: String,
    /// The lines, oldest first, as they were read: masked only by whoever lets them out.
    pub lines: Vec<Line>,
    /// The code of the failure where they could not be read.
    pub unread: Option<String>,
}

/// A line of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When.
    pub at: Timestamp,
    /// What.
    pub text: String,
}

impl StoppedTask {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> &str {
        self.arn.rsplit('/').next().unwrap_or(&self.arn)
    }

    /// Whether it stopped because something is wrong with it, not because somebody, auto scaling or
    /// AWS had no more use for it.
    /// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html>
    #[must_use]
    pub fn is_failure(&self) -> bool {
        let reason = self.reason.as_deref().unwrap_or_default();
        let reason = reason.to_ascii_lowercase();
        match self.code.as_deref() {
            Some("TaskFailedToStart" | "EssentialContainerExited") => true,
            Some("ServiceSchedulerInitiated") => reason.contains("health check"),
            Some(_) => false,
            None => {
                reason.contains("health check")
                    || reason.contains("essential container")
                    || reason.contains("error:")
            }
        }
    }

    /// Whether any container of it ran.
    #[must_use]
    pub fn has_run(&self) -> bool {
        self.started.is_some() || self.containers.iter().any(|it| it.exit.is_some())
    }

    /// For how many seconds it ran.
    #[must_use]
    pub fn ran(&self) -> Option<i64> {
        let until = self.stopping.or(self.stopped)?;
        let ran = until.duration_since(self.started?).as_secs();
        (ran >= 0).then_some(ran)
    }

    /// Everything that ECS says of why it stopped: of the task, then of each container.
    pub fn said(&self) -> impl Iterator<Item = &str> {
        let containers = self.containers.iter().filter_map(|it| it.reason.as_deref());
        self.reason.as_deref().into_iter().chain(containers)
    }
}
