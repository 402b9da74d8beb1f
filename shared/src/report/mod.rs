//! What a look tells: typed values with causes as codes, never sentences made in a plan. Text in
//! the reader's language is made from them in one place, [`text`].

pub mod message;
mod night;
pub mod rollback;
pub mod rotation;
pub mod text;

pub use night::{HeldSpan, NightTold, Peak, Slimmed, Waiting};

#[cfg(feature = "sns")]
pub mod publish;

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    config::Problem,
    kind::{Arn, Kind, Level, Lever, Never, Suspension},
    ledger::{Order, Phase},
};

/// What an estate should be now: awake or asleep where it sleeps, day or night where it is slimmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Usable.
    Awake,
    /// Costing as little as it can.
    Asleep,
    /// At the day's size.
    Day,
    /// At the night's size.
    Night,
}

/// What an estate should be, and who says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// What it should be; none while a hold lasts, which changes nothing.
    pub state: Option<State>,
    /// Who says so.
    pub why: Why,
    /// Until when, as far as can be foretold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// Who says what an estate should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Why {
    /// The calendar.
    Calendar,
    /// A person's override.
    Person {
        /// What was ordered.
        order: Order,
        /// Who.
        who: String,
        /// Why.
        reason: String,
        /// When.
        set_at: Timestamp,
    },
    /// A deployment to the sleeping estate.
    Deployment {
        /// Which: the service and the deployment's id.
        reason: String,
        /// When it was seen.
        set_at: Timestamp,
    },
    /// The document is gone, so that everything is given back.
    Released,
}

/// Why something is not yet, or will not be, what it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "cause", rename_all = "snake_case")]
pub enum Cause {
    /// A database is in a transitional status.
    Status {
        /// AWS's word for it.
        status: String,
    },
    /// A status that only a person can mend.
    Broken {
        /// AWS's word for it.
        status: String,
    },
    /// Tasks of the service are still stopping.
    Draining {
        /// How many.
        tasks: u32,
    },
    /// Stand-alone tasks of the cluster hold the databases.
    StandaloneTasks {
        /// Their groups, `family:migrate` for instance.
        groups: Vec<String>,
    },
    /// Services are awake that may use the database.
    ServicesAwake {
        /// Their names.
        services: Vec<String>,
    },
    /// A deployment is under way.
    Rollout {
        /// Its id.
        deployment: String,
        /// Until when it is waited for.
        until: Timestamp,
    },
    /// Somebody woke it; it is left alone for the configured grace.
    Grace {
        /// Until when.
        until: Timestamp,
    },
    /// The databases that it needs are not usable yet.
    NeedsDatabases {
        /// Their names.
        databases: Vec<String>,
    },
    /// Not all tasks run, or the rollout is not complete.
    NotSteady {
        /// Tasks that run.
        running: u32,
        /// Tasks that are asked for.
        desired: u32,
    },
    /// Its steps are taken at this look, or due at the next, which sees what became of them.
    JustChanged,
    /// Another function is changing it.
    Owned {
        /// Which.
        function: String,
        /// Until when.
        until: Timestamp,
    },
    /// AWS refused the change.
    Refused {
        /// The error code on the wire.
        code: String,
    },
    /// The tag that consents is not there, or names another estate.
    NoConsent {
        /// The tag's value, if there is one.
        found: Option<String>,
    },
    /// Two estates claim it.
    Claimed {
        /// Who claims it.
        estates: Vec<String>,
    },
    /// AWS never stops it.
    Never {
        /// Why.
        never: Never,
    },
    /// A daemon service has no count that could be set.
    Daemon,
    /// It was not found.
    Missing,
    /// It could not be read.
    Unreadable {
        /// The error code on the wire.
        code: String,
    },
    /// A hold is in force.
    Hold,
    /// An alarm that the document names is in ALARM.
    Alarm {
        /// Its name.
        alarm: String,
    },
    /// An alarm that the document names was not found.
    NoAlarm {
        /// Its name.
        alarm: String,
    },
    /// A deployment of a service of the estate is under way.
    Deploying {
        /// The service's name.
        service: String,
        /// Whether it rolls a failed one back.
        back: bool,
    },
    /// A deployment of the estate failed and is not yet taken back, as explain-rollback tells.
    RolloutBroken {
        /// Since when.
        since: Timestamp,
    },
    /// A database of the estate fails over or is being changed.
    Unrest {
        /// Its name.
        database: String,
        /// AWS's word for it.
        status: String,
    },
    /// Its load would not fit what is left of it.
    Load {
        /// The CPU utilisation that would be left with, in per cent.
        percent: u32,
        /// The tasks, or the capacity, that would bear it.
        left: Level,
    },
    /// How loaded it was in the last minutes is not known.
    NoLoad,
    /// Somebody changed it by hand at night; it is left alone until morning.
    ByHand,
    /// Somebody put the day's size back at night; it is left alone for the configured grace.
    PutBack {
        /// Until when.
        until: Timestamp,
    },
    /// Its auto scaling is suspended, so that it could not grow, or would not shrink.
    ScalingSuspended,
    /// Somebody set its count to 0.
    AtZero,
    /// Its count is above the maximum: registering its target would lower it.
    AboveMaximum {
        /// The count.
        count: u32,
        /// The maximum.
        max: u32,
    },
    /// It is no cluster of Aurora Serverless v2.
    NotServerless,
}

/// One resource as a person wants to see it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Its ARN, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arn: Option<Arn>,
    /// Its name.
    pub name: String,
    /// Its kind; none for a name that could not be found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    /// What it should be; none when it is left alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wanted: Option<State>,
    /// What it is: `2/2`, `available` and the like.
    pub actual: String,
    /// Whether it is what it should be.
    pub settled: bool,
    /// What the ledger holds for it: the count that returns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saved_count: Option<u32>,
    /// Since when the ledger's entry is at its stage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// What it waits for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits_for: Option<Cause>,
}

/// A change that was made, as one log line and one line of a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The resource.
    pub arn: Arn,
    /// What was changed: `desired_count`, `suspension`, `power`.
    pub what: String,
    /// From what.
    pub from: String,
    /// To what.
    pub to: String,
}

/// A call that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The resource, or the name of what was read.
    pub resource: String,
    /// The AWS action, `ecs:UpdateService` for instance.
    pub action: String,
    /// The error code on the wire, or `timeout`, `network`.
    pub code: String,
    /// What AWS said.
    pub message: String,
    /// Whether a permission is missing.
    #[serde(default)]
    pub denied: bool,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            resource,
            action,
            code,
            message,
            ..
        } = self;
        write!(f, "{action} failed on {resource} with {code}: {message}")
    }
}

/// A service and its count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// The service's name.
    pub service: String,
    /// How many tasks run.
    pub running: u32,
    /// How many are asked for.
    pub desired: u32,
}

/// A count that is not the one that went to sleep.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountChange {
    /// The service's name.
    pub service: String,
    /// The count that went to sleep.
    pub before: u32,
    /// The count that returned.
    pub after: u32,
}

/// A sum of money.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Money {
    /// The amount.
    pub amount: f64,
    /// The currency's code.
    pub currency: String,
}

/// Something that people should know.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum News {
    /// The estate is usable again.
    Ready {
        /// The opening that it was woken for, if the calendar woke it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        opening: Option<Timestamp>,
        /// Seconds from the first look of this wake to the last settled resource.
        woke_seconds: i64,
        /// Seconds until the databases were usable, where there are any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        database_seconds: Option<i64>,
        /// Every service with its tasks.
        services: Vec<Count>,
        /// When it went to sleep.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        slept_at: Option<Timestamp>,
        /// Counts that are not the ones that went to sleep, because somebody changed them.
        #[serde(default)]
        changed: Vec<CountChange>,
        /// Services that were at 0 already when the estate went to sleep, and stay there.
        #[serde(default)]
        left_at_zero: Vec<String>,
        /// What sleeping saved, if there are prices.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        saved: Option<Money>,
        /// What was billed all the same.
        #[serde(default)]
        still_billed: Vec<String>,
    },
    /// The estate is asleep.
    Asleep {
        /// When it began to go to sleep.
        began: Timestamp,
        /// How many services sleep.
        services: u32,
        /// How many databases sleep.
        databases: u32,
        /// When it will be woken.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
    },
    /// A person ordered something else than the calendar.
    Overridden {
        /// What.
        order: Order,
        /// Until when.
        until: Timestamp,
        /// Who.
        who: String,
        /// Why.
        reason: String,
        /// When it was said.
        set_at: Timestamp,
    },
    /// A deployment to a sleeping estate woke it.
    DeploymentWoke {
        /// The service and the deployment's id.
        deployment: String,
        /// Until when it stays awake.
        until: Timestamp,
    },
    /// A deployment reached a sleeping estate, which the document lets sleep on.
    DeploymentInTheDark {
        /// The service.
        service: String,
        /// The deployment's id.
        deployment: String,
    },
    /// Tasks of a release that was deployed at count 0 do not run.
    DarkReleaseFails {
        /// The service.
        service: String,
        /// The deployment's id.
        deployment: String,
        /// Tasks that run.
        running: u32,
        /// Tasks that are asked for.
        desired: u32,
    },
    /// Something is not asleep or awake yet, for a reason that passes by itself.
    NotYet {
        /// The resource's name.
        resource: String,
        /// What it should be.
        wanted: State,
        /// Why it is not.
        cause: Cause,
        /// Since when.
        since: Timestamp,
        /// When people hear again if it lasts.
        again_at: Timestamp,
    },
    /// Something has not become what it should be within the deadline.
    Stuck {
        /// The resource's name.
        resource: String,
        /// What it should be.
        wanted: State,
        /// Why it is not.
        cause: Cause,
        /// Since when.
        since: Timestamp,
    },
    /// A database can never be stopped.
    NeverStops {
        /// Its name.
        resource: String,
        /// Why.
        never: Never,
        /// What it costs an hour, if there are prices.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hourly: Option<Money>,
    },
    /// Somebody woke what should sleep.
    AwakeByHand {
        /// The resource's name.
        resource: String,
        /// The count that was set, for a service.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        count: Option<u32>,
        /// When it was first seen.
        since: Timestamp,
        /// When it is put to sleep again.
        until: Timestamp,
    },
    /// Somebody registered a scalable target at night; AWS clamped the count to the minimum.
    Clamped {
        /// The service.
        resource: String,
        /// The count after it: the minimum.
        count: u32,
        /// The count that will return.
        saved: u32,
    },
    /// Going to sleep ended a rollout that was not complete.
    RolloutEnded {
        /// The service.
        service: String,
        /// The deployment's id.
        deployment: String,
    },
    /// A database was started by AWS after seven days, and is stopped again.
    RestartedByAws {
        /// Its name.
        resource: String,
    },
    /// What was put to sleep is gone.
    Gone {
        /// Its name.
        resource: String,
        /// The count that was saved, for a service.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        saved: Option<u32>,
    },
    /// The document names what is not there.
    NotFound {
        /// Its name.
        resource: String,
    },
    /// The document names what does not consent.
    NoConsent {
        /// The resource.
        arn: Arn,
        /// The tag's value, if there is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        found: Option<String>,
        /// Whether it must be woken, and AWS may refuse for want of the tag.
        asleep: bool,
    },
    /// Two estates claim the same resource.
    Rivals {
        /// The resource.
        arn: Arn,
        /// All who claim it.
        estates: Vec<String>,
        /// Who keeps it, if anybody does.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        keeper: Option<String>,
    },
    /// A document cannot be read; the last good one stays in force.
    DocumentBroken {
        /// What is wrong.
        problems: Vec<Problem>,
        /// Whether there is a good one to stay in force.
        in_force: bool,
    },
    /// The document was deleted: everything is given back.
    Released {
        /// What is given back.
        resources: Vec<String>,
    },
    /// A call that should change something fails.
    ChangeFails {
        /// What failed.
        failure: Failure,
        /// Since when.
        since: Timestamp,
    },
    /// Something cannot be read.
    CannotRead {
        /// What failed.
        failure: Failure,
        /// Since when.
        since: Timestamp,
    },
    /// `Mode: watch`: what would have been done.
    Would {
        /// Each step.
        steps: Vec<Deed>,
    },
    /// What a night of being small came to: one message a night, in the morning.
    NightSummary {
        /// The night.
        #[serde(flatten)]
        night: Box<NightTold>,
    },
    /// The estate is at the day's size again in the middle of the night, because somebody wished so.
    FullSize {
        /// Every service with its tasks.
        services: Vec<Count>,
        /// Seconds from the first look to the last task.
        seconds: i64,
    },
    /// Not everything is at the day's size although it should be.
    NotReady {
        /// The opening that has come, if the calendar wants the day.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        opening: Option<Timestamp>,
        /// Since when it grows.
        since: Timestamp,
        /// What is not there yet, and why.
        waiting: Vec<Waiting>,
    },
    /// Something has held shrinking back for long.
    HeldBack {
        /// What does not get smaller, and why.
        waiting: Vec<Waiting>,
        /// Since when.
        since: Timestamp,
    },
    /// Somebody changed at night what is not theirs alone; it is left alone until morning.
    ChangedByHand {
        /// The resource's name.
        resource: String,
        /// What was changed.
        lever: Lever,
        /// What it was set to.
        hand: Level,
        /// What it was by day.
        day: Level,
        /// What it was at night.
        night: Level,
        /// When that was first seen.
        since: Timestamp,
        /// When the day returns, as far as can be foretold.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
    },
    /// Somebody put the day's size back at night: it is lowered again after the grace.
    PutBack {
        /// The resource's name.
        resource: String,
        /// What was changed.
        lever: Lever,
        /// What it was by day, and is again.
        day: Level,
        /// What it was at night.
        night: Level,
        /// When that was first seen.
        since: Timestamp,
        /// When it is lowered again.
        until: Timestamp,
    },
    /// Somebody's change at night was undone, as the document wants it.
    HandUndone {
        /// The resource's name.
        resource: String,
        /// What was changed.
        lever: Lever,
        /// What somebody had set it to.
        hand: Level,
        /// What it is set to.
        night: Level,
    },
    /// The day's minimum is above the maximum that somebody set meanwhile.
    DayCapped {
        /// The resource's name.
        resource: String,
        /// The day's minimum.
        day: Level,
        /// The maximum, which is what the minimum returns to.
        max: Level,
    },
    /// What became of secrets.
    Rotation {
        /// What is told.
        told: Box<rotation::Rotation>,
    },
    /// A deployment failed: why, what is running now, and what to look at.
    Rollback {
        /// The story so far.
        story: Box<rollback::Story>,
    },
}

/// A step that is planned, in a form that can be told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Deed {
    /// Write an entry into the ledger.
    Save {
        /// The resource.
        arn: Arn,
        /// The count that is saved, for a service.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        count: Option<u32>,
    },
    /// Suspend all three scalings.
    Suspend {
        /// The service.
        arn: Arn,
    },
    /// Put the suspension back as it was found.
    Resume {
        /// The service.
        arn: Arn,
        /// As it was found.
        suspension: Suspension,
    },
    /// Set the desired count.
    SetCount {
        /// The service.
        arn: Arn,
        /// From.
        from: u32,
        /// To.
        to: u32,
    },
    /// Stop a database.
    Stop {
        /// The database.
        arn: Arn,
    },
    /// Start a database.
    Start {
        /// The database.
        arn: Arn,
    },
    /// Close an entry: what it holds was seen restored.
    Close {
        /// The resource.
        arn: Arn,
    },
    /// Forget an entry.
    Forget {
        /// The resource.
        arn: Arn,
    },
    /// Write down the day's size.
    SaveDay {
        /// The resource.
        arn: Arn,
        /// What is saved.
        lever: Lever,
        /// The day's size.
        day: Level,
    },
    /// Move the lever of a resource that is slimmed.
    Move {
        /// The resource.
        arn: Arn,
        /// What is moved.
        lever: Lever,
        /// From.
        from: Level,
        /// To.
        to: Level,
    },
    /// Keep the estate awake for a deployment.
    WakeForDeployment {
        /// The service and the deployment's id.
        deployment: String,
        /// Until when.
        until: Timestamp,
    },
}

/// How much something matters to a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Good news, or nothing to do.
    Quiet,
    /// Worth knowing; nothing to do now.
    Notice,
    /// Somebody should act, though nothing burns.
    Warning,
    /// Somebody must act.
    Alert,
}

impl News {
    /// How much it matters.
    #[must_use]
    pub fn severity(&self) -> Severity {
        match self {
            Self::Ready { .. }
            | Self::Asleep { .. }
            | Self::RestartedByAws { .. }
            | Self::NightSummary { .. }
            | Self::FullSize { .. }
            | Self::Would { .. } => Severity::Quiet,
            Self::Overridden { .. }
            | Self::DeploymentWoke { .. }
            | Self::DeploymentInTheDark { .. }
            | Self::NotYet { .. }
            | Self::AwakeByHand { .. }
            | Self::Clamped { .. }
            | Self::RolloutEnded { .. }
            | Self::HeldBack { .. }
            | Self::ChangedByHand { .. }
            | Self::PutBack { .. }
            | Self::HandUndone { .. }
            | Self::Released { .. } => Severity::Notice,
            Self::NeverStops { .. }
            | Self::Gone { .. }
            | Self::NotFound { .. }
            | Self::NoConsent { asleep: false, .. }
            | Self::Rivals { .. }
            | Self::DocumentBroken { .. }
            | Self::CannotRead { .. }
            | Self::DayCapped { .. }
            | Self::Stuck {
                wanted: State::Asleep | State::Night,
                ..
            } => Severity::Warning,
            Self::DarkReleaseFails { .. }
            | Self::NoConsent { asleep: true, .. }
            | Self::ChangeFails { .. }
            | Self::NotReady { .. }
            | Self::Stuck {
                wanted: State::Awake | State::Day,
                ..
            } => Severity::Alert,
            Self::Rollback { story } => story.severity(),
            Self::Rotation { told } => told.severity(),
        }
    }
}

/// How one estate fares: what a look answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The estate.
    pub estate: String,
    /// When it was looked at.
    pub at: Timestamp,
    /// What it should be; none when no document could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wanted: Option<Wanted>,
    /// Where between asleep and awake it is.
    pub phase: Phase,
    /// Whether everything that should be awake is usable: what CI waits for.
    pub ready: bool,
    /// Whether nothing is waited for.
    pub settled: bool,
    /// Every resource.
    pub resources: Vec<Row>,
    /// What would be, or was to be, done.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Deed>,
    /// What was done.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
    /// What failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<Failure>,
    /// What people were told in this look.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub news: Vec<News>,
    /// When something is due next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Timestamp>,
}

/// Something about an estate's set-up that a person should look into, before it hurts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "finding", rename_all = "snake_case")]
pub enum Finding {
    /// Backups are due while the database is stopped, so that none are made.
    BackupAsleep {
        /// The database.
        database: String,
        /// The window in UTC.
        window: String,
    },
    /// The backup window lies across the time of going to sleep: RDS refuses to stop meanwhile.
    BackupAtBedtime {
        /// The database.
        database: String,
        /// The window in UTC.
        window: String,
    },
    /// No automated backups at all.
    NoBackups {
        /// The database.
        database: String,
    },
    /// Maintenance falls into the sleeping hours.
    MaintenanceAsleep {
        /// The database.
        database: String,
        /// The window in UTC.
        window: String,
    },
    /// It can never be stopped.
    NeverStops {
        /// The database.
        database: String,
        /// Why.
        never: Never,
    },
    /// A failed deployment would not be rolled back.
    NoCircuitBreaker {
        /// The service.
        service: String,
    },
    /// The consent is missing.
    NoConsent {
        /// The resource.
        arn: Arn,
        /// The tag's value, if there is one.
        found: Option<String>,
    },
    /// The document names what is not there.
    NotFound {
        /// The name.
        name: String,
    },
    /// Something could not be read, for want of a permission or otherwise.
    Unread {
        /// What failed.
        failure: Failure,
    },
    /// The night's size is no smaller than the day's.
    SavesNothing {
        /// The resource's name.
        name: String,
        /// What it is by day.
        day: Level,
        /// What the document wants at night.
        night: Level,
    },
    /// Its auto scaling is suspended.
    ScalingSuspended {
        /// The service.
        service: String,
    },
    /// It is no cluster of Aurora Serverless v2.
    NotServerless {
        /// The database.
        database: String,
    },
    /// No alarm holds shrinking back.
    NoBrakes,
}

/// What `doctor` answers for one estate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Diagnosis {
    /// The estate.
    pub estate: String,
    /// What should be looked into.
    pub findings: Vec<Finding>,
    /// What is billed while it sleeps.
    pub still_billed: Vec<String>,
    /// Hours of this month in which it sleeps, by the calendar.
    pub hours_asleep_this_month: i64,
    /// What that saves this month, at the company's prices.
    pub saved_this_month: Option<Money>,
    /// What its Terraform must ignore.
    pub terraform: Vec<String>,
}
