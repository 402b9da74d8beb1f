//! Health checks: a path that does not exist, a port at which nothing listens, a start that takes
//! longer than it may.
//! <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-unhealthy-event-messages.html>

use jiff::{SignedDuration, Timestamp};
use nightshift::report::rollback::{Evidence, Fault, Found, Sureness};

use super::{Case, Suspect};
use crate::{
    mask,
    snapshot::{Log, StoppedTask, TargetCheck, TaskDefinition},
};

/// Words with which servers say that they are ready.
const READY: [&str; 10] = [
    "listening",
    "server started",
    "server running",
    "running on http",
    "startup complete",
    "successfully started",
    "ready in",
    "ready on",
    "started server",
    "accepting connections",
];

/// Words before the port at which a server listens.
const LISTENS: [&str; 6] = [
    "listening on",
    "listening at",
    "running on",
    "ready on",
    "server on",
    "port",
];

/// What the load balancer says of a task that does not answer.
#[derive(Debug, Default)]
struct Complaint {
    status: Option<u16>,
    port: Option<u16>,
    evidence: Vec<Evidence>,
}

pub(super) fn find(case: &Case<'_>, suspects: &mut Vec<Suspect>) {
    let tasks = case.tasks();
    let failed = |words: &str| {
        let said = |task: &&&StoppedTask| {
            let mut said = task.said();
            said.any(|said| said.to_ascii_lowercase().contains(words))
        };
        tasks.iter().filter(said).count()
    };
    let (by_balancer, by_container) =
        (failed("elb health check"), failed("container health check"));
    let complaint = complaint(case);
    if by_balancer > 0 || !complaint.evidence.is_empty() {
        let (fault, sure) = of_the_balancer(case, &complaint);
        let mut evidence = complaint.evidence;
        if evidence.is_empty() {
            evidence.extend(stopped_reason(&tasks));
        }
        suspects.push(Suspect {
            found: Found {
                fault,
                sure,
                evidence,
            },
            tasks: by_balancer.max(1),
        });
    }
    if by_container > 0
        && let Some(slow) = slow_to_be_probed(case)
    {
        suspects.push(Suspect {
            found: Found {
                fault: slow,
                sure: Sureness::Likely,
                evidence: stopped_reason(&tasks).into_iter().collect(),
            },
            tasks: by_container,
        });
    }
}

fn stopped_reason(tasks: &[&StoppedTask]) -> Option<Evidence> {
    let last = tasks.iter().rev().find_map(|task| task.reason.as_deref())?;
    let same = tasks
        .iter()
        .filter(|task| task.reason.as_deref() == Some(last));
    Some(Evidence::StoppedReason {
        text: mask::text(last),
        times: super::count(same.count()),
    })
}

/// What targets and events say.
fn complaint(case: &Case<'_>) -> Complaint {
    let mut complaint = Complaint::default();
    let groups = case.snapshot.targets.iter();
    // Once the former version is back, its targets say nothing of what failed.
    let is_current = case.attempt.ended.is_none();
    let unhealthy = groups
        .flat_map(|group| &group.targets)
        .filter(|target| is_current && target.is_unhealthy());
    for target in unhealthy {
        let text = target.description.as_deref().unwrap_or_default();
        complaint.hear(text, target.port);
        let evidence = Evidence::Target {
            port: target.port,
            code: target.reason.clone(),
            text: target.description.as_deref().map(mask::text),
        };
        complaint.quote(evidence);
    }
    for said in case.events() {
        let lower = said.to_ascii_lowercase();
        if lower.contains("is unhealthy in") {
            let port = number_after(&lower, "(port ");
            complaint.hear(said, port);
            if complaint.evidence.is_empty() {
                let text = mask::text(said);
                complaint.quote(Evidence::Event { text });
            }
        }
    }
    complaint
}

impl Complaint {
    fn hear(&mut self, text: &str, port: Option<u16>) {
        let lower = text.to_ascii_lowercase();
        let status = number_after(&lower, "these codes: [");
        self.status = self.status.or(status);
        self.port = self.port.or(port);
    }

    fn quote(&mut self, evidence: Evidence) {
        if !self.evidence.contains(&evidence) {
            self.evidence.push(evidence);
        }
    }
}

fn number_after(text: &str, words: &str) -> Option<u16> {
    let start = text.find(words)? + words.len();
    let rest = text.get(start..)?;
    let end = rest
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(rest.len());
    rest.get(..end)?.parse().ok()
}

fn of_the_balancer(case: &Case<'_>, complaint: &Complaint) -> (Fault, Sureness) {
    let mut checks = case.snapshot.targets.iter().map(|group| &group.check);
    let check = checks.next();
    if let Some(status) = complaint.status {
        return of_a_status(status, check);
    }
    let asked = check
        .and_then(|check| check.port.as_deref()?.parse().ok())
        .or(complaint.port);
    let open = case
        .definition()
        .map(TaskDefinition::ports)
        .unwrap_or_default();
    let port = |asked| Fault::HealthPort {
        asked,
        open: open.clone(),
    };
    if asked.is_some_and(|asked| !open.is_empty() && !open.contains(&asked)) {
        return (port(asked), Sureness::Certain);
    }
    if let (Some(asked), Some(listens)) = (asked, listens(case))
        && asked != listens
    {
        return (
            Fault::HealthPort {
                asked: Some(asked),
                open: vec![listens],
            },
            Sureness::Likely,
        );
    }
    if let Some((fault, sure)) = slow(case, check) {
        return (fault, sure);
    }
    (Fault::Health { status: None }, Sureness::Likely)
}

/// A server that answers with a status is there: what it answers is what is wrong.
fn of_a_status(status: u16, check: Option<&TargetCheck>) -> (Fault, Sureness) {
    let fault = |status| Fault::HealthPath {
        path: check.and_then(|check| check.path.clone()),
        status: Some(status),
    };
    match status {
        404 => (fault(status), Sureness::Certain),
        300..=499 => (fault(status), Sureness::Likely),
        _ => (
            Fault::Health {
                status: Some(status),
            },
            Sureness::Likely,
        ),
    }
}

/// The port at which a server says that it listens.
fn listens(case: &Case<'_>) -> Option<u16> {
    let main = case.main()?;
    let logs = case.logs();
    let lines = logs
        .iter()
        .filter(|log| log.container == main)
        .flat_map(|log| &log.lines);
    let mut ports = lines.filter_map(|line| port_of(&line.text.to_ascii_lowercase()));
    ports.next()
}

/// The port that a line names behind words of listening: the last number that is one.
fn port_of(line: &str) -> Option<u16> {
    if !READY.iter().any(|words| line.contains(words)) {
        return None;
    }
    let start = LISTENS
        .iter()
        .find_map(|words| Some(line.find(words)? + words.len()))?;
    let rest = line.get(start..)?;
    let numbers = rest.split(|c: char| !c.is_ascii_digit());
    let mut ports = numbers.filter_map(|number| number.parse::<u16>().ok());
    ports.rfind(|port| *port >= 80)
}

/// Whether it was still starting when it was given up.
fn slow(case: &Case<'_>, check: Option<&TargetCheck>) -> Option<(Fault, Sureness)> {
    let patience = check.map(TargetCheck::patience)?;
    let grace = SignedDuration::from_secs(case.snapshot.service.grace.unwrap_or(0));
    let given = patience.max(grace).as_secs();
    late(case, given)
}

/// The same for a container's own health check.
fn slow_to_be_probed(case: &Case<'_>) -> Option<Fault> {
    let definition = case.definition()?;
    let probe = definition.main()?.health.as_ref()?;
    let interval = probe.interval.unwrap_or(30);
    let retries = i64::from(probe.retries.unwrap_or(3));
    let given = probe.start_period.unwrap_or(0) + interval * retries;
    late(case, given)
        .filter(|(_, sure)| *sure == Sureness::Likely)
        .map(|it| it.0)
}

/// How long a server needed until it said that it is ready, if that is longer than it was given; or
/// that it never said so, and was given up as soon as it could be.
fn late(case: &Case<'_>, given: i64) -> Option<(Fault, Sureness)> {
    let mut never = false;
    for task in case.tasks() {
        let Some(started) = task.started else {
            continue;
        };
        let logs = case.logs();
        let own = || logs.iter().filter(|log| log.task == task.arn);
        if let Some(ready) = own().find_map(|log| ready(log)) {
            let needed = ready.duration_since(started).as_secs();
            if needed > given {
                let needed = Some(needed);
                return Some((Fault::SlowStart { needed, given }, Sureness::Likely));
            }
            return None;
        }
        let talks = own().any(|log| !log.lines.is_empty());
        never |= talks
            && task
                .ran()
                .is_some_and(|ran| ran <= given.saturating_add(60));
    }
    let fault = Fault::SlowStart {
        needed: None,
        given,
    };
    never.then_some((fault, Sureness::Possible))
}

/// When a container said that it is ready.
fn ready(log: &Log) -> Option<Timestamp> {
    let mut lines = log.lines.iter();
    let line = lines.find(|line| {
        let lower = line.text.to_ascii_lowercase();
        READY.iter().any(|words| lower.contains(words))
    });
    line.map(|line| line.at)
}
