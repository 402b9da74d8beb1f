//! What reached us, understood as far as it can be. Nothing is refused: what is not known keeps its
//! text and becomes [`What::Other`]. Two deliveries of the same have the same key.

use std::collections::BTreeMap;

use jiff::Timestamp;
use nightshift::report::message::Message;
use serde::{Deserialize, Serialize};

/// The version of what this release keeps in the table. The release before reads it: fields are
/// only added.
pub const VERSION: u32 = 1;

/// Something to tell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Signal {
    /// The version of this format.
    pub version: u32,
    /// The same for every delivery of the same: `alarm/<arn>/ALARM/<milliseconds>`, `event/<id>`,
    /// `sns/<message id>`, `text/<digest>`. At most 900 bytes.
    pub key: String,
    /// When it happened, by its own account; when it reached us, where it does not say.
    pub at: Timestamp,
    /// The account's number, or nothing.
    #[serde(default)]
    pub account: String,
    /// The Region's code (`ap-northeast-1`), or nothing.
    #[serde(default)]
    pub region: String,
    /// What it is.
    pub what: What,
}

/// What it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum What {
    /// A CloudWatch alarm's change of state, however it came.
    Alarm(Box<Alarm>),
    /// A report of one of our own functions.
    Report(Box<Message>),
    /// An event of an AWS service that is known.
    Event(Box<Event>),
    /// An alarm that was quiet because its estate slept, and still rings now that it is up.
    Outlived(Box<Outlived>),
    /// An estate goes to sleep soon.
    Bedtime(GoesToSleep),
    /// Anything else.
    Other(Other),
}

/// An alarm that outlived the wake-up of its estate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outlived {
    /// The alarm, as it was told quietly.
    pub alarm: Alarm,
    /// Since when it rings.
    pub since: Timestamp,
}

/// An estate that goes to sleep soon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GoesToSleep {
    /// The estate.
    pub estate: String,
    /// When.
    pub at: Timestamp,
}

/// A CloudWatch alarm's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AlarmState {
    /// The threshold is crossed.
    Alarm,
    /// It is not.
    Ok,
    /// Nobody knows: too few data.
    InsufficientData,
}

/// A CloudWatch alarm that changed its state.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html>
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alarm {
    /// Its ARN; made from account, Region and name where the payload has none.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// What its makers wrote about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Its state now.
    pub state: AlarmState,
    /// Its state before, where it is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<AlarmState>,
    /// CloudWatch's own sentence.
    #[serde(default)]
    pub reason: String,
    /// What it watches.
    pub rule: Rule,
    /// What was measured last, newest first, as far as it is told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub measured: Vec<f64>,
    /// For a composite alarm: the alarms that made it change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<Child>,
    /// Where its actions are suppressed: who suppresses them, an alarm's or a mute rule's name, or
    /// CloudWatch's word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suppressed_by: Option<String>,
    /// For an alarm over many contributors: the one that this is about, by attribute.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub contributor: BTreeMap<String, String>,
}

/// An alarm that made a composite one change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Child {
    /// Its ARN.
    pub arn: String,
    /// Its state, where it is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<AlarmState>,
}

/// What an alarm watches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "rule", rename_all = "snake_case")]
pub enum Rule {
    /// One metric against a threshold.
    Metric {
        /// The metric.
        metric: Metric,
        /// Against what.
        #[serde(default)]
        test: Test,
    },
    /// An expression over metrics, against a threshold.
    Math {
        /// The expression that is compared: `errors / requests * 100`.
        #[serde(default)]
        expression: String,
        /// What its makers call it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        label: Option<String>,
        /// The metrics in it.
        #[serde(default)]
        metrics: Vec<Metric>,
        /// Against what.
        #[serde(default)]
        test: Test,
    },
    /// A metric against the band that CloudWatch expects of it.
    Anomaly {
        /// The metric.
        metric: Metric,
        /// How wide the band is, in standard deviations.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        width: Option<f64>,
        /// Against what; without a number.
        #[serde(default)]
        test: Test,
    },
    /// Other alarms.
    Composite {
        /// The expression over their names.
        #[serde(default)]
        expression: String,
    },
    /// It is not told, or not understood.
    Unknown,
}

/// A metric.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metric {
    /// `AWS/ECS` for instance.
    #[serde(default)]
    pub namespace: String,
    /// `CPUUtilization` for instance.
    #[serde(default)]
    pub name: String,
    /// `ClusterName`, `ServiceName` and the like.
    #[serde(default)]
    pub dimensions: BTreeMap<String, String>,
    /// `Average`, `Sum`, `p99` and the like, as CloudWatch spells them in its API.
    #[serde(default)]
    pub statistic: String,
    /// The period in seconds.
    #[serde(default)]
    pub period: Option<u32>,
    /// `Percent`, `Seconds` and the like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
}

/// Against what a value is compared.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Test {
    /// How.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comparison: Option<Comparison>,
    /// With what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
    /// How many periods are looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub periods: Option<u32>,
    /// How many of them must be across the threshold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub datapoints: Option<u32>,
}

/// How a value is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Comparison {
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// Above or below the expected band.
    OutsideBand,
    /// Above the expected band.
    AboveBand,
    /// Below the expected band.
    BelowBand,
}

/// An event of an AWS service that is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Which, and what it says.
    pub told: Told,
    /// The resource's ARN, or nothing.
    #[serde(default)]
    pub resource: String,
}

/// What an event says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "told", rename_all = "snake_case")]
pub enum Told {
    /// An ECS deployment began, ended or failed.
    Deployment {
        /// Which of the three.
        stage: Stage,
        /// The cluster.
        cluster: String,
        /// The service.
        service: String,
        /// The deployment's id.
        deployment: String,
        /// ECS's own sentence.
        #[serde(default)]
        reason: String,
    },
    /// ECS tells of a service: it cannot place tasks, they do not start, it is steady.
    Service {
        /// The name of the event: `SERVICE_TASK_PLACEMENT_FAILURE`.
        name: String,
        /// `INFO`, `WARN` or `ERROR`.
        level: String,
        /// The cluster.
        cluster: String,
        /// The service, or nothing.
        #[serde(default)]
        service: String,
        /// ECS's own word or sentence.
        #[serde(default)]
        reason: String,
    },
    /// An ECS task stopped.
    Task {
        /// The cluster.
        cluster: String,
        /// `service:api` or `family:migrate`.
        group: String,
        /// `EssentialContainerExited` and the like.
        code: String,
        /// ECS's own sentence.
        reason: String,
        /// Container by container: name, exit code, ECS's word on it.
        containers: Vec<Container>,
    },
    /// RDS or Aurora tells of an instance, a cluster, a snapshot or the like.
    Database {
        /// What it is: `DB_INSTANCE`, `CLUSTER` and the like.
        source: String,
        /// Its name.
        name: String,
        /// `RDS-EVENT-0049`.
        id: String,
        /// `failover` and the like.
        categories: Vec<String>,
        /// RDS's own sentence.
        message: String,
    },
    /// CodeDeploy tells of a deployment.
    CodeDeploy {
        /// `START`, `SUCCESS`, `FAILURE`, `STOP`, `READY` and the like.
        state: String,
        /// The application.
        application: String,
        /// The deployment group.
        group: String,
        /// The deployment's id.
        deployment: String,
    },
    /// AWS Health tells of an issue, a change to come or a notice.
    Health {
        /// `ECS`, `RDS` and the like.
        service: String,
        /// `AWS_RDS_MAINTENANCE_SCHEDULED` and the like.
        code: String,
        /// `issue`, `scheduledChange`, `accountNotification`, `investigation`.
        category: String,
        /// `open`, `closed`, `upcoming`, where it is told.
        #[serde(default)]
        status: String,
        /// When it begins or began.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        begins: Option<Timestamp>,
        /// When it ends or ended.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ends: Option<Timestamp>,
        /// AWS's own words, in English where there is a choice.
        description: String,
        /// What is affected.
        affected: Vec<String>,
    },
    /// AWS Budgets tells that a budget is, or will be, exceeded.
    Budget {
        /// The budget's name.
        name: String,
        /// `ACTUAL` or `FORECASTED`, or nothing.
        #[serde(default)]
        kind: String,
        /// The threshold as it is written: `> $40.00`.
        #[serde(default)]
        threshold: String,
        /// The amount as it is written.
        #[serde(default)]
        amount: String,
        /// The budgeted amount as it is written.
        #[serde(default)]
        budgeted: String,
    },
}

/// Where in its life a deployment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// It began.
    Begun,
    /// It began, and goes back to an older one.
    RollingBack,
    /// It is complete.
    Completed,
    /// It failed.
    Failed,
}

/// A container of a task that stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Container {
    /// Its name.
    pub name: String,
    /// Its exit code, if it ever ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i64>,
    /// ECS's word on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What is not known: shown as tidily as it can be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Other {
    /// What a person would call it: an SNS subject, an event's detail-type, or nothing.
    #[serde(default)]
    pub title: String,
    /// Where it comes from: `aws.backup`, a topic's ARN, or nothing.
    #[serde(default)]
    pub source: String,
    /// Field by field, where it was JSON: a path (`detail.state`) and its value, in the order of the
    /// names.
    #[serde(default)]
    pub fields: Vec<(String, String)>,
    /// As it came, where it was no JSON.
    #[serde(default)]
    pub text: String,
    /// Whether something was left out because it was too long.
    #[serde(default)]
    pub cut: bool,
}
