//! A new value is made, put to use where it is checked, tried, and published, in that order. It lives
//! in memory only: who dies before it is published has changed nothing that a task holds, and the next
//! look makes another one.

mod atlas;
mod postgres;
mod random;
mod rds_master;

use jiff::Timestamp;
use nightshift::{
    config::{Means, Secret as Described},
    ledger::rotation::{Cause, Published, Secret, Stage, Turn, Why},
    report::Failure,
};

pub(super) use atlas::access;
pub(super) use postgres::admin;
pub(super) use rds_master::give_back;

use super::{Act, token, write::is_not_yet};
use crate::{
    dial::Refusal,
    observe::secrets::holds,
    store::{self, CURRENT, PREVIOUS, Place, Version},
    users::Inactive,
    value::{
        Value,
        fingerprint::Fingerprint,
        generate::GenerateError,
        url::{Url, UrlError},
    },
};

/// What went wrong, and while doing what.
pub(super) struct Trouble {
    /// `read`, `make`, `set`, `test`, `publish`.
    action: &'static str,
    failure: Box<Failure>,
    /// Whether it passes by itself, so that the look has not failed.
    passes: bool,
}

/// A new value, and the user that it names.
struct Made {
    value: Value,
    user: Option<String>,
    /// What people should know if it is never published.
    at_stake: Option<Cause>,
}

/// What a value is made from.
struct Ground<'a> {
    secret: &'a Secret,
    turn: &'a Turn,
    place: Place,
    present: Value,
}

impl Ground<'_> {
    /// The present value, where it is a URL.
    fn url(&self) -> Result<Url, Trouble> {
        let text = Value::new(self.present.expose().to_owned());
        Url::parse(text).map_err(|error| Trouble::url(&self.place, error))
    }

    /// Of two users that take turns the one whose turn it is, as it was planned.
    fn inactive(&self, users: &[String; 2], present: &Url) -> Result<Inactive, Trouble> {
        let place = &self.place;
        let inactive = Inactive::of(users, present.user())
            .map_err(|error| Trouble::of("set", place, "users", error.to_string()))?;
        if self.turn.user.as_deref() != Some(inactive.user()) {
            return Err(Trouble::of(
                "set",
                place,
                "users",
                "it is another user's turn than when it was planned: the next look begins anew",
            ));
        }
        Ok(inactive)
    }
}

/// Makes, tries and publishes a new value. Why it could not be done stands in the turn, so that the
/// plan can give up with that reason.
pub(super) async fn make(act: &mut Act<'_>, secret: &Secret) -> Result<(), Failure> {
    let mut secret = secret.clone();
    let Err(trouble) = Box::pin(through(act, &mut secret)).await else {
        return Ok(());
    };
    let Trouble {
        action,
        failure,
        passes,
    } = trouble;
    if is_not_yet(&failure) {
        return Err(*failure);
    }
    let code = failure.code.clone();
    let saved = act.entries.get(&secret.arn);
    let saved = saved.and_then(|kept| kept.item.secret()?.turn.as_ref()?.cause.clone());
    let cause = Some(match &saved {
        Some(Cause::Unproven { database, .. }) => Cause::Unproven {
            database: database.clone(),
            code,
        },
        _ => Cause::Refused {
            action: action.to_owned(),
            code,
        },
    });
    if let Some(turn) = &mut secret.turn
        && turn.stage <= Stage::Tested
        && saved != cause
    {
        turn.cause = cause;
        act.save_secret(&secret).await?;
    }
    if passes { Ok(()) } else { Err(*failure) }
}

async fn through(act: &mut Act<'_>, secret: &mut Secret) -> Result<(), Trouble> {
    let Some(turn) = secret.turn.clone() else {
        return Ok(());
    };
    let place = act.place(secret);
    let mut present = expected(act, &place, &turn).await?;
    let value = present
        .value(&place)
        .map_err(|failure| Trouble::new("read", failure))?;
    let ground = Ground {
        secret,
        turn: &turn,
        place: place.clone(),
        present: value,
    };
    if matches!(turn.why, Why::Written { .. }) {
        let user = tried(act, &ground).await?;
        let now = act.context.now();
        reach(secret, Stage::Published, now, |turn| {
            turn.user.clone_from(&user);
            if let Some(to) = &mut turn.to {
                to.user = user;
            }
        });
        let saved = act.save_secret(secret).await;
        return saved.map_err(|failure| Trouble::new("publish", failure));
    }
    let made = made(act, &ground).await?;
    if place.key.is_some() {
        // The copy of the former value may lie under another key of the same secret.
        present = expected(act, &place, &turn).await?;
    }
    let text = present
        .with(&place, &made.value)
        .map_err(|failure| Trouble::new("make", failure))?;
    let fingerprint = Fingerprint::of(&turn.id, &made.value);
    reach(secret, Stage::Tested, act.context.now(), |turn| {
        turn.fingerprint = Some(fingerprint.as_str().to_owned());
        turn.user.clone_from(&made.user);
        turn.cause = made.at_stake;
    });
    let trouble = |failure| Trouble::new("publish", failure);
    act.save_secret(secret).await.map_err(trouble)?;
    let id = token::of(&turn, &place, token::For::Publish);
    let put = act.put(&place, &text, &id).await;
    let version = put.map_err(trouble)?;
    act.context.function.held.wipe();
    let at = act.context.now();
    act.log(
        &secret.arn,
        "version",
        &turn.from.version,
        &version,
        &turn.id,
    );
    let published = Published {
        version,
        at: rounded_up(at),
        user: made.user,
    };
    reach(secret, Stage::Published, at, |turn| {
        turn.to = Some(published.clone());
    });
    act.save_secret(secret).await.map_err(trouble)?;
    label(act, &place, &turn.from.version, &published.version)
        .await
        .map_err(trouble)
}

/// Labels move along, so that neither of the two versions that count is the oldest of a hundred.
async fn label(act: &Act<'_>, place: &Place, from: &str, to: &str) -> Result<(), Failure> {
    store::label(act.context, place, from, PREVIOUS).await?;
    store::label(act.context, place, to, CURRENT).await
}

/// The second from which on whoever reads has what was written. A task of the same second may have
/// read before.
pub(super) fn rounded_up(at: Timestamp) -> Timestamp {
    let whole = Timestamp::from_second(at.as_second() + 1);
    if at.subsec_nanosecond() == 0 {
        at
    } else {
        whole.unwrap_or(at)
    }
}

pub(super) fn reach(
    secret: &mut Secret,
    stage: Stage,
    now: Timestamp,
    change: impl FnOnce(&mut Turn),
) {
    secret.version = nightshift::ledger::VERSION;
    if let Some(turn) = &mut secret.turn {
        turn.stage = stage;
        turn.since = now;
        turn.cause = None;
        change(turn);
    }
}

/// The newest version, which must be the one that the plan went by: what a listing shows may be late,
/// and somebody may have written since.
async fn expected(act: &Act<'_>, place: &Place, turn: &Turn) -> Result<Version, Trouble> {
    let trouble = |failure| Trouble::new("read", failure);
    let present = act.newest(place).await.map_err(trouble)?;
    let expected = turn.to.as_ref().unwrap_or(&turn.from);
    if present.id == expected.version {
        return Ok(present);
    }
    let value = present.value(place).map_err(trouble)?;
    if holds(act.context, place, expected, &value)
        .await
        .map_err(trouble)?
    {
        return Ok(present);
    }
    Err(Trouble::of(
        "read",
        place,
        "changed",
        "another version was written meanwhile: the next look starts from it",
    ))
}

/// Makes a value, and has whoever checks it know it.
async fn made(act: &mut Act<'_>, ground: &Ground<'_>) -> Result<Made, Trouble> {
    let means = act.described(ground.secret).and_then(Described::means);
    match means {
        Some(Means::Random { recipe, previous }) => {
            let previous = previous.map(|(name, _)| Place::named(name));
            random::make(act, ground, recipe, previous).await
        }
        Some(Means::Postgres {
            users, role, admin, ..
        }) => postgres::make(act, ground, users, role, admin).await,
        Some(Means::RdsMaster { database }) => {
            let database = database.to_owned();
            rds_master::make(act, ground, &database).await
        }
        Some(Means::Atlas {
            users,
            project,
            api,
        }) => atlas::make(act, ground, users, project, api).await,
        Some(Means::External) => Err(Trouble::of(
            "make",
            &ground.place,
            "external",
            "only its issuer makes it: write the new value yourself",
        )),
        None => Err(Trouble::of(
            "make",
            &ground.place,
            "document",
            "no document says any more how it is replaced: name it again, or revert",
        )),
    }
}

/// Tries what somebody else wrote; answers the user that it names.
async fn tried(act: &Act<'_>, ground: &Ground<'_>) -> Result<Option<String>, Trouble> {
    let means = act.described(ground.secret).and_then(Described::means);
    match means {
        Some(Means::Postgres { role, .. }) => postgres::try_written(act, ground, role).await,
        Some(Means::RdsMaster { database }) => {
            let tried = rds_master::try_written(act, ground, database).await;
            tried.map(|()| None)
        }
        Some(Means::Atlas { .. }) => atlas::try_written(act, ground).await,
        Some(Means::Random { .. } | Means::External) | None => Ok(None),
    }
}

impl Trouble {
    pub(super) fn new(action: &'static str, failure: Failure) -> Self {
        Self {
            action,
            failure: Box::new(failure),
            passes: false,
        }
    }

    /// The same, which passes by itself.
    fn passing(mut self) -> Self {
        self.passes = true;
        self
    }

    pub(super) fn into_failure(self) -> Failure {
        *self.failure
    }

    fn of(
        action: &'static str,
        place: &Place,
        code: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        let failure = Failure {
            resource: place.name.clone(),
            action: action.to_owned(),
            code: code.into(),
            message: message.into(),
            denied: false,
        };
        Self::new(action, failure)
    }

    pub(super) fn refused(action: &'static str, place: &Place, refusal: Refusal) -> Self {
        Self::of(action, place, refusal.code, refusal.message)
    }

    fn url(place: &Place, error: UrlError) -> Self {
        Self::of("read", place, "url", error.to_string())
    }

    fn generated(place: &Place, error: &GenerateError) -> Self {
        Self::of("make", place, "random", error.to_string())
    }
}
