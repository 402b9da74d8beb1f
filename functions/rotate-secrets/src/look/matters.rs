//! What lasts is told once, and again only after it was gone. What cannot be read now is neither there
//! nor gone.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use nightshift::{
    ledger::{EstateRecord, Kept, Matter as Lasting},
    report::Failure,
};

use crate::{
    context::Context,
    plan::{Matter, Plan, Wait},
    snapshot::{Found, Snapshot},
    tell::{self, Told},
};

/// A secret whose time has come may wait for so long before people are told.
const PATIENCE: SignedDuration = SignedDuration::from_hours(24);

/// Tells what is new, and writes down that it was told.
///
/// # Errors
/// When it cannot be told or written.
pub(super) async fn tell(
    context: &Context<'_>,
    estate: &str,
    known: &Kept<EstateRecord>,
    plan: &Plan,
    snapshot: &Snapshot,
    told: &mut Vec<Told>,
) -> Result<(), Failure> {
    let now = context.now();
    let mut record = known.item.clone();
    let lasting = lasting(plan, &record, now);
    if is_read(snapshot) {
        record.matters.retain(|key, _| lasting.contains_key(key));
    }
    for (key, (one, after)) in lasting {
        let matter = record.matters.entry(key).or_insert(Lasting {
            since: now,
            told: None,
        });
        let due = matter.since.saturating_add(after).unwrap_or(now);
        if matter.told.is_none() && now >= due {
            tell::publish(context, estate, &one).await?;
            matter.told = Some(now);
            told.push(one);
        }
    }
    if record != known.item {
        let saved = context.store.save_estate(estate, &record, known.revision);
        saved
            .await
            .map_err(nightshift::ledger::store::WriteError::into_failure)?;
    }
    Ok(())
}

/// What lasts now, by its key, and how long it may before it is told.
fn lasting(
    plan: &Plan,
    record: &EstateRecord,
    now: Timestamp,
) -> BTreeMap<String, (Told, SignedDuration)> {
    let mut lasting = BTreeMap::new();
    for matter in &plan.matters {
        let told = Told::Lasts {
            matter: matter.clone(),
        };
        let key = format!("{}/{}", told.word(), told.about());
        let key = match matter {
            Matter::OlderValue { version, .. } => format!("{key}/{version}"),
            _ => key,
        };
        lasting.insert(key, (told, SignedDuration::ZERO));
    }
    for (secret, wait) in plan.waits.iter().filter(|(_, wait)| counts(wait)) {
        let key = format!("waits/{secret}");
        let since = record.matters.get(&key).map_or(now, |matter| matter.since);
        let told = Told::WaitsForLong {
            secret: secret.clone(),
            wait: wait.clone(),
            since,
        };
        lasting.insert(key, (told, PATIENCE));
    }
    lasting
}

/// Whether a wait needs somebody if it does not end. What has its time is none.
fn counts(wait: &Wait) -> bool {
    !matches!(
        wait,
        Wait::Age { .. }
            | Wait::Adoption
            | Wait::Window { .. }
            | Wait::BackOff { .. }
            | Wait::Rolling { .. }
            | Wait::Others
    )
}

fn is_read(snapshot: &Snapshot) -> bool {
    let mut secrets = snapshot.secrets.values();
    snapshot.unread.is_none() && !secrets.any(|found| matches!(found, Found::Unread(_)))
}
