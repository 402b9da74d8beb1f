//! What a dry run tells: what would be done in AWS, and nothing of the ledger.

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
