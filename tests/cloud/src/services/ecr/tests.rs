use serde_json::Value;

use super::*;

fn world() -> World {
    World::new(Timestamp::from_second(1_800_000_000).unwrap(), 1)
}

fn ask(world: &mut World, operation: &str, input: Value) -> Outcome {
    world.ask(&SERVICE, Actor::Person, operation, input)
}

fn pushed(world: &mut World, content: &str, tag: &str) -> String {
    let image = Pushed::new(content).tag(tag);
    push(world, &Actor::Pipeline, "shop/api", image)
}

#[test]
fn a_tag_moves_to_the_image_that_was_pushed_last() {
    let mut world = world();
    let first = pushed(&mut world, "one", "latest");
    let second = pushed(&mut world, "two", "latest");
    let image = uri("shop/api:latest");
    let reference = Reference::read(&image).unwrap();
    assert_eq!(world.ecr.find(&reference), Found::Here(second.clone()));
    let untagged = json!({ "repositoryName": "shop/api", "filter": { "tagStatus": "UNTAGGED" } });
    let untagged = ask(&mut world, "DescribeImages", untagged).unwrap();
    assert_eq!(untagged["imageDetails"][0]["imageDigest"], first);
    assert_eq!(untagged["imageDetails"][0]["imageTags"], Value::Null);
    assert_ne!(first, second);
    assert_eq!(first.len(), "sha256:".len() + 64);
}

#[test]
fn the_same_content_pushed_again_is_the_same_image_with_a_tag_more() {
    let mut world = world();
    let first = pushed(&mut world, "one", "v1");
    let again = pushed(&mut world, "one", "v2");
    assert_eq!(first, again);
    let id = json!({ "repositoryName": "shop/api", "imageIds": [{ "imageDigest": first }] });
    let shown = ask(&mut world, "DescribeImages", id).unwrap();
    let tags = &shown["imageDetails"][0]["imageTags"];
    assert_eq!(*tags, json!(["v1", "v2"]));
}

#[test]
fn what_is_missing_is_told_apart_from_what_is_elsewhere() {
    let mut world = world();
    let digest = pushed(&mut world, "one", "v1");
    let by_digest = format!("{}@{digest}", uri("shop/api:v1"));
    let cases = [
        (uri("shop/api:v1"), Some(Found::Here(digest.clone()))),
        (by_digest, Some(Found::Here(digest))),
        (uri("shop/api:v2"), Some(Found::Missing)),
        (uri("shop/web:v1"), Some(Found::Elsewhere)),
        ("docker.io/library/nginx:1".to_owned(), None),
    ];
    for (image, found) in cases {
        let reference = Reference::read(&image);
        let answer = reference.map(|reference| world.ecr.find(&reference));
        assert_eq!(answer, found, "{image}");
    }
}

#[test]
fn unknown_repositories_and_images_have_codes_of_their_own() {
    let mut world = world();
    let input = json!({ "repositoryName": "gone" });
    let refused = ask(&mut world, "DescribeImages", input).unwrap_err();
    assert_eq!(refused.code, "RepositoryNotFoundException");
    let digest = pushed(&mut world, "one", "v1");
    delete(&mut world, &Actor::Aws, "shop/api", &digest);
    let input = json!({ "repositoryName": "shop/api", "imageIds": [{ "imageTag": "v1" }] });
    let refused = ask(&mut world, "DescribeImages", input.clone()).unwrap_err();
    assert_eq!(refused.code, "ImageNotFoundException");
    let got = ask(&mut world, "BatchGetImage", input).unwrap();
    assert_eq!(got["failures"][0]["failureCode"], "ImageNotFound");
}

#[test]
fn images_come_page_by_page() {
    let mut world = world();
    for number in 0..5 {
        pushed(&mut world, &number.to_string(), &number.to_string());
    }
    let (mut sizes, mut token) = (Vec::new(), Value::Null);
    loop {
        let mut input = json!({ "repositoryName": "shop/api", "maxResults": 2 });
        if token.is_string() {
            input["nextToken"] = token;
        }
        let page = ask(&mut world, "DescribeImages", input).unwrap();
        sizes.push(page["imageDetails"].as_array().unwrap().len());
        token = page["nextToken"].clone();
        if token.is_null() {
            break;
        }
    }
    assert_eq!(sizes, [2, 2, 1]);
}
