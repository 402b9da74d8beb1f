//! In which state something is that gets smaller, why, and what is done about it, in English.

use crate::{
    kind::Level,
    ledger::Phase,
    report::{
        Cause, Report, State,
        text::en::{English, code, counted, status_words},
    },
};

impl English<'_> {
    /// The state of an estate in a phase of its nights and days.
    pub(in crate::report::text) fn slim_state(&self, report: &Report) -> String {
        let estate = self.estate();
        let wanted = report.wanted.as_ref();
        let until = wanted
            .filter(|wanted| {
                matches!(
                    (report.phase, wanted.state),
                    (Phase::Day, Some(State::Day)) | (Phase::Night, Some(State::Night))
                )
            })
            .and_then(|wanted| wanted.until)
            .map_or_else(String::new, |until| format!(" until {}", self.until(until)));
        match (report.phase, report.ready) {
            (Phase::Day, true) => format!("☀️ {estate} has its day's size{until}"),
            (Phase::Day, false) => {
                format!("🕐 {estate} has its day's size{until}, but not all of it runs")
            }
            (Phase::ToNight, _) => format!("🕐 {estate} gets smaller for the night"),
            (Phase::Night, _) => format!("🌙 {estate} is small{until}"),
            _ => format!("🕐 {estate} grows for the day"),
        }
    }

    /// A clause for what holds back, or is met, where something gets smaller.
    pub(in crate::report::text) fn slim_clause(&self, cause: &Cause) -> (String, Option<String>) {
        let plain = |words: &str| (words.to_owned(), None);
        match cause {
            Cause::Alarm { alarm } => (
                format!("is held back: alarm {} is in ALARM", code(alarm)),
                None,
            ),
            Cause::NoAlarm { alarm } => (
                format!(
                    "is held back: alarm {} is in the document, but not in AWS",
                    code(alarm)
                ),
                None,
            ),
            Cause::Deploying {
                service,
                back: false,
            } => (
                format!("is held back: {} is being deployed", code(service)),
                None,
            ),
            Cause::Deploying {
                service,
                back: true,
            } => (
                format!(
                    "is held back: a deployment of {} is being rolled back",
                    code(service)
                ),
                None,
            ),
            Cause::RolloutBroken { since } => (
                format!(
                    "is held back: a deployment that failed is not taken back since {}",
                    self.clock(*since)
                ),
                None,
            ),
            Cause::Unrest { database, status } => (
                format!("is held back: {} {}", code(database), status_words(status)),
                Some(code(status)),
            ),
            Cause::Load {
                percent,
                left: Level::Tasks(left),
            } => (
                format!(
                    "is held back by its load: {} would be at {percent} % CPU",
                    counted(*left, "task")
                ),
                None,
            ),
            Cause::Load {
                percent,
                left: Level::Acu(left),
            } => (
                format!("is held back by its load: {left} ACU would be at {percent} % CPU"),
                None,
            ),
            Cause::NoLoad => plain("is held back: its load of the last minutes is not known"),
            Cause::ByHand => plain("was changed by somebody and is left alone until morning"),
            Cause::PutBack { until } => (
                format!(
                    "was put back to the day's size by somebody and is left alone until {}",
                    self.clock(*until)
                ),
                None,
            ),
            Cause::ScalingSuspended => plain("has suspended auto scaling, which is left as it is"),
            Cause::AtZero => plain("was set to 0 by somebody and is left alone"),
            Cause::AboveMaximum { count, max } => (
                format!(
                    "runs {count} tasks, and a change of its minimum would cut them to its maximum of {max}"
                ),
                None,
            ),
            Cause::NotServerless => plain("is no cluster of Aurora Serverless v2"),
            _ => plain(""),
        }
    }

    /// What a person does about it.
    pub(in crate::report::text) fn slim_mend(&self, cause: &Cause) -> String {
        match cause {
            Cause::Alarm { .. }
            | Cause::Deploying { .. }
            | Cause::RolloutBroken { .. }
            | Cause::Unrest { .. }
            | Cause::Load { .. } => "It follows by itself when that is over.".to_owned(),
            Cause::NoAlarm { .. } => {
                "Correct the alarm's name under `brakes` in the estate's document, or take it out."
                    .to_owned()
            }
            Cause::NoLoad => {
                "See whether the function's role may read metrics (`cloudwatch:GetMetricData`)."
                    .to_owned()
            }
            Cause::ByHand => "It is taken up again in the morning.".to_owned(),
            Cause::PutBack { until } => format!("It is taken up again {}.", self.at(*until)),
            Cause::ScalingSuspended => {
                "Resume its auto scaling if nobody needs it suspended.".to_owned()
            }
            Cause::AtZero => "Give it tasks again if nobody needs it at 0.".to_owned(),
            Cause::AboveMaximum { .. } => "Raise its maximum, or lower its count.".to_owned(),
            Cause::NotServerless => {
                "Take it out of `databases` in the estate's document, or write `keep`.".to_owned()
            }
            _ => String::new(),
        }
    }
}
