//! The HTTP side: connections, and answers in HTTP's form.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Result;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::page;
use crate::receive::{self, Target};
use crate::workspace::Workspace;

pub(crate) const JSON: &str = "application/json; charset=utf-8";
pub(crate) const TEXT: &str = "text/plain; charset=utf-8";
pub(crate) const HTML: &str = "text/html; charset=utf-8";

/// What the server and its handle share.
pub(crate) struct Shared {
    workspace: Mutex<Workspace>,
    /// Told after each request and after whatever a test or a person does.
    pub(crate) changed: Notify,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

impl Shared {
    pub(crate) fn new(workspace: Workspace) -> Self {
        Self {
            workspace: Mutex::new(workspace),
            changed: Notify::new(),
        }
    }

    /// Nothing that is done under this lock can leave the workspace half-changed.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Workspace> {
        self.workspace
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// An answer before it has HTTP's form.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) kind: &'static str,
    pub(crate) body: Vec<u8>,
    pub(crate) error: Option<String>,
    pub(crate) retry_after: Option<u64>,
}

impl Reply {
    pub(crate) fn new(status: u16, kind: &'static str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            kind,
            body: body.into(),
            error: None,
            retry_after: None,
        }
    }

    /// The API's answers are 200 also when they refuse.
    pub(crate) fn api(body: &Value) -> Self {
        Self {
            error: body["error"].as_str().map(str::to_owned),
            ..Self::new(200, JSON, body.to_string())
        }
    }

    /// A webhook's refusal: the code as plain text.
    pub(crate) fn refused(status: u16, error: &str) -> Self {
        Self {
            error: Some(error.to_owned()),
            ..Self::new(status, TEXT, error)
        }
    }

    pub(crate) fn is_success(&self) -> bool {
        self.status < 300 && self.error.is_none()
    }

    fn response(self) -> Result<Response<Full<Bytes>>> {
        let mut response = Response::builder()
            .status(self.status)
            .header(CONTENT_TYPE, self.kind)
            .header("x-content-type-options", "nosniff");
        if let Some(seconds) = self.retry_after {
            response = response.header(RETRY_AFTER, seconds);
        }
        if self.kind == HTML {
            response = response
                .header(CACHE_CONTROL, "no-store")
                .header("content-security-policy", page::POLICY);
        }
        Ok(response.body(Full::new(Bytes::from(self.body)))?)
    }
}

/// Answers on `listener` until it is aborted, and takes its connections with it.
pub(crate) async fn serve(listener: TcpListener, shared: Arc<Shared>) -> Infallible {
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next(), if !connections.is_empty() => continue,
        };
        // A connection that could not be accepted is its caller's to notice.
        let Ok((stream, _)) = accepted else { continue };
        // Else an answer in two parts may wait 40 ms for an acknowledgement.
        let _ = stream.set_nodelay(true);
        let shared = Arc::clone(&shared);
        connections.spawn(async move {
            let service = service_fn(|request| answer(Arc::clone(&shared), request));
            // It ends with an error whenever it is cut off on command.
            let _ = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

async fn answer(shared: Arc<Shared>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let Some(target) = Target::of(parts.uri.path()) else {
        return page::answer(&shared, &parts.method, parts.uri.path()).response();
    };
    let reply = receive::answer(&shared, &target, &parts, &body).await;
    shared.changed.notify_waiters();
    reply?.response()
}
