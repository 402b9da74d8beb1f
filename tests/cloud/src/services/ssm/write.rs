//! Writing and deleting parameters, and their tags.
//! <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html>

use std::collections::{BTreeSet, VecDeque};

use serde_json::{Value, json};

use super::{Parameter, Version, arn, invalid, name_of, not_found, parameter_mut, tell};
use crate::{
    call::{Call, Fault, Outcome, Tags},
    world::{What, World},
};

const MOST_VERSIONS: usize = 100;

pub(super) fn put(world: &mut World, call: &Call) -> Outcome {
    let name = call.text("Name").unwrap_or_default().to_owned();
    let value = call.text("Value").unwrap_or_default().to_owned();
    let overwrite = call.truth("Overwrite").unwrap_or(false);
    check_name(&name)?;
    if value.is_empty() {
        return Err(invalid(
            "1 validation error detected: Value '' at 'value' failed to satisfy constraint: Member must have length greater than or equal to 1.",
        ));
    }
    let tags = tags(&call.input);
    if overwrite && !tags.is_empty() {
        return Err(invalid(
            "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please remove overwrite flag. To update tags for an existing parameter, please use AddTagsToResource or RemoveTagsFromResource.",
        ));
    }
    let there = world.ssm.parameters.get(&name);
    if there.is_some() && !overwrite {
        return Err(Fault::client(
            "ParameterAlreadyExists",
            "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.",
        ));
    }
    let kind = kind(call.text("Type"), there)?;
    let tier = tier(call.text("Tier"), there, value.len())?;
    let (mut parameter, operation) = match there {
        Some(there) => (there.clone(), "Update"),
        None => (fresh(tags), "Create"),
    };
    let number = parameter.latest().map_or(1, |latest| latest.number + 1);
    drop_oldest(&name, &mut parameter)?;
    // A key that is not said is the account's default one, whatever it was before.
    // https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
    let key = call.text("KeyId").unwrap_or("alias/aws/ssm");
    parameter.key = (kind == "SecureString").then(|| key.to_owned());
    parameter.kind = kind;
    parameter.tier = tier;
    if let Some(description) = call.text("Description") {
        parameter.description = Some(description.to_owned());
    }
    let sealed = format!("AQICAH{}", world.id(160));
    parameter.versions.push_back(Version {
        number,
        value,
        sealed,
        at: world.now,
        by: call.actor.clone(),
        labels: BTreeSet::new(),
    });
    let what = if operation == "Create" {
        What::Created
    } else {
        What::Written
    };
    world.note(&call.actor, arn(&name), what);
    let description = parameter.description.clone();
    let kind = parameter.kind.clone();
    world.ssm.parameters.insert(name.clone(), parameter);
    tell(world, operation, &name, &kind, description.as_deref());
    Ok(json!({ "Version": number, "Tier": tier }))
}

fn fresh(tags: Tags) -> Parameter {
    Parameter {
        kind: String::new(),
        key: None,
        description: None,
        tier: "Standard",
        tags,
        versions: VecDeque::new(),
    }
}

// https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-su-create.html
fn check_name(name: &str) -> Result<(), Fault> {
    let reserved = name.trim_start_matches('/').to_ascii_lowercase();
    if reserved.starts_with("aws") {
        return Err(Fault::client(
            "AccessDeniedException",
            format!("No access to reserved parameter name: {name}."),
        ));
    }
    let fits = |letter: char| letter.is_ascii_alphanumeric() || "_.-/".contains(letter);
    let bad =
        name.is_empty() || !name.chars().all(fits) || name.ends_with('/') || name.contains("//");
    if bad || reserved.starts_with("ssm") {
        return Err(invalid(
            "Parameter name: can't be prefixed with \"ssm\" (case-insensitive). If formed as a path, it can consist of sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the following 3 symbols .-_",
        ));
    }
    if name.contains('/') && !name.starts_with('/') {
        return Err(invalid("Parameter name must be a fully qualified name."));
    }
    if name.matches('/').count() > 15 {
        return Err(Fault::client(
            "HierarchyLevelLimitExceededException",
            "The hierarchy can have a maximum of 15 levels.",
        ));
    }
    // The 1,011 characters count what stands before the name in the ARN.
    if arn(name).len() > 1011 {
        return Err(invalid("Parameter name is too long."));
    }
    Ok(())
}

fn kind(given: Option<&str>, there: Option<&Parameter>) -> Result<String, Fault> {
    match (given, there) {
        (None, None) => Err(invalid(
            "A parameter type is required when you create a parameter.",
        )),
        (None, Some(there)) => Ok(there.kind.clone()),
        (Some(kind), _) if !matches!(kind, "String" | "StringList" | "SecureString") => {
            Err(Fault::client(
                "UnsupportedParameterType",
                "The parameter type isn't supported.",
            ))
        }
        (Some(kind), Some(there)) if kind != there.kind => Err(Fault::client(
            "HierarchyTypeMismatchException",
            "Parameter Store doesn't support changing a parameter type in a hierarchy. For example, you can't change a parameter from a String type to a SecureString type. You must create a new, unique parameter.",
        )),
        (Some(kind), _) => Ok(kind.to_owned()),
    }
}

// https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html
fn tier(
    given: Option<&str>,
    there: Option<&Parameter>,
    size: usize,
) -> Result<&'static str, Fault> {
    let advanced = there.is_some_and(|there| there.tier == "Advanced")
        || given == Some("Advanced")
        || (given == Some("Intelligent-Tiering") && size > 4096);
    if advanced && size > 8192 {
        return Err(invalid(
            "Advanced tier parameters support a maximum parameter value of 8192 characters.",
        ));
    }
    if !advanced && size > 4096 {
        return Err(invalid(
            "Standard tier parameters support a maximum parameter value of 4096 characters. To create a larger parameter value, upgrade the parameter to use the advanced-parameter tier. For more information, see https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html",
        ));
    }
    Ok(if advanced { "Advanced" } else { "Standard" })
}

// The oldest of 100 makes room, unless a label holds it.
// https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-versions.html
fn drop_oldest(name: &str, parameter: &mut Parameter) -> Result<(), Fault> {
    if parameter.versions.len() < MOST_VERSIONS {
        return Ok(());
    }
    if let Some(oldest) = parameter
        .versions
        .front()
        .filter(|oldest| !oldest.labels.is_empty())
    {
        return Err(Fault::client(
            "ParameterMaxVersionLimitExceeded",
            format!(
                "You attempted to create a new version of {name} by calling the PutParameter API with the overwrite flag. Version {}, the oldest version, can't be deleted because it has a label associated with it. Move the label to another version of the parameter, and try again.",
                oldest.number
            ),
        ));
    }
    parameter.versions.pop_front();
    Ok(())
}

fn remove(world: &mut World, call: &Call, name: &str) -> bool {
    let Some(gone) = world.ssm.parameters.remove(name) else {
        return false;
    };
    world.note(&call.actor, arn(name), What::Deleted);
    tell(
        world,
        "Delete",
        name,
        &gone.kind,
        gone.description.as_deref(),
    );
    true
}

pub(super) fn delete(world: &mut World, call: &Call) -> Outcome {
    if remove(world, call, call.text("Name").unwrap_or_default()) {
        Ok(json!({}))
    } else {
        Err(not_found())
    }
}

pub(super) fn delete_many(world: &mut World, call: &Call) -> Outcome {
    let names = call.texts("Names");
    if names.is_empty() || names.len() > 10 {
        return Err(super::read::too_many(&names));
    }
    let (deleted, unknown): (Vec<String>, Vec<String>) = names
        .into_iter()
        .partition(|name| remove(world, call, name));
    Ok(json!({ "DeletedParameters": deleted, "InvalidParameters": unknown }))
}

fn tags(input: &Value) -> Tags {
    let tags = input["Tags"].as_array().into_iter().flatten();
    tags.filter_map(|tag| {
        Some((
            tag["Key"].as_str()?.to_owned(),
            tag["Value"].as_str()?.to_owned(),
        ))
    })
    .collect()
}

fn tagged<'a>(world: &'a mut World, call: &Call) -> Result<&'a mut Parameter, Fault> {
    if call.text("ResourceType") != Some("Parameter") {
        return Err(Fault::client(
            "InvalidResourceType",
            "the simulated cloud knows only parameters",
        ));
    }
    let (name, _) = name_of(world, call.text("ResourceId").unwrap_or_default());
    parameter_mut(world, &name)
        .map_err(|_| Fault::client("InvalidResourceId", "The resource ID isn't valid."))
}

pub(super) fn tag(world: &mut World, call: &Call) -> Outcome {
    tagged(world, call)?.tags.extend(tags(&call.input));
    Ok(json!({}))
}

pub(super) fn untag(world: &mut World, call: &Call) -> Outcome {
    let keys = call.texts("TagKeys");
    tagged(world, call)?
        .tags
        .retain(|key, _| !keys.contains(key));
    Ok(json!({}))
}

pub(super) fn list_tags(world: &mut World, call: &Call) -> Outcome {
    let tags = &tagged(world, call)?.tags;
    let tags: Vec<Value> = tags
        .iter()
        .map(|(key, value)| json!({ "Key": key, "Value": value }))
        .collect();
    Ok(json!({ "TagList": tags }))
}
