//! The timeline that the demo prints, in which minutes without news are one line.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use nightshift::report::{Cause, Change, Report};
use nightshift_tests::local::Snapshot;
use nightshift_tests::play::Audience;
use nightshift_tests::stage::Moment;
use nightshift_tests::{estates, week};

/// Where what happened stands, behind the time.
pub(super) const INDENT: &str = "            ";

/// Prints a timeline; minutes in which nothing happens are put together.
pub(super) struct Printer {
    zone: TimeZone,
    /// The instant that is played, for Slack's clock.
    played: Arc<AtomicI64>,
    quiet: Vec<(Timestamp, usize, Option<String>)>,
    pub(super) invocations: usize,
    pub(super) calls: usize,
    pub(super) messages: usize,
}

impl Printer {
    pub(super) fn new(zone: TimeZone, played: Arc<AtomicI64>) -> Self {
        Self {
            zone,
            played,
            quiet: Vec::new(),
            invocations: 0,
            calls: 0,
            messages: 0,
        }
    }

    /// Lets the clock of Slack show an instant.
    pub(super) fn passes(&self, at: Timestamp) {
        self.played.store(at.as_second(), Ordering::Relaxed);
    }

    fn time(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone())
            .strftime("%a %H:%M")
            .to_string()
    }

    /// Prints what was put together: ticks that found nothing due, and looks that only waited.
    pub(super) fn flush(&mut self) {
        let quiet = std::mem::take(&mut self.quiet);
        for group in quiet.chunk_by(|a, b| a.2 == b.2 && (a.1 == 1) == (b.1 == 1)) {
            let (Some(first), Some(last)) = (group.first(), group.last()) else {
                continue;
            };
            let from = self.time(first.0);
            let time = if group.len() == 1 {
                from
            } else {
                let to = self.time(last.0);
                let is_near = last.0.duration_since(first.0) < SignedDuration::from_hours(20);
                let to = to
                    .split_once(' ')
                    .filter(|_| is_near)
                    .map_or(&*to, |(_, time)| time);
                format!("{from}–{to}")
            };
            let what = match (&first.2, first.1) {
                (Some(waits), _) => format!("waits: {waits}"),
                (None, 1) if group.len() == 1 => {
                    "tick: nothing is due (1 read of the table)".to_owned()
                }
                (None, 1) => format!(
                    "{} ticks: nothing is due (1 read of the table each)",
                    group.len()
                ),
                (None, calls) => format!("looked: all is as it should be ({calls} calls)"),
            };
            println!("{time:<10}  {what}");
        }
    }
}

impl Audience for Printer {
    fn act(&mut self, act: &str, about: &str) {
        self.flush();
        println!(
            "\n── {act} {}",
            "─".repeat(92_usize.saturating_sub(act.chars().count()))
        );
        println!("   {about}");
    }

    fn aside(&mut self, at: Timestamp, what: &str) {
        self.passes(at);
        self.flush();
        println!("{:<10}  {what}", self.time(at));
    }

    fn moment(&mut self, moment: &Moment) {
        self.passes(moment.at);
        self.invocations += 1;
        self.calls += moment.calls.len();
        self.messages += moment.mail.len();
        let changes: Vec<_> = moment.changes().collect();
        let is_tick = moment.asked == "the clock ticks";
        let waits = waits(&moment.reports);
        if is_tick && changes.is_empty() && moment.mail.is_empty() && moment.failed.is_none() {
            self.quiet.push((moment.at, moment.calls.len(), waits));
            return;
        }
        self.flush();
        println!(
            "{:<10}  {}",
            self.time(moment.at),
            if is_tick { "tick" } else { &moment.asked }
        );
        for (_, change) in &changes {
            println!("{INDENT}• {}", in_words(change));
        }
        if changes.is_empty() && moment.mail.is_empty() {
            let what = waits.map_or_else(
                || "nothing to do".to_owned(),
                |waits| format!("waits: {waits}"),
            );
            println!("{INDENT}{what}");
        }
        for mail in &moment.mail {
            println!("{INDENT}✉ {}", mail.title);
            // The last line says where it comes from, which is the same for all.
            let lines = mail.lines.split_last().map_or(&[][..], |(_, lines)| lines);
            if ["ready", "night_summary", "rotation"].contains(&mail.code()) {
                for line in lines.iter().flat_map(|line| wrapped(line)) {
                    println!("{INDENT}    {line}");
                }
            }
        }
        let touched = |estate: &str| {
            changes.iter().any(|(changed, _)| *changed == estate)
                || moment.mail.iter().any(|mail| mail.estate == estate)
        };
        for estate in estates::ALL.into_iter().chain([week::ESTATE]) {
            if touched(estate.name) {
                println!("{INDENT}= {}", stands(&estate, &moment.state));
            }
        }
        if moment.answer["ready"].is_boolean() && moment.asked.contains("status") {
            println!("{INDENT}= ready: {}", moment.answer["ready"]);
        }
        if let Some(failed) = &moment.failed {
            println!("{INDENT}✗ {failed}");
        }
    }
}

/// What is waited for, in a few words. What holds an estate back as a whole is said once.
fn waits(reports: &[Report]) -> Option<String> {
    let mut waits: Vec<String> = Vec::new();
    for row in reports.iter().flat_map(|report| &report.resources) {
        let (name, wait) = match &row.waits_for {
            Some(wait) if !row.settled => (&row.name, wait),
            _ => continue,
        };
        let words = match wait {
            Cause::Alarm { alarm } => format!("held back by the alarm {alarm}"),
            Cause::Deploying { service, .. } => format!("held back by a deployment of {service}"),
            Cause::Load { percent, left } => {
                format!("{name} is held back by its load, {left} task would be at {percent} %")
            }
            Cause::Status { status } => format!("{name} is {status}"),
            Cause::Grace { .. } | Cause::PutBack { .. } => format!("{name} has its grace"),
            Cause::NeedsDatabases { .. } => format!("{name} needs its database"),
            Cause::ServicesAwake { .. } => format!("{name} services are awake"),
            Cause::NotSteady { .. } => format!("{name} is not steady"),
            Cause::JustChanged => format!("{name} was just changed"),
            other => format!("{name} {other:?}"),
        };
        if !waits.contains(&words) {
            waits.push(words);
        }
    }
    (!waits.is_empty()).then(|| waits.join(", "))
}

/// A line in pieces that fit beside the time.
pub(super) fn wrapped(line: &str) -> Vec<String> {
    const WIDTH: usize = 100;

    let mut lines = vec![String::new()];
    for word in line.split(' ') {
        match lines.last_mut() {
            Some(last) if last.is_empty() => last.push_str(word),
            Some(last) if last.chars().count() + word.chars().count() < WIDTH => {
                last.push(' ');
                last.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

fn in_words(change: &Change) -> String {
    let name = change.arn.name();
    match (change.what.as_str(), change.to.as_str()) {
        ("desired_count", to) => format!("{name}: count {} → {to}", change.from),
        ("suspension", "in+out+scheduled") => format!("{name}: all auto scaling suspended"),
        ("suspension", to) => format!("{name}: auto scaling as it was, suspended: {to}"),
        ("min_capacity", to) => format!("{name}: minimum {} → {to}", change.from),
        ("min_acu", to) => format!("{name}: minimum capacity {} → {to} ACU", change.from),
        ("power", "stopped") => format!("{name}: stop"),
        ("power", _) => format!("{name}: start"),
        (what, to) => format!("{name}: {what} {} → {to}", change.from),
    }
}

/// An estate in one line, its own name left out of those of its parts.
fn stands(estate: &estates::Estate, state: &Snapshot) -> String {
    let short = |name: &str| {
        name.strip_prefix(estate.name)
            .map_or(name, |rest| rest.trim_start_matches('-'))
            .to_owned()
    };
    let services = estate.services.iter().filter_map(|service| {
        let state = state
            .services
            .get(&format!("{}/{}", estate.cluster, service.name))?;
        Some(format!("{} {state}", short(service.name)))
    });
    let name = estate.database.name();
    let database = ["db", "cluster"].into_iter().find_map(|kind| {
        let status = state.databases.get(&format!("{kind}:{name}"))?;
        let shown = state.capacities.get(name).unwrap_or(status);
        Some(format!("{} {shown}", short(name)))
    });
    let parts: Vec<String> = services.chain(database).collect();
    format!("{}: {}", estate.name, parts.join(" · "))
}
