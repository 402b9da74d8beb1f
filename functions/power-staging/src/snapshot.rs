//! What `observe` brings home and `plan` reads: plain values, no decisions, no AWS types.

use nightshift::{
    kind::{Arn, Database, Service},
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

impl Snapshot {
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
