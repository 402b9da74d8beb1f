//! What people are told goes to the topic, in the estate's own language and zone: each piece at least
//! once, and none of it holds a value.

use nightshift::{
    config::Rotator,
    kind::Keeping,
    log,
    report::{
        Failure, News,
        message::Message,
        publish,
        rotation::Rotation,
        text::{self, Place},
    },
};

use crate::{context::Context, plan::FUNCTION};

/// What people were told, in a word and with what it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The word.
    pub word: &'static str,
    /// Secrets, or a service.
    pub about: String,
}

/// Tells of secrets.
///
/// # Errors
/// When it could not be told; it counts as not told then.
pub async fn tell(
    context: &Context<'_>,
    rotator: &Rotator,
    rotation: &Rotation,
) -> Result<Told, Failure> {
    let news = News::Rotation {
        told: Box::new(rotation.clone()),
    };
    let told = Told {
        word: rotation.word(),
        about: rotation.about(),
    };
    publish_one(context, rotator, &news, told).await
}

/// Tells that the estate's document is broken.
///
/// # Errors
/// When it could not be told; it counts as not told then.
pub async fn tell_of_document(
    context: &Context<'_>,
    rotator: &Rotator,
    news: &News,
) -> Result<Told, Failure> {
    let told = Told {
        word: "document-broken",
        about: rotator.name.clone(),
    };
    publish_one(context, rotator, news, told).await
}

async fn publish_one(
    context: &Context<'_>,
    rotator: &Rotator,
    news: &News,
    told: Told,
) -> Result<Told, Failure> {
    let function = context.function;
    let place = Place {
        estate: &rotator.name,
        account: &context.account,
        region: &function.settings.region,
        zone: &rotator.zone,
        language: rotator.language,
        now: context.now(),
        function: &function.settings.function_name,
        teller: FUNCTION,
        keeping: Keeping::Sleeping,
        watch: function.settings.watch,
    };
    let text = text::news(news, &place);
    let message = Message::new(news, &text, &place);
    publish::publish(function.sns(), &function.settings.topic, &message, &text)
        .await
        .inspect_err(|failure| log::failure(FUNCTION, &rotator.name, failure))?;
    tracing::info!(
        kind = "told",
        function = FUNCTION,
        estate = rotator.name,
        told = told.word,
        about = told.about,
        "told"
    );
    Ok(told)
}
