//! Reports of our own functions. A report that says something this release does not know yet is told
//! in the words that it brings along.

use nightshift::report::message::{self, Message};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Understood,
    envelope::{Envelope, Identity},
    json as read, other,
};
use crate::signal::What;

/// A report with more bytes as JSON is told in its words, as much of them as there is room for.
const LARGEST: usize = 50_000;

/// Reads a report; none if it is none.
pub(super) fn read(value: &Value, envelope: &Envelope<'_>) -> Option<Understood> {
    let version = value.get("nightshift")?.as_u64()?;
    let what = typed(value, version).or_else(|| in_words(value))?;
    let identity = Identity {
        key: key(value),
        at: read::instant(read::text(value, "at")),
        account: read::text(value, "account"),
        region: read::text(value, "region"),
    };
    Some(Understood::told(envelope.signal(identity, what)))
}

fn typed(value: &Value, version: u64) -> Option<What> {
    if version != u64::from(message::VERSION) {
        return None;
    }
    let message = Message::deserialize(value).ok()?;
    let bytes = serde_json::to_vec(&message).ok()?;
    (bytes.len() <= LARGEST).then(|| What::Report(Box::new(message)))
}

fn in_words(value: &Value) -> Option<What> {
    let title = value.get("title")?.as_str()?;
    let lines = read::items(read::get(value, "lines"));
    let lines: Vec<&str> = lines.iter().filter_map(Value::as_str).collect();
    let function = read::text(value, "function");
    Some(What::Other(other::text(title, function, &lines.join("\n"))))
}

/// The same for a report that was published twice because an answer was lost; its words do not
/// count, since they follow from the rest.
fn key(value: &Value) -> String {
    let field = |name| read::get(value, name);
    let news = read::get(value, "news");
    if read::text(news, "code") == "rollback" {
        // A stage of a story is told once, whenever and with however much evidence it is published.
        let story = read::get(news, "story");
        let same = json!([
            field("function"),
            field("account"),
            field("region"),
            field("estate"),
            read::get(story, "deployment"),
            read::get(story, "stage"),
        ]);
        return format!("report/{}", read::digest(&same));
    }
    let same = json!([
        field("function"),
        field("account"),
        field("region"),
        field("estate"),
        field("thread"),
        field("at"),
        field("news"),
    ]);
    format!("report/{}", read::digest(&same))
}
