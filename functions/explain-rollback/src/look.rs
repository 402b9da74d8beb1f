//! One look: which services it is about, each under a lease of its own, side by side. A lease that is
//! taken removes the service's mark in the same breath, so that a look that dies is followed by the
//! next tick's; and every ten minutes a round through the estates' clusters finds what no event told.

mod asked;
mod ground;
mod round;

use std::collections::BTreeSet;

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use nightshift::{
    lambda::Failed,
    ledger::{Mark, store::WriteError},
    log,
    report::Failure,
};

pub use asked::{explain, status};

use crate::{
    act::act,
    context::Context,
    estates::ServiceName,
    handle::Which,
    observe::{self, Group},
    plan::{FUNCTION, View, plan},
    snapshot::Snapshot,
};
use ground::{Ground, ground};
use round::{ROUND, ROUND_EVERY, Round, round};

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
    Asked {
        /// The one estate that is meant; none for all.
        estate: Option<String>,
    },
}

impl Occasion {
    /// The deployment group that an event of `CodeDeploy`'s names.
    fn group(&self) -> Option<Group<'_>> {
        match self {
            Self::Event(Which::CodeDeploy { application, group }) => Some((application, group)),
            _ => None,
        }
    }

    /// The one estate that is meant.
    fn estate(&self) -> Option<&str> {
        match self {
            Self::Asked { estate } => estate.as_deref(),
            Self::Tick | Self::Event(_) => None,
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

/// Looks at what is due, at where something happened, or at everything.
///
/// # Errors
/// With [`Failed::Unavailable`] when the table cannot be read, [`Failed::BadInput`] when somebody names
/// an estate that there is not.
pub async fn look(context: &Context<'_>, occasion: &Occasion) -> Result<Looked, Failed> {
    let unavailable = |failure: Failure| Failed::Unavailable(failure.to_string());
    let mut looked = Looked::default();
    let marks = context.store.marks().await.map_err(unavailable)?;
    let mut wanted = wanted(context, occasion, &marks, &mut looked).await;
    if let Some(estate) = occasion.estate() {
        let seen = ground(context).await.map_err(unavailable)?;
        seen.knows(estate)?;
        wanted.retain(|name| seen.has(name, Some(estate)));
    }
    let round = match round::due(occasion, &marks, context.now()) {
        Round::Whole => {
            let lease = take(context, ROUND).await;
            let taken = lease.unwrap_or_else(|failure| {
                looked.failures.push(failure);
                false
            });
            if taken { Round::Whole } else { Round::None }
        }
        other => other,
    };
    if wanted.is_empty() && round == Round::None {
        looked.idle = looked.failures.is_empty();
        return Ok(looked);
    }
    let mut chosen = choose(context, occasion, &marks, &wanted, &mut looked).await;
    if !chosen.is_empty() || round != Round::None {
        let done = on_ground(context, occasion, &marks, &mut chosen, round, &mut looked).await;
        if let Err(failure) = done {
            // Without the leases the next tick need not wait for their end.
            let round = (round == Round::Whole).then(|| ROUND.to_owned());
            for key in chosen.iter().map(key).chain(round) {
                let given = context.store.give_back(&key, None, &[]).await;
                looked.failures.extend(given.err());
            }
            return Err(unavailable(failure));
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
    due: Round,
    looked: &mut Looked,
) -> Result<(), Failure> {
    let mut seen = ground(context).await?;
    if due != Round::None {
        let mut found = round(context, &seen, occasion, marks, looked).await;
        found.retain(|name| !chosen.contains(name));
        let new = choose(context, occasion, marks, &found, looked).await;
        if !new.is_empty() {
            chosen.extend(new);
            // Another look may have been at one of them between the reading and the taking.
            seen = ground(context).await?;
        }
    }
    looked.failures.append(&mut seen.failures);
    let group = occasion.group();
    let looks = chosen.iter();
    let looks = looks.map(|name| treat(context, &seen, name, group));
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
        Occasion::Tick | Occasion::Asked { .. } => {
            let asked = matches!(occasion, Occasion::Asked { .. });
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
        decided.keep_evidence(entry);
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
