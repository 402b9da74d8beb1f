//! Reports go to one SNS topic, as text for people who subscribed by e-mail and as typed JSON for
//! functions: one message for each piece of news.

use aws_sdk_sns::Client;

use super::{Failure, message::Message, text::Text};
use crate::aws::failure::failure;

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
    let body = serde_json::json!({ "default": text.joined(), "email": text.whole(), "lambda": json, "sqs": json });
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
