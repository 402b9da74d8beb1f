//! Slack's rates as token buckets. A call that finds its bucket empty is answered with 429 and how
//! many seconds to wait.
//!
//! Documented are one message a second and channel with bursts that are "generally tolerated", and
//! for the tiers how many calls a minute: <https://docs.slack.dev/apis/web-api/rate-limits>. How
//! large a burst of messages may be is not.

use std::collections::HashMap;
use std::time::Duration;

/// How much may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates {
    /// How many messages a channel takes at once; one more comes back each second.
    pub burst: u32,
    /// How many calls a minute of a method in tier 3: `chat.update`, `reactions.add` and
    /// `reactions.get`.
    pub tier_3: u32,
    /// How many calls a minute of a method in tier 4: `users.info` and those of files.
    pub tier_4: u32,
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            burst: 4,
            tier_3: 50,
            tier_4: 100,
        }
    }
}

/// Which of the rates a method has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tier {
    /// One a second and channel.
    Message,
    Three,
    Four,
    /// `auth.test` takes hundreds a minute.
    Free,
}

/// How full the buckets are.
#[derive(Debug, Default)]
pub(crate) struct Limiter {
    left: HashMap<String, (f64, Duration)>,
}

impl Limiter {
    /// Takes one call of `key` out of its bucket, or says how many seconds to wait. `now` is the
    /// time since any fixed instant.
    pub(crate) fn take(
        &mut self,
        rates: &Rates,
        tier: Tier,
        key: &str,
        now: Duration,
    ) -> Result<(), u64> {
        let (holds, a_second) = match tier {
            Tier::Message => (f64::from(rates.burst), 1.0),
            Tier::Three => (f64::from(rates.tier_3), f64::from(rates.tier_3) / 60.0),
            Tier::Four => (f64::from(rates.tier_4), f64::from(rates.tier_4) / 60.0),
            Tier::Free => return Ok(()),
        };
        let (left, at) = self.left.get(key).copied().unwrap_or((holds, now));
        let left = (left + now.saturating_sub(at).as_secs_f64() * a_second).min(holds);
        let taken = left >= 1.0;
        let rest = if taken { left - 1.0 } else { left };
        self.left.insert(key.to_owned(), (rest, now));
        if taken {
            return Ok(());
        }
        let mut wait = 1;
        while Duration::from_secs(wait).as_secs_f64() * a_second + rest < 1.0 {
            wait += 1;
        }
        Err(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_takes_its_burst_and_then_one_a_second() {
        let (mut limiter, rates) = (Limiter::default(), Rates::default());
        let mut at = |seconds| {
            let now = Duration::from_secs(seconds);
            limiter.take(&rates, Tier::Message, "C1", now)
        };
        let at_once: Vec<_> = (0..5).map(|_| at(10)).collect();
        assert_eq!(at_once, [Ok(()), Ok(()), Ok(()), Ok(()), Err(1)]);
        assert_eq!([at(11), at(11)], [Ok(()), Err(1)]);
        assert_eq!([at(13), at(13), at(13)], [Ok(()), Ok(()), Err(1)]);
    }

    #[test]
    fn channels_do_not_share_a_bucket() {
        let (mut limiter, rates) = (Limiter::default(), Rates::default());
        let now = Duration::ZERO;
        for _ in 0..4 {
            assert!(limiter.take(&rates, Tier::Message, "C1", now).is_ok());
        }
        assert!(limiter.take(&rates, Tier::Message, "C1", now).is_err());
        assert!(limiter.take(&rates, Tier::Message, "C2", now).is_ok());
    }

    #[test]
    fn updates_are_fifty_a_minute() {
        let (mut limiter, rates) = (Limiter::default(), Rates::default());
        let mut taken = |seconds| {
            let now = Duration::from_secs(seconds);
            (0..100)
                .filter(|_| {
                    limiter
                        .take(&rates, Tier::Three, "chat.update", now)
                        .is_ok()
                })
                .count()
        };
        assert_eq!(
            [taken(0), taken(30), taken(30), taken(600)],
            [50, 25, 0, 50]
        );
        let refused = limiter.take(&rates, Tier::Three, "chat.update", Duration::from_mins(10));
        assert_eq!(refused, Err(2));
    }
}
