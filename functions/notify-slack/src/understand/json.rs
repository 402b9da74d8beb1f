//! Reads JSON that strangers wrote. A field that is missing, null or of another type is nothing and
//! never an error, and no depth of nesting overflows the stack.

use jiff::{Timestamp, civil::DateTime, fmt::rfc2822, tz::TimeZone};
use serde_json::{Map, Value};

/// How deep the parser goes; a value that was not parsed from text may be deeper.
const DEEPEST: usize = 128;

/// The longest key that the table is given.
const LONGEST_KEY: usize = 900;

static NOTHING: Value = Value::Null;

/// A field by its name. The capitals do not matter: SNS writes `Dimensions` where EventBridge writes
/// `dimensions`.
pub(super) fn get<'a>(value: &'a Value, name: &str) -> &'a Value {
    let Some(fields) = value.as_object() else {
        return &NOTHING;
    };
    fields
        .get(name)
        .or_else(|| by_any_case(fields, name))
        .unwrap_or(&NOTHING)
}

fn by_any_case<'a>(fields: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    let mut fields = fields.iter();
    fields
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

/// A field within a field, and so on.
pub(super) fn at<'a>(value: &'a Value, path: &[&str]) -> &'a Value {
    path.iter().fold(value, |value, name| get(value, name))
}

/// The text of a field, or nothing.
pub(super) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    get(value, name).as_str().unwrap_or_default()
}

/// The first of some texts that is not empty.
pub(super) fn first<const N: usize>(texts: [&str; N]) -> &str {
    texts
        .into_iter()
        .find(|text| !text.is_empty())
        .unwrap_or_default()
}

/// The elements of a field that is an array.
pub(super) fn items(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// A number, also one that is written as a text.
pub(super) fn number(value: &Value) -> Option<f64> {
    let number = match value {
        Value::String(text) => text.trim().parse().ok(),
        other => other.as_f64(),
    };
    number.filter(|number| number.is_finite())
}

/// A number without a fraction that is not negative.
pub(super) fn whole(value: &Value) -> Option<u32> {
    let number = number(value)?;
    let is_whole = number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&number);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is whole and within the bounds"
    )]
    is_whole.then_some(number as u32)
}

/// An instant as AWS writes it: `2021-11-10T02:45:55.640+0000`, `2021-11-10T02:45:55Z`,
/// `2023-01-02 12:45:06.000` in UTC, or `Fri, 27 Jan 2023 06:02:51 GMT`.
pub(super) fn instant(text: &str) -> Option<Timestamp> {
    if let Ok(instant) = text.parse() {
        return Some(instant);
    }
    if let Ok(civil) = text.parse::<DateTime>() {
        return TimeZone::UTC.to_timestamp(civil).ok();
    }
    rfc2822::DateTimeParser::new()
        .relaxed_weekday(true)
        .parse_timestamp(text)
        .ok()
}

/// The JSON object or array in a text. A lone string or number is no more than a text.
pub(super) fn parse(text: &str) -> Option<Value> {
    let text = text.trim_start_matches('\u{feff}').trim();
    text.starts_with(['{', '['])
        .then(|| serde_json::from_str(text).ok())?
}

/// What an ARN tells.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html>
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Arn<'a> {
    pub(super) region: &'a str,
    pub(super) account: &'a str,
    /// What comes after the account: `service/cluster/name`, `alarm:name`.
    pub(super) resource: &'a str,
}

impl<'a> Arn<'a> {
    /// Reads an ARN; every part of what is none is empty.
    pub(super) fn read(text: &'a str) -> Self {
        let mut parts = text.splitn(6, ':');
        if parts.next() != Some("arn") {
            return Self::default();
        }
        let mut part = || parts.next().unwrap_or_default();
        let (_partition, _service) = (part(), part());
        Self {
            region: part(),
            account: part(),
            resource: part(),
        }
    }

    /// The name after the last slash.
    pub(super) fn name(self) -> &'a str {
        self.resource.rsplit_once('/').map_or("", |(_, name)| name)
    }
}

/// A key that the table takes: one that is too long becomes its digest.
pub(super) fn key(key: String) -> String {
    if key.len() <= LONGEST_KEY && !key.chars().any(char::is_control) {
        return key;
    }
    let kind = key.split('/').next().unwrap_or_default();
    let kind: String = kind.chars().take(20).collect();
    format!("{kind}/{}", digest_of_text(&key))
}

/// A digest of a value that is the same for every delivery of it, in this release and the next.
pub(super) fn digest(value: &Value) -> String {
    let mut fnv = Fnv::new();
    write(value, &mut |piece| {
        fnv.add(piece);
        true
    });
    fnv.shown()
}

/// The same of a text.
pub(super) fn digest_of_text(text: &str) -> String {
    let mut fnv = Fnv::new();
    fnv.add(text);
    fnv.shown()
}

/// FNV-1a with 128 bits: the standard library's hash may change from one release to the next.
/// <https://datatracker.ietf.org/doc/draft-eastlake-fnv/>
struct Fnv(u128);

impl Fnv {
    const PRIME: u128 = (1 << 88) + 0x13b;

    fn new() -> Self {
        Self(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d)
    }

    fn add(&mut self, text: &str) {
        for byte in text.bytes() {
            self.0 = (self.0 ^ u128::from(byte)).wrapping_mul(Self::PRIME);
        }
    }

    fn shown(&self) -> String {
        format!("{:032x}", self.0)
    }
}

/// JSON on one line, as much as fits into so many bytes and a little more.
pub(super) fn compact(value: &Value, bytes: usize) -> String {
    let mut line = String::new();
    write(value, &mut |piece| {
        line.push_str(piece);
        line.len() < bytes
    });
    line
}

/// Writes JSON piece by piece, fields in the order of their names, until the sink has enough.
/// Without recursion: the writer of `serde_json` needs stack for each level.
fn write(value: &Value, sink: &mut dyn FnMut(&str) -> bool) {
    enum Step<'a> {
        Value(&'a Value),
        Name(&'a str),
        Sign(&'static str),
    }
    let mut steps = vec![Step::Value(value)];
    while let Some(step) = steps.pop() {
        let wants_more = match step {
            Step::Sign(sign) => sink(sign),
            Step::Name(name) => sink(&quoted(name)) && sink(":"),
            Step::Value(Value::Array(items)) => {
                steps.push(Step::Sign("]"));
                for (number, item) in items.iter().enumerate().rev() {
                    steps.push(Step::Value(item));
                    if number > 0 {
                        steps.push(Step::Sign(","));
                    }
                }
                sink("[")
            }
            Step::Value(Value::Object(fields)) => {
                let mut fields: Vec<_> = fields.iter().collect();
                fields.sort_unstable_by_key(|(name, _)| *name);
                steps.push(Step::Sign("}"));
                for (number, (name, field)) in fields.into_iter().enumerate().rev() {
                    steps.push(Step::Value(field));
                    steps.push(Step::Name(name));
                    if number > 0 {
                        steps.push(Step::Sign(","));
                    }
                }
                sink("{")
            }
            Step::Value(Value::String(text)) => sink(&quoted(text)),
            Step::Value(scalar) => sink(&scalar.to_string()),
        };
        if !wants_more {
            return;
        }
    }
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

/// Whether a value is nested deeper than any that was parsed from text.
pub(super) fn is_too_deep(value: &Value) -> bool {
    let mut rest = vec![(value, 0)];
    while let Some((value, depth)) = rest.pop() {
        if depth > DEEPEST {
            return true;
        }
        match value {
            Value::Array(items) => rest.extend(items.iter().map(|item| (item, depth + 1))),
            Value::Object(fields) => rest.extend(fields.values().map(|field| (field, depth + 1))),
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests;
