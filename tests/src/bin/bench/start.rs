//! Cold starts: from the process's first instant to its first question and its first answer.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use hyper::body::Bytes;
use nightshift_tests::aws::{ACCOUNT, REGION};
use nightshift_tests::estates::{self, Estate};
use serde_json::{Value, json};

use crate::endpoint::{Behind, Endpoint};
use crate::figures::Spread;
use crate::function::{Cpu, Function, Program};
use crate::share::Throttle;

/// A function that is measured.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    /// What it is called in the table.
    pub(crate) name: String,
    /// The binary.
    pub(crate) binary: PathBuf,
    /// The zip, where there is one.
    pub(crate) zip: Option<PathBuf>,
    /// What a tick reads.
    pub(crate) tick: Tick,
}

/// What a tick reads when nothing is to be done.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Tick {
    /// Nothing at all.
    Nothing,
    /// The marks that the function of this name left at these estates.
    Marks(&'static str, &'static [Estate]),
    /// explain-rollback's mark of its last round.
    Round,
    /// notify-slack's agenda.
    Agenda,
}

/// One cold start.
#[derive(Clone, Copy, Debug)]
struct Run {
    polled: Duration,
    answered: Duration,
    used: Duration,
    peak: u64,
}

/// What is measured of a subject at one share of a core.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Start {
    /// To the first question for an event, in seconds.
    pub(crate) polled: Spread,
    /// To the first answer, in seconds.
    pub(crate) answered: Spread,
    /// The processor's time until then, in seconds.
    pub(crate) used: Spread,
    /// The most that was resident, in bytes.
    pub(crate) peak: Spread,
}

/// By subject and share.
pub(crate) type Starts = BTreeMap<(String, Cpu), Start>;

/// What power-staging reads.
pub(crate) const STAGING: Tick = Tick::Marks("power-staging", &estates::ALL);
/// What scale-production reads.
pub(crate) const PRODUCTION: Tick = Tick::Marks("scale-production", &[estates::PRODUCTION]);
/// What rotate-secrets reads.
pub(crate) const ROTATED: Tick = Tick::Marks("rotate-secrets", &[estates::PRODUCTION]);

impl Tick {
    /// The table's answer, by which everything is due long after the bench.
    fn table(self) -> Bytes {
        let items = match self {
            Self::Nothing => Vec::new(),
            Self::Marks(function, estates) => estates
                .iter()
                .map(|estate| mark(function, estate))
                .collect(),
            Self::Round => vec![json!({
                "pk": { "S": "tick" },
                "sk": { "S": "*/rollouts" },
                "explain-rollback/look_again_at": { "N": "4102444800" },
                "explain-rollback/looked_at": { "N": "1764000000" },
            })],
            Self::Agenda => vec![json!({
                "pk": { "S": "slack/watch" },
                "sk": { "S": "agenda" },
                "at": { "N": "4102444800" },
            })],
        };
        let count = items.len();
        Bytes::from(json!({ "Count": count, "ScannedCount": count, "Items": items }).to_string())
    }
}

/// What a function that keeps estates writes at the end of a look.
fn mark(function: &str, estate: &Estate) -> Value {
    json!({
        "pk": { "S": "tick" },
        "sk": { "S": estate.name },
        (format!("{function}/look_again_at")): { "N": "4102444800" },
        (format!("{function}/looked_at")): { "N": "1764000000" },
        (format!("{function}/watched")): { "L": [
            { "S": estate.cluster },
            { "S": estate.database.name() },
        ] },
    })
}

/// Starts each subject so many times at each share, in turn, so that what else goes on in the
/// machine meets them all alike.
///
/// # Errors
/// When one of them does not start, or answers wrongly.
pub(crate) async fn measure(
    subjects: &[Subject],
    runs: usize,
    throttle: &Throttle,
    directory: &Path,
    progress: &mut dyn FnMut(&str),
) -> Result<Starts> {
    let mut endpoints = Vec::new();
    for subject in subjects {
        let behind = Behind::Constant(subject.tick.table());
        endpoints.push(Endpoint::listen(behind, directory).await?);
    }
    let topic = format!("arn:aws:sns:{REGION}:{ACCOUNT}:bench");
    let mut measured: BTreeMap<(String, Cpu), Vec<Run>> = BTreeMap::new();
    for run in 0..=runs {
        if run % 10 == 1 {
            progress(&format!(
                "cold starts {run} to {} of {runs}",
                (run + 9).min(runs)
            ));
        }
        for cpu in [Cpu::Full, Cpu::Share] {
            for (subject, endpoint) in subjects.iter().zip(&endpoints) {
                let program = Program::new(&subject.name, subject.binary.clone(), directory).on(
                    endpoint,
                    "bench",
                    &topic,
                    "/nightshift",
                );
                let one = once(&program, subject, cpu, throttle, endpoint)
                    .await
                    .with_context(|| format!("a cold start of {}", subject.name))?;
                // The first one only fetches the binary from the disk.
                if run > 0 {
                    let key = (subject.name.clone(), cpu);
                    measured.entry(key).or_default().push(one);
                }
            }
        }
    }
    Ok(measured
        .into_iter()
        .map(|(key, runs)| (key, Start::of(&runs)))
        .collect())
}

async fn once(
    program: &Program,
    subject: &Subject,
    cpu: Cpu,
    throttle: &Throttle,
    endpoint: &Endpoint,
) -> Result<Run> {
    let tick = json!({ "command": "tick" });
    let mut function = Function::start(program, cpu, throttle, &[tick]).await?;
    let polled = function.polled().await?;
    let answer = function.answered().await?;
    let run = Run {
        polled: polled - function.started,
        answered: answer.at - function.started,
        used: function.cpu()?,
        peak: function.peak()?,
    };
    function.end().await?;
    let calls = endpoint.take_calls();
    if matches!(subject.tick, Tick::Nothing) {
        ensure!(
            answer.payload == Value::Null && calls.is_empty(),
            "the empty handler answers {} and calls {calls:?}",
            answer.payload
        );
    } else {
        ensure!(
            answer.payload["idle"] == true,
            "a settled tick answers {}",
            answer.payload
        );
        let calls: Vec<String> = calls.iter().map(|seen| seen.call.to_string()).collect();
        ensure!(
            calls == ["dynamodb:Query"],
            "a settled tick calls {calls:?}"
        );
    }
    Ok(run)
}

impl Start {
    fn of(runs: &[Run]) -> Self {
        let spread = |value: fn(&Run) -> f64| Spread::of(runs.iter().map(value));
        Self {
            polled: spread(|run| run.polled.as_secs_f64()),
            answered: spread(|run| run.answered.as_secs_f64()),
            used: spread(|run| run.used.as_secs_f64()),
            peak: spread(|run| as_float(run.peak)),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a few megabytes")]
fn as_float(bytes: u64) -> f64 {
    bytes as f64
}
