//! What a document names and what the ledger knows, held against complete listings: found, not
//! found, gone. What could not be listed is neither, so that nobody takes it for missing.

use std::collections::BTreeSet;

use super::Arn;

/// Which of the listed an estate is about.
#[derive(Clone, Debug, PartialEq)]
pub struct Picked<T> {
    /// What the document names or the ledger knows.
    pub found: Vec<T>,
    /// What the document names and the listing does not have.
    pub not_found: Vec<String>,
    /// What the ledger knows and the listing does not have.
    pub gone: Vec<Arn>,
}

/// Picks an estate's databases out of a complete listing of all. Of two kinds of the same name the
/// first is meant, as long as the ledger knows neither.
pub fn pick<'a, T: Clone>(
    listed: &[T],
    arn: impl Fn(&T) -> &Arn,
    named: impl Iterator<Item = &'a String>,
    known: &BTreeSet<&Arn>,
) -> Picked<T> {
    let named: Vec<&String> = named.collect();
    let mut found: Vec<T> = Vec::new();
    for one in listed {
        let name = arn(one).name();
        let is_named = named.iter().any(|named| *named == name);
        let has_twin = found.iter().any(|other| arn(other).name() == name);
        if known.contains(arn(one)) || (is_named && !has_twin) {
            found.push(one.clone());
        }
    }
    let is_missing = |name: &&&String| !found.iter().any(|one| arn(one).name() == name.as_str());
    let not_found = named.iter().filter(is_missing);
    let is_gone = |known: &&&Arn| !found.iter().any(|one| arn(one) == **known);
    let gone = known.iter().filter(is_gone);
    Picked {
        not_found: not_found.map(|name| (*name).clone()).collect(),
        gone: gone.map(|arn| (*arn).clone()).collect(),
        found,
    }
}

#[cfg(all(feature = "ecs", feature = "autoscaling"))]
pub use services::{Services, survey};

#[cfg(all(feature = "ecs", feature = "autoscaling"))]
mod services {
    use std::collections::{BTreeMap, BTreeSet};

    use crate::{
        aws::pace::Pace,
        config,
        kind::{
            Arn, Service,
            ecs_service::{self, ServiceClients},
        },
        report::Failure,
    };

    /// The services of an estate.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct Services {
        /// What the document names or the ledger knows.
        pub found: Vec<Service>,
        /// What the document names and AWS does not have: services, or the cluster.
        pub not_found: Vec<String>,
        /// What the ledger knows and AWS does not have.
        pub gone: Vec<Arn>,
        /// Whether the document's cluster is not there, nor anything in it.
        pub has_no_cluster: bool,
        /// What could not be read.
        pub unread: Vec<Failure>,
    }

    /// Reads the services of the document's cluster that it names, and those that the ledger knows,
    /// each with its value of a tag.
    pub async fn survey(
        clients: &ServiceClients,
        pace: &Pace,
        tag: &str,
        own: Option<(&str, &config::Services)>,
        known: &BTreeSet<&Arn>,
    ) -> Services {
        let mut seen = Services::default();
        let mut by_cluster: BTreeMap<&str, Vec<&Arn>> = BTreeMap::new();
        for arn in known {
            if let Some(cluster) = arn.cluster() {
                by_cluster.entry(cluster).or_default().push(arn);
            }
        }
        if let Some((cluster, _)) = own {
            by_cluster.entry(cluster).or_default();
        }
        for (cluster, known) in by_cluster {
            let wanted = own.filter(|own| own.0 == cluster).map(|own| own.1);
            match read(clients, pace, tag, cluster, wanted, &known).await {
                Ok((services, missing)) => {
                    seen.found.extend(services);
                    let is_missing = |name: &str| missing.iter().any(|missing| missing == name);
                    let lost = known.iter().filter(|arn| is_missing(arn.name()));
                    seen.gone.extend(lost.map(|arn| (*arn).clone()));
                    if let Some(config::Services::These(listed)) = wanted {
                        let unknown = listed.iter().filter(|name| is_missing(name));
                        seen.not_found.extend(unknown.cloned());
                    }
                }
                // Known for sure, so nothing is left unread.
                Err(failure) if failure.code == "ClusterNotFoundException" => {
                    seen.gone.extend(known.into_iter().cloned());
                    if wanted.is_some() {
                        seen.not_found.push(cluster.to_owned());
                        seen.has_no_cluster = true;
                    }
                }
                Err(failure) => seen.unread.push(failure),
            }
        }
        seen.found.sort_by(|a, b| a.arn.cmp(&b.arn));
        seen
    }

    async fn read(
        clients: &ServiceClients,
        pace: &Pace,
        tag: &str,
        cluster: &str,
        wanted: Option<&config::Services>,
        known: &[&Arn],
    ) -> Result<(Vec<Service>, Vec<String>), Failure> {
        let mut names: BTreeSet<String> = known.iter().map(|arn| arn.name().to_owned()).collect();
        match wanted {
            None => {}
            Some(config::Services::These(listed)) => names.extend(listed.iter().cloned()),
            Some(some) => {
                let arns = ecs_service::list(&clients.ecs, cluster, pace).await?;
                let listed = arns.iter().map(|arn| arn.name().to_owned());
                names.extend(listed.filter(|name| some.include(name)));
            }
        }
        let names: Vec<String> = names.into_iter().collect();
        ecs_service::describe(clients, cluster, &names, tag, pace).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arn(kind: &str, name: &str) -> Arn {
        Arn::new(format!("arn:aws:rds:r:1:{kind}:{name}"))
    }

    fn picked(listed: &[Arn], named: &[&str], known: &[Arn]) -> Picked<Arn> {
        let named: Vec<String> = named.iter().map(|name| (*name).to_owned()).collect();
        pick(listed, |arn| arn, named.iter(), &known.iter().collect())
    }

    #[test]
    fn what_is_named_or_known_is_picked_and_what_is_not_there_is_told_apart() {
        let listed = [arn("db", "a"), arn("db", "b"), arn("db", "c")];
        assert_eq!(
            picked(&listed, &["a", "x"], &[arn("db", "b"), arn("db", "y")]),
            Picked {
                found: vec![arn("db", "a"), arn("db", "b")],
                not_found: vec!["x".to_owned()],
                gone: vec![arn("db", "y")],
            }
        );
    }

    #[test]
    fn of_two_of_the_same_name_the_first_is_meant_and_what_is_known_besides() {
        let listed = [arn("cluster", "a"), arn("db", "a")];
        assert_eq!(picked(&listed, &["a"], &[]).found, [arn("cluster", "a")]);
        assert_eq!(picked(&listed, &["a"], &[arn("db", "a")]).found, listed);
    }
}
