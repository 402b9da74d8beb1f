//! Reading groups, streams and lines, page by page.

use serde_json::{Value, json};

use super::{ACCOUNT, Group, Line, REGION, Stream, arn, group, group_name, invalid, no_stream};
use crate::{
    call::{Call, Fault, Outcome},
    hash,
    world::World,
};

/// How many a page holds: `limit`, at most `most`.
fn page_size(call: &Call, unless_given: i64, most: i64) -> Result<usize, Fault> {
    let size = call.number("limit").unwrap_or(unless_given);
    if !(1..=most).contains(&size) {
        return Err(invalid(format!(
            "1 validation error detected: Value '{size}' at 'limit' failed to satisfy constraint: Member must have value less than or equal to {most}"
        )));
    }
    Ok(usize::try_from(size).unwrap_or(1))
}

/// The place that a token with this prefix names.
fn place(call: &Call, prefix: &str) -> Result<Option<usize>, Fault> {
    let Some(token) = call.text("nextToken") else {
        return Ok(None);
    };
    let place = token.strip_prefix(prefix).and_then(|at| at.parse().ok());
    let bad = || invalid("The specified nextToken is invalid.");
    place.map(Some).ok_or_else(bad)
}

/// One page of a list with the token of the next.
fn paged(call: &Call, name: &str, size: usize, all: Vec<Value>) -> Outcome {
    let from = place(call, "page-")?.unwrap_or(0);
    let next = from.saturating_add(size);
    let more = next < all.len();
    let mut answer = json!({});
    answer[name] = all.into_iter().skip(from).take(size).collect();
    if more {
        answer["nextToken"] = format!("page-{next}").into();
    }
    Ok(answer)
}

/// <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeLogGroups.html>
pub(super) fn groups(world: &World, call: &Call) -> Outcome {
    let prefix = call.text("logGroupNamePrefix").unwrap_or_default();
    let part = call.text("logGroupNamePattern").unwrap_or_default();
    let groups = world.logs.groups.iter();
    let asked = groups.filter(|(name, _)| name.starts_with(prefix) && name.contains(part));
    let shown = asked.map(|(name, group)| {
        json!({
            "logGroupName": name,
            "creationTime": group.created_at.as_millisecond(),
            "metricFilterCount": 0,
            "arn": format!("{}:*", arn(name)),
            "logGroupArn": arn(name),
            "storedBytes": 0,
            "logGroupClass": "STANDARD",
        })
    });
    let size = page_size(call, 50, 50)?;
    paged(call, "logGroups", size, shown.collect())
}

/// <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeLogStreams.html>
pub(super) fn streams(world: &World, call: &Call) -> Outcome {
    let group = group(world, call)?;
    let prefix = call.text("logStreamNamePrefix");
    let by_time = call.text("orderBy") == Some("LastEventTime");
    if by_time && prefix.is_some() {
        // Ordered by time, streams cannot be asked for by their prefix.
        return Err(invalid(
            "Cannot order by LastEventTime with a logStreamNamePrefix.",
        ));
    }
    let prefix = prefix.unwrap_or_default();
    let streams = group.streams.iter();
    let mut asked: Vec<_> = streams
        .filter(|(name, _)| name.starts_with(prefix))
        .collect();
    if by_time {
        asked.sort_by_key(|(_, stream)| stream.lines.back().map(|line| line.at));
    }
    if call.truth("descending") == Some(true) {
        asked.reverse();
    }
    let name = group_name(call)?;
    let shown = asked.into_iter().map(|(stream, there)| {
        let mut shown = json!({
            "logStreamName": stream,
            "creationTime": there.created_at.as_millisecond(),
            "arn": format!("arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{name}:log-stream:{stream}"),
            "storedBytes": 0,
            "uploadSequenceToken": format!("{:056}", hash::text(stream)),
        });
        if let (Some(first), Some(last)) = (there.lines.front(), there.lines.back()) {
            shown["firstEventTimestamp"] = first.at.as_millisecond().into();
            shown["lastEventTimestamp"] = last.at.as_millisecond().into();
            shown["lastIngestionTime"] = last.ingested_at.as_millisecond().into();
        }
        shown
    });
    let size = page_size(call, 50, 50)?;
    paged(call, "logStreams", size, shown.collect())
}

/// The lines between `startTime` and `endTime`, the latter not included.
fn within<'a>(call: &Call, stream: &'a Stream) -> Vec<&'a Line> {
    let from = call.number("startTime").unwrap_or(i64::MIN);
    let to = call.number("endTime").unwrap_or(i64::MAX);
    let lines = stream.lines.iter();
    lines
        .filter(|line| (from..to).contains(&line.at.as_millisecond()))
        .collect()
}

/// The last lines come first unless the first are asked for; both tokens always come, and the same one
/// again at the end of the stream.
/// <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html>
pub(super) fn events(world: &World, call: &Call) -> Outcome {
    let group = group(world, call)?;
    let name = call.text("logStreamName").unwrap_or_default();
    let stream = group.streams.get(name).ok_or_else(no_stream)?;
    let lines = within(call, stream);
    let size = page_size(call, 10_000, 10_000)?;
    let token = call.text("nextToken").unwrap_or_default();
    let (from, to) = if token.starts_with("f/") {
        let from = place(call, "f/")?.unwrap_or(0).min(lines.len());
        (from, from.saturating_add(size).min(lines.len()))
    } else if token.starts_with("b/") || !token.is_empty() {
        let to = place(call, "b/")?.unwrap_or(0).min(lines.len());
        (to.saturating_sub(size), to)
    } else if call.truth("startFromHead") == Some(true) {
        (0, size.min(lines.len()))
    } else {
        (lines.len().saturating_sub(size), lines.len())
    };
    let page = lines.iter().take(to).skip(from);
    let events = page.map(|line| {
        json!({
            "timestamp": line.at.as_millisecond(),
            "message": line.text,
            "ingestionTime": line.ingested_at.as_millisecond(),
        })
    });
    Ok(json!({
        "events": events.collect::<Value>(),
        "nextForwardToken": format!("f/{to}"),
        "nextBackwardToken": format!("b/{from}"),
    }))
}

/// Whether a line has what a pattern asks for: all of its words, or one of those with a question mark,
/// and none of those with a minus. Patterns in braces and brackets are refused.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
fn passes(pattern: &str, text: &str) -> bool {
    let mut words = Vec::new();
    let mut rest = pattern.trim();
    while !rest.is_empty() {
        let sign = rest.chars().next().filter(|sign| "?-".contains(*sign));
        let bare = sign.map_or(rest, |_| rest.get(1..).unwrap_or_default());
        let (word, after) = match bare.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => bare.split_once(' ').unwrap_or((bare, "")),
        };
        words.push((sign, word));
        rest = after.trim_start();
    }
    let any: Vec<&str> = words
        .iter()
        .filter(|(sign, _)| *sign == Some('?'))
        .map(|(_, word)| *word)
        .collect();
    let all = words.iter().all(|(sign, word)| match sign {
        None => text.contains(word),
        Some('-') => !text.contains(word),
        Some(_) => true,
    });
    all && (any.is_empty() || any.iter().any(|word| text.contains(word)))
}

fn named<'a>(call: &Call, group: &'a Group) -> Result<Vec<(&'a String, &'a Stream)>, Fault> {
    let names = call.texts("logStreamNames");
    let prefix = call.text("logStreamNamePrefix");
    if !names.is_empty() && prefix.is_some() {
        return Err(invalid(
            "logStreamNames and logStreamNamePrefix cannot both be specified.",
        ));
    }
    if names.is_empty() {
        let prefix = prefix.unwrap_or_default();
        let streams = group.streams.iter();
        return Ok(streams
            .filter(|(name, _)| name.starts_with(prefix))
            .collect());
    }
    let one = |name: &String| group.streams.get_key_value(name).ok_or_else(no_stream);
    names.iter().map(one).collect()
}

/// <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html>
pub(super) fn filtered(world: &World, call: &Call) -> Outcome {
    let group = group(world, call)?;
    let pattern = call.text("filterPattern").unwrap_or_default();
    if pattern.trim_start().starts_with(['{', '[', '%']) {
        return Err(invalid(
            "the simulated cloud knows only filter patterns of words",
        ));
    }
    let mut found: Vec<(&String, &Line)> = Vec::new();
    for (name, stream) in named(call, group)? {
        let lines = within(call, stream).into_iter();
        found.extend(
            lines
                .filter(|line| passes(pattern, &line.text))
                .map(|line| (name, line)),
        );
    }
    found.sort_by_key(|(name, line)| (line.at, *name, line.number));
    let shown = found.into_iter().map(|(name, line)| {
        let id = format!("{name} {}", line.number);
        json!({
            "logStreamName": name,
            "timestamp": line.at.as_millisecond(),
            "message": line.text,
            "ingestionTime": line.ingested_at.as_millisecond(),
            "eventId": format!("{:056}", hash::text(&id)),
        })
    });
    let size = page_size(call, 10_000, 10_000)?;
    let mut answer = paged(call, "events", size, shown.collect())?;
    // "As of May 15, 2020, this parameter is no longer supported. This parameter returns an empty list."
    answer["searchedLogStreams"] = json!([]);
    Ok(answer)
}
