//! Proof that the proof can fail: bugs that this field knows, put back one at a time, each caught by
//! a rule within a few seeds that are clean without it.

use jiff::SignedDuration;
use nightshift_cloud::services::rds::set_status;
use nightshift_simulation::{
    places::FORTNIGHTS,
    rules::Broken,
    run::{self, play, play_on, play_to},
    sky::Lie,
    sleep::Script,
    subject::Subject,
};
use power_staging::sabotage::Bug;

/// The rule that caught it, with the fewest storms that do.
pub(crate) fn caught<S: Subject>(spoil: impl Fn(&mut run::Script<S>)) -> String {
    for seed in 0..60_u64 {
        let place = FORTNIGHTS[usize::try_from(seed).unwrap() % FORTNIGHTS.len()];
        let mut script = run::Script::<S>::drawn(place, seed);
        script.watch = false;
        spoil(&mut script);
        if let Some(broken) = play(&script).broken.first() {
            println!("seed {seed}: {broken}");
            return broken.rule.to_owned();
        }
    }
    panic!("nobody noticed");
}

fn caught_bug(bug: Bug) -> String {
    caught(|script: &mut Script| script.bug = Some(bug))
}

#[test]
fn saving_after_the_change_is_caught() {
    caught_bug(Bug::SaveAfterChange);
}

#[test]
fn suspending_when_the_count_is_0_already_is_caught() {
    caught_bug(Bug::SuspendAfterZero);
}

#[test]
fn suspending_again_at_0_is_caught() {
    caught_bug(Bug::SuspendAgainAtZero);
}

#[test]
fn resuming_before_the_count_is_seen_is_caught() {
    caught_bug(Bug::ResumeBeforeSeen);
}

#[test]
fn waking_everything_with_one_task_is_caught() {
    caught_bug(Bug::CountOfOne);
}

#[test]
fn starting_services_before_their_database_is_caught() {
    caught_bug(Bug::DatabasesAfterServices);
}

#[test]
fn saving_a_0_over_a_count_is_caught() {
    caught_bug(Bug::ZeroOverCount);
}

#[test]
fn believing_an_event_is_caught() {
    caught_bug(Bug::EventBelieved);
}

#[test]
fn looking_dates_up_in_utc_is_caught() {
    caught_bug(Bug::DatesInUtc);
}

#[test]
fn reporting_a_failure_as_success_is_caught() {
    caught_bug(Bug::FailureAsSuccess);
}

#[test]
fn changing_an_estate_without_its_lease_is_caught() {
    caught(|script: &mut Script| script.lie = Some(Lie::NoLease));
}

#[test]
fn expecting_another_code_of_a_lost_race_is_caught() {
    caught(|script: &mut Script| script.lie = Some(Lie::WrongCode));
}

/// An evening on which RDS refuses to stop a cluster that is `available`, because its reader is being
/// modified for an hour.
fn evening_with_a_busy_reader(lie: Option<Lie>) -> Vec<Broken> {
    for seed in 0.. {
        let script = Script {
            only: Some("blog-aws-practice"),
            storms: 0,
            deeds: 0,
            watch: false,
            lie,
            ..Script::drawn(FORTNIGHTS[5], seed)
        };
        let (_, still) = play_to(&script, script.place.begin());
        let blog = still.unwrap().estates.remove(0);
        let closing = blog.hours.turns(&script.place)[1];
        let soon = closing - SignedDuration::from_mins(2);
        let (_, still) = play_to(&script, soon);
        let mut still = still.unwrap();
        if let [_, reader] = still.world.rds.members_of(&blog.databases[0]).as_slice() {
            set_status(&mut still.world, reader, "modifying", Some(3600..=3600));
            let (outcome, _) = play_on(&script, &still, soon + SignedDuration::from_hours(3), None);
            return outcome.broken;
        }
    }
    unreachable!("some seed draws a reader")
}

#[test]
fn expecting_a_code_with_a_wrong_fault_is_caught() {
    assert_eq!(evening_with_a_busy_reader(None), []);
    let broken = evening_with_a_busy_reader(Some(Lie::WrongFault));
    let rules: Vec<&str> = broken.iter().map(|broken| broken.rule).collect();
    assert_eq!(rules, ["a refusal that passes by itself is waited for"]);
}

#[test]
fn a_secret_that_leaves_the_function_is_caught() {
    let rule = caught(|script: &mut Script| script.leaks = true);
    assert_eq!(rule, "no secret leaves the function");
}
