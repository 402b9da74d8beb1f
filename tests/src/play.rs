//! What every play has: an audience, parts with their moments, and instants on the estates' clocks.

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use jiff::civil::Date;
use nightshift::report::Report;
use serde_json::Value;

use crate::local::Snapshot;
use crate::stage::{Moment, Stage};

/// Who watches.
pub trait Audience {
    /// A part begins: its name, and what there is to see.
    fn act(&mut self, act: &str, about: &str);
    /// Something happened that is not the function's doing.
    fn aside(&mut self, at: Timestamp, what: &str);
    /// The function was invoked.
    fn moment(&mut self, moment: &Moment);
}

/// A play as it was.
#[derive(Debug)]
pub struct Played {
    /// Its parts with their moments, in order.
    pub acts: Vec<(String, Vec<Moment>)>,
    /// How everything stood at the beginning.
    pub before: Snapshot,
    /// How everything shall stand at the end: the same, but for what somebody changed for good.
    pub expected: Snapshot,
    /// How everything stands at the end.
    pub after: Snapshot,
}

impl Played {
    /// The moments of a part.
    #[must_use]
    pub fn act(&self, name: &str) -> &[Moment] {
        self.acts
            .iter()
            .find(|(act, _)| act == name)
            .map_or(&[], |(_, moments)| moments)
    }
}

/// An instant on the estates' clocks.
///
/// # Errors
/// When there is no such time of day.
pub fn at(date: Date, time: &str) -> Result<Timestamp> {
    let time: jiff::civil::Time = time.parse()?;
    Ok(date.to_datetime(time).in_tz("Asia/Tokyo")?.timestamp())
}

/// A play while it is played.
pub(crate) struct Play<'a> {
    pub(crate) stage: &'a Stage,
    pub(crate) audience: &'a mut dyn Audience,
    pub(crate) acts: Vec<(String, Vec<Moment>)>,
}

impl<'a> Play<'a> {
    pub(crate) fn on(stage: &'a Stage, audience: &'a mut dyn Audience) -> Self {
        Self {
            stage,
            audience,
            acts: Vec::new(),
        }
    }
    pub(crate) fn act(&mut self, act: &str, about: &str) {
        self.audience.act(act, about);
        self.acts.push((act.to_owned(), Vec::new()));
    }

    /// Shows and keeps what happened; here nothing may fail.
    fn show(&mut self, moment: Moment) -> Result<()> {
        self.audience.moment(&moment);
        if let Some(failed) = &moment.failed {
            anyhow::bail!("at {} the function failed: {failed}", moment.at);
        }
        if let Some((_, moments)) = self.acts.last_mut() {
            moments.push(moment);
        }
        Ok(())
    }

    pub(crate) async fn tick(&mut self, at: Timestamp) -> Result<()> {
        let moment = self.stage.tick(at).await?;
        self.show(moment)
    }

    pub(crate) async fn settle(&mut self, from: Timestamp) -> Result<()> {
        for moment in self.stage.settle(from).await? {
            self.show(moment)?;
        }
        Ok(())
    }

    pub(crate) async fn say(&mut self, at: Timestamp, asked: &str, payload: Value) -> Result<()> {
        let moment = self.stage.play(at, asked, payload).await?;
        self.show(moment)
    }

    /// The newest report of an estate.
    pub(crate) fn report(&self, estate: &str) -> Result<&Report> {
        let mut moments = self
            .acts
            .iter()
            .rev()
            .flat_map(|(_, moments)| moments.iter().rev());
        moments
            .find_map(|moment| moment.report(estate))
            .with_context(|| format!("{estate} was never looked at"))
    }

    /// When the function itself says that something is due for an estate.
    pub(crate) fn due(&self, estate: &str) -> Result<Timestamp> {
        let report = self.report(estate)?;
        report
            .next
            .with_context(|| format!("nothing is due for {estate}"))
    }

    pub(crate) fn last_at(&self) -> Timestamp {
        let moments = self
            .acts
            .iter()
            .rev()
            .flat_map(|(_, moments)| moments.iter().rev());
        moments
            .map(|moment| moment.at)
            .next()
            .unwrap_or(Timestamp::MIN)
    }
}
