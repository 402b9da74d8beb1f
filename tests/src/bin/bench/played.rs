//! What looks, sleeps and wakes, evenings and mornings cost, on the local AWS, which the functions
//! reach through TLS as they would reach AWS.

mod cold;
mod cost;
mod large;
mod player;
mod production;
mod staging;

use std::time::Duration;

use anyhow::{Context as _, Result};
use jiff::civil::{Date, Weekday};
use jiff::{Timestamp, ToSpan as _};
use nightshift::holidays;

pub(crate) use self::cold::ColdLook;
pub(crate) use self::cost::{Cost, Measured, busy};
pub(crate) use self::large::{Large, create_table};
pub(crate) use self::production::{Nights, play as play_production};
pub(crate) use self::staging::{Played, play as play_staging};

/// A database shows for so many looks that it is on its way: as many minutes, one look in each.
pub(crate) const LOOKS: u32 = 5;

/// So long until a function's budgets of calls have what a minute would give them.
const REFILL: Duration = Duration::from_millis(500);

/// The first Tuesday of three working days in a row that are yet to come.
#[expect(
    clippy::disallowed_methods,
    reason = "what is played lies in the future of the machine's time"
)]
fn three_working_days() -> Result<Date> {
    let today = Timestamp::now().in_tz("Asia/Tokyo")?.date();
    let is_off = |date: Date| {
        (date.month(), date.day()) >= (12, 28)
            || (date.month(), date.day()) <= (1, 4)
            || holidays::japan(date).is_some()
    };
    today
        .series(1.day())
        .skip(8)
        .take(100)
        .find(|date| {
            let days = [0, 1, 2].map(|days: i64| date.saturating_add(days.days()));
            date.weekday() == Weekday::Tuesday && !days.into_iter().any(is_off)
        })
        .context("no three working days in a quarter of a year")
}
