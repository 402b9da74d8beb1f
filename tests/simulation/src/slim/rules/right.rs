//! What is right for one lever: what the day is, and what somebody set at night.

use jiff::Timestamp;

use crate::rules::SEEN;

/// A level that may return in the morning.
#[derive(Clone, Debug)]
struct Accepted {
    level: f64,
    since: Timestamp,
    until: Option<Timestamp>,
}

/// What somebody set at night.
#[derive(Clone, Copy, Debug)]
pub(super) struct Met {
    pub(super) at: Timestamp,
    /// Whether the function must know it for a hand: it had looked in this night before, and this is
    /// the only one.
    pub(super) counts: bool,
}

/// What is right for one lever.
#[derive(Clone, Debug, Default)]
pub(super) struct Right {
    days: Vec<Accepted>,
    /// Whether the older days stay right: the function may not have seen the newer ones.
    pub(super) keeps: bool,
    /// Whether we made it smaller, and nobody saw the day restored since.
    pub(super) small: bool,
    pub(super) lowered_at: Option<Timestamp>,
    pub(super) hand: Option<Met>,
    /// How often somebody moved it since the day was seen.
    pub(super) hands: u32,
    /// When somebody changed anything of it.
    pub(super) touched: Option<Timestamp>,
    /// When not all tasks ran that were asked for.
    pub(super) unsteady_at: Option<Timestamp>,
    /// Somebody registered its target: the day is what is there by day.
    pub(super) excused: bool,
}

impl Right {
    pub(super) fn of(level: f64) -> Self {
        Self {
            days: vec![Accepted {
                level,
                since: Timestamp::MIN,
                until: None,
            }],
            ..Self::default()
        }
    }

    /// The day was seen: what was before is of no account any more.
    pub(super) fn restored(&mut self, level: f64) {
        *self = Self {
            touched: self.touched,
            unsteady_at: self.unsteady_at,
            ..Self::of(level)
        };
    }

    pub(super) fn day(&self) -> impl Iterator<Item = f64> {
        self.days.iter().map(|accepted| accepted.level)
    }

    pub(super) fn accepts(&self, level: f64) -> bool {
        self.day().any(|day| (day - level).abs() < 0.01)
    }

    pub(super) fn stirred_at(&mut self, at: Timestamp, ours: bool) {
        if !ours {
            self.touched = Some(at);
        }
    }

    /// Somebody set a level that is the day from now on.
    pub(super) fn accept(&mut self, at: Timestamp, level: f64) {
        if let Some(last) = self.days.last_mut() {
            self.keeps |= at.duration_since(last.since) < SEEN;
            last.until = Some(at);
        }
        self.settle(at);
        self.days.push(Accepted {
            level,
            since: at,
            until: None,
        });
    }

    /// Forgets what was replaced so long ago that a look must have seen it.
    fn settle(&mut self, at: Timestamp) {
        if !self.keeps {
            self.days.retain(|accepted| {
                let until = accepted.until;
                until.is_none_or(|until| at.duration_since(until) < SEEN)
            });
        }
    }

    /// We made it smaller.
    pub(super) fn lowered(&mut self, at: Timestamp, from: f64) {
        if !self.small {
            self.settle(at);
            if !self.accepts(from) {
                self.accept(at, from);
            }
        }
        self.small = true;
        self.lowered_at = Some(at);
        self.hand = None;
    }

    /// We gave the day back, or as much of it as there is room for.
    pub(super) fn raised(&mut self, at: Timestamp, to: f64) {
        if self.accepts(to) {
            self.days.retain(|day| (day.level - to).abs() < 0.01);
            self.keeps = false;
        } else {
            self.accept(at, to);
        }
        self.small = false;
        self.hand = None;
    }
}
