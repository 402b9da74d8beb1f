//! What a thing cost: calls, invocations, time and memory, one invocation after the other.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::endpoint::Seen;
use crate::function::Cpu;

/// What one thing cost.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cost {
    /// Calls by `service:Action`.
    pub(crate) calls: BTreeMap<String, usize>,
    /// How many times the function was invoked.
    pub(crate) invocations: usize,
    /// How long the invocations took together.
    pub(crate) total: Duration,
    /// How long the longest took.
    pub(crate) longest: Duration,
    /// How long the longest took while no call was with AWS: what is the function's own.
    pub(crate) own: Duration,
    /// The processor's time.
    pub(crate) used: Duration,
    /// The most that was resident, in bytes.
    pub(crate) peak: u64,
}

impl Cost {
    /// All calls.
    #[must_use]
    pub(crate) fn count(&self) -> usize {
        self.calls.values().sum()
    }

    /// Adds an invocation that took so long, with the calls that it made.
    pub(crate) fn add(&mut self, took: Duration, calls: &[Seen]) {
        for seen in calls {
            *self.calls.entry(seen.call.to_string()).or_default() += 1;
        }
        self.own = self.own.max(took.saturating_sub(busy(calls)));
        self.invocations += 1;
        self.total += took;
        self.longest = self.longest.max(took);
    }
}

/// What was measured of one thing, as the tables show it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measured<'a> {
    /// Whose cost it is.
    pub(crate) whose: &'static str,
    /// What was done.
    pub(crate) what: &'static str,
    /// At the share of a core.
    pub(crate) share: &'a Cost,
    /// At full CPU, if it was played there as well.
    pub(crate) full: Option<&'a Cost>,
}

/// What it is called, and where it is found in what was played.
pub(super) type Row<T> = (&'static str, fn(&T) -> &Cost);

impl<'a> Measured<'a> {
    /// What was played at both shares of a core, a row for each cost.
    pub(super) fn of<T>(
        whose: &'static str,
        played: &'a BTreeMap<Cpu, T>,
        costs: &[Row<T>],
    ) -> Vec<Self> {
        let Some(share) = played.get(&Cpu::Share) else {
            return Vec::new();
        };
        let full = played.get(&Cpu::Full);
        let costs = costs.iter().map(|(what, pick)| Self {
            whose,
            what,
            share: pick(share),
            full: full.map(pick),
        });
        costs.collect()
    }
}

/// For how long at least one call was with AWS, or with Slack.
#[must_use]
pub(crate) fn busy(calls: &[Seen]) -> Duration {
    let mut spans: Vec<(Instant, Instant)> =
        calls.iter().map(|seen| (seen.at, seen.until)).collect();
    spans.sort_unstable();
    let mut total = Duration::ZERO;
    let mut reached: Option<Instant> = None;
    for (from, until) in spans {
        let from = reached.map_or(from, |reached| reached.max(from));
        total += until.saturating_duration_since(from);
        reached = Some(reached.map_or(until, |reached| reached.max(until)));
    }
    total
}

#[cfg(test)]
mod tests {
    use nightshift_tests::gateway::Call;

    use super::*;

    #[test]
    fn calls_side_by_side_count_once() {
        let start = Instant::now();
        let spans = [(0, 10), (5, 20), (6, 7), (30, 40)];
        let calls = spans.map(|(at, until)| Seen {
            at: start + Duration::from_millis(at),
            until: start + Duration::from_millis(until),
            call: Call {
                service: "ecs".into(),
                action: "ListServices".into(),
            },
        });
        assert_eq!(busy(&calls), Duration::from_millis(30));
    }
}
