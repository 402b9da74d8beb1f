//! An image: what was pushed, under which tags, for which platforms, and how task definitions refer
//! to it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{digest, uri};

/// An image.
#[derive(Clone, Debug, PartialEq)]
pub struct Image {
    /// `sha256:` and 64 digits.
    pub digest: String,
    /// Its tags, none for one whose tags have moved on.
    pub tags: BTreeSet<String>,
    /// When it was pushed.
    pub pushed_at: Timestamp,
    /// Whether it is for `amd64`.
    pub amd64: bool,
    /// Whether it is for `arm64`.
    pub arm64: bool,
    /// Whether it is an index, which names the platform of each image in it. Of a plain manifest the
    /// platform is only known when it runs.
    pub index: bool,
    /// Its manifest's annotations.
    pub annotations: BTreeMap<String, String>,
}

/// What is pushed.
#[derive(Clone, Debug)]
pub struct Pushed {
    pub(super) content: String,
    pub(super) tags: BTreeSet<String>,
    amd64: bool,
    arm64: bool,
    index: bool,
    annotations: BTreeMap<String, String>,
}

impl Pushed {
    /// A plain image for `amd64` without tags, whose digest belongs to this content.
    #[must_use]
    pub fn new(content: &str) -> Self {
        Self {
            content: content.to_owned(),
            tags: BTreeSet::new(),
            amd64: true,
            arm64: false,
            index: false,
            annotations: BTreeMap::new(),
        }
    }

    /// With a tag more.
    #[must_use]
    pub fn tag(mut self, tag: &str) -> Self {
        self.tags.insert(tag.to_owned());
        self
    }

    /// With an annotation of its manifest more: `org.opencontainers.image.revision` for a commit.
    #[must_use]
    pub fn annotation(mut self, key: &str, value: &str) -> Self {
        self.annotations.insert(key.to_owned(), value.to_owned());
        self
    }

    /// For `arm64` instead.
    #[must_use]
    pub fn arm64(self) -> Self {
        Self {
            amd64: false,
            arm64: true,
            ..self
        }
    }

    /// For both platforms, as an index.
    #[must_use]
    pub fn both(self) -> Self {
        Self {
            amd64: true,
            arm64: true,
            index: true,
            ..self
        }
    }

    /// As an index, as `docker buildx` pushes by default: the registry knows its platforms.
    #[must_use]
    pub fn index(self) -> Self {
        Self {
            index: true,
            ..self
        }
    }
}

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";

impl Image {
    pub(super) fn new(digest: &str, pushed_at: Timestamp, pushed: &Pushed) -> Self {
        Self {
            digest: digest.to_owned(),
            tags: BTreeSet::new(),
            pushed_at,
            amd64: pushed.amd64,
            arm64: pushed.arm64,
            index: pushed.index,
            annotations: pushed.annotations.clone(),
        }
    }

    /// Whether it runs on this architecture.
    #[must_use]
    pub fn runs_on(&self, arm: bool) -> bool {
        if arm { self.arm64 } else { self.amd64 }
    }

    /// The media type of its manifest.
    pub(super) fn media_type(&self) -> &'static str {
        if self.index { INDEX } else { MANIFEST }
    }

    /// Its manifest. The labels of a Dockerfile are not in it but in the configuration, a blob of its
    /// own that only a download gives.
    // https://github.com/opencontainers/image-spec/blob/main/manifest.md
    pub(super) fn manifest(&self) -> Value {
        let blob = |part: &str| digest(&format!("{} {part}", self.digest));
        let mut manifest = if self.index {
            let platforms = [("amd64", self.amd64), ("arm64", self.arm64)];
            let there = platforms.iter().filter(|(_, there)| *there);
            let manifests = there.map(|(architecture, _)| {
                json!({
                    "mediaType": MANIFEST,
                    "digest": blob(architecture),
                    "size": 1742,
                    "platform": { "architecture": architecture, "os": "linux" },
                })
            });
            json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": manifests.collect::<Value>() })
        } else {
            json!({
                "schemaVersion": 2,
                "mediaType": MANIFEST,
                "config": {
                    "mediaType": "application/vnd.oci.image.config.v1+json",
                    "digest": blob("config"),
                    "size": 7023,
                },
                "layers": [{
                    "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip",
                    "digest": blob("layer"),
                    "size": SIZE,
                }],
            })
        };
        if !self.annotations.is_empty() {
            manifest["annotations"] = json!(self.annotations);
        }
        manifest
    }
}

/// The size of every image, in bytes.
pub(super) const SIZE: u64 = 61_345_792;

/// What a task definition says of an image of this account's registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reference<'a> {
    /// The name of the repository.
    pub repository: &'a str,
    /// The tag; `latest` if none is said.
    pub tag: &'a str,
    /// The digest, if it is said.
    pub digest: Option<&'a str>,
}

impl<'a> Reference<'a> {
    /// Reads it; none if it is of another registry.
    #[must_use]
    pub fn read(image: &'a str) -> Option<Self> {
        let rest = image.strip_prefix(uri("").as_str())?;
        let (rest, digest) = match rest.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest)),
            None => (rest, None),
        };
        let (repository, tag) = rest.split_once(':').unwrap_or((rest, "latest"));
        Some(Self {
            repository,
            tag,
            digest,
        })
    }
}
