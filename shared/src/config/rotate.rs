//! Which secrets are replaced, when, and by which means. What a kind needs and does not name, or
//! names without needing it, is refused: half a description of a credential is how one is lost.

use std::{collections::BTreeMap, fmt, str::FromStr};

use jiff::{SignedDuration, tz::TimeZone};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{CalendarChoice, Company, Duration, Estate, Language, Problem, Services, calendar_of};
use crate::calendar::{Calendar, CalendarSpec, ClockRange, OnHolidays, WeekHours};

/// The secrets that are replaced when they are too old.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Rotate {
    /// The hours in which a rotation may begin: a range, meant from Monday to Friday but not on
    /// holidays, or a calendar by name or in place. 10:00-16:00 unless something else is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
    /// The ECS cluster whose services read the secrets, where no other section names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// After how long a roll-out that neither ends nor fails is taken back.
    #[serde(default = "Rotate::default_patience")]
    pub patience: Duration,
    /// Each secret by the name of its parameter or secret; behind a `#` the key of a JSON object under
    /// which it stands, whose other keys stay as they are.
    pub secrets: BTreeMap<SecretName, Secret>,
}

/// The name of a parameter or a secret, and of the key in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SecretName {
    /// The name of the parameter or of the secret.
    pub name: String,
    /// The key of its JSON object; none where the whole value is the secret.
    pub key: Option<String>,
}

/// The text is no name of a secret.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum NotASecretName {
    /// An ARN.
    #[error("`{0}`: write the name, not the ARN")]
    Arn(String),
    /// Neither SSM nor Secrets Manager takes it.
    #[error(
        "`{0}` cannot be the name of a parameter or a secret: use letters, digits and `/_+=.@-`, and a key behind one `#`"
    )]
    Characters(String),
}

/// When a rotation may begin.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Window {
    /// These hours from Monday to Friday, but not on holidays.
    Range(#[cfg_attr(feature = "schema", schemars(with = "String"))] ClockRange),
    /// Whenever the calendar is open.
    Calendar(CalendarChoice),
}

/// How one secret is replaced. Which fields belong to which kind stands in docs/rotation.md.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Secret {
    /// What kind of secret it is.
    pub kind: SecretKind,
    /// The age at which it is replaced, like `90d`.
    pub every: Age,
    /// Where it lies. What begins with `/` is a parameter unless something else is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store: Option<SecretStore>,
    /// The two database users that take turns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub users: Option<[String; 2]>,
    /// The role that both users belong to and that owns what they make.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// The parameter or secret with the URL, or RDS's own JSON, of who may set their passwords.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub admin: Option<String>,
    /// The RDS instance or the Aurora cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
    /// The id of the Atlas project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// The parameter or secret with the credentials of the Atlas Admin API.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api: Option<String>,
    /// How random bytes are written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<Form>,
    /// How many random bytes; or, of an alphabet, how many characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length: Option<u16>,
    /// The characters of which it is made, instead of bytes in a form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alphabet: Option<String>,
    /// The parameter or secret in which the former value stays readable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
    /// For how long it stays: as long as the longest token lives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_life: Option<Duration>,
    /// How long after a rotation the former credential is disabled. Where nothing is said it works
    /// until the next rotation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disable_previous_after: Option<Duration>,
}

/// The kinds of secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum SecretKind {
    /// A PostgreSQL URL with two users that take turns.
    Postgres,
    /// The master password of an RDS instance or an Aurora cluster.
    RdsMaster,
    /// A MongoDB Atlas URL with two users that take turns.
    Atlas,
    /// Random bytes, a signing key for instance.
    Random,
    /// A key that only its issuer can make.
    External,
}

/// Where a secret lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum SecretStore {
    /// SSM Parameter Store.
    Parameter,
    /// Secrets Manager.
    SecretsManager,
}

/// How random bytes are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// Base64 for URLs, without padding.
    #[default]
    Base64url,
    /// Base64 with padding.
    Base64,
    /// Hexadecimal digits.
    Hex,
}

/// An age in days, at most ten years.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Age(u16);

/// The text is no age.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` is not an age: write a number of days from 1 to 3650, like `90d`")]
pub struct NotAnAge(String);

/// How a secret is replaced, with all that it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Means<'a> {
    /// Two PostgreSQL users take turns.
    Postgres {
        /// The users.
        users: &'a [String; 2],
        /// The role that both belong to.
        role: &'a str,
        /// Where the credentials lie of who may set their passwords.
        admin: &'a str,
        /// The RDS instance or the Aurora cluster, which must be available; none for a database
        /// that RDS does not know.
        database: Option<&'a str>,
    },
    /// The RDS API sets the master password.
    RdsMaster {
        /// The RDS instance or the Aurora cluster.
        database: &'a str,
    },
    /// Two database users of an Atlas project take turns.
    Atlas {
        /// The users.
        users: &'a [String; 2],
        /// The project's id.
        project: &'a str,
        /// Where the Admin API's credentials lie.
        api: &'a str,
    },
    /// We make it of random bytes.
    Random {
        /// What it is made of.
        recipe: Recipe<'a>,
        /// Where the former value stays readable, and for how long.
        previous: Option<(&'a str, Duration)>,
    },
    /// Nobody but its issuer makes it.
    External,
}

/// What a random secret is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recipe<'a> {
    /// So many bytes, in a form.
    Bytes {
        /// How many.
        count: u16,
        /// How they are written.
        form: Form,
    },
    /// So many characters of an alphabet.
    Alphabet {
        /// How many.
        count: u16,
        /// The alphabet.
        of: &'a str,
    },
}

impl Age {
    /// So many days.
    #[must_use]
    pub const fn days(days: u16) -> Self {
        Self(days)
    }

    /// The same length for reckoning with instants.
    #[must_use]
    pub fn get(self) -> SignedDuration {
        SignedDuration::from_hours(24 * i64::from(self.0))
    }
}

impl FromStr for Age {
    type Err = NotAnAge;

    fn from_str(text: &str) -> Result<Self, NotAnAge> {
        let days = text.strip_suffix('d').and_then(|days| days.parse().ok());
        days.filter(|days| (1..=3650).contains(days))
            .map(Self)
            .ok_or_else(|| NotAnAge(text.to_owned()))
    }
}

impl fmt::Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}d", self.0)
    }
}

impl Serialize for Age {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Age {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Age;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an age in days like `90d`")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Age, E> {
                text.parse().map_err(E::custom)
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Age, E> {
                Err(E::custom(NotAnAge(number.to_string())))
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Age, E> {
                Err(E::custom(NotAnAge(number.to_string())))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Age {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Age".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "An age in days, from 1d to 3650d.",
            "pattern": "^[1-9][0-9]{0,3}d$",
            "examples": ["90d", "365d"]
        })
    }
}

impl<'de> Deserialize<'de> for Window {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // A name never begins with a digit and a range always does, so that what is wrong with a
        // range is said as such.
        match CalendarChoice::deserialize(deserializer)? {
            CalendarChoice::Named(text) if text.starts_with(|c: char| c.is_ascii_digit()) => {
                text.parse().map(Self::Range).map_err(de::Error::custom)
            }
            choice => Ok(Self::Calendar(choice)),
        }
    }
}

impl FromStr for SecretName {
    type Err = NotASecretName;

    fn from_str(text: &str) -> Result<Self, NotASecretName> {
        if text.starts_with("arn:") {
            return Err(NotASecretName::Arn(text.to_owned()));
        }
        let (name, key) = text
            .split_once('#')
            .map_or((text, None), |(name, key)| (name, Some(key)));
        let fits = |c: char| c.is_ascii_alphanumeric() || "/_+=.@-".contains(c);
        let is_name = !name.is_empty() && name.len() <= 512 && name.chars().all(fits);
        // ECS parts what it is given at colons.
        let is_key = key.is_none_or(|key| !key.is_empty() && !key.contains([':', '#']));
        if !is_name || !is_key {
            return Err(NotASecretName::Characters(text.to_owned()));
        }
        Ok(Self {
            name: name.to_owned(),
            key: key.map(ToOwned::to_owned),
        })
    }
}

impl fmt::Display for SecretName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        match &self.key {
            Some(key) => write!(f, "#{key}"),
            None => Ok(()),
        }
    }
}

impl Serialize for SecretName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SecretName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for SecretName {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "SecretName".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "The name of a parameter or a secret; behind a # the key of its JSON object.",
            "pattern": "^[A-Za-z0-9/_+=.@-]+(#[^#:]+)?$"
        })
    }
}

/// How long a random secret is where nothing is said, in bytes.
const USUAL_BYTES: u16 = 64;

/// What a random secret has at least, in bits.
const LEAST_BITS: f64 = 256.0;

/// A field, whether a secret has it, and the kinds that need it and that may have it.
type Field<'a> = (&'a str, bool, &'a [SecretKind], &'a [SecretKind]);

impl Secret {
    /// Which fields belong to which kind.
    fn fields(&self) -> [Field<'static>; 11] {
        use SecretKind::{Atlas, Postgres, Random, RdsMaster};
        [
            ("users", self.users.is_some(), &[Postgres, Atlas], &[]),
            ("role", self.role.is_some(), &[Postgres], &[]),
            ("admin", self.admin.is_some(), &[Postgres], &[]),
            (
                "database",
                self.database.is_some(),
                &[RdsMaster],
                &[Postgres],
            ),
            ("project", self.project.is_some(), &[Atlas], &[]),
            ("api", self.api.is_some(), &[Atlas], &[]),
            ("form", self.form.is_some(), &[], &[Random]),
            ("length", self.length.is_some(), &[], &[Random]),
            ("alphabet", self.alphabet.is_some(), &[], &[Random]),
            ("previous", self.previous.is_some(), &[], &[Random]),
            (
                "disable_previous_after",
                self.disable_previous_after.is_some(),
                &[],
                &[Postgres, Atlas],
            ),
        ]
    }

    /// By what means it is replaced; none where something is missing that its kind needs, which no
    /// document in force has.
    #[must_use]
    pub fn means(&self) -> Option<Means<'_>> {
        Some(match self.kind {
            SecretKind::Postgres => Means::Postgres {
                users: self.users.as_ref()?,
                role: self.role.as_deref()?,
                admin: self.admin.as_deref()?,
                database: self.database.as_deref(),
            },
            SecretKind::RdsMaster => Means::RdsMaster {
                database: self.database.as_deref()?,
            },
            SecretKind::Atlas => Means::Atlas {
                users: self.users.as_ref()?,
                project: self.project.as_deref()?,
                api: self.api.as_deref()?,
            },
            SecretKind::Random => Means::Random {
                recipe: self.recipe(),
                previous: self.previous.as_deref().zip(self.token_life),
            },
            SecretKind::External => Means::External,
        })
    }

    fn recipe(&self) -> Recipe<'_> {
        match &self.alphabet {
            Some(alphabet) => Recipe::Alphabet {
                count: self.length.unwrap_or(USUAL_BYTES),
                of: alphabet,
            },
            None => Recipe::Bytes {
                count: self.length.unwrap_or(USUAL_BYTES),
                form: self.form.unwrap_or_default(),
            },
        }
    }

    /// Where it lies.
    #[must_use]
    pub fn store(&self, name: &SecretName) -> SecretStore {
        self.store.unwrap_or_else(|| SecretStore::of(&name.name))
    }

    fn problems(&self, place: &str, problems: &mut Vec<String>) {
        let kind = self.kind.word();
        for (field, is_there, needed, allowed) in self.fields() {
            let needs = needed.contains(&self.kind);
            if needs && !is_there {
                problems.push(format!("{place}.{field} is missing: `{kind}` needs it"));
            }
            if is_there && !needs && !allowed.contains(&self.kind) {
                problems.push(format!(
                    "{place}.{field}: `{kind}` has no such field: remove it"
                ));
            }
        }
        if let Some([one, other]) = &self.users {
            if one == other {
                problems.push(format!(
                    "{place}.users: `{one}` cannot take turns with itself: name two users"
                ));
            }
            if self
                .role
                .as_ref()
                .is_some_and(|role| role == one || role == other)
            {
                problems.push(format!(
                    "{place}.role: it must be a third one, to which both users belong"
                ));
            }
        }
        if self.previous.is_some() != self.token_life.is_some() {
            problems.push(format!(
                "{place}: `previous` and `token_life` belong together: where the former value stays readable, and for how long"
            ));
        }
        if self.alphabet.is_some() && self.form.is_some() {
            problems.push(format!(
                "{place}: it is made of an `alphabet` or written in a `form`: keep one of the two"
            ));
        }
        if self.kind == SecretKind::Random {
            self.recipe_problems(place, problems);
        }
    }

    fn recipe_problems(&self, place: &str, problems: &mut Vec<String>) {
        let (count, bits) = match self.recipe() {
            Recipe::Bytes { count, .. } => (count, 8.0),
            Recipe::Alphabet { count, of } => {
                let letters: std::collections::BTreeSet<char> = of.chars().collect();
                if letters.len() < 2 || letters.len() != of.chars().count() || !of.is_ascii() {
                    problems.push(format!(
                        "{place}.alphabet: write two or more different ASCII characters, each once"
                    ));
                    return;
                }
                let letters = u32::try_from(letters.len()).unwrap_or(u32::MAX);
                (count, f64::from(letters).log2())
            }
        };
        let least = (LEAST_BITS / bits).ceil();
        if f64::from(count) < least {
            problems.push(format!(
                "{place}.length: {count} can be guessed: write at least {least}"
            ));
        }
        if count > 1024 {
            problems.push(format!(
                "{place}.length: {count} is too long: write at most 1024"
            ));
        }
    }
}

impl SecretKind {
    /// The word for it in a document.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::RdsMaster => "rds-master",
            Self::Atlas => "atlas",
            Self::Random => "random",
            Self::External => "external",
        }
    }
}

impl SecretStore {
    /// Where a secret of this name lies if nobody says otherwise.
    #[must_use]
    pub fn of(name: &str) -> Self {
        if name.starts_with('/') {
            Self::Parameter
        } else {
            Self::SecretsManager
        }
    }
}

impl Rotate {
    const fn default_patience() -> Duration {
        Duration::minutes(30)
    }

    pub(super) fn problems(&self, has_cluster: bool, problems: &mut Vec<String>) {
        if self.secrets.is_empty() {
            problems.push("rotate.secrets: name at least one secret".to_owned());
        }
        if self.cluster.is_none() && !has_cluster {
            problems.push(
                "rotate.cluster is missing: the services that read the secrets are looked up in it"
                    .to_owned(),
            );
        }
        if self
            .cluster
            .as_ref()
            .is_some_and(|name| name.contains([':', '/']))
        {
            problems.push("rotate.cluster: write the cluster's name, not its ARN".to_owned());
        }
        for (name, secret) in &self.secrets {
            secret.problems(&format!("rotate.secrets.{name}"), problems);
        }
        let whole = self.secrets.keys().filter(|name| name.key.is_none());
        for name in whole {
            if self
                .secrets
                .keys()
                .any(|other| other.key.is_some() && other.name == name.name)
            {
                problems.push(format!(
                    "rotate.secrets.{name}: it is named as a whole and by a key: keep one of the two"
                ));
            }
        }
    }
}

/// An estate whose secrets are rotated, whose document and company document fit together: what a
/// plan is made from.
#[derive(Clone, Debug)]
pub struct Rotator {
    /// The estate's name: the last part of its parameter's.
    pub name: String,
    /// What is rotated.
    pub rotate: Rotate,
    /// The cluster whose services read the secrets, and which of its services.
    pub cluster: String,
    /// Which of the cluster's services belong to the estate.
    pub services: Services,
    /// When a rotation may begin.
    pub window: Calendar,
    /// The zone in which people read times.
    pub zone: TimeZone,
    /// The language in which people read.
    pub language: Language,
}

/// Puts an estate whose secrets are rotated together with the company's calendars.
///
/// # Errors
/// When the calendar that its window names does not exist.
pub fn rotator(
    document: &str,
    name: &str,
    estate: &Estate,
    company: &Company,
) -> Result<Option<Rotator>, Vec<Problem>> {
    let Some(rotate) = &estate.rotate else {
        return Ok(None);
    };
    let problem = |text: String| {
        vec![Problem {
            document: document.to_owned(),
            line: None,
            text,
        }]
    };
    let usual = || "10:00-16:00".parse().map(Window::Range);
    let window = match &rotate.window {
        Some(window) => window.clone(),
        None => usual().map_err(|error| problem(error.to_string()))?,
    };
    let choice = match window {
        Window::Calendar(choice) => choice,
        Window::Range(range) => {
            let hours = WeekHours::new([("monday-friday", vec![range])])
                .map_err(|error| problem(error.to_string()))?;
            CalendarChoice::InPlace(CalendarSpec {
                hours,
                holidays: OnHolidays::Closed,
            })
        }
    };
    let hours = calendar_of(document, "rotate", &choice, company)?;
    let (cluster, services) = match (&rotate.cluster, estate.deployments()) {
        (Some(cluster), Some((known, services))) if cluster == known => (cluster.clone(), services),
        (Some(cluster), _) => (cluster.clone(), Services::All),
        (None, Some((cluster, services))) => (cluster.to_owned(), services),
        (None, None) => {
            return Err(problem(
                "rotate.cluster is missing: name the cluster".to_owned(),
            ));
        }
    };
    Ok(Some(Rotator {
        name: name.to_owned(),
        rotate: rotate.clone(),
        cluster,
        services,
        window: hours.hours,
        zone: hours.zone,
        language: company.language,
    }))
}

#[cfg(test)]
mod tests;
