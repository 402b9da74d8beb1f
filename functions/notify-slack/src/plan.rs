//! From what waits and what is known to what is sent: into which channel, as a message of its own,
//! as an answer in a thread, or folded with others. Alarms are quiet while their estate sleeps on
//! purpose; nothing is ever left out but what another function tells better.

mod course;
mod house;
mod story;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use nightshift::report::Severity;
use serde::{Deserialize, Serialize};

pub use course::{Move, follow};
pub use house::{Estate, House};

use crate::{
    choices::{self, choices},
    draft::Draft,
    render::{self, Digest},
    scene::{Course, Quiet, Scene},
    signal::{Alarm, AlarmState, Signal, Stage, Told, What},
};

/// This function's name, in reports and in the ledger.
pub const FUNCTION: &str = "notify-slack";

/// So many messages for one channel are sent one by one; more at once are folded.
pub const FEW: usize = 5;

/// What is known of a thread in Slack: its first message can be drawn anew.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Thread {
    /// The channel: its id with a bot token, its name otherwise.
    pub channel: String,
    /// The first message's name within the channel; none with a webhook.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ts: Option<String>,
    /// Whether others' news stand in the first message too, so that it must not be drawn anew.
    #[serde(default)]
    pub shared: bool,
    /// What the first message tells.
    pub signal: Signal,
    /// An alarm's state, as it was told last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<AlarmState>,
    /// When it came to that state.
    pub at: Timestamp,
    /// When it first went to ALARM in this thread.
    pub began: Timestamp,
    /// How often it did.
    #[serde(default)]
    pub times: u32,
    /// When it was over, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over: Option<Timestamp>,
    /// Whether it was told quietly.
    #[serde(default)]
    pub quiet: bool,
    /// Slack's id of the picture in the first message, and what is to be seen on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<(String, String)>,
    /// How much what was told loudest matters, in a story.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loudest: Option<Severity>,
    /// The key of the report whose excerpt stands in the thread.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excerpt: Option<String>,
}

impl Thread {
    /// How the alarm has fared.
    #[must_use]
    pub const fn course(&self) -> Course {
        Course {
            began: self.began,
            times: self.times,
            over: self.over,
        }
    }
}

/// An alarm that is quiet because its estate sleeps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Quieted {
    /// Its ARN.
    pub arn: String,
    /// What was told quietly.
    pub signal: Signal,
    /// The estate.
    pub estate: String,
}

/// A notice that an estate goes to sleep, which people may answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bedtime {
    /// The estate.
    pub estate: String,
    /// When it goes to sleep.
    pub at: Timestamp,
    /// The channel's id.
    pub channel: String,
    /// The message's name within the channel.
    pub ts: String,
    /// The reaction that was followed last, and whose it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered: Option<(String, String)>,
}

/// How one signal is told.
#[derive(Clone, Debug, PartialEq)]
pub struct Telling {
    /// Where to, by name; a thread has its own.
    pub channel: String,
    /// Which thread it belongs to, by name in the table.
    pub thread: Option<String>,
    /// What to do in Slack.
    pub deed: Deed,
    /// The thread afterwards; its channel and message are filled in by whoever posts.
    pub after: Option<Thread>,
    /// Whether it is quiet on purpose and has to be looked at again.
    pub quieted: Option<Quieted>,
    /// What stands in the thread below it: the last lines of a log.
    pub below: Option<Box<Draft>>,
}

/// What to do in Slack.
#[derive(Clone, Debug, PartialEq)]
pub enum Deed {
    /// Nothing: it was told already by another way, or somebody else tells it.
    Nothing,
    /// A message of its own.
    Post(Box<Draft>),
    /// An answer in a thread, with the thread's first message drawn anew.
    Answer {
        /// The answer.
        answer: Box<Draft>,
        /// The first message.
        first: Option<Box<Draft>>,
    },
    /// The thread's first message drawn anew, and nothing else.
    Redraw(Box<Draft>),
}

impl Deed {
    /// The message that opens a thread, where there is none or it is gone.
    #[must_use]
    pub fn opening(&self) -> Option<&Draft> {
        match self {
            Self::Nothing => None,
            Self::Post(draft) | Self::Redraw(draft) => Some(draft),
            Self::Answer { answer, first } => Some(first.as_ref().unwrap_or(answer)),
        }
    }
}

/// How much a signal matters to a person who sleeps.
#[must_use]
pub fn severity(signal: &Signal) -> Severity {
    match &signal.what {
        What::Alarm(alarm) => match alarm.state {
            AlarmState::Alarm => Severity::Alert,
            AlarmState::InsufficientData => Severity::Notice,
            AlarmState::Ok => Severity::Quiet,
        },
        What::Outlived(_) => Severity::Alert,
        What::Report(report) => report.severity,
        What::Bedtime(_) => Severity::Quiet,
        What::Event(event) => of_event(&event.told),
        What::Other(_) => Severity::Notice,
    }
}

fn of_event(told: &Told) -> Severity {
    match told {
        Told::Deployment { stage, .. } => match stage {
            Stage::Failed => Severity::Alert,
            Stage::RollingBack => Severity::Warning,
            Stage::Begun | Stage::Completed => Severity::Quiet,
        },
        Told::Service { level, .. } => match level.as_str() {
            "ERROR" => Severity::Alert,
            "WARN" => Severity::Warning,
            _ => Severity::Quiet,
        },
        Told::Task { .. } | Told::Budget { .. } => Severity::Warning,
        Told::Database { categories, .. } => {
            let loud = ["failure", "failover", "low storage"];
            if categories.iter().any(|one| loud.contains(&one.as_str())) {
                Severity::Warning
            } else {
                Severity::Quiet
            }
        }
        Told::CodeDeploy { state, .. } => match state.as_str() {
            "FAILURE" => Severity::Alert,
            "STOP" => Severity::Warning,
            _ => Severity::Quiet,
        },
        Told::Health { category, .. } => match category.as_str() {
            "issue" => Severity::Alert,
            "accountNotification" => Severity::Notice,
            _ => Severity::Warning,
        },
    }
}

/// The name of the thread that a signal belongs to, if it belongs to one.
#[must_use]
pub fn thread_of(signal: &Signal) -> Option<String> {
    match &signal.what {
        What::Alarm(alarm) => Some(thread_of_alarm(alarm)),
        What::Outlived(outlived) => Some(thread_of_alarm(&outlived.alarm)),
        What::Report(report) if story::is_one(report) => {
            Some(format!("story/{}/{}", report.account, report.thread))
        }
        // What is quiet grows within one message; what is not has a message of its own.
        What::Report(report) if report.severity == Severity::Quiet && !report.thread.is_empty() => {
            Some(format!("night/{}/{}", report.account, report.thread))
        }
        What::Bedtime(bedtime) => Some(format!("bedtime/{}", bedtime.estate)),
        _ => None,
    }
}

fn thread_of_alarm(alarm: &Alarm) -> String {
    let mut name = format!("alarm/{}", alarm.arn);
    for (attribute, value) in &alarm.contributor {
        name.push_str(&["/", attribute, "=", value].concat());
    }
    name
}

/// How a signal is told, given its thread as it stands in the table.
#[must_use]
pub fn tell(signal: &Signal, thread: Option<&Thread>, house: &House, now: Timestamp) -> Telling {
    let (estate, quiet) = estate_and_quiet(signal, house, now);
    let scene = house.scene(estate, quiet, now);
    let mut telling = Telling {
        channel: channel_of(signal, house, now),
        thread: thread_of(signal),
        deed: Deed::Nothing,
        after: None,
        quieted: None,
        below: None,
    };
    match &signal.what {
        What::Alarm(alarm) => {
            course::of_alarm(&mut telling, signal, alarm, thread, &scene, house);
            if let (Some(estate), Some(_)) = (estate, quiet)
                && telling.deed != Deed::Nothing
            {
                telling.quieted = Some(Quieted {
                    arn: alarm.arn.clone(),
                    signal: signal.clone(),
                    estate: estate.name.clone(),
                });
            }
        }
        What::Outlived(outlived) => {
            let draft = render::outlived(signal, outlived.since, &scene);
            telling.deed = Deed::Post(Box::new(house.mentioning(draft, signal, estate)));
            telling.after = Some(Thread {
                state: Some(AlarmState::Alarm),
                began: outlived.since,
                times: 1,
                ..opened(signal)
            });
        }
        What::Report(report) if story::is_one(report) => {
            story::of_story(&mut telling, signal, report, thread, &scene, house);
        }
        What::Report(_) => of_report(&mut telling, signal, thread, &scene, house),
        What::Bedtime(goes) => {
            let choices = choices(goes.at, &house.zone);
            let draft = choices::notice(signal, goes, &choices, house.remembers, &scene);
            telling.deed = Deed::Post(Box::new(draft));
            telling.after = Some(opened(signal));
        }
        What::Event(event) if house.is_explained(event) => {}
        What::Event(_) | What::Other(_) => {
            let draft = render::first(signal, &scene);
            telling.deed = Deed::Post(Box::new(house.mentioning(draft, signal, estate)));
        }
    }
    telling
}

/// Where a signal goes, by name. What is quiet goes where nobody is woken.
#[must_use]
pub fn channel_of(signal: &Signal, house: &House, now: Timestamp) -> String {
    let (estate, quiet) = estate_and_quiet(signal, house, now);
    house.channel(signal, estate, quiet.is_some())
}

/// The estate that a signal belongs to, and why the signal is quiet, if it is.
fn estate_and_quiet<'a>(
    signal: &Signal,
    house: &'a House,
    now: Timestamp,
) -> (Option<&'a Estate>, Option<Quiet>) {
    let estate = house.estate_of(signal);
    let quiet = estate
        .filter(|_| rings(signal))
        .and_then(|estate| estate.quiet(now));
    (estate, quiet)
}

/// The messages of what is folded.
#[must_use]
pub fn digests(folded: &Folded, house: &House, now: Timestamp) -> Vec<Digest> {
    let scenes: Vec<Scene<'_>> = folded
        .lines
        .iter()
        .map(|signal| {
            let (estate, quiet) = estate_and_quiet(signal, house, now);
            house.scene(estate, quiet, now)
        })
        .collect();
    let all: Vec<(&Signal, &Scene<'_>)> = folded.lines.iter().zip(&scenes).collect();
    render::digest(&all)
}

/// Whether a signal is an alarm that somebody would have to answer.
fn rings(signal: &Signal) -> bool {
    matches!(&signal.what, What::Alarm(alarm) if alarm.state != AlarmState::Ok)
}

/// A thread that a signal opens.
fn opened(signal: &Signal) -> Thread {
    Thread {
        channel: String::new(),
        ts: None,
        shared: false,
        signal: signal.clone(),
        state: None,
        at: signal.at,
        began: signal.at,
        times: 0,
        over: None,
        quiet: false,
        picture: None,
        loudest: None,
        excerpt: None,
    }
}

/// One message a night and estate, which grows; with a webhook each is a message of its own.
fn of_report(
    telling: &mut Telling,
    signal: &Signal,
    thread: Option<&Thread>,
    scene: &Scene<'_>,
    house: &House,
) {
    let draft = Box::new(render::first(signal, scene));
    let known = thread.filter(|thread| thread.ts.is_some() && !thread.shared);
    let (deed, after) = match known {
        Some(thread) if thread.at > signal.at => {
            let deed = Deed::Answer {
                answer: draft,
                first: None,
            };
            (deed, thread.clone())
        }
        Some(thread) => {
            let after = Thread {
                signal: signal.clone(),
                at: signal.at,
                ..thread.clone()
            };
            (Deed::Redraw(draft), after)
        }
        None => {
            let draft = house.mentioning(*draft, signal, house.estate_of(signal));
            (Deed::Post(Box::new(draft)), opened(signal))
        }
    };
    telling.deed = deed;
    telling.after = telling.thread.is_some().then_some(after);
}

/// Many at once for one channel: folded into as few messages as Slack's limits allow. Answers the
/// messages, each with the signals that it tells, and the threads afterwards.
#[must_use]
pub fn fold(
    signals: &[Signal],
    threads: &BTreeMap<String, Thread>,
    house: &House,
    now: Timestamp,
) -> Folded {
    let mut folded = Folded::default();
    let mut threads = threads.clone();
    for signal in signals {
        let telling = tell(
            signal,
            thread_of(signal).and_then(|name| threads.get(&name)),
            house,
            now,
        );
        if telling.deed == Deed::Nothing {
            folded.known.push(signal.key.clone());
            continue;
        }
        if let (Some(name), Some(mut after)) = (telling.thread, telling.after) {
            let is_new = threads
                .get(&name)
                .is_none_or(|before| before.began != after.began);
            if is_new {
                after.shared = true;
                folded.opened.push(name.clone());
            }
            threads.insert(name.clone(), after.clone());
            folded.threads.insert(name, after);
        }
        folded.quieted.extend(telling.quieted);
        folded.lines.push(signal.clone());
        let (estate, quiet) = estate_and_quiet(signal, house, now);
        if quiet.is_none() && severity(signal) == Severity::Alert {
            folded.mentions.extend(house.mention(estate));
        }
    }
    folded.mentions.sort_unstable();
    folded.mentions.dedup();
    folded
}

/// What is folded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Folded {
    /// The signals that are told.
    pub lines: Vec<Signal>,
    /// The keys of those that were told already by another way.
    pub known: Vec<String>,
    /// The threads afterwards.
    pub threads: BTreeMap<String, Thread>,
    /// Which of them begin with the folded message.
    pub opened: Vec<String>,
    /// The alarms that are quiet on purpose.
    pub quieted: Vec<Quieted>,
    /// Whom to mention.
    pub mentions: Vec<String>,
}

/// How long after the estate was ready an alarm is still taken for one of the wake-up's.
pub const SETTLING: SignedDuration = SignedDuration::from_mins(10);

/// Whether the estate of a quieted alarm has been up for long enough to read the alarm again.
#[must_use]
pub fn is_due(quieted: &Quieted, house: &House, now: Timestamp) -> bool {
    match house.estate(&quieted.estate) {
        Some(estate) => estate.quiet(now).is_none(),
        // Whoever took the estate's document away did not mean its alarms to be lost.
        None => true,
    }
}

/// Why the alarms of an estate in this phase are quiet.
pub(crate) fn quiet_in(
    phase: nightshift::ledger::Phase,
    since: Timestamp,
    until: Option<Timestamp>,
    now: Timestamp,
) -> Option<Quiet> {
    use nightshift::ledger::Phase;
    match phase {
        Phase::Asleep | Phase::ToSleep => Some(Quiet::Asleep { until }),
        Phase::ToWake => Some(Quiet::Waking),
        Phase::Awake if now.duration_since(since) < SETTLING => Some(Quiet::Waking),
        // What is slimmed is never asleep: its alarms are as loud at night as by day.
        Phase::Awake | Phase::Day | Phase::ToNight | Phase::Night | Phase::ToDay => None,
    }
}

#[cfg(test)]
mod tests;
