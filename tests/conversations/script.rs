//! A conversation: what is called one after the other, and which parts of the answers matter.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::SignedDuration;
use nightshift_cloud::front::Front;
use nightshift_tests::aws::{AnyNamespace as _, Aws, JsonService, QueryService, Refused};
use serde_json::Value;

/// What an emulator answers to what it lacks.
pub(crate) const NOT_IMPLEMENTED: &str = "not implemented";

/// One call, or a wait.
pub(crate) struct Step {
    /// In words; no two of a conversation are the same.
    pub(crate) name: String,
    ask: Ask,
    shows: Vec<&'static str>,
    keeps: Vec<(&'static str, &'static str)>,
}

enum Ask {
    Json(JsonService, &'static str, Value),
    Form(QueryService, &'static str, Vec<(&'static str, String)>),
    Later(SignedDuration),
}

/// A call of a service that speaks JSON.
pub(crate) fn json(
    service: JsonService,
    operation: &'static str,
    words: &str,
    input: Value,
) -> Step {
    Step::new(operation, words, Ask::Json(service, operation, input))
}

/// A call of a service that takes forms.
pub(crate) fn form(
    service: QueryService,
    operation: &'static str,
    words: &str,
    fields: &[(&'static str, &str)],
) -> Step {
    let fields = fields
        .iter()
        .map(|(name, text)| (*name, (*text).to_owned()));
    Step::new(
        operation,
        words,
        Ask::Form(service, operation, fields.collect()),
    )
}

/// Time in which what was begun comes to its end. The emulators are at the end already.
pub(crate) fn later(minutes: i64) -> Step {
    Step::new("", "", Ask::Later(SignedDuration::from_mins(minutes)))
}

impl Step {
    fn new(operation: &str, words: &str, ask: Ask) -> Self {
        Self {
            name: format!("{operation} {words}").trim().to_owned(),
            ask,
            shows: Vec::new(),
            keeps: Vec::new(),
        }
    }

    /// What of the answer matters: a JSON pointer, or an XML element's name without a slash. With `#`
    /// at its end the number of items or elements, with `?` whether it is there, with `!name` whether
    /// it is another than what was kept by that name.
    pub(crate) fn shows(mut self, shows: &[&'static str]) -> Self {
        self.shows.extend(shows);
        self
    }

    /// Keeps a part of the answer for later inputs, where it stands as `<name>`.
    pub(crate) fn keeps(mut self, name: &'static str, place: &'static str) -> Self {
        self.keeps.push((name, place));
        self
    }

    /// The operation, without the words.
    pub(crate) fn operation(&self) -> &str {
        self.name.split(' ').next().unwrap_or_default()
    }

    /// Whether something is called.
    pub(crate) fn is_call(&self) -> bool {
        !matches!(self.ask, Ask::Later(_))
    }
}

/// What answers, and whose time can be let pass.
pub(crate) struct System {
    pub(crate) aws: Aws,
    pub(crate) front: Option<Front>,
    /// What inputs have in the place of `<subnet>`: moto takes only those that it has.
    pub(crate) subnet: String,
}

enum Answer {
    Json(Value),
    Xml(String),
}

/// Holds a conversation; what came of each call.
pub(crate) async fn hold(system: &System, steps: &[Step]) -> Vec<String> {
    let mut kept = BTreeMap::from([("subnet", system.subnet.clone())]);
    let mut outcomes = Vec::new();
    for step in steps {
        if let Ask::Later(time) = step.ask {
            if let Some(front) = &system.front {
                front.skip(time);
            }
            continue;
        }
        outcomes.push(take(system, step, &mut kept).await);
    }
    outcomes
}

async fn take(system: &System, step: &Step, kept: &mut BTreeMap<&str, String>) -> String {
    let answer = match &step.ask {
        Ask::Json(service, operation, input) => {
            let input = serde_json::from_str(&filled(&input.to_string(), kept)).unwrap();
            let answer = system.aws.json(*service, operation, &input).await;
            answer.map(Answer::Json)
        }
        Ask::Form(service, operation, fields) => {
            let fields: Vec<(&str, String)> = fields
                .iter()
                .map(|(name, text)| (*name, filled(text, kept)))
                .collect();
            let fields: Vec<(&str, &str)> = fields
                .iter()
                .map(|(name, text)| (*name, text.as_str()))
                .collect();
            let answer = system.aws.query(*service, operation, &fields).await;
            answer.map(Answer::Xml)
        }
        Ask::Later(_) => return String::new(),
    };
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => {
            return error
                .downcast_ref()
                .map_or_else(|| format!("{error:#}"), refusal);
        }
    };
    let mut outcome = String::new();
    for place in &step.shows {
        let comma = if outcome.is_empty() { "" } else { ", " };
        let (name, value) = shown(&answer, place, kept);
        let _ = write!(outcome, "{comma}{name} {value}");
    }
    for (name, place) in &step.keeps {
        kept.insert(name, text(&answer, place).unwrap_or_default());
    }
    if outcome.is_empty() {
        "ok".to_owned()
    } else {
        outcome
    }
}

fn filled(input: &str, kept: &BTreeMap<&str, String>) -> String {
    let mut input = input.to_owned();
    for (name, text) in kept {
        input = input.replace(&format!("<{name}>"), text);
    }
    input
}

/// The code, which is what a caller decides by.
fn refusal(refused: &Refused) -> String {
    let lacks = ["NotImplemented", "UnknownOperation", "InvalidAction"];
    let code = &refused.code;
    let says = |text: &str| refused.message.contains(text);
    if lacks.iter().any(|lack| code.contains(lack))
        || refused.status == 501
        || says("NotImplementedError")
        || says("not been implemented")
        || says("not yet implemented")
        || says("Unsupported service")
    {
        return NOT_IMPLEMENTED.to_owned();
    }
    match refused.status {
        400 => code.clone(),
        status if code == "Unknown" => format!("fails ({status})"),
        status => format!("{code} ({status})"),
    }
}

fn shown(answer: &Answer, place: &str, kept: &BTreeMap<&str, String>) -> (String, String) {
    // Without what everything of an answer stands in, and without the numbers of items.
    let name = |place: &str| {
        let parts = place.split('/').skip(1);
        let parts: Vec<&str> = parts.filter(|part| part.parse::<u8>().is_err()).collect();
        let from = usize::from(parts.len() > 1);
        if parts.is_empty() {
            place.to_owned()
        } else {
            parts[from..].join(".")
        }
    };
    if let Some(place) = place.strip_suffix('#') {
        return (name(place), number(answer, place).to_string());
    }
    if let Some(place) = place.strip_suffix('?') {
        let there = text(answer, place).is_some_and(|text| !text.is_empty());
        return (
            name(place),
            if there { "there" } else { "missing" }.to_owned(),
        );
    }
    if let Some((place, before)) = place.split_once('!') {
        let same = text(answer, place).as_ref() == kept.get(before);
        return (
            name(place),
            if same { "as before" } else { "another" }.to_owned(),
        );
    }
    let text = text(answer, place).unwrap_or_else(|| "missing".to_owned());
    (name(place), without_ids(&text))
}

/// A text without the ids that are others each time: what has the length and the dashes of one.
fn without_ids(text: &str) -> String {
    const DASHES: [usize; 4] = [8, 13, 18, 23];
    let is_id = |text: &str| {
        let dash = |at: usize| DASHES.contains(&at);
        let mut letters = text.bytes().enumerate();
        letters.all(|(at, letter)| {
            if dash(at) {
                letter == b'-'
            } else {
                letter.is_ascii_hexdigit()
            }
        })
    };
    let from = (0..text.len()).find(|from| text.get(*from..from + 36).is_some_and(is_id));
    from.map_or_else(
        || text.to_owned(),
        |from| format!("{}…{}", &text[..from], &text[from + 36..]),
    )
}

fn text(answer: &Answer, place: &str) -> Option<String> {
    match answer {
        Answer::Json(value) => match value.pointer(place)? {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        },
        Answer::Xml(xml) => {
            let document = roxmltree::Document::parse(xml).ok()?;
            let node = document
                .descendants()
                .find(|node| node.has_tag_name_in_any(place))?;
            Some(node.text().unwrap_or_default().to_owned())
        }
    }
}

fn number(answer: &Answer, place: &str) -> usize {
    match answer {
        Answer::Json(value) => match value.pointer(place) {
            Some(Value::Array(items)) => items.len(),
            Some(Value::Object(members)) => members.len(),
            _ => 0,
        },
        Answer::Xml(xml) => roxmltree::Document::parse(xml).map_or(0, |document| {
            let nodes = document.descendants();
            nodes.filter(|node| node.has_tag_name_in_any(place)).count()
        }),
    }
}
