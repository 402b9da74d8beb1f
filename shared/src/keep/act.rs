//! Carries steps out, each one idempotent. The steps of one resource are taken in order, and the
//! first that fails ends its chain; different resources go side by side. What does not fit into
//! the invocation is left for the next look.

use std::{collections::BTreeMap, time::Duration};

use futures_util::{StreamExt, stream};
use tokio::time::Instant;

use super::{context::Context, keeper::Keeper, plan::Chain};
use crate::{
    aws::pace::SIDE_BY_SIDE,
    kind::Arn,
    ledger::{
        Kept, Revision, Saved,
        store::{Store, WriteError},
    },
    report::{Change, Failure},
};

/// What is left of the invocation for telling and for giving the lease back.
const LAST_WORDS: Duration = Duration::from_secs(20);

/// What became of the steps.
#[derive(Clone, Debug, Default)]
pub(super) struct Done {
    /// The changes that AWS accepted.
    pub(super) changes: Vec<Change>,
    /// The calls that failed.
    pub(super) failures: Vec<Failure>,
    /// How many chains did not fit into the invocation.
    pub(super) left: usize,
}

/// A resource's page of the ledger, at the revision that was last read or written.
#[derive(Debug)]
pub struct Page<'a, E> {
    store: &'a Store<E>,
    arn: &'a Arn,
    revision: Revision,
}

impl<E: Saved> Page<'_, E> {
    /// Writes the entry.
    ///
    /// # Errors
    /// When it is not at the revision of this page any more, or the table cannot be written.
    pub async fn save(&mut self, entry: &E) -> Result<(), Failure> {
        let written = self.store.save_entry(entry, self.revision).await;
        self.revision = written.map_err(WriteError::into_failure)?;
        Ok(())
    }

    /// Forgets the entry.
    ///
    /// # Errors
    /// When it is not at the revision of this page any more, or the table cannot be written.
    pub async fn forget(&mut self) -> Result<(), Failure> {
        let forgotten = self.store.forget_entry(self.arn, self.revision).await;
        forgotten.map_err(WriteError::into_failure)
    }
}

/// Carries the chains out.
pub(super) async fn act<K: Keeper>(
    context: &Context<'_, K>,
    chains: &[Chain<K::Step>],
    entries: &BTreeMap<Arn, Kept<K::Entry>>,
) -> Done {
    let mut done: Vec<(usize, Done)> = stream::iter(chains.iter().enumerate())
        .map(|(place, chain)| async move {
            if Instant::now() + LAST_WORDS >= context.deadline {
                let left = Done {
                    left: 1,
                    ..Done::default()
                };
                return (place, left);
            }
            let revision = entries
                .get(&chain.arn)
                .map_or(Revision(0), |kept| kept.revision);
            (place, walk(context, chain, revision).await)
        })
        .buffer_unordered(SIDE_BY_SIDE)
        .collect()
        .await;
    // People read what was done in the order in which it was begun.
    done.sort_by_key(|(place, _)| *place);
    done.into_iter().fold(Done::default(), |mut all, (_, one)| {
        all.changes.extend(one.changes);
        all.failures.extend(one.failures);
        all.left += one.left;
        all
    })
}

async fn walk<K: Keeper>(
    context: &Context<'_, K>,
    chain: &Chain<K::Step>,
    revision: Revision,
) -> Done {
    let mut done = Done::default();
    let mut page = Page {
        store: &context.store,
        arn: &chain.arn,
        revision,
    };
    for step in &chain.steps {
        match K::take(context, chain, step, &mut page).await {
            Ok(change) => done.changes.extend(change),
            Err(failure) => {
                done.failures.push(failure);
                break;
            }
        }
    }
    done
}
