//! All that a language must be able to say. A language is one folder that implements [`Tongue`];
//! whatever strangers wrote is put in as it is, and made harmless when the sentence becomes
//! [`crate::draft::Mrkdwn`].

use nightshift::{config::Language, report::text::clock::Clock};

use super::{
    en::English,
    ja::Japanese,
    metrics::{Felt, Known},
};
use crate::{
    scene::Quiet,
    signal::{AlarmState, Comparison, Stage},
};

/// A language.
pub(super) trait Tongue: Names + Alarms + Events + Notices {}

impl<T: Names + Alarms + Events + Notices> Tongue for T {}

/// The language that people read.
pub(super) fn tongue(language: Language) -> &'static dyn Tongue {
    match language {
        Language::En => &English,
        Language::Ja => &Japanese,
    }
}

/// The name of something beside its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Label {
    Affected,
    Alarm,
    Amount,
    Application,
    Budget,
    Budgeted,
    Bucket,
    Cache,
    Cluster,
    Code,
    Database,
    DatabaseCluster,
    Deployment,
    DeploymentGroup,
    Ends,
    Event,
    Function,
    Instance,
    LoadBalancer,
    NatGateway,
    OkSince,
    Queue,
    Rang,
    Rule,
    Service,
    Since,
    Source,
    Starts,
    Table,
    TargetGroup,
    Task,
    Threshold,
    Topic,
    When,
    Zone,
}

/// Where a link leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Alarm,
    Alarms,
    Budgets,
    Database,
    Deployment,
    Function,
    Health,
    LoadBalancer,
    Logs,
    Metric,
    Rest,
    Runbook,
    Service,
    TargetGroup,
    Task,
}

/// What a value is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Against<'a> {
    /// A number: `> 80 %`.
    Threshold(&'a str),
    /// The band that CloudWatch expects: `above the expected band`.
    Band(&'a str),
}

/// What was measured, in words and figures that are ready to be shown.
pub(super) struct Measured<'a> {
    /// The metric: `CPU`.
    pub metric: &'a str,
    /// The newest value: `91.2 %`.
    pub value: Option<&'a str>,
    /// What it is compared with.
    pub test: Option<Against<'a>>,
    /// How long all the periods together are: `3 min`.
    pub window: Option<&'a str>,
    /// How many datapoints must be across the threshold, and of how many.
    pub datapoints: Option<(u32, u32)>,
    /// `average of 1 min`.
    pub statistic: Option<&'a str>,
}

/// Names, times and figures.
pub(super) trait Names {
    /// `14:02`, `Friday at 19:00`.
    fn clock(&self, clock: Clock) -> String;
    /// `14:02–14:14`.
    fn span(&self, from: &str, to: &str) -> String;
    /// `12 min`, `1 h 5 min`.
    fn lasted(&self, seconds: i64) -> String;
    /// `91.2 %`.
    fn percent(&self, number: &str) -> String;
    /// What stands beside a value.
    fn label(&self, label: Label) -> &'static str;
    /// What a link is called.
    fn place(&self, place: Place) -> &'static str;
    /// What people call a metric.
    fn metric(&self, known: Known) -> &'static str;
    /// A metric's percentile: `p99 response time`.
    fn percentile(&self, metric: &str, statistic: &str) -> String;
    /// Something of something: `CPU of api`.
    fn of(&self, what: &str, whose: &str) -> String;
    /// `average of 1 min`.
    fn statistic(&self, statistic: &str, period: Option<&str>) -> String;
    /// A state that stands alone.
    fn state(&self, state: AlarmState) -> &'static str;
    /// Something in brackets after something else.
    fn aside(&self, text: &str) -> String;
    /// Several things in one line.
    fn listed(&self, all: &[String]) -> String;
    /// How many more there are than are shown.
    fn more(&self, count: usize) -> String;
    /// Account, Region and function; each may be nothing.
    fn provenance(&self, account: &str, region: &str, function: &str) -> String;
}

/// Sentences about alarms.
pub(super) trait Alarms {
    /// On which side of the band that is expected.
    fn band(&self, comparison: Comparison) -> &'static str;
    /// A value, if there is one, on such a side.
    fn banded(&self, value: Option<&str>, band: &str) -> String;
    /// An alarm of which only the name is known rings.
    fn rings(&self, name: &str) -> String;
    /// It is over.
    fn back(&self, what: &str, after: Option<&str>) -> String;
    /// Nobody knows.
    fn too_little(&self, what: &str) -> String;
    /// What was true when it rang, in a message that it is over.
    fn rang_at(&self, told: &str) -> String;
    /// How often, as an aside.
    fn counted(&self, times: u32, since: &str) -> String;
    /// It rang, and is over.
    fn rang(&self, what: &str, lasted: &str, times: u32) -> String;
    /// It still rings though the estate is up, as an aside.
    fn still(&self) -> &'static str;
    /// Why it is quiet, as an aside.
    fn hushed(&self, quiet: Quiet) -> &'static str;
    /// Why it is quiet, and when it is told again.
    fn quiet(&self, quiet: Quiet, until: Option<&str>) -> String;
    /// Why it was quiet, and is no longer.
    fn outlived(&self, since: &str) -> String;
    /// That it reached us too late to ring.
    fn late(&self, span: &str) -> String;
    /// What was measured against what, for how long; the value in bold.
    fn measured(&self, state: AlarmState, measured: &Measured<'_>) -> String;
    /// The values before the newest.
    fn earlier(&self, values: &[String]) -> String;
    /// No data came, and so it rings.
    fn silent(&self, what: &str) -> String;
    /// No data came, which counts as crossing the threshold.
    fn silence(&self) -> &'static str;
    /// Whether users feel it.
    fn felt(&self, felt: Felt) -> &'static str;
    /// What stands before the alarms that made a composite one change.
    fn children(&self) -> &'static str;
    /// The actions of a composite alarm are suppressed.
    fn suppressed(&self, by: &str) -> String;
    /// In the thread: it is over.
    fn reply_back(&self, after: &str, times: u32) -> String;
    /// In the thread: it rings (again).
    fn reply_rings(&self, compared: Option<&str>, times: u32, since: &str) -> String;
    /// In the thread: nobody knows.
    fn reply_unknown(&self) -> &'static str;
    /// When, and what was measured then.
    fn reply_when(&self, at: &str, value: Option<&str>) -> String;
}

/// Sentences about events of AWS services.
pub(super) trait Events {
    /// An ECS deployment.
    fn deployment(&self, stage: Stage, service: &str) -> String;
    /// ECS tells of a service; nothing for an event that has no sentence.
    fn service(&self, name: &str, service: &str) -> Option<String>;
    /// ECS tells of a service what has no sentence.
    fn service_other(&self, name: &str, service: &str) -> String;
    /// What a code in `reason` means.
    fn service_reason(&self, reason: &str) -> Option<&'static str>;
    /// A task stopped.
    fn task(&self, whose: &str, exit: Option<i64>, out_of_memory: bool) -> String;
    /// A task could not be started.
    fn task_unstarted(&self, whose: &str) -> String;
    /// What a stop code means.
    fn stop_code(&self, code: &str) -> Option<&'static str>;
    /// What an exit code usually means.
    fn exit_code(&self, code: i64) -> Option<&'static str>;
    /// A container that used more memory than it may.
    fn out_of_memory(&self) -> &'static str;
    /// A container with its exit code.
    fn exited(&self, exit: Option<i64>) -> String;
    /// RDS tells of a database; nothing for an event that has no sentence.
    fn database(&self, id: &str, name: &str) -> Option<String>;
    /// RDS tells of a database, by category.
    fn database_other(&self, category: &str, name: &str) -> String;
    /// CodeDeploy tells of a deployment.
    fn code_deploy(&self, state: &str, application: &str) -> String;
    /// AWS Health tells of a service.
    fn health(&self, category: &str, service: &str, closed: bool) -> String;
    /// A budget is, or will be, exceeded.
    fn budget(&self, name: &str, forecast: bool) -> String;
}

/// Everything else that is said.
pub(super) trait Notices {
    /// Something without a title of its own.
    fn untitled(&self, source: &str) -> String;
    /// Where the rest of it is.
    fn rest(&self, function: &str, key: &str) -> String;
    /// So many messages at once.
    fn digest(&self, count: usize, part: usize, parts: usize) -> String;
    /// How many of them ring, are over, and are something else.
    fn digest_counts(&self, rings: usize, over: usize, others: usize) -> String;
    /// Why they are not told one by one.
    fn digest_why(&self) -> &'static str;
    /// An estate goes to sleep soon.
    fn bedtime(&self, estate: &str, at: &str, minutes: i64) -> String;
    /// How to keep it awake with a reaction.
    fn bedtime_react(&self) -> &'static str;
    /// What a reaction does: stay up until then, or sleep as planned.
    fn bedtime_choice(&self, until: Option<&str>) -> String;
    /// How to keep it awake with a command until then.
    fn bedtime_command(&self, until: &str) -> String;
    /// An estate stays up.
    fn stays_up(&self, estate: &str, until: &str) -> String;
    /// Who wanted it, and what comes then.
    fn stays_up_by(&self, who: &str, until: &str) -> String;
    /// An estate goes to sleep as planned.
    fn as_planned(&self, estate: &str, at: &str) -> String;
    /// Who wanted it.
    fn as_planned_by(&self, who: &str) -> String;
    /// Midnight, as a time of day.
    fn midnight(&self) -> &'static str;
    /// A message that is not where it belongs, and why.
    fn misrouted(&self, wanted: &str, code: &str) -> String;
}
