//! What stands below an alarm's figures: what its makers wrote, what CloudWatch says, the alarms behind
//! it, its resources and where to look.

use super::Telling;
use crate::{
    draft::Mrkdwn,
    render::{
        cut::{Kind, Room, clip},
        links,
        voice::ticked,
        watched::Watched,
        words::{Label, Place},
    },
    signal::{AlarmState, Rule},
};

/// How much of a description is told.
const DESCRIPTION: usize = 1500;
/// How much of CloudWatch's own sentence is told.
const REASON: usize = 700;
/// How many alarms of a composite one are told.
const CHILDREN: usize = 20;

impl Telling<'_> {
    /// What its makers wrote about it, what CloudWatch says, and the alarms behind it.
    pub(super) fn background(&self, state: AlarmState) -> Vec<Mrkdwn> {
        let mut all = Vec::new();
        // "CPU is above 80 %" would be wrong below a title that says that it is not.
        if state != AlarmState::Ok {
            all.extend(self.description());
        }
        // CloudWatch's sentence about a threshold says in numbers what is told already. It is of use
        // where no number was told, and when it is about this state.
        let says_more =
            self.alarm.measured.is_empty() || !self.alarm.reason.starts_with("Threshold Crossed");
        let reason = self.alarm.reason.trim();
        if says_more
            && !self.is_silent(state)
            && state == self.alarm.state
            && self.alarm.children.is_empty()
            && !reason.is_empty()
        {
            all.push(Mrkdwn::quote(&clip(reason, Room::of(REASON), Kind::Plain)));
        }
        all.extend(self.children());
        if let Some(by) = &self.alarm.suppressed_by {
            all.push(Mrkdwn::plain(&self.voice.tongue.suppressed(&ticked(by))));
        }
        all
    }

    fn description(&self) -> Option<Mrkdwn> {
        let text = self.alarm.description.as_deref()?.trim();
        let text = clip(text, Room::of(DESCRIPTION), Kind::Plain);
        let mut told = Mrkdwn::default();
        let mut rest = text.as_str();
        while let Some((start, address)) = links::address(rest) {
            let (before, after) = rest.split_at_checked(start)?;
            let host = address.trim_start_matches("https://");
            let host = host.split(['/', '?', '#']).next().unwrap_or(host);
            told = told
                .and(&Mrkdwn::plain(before))
                .and(&Mrkdwn::link(host, address));
            rest = after.get(address.len()..).unwrap_or_default();
        }
        let told = told.and(&Mrkdwn::plain(rest));
        (!told.as_str().is_empty()).then_some(told)
    }

    fn children(&self) -> Option<Mrkdwn> {
        if self.alarm.children.is_empty() {
            return None;
        }
        let tongue = self.voice.tongue;
        let mut lines = vec![Mrkdwn::plain(tongue.children())];
        for child in self.alarm.children.iter().take(CHILDREN) {
            let name = child
                .arn
                .split_once(":alarm:")
                .map_or(child.arn.as_str(), |it| it.1);
            let name = match self.console() {
                Some(console) => Mrkdwn::link(name, &console.alarm(name)),
                None => Mrkdwn::code(name),
            };
            let (sign, state) = match child.state {
                Some(AlarmState::Alarm) => ("🚨", tongue.state(AlarmState::Alarm)),
                Some(AlarmState::Ok) => ("✅", tongue.state(AlarmState::Ok)),
                Some(state) => ("❔", tongue.state(state)),
                None => ("•", ""),
            };
            let line = Mrkdwn::plain(&format!("{sign} ")).and(&name);
            lines.push(match state {
                "" => line,
                state => line.and(&Mrkdwn::plain(&tongue.aside(state))),
            });
        }
        let rest = self.alarm.children.len().saturating_sub(CHILDREN);
        if rest > 0 {
            lines.push(Mrkdwn::plain(&format!("• {}", tongue.more(rest))));
        }
        Some(Mrkdwn::joined(&lines, "\n"))
    }

    pub(super) fn fields(&self) -> Vec<(String, Mrkdwn)> {
        let watched = self.watched.iter().flat_map(Watched::fields);
        let contributor = self.alarm.contributor.iter();
        watched
            .chain(contributor.map(|(name, value)| (name.clone(), value.clone())))
            .map(|(name, value)| (name, Mrkdwn::plain(&value)))
            .collect()
    }

    /// The rule of a composite alarm, or the expression of metric math that has a label.
    pub(super) fn rule(&self) -> Option<(String, Mrkdwn)> {
        let (Rule::Composite { expression }
        | Rule::Math {
            expression,
            label: Some(_),
            ..
        }) = &self.alarm.rule
        else {
            return None;
        };
        let told = clip(expression, Room::of(REASON), Kind::Plain);
        (!told.trim().is_empty()).then(|| self.voice.field(Label::Rule, Mrkdwn::code(&told)))
    }

    pub(super) fn links(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        let description = self.alarm.description.as_deref().unwrap_or_default();
        if let Some((_, address)) = links::address(description) {
            found.push((Place::Runbook, address.to_owned()));
        }
        if let Some(console) = self.console() {
            found.push((Place::Alarm, console.alarm(&self.alarm.name)));
            found.extend(
                self.watched
                    .iter()
                    .flat_map(|watched| watched.links(console)),
            );
        }
        self.voice.links(found)
    }
}
