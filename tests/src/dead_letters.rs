//! notify-slack's dead-letter queue on a local AWS: what lies in it, and its reader, which a person
//! turns on to bring it again. `MiniStack` is mended where it leaves something else than Lambda does.

use anyhow::{Context as _, Result, ensure};
use hyper::Method;
use serde_json::{Value, json};

use crate::aws::{Aws, CLOUDFORMATION, SQS, first_text, percent};
use crate::local::{STACK, Stack};

/// The queue and its reader, as the template makes them.
#[derive(Debug)]
pub struct DeadLetters<'a> {
    aws: &'a Aws,
    url: String,
    reader: String,
}

impl<'a> DeadLetters<'a> {
    /// Tells Lambda of the queue that the template names for the function, which `MiniStack`'s
    /// `CloudFormation` forgets.
    ///
    /// # Errors
    /// When the template names none, or another one.
    pub async fn of(aws: &'a Aws, stack: &Stack) -> Result<Self> {
        const QUEUE: &str = "NotifySlackDeadLetters";

        let physical = |id: &str| {
            let id = stack.resources.get(id);
            id.cloned().context("the stack has no dead-letter queue")
        };
        let query = [("StackName", STACK), ("TemplateStage", "Processed")];
        let template = aws.query(CLOUDFORMATION, "GetTemplate", &query).await?;
        let template = first_text(&template, "TemplateBody").context("no template")?;
        let template: Value = serde_json::from_str(&template).context("the template")?;
        let named = &template["Resources"]["NotifySlack"]["Properties"]["DeadLetterConfig"];
        ensure!(
            named["TargetArn"]["Fn::GetAtt"] == json!([QUEUE, "Arn"]),
            "notify-slack's dead letters go to {named}"
        );
        let letters = Self {
            aws,
            url: physical(QUEUE)?,
            reader: physical("NotifySlackAgain")?,
        };
        let arn = letters.attribute("QueueArn").await?;
        let path = format!(
            "/2015-03-31/functions/{}/configuration",
            percent(&stack.notifier)
        );
        let config = json!({ "DeadLetterConfig": { "TargetArn": arn } });
        let put = aws.rest("lambda", Method::PUT, &path, Some(&config));
        put.await.context("the function's dead-letter queue")?;
        Ok(letters)
    }

    /// How many messages lie in the queue, those included that somebody has received and not deleted.
    ///
    /// # Errors
    /// When SQS refuses.
    pub async fn count(&self) -> Result<usize> {
        let mut count = 0;
        for name in [
            "ApproximateNumberOfMessages",
            "ApproximateNumberOfMessagesNotVisible",
        ] {
            count += self.attribute(name).await?.parse::<usize>()?;
        }
        Ok(count)
    }

    /// Lets what `MiniStack` left in the queue be what Lambda leaves there: the event as it was, where
    /// `MiniStack` wraps it as for an on-failure destination.
    /// <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html>
    ///
    /// # Errors
    /// When a message is not one of `MiniStack`'s.
    pub async fn as_lambda_leaves_them(&self) -> Result<Vec<Value>> {
        let query = json!({ "QueueUrl": self.url, "MaxNumberOfMessages": 10 });
        let received = self.aws.json(SQS, "ReceiveMessage", &query).await?;
        let mut events = Vec::new();
        for message in received["Messages"].as_array().into_iter().flatten() {
            let body = message["Body"].as_str().unwrap_or_default();
            let wrapped: Value = serde_json::from_str(body).with_context(|| body.to_owned())?;
            let event = wrapped.get("requestPayload").context("no event in it")?;
            let again = json!({ "QueueUrl": self.url, "MessageBody": event.to_string() });
            self.aws.json(SQS, "SendMessage", &again).await?;
            let gone = json!({ "QueueUrl": self.url, "ReceiptHandle": message["ReceiptHandle"] });
            self.aws.json(SQS, "DeleteMessage", &gone).await?;
            events.push(event.clone());
        }
        Ok(events)
    }

    /// Turns the reader on or off, as `aws lambda update-event-source-mapping` does.
    ///
    /// # Errors
    /// When Lambda refuses.
    pub async fn read(&self, enabled: bool) -> Result<()> {
        let path = format!("/2015-03-31/event-source-mappings/{}", self.reader);
        let update = json!({ "Enabled": enabled });
        let put = self.aws.rest("lambda", Method::PUT, &path, Some(&update));
        put.await.context("the queue's reader")?;
        Ok(())
    }

    async fn attribute(&self, name: &str) -> Result<String> {
        let query = json!({ "QueueUrl": self.url, "AttributeNames": [name] });
        let found = self.aws.json(SQS, "GetQueueAttributes", &query).await?;
        let value = found["Attributes"][name].as_str();
        Ok(value
            .context("an attribute that the queue has not")?
            .to_owned())
    }
}
