//! The state of all services, the time, and what is still to happen. Whatever changes is written
//! into the journal with who changed it: that, and not the function's own words, is what tests
//! hold against the rules.

use std::{
    collections::{BTreeMap, BTreeSet},
    mem,
    ops::RangeInclusive,
};

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::{
    call::{Actor, Call, Demand, Fault, Outcome},
    load::Loads,
    policy::{Judgement, Policy, Used},
    rates::Rates,
    services::{
        Happening, Service, autoscaling, cloudwatch, codedeploy, dynamodb, ecr, ecs, elbv2, events,
        logs, rds, secretsmanager, sns, ssm,
    },
};

/// The account that everything lives in.
pub const ACCOUNT: &str = "123456789012";
/// The Region that everything lives in.
pub const REGION: &str = "ap-northeast-1";

/// Something that changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Noted {
    /// When.
    pub at: Timestamp,
    /// Who did it.
    pub by: Actor,
    /// The ARN of the resource.
    pub arn: String,
    /// What.
    pub what: What,
}

/// What can change.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// It was made.
    Created,
    /// It was deleted.
    Deleted,
    /// A desired count.
    Count {
        /// From.
        from: u32,
        /// To.
        to: u32,
    },
    /// The bounds of a scalable target, minimum and maximum. Noted also when a call that named
    /// bounds left them as they were.
    Bounds {
        /// From.
        from: (u32, u32),
        /// To.
        to: (u32, u32),
    },
    /// The suspension of a scalable target: scaling in, scaling out, scheduled.
    Suspension {
        /// From.
        from: [bool; 3],
        /// To.
        to: [bool; 3],
    },
    /// The bounds of a cluster's capacity, minimum and maximum. Noted also when a call that named
    /// bounds left them as they were.
    Capacity {
        /// From.
        from: (f64, f64),
        /// To.
        to: (f64, f64),
    },
    /// A database's status.
    Status {
        /// From.
        from: String,
        /// To.
        to: String,
    },
    /// A deployment began, by its id.
    Deployment {
        /// `ecs-svc/…`.
        id: String,
    },
    /// A parameter, an item or another record was written.
    Written,
    /// A message was published to a topic.
    Published {
        /// The subject.
        subject: String,
        /// The message as it was sent.
        message: String,
    },
}

/// A call that was answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// When.
    pub at: Timestamp,
    /// Who called.
    pub actor: Actor,
    /// `ecs:UpdateService`.
    pub action: String,
    /// The code of the error, if it was one.
    pub code: Option<String>,
}

/// How long things take: each time a value from the range, in seconds.
#[derive(Clone, Debug)]
pub struct Timings {
    /// From PENDING to RUNNING.
    pub task_start: RangeInclusive<u64>,
    /// From the decision to stop a task to STOPPED: deregistration and the grace of SIGTERM.
    pub task_stop: RangeInclusive<u64>,
    /// From tasks running to the rollout COMPLETED.
    pub steady: RangeInclusive<u64>,
    /// From `stopping` to `stopped`. Several minutes, up to an hour.
    pub database_stop: RangeInclusive<u64>,
    /// From `starting` to `available`. Minutes to an hour.
    pub database_start: RangeInclusive<u64>,
    /// A backup.
    pub backup: RangeInclusive<u64>,
    /// A maintenance or a modification.
    pub modification: RangeInclusive<u64>,
    /// Until a new master password is in force.
    pub credentials: RangeInclusive<u64>,
}

impl Default for Timings {
    fn default() -> Self {
        Self {
            task_start: 20..=90,
            task_stop: 5..=150,
            steady: 5..=60,
            database_stop: 60..=420,
            database_start: 180..=660,
            backup: 180..=900,
            modification: 120..=900,
            credentials: 5..=60,
        }
    }
}

/// Something on the agenda.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Planned((Timestamp, u64));

/// An AWS account with one Region.
#[derive(Clone, Debug)]
pub struct World {
    /// The instant.
    pub now: Timestamp,
    /// Where everything random comes from.
    pub random: Rng,
    /// How long things take.
    pub timings: Timings,
    /// Elastic Container Service.
    pub ecs: ecs::Ecs,
    /// Application Auto Scaling.
    pub autoscaling: autoscaling::AutoScaling,
    /// RDS and Aurora.
    pub rds: rds::Rds,
    /// Parameter Store.
    pub ssm: ssm::Ssm,
    /// Secrets Manager.
    pub secrets: secretsmanager::Secrets,
    /// The registry of images.
    pub ecr: ecr::Ecr,
    /// Target groups.
    pub elbv2: elbv2::Elbv2,
    /// Logs.
    pub logs: logs::Logs,
    /// Blue/green deployments.
    pub codedeploy: codedeploy::CodeDeploy,
    /// `DynamoDB`.
    pub dynamodb: dynamodb::DynamoDb,
    /// Topics.
    pub sns: sns::Sns,
    /// Alarms and metrics.
    pub cloudwatch: cloudwatch::CloudWatch,
    /// How much people ask of services and databases.
    pub loads: Loads,
    /// Events that AWS emitted, rules and schedules.
    pub events: events::Events,
    /// What changed since it was last taken.
    pub journal: Vec<Noted>,
    /// What was called since it was last taken.
    pub calls: Vec<Recorded>,
    /// Whether the documented rates are kept up.
    pub throttles: bool,
    /// What is broken: the actions (`cloudwatch:DescribeAlarms`) that are answered with an error,
    /// whoever calls, until it is taken away again.
    pub broken: BTreeMap<String, Fault>,
    /// What functions may do, by the functions' names. A function without a role may do everything,
    /// as everybody else.
    pub roles: BTreeMap<String, Policy>,
    /// Which statements allowed what, of functions with a role.
    pub used: BTreeSet<Used>,
    rates: Rates,
    agenda: BTreeMap<(Timestamp, u64), Happening>,
    sequence: u64,
}

impl World {
    /// An empty account at an instant.
    #[must_use]
    pub fn new(now: Timestamp, seed: u64) -> Self {
        Self {
            now,
            random: Rng::with_seed(seed),
            timings: Timings::default(),
            ecs: ecs::Ecs::default(),
            autoscaling: autoscaling::AutoScaling::default(),
            rds: rds::Rds::default(),
            ssm: ssm::Ssm::default(),
            secrets: secretsmanager::Secrets::default(),
            ecr: ecr::Ecr::default(),
            elbv2: elbv2::Elbv2::default(),
            logs: logs::Logs::default(),
            codedeploy: codedeploy::CodeDeploy::default(),
            dynamodb: dynamodb::DynamoDb::default(),
            sns: sns::Sns::default(),
            cloudwatch: cloudwatch::CloudWatch::default(),
            loads: Loads::default(),
            events: events::Events::default(),
            journal: Vec::new(),
            calls: Vec::new(),
            throttles: true,
            broken: BTreeMap::new(),
            roles: BTreeMap::new(),
            used: BTreeSet::new(),
            rates: Rates::default(),
            agenda: BTreeMap::new(),
            sequence: 0,
        }
    }

    /// When something happens next by itself.
    #[must_use]
    pub fn next(&self) -> Option<Timestamp> {
        self.agenda.keys().next().map(|(at, _)| *at)
    }

    /// Lets everything happen that is due until an instant, which then is now.
    pub fn advance(&mut self, to: Timestamp) {
        while let Some(entry) = self.agenda.first_entry()
            && entry.key().0 <= to
        {
            let ((at, _), happening) = entry.remove_entry();
            self.now = self.now.max(at);
            happening.happen(self);
        }
        self.now = self.now.max(to);
    }

    /// Puts something on the agenda.
    pub fn at(&mut self, at: Timestamp, happening: impl Into<Happening>) {
        self.plan(at, happening);
    }

    /// Puts something on the agenda that may be taken off it again.
    pub(crate) fn plan(&mut self, at: Timestamp, happening: impl Into<Happening>) -> Planned {
        self.sequence += 1;
        let planned = (at, self.sequence);
        self.agenda.insert(planned, happening.into());
        Planned(planned)
    }

    /// Takes off the agenda what was planned. Left there, it would hold up whoever jumps from one
    /// happening to the next.
    pub(crate) fn cancel(&mut self, planned: Planned) {
        self.agenda.remove(&planned.0);
    }

    /// Puts something on the agenda after some seconds out of a range.
    pub fn after(&mut self, seconds: RangeInclusive<u64>, happening: impl Into<Happening>) {
        let seconds = self.random.u64(seconds);
        let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
        let at = self
            .now
            .saturating_add(SignedDuration::from_secs(seconds))
            .unwrap_or(self.now);
        self.at(at, happening);
    }

    /// How much stands on the agenda.
    #[cfg(test)]
    pub(crate) fn agenda_len(&self) -> usize {
        self.agenda.len()
    }

    /// Writes a change into the journal.
    pub fn note(&mut self, by: &Actor, arn: impl Into<String>, what: What) {
        self.journal.push(Noted {
            at: self.now,
            by: by.clone(),
            arn: arn.into(),
            what,
        });
    }

    /// The journal since it was last taken.
    pub fn take_journal(&mut self) -> Vec<Noted> {
        mem::take(&mut self.journal)
    }

    /// The calls since they were last taken.
    pub fn take_calls(&mut self) -> Vec<Recorded> {
        mem::take(&mut self.calls)
    }

    /// A fresh id of so many hexadecimal digits.
    pub fn id(&mut self, digits: usize) -> String {
        (0..digits)
            .map(|_| char::from_digit(self.random.u32(0..16), 16).unwrap_or('0'))
            .collect()
    }

    /// Answers a call as the service does: allowed, within the rate, and then done.
    ///
    /// # Errors
    /// With the service's own error, a throttle, or the refusal of the caller's role.
    pub fn call(&mut self, service: &'static dyn Service, call: &Call) -> Outcome {
        let action = format!("{}:{}", service.name(), call.operation);
        let outcome = match self.broken.get(&action) {
            Some(fault) => Err(fault.clone()),
            None => self.answer(service, call),
        };
        self.calls.push(Recorded {
            at: self.now,
            actor: call.actor.clone(),
            action,
            code: outcome.as_ref().err().map(|fault| fault.code.clone()),
        });
        outcome
    }

    fn answer(&mut self, service: &'static dyn Service, call: &Call) -> Outcome {
        if self.throttles
            && let Some(bucket) = service.bucket(&call.operation)
            && !self.rates.take(bucket, self.now)
        {
            return Err(service.throttled());
        }
        self.authorise(service, &service.demands(self, call), call)?;
        service.answer(self, call)
    }

    // https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
    fn authorise(
        &mut self,
        service: &'static dyn Service,
        demands: &[Demand],
        call: &Call,
    ) -> Result<(), Fault> {
        let Actor::Function(name) = &call.actor else {
            return Ok(());
        };
        let Some(role) = self.roles.get(name) else {
            return Ok(());
        };
        let mut used = Vec::new();
        for demand in demands {
            let (action, resource) = (&demand.action, &demand.resource);
            let why = match role.judge(demand) {
                Judgement::Allowed(sid) => {
                    used.push(Used {
                        action: action.clone(),
                        resource: resource.clone(),
                        sid: sid.to_owned(),
                    });
                    continue;
                }
                Judgement::NotAllowed => {
                    format!("because no identity-based policy allows the {action} action")
                }
                Judgement::Denied => "with an explicit deny in an identity-based policy".to_owned(),
            };
            return Err(service.denied(format!(
                "User: arn:aws:sts::{ACCOUNT}:assumed-role/{name}-role/{name} is not authorized to perform: {action} on resource: {resource} {why}"
            )));
        }
        self.used.extend(used);
        Ok(())
    }

    /// Does what a call does, without the way there: for people, pipelines and tests.
    ///
    /// # Errors
    /// With the service's own error.
    pub fn ask(
        &mut self,
        service: &'static dyn Service,
        actor: Actor,
        operation: &str,
        input: Value,
    ) -> Outcome {
        let call = Call {
            operation: operation.to_owned(),
            input,
            actor,
        };
        service.answer(self, &call)
    }
}
