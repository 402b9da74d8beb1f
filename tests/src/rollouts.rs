//! Deployments that fail, on the simulated cloud, since no emulator lets one fail; with explain-rollback
//! and notify-slack as built. What AWS emits reaches them by the template's rules, the clock ticks, and
//! what is published reaches Slack. The demo shows it, the tests hold it against what was promised;
//! here it only takes place.

pub mod made;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context as _, Result, bail};
use jiff::{SignedDuration, Timestamp};
use nightshift::report::News;
use nightshift::report::message::Message;
use nightshift::report::rollback::Story;
use nightshift_cloud::call::Actor;
use nightshift_cloud::front::runtime::Answer;
use nightshift_cloud::front::{Front, Options, Stack, serve};
use nightshift_cloud::services::sns::{self, Published};
use nightshift_cloud::services::ssm;
use nightshift_cloud::world::World;
use nightshift_slack::Slack;
use serde_json::{Value, json};

use crate::cloud::stack;
use crate::function::Function;
use crate::local::root;
use crate::stage::company;

/// How much time passes between two looks at what happened.
const STEP: SignedDuration = SignedDuration::from_secs(10);

/// The schedule's rate.
const TICK: SignedDuration = SignedDuration::from_secs(60);

/// The cloud with both functions on it. It ends when this is dropped.
#[derive(Debug)]
pub struct Rollouts {
    /// The cloud.
    pub cloud: Front,
    /// explain-rollback.
    pub explainer: Function,
    /// notify-slack.
    pub notifier: Function,
    stacks: Stacks,
    ticked: Timestamp,
    published: usize,
    directory: PathBuf,
}

/// What the template gives each of the two.
#[derive(Debug)]
struct Stacks {
    explains: Stack,
    tells: Stack,
}

/// Who watches.
pub trait Onlooker {
    /// Time passes: from here on it is this instant.
    fn passes(&mut self, _now: Timestamp) {}
    /// AWS emitted an event that concerns deployments.
    fn emitted(&mut self, _now: Timestamp, _event: &Value) {}
    /// explain-rollback told a stage of a story.
    fn told(&mut self, _now: Timestamp, _message: &Message) {}
}

impl Onlooker for () {}

/// The story that a message tells.
#[must_use]
pub fn story(message: &Message) -> Option<&Story> {
    match &message.news {
        News::Rollback { story } => Some(story),
        _ => None,
    }
}

impl Rollouts {
    /// Deploys both functions with the company's document, in a language, and lets them tell in a
    /// Slack. `furnish` puts the rest on the cloud: estates with their documents, steady when it is `begin`.
    ///
    /// # Errors
    /// When a binary is not built or does not start, or the template or an example cannot be read.
    pub async fn begin<T>(
        begin: Timestamp,
        language: &str,
        slack: &Slack,
        furnish: impl FnOnce(&mut World) -> Result<T>,
    ) -> Result<(Self, T)> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);

        let template = root().join("template.yaml");
        let stacks = Stacks {
            explains: stack(&template, "explain-rollback")?,
            tells: stack(&template, "notify-slack")?,
        };
        let mut world = World::new(begin.checked_sub(SignedDuration::from_hours(26))?, 1);
        stacks.explains.deploy(&mut world);
        stacks.tells.deploy(&mut world);
        put(&mut world, "/nightshift/company", &company(language)?)?;
        put(&mut world, "/nightshift/slack/token", &slack.token())?;
        let estates = furnish(&mut world)?;
        world.advance(begin);
        // How all of it came to be is nobody's news.
        world.events.take();
        // Time passes when it is told to: how quick this machine is makes no difference.
        let options = Options {
            speed: 0.0,
            ..Options::default()
        };
        let cloud = serve(world, options).await?;
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let directory = root().join(format!("target/cloud/{}-{number}", std::process::id()));
        std::fs::create_dir_all(&directory).with_context(|| directory.display().to_string())?;
        let explainer = Function::start(&cloud, "explain-rollback", &directory, &[]).await?;
        let to_slack = [("NIGHTSHIFT_SLACK_URL", slack.url())];
        let notifier = Function::start(&cloud, "notify-slack", &directory, &to_slack).await?;
        let rollouts = Self {
            cloud,
            explainer,
            notifier,
            stacks,
            ticked: begin,
            published: 0,
            directory,
        };
        Ok((rollouts, estates))
    }

    /// The instant.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.cloud.with(|world| world.now)
    }

    /// Lets time pass for so long; what was told meanwhile.
    ///
    /// # Errors
    /// When an invocation fails.
    pub async fn pass(
        &mut self,
        time: SignedDuration,
        onlooker: &mut dyn Onlooker,
    ) -> Result<Vec<Message>> {
        let end = self.now().checked_add(time)?;
        let mut told = Vec::new();
        while self.now() < end {
            told.extend(self.step(onlooker).await?);
        }
        Ok(told)
    }

    /// Lets time pass until a story of a service is told to its end; what was told meanwhile.
    ///
    /// # Errors
    /// When that does not come in this time, or an invocation fails.
    pub async fn until_over(
        &mut self,
        service: &str,
        within: SignedDuration,
        onlooker: &mut dyn Onlooker,
    ) -> Result<Vec<Message>> {
        let end = self.now().checked_add(within)?;
        let ends = |message: &Message| {
            let story = story(message).filter(|story| story.service == service);
            story.is_some_and(|story| story.stage.is_over())
        };
        let mut told: Vec<Message> = Vec::new();
        while self.now() < end {
            told.extend(self.step(onlooker).await?);
            if told.iter().any(ends) {
                return Ok(told);
            }
        }
        let titles: Vec<_> = told.iter().map(|message| &message.title).collect();
        bail!("the story of {service} has no end after {within:#}; told was {titles:#?}")
    }

    /// Asks explain-rollback by hand, at this instant.
    ///
    /// # Errors
    /// When it ends instead of answering. A function that fails is an answer.
    pub async fn ask(&mut self, payload: &Value) -> Result<Answer> {
        let payload = self.at(payload);
        self.explainer.ask(&payload).await
    }

    async fn step(&mut self, onlooker: &mut dyn Onlooker) -> Result<Vec<Message>> {
        self.cloud.skip(STEP);
        let (now, events) = self.cloud.with(|world| (world.now, world.events.take()));
        onlooker.passes(now);
        let mut told = Vec::new();
        for event in events {
            let event = event.envelope;
            if self.stacks.explains.takes(&event) {
                onlooker.emitted(now, &event);
                let payload = self.at(&event);
                self.explainer.invoke(&payload).await?;
                told.extend(self.carry(now, onlooker).await?);
            }
            if self.stacks.tells.takes(&event) {
                self.notifier.invoke(&event).await?;
            }
        }
        if now.duration_since(self.ticked) >= TICK {
            self.ticked = now;
            let tick = self.at(&json!({ "command": "tick" }));
            self.explainer.invoke(&tick).await?;
            told.extend(self.carry(now, onlooker).await?);
        }
        Ok(told)
    }

    /// Carries what was published to who subscribes to it.
    async fn carry(&mut self, now: Timestamp, onlooker: &mut dyn Onlooker) -> Result<Vec<Message>> {
        let mut told = Vec::new();
        for published in self.cloud.with(|world| world.sns.take()) {
            let text = published.message_for("lambda");
            let message: Message = serde_json::from_str(&text).context("no report")?;
            onlooker.told(now, &message);
            self.published += 1;
            let event = notification(&published, self.published);
            self.notifier.invoke(&event).await?;
            told.push(message);
        }
        Ok(told)
    }

    fn at(&self, payload: &Value) -> Value {
        let mut payload = payload.clone();
        payload["at"] = self.now().to_string().into();
        payload
    }
}

impl Drop for Rollouts {
    fn drop(&mut self) {
        // What a failed test leaves is there to be read.
        if !std::thread::panicking() {
            let _ = std::fs::remove_dir_all(&self.directory);
        }
    }
}

/// Writes a parameter.
fn put(world: &mut World, name: &str, value: &str) -> Result<()> {
    // Parameter Store takes three writes in a second; here they all come at once.
    world.throttles = false;
    let written = ssm::put(world, &Actor::Terraform, name, value);
    world.throttles = true;
    written.map_err(|fault| anyhow::anyhow!("{name}: {fault:?}"))
}

/// What a function that subscribes gets of a message.
/// <https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html>
fn notification(published: &Published, number: usize) -> Value {
    let topic = sns::arn(Stack::TOPIC);
    json!({ "Records": [{
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": format!("{topic}:00000000-0000-4000-8000-000000000000"),
        "Sns": {
            "Type": "Notification",
            "MessageId": format!("00000000-0000-4000-8000-{number:012}"),
            "TopicArn": topic,
            "Subject": published.subject,
            "Message": published.message_for("lambda"),
            "Timestamp": published.at.to_string(),
            "MessageAttributes": {},
        },
    }] })
}
