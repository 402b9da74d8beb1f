//! What is said in English of estates that get smaller at night and never sleep.

mod night;
mod states;

use jiff::Timestamp;

use super::{English, code, counted, duration, names, problem_lines, resource_of};
use crate::{
    config::Problem,
    kind::{Arn, Level, Lever},
    ledger::Order,
    report::{
        News, Waiting,
        text::{LISTED, Told, order_command, some, tag_command},
    },
};

impl English<'_> {
    /// What every function tells, in the words of one that makes smaller; none where the words are
    /// the same for all.
    pub(in crate::report::text) fn slimming(&self, news: &News) -> Option<Told> {
        let estate = self.estate();
        let told = match news {
            News::Gone { resource, saved } => (
                format!("⚠️ {estate}: {} is gone (was that meant?)", code(resource)),
                vec![
                    format!(
                        "It was made smaller for the night and is not found any more.{}",
                        saved.map_or_else(String::new, |saved| format!(
                            " By day it had {}.",
                            counted(saved, "task")
                        ))
                    ),
                    "If it was deleted on purpose, take it out of the estate's document; if not, make it again.".to_owned(),
                ],
            ),
            News::NoConsent { arn, found, asleep } => {
                self.no_consent_to_slimming(arn, found.as_deref(), *asleep)
            }
            News::DocumentBroken { problems, in_force } => {
                self.slim_document_broken(problems, *in_force)
            }
            News::Released { resources } => (
                format!(
                    "↩️ {estate} {}: the day's size {} (nothing for you to do if that was meant)",
                    self.or("is released", "would be released"),
                    self.or("returns", "would return")
                ),
                vec![
                    if resources.is_empty() {
                        "Its document is gone. Nothing was smaller.".to_owned()
                    } else {
                        format!(
                            "Its document is gone. {}: {}.",
                            self.or("Given back", "Would be given back"),
                            names(resources)
                        )
                    },
                    "If it was not meant, put the document back.".to_owned(),
                ],
            ),
            _ => return None,
        };
        Some(told)
    }

    /// A person's order to an estate that is slimmed.
    pub(in crate::report::text) fn slim_overridden(
        &self,
        order: Order,
        until: Timestamp,
        who: &str,
        reason: &str,
        set_at: Timestamp,
    ) -> Told {
        let estate = self.estate();
        let (told, at, set_at) = (self.until(until), self.at(until), self.at(set_at));
        let then = format!("The calendar decides again {at}.");
        match order {
            Order::Night | Order::Sleep => (
                format!(
                    "🕙 {estate} {} until {told}",
                    self.or("is kept small", "would be kept small")
                ),
                vec![format!(
                    "Ordered by {who} {set_at}{reason}. It serves all the same, and auto scaling grows it when it must. {then}"
                )],
            ),
            Order::Hold => (
                format!(
                    "🕙 {estate} {} as it is until {told}",
                    self.or("is left", "would be left")
                ),
                vec![format!(
                    "Held by {who} {set_at}{reason}: nothing is made smaller or larger, in the morning neither. {then}"
                )],
            ),
            Order::Day | Order::Wake => (
                format!(
                    "🕙 {estate} {} its day's size until {told}",
                    self.or("has", "would have")
                ),
                vec![format!("Ordered by {who} {set_at}{reason}. {then}")],
            ),
        }
    }

    pub(in crate::report::text) fn full_size(&self, news: &News) -> Told {
        let News::FullSize { services, seconds } = news else {
            return Told::default();
        };
        let first = if services.is_empty() {
            format!("That took {}.", duration(*seconds))
        } else {
            format!(
                "{}; that took {}.",
                self.counts(services),
                duration(*seconds)
            )
        };
        (
            format!(
                "☀️ {} has its day's size in the middle of the night (nothing for you to do)",
                self.estate()
            ),
            vec![
                first,
                "It gets smaller again by itself when the order ends.".to_owned(),
            ],
        )
    }

    pub(in crate::report::text) fn not_ready(
        &self,
        opening: Option<Timestamp>,
        since: Timestamp,
        waiting: &[Waiting],
    ) -> Told {
        let opened = opening.map_or_else(String::new, |opening| {
            format!(" Opening was {}.", self.at(opening))
        });
        let mut lines = self.waiting(waiting);
        lines.push(format!("It grows since {}.{opened}", self.clock(since)));
        lines.push(
            "Read the services' events and the stopped tasks' reasons in the ECS console; until then less runs than by day, and users may feel it.".to_owned(),
        );
        (
            format!(
                "🚨 {} is not at its day's size (needs you; users may be affected)",
                self.estate()
            ),
            lines,
        )
    }

    pub(in crate::report::text) fn held_back(&self, waiting: &[Waiting], since: Timestamp) -> Told {
        let mut lines = self.waiting(waiting);
        lines.push(format!(
            "That lasts since {}. It is looked at again every minute; growing is never held back.",
            self.clock(since)
        ));
        (
            format!(
                "🕐 {} is not all small yet (nothing for you to do)",
                self.estate()
            ),
            lines,
        )
    }

    fn waiting(&self, waiting: &[Waiting]) -> Vec<String> {
        let (shown, rest) = some(waiting, LISTED);
        let mut lines: Vec<String> = shown
            .iter()
            .map(|waiting| {
                let (words, found) = self.clause(&waiting.cause);
                let found = found.map_or_else(String::new, |found| format!(" ({found})"));
                format!("{} {words}{found}.", code(&waiting.resource))
            })
            .collect();
        if rest > 0 {
            lines.push(format!("and {rest} more"));
        }
        lines
    }

    pub(in crate::report::text) fn changed_by_hand(&self, news: &News) -> Told {
        let News::ChangedByHand {
            resource,
            lever,
            hand,
            day,
            night,
            since,
            until,
        } = news
        else {
            return Told::default();
        };
        let what = lever_words(*lever);
        let until = until.map_or_else(
            || "until the day returns".to_owned(),
            |until| format!("until {}", self.clock(until)),
        );
        let returns = if hand > day {
            format!("What is larger than the day's {day} stays.")
        } else {
            format!(
                "Then the day's {day} {}.",
                self.or("returns", "would return")
            )
        };
        (
            format!(
                "✋ {}: somebody changed {}; it is left alone {until} (nothing for you to do)",
                self.estate(),
                code(resource)
            ),
            vec![format!(
                "{what} was {day} by day and {night} at night, and is {hand}: first seen {}. {returns}",
                self.at(*since)
            )],
        )
    }

    pub(in crate::report::text) fn put_back(&self, news: &News) -> Told {
        let News::PutBack {
            resource,
            lever,
            day,
            night,
            since,
            until,
        } = news
        else {
            return Told::default();
        };
        let mut lines = vec![format!(
            "{} is at the day's {day} again, first seen {} (a Terraform apply does that). It {} back to {night} {}.",
            lever_words(*lever),
            self.at(*since),
            self.or("goes", "would go"),
            self.at(*until)
        )];
        if !self.0.watch {
            lines.push("To keep the day's size (put in who you are and why):".to_owned());
            lines.push(order_command("day", *until, self.0));
        }
        (
            format!(
                "🕙 {}: somebody put {} back to the day's size (nothing for you to do)",
                self.estate(),
                code(resource)
            ),
            lines,
        )
    }

    pub(in crate::report::text) fn hand_undone(
        &self,
        resource: &str,
        lever: Lever,
        hand: Level,
        night: Level,
    ) -> Told {
        (
            format!(
                "↩️ {}: a change of {} {} (nothing for you to do)",
                self.estate(),
                code(resource),
                self.or("is undone", "would be undone")
            ),
            vec![format!(
                "{} was set to {hand} by somebody at night and {} back to {night}: the document says `enforce: true`.",
                lever_words(lever),
                self.or("goes", "would go")
            )],
        )
    }

    pub(in crate::report::text) fn day_capped(
        &self,
        resource: &str,
        day: Level,
        max: Level,
    ) -> Told {
        (
            format!(
                "⚠️ {}: the day's minimum of {} is above its maximum (needs you; users are affected only if {max} is too little)",
                self.estate(),
                code(resource)
            ),
            vec![format!(
                "By day it was {day}; somebody lowered the maximum to {max} meanwhile, so the minimum {} to {max}. If that was not meant, raise the maximum and then the minimum.",
                self.or("returns", "would return")
            )],
        )
    }

    fn no_consent_to_slimming(&self, arn: &Arn, found: Option<&str>, grows: bool) -> Told {
        let estate = self.estate();
        let resource = resource_of(arn);
        let (says, wrong) = self.tag_says(found);
        let command = tag_command(arn, self.0);
        if grows {
            return (
                format!(
                    "⚠️ {estate}: {resource} may not grow, {wrong} (needs you: one command; without it users are affected)"
                ),
                vec![
                    format!(
                        "{says}; it should say `{estate}`, as when this was made smaller. Without it AWS may refuse to give the day's size back. This command mends it:"
                    ),
                    command,
                ],
            );
        }
        (
            format!(
                "⚠️ {estate}: {resource} does not get smaller, {wrong} (one command to mend; users not affected)"
            ),
            vec![
                format!(
                    "{says}; it must say `{estate}`, or nothing is changed here. This command mends it:"
                ),
                command,
                "If it should stay as it is, take it out of the estate's document instead."
                    .to_owned(),
            ],
        )
    }

    fn slim_document_broken(&self, problems: &[Problem], in_force: bool) -> Told {
        let estate = self.estate();
        let mut lines = problem_lines(problems);
        let (title, last) = if in_force {
            (
                "the last good one stays in force (needs you; users not affected)",
                "Nights and days go on by the last good document until this one is mended.",
            )
        } else {
            (
                "and there was no good one before: nothing is done (needs you; users not affected)",
                "Nothing is made smaller until it is mended.",
            )
        };
        lines.push(last.to_owned());
        (
            format!("⚠️ {estate}: the configuration is broken, {title}"),
            lines,
        )
    }
}

/// What is moved, at the beginning of a sentence.
fn lever_words(lever: Lever) -> &'static str {
    match lever {
        Lever::Minimum => "Its minimum",
        Lever::Count => "Its count",
        Lever::Capacity => "Its minimum capacity in ACU",
    }
}

#[cfg(test)]
mod tests;
