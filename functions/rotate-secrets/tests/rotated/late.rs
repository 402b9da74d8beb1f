//! What was not done in time is not done later: by then the user may be the one that everybody uses.

use std::time::Duration;

use rotate_secrets::engine::postgres::{Cause, Session, Sessions};
use rotate_secrets::users::Inactive;
use rotate_secrets::value::url::Url;
use tokio::time::timeout;

use crate::proxy::Proxy;
use crate::stage::{LIMIT, ROTATOR, Stage, inactive, url, verifier};

/// Long enough to connect on a busy machine.
const SHORT: Duration = Duration::from_secs(2);

/// Waits until nothing runs that `rotator` has begun.
async fn settled(stage: &Stage) {
    let busy = "SELECT count(*)::text FROM pg_stat_activity
                WHERE usename = 'rotator' AND state <> 'idle'";
    let idle = async {
        while stage.ask(busy).await != "0" {
            tokio::task::yield_now().await;
        }
    };
    timeout(LIMIT, idle).await.unwrap();
}

async fn works(stage: &Stage, url: &Url) {
    stage.test(url, "app_a").await.unwrap();
}

#[tokio::test]
async fn what_waits_for_a_lock_is_given_up_on_the_server_too() {
    let stage = Stage::new(&[]).await;
    let new = stage.rotate(&stage.first()).await.unwrap();
    let rotator = stage.url("rotator", ROTATOR);
    let admin = Session::admin(&rotator, &stage.tls, SHORT).await.unwrap();
    let root = stage.client(&url(&stage.server.admin_url())).await.unwrap();
    let holds = "BEGIN; ALTER ROLE app_b CONNECTION LIMIT 5";
    root.batch_execute(holds).await.unwrap();

    let error = admin
        .set(&inactive("app_a"), &verifier("late"))
        .await
        .unwrap_err();
    assert!(
        matches!(error.cause, Cause::TimedOut(_) | Cause::Late),
        "{error}"
    );
    assert!(error.cause.passes());
    settled(&stage).await;
    root.batch_execute("ROLLBACK").await.unwrap();
    settled(&stage).await;
    works(&stage, &new).await;
}

#[tokio::test]
async fn what_arrives_late_is_not_done() {
    let stage = Stage::new(&[]).await;
    let new = stage.rotate(&stage.first()).await.unwrap();
    let proxy = Proxy::to(stage.server.port()).await;
    let rotator = stage.url("rotator", ROTATOR);
    let port = |port: u16| format!(":{port}/");
    let through = rotator
        .text()
        .expose()
        .replace(&port(stage.server.port()), &port(proxy.port));
    let next = inactive("app_a");

    for is_disabled in [false, true] {
        proxy.open();
        let admin = Session::admin(&url(&through), &stage.tls, SHORT)
            .await
            .unwrap();
        // The server is asked for its clock; what is to be done stays on its way.
        proxy.only(1);
        let done = done(&admin, &next, is_disabled).await;
        assert_eq!(done, Err(Cause::TimedOut(SHORT)));
        let told = |log: &str| log.matches("RAISE query_canceled").count();
        let before = told(&stage.server.log().unwrap());
        proxy.open();
        let arrived = async {
            while told(&stage.server.log().unwrap()) == before {
                tokio::task::yield_now().await;
            }
        };
        timeout(LIMIT, arrived).await.unwrap();
        settled(&stage).await;
        works(&stage, &new).await;
        let login = "SELECT rolcanlogin::text FROM pg_roles WHERE rolname = 'app_b'";
        assert_eq!(stage.ask(login).await, "true");
    }
}

async fn done(admin: &Session, next: &Inactive, is_disabled: bool) -> Result<(), Cause> {
    let done = if is_disabled {
        admin.disable(next, Sessions::Keep).await.map(|_| ())
    } else {
        admin.set(next, &verifier("late")).await
    };
    done.map_err(|error| error.cause)
}
