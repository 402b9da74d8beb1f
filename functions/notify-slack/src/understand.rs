//! From any payload to [`Signal`]s. Nothing is refused and nothing panics: what is not known keeps
//! its text, and each record of a batch is understood for itself. What nobody wants to hear of is
//! left out, with the reason.

mod alarm;
mod budget;
mod envelope;
mod event;
mod json;
mod other;
mod report;
mod room;

#[cfg(test)]
mod tests;

use jiff::Timestamp;
use serde_json::Value;

use crate::signal::Signal;
use envelope::Envelope;

/// One record of a batch; a payload that is no batch is one record.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// The SQS message's id, by which a batch is answered in part.
    /// <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html>
    pub id: Option<String>,
    /// What is in it: at least one signal, or one that is left out.
    pub understood: Understood,
}

/// What arrived: signals to tell, and what is left out on purpose.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Understood {
    /// To be told.
    pub signals: Vec<Signal>,
    /// Not to be told.
    pub left_out: Vec<LeftOut>,
}

/// Something that is not told, on purpose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// The alarm's name, the task's ARN.
    pub name: String,
    /// Why.
    pub why: Why,
}

/// Why something is not told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Target tracking makes and uses the alarm itself; its states are how scaling works.
    /// <https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-target-tracking.html>
    AutoScalingAlarm,
    /// A task starts, runs, or is about to stop: only the end of a stop is told.
    TaskNotStopped,
    /// ECS stopped the task for a deployment, or because fewer were wanted.
    StoppedByScheduler,
}

impl Understood {
    fn told(signal: Signal) -> Self {
        Self {
            signals: vec![signal],
            left_out: Vec::new(),
        }
    }

    fn left_out(name: String, why: Why) -> Self {
        Self {
            signals: Vec::new(),
            left_out: vec![LeftOut { name, why }],
        }
    }
}

/// Understands a payload, whatever it is: an EventBridge event, what SNS or SQS hand to Lambda, an
/// alarm's own invocation, a text, or an array of any of them. There is at least one record.
#[must_use]
pub fn understand(payload: &Value, arrived: Timestamp) -> Vec<Record> {
    envelope::open(payload, &Envelope::new(arrived))
}
