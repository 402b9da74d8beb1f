//! What one invocation works with: clients that are made when they are first used, the table, the
//! clock, and how the function is set up.

use std::sync::OnceLock;

use aws_types::SdkConfig;
use jiff::Timestamp;
use nightshift::{
    aws::{self, pace::Pace},
    clock::Clock,
    documents,
    lambda::{self, Failed, Invocation, variable},
    ledger::{rollout::Entry, store::Store},
};
use tokio::time::Instant;

use crate::plan::FUNCTION;

/// What does not change between invocations.
#[derive(Debug)]
pub struct Function {
    config: SdkConfig,
    clients: Clients,
    /// The documented rates.
    pub pace: Pace,
    /// How the function is set up.
    pub settings: Settings,
}

/// Every client, once it was needed.
#[derive(Debug, Default)]
struct Clients {
    codedeploy: OnceLock<aws_sdk_codedeploy::Client>,
    dynamodb: OnceLock<aws_sdk_dynamodb::Client>,
    ecr: OnceLock<aws_sdk_ecr::Client>,
    ecs: OnceLock<aws_sdk_ecs::Client>,
    elb: OnceLock<aws_sdk_elasticloadbalancingv2::Client>,
    logs: OnceLock<aws_sdk_cloudwatchlogs::Client>,
    secrets: OnceLock<aws_sdk_secretsmanager::Client>,
    sns: OnceLock<aws_sdk_sns::Client>,
    ssm: OnceLock<aws_sdk_ssm::Client>,
}

/// How the function is set up, from its environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The ledger's table.
    pub table: String,
    /// The topic of the reports.
    pub topic: String,
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
pub struct Context<'a> {
    /// What does not change.
    pub function: &'a Function,
    /// The ledger, in this invocation's name.
    pub store: Store<Entry>,
    /// The clock.
    pub clock: Clock,
    /// When Lambda ends the invocation.
    pub deadline: Instant,
    /// The account, where it is known.
    pub account: String,
}

impl Function {
    /// Reads the environment.
    ///
    /// # Errors
    /// When a variable is missing.
    pub fn from_environment() -> Result<Self, Failed> {
        let config =
            aws::config(FUNCTION).map_err(|lacking| Failed::BadEnvironment(lacking.to_string()))?;
        let settings = Settings {
            table: variable("NIGHTSHIFT_TABLE")?,
            topic: variable("NIGHTSHIFT_TOPIC_ARN")?,
            may_play: aws::may_play(),
            prefix: documents::prefix(),
            function_name: lambda::function_name(FUNCTION),
            region: aws::region(&config),
        };
        Ok(Self::new(config, settings))
    }

    /// A function with any configuration.
    #[must_use]
    pub fn new(config: SdkConfig, settings: Settings) -> Self {
        Self {
            config,
            clients: Clients::default(),
            pace: Pace::default(),
            settings,
        }
    }

    /// What an invocation works with.
    #[must_use]
    pub fn context<'a>(&'a self, invocation: &Invocation) -> Context<'a> {
        let table = self.settings.table.clone();
        let store = Store::new(
            self.dynamodb().clone(),
            table,
            FUNCTION,
            invocation.id.clone(),
        );
        Context {
            store,
            function: self,
            clock: invocation.clock,
            deadline: invocation.deadline,
            account: invocation.account.clone(),
        }
    }
}

/// One method for each client.
macro_rules! clients {
    ($($(#[$doc:meta])* $name:ident: $sdk:ident,)*) => {
        impl Function {
            $($(#[$doc])*
            pub fn $name(&self) -> &$sdk::Client {
                self.clients.$name.get_or_init(|| $sdk::Client::new(&self.config))
            })*
        }
    };
}

clients! {
    /// CodeDeploy, for services that it deploys.
    codedeploy: aws_sdk_codedeploy,
    /// DynamoDB, for the ledger.
    dynamodb: aws_sdk_dynamodb,
    /// ECR, for images.
    ecr: aws_sdk_ecr,
    /// ECS.
    ecs: aws_sdk_ecs,
    /// Elastic Load Balancing, for targets and their health checks.
    elb: aws_sdk_elasticloadbalancingv2,
    /// CloudWatch Logs, for last words.
    logs: aws_sdk_cloudwatchlogs,
    /// Secrets Manager, for when a secret was changed; values are never read.
    secrets: aws_sdk_secretsmanager,
    /// SNS, for the reports.
    sns: aws_sdk_sns,
    /// SSM, for the documents and for when a parameter was changed.
    ssm: aws_sdk_ssm,
}

impl Context<'_> {
    /// The instant on the clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}
