//! Whatever looks come, in any order, doubled or lost: each stage is told once at most, a story
//! never goes backwards, and it ends with the end.

use std::collections::BTreeSet;

use proptest::{collection::vec, prelude::*, sample::select};

use super::*;

/// The ways in which a deployment may end, each as its looks in their order.
fn courses() -> Vec<Vec<Snapshot>> {
    let rolled_back = vec![
        underway(),
        twice(),
        crashed().given_up(),
        crashed().turned(),
        crashed().restored(),
    ];
    let mut failed = crashed().turned();
    failed.record().status = Status::RollbackFailed;
    failed.record().finished = Some(at("14:12"));
    let rollback_failed = vec![twice(), crashed().given_up(), crashed().turned(), failed];
    let mut stopped = crashed().given_up();
    stopped.service.breaker.rollback = false;
    stopped.record().status = Status::Stopped;
    stopped.record().stopped = Some(at("14:09"));
    let not_configured = vec![underway(), twice(), stopped];
    let mut well = twice();
    well.record().status = Status::Successful;
    well.record().finished = Some(at("14:12"));
    let succeeds = vec![underway(), twice(), well];
    vec![rolled_back, rollback_failed, not_configured, succeeds]
}

fn last_stage(course: &[Snapshot]) -> Stage {
    let mut play = Play::default();
    play.look(&twice(), at("14:05"));
    play.look(course.last().unwrap(), at("14:13"));
    *play.stages().last().unwrap()
}

proptest! {
    #[test]
    fn each_stage_is_told_once_in_order_and_the_last_one_always(
        course in select(courses()),
        looks in vec((any::<prop::sample::Index>(), any::<bool>()), 0..12),
        seconds in vec(0_i64..40, 12),
    ) {
        let mut play = Play::default();
        let mut now = at("14:09");
        for ((look, blind), seconds) in looks.iter().zip(seconds) {
            let mut snapshot = look.get(&course).clone();
            if *blind {
                // Evidence may be missing at any look.
                snapshot.stopped.clear();
                snapshot.definitions.clear();
            }
            now += SignedDuration::from_secs(seconds);
            play.look(&snapshot, now);
        }
        play.look(course.last().unwrap(), now);
        let stages = play.stages();
        let once: BTreeSet<Stage> = stages.iter().copied().collect();
        prop_assert_eq!(once.len(), stages.len(), "{:?}", stages);
        prop_assert!(stages.is_sorted(), "{:?}", stages);
        let last = last_stage(&course);
        // That all is well is told to those who heard that it was not.
        let silent = last == Stage::Succeeded && stages.is_empty();
        prop_assert!(silent || stages.last() == Some(&last), "{:?}", stages);
        prop_assert!(play.told.iter().all(|it| it.thread == play.told[0].thread));
        let entry = play.entry.as_ref();
        prop_assert!(entry.is_none_or(|it| it.chapters.len() <= 1));
        let broken = entry.is_some_and(|it| it.is_broken(now));
        prop_assert_eq!(broken, last.is_broken());
    }

    #[test]
    fn a_death_between_publishing_and_writing_tells_again_and_never_less(
        dies in vec(any::<bool>(), 10),
    ) {
        let settings = settings();
        let (mut entry, mut told): (Option<Entry>, Vec<Stage>) = (None, Vec::new());
        let looks = course().into_iter().flat_map(|look| [look.clone(), look]);
        for ((snapshot, now), dies) in looks.zip(dies) {
            let view = View { estate: "e", settings: &settings, snapshot: &snapshot, entry: entry.as_ref(), now };
            let plan = plan(&view);
            entry = plan.save.or(entry);
            for telling in plan.tell {
                told.push(telling.story.stage);
                if dies {
                    break;
                }
                entry = Some(telling.then);
            }
        }
        prop_assert!(told.is_sorted(), "{:?}", told);
        prop_assert_eq!(told.last(), Some(&Stage::RolledBack));
    }

    #[test]
    fn anything_that_is_remembered_can_be_planned_with(
        course in select(courses()),
        other in select(courses()),
        hours in 0_i64..100,
    ) {
        let mut play = Play::default();
        for snapshot in course.iter().chain(&other) {
            play.look(&snapshot.clone().without_history(), at("14:09") + SignedDuration::from_hours(hours));
            play.look(snapshot, at("14:10") + SignedDuration::from_hours(hours));
        }
        let entry = play.entry.clone();
        prop_assert!(entry.is_none_or(|it| it.chapters.len() <= 3));
    }
}
