use jiff::tz::TimeZone;

use super::*;
use crate::{
    calendar::CalendarSpec,
    config,
    kind::Kind,
    ledger::{Phase, VERSION},
};

/// A step that only says what it is.
#[derive(Debug, PartialEq)]
enum Power {
    Stop,
    Start,
}

impl Step for Power {
    fn deed(&self, arn: &Arn) -> Deed {
        let arn = arn.clone();
        match self {
            Self::Stop => Deed::Stop { arn },
            Self::Start => Deed::Start { arn },
        }
    }

    fn waits_for_nobody(&self) -> bool {
        *self == Self::Start
    }
}

/// A Friday.
fn noon() -> Timestamp {
    jst("2026-11-20T12:00")
}

fn jst(time: &str) -> Timestamp {
    format!("{time}:00+09:00").parse().unwrap()
}

fn arn(name: &str) -> Arn {
    Arn::new(format!("arn:aws:rds:r:1:db:{name}"))
}

fn order(order: Order, deployment: bool) -> Override {
    Override {
        version: VERSION,
        order,
        until: noon() + SignedDuration::from_mins(30),
        by: "tanaka".to_owned(),
        reason: "load test".to_owned(),
        set_at: noon(),
        deployment,
    }
}

fn row(name: &str) -> Row {
    Row {
        arn: Some(arn(name)),
        name: name.to_owned(),
        kind: Some(Kind::RdsInstance),
        wanted: Some(State::Asleep),
        actual: "available".to_owned(),
        settled: true,
        saved_count: None,
        since: None,
        waits_for: None,
    }
}

/// A plan that stops databases `a` and `b`, and has nothing to do with `c`.
fn plan() -> Plan<Power> {
    let stop = |name| Chain {
        arn: arn(name),
        kind: Kind::RdsInstance,
        steps: vec![Power::Stop],
    };
    Plan {
        wanted: Wanted {
            state: Some(State::Asleep),
            why: Why::Calendar,
            until: None,
        },
        deployment_order: Some(order(Order::Hold, true)),
        chains: vec![stop("a"), stop("b")],
        rows: vec![row("a"), row("b"), row("c")],
        matters: Matters::new(&BTreeMap::new(), noon()),
        moments: Vec::new(),
        record: EstateRecord::at(Phase::ToSleep, noon()),
        ready: false,
        settled: true,
        due: Some(noon()),
    }
}

#[test]
fn a_plan_is_told_step_by_step_and_what_it_orders_first() {
    let deeds = plan().deeds();
    assert!(
        matches!(&deeds[0], Deed::WakeForDeployment { deployment, .. } if deployment == "load test")
    );
    assert_eq!(
        deeds[1..],
        [Deed::Stop { arn: arn("a") }, Deed::Stop { arn: arn("b") }]
    );
}

#[test]
fn what_lasts_is_told_once_all_news_were_told_and_else_the_record_is_the_plans() {
    let mut plan = plan();
    plan.matters.note("draining");
    plan.matters
        .tell("gone", SignedDuration::ZERO, |_| News::Gone {
            resource: "a".to_owned(),
            saved: None,
        });
    let record = plan.record_with_all_told();
    let told: Vec<_> = record
        .matters
        .iter()
        .map(|(key, matter)| (key.as_str(), matter.told))
        .collect();
    assert_eq!(told, [("draining", None), ("gone", Some(noon()))]);
    let rest = EstateRecord {
        matters: BTreeMap::new(),
        ..record
    };
    assert_eq!(rest, plan.record);
}

#[test]
fn a_report_shows_the_plan_before_anything_was_done() {
    let plan = plan();
    let report = plan.report("staging", noon());
    assert_eq!(
        (report.estate.as_str(), report.phase),
        ("staging", Phase::ToSleep)
    );
    assert_eq!((&report.resources, report.next), (&plan.rows, plan.due));
    assert!(report.settled && !report.ready && report.steps.is_empty());
}

#[test]
fn what_another_function_changes_now_is_left_alone_until_its_time_is_over() {
    let until = noon() + SignedDuration::from_mins(10);
    let owner = Owner {
        function: "another".to_owned(),
        purpose: "shrink".to_owned(),
        until,
    };
    let owners = BTreeMap::from([(arn("a"), owner.clone()), (arn("c"), owner)]);
    let mut kept_off = plan();
    kept_off.keep_off(&owners, noon());
    let left: Vec<&Arn> = kept_off.chains.iter().map(|chain| &chain.arn).collect();
    assert_eq!(left, [&arn("b")]);
    assert!(!kept_off.settled);
    let cause = Cause::Owned {
        function: "another".to_owned(),
        until,
    };
    assert_eq!(kept_off.rows[0].waits_for, Some(cause));
    assert!(!kept_off.rows[0].settled);
    assert_eq!(
        kept_off.rows[1..],
        [row("b"), row("c")],
        "nothing is to be done there"
    );
    for owners in [owners, BTreeMap::new()] {
        let mut free = plan();
        free.keep_off(&owners, until);
        assert_eq!((free.chains.len(), free.settled), (2, true));
    }
}

fn calendar() -> Calendar {
    let company = config::company("company", "version: 1\ntime_zone: Asia/Tokyo").unwrap();
    let spec: CalendarSpec =
        serde_json::from_str(r#"{ "hours": { "monday-friday": "09:00-18:00" } }"#).unwrap();
    Calendar::new(
        &spec,
        &company.holidays,
        TimeZone::get("Asia/Tokyo").unwrap(),
    )
}

fn turns(calendar: &Calendar) -> Turns<'_> {
    Turns {
        calendar,
        lead: SignedDuration::from_mins(20),
        open: State::Awake,
        closed: State::Asleep,
        ordered: |order| (order == Order::Sleep).then_some(State::Asleep),
    }
}

#[test]
fn a_release_outdoes_an_order_an_order_that_holds_the_calendar() {
    let calendar = calendar();
    let turns = turns(&calendar);
    let (sleep, hold) = (order(Order::Sleep, false), order(Order::Hold, true));
    let wanted = turns.wanted(true, Some(&sleep), noon());
    assert_eq!(
        (wanted.state, wanted.why, wanted.until),
        (Some(State::Awake), Why::Released, None)
    );
    let wanted = turns.wanted(false, Some(&sleep), noon());
    assert_eq!(
        (wanted.state, wanted.until),
        (Some(State::Asleep), Some(sleep.until))
    );
    assert!(matches!(wanted.why, Why::Person { who, .. } if who == "tanaka"));
    let wanted = turns.wanted(false, Some(&hold), noon());
    assert_eq!(wanted.state, None);
    assert!(matches!(wanted.why, Why::Deployment { reason, .. } if reason == "load test"));
    let wanted = turns.wanted(false, Some(&sleep), sleep.until);
    assert_eq!(
        (wanted.state, wanted.why),
        (Some(State::Awake), Why::Calendar)
    );
}

#[test]
fn by_the_calendar_an_estate_opens_its_lead_early() {
    let calendar = calendar();
    let turns = turns(&calendar);
    for (at, state, until) in [
        ("2026-11-20T08:39", State::Asleep, "2026-11-20T08:40"),
        ("2026-11-20T08:40", State::Awake, "2026-11-20T18:00"),
        ("2026-11-20T18:00", State::Asleep, "2026-11-23T08:40"),
    ] {
        let wanted = turns.wanted(false, None, jst(at));
        assert_eq!(
            (wanted.state, wanted.until),
            (Some(state), Some(jst(until))),
            "{at}"
        );
    }
}

#[test]
fn the_next_opening_is_the_one_after_the_hours_that_are_open_now() {
    let calendar = calendar();
    let turns = turns(&calendar);
    for (at, opening) in [
        ("2026-11-20T08:00", "2026-11-20T08:40"),
        ("2026-11-20T12:00", "2026-11-23T08:40"),
        ("2026-11-20T20:00", "2026-11-23T08:40"),
    ] {
        assert_eq!(turns.next_opening(jst(at)), Some(jst(opening)), "{at}");
    }
}

#[test]
fn what_only_gives_back_waits_for_no_other_function() {
    let owner = Owner {
        function: "another".to_owned(),
        purpose: "rotate".to_owned(),
        until: noon() + SignedDuration::from_mins(10),
    };
    let mut plan = plan();
    plan.chains[0].steps.push(Power::Start);
    plan.keep_off(&BTreeMap::from([(arn("a"), owner)]), noon());
    assert_eq!((plan.chains.len(), plan.settled), (2, true));
    assert_eq!(plan.rows[0].waits_for, None);
}

#[test]
fn a_step_that_does_not_say_otherwise_waits_for_who_changes_the_resource() {
    struct Stop;
    impl Step for Stop {
        fn deed(&self, arn: &Arn) -> Deed {
            Deed::Stop { arn: arn.clone() }
        }
    }
    assert!(!Stop.waits_for_nobody());
}
