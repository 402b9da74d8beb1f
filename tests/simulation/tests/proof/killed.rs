//! The process dies after every single call in turn, once on the way to sleep and once on the way
//! back, for each estate; whoever looks next brings the estate to the same end.

use jiff::{SignedDuration, Timestamp};
use nightshift_simulation::{
    places::FORTNIGHTS,
    run::{Outcome, Script, Still, play_on, play_to},
    sky::Bullet,
    sleep::Sleep,
    slim::Slim,
    subject::{Estate as _, Rules as _, Should, Subject},
};

fn minutes(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

fn script<S: Subject>(estate: &'static str, seed: u64) -> Script<S> {
    Script {
        storms: 0,
        deeds: 0,
        watch: false,
        only: Some(estate),
        ..Script::drawn(FORTNIGHTS[5], seed)
    }
}

/// The first closing after the beginning, and the opening after it.
fn night<S: Subject>(script: &Script<S>) -> (Timestamp, Timestamp) {
    let (_, still) = play_to(script, script.place.begin());
    let hours = still.unwrap().estates[0].hours();
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
fn assert_end<S: Subject>(outcome: &Outcome, still: &Still<S>, should: Should, at: usize) {
    assert_eq!(outcome.broken, [], "killed after call {at}");
    let mut rules = still.rules.clone();
    let wrong = rules.wrong(&still.world, &still.estates[0], should);
    assert!(wrong.is_empty(), "killed after call {at}: {wrong:?}");
}

/// Dies at each call between two instants, and goes on to a third; answers where the undisturbed run
/// ends.
fn dies_everywhere<S: Subject>(
    script: &Script<S>,
    from: &Still<S>,
    (last, until): (Timestamp, Timestamp),
    should: Should,
) -> Still<S> {
    let (undisturbed, end) = play_on(script, from, until, None);
    let end = end.unwrap();
    assert_end(&undisturbed, &end, should, usize::MAX);
    let (part, _) = play_on(script, from, last, None);
    let calls = usize::try_from(part.calls).unwrap();
    assert!(calls > 40, "{calls} calls");
    for after in 0..calls {
        let bullet = Bullet { after, done: true };
        let (outcome, still) = play_on(script, from, until, Some(bullet));
        assert_end(&outcome, &still.unwrap(), should, after);
    }
    end
}

fn sleeps_and_wakes_killed_everywhere(estate: &'static str, seed: u64) {
    let script = script::<Sleep>(estate, seed);
    let (closing, opening) = night(&script);
    let (day, still) = play_to(&script, closing - minutes(2));
    assert_eq!(day.broken, []);
    let end = closing + minutes(130);
    let asleep = dies_everywhere(&script, &still.unwrap(), (end, end), Should::Closed);
    let (night, still) = play_on(&script, &asleep, opening - minutes(75), None);
    assert_eq!(night.broken, []);
    let end = opening + minutes(90);
    dies_everywhere(&script, &still.unwrap(), (end, end), Should::Open);
}

/// An evening with all levers, and the morning after it: the day is there when it opens.
fn shrinks_and_grows_killed_everywhere(estate: &'static str, seed: u64) {
    let script = script::<Slim>(estate, seed);
    let (closing, opening) = night(&script);
    let (day, still) = play_to(&script, closing - minutes(2));
    assert_eq!(day.broken, []);
    let (first, end) = (closing + minutes(15), opening + minutes(1));
    dies_everywhere(&script, &still.unwrap(), (first, end), Should::Open);
    let (evening, still) = play_to(&script, opening - minutes(27));
    assert_eq!(evening.broken, []);
    let still = still.unwrap();
    let small = still
        .rules
        .clone()
        .wrong(&still.world, &still.estates[0], Should::Open);
    assert!(!small.is_empty(), "there is something to give back");
    dies_everywhere(&script, &still, (end, end), Should::Open);
}

#[test]
fn a_fixed_count_and_one_under_auto_scaling_survive_a_death_at_every_call() {
    shrinks_and_grows_killed_everywhere("bookmark-manager-production", 1);
}

#[test]
fn a_shop_with_all_levers_survives_a_death_at_every_call() {
    shrinks_and_grows_killed_everywhere("shop", 2);
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
