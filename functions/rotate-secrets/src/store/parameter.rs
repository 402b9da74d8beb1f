//! Parameter Store: a version is a number, and a new one keeps type, key and tier of the parameter.

use std::collections::BTreeMap;

use aws_sdk_ssm::types::{
    ParameterMetadata, ParameterStringFilter, ParameterTier, ResourceTypeForTagging,
};
use nightshift::{
    aws::failure::failure, kind::ROTATE_TAG, ledger::rotation::Published, report::Failure,
    timestamp::from_aws,
};

use super::{CURRENT, Newest, PLAIN, Place, Traced, Version, Written, sealed};
use crate::{context::Context, value::Value};

/// `DescribeParameters` takes fifty names in a filter, and answers fifty at once.
/// <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_ParameterStringFilter.html>
const PARAMETERS_A_CALL: usize = 50;

/// What is known of parameters, by their names.
pub(super) type Described = BTreeMap<String, ParameterMetadata>;

/// Describes parameters; what is not there is left out.
///
/// # Errors
/// When a page cannot be read.
pub(super) async fn describe(
    context: &Context<'_>,
    mut names: Vec<String>,
) -> Result<Described, Failure> {
    names.sort();
    names.dedup();
    let mut described = Described::new();
    for names in names.chunks(PARAMETERS_A_CALL) {
        let first = names.first().cloned().unwrap_or_default();
        let action = "ssm:DescribeParameters";
        let filter = ParameterStringFilter::builder()
            .key("Name")
            .option("Equals")
            .set_values(Some(names.to_vec()))
            .build()
            .map_err(|error| Failure {
                resource: first.clone(),
                action: action.to_owned(),
                code: "request".to_owned(),
                message: error.to_string(),
                denied: false,
            })?;
        let mut next = None;
        loop {
            let function = context.function;
            function.pace.parameter_descriptions.acquire_one().await;
            let page = function
                .ssm()
                .describe_parameters()
                .parameter_filters(filter.clone())
                .max_results(50)
                .set_next_token(next)
                .send()
                .await
                .map_err(|error| failure(&first, action, &error))?;
            let found = page.parameters.unwrap_or_default().into_iter();
            described.extend(found.filter_map(|one| Some((one.name.clone()?, one))));
            next = page.next_token.filter(|token| !token.is_empty());
            if next.is_none() {
                break;
            }
        }
    }
    Ok(described)
}

/// The newest version as it was described, with the tag that consents.
pub(super) async fn newest(
    context: &Context<'_>,
    place: &Place,
    described: &Described,
) -> Result<Option<Newest>, Failure> {
    let Some(one) = described.get(&place.name) else {
        return Ok(None);
    };
    let at = one.last_modified_date.as_ref().and_then(from_aws);
    let Some(at) = at else {
        let message = "SSM gives no date of the last change";
        return Err(place.failure("ssm:DescribeParameters", "response", message));
    };
    let arn = if let Some(arn) = &one.arn {
        arn.clone()
    } else {
        let region = &context.function.settings.region;
        let slash = if place.name.starts_with('/') { "" } else { "/" };
        let (account, name) = (&context.account, &place.name);
        format!("arn:aws:ssm:{region}:{account}:parameter{slash}{name}")
    };
    Ok(Some(Newest {
        arn: place.arn(&arn),
        version: one.version.to_string(),
        at,
        changed: at,
        by: Some(one.last_modified_user.clone().unwrap_or_default()),
        tag: tag(context, place).await?,
    }))
}

async fn tag(context: &Context<'_>, place: &Place) -> Result<Option<String>, Failure> {
    let answer = context
        .function
        .ssm()
        .list_tags_for_resource()
        .resource_type(ResourceTypeForTagging::Parameter)
        .resource_id(&place.name)
        .send()
        .await
        .map_err(|error| failure(&place.name, "ssm:ListTagsForResource", &error))?;
    let mut tags = answer.tag_list.unwrap_or_default().into_iter();
    Ok(tags.find(|tag| tag.key == ROTATE_TAG).map(|tag| tag.value))
}

pub(super) async fn read(
    context: &Context<'_>,
    place: &Place,
    version: Option<&str>,
) -> Result<Version, Failure> {
    let action = "ssm:GetParameter";
    let name = match version {
        Some(version) => format!("{}:{version}", place.name),
        None => place.name.clone(),
    };
    let answer = context
        .function
        .ssm()
        .get_parameter()
        .name(name)
        .with_decryption(true)
        .send()
        .await
        .map_err(|error| sealed(place, action, &error, &PLAIN))?;
    let version = answer
        .parameter
        .and_then(|one| Some((one.version.to_string(), Value::new(one.value?))));
    let (id, text) =
        version.ok_or_else(|| place.failure(action, "response", "SSM gives no value"))?;
    Ok(Version { id, text })
}

pub(super) async fn trace(
    context: &Context<'_>,
    place: &Place,
    newest: &str,
    known: &Published,
    value: &Value,
) -> Result<Traced, Failure> {
    let newest: i64 = newest.parse().unwrap_or(i64::MAX);
    let mut before = Vec::new();
    let mut next = None;
    loop {
        context
            .function
            .pace
            .parameter_histories
            .acquire_one()
            .await;
        let page = context
            .function
            .ssm()
            .get_parameter_history()
            .name(&place.name)
            .with_decryption(true)
            .max_results(50)
            .set_next_token(next)
            .send()
            .await
            .map_err(|error| sealed(place, "ssm:GetParameterHistory", &error, &PLAIN))?;
        for one in page.parameters.unwrap_or_default() {
            let at = one.last_modified_date.as_ref().and_then(from_aws);
            let (Some(text), Some(at)) = (one.value.map(Value::new), at) else {
                continue;
            };
            let id = one.version.to_string();
            let version = Version { id, text };
            // A version from before the key was there holds something else.
            let holds = version.value(place).is_ok_and(|older| older == *value);
            let written = Written {
                version: version.id,
                at,
                by: Some(one.last_modified_user.unwrap_or_default()),
            };
            if one.version < newest {
                before.push((one.version, written, holds));
            }
        }
        next = page.next_token.filter(|token| !token.is_empty());
        if next.is_none() {
            break;
        }
    }
    before.sort_by_key(|(number, ..)| std::cmp::Reverse(*number));
    let (mut traced, mut ended) = (Traced::default(), false);
    for (_, written, holds) in before {
        if !traced.note(written, holds, &mut ended, known.at) {
            break;
        }
    }
    Ok(traced)
}

/// Writes a text as the newest version.
pub(super) async fn put(
    context: &Context<'_>,
    place: &Place,
    text: &Value,
) -> Result<String, Failure> {
    let described = describe(context, vec![place.name.clone()]).await?;
    let present = described.get(&place.name).ok_or_else(|| {
        place.failure(
            "ssm:PutParameter",
            "ParameterNotFound",
            "the parameter is not there: make it, or say rightly where it is",
        )
    })?;
    match write(context, place, text, present).await {
        Err(failure) if failure.code == "ParameterMaxVersionLimitExceeded" => {
            // A label that stayed behind keeps the oldest of a hundred versions.
            let version = present.version.to_string();
            label(context, place, &version, CURRENT).await?;
            label(context, place, &version, super::PREVIOUS).await?;
            write(context, place, text, present).await
        }
        done => done,
    }
}

/// Without its key a `SecureString` would be sealed with the account's default key.
/// <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html>
async fn write(
    context: &Context<'_>,
    place: &Place,
    text: &Value,
    present: &ParameterMetadata,
) -> Result<String, Failure> {
    let tier = present
        .tier
        .clone()
        .filter(|tier| matches!(tier, ParameterTier::Standard | ParameterTier::Advanced));
    let call = context
        .function
        .ssm()
        .put_parameter()
        .name(&place.name)
        .value(text.expose())
        .overwrite(true)
        .set_type(present.r#type.clone())
        .set_key_id(present.key_id.clone())
        .set_tier(tier)
        .set_data_type(present.data_type.clone())
        .set_allowed_pattern(present.allowed_pattern.clone())
        .set_description(present.description.clone());
    context.function.pace.parameter_writes.acquire_one().await;
    let answer = call
        .send()
        .await
        .map_err(|error| sealed(place, "ssm:PutParameter", &error, &PLAIN))?;
    Ok(answer.version.to_string())
}

/// What SSM takes for no label it answers beside success.
/// <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_LabelParameterVersion.html>
pub(super) async fn label(
    context: &Context<'_>,
    place: &Place,
    version: &str,
    label: &str,
) -> Result<(), Failure> {
    let action = "ssm:LabelParameterVersion";
    let function = context.function;
    function.pace.parameter_labels.acquire_one().await;
    let answer = function
        .ssm()
        .label_parameter_version()
        .name(&place.name)
        .set_parameter_version(version.parse().ok())
        .labels(label)
        .send()
        .await
        .map_err(|error| failure(&place.name, action, &error))?;
    if answer.invalid_labels.is_none_or(|labels| labels.is_empty()) {
        Ok(())
    } else {
        let message = format!("SSM takes `{label}` for no label");
        Err(place.failure(action, "InvalidLabels", message))
    }
}
