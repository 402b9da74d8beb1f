//! What all messages of a scene have in common: the language, the clock, the estate before the title
//! and the provenance at the end.

use jiff::Timestamp;

use super::{
    cut::{Kind, Room, clip},
    time::clock,
    words::{Label, Place, Tongue, tongue},
};
use crate::{
    draft::{Colour, Draft, Mrkdwn},
    scene::Scene,
    signal::Signal,
};

/// How much of an estate's name stands in a title.
const ESTATE: usize = 48;

/// Who speaks, and to whom.
#[derive(Clone, Copy)]
pub(super) struct Voice<'a> {
    pub scene: &'a Scene<'a>,
    pub tongue: &'static dyn Tongue,
}

impl<'a> Voice<'a> {
    pub(super) fn new(scene: &'a Scene<'a>) -> Self {
        Self {
            scene,
            tongue: tongue(scene.language),
        }
    }

    /// A title: the sign, the estate if it is known, and what there is to say.
    pub(super) fn title(self, sign: &str, core: &str) -> String {
        match self.scene.estate {
            Some(estate) => {
                let estate = clip(estate, Room::of(ESTATE), Kind::Plain);
                format!("{sign} {estate}: {core}")
            }
            None => format!("{sign} {core}"),
        }
    }

    pub(super) fn clock(self, at: Timestamp) -> String {
        self.tongue.clock(clock(at, self.scene))
    }

    pub(super) fn field(self, label: Label, value: Mrkdwn) -> (String, Mrkdwn) {
        (self.tongue.label(label).to_owned(), value)
    }

    pub(super) fn links(self, found: Vec<(Place, String)>) -> Vec<(String, String)> {
        found
            .into_iter()
            .map(|(place, address)| (self.tongue.place(place).to_owned(), address))
            .collect()
    }

    /// Where it comes from.
    pub(super) fn provenance(self, signal: &Signal) -> Mrkdwn {
        Mrkdwn::plain(
            &self
                .tongue
                .provenance(&signal.account, &signal.region, self.scene.function),
        )
    }
}

/// A stranger's word on one line and without back-ticks, for a sentence that becomes
/// [`Mrkdwn::plain`].
pub(super) fn word(text: &str) -> String {
    text.replace('`', "'").replace(['\n', '\r'], " ")
}

/// The same in back-ticks.
pub(super) fn ticked(text: &str) -> String {
    format!("`{}`", word(text))
}

/// An empty message.
pub(super) fn empty(colour: Colour) -> Draft {
    Draft {
        colour,
        title: String::new(),
        body: Vec::new(),
        fields: Vec::new(),
        links: Vec::new(),
        context: Vec::new(),
        mention: None,
        picture: None,
    }
}
