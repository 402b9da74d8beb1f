//! The tables, ratios first.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};
use std::fs;

use anyhow::Result;

use crate::figures::{Spread, lasted, megabytes, size, time};
use crate::function::Cpu;
use crate::played::{ColdLook, Cost, Large, Measured};
use crate::share::{SHARE, Throttle};
use crate::start::{Start, Starts, Subject};
use crate::told::{First, Told};

/// The commonest Python peer's cold start with its AWS calls at 128 MB, in seconds (design.md).
const PEER: f64 = 4.4;

/// A function beside the empty handler.
///
/// # Errors
/// When a file is gone.
pub(crate) fn starts(starts: &Starts, own: &Subject, empty: &Subject) -> Result<String> {
    let mut out = format!(
        "| Cold start | ÷ empty handler | {}, median (p90) | empty handler | promised |\n\
         |---|--:|--:|--:|--:|\n",
        own.name
    );
    let name = |cpu| match cpu {
        Cpu::Full => "full CPU".to_owned(),
        Cpu::Share => format!("{SHARE} of a core"),
    };
    let start = |subject: &Subject, cpu| starts.get(&(subject.name.clone(), cpu)).copied();
    let mut row = |what: &str, value: fn(&Start) -> Spread, promised: &str| {
        for cpu in [Cpu::Share, Cpu::Full] {
            let (Some(own), Some(empty)) = (start(own, cpu), start(empty, cpu)) else {
                continue;
            };
            let (own, empty) = (value(&own), value(&empty));
            let promised = if cpu == Cpu::Share { promised } else { "" };
            writeln!(
                out,
                "| {what}, {} | **{:.1} ×** | {} | {} | {promised} |",
                name(cpu),
                own.median / empty.median,
                spread(own),
                spread(empty),
            )?;
        }
        fmt::Result::Ok(())
    };
    row("start → first poll", |start| start.polled, "≤ 2 ×")?;
    row("start → first answer¹", |start| start.answered, "")?;
    row("CPU time until then", |start| start.used, "")?;
    if let (Some(own), Some(empty)) = (start(own, Cpu::Full), start(empty, Cpu::Full)) {
        writeln!(
            out,
            "| most memory resident | **{:.1} ×** | {:.1} MB | {:.1} MB | < 12 MB |",
            own.peak.median / empty.peak.median,
            own.peak.median / 1_000_000.0,
            empty.peak.median / 1_000_000.0,
        )?;
    }
    let mut sizes = |what: &str, files: [u64; 2], promised: &str| {
        let [own, empty] = files;
        let ratio = megabytes(own) / megabytes(empty);
        writeln!(
            out,
            "| {what} | **{ratio:.1} ×** | {} | {} | {promised} |",
            size(own),
            size(empty)
        )
    };
    if let (Some(own), Some(empty)) = (&own.zip, &empty.zip) {
        let files = [fs::metadata(own)?.len(), fs::metadata(empty)?.len()];
        sizes("zip", files, "< 4 MB")?;
    }
    let files = [&own.binary, &empty.binary].map(fs::metadata);
    let [own, empty] = files;
    sizes("binary", [own?.len(), empty?.len()], "")?;
    Ok(out)
}

/// Beside Python: a settled tick, and a look at these estates where one was played.
///
/// # Errors
/// Never, while strings can be written to.
pub(crate) fn peer(
    starts: &Starts,
    own: &Subject,
    estates: &str,
    cold: Option<&ColdLook>,
) -> Result<String> {
    let mut out = format!(
        "| Cold start with its AWS calls, {SHARE} of a core | ÷ Python peer's {PEER} s | {}, median (p90) | promised |\n\
         |---|--:|--:|--:|\n",
        own.name
    );
    let mut row = |what: &str, own: Spread, promised: &str| {
        writeln!(
            out,
            "| {what} | **1/{:.0}** | {} | {promised} |",
            PEER / own.median,
            spread(own)
        )
    };
    if let Some(start) = starts.get(&(own.name.clone(), Cpu::Share)) {
        row("settled tick: TLS and one read¹", start.answered, "≤ 1/30")?;
    }
    if let Some(cold) = cold {
        let what = format!(
            "full look at {estates}: {} handshakes, {} calls²",
            cold.handshakes, cold.calls
        );
        row(&what, cold.all, "≤ 1/30")?;
        let what = format!(
            "the same without the time that the local AWS takes ({} of CPU)",
            time(cold.used.median)
        );
        row(&what, cold.own, "")?;
    }
    Ok(out)
}

/// One alarm, and nothing.
///
/// # Errors
/// Never, while strings can be written to.
pub(crate) fn told(told: &BTreeMap<Cpu, Told>) -> Result<String> {
    type Time = fn(&First) -> Spread;

    let (Some(share), Some(full)) = (told.get(&Cpu::Share), told.get(&Cpu::Full)) else {
        return Ok(String::new());
    };
    let mut out = format!(
        "| notify-slack: one alarm from a cold start⁴ | {SHARE} of a core | full CPU |\n|---|--:|--:|\n"
    );
    let mut row = |what: &str, value: &dyn Fn(&Told) -> String| {
        writeln!(out, "| {what} | {} | {} |", value(share), value(full))
    };
    let times: [(&str, Time); 4] = [
        ("start → in Slack", |first| first.told),
        ("start → answer", |first| first.answered),
        ("its own time of that³", |first| first.own),
        ("CPU time until then", |first| first.used),
    ];
    for (what, value) in times {
        row(what, &|told| spread(value(&told.first)))?;
    }
    row("calls, and TLS handshakes", &|told| {
        format!("{}, {}", told.first.cost.count(), told.first.handshakes)
    })?;
    row("most memory", &|told| size(told.first.cost.peak))?;
    row("a settled tick, warm (own³)", &|told| longest(&told.tick))?;
    row("its calls", &|told| told.tick.count().to_string())?;
    row("its memory", &|told| size(told.tick.peak))?;
    let calls = share.first.cost.calls.iter();
    let calls: Vec<String> = calls
        .map(|(call, count)| format!("{count} `{call}`"))
        .collect();
    writeln!(out, "\nThe calls of one alarm: {}.", calls.join(", "))?;
    Ok(out)
}

/// Calls and durations.
///
/// # Errors
/// Never, while strings can be written to.
pub(crate) fn costs(measured: &[Measured<'_>]) -> Result<String> {
    let mut out = format!(
        "| On the local AWS² | calls | invocations | longest (its own³), {SHARE} of a core | longest (its own³), full CPU | CPU time, all | most memory |\n\
         |---|--:|--:|--:|--:|--:|--:|\n",
    );
    for Measured {
        whose,
        what,
        share,
        full,
    } in measured
    {
        writeln!(
            out,
            "| {whose}: {what} | {} | {} | {} | {} | {} | {} |",
            share.count(),
            share.invocations,
            longest(share),
            full.map_or_else(|| "–".to_owned(), longest),
            lasted(share.used),
            size(share.peak),
        )?;
    }
    Ok(out)
}

/// Which calls.
///
/// # Errors
/// Never, while strings can be written to.
pub(crate) fn actions(measured: &[Measured<'_>]) -> Result<String> {
    let mut out = String::from("| Calls |");
    for Measured { whose, what, .. } in measured {
        write!(out, " {whose}: {what} |")?;
    }
    write!(out, "\n|---|{}\n", "--:|".repeat(measured.len()))?;
    let actions: BTreeSet<&String> = measured
        .iter()
        .flat_map(|measured| measured.share.calls.keys())
        .collect();
    for action in actions {
        write!(out, "| `{action}` |")?;
        for measured in measured {
            match measured.share.calls.get(action) {
                Some(count) => write!(out, " {count} |")?,
                None => write!(out, " |")?,
            }
        }
        out.push('\n');
    }
    Ok(out)
}

/// How fast.
///
/// # Errors
/// Never, while strings can be written to.
pub(crate) fn rates(large: &Large) -> Result<String> {
    let mut out = String::from(
        "| Rates while 500 services go to sleep | calls | most in 1 s | a second, over 10 s | AWS documents | its bucket at its emptiest |\n\
         |---|--:|--:|--:|--:|--:|\n",
    );
    for (class, rate) in large.rates.iter().filter(|(_, rate)| rate.calls > 0) {
        let documented = class.documented.map_or_else(
            || "–".to_owned(),
            |(a_second, at_once)| format!("{a_second}/s after {at_once} at once"),
        );
        let left = rate
            .left
            .map_or_else(|| "–".to_owned(), |left| format!("{left:.0} left"));
        writeln!(
            out,
            "| {} | {} | {} | {:.1} | {documented} | {left} |",
            class.name, rate.calls, rate.second, rate.sustained
        )?;
    }
    Ok(out)
}

/// Any number of builds beside each other; the first is what the others are held against.
///
/// # Errors
/// When a file is gone.
pub(crate) fn variants(starts: &Starts, subjects: &[Subject]) -> Result<String> {
    let mut out = format!(
        "| Build | zip ÷ first | zip | binary | first poll, full CPU | first answer, full CPU | CPU time | first poll, {SHARE} | first answer, {SHARE} | memory |\n\
         |---|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n",
    );
    let zip = |subject: &Subject| subject.zip.as_ref().map(fs::metadata).transpose();
    let first = match subjects.first() {
        Some(first) => zip(first)?.map(|file| file.len()),
        None => None,
    };
    for subject in subjects {
        let start = |cpu| starts.get(&(subject.name.clone(), cpu));
        let (Some(full), Some(share)) = (start(Cpu::Full), start(Cpu::Share)) else {
            continue;
        };
        let file = zip(subject)?.map(|file| file.len());
        let ratio = file.zip(first).map_or_else(
            || "–".to_owned(),
            |(own, first)| format!("**{:.2} ×**", megabytes(own) / megabytes(first)),
        );
        writeln!(
            out,
            "| {} | {ratio} | {} | {} | {} | {} | {} | {} | {} | {:.1} MB |",
            subject.name,
            file.map_or_else(|| "–".to_owned(), size),
            size(fs::metadata(&subject.binary)?.len()),
            spread(full.polled),
            spread(full.answered),
            time(full.used.median),
            spread(share.polled),
            spread(share.answered),
            full.peak.median / 1_000_000.0,
        )?;
    }
    Ok(out)
}

/// What stands below the tables.
#[must_use]
pub(crate) fn notes(throttle: &Throttle, runs: usize, load: [&str; 2]) -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let model = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = model
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map_or("unknown", |rest| rest.trim_start_matches([' ', '\t', ':']));
    format!(
        "Medians of {runs} starts of each, in turn; the p90 in brackets. The function was {}. {cores} cores ({}, {model}), \
         load average {} before and {} after. Not run on Lambda.\n\
         ¹ For the functions a settled tick: a TLS handshake with a loopback endpoint, a bundle with this machine's roots to read, \
         one DynamoDB Query: of the marks of the estates that the function keeps, or of an agenda. The empty handler calls nothing.\n\
         ² MiniStack and moto behind TLS; their own time counts, the way to AWS does not. Databases take {} looks to start or stop. \
         Sleep and wake are counted from the first tick that is due until nothing is; a tick comes each minute. \
         MiniStack lists everything on one page; AWS lists 100 services or tasks on one, so a look at 500 services is four more calls. \
         Estate 2 has a local AWS to itself. Its evening is counted from 22:00, its morning from when the day begins to return. \
         Its Aurora has 0.5 ACU at night in the place of 2, and has them at once; its loads are made up, and let everything get smaller; \
         between evening and night auto scaling takes the tasks away that it may.\n\
         ³ Without the time in which at least one call was with the local AWS; with it counts that the rates are kept.\n\
         ⁴ A process for each alarm, medians of ten. MiniStack and a Slack on loopback behind TLS, whose own time counts; \
         there is no picture, since MiniStack draws none. AWS is one host here: on AWS, DynamoDB, SSM and CloudWatch take a handshake each.\n",
        throttle.words(),
        std::env::consts::ARCH,
        load[0],
        load[1],
        crate::played::LOOKS,
    )
}

fn longest(cost: &Cost) -> String {
    format!("{} ({})", lasted(cost.longest), lasted(cost.own))
}

fn spread(spread: Spread) -> String {
    format!("{} ({})", time(spread.median), time(spread.p90))
}
