//! `CloudWatch` in CBOR, which is what its client speaks: `MiniStack` has it only where Python has a
//! package that nothing else needs, and says JSON otherwise. So the simulated cloud reads and writes
//! it here, and `MiniStack` is asked in JSON for the alarms that it keeps.
//!
//! What was measured is made up when somebody asks for it, at whatever instant is played: `MiniStack`
//! forgets what lies two weeks behind the wall's clock, and lets alarms ring by it.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE};
use hyper::{Request, Response};
use jiff::{SignedDuration, Timestamp};
use nightshift_cloud::call::Fault;
use nightshift_cloud::services::cloudwatch::{self, Metric};
use nightshift_cloud::wire::{self, Understood};
use nightshift_cloud::world::World;
use serde_json::Value;

use super::{Backends, Gateway, Shared, lock};
use crate::aws::{Aws, CLOUDWATCH, Refused};

/// The header that says that a request is in CBOR.
pub(super) const PROTOCOL: &str = "smithy-protocol";

/// What was measured of a metric in the minute that begins at an instant; none where nothing was.
pub(super) type Measure = dyn Fn(&Metric, Timestamp) -> Option<f64> + Send + Sync;

/// A production with little to do: an Aurora instance is at its smallest, and its CPU is reckoned of
/// the largest that it may become.
pub(super) fn quiet(metric: &Metric, _: Timestamp) -> Option<f64> {
    match (metric.namespace.as_str(), metric.name.as_str()) {
        ("AWS/ECS", "CPUUtilization") => Some(5.0),
        ("AWS/RDS", "CPUUtilization") => Some(1.0),
        ("AWS/RDS", "ServerlessDatabaseCapacity") => Some(0.5),
        _ => None,
    }
}

impl Gateway {
    /// From now on lets `measure` say what was measured of each metric in each minute; where it says
    /// nothing, little was to be done.
    pub fn measure(
        &self,
        measure: impl Fn(&Metric, Timestamp) -> Option<f64> + Send + Sync + 'static,
    ) {
        *lock(&self.shared.measure) =
            Arc::new(move |metric: &Metric, at| measure(metric, at).or_else(|| quiet(metric, at)));
    }

    /// From now on nothing is measured any more.
    pub fn measure_nothing(&self) {
        *lock(&self.shared.measure) = Arc::new(|_: &Metric, _| None);
    }
}

impl Shared {
    pub(super) async fn cloudwatch(
        &self,
        backends: &Backends,
        request: &Request<Bytes>,
    ) -> Result<Response<Bytes>> {
        let header = |name: &str| request.headers().get(name)?.to_str().ok();
        let asked = wire::Request {
            path: request.uri().path(),
            protocol: header(PROTOCOL),
            target: header("x-amz-target"),
            authorization: header(AUTHORIZATION.as_str()),
            body: request.body(),
        };
        let understood = match wire::understand(&asked) {
            Ok(understood) => understood,
            Err(refused) => return answered(refused),
        };
        if understood.call.operation == "GetMetricData" {
            return self.metric_data(&understood, &asked);
        }
        let (operation, input) = (&understood.call.operation, &understood.call.input);
        let told = Aws::at(&backends.ministack)
            .json(CLOUDWATCH, operation, input)
            .await;
        let outcome = match told {
            Ok(output) => Ok(output),
            Err(error) => {
                let Refused { code, message, .. } = error.downcast()?;
                Err(Fault::client(&code, message))
            }
        };
        let mut nowhere = World::new(Timestamp::UNIX_EPOCH, 0);
        answered(wire::answer(&mut nowhere, &understood, &outcome))
    }

    fn metric_data(
        &self,
        understood: &Understood,
        asked: &wire::Request<'_>,
    ) -> Result<Response<Bytes>> {
        let input = &understood.call.input;
        let (from, until) = (instant(input, "StartTime")?, instant(input, "EndTime")?);
        // Nothing of it outlasts the question, so that the next one may be asked at any other instant.
        let mut world = World::new(until, 0);
        world.throttles = false;
        let measure = Arc::clone(&lock(&self.measure));
        for query in input["MetricDataQueries"].as_array().into_iter().flatten() {
            let metric = metric(&query["MetricStat"]["Metric"]);
            let minutes = from.as_second().div_euclid(60)..until.as_second().div_euclid(60);
            for minute in minutes {
                let at = Timestamp::UNIX_EPOCH.checked_add(SignedDuration::from_mins(minute))?;
                if let Some(value) = measure(&metric, at) {
                    cloudwatch::record(&mut world, metric.clone(), at, value);
                }
            }
        }
        answered(wire::receive(&mut world, asked))
    }
}

fn instant(input: &Value, name: &str) -> Result<Timestamp> {
    let second = input[name]
        .as_f64()
        .context("a question without an instant")?;
    #[expect(clippy::cast_possible_truncation, reason = "whole seconds")]
    Ok(Timestamp::from_second(second as i64)?)
}

fn metric(of: &Value) -> Metric {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let dimensions = of["Dimensions"].as_array().into_iter().flatten();
    Metric {
        namespace: text(&of["Namespace"]),
        name: text(&of["MetricName"]),
        dimensions: dimensions
            .map(|dimension| (text(&dimension["Name"]), text(&dimension["Value"])))
            .collect(),
    }
}

fn answered(response: wire::Response) -> Result<Response<Bytes>> {
    let mut answer = Response::builder()
        .status(response.status)
        .header(CONTENT_TYPE, response.content_type);
    for (name, value) in response.headers {
        answer = answer.header(name, value);
    }
    Ok(answer.body(Bytes::from(response.body))?)
}
