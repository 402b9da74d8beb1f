//! What people may answer when an estate is about to go to sleep: two later hours, or as planned.
//! A reaction is a clock's face, so that it says by itself until when.

use jiff::{SignedDuration, Timestamp, Zoned, civil::Time, tz::TimeZone};

/// The reaction that says that nothing is to change.
pub const AS_PLANNED: &str = "x";

/// A later hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Slack's name of the reaction: `clock10`.
    pub reaction: String,
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
            at.round(jiff::ZonedRound::new().smallest(jiff::Unit::Minute).increment(30))
                .ok()
        })
    };
    later
        .into_iter()
        .flatten()
        .map(|at| Choice {
            reaction: face(&at),
            until: at.timestamp(),
        })
        .collect()
}

/// The clock's face that shows an hour or a half.
fn face(at: &Zoned) -> String {
    let hour = match at.hour() % 12 {
        0 => 12,
        hour => hour,
    };
    let half = if at.minute() == 30 { "30" } else { "" };
    format!("clock{hour}{half}")
}

#[cfg(test)]
mod tests {
    use super::*;

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
            ("2026-11-20T22:00", ("clock12", "21 00:00"), ("clock2", "21 02:00")),
            ("2026-11-20T23:30", ("clock130", "21 01:30"), ("clock330", "21 03:30")),
            ("2026-11-21T03:00", ("clock5", "21 05:00"), ("clock7", "21 07:00")),
        ] {
            let expected = [first, second].map(|(face, at)| (face.to_owned(), at.to_owned()));
            assert_eq!(offered(bedtime), expected, "{bedtime}");
        }
    }
}
