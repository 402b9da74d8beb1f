//! Processes that end when the one that started them does, however it ends.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result};

/// Waits for its standard input to be closed, which the kernel does when we are gone, also by
/// SIGKILL; then ends the whole group: the service and what it has started, functions for instance.
const WATCHDOG: &str =
    r#""$@" </dev/null & cat >/dev/null; trap '' TERM; kill -TERM 0; sleep 0.3; kill -KILL 0"#;

/// A service in a process group of its own.
#[derive(Debug)]
pub struct Service {
    watchdog: Child,
}

impl Service {
    /// Starts `program` with exactly this environment, its output going to `log`.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start<'a>(
        program: &Path,
        arguments: &[&str],
        environment: impl IntoIterator<Item = (&'a str, String)>,
        log: &Path,
    ) -> Result<Self> {
        use std::os::unix::process::CommandExt as _;

        let out = File::create(log).with_context(|| log.display().to_string())?;
        let watchdog = Command::new("/bin/sh")
            .args([
                OsStr::new("-c"),
                OsStr::new(WATCHDOG),
                OsStr::new("watchdog"),
                program.as_os_str(),
            ])
            .args(arguments)
            .env_clear()
            .envs(environment)
            .stdin(Stdio::piped())
            .stdout(out.try_clone()?)
            .stderr(out)
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        Ok(Self { watchdog })
    }

    /// The group that the service and its children belong to.
    #[must_use]
    pub fn group(&self) -> u32 {
        self.watchdog.id()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        drop(self.watchdog.stdin.take());
        // It ends itself by its own signal; there is nothing to learn from how.
        let _ = self.watchdog.wait();
    }
}

/// Kills the processes called `name` in a group, as Lambda's own kill would: without a warning.
///
/// # Errors
/// When the process table cannot be read.
pub fn kill_named(group: u32, name: &str) -> Result<usize> {
    let mut killed = 0;
    for entry in fs::read_dir("/proc").context("the process table")? {
        let Some(pid) = entry?
            .file_name()
            .to_str()
            .and_then(|name| name.parse::<u32>().ok())
        else {
            continue;
        };
        // Gone meanwhile, or another user's: not what is looked for.
        let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat")) else {
            continue;
        };
        if !is_named(&stat, group, name) {
            continue;
        }
        if Command::new("/bin/kill")
            .args(["-KILL", &pid.to_string()])
            .status()?
            .success()
        {
            killed += 1;
        }
    }
    Ok(killed)
}

/// Reads `pid (name) state ppid group …`.
fn is_named(stat: &str, group: u32, name: &str) -> bool {
    let Some((head, tail)) = stat.rsplit_once(')') else {
        return false;
    };
    let called = head.split_once('(').is_some_and(|(_, comm)| comm == name);
    called && tail.split_whitespace().nth(2) == Some(group.to_string().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_known_by_name_and_group() {
        let stat = "77 (bootstrap) S 70 69 69 0 -1 4194304";
        assert!(is_named(stat, 69, "bootstrap"));
        assert!(!is_named(stat, 70, "bootstrap"));
        assert!(!is_named(stat, 69, "python"));
    }
}
