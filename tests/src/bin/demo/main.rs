//! `make demo`: a long weekend of three staging environments and a week of production on a local AWS,
//! on the real binaries deployed from the real template. Each ends with a comparison of before and
//! after: equal, or exit 1. Then a release of production fails, and its story must arrive in Slack; and
//! secrets of two estates are replaced, with the services that read them.

mod printer;
mod release;
mod rotation;
mod verdict;

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use hyper::Request;
use hyper::body::Bytes;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use nightshift_slack::{Clock, Options, Slack};
use nightshift_tests::alarms;
use nightshift_tests::aws::Http;
use nightshift_tests::gateway::Call;
use nightshift_tests::local::{Deployment, LocalAws, root};
use nightshift_tests::play;
use nightshift_tests::stage::Stage;
use nightshift_tests::{week, weekend};

use printer::{INDENT, Printer};
use verdict::{PRODUCTION, STAGING, compare};

/// Longer than an alert takes to be in Slack.
const SOON: Duration = Duration::from_secs(40);

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
    println!(
        "nightshift: a long weekend, a week with a holiday, a bad release and new secrets on a local AWS\n"
    );
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
    let friday = play::at(monday.saturating_sub(3.days()), "17:59")?;
    played.store(friday.as_second(), Ordering::Relaxed);
    let mut printer = Printer::new(zone()?, Arc::clone(&played));
    let weekend = weekend::play(&stage, monday, &mut printer).await?;
    printer.flush();
    let staging = compare(&weekend, &STAGING);
    let (production, monday) = a_week(&mut stage, monday, &mut printer).await?;
    let tuesday = play::at(monday.saturating_add(8.days()), "14:00")?;
    release::play(tuesday, language, &slack, &mut printer).await?;
    let rotated = rotation::play(language, &slack, &mut printer).await?;
    alarms(&stage, &slack, &topic, &played).await?;
    show(&slack).await?;
    println!(
        "\n{} invocations, {} calls to AWS, {} messages, {:.0} s in all.",
        printer.invocations,
        printer.calls,
        printer.messages,
        began.elapsed().as_secs_f64()
    );
    Ok(staging && production && rotated)
}

/// Production's week; whether its day is as it shall be, and the week's Monday.
async fn a_week(stage: &mut Stage, after: Date, printer: &mut Printer) -> Result<(bool, Date)> {
    println!("\n\nProduction never sleeps: it gets smaller at night and on holidays.\n");
    let mut steps = Steps::default();
    steps.next("Creating estate 2: two services, Aurora Serverless v2, three alarms");
    // Slack hears of it all the same; its own clock has nothing to look for here.
    stage.notifies = false;
    week::furnish(stage).await?;
    steps.end();
    let monday = week::monday_after(after)?;
    println!("The week is the next one with a holiday: Monday is {monday}.");
    let played = week::play(stage, monday, printer).await?;
    printer.flush();
    Ok((compare(&played, &PRODUCTION), monday))
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
async fn alarms(stage: &Stage, slack: &Slack, topic: &str, played: &Arc<AtomicI64>) -> Result<()> {
    println!("\n── Production's alarms {}", "─".repeat(73));
    println!("   They have an action to a topic and none for the recovery");
    let all = alarms::alarms(topic);
    let before = slack.messages("alerts").len();
    for alarm in &all {
        alarms::ring(&stage.local.aws, alarm).await?;
        println!(
            "{INDENT}🚨 {}",
            alarm["AlarmName"].as_str().unwrap_or_default()
        );
    }
    let rang = slack
        .until(SOON, |slack| {
            slack.messages("alerts").len() >= before + all.len()
        })
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
