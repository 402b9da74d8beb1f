//! Plays one run step by step, or many of them side by side.
//!
//! `simulate play [slim/|rotate/]<place> <seed> [every-tick] [watch]`,
//! `simulate soak <fortnights> <years> [first seed] [function]`: so many of each function, or of one.
//!
//! Of many, each has a process of its own: the SDK keeps its budget of retries for the whole process,
//! so that runs beside or before it would have a say in what a seed plays.

use std::{
    io::{IsTerminal as _, Write as _},
    process::{Command, ExitCode, Stdio},
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::Instant,
};

use anyhow::{Context as _, Result, bail};
use nightshift_simulation::{
    places::{FORTNIGHTS, Place, YEAR},
    rotate::Rotate,
    run::{Script, again, play},
    sleep::Sleep,
    slim::Slim,
    subject::Subject,
};
use serde::{Deserialize, Serialize};

fn main() -> Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["play", place, seed, rest @ ..] => {
            let (which, place) = known(place)?;
            let seed = seed.parse().context("the seed is a number")?;
            Ok(match which {
                Which::Sleep => once::<Sleep>(place, seed, rest),
                Which::Slim => once::<Slim>(place, seed, rest),
                Which::Rotate => once::<Rotate>(place, seed, rest),
            })
        }
        ["figures", place, seed] => {
            let (which, place) = known(place)?;
            let seed = seed.parse().context("the seed is a number")?;
            let figures = match which {
                Which::Sleep => figures::<Sleep>(place, seed),
                Which::Slim => figures::<Slim>(place, seed),
                Which::Rotate => figures::<Rotate>(place, seed),
            };
            println!("{}", serde_json::to_string(&figures)?);
            Ok(ExitCode::SUCCESS)
        }
        ["soak", fortnights, years, rest @ ..] => {
            let first = rest.first().map_or(Ok(1), |first| first.parse())?;
            let soak = Soak {
                fortnights: fortnights.parse()?,
                years: years.parse()?,
                first,
                words: played(rest.get(1).copied())?,
            };
            Ok(soak.played())
        }
        _ => bail!(
            "simulate play [slim/|rotate/]<place> <seed> [every-tick] [watch], or simulate soak <fortnights> <years> [first seed] [function]"
        ),
    }
}

/// What is played.
#[derive(Clone, Copy)]
enum Which {
    Sleep,
    Slim,
    Rotate,
}

/// What is played, and where.
fn known(name: &str) -> Result<(Which, Place)> {
    let words = [(Slim::WORD, Which::Slim), (Rotate::WORD, Which::Rotate)];
    let mut words = words.into_iter();
    let found = words.find_map(|(word, which)| Some((which, name.strip_prefix(word)?)));
    let (which, name) = found.unwrap_or((Which::Sleep, name));
    let place = Place::named(name).with_context(|| {
        let known: Vec<&str> = FORTNIGHTS.iter().map(|place| place.name).collect();
        let known = known.join(", ");
        format!(
            "no place `{name}`: there is {known}, year, and each of them after slim/ or rotate/"
        )
    })?;
    Ok((which, place))
}

/// What a run came to, for who started this process.
#[derive(Serialize, Deserialize)]
struct Figures {
    calls: u64,
    checks: u64,
    broken: Vec<String>,
    again: String,
}

fn figures<S: Subject>(place: Place, seed: u64) -> Figures {
    let script = Script::<S>::drawn(place, seed);
    let outcome = play(&script);
    Figures {
        calls: outcome.calls,
        checks: outcome.checks,
        broken: outcome.broken.iter().map(ToString::to_string).collect(),
        again: again(&script),
    }
}

fn apart(place: &str, seed: u64) -> Result<Figures> {
    let output = Command::new(std::env::current_exe()?)
        .args(["figures", place, &seed.to_string()])
        .stderr(Stdio::inherit())
        .output()?;
    serde_json::from_slice(&output.stdout)
        .with_context(|| format!("{place} from seed {seed}: {}", output.status))
}

fn once<S: Subject>(place: Place, seed: u64, rest: &[&str]) -> ExitCode {
    let mut script = Script::<S>::drawn(place, seed);
    script.tells = true;
    script.every_tick = rest.contains(&"every-tick");
    script.watch |= rest.contains(&"watch");
    let outcome = play(&script);
    for line in &outcome.trace {
        println!("{line}");
    }
    println!(
        "{} from seed {seed}: {} invocations, {} calls, {} checks",
        place.name, outcome.invocations, outcome.calls, outcome.checks
    );
    let mut code = ExitCode::SUCCESS;
    for broken in &outcome.broken {
        println!("broken: {broken}\n   {}", again(&script));
        code = ExitCode::FAILURE;
    }
    code
}

/// The words before a place of the functions that are soaked: of the named one, or of all.
fn played(only: Option<&str>) -> Result<Vec<&'static str>> {
    let all = [
        ("power-staging", Sleep::WORD),
        ("scale-production", Slim::WORD),
        ("rotate-secrets", Rotate::WORD),
    ];
    let words: Vec<&str> = all
        .iter()
        .filter(|(function, _)| only.is_none_or(|only| only == *function))
        .map(|(_, word)| *word)
        .collect();
    if words.is_empty() {
        bail!(
            "no such function is simulated: there is power-staging, scale-production and rotate-secrets"
        );
    }
    Ok(words)
}

/// So many runs of each function.
struct Soak {
    fortnights: u64,
    years: u64,
    /// The first seed.
    first: u64,
    /// What stands before the place for each of the functions.
    words: Vec<&'static str>,
}

impl Soak {
    /// Plays it on all cores, one run each, with a line that tells how far it is.
    fn played(&self) -> ExitCode {
        let (next, done) = (AtomicU64::new(0), AtomicU64::new(0));
        let (calls, checks) = (AtomicU64::new(0), AtomicU64::new(0));
        let failed = AtomicU64::new(0);
        let began = Instant::now();
        let cores = thread::available_parallelism().map_or(1, std::num::NonZero::get);
        thread::scope(|scope| {
            for _ in 0..cores {
                scope.spawn(|| {
                    while let Some((place, seed)) = self.run(next.fetch_add(1, Ordering::Relaxed)) {
                        let broken = match apart(&place, seed) {
                            Ok(figures) => {
                                calls.fetch_add(figures.calls, Ordering::Relaxed);
                                checks.fetch_add(figures.checks, Ordering::Relaxed);
                                let first = figures.broken.into_iter().next();
                                first.map(|broken| format!("{broken:70}\n  {}", figures.again))
                            }
                            Err(error) => Some(format!("{error:#}")),
                        };
                        if let Some(broken) = broken {
                            println!("\r{broken}");
                            failed.fetch_add(1, Ordering::Relaxed);
                        }
                        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
                        progress(done, self.total(), began);
                    }
                });
            }
        });
        let failed = failed.into_inner();
        println!(
            "\n{} fortnights and {} years of each of {} functions from seed {} in {} s on {cores} cores: {} calls, {} checks, {failed} runs with a broken rule",
            self.fortnights,
            self.years,
            self.words.len(),
            self.first,
            began.elapsed().as_secs(),
            calls.into_inner(),
            checks.into_inner(),
        );
        if failed == 0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }

    fn total(&self) -> u64 {
        self.words.len() as u64 * (self.fortnights + self.years)
    }

    /// Where a run is played, and from which seed. The years come first: they take longest. The
    /// functions take turns.
    fn run(&self, number: u64) -> Option<(String, u64)> {
        if number >= self.total() {
            return None;
        }
        let (turn, of) = (
            number / self.words.len() as u64,
            number % self.words.len() as u64,
        );
        let (place, seed) = if turn < self.years {
            (YEAR, self.first + turn)
        } else {
            let seed = self.first + turn - self.years;
            let place = usize::try_from(seed).unwrap_or(0) % FORTNIGHTS.len();
            (FORTNIGHTS[place], seed)
        };
        let word = usize::try_from(of).ok().and_then(|of| self.words.get(of))?;
        Some((format!("{word}{}", place.name), seed))
    }
}

fn progress(done: u64, total: u64, began: Instant) {
    let mut out = std::io::stdout();
    // In a log a line now and then is enough.
    if !out.is_terminal() && !done.is_multiple_of(100) {
        return;
    }
    let filled = usize::try_from(done * 40 / total.max(1)).unwrap_or(40);
    let left = began.elapsed().as_secs() * (total - done) / done.max(1);
    let bar = format!("{}{}", "#".repeat(filled), ".".repeat(40 - filled));
    let end = if out.is_terminal() { "\r" } else { "\n" };
    let _ = write!(out, "[{bar}] {done}/{total}, {left} s left   {end}");
    let _ = out.flush();
}
