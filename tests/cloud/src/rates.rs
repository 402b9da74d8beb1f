//! Documented rates as token buckets: so many calls at once, so many a second. A call that finds its
//! bucket empty is answered with the service's own throttling error, as AWS does, for the whole
//! account and Region, whoever calls.

use std::collections::BTreeMap;

use jiff::Timestamp;

/// A bucket that several operations may share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    /// Its name.
    pub name: &'static str,
    /// How many calls it holds.
    pub burst: f64,
    /// How many come back each second.
    pub a_second: f64,
}

/// How full the buckets are.
#[derive(Clone, Debug, Default)]
pub struct Rates {
    left: BTreeMap<&'static str, (f64, Timestamp)>,
}

impl Rates {
    /// Takes one call out of the bucket; answers whether there was one.
    pub fn take(&mut self, bucket: Bucket, now: Timestamp) -> bool {
        let (left, at) = self
            .left
            .get(bucket.name)
            .copied()
            .unwrap_or((bucket.burst, now));
        let seconds = now.duration_since(at).as_secs_f64().max(0.0);
        let left = (left + seconds * bucket.a_second).min(bucket.burst);
        let taken = left >= 1.0;
        let rest = if taken { left - 1.0 } else { left };
        self.left.insert(bucket.name, (rest, now));
        taken
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn a_bucket_gives_its_burst_and_then_its_rate() {
        let bucket = Bucket {
            name: "service modify",
            burst: 50.0,
            a_second: 5.0,
        };
        let (mut rates, now) = (Rates::default(), Timestamp::UNIX_EPOCH);
        let at_once = (0..60).filter(|_| rates.take(bucket, now)).count();
        assert_eq!(at_once, 50);
        let later = now + SignedDuration::from_secs(2);
        let then = (0..60).filter(|_| rates.take(bucket, later)).count();
        assert_eq!(then, 10);
    }
}
