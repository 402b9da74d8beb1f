//! SNS: what a topic takes.

use nightshift_tests::aws::SNS;

use crate::script::{Step, form};

const TOPIC: &str = "arn:aws:sns:ap-northeast-1:123456789012:talk";

pub(crate) fn steps() -> Vec<Step> {
    let publish = |words: &str, fields: &[(&'static str, &str)]| {
        let fields = [&[("TopicArn", TOPIC)], fields].concat();
        form(SNS, "Publish", words, &fields)
    };
    let long = "x".repeat(101);
    let huge = "x".repeat(256 * 1024 + 1);
    vec![
        form(SNS, "CreateTopic", "new", &[("Name", "talk")]).shows(&["TopicArn"]),
        form(SNS, "CreateTopic", "that is there", &[("Name", "talk")]).shows(&["TopicArn"]),
        form(
            SNS,
            "CreateTopic",
            "with other letters",
            &[("Name", "no spaces")],
        ),
        publish(
            "with a subject",
            &[("Subject", "asleep"), ("Message", "text")],
        )
        .shows(&["MessageId?"]),
        publish(
            "with a line break in the subject",
            &[("Subject", "two\nlines"), ("Message", "text")],
        ),
        publish(
            "with a long subject",
            &[("Subject", &long), ("Message", "text")],
        ),
        publish(
            "with a subject beyond ASCII",
            &[("Subject", "就寝"), ("Message", "text")],
        ),
        publish(
            "with a blank before the subject",
            &[("Subject", " blank"), ("Message", "text")],
        ),
        publish("without a message", &[("Message", "")]),
        publish("of more than 256 KiB", &[("Message", &huge)]),
        publish(
            "by protocols",
            &[
                ("MessageStructure", "json"),
                ("Message", r#"{"default":"d","email":"e"}"#),
            ],
        )
        .shows(&["MessageId?"]),
        publish(
            "by protocols without a default",
            &[
                ("MessageStructure", "json"),
                ("Message", r#"{"email":"e"}"#),
            ],
        ),
        publish(
            "by protocols that are no JSON",
            &[("MessageStructure", "json"), ("Message", "text")],
        ),
        form(
            SNS,
            "Publish",
            "to an unknown topic",
            &[
                ("TopicArn", "arn:aws:sns:ap-northeast-1:123456789012:nobody"),
                ("Message", "text"),
            ],
        ),
        form(SNS, "Publish", "to no topic", &[("Message", "text")]),
        form(
            SNS,
            "Subscribe",
            "by e-mail",
            &[
                ("TopicArn", TOPIC),
                ("Protocol", "email"),
                ("Endpoint", "ops@example.com"),
            ],
        )
        .shows(&["SubscriptionArn"]),
        form(
            SNS,
            "Subscribe",
            "by an unknown protocol",
            &[
                ("TopicArn", TOPIC),
                ("Protocol", "pigeon"),
                ("Endpoint", "roof"),
            ],
        ),
        form(
            SNS,
            "ListSubscriptionsByTopic",
            "of one",
            &[("TopicArn", TOPIC)],
        )
        .shows(&["Endpoint"]),
        form(SNS, "DeleteTopic", "that is there", &[("TopicArn", TOPIC)]),
        form(SNS, "DeleteTopic", "that is gone", &[("TopicArn", TOPIC)]),
    ]
}
