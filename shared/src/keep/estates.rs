//! Which document is in force for each estate. The last that parsed stays in force until the
//! newer one is mended; a deleted one releases the estate, but deletion is believed only after
//! two complete listings ten minutes apart.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::{Timestamp, tz::TimeZone};

use super::{
    matters::{BELIEVED_AFTER, is_being_released},
    section::Section,
};
use crate::{
    config::{self, Company, Language, Problem},
    documents::{Documents, company_parameter, estate_parameter},
    kind::{Arn, Service},
    ledger::{Document, Kept, Ledger, Saved, VERSION},
    report::Failure,
};

/// An estate of a function.
#[derive(Clone, Debug)]
pub struct Resolved<S> {
    /// Its name.
    pub name: String,
    /// What is in force; none when no document ever parsed.
    pub in_force: Option<S>,
    /// Whether its document is gone for good, or has the function's section no more.
    pub released: bool,
    /// What is wrong with what stands in SSM now.
    pub problems: Vec<Problem>,
    /// What the ledger should hold of its documents; none when nothing is worth keeping.
    pub document: Option<Document>,
}

/// An estate as AWS showed it to a function, as far as estates are told apart by it.
pub trait Seen {
    /// The services that were read.
    fn services(&self) -> impl Iterator<Item = &Service>;

    /// The databases that were read, each with its value of the tag that consents.
    fn databases(&self) -> impl Iterator<Item = (&Arn, &Option<String>)>;

    /// What could not be read. What is missing above may be missing for that.
    fn failures(&self) -> impl Iterator<Item = &Failure>;
}

/// A resource that more than one estate claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rivalry {
    /// All who claim it.
    pub estates: Vec<String>,
    /// Who goes on with it, if anybody does.
    pub keeper: Option<String>,
}

/// Entries by estate.
pub type ByEstate<E> = BTreeMap<String, BTreeMap<Arn, Kept<E>>>;

impl<S: Section> Resolved<S> {
    /// The zone in which the estate's people read times.
    #[must_use]
    pub fn zone(&self) -> TimeZone {
        self.in_force
            .as_ref()
            .map_or(TimeZone::UTC, |section| section.zone().clone())
    }

    /// When a document that is missing is believed to be gone, if nobody puts it back.
    #[must_use]
    pub fn believed_gone_at(&self) -> Option<Timestamp> {
        let since = self.document.as_ref()?.missing_since?;
        let at = since.saturating_add(BELIEVED_AFTER).ok()?;
        (!self.released).then_some(at)
    }
}

/// Decides for every estate what is in force. `texts` is none when SSM could not be read: then
/// everything stays as it was.
#[must_use]
pub fn resolve<S: Section, E>(
    texts: Option<&Documents>,
    ledger: &Ledger<E>,
    prefix: &str,
    now: Timestamp,
) -> Vec<Resolved<S>> {
    let mut all: Vec<String> = ledger.documents.keys().cloned().collect();
    if let Some(texts) = texts {
        all.extend(texts.estates.keys().cloned());
    }
    all.sort();
    all.dedup();
    all.into_iter()
        .filter_map(|name| {
            let kept = ledger.documents.get(&name).map(|kept| &kept.item);
            match texts {
                None => kept.map(|kept| unread(&name, kept, prefix, ledger)),
                Some(texts) => match texts.estates.get(&name) {
                    Some(text) => read(&name, text, texts.company.as_deref(), kept, prefix),
                    None => kept.map(|kept| missing(&name, kept, prefix, now)),
                },
            }
        })
        .collect()
}

/// The language for an estate whose own documents could not be put together.
#[must_use]
pub fn language(texts: Option<&Documents>, prefix: &str) -> Language {
    texts
        .and_then(|texts| texts.company.as_deref())
        .and_then(|text| config::company(&company_parameter(prefix), text).ok())
        .map(|company| company.language)
        .unwrap_or_default()
}

fn read<S: Section>(
    name: &str,
    text: &str,
    company: Option<&str>,
    kept: Option<&Document>,
    prefix: &str,
) -> Option<Resolved<S>> {
    match put_together(name, text, company, prefix) {
        Ok(Some(section)) => Some(Resolved {
            name: name.to_owned(),
            in_force: Some(section),
            released: false,
            problems: Vec::new(),
            document: Some(Document {
                version: VERSION,
                estate: text.to_owned(),
                company: company.unwrap_or_default().to_owned(),
                problems: Vec::new(),
                missing_since: None,
            }),
        }),
        // The document is fine and lacks the section: whoever wrote it said so, at once.
        Ok(None) => kept.map(|kept| Resolved {
            released: true,
            ..stay(name, kept, prefix, Vec::new())
        }),
        Err(problems) => Some(match kept {
            Some(kept) => stay(name, kept, prefix, problems),
            None => Resolved {
                name: name.to_owned(),
                in_force: None,
                released: false,
                problems,
                document: None,
            },
        }),
    }
}

fn put_together<S: Section>(
    name: &str,
    text: &str,
    company: Option<&str>,
    prefix: &str,
) -> Result<Option<S>, Vec<Problem>> {
    let parameter = estate_parameter(prefix, name);
    config::estate_name(name).map_err(|text| {
        vec![Problem {
            document: parameter.clone(),
            line: None,
            text,
        }]
    })?;
    let company = read_company(company, prefix);
    let estate = config::estate(&parameter, text);
    let (company, estate) = match (company, estate) {
        (Ok(company), Ok(estate)) => (company, estate),
        (company, estate) => {
            let mut problems = company.err().unwrap_or_default();
            problems.extend(estate.err().unwrap_or_default());
            return Err(problems);
        }
    };
    S::read(&parameter, name, &estate, &company)
}

fn read_company(text: Option<&str>, prefix: &str) -> Result<Company, Vec<Problem>> {
    let parameter = company_parameter(prefix);
    match text {
        Some(text) => config::company(&parameter, text),
        None => Err(vec![Problem {
            document: parameter,
            line: None,
            text: "the parameter does not exist: write one with `version: 1` and `time_zone`"
                .to_owned(),
        }]),
    }
}

/// The kept documents stay in force.
fn stay<S: Section>(
    name: &str,
    kept: &Document,
    prefix: &str,
    problems: Vec<Problem>,
) -> Resolved<S> {
    let company = Some(kept.company.as_str());
    let in_force = put_together(name, &kept.estate, company, prefix)
        .ok()
        .flatten();
    Resolved {
        name: name.to_owned(),
        in_force,
        released: false,
        document: Some(Document {
            problems: problems.clone(),
            missing_since: None,
            ..kept.clone()
        }),
        problems,
    }
}

/// Nobody knows what stands in SSM: all is as it was, a release that is under way too.
fn unread<S: Section, E>(
    name: &str,
    kept: &Document,
    prefix: &str,
    ledger: &Ledger<E>,
) -> Resolved<S> {
    let record = ledger.estates.get(name).map(|kept| &kept.item);
    let mut resolved = stay(name, kept, prefix, kept.problems.clone());
    resolved.released = record.is_some_and(is_being_released);
    resolved.document = Some(kept.clone());
    resolved
}

fn missing<S: Section>(name: &str, kept: &Document, prefix: &str, now: Timestamp) -> Resolved<S> {
    let since = kept.missing_since.unwrap_or(now);
    let mut resolved = stay(name, kept, prefix, Vec::new());
    resolved.released = now.duration_since(since) >= BELIEVED_AFTER;
    if let Some(document) = resolved.document.as_mut() {
        document.missing_since = Some(since);
    }
    resolved
}

/// Whose each open entry is: an estate that lost a resource from its document hands it over
/// untouched to the one that names it now.
#[must_use]
pub fn hand_over<S: Section, E: Saved>(
    resolved: &[Resolved<S>],
    seen: &BTreeMap<String, impl Seen>,
    entries: &BTreeMap<Arn, Kept<E>>,
) -> ByEstate<E> {
    let mut by_estate = ByEstate::new();
    for (arn, kept) in entries {
        let claimants = claimants(resolved, seen, arn);
        let owner = kept.item.estate();
        let heir = if claimants.iter().any(|claimant| claimant == owner) {
            owner.to_owned()
        } else {
            claimants
                .into_iter()
                .next()
                .unwrap_or_else(|| owner.to_owned())
        };
        by_estate
            .entry(heir)
            .or_default()
            .insert(arn.clone(), kept.clone());
    }
    by_estate
}

/// What more than one estate claims: the holder of the ledger's entry goes on, else whom the tag
/// names.
#[must_use]
pub fn rivals<S: Section, E: Saved>(
    resolved: &[Resolved<S>],
    seen: &BTreeMap<String, impl Seen>,
    entries: &BTreeMap<Arn, Kept<E>>,
) -> BTreeMap<Arn, Rivalry> {
    let mut rivals = BTreeMap::new();
    for snapshot in seen.values() {
        let services = snapshot
            .services()
            .map(|service| (&service.arn, &service.tag));
        for (arn, tag) in services.chain(snapshot.databases()) {
            let estates = claimants(resolved, seen, arn);
            if estates.len() < 2 || rivals.contains_key(arn) {
                continue;
            }
            let claims = |name: &str| estates.iter().any(|estate| estate == name);
            let holder = entries
                .get(arn)
                .map(|kept| &kept.item)
                .filter(|entry| entry.is_open() && claims(entry.estate()))
                .map(|entry| entry.estate().to_owned());
            let keeper = holder.or_else(|| tag.clone().filter(|tag| claims(tag)));
            rivals.insert(arn.clone(), Rivalry { estates, keeper });
        }
    }
    rivals
}

fn claimants<S: Section>(
    resolved: &[Resolved<S>],
    seen: &BTreeMap<String, impl Seen>,
    arn: &Arn,
) -> Vec<String> {
    let mut services = seen.values().flat_map(Seen::services);
    let service = services.find(|service| service.arn == *arn);
    resolved
        .iter()
        .filter(|estate| !estate.released)
        .filter(|estate| {
            estate
                .in_force
                .as_ref()
                .is_some_and(|section| match service {
                    Some(service) => section.claims_service(service),
                    None => arn.cluster().is_none() && section.claims_database(arn.name()),
                })
        })
        .map(|estate| estate.name.clone())
        .collect()
}
