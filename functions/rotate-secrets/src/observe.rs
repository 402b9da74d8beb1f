//! What is so in AWS: the estate's secrets, who reads them, and the databases behind them. Values are
//! read only where a version is not known, and none leaves this module.

mod blue_green;
mod databases;
pub(crate) mod readers;
pub(crate) mod secrets;

use std::collections::BTreeMap;

use nightshift::{
    config::{Rotator, SecretName},
    kind::Arn,
    ledger::{Kept, rotation::Entry},
};

use crate::{context::Context, snapshot::Snapshot, store::Place};
use secrets::Wanted;

/// Everything that the plan needs of AWS.
pub async fn snapshot(
    context: &Context<'_>,
    rotator: &Rotator,
    entries: &BTreeMap<Arn, Kept<Entry>>,
    asleep: bool,
) -> Snapshot {
    let wanted = wanted(rotator, entries);
    let places: Vec<(SecretName, Place)> = wanted
        .iter()
        .map(|one| (one.name.clone(), one.place.clone()))
        .collect();
    let (secrets, readers, databases) = tokio::join!(
        secrets::look(context, &wanted),
        readers::look(context, rotator, &places),
        databases::look(context, rotator),
    );
    let (readers, unread) = match readers {
        Ok(readers) => (readers, None),
        Err(failure) => (Vec::new(), Some(failure)),
    };
    Snapshot {
        secrets,
        readers,
        databases,
        unread,
        asleep,
    }
}

/// What the document names, and what is remembered.
pub(crate) fn wanted<'a>(
    rotator: &'a Rotator,
    entries: &'a BTreeMap<Arn, Kept<Entry>>,
) -> Vec<Wanted<'a>> {
    let known: BTreeMap<&SecretName, _> = entries
        .values()
        .filter_map(|kept| kept.item.secret())
        .map(|secret| (&secret.name, secret))
        .collect();
    let secrets = &rotator.rotate.secrets;
    let strays = known.keys().filter(|name| !secrets.contains_key(name));
    let names: Vec<&SecretName> = secrets.keys().chain(strays.copied()).collect();
    let one = |name: &'a SecretName| {
        let (described, entry) = (secrets.get(name), known.get(name).copied());
        Wanted {
            name,
            place: Place::of(name, described, entry),
            described,
            entry,
        }
    };
    names.into_iter().map(one).collect()
}
