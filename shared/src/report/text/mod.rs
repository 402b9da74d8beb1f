//! Codes become sentences here and nowhere else. A language is one file that implements
//! `Tongue`; what it is given by strangers (AWS's messages, a person's reason, a document's
//! text) passes through `clean` first, so that it stays short, on one line and without effect.

pub mod clock;
mod en;
mod fit;
mod ja;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::{
    Cause, Count, Deed, Diagnosis, Finding, Money, News, Report, Severity, Slimmed, State,
    rollback::{Remedy, Stage, Story},
    rotation::Rotation,
};
use crate::{
    config::{Language, SecretName},
    kind::{Arn, Keeping},
    ledger::Order,
};
use clock::{Clock, Day};

/// What the text needs to know beside the news.
#[derive(Clone, Debug)]
pub struct Place<'a> {
    /// The estate's name.
    pub estate: &'a str,
    /// The AWS account.
    pub account: &'a str,
    /// The AWS Region.
    pub region: &'a str,
    /// The zone in which people read times.
    pub zone: &'a TimeZone,
    /// The language in which people read.
    pub language: Language,
    /// The instant of the look.
    pub now: Timestamp,
    /// The Lambda function's name, for commands.
    pub function: &'a str,
    /// The function that tells, as the house calls it.
    pub teller: &'a str,
    /// What that function does to the estate: it decides the words, and the tag that consents.
    pub keeping: Keeping,
    /// Whether nothing may be changed: `Mode: watch`.
    pub watch: bool,
}

/// What a person reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// Which estate, what state, whether the reader must act, whether users are affected.
    pub title: String,
    /// The details; the last line says where it comes from.
    pub lines: Vec<String>,
    /// What stands apart from the lines, in a thread where there are threads: the last lines of a
    /// log, masked.
    pub excerpt: Vec<String>,
    subject: String,
}

impl Place<'_> {
    /// Whether the estate is made smaller, instead of being put to sleep.
    fn slims(&self) -> bool {
        self.keeping == Keeping::Slimming
    }

    /// The tag that consents to what the function does.
    fn tag(&self) -> &'static str {
        self.keeping.tag()
    }

    fn clock(&self, at: Timestamp) -> Clock {
        Clock::new(at, self.now, self.zone)
    }
}

impl Text {
    /// Title and lines, one below the other.
    #[must_use]
    pub fn joined(&self) -> String {
        let mut text = self.title.clone();
        for line in &self.lines {
            text.push('\n');
            text.push_str(line);
        }
        text
    }

    /// The same, with what stands apart below it: for whoever has no threads.
    #[must_use]
    pub fn whole(&self) -> String {
        let mut text = self.joined();
        for line in &self.excerpt {
            text.push('\n');
            text.push_str(line);
        }
        text
    }

    /// The subject of an e-mail that SNS sends. SNS refuses anything but ASCII without control
    /// characters, shorter than 100; so it is English, whatever the language.
    /// <https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>
    #[must_use]
    pub fn subject(&self) -> String {
        self.subject.clone()
    }
}

/// What happened, as people read it.
#[must_use]
pub fn news(news: &News, place: &Place<'_>) -> Text {
    let told = tongue(place).news(news);
    let mut text = finish(told, news_subject(news), news.severity(), place);
    if let News::Rollback { story } = news {
        text.excerpt = tongue(place).excerpt(story);
    }
    text
}

/// Why something is not what it should be, as one clause.
#[must_use]
pub fn cause(cause: &Cause, place: &Place<'_>) -> String {
    tongue(place).cause(cause)
}

/// A step, as one clause: what is planned, or in `Mode: watch` what would have been done.
#[must_use]
pub fn deed(deed: &Deed, place: &Place<'_>) -> String {
    tongue(place).deed(deed, place.watch)
}

/// How an estate fares, as people read it who asked.
#[must_use]
pub fn report(report: &Report, place: &Place<'_>) -> Text {
    let told = tongue(place).report(report);
    let severity = if needs_somebody(report) {
        Severity::Warning
    } else {
        Severity::Quiet
    };
    let subject = match (report.ready, report.settled) {
        (true, true) => "status: ready",
        (true, false) => "status: ready, not settled",
        (false, true) => "status: settled, not ready",
        (false, false) => "status: not settled",
    };
    finish(told, subject, severity, place)
}

/// What a person should look into, as people read it who asked `doctor`.
#[must_use]
pub fn diagnosis(diagnosis: &Diagnosis, place: &Place<'_>) -> Text {
    let tongue = tongue(place);
    let (title, last) = tongue.diagnosis(diagnosis);
    let findings = diagnosis.findings.iter();
    let mut lines: Vec<String> = findings
        .map(|finding| format!("• {}", tongue.finding(finding)))
        .collect();
    lines.extend(last);
    let (subject, severity) = if diagnosis.findings.is_empty() {
        ("healthy", Severity::Quiet)
    } else {
        ("to be looked into", Severity::Warning)
    };
    finish((title, lines), subject, severity, place)
}

fn finish(told: Told, subject: &str, severity: Severity, place: &Place<'_>) -> Text {
    let (title, mut lines) = told;
    let tongue = tongue(place);
    if place.watch {
        lines.push(tongue.watching());
    }
    lines.push(tongue.provenance());
    let act = if severity >= Severity::Warning {
        ", needs you"
    } else {
        ""
    };
    Text {
        title,
        lines,
        excerpt: Vec::new(),
        subject: ascii(&format!(
            "nightshift: {} ({}): {subject}{act}",
            place.estate, place.account
        )),
    }
}

/// A title and the lines below it.
type Told = (String, Vec<String>);

/// A language: all sentences that nightshift can say in it.
trait Tongue {
    /// What happened.
    fn news(&self, news: &News) -> Told;
    /// The last words of containers that died, line by line.
    fn excerpt(&self, story: &Story) -> Vec<String>;
    /// Why something is not what it should be.
    fn cause(&self, cause: &Cause) -> String;
    /// A step, to be done or (`would`) not to be done in truth.
    fn deed(&self, deed: &Deed, would: bool) -> String;
    /// How an estate fares.
    fn report(&self, report: &Report) -> Told;
    /// What should be looked into, and how it is mended.
    fn finding(&self, finding: &Finding) -> String;
    /// The title of a diagnosis, and the lines below its findings.
    fn diagnosis(&self, diagnosis: &Diagnosis) -> Told;
    /// That nothing was changed, because `Mode` is `watch`.
    fn watching(&self) -> String;
    /// Account, Region and function.
    fn provenance(&self) -> String;
}

fn tongue<'a>(place: &'a Place<'a>) -> Box<dyn Tongue + 'a> {
    match place.language {
        Language::En => Box::new(en::English(place)),
        Language::Ja => Box::new(ja::Japanese(place)),
    }
}

/// The news in a few English words, for an e-mail's subject.
fn news_subject(news: &News) -> &'static str {
    match news {
        News::Ready { .. } => "up",
        News::Asleep { .. } => "asleep",
        News::Overridden { order, .. } => match order {
            Order::Wake => "stays up by order",
            Order::Sleep => "sleeps by order",
            Order::Day => "at the day's size by order",
            Order::Night => "small by order",
            Order::Hold => "held by order",
        },
        News::DeploymentWoke { .. } => "woken by a deployment",
        News::DeploymentInTheDark { .. } => "deployed while asleep",
        News::DarkReleaseFails { .. } => "release does not run",
        News::NotYet { wanted, .. } => match wanted {
            State::Awake => "not up yet",
            State::Asleep => "not asleep yet",
            State::Day => "not at the day's size yet",
            State::Night => "not smaller yet",
        },
        News::Stuck { wanted, .. } => match wanted {
            State::Awake => "does not wake",
            State::Asleep => "does not sleep",
            State::Day => "does not grow",
            State::Night => "does not get smaller",
        },
        News::NeverStops { .. } => "never stops",
        News::AwakeByHand { .. } => "started by hand",
        News::Clamped { .. } => "count clamped",
        News::RolloutEnded { .. } => "rollout cut short",
        News::RestartedByAws { .. } => "restarted by AWS",
        News::Gone { .. } => "gone",
        News::NotFound { .. } => "not found",
        News::NoConsent { .. } => "tag missing",
        News::Rivals { .. } => "rival claims",
        News::DocumentBroken { .. } => "document broken",
        News::Released { .. } => "released",
        News::ChangeFails { .. } => "change fails",
        News::CannotRead { .. } => "cannot read",
        News::Would { .. } => "what would be done",
        News::NightSummary { .. } => "the night",
        News::FullSize { .. } => "at the day's size",
        News::NotReady { .. } => "not at the day's size",
        News::HeldBack { .. } => "not smaller yet",
        News::ChangedByHand { .. } => "changed by hand",
        News::PutBack { .. } => "put back by hand",
        News::HandUndone { .. } => "change undone",
        News::DayCapped { .. } => "minimum above maximum",
        News::Rotation { told } => match &**told {
            Rotation::Rotated { .. } => "secrets replaced",
            Rotation::Reverted { .. } => "replacement of secrets undone",
            Rotation::GivenUp { .. } => "secrets could not be replaced",
            Rotation::NotSteady { .. } => "service does not recover",
            Rotation::LeakLasts { .. } => "leaked secret still works",
            Rotation::TooOld { .. } => "secret is too old",
            Rotation::OlderValue { .. } => "older secret came back",
            Rotation::HeldBack { leaked: true, .. } => "leaked secret cannot be replaced",
            Rotation::HeldBack { leaked: false, .. } => "secret cannot be replaced",
            Rotation::NotThere { .. } => "secret is not there",
            Rotation::Would { .. } => "secrets would be replaced",
        },
        News::Rollback { story } => match story.stage {
            Stage::Failing => "deployment is failing",
            Stage::Stalled => "deployment is stuck",
            Stage::Failed => "deployment failed",
            Stage::RollingBack => "deployment is being rolled back",
            Stage::RollbackStalled => "rollback is stuck",
            Stage::RollbackFailed => "rollback failed",
            Stage::RolledBack => "deployment was rolled back",
            Stage::Succeeded => "deployment succeeded after all",
            Stage::Superseded => "failed deployment was replaced",
            Stage::Stopped => "deployment was stopped",
        },
    }
}

/// How many characters of a person's words are shown.
const PERSON: usize = 120;
/// How many characters of AWS's words, or of a problem, are shown.
const MESSAGE: usize = 200;
/// How many characters of a name are shown: ECS's and RDS's are no longer.
const NAME: usize = 255;
/// How many characters of a log line are shown.
const EXCERPT: usize = 400;
/// How many things a list names before it counts the rest.
const LISTED: usize = 12;
/// How many lines of one sort a message holds before it counts the rest.
const LINES: usize = 40;
/// The hours of a month, as AWS's price lists reckon.
const HOURS_A_MONTH: f64 = 730.0;

/// A stranger's text on one line, cut, without control and invisible characters, and without
/// what Slack would take for a mention or a link.
fn clean(text: &str, limit: usize) -> String {
    let mut out = String::new();
    let mut taken = 0;
    for c in text.chars() {
        let c = match c {
            c if c.is_control() || c.is_whitespace() => ' ',
            c if is_invisible(c) => continue,
            '<' => '‹',
            '>' => '›',
            c => c,
        };
        if c == ' ' && (out.is_empty() || out.ends_with(' ')) {
            continue;
        }
        if taken == limit {
            out.truncate(out.trim_end().len());
            out.push('…');
            break;
        }
        out.push(c);
        taken += 1;
    }
    out.truncate(out.trim_end().len());
    for everybody in ["channel", "here", "everyone"] {
        out = out.replace(&format!("@{everybody}"), &format!("＠{everybody}"));
    }
    out
}

/// Characters that take no room and change how, or in which direction, others are read.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// What a person or AWS said, inside a sentence: no back-tick of theirs meets one of ours.
fn said(text: &str, limit: usize) -> String {
    clean(text, limit).replace('`', "'")
}

/// A name or a code, in back-ticks.
fn code(text: &str) -> String {
    format!("`{}`", said(text, NAME))
}

/// A service's name as colleagues say it: without the estate's name before it.
fn short(service: &str, place: &Place<'_>) -> String {
    let name = service
        .strip_prefix(place.estate)
        .and_then(|rest| rest.strip_prefix('-'))
        .filter(|rest| !rest.is_empty())
        .unwrap_or(service);
    said(name, NAME)
}

/// As much of a list as a person reads, and how many more there are.
fn some<T>(items: &[T], limit: usize) -> (&[T], usize) {
    let shown = items.get(..limit).unwrap_or(items);
    (shown, items.len() - shown.len())
}

/// Only what an e-mail's subject may hold.
fn ascii(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c == ' ' || c.is_ascii_graphic() {
                c
            } else {
                '?'
            }
        })
        .take(99)
        .collect()
}

/// Only what stands in names and ARNs, so that a command is what it looks like.
fn word(text: &str) -> String {
    text.chars()
        .filter(|c| c.is_ascii_alphanumeric() || "-_.,:/=+".contains(*c))
        .collect()
}

/// Units of a length of time.
#[derive(Clone, Copy)]
enum Unit {
    Day,
    Hour,
    Minute,
    Second,
}

/// A length of time in units: seconds matter below an hour only.
fn parts(seconds: i64) -> Vec<(i64, Unit)> {
    let seconds = seconds.max(0);
    let (minutes, hours) = (seconds / 60, seconds / 3600);
    let all = if hours > 0 {
        [
            (hours / 24, Unit::Day),
            (hours % 24, Unit::Hour),
            (minutes % 60, Unit::Minute),
        ]
    } else {
        [
            (0, Unit::Hour),
            (minutes, Unit::Minute),
            (seconds % 60, Unit::Second),
        ]
    };
    let told: Vec<_> = all.into_iter().filter(|(number, _)| *number > 0).collect();
    if told.is_empty() {
        vec![(0, Unit::Second)]
    } else {
        told
    }
}

/// Seconds from one instant to another.
fn seconds(from: Timestamp, to: Timestamp) -> i64 {
    to.duration_since(from).as_secs()
}

/// Minutes from one instant to another, as the two are shown.
fn shown_minutes(from: Timestamp, to: Timestamp) -> i64 {
    to.as_second().div_euclid(60) - from.as_second().div_euclid(60)
}

/// For how long an estate slept that is usable since now.
fn slept_seconds(slept_at: Timestamp, woke_seconds: i64, place: &Place<'_>) -> i64 {
    seconds(slept_at, place.now).saturating_sub(woke_seconds)
}

/// An amount of money without its currency.
fn amount(money: &Money) -> String {
    match money.currency.as_str() {
        "JPY" | "KRW" => format!("{:.0}", money.amount),
        _ => format!("{:.2}", money.amount),
    }
}

/// A price an hour without its currency: small figures keep up to four places.
fn rate(money: &Money) -> String {
    let text = format!("{:.4}", money.amount);
    match text.split_once('.') {
        Some((whole, places)) => format!("{whole}.{:0<2}", places.trim_end_matches('0')),
        None => text,
    }
}

/// What an hourly price comes to in a month.
fn monthly(hourly: &Money) -> Money {
    Money {
        amount: hourly.amount * HOURS_A_MONTH,
        currency: hourly.currency.clone(),
    }
}

/// Whether all the tasks that are asked for run.
fn all_run(services: &[Count]) -> bool {
    services
        .iter()
        .all(|service| service.running >= service.desired)
}

/// What the title calls the resource that a cause is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Thing {
    Database,
    Named,
}

fn thing(cause: &Cause) -> Thing {
    match cause {
        Cause::Status { .. }
        | Cause::Broken { .. }
        | Cause::StandaloneTasks { .. }
        | Cause::ServicesAwake { .. }
        | Cause::Never { .. } => Thing::Database,
        Cause::Refused { code } if is_rds(code) => Thing::Database,
        Cause::Draining { .. }
        | Cause::Rollout { .. }
        | Cause::Grace { .. }
        | Cause::NeedsDatabases { .. }
        | Cause::NotSteady { .. }
        | Cause::JustChanged
        | Cause::Owned { .. }
        | Cause::Refused { .. }
        | Cause::NoConsent { .. }
        | Cause::Claimed { .. }
        | Cause::Daemon
        | Cause::Missing
        | Cause::Unreadable { .. }
        | Cause::Hold
        | Cause::Alarm { .. }
        | Cause::NoAlarm { .. }
        | Cause::Deploying { .. }
        | Cause::RolloutBroken { .. }
        | Cause::Unrest { .. }
        | Cause::Load { .. }
        | Cause::NoLoad
        | Cause::ByHand
        | Cause::PutBack { .. }
        | Cause::ScalingSuspended
        | Cause::AtZero
        | Cause::AboveMaximum { .. }
        | Cause::NotServerless => Thing::Named,
    }
}

/// Whether an error code is one of RDS's own.
fn is_rds(code: &str) -> bool {
    code.contains("DB")
}

/// Whether waiting will not mend it.
fn needs_a_person(cause: &Cause) -> bool {
    match cause {
        Cause::Broken { .. }
        | Cause::NoConsent { .. }
        | Cause::Claimed { .. }
        | Cause::Never { .. }
        | Cause::Daemon
        | Cause::Missing
        | Cause::NoAlarm { .. }
        | Cause::NotServerless
        | Cause::Unreadable { .. } => true,
        Cause::Status { .. }
        | Cause::Draining { .. }
        | Cause::StandaloneTasks { .. }
        | Cause::ServicesAwake { .. }
        | Cause::Rollout { .. }
        | Cause::Grace { .. }
        | Cause::NeedsDatabases { .. }
        | Cause::NotSteady { .. }
        | Cause::JustChanged
        | Cause::Owned { .. }
        | Cause::Refused { .. }
        | Cause::Alarm { .. }
        | Cause::Deploying { .. }
        | Cause::RolloutBroken { .. }
        | Cause::Unrest { .. }
        | Cause::Load { .. }
        | Cause::NoLoad
        | Cause::ByHand
        | Cause::PutBack { .. }
        | Cause::ScalingSuspended
        | Cause::AtZero
        | Cause::AboveMaximum { .. }
        | Cause::Hold => false,
    }
}

fn needs_somebody(report: &Report) -> bool {
    report.wanted.is_none()
        || !report.failures.is_empty()
        || report
            .resources
            .iter()
            .filter_map(|row| row.waits_for.as_ref())
            .any(needs_a_person)
}

/// The sign before a resource: as it should be, left alone, in need of a person, on its way.
fn sign(row: &super::Row) -> &'static str {
    if row.waits_for.as_ref().is_some_and(needs_a_person) {
        "⚠️"
    } else if row.wanted.is_none() {
        "➖"
    } else if row.settled {
        "✅"
    } else {
        "🕐"
    }
}

/// How long a command keeps an estate awake that was not told better.
const A_WHILE: SignedDuration = SignedDuration::from_hours(2);

/// The command that keeps an estate awake for a while from this instant on.
fn wake_command(from: Timestamp, place: &Place<'_>) -> String {
    order_command("wake", from, place)
}

/// The command that orders something for a while from this instant on.
fn order_command(order: &str, from: Timestamp, place: &Place<'_>) -> String {
    let until = from.saturating_add(A_WHILE).unwrap_or(from);
    let until = until.to_zoned(place.zone.clone());
    format!(
        "`aws lambda invoke --function-name {} --cli-binary-format raw-in-base64-out --payload \
         '{{\"command\":\"{order}\",\"estate\":\"{}\",\"until\":\"{}\",\"by\":\"you\",\"reason\":\"why\"}}' \
         /dev/stdout`",
        word(place.function),
        word(place.estate),
        until.strftime("%Y-%m-%dT%H:%M%:z"),
    )
}

/// The command that orders something of a secret.
fn rotation_command(order: &str, secret: &SecretName, place: &Place<'_>) -> String {
    let secret = secret.to_string();
    let fits = |c: &char| c.is_ascii_alphanumeric() || "/_+=.@-#".contains(*c);
    format!(
        "`aws lambda invoke --function-name {} --cli-binary-format raw-in-base64-out --payload \
         '{{\"command\":\"{order}\",\"estate\":\"{}\",\"secret\":\"{}\",\"by\":\"you\",\"reason\":\"why\"}}' \
         /dev/stdout`",
        word(place.function),
        word(place.estate),
        secret.chars().filter(fits).collect::<String>(),
    )
}

/// A secret as colleagues call it: its key, or the last part of its name.
fn brief_secret(secret: &SecretName) -> String {
    let name = &secret.name;
    let last = name.rsplit('/').next().filter(|last| !last.is_empty());
    code(secret.key.as_deref().or(last).unwrap_or(name))
}

/// The command that makes a resource consent to what the function does.
fn tag_command(arn: &Arn, place: &Place<'_>) -> String {
    let (target, estate, tag) = (word(arn.as_str()), word(place.estate), place.tag());
    let service = arn.as_str().split(':').nth(2);
    let command = if is_scalable_target(arn) {
        format!(
            "application-autoscaling tag-resource --resource-arn {target} --tags {tag}={estate}"
        )
    } else if service == Some("ecs") {
        format!("ecs tag-resource --resource-arn {target} --tags key={tag},value={estate}")
    } else if service == Some("rds") {
        format!("rds add-tags-to-resource --resource-name {target} --tags Key={tag},Value={estate}")
    } else {
        format!(
            "resourcegroupstaggingapi tag-resources --resource-arn-list {target} --tags {tag}={estate}"
        )
    };
    format!("`aws {command}`")
}

/// The command by which a person takes a failed deployment back.
fn remedy_command(remedy: &Remedy, story: &Story) -> String {
    let command = match remedy {
        Remedy::StopDeployment { arn } => format!(
            "ecs stop-service-deployment --service-deployment-arn {} --stop-type ROLLBACK",
            word(arn)
        ),
        Remedy::Redeploy { task_definition } => format!(
            "ecs update-service --cluster {} --service {} --task-definition {} --force-new-deployment",
            word(&story.cluster),
            word(&story.service),
            word(task_definition)
        ),
        Remedy::StopCodeDeploy { deployment } => format!(
            "deploy stop-deployment --deployment-id {} --auto-rollback-enabled",
            word(deployment)
        ),
    };
    format!("`aws {command}`")
}

/// As much of a digest as a person compares.
fn brief_digest(digest: &str) -> String {
    let digits = digest.rsplit(':').next().unwrap_or(digest);
    digits.chars().take(12).collect()
}

/// As much of a commit as a person compares.
fn brief_commit(commit: &str) -> String {
    commit.chars().take(7).collect()
}

/// Whether it is a service's scalable target, whose name says nothing to a reader.
fn is_scalable_target(arn: &Arn) -> bool {
    arn.as_str().contains(":scalable-target/")
}

/// A time without its day, for whoever knows the day.
fn bare(at: Timestamp, place: &Place<'_>) -> Clock {
    Clock::new(at, at, place.zone)
}

/// The name of the month in which something is told, in English.
fn month_name(at: Timestamp, place: &Place<'_>) -> &'static str {
    clock::month_name(at.to_zoned(place.zone.clone()).month())
}

/// Hours to a tenth.
fn hours(hours: f64) -> String {
    format!("{hours:.1}")
}

/// What a month came to, without its currency: to a tenth, which is all that matters of it.
fn amount_of_month(money: &Money) -> String {
    match money.currency.as_str() {
        "JPY" | "KRW" => amount(money),
        _ => format!("{:.1}", money.amount),
    }
}

/// From and until when something was smaller.
type Spell = (Timestamp, Timestamp);

/// What was smaller at the same time, as times are shown, belongs together.
fn grouped(slimmed: &[Slimmed]) -> Vec<(Spell, Vec<&Slimmed>)> {
    let mut groups: Vec<(Spell, Vec<&Slimmed>)> = Vec::new();
    for one in slimmed {
        let same = |(from, until): Spell| {
            shown_minutes(from, one.from) == 0 && shown_minutes(until, one.until) == 0
        };
        match groups.iter_mut().find(|(span, _)| same(*span)) {
            Some((_, group)) => group.push(one),
            None => groups.push(((one.from, one.until), vec![one])),
        }
    }
    groups
}

/// One of each, so that whoever tests a text, a size or a format has all of them.
#[cfg(test)]
pub(crate) mod samples {
    pub(crate) mod rollback;
    pub(crate) mod rotation;
    pub(crate) mod slim;

    use super::*;
    use crate::{
        config::Problem,
        kind::{Kind, Never, Suspension},
        ledger::Phase,
        report::{Change, CountChange, Failure, Row, Wanted, Why},
    };

    /// All samples of a type. A variant without a sample does not compile.
    macro_rules! one_of_each {
        ($(#[$doc:meta])* $name:ident: $type:ident; $($variant:ident: $($sample:expr),+;)+) => {
            $(#[$doc])*
            pub(crate) fn $name() -> Vec<$type> {
                let listed = |sample: &$type| match sample {
                    $($type::$variant { .. } => stringify!($variant),)+
                };
                let mut all = Vec::new();
                $(
                    for sample in [$($sample),+] {
                        assert_eq!(listed(&sample), stringify!($variant));
                        all.push(sample);
                    }
                )+
                all
            }
        };
    }
    use one_of_each;

    pub(crate) fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    pub(crate) fn tokyo() -> TimeZone {
        TimeZone::get("Asia/Tokyo").unwrap()
    }

    /// Tuesday, 24 November 2026, 08:53 in Tokyo, after three holidays.
    pub(crate) fn place(zone: &TimeZone, language: Language, watch: bool) -> Place<'_> {
        Place {
            estate: "bookmark-manager-staging",
            account: "123456789012",
            region: "ap-northeast-1",
            zone,
            language,
            now: at("2026-11-24T08:53:20+09:00"),
            function: "nightshift-power-staging",
            teller: "power-staging",
            keeping: Keeping::Sleeping,
            watch,
        }
    }

    fn service() -> Arn {
        Arn::new(
            "arn:aws:ecs:ap-northeast-1:123456789012:service/bookmark-manager-staging-cluster/bookmark-manager-staging-api",
        )
    }

    fn database() -> Arn {
        Arn::new("arn:aws:rds:ap-northeast-1:123456789012:db:bookmark-manager-staging-postgres")
    }

    fn target() -> Arn {
        Arn::new(
            "arn:aws:application-autoscaling:ap-northeast-1:123456789012:scalable-target/0ec52fb3",
        )
    }

    fn api() -> String {
        "bookmark-manager-staging-api".to_owned()
    }

    fn web() -> String {
        "bookmark-manager-staging-web".to_owned()
    }

    fn postgres() -> String {
        "bookmark-manager-staging-postgres".to_owned()
    }

    fn deployment() -> String {
        "ecs-svc/3141592653589793238".to_owned()
    }

    fn usd(amount: f64) -> Money {
        Money {
            amount,
            currency: "USD".to_owned(),
        }
    }

    fn failure(denied: bool) -> Failure {
        Failure {
            resource: api(),
            action: "ecs:UpdateService".to_owned(),
            code: if denied { "AccessDeniedException" } else { "ThrottlingException" }.to_owned(),
            message: if denied {
                "User: arn:aws:sts::123456789012:assumed-role/power is not authorized to perform: ecs:UpdateService"
            } else {
                "Rate exceeded"
            }
            .to_owned(),
            denied,
        }
    }

    fn seven() -> Timestamp {
        at("2026-11-24T07:04:31+09:00")
    }

    fn tonight() -> Timestamp {
        at("2026-11-24T22:00:00+09:00")
    }

    one_of_each! {
        /// Every cause.
        causes: Cause;
        Status:
            Cause::Status { status: "backing-up".to_owned() },
            Cause::Status { status: "a-status-of-2031".to_owned() };
        Broken: Cause::Broken { status: "incompatible-network".to_owned() };
        Draining: Cause::Draining { tasks: 2 };
        StandaloneTasks: Cause::StandaloneTasks { groups: vec!["family:migrate".to_owned()] };
        ServicesAwake: Cause::ServicesAwake { services: vec![api(), web()] };
        Rollout: Cause::Rollout { deployment: deployment(), until: tonight() };
        Grace: Cause::Grace { until: tonight() };
        NeedsDatabases: Cause::NeedsDatabases { databases: vec![postgres()] };
        NotSteady:
            Cause::NotSteady { running: 1, desired: 2 },
            Cause::NotSteady { running: 2, desired: 2 };
        JustChanged: Cause::JustChanged;
        Owned: Cause::Owned { function: "rotate-secrets".to_owned(), until: tonight() };
        Refused:
            Cause::Refused { code: "InvalidDBInstanceState".to_owned() },
            Cause::Refused { code: "ThrottlingException".to_owned() };
        NoConsent:
            Cause::NoConsent { found: None },
            Cause::NoConsent { found: Some("r2e".to_owned()) };
        Claimed: Cause::Claimed { estates: vec!["r2e".to_owned(), "blog".to_owned()] };
        Never: Cause::Never { never: Never::Replica };
        Daemon: Cause::Daemon;
        Missing: Cause::Missing;
        Unreadable: Cause::Unreadable { code: "AccessDeniedException".to_owned() };
        Hold: Cause::Hold;
        Alarm: Cause::Alarm { alarm: "errors".to_owned() };
        NoAlarm: Cause::NoAlarm { alarm: "erors".to_owned() };
        Deploying:
            Cause::Deploying { service: api(), back: false },
            Cause::Deploying { service: api(), back: true };
        RolloutBroken: Cause::RolloutBroken { since: tonight() };
        Unrest: Cause::Unrest { database: postgres(), status: "failing-over".to_owned() };
        Load: slim::loads()[0].clone(), slim::loads()[1].clone();
        NoLoad: Cause::NoLoad;
        ByHand: Cause::ByHand;
        PutBack: Cause::PutBack { until: tonight() };
        ScalingSuspended: Cause::ScalingSuspended;
        AtZero: Cause::AtZero;
        AboveMaximum: Cause::AboveMaximum { count: 12, max: 10 };
        NotServerless: Cause::NotServerless;
    }

    one_of_each! {
        /// Every reason for which a database is never stopped.
        nevers: Never;
        Replica: Never::Replica;
        ReplicaSource: Never::ReplicaSource;
        SqlServerMultiAz: Never::SqlServerMultiAz;
        ClusterMember: Never::ClusterMember;
        MultiAzCluster: Never::MultiAzCluster;
        ServerlessV1: Never::ServerlessV1;
        GlobalDatabase: Never::GlobalDatabase;
        Replication: Never::Replication;
    }

    one_of_each! {
        /// Every finding.
        findings: Finding;
        BackupAsleep: Finding::BackupAsleep { database: "pg".to_owned(), window: "18:00-18:30".to_owned() };
        BackupAtBedtime: Finding::BackupAtBedtime { database: "pg".to_owned(), window: "09:50-10:20".to_owned() };
        NoBackups: Finding::NoBackups { database: "pg".to_owned() };
        MaintenanceAsleep: Finding::MaintenanceAsleep { database: "pg".to_owned(), window: "sat:18:00-sat:18:30".to_owned() };
        NeverStops: Finding::NeverStops { database: "pg".to_owned(), never: Never::Replica };
        NoCircuitBreaker: Finding::NoCircuitBreaker { service: "api".to_owned() };
        NoConsent: Finding::NoConsent { arn: service(), found: None };
        NotFound: Finding::NotFound { name: "ghost".to_owned() };
        Unread: Finding::Unread { failure: Failure {
            resource: "all instances".to_owned(),
            action: "rds:DescribeDBInstances".to_owned(),
            code: "AccessDenied".to_owned(),
            message: "no".to_owned(),
            denied: true,
        } };
        SavesNothing: slim::saves_nothing();
        ScalingSuspended: Finding::ScalingSuspended { service: "api".to_owned() };
        NotServerless: Finding::NotServerless { database: "pg".to_owned() };
        NoBrakes: Finding::NoBrakes;
    }

    /// A diagnosis with every finding, and one with none.
    pub(crate) fn diagnoses() -> Vec<Diagnosis> {
        let sick = Diagnosis {
            estate: "bookmark-manager-staging".to_owned(),
            findings: findings(),
            still_billed: vec!["ALB".to_owned()],
            hours_asleep_this_month: 520,
            saved_this_month: Some(Money {
                amount: 26.0,
                currency: "USD".to_owned(),
            }),
            terraform: Vec::new(),
        };
        let well = Diagnosis {
            findings: Vec::new(),
            still_billed: Vec::new(),
            saved_this_month: None,
            ..sick.clone()
        };
        vec![sick, well]
    }

    one_of_each! {
        /// Every deed.
        deeds: Deed;
        Save:
            Deed::Save { arn: service(), count: Some(2) },
            Deed::Save { arn: database(), count: None };
        Suspend: Deed::Suspend { arn: service() };
        Resume: Deed::Resume {
            arn: service(),
            suspension: Suspension { scheduled: true, ..Suspension::default() },
        };
        SetCount: Deed::SetCount { arn: service(), from: 2, to: 0 };
        Stop: Deed::Stop { arn: database() };
        Start: Deed::Start { arn: database() };
        Close: Deed::Close { arn: service() };
        Forget: Deed::Forget { arn: database() };
        WakeForDeployment: Deed::WakeForDeployment { deployment: deployment(), until: tonight() };
        SaveDay: slim::levers()[0].clone(), slim::levers()[2].clone(), slim::levers()[4].clone();
        Move: slim::levers()[1].clone(), slim::levers()[3].clone(), slim::levers()[5].clone();
    }

    one_of_each! {
        /// Every news, some of them in several forms.
        news: News;
        Ready: ready(), late(), News::Ready {
            opening: None,
            woke_seconds: 0,
            database_seconds: None,
            services: Vec::new(),
            slept_at: None,
            changed: Vec::new(),
            left_at_zero: Vec::new(),
            saved: None,
            still_billed: Vec::new(),
        };
        Asleep: News::Asleep {
            began: at("2026-11-24T08:41:17+09:00"),
            services: 2,
            databases: 1,
            until: Some(at("2026-11-25T08:40:00+09:00")),
        };
        Overridden:
            overridden(Order::Wake),
            overridden(Order::Sleep),
            overridden(Order::Hold),
            overridden(Order::Day),
            overridden(Order::Night);
        DeploymentWoke: News::DeploymentWoke { deployment: deployment(), until: tonight() };
        DeploymentInTheDark: News::DeploymentInTheDark { service: api(), deployment: deployment() };
        DarkReleaseFails: News::DarkReleaseFails {
            service: api(),
            deployment: deployment(),
            running: 0,
            desired: 2,
        };
        NotYet: not_yet(), News::NotYet {
            resource: api(),
            wanted: State::Awake,
            cause: Cause::NotSteady { running: 1, desired: 2 },
            since: seven(),
            again_at: at("2026-11-24T09:53:00+09:00"),
        }, refused(State::Day), refused(State::Night);
        Stuck: News::Stuck {
            resource: postgres(),
            wanted: State::Asleep,
            cause: Cause::Status { status: "modifying".to_owned() },
            since: at("2026-11-20T19:04:00+09:00"),
        }, News::Stuck {
            resource: postgres(),
            wanted: State::Awake,
            cause: Cause::Broken { status: "storage-full".to_owned() },
            since: seven(),
        }, stuck(State::Day), stuck(State::Night);
        NeverStops: never_stops(Never::Replica), News::NeverStops {
            resource: postgres(),
            never: Never::ClusterMember,
            hourly: None,
        };
        AwakeByHand: News::AwakeByHand {
            resource: api(),
            count: Some(2),
            since: seven(),
            until: at("2026-11-24T09:34:00+09:00"),
        }, News::AwakeByHand {
            resource: postgres(),
            count: None,
            since: seven(),
            until: at("2026-11-24T09:34:00+09:00"),
        };
        Clamped: News::Clamped { resource: api(), count: 1, saved: 2 };
        RolloutEnded: News::RolloutEnded { service: api(), deployment: deployment() };
        RestartedByAws: News::RestartedByAws { resource: postgres() };
        Gone: News::Gone { resource: api(), saved: Some(2) };
        NotFound: News::NotFound { resource: "bookmark-manager-stagign-postgres".to_owned() };
        NoConsent:
            News::NoConsent { arn: service(), found: None, asleep: false },
            News::NoConsent { arn: database(), found: Some("r2e".to_owned()), asleep: true },
            News::NoConsent { arn: target(), found: None, asleep: false };
        Rivals:
            News::Rivals {
                arn: database(),
                estates: vec!["bookmark-manager-staging".to_owned(), "r2e".to_owned()],
                keeper: Some("r2e".to_owned()),
            },
            News::Rivals {
                arn: service(),
                estates: vec!["bookmark-manager-staging".to_owned(), "r2e".to_owned()],
                keeper: None,
            };
        DocumentBroken: document_broken(true), document_broken(false);
        Released:
            News::Released { resources: vec![api(), web(), postgres()] },
            News::Released { resources: Vec::new() };
        ChangeFails:
            News::ChangeFails { failure: failure(true), since: seven() },
            News::ChangeFails { failure: failure(false), since: seven() };
        CannotRead:
            News::CannotRead { failure: failure(true), since: seven() },
            News::CannotRead { failure: failure(false), since: seven() };
        Would: News::Would { steps: deeds() };
        NightSummary:
            slim::summaries()[0].clone(),
            slim::summaries()[1].clone(),
            slim::summaries()[2].clone(),
            slim::summaries()[3].clone(),
            slim::summaries()[4].clone();
        FullSize:
            News::FullSize { services: Vec::new(), seconds: 90 },
            News::FullSize {
                services: vec![Count { service: api(), running: 2, desired: 2 }],
                seconds: 90,
            };
        NotReady:
            News::NotReady { opening: Some(seven()), since: seven(), waiting: slim::waiting() },
            News::NotReady { opening: None, since: seven(), waiting: Vec::new() };
        HeldBack: News::HeldBack { waiting: slim::waiting(), since: seven() };
        ChangedByHand: slim::by_hand(1, true), slim::by_hand(5, false);
        PutBack: slim::put_back();
        HandUndone: slim::undone();
        DayCapped: slim::capped();
        Rotation: rotation::news(0), rotation::news(1), rotation::news(2), rotation::news(3), rotation::news(4), rotation::news(5), rotation::news(6), rotation::news(7), rotation::news(8), rotation::news(9), rotation::news(10), rotation::news(11), rotation::news(12), rotation::news(13), rotation::news(14), rotation::news(15), rotation::news(16), rotation::news(17);
        Rollback: rollback::first(), rollback::rest(0), rollback::rest(1), rollback::rest(2), rollback::rest(3), rollback::rest(4), rollback::rest(5), rollback::rest(6), rollback::rest(7), rollback::rest(8);
    }

    fn refused(wanted: State) -> News {
        News::NotYet {
            resource: postgres(),
            wanted,
            cause: Cause::Refused {
                code: "InvalidDBClusterStateFault".to_owned(),
            },
            since: seven(),
            again_at: at("2026-11-24T09:53:00+09:00"),
        }
    }

    fn stuck(wanted: State) -> News {
        News::Stuck {
            resource: api(),
            wanted,
            cause: Cause::JustChanged,
            since: seven(),
        }
    }

    pub(crate) fn ready() -> News {
        News::Ready {
            opening: Some(at("2026-11-24T09:00:00+09:00")),
            woke_seconds: 400,
            database_seconds: Some(252),
            services: [api(), web()]
                .map(|service| Count {
                    service,
                    running: 1,
                    desired: 1,
                })
                .to_vec(),
            slept_at: Some(at("2026-11-20T19:00:00+09:00")),
            changed: Vec::new(),
            left_at_zero: Vec::new(),
            saved: Some(usd(7.42)),
            still_billed: ["ALB", "NAT gateway", "Atlas M10"]
                .map(str::to_owned)
                .to_vec(),
        }
    }

    fn late() -> News {
        News::Ready {
            opening: Some(at("2026-11-24T08:41:00+09:00")),
            woke_seconds: 400,
            database_seconds: None,
            services: vec![Count {
                service: api(),
                running: 2,
                desired: 3,
            }],
            slept_at: Some(at("2026-11-10T19:00:00+09:00")),
            changed: vec![CountChange {
                service: api(),
                before: 2,
                after: 3,
            }],
            left_at_zero: vec![web()],
            saved: None,
            still_billed: Vec::new(),
        }
    }

    fn overridden(order: Order) -> News {
        News::Overridden {
            order,
            until: tonight(),
            who: "tanaka".to_owned(),
            reason: "load test".to_owned(),
            set_at: at("2026-11-24T08:47:00+09:00"),
        }
    }

    pub(crate) fn not_yet() -> News {
        News::NotYet {
            resource: postgres(),
            wanted: State::Asleep,
            cause: Cause::Status {
                status: "backing-up".to_owned(),
            },
            since: at("2026-11-24T19:04:10+09:00"),
            again_at: at("2026-11-24T20:00:00+09:00"),
        }
    }

    pub(crate) fn never_stops(never: Never) -> News {
        News::NeverStops {
            resource: postgres(),
            never,
            hourly: Some(usd(0.025)),
        }
    }

    fn document_broken(in_force: bool) -> News {
        let problem = |line, text: &str| Problem {
            document: "/nightshift/estates/bookmark-manager-staging".to_owned(),
            line,
            text: text.to_owned(),
        };
        News::DocumentBroken {
            problems: vec![
                problem(Some(7), "unknown field `servics`: did you mean `services`?"),
                problem(
                    None,
                    "sleep.cluster is missing: `services` are looked up in it",
                ),
            ],
            in_force,
        }
    }

    /// A report with every form of row, with failures, and before the deeds are done.
    pub(crate) fn report() -> Report {
        let row = |name: String, kind, wanted, actual: &str| Row {
            arn: None,
            name,
            kind,
            wanted,
            actual: actual.to_owned(),
            settled: false,
            saved_count: None,
            since: None,
            waits_for: None,
        };
        Report {
            estate: "bookmark-manager-staging".to_owned(),
            at: at("2026-11-24T08:52:40+09:00"),
            wanted: Some(Wanted {
                state: Some(State::Awake),
                why: Why::Calendar,
                until: Some(at("2026-11-24T19:00:00+09:00")),
            }),
            phase: Phase::ToWake,
            ready: false,
            settled: false,
            resources: vec![
                Row {
                    settled: true,
                    since: Some(seven()),
                    ..row(
                        postgres(),
                        Some(Kind::RdsInstance),
                        Some(State::Awake),
                        "available",
                    )
                },
                Row {
                    saved_count: Some(2),
                    since: Some(seven()),
                    waits_for: Some(Cause::NotSteady {
                        running: 1,
                        desired: 2,
                    }),
                    ..row(api(), Some(Kind::EcsService), Some(State::Awake), "1/2")
                },
                Row {
                    waits_for: Some(Cause::Missing),
                    ..row("wbe".to_owned(), None, Some(State::Awake), "—")
                },
                row(web(), Some(Kind::EcsService), None, "0/0"),
                row(
                    "aurora".to_owned(),
                    Some(Kind::AuroraCluster),
                    Some(State::Asleep),
                    "available",
                ),
            ],
            steps: deeds(),
            changes: Vec::new(),
            failures: vec![failure(true), failure(false)],
            news: Vec::new(),
            next: Some(at("2026-11-25T08:40:00+09:00")),
        }
    }

    /// Reports in every phase, for everybody's reasons, with changes done.
    pub(crate) fn reports() -> Vec<Report> {
        let plain = Report {
            failures: Vec::new(),
            steps: Vec::new(),
            resources: Vec::new(),
            changes: ["desired_count", "suspension", "power", "mood"]
                .map(|what| Change {
                    arn: service(),
                    what: what.to_owned(),
                    from: "0".to_owned(),
                    to: "2".to_owned(),
                })
                .to_vec(),
            ..report()
        };
        let mut all = vec![
            report(),
            Report {
                wanted: None,
                ..plain.clone()
            },
        ];
        for (phase, ready) in [
            (Phase::Awake, true),
            (Phase::Awake, false),
            (Phase::ToSleep, false),
            (Phase::Asleep, false),
            (Phase::ToWake, true),
            (Phase::ToWake, false),
            (Phase::Day, true),
            (Phase::Day, false),
            (Phase::ToNight, true),
            (Phase::Night, true),
            (Phase::ToDay, false),
        ] {
            all.push(Report {
                phase,
                ready,
                ..plain.clone()
            });
        }
        let person = |order| Why::Person {
            order,
            who: "tanaka".to_owned(),
            reason: String::new(),
            set_at: seven(),
        };
        for (state, why) in [
            (Some(State::Day), person(Order::Day)),
            (Some(State::Night), person(Order::Night)),
            (Some(State::Awake), person(Order::Wake)),
            (Some(State::Asleep), person(Order::Sleep)),
            (None, person(Order::Hold)),
            (
                Some(State::Awake),
                Why::Deployment {
                    reason: deployment(),
                    set_at: seven(),
                },
            ),
            (Some(State::Awake), Why::Released),
        ] {
            all.push(Report {
                wanted: Some(Wanted {
                    state,
                    why,
                    until: None,
                }),
                phase: Phase::Asleep,
                ..plain.clone()
            });
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Failure;

    /// Every text in one language: news, reports, causes and deeds.
    fn everything(zone: &TimeZone, language: Language, watch: bool) -> Vec<String> {
        let place = samples::place(zone, language, watch);
        let news = samples::news()
            .into_iter()
            .chain(samples::rollback::each_fault())
            .map(|it| news(&it, &place).joined());
        let reports = samples::reports()
            .into_iter()
            .map(|it| report(&it, &place).joined());
        let diagnoses = samples::diagnoses()
            .into_iter()
            .map(|it| diagnosis(&it, &place).joined());
        let causes = samples::causes().into_iter().map(|it| cause(&it, &place));
        let deeds = samples::deeds().into_iter().map(|it| deed(&it, &place));
        let nevers = samples::nevers()
            .into_iter()
            .map(|it| cause(&Cause::Never { never: it }, &place));
        news.chain(reports)
            .chain(diagnoses)
            .chain(causes)
            .chain(deeds)
            .chain(nevers)
            .collect()
    }

    fn is_japanese(c: char) -> bool {
        matches!(c, '\u{3040}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}')
    }

    fn has_seconds(text: &str) -> bool {
        let shape: String = text
            .chars()
            .map(|c| if c.is_ascii_digit() { '0' } else { c })
            .collect();
        shape.contains("0:00:00")
    }

    #[test]
    fn everything_can_be_said_in_both_languages_and_nothing_is_left_untranslated() {
        let zone = samples::tokyo();
        for watch in [false, true] {
            let english = everything(&zone, Language::En, watch);
            let japanese = everything(&zone, Language::Ja, watch);
            assert_eq!(english.len(), japanese.len());
            for (english, japanese) in english.iter().zip(&japanese) {
                assert!(!english.contains(is_japanese), "{english}");
                assert_ne!(english, japanese);
                for line in japanese.lines().filter(|line| !line.starts_with("`aws ")) {
                    assert!(line.contains(is_japanese), "{line}");
                }
            }
        }
    }

    #[test]
    fn no_text_holds_control_characters_debug_output_or_seconds_of_the_clock() {
        let zone = samples::tokyo();
        for (language, watch) in [
            (Language::En, false),
            (Language::En, true),
            (Language::Ja, false),
            (Language::Ja, true),
        ] {
            for text in everything(&zone, language, watch) {
                assert!(!text.is_empty());
                let debug = text
                    .lines()
                    .filter(|line| !line.contains("--payload '{\"command\""))
                    .any(|line| {
                        line.contains(['{', '}']) || line.contains("Some(") || line.contains("None")
                    });
                assert!(!debug, "{text}");
                assert!(!text.replace('\n', "").contains(char::is_control), "{text}");
                assert!(!has_seconds(&text), "{text}");
                assert!(
                    !text.contains("  ") && !text.contains("。。") && !text.contains(".."),
                    "{text}"
                );
                assert!(text.lines().all(|line| line.trim() == line), "{text}");
            }
        }
    }

    #[test]
    fn a_message_names_the_estate_first_and_account_region_and_function_last() {
        let zone = samples::tokyo();
        for language in [Language::En, Language::Ja] {
            let place = samples::place(&zone, language, false);
            for sample in samples::news() {
                let text = news(&sample, &place);
                assert!(
                    text.title.contains("bookmark-manager-staging"),
                    "{}",
                    text.title
                );
                let last = text.lines.last().unwrap();
                for part in ["123456789012", "ap-northeast-1", "nightshift power-staging"] {
                    assert!(last.contains(part), "{last}");
                }
                assert!(text.lines.iter().all(|line| !line.contains('\n')));
            }
        }
    }

    #[test]
    fn what_is_severe_says_who_must_act_and_what_is_not_says_nobody_must() {
        let zone = samples::tokyo();
        for sample in samples::news() {
            let severe = sample.severity() >= Severity::Warning;
            let subject = news(&sample, &samples::place(&zone, Language::En, false)).subject();
            assert_eq!(subject.ends_with("needs you"), severe, "{subject}");
            let plain = matches!(
                sample,
                News::Ready { .. } | News::Overridden { .. } | News::NightSummary { .. }
            );
            if severe || plain {
                continue;
            }
            for (language, words) in [
                (Language::En, "nothing for you to do"),
                (Language::Ja, "対応は不要です"),
            ] {
                let title = news(&sample, &samples::place(&zone, language, false)).title;
                assert!(title.contains(words), "{title}");
            }
        }
    }

    #[test]
    fn a_subject_is_what_sns_accepts() {
        let zone = samples::tokyo();
        let long = "é".repeat(200);
        for estate in ["bookmark-manager-staging", "本番\n環境", &long] {
            for language in [Language::En, Language::Ja] {
                let place = Place {
                    estate,
                    ..samples::place(&zone, language, false)
                };
                let subjects = samples::news()
                    .iter()
                    .map(|it| news(it, &place).subject())
                    .chain(
                        samples::reports()
                            .iter()
                            .map(|it| report(it, &place).subject()),
                    )
                    .collect::<Vec<_>>();
                for subject in subjects {
                    assert!(
                        subject.is_ascii() && !subject.contains(|c: char| c.is_ascii_control()),
                        "{subject}"
                    );
                    assert!(
                        subject.len() < 100 && subject.starts_with("nightshift: "),
                        "{subject}"
                    );
                }
            }
        }
    }

    #[test]
    fn in_watch_mode_every_message_says_that_nothing_was_changed() {
        let zone = samples::tokyo();
        for (language, words) in [
            (Language::En, "would"),
            (Language::Ja, "何も変更していません"),
        ] {
            let place = samples::place(&zone, language, true);
            for sample in samples::news() {
                assert!(news(&sample, &place).joined().contains(words));
            }
        }
    }

    #[test]
    fn strangers_words_are_cut_on_one_line_and_mention_nobody() {
        let zone = samples::tokyo();
        let hostile = format!(
            "boom\r\n\u{7}<!channel> <@U123> @here `rm` \u{202e}\u{200b}\u{2028}{}",
            "負荷試験".repeat(900)
        );
        assert!(hostile.len() > 10_000);
        let failure = Failure {
            resource: hostile.clone(),
            action: "ecs:UpdateService".to_owned(),
            code: hostile.clone(),
            message: hostile.clone(),
            denied: false,
        };
        let since = samples::at("2026-11-24T07:04:00+09:00");
        let samples = [
            News::ChangeFails {
                failure: failure.clone(),
                since,
            },
            News::CannotRead { failure, since },
            News::Overridden {
                order: Order::Wake,
                until: since,
                who: hostile.clone(),
                reason: hostile.clone(),
                set_at: since,
            },
            News::NotFound {
                resource: hostile.clone(),
            },
            News::NoConsent {
                arn: Arn::new(hostile.clone()),
                found: Some(hostile),
                asleep: true,
            },
        ];
        for language in [Language::En, Language::Ja] {
            let place = samples::place(&zone, language, false);
            for sample in &samples {
                let text = news(sample, &place);
                for line in text.lines.iter().chain([&text.title]) {
                    assert!(line.chars().count() < 900, "{line}");
                    assert!(
                        !line.contains(|c: char| c.is_control() || is_invisible(c)),
                        "{line}"
                    );
                    assert!(
                        !line.contains(['<', '>', '\u{2028}']) && !line.contains("@here"),
                        "{line}"
                    );
                    assert_eq!(line.matches('`').count() % 2, 0, "{line}");
                }
            }
        }
        assert_eq!(clean("  a\n\n b ", 10), "a b");
        assert_eq!(clean("負荷試験", 4), "負荷試験");
        assert_eq!(clean("負荷試験", 3), "負荷試…");
    }

    #[test]
    fn a_command_is_one_that_can_be_run() {
        let zone = samples::tokyo();
        let place = samples::place(&zone, Language::Ja, false);
        let command = wake_command(place.now, &place);
        let (_, payload) = command.split_once("--payload '").unwrap();
        let (payload, _) = payload.split_once('\'').unwrap();
        let payload: serde_json::Value = serde_json::from_str(payload).unwrap();
        assert_eq!(payload["command"], "wake");
        let until: Timestamp = payload["until"].as_str().unwrap().parse().unwrap();
        assert_eq!(until, samples::at("2026-11-24T10:53:00+09:00"));

        let hostile = Arn::new("arn:aws:ecs:r:1:service/a';$(reboot)`");
        assert_eq!(
            tag_command(&hostile, &place),
            "`aws ecs tag-resource --resource-arn arn:aws:ecs:r:1:service/areboot --tags key=nightshift:sleep,value=bookmark-manager-staging`"
        );
    }

    #[test]
    fn money_and_durations_keep_the_places_that_matter() {
        let money = |amount, currency: &str| Money {
            amount,
            currency: currency.to_owned(),
        };
        assert_eq!(amount(&money(7.4211, "USD")), "7.42");
        assert_eq!(amount(&money(1130.4, "JPY")), "1130");
        assert_eq!(rate(&money(0.025, "USD")), "0.025");
        assert_eq!(rate(&money(1.0, "USD")), "1.00");
        let numbers = |seconds| parts(seconds).iter().map(|part| part.0).collect::<Vec<_>>();
        assert_eq!(numbers(400), [6, 40]);
        assert_eq!(numbers(3600), [1]);
        assert_eq!(numbers(3 * 86_400 + 13 * 3600 + 44 * 60 + 59), [3, 13, 44]);
        assert_eq!(numbers(-5), [0]);
    }

    /// Prints everything: `cargo test -p nightshift text -- --ignored --nocapture`.
    #[test]
    #[ignore = "for the eye"]
    fn show_everything() {
        let zone = samples::tokyo();
        for language in [Language::En, Language::Ja] {
            println!("{}", everything(&zone, language, false).join("\n\n"));
        }
        println!("{}", everything(&zone, Language::En, true).join("\n\n"));
        println!("{}", everything(&zone, Language::Ja, true).join("\n\n"));
    }
}
