//! When a turn begins, with what, and what holds it back.

use nightshift::{
    kind::{DatabaseState, Rollout},
    ledger::{
        Owner,
        rotation::{BackOff, Order, Stage, Why},
    },
};

use super::made::{ESTATE, KEY, Set, URL, asked, at, days_ago, document, name, published};
use crate::{
    plan::{Plan, Rotation, Step, Wait},
    snapshot::{Controller, Found},
};

/// The secrets whose turn begins, with why.
fn begun(plan: &Plan) -> Vec<(String, Why)> {
    let begun = plan.steps.iter().filter_map(|step| match step {
        Step::Save(secret) => Some((secret.name.to_string(), secret.turn.as_ref()?.why.clone())),
        _ => None,
    });
    begun.collect()
}

fn wait_of(plan: &Plan, secret: &str) -> Option<Wait> {
    let mut waits = plan.waits.iter();
    waits
        .find(|(it, _)| *it == name(secret))
        .map(|(_, wait)| wait.clone())
}

#[test]
fn a_secret_past_its_age_begins_its_turn_with_the_other_user() {
    let plan = Set::of_a_hundred_days().plan("12:00");
    assert_eq!(begun(&plan), [(URL.to_owned(), Why::Age)]);
    let [Step::Save(secret)] = plan.steps.as_slice() else {
        panic!("{plan:?}");
    };
    let turn = secret.turn.as_ref().unwrap();
    assert_eq!(
        (turn.stage, turn.user.as_deref()),
        (Stage::Begun, Some("b"))
    );
    assert_eq!(turn.from, published("7", days_ago(100), Some("a")));
    assert_eq!(plan.due, Some(at("12:00")), "and goes on at once");
    assert!(matches!(wait_of(&plan, KEY), Some(Wait::Age { .. })));
}

#[test]
fn a_secret_that_names_neither_user_begins_with_the_first() {
    let mut set = Set::of_a_hundred_days();
    set.seen(URL).newest.user = Some("postgres".to_owned());
    let plan = set.plan("12:00");
    let Some(Step::Save(secret)) = plan.steps.first() else {
        panic!("{plan:?}");
    };
    assert_eq!(secret.turn.as_ref().unwrap().user.as_deref(), Some("a"));
}

#[test]
fn what_would_follow_within_a_week_and_has_the_same_readers_goes_along() {
    let mut set = Set::of_a_hundred_days();
    set.aged(KEY, days_ago(174));
    let plan = set.plan("12:00");
    assert_eq!(
        begun(&plan),
        [(URL.to_owned(), Why::Age), (KEY.to_owned(), Why::Company)]
    );
    set.aged(KEY, days_ago(172));
    assert_eq!(
        begun(&set.plan("12:00")).len(),
        1,
        "eight days are too long"
    );
    set.aged(KEY, days_ago(174));
    set.reader("api")
        .reads
        .retain(|read| read.name == name(URL));
    assert_eq!(begun(&set.plan("12:00")).len(), 1, "no service reads both");
}

#[test]
fn of_two_that_are_due_without_common_readers_one_waits() {
    let mut set = Set::of_a_hundred_days();
    set.aged(KEY, days_ago(400));
    set.reader("api")
        .reads
        .retain(|read| read.name == name(URL));
    let plan = set.plan("12:00");
    assert_eq!(
        begun(&plan),
        [(KEY.to_owned(), Why::Age)],
        "the oldest goes first"
    );
    assert_eq!(wait_of(&plan, URL), Some(Wait::Others));
    set.ask(URL, Order::Rotate);
    let begun = begun(&set.plan("12:00"));
    assert_eq!(begun.len(), 1);
    assert_eq!(begun[0].0, URL, "but what a person asks for goes before");
}

#[test]
#[expect(clippy::too_many_lines, reason = "one row for each thing")]
fn whatever_speaks_against_it_holds_it_back_and_is_named() {
    type Spoil = fn(&mut Set);
    type Says = fn(&Wait) -> bool;
    let cases: &[(&str, Spoil, Says)] = &[
        (
            "a broken document",
            |set| set.is_whole = false,
            |it| *it == Wait::Document,
        ),
        (
            "no consent",
            |set| set.seen(URL).tag = None,
            |it| *it == Wait::Consent { found: None },
        ),
        (
            "another's consent",
            |set| set.seen(URL).tag = Some("other".to_owned()),
            |it| matches!(it, Wait::Consent { found: Some(other) } if other == "other"),
        ),
        (
            "no adoption",
            |set| set.entry(URL, |entry| entry.adopted = None),
            |it| *it == Wait::Adoption,
        ),
        (
            "a service without consent",
            |set| set.reader("api").service.tag = None,
            |it| matches!(it, Wait::ServiceConsent { service } if service == "api"),
        ),
        (
            "a deployment",
            |set| {
                set.deploy("api", "11:59", Rollout::InProgress);
            },
            |it| matches!(it, Wait::Service { service } if service == "api"),
        ),
        (
            "tasks of an older deployment",
            |set| set.reader("api").service.older = 1,
            |it| matches!(it, Wait::Service { .. }),
        ),
        (
            "tasks that started before the newest version was written",
            |set| {
                let reader = set.reader("api");
                let deployment = reader.service.deployment.as_mut().unwrap();
                deployment.created_at = Some(days_ago(101));
            },
            |it| matches!(it, Wait::OlderTasks { service } if service == "api"),
        ),
        (
            "a database that is modified",
            |set| {
                let changing = Ok(DatabaseState::Changing);
                set.snapshot.databases.insert("main".to_owned(), changing);
            },
            |it| matches!(it, Wait::Database { name, state: Some(DatabaseState::Changing) } if name == "main"),
        ),
        (
            "a database that is backed up",
            |set| {
                let occupied = Ok(DatabaseState::Occupied);
                set.snapshot.databases.insert("main".to_owned(), occupied);
            },
            |it| matches!(it, Wait::Database { .. }),
        ),
        (
            "a database that nobody could read",
            |set| set.snapshot.databases.clear(),
            |it| matches!(it, Wait::Database { state: None, .. }),
        ),
        (
            "sleep",
            |set| set.snapshot.asleep = true,
            |it| *it == Wait::Asleep,
        ),
        (
            "a broken rollout",
            |set| set.broken = Some(at("11:00")),
            |it| matches!(it, Wait::Broken { .. }),
        ),
        (
            "another estate's turn",
            |set| set.elsewhere = Some("blog".to_owned()),
            |it| matches!(it, Wait::Elsewhere { estate } if estate == "blog"),
        ),
        (
            "another function",
            |set| {
                let arn = set.reader("api").service.arn.clone();
                let owner = Owner {
                    function: "power-staging".to_owned(),
                    purpose: "sleep".to_owned(),
                    until: at("12:30"),
                };
                set.owners.insert(arn, owner);
            },
            |it| matches!(it, Wait::Owned { function, .. } if function == "power-staging"),
        ),
        (
            "a controller that we cannot ask",
            |set| set.reader("api").controller = Controller::External,
            |it| matches!(it, Wait::Unrollable { .. }),
        ),
        (
            "a pinned version",
            |set| set.reader("api").reads[0].pinned = Some("5".to_owned()),
            |it| matches!(it, Wait::Pinned { version, .. } if version == "5"),
        ),
        (
            "a back-off",
            |set| {
                set.entry(URL, |entry| {
                    entry.back_off = Some(BackOff {
                        since: days_ago(2),
                        until: at("13:00"),
                    });
                });
            },
            |it| matches!(it, Wait::BackOff { until } if *until == at("13:00")),
        ),
    ];
    for (what, spoil, is_it) in cases {
        let mut set = Set::of_a_hundred_days();
        spoil(&mut set);
        let plan = set.plan("12:00");
        assert_eq!(plan.steps, [], "{what}");
        let wait = wait_of(&plan, URL).unwrap_or_else(|| panic!("{what}: nothing is waited for"));
        assert!(is_it(&wait), "{what}: {wait:?}");
    }
}

#[test]
fn each_wait_that_has_an_end_ends_at_its_instant() {
    fn written(set: &mut Set) {
        set.seen(URL).newest = published("8", at("11:30"), Some("a"));
        set.seen(URL).ours = false;
    }
    fn back_off(set: &mut Set) {
        set.entry(URL, |entry| {
            entry.back_off = Some(BackOff {
                since: at("11:45"),
                until: at("12:00"),
            });
        });
    }
    type Spoil = fn(&mut Set);
    let cases: [(&str, Spoil); 4] = [
        ("an age", |set| set.aged(URL, days_ago(90))),
        ("a back-off", back_off),
        ("a back-off of what somebody wrote", |set| {
            written(set);
            back_off(set);
        }),
        ("another function", |set| {
            let owner = Owner {
                function: "power-staging".to_owned(),
                purpose: "sleep".to_owned(),
                until: at("12:00"),
            };
            let arn = set.reader("api").service.arn.clone();
            set.owners.insert(arn, owner);
        }),
    ];
    for (what, spoil) in cases {
        let mut set = Set::of_a_hundred_days();
        spoil(&mut set);
        let before = set.plan_at(at("12:00") - jiff::SignedDuration::from_secs(1));
        assert_eq!(begun(&before), [], "{what}");
        assert_eq!(begun(&set.plan("12:00")).len(), 1, "{what}");
    }
}

#[test]
fn what_somebody_wrote_is_backed_off_from_only_if_it_is_older_than_the_back_off() {
    for (since, begins) in [("11:29", true), ("11:30", true), ("11:31", false)] {
        let mut set = Set::of_a_hundred_days();
        set.seen(URL).newest = published("8", at("11:30"), Some("a"));
        set.seen(URL).ours = false;
        set.entry(URL, |entry| {
            entry.back_off = Some(BackOff {
                since: at(since),
                until: at("23:00"),
            });
        });
        assert_eq!(!begun(&set.plan("12:00")).is_empty(), begins, "{since}");
    }
}

#[test]
fn a_version_that_is_known_or_older_is_no_new_value() {
    for newest in [
        published("7", days_ago(100), Some("a")),
        published("6", days_ago(101), Some("a")),
    ] {
        let mut set = Set::of_a_hundred_days();
        set.seen(URL).newest = newest;
        set.seen(URL).ours = false;
        assert_eq!(begun(&set.plan("12:00")), [(URL.to_owned(), Why::Age)]);
    }
}

#[test]
fn what_is_asked_of_a_key_that_only_its_issuer_makes_waits_for_nothing_once_it_is_due() {
    let mut set = Set::of_a_hundred_days();
    set.rotator = document("    /shop/DATABASE_URL: { kind: external, every: 90d }\n");
    set.aged(URL, days_ago(90));
    set.ask(URL, Order::Rotate);
    let due = at("12:00");
    assert_eq!(
        wait_of(&set.plan("11:59"), URL),
        Some(Wait::Age { at: due })
    );
    assert_eq!(wait_of(&set.plan("12:00"), URL), None);
}

#[test]
fn what_leaked_is_known_as_such_while_it_waits() {
    for (order, leaked) in [(Order::Leaked, true), (Order::Rotate, false)] {
        let mut set = Set::of_a_hundred_days();
        set.snapshot.asleep = true;
        set.ask(URL, order);
        let plan = set.plan("12:00");
        assert_eq!(plan.leaked.contains(&name(URL)), leaked, "{order:?}");
    }
}

#[test]
fn tasks_from_before_hold_back_only_users_that_take_turns_and_only_where_there_are_any() {
    let old = |set: &mut Set, count| {
        let service = &mut set.reader("api").service;
        (service.desired, service.running) = (count, count);
        service.deployment.as_mut().unwrap().created_at = Some(days_ago(300));
    };
    let mut set = Set::of_a_hundred_days();
    old(&mut set, 2);
    set.aged(KEY, days_ago(200));
    assert_eq!(begun(&set.plan("12:00")), [(KEY.to_owned(), Why::Age)]);
    old(&mut set, 0);
    let begun = begun(&set.plan("12:00"));
    assert!(begun.contains(&(URL.to_owned(), Why::Age)), "{begun:?}");
}

#[test]
fn outside_its_window_nothing_begins_by_itself_and_the_next_opening_is_due() {
    let set = Set::of_a_hundred_days();
    let plan = set.plan("17:00");
    let next = "2026-11-25T10:00:00+09:00".parse().unwrap();
    assert_eq!(wait_of(&plan, URL), Some(Wait::Window { at: Some(next) }));
    assert_eq!(plan.due, Some(next));
    let mut asked = set;
    asked.ask(URL, Order::Leaked);
    assert_eq!(
        begun(&asked.plan("17:00")).len(),
        1,
        "a person needs no window"
    );
}

#[test]
fn a_person_who_asks_ends_the_back_off() {
    let mut set = Set::of_a_hundred_days();
    set.ask(URL, Order::Rotate);
    set.entry(URL, |entry| {
        entry.back_off = Some(BackOff {
            since: days_ago(1),
            until: at("23:00"),
        });
    });
    assert_eq!(begun(&set.plan("12:00")).len(), 1);
}

#[test]
fn a_master_password_that_services_read_is_never_replaced() {
    let mut set = Set::of_a_hundred_days();
    set.rotator =
        document("    /shop/DATABASE_URL: { kind: rds-master, every: 90d, database: main }\n");
    let plan = set.plan("12:00");
    assert_eq!(plan.steps, []);
    let services = vec!["api".to_owned()];
    assert_eq!(wait_of(&plan, URL), Some(Wait::ReadByServices { services }));
    set.snapshot.readers.clear();
    assert_eq!(begun(&set.plan("12:00")).len(), 1);
}

#[test]
fn what_is_not_adopted_or_only_its_issuer_makes_is_reminded_of() {
    let mut set = Set::of_a_hundred_days();
    set.entry(URL, |entry| entry.adopted = None);
    let plan = set.plan("12:00");
    let too_old = |adoptable| Rotation::TooOld {
        secret: name(URL),
        since: days_ago(100),
        adoptable,
    };
    assert_eq!(plan.matters, [too_old(true)]);
    assert_eq!(plan.steps, []);

    let mut set = Set::of_a_hundred_days();
    set.rotator = document("    /shop/DATABASE_URL: { kind: external, every: 90d }\n");
    let plan = set.plan("12:00");
    assert_eq!(
        (plan.steps.as_slice(), plan.matters),
        (&[][..], vec![too_old(false)])
    );
    set.entry(URL, |entry| entry.adopted = None);
    assert_eq!(set.plan("12:00").matters, [too_old(false)]);
}

#[test]
fn a_new_value_of_an_external_secret_is_rolled_out_and_an_older_one_never() {
    let mut set = Set::of_a_hundred_days();
    set.rotator = document("    /shop/DATABASE_URL: { kind: external, every: 90d }\n");
    set.seen(URL).newest = published("8", at("11:30"), None);
    set.seen(URL).ours = false;
    "yuki".clone_into(&mut set.seen(URL).by);
    let plan = set.plan("12:00");
    let by = "yuki".to_owned();
    assert_eq!(
        begun(&plan),
        [(URL.to_owned(), Why::Written { by: by.clone() })]
    );
    let Some(Step::Save(secret)) = plan.steps.first() else {
        panic!("{plan:?}");
    };
    let turn = secret.turn.as_ref().unwrap();
    assert_eq!(turn.stage, Stage::Published, "nothing is left but to roll");
    assert_eq!(turn.from.version, "7", "which is what would come back");

    set.seen(URL).same_as = Some("5".to_owned());
    let plan = set.plan("12:00");
    assert_eq!(plan.steps, []);
    assert_eq!(
        plan.matters,
        [Rotation::OlderValue {
            secret: name(URL),
            version: "5".to_owned(),
            by,
            at: at("11:30"),
        }]
    );
}

#[test]
fn a_url_that_somebody_else_wrote_is_tried_before_anybody_is_rolled() {
    let mut set = Set::of_a_hundred_days();
    set.seen(URL).newest = published("8", at("11:30"), Some("a"));
    set.seen(URL).ours = false;
    let plan = set.plan("12:00");
    let Some(Step::Save(secret)) = plan.steps.first() else {
        panic!("{plan:?}");
    };
    assert_eq!(secret.turn.as_ref().unwrap().stage, Stage::Begun);
    set.entry(URL, |entry| *entry = (**secret).clone());
    assert!(matches!(
        set.plan("12:01").steps.as_slice(),
        [Step::Make(_)]
    ));
}

#[test]
fn what_is_not_there_or_unread_stops_only_itself() {
    let mut set = Set::of_a_hundred_days();
    set.snapshot.secrets.insert(name(KEY), Found::Missing);
    let plan = set.plan("12:00");
    assert_eq!(begun(&plan), [(URL.to_owned(), Why::Age)]);
    assert_eq!(plan.matters, [Rotation::NotThere { secret: name(KEY) }]);
    assert_eq!(wait_of(&plan, KEY), Some(Wait::Unread));
}

#[test]
fn a_former_credential_is_ended_in_its_time_unless_it_is_in_use_again() {
    use nightshift::ledger::rotation::Former;
    let mut set = Set::of_a_hundred_days();
    set.seen(URL).newest = published("8", days_ago(1), Some("b"));
    let former = |user| Former {
        published: published("7", days_ago(100), Some(user)),
        ends: Some(at("12:30")),
        ended: false,
    };
    set.entry(URL, |entry| {
        entry.current = Some(published("8", days_ago(1), Some("b")));
        entry.former = Some(former("a"));
    });
    let before = set.plan("12:00");
    assert_eq!((before.steps.len(), before.due), (0, Some(at("12:30"))));
    assert!(matches!(set.plan("12:30").steps.as_slice(), [Step::End(_)]));
    set.entry(URL, |entry| entry.former = Some(former("b")));
    assert_eq!(set.plan("12:30").steps, [], "the same user");
}

#[test]
fn a_settled_estate_is_due_when_something_is() {
    let mut set = Set::of_a_hundred_days();
    set.aged(URL, days_ago(50));
    let plan = set.plan("12:00");
    assert_eq!(
        (plan.steps.as_slice(), plan.matters.as_slice()),
        (&[][..], &[][..])
    );
    let age = days_ago(50) + jiff::SignedDuration::from_hours(24 * 90);
    assert_eq!(plan.due, Some(age));
    assert_eq!(set.rotator.name, ESTATE);
}

#[test]
fn a_key_that_only_its_issuer_makes_goes_along_with_nobody_also_if_it_was_asked_for() {
    let mut set = Set::of_a_hundred_days();
    set.rotator = document(
        "    /shop/DATABASE_URL: { kind: postgres, every: 90d, users: [a, b], role: r, admin: /shop/ADMIN, database: main }\n    /shop/KEY: { kind: external, every: 12d }\n",
    );
    set.entry(KEY, |entry| entry.asked = Some(asked(Order::Rotate)));
    assert_eq!(begun(&set.plan("12:00")), [(URL.to_owned(), Why::Age)]);
}

/// What nobody can make is not looked at all the time from its age on.
#[test]
fn a_key_of_somebody_elses_that_was_asked_for_and_is_too_old_is_due_at_no_past_instant() {
    let mut set = Set::of_a_hundred_days();
    set.rotator = document("    /shop/KEY: { kind: external, every: 12d }\n");
    set.aged(KEY, days_ago(50));
    set.entry(KEY, |entry| entry.asked = Some(asked(Order::Rotate)));
    let plan = set.plan("12:00");
    assert_eq!((plan.steps.as_slice(), plan.due), (&[][..], None));
    assert_eq!(plan.matters.len(), 1, "it is told as too old");
}
