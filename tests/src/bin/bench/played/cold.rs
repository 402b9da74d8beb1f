//! A look by a process that has just started, as Lambda starts one where none is warm.

use anyhow::Result;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::cost::busy;
use super::player::must_stand;
use crate::endpoint::Endpoint;
use crate::figures::Spread;
use crate::function::{Cpu, Function, Program};
use crate::share::Throttle;

/// A cold start with all that a look calls.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ColdLook {
    /// From the process's start to its answer, in seconds.
    pub(crate) all: Spread,
    /// The same without the time in which a call was with AWS.
    pub(crate) own: Spread,
    /// The processor's time, in seconds.
    pub(crate) used: Spread,
    /// How many calls it made.
    pub(crate) calls: usize,
    /// How many TLS handshakes that took.
    pub(crate) handshakes: usize,
}

impl ColdLook {
    /// Starts so many processes, a minute apart in played time, each of which is asked for a look at
    /// once.
    ///
    /// # Errors
    /// When one of them fails, or finds something to change.
    pub(super) async fn measure(
        program: &Program,
        endpoint: &Endpoint,
        cpu: Cpu,
        throttle: &Throttle,
        from: Timestamp,
        runs: usize,
    ) -> Result<Self> {
        let (mut all, mut own, mut used) = (Vec::new(), Vec::new(), Vec::new());
        let (mut calls, mut handshakes) = (0, 0);
        for run in 0..runs {
            let at = from.checked_add(SignedDuration::from_mins(i64::try_from(run)?))?;
            let look = json!({ "command": "reconcile", "estate": "all", "at": at.to_string() });
            let (_, _) = (endpoint.take_calls(), endpoint.take_connections());
            let mut function = Function::start(program, cpu, throttle, &[look]).await?;
            function.polled().await?;
            let answer = function.answered().await?;
            must_stand(&answer.payload)?;
            let took = answer.at - function.started;
            let called = endpoint.take_calls();
            let with_aws = busy(&called);
            calls = calls.max(called.len());
            all.push(took.as_secs_f64());
            own.push(took.saturating_sub(with_aws).as_secs_f64());
            used.push(function.cpu()?.as_secs_f64());
            handshakes = handshakes.max(endpoint.take_connections());
            function.end().await?;
        }
        Ok(Self {
            all: Spread::of(all),
            own: Spread::of(own),
            used: Spread::of(used),
            calls,
            handshakes,
        })
    }
}
