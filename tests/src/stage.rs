//! A local AWS with the functions deployed, its estates and their documents, on which time is played:
//! each invocation at an instant of the calendar becomes a [`Moment`] that says what was asked, what
//! was called and changed, what people got to read, and how everything stood afterwards.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use hyper::Method;
use jiff::{SignedDuration, Timestamp};
use nightshift::report::{Change, Report};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::aws::{ACCOUNT, DYNAMODB, REGION, SNS, SQS};
use crate::estates::Estate;
use crate::gateway::{Call, Write};
use crate::local::{Deployment, LocalAws, Snapshot, Stack, root};

/// Longer than anything takes to settle in played minutes.
const PATIENCE: usize = 40;

/// The local AWS with everything on it.
#[derive(Debug)]
pub struct Stage {
    /// The local AWS.
    pub local: LocalAws,
    /// The deployed template.
    pub stack: Stack,
    /// The function that is played.
    pub plays: Plays,
    /// Whether notify-slack's clock ticks with that function's.
    pub notifies: bool,
    inbox: String,
}

/// The functions that look at estates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Plays {
    /// What sleeps.
    #[default]
    PowerStaging,
    /// What gets smaller at night.
    ScaleProduction,
    /// What explains deployments that failed.
    ExplainRollback,
    /// What replaces secrets.
    RotateSecrets,
}

impl Plays {
    /// The function's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::PowerStaging => "power-staging",
            Self::ScaleProduction => "scale-production",
            Self::ExplainRollback => "explain-rollback",
            Self::RotateSecrets => "rotate-secrets",
        }
    }
}

/// One invocation and what came of it.
#[derive(Clone, Debug)]
pub struct Moment {
    /// The played instant.
    pub at: Timestamp,
    /// What was asked, in words.
    pub asked: String,
    /// What the function answered.
    pub answer: Value,
    /// The error, when the invocation failed.
    pub failed: Option<String>,
    /// How each estate fared that was looked at.
    pub reports: Vec<Report>,
    /// What the function called.
    pub calls: Vec<Call>,
    /// Those of the calls that changed estates, with what they named.
    pub writes: Vec<Write>,
    /// What people got to read.
    pub mail: Vec<Mail>,
    /// How everything stood afterwards.
    pub state: Snapshot,
}

/// A message as a function that subscribes to the topic gets it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Mail {
    /// The estate that it tells of.
    pub estate: String,
    /// The first line.
    pub title: String,
    /// The lines after it.
    pub lines: Vec<String>,
    /// How much it matters.
    pub severity: String,
    /// What happened, typed: its `code` and the facts.
    pub news: Value,
}

impl Mail {
    /// What happened, `asleep` for instance.
    #[must_use]
    pub fn code(&self) -> &str {
        self.news["code"].as_str().unwrap_or_default()
    }
}

impl Moment {
    /// Everything that was changed, with the estate.
    pub fn changes(&self) -> impl Iterator<Item = (&str, &Change)> {
        self.reports.iter().flat_map(|report| {
            let changes = report.changes.iter();
            changes.map(|change| (report.estate.as_str(), change))
        })
    }

    /// How an estate fared, if it was looked at.
    #[must_use]
    pub fn report(&self, estate: &str) -> Option<&Report> {
        self.reports.iter().find(|report| report.estate == estate)
    }

    /// Whether nothing was due, so that nothing was looked at.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.answer["idle"] == true
    }

    /// The calls as `service:Action`.
    #[must_use]
    pub fn actions(&self) -> Vec<String> {
        self.calls.iter().map(ToString::to_string).collect()
    }

    /// Whether nothing was called that changes anything.
    #[must_use]
    pub fn only_reads(&self) -> bool {
        self.calls.iter().all(Call::is_read)
    }

    /// The codes of what was told of an estate.
    #[must_use]
    pub fn told(&self, estate: &str) -> Vec<&str> {
        let mail = self.mail.iter().filter(|mail| mail.estate == estate);
        mail.map(Mail::code).collect()
    }
}

/// The company's document from the examples, in another language than its own.
///
/// # Errors
/// When the example is gone, or says its language otherwise.
pub fn company(language: &str) -> Result<String> {
    let text = example(Path::new("company.yaml"))?;
    ensure!(
        text.contains("\nlanguage: ja\n"),
        "the company's example does not say `language: ja`"
    );
    Ok(text.replace("\nlanguage: ja\n", &format!("\nlanguage: {language}\n")))
}

/// An estate's document from the examples.
///
/// # Errors
/// When there is none of that name.
pub fn document(estate: &str) -> Result<String> {
    example(&Path::new("estates").join(format!("{estate}.yaml")))
}

fn example(path: &Path) -> Result<String> {
    let path = root().join("examples").join(path);
    std::fs::read_to_string(&path).with_context(|| path.display().to_string())
}

/// A sample from `events/`.
///
/// # Errors
/// When there is none of that name, or it is not JSON.
pub fn event(name: &str) -> Result<Value> {
    let path = root().join("events").join(format!("{name}.json"));
    let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    serde_json::from_str(&text).with_context(|| path.display().to_string())
}

/// Every sample in `events/`, by name.
///
/// # Errors
/// When one of them cannot be read, or is not JSON.
pub fn samples() -> Result<Vec<(String, Value)>> {
    let directory = root().join("events");
    let mut names = Vec::new();
    for file in std::fs::read_dir(&directory).with_context(|| directory.display().to_string())? {
        let name = file?.file_name();
        let name = name.to_str().and_then(|name| name.strip_suffix(".json"));
        names.push(name.context("a file that is no sample")?.to_owned());
    }
    names.sort();
    let read = |name: String| event(&name).map(|payload| (name, payload));
    names.into_iter().map(read).collect()
}

/// Whether a sample is a command that this function knows. The clocks of all tick.
#[must_use]
pub fn is_command_of(function: &str, sample: &Value) -> bool {
    match sample["command"].as_str() {
        None => false,
        Some("tick") => true,
        Some("test") => function == "notify-slack",
        Some("wake" | "sleep") => function == "power-staging",
        Some("day" | "night") => function == "scale-production",
        Some("explain") => function == "explain-rollback",
        Some("adopt" | "rotate" | "leaked" | "revert") => function == "rotate-secrets",
        Some("reconcile" | "status") => function != "notify-slack",
        Some("dry_run") => !matches!(function, "notify-slack" | "explain-rollback"),
        Some(_) => matches!(function, "power-staging" | "scale-production"),
    }
}

/// The parameter of an estate's document.
#[must_use]
pub fn parameter(estate: &str) -> String {
    format!("/nightshift/estates/{estate}")
}

impl Stage {
    /// The function as built, without estates or documents.
    ///
    /// # Errors
    /// When the local AWS does not start, or the template cannot be deployed.
    pub async fn bare(deployment: &Deployment) -> Result<Self> {
        Self::on(LocalAws::start().await?, deployment).await
    }

    /// Deploys to a local AWS that is up, and subscribes to what people get to read.
    ///
    /// # Errors
    /// When the template cannot be deployed.
    pub async fn on(local: LocalAws, deployment: &Deployment) -> Result<Self> {
        let stack = local.deploy(deployment).await?;
        let created = local
            .aws
            .json(SQS, "CreateQueue", &json!({ "QueueName": "inbox" }))
            .await?;
        let inbox = created["QueueUrl"].as_str().context("no queue")?.to_owned();
        let arn = format!("arn:aws:sqs:{REGION}:{ACCOUNT}:inbox");
        let subscription = [
            ("TopicArn", stack.topic.as_str()),
            ("Protocol", "sqs"),
            ("Endpoint", &arn),
            ("Attributes.entry.1.key", "RawMessageDelivery"),
            ("Attributes.entry.1.value", "true"),
        ];
        local.aws.query(SNS, "Subscribe", &subscription).await?;
        Ok(Self {
            local,
            stack,
            plays: Plays::default(),
            notifies: false,
            inbox,
        })
    }

    /// The function as built, with these estates and their documents from the examples.
    ///
    /// # Errors
    /// When something of it cannot be made.
    pub async fn set(deployment: &Deployment, estates: &[Estate]) -> Result<Self> {
        let stage = Self::bare(deployment).await?;
        stage.furnish(estates).await?;
        Ok(stage)
    }

    /// The name as deployed of the function that is played.
    #[must_use]
    pub fn deployed(&self) -> &str {
        match self.plays {
            Plays::PowerStaging => &self.stack.function,
            Plays::ScaleProduction => &self.stack.slimmer,
            Plays::ExplainRollback => &self.stack.explainer,
            Plays::RotateSecrets => &self.stack.rotator,
        }
    }

    /// Makes the estates and writes their documents and the company's.
    ///
    /// # Errors
    /// When something of it cannot be made.
    pub async fn furnish(&self, estates: &[Estate]) -> Result<()> {
        for estate in estates {
            estate.create(&self.local).await?;
        }
        self.write_documents(estates, "en").await
    }

    /// Writes the documents from the examples, for messages in a language.
    ///
    /// # Errors
    /// When one of them cannot be written.
    pub async fn write_documents(&self, estates: &[Estate], language: &str) -> Result<()> {
        self.local
            .put_document("/nightshift/company", &company(language)?)
            .await?;
        for estate in estates {
            self.local
                .put_document(&parameter(estate.name), &document(estate.name)?)
                .await?;
        }
        Ok(())
    }

    /// Invokes the function at a played instant.
    ///
    /// # Errors
    /// When the local AWS is broken. A function that fails is an answer.
    pub async fn play(&self, at: Timestamp, asked: &str, mut payload: Value) -> Result<Moment> {
        payload["at"] = at.to_string().into();
        self.ask(at, asked, &payload).await
    }

    /// Invokes the function with a payload as it is; `at` only says when that was.
    ///
    /// # Errors
    /// When the local AWS is broken. A function that fails is an answer.
    pub async fn ask(&self, at: Timestamp, asked: &str, payload: &Value) -> Result<Moment> {
        let (gateway, function) = (&self.local.gateway, self.plays.name());
        let _ = (
            gateway.take_calls_of(function),
            gateway.take_writes_of(function),
        );
        let invocation = self.local.invoke(self.deployed(), payload).await?;
        let calls = gateway.take_calls_of(function);
        let writes = gateway.take_writes_of(function);
        let mut answer = invocation.payload;
        let failed = invocation
            .failed
            .then(|| answer["errorMessage"].as_str().unwrap_or("?").to_owned());
        if failed.is_some() {
            answer = reported(&invocation.log).unwrap_or(answer);
        }
        // A status has the reports as well; a diagnosis has others in their place.
        let reports = serde_json::from_value(answer["estates"].clone()).unwrap_or_default();
        Ok(Moment {
            at,
            asked: asked.to_owned(),
            answer,
            failed,
            reports,
            calls,
            writes,
            mail: self.take_mail().await?,
            state: self.local.snapshot().await?,
        })
    }

    /// Lets the clock tick once.
    ///
    /// # Errors
    /// When the local AWS is broken.
    pub async fn tick(&self, at: Timestamp) -> Result<Moment> {
        let tick = json!({ "command": "tick" });
        let moment = self.play(at, "the clock ticks", tick).await?;
        if self.notifies {
            let tick = json!({ "command": "tick", "at": at.to_string() });
            let told = self.local.invoke(&self.stack.notifier, &tick).await?;
            told.answer().context("notify-slack")?;
        }
        Ok(moment)
    }

    /// Lets the clock tick each minute until a tick finds nothing due.
    ///
    /// # Errors
    /// When that does not come, or the local AWS is broken.
    pub async fn settle(&self, from: Timestamp) -> Result<Vec<Moment>> {
        let mut moments: Vec<Moment> = Vec::new();
        for minute in 0..PATIENCE {
            let at = from.checked_add(SignedDuration::from_mins(i64::try_from(minute)?))?;
            moments.push(self.tick(at).await?);
            if moments.last().is_some_and(Moment::is_idle) {
                return Ok(moments);
            }
        }
        let last = moments.pop();
        anyhow::bail!("still not settled after {PATIENCE} minutes: {last:#?}")
    }

    /// What people got to read since this was last asked.
    ///
    /// # Errors
    /// When a message is not what functions are promised.
    pub async fn take_mail(&self) -> Result<Vec<Mail>> {
        let mut mail = Vec::new();
        loop {
            let input =
                json!({ "QueueUrl": self.inbox, "MaxNumberOfMessages": 10, "WaitTimeSeconds": 0 });
            let received = self.local.aws.json(SQS, "ReceiveMessage", &input).await?;
            let messages = received["Messages"].as_array().cloned().unwrap_or_default();
            if messages.is_empty() {
                return Ok(mail);
            }
            for message in messages {
                let body = message["Body"].as_str().context("a message without body")?;
                mail.push(serde_json::from_str(body).with_context(|| body.to_owned())?);
                let input =
                    json!({ "QueueUrl": self.inbox, "ReceiptHandle": message["ReceiptHandle"] });
                self.local.aws.json(SQS, "DeleteMessage", &input).await?;
            }
        }
    }

    /// Everything in the ledger's table but what waits for Slack, by its keys.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn ledger(&self) -> Result<std::collections::BTreeMap<String, Value>> {
        let scanned = self
            .local
            .aws
            .json(DYNAMODB, "Scan", &json!({ "TableName": self.stack.table }))
            .await?;
        let items = scanned["Items"].as_array().cloned().unwrap_or_default();
        Ok(items
            .into_iter()
            .filter_map(|item| {
                let key = |name: &str| item[name]["S"].as_str().map(str::to_owned);
                if key("pk")?.starts_with("slack/") {
                    return None;
                }
                Some((format!("{}/{}", key("pk")?, key("sk")?), item))
            })
            .collect())
    }

    /// Changes a part of the function's environment, as a deployment with other parameters would.
    ///
    /// # Errors
    /// When Lambda refuses.
    pub async fn set_environment(&self, name: &str, value: &str) -> Result<()> {
        let path = format!(
            "/2015-03-31/functions/{}/configuration",
            self.stack.function
        );
        let found = self
            .local
            .aws
            .rest("lambda", Method::GET, &path, None)
            .await?;
        let mut environment = found["Environment"].clone();
        environment["Variables"][name] = value.into();
        self.local
            .aws
            .rest(
                "lambda",
                Method::PUT,
                &path,
                Some(&json!({ "Environment": environment })),
            )
            .await?;
        Ok(())
    }
}

/// What a look that ended with failures reports; it is in the log, since an error has no room for it.
fn reported(log: &[String]) -> Option<Value> {
    log.iter().rev().find_map(|line| {
        let line: Value = serde_json::from_str(line).ok()?;
        serde_json::from_str(line["report"].as_str()?).ok()
    })
}
