//! What people are told goes to the topic, one message for each piece of news, in the estate's own
//! language and zone. What could not be published counts as not told.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::{
    context::Context, estates::Resolved, keeper::Keeper, matters::Matters, plan::Plan,
    section::Section,
};
use crate::{
    config::Language,
    report::{
        Failure, News,
        message::Message,
        publish::publish,
        text::{self, Place},
    },
};

/// What is wrong with an estate's documents is told once, and again when it is something else.
pub(super) fn tell_of_documents<S>(matters: &mut Matters, estate: &Resolved<S>) {
    if !estate.problems.is_empty() {
        let problems = estate.problems.clone();
        let first = problems
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("|");
        let key: String = format!("document/{first}").chars().take(200).collect();
        let in_force = estate.in_force.is_some();
        matters.tell(&key, SignedDuration::ZERO, |_| News::DocumentBroken {
            problems,
            in_force,
        });
    }
}

/// What became of the telling.
#[derive(Default)]
pub(super) struct Told {
    /// The keys of the matters that people now know of.
    pub(super) keys: Vec<String>,
    /// Everything that was published.
    pub(super) news: Vec<News>,
    /// Whether a moment could not be published.
    pub(super) moments_failed: bool,
}

/// Publishes what is to be told. What could not be published counts as not told.
pub(super) async fn tell<K: Keeper>(
    context: &Context<'_, K>,
    estate: &Resolved<K::Section>,
    language: Language,
    plan: &Plan<K::Step>,
    failures: &mut Vec<Failure>,
) -> Told {
    let mut told = Told::default();
    let watch = context.function.settings.watch;
    for (key, news) in plan.matters.to_tell().to_vec() {
        if watch && K::goes_without_saying(&news) {
            continue;
        }
        tell_one(
            context,
            estate,
            language,
            Some(key),
            news,
            &mut told,
            failures,
        )
        .await;
    }
    for news in plan.moments.clone() {
        tell_one(context, estate, language, None, news, &mut told, failures).await;
    }
    told
}

/// Publishes one piece of news: a matter, if it has a key, else a moment.
pub(super) async fn tell_one<K: Keeper>(
    context: &Context<'_, K>,
    estate: &Resolved<K::Section>,
    language: Language,
    key: Option<String>,
    news: News,
    told: &mut Told,
    failures: &mut Vec<Failure>,
) {
    let now = context.now();
    let zone = estate.zone();
    let place = place(context, estate, &zone, language, now);
    let text = text::news(&news, &place);
    let message = Message::new(&news, &text, &place);
    let function = context.function;
    match publish(function.sns(), &function.settings.topic, &message, &text).await {
        Ok(()) => {
            told.keys.extend(key);
            told.news.push(news);
        }
        Err(failure) => {
            told.moments_failed |= key.is_none();
            failures.push(failure);
        }
    }
}

/// What texts about an estate need to know.
pub(super) fn place<'a, K: Keeper>(
    context: &'a Context<'_, K>,
    estate: &'a Resolved<K::Section>,
    zone: &'a TimeZone,
    language: Language,
    now: Timestamp,
) -> Place<'a> {
    Place {
        estate: &estate.name,
        account: &context.account,
        region: &context.function.settings.region,
        zone,
        language: estate.in_force.as_ref().map_or(language, Section::language),
        now,
        function: &context.function.settings.function_name,
        teller: K::NAME,
        keeping: K::KEEPING,
        watch: context.function.settings.watch,
    }
}
