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
    ledger::rotation::Secret,
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

/// The newest of the older versions that holds a value, if one does.
///
/// # Errors
/// When the history cannot be read.
pub async fn older_with(
    context: &Context<'_>,
    place: &Place,
    newest: &str,
    value: &Value,
) -> Result<Option<String>, Failure> {
    match place.store {
        SecretStore::Parameter => parameter::older_with(context, place, newest, value).await,
        SecretStore::SecretsManager => {
            secrets_manager::older_with(context, place, newest, value).await
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
