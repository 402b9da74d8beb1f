//! Where secrets lie: a parameter, a secret of Secrets Manager, or one key of a JSON object in either.
//! What AWS says of a call that carried a value is never repeated: it may quote it.

mod parameter;
mod secrets_manager;

use std::collections::BTreeMap;

use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use nightshift::{
    aws::{failure::failure, pace::SIDE_BY_SIDE},
    config::{Secret as Described, SecretName, SecretStore},
    kind::Arn,
    ledger::rotation::{Published, Secret},
    report::Failure,
};

use crate::{
    context::Context,
    value::{
        Value,
        json::{self, JsonError},
    },
};

/// The label of the version that is in use.
pub const CURRENT: &str = "nightshift-current";
/// The label of the version that was in use before.
pub const PREVIOUS: &str = "nightshift-previous";

/// What stands for AWS's own words where they may quote a value.
const UNSAID: &str = "AWS refused it; its own words are left out, since they may quote the value";

/// Where a secret lies.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Of what kind.
    pub store: SecretStore,
    /// The name of the parameter or of the secret.
    pub name: String,
    /// The key of its JSON object.
    pub key: Option<String>,
}

/// The newest version of a secret, without its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Newest {
    /// The parameter or the secret, with `#` and the key behind it.
    pub arn: Arn,
    /// SSM's number or Secrets Manager's id of the version.
    pub version: String,
    /// When it was written.
    pub at: Timestamp,
    /// When anything of the secret changed last, where that may be later: a stage that moved.
    pub changed: Timestamp,
    /// Who wrote it; none where AWS does not tell.
    pub by: Option<String>,
    /// The value of the tag that consents.
    pub tag: Option<String>,
}

/// What the versions before the newest one tell of its value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traced {
    /// The version that brought the value, where that is another one than the newest: the same was written
    /// again since, or another key of the text.
    pub first: Option<Written>,
    /// The newest version before that one which holds the value too: it is one that came back.
    pub older: Option<String>,
}

/// A version, without its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Which.
    pub version: String,
    /// When it was written.
    pub at: Timestamp,
    /// Who wrote it; none where AWS does not tell.
    pub by: Option<String>,
}

impl Traced {
    /// Takes note of the next version before those that were noted, and whether it holds the value;
    /// nothing is looked for before what was known at `since`. Whether there is more to be told.
    fn note(&mut self, one: Written, holds: bool, ended: &mut bool, since: Timestamp) -> bool {
        *ended |= !holds || one.at <= since;
        match (holds, *ended) {
            (true, true) => self.older = Some(one.version),
            (true, false) => self.first = Some(one),
            (false, _) => {}
        }
        self.older.is_none()
    }
}

/// A version with its value: the whole text, of which a key's value is a part.
#[derive(Debug)]
pub struct Version {
    /// Which.
    pub id: String,
    text: Value,
}

impl Place {
    /// Where a secret of the document lies, or one that only the ledger knows.
    #[must_use]
    pub fn of(name: &SecretName, described: Option<&Described>, entry: Option<&Secret>) -> Self {
        let store = match (described, entry) {
            (Some(described), _) => described.store(name),
            (None, Some(entry)) if entry.arn.as_str().contains(":secretsmanager:") => {
                SecretStore::SecretsManager
            }
            (None, Some(_)) => SecretStore::Parameter,
            (None, None) => SecretStore::of(&name.name),
        };
        Self {
            store,
            name: name.name.clone(),
            key: name.key.clone(),
        }
    }

    /// Where a credential lies that a document only names: an admin's, or a copy.
    #[must_use]
    pub fn named(text: &str) -> Self {
        let (name, key) = text
            .split_once('#')
            .map_or((text, None), |(name, key)| (name, Some(key.to_owned())));
        Self {
            store: SecretStore::of(name),
            name: name.to_owned(),
            key,
        }
    }

    fn arn(&self, whole: &str) -> Arn {
        match &self.key {
            Some(key) => Arn::new(format!("{whole}#{key}")),
            None => Arn::new(whole),
        }
    }

    pub(crate) fn failure(&self, action: &str, code: &str, message: impl Into<String>) -> Failure {
        Failure {
            resource: self.name.clone(),
            action: action.to_owned(),
            code: code.to_owned(),
            message: message.into(),
            denied: false,
        }
    }
}

impl Version {
    /// The secret: the whole text, or what stands under the key.
    ///
    /// # Errors
    /// When the text is no JSON object with a string under this key.
    pub fn value(&self, place: &Place) -> Result<Value, Failure> {
        match &place.key {
            Some(key) => json::read(&self.text, key).map_err(|error| bad_json(place, &error)),
            None => Ok(copy(&self.text)),
        }
    }

    /// The text in which the secret is replaced, and nothing else.
    ///
    /// # Errors
    /// As for [`Self::value`].
    pub fn with(&self, place: &Place, value: &Value) -> Result<Value, Failure> {
        match &place.key {
            Some(key) => {
                json::replaced(&self.text, key, value).map_err(|error| bad_json(place, &error))
            }
            None => Ok(copy(value)),
        }
    }
}

fn copy(value: &Value) -> Value {
    Value::new(value.expose().to_owned())
}

fn bad_json(place: &Place, error: &JsonError) -> Failure {
    place.failure("read", "json", error.to_string())
}

/// The newest versions of these secrets, without their values; none of what is not there.
pub async fn newest(
    context: &Context<'_>,
    places: &[Place],
) -> BTreeMap<Place, Result<Option<Newest>, Failure>> {
    let (parameters, secrets): (Vec<&Place>, Vec<&Place>) = places
        .iter()
        .partition(|place| place.store == SecretStore::Parameter);
    let names = parameters.iter().map(|place| place.name.clone()).collect();
    let described = parameter::describe(context, names);
    let secrets = stream::iter(secrets)
        .map(|place| async move { (place.clone(), secrets_manager::newest(context, place).await) })
        .buffered(SIDE_BY_SIDE)
        .collect::<Vec<_>>();
    let (described, secrets) = tokio::join!(described, secrets);
    let described = &described;
    let parameters: Vec<_> = stream::iter(parameters)
        .map(|place| async move {
            let newest = match described {
                Ok(described) => parameter::newest(context, place, described).await,
                Err(failure) => Err(failure.clone()),
            };
            (place.clone(), newest)
        })
        .buffered(SIDE_BY_SIDE)
        .collect()
        .await;
    parameters.into_iter().chain(secrets).collect()
}

/// A version with its value; the newest one where none is named.
///
/// # Errors
/// When it cannot be read.
pub async fn read(
    context: &Context<'_>,
    place: &Place,
    version: Option<&str>,
) -> Result<Version, Failure> {
    match place.store {
        SecretStore::Parameter => parameter::read(context, place, version).await,
        SecretStore::SecretsManager => secrets_manager::read(context, place, version).await,
    }
}

/// What is told of the newest version's value by those before it, where another one is known to be in
/// use.
///
/// # Errors
/// When the history cannot be read.
pub async fn trace(
    context: &Context<'_>,
    place: &Place,
    newest: &str,
    known: &Published,
    value: &Value,
) -> Result<Traced, Failure> {
    match place.store {
        SecretStore::Parameter => parameter::trace(context, place, newest, known, value).await,
        SecretStore::SecretsManager => {
            secrets_manager::trace(context, place, newest, known, value).await
        }
    }
}

/// Writes a text as the newest version; answers which that is. In Secrets Manager the token is the
/// version's id, so that writing twice writes once.
///
/// # Errors
/// When it is refused, without AWS's own words.
pub async fn put(
    context: &Context<'_>,
    place: &Place,
    text: &Value,
    token: &str,
) -> Result<String, Failure> {
    match place.store {
        SecretStore::Parameter => parameter::put(context, place, text).await,
        SecretStore::SecretsManager => secrets_manager::put(context, place, text, token).await,
    }
}

/// Moves a label to a version; Secrets Manager moves its stages by itself.
///
/// # Errors
/// When SSM refuses, or takes it for no label.
pub async fn label(
    context: &Context<'_>,
    place: &Place,
    version: &str,
    label: &str,
) -> Result<(), Failure> {
    match place.store {
        SecretStore::Parameter => parameter::label(context, place, version, label).await,
        SecretStore::SecretsManager => Ok(()),
    }
}

/// What a store says of itself alone, and never of a value.
const PLAIN: [&str; 6] = [
    "ParameterNotFound",
    "ParameterVersionNotFound",
    "ParameterMaxVersionLimitExceeded",
    "ResourceNotFoundException",
    "ThrottlingException",
    "TooManyUpdates",
];

/// A failure of a call that carried a value, or was to bring one. Only with these codes AWS's own words
/// are shown.
pub(crate) fn sealed<E, R>(
    place: &Place,
    action: &str,
    error: &SdkError<E, R>,
    plain: &[&str],
) -> Failure
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: std::fmt::Debug,
{
    let mut failure = failure(place.name.clone(), action, error);
    let code = failure.code.as_str();
    let is_plain = failure.denied || matches!(code, "timeout" | "network") || plain.contains(&code);
    if !is_plain {
        UNSAID.clone_into(&mut failure.message);
    }
    failure
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What versions before the newest one tell, the newest first: when they were written, and whether
    /// they hold its value.
    fn traced(versions: &[(i64, bool)]) -> (Option<i64>, Option<String>) {
        let (mut traced, mut ended) = (Traced::default(), false);
        let since = Timestamp::from_second(100).unwrap();
        for (second, holds) in versions {
            let written = Written {
                version: second.to_string(),
                at: Timestamp::from_second(*second).unwrap(),
                by: None,
            };
            if !traced.note(written, *holds, &mut ended, since) {
                break;
            }
        }
        let first = traced.first.map(|first| first.at.as_second());
        (first, traced.older)
    }

    #[test]
    fn a_value_came_with_the_first_of_the_versions_that_hold_it_in_a_row() {
        let older = |id: &str| Some(id.to_owned());
        for (versions, expected) in [
            (&[][..], (None, None)),
            (&[(100, false)][..], (None, None)),
            (&[(120, true), (110, true), (100, false)], (Some(110), None)),
            (
                &[(120, true), (100, false), (90, true)],
                (Some(120), older("90")),
            ),
            (
                &[(120, false), (110, true), (90, true)],
                (None, older("110")),
            ),
            // The version in use is gone: what is from before it came back.
            (
                &[(120, true), (90, true), (80, true)],
                (Some(120), older("90")),
            ),
            (&[(90, true)], (None, older("90"))),
        ] {
            assert_eq!(traced(versions), expected, "{versions:?}");
        }
    }
}
