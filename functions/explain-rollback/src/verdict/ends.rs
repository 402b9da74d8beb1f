//! How containers ended: exit codes and what they mean, and which of several died first.
//! <https://repost.aws/knowledge-center/ecs-task-stopped>

use nightshift::report::rollback::{Evidence, Fault, Found, Sureness};

use super::{Case, Suspect, count};
use crate::snapshot::{Dead, StoppedTask};

/// Killed: SIGKILL, 128 + 9.
const KILLED: i32 = 137;
/// Asked to end: SIGTERM, 128 + 15.
const ENDED: i32 = 143;
/// The shell found the command, and could not run it.
const NOT_RUNNABLE: i32 = 126;
/// The shell did not find the command.
const NOT_FOUND: i32 = 127;

/// An end that several tasks may share.
struct End<'a> {
    container: &'a str,
    code: i32,
    is_main: bool,
    tasks: Vec<&'a StoppedTask>,
}

/// Finds crashes, kills for want of memory, commands that are not there, and sidecars that died.
pub(super) fn find(case: &Case<'_>, suspects: &mut Vec<Suspect>) {
    for end in ends(case) {
        let mut evidence = vec![Evidence::Exit {
            container: end.container.to_owned(),
            code: end.code,
            times: count(end.tasks.len()),
            ran: end.tasks.iter().rev().find_map(|task| task.ran()),
        }];
        evidence.extend(case.last_line(end.container));
        let (fault, sure) = fault(case, &end);
        let is_known = |it: &&mut Suspect| it.found.fault.is_like(&fault);
        if let Some(known) = suspects.iter_mut().find(is_known) {
            // ECS said it in words already: the exit code speaks for it too.
            known.found.evidence.extend(evidence);
            known.tasks = known.tasks.max(end.tasks.len());
            continue;
        }
        suspects.push(Suspect {
            found: Found {
                fault,
                sure,
                evidence,
            },
            tasks: end.tasks.len(),
        });
    }
}

fn fault(case: &Case<'_>, end: &End<'_>) -> (Fault, Sureness) {
    let container = end.container.to_owned();
    match end.code {
        KILLED => {
            let limit = case.container(end.container).and_then(|it| it.memory);
            let whole = case
                .definition()
                .and_then(|it| it.memory.as_deref()?.parse().ok());
            let fault = Fault::OutOfMemory {
                container: Some(container),
                limit: limit.or(whole),
            };
            (fault, Sureness::Likely)
        }
        NOT_RUNNABLE | NOT_FOUND => (
            Fault::Command {
                container: Some(container),
            },
            Sureness::Likely,
        ),
        code if !end.is_main => (
            Fault::Sidecar {
                container,
                code: Some(code),
            },
            Sureness::Certain,
        ),
        code => (
            Fault::Crash {
                container,
                code,
                times: count(end.tasks.len()),
            },
            Sureness::Certain,
        ),
    }
}

/// The ends of those containers with which their tasks ended, the most frequent first.
fn ends<'a>(case: &Case<'a>) -> Vec<End<'a>> {
    let main = case.main();
    let mut ends: Vec<End<'a>> = Vec::new();
    for task in case.tasks() {
        // Whom the scheduler stopped did not end by itself, whatever its exit code says.
        let by_itself = match task.code.as_deref() {
            Some("EssentialContainerExited") => true,
            Some(_) => false,
            None => task.containers.iter().any(|it| it.exit.is_some()),
        };
        let Some(first) = by_itself.then(|| died_first(case, task)).flatten() else {
            continue;
        };
        let (container, Some(code)) = (first.name.as_str(), first.exit) else {
            continue;
        };
        let mut known = ends.iter_mut();
        match known.find(|end| end.container == container && end.code == code) {
            Some(end) => end.tasks.push(task),
            None => ends.push(End {
                container,
                code,
                is_main: main.is_none_or(|main| main == container),
                tasks: vec![task],
            }),
        }
    }
    ends.sort_by_key(|end| std::cmp::Reverse(end.tasks.len()));
    ends
}

/// The container whose end ended the task. ECS does not say which of several was first: it ends the
/// others itself, with SIGTERM and then SIGKILL, so one that ended otherwise was before them.
fn died_first<'a>(case: &Case<'_>, task: &'a StoppedTask) -> Option<&'a Dead> {
    let is_essential = |name: &str| case.container(name).is_none_or(|it| it.essential);
    let main = case.main();
    let dead = task.containers.iter();
    let mut dead: Vec<&Dead> = dead
        .filter(|it| it.exit.is_some() && is_essential(&it.name))
        .collect();
    dead.sort_by_key(|it| {
        let rank = match it.exit {
            Some(ENDED) => 3,
            Some(KILLED) => 2,
            Some(0) => 1,
            _ => 0,
        };
        (rank, main != Some(&it.name))
    });
    dead.first().copied()
}
