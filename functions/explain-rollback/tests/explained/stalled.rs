//! Deployments that end otherwise than by themselves, or not at all; and what is no failure.

use nightshift::report::rollback::{Back, Edit, Remedy, Stage, Trigger, Users};
use nightshift_cloud::{
    call::Actor,
    services::{
        ecr::Pushed,
        ecs::{self, Breaker, Fate, Flaw, NewService, flaws::Kind},
    },
};
use serde_json::json;

use crate::{
    account::asleep_since,
    shop::{CLUSTER, DOCUMENT, Shop},
};

const TICK: &str = "tick";

/// The command that the last message holds.
fn command(shop: &Shop) -> Option<String> {
    let lines = shop.stage.messages().pop().unwrap().lines;
    lines.into_iter().find(|line| line.starts_with("`aws "))
}

#[tokio::test(start_paused = true)]
async fn a_breaker_that_counts_no_further_is_told_as_stalled_with_the_command_that_ends_it() {
    let mut shop = Shop::open();
    let api = shop.api.clone();
    shop.stage
        .with(|world| ecs::stall_pulls(world, &api, Some(2)));
    shop.spoilt(Flaw::new(Kind::ImageMissing));
    shop.stage.pass(19 * 60).await;
    assert_eq!(shop.stage.stages(), [Stage::Failing]);
    shop.stage.pass(5 * 60).await;
    assert_eq!(shop.stage.stages(), [Stage::Failing, Stage::Stalled]);
    let last = shop.stage.last();
    assert_eq!(last.users, Users::NotAffected);
    let Some(Remedy::StopDeployment { arn }) = last.remedy else {
        panic!("{:?}", last.remedy)
    };
    let wanted = format!(
        "`aws ecs stop-service-deployment --service-deployment-arn {arn} --stop-type ROLLBACK`"
    );
    assert_eq!(command(&shop), Some(wanted));
    // Somebody does as it says.
    let input = json!({ "serviceDeploymentArn": arn, "stopType": "ROLLBACK" });
    shop.stage.with(|world| {
        let by = Actor::Person;
        world
            .ask(&ecs::SERVICE, by, "StopServiceDeployment", input)
            .unwrap();
    });
    shop.until_over(15).await;
    let last = shop.stage.last();
    assert_eq!((last.stage, last.back), (Stage::RolledBack, Back::ByHand));
    assert_eq!(last.trigger, Some(Trigger::Person));
    shop.stage.is_well();
}

#[tokio::test(start_paused = true)]
async fn a_first_release_that_fails_has_nothing_to_return_to_and_needs_somebody() {
    for ends in [false, true] {
        let change = |new: NewService| new.beginning(Fate::Crashes);
        let mut shop = Shop::young(change, |world| world.ecs.ends_without_candidate = ends);
        shop.stage.pass(40 * 60).await;
        let stages = shop.stage.stages();
        let wanted = if ends {
            Stage::RollbackFailed
        } else {
            Stage::RollbackStalled
        };
        assert_eq!(stages.last(), Some(&wanted), "{stages:?}");
        let last = shop.stage.last();
        assert_eq!(last.back, Back::NothingComplete, "{ends}");
        assert_eq!((last.users, last.remedy), (Users::Affected, None), "{ends}");
        let title = shop.stage.messages().pop().unwrap().title;
        assert!(title.contains("needs you now"), "{title}");
        shop.stage.is_well();
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_breaker_a_release_that_fails_for_too_long_is_told_as_stalled() {
    let mut shop = Shop::with(DOCUMENT, |new| new.circuit_breaker(false));
    shop.spoilt(Flaw::exits(1));
    shop.stage.pass(25 * 60).await;
    assert_eq!(shop.stage.stages(), [Stage::Failing, Stage::Stalled]);
    let last = shop.stage.last();
    assert_eq!(last.back, Back::NotConfigured);
    assert!(
        matches!(last.remedy, Some(Remedy::StopDeployment { .. })),
        "{:?}",
        last.remedy
    );
    let entry = shop.stage.entry(&shop.api).await.unwrap();
    assert!(entry.is_broken(shop.stage.now()), "others keep off");
    // A good one takes its place.
    shop.push(Pushed::new("mended"));
    shop.deploy();
    shop.until_over(15).await;
    let last = shop.stage.last();
    assert_eq!((last.stage, last.trigger), (Stage::Superseded, None));
    assert!(last.successor.is_some());
    let entry = shop.stage.entry(&shop.api).await.unwrap();
    assert!(!entry.is_broken(shop.stage.now()));
    shop.stage.is_well();
}

#[tokio::test(start_paused = true)]
async fn a_breaker_without_rollback_leaves_the_way_back_to_a_person() {
    let mut shop = Shop::with(DOCUMENT, |new| new.breaker(Breaker::Fails));
    let mut new = shop.containers();
    new[0]["command"] = json!(["node", "other.js"]);
    shop.put(Flaw::exits(1));
    shop.deploy_containers(new);
    shop.stage.pass(15 * 60).await;
    let last = shop.stage.last();
    assert_eq!(
        (last.stage, last.back),
        (Stage::Failed, Back::NotConfigured)
    );
    let command_of_api = Edit::Rest {
        container: Some("api".to_owned()),
    };
    assert_eq!(last.changed.unwrap().edits, [command_of_api]);
    let lines = shop.stage.messages().pop().unwrap().lines;
    let told = "What changed: something else in the definition of `api`: its command,";
    assert!(lines.iter().any(|it| it.starts_with(told)), "{lines:?}");
    let wanted = Remedy::Redeploy {
        task_definition: "api:1".to_owned(),
    };
    assert_eq!(last.remedy, Some(wanted));
    let wanted = "`aws ecs update-service --cluster shop --service api --task-definition api:1 --force-new-deployment`";
    assert_eq!(command(&shop).as_deref(), Some(wanted));
    // Of the same definition with another image it is no way back.
    let mut shop = Shop::with(DOCUMENT, |new| new.breaker(Breaker::Fails));
    shop.spoilt(Flaw::exits(1));
    shop.stage.pass(15 * 60).await;
    let last = shop.stage.last();
    assert_eq!((last.stage, last.remedy), (Stage::Failed, None));
    shop.stage.is_well();
}

#[tokio::test(start_paused = true)]
async fn two_invocations_at_once_tell_each_stage_once() {
    let mut shop = Shop::open();
    shop.stage.ticks = false;
    shop.spoilt(Flaw::exits(1));
    for _ in 0..40 {
        shop.wait(15).await;
        let events = shop.stage.take_events();
        let event = events.last().cloned();
        let tick = json!({ "command": TICK });
        let both = [event.unwrap_or_else(|| tick.clone()), tick];
        for answer in Box::pin(shop.stage.invoke_both(both)).await {
            answer.unwrap();
        }
    }
    let stages = shop.stage.stages();
    assert!(
        stages.windows(2).all(|pair| pair[0] < pair[1]),
        "{stages:?}"
    );
    assert_eq!(stages.last(), Some(&Stage::RolledBack), "{stages:?}");
    shop.stage.is_well();
}

#[tokio::test(start_paused = true)]
async fn a_good_release_that_a_person_stops_is_no_news() {
    let mut shop = Shop::open();
    shop.push(Pushed::new("good"));
    shop.deploy();
    shop.stage.pass(15).await;
    let arn = shop.release_arn();
    let input = json!({ "serviceDeploymentArn": arn });
    shop.stage.with(|world| {
        let by = Actor::Person;
        world
            .ask(&ecs::SERVICE, by, "StopServiceDeployment", input)
            .unwrap();
    });
    shop.stage.pass(25 * 60).await;
    assert_eq!(shop.stage.stages(), []);
    assert_eq!(shop.stage.entry(&shop.api).await, None);
    shop.stage.is_well();
}

#[tokio::test(start_paused = true)]
async fn a_newer_release_ends_the_story_of_one_that_fails() {
    let mut shop = Shop::open();
    let api = shop.api.clone();
    shop.stage
        .with(|world| ecs::stall_pulls(world, &api, Some(2)));
    shop.spoilt(Flaw::new(Kind::ImageMissing));
    shop.stage.pass(10 * 60).await;
    assert_eq!(shop.stage.stages(), [Stage::Failing]);
    shop.push(Pushed::new("mended"));
    shop.deploy();
    shop.until_over(20).await;
    assert_eq!(shop.stage.stages(), [Stage::Failing, Stage::Superseded]);
    let message = shop.stage.messages().pop().unwrap();
    assert!(
        message.title.contains("a newer api deployment"),
        "{}",
        message.title
    );
    shop.stage.is_well();
}

#[tokio::test(start_paused = true)]
async fn a_service_that_fails_again_and_again_is_one_thread() {
    let mut shop = Shop::open();
    for (number, content) in ["a1b2c3d", "b1b2c3d", "c1b2c3d"].into_iter().enumerate() {
        shop.release(content, Flaw::exits(1));
        shop.until_over(20).await;
        let last = shop.stage.last();
        assert_eq!(last.stage, Stage::RolledBack);
        assert_eq!(last.failures as usize, number + 1, "{content}");
        shop.stage.pass(10 * 60).await;
    }
    let threads: Vec<String> = shop
        .stage
        .messages()
        .iter()
        .map(|it| it.thread.clone())
        .collect();
    assert!(
        threads.iter().all(|thread| thread == &threads[0]),
        "{threads:?}"
    );
    let heard = shop.stage.heard();
    assert_eq!(heard.len(), threads.len(), "{heard:?}");
    shop.stage.is_well();
}

#[tokio::test(start_paused = true)]
async fn scaling_in_and_sleeping_are_no_failures() {
    let mut shop = Shop::open();
    let api = shop.api.clone();
    let count = |shop: &Shop, count| {
        shop.stage
            .with(|world| ecs::set_count(world, &Actor::AutoScaling, &api, count));
    };
    for wanted in [4, 1, 0] {
        count(&shop, wanted);
        shop.stage.pass(11 * 60).await;
    }
    // It is deployed while it sleeps, by an image that could not start.
    shop.stage
        .with(|world| asleep_since(world, "production", world.now));
    shop.spoilt(Flaw::exits(1));
    shop.stage.pass(30 * 60).await;
    assert_eq!(shop.stage.stages(), []);
    let tasks = shop
        .stage
        .with(|world| world.ecs.live_tasks(CLUSTER).count());
    assert_eq!(tasks, 0);
    shop.stage.is_well();
}

#[tokio::test(start_paused = true)]
async fn a_service_that_is_put_to_sleep_while_it_fails_ends_its_story() {
    let mut shop = Shop::with(DOCUMENT, |new| new.circuit_breaker(false));
    shop.spoilt(Flaw::exits(1));
    shop.stage.pass(8 * 60).await;
    assert_eq!(shop.stage.stages(), [Stage::Failing]);
    let api = shop.api.clone();
    shop.stage
        .with(|world| ecs::set_count(world, &Actor::Person, &api, 0));
    shop.stage.pass(40 * 60).await;
    assert_eq!(shop.stage.stages(), [Stage::Failing, Stage::Succeeded]);
    shop.stage.is_well();
}
