//! Sends what waits. An invocation succeeds when what it brought is in Slack, whoever sent it; it
//! fails otherwise, so that Lambda brings it again. Slack's wish to wait is kept, and more than a
//! few messages for one channel at once are folded.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};

use jiff::Timestamp;
use nightshift::{clock::Clock, report::Failure};
use serde_json::Value;
use tokio::time::{Instant, sleep, sleep_until};

use crate::{
    bedtime,
    context::{Context, NoWay},
    draft::Draft,
    outbox::Waiting,
    picture,
    plan::{self, Deed, FEW, House, Telling, Thread},
    render::{self, Digest, blocks},
    signal::{Alarm, Signal, What},
    slack::{Posted, Trouble, Way},
};

/// Between two messages for one channel. Slack takes one a second.
/// <https://docs.slack.dev/apis/web-api/rate-limits>
const APART: Duration = Duration::from_millis(1100);
/// What is left of the invocation for giving the lease back and for answering.
const LAST_WORDS: Duration = Duration::from_secs(5);
/// How long a picture may take until it is drawn and uploaded.
const PICTURE_TIME: Duration = Duration::from_secs(20);
/// So often a picture is tried to be put into its message.
const PICTURE_TRIES: u32 = 4;
/// Between the first two looks at whether another invocation has sent what this one brought; longer
/// and longer after that, because in a storm a thousand of them look.
const PEEK: Duration = Duration::from_secs(2);
const PEEK_AT_MOST: Duration = Duration::from_secs(10);

/// Why something was not sent.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Unsent {
    /// Slack, or the way to it, had something against it.
    #[error("{0}")]
    Slack(#[from] Trouble),
    /// There is no way to Slack.
    #[error("{0}")]
    NoWay(#[from] NoWay),
    /// The table cannot be read or written.
    #[error("{0}")]
    Table(Failure),
    /// No channel is named.
    #[error(
        "no channel is named for it: write `slack.channel` into the company's document, like `#ops`"
    )]
    NoChannel,
    /// The invocation's time is over.
    #[error("the invocation's time is over: it is brought again")]
    TimeIsOver,
    /// Another invocation took the lease over.
    #[error("another invocation sends meanwhile: it is brought again")]
    LeaseLost,
}

impl From<Failure> for Unsent {
    fn from(failure: Failure) -> Self {
        Self::Table(failure)
    }
}

impl Unsent {
    /// Whether there is no use in trying anything else in this invocation.
    const fn ends_all(&self) -> bool {
        match self {
            Self::Slack(trouble) => trouble.passes() || matches!(trouble, Trouble::Token { .. }),
            Self::NoWay(_) | Self::Table(_) | Self::TimeIsOver | Self::LeaseLost => true,
            Self::NoChannel => false,
        }
    }
}

/// Keeps signals in the table and sees to it that they are told. Answers what was not, by key.
pub async fn see_through(context: &Context<'_>, signals: Vec<Signal>) -> BTreeMap<String, Unsent> {
    let mut failed = BTreeMap::new();
    let mut keys = Vec::new();
    for signal in signals {
        let key = signal.key.clone();
        let waiting = Waiting {
            signal,
            arrived: context.now(),
        };
        match context.outbox.keep(&waiting).await {
            Ok(()) => keys.push(key),
            Err(failure) => {
                failed.insert(key, failure.into());
            }
        }
    }
    failed.extend(send(context, keys).await);
    failed
}

/// Sends until these keys are told, by this invocation or by another.
async fn send(context: &Context<'_>, keys: Vec<String>) -> BTreeMap<String, Unsent> {
    let mut pause = PEEK;
    loop {
        let mut courier = Courier::new(context);
        match courier.take_lease().await {
            Ok(true) => {
                let drained = courier.drain().await;
                // Whoever has the lease now sends what is left.
                if matches!(drained, Err(Unsent::LeaseLost)) {
                    continue;
                }
                if let Err(failure) = context.outbox.give_back().await {
                    nightshift::log::failure(plan::FUNCTION, "", &failure);
                }
                return courier.outcome(drained, &keys);
            }
            Ok(false) => {}
            Err(failure) => return of_all(&keys, &failure.into()),
        }
        if keys.is_empty() {
            return BTreeMap::new();
        }
        match context.outbox.told(&keys).await {
            Ok(told) if told.len() == keys.iter().collect::<BTreeSet<_>>().len() => {
                return BTreeMap::new();
            }
            Ok(_) => {}
            Err(failure) => return of_all(&keys, &failure.into()),
        }
        if Instant::now() + pause + LAST_WORDS >= context.deadline {
            return of_all(&keys, &Unsent::TimeIsOver);
        }
        sleep(pause).await;
        pause = (pause * 3 / 2).min(PEEK_AT_MOST);
    }
}

fn not_adorned(key: &str, unsent: &Unsent) {
    let detail = unsent.to_string();
    tracing::warn!(kind = "adorn", key, detail, "told without all of it");
}

fn of_all(keys: &[String], unsent: &Unsent) -> BTreeMap<String, Unsent> {
    keys.iter()
        .map(|key| (key.clone(), unsent.clone()))
        .collect()
}

/// The one who sends, as long as it holds the lease.
struct Courier<'a> {
    context: &'a Context<'a>,
    renewed: Instant,
    /// What could not be sent and will not be tried again by this invocation.
    failed: BTreeMap<String, Unsent>,
    /// Messages that get a picture when nothing waits any more.
    bare: VecDeque<Bare>,
}

/// An alarm's message without its picture.
struct Bare {
    alarm: Alarm,
    /// The thread's name in the table.
    name: String,
    thread: Thread,
    draft: Draft,
}

impl<'a> Courier<'a> {
    fn new(context: &'a Context<'a>) -> Self {
        Self {
            context,
            renewed: Instant::now(),
            failed: BTreeMap::new(),
            bare: VecDeque::new(),
        }
    }

    /// The wall's clock, not the one that is played: two invocations must agree on it.
    async fn take_lease(&mut self) -> Result<bool, Failure> {
        self.renewed = Instant::now();
        let now = Clock::system().now();
        let lease = self.context.function.settings.lease;
        let until = now.saturating_add(lease).unwrap_or(now);
        self.context.outbox.take_lease(now, until).await
    }

    /// A third of the lease: two renewals may fail to be in time.
    fn renew_every(&self) -> Duration {
        self.context.function.settings.lease.unsigned_abs() / 3
    }

    async fn renew(&mut self) -> Result<(), Unsent> {
        if self.renewed.elapsed() < self.renew_every() {
            return Ok(());
        }
        if self.take_lease().await? {
            Ok(())
        } else {
            Err(Unsent::LeaseLost)
        }
    }

    /// Waits until an instant, keeping the lease.
    async fn wait_until(&mut self, at: Instant) -> Result<(), Unsent> {
        if at + LAST_WORDS >= self.context.deadline {
            return Err(Unsent::TimeIsOver);
        }
        loop {
            self.renew().await?;
            let now = Instant::now();
            if now >= at {
                return Ok(());
            }
            sleep_until(at.min(now + self.renew_every())).await;
        }
    }

    fn outcome(self, drained: Result<(), Unsent>, keys: &[String]) -> BTreeMap<String, Unsent> {
        let mut failed = self.failed;
        failed.retain(|key, _| keys.contains(key));
        if let Err(unsent) = drained {
            // What ended everything ended it for whatever this invocation brought.
            let text = unsent.to_string();
            tracing::warn!(kind = "unsent", detail = text, "sending ended early");
            for key in keys {
                let entry = failed.entry(key.clone());
                entry.or_insert_with(|| unsent.clone());
            }
        }
        failed
    }

    /// Sends all that waits, until nothing does.
    async fn drain(&mut self) -> Result<(), Unsent> {
        let mut seen: Option<House> = None;
        loop {
            let signals = self.untold().await?;
            if signals.is_empty() {
                // A picture may take its time: an alert that came meanwhile goes first.
                let (Some(bare), Some(house)) = (self.bare.pop_front(), &seen) else {
                    return Ok(());
                };
                self.with_picture(bare, house).await;
                continue;
            }
            let (mut house, _) = self.context.house().await;
            // Whether messages can be drawn anew decides how they are told.
            house.remembers = self.context.way(&house.slack).await?.remembers();
            for (channel, signals) in self.by_channel(signals, &house) {
                if signals.len() > FEW {
                    self.send_folded(&channel, &signals, &house).await?;
                } else {
                    for signal in signals {
                        self.send_one(&signal, &house).await?;
                    }
                }
            }
            seen = Some(house);
        }
    }

    /// What waits and was neither told nor given up.
    async fn untold(&self) -> Result<Vec<Signal>, Unsent> {
        let outbox = &self.context.outbox;
        let mut signals: Vec<Signal> = outbox
            .waiting()
            .await?
            .into_iter()
            .map(|waiting| waiting.signal)
            .filter(|signal| !self.failed.contains_key(&signal.key))
            .collect();
        let keys: Vec<String> = signals.iter().map(|signal| signal.key.clone()).collect();
        let told = outbox.told(&keys).await?;
        if !told.is_empty() {
            signals.retain(|signal| !told.contains(&signal.key));
            let told: Vec<String> = told.into_iter().collect();
            outbox.drop_waiting(&told).await?;
        }
        Ok(signals)
    }

    fn by_channel(&self, signals: Vec<Signal>, house: &House) -> BTreeMap<String, Vec<Signal>> {
        let mut channels: BTreeMap<String, Vec<Signal>> = BTreeMap::new();
        for signal in signals {
            let channel = plan::channel_of(&signal, house, self.context.now());
            channels.entry(channel).or_default().push(signal);
        }
        channels
    }

    /// Gives a signal up for this invocation, or ends everything.
    fn give_up(&mut self, keys: &[String], unsent: Unsent) -> Result<(), Unsent> {
        if unsent.ends_all() {
            return Err(unsent);
        }
        // Perhaps somebody has named a channel, or another one, by now.
        self.context.doubt_documents();
        let text = unsent.to_string();
        for key in keys {
            tracing::warn!(kind = "unsent", key, detail = text, "not sent");
            self.failed.insert(key.clone(), unsent.clone());
        }
        Ok(())
    }

    async fn send_one(&mut self, signal: &Signal, house: &House) -> Result<(), Unsent> {
        let outbox = self.context.outbox.clone();
        let name = plan::thread_of(signal);
        let threads = outbox.threads(name.as_slice()).await?;
        let thread = name.as_ref().and_then(|name| threads.get(name));
        let now = self.context.now().max(signal.at);
        let mut telling = plan::tell(signal, thread, house, now);
        let posted = match self.do_deed(&mut telling, thread, house).await {
            Ok(posted) => posted,
            Err(unsent) => return self.give_up(std::slice::from_ref(&signal.key), unsent),
        };
        self.remember(&mut telling, posted.as_ref()).await?;
        if let Some(below) = telling.below.take() {
            self.post_below(&signal.key, &telling, *below, house).await;
        }
        outbox.tell(std::slice::from_ref(&signal.key), now).await?;
        tracing::info!(
            kind = "told",
            key = signal.key,
            channel = telling.channel,
            "told"
        );
        if let (Some(posted), Some(name)) = (&posted, &telling.thread) {
            self.adorn(signal, name, &telling, posted, house).await;
        }
        Ok(())
    }

    /// Does in Slack what the plan says. Answers where a new message was put.
    async fn do_deed(
        &mut self,
        telling: &mut Telling,
        thread: Option<&Thread>,
        house: &House,
    ) -> Result<Option<Posted>, Unsent> {
        let known = thread.and_then(|thread| Some((&thread.channel, thread.ts.as_ref()?)));
        match (&mut telling.deed, known) {
            (Deed::Nothing, _) => Ok(None),
            (Deed::Answer { answer, first }, Some((channel, ts))) => {
                match self.post(channel, Some(ts), answer, house).await {
                    Ok(posted) if posted.answers => {}
                    Ok(posted) => return Ok(Some(posted)),
                    // The thread is gone from Slack: what was to be said there begins a new one.
                    Err(Unsent::Slack(Trouble::Lost { .. } | Trouble::Channel { .. })) => {
                        let draft = first.as_mut().unwrap_or(answer);
                        return self.post(channel, None, draft, house).await.map(Some);
                    }
                    Err(unsent) => return Err(unsent),
                }
                if let Some(first) = first
                    && let Err(unsent) = self.redraw(channel, ts, first, house).await
                {
                    // What happened stands in the thread already.
                    let detail = unsent.to_string();
                    tracing::warn!(kind = "redraw", detail, "a first message is not up to date");
                }
                Ok(None)
            }
            (Deed::Redraw(draft), Some((channel, ts))) => {
                match self.redraw(channel, ts, draft, house).await {
                    Err(Unsent::Slack(Trouble::Lost { .. } | Trouble::Channel { .. })) => {
                        self.post(channel, None, draft, house).await.map(Some)
                    }
                    done => done.map(|()| None),
                }
            }
            (Deed::Post(draft) | Deed::Redraw(draft) | Deed::Answer { answer: draft, .. }, _) => {
                let posted = self.post(&telling.channel, None, draft, house).await?;
                Ok(Some(posted))
            }
        }
    }

    /// Puts into the thread what stands below its message. The message says the same without it.
    async fn post_below(&mut self, key: &str, telling: &Telling, mut below: Draft, house: &House) {
        let thread = telling.after.as_ref();
        let Some((channel, ts)) = thread.and_then(|it| Some((&it.channel, it.ts.as_ref()?))) else {
            return;
        };
        if let Err(unsent) = self.post(channel, Some(ts), &mut below, house).await {
            not_adorned(key, &unsent);
        }
    }

    /// Writes down what was done before it is written down that it was told.
    async fn remember(&self, telling: &mut Telling, posted: Option<&Posted>) -> Result<(), Unsent> {
        let outbox = &self.context.outbox;
        let now = Clock::system().now();
        if let (Some(name), Some(after)) = (&telling.thread, &mut telling.after) {
            if let Some(posted) = posted {
                after.channel = posted
                    .channel
                    .clone()
                    .unwrap_or_else(|| telling.channel.clone());
                after.ts.clone_from(&posted.ts);
                after.shared = false;
            }
            outbox.save_thread(name, after, now).await?;
        }
        if let Some(quieted) = &telling.quieted {
            outbox.watch_quieted(quieted).await?;
        }
        Ok(())
    }

    /// What makes a message better and may fail: its picture, the reactions to choose from.
    async fn adorn(
        &mut self,
        signal: &Signal,
        name: &str,
        telling: &Telling,
        posted: &Posted,
        house: &House,
    ) {
        let (Some(channel), Some(ts)) = (&posted.channel, &posted.ts) else {
            return;
        };
        match (&signal.what, telling.deed.opening(), &telling.after) {
            (What::Alarm(alarm), Some(draft), Some(thread)) if !posted.simply => {
                self.bare.push_back(Bare {
                    alarm: Alarm::clone(alarm),
                    name: name.to_owned(),
                    thread: thread.clone(),
                    draft: draft.clone(),
                });
            }
            (What::Bedtime(goes), ..) => {
                if let Err(unsent) = bedtime::offer(self.context, goes, channel, ts, house).await {
                    not_adorned(&signal.key, &unsent);
                }
            }
            _ => {}
        }
    }

    /// Puts the picture into a message, unless its thread has gone on meanwhile.
    async fn with_picture(&mut self, bare: Bare, house: &House) {
        let key = bare.thread.signal.key.clone();
        if let Err(unsent) = self.try_picture(bare, house).await {
            not_adorned(&key, &unsent);
        }
    }

    async fn try_picture(&mut self, bare: Bare, house: &House) -> Result<(), Unsent> {
        let Bare {
            alarm,
            name,
            mut thread,
            mut draft,
        } = bare;
        let Some(ts) = thread.ts.clone() else {
            return Ok(());
        };
        if Instant::now() + PICTURE_TIME + LAST_WORDS >= self.context.deadline {
            return Err(Unsent::TimeIsOver);
        }
        self.renew().await?;
        // The thread may have gone on meanwhile: what is over needs no graph.
        let threads = self.context.outbox.threads(std::slice::from_ref(&name));
        if threads.await?.get(&name) != Some(&thread) {
            return Ok(());
        }
        let Some(picture) = picture::of(self.context, &alarm, &thread, house).await? else {
            return Ok(());
        };
        thread.picture = Some(picture.clone());
        draft.picture = Some(picture);
        self.show_picture(&thread.channel, &ts, &draft, house)
            .await?;
        let now = Clock::system().now();
        self.context.outbox.save_thread(&name, &thread, now).await?;
        Ok(())
    }

    /// Many at once for one channel.
    async fn send_folded(
        &mut self,
        channel: &str,
        signals: &[Signal],
        house: &House,
    ) -> Result<(), Unsent> {
        let outbox = self.context.outbox.clone();
        let names: Vec<String> = signals.iter().filter_map(plan::thread_of).collect();
        let threads = outbox.threads(&names).await?;
        let now = signals
            .iter()
            .map(|signal| signal.at)
            .fold(self.context.now(), Timestamp::max);
        let folded = plan::fold(signals, &threads, house, now);
        outbox.tell(&folded.known, now).await?;
        for Digest { mut draft, keys } in plan::digests(&folded, house, now) {
            draft.mention = folded.mentions.first().cloned();
            let posted = match self.post(channel, None, &mut draft, house).await {
                Ok(posted) => posted,
                Err(unsent) => {
                    self.give_up(&keys, unsent)?;
                    continue;
                }
            };
            let told = folded.lines.iter();
            for signal in told.filter(|signal| keys.contains(&signal.key)) {
                self.remember_folded(signal, &folded, channel, &posted)
                    .await?;
            }
            outbox.tell(&keys, now).await?;
            tracing::info!(kind = "told", count = keys.len(), channel, "told together");
        }
        Ok(())
    }

    async fn remember_folded(
        &self,
        signal: &Signal,
        folded: &plan::Folded,
        channel: &str,
        posted: &Posted,
    ) -> Result<(), Unsent> {
        let outbox = &self.context.outbox;
        let Some(name) = plan::thread_of(signal) else {
            return Ok(());
        };
        if let Some(thread) = folded.threads.get(&name) {
            let mut thread = thread.clone();
            if folded.opened.contains(&name) {
                thread.channel = posted.channel.clone().unwrap_or_else(|| channel.to_owned());
                thread.ts.clone_from(&posted.ts);
            }
            outbox
                .save_thread(&name, &thread, Clock::system().now())
                .await?;
        }
        for quieted in &folded.quieted {
            if quieted.signal.key == signal.key {
                outbox.watch_quieted(quieted).await?;
            }
        }
        Ok(())
    }

    /// Posts a message: at Slack's pace, again when that helps, more simply when Slack refuses its
    /// form, and elsewhere when Slack refuses the channel: the draft then says so.
    async fn post(
        &mut self,
        channel: &str,
        thread: Option<&str>,
        draft: &mut Draft,
        house: &House,
    ) -> Result<Posted, Unsent> {
        let mut channel = channel.to_owned();
        let mut message = blocks::message(draft);
        let (mut rerouted, mut plain) = (false, false);
        loop {
            if channel.is_empty() {
                return Err(Unsent::NoChannel);
            }
            let trouble = match self.attempt(&channel, thread, &message, house).await {
                Err(Unsent::Slack(trouble)) => trouble,
                tried => {
                    return tried.map(|posted| Posted {
                        simply: plain,
                        ..posted
                    });
                }
            };
            match (&trouble, house.refuge(&channel)) {
                (Trouble::Channel { code }, Some(refuge)) if thread.is_none() && !rerouted => {
                    rerouted = true;
                    *draft = render::misrouted(draft.clone(), &channel, code, house.language);
                    refuge.clone_into(&mut channel);
                    message = blocks::message(draft);
                }
                (Trouble::Content { detail, .. }, _) if !plain => {
                    plain = true;
                    tracing::warn!(kind = "form", detail, "Slack refuses the form of a message");
                    message = blocks::plain(draft);
                }
                _ => return Err(trouble.into()),
            }
        }
    }

    /// The same message until it is taken, or refused for good, or the time is over.
    async fn attempt(
        &mut self,
        channel: &str,
        thread: Option<&str>,
        message: &Value,
        house: &House,
    ) -> Result<Posted, Unsent> {
        let slack = &self.context.function.slack;
        let mut patience = Patience::default();
        loop {
            let at = self.context.function.reserve(channel, APART);
            self.wait_until(at).await?;
            let way = self.context.way(&house.slack).await?;
            match slack.post(&way, channel, thread, message.clone()).await {
                Ok(posted) => return Ok(posted),
                Err(trouble) => self.after(trouble, &way, &mut patience, house).await?,
            }
        }
    }

    /// Draws a message anew, more simply when Slack refuses its form.
    async fn redraw(
        &mut self,
        channel: &str,
        ts: &str,
        draft: &Draft,
        house: &House,
    ) -> Result<(), Unsent> {
        let message = blocks::message(draft);
        match self.update(channel, ts, &message, house).await {
            Err(Unsent::Slack(Trouble::Content { .. })) => {
                let mut plain = blocks::plain(draft);
                // What is not sent stays as it is.
                plain["blocks"] = Value::Array(Vec::new());
                plain["attachments"] = Value::Array(Vec::new());
                self.update(channel, ts, &plain, house).await
            }
            done => done,
        }
    }

    /// Slack refuses a picture in a message until it has looked at the file itself.
    async fn show_picture(
        &mut self,
        channel: &str,
        ts: &str,
        draft: &Draft,
        house: &House,
    ) -> Result<(), Unsent> {
        let message = blocks::message(draft);
        let mut patience = Patience::default();
        for _ in 1..PICTURE_TRIES {
            match self.update(channel, ts, &message, house).await {
                Err(Unsent::Slack(Trouble::Content { .. })) => {
                    self.wait_until(Instant::now() + patience.next()).await?;
                }
                done => return done,
            }
        }
        self.update(channel, ts, &message, house).await
    }

    /// Sends a message in another one's place until it is taken, or refused for good, or the time is
    /// over. A webhook's messages stay as they are.
    async fn update(
        &mut self,
        channel: &str,
        ts: &str,
        message: &Value,
        house: &House,
    ) -> Result<(), Unsent> {
        let slack = &self.context.function.slack;
        let mut patience = Patience::default();
        loop {
            let way = self.context.way(&house.slack).await?;
            let Way::Bot(token) = &way else {
                return Ok(());
            };
            self.wait_until(Instant::now()).await?;
            match slack.update(token, channel, ts, message.clone()).await {
                Ok(()) => return Ok(()),
                Err(trouble) => self.after(trouble, &way, &mut patience, house).await?,
            }
        }
    }

    /// What helps after trouble: waiting, or another secret. Anything else is the caller's.
    async fn after(
        &mut self,
        trouble: Trouble,
        way: &Way,
        patience: &mut Patience,
        house: &House,
    ) -> Result<(), Unsent> {
        let pause = match &trouble {
            Trouble::Limited { after } => *after,
            Trouble::Passing { .. } => patience.next(),
            Trouble::Token { .. } => {
                return match self.context.another_way(way, &house.slack).await? {
                    Some(_) => Ok(()),
                    None => Err(trouble.into()),
                };
            }
            _ => return Err(trouble.into()),
        };
        tracing::info!(kind = "wait", seconds = pause.as_secs(), detail = %trouble, "Slack is waited for");
        match self.wait_until(Instant::now() + pause).await {
            // The time is over before Slack's is: what Slack said is what failed.
            Err(Unsent::TimeIsOver) => Err(trouble.into()),
            waited => waited,
        }
    }
}

/// Longer and longer pauses: 1, 2, 4, 8, 8 … seconds.
#[derive(Debug, Default)]
struct Patience(u32);

impl Patience {
    fn next(&mut self) -> Duration {
        let pause = Duration::from_secs(1 << self.0.min(3));
        self.0 += 1;
        pause
    }
}
