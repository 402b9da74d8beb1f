//! Debian's server, fetched by Debian's own tools and unpacked, not installed.

use std::borrow::BorrowMut;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::find::{GIVEN, Programs};

/// What it takes, besides the libraries that the server needs and this machine lacks. apt finds those.
const PACKAGE: &str = "postgresql";

/// What apt computes from its lists, by the names of its settings.
const CACHES: [&str; 2] = ["pkgcache", "srcpkgcache"];

/// The programs in `target/tools/postgresql`, fetched there if need be. Of several processes one
/// fetches, the others wait for it.
pub(crate) fn fetched() -> Result<Programs> {
    let root = tools()?.join("postgresql");
    fs::create_dir_all(&root).with_context(|| root.display().to_string())?;
    let lock = File::create(root.join("lock"))?;
    lock.lock()?;
    let unpacked = root.join("unpacked");
    if let Some(programs) = Programs::under(&unpacked) {
        return Ok(programs);
    }
    eprintln!(
        "Fetching PostgreSQL from Debian into {} (some 50 MB, once)…",
        root.display()
    );
    let fetched = fetch(&root, &unpacked);
    fetched.with_context(|| {
        format!(
            "no PostgreSQL here, and none could be fetched. Install one (`apt-get install postgresql`, \
             `brew install postgresql`), or name the folder with its initdb and postgres in {GIVEN}"
        )
    })?;
    Programs::under(&unpacked).with_context(|| format!("no server in {}", unpacked.display()))
}

fn fetch(root: &Path, unpacked: &Path) -> Result<()> {
    let archives = root.join("archives");
    let lists = root.join("lists");
    // apt wants these folders under those it downloads to.
    for folder in [&archives, &lists] {
        fs::create_dir_all(folder.join("partial"))?;
    }
    let own_lists = format!("Dir::State::lists={}", lists.display());
    if run(download(root, &archives)).is_err() {
        // Without lists, or with old ones, apt knows of no package that is still there.
        run(apt(root).args(["-o", &own_lists, "update"]))?;
        run(download(root, &archives).args(["-o", &own_lists]))?;
    }
    // Whoever dies in the middle leaves nothing that looks whole.
    let half = root.join("half");
    if half.exists() {
        fs::remove_dir_all(&half)?;
    }
    for archive in fs::read_dir(&archives)? {
        let archive = archive?.path();
        if archive.extension().is_some_and(|it| it == "deb") {
            let mut dpkg = Command::new("dpkg");
            run(dpkg.arg("--extract").arg(&archive).arg(&half))?;
        }
    }
    fs::rename(&half, unpacked)?;
    for folder in [archives, lists] {
        fs::remove_dir_all(folder)?;
    }
    for cache in CACHES {
        fs::remove_file(root.join(cache))?;
    }
    Ok(())
}

/// Downloads what is not installed here, resolved by apt.
fn download(root: &Path, archives: &Path) -> Command {
    let mut command = apt(root);
    let archives = format!("Dir::Cache::archives={}", archives.display());
    command.args([
        "-o",
        &archives,
        "--download-only",
        "--no-install-recommends",
        "--yes",
    ]);
    command.args(["install", PACKAGE]);
    command
}

/// apt without its lock and outside its folders, so that nobody needs to be root.
fn apt(root: &Path) -> Command {
    let mut command = Command::new("apt-get");
    command.args([
        "--quiet=2",
        "-o",
        "Debug::NoLocking=true",
        "-o",
        "APT::Sandbox::User=",
    ]);
    for cache in CACHES {
        let path = root.join(cache);
        command
            .arg("-o")
            .arg(format!("Dir::Cache::{cache}={}", path.display()));
    }
    command
}

fn run(mut command: impl BorrowMut<Command>) -> Result<()> {
    let command = command.borrow_mut();
    let said = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("{} does not run", command.get_program().to_string_lossy()))?;
    if !said.status.success() {
        bail!("{}", String::from_utf8_lossy(&said.stderr).trim());
    }
    Ok(())
}

/// `target/tools` of the workspace, where everything is that was fetched.
fn tools() -> Result<PathBuf> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    Ok(workspace.context("no workspace")?.join("target/tools"))
}
