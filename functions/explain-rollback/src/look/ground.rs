//! Everything that a look rests on: the documents, what is remembered, and who sleeps. Read after the
//! leases were taken, so that nobody else changes it meanwhile.

use std::collections::{BTreeMap, BTreeSet};

use nightshift::{
    documents,
    lambda::Failed,
    ledger::{self, Document, Kept, Ledger, Phase, rollout::Entry, slim, store::Store},
    report::Failure,
};

use crate::{
    context::Context,
    estates::{Estates, ServiceName},
    handle::{no_such_estate, service_name},
    snapshot::Asleep,
};

/// What a look rests on.
pub(super) struct Ground {
    pub(super) estates: Estates,
    /// By the services' ARNs.
    pub(super) entries: BTreeMap<String, Kept<Entry>>,
    /// The last sleep of each estate.
    pub(super) asleep: BTreeMap<String, Asleep>,
    /// What could not be read, and stops nothing.
    pub(super) failures: Vec<Failure>,
}

impl Ground {
    /// What is remembered of a service.
    pub(super) fn entry(&self, name: &ServiceName) -> Option<&Kept<Entry>> {
        let mut entries = self.entries.iter();
        let found = entries.find(|(arn, _)| service_name(arn).as_ref() == Some(name));
        found.map(|(_, kept)| kept)
    }

    /// The estate that a service belongs to, by name.
    pub(super) fn estate_of<'a>(&'a self, name: &'a ServiceName) -> &'a str {
        let entry = self.entry(name).map(|kept| &kept.item);
        self.estates.of(name, entry).0
    }

    /// Whether a service belongs to the one estate that is meant; every one does where none is named.
    pub(super) fn has(&self, name: &ServiceName, estate: Option<&str>) -> bool {
        estate.is_none_or(|estate| self.estate_of(name) == estate)
    }

    /// Sees to it that there is an estate of this name: one with a document, or one under whose name
    /// something is remembered.
    ///
    /// # Errors
    /// With [`Failed::BadInput`], and the names that there are; with [`Failed::Unavailable`] when the
    /// documents could not be read, which may name it.
    pub(super) fn knows(&self, estate: &str) -> Result<(), Failed> {
        let remembered: Vec<ServiceName> = self
            .entries
            .keys()
            .filter_map(|arn| service_name(arn))
            .collect();
        let mut known: BTreeSet<&str> = remembered.iter().map(|it| self.estate_of(it)).collect();
        known.extend(self.estates.names());
        if known.contains(estate) {
            return Ok(());
        }
        if let Some(failure) = self.failures.first() {
            return Err(Failed::Unavailable(failure.to_string()));
        }
        let known: Vec<String> = known.into_iter().map(str::to_owned).collect();
        Err(no_such_estate(estate, &known))
    }
}

/// Reads the documents and the ledgers.
///
/// # Errors
/// When the table cannot be read.
pub(super) async fn ground(context: &Context<'_>) -> Result<Ground, Failure> {
    let prefix = &context.function.settings.prefix;
    let (documents, items) = tokio::join!(
        documents::read(context.function.ssm(), prefix),
        context.store.items(),
    );
    let items = items?;
    let own = Store::<Entry>::read(items.clone());
    let slims = Store::<slim::Entry>::read(items.clone());
    let sleeps = Store::<ledger::Entry>::read(items);
    let (documents, failure) = match documents {
        Ok(documents) => (Some(documents), None),
        Err(failure) => (None, Some(failure)),
    };
    let mut kept = kept_documents(&slims);
    kept.extend(kept_documents(&sleeps));
    Ok(Ground {
        estates: Estates::new(documents.as_ref(), &kept, prefix),
        entries: own
            .entries
            .into_iter()
            .map(|(arn, kept)| (arn.as_str().to_owned(), kept))
            .collect(),
        asleep: sleeps
            .estates
            .iter()
            .filter_map(|(name, kept)| Some((name.clone(), asleep(&kept.item)?)))
            .collect(),
        failures: failure.into_iter().collect(),
    })
}

fn kept_documents<E>(ledger: &Ledger<E>) -> BTreeMap<String, Document> {
    let documents = ledger.documents.iter();
    documents
        .map(|(name, kept)| (name.clone(), kept.item.clone()))
        .collect()
}

/// The last sleep of an estate, as power-staging wrote it down.
fn asleep(record: &ledger::EstateRecord) -> Option<Asleep> {
    match record.phase {
        Phase::Asleep | Phase::ToSleep | Phase::ToWake => Some(Asleep {
            since: record.slept_at.unwrap_or(record.since),
            until: None,
        }),
        _ => record.slept_at.map(|since| Asleep {
            since,
            until: Some(record.since),
        }),
    }
}
