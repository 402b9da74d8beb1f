//! While an application connects all the time, users take turns, the server goes away and whoever
//! rotates dies: no connection is refused.

use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use crate::app::App;
use crate::stage::{Stage, rotate};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_connection_fails_through_rotations_a_restart_and_a_crash() {
    let mut stage = Stage::new(&[]).await;
    let mut published = stage.first();
    let app = App::start(&stage.tls, &published);
    app.goes_on().await;
    let mut users = Vec::new();

    for turn in ["calm", "restart", "crash", "calm"] {
        let admin = stage.rotator().await;
        let new = rotate(&admin, &published).await.unwrap();
        app.goes_on().await;
        match turn {
            "restart" => {
                app.outage_begins();
                stage.server.restart().await.unwrap();
                app.outage_ends();
            }
            "crash" => {
                app.outage_begins();
                stage.server.kill().await.unwrap();
                stage.server.up().await.unwrap();
                app.outage_ends();
            }
            _ => {}
        }
        admin.close().await;
        stage.test(&new, published.user()).await.unwrap();
        app.goes_on().await;
        app.publish(&new);
        // New tasks and those not yet rolled run side by side.
        app.goes_on().await;
        app.roll();
        app.goes_on().await;
        users.push(new.user().to_owned());
        published = new;
    }

    let (failed, worked) = app.end().await;
    assert_eq!(failed, [] as [&str; 0]);
    assert_eq!(users, ["app_b", "app_a", "app_b", "app_a"]);
    assert!(worked.iter().all(|count| *count >= 32), "{worked:?}");
    let owners = "SELECT string_agg(DISTINCT pg_get_userbyid(relowner)::text, ',') FROM pg_class
                  WHERE relname LIKE 'orders%'";
    assert_eq!(stage.ask(owners).await, "app");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_connection_fails_wherever_the_rotation_is_killed() {
    let stage = Arc::new(Stage::new(&[]).await);
    let published = stage.first();
    let app = App::start(&stage.tls, &published);
    app.goes_on().await;

    let mut new = None;
    let mut kills = 0;
    while new.is_none() {
        let (stage, old) = (Arc::clone(&stage), published.text().expose().to_owned());
        // A runtime of its own, which takes its connections with it, as a process does that dies.
        new = tokio::task::spawn_blocking(move || {
            let runtime = tokio::runtime::Builder::new_current_thread();
            let runtime = { runtime }.enable_all().build().unwrap();
            runtime.block_on(killed_at(kills, stage.rotate(&crate::stage::url(&old))))
        })
        .await
        .unwrap();
        if new.is_none() {
            kills += 1;
        }
        assert_eq!(app.failed(), [] as [&str; 0], "after {kills} kills");
    }
    // Each waits for the network at least so often: two connections, TLS, SCRAM and the statements.
    assert!(kills > 15, "{kills}");
    let new = new.unwrap().unwrap();
    app.publish(&new);
    app.goes_on().await;
    app.roll();
    app.goes_on().await;
    let (failed, _) = app.end().await;
    assert_eq!(failed, [] as [&str; 0]);
    assert_eq!(new.user(), "app_b");
}

/// Lets something run until it has waited so many times, and then no further.
async fn killed_at<T>(waits: usize, work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    let mut left = waits;
    std::future::poll_fn(|context| match work.as_mut().poll(context) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending if left == 0 => Poll::Ready(None),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}
