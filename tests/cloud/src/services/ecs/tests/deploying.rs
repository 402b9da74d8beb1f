use super::*;

fn beginning(world: &mut World, breaker: Breaker, fate: Fate, count: u32) -> String {
    let new = NewService::new("staging", "api")
        .count(count)
        .breaker(breaker)
        .beginning(fate);
    create_service(world, &Actor::Terraform, new)
}

fn states(world: &World, arn: &str) -> Vec<(bool, Rollout)> {
    let deployments = service(world, arn).deployments;
    let states = deployments.iter().map(|one| (one.primary, one.rollout));
    states.collect()
}

/// Lets time pass until the PRIMARY deployment has another id or state.
fn until(world: &mut World, arn: &str, state: Rollout, id: &str) -> bool {
    let until = world.now + Duration::from_hours(6);
    while let Some(next) = world.next().filter(|next| *next <= until) {
        world.advance(next);
        let service = service(world, arn);
        let primary = service.primary().unwrap();
        if primary.rollout == state && (id.is_empty() || primary.id != id) {
            return true;
        }
    }
    false
}

#[test]
fn a_new_service_becomes_completed_once_its_tasks_run_well() {
    let mut world = world();
    let arn = beginning(&mut world, Breaker::RollsBack, Fate::Healthy, 2);
    assert_eq!(states(&world, &arn), [(true, Rollout::InProgress)]);
    rest(&mut world, 1);
    assert_eq!(states(&world, &arn), [(true, Rollout::Completed)]);
    let events = events_of(&mut world, "ECS Deployment State Change");
    assert_eq!(
        names_of(&events),
        [
            "SERVICE_DEPLOYMENT_IN_PROGRESS",
            "SERVICE_DEPLOYMENT_COMPLETED"
        ]
    );
    assert_eq!(events[0]["resources"], json!([arn]));
    assert_eq!(events[0]["detail"]["clusterArn"], Value::Null);
}

#[test]
fn a_rollout_never_has_fewer_tasks_running_than_asked_for() {
    let mut world = world();
    let arn = steady(&mut world, 3);
    let id = deploy(&mut world, &Actor::Pipeline, &arn, Fate::Healthy);
    assert!(id.starts_with("ecs-svc/") && id.len() == 27, "{id}");
    assert_eq!(
        states(&world, &arn),
        [(true, Rollout::InProgress), (false, Rollout::Completed)]
    );
    while states(&world, &arn).len() > 1 {
        let next = world.next().unwrap();
        world.advance(next);
        assert!(service(&world, &arn).running() >= 3);
    }
    let now = service(&world, &arn);
    assert_eq!(
        (now.running(), now.primary().unwrap().id.as_str()),
        (3, id.as_str())
    );
    assert!(now.task_definition().ends_with("api:2"));
}

#[test]
fn at_count_zero_a_deployment_completes_at_once() {
    let mut world = world();
    let arn = steady(&mut world, 0);
    deploy(&mut world, &Actor::Pipeline, &arn, Fate::Crashes);
    assert_eq!(states(&world, &arn), [(true, Rollout::Completed)]);
}

#[test]
fn a_deployment_under_way_completes_when_the_count_becomes_zero() {
    let mut world = world();
    let arn = steady(&mut world, 2);
    deploy(&mut world, &Actor::Pipeline, &arn, Fate::Crashes);
    pass(&mut world, 10);
    set_count(&mut world, &Actor::Person, &arn, 0);
    pass(&mut world, 5);
    assert_eq!(states(&world, &arn), [(true, Rollout::Completed)]);
    assert_eq!(service(&world, &arn).running(), 0);
}

#[test]
fn the_threshold_is_half_the_count_within_its_limits() {
    let cases = [(0, 3), (1, 3), (6, 3), (7, 4), (25, 13), (1000, 200)];
    for (desired, threshold) in cases {
        assert_eq!(rollout::threshold(desired), threshold, "{desired}");
    }
}

#[test]
fn a_bad_release_fails_and_is_rolled_back_under_a_new_id() {
    for fate in [Fate::Crashes, Fate::FailsToStart, Fate::Unhealthy] {
        let mut world = world();
        let arn = steady(&mut world, 2);
        let first = service(&world, &arn).primary().unwrap().id.clone();
        pass(&mut world, 60);
        world.events.take();
        let bad = deploy(&mut world, &Actor::Pipeline, &arn, fate);
        assert!(
            until(&mut world, &arn, Rollout::InProgress, &bad),
            "{fate:?}"
        );
        let deployments = service(&world, &arn).deployments;
        assert_eq!(deployments[0].task_definition.rsplit(':').next(), Some("1"));
        assert_eq!(
            deployments[0].reason,
            format!("ECS deployment circuit breaker: rolling back to deploymentId {first}.")
        );
        assert_eq!(
            (deployments[1].id.as_str(), deployments[1].failed_tasks),
            (bad.as_str(), 3)
        );
        assert!(deployments[0].id != first && deployments.len() == 2);
        assert!(service(&world, &arn).running() >= 2, "{fate:?}");
        rest(&mut world, 1);
        assert_eq!(service(&world, &arn).running(), 2, "{fate:?}");
        let events = events_of(&mut world, "ECS Deployment State Change");
        assert_eq!(
            names_of(&events),
            [
                "SERVICE_DEPLOYMENT_IN_PROGRESS",
                "SERVICE_DEPLOYMENT_FAILED",
                "SERVICE_DEPLOYMENT_IN_PROGRESS",
                "SERVICE_DEPLOYMENT_COMPLETED"
            ]
        );
        let releases = service(&world, &arn).releases;
        let statuses: Vec<_> = releases.iter().map(|release| release.status).collect();
        assert_eq!(statuses, ["ROLLBACK_SUCCESSFUL", "SUCCESSFUL"]);
    }
}

#[test]
fn a_first_release_that_fails_stalls_in_progress_for_ever() {
    let mut world = world();
    let arn = beginning(&mut world, Breaker::RollsBack, Fate::Crashes, 1);
    rest(&mut world, 24);
    assert_eq!(world.next(), None);
    assert_eq!(states(&world, &arn), [(true, Rollout::InProgress)]);
    assert!(service(&world, &arn).primary().unwrap().stalled);
    assert_eq!(service(&world, &arn).live(), 0);
}

#[test]
fn a_bad_release_upon_an_unfinished_rollback_stalls() {
    let mut world = world();
    let arn = steady(&mut world, 1);
    let bad = deploy(&mut world, &Actor::Pipeline, &arn, Fate::Crashes);
    assert!(until(&mut world, &arn, Rollout::InProgress, &bad));
    deploy(&mut world, &Actor::Pipeline, &arn, Fate::Crashes);
    rest(&mut world, 24);
    assert!(service(&world, &arn).primary().unwrap().stalled);
    assert_eq!(service(&world, &arn).running(), 1);
}

#[test]
fn without_rollback_a_failed_deployment_starts_no_more_tasks_and_the_old_ones_stay() {
    let mut world = world();
    let arn = steady(&mut world, 2);
    set_breaker(&mut world, &arn, Breaker::Fails);
    deploy(&mut world, &Actor::Pipeline, &arn, Fate::Crashes);
    rest(&mut world, 24);
    assert_eq!(world.next(), None);
    assert_eq!(
        states(&world, &arn),
        [(true, Rollout::Failed), (false, Rollout::Completed)]
    );
    assert_eq!(service(&world, &arn).running(), 2);
}

#[test]
fn without_a_breaker_it_is_tried_again_and_again_ever_more_slowly() {
    let mut world = world();
    let arn = beginning(&mut world, Breaker::Off, Fate::FailsToStart, 1);
    pass(&mut world, 3600);
    let first_hour = service(&world, &arn).primary().unwrap().failed_tasks;
    assert!((5..=12).contains(&first_hour), "{first_hour}");
    pass(&mut world, 10 * 3600);
    let primary = service(&world, &arn).primary().unwrap().clone();
    assert_eq!(primary.rollout, Rollout::InProgress);
    let later = primary.failed_tasks - first_hour;
    assert!((18..=24).contains(&later), "{later}");
    let actions = events_of(&mut world, "ECS Service Action");
    assert_eq!(names_of(&actions), ["SERVICE_TASK_START_IMPAIRED"]);
}

#[test]
fn a_crash_says_so_in_its_event() {
    let mut world = world();
    beginning(&mut world, Breaker::RollsBack, Fate::Crashes, 1);
    rest(&mut world, 1);
    let events = events_of(&mut world, "ECS Task State Change");
    let mut stopped = events.iter().map(|one| &one["detail"]);
    let stopped = stopped.find(|one| one["lastStatus"] == "STOPPED").unwrap();
    assert_eq!(stopped["stopCode"], "EssentialContainerExited");
    assert_eq!(stopped["containers"][0]["exitCode"], 1);
}

#[test]
fn a_completed_service_whose_image_went_bad_keeps_trying_without_a_rollback() {
    let mut world = world();
    let arn = steady(&mut world, 0);
    set_fate(&mut world, &arn, Fate::Crashes);
    set_count(&mut world, &Actor::Person, &arn, 1);
    pass(&mut world, 6 * 3600);
    assert_eq!(states(&world, &arn), [(true, Rollout::Completed)]);
    assert!(service(&world, &arn).primary().unwrap().failed_tasks > 10);
}

#[test]
fn unhealthy_tasks_say_so_before_they_are_replaced() {
    let mut world = world();
    let arn = beginning(&mut world, Breaker::Off, Fate::Unhealthy, 1);
    let mut seen = false;
    for _ in 0..200 {
        pass(&mut world, 5);
        let service = service(&world, &arn);
        seen |= service
            .tasks
            .iter()
            .any(|task| task.is_running() && task.health == Health::Unhealthy);
    }
    assert!(seen);
}

#[test]
fn a_service_of_code_deploy_has_task_sets_and_no_deployments() {
    let mut world = world();
    let new = NewService::new("staging", "web").count(2).code_deploy();
    let arn = create_service(&mut world, &Actor::Terraform, new);
    let input = json!({ "cluster": "staging", "services": [arn] });
    let shown = ask(&mut world, "DescribeServices", input).unwrap();
    let shown = &shown["services"][0];
    assert_eq!(shown["deployments"], json!([]));
    assert_eq!(shown["taskSets"][0]["runningCount"], 2);
    assert_eq!(shown["taskSets"][0]["status"], "PRIMARY");
    let update = |world: &mut World, more: (&str, Value)| {
        let input = json!({ "cluster": "staging", "service": "web", more.0: more.1 });
        ask(world, "UpdateService", input)
    };
    let forced = update(&mut world, ("forceNewDeployment", json!(true)));
    assert_eq!(forced.unwrap_err().code, "InvalidParameterException");
    let defined = update(&mut world, ("taskDefinition", json!("web:1")));
    assert_eq!(defined.unwrap_err().code, "InvalidParameterException");
    update(&mut world, ("desiredCount", json!(0))).unwrap();
    pass(&mut world, 5);
    assert_eq!(service(&world, &arn).running(), 0);
    assert!(events_of(&mut world, "ECS Deployment State Change").is_empty());
}
