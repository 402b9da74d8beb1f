//! The client of CloudWatch as functions have it, with the simulated cloud as its HTTP connector: both
//! must read what the other writes.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests are tests as well"
)]

use aws_sdk_cloudwatch::{
    Client,
    error::{ProvideErrorMetadata as _, SdkError},
    operation::put_metric_alarm::builders::PutMetricAlarmFluentBuilder,
    primitives::DateTime,
    types::{AlarmType, ComparisonOperator, Dimension, MetricDatum, StateValue, Statistic},
};
use jiff::Timestamp;
use nightshift_cloud::{
    call::{Actor, Fault},
    policy::Policy,
    services::cloudwatch::{self, evaluate},
    wire::Request,
    world::World,
};
use serde_json::{Value, json};

use crate::line::Line;

mod line;

const NOW: i64 = 1_800_000_000;

fn line() -> Line {
    let now = Timestamp::from_second(NOW).unwrap();
    Line::to(World::new(now, 1))
}

fn client_of(line: &Line) -> Client {
    Client::new(&line.config("notify-slack"))
}

/// An alarm of an ECS service's processors.
fn alarm(client: &Client, name: &str) -> PutMetricAlarmFluentBuilder {
    let dimension = |name, value| Dimension::builder().name(name).value(value).build();
    client
        .put_metric_alarm()
        .alarm_name(name)
        .alarm_description("東京 is busy")
        .namespace("AWS/ECS")
        .metric_name("CPUUtilization")
        .dimensions(dimension("ClusterName", "shop"))
        .dimensions(dimension("ServiceName", "api"))
        .statistic(Statistic::Average)
        .period(60)
        .evaluation_periods(3)
        .comparison_operator(ComparisonOperator::GreaterThanThreshold)
        .threshold(80.5)
}

/// The code of a refusal.
fn code<T, E>(answer: Result<T, SdkError<E>>) -> (u16, String)
where
    E: aws_sdk_cloudwatch::error::ProvideErrorMetadata,
{
    let Err(error) = answer else {
        panic!("not refused")
    };
    let status = error.raw_response().unwrap().status().as_u16();
    (status, error.code().unwrap().to_owned())
}

#[tokio::test]
async fn an_alarm_is_described_as_it_was_made() {
    let line = line();
    let client = client_of(&line);
    alarm(&client, "shop-cpu").send().await.unwrap();
    let answer = client
        .describe_alarms()
        .alarm_names("shop-cpu")
        .alarm_types(AlarmType::MetricAlarm)
        .alarm_types(AlarmType::CompositeAlarm)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.composite_alarms(), []);
    let [found] = answer.metric_alarms() else {
        panic!("{answer:?}")
    };
    let arn = cloudwatch::arn("shop-cpu");
    assert_eq!(found.alarm_arn(), Some(arn.as_str()));
    assert_eq!(found.alarm_description(), Some("東京 is busy"));
    assert_eq!(found.state_value(), Some(&StateValue::InsufficientData));
    assert_eq!((found.period(), found.threshold()), (Some(60), Some(80.5)));
    assert_eq!(found.actions_enabled(), Some(true));
    assert_eq!(found.dimensions()[1].value(), Some("api"));
    let since = found.state_updated_timestamp();
    assert_eq!(since, Some(&DateTime::from_secs(NOW)));
}

#[tokio::test]
async fn an_instant_in_a_request_is_the_one_that_was_meant() {
    let line = line();
    let client = client_of(&line);
    alarm(&client, "mine")
        .namespace("Mine")
        .set_dimensions(None)
        .send()
        .await
        .unwrap();
    // All of them now would be one period of the three that it takes.
    for minutes in 1..=3 {
        let busy = MetricDatum::builder()
            .metric_name("CPUUtilization")
            .timestamp(DateTime::from_secs(NOW - minutes * 60))
            .value(95.0);
        let data = client.put_metric_data().namespace("Mine");
        data.metric_data(busy.build()).send().await.unwrap();
    }
    let state = line.with(|world| {
        let before = Timestamp::from_second(NOW - 60).unwrap();
        evaluate(world, before, world.now);
        world.cloudwatch.alarm("mine").unwrap().state.value
    });
    assert_eq!(state, "ALARM");
}

#[tokio::test]
async fn errors_arrive_as_the_variants_and_codes_of_the_model() {
    let line = line();
    let client = client_of(&line);
    let set = |name: &str| {
        let call = client.set_alarm_state().alarm_name(name);
        call.state_value(StateValue::Ok).state_reason("said so")
    };
    let unknown = set("nobody").send().await.unwrap_err();
    assert_eq!(unknown.raw_response().unwrap().status().as_u16(), 404);
    let unknown = unknown.into_service_error();
    assert!(unknown.is_resource_not_found(), "{unknown:?}");
    assert_eq!(unknown.message(), Some("Unknown resource"));

    alarm(&client, "shop-cpu").send().await.unwrap();
    let odd = set("shop-cpu").state_reason_data("{").send().await;
    let odd = odd.unwrap_err().into_service_error();
    // The shape has another name than the code.
    assert!(odd.is_invalid_format_fault(), "{odd:?}");

    let refused = alarm(&client, "shop-cpu").evaluation_periods(0).send();
    let expected = (400, "ValidationError".to_owned());
    assert_eq!(code(refused.await), expected);
}

#[tokio::test]
async fn what_is_throttled_denied_or_broken_says_so() {
    let line = line();
    let client = client_of(&line);
    let describe = || client.describe_alarms().send();
    for _ in 0..9 {
        describe().await.unwrap();
    }
    assert_eq!(code(describe().await), (400, "Throttling".to_owned()));

    line.with(|world| {
        world.throttles = false;
        world
            .roles
            .insert("notify-slack".to_owned(), Policy::default());
    });
    assert_eq!(code(describe().await), (403, "AccessDenied".to_owned()));

    let action = "cloudwatch:DescribeAlarms".to_owned();
    line.with(|world| {
        world.roles.clear();
        let fault = Fault::with_status(500, "InternalFailure", "try again");
        world.broken.insert(action.clone(), fault);
    });
    assert_eq!(code(describe().await), (500, "InternalFailure".to_owned()));
    line.with(|world| world.broken.remove(&action));
    describe().await.unwrap();
}

#[tokio::test]
async fn a_picture_is_a_png_of_what_was_asked_for() {
    let line = line();
    let widget = json!({
        "width": 800, "height": 300,
        "metrics": [
            ["AWS/ECS", "CPUUtilization", "ClusterName", "shop", { "id": "m1" }],
            [{ "expression": "m1 * 2", "id": "e1" }],
        ],
    });
    let call = client_of(&line).get_metric_widget_image();
    let call = call.metric_widget(widget.to_string()).output_format("png");
    let answer = call.send().await.unwrap();
    let picture = answer.metric_widget_image().unwrap().as_ref();
    assert!(picture.starts_with(b"\x89PNG\r\n\x1a\n"), "{picture:x?}");
    assert!(picture.ends_with(b"IEND\xae\x42\x60\x82"), "{picture:x?}");
    assert_eq!(line.with(|world| world.cloudwatch.drawn.clone()), [widget]);
}

#[tokio::test]
async fn a_widget_that_cannot_be_drawn_is_refused() {
    let line = line();
    let client = client_of(&line);
    let of = |metrics: Value| json!({ "metrics": metrics }).to_string();
    for widget in [
        String::new(),
        "no JSON".to_owned(),
        "[]".to_owned(),
        json!({ "title": "no metrics" }).to_string(),
        of(json!([])),
        of(json!(["AWS/ECS"])),
        of(json!([["AWS/ECS", "CPUUtilization", "ClusterName"]])),
        of(json!([[{ "label": "no expression" }]])),
        of(json!(vec![["AWS/ECS", "CPUUtilization"]; 101])),
        json!({ "metrics": [["A", "b"]], "width": 2001 }).to_string(),
        json!({ "metrics": [["A", "b"]], "title": "x".repeat(100 * 1024) }).to_string(),
    ] {
        let call = client.get_metric_widget_image().metric_widget(&widget);
        let refused = code(call.send().await);
        assert_eq!(refused, (400, "ValidationError".to_owned()), "{widget:.80}");
    }
    assert!(line.with(|world| world.cloudwatch.drawn.is_empty()));
}

#[test]
fn a_request_that_is_not_of_the_protocol_is_refused_in_it() {
    let line = line();
    let good = Request {
        path: "/v1/service/GraniteServiceVersion20100801/operation/DescribeAlarms",
        protocol: Some("rpc-v2-cbor"),
        target: None,
        authorization: None,
        body: b"\xa0",
    };
    assert_eq!(line.ask(&good).status, 200);
    let odd = [
        Request {
            protocol: Some("rpc-v2-json"),
            ..good
        },
        Request {
            target: Some("GraniteServiceVersion20100801.DescribeAlarms"),
            ..good
        },
        Request { path: "/", ..good },
        Request {
            path: "/service/AmazonSSM/operation/GetParameter",
            ..good
        },
        Request {
            body: b"{}",
            ..good
        },
    ];
    for request in odd {
        let answer = line.ask(&request);
        assert_eq!(answer.status, 400, "{request:?}");
        assert_eq!(answer.content_type, "application/cbor", "{request:?}");
        let names: Vec<&str> = answer.headers.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["smithy-protocol", "x-amzn-query-error"]);
    }
}

#[test]
fn the_same_alarm_can_be_asked_for_in_json_and_in_cbor() {
    let line = line();
    let alarm = json!({
        "AlarmName": "a", "Namespace": "N", "MetricName": "m", "Statistic": "Sum", "Period": 60,
        "EvaluationPeriods": 1, "ComparisonOperator": "LessThanThreshold", "Threshold": 1,
    });
    line.with(|world| {
        let done = world.ask(&cloudwatch::SERVICE, Actor::Person, "PutMetricAlarm", alarm);
        done.unwrap();
    });
    let json = line.ask(&Request {
        path: "/",
        protocol: None,
        target: Some("GraniteServiceVersion20100801.DescribeAlarms"),
        authorization: None,
        body: b"{}",
    });
    let answer: Value = serde_json::from_slice(&json.body).unwrap();
    assert_eq!(answer["MetricAlarms"][0]["StateUpdatedTimestamp"], NOW);
    let cbor = line.ask(&Request {
        path: "/service/GraniteServiceVersion20100801/operation/DescribeAlarms",
        protocol: Some("rpc-v2-cbor"),
        target: None,
        authorization: None,
        body: b"",
    });
    assert_eq!((json.status, cbor.status), (200, 200));
    let instant = b"StateUpdatedTimestamp\xc1";
    let mut windows = cbor.body.windows(instant.len());
    assert!(windows.any(|window| window == instant), "{:x?}", cbor.body);
}
