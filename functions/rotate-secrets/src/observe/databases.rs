//! Whether the databases behind the secrets can be used. What RDS does not know is left out, and
//! waited for.

use std::collections::{BTreeMap, BTreeSet};

use nightshift::{
    config::Rotator,
    kind::{Database, DatabaseState, aurora_cluster, rds_instance},
    report::Failure,
};

use crate::context::Context;

pub(super) async fn look(
    context: &Context<'_>,
    rotator: &Rotator,
) -> BTreeMap<String, Result<DatabaseState, Failure>> {
    let names: BTreeSet<&str> = rotator.databases().collect();
    if names.is_empty() {
        return BTreeMap::new();
    }
    let function = context.function;
    let (instances, clusters) = tokio::join!(
        rds_instance::list(function.rds(), &function.pace),
        aurora_cluster::list(function.rds(), &function.pace),
    );
    let (instances, clusters) = match (instances, clusters) {
        (Ok(instances), Ok(clusters)) => (instances, clusters),
        (Err(failure), _) | (_, Err(failure)) => {
            let unread = names
                .into_iter()
                .map(|name| (name.to_owned(), Err(failure.clone())));
            return unread.collect();
        }
    };
    let clusters = clusters
        .iter()
        .map(|cluster| aurora_cluster::seen(cluster, &instances));
    // Of two of the same name the cluster is meant, as in the other sections.
    let mut states = BTreeMap::new();
    let all = clusters.chain(instances.iter().map(rds_instance::seen));
    for Database { name, state, .. } in all {
        if names.contains(name.as_str()) {
            states.entry(name).or_insert(Ok(state));
        }
    }
    states
}
