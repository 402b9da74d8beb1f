//! Expressions: what they mean, once read. Names and values that are given and not used are
//! refused, as is a word of the language that stands for an attribute.
//! <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.html>

use std::{cmp::Ordering, collections::BTreeSet};

use serde_json::{Map, Value};

use super::value::{self, Item};
use crate::call::{Call, Fault};

mod parse;
mod path;
mod reserved;
mod update;

pub(super) use path::{Path, project};
pub(super) use update::Update;

/// A refusal with the code that most have.
pub(super) fn invalid(message: impl Into<String>) -> Fault {
    Fault::client("ValidationException", message)
}

/// The names and values that the expressions of one call share.
#[derive(Debug)]
pub(super) struct Scope<'a> {
    names: &'a Map<String, Value>,
    values: &'a Map<String, Value>,
    used: BTreeSet<String>,
    read: bool,
}

impl<'a> Scope<'a> {
    /// The scope of a call, or of one of a transaction's actions.
    pub(super) fn of(input: &'a Value, none: &'a Map<String, Value>) -> Self {
        let map = |name: &str| input.get(name).and_then(Value::as_object).unwrap_or(none);
        Self {
            names: map("ExpressionAttributeNames"),
            values: map("ExpressionAttributeValues"),
            used: BTreeSet::new(),
            read: false,
        }
    }

    fn name(&mut self, placeholder: &str) -> Result<String, String> {
        let name = self.names.get(placeholder).and_then(Value::as_str);
        let name = name.ok_or_else(|| {
            format!("An expression attribute name used in the document path is not defined; attribute name: {placeholder}")
        })?;
        self.used.insert(placeholder.to_owned());
        Ok(name.to_owned())
    }

    fn value(&mut self, placeholder: &str) -> Result<Value, String> {
        let value = self.values.get(placeholder).ok_or_else(|| {
            format!("An expression attribute value used in expression is not defined; attribute value: {placeholder}")
        })?;
        self.used.insert(placeholder.to_owned());
        value::checked(value)
    }

    /// Reads a condition, a filter or a key condition.
    pub(super) fn condition(&mut self, kind: &str, text: &str) -> Result<Condition, Fault> {
        self.read = true;
        parse::condition(self, text).map_err(|why| invalid(format!("Invalid {kind}: {why}")))
    }

    /// Reads an update expression.
    pub(super) fn update(&mut self, text: &str) -> Result<Update, Fault> {
        self.read = true;
        parse::update(self, text).map_err(|why| invalid(format!("Invalid UpdateExpression: {why}")))
    }

    /// Reads a projection.
    pub(super) fn projection(&mut self, text: &str) -> Result<Vec<Path>, Fault> {
        self.read = true;
        parse::projection(self, text)
            .map_err(|why| invalid(format!("Invalid ProjectionExpression: {why}")))
    }

    /// That everything given was used.
    pub(super) fn finish(self) -> Result<(), Fault> {
        for (what, given) in [
            ("ExpressionAttributeValues", self.values),
            ("ExpressionAttributeNames", self.names),
        ] {
            if given.is_empty() {
                continue;
            }
            if !self.read {
                return Err(invalid(format!(
                    "{what} can only be specified when using expressions"
                )));
            }
            let unused = given.keys().filter(|key| !self.used.contains(*key));
            let unused: Vec<&str> = unused.map(String::as_str).collect();
            if !unused.is_empty() {
                return Err(invalid(format!(
                    "Value provided in {what} unused in expressions: keys: {{{}}}",
                    unused.join(", ")
                )));
            }
        }
        Ok(())
    }
}

/// Reads the condition that a write has, if it has one.
pub(super) fn condition_of(
    scope: &mut Scope<'_>,
    input: &Value,
) -> Result<Option<Condition>, Fault> {
    let text = input.get("ConditionExpression").and_then(Value::as_str);
    text.map(|text| scope.condition("ConditionExpression", text))
        .transpose()
}

/// Refuses the parameters that expressions have replaced: they are not modelled.
pub(super) fn no_legacy(call: &Call) -> Result<(), Fault> {
    let legacy = [
        "AttributesToGet",
        "AttributeUpdates",
        "ConditionalOperator",
        "Expected",
        "KeyConditions",
        "QueryFilter",
        "ScanFilter",
    ];
    match legacy.iter().find(|name| call.input.get(**name).is_some()) {
        Some(name) => Err(invalid(format!(
            "the simulated cloud does not know the legacy parameter {name}"
        ))),
        None => Ok(()),
    }
}

/// What is compared.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Operand {
    Path(Path),
    Value(Value),
    Size(Path),
}

impl Operand {
    fn of(&self, item: &Item) -> Option<Value> {
        match self {
            Self::Path(path) => path.get(item).cloned(),
            Self::Value(value) => Some(value.clone()),
            Self::Size(path) => {
                let size = path.get(item).and_then(value::size)?;
                Some(serde_json::json!({ "N": size.to_string() }))
            }
        }
    }
}

/// A condition.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Condition {
    And(Box<Condition>, Box<Condition>),
    Or(Box<Condition>, Box<Condition>),
    Not(Box<Condition>),
    Compare(Operand, Comparator, Operand),
    Between(Operand, Operand, Operand),
    In(Operand, Vec<Operand>),
    Exists(Path),
    NotExists(Path),
    Type(Path, String),
    BeginsWith(Operand, Operand),
    Contains(Operand, Operand),
}

/// How two operands are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparator {
    fn holds(self, left: Option<&Value>, right: Option<&Value>) -> bool {
        let equal = matches!((left, right), (Some(left), Some(right)) if value::equal(left, right));
        let order = left
            .zip(right)
            .and_then(|(left, right)| value::order(left, right));
        match self {
            Self::Equal => equal,
            // Also true where the attribute is missing.
            Self::NotEqual => !equal,
            Self::Less => order == Some(Ordering::Less),
            Self::LessOrEqual => order.is_some_and(Ordering::is_le),
            Self::Greater => order == Some(Ordering::Greater),
            Self::GreaterOrEqual => order.is_some_and(Ordering::is_ge),
        }
    }
}

impl Condition {
    /// Whether it holds of an item; of one that is missing, as of an empty one.
    pub(super) fn holds(&self, item: &Item) -> bool {
        match self {
            Self::And(left, right) => left.holds(item) && right.holds(item),
            Self::Or(left, right) => left.holds(item) || right.holds(item),
            Self::Not(inner) => !inner.holds(item),
            Self::Compare(left, comparator, right) => {
                comparator.holds(left.of(item).as_ref(), right.of(item).as_ref())
            }
            Self::Between(operand, low, high) => {
                let value = operand.of(item);
                Comparator::GreaterOrEqual.holds(value.as_ref(), low.of(item).as_ref())
                    && Comparator::LessOrEqual.holds(value.as_ref(), high.of(item).as_ref())
            }
            Self::In(operand, list) => {
                let value = operand.of(item);
                let is =
                    |one: &Operand| Comparator::Equal.holds(value.as_ref(), one.of(item).as_ref());
                list.iter().any(is)
            }
            Self::Exists(path) => path.get(item).is_some(),
            Self::NotExists(path) => path.get(item).is_none(),
            Self::Type(path, kind) => {
                let there = path.get(item).and_then(value::typed);
                there.is_some_and(|(is, _)| is == kind)
            }
            Self::BeginsWith(operand, start) => {
                let (value, start) = (operand.of(item), start.of(item));
                text(value.as_ref())
                    .zip(text(start.as_ref()))
                    .is_some_and(|(value, start)| value.starts_with(start))
            }
            Self::Contains(operand, part) => operand
                .of(item)
                .zip(part.of(item))
                .is_some_and(|(value, part)| contains(&value, &part)),
        }
    }
}

fn text(value: Option<&Value>) -> Option<&str> {
    value?.get("S")?.as_str()
}

fn contains(value: &Value, part: &Value) -> bool {
    let (Some((kind, inner)), Some((_, wanted))) = (value::typed(value), value::typed(part)) else {
        return false;
    };
    match kind {
        "S" => text(Some(value))
            .zip(text(Some(part)))
            .is_some_and(|(value, part)| value.contains(part)),
        "SS" | "NS" | "BS" => {
            let element = |text: &Value| serde_json::json!({ &kind[..1]: text });
            let mut items = inner.as_array().into_iter().flatten();
            wanted.is_string() && items.any(|text| value::equal(&element(text), part))
        }
        "L" => {
            let mut items = inner.as_array().into_iter().flatten();
            items.any(|item| value::equal(item, part))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests;
