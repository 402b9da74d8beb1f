//! The round through the estates' clusters, every ten minutes: it finds what no event told, and what
//! is remembered and gone.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use nightshift::ledger::Mark;

use super::{Looked, Occasion, ground::Ground};
use crate::{context::Context, estates::ServiceName, handle::service_name, observe, plan::NEWS};

/// A round comes after this, whatever happens.
pub(super) const ROUND_EVERY: SignedDuration = SignedDuration::from_mins(10);

/// Where the last round is marked: neither an estate nor a service can have this name.
pub(super) const ROUND: &str = "*/rollouts";

/// What round a look makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Round {
    /// None.
    None,
    /// Through the clusters of all estates, under a lease of its own.
    Whole,
    /// Through those of the one estate that somebody named. It is not the round that is due, and
    /// leaves no mark.
    OfOne,
}

/// Which round is due, or asked for.
pub(super) fn due(occasion: &Occasion, marks: &[Mark], now: Timestamp) -> Round {
    let mut marks = marks.iter();
    let mark = marks.find(|mark| mark.estate == ROUND);
    match occasion {
        Occasion::Tick if mark.is_none_or(|mark| mark.is_due(now)) => Round::Whole,
        Occasion::Tick | Occasion::Event(_) => Round::None,
        Occasion::Asked { estate: None } => Round::Whole,
        Occasion::Asked { estate: Some(_) } => Round::OfOne,
    }
}

/// Every service of an estate whose deployments are not complete, and those that are remembered and
/// gone. A whole round is marked as made unless a cluster could not be read: then the next tick makes
/// another.
pub(super) async fn round(
    context: &Context<'_>,
    ground: &Ground,
    occasion: &Occasion,
    marks: &[Mark],
    looked: &mut Looked,
) -> BTreeSet<ServiceName> {
    let only = occasion.estate();
    let clusters = ground.estates.clusters(only);
    let since = since_last_round(marks, context.now());
    let found = join_all(
        clusters
            .iter()
            .map(|cluster| observe::rollouts(context, cluster, since)),
    )
    .await;
    let mut services = BTreeSet::new();
    let mut complete = true;
    for (cluster, one) in clusters.iter().zip(found) {
        match one {
            Ok(found) => {
                let remembered = ground.entries.keys().filter_map(|arn| service_name(arn));
                let gone =
                    remembered.filter(|it| it.cluster == *cluster && !found.all.contains(it));
                services.extend(gone);
                let open = found.open.into_iter();
                services.extend(open.filter(|name| ground.estates.claim(name)));
                services.retain(|name| ground.has(name, only));
            }
            Err(failure) => {
                complete = false;
                looked.failures.push(failure);
            }
        }
    }
    if only.is_some() {
        return services;
    }
    let next = context.now().saturating_add(ROUND_EVERY).ok();
    let next = next.filter(|_| complete);
    let done = context.store.give_back(ROUND, next, &[]).await;
    looked.failures.extend(done.err());
    services
}

/// Since when deployments may have begun and ended that nobody looked at: three rounds, or longer if
/// there was none for longer, as long as a failure is news.
fn since_last_round(marks: &[Mark], now: Timestamp) -> Timestamp {
    let mut marks = marks.iter();
    let last = marks.find(|mark| mark.estate == ROUND);
    let last = last.and_then(|mark| mark.looked_at);
    let ago = |span: SignedDuration| now.saturating_sub(span).unwrap_or(now);
    let earliest = ago(NEWS);
    last.map_or(earliest, |last| {
        last.min(ago(ROUND_EVERY * 3)).max(earliest)
    })
}
