//! Counts follow the load, and a lower minimum lets them follow it further.

use std::collections::BTreeMap;

use jiff::Timestamp;
use nightshift_cloud::{
    call::{Actor, Tags},
    load::{self, Load},
    services::autoscaling,
    world::{What, World},
};

use crate::estate::{API, arn, at, count, estate};

fn set_minimum(world: &mut World, min: u32) {
    let by = Actor::Function("scale-production".to_owned());
    autoscaling::register(world, &by, API, Some((min, 10)), None, &Tags::new()).unwrap();
}

#[test]
fn counts_follow_the_load_through_days_and_stay_within_the_bounds() {
    for seed in 1..=3 {
        let mut world = estate(seed);
        let mut by_hour: BTreeMap<i8, Vec<u32>> = BTreeMap::new();
        for day in 7..12 {
            for hour in 0..24 {
                world.advance(at(day, hour, 30));
                let api = count(&world, "production-api");
                by_hour.entry(hour).or_default().push(api);
                assert!((2..=10).contains(&api), "{seed}, {day}, {hour}: {api}");
                assert_eq!(count(&world, "production-web"), 2);
            }
        }
        let most = |hour: i8| *by_hour[&hour].iter().max().unwrap();
        let least = |hour: i8| *by_hour[&hour].iter().min().unwrap();
        assert_eq!((most(4), most(5)), (2, 2), "{seed}: at night");
        assert!(least(20) >= 7, "{seed}: in the evening {by_hour:?}");
        assert!(least(13) > most(3), "{seed}: {by_hour:?}");
        let counts = world.take_journal();
        let counts = counts
            .iter()
            .filter(|one| matches!(one.what, What::Count { .. }));
        assert!(counts.clone().all(|one| one.by == Actor::AutoScaling));
        let a_day = counts.count() / 5;
        assert!((4..=30).contains(&a_day), "{seed}: {a_day} a day");
    }
}

#[test]
fn a_minimum_that_is_lowered_at_night_leaves_one_task_and_the_morning_lifts_it() {
    let mut world = estate(4);
    world.advance(at(7, 23, 0));
    let before = count(&world, "production-api");
    set_minimum(&mut world, 1);
    assert_eq!(count(&world, "production-api"), before, "nothing by itself");
    world.advance(at(8, 4, 0));
    assert_eq!(count(&world, "production-api"), 1);
    assert_eq!(
        world.ecs.service(&arn("production-api")).unwrap().running(),
        1
    );
    world.advance(at(8, 5, 0));
    set_minimum(&mut world, 2);
    assert_eq!(count(&world, "production-api"), 2);
    world.advance(at(8, 20, 30));
    assert!(count(&world, "production-api") >= 6, "and it grows by day");
    // Nobody lifts it again: production grows all the same.
    set_minimum(&mut world, 1);
    world.advance(at(9, 20, 30));
    assert!(count(&world, "production-api") >= 6);
}

/// With what a test that jumps pays: each stop of the world may be a look of the function.
#[test]
fn a_day_of_production_stops_time_a_few_hundred_times_and_an_idle_one_hardly() {
    let stops = |world: &mut World, until: Timestamp| {
        let mut stops = 0;
        while let Some(next) = world.next().filter(|next| *next <= until) {
            world.advance(next);
            stops += 1;
        }
        stops
    };
    let mut busy = estate(5);
    let busy = stops(&mut busy, at(12, 0, 0)) / 5;
    assert!(busy < 400, "{busy} a day");
    let mut idle = estate(5);
    for name in ["production-api", "production-web"] {
        load::set(&mut idle, &arn(name), Load::constant(1.2));
    }
    idle.advance(at(7, 3, 0));
    let idle = stops(&mut idle, at(12, 0, 0)) / 5;
    assert!(idle < 10, "{idle} a day");
}
