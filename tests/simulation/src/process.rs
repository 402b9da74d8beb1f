//! A process of the function: warm between invocations, gone when it dies. Lambda gives each
//! invocation at the same time a process of its own.

use std::{sync::Arc, time::Duration};

use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_types::{SdkConfig, region::Region};
use nightshift::{
    aws,
    keep::{Function, Keeper, Settings, handle},
    lambda::{Failed, Invocation},
};
use nightshift_cloud::world::{ACCOUNT, REGION};
use serde_json::Value;
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};

use crate::{
    connector::Line,
    logs,
    sky::{CANARY, Made, Shared},
    subject::Subject,
};

/// The function's timeout in template.yaml.
pub const TIMEOUT: Duration = Duration::from_mins(2);
/// The table's logical name in template.yaml.
pub const TABLE: &str = "Ledger";

/// The topic of the reports.
#[must_use]
pub fn topic() -> String {
    format!("arn:aws:sns:{REGION}:{ACCOUNT}:Reports")
}

/// A process.
#[derive(Clone, Debug)]
pub struct Process<S: Subject> {
    id: u64,
    function: Arc<Function<S::Keeper>>,
    death: Arc<Notify>,
}

/// How an invocation ended.
#[derive(Clone, Debug)]
pub enum Ending {
    /// With an answer.
    Answered(Value),
    /// With an error.
    Failed(Failed),
    /// The process died.
    Died,
    /// Lambda ended it.
    TimedOut,
}

/// An invocation that ended.
#[derive(Debug)]
pub struct Ended<S: Subject> {
    /// The process, if it lives.
    pub process: Option<Process<S>>,
    /// How.
    pub ending: Ending,
    /// What it called.
    pub made: Vec<Made>,
    /// What the caller gave along.
    pub note: Note,
}

/// What the caller wants to know again at the end.
#[derive(Clone, Debug)]
pub struct Note {
    /// In words.
    pub what: String,
    /// Which order of a person it carries out: the estate and the order's number.
    pub order: Option<(&'static str, u64)>,
    /// How often it was tried.
    pub tries: u32,
}

/// What is sent, and by what name it is known.
#[derive(Clone, Debug)]
pub struct Sent {
    /// The payload.
    pub payload: Value,
    /// For the trace.
    pub note: Note,
}

impl<S: Subject> Process<S> {
    /// A new process.
    #[must_use]
    pub fn start(sky: &Shared<S>, id: u64, watch: bool) -> Self {
        let death = Arc::new(Notify::new());
        let line = Line::new(sky.clone(), id, death.clone());
        let credentials = Credentials::new(
            format!("function.{}", S::Keeper::NAME),
            format!("{CANARY}-secret-access-key"),
            Some(format!("{CANARY}-session-token")),
            None,
            "simulation",
        );
        let mut builder = aws::tuned(SdkConfig::builder())
            .region(Region::new(REGION))
            .credentials_provider(SharedCredentialsProvider::new(credentials));
        builder.set_http_client(Some(SharedHttpClient::new(line)));
        let settings = Settings {
            table: TABLE.to_owned(),
            topic: topic(),
            watch,
            may_play: false,
            prefix: "/nightshift".to_owned(),
            function_name: S::Keeper::NAME.to_owned(),
            region: REGION.to_owned(),
        };
        let mut function = Function::new(builder.build(), settings);
        function.metrics = logs::metrics;
        Self {
            id,
            function: Arc::new(function),
            death,
        }
    }

    /// Answers one invocation, or dies of it.
    pub async fn invoke(self, sky: Shared<S>, id: String, sent: Sent) -> Ended<S> {
        let clock = {
            let mut sky = sky.now();
            sky.tell(|| format!("  {} begins ({id})", sent.note.what));
            let seen = sky.processes.entry(self.id).or_default();
            seen.made.clear();
            seen.invocation.clone_from(&id);
            sky.clock
        };
        let deadline = Instant::now() + TIMEOUT;
        let invocation = Invocation {
            payload: sent.payload,
            id,
            clock,
            deadline,
            account: ACCOUNT.to_owned(),
        };
        let ending = tokio::select! {
            biased;
            () = self.death.notified() => Ending::Died,
            () = sleep_until(deadline) => Ending::TimedOut,
            answer = handle(&self.function, invocation) => match answer {
                Ok(answer) => Ending::Answered(answer),
                Err(failed) => Ending::Failed(failed),
            },
        };
        let made = {
            let mut sky = sky.now();
            sky.tell(|| format!("  {} ends: {}", sent.note.what, brief(&ending)));
            let seen = sky.processes.entry(self.id).or_default();
            std::mem::take(&mut seen.made).into_values().collect()
        };
        let lives = matches!(ending, Ending::Answered(_) | Ending::Failed(_));
        Ended {
            process: lives.then_some(self),
            ending,
            made,
            note: sent.note,
        }
    }
}

fn brief(ending: &Ending) -> String {
    match ending {
        Ending::Answered(answer) if answer["idle"] == true => "idle".to_owned(),
        Ending::Answered(answer) => {
            let estates = answer["estates"].as_array();
            let words: Vec<String> = estates
                .into_iter()
                .flatten()
                .map(|report| {
                    format!(
                        "{} {} settled={} ready={} next={}",
                        report["estate"].as_str().unwrap_or_default(),
                        report["phase"],
                        report["settled"],
                        report["ready"],
                        report["next"].as_str().unwrap_or("-")
                    )
                })
                .collect();
            words.join("; ")
        }
        Ending::Failed(failed) => format!("failed: {failed}"),
        Ending::Died => "died".to_owned(),
        Ending::TimedOut => "timed out".to_owned(),
    }
}
