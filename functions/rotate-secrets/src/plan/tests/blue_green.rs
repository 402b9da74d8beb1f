//! Services that CodeDeploy deploys: how far they are, and what of them is waited for.

use jiff::SignedDuration;
use nightshift::{
    kind::Rollout,
    ledger::rotation::{Former, Order, Stage, Why},
    report::rotation::Unrollable,
};

use super::made::{Set, URL, asked, at, days_ago, name, published};
use crate::{
    plan::{
        Step, Wait,
        roll::{Rolled, rolled},
    },
    snapshot::{Attempt, BlueGreen, Controller, Reader},
};

/// The deployment group of a service, whose last deployment was made at this time.
fn group(attempt: Option<(&str, bool)>) -> BlueGreen {
    BlueGreen {
        application: "shop".to_owned(),
        group: "api".to_owned(),
        successful: "d-GOOD".to_owned(),
        attempt: attempt.map(|(time, is_open)| Attempt {
            id: format!("d-{time}"),
            created_at: at(time),
            is_open,
        }),
    }
}

/// `api` with a PRIMARY task set of this time.
fn reader(primary: &str, rollout: Rollout, attempt: Option<(&str, bool)>) -> Reader {
    let mut set = Set::of_a_hundred_days();
    let reader = set.deploy("api", primary, rollout);
    reader.controller = Controller::CodeDeploy(Ok(group(attempt)));
    reader.clone()
}

#[test]
fn a_service_has_it_once_its_primary_task_set_began_after_it_and_is_steady() {
    use Rollout::{Completed, InProgress};
    let failed = || Rolled::Failed {
        deployment: "d-12:03".to_owned(),
    };
    // Published at 12:02; half an hour of patience.
    for (what, reader, now, wanted) in [
        (
            "nothing since",
            reader("11:00", Completed, Some(("11:00", false))),
            "12:05",
            Rolled::NotYet,
        ),
        (
            "nothing ever",
            reader("11:00", Completed, None),
            "12:05",
            Rolled::NotYet,
        ),
        (
            "somebody's",
            reader("11:00", Completed, Some(("12:01", true))),
            "12:05",
            Rolled::Busy,
        ),
        (
            "somebody's for long",
            reader("11:00", Completed, Some(("12:01", true))),
            "12:33",
            Rolled::Late,
        ),
        (
            "filling",
            reader("11:00", Completed, Some(("12:03", true))),
            "12:05",
            Rolled::UnderWay,
        ),
        (
            "filling for long",
            reader("11:00", Completed, Some(("12:03", true))),
            "12:34",
            Rolled::Late,
        ),
        (
            "rolled back",
            reader("11:00", Completed, Some(("12:03", false))),
            "12:05",
            failed(),
        ),
        (
            "shifted, not steady",
            reader("12:03", InProgress, Some(("12:03", true))),
            "12:05",
            Rolled::UnderWay,
        ),
        (
            "never steady",
            reader("12:03", InProgress, Some(("12:03", true))),
            "12:34",
            Rolled::Late,
        ),
        (
            "shifted",
            reader("12:03", Completed, Some(("12:03", true))),
            "12:05",
            Rolled::Yes,
        ),
        (
            "over",
            reader("12:03", Completed, Some(("12:03", false))),
            "12:05",
            Rolled::Yes,
        ),
    ] {
        let patience = SignedDuration::from_mins(30);
        let found = rolled(&reader, at("12:02"), patience, at(now), false);
        assert_eq!(found, wanted, "{what}");
    }
}

#[test]
fn tasks_that_linger_are_waited_for_only_where_it_leaked_and_are_never_late() {
    let mut lingering = reader("12:03", Rollout::Completed, Some(("12:03", true)));
    lingering.service.older = 1;
    lingering.tasks_since = Some(at("11:00"));
    let patience = SignedDuration::from_mins(30);
    for now in ["12:05", "15:00"] {
        let found = |to_the_last| rolled(&lingering, at("12:02"), patience, at(now), to_the_last);
        assert_eq!(found(false), Rolled::Yes, "{now}");
        assert_eq!(found(true), Rolled::UnderWay, "{now}");
    }
}

#[test]
fn after_a_failure_it_is_rolled_again_by_the_age_of_its_last_attempt() {
    let attempted = reader("11:00", Rollout::Completed, Some(("12:10", false)));
    assert_eq!(attempted.rolls_again_at(at("12:02")), Some(at("12:18")));
    let never = reader("11:00", Rollout::Completed, None);
    assert_eq!(never.rolls_again_at(at("12:02")), None);
}

#[test]
fn what_leaked_is_gone_once_no_task_is_older_and_none_began_before() {
    let patience = SignedDuration::from_mins(30);
    for (older, tasks_since, gone) in [
        (0, None, true),
        (1, None, false),
        (0, Some("12:01"), false),
        (0, Some("12:02"), true),
        (0, Some("12:03"), true),
    ] {
        let mut reader = reader("12:03", Rollout::Completed, None);
        reader.service.older = older;
        reader.tasks_since = tasks_since.map(at);
        let found = rolled(&reader, at("12:02"), patience, at("12:05"), true);
        let expected = if gone { Rolled::Yes } else { Rolled::UnderWay };
        assert_eq!(found, expected, "{older} {tasks_since:?}");
    }
}

#[test]
fn a_primary_task_set_is_late_once_its_patience_is_over() {
    let patience = SignedDuration::from_mins(30);
    let reader = reader("12:05", Rollout::InProgress, None);
    for (now, state) in [("12:35", Rolled::UnderWay), ("12:36", Rolled::Late)] {
        assert_eq!(
            rolled(&reader, at("12:02"), patience, at(now), false),
            state
        );
    }
}

#[test]
fn a_service_that_has_no_task_and_wants_none_has_nothing_to_replace() {
    let patience = SignedDuration::from_mins(30);
    for counts in [
        (0, 0, 0, 0),
        (1, 0, 0, 0),
        (0, 1, 0, 0),
        (0, 0, 1, 0),
        (0, 0, 0, 1),
    ] {
        let mut reader = reader("11:00", Rollout::Completed, Some(("11:00", false)));
        let service = &mut reader.service;
        (
            service.desired,
            service.running,
            service.pending,
            service.older,
        ) = counts;
        let found = rolled(&reader, at("12:02"), patience, at("12:05"), false);
        let none = counts == (0, 0, 0, 0);
        assert_eq!(found == Rolled::Yes, none, "{counts:?}");
    }
}

#[test]
fn nothing_begins_while_a_deployment_is_open_or_nobody_can_be_asked() {
    let service = || "api".to_owned();
    let unrollable = |why| Wait::Unrollable {
        service: service(),
        why,
    };
    for (controller, wanted) in [
        (Err(Unrollable::NoGroup), unrollable(Unrollable::NoGroup)),
        (
            Err(Unrollable::SeveralGroups),
            unrollable(Unrollable::SeveralGroups),
        ),
        (
            Err(Unrollable::NeverDeployed),
            unrollable(Unrollable::NeverDeployed),
        ),
        (
            Ok(group(Some(("11:50", true)))),
            Wait::Service { service: service() },
        ),
    ] {
        let mut set = Set::of_a_hundred_days();
        set.reader("api").controller = Controller::CodeDeploy(controller);
        let plan = set.plan("12:00");
        assert_eq!(plan.waits[0], (name(URL), wanted));
        assert_eq!(plan.steps, []);
    }
    let mut set = Set::of_a_hundred_days();
    set.reader("api").controller = Controller::CodeDeploy(Ok(group(Some(("11:50", false)))));
    assert!(!set.plan("12:00").steps.is_empty());
}

#[test]
fn two_users_do_not_take_turns_over_tasks_that_linger() {
    let mut set = Set::of_a_hundred_days();
    let newest = set.seen(URL).newest.at;
    let reader = set.reader("api");
    reader.controller = Controller::CodeDeploy(Ok(group(None)));
    reader.tasks_since = Some(newest - SignedDuration::from_mins(1));
    let service = "api".to_owned();
    let wait = (name(URL), Wait::OlderTasks { service });
    assert_eq!(set.plan("12:00").waits[0], wait);
}

#[test]
fn it_is_rolled_by_its_deployment_group() {
    let mut set = Set::of_a_hundred_days();
    set.turn(Stage::Published, |_| {});
    set.reader("api").controller = Controller::CodeDeploy(Ok(group(None)));
    let plan = set.plan("12:03");
    let [
        Step::Roll {
            group: Some(found), ..
        },
    ] = plan.steps.as_slice()
    else {
        panic!("{plan:?}");
    };
    assert_eq!(**found, group(None));
}

#[test]
fn a_former_credential_is_not_ended_under_tasks_that_linger() {
    let mut set = Set::of_a_hundred_days();
    set.aged(URL, at("11:00"));
    set.entry(URL, |entry| {
        entry.former = Some(Former {
            published: published("6", days_ago(100), Some("b")),
            ends: Some(at("11:30")),
            ended: false,
        });
    });
    let ends = |set: &Set| {
        let plan = set.plan("12:00");
        plan.steps.iter().any(|step| matches!(step, Step::End(_)))
    };
    assert!(ends(&set));
    set.reader("api").service.older = 1;
    assert!(!ends(&set));
}

#[test]
fn a_turn_of_what_leaked_lasts_until_no_task_from_before_is_left() {
    for (order, settles) in [(Order::Rotate, true), (Order::Leaked, false)] {
        let mut set = Set::of_a_hundred_days();
        set.turn(Stage::Published, |turn| turn.why = Why::Asked(asked(order)));
        let reader = set.deploy("api", "12:03", Rollout::Completed);
        reader.controller = Controller::CodeDeploy(Ok(group(Some(("12:03", true)))));
        reader.service.older = 1;
        let plan = set.plan("12:10");
        let settled = |step: &Step| matches!(step, Step::Settle { secrets, .. } if secrets[0].name == name(URL));
        assert_eq!(plan.steps.iter().any(settled), settles, "{order:?}");
    }
}
