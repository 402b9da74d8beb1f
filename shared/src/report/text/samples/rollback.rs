//! What is told of deployments that fail, in every stage and for every cause.

use super::{api, at, failure};
use crate::report::{
    Count, News,
    rollback::{
        Again, Back, Became, Changed, Changer, Edit, Evidence, Excerpt, Fault, Found, NoLog,
        Release, Remedy, Stage, Story, Sureness, Trigger, Upstream, Users,
    },
};

/// The digest of the version that works.
const GOOD: &str = "sha256:0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0";
/// The digest of the version that does not.
const BAD: &str = "sha256:f0e1d2c3b4a5968778695a4b3c2d1e0ff0e1d2c3b4a5968778695a4b3c2d1e0f";

/// Every stage, in the order in which a story grows.
pub(crate) const STAGES: [Stage; 10] = [
    Stage::Failing,
    Stage::Stalled,
    Stage::Failed,
    Stage::RollingBack,
    Stage::RollbackStalled,
    Stage::RollbackFailed,
    Stage::RolledBack,
    Stage::Succeeded,
    Stage::Superseded,
    Stage::Stopped,
];

fn release(revision: u32, digest: &str) -> Release {
    Release {
        task_definition: Some(format!("api:{revision}")),
        image: Some("api:latest".to_owned()),
        digest: Some(digest.to_owned()),
        commit: Some("1f3c9ab27d".to_owned()),
        pushed: Some(at("2026-11-24T13:58:00+09:00")),
    }
}

/// A release that crashes, is given up by the circuit breaker and taken back.
pub(crate) fn rolled_back() -> Story {
    Story {
        cluster: "bookmark-manager-staging-cluster".to_owned(),
        service: api(),
        deployment: "ecs-svc/3141592653589793238".to_owned(),
        thread: "ecs-svc/3141592653589793238".to_owned(),
        failures: 1,
        stage: Stage::RolledBack,
        back: Back::ByItself,
        trigger: Some(Trigger::Breaker {
            failed: Some(3),
            threshold: Some(3),
        }),
        started: Some(at("2026-11-24T14:02:10+09:00")),
        failed: Some(at("2026-11-24T14:09:05+09:00")),
        ended: Some(at("2026-11-24T14:12:40+09:00")),
        users: Users::NotAffected,
        again: Again::Will,
        faults: vec![Found {
            fault: Fault::Crash {
                container: "api".to_owned(),
                code: 1,
                times: 3,
            },
            sure: Sureness::Certain,
            evidence: vec![
                Evidence::Exit {
                    container: "api".to_owned(),
                    code: 1,
                    times: 3,
                    ran: Some(4),
                },
                Evidence::LastLine {
                    container: "api".to_owned(),
                    line: "Error: DATABASE_HOST is not set".to_owned(),
                },
            ],
        }],
        changed: Some(Changed {
            edits: vec![Edit::Digest {
                container: "api".to_owned(),
                from: GOOD.to_owned(),
                to: BAD.to_owned(),
            }],
            digests_known: true,
        }),
        release: release(9, BAD),
        before: Some(release(9, GOOD)),
        running: Count {
            service: api(),
            running: 2,
            desired: 2,
        },
        remedy: None,
        excerpts: vec![Excerpt {
            container: "api".to_owned(),
            task: "0a1b2c3d".to_owned(),
            lines: vec![
                "Starting on port 3001".to_owned(),
                "Error: DATABASE_HOST is not set".to_owned(),
            ],
            absent: None,
        }],
        successor: None,
        missing: Vec::new(),
    }
}

fn told(story: Story) -> News {
    News::Rollback {
        story: Box::new(story),
    }
}

/// The usual story.
pub(super) fn first() -> News {
    told(rolled_back())
}

/// A story at each of the other stages, with other particulars each time.
pub(super) fn rest(number: usize) -> News {
    let all = [
        failing(),
        stalled(),
        failed(),
        rolling_back(),
        rollback_stalled(),
        rollback_failed(),
        succeeded(),
        superseded(),
        stopped(),
    ];
    told(all[number].clone())
}

fn failing() -> Story {
    Story {
        stage: Stage::Failing,
        trigger: None,
        failed: None,
        ended: None,
        faults: faults(0..11),
        again: Again::UnlessMended,
        changed: Some(Changed {
            edits: edits(),
            digests_known: true,
        }),
        excerpts: no_logs(),
        ..rolled_back()
    }
}

fn stalled() -> Story {
    Story {
        stage: Stage::Stalled,
        back: Back::NotConfigured,
        trigger: None,
        failed: None,
        ended: None,
        users: Users::Fewer,
        again: Again::Unknown,
        failures: 3,
        faults: faults(11..22),
        changed: None,
        remedy: Some(Remedy::StopDeployment {
            arn: "arn:aws:ecs:ap-northeast-1:123456789012:service-deployment/c/s/NCWGC2ZR-taawPAYrIaU5"
                .to_owned(),
        }),
        missing: vec![failure(true); 5],
        ..rolled_back()
    }
}

fn failed() -> Story {
    Story {
        stage: Stage::Failed,
        back: Back::NotConfigured,
        trigger: Some(Trigger::Alarms {
            names: vec!["api-5xx".to_owned()],
        }),
        ended: None,
        users: Users::Perhaps,
        again: Again::MaySucceed,
        faults: faults(22..32),
        changed: Some(Changed {
            edits: Vec::new(),
            digests_known: true,
        }),
        remedy: Some(Remedy::Redeploy {
            task_definition: "api:8".to_owned(),
        }),
        missing: vec![failure(false)],
        ..rolled_back()
    }
}

fn rolling_back() -> Story {
    Story {
        stage: Stage::RollingBack,
        trigger: Some(Trigger::Breaker {
            failed: None,
            threshold: None,
        }),
        ended: None,
        faults: faults(32..41),
        changed: Some(Changed::default()),
        ..rolled_back()
    }
}

fn rollback_stalled() -> Story {
    Story {
        stage: Stage::RollbackStalled,
        back: Back::NothingComplete,
        trigger: Some(Trigger::Breaker {
            failed: Some(1),
            threshold: None,
        }),
        started: None,
        failed: None,
        ended: None,
        users: Users::Affected,
        before: None,
        ..rolled_back()
    }
}

fn rollback_failed() -> Story {
    Story {
        stage: Stage::RollbackFailed,
        trigger: Some(Trigger::CodeDeploy {
            code: Some("HEALTH_CONSTRAINTS".to_owned()),
        }),
        users: Users::Unknown,
        remedy: Some(Remedy::StopCodeDeploy {
            deployment: "d-A1B2C3D4E".to_owned(),
        }),
        ..rolled_back()
    }
}

fn succeeded() -> Story {
    Story {
        stage: Stage::Succeeded,
        trigger: Some(Trigger::CodeDeploy { code: None }),
        failed: None,
        ..rolled_back()
    }
}

fn superseded() -> Story {
    Story {
        stage: Stage::Superseded,
        trigger: Some(Trigger::Breaker {
            failed: None,
            threshold: Some(3),
        }),
        successor: Some("ecs-svc/42".to_owned()),
        ..rolled_back()
    }
}

fn stopped() -> Story {
    Story {
        stage: Stage::Stopped,
        back: Back::ByHand,
        trigger: Some(Trigger::Person),
        users: Users::Nobody,
        ..rolled_back()
    }
}

fn edits() -> Vec<Edit> {
    let (container, name) = (|| "api".to_owned(), || "DATABASE_HOST".to_owned());
    let change = |from: &str, to: &str| (from.to_owned(), to.to_owned());
    let mut edits = Vec::new();
    for became in [Became::Added, Became::Removed, Became::Other] {
        edits.push(Edit::Variable {
            container: container(),
            name: name(),
            became,
        });
        edits.push(Edit::Secret {
            container: container(),
            name: name(),
            became,
        });
    }
    let (from, to) = change("api:1f3c9ab", "api:2b4d6e8");
    edits.push(Edit::Image {
        container: container(),
        from,
        to,
    });
    for of in [None, Some(container())] {
        let (from, to) = change("256", "512");
        edits.push(Edit::Cpu {
            container: of.clone(),
            from: from.clone(),
            to: to.clone(),
        });
        edits.push(Edit::Memory {
            container: of,
            from,
            to,
        });
    }
    edits.push(Edit::Ports {
        container: container(),
        from: Vec::new(),
        to: vec![3001, 9090],
    });
    edits.push(Edit::HealthCheck {
        container: container(),
    });
    let (from, to) = change("LINUX/X86_64", "LINUX/ARM64");
    edits.push(Edit::Platform { from, to });
    edits.push(Edit::ContainerAdded {
        container: container(),
    });
    edits.push(Edit::ContainerRemoved {
        container: container(),
    });
    edits
}

fn no_logs() -> Vec<Excerpt> {
    let why = [
        NoLog::TurnedOff,
        NoLog::NoDriver,
        NoLog::Elsewhere {
            driver: "awsfirelens".to_owned(),
        },
        NoLog::Silent,
        NoLog::Unreadable {
            code: "AccessDeniedException".to_owned(),
        },
    ];
    why.into_iter()
        .map(|why| Excerpt {
            container: "api".to_owned(),
            task: "0a1b2c3d".to_owned(),
            lines: Vec::new(),
            absent: Some(why),
        })
        .collect()
}

fn evidence() -> Vec<Evidence> {
    let text = || Some("what it says".to_owned());
    vec![
        Evidence::StoppedReason {
            text: "Essential container in task exited.".to_owned(),
            times: 3,
        },
        Evidence::Exit {
            container: "api".to_owned(),
            code: 137,
            times: 1,
            ran: None,
        },
        Evidence::LogSays {
            container: "api".to_owned(),
            words: "exec format error".to_owned(),
        },
        Evidence::LastLine {
            container: "api".to_owned(),
            line: "boom".to_owned(),
        },
        Evidence::Event {
            text: "(service api) was unable to place a task.".to_owned(),
        },
        Evidence::Target {
            port: Some(3001),
            code: Some("Target.Timeout".to_owned()),
            text: text(),
        },
        Evidence::Target {
            port: None,
            code: None,
            text: None,
        },
        Evidence::Alarm {
            name: "api-5xx".to_owned(),
        },
        Evidence::SecretChanged {
            at: at("2026-11-24T13:40:00+09:00"),
        },
        Evidence::Asleep {
            since: at("2026-11-23T19:00:00+09:00"),
        },
        Evidence::SameDigest {
            digest: GOOD.to_owned(),
        },
        Evidence::NotInRegistry {
            image: "api:latest".to_owned(),
        },
        Evidence::CodeDeploy {
            code: Some("HEALTH_CONSTRAINTS".to_owned()),
            text: text(),
        },
        Evidence::CodeDeploy {
            code: None,
            text: None,
        },
    ]
}

fn faults(of: std::ops::Range<usize>) -> Vec<Found> {
    let evidence = evidence();
    let sure = [Sureness::Certain, Sureness::Likely, Sureness::Possible];
    let all = all_faults().into_iter().enumerate();
    let found = all.map(|(at, fault)| Found {
        fault,
        sure: sure[at % 3],
        evidence: [at, at + 5]
            .map(|at| evidence[at % evidence.len()].clone())
            .to_vec(),
    });
    found.skip(of.start).take(of.len()).collect()
}

super::one_of_each! {
    /// Every fault, with and without its particulars.
    all_faults: Fault;
    ImageNotFound:
        Fault::ImageNotFound { image: Some("api:latest".to_owned()) },
        Fault::ImageNotFound { image: None };
    ImageDenied: Fault::ImageDenied { image: None };
    ImageNotPulled: Fault::ImageNotPulled { image: None };
    Architecture:
        Fault::Architecture { runs_on: Some("X86_64".to_owned()) },
        Fault::Architecture { runs_on: None };
    SecretMissing: Fault::SecretMissing { secret: Some("/api/DATABASE_URL".to_owned()) };
    SecretForbidden:
        Fault::SecretForbidden { secret: Some("/api/DATABASE_URL".to_owned()) },
        Fault::SecretForbidden { secret: None };
    SecretKey: Fault::SecretKey { key: Some("password".to_owned()) }, Fault::SecretKey { key: None };
    Role: Fault::Role;
    LogSetup: Fault::LogSetup { group: Some("/ecs/api".to_owned()) };
    NoCapacity: Fault::NoCapacity;
    NoRoute:
        Fault::NoRoute { to: Upstream::Registry },
        Fault::NoRoute { to: Upstream::ParameterStore },
        Fault::NoRoute { to: Upstream::SecretsManager },
        Fault::NoRoute { to: Upstream::Logs };
    NoInterface: Fault::NoInterface;
    Command: Fault::Command { container: Some("api".to_owned()) };
    OutOfMemory:
        Fault::OutOfMemory { container: Some("api".to_owned()), limit: Some(512) },
        Fault::OutOfMemory { container: None, limit: None };
    Sidecar: Fault::Sidecar { container: "envoy".to_owned(), code: Some(139) };
    Crash: Fault::Crash { container: "api".to_owned(), code: 0, times: 1 };
    HealthPath:
        Fault::HealthPath { path: Some("/healthz".to_owned()), status: Some(404) },
        Fault::HealthPath { path: None, status: None };
    HealthPort:
        Fault::HealthPort { asked: Some(8080), open: vec![3001] },
        Fault::HealthPort { asked: None, open: Vec::new() };
    SlowStart:
        Fault::SlowStart { needed: Some(95), given: 60 },
        Fault::SlowStart { needed: None, given: 60 };
    Health: Fault::Health { status: Some(503) }, Fault::Health { status: None };
    ContainerHealth: Fault::ContainerHealth { container: None };
    Hook: Fault::Hook { name: "BeforeAllowTraffic".to_owned() };
    Alarm: Fault::Alarm { names: vec!["api-5xx".to_owned()] }, Fault::Alarm { names: Vec::new() };
    Asleep: Fault::Asleep;
    SecretChanged:
        Fault::SecretChanged { secret: "/api/DATABASE_URL".to_owned(), by: Changer::Rotation },
        Fault::SecretChanged { secret: "/api/DATABASE_URL".to_owned(), by: Changer::Other };
    NothingChanged: Fault::NothingChanged;
    ImageGone: Fault::ImageGone { image: "api:1f3c9ab".to_owned() };
    Unknown: Fault::Unknown;
}

/// Every fault as the first cause of a story, so that its mend is told too.
pub(crate) fn each_fault() -> Vec<News> {
    let all = faults(0..all_faults().len());
    let stories = all.into_iter().map(|found| Story {
        faults: vec![found],
        ..rolled_back()
    });
    stories.map(told).collect()
}
