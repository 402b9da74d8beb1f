//! A cluster's URL: two users take turns in an Atlas that follows its published API, while everything
//! else is simulated.

use std::{sync::Arc, time::Duration};

use mongodb::{Client, bson::doc};
use nightshift::ledger::rotation::Cause;
use nightshift_atlas::{Atlas as Local, Trouble, When};
use nightshift_cloud::services::ecs::Flaw;
use rotate_secrets::{dial::atlas::Internet, engine::atlas::Host};

use crate::{
    account::{container, parameter, service},
    server::url,
    stage::{Stage, order},
};

pub(crate) const URL: &str = "/shop/MONGODB_URI";
const API: &str = "/shop/ATLAS_API";
/// The first user's password, and what else must not be seen anywhere.
pub(crate) const FIRST: &str = "canary-first-2f6d0c51a9";

fn document(atlas: &Local, more: &str) -> String {
    let project = atlas.project();
    format!(
        "version: 1
rotate:
  cluster: shop
  secrets:
    {URL}:
      {{ kind: atlas, every: 90d, users: [shop_a, shop_b], project: '{project}', api: {API}{more} }}
"
    )
}

pub(crate) fn internet(atlas: &Local) -> Internet {
    // Long enough for a machine that builds something else meanwhile, and short where it never works.
    Internet::to(Host::Local(atlas.url())).within(Duration::from_secs(5))
}

/// The shop with a cluster, whose URL a service reads.
pub(crate) async fn with_cluster(atlas: &Local, more: &str) -> Stage {
    atlas.add("shop_a", FIRST, &[("readWrite", "shop")]);
    atlas.remove("shop_b");
    let mut stage = Stage::with_document(&document(atlas, more));
    stage.skips = true;
    stage.atlas = Arc::new(internet(atlas));
    stage.with(|world| {
        parameter(world, URL, &atlas.cluster_url("shop_a", FIRST));
        parameter(world, API, &atlas.service_account());
        let reads = [("MONGODB_URI", URL)];
        service(world, "orders", vec![container("orders", &reads, &[])]);
    });
    stage.pass(60).await;
    stage.adopt(URL).await;
    stage
}

pub(crate) async fn works(text: &str) -> bool {
    let text = format!("{text}&serverSelectionTimeoutMS=5000&directConnection=true");
    let client = Client::with_uri_str(text).await.unwrap();
    let status = doc! { "connectionStatus": 1 };
    client.database("admin").run_command(status).await.is_ok()
}

fn refused(action: &str, code: &str) -> Cause {
    Cause::Refused {
        action: action.to_owned(),
        code: code.to_owned(),
    }
}

#[tokio::test]
async fn two_users_take_turns_and_both_urls_work_until_the_next_turn() {
    let atlas = Local::start().await.unwrap();
    let mut stage = with_cluster(&atlas, "").await;
    let mut urls = vec![stage.parameter(URL)];
    for user in ["shop_b", "shop_a"] {
        stage.ask(order("rotate", URL)).await;
        stage.until_over(30).await;
        let entry = stage.entry(URL).await;
        assert_eq!(entry.last.unwrap().undone, None, "{:?}", stage.failures());
        assert_eq!(entry.current.unwrap().user.as_deref(), Some(user));
        let new = stage.parameter(URL);
        assert_eq!(url(&new).user(), user);
        let after = |text: &str| text.split_once('@').unwrap().1.to_owned();
        assert_eq!(after(&new), after(&urls[0]), "hosts and options stay");
        for text in [&new, urls.last().unwrap()] {
            assert!(works(text).await, "{user}");
        }
        urls.push(new);
    }
    assert!(!works(&urls[0]).await, "it had its time");
    assert_eq!(atlas.changes(), ["POST databaseUsers", "PATCH shop_a"]);
    assert_eq!(stage.deployments("orders"), 3);
    assert_eq!(stage.failures(), [""; 0]);
    let left = stage.left();
    assert!(left.contains("shop_b"), "users are no secret");
    for secret in urls.iter().map(|it| url(it)) {
        let password = secret.password().expose();
        assert!(!left.contains(password), "a password left");
    }
    assert!(!left.contains("cAnAry") && !left.contains(FIRST));
}

#[tokio::test]
async fn what_atlas_refuses_is_given_up_with_its_reason_and_no_task_is_touched() {
    let gone = |code: &str| Trouble::refused(403, code).times(usize::MAX);
    for (plan, action, code) in [
        (
            gone("IP_ADDRESS_NOT_ON_ACCESS_LIST"),
            "set",
            "IP_ADDRESS_NOT_ON_ACCESS_LIST",
        ),
        (
            Trouble::RateLimited.times(usize::MAX),
            "set",
            "RATE_LIMITED_TOKEN_BUCKET",
        ),
        (
            Trouble::Lost(When::After).on("POST").times(usize::MAX),
            "set",
            "api-unreached",
        ),
    ] {
        let atlas = Local::start().await.unwrap();
        let mut stage = with_cluster(&atlas, "").await;
        let before = stage.parameter(URL);
        atlas.will(plan);
        // After the first attempt there is a user whose password nobody knows.
        if code == "api-unreached" {
            atlas.will(Trouble::Lost(When::Before).on("PATCH").times(usize::MAX));
        }
        let answer = stage.invoke(order("rotate", URL)).await.unwrap();
        let text = answer.unwrap_err().to_string();
        assert!(text.contains("shop_"), "{text}");
        stage.until_over(40).await;
        let undone = stage.entry(URL).await.last.unwrap().undone;
        assert_eq!(undone, Some(refused(action, code)));
        assert_eq!(stage.parameter(URL), before);
        assert!(works(&before).await);
        assert_eq!(stage.deployments("orders"), 1);
        assert_eq!(stage.told(), [format!("given-up {URL}")]);
        assert_eq!(atlas.password("shop_a").as_deref(), Some(FIRST));
        let left = stage.left();
        assert!(!left.contains("cAnAry") && !left.contains(FIRST));
    }
}

#[tokio::test]
async fn what_passes_is_tried_again_and_the_turn_goes_on() {
    let atlas = Local::start().await.unwrap();
    let mut stage = with_cluster(&atlas, "").await;
    for trouble in [
        Trouble::Lost(When::After).on("POST"),
        Trouble::Fault(When::After).on("PATCH"),
        Trouble::RateLimited.on("token"),
        Trouble::Lost(When::Before).on("GET"),
    ] {
        atlas.will(trouble);
    }
    assert!(stage.invoke(order("rotate", URL)).await.unwrap().is_err());
    stage.until_over(40).await;
    let entry = stage.entry(URL).await;
    assert_eq!(entry.last.unwrap().undone, None, "{:?}", stage.failures());
    assert!(works(&stage.parameter(URL)).await);
    assert!(works(&atlas.cluster_url("shop_a", FIRST)).await);
    assert_eq!(stage.deployments("orders"), 2);
}

#[tokio::test]
async fn a_cluster_that_takes_too_long_keeps_the_value_from_being_published() {
    let atlas = Local::start().await.unwrap();
    let mut stage = with_cluster(&atlas, "").await;
    atlas.applies_after(Duration::from_hours(1));
    let before = stage.parameter(URL);
    let answer = stage.invoke(order("rotate", URL)).await.unwrap();
    let text = answer.unwrap_err().to_string();
    assert!(text.contains("shop_b does not stand the test"), "{text}");
    assert_eq!(stage.parameter(URL), before);
    let turn = stage.entry(URL).await.turn.unwrap();
    assert_eq!(turn.cause, Some(refused("test", "18")));
    atlas.applies_after(Duration::from_millis(1500));
    stage.until_over(40).await;
    assert_eq!(stage.entry(URL).await.last.unwrap().undone, None);
    assert!(works(&stage.parameter(URL)).await);
}

#[tokio::test]
async fn the_former_user_is_disabled_when_its_time_has_come() {
    let atlas = Local::start().await.unwrap();
    let mut stage = with_cluster(&atlas, ", disable_previous_after: 2h").await;
    let first = stage.parameter(URL);
    stage.ask(order("rotate", URL)).await;
    stage.until_over(30).await;
    assert!(works(&first).await);
    stage.pass(3 * 3600).await;
    assert!(stage.entry(URL).await.former.unwrap().ended);
    assert!(!works(&first).await);
    assert!(works(&stage.parameter(URL)).await);
    assert!(atlas.shown("shop_a").is_some(), "it keeps its roles");
    assert_eq!(stage.failures(), [""; 0]);
    stage.ask(order("rotate", URL)).await;
    stage.until_over(30).await;
    assert_eq!(url(&stage.parameter(URL)).user(), "shop_a");
    assert!(works(&stage.parameter(URL)).await);
}

#[tokio::test]
async fn what_leaked_is_gone_as_soon_as_every_task_has_the_new_one() {
    let atlas = Local::start().await.unwrap();
    let mut stage = with_cluster(&atlas, "").await;
    let first = stage.parameter(URL);
    stage.ask(order("leaked", URL)).await;
    stage.until_over(30).await;
    stage.pass(11 * 60).await;
    assert!(stage.entry(URL).await.former.unwrap().ended);
    assert_eq!(atlas.shown("shop_a"), None, "with its open connections");
    assert!(!works(&first).await);
    assert!(works(&stage.parameter(URL)).await);
    assert_eq!(atlas.changes(), ["POST databaseUsers", "DELETE shop_a"]);
}

#[tokio::test]
async fn after_a_deployment_that_fails_the_former_url_is_back_and_works() {
    let atlas = Local::start().await.unwrap();
    let mut stage = with_cluster(&atlas, "").await;
    let first = stage.parameter(URL);
    stage.spoil("orders", Some(Flaw::exits(1)));
    stage.ask(order("rotate", URL)).await;
    for _ in 0..40 {
        stage.pass(60).await;
        let turn = stage.entry(URL).await.turn;
        if turn.is_some_and(|turn| turn.goes_back()) {
            break;
        }
    }
    stage.spoil("orders", None);
    stage.until_over(60).await;
    assert_eq!(stage.parameter(URL), first);
    assert!(works(&first).await);
    assert!(stage.entry(URL).await.last.unwrap().undone.is_some());
    assert_eq!(
        atlas.changes(),
        ["POST databaseUsers"],
        "what tasks hold was never touched"
    );
}

#[tokio::test]
async fn what_somebody_else_wrote_is_tried_before_it_is_rolled() {
    let atlas = Local::start().await.unwrap();
    let mut stage = with_cluster(&atlas, "").await;
    atlas.add("shop_b", "by-hand-password", &[("readWrite", "shop")]);
    stage.write(URL, &atlas.cluster_url("shop_b", "by-hand-password"));
    stage.pass(12 * 60).await;
    stage.until_over(30).await;
    assert_eq!(stage.deployments("orders"), 2, "{:?}", stage.told());
    let entry = stage.entry(URL).await;
    assert_eq!(entry.current.unwrap().user.as_deref(), Some("shop_b"));
    assert!(atlas.changes().is_empty(), "nobody's password was changed");
    assert!(
        !stage.left().contains("by-hand-password"),
        "a password left"
    );
}

#[tokio::test]
async fn what_somebody_else_wrote_and_the_cluster_does_not_take_is_never_rolled() {
    let atlas = Local::start().await.unwrap();
    let mut stage = with_cluster(&atlas, "").await;
    stage.atlas = Arc::new(internet(&atlas).within(Duration::from_secs(1)));
    stage.renew();
    stage.write(URL, &atlas.cluster_url("shop_a", "by-hand-mistake"));
    stage.pass(15 * 60).await;
    assert_eq!(stage.deployments("orders"), 1, "{:?}", stage.told());
    let failures = stage.failures().join("\n");
    assert!(
        failures.contains("shop_a does not stand the test"),
        "{failures}"
    );
    assert!(!stage.left().contains("by-hand-mistake"), "a password left");
}
