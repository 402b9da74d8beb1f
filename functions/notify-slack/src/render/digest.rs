//! Many messages at once become few: one line for each, none missing, what matters most first, in as
//! many messages as Slack's limits ask for.

use std::collections::BTreeSet;

use super::{
    cut::{Kind, Room, clip},
    first,
    links::Console,
    voice::{Voice, empty},
    words::Place,
};
use crate::{
    draft::{Colour, Draft, Mrkdwn},
    scene::Scene,
    signal::{AlarmState, Signal, What},
};

/// How much of one message is told.
const LINE: usize = 280;
/// What the lines of one message may take in JSON; the rest is kept for title, links and small print.
const LINES: Room = Room {
    units: usize::MAX,
    bytes: 8500,
};
/// What stands together in one section.
const SECTION: Room = Room {
    units: 2800,
    bytes: 2800,
};
/// How many accounts and Regions are named, and how many of the latter get a link to their alarms.
const PLACES: usize = 4;

/// One message of many.
#[derive(Clone, Debug, PartialEq)]
pub struct Digest {
    /// The message.
    pub draft: Draft,
    /// The keys of the signals that it tells.
    pub keys: Vec<String>,
}

/// Many messages in few. Each signal has the scene in which it would be told alone; the zone and the
/// language are those of the first.
#[must_use]
pub fn digest(signals: &[(&Signal, &Scene<'_>)]) -> Vec<Digest> {
    let Some((_, scene)) = signals.first() else {
        return Vec::new();
    };
    let voice = Voice::new(scene);
    let mut all: Vec<(&Signal, Draft, &Scene<'_>)> = signals
        .iter()
        .map(|(signal, scene)| (*signal, first(signal, scene), *scene))
        .collect();
    all.sort_by_key(|(signal, draft, _)| (urgency(draft.colour), signal.at));

    let mut messages: Vec<(Colour, Vec<Mrkdwn>, Vec<String>)> = Vec::new();
    let mut taken = Room { units: 0, bytes: 0 };
    for (signal, draft, scene) in &all {
        let line = format!("{} {}", Voice::new(scene).clock(signal.at), draft.title);
        let line = Mrkdwn::plain(&clip(&line.replace('\n', " "), Room::of(LINE), Kind::Plain));
        let needed = Room::needed(line.as_str());
        // A section's own form in JSON takes less than these 4 bytes for each of its lines.
        taken.bytes += needed.bytes + 4;
        match messages.last_mut() {
            Some((_, lines, keys)) if LINES.holds(taken) => {
                lines.push(line);
                keys.push(signal.key.clone());
            }
            _ => {
                taken = needed;
                messages.push((draft.colour, vec![line], vec![signal.key.clone()]));
            }
        }
    }

    let parts = messages.len();
    let links = links(voice, &all);
    let counts = counts(voice, &all);
    let provenance = provenance(voice, &all);
    messages
        .into_iter()
        .enumerate()
        .map(|(index, (colour, lines, keys))| Digest {
            draft: Draft {
                title: format!("🗂️ {}", voice.tongue.digest(all.len(), index + 1, parts)),
                body: std::iter::once(Mrkdwn::plain(&counts))
                    .filter(|_| index == 0)
                    .chain(sections(&lines))
                    .collect(),
                links: links.clone(),
                context: vec![Mrkdwn::plain(voice.tongue.digest_why()), provenance.clone()],
                ..empty(colour)
            },
            keys,
        })
        .collect()
}

/// The smaller, the sooner it is to be read.
fn urgency(colour: Colour) -> u8 {
    match colour {
        Colour::Red => 0,
        Colour::Amber => 1,
        Colour::Blue => 2,
        Colour::Green => 3,
        Colour::Grey => 4,
    }
}

fn sections(lines: &[Mrkdwn]) -> Vec<Mrkdwn> {
    let mut sections: Vec<Mrkdwn> = Vec::new();
    let mut together: Vec<Mrkdwn> = Vec::new();
    let mut taken = Room { units: 0, bytes: 0 };
    for line in lines {
        let needed = Room::needed(line.as_str());
        taken.units += needed.units + 1;
        taken.bytes += needed.bytes + 2;
        if !SECTION.holds(taken) && !together.is_empty() {
            sections.push(Mrkdwn::joined(&together, "\n"));
            together.clear();
            taken = needed;
        }
        together.push(line.clone());
    }
    if !together.is_empty() {
        sections.push(Mrkdwn::joined(&together, "\n"));
    }
    sections
}

fn counts(voice: Voice<'_>, all: &[(&Signal, Draft, &Scene<'_>)]) -> String {
    let (mut rings, mut over, mut others) = (0, 0, 0);
    for (signal, _, _) in all {
        match &signal.what {
            What::Alarm(alarm) if alarm.state == AlarmState::Alarm => rings += 1,
            What::Alarm(alarm) if alarm.state == AlarmState::Ok => over += 1,
            _ => others += 1,
        }
    }
    voice.tongue.digest_counts(rings, over, others)
}

/// The accounts and Regions that they come from.
fn provenance(voice: Voice<'_>, all: &[(&Signal, Draft, &Scene<'_>)]) -> Mrkdwn {
    let of = |each: fn(&Signal) -> &str| {
        let found: BTreeSet<&str> = all.iter().map(|(signal, _, _)| each(signal)).collect();
        let found: Vec<&str> = found.into_iter().filter(|it| !it.is_empty()).collect();
        let mut told: Vec<String> = found
            .iter()
            .take(PLACES)
            .map(|it| (*it).to_owned())
            .collect();
        if found.len() > PLACES {
            told.push(voice.tongue.more(found.len() - PLACES));
        }
        voice.tongue.listed(&told)
    };
    Mrkdwn::plain(&voice.tongue.provenance(
        &of(|signal| &signal.account),
        &of(|signal| &signal.region),
        voice.scene.function,
    ))
}

/// The list of what rings, in each Region that alarms came from.
fn links(voice: Voice<'_>, all: &[(&Signal, Draft, &Scene<'_>)]) -> Vec<(String, String)> {
    let regions: BTreeSet<&str> = all
        .iter()
        .filter(|(signal, _, _)| matches!(signal.what, What::Alarm(_)))
        .map(|(signal, _, _)| signal.region.as_str())
        .collect();
    let label = voice.tongue.place(Place::Alarms);
    let found = regions
        .iter()
        .filter_map(|region| Some((*region, Console::new("", region)?.alarms())));
    let found = found.take(PLACES).map(|(region, address)| {
        let label = if regions.len() > 1 {
            format!("{label}{}", voice.tongue.aside(region))
        } else {
            label.to_owned()
        };
        (label, address)
    });
    found.collect()
}
