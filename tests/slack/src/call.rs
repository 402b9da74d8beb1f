//! A call's arguments, however they were sent, and a refusal in Slack's form.
//! <https://docs.slack.dev/apis/web-api>

use serde_json::{Map, Value, json};

/// What a method is called with.
#[derive(Debug, Default)]
pub(crate) struct Arguments(Map<String, Value>);

/// Why a call is refused: `{"ok":false,"error":…}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) error: String,
    /// What exactly is wrong, where Slack tells.
    pub(crate) messages: Vec<String>,
    /// The scope that is needed.
    pub(crate) needed: Option<&'static str>,
}

impl Refusal {
    pub(crate) fn new(error: &str) -> Self {
        Self {
            error: error.to_owned(),
            messages: Vec::new(),
            needed: None,
        }
    }

    pub(crate) fn with(error: &str, messages: Vec<String>) -> Self {
        Self {
            messages,
            ..Self::new(error)
        }
    }

    /// The answer's body. Slack repeats the messages: bare, and with their level.
    pub(crate) fn body(&self, provided: &str) -> Value {
        let mut body = json!({ "ok": false, "error": self.error });
        if let Some(needed) = self.needed {
            body["needed"] = needed.into();
            body["provided"] = provided.into();
        }
        if !self.messages.is_empty() {
            let leveled: Vec<_> = self
                .messages
                .iter()
                .map(|message| format!("[ERROR] {message}"))
                .collect();
            body["errors"] = json!(self.messages);
            body["response_metadata"] = json!({ "messages": leveled });
        }
        body
    }
}

impl Arguments {
    /// Fields of a form or of a query.
    pub(crate) fn of_form(encoded: &[u8]) -> Self {
        let fields = form_urlencoded::parse(encoded);
        Self(
            fields
                .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())))
                .collect(),
        )
    }

    pub(crate) fn of_json(object: Map<String, Value>) -> Self {
        Self(object)
    }

    pub(crate) fn add(&mut self, more: Self) {
        self.0.extend(more.0);
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|value| !value.is_null())
    }

    /// A text. A number or a truth value is taken as it is written, which is how a `ts` that was sent
    /// as a number loses its last zeros.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        match self.0.get(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Null => None,
            other => Some(other.to_string()),
        }
    }

    /// A text that is not empty.
    pub(crate) fn said(&self, name: &str) -> Option<String> {
        self.text(name).filter(|text| !text.is_empty())
    }

    /// A list, also as JSON in a text, which is how forms send it. `Err` where it is neither.
    pub(crate) fn list(&self, name: &str) -> Result<Option<Vec<Value>>, ()> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Array(items)) => Ok(Some(items.clone())),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::String(text)) => serde_json::from_str(text).map(Some).map_err(|_| ()),
            Some(_) => Err(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(value: Value) -> Arguments {
        let Value::Object(object) = value else {
            panic!("{value}")
        };
        Arguments::of_json(object)
    }

    #[test]
    fn lists_come_as_json_and_as_text() {
        let listed = Ok(Some(vec![json!({ "type": "divider" })]));
        let cases = [
            (json!({ "blocks": [{ "type": "divider" }] }), listed.clone()),
            (json!({ "blocks": "[{\"type\":\"divider\"}]" }), listed),
            (json!({ "blocks": null }), Ok(None)),
            (json!({}), Ok(None)),
            (json!({ "blocks": "[{" }), Err(())),
            (json!({ "blocks": { "type": "divider" } }), Err(())),
        ];
        for (sent, expected) in cases {
            assert_eq!(arguments(sent.clone()).list("blocks"), expected, "{sent}");
        }
    }

    #[test]
    fn a_ts_that_is_sent_as_a_number_loses_its_zeros() {
        let sent = arguments(serde_json::from_str("{\"thread_ts\":1700000000.000100}").unwrap());
        assert_eq!(sent.text("thread_ts").unwrap(), "1700000000.0001");
    }

    #[test]
    fn a_refusal_tells_its_messages_bare_and_with_their_level() {
        let refusal = Refusal::with("invalid_blocks", vec!["no [json-pointer:/blocks]".into()]);
        let expected = json!({
            "ok": false,
            "error": "invalid_blocks",
            "errors": ["no [json-pointer:/blocks]"],
            "response_metadata": { "messages": ["[ERROR] no [json-pointer:/blocks]"] },
        });
        assert_eq!(refusal.body(""), expected);
    }
}
