//! What becomes of a call on its way: decided by the seed, and only while a storm lasts. Between
//! storms everything arrives, so that what has not healed by then is a fault of ours.

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};

/// What becomes of one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is answered.
    Answered,
    /// It is refused with the service's throttling error, and nothing is done.
    Throttled,
    /// It is answered with a server's error, and nothing is done.
    Broken,
    /// It is done, and answered with a server's error.
    BrokenAfter,
    /// It never arrives, and nobody says so.
    Silent,
    /// It is done, and the answer never arrives.
    SilentAfter,
    /// The connection breaks before it arrives.
    Lost,
    /// It is done, and the connection breaks before the answer.
    LostAfter,
    /// It is answered with what was so some seconds ago, if it only reads.
    Stale,
    /// The process dies before it arrives.
    KilledBefore,
    /// It is done, and the process dies before the answer.
    KilledAfter,
}

impl Fate {
    /// Whether the call is done.
    #[must_use]
    pub const fn takes_effect(self) -> bool {
        matches!(
            self,
            Self::Answered
                | Self::BrokenAfter
                | Self::SilentAfter
                | Self::LostAfter
                | Self::Stale
                | Self::KilledAfter
        )
    }

    /// Whether a caller that dies or hears nothing cannot know that the call was done.
    #[must_use]
    pub const fn hides_the_effect(self) -> bool {
        matches!(
            self,
            Self::BrokenAfter | Self::SilentAfter | Self::LostAfter | Self::KilledAfter
        )
    }
}

/// A time in which calls fail.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Storm {
    /// From.
    pub from: Timestamp,
    /// To.
    pub to: Timestamp,
    /// How likely each call is to meet something.
    pub strength: f64,
    /// What it may meet.
    pub kind: Kind,
}

/// What a storm brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Throttling only.
    Throttling,
    /// Errors and lost answers.
    Network,
    /// Dying processes.
    Deaths,
    /// Old answers.
    Staleness,
    /// All of it.
    Everything,
}

const KINDS: [Kind; 5] = [
    Kind::Throttling,
    Kind::Network,
    Kind::Deaths,
    Kind::Staleness,
    Kind::Everything,
];

impl Kind {
    fn fates(self) -> &'static [Fate] {
        use Fate::{
            Broken, BrokenAfter, KilledAfter, KilledBefore, Lost, LostAfter, Silent, SilentAfter,
            Stale, Throttled,
        };
        match self {
            Self::Throttling => &[Throttled],
            Self::Network => &[
                Broken,
                BrokenAfter,
                Broken,
                Silent,
                SilentAfter,
                Lost,
                LostAfter,
                LostAfter,
            ],
            Self::Deaths => &[KilledBefore, KilledAfter],
            Self::Staleness => &[Stale],
            Self::Everything => &[
                Throttled,
                Broken,
                BrokenAfter,
                Silent,
                SilentAfter,
                Lost,
                LostAfter,
                Stale,
                KilledBefore,
                KilledAfter,
            ],
        }
    }
}

/// The storms of a run.
#[derive(Clone, Debug, Default)]
pub struct Weather {
    storms: Vec<Storm>,
}

impl Weather {
    /// Nothing fails.
    #[must_use]
    pub fn calm() -> Self {
        Self::default()
    }

    /// Some storms between two instants, most of them around the given ones: where estates change.
    #[must_use]
    pub fn of(
        random: &mut Rng,
        from: Timestamp,
        to: Timestamp,
        how_many: usize,
        around: &[Timestamp],
    ) -> Self {
        let span = to.duration_since(from).as_secs();
        let storms = (0..how_many)
            .map(|_| {
                let begin = if random.u8(0..4) > 0
                    && let Some(at) = random.choice(around)
                {
                    *at - SignedDuration::from_secs(random.i64(0..900))
                } else {
                    from + SignedDuration::from_secs(random.i64(0..span.max(1)))
                };
                let kind = random.choice(KINDS).unwrap_or(Kind::Everything);
                // Strong enough that retries do not hide it, or so weak that one call meets it.
                let strength = random.choice([0.02, 0.1, 0.3, 0.6]).unwrap_or(0.1);
                Storm {
                    from: begin,
                    to: begin + SignedDuration::from_secs(random.i64(600..7200)),
                    strength: if kind == Kind::Deaths {
                        strength / 4.0
                    } else {
                        strength
                    },
                    kind,
                }
            })
            .collect();
        Self { storms }
    }

    /// What becomes of a call now.
    pub fn fate(&self, random: &mut Rng, now: Timestamp) -> Fate {
        let storm = self
            .storms
            .iter()
            .find(|storm| storm.from <= now && now < storm.to);
        match storm {
            Some(storm) if random.f64() < storm.strength => random
                .choice(storm.kind.fates())
                .copied()
                .unwrap_or(Fate::Answered),
            _ => Fate::Answered,
        }
    }

    /// Whether answers may be old at all.
    #[must_use]
    pub fn may_be_stale(&self, now: Timestamp) -> bool {
        self.storms.iter().any(|storm| {
            matches!(storm.kind, Kind::Staleness | Kind::Everything)
                && storm.from - SignedDuration::from_mins(1) <= now
                && now < storm.to
        })
    }

    /// When the last storm before an instant ended; that instant, while one lasts.
    #[must_use]
    pub fn calm_since(&self, now: Timestamp) -> Option<Timestamp> {
        self.storms
            .iter()
            .filter(|storm| storm.from <= now)
            .map(|storm| storm.to.min(now))
            .max()
    }

    /// The storms.
    #[must_use]
    pub fn storms(&self) -> &[Storm] {
        &self.storms
    }
}
