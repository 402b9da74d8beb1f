//! Which document is in force for each estate. The last that parsed stays in force until the
//! newer one is mended; a deleted one releases the estate, but deletion is believed only after
//! two complete listings ten minutes apart.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::Timestamp;
use nightshift::{
    config::{self, Company, Language, Problem, Sleeper},
    documents::{Documents, company_parameter, estate_parameter},
    kind::{Arn, Service},
    ledger::{Document, Entry, Kept, Ledger, VERSION},
};

use crate::{
    plan::{BELIEVED_AFTER, Rivalry, claims_service, is_being_released},
    snapshot::Snapshot,
};

/// An estate of this function.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// Its name.
    pub name: String,
    /// What is in force; none when no document ever parsed.
    pub sleeper: Option<Sleeper>,
    /// Whether its document is gone for good, or asks for sleep no more.
    pub released: bool,
    /// What is wrong with what stands in SSM now.
    pub problems: Vec<Problem>,
    /// What the ledger should hold of its documents; none when nothing is worth keeping.
    pub document: Option<Document>,
}

impl Resolved {
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
pub fn resolve(
    texts: Option<&Documents>,
    ledger: &Ledger,
    prefix: &str,
    now: Timestamp,
) -> Vec<Resolved> {
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

fn read(
    name: &str,
    text: &str,
    company: Option<&str>,
    kept: Option<&Document>,
    prefix: &str,
) -> Option<Resolved> {
    match put_together(name, text, company, prefix) {
        Ok(Some(sleeper)) => Some(Resolved {
            name: name.to_owned(),
            sleeper: Some(sleeper),
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
        // The document is fine and has no `sleep`: whoever wrote it said so, at once.
        Ok(None) => kept.map(|kept| Resolved {
            released: true,
            ..stay(name, kept, prefix, Vec::new())
        }),
        Err(problems) => Some(match kept {
            Some(kept) => stay(name, kept, prefix, problems),
            None => Resolved {
                name: name.to_owned(),
                sleeper: None,
                released: false,
                problems,
                document: None,
            },
        }),
    }
}

fn put_together(
    name: &str,
    text: &str,
    company: Option<&str>,
    prefix: &str,
) -> Result<Option<Sleeper>, Vec<Problem>> {
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
    config::sleeper(&parameter, name, &estate, &company)
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
fn stay(name: &str, kept: &Document, prefix: &str, problems: Vec<Problem>) -> Resolved {
    let company = Some(kept.company.as_str());
    let sleeper = put_together(name, &kept.estate, company, prefix)
        .ok()
        .flatten();
    Resolved {
        name: name.to_owned(),
        sleeper,
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
fn unread(name: &str, kept: &Document, prefix: &str, ledger: &Ledger) -> Resolved {
    let record = ledger.estates.get(name).map(|kept| &kept.item);
    let mut resolved = stay(name, kept, prefix, kept.problems.clone());
    resolved.released = record.is_some_and(is_being_released);
    resolved.document = Some(kept.clone());
    resolved
}

fn missing(name: &str, kept: &Document, prefix: &str, now: Timestamp) -> Resolved {
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
pub fn hand_over(
    resolved: &[Resolved],
    snapshots: &BTreeMap<String, Snapshot>,
    entries: &BTreeMap<Arn, Kept<Entry>>,
) -> BTreeMap<String, BTreeMap<Arn, Kept<Entry>>> {
    let mut by_estate: BTreeMap<String, BTreeMap<Arn, Kept<Entry>>> = BTreeMap::new();
    for (arn, kept) in entries {
        let claimants = claimants(resolved, snapshots, arn);
        let owner = &kept.item.estate;
        let heir = if claimants.contains(owner) {
            owner.clone()
        } else {
            claimants
                .into_iter()
                .next()
                .unwrap_or_else(|| owner.clone())
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
pub fn rivals(
    resolved: &[Resolved],
    snapshots: &BTreeMap<String, Snapshot>,
    entries: &BTreeMap<Arn, Kept<Entry>>,
) -> BTreeMap<Arn, Rivalry> {
    let mut rivals = BTreeMap::new();
    for snapshot in snapshots.values() {
        let services = snapshot
            .services
            .iter()
            .map(|service| (&service.arn, &service.tag));
        let databases = snapshot
            .databases
            .iter()
            .map(|database| (&database.arn, &database.tag));
        for (arn, tag) in services.chain(databases) {
            let estates = claimants(resolved, snapshots, arn);
            if estates.len() < 2 || rivals.contains_key(arn) {
                continue;
            }
            let holder = entries
                .get(arn)
                .map(|kept| &kept.item)
                .filter(|entry| entry.is_open() && estates.contains(&entry.estate))
                .map(|entry| entry.estate.clone());
            let keeper = holder.or_else(|| tag.clone().filter(|tag| estates.contains(tag)));
            rivals.insert(arn.clone(), Rivalry { estates, keeper });
        }
    }
    rivals
}

fn claimants(
    resolved: &[Resolved],
    snapshots: &BTreeMap<String, Snapshot>,
    arn: &Arn,
) -> Vec<String> {
    let service: Option<&Service> = snapshots
        .values()
        .find_map(|snapshot| snapshot.service(arn));
    resolved
        .iter()
        .filter(|estate| !estate.released)
        .filter(|estate| {
            estate
                .sleeper
                .as_ref()
                .is_some_and(|sleeper| match service {
                    Some(service) => claims_service(sleeper, service),
                    None => {
                        arn.cluster().is_none()
                            && sleeper
                                .sleep
                                .databases
                                .iter()
                                .any(|name| name == arn.name())
                    }
                })
        })
        .map(|estate| estate.name.clone())
        .collect()
}
