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

fn nothing_breaks_until(place: &str, seed: u64, until: &str) {
    let script = Script::drawn(Place::named(place).unwrap(), seed);
    let (outcome, _) = play_to(&script, until.parse().unwrap());
    assert_eq!(outcome.broken, []);
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
    nothing_breaks_until("golden-week", 666, "2027-04-28T19:00:00+09:00");
}

/// Of a deployment that wakes nothing people were told twice: ECS had answered in between with what was
/// before it.
#[test]
fn an_old_answer_in_between_is_no_reason_to_tell_of_a_deployment_again() {
    nothing_breaks_until("plain", 3797, "2027-06-11T19:10:00+09:00");
}

/// And what the rules took for wrong, although it is right.
mod right {
    use super::nothing_breaks_until;

    #[test]
    fn while_no_document_was_ever_read_an_estate_need_not_sleep() {
        nothing_breaks_until("seven-days", 2522, "2027-08-05T15:31:00+09:00");
    }

    /// It had returned shortly before the estate opened, less than ten hours before that evening.
    #[test]
    fn of_a_document_that_returned_the_next_night_s_steps_are_told_again() {
        nothing_breaks_until("fall-back", 3730, "2027-04-08T15:01:00+09:00");
    }

    #[test]
    fn a_0_that_a_person_sets_after_a_release_is_left() {
        nothing_breaks_until("spring-forward", 4161, "2027-03-12T12:31:00+09:00");
    }

    #[test]
    fn a_0_that_a_person_sets_before_an_estate_is_ready_is_left() {
        nothing_breaks_until("new-year", 9457, "2026-12-25T13:31:00+09:00");
    }
}
