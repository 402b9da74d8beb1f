//! A function's own binary on the simulated cloud, with a Runtime API of its own, so that several of
//! them run beside each other on one cloud.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, Result, ensure};
use nightshift_cloud::front::runtime::{Answer, Listening, Runtime};
use nightshift_cloud::front::{Front, Program};
use serde_json::Value;
use tokio::process::{Child, Command};

use crate::cloud::{built, program};

/// A process that waits for what it is invoked with. It ends when this is dropped.
#[derive(Debug)]
pub struct Function {
    program: Program,
    runtime: Runtime,
    _door: Listening,
    _child: Child,
}

impl Function {
    /// Starts the binary that `make build` leaves of a function, with the front as its AWS and with
    /// what its environment has beside what every function's has; its log lies in a directory.
    ///
    /// # Errors
    /// When there is no binary, or it cannot be started.
    pub async fn start(
        front: &Front,
        name: &str,
        logs: &Path,
        more: &[(&str, String)],
    ) -> Result<Self> {
        let program = program(name, built(name), logs);
        let binary = program.binary.display();
        ensure!(program.binary.exists(), "no {binary}: run `make build`");
        let runtime = Runtime::new(name);
        let door = runtime.listen().await?;
        let out = std::fs::File::create(&program.log);
        let out = out.with_context(|| program.log.display().to_string())?;
        let child = Command::new(&program.binary)
            .env_clear()
            .envs(program.environment(front))
            .env("AWS_LAMBDA_RUNTIME_API", door.authority())
            .envs(more.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(out.try_clone()?)
            .stderr(out)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {binary}"))?;
        Ok(Self {
            program,
            runtime,
            _door: door,
            _child: child,
        })
    }

    /// Invokes it and waits for what it answers, also if that is an error.
    ///
    /// # Errors
    /// When it ends instead of answering, or does not answer in time.
    pub async fn ask(&mut self, payload: &Value) -> Result<Answer> {
        let answered = self.runtime.invoke(payload).await;
        answered.with_context(|| format!("{}, see {}", self.name(), self.program.log.display()))
    }

    /// Invokes it and waits for its answer.
    ///
    /// # Errors
    /// When it fails, or as [`Function::ask`].
    pub async fn invoke(&mut self, payload: &Value) -> Result<Value> {
        let answered = self.ask(payload).await?.good();
        let answer = answered.with_context(|| format!("{} at {payload}", self.name()))?;
        Ok(answer.payload)
    }

    /// Everything that it wrote so far.
    ///
    /// # Errors
    /// When its log cannot be read.
    pub fn log(&self) -> Result<String> {
        let log: &PathBuf = &self.program.log;
        std::fs::read_to_string(log).with_context(|| log.display().to_string())
    }

    fn name(&self) -> &str {
        &self.program.function
    }
}
