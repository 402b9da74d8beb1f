//! What lasts is told once, and again only after it was gone. What cannot be read now is neither there
//! nor gone.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use nightshift::{
    config::{self, Rotator},
    ledger::{EstateRecord, Kept, Matter as Lasting, store::WriteError},
    report::{Failure, News, rotation::Rotation},
};

use crate::{
    context::Context,
    estates::Estate,
    plan::{Plan, Wait},
    snapshot::{Found, Snapshot},
    tell::{self, Told},
};

/// A secret whose time has come may wait for so long before people are told.
const PATIENCE: SignedDuration = SignedDuration::from_hours(24);

/// And for so long where it waits for an estate that sleeps, as on a long weekend.
const ASLEEP: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What leaked is replaced as soon as it can be: so long a deployment of its services may well take.
const LEAKED: SignedDuration = SignedDuration::from_mins(10);

/// Something that lasts.
enum Matter {
    Rotation(Rotation),
    Document(News),
}

/// Tells what is new, and writes down that it was told. Answers when something is to be told that
/// lasts not long enough yet.
///
/// # Errors
/// When it cannot be told or written.
pub(super) async fn tell(
    context: &Context<'_>,
    (estate, rotator): (&Estate, &Rotator),
    known: &Kept<EstateRecord>,
    plan: &Plan,
    snapshot: &Snapshot,
    told: &mut Vec<Told>,
) -> Result<Option<Timestamp>, Failure> {
    let now = context.now();
    let mut untold: Option<Timestamp> = None;
    let mut record = known.item.clone();
    let mut lasting = lasting(plan, &record, now);
    lasting.extend(of_document(estate));
    if is_read(snapshot) {
        record.matters.retain(|key, _| lasting.contains_key(key));
    }
    for (key, (one, after)) in lasting {
        let matter = record.matters.entry(key).or_insert(Lasting {
            since: now,
            told: None,
        });
        let due = matter.since.saturating_add(after).unwrap_or(now);
        if matter.told.is_none() && now < due {
            untold = Some(untold.map_or(due, |at| at.min(due)));
        }
        if matter.told.is_none() && now >= due {
            told.push(match one {
                Matter::Rotation(rotation) => tell::tell(context, rotator, &rotation).await?,
                Matter::Document(news) => tell::tell_of_document(context, rotator, &news).await?,
            });
            matter.told = Some(now);
        }
    }
    if record != known.item {
        let name = &estate.name;
        let saved = context.store.save_estate(name, &record, known.revision);
        saved.await.map_err(WriteError::into_failure)?;
    }
    Ok(untold)
}

/// What lasts now, by its key, and how long it may before it is told.
fn lasting(
    plan: &Plan,
    record: &EstateRecord,
    now: Timestamp,
) -> BTreeMap<String, (Matter, SignedDuration)> {
    let mut lasting = BTreeMap::new();
    for rotation in &plan.matters {
        let matter = Matter::Rotation(rotation.clone());
        lasting.insert(rotation.key(), (matter, SignedDuration::ZERO));
    }
    for (secret, wait) in plan.waits.iter().filter(|(_, wait)| counts(wait)) {
        let leaked = plan.leaked.contains(secret);
        let key = format!("{}/{secret}", if leaked { "leaked" } else { "waits" });
        let since = record.matters.get(&key).map_or(now, |matter| matter.since);
        let held_back = Rotation::HeldBack {
            secret: secret.clone(),
            leaked,
            wait: wait.clone(),
            since,
        };
        let patience = match wait {
            _ if leaked => LEAKED,
            Wait::Asleep => ASLEEP,
            _ => PATIENCE,
        };
        lasting.insert(key, (Matter::Rotation(held_back), patience));
    }
    lasting
}

/// What is wrong with the estate's document, where no other function says it: each tells of those
/// whose section it keeps.
fn of_document(estate: &Estate) -> Option<(String, (Matter, SignedDuration))> {
    let in_force = estate.document.as_ref()?;
    let in_force = config::estate("", &in_force.estate).ok()?;
    if estate.problems.is_empty() || in_force.sleep.is_some() || in_force.slim.is_some() {
        return None;
    }
    let problems: Vec<String> = estate.problems.iter().map(ToString::to_string).collect();
    let key = format!("document/{}", problems.join("|"));
    let news = News::DocumentBroken {
        problems: estate.problems.clone(),
        in_force: true,
    };
    let key = key.chars().take(200).collect();
    Some((key, (Matter::Document(news), SignedDuration::ZERO)))
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
