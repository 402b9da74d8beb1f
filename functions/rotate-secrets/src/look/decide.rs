//! What is done next for an estate, and who may begin it: of all estates one is in a turn, so that who
//! begins one holds a lease of its own meanwhile.

use std::collections::BTreeMap;

use nightshift::{
    config::Rotator,
    documents::Documents,
    kind::Arn,
    ledger::{Kept, rotation::Entry},
    report::Failure,
};

use super::{
    Looked,
    ground::{Ground, ground},
    is_in_turn, note, take,
};
use crate::{
    act::{act, token},
    context::Context,
    estates::{Estate, in_turn_elsewhere},
    plan::{Plan, Step, View, watched},
    snapshot::Snapshot,
};

/// The lease of who begins a turn: no parameter can have this name.
pub(super) const TURN: &str = "*turn";

/// An estate that is looked at.
pub(super) struct Scene<'a> {
    pub(super) documents: Option<&'a Documents>,
    pub(super) estate: &'a Estate,
    pub(super) rotator: &'a Rotator,
    pub(super) snapshot: &'a Snapshot,
}

/// Decides what is done next; under `Mode: watch` nothing is, and people are told what would be.
///
/// # Errors
/// When the operating system gives no randomness for a turn's id.
pub(crate) fn decide(
    context: &Context<'_>,
    ground: &Ground,
    estate: &Estate,
    rotator: &Rotator,
    snapshot: &Snapshot,
    entries: &BTreeMap<Arn, Kept<Entry>>,
) -> Result<Plan, Failure> {
    let now = context.now();
    let id = token::turn().map_err(|error| Failure {
        resource: estate.name.clone(),
        action: "begin".to_owned(),
        code: "random".to_owned(),
        message: error.to_string(),
        denied: false,
    })?;
    let failed = ground.failed_in(&rotator.cluster);
    let elsewhere = in_turn_elsewhere(&ground.ledger, &estate.name);
    let view = View {
        rotator,
        is_whole: estate.is_whole,
        snapshot,
        entries,
        owners: &ground.ledger.owners,
        broken: ground.ledger.broken_since(&estate.name, now),
        failed: &failed,
        elsewhere: elsewhere.as_deref(),
        next_id: &id,
        now,
    };
    #[cfg(not(feature = "sabotage"))]
    let mut decided = crate::plan::plan(&view);
    #[cfg(feature = "sabotage")]
    let mut decided = crate::sabotage::plan(&view);
    if context.function.settings.watch {
        watched(&view, &mut decided);
    }
    Ok(decided)
}

/// Decides, and carries it out. None where somebody else begins a turn at this moment.
pub(super) async fn go(
    context: &Context<'_>,
    scene: &Scene<'_>,
    ground: &Ground,
    entries: &mut BTreeMap<Arn, Kept<Entry>>,
    looked: &mut Looked,
) -> Result<Option<Plan>, Failure> {
    let Scene {
        documents,
        estate,
        rotator,
        snapshot,
    } = *scene;
    let decided = decide(context, ground, estate, rotator, snapshot, entries)?;
    if !begins(&decided, entries) {
        let done = act(context, rotator, entries, &decided).await;
        note(&estate.name, done, looked);
        return Ok(Some(decided));
    }
    let taken = take(context, TURN).await?;
    #[cfg(feature = "sabotage")]
    let taken = taken || crate::sabotage::is(crate::sabotage::Bug::NoTurnLease);
    if !taken {
        return Ok(None);
    }
    let begun = async {
        // What others began before the lease was ours is seen now.
        let ground = self::ground(context, documents).await?;
        let decided = decide(context, &ground, estate, rotator, snapshot, entries)?;
        let done = act(context, rotator, entries, &decided).await;
        Ok::<_, Failure>((decided, done))
    };
    let begun = begun.await;
    let given = context.store.give_up(TURN).await;
    let (decided, done) = begun?;
    note(&estate.name, done, looked);
    given?;
    Ok(Some(decided))
}

/// Whether a plan begins a turn.
fn begins(plan: &Plan, entries: &BTreeMap<Arn, Kept<Entry>>) -> bool {
    plan.steps.iter().any(|step| match step {
        Step::Save(secret) => {
            let known = entries.get(&secret.arn);
            secret.turn.is_some() && !known.is_some_and(|kept| is_in_turn(&kept.item))
        }
        _ => false,
    })
}

/// The lease of who begins a turn, for an order by hand.
pub(crate) async fn take_turn(context: &Context<'_>) -> Result<bool, Failure> {
    take(context, TURN).await
}

pub(crate) async fn give_turn(context: &Context<'_>) -> Result<(), Failure> {
    context.store.give_up(TURN).await
}
