//! Parameter Store: versions, labels, paths and sizes.

use nightshift_tests::aws::SSM;
use serde_json::{Value, json};

use crate::script::{Step, json};

fn put(words: &str, name: &str, value: &str, more: &Value) -> Step {
    let mut input = json!({ "Name": name, "Value": value, "Type": "String" });
    for (name, value) in more.as_object().unwrap() {
        input[name] = value.clone();
    }
    json(SSM, "PutParameter", words, input)
}

fn get(words: &str, name: &str) -> Step {
    json(SSM, "GetParameter", words, json!({ "Name": name }))
}

pub(crate) fn steps() -> Vec<Step> {
    let mut steps = values();
    steps.extend(labels());
    steps.extend(paths());
    steps
}

fn values() -> Vec<Step> {
    let again = json!({ "Overwrite": true });
    let long = "x".repeat(4097);
    vec![
        put("new", "/talk/a", "1", &json!({})).shows(&["/Version", "/Tier"]),
        put("that is there", "/talk/a", "2", &json!({})),
        put("over what is there", "/talk/a", "2", &again).shows(&["/Version"]),
        put("without a value", "/talk/empty", "", &json!({})),
        put("of 4,096 bytes", "/talk/long", &long[1..], &json!({})).shows(&["/Version"]),
        put("of 4,097 bytes", "/talk/long", &long, &again),
        put("with a reserved name", "/aws/talk", "1", &json!({})),
        put("with a name of other letters", "/talk/ä", "1", &json!({})),
        put(
            "with tags over what is there",
            "/talk/a",
            "3",
            &json!({ "Overwrite": true, "Tags": [{ "Key": "k", "Value": "v" }] }),
        ),
        put("of the one type", "/talk/type", "1", &json!({})),
        put(
            "of another type over what is there",
            "/talk/type",
            "3",
            &json!({ "Overwrite": true, "Type": "SecureString" }),
        ),
        json(
            SSM,
            "PutParameter",
            "without a type",
            json!({ "Name": "/talk/typeless", "Value": "1" }),
        ),
        get("latest", "/talk/a").shows(&[
            "/Parameter/Value",
            "/Parameter/Version",
            "/Parameter/ARN",
        ]),
        get("by its version", "/talk/a:1").shows(&[
            "/Parameter/Value",
            "/Parameter/Version",
            "/Parameter/Selector",
        ]),
        get("of an unknown version", "/talk/a:99"),
        get("that is unknown", "/talk/nothing"),
        json(
            SSM,
            "GetParameters",
            "of which one is unknown",
            json!({ "Names": ["/talk/a", "/talk/nothing"] }),
        )
        .shows(&["/Parameters#", "/InvalidParameters/0"]),
        json(
            SSM,
            "GetParameters",
            "of eleven",
            json!({ "Names": (0..11).map(|n| format!("/talk/{n}")).collect::<Vec<_>>() }),
        ),
    ]
}

fn labels() -> Vec<Step> {
    let label = |words: &str, version: Option<u32>, labels: &[&str]| {
        let mut input = json!({ "Name": "/talk/a", "Labels": labels });
        if let Some(version) = version {
            input["ParameterVersion"] = version.into();
        }
        json(SSM, "LabelParameterVersion", words, input)
    };
    let eleven: Vec<String> = (0..11).map(|n| format!("l{n}")).collect();
    let eleven: Vec<&str> = eleven.iter().map(String::as_str).collect();
    vec![
        label("of the first version", Some(1), &["current"])
            .shows(&["/InvalidLabels#", "/ParameterVersion"]),
        get("by its label", "/talk/a:current").shows(&["/Parameter/Version"]),
        label("of the latest version", None, &["current"]).shows(&["/ParameterVersion"]),
        get("by a label that moved", "/talk/a:current").shows(&["/Parameter/Version"]),
        get("by an unknown label", "/talk/a:nobody"),
        label("with a digit before it", None, &["1st", "second"])
            .shows(&["/InvalidLabels#", "/InvalidLabels/0"]),
        label("with a reserved word before it", None, &["awslabel"]).shows(&["/InvalidLabels#"]),
        label("of an unknown version", Some(99), &["current"]),
        label("of eleven", None, &eleven),
        json(
            SSM,
            "LabelParameterVersion",
            "of an unknown parameter",
            json!({ "Name": "/talk/nothing", "Labels": ["l"] }),
        ),
        json(
            SSM,
            "GetParameterHistory",
            "of two versions",
            json!({ "Name": "/talk/a" }),
        )
        .shows(&["/Parameters#", "/Parameters/1/Labels#"]),
        json(
            SSM,
            "UnlabelParameterVersion",
            "that is there",
            json!({ "Name": "/talk/a", "ParameterVersion": 2, "Labels": ["current", "nobody"] }),
        )
        .shows(&["/RemovedLabels#", "/InvalidLabels#"]),
    ]
}

fn paths() -> Vec<Step> {
    let by_path = |words: &str, more: &Value| {
        let mut input = json!({ "Path": "/page" });
        for (name, value) in more.as_object().unwrap() {
            input[name] = value.clone();
        }
        json(SSM, "GetParametersByPath", words, input)
    };
    let mut steps: Vec<Step> = (1..=11)
        .map(|n| {
            put(
                &format!("number {n}"),
                &format!("/page/n{n:02}"),
                "1",
                &json!({}),
            )
        })
        .collect();
    steps.extend([
        put("deeper", "/page/sub/one", "1", &json!({})),
        by_path("of eleven", &json!({}))
            .shows(&["/Parameters#", "/NextToken?"])
            .keeps("next", "/NextToken"),
        by_path("of the rest", &json!({ "NextToken": "<next>" }))
            .shows(&["/Parameters#", "/NextToken?"]),
        by_path("three at a time", &json!({ "MaxResults": 3 }))
            .shows(&["/Parameters#", "/NextToken?"]),
        by_path("of more than a page takes", &json!({ "MaxResults": 11 })),
        by_path("recursively", &json!({ "Recursive": true })).shows(&["/Parameters#"]),
        by_path("without a slash", &json!({ "Path": "page" })),
        by_path("that is unknown", &json!({ "Path": "/nowhere" })).shows(&["/Parameters#"]),
        json(
            SSM,
            "DeleteParameter",
            "that is there",
            json!({ "Name": "/talk/a" }),
        ),
        json(
            SSM,
            "DeleteParameter",
            "that is unknown",
            json!({ "Name": "/talk/a" }),
        ),
        json(
            SSM,
            "DeleteParameters",
            "of which one is unknown",
            json!({ "Names": ["/talk/long", "/talk/a"] }),
        )
        .shows(&["/DeletedParameters#", "/InvalidParameters#"]),
    ]);
    steps
}
