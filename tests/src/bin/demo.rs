//! `make demo`: a long weekend of three staging environments on a local AWS, on the real binary
//! deployed from the real template. Ends with a comparison of before and after: equal, or exit 1.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use hyper::Request;
use hyper::body::Bytes;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use nightshift::report::{Cause, Change, Report};
use nightshift_slack::{Clock, Options, Slack};
use nightshift_tests::aws::Http;
use nightshift_tests::gateway::Call;
use nightshift_tests::local::{Deployment, LocalAws, Snapshot, root};
use nightshift_tests::stage::{Moment, Stage};
use nightshift_tests::weekend::{self, Audience, Weekend};
use nightshift_tests::{alarms, estates};

/// Longer than an alert takes to be in Slack.
const SOON: Duration = Duration::from_secs(40);
/// Where what happened stands, behind the time.
const INDENT: &str = "            ";

#[tokio::main]
async fn main() -> ExitCode {
    let language = match language() {
        Ok(language) => language,
        Err(error) => {
            eprintln!("{error:#}");
            return ExitCode::from(2);
        }
    };
    // Whatever ends first: what is dropped here takes everything that was started with it.
    let ended = tokio::select! {
        ended = demo(&language) => ended,
        _ = tokio::signal::ctrl_c() => {
            println!("\nStopped. Nothing is left running.");
            return ExitCode::from(130);
        }
    };
    match ended {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("\nThe demo failed: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// `--language ja` lets the messages be Japanese.
fn language() -> Result<String> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => Ok("en".to_owned()),
        ["--language", language @ ("en" | "ja")] => Ok((*language).to_owned()),
        _ => bail!("usage: demo [--language en|ja]"),
    }
}

async fn demo(language: &str) -> Result<bool> {
    let began = Instant::now();
    println!("nightshift: a long weekend on a local AWS\n");
    let mut steps = Steps::default();
    steps.next("Starting MiniStack, moto and a Slack");
    let local = LocalAws::start().await?;
    let played = Arc::new(AtomicI64::new(0));
    let slack = a_slack(&played).await?;
    let topic = alarms::topic(&local.aws).await?;
    let deployment = Deployment::built()
        .with("SlackUrl", &slack.url())
        .with("AlarmTopicArn1", &topic);
    local
        .put_secret("/nightshift/slack/token", &slack.token())
        .await?;
    let (mut stage, calls) =
        weekend::set_the_stage(local, deployment, language, |step| steps.next(step)).await?;
    stage.notifies = true;
    steps.end();
    println!(
        "\nThe schedule fired. The function found three estates open around the clock, and changed nothing:\n  {}\n\
         From here on the schedule is disabled and time is played, with `at` in the payload.",
        counted(&calls)
    );

    #[expect(
        clippy::disallowed_methods,
        reason = "the weekend must lie in the future"
    )]
    let today = Timestamp::now().to_zoned(zone()?).date();
    let monday = weekend::monday_after(today)?;
    println!("The weekend is the next long one: Monday is {monday}.");
    let friday = weekend::at(monday.saturating_sub(3.days()), "17:59")?;
    played.store(friday.as_second(), Ordering::Relaxed);
    let mut printer = Printer::new(zone()?, Arc::clone(&played));
    let weekend = weekend::play(&stage, monday, &mut printer).await?;
    printer.flush();
    production(&stage, &slack, &topic, &played).await?;
    let equal = compare(&weekend);
    show(&slack).await?;
    println!(
        "\n{} invocations, {} calls to AWS, {} messages, {:.0} s in all.",
        printer.invocations,
        printer.calls,
        printer.messages,
        began.elapsed().as_secs_f64()
    );
    Ok(equal)
}

/// A Slack whose clock shows what is played.
async fn a_slack(played: &Arc<AtomicI64>) -> Result<Slack> {
    let played = Arc::clone(played);
    let now = move || {
        let second = played.load(Ordering::Relaxed);
        Timestamp::from_second(second).unwrap_or_default()
    };
    Slack::with(Options {
        clock: Clock::of(now),
        zone: zone()?,
        ..Options::default()
    })
    .await
}

/// The alarms of production: they ring by the topic that they have, and their recovery comes by
/// EventBridge, for which the demo stands in.
async fn production(
    stage: &Stage,
    slack: &Slack,
    topic: &str,
    played: &Arc<AtomicI64>,
) -> Result<()> {
    println!("\n── Production's alarms {}", "─".repeat(73));
    println!("   They have an action to a topic and none for the recovery");
    let all = alarms::alarms(topic);
    for alarm in &all {
        alarms::ring(&stage.local.aws, alarm).await?;
        println!(
            "{INDENT}🚨 {}",
            alarm["AlarmName"].as_str().unwrap_or_default()
        );
    }
    let rang = slack
        .until(SOON, |slack| slack.messages("alerts").len() >= all.len())
        .await;
    ensure!(rang, "not every alarm reached Slack");
    #[expect(
        clippy::disallowed_methods,
        reason = "the local AWS's alarms have the wall's time"
    )]
    let over = Timestamp::now() + SignedDuration::from_mins(12);
    played.store(over.as_second(), Ordering::Relaxed);
    for alarm in &all {
        let event = alarms::recovery(alarm, over)?;
        let invoked = stage.local.invoke(&stage.stack.notifier, &event).await?;
        invoked.answer().context("notify-slack")?;
    }
    println!("{INDENT}✅ all of them, 12 minutes later");
    Ok(())
}

/// Leaves what people saw in Slack behind as pages.
async fn show(slack: &Slack) -> Result<()> {
    let directory = root().join("target/demo");
    std::fs::create_dir_all(&directory)?;
    println!("\nWhat people saw in Slack:");
    for channel in ["ops", "alerts"] {
        let address = slack.page(channel);
        let page = page(&address).await?;
        let file = directory.join(format!("slack-{channel}.html"));
        std::fs::write(&file, page).with_context(|| file.display().to_string())?;
        println!("  #{channel:<8} {}", file.display());
    }
    if std::io::stdin().is_terminal() && std::io::stdout().is_terminal() {
        println!("  and until you press Enter at {}", slack.url());
        let enter = tokio::task::spawn_blocking(|| std::io::stdin().read_line(&mut String::new()));
        enter.await??;
    }
    Ok(())
}

async fn page(address: &str) -> Result<Bytes> {
    let rest = address.strip_prefix("http://").context("no address")?;
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let request = Request::get(format!("/{path}")).body(Bytes::new())?;
    let answer = Http::default().send(authority, request).await?;
    Ok(answer.into_body())
}

fn zone() -> Result<TimeZone> {
    TimeZone::get("Asia/Tokyo").context("the time zone of the estates")
}

/// The steps of setting up, each with the time that it took.
#[derive(Default)]
struct Steps {
    current: Option<Instant>,
}

impl Steps {
    fn next(&mut self, step: &str) {
        use std::io::Write as _;

        self.end();
        self.current = Some(Instant::now());
        print!("  {step:.<78} ");
        // A terminal that cannot be written to shows nothing, and that is all.
        let _ = std::io::stdout().flush();
    }

    fn end(&mut self) {
        if let Some(began) = self.current.take() {
            println!("{:>4.1} s", began.elapsed().as_secs_f64());
        }
    }
}

/// Calls by action, the most frequent first.
fn counted(calls: &[Call]) -> String {
    let mut counts = BTreeMap::<String, usize>::new();
    for call in calls {
        *counts.entry(call.to_string()).or_default() += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let words: Vec<_> = counts
        .into_iter()
        .map(|(call, count)| format!("{count} {call}"))
        .collect();
    words.join(", ")
}

/// Prints a timeline; minutes in which nothing happens are put together.
struct Printer {
    zone: TimeZone,
    /// The instant that is played, for Slack's clock.
    played: Arc<AtomicI64>,
    quiet: Vec<(Timestamp, usize, Option<String>)>,
    invocations: usize,
    calls: usize,
    messages: usize,
}

impl Printer {
    fn new(zone: TimeZone, played: Arc<AtomicI64>) -> Self {
        Self {
            zone,
            played,
            quiet: Vec::new(),
            invocations: 0,
            calls: 0,
            messages: 0,
        }
    }

    fn time(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone())
            .strftime("%a %H:%M")
            .to_string()
    }

    /// Prints what was put together: ticks that found nothing due, and looks that only waited.
    fn flush(&mut self) {
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
                format!("{from}–{}", to.rsplit(' ').next().unwrap_or_default())
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
        self.played.store(at.as_second(), Ordering::Relaxed);
        self.flush();
        println!("{:<10}  {what}", self.time(at));
    }

    fn moment(&mut self, moment: &Moment) {
        self.played.store(moment.at.as_second(), Ordering::Relaxed);
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
            if mail.code() == "ready" {
                for line in lines {
                    println!("{INDENT}    {line}");
                }
            }
        }
        let touched = |estate: &str| {
            changes.iter().any(|(changed, _)| *changed == estate)
                || moment.mail.iter().any(|mail| mail.estate == estate)
        };
        for estate in estates::ALL {
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

/// What is waited for, in a few words.
fn waits(reports: &[Report]) -> Option<String> {
    let waits: Vec<String> = reports
        .iter()
        .flat_map(|report| &report.resources)
        .filter_map(|row| {
            let why = match row.waits_for.as_ref()? {
                _ if row.settled => return None,
                Cause::Status { status } => format!("is {status}"),
                Cause::Grace { .. } => "has its grace".to_owned(),
                Cause::NeedsDatabases { .. } => "needs its database".to_owned(),
                Cause::ServicesAwake { .. } => "services are awake".to_owned(),
                Cause::NotSteady { .. } => "is not steady".to_owned(),
                Cause::JustChanged => "was just changed".to_owned(),
                other => format!("{other:?}"),
            };
            Some(format!("{} {why}", row.name))
        })
        .collect();
    (!waits.is_empty()).then(|| waits.join(", "))
}

fn in_words(change: &Change) -> String {
    let name = change.arn.name();
    match (change.what.as_str(), change.to.as_str()) {
        ("desired_count", to) => format!("{name}: count {} → {to}", change.from),
        ("suspension", "in+out+scheduled") => format!("{name}: all auto scaling suspended"),
        ("suspension", to) => format!("{name}: auto scaling as it was, suspended: {to}"),
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
        Some(format!("{} {status}", short(name)))
    });
    let parts: Vec<String> = services.chain(database).collect();
    format!("{}: {}", estate.name, parts.join(" · "))
}

/// The table at the end; whether everything is as it shall be.
fn compare(weekend: &Weekend) -> bool {
    let rows = |snapshot: &Snapshot| -> BTreeMap<String, String> {
        let services = snapshot.services.iter().map(|(name, state)| {
            let name = name.rsplit('/').next().unwrap_or(name);
            (name.to_owned(), state.to_string())
        });
        let databases = snapshot.databases.clone().into_iter();
        services.chain(databases).collect()
    };
    let [before, expected, after] = [&weekend.before, &weekend.expected, &weekend.after].map(rows);
    println!(
        "\n── Before the weekend / after {}\n\n{:<44} {:<40} {:<40}",
        "─".repeat(65),
        "",
        "Friday 17:59",
        "Tuesday 09:10"
    );
    for name in before
        .keys()
        .chain(after.keys().filter(|name| !before.contains_key(*name)))
    {
        let cell = |rows: &BTreeMap<String, String>| {
            rows.get(name).cloned().unwrap_or_else(|| "-".to_owned())
        };
        let verdict = match (after.get(name), before.get(name), expected.get(name)) {
            (after, before, _) if after == before => "equal",
            (after, _, expected) if after == expected => "sato's count",
            _ => "DIFFERENT",
        };
        println!(
            "{name:<44} {:<40} {:<40} {verdict}",
            cell(&before),
            cell(&after)
        );
    }
    let equal = weekend.after == weekend.expected;
    println!(
        "\n{}",
        if equal {
            "Everything is as it was, and the one count that a person changed by hand is theirs."
        } else {
            "NOT everything is as it was."
        }
    );
    equal
}
