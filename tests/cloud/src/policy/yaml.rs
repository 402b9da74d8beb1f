//! YAML as a tree that keeps the tags, which in templates are functions.

use granit_parser::{Event, Parser, ScalarStyle, Tag};
use serde_json::{Map, Value};

/// A node with its tag, such as `!Sub`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Yaml {
    /// A text.
    Scalar {
        /// The tag's name.
        tag: Option<String>,
        /// The text.
        text: String,
        /// Whether it stands without quotes, so that it may be a number or a truth value.
        plain: bool,
    },
    /// A list.
    Sequence {
        /// The tag's name.
        tag: Option<String>,
        /// The items.
        items: Vec<Yaml>,
    },
    /// Fields in their order.
    Mapping {
        /// The tag's name.
        tag: Option<String>,
        /// The fields.
        fields: Vec<(String, Yaml)>,
    },
}

impl Yaml {
    /// Reads one document.
    ///
    /// # Errors
    /// With the place of what is no YAML, or is an alias, which templates cannot have.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut events = Vec::new();
        for event in Parser::new_from_str(text) {
            let (event, _) = event.map_err(|error| error.to_string())?;
            events.push(event);
        }
        let mut events = events
            .into_iter()
            .filter(|event| event.is_node() || is_end(event));
        node(&mut events)?.ok_or_else(|| "an empty document".to_owned())
    }

    /// The field with this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Self> {
        self.fields()
            .iter()
            .find(|(field, _)| field == name)
            .map(|(_, value)| value)
    }

    /// What stands under these names, one below the other.
    #[must_use]
    pub fn at(&self, names: &[&str]) -> Option<&Self> {
        names.iter().try_fold(self, |node, name| node.get(name))
    }

    /// The fields of a mapping; none of anything else.
    #[must_use]
    pub fn fields(&self) -> &[(String, Self)] {
        match self {
            Self::Mapping { fields, .. } => fields,
            _ => &[],
        }
    }

    /// The text of a scalar.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// The tag's name.
    #[must_use]
    pub fn tag(&self) -> Option<&str> {
        match self {
            Self::Scalar { tag, .. } | Self::Sequence { tag, .. } | Self::Mapping { tag, .. } => {
                tag.as_deref()
            }
        }
    }

    /// The same as JSON, its tags forgotten.
    #[must_use]
    pub fn to_json(&self) -> Value {
        match self {
            Self::Scalar {
                text, plain: false, ..
            } => Value::String(text.clone()),
            Self::Scalar { text, .. } => match text.as_str() {
                "" | "~" => Value::Null,
                text => match serde_json::from_str(text) {
                    Ok(value @ (Value::Bool(_) | Value::Number(_) | Value::Null)) => value,
                    _ => Value::String(text.to_owned()),
                },
            },
            Self::Sequence { items, .. } => items.iter().map(Self::to_json).collect(),
            Self::Mapping { fields, .. } => {
                let fields = fields.iter();
                let fields: Map<String, Value> = fields
                    .map(|(name, value)| (name.clone(), value.to_json()))
                    .collect();
                Value::Object(fields)
            }
        }
    }
}

fn is_end(event: &Event<'_>) -> bool {
    matches!(event, Event::SequenceEnd | Event::MappingEnd)
}

fn name_of(tag: Option<impl AsRef<Tag>>) -> Option<String> {
    tag.map(|tag| tag.as_ref().suffix().to_owned())
}

/// The next node; none where the sequence or mapping around it ends.
fn node<'a>(events: &mut impl Iterator<Item = Event<'a>>) -> Result<Option<Yaml>, String> {
    let Some(event) = events.next() else {
        return Ok(None);
    };
    Ok(Some(match event {
        Event::Scalar(text, style, _, tag) => Yaml::Scalar {
            tag: name_of(tag),
            text: text.into_owned(),
            plain: style == ScalarStyle::Plain,
        },
        Event::SequenceStart(_, _, tag) => {
            let mut items = Vec::new();
            while let Some(item) = node(events)? {
                items.push(item);
            }
            Yaml::Sequence {
                tag: name_of(tag),
                items,
            }
        }
        Event::MappingStart(_, _, tag) => {
            let mut fields = Vec::new();
            while let Some(key) = node(events)? {
                let key = key.text().ok_or("a key that is no text")?.to_owned();
                let value = node(events)?.ok_or("a key without a value")?;
                fields.push((key, value));
            }
            Yaml::Mapping {
                tag: name_of(tag),
                fields,
            }
        }
        event if is_end(&event) => return Ok(None),
        other => return Err(format!("what no template holds: {other:?}")),
    }))
}
