//! The template read as `CloudFormation` reads it, as far as permissions, rules and schedules need:
//! parameters, conditions, and the functions `!Sub`, `!Ref`, `!GetAtt`, `!Split` and `!If`.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html>

use std::{collections::BTreeMap, fmt::Write as _};

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use serde_json::{Map, Value};

use super::{Condition, Effect, Operator, Policy, Statement, Yaml};
use crate::{
    services::events::{self, Every, Schedule},
    world::{ACCOUNT, REGION},
};

type Parameters<'a> = BTreeMap<&'a str, &'a str>;

/// What a function may do by its role: the role's own policies and those that name the role.
///
/// The function is named by its logical id or by the last part of its `CodeUri`. A parameter that is
/// not given has its default; `AWS::StackName` may be given as one, and is `nightshift` otherwise.
///
/// # Errors
/// With what could not be read.
pub fn of_template(
    yaml: &str,
    function: &str,
    parameters: &Parameters<'_>,
) -> Result<Policy, String> {
    let template = Template::read(yaml, parameters)?;
    let role = template.function(function)?.at(&["Properties", "Role"]);
    let role = role
        .and_then(Yaml::text)
        .ok_or("the function names no role")?;
    let role = role.strip_suffix(".Arn").unwrap_or(role);
    let properties = template.resource(role)?.get("Properties");
    let properties = properties.ok_or("the role has no properties")?;
    let mut policies: Vec<Value> = Vec::new();
    if let Some(Value::Array(own)) = template.field(properties, "Policies")? {
        policies.extend(own);
    }
    for (_, resource) in template.resources() {
        let is_policy = resource.get("Type").and_then(Yaml::text) == Some("AWS::IAM::Policy");
        if !is_policy || !template.is_made(resource)? {
            continue;
        }
        let properties = resource
            .get("Properties")
            .ok_or("a policy has no properties")?;
        let policy = template.resolved(properties)?.unwrap_or_default();
        let mut roles = policy["Roles"].as_array().into_iter().flatten();
        if roles.any(|named| named == role) {
            policies.push(policy);
        }
    }
    let mut statements = Vec::new();
    for policy in &policies {
        let name = policy["PolicyName"].as_str().unwrap_or_default();
        for statement in list(&policy["PolicyDocument"]["Statement"]) {
            statements.push(read_statement(name, statement)?);
        }
    }
    Ok(Policy { statements })
}

/// The rules of all functions: their names and patterns, as given to EventBridge.
///
/// # Errors
/// With what could not be read, or is no pattern.
pub fn rules_of_template(
    yaml: &str,
    parameters: &Parameters<'_>,
) -> Result<Vec<(String, Value)>, String> {
    let template = Template::read(yaml, parameters)?;
    let mut rules = Vec::new();
    for (name, event) in template.events_of_type("EventBridgeRule")? {
        let pattern = event["Pattern"].clone();
        events::check(&pattern)?;
        let name = event["RuleName"].as_str().map_or(name, ToOwned::to_owned);
        rules.push((name, pattern));
    }
    for (id, resource) in template.resources() {
        let is_rule = resource.get("Type").and_then(Yaml::text) == Some("AWS::Events::Rule");
        let Some(properties) = resource.get("Properties").filter(|_| is_rule) else {
            continue;
        };
        if template.is_made(resource)?
            && let Some(pattern) = template.field(properties, "EventPattern")?
        {
            events::check(&pattern)?;
            let name = template.field(properties, "Name")?;
            let name = name.as_ref().and_then(Value::as_str).unwrap_or(id);
            rules.push((name.to_owned(), pattern));
        }
    }
    Ok(rules)
}

/// The schedules of all functions.
///
/// # Errors
/// With what could not be read, or is neither `rate(… minutes)` nor `at(…)`.
pub fn schedules_of_template(
    yaml: &str,
    parameters: &Parameters<'_>,
) -> Result<Vec<Schedule>, String> {
    let template = Template::read(yaml, parameters)?;
    let schedules = template.events_of_type("ScheduleV2")?.into_iter();
    schedules
        .map(|(name, event)| {
            let input = event["Input"].as_str().unwrap_or("{}");
            Ok(Schedule {
                name: event["Name"].as_str().map_or(name, ToOwned::to_owned),
                every: every(event["ScheduleExpression"].as_str().unwrap_or_default())?,
                input: serde_json::from_str(input).map_err(|error| error.to_string())?,
                enabled: event["State"] != "DISABLED",
            })
        })
        .collect()
}

// https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
fn every(expression: &str) -> Result<Every, String> {
    let unknown = || format!("the schedule {expression} is not modelled");
    let (kind, rest) = expression.split_once('(').ok_or_else(unknown)?;
    let inner = rest.strip_suffix(')').ok_or_else(unknown)?;
    if kind == "at" {
        let at: DateTime = inner.parse().map_err(|_| unknown())?;
        let at = at.to_zoned(TimeZone::UTC).map_err(|_| unknown())?;
        return Ok(Every::At(Timestamp::from(at)));
    }
    let (number, unit) = inner.split_once(' ').ok_or_else(unknown)?;
    let number: u32 = number.parse().map_err(|_| unknown())?;
    let minutes = match unit.trim_end_matches('s') {
        "minute" => 1,
        "hour" => 60,
        "day" => 24 * 60,
        _ => return Err(unknown()),
    };
    match kind {
        "rate" => Ok(Every::Minutes(number * minutes)),
        _ => Err(unknown()),
    }
}

/// One or several: IAM lets a list of one stand without its brackets.
fn list(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        Value::Null => Vec::new(),
        one => vec![one],
    }
}

fn texts(value: &Value) -> Vec<String> {
    let text = |value: &Value| {
        value
            .as_str()
            .map_or_else(|| value.to_string(), ToOwned::to_owned)
    };
    list(value).into_iter().map(text).collect()
}

fn read_statement(policy: &str, statement: &Value) -> Result<Statement, String> {
    for unread in ["NotAction", "NotResource"] {
        if statement.get(unread).is_some() {
            return Err(format!(
                "a statement of {policy} has {unread}, which is not modelled"
            ));
        }
    }
    let effect = match statement["Effect"].as_str() {
        Some("Allow") => Effect::Allow,
        Some("Deny") => Effect::Deny,
        other => return Err(format!("a statement of {policy} has the effect {other:?}")),
    };
    let mut conditions = Vec::new();
    for (operator, keys) in statement["Condition"].as_object().into_iter().flatten() {
        let operator = match operator.as_str() {
            "Null" => Operator::Null,
            "StringEquals" => Operator::StringEquals,
            "StringLike" => Operator::StringLike,
            other => return Err(format!("the condition {other} is not modelled")),
        };
        for (key, values) in keys.as_object().into_iter().flatten() {
            let tag = key.strip_prefix("aws:ResourceTag/");
            let tag = tag.ok_or_else(|| format!("the condition key {key} is not modelled"))?;
            conditions.push(Condition {
                operator,
                tag: tag.to_owned(),
                values: texts(values),
            });
        }
    }
    Ok(Statement {
        sid: format!("{policy}/{}", statement["Sid"].as_str().unwrap_or_default()),
        effect,
        actions: texts(&statement["Action"]),
        resources: texts(&statement["Resource"]),
        conditions,
    })
}

struct Template<'a> {
    root: Yaml,
    parameters: &'a Parameters<'a>,
}

impl<'a> Template<'a> {
    fn read(yaml: &str, parameters: &'a Parameters<'a>) -> Result<Self, String> {
        Ok(Self {
            root: Yaml::parse(yaml)?,
            parameters,
        })
    }

    fn resources(&self) -> &[(String, Yaml)] {
        self.root.get("Resources").map_or(&[], Yaml::fields)
    }

    fn resource(&self, id: &str) -> Result<&Yaml, String> {
        let there = self.root.at(&["Resources", id]);
        there.ok_or_else(|| format!("the template has no resource {id}"))
    }

    fn functions(&self) -> impl Iterator<Item = (&str, &Yaml)> {
        let resources = self.resources().iter();
        resources
            .filter(|(_, it)| {
                it.get("Type").and_then(Yaml::text) == Some("AWS::Serverless::Function")
            })
            .map(|(id, it)| (id.as_str(), it))
    }

    fn function(&self, name: &str) -> Result<&Yaml, String> {
        let is_it = |id: &str, it: &Yaml| {
            let code = it.at(&["Properties", "CodeUri"]).and_then(Yaml::text);
            id == name || code.is_some_and(|code| code.rsplit('/').next() == Some(name))
        };
        let mut functions = self.functions();
        let found = functions.find(|(id, it)| is_it(id, it));
        let found = found.map(|(_, it)| it);
        found.ok_or_else(|| format!("the template has no function {name}"))
    }

    /// The properties of the functions' events of one type, with the events' names.
    fn events_of_type(&self, kind: &str) -> Result<Vec<(String, Value)>, String> {
        let mut found = Vec::new();
        for (_, function) in self.functions() {
            if !self.is_made(function)? {
                continue;
            }
            let events = function.at(&["Properties", "Events"]);
            for (name, event) in events.map_or(&[][..], Yaml::fields) {
                if event.get("Type").and_then(Yaml::text) == Some(kind)
                    && let Some(properties) = event.get("Properties")
                {
                    let properties = self.resolved(properties)?;
                    found.push((name.clone(), properties.unwrap_or_default()));
                }
            }
        }
        Ok(found)
    }

    /// Whether a resource's condition, if it has one, is met.
    fn is_made(&self, resource: &Yaml) -> Result<bool, String> {
        match resource.get("Condition").and_then(Yaml::text) {
            Some(name) => self.condition(name),
            None => Ok(true),
        }
    }

    fn condition(&self, name: &str) -> Result<bool, String> {
        let condition = self.root.at(&["Conditions", name]);
        self.truth(condition.ok_or_else(|| format!("the template has no condition {name}"))?)
    }

    fn truth(&self, node: &Yaml) -> Result<bool, String> {
        match (node.tag(), node) {
            (Some("Condition"), Yaml::Scalar { text, .. }) => self.condition(text),
            (Some("Equals"), Yaml::Sequence { items, .. }) => match items.as_slice() {
                [left, right] => Ok(self.text(left)? == self.text(right)?),
                _ => Err("!Equals takes two values".to_owned()),
            },
            (Some("Not"), Yaml::Sequence { items, .. }) => match items.as_slice() {
                [one] => Ok(!self.truth(one)?),
                _ => Err("!Not takes one condition".to_owned()),
            },
            (Some("And"), Yaml::Sequence { items, .. }) => items
                .iter()
                .try_fold(true, |all, one| Ok(all & self.truth(one)?)),
            (Some("Or"), Yaml::Sequence { items, .. }) => items
                .iter()
                .try_fold(false, |any, one| Ok(any | self.truth(one)?)),
            (tag, _) => Err(format!("the condition function {tag:?} is not modelled")),
        }
    }

    fn field(&self, node: &Yaml, name: &str) -> Result<Option<Value>, String> {
        let field = node.get(name);
        field.map_or(Ok(None), |field| self.resolved(field))
    }

    fn text(&self, node: &Yaml) -> Result<String, String> {
        match self.resolved(node)? {
            Some(Value::String(text)) => Ok(text),
            Some(other) => Ok(other.to_string()),
            None => Ok(String::new()),
        }
    }

    /// The value of a node once its functions are carried out; none of `AWS::NoValue`.
    fn resolved(&self, node: &Yaml) -> Result<Option<Value>, String> {
        match (node.tag(), node) {
            (Some("Ref"), Yaml::Scalar { text, .. }) => self.reference(text),
            (Some("Sub"), Yaml::Scalar { text, .. }) => Ok(Some(self.substituted(text)?.into())),
            (Some("GetAtt"), Yaml::Scalar { text, .. }) => Ok(Some(self.attribute(text)?.into())),
            (Some("If"), Yaml::Sequence { items, .. }) => match items.as_slice() {
                [condition, yes, no] => {
                    let met = self.condition(condition.text().unwrap_or_default())?;
                    self.resolved(if met { yes } else { no })
                }
                _ => Err("!If takes a condition and two values".to_owned()),
            },
            (Some("Split"), Yaml::Sequence { items, .. }) => match items.as_slice() {
                [between, whole] => {
                    let (between, whole) = (self.text(between)?, self.text(whole)?);
                    let parts = whole.split(&between).map(Value::from);
                    Ok(Some(Value::Array(parts.collect())))
                }
                _ => Err("!Split takes two texts".to_owned()),
            },
            (None, Yaml::Scalar { .. }) => Ok(Some(node.to_json())),
            (None, Yaml::Sequence { items, .. }) => {
                let items = items.iter().map(|item| self.resolved(item));
                let items = items.filter_map(Result::transpose);
                Ok(Some(Value::Array(items.collect::<Result<_, _>>()?)))
            }
            (None, Yaml::Mapping { fields, .. }) => {
                let mut object = Map::new();
                for (name, value) in fields {
                    if let Some(value) = self.resolved(value)? {
                        object.insert(name.clone(), value);
                    }
                }
                Ok(Some(Value::Object(object)))
            }
            (Some(tag), _) => Err(format!("the function !{tag} is not modelled")),
        }
    }

    fn reference(&self, name: &str) -> Result<Option<Value>, String> {
        if name == "AWS::NoValue" {
            return Ok(None);
        }
        let default = self.root.at(&["Parameters", name, "Default"]);
        let default = default.map(|it| it.text().unwrap_or_default());
        if let Some(given) = self.parameters.get(name).copied().or(default) {
            let kind = self.root.at(&["Parameters", name, "Type"]);
            let is_list = kind.and_then(Yaml::text) == Some("CommaDelimitedList");
            let items = given.split(',').map(|item| item.trim().into());
            return Ok(Some(if is_list {
                Value::Array(items.collect())
            } else {
                given.into()
            }));
        }
        let pseudo = match name {
            "AWS::Partition" => Some("aws"),
            "AWS::Region" => Some(REGION),
            "AWS::AccountId" => Some(ACCOUNT),
            "AWS::StackName" => Some("nightshift"),
            _ => None,
        };
        if let Some(pseudo) = pseudo {
            return Ok(Some(pseudo.into()));
        }
        let resource = self.resource(name)?;
        // https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sns-topic.html
        Ok(Some(match resource.get("Type").and_then(Yaml::text) {
            Some("AWS::SNS::Topic") => format!("arn:aws:sns:{REGION}:{ACCOUNT}:{name}").into(),
            Some("AWS::Logs::LogGroup") => match resource.at(&["Properties", "LogGroupName"]) {
                Some(group) => self.text(group)?.into(),
                None => name.into(),
            },
            _ => name.into(),
        }))
    }

    fn attribute(&self, path: &str) -> Result<String, String> {
        let unknown = || format!("the attribute {path} is not modelled");
        let (id, attribute) = path.split_once('.').ok_or_else(unknown)?;
        let resource = self.resource(id)?;
        if attribute != "Arn" {
            return Err(unknown());
        }
        match resource.get("Type").and_then(Yaml::text) {
            Some("AWS::DynamoDB::Table") => {
                Ok(format!("arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{id}"))
            }
            // https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-logs-loggroup.html
            Some("AWS::Logs::LogGroup") => {
                let group = self.reference(id)?.unwrap_or_default();
                let group = group.as_str().unwrap_or_default();
                Ok(format!(
                    "arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group}:*"
                ))
            }
            // https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sqs-queue.html
            Some("AWS::SQS::Queue") => Ok(format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{id}")),
            Some("AWS::IAM::Role") => Ok(format!("arn:aws:iam::{ACCOUNT}:role/{id}")),
            Some("AWS::Serverless::Function" | "AWS::Lambda::Function") => {
                Ok(format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{id}"))
            }
            _ => Err(unknown()),
        }
    }

    fn substituted(&self, text: &str) -> Result<String, String> {
        let mut parts = text.split("${");
        let mut whole = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (name, rest) = part.split_once('}').ok_or("a ${ without its }")?;
            match name.strip_prefix('!') {
                Some(literal) => {
                    let _ = write!(whole, "${{{literal}}}");
                }
                None if !name.contains("::") && name.contains('.') => {
                    whole.push_str(&self.attribute(name)?);
                }
                None => match self.reference(name)? {
                    Some(Value::String(value)) => whole.push_str(&value),
                    _ => return Err(format!("${{{name}}} is no text")),
                },
            }
            whole.push_str(rest);
        }
        Ok(whole)
    }
}
