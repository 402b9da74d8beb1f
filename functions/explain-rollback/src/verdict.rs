//! Why a deployment failed, from the evidence. Words of AWS are read by one table ([`words`]); what
//! takes more than words has a rule of its own in [`RULES`]. A new cause is a variant of
//! [`Fault`], a row or a rule, and its sentences in each language.
//!
//! What bites earlier explains what is seen later: an image for the wrong architecture is why a
//! container exits, not that it exits. When nothing is certain the verdict says so.

mod around;
mod ends;
mod health;
#[cfg(test)]
mod tests;
pub mod words;

use jiff::Timestamp;
use nightshift::report::rollback::{Again, Changed, Evidence, Fault, Found, Layer, Sureness};

use crate::{
    mask,
    plan::attempts::Attempt,
    snapshot::{Container, Log, Snapshot, StoppedTask, TaskDefinition},
};

/// How many causes are told.
const TOLD: usize = 4;

/// How many pieces of evidence a cause is told with.
const QUOTED: usize = 4;

/// Everything that a verdict on one deployment is made from.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// What AWS shows.
    pub snapshot: &'a Snapshot,
    /// The deployment.
    pub attempt: &'a Attempt<'a>,
    /// What it changed.
    pub changed: Option<&'a Changed>,
    /// Whether log lines may be quoted. They are read either way.
    pub quotes_logs: bool,
    /// The instant of the look.
    pub now: Timestamp,
}

/// A fault with the number of tasks that speak for it.
#[derive(Clone, Debug)]
struct Suspect {
    found: Found,
    tasks: usize,
}

/// A rule that finds what words alone do not tell.
type Rule = fn(&Case<'_>, &mut Vec<Suspect>);

/// The rules, in the order in which equally sure causes are told.
const RULES: [(&str, Rule); 8] = [
    ("what AWS says of tasks and of placing them", words::of_aws),
    ("what logs say", words::of_logs),
    ("how containers ended", ends::find),
    (
        "load balancer's and containers' health checks",
        health::find,
    ),
    ("alarms, hooks and CodeDeploy", around::gates),
    ("a sleeping estate", around::asleep),
    ("secrets that were changed", around::secrets),
    (
        "images that are gone, and deployments that changed nothing",
        around::images,
    ),
];

/// Why the deployment failed, the surest cause first; at least one, which may be that it is unknown.
#[must_use]
pub fn faults(case: &Case<'_>) -> Vec<Found> {
    let mut suspects = Vec::new();
    for (_, rule) in RULES {
        rule(case, &mut suspects);
    }
    let kept: Vec<Suspect> = suspects
        .iter()
        .filter(|it| !suspects.iter().any(|other| explains(other, it)))
        .cloned()
        .collect();
    let mut found: Vec<Found> = kept.into_iter().map(|it| it.found).collect();
    let names_a_cause =
        |it: &Found| !matches!(it.fault, Fault::NothingChanged | Fault::ImageGone { .. });
    if !found.iter().any(names_a_cause) {
        found.push(around::unknown(case));
    }
    for one in &mut found {
        one.evidence.truncate(QUOTED);
    }
    in_order(found)
}

/// Causes as they are told: the surest first, and no more of them than a person reads.
#[must_use]
pub fn in_order(mut found: Vec<Found>) -> Vec<Found> {
    found.sort_by_key(order);
    found.truncate(TOLD);
    found
}

/// The surest first, and of equally sure ones the root before the symptom: what lies around a
/// deployment is a root once it is certain.
fn order(found: &Found) -> (Sureness, Layer) {
    let is_root = matches!(found.fault, Fault::Asleep | Fault::SecretChanged { .. });
    match (found.sure, is_root) {
        (Sureness::Certain, true) => (found.sure, Layer::Before),
        _ => (found.sure, found.fault.layer()),
    }
}

/// Whether one fault is the reason for what another one sees.
fn explains(root: &Suspect, symptom: &Suspect) -> bool {
    let (earlier, later) = (root.found.fault.layer(), symptom.found.fault.layer());
    let at_least_as_sure = root.found.sure <= symptom.found.sure;
    earlier < later && later != Layer::Around && at_least_as_sure && root.tasks >= symptom.tasks
}

/// Whether the next deployment of the same commit will fail as well.
#[must_use]
pub fn again(faults: &[Found]) -> Again {
    let sure = |fits: fn(&Fault) -> bool| {
        let mut all = faults.iter().filter(|it| it.sure <= Sureness::Likely);
        all.any(|it| fits(&it.fault))
    };
    let Some(first) = faults.first().filter(|it| it.sure <= Sureness::Likely) else {
        return Again::Unknown;
    };
    let again = match first.fault {
        // Whoever changed it can put it back; until then every task meets it.
        Fault::SecretChanged { .. } => Again::UnlessMended,
        _ => first.fault.again(),
    };
    // The crash is the commit's own only if nothing around it explains it as well.
    if again == Again::Will && matches!(first.fault, Fault::Crash { .. }) {
        if sure(|fault| matches!(fault, Fault::Asleep)) {
            return Again::MaySucceed;
        }
        if sure(|fault| matches!(fault, Fault::SecretChanged { .. })) {
            return Again::UnlessMended;
        }
        if sure(|fault| matches!(fault, Fault::NothingChanged)) {
            return Again::Unknown;
        }
    }
    again
}

impl<'a> Case<'a> {
    /// The deployment's tasks that died of something.
    fn tasks(&self) -> Vec<&'a StoppedTask> {
        self.attempt.tasks(self.snapshot).collect()
    }

    /// The task definition that was deployed.
    fn definition(&self) -> Option<&'a TaskDefinition> {
        self.attempt.version.definition
    }

    /// A container of it.
    fn container(&self, name: &str) -> Option<&'a Container> {
        self.definition()?.container(name)
    }

    /// The name of the container that serves.
    fn main(&self) -> Option<&'a str> {
        Some(self.definition()?.main()?.name.as_str())
    }

    /// The logs of the deployment's tasks.
    fn logs(&self) -> Vec<&'a Log> {
        let tasks = self.tasks();
        let logs = self.snapshot.logs.iter();
        logs.filter(|log| tasks.iter().any(|task| task.arn == log.task))
            .collect()
    }

    /// From when to when the deployment was tried.
    fn span(&self) -> (Timestamp, Timestamp) {
        let end = self.attempt.failed.unwrap_or(self.now);
        (self.attempt.started.unwrap_or(end), end)
    }

    /// What service events said while the deployment was tried, newest first.
    fn events(&self) -> Vec<&'a str> {
        let (from, to) = self.span();
        let mut events: Vec<_> = self
            .snapshot
            .service
            .events
            .iter()
            .filter(|event| event.at >= from && event.at <= to)
            .collect();
        events.sort_by_key(|event| std::cmp::Reverse(event.at));
        events
            .into_iter()
            .map(|event| event.message.as_str())
            .collect()
    }

    /// The last line of a container's log, where lines may be quoted.
    fn last_line(&self, container: &str) -> Option<Evidence> {
        if !self.quotes_logs {
            return None;
        }
        let logs = self.logs();
        let log = logs.iter().rev().find(|log| log.container == container)?;
        let lines = mask::excerpt(log.lines.iter().map(|line| line.text.as_str()));
        Some(Evidence::LastLine {
            container: container.to_owned(),
            line: lines.last()?.clone(),
        })
    }
}

/// A number of tasks as it is told.
fn count(tasks: usize) -> u32 {
    u32::try_from(tasks).unwrap_or(u32::MAX)
}
