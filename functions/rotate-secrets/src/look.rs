//! One look: estates that are due, one after the other, each under the lease that every function takes
//! of an estate. Of all estates one is in a turn: who begins one holds a lease of its own meanwhile.
//! Within an estate the look goes on as long as something is due at once.

pub(crate) mod ground;
mod matters;

use std::{collections::BTreeSet, time::Duration};

use jiff::{SignedDuration, Timestamp};
use nightshift::{
    config::Rotator,
    documents::Documents,
    kind::Arn,
    ledger::{Kept, Mark, Revision, rotation::Entry, store::WriteError},
    log,
    report::Failure,
};
use std::collections::BTreeMap;
use tokio::time::Instant;

use crate::{
    act::{act, token},
    context::Context,
    estates::{Estate, entries_of, in_turn_elsewhere, is_under_way},
    observe,
    plan::{FUNCTION, Plan, SOON, Step, View, Wait, plan},
    snapshot::{Found, Snapshot},
    tell::Told,
};
use ground::{Ground, documents, ground};

/// A settled estate is looked at again after this, whatever happens.
const AT_THE_LATEST: SignedDuration = SignedDuration::from_mins(10);

/// Where a function without any estate marks that it looked: no parameter can have this name.
const NOBODY: &str = "*";

/// The lease of who begins a turn: no parameter can have this name either.
const TURN: &str = "*turn";

/// So often at most an estate is looked at in one look.
const ROUNDS: usize = 12;

/// With less than this left nothing more is begun: a value that was made has to be published.
const LEAST: Duration = Duration::from_secs(50);

/// Why we look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// The clock ticked: only what is due.
    Tick,
    /// Somebody asks: look, whatever the marks say.
    Asked,
}

/// What a look found and did.
#[derive(Debug, Default)]
pub struct Looked {
    /// Whether there was nothing to look at.
    pub idle: bool,
    /// The estates that were looked at.
    pub looked: Vec<String>,
    /// The estates that another look holds now.
    pub busy: Vec<String>,
    /// What people were told, with the estate.
    pub told: Vec<(String, Told)>,
    /// What failed, with the estate.
    pub failures: Vec<(String, Failure)>,
}

/// Looks at what is due, or at everything; or at one estate alone.
///
/// # Errors
/// When the table cannot be read.
pub async fn look(
    context: &Context<'_>,
    occasion: Occasion,
    only: Option<&str>,
) -> Result<Looked, Failure> {
    let mut marks = context.store.marks().await?;
    marks.retain(|mark| mark.estate != TURN);
    let now = context.now();
    let mut looked = Looked::default();
    let is_due = |mark: &Mark| occasion == Occasion::Asked || mark.is_due(now);
    if !marks.is_empty() && !marks.iter().any(is_due) {
        looked.idle = true;
        return Ok(looked);
    }
    let documents = match documents(context).await {
        Ok(documents) => Some(documents),
        Err(failure) => {
            log::failure(FUNCTION, "-", &failure);
            looked.failures.push(("-".to_owned(), failure));
            None
        }
    };
    let seen = ground(context, documents.as_ref()).await?;
    for name in names(&seen, &marks) {
        let mark = marks.iter().find(|mark| mark.estate == name);
        if only.is_some_and(|only| only != name) || !mark.is_none_or(is_due) {
            continue;
        }
        if left(context) < LEAST {
            // Its mark is still due: the next tick looks.
            break;
        }
        treat(context, documents.as_ref(), &name, &mut looked).await;
    }
    Ok(looked)
}

/// The estates there are, or were: first those that are in a turn.
fn names(ground: &Ground, marks: &[Mark]) -> Vec<String> {
    let mut names: BTreeSet<String> = ground.estates.keys().cloned().collect();
    names.extend(marks.iter().map(|mark| mark.estate.clone()));
    if ground.estates.is_empty() {
        names.insert(NOBODY.to_owned());
    }
    let mut names: Vec<String> = names.into_iter().collect();
    names.sort_by_key(|name| {
        let entries = entries_of(&ground.ledger, name);
        !entries.values().any(|kept| is_in_turn(&kept.item))
    });
    names
}

fn is_in_turn(entry: &Entry) -> bool {
    entry.secret().is_some_and(|secret| secret.turn.is_some())
}

/// What is left of the invocation.
fn left(context: &Context<'_>) -> Duration {
    context.deadline.saturating_duration_since(Instant::now())
}

/// Takes a lease until the invocation's end.
pub(crate) async fn take(context: &Context<'_>, key: &str) -> Result<bool, Failure> {
    let now = context.now();
    let left = SignedDuration::try_from(left(context)).unwrap_or(AT_THE_LATEST);
    let until = now.saturating_add(left).unwrap_or(now);
    context.store.take_lease(key, now, until).await
}

/// Looks at one estate under its lease, and gives that back with the mark of when to look again. What
/// fails leaves no mark behind, so that the next tick looks.
async fn treat(
    context: &Context<'_>,
    documents: Option<&Documents>,
    name: &str,
    looked: &mut Looked,
) {
    match take(context, name).await {
        Ok(true) => {}
        Ok(false) => {
            looked.busy.push(name.to_owned());
            return;
        }
        Err(failure) => {
            looked.failures.push((name.to_owned(), failure));
            return;
        }
    }
    let before = looked.failures.len();
    let result = Box::pin(treat_leased(context, documents, name, looked)).await;
    let again = match result {
        Ok(Again::At(at)) if looked.failures.len() == before && documents.is_some() => Some(at),
        Ok(Again::At(_)) => None,
        Ok(Again::Never) => {
            let dropped = context.store.drop_mark(name).await;
            let failure = dropped.err().map(|failure| (name.to_owned(), failure));
            looked.failures.extend(failure);
            return;
        }
        Err(failure) => {
            log::failure(FUNCTION, name, &failure);
            looked.failures.push((name.to_owned(), failure));
            None
        }
    };
    let given = context.store.give_back(name, again, &[]).await;
    let failure = given.err().map(|failure| (name.to_owned(), failure));
    looked.failures.extend(failure);
}

/// When an estate is looked at again.
enum Again {
    At(Timestamp),
    Never,
}

async fn treat_leased(
    context: &Context<'_>,
    documents: Option<&Documents>,
    name: &str,
    looked: &mut Looked,
) -> Result<Again, Failure> {
    let latest = |now: Timestamp| now.saturating_add(AT_THE_LATEST).unwrap_or(now);
    for round in 1.. {
        let ground = ground(context, documents).await?;
        let now = context.now();
        let Some(estate) = ground.estates.get(name) else {
            // Nobody's: what is written meanwhile is found as soon as what is written beside others.
            let is_nobody = name == NOBODY && ground.estates.is_empty();
            return Ok(if is_nobody || documents.is_none() {
                Again::At(latest(now))
            } else {
                Again::Never
            });
        };
        let mut entries = entries_of(&ground.ledger, name);
        if estate.released && !is_under_way(&entries) {
            forget(context, &ground, name, &entries).await?;
            return Ok(Again::Never);
        }
        keep_document(context, &ground, estate).await?;
        if round == 1 {
            looked.looked.push(name.to_owned());
        }
        let Some(rotator) = &estate.rotator else {
            return Ok(Again::At(latest(now)));
        };
        let asleep = ground.is_asleep(name);
        let snapshot = Box::pin(observe::snapshot(context, rotator, &entries, asleep)).await;
        note_unread(name, &snapshot, looked);
        let decided = decide(context, &ground, estate, rotator, &snapshot, &entries, None)?;
        let decided = if begins(&decided, &entries) {
            let Some(decided) = begun(
                context,
                documents,
                estate,
                rotator,
                &snapshot,
                &mut entries,
                looked,
            )
            .await?
            else {
                return Ok(Again::At(now.saturating_add(SOON).unwrap_or(now)));
            };
            decided
        } else {
            let done = act(context, rotator, &mut entries, &decided).await;
            note(name, done, looked);
            decided
        };
        let mut told = Vec::new();
        let record = ground.record(name, now);
        let matters = matters::tell(context, name, &record, &decided, &snapshot, &mut told).await;
        let told = told.into_iter().map(|told| (name.to_owned(), told));
        looked.told.extend(told);
        matters?;
        let goes_on = decided.due.is_some_and(|at| at <= context.now())
            && !decided.steps.is_empty()
            && looked.failures.is_empty()
            && round < ROUNDS
            && left(context) >= LEAST;
        if !goes_on {
            let waits_for_another = |(_, wait): &(_, Wait)| matches!(wait, Wait::Elsewhere { .. });
            let again = if decided.waits.iter().any(waits_for_another) {
                now.saturating_add(SOON).unwrap_or(now)
            } else {
                latest(now)
            };
            return Ok(Again::At(decided.due.map_or(again, |due| due.min(again))));
        }
    }
    Ok(Again::At(latest(context.now())))
}

fn note(name: &str, done: crate::act::Done, looked: &mut Looked) {
    let told = done.told.into_iter();
    looked.told.extend(told.map(|told| (name.to_owned(), told)));
    let failures = done.failures.into_iter();
    let failures = failures.map(|failure| (name.to_owned(), failure));
    looked.failures.extend(failures);
}

/// What could not be read is a failure of the look, each once.
fn note_unread(name: &str, snapshot: &Snapshot, looked: &mut Looked) {
    let secrets = snapshot.secrets.values().filter_map(|found| match found {
        Found::Unread(failure) => Some(failure),
        Found::Seen(_) | Found::Missing => None,
    });
    let databases = snapshot
        .databases
        .values()
        .filter_map(|it| it.as_ref().err());
    for failure in secrets.chain(databases).chain(&snapshot.unread) {
        let known = |(_, other): &(String, Failure)| other == failure;
        if !looked.failures.iter().any(known) {
            log::failure(FUNCTION, name, failure);
            looked.failures.push((name.to_owned(), failure.clone()));
        }
    }
}

/// Decides what is done next.
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
    at: Option<Timestamp>,
) -> Result<Plan, Failure> {
    let now = at.unwrap_or_else(|| context.now());
    let id = token::turn().map_err(|error| Failure {
        resource: estate.name.clone(),
        action: "begin".to_owned(),
        code: "random".to_owned(),
        message: error.to_string(),
        denied: false,
    })?;
    Ok(plan(&View {
        rotator,
        is_whole: estate.is_whole,
        snapshot,
        entries,
        owners: &ground.ledger.owners,
        broken: ground.ledger.broken_since(&estate.name, now),
        failed: &ground.failed_in(&rotator.cluster),
        elsewhere: in_turn_elsewhere(&ground.ledger, &estate.name).as_deref(),
        next_id: &id,
        now,
    }))
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

/// Begins a turn under the lease of who begins one: what others began before it is seen. None where
/// somebody else holds it.
async fn begun(
    context: &Context<'_>,
    documents: Option<&Documents>,
    estate: &Estate,
    rotator: &Rotator,
    snapshot: &Snapshot,
    entries: &mut BTreeMap<Arn, Kept<Entry>>,
    looked: &mut Looked,
) -> Result<Option<Plan>, Failure> {
    if !take(context, TURN).await? {
        return Ok(None);
    }
    let begun = async {
        let ground = ground(context, documents).await?;
        let decided = decide(context, &ground, estate, rotator, snapshot, entries, None)?;
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

/// The lease of who begins a turn, for an order by hand.
pub(crate) async fn take_turn(context: &Context<'_>) -> Result<bool, Failure> {
    take(context, TURN).await
}

pub(crate) async fn give_turn(context: &Context<'_>) -> Result<(), Failure> {
    context.store.give_up(TURN).await
}

/// Writes down the documents in force, where they are others than before.
async fn keep_document(
    context: &Context<'_>,
    ground: &Ground,
    estate: &Estate,
) -> Result<(), Failure> {
    let Some(document) = &estate.document else {
        return Ok(());
    };
    let known = ground.ledger.documents.get(&estate.name);
    if known.is_some_and(|known| known.item == *document) {
        return Ok(());
    }
    let revision = known.map_or(Revision(0), |known| known.revision);
    let saved = context
        .store
        .save_document(&estate.name, document, revision);
    saved.await.map_err(WriteError::into_failure)?;
    Ok(())
}

/// Forgets an estate with all that is remembered of it.
async fn forget(
    context: &Context<'_>,
    ground: &Ground,
    name: &str,
    entries: &BTreeMap<Arn, Kept<Entry>>,
) -> Result<(), Failure> {
    for (arn, kept) in entries {
        let forgotten = context.store.forget_entry(arn, kept.revision).await;
        forgotten.map_err(WriteError::into_failure)?;
    }
    let forgotten = context.store.forget_estate(name, &ground.ledger).await;
    forgotten.map_err(WriteError::into_failure)
}
