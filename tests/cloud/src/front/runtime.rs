//! Lambda's Runtime API as a function sees it: it asks for the next event, and posts its answer.
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>

use std::{
    convert::Infallible,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context as _, Result, anyhow, bail};
use http_body_util::{BodyExt as _, Full};
use hyper::{
    Method, Request, Response,
    body::{Bytes, Incoming},
};
use serde_json::Value;
use tokio::{
    net::TcpListener,
    sync::{Mutex, mpsc},
    task::JoinHandle,
};

use super::{Answered, listen};
use crate::world::{ACCOUNT, REGION};

/// What all paths of this interface begin with.
pub const PATH: &str = "/2018-06-01/runtime/";

/// As `Timeout` of the template.
const TIMEOUT: Duration = Duration::from_mins(2);

/// The Runtime API for one process at a time.
#[derive(Debug)]
pub struct Runtime {
    door: Door,
    events: mpsc::UnboundedReceiver<Event>,
    queue: mpsc::UnboundedSender<Bytes>,
    // Met while an answer was waited for.
    polled: Option<Instant>,
}

/// Where the process knocks.
#[derive(Clone, Debug)]
pub struct Door(Arc<Shared>);

/// A door with a port of its own.
#[derive(Debug)]
pub struct Listening {
    address: SocketAddr,
    server: JoinHandle<Infallible>,
}

#[derive(Debug)]
enum Event {
    Polled(Instant),
    Answered(Answer),
}

/// What a function answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// When it came.
    pub at: Instant,
    /// The answer, or the error.
    pub payload: Value,
    /// Whether the function failed.
    pub failed: bool,
}

impl Answer {
    /// The answer.
    ///
    /// # Errors
    /// When the function failed.
    pub fn good(self) -> Result<Self> {
        if self.failed {
            bail!("the function failed: {}", self.payload);
        }
        Ok(self)
    }
}

#[derive(Debug)]
struct Shared {
    events: mpsc::UnboundedSender<Event>,
    queue: Mutex<mpsc::UnboundedReceiver<Bytes>>,
    arn: String,
}

impl Runtime {
    /// An interface without a port: requests come through its door.
    #[must_use]
    pub fn new(function: &str) -> Self {
        let (to_events, events) = mpsc::unbounded_channel();
        let (queue, from_queue) = mpsc::unbounded_channel();
        let door = Door(Arc::new(Shared {
            events: to_events,
            queue: Mutex::new(from_queue),
            arn: format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function}"),
        }));
        Self {
            door,
            events,
            queue,
            polled: None,
        }
    }

    /// Where the process knocks.
    #[must_use]
    pub fn door(&self) -> Door {
        self.door.clone()
    }

    /// Listens for the process on a free loopback port of its own.
    ///
    /// # Errors
    /// When there is none.
    pub async fn listen(&self) -> Result<Listening> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .context("the runtime interface's port")?;
        let address = listener.local_addr()?;
        let door = self.door();
        let server = listen(listener, move |request| {
            let door = door.clone();
            async move { door.answer(request).await }
        });
        Ok(Listening { address, server })
    }

    /// Lays out an event for when the function asks.
    ///
    /// # Errors
    /// When nobody serves any more.
    pub fn send(&self, payload: &Value) -> Result<()> {
        self.queue
            .send(Bytes::from(payload.to_string()))
            .map_err(|_| anyhow!("the runtime interface is gone"))
    }

    /// Waits until the function asks for an event, and says when it did.
    ///
    /// # Errors
    /// When it answers instead, or does neither within its timeout.
    pub async fn polled(&mut self) -> Result<Instant> {
        if let Some(at) = self.polled.take() {
            return Ok(at);
        }
        match self.event().await? {
            Event::Polled(at) => Ok(at),
            Event::Answered(answer) => bail!("the function does not start: {}", answer.payload),
        }
    }

    /// Waits for an answer.
    ///
    /// # Errors
    /// When the function asks for more before it has answered, or runs into its timeout.
    pub async fn answered(&mut self) -> Result<Answer> {
        match self.event().await? {
            Event::Answered(answer) => Ok(answer),
            Event::Polled(at) => {
                self.polled = Some(at);
                bail!("the function asks for an event before it has answered")
            }
        }
    }

    /// Hands an event to the function as soon as it asks, and waits for the answer.
    ///
    /// # Errors
    /// As [`Runtime::polled`] and [`Runtime::answered`].
    pub async fn invoke(&mut self, payload: &Value) -> Result<Answer> {
        self.polled().await?;
        self.send(payload)?;
        self.answered().await
    }

    async fn event(&mut self) -> Result<Event> {
        tokio::time::timeout(TIMEOUT, self.events.recv())
            .await
            .context("the function ran into its timeout")?
            .context("the runtime interface is gone")
    }
}

impl Listening {
    /// What `AWS_LAMBDA_RUNTIME_API` is set to.
    #[must_use]
    pub fn authority(&self) -> String {
        self.address.to_string()
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Door {
    /// Answers what the process asks or says: `invocation/next` waits for an event, everything else
    /// is an answer.
    pub(super) async fn answer(&self, request: Request<Incoming>) -> Result<Answered> {
        let now = Instant::now();
        let shared = &self.0;
        let path = request.uri().path();
        if request.method() == Method::GET && path.ends_with("/invocation/next") {
            shared.events.send(Event::Polled(now))?;
            let mut queue = shared.queue.lock().await;
            let payload = queue.recv().await.context("no more events")?;
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
        // `init/error` as well as the error of one invocation.
        let failed = path.ends_with("/error");
        let body = request.into_body().collect().await?.to_bytes();
        shared.events.send(Event::Answered(Answer {
            at: now,
            payload: serde_json::from_slice(&body)?,
            failed,
        }))?;
        Ok(Response::builder().status(202).body(Full::default())?)
    }
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
