//! What Slack had against a request, told apart by what helps: waiting, a new secret, another
//! channel, a simpler message, or a person.

use std::time::Duration;

use serde_json::Value;

use super::Answer;

/// Without a word of Slack's on it, so long is waited after a 429.
const LIMITED_FOR: u64 = 1;

/// Codes of the Web API that pass by themselves.
/// <https://docs.slack.dev/reference/methods/chat.postMessage#errors>
const PASSING: [&str; 5] = [
    "fatal_error",
    "internal_error",
    "request_timeout",
    "service_unavailable",
    "team_added_to_org",
];
/// Codes that a new secret mends.
const TOKEN: [&str; 10] = [
    "account_inactive",
    "invalid_auth",
    "invalid_token",
    "no_active_hooks",
    "no_service",
    "no_service_id",
    "no_team",
    "not_authed",
    "token_expired",
    "token_revoked",
];
/// Codes that another channel mends, or an invitation to this one.
const CHANNEL: [&str; 10] = [
    "action_prohibited",
    "channel_is_archived",
    "channel_is_limited_access",
    "channel_not_found",
    "is_archived",
    "is_inactive",
    "not_in_channel",
    "posting_to_channel_denied",
    "posting_to_general_channel_denied",
    "restricted_action",
];
/// Codes that a simpler message mends.
const CONTENT: [&str; 9] = [
    "attachment_payload_limit_exceeded",
    "invalid_attachments",
    "invalid_blocks",
    "invalid_blocks_format",
    "invalid_payload",
    "msg_blocks_too_long",
    "msg_too_long",
    "no_text",
    "too_many_attachments",
];
/// Codes that say that the message to update or to answer is not there any more.
const LOST: [&str; 4] = [
    "cant_update_message",
    "edit_window_closed",
    "message_not_found",
    "thread_not_found",
];

/// What Slack, or the way to it, had against a request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// Too many messages: wait so long.
    #[error("Slack asks for {} s of patience (HTTP 429)", after.as_secs())]
    Limited {
        /// How long.
        after: Duration,
    },
    /// It passes by itself.
    #[error("Slack did not take the message ({what}): it is sent again")]
    Passing {
        /// `timeout`, `network`, `HTTP 503` or Slack's code.
        what: String,
    },
    /// The token or the webhook is not valid.
    #[error(
        "Slack refuses the token or the webhook with `{code}`: put a valid one into its parameter, it is read again by itself"
    )]
    Token {
        /// Slack's code.
        code: String,
    },
    /// The channel takes no message of ours.
    #[error("Slack refuses the channel with `{code}`: invite the app to it, or name another one")]
    Channel {
        /// Slack's code.
        code: String,
    },
    /// The message has a form that Slack does not take.
    #[error("Slack refuses the form of the message with `{code}`: {detail}")]
    Content {
        /// Slack's code.
        code: String,
        /// What Slack says about it.
        detail: String,
    },
    /// The message that should be updated or answered is not there.
    #[error("Slack does not know the earlier message any more (`{code}`)")]
    Lost {
        /// Slack's code.
        code: String,
    },
    /// Anything else, which only a person can mend.
    #[error("Slack refuses {what} with `{code}`: the app's manifest in docs/ lists what it needs")]
    Refused {
        /// The method.
        what: String,
        /// Slack's code.
        code: String,
    },
}

impl Trouble {
    /// Whether the same request may succeed later.
    #[must_use]
    pub const fn passes(&self) -> bool {
        matches!(self, Self::Limited { .. } | Self::Passing { .. })
    }
}

/// By the HTTP status alone.
fn of_status(answer: &Answer) -> Option<Trouble> {
    match answer.status {
        429 => Some(Trouble::Limited {
            after: Duration::from_secs(answer.retry_after.unwrap_or(LIMITED_FOR)),
        }),
        status if status >= 500 => Some(Trouble::Passing {
            what: format!("HTTP {status}"),
        }),
        _ => None,
    }
}

/// By Slack's code.
fn of_code(what: &str, code: &str, detail: String) -> Trouble {
    let code = code.to_owned();
    let is_in = |codes: &[&str]| codes.contains(&code.as_str());
    if is_in(&["ratelimited", "rate_limited"]) {
        Trouble::Limited {
            after: Duration::from_secs(LIMITED_FOR),
        }
    } else if is_in(&PASSING) {
        Trouble::Passing { what: code }
    } else if is_in(&TOKEN) {
        Trouble::Token { code }
    } else if is_in(&CHANNEL) {
        Trouble::Channel { code }
    } else if is_in(&CONTENT) {
        Trouble::Content { code, detail }
    } else if is_in(&LOST) {
        Trouble::Lost { code }
    } else {
        Trouble::Refused {
            what: what.to_owned(),
            code,
        }
    }
}

/// The answer of a method of the Web API: 200 also where it refuses.
pub(super) fn of_method(method: &str, answer: &Answer) -> Result<Value, Trouble> {
    if let Some(trouble) = of_status(answer) {
        return Err(trouble);
    }
    // Half an answer, or a proxy's page: whether the message was taken is not known.
    let parsed: Value = serde_json::from_slice(&answer.body).map_err(|_| Trouble::Passing {
        what: format!("HTTP {} without an answer", answer.status),
    })?;
    if parsed["ok"] == true {
        return Ok(parsed);
    }
    let code = parsed["error"].as_str().unwrap_or("no error code");
    let detail: Vec<&str> = parsed["response_metadata"]["messages"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let mut trouble = of_code(method, code, detail.join("; "));
    if let (Trouble::Limited { after }, Some(seconds)) = (&mut trouble, answer.retry_after) {
        *after = Duration::from_secs(seconds);
    }
    Err(trouble)
}

/// The answer of a webhook: `ok`, or a code, as plain text.
pub(super) fn of_webhook(answer: &Answer) -> Result<(), Trouble> {
    if let Some(trouble) = of_status(answer) {
        return Err(trouble);
    }
    let body = String::from_utf8_lossy(&answer.body);
    let body = body.trim();
    if answer.status == 200 && body == "ok" {
        return Ok(());
    }
    let is_code = !body.is_empty()
        && body.len() <= 60
        && body
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if answer.status == 200 && !is_code {
        return Err(Trouble::Passing {
            what: "HTTP 200 without an answer".to_owned(),
        });
    }
    let code = if is_code {
        body.to_owned()
    } else {
        format!("HTTP {}", answer.status)
    };
    Err(of_code("the webhook", &code, String::new()))
}

/// The answer of an upload: its status is all it says.
pub(super) fn of_upload(answer: &Answer) -> Result<(), Trouble> {
    match of_status(answer) {
        Some(trouble) => Err(trouble),
        None if answer.status == 200 => Ok(()),
        None => Err(Trouble::Refused {
            what: "the upload".to_owned(),
            code: format!("HTTP {}", answer.status),
        }),
    }
}
