//! Lambda's Runtime API as a function sees it: it asks for the next event, and posts its answer.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, anyhow, bail};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use nightshift_tests::aws::{ACCOUNT, REGION};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinHandle;

/// As `Timeout` of the template.
const TIMEOUT: Duration = Duration::from_mins(2);

/// The Runtime API for one process.
#[derive(Debug)]
pub(crate) struct Runtime {
    address: SocketAddr,
    events: mpsc::UnboundedReceiver<Event>,
    queue: mpsc::UnboundedSender<Bytes>,
    server: JoinHandle<Infallible>,
}

#[derive(Debug)]
enum Event {
    Polled(Instant),
    Answered(Answer),
}

/// What a function answered.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// When it came.
    pub(crate) at: Instant,
    /// The answer, or the error.
    pub(crate) payload: Value,
    /// Whether the function failed.
    pub(crate) failed: bool,
}

impl Answer {
    /// The answer.
    ///
    /// # Errors
    /// When the function failed.
    pub(crate) fn good(self) -> Result<Self> {
        if self.failed {
            bail!("the function failed: {}", self.payload);
        }
        Ok(self)
    }
}

struct Shared {
    events: mpsc::UnboundedSender<Event>,
    queue: Mutex<mpsc::UnboundedReceiver<Bytes>>,
    arn: String,
}

impl Runtime {
    /// Listens on a free loopback port.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) async fn listen(function: &str) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .context("the runtime interface's port")?;
        let address = listener.local_addr()?;
        let (to_events, events) = mpsc::unbounded_channel();
        let (queue, from_queue) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            events: to_events,
            queue: Mutex::new(from_queue),
            arn: format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function}"),
        });
        let server = tokio::spawn(async move {
            loop {
                // A connection that could not be accepted is its caller's to notice.
                let Ok((stream, _)) = listener.accept().await else {
                    continue;
                };
                // Else an answer in two parts may wait 40 ms for an acknowledgement.
                let _ = stream.set_nodelay(true);
                let shared = Arc::clone(&shared);
                tokio::spawn(async move {
                    let service = service_fn(|request| answer(Arc::clone(&shared), request));
                    // It ends with an error when the function is killed.
                    let _ = hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
        Ok(Self {
            address,
            events,
            queue,
            server,
        })
    }

    /// What `AWS_LAMBDA_RUNTIME_API` is set to.
    #[must_use]
    pub(crate) fn authority(&self) -> String {
        self.address.to_string()
    }

    /// Lays out an event for when the function asks.
    ///
    /// # Errors
    /// When nobody serves any more.
    pub(crate) fn send(&self, payload: &Value) -> Result<()> {
        self.queue
            .send(Bytes::from(payload.to_string()))
            .map_err(|_| anyhow!("the runtime interface is gone"))
    }

    /// Waits until the function asks for an event, and says when it did.
    ///
    /// # Errors
    /// When it answers instead, or does neither within its timeout.
    pub(crate) async fn polled(&mut self) -> Result<Instant> {
        match self.event().await? {
            Event::Polled(at) => Ok(at),
            Event::Answered(answer) => bail!("the function does not start: {}", answer.payload),
        }
    }

    /// Waits for an answer.
    ///
    /// # Errors
    /// When the function asks for more before it has answered, or runs into its timeout.
    pub(crate) async fn answered(&mut self) -> Result<Answer> {
        match self.event().await? {
            Event::Answered(answer) => Ok(answer),
            Event::Polled(_) => bail!("the function asks for an event before it has answered"),
        }
    }

    async fn event(&mut self) -> Result<Event> {
        tokio::time::timeout(TIMEOUT, self.events.recv())
            .await
            .context("the function ran into its timeout")?
            .context("the runtime interface is gone")
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn answer(shared: Arc<Shared>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>> {
    let now = Instant::now();
    let path = request.uri().path();
    if request.method() == Method::GET && path.ends_with("/invocation/next") {
        shared.events.send(Event::Polled(now))?;
        let payload = shared
            .queue
            .lock()
            .await
            .recv()
            .await
            .context("no more events")?;
        return Ok(Response::builder()
            .header("lambda-runtime-aws-request-id", request_id())
            .header("lambda-runtime-deadline-ms", deadline()?)
            .header("lambda-runtime-invoked-function-arn", &shared.arn)
            .header(
                "lambda-runtime-trace-id",
                "Root=1-00000000-000000000000000000000000;Sampled=0",
            )
            .header("content-type", "application/json")
            .body(Full::new(payload))?);
    }
    let failed = path.ends_with("/error");
    let body = request.into_body().collect().await?.to_bytes();
    shared.events.send(Event::Answered(Answer {
        at: now,
        payload: serde_json::from_slice(&body)?,
        failed,
    }))?;
    Ok(Response::builder().status(202).body(Full::default())?)
}

/// No two invocations have the same, whichever process answers them: leases are held by it.
fn request_id() -> String {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    format!("00000000-0000-4000-8000-{number:012}")
}

#[expect(
    clippy::disallowed_methods,
    reason = "Lambda's deadline is an instant of the machine's time"
)]
fn deadline() -> Result<String> {
    let deadline = SystemTime::now() + TIMEOUT;
    Ok(deadline.duration_since(UNIX_EPOCH)?.as_millis().to_string())
}
