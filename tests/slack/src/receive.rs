//! A request to the API, an upload's address or a webhook: it is written down, perhaps goes wrong on
//! command, and is carried out.

use std::collections::BTreeMap;
use std::time::Instant;

use anyhow::{Result, bail};
use hyper::Method;
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use hyper::http::request::Parts;
use serde_json::{Value, json};

use crate::call::Arguments;
use crate::methods::{self, Outcome, files};
use crate::seen::{Answered, Seen, Token};
use crate::serve::{HTML, Reply, Shared, TEXT};
use crate::trouble::{Trouble, When};
use crate::webhook;
use crate::workspace::Workspace;

/// What a request is to, of that which suffers troubles.
pub(crate) enum Target {
    Api(String),
    Upload(String),
    Webhook(String),
}

impl Target {
    pub(crate) fn of(path: &str) -> Option<Self> {
        if let Some(method) = path.strip_prefix("/api/") {
            return Some(Self::Api(method.to_owned()));
        }
        if let Some(ticket) = path.strip_prefix("/upload/v1/") {
            return Some(Self::Upload(ticket.to_owned()));
        }
        path.strip_prefix("/services/")
            .map(|hook| Self::Webhook(hook.to_owned()))
    }

    fn name(&self) -> &str {
        match self {
            Self::Api(method) => method,
            Self::Upload(_) => "upload",
            Self::Webhook(_) => "webhook",
        }
    }

    /// The path without what is secret in it.
    fn path(&self) -> String {
        match self {
            Self::Api(method) => format!("/api/{method}"),
            Self::Upload(_) => "/upload/v1/".to_owned(),
            Self::Webhook(hook) => {
                let open = hook.rsplit_once('/').map_or("", |(open, _)| open);
                format!("/services/{open}/")
            }
        }
    }
}

/// Carries a request out, or lets it go wrong. An error closes the connection.
pub(crate) async fn answer(
    shared: &Shared,
    target: &Target,
    parts: &Parts,
    body: &Bytes,
) -> Result<Reply> {
    let (index, trouble) = note(shared, target, parts, body);
    // Also what will hang has come.
    shared.changed.notify_waiters();
    let answered = |reply: &Reply| {
        let mut workspace = shared.lock();
        if !reply.is_success() {
            workspace.counts.refused += 1;
        }
        if let Some(seen) = workspace.seen.get_mut(index) {
            seen.answer = Some(Answered {
                status: reply.status,
                error: reply.error.clone(),
            });
        }
    };
    let carry_out = || {
        let mut workspace = shared.lock();
        let reply = carry_out(&mut workspace, target, parts, body);
        let lost = trouble.as_ref().is_some_and(Trouble::loses_the_answer);
        if lost && reply.is_success() {
            workspace.counts.lost += 1;
        }
        drop(workspace);
        // What waits for a message need not wait for its answer.
        shared.changed.notify_waiters();
        reply
    };
    let is_api = matches!(target, Target::Api(_));
    let reply = match &trouble {
        None => carry_out(),
        Some(Trouble::RateLimited(seconds)) => limited(is_api, u64::from(*seconds)),
        Some(Trouble::ServerError(when)) => {
            if *when == When::After {
                carry_out();
            }
            internal_error(is_api)
        }
        Some(Trouble::Unavailable) => Reply {
            error: Some("unavailable".to_owned()),
            ..Reply::new(503, HTML, UNAVAILABLE)
        },
        Some(Trouble::Hang(when)) => {
            if *when == When::After {
                carry_out();
            }
            std::future::pending().await
        }
        Some(Trouble::Reset(when)) => {
            if *when == When::After {
                carry_out();
            }
            bail!("reset on command");
        }
        Some(Trouble::Slow(time)) => {
            let reply = carry_out();
            tokio::time::sleep(*time).await;
            reply
        }
        Some(Trouble::Refused(code)) => refused(is_api, code),
        Some(Trouble::Truncated) => {
            let mut reply = carry_out();
            reply.body.truncate(reply.body.len() / 2);
            reply
        }
        Some(Trouble::TokenRefused) => {
            take_back(shared, target);
            carry_out()
        }
    };
    answered(&reply);
    Ok(reply)
}

const UNAVAILABLE: &str = "<html><head><title>503 Service Temporarily Unavailable</title></head>\
    <body><h1>503 Service Temporarily Unavailable</h1></body></html>\n";

fn limited(is_api: bool, seconds: u64) -> Reply {
    let reply = if is_api {
        let mut reply = Reply::api(&json!({ "ok": false, "error": "ratelimited" }));
        reply.status = 429;
        reply
    } else {
        Reply::refused(429, "rate_limited")
    };
    Reply {
        retry_after: Some(seconds),
        ..reply
    }
}

fn internal_error(is_api: bool) -> Reply {
    if is_api {
        let mut reply = Reply::api(&json!({ "ok": false, "error": "internal_error" }));
        reply.status = 500;
        reply
    } else {
        Reply::refused(500, "rollup_error")
    }
}

fn refused(is_api: bool, code: &str) -> Reply {
    if is_api {
        Reply::api(&json!({ "ok": false, "error": code }))
    } else {
        Reply::refused(400, code)
    }
}

/// The token, or the webhook that was used, is no longer valid.
fn take_back(shared: &Shared, target: &Target) {
    let mut workspace = shared.lock();
    match target {
        Target::Webhook(path) => {
            for hook in &mut workspace.hooks {
                hook.refused |= path.ends_with(hook.secret.as_str());
            }
        }
        Target::Api(_) | Target::Upload(_) => workspace.token_refused = true,
    }
}

/// Writes a request down and says what will go wrong with it.
fn note(shared: &Shared, target: &Target, parts: &Parts, body: &Bytes) -> (usize, Option<Trouble>) {
    let mut workspace = shared.lock();
    let trouble = workspace.troubles.next(target.name());
    let headers: BTreeMap<_, _> = parts
        .headers
        .iter()
        .filter(|(name, _)| *name != AUTHORIZATION)
        .map(|(name, value)| (name.to_string(), readable(value)))
        .collect();
    let seen = Seen {
        at: Instant::now(),
        name: target.name().to_owned(),
        method: parts.method.to_string(),
        path: target.path(),
        headers,
        token: token(&workspace, target, parts, body),
        body: told(parts, body),
        trouble: trouble.clone(),
        answer: None,
    };
    workspace.counts.requests += 1;
    workspace.seen.push(seen);
    (workspace.seen.len().saturating_sub(1), trouble)
}

fn readable(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}

/// Whether a request carries the right secret.
fn token(workspace: &Workspace, target: &Target, parts: &Parts, body: &Bytes) -> Token {
    let judge = |right: bool| if right { Token::Right } else { Token::Wrong };
    match target {
        Target::Webhook(path) => judge(webhook::is_known(workspace, path)),
        Target::Upload(ticket) => {
            judge(workspace.files.values().any(|file| file.ticket == *ticket))
        }
        Target::Api(_) => {
            let header = parts.headers.get(AUTHORIZATION).map(readable);
            let bearer = header.as_deref().and_then(|it| it.strip_prefix("Bearer "));
            // Forms may carry it as a field; JSON may not.
            let field = Arguments::of_form(body).said("token");
            let field = field.filter(|_| !is_json(parts));
            match bearer.or(field.as_deref()) {
                Some(token) => judge(token == workspace.token && !workspace.token_refused),
                None => Token::Missing,
            }
        }
    }
}

/// A body as it is written down.
fn told(parts: &Parts, body: &Bytes) -> Value {
    if body.is_empty() {
        return Value::Null;
    }
    if is_json(parts)
        && let Ok(value) = serde_json::from_slice(body)
    {
        return value;
    }
    if is_form(parts) {
        let fields = form_urlencoded::parse(body).filter(|(name, _)| name != "token");
        return fields
            .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())))
            .collect();
    }
    json!({ "bytes": body.len() })
}

fn is_json(parts: &Parts) -> bool {
    media_type(parts).as_deref() == Some("application/json")
}

fn is_form(parts: &Parts) -> bool {
    media_type(parts).as_deref() == Some("application/x-www-form-urlencoded")
}

fn media_type(parts: &Parts) -> Option<String> {
    let whole = readable(parts.headers.get(CONTENT_TYPE)?);
    let kind = whole.split(';').next().unwrap_or_default();
    Some(kind.trim().to_ascii_lowercase())
}

fn carry_out(workspace: &mut Workspace, target: &Target, parts: &Parts, body: &Bytes) -> Reply {
    match target {
        Target::Api(method) => {
            let token = token(workspace, target, parts, body);
            call(workspace, method, token, parts, body)
        }
        Target::Upload(ticket) if parts.method == Method::POST => {
            let (status, text) = files::receive(workspace, ticket, body);
            Reply {
                error: (status >= 300).then(|| text.clone()),
                ..Reply::new(status, TEXT, text)
            }
        }
        Target::Webhook(path) if parts.method == Method::POST => {
            webhook::receive(workspace, path, is_json(parts), body)
        }
        Target::Upload(_) | Target::Webhook(_) => Reply::refused(405, "method_not_allowed"),
    }
}

/// A call of the Web API. Slack takes what it can of the arguments and complains of what is missing
/// then; only a body that cannot be read is refused as such.
fn call(workspace: &mut Workspace, name: &str, token: Token, parts: &Parts, body: &Bytes) -> Reply {
    let Some(method) = methods::named(name) else {
        let unknown = json!({ "ok": false, "error": "unknown_method", "req_method": name });
        return Reply::api(&unknown);
    };
    let refuse = |error: &str| Reply::api(&json!({ "ok": false, "error": error }));
    let mut arguments = Arguments::of_form(parts.uri.query().unwrap_or_default().as_bytes());
    let mut warning = None;
    if is_json(parts) {
        match serde_json::from_slice(body) {
            Ok(Value::Object(object)) if method.takes_json => {
                arguments.add(Arguments::of_json(object));
            }
            Ok(Value::Object(_)) => {}
            Ok(_) => return refuse("json_not_object"),
            Err(_) => return refuse("invalid_json"),
        }
        let kind = parts.headers.get(CONTENT_TYPE).map(readable);
        let charset = kind.is_some_and(|kind| kind.to_ascii_lowercase().contains("charset="));
        warning = (!charset).then_some("missing_charset");
    } else if is_form(parts) {
        arguments.add(Arguments::of_form(body));
    } else if !body.is_empty() {
        let missing = media_type(parts).is_none();
        return refuse(if missing {
            "missing_post_type"
        } else {
            "invalid_post_type"
        });
    }
    let provided = workspace
        .scopes
        .iter()
        .cloned()
        .collect::<Vec<_>>()
        .join(",");
    let mut body = match method.call(workspace, token, &arguments) {
        Outcome::Done(body) => body,
        Outcome::Refused(refusal) => refusal.body(&provided),
        Outcome::Limited(seconds) => return limited(true, seconds),
    };
    if let Some(warning) = warning {
        body["warning"] = warning.into();
    }
    Reply::api(&body)
}
