//! The ledger's table. Every write names the revision that it read, so that of two looks at once
//! one fails and nothing is lost; the lease and the mark of an estate are one small item, so that
//! a tick with nothing to do costs one read of all marks.
//!
//! | `pk` | `sk` | what |
//! |---|---|---|
//! | `tick` | the estate | the lease of all functions, and the marks of each |
//! | `ledger` | `resource/<arn>`, `override/<estate>`, `estate/<estate>`, `document/<estate>` | [`Ledger`], behind the function's namespace |

mod marks;

use std::{collections::HashMap, marker::PhantomData};

use aws_sdk_dynamodb::{Client, error::SdkError, types::AttributeValue};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{
    Document, Entry, EstateRecord, Kept, Ledger, Override, Owner, Revision, Saved,
    rollout::{Broken, DeploymentGroup},
};
use crate::{aws::failure::failure, kind::Arn, report::Failure};

/// An item, as the SDK has it.
pub type Item = HashMap<String, AttributeValue>;

/// The table, as one function sees it.
#[derive(Clone, Debug)]
pub struct Store<E = Entry> {
    client: Client,
    table: String,
    /// The function's name: the prefix of its marks.
    function: &'static str,
    /// This invocation's name: who holds a lease.
    holder: String,
    /// Whose ledger: that of the function which saves such entries.
    entries: PhantomData<E>,
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

/// A kind of item: what its sort key begins with, behind the namespace.
type Kind = &'static str;

const RESOURCE: Kind = "resource/";
const OVERRIDE: Kind = "override/";
const ESTATE: Kind = "estate/";
const DOCUMENT: Kind = "document/";

/// What counts of another function's entry.
#[derive(Deserialize)]
struct Owned {
    #[serde(default)]
    owner: Option<Owner>,
    #[serde(default)]
    estate: Option<String>,
    #[serde(default)]
    broken: Option<Broken>,
    #[serde(default)]
    deployment_group: Option<DeploymentGroup>,
}

/// The resource of another function's entry.
fn resource_of_another(key: &str) -> Option<Arn> {
    let (namespace, arn) = key.split_once(RESOURCE)?;
    (namespace.is_empty() || namespace.ends_with('/')).then(|| Arn::new(arn))
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

impl<E: Saved> Store<E> {
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
            entries: PhantomData,
        }
    }

    /// Everything that the function's ledger holds, and what others are changing now.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn ledger(&self) -> Result<Ledger<E>, Failure> {
        Ok(Self::read(self.items().await?))
    }

    /// Everything that the ledgers of all functions hold, for who reads more than its own.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn items(&self) -> Result<Vec<Item>, Failure> {
        query(&self.client, &self.table, "ledger").await
    }

    /// The ledger of the function that saves such entries, from [`Self::items`].
    #[must_use]
    pub fn read(items: Vec<Item>) -> Ledger<E> {
        let mut ledger = Ledger::default();
        for item in items {
            let Some(key) = item.get("sk").and_then(|key| key.as_s().ok()).cloned() else {
                continue;
            };
            let own = |kind: Kind| key.strip_prefix(E::NAMESPACE)?.strip_prefix(kind);
            let read = if let Some(arn) = own(RESOURCE) {
                keep(item, |kept| ledger.entries.insert(Arn::new(arn), kept))
            } else if let Some(estate) = own(OVERRIDE) {
                keep(item, |kept| {
                    ledger.overrides.insert(estate.to_owned(), kept)
                })
            } else if let Some(estate) = own(ESTATE) {
                keep(item, |kept| ledger.estates.insert(estate.to_owned(), kept))
            } else if let Some(estate) = own(DOCUMENT) {
                keep(item, |kept| {
                    ledger.documents.insert(estate.to_owned(), kept)
                })
            } else if let Some(arn) = resource_of_another(&key) {
                keep(item, |kept: Kept<Owned>| {
                    let Owned {
                        owner,
                        estate,
                        broken,
                        deployment_group,
                    } = kept.item;
                    ledger.own(arn, owner);
                    ledger.note_broken(estate, broken);
                    ledger.explained.extend(deployment_group);
                })
            } else {
                Ok(())
            };
            if let Err(error) = read {
                tracing::warn!(key, %error, "an item of the ledger cannot be read; it is left as it is");
                ledger.unreadable.push(key);
            }
        }
        ledger
    }

    /// Writes an entry; answers its new revision.
    ///
    /// # Errors
    /// [`WriteError::Conflict`] when it is not at this revision any more.
    pub async fn save_entry(&self, entry: &E, revision: Revision) -> Result<Revision, WriteError> {
        self.put(RESOURCE, entry.arn().as_str(), entry, revision)
            .await
    }

    /// Forgets an entry.
    ///
    /// # Errors
    /// [`WriteError::Conflict`] when it is not at this revision any more.
    pub async fn forget_entry(&self, arn: &Arn, revision: Revision) -> Result<(), WriteError> {
        self.delete(RESOURCE, arn.as_str(), revision).await
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
        self.put(OVERRIDE, estate, order, revision).await
    }

    /// Takes an override back.
    ///
    /// # Errors
    /// [`WriteError::Conflict`] when it is not at this revision any more.
    pub async fn clear_override(&self, estate: &str, revision: Revision) -> Result<(), WriteError> {
        self.delete(OVERRIDE, estate, revision).await
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
        self.put(ESTATE, estate, record, revision).await
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
        self.put(DOCUMENT, estate, document, revision).await
    }

    /// Forgets a released estate: its record, its documents, its override and its mark.
    ///
    /// # Errors
    /// When an item cannot be deleted; the next look tries again.
    pub async fn forget_estate(&self, estate: &str, ledger: &Ledger<E>) -> Result<(), WriteError> {
        if let Some(kept) = ledger.overrides.get(estate) {
            self.delete(OVERRIDE, estate, kept.revision).await?;
        }
        if let Some(kept) = ledger.estates.get(estate) {
            self.delete(ESTATE, estate, kept.revision).await?;
        }
        // The document goes last: as long as it is there, the estate is known to be released.
        if let Some(kept) = ledger.documents.get(estate) {
            self.delete(DOCUMENT, estate, kept.revision).await?;
        }
        self.drop_mark(estate).await.map_err(WriteError::Failed)
    }

    async fn put<R: Serialize>(
        &self,
        kind: Kind,
        name: &str,
        record: &R,
        revision: Revision,
    ) -> Result<Revision, WriteError> {
        let key = format!("{}{kind}{name}", E::NAMESPACE);
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

    async fn delete(&self, kind: Kind, name: &str, revision: Revision) -> Result<(), WriteError> {
        let key = format!("{}{kind}{name}", E::NAMESPACE);
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
}

fn keep<R: DeserializeOwned, O>(
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
