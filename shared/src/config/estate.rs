//! An estate is one environment that is looked after: the ECS services, databases and secrets
//! that belong together, in one parameter under `/nightshift/estates/`. Its sections are verbs.

use std::{collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, value::MapAccessDeserializer},
};

use super::{Duration, Rotate, Slim, Version};
use crate::calendar::CalendarSpec;

/// The document in `/nightshift/estates/<name>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Estate {
    /// The version of this format: 1.
    pub version: Version,
    /// What sleeps outside the calendar's hours. Never beside `slim`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sleep: Option<Sleep>,
    /// What gets smaller outside the calendar's hours. Never beside `sleep`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slim: Option<Slim>,
    /// The secrets that are replaced when they are too old.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotate: Option<Rotate>,
    /// Where this estate's messages go, and how much they tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watch: Option<Watch>,
}

/// What sleeps, when, and with how much patience.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Sleep {
    /// When the estate must be usable: a calendar's name, or a calendar in place.
    pub calendar: CalendarChoice,
    /// The ECS cluster's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// Which of the cluster's services: `all`, a list, or `all_but`.
    #[serde(default)]
    pub services: Services,
    /// RDS instances and Aurora clusters by name; which of the two is found out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub databases: Vec<String>,
    /// Which databases a service waits for at waking. A service that is not named waits for all.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub needs: BTreeMap<String, Vec<String>>,
    /// How long what a person started, or a deployment that is running, is left awake.
    #[serde(default = "Sleep::default_grace")]
    pub grace: Duration,
    /// After how long something that should have settled is reported as stuck.
    #[serde(default = "Sleep::default_stuck_after")]
    pub stuck_after: Duration,
    /// How long before opening the first wakes begin, until ten wakes have taught better.
    #[serde(default = "Sleep::default_lead")]
    pub lead: Duration,
    /// For how long a deployment wakes a sleeping estate, or `never`.
    #[serde(default)]
    pub deployments_wake: DeploymentsWake,
    /// The count to wake a service to, whatever it was when it went to sleep.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub wake_to: BTreeMap<String, u32>,
    /// What else is billed while the estate sleeps, to be named in reports: `NAT gateway`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub still_billed: Vec<String>,
}

impl Sleep {
    const fn default_grace() -> Duration {
        Duration::minutes(30)
    }
    const fn default_stuck_after() -> Duration {
        Duration::minutes(60)
    }
    const fn default_lead() -> Duration {
        Duration::minutes(20)
    }
}

/// A calendar by its name in the company's document, or written in place.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum CalendarChoice {
    /// A name under `calendars` in `/nightshift/company`.
    Named(String),
    /// The calendar itself.
    InPlace(CalendarSpec),
}

impl<'de> Deserialize<'de> for CalendarChoice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = CalendarChoice;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a calendar's name, or `hours` in place")
            }
            fn visit_str<E: de::Error>(self, name: &str) -> Result<CalendarChoice, E> {
                Ok(CalendarChoice::Named(name.to_owned()))
            }
            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<CalendarChoice, A::Error> {
                CalendarSpec::deserialize(MapAccessDeserializer::new(map))
                    .map(CalendarChoice::InPlace)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// Which services of the cluster belong to the estate.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Services {
    /// Every service of the cluster that no other estate's tag claims.
    #[default]
    All,
    /// Every service but these.
    AllBut(Vec<String>),
    /// These services.
    #[serde(untagged)]
    These(Vec<String>),
}

impl Services {
    /// Whether the service of this name is meant.
    #[must_use]
    pub fn include(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::AllBut(names) => names.iter().all(|other| other != name),
            Self::These(names) => names.iter().any(|other| other == name),
        }
    }

    fn is_all(&self) -> bool {
        *self == Self::All
    }

    fn problems(&self, place: &str, problems: &mut Vec<String>) {
        match self {
            Self::These(names) => names_problems(place, names, problems),
            Self::AllBut(names) => names_problems(&format!("{place}.all_but"), names, problems),
            Self::All => {}
        }
    }
}

/// What is wrong with a list of names.
fn names_problems(place: &str, names: &[String], problems: &mut Vec<String>) {
    let mut seen = std::collections::BTreeSet::new();
    for name in names {
        if !seen.insert(name) {
            problems.push(format!("{place}: `{name}` stands there twice: remove one"));
        }
        if name.contains([':', '/']) {
            problems.push(format!("{place}: `{name}`: write the name, not the ARN"));
        }
    }
}

impl<'de> Deserialize<'de> for Services {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct But {
            all_but: Vec<String>,
        }
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Services;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`all`, a list of services, or `all_but` with a list")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Services, E> {
                if text == "all" {
                    Ok(Services::All)
                } else {
                    Err(E::custom(format!(
                        "services: `{text}` is neither `all` nor a list: for one service write `[{text}]`"
                    )))
                }
            }
            fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<Services, A::Error> {
                let mut names = Vec::new();
                while let Some(name) = seq.next_element()? {
                    names.push(name);
                }
                Ok(Services::These(names))
            }
            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Services, A::Error> {
                But::deserialize(MapAccessDeserializer::new(map))
                    .map(|but| Services::AllBut(but.all_but))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// Whether, and for how long, a deployment wakes a sleeping estate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeploymentsWake {
    /// For this long after the deployment was seen.
    For(Duration),
    /// Not at all: the deployment is only reported.
    Never,
}

impl Default for DeploymentsWake {
    fn default() -> Self {
        Self::For(Duration::minutes(120))
    }
}

impl Serialize for DeploymentsWake {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::For(length) => length.serialize(serializer),
            Self::Never => serializer.serialize_str("never"),
        }
    }
}

impl<'de> Deserialize<'de> for DeploymentsWake {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text == "never" {
            return Ok(Self::Never);
        }
        text.parse()
            .map(Self::For)
            .map_err(|problem| de::Error::custom(format!("{problem}; or `never`")))
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for DeploymentsWake {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "DeploymentsWake".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "For how long a deployment wakes a sleeping estate, like 2h, or never.",
            "examples": ["2h", "never"]
        })
    }
}

/// Where this estate's messages go, and how much they tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Watch {
    /// The channel, where it is not the company's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// What the names of this estate's alarms begin with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alarms: Vec<String>,
    /// Whom severe messages mention: the id of a user or of a user group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mention: Option<String>,
    /// Whether the last lines of a container's log, masked, may stand in a message. Where nothing is
    /// said they may if the estate sleeps and rotates nothing: what never sleeps is production, and
    /// an unknown secret cannot be masked for certain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_excerpts: Option<bool>,
    /// How long a deployment whose tasks fail may take, beyond its health checks' grace, until it is
    /// reported as stalled.
    #[serde(default = "Watch::default_stalled_after")]
    pub stalled_after: Duration,
    /// The ECS cluster whose deployments are explained, where no other section names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// Which of its services: `all`, a list, or `all_but`.
    #[serde(default, skip_serializing_if = "Services::is_all")]
    pub services: Services,
}

impl Watch {
    const fn default_stalled_after() -> Duration {
        Duration::minutes(20)
    }

    fn problems(&self, problems: &mut Vec<String>) {
        let cluster = self.cluster.as_deref();
        if cluster.is_none() && self.services != Services::All {
            problems.push("watch.cluster is missing: `services` are looked up in it".to_owned());
        }
        if cluster.is_some_and(|name| name.contains('/')) {
            problems.push("watch.cluster: write the cluster's name, not its ARN".to_owned());
        }
        self.services.problems("watch.services", problems);
    }
}

impl Default for Watch {
    fn default() -> Self {
        Self {
            channel: None,
            alarms: Vec::new(),
            mention: None,
            log_excerpts: None,
            stalled_after: Self::default_stalled_after(),
            cluster: None,
            services: Services::All,
        }
    }
}

impl Estate {
    pub(super) fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self.sleep.is_some() && self.slim.is_some() {
            problems.push(
                "sleep and slim: an estate that is slimmed must never sleep: keep one of the two sections"
                    .to_owned(),
            );
        }
        if self.sleep.is_none()
            && self.slim.is_none()
            && self.rotate.is_none()
            && self.watch.is_none()
        {
            problems.push(
                "the document asks for nothing: add one of `sleep`, `slim`, `rotate`, `watch`"
                    .to_owned(),
            );
        }
        if let Some(sleep) = &self.sleep {
            sleep.problems(&mut problems);
        }
        if let Some(slim) = &self.slim {
            slim.problems(&mut problems);
        }
        if let Some(watch) = &self.watch {
            watch.problems(&mut problems);
        }
        if let Some(rotate) = &self.rotate {
            rotate.problems(self.deployments().is_some(), &mut problems);
        }
        problems
    }

    /// The cluster whose deployments are explained, and which of its services: what `watch` names,
    /// else what another section does.
    #[must_use]
    pub fn deployments(&self) -> Option<(&str, Services)> {
        let watch = self.watch.as_ref();
        if let Some((cluster, watch)) = watch.and_then(|it| Some((it.cluster.as_deref()?, it))) {
            return Some((cluster, watch.services.clone()));
        }
        if let Some(sleep) = &self.sleep {
            return Some((sleep.cluster.as_deref()?, sleep.services.clone()));
        }
        let slim = self.slim.as_ref()?;
        Some((slim.cluster.as_str(), Services::All))
    }

    /// Whether log lines, masked, may stand in messages.
    #[must_use]
    pub fn shows_logs(&self) -> bool {
        let said = self.watch.as_ref().and_then(|watch| watch.log_excerpts);
        let is_staging = self.sleep.is_some() && self.rotate.is_none();
        said.unwrap_or(is_staging)
    }
}

impl Sleep {
    fn problems(&self, problems: &mut Vec<String>) {
        if self.cluster.is_none() {
            if self.services != Services::All {
                problems
                    .push("sleep.cluster is missing: `services` are looked up in it".to_owned());
            }
            if self.databases.is_empty() {
                problems.push(
                    "sleep: neither a `cluster` nor `databases`: nothing could sleep".to_owned(),
                );
            }
        }
        if self
            .cluster
            .as_deref()
            .is_some_and(|name| name.contains('/'))
        {
            problems.push("sleep.cluster: write the cluster's name, not its ARN".to_owned());
        }
        for (service, databases) in &self.needs {
            if let Services::These(names) = &self.services
                && !names.contains(service)
            {
                problems.push(unknown(&format!("sleep.needs.{service}"), service, names));
            }
            for database in databases {
                if !self.databases.contains(database) {
                    problems.push(unknown(
                        &format!("sleep.needs.{service}"),
                        database,
                        &self.databases,
                    ));
                }
            }
        }
        for (service, count) in &self.wake_to {
            if *count == 0 {
                problems.push(format!(
                    "sleep.wake_to.{service}: 0 would not wake it: leave the service out of `services` instead"
                ));
            }
            if !self.services.include(service) {
                problems.push(format!(
                    "sleep.wake_to.{service}: this service does not belong to the estate"
                ));
            }
        }
        names_problems("sleep.databases", &self.databases, problems);
        self.services.problems("sleep.services", problems);
    }
}

fn unknown(place: &str, name: &str, known: &[String]) -> String {
    let hint = super::parse::nearest(name, known.iter().map(String::as_str)).map_or_else(
        || ": name it there too, or remove it here".to_owned(),
        |near| format!(": did you mean `{near}`?"),
    );
    format!("{place}: `{name}` is not in this document{hint}")
}
