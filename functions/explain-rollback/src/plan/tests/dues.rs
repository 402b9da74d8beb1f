//! When a deployment is looked at again: often while it moves, seldom while it waits for somebody.

use super::*;

fn due(snapshot: &Snapshot, now: &str) -> Option<Timestamp> {
    let mut play = Play::default();
    play.look(snapshot, at(now)).due
}

#[test]
fn what_moves_is_looked_at_each_minute_and_what_waits_for_a_person_now_and_then() {
    let mut failed_back = crashed().turned();
    failed_back.record().status = Status::RollbackFailed;
    for (stage, snapshot, now, next) in [
        (Stage::Failing, twice(), "14:05", Some("14:06")),
        (Stage::Stalled, crashed(), "14:21", Some("14:31")),
        (Stage::Failed, crashed().given_up(), "14:09", Some("14:10")),
        (
            Stage::RollingBack,
            crashed().turned(),
            "14:10",
            Some("14:11"),
        ),
        (
            Stage::RollbackStalled,
            crashed().turned(),
            "14:30",
            Some("14:40"),
        ),
        (Stage::RollbackFailed, failed_back, "14:12", Some("14:22")),
        (Stage::RolledBack, crashed().restored(), "14:13", None),
    ] {
        let mut play = Play::default();
        play.look(&snapshot, at(now));
        assert_eq!(play.stages(), [stage]);
        assert_eq!(play.due, next.map(at), "{stage:?}");
    }
}

#[test]
fn a_deployment_of_which_nothing_is_told_is_looked_at_when_it_takes_too_long_or_a_task_died() {
    let died = || underway().with(vec![ended(0, 1)]);
    for (case, snapshot, now, next) in [
        ("nothing died", underway(), "14:05", "14:20"),
        ("one task died", died(), "14:05", "14:06"),
        ("it takes too long", underway(), "14:20", "14:30"),
        ("it takes far too long", underway(), "20:00", "20:10"),
    ] {
        assert_eq!(due(&snapshot, now), Some(at(next)), "{case}");
    }
    for mut asleep in [underway(), died()] {
        asleep.service.desired = 0;
        assert_eq!(due(&asleep, "14:05"), None, "nothing should run");
    }
}
