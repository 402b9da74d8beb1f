//! Carries steps out, each one idempotent. The steps of one resource are taken in order, and the
//! first that fails ends its chain; different resources go side by side. What does not fit into
//! the invocation is left for the next look.

use std::{collections::BTreeMap, time::Duration};

use futures_util::{StreamExt, stream};
use nightshift::{
    aws::pace::{Pace, SIDE_BY_SIDE},
    kind::{Arn, Kind, Suspension, aurora_cluster, ecs_service, rds_instance},
    ledger::{Entry, Kept, Revision, store::Store},
    report::{Change, Failure},
};
use tokio::time::Instant;

use crate::{
    observe::Clients,
    plan::{Chain, Step},
};

/// What is left of the invocation for telling and for giving the lease back.
const LAST_WORDS: Duration = Duration::from_secs(20);

/// What became of the steps.
#[derive(Clone, Debug, Default)]
pub struct Done {
    /// The changes that AWS accepted.
    pub changes: Vec<Change>,
    /// The calls that failed.
    pub failures: Vec<Failure>,
    /// How many chains did not fit into the invocation.
    pub left: usize,
}

/// Carries the chains out.
pub async fn act(
    clients: &Clients,
    store: &Store,
    pace: &Pace,
    chains: &[Chain],
    entries: &BTreeMap<Arn, Kept<Entry>>,
    deadline: Instant,
) -> Done {
    let done: Vec<Done> = stream::iter(chains)
        .map(|chain| async move {
            if Instant::now() + LAST_WORDS >= deadline {
                return Done {
                    left: 1,
                    ..Done::default()
                };
            }
            let revision = entries
                .get(&chain.arn)
                .map_or(Revision(0), |kept| kept.revision);
            walk(clients, store, pace, chain, revision).await
        })
        .buffer_unordered(SIDE_BY_SIDE)
        .collect()
        .await;
    done.into_iter().fold(Done::default(), |mut all, one| {
        all.changes.extend(one.changes);
        all.failures.extend(one.failures);
        all.left += one.left;
        all
    })
}

async fn walk(
    clients: &Clients,
    store: &Store,
    pace: &Pace,
    chain: &Chain,
    mut revision: Revision,
) -> Done {
    let mut done = Done::default();
    for step in &chain.steps {
        match take(clients, store, pace, chain, step, &mut revision).await {
            Ok(change) => done.changes.extend(change),
            Err(failure) => {
                done.failures.push(failure);
                break;
            }
        }
    }
    done
}

async fn take(
    clients: &Clients,
    store: &Store,
    pace: &Pace,
    chain: &Chain,
    step: &Step,
    revision: &mut Revision,
) -> Result<Option<Change>, Failure> {
    let arn = &chain.arn;
    let change = |what: &str, from: String, to: String| {
        Some(Change {
            arn: arn.clone(),
            what: what.to_owned(),
            from,
            to,
        })
    };
    match step {
        Step::Save(entry) => {
            let written = store.save_entry(entry, *revision).await;
            *revision = written.map_err(nightshift::ledger::store::WriteError::into_failure)?;
            Ok(None)
        }
        Step::Forget => {
            let forgotten = store.forget_entry(arn, *revision).await;
            forgotten.map_err(nightshift::ledger::store::WriteError::into_failure)?;
            Ok(None)
        }
        Step::Suspend => {
            ecs_service::set_suspension(&clients.services, arn, Suspension::ALL, pace).await?;
            Ok(change(
                "suspension",
                "as found".to_owned(),
                shown(Suspension::ALL),
            ))
        }
        Step::Resume(suspension) => {
            ecs_service::set_suspension(&clients.services, arn, *suspension, pace).await?;
            Ok(change(
                "suspension",
                shown(Suspension::ALL),
                shown(*suspension),
            ))
        }
        Step::SetCount { from, to } => {
            ecs_service::set_count(&clients.services, arn, *to, pace).await?;
            Ok(change("desired_count", from.to_string(), to.to_string()))
        }
        Step::Stop => {
            match chain.kind {
                Kind::AuroraCluster => aurora_cluster::stop(&clients.rds, arn, pace).await?,
                _ => rds_instance::stop(&clients.rds, arn, pace).await?,
            }
            Ok(change(
                "power",
                "available".to_owned(),
                "stopped".to_owned(),
            ))
        }
        Step::Start => {
            match chain.kind {
                Kind::AuroraCluster => aurora_cluster::start(&clients.rds, arn, pace).await?,
                _ => rds_instance::start(&clients.rds, arn, pace).await?,
            }
            Ok(change(
                "power",
                "stopped".to_owned(),
                "available".to_owned(),
            ))
        }
    }
}

/// Which scalings are suspended, in a log line's words.
fn shown(suspension: Suspension) -> String {
    let names: Vec<&str> = [
        (suspension.dynamic_in, "in"),
        (suspension.dynamic_out, "out"),
        (suspension.scheduled, "scheduled"),
    ]
    .into_iter()
    .filter_map(|(suspended, name)| suspended.then_some(name))
    .collect();
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join("+")
    }
}
