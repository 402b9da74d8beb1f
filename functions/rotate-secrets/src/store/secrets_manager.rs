//! Secrets Manager: a version is an id, and the newest is the one with the stage `AWSCURRENT`. Who
//! wrote it is told to nobody.

use aws_sdk_secretsmanager::{
    operation::describe_secret::DescribeSecretError, types::SecretVersionsListEntry,
};
use jiff::Timestamp;
use nightshift::{
    aws::failure::failure, kind::ROTATE_TAG, ledger::rotation::Published, report::Failure,
    timestamp::from_aws,
};

use super::{Newest, PLAIN, Place, Traced, Version, Written, sealed};
use crate::{context::Context, value::Value};

const STAGE: &str = "AWSCURRENT";

/// So many older versions are compared at most, the newest first: each costs a call.
const HISTORY: usize = 20;

pub(super) async fn newest(
    context: &Context<'_>,
    place: &Place,
) -> Result<Option<Newest>, Failure> {
    let action = "secretsmanager:DescribeSecret";
    let answer = context
        .function
        .secrets()
        .describe_secret()
        .secret_id(&place.name)
        .send()
        .await;
    let answer = match answer {
        Ok(answer) if answer.deleted_date.is_some() => return Ok(None),
        Ok(answer) => answer,
        Err(error)
            if error
                .as_service_error()
                .is_some_and(DescribeSecretError::is_resource_not_found_exception) =>
        {
            return Ok(None);
        }
        Err(error) => return Err(failure(&place.name, action, &error)),
    };
    let stages = answer.version_ids_to_stages.unwrap_or_default();
    let mut stages = stages.into_iter();
    let current = stages.find(|(_, stages)| stages.iter().any(|stage| stage == STAGE));
    let (Some((version, _)), Some(arn)) = (current, answer.arn) else {
        return Ok(None);
    };
    let versions = versions(context, place).await?;
    let mut versions = versions.iter();
    let written = versions.find(|one| one.version_id.as_deref() == Some(version.as_str()));
    let written = written.and_then(|one| from_aws(one.created_date.as_ref()?));
    let changed = answer.last_changed_date.as_ref().and_then(from_aws);
    let at = written.or(changed).unwrap_or(Timestamp::UNIX_EPOCH);
    let mut tags = answer.tags.unwrap_or_default().into_iter();
    Ok(Some(Newest {
        arn: place.arn(&arn),
        version,
        at,
        changed: changed.map_or(at, |changed| changed.max(at)),
        by: None,
        tag: tags
            .find(|tag| tag.key.as_deref() == Some(ROTATE_TAG))
            .and_then(|tag| tag.value),
    }))
}

async fn versions(
    context: &Context<'_>,
    place: &Place,
) -> Result<Vec<SecretVersionsListEntry>, Failure> {
    let mut versions = Vec::new();
    let mut next = None;
    loop {
        let page = context
            .function
            .secrets()
            .list_secret_version_ids()
            .secret_id(&place.name)
            .include_deprecated(true)
            .max_results(100)
            .set_next_token(next)
            .send()
            .await
            .map_err(|error| failure(&place.name, "secretsmanager:ListSecretVersionIds", &error))?;
        versions.extend(page.versions.unwrap_or_default());
        next = page.next_token.filter(|token| !token.is_empty());
        if next.is_none() {
            return Ok(versions);
        }
    }
}

pub(super) async fn read(
    context: &Context<'_>,
    place: &Place,
    version: Option<&str>,
) -> Result<Version, Failure> {
    let action = "secretsmanager:GetSecretValue";
    let answer = context
        .function
        .secrets()
        .get_secret_value()
        .secret_id(&place.name)
        .set_version_id(version.map(str::to_owned))
        .send()
        .await
        .map_err(|error| sealed(place, action, &error, &PLAIN))?;
    match (answer.version_id, answer.secret_string) {
        (Some(id), Some(text)) => Ok(Version {
            id,
            text: Value::new(text),
        }),
        _ => Err(place.failure(
            action,
            "binary",
            "the secret is no text: keep it as a string, so that it can be replaced",
        )),
    }
}

pub(super) async fn trace(
    context: &Context<'_>,
    place: &Place,
    newest: &str,
    known: &Published,
    value: &Value,
) -> Result<Traced, Failure> {
    let versions = versions(context, place).await?;
    let written = versions.iter().filter_map(|one| {
        let at = one.created_date.as_ref().and_then(from_aws)?;
        let version = one.version_id.clone()?;
        Some(Written {
            version,
            at,
            by: None,
        })
    });
    let mut written: Vec<Written> = written.collect();
    written.sort_by_key(|one| std::cmp::Reverse(one.at));
    let place_of = |id: &str| written.iter().position(|one| one.version == id);
    let begin = place_of(newest).map_or(0, |at| at + 1);
    if place_of(&known.version).is_some_and(|at| at + 1 < begin) {
        // The stage was moved back to it.
        return Ok(Traced {
            first: None,
            older: Some(newest.to_owned()),
        });
    }
    let (mut traced, mut ended) = (Traced::default(), false);
    for one in written.into_iter().skip(begin).take(HISTORY) {
        let holds = match read(context, place, Some(&one.version)).await {
            Ok(version) => version.value(place).is_ok_and(|older| older == *value),
            // A version that a rotation has only prepared has no value.
            Err(failure) if failure.code == "ResourceNotFoundException" => continue,
            Err(failure) => return Err(failure),
        };
        if !traced.note(one, holds, &mut ended, known.at) {
            break;
        }
    }
    Ok(traced)
}

/// <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html>
pub(super) async fn put(
    context: &Context<'_>,
    place: &Place,
    text: &Value,
    token: &str,
) -> Result<String, Failure> {
    let action = "secretsmanager:PutSecretValue";
    let answer = context
        .function
        .secrets()
        .put_secret_value()
        .secret_id(&place.name)
        .secret_string(text.expose())
        .client_request_token(token)
        .send()
        .await
        .map_err(|error| sealed(place, action, &error, &PLAIN))?;
    let id = answer.version_id;
    id.ok_or_else(|| place.failure(action, "response", "Secrets Manager names no version"))
}
