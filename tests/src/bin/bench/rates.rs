//! How fast calls came, beside what ECS documents.
//! <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/request-throttling.html>

use std::time::Instant;

use crate::endpoint::Seen;

/// A class of calls that share a bucket of tokens.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Class {
    /// What it is called in the table.
    pub(crate) name: &'static str,
    /// Its actions.
    pub(crate) actions: &'static [&'static str],
    /// Tokens a second, and how many there are at most. Not every service says.
    pub(crate) documented: Option<(f64, f64)>,
}

/// What can come in hundreds.
pub(crate) const CLASSES: [Class; 6] = [
    Class {
        name: "`UpdateService`",
        actions: &["ecs:UpdateService"],
        documented: Some((5.0, 50.0)),
    },
    Class {
        name: "`DescribeServices`, `ListServices`",
        actions: &["ecs:DescribeServices", "ecs:ListServices"],
        documented: Some((20.0, 100.0)),
    },
    Class {
        name: "`DescribeTasks`, `ListTasks`",
        actions: &["ecs:DescribeTasks", "ecs:ListTasks"],
        documented: Some((20.0, 100.0)),
    },
    Class {
        name: "`DescribeTaskDefinition`",
        actions: &["ecs:DescribeTaskDefinition"],
        documented: Some((20.0, 50.0)),
    },
    Class {
        name: "Application Auto Scaling",
        actions: &[
            "application-autoscaling:DescribeScalableTargets",
            "application-autoscaling:ListTagsForResource",
            "application-autoscaling:RegisterScalableTarget",
        ],
        documented: None,
    },
    Class {
        name: "RDS",
        actions: &[
            "rds:DescribeDBClusters",
            "rds:DescribeDBInstances",
            "rds:StopDBCluster",
            "rds:StopDBInstance",
        ],
        documented: None,
    },
];

/// How fast the calls of a class came.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rate {
    /// How many there were.
    pub(crate) calls: usize,
    /// The most within one second: the burst.
    pub(crate) second: usize,
    /// The most a second over ten seconds.
    pub(crate) sustained: f64,
    /// How many tokens the documented bucket still had when it was emptiest. Below zero AWS would
    /// have throttled.
    pub(crate) left: Option<f64>,
}

impl Class {
    /// Measures the calls of this class.
    #[must_use]
    pub(crate) fn rate(&self, calls: &[Seen]) -> Rate {
        let mut times: Vec<Instant> = calls
            .iter()
            .filter(|seen| self.actions.contains(&seen.call.to_string().as_str()))
            .map(|seen| seen.at)
            .collect();
        times.sort_unstable();
        Rate {
            calls: times.len(),
            second: most_within(&times, 1.0),
            sustained: tenth(most_within(&times, 10.0)),
            left: self
                .documented
                .map(|(a_second, at_most)| emptiest(&times, a_second, at_most)),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "hundreds")]
fn tenth(count: usize) -> f64 {
    count as f64 / 10.0
}

fn most_within(times: &[Instant], seconds: f64) -> usize {
    let mut first = 0;
    let mut most = 0;
    for (index, at) in times.iter().enumerate() {
        while (*at - times[first]).as_secs_f64() >= seconds {
            first += 1;
        }
        most = most.max(index + 1 - first);
    }
    most
}

fn emptiest(times: &[Instant], a_second: f64, at_most: f64) -> f64 {
    let mut tokens = at_most;
    let mut least = at_most;
    let mut before = times.first().copied();
    for at in times {
        let passed = before.map_or(0.0, |before| (*at - before).as_secs_f64());
        tokens = (tokens + passed * a_second).min(at_most) - 1.0;
        least = least.min(tokens);
        before = Some(*at);
    }
    least
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use nightshift_tests::gateway::Call;

    use super::*;

    fn calls(milliseconds: impl Iterator<Item = u64>) -> Vec<Seen> {
        let start = Instant::now();
        let call = Call {
            service: "ecs".into(),
            action: "UpdateService".into(),
        };
        milliseconds
            .map(|at| start + Duration::from_millis(at))
            .map(|at| Seen {
                at,
                until: at,
                call: call.clone(),
            })
            .collect()
    }

    #[test]
    fn a_burst_and_what_follows_it_at_the_documented_rate_leave_the_bucket_just_empty() {
        let burst = (0..50).map(|_| 0);
        let after = (1..100).map(|n| n * 200);
        let rate = CLASSES[0].rate(&calls(burst.chain(after)));
        assert_eq!(rate.calls, 149);
        assert_eq!(rate.second, 54);
        assert!(rate.left.is_some_and(|left| left.abs() < 1e-6), "{rate:?}");
    }

    #[test]
    fn what_aws_would_throttle_is_below_zero() {
        let rate = CLASSES[0].rate(&calls((0..90).map(|n| n * 100)));
        assert!(rate.left.is_some_and(|left| left >= 0.0), "{rate:?}");
        let rate = CLASSES[0].rate(&calls((0..200).map(|n| n * 100)));
        assert!(rate.left.is_some_and(|left| left < 0.0), "{rate:?}");
    }
}
