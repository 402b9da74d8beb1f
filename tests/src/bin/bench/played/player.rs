//! A function on whose clock time is played: each tick at an instant of the calendar, its calls and
//! its time added up, its last report of each estate kept.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use nightshift::report::Report;
use serde_json::{Value, json};

use super::cost::Cost;
use crate::endpoint::{Endpoint, Seen};
use crate::function::Function;

/// Longer than anything takes to settle in played minutes.
const PATIENCE: usize = 40;

/// What a look says of each estate.
fn reports(answer: &Value) -> Result<Vec<Report>> {
    serde_json::from_value(answer["estates"].clone()).with_context(|| format!("in {answer}"))
}

/// Everything that should be up is, and the look found nothing to change.
pub(super) fn must_stand(answer: &Value) -> Result<()> {
    ensure!(answer["ready"] == true, "not all is ready: {answer}");
    let count: usize = reports(answer)?
        .iter()
        .map(|report| report.changes.len())
        .sum();
    ensure!(count == 0, "a look at what stands changes it: {answer}");
    Ok(())
}

/// The function that is played.
#[derive(Debug)]
pub(super) struct Player<'a> {
    /// Its process.
    pub(super) function: Function,
    /// What it called since this was last cleared.
    pub(super) calls: Vec<Seen>,
    refill: Duration,
    endpoint: &'a Endpoint,
    reports: BTreeMap<String, Report>,
}

impl<'a> Player<'a> {
    /// A minute is played in no time, but the function's own budgets of calls fill up on the wall's
    /// clock: `refill` is how long it takes until they have what a minute would give them.
    pub(super) fn new(function: Function, endpoint: &'a Endpoint, refill: Duration) -> Self {
        Self {
            function,
            calls: Vec::new(),
            refill,
            endpoint,
            reports: BTreeMap::new(),
        }
    }

    /// Lets the clock tick once; what that cost is added.
    async fn tick(&mut self, at: Timestamp, cost: &mut Cost) -> Result<Value> {
        tokio::time::sleep(self.refill).await;
        let used = self.function.cpu()?;
        let tick = json!({ "command": "tick", "at": at.to_string() });
        let (answer, took) = self
            .function
            .invoke(&tick)
            .await
            .with_context(|| format!("the tick of {at}"))?;
        let calls = self.endpoint.take_calls();
        cost.add(took, &calls);
        self.calls.extend(calls);
        cost.used += self.function.cpu()?.saturating_sub(used);
        cost.peak = self.function.peak()?;
        Ok(answer.payload)
    }

    /// The first look at new documents, which is not counted; then one tick with nothing due, and
    /// the look of half an hour later.
    pub(super) async fn day(&mut self, from: Timestamp) -> Result<(Cost, Cost)> {
        self.settle(from).await?;
        self.function.forget_peak()?;
        let mut tick = Cost::default();
        let answer = self.tick(from.checked_add(5.minutes())?, &mut tick).await?;
        ensure!(answer["idle"] == true, "a settled tick answers {answer}");
        ensure!(tick.count() == 1, "a settled tick calls {:?}", tick.calls);
        let look = self.look(from.checked_add(30.minutes())?).await?;
        Ok((tick, look))
    }

    /// A look at what is as it should be and stays so.
    pub(super) async fn look(&mut self, at: Timestamp) -> Result<Cost> {
        self.function.forget_peak()?;
        let mut look = Cost::default();
        let answer = self.tick(at, &mut look).await?;
        ensure!(answer["idle"] == false, "at {at} no look was due");
        must_stand(&answer)?;
        Ok(look)
    }

    /// Ticks until a tick finds nothing due; that one is not counted. Each tick comes a minute after
    /// the one before, or later if that one took longer.
    pub(super) async fn settle(&mut self, from: Timestamp) -> Result<Cost> {
        let mut cost = Cost::default();
        let mut now = from;
        self.function.forget_peak()?;
        for _ in 0..PATIENCE {
            let before = cost.clone();
            let answer = self.tick(now, &mut cost).await?;
            if answer["idle"] == true {
                return Ok(before);
            }
            for report in reports(&answer)? {
                self.reports.insert(report.estate.clone(), report);
            }
            let took = cost.total.saturating_sub(before.total);
            let minutes = took.as_secs().div_ceil(60).max(1);
            now = now.checked_add(SignedDuration::from_mins(i64::try_from(minutes)?))?;
        }
        bail!("not settled {PATIENCE} ticks after {from}")
    }

    /// When something is due next, by what was last seen of each estate while it settled.
    pub(super) fn due(&self) -> Result<Timestamp> {
        let next = self.reports.values().filter_map(|report| report.next);
        next.min().context("nothing is due")
    }

    /// When what is wanted of an estate changes next, by what was last seen while it settled.
    pub(super) fn until(&self, estate: &str) -> Result<Timestamp> {
        let wanted = self
            .reports
            .get(estate)
            .and_then(|report| report.wanted.as_ref());
        let until = wanted.and_then(|wanted| wanted.until);
        until.with_context(|| format!("nobody says until when {estate} stays so"))
    }
}
