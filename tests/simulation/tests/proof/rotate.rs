//! rotate-secrets: fortnights for many seeds, whole years, a death at every call of a turn and of a way
//! back, and the known bugs, each caught in a scene that is clean without it.

use jiff::{SignedDuration, Span, Timestamp, civil::Time};
use nightshift_cloud::{
    call::Actor,
    services::{ecs, ssm},
};
use nightshift_simulation::{
    places::{FORTNIGHTS, YEAR},
    rotate::{
        Rotate, Script,
        databases::Databases,
        estates::{URL, value},
    },
    run::{Still, play, play_on, play_to},
    sky::{Bullet, Lie},
};
use rotate_secrets::sabotage::Bug;
use serde_json::json;

use crate::weeks::{fortnights, nothing_breaks};

#[test]
fn a_password_fits_its_verifier_and_no_other() {
    let mut databases = Databases::default();
    databases.give("app_a", "one");
    assert!(databases.works("app_a", "one"));
    assert!(!databases.works("app_a", "two"));
    assert!(!databases.works("app_b", "one"));
    databases.give("app_a", "two");
    assert!(databases.works("app_a", "two"));
    assert!(!databases.works("app_a", "one"));
}

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

/// Values and their versions come of the operating system's randomness, and nothing hangs on what they are.
#[test]
fn a_seed_plays_the_same_run_of_secrets_twice_but_for_their_values() {
    let mut script = Script::drawn(FORTNIGHTS[5], 5005);
    script.tells = true;
    let played = || -> Vec<String> {
        let mut trace = play(&script).trace;
        trace.retain(|line| !line.contains(":Reports Published "));
        trace
    };
    assert_eq!(played(), played());
}

const PRODUCTION: &str = "bookmark-manager-production";

/// In peace: production alone, unless `all`.
fn calm(seed: u64) -> Script {
    Script {
        storms: 0,
        deeds: 0,
        watch: false,
        absent: Vec::new(),
        only: Some(PRODUCTION),
        ..Script::drawn(FORTNIGHTS[5], seed)
    }
}

/// A minute before URL and r2e's first key have their age, in the open window.
fn of_age(script: &Script) -> (Timestamp, Still<Rotate>) {
    let day = script.place.first.checked_add(Span::new().days(3)).unwrap();
    let at = script.place.at(day, Time::constant(11, 59, 0, 0));
    let (outcome, still) = play_to(script, at);
    assert_eq!(outcome.broken, []);
    (at, still.unwrap())
}

fn minutes(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

fn url(still: &Still<Rotate>) -> String {
    value(&still.world, URL).unwrap()
}

fn worker(still: &Still<Rotate>) -> ecs::Place {
    let cluster = &still.estates[0].cluster;
    let name = "bookmark-manager-production-worker";
    ecs::Place::Service(ecs::service_arn(cluster, name))
}

/// Goes on, and is at rest at the end.
fn to_the_end(script: &Script, from: &Still<Rotate>, until: Timestamp, how: &str) -> Still<Rotate> {
    let (outcome, still) = play_on(script, from, until, None);
    assert_eq!(outcome.broken, [], "{how}");
    let still = still.unwrap();
    assert!(!still.rules.is_in_turn(&still.world), "{how}");
    still
}

/// Dies after each call of the function's own between two instants, and looks at what is left then.
fn dies_everywhere(
    script: &Script,
    from: &Still<Rotate>,
    until: Timestamp,
    look: impl Fn(Still<Rotate>, &str),
) {
    let (undisturbed, _) = play_on(script, from, until, None);
    assert_eq!(undisturbed.broken, []);
    let calls = usize::try_from(undisturbed.own_calls).unwrap();
    assert!(calls > 100, "{calls} calls");
    for after in 0..calls {
        let bullet = Bullet { after, done: true };
        let (outcome, still) = play_on(script, from, until, Some(bullet));
        let how = format!("killed after call {after} of {calls}");
        assert_eq!(outcome.broken, [], "{how}");
        look(still.unwrap(), &how);
    }
}

#[test]
fn a_turn_survives_a_death_at_every_call() {
    let script = calm(1);
    let (at, still) = of_age(&script);
    let before = url(&still);
    let until = at + minutes(45);
    let end = to_the_end(&script, &still, until, "undisturbed");
    assert_ne!(url(&end), before);
    let turn = at + minutes(12);
    dies_everywhere(&script, &still, turn, |still, how| {
        let end = to_the_end(&script, &still, until, how);
        assert_ne!(url(&end), before, "{how}");
    });
}

/// The tasks of the last of its services do not start, until the way back has begun. It dies at each
/// call from the minute on in which that is found.
#[test]
fn a_way_back_survives_a_death_at_every_call() {
    let script = calm(2);
    let (at, mut still) = of_age(&script);
    let before = url(&still);
    let place = worker(&still);
    ecs::flaws::put(&mut still.world, place, ecs::Flaw::exits(1));
    let mended = |mut still: Still<Rotate>| {
        let place = worker(&still);
        ecs::flaws::mend(&mut still.world, &place);
        still
    };
    let mut eve = still;
    loop {
        assert!(eve.at < at + minutes(40), "it never turns back");
        let (outcome, next) = play_on(&script, &eve, eve.at + minutes(1), None);
        assert_eq!(outcome.broken, []);
        let next = next.unwrap();
        if url(&eve) != before && url(&next) == before {
            break;
        }
        eve = next;
    }
    let (failing, until) = (eve.at + minutes(8), eve.at + minutes(70));
    let (outcome, failed) = play_on(&script, &eve, failing, None);
    assert_eq!(outcome.broken, []);
    let failed = mended(failed.unwrap());
    assert_eq!(url(&failed), before, "it is put back");
    let end = to_the_end(&script, &failed, until, "undisturbed");
    assert_eq!(url(&end), before);
    dies_everywhere(&script, &eve, failing, |still, how| {
        to_the_end(&script, &mended(still), until, how);
    });
}

/// The rule that catches a bug in a scene that is clean without it.
fn caught(script: &Script, scene: &Still<Rotate>, bug: Bug) -> String {
    let until = scene.at + minutes(120);
    let (clean, _) = play_on(script, scene, until, None);
    assert_eq!(clean.broken, [], "without it");
    let spoilt = Script {
        bug: Some(bug),
        ..script.clone()
    };
    let (outcome, _) = play_on(&spoilt, scene, until, None);
    let Some(broken) = outcome.broken.first() else {
        panic!("nobody noticed");
    };
    println!("{broken}");
    broken.rule.to_owned()
}

fn caught_in_a_turn(bug: Bug) -> String {
    let script = calm(3);
    let (_, scene) = of_age(&script);
    caught(&script, &scene, bug)
}

#[test]
fn publishing_before_the_database_was_told_is_caught() {
    let rule = caught_in_a_turn(Bug::PublishBeforeSet);
    assert_eq!(rule, "nothing is published that was not tried");
}

#[test]
fn rolling_before_the_new_value_is_published_is_caught() {
    let rule = caught_in_a_turn(Bug::RollBeforePublished);
    assert_eq!(rule, "nobody is rolled for nothing");
}

#[test]
fn changing_the_present_users_password_is_caught() {
    let rule = caught_in_a_turn(Bug::PresentUserChanged);
    assert_eq!(rule, "every task that runs holds a credential that works");
}

#[test]
fn ending_the_former_credential_under_running_tasks_is_caught() {
    let rule = caught_in_a_turn(Bug::EndFormerUnderTasks);
    assert_eq!(rule, "every task that runs holds a credential that works");
}

#[test]
fn taking_a_complete_deployment_for_a_rolled_service_is_caught() {
    let rule = caught_in_a_turn(Bug::RolledByState);
    assert_eq!(rule, "rotated is told once every task has it");
}

#[test]
fn not_putting_the_old_value_back_is_caught() {
    let script = calm(3);
    let (_, mut scene) = of_age(&script);
    let place = worker(&scene);
    ecs::flaws::put(&mut scene.world, place, ecs::Flaw::exits(1));
    let rule = caught(&script, &scene, Bug::OldValueNotPutBack);
    assert_eq!(rule, "reverted is told once the former value is back");
}

/// Terraform puts back what was in use before the turn.
#[test]
fn taking_a_later_number_for_a_new_value_is_caught() {
    let script = calm(3);
    let (at, scene) = of_age(&script);
    let before = url(&scene);
    let mut scene = to_the_end(&script, &scene, at + minutes(60), "undisturbed");
    let input = json!({ "Name": URL, "Value": before, "Overwrite": true, "Type": "SecureString" });
    let by = Actor::Terraform;
    scene
        .world
        .ask(&ssm::SERVICE, by, "PutParameter", input)
        .unwrap();
    let rule = caught(&script, &scene, Bug::NumberNotValue);
    assert_eq!(rule, "an older value is never rolled out");
}

/// Two estates have a secret of age at the same second, and each tick comes twice.
#[test]
fn beginning_a_turn_beside_another_estates_is_caught() {
    let script = Script {
        only: None,
        doubled: true,
        ..calm(4)
    };
    let (_, scene) = of_age(&script);
    assert_eq!(scene.estates.len(), 2);
    let rule = caught(&script, &scene, Bug::NoTurnLease);
    assert_eq!(rule, "of all estates one is in a turn");
}

#[test]
fn replacing_a_secret_without_the_estates_lease_is_caught() {
    let script = Script {
        doubled: true,
        ..calm(3)
    };
    let (at, scene) = of_age(&script);
    let until = at + minutes(20);
    let (clean, _) = play_on(&script, &scene, until, None);
    assert_eq!(clean.broken, []);
    let lied = Script {
        lie: Some(Lie::NoLease),
        ..script
    };
    let (outcome, _) = play_on(&lied, &scene, until, None);
    assert_ne!(outcome.broken, [], "nobody noticed");
}

/// A person ordered that somebody else's key be replaced, a week before its age: it went along with the
/// next turn of its service, which then waited for a value that nobody could make.
#[test]
fn a_key_of_somebody_elses_that_was_asked_for_goes_along_with_no_turn() {
    let script = Script {
        absent: Vec::new(),
        ..Script::drawn(FORTNIGHTS[3], 9)
    };
    let until = "2027-03-18T15:00:00Z".parse().unwrap();
    let (outcome, _) = play_to(&script, until);
    assert_eq!(outcome.broken, []);
}
