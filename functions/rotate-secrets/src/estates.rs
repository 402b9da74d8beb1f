//! Which document is in force for each estate. The last good one stays in force until the newer one is
//! mended; from such a one nothing begins, and what is under way goes on. An estate whose document is
//! gone is forgotten once nothing of it is under way.

use std::collections::BTreeMap;

use nightshift::{
    config::{Problem, Rotator},
    documents::Documents,
    keep::estates::resolve,
    kind::Arn,
    ledger::{Document, Kept, Ledger, Saved as _, rotation::Entry},
};

use jiff::Timestamp;

/// An estate whose secrets are rotated, or were.
#[derive(Clone, Debug)]
pub struct Estate {
    /// Its name.
    pub name: String,
    /// What is in force; none where no document ever fitted together.
    pub rotator: Option<Rotator>,
    /// Whether that is the document as it stands.
    pub is_whole: bool,
    /// Whether its document is gone for good, or has no section `rotate` any more.
    pub released: bool,
    /// What is wrong with what stands in SSM now.
    pub problems: Vec<Problem>,
    /// What the ledger should hold of its documents.
    pub document: Option<Document>,
}

/// Every estate, by name; `documents` is none where SSM could not be read.
#[must_use]
pub fn all(
    documents: Option<&Documents>,
    ledger: &Ledger<Entry>,
    prefix: &str,
    now: Timestamp,
) -> BTreeMap<String, Estate> {
    let resolved = resolve::<Rotator, Entry>(documents, ledger, prefix, now);
    let estate = |one: nightshift::keep::estates::Resolved<Rotator>| {
        let is_there = one
            .document
            .as_ref()
            .is_some_and(|document| document.missing_since.is_none());
        Estate {
            is_whole: documents.is_some() && is_there && !one.released && one.problems.is_empty(),
            name: one.name,
            rotator: one.in_force,
            released: one.released,
            problems: one.problems,
            document: one.document,
        }
    };
    let estates = resolved.into_iter().map(estate);
    estates.map(|one| (one.name.clone(), one)).collect()
}

/// The entries of an estate.
#[must_use]
pub fn entries_of(ledger: &Ledger<Entry>, estate: &str) -> BTreeMap<Arn, Kept<Entry>> {
    let entries = ledger.entries.iter();
    entries
        .filter(|(_, kept)| kept.item.estate() == estate)
        .map(|(arn, kept)| (arn.clone(), kept.clone()))
        .collect()
}

/// Whether something of an estate would be left undone if it were forgotten: a turn, a service that
/// others are kept off, a former credential that is still to be ended.
#[must_use]
pub fn is_under_way(entries: &BTreeMap<Arn, Kept<Entry>>) -> bool {
    entries.values().any(|kept| {
        let former = kept.item.secret().and_then(|secret| secret.former.as_ref());
        let ends = former.is_some_and(|former| former.ends.is_some() && !former.ended);
        kept.item.is_open() || ends
    })
}

/// An estate other than this one that is in a turn.
#[must_use]
pub fn in_turn_elsewhere(ledger: &Ledger<Entry>, estate: &str) -> Option<String> {
    let secrets = ledger
        .entries
        .values()
        .filter_map(|kept| kept.item.secret());
    let mut open = secrets.filter(|secret| secret.turn.is_some() && secret.estate != estate);
    open.next().map(|secret| secret.estate.clone())
}
