use jiff::Timestamp;

use super::*;
use crate::{
    call::Actor,
    services::cloudwatch::{SERVICE, record},
};

const NOW: i64 = 1_800_000_000;

/// A metric with a value in each of the last minutes: how many minutes ago it was.
fn world(minutes: i64) -> World {
    let mut world = World::new(Timestamp::from_second(NOW).unwrap(), 1);
    let metric = Metric::of("N", "M", &json!([]));
    for ago in 1..=minutes {
        let at = Timestamp::from_second(NOW - ago * 60).unwrap();
        #[allow(clippy::cast_precision_loss, reason = "small numbers")]
        let value = ago as f64;
        record(&mut world, metric.clone(), at, value);
        record(&mut world, metric.clone(), at, value + 2.0);
    }
    world
}

fn query(id: &str, period: i64, statistic: &str) -> Value {
    let metric = json!({ "Namespace": "N", "MetricName": "M", "Dimensions": [] });
    let stat = json!({ "Metric": metric, "Period": period, "Stat": statistic });
    json!({ "Id": id, "MetricStat": stat })
}

#[allow(
    clippy::needless_pass_by_value,
    reason = "reads better where it is called"
)]
fn ask(world: &mut World, queries: &[Value], minutes: i64, more: Value) -> Outcome {
    let mut input = json!({
        "MetricDataQueries": queries,
        "StartTime": NOW - minutes * 60,
        "EndTime": NOW,
    });
    for (name, value) in more.as_object().unwrap() {
        input[name] = value.clone();
    }
    world.ask(&SERVICE, Actor::Person, "GetMetricData", input)
}

#[test]
fn periods_are_summed_up_by_the_statistic_in_the_order_that_is_asked_for() {
    let mut world = world(10);
    let queries = [query("a", 60, "Average"), query("b", 300, "Maximum")];
    let ascending = json!({ "ScanBy": "TimestampAscending" });
    let answer = ask(&mut world, &queries, 5, ascending).unwrap();
    let results = &answer["MetricDataResults"];
    assert_eq!(results[0]["Values"], json!([6.0, 5.0, 4.0, 3.0, 2.0]));
    assert_eq!(results[0]["Timestamps"][0], NOW - 300);
    assert_eq!(results[0]["StatusCode"], "Complete");
    assert_eq!(results[0]["Label"], "M");
    assert_eq!(results[1]["Values"], json!([7.0]));
    let answer = ask(&mut world, &queries, 5, json!({})).unwrap();
    let newest_first = &answer["MetricDataResults"][0];
    assert_eq!(newest_first["Values"], json!([2.0, 3.0, 4.0, 5.0, 6.0]));
    assert_eq!(answer["NextToken"], Value::Null);
}

#[test]
fn pages_hold_so_many_points_over_all_queries_and_miss_none() {
    let mut world = world(10);
    let queries = [
        query("a", 60, "Sum"),
        query("none", 60, "Sum"),
        query("c", 60, "Minimum"),
    ];
    for order in ["TimestampAscending", "TimestampDescending"] {
        let whole = ask(&mut world, &queries, 10, json!({ "ScanBy": order })).unwrap();
        let (mut token, mut pages) = (Value::Null, 0);
        let mut got: [Vec<Value>; 3] = Default::default();
        loop {
            let mut more = json!({ "ScanBy": order, "MaxDatapoints": 7 });
            if !token.is_null() {
                more["NextToken"] = token;
            }
            let page = ask(&mut world, &queries, 10, more).unwrap();
            let results = page["MetricDataResults"].as_array().unwrap();
            let mut points = 0;
            for result in results {
                let index = queries.iter().position(|query| query["Id"] == result["Id"]);
                let values = result["Values"].as_array().unwrap();
                points += values.len();
                got[index.unwrap()].extend(values.iter().cloned());
            }
            assert!(points <= 7);
            pages += 1;
            token = page["NextToken"].clone();
            let partial =
                results.last().map(|last| &last["StatusCode"]) == Some(&json!("PartialData"));
            assert!(!token.is_null() || !partial);
            if token.is_null() {
                break;
            }
        }
        assert_eq!(pages, 5, "{order}");
        for (index, values) in got.into_iter().enumerate() {
            assert_eq!(json!(values), whole["MetricDataResults"][index]["Values"]);
        }
    }
}

#[test]
fn what_cannot_be_answered_is_refused() {
    let mut world = world(1);
    let good = || query("a", 60, "Sum");
    let changed = |at: &str, value: Value| {
        let mut query = good();
        *query.pointer_mut(at).unwrap() = value;
        vec![query]
    };
    let both = {
        let mut query = good();
        query["Expression"] = "a * 2".into();
        vec![query]
    };
    let many: Vec<Value> = (0..501)
        .map(|n| query(&format!("q{n}"), 60, "Sum"))
        .collect();
    let cases: [(&str, Vec<Value>, Value, &str); 13] = [
        ("no query", vec![], json!({}), "ValidationError"),
        ("501 queries", many, json!({}), "ValidationError"),
        ("twice", vec![good(), good()], json!({}), "ValidationError"),
        (
            "an id",
            changed("/Id", json!("Upper")),
            json!({}),
            "ValidationError",
        ),
        (
            "half a minute",
            changed("/MetricStat/Period", json!(30)),
            json!({}),
            "ValidationError",
        ),
        (
            "a median",
            changed("/MetricStat/Stat", json!("p50")),
            json!({}),
            "ValidationError",
        ),
        (
            "no name",
            changed("/MetricStat/Metric/MetricName", json!("")),
            json!({}),
            "ValidationError",
        ),
        ("both", both, json!({}), "ValidationError"),
        (
            "an expression",
            vec![json!({ "Id": "e", "Expression": "1" })],
            json!({}),
            "ValidationError",
        ),
        (
            "backwards",
            vec![good()],
            json!({ "EndTime": NOW - 3600 }),
            "ValidationError",
        ),
        (
            "no order",
            vec![good()],
            json!({ "ScanBy": "Random" }),
            "ValidationError",
        ),
        (
            "no points",
            vec![good()],
            json!({ "MaxDatapoints": 0 }),
            "ValidationError",
        ),
        (
            "no token",
            vec![good()],
            json!({ "NextToken": "x" }),
            "InvalidNextToken",
        ),
    ];
    for (what, queries, more, code) in cases {
        let refused = ask(&mut world, &queries, 10, more).unwrap_err();
        assert_eq!(
            (refused.code.as_str(), refused.status),
            (code, 400),
            "{what}"
        );
    }
}

#[test]
fn the_start_is_rounded_down_and_what_is_not_returned_is_left_out() {
    let mut world = world(3);
    let mut hidden = query("b", 60, "Sum");
    hidden["ReturnData"] = false.into();
    let odd = json!({ "StartTime": f64::from(1_800_000_000) - 149.5 });
    let answer = ask(&mut world, &[query("a", 60, "Minimum"), hidden], 0, odd).unwrap();
    let results = answer["MetricDataResults"].as_array().unwrap();
    assert_eq!(results.len(), 1);
    assert_eq!(results[0]["Values"], json!([1.0, 2.0, 3.0]));
}
