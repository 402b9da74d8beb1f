//! Reading repositories, images and manifests, and deleting images over the API.

use serde_json::{Value, json};

use super::{Image, Repository, arn, image::SIZE, repository, uri};
use crate::{
    call::{Call, Fault, Outcome},
    world::{ACCOUNT, World},
};

fn invalid(message: impl Into<String>) -> Fault {
    Fault::client("InvalidParameterException", message)
}

pub(super) fn described(name: &str, there: &Repository) -> Value {
    json!({
        "repositoryArn": arn(name),
        "registryId": ACCOUNT,
        "repositoryName": name,
        "repositoryUri": uri(name),
        "createdAt": there.created_at.as_second(),
        "imageTagMutability": "MUTABLE",
    })
}

/// <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeRepositories.html>
pub(super) fn repositories(world: &World, call: &Call) -> Outcome {
    let names = call.texts("repositoryNames");
    let shown: Vec<Value> = if names.is_empty() {
        let all = world.ecr.repositories.iter();
        all.map(|(name, there)| described(name, there)).collect()
    } else {
        let one = |name: &String| Ok(described(name, repository(world, name)?));
        names.iter().map(one).collect::<Result<_, Fault>>()?
    };
    paged(call, "repositories", shown)
}

/// One page of a list, and the token of the next.
// "This value can be between 1 and 1000. If this parameter is not used, then DescribeImages returns up
// to 100 results." https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImages.html
fn paged(call: &Call, name: &str, all: Vec<Value>) -> Outcome {
    let size = match call.number("maxResults") {
        None => 100,
        Some(number @ 1..=1000) => usize::try_from(number).unwrap_or(100),
        Some(number) => {
            return Err(invalid(format!(
                "Invalid parameter at 'maxResults' failed to satisfy constraint: 'Member must have value between 1 and 1000', but was {number}"
            )));
        }
    };
    let from = match call.text("nextToken") {
        None => 0,
        Some(token) => {
            let place = token.strip_prefix("page-").and_then(|at| at.parse().ok());
            place.ok_or_else(|| invalid("Invalid parameter at 'nextToken'"))?
        }
    };
    let next = size.saturating_add(from);
    let more = next < all.len();
    let mut answer = json!({});
    answer[name] = all.into_iter().skip(from).take(size).collect();
    if more {
        answer["nextToken"] = format!("page-{next}").into();
    }
    Ok(answer)
}

/// The image that an `imageId` means.
fn chosen<'a>(there: &'a Repository, id: &Value) -> Option<&'a Image> {
    let image = match (id["imageDigest"].as_str(), id["imageTag"].as_str()) {
        (Some(digest), _) => there.images.get(digest),
        (None, Some(tag)) => there.images.values().find(|image| image.tags.contains(tag)),
        (None, None) => None,
    };
    let tag = id["imageTag"].as_str();
    image.filter(|image| tag.is_none_or(|tag| image.tags.contains(tag)))
}

fn ids(call: &Call) -> Vec<Value> {
    let ids = call.input["imageIds"].as_array();
    ids.cloned().unwrap_or_default()
}

/// <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImages.html>
pub(super) fn images(world: &World, call: &Call) -> Outcome {
    let name = call.text("repositoryName").unwrap_or_default();
    let there = repository(world, name)?;
    let ids = ids(call);
    if ids.len() > 100 {
        return Err(invalid("imageIds must have at most 100 elements"));
    }
    let filter = call.input.pointer("/filter/tagStatus");
    let filter = filter.and_then(Value::as_str).unwrap_or("ANY");
    let shown: Vec<Value> = if ids.is_empty() {
        let asked = |image: &&Image| match filter {
            "TAGGED" => !image.tags.is_empty(),
            "UNTAGGED" => image.tags.is_empty(),
            _ => true,
        };
        let all = there.images.values().filter(asked);
        all.map(|image| detail(name, image)).collect()
    } else {
        let one = |id: &Value| {
            let image = chosen(there, id).ok_or_else(|| no_image(name, id))?;
            Ok(detail(name, image))
        };
        ids.iter().map(one).collect::<Result<_, Fault>>()?
    };
    paged(call, "imageDetails", shown)
}

// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImages.html#API_DescribeImages_Errors
fn no_image(repository: &str, id: &Value) -> Fault {
    let part = |name: &str| id[name].as_str().unwrap_or("null").to_owned();
    Fault::client(
        "ImageNotFoundException",
        format!(
            "The image with imageId {{imageDigest:'{}', imageTag:'{}'}} does not exist within the repository with name '{repository}' in the registry with id '{ACCOUNT}'",
            part("imageDigest"),
            part("imageTag"),
        ),
    )
}

fn detail(repository: &str, image: &Image) -> Value {
    let mut shown = json!({
        "registryId": ACCOUNT,
        "repositoryName": repository,
        "imageDigest": image.digest,
        "imagePushedAt": image.pushed_at.as_second(),
        "imageSizeInBytes": SIZE,
        "imageManifestMediaType": image.media_type(),
        "artifactMediaType": "application/vnd.oci.image.config.v1+json",
    });
    if !image.tags.is_empty() {
        shown["imageTags"] = image.tags.iter().cloned().collect();
    }
    shown
}

/// <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchGetImage.html>
pub(super) fn manifests(world: &World, call: &Call) -> Outcome {
    let name = call.text("repositoryName").unwrap_or_default();
    let there = repository(world, name)?;
    let ids = ids(call);
    if ids.is_empty() || ids.len() > 100 {
        return Err(invalid("imageIds must have between 1 and 100 elements"));
    }
    let (mut images, mut failures) = (Vec::new(), Vec::new());
    for id in ids {
        match chosen(there, &id) {
            Some(image) => {
                let mut of_it = json!({ "imageDigest": image.digest });
                if let Some(tag) = id["imageTag"].as_str() {
                    of_it["imageTag"] = tag.into();
                }
                images.push(json!({
                    "registryId": ACCOUNT,
                    "repositoryName": name,
                    "imageId": of_it,
                    "imageManifest": image.manifest().to_string(),
                    "imageManifestMediaType": image.media_type(),
                }));
            }
            None => failures.push(failure(&id)),
        }
    }
    Ok(json!({ "images": images, "failures": failures }))
}

// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ImageFailure.html
fn failure(id: &Value) -> Value {
    json!({
        "imageId": id,
        "failureCode": "ImageNotFound",
        "failureReason": "Requested image not found",
    })
}

/// <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchDeleteImage.html>
pub(super) fn delete(world: &mut World, call: &Call) -> Outcome {
    let name = call.text("repositoryName").unwrap_or_default().to_owned();
    let (mut gone, mut failures) = (Vec::new(), Vec::new());
    for id in ids(call) {
        let there = repository(world, &name)?;
        match chosen(there, &id).map(|image| image.digest.clone()) {
            Some(digest) => {
                super::delete(world, &call.actor, &name, &digest);
                gone.push(json!({ "imageDigest": digest }));
            }
            None => failures.push(failure(&id)),
        }
    }
    Ok(json!({ "imageIds": gone, "failures": failures }))
}
