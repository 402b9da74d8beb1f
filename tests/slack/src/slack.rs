//! The running server and everything that a test does with it: plan troubles, act as a person, ask
//! what came.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::message::{Author, Message};
use crate::options::Options;
use crate::rates::Rates;
use crate::seen::Seen;
use crate::serve::{Shared, serve};
use crate::trouble::{Plan, Trouble};
use crate::workspace::{Access, Channel, Content, Counts, Workspace, react};
use crate::{page, webhook};

/// A Slack workspace on loopback. It ends when this is dropped.
#[derive(Debug)]
pub struct Slack {
    address: SocketAddr,
    shared: Arc<Shared>,
    server: JoinHandle<Infallible>,
}

impl Slack {
    /// A workspace with the channels `ops` and `alerts`.
    ///
    /// # Errors
    /// When there is no port to listen on.
    pub async fn start() -> Result<Self> {
        Self::with(Options::default()).await
    }

    /// A workspace as wanted.
    ///
    /// # Errors
    /// When the port cannot be listened on.
    pub async fn with(options: Options) -> Result<Self> {
        let wanted = (Ipv4Addr::LOCALHOST, options.port);
        let listener = TcpListener::bind(wanted)
            .await
            .with_context(|| format!("the port {} of the local Slack", options.port))?;
        let address = listener.local_addr()?;
        let workspace = Workspace::new(options, format!("http://{address}"));
        let shared = Arc::new(Shared::new(workspace));
        let server = tokio::spawn(serve(listener, Arc::clone(&shared)));
        Ok(Self {
            address,
            shared,
            server,
        })
    }

    /// Where it listens, `http://127.0.0.1:1234`: the page, and the root of the other addresses.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What stands in for `https://slack.com/api`.
    #[must_use]
    pub fn api(&self) -> String {
        format!("{}/api", self.url())
    }

    /// The page of a channel.
    #[must_use]
    pub fn page(&self, channel: &str) -> String {
        let name = channel.trim_start_matches('#');
        format!("{}/channels/{}", self.url(), page::encoded(name))
    }

    /// The token that is valid now.
    #[must_use]
    pub fn token(&self) -> String {
        self.shared.lock().token.clone()
    }

    /// A new incoming webhook into a channel: its whole address, which is a secret. A channel that does not exist is made.
    #[must_use]
    pub fn webhook(&self, channel: &str) -> String {
        let mut workspace = self.shared.lock();
        let id = match workspace.channel(channel) {
            Some(channel) => channel.id.clone(),
            None => workspace.add_channel(channel, Access::Public),
        };
        let hook = workspace.add_hook(&id);
        format!("{}/services/{}", self.url(), webhook::path(&hook))
    }

    /// The next requests, or those that the plan is about, go wrong.
    pub fn will(&self, plan: impl Into<Plan>) {
        self.shared.lock().troubles.plan(plan.into());
    }

    /// Each request for which nothing is planned goes wrong with these probabilities, drawn from one
    /// seed.
    pub fn misbehave(&self, seed: u64, chances: impl IntoIterator<Item = (f64, Trouble)>) {
        let chances = chances.into_iter().collect();
        self.shared.lock().troubles.chance(seed, chances);
    }

    /// From now on nothing goes wrong.
    pub fn behave(&self) {
        self.shared.lock().troubles.end();
    }

    /// How many planned troubles have not come.
    #[must_use]
    pub fn troubles_left(&self) -> u32 {
        self.shared.lock().troubles.left()
    }

    /// From now on rates are kept, or not.
    pub fn keep_rates(&self, rates: Option<Rates>) {
        self.shared.lock().rates = rates;
    }

    /// From now on a file whose upload is complete is refused in so many messages before it may be
    /// shown: Slack looks at it first, for about a second
    /// (<https://github.com/slackapi/python-slack-sdk/issues/1521>).
    pub fn refuse_new_files(&self, times: u32) {
        self.shared.lock().slow_files = times;
    }

    /// Gives out another token. The one before is no longer valid.
    pub fn renew_token(&self, token: &str) {
        let mut workspace = self.shared.lock();
        token.clone_into(&mut workspace.token);
        workspace.token_refused = false;
    }

    /// What the token may do from now on.
    pub fn grant(&self, scopes: &[&str]) {
        let scopes = scopes.iter().map(|&scope| scope.to_owned());
        self.shared.lock().scopes = scopes.collect();
    }

    /// A channel more; its id.
    #[must_use]
    pub fn add_channel(&self, name: &str, access: Access) -> String {
        self.shared.lock().add_channel(name, access)
    }

    /// The id of a channel.
    #[must_use]
    pub fn id(&self, channel: &str) -> Option<String> {
        let mut workspace = self.shared.lock();
        workspace.channel(channel).map(|channel| channel.id.clone())
    }

    /// A channel takes nothing more.
    ///
    /// # Errors
    /// When there is no such channel.
    pub fn archive(&self, channel: &str) -> Result<()> {
        self.channel(channel, |channel| channel.archived = true)
    }

    /// A channel is gone, with all that stands in it.
    ///
    /// # Errors
    /// When there is no such channel.
    pub fn remove(&self, channel: &str) -> Result<()> {
        let gone = self.channel(channel, |channel| channel.id.clone())?;
        let mut workspace = self.shared.lock();
        workspace.channels.retain(|channel| channel.id != gone);
        Ok(())
    }

    /// A person is in the workspace.
    pub fn add_person(&self, id: &str, name: &str) {
        let mut workspace = self.shared.lock();
        workspace.people.insert(id.to_owned(), name.to_owned());
    }

    /// A person writes; the message's `ts`.
    ///
    /// # Errors
    /// When there is no such channel.
    pub fn say(
        &self,
        channel: &str,
        user: &str,
        text: &str,
        thread: Option<&str>,
    ) -> Result<String> {
        let id = self.channel(channel, |channel| channel.id.clone())?;
        let content = Content {
            text: Some(text.to_owned()),
            ..Content::default()
        };
        let author = Author::Person(user.to_owned());
        let said = self.shared.lock().post(&id, author, thread, content);
        self.shared.changed.notify_waiters();
        said.map(|said| said.ts).context("the channel is gone")
    }

    /// A person reacts. Twice the same is once.
    ///
    /// # Errors
    /// When there is no such message.
    pub fn react(&self, channel: &str, ts: &str, user: &str, emoji: &str) -> Result<()> {
        self.message(channel, ts, |message| {
            react(message, user, emoji);
        })
    }

    /// A person takes a reaction back.
    ///
    /// # Errors
    /// When there is no such message.
    pub fn unreact(&self, channel: &str, ts: &str, user: &str, emoji: &str) -> Result<()> {
        self.message(channel, ts, |message| {
            for reaction in message.reactions.iter_mut().filter(|it| it.name == emoji) {
                reaction.users.retain(|known| known != user);
            }
            message.reactions.retain(|it| !it.users.is_empty());
        })
    }

    /// A person takes a message away. What is replied to it later goes into the channel.
    ///
    /// # Errors
    /// When there is no such message.
    pub fn delete(&self, channel: &str, ts: &str) -> Result<()> {
        self.message(channel, ts, |_| ())?;
        self.channel(channel, |channel| {
            channel.messages.retain(|message| message.ts != ts);
        })
    }

    fn channel<T>(&self, name: &str, act: impl FnOnce(&mut Channel) -> T) -> Result<T> {
        let mut workspace = self.shared.lock();
        let channel = workspace
            .channel(name)
            .with_context(|| format!("there is no channel {name}"))?;
        let done = act(channel);
        drop(workspace);
        self.shared.changed.notify_waiters();
        Ok(done)
    }

    fn message<T>(
        &self,
        channel: &str,
        ts: &str,
        act: impl FnOnce(&mut Message) -> T,
    ) -> Result<T> {
        let found = self.channel(channel, |channel| channel.message(ts).map(act))?;
        found.with_context(|| format!("there is no message {ts} in {channel}"))
    }

    /// All messages of a channel that were accepted, replies among them, in order and as they are
    /// now.
    #[must_use]
    pub fn messages(&self, channel: &str) -> Vec<Message> {
        let mut workspace = self.shared.lock();
        let channel = workspace.channel(channel);
        channel.map_or_else(Vec::new, |channel| channel.messages.clone())
    }

    /// The replies to a message.
    #[must_use]
    pub fn replies(&self, channel: &str, ts: &str) -> Vec<Message> {
        let mut workspace = self.shared.lock();
        let channel = workspace.channel(channel);
        channel.map_or_else(Vec::new, |channel| channel.replies(ts).cloned().collect())
    }

    /// The bytes of a file that was uploaded.
    #[must_use]
    pub fn file(&self, id: &str) -> Option<Vec<u8>> {
        self.shared.lock().files.get(id)?.bytes.clone()
    }

    /// All requests as they came.
    #[must_use]
    pub fn requests(&self) -> Vec<Seen> {
        self.shared.lock().seen.clone()
    }

    /// The requests of one name, `chat.update` for instance.
    #[must_use]
    pub fn requests_to(&self, name: &str) -> Vec<Seen> {
        let mut seen = self.requests();
        seen.retain(|seen| seen.name == name);
        seen
    }

    /// How much of what was done.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.shared.lock().counts
    }

    /// A channel as data, the same that its page shows.
    #[must_use]
    pub fn as_json(&self, channel: &str) -> Option<Value> {
        let mut workspace = self.shared.lock();
        let id = workspace.channel(channel)?.id.clone();
        page::data(&workspace, &id)
    }

    /// Waits until something is so; whether it came to be in this time. It is asked after each request
    /// and each act of a person.
    pub async fn until(&self, within: Duration, so: impl Fn(&Self) -> bool) -> bool {
        let waiting = async {
            loop {
                let changed = self.shared.changed.notified();
                tokio::pin!(changed);
                // From here on no change is missed, also one between the look and the wait.
                changed.as_mut().enable();
                if so(self) {
                    return;
                }
                changed.await;
            }
        };
        tokio::time::timeout(within, waiting).await.is_ok()
    }
}

impl Drop for Slack {
    fn drop(&mut self) {
        self.server.abort();
    }
}
