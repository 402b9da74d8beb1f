//! Reads AWS into a plain snapshot. What could not be read is in the snapshot too, so that nobody
//! takes it for missing.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, future::join_all, stream};
use jiff::Timestamp;
use nightshift::{
    aws::pace::{Pace, SIDE_BY_SIDE},
    config::Sleeper,
    keep::{Context, Known, section::Section},
    kind::{
        Arn, Database, Kind, Rollout, SLEEP_TAG, Service, Suspension, Tag, aurora_cluster,
        ecs_service::{self, LiveTask, ServiceClients},
        rds_instance, survey,
    },
    ledger::{Entry, Kept, Phase},
    report::{Failure, State},
};

use crate::{
    PowerStaging, plan,
    snapshot::{Snapshot, Tasks},
};

/// The clients that observing and acting need.
#[derive(Clone, Debug)]
pub struct Clients {
    /// ECS and Application Auto Scaling.
    pub services: ServiceClients,
    /// RDS.
    pub rds: aws_sdk_rds::Client,
}

/// All databases of the account and Region, listed once for all estates.
#[derive(Clone, Debug, Default)]
struct Listing {
    databases: Vec<Database>,
    unread: Vec<Failure>,
}

/// What the look is after, so that it reads no more than it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Hint {
    /// The estate should be asleep: consent and sizes matter.
    asleep: bool,
    /// The estate is on its way up: the health of tasks matters.
    waking: bool,
}

/// Reads the estates side by side.
pub async fn estates(
    context: &Context<'_, PowerStaging>,
    estates: &[Known<'_, PowerStaging>],
) -> Vec<Snapshot> {
    let (clients, pace) = (context.function.clients(), &context.function.pace);
    let needs_databases = estates.iter().any(|known| {
        let mut entries = known.entries.keys();
        !known.section.sleep.databases.is_empty() || entries.any(|arn| arn.cluster().is_none())
    });
    let listing = if needs_databases {
        databases(clients, pace).await
    } else {
        Listing::default()
    };
    let listing = &listing;
    join_all(estates.iter().map(|known| {
        let hint = hint(known, context.now());
        estate(clients, pace, known.section, known.entries, listing, hint)
    }))
    .await
}

fn hint(known: &Known<'_, PowerStaging>, now: Timestamp) -> Hint {
    let record = &known.record;
    let wanted = plan::wanted(known.section, known.released, known.order, record, now);
    Hint {
        asleep: wanted.state == Some(State::Asleep) || known.examined,
        waking: wanted.state == Some(State::Awake) && record.phase != Phase::Awake,
    }
}

/// Lists all databases: two calls for a hundred of each.
async fn databases(clients: &Clients, pace: &Pace) -> Listing {
    let (instances, clusters) = tokio::join!(
        rds_instance::list(&clients.rds, pace),
        aurora_cluster::list(&clients.rds, pace),
    );
    let mut listing = Listing::default();
    match (instances, clusters) {
        (Ok(instances), Ok(clusters)) => {
            let clusters = clusters
                .iter()
                .map(|cluster| aurora_cluster::seen(cluster, &instances));
            listing.databases.extend(clusters);
            listing
                .databases
                .extend(instances.iter().map(rds_instance::seen));
        }
        (instances, clusters) => {
            listing.unread.extend(instances.err());
            listing.unread.extend(clusters.err());
        }
    }
    listing
}

/// Reads one estate.
async fn estate(
    clients: &Clients,
    pace: &Pace,
    sleeper: &Sleeper,
    entries: &BTreeMap<Arn, Kept<Entry>>,
    listing: &Listing,
    hint: Hint,
) -> Snapshot {
    let mut snapshot = Snapshot::default();
    pick_databases(&mut snapshot, sleeper, entries, listing);
    read_services(&mut snapshot, clients, pace, sleeper, entries).await;
    if hint.asleep {
        read_consent(&mut snapshot, clients, pace, sleeper, entries).await;
    }
    read_tasks(&mut snapshot, clients, pace, sleeper, entries, hint).await;
    snapshot
}

fn pick_databases(
    snapshot: &mut Snapshot,
    sleeper: &Sleeper,
    entries: &BTreeMap<Arn, Kept<Entry>>,
    listing: &Listing,
) {
    let named = &sleeper.sleep.databases;
    let known = known(entries, |kind| kind != Kind::EcsService);
    if named.is_empty() && known.is_empty() {
        return;
    }
    if listing.unread.is_empty() {
        let picked = survey::pick(&listing.databases, |one| &one.arn, named.iter(), &known);
        snapshot.databases = picked.found;
        snapshot.not_found.extend(picked.not_found);
        snapshot.gone.extend(picked.gone);
    } else {
        snapshot.unread.extend(listing.unread.iter().cloned());
    }
}

fn known(entries: &BTreeMap<Arn, Kept<Entry>>, kind: impl Fn(Kind) -> bool) -> BTreeSet<&Arn> {
    let entries = entries.iter();
    entries
        .filter(|(_, kept)| kind(kept.item.kind))
        .map(|(arn, _)| arn)
        .collect()
}

async fn read_services(
    snapshot: &mut Snapshot,
    clients: &Clients,
    pace: &Pace,
    sleeper: &Sleeper,
    entries: &BTreeMap<Arn, Kept<Entry>>,
) {
    let sleep = &sleeper.sleep;
    let own = sleep.cluster.as_deref();
    let own = own.map(|cluster| (cluster, &sleep.services));
    let known = known(entries, |kind| kind == Kind::EcsService);
    let seen = survey::survey(&clients.services, pace, SLEEP_TAG, own, &known).await;
    snapshot.services = seen.found;
    snapshot.not_found.extend(seen.not_found);
    snapshot.gone.extend(seen.gone);
    snapshot.unread.extend(seen.unread);
    snapshot.tasks = seen.has_no_cluster.then(Tasks::default);
}

/// Whether the service is about to be put to sleep for the first time in this night.
fn is_new(service: &Service, sleeper: &Sleeper, entries: &BTreeMap<Arn, Kept<Entry>>) -> bool {
    service.desired > 0
        && sleeper.claims_service(service)
        && entries
            .get(&service.arn)
            .is_none_or(|kept| !kept.item.is_open())
}

async fn read_consent(
    snapshot: &mut Snapshot,
    clients: &Clients,
    pace: &Pace,
    sleeper: &Sleeper,
    entries: &BTreeMap<Arn, Kept<Entry>>,
) {
    let targets: Vec<(Arn, Arn)> = snapshot
        .services
        .iter()
        .filter(|service| is_new(service, sleeper, entries))
        .filter_map(|service| {
            let target = service.target.as_ref()?;
            let unsuspended = target.suspension != Suspension::ALL;
            unsuspended.then(|| Some((service.arn.clone(), target.arn.clone()?)))?
        })
        .collect();
    let tags: Vec<(Arn, Result<Tag, Failure>)> = stream::iter(targets)
        .map(|(service, target)| async move {
            let tag =
                ecs_service::read_target_tag(&clients.services, &target, SLEEP_TAG, pace).await;
            (service, tag)
        })
        .buffer_unordered(SIDE_BY_SIDE)
        .collect()
        .await;
    for (arn, tag) in tags {
        match tag {
            Ok(tag) => {
                let target = snapshot
                    .services
                    .iter_mut()
                    .find(|service| service.arn == arn);
                if let Some(target) = target.and_then(|service| service.target.as_mut()) {
                    target.tag = tag;
                }
            }
            Err(failure) => snapshot.unread.push(Failure {
                resource: arn.as_str().to_owned(),
                ..failure
            }),
        }
    }
}

/// The cluster's tasks are read where something rests on them: the sizes of services that are
/// about to sleep, for their price; that nothing runs any more, for the databases; and the health
/// of what ECS keeps no rollout state for.
async fn read_tasks(
    snapshot: &mut Snapshot,
    clients: &Clients,
    pace: &Pace,
    sleeper: &Sleeper,
    entries: &BTreeMap<Arn, Kept<Entry>>,
    hint: Hint,
) {
    let Some(cluster) = &sleeper.sleep.cluster else {
        return;
    };
    if snapshot.tasks.is_some() {
        return;
    }
    let own = |service: &&Service| sleeper.claims_service(service);
    let at_rest = snapshot
        .services
        .iter()
        .filter(own)
        .all(|service| service.desired + service.running + service.pending == 0);
    let databases_up = snapshot
        .databases
        .iter()
        .any(|database| !database.state.is_down() && database.never.is_none());
    let unjudged = hint.waking
        && snapshot.services.iter().filter(own).any(|service| {
            let rollout = service
                .deployment
                .as_ref()
                .map_or(Rollout::Unknown, |own| own.rollout);
            service.desired > 0 && rollout == Rollout::Unknown
        });
    let unpriced = hint.asleep
        && sleeper.prices.is_some()
        && snapshot
            .services
            .iter()
            .any(|service| is_new(service, sleeper, entries));
    if !((at_rest && databases_up && hint.asleep) || unjudged || unpriced) {
        return;
    }
    match ecs_service::live_tasks(&clients.services, cluster, SLEEP_TAG, pace).await {
        Ok(tasks) => count_tasks(snapshot, sleeper, &tasks),
        Err(failure) => snapshot.unread.push(failure),
    }
}

fn count_tasks(snapshot: &mut Snapshot, sleeper: &Sleeper, tasks: &[LiveTask]) {
    let mut counted = Tasks::default();
    for task in tasks {
        match task.group.strip_prefix("service:") {
            Some(name) => {
                let service = snapshot
                    .services
                    .iter_mut()
                    .find(|service| service.name == name);
                let Some(service) = service.filter(|service| sleeper.claims_service(service))
                else {
                    continue;
                };
                counted.of_services += 1;
                service.size = service.size.or(task.size);
                *service.healthy.get_or_insert(0) += u32::from(!task.unhealthy);
            }
            None if task.tag.as_ref().is_none_or(|tag| *tag == sleeper.name) => {
                counted.standalone.push(task.group.clone());
            }
            None => {}
        }
    }
    counted.standalone.sort();
    snapshot.tasks = Some(counted);
}
