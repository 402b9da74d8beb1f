//! A deployment that failed is one message that is drawn anew as its story grows. What makes it worse
//! than anything that was told of it, and its end, are answers in its thread as well, since nobody is
//! called by a message that is drawn anew; and the log's last lines stand in the thread, once.

use nightshift::report::{News, Severity, message::Message, rollback::Story};

use super::{Deed, House, Telling, Thread, opened};
use crate::{draft::Draft, render, scene::Scene, signal::Signal};

/// Whether a report tells a story.
pub(super) fn is_one(report: &Message) -> bool {
    story(report).is_some()
}

fn story(report: &Message) -> Option<&Story> {
    match &report.news {
        News::Rollback { story } => Some(story),
        _ => None,
    }
}

/// How a story is told, up to the stage that the report has reached.
pub(super) fn of_story(
    telling: &mut Telling,
    signal: &Signal,
    report: &Message,
    thread: Option<&Thread>,
    scene: &Scene<'_>,
    house: &House,
) {
    let whole = render::first(signal, scene);
    let mention = |draft: Draft| {
        let estate = house.estate_of(signal);
        Box::new(house.mentioning(draft, signal, estate))
    };
    let excerpt = (!report.excerpt.is_empty()).then(|| render::excerpt(report));
    let Some(thread) = thread.filter(|thread| thread.ts.is_some() && !thread.shared) else {
        let mut whole = whole;
        telling.after = Some(Thread {
            loudest: Some(report.severity),
            excerpt: excerpt.as_ref().map(|_| signal.key.clone()),
            ..opened(signal)
        });
        if house.remembers {
            telling.below = excerpt.map(Box::new);
        } else {
            // There are no threads: what would stand in one stands in the message.
            whole
                .body
                .extend(excerpt.into_iter().flat_map(|it| it.body));
        }
        telling.deed = Deed::Post(mention(whole));
        return;
    };
    telling.channel.clone_from(&thread.channel);
    if thread.at > signal.at {
        // A later stage was told already, with everything that this one says.
        telling.after = Some(thread.clone());
        return;
    }
    let loudest = thread.loudest.unwrap_or(Severity::Quiet);
    let is_over = story(report).is_some_and(|story| story.stage.is_over());
    let first = Box::new(whole);
    telling.deed = if report.severity > loudest || is_over {
        Deed::Answer {
            answer: mention(render::headline(signal, scene)),
            first: Some(first),
        }
    } else {
        Deed::Redraw(first)
    };
    let mut after = Thread {
        signal: signal.clone(),
        at: signal.at,
        loudest: Some(loudest.max(report.severity)),
        ..thread.clone()
    };
    // Another deployment's last words are other ones, also in the same thread.
    if excerpt.is_some() && !is_known(thread, report) {
        after.excerpt = Some(signal.key.clone());
        telling.below = excerpt.map(Box::new);
    }
    telling.after = Some(after);
}

/// Whether the excerpt of this deployment stands in the thread.
fn is_known(thread: &Thread, report: &Message) -> bool {
    let crate::signal::What::Report(last) = &thread.signal.what else {
        return false;
    };
    let deployment = |report: &Message| story(report).map(|it| it.deployment.clone());
    thread.excerpt.is_some() && deployment(last) == deployment(report)
}
