//! Reads AWS into a plain snapshot, and by day no more than growing needs. What could not be read is
//! in the snapshot too, so that nobody takes it for missing.

mod measured;

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, future::join_all, stream};
use jiff::Timestamp;
use nightshift::{
    aws::pace::{Pace, SIDE_BY_SIDE},
    config::{Services, Slimmer},
    keep::{Context, Known},
    kind::{
        Arn, Kind, SLIM_TAG,
        aurora_cluster::{self, Cluster},
        ecs_service::{self, LiveTask, ServiceClients},
        rds_instance, survey,
    },
    ledger::{Kept, Phase, slim::Entry},
    report::{Failure, State},
};

use crate::{
    ScaleProduction, plan,
    snapshot::{Event, Measured, Snapshot, Watched},
};

/// The clients that observing and acting need.
#[derive(Clone, Debug)]
pub struct Clients {
    /// ECS and Application Auto Scaling.
    pub services: ServiceClients,
    /// RDS.
    pub rds: aws_sdk_rds::Client,
    /// CloudWatch.
    pub cloudwatch: aws_sdk_cloudwatch::Client,
}

/// All clusters of the account and Region, listed once for all estates.
#[derive(Clone, Debug, Default)]
struct Listing {
    clusters: Vec<Cluster>,
    unread: Vec<Failure>,
}

/// What the look is after, so that it reads no more than it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Hint {
    /// The estate should be small: consent, brakes and loads matter.
    small: bool,
    /// A night is being counted: what happened in it matters.
    counting: bool,
    /// The estate is on its way to the day: the health of tasks matters.
    growing: bool,
}

/// One look at one estate.
#[derive(Clone, Copy)]
struct Look<'a> {
    clients: &'a Clients,
    pace: &'a Pace,
    section: &'a Slimmer,
    entries: &'a BTreeMap<Arn, Kept<Entry>>,
    hint: Hint,
    now: Timestamp,
}

/// Reads the estates side by side.
pub async fn estates(
    context: &Context<'_, ScaleProduction>,
    estates: &[Known<'_, ScaleProduction>],
) -> Vec<Snapshot> {
    let (clients, pace) = (context.function.clients(), &context.function.pace);
    let needs_clusters = estates.iter().any(|known| {
        let mut entries = known.entries.values();
        !known.section.slim.databases.is_empty()
            || entries.any(|kept| kept.item.kind == Kind::AuroraCluster)
    });
    let listing = if needs_clusters {
        clusters(clients, pace).await
    } else {
        Listing::default()
    };
    let (listing, now) = (&listing, context.now());
    let looks = estates.iter().map(|known| {
        let look = Look {
            clients,
            pace,
            section: known.section,
            entries: known.entries,
            hint: hint(known, now),
            now,
        };
        look.take(listing)
    });
    join_all(looks).await
}

fn hint(known: &Known<'_, ScaleProduction>, now: Timestamp) -> Hint {
    let record = &known.record;
    let wanted = plan::wanted(known.section, known.released, known.order, record, now);
    let small = wanted.state == Some(State::Night) || known.examined;
    Hint {
        small,
        counting: record.night.is_some(),
        growing: wanted.state == Some(State::Day) && record.phase == Phase::ToDay,
    }
}

async fn clusters(clients: &Clients, pace: &Pace) -> Listing {
    let (instances, clusters) = tokio::join!(
        rds_instance::list(&clients.rds, pace),
        aurora_cluster::list(&clients.rds, pace),
    );
    match (instances, clusters) {
        (Ok(instances), Ok(clusters)) => {
            let sized = clusters
                .iter()
                .map(|cluster| aurora_cluster::sized(cluster, &instances));
            Listing {
                clusters: sized.collect(),
                unread: Vec::new(),
            }
        }
        (instances, clusters) => Listing {
            clusters: Vec::new(),
            unread: instances.err().into_iter().chain(clusters.err()).collect(),
        },
    }
}

impl Look<'_> {
    async fn take(self, listing: &Listing) -> Snapshot {
        let mut snapshot = Snapshot::default();
        self.pick_clusters(&mut snapshot, listing);
        self.read_services(&mut snapshot).await;
        if self.hint.small {
            self.read_consent(&mut snapshot).await;
            self.read_alarms(&mut snapshot).await;
        }
        if self.hint.small || self.hint.counting {
            self.read_loads(&mut snapshot).await;
        }
        if self.hint.counting {
            self.read_events(&mut snapshot).await;
        }
        self.read_tasks(&mut snapshot).await;
        snapshot
    }

    /// The resources of a kind that the ledger knows.
    fn known(&self, kind: Kind) -> BTreeSet<&Arn> {
        let entries = self.entries.iter();
        entries
            .filter(|(_, kept)| kept.item.kind == kind)
            .map(|(arn, _)| arn)
            .collect()
    }

    fn names(&self, watched: &Watched) -> bool {
        self.section.claims_service(&watched.service)
    }

    /// Whether the service is above its size at night, so that it would be made smaller.
    fn may_shrink(&self, watched: &Watched) -> bool {
        let night = self.section.slim.services.get(&watched.service.name);
        let (Some(night), true) = (night, self.names(watched)) else {
            return false;
        };
        let target = watched.service.target.as_ref();
        target.map_or(watched.service.desired, |target| target.bounds.min) > *night
    }

    fn pick_clusters(&self, snapshot: &mut Snapshot, listing: &Listing) {
        let named = &self.section.slim.databases;
        let known = self.known(Kind::AuroraCluster);
        if named.is_empty() && known.is_empty() {
            return;
        }
        if listing.unread.is_empty() {
            let picked = survey::pick(&listing.clusters, |one| &one.arn, named.keys(), &known);
            let measured = |cluster| Measured {
                cluster,
                load: None,
            };
            snapshot.clusters = picked.found.into_iter().map(measured).collect();
            snapshot.not_found.extend(picked.not_found);
            snapshot.gone.extend(picked.gone);
        } else {
            snapshot.unread.extend(listing.unread.iter().cloned());
        }
    }

    async fn read_services(&self, snapshot: &mut Snapshot) {
        let slim = &self.section.slim;
        let named = Services::These(slim.services.keys().cloned().collect());
        let own = Some((slim.cluster.as_str(), &named));
        let known = self.known(Kind::EcsService);
        let clients = &self.clients.services;
        let seen = survey::survey(clients, self.pace, SLIM_TAG, own, &known).await;
        let watched = |service| Watched {
            service,
            load: None,
        };
        snapshot.services = seen.found.into_iter().map(watched).collect();
        snapshot.not_found.extend(seen.not_found);
        snapshot.gone.extend(seen.gone);
        snapshot.unread.extend(seen.unread);
    }

    async fn read_consent(&self, snapshot: &mut Snapshot) {
        let shrinking = snapshot
            .services
            .iter_mut()
            .filter(|watched| self.may_shrink(watched));
        let targets = shrinking.filter_map(|watched| watched.service.target.as_mut());
        let failures: Vec<Option<Failure>> = stream::iter(targets)
            .map(|target| async {
                let arn = target.arn.as_ref()?;
                let clients = &self.clients.services;
                match ecs_service::read_target_tag(clients, arn, SLIM_TAG, self.pace).await {
                    Ok(tag) => {
                        target.tag = tag;
                        None
                    }
                    Err(failure) => Some(failure),
                }
            })
            .buffer_unordered(SIDE_BY_SIDE)
            .collect()
            .await;
        snapshot.unread.extend(failures.into_iter().flatten());
    }

    async fn read_alarms(&self, snapshot: &mut Snapshot) {
        let brakes = &self.section.slim.brakes;
        match measured::alarms(&self.clients.cloudwatch, self.pace, brakes).await {
            Ok(alarms) => {
                let is_missing = |name: &&String| !alarms.iter().any(|one| one.name == **name);
                let missing = brakes.iter().filter(is_missing);
                snapshot.no_alarms = missing.cloned().collect();
                snapshot.alarms = alarms;
            }
            Err(failure) => snapshot.unread.push(failure),
        }
    }

    async fn read_loads(&self, snapshot: &mut Snapshot) {
        let named = |watched: &&mut Watched| self.names(watched);
        let services = snapshot.services.iter_mut().filter(named);
        let clusters = snapshot.clusters.iter_mut();
        let client = &self.clients.cloudwatch;
        let measured = measured::loads(
            client,
            self.pace,
            services.collect(),
            clusters.collect(),
            self.now,
        );
        snapshot.unmeasured.extend(measured.await.err());
    }

    /// What happened in the night until now.
    async fn read_events(&self, snapshot: &mut Snapshot) {
        let (clients, pace) = (&self.clients.services, self.pace);
        let named = snapshot.services.iter().filter(|one| self.names(one));
        let scaled = named.filter(|watched| watched.service.target.is_some());
        let scaled: Vec<&Arn> = scaled.map(|watched| &watched.service.arn).collect();
        let outs: Vec<_> = stream::iter(scaled)
            .map(|arn| async move {
                let outs = ecs_service::scale_outs(clients, arn, pace).await?;
                let at = |at| Event {
                    service: arn.clone(),
                    at,
                };
                Ok::<Vec<Event>, Failure>(outs.into_iter().map(at).collect())
            })
            .buffered(SIDE_BY_SIDE)
            .collect()
            .await;
        for outs in outs {
            match outs {
                Ok(outs) => snapshot.scale_outs.extend(outs),
                Err(failure) => snapshot.unmeasured.push(failure),
            }
        }
        if snapshot.services.is_empty() {
            return;
        }
        match ecs_service::dead_tasks(clients, &self.section.slim.cluster, pace).await {
            Ok(dead) => {
                for task in dead {
                    let service = self.service_of(snapshot, &task.group);
                    let service = service.map(|watched| watched.service.arn.clone());
                    snapshot.deaths.extend(service.map(|service| Event {
                        service,
                        at: task.at,
                    }));
                }
            }
            Err(failure) => snapshot.unmeasured.push(failure),
        }
    }

    fn service_of<'s>(&self, snapshot: &'s mut Snapshot, group: &str) -> Option<&'s mut Watched> {
        let name = group.strip_prefix("service:")?;
        let mut services = snapshot.services.iter_mut();
        services.find(|watched| watched.service.name == name && self.names(watched))
    }

    /// The cluster's tasks are read where something rests on them: the sizes of what is about to be
    /// made smaller, for their price, and the health of what grows.
    async fn read_tasks(&self, snapshot: &mut Snapshot) {
        let is_new = |watched: &Watched| {
            let entry = self.entries.get(&watched.service.arn);
            self.may_shrink(watched) && entry.is_none_or(|kept| !kept.item.is_open())
        };
        let unpriced = self.hint.small
            && self.section.prices.is_some()
            && snapshot.services.iter().any(is_new);
        if snapshot.services.is_empty() || !(unpriced || self.hint.growing) {
            return;
        }
        let cluster = &self.section.slim.cluster;
        let clients = &self.clients.services;
        match ecs_service::live_tasks(clients, cluster, SLIM_TAG, self.pace).await {
            Ok(tasks) => {
                for task in tasks {
                    self.count(snapshot, &task);
                }
            }
            Err(failure) if self.hint.growing => snapshot.unread.push(failure),
            Err(failure) => snapshot.unmeasured.push(failure),
        }
    }

    fn count(&self, snapshot: &mut Snapshot, task: &LiveTask) {
        if let Some(watched) = self.service_of(snapshot, &task.group) {
            let service = &mut watched.service;
            service.size = service.size.or(task.size);
            *service.healthy.get_or_insert(0) += u32::from(!task.unhealthy);
        }
    }
}
