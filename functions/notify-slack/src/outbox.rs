//! What is to be told waits in the table until Slack has it. It is written down before anything is
//! sent, and told is written down after: a death in between tells twice rather than never. Only the
//! holder of the lease sends, so that two deliveries of the same, also at the same time, send once.
//!
//! | `pk` | `sk` | what |
//! |---|---|---|
//! | `slack/waiting` | the signal's key | a [`Waiting`] signal |
//! | `slack/told` | the signal's key | that it was told |
//! | `slack/thread` | `alarm/<arn>`, `night/<night>` | a [`Thread`] |
//! | `slack/watch` | `lease`, `agenda`, `quiet/<arn>`, `bedtime/<estate>` | what a tick looks at: [`Watched`] |

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::Duration,
};

use aws_sdk_dynamodb::{
    Client,
    types::{AttributeValue, DeleteRequest, KeysAndAttributes, PutRequest, WriteRequest},
};
use jiff::{SignedDuration, Timestamp};
use nightshift::{
    aws::failure::failure,
    ledger::store::{Item, is_conflict, query},
    report::Failure,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokio::time::{Instant, sleep};

use crate::{
    plan::{Bedtime, Quieted, Thread},
    signal::Signal,
};

const WAITING: &str = "slack/waiting";
const TOLD: &str = "slack/told";
const THREAD: &str = "slack/thread";
const WATCH: &str = "slack/watch";

/// How long it is remembered that something was told: longer than any delivery is late. A dead-letter
/// queue keeps for 14 days what is delivered again then.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24 * 30);
/// DynamoDB's own limits of one batch.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html>
const WRITES: usize = 25;
const READS: usize = 100;
/// How long what a batch left undone is tried again.
const PATIENCE: Duration = Duration::from_secs(10);

/// A signal that was not told yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Waiting {
    /// The signal.
    pub signal: Signal,
    /// When it reached us.
    pub arrived: Timestamp,
}

/// What a tick looks at: one read when there is nothing to do.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Watched {
    /// Until when somebody sends, or would if he had not died.
    pub leased_until: Option<Timestamp>,
    /// When the calendars are looked at again.
    pub agenda: Option<Timestamp>,
    /// Alarms that are quiet because their estate sleeps.
    pub quieted: Vec<Quieted>,
    /// Notices that people may answer.
    pub bedtimes: Vec<Bedtime>,
}

/// The table, as one invocation sees it.
#[derive(Clone, Debug)]
pub struct Outbox {
    client: Client,
    table: String,
    /// This invocation's name: who holds the lease.
    holder: String,
}

fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

fn number(value: i64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

fn key(partition: &str, name: &str) -> Item {
    Item::from([
        ("pk".to_owned(), text(partition)),
        ("sk".to_owned(), text(name)),
    ])
}

fn instant(item: &Item, name: &str) -> Option<Timestamp> {
    let seconds = item.get(name)?.as_n().ok()?.parse().ok()?;
    Timestamp::from_second(seconds).ok()
}

fn parsed<T: DeserializeOwned>(item: &Item) -> Option<T> {
    let json = item.get("json")?.as_s().ok()?;
    match serde_json::from_str(json) {
        Ok(value) => Some(value),
        Err(error) => {
            let name = item.get("sk").and_then(|name| name.as_s().ok());
            tracing::warn!(?name, %error, "an item cannot be read; it is left as it is");
            None
        }
    }
}

impl Outbox {
    /// An outbox for one invocation.
    #[must_use]
    pub fn new(client: Client, table: impl Into<String>, holder: impl Into<String>) -> Self {
        Self {
            client,
            table: table.into(),
            holder: holder.into(),
        }
    }

    /// Keeps a signal until it is told. The same signal again is the same item.
    ///
    /// # Errors
    /// When the table cannot be written: then nothing is kept, and whoever delivered it must again.
    pub async fn keep(&self, waiting: &Waiting) -> Result<(), Failure> {
        let item = Self::item(WAITING, &waiting.signal.key, waiting)?;
        let item = expiring(item, waiting.arrived);
        self.put(&waiting.signal.key, item).await
    }

    /// Everything that waits, in the order in which it happened.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn waiting(&self) -> Result<Vec<Waiting>, Failure> {
        let items = query(&self.client, &self.table, WAITING).await?;
        let mut waiting: Vec<Waiting> = items.iter().filter_map(parsed).collect();
        waiting.sort_by(|one, other| {
            (one.signal.at, &one.signal.key).cmp(&(other.signal.at, &other.signal.key))
        });
        Ok(waiting)
    }

    /// Which of these were told.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn told(&self, keys: &[String]) -> Result<BTreeSet<String>, Failure> {
        let items = self.get(TOLD, keys).await?;
        Ok(items.into_keys().collect())
    }

    /// Writes down that these were told, and keeps them no longer.
    ///
    /// # Errors
    /// When the table cannot be written: they are told again then.
    pub async fn tell(&self, keys: &[String], now: Timestamp) -> Result<(), Failure> {
        // First that it was told: an item that only vanished would be told again by a late delivery.
        let puts = keys.iter().map(|name| {
            let mut item = key(TOLD, name);
            item.insert("told_at".to_owned(), text(now.to_string()));
            let put = PutRequest::builder().set_item(Some(expiring(item, now)));
            put.build()
                .map(|put| WriteRequest::builder().put_request(put).build())
        });
        self.write(puts.filter_map(Result::ok).collect()).await?;
        self.forget(WAITING, keys).await
    }

    /// Keeps these no longer: they were told before.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn drop_waiting(&self, keys: &[String]) -> Result<(), Failure> {
        self.forget(WAITING, keys).await
    }

    /// Threads by name.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn threads(&self, names: &[String]) -> Result<BTreeMap<String, Thread>, Failure> {
        let items = self.get(THREAD, names).await?;
        Ok(items
            .into_iter()
            .filter_map(|(name, item)| Some((name, parsed(&item)?)))
            .collect())
    }

    /// Keeps a thread.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn save_thread(
        &self,
        name: &str,
        thread: &Thread,
        now: Timestamp,
    ) -> Result<(), Failure> {
        let item = Self::item(THREAD, name, thread)?;
        self.put(name, expiring(item, now)).await
    }

    /// What a tick looks at.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn watched(&self) -> Result<Watched, Failure> {
        let mut watched = Watched::default();
        for item in query(&self.client, &self.table, WATCH).await? {
            let Some(name) = item.get("sk").and_then(|name| name.as_s().ok()) else {
                continue;
            };
            if name == "lease" {
                watched.leased_until = instant(&item, "leased_until");
            } else if name == "agenda" {
                watched.agenda = instant(&item, "at");
            } else if name.starts_with("quiet/") {
                watched.quieted.extend(parsed::<Quieted>(&item));
            } else if name.starts_with("bedtime/") {
                watched.bedtimes.extend(parsed::<Bedtime>(&item));
            }
        }
        Ok(watched)
    }

    /// Remembers an alarm that is quiet.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn watch_quieted(&self, quieted: &Quieted) -> Result<(), Failure> {
        let name = format!("quiet/{}", quieted.arn);
        let item = Self::item(WATCH, &name, quieted)?;
        self.put(&name, item).await
    }

    /// Forgets an alarm that was quiet.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn forget_quieted(&self, arn: &str) -> Result<(), Failure> {
        self.forget(WATCH, &[format!("quiet/{arn}")]).await
    }

    /// Remembers a notice that people may answer.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn watch_bedtime(&self, bedtime: &Bedtime) -> Result<(), Failure> {
        let name = format!("bedtime/{}", bedtime.estate);
        let item = Self::item(WATCH, &name, bedtime)?;
        self.put(&name, item).await
    }

    /// Forgets a notice.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn forget_bedtime(&self, estate: &str) -> Result<(), Failure> {
        self.forget(WATCH, &[format!("bedtime/{estate}")]).await
    }

    /// Notes when the calendars are looked at again.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn set_agenda(&self, at: Timestamp) -> Result<(), Failure> {
        let mut item = key(WATCH, "agenda");
        item.insert("at".to_owned(), number(at.as_second()));
        self.put("agenda", item).await
    }

    /// Takes the lease: from here on only this invocation sends. Answers whether it was taken.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn take_lease(&self, now: Timestamp, until: Timestamp) -> Result<bool, Failure> {
        let done = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key(WATCH, "lease")))
            .update_expression("SET leased_by = :me, leased_until = :until")
            .condition_expression(
                "attribute_not_exists(leased_until) OR leased_until <= :now OR leased_by = :me",
            )
            .expression_attribute_values(":me", text(&self.holder))
            .expression_attribute_values(":until", number(until.as_second()))
            .expression_attribute_values(":now", number(now.as_second()))
            .send()
            .await;
        match done {
            Ok(_) => Ok(true),
            Err(error) if is_conflict(&error) => Ok(false),
            Err(error) => Err(failure("lease", "dynamodb:UpdateItem", &error)),
        }
    }

    /// Gives the lease back. What this invocation could not send waits for the next one.
    ///
    /// # Errors
    /// When the table cannot be written. The lease then ends by itself.
    pub async fn give_back(&self) -> Result<(), Failure> {
        let done = self
            .client
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(key(WATCH, "lease")))
            .condition_expression("leased_by = :me")
            .expression_attribute_values(":me", text(&self.holder))
            .send()
            .await;
        match done {
            Ok(_) => Ok(()),
            Err(error) if is_conflict(&error) => Ok(()),
            Err(error) => Err(failure("lease", "dynamodb:DeleteItem", &error)),
        }
    }

    fn item<T: Serialize>(partition: &str, name: &str, value: &T) -> Result<Item, Failure> {
        let json = serde_json::to_string(value).map_err(|error| Failure {
            resource: name.to_owned(),
            action: "dynamodb:PutItem".to_owned(),
            code: "form".to_owned(),
            message: error.to_string(),
            denied: false,
        })?;
        let mut item = key(partition, name);
        item.insert("json".to_owned(), text(json));
        Ok(item)
    }

    async fn put(&self, name: &str, item: Item) -> Result<(), Failure> {
        self.client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            .send()
            .await
            .map_err(|error| failure(name, "dynamodb:PutItem", &error))?;
        Ok(())
    }

    /// Items of a partition by name, in batches.
    async fn get(
        &self,
        partition: &str,
        names: &[String],
    ) -> Result<BTreeMap<String, Item>, Failure> {
        let mut found = BTreeMap::new();
        let names: BTreeSet<&String> = names.iter().collect();
        let names: Vec<&String> = names.into_iter().collect();
        for batch in names.chunks(READS) {
            let keys = batch.iter().map(|name| key(partition, name)).collect();
            let mut left = keys_of(&self.table, keys)?;
            let until = Instant::now() + PATIENCE;
            while !left.is_empty() {
                let answer = self
                    .client
                    .batch_get_item()
                    .set_request_items(Some(left))
                    .send()
                    .await
                    .map_err(|error| failure(&self.table, "dynamodb:BatchGetItem", &error))?;
                for item in answer.responses.into_iter().flatten().flat_map(|all| all.1) {
                    if let Some(name) = item.get("sk").and_then(|name| name.as_s().ok()).cloned() {
                        found.insert(name, item);
                    }
                }
                left = answer.unprocessed_keys.unwrap_or_default();
                self.rest(left.is_empty(), until, "dynamodb:BatchGetItem")
                    .await?;
            }
        }
        Ok(found)
    }

    async fn forget(&self, partition: &str, names: &[String]) -> Result<(), Failure> {
        let deletes = names.iter().map(|name| {
            let delete = DeleteRequest::builder().set_key(Some(key(partition, name)));
            delete
                .build()
                .map(|delete| WriteRequest::builder().delete_request(delete).build())
        });
        self.write(deletes.filter_map(Result::ok).collect()).await
    }

    /// Writes in batches, and again what a batch left undone.
    async fn write(&self, requests: Vec<WriteRequest>) -> Result<(), Failure> {
        for batch in requests.chunks(WRITES) {
            let mut left = HashMap::from([(self.table.clone(), batch.to_vec())]);
            let until = Instant::now() + PATIENCE;
            while !left.is_empty() {
                let answer = self
                    .client
                    .batch_write_item()
                    .set_request_items(Some(left))
                    .send()
                    .await
                    .map_err(|error| failure(&self.table, "dynamodb:BatchWriteItem", &error))?;
                left = answer.unprocessed_items.unwrap_or_default();
                self.rest(left.is_empty(), until, "dynamodb:BatchWriteItem")
                    .await?;
            }
        }
        Ok(())
    }

    /// A pause before what was left undone is tried again, up to a limit.
    async fn rest(&self, done: bool, until: Instant, action: &str) -> Result<(), Failure> {
        if done {
            return Ok(());
        }
        if Instant::now() >= until {
            return Err(Failure {
                resource: self.table.clone(),
                action: action.to_owned(),
                code: "unprocessed".to_owned(),
                message: "the table takes no more of the batch: the next delivery tries again"
                    .to_owned(),
                denied: false,
            });
        }
        sleep(Duration::from_millis(200)).await;
        Ok(())
    }
}

fn keys_of(table: &str, keys: Vec<Item>) -> Result<HashMap<String, KeysAndAttributes>, Failure> {
    let wanted = KeysAndAttributes::builder()
        .set_keys(Some(keys))
        .consistent_read(true)
        .build()
        .map_err(|error| Failure {
            resource: table.to_owned(),
            action: "dynamodb:BatchGetItem".to_owned(),
            code: "form".to_owned(),
            message: error.to_string(),
            denied: false,
        })?;
    Ok(HashMap::from([(table.to_owned(), wanted)]))
}

fn expiring(mut item: Item, now: Timestamp) -> Item {
    let end = now.saturating_add(REMEMBERED).unwrap_or(now);
    item.insert("ttl".to_owned(), number(end.as_second()));
    item
}
