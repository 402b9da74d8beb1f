//! The notice before an estate goes to sleep, with what a person can do about it: a reaction where
//! reactions can be read, and otherwise a command.

use jiff::{Timestamp, tz::TimeZone};
use nightshift::report::text::clock::Day;

use super::{
    time::clock,
    voice::{Voice, empty, ticked, word},
};
use crate::{
    draft::{Colour, Draft, Mrkdwn},
    scene::Scene,
    signal::{GoesToSleep, Signal},
};

/// What a person can choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice<'a> {
    /// The emoji of the reaction, as people see it: `🕙`.
    pub emoji: &'a str,
    /// Until when the estate stays up, or nothing for "as planned".
    pub until: Option<Timestamp>,
}

/// An estate that goes to sleep soon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bedtime<'a> {
    /// The estate's name.
    pub estate: &'a str,
    /// The account's number, or nothing.
    pub account: &'a str,
    /// The Region's code, or nothing.
    pub region: &'a str,
    /// When it goes to sleep.
    pub at: Timestamp,
    /// What can be chosen.
    pub choices: &'a [Choice<'a>],
    /// The Lambda function to invoke where no reaction can be read: the one that lets estates sleep.
    /// Nothing where reactions can be read.
    pub function: Option<&'a str>,
}

impl<'a> Bedtime<'a> {
    /// What a signal tells, with what can be chosen.
    #[must_use]
    pub fn of(
        signal: &'a Signal,
        goes: &'a GoesToSleep,
        choices: &'a [Choice<'a>],
        function: Option<&'a str>,
    ) -> Self {
        Self {
            estate: &goes.estate,
            account: &signal.account,
            region: &signal.region,
            at: goes.at,
            choices,
            function,
        }
    }
}

/// What was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer<'a> {
    /// Who chose, as their colleagues call them.
    pub who: &'a str,
    /// Until when the estate stays up, or nothing for "as planned".
    pub until: Option<Timestamp>,
}

/// "goes to sleep at 19:00, in 15 minutes".
#[must_use]
pub fn bedtime(bedtime: &Bedtime<'_>, scene: &Scene<'_>) -> Draft {
    let voice = Voice::new(scene);
    let seconds = bedtime.at.duration_since(scene.now).as_secs();
    // Half a minute more or less is not worth an odd number.
    let minutes = (seconds + 30).div_euclid(60);
    let at = time_of_day(voice, bedtime.at);
    let core = voice.tongue.bedtime(bedtime.estate, &at, minutes);
    let mut draft = Draft {
        title: format!("🌙 {core}"),
        ..empty(Colour::Blue)
    };
    match bedtime.function {
        None => {
            let choices: Vec<String> = bedtime
                .choices
                .iter()
                .map(|choice| {
                    let until = choice.until.map(|until| time_of_day(voice, until));
                    let what = voice.tongue.bedtime_choice(until.as_deref());
                    format!("{}  {what}", choice.emoji)
                })
                .collect();
            if !choices.is_empty() {
                let told = format!("{}\n{}", voice.tongue.bedtime_react(), choices.join("\n"));
                draft.body.push(Mrkdwn::plain(&told));
            }
        }
        Some(function) => {
            let until = bedtime.choices.iter().find_map(|choice| choice.until);
            if let Some(until) = until {
                let how = voice.tongue.bedtime_command(&time_of_day(voice, until));
                let command = command(function, bedtime.estate, until, scene.zone);
                draft.body.push(Mrkdwn::plain(&how));
                draft.body.push(Mrkdwn::plain(&ticked(&command)));
            }
        }
    }
    draft
        .context
        .push(Mrkdwn::plain(&provenance(bedtime, voice)));
    draft
}

/// The same after somebody chose.
#[must_use]
pub fn bedtime_answered(bedtime: &Bedtime<'_>, answer: &Answer<'_>, scene: &Scene<'_>) -> Draft {
    let voice = Voice::new(scene);
    let who = &word(answer.who);
    let (sign, core, why) = match answer.until {
        Some(until) => {
            let until = time_of_day(voice, until);
            (
                "🕙",
                voice.tongue.stays_up(bedtime.estate, &until),
                voice.tongue.stays_up_by(who, &until),
            )
        }
        None => (
            "🌙",
            voice
                .tongue
                .as_planned(bedtime.estate, &time_of_day(voice, bedtime.at)),
            voice.tongue.as_planned_by(who),
        ),
    };
    Draft {
        title: format!("{sign} {core}"),
        body: vec![Mrkdwn::plain(&why)],
        context: vec![Mrkdwn::plain(&provenance(bedtime, voice))],
        ..empty(Colour::Blue)
    }
}

fn provenance(bedtime: &Bedtime<'_>, voice: Voice<'_>) -> String {
    let function = voice.scene.function;
    voice
        .tongue
        .provenance(bedtime.account, bedtime.region, function)
}

/// A time of this evening; midnight is told as such, and not as tomorrow's first minute.
fn time_of_day(voice: Voice<'_>, at: Timestamp) -> String {
    let there = clock(at, voice.scene);
    let a_minute_before = at
        .as_second()
        .checked_sub(60)
        .and_then(|second| Timestamp::from_second(second).ok());
    let ends_today =
        a_minute_before.is_some_and(|before| clock(before, voice.scene).day == Day::Today);
    if (there.hour, there.minute) == (0, 0) && ends_today {
        voice.tongue.midnight().to_owned()
    } else {
        voice.tongue.clock(there)
    }
}

/// The command that keeps an estate awake, with nothing in it that a shell would take for more.
fn command(function: &str, estate: &str, until: Timestamp, zone: &TimeZone) -> String {
    format!(
        "aws lambda invoke --function-name {} --cli-binary-format raw-in-base64-out --payload \
         '{{\"command\":\"wake\",\"estate\":\"{}\",\"until\":\"{}\",\"by\":\"you\",\"reason\":\"why\"}}' \
         /dev/stdout",
        name(function),
        name(estate),
        until.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M%:z"),
    )
}

/// Only what stands in names.
fn name(text: &str) -> String {
    text.chars()
        .filter(|c| c.is_ascii_alphanumeric() || "-_.,:/=+".contains(*c))
        .collect()
}
