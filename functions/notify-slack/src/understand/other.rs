//! What is not known, shown as tidily as it can be: JSON field by field with the path to each, text
//! as it came.

use serde_json::Value;

use super::{json, room::Room};
use crate::signal::Other;

/// At most so many fields are shown.
const FIELDS: usize = 60;
/// At most so many characters of a field's value.
const VALUE: usize = 500;
/// At most so many characters of the path to a field.
const PATH: usize = 200;
/// At most so many characters of a text.
const TEXT: usize = 12_000;
/// At most so many characters of a title.
pub(super) const TITLE: usize = 300;
/// At most so many characters of a source.
const SOURCE: usize = 512;
/// At most so many levels get paths of their own; what is deeper is one value, as JSON.
const LEVELS: usize = 12;

/// A text that is no JSON.
pub(super) fn text(title: &str, source: &str, text: &str) -> Other {
    let mut room = Room::new();
    Other {
        title: room.text(title, TITLE),
        source: room.text(source, SOURCE),
        fields: Vec::new(),
        text: room.text(text, TEXT),
        cut: room.is_cut(),
    }
}

/// Some fields of a document, each under its name.
pub(super) fn fields<'a>(
    title: &str,
    source: &str,
    parts: impl IntoIterator<Item = (&'a str, &'a Value)>,
) -> Other {
    let mut room = Room::new();
    let (title, source) = (room.text(title, TITLE), room.text(source, SOURCE));
    let mut list = List {
        fields: Vec::new(),
        room,
    };
    for (name, part) in parts {
        list.add(name, part, 0);
    }
    Other {
        title,
        source,
        fields: list.fields,
        text: String::new(),
        cut: list.room.is_cut(),
    }
}

/// A whole document.
pub(super) fn document(title: &str, source: &str, value: &Value) -> Other {
    let parts = value.as_object().into_iter().flatten();
    let other = fields(
        title,
        source,
        parts.map(|(name, part)| (name.as_str(), part)),
    );
    if other.fields.is_empty() {
        return text(title, source, &json::compact(value, TEXT * 4));
    }
    other
}

struct List {
    fields: Vec<(String, String)>,
    room: Room,
}

impl List {
    fn add(&mut self, path: &str, value: &Value, level: usize) {
        if is_empty(value) {
            return;
        }
        if self.fields.len() == FIELDS {
            self.room.note_cut();
            return;
        }
        match value {
            Value::Object(fields) if level < LEVELS => {
                for (name, field) in fields {
                    self.add(&format!("{path}.{name}"), field, level + 1);
                }
            }
            Value::Array(items) if !items.iter().any(is_nested) => {
                self.push(path, &joined(items));
            }
            Value::Array(items) if level < LEVELS => {
                for (number, item) in items.iter().enumerate() {
                    self.add(&format!("{path}[{number}]"), item, level + 1);
                }
            }
            other => match shown(other) {
                Some(text) => self.push(path, &text),
                None => self.push(path, &json::compact(other, VALUE * 4)),
            },
        }
    }

    fn push(&mut self, path: &str, value: &str) {
        const BRACKETS_AND_QUOTES: usize = 8;
        if self.room.element(BRACKETS_AND_QUOTES) {
            let path = self.room.text(path, PATH);
            let value = self.room.text(value, VALUE);
            self.fields.push((path, value));
        }
    }
}

/// What holds nothing has nothing to show.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().all(is_blank),
        Value::Object(fields) => fields.is_empty(),
        scalar => is_blank(scalar),
    }
}

fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        _ => false,
    }
}

fn is_nested(value: &Value) -> bool {
    value.is_array() || value.is_object()
}

/// A value that is neither an array nor an object.
fn shown(value: &Value) -> Option<String> {
    match value {
        Value::Array(_) | Value::Object(_) => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// Enough of the elements that more would be cut anyway.
fn joined(items: &[Value]) -> String {
    let mut line = String::new();
    for item in items {
        if !line.is_empty() {
            line.push_str(", ");
        }
        line.push_str(&shown(item).unwrap_or_default());
        if line.len() > VALUE * 4 {
            break;
        }
    }
    line
}
