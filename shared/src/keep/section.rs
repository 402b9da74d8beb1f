//! What a function keeps of an estate stands in one section of its document. What the section
//! claims is the function's to change, and nothing else is.

#[cfg(test)]
mod tests;

use std::fmt;

use jiff::tz::TimeZone;

use crate::{
    config::{
        self, Company, Estate, Language, Means, Problem, Rotator, Services, Sleeper, Slimmer,
    },
    kind::Service,
};

/// A section of an estate's document, put together with the company's document.
pub trait Section: Clone + fmt::Debug {
    /// Reads it; none when the estate's document has no such section. `document` is the name of
    /// the estate's parameter, `name` that of the estate.
    ///
    /// # Errors
    /// What does not fit together.
    fn read(
        document: &str,
        name: &str,
        estate: &Estate,
        company: &Company,
    ) -> Result<Option<Self>, Vec<Problem>>;

    /// The zone in which people read times.
    fn zone(&self) -> &TimeZone;

    /// The language in which people read.
    fn language(&self) -> Language;

    /// Whether it means this service. Where it names none, what carries another estate's tag is
    /// that estate's.
    fn claims_service(&self, service: &Service) -> bool;

    /// Whether it names this database.
    fn claims_database(&self, name: &str) -> bool;

    /// The clusters and databases that it names: their events concern the estate.
    fn watched(&self) -> Vec<String>;
}

impl Section for Sleeper {
    fn read(
        document: &str,
        name: &str,
        estate: &Estate,
        company: &Company,
    ) -> Result<Option<Self>, Vec<Problem>> {
        config::sleeper(document, name, estate, company)
    }

    fn zone(&self) -> &TimeZone {
        &self.zone
    }

    fn language(&self) -> Language {
        self.language
    }

    fn claims_service(&self, service: &Service) -> bool {
        let sleep = &self.sleep;
        if sleep.cluster.as_deref() != Some(service.cluster.as_str()) {
            return false;
        }
        sleep.services.include(&service.name)
            && (matches!(sleep.services, Services::These(_))
                || service.tag.as_ref().is_none_or(|tag| *tag == self.name))
    }

    fn claims_database(&self, name: &str) -> bool {
        self.sleep.databases.iter().any(|database| database == name)
    }

    fn watched(&self) -> Vec<String> {
        let sleep = &self.sleep;
        sleep
            .cluster
            .iter()
            .chain(&sleep.databases)
            .cloned()
            .collect()
    }
}

impl Section for Slimmer {
    fn read(
        document: &str,
        name: &str,
        estate: &Estate,
        company: &Company,
    ) -> Result<Option<Self>, Vec<Problem>> {
        config::slimmer(document, name, estate, company)
    }

    fn zone(&self) -> &TimeZone {
        &self.zone
    }

    fn language(&self) -> Language {
        self.language
    }

    fn claims_service(&self, service: &Service) -> bool {
        self.claims_service(service)
    }

    fn claims_database(&self, name: &str) -> bool {
        self.claims_database(name)
    }

    fn watched(&self) -> Vec<String> {
        self.watched()
    }
}

impl Section for Rotator {
    fn read(
        document: &str,
        name: &str,
        estate: &Estate,
        company: &Company,
    ) -> Result<Option<Self>, Vec<Problem>> {
        config::rotator(document, name, estate, company)
    }

    fn zone(&self) -> &TimeZone {
        &self.zone
    }

    fn language(&self) -> Language {
        self.language
    }

    fn claims_service(&self, service: &Service) -> bool {
        self.cluster == service.cluster
            && self.services.include(&service.name)
            && (matches!(self.services, Services::These(_))
                || service.tag.as_ref().is_none_or(|tag| *tag == self.name))
    }

    fn claims_database(&self, name: &str) -> bool {
        self.databases().any(|database| database == name)
    }

    fn watched(&self) -> Vec<String> {
        let databases = self.databases().map(str::to_owned);
        std::iter::once(self.cluster.clone())
            .chain(databases)
            .collect()
    }
}

impl Rotator {
    /// The databases behind its secrets, as RDS names them.
    pub fn databases(&self) -> impl Iterator<Item = &str> {
        let secrets = self.rotate.secrets.values();
        secrets.filter_map(|secret| match secret.means()? {
            Means::Postgres { database, .. } => database,
            Means::RdsMaster { database } => Some(database),
            Means::Atlas { .. } | Means::Random { .. } | Means::External => None,
        })
    }
}
