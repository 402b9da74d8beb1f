//! Reading secrets, their versions and values.

use serde_json::{Map, Value, json};

use super::{CURRENT, PREVIOUS, Secret, Version, arn, secret, told};
use crate::{
    call::{Call, Fault, Outcome},
    world::World,
};

fn described(world: &World, name: &str, secret: &Secret) -> Value {
    let stages: Map<String, Value> = secret
        .versions
        .iter()
        .filter(|(_, version)| !version.stages.is_empty())
        .map(|(id, version)| (id.clone(), json!(version.stages)))
        .collect();
    let mut shown = json!({
        "ARN": arn(world, name),
        "Name": name,
        "CreatedDate": secret.created_at.as_second(),
        "LastChangedDate": secret.changed_at.as_second(),
        "RotationEnabled": secret.rotation.is_some(),
        "Tags": told(&secret.tags),
        "VersionIdsToStages": stages,
    });
    if let Some(description) = &secret.description {
        shown["Description"] = description.as_str().into();
    }
    if let Some(at) = secret.rotated_at {
        shown["LastRotatedDate"] = at.as_second().into();
    }
    if let Some(at) = secret.deleted_at {
        shown["DeletedDate"] = at.as_second().into();
    }
    shown
}

/// Also of a secret that is to be deleted.
/// <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DescribeSecret.html>
pub(super) fn describe(world: &World, call: &Call) -> Outcome {
    let (name, secret) = secret(world, call)?;
    Ok(described(world, &name, secret))
}

/// By stage, by id, or by both, which must then agree; the current one unless anything is said.
/// <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html>
pub(super) fn value(world: &World, call: &Call) -> Outcome {
    let (name, secret) = secret(world, call)?;
    if secret.deleted_at.is_some() {
        return Err(Fault::client(
            "InvalidRequestException",
            "You can't perform this operation on the secret because it was marked for deletion.",
        ));
    }
    let (id, stage) = (call.text("VersionId"), call.text("VersionStage"));
    let found: Option<(&String, &Version)> = match id {
        Some(id) => secret.versions.get_key_value(id),
        None => secret.staged(stage.unwrap_or(CURRENT)),
    };
    let is_late = |version: &Version| world.now < version.created_at + world.secrets.late;
    let found = match found {
        Some((_, version)) if id.is_none() && stage.is_none() && is_late(version) => {
            secret.staged(PREVIOUS).or(found)
        }
        found => found,
    };
    let fits = |version: &Version| stage.is_none_or(|stage| version.stages.contains(stage));
    let found = found.filter(|(_, version)| fits(version));
    let (id, version) = found.ok_or_else(|| {
        let which = match (id, stage) {
            (Some(id), _) => format!("VersionId: {id}"),
            (None, stage) => format!("staging label: {}", stage.unwrap_or(CURRENT)),
        };
        Fault::client(
            "ResourceNotFoundException",
            format!("Secrets Manager can't find the specified secret value for {which}"),
        )
    })?;
    let mut shown = json!({
        "ARN": arn(world, &name),
        "Name": name,
        "VersionId": id,
        "VersionStages": version.stages,
        "CreatedDate": version.created_at.as_second(),
    });
    for (part, value) in version.value.as_object().into_iter().flatten() {
        shown[part] = value.clone();
    }
    Ok(shown)
}

/// One page of a list, and the token of the next.
fn paged(call: &Call, name: &str, all: Vec<Value>) -> Outcome {
    let size = call.number("MaxResults").unwrap_or(100);
    if !(1..=100).contains(&size) {
        return Err(Fault::client(
            "InvalidParameterException",
            "MaxResults must be between 1 and 100.",
        ));
    }
    let size = usize::try_from(size).unwrap_or(100);
    let from = match call.text("NextToken") {
        None => 0,
        Some(token) => {
            let place = token.strip_prefix("page-").and_then(|at| at.parse().ok());
            place.ok_or_else(|| {
                Fault::client(
                    "InvalidNextTokenException",
                    "The NextToken value is invalid.",
                )
            })?
        }
    };
    let next = size.saturating_add(from);
    let more = next < all.len();
    let mut answer = json!({});
    answer[name] = all.into_iter().skip(from).take(size).collect();
    if more {
        answer["NextToken"] = format!("page-{next}").into();
    }
    Ok(answer)
}

/// Versions without a stage are left out unless they are asked for.
/// <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_ListSecretVersionIds.html>
pub(super) fn versions(world: &World, call: &Call) -> Outcome {
    let (name, secret) = secret(world, call)?;
    let all = call.truth("IncludeDeprecated") == Some(true);
    let asked = secret.versions.iter();
    let asked = asked.filter(|(_, version)| all || !version.stages.is_empty());
    let shown = asked.map(|(id, version)| {
        json!({
            "VersionId": id,
            "VersionStages": version.stages,
            "CreatedDate": version.created_at.as_second(),
        })
    });
    let mut answer = paged(call, "Versions", shown.collect())?;
    answer["ARN"] = arn(world, &name).into();
    answer["Name"] = name.into();
    Ok(answer)
}

/// <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_ListSecrets.html>
pub(super) fn list(world: &World, call: &Call) -> Outcome {
    let secrets = world.secrets.secrets.iter();
    let there = secrets.filter(|(_, secret)| secret.deleted_at.is_none());
    let shown = there.map(|(name, secret)| {
        let mut shown = described(world, name, secret);
        if let Some(members) = shown.as_object_mut()
            && let Some(stages) = members.remove("VersionIdsToStages")
        {
            members.insert("SecretVersionsToStages".to_owned(), stages);
        }
        shown
    });
    paged(call, "SecretList", shown.collect())
}
