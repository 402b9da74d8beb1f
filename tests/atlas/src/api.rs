//! The Admin API's HTTP side: connections, who calls, and troubles on command.

pub(crate) mod login;
pub(crate) mod users;

use std::convert::Infallible;

use anyhow::{Result, bail};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use hyper::http::request::Parts;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request as HttpRequest, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value as Json, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::atlas::Shared;
use crate::state::{Request, State};
use crate::trouble::{Trouble, When};

/// The service account: id and secret.
pub(crate) const ACCOUNT: (&str, &str) = ("mdb_sa_id_canary", "mdb_sa_sk_cAnAryAccount");
/// The API key: its public and its private part.
pub(crate) const KEY: (&str, &str) = ("canarypk", "cAnAryKey-77b1-e0d3");

/// An answer before it has HTTP's form.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) challenge: Option<String>,
    retry_after: Option<u64>,
    body: Vec<u8>,
}

impl Reply {
    pub(crate) fn json(status: u16, body: &Json) -> Self {
        Self::bytes(status, body.to_string())
    }

    pub(crate) fn bytes(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            challenge: None,
            retry_after: None,
            body: body.into(),
        }
    }

    /// An error in Atlas's form.
    /// <https://www.mongodb.com/docs/atlas/reference/api-errors/>
    pub(crate) fn error(status: u16, code: Option<&str>, detail: &str) -> Self {
        let mut body = json!({ "error": status, "detail": detail, "parameters": [], "reason": "" });
        if let Some(code) = code {
            body["errorCode"] = code.into();
        }
        Self::json(status, &body)
    }

    fn response(self) -> Result<Response<Full<Bytes>>> {
        let mut response = Response::builder()
            .status(self.status)
            .header(CONTENT_TYPE, "application/json");
        if let Some(challenge) = self.challenge {
            response = response.header(WWW_AUTHENTICATE, challenge);
        }
        if let Some(seconds) = self.retry_after {
            response = response.header(RETRY_AFTER, seconds);
        }
        Ok(response.body(Full::new(Bytes::from(self.body)))?)
    }
}

/// Answers until it is aborted, and takes its connections with it.
pub(crate) async fn serve(listener: TcpListener, shared: Shared) -> Infallible {
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next(), if !connections.is_empty() => continue,
        };
        let Ok((stream, _)) = accepted else { continue };
        let _ = stream.set_nodelay(true);
        let shared = shared.clone();
        connections.spawn(async move {
            let service = service_fn(|request| answer(shared.clone(), request));
            // It ends with an error whenever it is cut off on command.
            let _ = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

async fn answer(shared: Shared, request: HttpRequest<Incoming>) -> Result<Response<Full<Bytes>>> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let trouble = planned(&shared, &parts);
    let reply = match &trouble {
        Some(Trouble::Hang) => {
            noted(&shared, &parts, &body, 0);
            return std::future::pending().await;
        }
        Some(Trouble::Lost(When::After) | Trouble::Fault(When::After)) | None => {
            received(&mut shared.lock(), &parts, &body)
        }
        Some(Trouble::Lost(When::Before)) => Reply::bytes(0, ""),
        Some(trouble) => spoilt(&mut shared.lock(), trouble, &body),
    };
    if matches!(trouble, Some(Trouble::Lost(_))) {
        noted(&shared, &parts, &body, 0);
        bail!("lost on command");
    }
    let reply = match trouble {
        Some(Trouble::Fault(When::After)) => fault(),
        _ => reply,
    };
    noted(&shared, &parts, &body, reply.status);
    reply.response()
}

/// What goes wrong; a digest's first request, which is only asked who calls, is spared.
fn planned(shared: &Shared, parts: &Parts) -> Option<Trouble> {
    let is_token = parts.uri.path() == "/api/oauth/token";
    if !is_token && !parts.headers.contains_key(AUTHORIZATION) {
        return None;
    }
    let name = if is_token {
        "token"
    } else {
        parts.method.as_str()
    };
    shared.lock().trouble(name)
}

fn spoilt(state: &mut State, trouble: &Trouble, body: &[u8]) -> Reply {
    match trouble {
        Trouble::Refused(status, code) => {
            // What was sent is quoted, as validators do.
            let quoted = String::from_utf8_lossy(body);
            Reply::error(*status, Some(code), &format!("Invalid: {quoted}"))
        }
        Trouble::RateLimited => {
            let mut reply = Reply::error(429, Some("RATE_LIMITED_TOKEN_BUCKET"), "Too many");
            reply.retry_after = Some(55);
            reply
        }
        Trouble::Unavailable => Reply::bytes(503, "<html>no upstream</html>"),
        Trouble::Garbled => Reply::bytes(200, "<html>"),
        Trouble::Stale => login::challenged(state, true),
        Trouble::Fault(_) | Trouble::Lost(_) | Trouble::Hang => fault(),
    }
}

fn fault() -> Reply {
    Reply::error(500, Some("UNEXPECTED_ERROR"), "Unexpected error.")
}

fn received(state: &mut State, parts: &Parts, body: &[u8]) -> Reply {
    let header = |name| parts.headers.get(name).and_then(|it| it.to_str().ok());
    let login = header(AUTHORIZATION).unwrap_or_default();
    let (method, path) = (parts.method.as_str(), parts.uri.path());
    if path == "/api/oauth/token" {
        return login::token(state, method, login, header(CONTENT_TYPE), body);
    }
    if let Err(reply) = login::checked(state, method, path, login) {
        return *reply;
    }
    if !header(ACCEPT).is_some_and(is_version) {
        return Reply::error(406, Some("INVALID_VERSION_DATE"), "No such version.");
    }
    let sent = if body.is_empty() {
        None
    } else {
        serde_json::from_slice(body).ok()
    };
    users::answer(state, method, path, sent)
}

/// <https://www.mongodb.com/docs/atlas/api/versioned-api-overview/>
fn is_version(accept: &str) -> bool {
    let date = accept
        .strip_prefix("application/vnd.atlas.")
        .and_then(|rest| rest.strip_suffix("+json"));
    date.is_some_and(|date| {
        date.len() == 10 && date.bytes().all(|it| it.is_ascii_digit() || it == b'-')
    })
}

fn noted(shared: &Shared, parts: &Parts, body: &[u8], status: u16) {
    let sent: Option<Json> = serde_json::from_slice(body).ok();
    let sent = sent.as_ref().and_then(Json::as_object);
    let accept = parts.headers.get(ACCEPT).and_then(|it| it.to_str().ok());
    shared.lock().requests.push(Request {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        accept: accept.unwrap_or_default().to_owned(),
        attributes: sent
            .map(|sent| sent.keys().cloned().collect())
            .unwrap_or_default(),
        status,
    });
}
