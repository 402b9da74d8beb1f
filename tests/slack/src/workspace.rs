//! The workspace behind the server: channels, people, files, webhooks and what was asked. Nothing
//! here knows HTTP, and one lock holds all of it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;

use crate::message::{Author, Message, Reaction};
use crate::options::{Clock, Options};
use crate::rates::{Limiter, Rates, Tier};
use crate::seen::Seen;
use crate::trouble::Troubles;

/// The app's own user.
pub(crate) const BOT_USER: &str = "U0NIGHTSH1";
pub(crate) const BOT: &str = "B0NIGHTSH1";
pub(crate) const TEAM: &str = "T0NIGHTSH1";

/// Whether the app may see and write in a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// It was invited.
    Member,
    /// A public channel that it was not invited to.
    Public,
    /// A private channel that it was not invited to: for the app it does not exist.
    Private,
}

#[derive(Clone, Debug)]
pub(crate) struct Channel {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) access: Access,
    pub(crate) archived: bool,
    pub(crate) messages: Vec<Message>,
}

impl Channel {
    pub(crate) fn message(&mut self, ts: &str) -> Option<&mut Message> {
        self.messages.iter_mut().find(|message| message.ts == ts)
    }

    /// The replies to a message, in order.
    pub(crate) fn replies<'a>(&'a self, ts: &'a str) -> impl Iterator<Item = &'a Message> {
        self.messages
            .iter()
            .filter(move |message| message.thread.as_deref() == Some(ts))
    }
}

/// A file between its announcement and its use.
#[derive(Clone, Debug, Default)]
pub(crate) struct File {
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) length: usize,
    /// The last part of the address that it is uploaded to.
    pub(crate) ticket: String,
    pub(crate) bytes: Option<Vec<u8>>,
    pub(crate) complete: bool,
    /// For how many more messages that name it it is still being looked at.
    pub(crate) not_ready: u32,
}

/// An incoming webhook.
#[derive(Clone, Debug)]
pub(crate) struct Hook {
    pub(crate) app: String,
    pub(crate) secret: String,
    pub(crate) channel: String,
    /// No longer valid, because a test took the secret back.
    pub(crate) refused: bool,
}

/// How much of what was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Requests to the API, to upload addresses and to webhooks.
    pub requests: usize,
    /// Messages of the app that were accepted, replies among them, whether it was told or not.
    pub posted: usize,
    /// Updates that were accepted.
    pub updated: usize,
    /// Reactions of the app.
    pub reacted: usize,
    /// Files whose bytes arrived.
    pub uploaded: usize,
    /// Requests that were answered with anything but success.
    pub refused: usize,
    /// Requests that were carried out and whose sender was not told.
    pub lost: usize,
}

pub(crate) struct Workspace {
    pub(crate) clock: Clock,
    pub(crate) zone: TimeZone,
    pub(crate) url: String,
    pub(crate) token: String,
    pub(crate) token_refused: bool,
    pub(crate) scopes: BTreeSet<String>,
    pub(crate) channels: Vec<Channel>,
    pub(crate) people: BTreeMap<String, String>,
    pub(crate) files: BTreeMap<String, File>,
    pub(crate) slow_files: u32,
    pub(crate) hooks: Vec<Hook>,
    pub(crate) rates: Option<Rates>,
    pub(crate) limiter: Limiter,
    pub(crate) troubles: Troubles,
    pub(crate) seen: Vec<Seen>,
    pub(crate) counts: Counts,
    began: Instant,
    last_ts: i64,
    made: u32,
}

impl Workspace {
    pub(crate) fn new(options: Options, url: String) -> Self {
        let mut workspace = Self {
            clock: options.clock,
            zone: options.zone,
            url,
            token: options.token,
            token_refused: false,
            scopes: options.scopes.into_iter().collect(),
            channels: Vec::new(),
            people: BTreeMap::new(),
            files: BTreeMap::new(),
            slow_files: 0,
            hooks: Vec::new(),
            rates: options.rates,
            limiter: Limiter::default(),
            troubles: Troubles::default(),
            seen: Vec::new(),
            counts: Counts::default(),
            began: Instant::now(),
            last_ts: 0,
            made: 0,
        };
        for name in &options.channels {
            workspace.add_channel(name, Access::Member);
        }
        workspace
            .people
            .insert(BOT_USER.to_owned(), "nightshift".to_owned());
        workspace
    }

    /// The time since it began, for rates.
    pub(crate) fn since(&self) -> Duration {
        self.began.elapsed()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A number that nothing else has.
    pub(crate) fn number(&mut self) -> u32 {
        self.made += 1;
        self.made
    }

    /// A `ts` that is later than all others: seconds, a dot and six digits.
    pub(crate) fn ts(&mut self) -> String {
        let now = self.now().as_second().saturating_mul(1_000_000);
        self.last_ts = now.max(self.last_ts).saturating_add(100);
        format!(
            "{}.{:06}",
            self.last_ts / 1_000_000,
            self.last_ts % 1_000_000
        )
    }

    pub(crate) fn add_channel(&mut self, name: &str, access: Access) -> String {
        let id = format!("C0{:08}", self.number());
        self.channels.push(Channel {
            id: id.clone(),
            name: name.trim_start_matches('#').to_owned(),
            access,
            archived: false,
            messages: Vec::new(),
        });
        id
    }

    pub(crate) fn add_hook(&mut self, channel: &str) -> Hook {
        let number = self.number();
        let hook = Hook {
            app: format!("B0{number:08}"),
            secret: format!("hook-secret-{number}"),
            channel: channel.to_owned(),
            refused: false,
        };
        self.hooks.push(hook.clone());
        hook
    }

    /// By id or, as `chat.postMessage` takes it, by name with or without `#`.
    pub(crate) fn channel(&mut self, id_or_name: &str) -> Option<&mut Channel> {
        let name = id_or_name.trim_start_matches('#');
        self.channels
            .iter_mut()
            .find(|channel| channel.id == id_or_name || channel.name == name)
    }

    /// By id alone, as all other methods take it.
    pub(crate) fn channel_by_id(&mut self, id: &str) -> Option<&mut Channel> {
        self.channels.iter_mut().find(|channel| channel.id == id)
    }

    /// What a person or the app is called.
    pub(crate) fn called(&self, user: &str) -> Option<&str> {
        self.people.get(user).map(String::as_str)
    }

    /// Takes one call out of its bucket, where rates are kept.
    pub(crate) fn within_rates(&mut self, tier: Tier, key: &str) -> Result<(), u64> {
        let now = self.since();
        let Some(rates) = self.rates else {
            return Ok(());
        };
        self.limiter.take(&rates, tier, key, now)
    }

    /// Puts a message into a channel, which must exist. A reply to what is not there, or is a reply
    /// itself, goes into the channel as if nothing had been said of a thread: Slack reports no error,
    /// only the answer's `message` lacks `thread_ts`
    /// (<https://github.com/slack-go/slack/issues/1571>).
    pub(crate) fn post(
        &mut self,
        channel: &str,
        author: Author,
        thread: Option<&str>,
        content: Content,
    ) -> Option<Message> {
        let (ts, at) = (self.ts(), self.now());
        let channel = self.channel_by_id(channel)?;
        let thread = thread.filter(|thread| {
            channel
                .messages
                .iter()
                .any(|message| message.ts == **thread && !message.is_reply())
        });
        let message = Message {
            ts,
            thread: thread.map(str::to_owned),
            at,
            author,
            text: content.text.unwrap_or_default(),
            blocks: content.blocks.unwrap_or_default(),
            attachments: content.attachments.unwrap_or_default(),
            files: content.files,
            reactions: Vec::new(),
            edits: 0,
        };
        channel.messages.push(message.clone());
        if !matches!(message.author, Author::Person(_)) {
            self.counts.posted += 1;
        }
        Some(message)
    }
}

/// What a message is made of; what is `None` was not said.
#[derive(Clone, Debug, Default)]
pub(crate) struct Content {
    pub(crate) text: Option<String>,
    pub(crate) blocks: Option<Vec<Value>>,
    pub(crate) attachments: Option<Vec<Value>>,
    pub(crate) files: Vec<String>,
}

/// Adds a reaction; answers whether it is new.
pub(crate) fn react(message: &mut Message, user: &str, name: &str) -> bool {
    let user = user.to_owned();
    match message
        .reactions
        .iter_mut()
        .find(|known| known.name == name)
    {
        Some(known) if known.users.contains(&user) => return false,
        Some(known) => known.users.push(user),
        None => message.reactions.push(Reaction {
            name: name.to_owned(),
            users: vec![user],
        }),
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workspace() -> Workspace {
        Workspace::new(Options::default(), String::new())
    }

    fn said(text: &str) -> Content {
        Content {
            text: Some(text.to_owned()),
            ..Content::default()
        }
    }

    #[test]
    fn every_message_has_a_later_ts_also_when_the_clock_goes_back() {
        let mut workspace = workspace();
        let first = workspace.ts();
        assert_eq!(first, "1700000000.000100");
        workspace.clock = Clock::fixed(Timestamp::UNIX_EPOCH);
        assert_eq!(workspace.ts(), "1700000000.000200");
    }

    #[test]
    fn a_reply_to_what_is_not_there_or_is_a_reply_goes_into_the_channel() {
        let mut workspace = workspace();
        let id = workspace.channel("ops").unwrap().id.clone();
        let mut post = |thread: Option<&str>| {
            let post = workspace.post(&id, Author::App, thread, said("x"));
            post.unwrap()
        };
        let first = post(None);
        let reply = post(Some(&first.ts));
        assert_eq!(reply.thread.as_ref(), Some(&first.ts));
        assert_eq!(post(Some(&reply.ts)).thread, None);
        assert_eq!(post(Some("1600000000.000100")).thread, None);
    }

    #[test]
    fn names_are_taken_with_and_without_the_hash_and_ids_as_they_are() {
        let mut workspace = workspace();
        let id = workspace.channel("#ops").unwrap().id.clone();
        assert_eq!(workspace.channel("ops").unwrap().id, id);
        assert_eq!(workspace.channel(&id).unwrap().name, "ops");
        assert!(workspace.channel_by_id("ops").is_none());
    }

    #[test]
    fn nobody_reacts_twice_with_the_same() {
        let mut workspace = workspace();
        let id = workspace.channel("ops").unwrap().id.clone();
        let ts = workspace
            .post(&id, Author::App, None, said("x"))
            .unwrap()
            .ts;
        let message = workspace.channel("ops").unwrap().message(&ts).unwrap();
        let new = [
            react(message, "U1", "x"),
            react(message, "U1", "x"),
            react(message, "U2", "x"),
            react(message, "U1", "clock10"),
        ];
        assert_eq!(new, [true, false, true, true]);
        let [first, second] = message.reactions.as_slice() else {
            panic!("{:?}", message.reactions);
        };
        assert_eq!((first.users.len(), second.users.len()), (2, 1));
    }
}
