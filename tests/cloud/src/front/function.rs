//! A function's own binary, started as Lambda would, with the front as its AWS.

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
};

use anyhow::{Context as _, Result};
use tokio::process::{Child, Command};

use super::{Front, Stack};
use crate::{services::sns, world::REGION};

/// The function reads the machine's certificates although nothing here speaks TLS.
const CERTIFICATES: [&str; 3] = [
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/ssl/cert.pem",
];

/// What is started, and where its output goes.
#[derive(Clone, Debug)]
pub struct Program {
    /// The function's name.
    pub function: String,
    /// The binary.
    pub binary: PathBuf,
    /// Its log.
    pub log: PathBuf,
}

impl Program {
    /// What a binary has to find in its environment to have the front as its AWS, the keys that make
    /// the function's policy apply to it among them.
    #[must_use]
    pub fn environment(&self, front: &Front) -> Vec<(&'static str, String)> {
        let certificates = CERTIFICATES.into_iter().find(|at| Path::new(at).exists());
        let text = str::to_owned;
        vec![
            ("AWS_ACCESS_KEY_ID", format!("function.{}", self.function)),
            ("AWS_DEFAULT_REGION", text(REGION)),
            ("AWS_ENDPOINT_URL", front.endpoint()),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", text("128")),
            ("AWS_LAMBDA_FUNCTION_NAME", self.function.clone()),
            ("AWS_LAMBDA_FUNCTION_VERSION", text("$LATEST")),
            (
                "AWS_LAMBDA_LOG_GROUP_NAME",
                format!("/aws/lambda/{}", self.function),
            ),
            ("AWS_LAMBDA_LOG_STREAM_NAME", text("front")),
            ("AWS_LAMBDA_RUNTIME_API", front.address.to_string()),
            ("AWS_REGION", text(REGION)),
            ("AWS_SECRET_ACCESS_KEY", text("test")),
            ("AWS_SESSION_TOKEN", text("test")),
            ("LANG", text("en_US.UTF-8")),
            ("NIGHTSHIFT_ALLOW_AT", text("true")),
            ("NIGHTSHIFT_MODE", text("act")),
            ("NIGHTSHIFT_PREFIX", text("/nightshift")),
            ("NIGHTSHIFT_TABLE", text(Stack::TABLE)),
            ("NIGHTSHIFT_TOPIC_ARN", sns::arn(Stack::TOPIC)),
            ("PATH", text("/usr/local/bin:/usr/bin:/bin")),
            (
                "SSL_CERT_FILE",
                text(certificates.unwrap_or(CERTIFICATES[0])),
            ),
            ("TZ", text(":UTC")),
            ("_HANDLER", text("bootstrap")),
        ]
    }

    /// Starts it; it ends when what is answered here is dropped.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(&self, front: &Front) -> Result<Child> {
        let out = File::options()
            .create(true)
            .append(true)
            .open(&self.log)
            .with_context(|| self.log.display().to_string())?;
        Command::new(&self.binary)
            .env_clear()
            .envs(self.environment(front))
            .stdin(Stdio::null())
            .stdout(out.try_clone()?)
            .stderr(out)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {}", self.binary.display()))
    }

    /// Starts it and waits until it ends, which a function does of itself only when it is broken.
    ///
    /// # Errors
    /// When it cannot be started.
    pub async fn run(&self, front: &Front) -> Result<ExitStatus> {
        self.start(front)?.wait().await.context("the function")
    }
}
