//! The committed JSON Schema is the types', and the committed examples are documents that work.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests are tests as well"
)]

use std::{fs, path::Path};

use nightshift::config::{self, LIMIT_BYTES, schema};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn read(file: impl AsRef<Path>) -> String {
    let file = root().join(file);
    fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

#[test]
fn the_committed_schema_is_not_stale() {
    for (file, text) in schema::files() {
        assert!(
            read(file) == text,
            "{file} is stale: run `make schema` and commit it"
        );
    }
}

#[test]
fn every_example_is_a_document_that_fits_the_companys() {
    let company = config::company("examples/company.yaml", &read("examples/company.yaml")).unwrap();
    let (mut sleepers, mut slimmers) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(root().join("examples/estates")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = fs::read_to_string(&path).unwrap();
        assert!(
            text.len() < LIMIT_BYTES / 2,
            "{name} is no model of brevity"
        );
        let estate = config::estate(&name, &text).unwrap_or_else(|problems| panic!("{problems:?}"));
        config::estate_name(&name).unwrap();
        if config::sleeper(&name, &name, &estate, &company)
            .unwrap()
            .is_some()
        {
            sleepers.push(name);
        } else if config::slimmer(&name, &name, &estate, &company)
            .unwrap()
            .is_some()
        {
            slimmers.push(name);
        }
    }
    sleepers.sort();
    assert_eq!(slimmers, ["bookmark-manager-production"]);
    assert_eq!(
        sleepers,
        ["blog-aws-practice", "bookmark-manager-staging", "r2e"]
    );
}

#[test]
fn a_document_is_the_same_after_writing_and_reading_it() {
    for file in [
        "bookmark-manager-staging",
        "r2e",
        "blog-aws-practice",
        "bookmark-manager-production",
        "point-app",
    ] {
        let text = read(format!("examples/estates/{file}.yaml"));
        let estate = config::estate(file, &text).unwrap();
        let written = serde_json::to_string(&estate).unwrap();
        assert_eq!(
            config::estate(file, &written).unwrap(),
            estate,
            "{file}: {written}"
        );
    }
}
