//! Takes a plan's steps, each one idempotent, and decides nothing.

use nightshift::{
    keep::{Context, Page},
    kind::{Kind, Suspension, aurora_cluster, ecs_service, rds_instance},
    ledger::Entry,
    report::{Change, Failure},
};

use crate::{
    PowerStaging,
    plan::{Chain, Step},
};

/// Takes one step. Answers what it changed in AWS.
///
/// # Errors
/// When AWS or the ledger's table refuses.
pub async fn take(
    context: &Context<'_, PowerStaging>,
    chain: &Chain,
    step: &Step,
    ledger: &mut Page<'_, Entry>,
) -> Result<Option<Change>, Failure> {
    let function = context.function;
    let (clients, pace) = (function.clients(), &function.pace);
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
            ledger.save(entry).await?;
            Ok(None)
        }
        Step::Forget => {
            ledger.forget().await?;
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
