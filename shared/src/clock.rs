//! Decisions take the instant that this clock hands out. It moves with tokio's time, so that a
//! simulation in virtual time moves it too, and a demonstration can begin it at any date.

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// A clock that was set once and runs on.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    set_to: Timestamp,
    set_at: Instant,
}

impl Clock {
    /// A clock set to the machine's time: the one place that asks for it.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "this is where the machine's time enters"
    )]
    pub fn system() -> Self {
        Self::set_to(Timestamp::now())
    }

    /// A clock set to a given instant.
    #[must_use]
    pub fn set_to(at: Timestamp) -> Self {
        Self {
            set_to: at,
            set_at: Instant::now(),
        }
    }

    /// The instant on this clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        SignedDuration::try_from(self.set_at.elapsed())
            .ok()
            .and_then(|elapsed| self.set_to.checked_add(elapsed).ok())
            .unwrap_or(self.set_to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_clock_moves_with_tokios_time() {
        let clock = Clock::set_to(Timestamp::UNIX_EPOCH);
        tokio::time::sleep(std::time::Duration::from_secs(90)).await;
        assert_eq!(clock.now().as_second(), 90);
    }
}
