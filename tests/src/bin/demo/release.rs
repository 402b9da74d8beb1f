//! A release of production that fails, on the simulated cloud: what AWS says of it, what
//! explain-rollback makes of that, and what people see in Slack in the end.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, ensure};
use jiff::{SignedDuration, Timestamp};
use nightshift::report::message::Message;
use nightshift_slack::Slack;
use nightshift_tests::play::Audience as _;
use nightshift_tests::rollouts::{Onlooker, Rollouts, made};
use serde_json::Value;

use crate::printer::{INDENT, Printer, wrapped};

/// Longer than a release takes to fail and to be rolled back.
const SOON: SignedDuration = SignedDuration::from_mins(40);

/// Plays it from an instant on.
///
/// # Errors
/// When the story does not arrive in Slack, with the last words in its thread.
pub(super) async fn play(
    begin: Timestamp,
    language: &str,
    slack: &Slack,
    printer: &mut Printer,
) -> Result<()> {
    printer.act(
        "A release of production fails",
        "On the simulated cloud, since no emulator lets a deployment fail; with the binaries that are deployed",
    );
    let document = made::open_document()?;
    let make = |world: &mut _| made::production(world, &document);
    let (mut rollouts, service) = Rollouts::begin(begin, language, slack, make).await?;
    printer.aside(
        begin,
        &format!(
            "CI pushes {} over `latest` and deploys {}",
            made::COMMIT,
            made::API
        ),
    );
    let release = |world: &mut _| made::release_what_crashes(world, &service);
    rollouts.cloud.with(release);
    let mut shown = Shown {
        printer,
        begun: BTreeSet::new(),
    };
    let told = rollouts.until_over(made::API, SOON, &mut shown).await?;
    let last = told.last().context("nothing was told")?;
    // The last line says where it comes from, which is the same for all.
    let lines = last.lines.split_last().map_or(&[][..], |(_, lines)| lines);
    for line in lines.iter().flat_map(|line| wrapped(line)) {
        println!("{INDENT}    {line}");
    }
    arrived(slack, last)
}

/// What people see of a story: one message as it was told last, and the last words below it.
fn arrived(slack: &Slack, last: &Message) -> Result<()> {
    // A title is cut where Slack's own have to end.
    let course = last.lines.first().context("a story without a line")?;
    let found = ["ops", "alerts"].into_iter().find_map(|channel| {
        let mut messages = slack.messages(channel).into_iter();
        let first = messages.find(|it| !it.is_reply() && it.as_read().contains(course))?;
        Some((channel, first))
    });
    let (channel, first) = found.context("the story is not in Slack")?;
    let replies = slack.replies(channel, &first.ts);
    let below = replies.iter().map(nightshift_slack::Message::as_read);
    let words = below.into_iter().find(|it| it.contains(made::LAST_LINE));
    let words = words.context("the last words of the container are not in Slack")?;
    println!(
        "{INDENT}= #{channel}: one message, drawn anew {} times; in its thread:",
        first.edits
    );
    for line in words.lines() {
        println!("{INDENT}    {line}");
    }
    ensure!(
        !words.contains(made::PASSWORD),
        "a password stands in Slack"
    );
    Ok(())
}

/// Prints what happens; of the tasks the first that die say what all do.
struct Shown<'a> {
    printer: &'a mut Printer,
    begun: BTreeSet<String>,
}

impl Onlooker for Shown<'_> {
    fn passes(&mut self, now: Timestamp) {
        self.printer.passes(now);
    }

    fn emitted(&mut self, now: Timestamp, event: &Value) {
        let Some(what) = in_words(event) else {
            return;
        };
        if self.begun.insert(what.clone()) {
            self.printer.aside(now, &what);
        }
    }

    fn told(&mut self, _now: Timestamp, message: &Message) {
        self.printer.messages += 1;
        println!("{INDENT}✉ {}", message.title);
    }
}

fn in_words(event: &Value) -> Option<String> {
    let detail = &event["detail"];
    let text = |name: &str| detail[name].as_str();
    match event["detail-type"].as_str()? {
        "ECS Deployment State Change" => text("reason").map(str::to_owned),
        "ECS Task State Change" => {
            let exit = &detail["containers"][0]["exitCode"];
            Some(format!("ECS task: {}, exit {exit}", text("stoppedReason")?))
        }
        _ => None,
    }
}
