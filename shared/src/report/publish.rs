//! Reports go to one SNS topic, as text for people who subscribed by e-mail and as typed JSON for
//! functions: one message for each piece of news.

use aws_sdk_sns::Client;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Failure, News, Severity, text::Text};
use crate::aws::failure::failure;

/// The version of [`Message`].
pub const VERSION: u32 = 1;

/// What functions that subscribe to the topic get.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// The version of this format.
    pub nightshift: u32,
    /// The function that tells.
    pub function: String,
    /// The estate that it tells of.
    pub estate: String,
    /// The account.
    pub account: String,
    /// The Region.
    pub region: String,
    /// When.
    pub at: Timestamp,
    /// How much it matters.
    pub severity: Severity,
    /// What belongs together in one message that grows: a night of an estate.
    pub thread: String,
    /// What happened.
    pub news: News,
    /// The same in words: the first line.
    pub title: String,
    /// The same in words: the lines after it.
    pub lines: Vec<String>,
}

/// Publishes one message.
///
/// # Errors
/// When SNS refuses; the news counts as not told.
pub async fn publish(
    sns: &Client,
    topic: &str,
    message: &Message,
    text: &Text,
) -> Result<(), Failure> {
    let json = serde_json::to_string(message).unwrap_or_default();
    let body = serde_json::json!({ "default": text.joined(), "email": text.joined(), "lambda": json, "sqs": json });
    sns.publish()
        .topic_arn(topic)
        .subject(text.subject())
        .message_structure("json")
        .message(body.to_string())
        .send()
        .await
        .map_err(|error| failure(topic, "sns:Publish", &error))?;
    Ok(())
}
