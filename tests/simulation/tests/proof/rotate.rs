//! rotate-secrets: fortnights for many seeds, whole years, a death at every call of a turn and of a way
//! back, and the known bugs, each caught within a few seeds that are clean without it.

use jiff::{SignedDuration, Timestamp, civil::Time};
use nightshift_cloud::services::ecs;
use nightshift_simulation::{
    places::{FORTNIGHTS, YEAR},
    rotate::{
        Rotate, Script,
        estates::{URL, value},
    },
    run::{Still, play_on, play_to},
    sky::{Bullet, Lie},
};
use rotate_secrets::sabotage::Bug;

use crate::{
    bugs::caught,
    weeks::{fortnights, nothing_breaks},
};

#[test]
fn secrets_survive_golden_week() {
    fortnights::<Rotate>(0);
}

#[test]
fn secrets_survive_the_turn_of_the_year() {
    fortnights::<Rotate>(1);
}

#[test]
fn secrets_survive_a_week_in_which_the_company_is_closed() {
    fortnights::<Rotate>(2);
}

#[test]
fn secrets_survive_clocks_that_go_forward() {
    fortnights::<Rotate>(3);
}

#[test]
fn secrets_survive_clocks_that_go_back() {
    fortnights::<Rotate>(4);
}

#[test]
fn secrets_survive_plain_weeks() {
    fortnights::<Rotate>(5);
}

#[test]
fn secrets_survive_the_first_year() {
    nothing_breaks(&Script::drawn(YEAR, 1));
}

#[test]
fn secrets_survive_the_second_year() {
    nothing_breaks(&Script::drawn(YEAR, 2));
}

#[test]
fn secrets_survive_the_third_year() {
    nothing_breaks(&Script::drawn(YEAR, 3));
}

/// Time jumps over ticks at which nothing can happen: leaving them out must lose nothing.
#[test]
fn secrets_come_to_the_same_end_when_every_tick_is_played() {
    let mut script = Script::drawn(FORTNIGHTS[5], 7);
    script.every_tick = true;
    nothing_breaks(&script);
}

const PRODUCTION: &str = "bookmark-manager-production";

/// Production alone, in peace.
fn calm(seed: u64) -> Script {
    Script {
        storms: 0,
        deeds: 0,
        watch: false,
        only: Some(PRODUCTION),
        ..Script::drawn(FORTNIGHTS[5], seed)
    }
}

/// The morning on which the URL has its age, shortly before the window opens.
fn before_the_turn(script: &Script) -> Timestamp {
    let day = script
        .place
        .first
        .checked_add(jiff::Span::new().days(4))
        .unwrap();
    script.place.at(day, Time::constant(9, 58, 0, 0))
}

fn minutes(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

/// Dies at each call between two instants, and goes on to a third; then asks whether all is well.
fn dies_everywhere(
    script: &Script,
    from: &Still<Rotate>,
    (last, until): (Timestamp, Timestamp),
    is_well: impl Fn(&Still<Rotate>) -> bool,
) {
    let (undisturbed, end) = play_on(script, from, until, None);
    assert_eq!(undisturbed.broken, []);
    assert!(is_well(&end.unwrap()), "undisturbed");
    let (part, _) = play_on(script, from, last, None);
    let calls = usize::try_from(part.calls).unwrap();
    assert!(calls > 100, "{calls} calls");
    for after in 0..calls {
        for done in [true, false] {
            let (outcome, still) = play_on(script, from, until, Some(Bullet { after, done }));
            assert_eq!(outcome.broken, [], "killed after call {after}, {done}");
            assert!(
                is_well(&still.unwrap()),
                "killed after call {after}, {done}"
            );
        }
    }
}

#[test]
fn a_turn_survives_a_death_at_every_call() {
    let script = calm(1);
    let begin = before_the_turn(&script);
    let (outcome, still) = play_to(&script, begin);
    assert_eq!(outcome.broken, []);
    let still = still.unwrap();
    let before = value(&still.world, URL).unwrap();
    let is_well = |end: &Still<Rotate>| value(&end.world, URL).unwrap() != before;
    let until = (begin + minutes(25), begin + minutes(60));
    dies_everywhere(&script, &still, until, is_well);
}

#[test]
fn a_way_back_survives_a_death_at_every_call() {
    let script = calm(2);
    let begin = before_the_turn(&script);
    let (_, still) = play_to(&script, begin);
    let still = still.unwrap();
    let before = value(&still.world, URL).unwrap();
    let worker = ecs::service_arn(
        &still.estates[0].cluster,
        "bookmark-manager-production-worker",
    );
    let place = ecs::Place::Service(worker);
    // It is spoilt until the turn has gone back, so that both ways are walked.
    let mut spoilt = still;
    ecs::flaws::put(&mut spoilt.world, place.clone(), ecs::Flaw::exits(1));
    let (outcome, back) = play_on(&script, &spoilt, begin + minutes(30), None);
    assert_eq!(outcome.broken, []);
    assert_eq!(
        value(&back.unwrap().world, URL).unwrap(),
        before,
        "it went back"
    );
    let is_well = |end: &Still<Rotate>| value(&end.world, URL).unwrap() == before;
    let until = (begin + minutes(30), begin + minutes(80));
    dies_everywhere(&script, &spoilt, until, is_well);
}

fn caught_bug(bug: Bug) -> String {
    caught(|script: &mut Script| script.bug = Some(bug))
}

#[test]
fn publishing_before_the_database_was_told_is_caught() {
    let rule = caught_bug(Bug::PublishBeforeSet);
    assert_eq!(rule, "nothing is published that was not tried");
}

#[test]
fn rolling_before_the_new_value_is_published_is_caught() {
    let rule = caught_bug(Bug::RollBeforePublished);
    assert_eq!(rule, "nobody is rolled for nothing");
}

#[test]
fn changing_the_present_users_password_is_caught() {
    let rule = caught_bug(Bug::PresentUserChanged);
    assert_eq!(rule, "every task that runs holds a credential that works");
}

#[test]
fn not_putting_the_old_value_back_is_caught() {
    caught_bug(Bug::OldValueNotPutBack);
}

#[test]
fn ending_the_former_credential_under_running_tasks_is_caught() {
    let rule = caught_bug(Bug::EndFormerUnderTasks);
    assert_eq!(rule, "every task that runs holds a credential that works");
}

#[test]
fn taking_a_later_number_for_a_new_value_is_caught() {
    let rule = caught_bug(Bug::NumberNotValue);
    assert_eq!(rule, "an older value is never rolled out");
}

#[test]
fn taking_a_complete_deployment_for_a_rolled_service_is_caught() {
    let rule = caught_bug(Bug::RolledByState);
    assert_eq!(rule, "rotated is told once every task has it");
}

#[test]
fn beginning_a_turn_beside_another_estates_is_caught() {
    let rule = caught(|script: &mut Script| {
        script.bug = Some(Bug::NoTurnLease);
        script.only = None;
        script.doubled = true;
    });
    assert_eq!(rule, "of all estates one is in a turn");
}

#[test]
fn replacing_a_secret_without_the_estates_lease_is_caught() {
    let rule = caught(|script: &mut Script| {
        script.lie = Some(Lie::NoLease);
        script.doubled = true;
    });
    assert_eq!(rule, "only the holder of the lease changes anything");
}
