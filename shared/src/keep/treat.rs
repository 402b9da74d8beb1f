//! One estate of a look: planned, changed, told and written down, in this order; what was told is
//! written after it was told, and the lease is given back last.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::{
    act::{self, Done},
    context::Context,
    estates::{Resolved, Seen},
    keeper::{Keeper, View},
    look::{self, AT_THE_LATEST, Ground, Held, Scene},
    matters::{Matters, failed},
    plan::Plan,
    section::Section,
    tell::{Told, tell, tell_of_documents, tell_one},
};
use crate::{
    kind::Arn,
    ledger::{EstateRecord, Kept, Ledger, Revision, store::WriteError},
    log,
    report::{Deed, Failure, News, Report, State, Why},
};

/// Plans, acts and reports for one estate, and gives its lease back.
pub(super) async fn treat<K: Keeper>(
    context: &Context<'_, K>,
    ground: &Ground<K>,
    scene: &Scene<K>,
    estate: &Resolved<K::Section>,
) -> Report {
    let now = context.now();
    let held = look::held(ground, scene, &estate.name, now);
    let report = match look::view(ground, scene, estate, &held, now) {
        Some(view) => carry_out(context, ground, estate, &view, &held).await,
        None => without_document(context, ground, estate, now).await,
    };
    for failure in &report.failures {
        log::failure(K::NAME, &estate.name, failure);
    }
    let quiet = report.settled && report.failures.is_empty();
    let again = quiet.then(|| {
        let latest = now.saturating_add(AT_THE_LATEST).unwrap_or(now);
        report.next.map_or(latest, |due| due.min(latest))
    });
    let mut report = report;
    let watched = watched(scene, estate);
    if let Err(failure) = context.store.give_back(&estate.name, again, &watched).await {
        log::failure(K::NAME, &estate.name, &failure);
        report.failures.push(failure);
    }
    report
}

/// The clusters and databases whose events concern the estate.
fn watched<K: Keeper>(scene: &Scene<K>, estate: &Resolved<K::Section>) -> Vec<String> {
    let named = estate.in_force.iter().flat_map(Section::watched);
    let known = scene
        .known(&estate.name)
        .map(|arn| arn.cluster().unwrap_or_else(|| arn.name()).to_owned());
    let all: BTreeSet<String> = named.chain(known).collect();
    all.into_iter().collect()
}

async fn carry_out<K: Keeper>(
    context: &Context<'_, K>,
    ground: &Ground<K>,
    estate: &Resolved<K::Section>,
    view: &View<'_, K>,
    held: &Held<K>,
) -> Report {
    let Held { record, entries } = held;
    let mut plan = look::plan(ground, view);
    let mut report = plan.report(&estate.name, view.now);
    report.next = sooner(report.next, estate.believed_gone_at());
    report.steps = plan.deeds();
    let watch = context.function.settings.watch;
    let mut failures: Vec<Failure> = keep_documents(context, ground, estate)
        .await
        .into_iter()
        .chain(view.snapshot.failures().cloned())
        .collect();
    let mut next = plan.record.clone();
    if watch {
        // Nothing is changed, so nothing can settle: the estate stays where it is.
        next = record.item.clone();
        plan.moments.clear();
        report.steps = K::foresee(view);
        tell_what_would_be_done(&mut plan, report.steps.clone());
        report.settled = true;
    } else {
        let done = change(context, ground, estate, &plan, entries).await;
        failed(&mut plan, &done.failures);
        report.settled &= done.left == 0;
        report.changes = done.changes;
        failures.extend(done.failures);
    }
    tell_of_documents(&mut plan.matters, estate);
    let told = tell(context, estate, ground.language, &plan, &mut failures).await;
    if told.moments_failed {
        next = record.item.clone();
    }
    report.phase = next.phase;
    next.matters = plan.matters.after_telling(&told.keys);
    report.news = told.news;
    failures.extend(keep_record(context, &estate.name, record, &next).await);
    if estate.released && !watch && plan.chains.is_empty() && report.settled && entries.is_empty() {
        let forgotten = context
            .store
            .forget_estate(&estate.name, &reread(ground, estate, record, &next))
            .await;
        failures.extend(forgotten.err().map(WriteError::into_failure));
    }
    report.failures = failures;
    report
}

fn sooner(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    one.into_iter().chain(other).min()
}

/// The ledger as it is after this look's own writes, for what is deleted with its revision.
fn reread<K: Keeper>(
    ground: &Ground<K>,
    estate: &Resolved<K::Section>,
    before: &Kept<EstateRecord>,
    after: &EstateRecord,
) -> Ledger<K::Entry> {
    let mut ledger = ground.ledger.clone();
    let written = u64::from(before.item != *after || before.revision == Revision(0));
    if let Some(kept) = ledger.estates.get_mut(&estate.name) {
        kept.revision = Revision(before.revision.0 + written);
    }
    if let (Some(kept), Some(document)) = (ledger.documents.get_mut(&estate.name), &estate.document)
        && kept.item != *document
    {
        kept.revision = Revision(kept.revision.0 + 1);
    }
    ledger
}

/// Takes the plan's steps: the deployment's order first, then all chains side by side.
async fn change<K: Keeper>(
    context: &Context<'_, K>,
    ground: &Ground<K>,
    estate: &Resolved<K::Section>,
    plan: &Plan<K::Step>,
    entries: &BTreeMap<Arn, Kept<K::Entry>>,
) -> Done {
    if let Some(order) = &plan.deployment_order {
        let revision = revision_of(ground.ledger.overrides.get(&estate.name));
        if let Err(error) = context
            .store
            .save_override(&estate.name, order, revision)
            .await
        {
            return Done {
                failures: vec![error.into_failure()],
                ..Done::default()
            };
        }
    }
    let done = act::act(context, &plan.chains, entries).await;
    let (why, who) = because(K::NAME, &plan.wanted.why);
    for change in &done.changes {
        log::change(K::NAME, &estate.name, change, &why, &who);
    }
    done
}

fn because(function: &str, why: &Why) -> (String, String) {
    match why {
        Why::Calendar => ("calendar".to_owned(), function.to_owned()),
        Why::Person { who, reason, .. } => (reason.clone(), who.clone()),
        Why::Deployment { reason, .. } => (reason.clone(), "deployment".to_owned()),
        Why::Released => ("released".to_owned(), function.to_owned()),
    }
}

fn revision_of<T>(kept: Option<&Kept<T>>) -> Revision {
    kept.map_or(Revision(0), |kept| kept.revision)
}

/// `Mode: watch`: the steps are told once for each time that the calendar turns.
fn tell_what_would_be_done<S>(plan: &mut Plan<S>, steps: Vec<Deed>) {
    let side = match plan.wanted.state {
        Some(State::Asleep | State::Night) => "closed",
        _ => "open",
    };
    let until = plan
        .wanted
        .until
        .map(|until| until.to_string())
        .unwrap_or_default();
    let key = format!("would/{side}/{until}");
    if steps.is_empty() {
        // A backup is under way, for instance: no reason to say it all again afterwards.
        return plan.matters.keep(&key);
    }
    plan.matters
        .tell(&key, SignedDuration::ZERO, |_| News::Would { steps });
}

/// Writes down which documents are in force. Answers why it could not.
async fn keep_documents<K: Keeper>(
    context: &Context<'_, K>,
    ground: &Ground<K>,
    estate: &Resolved<K::Section>,
) -> Option<Failure> {
    let kept = ground.ledger.documents.get(&estate.name);
    let document = estate.document.as_ref()?;
    if kept.is_some_and(|kept| kept.item == *document) {
        return None;
    }
    let written = context
        .store
        .save_document(&estate.name, document, revision_of(kept))
        .await;
    written.err().map(WriteError::into_failure)
}

/// Writes down how the estate fares now. Answers why it could not.
async fn keep_record<K: Keeper>(
    context: &Context<'_, K>,
    name: &str,
    before: &Kept<EstateRecord>,
    after: &EstateRecord,
) -> Option<Failure> {
    if before.item == *after && before.revision != Revision(0) {
        return None;
    }
    let written = context
        .store
        .save_estate(name, after, before.revision)
        .await;
    written.err().map(WriteError::into_failure)
}

/// An estate whose document never parsed: nothing is done, and people are told.
async fn without_document<K: Keeper>(
    context: &Context<'_, K>,
    ground: &Ground<K>,
    estate: &Resolved<K::Section>,
    now: Timestamp,
) -> Report {
    let record = look::record_of(ground, &estate.name, now);
    let mut matters = Matters::new(&record.item.matters, now);
    tell_of_documents(&mut matters, estate);
    let mut failures = Vec::new();
    let mut told = Told::default();
    for (key, news) in matters.to_tell().to_vec() {
        tell_one(
            context,
            estate,
            ground.language,
            Some(key),
            news,
            &mut told,
            &mut failures,
        )
        .await;
    }
    let mut next = record.item.clone();
    next.matters = matters.after_telling(&told.keys);
    failures.extend(keep_record(context, &estate.name, &record, &next).await);
    Report {
        estate: estate.name.clone(),
        at: now,
        wanted: None,
        phase: next.phase,
        ready: false,
        settled: true,
        resources: Vec::new(),
        steps: Vec::new(),
        changes: Vec::new(),
        failures,
        news: told.news,
        next: None,
    }
}
