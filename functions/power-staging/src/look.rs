//! One look at all estates: observe, plan, act, report, each estate for itself and side by side.
//! Whoever holds an estate's lease changes it; the mark that lets a tick pass is removed before
//! the first change and written last.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use nightshift::{
    config::{Language, Sleeper},
    documents,
    kind::Arn,
    ledger::{Entry, EstateRecord, Kept, Ledger, Mark, Phase, Revision, store::WriteError},
    log::{self, Metrics},
    report::{
        Failure, News, Report, State, Why,
        message::{self, Message},
        publish::publish,
        text::{self, Place},
    },
};

use crate::{
    act::{self, Done},
    context::Context,
    estates::{self, Resolved},
    foresee::foresee,
    observe::{self, Hint, Listing},
    plan::{self, FUNCTION, Matters, Plan, Rivalry, View},
    snapshot::Snapshot,
};

/// A settled estate is looked at again after this, whatever happens.
const AT_THE_LATEST: SignedDuration = SignedDuration::from_mins(10);

/// Events come in flocks: one that follows a look so closely is left to the next tick.
const FLOCK: SignedDuration = SignedDuration::from_secs(20);

/// Why we look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// The clock ticked: only what is due.
    Tick,
    /// Something happened in AWS to these resources.
    Event(Vec<Arn>),
    /// Somebody asks: look, whatever the marks say.
    Asked,
}

/// What a look found and did.
#[derive(Clone, Debug, Default)]
pub struct Looked {
    /// Each estate that was looked at.
    pub reports: Vec<Report>,
    /// What could not be read or written for all of them.
    pub failures: Vec<Failure>,
    /// Estates that another look holds now.
    pub busy: Vec<String>,
    /// Whether there was nothing to look at.
    pub idle: bool,
}

impl Looked {
    /// Every failure with its estate, for the invocation's own end.
    #[must_use]
    pub fn all_failures(&self) -> Vec<String> {
        let of_estates = self.reports.iter().flat_map(|report| {
            report
                .failures
                .iter()
                .map(|failure| (report.estate.as_str(), failure))
        });
        self.failures
            .iter()
            .map(|failure| ("-", failure))
            .chain(of_estates)
            .map(|(estate, failure)| format!("{estate}: {failure}"))
            .collect()
    }
}

/// Everything that one look rests on.
pub struct Ground {
    /// The documents in force.
    pub estates: Vec<Resolved>,
    /// The ledger.
    pub ledger: Ledger,
    /// What could not be read.
    pub failures: Vec<Failure>,
    /// The language for estates whose documents do not parse.
    pub language: Language,
}

/// Reads the documents and the ledger, and decides what is in force.
///
/// # Errors
/// When the ledger cannot be read: without it nothing may be decided.
pub async fn ground(context: &Context<'_>) -> Result<Ground, Failure> {
    let prefix = &context.function.settings.prefix;
    let (documents, ledger) = tokio::join!(
        documents::read(context.function.ssm(), prefix),
        context.store.ledger(),
    );
    let ledger = ledger?;
    let (documents, failure) = match documents {
        Ok(documents) => (Some(documents), None),
        Err(failure) => (None, Some(failure)),
    };
    Ok(Ground {
        estates: estates::resolve(documents.as_ref(), &ledger, prefix, context.now()),
        language: estates::language(documents.as_ref(), prefix),
        failures: failure.into_iter().collect(),
        ledger,
    })
}

/// Looks at what is due, at what an event may have changed, or at what somebody asks for.
///
/// # Errors
/// When the table cannot be read.
pub async fn look(
    context: &Context<'_>,
    occasion: &Occasion,
    only: Option<&str>,
) -> Result<Looked, Failure> {
    let marks = context.store.marks().await?;
    let now = context.now();
    let concerns_nobody = match occasion {
        Occasion::Tick => !marks.iter().any(|mark| mark.is_due(now)),
        Occasion::Event(resources) => !marks.iter().any(|mark| mark.is_concerned(resources)),
        Occasion::Asked => false,
    };
    if concerns_nobody && !marks.is_empty() {
        return Ok(Looked {
            idle: true,
            ..Looked::default()
        });
    }
    let mut looked = Looked::default();
    let known = marks.iter().map(|mark| mark.estate.clone()).collect();
    let mut chosen = choose(context, &marks, known, occasion, only, &mut looked).await;
    if chosen.is_empty() && matches!(occasion, Occasion::Event(_)) && !looked.busy.is_empty() {
        return Ok(looked);
    }
    // The ledger is read after the leases were taken: what another look wrote before counts.
    let ground = ground(context).await?;
    #[cfg(feature = "sabotage")]
    let ground = crate::sabotage::misdated(ground, context);
    looked.failures.extend(ground.failures.iter().cloned());
    let is_new = |estate: &&Resolved| !marks.iter().any(|mark| mark.estate == estate.name);
    let new = ground
        .estates
        .iter()
        .filter(is_new)
        .map(|estate| estate.name.clone());
    chosen.extend(choose(context, &marks, new.collect(), occasion, only, &mut looked).await);
    let scene = observe_all(context, &ground, &chosen).await;
    let treated = ground
        .estates
        .iter()
        .filter(|estate| chosen.contains(&estate.name));
    looked.reports = join_all(treated.map(|estate| treat(context, &ground, &scene, estate))).await;
    let strays = chosen
        .iter()
        .filter(|name| !ground.estates.iter().any(|estate| estate.name == **name));
    for stray in strays {
        looked
            .failures
            .extend(context.store.drop_mark(stray).await.err());
    }
    beat(context, &looked);
    Ok(looked)
}

/// Takes the leases of those estates that are to be looked at.
async fn choose(
    context: &Context<'_>,
    marks: &[Mark],
    names: Vec<String>,
    occasion: &Occasion,
    only: Option<&str>,
    looked: &mut Looked,
) -> Vec<String> {
    let now = context.now();
    let left = context
        .deadline
        .saturating_duration_since(tokio::time::Instant::now());
    let left = SignedDuration::try_from(left).unwrap_or(AT_THE_LATEST);
    let until = now.saturating_add(left).unwrap_or(now);
    let mut chosen = Vec::new();
    for name in names {
        if only.is_some_and(|only| only != name) {
            continue;
        }
        let mark = marks.iter().find(|mark| mark.estate == name);
        let matters = match occasion {
            Occasion::Tick => mark.is_none_or(|mark| mark.is_due(now)),
            Occasion::Event(resources) => mark.is_none_or(|mark| mark.is_concerned(resources)),
            Occasion::Asked => true,
        };
        if !matters {
            continue;
        }
        let is_event = matches!(occasion, Occasion::Event(_));
        let just_looked = mark
            .and_then(|mark| mark.looked_at)
            .is_some_and(|at| at <= now && now.duration_since(at) < FLOCK);
        let taken = if is_event && just_looked {
            Ok(false)
        } else {
            context.store.take_lease(&name, now, until).await
        };
        match taken {
            Ok(true) => chosen.push(name),
            Ok(false) => {
                if is_event {
                    looked
                        .failures
                        .extend(context.store.note(&name).await.err());
                }
                looked.busy.push(name);
            }
            Err(failure) => looked.failures.push(failure),
        }
    }
    chosen
}

/// What was seen of all estates, and whose everything is.
pub struct Scene {
    snapshots: BTreeMap<String, Snapshot>,
    entries: BTreeMap<String, BTreeMap<Arn, Kept<Entry>>>,
    rivals: BTreeMap<Arn, Rivalry>,
}

impl Scene {
    /// What was seen of an estate.
    #[must_use]
    pub fn snapshot(&self, estate: &str) -> Option<&Snapshot> {
        self.snapshots.get(estate)
    }

    /// What more than one estate claims.
    #[must_use]
    pub const fn rivals(&self) -> &BTreeMap<Arn, Rivalry> {
        &self.rivals
    }
}

/// Observes the chosen estates side by side.
pub async fn observe_all(context: &Context<'_>, ground: &Ground, chosen: &[String]) -> Scene {
    let by_estate = estates::hand_over(&ground.estates, &BTreeMap::new(), &ground.ledger.entries);
    let estates: Vec<(&Resolved, &Sleeper)> = ground
        .estates
        .iter()
        .filter(|estate| chosen.contains(&estate.name))
        .filter_map(|estate| Some((estate, estate.sleeper.as_ref()?)))
        .collect();
    let no_entries = BTreeMap::new();
    let needs_databases = estates.iter().any(|(estate, sleeper)| {
        let entries = by_estate.get(&estate.name).unwrap_or(&no_entries);
        !sleeper.sleep.databases.is_empty() || entries.keys().any(|arn| arn.cluster().is_none())
    });
    let pace = &context.function.pace;
    let clients = context.function.clients();
    let listing = if needs_databases {
        observe::databases(clients, pace).await
    } else {
        Listing::default()
    };
    let listing = &listing;
    let seen = join_all(estates.into_iter().map(|(estate, sleeper)| {
        let entries = by_estate.get(&estate.name).unwrap_or(&no_entries);
        let hint = hint(context, ground, estate, sleeper);
        async move {
            let snapshot = observe::estate(clients, pace, sleeper, entries, listing, hint).await;
            (estate.name.clone(), snapshot)
        }
    }))
    .await;
    let snapshots: BTreeMap<String, Snapshot> = seen.into_iter().collect();
    Scene {
        entries: estates::hand_over(&ground.estates, &snapshots, &ground.ledger.entries),
        rivals: estates::rivals(&ground.estates, &snapshots, &ground.ledger.entries),
        snapshots,
    }
}

fn hint(context: &Context<'_>, ground: &Ground, estate: &Resolved, sleeper: &Sleeper) -> Hint {
    let now = context.now();
    let record = record_of(ground, &estate.name, now);
    let order = ground
        .ledger
        .overrides
        .get(&estate.name)
        .map(|kept| &kept.item);
    let wanted = plan::wanted(sleeper, estate.released, order, &record.item, now);
    Hint {
        asleep: wanted.state == Some(State::Asleep),
        waking: wanted.state == Some(State::Awake) && record.item.phase != Phase::Awake,
    }
}

fn record_of(ground: &Ground, name: &str, now: Timestamp) -> Kept<EstateRecord> {
    ground
        .ledger
        .estates
        .get(name)
        .cloned()
        .unwrap_or_else(|| Kept::new(EstateRecord::new(now)))
}

/// What the ledger holds of one estate, after hand-overs.
pub struct Held {
    /// How it fared until now.
    pub record: Kept<EstateRecord>,
    /// Its entries.
    pub entries: BTreeMap<Arn, Kept<Entry>>,
}

/// What the ledger holds of an estate.
#[must_use]
pub fn held(ground: &Ground, scene: &Scene, estate: &Resolved, now: Timestamp) -> Held {
    Held {
        record: record_of(ground, &estate.name, now),
        entries: scene.entries.get(&estate.name).cloned().unwrap_or_default(),
    }
}

/// Everything that a plan is made from; none without a document in force.
#[must_use]
pub fn view<'a>(
    ground: &'a Ground,
    scene: &'a Scene,
    estate: &'a Resolved,
    held: &'a Held,
    now: Timestamp,
) -> Option<View<'a>> {
    Some(View {
        sleeper: estate.sleeper.as_ref()?,
        released: estate.released,
        snapshot: scene.snapshots.get(&estate.name)?,
        entries: &held.entries,
        record: &held.record.item,
        order: ground
            .ledger
            .overrides
            .get(&estate.name)
            .map(|kept| &kept.item),
        rivals: &scene.rivals,
        now,
    })
}

/// The report of a plan before anything was done.
#[must_use]
pub fn report_of(name: &str, plan: &Plan, now: Timestamp) -> Report {
    Report {
        estate: name.to_owned(),
        at: now,
        wanted: Some(plan.wanted.clone()),
        phase: plan.record.phase,
        ready: plan.ready,
        settled: plan.settled,
        resources: plan.rows.clone(),
        steps: Vec::new(),
        changes: Vec::new(),
        failures: Vec::new(),
        news: Vec::new(),
        next: plan.due,
    }
}

/// Plans, acts and reports for one estate, and gives its lease back.
async fn treat(context: &Context<'_>, ground: &Ground, scene: &Scene, estate: &Resolved) -> Report {
    let now = context.now();
    let held = held(ground, scene, estate, now);
    let report = match view(ground, scene, estate, &held, now) {
        Some(view) => carry_out(context, ground, estate, &view, &held).await,
        None => without_document(context, ground, estate, now).await,
    };
    for failure in &report.failures {
        log::failure(FUNCTION, &estate.name, failure);
    }
    let quiet = report.settled && report.failures.is_empty();
    let again = quiet.then(|| {
        let latest = now.saturating_add(AT_THE_LATEST).unwrap_or(now);
        report.next.map_or(latest, |due| due.min(latest))
    });
    let mut report = report;
    let watched = watched(scene, estate);
    if let Err(failure) = context.store.give_back(&estate.name, again, &watched).await {
        log::failure(FUNCTION, &estate.name, &failure);
        report.failures.push(failure);
    }
    report
}

/// The clusters and databases whose events concern the estate.
fn watched(scene: &Scene, estate: &Resolved) -> Vec<String> {
    let named = estate.sleeper.iter().flat_map(|sleeper| {
        let sleep = &sleeper.sleep;
        sleep.cluster.iter().chain(&sleep.databases).cloned()
    });
    let known = scene
        .entries
        .get(&estate.name)
        .into_iter()
        .flat_map(BTreeMap::keys);
    let known = known.map(|arn| arn.cluster().unwrap_or_else(|| arn.name()).to_owned());
    let all: std::collections::BTreeSet<String> = named.chain(known).collect();
    all.into_iter().collect()
}

async fn carry_out(
    context: &Context<'_>,
    ground: &Ground,
    estate: &Resolved,
    view: &View<'_>,
    held: &Held,
) -> Report {
    let Held { record, entries } = held;
    let mut plan = plan::plan(view);
    #[cfg(feature = "sabotage")]
    crate::sabotage::spoil(&mut plan, view);
    let mut report = report_of(&estate.name, &plan, view.now);
    report.next = sooner(report.next, estate.believed_gone_at());
    report.steps = plan.deeds();
    let watch = context.function.settings.watch;
    let mut failures = keep_documents(context, ground, estate).await;
    failures.extend(view.snapshot.unread.iter().cloned());
    let mut next = plan.record.clone();
    if watch {
        // Nothing is changed, so nothing can settle: the estate stays where it is.
        next = record.item.clone();
        plan.moments.clear();
        report.steps = foresee(view);
        tell_what_would_be_done(&mut plan, report.steps.clone());
        report.settled = true;
    } else {
        let done = change(context, ground, estate, &plan, entries).await;
        plan::failed(&mut plan, &done.failures);
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
fn reread(
    ground: &Ground,
    estate: &Resolved,
    before: &Kept<EstateRecord>,
    after: &EstateRecord,
) -> Ledger {
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
async fn change(
    context: &Context<'_>,
    ground: &Ground,
    estate: &Resolved,
    plan: &Plan,
    entries: &BTreeMap<Arn, Kept<Entry>>,
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
    let function = context.function;
    let done = act::act(
        function.clients(),
        &context.store,
        &function.pace,
        &plan.chains,
        entries,
        context.deadline,
    )
    .await;
    let (why, who) = because(&plan.wanted.why);
    for change in &done.changes {
        log::change(FUNCTION, &estate.name, change, &why, &who);
    }
    done
}

fn because(why: &Why) -> (String, String) {
    match why {
        Why::Calendar => ("calendar".to_owned(), FUNCTION.to_owned()),
        Why::Person { who, reason, .. } => (reason.clone(), who.clone()),
        Why::Deployment { reason, .. } => (reason.clone(), "deployment".to_owned()),
        Why::Released => ("released".to_owned(), FUNCTION.to_owned()),
    }
}

fn revision_of<T>(kept: Option<&Kept<T>>) -> Revision {
    kept.map_or(Revision(0), |kept| kept.revision)
}

/// `Mode: watch`: the steps are told once for each time that the calendar turns.
fn tell_what_would_be_done(plan: &mut Plan, steps: Vec<nightshift::report::Deed>) {
    let side = match plan.wanted.state {
        Some(State::Asleep) => "asleep",
        _ => "awake",
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

fn tell_of_documents(matters: &mut Matters, estate: &Resolved) {
    if !estate.problems.is_empty() {
        let problems = estate.problems.clone();
        let first = problems
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("|");
        let key: String = format!("document/{first}").chars().take(200).collect();
        let in_force = estate.sleeper.is_some();
        matters.tell(&key, SignedDuration::ZERO, |_| News::DocumentBroken {
            problems,
            in_force,
        });
    }
}

async fn keep_documents(context: &Context<'_>, ground: &Ground, estate: &Resolved) -> Vec<Failure> {
    let kept = ground.ledger.documents.get(&estate.name);
    let Some(document) = &estate.document else {
        return Vec::new();
    };
    if kept.is_some_and(|kept| kept.item == *document) {
        return Vec::new();
    }
    let written = context
        .store
        .save_document(&estate.name, document, revision_of(kept))
        .await;
    written
        .err()
        .map(WriteError::into_failure)
        .into_iter()
        .collect()
}

async fn keep_record(
    context: &Context<'_>,
    name: &str,
    before: &Kept<EstateRecord>,
    after: &EstateRecord,
) -> Vec<Failure> {
    if before.item == *after && before.revision != Revision(0) {
        return Vec::new();
    }
    let written = context
        .store
        .save_estate(name, after, before.revision)
        .await;
    written
        .err()
        .map(WriteError::into_failure)
        .into_iter()
        .collect()
}

/// An estate whose document never parsed: nothing is done, and people are told.
async fn without_document(
    context: &Context<'_>,
    ground: &Ground,
    estate: &Resolved,
    now: Timestamp,
) -> Report {
    let record = record_of(ground, &estate.name, now);
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

#[derive(Default)]
struct Told {
    keys: Vec<String>,
    news: Vec<News>,
    moments_failed: bool,
}

/// `Mode: watch` puts nothing to sleep: that it does not sleep is no news.
const fn is_late_to_sleep(news: &News) -> bool {
    matches!(
        news,
        News::NotYet {
            wanted: State::Asleep,
            ..
        } | News::Stuck {
            wanted: State::Asleep,
            ..
        }
    )
}

/// Publishes what is to be told. What could not be published counts as not told.
async fn tell(
    context: &Context<'_>,
    estate: &Resolved,
    language: Language,
    plan: &Plan,
    failures: &mut Vec<Failure>,
) -> Told {
    let mut told = Told::default();
    let watch = context.function.settings.watch;
    for (key, news) in plan.matters.to_tell().to_vec() {
        if watch && is_late_to_sleep(&news) {
            continue;
        }
        tell_one(
            context,
            estate,
            language,
            Some(key),
            news,
            &mut told,
            failures,
        )
        .await;
    }
    for news in plan.moments.clone() {
        tell_one(context, estate, language, None, news, &mut told, failures).await;
    }
    told
}

async fn tell_one(
    context: &Context<'_>,
    estate: &Resolved,
    language: Language,
    key: Option<String>,
    news: News,
    told: &mut Told,
    failures: &mut Vec<Failure>,
) {
    let now = context.now();
    let zone = zone_of(estate);
    let place = place(context, estate, &zone, language, now);
    let text = text::news(&news, &place);
    let message = Message {
        nightshift: message::VERSION,
        function: FUNCTION.to_owned(),
        estate: estate.name.clone(),
        account: context.account.clone(),
        region: context.function.settings.region.clone(),
        at: now,
        severity: news.severity(),
        thread: message::thread(&estate.name, &news, now, &zone),
        news: news.clone(),
        title: text.title.clone(),
        lines: text.lines.clone(),
    };
    let function = context.function;
    match publish(function.sns(), &function.settings.topic, &message, &text).await {
        Ok(()) => {
            told.keys.extend(key);
            told.news.push(news);
        }
        Err(failure) => {
            told.moments_failed |= key.is_none();
            failures.push(failure);
        }
    }
}

/// The zone in which the estate's people read times.
#[must_use]
pub fn zone_of(estate: &Resolved) -> jiff::tz::TimeZone {
    estate
        .sleeper
        .as_ref()
        .map_or(jiff::tz::TimeZone::UTC, |sleeper| sleeper.zone.clone())
}

/// What texts about an estate need to know.
#[must_use]
pub fn place<'a>(
    context: &'a Context<'_>,
    estate: &'a Resolved,
    zone: &'a jiff::tz::TimeZone,
    language: Language,
    now: Timestamp,
) -> Place<'a> {
    Place {
        estate: &estate.name,
        account: &context.account,
        region: &context.function.settings.region,
        zone,
        language: estate
            .sleeper
            .as_ref()
            .map_or(language, |sleeper| sleeper.language),
        now,
        function: &context.function.settings.function_name,
        watch: context.function.settings.watch,
    }
}

/// The heartbeat, and what else the look has to say in numbers.
fn beat(context: &Context<'_>, looked: &Looked) {
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let news = || looked.reports.iter().flat_map(|report| &report.news);
    Metrics {
        looks: 1,
        changes: count(
            looked
                .reports
                .iter()
                .map(|report| report.changes.len())
                .sum(),
        ),
        failures: count(looked.all_failures().len()),
        stuck: count(
            news()
                .filter(|news| matches!(news, News::Stuck { .. }))
                .count(),
        ),
        messages: count(news().count()),
        wake_seconds: news().find_map(|news| match news {
            News::Ready { woke_seconds, .. } => u32::try_from(*woke_seconds).ok(),
            _ => None,
        }),
    }
    .write(FUNCTION, context.now(), context.function.metrics);
}
