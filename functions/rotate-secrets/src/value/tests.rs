use super::*;

fn value(text: &str) -> Value {
    Value::new(text.to_owned())
}

#[test]
fn a_value_is_never_printed() {
    let canary = value("canary-7f3a");
    assert_eq!(format!("{canary:?}"), "[secret]");
    assert_eq!(format!("{:#?}", Some(&canary)), "Some(\n    [secret],\n)");
}

#[test]
fn values_are_equal_when_their_texts_are() {
    assert_eq!(value("one"), value("one"));
    for other in ["two", "on", "onee", "ONE", ""] {
        assert_ne!(value("one"), value(other), "{other}");
    }
}
