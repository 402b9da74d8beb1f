//! One look: which services it is about, each under a lease of its own, side by side. A lease that is
//! taken removes the service's mark in the same breath, so that a look that dies is followed by the
//! next tick's; and every ten minutes a round through the estates' clusters finds what no event told.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use nightshift::{
    documents,
    lambda::Failed,
    ledger::{
        self, Document, Kept, Ledger, Mark, Phase,
        rollout::Entry,
        slim,
        store::{Store, WriteError},
    },
    log,
    report::{Failure, News, text},
};
use serde_json::{Value, json};

use crate::{
    act::{self, act},
    context::Context,
    estates::{Estates, ServiceName},
    handle::{Which, no_such_service, service_name},
    observe::{self, Group},
    plan::{FUNCTION, NEWS, View, plan, story_of},
    snapshot::{Asleep, Snapshot},
};

/// A round comes after this, whatever happens.
const ROUND_EVERY: SignedDuration = SignedDuration::from_mins(10);

/// Where the last round is marked: neither an estate nor a service can have this name.
const ROUND: &str = "*/rollouts";

/// What the marks of services begin with.
const SERVICE: &str = "service/";

/// Events come in flocks: one that follows a look so closely is left to the next tick.
const FLOCK: SignedDuration = SignedDuration::from_secs(20);

/// Why we look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// The clock ticked: only what is due.
    Tick,
    /// Something happened there.
    Event(Which),
    /// Somebody asks: look at everything.
    Asked,
}

impl Occasion {
    /// The deployment group that an event of `CodeDeploy`'s names.
    fn group(&self) -> Option<Group<'_>> {
        match self {
            Self::Event(Which::CodeDeploy { application, group }) => Some((application, group)),
            _ => None,
        }
    }
}

/// What a look found and did.
#[derive(Debug, Default)]
pub struct Looked {
    /// Whether there was nothing to look at.
    pub idle: bool,
    /// The services that were looked at, as `<cluster>/<service>`.
    pub looked: Vec<String>,
    /// The services that another look holds now, or has just looked at.
    pub busy: Vec<String>,
    /// The titles of what was told.
    pub told: Vec<String>,
    /// What failed.
    pub failures: Vec<Failure>,
}

/// Everything that a look rests on, read after the leases were taken.
struct Ground {
    estates: Estates,
    entries: BTreeMap<String, Kept<Entry>>,
    asleep: BTreeMap<String, Asleep>,
    failures: Vec<Failure>,
}

impl Ground {
    /// What is remembered of a service.
    fn entry(&self, name: &ServiceName) -> Option<&Kept<Entry>> {
        let mut entries = self.entries.iter();
        let found = entries.find(|(arn, _)| service_name(arn).as_ref() == Some(name));
        found.map(|(_, kept)| kept)
    }
}

/// Looks at what is due, at where something happened, or at everything.
///
/// # Errors
/// When the table cannot be read.
pub async fn look(context: &Context<'_>, occasion: &Occasion) -> Result<Looked, Failure> {
    let mut looked = Looked::default();
    let marks = context.store.marks().await?;
    let wanted = wanted(context, occasion, &marks, &mut looked).await;
    let round = is_round_due(occasion, &marks, context.now()) && {
        let lease = take(context, ROUND).await;
        lease.unwrap_or_else(|failure| {
            looked.failures.push(failure);
            false
        })
    };
    if wanted.is_empty() && !round {
        looked.idle = looked.failures.is_empty();
        return Ok(looked);
    }
    let mut chosen = choose(context, occasion, &marks, &wanted, &mut looked).await;
    if !chosen.is_empty() || round {
        let done = on_ground(context, occasion, &marks, &mut chosen, round, &mut looked).await;
        if let Err(failure) = done {
            // Without the leases the next tick need not wait for their end.
            let round = round.then(|| ROUND.to_owned());
            for key in chosen.iter().map(key).chain(round) {
                let given = context.store.give_back(&key, None, &[]).await;
                looked.failures.extend(given.err());
            }
            return Err(failure);
        }
    }
    for failure in &looked.failures {
        log::failure(FUNCTION, "-", failure);
    }
    Ok(looked)
}

/// Makes the round, if it is due, and looks at everything whose lease was taken.
async fn on_ground(
    context: &Context<'_>,
    occasion: &Occasion,
    marks: &[Mark],
    chosen: &mut Vec<ServiceName>,
    round: bool,
    looked: &mut Looked,
) -> Result<(), Failure> {
    let mut ground = ground(context).await?;
    if round {
        let mut found = self::round(context, &ground, marks, looked).await;
        found.retain(|name| !chosen.contains(name));
        let new = choose(context, occasion, marks, &found, looked).await;
        if !new.is_empty() {
            chosen.extend(new);
            // Another look may have been at one of them between the reading and the taking.
            ground = self::ground(context).await?;
        }
    }
    looked.failures.append(&mut ground.failures);
    let group = occasion.group();
    let looks = chosen.iter();
    let looks = looks.map(|name| treat(context, &ground, name, group));
    let treated = join_all(looks).await;
    for (name, done) in chosen.iter().zip(treated) {
        looked.looked.push(name.to_string());
        looked.told.extend(done.told);
        looked.failures.extend(done.failures);
    }
    Ok(())
}

/// The services that the occasion is about.
async fn wanted(
    context: &Context<'_>,
    occasion: &Occasion,
    marks: &[Mark],
    looked: &mut Looked,
) -> BTreeSet<ServiceName> {
    match occasion {
        Occasion::Tick | Occasion::Asked => {
            let asked = *occasion == Occasion::Asked;
            let due = marks
                .iter()
                .filter(|mark| asked || mark.is_due(context.now()));
            due.filter_map(|mark| marked(&mark.estate)).collect()
        }
        Occasion::Event(Which::Service(name)) => BTreeSet::from([name.clone()]),
        Occasion::Event(Which::Nowhere) => BTreeSet::new(),
        Occasion::Event(Which::CodeDeploy { application, group }) => {
            match observe::services_of_group(context, application, group).await {
                Ok(services) => services.into_iter().collect(),
                Err(failure) => {
                    looked.failures.push(failure);
                    BTreeSet::new()
                }
            }
        }
    }
}

fn is_round_due(occasion: &Occasion, marks: &[Mark], now: Timestamp) -> bool {
    let mut marks = marks.iter();
    let mark = marks.find(|mark| mark.estate == ROUND);
    match occasion {
        Occasion::Tick => mark.is_none_or(|mark| mark.is_due(now)),
        Occasion::Event(_) => false,
        Occasion::Asked => true,
    }
}

/// Every service of an estate whose deployments are not complete, and those that are remembered and
/// gone. The round is marked as made unless a cluster could not be read: then the next tick makes
/// another.
async fn round(
    context: &Context<'_>,
    ground: &Ground,
    marks: &[Mark],
    looked: &mut Looked,
) -> BTreeSet<ServiceName> {
    let clusters = ground.estates.clusters();
    let since = since_last_round(marks, context.now());
    let found = join_all(
        clusters
            .iter()
            .map(|cluster| observe::rollouts(context, cluster, since)),
    )
    .await;
    let mut services = BTreeSet::new();
    let mut complete = true;
    for (cluster, one) in clusters.iter().zip(found) {
        match one {
            Ok(found) => {
                let remembered = ground.entries.keys().filter_map(|arn| service_name(arn));
                let gone =
                    remembered.filter(|it| it.cluster == *cluster && !found.all.contains(it));
                services.extend(gone);
                let open = found.open.into_iter();
                services.extend(open.filter(|name| ground.estates.claim(name)));
            }
            Err(failure) => {
                complete = false;
                looked.failures.push(failure);
            }
        }
    }
    let next = context.now().saturating_add(ROUND_EVERY).ok();
    let next = next.filter(|_| complete);
    let done = context.store.give_back(ROUND, next, &[]).await;
    looked.failures.extend(done.err());
    services
}

/// Since when deployments may have begun and ended that nobody looked at: three rounds, or longer if
/// there was none for longer, as long as a failure is news.
fn since_last_round(marks: &[Mark], now: Timestamp) -> Timestamp {
    let mut marks = marks.iter();
    let last = marks.find(|mark| mark.estate == ROUND);
    let last = last.and_then(|mark| mark.looked_at);
    let ago = |span: SignedDuration| now.saturating_sub(span).unwrap_or(now);
    let earliest = ago(NEWS);
    last.map_or(earliest, |last| {
        last.min(ago(ROUND_EVERY * 3)).max(earliest)
    })
}

/// Takes the leases of those services that are to be looked at.
async fn choose(
    context: &Context<'_>,
    occasion: &Occasion,
    marks: &[Mark],
    names: &BTreeSet<ServiceName>,
    looked: &mut Looked,
) -> Vec<ServiceName> {
    let now = context.now();
    let is_event = matches!(occasion, Occasion::Event(_));
    let mut chosen = Vec::new();
    for name in names {
        let key = key(name);
        let mark = marks.iter().find(|mark| mark.estate == key);
        let just_looked = mark
            .and_then(|mark| mark.looked_at)
            .is_some_and(|at| at <= now && now.duration_since(at) < FLOCK);
        // CodeDeploy's are few, and only they name the group.
        let in_flock = is_event && just_looked && occasion.group().is_none();
        let taken = if in_flock {
            Ok(false)
        } else {
            take(context, &key).await
        };
        match taken {
            Ok(true) => chosen.push(name.clone()),
            Ok(false) => {
                if is_event {
                    let noted = context.store.note(&key).await;
                    looked.failures.extend(noted.err());
                }
                looked.busy.push(name.to_string());
            }
            Err(failure) => looked.failures.push(failure),
        }
    }
    chosen
}

async fn take(context: &Context<'_>, key: &str) -> Result<bool, Failure> {
    let now = context.now();
    let left = context
        .deadline
        .saturating_duration_since(tokio::time::Instant::now());
    let left = SignedDuration::try_from(left).unwrap_or(ROUND_EVERY);
    let until = now.saturating_add(left).unwrap_or(now);
    context.store.take_lease(key, now, until).await
}

/// Reads the documents and the ledgers.
async fn ground(context: &Context<'_>) -> Result<Ground, Failure> {
    let prefix = &context.function.settings.prefix;
    let (documents, items) = tokio::join!(
        documents::read(context.function.ssm(), prefix),
        context.store.items(),
    );
    let items = items?;
    let own = Store::<Entry>::read(items.clone());
    let slims = Store::<slim::Entry>::read(items.clone());
    let sleeps = Store::<ledger::Entry>::read(items);
    let (documents, failure) = match documents {
        Ok(documents) => (Some(documents), None),
        Err(failure) => (None, Some(failure)),
    };
    let mut kept = kept_documents(&slims);
    kept.extend(kept_documents(&sleeps));
    Ok(Ground {
        estates: Estates::new(documents.as_ref(), &kept, prefix),
        entries: own
            .entries
            .into_iter()
            .map(|(arn, kept)| (arn.as_str().to_owned(), kept))
            .collect(),
        asleep: sleeps
            .estates
            .iter()
            .filter_map(|(name, kept)| Some((name.clone(), asleep(&kept.item)?)))
            .collect(),
        failures: failure.into_iter().collect(),
    })
}

fn kept_documents<E>(ledger: &Ledger<E>) -> BTreeMap<String, Document> {
    let documents = ledger.documents.iter();
    documents
        .map(|(name, kept)| (name.clone(), kept.item.clone()))
        .collect()
}

/// The last sleep of an estate, as power-staging wrote it down.
fn asleep(record: &ledger::EstateRecord) -> Option<Asleep> {
    match record.phase {
        Phase::Asleep | Phase::ToSleep | Phase::ToWake => Some(Asleep {
            since: record.slept_at.unwrap_or(record.since),
            until: None,
        }),
        _ => record.slept_at.map(|since| Asleep {
            since,
            until: Some(record.since),
        }),
    }
}

/// What became of the look at one service.
#[derive(Default)]
struct Treated {
    told: Vec<String>,
    failures: Vec<Failure>,
}

/// Observes, plans and acts for one service, and gives its lease back with the mark of when to look
/// again. What fails leaves no mark behind, so that the next tick looks.
async fn treat(
    context: &Context<'_>,
    ground: &Ground,
    name: &ServiceName,
    group: Option<Group<'_>>,
) -> Treated {
    let mut treated = Treated::default();
    let key = key(name);
    let look = Box::pin(treat_leased(context, ground, name, group, &mut treated));
    let due = match look.await {
        Ok(due) => due,
        Err(failure) => {
            treated.failures.push(failure);
            let given = context.store.give_back(&key, None, &[]).await;
            treated.failures.extend(given.err());
            return treated;
        }
    };
    let given = match due {
        Some(at) => context.store.give_back(&key, Some(at), &[]).await,
        None => context.store.give_up(&key).await,
    };
    treated.failures.extend(given.err());
    treated
}

async fn treat_leased(
    context: &Context<'_>,
    ground: &Ground,
    name: &ServiceName,
    group: Option<Group<'_>>,
    treated: &mut Treated,
) -> Result<Option<Timestamp>, Failure> {
    let kept = ground.entry(name);
    let entry = kept.map(|kept| &kept.item);
    let Some(mut snapshot) = Box::pin(observe::truth(context, name, entry, group)).await? else {
        // Who deleted the service does not wait for the end of its story, and one that is made anew
        // has another.
        if let Some(kept) = kept {
            let arn = &kept.item.arn;
            let gone = context.store.forget_entry(arn, kept.revision).await;
            gone.map_err(WriteError::into_failure)?;
        }
        return Ok(None);
    };
    let (estate, settings) = ground.estates.of(name, entry);
    snapshot.asleep = ground.asleep.get(estate).cloned();
    let now = context.now();
    let decide = |snapshot: &Snapshot| {
        plan(&View {
            estate,
            settings: &settings,
            snapshot,
            entry,
            now,
        })
    };
    let mut decided = decide(&snapshot);
    if decided.asks_for_evidence(entry, now) {
        observe::evidence(context, &mut snapshot).await;
        decided = decide(&snapshot);
    } else {
        // Without the evidence it would be remembered worse than it is.
        decided.save = None;
    }
    for failure in &snapshot.missing {
        log::failure(FUNCTION, estate, failure);
    }
    let done = act(context, &ground.estates, estate, kept, &decided).await;
    treated.told.extend(done.told);
    match done.failure {
        Some(failure) => Err(failure),
        None => Ok(decided.due),
    }
}

/// Tells the story of a service as it stands now; nothing is written, and nobody else is told.
///
/// # Errors
/// With [`Failed::BadInput`] when there is no such service, [`Failed::Unavailable`] when it or the table
/// cannot be read.
pub async fn explain(
    context: &Context<'_>,
    name: &ServiceName,
    deployment: Option<&str>,
) -> Result<Value, Failed> {
    let unavailable = |failure: Failure| Failed::Unavailable(failure.to_string());
    let ground = ground(context).await.map_err(unavailable)?;
    let entry = ground.entry(name).map(|kept| &kept.item);
    let truth = Box::pin(observe::truth(context, name, entry, None))
        .await
        .map_err(unavailable)?;
    let mut snapshot: Snapshot =
        truth.ok_or_else(|| no_such_service(context, &name.to_string()))?;
    let (estate, settings) = ground.estates.of(name, entry);
    snapshot.asleep = ground.asleep.get(estate).cloned();
    observe::evidence(context, &mut snapshot).await;
    let view = View {
        estate,
        settings: &settings,
        snapshot: &snapshot,
        entry,
        now: context.now(),
    };
    let story = story_of(&view, deployment);
    let text = story.clone().map(|story| {
        let news = News::Rollback {
            story: Box::new(story),
        };
        text::news(&news, &act::place(context, &ground.estates, estate)).whole()
    });
    Ok(json!({
        "estate": estate,
        "service": name.to_string(),
        "story": story,
        "text": text,
        "missing": snapshot.missing,
    }))
}

/// Tells of every service of which something is remembered.
///
/// # Errors
/// With [`Failed::Unavailable`] when the table cannot be read.
pub async fn status(context: &Context<'_>) -> Result<Value, Failed> {
    let ledger = context
        .store
        .ledger()
        .await
        .map_err(|failure| Failed::Unavailable(failure.to_string()))?;
    let now = context.now();
    let services = ledger.entries.values().map(|kept| {
        let entry = &kept.item;
        let stories = entry.chapters.iter().map(|chapter| {
            json!({
                "deployment": chapter.story.deployment,
                "stage": chapter.story.stage,
                "told": chapter.told,
                "started": chapter.story.started,
                "ended": chapter.story.ended,
            })
        });
        json!({
            "service": entry.arn,
            "estate": entry.estate,
            "broken": entry.is_broken(now),
            "stories": stories.collect::<Vec<_>>(),
        })
    });
    Ok(json!({ "services": services.collect::<Vec<_>>() }))
}

fn key(name: &ServiceName) -> String {
    format!("{SERVICE}{name}")
}

fn marked(key: &str) -> Option<ServiceName> {
    let (cluster, service) = key.strip_prefix(SERVICE)?.split_once('/')?;
    Some(ServiceName {
        cluster: cluster.to_owned(),
        service: service.to_owned(),
    })
}
