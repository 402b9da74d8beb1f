//! Logs are JSON, one line of a stable form for each change: what, from, to, why, who. Metrics are
//! written the same way, in CloudWatch's embedded metric format, and only when there is something
//! to say.

use jiff::Timestamp;

use crate::report::{Change, Failure};

/// Writes one line where CloudWatch Logs reads it.
pub type Writer = fn(&str);

/// Where Lambda reads lines from.
pub fn to_standard_output(line: &str) {
    println!("{line}");
}

/// The namespace of all metrics.
pub const NAMESPACE: &str = "Nightshift";

/// Writes the line of a change.
pub fn change(function: &str, estate: &str, change: &Change, why: &str, who: &str) {
    tracing::info!(
        kind = "change",
        function,
        estate,
        resource = change.arn.as_str(),
        what = change.what,
        from = change.from,
        to = change.to,
        why,
        who,
        "changed"
    );
}

/// Writes the line of a failed call.
pub fn failure(function: &str, estate: &str, failure: &Failure) {
    tracing::warn!(
        kind = "failure",
        function,
        estate,
        resource = failure.resource,
        action = failure.action,
        code = failure.code,
        denied = failure.denied,
        detail = failure.message,
        "failed"
    );
}

/// The metrics of one look: at most six, each written only where it says something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Metrics {
    /// Completed full looks: the heartbeat.
    pub looks: u32,
    /// Changes made.
    pub changes: u32,
    /// Calls that failed.
    pub failures: u32,
    /// Resources that are past their deadline.
    pub stuck: u32,
    /// Messages published.
    pub messages: u32,
    /// Seconds from the beginning of a wake to readiness, where one ended.
    pub wake_seconds: Option<u32>,
}

impl Metrics {
    /// The line in embedded metric format, or none when there is nothing to say.
    /// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>
    #[must_use]
    pub fn line(&self, function: &str, at: Timestamp) -> Option<String> {
        let counted = [
            ("Looks", self.looks),
            ("Changes", self.changes),
            ("Failures", self.failures),
            ("Stuck", self.stuck),
            ("Messages", self.messages),
        ];
        let counted = counted.into_iter().filter(|(_, value)| *value > 0);
        let values: Vec<(&str, u32, &str)> = counted
            .map(|(name, value)| (name, value, "Count"))
            .chain(
                self.wake_seconds
                    .map(|seconds| ("WakeSeconds", seconds, "Seconds")),
            )
            .collect();
        if values.is_empty() {
            return None;
        }
        let definitions: Vec<serde_json::Value> = values
            .iter()
            .map(|(name, _, unit)| serde_json::json!({ "Name": name, "Unit": unit }))
            .collect();
        let mut line = serde_json::json!({
            "_aws": {
                "Timestamp": at.as_millisecond(),
                "CloudWatchMetrics": [{
                    "Namespace": NAMESPACE,
                    "Dimensions": [["Function"]],
                    "Metrics": definitions,
                }],
            },
            "Function": function,
        });
        for (name, value, _) in values {
            line[name] = value.into();
        }
        Some(line.to_string())
    }

    /// Writes the line, if there is one.
    pub fn write(&self, function: &str, at: Timestamp, writer: Writer) {
        if let Some(line) = self.line(function, at) {
            writer(&line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_that_say_nothing_are_not_written() {
        assert_eq!(
            Metrics::default().line("power-staging", Timestamp::UNIX_EPOCH),
            None
        );
    }

    #[test]
    fn a_metrics_line_names_exactly_the_values_that_it_carries() {
        let metrics = Metrics {
            looks: 1,
            wake_seconds: Some(400),
            ..Metrics::default()
        };
        let line = metrics
            .line("power-staging", Timestamp::UNIX_EPOCH)
            .unwrap();
        let line: serde_json::Value = serde_json::from_str(&line).unwrap();
        let names: Vec<&str> = line["_aws"]["CloudWatchMetrics"][0]["Metrics"]
            .as_array()
            .unwrap()
            .iter()
            .map(|metric| metric["Name"].as_str().unwrap())
            .collect();
        assert_eq!(names, ["Looks", "WakeSeconds"]);
        assert_eq!(
            (&line["Looks"], &line["WakeSeconds"]),
            (&1.into(), &400.into())
        );
        assert!(line.get("Changes").is_none());
    }
}
