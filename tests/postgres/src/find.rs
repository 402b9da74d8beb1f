//! Where the server's programs are: given, fetched, or installed.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::fetch;

/// The folder with `initdb` and `postgres`, where it is not to be looked for.
pub(crate) const GIVEN: &str = "POSTGRES_BIN";

/// The server's programs.
#[derive(Clone, Debug)]
pub(crate) struct Programs {
    bin: PathBuf,
    /// Where the libraries are that were fetched along.
    libraries: Vec<PathBuf>,
}

impl Programs {
    /// Those that are there, or newly fetched ones.
    pub(crate) fn find() -> Result<Self> {
        if let Some(bin) = env::var_os(GIVEN) {
            let given = Self::of(PathBuf::from(bin));
            return given
                .with_context(|| format!("{GIVEN} names no folder with initdb and postgres"));
        }
        match installed() {
            Some(programs) => Ok(programs),
            None => fetch::fetched(),
        }
    }

    /// Those in one folder, when they are there.
    pub(crate) fn of(bin: PathBuf) -> Option<Self> {
        let whole = ["initdb", "postgres"]
            .iter()
            .all(|it| bin.join(it).is_file());
        whole.then(|| Self {
            bin,
            libraries: Vec::new(),
        })
    }

    /// Those that `dpkg --extract` has put under a folder.
    pub(crate) fn under(root: &Path) -> Option<Self> {
        let mut programs = newest(&root.join("usr/lib/postgresql"))?;
        for parent in ["usr/lib", "lib"] {
            let found = folders(&root.join(parent)).into_iter();
            programs.libraries.extend(found.filter(|it| {
                it.file_name()
                    .is_some_and(|name| name.to_string_lossy().contains("-linux-"))
            }));
        }
        Some(programs)
    }

    /// One of them.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.bin.join(name)
    }

    /// What the environment needs so that they find their libraries.
    pub(crate) fn library_path(&self) -> Option<OsString> {
        (!self.libraries.is_empty())
            .then(|| env::join_paths(&self.libraries).ok())
            .flatten()
    }
}

fn installed() -> Option<Programs> {
    let path = env::var_os("PATH").unwrap_or_default();
    newest(Path::new("/usr/lib/postgresql"))
        .or_else(|| env::split_paths(&path).find_map(Programs::of))
}

/// The programs of the newest version, where there is a folder for each.
fn newest(versions: &Path) -> Option<Programs> {
    let mut found = folders(versions);
    found.sort_by_key(|it| {
        let name = it.file_name().unwrap_or_default().to_string_lossy();
        name.parse::<u32>().unwrap_or(0)
    });
    found
        .into_iter()
        .rev()
        .find_map(|version| Programs::of(version.join("bin")))
}

fn folders(parent: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    entries
        .map(|it| it.path())
        .filter(|it| it.is_dir())
        .collect()
}
