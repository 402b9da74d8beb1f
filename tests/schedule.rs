//! The schedule alone, on the wall's clock: nobody invokes the function by hand until an estate is
//! asleep, and what it restores is what it was.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests as well")]

use std::time::Duration;

use nightshift_tests::{
    estates::R2E,
    local::{Deployment, LocalAws, Snapshot},
    stage::Stage,
    weekend::always,
};
use serde_json::json;

const SERVICE: &str = "r2e-cluster/r2e-api-service";
const DATABASE: &str = "db:r2e-postgres";

fn is_asleep(seen: &Snapshot) -> bool {
    let target = seen.services[SERVICE].target.unwrap();
    let suspended = target.scale_in && target.scale_out && target.scheduled;
    seen.services[SERVICE].desired == 0 && suspended && seen.databases[DATABASE] == "stopped"
}

#[tokio::test]
async fn the_schedule_alone_puts_an_estate_to_sleep_and_a_hand_brings_it_back_as_it_was() {
    let local = LocalAws::start().await.unwrap();
    let deployment = Deployment::built().with("Schedule", "ENABLED");
    let stage = Stage::on(local, &deployment).await.unwrap();
    let local = &stage.local;
    R2E.create(local).await.unwrap();
    let before = local.snapshot().await.unwrap();
    let company = "version: 1\ntime_zone: Asia/Tokyo\n";
    local
        .put_document("/nightshift/company", company)
        .await
        .unwrap();
    let parameter = "/nightshift/estates/r2e";
    local
        .put_document(parameter, &always(&R2E, false))
        .await
        .unwrap();

    let mut seen = before.clone();
    for _ in 0..250 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        seen = local.snapshot().await.unwrap();
        if is_asleep(&seen) {
            break;
        }
    }
    assert!(is_asleep(&seen), "the schedule alone left it at\n{seen}");

    local.set_schedule(&stage.stack, false).await.unwrap();
    local
        .put_document(parameter, &always(&R2E, true))
        .await
        .unwrap();
    let mut ready = false;
    for _ in 0..8 {
        let look = json!({ "command": "reconcile" });
        let answer = local.invoke(&stage.stack.function, &look).await.unwrap();
        let answer = answer.answer().unwrap();
        ready = answer["ready"] == json!(true);
        if ready {
            break;
        }
    }
    assert!(ready);
    assert_eq!(local.snapshot().await.unwrap(), before);
}
