//! A night of being small, in English.

use jiff::{SignedDuration, Timestamp};

use crate::{
    kind::{Level, Lever},
    report::{
        Cause, HeldSpan, NightTold,
        text::{
            LISTED, NAME, Told, all_run, amount_of_month, bare,
            en::{English, code, counted, minutes, money, short},
            grouped, hours, month_name, said, shown_minutes, some,
        },
    },
};

impl English<'_> {
    pub(in crate::report::text) fn night_summary(&self, night: &NightTold) -> Told {
        let estate = self.estate();
        let late = night
            .opening
            .map(|opening| shown_minutes(opening, self.0.now))
            .filter(|late| *late > 0);
        let title = match late {
            Some(late) => format!(
                "🌙 {estate}: the day's size came {} after opening",
                minutes(late)
            ),
            None if night.slimmed.is_empty() => {
                format!("🌙 {estate}: nothing got smaller last night")
            }
            None if night.deaths > 0 => format!(
                "🌙 {estate}: it was small last night, and {} died",
                counted(night.deaths, "task")
            ),
            None => format!("🌙 {estate}: last night's slimming went well"),
        };
        let mut first: Vec<String> = Vec::new();
        if !night.slimmed.is_empty() {
            first.push(self.unused(night));
            first.push(format!("{}.", self.slimmed(night)));
        }
        if !night.services.is_empty() {
            let all = night.services.iter().map(|count| {
                format!(
                    "{} {}/{}",
                    self.brief(&count.service),
                    count.running,
                    count.desired
                )
            });
            let healthy = if all_run(&night.services) {
                "healthy"
            } else {
                "running"
            };
            first.push(format!(
                "At {} {} {healthy}.",
                bare(self.0.now, self.0).in_english(),
                listed(&all.collect::<Vec<_>>())
            ));
        }
        first.extend(night.held.iter().map(|span| self.held_span(span)));
        let mut lines = vec![first.join(" ")];
        let peak = night.highest_cpu.as_ref().map(|peak| {
            format!(
                "Highest CPU {} % ({})",
                peak.percent,
                self.brief(&peak.service)
            )
        });
        let deaths = match night.deaths {
            0 => "no task died".to_owned(),
            deaths => format!("{} died", counted(deaths, "task")),
        };
        let events = format!("{}, {deaths}", counted(night.scale_outs, "scale-out"));
        let met: Vec<String> = peak.into_iter().chain([events]).collect();
        lines.push(format!("{}.", met.join("; ")));
        (title, lines)
    }

    /// What did not run, and its worth.
    fn unused(&self, night: &NightTold) -> String {
        let mut amounts = Vec::new();
        if night.task_hours > 0.0 || night.acu_hours <= 0.0 {
            amounts.push(format!("{} task-hours", hours(night.task_hours)));
        }
        if night.acu_hours > 0.0 {
            amounts.push(format!("{} ACU-hours", hours(night.acu_hours)));
        }
        let worth = night.saved.as_ref().map_or_else(String::new, |saved| {
            let month = night.month.as_ref().map_or_else(String::new, |month| {
                format!(
                    " ({} so far in {})",
                    amount_of_month(month),
                    month_name(self.0.now, self.0)
                )
            });
            format!(" = {}{month}", money(saved))
        });
        format!("{} not used{worth}.", amounts.join(" and "))
    }

    /// `22:14–06:45 api minimum 2→1, web 2→1`.
    fn slimmed(&self, night: &NightTold) -> String {
        let spans = grouped(&night.slimmed).into_iter().map(|(span, group)| {
            let moved = group.iter().map(|slimmed| {
                self.moved(&slimmed.resource, slimmed.lever, slimmed.day, slimmed.night)
            });
            format!(
                "{}–{} {}",
                self.hour(span.0),
                self.hour(span.1),
                moved.collect::<Vec<_>>().join(", ")
            )
        });
        spans.collect::<Vec<_>>().join("; ")
    }

    fn moved(&self, resource: &str, lever: Lever, from: Level, to: Level) -> String {
        let name = self.brief(resource);
        match lever {
            Lever::Minimum => format!("{name} minimum {from}→{to}"),
            Lever::Count => format!("{name} {from}→{to}"),
            Lever::Capacity => format!("{name} {from}→{to} ACU"),
        }
    }

    fn held_span(&self, span: &HeldSpan) -> String {
        let by = match &span.by {
            Cause::Alarm { alarm } => format!("alarm {} was in ALARM", code(alarm)),
            Cause::Deploying { back: false, .. } => "a deployment was running".to_owned(),
            Cause::Deploying { back: true, .. } => "a deployment was being rolled back".to_owned(),
            Cause::RolloutBroken { .. } => "a deployment had failed".to_owned(),
            Cause::Unrest { database, .. } => format!("{} was being changed", code(database)),
            Cause::Load { .. } => "the load did not fit fewer tasks".to_owned(),
            Cause::NoLoad => "the load was not known".to_owned(),
            Cause::NotSteady { .. } => "not all tasks ran".to_owned(),
            other => {
                let (words, found) = self.clause(other);
                let found = found.map_or_else(String::new, |found| format!(" ({found})"));
                format!("something {words}{found}")
            }
        };
        format!(
            "{}–{} held back: {by}.",
            self.hour(span.from),
            self.hour(span.until)
        )
    }

    /// `06:45` within a day, else with its day.
    fn hour(&self, at: Timestamp) -> String {
        if self.0.now.duration_since(at) < SignedDuration::from_hours(24) {
            bare(at, self.0).in_english()
        } else {
            self.clock(at)
        }
    }

    fn brief(&self, name: &str) -> String {
        short(name, self.0)
    }
}

/// `api 2/2 and web 2/2`.
fn listed(items: &[String]) -> String {
    let (shown, rest) = some(items, LISTED);
    let mut told: Vec<String> = shown.iter().map(|item| said(item, NAME)).collect();
    if rest > 0 {
        told.push(format!("{rest} more"));
    }
    match told.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => told.concat(),
    }
}
