//! What a dry run tells: what would be done in AWS, and nothing of the ledger.

use nightshift::keep::plan::Step as _;

use super::*;
use crate::foresee::foresee;

fn told(play: &mut Play) -> Vec<String> {
    play.measure();
    let deeds = foresee(&play.view()).into_iter().map(|deed| match deed {
        Deed::Move { arn, from, to, .. } => format!("{} {from} to {to}", arn.name()),
        other => format!("{other:?}"),
    });
    deeds.collect()
}

#[test]
fn a_dry_run_tells_what_would_be_moved_and_changes_nothing() {
    let mut play = Estate::usual().with_aurora("0.5").at(EVENING);
    let expected = ["aurora 2 to 0.5", "api 2 to 1", "web 2 to 1"];
    assert_eq!(told(&mut play), expected);
    assert_eq!(told(&mut play), expected);
    let mut play = Estate::usual().at_night();
    assert!(told(&mut play).is_empty());
    play.turn_to(MORNING);
    assert_eq!(told(&mut play), ["api 1 to 2", "web 1 to 2"]);
}

#[test]
fn a_dry_run_under_a_brake_tells_that_nothing_would_be_done() {
    let mut play = Estate::usual().at(EVENING);
    play.ring(true);
    assert!(told(&mut play).is_empty());
}

#[test]
fn a_world_that_plays_along_shows_what_became_of_it() {
    let mut play = Estate::usual().at(EVENING);
    let plan = play.plan();
    let before = play.view();
    let mut world = World::of(&before);
    world.carry_out(&plan);
    world.order = Some(order(Order::Hold, play.now, minutes(30)));
    let after = world.view(&before);
    assert_eq!(after.entries.len(), 2);
    assert_eq!(after.record.phase, Phase::ToNight);
    assert_eq!(after.order, world.order.as_ref());
}

#[test]
fn in_a_dry_run_each_save_has_a_revision_of_its_own() {
    let mut play = Estate::usual().at_night();
    let first = play.world.entries[&service_arn("api")].revision.0;
    play.turn_to(MORNING);
    play.look();
    let second = play.world.entries[&service_arn("api")].revision.0;
    assert_eq!((first, second), (2, 3));
}

#[test]
fn a_closed_entry_is_told_as_closed_and_any_other_as_the_day_that_is_saved() {
    let play = Estate::usual().at_night();
    let arn = service_arn("api");
    for (stage, closed) in [
        (Stage::ToNight, false),
        (Stage::Night, false),
        (Stage::ToDay, false),
        (Stage::Closed, true),
    ] {
        let entry = Entry {
            stage,
            ..play.entry("api").unwrap().clone()
        };
        let deed = Step::Save(Box::new(entry)).deed(&arn);
        let expected = if closed {
            Deed::Close { arn: arn.clone() }
        } else {
            Deed::SaveDay {
                arn: arn.clone(),
                lever: Lever::Minimum,
                day: tasks(2),
            }
        };
        assert_eq!(deed, expected, "{stage:?}");
    }
}

#[test]
fn only_a_step_that_gives_waits_for_nobody() {
    let play = Estate::usual().at_night();
    let save = Step::Save(Box::new(play.entry("api").unwrap().clone()));
    let turn = |from, to| Step::Move {
        lever: Lever::Minimum,
        from: tasks(from),
        to: tasks(to),
    };
    for (step, gives) in [
        (turn(1, 2), true),
        (turn(2, 1), false),
        (turn(2, 2), false),
        (save, false),
        (Step::Forget, false),
    ] {
        assert_eq!(step.waits_for_nobody(), gives, "{step:?}");
    }
}
