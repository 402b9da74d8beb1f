//! The one endpoint of the local AWS.
//!
//! Application Auto Scaling goes to moto and everything else to `MiniStack`, so that nobody needs to
//! know that there are two. On the way it is mended where the emulators are kinder than AWS, each
//! time in a way that the functions would be hurt by: see `autoscaling`, `cloudwatch`, `databases`
//! and `services`. The calls that are not the harness's own are remembered, and a test can have one of
//! them go wrong.

mod autoscaling;
mod call;
mod cloudwatch;
mod databases;
mod services;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context as _, Result, bail};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use self::call::{Call, Write};
use self::cloudwatch::Measure;
use self::databases::Databases;

use crate::aws::{HARNESS, Http, Refused};
use crate::process;

/// What happens to a call.
#[derive(Clone, Debug, Default)]
pub enum Fate {
    /// It is answered as usual.
    #[default]
    Normal,
    /// It is refused without being carried out.
    Refused(Refused),
    /// It is carried out and the answer is lost.
    AnswerLost,
    /// The function is killed before it is carried out.
    KilledBefore,
    /// The function is killed when it has been carried out, before the answer.
    KilledAfter,
}

/// The function that most tests are about.
const POWER_STAGING: &str = "power-staging";

type Decide = dyn Fn(&Call) -> Fate + Send + Sync;

/// The running gateway.
#[derive(Debug)]
pub struct Gateway {
    address: SocketAddr,
    shared: Arc<Shared>,
    server: JoinHandle<Infallible>,
}

struct Shared {
    http: Http,
    backends: Mutex<Option<Backends>>,
    /// By the function that made them.
    calls: Mutex<BTreeMap<String, Vec<Call>>>,
    /// By the function that made them.
    writes: Mutex<BTreeMap<String, Vec<Write>>>,
    decide: Mutex<BTreeMap<String, Arc<Decide>>>,
    tags: Mutex<HashMap<String, BTreeMap<String, String>>>,
    /// By `service/<cluster>/<name>`, the newest first.
    activities: Mutex<HashMap<String, Vec<Value>>>,
    /// The names of services that show a deployment under way.
    deploying: Mutex<BTreeSet<String>>,
    measure: Mutex<Arc<Measure>>,
    databases: Mutex<Databases>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

#[derive(Clone, Debug)]
struct Backends {
    ministack: String,
    ministack_group: u32,
    moto: String,
}

impl Gateway {
    /// Listens on a free loopback port. Until [`Gateway::connect`] everything is answered with 503.
    ///
    /// # Errors
    /// When there is no port to listen on.
    pub async fn listen() -> Result<Self> {
        let listener = TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0))
            .await
            .context("the gateway's port")?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            http: Http::default(),
            backends: Mutex::default(),
            calls: Mutex::default(),
            writes: Mutex::default(),
            decide: Mutex::default(),
            tags: Mutex::default(),
            activities: Mutex::default(),
            deploying: Mutex::default(),
            measure: Mutex::new(Arc::new(cloudwatch::quiet)),
            databases: Mutex::default(),
        });
        let serving = Arc::clone(&shared);
        let server = tokio::spawn(async move {
            loop {
                // A connection that could not be accepted is its caller's to notice.
                let Ok((stream, _)) = listener.accept().await else {
                    continue;
                };
                let shared = Arc::clone(&serving);
                tokio::spawn(async move {
                    let service = service_fn(|request| answer(Arc::clone(&shared), request));
                    // It ends with an error whenever a fate cuts it off.
                    let _ = hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
        Ok(Self {
            address,
            shared,
            server,
        })
    }

    /// Tells where the emulators answer; `ministack_group` is where functions run.
    pub fn connect(&self, ministack: &str, ministack_group: u32, moto: &str) {
        *lock(&self.shared.backends) = Some(Backends {
            ministack: ministack.into(),
            ministack_group,
            moto: moto.into(),
        });
    }

    /// Host and port.
    #[must_use]
    pub fn authority(&self) -> String {
        self.address.to_string()
    }

    /// Takes the calls that power-staging made since this was last asked.
    #[must_use]
    pub fn take_calls(&self) -> Vec<Call> {
        self.take_calls_of(POWER_STAGING)
    }

    /// Takes the calls that a function made since this was last asked.
    #[must_use]
    pub fn take_calls_of(&self, function: &str) -> Vec<Call> {
        lock(&self.shared.calls)
            .remove(function)
            .unwrap_or_default()
    }

    /// Takes the calls by which a function changed estates since this was last asked.
    #[must_use]
    pub fn take_writes_of(&self, function: &str) -> Vec<Write> {
        lock(&self.shared.writes)
            .remove(function)
            .unwrap_or_default()
    }

    /// From now on lets `decide` say what becomes of each call of power-staging's.
    pub fn decide(&self, decide: impl Fn(&Call) -> Fate + Send + Sync + 'static) {
        self.decide_of(POWER_STAGING, decide);
    }

    /// From now on lets `decide` say what becomes of each call of a function's.
    pub fn decide_of(
        &self,
        function: &str,
        decide: impl Fn(&Call) -> Fate + Send + Sync + 'static,
    ) {
        lock(&self.shared.decide).insert(function.to_owned(), Arc::new(decide));
    }

    /// From now on all calls are answered as usual.
    pub fn decide_nothing(&self) {
        lock(&self.shared.decide).clear();
    }

    /// From now on a database that is started or stopped shows that for so many looks at it.
    pub fn databases_take(&self, looks: u32) {
        lock(&self.shared.databases).looks_until_settled = looks;
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Nothing that is done under these locks can leave them half-changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn answer(shared: Arc<Shared>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>> {
    let (parts, body) = request.into_parts();
    let request = Request::from_parts(parts, body.collect().await?.to_bytes());
    let harness = request.headers().contains_key(HARNESS);
    let call = Call::of(&request);
    let fate = if harness {
        Fate::Normal
    } else {
        let caller = caller(&request);
        if let Some(write) = Write::of(&call, &request) {
            let mut writes = lock(&shared.writes);
            writes.entry(caller.clone()).or_default().push(write);
        }
        let mut calls = lock(&shared.calls);
        calls.entry(caller.clone()).or_default().push(call.clone());
        drop(calls);
        let decide = lock(&shared.decide).get(&caller).cloned();
        decide.map(|decide| decide(&call)).unwrap_or_default()
    };
    let Some(backends) = lock(&shared.backends).clone() else {
        return Ok(Response::builder().status(503).body(Full::default())?);
    };
    if let Fate::KilledBefore = fate {
        process::kill_named(backends.ministack_group, "bootstrap")?;
        bail!("killed");
    }
    let answered = match fate {
        Fate::Refused(ref refused) => Err(refused.clone().into()),
        _ => shared.route(&backends, &call, request).await,
    };
    let response = match answered {
        Ok(response) => response,
        Err(error) => match error.downcast::<Refused>() {
            Ok(refused) => refused.answer(&call)?,
            Err(error) => {
                eprintln!("gateway: {} {}: {error:#}", call.service, call.action);
                Response::builder().status(502).body(Bytes::new())?
            }
        },
    };
    match fate {
        Fate::AnswerLost => bail!("lost"),
        Fate::KilledAfter => {
            process::kill_named(backends.ministack_group, "bootstrap")?;
            bail!("killed")
        }
        _ => {}
    }
    let (mut parts, body) = response.into_parts();
    // The body may be another one by now.
    parts.headers.remove(CONTENT_LENGTH);
    parts.headers.remove(TRANSFER_ENCODING);
    Ok(Response::from_parts(parts, Full::new(body)))
}

/// Which function made a request: each says its name in its user agent. Whoever says none is somebody
/// at the command line, and taken for power-staging.
fn caller(request: &Request<Bytes>) -> String {
    let agent = request.headers().get("user-agent");
    let words = agent
        .and_then(|agent| agent.to_str().ok())
        .unwrap_or_default();
    words
        .split(' ')
        .find_map(|word| word.strip_prefix("app/"))
        .unwrap_or(POWER_STAGING)
        .to_owned()
}

impl Refused {
    fn answer(&self, call: &Call) -> Result<Response<Bytes>> {
        let response = Response::builder().status(self.status);
        let Self { code, message, .. } = self;
        if matches!(
            call.service.as_str(),
            "cloudformation" | "iam" | "rds" | "sns" | "sts"
        ) {
            let body = format!(
                "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>\
                 <RequestId>00000000-0000-4000-8000-000000000000</RequestId></ErrorResponse>"
            );
            return Ok(response
                .header(CONTENT_TYPE, "text/xml")
                .body(Bytes::from(body))?);
        }
        let body = json!({ "__type": code, "message": message }).to_string();
        Ok(response
            .header(CONTENT_TYPE, "application/x-amz-json-1.1")
            .body(Bytes::from(body))?)
    }
}

fn refuse<T>(code: &str, message: impl Into<String>) -> Result<T> {
    Err(Refused {
        status: 400,
        code: code.into(),
        message: message.into(),
    }
    .into())
}

fn json_answer(value: &Value) -> Result<Response<Bytes>> {
    Ok(Response::builder()
        .header(CONTENT_TYPE, "application/x-amz-json-1.1")
        .body(Bytes::from(value.to_string()))?)
}

impl Shared {
    async fn route(
        &self,
        backends: &Backends,
        call: &Call,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>> {
        match (call.service.as_str(), call.action.as_str()) {
            ("application-autoscaling", action) => {
                self.autoscaling(backends, action, request).await
            }
            ("ecs", "ListServices" | "ListTasks") => {
                services::refuse_missing_cluster(backends, request.body()).await?;
                self.http.send(&backends.ministack, request).await
            }
            ("ecs", "DescribeServices") => self.describe_services(backends, request).await,
            ("cloudwatch", _) if request.headers().contains_key(cloudwatch::PROTOCOL) => {
                self.cloudwatch(backends, &request).await
            }
            ("rds", action) => self.rds(backends, action, request).await,
            _ => self.http.send(&backends.ministack, request).await,
        }
    }
}
