//! Pictures of metrics: what is to be drawn is checked and remembered, the picture is one point.

use serde_json::{Map, Value, json};

use super::invalid;
use crate::{
    call::{Call, Fault, Outcome},
    world::World,
};

/// A PNG of one white point, in base64.
const PICTURE: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR42mP4DwABAQEAHLCMmQAAAABJRU5ErkJggg==";
const METRICS_AT_MOST: usize = 100;
const BYTES_AT_MOST: usize = 100 * 1024;

// It has no errors of its own in the model, so what is wrong is the `ValidationError` that all actions
// share: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CommonErrors.html
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricWidgetImage.html
pub(super) fn draw(world: &mut World, call: &Call) -> Outcome {
    if !matches!(call.text("OutputFormat"), None | Some("png")) {
        return Err(invalid("OutputFormat must be png."));
    }
    let text = call
        .text("MetricWidget")
        .ok_or_else(|| invalid("The parameter MetricWidget must be specified."))?;
    if text.len() > BYTES_AT_MOST {
        return Err(invalid("MetricWidget must be at most 100 KB."));
    }
    let widget: Map<String, Value> = serde_json::from_str(text)
        .map_err(|error| invalid(format!("MetricWidget is no JSON object: {error}")))?;
    check(&widget)?;
    world.cloudwatch.drawn.push(widget.into());
    Ok(json!({ "MetricWidgetImage": PICTURE }))
}

// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Metric-Widget-Structure.html
fn check(widget: &Map<String, Value>) -> Result<(), Fault> {
    let metrics = widget.get("metrics").and_then(Value::as_array);
    let metrics = metrics.ok_or_else(|| invalid("Should have required property 'metrics'"))?;
    if !(1..=METRICS_AT_MOST).contains(&metrics.len()) {
        return Err(invalid("metrics must have 1 to 100 entries."));
    }
    if let Some(line) = metrics.iter().find(|line| !is_line(line)) {
        return Err(invalid(format!("{line} is no metric and no expression.")));
    }
    for side in ["width", "height"] {
        if let Some(length) = widget.get(side)
            && !length
                .as_u64()
                .is_some_and(|length| (1..=2000).contains(&length))
        {
            return Err(invalid(format!("{side} must be between 1 and 2000.")));
        }
    }
    Ok(())
}

/// `[namespace, name, dimension, value, …, {options}]`, or `[{options}]` with an expression.
fn is_line(line: &Value) -> bool {
    let Some(parts) = line.as_array() else {
        return false;
    };
    let (texts, options) = match parts.split_last() {
        Some((Value::Object(options), texts)) => (texts, Some(options)),
        _ => (parts.as_slice(), None),
    };
    if texts.is_empty() {
        return options.is_some_and(|options| options.contains_key("expression"));
    }
    texts.len() % 2 == 0 && texts.iter().all(Value::is_string)
}
