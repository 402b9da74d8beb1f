//! A message as a person sees it in the channel, in letters.

use std::fmt::Write as _;

use serde_json::Value;

/// Title, bar, paragraphs, names beside values, links by their labels, small print.
pub(super) fn message(message: &Value) -> String {
    let mut told = format!("notification: {}\n", line(text(message, "text")));
    for block in list(message, "blocks") {
        told.push_str(&shown(block, ""));
    }
    for attachment in list(message, "attachments") {
        let bar = match text(attachment, "color") {
            "#D1242F" => "🟥 ",
            "#E8A317" => "🟨 ",
            "#2DA44E" => "🟩 ",
            "#3B82F6" => "🟦 ",
            "#9AA0A6" => "⬜ ",
            other => panic!("no colour of ours: {other}"),
        };
        for block in list(attachment, "blocks") {
            told.push_str(&shown(block, bar));
        }
    }
    told.trim_end().to_owned()
}

fn shown(block: &Value, bar: &str) -> String {
    let mut told = String::new();
    let mut put = |text: &str| {
        for line in text.lines() {
            let _ = writeln!(told, "{bar}{line}");
        }
    };
    match text(block, "type") {
        "header" => put(&format!("# {}", text(&block["text"], "text"))),
        "section" if block.get("fields").is_some() => {
            let fields: Vec<String> = list(block, "fields")
                .iter()
                .map(|field| read(text(field, "text")).replace('\n', " "))
                .collect();
            for pair in fields.chunks(2) {
                put(&pair.join("   |   "));
            }
        }
        "section" => put(&read(text(&block["text"], "text"))),
        "image" => put(&format!("[picture: {}]", text(block, "alt_text"))),
        "context" => {
            let elements = list(block, "elements");
            let elements: Vec<String> = elements.iter().map(|it| read(text(it, "text"))).collect();
            put(&format!("small: {}", elements.join("  ")));
        }
        other => panic!("no block of ours: {other}"),
    }
    if !bar.is_empty() {
        let _ = writeln!(told, "{}", bar.trim_end());
    }
    told
}

/// Markup as it is read: links by their labels, escapes as what they stand for.
fn read(markup: &str) -> String {
    let mut told = String::new();
    let mut rest = markup;
    while let Some((before, after)) = rest.split_once('<') {
        let (inner, after) = after.split_once('>').unwrap();
        let label = match inner.split_once('|') {
            Some((_, label)) => format!("[{label}]"),
            None => format!("(mentions {inner})"),
        };
        told.push_str(before);
        told.push_str(&label);
        rest = after;
    }
    told.push_str(rest);
    told.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

fn line(text: &str) -> String {
    read(text).replace('\n', " ⏎ ")
}

pub(super) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

pub(super) fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    let list = value.get(name).and_then(Value::as_array);
    list.map_or(&[], Vec::as_slice)
}
