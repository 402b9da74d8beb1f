//! Estate 2, with a load.

use jiff::{Timestamp, civil::date, tz::TimeZone};
use nightshift_cloud::{
    call::{Actor, Tags},
    load::{self, Hourly, Load},
    services::{
        autoscaling,
        ecs::{self, NewService},
        rds::{self, NewCluster, Scaling},
    },
    world::World,
};
use serde_json::json;

pub(crate) const CLUSTER: &str = "production-cluster";
pub(crate) const API: &str = "service/production-cluster/production-api";
pub(crate) const AURORA: &str = "production-aurora";

/// An instant in Tokyo, in June 2027; the seventh is a Monday.
pub(crate) fn at(day: i8, hour: i8, minute: i8) -> Timestamp {
    let zone = TimeZone::get("Asia/Tokyo").unwrap();
    let at = date(2027, 6, day).at(hour, minute, 0, 0);
    at.to_zoned(zone).unwrap().timestamp()
}

pub(crate) fn arn(name: &str) -> String {
    ecs::service_arn(CLUSTER, name)
}

/// The estate on Monday at midnight: `-api` between 2 and 10 tasks at 70 %, `-web` with 2, and Aurora
/// with two members between 0.5 and 16 units.
pub(crate) fn estate(seed: u64) -> World {
    let mut world = World::new(at(6, 23, 0), seed);
    let by = Actor::Terraform;
    let consent = Tags::from([("nightshift:slim".to_owned(), "production".to_owned())]);
    for name in ["production-api", "production-web"] {
        let new = NewService::new(CLUSTER, name).count(2).size(512, 1024);
        ecs::create_service(&mut world, &by, new.tags(&consent).load_balanced());
    }
    autoscaling::register(&mut world, &by, API, Some((2, 10)), None, &consent).unwrap();
    let policy = json!({
        "ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount",
        "ResourceId": API, "PolicyName": "cpu-70", "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": {
            "TargetValue": 70.0,
            "PredefinedMetricSpecification": {
                "PredefinedMetricType": "ECSServiceAverageCPUUtilization",
            },
        },
    });
    let put = world.ask(
        &autoscaling::SERVICE,
        by.clone(),
        "PutScalingPolicy",
        policy,
    );
    put.unwrap();
    let new = NewCluster {
        classes: vec!["db.serverless".to_owned(); 2],
        scaling: Some(Scaling {
            min: 0.5,
            max: 16.0,
            pause_after: None,
        }),
        backup_window: "03:00-04:00".to_owned(),
        maintenance_window: String::new(),
        ..NewCluster::named(AURORA)
    };
    let aurora = rds::create_cluster(&mut world, &by, new);
    load::set(
        &mut world,
        &arn("production-api"),
        Load::Hourly(Hourly::new(seed, 0.3, 5.0)),
    );
    load::set(
        &mut world,
        &arn("production-web"),
        Load::Hourly(Hourly::new(seed + 1, 0.1, 1.2)),
    );
    load::set(
        &mut world,
        &aurora,
        Load::Hourly(Hourly::new(seed + 2, 0.2, 9.0)),
    );
    world.advance(at(7, 0, 0));
    world.take_journal();
    world
}

pub(crate) fn count(world: &World, name: &str) -> u32 {
    world.ecs.service(&arn(name)).unwrap().desired
}
