//! Resources and estates that are made up: what stands in AWS, and the document to it.

use std::fmt::Write as _;

use super::*;

pub(super) fn tasks(count: u32) -> Level {
    Level::Tasks(count)
}

pub(super) fn acu(units: f64) -> Acu {
    Acu::new(units).unwrap()
}

pub(super) fn service_arn(name: &str) -> Arn {
    Arn::new(format!(
        "arn:aws:ecs:ap-northeast-1:123456789012:service/shop/{name}"
    ))
}

pub(super) fn cluster_arn(name: &str) -> Arn {
    Arn::new(format!(
        "arn:aws:rds:ap-northeast-1:123456789012:cluster:{name}"
    ))
}

pub(super) fn watched(name: &str, count: u32) -> Watched {
    Watched {
        service: nightshift::kind::Service {
            arn: service_arn(name),
            cluster: "shop".to_owned(),
            name: name.to_owned(),
            desired: count,
            running: count,
            pending: 0,
            deployment: Some(Deployment {
                id: "ecs-svc/1".to_owned(),
                rollout: Rollout::Completed,
                created_at: None,
                failed_tasks: 0,
                rolls_back: false,
            }),
            older: 0,
            tag: Some("shop".to_owned()),
            target: None,
            circuit_breaker: true,
            load_balanced: true,
            daemon: false,
            task_definition: format!("{name}:7"),
            size: Some(Size {
                vcpu: 0.5,
                gb: 1.0,
                arm: false,
            }),
            healthy: None,
        },
        load: Some(Load {
            highest: 20.0,
            newest: Timestamp::UNIX_EPOCH,
        }),
    }
}

pub(super) fn target(name: &str, min: u32, max: u32) -> Target {
    Target {
        arn: Some(Arn::new(format!("{}/target", service_arn(name)))),
        bounds: Bounds { min, max },
        suspension: Suspension::default(),
        tag: Tag::Read(Some("shop".to_owned())),
    }
}

pub(super) fn measured(name: &str, min: f64, max: f64) -> Measured {
    let member = |name: &str| Member {
        name: name.to_owned(),
        status: "available".to_owned(),
        serverless: true,
    };
    Measured {
        cluster: Cluster {
            arn: cluster_arn(name),
            name: name.to_owned(),
            status: "available".to_owned(),
            state: DatabaseState::Available,
            tag: Some("shop".to_owned()),
            capacity: Some(Capacity {
                min: acu(min),
                max: acu(max),
            }),
            used: Some(acu(min)),
            members: vec![member("one"), member("two")],
        },
        load: Some(Load {
            highest: 1.0,
            newest: Timestamp::UNIX_EPOCH,
        }),
    }
}

pub(super) fn throttled(resource: &str) -> Failure {
    Failure {
        resource: resource.to_owned(),
        action: "ecs:DescribeServices".to_owned(),
        code: "ThrottlingException".to_owned(),
        message: "Rate exceeded".to_owned(),
        denied: false,
    }
}

/// An estate that is made up: its document and what stands in AWS.
#[derive(Clone)]
pub(super) struct Estate {
    pub(super) services: Vec<(String, u32)>,
    pub(super) databases: Vec<(String, String)>,
    pub(super) lines: Vec<String>,
    pub(super) snapshot: Snapshot,
}

impl Estate {
    pub(super) fn empty() -> Self {
        Self {
            services: Vec::new(),
            databases: Vec::new(),
            lines: Vec::new(),
            snapshot: Snapshot::default(),
        }
    }

    /// Estate 2: `api` under auto scaling from 2 to 10, `web` with a fixed count of 2, both 1 at
    /// night, and an alarm as a brake.
    pub(super) fn usual() -> Self {
        Self::empty()
            .with_service("api", 2, 1)
            .with_target(2, 10)
            .with_service("web", 2, 1)
            .saying("brakes: [errors]")
            .with_alarm("errors")
    }

    pub(super) fn with_service(mut self, name: &str, count: u32, night: u32) -> Self {
        self.services.push((name.to_owned(), night));
        self.snapshot.services.push(watched(name, count));
        self
    }

    /// The last service is under auto scaling.
    pub(super) fn with_target(self, min: u32, max: u32) -> Self {
        self.where_service(|watched| {
            watched.service.target = Some(target(&watched.service.name, min, max));
        })
    }

    /// The last service is otherwise.
    pub(super) fn where_service(mut self, change: impl FnOnce(&mut Watched)) -> Self {
        change(self.snapshot.services.last_mut().unwrap());
        self
    }

    /// An Aurora cluster of 2 to 16 ACU.
    pub(super) fn with_aurora(mut self, night: &str) -> Self {
        self.databases.push(("aurora".to_owned(), night.to_owned()));
        self.snapshot.clusters.push(measured("aurora", 2.0, 16.0));
        self
    }

    pub(super) fn with_alarm(mut self, name: &str) -> Self {
        self.snapshot.alarms.push(Alarm {
            name: name.to_owned(),
            rings: false,
        });
        self
    }

    /// Another line of the document's `slim`.
    pub(super) fn saying(mut self, line: &str) -> Self {
        self.lines.push(line.to_owned());
        self
    }

    pub(super) fn document(&self) -> String {
        let mut document = "version: 1\nslim:\n  cluster: shop\n".to_owned();
        if !self.lines.iter().any(|line| line.starts_with("calendar")) {
            document.push_str("  calendar: shop\n");
        }
        document.push_str("  services:\n");
        for (name, night) in &self.services {
            writeln!(document, "    {name}: {night}").unwrap();
        }
        if !self.databases.is_empty() {
            document.push_str("  databases:\n");
        }
        for (name, night) in &self.databases {
            writeln!(document, "    {name}: {night}").unwrap();
        }
        for line in &self.lines {
            writeln!(document, "  {line}").unwrap();
        }
        document
    }

    /// The estate at an instant of a day that it has been looked at all along.
    pub(super) fn at(self, time: &str) -> Play {
        let now = jst(time);
        let section = parse(&self.document());
        let record = EstateRecord {
            phase: Phase::Day,
            ..EstateRecord::new(now)
        };
        let mut play = Play {
            section,
            world: World {
                snapshot: self.snapshot,
                entries: BTreeMap::new(),
                record,
                order: None,
            },
            owners: BTreeMap::new(),
            broken: None,
            rivals: BTreeMap::new(),
            released: false,
            now: now - minutes(20),
            measures: true,
            news: Vec::new(),
        };
        // The counts are known since before the last minutes were measured.
        play.world.order = Some(order(Order::Hold, play.now, minutes(20)));
        play.look();
        play.news.clear();
        play.world.order = None;
        play.now = now;
        play
    }

    /// The estate at night, small since the evening.
    pub(super) fn at_night(self) -> Play {
        let mut play = self.at(EVENING);
        play.settle();
        assert_eq!(play.phase(), Phase::Night);
        play.turn_to(NIGHT);
        play.look();
        play.news.clear();
        play
    }
}
