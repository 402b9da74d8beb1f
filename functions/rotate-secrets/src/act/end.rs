//! A former credential is taken out of use when its time has come: the user that nobody holds any more
//! is disabled, the copy is overwritten. Then that is written down.

use nightshift::{
    config::{Means, Secret as Described},
    ledger::rotation::Secret,
    report::Failure,
};

use super::{Act, make, token};
use crate::{
    engine::{atlas::Project, postgres::Sessions},
    store::{self, Place},
    users::Inactive,
    value::url::Url,
};

pub(super) async fn end(act: &mut Act<'_>, secret: &Secret) -> Result<(), Failure> {
    let Some(former) = secret.former.clone() else {
        return Ok(());
    };
    match act.described(secret).and_then(Described::means) {
        Some(Means::Postgres { users, admin, .. }) => {
            disable(act, secret, users, admin).await?;
        }
        Some(Means::Atlas {
            users,
            project,
            api,
        }) => disable_in_atlas(act, secret, users, project, api).await?,
        Some(Means::Random {
            previous: Some((previous, _)),
            ..
        }) => wipe(act, secret, previous).await?,
        // Nobody but its issuer ends it, nothing was kept of it, or it ended with its turn.
        _ => {}
    }
    let mut secret = secret.clone();
    if let Some(former) = &mut secret.former {
        former.ended = true;
    }
    act.save_secret(&secret).await?;
    act.log(
        &secret.arn,
        "former",
        &former.published.version,
        "ended",
        "its time has come",
    );
    Ok(())
}

async fn disable(
    act: &Act<'_>,
    secret: &Secret,
    users: &[String; 2],
    admin: &str,
) -> Result<(), Failure> {
    let Some((present, inactive)) = former_user(act, secret, users).await? else {
        return Ok(());
    };
    let admin = make::admin(act, &present, admin)
        .await
        .map_err(make::Trouble::into_failure)?;
    let dial = &act.context.function.dial;
    let disabled = dial.disable(&admin, &inactive, sessions(secret)).await;
    disabled.map_err(|refusal| failure(secret, &refusal.code, refusal.message))
}

async fn disable_in_atlas(
    act: &Act<'_>,
    secret: &Secret,
    users: &[String; 2],
    project: &str,
    api: &str,
) -> Result<(), Failure> {
    let Some((_, inactive)) = former_user(act, secret, users).await? else {
        return Ok(());
    };
    let access = make::access(act, api)
        .await
        .map_err(make::Trouble::into_failure)?;
    let project = Project {
        id: project,
        access: &access,
    };
    let atlas = &act.context.function.atlas;
    let disabled = atlas.disable(project, &inactive, sessions(secret)).await;
    disabled.map_err(|refusal| failure(secret, &refusal.code, refusal.message))
}

/// The present URL, and the user that was in use before; none where that is for people to end, as the
/// one that the first rotation leaves behind and that is none of the two.
async fn former_user(
    act: &Act<'_>,
    secret: &Secret,
    users: &[String; 2],
) -> Result<Option<(Url, Inactive)>, Failure> {
    let former = secret.former.as_ref();
    let user = former.and_then(|former| former.published.user.as_deref());
    let place = act.place(secret);
    let version = store::read(act.context, &place, None).await?;
    let present = Url::parse(version.value(&place)?)
        .map_err(|error| failure(secret, "url", error.to_string()))?;
    let inactive = Inactive::of(users, present.user())
        .map_err(|error| failure(secret, "users", error.to_string()))?;
    let is_former = user == Some(inactive.user());
    Ok(is_former.then_some((present, inactive)))
}

/// What has leaked is ended together with the connections that it opened.
fn sessions(secret: &Secret) -> Sessions {
    if is_at_once(secret) {
        Sessions::End
    } else {
        Sessions::Keep
    }
}

fn failure(secret: &Secret, code: &str, message: String) -> Failure {
    Failure {
        resource: secret.name.to_string(),
        action: "end".to_owned(),
        code: code.to_owned(),
        message,
        denied: false,
    }
}

/// Whether it ends with its turn: it has leaked.
fn is_at_once(secret: &Secret) -> bool {
    let ends = secret.former.as_ref().and_then(|former| former.ends);
    let last = secret.last.as_ref().map(|last| last.at);
    ends.zip(last).is_some_and(|(ends, last)| ends <= last)
}

/// The copy becomes the value in use: a reader finds a key that is good, and the former one is gone.
async fn wipe(act: &mut Act<'_>, secret: &Secret, previous: &str) -> Result<(), Failure> {
    let place = act.place(secret);
    let present = act.newest(&place).await?;
    let copy = Place::named(previous);
    let key = copy.key.clone().unwrap_or_default();
    let id = token::derived(&present.id, &key, token::For::Wipe);
    let value = present.value(&place)?;
    act.copy_to(&copy, &value, &id).await
}
