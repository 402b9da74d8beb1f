//! The cloud over HTTP on loopback, in real or sped-up time, so that binaries can be pointed at it as
//! they are. One lock holds the world; before anything looks at it, it is brought to the present.

use std::{
    convert::Infallible,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use anyhow::{Context as _, Result};
use http_body_util::{BodyExt as _, Full};
use hyper::{
    Method, Request, Response,
    body::{Bytes, Incoming},
    header::{AUTHORIZATION, CONTENT_TYPE},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};

use crate::{wire, world::World};

mod deliver;
mod function;
pub mod runtime;
mod stack;
mod tell;

pub use deliver::{Target, deliver};
pub use function::Program;
use runtime::{Answer, Runtime};
pub use stack::Stack;

type Answered = Response<Full<Bytes>>;

/// How the cloud is served.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The port on loopback; 0 for any that is free.
    pub port: u16,
    /// How many of the world's seconds pass in a second.
    pub speed: f64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            port: 0,
            speed: 1.0,
        }
    }
}

/// The cloud while it is served.
#[derive(Debug)]
pub struct Front {
    /// Where it listens.
    pub address: SocketAddr,
    shared: Arc<Shared>,
    server: JoinHandle<Infallible>,
}

#[derive(Debug)]
struct Shared {
    sky: Mutex<Sky>,
    door: runtime::Door,
    // Reserved concurrency of one: an invocation waits for the one before it.
    runtime: tokio::sync::Mutex<Runtime>,
    speed: f64,
}

/// The world and its clock.
#[derive(Debug)]
struct Sky {
    world: World,
    begin: Timestamp,
    since: Instant,
    speed: f64,
    skipped: SignedDuration,
}

impl Sky {
    fn time(&self) -> Timestamp {
        let passed = self.since.elapsed().mul_f64(self.speed);
        let passed = SignedDuration::try_from(passed).unwrap_or(SignedDuration::MAX);
        let passed = passed.saturating_add(self.skipped);
        self.begin.saturating_add(passed).unwrap_or(self.begin)
    }
}

impl Shared {
    fn now(&self) -> MutexGuard<'_, Sky> {
        // A world that somebody panicked with is still the one that everybody else talks to.
        let mut sky = self.sky.lock().unwrap_or_else(PoisonError::into_inner);
        let time = sky.time();
        sky.world.advance(time);
        sky
    }
}

/// Serves a world, whose time begins to pass.
///
/// # Errors
/// When the port cannot be had.
pub async fn serve(world: World, options: Options) -> Result<Front> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port))
        .await
        .context("the front's port")?;
    let address = listener.local_addr()?;
    let runtime = Runtime::new("power-staging");
    let shared = Arc::new(Shared {
        door: runtime.door(),
        runtime: tokio::sync::Mutex::new(runtime),
        speed: options.speed,
        sky: Mutex::new(Sky {
            begin: world.now,
            since: Instant::now(),
            speed: options.speed,
            skipped: SignedDuration::ZERO,
            world,
        }),
    });
    let serving = Arc::clone(&shared);
    let server = listen(listener, move |request| {
        let shared = Arc::clone(&serving);
        async move { answer(&shared, request).await }
    });
    Ok(Front {
        address,
        shared,
        server,
    })
}

impl Front {
    /// The address to set as `AWS_ENDPOINT_URL`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Looks at the world as it is now, or changes it.
    pub fn with<T>(&self, look: impl FnOnce(&mut World) -> T) -> T {
        look(&mut self.shared.now().world)
    }

    /// Lets time pass that nobody waits for.
    pub fn skip(&self, time: SignedDuration) {
        let mut sky = self.shared.now();
        sky.skipped = sky.skipped.saturating_add(time);
    }

    /// Invokes the function that asks here for its events, after whoever was before.
    ///
    /// # Errors
    /// When none asks, or it ends instead of answering. A function that fails is an answer.
    pub async fn invoke(&self, payload: &Value) -> Result<Answer> {
        self.shared.runtime.lock().await.invoke(payload).await
    }

    /// How many of the world's seconds pass in a second.
    #[must_use]
    pub fn speed(&self) -> f64 {
        self.shared.speed
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Answers every connection with `answer` until it is aborted.
fn listen<A, F>(listener: TcpListener, answer: A) -> JoinHandle<Infallible>
where
    A: Fn(Request<Incoming>) -> F + Clone + Send + 'static,
    F: Future<Output = Result<Answered>> + Send + 'static,
{
    tokio::spawn(async move {
        loop {
            // A connection that could not be accepted is its caller's to notice.
            let Ok((stream, _)) = listener.accept().await else {
                continue;
            };
            // Else an answer in two parts may wait 40 ms for an acknowledgement.
            let _ = stream.set_nodelay(true);
            let answer = answer.clone();
            tokio::spawn(async move {
                // It ends with an error when the caller is killed.
                let _ = http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service_fn(answer))
                    .await;
            });
        }
    })
}

async fn answer(shared: &Shared, request: Request<Incoming>) -> Result<Answered> {
    let path = request.uri().path();
    if path.starts_with(runtime::PATH) {
        return shared.door.answer(request).await;
    }
    if request.method() == Method::GET && path == "/" {
        return Ok(present(shared));
    }
    if path.starts_with("/2015-03-31/functions/") && path.ends_with("/invocations") {
        return invoked(shared, request).await;
    }
    let (parts, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let header = |name: &str| parts.headers.get(name)?.to_str().ok();
    let request = wire::Request {
        path: parts.uri.path(),
        protocol: header("smithy-protocol"),
        target: header("x-amz-target"),
        authorization: header(AUTHORIZATION.as_str()),
        body: &body,
    };
    let (response, id) = {
        let mut sky = shared.now();
        let response = wire::receive(&mut sky.world, &request);
        let id = [8, 4, 4, 4, 12].map(|digits| sky.world.id(digits));
        (response, id.join("-"))
    };
    let mut answer = Response::builder()
        .status(response.status)
        .header(CONTENT_TYPE, response.content_type)
        .header("x-amzn-requestid", id);
    for (name, value) in response.headers {
        answer = answer.header(name, value);
    }
    Ok(answer.body(Full::new(Bytes::from(response.body)))?)
}

/// What somebody reads who opens the address in a browser.
fn present(shared: &Shared) -> Answered {
    let now = shared.now().world.now;
    let text = json!({ "now": now.to_string(), "speed": shared.speed });
    Response::new(Full::new(Bytes::from(format!("{text}\n"))))
}

// https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
async fn invoked(shared: &Shared, request: Request<Incoming>) -> Result<Answered> {
    let body = request.into_body().collect().await?.to_bytes();
    let mut payload: Value = serde_json::from_slice(&body).unwrap_or_else(|_| json!({}));
    if payload.is_object() && payload.get("at").is_none() && !is_real(shared.speed) {
        payload["at"] = shared.now().world.now.to_string().into();
    }
    let response = Response::builder().header(CONTENT_TYPE, "application/json");
    match shared.runtime.lock().await.invoke(&payload).await {
        Ok(answer) => {
            let body = Full::new(Bytes::from(answer.payload.to_string()));
            if answer.failed {
                Ok(response
                    .header("x-amz-function-error", "Unhandled")
                    .body(body)?)
            } else {
                Ok(response.body(body)?)
            }
        }
        Err(error) => {
            let said = json!({ "Type": "Service", "Message": error.to_string() });
            Ok(response
                .status(502)
                .header("x-amzn-errortype", "ServiceException")
                .body(Full::new(Bytes::from(said.to_string())))?)
        }
    }
}

/// Whether the world's seconds are the machine's.
fn is_real(speed: f64) -> bool {
    (speed - 1.0).abs() < f64::EPSILON
}

#[cfg(test)]
mod tests {
    use hyper_util::{client::legacy::Client, rt::TokioExecutor};

    use super::*;
    use crate::services::events;

    fn world() -> World {
        World::new(Timestamp::UNIX_EPOCH, 1)
    }

    async fn ask(front: &Front, method: Method, path: &str, body: &str) -> (u16, Value) {
        let client = Client::builder(TokioExecutor::new()).build_http();
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", front.endpoint()))
            .body(Full::new(Bytes::from(body.to_owned())))
            .unwrap();
        let answer = client.request(request).await.unwrap();
        let status = answer.status().as_u16();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }

    async fn next(front: &Front) -> Value {
        let path = format!("{}invocation/next", runtime::PATH);
        ask(front, Method::GET, &path, "").await.1
    }

    #[tokio::test]
    async fn time_is_as_fast_as_it_was_told_to_be_and_can_be_skipped() {
        let options = Options {
            port: 0,
            speed: 36_000.0,
        };
        let front = serve(world(), options).await.unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        let now = front.with(|world| world.now);
        assert!(now.as_second() >= 3600, "{now}");
        front.skip(SignedDuration::from_hours(10_000));
        let (status, shown) = ask(&front, Method::GET, "/", "").await;
        let now: Timestamp = shown["now"].as_str().unwrap().parse().unwrap();
        assert_eq!(status, 200);
        assert!(now.as_second() >= 3600 * 10_001, "{now}");
    }

    #[tokio::test]
    async fn what_the_cloud_does_not_know_is_answered_as_aws_would() {
        let front = serve(world(), Options::default()).await.unwrap();
        let (status, said) = ask(&front, Method::POST, "/", "Action=Nothing").await;
        assert_eq!(status, 400);
        assert_eq!(said["__type"], "UnknownOperationException");
    }

    #[tokio::test]
    async fn a_function_that_asks_anew_instead_of_answering_has_failed_and_gets_the_next_event() {
        let front = serve(world(), Options::default()).await.unwrap();
        let (first, second) = (json!({ "n": 1 }), json!({ "n": 2 }));
        let function = async {
            assert_eq!(next(&front).await, first);
            assert_eq!(next(&front).await, second);
            let answer = format!("{}invocation/1/response", runtime::PATH);
            ask(&front, Method::POST, &answer, "{\"done\":true}").await
        };
        let invoking = async {
            assert!(front.invoke(&first).await.is_err());
            front.invoke(&second).await
        };
        let ((status, _), answer) = tokio::join!(function, invoking);
        assert_eq!(status, 202);
        assert_eq!(answer.unwrap().payload, json!({ "done": true }));
    }

    #[tokio::test]
    async fn whoever_invokes_over_http_gets_the_functions_answer_or_its_error() {
        let options = Options {
            port: 0,
            speed: 60.0,
        };
        let front = serve(world(), options).await.unwrap();
        let function = async {
            let payload = next(&front).await;
            let error = format!("{}invocation/1/error", runtime::PATH);
            ask(&front, Method::POST, &error, "{\"errorMessage\":\"no\"}").await;
            payload
        };
        let path = "/2015-03-31/functions/f/invocations";
        let invoking = ask(&front, Method::POST, path, "{}");
        let (payload, (status, said)) = tokio::join!(function, invoking);
        // Time is not the machine's, so the payload says what time it is.
        assert!(payload["at"].is_string(), "{payload}");
        assert_eq!((status, said), (200, json!({ "errorMessage": "no" })));
    }

    const TEMPLATE: &str = include_str!("../../../template.yaml");

    #[tokio::test]
    async fn the_schedule_fires_each_minute_of_the_world_and_what_the_rules_take_comes_as_it_is() {
        let stack = Stack::read(TEMPLATE, "power-staging").unwrap();
        let options = Options {
            port: 0,
            speed: 600.0,
        };
        let front = serve(world(), options).await.unwrap();
        let url = format!("{}/2015-03-31/functions/f/invocations", front.endpoint());
        let detail = json!({ "SourceType": "DB_INSTANCE", "EventID": "RDS-EVENT-0087" });
        front.with(|world| {
            let (kind, arn) = ("RDS DB Instance Event", "arn:aws:rds:x:1:db:one".to_owned());
            events::emit(world, "aws.rds", kind, vec![arn], detail.clone());
            events::emit(world, "aws.s3", "Object Created", Vec::new(), json!({}));
        });
        let function = async {
            let mut got = Vec::new();
            for _ in 0..2 {
                got.push(next(&front).await);
                let answer = format!("{}invocation/1/response", runtime::PATH);
                ask(&front, Method::POST, &answer, "{}").await;
            }
            got
        };
        let target = Target::Url(url);
        let got = tokio::select! {
            got = function => got,
            ended = deliver(&front, &stack, &target, |_| {}) => panic!("{ended:?}"),
        };
        assert_eq!(got[0]["detail"], detail);
        assert_eq!(got[1]["command"], "tick");
        let at: Timestamp = got[1]["at"].as_str().unwrap().parse().unwrap();
        assert!(at.as_second() >= 60, "{at}");
    }
}
