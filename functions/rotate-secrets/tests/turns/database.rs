//! A database's URL: two users take turns on a real PostgreSQL, while everything else is simulated.

use std::sync::Arc;

use nightshift::ledger::rotation::Cause;
use rotate_secrets::dial::Network;

use crate::{
    account::{container, parameter, service},
    server::{self, FIRST, ROTATOR, url},
    stage::{Stage, order},
};

const URL: &str = "/shop/DATABASE_URL";
const ADMIN: &str = "/shop/ADMIN_URL";
const DOCUMENT: &str = "version: 1
rotate:
  cluster: shop
  secrets:
    /shop/DATABASE_URL:
      { kind: postgres, every: 90d, users: [app_a, app_b], role: app, admin: /shop/ADMIN_URL }
";

/// The shop with a database, whose URL a service reads.
async fn with_database(rotator: &str) -> (Stage, server::Stage) {
    let server = server::Stage::new(&[]).await;
    let mut stage = Stage::with_document(DOCUMENT);
    stage.skips = true;
    stage.dial = Arc::new(Network::trusting(server.tls.clone()));
    let first = server.first();
    let admin = server.url("rotator", rotator);
    stage.with(|world| {
        parameter(world, URL, first.text().expose());
        parameter(world, ADMIN, admin.text().expose());
        let reads = [("DATABASE_URL", URL)];
        service(world, "orders", vec![container("orders", &reads, &[])]);
    });
    stage.pass(60).await;
    stage.adopt(URL).await;
    (stage, server)
}

#[tokio::test]
async fn two_users_take_turns_and_both_urls_work_until_the_next_turn() {
    let (mut stage, server) = with_database(ROTATOR).await;
    assert_eq!(
        stage.entry(URL).await.current.unwrap().user.as_deref(),
        Some("app_a")
    );
    let mut urls = vec![stage.parameter(URL)];
    for user in ["app_b", "app_a"] {
        stage.ask(order("rotate", URL)).await;
        stage.until_over(30).await;
        let entry = stage.entry(URL).await;
        assert_eq!(entry.last.unwrap().undone, None, "{:?}", stage.failures());
        assert_eq!(entry.current.unwrap().user.as_deref(), Some(user));
        let new = stage.parameter(URL);
        assert_eq!(url(&new).user(), user);
        let before = urls.last().unwrap();
        for works in [&new, before] {
            assert!(server.client(&url(works)).await.is_ok(), "{user}");
        }
        urls.push(new);
    }
    assert!(
        server.client(&url(&urls[0])).await.is_err(),
        "it had its time"
    );
    assert_eq!(stage.deployments("orders"), 3);
    assert_eq!(stage.failures(), [""; 0]);
    let left = stage.left();
    assert!(left.contains("app_b"), "users are no secret");
    for secret in urls.iter().map(|it| url(it)) {
        assert!(
            !left.contains(secret.password().expose()),
            "a password left"
        );
    }
    assert!(!left.contains(FIRST) && !left.contains(ROTATOR));
}

#[tokio::test]
async fn what_the_database_refuses_is_told_and_no_task_is_touched() {
    let wrong = "canary-wrong-5f1e";
    let (mut stage, server) = with_database(wrong).await;
    let before = stage.parameter(URL);
    let answer = stage.invoke(order("rotate", URL)).await.unwrap();
    let text = answer.unwrap_err().to_string();
    assert!(text.contains("cannot connect as rotator"), "{text}");
    stage.until_over(40).await;
    let undone = stage.entry(URL).await.last.unwrap().undone;
    let wanted = Cause::Refused {
        action: "set".to_owned(),
        code: "28P01".to_owned(),
    };
    assert_eq!(undone, Some(wanted));
    assert_eq!(stage.parameter(URL), before);
    assert!(server.client(&url(&before)).await.is_ok());
    assert_eq!(stage.deployments("orders"), 1);
    assert_eq!(stage.told(), ["given-up /shop/DATABASE_URL"]);
    let left = stage.left();
    assert!(!left.contains(wrong) && !left.contains(FIRST));
}
