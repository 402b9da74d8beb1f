//! What an update expression does to an item. Every right side sees the item as it was before.
//! <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html>

use serde_json::{Value, json};

use super::{
    super::value::{self, Item},
    invalid,
    path::Path,
};
use crate::call::Fault;

/// An update.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Update {
    pub(super) set: Vec<(Path, Source)>,
    pub(super) remove: Vec<Path>,
    pub(super) add: Vec<(Path, Value)>,
    pub(super) delete: Vec<(Path, Value)>,
}

/// The right side of a SET.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Source {
    Path(Path),
    Value(Value),
    IfNotExists(Path, Box<Source>),
    ListAppend(Box<Source>, Box<Source>),
    Plus(Box<Source>, Box<Source>),
    Minus(Box<Source>, Box<Source>),
}

const NO_WAY: &str = "The document path provided in the update expression is invalid for update";
const WRONG_TYPE: &str = "An operand in the update expression has an incorrect data type";

impl Source {
    fn of(&self, item: &Item) -> Result<Value, Fault> {
        match self {
            Self::Value(value) => Ok(value.clone()),
            Self::Path(path) => path.get(item).cloned().ok_or_else(|| {
                invalid("The provided expression refers to an attribute that does not exist in the item")
            }),
            Self::IfNotExists(path, other) => match path.get(item) {
                Some(value) => Ok(value.clone()),
                None => other.of(item),
            },
            Self::ListAppend(first, second) => {
                let (first, second) = (first.of(item)?, second.of(item)?);
                let list = |value: &Value| value.get("L").and_then(Value::as_array).cloned();
                let (Some(mut all), Some(more)) = (list(&first), list(&second)) else {
                    return Err(invalid(WRONG_TYPE));
                };
                all.extend(more);
                Ok(json!({ "L": all }))
            }
            Self::Plus(left, right) => sum(&left.of(item)?, &right.of(item)?, false),
            Self::Minus(left, right) => sum(&left.of(item)?, &right.of(item)?, true),
        }
    }
}

fn sum(left: &Value, right: &Value, minus: bool) -> Result<Value, Fault> {
    let (Some(left), Some(right)) = (value::number(left), value::number(right)) else {
        return Err(invalid(WRONG_TYPE));
    };
    let right = if minus { right.negated() } else { right };
    left.add(right).map(value::of_number).ok_or_else(|| {
        invalid(
            "Number overflow. Attempting to store a number with more than 38 digits of precision",
        )
    })
}

impl Update {
    /// Every path that it changes.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &Path> {
        let set = self.set.iter().map(|(path, _)| path);
        let add = self.add.iter().chain(&self.delete).map(|(path, _)| path);
        set.chain(&self.remove).chain(add)
    }

    /// The item as it is afterwards.
    pub(crate) fn apply(&self, before: &Item) -> Result<Item, Fault> {
        let mut after = before.clone();
        let no_way = || invalid(NO_WAY);
        // Behind the end of a list, the lower index is appended first.
        let mut sets: Vec<_> = self.set.iter().collect();
        sets.sort_by_key(|(path, _)| path.last_index());
        for (path, source) in sets {
            path.set(&mut after, source.of(before)?)
                .ok_or_else(no_way)?;
        }
        for (path, value) in &self.add {
            let sum = added(path.get(before), value)?;
            path.set(&mut after, sum).ok_or_else(no_way)?;
        }
        for (path, value) in &self.delete {
            match path.get(before).map(|there| without(there, value)) {
                Some(Ok(Some(rest))) => path.set(&mut after, rest).ok_or_else(no_way)?,
                Some(Ok(None)) => path.remove(&mut after).ok_or_else(no_way)?,
                Some(Err(fault)) => return Err(fault),
                None => {}
            }
        }
        let mut removals: Vec<_> = self.remove.iter().collect();
        removals.sort_by_key(|path| std::cmp::Reverse(path.last_index()));
        for path in removals {
            path.remove(&mut after).ok_or_else(no_way)?;
        }
        Ok(after)
    }
}

fn set_of(value: &Value) -> Option<(&str, &Vec<Value>)> {
    let (kind, inner) = value::typed(value)?;
    matches!(kind, "SS" | "NS" | "BS").then_some((kind, inner.as_array()?))
}

fn added(there: Option<&Value>, value: &Value) -> Result<Value, Fault> {
    let Some(there) = there else {
        return Ok(value.clone());
    };
    if value::number(value).is_some() {
        return sum(there, value, false);
    }
    let (Some((kind, old)), Some((other, new))) = (set_of(there), set_of(value)) else {
        return Err(invalid(WRONG_TYPE));
    };
    if kind != other {
        return Err(invalid(WRONG_TYPE));
    }
    let fresh = new.iter().filter(|item| !old.contains(item));
    let all: Vec<_> = old.iter().chain(fresh).collect();
    Ok(json!({ kind: all }))
}

/// The set without some elements; none when nothing is left, for there are no empty sets.
fn without(there: &Value, value: &Value) -> Result<Option<Value>, Fault> {
    let (Some((kind, old)), Some((other, gone))) = (set_of(there), set_of(value)) else {
        return Err(invalid(WRONG_TYPE));
    };
    if kind != other {
        return Err(invalid(WRONG_TYPE));
    }
    let rest: Vec<_> = old.iter().filter(|item| !gone.contains(item)).collect();
    Ok((!rest.is_empty()).then(|| json!({ kind: rest })))
}
