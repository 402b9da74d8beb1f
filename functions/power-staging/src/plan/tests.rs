//! The plan, told as evenings, nights and mornings of estates that are made up here. Nothing is
//! mocked: documents are parsed, plans are made, and the world of [`crate::foresee`] plays along.

#![allow(clippy::similar_names, reason = "a play has its plans")]

mod deployments;
mod documents;
mod hands;
mod news;
mod order;
mod properties;
mod sleeping;
mod waking;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use nightshift::{
    config::{self, Sleeper},
    kind::{
        Arn, Bounds, Database, DatabaseState, Deployment, Kind, Never, Rollout, Service, Size,
        Sizing, Suspension, Tag, Target,
    },
    ledger::{Entry, EstateRecord, Order, Override, Owner, Phase, Stage, VERSION, Wake},
    report::{Cause, Failure, News, Row, State},
};

use super::{Plan, Rivalry, Step, View, plan};
use crate::{
    foresee::World,
    snapshot::{Snapshot, Tasks},
};

const COMPANY: &str = "
version: 1
time_zone: Asia/Tokyo
holidays:
  country: japan
calendars:
  business:
    hours:
      monday-friday: 09:00-18:00
prices:
  as_of: 2026-10-01
  fargate_vcpu: 0.05
  fargate_gb: 0.005
  db:
    db.t4g.micro: 0.025
";

/// Friday before a long weekend: the Monday after it is a holiday.
const FRIDAY_NOON: &str = "2026-11-20T12:00";
const BEDTIME: &str = "2026-11-20T18:00";
const NIGHT: &str = "2026-11-20T23:00";
/// Twenty minutes, the documents' lead, before Tuesday's opening.
const WAKING_TIME: &str = "2026-11-24T08:40";
const OPENING: &str = "2026-11-24T09:00";

/// An instant of Tokyo's.
fn jst(time: &str) -> Timestamp {
    format!("{time}:00+09:00").parse().unwrap()
}

fn minutes(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

fn service_arn(cluster: &str, name: &str) -> Arn {
    Arn::new(format!(
        "arn:aws:ecs:ap-northeast-1:123456789012:service/{cluster}/{name}"
    ))
}

fn database_arn(name: &str) -> Arn {
    Arn::new(format!("arn:aws:rds:ap-northeast-1:123456789012:db:{name}"))
}

fn cluster_arn(name: &str) -> Arn {
    Arn::new(format!(
        "arn:aws:rds:ap-northeast-1:123456789012:cluster:{name}"
    ))
}

fn deployment(id: &str) -> Deployment {
    Deployment {
        id: format!("ecs-svc/{id}"),
        rollout: Rollout::Completed,
        created_at: None,
        failed_tasks: 0,
        rolls_back: false,
    }
}

fn service(estate: &str, name: &str, count: u32) -> Service {
    Service {
        arn: service_arn(estate, name),
        cluster: estate.to_owned(),
        name: name.to_owned(),
        desired: count,
        running: count,
        pending: 0,
        deployment: Some(deployment("1")),
        tag: Some(estate.to_owned()),
        target: None,
        older: 0,
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
    }
}

fn target(service: &Service, min: u32, max: u32) -> Target {
    Target {
        arn: Some(Arn::new(format!("{}/target", service.arn))),
        bounds: Bounds { min, max },
        suspension: Suspension::default(),
        tag: Tag::Read(service.tag.clone()),
    }
}

fn database(estate: &str, name: &str) -> Database {
    Database {
        arn: database_arn(name),
        kind: Kind::RdsInstance,
        name: name.to_owned(),
        status: "available".to_owned(),
        state: DatabaseState::Available,
        never: None,
        tag: Some(estate.to_owned()),
        restart_at: None,
        sizing: Sizing {
            classes: vec!["db.t4g.micro".to_owned()],
            acu: 0.0,
        },
        backup_window: None,
        backup_days: 7,
        maintenance_window: None,
    }
}

fn parse(name: &str, document: &str) -> Sleeper {
    let company = config::company("/nightshift/company", COMPANY).unwrap();
    let parameter = format!("/nightshift/estates/{name}");
    let estate = config::estate(&parameter, document).unwrap();
    config::sleeper(&parameter, name, &estate, &company)
        .unwrap()
        .unwrap()
}

/// An estate that is made up: its document and what stands in AWS.
struct Estate {
    name: String,
    databases: Vec<String>,
    services: String,
    lines: Vec<String>,
    snapshot: Snapshot,
}

impl Estate {
    /// An estate whose cluster has its name; all of the cluster's services are its own.
    fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            databases: Vec::new(),
            services: "all".to_owned(),
            lines: Vec::new(),
            snapshot: Snapshot {
                tasks: Some(Tasks::default()),
                ..Snapshot::default()
            },
        }
    }

    /// Two services, one of them under auto scaling, and a database.
    fn usual() -> Self {
        Self::named("staging")
            .with_service("api", 2)
            .with_target(1, 5)
            .with_service("web", 1)
            .with_database("db")
    }

    fn with_service(mut self, name: &str, count: u32) -> Self {
        self.snapshot
            .services
            .push(service(&self.name, name, count));
        self
    }

    /// The last service is under auto scaling.
    fn with_target(self, min: u32, max: u32) -> Self {
        self.where_service(|service| service.target = Some(target(service, min, max)))
    }

    /// The last service is otherwise.
    fn where_service(mut self, change: impl FnOnce(&mut Service)) -> Self {
        change(self.snapshot.services.last_mut().unwrap());
        self
    }

    fn with_database(mut self, name: &str) -> Self {
        self.databases.push(name.to_owned());
        self.snapshot.databases.push(database(&self.name, name));
        self
    }

    fn with_aurora(self, name: &str) -> Self {
        self.with_database(name).where_database(|database| {
            database.kind = Kind::AuroraCluster;
            database.arn = cluster_arn(&database.name);
        })
    }

    /// The last database is otherwise.
    fn where_database(mut self, change: impl FnOnce(&mut Database)) -> Self {
        change(self.snapshot.databases.last_mut().unwrap());
        self
    }

    /// Which services belong to it.
    fn of_services(mut self, services: &str) -> Self {
        services.clone_into(&mut self.services);
        self
    }

    /// Another line of the document's `sleep`.
    fn saying(mut self, line: &str) -> Self {
        self.lines.push(line.to_owned());
        self
    }

    fn document(&self) -> String {
        let mut document = format!(
            "version: 1\nsleep:\n  calendar: business\n  cluster: {}\n  services: {}\n  databases: [{}]\n",
            self.name,
            self.services,
            self.databases.join(", ")
        );
        for line in &self.lines {
            document.push_str("  ");
            document.push_str(line);
            document.push('\n');
        }
        document
    }

    /// The estate at an instant: awake, and never looked at before.
    fn at(self, time: &str) -> Play {
        let now = jst(time);
        Play {
            sleeper: parse(&self.name, &self.document()),
            world: World {
                snapshot: self.snapshot,
                entries: BTreeMap::new(),
                record: EstateRecord::new(now),
                order: None,
            },
            rivals: BTreeMap::new(),
            released: false,
            now,
            news: Vec::new(),
        }
    }

    /// The estate at night, long asleep.
    fn asleep(self) -> Play {
        let mut play = self.at(BEDTIME);
        play.settle();
        assert_eq!(play.world.record.phase, Phase::Asleep, "{:?}", play.rows());
        play.turn_to(NIGHT);
        play.news.clear();
        play
    }
}

/// An estate while time passes.
struct Play {
    sleeper: Sleeper,
    world: World,
    rivals: BTreeMap<Arn, Rivalry>,
    released: bool,
    now: Timestamp,
    /// Everything that was told, in order.
    news: Vec<News>,
}

impl Play {
    fn view(&self) -> View<'_> {
        View {
            sleeper: &self.sleeper,
            released: self.released,
            snapshot: &self.world.snapshot,
            entries: &self.world.entries,
            record: &self.world.record,
            order: self.world.order.as_ref(),
            rivals: &self.rivals,
            now: self.now,
        }
    }

    fn plan(&self) -> Plan {
        plan(&self.view())
    }

    /// One look: every step takes effect, and everything is told.
    fn look(&mut self) -> Plan {
        let plan = self.plan();
        properties::assert_sound(&self.view(), &plan);
        self.world.carry_out(&plan);
        self.hear(&plan);
        plan
    }

    /// A look that dies after so many of the steps on a resource.
    fn die_after(&mut self, steps: usize, name: &str) {
        let plan = self.plan();
        let chain = plan.chains.iter().find(|chain| chain.arn.name() == name);
        let chain = chain.unwrap();
        for step in &chain.steps[..steps] {
            self.world.take(chain, step);
        }
    }

    fn hear(&mut self, plan: &Plan) {
        self.news
            .extend(plan.matters.to_tell().iter().map(|(_, news)| news.clone()));
        self.news.extend(plan.moments.iter().cloned());
    }

    /// A look at each of the next minutes, without the last: the clock stands there at the end.
    fn pass(&mut self, minutes: i64) {
        for _ in 0..minutes {
            self.look();
            self.now += SignedDuration::from_mins(1);
        }
    }

    fn turn_to(&mut self, time: &str) {
        self.now = jst(time);
    }

    /// Looks, a minute apart, until one has nothing to do and waits for nothing.
    fn settle(&mut self) {
        for _ in 0..60 {
            if self.look().settled {
                return;
            }
            self.now += SignedDuration::from_mins(1);
        }
        panic!("it does not settle: {:?}", self.rows());
    }

    /// Whether another look would do nothing at all.
    fn assert_at_rest(&self) {
        let plan = self.plan();
        assert!(
            plan.settled && plan.chains.is_empty(),
            "{:?} {:?}",
            plan.chains,
            plan.rows
        );
        assert!(
            plan.moments.is_empty() && plan.matters.to_tell().is_empty(),
            "{:?} {:?}",
            plan.moments,
            plan.matters.to_tell()
        );
    }

    fn service(&mut self, name: &str) -> &mut Service {
        let services = &mut self.world.snapshot.services;
        services
            .iter_mut()
            .find(|service| service.name == name)
            .unwrap()
    }

    fn database(&mut self, name: &str) -> &mut Database {
        let databases = &mut self.world.snapshot.databases;
        databases
            .iter_mut()
            .find(|database| database.name == name)
            .unwrap()
    }

    /// Somebody sets a count, and the tasks are there at once.
    fn set(&mut self, name: &str, count: u32) {
        let service = self.service(name);
        (service.desired, service.running) = (count, count);
    }

    /// Somebody, or AWS, turns a database.
    fn turn(&mut self, name: &str, state: DatabaseState, status: &str) {
        let database = self.database(name);
        database.state = state;
        status.clone_into(&mut database.status);
    }

    fn count(&mut self, name: &str) -> u32 {
        self.service(name).desired
    }

    fn suspension(&mut self, name: &str) -> Suspension {
        self.service(name).target.as_ref().unwrap().suspension
    }

    fn state(&mut self, name: &str) -> DatabaseState {
        self.database(name).state
    }

    fn entry(&self, name: &str) -> Option<&Entry> {
        let mut entries = self.world.entries.values();
        entries
            .find(|kept| kept.item.arn.name() == name)
            .map(|kept| &kept.item)
    }

    fn saved(&self, name: &str) -> u32 {
        let entry = self.entry(name).unwrap();
        entry.service.as_ref().unwrap().count
    }

    fn stage(&self, name: &str) -> Stage {
        self.entry(name).unwrap().stage
    }

    /// The steps that the plan would take on a resource now.
    fn steps(&self, name: &str) -> Vec<Step> {
        let plan = self.plan();
        let chains = plan.chains.into_iter();
        chains
            .filter(|chain| chain.arn.name() == name)
            .flat_map(|chain| chain.steps)
            .collect()
    }

    fn rows(&self) -> Vec<Row> {
        self.plan().rows
    }

    /// What a resource waits for, by the plan made now.
    fn waits_for(&self, name: &str) -> Option<Cause> {
        let row = self.rows().into_iter().find(|row| row.name == name);
        row.unwrap().waits_for
    }

    /// How often news of this kind were told.
    fn heard(&self, kind: fn(&News) -> bool) -> usize {
        self.news.iter().filter(|news| kind(news)).count()
    }

    fn order(&mut self, order: Order, length: SignedDuration) {
        self.world.order = Some(Override {
            version: VERSION,
            order,
            until: self.now + length,
            by: "tanaka".to_owned(),
            reason: "load test".to_owned(),
            set_at: self.now,
            deployment: false,
        });
    }

    /// What people see of AWS: counts, suspensions and databases.
    fn sight(&self) -> Vec<(Arn, String)> {
        sight(&self.world.snapshot)
    }
}

fn sight(snapshot: &Snapshot) -> Vec<(Arn, String)> {
    let services = snapshot.services.iter().map(|service| {
        let target = service.target.as_ref();
        let suspension = target.map(|target| (target.bounds, target.suspension));
        let seen = format!("{} {suspension:?}", service.desired);
        (service.arn.clone(), seen)
    });
    let databases = snapshot.databases.iter();
    services
        .chain(databases.map(|database| (database.arn.clone(), format!("{:?}", database.state))))
        .collect()
}

/// The steps in short, for tables.
fn short(steps: &[Step]) -> Vec<String> {
    steps
        .iter()
        .map(|step| match step {
            Step::Save(entry) => match &entry.service {
                Some(saved) => format!("save {:?} {}", entry.stage, saved.count),
                None => format!("save {:?}", entry.stage),
            },
            Step::SetCount { from, to } => format!("count {from} to {to}"),
            Step::Resume(found) if *found == Suspension::default() => "resume".to_owned(),
            Step::Resume(_) => "resume in part".to_owned(),
            step => format!("{step:?}").to_lowercase(),
        })
        .collect()
}
