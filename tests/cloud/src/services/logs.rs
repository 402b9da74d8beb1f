//! `CloudWatch` Logs: groups of streams of lines, as the `awslogs` driver of tasks writes them. Nothing
//! is kept for longer than a month, nor more than a stream's last lines.

mod read;

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::{
    call::{Actor, Call, Demand, Fault, Outcome, Tags},
    rates::Bucket,
    services::{Protocol, Service, unknown_operation},
    world::{ACCOUNT, REGION, What, World},
};

/// The service.
pub const SERVICE: LogsService = LogsService;

/// The service.
#[derive(Clone, Copy, Debug)]
pub struct LogsService;

/// How many lines of a stream are kept.
const MOST_LINES: usize = 1_000;
/// How long a stream is kept after its last line.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Its state.
#[derive(Clone, Debug, Default)]
pub struct Logs {
    groups: BTreeMap<String, Group>,
}

#[derive(Clone, Debug)]
struct Group {
    created_at: Timestamp,
    tags: Tags,
    streams: BTreeMap<String, Stream>,
}

#[derive(Clone, Debug)]
struct Stream {
    created_at: Timestamp,
    /// In the order in which they were written, which is that of their instants.
    lines: VecDeque<Line>,
}

/// A line.
#[derive(Clone, Debug, PartialEq)]
struct Line {
    at: Timestamp,
    ingested_at: Timestamp,
    text: String,
    /// Its place among all lines of its stream, also those that are kept no more.
    number: u64,
}

impl Logs {
    /// Whether there is a group of this name.
    #[must_use]
    pub fn has_group(&self, name: &str) -> bool {
        self.groups.contains_key(name)
    }

    /// The lines of a stream that are kept, the oldest first.
    pub fn lines<'a>(&'a self, group: &str, stream: &str) -> impl Iterator<Item = &'a str> {
        let group = self.groups.get(group);
        let stream = group.and_then(|group| group.streams.get(stream));
        stream
            .into_iter()
            .flat_map(|stream| &stream.lines)
            .map(|line| line.text.as_str())
    }
}

/// The ARN of a group, as policies name it.
#[must_use]
pub fn arn(group: &str) -> String {
    format!("arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group}")
}

/// Makes a group; one that is there already stays as it is.
pub fn create_group(world: &mut World, by: &Actor, name: &str) {
    if world.logs.has_group(name) {
        return;
    }
    let group = Group {
        created_at: world.now,
        tags: Tags::new(),
        streams: BTreeMap::new(),
    };
    world.logs.groups.insert(name.to_owned(), group);
    world.note(by, arn(name), What::Created);
}

/// Deletes a group with all that is in it.
pub fn delete_group(world: &mut World, by: &Actor, name: &str) {
    if world.logs.groups.remove(name).is_some() {
        world.note(by, arn(name), What::Deleted);
    }
}

/// Writes a line into a stream, which is made if there is none. Where there is no such group, nothing
/// is written.
pub fn write(world: &mut World, group: &str, stream: &str, at: Timestamp, text: &str) {
    let now = world.now;
    let Some(group) = world.logs.groups.get_mut(group) else {
        return;
    };
    if !group.streams.contains_key(stream) {
        let old = now.saturating_sub(KEPT).unwrap_or(now);
        group.streams.retain(|_, stream| {
            let last = stream
                .lines
                .back()
                .map_or(stream.created_at, |line| line.at);
            last >= old
        });
    }
    let stream = group
        .streams
        .entry(stream.to_owned())
        .or_insert_with(|| Stream {
            created_at: now,
            lines: VecDeque::new(),
        });
    let last = stream.lines.back();
    let (number, at) = last.map_or((0, at), |last| (last.number + 1, at.max(last.at)));
    if stream.lines.len() >= MOST_LINES {
        stream.lines.pop_front();
    }
    stream.lines.push_back(Line {
        at,
        ingested_at: now,
        text: text.to_owned(),
        number,
    });
}

fn invalid(message: impl Into<String>) -> Fault {
    Fault::client("InvalidParameterException", message)
}

// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html
fn no_group() -> Fault {
    Fault::client(
        "ResourceNotFoundException",
        "The specified log group does not exist.",
    )
}

fn no_stream() -> Fault {
    Fault::client(
        "ResourceNotFoundException",
        "The specified log stream does not exist.",
    )
}

/// The name of the group that a call means: by its name, or by its name or ARN as identifier.
// "You must include one of these two parameters, but you can't include both."
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
fn group_name(call: &Call) -> Result<&str, Fault> {
    let identifier = call.text("logGroupIdentifier");
    match (call.text("logGroupName"), identifier) {
        (Some(name), None) => Ok(name),
        (None, Some(given)) => {
            let prefix = arn("");
            let name = given.strip_prefix(prefix.as_str()).unwrap_or(given);
            Ok(name.trim_end_matches(":*"))
        }
        _ => Err(invalid(
            "Exactly one of logGroupName and logGroupIdentifier must be specified.",
        )),
    }
}

fn group<'a>(world: &'a World, call: &Call) -> Result<&'a Group, Fault> {
    let name = group_name(call)?;
    world.logs.groups.get(name).ok_or_else(no_group)
}

impl Service for LogsService {
    fn name(&self) -> &'static str {
        "logs"
    }

    fn protocol(&self) -> Protocol {
        Protocol::Json {
            target: "Logs_20140328",
            version: "1.1",
        }
    }

    // FilterLogEvents has 10 a second in some Regions and 5 in the others; whether Tokyo is among the
    // former was not to be had, so the lower one holds.
    // https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html
    fn bucket(&self, operation: &str) -> Option<Bucket> {
        let (name, a_second) = match operation {
            "DescribeLogGroups" => ("logs describe groups", 10.0),
            "DescribeLogStreams" => ("logs describe streams", 25.0),
            "GetLogEvents" => ("logs get", 25.0),
            "FilterLogEvents" => ("logs filter", 5.0),
            "CreateLogGroup" => ("logs create group", 10.0),
            "CreateLogStream" => ("logs create stream", 50.0),
            _ => return None,
        };
        Some(Bucket {
            name,
            burst: a_second,
            a_second,
        })
    }

    // A stream's ARN for what knows streams, the group's with `:*` for what reads the whole group.
    // https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatchlogs.html
    fn demands(&self, world: &World, call: &Call) -> Vec<Demand> {
        let action = format!("logs:{}", call.operation);
        let name = group_name(call).unwrap_or("*");
        let there = world.logs.groups.get(name);
        let tags = there.map(|there| there.tags.clone()).unwrap_or_default();
        let resource = match call.operation.as_str() {
            "GetLogEvents" | "PutLogEvents" => {
                let stream = call.text("logStreamName").unwrap_or_default();
                format!("{}:log-stream:{stream}", arn(name))
            }
            "DescribeLogGroups" => format!("{}*", arn("")),
            _ => format!("{}:*", arn(name)),
        };
        vec![Demand::new(action, resource, &tags)]
    }

    fn answer(&self, world: &mut World, call: &Call) -> Outcome {
        match call.operation.as_str() {
            "CreateLogGroup" => create(world, call),
            "DeleteLogGroup" => {
                group(world, call)?;
                let name = group_name(call)?.to_owned();
                delete_group(world, &call.actor, &name);
                Ok(json!({}))
            }
            "DescribeLogGroups" => read::groups(world, call),
            "DescribeLogStreams" => read::streams(world, call),
            "GetLogEvents" => read::events(world, call),
            "FilterLogEvents" => read::filtered(world, call),
            "PutLogEvents" => put(world, call),
            _ => Err(unknown_operation(self, call)),
        }
    }
}

// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html
fn create(world: &mut World, call: &Call) -> Outcome {
    let name = group_name(call)?.to_owned();
    if world.logs.has_group(&name) {
        return Err(Fault::client(
            "ResourceAlreadyExistsException",
            "The specified log group already exists",
        ));
    }
    create_group(world, &call.actor, &name);
    let tags = call.input["tags"].as_object();
    let pairs = tags.into_iter().flatten().filter_map(|(key, value)| {
        let value = value.as_str()?;
        Some((key.clone(), value.to_owned()))
    });
    if let Some(group) = world.logs.groups.get_mut(&name) {
        group.tags = pairs.collect();
    }
    Ok(json!({}))
}

/// Unlike AWS it makes the stream: programs under test do not write here.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
fn put(world: &mut World, call: &Call) -> Outcome {
    group(world, call)?;
    let name = group_name(call)?.to_owned();
    let stream = call.text("logStreamName").unwrap_or_default().to_owned();
    let events = call.input["logEvents"].as_array().cloned();
    for event in events.into_iter().flatten() {
        let at = event["timestamp"].as_i64().map(Timestamp::from_millisecond);
        let at = at.and_then(Result::ok).unwrap_or(world.now);
        let text = event["message"].as_str().map(ToOwned::to_owned);
        write(world, &name, &stream, at, &text.unwrap_or_default());
    }
    Ok(json!({ "nextSequenceToken": Value::Null }))
}

#[cfg(test)]
mod tests;
