//! What the simulation has found once, in the smallest scene that shows it.

use jiff::{SignedDuration, civil::Time};
use nightshift_cloud::{call::Actor, services::ssm};
use nightshift_simulation::{
    people::parameter,
    places::{FORTNIGHTS, Place},
    run::{play, play_on, play_to},
    sleep::Script,
};

fn calm(seed: u64) -> Script {
    Script {
        storms: 0,
        deeds: 0,
        watch: false,
        ..Script::drawn(FORTNIGHTS[5], seed)
    }
}

/// The look that first misses a document says itself when it will believe it: the next look of a
/// settled estate came a second too early, and the one after that ten minutes later.
#[test]
fn a_deleted_document_gives_everything_back_ten_minutes_after_it_was_missed() {
    let script = Script {
        only: Some("r2e"),
        ..calm(1)
    };
    let night = script
        .place
        .at(script.place.first, Time::constant(22, 0, 0, 0));
    let (_, still) = play_to(&script, night);
    let mut still = still.unwrap();
    ssm::delete(&mut still.world, &Actor::Person, &parameter("r2e")).unwrap();
    let soon = night + SignedDuration::from_mins(22);
    let (outcome, still) = play_on(&script, &still, soon, None);
    assert_eq!(outcome.broken, []);
    let still = still.unwrap();
    let postgres = still.world.rds.by_name("r2e-postgres").unwrap();
    assert_ne!(postgres.status, "stopped");
}

/// A backup in the night was a look without anything to do, after which the same steps were news.
#[test]
fn in_watch_mode_the_same_steps_are_told_once_a_night() {
    for seed in 0..4 {
        let script = Script {
            watch: true,
            ..calm(seed)
        };
        assert_eq!(play(&script).broken, [], "seed {seed}");
    }
}

/// The list of running tasks was as it is and that of stopping ones some seconds old: a task that had
/// begun to stop in between stood in neither, and its database was stopped under it.
#[test]
fn lists_that_are_not_equally_old_stop_no_database_under_a_task() {
    let place = Place::named("golden-week").unwrap();
    let script = Script::drawn(place, 666);
    let evening = "2027-04-28T19:00:00+09:00".parse().unwrap();
    let (outcome, _) = play_to(&script, evening);
    assert_eq!(outcome.broken, []);
}

/// Of a deployment that wakes nothing people were told twice: ECS had answered in between with what was
/// before it.
#[test]
fn an_old_answer_in_between_is_no_reason_to_tell_of_a_deployment_again() {
    let place = Place::named("plain").unwrap();
    let script = Script::drawn(place, 3797);
    let deployed = "2027-06-11T19:10:00+09:00".parse().unwrap();
    let (outcome, _) = play_to(&script, deployed);
    assert_eq!(outcome.broken, []);
}
