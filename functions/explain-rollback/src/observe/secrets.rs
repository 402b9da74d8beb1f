//! When the secrets and parameters that the service reads were last changed, and by what kind of hand.
//! No value is ever read.

use std::collections::BTreeSet;

use aws_sdk_secretsmanager::operation::describe_secret::DescribeSecretError;
use aws_sdk_ssm::types::{ParameterMetadata, ParameterStringFilter};
use futures_util::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use nightshift::{
    aws::{failure::failure, pace::SIDE_BY_SIDE},
    report::{Failure, rollback::Changer},
};

use super::{at, parted};
use crate::{
    context::Context,
    snapshot::{SecretChange, Snapshot},
};

/// What was changed longer ago is no news.
const LATELY: SignedDuration = SignedDuration::from_hours(24);
/// `DescribeParameters` takes fifty names in a filter, and answers fifty at once.
/// <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_ParameterStringFilter.html>
const PARAMETERS_A_CALL: usize = 50;
/// So many secrets are looked up at most.
const SECRETS: usize = 20;
/// What the names of the roles and sessions of our own rotation contain.
const ROTATION: &str = "rotate-secrets";

/// What of the service's secrets was changed lately.
pub(super) async fn changes(
    context: &Context<'_>,
    snapshot: &Snapshot,
) -> (Vec<SecretChange>, Vec<Failure>) {
    let containers = snapshot.definitions.iter().flat_map(|it| &it.containers);
    let sources = containers.flat_map(|it| it.secrets.values());
    let (mut parameters, mut secrets) = (BTreeSet::new(), BTreeSet::new());
    for source in sources {
        match Source::of(source) {
            Source::Parameter(name) => parameters.insert(name),
            Source::Secret(arn) => secrets.insert(arn),
        };
    }
    let (of_parameters, of_secrets) = tokio::join!(
        parameters_changed(context, parameters.into_iter().collect()),
        secrets_changed(context, secrets),
    );
    let mut changes = of_parameters.0;
    changes.extend(of_secrets.0);
    let since = context
        .now()
        .saturating_sub(LATELY)
        .unwrap_or(Timestamp::MIN);
    changes.retain(|change| change.at >= since);
    let mut missing = of_parameters.1;
    missing.extend(of_secrets.1);
    (changes, missing)
}

/// Where a secret comes from.
#[derive(Debug, PartialEq, Eq)]
enum Source {
    /// A parameter, by name.
    Parameter(String),
    /// A secret of Secrets Manager, by ARN, which may be partial.
    Secret(String),
}

impl Source {
    /// `valueFrom`: a parameter's name or ARN, or a secret's ARN with
    /// `:json-key:version-stage:version-id` behind it.
    /// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html>
    fn of(value_from: &str) -> Self {
        let parts: Vec<&str> = value_from.splitn(8, ':').collect();
        match parts.as_slice() {
            ["arn", _, "secretsmanager", _, _, "secret", ..] => {
                let whole = parts.get(..7).unwrap_or(&parts);
                Self::Secret(whole.join(":"))
            }
            ["arn", _, "ssm", _, _, resource, ..] => {
                // Behind `parameter` stands the name with its slash, or a name without one.
                let name = resource.strip_prefix("parameter").unwrap_or(resource);
                let plain = name.strip_prefix('/').unwrap_or(name);
                let name = if plain.contains('/') { name } else { plain };
                Self::Parameter(name.to_owned())
            }
            _ => Self::Parameter(value_from.to_owned()),
        }
    }
}

async fn parameters_changed(
    context: &Context<'_>,
    names: Vec<String>,
) -> (Vec<SecretChange>, Vec<Failure>) {
    let batches = names.chunks(PARAMETERS_A_CALL).map(<[_]>::to_vec);
    let batches: Vec<Vec<String>> = batches.collect();
    let read: Vec<_> = stream::iter(batches)
        .map(|names| parameters(context, names))
        .buffered(1)
        .collect()
        .await;
    let (read, missing) = parted(read);
    (read.into_iter().flatten().collect(), missing)
}

async fn parameters(
    context: &Context<'_>,
    names: Vec<String>,
) -> Result<Vec<SecretChange>, Failure> {
    let first = names.first().cloned().unwrap_or_default();
    let filter = ParameterStringFilter::builder()
        .key("Name")
        .option("Equals")
        .set_values(Some(names))
        .build()
        .map_err(|error| Failure {
            resource: first.clone(),
            action: "ssm:DescribeParameters".to_owned(),
            code: "request".to_owned(),
            message: error.to_string(),
            denied: false,
        })?;
    let mut found = Vec::new();
    let mut next = None;
    loop {
        let page = context
            .function
            .ssm()
            .describe_parameters()
            .parameter_filters(filter.clone())
            .max_results(50)
            .set_next_token(next)
            .send()
            .await
            .map_err(|error| failure(&first, "ssm:DescribeParameters", &error))?;
        found.extend(page.parameters.unwrap_or_default());
        next = page.next_token.filter(|token| !token.is_empty());
        if next.is_none() {
            break;
        }
    }
    Ok(found.into_iter().filter_map(from_parameter).collect())
}

fn from_parameter(one: ParameterMetadata) -> Option<SecretChange> {
    let by = one.last_modified_user.unwrap_or_default();
    Some(SecretChange {
        name: one.name?,
        at: at(one.last_modified_date.as_ref())?,
        by: if by.contains(ROTATION) {
            Changer::Rotation
        } else {
            Changer::Other
        },
    })
}

async fn secrets_changed(
    context: &Context<'_>,
    arns: BTreeSet<String>,
) -> (Vec<SecretChange>, Vec<Failure>) {
    let read: Vec<_> = stream::iter(arns.into_iter().take(SECRETS))
        .map(|arn| secret(context, arn))
        .buffered(SIDE_BY_SIDE)
        .collect()
        .await;
    let (read, missing) = parted(read);
    (read.into_iter().flatten().collect(), missing)
}

async fn secret(context: &Context<'_>, arn: String) -> Result<Option<SecretChange>, Failure> {
    let answer = context
        .function
        .secrets()
        .describe_secret()
        .secret_id(&arn)
        .send()
        .await;
    let answer = match answer {
        Ok(answer) => answer,
        // That it is not there is what ECS says already.
        Err(error)
            if error
                .as_service_error()
                .is_some_and(DescribeSecretError::is_resource_not_found_exception) =>
        {
            return Ok(None);
        }
        Err(error) => return Err(failure(arn, "secretsmanager:DescribeSecret", &error)),
    };
    let changed = at(answer.last_changed_date.as_ref());
    Ok(changed.and_then(|at| {
        Some(SecretChange {
            name: answer.name?,
            at,
            by: Changer::Other,
        })
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_found_however_a_task_definition_names_it() {
        let parameter = |name: &str| Source::Parameter(name.to_owned());
        let secret = |arn: &str| Source::Secret(arn.to_owned());
        let manager = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret";
        let ssm = "arn:aws:ssm:ap-northeast-1:123456789012:parameter";
        for (value_from, wanted) in [
            ("/shop/URL".to_owned(), parameter("/shop/URL")),
            ("URL".to_owned(), parameter("URL")),
            (format!("{ssm}/shop/URL"), parameter("/shop/URL")),
            (format!("{ssm}/URL"), parameter("URL")),
            (
                format!("{manager}:r2e/database-url"),
                secret(&format!("{manager}:r2e/database-url")),
            ),
            (
                format!("{manager}:blog-AbCdEf:url:AWSCURRENT:"),
                secret(&format!("{manager}:blog-AbCdEf")),
            ),
        ] {
            assert_eq!(Source::of(&value_from), wanted, "{value_from}");
        }
    }
}
