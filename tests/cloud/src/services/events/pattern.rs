//! Event patterns: a field that a pattern names must hold one of the values that it lists, and a
//! field that it does not name may hold anything.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html>

use std::cmp::Ordering;

use serde_json::{Map, Value};

/// Whether an event matches a pattern. What is no pattern matches nothing.
#[must_use]
pub fn matches(pattern: &Value, event: &Value) -> bool {
    let (Some(pattern), Some(event)) = (pattern.as_object(), event.as_object()) else {
        return false;
    };
    pattern.iter().all(|(name, wanted)| match wanted {
        Value::Array(either) if name == "$or" => either
            .iter()
            .any(|pattern| matches(pattern, &Value::Object(event.clone()))),
        Value::Array(wanted) => field(wanted, event.get(name)),
        Value::Object(_) => nested(wanted, event.get(name)),
        _ => false,
    })
}

// A pattern below a missing field can still ask for fields that must not exist.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
fn nested(pattern: &Value, there: Option<&Value>) -> bool {
    match there {
        Some(Value::Array(items)) => items.iter().any(|item| matches(pattern, item)),
        Some(value @ Value::Object(_)) => matches(pattern, value),
        _ => matches(pattern, &Value::Object(Map::new())),
    }
}

fn field(wanted: &[Value], there: Option<&Value>) -> bool {
    let values: Vec<&Value> = match there {
        Some(Value::Array(items)) => items.iter().collect(),
        Some(value) => vec![value],
        None => Vec::new(),
    };
    // `exists` looks at leaves only: an object there is no value.
    let exists = there.is_some_and(|value| !value.is_object());
    wanted.iter().any(
        |wanted| match wanted.get("exists").and_then(Value::as_bool) {
            Some(must) => must == exists,
            None => values.iter().any(|value| one(wanted, value)),
        },
    )
}

fn one(wanted: &Value, value: &Value) -> bool {
    let Some((operator, operand)) = only_entry(wanted) else {
        return wanted == value;
    };
    match operator {
        "prefix" => affix(operand, value, |text, part| text.starts_with(part)),
        "suffix" => affix(operand, value, |text, part| text.ends_with(part)),
        "equals-ignore-case" => same_ignoring_case(operand, value),
        "wildcard" => both_texts(operand, value, wild),
        "anything-but" => anything_but(operand, value),
        "numeric" => numeric(operand, value),
        _ => false,
    }
}

fn only_entry(value: &Value) -> Option<(&str, &Value)> {
    let (name, operand) = value.as_object()?.iter().next()?;
    Some((name, operand))
}

fn both_texts(operand: &Value, value: &Value, fits: fn(&str, &str) -> bool) -> bool {
    matches!((operand.as_str(), value.as_str()), (Some(wanted), Some(text)) if fits(wanted, text))
}

fn same_ignoring_case(operand: &Value, value: &Value) -> bool {
    both_texts(operand, value, |wanted, text| {
        wanted.to_lowercase() == text.to_lowercase()
    })
}

fn affix(operand: &Value, value: &Value, fits: fn(&str, &str) -> bool) -> bool {
    let Some(text) = value.as_str() else {
        return false;
    };
    if let Some(part) = operand.as_str() {
        return fits(text, part);
    }
    operand
        .get("equals-ignore-case")
        .and_then(Value::as_str)
        .is_some_and(|part| fits(&text.to_lowercase(), &part.to_lowercase()))
}

fn anything_but(operand: &Value, value: &Value) -> bool {
    match operand {
        Value::Array(items) => items.iter().all(|item| item != value),
        Value::Object(_) => {
            let Some((operator, operand)) = only_entry(operand) else {
                return false;
            };
            let items = match operand {
                Value::Array(items) => items.iter().collect(),
                other => vec![other],
            };
            value.is_string()
                && items.into_iter().all(|item| match operator {
                    "prefix" => !affix(item, value, |text, part| text.starts_with(part)),
                    "suffix" => !affix(item, value, |text, part| text.ends_with(part)),
                    "equals-ignore-case" => !same_ignoring_case(item, value),
                    "wildcard" => !both_texts(item, value, wild),
                    _ => false,
                })
        }
        scalar => scalar != value,
    }
}

fn numeric(operand: &Value, value: &Value) -> bool {
    let (Some(conditions), Some(number)) = (operand.as_array(), value.as_f64()) else {
        return false;
    };
    conditions.chunks(2).all(|condition| {
        let [operator, limit] = condition else {
            return false;
        };
        let Some(order) = limit.as_f64().and_then(|limit| number.partial_cmp(&limit)) else {
            return false;
        };
        match operator.as_str() {
            Some("=") => order == Ordering::Equal,
            Some("<") => order == Ordering::Less,
            Some("<=") => order != Ordering::Greater,
            Some(">") => order == Ordering::Greater,
            Some(">=") => order != Ordering::Less,
            _ => false,
        }
    })
}

fn wild(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else {
        return rest.is_empty();
    };
    for part in middle {
        let Some(at) = rest.find(part) else {
            return false;
        };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

/// Whether this is a pattern that EventBridge takes.
///
/// # Errors
/// With the reason, as `InvalidEventPatternException` gives it.
pub fn check(pattern: &Value) -> Result<(), String> {
    let Some(fields) = pattern.as_object() else {
        return Err("Event pattern is not valid. Reason: Filter is not an object".to_owned());
    };
    if fields.is_empty() {
        return Err(
            "Event pattern is not valid. Reason: Empty patterns are not allowed".to_owned(),
        );
    }
    for (name, wanted) in fields {
        match wanted {
            Value::Object(_) => check(wanted)?,
            Value::Array(either) if name == "$or" => {
                either.iter().try_for_each(check)?;
            }
            Value::Array(values) if values.is_empty() => {
                return Err(format!(
                    "Event pattern is not valid. Reason: Empty arrays are not allowed at \"{name}\""
                ));
            }
            Value::Array(values) => values.iter().try_for_each(check_value)?,
            _ => {
                return Err(format!(
                    "Event pattern is not valid. Reason: \"{name}\" must be an object or an array"
                ));
            }
        }
    }
    Ok(())
}

fn check_value(wanted: &Value) -> Result<(), String> {
    let bad = |why: String| Err(format!("Event pattern is not valid. Reason: {why}"));
    match wanted {
        Value::Array(_) => {
            bad("Match value must be String, number, true, false, or null".to_owned())
        }
        Value::Object(object) => {
            let mut entries = object.iter();
            let (Some((operator, operand)), None) = (entries.next(), entries.next()) else {
                return bad("Only one key allowed in match expression".to_owned());
            };
            let fits = match operator.as_str() {
                "prefix" | "suffix" => {
                    operand.is_string()
                        || operand
                            .get("equals-ignore-case")
                            .is_some_and(Value::is_string)
                }
                "equals-ignore-case" | "wildcard" => operand.is_string(),
                "exists" => operand.is_boolean(),
                "anything-but" => !operand.is_boolean() && !operand.is_null(),
                "numeric" => fits_numeric(operand),
                _ => return bad(format!("Unrecognized match type {operator}")),
            };
            if fits {
                Ok(())
            } else {
                bad(format!("Value of {operator} is not valid"))
            }
        }
        _ => Ok(()),
    }
}

fn fits_numeric(operand: &Value) -> bool {
    operand.as_array().is_some_and(|conditions| {
        !conditions.is_empty()
            && conditions.chunks(2).all(|pair| {
                matches!(pair, [operator, limit]
                    if matches!(operator.as_str(), Some("=" | "<" | "<=" | ">" | ">="))
                        && limit.is_number())
            })
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn patterns_match_as_documented() {
        let event = json!({
            "source": "aws.rds",
            "resources": ["arn:a", "arn:b"],
            "detail": { "EventID": "RDS-EVENT-0087", "n": 5, "none": null, "state": { "value": "OK" },
                        "list": [{ "k": 1 }, { "k": 2 }] }
        });
        let cases = [
            (json!({ "source": ["aws.rds"] }), true),
            (json!({ "source": ["aws.ecs", "aws.rds"] }), true),
            (json!({ "source": ["aws.ecs"] }), false),
            (json!({ "resources": ["arn:b"] }), true),
            (json!({ "resources": [{ "prefix": "arn:" }] }), true),
            (
                json!({ "detail": { "EventID": [{ "suffix": "0087" }] } }),
                true,
            ),
            (
                json!({ "detail": { "EventID": [{ "prefix": { "equals-ignore-case": "rds-" } }] } }),
                true,
            ),
            (
                json!({ "detail": { "EventID": [{ "equals-ignore-case": "rds-event-0087" }] } }),
                true,
            ),
            (
                json!({ "detail": { "EventID": [{ "wildcard": "RDS-*-00*7" }] } }),
                true,
            ),
            (
                json!({ "detail": { "EventID": [{ "wildcard": "RDS-*-01*7" }] } }),
                false,
            ),
            (
                json!({ "detail": { "EventID": [{ "anything-but": ["RDS-EVENT-0087"] }] } }),
                false,
            ),
            (
                json!({ "detail": { "EventID": [{ "anything-but": { "prefix": "ECS" } }] } }),
                true,
            ),
            (
                json!({ "detail": { "absent": [{ "anything-but": "x" }] } }),
                false,
            ),
            (
                json!({ "detail": { "n": [{ "numeric": [">", 0, "<=", 5] }] } }),
                true,
            ),
            (
                json!({ "detail": { "n": [{ "numeric": ["<", 5] }] } }),
                false,
            ),
            (json!({ "detail": { "none": [null] } }), true),
            (
                json!({ "detail": { "absent": [{ "exists": false }] } }),
                true,
            ),
            (json!({ "detail": { "n": [{ "exists": false }] } }), false),
            (
                json!({ "detail": { "state": [{ "exists": true }] } }),
                false,
            ),
            (json!({ "absent": { "deep": [{ "exists": false }] } }), true),
            (json!({ "detail": { "state": { "value": ["OK"] } } }), true),
            (json!({ "detail": { "list": { "k": [2] } } }), true),
            (
                json!({ "$or": [{ "source": ["x"] }, { "detail": { "n": [5] } }] }),
                true,
            ),
            (
                json!({ "source": ["x"], "$or": [{ "detail": { "n": [5] } }] }),
                false,
            ),
        ];
        for (pattern, expected) in cases {
            assert_eq!(check(&pattern), Ok(()), "{pattern}");
            assert_eq!(matches(&pattern, &event), expected, "{pattern}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for pattern in [
            json!("text"),
            json!({}),
            json!({ "source": "aws.rds" }),
            json!({ "source": [] }),
            json!({ "source": [["x"]] }),
            json!({ "source": [{ "begins": "x" }] }),
            json!({ "n": [{ "numeric": [">"] }] }),
        ] {
            assert!(check(&pattern).is_err(), "{pattern}");
        }
    }
}
