//! Blocks and attachments as Slack takes them; everything else is refused with a message that says
//! where. Limits are those of <https://docs.slack.dev/reference/block-kit/blocks>; the messages'
//! wording is what Slack was seen to answer.
//!
//! Known are the blocks of plain messages: `actions` with link buttons, `context`, `divider`,
//! `header`, `image`, `section`. Slack knows more of them; here they are refused like types that do
//! not exist.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

mod limits {
    pub(super) const BLOCKS: usize = 50;
    pub(super) const FIELDS: usize = 10;
    pub(super) const ELEMENTS: usize = 10;
    pub(super) const ACTIONS: usize = 25;
    pub(super) const TEXT: usize = 3000;
    pub(super) const FIELD: usize = 2000;
    pub(super) const HEADER: usize = 150;
    pub(super) const ALT: usize = 2000;
    pub(super) const TITLE: usize = 2000;
    pub(super) const BUTTON: usize = 75;
    pub(super) const VALUE: usize = 2000;
    pub(super) const URL: usize = 3000;
    pub(super) const ID: usize = 255;
    /// What all blocks of a message may hold is not documented. Refused was a message with 11,341
    /// characters of text in 17,694 of JSON, accepted one with 9,597 in 15,561
    /// (<https://github.com/slackapi/bolt-js/issues/2867>); Slack's staff speaks of "12,000 text
    /// characters with a buffer" (<https://github.com/slackapi/bolt-js/issues/2509>).
    pub(super) const ALL_TEXT: usize = 12_000;
    pub(super) const ALL_JSON: usize = 16_000;
}

const PLAIN: &[&str] = &["plain_text"];
const EITHER: &[&str] = &["mrkdwn", "plain_text"];

/// Whether blocks may be shown, and what stands against it.
pub(crate) struct Check<'a> {
    faults: Vec<String>,
    ids: BTreeSet<String>,
    /// Whether a file is an image that may be shown.
    may_show: &'a mut dyn FnMut(&str) -> bool,
}

impl<'a> Check<'a> {
    pub(crate) fn new(may_show: &'a mut dyn FnMut(&str) -> bool) -> Self {
        Self {
            faults: Vec::new(),
            ids: BTreeSet::new(),
            may_show,
        }
    }

    /// What is wrong with a message's blocks.
    pub(crate) fn of_blocks(mut self, blocks: &[Value]) -> Vec<String> {
        self.blocks(blocks, "/blocks");
        self.faults
    }

    /// What is wrong with a message's attachments. One with blocks may carry a colour and a fallback,
    /// and nothing of the older form (<https://github.com/slackapi/node-slack-sdk/issues/1112>).
    pub(crate) fn of_attachments(mut self, attachments: &[Value]) -> Vec<String> {
        for (index, attachment) in attachments.iter().enumerate() {
            let at = format!("/attachments/{index}");
            let Some(fields) = self.object(attachment, &at) else {
                continue;
            };
            match fields.get("blocks") {
                None | Some(Value::Null) => {}
                Some(Value::Array(blocks)) => {
                    if !blocks.is_empty() {
                        self.keys(fields, &["blocks", "color", "fallback"], &at);
                    }
                    self.blocks(blocks, &format!("{at}/blocks"));
                }
                Some(_) => self.fault("must provide an array", &format!("{at}/blocks")),
            }
        }
        self.faults
    }

    fn fault(&mut self, what: &str, at: &str) {
        self.faults.push(format!("{what} [json-pointer:{at}]"));
    }

    fn blocks(&mut self, blocks: &[Value], at: &str) {
        if blocks.len() > limits::BLOCKS {
            let most = limits::BLOCKS;
            self.fault(&format!("no more than {most} items allowed"), at);
        }
        for (index, block) in blocks.iter().enumerate() {
            self.block(block, &format!("{at}/{index}"));
        }
    }

    fn block(&mut self, block: &Value, at: &str) {
        let Some(fields) = self.object(block, at) else {
            return;
        };
        match fields.get("type").and_then(Value::as_str) {
            Some("section") => self.section(fields, at),
            Some("header") => {
                self.keys(fields, &["type", "block_id", "text"], at);
                self.needed_text(fields, "text", PLAIN, limits::HEADER, at);
            }
            Some("context") => {
                self.keys(fields, &["type", "block_id", "elements"], at);
                for (element, at) in self.items(fields, "elements", limits::ELEMENTS, at) {
                    self.context_element(&element, &at);
                }
            }
            Some("divider") => self.keys(fields, &["type", "block_id"], at),
            Some("image") => {
                let keys = [
                    "type",
                    "block_id",
                    "alt_text",
                    "image_url",
                    "slack_file",
                    "title",
                ];
                self.keys(fields, &keys, at);
                self.image(fields, at);
                if let Some(title) = fields.get("title") {
                    self.text(title, PLAIN, limits::TITLE, &format!("{at}/title"));
                }
            }
            Some("actions") => {
                self.keys(fields, &["type", "block_id", "elements"], at);
                for (element, at) in self.items(fields, "elements", limits::ACTIONS, at) {
                    self.button(&element, &at);
                }
            }
            Some(other) => self.fault(&format!("unsupported type: {other}"), &format!("{at}/type")),
            None => self.fault("missing required field: type", at),
        }
        if let Some(id) = fields.get("block_id") {
            self.string(id, limits::ID, &format!("{at}/block_id"));
            let id = id.as_str().unwrap_or_default().to_owned();
            if !self.ids.insert(id) {
                self.fault("block_id must be unique", &format!("{at}/block_id"));
            }
        }
    }

    fn section(&mut self, fields: &Map<String, Value>, at: &str) {
        let keys = ["type", "block_id", "text", "fields", "accessory", "expand"];
        self.keys(fields, &keys, at);
        if !fields.contains_key("text") && !fields.contains_key("fields") {
            self.fault("must define either `text` or `fields`", at);
        }
        if let Some(text) = fields.get("text") {
            self.text(text, EITHER, limits::TEXT, &format!("{at}/text"));
        }
        if fields.contains_key("fields") {
            for (field, at) in self.items(fields, "fields", limits::FIELDS, at) {
                self.text(&field, EITHER, limits::FIELD, &at);
            }
        }
        let Some(accessory) = fields.get("accessory") else {
            return;
        };
        let at = format!("{at}/accessory");
        match accessory.get("type").and_then(Value::as_str) {
            Some("image") => self.image_element(accessory, &at),
            _ => self.button(accessory, &at),
        }
    }

    fn context_element(&mut self, element: &Value, at: &str) {
        match element.get("type").and_then(Value::as_str) {
            Some("image") => self.image_element(element, at),
            _ => self.text(element, EITHER, limits::TEXT, at),
        }
    }

    fn image_element(&mut self, element: &Value, at: &str) {
        let Some(fields) = self.object(element, at) else {
            return;
        };
        self.keys(fields, &["type", "alt_text", "image_url", "slack_file"], at);
        self.image(fields, at);
    }

    /// <https://docs.slack.dev/reference/block-kit/blocks/image-block>
    fn image(&mut self, fields: &Map<String, Value>, at: &str) {
        match fields.get("alt_text") {
            Some(alt) => self.string(alt, limits::ALT, &format!("{at}/alt_text")),
            None => self.fault("missing required field: alt_text", at),
        }
        match (fields.get("image_url"), fields.get("slack_file")) {
            (Some(url), None) => self.string(url, limits::URL, &format!("{at}/image_url")),
            (None, Some(file)) => self.slack_file(file, &format!("{at}/slack_file")),
            _ => self.fault("must define either `image_url` or `slack_file`", at),
        }
    }

    /// <https://docs.slack.dev/reference/block-kit/composition-objects/slack-file-object>. Until a
    /// file was looked at it is refused like one that does not exist
    /// (<https://github.com/slackapi/python-slack-sdk/issues/1521>).
    fn slack_file(&mut self, file: &Value, at: &str) {
        let Some(fields) = self.object(file, at) else {
            return;
        };
        self.keys(fields, &["id"], at);
        let Some(id) = fields.get("id").and_then(Value::as_str) else {
            self.fault("missing required field: id", at);
            return;
        };
        let form = id.strip_prefix('F').is_some_and(|rest| {
            let rest = rest.as_bytes();
            let known = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
            rest.len() >= 8 && rest.iter().all(known)
        });
        if !form {
            let what = "input must match regex pattern: ^[F][A-Z0-9]{8,}$";
            self.fault(what, &format!("{at}/id"));
        } else if !(self.may_show)(id) {
            self.fault("invalid slack file", &format!("{at}.id/slack_file"));
        }
    }

    /// <https://docs.slack.dev/reference/block-kit/block-elements/button-element>
    fn button(&mut self, element: &Value, at: &str) {
        let Some(fields) = self.object(element, at) else {
            return;
        };
        let kind = fields.get("type").and_then(Value::as_str);
        if kind != Some("button") {
            let kind = kind.unwrap_or("none");
            self.fault(&format!("unsupported type: {kind}"), &format!("{at}/type"));
            return;
        }
        let keys = [
            "type",
            "text",
            "action_id",
            "url",
            "value",
            "style",
            "accessibility_label",
        ];
        self.keys(fields, &keys, at);
        self.needed_text(fields, "text", PLAIN, limits::BUTTON, at);
        let texts = [
            ("action_id", limits::ID),
            ("url", limits::URL),
            ("value", limits::VALUE),
            ("accessibility_label", limits::BUTTON),
        ];
        for (name, most) in texts {
            if let Some(value) = fields.get(name) {
                self.string(value, most, &format!("{at}/{name}"));
            }
        }
        let style = fields.get("style").and_then(Value::as_str);
        if fields.contains_key("style") && !matches!(style, Some("primary" | "danger")) {
            self.fault("must be a valid enum value", &format!("{at}/style"));
        }
    }

    fn needed_text(
        &mut self,
        fields: &Map<String, Value>,
        name: &str,
        kinds: &[&str],
        most: usize,
        at: &str,
    ) {
        match fields.get(name) {
            Some(text) => self.text(text, kinds, most, &format!("{at}/{name}")),
            None => self.fault(&format!("missing required field: {name}"), at),
        }
    }

    /// <https://docs.slack.dev/reference/block-kit/composition-objects/text-object>
    fn text(&mut self, text: &Value, kinds: &[&str], most: usize, at: &str) {
        let before = self.faults.len();
        self.text_alone(text, kinds, most, at);
        // Where a text may be of two kinds Slack first says that it was neither.
        if kinds.len() > 1 && self.faults.len() > before {
            let neither = format!("failed to match all allowed schemas [json-pointer:{at}]");
            self.faults.insert(before, neither);
        }
    }

    fn text_alone(&mut self, text: &Value, kinds: &[&str], most: usize, at: &str) {
        let Some(fields) = self.object(text, at) else {
            return;
        };
        match fields.get("type").and_then(Value::as_str) {
            Some("plain_text") if kinds.contains(&"plain_text") => {
                self.keys(fields, &["type", "text", "emoji"], at);
            }
            Some("mrkdwn") if kinds.contains(&"mrkdwn") => {
                self.keys(fields, &["type", "text", "verbatim"], at);
            }
            Some(other) => self.fault(&format!("unsupported type: {other}"), &format!("{at}/type")),
            None => self.fault("missing required field: type", at),
        }
        match fields.get("text") {
            Some(text) => self.string(text, most, &format!("{at}/text")),
            None => self.fault("missing required field: text", at),
        }
    }

    /// Characters are counted, not bytes.
    fn string(&mut self, value: &Value, most: usize, at: &str) {
        let Some(text) = value.as_str() else {
            self.fault("must provide a string", at);
            return;
        };
        if text.is_empty() {
            self.fault("must be more than 0 characters", at);
        } else if text.chars().count() > most {
            self.fault(&format!("must be less than {} characters", most + 1), at);
        }
    }

    fn object<'b>(&mut self, value: &'b Value, at: &str) -> Option<&'b Map<String, Value>> {
        let object = value.as_object();
        if object.is_none() {
            self.fault("must provide an object", at);
        }
        object
    }

    fn keys(&mut self, fields: &Map<String, Value>, known: &[&str], at: &str) {
        for name in fields.keys().filter(|name| !known.contains(&name.as_str())) {
            self.fault(&format!("invalid additional property: {name}"), at);
        }
    }

    /// The items of a list that must not be empty, each with its pointer.
    fn items(
        &mut self,
        fields: &Map<String, Value>,
        name: &str,
        most: usize,
        at: &str,
    ) -> Vec<(Value, String)> {
        let at = format!("{at}/{name}");
        let Some(items) = fields.get(name).and_then(Value::as_array) else {
            self.fault("must provide an array", &at);
            return Vec::new();
        };
        if items.is_empty() {
            self.fault("no less than 1 items allowed", &at);
        } else if items.len() > most {
            self.fault(&format!("no more than {most} items allowed"), &at);
        }
        let pointed = |(index, item): (usize, &Value)| (item.clone(), format!("{at}/{index}"));
        items.iter().enumerate().map(pointed).collect()
    }
}

/// Whether all blocks of a message together are more than Slack takes: `msg_blocks_too_long`.
pub(crate) fn too_long(blocks: &[Value], attachments: &[Value]) -> bool {
    let mut text = 0;
    let mut json = 0;
    let inner = attachments.iter().filter_map(|it| it.get("blocks"));
    for part in blocks.iter().chain(inner) {
        json += part.to_string().chars().count();
        count(part, &mut text);
    }
    text > limits::ALL_TEXT || json > limits::ALL_JSON
}

fn count(part: &Value, text: &mut usize) {
    match part {
        Value::Array(items) => items.iter().for_each(|item| count(item, text)),
        Value::Object(fields) => {
            if let Some(said) = fields.get("text").and_then(Value::as_str) {
                *text += said.chars().count();
            }
            fields.values().for_each(|value| count(value, text));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests;
