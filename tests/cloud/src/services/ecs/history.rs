//! The history of a service: each service deployment with the service revisions that it went between,
//! for ninety days. It tells the same story as the service's `deployments`.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::{
    hash,
    services::ecs::{
        Breaker, Pinned, Service, alarms,
        alarms::Watch,
        containers,
        refer::{arn, name_of},
        render, rollout,
    },
    world::World,
};

/// How long a service deployment is kept.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-deployment.html
const KEPT: SignedDuration = SignedDuration::from_hours(90 * 24);

/// An entry of the service's history: what the API calls a service deployment.
#[derive(Clone, Debug, PartialEq)]
pub struct Release {
    /// Its ARN.
    pub arn: String,
    /// The ARN of the service revision that it brings.
    pub revision: String,
    /// The ARNs of the service revisions that were there before it.
    pub sources: Vec<String>,
    /// Where it stands: `IN_PROGRESS`, `SUCCESSFUL`, `ROLLBACK_SUCCESSFUL`, ….
    pub status: &'static str,
    /// Why.
    pub reason: Option<String>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When the scheduler took it up.
    pub started_at: Option<Timestamp>,
    /// When it changed last.
    pub updated_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// When it was stopped: by hand, or because it failed and nothing rolls it back.
    pub stopped_at: Option<Timestamp>,
    /// When it was rolled back, why, and to which service revision.
    pub rollback: Option<(Timestamp, String, String)>,
    /// The circuit breaker that it began with.
    pub breaker: Breaker,
    /// How many failures the circuit breaker has counted.
    pub failures: u32,
    /// How many it takes.
    pub threshold: u32,
    /// Whether the circuit breaker has gone off.
    pub tripped: bool,
    /// The alarms that it is watched by.
    pub watch: Option<Watch>,
    /// The counts of each revision when it ended: asked for, running, pending.
    pub(super) counts: Vec<(String, [usize; 3])>,
}

/// A version of a service: what the API calls a service revision.
#[derive(Clone, Debug, PartialEq)]
pub struct Revision {
    /// Its ARN.
    pub arn: String,
    /// The ARN of its task definition.
    pub task_definition: String,
    /// The images of its containers.
    pub images: Vec<Pinned>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Its network configuration, `null` if none was given.
    pub network: Value,
    /// Its load balancers, as the API shows them.
    pub balancers: Value,
}

impl Release {
    /// Whether it is under way.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.finished_at.is_none()
    }

    /// Ends it.
    pub(super) fn end(&mut self, now: Timestamp, status: &'static str, reason: Option<String>) {
        self.status = status;
        if reason.is_some() {
            self.reason = reason;
        }
        self.finished_at = Some(now);
        self.updated_at = now;
        if status == "STOPPED" {
            self.stopped_at = Some(now);
        }
    }
}

/// Twenty-one letters, digits and dashes, as AWS makes them, out of an id that was drawn.
fn short_id(drawn: &str) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let seed = hash::text(drawn);
    let letter = |place| {
        let number = usize::try_from(hash::number(seed, 5, place) % 64).unwrap_or(0);
        LETTERS.get(number).copied().map_or('-', char::from)
    };
    (0..21).map(letter).collect()
}

/// The ARNs of a new entry and of the revision that it brings.
#[derive(Clone, Debug)]
pub(super) struct Opened {
    pub(super) release: String,
    pub(super) revision: String,
}

/// Writes a new entry into the history; whatever was under way is stopped by it.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceDeployment.html; that the older one is
// STOPPED, and its reason, are a guess.
pub(super) fn open(world: &mut World, service: &str, drawn: [&str; 2], definition: &str) -> Opened {
    let now = world.now;
    let images = world.ecs.definition(definition);
    let images = images.map(|definition| containers::pinned(world, definition));
    let watch = alarms::watch(world, service);
    let Some(service) = world.ecs.services.get_mut(service) else {
        return Opened {
            release: String::new(),
            revision: String::new(),
        };
    };
    let of = format!("{}/{}", service.cluster, service.name);
    let opened = Opened {
        release: arn(&format!("service-deployment/{of}/{}", short_id(drawn[0]))),
        revision: arn(&format!("service-revision/{of}/{}", name_of(drawn[1]))),
    };
    let counts = render::revision_counts(service);
    for release in service.releases.iter_mut().filter(|one| one.is_open()) {
        let reason = "Service deployment stopped by a new one.";
        release.end(now, "STOPPED", Some(reason.to_owned()));
        release.counts.clone_from(&counts);
    }
    let mut sources: Vec<String> = Vec::new();
    for deployment in &service.deployments {
        if !sources.contains(&deployment.revision) {
            sources.push(deployment.revision.clone());
        }
    }
    service.revisions.insert(
        0,
        Revision {
            arn: opened.revision.clone(),
            task_definition: definition.to_owned(),
            images: images.unwrap_or_default(),
            created_at: now,
            network: service.network.clone(),
            balancers: render::balancers(service),
        },
    );
    service.releases.insert(
        0,
        Release {
            arn: opened.release.clone(),
            revision: opened.revision.clone(),
            sources,
            status: "PENDING",
            reason: None,
            created_at: now,
            started_at: None,
            updated_at: now,
            finished_at: None,
            stopped_at: None,
            rollback: None,
            breaker: service.breaker,
            failures: 0,
            threshold: rollout::threshold(service.desired),
            tripped: false,
            watch,
            counts: Vec::new(),
        },
    );
    forget(service, now);
    opened
}

/// Whether an entry is still told of.
pub(super) fn is_kept(release: &Release, now: Timestamp) -> bool {
    release.is_open() || now.duration_since(release.created_at) <= KEPT
}

/// Forgets what is too old, and the revisions that nothing speaks of any more.
fn forget(service: &mut Service, now: Timestamp) {
    service.releases.retain(|release| is_kept(release, now));
    service.releases.truncate(100);
    let Service {
        releases,
        revisions,
        deployments,
        last_completed,
        ..
    } = service;
    revisions.retain(|revision| {
        let arn = &revision.arn;
        let told = releases.iter().any(|release| {
            let back_to = release.rollback.as_ref().map(|(_, _, to)| to);
            release.revision == *arn || release.sources.contains(arn) || back_to == Some(arn)
        });
        let completed = last_completed.as_ref();
        told || deployments.iter().any(|one| one.revision == *arn)
            || completed.is_some_and(|one| one.revision == *arn)
    });
}

/// The scheduler takes up what is pending.
pub(super) fn take_up(service: &mut Service, now: Timestamp) {
    if let Some(release) = service.releases.first_mut()
        && release.status == "PENDING"
    {
        release.status = "IN_PROGRESS";
        release.started_at = Some(now);
        release.updated_at = now;
    }
}

/// The images of a revision; what could not be resolved when it was made is looked at again, as AWS
/// resolves when the first task starts.
pub(super) fn pins(world: &mut World, service: &str, revision: &str) -> Vec<Pinned> {
    let there = world.ecs.services.get(service);
    let of_it = there.and_then(|one| one.revisions.iter().find(|one| one.arn == revision));
    let Some(mut images) = of_it.map(|revision| revision.images.clone()) else {
        return Vec::new();
    };
    let mut changed = false;
    for image in images.iter_mut().filter(|image| image.digest.is_none()) {
        image.digest = containers::resolved(world, &image.image);
        changed |= image.digest.is_some();
    }
    let there = world.ecs.services.get_mut(service).filter(|_| changed);
    let revisions = there.into_iter().flat_map(|one| &mut one.revisions);
    for one in revisions.filter(|one| one.arn == revision) {
        one.images.clone_from(&images);
    }
    images
}
