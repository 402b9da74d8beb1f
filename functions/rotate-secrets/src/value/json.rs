//! One key's value of a JSON secret is replaced; every other byte stays, spelling and spaces too.
//!
//! `serde_json` validates the whole text and says where each value lies; nothing is written anew but
//! that one string.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use thiserror::Error;
use zeroize::Zeroizing;

use super::Value;

/// What is wrong with a JSON secret. It never shows any part of a value.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum JsonError {
    /// It is no JSON object.
    #[error("the secret is not a JSON object (line {line}, column {column})")]
    NotAnObject {
        /// Where reading stopped, from 1 on.
        line: usize,
        /// Where in that line.
        column: usize,
    },
    /// Readers differ in which of two they take.
    #[error(
        "the secret's JSON has one key twice: readers differ in which of the two they take; remove one"
    )]
    Twice,
    /// The key is not there.
    #[error("the secret's JSON has no key {0}")]
    NoKey(String),
    /// The key's value is a number, an object or the like.
    #[error("the value of {0} in the secret's JSON is not a string")]
    NotAString(String),
    /// The new text does not read back as what it should: nothing may be done with it.
    #[error("the new JSON does not read back as the old one with {0} replaced")]
    NotReproduced(String),
}

/// The string under a key.
///
/// # Errors
/// When the text is no JSON object with each key once and a string under this one.
pub fn read(text: &Value, key: &str) -> Result<Value, JsonError> {
    let members = Members::of(text.expose())?;
    let raw = members.value(key)?;
    string(raw).ok_or_else(|| JsonError::NotAString(key.to_owned()))
}

/// The same text with another string under one key.
///
/// # Errors
/// As [`read`]; and when the new text does not read back as the old one with that value replaced.
pub fn replaced(text: &Value, key: &str, value: &Value) -> Result<Value, JsonError> {
    let old = text.expose();
    let members = Members::of(old)?;
    let raw = members.value(key)?;
    if string(raw).is_none() {
        return Err(JsonError::NotAString(key.to_owned()));
    }
    let broken = || JsonError::NotReproduced(key.to_owned());
    let place = place(old, raw).ok_or_else(broken)?;
    let before = old.get(..place.start).ok_or_else(broken)?;
    let after = old.get(place.end..).ok_or_else(broken)?;
    let written = written(value).ok_or_else(broken)?;
    let mut new = Zeroizing::new(String::with_capacity(old.len() + written.len()));
    new.push_str(before);
    new.push_str(&written);
    new.push_str(after);
    let same = Members::of(&new).is_ok_and(|it| it.is(&members, key, value));
    if same {
        Ok(Value::new(new))
    } else {
        Err(broken())
    }
}

/// A text's members in their order, each value as it is written.
struct Members<'a>(Vec<(String, &'a str)>);

impl<'a> Members<'a> {
    fn of(text: &'a str) -> Result<Self, JsonError> {
        // What the error says may quote the text; only where it stopped is kept.
        let members: Self = serde_json::from_str(text).map_err(|error| JsonError::NotAnObject {
            line: error.line(),
            column: error.column(),
        })?;
        let keys: BTreeSet<&str> = members.0.iter().map(|(key, _)| key.as_str()).collect();
        if keys.len() < members.0.len() {
            return Err(JsonError::Twice);
        }
        Ok(members)
    }

    fn value(&self, key: &str) -> Result<&'a str, JsonError> {
        let found = self.0.iter().find(|(name, _)| name == key);
        found
            .map(|(_, raw)| *raw)
            .ok_or_else(|| JsonError::NoKey(key.to_owned()))
    }

    /// Whether this is `old` with `value` under `key`.
    fn is(&self, old: &Self, key: &str, value: &Value) -> bool {
        let both = self.0.iter().zip(&old.0);
        let mut same = both.map(|((name, new), (former, old))| {
            let kept = if name == key {
                string(new).is_some_and(|new| new == *value)
            } else {
                new == old
            };
            name == former && kept
        });
        self.0.len() == old.0.len() && same.all(|same| same)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Vec<(String, &'de str)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some((key, raw)) = map.next_entry::<String, &'de RawValue>()? {
                    members.push((key, raw.get()));
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(InOrder).map(Self)
    }
}

/// Where in a text a part of it lies.
fn place(text: &str, part: &str) -> Option<Range<usize>> {
    let start = part.as_ptr().addr().checked_sub(text.as_ptr().addr())?;
    let place = start..start.checked_add(part.len())?;
    (text.get(place.clone()) == Some(part)).then_some(place)
}

fn string(raw: &str) -> Option<Value> {
    serde_json::from_str::<String>(raw).ok().map(Value::new)
}

/// A value as JSON writes it, in one piece of memory that is wiped.
fn written(value: &Value) -> Option<Zeroizing<String>> {
    // The longest escape of a byte is six: `\u0000`.
    let room = value.expose().len() * 6 + 2;
    let mut bytes = Zeroizing::new(Vec::with_capacity(room));
    serde_json::to_writer(&mut *bytes, value.expose()).ok()?;
    let mut text = Zeroizing::new(String::with_capacity(room));
    text.push_str(std::str::from_utf8(&bytes).ok()?);
    Some(text)
}

#[cfg(test)]
mod tests;
