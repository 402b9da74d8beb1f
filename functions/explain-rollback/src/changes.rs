//! What a deployment changed: two versions side by side, as typed differences. Values of the
//! environment are compared by their fingerprints and never told.

use std::collections::{BTreeMap, BTreeSet};

use nightshift::report::rollback::{Became, Changed, Edit, Release};

use crate::snapshot::{
    Container, Fingerprint, Image, RegistryImage, Revision, Snapshot, TaskDefinition,
};

/// A version of the service, as far as it is known.
#[derive(Clone, Copy, Debug, Default)]
pub struct Version<'a> {
    /// Its task definition.
    pub definition: Option<&'a TaskDefinition>,
    /// Its revision, with the digests of its images.
    pub revision: Option<&'a Revision>,
    /// The name of the task definition, where no more is known.
    pub name: Option<&'a str>,
}

impl<'a> Version<'a> {
    /// The version of a revision.
    #[must_use]
    pub fn of_revision(snapshot: &'a Snapshot, arn: &str) -> Option<Self> {
        let revision = snapshot.revision(arn)?;
        let name = revision.task_definition.as_deref();
        Some(Self {
            definition: name.and_then(|name| snapshot.definition(name)),
            revision: Some(revision),
            name,
        })
    }

    /// The version of a task definition, of which no digests are known.
    #[must_use]
    pub fn of_definition(snapshot: &'a Snapshot, name: &'a str) -> Self {
        Self {
            definition: snapshot.definition(name),
            revision: None,
            name: Some(name),
        }
    }

    /// The digest of a container's image: the revision's, else the one in the image's own name.
    fn digest(&self, container: &Container) -> Option<&'a str> {
        let revised = self.revision.and_then(|it| it.digest(&container.name));
        revised.or_else(|| {
            let definition = self.definition?.container(&container.name)?;
            definition.image.as_deref()?.split_once('@').map(|it| it.1)
        })
    }

    /// The image of the container that serves, by the name under which the registry was asked for it,
    /// and what the registry answered.
    #[must_use]
    pub fn registered<'s>(&self, snapshot: &'s Snapshot) -> Option<(String, &'s RegistryImage)> {
        let main = self.definition?.main()?;
        let revised = self.revision.and_then(|it| it.image(&main.name));
        let pinned = revised.and_then(Image::pinned);
        let mut names = pinned.into_iter().chain(main.image.clone());
        names.find_map(|name| {
            let found = snapshot.image(&name)?;
            Some((name, found))
        })
    }

    /// The version as it is told.
    #[must_use]
    pub fn release(&self, snapshot: &Snapshot) -> Release {
        let main = self.definition.and_then(TaskDefinition::main);
        let image = main.and_then(|main| main.image.as_deref());
        let digest = main.and_then(|main| self.digest(main));
        let known = self.registered(snapshot).map(|it| it.1);
        // What the registry says of a tag is said of the image that stands behind it now.
        let known = known.filter(|known| digest.is_none() || known.digest.as_deref() == digest);
        let name = self
            .name
            .or_else(|| self.definition.map(|it| it.arn.as_str()));
        Release {
            task_definition: name.map(|name| tail(name).to_owned()),
            image: image.map(|image| tail(image).to_owned()),
            digest: digest.map(str::to_owned),
            commit: main.and_then(commit).or_else(|| {
                let same = known.filter(|_| digest.is_some());
                same.and_then(|known| commit_of_tags(&known.tags))
            }),
            pushed: known.and_then(|known| known.pushed),
        }
    }
}

/// What follows the last `/`: `api:9` of a task definition, `api:1f3c9ab` of an image.
fn tail(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// The commit that a container's label or its image's tag names.
fn commit(container: &Container) -> Option<String> {
    let tag = container.image.as_deref().and_then(tag);
    let named = container.commit.as_deref();
    named.into_iter().chain(tag).find_map(as_commit)
}

/// The commit that the tags of one image name: a pipeline tags it with the commit beside `latest`. An
/// image that two commits have in common may be either's, so that neither is named; the same commit
/// may stand there short and long.
fn commit_of_tags(tags: &[String]) -> Option<String> {
    let commits = tags.iter().filter_map(|tag| as_commit(tag));
    let commits: BTreeSet<String> = commits.collect();
    let longest = commits.iter().max_by_key(|commit| commit.len())?;
    let agree = commits.iter().all(|commit| longest.starts_with(commit));
    agree.then(|| longest.clone())
}

/// The tag of an image: what follows the last `:` behind the last `/`.
fn tag(image: &str) -> Option<&str> {
    let image = image.split('@').next().unwrap_or(image);
    tail(image).rsplit_once(':').map(|it| it.1)
}

/// The commit that stands in a text: all of it, or what follows the last `-`, from 7 to 40
/// hexadecimal digits. A date has no letters, and a word like `defaced` no digits.
fn as_commit(text: &str) -> Option<String> {
    let is_commit = |part: &&str| {
        (7..=40).contains(&part.len())
            && part.bytes().all(|byte| byte.is_ascii_hexdigit())
            && part.bytes().any(|byte| byte.is_ascii_digit())
            && (part.len() == 40 || part.bytes().any(|byte| byte.is_ascii_alphabetic()))
    };
    let parts = [Some(text), text.rsplit(['-', '_', '.']).next()];
    let found = parts.into_iter().flatten().find(is_commit);
    found.map(str::to_ascii_lowercase)
}

/// What differs between two versions; none where one of them is not known well enough to say.
#[must_use]
pub fn between(before: &Version<'_>, now: &Version<'_>) -> Option<Changed> {
    let (Some(old), Some(new)) = (before.definition, now.definition) else {
        return by_name(before, now);
    };
    let mut edits = Vec::new();
    of_the_task(old, new, &mut edits);
    for container in &new.containers {
        let Some(was) = old.container(&container.name) else {
            edits.push(Edit::ContainerAdded {
                container: container.name.clone(),
            });
            continue;
        };
        let digests = (before.digest(was), now.digest(container));
        of_a_container(was, container, digests, &mut edits);
    }
    for gone in &old.containers {
        if new.container(&gone.name).is_none() {
            edits.push(Edit::ContainerRemoved {
                container: gone.name.clone(),
            });
        }
    }
    let knows = |version: &Version<'_>, definition: &TaskDefinition| {
        let mut containers = definition.containers.iter();
        containers.all(|container| version.digest(container).is_some())
    };
    Some(Changed {
        edits,
        digests_known: knows(before, old) && knows(now, new),
    })
}

/// Versions whose definitions could not be read: the same definition is no difference, but what
/// stands behind its images is open, unless both revisions tell.
fn by_name(before: &Version<'_>, now: &Version<'_>) -> Option<Changed> {
    if tail(before.name?) != tail(now.name?) {
        return None;
    }
    let digests = |version: &Version<'_>| {
        let images = version.revision.map(|revision| revision.images.clone());
        images.filter(|images| !images.is_empty() && images.iter().all(|it| it.digest.is_some()))
    };
    let (Some(old), Some(new)) = (digests(before), digests(now)) else {
        return Some(Changed::default());
    };
    let edits = new.iter().filter_map(|image| {
        let was = old.iter().find(|was| was.container == image.container)?;
        digest_edit(
            &image.container,
            was.digest.as_deref(),
            image.digest.as_deref(),
        )
    });
    Some(Changed {
        edits: edits.collect(),
        digests_known: true,
    })
}

fn of_the_task(old: &TaskDefinition, new: &TaskDefinition, edits: &mut Vec<Edit>) {
    if let Some((from, to)) = differ(old.cpu.as_ref(), new.cpu.as_ref()) {
        edits.push(Edit::Cpu {
            container: None,
            from,
            to,
        });
    }
    if let Some((from, to)) = differ(old.memory.as_ref(), new.memory.as_ref()) {
        edits.push(Edit::Memory {
            container: None,
            from,
            to,
        });
    }
    let platform = |it: &TaskDefinition| {
        // Whatever is left out is Linux on x86.
        let architecture = it.architecture.as_deref().unwrap_or("X86_64");
        let system = it.system.as_deref().unwrap_or("LINUX");
        format!("{system}/{architecture}")
    };
    let (from, to) = (platform(old), platform(new));
    if from != to {
        edits.push(Edit::Platform { from, to });
    }
    if differs(old.rest, new.rest) {
        edits.push(Edit::Rest { container: None });
    }
}

fn of_a_container(
    old: &Container,
    new: &Container,
    digests: (Option<&str>, Option<&str>),
    edits: &mut Vec<Edit>,
) {
    let container = || new.name.clone();
    if old.image == new.image {
        edits.extend(digest_edit(&new.name, digests.0, digests.1));
    } else {
        edits.push(Edit::Image {
            container: container(),
            from: old.image.clone().unwrap_or_default(),
            to: new.image.clone().unwrap_or_default(),
        });
    }
    edits.extend(
        variables(&old.environment, &new.environment).map(|(name, became)| Edit::Variable {
            container: container(),
            name,
            became,
        }),
    );
    edits.extend(
        variables(&old.secrets, &new.secrets).map(|(name, became)| Edit::Secret {
            container: container(),
            name,
            became,
        }),
    );
    if let Some((from, to)) = differ(old.cpu.as_ref(), new.cpu.as_ref()) {
        edits.push(Edit::Cpu {
            container: Some(container()),
            from,
            to,
        });
    }
    if let Some((from, to)) = differ(old.memory.as_ref(), new.memory.as_ref()) {
        edits.push(Edit::Memory {
            container: Some(container()),
            from,
            to,
        });
    }
    if sorted(&old.ports) != sorted(&new.ports) {
        edits.push(Edit::Ports {
            container: container(),
            from: sorted(&old.ports),
            to: sorted(&new.ports),
        });
    }
    if old.health != new.health {
        edits.push(Edit::HealthCheck {
            container: container(),
        });
    }
    if differs(old.rest, new.rest) {
        let container = Some(container());
        edits.push(Edit::Rest { container });
    }
}

fn digest_edit(container: &str, from: Option<&str>, to: Option<&str>) -> Option<Edit> {
    let (from, to) = (from?, to?);
    (from != to).then(|| Edit::Digest {
        container: container.to_owned(),
        from: from.to_owned(),
        to: to.to_owned(),
    })
}

/// Whether two fingerprints are of different things, as far as both are known.
fn differs(old: Option<Fingerprint>, new: Option<Fingerprint>) -> bool {
    old.zip(new).is_some_and(|(old, new)| old != new)
}

/// Two values that are not the same; what is left out is told as `-`.
fn differ<T: ToString + PartialEq>(old: Option<&T>, new: Option<&T>) -> Option<(String, String)> {
    let told = |value: Option<&T>| value.map_or_else(|| "-".to_owned(), ToString::to_string);
    (old != new).then(|| (told(old), told(new)))
}

fn sorted(ports: &[u16]) -> Vec<u16> {
    let ports: BTreeSet<u16> = ports.iter().copied().collect();
    ports.into_iter().collect()
}

/// What became of each name.
fn variables<'a, T: PartialEq>(
    old: &'a BTreeMap<String, T>,
    new: &'a BTreeMap<String, T>,
) -> impl Iterator<Item = (String, Became)> + 'a {
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    names.into_iter().filter_map(|name| {
        let became = match (old.get(name), new.get(name)) {
            (None, Some(_)) => Became::Added,
            (Some(_), None) => Became::Removed,
            (old, new) if old != new => Became::Other,
            _ => return None,
        };
        Some((name.clone(), became))
    })
}

#[cfg(test)]
mod tests;
