//! One server in a folder of its own.

use std::fs::{self, OpenOptions, Permissions};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use tokio::net::TcpStream;
use tokio::time::sleep;

use crate::certificates::Authority;
use crate::find::Programs;

/// Ends when the server does. Waits for its standard input to be closed, which the kernel does when we
/// are gone, also by SIGKILL; then has the server end everything at once.
const WATCHDOG: &str = r#"
exec 3<&0
"$@" </dev/null 3<&- & server=$!
{ cat <&3 >/dev/null; kill -QUIT $server; } 2>/dev/null & keeper=$!
wait $server; status=$?
kill $keeper 2>/dev/null
exit $status"#;

/// `nobody`, as whom root runs it.
const NOBODY: u32 = 65534;

/// How long a server may take to start.
const START: Duration = Duration::from_mins(1);

/// For how long one that ends at once is started once more.
const AGAIN: Duration = Duration::from_secs(5);

/// Who manages the server, and its password. It protects nothing: the server is on loopback, and gone
/// with the test.
const ADMIN: &str = "postgres";
const PASSWORD: &str = "of-this-test";

/// TLS with SCRAM over loopback, and nothing else.
const ACCESS: &str = "hostssl all all 127.0.0.1/32 scram-sha-256\n";

/// As small and as quick as it gets. Every statement is logged, so that a test can look for what
/// should not be there.
const SETTINGS: &str = "
    listen_addresses = '127.0.0.1'
    unix_socket_directories = ''
    ssl = on
    ssl_cert_file = 'server.crt'
    ssl_key_file = 'server.key'
    password_encryption = 'scram-sha-256'
    log_statement = 'all'
    log_connections = on
    log_min_error_statement = 'debug5'
    log_min_messages = 'info'
    max_connections = 50
    shared_buffers = '16MB'
    fsync = off
";

/// A server that runs.
pub struct Postgres {
    programs: Programs,
    directory: PathBuf,
    authority: Authority,
    port: u16,
    watchdog: Option<Child>,
}

impl Postgres {
    /// Starts a new and empty server, with more settings for its configuration.
    ///
    /// # Errors
    /// When there is no server on this machine and none can be fetched, with what to do; when it does
    /// not start, with its log.
    pub async fn start(settings: &[(&str, &str)]) -> Result<Self> {
        let programs = Programs::find()?;
        let authority = Authority::new()?;
        let port = free_port()?;
        let directory =
            std::env::temp_dir().join(format!("nightshift-postgres-{}-{port}", std::process::id()));
        fs::create_dir_all(&directory)?;
        let mut server = Self {
            programs,
            directory,
            authority,
            port,
            watchdog: None,
        };
        owned(&server.directory)?;
        server.initialise()?;
        server.configure(settings)?;
        server.up().await?;
        Ok(server)
    }

    /// The name that the server's certificate is for.
    #[must_use]
    pub fn host(&self) -> &'static str {
        "localhost"
    }

    /// Its port on `127.0.0.1`.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Who vouches for its certificate.
    #[must_use]
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// A superuser's URL.
    #[must_use]
    pub fn admin_url(&self) -> String {
        self.url(ADMIN, PASSWORD, "postgres")
    }

    /// Anybody's URL. User and password are taken as they are.
    #[must_use]
    pub fn url(&self, user: &str, password: &str, database: &str) -> String {
        let (host, port) = (self.host(), self.port);
        format!("postgres://{user}:{password}@{host}:{port}/{database}?sslmode=verify-full")
    }

    /// Everything that the server has logged.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn log(&self) -> Result<String> {
        let path = self.log_path();
        let log = fs::read(&path).with_context(|| path.display().to_string())?;
        Ok(String::from_utf8_lossy(&log).into_owned())
    }

    /// Replaces who may log in how (`pg_hba.conf`); it counts from the next start on.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn admit(&self, lines: &str) -> Result<()> {
        self.write("pg_hba.conf", lines)
    }

    /// Stops it as an administrator does, connections and all, and starts it again.
    ///
    /// # Errors
    /// When it does not stop, or not start.
    pub async fn restart(&mut self) -> Result<()> {
        self.down("-INT").await?;
        self.up().await
    }

    /// Kills it without a warning. It stays down until [`Postgres::up`].
    ///
    /// # Errors
    /// When it cannot be killed.
    pub async fn kill(&mut self) -> Result<()> {
        self.down("-KILL").await
    }

    /// Starts it where it is down, and waits until it takes connections.
    ///
    /// # Errors
    /// When it does not start, with its log.
    pub async fn up(&mut self) -> Result<()> {
        let begun = Instant::now();
        loop {
            let mut patience = START;
            if self.is_down()? {
                // After a kill the former one's processes may hold its memory for a moment.
                self.watchdog = Some(self.spawn()?);
                patience = AGAIN;
            }
            if self.listens().await && self.is_ready() {
                return Ok(());
            }
            ensure!(
                begun.elapsed() < patience,
                "PostgreSQL does not start:\n{}",
                self.log()?
            );
            sleep(Duration::from_millis(20)).await;
        }
    }

    async fn down(&mut self, signal: &str) -> Result<()> {
        let pid = self.postmaster(0).context("PostgreSQL does not run")?;
        let killed = Command::new("/bin/kill").args([signal, &pid]).status()?;
        ensure!(killed.success(), "PostgreSQL cannot be stopped");
        let begun = Instant::now();
        // A child that has just been forked may still hold the port when its parent is gone.
        while !self.is_down()? || self.listens().await {
            ensure!(begun.elapsed() < START, "PostgreSQL does not stop");
            sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    }

    fn is_down(&mut self) -> Result<bool> {
        match &mut self.watchdog {
            Some(watchdog) => Ok(watchdog.try_wait()?.is_some()),
            None => Ok(true),
        }
    }

    async fn listens(&self) -> bool {
        let port = (Ipv4Addr::LOCALHOST, self.port);
        TcpStream::connect(port).await.is_ok()
    }

    fn is_ready(&self) -> bool {
        self.postmaster(7).is_some_and(|state| state == "ready")
    }

    /// A line of the file in which the server tells its process (0) and its state (7).
    fn postmaster(&self, line: usize) -> Option<String> {
        let file = fs::read_to_string(self.data().join("postmaster.pid")).ok()?;
        file.lines().nth(line).map(|it| it.trim().to_owned())
    }

    fn initialise(&self) -> Result<()> {
        let password = self.directory.join("password");
        fs::write(&password, PASSWORD)?;
        owned(&password)?;
        let said = self
            .as_nobody(&mut Command::new(self.programs.program("initdb")))
            .args(["--username", ADMIN, "--auth", "scram-sha-256"])
            .args(["--encoding", "UTF8", "--locale", "C", "--no-sync"])
            .arg("--pwfile")
            .arg(&password)
            .arg("--pgdata")
            .arg(self.data())
            .stdin(Stdio::null())
            .output()
            .context("initdb does not run")?;
        ensure!(
            said.status.success(),
            "initdb: {}",
            String::from_utf8_lossy(&said.stderr)
        );
        Ok(())
    }

    fn configure(&self, settings: &[(&str, &str)]) -> Result<()> {
        let identity = self.authority.vouch(&[self.host()])?;
        self.write("server.crt", &identity.certificate)?;
        self.write("server.key", &identity.key)?;
        self.write("pg_hba.conf", ACCESS)?;
        let more = settings
            .iter()
            .map(|(name, value)| format!("{name} = '{value}'\n"));
        let text = format!(
            "{SETTINGS}port = {}\n{}",
            self.port,
            more.collect::<String>()
        );
        self.write("postgresql.conf", &text)
    }

    fn spawn(&self) -> Result<Child> {
        let path = self.log_path();
        let log = OpenOptions::new().create(true).append(true).open(&path);
        let log = log.with_context(|| path.display().to_string())?;
        self.as_nobody(Command::new("/bin/sh").args(["-c", WATCHDOG, "watchdog"]))
            .arg(self.programs.program("postgres"))
            .arg("-D")
            .arg(self.data())
            .stdin(Stdio::piped())
            .stdout(log.try_clone()?)
            .stderr(log)
            .process_group(0)
            .spawn()
            .context("PostgreSQL does not run")
    }

    /// The command as somebody who is not root, with nothing of our environment.
    fn as_nobody<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command
            .env_clear()
            .envs([("LC_ALL", "C"), ("PATH", "/usr/bin:/bin")])
            .envs(
                self.programs
                    .library_path()
                    .map(|it| ("LD_LIBRARY_PATH", it)),
            )
            .current_dir(&self.directory);
        if is_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        command
    }

    fn write(&self, name: &str, text: &str) -> Result<()> {
        let path = self.data().join(name);
        fs::write(&path, text).with_context(|| path.display().to_string())?;
        owned(&path)
    }

    fn data(&self) -> PathBuf {
        self.directory.join("data")
    }

    fn log_path(&self) -> PathBuf {
        self.directory.join("log")
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Some(mut watchdog) = self.watchdog.take() {
            drop(watchdog.stdin.take());
            // It ends the server; there is nothing to learn from how.
            let _ = watchdog.wait();
        }
        let _ = fs::remove_dir_all(&self.directory);
    }
}

/// Gives what we have made to who is to use it, and to nobody else.
fn owned(path: &Path) -> Result<()> {
    let mode = if path.is_dir() { 0o700 } else { 0o600 };
    fs::set_permissions(path, Permissions::from_mode(mode))?;
    if is_root() {
        chown(path, Some(NOBODY), Some(NOBODY))?;
    }
    Ok(())
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|it| it.uid() == 0)
}

/// A port that nobody listens on just now.
fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}
