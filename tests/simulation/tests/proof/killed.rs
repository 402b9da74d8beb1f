//! The process dies after every single call in turn, once on the way to sleep and once on the way
//! back, for each estate; whoever looks next brings the estate to the same end.

use jiff::{SignedDuration, Timestamp};
use nightshift_simulation::{
    places::FORTNIGHTS,
    run::{Outcome, Script, Still, play_on, play_to},
    sky::Bullet,
};

fn minutes(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

fn script(estate: &'static str, seed: u64) -> Script {
    Script {
        storms: 0,
        deeds: 0,
        watch: false,
        only: Some(estate),
        ..Script::drawn(FORTNIGHTS[5], seed)
    }
}

/// The first closing after the beginning, and the opening after it.
fn night(script: &Script) -> (Timestamp, Timestamp) {
    let (_, still) = play_to(script, script.place.begin());
    let hours = still.unwrap().estates[0].hours;
    let place = &script.place;
    let from = place.begin() + minutes(60);
    let mut turns = hours.turns(place).into_iter().filter(|turn| *turn > from);
    let closing = turns.find(|turn| !hours.is_open(place, *turn)).unwrap();
    (
        closing,
        turns.find(|turn| hours.is_open(place, *turn)).unwrap(),
    )
}

/// Whether the estate is at its end, and nothing was broken on the way.
fn assert_end(outcome: &Outcome, still: &Still, asleep: bool, at: usize) {
    assert_eq!(outcome.broken, [], "killed after call {at}");
    let estate = &still.estates[0];
    let wrong = if asleep {
        still.rules.not_asleep(&still.world, estate)
    } else {
        still.rules.not_awake(&still.world, estate)
    };
    assert!(wrong.is_empty(), "killed after call {at}: {wrong:?}");
}

/// Dies at each call between two instants; answers where the undisturbed run ends.
fn dies_everywhere(script: &Script, from: &Still, until: Timestamp, asleep: bool) -> Still {
    let (undisturbed, end) = play_on(script, from, until, None);
    let end = end.unwrap();
    assert_end(&undisturbed, &end, asleep, usize::MAX);
    let calls = usize::try_from(undisturbed.calls).unwrap();
    assert!(calls > 40, "{calls} calls");
    for after in 0..calls {
        let bullet = Bullet { after, done: true };
        let (outcome, still) = play_on(script, from, until, Some(bullet));
        assert_end(&outcome, &still.unwrap(), asleep, after);
    }
    end
}

fn sleeps_and_wakes_killed_everywhere(estate: &'static str, seed: u64) {
    let script = script(estate, seed);
    let (closing, opening) = night(&script);
    let (day, still) = play_to(&script, closing - minutes(2));
    assert_eq!(day.broken, []);
    let asleep = dies_everywhere(&script, &still.unwrap(), closing + minutes(130), true);
    let (night, still) = play_on(&script, &asleep, opening - minutes(75), None);
    assert_eq!(night.broken, []);
    dies_everywhere(&script, &still.unwrap(), opening + minutes(90), false);
}

#[test]
fn two_services_and_an_instance_survive_a_death_at_every_call() {
    sleeps_and_wakes_killed_everywhere("bookmark-manager-staging", 1);
}

#[test]
fn a_service_under_auto_scaling_survives_a_death_at_every_call() {
    sleeps_and_wakes_killed_everywhere("r2e", 1);
}

#[test]
fn an_aurora_cluster_and_its_services_survive_a_death_at_every_call() {
    sleeps_and_wakes_killed_everywhere("blog-aws-practice", 1);
}
