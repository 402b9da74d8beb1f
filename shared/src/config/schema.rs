//! The documents' JSON Schema, generated from the types and committed under `docs/schema/`, so that
//! editors can check a document while it is written.

use schemars::schema_for;

use super::{Company, Estate};

/// The committed files with what they should hold.
#[must_use]
pub fn files() -> [(&'static str, String); 2] {
    let text = |schema: schemars::Schema| {
        let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
        text.push('\n');
        text
    };
    [
        ("docs/schema/company.json", text(schema_for!(Company))),
        ("docs/schema/estate.json", text(schema_for!(Estate))),
    ]
}
