//! What `observe` brings home and `plan` reads: plain values, no decisions, no AWS types.

use nightshift::{
    keep::estates::Seen,
    kind::{Arn, Database, Kind, Service, Target},
    report::Failure,
};

/// One estate as AWS shows it at one instant.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// The document's services, and those that the ledger knows.
    pub services: Vec<Service>,
    /// The document's databases, and those that the ledger knows.
    pub databases: Vec<Database>,
    /// Names in the document that a complete listing did not have.
    pub not_found: Vec<String>,
    /// Resources of the ledger that a complete listing did not have.
    pub gone: Vec<Arn>,
    /// The cluster's tasks, where they were asked for.
    pub tasks: Option<Tasks>,
    /// What could not be read. What is missing above may be missing for that.
    pub unread: Vec<Failure>,
}

/// The tasks of a cluster that are not STOPPED yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tasks {
    /// How many belong to services of the estate.
    pub of_services: u32,
    /// The groups of those that belong to no service, and to no other estate by their tag.
    pub standalone: Vec<String>,
}

/// A resource of any kind.
#[derive(Clone, Copy, Debug)]
pub enum Resource<'a> {
    /// An ECS service.
    Service(&'a Service),
    /// An RDS instance or an Aurora cluster.
    Database(&'a Database),
}

impl<'a> Resource<'a> {
    /// Its kind.
    #[must_use]
    pub fn kind(self) -> Kind {
        match self {
            Self::Service(_) => Kind::EcsService,
            Self::Database(database) => database.kind,
        }
    }

    /// Its ARN.
    #[must_use]
    pub fn arn(self) -> &'a Arn {
        match self {
            Self::Service(service) => &service.arn,
            Self::Database(database) => &database.arn,
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'a str {
        match self {
            Self::Service(service) => &service.name,
            Self::Database(database) => &database.name,
        }
    }

    /// Its scalable target, if it has one.
    #[must_use]
    pub fn target(self) -> Option<&'a Target> {
        match self {
            Self::Service(service) => service.target.as_ref(),
            Self::Database(_) => None,
        }
    }

    /// Whether it is not asleep: it needs what it rests on.
    #[must_use]
    pub fn runs(self) -> bool {
        match self {
            Self::Service(service) => service.desired + service.running + service.pending > 0,
            Self::Database(database) => !database.state.is_down(),
        }
    }
}

impl Seen for Snapshot {
    fn services(&self) -> impl Iterator<Item = &Service> {
        self.services.iter()
    }

    fn databases(&self) -> impl Iterator<Item = (&Arn, &Option<String>)> {
        let databases = self.databases.iter();
        databases.map(|database| (&database.arn, &database.tag))
    }

    fn failures(&self) -> impl Iterator<Item = &Failure> {
        self.unread.iter()
    }
}

impl Snapshot {
    /// All resources, row by row of a table.
    pub fn in_order(
        &self,
        rows: impl Iterator<Item = &'static &'static [Kind]>,
    ) -> impl Iterator<Item = Resource<'_>> {
        rows.flat_map(|row| {
            let services = self.services.iter().map(Resource::Service);
            let databases = self.databases.iter().map(Resource::Database);
            services
                .chain(databases)
                .filter(|resource| row.contains(&resource.kind()))
        })
    }

    /// The service with this ARN.
    #[must_use]
    pub fn service(&self, arn: &Arn) -> Option<&Service> {
        self.services.iter().find(|service| service.arn == *arn)
    }

    /// The database with this ARN.
    #[must_use]
    pub fn database(&self, arn: &Arn) -> Option<&Database> {
        self.databases.iter().find(|database| database.arn == *arn)
    }
}
