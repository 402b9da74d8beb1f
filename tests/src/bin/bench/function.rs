//! One process of a function, as Lambda would start it.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use nightshift_cloud::front::runtime::{Answer, Listening, Runtime};
use nightshift_tests::aws::REGION;
use serde_json::Value;
use tokio::process::{Child, Command};

use crate::endpoint::Endpoint;
use crate::share::{Hold, Throttle};

/// Waits for a word, so that the process can be put where it belongs before it becomes the function.
const WAIT: &str = r#"read -r go; exec "$0""#;

/// How much of a core there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cpu {
    /// All that the machine has.
    Full,
    /// What a function of 128 MB gets.
    Share,
}

/// What is started, and where its output goes.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    /// The function's name.
    pub(crate) name: String,
    /// The binary.
    pub(crate) binary: PathBuf,
    /// What it wants to know, beyond what Lambda tells every function.
    pub(crate) environment: Vec<(&'static str, String)>,
    /// Its log.
    pub(crate) log: PathBuf,
}

impl Program {
    /// A function without an environment of its own.
    #[must_use]
    pub(crate) fn new(name: &str, binary: PathBuf, directory: &Path) -> Self {
        Self {
            name: name.to_owned(),
            binary,
            environment: Vec::new(),
            log: directory.join(format!("{name}.log")),
        }
    }

    /// What the functions want to know of where they are.
    #[must_use]
    pub(crate) fn on(
        mut self,
        endpoint: &Endpoint,
        table: &str,
        topic: &str,
        prefix: &str,
    ) -> Self {
        self.environment = vec![
            ("AWS_ENDPOINT_URL", endpoint.url()),
            ("NIGHTSHIFT_ALLOW_AT", "true".to_owned()),
            ("NIGHTSHIFT_MODE", "act".to_owned()),
            ("NIGHTSHIFT_PREFIX", prefix.to_owned()),
            ("NIGHTSHIFT_TABLE", table.to_owned()),
            ("NIGHTSHIFT_TOPIC_ARN", topic.to_owned()),
            ("SSL_CERT_FILE", endpoint.bundle().display().to_string()),
        ];
        self
    }

    /// With one variable more.
    #[must_use]
    pub(crate) fn with(mut self, name: &'static str, value: String) -> Self {
        self.environment.push((name, value));
        self
    }
}

/// The running process.
#[derive(Debug)]
pub(crate) struct Function {
    /// When it was told to start.
    pub(crate) started: Instant,
    runtime: Runtime,
    _door: Listening,
    child: Child,
    pid: u32,
    before: Duration,
    log: PathBuf,
    _hold: Option<Hold>,
}

impl Function {
    /// Starts it, with these events laid out.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(crate) async fn start(
        program: &Program,
        cpu: Cpu,
        throttle: &Throttle,
        events: &[Value],
    ) -> Result<Self> {
        let runtime = Runtime::new(&program.name);
        let door = runtime.listen().await?;
        for event in events {
            runtime.send(event)?;
        }
        let out = File::create(&program.log).with_context(|| program.log.display().to_string())?;
        let mut child = Command::new("/bin/sh")
            .args(["-c", WAIT])
            .arg(&program.binary)
            .env_clear()
            .envs([
                ("AWS_ACCESS_KEY_ID", "test"),
                ("AWS_DEFAULT_REGION", REGION),
                ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
                ("AWS_LAMBDA_FUNCTION_NAME", &program.name),
                ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
                ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/bench"),
                ("AWS_LAMBDA_LOG_STREAM_NAME", "bench"),
                ("AWS_LAMBDA_RUNTIME_API", &door.authority()),
                ("AWS_REGION", REGION),
                ("AWS_SECRET_ACCESS_KEY", "test"),
                ("AWS_SESSION_TOKEN", "test"),
                ("LANG", "en_US.UTF-8"),
                ("PATH", "/usr/local/bin:/usr/bin:/bin"),
                ("TZ", ":UTC"),
                ("_HANDLER", "bootstrap"),
            ])
            .envs(program.environment.iter().map(|(k, v)| (*k, v.as_str())))
            .stdin(Stdio::piped())
            .stdout(out.try_clone()?)
            .stderr(out)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {}", program.binary.display()))?;
        let pid = child.id().context("the process is gone")?;
        let go = child.stdin.take().context("no standard input")?;
        let mut go = File::from(go.into_owned_fd()?);
        // The shell gets to where it waits.
        tokio::time::sleep(Duration::from_millis(10)).await;
        let hold = match cpu {
            Cpu::Full => None,
            Cpu::Share => Some(throttle.hold(pid)?),
        };
        let before = used(pid)?;
        let started = Instant::now();
        go.write_all(b"\n")?;
        Ok(Self {
            started,
            runtime,
            _door: door,
            child,
            pid,
            before,
            log: program.log.clone(),
            _hold: hold,
        })
    }

    /// Waits until it asks for an event.
    ///
    /// # Errors
    /// When it does not, with what it wrote.
    pub(crate) async fn polled(&mut self) -> Result<Instant> {
        let polled = self.runtime.polled().await;
        polled.with_context(|| self.said())
    }

    /// Waits for an answer that is not an error.
    ///
    /// # Errors
    /// When it does not come, with what the function wrote.
    pub(crate) async fn answered(&mut self) -> Result<Answer> {
        let answered = self.runtime.answered().await.and_then(Answer::good);
        answered.with_context(|| self.said())
    }

    /// Hands it an event and waits for the answer; says how long that took.
    ///
    /// # Errors
    /// When it fails.
    pub(crate) async fn invoke(&mut self, payload: &Value) -> Result<(Answer, Duration)> {
        self.polled().await?;
        let sent = Instant::now();
        self.runtime.send(payload)?;
        let answer = self.answered().await?;
        let took = answer.at - sent;
        Ok((answer, took))
    }

    /// The process's number.
    #[must_use]
    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    /// How much of a processor it has used since its start.
    ///
    /// # Errors
    /// When it is gone.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        Ok(used(self.pid)?.saturating_sub(self.before))
    }

    /// The most memory that was ever resident, in bytes.
    ///
    /// # Errors
    /// When it is gone.
    pub(crate) fn peak(&self) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid))?;
        let peak = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))
            .and_then(|text| text.trim().strip_suffix(" kB"))
            .context("no VmHWM in the process's status")?;
        Ok(peak.trim().parse::<u64>()? * 1024)
    }

    /// From here on the peak is counted anew.
    ///
    /// # Errors
    /// When it is gone.
    pub(crate) fn forget_peak(&self) -> Result<()> {
        let path = format!("/proc/{}/clear_refs", self.pid);
        fs::write(&path, "5").context(path)
    }

    /// Ends it.
    ///
    /// # Errors
    /// When it cannot be waited for.
    pub(crate) async fn end(mut self) -> Result<()> {
        self.child
            .kill()
            .await
            .context("the function cannot be killed")
    }

    fn said(&self) -> String {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        let last = lines.len().saturating_sub(20);
        format!(
            "{} ends with:\n{}",
            self.log.display(),
            lines[last..].join("\n")
        )
    }
}

/// The time that all threads of a process were on a processor.
fn used(pid: u32) -> Result<Duration> {
    let mut total = 0;
    for task in fs::read_dir(format!("/proc/{pid}/task"))? {
        let stat = fs::read_to_string(task?.path().join("schedstat")).unwrap_or_default();
        total += stat
            .split(' ')
            .next()
            .and_then(|nanoseconds| nanoseconds.parse::<u64>().ok())
            .unwrap_or(0);
    }
    Ok(Duration::from_nanos(total))
}
