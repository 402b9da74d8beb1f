//! What one invocation works with: clients, the table, the clock, and how the function is set up.

use std::sync::OnceLock;

use aws_types::SdkConfig;
use jiff::Timestamp;
use tokio::time::Instant;

use super::keeper::Keeper;
use crate::{
    aws::{self, pace::Pace},
    clock::Clock,
    documents,
    lambda::{self, Failed, Invocation, variable},
    ledger::store::Store,
    log,
};

/// What does not change between invocations.
#[derive(Debug)]
pub struct Function<K: Keeper> {
    config: SdkConfig,
    clients: OnceLock<K::Clients>,
    ssm: OnceLock<aws_sdk_ssm::Client>,
    sns: OnceLock<aws_sdk_sns::Client>,
    dynamodb: OnceLock<aws_sdk_dynamodb::Client>,
    /// The documented rates.
    pub pace: Pace,
    /// How the function is set up.
    pub settings: Settings,
    /// Where metrics go.
    pub metrics: log::Writer,
}

/// How the function is set up, from its environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The ledger's table.
    pub table: String,
    /// The topic of the reports.
    pub topic: String,
    /// Whether nothing is changed, and only said what would be.
    pub watch: bool,
    /// Whether a command may name the instant to play.
    pub may_play: bool,
    /// The prefix of all parameters.
    pub prefix: String,
    /// The function's name, for the commands that messages show.
    pub function_name: String,
    /// The Region.
    pub region: String,
}

/// What one invocation works with.
#[derive(Debug)]
pub struct Context<'a, K: Keeper> {
    /// What does not change.
    pub function: &'a Function<K>,
    /// The ledger, in this invocation's name.
    pub store: Store<K::Entry>,
    /// The clock.
    pub clock: Clock,
    /// When Lambda ends the invocation.
    pub deadline: Instant,
    /// The account, where it is known.
    pub account: String,
}

impl<K: Keeper> Function<K> {
    /// Reads the environment. Clients are made when they are first used: a settled tick needs one.
    ///
    /// # Errors
    /// When a variable is missing or has a value that makes no sense.
    pub fn from_environment() -> Result<Self, Failed> {
        let config =
            aws::config(K::NAME).map_err(|lacking| Failed::BadEnvironment(lacking.to_string()))?;
        let settings = Settings::from_environment(K::NAME, aws::region(&config))?;
        Ok(Self::new(config, settings))
    }

    /// A function with any configuration.
    #[must_use]
    pub fn new(config: SdkConfig, settings: Settings) -> Self {
        Self {
            config,
            clients: OnceLock::new(),
            ssm: OnceLock::new(),
            sns: OnceLock::new(),
            dynamodb: OnceLock::new(),
            pace: Pace::default(),
            settings,
            metrics: log::to_standard_output,
        }
    }

    /// The function's own clients, for the estates.
    pub fn clients(&self) -> &K::Clients {
        self.clients.get_or_init(|| K::clients(&self.config))
    }

    /// SSM, for the documents.
    pub fn ssm(&self) -> &aws_sdk_ssm::Client {
        let make = || aws_sdk_ssm::Client::new(&self.config);
        self.ssm.get_or_init(make)
    }

    /// SNS, for the reports.
    pub fn sns(&self) -> &aws_sdk_sns::Client {
        let make = || aws_sdk_sns::Client::new(&self.config);
        self.sns.get_or_init(make)
    }

    /// DynamoDB, for the ledger.
    fn dynamodb(&self) -> &aws_sdk_dynamodb::Client {
        let make = || aws_sdk_dynamodb::Client::new(&self.config);
        self.dynamodb.get_or_init(make)
    }

    /// What an invocation works with.
    #[must_use]
    pub fn context<'a>(&'a self, invocation: &Invocation) -> Context<'a, K> {
        let table = self.settings.table.clone();
        Context {
            store: Store::new(
                self.dynamodb().clone(),
                table,
                K::NAME,
                invocation.id.clone(),
            ),
            function: self,
            clock: invocation.clock,
            deadline: invocation.deadline,
            account: invocation.account.clone(),
        }
    }
}

impl Settings {
    fn from_environment(usual_name: &str, region: String) -> Result<Self, Failed> {
        Ok(Self {
            table: variable("NIGHTSHIFT_TABLE")?,
            topic: variable("NIGHTSHIFT_TOPIC_ARN")?,
            watch: lambda::only_watches()?,
            may_play: aws::may_play(),
            prefix: documents::prefix(),
            function_name: lambda::function_name(usual_name),
            region,
        })
    }
}

impl<K: Keeper> Context<'_, K> {
    /// The instant on the clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}
