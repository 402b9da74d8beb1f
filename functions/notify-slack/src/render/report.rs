//! A report of one of our own functions: it is in the reader's words already.

use nightshift::report::{Severity, message::Message};

use super::voice::{Voice, empty};
use crate::{
    draft::{Colour, Draft, Mrkdwn},
    scene::Scene,
    signal::Signal,
};

/// What stands apart from its words, as it was written: lines of a log keep their width, and what
/// stands in them does nothing.
pub(super) fn excerpt(message: &Message) -> Draft {
    let mut lines = message.excerpt.iter();
    let title = lines.next().cloned().unwrap_or_default();
    let lines: Vec<&str> = lines.map(String::as_str).collect();
    let body = (!lines.is_empty()).then(|| Mrkdwn::quote(&lines.join("\n")));
    Draft {
        title: title.replace('`', ""),
        body: body.into_iter().collect(),
        ..empty(Colour::Grey)
    }
}

/// A report, told.
pub(super) fn told(signal: &Signal, message: &Message, scene: &Scene<'_>) -> Draft {
    let mut draft = Draft {
        // Titles are plain text, in which a back-tick is a back-tick.
        title: message.title.replace('`', ""),
        ..empty(match message.severity {
            Severity::Alert => Colour::Red,
            Severity::Warning => Colour::Amber,
            Severity::Notice | Severity::Quiet => Colour::Blue,
        })
    };
    let Some((last, lines)) = message.lines.split_last() else {
        draft.context.push(Voice::new(scene).provenance(signal));
        return draft;
    };
    let mut listed = false;
    for line in lines {
        let line = Mrkdwn::plain(line);
        let is_item = line.as_str().starts_with("• ");
        // Items stand together; what is no item is a paragraph of its own.
        match draft.body.pop() {
            Some(before) if is_item && listed => {
                draft.body.push(Mrkdwn::joined(&[before, line], "\n"));
            }
            before => {
                draft.body.extend(before);
                draft.body.push(line);
            }
        }
        listed = is_item;
    }
    draft.context.push(Mrkdwn::plain(last));
    draft
}
