//! AWS's instants as the calendar's.

use jiff::Timestamp;

/// The same instant, to the second; none if it lies outside the calendar.
#[must_use]
pub fn from_aws(time: &aws_smithy_types::DateTime) -> Option<Timestamp> {
    Timestamp::from_second(time.secs()).ok()
}
