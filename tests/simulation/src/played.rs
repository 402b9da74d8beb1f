//! What is played in one process: a function that keeps estates, or several that get the same ticks
//! and events. Each signs in its own name, so that its own role applies.

use std::{fmt::Debug, sync::Arc};

use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_types::{SdkConfig, region::Region};
use nightshift::{
    aws,
    keep::{Function, Keeper, Settings, handle},
    lambda::{Failed, Invocation},
    ledger::Saved,
};
use nightshift_cloud::world::{ACCOUNT, REGION};
use serde_json::Value;
use tokio::sync::Notify;

use crate::{
    connector::Line,
    logs,
    sky::{CANARY, Shared},
    subject::Subject,
};

/// The table's logical name in template.yaml.
pub const TABLE: &str = "Ledger";

/// What one process holds, warm between invocations.
pub trait Played: Debug + 'static {
    /// The function's name: by it its calls are told, and its rules and schedule in template.yaml.
    const NAME: &'static str;

    /// What stands before the keys of what it saves.
    const NAMESPACE: &'static str;

    /// Answers one invocation.
    ///
    /// # Errors
    /// As the function itself does.
    fn answer(&self, invocation: Invocation) -> impl Future<Output = Result<Value, Failed>>;
}

impl<K: Keeper> Played for Function<K> {
    const NAME: &'static str = K::NAME;
    const NAMESPACE: &'static str = <K::Entry as Saved>::NAMESPACE;

    async fn answer(&self, invocation: Invocation) -> Result<Value, Failed> {
        handle(self, invocation).await
    }
}

/// What a process is made from.
#[derive(Debug)]
pub struct Desk<S: Subject> {
    /// The cloud and everything around it.
    pub sky: Shared<S>,
    /// The process's number.
    pub process: u64,
    /// Ends the process.
    pub death: Arc<Notify>,
    /// `Mode: watch`.
    pub watch: bool,
    /// Which of several functions are not there.
    pub absent: Vec<&'static str>,
}

impl<S: Subject> Desk<S> {
    /// The configuration of clients that call in a function's name.
    #[must_use]
    pub fn config(&self, function: &str) -> SdkConfig {
        let line = Line::new(self.sky.clone(), self.process, self.death.clone());
        let credentials = Credentials::new(
            format!("function.{function}"),
            format!("{CANARY}-secret-access-key"),
            Some(format!("{CANARY}-session-token")),
            None,
            "simulation",
        );
        let mut builder = aws::tuned(SdkConfig::builder())
            .region(Region::new(REGION))
            .credentials_provider(SharedCredentialsProvider::new(credentials));
        builder.set_http_client(Some(SharedHttpClient::new(line)));
        builder.build()
    }

    /// A function that keeps estates, as its process starts.
    #[must_use]
    pub fn keeper<K: Keeper>(&self) -> Function<K> {
        let settings = Settings {
            table: TABLE.to_owned(),
            topic: topic(),
            watch: self.watch,
            may_play: false,
            prefix: "/nightshift".to_owned(),
            function_name: K::NAME.to_owned(),
            region: REGION.to_owned(),
        };
        let mut function = Function::new(self.config(K::NAME), settings);
        function.metrics = logs::metrics;
        function
    }
}

/// The topic of the reports.
#[must_use]
pub fn topic() -> String {
    format!("arn:aws:sns:{REGION}:{ACCOUNT}:Reports")
}
