use serde_json::json;

use super::*;

#[test]
fn a_field_is_found_whatever_its_capitals_the_exact_one_first() {
    let value = json!({ "NAME": "c", "Name": "a", "name": "b", "Other": 1 });
    assert_eq!(text(&value, "Name"), "a");
    assert_eq!(text(&value, "name"), "b");
    assert_eq!(get(&value, "other"), &json!(1));
    assert_eq!(get(&value, "missing"), &Value::Null);
    assert_eq!(get(&json!([1]), "name"), &Value::Null);
    assert_eq!(text(&value, "Other"), "");
}

#[test]
fn every_way_in_which_aws_writes_an_instant_is_read() {
    let table = [
        ("2021-11-10T02:45:55.640+0000", "2021-11-10T02:45:55.64Z"),
        ("2021-11-10T02:45:55.640Z", "2021-11-10T02:45:55.64Z"),
        ("2021-11-10T11:45:55.640+09:00", "2021-11-10T02:45:55.64Z"),
        ("2018-10-06T12:26:13Z", "2018-10-06T12:26:13Z"),
        ("2023-01-02 12:45:06.000", "2023-01-02T12:45:06Z"),
        ("Fri, 27 Jan 2023 06:02:51 GMT", "2023-01-27T06:02:51Z"),
        // A wrong weekday is no reason to forget the day.
        ("Mon, 27 Jan 2023 06:02:51 GMT", "2023-01-27T06:02:51Z"),
    ];
    for (written, meant) in table {
        assert_eq!(instant(written).unwrap().to_string(), meant, "{written}");
    }
    for nonsense in [
        "",
        "yesterday",
        "1795578300000",
        "2026-13-01T00:00:00Z",
        "99999-01-01",
    ] {
        assert_eq!(instant(nonsense), None, "{nonsense}");
    }
}

#[test]
fn numbers_are_read_from_texts_too_and_are_finite() {
    for (value, expected) in [
        (json!(80.5), Some(80.5)),
        (json!("80.5"), Some(80.5)),
        (json!(" 7 "), Some(7.0)),
        (json!("NaN"), None),
        (json!("inf"), None),
        (json!(null), None),
        (json!([1]), None),
    ] {
        assert_eq!(number(&value), expected, "{value}");
    }
    for (value, expected) in [
        (json!(60), Some(60)),
        (json!(60.0), Some(60)),
        (json!("60"), Some(60)),
        (json!(u32::MAX), Some(u32::MAX)),
        (json!(u64::from(u32::MAX) + 1), None),
        (json!(-1), None),
        (json!(0.5), None),
        (json!(1e300), None),
    ] {
        assert_eq!(whole(&value), expected, "{value}");
    }
}

#[test]
fn only_objects_and_arrays_in_a_text_are_json() {
    assert_eq!(parse(" {\"a\":1}\n"), Some(json!({ "a": 1 })));
    assert_eq!(parse("\u{feff}[1]"), Some(json!([1])));
    for text in ["\"a\"", "17", "null", "true", "{", "{a}", "", "[Breaching]"] {
        assert_eq!(parse(text), None, "{text}");
    }
}

#[test]
fn an_arn_tells_region_account_and_resource() {
    let arn = Arn::read("arn:aws:cloudwatch:ap-northeast-1:123456789012:alarm:cpu: very high");
    assert_eq!(
        (arn.region, arn.account, arn.resource),
        ("ap-northeast-1", "123456789012", "alarm:cpu: very high")
    );
    let arn = Arn::read("arn:aws:ecs:ap-northeast-1:123456789012:cluster/production");
    assert_eq!(arn.name(), "production");
    let none = Arn::read("i-0123456789");
    assert_eq!((none.region, none.account, none.resource), ("", "", ""));
}

/// The vectors are those of the FNV's authors: a digest must not change from release to release.
#[test]
fn the_digest_is_fnv_1a() {
    for (text, digest) in [
        ("", "6c62272e07bb014262b821756295c58d"),
        ("a", "d228cb696f1a8caf78912b704e4a8964"),
        ("foobar", "343e1662793c64bf6f0d3597ba446f18"),
    ] {
        assert_eq!(digest_of_text(text), digest, "{text}");
    }
}

#[test]
fn the_digest_of_a_value_is_that_of_its_compact_text() {
    let value = json!({ "b": [1, -2.5, "\"é\n"], "a": { "x": null, "": true }, "c": [[], {}] });
    let text = r#"{"a":{"":true,"x":null},"b":[1,-2.5,"\"é\n"],"c":[[],{}]}"#;
    assert_eq!(compact(&value, usize::MAX), text);
    assert_eq!(digest(&value), digest_of_text(text));
}

#[test]
fn a_long_value_is_not_written_to_its_end() {
    let value = Value::from(vec![1; 100_000]);
    assert!(compact(&value, 500).len() < 510);
}

#[test]
fn a_key_that_the_table_would_not_take_becomes_its_digest() {
    let short = "alarm/arn:aws:cloudwatch:…:alarm:cpu/ALARM/1".to_owned();
    assert_eq!(key(short.clone()), short);
    let long = format!("alarm/{}/ALARM/1", "警".repeat(400));
    assert!(key(long.clone()).starts_with("alarm/") && key(long.clone()).len() < 60);
    assert_ne!(key(long.clone()), key(format!("{long}0")));
    assert!(!key("sns/a\nb".to_owned()).contains('\n'));
}

#[test]
fn depth_is_measured_without_recursion() {
    let nested = |depth| (0..depth).fold(json!(1), |value, _| json!([value]));
    assert!(!is_too_deep(&nested(DEEPEST)));
    assert!(is_too_deep(&nested(DEEPEST + 1)));
}
