//! What a view answers before anything is decided: what the document names, and what the ledger
//! has.

use nightshift::{
    kind::{Arn, Level},
    ledger::{Override, Owner, slim::Entry},
};

use super::{FUNCTION, View};
use crate::snapshot::Resource;

impl<'a> View<'a> {
    /// The order that counts.
    pub(super) fn said(&self) -> Option<&'a Override> {
        super::counting(self.order)
    }

    /// The entry of a resource.
    pub(super) fn entry(&self, arn: &Arn) -> Option<&'a Entry> {
        self.entries.get(arn).map(|kept| &kept.item)
    }

    /// The entry of a resource, unless all that it holds was given back.
    pub(super) fn open_entry(&self, arn: &Arn) -> Option<&'a Entry> {
        self.entry(arn).filter(|entry| entry.is_open())
    }

    /// What the document makes of a resource at night; none where it does not name it.
    #[must_use]
    pub fn night(&self, resource: Resource<'_>) -> Option<Level> {
        let section = self.section;
        match resource {
            _ if self.released => None,
            Resource::Service(watched) if section.claims_service(&watched.service) => {
                let count = section.slim.services.get(&watched.service.name)?;
                Some(Level::Tasks(*count))
            }
            Resource::Service(_) => None,
            Resource::Cluster(measured) => section
                .night_capacity(&measured.cluster.name)
                .map(Level::Acu),
        }
    }

    /// Whether the document names the resource, if only to be held back by it.
    #[must_use]
    pub fn names(&self, resource: Resource<'_>) -> bool {
        !self.released
            && match resource {
                Resource::Service(watched) => self.section.claims_service(&watched.service),
                Resource::Cluster(measured) => {
                    let databases = &self.section.slim.databases;
                    databases.contains_key(&measured.cluster.name)
                }
            }
    }

    /// The function other than ours that changes the resource now.
    pub(super) fn owner(&self, arn: &Arn) -> Option<&'a Owner> {
        let owner = self.owners.get(arn)?;
        (owner.function != FUNCTION && owner.until > self.now).then_some(owner)
    }
}
