//! What was sent, understood: a tick, or a command by hand. What is not understood is answered with
//! the mend, and never quoted at length: somebody may have pasted a secret.

use nightshift::{
    config::{self, SecretName},
    keep::command::resources,
    kind::Arn,
};
use serde_json::{Map, Value};

/// What an invocation asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Look at what is due.
    Tick,
    /// ECS tells of a deployment: look where a turn waits for it.
    Event(Vec<Arn>),
    /// Look at everything, or at one estate.
    Reconcile {
        /// The estate.
        estate: Option<String>,
    },
    /// Tell how things are.
    Status {
        /// Of this estate alone.
        estate: Option<String>,
    },
    /// Tell what would be done.
    DryRun {
        /// In this estate alone.
        estate: Option<String>,
    },
    /// Do something with one secret.
    One {
        /// What.
        verb: Verb,
        /// Which.
        which: Which,
        /// Who wants it; empty where it is only asked what would come of it.
        by: String,
        /// Why.
        reason: String,
    },
}

/// What a person wants of a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Let it be replaced by us from now on.
    Adopt {
        /// Whether it is done; else it is only shown.
        confirm: bool,
    },
    /// Replace it now.
    Rotate,
    /// Somebody knows it who should not: replace it now, and end the former one.
    Leaked,
    /// Put the former value back.
    Revert,
}

/// A secret of an estate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Which {
    /// The estate.
    pub estate: String,
    /// The secret's name in its document.
    pub secret: SecretName,
}

/// The payload is not one that this function knows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRequest {
    /// Neither a command nor an event.
    #[error(
        "this is neither a command nor an event: send {{\"command\": \"status\"}}, or one of {COMMANDS}"
    )]
    Unknown,
    /// No such command.
    #[error("there is no command `{0}`: the commands are {COMMANDS}")]
    NoSuchCommand(String),
    /// No such field.
    #[error("`{command}` has no field `{field}`: it has {known}")]
    NoSuchField {
        /// The command.
        command: String,
        /// What was sent.
        field: String,
        /// What there is.
        known: String,
    },
    /// A field that must be there is not.
    #[error("`{command}` needs `{field}`: {why}")]
    Missing {
        /// The command.
        command: String,
        /// The field.
        field: &'static str,
        /// What it is for.
        why: &'static str,
    },
    /// A field that cannot be read.
    #[error("{field}: {mend}")]
    Unreadable {
        /// The field.
        field: &'static str,
        /// What to write instead.
        mend: String,
    },
}

const COMMANDS: &str = "tick, reconcile, status, dry_run, adopt, rotate, leaked, revert";

/// Understands a payload.
///
/// # Errors
/// When it is neither a command nor a tick, or a command with something wrong in it.
pub fn request(payload: &Value) -> Result<Request, BadRequest> {
    let fields = payload.as_object().ok_or(BadRequest::Unknown)?;
    let Some(command) = fields.get("command") else {
        let kind = fields.get("detail-type").and_then(Value::as_str);
        return match kind {
            Some("Scheduled Event") if fields.contains_key("source") => Ok(Request::Tick),
            Some("ECS Deployment State Change") => Ok(Request::Event(resources(fields))),
            _ => Err(BadRequest::Unknown),
        };
    };
    let command = command.as_str().ok_or(BadRequest::Unknown)?;
    let known: &[&str] = match command {
        "tick" => &["command", "at"],
        "reconcile" | "status" | "dry_run" => &["command", "estate", "at"],
        "adopt" => &[
            "command", "estate", "secret", "by", "reason", "confirm", "at",
        ],
        "rotate" | "leaked" | "revert" => &["command", "estate", "secret", "by", "reason", "at"],
        other => return Err(BadRequest::NoSuchCommand(shown(other))),
    };
    if let Some(stray) = fields.keys().find(|name| !known.contains(&name.as_str())) {
        return Err(BadRequest::NoSuchField {
            command: command.to_owned(),
            field: shown(stray),
            known: known.join(", "),
        });
    }
    let estate = estate(fields)?;
    let verb = match command {
        "tick" => return Ok(Request::Tick),
        "reconcile" => return Ok(Request::Reconcile { estate }),
        "status" => return Ok(Request::Status { estate }),
        "dry_run" => return Ok(Request::DryRun { estate }),
        "adopt" => Verb::Adopt {
            confirm: confirm(fields)?,
        },
        "rotate" => Verb::Rotate,
        "leaked" => Verb::Leaked,
        _ => Verb::Revert,
    };
    let needs = |field: &'static str, why: &'static str| BadRequest::Missing {
        command: command.to_owned(),
        field,
        why,
    };
    let which = Which {
        estate: estate.ok_or_else(|| needs("estate", "whose secret it is"))?,
        secret: secret(fields)?
            .ok_or_else(|| needs("secret", "its name, as it stands in the estate's document"))?,
    };
    let asks_only = verb == Verb::Adopt { confirm: false };
    let by = text(fields, "by")?.filter(|by| !by.is_empty());
    let by = match by {
        Some(by) => by,
        None if asks_only => String::new(),
        None => return Err(needs("by", "who wants it, for whoever asks later")),
    };
    let reason = text(fields, "reason")?.filter(|reason| !reason.is_empty());
    let reason = match reason {
        Some(reason) => reason,
        None if asks_only => String::new(),
        None => return Err(needs("reason", "why, for whoever asks later")),
    };
    Ok(Request::One {
        verb,
        which,
        by,
        reason,
    })
}

fn estate(fields: &Map<String, Value>) -> Result<Option<String>, BadRequest> {
    let name = text(fields, "estate")?.filter(|name| name != "all");
    if let Some(name) = &name {
        config::estate_name(name).map_err(|_| BadRequest::Unreadable {
            field: "estate",
            mend: "write an estate's name, the last part of its parameter's".to_owned(),
        })?;
    }
    Ok(name)
}

fn secret(fields: &Map<String, Value>) -> Result<Option<SecretName>, BadRequest> {
    let Some(name) = text(fields, "secret")? else {
        return Ok(None);
    };
    name.parse().map(Some).map_err(|_| BadRequest::Unreadable {
        field: "secret",
        mend: "write the name as it stands in the document, like `/shop/DATABASE_URL`".to_owned(),
    })
}

fn confirm(fields: &Map<String, Value>) -> Result<bool, BadRequest> {
    match fields.get("confirm") {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(confirm)) => Ok(*confirm),
        Some(_) => Err(BadRequest::Unreadable {
            field: "confirm",
            mend: "write true or false".to_owned(),
        }),
    }
}

fn text(fields: &Map<String, Value>, field: &'static str) -> Result<Option<String>, BadRequest> {
    match fields.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.len() <= 200 => Ok(Some(text.clone())),
        Some(_) => Err(BadRequest::Unreadable {
            field,
            mend: "write a text of at most 200 characters".to_owned(),
        }),
    }
}

/// What a person sent, fit to be shown back.
fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(40).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_tick_is_a_schedules_event_or_a_command() {
        let scheduled = json!({ "source": "aws.scheduler", "detail-type": "Scheduled Event" });
        for payload in [scheduled, json!({ "command": "tick" })] {
            assert_eq!(request(&payload), Ok(Request::Tick));
        }
    }

    #[test]
    fn a_deployments_event_says_only_where_to_look() {
        let service = "arn:aws:ecs:r:1:service/c/api";
        let event = json!({
            "source": "aws.ecs", "detail-type": "ECS Deployment State Change",
            "resources": [service], "detail": { "eventName": "SERVICE_DEPLOYMENT_COMPLETED" },
        });
        let wanted = Request::Event(vec![Arn::new(service)]);
        assert_eq!(request(&event), Ok(wanted));
    }

    #[test]
    fn an_order_names_the_secret_who_and_why() {
        let payload = json!({
            "command": "leaked", "estate": "shop", "secret": "/shop/KEY",
            "by": "mika", "reason": "in a screenshot",
        });
        let wanted = Request::One {
            verb: Verb::Leaked,
            which: Which {
                estate: "shop".to_owned(),
                secret: "/shop/KEY".parse().unwrap(),
            },
            by: "mika".to_owned(),
            reason: "in a screenshot".to_owned(),
        };
        assert_eq!(request(&payload), Ok(wanted));
        let asked = json!({ "command": "adopt", "estate": "shop", "secret": "db#url" });
        let Ok(Request::One { verb, which, .. }) = request(&asked) else {
            panic!("{:?}", request(&asked))
        };
        assert_eq!(verb, Verb::Adopt { confirm: false });
        assert_eq!(which.secret.key.as_deref(), Some("url"));
    }

    #[test]
    fn what_is_not_understood_is_answered_with_the_mend() {
        let order = |field: &str, value: Value| {
            let mut order = json!({
                "command": "rotate", "estate": "shop", "secret": "/shop/KEY",
                "by": "mika", "reason": "because",
            });
            order[field] = value;
            order
        };
        for (payload, wanted) in [
            (json!(3), "neither a command nor an event"),
            (
                json!({ "source": "aws.s3", "detail-type": "x" }),
                "neither a command",
            ),
            (
                json!({ "command": "rotat" }),
                "the commands are tick, reconcile",
            ),
            (
                json!({ "command": "tick", "estate": "shop" }),
                "`tick` has no field `estate`",
            ),
            (order("by", Value::Null), "`rotate` needs `by`"),
            (order("reason", json!("")), "`rotate` needs `reason`"),
            (order("estate", json!("all")), "`rotate` needs `estate`"),
            (
                order("estate", json!("a b")),
                "estate: write an estate's name",
            ),
            (
                order("secret", json!("arn:aws:ssm:r:1:parameter/x")),
                "secret: write the name",
            ),
            (order("secret", json!(3)), "secret: write a text"),
            (
                order("confirm", json!(true)),
                "`rotate` has no field `confirm`",
            ),
            (
                json!({ "command": "adopt", "estate": "e", "secret": "/k", "confirm": "yes" }),
                "confirm: write true or false",
            ),
            (
                json!({ "command": "adopt", "estate": "e", "secret": "/k", "confirm": true }),
                "`adopt` needs `by`",
            ),
        ] {
            let error = request(&payload).unwrap_err().to_string();
            assert!(error.contains(wanted), "{payload}: {error}");
        }
    }
}
