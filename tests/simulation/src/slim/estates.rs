//! The estates of a run: a bookmark manager's production, and a shop with more of everything, each
//! with a load that follows the hour and details from the seed; and bystanders that nobody may touch.

use std::{collections::BTreeMap, fmt::Write as _};

use fastrand::Rng;
use jiff::SignedDuration;
use nightshift_cloud::{
    call::{Actor, Tags},
    load::{self, Hourly, Load},
    services::{autoscaling, cloudwatch, ecs, rds, ssm},
    world::World,
};
use serde_json::json;

use super::Script;
use crate::{
    people::parameter,
    places::{Hours, Place},
    sky::CANARY,
    subject,
};

/// The tag that consents to slimming.
pub const SLIM_TAG: &str = "nightshift:slim";

/// An estate as its people know it.
#[derive(Clone, Debug)]
pub struct Estate {
    /// Its name.
    pub name: &'static str,
    /// Its cluster.
    pub cluster: String,
    /// When it is open.
    pub hours: Hours,
    /// Its services.
    pub services: Vec<Service>,
    /// Its databases, by ARN: also those whose capacity is kept.
    pub databases: Vec<String>,
    /// The capacity at night of those that get smaller, by ARN.
    pub capacity: BTreeMap<String, f64>,
    /// The alarms that hold back.
    pub brakes: Vec<String>,
    /// Whether what people change at night is undone.
    pub enforce: bool,
    /// How long a day's size that somebody put back at night is left alone.
    pub grace: SignedDuration,
    /// What people ask of services and databases, by ARN.
    pub loads: BTreeMap<String, Load>,
    /// Its document.
    pub document: String,
}

/// A service of an estate.
#[derive(Clone, Debug)]
pub struct Service {
    /// Its ARN.
    pub arn: String,
    /// The resource id of its scalable target, if it has one or gets one.
    pub id: String,
    /// How small it is at night.
    pub night: u32,
    /// How many tasks it has by day at least.
    pub day: u32,
    /// How far it scales, if it does.
    pub most: Option<u32>,
}

impl Estate {
    /// How small a service or a cluster is at night; none where it is left alone.
    #[must_use]
    pub fn night(&self, arn: &str) -> Option<f64> {
        let service = self.services.iter().find(|service| service.arn == arn);
        let night = service.map(|service| f64::from(service.night));
        night.or_else(|| self.capacity.get(arn).copied())
    }

    /// Everything that gets smaller.
    pub fn resources(&self) -> impl Iterator<Item = &String> {
        let services = self.services.iter().map(|service| &service.arn);
        services.chain(self.capacity.keys())
    }
}

impl subject::Estate for Estate {
    fn name(&self) -> &'static str {
        self.name
    }

    fn cluster(&self) -> &str {
        &self.cluster
    }

    fn hours(&self) -> Hours {
        self.hours
    }

    fn databases(&self) -> &[String] {
        &self.databases
    }

    fn document(&self) -> &str {
        &self.document
    }
}

/// The consent of an estate.
#[must_use]
pub fn consent(estate: &str) -> Tags {
    [(SLIM_TAG.to_owned(), estate.to_owned())].into()
}

/// Makes all estates of a place, with their bystanders.
pub fn furnish(world: &mut World, random: &mut Rng, script: &Script) -> Vec<Estate> {
    let place = &script.place;
    let mut company = place.company();
    if random.bool() {
        company.push_str(
            "prices:\n  as_of: 2026-10-01\n  fargate_vcpu: 0.05056\n  fargate_gb: 0.00553\n  aurora_acu: 0.2\n",
        );
    }
    let _written = ssm::put(world, &Actor::Person, "/nightshift/company", &company);
    let _written = ssm::put(
        world,
        &Actor::Terraform,
        "/bookmark-manager/production/DATABASE_URL",
        &format!("postgresql://app:{CANARY}@db:5432/app"),
    );
    let mut estates = vec![
        bookmark_manager(world, random, place),
        shop(world, random, place),
    ];
    // What estates side by side do to each other, staging's runs show: here most runs have one, which
    // takes half the time.
    let chosen = match random.u8(0..4) {
        0 => None,
        1 => Some("bookmark-manager-production"),
        _ => Some("shop"),
    };
    let wanted = script.only.or(chosen);
    estates.retain(|estate| wanted.is_none_or(|wanted| wanted == estate.name));
    for estate in &estates {
        let name = parameter(estate.name);
        let _written = ssm::put(world, &Actor::Person, &name, &estate.document);
    }
    bystanders(world);
    world.take_journal();
    estates
}

/// What an estate is made of, while it is made.
struct Made<'a> {
    world: &'a mut World,
    random: &'a mut Rng,
    place: &'a Place,
    estate: Estate,
}

impl<'a> Made<'a> {
    fn new(
        world: &'a mut World,
        random: &'a mut Rng,
        place: &'a Place,
        name: &'static str,
        hours: Hours,
    ) -> Self {
        let cluster = format!("{name}-cluster");
        ecs::create_cluster(world, &cluster);
        Self {
            world,
            random,
            place,
            estate: Estate {
                name,
                document: format!(
                    "version: 1\nslim:\n  calendar: {}\n  cluster: {cluster}\n",
                    hours.calendar()
                ),
                cluster,
                hours,
                services: Vec::new(),
                databases: Vec::new(),
                capacity: BTreeMap::new(),
                brakes: Vec::new(),
                enforce: false,
                grace: SignedDuration::from_mins(60),
                loads: BTreeMap::new(),
            },
        }
    }

    /// A service; under auto scaling, if it is said up to how many tasks.
    fn service(&mut self, name: &str, night: u32, day: u32, most: Option<u32>, load: (f64, f64)) {
        let consent = consent(self.estate.name);
        let new = ecs::NewService::new(&self.estate.cluster, name)
            .count(day)
            .size(512, 1024)
            .tags(&consent)
            .circuit_breaker(self.random.u8(0..3) > 0);
        let arn = ecs::create_service(self.world, &Actor::Terraform, new);
        let id = format!("service/{}/{name}", self.estate.cluster);
        if let Some(most) = most {
            scale(self.world, &id, (day, most), &consent);
        }
        self.load(&arn, load);
        self.estate.services.push(Service {
            arn,
            id,
            night,
            day,
            most,
        });
    }

    /// Two members of Aurora Serverless v2, kept or made smaller.
    fn aurora(&mut self, name: &str, range: (f64, f64), night: Option<f64>, load: (f64, f64)) {
        let mut new = rds::NewCluster::named(name).tagged(SLIM_TAG, self.estate.name);
        new.classes = vec!["db.serverless".to_owned(); 2];
        new.scaling = Some(rds::Scaling {
            min: range.0,
            max: range.1,
            pause_after: None,
        });
        let arn = rds::create_cluster(self.world, &Actor::Terraform, new);
        self.load(&arn, load);
        let word = night.map_or_else(|| "keep".to_owned(), |night| night.to_string());
        let _ = writeln!(self.estate.document, "  databases: {{ {name}: {word} }}");
        if let Some(night) = night {
            self.estate.capacity.insert(arn.clone(), night);
        }
        self.estate.databases.push(arn);
    }

    fn load(&mut self, arn: &str, (night, day): (f64, f64)) {
        let mut hourly = Hourly::new(self.random.u64(..), night, day);
        hourly.zone = self.place.time_zone();
        hourly.height = 1.2 + self.random.f64();
        let hourly = Load::Hourly(hourly);
        load::set(self.world, arn, hourly.clone());
        self.estate.loads.insert(arn.to_owned(), hourly);
    }

    /// An alarm that rings when somebody says so.
    fn brake(&mut self, name: &str) {
        let alarm = json!({
            "AlarmName": name, "Namespace": "AWS/ApplicationELB",
            "MetricName": "HTTPCode_Target_5XX_Count", "Statistic": "Sum", "Period": 60,
            "EvaluationPeriods": 5, "Threshold": 5.0,
            "ComparisonOperator": "GreaterThanThreshold",
        });
        self.put(name, alarm);
        ring(self.world, name, false);
    }

    /// An alarm on a service's own load.
    fn load_brake(&mut self, name: &str, service: &str) {
        let alarm = json!({
            "AlarmName": name, "Namespace": "AWS/ECS",
            "MetricName": "CPUUtilization", "Statistic": "Average", "Period": 60,
            "EvaluationPeriods": 3, "Threshold": 90.0,
            "ComparisonOperator": "GreaterThanThreshold",
            "Dimensions": [
                { "Name": "ClusterName", "Value": self.estate.cluster },
                { "Name": "ServiceName", "Value": service },
            ],
        });
        self.put(name, alarm);
    }

    fn put(&mut self, name: &str, alarm: serde_json::Value) {
        let by = Actor::Terraform;
        let _made = self
            .world
            .ask(&cloudwatch::SERVICE, by, "PutMetricAlarm", alarm);
        self.estate.brakes.push(name.to_owned());
    }

    /// The rest of the document.
    fn done(mut self) -> Estate {
        let document = &mut self.estate.document;
        document.push_str("  services:\n");
        for service in &self.estate.services {
            let name = service.arn.rsplit('/').next().unwrap_or_default();
            let _ = writeln!(document, "    {name}: {}", service.night);
        }
        if !self.estate.brakes.is_empty() {
            let _ = writeln!(document, "  brakes: [{}]", self.estate.brakes.join(", "));
        }
        if self.estate.enforce {
            document.push_str("  enforce: true\n");
        }
        let _ = writeln!(document, "  grace: {}m", self.estate.grace.as_mins());
        self.estate
    }
}

/// Estate 2: `-api` between 2 and 10 tasks, `-web` with a fixed count, Aurora kept or made smaller.
fn bookmark_manager(world: &mut World, random: &mut Rng, place: &Place) -> Estate {
    let hours = Hours::new(7, 22, true).daily(random.bool());
    let name = "bookmark-manager-production";
    let mut made = Made::new(world, random, place, name, hours);
    let busy = made.random.u8(0..4) == 0;
    let quiet = if busy { 0.7 } else { 0.15 };
    let day = made.random.choice([2, 2, 4]).unwrap_or(2);
    let api = "bookmark-manager-production-api";
    made.service(api, 1, day, Some(10), (0.3, 5.0));
    let day = made.random.choice([2, 2, 3]).unwrap_or(2);
    made.service(
        "bookmark-manager-production-web",
        1,
        day,
        None,
        (quiet, 0.9),
    );
    let aurora = "bookmark-manager-production-aurora";
    if made.random.bool() {
        made.aurora(aurora, (0.5, 16.0), None, (0.2, 9.0));
    } else {
        made.aurora(aurora, (2.0, 16.0), Some(0.5), (0.05, 1.0));
    }
    made.brake("bookmark-manager-production-alb-5xx");
    if made.random.bool() {
        made.load_brake("bookmark-manager-production-ecs-cpu", api);
    }
    made.done()
}

/// A shop that is closed on Sundays: two services under auto scaling, one with a count of four, and
/// nights that are larger than one task.
fn shop(world: &mut World, random: &mut Rng, place: &Place) -> Estate {
    let hours = Hours::new(9, 20, true);
    let mut made = Made::new(world, random, place, "shop", hours);
    made.service("shop-api", 2, 4, Some(12), (0.5, 6.0));
    made.service("shop-search", 1, 3, Some(6), (0.2, 2.5));
    made.service("shop-web", 2, 4, None, (0.2, 1.6));
    if made.random.bool() {
        made.aurora("shop-aurora", (2.0, 32.0), Some(1.0), (0.1, 1.5));
    }
    if made.random.bool() {
        made.brake("shop-alb-5xx");
    }
    made.estate.enforce = made.random.u8(0..4) == 0;
    made.estate.grace = SignedDuration::from_mins(made.random.choice([30, 60]).unwrap_or(60));
    made.done()
}

/// Registers a target with a policy that tracks 70 % of CPU.
pub fn scale(world: &mut World, id: &str, bounds: (u32, u32), consent: &Tags) {
    let by = Actor::Terraform;
    autoscaling::register(world, &by, id, Some(bounds), None, consent);
    let policy = json!({
        "ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount",
        "ResourceId": id, "PolicyName": "cpu-70", "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": {
            "TargetValue": 70.0,
            "PredefinedMetricSpecification": {
                "PredefinedMetricType": "ECSServiceAverageCPUUtilization",
            },
        },
    });
    let _made = world.ask(&autoscaling::SERVICE, by, "PutScalingPolicy", policy);
}

/// Lets an alarm ring, or be quiet again.
pub fn ring(world: &mut World, alarm: &str, rings: bool) {
    let state = json!({
        "AlarmName": alarm,
        "StateValue": if rings { "ALARM" } else { "OK" },
        "StateReason": "somebody says so",
    });
    let _set = world.ask(&cloudwatch::SERVICE, Actor::Aws, "SetAlarmState", state);
}

/// Staging, and production of somebody else: in the same account, and nobody's business.
fn bystanders(world: &mut World) {
    let sleeps: Tags = [("nightshift:sleep".to_owned(), "staging".to_owned())].into();
    ecs::create_cluster(world, "staging-cluster");
    let staging = ecs::NewService::new("staging-cluster", "staging-api").count(3);
    ecs::create_service(world, &Actor::Terraform, staging.tags(&sleeps));
    // In the estate's own cluster, but not in its document.
    let other = ecs::NewService::new("shop-cluster", "shop-batch").count(3);
    ecs::create_service(world, &Actor::Terraform, other.tags(&consent("shop")));
}
