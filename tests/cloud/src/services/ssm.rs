//! Parameter Store: versions that are kept up to a hundred, labels that move, and names that are
//! told apart from ARNs, labels and versions as AWS does.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::Timestamp;
use serde_json::json;

use crate::{
    call::{Actor, Call, Demand, Fault, Outcome, Tags},
    rates::Bucket,
    services::{Protocol, Service, events, unknown_operation},
    world::{ACCOUNT, REGION, World},
};

mod labels;
mod read;
mod write;

/// The service.
pub const SERVICE: SsmService = SsmService;

/// The service.
#[derive(Clone, Copy, Debug)]
pub struct SsmService;

/// Its state.
#[derive(Clone, Debug, Default)]
pub struct Ssm {
    parameters: BTreeMap<String, Parameter>,
}

#[derive(Clone, Debug)]
struct Parameter {
    kind: String,
    /// The KMS key of a `SecureString`.
    key: Option<String>,
    description: Option<String>,
    tier: &'static str,
    tags: Tags,
    /// The oldest first; never empty.
    versions: VecDeque<Version>,
}

#[derive(Clone, Debug)]
struct Version {
    number: i64,
    value: String,
    /// What a `SecureString` shows without decryption.
    sealed: String,
    at: Timestamp,
    by: Actor,
    labels: BTreeSet<String>,
}

impl Parameter {
    fn latest(&self) -> Option<&Version> {
        self.versions.back()
    }
}

/// The ARN of a parameter.
#[must_use]
pub fn arn(name: &str) -> String {
    let slash = if name.starts_with('/') { "" } else { "/" };
    format!("arn:aws:ssm:{REGION}:{ACCOUNT}:parameter{slash}{name}")
}

/// Writes a text, over the one that is there if there is one.
///
/// # Errors
/// With the service's own error: a value that is too long, a name that is none.
pub fn put(world: &mut World, by: &Actor, name: &str, value: &str) -> Result<(), Fault> {
    let input = json!({ "Name": name, "Value": value, "Type": "String", "Overwrite": true });
    world
        .ask(&SERVICE, by.clone(), "PutParameter", input)
        .map(|_| ())
}

/// Deletes a parameter.
///
/// # Errors
/// `ParameterNotFound` when there is none.
pub fn delete(world: &mut World, by: &Actor, name: &str) -> Result<(), Fault> {
    let input = json!({ "Name": name });
    world
        .ask(&SERVICE, by.clone(), "DeleteParameter", input)
        .map(|_| ())
}

/// The newest value of a parameter, decrypted.
#[must_use]
pub fn value<'a>(world: &'a World, name: &str) -> Option<&'a str> {
    let parameter = world.ssm.parameters.get(name)?;
    Some(&parameter.latest()?.value)
}

/// Whether there is a parameter of this name or ARN.
pub(in crate::services) fn exists(world: &World, given: &str) -> bool {
    let (name, _) = name_of(world, given);
    world.ssm.parameters.contains_key(&name)
}

/// The name in an ARN, with its leading slash; a name stays what it is.
pub(in crate::services) fn plain_name(given: &str) -> String {
    let prefix = format!("arn:aws:ssm:{REGION}:{ACCOUNT}:parameter");
    given.strip_prefix(&prefix).unwrap_or(given).to_owned()
}

fn invalid(message: impl Into<String>) -> Fault {
    Fault::client("ValidationException", message)
}

fn not_found() -> Fault {
    Fault::client("ParameterNotFound", "")
}

/// The name that is meant: also by an ARN, and without the label or version behind it.
fn name_of(world: &World, given: &str) -> (String, Option<String>) {
    let prefix = format!("arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/");
    let (bare, is_arn) = match given.strip_prefix(&prefix) {
        Some(rest) => (rest, true),
        None => (given, false),
    };
    let (bare, selector) = match bare.split_once(':') {
        Some((name, selector)) => (name, Some(selector.to_owned())),
        None => (bare, None),
    };
    let path = format!("/{bare}");
    // Of an ARN it cannot be told whether the name begins with the slash.
    if is_arn && world.ssm.parameters.contains_key(&path) {
        (path, selector)
    } else {
        (bare.to_owned(), selector)
    }
}

fn parameter_mut<'a>(world: &'a mut World, name: &str) -> Result<&'a mut Parameter, Fault> {
    world.ssm.parameters.get_mut(name).ok_or_else(not_found)
}

// https://docs.aws.amazon.com/systems-manager/latest/userguide/monitoring-systems-manager-event-examples.html
fn tell(world: &mut World, operation: &str, name: &str, kind: &str, description: Option<&str>) {
    let mut detail = json!({ "operation": operation, "name": name, "type": kind });
    if let Some(description) = description {
        detail["description"] = description.into();
    }
    events::emit(
        world,
        "aws.ssm",
        "Parameter Store Change",
        vec![arn(name)],
        detail,
    );
}

impl Service for SsmService {
    fn name(&self) -> &'static str {
        "ssm"
    }

    fn protocol(&self) -> Protocol {
        Protocol::Json {
            target: "AmazonSSM",
            version: "1.1",
        }
    }

    // https://docs.aws.amazon.com/general/latest/gr/ssm.html
    fn bucket(&self, operation: &str) -> Option<Bucket> {
        let (name, a_second) = match operation {
            "GetParameter" | "GetParameters" | "GetParametersByPath" => ("ssm get", 40.0),
            "PutParameter" => ("ssm put", 3.0),
            "LabelParameterVersion" | "UnlabelParameterVersion" => ("ssm label", 3.0),
            "GetParameterHistory" => ("ssm history", 3.0),
            "DescribeParameters" => ("ssm describe", 3.0),
            "DeleteParameter" | "DeleteParameters" => ("ssm delete", 3.0),
            _ => return None,
        };
        Some(Bucket {
            name,
            burst: a_second,
            a_second,
        })
    }

    // https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssystemsmanager.html
    fn demands(&self, world: &World, call: &Call) -> Vec<Demand> {
        let action = format!("ssm:{}", call.operation);
        let on = |given: &str| {
            let (name, _) = name_of(world, given);
            let tags = world
                .ssm
                .parameters
                .get(&name)
                .map(|there| there.tags.clone());
            Demand::new(action.clone(), arn(&name), &tags.unwrap_or_default())
        };
        match call.operation.as_str() {
            "DescribeParameters" => vec![Demand::new(action, "*", &Tags::new())],
            "GetParameters" | "DeleteParameters" => {
                call.texts("Names").iter().map(|name| on(name)).collect()
            }
            "GetParametersByPath" => {
                let path = call.text("Path").unwrap_or_default();
                vec![on(path.trim_end_matches('/'))]
            }
            _ => {
                let name = call.text("Name").or_else(|| call.text("ResourceId"));
                vec![on(name.unwrap_or_default())]
            }
        }
    }

    fn answer(&self, world: &mut World, call: &Call) -> Outcome {
        match call.operation.as_str() {
            "GetParameter" => read::get(world, call),
            "GetParameters" => read::get_many(world, call),
            "GetParametersByPath" => read::by_path(world, call),
            "GetParameterHistory" => read::history(world, call),
            "DescribeParameters" => read::describe(world, call),
            "PutParameter" => write::put(world, call),
            "DeleteParameter" => write::delete(world, call),
            "DeleteParameters" => write::delete_many(world, call),
            "LabelParameterVersion" => labels::label(world, call),
            "UnlabelParameterVersion" => labels::unlabel(world, call),
            "AddTagsToResource" => write::tag(world, call),
            "RemoveTagsFromResource" => write::untag(world, call),
            "ListTagsForResource" => write::list_tags(world, call),
            _ => Err(unknown_operation(self, call)),
        }
    }
}

#[cfg(test)]
mod tests;
