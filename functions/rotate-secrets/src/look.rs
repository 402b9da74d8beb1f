//! One look: estates that are due, one after the other, each under the lease that every function takes
//! of an estate. Within an estate the look goes on as long as something is due at once.

mod decide;
pub(crate) mod ground;
mod matters;

use std::{collections::BTreeSet, time::Duration};

use jiff::{SignedDuration, Timestamp};
use nightshift::{
    documents::Documents,
    kind::Arn,
    ledger::{Kept, Mark, Revision, rotation::Entry, store::WriteError},
    log,
    report::Failure,
};
use serde::Serialize;
use std::collections::BTreeMap;
use tokio::time::{Instant, sleep};

use crate::{
    context::{Context, Reach},
    estates::{Estate, entries_of, is_under_way},
    observe,
    plan::{FUNCTION, SOON, Wait},
    snapshot::{Found, Snapshot},
    tell::Told,
};
use decide::{Scene, TURN, go};
pub(crate) use decide::{decide, give_turn, take_turn};
use ground::{Ground, documents, ground};

/// A settled estate is looked at again after this, whatever happens.
const AT_THE_LATEST: SignedDuration = SignedDuration::from_mins(10);

/// Where a function without any estate marks that it looked: no parameter can have this name.
const NOBODY: &str = "*";

/// So often, and so long between, one of two deployments waits for a lease that the other holds.
const WAITS: u32 = 10;
const BETWEEN: Duration = Duration::from_secs(3);

/// What is due within this is waited for, instead of for the next tick.
const A_MOMENT: SignedDuration = SignedDuration::from_secs(2);

/// So often at most an estate is looked at in one look.
const ROUNDS: usize = 12;

/// With less than this left nothing more is begun: a value that was made has to be published.
const LEAST: Duration = Duration::from_secs(50);

/// Why we look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// The clock ticked: only what is due.
    Tick,
    /// Something happened to these services: only estates whose turn it may bring forward.
    Event(Vec<Arn>),
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
    /// Whether something is left for the deployment that reaches what this one does not.
    pub left: bool,
    /// How the estates that were looked at were left.
    pub estates: Vec<Standing>,
}

/// How a look left an estate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// Its name.
    pub estate: String,
    /// Whether nothing is under way, and nothing is waited for but an hour, the end of a sleep or a person.
    pub settled: bool,
    /// When something is due, if that can be said.
    pub next: Option<Timestamp>,
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
    let is_due = |mark: &Mark| match &occasion {
        Occasion::Tick => mark.is_due(now),
        Occasion::Event(resources) => mark.is_concerned(resources),
        Occasion::Asked => true,
    };
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

/// Takes an estate's lease. Of two deployments that share the work both tick at the same second, so
/// that the one that finds it taken waits for its turn.
async fn take_in_time(context: &Context<'_>, name: &str) -> Result<bool, Failure> {
    let shares = context.function.settings.reach != Reach::Everything;
    let tries = if shares { 1 + WAITS } else { 1 };
    for attempt in 1..=tries {
        if take(context, name).await? {
            return Ok(true);
        }
        if attempt < tries && left(context) >= LEAST {
            sleep(BETWEEN).await;
        }
    }
    Ok(false)
}

/// Looks at one estate under its lease, and gives that back with the mark of when to look again. What
/// fails leaves no mark behind, so that the next tick looks.
async fn treat(
    context: &Context<'_>,
    documents: Option<&Documents>,
    name: &str,
    looked: &mut Looked,
) {
    match take_in_time(context, name).await {
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
    let is_well = documents.is_some() && looked.failures.len() == before;
    let (again, watched) = match result {
        Ok(Again::At(at, watched)) => (is_well.then_some(at), watched),
        Ok(Again::Never) => {
            let dropped = context.store.drop_mark(name).await;
            let failure = dropped.err().map(|failure| (name.to_owned(), failure));
            looked.failures.extend(failure);
            return;
        }
        Err(failure) => {
            log::failure(FUNCTION, name, &failure);
            looked.failures.push((name.to_owned(), failure));
            (None, Vec::new())
        }
    };
    let given = context.store.give_back(name, again, &watched).await;
    let failure = given.err().map(|failure| (name.to_owned(), failure));
    looked.failures.extend(failure);
}

/// When an estate is looked at again.
enum Again {
    /// At this instant, or when something happens in these clusters.
    At(Timestamp, Vec<String>),
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
                Again::At(latest(now), Vec::new())
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
            return Ok(Again::At(latest(now), Vec::new()));
        };
        let asleep = ground.is_asleep(name);
        let snapshot = Box::pin(observe::snapshot(context, rotator, &entries, asleep)).await;
        note_unread(name, &snapshot, looked);
        let scene = Scene {
            documents,
            estate,
            rotator,
            snapshot: &snapshot,
        };
        let going = Box::pin(go(context, &scene, &ground, &mut entries, looked));
        let Some(decided) = going.await? else {
            let soon = now.saturating_add(SOON).unwrap_or(now);
            return Ok(Again::At(soon, Vec::new()));
        };
        let mut told = Vec::new();
        let record = ground.record(name, now);
        let matters = matters::tell(
            context,
            (estate, rotator),
            &record,
            &decided,
            &snapshot,
            &mut told,
        );
        let matters = matters.await;
        let told = told.into_iter().map(|told| (name.to_owned(), told));
        looked.told.extend(told);
        let untold = matters?;
        let wait = decided.due.map(|at| at.duration_since(context.now()));
        let is_soon = wait.is_some_and(|wait| wait <= A_MOMENT);
        let waits = wait.is_some_and(|wait| wait.is_positive());
        let goes_on = is_soon
            && (waits || !decided.steps.is_empty())
            && looked.failures.is_empty()
            && !looked.left
            && round < ROUNDS
            && left(context) >= LEAST;
        if !goes_on {
            let waits_for_another = |(_, wait): &(_, Wait)| matches!(wait, Wait::Elsewhere { .. });
            let again = if decided.waits.iter().any(waits_for_another) {
                now.saturating_add(SOON).unwrap_or(now)
            } else {
                latest(now)
            };
            let at = decided.due.map_or(again, |due| due.min(again));
            // What another deployment has to do is due for it at once.
            let at = if looked.left { now } else { at };
            let is_open = entries.values().any(|kept| is_in_turn(&kept.item));
            looked.estates.push(Standing {
                estate: name.to_owned(),
                settled: !is_open && !looked.left && decided.is_settled(),
                next: decided.due.into_iter().chain(untold).min(),
            });
            let clusters = is_open.then(|| rotator.cluster.clone());
            return Ok(Again::At(at, clusters.into_iter().collect()));
        }
        if let Some(Ok(wait)) = wait.map(Duration::try_from) {
            sleep(wait).await;
        }
    }
    Ok(Again::At(latest(context.now()), Vec::new()))
}

fn note(name: &str, done: crate::act::Done, looked: &mut Looked) {
    looked.left |= done.left;
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
