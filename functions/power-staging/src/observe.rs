//! Reads AWS into a plain snapshot. What could not be read is in the snapshot too, so that nobody
//! takes it for missing.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, future::join_all, stream};
use jiff::Timestamp;
use nightshift::{
    aws::pace::{Pace, SIDE_BY_SIDE},
    config::{Services, Sleeper},
    keep::{Context, Known, section::Section},
    kind::{
        Arn, Database, Kind, Rollout, Service, Suspension, Tag, aurora_cluster,
        ecs_service::{self, LiveTask, ServiceClients},
        rds_instance,
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
        asleep: wanted.state == Some(State::Asleep),
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
    let known: BTreeSet<&Arn> = entries
        .values()
        .filter(|kept| kept.item.kind != Kind::EcsService)
        .map(|kept| &kept.item.arn)
        .collect();
    if named.is_empty() && known.is_empty() {
        return;
    }
    for database in &listing.databases {
        let twin = snapshot
            .databases
            .iter()
            .any(|other| other.name == database.name);
        if known.contains(&database.arn) || (named.contains(&database.name) && !twin) {
            snapshot.databases.push(database.clone());
        }
    }
    if listing.unread.is_empty() {
        let found = |name: &String| {
            snapshot
                .databases
                .iter()
                .any(|database| database.name == *name)
        };
        let missing: Vec<String> = named.iter().filter(|name| !found(name)).cloned().collect();
        snapshot.not_found.extend(missing);
        let gone = known
            .into_iter()
            .filter(|arn| snapshot.database(arn).is_none());
        let gone: Vec<Arn> = gone.cloned().collect();
        snapshot.gone.extend(gone);
    } else {
        snapshot.unread.extend(listing.unread.iter().cloned());
    }
}

async fn read_services(
    snapshot: &mut Snapshot,
    clients: &Clients,
    pace: &Pace,
    sleeper: &Sleeper,
    entries: &BTreeMap<Arn, Kept<Entry>>,
) {
    let mut by_cluster: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for kept in entries
        .values()
        .filter(|kept| kept.item.kind == Kind::EcsService)
    {
        if let Some(cluster) = kept.item.arn.cluster() {
            let names = by_cluster.entry(cluster.to_owned()).or_default();
            names.insert(kept.item.arn.name().to_owned());
        }
    }
    let own = sleeper.sleep.cluster.as_ref();
    if let Some(cluster) = own {
        by_cluster.entry(cluster.clone()).or_default();
    }
    for (cluster, mut names) in by_cluster {
        let known: Vec<Arn> = entries
            .keys()
            .filter(|arn| arn.cluster() == Some(cluster.as_str()))
            .cloned()
            .collect();
        if own == Some(&cluster) {
            match wanted_names(clients, pace, sleeper, &cluster).await {
                Ok(wanted) => names.extend(wanted),
                Err(failure) if failure.code == "ClusterNotFoundException" => {
                    lose_cluster(snapshot, sleeper, &cluster, known);
                    continue;
                }
                Err(failure) => {
                    snapshot.unread.push(failure);
                    continue;
                }
            }
        }
        let names: Vec<String> = names.into_iter().collect();
        match ecs_service::describe(&clients.services, &cluster, &names, pace).await {
            Ok((services, missing)) => {
                snapshot.services.extend(services);
                let lost = known
                    .iter()
                    .filter(|arn| missing.iter().any(|name| name == arn.name()));
                snapshot.gone.extend(lost.cloned());
                let unknown = missing.into_iter().filter(|name| {
                    own == Some(&cluster)
                        && matches!(&sleeper.sleep.services, Services::These(listed) if listed.contains(name))
                });
                snapshot.not_found.extend(unknown);
            }
            Err(failure) if failure.code == "ClusterNotFoundException" => {
                lose_cluster(snapshot, sleeper, &cluster, known);
            }
            Err(failure) => snapshot.unread.push(failure),
        }
    }
    snapshot.services.sort_by(|a, b| a.arn.cmp(&b.arn));
}

/// The cluster is gone, and everything in it: known for sure, so nothing is left unread.
fn lose_cluster(snapshot: &mut Snapshot, sleeper: &Sleeper, cluster: &str, known: Vec<Arn>) {
    snapshot.gone.extend(known);
    if sleeper.sleep.cluster.as_deref() == Some(cluster) {
        snapshot.not_found.push(cluster.to_owned());
        snapshot.tasks = Some(Tasks::default());
    }
}

async fn wanted_names(
    clients: &Clients,
    pace: &Pace,
    sleeper: &Sleeper,
    cluster: &str,
) -> Result<Vec<String>, Failure> {
    match &sleeper.sleep.services {
        Services::These(names) => Ok(names.clone()),
        Services::All | Services::AllBut(_) => {
            let arns = ecs_service::list(&clients.services, cluster, pace).await?;
            let names = arns.iter().map(|arn| arn.name().to_owned());
            Ok(names
                .filter(|name| sleeper.sleep.services.include(name))
                .collect())
        }
    }
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
            let tag = ecs_service::read_target_tag(&clients.services, &target, pace).await;
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
    match ecs_service::live_tasks(&clients.services, cluster, pace).await {
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
