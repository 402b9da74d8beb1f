//! What one invocation works with: clients, the outbox, the clock, the way to Slack. The secret is
//! read at the first use of a process, and again when Slack says that it is not valid.

use std::{
    collections::BTreeMap,
    sync::{Mutex, OnceLock, PoisonError},
    time::Duration,
};

use aws_sdk_ssm::operation::get_parameter::GetParameterError;
use aws_smithy_runtime_api::client::http::SharedHttpConnector;
use aws_types::SdkConfig;
use jiff::{SignedDuration, Timestamp};
use nightshift::{
    aws::{self, failure::failure},
    clock::Clock,
    config,
    documents::{self, Documents},
    kind::Arn,
    lambda::{self, Failed, Invocation, variable},
    ledger::{Ledger, store::Store},
    report::Failure,
};
use tokio::time::Instant;

use crate::{
    outbox::Outbox,
    plan::{FUNCTION, House},
    slack::{Host, Secret, Slack, Way},
};

/// How long documents are taken for what they were.
const DOCUMENTS_KEEP: Duration = Duration::from_mins(1);

/// What does not change between invocations.
#[derive(Debug)]
pub struct Function {
    config: SdkConfig,
    dynamodb: OnceLock<aws_sdk_dynamodb::Client>,
    ssm: OnceLock<aws_sdk_ssm::Client>,
    cloudwatch: OnceLock<aws_sdk_cloudwatch::Client>,
    /// Slack.
    pub slack: Slack,
    /// How the function is set up.
    pub settings: Settings,
    kept: Mutex<Kept>,
}

/// What a process remembers.
#[derive(Debug, Default)]
struct Kept {
    way: Option<Way>,
    documents: Option<(Instant, Documents)>,
    /// When a channel got its last message.
    sent: BTreeMap<String, Instant>,
    /// The bot's own id, to tell its reactions from people's.
    bot: Option<String>,
}

/// How the function is set up, from its environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The ledger's table.
    pub table: String,
    /// Whether a command may name the instant to play.
    pub may_play: bool,
    /// The prefix of all parameters.
    pub prefix: String,
    /// The function's name.
    pub function_name: String,
    /// The Region.
    pub region: String,
    /// For how long whoever sends may be silent before another takes over: longer than any single
    /// request lasts.
    pub lease: SignedDuration,
}

/// Longer than any single request lasts.
const LEASE: SignedDuration = SignedDuration::from_secs(30);

/// What one invocation works with.
#[derive(Clone, Debug)]
pub struct Context<'a> {
    /// What does not change.
    pub function: &'a Function,
    /// The outbox, in this invocation's name.
    pub outbox: Outbox,
    /// The clock.
    pub clock: Clock,
    /// When Lambda ends the invocation.
    pub deadline: Instant,
    /// The invocation's id.
    pub id: String,
    /// The account, where it is known.
    pub account: String,
}

/// Why there is no way to Slack.
#[derive(Clone, Debug, thiserror::Error)]
pub enum NoWay {
    /// Neither parameter exists.
    #[error(
        "neither {token} nor {webhook} exists: put a bot token into the first or a webhook's address into the second, as a SecureString"
    )]
    Missing {
        /// The parameter of the token.
        token: String,
        /// The parameter of the webhook.
        webhook: String,
    },
    /// A parameter cannot be read.
    #[error("{0}")]
    Unread(Failure),
}

impl Function {
    /// Reads the environment. Clients are made when they are first used.
    ///
    /// # Errors
    /// When a variable is missing or has a value that makes no sense.
    pub fn from_environment() -> Result<Self, Failed> {
        let config =
            aws::config(FUNCTION).map_err(|lacking| Failed::BadEnvironment(lacking.to_string()))?;
        let settings = Settings::from_environment(aws::region(&config))?;
        let host = host()?;
        Ok(Self::new(config, aws::connector(), host, settings))
    }

    /// A function with any configuration.
    #[must_use]
    pub fn new(
        config: SdkConfig,
        connector: SharedHttpConnector,
        host: Host,
        settings: Settings,
    ) -> Self {
        Self {
            config,
            dynamodb: OnceLock::new(),
            ssm: OnceLock::new(),
            cloudwatch: OnceLock::new(),
            slack: Slack::new(connector, host),
            settings,
            kept: Mutex::default(),
        }
    }

    fn kept<T>(&self, of: impl FnOnce(&mut Kept) -> T) -> T {
        of(&mut self.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// CloudWatch, for pictures and for alarms that are read again.
    pub fn cloudwatch(&self) -> &aws_sdk_cloudwatch::Client {
        let make = || aws_sdk_cloudwatch::Client::new(&self.config);
        self.cloudwatch.get_or_init(make)
    }

    fn ssm(&self) -> &aws_sdk_ssm::Client {
        let make = || aws_sdk_ssm::Client::new(&self.config);
        self.ssm.get_or_init(make)
    }

    fn dynamodb(&self) -> &aws_sdk_dynamodb::Client {
        let make = || aws_sdk_dynamodb::Client::new(&self.config);
        self.dynamodb.get_or_init(make)
    }

    /// What an invocation works with.
    #[must_use]
    pub fn context<'a>(&'a self, invocation: &Invocation) -> Context<'a> {
        let table = self.settings.table.clone();
        Context {
            outbox: Outbox::new(self.dynamodb().clone(), table, invocation.id.clone()),
            function: self,
            clock: invocation.clock,
            deadline: invocation.deadline,
            id: invocation.id.clone(),
            account: invocation.account.clone(),
        }
    }

    /// When a channel may have its next message, and that it has it then.
    pub fn reserve(&self, channel: &str, apart: Duration) -> Instant {
        self.kept(|kept| {
            let now = Instant::now();
            let at = kept
                .sent
                .get(channel)
                .map_or(now, |last| now.max(*last + apart));
            kept.sent.insert(channel.to_owned(), at);
            at
        })
    }

    /// The bot's own id, once it is known.
    pub fn bot(&self) -> Option<String> {
        self.kept(|kept| kept.bot.clone())
    }

    /// Remembers the bot's own id.
    pub fn is_bot(&self, id: &str) {
        self.kept(|kept| kept.bot = Some(id.to_owned()));
    }
}

impl Settings {
    fn from_environment(region: String) -> Result<Self, Failed> {
        Ok(Self {
            table: variable("NIGHTSHIFT_TABLE")?,
            may_play: aws::may_play(),
            prefix: documents::prefix(),
            function_name: lambda::function_name(FUNCTION),
            region,
            lease: LEASE,
        })
    }
}

/// Slack itself, or for tests one at a loopback address.
fn host() -> Result<Host, Failed> {
    let local = lambda::local_address("NIGHTSHIFT_SLACK_URL")?;
    Ok(local.map_or(Host::Slack, Host::Local))
}

impl Context<'_> {
    /// The instant on the clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Whether CloudWatch can be asked for an alarm here: not for another account's or Region's.
    #[must_use]
    pub fn is_ours(&self, alarm: &str) -> bool {
        let alarm = Arn::new(alarm);
        alarm.region() == self.function.settings.region && alarm.account() == self.account
    }

    /// The ledger, as another function keeps it.
    #[must_use]
    pub fn store(&self, function: &'static str) -> Store {
        let table = self.function.settings.table.clone();
        Store::new(
            self.function.dynamodb().clone(),
            table,
            function,
            self.id.clone(),
        )
    }

    /// The documents, at most a minute old.
    ///
    /// # Errors
    /// When they cannot be read, and never were by this process.
    async fn documents(&self) -> Result<Documents, Failure> {
        let settings = &self.function.settings;
        let kept = self.function.kept(|kept| kept.documents.clone());
        // Where time is played, days pass in a minute.
        if let Some((read_at, documents)) = &kept
            && read_at.elapsed() < DOCUMENTS_KEEP
            && !settings.may_play
        {
            return Ok(documents.clone());
        }
        match documents::read(self.function.ssm(), &settings.prefix).await {
            Ok(documents) => {
                self.function
                    .kept(|kept| kept.documents = Some((Instant::now(), documents.clone())));
                Ok(documents)
            }
            Err(failure) => kept.map(|(_, documents)| documents).ok_or(failure),
        }
    }

    /// Lets the documents be read anew: what they said did not do.
    pub fn doubt_documents(&self) {
        self.function.kept(|kept| kept.documents = None);
    }

    /// Who is who now. What cannot be read is left out: an alert must not wait for a document.
    pub async fn house(&self) -> (House, Ledger) {
        let documents = self.documents().await.unwrap_or_else(|failure| {
            nightshift::log::failure(FUNCTION, "", &failure);
            Documents::default()
        });
        let ledger = match self.store(FUNCTION).ledger().await {
            Ok(ledger) => ledger,
            Err(failure) => {
                nightshift::log::failure(FUNCTION, "", &failure);
                Ledger::default()
            }
        };
        let settings = &self.function.settings;
        let remembers = self
            .function
            .kept(|kept| kept.way.as_ref().is_none_or(Way::remembers));
        let name = &settings.function_name;
        let house = House::new(&documents, &ledger, &settings.prefix, remembers, name);
        (house, ledger)
    }

    /// The way to Slack: the token's parameter if it exists, the webhook's otherwise.
    ///
    /// # Errors
    /// When neither exists or can be read.
    pub async fn way(&self, slack: &config::Slack) -> Result<Way, NoWay> {
        if let Some(way) = self.function.kept(|kept| kept.way.clone()) {
            return Ok(way);
        }
        let prefix = &self.function.settings.prefix;
        let named = |name: Option<&String>, usual: &str| {
            name.cloned()
                .unwrap_or_else(|| format!("{prefix}/slack/{usual}"))
        };
        let token = named(slack.token_parameter.as_ref(), "token");
        let webhook = named(slack.webhook_parameter.as_ref(), "webhook");
        let way = if let Some(secret) = self.secret(&token).await? {
            Way::Bot(secret)
        } else if let Some(secret) = self.secret(&webhook).await? {
            Way::Webhook(secret)
        } else {
            return Err(NoWay::Missing { token, webhook });
        };
        self.function.kept(|kept| kept.way = Some(way.clone()));
        Ok(way)
    }

    /// The way to Slack, read anew. None when it is what it was, so that it would not help.
    ///
    /// # Errors
    /// When neither parameter exists or can be read.
    pub async fn another_way(
        &self,
        refused: &Way,
        slack: &config::Slack,
    ) -> Result<Option<Way>, NoWay> {
        self.function.kept(|kept| kept.way = None);
        let way = self.way(slack).await?;
        Ok((way != *refused).then_some(way))
    }

    async fn secret(&self, name: &str) -> Result<Option<Secret>, NoWay> {
        let read = self
            .function
            .ssm()
            .get_parameter()
            .name(name)
            .with_decryption(true)
            .send()
            .await;
        match read {
            Ok(output) => Ok(output
                .parameter
                .and_then(|parameter| parameter.value)
                .filter(|value| !value.trim().is_empty())
                .map(|value| Secret::new(&value))),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(GetParameterError::is_parameter_not_found) =>
            {
                Ok(None)
            }
            Err(error) => Err(NoWay::Unread(failure(name, "ssm:GetParameter", &error))),
        }
    }
}
