//! The local AWS: started, deployed to, asked, and gone when it is dropped.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use hyper::body::Bytes;
use hyper::{Method, Request};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::aws::{
    ACCOUNT, AUTOSCALING, AnyNamespace as _, Aws, CLOUDFORMATION, ECS, Http, LOGS, RDS, REGION,
    SSM, percent,
};
use crate::gateway::Gateway;
use crate::process::Service;

pub(crate) const STACK: &str = "nightshift";

/// `MiniStack` and moto behind the gateway.
///
/// The order of the fields is the order in which they go: nothing listens before what it answers for.
#[derive(Debug)]
pub struct LocalAws {
    /// Who called what, and what is to go wrong.
    pub gateway: Gateway,
    /// For the calls that the harness makes itself.
    pub aws: Aws,
    services: [Service; 2],
    ministack: String,
    moto: String,
    directory: PathBuf,
}

/// How the template is deployed.
#[derive(Clone, Debug)]
pub struct Deployment {
    /// Each function's zip by the function's name; one zip for all where there is none.
    pub zips: Zips,
    /// The template's parameters, where they differ from its defaults.
    pub parameters: BTreeMap<String, String>,
}

/// Where the functions' zips are.
#[derive(Clone, Debug)]
pub enum Zips {
    /// Where `make build` leaves them.
    Built,
    /// The same for every function.
    One(PathBuf),
}

impl Zips {
    fn of(&self, function: &str) -> PathBuf {
        match self {
            Self::Built => root().join(format!("target/lambda/{function}/bootstrap.zip")),
            Self::One(zip) => zip.clone(),
        }
    }
}

impl Deployment {
    /// The zips that `make build` leaves, for this machine, with played time and no schedule.
    #[must_use]
    pub fn built() -> Self {
        Self::from(Zips::Built)
    }

    /// Any zip with a `bootstrap` for this machine, for every function.
    #[must_use]
    pub fn of(zip: PathBuf) -> Self {
        Self::from(Zips::One(zip))
    }

    fn from(zips: Zips) -> Self {
        let architecture = if cfg!(target_arch = "aarch64") {
            "arm64"
        } else {
            "x86_64"
        };
        let parameters = [
            ("Architecture", architecture),
            ("AllowAt", "true"),
            ("Schedule", "DISABLED"),
        ];
        Self {
            zips,
            parameters: parameters
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
        }
    }

    /// Sets one of the template's parameters.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.parameters.insert(name.to_owned(), value.to_owned());
        self
    }
}

/// The stack as deployed.
#[derive(Clone, Debug)]
pub struct Stack {
    /// The name of power-staging as deployed.
    pub function: String,
    /// The name of scale-production as deployed.
    pub slimmer: String,
    /// The name of explain-rollback as deployed.
    pub explainer: String,
    /// The name of rotate-secrets as deployed.
    pub rotator: String,
    /// The name of notify-slack as deployed.
    pub notifier: String,
    /// The ledger's table.
    pub table: String,
    /// The topic that reports go to.
    pub topic: String,
    /// The physical names of all its resources, by logical id.
    pub resources: BTreeMap<String, String>,
}

/// What came back from one invocation.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// The answer, or the error's payload.
    pub payload: Value,
    /// Whether the function failed.
    pub failed: bool,
    /// What it wrote to its log, line by line.
    pub log: Vec<String>,
}

impl Invocation {
    /// The answer.
    ///
    /// # Errors
    /// When the function failed, with what it said and logged.
    pub fn answer(self) -> Result<Value> {
        ensure!(
            !self.failed,
            "the function failed: {}\n{}",
            self.payload,
            self.log.join("\n")
        );
        Ok(self.payload)
    }
}

/// Everything that must come back as it was. Deployments are left out: they get new ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// By `cluster/service`.
    pub services: BTreeMap<String, ServiceState>,
    /// By `db:name` and `cluster:name`.
    pub databases: BTreeMap<String, String>,
    /// The capacity ranges of Aurora Serverless v2 clusters, by their names.
    pub capacities: BTreeMap<String, String>,
}

/// One ECS service and, where it has one, its scalable target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceState {
    /// How many tasks are wanted.
    pub desired: i64,
    /// How many run.
    pub running: i64,
    /// The scalable target.
    pub target: Option<Target>,
}

/// The bounds and the suspension of a scalable target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// The fewest tasks.
    pub min: i64,
    /// The most tasks.
    pub max: i64,
    /// Whether scaling in is suspended.
    pub scale_in: bool,
    /// Whether scaling out is suspended.
    pub scale_out: bool,
    /// Whether scheduled scaling is suspended.
    pub scheduled: bool,
}

impl fmt::Display for ServiceState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.running, self.desired)?;
        let Some(target) = self.target else {
            return Ok(());
        };
        write!(f, " within {}..{}", target.min, target.max)?;
        let suspended = [
            (target.scale_in, "in"),
            (target.scale_out, "out"),
            (target.scheduled, "scheduled"),
        ];
        let suspended: Vec<_> = suspended
            .into_iter()
            .filter_map(|(is, name)| is.then_some(name))
            .collect();
        if !suspended.is_empty() {
            write!(f, ", suspended: {}", suspended.join("+"))?;
        }
        Ok(())
    }
}

impl fmt::Display for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, state) in &self.services {
            writeln!(f, "{name}: {state}")?;
        }
        for (name, status) in &self.databases {
            writeln!(f, "{name}: {status}")?;
        }
        for (name, range) in &self.capacities {
            writeln!(f, "{name}: {range}")?;
        }
        Ok(())
    }
}

/// The workspace's directory.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .map(Path::to_path_buf)
        .unwrap_or_default()
}

/// A port that is free now and stays so: below those that the kernel gives to whoever connects to
/// something, and at another place for each process, so that tests side by side do not meet.
fn free_port() -> Result<u16> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    const FIRST: u32 = 10_000;
    const COUNT: u32 = 20_000;

    for _ in 0..COUNT {
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = FIRST + std::process::id().wrapping_mul(31).wrapping_add(next) % COUNT;
        let port = u16::try_from(port)?;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("no free port")
}

/// Removes what was left by runs that were killed or failed, other than while they still run.
fn remove_abandoned(all: &Path) {
    let Ok(entries) = std::fs::read_dir(all) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let pid = name
            .to_str()
            .and_then(|name| name.split('-').next())
            .unwrap_or_default();
        if !pid.is_empty() && !Path::new("/proc").join(pid).exists() {
            // Another one of us may be at it as well.
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

impl LocalAws {
    /// Starts everything and waits until it answers.
    ///
    /// # Errors
    /// When the tools are not set up, or do not come up in half a minute.
    pub async fn start() -> Result<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);

        let bin = root().join(".venv/bin");
        ensure!(
            bin.join("ministack").exists(),
            "the tools are not set up: run `make build` first"
        );
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let all = root().join("target/local-aws");
        remove_abandoned(&all);
        let directory = all.join(format!("{}-{number}", std::process::id()));
        std::fs::create_dir_all(directory.join("tmp"))
            .with_context(|| directory.display().to_string())?;

        let gateway = Gateway::listen().await?;
        let (ministack_port, moto_port) = (free_port()?, free_port()?);
        let path = std::env::var("PATH").unwrap_or_default();
        let common = [
            ("PATH", path),
            ("HOME", directory.display().to_string()),
            ("TMPDIR", directory.join("tmp").display().to_string()),
            // Where there is Docker, databases and tasks would become containers.
            ("DOCKER_HOST", "unix:///nonexistent".to_owned()),
        ];
        let ministack = Service::start(
            &bin.join("ministack"),
            &[],
            common.clone().into_iter().chain([
                // Handed on to the functions.
                (
                    "AWS_ENDPOINT_URL",
                    format!("http://{}", gateway.authority()),
                ),
                ("BIND_HOST", "127.0.0.1".to_owned()),
                ("GATEWAY_PORT", ministack_port.to_string()),
                // Listeners on fixed ports, which a second one of us would miss.
                ("IOT_MTLS_ENABLED", "0".to_owned()),
                ("SFTP_ENABLED", "0".to_owned()),
                ("MINISTACK_ACCOUNT_ID", ACCOUNT.to_owned()),
                ("MINISTACK_HOST", "127.0.0.1".to_owned()),
                ("MINISTACK_REGION", REGION.to_owned()),
                (
                    "S3_DATA_DIR",
                    directory.join("tmp/s3").display().to_string(),
                ),
                (
                    "STATE_DIR",
                    directory.join("tmp/state").display().to_string(),
                ),
            ]),
            &directory.join("ministack.log"),
        )?;
        let moto = Service::start(
            &bin.join("moto_server"),
            &["-H", "127.0.0.1", "-p", &moto_port.to_string()],
            common
                .into_iter()
                .chain([("MOTO_ACCOUNT_ID", ACCOUNT.to_owned())]),
            &directory.join("moto.log"),
        )?;
        let ministack_at = format!("127.0.0.1:{ministack_port}");
        let moto_at = format!("127.0.0.1:{moto_port}");
        gateway.connect(&ministack_at, ministack.group(), &moto_at);
        let aws = Aws::at(gateway.authority());
        let local = Self {
            gateway,
            aws,
            services: [ministack, moto],
            ministack: ministack_at,
            moto: moto_at,
            directory,
        };
        local
            .until_answers(&local.ministack, "/_ministack/health", "ministack.log")
            .await?;
        local
            .until_answers(&local.moto, "/moto-api/", "moto.log")
            .await?;
        Ok(local)
    }

    async fn until_answers(&self, authority: &str, path: &str, log: &str) -> Result<()> {
        let http = Http::default();
        let asking = async {
            loop {
                let request = Request::get(path).body(Bytes::new())?;
                match http.send(authority, request).await {
                    Ok(answer) if answer.status().is_success() => return anyhow::Ok(()),
                    _ => tokio::time::sleep(Duration::from_millis(50)).await,
                }
            }
        };
        if let Ok(answered) = tokio::time::timeout(Duration::from_secs(30), asking).await {
            return answered;
        }
        let said = std::fs::read_to_string(self.directory.join(log)).unwrap_or_default();
        bail!("nothing answers at {authority}; {log} says:\n{said}")
    }

    /// The process groups of `MiniStack`, where functions run as well, and of moto.
    #[must_use]
    pub fn groups(&self) -> [u32; 2] {
        [self.services[0].group(), self.services[1].group()]
    }

    /// `MiniStack` and moto as they are, past the gateway that mends them.
    #[must_use]
    pub fn unmended(&self) -> [Aws; 2] {
        [Aws::at(&self.ministack), Aws::at(&self.moto)]
    }

    /// The address to set as `AWS_ENDPOINT_URL`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.gateway.authority())
    }

    /// Deploys the template with `sam deploy`, as on AWS; only the code's place is another one.
    ///
    /// # Errors
    /// When it does not succeed, with all that sam said.
    pub async fn deploy(&self, deployment: &Deployment) -> Result<Stack> {
        let template =
            std::fs::read_to_string(root().join("template.yaml")).context("template.yaml")?;
        let derived = derive(&template, &deployment.zips)?;
        let file = self.directory.join("template.yaml");
        std::fs::write(&file, derived)?;
        let parameters = deployment
            .parameters
            .iter()
            .map(|(name, value)| format!("{name}={value}"));
        let output = Command::new(root().join(".venv/bin/sam"))
            .args([
                "deploy",
                "--stack-name",
                STACK,
                "--region",
                REGION,
                "--resolve-s3",
            ])
            .args([
                "--capabilities",
                "CAPABILITY_IAM",
                "--no-confirm-changeset",
                "--no-fail-on-empty-changeset",
            ])
            .arg("--template-file")
            .arg(&file)
            .arg("--parameter-overrides")
            .args(parameters)
            .current_dir(&self.directory)
            // Nothing of the developer's own account can get in.
            .env_clear()
            .envs([
                ("AWS_ACCESS_KEY_ID", "test"),
                ("AWS_SECRET_ACCESS_KEY", "test"),
                ("AWS_DEFAULT_REGION", REGION),
                ("AWS_EC2_METADATA_DISABLED", "true"),
                ("AWS_ENDPOINT_URL", &format!("http://{}", self.ministack)),
                ("HOME", &self.directory.display().to_string()),
                ("PATH", &std::env::var("PATH").unwrap_or_default()),
                ("SAM_CLI_TELEMETRY", "0"),
                ("SAM_CLI_POLL_DELAY", "0.5"),
            ])
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await
            .context("sam")?;
        if !output.status.success() {
            let said = [output.stdout, output.stderr]
                .map(|said| String::from_utf8_lossy(&said).into_owned());
            bail!("sam deploy failed:\n{}", said.concat());
        }
        self.stack().await
    }

    async fn stack(&self) -> Result<Stack> {
        let described = self
            .aws
            .query(CLOUDFORMATION, "DescribeStacks", &[("StackName", STACK)])
            .await?;
        let mut outputs = pairs(&described, "member", "OutputKey", "OutputValue")?;
        let listed = self
            .aws
            .query(
                CLOUDFORMATION,
                "DescribeStackResources",
                &[("StackName", STACK)],
            )
            .await?;
        let resources = pairs(&listed, "member", "LogicalResourceId", "PhysicalResourceId")?;
        let mut output = |name: &str| {
            outputs
                .remove(name)
                .ok_or_else(|| anyhow!("the stack has no output {name}"))
        };
        Ok(Stack {
            function: output("PowerStagingFunction")?,
            slimmer: output("ScaleProductionFunction")?,
            explainer: output("ExplainRollbackFunction")?,
            rotator: output("RotateSecretsFunction")?,
            notifier: output("NotifySlackFunction")?,
            table: output("LedgerTable")?,
            topic: output("ReportsTopic")?,
            resources,
        })
    }

    /// Invokes a function and waits for its answer.
    ///
    /// # Errors
    /// When there is no such function. One that fails is an answer.
    pub async fn invoke(&self, function: &str, payload: &Value) -> Result<Invocation> {
        let path = format!("/2015-03-31/functions/{}/invocations", percent(function));
        let headers = [("x-amz-log-type", "Tail")];
        let answer = self
            .aws
            .rest_raw("lambda", Method::POST, &path, &headers, Some(payload))
            .await?;
        let header = |name: &str| {
            answer
                .headers()
                .get(name)
                .and_then(|value| value.to_str().ok())
        };
        let status = answer.status();
        ensure!(
            status.is_success(),
            "invoking {function}: {status} {}",
            String::from_utf8_lossy(answer.body())
        );
        let log = header("x-amz-log-result")
            .map(from_base64)
            .transpose()?
            .unwrap_or_default();
        Ok(Invocation {
            failed: header("x-amz-function-error").is_some(),
            log: String::from_utf8_lossy(&log)
                .lines()
                .map(str::to_owned)
                .collect(),
            payload: serde_json::from_slice(answer.body()).unwrap_or_default(),
        })
    }

    /// Leaves an event with Lambda, which brings it to the function, and again when that fails.
    ///
    /// # Errors
    /// When there is no such function.
    pub async fn leave(&self, function: &str, event: &Value) -> Result<()> {
        let path = format!("/2015-03-31/functions/{}/invocations", percent(function));
        let headers = [("x-amz-invocation-type", "Event")];
        let answer = self
            .aws
            .rest_raw("lambda", Method::POST, &path, &headers, Some(event))
            .await?;
        let status = answer.status();
        ensure!(
            status.is_success(),
            "leaving an event for {function}: {status}"
        );
        Ok(())
    }

    /// Everything that a function has written to its log, in the order of time.
    ///
    /// # Errors
    /// When it has no log group.
    pub async fn log(&self, function: &str) -> Result<Vec<String>> {
        let query = json!({ "logGroupName": format!("/aws/lambda/{function}") });
        let found = self.aws.json(LOGS, "FilterLogEvents", &query).await?;
        let messages = array(&found, "events").filter_map(|event| event["message"].as_str());
        Ok(messages.map(str::to_owned).collect())
    }

    /// Writes a configuration document.
    ///
    /// # Errors
    /// When Parameter Store refuses it.
    pub async fn put_document(&self, name: &str, text: &str) -> Result<()> {
        // AWS refuses what the standard tier cannot hold; the emulator does not.
        ensure!(
            text.len() <= 4096,
            "{name} has {} bytes, and Parameter Store takes 4,096",
            text.len()
        );
        let input = json!({ "Name": name, "Value": text, "Type": "String", "Overwrite": true });
        self.aws.json(SSM, "PutParameter", &input).await?;
        Ok(())
    }

    /// Writes a secret.
    ///
    /// # Errors
    /// When Parameter Store refuses it.
    pub async fn put_secret(&self, name: &str, text: &str) -> Result<()> {
        let input =
            json!({ "Name": name, "Value": text, "Type": "SecureString", "Overwrite": true });
        self.aws.json(SSM, "PutParameter", &input).await?;
        Ok(())
    }

    /// Removes a configuration document.
    ///
    /// # Errors
    /// When there is none of that name.
    pub async fn delete_document(&self, name: &str) -> Result<()> {
        self.aws
            .json(SSM, "DeleteParameter", &json!({ "Name": name }))
            .await?;
        Ok(())
    }

    /// Enables or disables the schedules of all functions.
    ///
    /// # Errors
    /// When there is none.
    pub async fn set_schedule(&self, stack: &Stack, enabled: bool) -> Result<()> {
        let ticks = stack
            .resources
            .iter()
            .filter(|(id, _)| id.ends_with("Tick"));
        for (_, name) in ticks {
            self.set_one_schedule(name, enabled).await?;
        }
        Ok(())
    }

    async fn set_one_schedule(&self, name: &str, enabled: bool) -> Result<()> {
        let path = format!("/schedules/{name}");
        let found = self.aws.rest("scheduler", Method::GET, &path, None).await?;
        let mut update = json!({ "State": if enabled { "ENABLED" } else { "DISABLED" } });
        for field in ["ScheduleExpression", "FlexibleTimeWindow", "Target"] {
            update[field] = found[field].clone();
        }
        self.aws
            .rest("scheduler", Method::PUT, &path, Some(&update))
            .await?;
        Ok(())
    }

    /// Reads all services, targets and databases.
    ///
    /// # Errors
    /// When one of them cannot be read.
    pub async fn snapshot(&self) -> Result<Snapshot> {
        let mut snapshot = Snapshot::default();
        let query = json!({ "ServiceNamespace": "ecs" });
        let found = self
            .aws
            .json(AUTOSCALING, "DescribeScalableTargets", &query)
            .await?;
        let targets: BTreeMap<&str, Target> = array(&found, "ScalableTargets")
            .filter_map(|target| Some((target["ResourceId"].as_str()?, Target::read(target)?)))
            .collect();
        let clusters = self.aws.json(ECS, "ListClusters", &json!({})).await?;
        for cluster in array(&clusters, "clusterArns").filter_map(Value::as_str) {
            let listed = self
                .aws
                .json(ECS, "ListServices", &json!({ "cluster": cluster }))
                .await?;
            for arns in listed["serviceArns"]
                .as_array()
                .map(Vec::as_slice)
                .unwrap_or_default()
                .chunks(10)
            {
                let described = self
                    .aws
                    .json(
                        ECS,
                        "DescribeServices",
                        &json!({ "cluster": cluster, "services": arns }),
                    )
                    .await?;
                for service in array(&described, "services") {
                    let (Some((_, name)), Some(desired), Some(running)) = (
                        service["serviceArn"]
                            .as_str()
                            .and_then(|arn| arn.split_once(":service/")),
                        service["desiredCount"].as_i64(),
                        service["runningCount"].as_i64(),
                    ) else {
                        bail!("a service without name or counts: {service}");
                    };
                    let target = targets.get(format!("service/{name}").as_str()).copied();
                    snapshot.services.insert(
                        name.to_owned(),
                        ServiceState {
                            desired,
                            running,
                            target,
                        },
                    );
                }
            }
        }
        let instances = self.aws.query(RDS, "DescribeDBInstances", &[]).await?;
        for (name, status) in pairs(
            &instances,
            "DBInstance",
            "DBInstanceIdentifier",
            "DBInstanceStatus",
        )? {
            snapshot.databases.insert(format!("db:{name}"), status);
        }
        let clusters = self.aws.query(RDS, "DescribeDBClusters", &[]).await?;
        for (name, status) in pairs(&clusters, "DBCluster", "DBClusterIdentifier", "Status")? {
            snapshot.databases.insert(format!("cluster:{name}"), status);
        }
        snapshot.capacities = capacities(&clusters)?;
        Ok(snapshot)
    }
}

impl Drop for LocalAws {
    fn drop(&mut self) {
        // What a failed test leaves is there to be read.
        if !std::thread::panicking() {
            let _ = std::fs::remove_dir_all(&self.directory);
        }
    }
}

impl Target {
    fn read(target: &Value) -> Option<Self> {
        let suspended = |kind: &str| target["SuspendedState"][kind].as_bool().unwrap_or_default();
        Some(Self {
            min: target["MinCapacity"].as_i64()?,
            max: target["MaxCapacity"].as_i64()?,
            scale_in: suspended("DynamicScalingInSuspended"),
            scale_out: suspended("DynamicScalingOutSuspended"),
            scheduled: suspended("ScheduledScalingSuspended"),
        })
    }
}

fn array<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    value[name].as_array().into_iter().flatten()
}

fn capacities(xml: &str) -> Result<BTreeMap<String, String>> {
    let document = roxmltree::Document::parse(xml).context("not XML")?;
    let clusters = document
        .descendants()
        .filter(|node| node.has_tag_name_in_any("DBCluster"));
    let range = |cluster: roxmltree::Node<'_, '_>| {
        let range = cluster
            .children()
            .find(|child| child.has_tag_name_in_any("ServerlessV2ScalingConfiguration"))?;
        let bound = |name: &str| range.child_text(name)?.parse::<f64>().ok();
        let (min, max) = (bound("MinCapacity")?, bound("MaxCapacity")?);
        let name = cluster.child_text("DBClusterIdentifier")?;
        Some((name.to_owned(), format!("{min}..{max} ACU")))
    };
    Ok(clusters.filter_map(range).collect())
}

fn pairs(xml: &str, element: &str, key: &str, value: &str) -> Result<BTreeMap<String, String>> {
    let document = roxmltree::Document::parse(xml).context("not XML")?;
    let nodes = document
        .descendants()
        .filter(|node| node.has_tag_name_in_any(element));
    Ok(nodes
        .filter_map(|node| Some((node.child_text(key)?.into(), node.child_text(value)?.into())))
        .collect())
}

/// The template with the built zips in the place of the sources, and this machine's certificates in
/// that of the runtime's: the functions read them although nothing here speaks TLS.
fn derive(template: &str, zips: &Zips) -> Result<String> {
    const SOURCES: &str = "CodeUri: functions/";
    const CERTIFICATES: &str = "/etc/pki/tls/certs/ca-bundle.crt";
    const PLACES: [&str; 3] = [
        CERTIFICATES,
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/ssl/cert.pem",
    ];

    ensure!(template.contains(SOURCES), "template.yaml has no {SOURCES}");
    let mut derived = String::new();
    for line in template.lines() {
        if let Some((indent, function)) = line.split_once(SOURCES) {
            let zip = zips.of(function);
            ensure!(
                zip.exists(),
                "{} is not there: run `make build` first",
                zip.display()
            );
            writeln!(derived, "{indent}CodeUri: {}", zip.display())?;
        } else {
            writeln!(derived, "{line}")?;
        }
    }
    let certificates = PLACES
        .into_iter()
        .find(|place| Path::new(place).exists())
        .unwrap_or(CERTIFICATES);
    Ok(derived.replace(CERTIFICATES, certificates))
}

fn from_base64(text: &str) -> Result<Vec<u8>> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut held) = (0_u32, 0_u32);
    for byte in text.bytes().filter(|byte| *byte != b'=') {
        let digit = ALPHABET
            .iter()
            .position(|known| *known == byte)
            .context("not base64")?;
        bits = (bits << 6) | u32::try_from(digit)?;
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push(u8::try_from((bits >> held) & 0xff)?);
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_read() {
        assert_eq!(from_base64("bmlnaHRzaGlmdCE=").unwrap(), b"nightshift!");
    }

    #[test]
    fn the_template_says_what_is_replaced() {
        let template = std::fs::read_to_string(root().join("template.yaml")).unwrap();
        let derived = derive(&template, &Zips::One("/dev/null".into())).unwrap();
        assert!(
            derived.contains("CodeUri: /dev/null\n") && !derived.contains("CodeUri: functions")
        );
    }
}
