//! Answers to who only asks: observed and planned as in a look, and nothing written anywhere.

use serde_json::{Value, json};

use super::{
    context::Context,
    estates::Seen,
    handle::all_ready,
    keeper::Keeper,
    look::{self, Ground},
    tell::place,
};
use crate::{
    kind::Keeping,
    lambda::Failed,
    report::{Failure, text},
};

/// What is asked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Question {
    Status,
    DryRun,
    Doctor,
}

/// Observes and plans, and writes nothing anywhere.
pub(super) async fn ask<K: Keeper>(
    context: &Context<'_, K>,
    only: Option<&str>,
    question: Question,
) -> Result<Value, Failed> {
    let ground = ground(context).await?;
    let chosen = chosen(&ground, only)?;
    let examined = question == Question::Doctor;
    let scene = look::observe_all(context, &ground, &chosen, examined).await;
    let now = context.now();
    let mut reports = Vec::new();
    let mut diagnoses = Vec::new();
    let mut words = Vec::new();
    for estate in ground
        .estates
        .iter()
        .filter(|estate| chosen.contains(&estate.name))
    {
        let zone = estate.zone();
        let place = place(context, estate, &zone, ground.language, now);
        words.extend(estate.problems.iter().map(ToString::to_string));
        let held = look::held(&ground, &scene, &estate.name, now);
        let Some(view) = look::view(&ground, &scene, estate, &held, now) else {
            continue;
        };
        if question == Question::Doctor {
            let found = K::examine(&view);
            words.extend(spoken(text::diagnosis(&found, &place)));
            diagnoses.push(found);
            continue;
        }
        let mut report = look::plan(&ground, &view).report(&estate.name, now);
        // Nothing was done: the estate is where the last look left it.
        report.phase = held.record.item.phase;
        report.failures = view.snapshot.failures().cloned().collect();
        if question == Question::DryRun {
            report.steps = K::foresee(&view);
        }
        words.extend(spoken(text::report(&report, &place)));
        reports.push(report);
    }
    words.extend(ground.failures.iter().map(ToString::to_string));
    let mut answer = match question {
        Question::Doctor => json!({ "estates": diagnoses, "text": words }),
        Question::Status | Question::DryRun => json!({
            "ready": all_ready(&reports),
            "estates": reports,
            "text": words,
        }),
    };
    // What nobody could read may name an estate that is missing here.
    if !ground.failures.is_empty() {
        answer["unread"] = json!(ground.failures);
    }
    Ok(answer)
}

/// What an answer and an order rest on.
///
/// # Errors
/// With [`Failed::Unavailable`] when the ledger cannot be read.
pub(super) async fn ground<K: Keeper>(context: &Context<'_, K>) -> Result<Ground<K>, Failed> {
    let ground = look::ground(context).await;
    ground.map_err(|failure| unavailable(&failure))
}

/// Something that everything rests on could not be read.
pub(super) fn unavailable(failure: &Failure) -> Failed {
    Failed::Unavailable(failure.to_string())
}

fn spoken(text: text::Text) -> impl Iterator<Item = String> {
    std::iter::once(text.title).chain(text.lines)
}

/// The estates that are meant; a name that nobody knows is answered with those that are known.
pub(super) fn chosen<K: Keeper>(
    ground: &Ground<K>,
    only: Option<&str>,
) -> Result<Vec<String>, Failed> {
    let known: Vec<String> = ground
        .estates
        .iter()
        .map(|estate| estate.name.clone())
        .collect();
    match only {
        None => Ok(known),
        Some(name) if known.iter().any(|other| other == name) => Ok(vec![name.to_owned()]),
        Some(name) if known.is_empty() => Err(no_such_estate::<K>(name, "there is none")),
        Some(name) => Err(no_such_estate::<K>(
            name,
            &format!("there is {}", known.join(", ")),
        )),
    }
}

/// Nobody knows an estate of this name.
pub(super) fn no_such_estate<K: Keeper>(name: &str, known: &str) -> Failed {
    let name: String = name.chars().filter(|c| !c.is_control()).take(64).collect();
    let kept = match K::KEEPING {
        Keeping::Sleeping => "sleeps",
        Keeping::Slimming => "is slimmed",
    };
    Failed::BadInput(format!("no estate `{name}` {kept} here: {known}"))
}
