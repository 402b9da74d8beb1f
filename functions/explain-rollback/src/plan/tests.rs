//! What is told when: each stage from each API, in any order, once.

mod blue_green;
mod described;
mod dues;
mod history;
mod last_words;
mod marks;
mod memory;
mod noise;
mod properties;
mod shapes;
mod writes;

use jiff::{SignedDuration, Timestamp};
use nightshift::{
    ledger::rollout::Entry,
    report::rollback::{Again, Back, Fault, Remedy, Stage, Story, Trigger, Users},
};

use super::*;
use crate::{made::*, snapshot::*};

/// A ledger and what people heard.
#[derive(Default)]
struct Play {
    entry: Option<Entry>,
    told: Vec<Story>,
    due: Option<Timestamp>,
}

impl Play {
    fn look(&mut self, snapshot: &Snapshot, now: Timestamp) -> Plan {
        self.look_as(snapshot, now, &settings())
    }

    /// Looks, tells and writes as the function does.
    fn look_as(&mut self, snapshot: &Snapshot, now: Timestamp, settings: &Settings) -> Plan {
        let plan = plan(&View {
            estate: "production",
            settings,
            snapshot,
            entry: self.entry.as_ref(),
            now,
        });
        if let Some(save) = &plan.save {
            self.entry = Some(save.clone());
        }
        for telling in &plan.tell {
            self.told.push((*telling.story).clone());
            self.entry = Some(telling.then.clone());
        }
        self.due = plan.due;
        plan
    }

    fn stages(&self) -> Vec<Stage> {
        self.told.iter().map(|story| story.stage).collect()
    }
}

fn crashed() -> Snapshot {
    underway().with((0..3).map(|number| ended(number, 1)).collect())
}

fn twice() -> Snapshot {
    underway().with((0..2).map(|number| ended(number, 1)).collect())
}

/// The looks of a release that crashes and is taken back, with their times.
fn course() -> [(Snapshot, Timestamp); 5] {
    [
        (underway(), at("14:01")),
        (twice(), at("14:05")),
        (crashed().given_up(), at("14:09")),
        (crashed().turned(), at("14:10")),
        (crashed().restored(), at("14:12:30")),
    ]
}

#[test]
fn a_release_that_fails_is_told_stage_by_stage_and_each_stage_once() {
    for history in [true, false] {
        let mut play = Play::default();
        for (snapshot, now) in course() {
            let snapshot = if history {
                snapshot
            } else {
                snapshot.without_history()
            };
            for seconds in [0, 20, 40] {
                play.look(&snapshot, now + SignedDuration::from_secs(seconds));
            }
        }
        assert_eq!(
            play.stages(),
            [
                Stage::Failing,
                Stage::Failed,
                Stage::RollingBack,
                Stage::RolledBack
            ],
            "history: {history}"
        );
        let last = play.told.last().unwrap();
        assert_eq!(last.deployment, D2);
        assert_eq!(last.failures, 1);
        assert_eq!(
            (last.started, last.failed, last.ended),
            (Some(at("14:00")), Some(at("14:09")), Some(at("14:12")))
        );
        assert_eq!((last.users, last.again), (Users::NotAffected, Again::Will));
        assert_eq!(
            last.before.as_ref().unwrap().task_definition.as_deref(),
            Some("api:8")
        );
        assert_eq!(last.release.task_definition.as_deref(), Some("api:9"));
        assert_eq!(play.told[0].trigger, None, "nothing has given it up yet");
        let threshold = history.then_some(3);
        let failed = Some(3);
        assert_eq!(last.trigger, Some(Trigger::Breaker { failed, threshold }));
        assert_eq!(last.changed.as_ref().unwrap().edits.len(), 1);
        let threads: Vec<_> = play.told.iter().map(|it| it.thread("e")).collect();
        assert!(threads.iter().all(|thread| thread == &threads[0]));
        assert_eq!(play.due, None, "the story is over");
    }
}

#[test]
fn the_first_telling_may_be_of_any_stage() {
    let stages = [
        Some(Stage::Failing),
        Some(Stage::Failed),
        Some(Stage::RollingBack),
        Some(Stage::RolledBack),
    ];
    for ((snapshot, now), stage) in course().into_iter().skip(1).zip(stages) {
        let mut play = Play::default();
        play.look(&snapshot, now);
        assert_eq!(play.stages().first().copied(), stage);
    }
}

#[test]
fn without_the_history_a_rollback_is_recognised_by_what_is_remembered() {
    // All that was seen is the failure; then the primary deployment is another one, complete.
    let mut play = Play::default();
    play.look(&crashed().given_up().without_history(), at("14:09"));
    play.look(&crashed().restored().without_history(), at("14:13"));
    assert_eq!(play.stages(), [Stage::Failed, Stage::RolledBack]);
    // Nothing was seen: that the last deployment took something back shows nowhere.
    let mut blind = Play::default();
    let decided = blind.look(&crashed().restored().without_history(), at("14:13"));
    assert_eq!(decided.tell, []);
    // The way back is all that is left of it.
    let mut late = Play::default();
    let mut gone = crashed().turned().without_history();
    gone.service.deployments.retain(|it| it.id != D2);
    late.look(&gone, at("14:10"));
    late.look(&crashed().restored().without_history(), at("14:13"));
    assert_eq!(late.stages(), [Stage::RollingBack, Stage::RolledBack]);
    // Then the API answers: it is the same story.
    late.look(&crashed().restored(), at("14:14"));
    assert_eq!(late.stages().len(), 2, "{:?}", late.stages());
}

#[test]
fn what_aws_has_forgotten_is_remembered() {
    let mut failing = crashed().given_up();
    let dead = failing.stopped[2].clone();
    failing.logs = vec![log(&dead, &["boom"])];
    let mut play = Play::default();
    play.look(&failing, at("14:09"));
    let mut bare = crashed().restored();
    bare.stopped.clear();
    bare.logs.clear();
    bare.revisions.clear();
    bare.definitions.clear();
    play.look(&bare, at("15:30"));
    let (first, last) = (&play.told[0], play.told.last().unwrap());
    assert_eq!(last.stage, Stage::RolledBack);
    assert_eq!(last.faults, first.faults);
    assert_eq!(last.changed, first.changed);
    assert_eq!(last.release, first.release);
    assert_eq!(last.before, first.before);
    assert_eq!(last.excerpts[0].lines, ["boom"]);
    assert_eq!(last.trigger, first.trigger);
}

#[test]
fn a_cause_that_is_found_later_takes_the_place_of_none() {
    let mut play = Play::default();
    let mut dark = crashed().given_up();
    dark.stopped.clear();
    play.look(&dark, at("14:09"));
    play.look(&crashed().turned(), at("14:10"));
    assert_eq!(play.told[0].faults[0].fault, Fault::Unknown);
    let faults = &play.told[1].faults;
    assert!(matches!(faults[0].fault, Fault::Crash { .. }), "{faults:?}");
    assert!(!faults.iter().any(|it| it.fault == Fault::Unknown));
}

#[test]
fn a_deployment_that_fails_for_too_long_is_stalled_and_holds_the_command() {
    let slow = |failed: usize| {
        underway().with(
            (0..failed)
                .map(|number| ended(u32::try_from(number).unwrap(), 1))
                .collect(),
        )
    };
    let mut play = Play::default();
    play.look(&slow(1), at("14:19"));
    assert_eq!(play.stages(), [], "one task may die of anything");
    assert_eq!(play.due, Some(at("14:20")));
    play.look(&slow(1), at("14:20"));
    assert_eq!(play.stages(), [], "not longer than it may");
    play.look(&slow(1), at("14:20:01"));
    assert_eq!(play.stages(), [Stage::Stalled]);
    let remedy = play.told[0].remedy.clone();
    assert!(matches!(remedy, Some(Remedy::StopDeployment { arn }) if arn.ends_with("record-2")));
    // It goes on as any other.
    play.look(&crashed().turned(), at("14:21"));
    assert_eq!(play.stages(), [Stage::Stalled, Stage::RollingBack]);

    let mut patient = slow(2);
    patient.service.grace = Some(600);
    patient.targets.push(balanced(TargetCheck {
        interval: Some(30),
        unhealthy: Some(4),
        ..TargetCheck::default()
    }));
    patient.definitions[1].containers[0].health = Some(Probe {
        start_period: Some(60),
        ..Probe::default()
    });
    let mut play = Play::default();
    play.look(&patient, at("14:33"));
    assert_eq!(
        play.stages(),
        [Stage::Failing],
        "grace, checks and start period explain 13 minutes"
    );
    play.look(&patient, at("14:33:01"));
    assert_eq!(play.stages(), [Stage::Failing, Stage::Stalled]);
    let strict = Settings {
        stalled_after: SignedDuration::from_mins(5),
        ..settings()
    };
    let mut play = Play::default();
    play.look_as(&slow(1), at("14:05:01"), &strict);
    assert_eq!(play.stages(), [Stage::Stalled]);
    let mut healthy = Play::default();
    healthy.look(&underway(), at("20:00"));
    assert_eq!(
        healthy.stages(),
        [],
        "what does not fail may take as long as it likes"
    );
}

#[test]
fn a_failure_with_nothing_to_return_to_needs_somebody_at_once() {
    let mut first = crashed().given_up();
    first.history.as_mut().unwrap().remove(0);
    first.record().sources.clear();
    first.service.deployments.truncate(1);
    first.service.running = 0;
    for history in [true, false] {
        let snapshot = if history {
            first.clone()
        } else {
            first.clone().without_history()
        };
        let mut play = Play::default();
        play.look(&snapshot, at("14:09"));
        let story = &play.told[0];
        assert_eq!(
            (story.stage, story.back),
            (Stage::RollbackStalled, Back::NothingComplete)
        );
        assert_eq!(story.users, Users::Affected);
        assert_eq!(
            story.remedy, None,
            "there is nothing that could be deployed"
        );
    }
}

#[test]
fn a_rollback_that_does_not_begin_or_does_not_end_is_stalled() {
    let mut play = Play::default();
    let mut stuck = crashed().given_up();
    stuck.record().stopped = Some(at("14:09"));
    stuck.record().status = Status::Stopped;
    play.look(&stuck, at("14:14"));
    assert_eq!(play.stages(), [Stage::Failed]);
    play.look(&stuck, at("14:14:01"));
    assert_eq!(play.stages(), [Stage::Failed, Stage::RollbackStalled]);
    assert_eq!(play.told[1].ended, None, "the story goes on");
    assert_eq!(
        play.told[1].remedy,
        Some(Remedy::Redeploy {
            task_definition: "api:8".to_owned()
        })
    );
    let mut play = Play::default();
    play.look(&crashed().turned(), at("14:29"));
    assert_eq!(play.stages(), [Stage::RollingBack]);
    play.look(&crashed().turned(), at("14:29:01"));
    play.look(&crashed().restored(), at("14:40"));
    assert_eq!(
        play.stages(),
        [
            Stage::RollingBack,
            Stage::RollbackStalled,
            Stage::RolledBack
        ]
    );
}

#[test]
fn deploying_the_same_definition_again_is_no_remedy_for_another_image() {
    let mut snapshot = crashed().given_up();
    snapshot.record().status = Status::RollbackFailed;
    let task = snapshot.revisions[0].task_definition.clone();
    snapshot.revisions[1].task_definition.clone_from(&task);
    let mut play = Play::default();
    play.look(&snapshot, at("14:15"));
    assert_eq!(play.told[0].stage, Stage::RollbackFailed);
    assert_eq!(play.told[0].remedy, None);
}

#[test]
fn by_hand_the_story_of_any_deployment_is_told_and_counts_for_nothing() {
    let settings = settings();
    let story = |snapshot: &Snapshot, entry: Option<&Entry>, deployment, now| {
        let view = View {
            estate: "production",
            settings: &settings,
            snapshot,
            entry,
            now,
        };
        story_of(&view, deployment)
    };
    let snapshot = crashed().restored();
    let later = at("14:12") + SignedDuration::from_hours(24 * 60);
    let told = story(&snapshot, None, None, later).unwrap();
    assert_eq!(
        (told.stage, told.deployment.as_str()),
        (Stage::RolledBack, D2)
    );
    assert_eq!(
        story(&snapshot, None, Some("record-2"), later).unwrap(),
        told
    );
    assert_eq!(
        story(&snapshot, None, Some(D1), later).unwrap().stage,
        Stage::Succeeded
    );
    assert_eq!(story(&snapshot, None, Some("ecs-svc/77"), later), None);
    assert_eq!(story(&underway(), None, None, at("14:05")), None);
    let mut play = Play::default();
    play.look(&crashed().given_up(), at("14:09"));
    let entry = play.entry.unwrap();
    let remembered = story(
        &underway().without_history(),
        Some(&entry),
        Some(D2),
        at("14:10"),
    )
    .unwrap();
    assert_eq!(remembered.deployment, D2);
    let mut empty = underway();
    empty.history = Some(Vec::new());
    empty.service.deployments.clear();
    let known = &entry.chapters[0].story;
    for (asked, expected) in [
        (None, Some(known)),
        (Some(D2), Some(known)),
        (Some("record-2"), Some(known)),
        (Some("ecs-svc/77"), None),
    ] {
        let told = story(&empty, Some(&entry), asked, at("14:10"));
        assert_eq!(told.as_ref(), expected.map(AsRef::as_ref), "{asked:?}");
    }
}
