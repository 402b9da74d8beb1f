//! The one endpoint of the local AWS.
//!
//! Application Auto Scaling goes to moto and everything else to `MiniStack`, so that nobody needs to
//! know that there are two. On the way it is mended where the emulators are kinder than AWS, each
//! time in a way that the function would be hurt by: the clamp of a registered target, the tags of
//! targets, refusals to stop what is not running, databases that take their time. The calls that are
//! not the harness's own are remembered, and a test can have one of them go wrong.

use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context as _, Result, bail};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::aws::{AUTOSCALING, AnyNamespace as _, Aws, ECS, HARNESS, Http, RDS, Refused, form};
use crate::process;

/// One call to AWS by the function, or by a person at the command line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Call {
    /// The service as signatures name it, `ecs` for instance.
    pub service: String,
    /// The action, `UpdateService` for instance; method and path where the service has no actions.
    pub action: String,
}

impl std::fmt::Display for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.service, self.action)
    }
}

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
    decide: Mutex<BTreeMap<String, Arc<Decide>>>,
    tags: Mutex<HashMap<String, BTreeMap<String, String>>>,
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

#[derive(Debug, Default)]
struct Databases {
    looks_until_settled: u32,
    /// By ARN-like key `db:<name>` or `cluster:<name>`: what is shown, and for how many more looks.
    moving: HashMap<String, (&'static str, u32)>,
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
            decide: Mutex::default(),
            tags: Mutex::default(),
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

impl Call {
    /// Reads which call a request is.
    #[must_use]
    pub fn of(request: &Request<Bytes>) -> Self {
        let header = |name: &str| {
            request
                .headers()
                .get(name)
                .and_then(|value| value.to_str().ok())
        };
        // Credential=<key>/<day>/<Region>/<service>/aws4_request
        let service = header(AUTHORIZATION.as_str())
            .and_then(|value| value.split_once("Credential="))
            .and_then(|(_, scope)| scope.split('/').nth(3))
            .unwrap_or("unsigned");
        let action = match header("x-amz-target").and_then(|target| target.split_once('.')) {
            Some((_, action)) => action.to_owned(),
            None => form(request.body())
                .remove("Action")
                .unwrap_or_else(|| format!("{} {}", request.method(), request.uri().path())),
        };
        Self {
            service: service.to_owned(),
            action,
        }
    }
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
                refuse_missing_cluster(backends, request.body()).await?;
                self.http.send(&backends.ministack, request).await
            }
            ("ecs", "DescribeServices") => {
                let input: Value = serde_json::from_slice(request.body())?;
                if input["services"]
                    .as_array()
                    .is_some_and(|services| services.len() > 10)
                {
                    return refuse(
                        "InvalidParameterException",
                        "Services cannot have more than 10 elements.",
                    );
                }
                self.http.send(&backends.ministack, request).await
            }
            ("rds", action) => self.rds(backends, action, request).await,
            _ => self.http.send(&backends.ministack, request).await,
        }
    }

    /// moto keeps the targets; what it lacks is added here: tags, the clamp, a suspension that is
    /// said also when it was never set, and services that exist in `MiniStack` only.
    async fn autoscaling(
        &self,
        backends: &Backends,
        action: &str,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>> {
        let input: Value = serde_json::from_slice(request.body()).context("not JSON")?;
        let arn = || input["ResourceARN"].as_str().unwrap_or_default().to_owned();
        match action {
            "TagResource" => {
                let tags = tags_of(&input["Tags"]);
                lock(&self.tags).entry(arn()).or_default().extend(tags);
                json_answer(&json!({}))
            }
            "UntagResource" => {
                let keys = input["TagKeys"].as_array().cloned().unwrap_or_default();
                if let Some(tags) = lock(&self.tags).get_mut(&arn()) {
                    tags.retain(|key, _| !keys.contains(&Value::from(key.as_str())));
                }
                json_answer(&json!({}))
            }
            "ListTagsForResource" => match lock(&self.tags).get(&arn()) {
                Some(tags) => json_answer(&json!({ "Tags": tags })),
                None => refuse(
                    "ResourceNotFoundException",
                    format!("No scalable target found for {}", arn()),
                ),
            },
            "RegisterScalableTarget" => {
                known_to_moto(backends, input["ResourceId"].as_str().unwrap_or_default()).await?;
                let answer = self.http.send(&backends.moto, request).await?;
                if answer.status().is_success() {
                    let output: Value = serde_json::from_slice(answer.body())?;
                    let arn = output["ScalableTargetARN"]
                        .as_str()
                        .unwrap_or_default()
                        .to_owned();
                    lock(&self.tags)
                        .entry(arn)
                        .or_default()
                        .extend(tags_of(&input["Tags"]));
                    clamp(backends, &input).await?;
                }
                Ok(answer)
            }
            _ => {
                let answer = self.http.send(&backends.moto, request).await?;
                let Ok(mut output) = serde_json::from_slice::<Value>(answer.body()) else {
                    return Ok(answer);
                };
                let targets = output
                    .get_mut("ScalableTargets")
                    .and_then(Value::as_array_mut);
                for target in targets.into_iter().flatten() {
                    let suspended = &mut target["SuspendedState"];
                    for kind in SUSPENSIONS {
                        if suspended[kind].is_null() {
                            suspended[kind] = Value::Bool(false);
                        }
                    }
                }
                Ok(answer.map(|_| Bytes::from(output.to_string())))
            }
        }
    }

    async fn rds(
        &self,
        backends: &Backends,
        action: &str,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>> {
        let fields = form(request.body());
        let field = |name: &str| fields.get(name).cloned().unwrap_or_default();
        let (key, from, through) = match action {
            "StopDBInstance" => (
                format!("db:{}", field("DBInstanceIdentifier")),
                "available",
                "stopping",
            ),
            "StartDBInstance" => (
                format!("db:{}", field("DBInstanceIdentifier")),
                "stopped",
                "starting",
            ),
            "StopDBCluster" => (
                format!("cluster:{}", field("DBClusterIdentifier")),
                "available",
                "stopping",
            ),
            "StartDBCluster" => (
                format!("cluster:{}", field("DBClusterIdentifier")),
                "stopped",
                "starting",
            ),
            "DescribeDBInstances" | "DescribeDBClusters" => {
                let answer = self.http.send(&backends.ministack, request).await?;
                let shown =
                    lock(&self.databases).show(&String::from_utf8_lossy(answer.body()), true);
                return Ok(answer.map(|_| Bytes::from(shown)));
            }
            _ => return self.http.send(&backends.ministack, request).await,
        };
        self.refuse_moving_database(backends, &key, from).await?;
        let answer = self.http.send(&backends.ministack, request).await?;
        if !answer.status().is_success() {
            return Ok(answer);
        }
        let mut databases = lock(&self.databases);
        if databases.looks_until_settled > 0 {
            let looks = databases.looks_until_settled;
            databases.moving.insert(key, (through, looks));
        }
        let shown = databases.show(&String::from_utf8_lossy(answer.body()), false);
        Ok(answer.map(|_| Bytes::from(shown)))
    }

    /// `MiniStack` stops instances in whatever state they are, members of Aurora clusters included.
    async fn refuse_moving_database(
        &self,
        backends: &Backends,
        key: &str,
        expected: &str,
    ) -> Result<()> {
        let Some((kind, name)) = key.split_once(':') else {
            return Ok(());
        };
        let aws = Aws::at(&backends.ministack);
        let (action, parameter, element, code) = match kind {
            "db" => (
                "DescribeDBInstances",
                "DBInstanceIdentifier",
                "DBInstance",
                "InvalidDBInstanceState",
            ),
            _ => (
                "DescribeDBClusters",
                "DBClusterIdentifier",
                "DBCluster",
                "InvalidDBClusterStateFault",
            ),
        };
        let described = aws.query(RDS, action, &[(parameter, name)]).await?;
        let shown = lock(&self.databases).show(&described, false);
        let document = roxmltree::Document::parse(&shown)?;
        let Some(database) = document
            .descendants()
            .find(|node| node.has_tag_name_in_any(element))
        else {
            return Ok(());
        };
        let engine = database.child_text("Engine").unwrap_or_default();
        if kind == "db" && engine.starts_with("aurora") {
            let message =
                format!("{engine} DB instances are not eligible for stopping and starting.");
            return refuse("InvalidParameterCombination", message);
        }
        let status = database
            .child_text(status_element(element))
            .unwrap_or_default();
        if status != expected {
            return refuse(
                code,
                format!("{name} is in {status} state but expected it to be {expected}."),
            );
        }
        Ok(())
    }
}

const SUSPENSIONS: [&str; 3] = [
    "DynamicScalingInSuspended",
    "DynamicScalingOutSuspended",
    "ScheduledScalingSuspended",
];

fn tags_of(value: &Value) -> BTreeMap<String, String> {
    value
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
        .collect()
}

fn status_element(element: &str) -> &'static str {
    if element == "DBInstance" {
        "DBInstanceStatus"
    } else {
        "Status"
    }
}

impl Databases {
    /// Writes the transitional status over the settled one where a database is still moving; a
    /// look at it brings it nearer to where it goes.
    fn show(&mut self, xml: &str, look: bool) -> String {
        let Ok(document) = roxmltree::Document::parse(xml) else {
            return xml.to_owned();
        };
        let mut shown = xml.to_owned();
        let mut seen = Vec::new();
        // From the end, so that what is replaced does not move what is still to come.
        let databases: Vec<_> = document
            .descendants()
            .filter(|node| {
                node.has_tag_name_in_any("DBInstance") || node.has_tag_name_in_any("DBCluster")
            })
            .collect();
        for database in databases.into_iter().rev() {
            let element = database.tag_name().name();
            let cluster = database
                .child_text("DBClusterIdentifier")
                .map(|name| format!("cluster:{name}"));
            let instance = database
                .child_text("DBInstanceIdentifier")
                .map(|name| format!("db:{name}"));
            let mut keys = [instance, cluster].into_iter().flatten();
            let Some((key, status)) =
                keys.find_map(|key| self.moving.get(&key).map(|(status, _)| (key, *status)))
            else {
                continue;
            };
            let text = database
                .children()
                .find(|child| child.has_tag_name_in_any(status_element(element)))
                .and_then(|child| child.first_child());
            if let Some(text) = text {
                shown.replace_range(text.range(), status);
            }
            // A member shows its cluster's state; only a look at the cluster itself counts.
            if element == "DBCluster" || key.starts_with("db:") {
                seen.push(key);
            }
        }
        if look {
            for key in seen {
                if let Some((_, looks)) = self.moving.get_mut(&key) {
                    *looks = looks.saturating_sub(1);
                    if *looks == 0 {
                        self.moving.remove(&key);
                    }
                }
            }
        }
        shown
    }
}

/// `MiniStack` lists nothing where AWS knows no such cluster.
async fn refuse_missing_cluster(backends: &Backends, body: &[u8]) -> Result<()> {
    let input: Value = serde_json::from_slice(body)?;
    let cluster = input["cluster"].as_str().unwrap_or("default");
    let found = Aws::at(&backends.ministack)
        .json(ECS, "DescribeClusters", &json!({ "clusters": [cluster] }))
        .await?;
    if found["clusters"].as_array().is_none_or(Vec::is_empty) {
        return refuse("ClusterNotFoundException", "Cluster not found.");
    }
    Ok(())
}

/// moto refuses targets whose service it does not know, and it knows only its own. A service without
/// tasks there will do; one that is missing in `MiniStack` is refused as AWS would.
async fn known_to_moto(backends: &Backends, resource: &str) -> Result<()> {
    let Some((cluster, service)) = resource
        .strip_prefix("service/")
        .and_then(|rest| rest.split_once('/'))
    else {
        return Ok(());
    };
    if describe(&Aws::at(&backends.ministack), cluster, service)
        .await?
        .is_none()
    {
        return refuse(
            "ValidationException",
            format!("ECS service doesn't exist: {resource}"),
        );
    }
    let moto = Aws::at(&backends.moto);
    if matches!(describe(&moto, cluster, service).await, Ok(Some(_))) {
        return Ok(());
    }
    moto.json(ECS, "CreateCluster", &json!({ "clusterName": cluster }))
        .await?;
    let container = json!([{ "name": "any", "image": "any", "memory": 512 }]);
    moto.json(
        ECS,
        "RegisterTaskDefinition",
        &json!({ "family": service, "containerDefinitions": container }),
    )
    .await?;
    let service = json!({ "cluster": cluster, "serviceName": service, "taskDefinition": service, "desiredCount": 0 });
    moto.json(ECS, "CreateService", &service).await?;
    Ok(())
}

async fn describe(aws: &Aws, cluster: &str, service: &str) -> Result<Option<Value>> {
    let answer = aws
        .json(
            ECS,
            "DescribeServices",
            &json!({ "cluster": cluster, "services": [service] }),
        )
        .await?;
    Ok(answer["services"].get(0).cloned())
}

/// "Adjusts the capacity to place it within these bounds, even if you don't include Min/Max."
async fn clamp(backends: &Backends, input: &Value) -> Result<()> {
    let resource = input["ResourceId"].as_str().unwrap_or_default();
    let Some((cluster, service)) = resource
        .strip_prefix("service/")
        .and_then(|rest| rest.split_once('/'))
    else {
        return Ok(());
    };
    let query = json!({ "ServiceNamespace": "ecs", "ResourceIds": [resource] });
    let targets = Aws::at(&backends.moto)
        .json(AUTOSCALING, "DescribeScalableTargets", &query)
        .await?;
    let target = &targets["ScalableTargets"][0];
    let (Some(min), Some(max)) = (
        target["MinCapacity"].as_i64(),
        target["MaxCapacity"].as_i64(),
    ) else {
        return Ok(());
    };
    let ministack = Aws::at(&backends.ministack);
    let Some(desired) = describe(&ministack, cluster, service)
        .await?
        .and_then(|found| found["desiredCount"].as_i64())
    else {
        return Ok(());
    };
    let clamped = desired.min(max).max(min);
    if clamped != desired {
        let update = json!({ "cluster": cluster, "service": service, "desiredCount": clamped });
        ministack.json(ECS, "UpdateService", &update).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &str = "<R><DBInstances>\
        <DBInstance><DBInstanceIdentifier>a</DBInstanceIdentifier><DBInstanceStatus>available</DBInstanceStatus>\
        <DBClusterIdentifier></DBClusterIdentifier></DBInstance>\
        <DBInstance><DBInstanceIdentifier>b</DBInstanceIdentifier><DBInstanceStatus>available</DBInstanceStatus>\
        <DBClusterIdentifier>c</DBClusterIdentifier></DBInstance></DBInstances></R>";

    #[test]
    fn a_moving_database_settles_after_so_many_looks() {
        let mut databases = Databases::default();
        databases.moving.insert("db:a".into(), ("starting", 2));
        let starting = TWO.replacen("available", "starting", 1);
        assert_eq!(databases.show(TWO, false), starting);
        assert_eq!(databases.show(TWO, true), starting);
        assert_eq!(databases.show(TWO, true), starting);
        assert_eq!(databases.show(TWO, true), TWO);
    }

    #[test]
    fn a_member_shows_what_its_cluster_does() {
        let mut databases = Databases::default();
        databases.moving.insert("cluster:c".into(), ("stopping", 1));
        assert!(
            databases
                .show(TWO, true)
                .contains("<DBInstanceStatus>stopping</DBInstanceStatus><DBClusterIdentifier>c")
        );
        let cluster = "<R><DBCluster><DBClusterIdentifier>c</DBClusterIdentifier><Status>stopped</Status></DBCluster></R>";
        assert!(
            databases
                .show(cluster, true)
                .contains("<Status>stopping</Status>")
        );
        assert_eq!(databases.show(cluster, true), cluster);
    }
}
