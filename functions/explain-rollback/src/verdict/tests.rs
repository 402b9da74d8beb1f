//! The verdict for each cause with the words that AWS and containers really use, for mixtures, and
//! for evidence that is missing.

mod asks;
mod says;

use jiff::Timestamp;

use super::*;
use crate::{changes, made::*, plan::attempts::attempts};

/// The verdict on the last deployment.
fn judge(snapshot: &Snapshot, now: Timestamp, quotes_logs: bool) -> Vec<Found> {
    let all = attempts(snapshot, &[]);
    let attempt = all.last().unwrap();
    let before = attempt.before.as_ref();
    let changed = before.and_then(|before| changes::between(before, &attempt.version));
    faults(&Case {
        snapshot,
        attempt,
        changed: changed.as_ref(),
        quotes_logs,
        now,
    })
}

fn verdict(snapshot: &Snapshot) -> Vec<Found> {
    judge(snapshot, at("14:10"), true)
}

/// The first cause, and how sure it is.
fn first(snapshot: &Snapshot) -> (Fault, Sureness) {
    let found = verdict(snapshot).swap_remove(0);
    assert!(
        !found.evidence.is_empty(),
        "nothing speaks for {:?}",
        found.fault
    );
    (found.fault, found.sure)
}

fn three(make: impl Fn(u32) -> StoppedTask) -> Vec<StoppedTask> {
    (0..3).map(make).collect()
}

fn crash(code: i32, times: u32) -> Fault {
    Fault::Crash {
        container: "api".to_owned(),
        code,
        times,
    }
}

#[test]
fn an_exit_right_after_start_is_a_crash_with_its_code_count_and_last_line() {
    let mut snapshot = underway().with(three(|number| ended(number, 1)));
    let task = snapshot.stopped[2].clone();
    snapshot.logs = vec![log(&task, &["starting", "Error: DATABASE_HOST is not set"])];
    let found = verdict(&snapshot).swap_remove(0);
    assert_eq!((found.fault, found.sure), (crash(1, 3), Sureness::Certain));
    assert_eq!(
        found.evidence,
        [
            Evidence::Exit {
                container: "api".to_owned(),
                code: 1,
                times: 3,
                ran: Some(4),
            },
            Evidence::LastLine {
                container: "api".to_owned(),
                line: "Error: DATABASE_HOST is not set".to_owned(),
            },
        ]
    );
    let quiet = judge(&snapshot, at("14:10"), false);
    assert_eq!(quiet[0].evidence.len(), 1, "no line leaves where none may");
}

#[test]
fn exit_codes_have_meanings() {
    let memory = |limit| Fault::OutOfMemory {
        container: Some("api".to_owned()),
        limit,
    };
    let command = Fault::Command {
        container: Some("api".to_owned()),
    };
    for (code, fault, sure) in [
        (0, crash(0, 3), Sureness::Certain),
        (1, crash(1, 3), Sureness::Certain),
        (139, crash(139, 3), Sureness::Certain),
        (143, crash(143, 3), Sureness::Certain),
        (255, crash(255, 3), Sureness::Certain),
        (126, command.clone(), Sureness::Likely),
        (127, command, Sureness::Likely),
        (137, memory(Some(1024)), Sureness::Likely),
    ] {
        let snapshot = underway().with(three(|number| ended(number, code)));
        assert_eq!(first(&snapshot), (fault, sure), "{code}");
    }
    let mut small = underway().with(three(|number| ended(number, 137)));
    small.definitions[1].containers[0].memory = Some(256);
    assert_eq!(
        first(&small).0,
        memory(Some(256)),
        "the container's own limit"
    );
}

#[test]
fn whom_the_scheduler_stopped_did_not_crash() {
    let stopped = |number| StoppedTask {
        code: Some("ServiceSchedulerInitiated".to_owned()),
        reason: Some("Task failed ELB health checks in (target-group tg)".to_owned()),
        ..ended(number, 137)
    };
    let snapshot = underway().with(three(stopped));
    let faults = verdict(&snapshot);
    assert!(
        matches!(faults[0].fault, Fault::Health { .. }),
        "{faults:?}"
    );
    assert!(
        !faults
            .iter()
            .any(|it| matches!(it.fault, Fault::OutOfMemory { .. }))
    );
}

#[test]
fn a_container_that_the_others_need_is_blamed_where_it_died_first() {
    let with_proxy = |main: i32, proxy: i32| {
        let mut snapshot = underway().with(three(|number| {
            let mut task = ended(number, main);
            task.containers.push(crate::snapshot::Dead {
                name: "envoy".to_owned(),
                exit: Some(proxy),
                ..Default::default()
            });
            task
        }));
        snapshot.definitions[1].containers.push(Container {
            name: "envoy".to_owned(),
            essential: true,
            ..Container::default()
        });
        snapshot
    };
    let sidecar = |code| Fault::Sidecar {
        container: "envoy".to_owned(),
        code: Some(code),
    };
    assert_eq!(first(&with_proxy(143, 1)), (sidecar(1), Sureness::Certain));
    assert_eq!(
        first(&with_proxy(137, 139)),
        (sidecar(139), Sureness::Certain)
    );
    assert_eq!(first(&with_proxy(1, 143)).0, crash(1, 3));
    assert_eq!(
        first(&with_proxy(0, 1)).0,
        sidecar(1),
        "an error ends a task before what ended well"
    );
    assert_eq!(
        first(&with_proxy(143, 0)).0,
        sidecar(0),
        "whoever was asked to end was not the first"
    );
    assert_eq!(
        first(&with_proxy(1, 1)).0,
        crash(1, 3),
        "the one that serves is asked first"
    );
    let mut optional = with_proxy(143, 1);
    optional.definitions[1].containers[1].essential = false;
    assert_eq!(
        first(&optional).0,
        crash(143, 3),
        "what is not essential ends no task"
    );
}

#[test]
fn tasks_that_end_with_different_codes_are_counted_apart_the_most_frequent_first() {
    let snapshot = underway().with(vec![ended(0, 1), ended(1, 2), ended(2, 2)]);
    let found = verdict(&snapshot).swap_remove(0);
    let exit = |code, times| Evidence::Exit {
        container: "api".to_owned(),
        code,
        times,
        ran: Some(4),
    };
    assert_eq!(found.fault, crash(2, 2));
    assert_eq!(found.evidence, [exit(2, 2), exit(1, 1)]);
}

#[test]
fn a_root_stands_before_its_symptoms_and_hides_them() {
    let mut snapshot = underway().with(three(|number| ended(number, 1)));
    let task = snapshot.stopped[0].clone();
    snapshot.logs = vec![log(
        &task,
        &["exec /usr/local/bin/docker-entrypoint.sh: exec format error"],
    )];
    let faults = verdict(&snapshot);
    assert_eq!(
        faults[0].fault,
        Fault::Architecture {
            runs_on: Some("X86_64".to_owned())
        }
    );
    assert!(
        !faults
            .iter()
            .any(|it| matches!(it.fault, Fault::Crash { .. })),
        "{faults:?}"
    );
    // One task that found no room does not explain the three that crashed after it.
    let mut mixed = underway().with(three(|number| ended(number, 1)));
    let unlucky = task_(
        9,
        "TaskFailedToStart",
        "Capacity is unavailable at this time.",
    );
    mixed.stopped.push(unlucky);
    let faults = verdict(&mixed);
    let names = |fits: fn(&Fault) -> bool| faults.iter().any(|it| fits(&it.fault));
    assert!(names(|it| matches!(it, Fault::Crash { .. })), "{faults:?}");
    assert!(names(|it| matches!(it, Fault::NoCapacity)), "{faults:?}");
}

fn task_(number: u32, code: &str, reason: &str) -> StoppedTask {
    task(number, code, reason)
}

#[test]
fn nothing_certain_is_said_to_be_unknown_with_what_there_is() {
    let mut snapshot = underway();
    snapshot.service.events.push(crate::snapshot::Event {
        at: at("14:05"),
        message: "(service api) is unable to consistently start tasks successfully.".to_owned(),
    });
    let faults = verdict(&snapshot);
    assert_eq!(faults.len(), 1);
    assert_eq!(
        (&faults[0].fault, faults[0].sure),
        (&Fault::Unknown, Sureness::Possible)
    );
    assert!(
        matches!(&faults[0].evidence[..], [Evidence::Event { text }] if text.contains("unable to consistently"))
    );
    assert_eq!(again(&faults), Again::Unknown);
    let odd = underway().with(three(|number| {
        task(number, "TaskFailedToStart", "Unexpected EC2 error 0x5")
    }));
    assert!(matches!(
        &verdict(&odd)[0].evidence[0],
        Evidence::StoppedReason { times: 3, .. }
    ));
}

#[test]
fn tasks_of_another_deployment_and_those_that_somebody_stopped_speak_for_nothing() {
    let mut snapshot = underway();
    let other = StoppedTask {
        started_by: Some(D1.to_owned()),
        ..ended(1, 1)
    };
    let asked = |code: &str, reason: &str| StoppedTask {
        code: Some(code.to_owned()),
        reason: Some(reason.to_owned()),
        ..ended(2, 143)
    };
    snapshot.stopped = vec![
        other,
        asked("UserInitiated", "Task stopped by user"),
        asked("SpotInterruption", "Your Spot Task was interrupted."),
        asked("TerminationNotice", "x"),
        asked(
            "ServiceSchedulerInitiated",
            "Scaling activity initiated by (deployment ecs-svc/2)",
        ),
    ];
    assert_eq!(verdict(&snapshot)[0].fault, Fault::Unknown);
}

#[test]
fn everything_that_is_quoted_was_masked() {
    let reason =
        "CannotStartContainerError: exec: \"PASSWORD=hunter2hunter2\": executable file not found";
    let mut snapshot = underway().with(three(|number| task(number, "TaskFailedToStart", reason)));
    let mut dead = ended(7, 1);
    dead.reason = Some("token=hunter2hunter2".to_owned());
    snapshot.logs = vec![log(&dead, &["postgres://app:hunter2hunter2@db/x refused"])];
    snapshot.stopped.push(dead);
    snapshot.service.events.push(crate::snapshot::Event {
        at: at("14:05"),
        message: "was unable to place a task: RESOURCE:CPU secret=hunter2hunter2".to_owned(),
    });
    for found in verdict(&snapshot) {
        assert!(!format!("{found:?}").contains("hunter2"), "{found:?}");
    }
}
