//! Two functions in one table: each has a ledger and marks of its own, and keeps off what the other
//! is changing. The table is the simulated cloud's, behind the real client.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests as well")]

use aws_sdk_dynamodb::Client;
use jiff::{SignedDuration, Timestamp};
use nightshift::{
    aws,
    kind::{Arn, Kind},
    ledger::{
        Entry, EstateRecord, Order, Override, Owner, Phase, Revision, Saved, Stage, VERSION,
        store::Store,
    },
};
use nightshift_cloud::{
    call::Actor,
    services::dynamodb::{SERVICE, create_table},
    world::World,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::line::Line;

mod line;

/// What another function saves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Shrunk {
    arn: Arn,
    estate: String,
    minimum: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    owner: Option<Owner>,
}

impl Saved for Shrunk {
    const NAMESPACE: &'static str = "slim/";

    fn arn(&self) -> &Arn {
        &self.arn
    }

    fn estate(&self) -> &str {
        &self.estate
    }

    fn is_open(&self) -> bool {
        true
    }
}

/// The table, and the line to the world that holds it.
struct Table(Line);

impl Table {
    fn new() -> Self {
        let mut world = World::new(now(), 1);
        create_table(&mut world, "ledger", "pk", Some("sk"), None);
        Self(Line::to(world))
    }

    fn store<E: Saved>(&self, function: &'static str, holder: &str) -> Store<E> {
        let config = aws::tuned(self.0.config(function).into_builder());
        let client = Client::new(&config.build());
        Store::new(client, "ledger", function, holder)
    }

    fn staging(&self) -> Store<Entry> {
        self.store("power-staging", "one")
    }

    fn production(&self) -> Store<Shrunk> {
        self.store("scale-production", "other")
    }

    /// The sort keys of a partition.
    fn keys(&self, partition: &str) -> Vec<String> {
        let query = json!({
            "TableName": "ledger",
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": { ":pk": { "S": partition } },
        });
        let page = self
            .0
            .with(|world| world.ask(&SERVICE, Actor::Person, "Query", query));
        let page: Value = page.unwrap();
        let items = page["Items"].as_array().unwrap().iter();
        items
            .map(|item| item["sk"]["S"].as_str().unwrap().to_owned())
            .collect()
    }
}

fn now() -> Timestamp {
    "2026-11-20T12:00:00+09:00".parse().unwrap()
}

fn in_minutes(minutes: i64) -> Timestamp {
    now() + SignedDuration::from_mins(minutes)
}

fn api() -> Arn {
    Arn::new("arn:aws:ecs:r:1:service/c/api")
}

fn owner(function: &str, minutes: i64) -> Owner {
    Owner {
        function: function.to_owned(),
        purpose: "test".to_owned(),
        until: in_minutes(minutes),
    }
}

fn entry(owner: Option<Owner>) -> Entry {
    Entry {
        version: VERSION,
        arn: api(),
        kind: Kind::EcsService,
        estate: "e".to_owned(),
        stage: Stage::ToSleep,
        since: now(),
        saved_at: now(),
        service: None,
        database: None,
        owner,
    }
}

fn shrunk(owner: Option<Owner>) -> Shrunk {
    Shrunk {
        arn: api(),
        estate: "e".to_owned(),
        minimum: 2,
        owner,
    }
}

fn hold() -> Override {
    Override {
        version: VERSION,
        order: Order::Hold,
        until: in_minutes(60),
        by: "tanaka".to_owned(),
        reason: String::new(),
        set_at: now(),
        deployment: false,
    }
}

#[tokio::test]
async fn two_functions_write_of_one_estate_and_neither_reads_what_the_other_wrote() {
    let table = Table::new();
    let (staging, production) = (table.staging(), table.production());
    staging.save_entry(&entry(None), Revision(0)).await.unwrap();
    production
        .save_entry(&shrunk(None), Revision(0))
        .await
        .unwrap();
    let record = EstateRecord::at(Phase::Asleep, now());
    staging
        .save_estate("e", &record, Revision(0))
        .await
        .unwrap();
    production
        .save_override("e", &hold(), Revision(0))
        .await
        .unwrap();
    let all = [
        "estate/e",
        "resource/arn:aws:ecs:r:1:service/c/api",
        "slim/override/e",
        "slim/resource/arn:aws:ecs:r:1:service/c/api",
    ];
    assert_eq!(table.keys("ledger"), all);
    let ours = staging.ledger().await.unwrap();
    assert_eq!(ours.entries[&api()].item, entry(None));
    assert!(ours.estates.contains_key("e") && ours.overrides.is_empty());
    let theirs = production.ledger().await.unwrap();
    assert_eq!(theirs.entries[&api()].item, shrunk(None));
    assert!(theirs.overrides.contains_key("e") && theirs.estates.is_empty());
    assert!(ours.owners.is_empty() && theirs.owners.is_empty());
    let revision = theirs.entries[&api()].revision;
    production.forget_entry(&api(), revision).await.unwrap();
    assert!(staging.ledger().await.unwrap().entries.contains_key(&api()));
}

#[tokio::test]
async fn both_see_what_the_other_is_changing_until_its_time_is_over() {
    let table = Table::new();
    let (staging, production) = (table.staging(), table.production());
    let ours = entry(Some(owner("power-staging", 10)));
    staging.save_entry(&ours, Revision(0)).await.unwrap();
    let theirs = shrunk(Some(owner("scale-production", 20)));
    production.save_entry(&theirs, Revision(0)).await.unwrap();
    let ledger = staging.ledger().await.unwrap();
    assert_eq!(
        ledger.owner_of(&api(), in_minutes(19)),
        theirs.owner.as_ref()
    );
    assert_eq!(ledger.owner_of(&api(), in_minutes(20)), None);
    let ledger = production.ledger().await.unwrap();
    assert_eq!(ledger.owner_of(&api(), in_minutes(9)), ours.owner.as_ref());
    assert_eq!(ledger.owner_of(&api(), in_minutes(10)), None);
    assert!(ledger.unreadable.is_empty());
}

#[tokio::test]
async fn an_estate_has_one_lease_and_each_functions_own_marks() {
    let table = Table::new();
    let (staging, production) = (table.staging(), table.production());
    let until = in_minutes(2);
    assert!(staging.take_lease("e", now(), until).await.unwrap());
    assert!(!production.take_lease("e", now(), until).await.unwrap());
    let again = Some(in_minutes(10));
    staging
        .give_back("e", again, &["c".to_owned()])
        .await
        .unwrap();
    assert_eq!(production.marks().await.unwrap(), [], "it never looked");
    let marks = staging.marks().await.unwrap();
    assert_eq!((marks.len(), marks[0].look_again_at), (1, again));
    assert!(production.take_lease("e", now(), until).await.unwrap());
    assert!(production.marks().await.unwrap()[0].is_due(now()));
    assert_eq!(staging.marks().await.unwrap()[0].look_again_at, again);
}

#[tokio::test]
async fn an_estate_that_one_function_lets_go_of_keeps_the_others_marks() {
    let table = Table::new();
    let (staging, production) = (table.staging(), table.production());
    let (until, again) = (in_minutes(2), Some(in_minutes(10)));
    staging.take_lease("e", now(), until).await.unwrap();
    staging.give_back("e", again, &[]).await.unwrap();
    production.take_lease("e", now(), until).await.unwrap();
    production.drop_mark("e").await.unwrap();
    assert_eq!(production.marks().await.unwrap(), []);
    assert_eq!(staging.marks().await.unwrap()[0].look_again_at, again);
    assert!(staging.take_lease("e", now(), until).await.unwrap());
    staging.drop_mark("e").await.unwrap();
    assert_eq!(table.keys("tick"), [""; 0]);
}
