//! power-staging built in other ways, each in a directory of its own under `target/variants`, from
//! a copy of the sources, so that nobody's work in the tree gets in the way.

use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use nightshift_tests::local::root;
use tokio::process::Command;

use crate::start::{STAGING, Subject};

/// One way to build it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Variant {
    /// Its name on the command line.
    pub(crate) name: &'static str,
    /// What is set while it builds.
    environment: &'static [(&'static str, &'static str)],
    /// What is written otherwise in its copy of the sources.
    edits: &'static [Edit],
}

/// Other words in one file.
#[derive(Clone, Copy, Debug)]
struct Edit {
    file: &'static str,
    from: &'static str,
    to: &'static str,
}

/// The SDK crates with all their default features.
const SDK_DEFAULTS: &[Edit] = &[Edit {
    file: "Cargo.toml",
    from: "default-features = false, features = [\"default-https-client\"",
    to: "features = [\"default-https-client\"",
}];

/// The other library for TLS.
const RING: &[Edit] = &[
    Edit {
        file: "Cargo.toml",
        from: "features = [\"rustls-aws-lc\"]",
        to: "features = [\"rustls-ring\"]",
    },
    // The SDK crates would bring the first one along all the same.
    Edit {
        file: "Cargo.toml",
        from: "features = [\"default-https-client\", \"rt-tokio\"]",
        to: "features = [\"rt-tokio\"]",
    },
    Edit {
        file: "shared/src/aws.rs",
        from: "CryptoMode::AwsLc",
        to: "CryptoMode::Ring",
    },
];

const fn variant(
    name: &'static str,
    environment: &'static [(&'static str, &'static str)],
) -> Variant {
    Variant {
        name,
        environment,
        edits: &[],
    }
}

/// What can be tried.
pub(crate) const ALL: [Variant; 9] = [
    variant("as-committed", &[]),
    variant("opt-s", &[("CARGO_PROFILE_RELEASE_OPT_LEVEL", "s")]),
    variant("opt-3", &[("CARGO_PROFILE_RELEASE_OPT_LEVEL", "3")]),
    variant("lto-thin", &[("CARGO_PROFILE_RELEASE_LTO", "thin")]),
    variant("panic-abort", &[("CARGO_PROFILE_RELEASE_PANIC", "abort")]),
    variant(
        "opt-3-thin-abort",
        &[
            ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "3"),
            ("CARGO_PROFILE_RELEASE_LTO", "thin"),
            ("CARGO_PROFILE_RELEASE_PANIC", "abort"),
        ],
    ),
    variant("jitter-entropy", &[("AWS_LC_SYS_NO_JITTER_ENTROPY", "0")]),
    Variant {
        name: "sdk-defaults",
        environment: &[],
        edits: SDK_DEFAULTS,
    },
    Variant {
        name: "ring",
        environment: &[],
        edits: RING,
    },
];

/// Finds those that are named; none means all.
///
/// # Errors
/// When there is none of a name.
pub(crate) fn chosen(names: &[String]) -> Result<Vec<Variant>> {
    if names.is_empty() {
        return Ok(ALL.to_vec());
    }
    names
        .iter()
        .map(|name| {
            let known = ALL.map(|variant| variant.name).join(", ");
            ALL.into_iter()
                .find(|variant| variant.name == *name)
                .with_context(|| format!("no variant `{name}`: there is {known}"))
        })
        .collect()
}

/// Builds them one after the other.
///
/// # Errors
/// When one does not build.
pub(crate) async fn build(
    variants: &[Variant],
    progress: &mut dyn FnMut(&str),
) -> Result<Vec<Subject>> {
    let all = root().join("target/variants");
    let sources = all.join("source");
    copy_sources(&root(), &sources)?;
    let mut subjects = Vec::new();
    for variant in variants {
        progress(&format!(
            "building {} (5 to 10 min from nothing)",
            variant.name
        ));
        let began = Instant::now();
        subjects.push(variant.build(&all, &sources).await?);
        progress(&format!(
            "{} took {} s to build",
            variant.name,
            began.elapsed().as_secs()
        ));
    }
    Ok(subjects)
}

impl Variant {
    async fn build(&self, all: &Path, sources: &Path) -> Result<Subject> {
        let sources = if self.edits.is_empty() {
            sources.to_owned()
        } else {
            let edited = all.join(format!("source-{}", self.name));
            copy_sources(&root(), &edited)?;
            edited
        };
        for edit in self.edits {
            edit.apply(&sources)?;
        }
        let target = all.join(self.name);
        let mut files = Vec::new();
        for format in ["binary", "zip"] {
            self.cargo_lambda(&sources, &target, format).await?;
            let suffix = if format == "zip" { ".zip" } else { "" };
            files.push(target.join(format!("lambda/power-staging/bootstrap{suffix}")));
        }
        let zip = files.pop();
        Ok(Subject {
            name: self.name.to_owned(),
            binary: files.pop().context("no binary")?,
            zip,
            tick: STAGING,
        })
    }

    async fn cargo_lambda(&self, sources: &Path, target: &Path, format: &str) -> Result<()> {
        let architecture = if cfg!(target_arch = "aarch64") {
            "--arm64"
        } else {
            "--x86-64"
        };
        // cargo-lambda looks for zig beside itself.
        let tools = root().join(".venv/bin");
        let path = std::env::var("PATH").unwrap_or_default();
        let status = Command::new(tools.join("cargo-lambda"))
            .args(["lambda", "build", "--quiet", "--release"])
            .args(["--package", "power-staging", architecture])
            .args(["--output-format", format])
            .current_dir(sources)
            .env("PATH", format!("{}:{path}", tools.display()))
            .env("CARGO_TARGET_DIR", target)
            .env("CARGO_TERM_PROGRESS_WHEN", "never")
            .envs(self.environment.iter().copied())
            .kill_on_drop(true)
            .status()
            .await
            .context("cargo lambda")?;
        ensure!(status.success(), "{} does not build", self.name);
        Ok(())
    }
}

/// Copies what a build reads; what is the same already keeps its time, so that cargo need not build
/// it again.
fn copy_sources(from: &Path, to: &Path) -> Result<()> {
    const PARTS: [&str; 7] = [
        "Cargo.toml",
        "Cargo.lock",
        "rust-toolchain.toml",
        ".cargo",
        "functions",
        "shared",
        "tests",
    ];
    fs::create_dir_all(to).with_context(|| to.display().to_string())?;
    for part in PARTS {
        let path = from.join(part);
        if path.exists() {
            copy(&path, &to.join(part))?;
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    if from.is_dir() {
        fs::create_dir_all(to)?;
        for entry in fs::read_dir(from)? {
            let name = entry?.file_name();
            copy(&from.join(&name), &to.join(&name))?;
        }
        return Ok(());
    }
    let bytes = fs::read(from).with_context(|| from.display().to_string())?;
    if fs::read(to).is_ok_and(|present| present == bytes) {
        return Ok(());
    }
    fs::write(to, bytes).with_context(|| to.display().to_string())
}

impl Edit {
    fn apply(&self, sources: &Path) -> Result<()> {
        let path = sources.join(self.file);
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        ensure!(
            text.contains(self.from),
            "{} does not have `{}` any more",
            path.display(),
            self.from
        );
        fs::write(&path, text.replace(self.from, self.to))?;
        Ok(())
    }
}
