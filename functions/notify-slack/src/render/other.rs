//! What is not known is shown all the same: JSON field by field, text as it is. What is left out for
//! its length is said, with the place where all of it is.

use super::{
    cut::{Kind, Room, clip},
    links::Console,
    voice::{Voice, empty, word},
    words::{Label, Place},
};
use crate::{
    draft::{Colour, Draft, Mrkdwn},
    scene::Scene,
    signal::{Other, Signal},
};

/// How many characters of text are told.
const TEXT: usize = 4000;
/// The same in bytes, so that text of another script leaves room for the rest, too.
const TEXT_BYTES: usize = 6000;
/// How many fields are told.
const FIELDS: usize = 60;
/// How much of a field's name is told.
const NAME: usize = 100;
/// How much of a field's value is told.
const VALUE: usize = 500;
/// How many fields make a paragraph.
const TOGETHER: usize = 20;

/// What is not known, told.
pub(super) fn told(signal: &Signal, other: &Other, scene: &Scene<'_>) -> Draft {
    let voice = Voice::new(scene);
    let title = match other.title.trim() {
        "" => voice.tongue.untitled(&name_of(&other.source)),
        title => title.to_owned(),
    };
    let mut draft = Draft {
        title: voice.title("📨", &title),
        ..empty(Colour::Blue)
    };
    let mut cut = other.cut;

    let text = other.text.trim();
    if !text.is_empty() {
        let room = Room {
            units: TEXT,
            bytes: TEXT_BYTES,
        };
        let told = clip(text, room, Kind::Plain);
        cut |= told != text;
        draft.body.push(Mrkdwn::plain(&told));
    }
    let (lines, shortened) = fields(&other.fields);
    cut |= shortened;
    draft.body.extend(
        lines
            .chunks(TOGETHER)
            .map(|lines| Mrkdwn::joined(lines, "\n")),
    );

    if !other.source.trim().is_empty() {
        let source = clip(&other.source, Room::of(VALUE), Kind::Plain);
        draft
            .fields
            .push(voice.field(Label::Source, Mrkdwn::plain(&source)));
    }
    let at = Mrkdwn::plain(&voice.clock(signal.at));
    draft.fields.push(voice.field(Label::When, at));
    if cut {
        let key = clip(&signal.key, Room::of(VALUE), Kind::Plain);
        let note = voice.tongue.rest(&word(scene.function), &word(&key));
        draft.context.push(Mrkdwn::plain(&note));
        // The function's own logs: in the Region where it runs, which is where the signal came from
        // as far as anybody can tell.
        if let Some(console) = Console::new(&signal.account, &signal.region) {
            let page = console.log_lines(scene.function, &signal.key);
            draft.links = voice.links(vec![(Place::Rest, page)]);
        }
    }
    draft.context.push(voice.provenance(signal));
    draft
}

/// Field by field, and whether anything was left out.
fn fields(all: &[(String, String)]) -> (Vec<Mrkdwn>, bool) {
    let mut cut = all.len() > FIELDS;
    let mut bytes = 0;
    let mut lines = Vec::new();
    for (name, value) in all.iter().take(FIELDS) {
        let told_name = clip(name.trim(), Room::of(NAME), Kind::Plain);
        let value = value.trim();
        let told_value = clip(value, Room::of(VALUE), Kind::Plain);
        let line = Mrkdwn::code(&told_name)
            .and(&Mrkdwn::plain(": "))
            .and(&Mrkdwn::plain(&told_value));
        bytes += Room::needed(line.as_str()).bytes;
        if bytes > TEXT_BYTES {
            cut = true;
            break;
        }
        cut |= told_value != value;
        lines.push(line);
    }
    (lines, cut)
}

/// What people call a source: the last part of an ARN, or all of it.
fn name_of(source: &str) -> String {
    let source = source.trim();
    let name = if source.starts_with("arn:") {
        source.rsplit([':', '/']).next().unwrap_or(source)
    } else {
        source
    };
    clip(name, Room::of(NAME), Kind::Plain)
}
