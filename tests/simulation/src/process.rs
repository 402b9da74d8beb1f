//! A process of the function: warm between invocations, gone when it dies. Lambda gives each
//! invocation at the same time a process of its own.

use std::sync::Arc;

use nightshift::lambda::{Failed, Invocation};
use nightshift_cloud::world::ACCOUNT;
use serde_json::Value;
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};

use crate::{
    played::{Desk, Played},
    run::Script,
    sky::{Made, Shared},
    subject::Subject,
};

/// A process.
#[derive(Clone, Debug)]
pub struct Process<S: Subject> {
    id: u64,
    played: Arc<S::Played>,
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
    /// What a person sends again until it is answered.
    pub again: Option<Value>,
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
    pub fn start(sky: &Shared<S>, id: u64, script: &Script<S>) -> Self {
        let death = Arc::new(Notify::new());
        let desk = Desk {
            sky: sky.clone(),
            process: id,
            death: death.clone(),
            watch: script.watch,
            absent: script.absent.clone(),
        };
        Self {
            id,
            played: Arc::new(S::start(&desk)),
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
        let deadline = Instant::now() + S::TIMEOUT;
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
            answer = self.played.answer(invocation) => match answer {
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
