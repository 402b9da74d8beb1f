//! A document is data from a person: whatever is wrong with it is answered with the parameter,
//! the place and the mend, and never with a panic.

use std::fmt;

use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// The largest value of a standard SSM parameter, in bytes.
/// <https://docs.aws.amazon.com/general/latest/gr/ssm.html>
pub const LIMIT_BYTES: usize = 4096;

/// Why a document is not in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The parameter's name, or the file's.
    pub document: String,
    /// The line in the document, counted from 1, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// What is wrong, and how it is mended.
    pub text: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}, line {line}: {}", self.document, self.text),
            None => write!(f, "{}: {}", self.document, self.text),
        }
    }
}

impl std::error::Error for Problem {}

/// Reads a document of YAML, and so of JSON too.
///
/// # Errors
/// All that is wrong with it; at least one problem.
pub(super) fn read<T: DeserializeOwned>(
    document: &str,
    text: &str,
    problems: impl Fn(&T) -> Vec<String>,
) -> Result<T, Vec<Problem>> {
    if text.len() > LIMIT_BYTES {
        return Err(vec![Problem {
            document: document.to_owned(),
            line: None,
            text: format!(
                "{} bytes are more than the {LIMIT_BYTES} that a parameter holds: shorten it, \
                 or move its calendar to the company's document",
                text.len()
            ),
        }]);
    }
    let parsed = serde_saphyr::with_deserializer_from_str(text, |deserializer| {
        erased_serde::deserialize(&mut <dyn erased_serde::Deserializer<'_>>::erase(
            deserializer,
        ))
        .map_err(serde::de::Error::custom)
    });
    let value: T = parsed.map_err(|error| {
        let message = error.without_snippet().to_string();
        // The parser writes the place behind the message, once for each level that it passed.
        let (text, place) = message.split_once(" at line ").unwrap_or((&message, ""));
        let line = place.split(|c: char| !c.is_ascii_digit()).next();
        vec![Problem {
            document: document.to_owned(),
            line: line.and_then(|line| line.parse().ok()),
            text: plain(text),
        }]
    })?;
    let found = problems(&value);
    if found.is_empty() {
        return Ok(value);
    }
    Err(found
        .into_iter()
        .map(|text| Problem {
            document: document.to_owned(),
            line: None,
            text,
        })
        .collect())
}

/// The parser's message with its mend: a suggestion for a field that nobody knows, and people's
/// words for YAML's.
fn plain(message: &str) -> String {
    match message {
        "expected mapping start" => {
            "fields are expected here: write lines of `name: value`".to_owned()
        }
        "expected sequence start" => "a list is expected here: write `[one, another]`".to_owned(),
        "unexpected end of input" => "the document is empty, or ends too early".to_owned(),
        other => unknown_field(other).unwrap_or_else(|| other.to_owned()),
    }
}

/// ``unknown field `x`, expected one of a, b`` with the nearest name first.
fn unknown_field(message: &str) -> Option<String> {
    let rest = message.strip_prefix("unknown field `")?;
    let (field, rest) = rest.split_once("`, expected one of ")?;
    let known: Vec<&str> = rest
        .split(", ")
        .map(|name| name.trim_matches('`'))
        .collect();
    let hint = nearest(field, known.iter().copied())
        .map(|near| format!("did you mean `{near}`? "))
        .unwrap_or_default();
    Some(format!(
        "unknown field `{field}`: {hint}The fields here are {}",
        known.join(", ")
    ))
}

/// The known name that is most like this one, if any is like it at all.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(name, candidate), candidate))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}
