//! English: short sentences, as to a colleague.

mod events;
mod names;
mod notices;

use super::{
    metrics::Felt,
    words::{Against, Alarms, Measured, Names},
};
use crate::{
    scene::Quiet,
    signal::{AlarmState, Comparison},
};

/// English.
pub(super) struct English;

impl Alarms for English {
    fn band(&self, comparison: Comparison) -> &'static str {
        match comparison {
            Comparison::AboveBand => "above the expected band",
            Comparison::BelowBand => "below the expected band",
            _ => "outside the expected band",
        }
    }

    fn banded(&self, value: Option<&str>, band: &str) -> String {
        match value {
            Some(value) => format!("{value}, {band}"),
            None => band.to_owned(),
        }
    }

    fn rings(&self, name: &str) -> String {
        format!("{name} is in ALARM")
    }

    fn back(&self, what: &str, after: Option<&str>) -> String {
        let after = after.map_or_else(String::new, |after| format!(" after {after}"));
        format!("{what} back to OK{after}")
    }

    fn too_little(&self, what: &str) -> String {
        format!("too little data for {what}")
    }

    fn counted(&self, times: u32, since: &str) -> String {
        format!("{} time since {since}", ordinal(times))
    }

    fn rang(&self, what: &str, lasted: &str, times: u32) -> String {
        if times > 1 {
            format!("{what} rang {times} times within {lasted}, now back to OK")
        } else {
            format!("{what} rang for {lasted}, now back to OK")
        }
    }

    fn rang_at(&self, told: &str) -> String {
        format!("It rang at: {told}")
    }

    fn still(&self) -> &'static str {
        "still ringing after waking"
    }

    fn hushed(&self, quiet: Quiet) -> &'static str {
        match quiet {
            Quiet::Asleep { .. } => "asleep on purpose, nothing for you to do",
            Quiet::Waking => "just waking, nothing for you to do",
        }
    }

    fn quiet(&self, quiet: Quiet, until: Option<&str>) -> String {
        match (quiet, until) {
            (Quiet::Asleep { .. }, Some(until)) => format!(
                "The estate sleeps on purpose, until {until}. If the alarm still rings once it is up, you hear again, and loudly."
            ),
            (Quiet::Asleep { .. }, None) => "The estate sleeps on purpose. If the alarm still rings once it is up, you hear again, and loudly.".to_owned(),
            (Quiet::Waking, _) => "The estate is just waking. If the alarm still rings once it is ready, you hear again, and loudly.".to_owned(),
        }
    }

    fn outlived(&self, since: &str) -> String {
        format!(
            "This alarm was kept quiet because the estate slept on purpose. The estate is up again, and the alarm is still in ALARM (since {since})."
        )
    }

    fn late(&self, span: &str) -> String {
        format!("Told late: the ALARM reached us after it was over ({span}).")
    }

    fn measured(&self, state: AlarmState, measured: &Measured<'_>) -> String {
        let Measured {
            metric,
            value,
            test,
            window,
            datapoints,
            statistic,
        } = measured;
        let metric = sentence(metric);
        let statistic = statistic.map_or_else(String::new, |statistic| format!(" ({statistic})"));
        if state != AlarmState::Alarm {
            let now = value.map_or_else(
                || format!("{metric}:"),
                |value| format!("{metric} *{value}*,"),
            );
            let lasting = window.map_or_else(String::new, |window| format!(" for {window}"));
            let rings = match test {
                Some(Against::Threshold(test)) => format!(" rings at {test}{lasting}"),
                Some(Against::Band(band)) => format!(" rings {band}{lasting}"),
                None => String::new(),
            };
            let told = format!("{now}{rings}");
            return format!("{}{statistic}", told.trim_end_matches([',', ':']));
        }
        let value = value.map_or_else(String::new, |value| format!(" *{value}*"));
        let test = match test {
            Some(Against::Threshold(test)) => format!(" {test}"),
            Some(Against::Band(band)) => format!(", {band}"),
            None => String::new(),
        };
        let lasting = match (window, datapoints) {
            (Some(window), Some((crossed, periods))) if crossed == periods => {
                format!(" for {window}, {crossed} of {periods} datapoints")
            }
            (Some(window), Some((crossed, periods))) => {
                format!(", {crossed} of {periods} datapoints in {window}")
            }
            (Some(window), None) => format!(" for {window}"),
            (None, Some((crossed, periods))) => format!(", {crossed} of {periods} datapoints"),
            (None, None) => String::new(),
        };
        format!("{metric}{value}{test}{lasting}{statistic}")
    }

    fn earlier(&self, values: &[String]) -> String {
        format!("Before that: {}", self.listed(values))
    }

    fn silent(&self, what: &str) -> String {
        format!("no data for {what}")
    }

    fn silence(&self) -> &'static str {
        "No data came, which this alarm is set to take for trouble."
    }

    fn felt(&self, felt: Felt) -> &'static str {
        match felt {
            Felt::Errors => "Users may be getting errors.",
            Felt::Slow => "Users may be waiting longer than usual.",
            Felt::Capacity => "Fewer targets are left to serve users.",
        }
    }

    fn children(&self) -> &'static str {
        "Alarms that made it change:"
    }

    fn suppressed(&self, by: &str) -> String {
        format!("Its actions are suppressed by {by}.")
    }

    fn reply_back(&self, after: &str, times: u32) -> String {
        if times > 1 {
            format!("Back to OK; rang {times} times within {after}")
        } else {
            format!("Back to OK after {after}")
        }
    }

    fn reply_rings(&self, compared: Option<&str>, times: u32, since: &str) -> String {
        let again = if times > 1 { "ALARM again" } else { "ALARM" };
        let compared = compared.map_or_else(String::new, |compared| format!(": {compared}"));
        let times = if times > 1 {
            self.aside(&self.counted(times, since))
        } else {
            String::new()
        };
        format!("{again}{compared}{times}")
    }

    fn reply_unknown(&self) -> &'static str {
        "Too little data to tell"
    }

    fn reply_when(&self, at: &str, value: Option<&str>) -> String {
        match value {
            Some(value) => format!("{at} · {value} then"),
            None => at.to_owned(),
        }
    }
}

/// As a sentence begins, unless its first word is a name like `p99`.
fn sentence(text: &str) -> String {
    let word = text.split(' ').next().unwrap_or_default();
    let mut characters = text.chars();
    match characters.next() {
        Some(first) if word.bytes().all(|byte| byte.is_ascii_lowercase()) => {
            format!("{}{}", first.to_ascii_uppercase(), characters.as_str())
        }
        _ => text.to_owned(),
    }
}

/// `2nd`, `11th`, `23rd`.
fn ordinal(number: u32) -> String {
    let ending = match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}

#[cfg(test)]
mod tests {
    use super::ordinal;

    #[test]
    fn ordinals_end_as_they_are_spoken() {
        let told: Vec<String> = [1, 2, 3, 4, 11, 12, 13, 21, 112].map(ordinal).into();
        assert_eq!(
            told,
            [
                "1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "112th"
            ]
        );
    }
}
