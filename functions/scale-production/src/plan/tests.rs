//! The plan, told as evenings, nights and mornings of a shop that never closes. Nothing is mocked:
//! documents are parsed, plans are made, and the world of [`crate::foresee`] plays along.

#![allow(clippy::similar_names, reason = "a play has its plans")]

mod brakes;
mod edges;
mod foreseen;
mod hands;
mod made_up;
mod mornings;
mod orders;
mod properties;
mod shrinking;
mod summary;

use jiff::{SignedDuration, Timestamp};
use nightshift::{
    config::{self, Slimmer},
    kind::{
        Acu, Bounds, Capacity, DatabaseState, Deployment, Rollout, Size, Suspension, Tag, Target,
        aurora_cluster::{Cluster, Member},
    },
    ledger::slim::Month,
    report::Failure,
};

use super::*;
use crate::{
    foresee::World,
    snapshot::{Alarm, Event, Load, Measured, Watched},
};

use made_up::*;

const COMPANY: &str = "
version: 1
time_zone: Asia/Tokyo
holidays:
  country: japan
calendars:
  shop:
    hours:
      daily: 07:00-22:00
    holidays: ignored
prices:
  as_of: 2026-10-01
  fargate_vcpu: 0.05056
  fargate_gb: 0.00553
  aurora_acu: 0.2
";

/// A Thursday in November.
const NOON: &str = "2026-11-19T12:00";
const EVENING: &str = "2026-11-19T22:00";
const NIGHT: &str = "2026-11-20T02:00";
/// Twenty minutes, the document's lead, before opening.
const MORNING: &str = "2026-11-20T06:40";
const OPENING: &str = "2026-11-20T07:00";

/// An instant of Tokyo's.
fn jst(time: &str) -> Timestamp {
    format!("{time}:00+09:00").parse().unwrap()
}

fn minutes(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

fn parse(document: &str) -> Slimmer {
    let company = config::company("/nightshift/company", COMPANY).unwrap();
    let parameter = "/nightshift/estates/shop";
    let estate = config::estate(parameter, document).unwrap();
    config::slimmer(parameter, "shop", &estate, &company)
        .unwrap()
        .unwrap()
}

fn order(order: Order, at: Timestamp, length: SignedDuration) -> Override {
    Override {
        version: VERSION,
        order,
        until: at + length,
        by: "tanaka".to_owned(),
        reason: "sale".to_owned(),
        set_at: at,
        deployment: false,
    }
}

/// An estate while time passes.
struct Play {
    section: Slimmer,
    world: World,
    owners: BTreeMap<Arn, Owner>,
    broken: Option<Timestamp>,
    rivals: BTreeMap<Arn, Rivalry>,
    released: bool,
    now: Timestamp,
    /// Whether every look finds fresh measurements.
    measures: bool,
    /// Everything that was told, in order.
    news: Vec<News>,
}

impl Play {
    fn view(&self) -> View<'_> {
        View {
            section: &self.section,
            released: self.released,
            snapshot: &self.world.snapshot,
            entries: &self.world.entries,
            owners: &self.owners,
            broken: self.broken,
            record: &self.world.record,
            order: self.world.order.as_ref(),
            rivals: &self.rivals,
            now: self.now,
        }
    }

    /// What CloudWatch would have by now.
    fn measure(&mut self) {
        if !self.measures {
            return;
        }
        let newest = self.now - minutes(2);
        let snapshot = &mut self.world.snapshot;
        let services = snapshot.services.iter_mut().map(|it| &mut it.load);
        let clusters = snapshot.clusters.iter_mut().map(|it| &mut it.load);
        for load in services.chain(clusters).flatten() {
            load.newest = newest;
        }
    }

    fn plan(&mut self) -> Plan {
        self.measure();
        plan(&self.view())
    }

    /// One look: every step takes effect, and everything is told.
    fn look(&mut self) -> Plan {
        let plan = self.plan();
        properties::assert_sound(&self.view(), &plan);
        self.world.carry_out(&plan);
        self.news
            .extend(plan.matters.to_tell().iter().map(|(_, news)| news.clone()));
        self.news.extend(plan.moments.iter().cloned());
        plan
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
    fn assert_at_rest(&mut self) {
        let plan = self.plan();
        assert!(
            plan.settled && plan.chains.is_empty() && plan.matters.to_tell().is_empty(),
            "{:?} {:?} {:?}",
            plan.chains,
            plan.rows,
            plan.matters.to_tell()
        );
    }

    fn watched(&mut self, name: &str) -> &mut Watched {
        let services = &mut self.world.snapshot.services;
        services
            .iter_mut()
            .find(|watched| watched.service.name == name)
            .unwrap()
    }

    fn cluster(&mut self) -> &mut Cluster {
        &mut self.world.snapshot.clusters[0].cluster
    }

    fn bounds(&mut self, name: &str) -> Bounds {
        let target = self.watched(name).service.target.as_ref();
        target.unwrap().bounds
    }

    /// The minimum of a service under auto scaling.
    fn min(&mut self, name: &str) -> u32 {
        self.bounds(name).min
    }

    fn count(&mut self, name: &str) -> u32 {
        self.watched(name).service.desired
    }

    fn acu(&mut self) -> f64 {
        self.cluster().capacity.unwrap().min.get()
    }

    /// Somebody sets a count, and the tasks are there at once.
    fn set(&mut self, name: &str, count: u32) {
        let service = &mut self.watched(name).service;
        (service.desired, service.running) = (count, count);
    }

    /// Somebody registers the target with another minimum, which clamps the count.
    fn register(&mut self, name: &str, min: u32) {
        let step = Step::Move {
            lever: Lever::Minimum,
            from: tasks(0),
            to: tasks(min),
        };
        self.world.take(&service_arn(name), &step);
    }

    fn ring(&mut self, rings: bool) {
        self.world.snapshot.alarms[0].rings = rings;
    }

    fn deploy(&mut self, name: &str, rollout: Rollout) {
        let deployment = self.watched(name).service.deployment.as_mut();
        deployment.unwrap().rollout = rollout;
    }

    fn entry(&self, name: &str) -> Option<&Entry> {
        let mut entries = self.world.entries.values();
        entries
            .find(|kept| kept.item.arn.name() == name)
            .map(|kept| &kept.item)
    }

    fn stage(&self, name: &str) -> Stage {
        self.entry(name).unwrap().stage
    }

    fn phase(&self) -> Phase {
        self.world.record.phase
    }

    fn rows(&mut self) -> Vec<Row> {
        self.plan().rows
    }

    /// The steps that the plan would take on a resource now, in short.
    fn steps(&mut self, name: &str) -> Vec<String> {
        let plan = self.plan();
        let chains = plan.chains.into_iter();
        chains
            .filter(|chain| chain.arn.name() == name)
            .flat_map(|chain| chain.steps)
            .map(|step| match step {
                Step::Save(entry) => format!("save {:?} {}", entry.stage, entry.found),
                Step::Move { lever, from, to } => format!("{lever:?} {from} to {to}"),
                Step::Forget => "forget".to_owned(),
            })
            .collect()
    }

    /// What a resource waits for, by the plan made now.
    fn waits_for(&mut self, name: &str) -> Option<Cause> {
        let row = self.rows().into_iter().find(|row| row.name == name);
        row.unwrap().waits_for
    }

    /// How often news of this kind were told.
    fn heard(&self, kind: fn(&News) -> bool) -> usize {
        self.news.iter().filter(|news| kind(news)).count()
    }

    fn order(&mut self, wish: Order, length: SignedDuration) {
        self.world.order = Some(order(wish, self.now, length));
    }

    /// The document was changed.
    fn rewrite(&mut self, estate: &Estate) {
        self.section = parse(&estate.document());
    }
}
