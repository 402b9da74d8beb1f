use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;

fn value(text: &str) -> Value {
    Value::new(text.to_owned())
}

fn with(text: &str, key: &str, new: &str) -> Result<String, JsonError> {
    replaced(&value(text), key, &value(new)).map(|it| it.expose().to_owned())
}

#[test]
fn only_the_one_string_changes() {
    let old = "\u{20}{\n\t\"n\" : 1.50E+3,\"a\\u0062c\":\"caf\\u00e9 \\/\" ,\r\n \"URL\":  \"old\\n\" , \"big\":12345678901234567890123, \"in\":{\"URL\":\"stays\",\"URL\":null}}\n";
    let new = with(old, "URL", "n\"e\\w\n\u{1}é").unwrap();
    assert_eq!(new, old.replace("\"old\\n\"", "\"n\\\"e\\\\w\\n\\u0001é\""));
    assert_eq!(
        with(old, "abc", "x").unwrap(),
        old.replace("\"caf\\u00e9 \\/\"", "\"x\"")
    );
    assert_eq!(read(&value(old), "abc").unwrap(), value("café /"));
}

#[test]
fn what_is_not_such_an_object_is_refused() {
    let no_object = |text: &str| matches!(with(text, "a", "x"), Err(JsonError::NotAnObject { .. }));
    for text in [
        "",
        "null",
        "\"a\"",
        "[{\"a\":\"b\"}]",
        "{\"a\":\"b\"",
        "{\"a\":\"b\"} x",
        "{'a':'b'}",
        "{\"a\":\"b\",}",
        "{\"a\":01}",
        "\u{feff}{\"a\":\"b\"}",
        "{\"a\":\"line\nbreak\"}",
    ] {
        assert!(no_object(text), "{text}");
    }
    assert_eq!(
        with("{\"a\":\"b\",\"\\u0061\":\"c\"}", "a", "x"),
        Err(JsonError::Twice)
    );
    assert_eq!(
        with("{\"b\":\"\",\"c\":1,\"c\":2}", "b", "x"),
        Err(JsonError::Twice)
    );
    assert_eq!(
        with("{\"A\":\"b\"}", "a", "x"),
        Err(JsonError::NoKey("a".to_owned()))
    );
    for other in ["1", "null", "true", "{}", "[\"b\"]"] {
        let text = format!("{{\"a\":{other}}}");
        assert_eq!(
            with(&text, "a", "x"),
            Err(JsonError::NotAString("a".to_owned()))
        );
    }
}

#[test]
fn an_error_shows_nothing_of_the_secret() {
    for text in [
        "canary",
        "\"canary\"",
        "{\"a\":canary}",
        "{\"canary\":1,\"canary\":2}",
        "{\"a\":[\"canary\"]}",
    ] {
        let error = with(text, "a", "canary").unwrap_err();
        assert!(!format!("{error} {error:?}").contains("canary"), "{error}");
    }
}

/// A JSON text of any shape, some of it with spaces and unusual spellings.
fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        Just("-0.0e-07".to_owned()),
        Just("123456789012345678901234567890".to_owned()),
        Just("1e999".to_owned()),
        Just("\"\\u00E9\\/\\ud83d\\ude00\"".to_owned()),
        any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap()),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec((spaces(), inner.clone()), 0..4).prop_map(|items| {
                let items: Vec<String> = items.into_iter().map(|(s, it)| s + &it).collect();
                format!("[{}]", items.join(","))
            }),
            prop::collection::vec((spaces(), inner), 0..4).prop_map(|items| {
                let items = items.into_iter().map(|(s, it)| format!("{s}\"k\"{s}:{it}"));
                format!("{{{}}}", items.collect::<Vec<_>>().join(","))
            }),
        ]
    })
}

fn spaces() -> impl Strategy<Value = String> {
    "[ \t\r\n]{0,3}"
}

/// Its members, one of which holds a string, the whole text and where that string stands.
fn secret() -> impl Strategy<Value = (String, Range<usize>)> {
    let member = (spaces(), json(), spaces());
    let members = prop::collection::vec(member, 0..6);
    (
        members,
        any::<String>(),
        any::<prop::sample::Index>(),
        spaces(),
    )
        .prop_map(|(members, old, at, s)| {
            let at = at.index(members.len() + 1);
            let mut text = format!("{s}{{");
            let mut place = 0..0;
            let ours = serde_json::to_string(&old).unwrap();
            let count = members.len() + 1;
            let mut others = members.into_iter().enumerate();
            for n in 0..count {
                if n > 0 {
                    text.push(',');
                }
                if n == at {
                    write!(text, "{s}\"ours\"{s}:{s}").unwrap();
                    place = text.len()..text.len() + ours.len();
                    text.push_str(&ours);
                } else if let Some((other, (before, value, after))) = others.next() {
                    write!(text, "{before}\"key {other}\":{before}{value}{after}").unwrap();
                }
                text.push_str(&s);
            }
            text.push('}');
            text.push_str(&s);
            (text, place)
        })
}

proptest! {
    #[test]
    fn every_other_byte_is_the_same((old, place) in secret(), new in any::<String>()) {
        let text = with(&old, "ours", &new).unwrap();
        let end = text.len() - (old.len() - place.end);
        prop_assert_eq!(&text[..place.start], &old[..place.start]);
        prop_assert_eq!(&text[end..], &old[place.end..]);
        let written: String = serde_json::from_str(&text[place.start..end]).unwrap();
        prop_assert_eq!(written, new);
    }

    #[test]
    fn the_object_is_the_same_with_one_value_changed((old, _) in secret(), new in any::<String>()) {
        let text = with(&old, "ours", &new).unwrap();
        prop_assert_eq!(read(&value(&text), "ours").unwrap(), value(&new));
        // Numbers beyond a float's range are JSON that this reader does not take.
        if let Ok(mut wanted) = serde_json::from_str::<serde_json::Value>(&old) {
            wanted["ours"] = new.into();
            prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), wanted);
        }
    }

    #[test]
    fn replacing_and_putting_back_gives_the_same_object((old, _) in secret(), new in any::<String>()) {
        let before = read(&value(&old), "ours").unwrap();
        let there = replaced(&value(&old), "ours", &value(&new)).unwrap();
        let back = replaced(&there, "ours", &before).unwrap();
        prop_assert_eq!(back.expose(), old);
    }

    #[test]
    fn no_text_makes_it_panic(text in any::<String>(), key in any::<String>()) {
        let _ = with(&text, &key, "new");
    }
}
