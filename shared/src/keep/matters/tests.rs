use jiff::tz::TimeZone;

use super::*;
use crate::{
    calendar::CalendarSpec,
    config,
    ledger::{Order, Phase, VERSION, Wake},
    report::Deed,
};

fn now() -> Timestamp {
    "2026-11-20T12:00:00+09:00".parse().unwrap()
}

fn minutes(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

fn in_minutes(length: i64) -> Timestamp {
    now() + minutes(length)
}

/// What lasted at the look before, since so many minutes and told or not.
fn before(known: &[(&str, i64, bool)]) -> BTreeMap<String, Matter> {
    let matter = |since: i64, told: bool| Matter {
        since: in_minutes(-since),
        told: told.then(|| in_minutes(-since)),
    };
    known
        .iter()
        .map(|(key, since, told)| ((*key).to_owned(), matter(*since, *told)))
        .collect()
}

fn matters(known: &[(&str, i64, bool)]) -> Matters {
    Matters::new(&before(known), now())
}

fn would(_: Timestamp) -> News {
    News::Would { steps: Vec::new() }
}

fn keys(matters: &Matters) -> Vec<&str> {
    matters
        .to_tell()
        .iter()
        .map(|(key, _)| key.as_str())
        .collect()
}

fn failure(code: &str, denied: bool) -> Failure {
    Failure {
        resource: "arn:aws:rds:r:1:db:main".to_owned(),
        action: "rds:StopDBInstance".to_owned(),
        code: code.to_owned(),
        message: "no".to_owned(),
        denied,
    }
}

#[test]
fn a_matter_is_told_once_it_has_lasted_long_enough_and_not_twice() {
    for (since, told, expected) in [
        (9, false, false),
        (10, false, true),
        (11, false, true),
        (60, true, false),
    ] {
        let mut matters = matters(&[("it", since, told)]);
        matters.tell("it", minutes(10), would);
        matters.tell("it", minutes(10), would);
        let expected: &[&str] = if expected { &["it"] } else { &[] };
        assert_eq!(keys(&matters), expected, "{since} {told}");
    }
}

#[test]
fn what_lasts_has_lasted_since_it_was_first_noted() {
    let mut matters = matters(&[("old", 7, false)]);
    assert_eq!(matters.note("old"), in_minutes(-7));
    assert_eq!(matters.note("new"), now());
    assert!(matters.lasts("old") && matters.lasts("new") && !matters.lasts("other"));
    matters.end("old");
    assert!(!matters.lasts("old"));
    assert!(matters.is_known("old") && !matters.is_known("new"));
}

#[test]
fn what_is_over_is_forgotten_and_what_was_told_is_written_down_with_its_instant() {
    let mut matters = matters(&[("over", 7, true), ("kept", 7, true), ("told", 7, false)]);
    matters.keep("kept");
    matters.keep("never noted");
    matters.tell("told", SignedDuration::ZERO, would);
    assert!(matters.is_told("kept") && matters.is_told("over"));
    assert!(!matters.is_told("told") && !matters.is_told("other"));
    let after = matters.after_telling(&["told".to_owned(), "other".to_owned()]);
    let told: Vec<(&str, Option<Timestamp>)> = after
        .iter()
        .map(|(key, matter)| (key.as_str(), matter.told))
        .collect();
    assert_eq!(
        told,
        [("kept", Some(in_minutes(-7))), ("told", Some(now()))]
    );
    assert_eq!(after["told"].since, in_minutes(-7));
}

#[test]
fn on_the_way_what_was_told_of_some_kinds_stays_told() {
    let mut matters = matters(&[
        ("stuck/a", 7, true),
        ("stuck/b", 7, false),
        ("other/a", 7, true),
    ]);
    matters.keep_what_was_told(&["stuck/", "dark/"]);
    assert!(matters.lasts("stuck/a"));
    assert!(!matters.lasts("stuck/b") && !matters.lasts("other/a"));
}

#[test]
fn nothing_is_over_for_what_cannot_be_read_for_a_moment() {
    let unread = failure("Throttling", false);
    let key = unread_key(&unread);
    for (since, outlasts) in [(0, true), (9, true), (10, false), (30, false)] {
        let mut matters = matters(&[(&key, since, false), ("other", 60, true)]);
        matters.tell_of_what_cannot_be_read(std::slice::from_ref(&unread));
        matters.outlast(std::slice::from_ref(&unread));
        assert_eq!(matters.lasts("other"), outlasts, "{since}");
    }
    let mut matters = matters(&[("other", 60, true)]);
    matters.outlast(&[]);
    assert!(!matters.lasts("other"), "everything was read");
}

#[test]
fn of_one_resource_each_call_that_fails_is_a_matter_and_of_one_call_each_resource() {
    let denied = failure("AccessDenied", true);
    let another_call = Failure {
        action: "rds:DescribeDBInstances".to_owned(),
        ..denied.clone()
    };
    let another_resource = Failure {
        resource: "arn:aws:rds:r:1:db:reports".to_owned(),
        ..denied.clone()
    };
    let mut matters = matters(&[]);
    matters.tell_of_what_cannot_be_read(&[denied, another_call, another_resource]);
    assert_eq!(matters.to_tell().len(), 3, "{:?}", matters.to_tell());
}

#[test]
fn what_cannot_be_read_is_told_at_once_where_it_will_not_pass_by_itself() {
    for (code, denied, since, told) in [
        ("Throttling", false, 9, false),
        ("Throttling", false, 10, true),
        ("AccessDenied", true, 0, true),
        ("ClusterNotFoundException", false, 0, true),
    ] {
        let unread = failure(code, denied);
        let mut matters = matters(&[(&unread_key(&unread), since, false)]);
        matters.tell_of_what_cannot_be_read(&[unread]);
        assert_eq!(!matters.to_tell().is_empty(), told, "{code} {since}");
    }
}

#[test]
fn an_order_is_told_with_who_gave_it_and_a_deployments_as_one() {
    let order = |deployment| Override {
        version: VERSION,
        order: Order::Hold,
        until: in_minutes(60),
        by: "tanaka".to_owned(),
        reason: "load test".to_owned(),
        set_at: now(),
        deployment,
    };
    let mut by_hand = matters(&[]);
    by_hand.tell_of_the_order(&order(false));
    by_hand.tell_of_the_order(&order(false));
    assert!(matches!(
        by_hand.to_tell(),
        [(_, News::Overridden { who, reason, .. })] if who == "tanaka" && reason == "load test"
    ));
    let mut deployed = matters(&[]);
    deployed.tell_of_the_order(&order(true));
    assert!(matches!(
        deployed.to_tell(),
        [(_, News::DeploymentWoke { .. })]
    ));
}

#[test]
fn a_release_is_told_once_and_known_at_the_next_look() {
    let mut matters = matters(&[]);
    matters.tell_of_the_release(vec!["api".to_owned()]);
    assert!(
        matches!(matters.to_tell(), [(_, News::Released { resources })] if resources == &["api"])
    );
    let mut record = EstateRecord::new(now());
    assert!(!is_being_released(&record));
    record.matters = matters.after_telling(&[]);
    assert!(is_being_released(&record));
}

#[test]
fn rivals_are_told_to_those_who_claim() {
    let rivalry = Rivalry {
        estates: vec!["a".to_owned(), "b".to_owned()],
        keeper: None,
    };
    let rivals = BTreeMap::from([(Arn::new("arn:aws:rds:r:1:db:main"), rivalry)]);
    for (name, told) in [("a", 1), ("b", 1), ("c", 0)] {
        let mut matters = matters(&[]);
        matters.tell_of_rivals(name, &rivals);
        assert_eq!(matters.to_tell().len(), told, "{name}");
    }
}

#[test]
fn what_the_document_names_and_nobody_has_is_told_when_it_stays_away() {
    for (since, told) in [(9, 0), (10, 1)] {
        let mut matters = matters(&[("missing/api", since, false)]);
        let row = matters.tell_of_the_missing("api");
        assert_eq!(
            (row.name.as_str(), row.waits_for),
            ("api", Some(Cause::Missing))
        );
        assert_eq!(matters.to_tell().len(), told, "{since}");
    }
}

#[test]
fn an_entry_is_forgotten_when_two_listings_lack_its_resource_and_people_know() {
    let arn = Arn::new("arn:aws:rds:r:1:db:main");
    let key = format!("gone/{arn}");
    for (case, known, open, held, expected) in [
        (
            "first seen",
            None,
            true,
            false,
            Gone::LookAgain(in_minutes(10)),
        ),
        (
            "too soon",
            Some((9, false)),
            true,
            false,
            Gone::LookAgain(in_minutes(1)),
        ),
        (
            "not told yet",
            Some((10, false)),
            true,
            false,
            Gone::LookAgain(in_minutes(1)),
        ),
        ("told", Some((11, true)), true, false, Gone::Forget),
        (
            "held",
            Some((11, true)),
            true,
            true,
            Gone::LookAgain(in_minutes(1)),
        ),
        (
            "nothing to lose",
            Some((10, false)),
            false,
            false,
            Gone::Forget,
        ),
    ] {
        let known: Vec<(&str, i64, bool)> = known
            .into_iter()
            .map(|(since, told)| (key.as_str(), since, told))
            .collect();
        let mut matters = matters(&known);
        assert_eq!(
            matters.tell_of_the_gone(&arn, Some(2), open, held),
            expected,
            "{case}"
        );
        assert_eq!(
            !matters.to_tell().is_empty(),
            case == "not told yet",
            "{case}"
        );
    }
}

#[test]
fn an_opening_that_is_noted_is_what_the_lead_goes_on_to() {
    let company = "version: 1\ntime_zone: Asia/Tokyo";
    let company = config::company("company", company).unwrap();
    let spec: CalendarSpec =
        serde_json::from_str(r#"{ "hours": { "monday-friday": "13:00-18:00" } }"#).unwrap();
    let zone = TimeZone::get("Asia/Tokyo").unwrap();
    let calendar = Calendar::new(&spec, &company.holidays, zone);
    let wanted = |why| Wanted {
        state: Some(State::Awake),
        why,
        until: None,
    };
    let mut released = matters(&[]);
    released.note_the_opening(&wanted(Why::Released), &calendar);
    assert!(
        released.after_telling(&[]).is_empty(),
        "no calendar woke it"
    );
    let mut open = Matters::new(&BTreeMap::new(), in_minutes(90));
    open.note_the_opening(&wanted(Why::Calendar), &calendar);
    assert!(open.after_telling(&[]).is_empty(), "it is open already");
    let mut early = matters(&[]);
    early.note_the_opening(&wanted(Why::Calendar), &calendar);
    let mut record = EstateRecord::at(Phase::ToWake, now());
    let untaught = minutes(20);
    assert_eq!(lead(&record, untaught, now()), untaught);
    record.matters = early.after_telling(&[]);
    assert_eq!(
        lead(&record, untaught, now()),
        minutes(60),
        "to the opening"
    );
    assert_eq!(lead(&record, untaught, in_minutes(50)), untaught);
    record.remember(Wake {
        began: now(),
        seconds: 4000,
        database_seconds: None,
    });
    let learned = SignedDuration::from_secs(4000 + 800 + 120);
    assert_eq!(lead(&record, untaught, now()), learned);
}

#[test]
fn a_resource_is_told_from_others_by_what_follows_its_account() {
    let arn = Arn::new("arn:aws:ecs:r:1:service/staging/api");
    assert_eq!(short(&arn), "service/staging/api");
    assert_eq!(short(&Arn::new("main")), "main");
}

fn plan(known: &[(&str, i64, bool)]) -> Plan<Deed> {
    Plan {
        wanted: Wanted {
            state: Some(State::Asleep),
            why: Why::Calendar,
            until: None,
        },
        deployment_order: None,
        chains: Vec::new(),
        rows: Vec::new(),
        matters: matters(known),
        moments: Vec::new(),
        record: EstateRecord::new(now()),
        ready: false,
        settled: false,
        due: None,
    }
}

#[test]
fn a_refusal_that_passes_by_itself_is_waited_for_and_told_as_such() {
    for code in REFUSED {
        let mut plan = plan(&[]);
        failed(&mut plan, &[failure(code, false)]);
        let [
            (
                _,
                News::NotYet {
                    resource,
                    cause,
                    again_at,
                    ..
                },
            ),
        ] = plan.matters.to_tell()
        else {
            panic!("{code}: {:?}", plan.matters.to_tell());
        };
        let refused = Cause::Refused {
            code: code.to_owned(),
        };
        assert_eq!((resource.as_str(), cause), ("main", &refused));
        assert_eq!(*again_at, in_minutes(60));
    }
}

#[test]
fn a_missing_permission_is_told_at_once_and_any_other_failure_when_it_lasts() {
    let key = "fails/arn:aws:rds:r:1:db:main/rds:StopDBInstance";
    for (code, denied, since, told) in [
        (REFUSED[0], true, 0, true),
        ("AccessDenied", true, 0, true),
        ("Throttling", false, 0, false),
        ("Throttling", false, 9, false),
        ("Throttling", false, 10, true),
    ] {
        let mut plan = plan(&[(key, since, false)]);
        failed(&mut plan, &[failure(code, denied)]);
        let fails = matches!(plan.matters.to_tell(), [(_, News::ChangeFails { .. })]);
        assert_eq!(fails, told, "{code} {since}");
    }
}
