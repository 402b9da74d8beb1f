//! What one invocation works with: clients that are made when they are first used, the way to
//! databases, the table, the clock, and how the function is set up.

use std::sync::{Arc, OnceLock};

use aws_types::SdkConfig;
use jiff::Timestamp;
use nightshift::{
    aws::{self, pace::Pace},
    clock::Clock,
    config::Means,
    documents,
    lambda::{self, Failed, Invocation, variable},
    ledger::{rotation::Entry, store::Store},
};
use tokio::time::Instant;

use crate::{
    dial::{
        Dial, Network,
        atlas::{Atlas, Internet},
    },
    engine::atlas::Host,
    facts::Facts,
    held::Held,
    plan::FUNCTION,
};

/// What does not change between invocations.
#[derive(Debug)]
pub struct Function {
    config: SdkConfig,
    clients: Clients,
    /// The documented rates.
    pub pace: Pace,
    /// How the function is set up.
    pub settings: Settings,
    /// How databases are reached.
    pub dial: Arc<dyn Dial>,
    /// How MongoDB Atlas is reached.
    pub atlas: Arc<dyn Atlas>,
    /// What was read once and never changes.
    pub facts: Facts,
    /// A master password that is set and not published yet.
    pub held: Held,
}

/// Every client, once it was needed.
#[derive(Debug, Default)]
struct Clients {
    codedeploy: OnceLock<aws_sdk_codedeploy::Client>,
    dynamodb: OnceLock<aws_sdk_dynamodb::Client>,
    ecs: OnceLock<aws_sdk_ecs::Client>,
    rds: OnceLock<aws_sdk_rds::Client>,
    secrets: OnceLock<aws_sdk_secretsmanager::Client>,
    sns: OnceLock<aws_sdk_sns::Client>,
    ssm: OnceLock<aws_sdk_ssm::Client>,
}

/// What a deployment of the function reaches. Databases lie in the VPC; Atlas, and whatever has no
/// endpoint there, outside. One binary is deployed twice where neither place reaches both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Databases and the world.
    Everything,
    /// Databases, and AWS.
    Inside,
    /// The world, and AWS.
    Outside,
}

/// How the function is set up, from its environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The ledger's table.
    pub table: String,
    /// The topic of the reports.
    pub topic: String,
    /// Whether nothing may be changed: `Mode: watch`.
    pub watch: bool,
    /// Whether a command may name the instant to play.
    pub may_play: bool,
    /// The prefix of all parameters.
    pub prefix: String,
    /// The function's name, for the commands that messages show, and by which its own writes are told.
    pub function_name: String,
    /// The Region.
    pub region: String,
    /// What it reaches.
    pub reach: Reach,
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
            watch: lambda::only_watches()?,
            may_play: aws::may_play(),
            prefix: documents::prefix(),
            function_name: lambda::function_name(FUNCTION),
            region: aws::region(&config),
            reach: Reach::from_environment()?,
        };
        let atlas = Internet::to(atlas_host()?);
        Ok(Self::new(
            config,
            settings,
            Arc::new(Network::default()),
            Arc::new(atlas),
        ))
    }

    /// A function with any configuration, and any way to databases and to Atlas.
    #[must_use]
    pub fn new(
        config: SdkConfig,
        settings: Settings,
        dial: Arc<dyn Dial>,
        atlas: Arc<dyn Atlas>,
    ) -> Self {
        Self {
            config,
            clients: Clients::default(),
            pace: Pace::default(),
            settings,
            dial,
            atlas,
            facts: Facts::default(),
            held: Held::default(),
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

/// Atlas itself, or for tests one at a loopback address.
fn atlas_host() -> Result<Host, Failed> {
    let local = lambda::local_address("NIGHTSHIFT_ATLAS_URL")?;
    Ok(local.map_or(Host::Atlas, Host::Local))
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
    /// ECS, for the services that read secrets.
    ecs: aws_sdk_ecs,
    /// RDS, for the databases behind secrets.
    rds: aws_sdk_rds,
    /// Secrets Manager.
    secrets: aws_sdk_secretsmanager,
    /// SNS, for the reports.
    sns: aws_sdk_sns,
    /// SSM, for the documents and for parameters.
    ssm: aws_sdk_ssm,
}

impl Reach {
    fn from_environment() -> Result<Self, Failed> {
        match std::env::var("NIGHTSHIFT_REACH").as_deref() {
            Err(_) | Ok("" | "everything") => Ok(Self::Everything),
            Ok("inside") => Ok(Self::Inside),
            Ok("outside") => Ok(Self::Outside),
            Ok(other) => Err(Failed::BadEnvironment(format!(
                "NIGHTSHIFT_REACH is `{other}`: it is `everything`, `inside` or `outside`"
            ))),
        }
    }

    /// Whether a secret of these means can be made, tried and ended from here.
    #[must_use]
    pub fn includes(self, means: Option<&Means<'_>>) -> bool {
        match (self, means) {
            (Self::Outside, Some(Means::Postgres { .. } | Means::RdsMaster { .. }))
            | (Self::Inside, Some(Means::Atlas { .. })) => false,
            (Self::Everything | Self::Inside | Self::Outside, _) => true,
        }
    }
}

impl Context<'_> {
    /// The instant on the clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}
