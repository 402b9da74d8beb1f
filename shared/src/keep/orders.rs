//! A person's order is written into the ledger, with who and why and an end; from then on every look
//! finds it there.

use jiff::{SignedDuration, Timestamp};

use super::{
    ask::{chosen, ground},
    command::Until,
    context::Context,
    estates::Resolved,
    keeper::Keeper,
    look::Ground,
};
use crate::{
    lambda::Failed,
    ledger::{Kept, Order, Override, Revision, VERSION, store::WriteError},
    report::Failure,
};

/// Without an end of its own, an order lasts so long.
const USUAL_LENGTH: SignedDuration = SignedDuration::from_hours(2);

/// What somebody orders.
pub(super) struct Wish {
    pub(super) order: Order,
    pub(super) until: Option<Until>,
    pub(super) by: String,
    pub(super) reason: String,
}

/// Writes a person's order into the ledger, for each estate that is meant. Answers what could not be
/// read: a document that nobody saw may have named another estate.
pub(super) async fn write_orders<K: Keeper>(
    context: &Context<'_, K>,
    only: Option<&str>,
    wish: &Wish,
) -> Result<Vec<Failure>, Failed> {
    let ground = ground(context).await?;
    let now = context.now();
    for name in chosen(&ground, only)? {
        let Some(estate) = ground.estates.iter().find(|estate| estate.name == name) else {
            continue;
        };
        let until = end_of(wish, estate, &ground, now)?;
        let order = Override {
            version: VERSION,
            order: wish.order,
            until,
            by: wish.by.clone(),
            reason: wish.reason.clone(),
            set_at: now,
            deployment: false,
        };
        let revision = ground
            .ledger
            .overrides
            .get(&name)
            .map_or(Revision(0), |kept| kept.revision);
        context
            .store
            .save_override(&name, &order, revision)
            .await
            .map_err(|error| unwritten(&name, error))?;
        tracing::info!(
            kind = "order",
            function = K::NAME,
            estate = name,
            order = ?wish.order,
            until = %until,
            who = wish.by,
            why = wish.reason,
            "ordered"
        );
    }
    Ok(ground.failures)
}

/// When an order ends: as was said; else as the function's orders end, usually after two hours.
fn end_of<K: Keeper>(
    wish: &Wish,
    estate: &Resolved<K::Section>,
    ground: &Ground<K>,
    now: Timestamp,
) -> Result<Timestamp, Failed> {
    if let Some(until) = wish.until {
        return until.resolve(now, &estate.zone()).ok_or_else(|| {
            Failed::BadInput(
                "`until` lies in the past: name an instant that is still to come".to_owned(),
            )
        });
    }
    let own = estate.in_force.as_ref().and_then(|section| {
        let record = ground.ledger.estates.get(&estate.name);
        K::end_of(wish.order, section, record.map(|kept| &kept.item), now)
    });
    Ok(own.unwrap_or_else(|| now.saturating_add(USUAL_LENGTH).unwrap_or(now)))
}

/// Takes a person's order back, for each estate that is meant. Answers what could not be read.
pub(super) async fn clear_orders<K: Keeper>(
    context: &Context<'_, K>,
    only: Option<&str>,
    by: &str,
) -> Result<Vec<Failure>, Failed> {
    let ground = ground(context).await?;
    for name in chosen(&ground, only)? {
        let Some(Kept { revision, .. }) = ground.ledger.overrides.get(&name) else {
            continue;
        };
        context
            .store
            .clear_override(&name, *revision)
            .await
            .map_err(|error| unwritten(&name, error))?;
        tracing::info!(
            kind = "order",
            function = K::NAME,
            estate = name,
            who = by,
            "order taken back"
        );
    }
    Ok(ground.failures)
}

fn unwritten(estate: &str, error: WriteError) -> Failed {
    Failed::Unavailable(format!(
        "the order for {estate} was not written, send it again: {}",
        error.into_failure()
    ))
}
