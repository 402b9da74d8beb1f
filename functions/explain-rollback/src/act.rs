//! Writes what is known, tells what is to be told, and writes that it was told, in that order: a death
//! in between tells again what whoever forwards it knows for the same, and loses nothing.

use nightshift::{
    kind::Keeping,
    ledger::{Kept, Revision, rollout::Entry},
    log,
    report::{
        Failure,
        message::Message,
        publish::publish,
        text::{self, Place},
    },
};

use crate::{
    context::Context,
    estates::Estates,
    plan::{FUNCTION, Plan, Telling},
};

/// What became of a plan.
#[derive(Debug, Default)]
pub struct Done {
    /// The titles of what was told.
    pub told: Vec<String>,
    /// What failed; the rest was not tried.
    pub failure: Option<Failure>,
}

/// Carries a plan out.
pub async fn act(
    context: &Context<'_>,
    estates: &Estates,
    estate: &str,
    kept: Option<&Kept<Entry>>,
    plan: &Plan,
) -> Done {
    let mut done = Done::default();
    let mut revision = kept.map_or(Revision(0), |kept| kept.revision);
    if let Some(entry) = &plan.save {
        match context.store.save_entry(entry, revision).await {
            Ok(next) => revision = next,
            Err(error) => {
                done.failure = Some(error.into_failure());
                return done;
            }
        }
    }
    for telling in &plan.tell {
        let title = match tell(context, estates, estate, telling).await {
            Ok(title) => title,
            Err(failure) => {
                done.failure = Some(failure);
                return done;
            }
        };
        tracing::info!(
            kind = "told",
            function = FUNCTION,
            estate,
            stage = ?telling.story.stage,
            service = telling.story.service,
            deployment = telling.story.deployment,
            "told"
        );
        done.told.push(title);
        match context.store.save_entry(&telling.then, revision).await {
            Ok(next) => revision = next,
            Err(error) => {
                done.failure = Some(error.into_failure());
                return done;
            }
        }
    }
    done
}

async fn tell(
    context: &Context<'_>,
    estates: &Estates,
    estate: &str,
    telling: &Telling,
) -> Result<String, Failure> {
    let function = context.function;
    let place = place(context, estates, estate);
    let news = telling.news();
    let text = text::news(&news, &place);
    let message = Message::new(&news, &text, &place);
    publish(function.sns(), &function.settings.topic, &message, &text)
        .await
        .inspect_err(|failure| log::failure(FUNCTION, estate, failure))?;
    Ok(text.title)
}

/// What texts about a service of an estate need to know.
#[must_use]
pub fn place<'a>(context: &'a Context<'_>, estates: &'a Estates, estate: &'a str) -> Place<'a> {
    Place {
        estate,
        account: &context.account,
        region: &context.function.settings.region,
        zone: &estates.zone,
        language: estates.language,
        now: context.now(),
        function: &context.function.settings.function_name,
        teller: FUNCTION,
        keeping: Keeping::Sleeping,
        watch: false,
    }
}
