//! The URL of a MongoDB Atlas user: of two that take turns the one that no task holds gets a new
//! password, and is used before anybody depends on it.

use super::{Act, Ground, Made, Trouble};
use crate::{
    engine::atlas::{Access, Project},
    store::{self, Place},
    value::{generate, url::Url},
};

/// The URL of the user whose turn it is, with a new password that Atlas has been given.
pub(super) async fn make(
    act: &Act<'_>,
    ground: &Ground<'_>,
    users: &[String; 2],
    project: &str,
    api: &str,
) -> Result<Made, Trouble> {
    let place = &ground.place;
    let present = ground.url()?;
    let inactive = ground.inactive(users, &present)?;
    let access = access(act, api).await?;
    let password = generate::password().map_err(|error| Trouble::generated(place, &error))?;
    let new = present
        .with_credentials(inactive.user(), &password)
        .map_err(|error| Trouble::url(place, error))?;
    let atlas = &act.context.function.atlas;
    let project = Project {
        id: project,
        access: &access,
    };
    let set = atlas.set(project, &inactive, &password).await;
    set.map_err(|refusal| Trouble::refused("set", place, refusal))?;
    let tested = atlas.test(&new, Some(&present)).await;
    tested.map_err(|refusal| Trouble::refused("test", place, refusal))?;
    Ok(Made {
        value: new.into_text(),
        user: Some(inactive.user().to_owned()),
        at_stake: None,
    })
}

/// Tries what somebody else wrote; answers the user that it names. It is held against the value that
/// was in use, where that can still be read.
pub(super) async fn try_written(
    act: &Act<'_>,
    ground: &Ground<'_>,
) -> Result<Option<String>, Trouble> {
    let place = &ground.place;
    let url = ground.url()?;
    let former = store::read(act.context, place, Some(&ground.turn.from.version)).await;
    let former = former.and_then(|version| version.value(place)).ok();
    let former = former.and_then(|value| Url::parse(value).ok());
    let tested = act.context.function.atlas.test(&url, former.as_ref()).await;
    tested.map_err(|refusal| Trouble::refused("test", place, refusal))?;
    Ok(Some(url.user().to_owned()))
}

/// Who may call the Admin API.
pub(in crate::act) async fn access(act: &Act<'_>, api: &str) -> Result<Access, Trouble> {
    let place = Place::named(api);
    let version = store::read(act.context, &place, None).await;
    let text = version.and_then(|it| it.value(&place));
    let text = text.map_err(|failure| Trouble::new("read", failure))?;
    Access::parse(&text)
        .map_err(|cause| Trouble::of("read", &place, "credentials", cause.to_string()))
}
