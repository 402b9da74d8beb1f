//! The registry: repositories of images with digests, tags that move from one to the next, and when
//! each was pushed. A repository that was not made here is somebody else's registry: of its images
//! nothing is known, and they can always be had.

mod image;
mod read;

use std::collections::BTreeMap;

pub use image::{Image, Pushed, Reference};
use jiff::Timestamp;
use serde_json::json;

use crate::{
    call::{Actor, Call, Demand, Fault, Outcome, Tags},
    hash,
    rates::Bucket,
    services::{Protocol, Service, unknown_operation},
    world::{ACCOUNT, REGION, What, World},
};

/// The service.
pub const SERVICE: EcrService = EcrService;

/// The service.
#[derive(Clone, Copy, Debug)]
pub struct EcrService;

/// Its state.
#[derive(Clone, Debug, Default)]
pub struct Ecr {
    repositories: BTreeMap<String, Repository>,
}

/// A repository.
#[derive(Clone, Debug)]
struct Repository {
    created_at: Timestamp,
    tags: Tags,
    /// By their digests.
    images: BTreeMap<String, Image>,
}

/// What became of a reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// It is in a registry of which nothing is known here.
    Elsewhere,
    /// It is in a repository of this account, by its digest.
    Here(String),
    /// The repository has no such image.
    Missing,
}

impl Ecr {
    /// An image by the name of its repository and its digest.
    #[must_use]
    pub fn image(&self, repository: &str, digest: &str) -> Option<&Image> {
        self.repositories.get(repository)?.images.get(digest)
    }

    /// The image that a reference means now: by its digest if it has one, else by its tag.
    #[must_use]
    pub fn find(&self, reference: &Reference<'_>) -> Found {
        let Some(repository) = self.repositories.get(reference.repository) else {
            return Found::Elsewhere;
        };
        let mut images = repository.images.values();
        let image = match reference.digest {
            Some(digest) => repository.images.get(digest),
            None => images.find(|image| image.tags.contains(reference.tag)),
        };
        image.map_or(Found::Missing, |image| Found::Here(image.digest.clone()))
    }
}

/// The ARN of a repository.
#[must_use]
pub fn arn(repository: &str) -> String {
    format!("arn:aws:ecr:{REGION}:{ACCOUNT}:repository/{repository}")
}

/// What task definitions call a repository; `:tag` or `@digest` follows.
#[must_use]
pub fn uri(repository: &str) -> String {
    format!("{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/{repository}")
}

/// Makes a repository; one that is there already stays as it is.
pub fn create_repository(world: &mut World, by: &Actor, name: &str) {
    if world.ecr.repositories.contains_key(name) {
        return;
    }
    let repository = Repository {
        created_at: world.now,
        tags: Tags::new(),
        images: BTreeMap::new(),
    };
    world.ecr.repositories.insert(name.to_owned(), repository);
    world.note(by, arn(name), What::Created);
}

/// Pushes an image, and makes its repository if there is none; answers its digest. The same content
/// has the same digest. A tag leaves the image that had it before.
pub fn push(world: &mut World, by: &Actor, repository: &str, pushed: Pushed) -> String {
    create_repository(world, by, repository);
    let now = world.now;
    let Some(there) = world.ecr.repositories.get_mut(repository) else {
        return String::new();
    };
    let digest = digest(&format!("{repository} {}", pushed.content));
    for image in there.images.values_mut() {
        image.tags.retain(|tag| !pushed.tags.contains(tag));
    }
    let image = there
        .images
        .entry(digest.clone())
        .or_insert_with(|| Image::new(&digest, now, &pushed));
    image.tags.extend(pushed.tags);
    world.note(by, arn(repository), What::Written);
    digest
}

/// Deletes an image: a lifecycle rule, or a hand. Answers whether it was there.
pub fn delete(world: &mut World, by: &Actor, repository: &str, digest: &str) -> bool {
    let there = world.ecr.repositories.get_mut(repository);
    let gone = there.is_some_and(|one| one.images.remove(digest).is_some());
    if gone {
        world.note(by, arn(repository), What::Written);
    }
    gone
}

fn digest(of: &str) -> String {
    let seed = hash::text(of);
    let parts = (0..4).map(|part| format!("{:016x}", hash::number(seed, 11, part)));
    format!("sha256:{}", parts.collect::<String>())
}

fn repository<'a>(world: &'a World, name: &str) -> Result<&'a Repository, Fault> {
    // https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImages.html#API_DescribeImages_Errors
    world.ecr.repositories.get(name).ok_or_else(|| {
        Fault::client(
            "RepositoryNotFoundException",
            format!(
                "The repository with name '{name}' does not exist in the registry with id '{ACCOUNT}'"
            ),
        )
    })
}

impl Service for EcrService {
    fn name(&self) -> &'static str {
        "ecr"
    }

    fn protocol(&self) -> Protocol {
        Protocol::Json {
            target: "AmazonEC2ContainerRegistry_V20150921",
            version: "1.1",
        }
    }

    // The other operations' rates are in no document.
    // https://docs.aws.amazon.com/AmazonECR/latest/userguide/service-quotas.html
    fn bucket(&self, operation: &str) -> Option<Bucket> {
        (operation == "BatchGetImage").then_some(Bucket {
            name: "ecr batch get image",
            burst: 2000.0,
            a_second: 2000.0,
        })
    }

    // https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerregistry.html
    fn demands(&self, world: &World, call: &Call) -> Vec<Demand> {
        let action = format!("ecr:{}", call.operation);
        let on = |name: &str| {
            let there = world.ecr.repositories.get(name);
            let tags = there.map(|there| there.tags.clone()).unwrap_or_default();
            Demand::new(action.clone(), arn(name), &tags)
        };
        let names = call.texts("repositoryNames");
        match (call.operation.as_str(), call.text("repositoryName")) {
            (_, Some(name)) => vec![on(name)],
            ("DescribeRepositories", _) if names.is_empty() => vec![on("*")],
            ("DescribeRepositories", _) => names.iter().map(|name| on(name)).collect(),
            _ => vec![Demand::new(action, "*", &Tags::new())],
        }
    }

    fn answer(&self, world: &mut World, call: &Call) -> Outcome {
        match call.operation.as_str() {
            "CreateRepository" => create(world, call),
            "DescribeRepositories" => read::repositories(world, call),
            "DescribeImages" => read::images(world, call),
            "BatchGetImage" => read::manifests(world, call),
            "BatchDeleteImage" => read::delete(world, call),
            _ => Err(unknown_operation(self, call)),
        }
    }
}

// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html
fn create(world: &mut World, call: &Call) -> Outcome {
    let name = call.text("repositoryName").unwrap_or_default().to_owned();
    if world.ecr.repositories.contains_key(&name) {
        return Err(Fault::client(
            "RepositoryAlreadyExistsException",
            format!(
                "The repository with name '{name}' already exists in the registry with id '{ACCOUNT}'"
            ),
        ));
    }
    create_repository(world, &call.actor, &name);
    let tags = call.input["tags"].as_array().into_iter().flatten();
    let tags = tags.filter_map(|tag| {
        Some((
            tag["Key"].as_str()?.to_owned(),
            tag["Value"].as_str()?.to_owned(),
        ))
    });
    if let Some(there) = world.ecr.repositories.get_mut(&name) {
        there.tags = tags.collect();
    }
    let there = repository(world, &name)?;
    Ok(json!({ "repository": read::described(&name, there) }))
}

#[cfg(test)]
mod tests;
