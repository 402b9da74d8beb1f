//! Takes a plan's steps, each one idempotent, and decides nothing. Of what it moves it names exactly
//! one thing: a minimum, a count or a smallest capacity, and never a maximum.

use nightshift::{
    keep::{Context, Page},
    kind::{Arn, Level, Lever, aurora_cluster, ecs_service},
    ledger::slim::Entry,
    report::{Change, Failure},
};

use crate::{
    ScaleProduction,
    plan::{Chain, Step},
};

/// Takes one step. Answers what it changed in AWS.
///
/// # Errors
/// When AWS or the ledger's table refuses.
pub async fn take(
    context: &Context<'_, ScaleProduction>,
    chain: &Chain,
    step: &Step,
    ledger: &mut Page<'_, Entry>,
) -> Result<Option<Change>, Failure> {
    match step {
        Step::Save(entry) => {
            ledger.save(entry).await?;
            Ok(None)
        }
        Step::Forget => {
            ledger.forget().await?;
            Ok(None)
        }
        Step::Move { lever, from, to } => {
            move_to(context, &chain.arn, *lever, *to).await?;
            Ok(Some(Change {
                arn: chain.arn.clone(),
                what: named(*lever).to_owned(),
                from: from.to_string(),
                to: to.to_string(),
            }))
        }
    }
}

async fn move_to(
    context: &Context<'_, ScaleProduction>,
    arn: &Arn,
    lever: Lever,
    to: Level,
) -> Result<(), Failure> {
    let function = context.function;
    let (clients, pace) = (function.clients(), &function.pace);
    match (lever, to) {
        (Lever::Minimum, Level::Tasks(count)) => {
            ecs_service::set_minimum(&clients.services, arn, count, pace).await
        }
        (Lever::Count, Level::Tasks(count)) => {
            ecs_service::set_count(&clients.services, arn, count, pace).await
        }
        (Lever::Capacity, Level::Acu(capacity)) => {
            aurora_cluster::set_minimum(&clients.rds, arn, capacity, pace).await
        }
        // An item of the table that somebody wrote by hand: nothing is changed by guessing.
        (lever, to) => Err(Failure {
            resource: arn.as_str().to_owned(),
            action: "move".to_owned(),
            code: "EntryBroken".to_owned(),
            message: format!(
                "the ledger's entry has {to:?} for {lever:?}: mend `found` and `set` by hand"
            ),
            denied: false,
        }),
    }
}

/// The lever in a log line's words.
const fn named(lever: Lever) -> &'static str {
    match lever {
        Lever::Minimum => "min_capacity",
        Lever::Count => "desired_count",
        Lever::Capacity => "min_acu",
    }
}
