//! The ledger's table. Every write names the revision that it read, so that of two looks at once
//! one fails and nothing is lost; the lease and the mark of an estate are one small item, so that
//! a tick with nothing to do costs one read of all marks.
//!
//! | `pk` | `sk` | what |
//! |---|---|---|
//! | `tick` | the estate | lease and marks |
//! | `ledger` | `resource/<arn>`, `override/<estate>`, `estate/<estate>`, `document/<estate>` | [`Ledger`] |

use std::collections::HashMap;

use aws_sdk_dynamodb::{
    Client, error::SdkError, operation::update_item::builders::UpdateItemFluentBuilder,
    types::AttributeValue,
};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use jiff::Timestamp;
use serde::{Serialize, de::DeserializeOwned};

use super::{Document, Entry, EstateRecord, Kept, Ledger, Mark, Override, Revision};
use crate::{aws::failure::failure, kind::Arn, report::Failure};

/// An item, as the SDK has it.
pub type Item = HashMap<String, AttributeValue>;

/// The table, as one function sees it.
#[derive(Clone, Debug)]
pub struct Store {
    client: Client,
    table: String,
    /// The function's name: the prefix of its marks.
    function: &'static str,
    /// This invocation's name: who holds a lease.
    holder: String,
}

/// Why something could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// Somebody else wrote the item meanwhile: look again.
    #[error(
        "{key} was changed by somebody else meanwhile: the next look starts from what it holds now"
    )]
    Conflict {
        /// The item's sort key.
        key: String,
    },
    /// The call failed.
    #[error("{0}")]
    Failed(Failure),
    /// The item cannot be put into the table's form.
    #[error("{key} cannot be written")]
    Form {
        /// The item's sort key.
        key: String,
        /// Why.
        #[source]
        source: serde_dynamo::Error,
    },
}

impl WriteError {
    /// The same as a failure of a report.
    #[must_use]
    pub fn into_failure(self) -> Failure {
        let message = self.to_string();
        match self {
            Self::Failed(failure) => failure,
            Self::Conflict { key } => Failure {
                resource: key,
                action: "dynamodb:PutItem".to_owned(),
                code: "ConditionalCheckFailedException".to_owned(),
                message,
                denied: false,
            },
            Self::Form { key, source } => Failure {
                resource: key,
                action: "dynamodb:PutItem".to_owned(),
                code: "form".to_owned(),
                message: format!("{message}: {source}"),
                denied: false,
            },
        }
    }
}

/// A kind of item: where it stands in the table.
trait Record: Serialize + DeserializeOwned {
    const PREFIX: &'static str;
}

impl Record for Entry {
    const PREFIX: &'static str = "resource/";
}
impl Record for Override {
    const PREFIX: &'static str = "override/";
}
impl Record for EstateRecord {
    const PREFIX: &'static str = "estate/";
}
impl Record for Document {
    const PREFIX: &'static str = "document/";
}

fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

fn number(value: impl Into<i128>) -> AttributeValue {
    AttributeValue::N(value.into().to_string())
}

fn as_number(item: &Item, name: &str) -> Option<i64> {
    item.get(name)?.as_n().ok()?.parse().ok()
}

fn as_instant(item: &Item, name: &str) -> Option<Timestamp> {
    Timestamp::from_second(as_number(item, name)?).ok()
}

/// Every item of a partition, as it is now.
///
/// # Errors
/// When the table cannot be read.
pub async fn query(client: &Client, table: &str, partition: &str) -> Result<Vec<Item>, Failure> {
    let mut items = Vec::new();
    let mut from = None;
    loop {
        let page = client
            .query()
            .table_name(table)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", text(partition))
            .consistent_read(true)
            .set_exclusive_start_key(from)
            .send()
            .await
            .map_err(|error| failure(table, "dynamodb:Query", &error))?;
        items.extend(page.items.unwrap_or_default());
        from = page.last_evaluated_key.filter(|key| !key.is_empty());
        if from.is_none() {
            return Ok(items);
        }
    }
}

impl Store {
    /// A store for one invocation of one function.
    #[must_use]
    pub fn new(
        client: Client,
        table: impl Into<String>,
        function: &'static str,
        holder: impl Into<String>,
    ) -> Self {
        Self {
            client,
            table: table.into(),
            function,
            holder: holder.into(),
        }
    }

    /// Every estate's mark: the one read of a settled tick.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn marks(&self) -> Result<Vec<Mark>, Failure> {
        let items = query(&self.client, &self.table, "tick").await?;
        Ok(items
            .iter()
            .filter_map(|item| {
                Some(Mark {
                    estate: item.get("sk")?.as_s().ok()?.clone(),
                    look_again_at: as_instant(item, &self.attribute("look_again_at")),
                    looked_at: as_instant(item, &self.attribute("looked_at")),
                    watched: item
                        .get(&self.attribute("watched"))
                        .and_then(|names| names.as_l().ok())
                        .map(|names| {
                            names
                                .iter()
                                .filter_map(|name| name.as_s().ok().cloned())
                                .collect()
                        }),
                })
            })
            .collect())
    }

    /// Everything that the ledger holds.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn ledger(&self) -> Result<Ledger, Failure> {
        let mut ledger = Ledger::default();
        for item in query(&self.client, &self.table, "ledger").await? {
            let Some(key) = item.get("sk").and_then(|key| key.as_s().ok()).cloned() else {
                continue;
            };
            let read = if let Some(arn) = key.strip_prefix(Entry::PREFIX) {
                keep(item, |kept| ledger.entries.insert(Arn::new(arn), kept))
            } else if let Some(estate) = key.strip_prefix(Override::PREFIX) {
                keep(item, |kept| {
                    ledger.overrides.insert(estate.to_owned(), kept)
                })
            } else if let Some(estate) = key.strip_prefix(EstateRecord::PREFIX) {
                keep(item, |kept| ledger.estates.insert(estate.to_owned(), kept))
            } else if let Some(estate) = key.strip_prefix(Document::PREFIX) {
                keep(item, |kept| {
                    ledger.documents.insert(estate.to_owned(), kept)
                })
            } else {
                Ok(())
            };
            if let Err(error) = read {
                tracing::warn!(key, %error, "an item of the ledger cannot be read; it is left as it is");
                ledger.unreadable.push(key);
            }
        }
        Ok(ledger)
    }

    /// Writes an entry; answers its new revision.
    ///
    /// # Errors
    /// [`WriteError::Conflict`] when it is not at this revision any more.
    pub async fn save_entry(
        &self,
        entry: &Entry,
        revision: Revision,
    ) -> Result<Revision, WriteError> {
        self.put(entry.arn.as_str(), entry, revision).await
    }

    /// Forgets an entry.
    ///
    /// # Errors
    /// [`WriteError::Conflict`] when it is not at this revision any more.
    pub async fn forget_entry(&self, arn: &Arn, revision: Revision) -> Result<(), WriteError> {
        self.delete::<Entry>(arn.as_str(), revision).await
    }

    /// Writes an override.
    ///
    /// # Errors
    /// [`WriteError::Conflict`] when it is not at this revision any more.
    pub async fn save_override(
        &self,
        estate: &str,
        order: &Override,
        revision: Revision,
    ) -> Result<Revision, WriteError> {
        self.put(estate, order, revision).await
    }

    /// Takes an override back.
    ///
    /// # Errors
    /// [`WriteError::Conflict`] when it is not at this revision any more.
    pub async fn clear_override(&self, estate: &str, revision: Revision) -> Result<(), WriteError> {
        self.delete::<Override>(estate, revision).await
    }

    /// Writes how an estate fares.
    ///
    /// # Errors
    /// [`WriteError::Conflict`] when it is not at this revision any more.
    pub async fn save_estate(
        &self,
        estate: &str,
        record: &EstateRecord,
        revision: Revision,
    ) -> Result<Revision, WriteError> {
        self.put(estate, record, revision).await
    }

    /// Writes the last good documents of an estate.
    ///
    /// # Errors
    /// [`WriteError::Conflict`] when they are not at this revision any more.
    pub async fn save_document(
        &self,
        estate: &str,
        document: &Document,
        revision: Revision,
    ) -> Result<Revision, WriteError> {
        self.put(estate, document, revision).await
    }

    /// Forgets a released estate: its record, its documents, its override and its mark.
    ///
    /// # Errors
    /// When an item cannot be deleted; the next look tries again.
    pub async fn forget_estate(&self, estate: &str, ledger: &Ledger) -> Result<(), WriteError> {
        if let Some(kept) = ledger.overrides.get(estate) {
            self.delete::<Override>(estate, kept.revision).await?;
        }
        if let Some(kept) = ledger.estates.get(estate) {
            self.delete::<EstateRecord>(estate, kept.revision).await?;
        }
        // The document goes last: as long as it is there, the estate is known to be released.
        if let Some(kept) = ledger.documents.get(estate) {
            self.delete::<Document>(estate, kept.revision).await?;
        }
        self.drop_mark(estate).await.map_err(WriteError::Failed)
    }

    /// Forgets an estate's lease and marks: it is no estate any more.
    ///
    /// # Errors
    /// When the item cannot be deleted; the next look tries again.
    pub async fn drop_mark(&self, estate: &str) -> Result<(), Failure> {
        self.client
            .delete_item()
            .table_name(&self.table)
            .key("pk", text("tick"))
            .key("sk", text(estate))
            .send()
            .await
            .map_err(|error| failure(estate, "dynamodb:DeleteItem", &error))?;
        Ok(())
    }

    async fn put<R: Record>(
        &self,
        name: &str,
        record: &R,
        revision: Revision,
    ) -> Result<Revision, WriteError> {
        let key = format!("{}{name}", R::PREFIX);
        let mut item: Item = serde_dynamo::to_item(record).map_err(|source| WriteError::Form {
            key: key.clone(),
            source,
        })?;
        let next = Revision(revision.0 + 1);
        item.insert("pk".to_owned(), text("ledger"));
        item.insert("sk".to_owned(), text(&key));
        item.insert("revision".to_owned(), number(next.0));
        let call = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item));
        let call = if revision == Revision(0) {
            call.condition_expression("attribute_not_exists(pk)")
        } else {
            call.condition_expression("revision = :revision")
                .expression_attribute_values(":revision", number(revision.0))
        };
        match call.send().await {
            Ok(_) => Ok(next),
            Err(error) => Err(conflict_or_failure(key, "dynamodb:PutItem", &error)),
        }
    }

    async fn delete<R: Record>(&self, name: &str, revision: Revision) -> Result<(), WriteError> {
        let key = format!("{}{name}", R::PREFIX);
        let done = self
            .client
            .delete_item()
            .table_name(&self.table)
            .key("pk", text("ledger"))
            .key("sk", text(&key))
            .condition_expression("attribute_not_exists(pk) OR revision = :revision")
            .expression_attribute_values(":revision", number(revision.0))
            .send()
            .await;
        match done {
            Ok(_) => Ok(()),
            Err(error) => Err(conflict_or_failure(key, "dynamodb:DeleteItem", &error)),
        }
    }

    fn update_mark(&self, estate: &str) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(&self.table)
            .key("pk", text("tick"))
            .key("sk", text(estate))
    }

    fn attribute(&self, name: &str) -> String {
        format!("{}/{name}", self.function)
    }

    /// Takes the estate's lease until the invocation's deadline, and removes the mark: from here on
    /// a death is healed by the next tick. Answers whether it was taken.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn take_lease(
        &self,
        estate: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, Failure> {
        let done = self
            .update_mark(estate)
            .update_expression(
                "SET leased_by = :me, leased_until = :until, #looked = :now REMOVE #again, #noted",
            )
            .condition_expression(
                "attribute_not_exists(leased_until) OR leased_until <= :now OR leased_by = :me",
            )
            .expression_attribute_names("#looked", self.attribute("looked_at"))
            .expression_attribute_names("#again", self.attribute("look_again_at"))
            .expression_attribute_names("#noted", self.attribute("noted"))
            .expression_attribute_values(":me", text(&self.holder))
            .expression_attribute_values(":until", number(until.as_second()))
            .expression_attribute_values(":now", number(now.as_second()))
            .send()
            .await;
        taken(estate, done)
    }

    /// Gives the lease back, and leaves the mark behind: when to look again. An event that came
    /// meanwhile left a note, and is answered by the next tick.
    ///
    /// # Errors
    /// When the table cannot be written. The lease then ends by itself, and the next tick looks.
    pub async fn give_back(
        &self,
        estate: &str,
        look_again_at: Option<Timestamp>,
        watched: &[String],
    ) -> Result<(), Failure> {
        if let Some(at) = look_again_at {
            let done = self
                .update_mark(estate)
                .update_expression(
                    "SET #again = :at, #watched = :watched REMOVE leased_by, leased_until",
                )
                .condition_expression("leased_by = :me AND attribute_not_exists(#noted)")
                .expression_attribute_names("#again", self.attribute("look_again_at"))
                .expression_attribute_names("#noted", self.attribute("noted"))
                .expression_attribute_values(":me", text(&self.holder))
                .expression_attribute_values(":at", number(at.as_second()))
                .expression_attribute_names("#watched", self.attribute("watched"))
                .expression_attribute_values(
                    ":watched",
                    AttributeValue::L(watched.iter().map(text).collect()),
                )
                .send()
                .await;
            if taken(estate, done)? {
                return Ok(());
            }
        }
        let done = self
            .update_mark(estate)
            .update_expression("REMOVE leased_by, leased_until")
            .condition_expression("leased_by = :me")
            .expression_attribute_values(":me", text(&self.holder))
            .send()
            .await;
        taken(estate, done).map(|_| ())
    }

    /// Leaves a note for the next tick: something happened that this invocation does not look at,
    /// because another look is under way or has just been.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn note(&self, estate: &str) -> Result<(), Failure> {
        let done = self
            .update_mark(estate)
            .update_expression("SET #noted = :yes REMOVE #again")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_names("#noted", self.attribute("noted"))
            .expression_attribute_names("#again", self.attribute("look_again_at"))
            .expression_attribute_values(":yes", AttributeValue::Bool(true))
            .send()
            .await;
        taken(estate, done).map(|_| ())
    }
}

fn keep<R: Record, O>(
    item: Item,
    put: impl FnOnce(Kept<R>) -> O,
) -> Result<(), serde_dynamo::Error> {
    let revision = Revision(
        as_number(&item, "revision")
            .and_then(|n| u64::try_from(n).ok())
            .unwrap_or(0),
    );
    put(Kept {
        item: serde_dynamo::from_item(item)?,
        revision,
    });
    Ok(())
}

fn taken<T, E, R>(estate: &str, done: Result<T, SdkError<E, R>>) -> Result<bool, Failure>
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: std::fmt::Debug,
{
    match done {
        Ok(_) => Ok(true),
        Err(error) if is_conflict(&error) => Ok(false),
        Err(error) => Err(failure(estate, "dynamodb:UpdateItem", &error)),
    }
}

/// Whether a condition was not met: somebody else was there first.
pub fn is_conflict<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> bool {
    error
        .as_service_error()
        .and_then(ProvideErrorMetadata::code)
        .is_some_and(|code| code == "ConditionalCheckFailedException")
}

fn conflict_or_failure<E, R>(key: String, action: &str, error: &SdkError<E, R>) -> WriteError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: std::fmt::Debug,
{
    if is_conflict(error) {
        WriteError::Conflict { key }
    } else {
        WriteError::Failed(failure(key, action, error))
    }
}
