//! From a request to an answer. Commands that only ask change nothing and write nothing; commands
//! that order write the order down first and then look again, as everything else does.

use jiff::Timestamp;
use nightshift::{
    clock::Clock,
    lambda::{Failed, Invocation},
    ledger::{Kept, Order, Override, Revision, VERSION, store::WriteError},
    report::{Failure, Report, text},
};
use serde_json::{Value, json};

use crate::{
    command::{self, Command, Request, Verb},
    context::{Context, Function},
    doctor,
    estates::Resolved,
    foresee::foresee,
    look::{self, Ground, Looked, Occasion},
    plan,
};

/// Without an end of its own, a wake by hand lasts so long.
const WAKE_FOR: jiff::SignedDuration = jiff::SignedDuration::from_hours(2);

/// Answers one invocation.
///
/// # Errors
/// With [`Failed::BadInput`] for a payload that is not understood, [`Failed::Unavailable`] when the
/// ledger cannot be read, [`Failed::Partial`] when some of it failed and the rest was done.
pub async fn handle(function: &Function, invocation: Invocation) -> Result<Value, Failed> {
    let request =
        command::parse(&invocation.payload).map_err(|bad| Failed::BadInput(bad.to_string()))?;
    let mut context = function.context(&invocation);
    if let Some(at) = at(&request, &invocation.payload)? {
        let asks_only =
            matches!(&request, Request::Command(command) if command.verb == Verb::DryRun);
        if !asks_only && !function.settings.may_play {
            return Err(Failed::BadInput(
                "`at` is honoured by `dry_run` only: leave it out, or ask for a dry run".to_owned(),
            ));
        }
        context.clock = Clock::set_to(at);
    }
    match request {
        Request::Tick => looked(look::look(&context, &Occasion::Tick, None).await),
        Request::Event(resources) => {
            #[cfg(feature = "sabotage")]
            crate::sabotage::believe(&context, &invocation.payload).await;
            looked(look::look(&context, &Occasion::Event(resources), None).await)
        }
        Request::Command(command) => obey(&context, command).await,
    }
}

/// The instant to play. Ticks and events may carry one too: a demonstration plays them all.
fn at(request: &Request, payload: &Value) -> Result<Option<Timestamp>, Failed> {
    match (request, payload.get("at").and_then(Value::as_str)) {
        (Request::Command(command), _) => Ok(command.at),
        (_, Some(text)) => command::instant(text)
            .map(Some)
            .map_err(|bad| Failed::BadInput(bad.to_string())),
        (_, None) => Ok(None),
    }
}

async fn obey(context: &Context<'_>, command: Command) -> Result<Value, Failed> {
    let only = command.estate.as_deref();
    match command.verb {
        Verb::Reconcile => {
            let result = look::look(context, &Occasion::Asked, only).await;
            match (only, &result) {
                (Some(name), Ok(found)) if found.reports.is_empty() && found.busy.is_empty() => {
                    Err(no_such_estate(name, "`status` tells which do"))
                }
                _ => looked(result),
            }
        }
        Verb::Status => ask(context, only, Question::Status).await,
        Verb::DryRun => ask(context, only, Question::DryRun).await,
        Verb::Doctor => ask(context, only, Question::Doctor).await,
        Verb::Order {
            order,
            until,
            by,
            reason,
        } => {
            let wish = Wish {
                order,
                until,
                by,
                reason,
            };
            write_orders(context, only, &wish).await?;
            looked(look::look(context, &Occasion::Asked, only).await)
        }
        Verb::Clear { by } => {
            clear_orders(context, only, &by).await?;
            looked(look::look(context, &Occasion::Asked, only).await)
        }
    }
}

fn looked(result: Result<Looked, Failure>) -> Result<Value, Failed> {
    let looked = result.map_err(|failure| Failed::Unavailable(failure.to_string()))?;
    let failures = looked.all_failures();
    let answer = json!({
        "idle": looked.idle,
        "ready": all_ready(&looked.reports),
        "busy": looked.busy,
        "estates": looked.reports,
    });
    #[cfg(feature = "sabotage")]
    if crate::sabotage::is(crate::sabotage::Bug::FailureAsSuccess) {
        return Ok(answer);
    }
    if failures.is_empty() {
        return Ok(answer);
    }
    tracing::info!(kind = "report", report = %answer, "the look ended with failures");
    Err(Failed::Partial(failures.join("; ")))
}

fn all_ready(reports: &[Report]) -> bool {
    !reports.is_empty() && reports.iter().all(|report| report.ready)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Question {
    Status,
    DryRun,
    Doctor,
}

/// Observes and plans, and writes nothing anywhere.
async fn ask(
    context: &Context<'_>,
    only: Option<&str>,
    question: Question,
) -> Result<Value, Failed> {
    let ground = look::ground(context)
        .await
        .map_err(|failure| Failed::Unavailable(failure.to_string()))?;
    let chosen = chosen(&ground, only)?;
    let scene = look::observe_all(context, &ground, &chosen).await;
    let now = context.now();
    let mut reports = Vec::new();
    let mut diagnoses = Vec::new();
    let mut words = Vec::new();
    for estate in ground
        .estates
        .iter()
        .filter(|estate| chosen.contains(&estate.name))
    {
        let zone = look::zone_of(estate);
        let place = look::place(context, estate, &zone, ground.language, now);
        words.extend(estate.problems.iter().map(ToString::to_string));
        let held = look::held(&ground, &scene, estate, now);
        let Some(view) = look::view(&ground, &scene, estate, &held, now) else {
            continue;
        };
        if question == Question::Doctor {
            let found = doctor::examine(&view);
            words.extend(spoken(text::diagnosis(&found, &place)));
            diagnoses.push(found);
            continue;
        }
        let mut report = look::report_of(&estate.name, &plan::plan(&view), now);
        // Nothing was done: the estate is where the last look left it.
        report.phase = held.record.item.phase;
        report.failures.clone_from(&view.snapshot.unread);
        if question == Question::DryRun {
            report.steps = foresee(&view);
        }
        words.extend(spoken(text::report(&report, &place)));
        reports.push(report);
    }
    Ok(match question {
        Question::Doctor => json!({ "estates": diagnoses, "text": words }),
        Question::Status | Question::DryRun => json!({
            "ready": all_ready(&reports),
            "estates": reports,
            "text": words,
        }),
    })
}

fn spoken(text: text::Text) -> impl Iterator<Item = String> {
    std::iter::once(text.title).chain(text.lines)
}

/// The estates that are meant; a name that nobody knows is answered with those that are known.
fn chosen(ground: &Ground, only: Option<&str>) -> Result<Vec<String>, Failed> {
    let known: Vec<String> = ground
        .estates
        .iter()
        .map(|estate| estate.name.clone())
        .collect();
    match only {
        None => Ok(known),
        Some(name) if known.iter().any(|other| other == name) => Ok(vec![name.to_owned()]),
        Some(name) if known.is_empty() => Err(no_such_estate(name, "there is none")),
        Some(name) => Err(no_such_estate(
            name,
            &format!("there is {}", known.join(", ")),
        )),
    }
}

fn no_such_estate(name: &str, known: &str) -> Failed {
    let name: String = name.chars().filter(|c| !c.is_control()).take(64).collect();
    Failed::BadInput(format!("no estate `{name}` sleeps here: {known}"))
}

struct Wish {
    order: Order,
    until: Option<command::Until>,
    by: String,
    reason: String,
}

/// Writes a person's order into the ledger, for each estate that is meant.
async fn write_orders(
    context: &Context<'_>,
    only: Option<&str>,
    wish: &Wish,
) -> Result<(), Failed> {
    let ground = look::ground(context)
        .await
        .map_err(|failure| Failed::Unavailable(failure.to_string()))?;
    let now = context.now();
    for name in chosen(&ground, only)? {
        let Some(estate) = ground.estates.iter().find(|estate| estate.name == name) else {
            continue;
        };
        let until = end_of(wish, estate, &ground, now)?;
        let order = Override {
            version: VERSION,
            order: wish.order,
            until,
            by: wish.by.clone(),
            reason: wish.reason.clone(),
            set_at: now,
            deployment: false,
        };
        let revision = ground
            .ledger
            .overrides
            .get(&name)
            .map_or(Revision(0), |kept| kept.revision);
        context
            .store
            .save_override(&name, &order, revision)
            .await
            .map_err(|error| unwritten(&name, error))?;
        tracing::info!(
            kind = "order",
            function = plan::FUNCTION,
            estate = name,
            order = ?wish.order,
            until = %until,
            who = wish.by,
            why = wish.reason,
            "ordered"
        );
    }
    Ok(())
}

/// When an order ends: as was said; else a wake after two hours, a sleep at the next opening.
fn end_of(
    wish: &Wish,
    estate: &Resolved,
    ground: &Ground,
    now: Timestamp,
) -> Result<Timestamp, Failed> {
    let zone = look::zone_of(estate);
    if let Some(until) = wish.until {
        return until.resolve(now, &zone).ok_or_else(|| {
            Failed::BadInput(
                "`until` lies in the past: name an instant that is still to come".to_owned(),
            )
        });
    }
    if wish.order == Order::Sleep
        && let Some(sleeper) = &estate.sleeper
    {
        let record = ground.ledger.estates.get(&estate.name);
        let untaught = sleeper.sleep.lead.get();
        let lead = record.map_or(untaught, |kept| kept.item.lead(untaught));
        let mut at = now;
        while let Some((change, awake)) = sleeper.calendar.next_change(at, lead) {
            if awake {
                return Ok(change);
            }
            at = change;
        }
    }
    Ok(now.saturating_add(WAKE_FOR).unwrap_or(now))
}

async fn clear_orders(context: &Context<'_>, only: Option<&str>, by: &str) -> Result<(), Failed> {
    let ground = look::ground(context)
        .await
        .map_err(|failure| Failed::Unavailable(failure.to_string()))?;
    for name in chosen(&ground, only)? {
        let Some(Kept { revision, .. }) = ground.ledger.overrides.get(&name) else {
            continue;
        };
        context
            .store
            .clear_override(&name, *revision)
            .await
            .map_err(|error| unwritten(&name, error))?;
        tracing::info!(
            kind = "order",
            function = plan::FUNCTION,
            estate = name,
            who = by,
            "order taken back"
        );
    }
    Ok(())
}

fn unwritten(estate: &str, error: WriteError) -> Failed {
    Failed::Unavailable(format!(
        "the order for {estate} was not written, send it again: {}",
        error.into_failure()
    ))
}
