//! Paths into an item: `a.b[2].c`.

use serde_json::{Map, Value, json};

use super::super::value::Item;

/// A path; its first step is an attribute's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Path(pub(super) Vec<Step>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Name(String),
    Index(usize),
}

impl Path {
    /// The attribute that it begins with.
    pub(crate) fn attribute(&self) -> &str {
        match self.0.first() {
            Some(Step::Name(name)) => name,
            _ => "",
        }
    }

    /// Whether it is an attribute of the item itself.
    pub(crate) fn is_attribute(&self) -> bool {
        self.0.len() == 1
    }

    /// What stands there.
    pub(crate) fn get<'a>(&self, item: &'a Item) -> Option<&'a Value> {
        let (first, rest) = self.0.split_first()?;
        let Step::Name(name) = first else {
            return None;
        };
        let mut value = item.get(name)?;
        for step in rest {
            value = match step {
                Step::Name(name) => value.get("M")?.get(name)?,
                Step::Index(index) => value.get("L")?.get(index)?,
            };
        }
        Some(value)
    }

    /// Whether one of two paths lies within the other.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).all(|(a, b)| a == b)
    }

    /// The map or list that holds the last step.
    fn parent<'a>(&self, item: &'a mut Item) -> Option<Parent<'a>> {
        let (_, way) = self.0.split_last()?;
        let mut parent = Parent::Map(item);
        for step in way {
            let value = match (parent, step) {
                (Parent::Map(map), Step::Name(name)) => map.get_mut(name)?,
                (Parent::List(list), Step::Index(index)) => list.get_mut(*index)?,
                _ => return None,
            };
            let inner = value.as_object_mut()?;
            parent = if inner.contains_key("M") {
                Parent::Map(inner.get_mut("M")?.as_object_mut()?)
            } else {
                Parent::List(inner.get_mut("L")?.as_array_mut()?)
            };
        }
        Some(parent)
    }

    /// Puts a value there. An index behind the end of a list appends.
    pub(super) fn set(&self, item: &mut Item, value: Value) -> Option<()> {
        match (self.parent(item)?, self.0.last()?) {
            (Parent::Map(map), Step::Name(name)) => {
                map.insert(name.clone(), value);
            }
            (Parent::List(list), Step::Index(index)) => match list.get_mut(*index) {
                Some(there) => *there = value,
                None => list.push(value),
            },
            _ => return None,
        }
        Some(())
    }

    /// Takes away what stands there.
    pub(super) fn remove(&self, item: &mut Item) -> Option<()> {
        match (self.parent(item)?, self.0.last()?) {
            (Parent::Map(map), Step::Name(name)) => {
                map.remove(name);
            }
            (Parent::List(list), Step::Index(index)) => {
                if *index < list.len() {
                    list.remove(*index);
                }
            }
            _ => return None,
        }
        Some(())
    }

    /// The last index, for removals from one list that must go backwards.
    pub(super) fn last_index(&self) -> Option<usize> {
        match self.0.last() {
            Some(Step::Index(index)) => Some(*index),
            _ => None,
        }
    }
}

enum Parent<'a> {
    Map(&'a mut Map<String, Value>),
    List(&'a mut Vec<Value>),
}

/// Only what the paths name, in the shape that the item has. Elements of lists close up.
pub(crate) fn project(item: &Item, paths: &[Path]) -> Item {
    let mut projected = Item::new();
    for path in paths {
        if let Some(value) = path.get(item) {
            place(&mut projected, &path.0, value);
        }
    }
    projected
}

fn place(into: &mut Map<String, Value>, steps: &[Step], value: &Value) {
    let Some((Step::Name(name), rest)) = steps.split_first() else {
        return;
    };
    place_at(into.entry(name.clone()).or_insert(Value::Null), rest, value);
}

fn place_at(slot: &mut Value, rest: &[Step], value: &Value) {
    match rest.first() {
        None => *slot = value.clone(),
        Some(Step::Name(_)) => {
            if slot.get("M").is_none() {
                *slot = json!({ "M": {} });
            }
            if let Some(map) = slot.get_mut("M").and_then(Value::as_object_mut) {
                place(map, rest, value);
            }
        }
        Some(Step::Index(_)) => {
            if slot.get("L").is_none() {
                *slot = json!({ "L": [] });
            }
            let mut element = Value::Null;
            place_at(&mut element, &rest[1..], value);
            if let Some(list) = slot.get_mut("L").and_then(Value::as_array_mut) {
                list.push(element);
            }
        }
    }
}
