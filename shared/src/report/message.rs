//! The form in which a piece of news travels between our own functions: typed, and in words beside
//! it, so that also who does not know the type can show it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{News, Severity};

/// The version of [`Message`].
pub const VERSION: u32 = 1;

/// What functions that subscribe to the topic get.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// The version of this format.
    pub nightshift: u32,
    /// The function that tells.
    pub function: String,
    /// The estate that it tells of.
    pub estate: String,
    /// The account.
    pub account: String,
    /// The Region.
    pub region: String,
    /// When.
    pub at: Timestamp,
    /// How much it matters.
    pub severity: Severity,
    /// What belongs together in one message that grows: a night of an estate.
    pub thread: String,
    /// What happened.
    pub news: News,
    /// The same in words: the first line.
    pub title: String,
    /// The same in words: the lines after it.
    pub lines: Vec<String>,
}
