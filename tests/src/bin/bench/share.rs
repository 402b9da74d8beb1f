//! The share of a core that Lambda gives a function of 128 MB, by cgroup where that is permitted.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result};
use rustix::process::{Pid, Signal, kill_process};
use tokio::task::JoinHandle;

/// Lambda gives a whole core at 1,769 MB.
pub(crate) const SHARE: f64 = 0.072;
const PERIOD: Duration = Duration::from_millis(100);
const QUOTA: Duration = Duration::from_micros(7_200);

/// How a process is held to its share.
#[derive(Debug)]
pub(crate) enum Throttle {
    /// The kernel does it, in a cgroup for each process, so that none pays for the one before.
    Cgroup {
        /// 1 or 2.
        version: u8,
        /// Where cgroups may be made.
        parent: PathBuf,
        /// The cgroup that we are in ourselves.
        home: PathBuf,
    },
    /// It is stopped for the rest of each period.
    Emulated,
}

/// A process is held to its share until this is dropped.
#[derive(Debug)]
pub(crate) struct Hold {
    pid: u32,
    /// The cgroup with the quota, and the one to go back to.
    cgroups: Option<[PathBuf; 2]>,
    stopping: Option<JoinHandle<()>>,
}

impl Throttle {
    /// A cgroup if one may be made, else signals.
    #[must_use]
    pub(crate) fn prepare(emulate: bool) -> Self {
        if emulate {
            return Self::Emulated;
        }
        second_version()
            .or_else(first_version)
            .unwrap_or(Self::Emulated)
    }

    /// What stands below the table.
    #[must_use]
    pub(crate) fn words(&self) -> String {
        let quota = format!(
            "{} ms of every {} ms",
            QUOTA.as_secs_f64() * 1000.0,
            PERIOD.as_millis()
        );
        match self {
            Self::Cgroup { version, .. } => {
                format!("held to {SHARE} of a core by cgroup v{version}: {quota}")
            }
            Self::Emulated => format!(
                "stopped and continued by signals (EMULATED: no cgroup may be made here), which gives it \
                 about {quota} of the clock's time, whether it needs them or not"
            ),
        }
    }

    /// Holds a process to its share.
    ///
    /// # Errors
    /// When the cgroup does not take it.
    pub(crate) fn hold(&self, pid: u32) -> Result<Hold> {
        let mut hold = Hold {
            pid,
            cgroups: None,
            stopping: None,
        };
        match self {
            Self::Cgroup {
                version,
                parent,
                home,
            } => {
                let cgroup = limited(*version, parent)?;
                hold.cgroups = Some([cgroup.clone(), home.clone()]);
                enter(&cgroup, pid)?;
            }
            Self::Emulated => hold.stopping = Some(tokio::spawn(stop_and_go(pid))),
        }
        Ok(hold)
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        if let Some([held, home]) = &self.cgroups {
            // Gone already is as good; what cannot be removed the next run removes.
            let _ = enter(home, self.pid);
            let _ = fs::remove_dir(held);
        }
        if let Some(stopping) = &self.stopping {
            stopping.abort();
            signal(self.pid, Signal::CONT);
        }
    }
}

fn enter(cgroup: &Path, pid: u32) -> Result<()> {
    let procs = cgroup.join("cgroup.procs");
    fs::write(&procs, pid.to_string()).with_context(|| procs.display().to_string())
}

fn signal(pid: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        // Gone already: nobody to stop.
        let _ = kill_process(pid, signal);
    }
}

async fn stop_and_go(pid: u32) {
    let mut period = tokio::time::interval(PERIOD);
    loop {
        period.tick().await;
        signal(pid, Signal::CONT);
        tokio::time::sleep(QUOTA).await;
        signal(pid, Signal::STOP);
    }
}

/// The mount point and our own path below it.
fn ours(filesystem: &str, controller: &str) -> Option<(PathBuf, PathBuf)> {
    let mounts = fs::read_to_string("/proc/self/mounts").ok()?;
    let mount = mounts.lines().find_map(|line| {
        let mut fields = line.split(' ').skip(1);
        let (point, kind, options) = (fields.next()?, fields.next()?, fields.next()?);
        let fits = controller.is_empty() || options.split(',').any(|option| option == controller);
        (kind == filesystem && fits).then(|| PathBuf::from(point))
    })?;
    // `7:cpu,cpuacct:/path`, or `0::/path` for the second version
    let own = fs::read_to_string("/proc/self/cgroup").ok()?;
    let path = own.lines().find_map(|line| {
        let mut fields = line.splitn(3, ':').skip(1);
        let (controllers, path) = (fields.next()?, fields.next()?);
        controllers
            .split(',')
            .any(|own| own == controller)
            .then(|| path.trim_start_matches('/').to_owned())
    })?;
    let own = mount.join(path);
    // In a container the path may be the host's, which is not to be seen here.
    let own = if own.join("cgroup.procs").exists() {
        own
    } else {
        mount.clone()
    };
    Some((mount, own))
}

/// Removes what was left by runs that were killed.
fn remove_abandoned(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let name = entry.file_name();
        if name.to_string_lossy().starts_with("nightshift-bench-") {
            // One with a process in it is another run's, and stays.
            let _ = fs::remove_dir(entry.path());
        }
    }
}

/// Makes a cgroup with the quota.
fn limited(version: u8, parent: &Path) -> Result<PathBuf> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let cgroup = parent.join(format!("nightshift-bench-{}-{number}", std::process::id()));
    fs::create_dir(&cgroup).with_context(|| cgroup.display().to_string())?;
    let (quota, period) = (QUOTA.as_micros(), PERIOD.as_micros());
    let written = if version == 2 {
        fs::write(cgroup.join("cpu.max"), format!("{quota} {period}"))
    } else {
        fs::write(cgroup.join("cpu.cfs_period_us"), period.to_string())
            .and_then(|()| fs::write(cgroup.join("cpu.cfs_quota_us"), quota.to_string()))
    };
    if written.is_err() {
        let _ = fs::remove_dir(&cgroup);
    }
    written.with_context(|| format!("the quota of {}", cgroup.display()))?;
    Ok(cgroup)
}

fn second_version() -> Option<Throttle> {
    let (mount, home) = ours("cgroup2", "")?;
    // Where processes are, controllers cannot be handed down, other than by the root.
    let mut parents = home.ancestors().take_while(|path| path.starts_with(&mount));
    let parent = parents.find(|parent| {
        let _ = fs::write(parent.join("cgroup.subtree_control"), "+cpu");
        may(2, parent)
    })?;
    Some(Throttle::Cgroup {
        version: 2,
        parent: parent.to_owned(),
        home: home.clone(),
    })
}

fn first_version() -> Option<Throttle> {
    let (_, home) = ours("cgroup", "cpu")?;
    may(1, &home).then(|| Throttle::Cgroup {
        version: 1,
        parent: home.clone(),
        home,
    })
}

/// Whether cgroups with a quota may be made there.
fn may(version: u8, parent: &Path) -> bool {
    remove_abandoned(parent);
    limited(version, parent).is_ok_and(|cgroup| fs::remove_dir(cgroup).is_ok())
}
