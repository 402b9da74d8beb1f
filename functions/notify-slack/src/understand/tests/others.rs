//! What is not known: shown field by field, and cut where it is too long.

use super::*;

#[test]
fn an_unknown_event_shows_what_it_holds_and_nothing_empty() {
    let detail = json!({
        "state": "FAILED", "tags": {}, "note": null, "blank": " ", "none": [],
        "list": ["a", 1, true], "steps": [{ "name": "build" }, { "name": "test", "code": 2 }]
    });
    let payload = eventbridge("Something New", "acme.builds", "arn:x", &detail);
    let fields = [
        ("resources", "arn:x"),
        ("detail.list", "a, 1, true"),
        ("detail.state", "FAILED"),
        ("detail.steps[0].name", "build"),
        ("detail.steps[1].code", "2"),
        ("detail.steps[1].name", "test"),
    ];
    let other = other(&payload);
    assert_eq!(
        other.fields,
        fields.map(|(name, value)| (name.to_owned(), value.to_owned()))
    );
    assert!(!other.cut);
}

#[test]
fn a_long_event_is_cut_and_says_so() {
    let many: serde_json::Map<_, _> = (0..100).map(|n| (format!("f{n:03}"), json!(n))).collect();
    let cut = other(&eventbridge("Long", "acme", "arn:x", &json!(many)));
    assert_eq!((cut.fields.len(), cut.cut), (60, true));
    assert_eq!(cut.fields[59], ("detail.f058".to_owned(), "58".to_owned()));

    let value = other(&eventbridge(
        "Long",
        "acme",
        "",
        &json!({ "a": "あ".repeat(501) }),
    ));
    assert_eq!(value.fields[0].1.chars().count(), 500);
    assert!(value.fields[0].1.ends_with('…') && value.cut);
    let whole = other(&eventbridge(
        "Long",
        "acme",
        "",
        &json!({ "a": "あ".repeat(500) }),
    ));
    assert!(!whole.cut);

    let text = other(&sns(&json!("長".repeat(12_001))));
    assert_eq!((text.text.chars().count(), text.cut), (12_000, true));
    assert!(!other(&sns(&json!("長".repeat(12_000)))).cut);
}

#[test]
fn deep_nesting_is_shown_as_json_from_some_level_on() {
    let deep = (0..20).fold(json!("bottom"), |value, _| json!({ "a": value }));
    let other = other(&json!({ "top": deep }));
    assert_eq!(other.fields.len(), 1);
    let (path, value) = &other.fields[0];
    assert_eq!(path.matches(".a").count(), 12, "{path}");
    assert!(
        value.starts_with("{\"a\":") && value.contains("bottom"),
        "{value}"
    );
}

/// `json!` would copy what is within, level by level.
fn nested(levels: usize) -> Value {
    (0..levels).fold(Value::Null, |inner, level| {
        if level % 2 == 0 {
            Value::Array(vec![inner])
        } else {
            Value::Object([("detail".to_owned(), inner)].into_iter().collect())
        }
    })
}

#[test]
fn no_depth_overflows_the_stack() {
    let report = sample("sns-report-ready");
    let report = report["Records"][0]["Sns"]["Message"].as_str().unwrap();
    let mut deep = [
        nested(200_000),
        sample("alarm-cpu-eventbridge"),
        json::parse(report).unwrap(),
    ];
    deep[1]["detail"]["configuration"] = nested(200_000);
    deep[2]["news"] = nested(200_000);
    for payload in &deep {
        assert!(other(payload).cut);
    }
    // To drop them would need a frame for each level.
    std::mem::forget(deep);

    let brackets = "[".repeat(200_000);
    assert!(other(&sns(&json!(brackets))).text.starts_with("[[["));
}
