//! Plays one run step by step, or many of them side by side.
//!
//! `simulate play <place> <seed> [every-tick] [watch]`, `simulate soak <fortnights> <years> [first seed]`
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
    run::{Outcome, Script, again, play},
};
use serde::{Deserialize, Serialize};

fn main() -> Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["play", place, seed, rest @ ..] => Ok(once(
            known(place)?,
            seed.parse().context("the seed is a number")?,
            rest,
        )),
        ["figures", place, seed] => figures(known(place)?, seed.parse()?),
        ["soak", fortnights, years, rest @ ..] => {
            let first = rest.first().map_or(Ok(1), |first| first.parse())?;
            Ok(soak(fortnights.parse()?, years.parse()?, first))
        }
        _ => bail!(
            "simulate play <place> <seed> [every-tick] [watch], or simulate soak <fortnights> <years> [first seed]"
        ),
    }
}

fn known(place: &str) -> Result<Place> {
    Place::named(place).with_context(|| {
        let known: Vec<&str> = FORTNIGHTS.iter().map(|place| place.name).collect();
        format!("no place `{place}`: there is {}, year", known.join(", "))
    })
}

/// What a run came to, for who started this process.
#[derive(Serialize, Deserialize)]
struct Figures {
    calls: u64,
    checks: u64,
    broken: Vec<String>,
}

fn figures(place: Place, seed: u64) -> Result<ExitCode> {
    let outcome = play(&Script::drawn(place, seed));
    let figures = Figures {
        calls: outcome.calls,
        checks: outcome.checks,
        broken: outcome.broken.iter().map(ToString::to_string).collect(),
    };
    println!("{}", serde_json::to_string(&figures)?);
    Ok(ExitCode::SUCCESS)
}

fn apart(script: &Script) -> Result<Figures> {
    let seed = script.seed.to_string();
    let output = Command::new(std::env::current_exe()?)
        .args(["figures", script.place.name, &seed])
        .stderr(Stdio::inherit())
        .output()?;
    serde_json::from_slice(&output.stdout)
        .with_context(|| format!("{}: {}", again(script), output.status))
}

fn once(place: Place, seed: u64, rest: &[&str]) -> ExitCode {
    let mut script = Script::drawn(place, seed);
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
    verdict(&[(script, outcome)])
}

fn verdict(runs: &[(Script, Outcome)]) -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    for (script, outcome) in runs {
        for broken in &outcome.broken {
            println!("broken: {broken}\n   {}", again(script));
            code = ExitCode::FAILURE;
        }
    }
    code
}

/// All cores, one run each, with a line that tells how far it is.
fn soak(fortnights: u64, years: u64, first: u64) -> ExitCode {
    let total = fortnights + years;
    let (next, done) = (AtomicU64::new(0), AtomicU64::new(0));
    let (calls, checks) = (AtomicU64::new(0), AtomicU64::new(0));
    let failed = AtomicU64::new(0);
    let began = Instant::now();
    let cores = thread::available_parallelism().map_or(1, std::num::NonZero::get);
    thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= total {
                        break;
                    }
                    // The years first: they take longest.
                    let script = script(number, years, first);
                    let broken = match apart(&script) {
                        Ok(figures) => {
                            calls.fetch_add(figures.calls, Ordering::Relaxed);
                            checks.fetch_add(figures.checks, Ordering::Relaxed);
                            figures.broken
                        }
                        Err(error) => vec![format!("{error:#}")],
                    };
                    if let Some(first) = broken.first() {
                        println!("\r{first:70}\n  {}", again(&script));
                        failed.fetch_add(1, Ordering::Relaxed);
                    }
                    progress(done.fetch_add(1, Ordering::Relaxed) + 1, total, began);
                }
            });
        }
    });
    let failed = failed.into_inner();
    println!(
        "\n{fortnights} fortnights and {years} years in {} s on {cores} cores: {} calls, {} checks, {} runs with a broken rule",
        began.elapsed().as_secs(),
        calls.into_inner(),
        checks.into_inner(),
        failed
    );
    if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn script(number: u64, years: u64, first: u64) -> Script {
    if number < years {
        return Script::drawn(YEAR, first + number);
    }
    let seed = first + number - years;
    let place = usize::try_from(seed).unwrap_or(0) % FORTNIGHTS.len();
    Script::drawn(FORTNIGHTS[place], seed)
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
