//! A story as it stands at one look: what AWS shows now, and of what it shows no more what earlier
//! looks knew. Evidence is only ever added.

use std::collections::BTreeSet;

use jiff::Timestamp;
use nightshift::{
    ledger::rollout::{Chapter, Entry},
    report::rollback::{
        Again, Back, Changed, Excerpt, Fault, Found, Layer, NoLog, Release, Remedy, Stage, Story,
        Sureness, Trigger,
    },
};

use super::{
    SAME, View,
    attempts::{Attempt, Phase},
    users,
};
use crate::{
    changes, mask,
    snapshot::{Container, Dead, StoppedTask, TaskDefinition},
    verdict::{self, Case},
};

/// The exit code of what was asked to end: SIGTERM, 128 + 15.
const ENDED: i32 = 143;

/// How many containers' last words are kept.
const EXCERPTS: usize = 3;

/// How many differences are kept: an environment may have hundreds.
const EDITS: usize = 40;

/// How many pieces that could not be read are told.
const MISSING: usize = 6;

/// The chapter of a deployment at a stage, with what was known before.
pub(super) fn chapter(
    attempt: &Attempt<'_>,
    stage: Stage,
    known: Option<&Chapter>,
    entry: &Entry,
    view: &View<'_>,
) -> Chapter {
    let mut story = write(attempt, stage, view);
    let (thread, failures) = thread(attempt, &story, known, entry, view);
    story.thread = thread;
    story.failures = failures;
    if let Some(known) = known {
        remember(&mut story, &known.story);
    }
    story.again = verdict::again(&story.faults);
    let mut ids: BTreeSet<String> = attempt.ids.clone();
    ids.extend(known.iter().flat_map(|known| known.ids.iter().cloned()));
    let before = known.and_then(|known| known.taken_back_by.clone());
    Chapter {
        ids,
        taken_back_by: attempt.taken_back_by.clone().or(before),
        told: known.map_or_else(Vec::new, |known| known.told.clone()),
        seen: view.now,
        story: Box::new(story),
    }
}

/// What this look alone knows.
fn write(attempt: &Attempt<'_>, stage: Stage, view: &View<'_>) -> Story {
    let snapshot = view.snapshot;
    let before = attempt.before.as_ref();
    let mut changed = before.and_then(|before| changes::between(before, &attempt.version));
    if let Some(changed) = &mut changed {
        changed.edits.truncate(EDITS);
    }
    let case = Case {
        snapshot,
        attempt,
        changed: changed.as_ref(),
        quotes_logs: view.settings.log_excerpts,
        now: view.now,
    };
    let faults = verdict::faults(&case);
    let (users, running) = users::users(attempt, stage, snapshot);
    let mut missing = snapshot.missing.clone();
    missing.truncate(MISSING);
    for failure in &mut missing {
        failure.message = mask::text(&failure.message);
    }
    Story {
        cluster: snapshot.service.cluster.clone(),
        service: snapshot.service.name.clone(),
        deployment: attempt.id.clone(),
        thread: attempt.id.clone(),
        failures: 1,
        stage,
        back: attempt.back,
        trigger: trigger(attempt).filter(|_| stage != Stage::Superseded),
        started: attempt.started,
        failed: attempt.failed,
        ended: attempt.ended.filter(|_| stage > Stage::RollbackStalled),
        users,
        again: Again::Unknown,
        faults,
        changed,
        release: attempt.version.release(snapshot),
        before: before.map(|before| before.release(snapshot)),
        running,
        remedy: remedy(attempt, stage, view),
        excerpts: excerpts(attempt, view),
        successor: attempt.successor.clone(),
        missing,
    }
}

fn trigger(attempt: &Attempt<'_>) -> Option<Trigger> {
    if attempt.by_person {
        return Some(Trigger::Person);
    }
    if !attempt.alarms.is_empty() {
        let names = attempt.alarms.clone();
        return Some(Trigger::Alarms { names });
    }
    if attempt.broke || (attempt.is_lost() && attempt.threshold.is_some()) {
        return Some(Trigger::Breaker {
            failed: Some(attempt.failed_tasks).filter(|failed| *failed > 0),
            threshold: attempt.threshold,
        });
    }
    let one = attempt.codedeploy.filter(|_| attempt.is_lost())?;
    Some(Trigger::CodeDeploy {
        code: one.code.clone(),
    })
}

/// The command that a person can run where nothing turns back by itself.
fn remedy(attempt: &Attempt<'_>, stage: Stage, view: &View<'_>) -> Option<Remedy> {
    let waits = match stage {
        Stage::Stalled | Stage::RollbackStalled | Stage::RollbackFailed => true,
        Stage::Failed => attempt.back != Back::ByItself,
        _ => false,
    };
    if !waits {
        return None;
    }
    if let Some(one) = attempt.codedeploy {
        let deployment = one.id.clone();
        let underway = attempt.phase == Phase::Underway;
        return underway.then_some(Remedy::StopCodeDeploy { deployment });
    }
    let can_be_stopped = attempt.phase == Phase::Underway && attempt.before.is_some();
    if let Some(arn) = attempt.arn.filter(|_| can_be_stopped) {
        return Some(Remedy::StopDeployment {
            arn: arn.to_owned(),
        });
    }
    let before = attempt.before.as_ref()?.release(view.snapshot);
    let now = attempt.version.release(view.snapshot);
    // Deploying the same task definition again would bring the same image again.
    let is_same = before.task_definition == now.task_definition && before.digest != now.digest;
    Some(Remedy::Redeploy {
        task_definition: before.task_definition.filter(|_| !is_same)?,
    })
}

/// The last words of the containers that died, the newest task of each container.
fn excerpts(attempt: &Attempt<'_>, view: &View<'_>) -> Vec<Excerpt> {
    let snapshot = view.snapshot;
    let mut tasks: Vec<&StoppedTask> = attempt.tasks(snapshot).collect();
    tasks.sort_by_key(|task| std::cmp::Reverse(task.stopped.or(task.stopping)));
    let mut excerpts: Vec<Excerpt> = Vec::new();
    for task in tasks {
        for dead in task.containers.iter().filter(|_| task.has_run()) {
            let definition = attempt.version.definition;
            let container = definition.and_then(|it| it.container(&dead.name));
            let is_told = excerpts.iter().any(|told| told.container == dead.name);
            let matters = container.is_none_or(|it| it.essential);
            if is_told || !matters || excerpts.len() == EXCERPTS {
                continue;
            }
            let found = excerpt(task, &dead.name, container, view);
            // Whom ECS ended with the others has nothing to say of the end.
            let silent = |it: &Excerpt| it.absent == Some(NoLog::Silent);
            let concerned = ended_by_itself(task, dead, definition);
            excerpts.extend(found.filter(|it| concerned || !silent(it)));
        }
    }
    excerpts
}

/// Whether it may be this container that its task ended with.
fn ended_by_itself(task: &StoppedTask, dead: &Dead, definition: Option<&TaskDefinition>) -> bool {
    let mut containers = task.containers.iter();
    if containers.any(|it| it.exit.is_some_and(|code| code != ENDED)) {
        return dead.exit.is_some_and(|code| code != ENDED);
    }
    let main = definition.and_then(TaskDefinition::main);
    main.is_none_or(|main| main.name == dead.name)
}

fn excerpt(
    task: &StoppedTask,
    name: &str,
    container: Option<&Container>,
    view: &View<'_>,
) -> Option<Excerpt> {
    let absent = |why| (Vec::new(), Some(why));
    let logging = container.map(|container| container.logging.as_ref());
    let (lines, absent) = if !view.settings.log_excerpts {
        absent(NoLog::TurnedOff)
    } else if let Some(None) = logging {
        absent(NoLog::NoDriver)
    } else if let Some(Some(logging)) =
        logging.filter(|it| it.is_some_and(|it| it.driver != "awslogs"))
    {
        let driver = logging.driver.clone();
        absent(NoLog::Elsewhere { driver })
    } else {
        let log = view.snapshot.log(&task.arn, name)?;
        let lines = mask::excerpt(log.lines.iter().map(|line| line.text.as_str()));
        match (&log.unread, lines.is_empty()) {
            (_, false) => (lines, None),
            (Some(code), true) => absent(NoLog::Unreadable { code: code.clone() }),
            (None, true) => absent(NoLog::Silent),
        }
    };
    Some(Excerpt {
        container: name.to_owned(),
        task: task.id().to_owned(),
        lines,
        absent,
    })
}

/// In which thread a deployment is told, and as which failure of it: one that fails soon after the
/// last, or with the same version on the same day, joins the last one's. What succeeded after all
/// did not fail.
fn thread(
    attempt: &Attempt<'_>,
    story: &Story,
    known: Option<&Chapter>,
    entry: &Entry,
    view: &View<'_>,
) -> (String, u32) {
    if let Some(known) = known {
        return (known.story.thread.clone(), known.story.failures);
    }
    let began = attempt.started.unwrap_or(view.now);
    let last = |chapter: &Chapter| {
        let story = &chapter.story;
        let instants = [story.ended, story.failed, story.started];
        instants.into_iter().flatten().max().unwrap_or(chapter.seen)
    };
    let joins = |chapter: &&Chapter| {
        let apart = began.duration_since(last(chapter));
        let same = is_same_version(&chapter.story.release, &story.release);
        apart <= view.settings.joined_within || (same && apart <= SAME)
    };
    let newest_first = entry.chapters.iter().rev();
    let mut failed = newest_first.filter(|chapter| chapter.story.stage != Stage::Succeeded);
    match failed.next().filter(joins) {
        Some(last) => (
            last.story.thread.clone(),
            last.story.failures.saturating_add(1),
        ),
        None => (attempt.id.clone(), 1),
    }
}

/// Whether two releases are the same, and that is known.
fn is_same_version(one: &Release, other: &Release) -> bool {
    let digest = one.digest.is_some() && one.digest == other.digest;
    let definition = one.task_definition.is_some() && one.task_definition == other.task_definition;
    digest || (definition && (one.digest.is_none() || other.digest.is_none()))
}

/// Puts in what earlier looks knew and this one does not.
fn remember(story: &mut Story, known: &Story) {
    story.deployment.clone_from(&known.deployment);
    earliest(&mut story.started, known.started);
    earliest(&mut story.failed, known.failed);
    story.ended = story.ended.or(known.ended);
    if story.stage == known.stage && story.back == Back::NotConfigured {
        story.back = known.back;
    }
    story.trigger = story.trigger.take().or_else(|| known.trigger.clone());
    story.faults = together(&story.faults, &known.faults);
    story.changed = better(story.changed.take(), known.changed.clone());
    fill(&mut story.release, &known.release);
    match (&mut story.before, &known.before) {
        (Some(before), Some(known)) => fill(before, known),
        (before @ None, Some(known)) => *before = Some(known.clone()),
        (_, None) => {}
    }
    for kept in &known.excerpts {
        let told = &mut story.excerpts;
        let same = told.iter().position(|it| it.container == kept.container);
        match same.and_then(|at| told.get_mut(at)) {
            Some(told) if told.lines.is_empty() && !kept.lines.is_empty() => *told = kept.clone(),
            Some(_) => {}
            None => told.push(kept.clone()),
        }
    }
    story.excerpts.truncate(EXCERPTS);
    story.successor = story.successor.take().or_else(|| known.successor.clone());
}

fn earliest(now: &mut Option<Timestamp>, known: Option<Timestamp>) {
    *now = match (*now, known) {
        (Some(now), Some(known)) => Some(now.min(known)),
        (now, known) => now.or(known),
    };
}

/// A comparison that knows more replaces one that knows less.
fn better(now: Option<Changed>, known: Option<Changed>) -> Option<Changed> {
    match (now, known) {
        (Some(now), Some(known)) if known.digests_known && !now.digests_known => Some(known),
        (now, known) => now.or(known),
    }
}

fn fill(now: &mut Release, known: &Release) {
    let keep = |now: &mut Option<String>, known: &Option<String>| {
        if now.is_none() {
            now.clone_from(known);
        }
    };
    keep(&mut now.task_definition, &known.task_definition);
    keep(&mut now.image, &known.image);
    keep(&mut now.digest, &known.digest);
    keep(&mut now.commit, &known.commit);
    now.pushed = now.pushed.or(known.pushed);
}

/// The faults of this look and those of earlier ones, each as it was seen most surely: tasks and
/// logs are gone within the hour.
fn together(now: &[Found], known: &[Found]) -> Vec<Found> {
    let mut all: Vec<Found> = now.to_vec();
    for kept in known {
        match all.iter_mut().find(|it| it.fault.is_like(&kept.fault)) {
            Some(same) => {
                let (now, before) = (same.evidence.len(), kept.evidence.len());
                let as_sure = same.sure == kept.sure;
                if same.sure > kept.sure || (as_sure && now < before) {
                    *same = kept.clone();
                }
            }
            None => all.push(kept.clone()),
        }
    }
    let named = all
        .iter()
        .any(|it| it.sure <= Sureness::Likely && it.fault.layer() != Layer::Around);
    all.retain(|it| !(named && it.fault == Fault::Unknown));
    // That health checks fail is what is said as long as nobody knows why.
    let why = |it: &Found| {
        matches!(
            it.fault,
            Fault::HealthPath { .. } | Fault::HealthPort { .. } | Fault::SlowStart { .. }
        )
    };
    let told = all.iter().any(why);
    all.retain(|it| !(told && it.fault == Fault::Health { status: None }));
    verdict::in_order(all)
}
