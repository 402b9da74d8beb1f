//! Deployments: at night, at bedtime, and in the dark.

use super::*;

const WOKE: fn(&News) -> bool = |news| matches!(news, News::DeploymentWoke { .. });
const ENDED: fn(&News) -> bool = |news| matches!(news, News::RolloutEnded { .. });
const BY_HAND: fn(&News) -> bool = |news| matches!(news, News::AwakeByHand { .. });

impl Play {
    fn deploy(&mut self, name: &str, id: &str) {
        self.service(name).deployment = Some(deployment(id));
    }

    fn roll(&mut self, name: &str, rollout: Rollout) {
        self.service(name).deployment.as_mut().unwrap().rollout = rollout;
    }
}

#[test]
fn a_deployment_to_a_sleeping_estate_wakes_it_for_two_hours_database_first() {
    let mut play = Estate::usual().asleep();
    play.deploy("web", "2");
    let plan = play.plan();
    let order = plan.deployment_order.clone().unwrap();
    assert_eq!(order.until, jst("2026-11-21T01:00"));
    assert!(order.deployment && order.reason == "web ecs-svc/2");
    assert_eq!(short(&play.steps("db")), ["save ToWake", "start"]);
    assert_eq!(
        short(&play.steps("web")),
        ["save Asleep 1"],
        "remembered, not started"
    );
    play.settle();
    assert_eq!((play.count("web"), play.count("api")), (1, 2));
    assert_eq!(play.heard(WOKE), 1, "{:?}", play.news);
    play.turn_to("2026-11-21T00:59");
    assert_eq!(play.plan().wanted.state, Some(State::Awake));
    play.turn_to("2026-11-21T01:00");
    play.settle();
    assert_eq!(play.count("web"), 0);
    play.pass(30);
    assert_eq!(play.heard(WOKE), 1, "once: {:?}", play.news);
}

#[test]
fn a_deployments_order_that_was_taken_back_is_not_given_again_by_the_same_deployment() {
    let mut play = Estate::usual().asleep();
    play.deploy("web", "2");
    play.look();
    assert!(play.world.order.is_some());
    play.world.order = None;
    play.pass(90);
    assert_eq!(play.world.order, None);
    assert_eq!(play.count("web"), 0);
    play.deploy("web", "3");
    assert!(play.plan().deployment_order.is_some(), "a new one wakes it");
}

#[test]
fn the_document_says_for_how_long_a_deployment_wakes() {
    let mut play = Estate::usual().saying("deployments_wake: 30m").asleep();
    play.deploy("web", "2");
    let order = play.plan().deployment_order.unwrap();
    assert_eq!(order.until, jst("2026-11-20T23:30"));
}

#[test]
fn the_same_deployment_or_one_at_opening_hours_wakes_nothing() {
    let mut play = Estate::usual().asleep();
    play.deploy("web", "1");
    assert_eq!(play.plan().deployment_order, None);
    play.deploy("web", "2");
    play.turn_to(WAKING_TIME);
    assert_eq!(play.plan().deployment_order, None);
}

#[test]
fn a_persons_order_beats_a_deployments() {
    for order in [Order::Sleep, Order::Hold, Order::Wake] {
        let mut play = Estate::usual().asleep();
        play.order(order, minutes(60));
        play.deploy("web", "2");
        assert_eq!(play.plan().deployment_order, None, "{order:?}");
    }
    let mut play = Estate::usual().asleep();
    play.order(Order::Sleep, minutes(60));
    play.deploy("web", "2");
    play.now += minutes(60);
    assert!(play.plan().deployment_order.is_some(), "once it has ended");
}

#[test]
fn where_deployments_wake_nothing_they_are_reported_once_and_named_if_they_fail_in_the_morning() {
    let mut play = Estate::usual().saying("deployments_wake: never").asleep();
    play.deploy("web", "2");
    play.pass(5);
    assert_eq!(
        play.news,
        [News::DeploymentInTheDark {
            service: "web".to_owned(),
            deployment: "ecs-svc/2".to_owned(),
        }]
    );
    assert_eq!(play.count("web"), 0);
    play.turn_to(WAKING_TIME);
    play.pass(2);
    play.service("web").running = 0;
    play.roll("web", Rollout::InProgress);
    play.service("web")
        .deployment
        .as_mut()
        .unwrap()
        .failed_tasks = 2;
    play.pass(3);
    assert_eq!(
        play.heard(|news| matches!(news, News::DarkReleaseFails { deployment, .. } if deployment == "ecs-svc/2")),
        1,
        "{:?}",
        play.news
    );
}

#[test]
fn a_release_in_the_dark_is_told_once_also_where_ecs_answers_with_what_was_before() {
    let mut play = Estate::usual().saying("deployments_wake: never").asleep();
    for deployment in ["2", "1", "2", "3"] {
        play.deploy("web", deployment);
        play.pass(2);
    }
    let told = play.news.iter().map(|news| match news {
        News::DeploymentInTheDark { deployment, .. } => deployment.as_str(),
        other => panic!("{other:?}"),
    });
    assert_eq!(told.collect::<Vec<_>>(), ["ecs-svc/2", "ecs-svc/3"]);
}

#[test]
fn a_deployment_made_while_one_had_woken_the_estate_does_not_wake_it_again_when_it_sleeps() {
    let mut play = Estate::usual().asleep();
    play.deploy("api", "2");
    play.pass(2);
    // Its tasks do not come up, and a third release follows: the entry is never closed.
    play.service("api").running = 1;
    play.deploy("api", "3");
    play.pass(140);
    assert_eq!(play.stage("api"), Stage::Asleep, "{:?}", play.rows());
    assert_eq!(play.heard(WOKE), 1, "{:?}", play.news);
}

#[test]
fn an_unfinished_rollout_at_bedtime_has_its_grace_and_is_told_before_it_is_ended() {
    let mut play = Estate::usual().at(BEDTIME);
    play.roll("web", Rollout::InProgress);
    play.pass(30);
    assert_eq!(play.count("web"), 1);
    assert_eq!(play.count("api"), 0, "the others are not held up");
    assert!(play.news.is_empty(), "{:?}", play.news);
    assert!(play.steps("web").is_empty(), "told first");
    play.look();
    assert_eq!(
        play.news,
        [News::RolloutEnded {
            service: "web".to_owned(),
            deployment: "ecs-svc/1".to_owned(),
        }]
    );
    play.now += minutes(1);
    assert_eq!(
        short(&play.steps("web")),
        ["save ToSleep 1", "count 1 to 0"]
    );
    play.settle();
    assert_eq!(play.heard(BY_HAND), 0, "{:?}", play.news);
    assert_eq!(play.state("db"), DatabaseState::Stopped);
    assert_eq!(play.now, jst("2026-11-20T18:35"));
}

#[test]
fn a_rollout_that_completes_in_its_grace_is_followed_by_sleep_and_no_message() {
    for done_after in [10, 30, 31] {
        let mut play = Estate::usual().at(BEDTIME);
        play.roll("web", Rollout::InProgress);
        play.pass(done_after);
        play.roll("web", Rollout::Completed);
        play.settle();
        assert_eq!(play.count("web"), 0);
        assert_eq!(play.heard(BY_HAND), 0, "{done_after}: {:?}", play.news);
        assert_eq!(play.heard(ENDED), usize::from(done_after > 30));
    }
}

#[test]
fn a_rollout_in_an_estate_that_a_deployment_woke_has_its_grace_too() {
    let mut play = Estate::usual().asleep();
    play.deploy("api", "2");
    play.pass(2);
    play.service("api").running = 1;
    play.roll("api", Rollout::InProgress);
    play.turn_to("2026-11-21T01:00");
    play.pass(30);
    assert_eq!(play.count("api"), 2);
    play.pass(3);
    assert_eq!(play.count("api"), 0);
    assert_eq!(play.heard(ENDED), 1, "{:?}", play.news);
}

#[test]
fn a_second_sleep_in_one_night_is_told_with_its_own_beginning() {
    let mut play = Estate::usual().asleep();
    play.deploy("web", "2");
    play.look();
    play.roll("web", Rollout::InProgress);
    play.turn_to("2026-11-21T01:00");
    play.pass(60);
    let told = play.news.iter().rev().find_map(|news| match news {
        News::Asleep { began, .. } => Some(*began),
        _ => None,
    });
    assert_eq!(told, Some(jst("2026-11-21T01:00")));
}

#[test]
fn tasks_that_crash_and_come_back_are_told_once_in_a_wake() {
    let mut play = Estate::usual().saying("deployments_wake: never").asleep();
    play.deploy("web", "2");
    play.pass(5);
    play.turn_to(WAKING_TIME);
    play.pass(2);
    play.roll("web", Rollout::InProgress);
    let failed = |play: &mut Play, running: u32, failed_tasks: u32| {
        let service = play.service("web");
        service.running = running;
        service.deployment.as_mut().unwrap().failed_tasks = failed_tasks;
        play.look();
    };
    for crashes in 1..4 {
        failed(&mut play, 0, crashes);
        failed(&mut play, 1, crashes);
    }
    let told = |news: &News| matches!(news, News::DarkReleaseFails { .. });
    assert_eq!(play.heard(told), 1, "{:?}", play.news);
}
