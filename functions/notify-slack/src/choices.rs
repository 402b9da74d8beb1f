//! What people may answer when an estate is about to go to sleep: two later hours, or as planned.
//! A reaction is a clock's face, so that it says by itself until when.

use jiff::{SignedDuration, Timestamp, Zoned, civil::Time, tz::TimeZone};

use crate::{
    draft::Draft,
    render::{self, Bedtime},
    scene::Scene,
    signal::{GoesToSleep, Signal},
};

/// The reaction that says that nothing is to change.
pub const AS_PLANNED: &str = "x";

/// A later hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Slack's name of the reaction: `clock10`.
    pub reaction: String,
    /// The same as people see it: `🕙`.
    pub emoji: String,
    /// Until when the estate stays up.
    pub until: Timestamp,
}

/// Two later hours: 22:00 and midnight where the estate goes to sleep before, two and four hours
/// later where it does not.
#[must_use]
pub fn choices(bedtime: Timestamp, zone: &TimeZone) -> Vec<Choice> {
    let local = bedtime.to_zoned(zone.clone());
    let evening = |hour: i8| local.date().at(hour, 0, 0, 0).to_zoned(zone.clone()).ok();
    let midnight = local
        .date()
        .tomorrow()
        .ok()
        .and_then(|day| day.to_zoned(zone.clone()).ok());
    let noon = Time::constant(12, 0, 0, 0);
    let is_early = local.time() >= noon && evening(22).is_some_and(|ten| local < ten);
    let later = if is_early {
        [evening(22), midnight]
    } else {
        [2, 4].map(|hours| {
            let at = local.checked_add(SignedDuration::from_hours(hours)).ok()?;
            at.round(
                jiff::ZonedRound::new()
                    .smallest(jiff::Unit::Minute)
                    .increment(30),
            )
            .ok()
        })
    };
    later
        .into_iter()
        .flatten()
        .map(|at| {
            let (reaction, emoji) = face(&at);
            Choice {
                reaction,
                emoji,
                until: at.timestamp(),
            }
        })
        .collect()
}

/// The clock's face that shows an hour or a half: Slack's name of it, and the character.
fn face(at: &Zoned) -> (String, String) {
    let hour = match at.hour().unsigned_abs() % 12 {
        0 => 12,
        hour => hour,
    };
    // Unicode has the twelve hours in a row from one o'clock on, and the halves after them.
    let (half, first) = if at.minute() == 30 {
        ("30", 0x1_f55c_u32)
    } else {
        ("", 0x1_f550)
    };
    let emoji = char::from_u32(first + u32::from(hour) - 1).map(String::from);
    (format!("clock{hour}{half}"), emoji.unwrap_or_default())
}

/// The notice, with the reactions to choose from; with the command where none can be read.
#[must_use]
pub fn notice(
    signal: &Signal,
    goes: &GoesToSleep,
    choices: &[Choice],
    can_react: bool,
    scene: &Scene<'_>,
) -> Draft {
    let shown = shown(choices);
    let function = sleeper(scene.function);
    let function = (!can_react).then_some(function.as_str());
    render::bedtime(&Bedtime::of(signal, goes, &shown, function), scene)
}

/// What can be chosen, as it is drawn.
#[must_use]
pub fn shown(choices: &[Choice]) -> Vec<render::Choice<'_>> {
    let later = choices.iter().map(|choice| render::Choice {
        emoji: &choice.emoji,
        until: Some(choice.until),
    });
    let as_planned = render::Choice {
        emoji: "❌",
        until: None,
    };
    later.chain([as_planned]).collect()
}

/// The name of the function that takes the order, in the same stack as this one.
fn sleeper(function: &str) -> String {
    let stack = function
        .strip_suffix(crate::plan::FUNCTION)
        .unwrap_or_default();
    format!("{stack}power-staging")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reaction_looks_like_the_hour_that_it_stands_for() {
        let zone = TimeZone::UTC;
        for (hour, minute, name, emoji) in [
            (22, 0, "clock10", "🕙"),
            (0, 0, "clock12", "🕛"),
            (13, 0, "clock1", "🕐"),
            (1, 30, "clock130", "🕜"),
            (12, 30, "clock1230", "🕧"),
        ] {
            let at = jiff::civil::date(2026, 11, 20).at(hour, minute, 0, 0);
            let at = at.to_zoned(zone.clone()).unwrap();
            assert_eq!(face(&at), (name.to_owned(), emoji.to_owned()));
        }
    }

    fn offered(bedtime: &str) -> Vec<(String, String)> {
        let zone = TimeZone::get("Asia/Tokyo").unwrap();
        let at = bedtime.parse::<jiff::civil::DateTime>().unwrap();
        let at = at.to_zoned(zone.clone()).unwrap().timestamp();
        choices(at, &zone)
            .into_iter()
            .map(|choice| {
                let until = choice.until.to_zoned(zone.clone());
                (choice.reaction, until.strftime("%d %H:%M").to_string())
            })
            .collect()
    }

    #[test]
    fn whoever_goes_to_sleep_in_the_evening_may_stay_up_until_ten_or_midnight() {
        for bedtime in ["2026-11-20T19:00", "2026-11-20T21:59", "2026-11-20T12:00"] {
            assert_eq!(
                offered(bedtime),
                [
                    ("clock10".to_owned(), "20 22:00".to_owned()),
                    ("clock12".to_owned(), "21 00:00".to_owned())
                ],
                "{bedtime}"
            );
        }
    }

    #[test]
    fn whoever_goes_to_sleep_later_may_stay_up_two_or_four_hours_more() {
        for (bedtime, first, second) in [
            (
                "2026-11-20T22:00",
                ("clock12", "21 00:00"),
                ("clock2", "21 02:00"),
            ),
            (
                "2026-11-20T23:30",
                ("clock130", "21 01:30"),
                ("clock330", "21 03:30"),
            ),
            (
                "2026-11-21T03:00",
                ("clock5", "21 05:00"),
                ("clock7", "21 07:00"),
            ),
        ] {
            let expected = [first, second].map(|(face, at)| (face.to_owned(), at.to_owned()));
            assert_eq!(offered(bedtime), expected, "{bedtime}");
        }
    }
}
