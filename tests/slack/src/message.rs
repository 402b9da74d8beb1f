//! What stands in a channel, as a test or the page looks at it.

use jiff::Timestamp;
use serde_json::Value;

/// Who wrote a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Author {
    /// The app, through the API.
    App,
    /// The app, through its incoming webhook.
    Webhook,
    /// A person, by id.
    Person(String),
}

/// A message that was accepted, as it stands now.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// What names it in its channel: `1700000000.000100`.
    pub ts: String,
    /// The `ts` of the message that it replies to.
    pub thread: Option<String>,
    /// When it was accepted, by the workspace's clock.
    pub at: Timestamp,
    /// Who wrote it.
    pub author: Author,
    /// Its text.
    pub text: String,
    /// Its own blocks.
    pub blocks: Vec<Value>,
    /// Its attachments, which may hold blocks.
    pub attachments: Vec<Value>,
    /// The files that were shared with it, by id.
    pub files: Vec<String>,
    /// Who reacted with what, in the order of the first of each.
    pub reactions: Vec<Reaction>,
    /// How often it was updated.
    pub edits: u32,
}

/// A reaction to a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reaction {
    /// The emoji's name, without colons.
    pub name: String,
    /// The ids of those who reacted.
    pub users: Vec<String>,
}

impl Message {
    /// Whether it stands in a thread instead of the channel.
    #[must_use]
    pub fn is_reply(&self) -> bool {
        self.thread.is_some()
    }

    /// Whether the text is shown: with blocks of its own it is for notifications only. Attachments
    /// do not hide it.
    /// <https://docs.slack.dev/reference/methods/chat.postMessage>
    #[must_use]
    pub fn shows_its_text(&self) -> bool {
        self.blocks.is_empty() && !self.text.is_empty()
    }

    /// All texts that a person sees in it, one a line, still in Slack's markup.
    #[must_use]
    pub fn as_read(&self) -> String {
        let mut lines = Vec::new();
        if self.shows_its_text() {
            lines.push(self.text.clone());
        }
        for part in self.blocks.iter().chain(&self.attachments) {
            gather(part, &mut lines);
        }
        lines.join("\n")
    }

    /// The ids of the files in its image blocks.
    #[must_use]
    pub fn pictures(&self) -> Vec<String> {
        let mut found = Vec::new();
        for part in self.blocks.iter().chain(&self.attachments) {
            pictures(part, &mut found);
        }
        found
    }
}

/// A text object holds its text under `text`, and so does the block around it: only strings count.
fn gather(part: &Value, lines: &mut Vec<String>) {
    match part {
        Value::Array(items) => items.iter().for_each(|item| gather(item, lines)),
        Value::Object(fields) => {
            for (name, value) in fields {
                match (name.as_str(), value) {
                    (
                        "text" | "pretext" | "title" | "value" | "footer" | "alt_text",
                        Value::String(text),
                    ) => lines.push(text.clone()),
                    (_, Value::Array(_) | Value::Object(_)) => gather(value, lines),
                    _ => {}
                }
            }
        }
        _ => {}
    }
}

fn pictures(part: &Value, found: &mut Vec<String>) {
    match part {
        Value::Array(items) => items.iter().for_each(|item| pictures(item, found)),
        Value::Object(fields) => {
            let id = fields.get("slack_file").and_then(|file| file.get("id"));
            if let Some(id) = id.and_then(Value::as_str) {
                found.push(id.to_owned());
            }
            fields.values().for_each(|value| pictures(value, found));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn message(blocks: Vec<Value>, attachments: Vec<Value>) -> Message {
        Message {
            ts: "1700000000.000100".into(),
            thread: None,
            at: Timestamp::UNIX_EPOCH,
            author: Author::App,
            text: "title".into(),
            blocks,
            attachments,
            files: Vec::new(),
            reactions: Vec::new(),
            edits: 0,
        }
    }

    fn section() -> Value {
        json!({
            "type": "section",
            "text": { "type": "mrkdwn", "text": "one" },
            "fields": [{ "type": "mrkdwn", "text": "two" }],
        })
    }

    #[test]
    fn what_is_read_leaves_out_a_text_that_blocks_hide() {
        let hidden = message(vec![section()], Vec::new());
        let mut lines: Vec<_> = hidden.as_read().lines().map(str::to_owned).collect();
        lines.sort();
        assert_eq!(lines, ["one", "two"]);
        let shown = message(Vec::new(), vec![json!({ "blocks": [section()] })]);
        assert!(shown.as_read().starts_with("title\n"), "{shown:?}");
    }

    #[test]
    fn pictures_are_found_wherever_they_stand() {
        let image =
            json!({ "type": "image", "slack_file": { "id": "F1" }, "alt_text": "the graph" });
        let told = message(
            vec![image.clone()],
            vec![json!({ "blocks": [{ "type": "context", "elements": [image] }] })],
        );
        assert_eq!(told.pictures(), ["F1", "F1"]);
    }
}
