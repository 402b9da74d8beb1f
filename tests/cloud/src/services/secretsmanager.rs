//! Secrets Manager: versions of a secret with stages that move between them, `AWSCURRENT` first of all.

mod read;
mod write;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::{
    call::{Actor, Call, Demand, Fault, Outcome, Tags},
    hash,
    rates::Bucket,
    services::{Protocol, Service, unknown_operation},
    world::{ACCOUNT, REGION, World},
};

/// The service.
pub const SERVICE: SecretsService = SecretsService;

/// The service.
#[derive(Clone, Copy, Debug)]
pub struct SecretsService;

const CURRENT: &str = "AWSCURRENT";
const PREVIOUS: &str = "AWSPREVIOUS";

/// Its state.
#[derive(Clone, Debug, Default)]
pub struct Secrets {
    /// By their names.
    secrets: BTreeMap<String, Secret>,
    /// For so long after a write its value is read by its version's id alone.
    late: SignedDuration,
}

#[derive(Clone, Debug)]
struct Secret {
    description: Option<String>,
    tags: Tags,
    /// By their ids.
    versions: BTreeMap<String, Version>,
    created_at: Timestamp,
    changed_at: Timestamp,
    rotated_at: Option<Timestamp>,
    /// When it was deleted: until it is gone it can be restored.
    deleted_at: Option<Timestamp>,
    /// The rotation, as it was set up.
    rotation: Option<Value>,
}

#[derive(Clone, Debug)]
struct Version {
    value: Value,
    stages: BTreeSet<String>,
    created_at: Timestamp,
}

impl Secret {
    fn staged(&self, stage: &str) -> Option<(&String, &Version)> {
        let mut versions = self.versions.iter();
        versions.find(|(_, version)| version.stages.contains(stage))
    }
}

/// What a task finds where its definition says `valueFrom`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::services) enum Seen {
    /// The secret.
    There,
    /// No such secret, version or stage.
    Missing,
    /// A secret whose JSON has no such key.
    NoKey(String),
}

const PREFIX: &str = "arn:aws:secretsmanager:";

/// Whether this names a secret, and not a parameter.
pub(in crate::services) fn is_arn(given: &str) -> bool {
    given.starts_with(PREFIX)
}

/// The ARN of a secret: six characters follow its name, so that one that is made anew has another.
#[must_use]
pub fn arn(world: &World, name: &str) -> String {
    let there = world.secrets.secrets.get(name);
    let since = there.map_or(0, |there| there.created_at.as_millisecond());
    arn_of(name, since)
}

fn arn_of(name: &str, since: i64) -> String {
    const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let letter = |place| {
        let number = hash::number(hash::text(name) ^ since.cast_unsigned(), 17, place) % 62;
        let letter = usize::try_from(number).ok().and_then(|at| LETTERS.get(at));
        letter.copied().map_or('x', char::from)
    };
    let suffix: String = (0..6).map(letter).collect();
    format!("{PREFIX}{REGION}:{ACCOUNT}:secret:{name}-{suffix}")
}

/// An ARN of a task definition without the JSON key, stage and version behind it.
// arn:aws:secretsmanager:region:aws_account_id:secret:secret-name:json-key:version-stage:version-id
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html
pub(in crate::services) fn without_key(given: &str) -> &str {
    let end = given.match_indices(':').nth(6).map(|(at, _)| at);
    end.and_then(|end| given.get(..end)).unwrap_or(given)
}

/// The name that is meant by a name, an ARN, or an ARN without its last six characters.
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/troubleshoot.html#ARN_secretnamehyphen
fn name_of(world: &World, given: &str) -> Option<String> {
    let secrets = &world.secrets.secrets;
    let Some(rest) = given.strip_prefix(&format!("{PREFIX}{REGION}:{ACCOUNT}:secret:")) else {
        return secrets.contains_key(given).then(|| given.to_owned());
    };
    let mut names = secrets.iter();
    names
        .find(|(name, secret)| {
            name.as_str() == rest || arn_of(name, secret.created_at.as_millisecond()) == given
        })
        .map(|(name, _)| name.clone())
}

/// Looks for what a task definition says.
pub(in crate::services) fn look(world: &World, given: &str) -> Seen {
    let arn = without_key(given);
    let rest = given.strip_prefix(arn).unwrap_or_default();
    let mut parts = rest.trim_start_matches(':').split(':');
    let mut part = || parts.next().filter(|part| !part.is_empty());
    let (key, stage, id) = (part(), part(), part());
    let name = name_of(world, arn);
    let secret = name.and_then(|name| world.secrets.secrets.get(&name));
    let secret = secret.filter(|secret| secret.deleted_at.is_none());
    let version = secret.and_then(|secret| match id {
        Some(id) => secret.versions.get(id),
        None => secret
            .staged(stage.unwrap_or(CURRENT))
            .map(|(_, version)| version),
    });
    let Some(version) = version else {
        return Seen::Missing;
    };
    let Some(key) = key else {
        return Seen::There;
    };
    let text = version.value["SecretString"].as_str().unwrap_or_default();
    let json: Value = serde_json::from_str(text).unwrap_or_default();
    if json.get(key).is_some() {
        Seen::There
    } else {
        Seen::NoKey(key.to_owned())
    }
}

/// Makes a secret with a text; answers its ARN. One that is there gets a new current version.
pub fn put(world: &mut World, by: &Actor, name: &str, text: &str) -> String {
    write::put_text(world, by, name, text);
    arn(world, name)
}

/// The text that is current.
#[must_use]
pub fn value<'a>(world: &'a World, name: &str) -> Option<&'a str> {
    let (_, version) = world.secrets.secrets.get(name)?.staged(CURRENT)?;
    version.value["SecretString"].as_str()
}

/// From now on who reads a value without its version's id gets the one before for so long after a write.
/// AWS does not say that a read shows the last write.
pub const fn answer_late(world: &mut World, by: SignedDuration) {
    world.secrets.late = by;
}

/// Deletes a secret.
pub fn delete(world: &mut World, by: &Actor, name: &str) {
    write::mark_deleted(world, by, name);
}

fn not_found() -> Fault {
    Fault::client(
        "ResourceNotFoundException",
        "Secrets Manager can't find the specified secret.",
    )
}

/// The name of the secret that a call is about.
fn asked(world: &World, call: &Call) -> Result<String, Fault> {
    name_of(world, call.text("SecretId").unwrap_or_default()).ok_or_else(not_found)
}

fn secret<'a>(world: &'a World, call: &Call) -> Result<(String, &'a Secret), Fault> {
    let name = asked(world, call)?;
    let secret = world.secrets.secrets.get(&name).ok_or_else(not_found)?;
    Ok((name, secret))
}

fn secret_mut<'a>(world: &'a mut World, call: &Call) -> Result<(String, &'a mut Secret), Fault> {
    let name = asked(world, call)?;
    let secret = world.secrets.secrets.get_mut(&name).ok_or_else(not_found)?;
    Ok((name, secret))
}

/// The same, but not of a secret that is to be deleted.
fn living<'a>(world: &'a mut World, call: &Call) -> Result<(String, &'a mut Secret), Fault> {
    let (name, secret) = secret_mut(world, call)?;
    if secret.deleted_at.is_some() {
        return Err(Fault::client(
            "InvalidRequestException",
            "You can't perform this operation on the secret because it was marked for deletion.",
        ));
    }
    Ok((name, secret))
}

impl Service for SecretsService {
    fn name(&self) -> &'static str {
        "secretsmanager"
    }

    fn protocol(&self) -> Protocol {
        Protocol::Json {
            target: "secretsmanager",
            version: "1.1",
        }
    }

    // https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html
    fn bucket(&self, operation: &str) -> Option<Bucket> {
        let (name, a_second) = match operation {
            "DescribeSecret" | "GetSecretValue" => ("secrets read", 10_000.0),
            "ListSecretVersionIds" => ("secrets list versions", 50.0),
            "ListSecrets" => ("secrets list", 100.0),
            "CreateSecret" => ("secrets create", 50.0),
            "PutSecretValue"
            | "UpdateSecretVersionStage"
            | "TagResource"
            | "UntagResource"
            | "DeleteSecret"
            | "RestoreSecret" => ("secrets change", 50.0),
            _ => return None,
        };
        Some(Bucket {
            name,
            burst: a_second,
            a_second,
        })
    }

    // https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html
    fn demands(&self, world: &World, call: &Call) -> Vec<Demand> {
        let action = format!("secretsmanager:{}", call.operation);
        let given = call.text("SecretId").or_else(|| call.text("Name"));
        let Some(given) = given else {
            return vec![Demand::new(action, "*", &Tags::new())];
        };
        let name = name_of(world, given);
        let there = name
            .as_ref()
            .and_then(|name| world.secrets.secrets.get(name));
        let tags = there.map(|there| there.tags.clone()).unwrap_or_default();
        let arn = match &name {
            Some(name) => arn(world, name),
            None if is_arn(given) => given.to_owned(),
            None => arn_of(given, 0),
        };
        vec![Demand::new(action, arn, &tags)]
    }

    fn answer(&self, world: &mut World, call: &Call) -> Outcome {
        match call.operation.as_str() {
            "CreateSecret" => write::create(world, call),
            "PutSecretValue" => write::put_value(world, call),
            "UpdateSecretVersionStage" => write::move_stage(world, call),
            "DeleteSecret" => write::delete(world, call),
            "RestoreSecret" => write::restore(world, call),
            "TagResource" => write::tag(world, call),
            "UntagResource" => write::untag(world, call),
            "DescribeSecret" => read::describe(world, call),
            "GetSecretValue" => read::value(world, call),
            "ListSecretVersionIds" => read::versions(world, call),
            "ListSecrets" => read::list(world, call),
            _ => Err(unknown_operation(self, call)),
        }
    }
}

fn pairs(call: &Call) -> Tags {
    let tags = call.input["Tags"].as_array().into_iter().flatten();
    let pairs = tags.filter_map(|tag| {
        let value = tag["Value"].as_str().unwrap_or_default();
        Some((tag["Key"].as_str()?.to_owned(), value.to_owned()))
    });
    pairs.collect()
}

fn told(tags: &Tags) -> Value {
    tags.iter()
        .map(|(key, value)| json!({ "Key": key, "Value": value }))
        .collect()
}

#[cfg(test)]
mod tests;
