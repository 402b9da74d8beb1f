//! Delivery: what AWS emits goes to the function by the template's rules, and the schedule fires;
//! one at a time, each once. A tick that comes too late for its minute is not made up for, and what
//! failed is not sent again: the template says so of the function.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use http_body_util::{BodyExt as _, Full};
use hyper::{Request, body::Bytes, header::CONTENT_TYPE};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use jiff::Timestamp;
use serde_json::Value;

use super::{Front, Stack, is_real, tell::Teller};
use crate::{
    services::{
        cloudwatch,
        events::{self, Event},
    },
    world::Noted,
};

/// Who is invoked.
#[derive(Clone, Debug)]
pub enum Target {
    /// The process that asks the front for its events.
    Process,
    /// What takes invocations at a URL, `cargo lambda watch` for instance.
    Url(String),
    /// Nobody: the world goes on by itself.
    Nobody,
}

/// What came due in a stretch of time.
#[derive(Debug)]
struct Due {
    now: Timestamp,
    journal: Vec<Noted>,
    events: Vec<Event>,
    tick: Option<Value>,
}

/// Delivers what comes, for ever, and tells of every change and of what the function says of its
/// estates when that is something new; one line each.
///
/// # Errors
/// When there is nobody at the URL. A function that fails is told of.
pub async fn deliver(
    front: &Front,
    stack: &Stack,
    target: &Target,
    say: impl FnMut(String),
) -> Result<()> {
    let mut teller = Teller::new(say);
    // Four looks in a minute of the world, but no more than a thousand in a second.
    let pause = Duration::from_secs_f64((15.0 / front.speed()).clamp(0.001, 0.5));
    let mut from = front.with(|world| world.now);
    loop {
        let due = look(front, stack, from);
        from = due.now;
        teller.tell(&due.journal);
        if !matches!(target, Target::Nobody) {
            let events = due.events.iter().map(|event| &event.envelope);
            for envelope in events.filter(|envelope| stack.takes(envelope)) {
                let kind = envelope["detail-type"].as_str().unwrap_or("an event");
                invoke(front, target, kind, envelope.clone(), &mut teller).await?;
            }
            if let Some(tick) = due.tick {
                invoke(front, target, "tick", tick, &mut teller).await?;
            }
        }
        tokio::time::sleep(pause).await;
    }
}

fn look(front: &Front, stack: &Stack, from: Timestamp) -> Due {
    front.with(|world| {
        let now = world.now;
        cloudwatch::evaluate(world, from, now);
        let mut schedules = stack.schedules.iter();
        let tick = schedules.find(|one| !events::occurrences(one, from, now).is_empty());
        // Messages stand in the journal too.
        world.sns.take();
        world.take_calls();
        Due {
            now,
            journal: world.take_journal(),
            events: world.events.take(),
            tick: tick.map(|schedule| schedule.input.clone()),
        }
    })
}

async fn invoke(
    front: &Front,
    target: &Target,
    what: &str,
    mut payload: Value,
    teller: &mut Teller<impl FnMut(String)>,
) -> Result<()> {
    let now = front.with(|world| world.now);
    if !is_real(front.speed()) && payload.is_object() {
        payload["at"] = now.to_string().into();
    }
    let answered = match target {
        Target::Nobody => return Ok(()),
        Target::Process => front.invoke(&payload).await.map(|answer| answer.payload),
        Target::Url(url) => Ok(post(url, &payload).await?),
    };
    // What it changed comes before what it says of it.
    let (now, journal) = front.with(|world| (world.now, world.take_journal()));
    teller.tell(&journal);
    match answered {
        Ok(answer) => teller.answer(now, what, &answer),
        Err(error) => teller.failed(now, what, &error.to_string()),
    }
    Ok(())
}

async fn post(url: &str, payload: &Value) -> Result<Value> {
    let client = Client::builder(TokioExecutor::new()).build_http();
    let request = Request::post(url)
        .header(CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::from(payload.to_string())))
        .with_context(|| format!("{url} is no address"))?;
    let answer = client
        .request(request)
        .await
        .with_context(|| format!("nothing answers at {url}"))?;
    let status = answer.status();
    let body = answer.into_body().collect().await?.to_bytes();
    ensure!(
        status.as_u16() != 404,
        "{url}: {status} {}",
        String::from_utf8_lossy(&body)
    );
    Ok(serde_json::from_slice(&body).unwrap_or_default())
}
