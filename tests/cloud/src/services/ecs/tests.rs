use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;
use crate::{
    call::{Actor, Fault},
    world::What,
};

mod api;
mod deploying;
mod failing;
mod history;

fn world() -> World {
    World::new("2026-11-23T09:00:00Z".parse().unwrap(), 7)
}

fn pass(world: &mut World, seconds: u64) {
    world.advance(world.now + Duration::from_secs(seconds));
}

/// Lets everything happen that is on the agenda, but no longer than some hours.
fn rest(world: &mut World, hours: u64) {
    let until: Timestamp = world.now + Duration::from_secs(hours * 3600);
    while let Some(next) = world.next().filter(|next| *next <= until) {
        world.advance(next);
    }
}

fn ask(world: &mut World, operation: &str, input: Value) -> Result<Value, Fault> {
    world.ask(&SERVICE, Actor::Person, operation, input)
}

fn service(world: &World, arn: &str) -> Service {
    world.ecs.service(arn).unwrap().clone()
}

fn steady(world: &mut World, count: u32) -> String {
    let new = NewService::new("staging", "api").count(count);
    create_service(world, &Actor::Terraform, new)
}

fn events_of(world: &mut World, kind: &str) -> Vec<Value> {
    let taken = world.events.take();
    let envelopes = taken.into_iter().map(|event| event.envelope);
    envelopes.filter(|one| one["detail-type"] == kind).collect()
}

fn names_of(events: &[Value]) -> Vec<&str> {
    let names = events.iter().map(|one| one["detail"]["eventName"].as_str());
    names.map(Option::unwrap_or_default).collect()
}

#[test]
fn a_steady_service_has_its_tasks_and_nothing_on_the_agenda_but_a_look() {
    let mut world = world();
    let arn = steady(&mut world, 2);
    assert_eq!(
        arn,
        "arn:aws:ecs:ap-northeast-1:123456789012:service/staging/api"
    );
    assert_eq!(service(&world, &arn).running(), 2);
    rest(&mut world, 1);
    assert_eq!(world.next(), None);
    assert_eq!(service(&world, &arn).running(), 2);
}

#[test]
fn a_count_of_zero_takes_a_moment_and_the_tasks_drain() {
    let mut world = world();
    world.timings.task_stop = 60..=60;
    let arn = steady(&mut world, 3);
    pass(&mut world, 60);
    world.take_journal();
    set_count(&mut world, &Actor::Person, &arn, 0);
    assert_eq!(service(&world, &arn).running(), 3);
    pass(&mut world, 3);
    let now = service(&world, &arn);
    assert_eq!((now.running(), now.pending(), now.live()), (0, 0, 3));
    assert_eq!(world.ecs.live_tasks("staging").count(), 3);
    pass(&mut world, 61);
    assert_eq!(service(&world, &arn).live(), 0);
    assert_eq!(
        service(&world, &arn).primary().unwrap().rollout,
        Rollout::Completed
    );
    let journal = world.take_journal();
    let noted: Vec<_> = journal.iter().map(|noted| &noted.what).collect();
    assert_eq!(noted, [&What::Count { from: 3, to: 0 }]);
    rest(&mut world, 1);
    assert_eq!(world.next(), None);
}

#[test]
fn a_count_alone_makes_no_deployment_and_ends_in_a_steady_state() {
    let mut world = world();
    let arn = steady(&mut world, 0);
    let before = service(&world, &arn).primary().unwrap().id.clone();
    pass(&mut world, 600);
    world.events.take();
    set_count(&mut world, &Actor::Person, &arn, 2);
    pass(&mut world, 3);
    assert_eq!(service(&world, &arn).pending(), 2);
    let primary = service(&world, &arn).primary().unwrap().clone();
    assert_eq!((primary.id, primary.rollout), (before, Rollout::Completed));
    rest(&mut world, 1);
    assert_eq!(service(&world, &arn).running(), 2);
    assert_eq!(
        names_of(&events_of(&mut world, "ECS Service Action")),
        ["SERVICE_STEADY_STATE"]
    );
}

#[test]
fn a_task_told_to_stop_before_it_runs_never_runs() {
    let mut world = world();
    world.timings.task_start = 60..=60;
    let arn = steady(&mut world, 0);
    set_count(&mut world, &Actor::Person, &arn, 1);
    pass(&mut world, 10);
    set_count(&mut world, &Actor::Person, &arn, 0);
    pass(&mut world, 120);
    let task = &service(&world, &arn).tasks[0];
    assert_eq!((task.last, task.started_at), (Last::Stopped, None));
}

#[test]
fn stopped_tasks_are_told_of_for_an_hour() {
    let mut world = world();
    world.timings.task_stop = 10..=10;
    let arn = steady(&mut world, 1);
    let task = service(&world, &arn).tasks[0].arn.clone();
    set_count(&mut world, &Actor::Person, &arn, 0);
    pass(&mut world, 60);
    let input = json!({ "cluster": "staging", "tasks": [task] });
    let shown = ask(&mut world, "DescribeTasks", input.clone()).unwrap();
    let shown = &shown["tasks"][0];
    assert_eq!(shown["lastStatus"], "STOPPED");
    assert_eq!(shown["stopCode"], "ServiceSchedulerInitiated");
    let reason = shown["stoppedReason"].as_str().unwrap();
    assert!(reason.starts_with("Scaling activity initiated by (deployment ecs-svc/"));
    pass(&mut world, 3700);
    let shown = ask(&mut world, "DescribeTasks", input).unwrap();
    assert_eq!(shown["failures"][0]["reason"], "MISSING");
}

#[test]
fn behind_a_load_balancer_a_task_is_deregistered_before_it_stops() {
    let mut world = world();
    world.timings.task_stop = 100..=100;
    let new = NewService::new("staging", "web").load_balanced();
    let arn = create_service(&mut world, &Actor::Terraform, new);
    set_count(&mut world, &Actor::Person, &arn, 0);
    pass(&mut world, 10);
    assert_eq!(service(&world, &arn).tasks[0].last, Last::Deactivating);
    pass(&mut world, 60);
    assert_eq!(service(&world, &arn).tasks[0].last, Last::Stopping);
    pass(&mut world, 60);
    assert_eq!(service(&world, &arn).tasks[0].last, Last::Stopped);
}

#[test]
fn a_task_that_was_run_ends_by_itself() {
    let mut world = world();
    let tags = Tags::from([("team".to_owned(), "data".to_owned())]);
    let arn = run_task(
        &mut world,
        &Actor::Pipeline,
        "staging",
        "migrate",
        600..=600,
        &tags,
    );
    pass(&mut world, 120);
    let task = world.ecs.task(&arn).unwrap();
    assert_eq!(
        (task.last, task.group.as_str()),
        (Last::Running, "family:migrate")
    );
    pass(&mut world, 700);
    let task = world.ecs.task(&arn).unwrap();
    assert_eq!((task.last, task.exit_code()), (Last::Stopped, Some(0)));
    assert_eq!(world.ecs.live_tasks("staging").count(), 0);
}

#[test]
fn a_task_that_a_person_stops_is_replaced() {
    let mut world = world();
    let arn = steady(&mut world, 1);
    let task = service(&world, &arn).tasks[0].arn.clone();
    let input = json!({ "cluster": "staging", "task": task, "reason": "hung" });
    let stopped = ask(&mut world, "StopTask", input).unwrap();
    assert_eq!(stopped["task"]["stopCode"], "UserInitiated");
    rest(&mut world, 1);
    let now = service(&world, &arn);
    assert_eq!((now.running(), now.live()), (1, 1));
    assert_ne!(
        now.tasks.iter().find(|one| one.is_live()).unwrap().arn,
        task
    );
}

#[test]
fn a_deleted_service_drains_is_told_of_for_a_while_and_then_is_missing() {
    let mut world = world();
    let new = NewService::new("staging", "api").load_balanced();
    let arn = create_service(&mut world, &Actor::Terraform, new);
    delete_service(&mut world, &Actor::Terraform, &arn);
    assert_eq!(service(&world, &arn).status, Status::Draining);
    pass(&mut world, 300);
    let input = json!({ "cluster": "staging", "services": ["api"] });
    let shown = ask(&mut world, "DescribeServices", input.clone()).unwrap();
    assert_eq!(shown["services"][0]["status"], "INACTIVE");
    let listed = ask(&mut world, "ListServices", json!({ "cluster": "staging" })).unwrap();
    assert_eq!(listed["serviceArns"], json!([]));
    pass(&mut world, 2 * 3600);
    let shown = ask(&mut world, "DescribeServices", input).unwrap();
    assert_eq!(shown["failures"][0]["reason"], "MISSING");
}

#[test]
fn every_change_of_a_task_is_an_event_with_a_higher_version() {
    let mut world = world();
    let arn = steady(&mut world, 0);
    set_count(&mut world, &Actor::Person, &arn, 1);
    rest(&mut world, 1);
    set_count(&mut world, &Actor::Person, &arn, 0);
    rest(&mut world, 1);
    let events = events_of(&mut world, "ECS Task State Change");
    let seen: Vec<_> = events
        .iter()
        .map(|one| {
            let detail = &one["detail"];
            (
                detail["lastStatus"].as_str().unwrap(),
                detail["version"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("PROVISIONING", 1),
            ("PENDING", 2),
            ("RUNNING", 3),
            ("STOPPING", 4),
            ("STOPPED", 5)
        ]
    );
    let stopped = &events.last().unwrap()["detail"];
    assert_eq!(stopped["containers"][0]["exitCode"], 143);
    assert_eq!(stopped["group"], "service:api");
    assert_eq!(stopped["healthStatus"], Value::Null);
}

#[test]
fn the_same_seed_gives_the_same_world() {
    let run = || {
        let mut world = world();
        let arn = steady(&mut world, 2);
        deploy(&mut world, &Actor::Pipeline, &arn, Fate::Crashes);
        rest(&mut world, 3);
        format!("{:?}", world.ecs)
    };
    assert_eq!(run(), run());
}
