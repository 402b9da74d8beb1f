//! EventBridge: what AWS emits stands in order on one bus, whole envelopes as targets get them;
//! rules only say which of them they take. Delivery is the harness's.

use std::{collections::BTreeMap, mem};

use jiff::{Timestamp, Unit};
use serde_json::{Value, json};

use crate::{
    call::{Call, Demand, Fault, Outcome, Tags},
    hash,
    services::{Protocol, Service, unknown_operation},
    world::{ACCOUNT, REGION, What, World},
};

mod pattern;
mod schedule;

pub use pattern::{check, matches};
pub use schedule::{Every, Schedule, occurrences};

/// The service.
pub const SERVICE: EventsService = EventsService;

/// The service.
#[derive(Clone, Copy, Debug)]
pub struct EventsService;

/// Its state.
#[derive(Clone, Debug, Default)]
pub struct Events {
    /// What was emitted since it was last taken, in order.
    pub emitted: Vec<Event>,
    /// Rules of the default bus by their names.
    pub rules: BTreeMap<String, Rule>,
    /// Schedules, which the harness plays by [`occurrences`].
    pub schedules: Vec<Schedule>,
}

/// A rule of the default bus.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// What it takes; none for a rule with a schedule.
    pub pattern: Option<Value>,
    /// `rate(…)` or `cron(…)`, kept as it was given.
    pub schedule: Option<String>,
    /// Its description.
    pub description: Option<String>,
    /// Whether it is `ENABLED`.
    pub enabled: bool,
    /// Its targets by their ids, as they were given.
    pub targets: BTreeMap<String, Value>,
}

/// An event on the default bus.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// When it was emitted.
    pub at: Timestamp,
    /// The event as targets get it.
    pub envelope: Value,
}

impl Events {
    /// The events since they were last taken.
    pub fn take(&mut self) -> Vec<Event> {
        mem::take(&mut self.emitted)
    }

    /// The names of the enabled rules that take an event.
    #[must_use]
    pub fn takers(&self, envelope: &Value) -> Vec<&str> {
        let takes = |rule: &Rule| {
            let pattern = rule.pattern.as_ref();
            rule.enabled && pattern.is_some_and(|pattern| matches(pattern, envelope))
        };
        self.rules
            .iter()
            .filter(|(_, rule)| takes(rule))
            .map(|(name, _)| name.as_str())
            .collect()
    }
}

/// Puts an event of a service of AWS on the default bus.
// https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html
pub fn emit(
    world: &mut World,
    source: &str,
    detail_type: &str,
    resources: Vec<String>,
    detail: Value,
) {
    post(world, source, detail_type, resources, detail);
}

/// The same with an id that is not drawn, so that whoever emits it takes nothing from the world's
/// chance.
pub(in crate::services) fn emit_undrawn(
    world: &mut World,
    source: &str,
    detail_type: &str,
    resources: Vec<String>,
    detail: Value,
) {
    let of = format!("{} {resources:?} {detail}", world.now);
    put(
        world,
        &hash::uuid(&of),
        [source, detail_type],
        resources,
        detail,
    );
}

fn post(
    world: &mut World,
    source: &str,
    detail_type: &str,
    resources: Vec<String>,
    detail: Value,
) -> String {
    let id = [8, 4, 4, 4, 12].map(|digits| world.id(digits)).join("-");
    put(world, &id, [source, detail_type], resources, detail);
    id
}

fn put(
    world: &mut World,
    id: &str,
    [source, detail_type]: [&str; 2],
    resources: Vec<String>,
    detail: Value,
) {
    let time = world.now.round(Unit::Second).unwrap_or(world.now);
    let mut envelope = json!({
        "version": "0",
        "id": id,
        "detail-type": detail_type,
        "source": source,
        "account": ACCOUNT,
        "time": time.to_string(),
        "region": REGION,
    });
    envelope["resources"] = resources.into();
    envelope["detail"] = detail;
    world.events.emitted.push(Event {
        at: world.now,
        envelope,
    });
}

impl Service for EventsService {
    fn name(&self) -> &'static str {
        "events"
    }

    fn protocol(&self) -> Protocol {
        Protocol::Json {
            target: "AWSEvents",
            version: "1.1",
        }
    }

    fn demands(&self, _world: &World, call: &Call) -> Vec<Demand> {
        let action = format!("events:{}", call.operation);
        // https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoneventbridge.html
        let resource = match call.operation.as_str() {
            "ListRules" | "TestEventPattern" => "*".to_owned(),
            "PutEvents" => format!("arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"),
            _ => arn(call
                .text("Name")
                .or_else(|| call.text("Rule"))
                .unwrap_or_default()),
        };
        vec![Demand::new(action, resource, &Tags::new())]
    }

    fn answer(&self, world: &mut World, call: &Call) -> Outcome {
        match call.operation.as_str() {
            "PutRule" => put_rule(world, call),
            "PutTargets" => put_targets(world, call),
            "RemoveTargets" => remove_targets(world, call),
            "DeleteRule" => delete_rule(world, call),
            "DescribeRule" => {
                let name = call.text("Name").unwrap_or_default();
                Ok(described(name, rule(world, name)?))
            }
            "ListRules" => {
                let prefix = call.text("NamePrefix").unwrap_or_default();
                let rules = world.events.rules.iter();
                let rules: Vec<Value> = rules
                    .filter(|(name, _)| name.starts_with(prefix))
                    .map(|(name, rule)| described(name, rule))
                    .collect();
                Ok(json!({ "Rules": rules }))
            }
            "ListTargetsByRule" => {
                let rule = rule(world, call.text("Rule").unwrap_or_default())?;
                let targets: Vec<&Value> = rule.targets.values().collect();
                Ok(json!({ "Targets": targets }))
            }
            "TestEventPattern" => test_pattern(call),
            "PutEvents" => put_events(world, call),
            _ => Err(unknown_operation(self, call)),
        }
    }
}

fn arn(rule: &str) -> String {
    format!("arn:aws:events:{REGION}:{ACCOUNT}:rule/{rule}")
}

fn not_found(name: &str) -> Fault {
    Fault::client(
        "ResourceNotFoundException",
        format!("Rule {name} does not exist on EventBus default."),
    )
}

fn rule<'a>(world: &'a World, name: &str) -> Result<&'a Rule, Fault> {
    world.events.rules.get(name).ok_or_else(|| not_found(name))
}

fn described(name: &str, rule: &Rule) -> Value {
    let mut described = json!({
        "Name": name,
        "Arn": arn(name),
        "State": if rule.enabled { "ENABLED" } else { "DISABLED" },
        "EventBusName": "default",
    });
    if let Some(pattern) = &rule.pattern {
        described["EventPattern"] = pattern.to_string().into();
    }
    if let Some(schedule) = &rule.schedule {
        described["ScheduleExpression"] = schedule.as_str().into();
    }
    if let Some(description) = &rule.description {
        described["Description"] = description.as_str().into();
    }
    described
}

fn read_pattern(text: &str) -> Result<Value, Fault> {
    let bad = |why: String| Fault::client("InvalidEventPatternException", why);
    let pattern = serde_json::from_str(text)
        .map_err(|error| bad(format!("Event pattern is not valid. Reason: {error}")))?;
    check(&pattern).map_err(bad)?;
    Ok(pattern)
}

// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html
fn put_rule(world: &mut World, call: &Call) -> Outcome {
    let name = call.text("Name").unwrap_or_default().to_owned();
    let pattern = call.text("EventPattern").map(read_pattern).transpose()?;
    let schedule = call.text("ScheduleExpression").map(ToOwned::to_owned);
    if name.is_empty() || (pattern.is_none() && schedule.is_none()) {
        return Err(Fault::client(
            "ValidationException",
            "Parameter(s) EventPattern or ScheduleExpression must be specified.",
        ));
    }
    let before = world.events.rules.remove(&name);
    let what = if before.is_some() {
        What::Written
    } else {
        What::Created
    };
    let rule = Rule {
        pattern,
        schedule,
        description: call.text("Description").map(ToOwned::to_owned),
        enabled: call.text("State") != Some("DISABLED"),
        targets: before.map(|rule| rule.targets).unwrap_or_default(),
    };
    world.note(&call.actor, arn(&name), what);
    let answer = json!({ "RuleArn": arn(&name) });
    world.events.rules.insert(name, rule);
    Ok(answer)
}

fn rule_mut<'a>(world: &'a mut World, call: &Call) -> Result<&'a mut Rule, Fault> {
    let name = call.text("Rule").unwrap_or_default();
    let rules = &mut world.events.rules;
    rules.get_mut(name).ok_or_else(|| not_found(name))
}

fn put_targets(world: &mut World, call: &Call) -> Outcome {
    let rule = rule_mut(world, call)?;
    let targets = call.input["Targets"].as_array();
    let mut failed = Vec::new();
    for target in targets.into_iter().flatten() {
        let id = target["Id"].as_str().unwrap_or_default().to_owned();
        // Five targets for each rule: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
        if rule.targets.len() >= 5 && !rule.targets.contains_key(&id) {
            failed.push(json!({
                "TargetId": id,
                "ErrorCode": "LimitExceededException",
                "ErrorMessage": "The requested resource exceeds the maximum number allowed.",
            }));
        } else {
            rule.targets.insert(id, target.clone());
        }
    }
    Ok(json!({ "FailedEntryCount": failed.len(), "FailedEntries": failed }))
}

fn remove_targets(world: &mut World, call: &Call) -> Outcome {
    let rule = rule_mut(world, call)?;
    for id in call.texts("Ids") {
        rule.targets.remove(&id);
    }
    Ok(json!({ "FailedEntryCount": 0, "FailedEntries": [] }))
}

// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DeleteRule.html
fn delete_rule(world: &mut World, call: &Call) -> Outcome {
    let name = call.text("Name").unwrap_or_default();
    let Some(rule) = world.events.rules.get(name) else {
        return Ok(json!({}));
    };
    if !rule.targets.is_empty() {
        return Err(Fault::client(
            "ValidationException",
            "Rule can't be deleted since it has targets.",
        ));
    }
    world.events.rules.remove(name);
    world.note(&call.actor, arn(name), What::Deleted);
    Ok(json!({}))
}

// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_TestEventPattern.html
fn test_pattern(call: &Call) -> Outcome {
    let pattern = read_pattern(call.text("EventPattern").unwrap_or_default())?;
    let event: Value = serde_json::from_str(call.text("Event").unwrap_or_default())
        .map_err(|error| Fault::client("ValidationException", error.to_string()))?;
    let fields = [
        "id",
        "account",
        "source",
        "time",
        "region",
        "resources",
        "detail-type",
    ];
    if let Some(field) = fields.iter().find(|field| event.get(**field).is_none()) {
        return Err(Fault::client(
            "ValidationException",
            format!("Parameter Event is not valid. Reason: {field} is a required field."),
        ));
    }
    Ok(json!({ "Result": matches(&pattern, &event) }))
}

// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
fn put_events(world: &mut World, call: &Call) -> Outcome {
    let entries = call.input["Entries"].as_array().cloned();
    let entries = entries.unwrap_or_default();
    if entries.is_empty() || entries.len() > 10 {
        return Err(Fault::client(
            "ValidationException",
            "1 validation error detected: Value at 'entries' failed to satisfy constraint: Member must have length between 1 and 10",
        ));
    }
    let answers: Vec<Value> = entries
        .iter()
        .map(|entry| match put_event(world, entry) {
            Ok(id) => json!({ "EventId": id }),
            Err((code, message)) => json!({ "ErrorCode": code, "ErrorMessage": message }),
        })
        .collect();
    let failed = answers.iter().filter(|answer| answer["EventId"].is_null());
    Ok(json!({ "FailedEntryCount": failed.count(), "Entries": answers }))
}

fn put_event(world: &mut World, entry: &Value) -> Result<String, (&'static str, String)> {
    let required = |name: &str| {
        let text = entry[name].as_str().filter(|text| !text.is_empty());
        text.ok_or_else(|| {
            let why =
                format!("Parameter {name} is not valid. Reason: {name} is a required argument.");
            ("InvalidArgument", why)
        })
    };
    let (source, kind) = (required("Source")?, required("DetailType")?);
    if source.starts_with("aws.") {
        return Err((
            "NotAuthorizedForSourceException",
            "Not authorized for the source.".to_owned(),
        ));
    }
    let detail: Value = serde_json::from_str(required("Detail")?)
        .ok()
        .filter(Value::is_object)
        .ok_or_else(|| ("MalformedDetail", "Detail is malformed.".to_owned()))?;
    let resources = entry["Resources"].as_array().into_iter().flatten();
    let resources = resources
        .filter_map(|arn| arn.as_str().map(ToOwned::to_owned))
        .collect();
    Ok(post(world, source, kind, resources, detail))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Actor;

    fn world() -> World {
        World::new(Timestamp::UNIX_EPOCH, 1)
    }

    fn ask(world: &mut World, operation: &str, input: Value) -> Outcome {
        world.ask(&SERVICE, Actor::Person, operation, input)
    }

    #[test]
    fn what_is_emitted_has_the_whole_envelope_and_is_taken_once() {
        let mut world = world();
        emit(
            &mut world,
            "aws.rds",
            "RDS DB Instance Event",
            vec!["arn:x".to_owned()],
            json!({ "EventID": "1" }),
        );
        let events = world.events.take();
        let envelope = &events[0].envelope;
        assert_eq!(envelope["time"], "1970-01-01T00:00:00Z");
        assert_eq!(envelope["resources"], json!(["arn:x"]));
        assert_eq!(envelope["id"].as_str().map(str::len), Some(36));
        assert!(world.events.take().is_empty());
    }

    #[test]
    fn a_rule_takes_what_its_pattern_says_while_it_is_enabled() {
        let mut world = world();
        let pattern = json!({ "source": ["aws.rds"] }).to_string();
        ask(
            &mut world,
            "PutRule",
            json!({ "Name": "db", "EventPattern": pattern }),
        )
        .unwrap();
        let event = json!({ "source": "aws.rds" });
        assert_eq!(world.events.takers(&event), ["db"]);
        ask(
            &mut world,
            "PutRule",
            json!({ "Name": "db", "EventPattern": pattern, "State": "DISABLED" }),
        )
        .unwrap();
        assert!(world.events.takers(&event).is_empty());
    }

    #[test]
    fn a_rule_with_targets_is_not_deleted() {
        let mut world = world();
        let pattern = json!({ "source": ["a"] }).to_string();
        ask(
            &mut world,
            "PutRule",
            json!({ "Name": "r", "EventPattern": pattern }),
        )
        .unwrap();
        ask(
            &mut world,
            "PutTargets",
            json!({ "Rule": "r", "Targets": [{ "Id": "1", "Arn": "arn:f" }] }),
        )
        .unwrap();
        let refused = ask(&mut world, "DeleteRule", json!({ "Name": "r" })).unwrap_err();
        assert_eq!(refused.code, "ValidationException");
        ask(
            &mut world,
            "RemoveTargets",
            json!({ "Rule": "r", "Ids": ["1"] }),
        )
        .unwrap();
        ask(&mut world, "DeleteRule", json!({ "Name": "r" })).unwrap();
        let gone = ask(&mut world, "DescribeRule", json!({ "Name": "r" })).unwrap_err();
        assert_eq!(gone.code, "ResourceNotFoundException");
    }

    #[test]
    fn events_in_the_name_of_aws_are_refused_and_the_others_delivered() {
        let mut world = world();
        let entry = |source: &str| json!({ "Source": source, "DetailType": "t", "Detail": "{}" });
        let answer = ask(
            &mut world,
            "PutEvents",
            json!({ "Entries": [entry("aws.rds"), entry("mine")] }),
        )
        .unwrap();
        assert_eq!(answer["FailedEntryCount"], 1);
        assert_eq!(
            answer["Entries"][0]["ErrorCode"],
            "NotAuthorizedForSourceException"
        );
        assert_eq!(world.events.take().len(), 1);
    }

    #[test]
    fn a_bad_pattern_has_the_code_of_its_own() {
        let refused = ask(
            &mut world(),
            "PutRule",
            json!({ "Name": "r", "EventPattern": "{\"source\": \"x\"}" }),
        )
        .unwrap_err();
        assert_eq!(refused.code, "InvalidEventPatternException");
    }
}
