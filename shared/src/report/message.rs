//! The form in which a piece of news travels between our own functions: typed, and in words beside
//! it, so that also who does not know the type can show it.

use jiff::{Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};

use super::{
    News, Severity,
    text::{Place, Text},
};

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
    /// What stands apart from the words, in a thread where there are threads: the last lines of a
    /// log, masked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub excerpt: Vec<String>,
}

impl Message {
    /// A piece of news in the words of a place.
    #[must_use]
    pub fn new(news: &News, text: &Text, place: &Place<'_>) -> Self {
        Self {
            nightshift: VERSION,
            function: place.teller.to_owned(),
            estate: place.estate.to_owned(),
            account: place.account.to_owned(),
            region: place.region.to_owned(),
            at: place.now,
            severity: news.severity(),
            thread: thread(place.estate, news, place.now, place.zone),
            news: news.clone(),
            title: text.title.clone(),
            lines: text.lines.clone(),
            excerpt: text.excerpt.clone(),
        }
    }
}

/// What a piece of news belongs to: falling asleep and being up again are one night, also where the
/// night lasts from Friday to Tuesday; a deployment that fails is one story; anything else is of its
/// day.
#[must_use]
pub fn thread(estate: &str, news: &News, at: Timestamp, zone: &TimeZone) -> String {
    if let News::Rollback { story } = news {
        return story.thread(estate);
    }
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
    use crate::report::{
        rollback::{Stage, Story},
        text::samples,
    };

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

    #[test]
    fn the_stages_of_a_deployment_are_one_story_whenever_they_are_told() {
        let zone = TimeZone::get("Asia/Tokyo").unwrap();
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let told = |story: Story, now| {
            let news = News::Rollback {
                story: Box::new(story),
            };
            thread("e", &news, at(now), &zone)
        };
        let failing = Story {
            stage: Stage::Failing,
            ..samples::rollback::rolled_back()
        };
        let other = Story {
            thread: "ecs-svc/2".to_owned(),
            ..failing.clone()
        };
        let before = told(failing, "2026-11-24T14:59:00Z");
        let after = told(samples::rollback::rolled_back(), "2026-11-24T15:01:00Z");
        assert_eq!(before, after);
        assert_ne!(before, told(other, "2026-11-24T14:59:00Z"));
    }

    #[test]
    fn a_message_without_an_excerpt_is_read_and_written_as_before() {
        let text = r#"{"nightshift":1,"function":"power-staging","estate":"e","account":"1","region":"r",
            "at":"2026-11-20T10:00:00Z","severity":"quiet","thread":"t",
            "news":{"code":"restarted_by_aws","resource":"db"},"title":"a","lines":["b"]}"#;
        let message: Message = serde_json::from_str(text).unwrap();
        assert!(message.excerpt.is_empty());
        assert!(!serde_json::to_string(&message).unwrap().contains("excerpt"));
    }
}
