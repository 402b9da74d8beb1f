//! What a person gets who asks: the story of a service as text, and what is remembered. Nothing is
//! written, and nobody else is told.

use nightshift::{
    lambda::Failed,
    report::{Failure, News, text},
};
use serde_json::{Value, json};

use super::ground::ground;
use crate::{
    act,
    context::Context,
    estates::ServiceName,
    handle::{no_such_service, service_name},
    observe,
    plan::{View, story_of},
    snapshot::Snapshot,
};

/// Tells the story of a service as it stands now; nothing is written, and nobody else is told.
///
/// # Errors
/// With [`Failed::BadInput`] when there is no such service, [`Failed::Unavailable`] when it or the table
/// cannot be read.
pub async fn explain(
    context: &Context<'_>,
    name: &ServiceName,
    deployment: Option<&str>,
) -> Result<Value, Failed> {
    let unavailable = |failure: Failure| Failed::Unavailable(failure.to_string());
    let ground = ground(context).await.map_err(unavailable)?;
    let entry = ground.entry(name).map(|kept| &kept.item);
    let truth = Box::pin(observe::truth(context, name, entry, None))
        .await
        .map_err(unavailable)?;
    let mut snapshot: Snapshot =
        truth.ok_or_else(|| no_such_service(context, &name.to_string()))?;
    let (estate, settings) = ground.estates.of(name, entry);
    snapshot.asleep = ground.asleep.get(estate).cloned();
    observe::evidence(context, &mut snapshot).await;
    let view = View {
        estate,
        settings: &settings,
        snapshot: &snapshot,
        entry,
        now: context.now(),
    };
    let story = story_of(&view, deployment);
    let text = story.clone().map(|story| {
        let news = News::Rollback {
            story: Box::new(story),
        };
        text::news(&news, &act::place(context, &ground.estates, estate)).whole()
    });
    Ok(json!({
        "estate": estate,
        "service": name.to_string(),
        "story": story,
        "text": text,
        "missing": snapshot.missing,
    }))
}

/// Tells of every service of which something is remembered, or of those of one estate.
///
/// # Errors
/// With [`Failed::Unavailable`] when the table cannot be read, [`Failed::BadInput`] when there is no
/// such estate.
pub async fn status(context: &Context<'_>, only: Option<&str>) -> Result<Value, Failed> {
    let ground = ground(context)
        .await
        .map_err(|failure| Failed::Unavailable(failure.to_string()))?;
    if let Some(estate) = only {
        ground.knows(estate)?;
    }
    let now = context.now();
    let services = ground.entries.iter().filter_map(|(arn, kept)| {
        let entry = &kept.item;
        let name = service_name(arn);
        let estate = name
            .as_ref()
            .map_or(entry.estate.as_str(), |name| ground.estate_of(name));
        if only.is_some_and(|only| only != estate) {
            return None;
        }
        let stories = entry.chapters.iter().map(|chapter| {
            json!({
                "deployment": chapter.story.deployment,
                "stage": chapter.story.stage,
                "told": chapter.told,
                "started": chapter.story.started,
                "ended": chapter.story.ended,
            })
        });
        Some(json!({
            "service": entry.arn,
            "estate": estate,
            "broken": entry.is_broken(now),
            "stories": stories.collect::<Vec<_>>(),
        }))
    });
    Ok(json!({ "services": services.collect::<Vec<_>>() }))
}
