//! Who is who: which estate a service belongs to, and in which language and zone its people read. A
//! document that cannot be read leaves the last good one in force that another function kept; what no
//! document names is told all the same, under its cluster's name.

use std::{collections::BTreeMap, fmt};

use jiff::tz::TimeZone;
use nightshift::{
    config::{self, Company, Estate, Language},
    documents::{Documents, company_parameter, estate_parameter},
    ledger::{Document, rollout::Entry},
};

use crate::plan::Settings;

/// A service by its cluster's name and its own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ServiceName {
    /// The cluster's name.
    pub cluster: String,
    /// The service's name.
    pub service: String,
}

impl fmt::Display for ServiceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.cluster, self.service)
    }
}

/// Everybody.
#[derive(Clone, Debug)]
pub struct Estates {
    /// The language in which people read.
    pub language: Language,
    /// The zone in which they read times.
    pub zone: TimeZone,
    all: BTreeMap<String, Estate>,
    /// Whether every document was read and understood.
    complete: bool,
}

impl Estates {
    /// Puts the documents together, with the last good ones of those that are broken or unreadable.
    #[must_use]
    pub fn new(
        documents: Option<&Documents>,
        kept: &BTreeMap<String, Document>,
        prefix: &str,
    ) -> Self {
        let company = company(documents, kept, prefix);
        let now = documents.into_iter().flat_map(|it| it.estates.keys());
        let mut names: Vec<&String> = match documents {
            // What a complete listing does not have is deleted: nobody's any more.
            Some(_) => now.collect(),
            None => kept.keys().collect(),
        };
        names.sort();
        let many = names.len();
        let all = names.into_iter().filter_map(|name| {
            let parameter = estate_parameter(prefix, name);
            let now = documents.and_then(|it| it.estates.get(name));
            let kept = kept.get(name).map(|kept| &kept.estate);
            let texts = now.into_iter().chain(kept);
            let mut read = texts.filter_map(|text| config::estate(&parameter, text).ok());
            Some((name.clone(), read.next()?))
        });
        let all: BTreeMap<String, Estate> = all.collect();
        Self {
            complete: documents.is_some() && all.len() == many,
            all,
            zone: company
                .as_ref()
                .and_then(|company| company.zone().ok())
                .unwrap_or(TimeZone::UTC),
            language: company.map(|company| company.language).unwrap_or_default(),
        }
    }

    /// The estate that a service belongs to, by name, and what its document says; the cluster's name
    /// and the usual settings where it belongs to none. While a document cannot be read a story goes
    /// on under the name under which it began.
    #[must_use]
    pub fn of<'a>(
        &'a self,
        service: &'a ServiceName,
        entry: Option<&'a Entry>,
    ) -> (&'a str, Settings) {
        let mut all = self.all.iter();
        let found = all.find(|(_, estate)| {
            estate.deployments().is_some_and(|(cluster, services)| {
                cluster == service.cluster && services.include(&service.service)
            })
        });
        if let Some((name, estate)) = found {
            return (name, Settings::of(estate));
        }
        let before = entry.filter(|_| !self.complete);
        let name = before.map_or(&service.cluster, |entry| &entry.estate);
        (name, Settings::default())
    }

    /// The names of those whose deployments are explained.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let watched = |(_, estate): &(&String, &Estate)| estate.deployments().is_some();
        self.all
            .iter()
            .filter(watched)
            .map(|(name, _)| name.as_str())
    }

    /// Every cluster in which deployments are looked for, of all estates or of one.
    #[must_use]
    pub fn clusters(&self, only: Option<&str>) -> Vec<String> {
        let meant = self.all.iter();
        let meant = meant.filter(|(name, _)| only.is_none_or(|only| only == *name));
        let clusters = meant.filter_map(|(_, estate)| estate.deployments());
        let mut clusters: Vec<String> = clusters.map(|(name, _)| name.to_owned()).collect();
        clusters.sort();
        clusters.dedup();
        clusters
    }

    /// Whether some estate claims the service.
    #[must_use]
    pub fn claim(&self, service: &ServiceName) -> bool {
        self.all.values().any(|estate| {
            estate.deployments().is_some_and(|(cluster, services)| {
                cluster == service.cluster && services.include(&service.service)
            })
        })
    }
}

fn company(
    documents: Option<&Documents>,
    kept: &BTreeMap<String, Document>,
    prefix: &str,
) -> Option<Company> {
    let parameter = company_parameter(prefix);
    let now = documents.and_then(|it| it.company.as_ref());
    let texts = now.into_iter().chain(kept.values().map(|it| &it.company));
    let mut read = texts.filter_map(|text| config::company(&parameter, text).ok());
    read.next()
}
