//! The lease and the marks of an estate are one small item: taking the lease removes our mark in the
//! same breath. The lease is one for all functions, the marks are each function's own.

use aws_sdk_dynamodb::{
    error::SdkError, operation::update_item::builders::UpdateItemFluentBuilder,
    types::AttributeValue,
};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use jiff::Timestamp;

use super::{Item, Store, as_number, is_conflict, number, query, text};
use crate::{
    aws::failure::failure,
    ledger::{Mark, Saved},
    report::Failure,
};

impl<E: Saved> Store<E> {
    /// Every estate's mark: the one read of a settled tick. Estates that only other functions have
    /// looked at have none.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn marks(&self) -> Result<Vec<Mark>, Failure> {
        let items = query(&self.client, &self.table, "tick").await?;
        Ok(items
            .iter()
            .filter(|item| item.keys().any(|name| self.is_own(name)))
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

    /// Forgets an estate's lease and marks: it is no estate of this function any more. What another
    /// function looks at keeps that one's marks; while we hold the lease none are added.
    ///
    /// # Errors
    /// When the item cannot be changed; the next look tries again.
    pub async fn drop_mark(&self, estate: &str) -> Result<(), Failure> {
        let items = query(&self.client, &self.table, "tick").await?;
        let is_of_another = |name: &String| name.contains('/') && !self.is_own(name);
        let is_shared =
            |item: &&Item| item.get("sk") == Some(&text(estate)) && item.keys().any(is_of_another);
        if items.iter().find(is_shared).is_some() {
            return self.leave_mark(estate).await;
        }
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

    /// Leaves an estate to the other functions.
    async fn leave_mark(&self, estate: &str) -> Result<(), Failure> {
        let done = self
            .update_mark(estate)
            .update_expression("REMOVE leased_by, leased_until, #looked, #again, #noted, #watched")
            .condition_expression("leased_by = :me")
            .expression_attribute_names("#looked", self.attribute("looked_at"))
            .expression_attribute_names("#again", self.attribute("look_again_at"))
            .expression_attribute_names("#noted", self.attribute("noted"))
            .expression_attribute_names("#watched", self.attribute("watched"))
            .expression_attribute_values(":me", text(&self.holder))
            .send()
            .await;
        taken(estate, done).map(|_| ())
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

    /// Whether the attribute is a mark of this function's.
    fn is_own(&self, name: &str) -> bool {
        let mark = name.strip_prefix(self.function);
        mark.is_some_and(|mark| mark.starts_with('/'))
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

    /// Gives the lease back for good: there is nothing left to look at. A note that was left meanwhile
    /// keeps the item, so that the next tick looks.
    ///
    /// # Errors
    /// When the table cannot be written. The lease then ends by itself, and the next tick looks.
    pub async fn give_up(&self, name: &str) -> Result<(), Failure> {
        let done = self
            .client
            .delete_item()
            .table_name(&self.table)
            .key("pk", text("tick"))
            .key("sk", text(name))
            .condition_expression("leased_by = :me AND attribute_not_exists(#noted)")
            .expression_attribute_names("#noted", self.attribute("noted"))
            .expression_attribute_values(":me", text(&self.holder))
            .send()
            .await;
        match done {
            Ok(_) => Ok(()),
            Err(error) if is_conflict(&error) => self.give_back(name, None, &[]).await,
            Err(error) => Err(failure(name, "dynamodb:DeleteItem", &error)),
        }
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

fn as_instant(item: &Item, name: &str) -> Option<Timestamp> {
    Timestamp::from_second(as_number(item, name)?).ok()
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
