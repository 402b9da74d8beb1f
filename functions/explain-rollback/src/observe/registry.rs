//! Images as ECR has them now: whether they are there, their digest and tags, and when they were
//! pushed. Other registries are not asked.

use std::collections::BTreeSet;

use aws_sdk_ecr::types::ImageIdentifier;
use futures_util::{StreamExt, stream};
use nightshift::{
    aws::{failure::failure, pace::SIDE_BY_SIDE},
    report::Failure,
};

use super::{at, parted};
use crate::{
    context::Context,
    snapshot::{Image, RegistryImage, Revision, Snapshot, TaskDefinition},
};

/// So many images are looked up at most.
const IMAGES: usize = 12;

/// The images of the revisions and task definitions that the story is about. A revision knows the
/// digest, which is what ECS pulls, also when the tag has moved on; for the rest there is the tag.
pub(super) async fn images(
    context: &Context<'_>,
    snapshot: &Snapshot,
) -> (Vec<RegistryImage>, Vec<Failure>) {
    let revised = snapshot.revisions.iter().flat_map(|it| &it.images);
    let mut names: BTreeSet<String> = revised.filter_map(Image::pinned).collect();
    let vague = |definition: &&TaskDefinition| {
        let mut revisions = snapshot.revisions.iter();
        let of_it = |it: &&Revision| it.task_definition.as_ref() == Some(&definition.arn);
        let known = revisions.find(of_it);
        known.is_none_or(|it| it.images.iter().any(|image| image.digest.is_none()))
    };
    let vague = snapshot.definitions.iter().filter(vague);
    let containers = vague.flat_map(|it| &it.containers);
    names.extend(containers.filter_map(|it| it.image.clone()));
    let ours = names
        .iter()
        .filter_map(|image| Some((image, Place::of(image)?)));
    let here = ours.filter(|(_, place)| place.region == context.function.settings.region);
    let read: Vec<_> = stream::iter(here.take(IMAGES))
        .map(|(image, place)| look_up(context, image, place))
        .buffered(SIDE_BY_SIDE)
        .collect()
        .await;
    parted(read)
}

/// Where an image lies in ECR.
#[derive(Debug, PartialEq, Eq)]
struct Place<'a> {
    account: &'a str,
    region: &'a str,
    repository: &'a str,
    tag: Option<&'a str>,
    digest: Option<&'a str>,
}

impl<'a> Place<'a> {
    /// `<account>.dkr.ecr.<region>.amazonaws.com/<repository>:<tag>` or `@<digest>`; none for another
    /// registry's.
    /// <https://docs.aws.amazon.com/AmazonECR/latest/userguide/Registries.html>
    fn of(image: &'a str) -> Option<Self> {
        let (host, rest) = image.split_once('/')?;
        let (account, host) = host.split_once(".dkr.ecr.")?;
        let (region, _) = host.split_once(".amazonaws.com")?;
        let (rest, digest) = match rest.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest)),
            None => (rest, None),
        };
        let (repository, tag) = match rest.rsplit_once(':') {
            Some((repository, tag)) => (repository, Some(tag)),
            None => (rest, None),
        };
        Some(Self {
            account,
            region,
            repository,
            // What names neither means the tag that everybody's tools take then.
            tag: tag.or_else(|| digest.is_none().then_some("latest")),
            digest,
        })
    }
}

async fn look_up(
    context: &Context<'_>,
    image: &str,
    place: Place<'_>,
) -> Result<RegistryImage, Failure> {
    let id = ImageIdentifier::builder();
    let id = match place.digest {
        Some(digest) => id.image_digest(digest),
        None => id.set_image_tag(place.tag.map(str::to_owned)),
    };
    let answer = context
        .function
        .ecr()
        .describe_images()
        .registry_id(place.account)
        .repository_name(place.repository)
        .image_ids(id.build())
        .send()
        .await;
    let mut known = RegistryImage {
        image: image.to_owned(),
        ..RegistryImage::default()
    };
    match answer {
        Ok(answer) => {
            let found = answer.image_details.unwrap_or_default().into_iter().next();
            known.there = found.is_some();
            if let Some(found) = found {
                known.pushed = at(found.image_pushed_at.as_ref());
                known.digest = found.image_digest;
                known.tags = found.image_tags.unwrap_or_default();
            }
            Ok(known)
        }
        Err(error)
            if error.as_service_error().is_some_and(|error| {
                error.is_image_not_found_exception() || error.is_repository_not_found_exception()
            }) =>
        {
            Ok(known)
        }
        Err(error) => Err(failure(image, "ecr:DescribeImages", &error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_of_ecr_is_told_from_any_other() {
        let host = "123456789012.dkr.ecr.ap-northeast-1.amazonaws.com";
        for (image, wanted) in [
            (
                "shop/api:1f3c9ab",
                Some(("shop/api", Some("1f3c9ab"), None)),
            ),
            ("api", Some(("api", Some("latest"), None))),
            ("api@sha256:ab", Some(("api", None, Some("sha256:ab")))),
            (
                "api:v1@sha256:ab",
                Some(("api", Some("v1"), Some("sha256:ab"))),
            ),
        ] {
            let image = format!("{host}/{image}");
            let place = Place::of(&image);
            let found = place.map(|it| (it.repository, it.tag, it.digest));
            assert_eq!(found, wanted, "{image}");
        }
        for other in ["nginx", "public.ecr.aws/nginx/nginx:1", "ghcr.io/a/b:c"] {
            assert_eq!(Place::of(other), None, "{other}");
        }
    }
}
