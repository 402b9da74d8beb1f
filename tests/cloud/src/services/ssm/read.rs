//! Reading parameters: one, several, a path page by page, and their history.
//! <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParametersByPath.html>

use serde_json::{Value, json};

use super::{Parameter, Version, arn, invalid, name_of, not_found};
use crate::{
    call::{Call, Fault, Outcome},
    world::{ACCOUNT, World},
};

fn shown(name: &str, parameter: &Parameter, version: &Version, decrypted: bool) -> Value {
    let value = if parameter.kind == "SecureString" && !decrypted {
        &version.sealed
    } else {
        &version.value
    };
    json!({
        "Name": name,
        "Type": parameter.kind,
        "Value": value,
        "Version": version.number,
        "LastModifiedDate": version.at.as_second(),
        "ARN": arn(name),
        "DataType": "text",
    })
}

fn chosen<'a>(
    name: &str,
    parameter: &'a Parameter,
    selector: Option<&str>,
) -> Result<&'a Version, Fault> {
    let version = match selector {
        None => parameter.latest(),
        Some(selector) => parameter.versions.iter().find(|version| {
            version.labels.contains(selector) || selector.parse() == Ok(version.number)
        }),
    };
    version.ok_or_else(|| {
        let selector = selector.unwrap_or("latest");
        Fault::client(
            "ParameterVersionNotFound",
            format!("Systems Manager could not find version {selector} of {name}. Verify the version and try again."),
        )
    })
}

fn one(world: &World, call: &Call, given: &str) -> Result<Value, Fault> {
    let (name, selector) = name_of(world, given);
    let parameter = world.ssm.parameters.get(&name).ok_or_else(not_found)?;
    let version = chosen(&name, parameter, selector.as_deref())?;
    let decrypted = call.truth("WithDecryption").unwrap_or(false);
    let mut shown = shown(&name, parameter, version, decrypted);
    if let Some(selector) = selector {
        shown["Selector"] = format!(":{selector}").into();
    }
    Ok(shown)
}

pub(super) fn get(world: &World, call: &Call) -> Outcome {
    let name = call.text("Name").unwrap_or_default();
    Ok(json!({ "Parameter": one(world, call, name)? }))
}

pub(super) fn too_many(names: &[String]) -> Fault {
    invalid(format!(
        "1 validation error detected: Value '[{}]' at 'names' failed to satisfy constraint: Member must have length less than or equal to 10, Member must have length greater than or equal to 1.",
        names.join(", ")
    ))
}

// https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html
pub(super) fn get_many(world: &World, call: &Call) -> Outcome {
    let names = call.texts("Names");
    if names.is_empty() || names.len() > 10 {
        return Err(too_many(&names));
    }
    let (mut found, mut unknown) = (Vec::new(), Vec::new());
    for name in names {
        match one(world, call, &name) {
            Ok(parameter) => found.push(parameter),
            Err(_) => unknown.push(name),
        }
    }
    Ok(json!({ "Parameters": found, "InvalidParameters": unknown }))
}

/// How many a page may hold, from `MaxResults` up to `most`.
fn page_size(call: &Call, most: i64) -> Result<usize, Fault> {
    let size = call.number("MaxResults").unwrap_or(most);
    if !(1..=most).contains(&size) {
        return Err(invalid(format!(
            "1 validation error detected: Value '{size}' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to {most}."
        )));
    }
    Ok(usize::try_from(size).unwrap_or(1))
}

/// One page of a list, and the token of the next in the answer.
fn paged(call: &Call, most: i64, name: &str, all: Vec<Value>) -> Outcome {
    let size = page_size(call, most)?;
    let from = match call.text("NextToken") {
        None => 0,
        Some(token) => token
            .strip_prefix("page-")
            .and_then(|at| at.parse::<usize>().ok())
            .ok_or_else(|| Fault::client("InvalidNextToken", "The specified token isn't valid."))?,
    };
    let next = from + size;
    let more = next < all.len();
    let page: Vec<Value> = all.into_iter().skip(from).take(size).collect();
    let mut answer = json!({});
    answer[name] = page.into();
    if more {
        answer["NextToken"] = format!("page-{next}").into();
    }
    Ok(answer)
}

pub(super) fn by_path(world: &World, call: &Call) -> Outcome {
    let path = call.text("Path").unwrap_or_default();
    if !path.starts_with('/') {
        return Err(invalid(
            "The parameter doesn't meet the parameter name requirements. The parameter name must begin with a forward slash \"/\". It can't be prefixed with \"aws\" or \"ssm\" (case-insensitive). It must use only letters, numbers, or the following symbols: . (period), - (hyphen), _ (underscore). Special characters are not allowed. All sub-paths, if specified, must use the forward slash symbol \"/\".",
        ));
    }
    let folder = format!("{}/", path.trim_end_matches('/'));
    let recursive = call.truth("Recursive").unwrap_or(false);
    let decrypted = call.truth("WithDecryption").unwrap_or(false);
    let parameters = world.ssm.parameters.iter();
    let all = parameters
        .filter(|(name, _)| {
            let below = name.strip_prefix(&folder);
            below.is_some_and(|below| recursive || !below.contains('/'))
        })
        .filter_map(|(name, parameter)| {
            Some(shown(name, parameter, parameter.latest()?, decrypted))
        })
        .collect();
    paged(call, 10, "Parameters", all)
}

fn user(version: &Version) -> String {
    format!("arn:aws:iam::{ACCOUNT}:user/{}", version.by)
}

// https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameterHistory.html
pub(super) fn history(world: &World, call: &Call) -> Outcome {
    let (name, _) = name_of(world, call.text("Name").unwrap_or_default());
    let parameter = world.ssm.parameters.get(&name).ok_or_else(not_found)?;
    let decrypted = call.truth("WithDecryption").unwrap_or(false);
    let versions = parameter.versions.iter();
    let all = versions
        .map(|version| {
            let mut shown = shown(&name, parameter, version, decrypted);
            if let Some(shown) = shown.as_object_mut() {
                shown.remove("ARN");
            }
            shown["LastModifiedUser"] = user(version).into();
            shown["Labels"] = version.labels.iter().cloned().collect::<Vec<_>>().into();
            shown["Tier"] = parameter.tier.into();
            shown
        })
        .collect();
    paged(call, 50, "Parameters", all)
}

// https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DescribeParameters.html
pub(super) fn describe(world: &World, call: &Call) -> Outcome {
    let filters = call.input["ParameterFilters"].as_array();
    let filters: Vec<&Value> = filters.into_iter().flatten().collect();
    let parameters = world.ssm.parameters.iter();
    let all = parameters
        .filter(|(name, parameter)| filters.iter().all(|filter| passes(filter, name, parameter)))
        .filter_map(|(name, parameter)| {
            let latest = parameter.latest()?;
            let mut shown = shown(name, parameter, latest, false);
            shown.as_object_mut()?.remove("Value");
            shown["LastModifiedUser"] = user(latest).into();
            shown["Tier"] = parameter.tier.into();
            if let Some(key) = &parameter.key {
                shown["KeyId"] = key.as_str().into();
            }
            if let Some(description) = &parameter.description {
                shown["Description"] = description.as_str().into();
            }
            Some(shown)
        })
        .collect();
    paged(call, 50, "Parameters", all)
}

fn passes(filter: &Value, name: &str, parameter: &Parameter) -> bool {
    let option = filter["Option"].as_str().unwrap_or("Equals");
    let mut values = filter["Values"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str);
    match filter["Key"].as_str() {
        Some("Name") if option == "BeginsWith" => values.any(|start| name.starts_with(start)),
        Some("Name") if option == "Contains" => values.any(|part| name.contains(part)),
        Some("Name") => values.any(|whole| name == whole),
        Some("Type") => values.any(|kind| parameter.kind == kind),
        Some("Path") => values.any(|path| {
            let below = name.strip_prefix(path.trim_end_matches('/'));
            let below = below.and_then(|below| below.strip_prefix('/'));
            below.is_some_and(|below| option == "Recursive" || !below.contains('/'))
        }),
        _ => false,
    }
}
