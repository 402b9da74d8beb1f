//! An estate of 500 services and 50 databases stays under the documented rates, and what does not fit
//! into one invocation goes on at the next tick.

use jiff::SignedDuration;
use nightshift_simulation::{
    places::FORTNIGHTS,
    run::{play_on, play_to},
    sleep::Script,
};

#[test]
fn five_hundred_services_and_fifty_databases_sleep_and_wake_within_the_rates() {
    let script = Script {
        storms: 0,
        deeds: 0,
        watch: false,
        only: Some("bookmark-manager-staging"),
        more: 500,
        ..Script::drawn(FORTNIGHTS[5], 1)
    };
    let place = script.place;
    let closing = place.at(place.first, jiff::civil::Time::constant(20, 0, 0, 0));
    let (evening, still) = play_to(&script, closing + SignedDuration::from_mins(150));
    assert_eq!(evening.broken, []);
    let asleep = still.unwrap();
    let estate = &asleep.estates[0];
    assert_eq!(asleep.rules.not_asleep(&asleep.world, estate), [""; 0]);
    let noon = place.at(
        place.first.tomorrow().unwrap(),
        jiff::civil::Time::constant(12, 0, 0, 0),
    );
    let (morning, still) = play_on(&script, &asleep, noon, None);
    assert_eq!(morning.broken, []);
    let awake = still.unwrap();
    assert_eq!(
        awake.rules.not_awake(&awake.world, &awake.estates[0]),
        [""; 0]
    );
}
