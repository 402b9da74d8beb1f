//! The master password of a database: RDS takes it at once and sets it later, so that only a connection
//! tells. Whoever dies in between leaves no password behind that nobody knows.

use std::sync::Arc;

use nightshift::ledger::rotation::{Cause, Stage as Step};
use nightshift_cloud::{
    call::{Actor, Fault},
    services::{
        rds::{self, NewCluster, NewInstance},
        secretsmanager,
    },
};
use serde_json::json;

use crate::{
    account::{ESTATE, parameter},
    engine::Real,
    server,
    stage::{Checkpoint, Stage, order},
};

pub(crate) const MASTER: &str = "/shop/MASTER";
const CANARY: &str = "cAnAry4Master";
const HOST: &str = "main.c1a2b3c4d5e6.ap-northeast-1.rds.amazonaws.com";
const DOCUMENT: &str = "version: 1
rotate:
  cluster: shop
  secrets:
    /shop/MASTER: { kind: rds-master, every: 1d, database: main }
";

/// An instance whose master user has the canary.
fn instance() -> NewInstance {
    let mut new = NewInstance::named("main").tagged("nightshift:rotate", ESTATE);
    "master".clone_into(&mut new.master.user);
    CANARY.clone_into(&mut new.master.password);
    new
}

/// The shop with this database, whose master password stands in a parameter.
async fn with(new: NewInstance, value: &str) -> (Stage, String) {
    let mut stage = Stage::with_document(DOCUMENT);
    let arn = stage.with(|world| {
        parameter(world, MASTER, value);
        rds::create_instance(world, &Actor::Terraform, new)
    });
    stage.adopt(MASTER).await;
    (stage, arn)
}

fn in_force(stage: &Stage, arn: &str) -> String {
    stage.with(|world| world.rds.database(arn).unwrap().master.password.clone())
}

/// How long RDS takes with a password.
fn takes(stage: &Stage, seconds: u64) {
    stage.with(|world| world.timings.credentials = seconds..=seconds);
}

/// How a turn was given up or taken back.
async fn undone(stage: &Stage) -> Option<Cause> {
    stage.entry(MASTER).await.last.unwrap().undone
}

#[tokio::test]
async fn a_url_gets_a_new_password_that_a_real_server_takes_and_nothing_else_changes() {
    let server = Arc::new(server::Stage::new(&[]).await);
    let verifier = server::verifier(CANARY);
    let verifier = verifier.expose();
    server
        .run(&format!("CREATE ROLE master LOGIN PASSWORD '{verifier}'"))
        .await;
    let base = server.url("x", "y");
    let host = base.hosts()[0].clone();
    let text = format!(
        "postgresql://m%61ster:{CANARY}@{}:{}/postgres?application_name=%61#b",
        host.name,
        host.port.unwrap()
    );
    let mut new = instance();
    new.master.endpoint = Some((host.name, host.port.unwrap()));
    let (mut stage, arn) = with(new, &text).await;
    stage.skips = true;
    takes(&stage, 1);
    stage.anew(Arc::new(Real::behind(
        stage.line.clone(),
        &arn,
        server.clone(),
    )));
    stage.ask(order("rotate", MASTER)).await;
    stage.until_over(30).await;
    assert_eq!(undone(&stage).await, None, "{:?}", stage.failures());
    let now = stage.parameter(MASTER);
    let password = server::url(&now).password().expose().to_owned();
    assert_eq!(password.len(), 41);
    assert_eq!(in_force(&stage, &arn), password);
    let encoded = now.split([':', '@']).nth(2).unwrap();
    assert_eq!(now, text.replace(CANARY, encoded));
    assert!(server.client(&server::url(&now)).await.is_ok());
    assert!(server.client(&server::url(&text)).await.is_err());
    let left = stage.left();
    assert!(left.contains("rotated"), "the search is one");
    for secret in [CANARY, &password, encoded] {
        assert!(!left.contains(secret), "a password left");
    }
    assert_eq!(stage.failures(), [""; 0]);
}

/// An instance whose password may be replaced.
pub(crate) async fn adopted() -> Stage {
    with(instance(), CANARY).await.0
}

/// An instance's password, replaced by hand.
pub(crate) async fn of_an_instance() -> Stage {
    let (mut stage, _) = with(instance(), CANARY).await;
    stage.ask(order("rotate", MASTER)).await;
    stage.until_over(30).await;
    stage
}

/// A cluster's password, replaced by hand.
pub(crate) async fn of_a_cluster() -> Stage {
    rotated_cluster().await.0
}

/// The text of the JSON secret, with this password.
fn text(password: &str) -> String {
    format!("{{ \"username\":\"master\", \"password\" : \"{password}\"}}")
}

async fn rotated_cluster() -> (Stage, String) {
    let document = DOCUMENT.replace(MASTER, "'shop/master#password'");
    let mut stage = Stage::with_document(&document);
    let arn = stage.with(|world| {
        let input = json!({
            "Name": "shop/master", "SecretString": text(CANARY),
            "Tags": [{ "Key": "nightshift:rotate", "Value": ESTATE }],
        });
        let by = Actor::Terraform;
        world
            .ask(&secretsmanager::SERVICE, by, "CreateSecret", input)
            .unwrap();
        let mut new = NewCluster::named("main").tagged("nightshift:rotate", ESTATE);
        new.master = instance().master;
        // Of two of the same name the cluster is meant.
        rds::create_instance(world, &Actor::Terraform, instance());
        rds::create_cluster(world, &Actor::Terraform, new)
    });
    stage.adopt("shop/master#password").await;
    stage.ask(order("rotate", "shop/master#password")).await;
    stage.until_over(30).await;
    (stage, arn)
}

#[tokio::test(start_paused = true)]
async fn the_password_of_a_cluster_stands_in_a_json_secret_whose_other_bytes_stay() {
    let (stage, arn) = rotated_cluster().await;
    let password = in_force(&stage, &arn);
    assert_ne!(password, CANARY);
    assert_eq!(stage.secret("shop/master"), text(&password));
    assert_eq!(stage.count("rds:ModifyDBCluster"), 1);
    assert_eq!(stage.count("rds:ModifyDBInstance"), 0);
    assert_eq!(stage.told(), ["rotated shop/master#password"]);
    assert_eq!(stage.failures(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_process_waits_for_a_slow_database_with_the_password_it_has() {
    let (mut stage, arn) = with(instance(), CANARY).await;
    takes(&stage, 400);
    stage.ask(order("rotate", MASTER)).await;
    let turn = stage.entry(MASTER).await.turn.unwrap();
    assert!(
        matches!(turn.cause, Some(Cause::Unproven { .. })),
        "{turn:?}"
    );
    stage.until_over(20).await;
    assert_eq!(undone(&stage).await, None);
    assert_eq!(stage.parameter(MASTER), in_force(&stage, &arn));
    assert_ne!(stage.parameter(MASTER), CANARY);
    assert_eq!(stage.count("rds:ModifyDBInstance"), 1);
    assert_eq!(stage.failures(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_password_that_never_comes_into_force_is_given_up_loudly_and_can_be_mended() {
    let (mut stage, arn) = with(instance(), CANARY).await;
    stage.with(|world| world.rds.fail_resets(&arn, true));
    stage.ask(order("rotate", MASTER)).await;
    stage.until_over(45).await;
    let cause = undone(&stage).await;
    assert!(
        matches!(&cause, Some(Cause::Unproven { database, code }) if database == "main" && code == "28P01"),
        "{cause:?}"
    );
    assert_eq!(stage.parameter(MASTER), CANARY);
    assert_eq!(stage.told(), ["given-up /shop/MASTER"]);
    stage.with(|world| world.rds.fail_resets(&arn, false));
    stage.ask(order("rotate", MASTER)).await;
    stage.until_over(20).await;
    assert_eq!(undone(&stage).await, None);
    assert_eq!(stage.parameter(MASTER), in_force(&stage, &arn));
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_set_or_proved_is_refused_with_its_reason_before_anything_changes() {
    let url = |user: &str, host: &str| format!("postgres://{user}:{CANARY}@{host}:5432/shop");
    let mut cases: Vec<(NewInstance, String, &str)> = Vec::new();
    let mut managed = instance();
    managed.master.managed = true;
    cases.push((managed, CANARY.to_owned(), "managed"));
    let mut mysql = instance();
    mysql.engine = "mysql".to_owned();
    cases.push((mysql, CANARY.to_owned(), "engine"));
    let mut replica = instance();
    replica.replica_of = Some("source".to_owned());
    cases.push((replica, CANARY.to_owned(), "replica"));
    let mut member = instance();
    member.cluster = Some("aurora".to_owned());
    cases.push((member, CANARY.to_owned(), "member"));
    let mut untagged = instance();
    untagged.tags.clear();
    cases.push((untagged, CANARY.to_owned(), "consent"));
    cases.push((instance(), url("somebody", HOST), "url"));
    cases.push((instance(), url("master", "db.example.com"), "url"));
    cases.push((instance(), format!("{{\"password\":\"{CANARY}\"}}"), "json"));
    for (new, value, wanted) in cases {
        let (mut stage, _) = with(new, &value).await;
        let answer = stage.invoke(order("rotate", MASTER)).await.unwrap();
        let text = answer.unwrap_err().to_string();
        assert!(!text.contains(CANARY), "{wanted}: {text}");
        stage.until_over(45).await;
        let cause = undone(&stage).await;
        assert!(
            matches!(&cause, Some(Cause::Refused { code, .. }) if code == wanted),
            "{wanted}: {cause:?}"
        );
        assert_eq!(stage.count("rds:ModifyDBInstance"), 0, "{wanted}");
        assert_eq!(stage.parameter(MASTER), value, "{wanted}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_password_that_rds_refuses_is_no_loss_and_its_words_are_not_repeated() {
    let (mut stage, arn) = with(instance(), CANARY).await;
    let refusal = Fault::client("InvalidParameterValue", format!("not {CANARY}"));
    stage.broken("rds:ModifyDBInstance", Some(refusal));
    stage.invoke(order("rotate", MASTER)).await;
    stage.until_over(45).await;
    let cause = undone(&stage).await;
    assert!(
        matches!(&cause, Some(Cause::Refused { action, code }) if action == "set" && code == "InvalidParameterValue"),
        "{cause:?}"
    );
    let failures = stage.failures().join("\n");
    assert!(failures.contains("rds:ModifyDBInstance"), "{failures}");
    assert!(!stage.left().contains(CANARY));
    assert_eq!(in_force(&stage, &arn), CANARY);
}

#[tokio::test(start_paused = true)]
async fn the_former_password_is_the_databases_again_before_it_is_published_again() {
    let (mut stage, arn) = with(instance(), CANARY).await;
    stage.ask(order("rotate", MASTER)).await;
    stage.until_over(30).await;
    let new = stage.parameter(MASTER);
    takes(&stage, 200);
    stage.ask(order("revert", MASTER)).await;
    stage.pass(60).await;
    assert_eq!(stage.parameter(MASTER), new, "it still is the database's");
    assert_eq!(in_force(&stage, &arn), new);
    stage.until_over(30).await;
    assert_eq!(stage.parameter(MASTER), CANARY);
    assert_eq!(in_force(&stage, &arn), CANARY);
    assert_eq!(
        stage.told(),
        ["rotated /shop/MASTER", "reverted /shop/MASTER"]
    );
    assert_eq!(stage.failures(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn who_changes_their_mind_in_between_gets_the_former_password_back() {
    let (mut stage, arn) = with(instance(), CANARY).await;
    takes(&stage, 200);
    stage.ask(order("rotate", MASTER)).await;
    assert_eq!(stage.entry(MASTER).await.turn.unwrap().stage, Step::Begun);
    stage.ask(order("revert", MASTER)).await;
    stage.until_over(30).await;
    assert_eq!(stage.parameter(MASTER), CANARY);
    assert_eq!(in_force(&stage, &arn), CANARY);
    let cause = undone(&stage).await;
    assert!(matches!(cause, Some(Cause::Asked { .. })), "{cause:?}");
}

#[tokio::test(start_paused = true)]
async fn what_leaked_is_ended_with_its_turn_and_never_put_back() {
    let (mut stage, arn) = with(instance(), CANARY).await;
    stage.ask(order("leaked", MASTER)).await;
    stage.until_over(30).await;
    stage.pass(120).await;
    assert_ne!(in_force(&stage, &arn), CANARY);
    assert!(stage.entry(MASTER).await.former.unwrap().ended);
    assert!(
        stage
            .invoke(order("revert", MASTER))
            .await
            .unwrap()
            .is_err()
    );
}

#[tokio::test(start_paused = true)]
async fn what_a_person_wrote_is_tried_and_taken_for_good_only_if_it_works() {
    for (written, works) in [("by-hand-1", true), ("by-hand-2", false)] {
        let (mut stage, arn) = with(instance(), CANARY).await;
        stage.pass(60).await;
        stage.with(|world| {
            let input = json!({
                "DBInstanceIdentifier": "main", "MasterUserPassword": "by-hand-1",
            });
            let by = Actor::Person;
            world
                .ask(&rds::SERVICE, by, "ModifyDBInstance", input)
                .unwrap();
        });
        stage.write(MASTER, written);
        stage.pass(15 * 60).await;
        stage.until_over(60).await;
        let cause = undone(&stage).await;
        assert_eq!(cause.is_none(), works, "{written}: {cause:?}");
        assert_eq!(in_force(&stage, &arn), "by-hand-1");
        assert_eq!(stage.count("rds:ModifyDBInstance"), 0);
        let current = stage.entry(MASTER).await.current.unwrap();
        assert_eq!(current.version, if works { "2" } else { "1" });
    }
}

#[tokio::test(start_paused = true)]
async fn a_death_anywhere_leaves_no_password_that_nobody_knows() {
    let (mut stage, _) = with(instance(), CANARY).await;
    stage.pass(24 * 3600 - 90).await;
    stage.ended.clear();
    stage.checkpoints = Some(Vec::new());
    through(&mut stage).await;
    let calls: Vec<usize> = stage.ended.iter().map(|it| it.calls).collect();
    let checkpoints: Vec<Checkpoint> = stage.checkpoints.take().unwrap();
    let mut deaths = 0;
    for (checkpoint, calls) in checkpoints.into_iter().zip(calls) {
        for call in (0..calls).filter(|_| calls > 1) {
            let (mut stage, died) = Stage::resume(checkpoint.clone(), call).await;
            deaths += usize::from(died);
            let how = format!("dead after call {call} of {}", stage.ended[0].at);
            through(&mut stage).await;
            let arn = stage.with(|world| world.rds.by_name("main").unwrap().arn.clone());
            assert_eq!(undone(&stage).await, None, "{how}");
            assert_eq!(stage.parameter(MASTER), in_force(&stage, &arn), "{how}");
            assert_ne!(stage.parameter(MASTER), CANARY, "{how}");
            assert_eq!(stage.failures(), [""; 0], "{how}");
        }
    }
    assert!(deaths > 20, "{deaths}");
}

#[tokio::test(start_paused = true)]
async fn a_death_anywhere_on_the_way_back_does_so_neither() {
    let (mut stage, _) = with(instance(), CANARY).await;
    stage.ask(order("rotate", MASTER)).await;
    stage.until_over(30).await;
    takes(&stage, 200);
    stage.ask(order("revert", MASTER)).await;
    stage.ended.clear();
    stage.checkpoints = Some(Vec::new());
    back(&mut stage).await;
    let calls: Vec<usize> = stage.ended.iter().map(|it| it.calls).collect();
    let checkpoints: Vec<Checkpoint> = stage.checkpoints.take().unwrap();
    let mut deaths = 0;
    for (checkpoint, calls) in checkpoints.into_iter().zip(calls) {
        for call in (0..calls).filter(|_| calls > 1) {
            let (mut stage, died) = Stage::resume(checkpoint.clone(), call).await;
            deaths += usize::from(died);
            let how = format!("dead after call {call} of {}", stage.ended[0].at);
            back(&mut stage).await;
            let arn = stage.with(|world| world.rds.by_name("main").unwrap().arn.clone());
            assert_eq!(stage.parameter(MASTER), CANARY, "{how}");
            assert_eq!(in_force(&stage, &arn), CANARY, "{how}");
            assert_eq!(stage.failures(), [""; 0], "{how}");
        }
    }
    assert!(deaths > 15, "{deaths}");
}

/// Ticks until a turn was taken back.
async fn back(stage: &mut Stage) {
    for _ in 0..60 {
        stage.pass(60).await;
        let entry = stage.entry(MASTER).await;
        let undone = entry.last.is_some_and(|last| last.undone.is_some());
        if entry.turn.is_none() && undone {
            return;
        }
    }
    panic!("never back: {:?}", stage.failures());
}

/// Ticks until a turn has ended.
async fn through(stage: &mut Stage) {
    for _ in 0..60 {
        stage.pass(60).await;
        let entry = stage.entry(MASTER).await;
        if entry.turn.is_none() && entry.last.is_some() {
            return;
        }
    }
    panic!("never over: {:?}", stage.failures());
}
