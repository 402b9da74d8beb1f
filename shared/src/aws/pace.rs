//! Throttles are met by staying under the documented rates, not by leaning on retries: the SDK's
//! retry bucket belongs to the process and empties.
//! <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/request-throttling.html>

use std::time::Duration;

use leaky_bucket::RateLimiter;

/// How many calls may be under way at once, for each estate and purpose.
pub const SIDE_BY_SIDE: usize = 8;

/// The rates of the calls that can come in hundreds. One for the process, so that a warm function
/// keeps them over several invocations. Each stays a fifth below AWS's rate, for whoever else calls.
#[derive(Debug)]
pub struct Pace {
    /// `DescribeServices` and `ListServices`: 20 a second, 100 at once.
    pub service_reads: RateLimiter,
    /// `UpdateService`: 5 a second, 50 at once.
    pub service_writes: RateLimiter,
    /// `ListTasks` and `DescribeTasks`: 20 a second, 100 at once.
    pub task_reads: RateLimiter,
    /// Reads of Application Auto Scaling, whose rates are not published: as for the services'.
    pub scaling_reads: RateLimiter,
    /// `RegisterScalableTarget`, whose rate is not published: as for the services' changes.
    pub scaling_writes: RateLimiter,
    /// RDS, whose rates are not published.
    pub rds: RateLimiter,
    /// `DescribeAlarms`: 9 a second, which ECS asks too when alarms guard its deployments: half.
    /// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-alarm-failure.html>
    pub alarm_reads: RateLimiter,
    /// `GetMetricData`: 50 a second.
    pub metric_reads: RateLimiter,
    /// `PutParameter`: 3 a second.
    /// <https://docs.aws.amazon.com/general/latest/gr/ssm.html>
    pub parameter_writes: RateLimiter,
    /// `LabelParameterVersion`: 3 a second.
    pub parameter_labels: RateLimiter,
    /// `DescribeParameters`: 3 a second.
    pub parameter_descriptions: RateLimiter,
    /// `GetParameterHistory`: 3 a second.
    pub parameter_histories: RateLimiter,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            service_reads: limiter(16, 80),
            service_writes: limiter(4, 40),
            task_reads: limiter(16, 80),
            scaling_reads: limiter(16, 40),
            scaling_writes: limiter(4, 40),
            rds: limiter(5, 20),
            alarm_reads: limiter(4, 4),
            metric_reads: limiter(40, 40),
            parameter_writes: limiter(2, 2),
            parameter_labels: limiter(2, 2),
            parameter_descriptions: limiter(2, 2),
            parameter_histories: limiter(2, 2),
        }
    }
}

fn limiter(a_second: usize, at_once: usize) -> RateLimiter {
    RateLimiter::builder()
        .initial(at_once)
        .max(at_once)
        .refill(1)
        .interval(Duration::from_millis(
            1000_u64 / u64::try_from(a_second.max(1)).unwrap_or(1),
        ))
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn five_hundred_changes_of_services_take_the_time_that_ecs_asks_for() {
        let pace = Pace::default();
        let began = tokio::time::Instant::now();
        for _ in 0..500 {
            pace.service_writes.acquire_one().await;
        }
        let seconds = began.elapsed().as_secs();
        assert!((110..=120).contains(&seconds), "{seconds} s");
    }
}
