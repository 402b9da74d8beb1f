//! Labels: one stands at one version of a parameter only, and what cannot be a label is answered
//! beside success.
//! <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_LabelParameterVersion.html>

use serde_json::json;

use super::{arn, invalid, parameter_mut, tell};
use crate::{
    call::{Call, Fault, Outcome},
    world::{What, World},
};

const MOST_LABELS: usize = 10;

fn fits(label: &str) -> bool {
    let letter = |letter: char| letter.is_ascii_alphanumeric() || "_.-".contains(letter);
    let start = label.to_ascii_lowercase();
    !label.is_empty()
        && label.len() <= 100
        && label.chars().all(letter)
        && !start.starts_with(|letter: char| letter.is_ascii_digit())
        && !start.starts_with("aws")
        && !start.starts_with("ssm")
}

fn no_version(number: i64, name: &str) -> Fault {
    Fault::client(
        "ParameterVersionNotFound",
        format!(
            "Systems Manager could not find version {number} of {name}. Verify the version and try again."
        ),
    )
}

fn given(call: &Call) -> Result<Vec<String>, Fault> {
    let labels = call.texts("Labels");
    if labels.is_empty() || labels.len() > MOST_LABELS {
        return Err(invalid(
            "1 validation error detected: Value at 'labels' failed to satisfy constraint: Member must have length less than or equal to 10, Member must have length greater than or equal to 1.",
        ));
    }
    Ok(labels)
}

pub(super) fn label(world: &mut World, call: &Call) -> Outcome {
    let name = call.text("Name").unwrap_or_default().to_owned();
    let (good, bad): (Vec<String>, Vec<String>) =
        given(call)?.into_iter().partition(|label| fits(label));
    let parameter = parameter_mut(world, &name)?;
    let latest = parameter.latest().map_or(0, |latest| latest.number);
    let number = call.number("ParameterVersion").unwrap_or(latest);
    let version = parameter
        .versions
        .iter()
        .find(|version| version.number == number);
    let version = version.ok_or_else(|| no_version(number, &name))?;
    let fresh = good.iter().filter(|label| !version.labels.contains(*label));
    if version.labels.len() + fresh.count() > MOST_LABELS {
        return Err(Fault::client(
            "ParameterVersionLabelLimitExceeded",
            "An error occurred (ParameterVersionLabelLimitExceeded) when calling the LabelParameterVersion operation: A parameter version can have maximum 10 labels. Move one or more labels to another version and try again.",
        ));
    }
    for version in &mut parameter.versions {
        for label in &good {
            if version.number == number {
                version.labels.insert(label.clone());
            } else {
                version.labels.remove(label);
            }
        }
    }
    let (kind, description) = (parameter.kind.clone(), parameter.description.clone());
    if !good.is_empty() {
        world.note(&call.actor, arn(&name), What::Written);
        tell(
            world,
            "LabelParameterVersion",
            &name,
            &kind,
            description.as_deref(),
        );
    }
    Ok(json!({ "InvalidLabels": bad, "ParameterVersion": number }))
}

// https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_UnlabelParameterVersion.html
pub(super) fn unlabel(world: &mut World, call: &Call) -> Outcome {
    let name = call.text("Name").unwrap_or_default().to_owned();
    let number = call.number("ParameterVersion").unwrap_or(0);
    let labels = given(call)?;
    let parameter = parameter_mut(world, &name)?;
    let mut versions = parameter.versions.iter_mut();
    let version = versions.find(|version| version.number == number);
    let version = version.ok_or_else(|| no_version(number, &name))?;
    let (removed, unknown): (Vec<String>, Vec<String>) = labels
        .into_iter()
        .partition(|label| version.labels.remove(label));
    if !removed.is_empty() {
        world.note(&call.actor, arn(&name), What::Written);
    }
    Ok(json!({ "RemovedLabels": removed, "InvalidLabels": unknown }))
}
