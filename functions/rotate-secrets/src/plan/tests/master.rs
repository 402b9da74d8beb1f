//! A master password's turn: the database is waited for, and what may be lost is never given up
//! quietly.

use nightshift::{
    kind::DatabaseState,
    ledger::rotation::{Cause, Order, Stage},
    report::{
        Severity,
        rotation::{Former, Rotation},
    },
};

use super::made::{Set, URL, document, name};
use crate::plan::{Plan, Step, Wait};

/// The URL is a master password's, and its turn is at this stage.
fn master(stage: Stage, cause: Option<Cause>) -> Set {
    let mut set = Set::of_a_hundred_days();
    set.rotator = document(
        "    /shop/DATABASE_URL: { kind: rds-master, every: 90d, database: main }\n    /shop/KEY: { kind: random, every: 180d }\n",
    );
    set.snapshot.readers.clear();
    set.turn(stage, |turn| {
        turn.user = None;
        turn.cause = cause;
    });
    set
}

fn unproven() -> Cause {
    Cause::Unproven {
        database: "main".to_owned(),
        code: "28P01".to_owned(),
    }
}

fn state(set: &mut Set, state: DatabaseState) {
    set.snapshot.databases.insert("main".to_owned(), Ok(state));
}

/// The stage and the cause that the turn is brought to; none where it ends.
fn saved(plan: &Plan) -> Option<(Stage, Option<Cause>)> {
    plan.steps.iter().find_map(|step| match step {
        Step::Save(secret) if secret.name == name(URL) => {
            let turn = secret.turn.as_ref()?;
            Some((turn.stage, turn.cause.clone()))
        }
        _ => None,
    })
}

#[test]
fn while_the_database_is_busy_a_password_is_neither_made_nor_put_back() {
    for stage in [Stage::Begun, Stage::Tested, Stage::Reverting] {
        let mut set = master(stage, None);
        assert_eq!(set.plan("12:05").steps.len(), 1, "{stage:?}");
        for busy in [DatabaseState::Occupied, DatabaseState::Changing] {
            state(&mut set, busy);
            let plan = set.plan("12:05");
            assert_eq!(plan.steps, [], "{stage:?}");
            let wait = Wait::Database {
                name: "main".to_owned(),
                state: Some(busy),
            };
            assert_eq!(plan.waits[0], (name(URL), wait), "{stage:?}");
        }
    }
}

#[test]
fn a_password_that_did_not_prove_itself_in_time_is_given_up_as_such_however_busy_the_database_is() {
    let mut set = master(Stage::Begun, Some(unproven()));
    state(&mut set, DatabaseState::Occupied);
    assert_eq!(set.plan("12:30").steps, []);
    let plan = set.plan("12:31");
    let Some(Step::Settle { secrets, told }) = plan.steps.first() else {
        panic!("{plan:?}");
    };
    assert_eq!(secrets[0].last.as_ref().unwrap().undone, Some(unproven()));
    assert!(
        matches!(&**told, Rotation::GivenUp { cause, .. } if *cause == unproven()),
        "{told:?}"
    );
    assert_eq!(told.severity(), Severity::Alert);
}

#[test]
fn of_a_master_password_nothing_is_left_to_end_later() {
    let set = master(Stage::Published, None);
    let plan = set.plan("12:05");
    let [Step::Settle { secrets, told }] = plan.steps.as_slice() else {
        panic!("{plan:?}");
    };
    assert_eq!(secrets[0].former.as_ref().unwrap().ends, None);
    let Rotation::Rotated { secrets, .. } = &**told else {
        panic!("{told:?}");
    };
    assert_eq!(secrets[0].former, Former::Ended);
}

#[test]
fn who_takes_it_back_gets_the_former_password_where_another_may_be_in_force() {
    let asked = Cause::Asked {
        who: "mika".to_owned(),
        reason: "because".to_owned(),
    };
    for (cause, wanted) in [
        (Some(unproven()), Some((Stage::Reverting, Some(asked)))),
        (None, None),
    ] {
        let mut set = master(Stage::Begun, cause);
        set.ask(URL, Order::Revert);
        assert_eq!(saved(&set.plan("12:05")), wanted);
    }
}
