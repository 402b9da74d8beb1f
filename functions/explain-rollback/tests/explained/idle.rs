//! What it costs when nothing happens, and what lies in the table.

use nightshift::{
    ledger::{self, rollout, slim, store::Store},
    report::rollback::Stage,
};
use nightshift_cloud::{
    call::Actor,
    services::{
        dynamodb,
        ecs::{self, Flaw, NewService},
    },
};
use serde_json::{Value, json};

use crate::{
    account::TABLE,
    shop::{CLUSTER, Shop},
};

/// What DynamoDB takes for one item at most.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html>
const LARGEST: usize = 400 * 1024;

fn calls(shop: &Shop) -> Vec<String> {
    shop.stage.with(|world| {
        let ours = |it: &nightshift_cloud::world::Recorded| {
            it.actor == Actor::Function(crate::account::FUNCTION.to_owned())
        };
        let calls = world.take_calls().into_iter().filter(ours);
        calls.map(|it| it.action).collect()
    })
}

#[tokio::test(start_paused = true)]
async fn a_settled_tick_is_one_read_and_a_round_through_a_cluster_is_eight_calls() {
    let mut shop = Shop::open();
    for number in 0..9 {
        let new = NewService::new(CLUSTER, &format!("worker-{number}"));
        shop.stage
            .with(|world| ecs::create_service(world, &Actor::Terraform, new));
    }
    // What was deployed lately is looked at in three rounds.
    shop.stage.pass(45 * 60).await;
    calls(&shop);
    shop.stage.ended.clear();
    shop.stage.pass(30 * 60).await;
    let mut counted: Vec<usize> = shop.stage.ended.iter().map(|it| it.calls).collect();
    counted.sort_unstable();
    assert_eq!(counted.len(), 30);
    assert_eq!(counted[..27], [1; 27]);
    assert_eq!(counted[27..], [8; 3]);
    let idle = shop.stage.ended.iter().filter(
        |it| matches!(&it.answer, Some(Ok(answer)) if answer["idle"] == true && it.calls == 1),
    );
    assert_eq!(idle.count(), 27);
    let mut made = calls(&shop);
    made.sort();
    made.dedup();
    assert_eq!(
        made,
        [
            "dynamodb:Query",
            "dynamodb:UpdateItem",
            "ecs:DescribeServices",
            "ecs:ListServices",
            "ssm:GetParameter",
            "ssm:GetParametersByPath",
        ]
    );
    shop.stage.is_well();
}

#[tokio::test(start_paused = true)]
async fn a_good_deployment_costs_a_look_for_each_of_its_events_and_of_three_rounds() {
    let mut shop = Shop::open();
    shop.stage.pass(15 * 60).await;
    shop.stage.ended.clear();
    shop.deploy();
    shop.stage.pass(60 * 60).await;
    let looks = shop.stage.ended.iter().filter(|it| it.calls > 8).count();
    assert!(looks <= 6, "{looks}");
    assert_eq!(shop.stage.stages(), []);
    let marks = shop.stage.with(|world| dynamodb::items(world, TABLE));
    let keys: Vec<&Value> = marks.iter().map(|it| &it["sk"]["S"]).collect();
    assert_eq!(
        keys,
        ["*/rollouts"],
        "nothing is left of it but the round's own mark"
    );
}

#[tokio::test(start_paused = true)]
async fn a_flock_of_events_is_one_look_and_two_calls_each() {
    let mut shop = Shop::open();
    shop.stage.ticks = false;
    let event = json!({
        "source": "aws.ecs", "detail-type": "ECS Deployment State Change", "resources": [shop.api], "detail": {},
    });
    shop.deploy();
    let mut counted = Vec::new();
    for _ in 0..4 {
        shop.stage.invoke(event.clone()).await.unwrap().unwrap();
        counted.push(shop.stage.ended.last().unwrap().calls);
    }
    assert!(counted[0] > 8, "{counted:?}");
    assert_eq!(counted[1..], [2; 3]);
    let answer = shop.stage.tick().await.unwrap();
    assert_eq!(
        answer["looked"],
        json!(["shop/api"]),
        "the next tick looks for them"
    );
}

#[tokio::test(start_paused = true)]
async fn a_service_that_crashes_for_hours_is_read_in_full_every_ten_minutes_only() {
    let mut shop = Shop::with(crate::shop::DOCUMENT, |new| new.circuit_breaker(false));
    shop.spoilt(Flaw::exits(1));
    shop.stage.pass(30 * 60).await;
    assert_eq!(shop.stage.stages(), [Stage::Failing, Stage::Stalled]);
    calls(&shop);
    shop.stage.ended.clear();
    shop.stage.pass(40 * 60).await;
    let made = calls(&shop);
    let count = |action: &str| made.iter().filter(|one| *one == action).count();
    let looks = count("ecs:ListServiceDeployments");
    assert!(looks > 40, "every death is looked at: {looks}");
    for action in [
        "ecs:DescribeServiceRevisions",
        "elasticloadbalancing:DescribeTargetHealth",
    ] {
        assert!(
            (3..=5).contains(&count(action)),
            "{action}: {}",
            count(action)
        );
    }
    let written = count("dynamodb:PutItem");
    assert!((3..=5).contains(&written), "{written}");
    assert_eq!(shop.stage.stages().len(), 2, "and nothing is told again");
}

#[tokio::test(start_paused = true)]
async fn the_others_see_the_broken_rollout_and_nothing_else() {
    let mut shop = Shop::with(crate::shop::DOCUMENT, |new| new.circuit_breaker(false));
    shop.spoilt(Flaw::exits(1));
    shop.stage.pass(10 * 60).await;
    let now = shop.stage.now();
    let client = aws_sdk_dynamodb::Client::new(&shop.stage.line.config("reader"));
    let sleeps: Store<ledger::Entry> = Store::new(client.clone(), TABLE, "power-staging", "reader");
    let slims: Store<slim::Entry> = Store::new(client, TABLE, "scale-production", "reader");
    assert_eq!(sleeps.marks().await.unwrap(), []);
    assert_eq!(slims.marks().await.unwrap(), []);
    let (slept, slimmed) = (
        sleeps.ledger().await.unwrap(),
        slims.ledger().await.unwrap(),
    );
    for broken in [
        slept.broken_since("production", now),
        slimmed.broken_since("production", now),
    ] {
        assert!(broken.is_some());
    }
    assert!(slept.entries.is_empty() && slept.estates.is_empty() && slept.documents.is_empty());
    assert!(slimmed.entries.is_empty() && slimmed.owners.is_empty());
    assert!(slept.unreadable.is_empty() && slimmed.unreadable.is_empty());
    // Their marks and leases are their own.
    assert!(sleeps.take_lease("production", now, now).await.unwrap());
    sleeps
        .give_back("production", Some(now), &[])
        .await
        .unwrap();
    assert!(shop.stage.tick().await.is_ok());
    assert_eq!(sleeps.marks().await.unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_remembered_stays_far_below_what_the_table_takes() {
    let mut shop = Shop::open();
    let long = "a line of a log that is as long as lines are, with words in it; ".repeat(20);
    let lines: Vec<&str> = std::iter::repeat_n(long.as_str(), 25).collect();
    shop.put(Flaw::exits(1).saying(&lines));
    for round in 0..9 {
        let mut new = shop.containers();
        let value = |number: i32| json!({ "name": format!("{}_{number}", "VARIABLE".repeat(20)), "value": round.to_string() });
        new[0]["environment"] = (0..60).map(value).collect();
        shop.deploy_containers(new);
        shop.until_over(12).await;
    }
    let items = shop.stage.with(|world| dynamodb::items(world, TABLE));
    let sizes: Vec<usize> = items
        .iter()
        .map(|item| serde_json::to_string(item).unwrap().len())
        .collect();
    let largest = sizes.into_iter().max().unwrap();
    assert!(largest > 10_000 && largest < LARGEST / 2, "{largest}");
    let published = shop.stage.with(|world| world.sns.published.clone());
    let message = published.iter().map(|it| it.message.len()).max().unwrap();
    // https://docs.aws.amazon.com/sns/latest/dg/large-message-payloads.html
    assert!(message < 200 * 1024, "{message}");
    let entry = shop.stage.entry(&shop.api).await.unwrap();
    assert_eq!(entry.chapters.len(), 8);
    shop.stage.is_well();
}

#[tokio::test(start_paused = true)]
async fn a_service_that_is_deleted_is_forgotten_whether_its_story_is_over_or_not() {
    for over in [false, true] {
        let mut shop = Shop::with(crate::shop::DOCUMENT, |new| new.circuit_breaker(over));
        shop.spoilt(Flaw::exits(1));
        shop.stage.pass(10 * 60).await;
        let told = shop.stage.stages();
        assert!(
            !told.is_empty() && told.last().unwrap().is_over() == over,
            "{told:?}"
        );
        let api = shop.api.clone();
        shop.stage
            .with(|world| ecs::delete_service(world, &Actor::Person, &api));
        shop.stage.pass(25 * 60).await;
        let left: Option<rollout::Entry> = shop.stage.entry(&api).await;
        assert_eq!(left, None, "{over}");
        assert_eq!(
            shop.stage.stages(),
            told,
            "{over}: and nothing more is told"
        );
        let items = shop.stage.with(|world| dynamodb::items(world, TABLE));
        assert_eq!(items.len(), 1, "{items:?}");
        shop.stage.is_well();
    }
}
