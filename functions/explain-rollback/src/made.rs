//! A service for tests: `api` of estate 2, two tasks of which answer while a new version is tried.

use jiff::{SignedDuration, Timestamp};
use nightshift::kind::Arn;

use crate::{plan::Settings, snapshot::*};

/// The deployment that works.
pub(crate) const D1: &str = "ecs-svc/1";
/// The deployment that fails.
pub(crate) const D2: &str = "ecs-svc/2";
/// The deployment that takes it back.
pub(crate) const D3: &str = "ecs-svc/3";

/// A time of the day of all tests, 24 November 2026, in UTC.
pub(crate) fn at(time: &str) -> Timestamp {
    let seconds = if time.len() == 5 { ":00" } else { "" };
    format!("2026-11-24T{time}{seconds}Z").parse().unwrap()
}

pub(crate) fn settings() -> Settings {
    Settings {
        stalled_after: SignedDuration::from_mins(20),
        joined_within: SignedDuration::from_hours(1),
        log_excerpts: true,
    }
}

fn digest(revision: u32) -> String {
    format!("sha256:{}", revision.to_string().repeat(64))
}

pub(crate) fn revision_arn(number: u32) -> String {
    format!("arn:aws:ecs:r:1:service-revision/c/api/{number}")
}

fn history_arn(number: u32) -> String {
    format!("arn:aws:ecs:r:1:service-deployment/c/api/record-{number}")
}

pub(crate) fn image(tag: &str) -> String {
    format!("1.dkr.ecr.r.amazonaws.com/api:{tag}")
}

/// The task definition `api:<revision>`, with one container that serves at 3001.
pub(crate) fn definition(revision: u32, tag: &str) -> TaskDefinition {
    TaskDefinition {
        arn: format!("arn:aws:ecs:r:1:task-definition/api:{revision}"),
        cpu: Some("512".to_owned()),
        memory: Some("1024".to_owned()),
        architecture: Some("X86_64".to_owned()),
        system: Some("LINUX".to_owned()),
        containers: vec![Container {
            name: "api".to_owned(),
            image: Some(image(tag)),
            essential: true,
            ports: vec![3001],
            secrets: [("DATABASE_URL".to_owned(), "/api/DATABASE_URL".to_owned())].into(),
            environment: [("DATABASE_HOST".to_owned(), Fingerprint::of("db"))].into(),
            logging: Some(Logging {
                driver: "awslogs".to_owned(),
                group: Some("/ecs/api".to_owned()),
                ..Logging::default()
            }),
            ..Container::default()
        }],
        rest: None,
    }
}

fn revision(number: u32, task: u32, tag: &str) -> Revision {
    Revision {
        arn: revision_arn(number),
        task_definition: Some(format!("arn:aws:ecs:r:1:task-definition/api:{task}")),
        images: vec![Image {
            container: "api".to_owned(),
            image: Some(image(tag)),
            digest: Some(digest(number)),
        }],
        created: None,
    }
}

fn deployment(
    id: &str,
    status: &str,
    rollout: RolloutState,
    task: u32,
    created: &str,
) -> Deployment {
    Deployment {
        id: id.to_owned(),
        status: status.to_owned(),
        rollout: Some(rollout),
        reason: Some(format!("ECS deployment {id} in progress.")),
        task_definition: Some(format!("arn:aws:ecs:r:1:task-definition/api:{task}")),
        created: Some(at(created)),
        updated: Some(at(created)),
        ..Deployment::default()
    }
}

/// The service at 14:00 with a deployment under way since then, of which nothing failed yet; the
/// service deployments API answers.
pub(crate) fn underway() -> Snapshot {
    let record = |number: u32, status, created: &str| ServiceDeployment {
        arn: history_arn(number),
        status,
        created: Some(at(created)),
        started: Some(at(created)),
        target: Some(revision_arn(number)),
        ..ServiceDeployment::default()
    };
    Snapshot {
        service: Service {
            arn: Arn::new("arn:aws:ecs:r:1:service/c/api"),
            cluster: "c".to_owned(),
            name: "api".to_owned(),
            desired: 2,
            running: 2,
            controller: Controller::Ecs,
            deployments: vec![
                Deployment {
                    desired: 2,
                    ..deployment(D2, "PRIMARY", RolloutState::InProgress, 9, "14:00")
                },
                Deployment {
                    desired: 2,
                    running: 2,
                    ..deployment(D1, "ACTIVE", RolloutState::Completed, 8, "09:00")
                },
            ],
            breaker: Breaker {
                enabled: true,
                rollback: true,
            },
            ..Service::default()
        },
        history: Some(vec![
            ServiceDeployment {
                finished: Some(at("09:05")),
                ..record(1, Status::Successful, "09:00")
            },
            ServiceDeployment {
                sources: vec![revision_arn(1)],
                breaker: Some(Gate {
                    failed: 0,
                    threshold: Some(3),
                    triggered: false,
                }),
                ..record(2, Status::InProgress, "14:00")
            },
        ]),
        revisions: vec![revision(1, 8, "0a1b2c3"), revision(2, 9, "1f3c9ab")],
        definitions: vec![definition(8, "0a1b2c3"), definition(9, "1f3c9ab")],
        ..Snapshot::default()
    }
}

/// A task of the failing deployment.
pub(crate) fn task(number: u32, code: &str, reason: &str) -> StoppedTask {
    let minute =
        |second: i64| at("14:01") + SignedDuration::from_secs(60 * i64::from(number) + second);
    StoppedTask {
        arn: format!("arn:aws:ecs:r:1:task/c/{number:032x}"),
        started_by: Some(D2.to_owned()),
        task_definition: Some("arn:aws:ecs:r:1:task-definition/api:9".to_owned()),
        code: Some(code.to_owned()),
        reason: Some(reason.to_owned()),
        created: Some(minute(0)),
        started: Some(minute(10)),
        stopping: Some(minute(14)),
        stopped: Some(minute(20)),
        containers: vec![Dead {
            name: "api".to_owned(),
            ..Dead::default()
        }],
        ..StoppedTask::default()
    }
}

/// A task whose container `api` ended by itself.
pub(crate) fn ended(number: u32, exit: i32) -> StoppedTask {
    let mut task = task(
        number,
        "EssentialContainerExited",
        "Essential container in task exited",
    );
    task.containers[0].exit = Some(exit);
    task
}

/// The log of a task's container `api`, a line each second from its start on.
pub(crate) fn log(task: &StoppedTask, lines: &[&str]) -> Log {
    let from = task.started.unwrap();
    let lines = lines.iter().enumerate().map(|(second, text)| Line {
        at: from + SignedDuration::from_secs(i64::try_from(second).unwrap()),
        text: (*text).to_owned(),
    });
    Log {
        task: task.arn.clone(),
        container: "api".to_owned(),
        lines: lines.collect(),
        unread: None,
    }
}

/// The load balancer before the service: two healthy targets of the old version.
pub(crate) fn balanced(check: TargetCheck) -> TargetGroup {
    let healthy = |id: &str| Target {
        id: id.to_owned(),
        port: Some(3001),
        state: "healthy".to_owned(),
        ..Target::default()
    };
    TargetGroup {
        arn: "tg".to_owned(),
        check,
        targets: vec![healthy("10.0.0.1"), healthy("10.0.0.2")],
    }
}

/// A target of the new version that does not answer.
pub(crate) fn unhealthy(port: u16, reason: &str, description: &str) -> Target {
    Target {
        id: "10.0.0.9".to_owned(),
        port: Some(port),
        state: "unhealthy".to_owned(),
        reason: Some(reason.to_owned()),
        description: Some(description.to_owned()),
    }
}

/// What a deployment that fails passes through, by both APIs.
impl Snapshot {
    pub(crate) fn record(&mut self) -> &mut ServiceDeployment {
        self.history.as_mut().unwrap().last_mut().unwrap()
    }

    /// So many tasks died of something.
    pub(crate) fn with(mut self, tasks: Vec<StoppedTask>) -> Self {
        let failed = u32::try_from(tasks.len()).unwrap();
        self.stopped.extend(tasks);
        self.service.deployments[0].failed = failed;
        if let Some(breaker) = self
            .history
            .as_mut()
            .and_then(|all| all.last_mut()?.breaker.as_mut())
        {
            breaker.failed = failed;
        }
        self
    }

    /// The circuit breaker gave it up at 14:09.
    pub(crate) fn given_up(mut self) -> Self {
        let record = self.record();
        if let Some(breaker) = &mut record.breaker {
            breaker.triggered = true;
        }
        let bad = &mut self.service.deployments[0];
        bad.rollout = Some(RolloutState::Failed);
        bad.reason = Some("ECS deployment circuit breaker: tasks failed to start.".to_owned());
        bad.updated = Some(at("14:09"));
        self
    }

    /// It is being taken back since 14:09.
    pub(crate) fn turned(mut self) -> Self {
        self = self.given_up();
        let record = self.record();
        record.status = Status::RollbackInProgress;
        record.rollback = Some(Way {
            reason: Some(
                "Service deployment rolled back because the circuit breaker threshold was exceeded."
                    .to_owned(),
            ),
            started: Some(at("14:09")),
            revision: Some(revision_arn(1)),
        });
        self.service.deployments[0].status = "ACTIVE".to_owned();
        self.service.deployments[1].status = "ACTIVE".to_owned();
        let back = Deployment {
            reason: Some(format!(
                "ECS deployment circuit breaker: rolling back to deploymentId {D1}."
            )),
            ..deployment(D3, "PRIMARY", RolloutState::InProgress, 8, "14:09")
        };
        self.service.deployments.insert(0, back);
        self
    }

    /// The former version was back at 14:12, and nothing but it is left.
    pub(crate) fn restored(mut self) -> Self {
        self = self.turned();
        let record = self.record();
        record.status = Status::RollbackSuccessful;
        record.finished = Some(at("14:12"));
        self.service.deployments.truncate(1);
        let back = &mut self.service.deployments[0];
        back.rollout = Some(RolloutState::Completed);
        back.reason = Some(format!("ECS deployment {D3} completed."));
        back.running = 2;
        back.updated = Some(at("14:12"));
        self
    }

    /// The service deployments API says nothing.
    pub(crate) fn without_history(mut self) -> Self {
        self.history = None;
        self
    }
}
