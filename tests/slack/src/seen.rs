//! What was asked of the server: each request as it came, in order, without its secrets.

use std::collections::BTreeMap;
use std::time::Instant;

use serde_json::Value;

use crate::trouble::Trouble;

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Seen {
    /// When it was read to its end.
    pub at: Instant,
    /// What it is: a method of the API (`chat.postMessage`), `upload` or `webhook`.
    pub name: String,
    /// `POST` and the like.
    pub method: String,
    /// The path. Of a webhook or an upload only its beginning: the rest is secret.
    pub path: String,
    /// All headers but `authorization`, by their names in lower case.
    pub headers: BTreeMap<String, String>,
    /// Whether it carried the right secret: the token, the webhook's or the upload's.
    pub token: Token,
    /// The body: JSON as it was, a form as an object of strings, bytes as `{"bytes": 123}`.
    pub body: Value,
    /// What went wrong on command.
    pub trouble: Option<Trouble>,
    /// How it was answered; nothing while it waits, or when it was cut off.
    pub answer: Option<Answered>,
}

/// Whether a request carried the right secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token {
    /// It did.
    Right,
    /// It carried another.
    Wrong,
    /// It carried none.
    Missing,
}

/// How a request was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The status.
    pub status: u16,
    /// Slack's code of what was wrong, if anything was.
    pub error: Option<String>,
}
