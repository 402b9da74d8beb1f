//! Writing secrets: a new version is `AWSCURRENT` unless another stage is said, and then the one before
//! is `AWSPREVIOUS`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{Actor, CURRENT, PREVIOUS, Secret, Version, arn, living, pairs, secret_mut};
use crate::{
    call::{Call, Fault, Outcome, Tags},
    world::{What, World},
};

/// How many versions without a stage are kept.
// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html
const DEPRECATED: usize = 100;

fn invalid(message: impl Into<String>) -> Fault {
    Fault::client("InvalidParameterException", message)
}

/// The value of a call: a text or bytes, not both.
fn given(call: &Call) -> Result<Option<Value>, Fault> {
    let (text, bytes) = (call.text("SecretString"), call.text("SecretBinary"));
    match (text, bytes) {
        (Some(_), Some(_)) => Err(invalid(
            "You can't specify both a binary secret value and a string secret value in the same secret.",
        )),
        (Some(text), None) => Ok(Some(json!({ "SecretString": text }))),
        (None, Some(bytes)) => Ok(Some(json!({ "SecretBinary": bytes }))),
        (None, None) => Ok(None),
    }
}

fn fresh(world: &World, tags: Tags) -> Secret {
    Secret {
        description: None,
        tags,
        versions: BTreeMap::new(),
        created_at: world.now,
        changed_at: world.now,
        rotated_at: None,
        deleted_at: None,
        rotation: None,
    }
}

fn version_id(world: &mut World) -> String {
    [8, 4, 4, 4, 12].map(|digits| world.id(digits)).join("-")
}

/// Puts a stage on a version and takes it from the one that has it.
fn stage(secret: &mut Secret, stage: &str, on: &str) {
    let had = secret.staged(stage).map(|(id, _)| id.clone());
    for version in secret.versions.values_mut() {
        version.stages.remove(stage);
    }
    if let Some(version) = secret.versions.get_mut(on) {
        version.stages.insert(stage.to_owned());
    }
    // Where AWSCURRENT moves, AWSPREVIOUS moves to the version that had it.
    // https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecretVersionStage.html
    if stage == CURRENT
        && let Some(had) = had.filter(|had| had != on)
    {
        for version in secret.versions.values_mut() {
            version.stages.remove(PREVIOUS);
        }
        if let Some(version) = secret.versions.get_mut(&had) {
            version.stages.insert(PREVIOUS.to_owned());
        }
    }
}

fn add(world: &mut World, name: &str, id: &str, value: Value, stages: &[String]) {
    let now = world.now;
    let Some(secret) = world.secrets.secrets.get_mut(name) else {
        return;
    };
    secret.versions.insert(
        id.to_owned(),
        Version {
            value,
            stages: BTreeSet::new(),
            created_at: now,
        },
    );
    secret.changed_at = now;
    for one in stages {
        stage(secret, one, id);
    }
    let unstaged = secret.versions.iter();
    let mut unstaged: Vec<_> = unstaged
        .filter(|(_, version)| version.stages.is_empty())
        .map(|(id, version)| (version.created_at, id.clone()))
        .collect();
    unstaged.sort();
    let many = unstaged.len().saturating_sub(DEPRECATED);
    for (_, id) in unstaged.into_iter().take(many) {
        secret.versions.remove(&id);
    }
}

pub(super) fn put_text(world: &mut World, by: &Actor, name: &str, text: &str) {
    let there = world.secrets.secrets.contains_key(name);
    if !there {
        let secret = fresh(world, Tags::new());
        world.secrets.secrets.insert(name.to_owned(), secret);
    }
    let id = version_id(world);
    let value = json!({ "SecretString": text });
    add(world, name, &id, value, &[CURRENT.to_owned()]);
    let what = if there { What::Written } else { What::Created };
    world.note(by, arn(world, name), what);
}

/// <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html>
pub(super) fn create(world: &mut World, call: &Call) -> Outcome {
    let name = call.text("Name").unwrap_or_default().to_owned();
    let fits = |letter: char| letter.is_ascii_alphanumeric() || "/_+=.@-".contains(letter);
    if name.is_empty() || name.len() > 512 || !name.chars().all(fits) {
        return Err(Fault::client(
            "ValidationException",
            "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!",
        ));
    }
    if let Some(there) = world.secrets.secrets.get(&name) {
        return Err(if there.deleted_at.is_some() {
            Fault::client(
                "InvalidRequestException",
                "You can't create this secret because a secret with this name is already scheduled for deletion.",
            )
        } else {
            Fault::client(
                "ResourceExistsException",
                format!("The operation failed because the secret {name} already exists."),
            )
        });
    }
    let value = given(call)?;
    let mut secret = fresh(world, pairs(call));
    secret.description = call.text("Description").map(ToOwned::to_owned);
    world.secrets.secrets.insert(name.clone(), secret);
    world.note(&call.actor, arn(world, &name), What::Created);
    let mut answer = json!({ "ARN": arn(world, &name), "Name": name });
    if let Some(value) = value {
        let id = token(world, call);
        add(world, &name, &id, value, &[CURRENT.to_owned()]);
        answer["VersionId"] = id.into();
    }
    Ok(answer)
}

/// The id of a new version: the client's token.
fn token(world: &mut World, call: &Call) -> String {
    match call.text("ClientRequestToken") {
        Some(token) => token.to_owned(),
        None => version_id(world),
    }
}

/// The same token with the same value does nothing, with another value it is refused.
/// <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html>
pub(super) fn put_value(world: &mut World, call: &Call) -> Outcome {
    let (name, _) = living(world, call)?;
    let value = given(call)?;
    let value =
        value.ok_or_else(|| invalid("You must provide either SecretString or SecretBinary."))?;
    let id = token(world, call);
    let mut stages = call.texts("VersionStages");
    if stages.is_empty() {
        stages.push(CURRENT.to_owned());
    }
    let there = world.secrets.secrets.get(&name);
    match there.and_then(|there| there.versions.get(&id)) {
        // A rotation prepares its version without a value and fills it in later.
        Some(version) if !version.value.is_null() && version.value != value => {
            return Err(Fault::client(
                "ResourceExistsException",
                format!(
                    "You can't use ClientRequestToken {id} because that value is already in use for a version of secret {}.",
                    arn(world, &name)
                ),
            ));
        }
        Some(version) if version.value == value => {}
        _ => {
            add(world, &name, &id, value, &stages);
            world.note(&call.actor, arn(world, &name), What::Written);
        }
    }
    let there = world.secrets.secrets.get(&name);
    let version = there.and_then(|there| there.versions.get(&id));
    let stages = version.map(|version| version.stages.clone());
    Ok(json!({
        "ARN": arn(world, &name),
        "Name": name,
        "VersionId": id,
        "VersionStages": stages.unwrap_or_default(),
    }))
}

/// A stage that is on another version must be taken from there by name.
/// <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecretVersionStage.html>
pub(super) fn move_stage(world: &mut World, call: &Call) -> Outcome {
    let (from, to) = (
        call.text("RemoveFromVersionId"),
        call.text("MoveToVersionId"),
    );
    let given = call.text("VersionStage").unwrap_or_default().to_owned();
    let now = world.now;
    let (name, secret) = living(world, call)?;
    let has = secret.staged(&given).map(|(id, _)| id.clone());
    if let Some(has) = &has
        && from != Some(has.as_str())
        && to != Some(has.as_str())
    {
        return Err(invalid(format!(
            "The parameter RemoveFromVersionId can't be empty. Staging label {given} is currently attached to version {has}, so you must explicitly reference that version in RemoveFromVersionId."
        )));
    }
    if from.is_some() && from != has.as_deref() {
        return Err(invalid(format!(
            "The staging label {given} isn't attached to the version in RemoveFromVersionId."
        )));
    }
    match to {
        Some(to) => {
            if !secret.versions.contains_key(to) {
                return Err(Fault::client(
                    "ResourceNotFoundException",
                    "Secrets Manager can't find the specified secret version.",
                ));
            }
            stage(secret, &given, to);
            if given == CURRENT && secret.rotation.is_some() {
                secret.rotated_at = Some(now);
            }
        }
        None if given == CURRENT => {
            return Err(invalid(
                "You can only move staging label AWSCURRENT to a different secret version. It can't be completely removed.",
            ));
        }
        None => {
            for version in secret.versions.values_mut() {
                version.stages.remove(&given);
            }
        }
    }
    secret.changed_at = now;
    world.note(&call.actor, arn(world, &name), What::Written);
    Ok(json!({ "ARN": arn(world, &name), "Name": name }))
}

pub(super) fn mark_deleted(world: &mut World, by: &Actor, name: &str) {
    let now = world.now;
    let arn = arn(world, name);
    if let Some(secret) = world.secrets.secrets.get_mut(name) {
        secret.deleted_at = Some(now);
        world.note(by, arn, What::Deleted);
    }
}

/// <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DeleteSecret.html>
pub(super) fn delete(world: &mut World, call: &Call) -> Outcome {
    let (name, _) = living(world, call)?;
    let answer = json!({
        "ARN": arn(world, &name),
        "Name": name,
        "DeletionDate": world.now.as_second(),
    });
    if call.truth("ForceDeleteWithoutRecovery") == Some(true) {
        world.note(&call.actor, arn(world, &name), What::Deleted);
        world.secrets.secrets.remove(&name);
    } else {
        mark_deleted(world, &call.actor, &name);
    }
    Ok(answer)
}

/// <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RestoreSecret.html>
pub(super) fn restore(world: &mut World, call: &Call) -> Outcome {
    let (name, secret) = secret_mut(world, call)?;
    secret.deleted_at = None;
    world.note(&call.actor, arn(world, &name), What::Created);
    Ok(json!({ "ARN": arn(world, &name), "Name": name }))
}

/// <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_TagResource.html>
pub(super) fn tag(world: &mut World, call: &Call) -> Outcome {
    let (_, secret) = living(world, call)?;
    secret.tags.extend(pairs(call));
    Ok(json!({}))
}

pub(super) fn untag(world: &mut World, call: &Call) -> Outcome {
    let keys = call.texts("TagKeys");
    let (_, secret) = living(world, call)?;
    secret.tags.retain(|key, _| !keys.contains(key));
    Ok(json!({}))
}
