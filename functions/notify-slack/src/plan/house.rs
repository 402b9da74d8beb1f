//! Who is who: which estate a signal belongs to, where its messages go, whom they mention, and
//! whether it sleeps on purpose. A document that cannot be read leaves the last good one in force.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use nightshift::{
    config::{self, Company, Language, Services, Slack, Sleeper, Watch},
    documents::{Documents, company_parameter, estate_parameter},
    ledger::{Ledger, Order, Override, Phase, rollout::DeploymentGroup},
    report::Severity,
};

use super::{quiet_in, severity};
use crate::{
    draft::Draft,
    scene::{Quiet, Scene},
    signal::{Alarm, Event, Metric, Rule, Signal, Told, What},
};

/// The channel of a webhook, which has one of its own.
const WEBHOOK: &str = "webhook";

/// Everybody.
#[derive(Clone, Debug)]
pub struct House {
    /// The language in which people read.
    pub language: Language,
    /// The zone in which they read times.
    pub zone: TimeZone,
    /// The company's part on Slack.
    pub slack: Slack,
    /// The estates.
    pub estates: Vec<Estate>,
    /// The deployment groups of `CodeDeploy`'s whose failures another function tells.
    pub explained: BTreeSet<DeploymentGroup>,
    /// Whether messages can be drawn anew and answered: with a bot token.
    pub remembers: bool,
    /// The Lambda function's name.
    pub function: String,
}

/// An estate, as far as messages go.
#[derive(Clone, Debug)]
pub struct Estate {
    /// Its name.
    pub name: String,
    /// Its part on messages.
    pub watch: Watch,
    /// Its cluster.
    pub cluster: Option<String>,
    /// Which of the cluster's services are its own.
    pub services: Services,
    /// Its databases.
    pub databases: Vec<String>,
    /// When it sleeps, if it does.
    pub sleeper: Option<Sleeper>,
    /// Where between asleep and awake it is, and since when.
    pub phase: Option<(Phase, Timestamp)>,
    /// What somebody ordered.
    pub order: Option<Override>,
}

impl House {
    /// Puts the documents together. None of them being readable leaves an empty house, in which
    /// everything is told all the same, in English and UTC.
    #[must_use]
    pub fn new(
        documents: &Documents,
        ledger: &Ledger,
        prefix: &str,
        remembers: bool,
        function: &str,
    ) -> Self {
        let company = company_of(documents, ledger, prefix);
        let zone = company.as_ref().and_then(|company| company.zone().ok());
        let mut names: Vec<&String> = documents.estates.keys().collect();
        names.extend(ledger.documents.keys());
        names.sort();
        names.dedup();
        let estates = names.into_iter().filter_map(|name| {
            let estate = estate_of(name, documents, ledger, prefix)?;
            Some(placed(name, &estate, company.as_ref(), ledger, prefix))
        });
        Self {
            zone: zone.unwrap_or(TimeZone::UTC),
            estates: estates.collect(),
            language: company
                .as_ref()
                .map(|company| company.language)
                .unwrap_or_default(),
            slack: company
                .and_then(|company| company.slack)
                .unwrap_or_default(),
            explained: ledger.explained.clone(),
            remembers,
            function: function.to_owned(),
        }
    }

    /// Whether explain-rollback tells the same as a story, with the cause. It knows the services of ECS;
    /// of what else `CodeDeploy` deploys nobody tells but we.
    #[must_use]
    pub fn is_explained(&self, event: &Event) -> bool {
        let Told::CodeDeploy {
            application, group, ..
        } = &event.told
        else {
            return false;
        };
        let mut explained = self.explained.iter();
        explained.any(|known| known.application == *application && known.group == *group)
    }

    /// An estate by name.
    #[must_use]
    pub fn estate(&self, name: &str) -> Option<&Estate> {
        self.estates.iter().find(|estate| estate.name == name)
    }

    /// The estate that a signal belongs to: by the alarm's prefix, then by what it measures.
    #[must_use]
    pub fn estate_of(&self, signal: &Signal) -> Option<&Estate> {
        match &signal.what {
            What::Report(report) => self.estate(&report.estate),
            What::Bedtime(bedtime) => self.estate(&bedtime.estate),
            What::Alarm(alarm) => self.estate_of_alarm(alarm),
            What::Outlived(outlived) => self.estate_of_alarm(&outlived.alarm),
            What::Event(event) => self.estates.iter().find(|estate| estate.has(event)),
            What::Other(_) => None,
        }
    }

    fn estate_of_alarm(&self, alarm: &Alarm) -> Option<&Estate> {
        let prefixes = self.estates.iter().flat_map(|estate| {
            let prefixes = estate.watch.alarms.iter();
            prefixes.map(move |prefix| (estate, prefix))
        });
        let named = prefixes
            .filter(|(_, prefix)| !prefix.is_empty() && alarm.name.starts_with(prefix.as_str()))
            .max_by_key(|(_, prefix)| prefix.len())
            .map(|(estate, _)| estate);
        named.or_else(|| {
            let metrics: Vec<&Metric> = match &alarm.rule {
                Rule::Metric { metric, .. } | Rule::Anomaly { metric, .. } => vec![metric],
                Rule::Math { metrics, .. } => metrics.iter().collect(),
                Rule::Composite { .. } | Rule::Unknown => Vec::new(),
            };
            self.estates
                .iter()
                .find(|estate| metrics.iter().any(|metric| estate.measures(metric)))
        })
    }

    /// Where a signal goes. An estate's own channel is for all of it; without one the severe go
    /// where the company wants the severe. All states of one alarm go to the same channel.
    #[must_use]
    pub fn channel(&self, signal: &Signal, estate: Option<&Estate>, quiet: bool) -> String {
        if !self.remembers {
            return WEBHOOK.to_owned();
        }
        let is_alarm = matches!(signal.what, What::Alarm(_) | What::Outlived(_));
        let severe = !quiet && (is_alarm || severity(signal) == Severity::Alert);
        let own = estate.and_then(|estate| estate.watch.channel.as_ref());
        let alerts = self.slack.alert_channel.as_ref().filter(|_| severe);
        own.or(alerts)
            .or(self.slack.channel.as_ref())
            .or(self.slack.alert_channel.as_ref())
            .cloned()
            .unwrap_or_default()
    }

    /// Where a message goes whose own channel refuses it.
    #[must_use]
    pub fn refuge(&self, refused: &str) -> Option<&str> {
        let channels = [&self.slack.channel, &self.slack.alert_channel];
        channels
            .into_iter()
            .flatten()
            .map(String::as_str)
            .find(|channel| *channel != refused)
    }

    /// Whom severe messages of an estate mention.
    #[must_use]
    pub fn mention(&self, estate: Option<&Estate>) -> Option<String> {
        estate
            .and_then(|estate| estate.watch.mention.clone())
            .or_else(|| self.slack.mention.clone())
    }

    /// A draft that mentions somebody where the signal is severe.
    #[must_use]
    pub fn mentioning(&self, mut draft: Draft, signal: &Signal, estate: Option<&Estate>) -> Draft {
        if severity(signal) == Severity::Alert {
            draft.mention = self.mention(estate);
        }
        draft
    }

    /// What a message of an estate is drawn for.
    #[must_use]
    pub fn scene<'a>(
        &'a self,
        estate: Option<&'a Estate>,
        quiet: Option<Quiet>,
        now: Timestamp,
    ) -> Scene<'a> {
        Scene {
            language: self.language,
            zone: &self.zone,
            now,
            estate: estate.map(|estate| estate.name.as_str()),
            quiet,
            function: &self.function,
        }
    }
}

impl Estate {
    /// Why its alarms are quiet now, if they are.
    #[must_use]
    pub fn quiet(&self, now: Timestamp) -> Option<Quiet> {
        let sleeper = self.sleeper.as_ref()?;
        let (phase, since) = self.phase?;
        let until = sleeper
            .calendar
            .span_at_or_after(now)
            .map(|span| span.start);
        quiet_in(phase, since, until, now)
    }

    /// When it goes to sleep next, by the calendar and what somebody ordered; none while it sleeps
    /// or is held as it is.
    #[must_use]
    pub fn bedtime(&self, now: Timestamp) -> Option<Timestamp> {
        let calendar = &self.sleeper.as_ref()?.calendar;
        let (phase, _) = self.phase?;
        if phase != Phase::Awake {
            return None;
        }
        let awake_until = match self.order.as_ref().filter(|order| order.holds(now)) {
            Some(order) if order.order == Order::Wake => order.until,
            Some(_) => return None,
            None => now,
        };
        if calendar.is_open(awake_until) {
            let (at, opens) = calendar.next_change(awake_until, SignedDuration::ZERO)?;
            return (!opens).then_some(at);
        }
        (awake_until > now).then_some(awake_until)
    }

    fn measures(&self, metric: &Metric) -> bool {
        let value = |name: &str| metric.dimensions.get(name);
        let cluster = value("ClusterName");
        if cluster.is_some() && cluster == self.cluster.as_ref() {
            return value("ServiceName").is_none_or(|service| self.services.include(service));
        }
        ["DBInstanceIdentifier", "DBClusterIdentifier"]
            .into_iter()
            .filter_map(value)
            .any(|database| self.databases.contains(database))
    }

    fn has(&self, event: &Event) -> bool {
        let of_service = |cluster: &String, service: &str| {
            self.cluster.as_ref() == Some(cluster)
                && (service.is_empty() || self.services.include(service))
        };
        match &event.told {
            Told::Deployment {
                cluster, service, ..
            }
            | Told::Service {
                cluster, service, ..
            } => of_service(cluster, service),
            Told::Task { cluster, group, .. } => {
                of_service(cluster, group.strip_prefix("service:").unwrap_or_default())
            }
            Told::Database { name, .. } => self.databases.contains(name),
            Told::CodeDeploy { .. } | Told::Health { .. } | Told::Budget { .. } => false,
        }
    }
}

fn company_of(documents: &Documents, ledger: &Ledger, prefix: &str) -> Option<Company> {
    let document = company_parameter(prefix);
    let now = documents.company.iter();
    let kept = ledger.documents.values().map(|kept| &kept.item.company);
    now.chain(kept)
        .find_map(|text| config::company(&document, text).ok())
}

fn estate_of(
    name: &str,
    documents: &Documents,
    ledger: &Ledger,
    prefix: &str,
) -> Option<config::Estate> {
    let document = estate_parameter(prefix, name);
    let now = documents.estates.get(name);
    let kept = ledger.documents.get(name).map(|kept| &kept.item.estate);
    now.into_iter()
        .chain(kept)
        .find_map(|text| config::estate(&document, text).ok())
}

fn placed(
    name: &str,
    estate: &config::Estate,
    company: Option<&Company>,
    ledger: &Ledger,
    prefix: &str,
) -> Estate {
    let document = estate_parameter(prefix, name);
    let sleeper = company.and_then(|company| {
        config::sleeper(&document, name, estate, company)
            .ok()
            .flatten()
    });
    let mut placed = Estate {
        name: name.to_owned(),
        watch: estate.watch.clone().unwrap_or_default(),
        cluster: None,
        services: Services::default(),
        databases: Vec::new(),
        sleeper,
        phase: ledger
            .estates
            .get(name)
            .map(|kept| (kept.item.phase, kept.item.since)),
        order: ledger.overrides.get(name).map(|kept| kept.item.clone()),
    };
    if let Some(sleep) = &estate.sleep {
        placed.cluster.clone_from(&sleep.cluster);
        placed.services = sleep.services.clone();
        placed.databases.clone_from(&sleep.databases);
    } else if let Some(slim) = &estate.slim {
        placed.cluster = Some(slim.cluster.clone());
        placed.services = Services::These(slim.services.keys().cloned().collect());
        placed.databases = slim.databases.keys().cloned().collect();
    } else if let Some((cluster, services)) = estate.deployments() {
        placed.cluster = Some(cluster.to_owned());
        placed.services = services;
    }
    placed
}
