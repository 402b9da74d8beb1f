//! What drawing and planning know beside the signal: who reads, where and when, and who sleeps.

use jiff::{Timestamp, tz::TimeZone};
use nightshift::config::Language;

/// What a message is drawn for.
#[derive(Clone, Debug)]
pub struct Scene<'a> {
    /// The language in which people read.
    pub language: Language,
    /// The zone in which they read times.
    pub zone: &'a TimeZone,
    /// Now.
    pub now: Timestamp,
    /// The estate that it is about, if it is known.
    pub estate: Option<&'a str>,
    /// Why an alarm of this estate is quiet now, if it is.
    pub quiet: Option<Quiet>,
    /// The Lambda function's name, for the provenance.
    pub function: &'a str,
}

/// Why the alarms of an estate are quiet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quiet {
    /// It sleeps, or is going to sleep, on purpose.
    Asleep {
        /// Until when, where it is known.
        until: Option<Timestamp>,
    },
    /// It is just waking.
    Waking,
}

/// How an alarm has fared since the first message of its thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Course {
    /// When it first went to ALARM.
    pub began: Timestamp,
    /// How often it did since.
    pub times: u32,
    /// When it was over, if it is.
    pub over: Option<Timestamp>,
}
