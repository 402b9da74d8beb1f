//! One look at all estates: observe, plan, act, report, each estate for itself and side by side.
//! Whoever holds an estate's lease changes it; the mark that lets a tick pass is removed before
//! the first change and written last.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};

use super::{
    context::Context,
    estates::{self, ByEstate, Resolved, Rivalry},
    keeper::{Keeper, Known, View},
    plan::Plan,
    treat::treat,
};
use crate::{
    config::Language,
    documents,
    kind::Arn,
    ledger::{EstateRecord, Kept, Ledger, Mark, Override},
    log::Metrics,
    report::{Failure, News, Report},
};

/// A settled estate is looked at again after this, whatever happens.
pub(super) const AT_THE_LATEST: SignedDuration = SignedDuration::from_mins(10);

/// Where a function without any estate marks that it looked: no parameter can have this name.
const NOBODY: &str = "*";

/// Events come in flocks: one that follows a look so closely is left to the next tick.
const FLOCK: SignedDuration = SignedDuration::from_secs(20);

/// Why we look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Occasion {
    /// The clock ticked: only what is due.
    Tick,
    /// Something happened in AWS to these resources.
    Event(Vec<Arn>),
    /// Somebody asks: look, whatever the marks say.
    Asked,
}

/// What a look found and did.
#[derive(Clone, Debug, Default)]
pub(super) struct Looked {
    /// Each estate that was looked at.
    pub(super) reports: Vec<Report>,
    /// What could not be read or written for all of them.
    pub(super) failures: Vec<Failure>,
    /// Estates that another look holds now.
    pub(super) busy: Vec<String>,
    /// Whether there was nothing to look at.
    pub(super) idle: bool,
}

impl Looked {
    /// Every failure with its estate, for the invocation's own end.
    pub(super) fn all_failures(&self) -> Vec<String> {
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
#[derive(Debug)]
pub struct Ground<K: Keeper> {
    /// The documents in force.
    pub estates: Vec<Resolved<K::Section>>,
    /// The ledger.
    pub ledger: Ledger<K::Entry>,
    /// What could not be read.
    pub failures: Vec<Failure>,
    /// The language for estates whose documents do not parse.
    pub language: Language,
}

/// Reads the documents and the ledger, and decides what is in force.
///
/// # Errors
/// When the ledger cannot be read: without it nothing may be decided.
pub(super) async fn ground<K: Keeper>(context: &Context<'_, K>) -> Result<Ground<K>, Failure> {
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
pub(super) async fn look<K: Keeper>(
    context: &Context<'_, K>,
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
    let mut ground = ground(context).await?;
    #[cfg(feature = "sabotage")]
    K::misread(&mut ground, context.now());
    let is_new =
        |estate: &&Resolved<K::Section>| !marks.iter().any(|mark| mark.estate == estate.name);
    let new = ground
        .estates
        .iter()
        .filter(is_new)
        .map(|estate| estate.name.clone());
    let new: Vec<String> = if ground.estates.is_empty() && marks.is_empty() {
        vec![NOBODY.to_owned()]
    } else {
        new.collect()
    };
    let new = choose(context, &marks, new, occasion, only, &mut looked).await;
    if !new.is_empty() {
        // Another first look may have been here between the reading and the taking.
        ground = self::ground(context).await?;
        #[cfg(feature = "sabotage")]
        K::misread(&mut ground, context.now());
        chosen.extend(new);
    }
    looked.failures.extend(ground.failures.iter().cloned());
    let scene = observe_all(context, &ground, &chosen, false).await;
    let treated = ground
        .estates
        .iter()
        .filter(|estate| chosen.contains(&estate.name));
    looked.reports = join_all(treated.map(|estate| treat(context, &ground, &scene, estate))).await;
    let strays = chosen
        .iter()
        .filter(|name| !ground.estates.iter().any(|estate| estate.name == **name));
    for stray in strays {
        let done = if stray == NOBODY && ground.estates.is_empty() {
            // What is written meanwhile is found as soon as what is written beside other estates.
            let latest = now.saturating_add(AT_THE_LATEST).unwrap_or(now);
            let again = ground.failures.is_empty().then_some(latest);
            context.store.give_back(NOBODY, again, &[]).await
        } else {
            context.store.drop_mark(stray).await
        };
        looked.failures.extend(done.err());
    }
    beat(context, &looked);
    Ok(looked)
}

/// Takes the leases of those estates that are to be looked at.
async fn choose<K: Keeper>(
    context: &Context<'_, K>,
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
pub(super) struct Scene<K: Keeper> {
    snapshots: BTreeMap<String, K::Snapshot>,
    entries: ByEstate<K::Entry>,
    rivals: BTreeMap<Arn, Rivalry>,
}

impl<K: Keeper> Scene<K> {
    /// The resources that the ledger has in an estate's name.
    pub(super) fn known(&self, estate: &str) -> impl Iterator<Item = &Arn> {
        self.entries
            .get(estate)
            .into_iter()
            .flat_map(BTreeMap::keys)
    }
}

/// Observes the chosen estates side by side.
pub(super) async fn observe_all<K: Keeper>(
    context: &Context<'_, K>,
    ground: &Ground<K>,
    chosen: &[String],
    examined: bool,
) -> Scene<K> {
    let nothing = BTreeMap::<String, K::Snapshot>::new();
    let by_estate = estates::hand_over(&ground.estates, &nothing, &ground.ledger.entries);
    let no_entries = BTreeMap::new();
    let now = context.now();
    let chosen = ground
        .estates
        .iter()
        .filter(|estate| chosen.contains(&estate.name));
    let (names, known): (Vec<String>, Vec<Known<'_, K>>) = chosen
        .filter_map(|estate| {
            let known = Known {
                section: estate.in_force.as_ref()?,
                released: estate.released,
                entries: by_estate.get(&estate.name).unwrap_or(&no_entries),
                record: record_of(ground, &estate.name, now).item,
                order: order_for(ground, &estate.name),
                examined,
            };
            Some((estate.name.clone(), known))
        })
        .unzip();
    let seen = K::observe(context, &known).await;
    let snapshots = names.into_iter().zip(seen).collect();
    Scene {
        entries: estates::hand_over(&ground.estates, &snapshots, &ground.ledger.entries),
        rivals: estates::rivals(&ground.estates, &snapshots, &ground.ledger.entries),
        snapshots,
    }
}

/// How an estate fared until now.
pub(super) fn record_of<K: Keeper>(
    ground: &Ground<K>,
    name: &str,
    now: Timestamp,
) -> Kept<EstateRecord> {
    let known = ground.ledger.estates.get(name).cloned();
    known.unwrap_or_else(|| Kept::new(EstateRecord::at(K::AT_FIRST, now)))
}

fn order_for<'a, K: Keeper>(ground: &'a Ground<K>, name: &str) -> Option<&'a Override> {
    ground.ledger.overrides.get(name).map(|kept| &kept.item)
}

/// What the ledger holds of one estate, after hand-overs.
pub(super) struct Held<K: Keeper> {
    /// How it fared until now.
    pub(super) record: Kept<EstateRecord>,
    /// Its entries.
    pub(super) entries: BTreeMap<Arn, Kept<K::Entry>>,
}

/// What the ledger holds of an estate.
pub(super) fn held<K: Keeper>(
    ground: &Ground<K>,
    scene: &Scene<K>,
    name: &str,
    now: Timestamp,
) -> Held<K> {
    Held {
        record: record_of(ground, name, now),
        entries: scene.entries.get(name).cloned().unwrap_or_default(),
    }
}

/// Everything that a plan is made from; none without a document in force.
pub(super) fn view<'a, K: Keeper>(
    ground: &'a Ground<K>,
    scene: &'a Scene<K>,
    estate: &'a Resolved<K::Section>,
    held: &'a Held<K>,
    now: Timestamp,
) -> Option<View<'a, K>> {
    Some(View {
        section: estate.in_force.as_ref()?,
        released: estate.released,
        snapshot: scene.snapshots.get(&estate.name)?,
        entries: &held.entries,
        owners: &ground.ledger.owners,
        broken: ground.ledger.broken_since(&estate.name, now),
        record: &held.record.item,
        order: order_for(ground, &estate.name),
        rivals: &scene.rivals,
        now,
    })
}

/// What is done next, but for what other functions are changing now.
pub(super) fn plan<K: Keeper>(ground: &Ground<K>, view: &View<'_, K>) -> Plan<K::Step> {
    let mut plan = K::plan(view);
    plan.keep_off(&ground.ledger.owners, view.now);
    plan
}

/// The heartbeat, and what else the look has to say in numbers.
fn beat<K: Keeper>(context: &Context<'_, K>, looked: &Looked) {
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
    .write(K::NAME, context.now(), context.function.metrics);
}
