//! How a workspace begins.

use std::sync::Arc;
use std::time::Instant;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::methods;
use crate::rates::Rates;

/// What tells the workspace the time.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// Any clock, a simulated world's for instance.
    pub fn of(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// A clock that stands still.
    #[must_use]
    pub fn fixed(at: Timestamp) -> Self {
        Self::of(move || at)
    }

    /// A clock that is set now and runs on.
    #[must_use]
    pub fn set_to(at: Timestamp) -> Self {
        let set = Instant::now();
        Self::of(move || {
            let passed = SignedDuration::try_from(set.elapsed()).unwrap_or_default();
            at.checked_add(passed).unwrap_or(at)
        })
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.0)()
    }
}

impl std::fmt::Debug for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Clock({})", self.now())
    }
}

/// How a workspace begins.
#[derive(Clone, Debug)]
pub struct Options {
    /// The port on loopback; 0 for any that is free.
    pub port: u16,
    /// The channels that the app was invited to, by name.
    pub channels: Vec<String>,
    /// The app's bot token.
    pub token: String,
    /// What the token may do; all that the known methods need, unless said otherwise. With
    /// `chat:write.public` it writes in public channels that it was not invited to.
    pub scopes: Vec<String>,
    /// How much may be sent; nothing is limited without.
    pub rates: Option<Rates>,
    /// What tells the time: a clock set to 2023-11-14T22:13:20Z, unless said otherwise.
    pub clock: Clock,
    /// In which zone the page tells times.
    pub zone: TimeZone,
}

impl Default for Options {
    fn default() -> Self {
        let begin = Timestamp::from_second(1_700_000_000).unwrap_or_default();
        Self {
            port: 0,
            channels: vec!["ops".to_owned(), "alerts".to_owned()],
            token: "xoxb-local-1".to_owned(),
            scopes: methods::scopes(),
            rates: None,
            clock: Clock::set_to(begin),
            zone: TimeZone::UTC,
        }
    }
}
