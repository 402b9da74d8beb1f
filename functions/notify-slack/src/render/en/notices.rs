//! What is said beside alarms and events, in English.

use super::English;
use crate::render::words::Notices;

impl Notices for English {
    fn untitled(&self, source: &str) -> String {
        if source.is_empty() {
            "Message without a title".to_owned()
        } else {
            format!("Message from {source}")
        }
    }

    fn rest(&self, function: &str, key: &str) -> String {
        format!("Shortened. All of it is in the CloudWatch Logs of `{function}`, under `{key}`.")
    }

    fn digest(&self, count: usize, part: usize, parts: usize) -> String {
        let part = if parts > 1 {
            format!(" ({part} of {parts})")
        } else {
            String::new()
        };
        let messages = if count == 1 { "message" } else { "messages" };
        format!("{count} {messages} at once{part}")
    }

    fn digest_counts(&self, rings: usize, over: usize, others: usize) -> String {
        let alarms = |count: usize| match count {
            1 => "1 alarm".to_owned(),
            _ => format!("{count} alarms"),
        };
        let mut told = Vec::new();
        if rings > 0 {
            let ring = if rings == 1 { "rings" } else { "ring" };
            told.push(format!("{} {ring}", alarms(rings)));
        }
        if over > 0 {
            let are = if over == 1 { "is" } else { "are" };
            told.push(format!("{} {are} back to OK", alarms(over)));
        }
        if others > 0 {
            told.push(format!("{others} other"));
        }
        told.join(", ")
    }

    fn digest_why(&self) -> &'static str {
        "More came at once than Slack takes one by one. Each has its line here."
    }

    fn bedtime(&self, estate: &str, at: &str, minutes: i64) -> String {
        let minutes = match minutes {
            ..=0 => "now".to_owned(),
            1 => "in 1 minute".to_owned(),
            _ => format!("in {minutes} minutes"),
        };
        format!("{estate} goes to sleep at {at}, {minutes}")
    }

    fn bedtime_react(&self) -> &'static str {
        "To decide otherwise, react to this message:"
    }

    fn bedtime_choice(&self, until: Option<&str>) -> String {
        match until {
            Some(until) => format!("stay up until {until}"),
            None => "sleep as planned".to_owned(),
        }
    }

    fn bedtime_command(&self, until: &str) -> String {
        format!("To keep it up until {until} (put in who you are and why):")
    }

    fn stays_up(&self, estate: &str, until: &str) -> String {
        format!("{estate} stays up until {until}")
    }

    fn stays_up_by(&self, who: &str, until: &str) -> String {
        format!("Extended by {who}. It goes to sleep by itself at {until}.")
    }

    fn as_planned(&self, estate: &str, at: &str) -> String {
        format!("{estate} goes to sleep at {at} as planned")
    }

    fn as_planned_by(&self, who: &str) -> String {
        format!("Confirmed by {who}.")
    }

    fn midnight(&self) -> &'static str {
        "midnight"
    }

    fn misrouted(&self, wanted: &str, code: &str) -> String {
        let mend = match code {
            "channel_not_found" => {
                "It does not exist, or it is private and the app is not in it: mend its name in the configuration, or invite the app there with `/invite`."
            }
            "not_in_channel" => "The app is not in it: invite it there with `/invite`.",
            "is_archived" => {
                "It is archived: name another one in the configuration, or unarchive it."
            }
            "restricted_action" => {
                "The workspace does not let the app post there: ask its administrators, or name another one in the configuration."
            }
            _ => "Look at the channel and at its name in the configuration.",
        };
        format!("This was meant for `{wanted}`, which Slack refuses (`{code}`). {mend}")
    }
}
