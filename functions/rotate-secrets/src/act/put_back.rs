//! The former value becomes the newest version again. What somebody wrote since is not overwritten:
//! then the turn is left to the plan, which ends it.

use nightshift::{
    ledger::rotation::{Published, Secret, Stage},
    report::Failure,
};

use super::{
    Act,
    make::{give_back, rounded_up},
    token,
    write::is_absent,
};
use crate::{
    observe::secrets::holds,
    store::{self, CURRENT},
};

pub(super) async fn put_back(act: &mut Act<'_>, secret: &Secret) -> Result<(), Failure> {
    let mut secret = secret.clone();
    let Some(turn) = secret.turn.clone() else {
        return Ok(());
    };
    let place = act.place(&secret);
    let newest = act.newest(&place).await?;
    let present = newest.value(&place)?;
    let value = match store::read(act.context, &place, Some(&turn.from.version)).await {
        Err(failure) if is_absent(&failure) => Err(failure),
        read => Ok(read?.value(&place)?),
    };
    let is = |known: Option<&Published>| known.is_some_and(|known| known.version == newest.id);
    // Who died between the call and the ledger has done it.
    let is_done = value.as_ref().is_ok_and(|value| present == *value) && !is(Some(&turn.from));
    if !is_done && !is(turn.to.as_ref()) && !is(Some(&turn.from)) {
        let same = match &turn.to {
            Some(to) => holds(act.context, &place, to, &present).await?,
            None => false,
        };
        if !same {
            if let Some(turn) = &mut secret.turn {
                turn.stage = Stage::Published;
            }
            return act.save_secret(&secret).await;
        }
    }
    let value = value.map_err(|failure| {
        let message = format!(
            "the former value cannot be published again: version {} is gone. Write one that works by hand, then order `rotate`",
            turn.from.version
        );
        place.failure("put back", &failure.code, message)
    })?;
    if !give_back(act, &secret, &place, &value).await? {
        return Ok(());
    }
    let version = if is_done {
        newest.id.clone()
    } else {
        let id = token::of(&turn, &place, token::For::Back);
        let text = newest.with(&place, &value)?;
        act.put(&place, &text, &id).await?
    };
    let at = act.context.now();
    act.log(&secret.arn, "version", &newest.id, &version, &turn.id);
    if let Some(turn) = &mut secret.turn {
        turn.stage = Stage::Reverted;
        turn.since = at;
        turn.back = Some(Published {
            version: version.clone(),
            at: rounded_up(at),
            user: turn.from.user.clone(),
        });
    }
    act.save_secret(&secret).await?;
    store::label(act.context, &place, &version, CURRENT).await
}
