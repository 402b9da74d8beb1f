//! The metric's graph, put into a message that is told already: a picture may fail, the alert may
//! not wait for it.

use aws_smithy_types::Blob;
use jiff::{SignedDuration, Timestamp};
use nightshift::aws::failure::failure;
use serde_json::{Value, json};

use crate::{
    context::Context,
    deliver::Unsent,
    plan::{House, Thread},
    signal::{Alarm, Metric, Rule, Test},
    slack::Way,
};

/// The hours before the alarm that are shown.
const SHOWN: SignedDuration = SignedDuration::from_hours(3);

/// Draws the metric's graph and uploads it. Answers Slack's id of the file and what is to be seen on
/// it; none where there is no metric, or no way to put a picture.
///
/// # Errors
/// When CloudWatch or Slack refuses.
pub async fn of(
    context: &Context<'_>,
    alarm: &Alarm,
    thread: &Thread,
    house: &House,
) -> Result<Option<(String, String)>, Unsent> {
    let Way::Bot(token) = context.way(&house.slack).await? else {
        return Ok(None);
    };
    let offset = house.zone.to_offset(thread.at);
    let Some(widget) =
        widget(alarm, thread.at, &offset.to_string()).filter(|_| context.is_ours(&alarm.arn))
    else {
        return Ok(None);
    };
    let drawn = context
        .function
        .cloudwatch()
        .get_metric_widget_image()
        .metric_widget(widget.to_string())
        .output_format("png")
        .send()
        .await
        .map_err(|error| failure(&alarm.name, "cloudwatch:GetMetricWidgetImage", &error))?;
    let picture = drawn
        .metric_widget_image
        .map(Blob::into_inner)
        .unwrap_or_default();
    if picture.is_empty() {
        return Ok(None);
    }
    let slack = &context.function.slack;
    let length = picture.len().to_string();
    let fields = [("filename", "metric.png"), ("length", length.as_str())];
    let ticket = slack
        .form(&token, "files.getUploadURLExternal", &fields)
        .await?;
    let (address, id) = (
        ticket["upload_url"].as_str().unwrap_or_default(),
        ticket["file_id"].as_str().unwrap_or_default(),
    );
    slack.upload(address, picture).await?;
    let files = json!([{ "id": id, "title": alarm.name }]).to_string();
    let fields = [("files", files.as_str())];
    slack
        .form(&token, "files.completeUploadExternal", &fields)
        .await?;
    Ok(Some((id.to_owned(), alarm.name.clone())))
}

/// What CloudWatch is to draw.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Metric-Widget-Structure.html>
fn widget(alarm: &Alarm, at: Timestamp, offset: &str) -> Option<Value> {
    let (metrics, test) = match &alarm.rule {
        Rule::Metric { metric, test } => (vec![line(metric, "m1", true)?], test),
        Rule::Anomaly {
            metric,
            width,
            test,
        } => {
            let width = width.unwrap_or(2.0);
            let expression = format!("ANOMALY_DETECTION_BAND(m1, {width})");
            let band = json!([{ "expression": expression, "id": "band" }]);
            (vec![line(metric, "m1", true)?, band], test)
        }
        Rule::Math {
            expression,
            label,
            metrics,
            test,
        } => {
            let mut lines = Vec::new();
            for (number, metric) in metrics.iter().enumerate() {
                lines.push(line(metric, &format!("m{}", number + 1), false)?);
            }
            // Its ids are the maker's, which are not known here: an expression over other names than
            // m1, m2 … cannot be drawn.
            if !names_only(expression, metrics.len()) {
                return None;
            }
            let label = label.as_deref().unwrap_or(expression);
            lines.push(json!([{ "expression": expression, "label": label, "id": "e1" }]));
            (lines, test)
        }
        Rule::Composite { .. } | Rule::Unknown => return None,
    };
    let end = at
        .saturating_add(SignedDuration::from_mins(10))
        .unwrap_or(at);
    let begin = at.saturating_sub(SHOWN).unwrap_or(at);
    let mut widget = json!({
        "width": 800,
        "height": 300,
        "start": begin.to_string(),
        "end": end.to_string(),
        "timezone": zone(offset),
        "view": "timeSeries",
        "title": alarm.name,
        "metrics": metrics,
    });
    widget["annotations"] = annotations(test, at);
    Some(widget)
}

/// `+0900`, as a widget wants it, of `+09` or `+09:30`.
fn zone(offset: &str) -> String {
    let digits: String = offset.chars().filter(|letter| *letter != ':').collect();
    if digits.len() == 3 {
        format!("{digits}00")
    } else {
        digits
    }
}

fn line(metric: &Metric, id: &str, visible: bool) -> Option<Value> {
    if metric.namespace.is_empty() || metric.name.is_empty() {
        return None;
    }
    let mut line = vec![json!(metric.namespace), json!(metric.name)];
    for (name, value) in &metric.dimensions {
        line.push(json!(name));
        line.push(json!(value));
    }
    let mut how = json!({ "id": id, "visible": visible });
    if !metric.statistic.is_empty() {
        how["stat"] = json!(metric.statistic);
    }
    if let Some(period) = metric.period {
        how["period"] = json!(period);
    }
    line.push(how);
    Some(Value::Array(line))
}

fn annotations(test: &Test, at: Timestamp) -> Value {
    let mut annotations = json!({
        "vertical": [{ "value": at.to_string(), "label": "ALARM" }],
    });
    if let Some(threshold) = test.threshold {
        annotations["horizontal"] = json!([{ "value": threshold, "label": "threshold" }]);
    }
    annotations
}

/// Whether an expression names no other metrics than `m1` … `m<count>`.
fn names_only(expression: &str, count: usize) -> bool {
    expression
        .split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
        .filter(|word| word.starts_with(|first: char| first.is_ascii_lowercase()))
        .all(|word| {
            word.strip_prefix('m')
                .and_then(|number| number.parse::<usize>().ok())
                .is_some_and(|number| (1..=count).contains(&number))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signal::AlarmState;
    use std::collections::BTreeMap;

    fn alarm(rule: Rule) -> Alarm {
        Alarm {
            arn: "arn:aws:cloudwatch:ap-northeast-1:123456789012:alarm:api-cpu".to_owned(),
            name: "api-cpu".to_owned(),
            description: None,
            state: AlarmState::Alarm,
            previous: None,
            reason: String::new(),
            rule,
            measured: Vec::new(),
            children: Vec::new(),
            suppressed_by: None,
            contributor: BTreeMap::new(),
        }
    }

    fn cpu() -> Metric {
        Metric {
            namespace: "AWS/ECS".to_owned(),
            name: "CPUUtilization".to_owned(),
            dimensions: BTreeMap::from([("ClusterName".to_owned(), "c".to_owned())]),
            statistic: "Average".to_owned(),
            period: Some(60),
            unit: None,
        }
    }

    fn threshold(threshold: f64) -> Test {
        Test {
            threshold: Some(threshold),
            ..Test::default()
        }
    }

    #[test]
    fn a_metric_is_drawn_with_its_dimensions_its_threshold_and_the_instant() {
        let alarm = alarm(Rule::Metric {
            metric: cpu(),
            test: threshold(80.0),
        });
        let widget = widget(&alarm, Timestamp::UNIX_EPOCH, "+09").unwrap();
        let line = json!(["AWS/ECS", "CPUUtilization", "ClusterName", "c",
            {"id": "m1", "visible": true, "stat": "Average", "period": 60}]);
        assert_eq!(widget["metrics"], json!([line]));
        assert_eq!(widget["annotations"]["horizontal"][0]["value"], 80.0);
        assert_eq!(widget["timezone"], "+0900");
        assert_eq!(widget["start"], "1969-12-31T21:00:00Z");
    }

    #[test]
    fn an_expression_is_drawn_only_over_names_that_are_known() {
        for (expression, drawn) in [
            ("m1 / m2 * 100", true),
            ("100 * SUM(METRICS()) / m1", true),
            ("errors / requests", false),
            ("m1 / m3", false),
        ] {
            let alarm = alarm(Rule::Math {
                expression: expression.to_owned(),
                label: None,
                metrics: vec![cpu(), cpu()],
                test: threshold(5.0),
            });
            let widget = widget(&alarm, Timestamp::UNIX_EPOCH, "+00");
            assert_eq!(widget.is_some(), drawn, "{expression}");
        }
    }

    #[test]
    fn what_has_no_metric_has_no_picture() {
        for rule in [
            Rule::Composite {
                expression: "ALARM(a)".to_owned(),
            },
            Rule::Unknown,
            Rule::Metric {
                metric: Metric::default(),
                test: Test::default(),
            },
        ] {
            assert_eq!(widget(&alarm(rule), Timestamp::UNIX_EPOCH, "+09"), None);
        }
    }
}
