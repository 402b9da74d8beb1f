//! Misbehaviour on command: what is planned comes in order, each plan for the requests that it is
//! about; else chance decides, from one seed. Only the API, uploads and webhooks suffer, never the
//! page.

use std::collections::VecDeque;
use std::time::Duration;

/// Whether a request is carried out before the trouble begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Nothing is done; whoever sends it again does right.
    Before,
    /// It is done and nobody is told; whoever sends it again does it twice.
    After,
}

/// What goes wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// 429 with so many seconds in `Retry-After`.
    /// <https://docs.slack.dev/apis/web-api/rate-limits>
    RateLimited(u32),
    /// 500, with JSON from the API and plain text from a webhook.
    ServerError(When),
    /// 503 with a page in HTML, as from a proxy; nothing is done.
    Unavailable,
    /// No answer until the client gives up.
    Hang(When),
    /// The connection is closed without an answer.
    Reset(When),
    /// It is done at once and answered so much later.
    Slow(Duration),
    /// `{"ok":false,"error":…}` with this code, or 400 with it from a webhook; nothing is done.
    Refused(String),
    /// It is done; only the first half of the answer arrives.
    Truncated,
    /// `invalid_auth`, until the test gives out another token or webhook.
    TokenRefused,
}

impl Trouble {
    /// Only for requests of this name: a method (`chat.update`), `upload` or `webhook`.
    #[must_use]
    pub fn on(self, name: &str) -> Plan {
        Plan::from(self).on(name)
    }

    /// For the next so many requests instead of one.
    #[must_use]
    pub fn times(self, times: u32) -> Plan {
        Plan::from(self).times(times)
    }

    /// Whether the request was carried out and its sender cannot know.
    pub(crate) fn loses_the_answer(&self) -> bool {
        matches!(
            self,
            Self::ServerError(When::After)
                | Self::Hang(When::After)
                | Self::Reset(When::After)
                | Self::Truncated
        )
    }
}

/// A trouble, for which requests and for how many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    trouble: Trouble,
    only: Option<String>,
    left: u32,
}

impl Plan {
    /// Only for requests of this name: a method (`chat.update`), `upload` or `webhook`.
    #[must_use]
    pub fn on(mut self, name: &str) -> Self {
        self.only = Some(name.to_owned());
        self
    }

    /// For the next so many requests.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.left = times;
        self
    }
}

impl From<Trouble> for Plan {
    fn from(trouble: Trouble) -> Self {
        Self {
            trouble,
            only: None,
            left: 1,
        }
    }
}

/// What is planned, and chance.
#[derive(Debug, Default)]
pub(crate) struct Troubles {
    planned: VecDeque<Plan>,
    chance: Option<Chance>,
}

#[derive(Debug)]
struct Chance {
    random: fastrand::Rng,
    of: Vec<(f64, Trouble)>,
}

impl Troubles {
    pub(crate) fn plan(&mut self, plan: Plan) {
        if plan.left > 0 {
            self.planned.push_back(plan);
        }
    }

    /// Each trouble has its probability; what is left of 1 is good behaviour.
    pub(crate) fn chance(&mut self, seed: u64, of: Vec<(f64, Trouble)>) {
        self.chance = Some(Chance {
            random: fastrand::Rng::with_seed(seed),
            of,
        });
    }

    pub(crate) fn end(&mut self) {
        *self = Self::default();
    }

    /// How many planned troubles have not come yet.
    pub(crate) fn left(&self) -> u32 {
        self.planned.iter().map(|plan| plan.left).sum()
    }

    /// What becomes of the next request, which has this name.
    pub(crate) fn next(&mut self, name: &str) -> Option<Trouble> {
        let mine = |plan: &Plan| plan.only.as_deref().is_none_or(|only| only == name);
        if let Some(plan) = self.planned.iter_mut().find(|plan| mine(plan)) {
            plan.left = plan.left.saturating_sub(1);
            let trouble = plan.trouble.clone();
            self.planned.retain(|plan| plan.left > 0);
            return Some(trouble);
        }
        let chance = self.chance.as_mut()?;
        let mut drawn = chance.random.f64();
        for (probability, trouble) in &chance.of {
            if drawn < *probability {
                return Some(trouble.clone());
            }
            drawn -= probability;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans_come_in_order_and_each_for_its_own_requests() {
        let mut troubles = Troubles::default();
        troubles.plan(Trouble::Unavailable.on("chat.update"));
        troubles.plan(Trouble::Truncated.times(0));
        troubles.plan(Trouble::Truncated.times(2));
        let names = ["webhook", "chat.update", "upload", "chat.update"];
        let came = names.map(|name| troubles.next(name));
        let expected = [
            Some(Trouble::Truncated),
            Some(Trouble::Unavailable),
            Some(Trouble::Truncated),
            None,
        ];
        assert_eq!(came, expected);
        assert_eq!(troubles.left(), 0);
    }

    #[test]
    fn chance_comes_from_its_seed_and_keeps_its_probabilities() {
        let draw = |seed| {
            let mut troubles = Troubles::default();
            let of = vec![(0.2, Trouble::Unavailable), (0.1, Trouble::Truncated)];
            troubles.chance(seed, of);
            (0..1000)
                .map(|_| troubles.next("webhook"))
                .collect::<Vec<_>>()
        };
        let drawn = draw(7);
        assert_eq!(drawn, draw(7));
        assert_ne!(drawn, draw(8));
        let how_often = |what: Option<&Trouble>| {
            drawn
                .iter()
                .filter(|trouble| trouble.as_ref() == what)
                .count()
        };
        assert!((150..250).contains(&how_often(Some(&Trouble::Unavailable))));
        assert!((60..140).contains(&how_often(Some(&Trouble::Truncated))));
    }

    #[test]
    fn good_behaviour_ends_plans_and_chance() {
        let mut troubles = Troubles::default();
        troubles.plan(Trouble::Truncated.times(9));
        troubles.chance(1, vec![(1.0, Trouble::Unavailable)]);
        troubles.end();
        assert_eq!(troubles.next("webhook"), None);
    }
}
