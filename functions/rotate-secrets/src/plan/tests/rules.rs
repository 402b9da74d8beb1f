//! What of a plan others go by: whether it is settled, whom it keeps off, who reads a secret.

use jiff::SignedDuration;
use nightshift::{
    config::SecretName,
    kind::Rollout,
    ledger::{
        Kept,
        rotation::{Entry, Service, Stage},
    },
};

use super::made::{ESTATE, Set, URL, at, name, reader};
use crate::{
    plan::{
        Plan, Step, Wait,
        roll::{Rolled, rolled},
    },
    snapshot::Reference,
};

#[test]
fn a_plan_is_settled_if_nothing_is_done_and_every_wait_is_for_a_person_or_the_hour() {
    let api = || "api".to_owned();
    let with = |waits: Vec<Wait>| Plan {
        waits: waits.into_iter().map(|wait| (name(URL), wait)).collect(),
        ..Plan::default()
    };
    let age = || Wait::Age { at: at("12:00") };
    assert!(with(vec![]).is_settled());
    assert!(with(vec![age(), Wait::Adoption, Wait::Asleep]).is_settled());
    for wait in [
        Wait::Rolling { service: api() },
        Wait::Service { service: api() },
        Wait::Unread,
        Wait::Others,
    ] {
        assert!(!with(vec![age(), wait.clone()]).is_settled(), "{wait:?}");
        assert!(!with(vec![wait.clone(), age()]).is_settled(), "{wait:?}");
    }
    let mut busy = with(vec![age()]);
    let service = Service {
        version: 1,
        arn: reader("api", &[]).service.arn,
        estate: ESTATE.to_owned(),
        turn: "t".to_owned(),
        owner: None,
    };
    busy.steps.push(Step::Free(service));
    assert!(!busy.is_settled());
}

#[test]
fn others_may_have_a_service_again_once_the_turn_is_over() {
    let mut set = Set::of_a_hundred_days();
    set.turn(Stage::Published, |_| {});
    let reader = set.deploy("api", "12:03", Rollout::Completed);
    let service = Service {
        version: 1,
        arn: reader.service.arn.clone(),
        estate: ESTATE.to_owned(),
        turn: "t".to_owned(),
        owner: None,
    };
    let entry = Entry::Service(service.clone());
    set.entries.insert(service.arn.clone(), Kept::new(entry));
    let plan = set.plan("12:10");
    let [Step::Free(freed), Step::Settle { .. }] = plan.steps.as_slice() else {
        panic!("{plan:?}");
    };
    assert_eq!(*freed, service);
}

#[test]
fn who_reads_an_object_whole_reads_each_of_its_keys_and_who_reads_one_only_that() {
    let of = |text: &str| Reference {
        name: name(text),
        pinned: None,
    };
    for (read, secret, is_of) in [
        ("shop/app", "shop/app", true),
        ("shop/app", "shop/app#token", true),
        ("shop/app#token", "shop/app", true),
        ("shop/app#token", "shop/app#token", true),
        ("shop/app#agent", "shop/app#token", false),
        ("shop/other", "shop/app", false),
    ] {
        let secret: SecretName = name(secret);
        assert_eq!(of(read).is_of(&secret), is_of, "{read} {secret}");
    }
}

#[test]
fn a_service_without_any_deployment_has_it_only_if_nothing_runs() {
    let patience = SignedDuration::from_mins(30);
    for (running, state) in [(0, Rolled::Yes), (2, Rolled::NotYet)] {
        let mut reader = reader("api", &[URL]);
        (reader.service.deployment, reader.service.running) = (None, running);
        let found = rolled(&reader, at("12:02"), patience, at("12:05"), false);
        assert_eq!(found, state, "{running}");
    }
}

#[test]
fn a_service_that_has_no_task_and_wants_none_has_nothing_to_replace() {
    let patience = SignedDuration::from_mins(30);
    for (desired, running, pending) in [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)] {
        let mut reader = reader("api", &[URL]);
        let service = &mut reader.service;
        (service.desired, service.running, service.pending) = (desired, running, pending);
        let found = rolled(&reader, at("12:02"), patience, at("12:05"), false);
        let none = desired + running + pending == 0;
        assert_eq!(found == Rolled::Yes, none, "{desired} {running} {pending}");
    }
}
