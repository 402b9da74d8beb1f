//! The form in which a piece of news travels between our own functions: typed, and in words beside
//! it, so that also who does not know the type can show it.

use jiff::{Timestamp, tz::TimeZone};
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

/// What a piece of news belongs to: falling asleep and being up again are one night, also where the
/// night lasts from Friday to Tuesday; anything else is of its day.
#[must_use]
pub fn thread(estate: &str, news: &News, at: Timestamp, zone: &TimeZone) -> String {
    let night = match news {
        News::Asleep { began, .. } => Some(*began),
        News::Ready { slept_at, .. } => *slept_at,
        News::NightSummary { night } => Some(night.began),
        _ => None,
    };
    let local = night.unwrap_or(at).to_zoned(zone.clone());
    match night {
        Some(_) => format!("{estate}/{}", local.strftime("%Y-%m-%dT%H:%M")),
        None => format!("{estate}/{}", local.date()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn falling_asleep_and_being_up_again_are_one_night() {
        let instant = |text: &str| text.parse::<Timestamp>().unwrap();
        let zone = TimeZone::get("Asia/Tokyo").unwrap();
        let began = instant("2026-11-20T10:00:00Z");
        let asleep = News::Asleep {
            began,
            services: 1,
            databases: 1,
            until: None,
        };
        let ready = News::Ready {
            opening: None,
            woke_seconds: 60,
            database_seconds: None,
            services: Vec::new(),
            slept_at: Some(began),
            changed: Vec::new(),
            left_at_zero: Vec::new(),
            saved: None,
            still_billed: Vec::new(),
        };
        let evening = thread("e", &asleep, instant("2026-11-20T10:05:00Z"), &zone);
        let morning = thread("e", &ready, instant("2026-11-24T00:00:00Z"), &zone);
        assert_eq!(
            (evening.as_str(), &evening),
            ("e/2026-11-20T19:00", &morning)
        );
        let other = News::RestartedByAws {
            resource: "db".to_owned(),
        };
        let other = thread("e", &other, instant("2026-11-20T16:00:00Z"), &zone);
        assert_eq!(other, "e/2026-11-21");
    }
}
