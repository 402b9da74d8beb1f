//! What was sent, understood: a tick, an event, or a command by hand. An event's content never
//! decides anything; it only says that it is worth looking again.

#[cfg(test)]
mod tests;

use jiff::{SignedDuration, Timestamp, ToSpan, Zoned, civil::Time, tz::TimeZone};
use serde_json::{Map, Value};

use crate::{config, kind::Arn, ledger::Order};

/// The words by which a function takes orders, each with what it orders: `wake`, `sleep`, `hold`.
pub type Orders = &'static [(&'static str, Order)];

/// What an invocation asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// Look, if anything is due.
    Tick,
    /// Something happened in AWS to these resources: look again, where they may matter.
    Event(Vec<Arn>),
    /// A person, or CI, asks.
    Command(Command),
}

/// A command by hand.
#[derive(Clone, Debug, PartialEq)]
pub struct Command {
    /// What is asked.
    pub verb: Verb,
    /// For which estate; none for all.
    pub estate: Option<String>,
    /// The instant to play instead of the clock's, where that is allowed.
    pub at: Option<Timestamp>,
}

/// What a command asks.
#[derive(Clone, Debug, PartialEq)]
pub enum Verb {
    /// Look again, everything.
    Reconcile,
    /// Want something else than the calendar.
    Order {
        /// What.
        order: Order,
        /// Until when.
        until: Option<Until>,
        /// Who.
        by: String,
        /// Why.
        reason: String,
    },
    /// Take the order back.
    Clear {
        /// Who.
        by: String,
    },
    /// Tell what would be done.
    DryRun,
    /// Tell how things are.
    Status,
    /// Tell what is unhealthy about the set-up.
    Doctor,
}

/// Until when, as people say it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Until {
    /// An instant.
    At(Timestamp),
    /// The next time that the clock shows this.
    Clock(Time),
    /// So long from now.
    For(SignedDuration),
}

/// The payload is not one that this function knows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRequest {
    /// Neither a command nor an event.
    #[error(
        "this is neither a command nor an event: send {{\"command\": \"status\"}}, or one of {known}"
    )]
    Unknown {
        /// The commands that there are.
        known: String,
    },
    /// No such command.
    #[error("there is no command `{name}`{hint}: the commands are {known}")]
    NoSuchCommand {
        /// What was sent.
        name: String,
        /// What may have been meant.
        hint: String,
        /// The commands that there are.
        known: String,
    },
    /// No such field.
    #[error("`{command}` has no field `{name}`{hint}")]
    NoSuchField {
        /// The command.
        command: String,
        /// What was sent.
        name: String,
        /// What may have been meant.
        hint: String,
    },
    /// A field that must be there is not.
    #[error("`{command}` needs `{name}`: {why}")]
    Missing {
        /// The command.
        command: String,
        /// The field.
        name: &'static str,
        /// What it is for.
        why: &'static str,
    },
    /// A field that cannot be read.
    #[error("`{name}`: `{value}` is {mend}")]
    Unreadable {
        /// The field.
        name: &'static str,
        /// What was sent.
        value: String,
        /// What is wrong, and the mend.
        mend: &'static str,
    },
}

/// All commands of a function with these orders.
fn commands(orders: Orders) -> Vec<&'static str> {
    let own = orders.iter().map(|(word, _)| *word);
    let asked = ["clear", "dry_run", "status", "doctor"];
    ["tick", "reconcile"]
        .into_iter()
        .chain(own)
        .chain(asked)
        .collect()
}

/// Understands a payload.
///
/// # Errors
/// When it is neither a command nor an event, or a command with something wrong in it.
pub fn parse(payload: &Value, orders: Orders) -> Result<Request, BadRequest> {
    let unknown = || BadRequest::Unknown {
        known: commands(orders).join(", "),
    };
    let fields = payload.as_object().ok_or_else(unknown)?;
    let Some(command) = fields.get("command") else {
        return parse_event(fields).ok_or_else(unknown);
    };
    let name = command.as_str().ok_or_else(unknown)?;
    if name == "tick" {
        return Ok(Request::Tick);
    }
    let ordered = orders.iter().find(|(word, _)| *word == name);
    let known: &[&str] = match name {
        _ if ordered.is_some() => &["command", "estate", "until", "by", "reason", "at"],
        "clear" => &["command", "estate", "by", "reason", "at"],
        "reconcile" | "dry_run" | "status" | "doctor" => &["command", "estate", "at"],
        _ => {
            let known = commands(orders);
            return Err(BadRequest::NoSuchCommand {
                name: shown(name),
                hint: hint(name, &known),
                known: known.join(", "),
            });
        }
    };
    if let Some(stray) = fields.keys().find(|field| !known.contains(&field.as_str())) {
        return Err(BadRequest::NoSuchField {
            command: name.to_owned(),
            name: shown(stray),
            hint: hint(stray, known),
        });
    }
    let verb = match (ordered, name) {
        (Some((_, wanted)), _) => order(*wanted, name, fields)?,
        (None, "clear") => Verb::Clear {
            by: by(name, fields)?,
        },
        (None, "dry_run") => Verb::DryRun,
        (None, "status") => Verb::Status,
        (None, "doctor") => Verb::Doctor,
        (None, _) => Verb::Reconcile,
    };
    Ok(Request::Command(Command {
        verb,
        estate: text(fields, "estate")?
            .filter(|name| *name != "all")
            .map(str::to_owned),
        at: text(fields, "at")?.map(instant).transpose()?,
    }))
}

/// EventBridge's schedules and rules both send an object with `source` and `detail-type`.
fn parse_event(fields: &Map<String, Value>) -> Option<Request> {
    let source = fields.get("source").and_then(Value::as_str);
    match (source, fields.get("detail-type").and_then(Value::as_str)) {
        (_, Some("Scheduled Event")) => Some(Request::Tick),
        (Some(source), Some(_)) if source.starts_with("aws.") => {
            Some(Request::Event(resources(fields)))
        }
        _ => None,
    }
}

/// The resources that an event names.
#[must_use]
pub fn resources(fields: &Map<String, Value>) -> Vec<Arn> {
    let resources = fields.get("resources").and_then(Value::as_array);
    let names = resources.into_iter().flatten().filter_map(Value::as_str);
    names.map(Arn::new).collect()
}

fn order(order: Order, command: &str, fields: &Map<String, Value>) -> Result<Verb, BadRequest> {
    let until = text(fields, "until")?.map(until).transpose()?;
    if order == Order::Hold && until.is_none() {
        return Err(BadRequest::Missing {
            command: command.to_owned(),
            name: "until",
            why: "a hold must end; write an instant like 2026-11-23T22:00:00+09:00, a time like 22:00, or a length like 2h",
        });
    }
    let reason = text(fields, "reason")?.ok_or_else(|| BadRequest::Missing {
        command: command.to_owned(),
        name: "reason",
        why: "whoever reads the message wants to know why",
    })?;
    Ok(Verb::Order {
        order,
        until,
        by: by(command, fields)?,
        reason: reason.to_owned(),
    })
}

fn by(command: &str, fields: &Map<String, Value>) -> Result<String, BadRequest> {
    text(fields, "by")?
        .filter(|by| !by.trim().is_empty())
        .map(str::to_owned)
        .ok_or_else(|| BadRequest::Missing {
            command: command.to_owned(),
            name: "by",
            why: "whoever reads the message wants to know who",
        })
}

fn text<'a>(
    fields: &'a Map<String, Value>,
    name: &'static str,
) -> Result<Option<&'a str>, BadRequest> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(BadRequest::Unreadable {
            name,
            value: shown(&other.to_string()),
            mend: "not a text: put it in quotes",
        }),
    }
}

/// Reads an instant to play.
///
/// # Errors
/// When it is none, or lacks its offset.
pub fn instant(text: &str) -> Result<Timestamp, BadRequest> {
    text.parse().map_err(|_| BadRequest::Unreadable {
        name: "at",
        value: shown(text),
        mend: "no instant: write one with its offset, like 2026-11-20T19:00:00+09:00",
    })
}

fn until(text: &str) -> Result<Until, BadRequest> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(Until::At(at));
    }
    if let Ok(time) = text.parse::<Time>()
        && text.len() == 5
    {
        return Ok(Until::Clock(time));
    }
    if let Ok(length) = text.parse::<config::Duration>() {
        return Ok(Until::For(length.get()));
    }
    Err(BadRequest::Unreadable {
        name: "until",
        value: shown(text),
        mend: "no end: write an instant like 2026-11-23T22:00:00+09:00, a time like 22:00, or a length like 2h",
    })
}

impl Until {
    /// The instant that is meant; none when it is not after now.
    #[must_use]
    pub fn resolve(self, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let at = match self {
            Self::At(at) => at,
            Self::For(length) => now.checked_add(length).ok()?,
            Self::Clock(time) => next_clock(&now.to_zoned(zone.clone()), time)?,
        };
        (at > now).then_some(at)
    }
}

fn next_clock(now: &Zoned, time: Time) -> Option<Timestamp> {
    let today = now.with().time(time).build().ok()?;
    let next = if today > *now {
        today
    } else {
        now.checked_add(1.day())
            .ok()?
            .with()
            .time(time)
            .build()
            .ok()?
    };
    Some(next.timestamp())
}

fn hint(name: &str, known: &[&str]) -> String {
    config::nearest(name, known.iter().copied())
        .map(|near| format!(" (did you mean `{near}`?)"))
        .unwrap_or_default()
}

/// What a person sent, fit to be shown back.
fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(60).collect()
}
