//! The master password of an RDS instance or an Aurora cluster. RDS sets it whenever it gets round to it,
//! so nothing counts but a connection that it opened. What could not be proved so is not even begun.

mod database;
mod stored;

use std::time::Duration;

use nightshift::{
    config::{Means, Secret as Described},
    ledger::rotation::{Cause, Secret},
    report::Failure,
};
use tokio::time::{Instant, sleep};

use super::{Act, Ground, Made, Trouble};
use crate::{
    context::Context,
    dial,
    store::Place,
    value::{Value, generate, url::Url},
};
use database::{Asked, Database};
use stored::Stored;

/// What is left for publishing: two writes of the ledger, one of the secret, two labels.
const PUBLISHING: Duration = Duration::from_secs(20);

/// The least that a new password is given to prove itself; with less, none is made.
const LEAST: Duration = Duration::from_secs(15);

/// How long it is waited between two connections, at first and at most.
const PAUSES: [Duration; 2] = [Duration::from_secs(2), Duration::from_secs(10)];

/// What PostgreSQL says to a wrong password.
const WRONG_PASSWORD: &str = "28P01";

/// The secret with a new password, which is the database's by now.
pub(super) async fn make(
    act: &mut Act<'_>,
    ground: &Ground<'_>,
    name: &str,
) -> Result<Made, Trouble> {
    let (context, place) = (act.context, &ground.place);
    let database = Database::find(act, place, name).await?;
    let stored = Stored::read(place, &ground.present, &database)?;
    let at_stake = Some(Cause::Unproven {
        database: database.name.clone(),
        code: "lost".to_owned(),
    });
    let made = |value| Made {
        value,
        user: None,
        at_stake: at_stake.clone(),
    };
    if let Some(password) = context.function.held.of(&ground.turn.id) {
        let (value, url) = stored.with(place, &password, &database)?;
        if context.function.dial.connect(&url).await.is_ok() {
            return Ok(made(value));
        }
    }
    is_in_force(context, place, &stored.url(place, &database)?).await?;
    database.is_free(place)?;
    let until = until(context, place)?;
    let password = generate::master_password();
    let password = password.map_err(|error| Trouble::generated(place, &error))?;
    let (value, url) = stored.with(place, &password, &database)?;
    write_ahead(act, ground.secret, at_stake.as_ref()).await?;
    match database.set(context, place, &password).await {
        Asked::Yes => {}
        Asked::Perhaps(trouble) => return Err(trouble),
        Asked::No(trouble) => {
            let before = ground.turn.cause.as_ref();
            write_ahead(act, ground.secret, before).await?;
            return Err(trouble);
        }
    }
    context.function.held.keep(&ground.turn.id, &password);
    prove(context, place, &url, until).await?;
    Ok(made(value))
}

/// Tries what somebody else wrote.
pub(super) async fn try_written(
    act: &Act<'_>,
    ground: &Ground<'_>,
    name: &str,
) -> Result<(), Trouble> {
    let place = &ground.place;
    let database = Database::find(act, place, name).await?;
    let stored = Stored::read(place, &ground.present, &database)?;
    let url = stored.url(place, &database)?;
    let connected = act.context.function.dial.connect(&url).await;
    connected.map_err(|refusal| Trouble::refused("test", place, refusal))
}

/// Gives the database the former password again, where the secret is a master password: before the
/// former value is published. False where that is not over yet.
///
/// # Errors
/// When it cannot be set, or tried.
pub(in crate::act) async fn give_back(
    act: &Act<'_>,
    secret: &Secret,
    place: &Place,
    former: &Value,
) -> Result<bool, Failure> {
    let means = act.described(secret).and_then(Described::means);
    let Some(Means::RdsMaster { database }) = means else {
        return Ok(true);
    };
    match given_back(act, place, former, database).await {
        Ok(()) => Ok(true),
        Err(trouble) if trouble.passes => Ok(false),
        Err(trouble) => Err(trouble.into_failure()),
    }
}

async fn given_back(
    act: &Act<'_>,
    place: &Place,
    former: &Value,
    name: &str,
) -> Result<(), Trouble> {
    let context = act.context;
    let database = Database::find(act, place, name).await?;
    let stored = Stored::read(place, former, &database)?;
    let url = stored.url(place, &database)?;
    // Who died after the call may find it in force already.
    if is_in_force(context, place, &url).await? {
        return Ok(());
    }
    database.is_free(place)?;
    let until = until(context, place)?;
    match database.set(context, place, stored.password()).await {
        Asked::Yes => prove(context, place, &url, until).await,
        Asked::Perhaps(trouble) | Asked::No(trouble) => Err(trouble),
    }
}

/// Whether the database takes this password. Only a wrong password is an answer: where nobody can be
/// reached, or no certificate is believed, a new one could not be proved either.
async fn is_in_force(context: &Context<'_>, place: &Place, url: &Url) -> Result<bool, Trouble> {
    match context.function.dial.connect(url).await {
        Ok(()) => Ok(true),
        Err(refusal) if refusal.code == WRONG_PASSWORD => Ok(false),
        Err(refusal) => Err(Trouble::refused("test", place, refusal)),
    }
}

/// Until when a password may prove itself; with too little left of the invocation nothing is begun.
fn until(context: &Context<'_>, place: &Place) -> Result<Instant, Trouble> {
    let until = context.deadline.checked_sub(PUBLISHING + dial::LIMIT);
    let until = until.filter(|until| *until >= Instant::now() + LEAST);
    until.ok_or_else(|| {
        let message = "too little is left of this invocation: the next look goes on";
        Trouble::of("set", place, "timeout", message).passing()
    })
}

/// Connects until it works.
async fn prove(
    context: &Context<'_>,
    place: &Place,
    url: &Url,
    until: Instant,
) -> Result<(), Trouble> {
    let [mut pause, longest] = PAUSES;
    loop {
        let Err(refusal) = context.function.dial.connect(url).await else {
            return Ok(());
        };
        if Instant::now() + pause > until {
            return Err(Trouble::refused("test", place, refusal).passing());
        }
        sleep(pause).await;
        pause = (pause * 2).min(longest);
    }
}

/// From the call on nobody knows which password the database takes, until one connects: that is written
/// down before, so that it is told if it stays so.
async fn write_ahead(
    act: &mut Act<'_>,
    secret: &Secret,
    cause: Option<&Cause>,
) -> Result<(), Trouble> {
    let mut secret = secret.clone();
    if let Some(turn) = &mut secret.turn {
        turn.cause = cause.cloned();
    }
    let saved = act.save_secret(&secret).await;
    saved.map_err(|failure| Trouble::new("set", failure))
}
