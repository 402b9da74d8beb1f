//! The URL of a PostgreSQL user: of two that take turns the one that no task holds gets a new password,
//! and is used before anybody depends on it.

use super::{Act, Ground, Made, Trouble};
use crate::{
    store::{self, Place},
    value::{generate, json, scram::Verifier, url::Url},
};

/// The URL of the user whose turn it is, with a new password that the database knows by its verifier.
pub(super) async fn make(
    act: &Act<'_>,
    ground: &Ground<'_>,
    users: &[String; 2],
    role: &str,
    admin: &str,
) -> Result<Made, Trouble> {
    let place = &ground.place;
    let present = ground.url()?;
    let inactive = ground.inactive(users, &present)?;
    let admin = self::admin(act, &present, admin).await?;
    let password = generate::password().map_err(|error| Trouble::generated(place, &error))?;
    let verifier = Verifier::of(&password);
    #[cfg(feature = "sabotage")]
    let inactive = crate::sabotage::inactive(inactive, users);
    #[cfg(feature = "sabotage")]
    if crate::sabotage::is(crate::sabotage::Bug::PublishBeforeSet) {
        let new = present.with_credentials(inactive.user(), &password);
        return Ok(Made {
            value: new.map_err(|error| Trouble::url(place, error))?.into_text(),
            user: Some(inactive.user().to_owned()),
            at_stake: None,
        });
    }
    let dial = &act.context.function.dial;
    let set = dial.set(&admin, &inactive, role, &verifier).await;
    set.map_err(|refusal| Trouble::refused("set", place, refusal))?;
    let new = present
        .with_credentials(inactive.user(), &password)
        .map_err(|error| Trouble::url(place, error))?;
    let tested = dial.test(&new, present.user(), role).await;
    tested.map_err(|refusal| Trouble::refused("test", place, refusal))?;
    Ok(Made {
        value: new.into_text(),
        user: Some(inactive.user().to_owned()),
        at_stake: None,
    })
}

/// Tries what somebody else wrote; answers the user that it names.
pub(super) async fn try_written(
    act: &Act<'_>,
    ground: &Ground<'_>,
    role: &str,
) -> Result<Option<String>, Trouble> {
    let url = ground.url()?;
    let present = ground.turn.from.user.as_deref();
    let present = present.unwrap_or_else(|| url.user());
    let tested = act.context.function.dial.test(&url, present, role).await;
    tested.map_err(|refusal| Trouble::refused("test", &ground.place, refusal))?;
    Ok(Some(url.user().to_owned()))
}

/// Who may set passwords: a URL of its own, or user and password as RDS keeps them, for the database
/// of the secret.
pub(in crate::act) async fn admin(
    act: &Act<'_>,
    present: &Url,
    admin: &str,
) -> Result<Url, Trouble> {
    let place = Place::named(admin);
    let trouble = |failure| Trouble::new("read", failure);
    let version = store::read(act.context, &place, None).await;
    let text = version.and_then(|it| it.value(&place)).map_err(trouble)?;
    if !text.expose().trim_start().starts_with('{') {
        return Url::parse(text).map_err(|error| Trouble::url(&place, error));
    }
    let part = |key: &str| {
        json::read(&text, key)
            .map_err(|error| Trouble::of("read", &place, "json", error.to_string()))
    };
    let (user, password) = (part("username")?, part("password")?);
    present
        .with_credentials(user.expose(), &password)
        .map_err(|error| Trouble::url(&place, error))
}
