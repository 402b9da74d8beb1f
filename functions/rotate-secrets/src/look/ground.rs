//! Everything that a look rests on besides AWS: the documents, and the ledgers. Read after the lease
//! was taken, so that nobody else changes it meanwhile.

use std::collections::{BTreeMap, BTreeSet};

use nightshift::{
    documents::{self, Documents},
    ledger::{
        self, EstateRecord, Kept, Ledger, Phase,
        rollout::{self, FailedRotation},
        rotation::Entry,
        store::Store,
    },
    report::Failure,
};

use crate::{
    context::Context,
    estates::{self, Estate},
};

/// What a look rests on.
#[derive(Debug)]
pub(crate) struct Ground {
    pub(crate) estates: BTreeMap<String, Estate>,
    pub(crate) ledger: Ledger<Entry>,
    /// The estates that sleep, or are on their way there or back.
    asleep: BTreeSet<String>,
    /// The rotations that a deployment failed of, with their service's cluster.
    failed: Vec<(String, FailedRotation)>,
}

/// The documents as they stand in SSM; none where they could not be read.
pub(crate) async fn documents(context: &Context<'_>) -> Result<Documents, Failure> {
    let prefix = &context.function.settings.prefix;
    documents::read(context.function.ssm(), prefix).await
}

/// Reads the ledgers, and puts the documents in force.
///
/// # Errors
/// When the table cannot be read.
pub(crate) async fn ground(
    context: &Context<'_>,
    documents: Option<&Documents>,
) -> Result<Ground, Failure> {
    let items = context.store.items().await?;
    let ledger = Store::<Entry>::read(items.clone());
    let sleeps = Store::<ledger::Entry>::read(items.clone());
    let rollouts = Store::<rollout::Entry>::read(items);
    let prefix = &context.function.settings.prefix;
    let failed = rollouts.entries.values().filter_map(|kept| {
        let cluster = kept.item.arn.cluster()?.to_owned();
        Some((cluster, kept.item.rotation.clone()?))
    });
    Ok(Ground {
        estates: estates::all(documents, &ledger, prefix, context.now()),
        asleep: sleeps
            .estates
            .iter()
            .filter(|(_, kept)| is_asleep(kept.item.phase))
            .map(|(name, _)| name.clone())
            .collect(),
        failed: failed.collect(),
        ledger,
    })
}

fn is_asleep(phase: Phase) -> bool {
    matches!(phase, Phase::Asleep | Phase::ToSleep | Phase::ToWake)
}

impl Ground {
    pub(crate) fn is_asleep(&self, estate: &str) -> bool {
        self.asleep.contains(estate)
    }

    pub(crate) fn failed_in(&self, cluster: &str) -> Vec<FailedRotation> {
        let failed = self.failed.iter().filter(|(of, _)| of == cluster);
        failed.map(|(_, failed)| failed.clone()).collect()
    }

    pub(crate) fn record(&self, estate: &str, now: jiff::Timestamp) -> Kept<EstateRecord> {
        let known = self.ledger.estates.get(estate).cloned();
        known.unwrap_or_else(|| Kept::new(EstateRecord::new(now)))
    }
}
