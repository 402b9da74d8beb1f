//! What it costs notify-slack to tell an alarm from a cold start, and to find nothing to do: between
//! the local AWS and a Slack on loopback, both behind TLS.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use nightshift_slack::Slack;
use nightshift_tests::aws::{ACCOUNT, REGION};
use nightshift_tests::local::LocalAws;
use nightshift_tests::stage::{company, document, event, parameter};
use serde_json::{Value, json};

use crate::endpoint::{Behind, Endpoint};
use crate::figures::Spread;
use crate::function::{Cpu, Function, Program};
use crate::played::{Cost, busy, create_table};
use crate::share::Throttle;

const TABLE: &str = "notified";
const PRODUCTION: &str = "bookmark-manager-production";

/// What is measured at one share of a core.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    /// One alarm, by a process that has just started.
    pub(crate) first: First,
    /// A tick with nothing due.
    pub(crate) tick: Cost,
}

/// One alarm, by a process that has just started. Times are in seconds.
#[derive(Clone, Debug)]
pub(crate) struct First {
    /// From the process's start until Slack has the message.
    pub(crate) told: Spread,
    /// Until the invocation is answered.
    pub(crate) answered: Spread,
    /// The same without the time in which a call was with AWS or Slack.
    pub(crate) own: Spread,
    /// The processor's time.
    pub(crate) used: Spread,
    /// Calls by `service:Action`, and how many invocations; the most that was resident.
    pub(crate) cost: Cost,
    /// How many TLS handshakes that took.
    pub(crate) handshakes: usize,
}

/// Lets alarms ring, each for a process of its own.
///
/// # Errors
/// When the local AWS or Slack is broken, or an alarm is not told once.
pub(crate) async fn measure(
    binary: &Path,
    throttle: &Throttle,
    runs: usize,
    directory: &Path,
    progress: &mut dyn FnMut(&str),
) -> Result<BTreeMap<Cpu, Told>> {
    progress("alarms are told in a Slack on loopback");
    let local = LocalAws::start().await?;
    let slack = Slack::start().await?;
    create_table(&local, TABLE).await?;
    let token = slack.token();
    local.put_secret("/nightshift/slack/token", &token).await?;
    let documents = [
        ("/nightshift/company".to_owned(), company("en")?),
        (parameter(PRODUCTION), document(PRODUCTION)?),
    ];
    for (name, text) in documents {
        local.put_document(&name, &text).await?;
    }
    let behind = Behind::LocalAwsAndSlack(
        local.gateway.authority(),
        slack.url().replace("http://", ""),
    );
    let endpoint = Endpoint::listen(behind, directory).await?;
    let topic = format!("arn:aws:sns:{REGION}:{ACCOUNT}:bench");
    let program = Program::new("notify-slack", binary.to_owned(), directory)
        .on(&endpoint, TABLE, &topic, "/nightshift")
        .with("NIGHTSHIFT_SLACK_URL", endpoint.url());
    let mut told = BTreeMap::new();
    for cpu in [Cpu::Full, Cpu::Share] {
        let mut alarms = Vec::new();
        // The first one only fetches the binary from the disk.
        for run in 0..=runs {
            let name = format!("{PRODUCTION}-{cpu:?}-{run}");
            let function = Function::start(&program, cpu, throttle, &[alarm(&name)?]).await?;
            alarms.push(ring(function, &endpoint, &slack).await?);
        }
        let first = First::of(&alarms[1..]);
        let function = Function::start(&program, cpu, throttle, &[]).await?;
        let tick = settled(function, &endpoint).await?;
        told.insert(cpu, Told { first, tick });
    }
    let expected = 2 * (runs + 1);
    let messages = slack.messages("alerts").len();
    ensure!(messages == expected, "{messages} messages of {expected}");
    Ok(told)
}

/// The sample, of an alarm that never rang before: its message is the first of its thread.
fn alarm(name: &str) -> Result<Value> {
    let mut alarm = event("alarm-cpu-eventbridge")?;
    alarm["id"] = name.into();
    let arn = format!("arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{name}");
    alarm["resources"] = json!([arn]);
    alarm["detail"]["alarmName"] = name.into();
    Ok(alarm)
}

/// One alarm as it was told.
struct Rang {
    told: f64,
    answered: f64,
    own: f64,
    used: f64,
    cost: Cost,
    handshakes: usize,
}

async fn ring(mut function: Function, endpoint: &Endpoint, slack: &Slack) -> Result<Rang> {
    function.polled().await?;
    let answer = function.answered().await?;
    ensure!(answer.payload["told"] == 1, "not told: {}", answer.payload);
    let posted = slack.requests_to("chat.postMessage");
    let posted = posted.last().context("Slack was not asked")?.at;
    let calls = endpoint.take_calls();
    let took = answer.at - function.started;
    let mut cost = Cost::default();
    cost.add(took, &calls);
    cost.peak = function.peak()?;
    let rang = Rang {
        told: (posted - function.started).as_secs_f64(),
        answered: took.as_secs_f64(),
        own: took.saturating_sub(busy(&calls)).as_secs_f64(),
        used: function.cpu()?.as_secs_f64(),
        cost,
        handshakes: endpoint.take_connections(),
    };
    function.end().await?;
    Ok(rang)
}

impl First {
    fn of(alarms: &[Rang]) -> Self {
        let spread = |value: fn(&Rang) -> f64| Spread::of(alarms.iter().map(value));
        let most = alarms.iter().max_by_key(|rang| rang.cost.peak);
        Self {
            told: spread(|rang| rang.told),
            answered: spread(|rang| rang.answered),
            own: spread(|rang| rang.own),
            used: spread(|rang| rang.used),
            cost: most.map(|rang| rang.cost.clone()).unwrap_or_default(),
            handshakes: most.map_or(0, |rang| rang.handshakes),
        }
    }
}

/// The second tick: the first one looks at the calendars.
async fn settled(mut function: Function, endpoint: &Endpoint) -> Result<Cost> {
    let tick = json!({ "command": "tick" });
    function.invoke(&tick).await?;
    let (_, _) = (endpoint.take_calls(), endpoint.take_connections());
    function.forget_peak()?;
    let used = function.cpu()?;
    let (answer, took) = function.invoke(&tick).await?;
    ensure!(
        answer.payload["idle"] == true,
        "a settled tick answers {}",
        answer.payload
    );
    let mut cost = Cost::default();
    cost.add(took, &endpoint.take_calls());
    ensure!(cost.count() == 1, "a settled tick calls {:?}", cost.calls);
    cost.used = function.cpu()?.saturating_sub(used);
    cost.peak = function.peak()?;
    function.end().await?;
    Ok(cost)
}
