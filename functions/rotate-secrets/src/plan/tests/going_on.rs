//! How a turn goes on, and back.

use nightshift::{
    kind::Rollout,
    ledger::{
        Kept, Owner,
        rollout::FailedRotation,
        rotation::{Cause, Entry, Order, Secret, Service, Stage, Why},
    },
};

use super::made::{KEY, Set, URL, arn_of, asked, at, days_ago, document, name, published};
use crate::plan::{Plan, Rotation, Step, Wait};

/// The stage that the URL is brought to, if any.
fn saved(plan: &Plan) -> Option<Stage> {
    plan.steps.iter().find_map(|step| match step {
        Step::Save(secret) if secret.name == name(URL) => Some(secret.turn.as_ref()?.stage),
        _ => None,
    })
}

/// The URL at rest again, if its turn ended.
fn at_rest(plan: &Plan) -> Option<&Secret> {
    plan.steps.iter().find_map(|step| match step {
        Step::Settle { secrets, .. } => secrets.iter().find(|secret| secret.name == name(URL)),
        _ => None,
    })
}

/// What is told of the end.
fn told(plan: &Plan) -> Option<&Rotation> {
    plan.steps.iter().find_map(|step| match step {
        Step::Settle { told, .. } => Some(&**told),
        _ => None,
    })
}

/// How the URL's turn ended, if it did: well, or with a cause.
#[expect(clippy::option_option, reason = "whether it ended, and of what")]
fn ended(plan: &Plan) -> Option<Option<Cause>> {
    let last = at_rest(plan)?.last.as_ref()?;
    Some(last.undone.clone())
}

fn rolls(plan: &Plan) -> Vec<&str> {
    let rolls = plan.steps.iter().filter_map(|step| match step {
        Step::Roll { name, .. } => Some(name.as_str()),
        _ => None,
    });
    rolls.collect()
}

fn published_turn() -> Set {
    let mut set = Set::of_a_hundred_days();
    set.turn(Stage::Published, |_| {});
    set
}

/// The key goes along in the URL's turn, as far as that is.
fn with_the_key(set: &mut Set) {
    let turn = set.entries[&arn_of(URL)].item.secret().unwrap();
    let mut turn = turn.turn.clone();
    if let Some(turn) = &mut turn {
        turn.why = Why::Company;
        turn.from = published("3", days_ago(10), None);
        turn.to = Some(published("4", at("12:02"), None));
        turn.user = None;
    }
    set.entry(KEY, |entry| entry.turn = turn);
    set.seen(KEY).newest = published("4", at("12:02"), None);
}

fn leaked_turn() -> Set {
    let mut set = Set::of_a_hundred_days();
    set.turn(Stage::Published, |turn| {
        turn.why = Why::Asked(asked(Order::Leaked));
    });
    set
}

/// The secrets of which it is told that what leaked still works.
fn leaks(plan: &Plan) -> Vec<String> {
    let matters = plan.matters.iter();
    let leaks = matters.filter_map(|matter| match matter {
        Rotation::LeakLasts { secret, .. } => Some(secret.to_string()),
        _ => None,
    });
    leaks.collect()
}

#[test]
fn a_turn_whose_value_was_lost_is_made_anew() {
    for stage in [Stage::Begun, Stage::Tested] {
        let mut set = Set::of_a_hundred_days();
        set.turn(stage, |_| {});
        let plan = set.plan("12:05");
        assert!(
            matches!(plan.steps.as_slice(), [Step::Make(_)]),
            "{stage:?}: {plan:?}"
        );
        assert_eq!(plan.due, Some(at("12:06")));
    }
}

#[test]
fn a_value_that_was_published_before_we_died_is_known_by_its_fingerprint() {
    let mut set = Set::of_a_hundred_days();
    set.turn(Stage::Tested, |_| {});
    set.seen(URL).newest = published("8", at("12:02"), Some("b"));
    set.seen(URL).fingerprint = Some("f".to_owned());
    assert_eq!(saved(&set.plan("12:05")), Some(Stage::Published));
    set.seen(URL).fingerprint = Some("another".to_owned());
    let by = "yuki".to_owned();
    set.seen(URL).by.clone_from(&by);
    assert_eq!(
        ended(&set.plan("12:05")),
        Some(Some(Cause::Written { by })),
        "somebody else's is not overwritten"
    );
}

#[test]
fn what_cannot_be_made_within_patience_is_given_up_with_its_reason() {
    let mut set = Set::of_a_hundred_days();
    let refused = Cause::Refused {
        action: "set".to_owned(),
        code: "42501".to_owned(),
    };
    set.turn(Stage::Begun, |turn| turn.cause = Some(refused.clone()));
    assert_eq!(ended(&set.plan("12:30")), None);
    assert_eq!(ended(&set.plan("12:31")), Some(Some(refused)));
}

#[test]
fn services_are_rolled_one_after_the_other() {
    let mut set = published_turn();
    set.snapshot
        .readers
        .push(super::made::reader("worker", &[URL]));
    assert_eq!(
        rolls(&set.plan("12:03")),
        ["api"],
        "web reads nothing of it"
    );
    set.deploy("api", "12:03", Rollout::InProgress)
        .service
        .older = 1;
    let under_way = set.plan("12:05");
    assert_eq!(rolls(&under_way), [""; 0]);
    let api = || "api".to_owned();
    assert_eq!(
        under_way.waits[0],
        (name(URL), Wait::Rolling { service: api() })
    );
    set.deploy("api", "12:03", Rollout::Completed).service.older = 0;
    assert_eq!(rolls(&set.plan("12:08")), ["worker"]);
    set.deploy("worker", "12:08", Rollout::Completed);
    let plan = set.plan("12:12");
    assert_eq!(ended(&plan), Some(None));
}

/// Of our own we know it; AWS may tell only the second of somebody else's.
#[test]
fn a_task_of_the_second_in_which_somebody_wrote_may_not_have_it() {
    for (why, rolled) in [
        (Why::Age, &[][..]),
        (
            Why::Written {
                by: "yuki".to_owned(),
            },
            &["api"][..],
        ),
    ] {
        let mut set = Set::of_a_hundred_days();
        set.turn(Stage::Published, |turn| turn.why = why);
        set.deploy("api", "12:02", Rollout::Completed);
        assert_eq!(rolls(&set.plan("12:08")), rolled);
    }
}

#[test]
fn as_long_as_an_old_task_runs_a_service_is_not_rolled() {
    let mut set = published_turn();
    set.deploy("api", "12:03", Rollout::Completed).service.older = 1;
    let plan = set.plan("12:08");
    assert_eq!((ended(&plan), rolls(&plan)), (None, vec![]));
}

#[test]
fn before_everything_is_published_nothing_is_rolled() {
    let mut set = published_turn();
    set.entry(KEY, |entry| {
        let turn = super::made::published("3", at("11:00"), None);
        entry.turn = Some(nightshift::ledger::rotation::Turn {
            id: "t".to_owned(),
            why: Why::Company,
            began: at("12:00"),
            stage: Stage::Begun,
            since: at("12:00"),
            from: turn,
            user: None,
            fingerprint: None,
            to: None,
            back: None,
            cause: None,
        });
    });
    let plan = set.plan("12:03");
    assert_eq!(rolls(&plan), [""; 0]);
    assert!(matches!(plan.steps.as_slice(), [Step::Make(key)] if key.name == name(KEY)));
    assert!(plan.waits.contains(&(name(URL), Wait::Others)));
}

#[test]
fn somebody_s_deployment_is_waited_for_and_counts_if_it_began_after_the_publishing() {
    let mut set = published_turn();
    set.deploy("api", "12:01", Rollout::InProgress)
        .service
        .older = 1;
    assert_eq!(rolls(&set.plan("12:03")), [""; 0], "it is not cut off");
    assert_eq!(
        rolls(&set.plan("12:40")),
        ["api"],
        "but not waited for forever"
    );
    set.deploy("api", "12:02", Rollout::Completed).service.older = 0;
    assert_eq!(ended(&set.plan("12:10")), Some(None));
}

#[test]
fn a_deployment_that_fails_sends_everything_back() {
    for spoil in [
        (|set: &mut Set| {
            set.deploy("api", "12:03", Rollout::Failed);
        }) as fn(&mut Set),
        |set| {
            let reader = set.deploy("api", "12:09", Rollout::InProgress);
            let deployment = reader.service.deployment.as_mut().unwrap();
            deployment.rolls_back = true;
        },
    ] {
        let mut set = published_turn();
        spoil(&mut set);
        let plan = set.plan("12:10");
        assert_eq!(saved(&plan), Some(Stage::Reverting));
        assert_eq!(plan.due, Some(at("12:10")), "at once");
    }
}

#[test]
fn a_deployment_that_was_rolled_back_with_the_new_value_proves_that_it_works() {
    let mut set = published_turn();
    let reader = set.deploy("api", "12:09", Rollout::Completed);
    reader.service.deployment.as_mut().unwrap().rolls_back = true;
    reader.tasks_since = Some(at("12:03"));
    assert_eq!(
        ended(&set.plan("12:14")),
        Some(None),
        "its tasks started after the publishing"
    );
}

#[test]
fn one_that_was_rolled_back_to_tasks_from_before_sends_everything_back() {
    // Once it is complete, nothing but its tasks tells it.
    for rolls_back in [true, false] {
        let mut set = published_turn();
        let reader = set.deploy("api", "12:09", Rollout::Completed);
        reader.service.deployment.as_mut().unwrap().rolls_back = rolls_back;
        reader.tasks_since = Some(at("11:00"));
        assert_eq!(saved(&set.plan("12:14")), Some(Stage::Reverting));
    }
}

#[test]
fn on_the_way_back_a_service_that_took_a_deployment_back_is_rolled_again() {
    let mut set = Set::of_a_hundred_days();
    set.turn(Stage::Reverted, |_| {});
    set.deploy("api", "12:21", Rollout::Completed).tasks_since = Some(at("11:00"));
    assert_eq!(rolls(&set.plan("12:25")), ["api"]);
}

#[test]
fn on_the_way_back_a_service_that_keeps_failing_is_rolled_ever_more_seldom() {
    let mut set = Set::of_a_hundred_days();
    set.turn(Stage::Reverted, |turn| turn.since = at("12:20"));
    let back = set.entries[&arn_of(URL)].item.secret().unwrap();
    let back = back.turn.as_ref().unwrap().published_at().unwrap();
    let minutes = |minutes| back + jiff::SignedDuration::from_mins(minutes);
    let mut rolled = Vec::new();
    set.deploy("api", "12:03", Rollout::Completed);
    for minute in 1..60 {
        let plan = set.plan_at(minutes(minute));
        if rolls(&plan) == ["api"] {
            rolled.push(minute);
            // A minute later it is back where it was.
            let reader = set.deploy("api", "12:03", Rollout::Completed);
            let deployment = reader.service.deployment.as_mut().unwrap();
            deployment.created_at = Some(minutes(minute + 1));
            reader.tasks_since = Some(at("11:00"));
        } else {
            let due = plan.due.unwrap();
            assert!(
                due <= minutes(minute + 16),
                "at {minute} it is due at {due}"
            );
        }
    }
    assert_eq!(rolled, [1, 4, 10, 22, 46]);
}

#[test]
fn a_deployment_that_does_not_end_sends_everything_back() {
    let mut set = published_turn();
    set.deploy("api", "12:03", Rollout::InProgress)
        .service
        .older = 1;
    assert_eq!(saved(&set.plan("12:33")), None);
    assert_eq!(saved(&set.plan("12:34")), Some(Stage::Reverting));
}

#[test]
fn what_explain_rollback_blames_on_the_secret_goes_back() {
    let mut set = published_turn();
    set.deploy("api", "12:03", Rollout::InProgress)
        .service
        .older = 1;
    let blame = |secret: &str, time| FailedRotation {
        secrets: vec![secret.to_owned()],
        deployment: "ecs-svc/1".to_owned(),
        since: at(time),
    };
    set.failed = vec![
        blame(URL, "11:00"),
        blame("/shop/OTHER", "12:05"),
        blame(&format!("/old{URL}"), "12:05"),
    ];
    assert_eq!(
        saved(&set.plan("12:06")),
        None,
        "neither before nor another's"
    );
    set.failed.push(blame(URL, "12:05"));
    assert_eq!(saved(&set.plan("12:06")), Some(Stage::Reverting));
}

#[test]
fn a_person_takes_it_back_at_every_stage() {
    for (stage, goes_back) in [
        (Stage::Begun, false),
        (Stage::Tested, false),
        (Stage::Published, true),
    ] {
        let mut set = Set::of_a_hundred_days();
        set.turn(stage, |_| {});
        set.ask(URL, Order::Revert);
        let plan = set.plan("12:05");
        if goes_back {
            assert_eq!(saved(&plan), Some(Stage::Reverting), "{stage:?}");
        } else {
            assert!(
                matches!(ended(&plan), Some(Some(Cause::Asked { .. }))),
                "{stage:?}"
            );
        }
    }
}

#[test]
fn what_leaked_never_comes_back_by_itself() {
    let mut set = published_turn();
    set.turn(Stage::Published, |turn| {
        turn.why = Why::Asked(asked(Order::Leaked));
    });
    set.deploy("api", "12:03", Rollout::Failed);
    let plan = set.plan("12:10");
    assert_eq!((saved(&plan), ended(&plan)), (None, None));
    set.ask(URL, Order::Revert);
    assert_eq!(
        saved(&set.plan("12:11")),
        Some(Stage::Reverting),
        "but a person may"
    );
}

#[test]
fn once_it_runs_the_former_one_of_a_leak_ends_at_once() {
    let mut set = published_turn();
    set.turn(Stage::Published, |turn| {
        turn.why = Why::Asked(asked(Order::Leaked));
    });
    set.deploy("api", "12:03", Rollout::Completed);
    let plan = set.plan("12:10");
    let former = at_rest(&plan).and_then(|secret| secret.former.as_ref());
    assert_eq!(former.and_then(|former| former.ends), Some(at("12:10")));
    let Some(Rotation::Rotated { secrets, .. }) = told(&plan) else {
        panic!("{plan:?}");
    };
    assert_eq!(
        secrets[0].former,
        nightshift::report::rotation::Former::Ended
    );
}

#[test]
fn on_the_way_back_every_service_that_reads_it_is_rolled_again() {
    let mut set = Set::of_a_hundred_days();
    set.snapshot
        .readers
        .push(super::made::reader("worker", &[URL]));
    set.turn(Stage::Reverting, |_| {});
    assert!(matches!(
        set.plan("12:19").steps.as_slice(),
        [Step::PutBack(_)]
    ));
    set.turn(Stage::Reverted, |_| {});
    set.deploy("api", "12:03", Rollout::Failed);
    assert_eq!(rolls(&set.plan("12:21")), ["api"]);
    set.deploy("api", "12:21", Rollout::Completed);
    assert_eq!(
        rolls(&set.plan("12:26")),
        ["worker"],
        "a task of it may be a new one"
    );
    set.deploy("worker", "12:26", Rollout::Completed);
    let plan = set.plan("12:31");
    assert!(ended(&plan).is_some());
    let current = at_rest(&plan).and_then(|secret| secret.current.clone());
    let as_old_as_it_was = published("9", days_ago(100), Some("a"));
    assert_eq!(current, Some(as_old_as_it_was));
}

#[test]
fn what_a_death_left_of_a_turn_that_goes_back_is_sent_back_too() {
    let mut set = Set::of_a_hundred_days();
    let cause = Cause::Late {
        service: "api".to_owned(),
    };
    set.turn(Stage::Reverted, |turn| turn.cause = Some(cause.clone()));
    let mut turn = set.entries[&arn_of(URL)]
        .item
        .secret()
        .unwrap()
        .turn
        .clone();
    if let Some(turn) = &mut turn {
        (turn.stage, turn.cause, turn.back) = (Stage::Published, None, None);
        turn.to = Some(published("4", at("12:02"), None));
    }
    set.entry(KEY, |entry| entry.turn = turn);
    set.seen(KEY).newest = published("4", at("12:02"), None);
    let plan = set.plan("12:21");
    let [Step::Save(secret)] = plan.steps.as_slice() else {
        panic!("{plan:?}");
    };
    assert_eq!(secret.name, name(KEY));
    let turn = secret.turn.as_ref().unwrap();
    assert_eq!((turn.stage, &turn.cause), (Stage::Reverting, &Some(cause)));
}

#[test]
fn what_somebody_writes_during_a_turn_is_never_rolled_out_with_it() {
    for stage in [Stage::Published, Stage::Reverted] {
        let mut set = Set::of_a_hundred_days();
        set.turn(stage, |_| {});
        set.seen(URL).newest = published("10", at("12:25"), Some("a"));
        set.seen(URL).by = "terraform".to_owned();
        let plan = set.plan("12:26");
        assert_eq!(rolls(&plan), [""; 0], "{stage:?}");
        let by = "terraform".to_owned();
        assert_eq!(ended(&plan), Some(Some(Cause::Written { by })), "{stage:?}");
    }
}

#[test]
fn what_somebody_wrote_during_a_turn_is_rolled_out_after_it_and_an_older_value_is_not() {
    for stage in [
        Stage::Begun,
        Stage::Tested,
        Stage::Published,
        Stage::Reverted,
    ] {
        let mut set = Set::of_a_hundred_days();
        set.turn(stage, |_| {});
        let seen = set.seen(URL);
        seen.newest = published("10", at("12:25"), Some("a"));
        (seen.by, seen.ours) = ("terraform".to_owned(), false);
        let ended = at_rest(&set.plan("12:26")).unwrap().clone();
        set.entry(URL, |entry| *entry = ended);

        let written = Why::Written {
            by: "terraform".to_owned(),
        };
        let begun = set.plan("12:27");
        let [Step::Save(secret)] = begun.steps.as_slice() else {
            panic!("{stage:?}: {begun:?}");
        };
        let turn = secret.turn.as_ref().unwrap();
        assert_eq!((&turn.why, turn.stage), (&written, Stage::Begun));

        set.seen(URL).same_as = Some("5".to_owned());
        let plan = set.plan("12:27");
        assert_eq!(plan.steps, [], "{stage:?}: nor is another one made");
    }
}

#[test]
fn what_was_written_and_taken_back_is_not_tried_again() {
    let mut set = Set::of_a_hundred_days();
    set.turn(Stage::Reverted, |turn| {
        turn.why = Why::Written {
            by: "yuki".to_owned(),
        };
        turn.cause = Some(Cause::Late {
            service: "api".to_owned(),
        });
    });
    set.deploy("api", "12:21", Rollout::Completed);
    let ended = at_rest(&set.plan("12:26")).unwrap().clone();
    set.entry(URL, |entry| *entry = ended);
    set.seen(URL).newest = published("10", at("12:02"), Some("b"));
    set.seen(URL).ours = false;
    assert_eq!(set.plan("12:27").steps, []);
}

#[test]
fn a_service_that_does_not_recover_from_going_back_is_told_and_let_go_after_a_while() {
    let mut set = Set::of_a_hundred_days();
    set.turn(Stage::Reverted, |turn| turn.since = at("12:20"));
    set.deploy("api", "12:21", Rollout::Failed);
    assert_eq!(ended(&set.plan("13:20")), None);
    let plan = set.plan("13:21");
    assert!(ended(&plan).is_some());
    let [
        Rotation::NotSteady {
            secrets, service, ..
        },
    ] = plan.matters.as_slice()
    else {
        panic!("{plan:?}");
    };
    assert_eq!((&secrets[..], service.as_str()), (&[name(URL)][..], "api"));
}

#[test]
fn while_services_cannot_be_read_nothing_is_rolled_and_nothing_ends() {
    let mut set = published_turn();
    set.snapshot.readers.clear();
    set.snapshot.unread = Some(nightshift::report::Failure {
        resource: "c".to_owned(),
        action: "ecs:ListServices".to_owned(),
        code: "ThrottlingException".to_owned(),
        message: "slow down".to_owned(),
        denied: false,
    });
    let plan = set.plan("12:10");
    assert_eq!(plan.steps, []);
    assert_eq!(plan.waits[0], (name(URL), Wait::Unread));
}

#[test]
fn a_turn_goes_on_whatever_becomes_of_the_document_the_window_and_the_night() {
    let mut set = published_turn();
    set.is_whole = false;
    set.snapshot.asleep = true;
    set.broken = Some(at("12:00"));
    set.elsewhere = Some("blog".to_owned());
    assert_eq!(rolls(&set.plan("23:00")), ["api"]);
}

#[test]
fn all_secrets_of_a_turn_end_in_one_message_with_the_services_that_have_them() {
    let mut set = published_turn();
    with_the_key(&mut set);
    set.deploy("api", "12:03", Rollout::Completed);
    set.deploy("web", "12:05", Rollout::Completed);
    let plan = set.plan("12:10");
    let Some(Rotation::Rotated {
        secrets, services, ..
    }) = told(&plan)
    else {
        panic!("{plan:?}");
    };
    let names: Vec<String> = secrets.iter().map(|it| it.secret.to_string()).collect();
    assert_eq!(names, [URL, KEY]);
    let services: Vec<&str> = services.iter().map(|it| it.service.as_str()).collect();
    assert_eq!(services, ["api", "web"]);
}

#[test]
fn the_end_of_a_turn_says_who_asked_for_it_or_wrote_the_value() {
    let written = Why::Written {
        by: "yuki".to_owned(),
    };
    for (why, asked_by, written_by) in [
        (Why::Age, None, None),
        (Why::Asked(asked(Order::Rotate)), Some("mika"), None),
        (written, None, Some("yuki")),
    ] {
        let mut set = Set::of_a_hundred_days();
        set.turn(Stage::Published, |turn| turn.why = why);
        set.deploy("api", "12:03", Rollout::Completed);
        let plan = set.plan("12:10");
        let Some(Rotation::Rotated {
            asked_by: asker,
            written_by: writer,
            ..
        }) = told(&plan)
        else {
            panic!("{plan:?}");
        };
        assert_eq!(
            (asker.as_deref(), writer.as_deref()),
            (asked_by, written_by)
        );
    }
}

#[test]
fn what_was_in_use_before_works_until_the_next_turn_unless_the_document_ends_it_sooner() {
    use nightshift::report::rotation::Former;
    let sooner = "    /shop/DATABASE_URL: { kind: postgres, every: 90d, users: [a, b], role: r, admin: /shop/ADMIN, database: main, disable_previous_after: 24h }\n";
    let tomorrow = "2026-11-25T12:10:00+09:00".parse().unwrap();
    for (described, expected) in [
        (None, Former::UntilNext),
        (Some(sooner), Former::Ends { at: tomorrow }),
    ] {
        let mut set = published_turn();
        if let Some(described) = described {
            set.rotator = document(described);
        }
        set.deploy("api", "12:03", Rollout::Completed);
        let plan = set.plan("12:10");
        let Some(Rotation::Rotated { secrets, .. }) = told(&plan) else {
            panic!("{plan:?}");
        };
        assert_eq!(secrets[0].former, expected);
    }
}

#[test]
fn what_was_given_up_is_left_alone_for_a_week() {
    let mut set = Set::of_a_hundred_days();
    set.turn(Stage::Begun, |_| {});
    let plan = set.plan("12:31");
    let back_off = at_rest(&plan).unwrap().back_off.clone().unwrap();
    let in_a_week = "2026-12-01T12:31:00+09:00".parse().unwrap();
    assert_eq!((back_off.since, back_off.until), (at("12:31"), in_a_week));
}

#[test]
fn nothing_is_rolled_before_the_second_from_which_on_tasks_have_it_for_certain() {
    let set = published_turn();
    let published = set.entries[&arn_of(URL)].item.secret().unwrap();
    let published = published.turn.as_ref().unwrap().published_at().unwrap();
    let before = set.plan_at(published - jiff::SignedDuration::from_millis(300));
    assert_eq!((rolls(&before), before.due), (Vec::new(), Some(published)));
    assert_eq!(rolls(&set.plan_at(published)), ["api"]);
}

#[test]
fn a_leak_that_a_service_does_not_get_rid_of_is_told_and_stays_open() {
    let mut set = leaked_turn();
    set.deploy("api", "12:03", Rollout::Failed);
    let plan = set.plan("12:10");
    assert_eq!(ended(&plan), None);
    assert!(
        matches!(&plan.matters[..], [Rotation::LeakLasts { service, .. }] if service == "api"),
        "{plan:?}"
    );
    set.deploy("api", "12:03", Rollout::Completed).tasks_since = Some(at("11:00"));
    let plan = set.plan("12:10");
    assert_eq!((rolls(&plan), leaks(&plan)), (vec![], vec![URL.to_owned()]));
}

#[test]
fn a_leak_lasts_where_a_service_that_reads_it_fails() {
    let mut set = leaked_turn();
    with_the_key(&mut set);
    let old = |set: &mut Set, service, rollout| {
        set.deploy(service, "12:03", rollout).service.older = 1;
    };
    old(&mut set, "api", Rollout::InProgress);
    assert_eq!(leaks(&set.plan("12:10")), [""; 0], "it is under way");
    old(&mut set, "api", Rollout::Failed);
    assert_eq!(leaks(&set.plan("12:10")), [URL], "the key did not leak");
    set.deploy("api", "12:03", Rollout::Completed).service.older = 0;
    old(&mut set, "web", Rollout::Failed);
    assert_eq!(leaks(&set.plan("12:10")), [""; 0], "it reads the key alone");
}

#[test]
fn on_the_way_back_a_service_that_is_not_steady_is_waited_for() {
    let mut set = Set::of_a_hundred_days();
    set.turn(Stage::Reverted, |turn| turn.since = at("12:20"));
    set.deploy("api", "12:21", Rollout::Failed);
    let plan = set.plan("12:25");
    assert!(matches!(plan.steps.as_slice(), [Step::Keep(_)]), "{plan:?}");
}

#[test]
fn others_are_kept_off_anew_at_half_time_and_not_for_ever() {
    let owned = |set: &mut Set, service: &str, until| {
        let service = set.reader(service).service.arn.clone();
        let kept = Service {
            version: 1,
            arn: service.clone(),
            estate: super::made::ESTATE.to_owned(),
            turn: "t".to_owned(),
            owner: Some(Owner {
                function: "rotate-secrets".to_owned(),
                purpose: "rotate".to_owned(),
                until,
            }),
        };
        set.entries.insert(service, Kept::new(Entry::Service(kept)));
    };
    let second = jiff::SignedDuration::from_secs(1);
    for (what, service, until, now, keeps) in [
        ("nobody", "job", at("23:00"), "12:10", true),
        ("another service", "web", at("23:00"), "12:10", true),
        ("half of the time", "api", at("12:25"), "12:10", true),
        ("more", "api", at("12:25") + second, "12:10", false),
        ("before long", "api", at("12:00"), "13:00", true),
        ("for too long", "api", at("12:00"), "13:01", false),
    ] {
        let mut set = leaked_turn();
        set.snapshot.readers.push(super::made::reader("job", &[]));
        set.deploy("api", "12:03", Rollout::InProgress)
            .service
            .older = 1;
        owned(&mut set, service, until);
        let plan = set.plan(now);
        let kept = plan.steps.iter().find_map(|step| match step {
            Step::Keep(service) => service.owner.as_ref(),
            _ => None,
        });
        let half_an_hour = jiff::SignedDuration::from_mins(30);
        let expected = keeps.then(|| at(now) + half_an_hour);
        assert_eq!(kept.map(|owner| owner.until), expected, "{what}");
    }
}

#[test]
fn who_only_watches_does_nothing_and_tells_what_would_be_done() {
    let set = Set::of_a_hundred_days();
    let plan = set.watched("12:00");
    assert_eq!(plan.steps, []);
    assert_eq!(plan.due.filter(|due| *due <= at("12:00")), None);
    let would = Rotation::Would {
        secrets: vec![name(URL)],
        services: vec!["api".to_owned()],
    };
    assert_eq!(plan.matters, [would]);
    let next = "2026-11-25T10:00:00+09:00".parse().unwrap();
    assert_eq!(set.watched("17:00").due, Some(next), "what is to come is");
}
