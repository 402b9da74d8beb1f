//! What `observe` brings home and `plan` reads: plain values, no decisions, no AWS types.

use jiff::Timestamp;
use nightshift::{
    keep::estates::Seen,
    kind::{Arn, Kind, Level, Lever, Service, Tag, aurora_cluster::Cluster},
    report::Failure,
};

/// One estate as AWS shows it at one instant.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// The document's services, and those that the ledger knows.
    pub services: Vec<Watched>,
    /// The document's clusters, those that are kept too, and those that the ledger knows.
    pub clusters: Vec<Measured>,
    /// The document's alarms.
    pub alarms: Vec<Alarm>,
    /// Services and clusters of the document that a complete listing did not have.
    pub not_found: Vec<String>,
    /// Alarms of the document that a complete listing did not have.
    pub no_alarms: Vec<String>,
    /// Resources of the ledger that a complete listing did not have.
    pub gone: Vec<Arn>,
    /// Tasks that auto scaling added, in the last hour or since the last look.
    pub scale_outs: Vec<Event>,
    /// Tasks that died by themselves, in the last hour or since the last look: what the scheduler
    /// or a person stopped is not among them.
    pub deaths: Vec<Event>,
    /// What could not be read of all this but the measurements. What is missing above may be missing
    /// for that.
    pub unread: Vec<Failure>,
    /// What could not be measured: loads, scale-outs and deaths, on which no minimum rests.
    pub unmeasured: Vec<Failure>,
}

/// A service with everything that shrinking it rests on.
#[derive(Clone, Debug, PartialEq)]
pub struct Watched {
    /// The service. Its tag, and its target's, are those that consent to slimming.
    pub service: Service,
    /// CPU utilisation of its tasks.
    pub load: Option<Load>,
}

/// A cluster with everything that shrinking it rests on.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// The cluster. Its tag is the one that consents to slimming.
    pub cluster: Cluster,
    /// CPU utilisation of its busiest instance, which AWS reckons of the maximum capacity.
    /// <https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-serverless-v2.setting-capacity.html>
    pub load: Option<Load>,
}

/// How loaded something was in the last [`crate::plan::MEASURED`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Load {
    /// The highest minute, in per cent.
    pub highest: f64,
    /// When the newest minute began.
    pub newest: Timestamp,
}

/// An alarm that holds shrinking back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// Its name.
    pub name: String,
    /// Whether it is in ALARM. What has insufficient data is not.
    pub rings: bool,
}

/// Something that happened to a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The service.
    pub service: Arn,
    /// When.
    pub at: Timestamp,
}

/// A resource of any kind.
#[derive(Clone, Copy, Debug)]
pub enum Resource<'a> {
    /// An ECS service.
    Service(&'a Watched),
    /// An Aurora cluster.
    Cluster(&'a Measured),
}

/// What is moved of a resource, and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handle {
    /// What is moved.
    pub lever: Lever,
    /// Where it stands.
    pub level: Level,
    /// How far it can be raised; none where nothing limits it.
    pub max: Option<Level>,
}

impl<'a> Resource<'a> {
    /// Its kind.
    #[must_use]
    pub const fn kind(self) -> Kind {
        match self {
            Self::Service(_) => Kind::EcsService,
            Self::Cluster(_) => Kind::AuroraCluster,
        }
    }

    /// Its ARN.
    #[must_use]
    pub const fn arn(self) -> &'a Arn {
        match self {
            Self::Service(watched) => &watched.service.arn,
            Self::Cluster(measured) => &measured.cluster.arn,
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'a str {
        match self {
            Self::Service(watched) => &watched.service.name,
            Self::Cluster(measured) => &measured.cluster.name,
        }
    }

    /// The service, where it is one.
    #[must_use]
    pub const fn service(self) -> Option<&'a Service> {
        match self {
            Self::Service(watched) => Some(&watched.service),
            Self::Cluster(_) => None,
        }
    }

    /// The lever by which it is made smaller; none for a cluster without a range.
    #[must_use]
    pub fn handle(self) -> Option<Handle> {
        match self {
            Self::Service(watched) => Some(match &watched.service.target {
                Some(target) => Handle {
                    lever: Lever::Minimum,
                    level: Level::Tasks(target.bounds.min),
                    max: Some(Level::Tasks(target.bounds.max)),
                },
                None => Handle {
                    lever: Lever::Count,
                    level: Level::Tasks(watched.service.desired),
                    max: None,
                },
            }),
            Self::Cluster(measured) => measured.cluster.capacity.map(|capacity| Handle {
                lever: Lever::Capacity,
                level: Level::Acu(capacity.min),
                max: Some(Level::Acu(capacity.max)),
            }),
        }
    }

    /// How loaded it was.
    #[must_use]
    pub const fn load(self) -> Option<Load> {
        match self {
            Self::Service(watched) => watched.load,
            Self::Cluster(measured) => measured.load,
        }
    }

    /// The tags that must consent before anything is taken from it, each with whose tag it is.
    #[must_use]
    pub fn consents(self) -> Vec<(&'a Arn, Tag)> {
        match self {
            Self::Service(Watched { service, .. }) => {
                let own = (&service.arn, Tag::Read(service.tag.clone()));
                let target = service.target.as_ref().map(|target| {
                    let arn = target.arn.as_ref().unwrap_or(&service.arn);
                    (arn, target.tag.clone())
                });
                [own].into_iter().chain(target).collect()
            }
            Self::Cluster(Measured { cluster, .. }) => {
                vec![(&cluster.arn, Tag::Read(cluster.tag.clone()))]
            }
        }
    }
}

impl Watched {
    /// Whether a deployment, or a rollback, is under way.
    #[must_use]
    pub fn is_deploying(&self) -> bool {
        self.service.is_rolling_out() || self.service.older > 0
    }

    /// Whether what is under way takes the place of a deployment that failed.
    #[must_use]
    pub fn rolls_back(&self) -> bool {
        let deployment = self.service.deployment.as_ref();
        deployment.is_some_and(|deployment| deployment.rolls_back)
    }

    /// How many tasks there must be for the service to be itself: the minimum of its auto scaling,
    /// else its count. What somebody set to 0 needs none.
    #[must_use]
    pub fn required(&self) -> u32 {
        match (&self.service.target, self.service.desired) {
            (_, 0) => 0,
            (Some(target), _) => target.bounds.min,
            (None, desired) => desired,
        }
    }

    /// Whether all the tasks that there must be run, and are healthy as far as that is known.
    #[must_use]
    pub fn is_up(&self) -> bool {
        let required = self.required();
        let healthy = self.service.healthy.unwrap_or(self.service.running);
        self.service.running >= required && healthy >= required
    }
}

impl Seen for Snapshot {
    fn services(&self) -> impl Iterator<Item = &Service> {
        self.services.iter().map(|watched| &watched.service)
    }

    fn databases(&self) -> impl Iterator<Item = (&Arn, &Option<String>)> {
        let clusters = self.clusters.iter().map(|measured| &measured.cluster);
        clusters.map(|cluster| (&cluster.arn, &cluster.tag))
    }

    fn failures(&self) -> impl Iterator<Item = &Failure> {
        self.unread.iter().chain(&self.unmeasured)
    }
}

impl Snapshot {
    /// All resources in the order in which they grow: what others rest on comes first.
    pub fn resources(&self) -> impl Iterator<Item = Resource<'_>> {
        let clusters = self.clusters.iter().map(Resource::Cluster);
        clusters.chain(self.services.iter().map(Resource::Service))
    }

    /// The resource with this ARN.
    #[must_use]
    pub fn resource(&self, arn: &Arn) -> Option<Resource<'_>> {
        self.resources().find(|resource| resource.arn() == arn)
    }
}
