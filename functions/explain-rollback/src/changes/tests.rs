use super::*;
use crate::{
    made::{D1, definition, image, revision_arn, underway},
    snapshot::{Fingerprint, Probe, RegistryImage},
};

/// What differs once the new definition was changed.
fn edits(change: impl Fn(&mut TaskDefinition)) -> Vec<Edit> {
    let mut old = definition(9, "latest");
    old.rest = Some(Fingerprint::of("role"));
    old.containers[0].rest = Some(Fingerprint::of("node main.js"));
    let mut new = old.clone();
    change(&mut new);
    let version = |definition| Version {
        definition: Some(definition),
        ..Version::default()
    };
    let (before, now) = (old.clone(), new);
    let (before, now) = (version(&before), version(&now));
    between(&before, &now).unwrap().edits
}

fn api(change: impl Fn(&mut Container)) -> Vec<Edit> {
    edits(|definition| change(&mut definition.containers[0]))
}

fn name() -> String {
    "api".to_owned()
}

#[test]
#[allow(clippy::too_many_lines, reason = "one case for each difference")]
fn each_difference_is_told_once_and_as_what_it_is() {
    let variable = |became| Edit::Variable {
        container: name(),
        name: "DATABASE_HOST".to_owned(),
        became,
    };
    let secret = |became| Edit::Secret {
        container: name(),
        name: "DATABASE_URL".to_owned(),
        became,
    };
    let cases: Vec<(Vec<Edit>, Edit)> = vec![
        (
            api(|it| it.image = Some(image("1f3c9ab"))),
            Edit::Image {
                container: name(),
                from: image("latest"),
                to: image("1f3c9ab"),
            },
        ),
        (
            api(|it| {
                it.environment = [("DATABASE_HOST".to_owned(), Fingerprint::of("other"))].into();
            }),
            variable(Became::Other),
        ),
        (api(|it| it.environment.clear()), variable(Became::Removed)),
        (
            api(|it| {
                let added = ("LOG_LEVEL".to_owned(), Fingerprint::of("debug"));
                it.environment.extend([added]);
            }),
            Edit::Variable {
                container: name(),
                name: "LOG_LEVEL".to_owned(),
                became: Became::Added,
            },
        ),
        (
            api(|it| it.rest = Some(Fingerprint::of("node other.js"))),
            Edit::Rest {
                container: Some(name()),
            },
        ),
        (
            edits(|it| it.rest = Some(Fingerprint::of("another role"))),
            Edit::Rest { container: None },
        ),
        (api(|it| it.secrets.clear()), secret(Became::Removed)),
        (
            api(|it| it.secrets = [("DATABASE_URL".to_owned(), "/other".to_owned())].into()),
            secret(Became::Other),
        ),
        (
            edits(|it| it.cpu = Some("256".to_owned())),
            Edit::Cpu {
                container: None,
                from: "512".to_owned(),
                to: "256".to_owned(),
            },
        ),
        (
            edits(|it| it.memory = None),
            Edit::Memory {
                container: None,
                from: "1024".to_owned(),
                to: "-".to_owned(),
            },
        ),
        (
            api(|it| it.cpu = Some("128".to_owned())),
            Edit::Cpu {
                container: Some(name()),
                from: "-".to_owned(),
                to: "128".to_owned(),
            },
        ),
        (
            api(|it| it.memory = Some(256)),
            Edit::Memory {
                container: Some(name()),
                from: "-".to_owned(),
                to: "256".to_owned(),
            },
        ),
        (
            api(|it| it.ports = vec![3002, 3001]),
            Edit::Ports {
                container: name(),
                from: vec![3001],
                to: vec![3001, 3002],
            },
        ),
        (
            api(|it| it.health = Some(Probe::default())),
            Edit::HealthCheck { container: name() },
        ),
        (
            edits(|it| it.architecture = Some("ARM64".to_owned())),
            Edit::Platform {
                from: "LINUX/X86_64".to_owned(),
                to: "LINUX/ARM64".to_owned(),
            },
        ),
        (
            edits(|it| {
                it.containers.push(Container {
                    name: "envoy".to_owned(),
                    ..Container::default()
                });
            }),
            Edit::ContainerAdded {
                container: "envoy".to_owned(),
            },
        ),
        (
            edits(|it| it.containers.clear()),
            Edit::ContainerRemoved { container: name() },
        ),
    ];
    for (found, expected) in cases {
        assert_eq!(found, [expected]);
    }
    assert_eq!(edits(|_| {}), []);
    let implied = edits(|it| {
        it.architecture = None;
        it.system = None;
    });
    assert_eq!(implied, [], "what is left out is Linux on x86");
    assert_eq!(api(|it| it.ports = vec![3001, 3001]), []);
}

#[test]
fn a_value_is_told_to_differ_and_never_told() {
    let (one, other) = (Fingerprint::of("hunter2"), Fingerprint::of("hunter3"));
    assert!(one != other && one == Fingerprint::of("hunter2"));
    assert_eq!(format!("{one:?} {other:?}"), "Fingerprint Fingerprint");
}

#[test]
fn the_same_definition_may_have_another_image_behind_its_tag() {
    let mut snapshot = underway();
    let one = snapshot.revisions[0].clone();
    snapshot.revisions[1]
        .task_definition
        .clone_from(&one.task_definition);
    let compare = |snapshot: &Snapshot| {
        let version = |number| Version::of_revision(snapshot, &revision_arn(number)).unwrap();
        between(&version(1), &version(2)).unwrap()
    };
    let changed = compare(&snapshot);
    assert!(matches!(&changed.edits[..], [Edit::Digest { .. }]) && changed.digests_known);
    let mut unread = snapshot.clone();
    unread.definitions.clear();
    assert_eq!(compare(&unread), changed, "the digests alone tell as much");
    let mut vague = snapshot.clone();
    vague.revisions[1].images[0].digest = None;
    let told = compare(&vague);
    assert!(told.edits.is_empty() && !told.digests_known && !told.is_nothing());
    vague.definitions.clear();
    assert_eq!(compare(&vague), told, "one digest is not known");
    vague.revisions[1].images.clear();
    assert_eq!(compare(&vague), told, "no image is known");
    snapshot.revisions[1].images = one.images;
    assert!(compare(&snapshot).is_nothing());
}

#[test]
fn versions_that_are_not_known_cannot_be_compared() {
    let mut snapshot = underway();
    snapshot.definitions.clear();
    let version = |number| Version::of_revision(&snapshot, &revision_arn(number)).unwrap();
    assert_eq!(
        between(&version(1), &version(2)),
        None,
        "api:8 and api:9, unread"
    );
    assert_eq!(between(&Version::default(), &version(2)), None);
    assert!(Version::of_revision(&snapshot, D1).is_none());
}

#[test]
fn a_commit_is_what_looks_like_one() {
    let named = |tag: &str, label: Option<&str>| {
        commit(&Container {
            image: Some(image(tag)),
            commit: label.map(str::to_owned),
            ..Container::default()
        })
    };
    let full = "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567";
    for (tag, found) in [
        ("1f3c9ab", Some("1f3c9ab")),
        ("1F3C9AB", Some("1f3c9ab")),
        (full, Some(full)),
        ("main-1f3c9ab", Some("1f3c9ab")),
        ("1.4.2-1f3c9ab", Some("1f3c9ab")),
        ("latest", None),
        ("20261124", None),
        ("defaced", None),
        ("1f3c9a", None),
        ("v1.4.2", None),
    ] {
        assert_eq!(named(tag, None).as_deref(), found, "{tag}");
    }
    assert_eq!(named("latest", Some("0a1b2c3")).as_deref(), Some("0a1b2c3"));
    assert_eq!(
        named("1f3c9ab", Some("unknown")).as_deref(),
        Some("1f3c9ab")
    );
    let pinned = Container {
        image: Some(format!("1.dkr.ecr.r.amazonaws.com/api@sha256:{full}")),
        ..Container::default()
    };
    assert_eq!(commit(&pinned), None, "a digest is no commit");
}

#[test]
fn a_release_tells_when_its_image_was_pushed_only_if_it_is_that_image() {
    let mut snapshot = underway();
    let pushed = crate::made::at("13:58");
    let digest = snapshot.revisions[1].images[0].digest.clone();
    snapshot.images.push(RegistryImage {
        image: image("1f3c9ab"),
        there: true,
        digest,
        pushed: Some(pushed),
        tags: Vec::new(),
    });
    let release = |snapshot: &Snapshot| {
        let version = Version::of_revision(snapshot, &revision_arn(2)).unwrap();
        version.release(snapshot)
    };
    let told = release(&snapshot);
    assert_eq!(told.task_definition.as_deref(), Some("api:9"));
    assert_eq!(told.image.as_deref(), Some("api:1f3c9ab"));
    assert_eq!(told.commit.as_deref(), Some("1f3c9ab"));
    assert_eq!(told.pushed, Some(pushed));
    snapshot.images[0].digest = Some("sha256:other".to_owned());
    assert_eq!(release(&snapshot).pushed, None, "the tag moved on");
}

#[test]
fn the_commit_of_an_image_called_latest_stands_in_its_other_tags() {
    let full = "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567";
    let sole = |tags: &[&str]| {
        let tags: Vec<String> = tags.iter().map(ToString::to_string).collect();
        commit_of_tags(&tags)
    };
    for (tags, found) in [
        (&["latest", "1f3c9ab"][..], Some("1f3c9ab")),
        (&["main-1f3c9ab", "latest", "v1.4.2"], Some("1f3c9ab")),
        (&["0a1b2c3", full, "latest"], Some(full)),
        (&["1f3c9ab", "0a1b2c3"], None),
        (&["latest", "20261124"], None),
        (&[], None),
    ] {
        assert_eq!(sole(tags).as_deref(), found, "{tags:?}");
    }
}

#[test]
fn the_registry_names_a_commit_only_of_the_very_image_and_only_where_nothing_else_does() {
    let mut snapshot = underway();
    for definition in &mut snapshot.definitions {
        definition.containers[0].image = Some(image("latest"));
    }
    let digest = snapshot.revisions[1].images[0].digest.clone();
    snapshot.images = vec![RegistryImage {
        image: image("latest"),
        there: true,
        digest,
        pushed: None,
        tags: vec!["latest".to_owned(), "1f3c9ab".to_owned()],
    }];
    let told = |snapshot: &Snapshot| {
        let version = Version::of_revision(snapshot, &revision_arn(2)).unwrap();
        version.release(snapshot).commit
    };
    assert_eq!(told(&snapshot).as_deref(), Some("1f3c9ab"));
    let mut labelled = snapshot.clone();
    for definition in &mut labelled.definitions {
        definition.containers[0].commit = Some("b0c1d2e".to_owned());
    }
    assert_eq!(told(&labelled).as_deref(), Some("b0c1d2e"));
    let mut moved = snapshot.clone();
    moved.images[0].digest = Some("sha256:other".to_owned());
    assert_eq!(told(&moved), None, "the tag moved on");
    let mut vague = snapshot.clone();
    vague.revisions[1].images[0].digest = None;
    assert_eq!(told(&vague), None, "the tag may have moved on");
}
