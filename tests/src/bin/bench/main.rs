//! Measures what the functions cost, beside an empty handler in the same run: `make bench`.
//!
//! It asserts that things are answered correctly, never how long they take.
//!
//! ```text
//! make bench                                   everything, to target/bench.md
//! make bench BENCH="--start"                   the cold starts only, to target/bench-start.md
//! make bench BENCH="--runs 20"                 fewer cold starts than 40
//! make bench BENCH="--emulate"                 the share of a core by signals, also where there are cgroups
//! make bench BENCH="--variants"                power-staging built in other ways, 5 to 10 min each
//! make bench BENCH="--variants lto-thin opt-s" some of them
//! make bench BENCH="--beside a/bootstrap"      the cold starts of any other build of it as well
//! ```

mod endpoint;
mod figures;
mod function;
mod played;
mod rates;
mod share;
mod start;
mod table;
mod told;
mod variants;

use std::iter::Peekable;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use nightshift_tests::local::root;

use crate::played::{Nights, Played};
use crate::share::Throttle;
use crate::start::{PRODUCTION, ROTATED, STAGING, Subject, Tick};

/// What was asked for.
#[derive(Debug)]
struct Options {
    runs: usize,
    start_only: bool,
    emulate: bool,
    variants: Option<Vec<String>>,
    beside: Vec<String>,
}

impl Options {
    fn read(arguments: impl Iterator<Item = String>) -> Result<Self> {
        let mut arguments = arguments.peekable();
        let mut options = Self {
            runs: 40,
            start_only: false,
            emulate: false,
            variants: None,
            beside: Vec::new(),
        };
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--start" => options.start_only = true,
                "--emulate" => options.emulate = true,
                "--runs" => {
                    let runs = arguments.next().context("--runs wants a number")?;
                    options.runs = runs.parse().context("--runs wants a number")?;
                }
                "--variants" => options.variants = Some(names(&mut arguments)),
                "--beside" => options.beside = names(&mut arguments),
                other => bail!(
                    "unknown: {other}. The first lines of tests/src/bin/bench/main.rs say what there is"
                ),
            }
        }
        Ok(options)
    }
}

/// What follows an option, up to the next one.
fn names(arguments: &mut Peekable<impl Iterator<Item = String>>) -> Vec<String> {
    let mut names = Vec::new();
    while let Some(name) = arguments.next_if(|name| !name.starts_with("--")) {
        names.push(name);
    }
    names
}

#[tokio::main]
async fn main() -> Result<()> {
    let options = Options::read(std::env::args().skip(1))?;
    // What is dropped ends its processes and removes its cgroup.
    tokio::select! {
        done = bench(&options) => done,
        _ = tokio::signal::ctrl_c() => bail!("interrupted"),
    }
}

async fn bench(options: &Options) -> Result<()> {
    let began = Instant::now();
    if load().parse().is_ok_and(|load: f64| load > 1.0) {
        eprintln!(
            "the machine is busy (load average {}): times will be longer than they need be",
            load()
        );
    }
    let mut progress = |what: &str| eprintln!("[{:>4} s] {what}", began.elapsed().as_secs());
    let directory = root().join("target/bench");
    std::fs::create_dir_all(&directory)?;

    if options.variants.is_some() || !options.beside.is_empty() {
        let mut subjects = vec![built("power-staging", STAGING)?];
        subjects.extend(options.beside.iter().map(|path| beside(path)));
        if let Some(names) = &options.variants {
            let chosen = variants::chosen(names)?;
            subjects.extend(variants::build(&chosen, &mut progress).await?);
        }
        let throttle = Throttle::prepare(options.emulate);
        let before = load();
        let starts = start::measure(
            &subjects,
            options.runs,
            &throttle,
            &directory,
            &mut progress,
        )
        .await?;
        let mut text = table::variants(&starts, &subjects)?;
        text.push('\n');
        text += &table::notes(&throttle, options.runs, [&before, &load()]);
        return publish("bench-variants.md", &text);
    }

    let subjects = [
        built("power-staging", STAGING)?,
        built("scale-production", PRODUCTION)?,
        built("explain-rollback", Tick::Round)?,
        built("rotate-secrets", ROTATED)?,
        built("notify-slack", Tick::Agenda)?,
        built("nightshift-empty", Tick::Nothing)?,
    ];
    let throttle = Throttle::prepare(options.emulate);
    let before = load();
    let starts = start::measure(
        &subjects,
        options.runs,
        &throttle,
        &directory,
        &mut progress,
    )
    .await?;
    let [staging, production, explainer, rotator, notifier, empty] = &subjects;
    let (mut told, mut played, mut nights) = (None, None, None);
    if !options.start_only {
        let alarms = told::measure(&notifier.binary, &throttle, 10, &directory, &mut progress);
        told = Some(alarms.await?);
        let small =
            played::play_production(&production.binary, &throttle, 5, &directory, &mut progress);
        nights = Some(small.await?);
        let looks = played::play_staging(&staging.binary, &throttle, 5, &directory, &mut progress);
        played = Some(looks.await?);
    }
    let mut tables = Vec::new();
    for subject in [staging, production, explainer, rotator, notifier] {
        tables.push(table::starts(&starts, subject, empty)?);
    }
    tables.extend([
        table::peer(
            &starts,
            staging,
            "estates 1, 3 and 4",
            played.as_ref().and_then(Played::cold),
        )?,
        table::peer(
            &starts,
            production,
            "estate 2",
            nights.as_ref().and_then(Nights::cold),
        )?,
    ]);
    if let Some(told) = &told {
        tables.push(table::told(told)?);
    }
    if let Some(played) = &played {
        tables.push(table::costs(&played.measured())?);
        tables.push(table::actions(&played.measured())?);
        tables.push(table::rates(&played.large)?);
    }
    if let Some(nights) = &nights {
        tables.push(table::costs(&nights.measured())?);
        tables.push(table::actions(&nights.measured())?);
    }
    tables.push(table::notes(&throttle, options.runs, [&before, &load()]));
    progress("done");
    publish(file(options), &tables.join("\n"))
}

/// Where the tables are left.
fn file(options: &Options) -> &'static str {
    if options.start_only {
        "bench-start.md"
    } else {
        "bench.md"
    }
}

/// Any other build of power-staging.
fn beside(path: &str) -> Subject {
    Subject {
        name: path.trim_start_matches('/').replace('/', "-"),
        binary: PathBuf::from(path),
        zip: None,
        tick: STAGING,
    }
}

/// What `make build` leaves.
fn built(name: &str, tick: Tick) -> Result<Subject> {
    let file = |name: &str, file: &str| -> Result<PathBuf> {
        let path = root().join("target/lambda").join(name).join(file);
        if path.exists() {
            Ok(path)
        } else {
            bail!("{} is not there: run `make bench`", path.display())
        }
    };
    Ok(Subject {
        name: name.to_owned(),
        binary: file(name, "bootstrap")?,
        zip: Some(file(name, "bootstrap.zip")?),
        tick,
    })
}

/// What else keeps the machine busy.
fn load() -> String {
    std::fs::read_to_string("/proc/loadavg")
        .ok()
        .and_then(|text| Some(text.split(' ').next()?.to_owned()))
        .unwrap_or_else(|| "?".to_owned())
}

fn publish(name: &str, text: &str) -> Result<()> {
    let path = root().join("target").join(name);
    std::fs::write(&path, text)?;
    println!("{text}");
    eprintln!("written to {}", path.display());
    Ok(())
}
