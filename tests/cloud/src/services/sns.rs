//! Topics. What is published is kept whole; carrying it to subscribers is the harness's.

use std::{collections::BTreeMap, mem};

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{
    call::{Actor, Call, Demand, Fault, Outcome, Tags},
    rates::Bucket,
    services::{Protocol, Service, unknown_operation},
    world::{ACCOUNT, REGION, What, World},
};

/// The service.
pub const SERVICE: SnsService = SnsService;

/// The service.
#[derive(Clone, Copy, Debug)]
pub struct SnsService;

/// Its state.
#[derive(Clone, Debug, Default)]
pub struct Sns {
    /// What was published since it was last taken, in order.
    pub published: Vec<Published>,
    /// Subscriptions, in the order in which they were made.
    pub subscriptions: Vec<Subscription>,
    /// The topics' tags by the topics' ARNs.
    topics: BTreeMap<String, Tags>,
}

/// A message that was published.
#[derive(Clone, Debug, PartialEq)]
pub struct Published {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: Actor,
    /// The topic's ARN.
    pub topic: String,
    /// The subject; empty where there is none.
    pub subject: String,
    /// The message as it was sent: with `MessageStructure` an object of texts by protocol.
    pub message: String,
    /// Whether `MessageStructure` was `json`.
    pub structured: bool,
}

impl Published {
    /// What subscribers of a protocol get: `email`, `lambda`, `sqs`.
    #[must_use]
    pub fn message_for(&self, protocol: &str) -> String {
        if !self.structured {
            return self.message.clone();
        }
        let messages: Value = serde_json::from_str(&self.message).unwrap_or_default();
        let message = messages.get(protocol).or_else(|| messages.get("default"));
        message
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    }
}

/// A subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// Its ARN.
    pub arn: String,
    /// The topic's ARN.
    pub topic: String,
    /// `sqs`, `lambda` or `email`.
    pub protocol: String,
    /// Where messages go.
    pub endpoint: String,
    /// Whether it was confirmed; what is sent by e-mail waits for that.
    pub confirmed: bool,
}

impl Sns {
    /// What was published since it was last taken.
    pub fn take(&mut self) -> Vec<Published> {
        mem::take(&mut self.published)
    }
}

/// The ARN of a topic.
#[must_use]
pub fn arn(topic: &str) -> String {
    format!("arn:aws:sns:{REGION}:{ACCOUNT}:{topic}")
}

/// Makes a topic, as a stack does; answers its ARN. One that is there already stays as it is.
pub fn create_topic(world: &mut World, name: &str) -> String {
    let arn = arn(name);
    world.sns.topics.entry(arn.clone()).or_default();
    arn
}

impl Service for SnsService {
    fn name(&self) -> &'static str {
        "sns"
    }

    fn protocol(&self) -> Protocol {
        Protocol::Query {
            version: "2010-03-31",
        }
    }

    // https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsns.html
    fn demands(&self, world: &World, call: &Call) -> Vec<Demand> {
        let topic = match call.operation.as_str() {
            "ListTopics" | "ListSubscriptions" => "*".to_owned(),
            "CreateTopic" => arn(call.text("Name").unwrap_or_default()),
            _ => topic_of(call).to_owned(),
        };
        let tags = world.sns.topics.get(&topic).cloned().unwrap_or_default();
        vec![Demand::new(format!("sns:{}", call.operation), topic, &tags)]
    }

    // The quota differs by Region and Tokyo's was not to be had: a guess on the low side.
    // https://docs.aws.amazon.com/general/latest/gr/sns.html
    fn bucket(&self, operation: &str) -> Option<Bucket> {
        (operation == "Publish").then_some(Bucket {
            name: "sns publish",
            burst: 1500.0,
            a_second: 1500.0,
        })
    }

    // https://docs.aws.amazon.com/sns/latest/api/CommonErrors.html
    fn denied(&self, message: String) -> Fault {
        Fault::with_status(403, "AuthorizationError", message)
    }

    fn answer(&self, world: &mut World, call: &Call) -> Outcome {
        match call.operation.as_str() {
            "CreateTopic" => create(world, call),
            "DeleteTopic" => {
                delete(world, call);
                Ok(json!({}))
            }
            "Publish" => publish(world, call),
            "Subscribe" => subscribe(world, call),
            "ListTopics" => {
                let topics = world.sns.topics.keys();
                let topics: Vec<Value> = topics.map(|arn| json!({ "TopicArn": arn })).collect();
                Ok(json!({ "Topics": { "member": topics } }))
            }
            "ListSubscriptions" => Ok(listed(world, |_| true)),
            "ListSubscriptionsByTopic" => {
                let topic = existing(world, topic_of(call))?;
                Ok(listed(world, |subscription| subscription.topic == topic))
            }
            _ => Err(unknown_operation(self, call)),
        }
    }
}

fn topic_of(call: &Call) -> &str {
    let arn = call.text("TopicArn").or_else(|| call.text("TargetArn"));
    arn.unwrap_or_default()
}

fn invalid(why: impl AsRef<str>) -> Fault {
    Fault::client(
        "InvalidParameter",
        format!("Invalid parameter: {}", why.as_ref()),
    )
}

fn existing(world: &World, arn: &str) -> Result<String, Fault> {
    if world.sns.topics.contains_key(arn) {
        return Ok(arn.to_owned());
    }
    Err(if arn.is_empty() {
        invalid("TopicArn or TargetArn Reason: no value for required parameter")
    } else {
        Fault::with_status(404, "NotFound", "Topic does not exist")
    })
}

// https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html
fn create(world: &mut World, call: &Call) -> Outcome {
    let name = call.text("Name").unwrap_or_default();
    let fits = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
    if name.is_empty() || name.len() > 256 || !name.chars().all(fits) {
        return Err(invalid("Topic Name"));
    }
    let arn = arn(name);
    if !world.sns.topics.contains_key(&arn) {
        let mut tags = Tags::new();
        let text = |name: String| call.text(&name).map(ToOwned::to_owned);
        for n in 1.. {
            let Some(key) = text(format!("Tags.member.{n}.Key")) else {
                break;
            };
            tags.insert(
                key,
                text(format!("Tags.member.{n}.Value")).unwrap_or_default(),
            );
        }
        world.sns.topics.insert(arn.clone(), tags);
        world.note(&call.actor, arn.clone(), What::Created);
    }
    Ok(json!({ "TopicArn": arn }))
}

fn delete(world: &mut World, call: &Call) {
    let arn = topic_of(call);
    if world.sns.topics.remove(arn).is_some() {
        world
            .sns
            .subscriptions
            .retain(|subscription| subscription.topic != arn);
        world.note(&call.actor, arn, What::Deleted);
    }
}

fn publish(world: &mut World, call: &Call) -> Outcome {
    let topic = existing(world, topic_of(call))?;
    let message = call.text("Message").unwrap_or_default().to_owned();
    let structured = call.text("MessageStructure") == Some("json");
    let subject = call.text("Subject");
    check(subject, &message, structured)?;
    let subject = subject.unwrap_or_default().to_owned();
    Ok(json!({ "MessageId": deliver(world, &call.actor, &topic, subject, message, structured) }))
}

/// Publishes what was already judged; answers the message's id.
pub(super) fn deliver(
    world: &mut World,
    by: &Actor,
    topic: &str,
    subject: String,
    message: String,
    structured: bool,
) -> String {
    let what = What::Published {
        subject: subject.clone(),
        message: message.clone(),
    };
    world.note(by, topic, what);
    world.sns.published.push(Published {
        at: world.now,
        by: by.clone(),
        topic: topic.to_owned(),
        subject,
        message,
        structured,
    });
    [8, 4, 4, 4, 12].map(|digits| world.id(digits)).join("-")
}

/// Whether a topic with this ARN exists.
pub(super) fn is_topic(world: &World, arn: &str) -> bool {
    world.sns.topics.contains_key(arn)
}

// https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
fn check(subject: Option<&str>, message: &str, structured: bool) -> Result<(), Fault> {
    if let Some(subject) = subject {
        // "UTF-8 text with no line breaks or control characters, and less than 100 characters long":
        // 100 are taken all the same.
        let long = subject.chars().count() > 100;
        if subject.is_empty() || long || subject.contains(char::is_control) {
            return Err(invalid("Subject"));
        }
    }
    if message.is_empty() {
        return Err(invalid("Empty message"));
    }
    if message.len() > 256 * 1024 {
        return Err(invalid("Message too long"));
    }
    if structured {
        let messages: Value = serde_json::from_str(message)
            .map_err(|_| invalid("Message Structure - JSON message body failed to parse"))?;
        if !messages.get("default").is_some_and(Value::is_string) {
            return Err(invalid(
                "Message Structure - No default entry in JSON message body",
            ));
        }
    }
    Ok(())
}

// https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html
fn subscribe(world: &mut World, call: &Call) -> Outcome {
    let topic = existing(world, topic_of(call))?;
    let protocol = call.text("Protocol").unwrap_or_default();
    if !matches!(
        protocol,
        "sqs" | "lambda" | "email" | "email-json" | "http" | "https"
    ) {
        return Err(invalid(format!(
            "Does not support this protocol string: {protocol}"
        )));
    }
    let endpoint = call.text("Endpoint").unwrap_or_default();
    let same = |there: &&Subscription| {
        there.topic == topic && there.protocol == protocol && there.endpoint == endpoint
    };
    // The same subscription again is the one that is there.
    if let Some(there) = world.sns.subscriptions.iter().find(same) {
        return Ok(json!({ "SubscriptionArn": shown(there, call.truth("ReturnSubscriptionArn")) }));
    }
    let id = [8, 4, 4, 4, 12].map(|digits| world.id(digits)).join("-");
    let subscription = Subscription {
        arn: format!("{topic}:{id}"),
        topic,
        protocol: protocol.to_owned(),
        endpoint: endpoint.to_owned(),
        confirmed: matches!(protocol, "sqs" | "lambda"),
    };
    world.note(&call.actor, subscription.arn.clone(), What::Created);
    let answer = shown(&subscription, call.truth("ReturnSubscriptionArn"));
    world.sns.subscriptions.push(subscription);
    Ok(json!({ "SubscriptionArn": answer }))
}

fn shown(subscription: &Subscription, always: Option<bool>) -> String {
    if subscription.confirmed || always == Some(true) {
        subscription.arn.clone()
    } else {
        "pending confirmation".to_owned()
    }
}

fn listed(world: &World, wanted: impl Fn(&Subscription) -> bool) -> Value {
    let subscriptions = world.sns.subscriptions.iter();
    let members: Vec<Value> = subscriptions
        .filter(|subscription| wanted(subscription))
        .map(|subscription| {
            let arn = if subscription.confirmed {
                subscription.arn.as_str()
            } else {
                "PendingConfirmation"
            };
            json!({
                "SubscriptionArn": arn,
                "Owner": ACCOUNT,
                "Protocol": subscription.protocol,
                "Endpoint": subscription.endpoint,
                "TopicArn": subscription.topic,
            })
        })
        .collect();
    json!({ "Subscriptions": { "member": members } })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world() -> (World, String) {
        let mut world = World::new(Timestamp::UNIX_EPOCH, 1);
        let topic = create_topic(&mut world, "reports");
        (world, topic)
    }

    fn publish(world: &mut World, topic: &str, more: &Value) -> Outcome {
        let mut input = json!({ "TopicArn": topic, "Message": "text" });
        for (name, value) in more.as_object().unwrap() {
            input[name] = value.clone();
        }
        world.ask(&SERVICE, Actor::Person, "Publish", input)
    }

    #[test]
    fn what_is_published_is_kept_and_noted() {
        let (mut world, topic) = world();
        let message = json!({ "default": "d", "lambda": "l" }).to_string();
        let more = json!({ "Subject": "s", "Message": message, "MessageStructure": "json" });
        assert!(publish(&mut world, &topic, &more).unwrap()["MessageId"].is_string());
        let published = world.sns.take();
        assert_eq!(published[0].message_for("lambda"), "l");
        assert_eq!(published[0].message_for("email"), "d");
        let journal = world.take_journal();
        assert_eq!(
            journal[0].what,
            What::Published {
                subject: "s".to_owned(),
                message
            }
        );
    }

    #[test]
    fn subjects_are_one_short_line_and_messages_at_most_256_kilobytes() {
        let (mut world, topic) = world();
        let long = "x".repeat(101);
        for more in [
            json!({ "Subject": long }),
            json!({ "Subject": "a\nb" }),
            json!({ "Subject": "" }),
            json!({ "Message": "" }),
            json!({ "Message": "x".repeat(262_145) }),
            json!({ "Message": "{}", "MessageStructure": "json" }),
            json!({ "Message": "text", "MessageStructure": "json" }),
        ] {
            let refused = publish(&mut world, &topic, &more).unwrap_err();
            assert_eq!(
                (refused.code.as_str(), refused.status),
                ("InvalidParameter", 400)
            );
        }
        for subject in ["x".repeat(100), "眠".repeat(100), " a".to_owned()] {
            assert!(publish(&mut world, &topic, &json!({ "Subject": subject })).is_ok());
        }
    }

    #[test]
    fn a_topic_that_does_not_exist_is_not_found() {
        let (mut world, _) = world();
        let refused = publish(&mut world, &arn("other"), &json!({})).unwrap_err();
        assert_eq!((refused.code.as_str(), refused.status), ("NotFound", 404));
    }

    #[test]
    fn subscriptions_by_email_wait_and_are_not_made_twice() {
        let (mut world, topic) = world();
        let input = json!({ "TopicArn": topic, "Protocol": "email", "Endpoint": "a@example.com" });
        for _ in 0..2 {
            let answer = world.ask(&SERVICE, Actor::Terraform, "Subscribe", input.clone());
            assert_eq!(answer.unwrap()["SubscriptionArn"], "pending confirmation");
        }
        let input = json!({ "TopicArn": topic });
        let listed = world.ask(&SERVICE, Actor::Person, "ListSubscriptionsByTopic", input);
        let listed = listed.unwrap();
        assert_eq!(
            listed["Subscriptions"]["member"].as_array().map(Vec::len),
            Some(1)
        );
        assert_eq!(
            listed["Subscriptions"]["member"][0]["SubscriptionArn"],
            "PendingConfirmation"
        );
    }
}
