//! The order between kinds is the table's to say: by another table, the same estate is put to sleep
//! and woken in another order.

use nightshift::kind::{ORDER, Rows};

use super::*;
use crate::plan::plan_by;

const TURNED: &Rows = &[
    &[Kind::RdsInstance, Kind::AuroraCluster],
    &[Kind::EcsService],
];
const TOGETHER: &Rows = &[&[Kind::AuroraCluster, Kind::EcsService, Kind::RdsInstance]];
const APART: &Rows = &[
    &[Kind::EcsService],
    &[Kind::RdsInstance],
    &[Kind::AuroraCluster],
];
const BETWEEN: &Rows = &[
    &[Kind::RdsInstance],
    &[Kind::EcsService],
    &[Kind::AuroraCluster],
];

impl Play {
    /// The resources in the order in which the plan by a table comes to them.
    fn met(&self, order: &'static Rows) -> Vec<String> {
        let rows = plan_by(order, &self.view()).rows.into_iter();
        rows.map(|row| row.name).collect()
    }

    /// The resources that the plan by a table changes.
    fn changed(&self, order: &'static Rows) -> Vec<String> {
        let chains = plan_by(order, &self.view()).chains.into_iter();
        chains.map(|chain| chain.arn.name().to_owned()).collect()
    }
}

#[test]
fn the_table_is_walked_forwards_to_sleep_and_backwards_to_wake() {
    let mut play = Estate::usual().at(BEDTIME);
    assert_eq!(play.met(ORDER), ["api", "web", "db"]);
    assert_eq!(play.met(TURNED), ["db", "api", "web"]);
    play.order(Order::Hold, minutes(60));
    assert_eq!(play.met(ORDER), ["api", "web", "db"]);
    assert_eq!(play.met(TURNED), ["db", "api", "web"]);
    play.order(Order::Wake, minutes(60));
    assert_eq!(play.met(ORDER), ["db", "api", "web"]);
    assert_eq!(play.met(TURNED), ["api", "web", "db"]);
}

#[test]
fn a_row_sleeps_when_what_runs_in_the_rows_before_it_is_asleep() {
    let mut play = Estate::usual().with_aurora("aurora").at(BEDTIME);
    assert_eq!(play.changed(ORDER), ["api", "web"]);
    assert_eq!(play.changed(TOGETHER), ["api", "web", "db", "aurora"]);
    play.set("api", 0);
    play.set("web", 0);
    assert_eq!(play.changed(ORDER), ["db", "aurora"]);
    assert_eq!(play.changed(APART), ["db"]);
    play.turn("db", DatabaseState::Stopped, "stopped");
    assert_eq!(play.changed(APART), ["aurora"]);
}

#[test]
fn a_service_wakes_when_the_rows_behind_it_are_usable() {
    let mut play = Estate::usual().with_aurora("aurora").asleep();
    play.turn_to(WAKING_TIME);
    assert_eq!(play.changed(ORDER), ["db", "aurora"]);
    assert_eq!(play.changed(TOGETHER), ["api", "web", "db", "aurora"]);
    play.turn("aurora", DatabaseState::Available, "available");
    assert_eq!(play.changed(ORDER), ["db", "aurora"]);
    assert_eq!(play.changed(BETWEEN), ["aurora", "api", "web", "db"]);
}

#[test]
fn a_service_does_not_wait_for_what_nobody_sees_unless_it_stands_behind_it() {
    let mut play = Estate::usual().asleep();
    play.turn_to(WAKING_TIME);
    play.world.snapshot.databases.clear();
    assert_eq!(play.changed(ORDER), Vec::<String>::new());
    assert_eq!(play.changed(BETWEEN), ["api", "web"]);
}
