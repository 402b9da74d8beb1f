//! Of two deployments each does what it reaches, and leaves the rest to the other at once. In watch mode
//! neither does anything.

use nightshift::ledger::rotation::Stage as Step;
use rotate_secrets::context::Reach;

use crate::{
    account::{CANARIES, KEY},
    master::{self, MASTER},
    stage::{order, with_key},
};

#[tokio::test(start_paused = true)]
async fn what_lies_inside_the_vpc_is_left_to_who_is_there() {
    let mut stage = master::adopted().await;
    stage.from(Reach::Outside);
    stage.ask(order("rotate", MASTER)).await;
    stage.pass(5 * 60).await;
    let turn = stage.entry(MASTER).await.turn.unwrap();
    assert_eq!(turn.stage, Step::Begun, "it was begun, and is not its own");
    assert_eq!(stage.count("rds:ModifyDBInstance"), 0);
    stage.from(Reach::Inside);
    stage.pass(60).await;
    assert_eq!(stage.count("rds:ModifyDBInstance"), 1, "it was due at once");
    stage.until_over(10).await;
    assert_eq!(stage.entry(MASTER).await.last.unwrap().undone, None);
    assert_eq!(stage.failures(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn what_needs_no_database_is_anybodys() {
    for reach in [Reach::Inside, Reach::Outside] {
        let mut stage = with_key().await;
        stage.from(reach);
        stage.until_over(20).await;
        assert_ne!(stage.parameter(KEY), CANARIES[0], "{reach:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_only_watches_tells_once_what_would_be_replaced_and_refuses_orders() {
    let mut stage = with_key().await;
    stage.watch = true;
    stage.from(Reach::Everything);
    stage.pass(30 * 60).await;
    assert_eq!(stage.told(), ["would /shop/KEY"]);
    assert_eq!(stage.parameter(KEY), CANARIES[0]);
    assert_eq!(stage.entry(KEY).await.turn, None);
    let refused = stage.invoke(order("rotate", KEY)).await;
    let refused = refused.unwrap().unwrap_err().to_string();
    assert!(refused.contains("`watch`"), "{refused}");
    for action in ["ssm:PutParameter", "ecs:UpdateService"] {
        assert_eq!(stage.count(action), 0, "{action}");
    }
    assert_eq!(stage.failures().len(), 1, "the order alone");
}
