//! From a signal and the scene it is told in to the message that people see, and from there to Slack's
//! form ([`blocks`]). Nothing here reads a clock or the network: the same signal in the same scene is
//! always the same message.

mod alarm;
mod bedtime;
pub mod blocks;
mod cut;
mod digest;
mod en;
mod event;
mod figures;
mod ja;
mod links;
mod metrics;
mod other;
mod report;
mod time;
mod voice;
mod watched;
mod words;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use nightshift::{config::Language, report::message::Message};

pub use self::{
    bedtime::{Answer, Bedtime, Choice, bedtime, bedtime_answered},
    digest::{Digest, digest},
};
use crate::{
    draft::{Draft, Mrkdwn},
    render::{alarm::Telling, voice::word},
    scene::{Course, Scene},
    signal::{Alarm, Signal, What},
};

/// A signal's own message.
#[must_use]
pub fn first(signal: &Signal, scene: &Scene<'_>) -> Draft {
    match &signal.what {
        What::Alarm(alarm) => Telling::new(signal, alarm, scene).first(),
        What::Report(message) => report::told(signal, message, scene),
        What::Event(event) => event::told(signal, event, scene),
        What::Outlived(still) => outlived(signal, still.since, scene),
        What::Bedtime(goes) => bedtime(&Bedtime::of(signal, goes, &[], None), scene),
        What::Other(other) => other::told(signal, other, scene),
    }
}

/// The first line of a report alone, for its thread.
#[must_use]
pub fn headline(signal: &Signal, scene: &Scene<'_>) -> Draft {
    let whole = first(signal, scene);
    Draft {
        body: Vec::new(),
        fields: Vec::new(),
        links: Vec::new(),
        context: Vec::new(),
        ..whole
    }
}

/// What stands apart from a report's words: the last lines of a log.
#[must_use]
pub fn excerpt(message: &Message) -> Draft {
    report::excerpt(message)
}

/// The first message of an alarm's thread, drawn again as the alarm fares now: it rings, it is over
/// after 12 minutes, it rings for the fifth time. `signal` is the newest of the alarm, or the one that
/// began the thread. What is no alarm is told by [`first`].
#[must_use]
pub fn alarm_root(signal: &Signal, course: &Course, scene: &Scene<'_>) -> Draft {
    told_as(signal, scene, |telling| telling.root(course))
}

/// A few words for an alarm's thread: "Back to OK after 12 min".
#[must_use]
pub fn alarm_reply(signal: &Signal, course: &Course, scene: &Scene<'_>) -> Draft {
    told_as(signal, scene, |telling| telling.reply(course))
}

/// An ALARM that reached us after it was over.
#[must_use]
pub fn alarm_late(signal: &Signal, course: &Course, scene: &Scene<'_>) -> Draft {
    told_as(signal, scene, |telling| telling.late(course))
}

/// An alarm that was quiet because its estate slept; the estate is up, and it still rings, since
/// `since`. This is loud.
#[must_use]
pub fn outlived(signal: &Signal, since: Timestamp, scene: &Scene<'_>) -> Draft {
    let scene = Scene {
        quiet: None,
        ..scene.clone()
    };
    told_as(signal, &scene, |telling| telling.outlived(since))
}

/// The same message for another channel than it was meant for, which Slack refuses with `code`.
#[must_use]
pub fn misrouted(mut draft: Draft, wanted: &str, code: &str, language: Language) -> Draft {
    let told = words::tongue(language).misrouted(&word(wanted), &word(code));
    draft.body.push(Mrkdwn::plain(&format!("↪️ {told}")));
    draft
}

fn told_as(signal: &Signal, scene: &Scene<'_>, tell: impl FnOnce(Telling<'_>) -> Draft) -> Draft {
    match alarm(signal) {
        Some(alarm) => tell(Telling::new(signal, alarm, scene)),
        None => first(signal, scene),
    }
}

fn alarm(signal: &Signal) -> Option<&Alarm> {
    match &signal.what {
        What::Alarm(alarm) => Some(alarm),
        What::Outlived(outlived) => Some(&outlived.alarm),
        _ => None,
    }
}
