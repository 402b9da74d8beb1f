//! `GetMetricData`: what was measured, by period, page by page.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html>

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{evaluate::Statistic, invalid, made::Source, metrics::Metric};
use crate::{
    call::{Call, Fault, Outcome},
    world::World,
};

/// A call can have so many queries.
const QUERIES: usize = 500;
/// "If you omit this, the default of 100,800 is used." That more is refused is a guess.
const DATAPOINTS: i64 = 100_800;
const DAY: i64 = 24 * 3600;

/// One query.
#[derive(Debug)]
struct Query {
    id: String,
    label: String,
    metric: Metric,
    statistic: Statistic,
    /// In seconds.
    period: i64,
    returned: bool,
}

/// Where a page begins: the query, and the second after which in its order its points follow.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Place {
    query: usize,
    after: Option<i64>,
}

impl Place {
    fn read(token: Option<&str>) -> Result<Self, Fault> {
        let Some(token) = token else {
            return Ok(Self {
                query: 0,
                after: None,
            });
        };
        let place = token.split_once('/').and_then(|(query, after)| {
            let after = match after {
                "" => None,
                after => Some(after.parse().ok()?),
            };
            let query = query.parse().ok()?;
            Some(Self { query, after })
        });
        // The only error of the operation in the service's model.
        place.ok_or_else(|| Fault::client("InvalidNextToken", "The next token is not valid."))
    }

    fn written(self) -> String {
        let after = self.after.map(|after| after.to_string());
        format!("{}/{}", self.query, after.unwrap_or_default())
    }
}

pub(super) fn get(world: &World, call: &Call) -> Outcome {
    let queries = queries(call)?;
    let (start, end) = span(world, call)?;
    let descending = match call.text("ScanBy") {
        None | Some("TimestampDescending") => true,
        Some("TimestampAscending") => false,
        Some(_) => {
            return Err(invalid(
                "Value at 'scanBy' failed to satisfy constraint: Member must satisfy enum value set: [TimestampDescending, TimestampAscending]",
            ));
        }
    };
    let most = call.number("MaxDatapoints").unwrap_or(DATAPOINTS);
    if !(1..=DATAPOINTS).contains(&most) {
        return Err(invalid(
            "The value for parameter MaxDatapoints must be between 1 and 100800.",
        ));
    }
    let mut left = usize::try_from(most).unwrap_or(usize::MAX);
    let place = Place::read(call.text("NextToken"))?;
    let (mut results, mut next) = (Vec::new(), None);
    let shown = queries
        .iter()
        .enumerate()
        .filter(|(_, query)| query.returned);
    for (number, query) in shown.skip_while(|(number, _)| *number < place.query) {
        if left == 0 {
            next = Some(Place {
                query: number,
                after: None,
            });
            break;
        }
        let after = place.after.filter(|_| number == place.query);
        let mut points = points(world, query, start, end);
        if descending {
            points.reverse();
        }
        points.retain(|(at, _)| match after {
            None => true,
            Some(after) if descending => *at < after,
            Some(after) => *at > after,
        });
        let is_cut = points.len() > left;
        points.truncate(left);
        left -= points.len();
        if is_cut {
            next = Some(Place {
                query: number,
                after: points.last().map(|(at, _)| *at),
            });
        }
        results.push(result(query, &points, is_cut));
        if is_cut {
            break;
        }
    }
    Ok(json!({
        "MetricDataResults": results,
        "NextToken": next.map(Place::written),
        "Messages": [],
    }))
}

fn result(query: &Query, points: &[(i64, f64)], is_cut: bool) -> Value {
    let (timestamps, values): (Vec<i64>, Vec<f64>) = points.iter().copied().unzip();
    json!({
        "Id": query.id,
        "Label": query.label,
        "Timestamps": timestamps,
        "Values": values,
        "StatusCode": if is_cut { "PartialData" } else { "Complete" },
    })
}

/// The points of a query, the oldest first. Periods begin at whole multiples of their length.
fn points(world: &World, query: &Query, start: i64, end: i64) -> Vec<(i64, f64)> {
    let (source, period) = (Source::of(world, &query.metric), query.period);
    let first = start.div_euclid(period) * period;
    let last = end.min(world.now.as_second() + period);
    let length = usize::try_from(period).unwrap_or(usize::MAX);
    let begins = (first..last).step_by(length);
    begins
        .filter_map(|began| {
            let measured = source.between(began, began + period, world.now)?;
            Some((began, query.statistic.of_measured(measured)))
        })
        .collect()
}

/// From the second that is included to the one that is not any more. The start is rounded down: to a
/// minute, to five of them when it lies 15 days back, and to an hour when 63.
fn span(world: &World, call: &Call) -> Result<(i64, i64), Fault> {
    let second = |name: &str| {
        let given = call.input.get(name).and_then(Value::as_f64);
        #[allow(
            clippy::cast_possible_truncation,
            reason = "whole seconds, and the conversion saturates"
        )]
        let second = given.map(|given| given.floor() as i64);
        second.ok_or_else(|| invalid(format!("The parameter {name} must be specified.")))
    };
    let (start, end) = (second("StartTime")?, second("EndTime")?);
    if start >= end {
        return Err(invalid(
            "The parameter StartTime must be less than the parameter EndTime.",
        ));
    }
    let back = world.now.as_second() - start;
    let step = match back {
        _ if back < 15 * DAY => 60,
        _ if back < 63 * DAY => 300,
        _ => 3600,
    };
    Ok((start.div_euclid(step) * step, end))
}

fn queries(call: &Call) -> Result<Vec<Query>, Fault> {
    let given = call
        .input
        .get("MetricDataQueries")
        .and_then(Value::as_array);
    let given = given.map(Vec::as_slice).unwrap_or_default();
    if given.is_empty() || given.len() > QUERIES {
        return Err(invalid(format!(
            "The collection MetricDataQueries must have a size between 1 and {QUERIES}."
        )));
    }
    let queries: Vec<Query> = given.iter().map(query).collect::<Result<_, _>>()?;
    let ids: BTreeSet<&str> = queries.iter().map(|query| query.id.as_str()).collect();
    if ids.len() < queries.len() {
        return Err(invalid(
            "The values for parameter id in MetricDataQueries are not unique.",
        ));
    }
    Ok(queries)
}

// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDataQuery.html
fn query(given: &Value) -> Result<Query, Fault> {
    let id = given["Id"].as_str().unwrap_or_default();
    // "The valid characters are letters, numbers, and underscore. The first character must be a
    // lowercase letter."
    let begins = id.starts_with(|letter: char| letter.is_ascii_lowercase());
    let is_valid = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    if !begins || !id.chars().all(is_valid) || id.len() > 255 {
        return Err(invalid(format!(
            "The value '{id}' for the parameter MetricDataQueries.member.Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$."
        )));
    }
    let stat = &given["MetricStat"];
    match (stat.is_object(), given["Expression"].is_string()) {
        (true, false) => {}
        (false, true) => return Err(invalid("the simulated cloud computes no expressions")),
        _ => {
            return Err(invalid(format!(
                "Exactly one of MetricStat and Expression must be specified for {id}."
            )));
        }
    }
    let metric = &stat["Metric"];
    let name = metric["MetricName"].as_str().unwrap_or_default();
    let namespace = metric["Namespace"].as_str().unwrap_or_default();
    let statistic = stat["Stat"].as_str().unwrap_or_default();
    let period = stat["Period"].as_i64().unwrap_or(0);
    if name.is_empty() || namespace.is_empty() {
        return Err(invalid(format!(
            "The metric of {id} needs a namespace and a name."
        )));
    }
    // "A period … must be a multiple of 60" for metrics of regular resolution.
    if period < 60 || period % 60 != 0 {
        return Err(invalid(
            "The value for the parameter Period must be a multiple of 60.",
        ));
    }
    let known = Statistic::of(statistic).ok_or_else(|| {
        invalid(format!(
            "The value {statistic} for parameter Stat is not supported."
        ))
    })?;
    Ok(Query {
        id: id.to_owned(),
        // Which label is made when none is given is not documented.
        label: given["Label"].as_str().unwrap_or(name).to_owned(),
        metric: Metric::of(namespace, name, &metric["Dimensions"]),
        statistic: known,
        period,
        returned: given["ReturnData"].as_bool().unwrap_or(true),
    })
}

#[cfg(test)]
mod tests;
