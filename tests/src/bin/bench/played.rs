//! What looks, sleeps and wakes cost: calls, invocations, time and memory, on the local AWS, which
//! the function reaches through TLS as it would reach AWS.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use jiff::civil::{Date, Weekday};
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use nightshift::holidays;
use nightshift_tests::aws::{ACCOUNT, AUTOSCALING, DYNAMODB, ECS, RDS, REGION};
use nightshift_tests::estates::{self, SLEEP_TAG};
use nightshift_tests::local::{Deployment, LocalAws, Snapshot};
use nightshift_tests::play::at;
use nightshift_tests::stage;
use serde_json::{Value, json};

use crate::endpoint::{Behind, Endpoint, Seen};
use crate::figures::Spread;
use crate::function::{Cpu, Function, Program};
use crate::rates::{CLASSES, Class, Rate};
use crate::share::Throttle;

/// Longer than anything takes to settle in played minutes.
const PATIENCE: usize = 40;

/// A database shows for so many looks that it is on its way: as many minutes, one look in each.
pub(crate) const LOOKS: u32 = 5;

/// A minute is played in no time, but the function's own budgets of calls fill up on the wall's
/// clock: so long until they have what a minute would give them.
const REFILL: Duration = Duration::from_millis(500);
const LARGE_REFILL: Duration = Duration::from_secs(6);

/// The large estate.
const SERVICES: u32 = 500;
const DATABASES: u32 = 50;
const LARGE: &str = "large";
const LARGE_CLUSTER: &str = "large-cluster";

/// What one thing cost.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cost {
    /// Calls by `service:Action`.
    pub(crate) calls: BTreeMap<String, usize>,
    /// How many times the function was invoked.
    pub(crate) invocations: usize,
    /// How long the invocations took together.
    pub(crate) total: Duration,
    /// How long the longest took.
    pub(crate) longest: Duration,
    /// How long the longest took while no call was with AWS: what is the function's own.
    pub(crate) own: Duration,
    /// The processor's time.
    pub(crate) used: Duration,
    /// The most that was resident, in bytes.
    pub(crate) peak: u64,
}

impl Cost {
    /// All calls.
    #[must_use]
    pub(crate) fn count(&self) -> usize {
        self.calls.values().sum()
    }

    /// Adds an invocation that took so long, with the calls that it made.
    pub(crate) fn add(&mut self, took: Duration, calls: &[Seen]) {
        for seen in calls {
            *self.calls.entry(seen.call.to_string()).or_default() += 1;
        }
        self.own = self.own.max(took.saturating_sub(busy(calls)));
        self.invocations += 1;
        self.total += took;
        self.longest = self.longest.max(took);
    }
}

/// A cold start with all that a look calls.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ColdLook {
    /// From the process's start to its answer, in seconds.
    pub(crate) all: Spread,
    /// The same without the time in which a call was with AWS.
    pub(crate) own: Spread,
    /// The processor's time, in seconds.
    pub(crate) used: Spread,
    /// How many TLS handshakes that took.
    pub(crate) handshakes: usize,
}

/// What estates 1, 3 and 4 cost at one share of a core.
#[derive(Clone, Debug)]
pub(crate) struct Three {
    /// A look at all three by a process that has just started.
    pub(crate) cold: ColdLook,
    /// A tick with nothing due.
    pub(crate) tick: Cost,
    /// A look at all three, awake.
    pub(crate) look: Cost,
    /// From the hour of closing until all is settled.
    pub(crate) sleep: Cost,
    /// From the first wake until all is settled.
    pub(crate) wake: Cost,
}

/// What the large estate costs.
#[derive(Clone, Debug)]
pub(crate) struct Large {
    /// A look at all of it, awake, at full CPU.
    pub(crate) quick: Cost,
    /// The same at the share.
    pub(crate) look: Cost,
    /// From the hour of closing until all is settled, at the share.
    pub(crate) sleep: Cost,
    /// How fast the calls came meanwhile.
    pub(crate) rates: Vec<(Class, Rate)>,
}

/// All of it.
#[derive(Clone, Debug)]
pub(crate) struct Played {
    /// Estates 1, 3 and 4.
    pub(crate) three: BTreeMap<Cpu, Three>,
    /// The large one.
    pub(crate) large: Large,
}

/// Plays everything.
///
/// # Errors
/// When the local AWS is broken, or something does not end as it should.
pub(crate) async fn play(
    binary: &Path,
    throttle: &Throttle,
    cold_looks: usize,
    directory: &Path,
    progress: &mut dyn FnMut(&str),
) -> Result<Played> {
    progress("MiniStack and moto start, and template.yaml is deployed");
    let local = LocalAws::start().await?;
    let stack = local.deploy(&Deployment::built()).await?;
    local.gateway.databases_take(LOOKS);
    let behind = Behind::LocalAws(local.gateway.authority());
    let endpoint = Endpoint::listen(behind, directory).await?;
    let staging = |table: &str, prefix: &str| {
        Program::new("power-staging", binary.to_owned(), directory).on(
            &endpoint,
            table,
            &stack.topic,
            prefix,
        )
    };

    progress("estates 1, 3 and 4 are created");
    for estate in estates::ALL {
        estate.create(&local).await?;
        let document = document(estate.cluster, &[estate.database.name().to_owned()]);
        let name = stage::parameter(estate.name);
        local.put_document(&name, &document).await?;
    }
    local
        .put_document("/nightshift/company", &stage::company("en")?)
        .await?;
    let before = local.snapshot().await?;
    let mut day = three_working_days()?;
    let mut three = BTreeMap::new();
    for cpu in [Cpu::Full, Cpu::Share] {
        progress(match cpu {
            Cpu::Full => "a night of estates 1, 3 and 4 at full CPU",
            Cpu::Share => "a night of estates 1, 3 and 4 at the share of 128 MB",
        });
        let program = staging(&stack.table, "/nightshift");
        let function = Function::start(&program, cpu, throttle, &[]).await?;
        let mut player = Player::new(function, &endpoint, REFILL);
        let (tick, look) = player.day(day).await?;
        let cold = cold_look(&program, &endpoint, cpu, throttle, day, cold_looks).await?;
        let _ = endpoint.take_calls();
        let (sleep, due) = player.settle(at(day, "19:00")?).await?;
        must_sleep(&local.snapshot().await?, 0)?;
        let (wake, _) = player.settle(due.context("no wake is due")?).await?;
        let after = local.snapshot().await?;
        ensure!(after == before, "not as it was:\n{before}\n{after}");
        player.function.end().await?;
        three.insert(
            cpu,
            Three {
                cold,
                tick,
                look,
                sleep,
                wake,
            },
        );
        day = day.saturating_add(1.day());
    }

    progress(&format!(
        "an estate of {SERVICES} services and {DATABASES} databases is created"
    ));
    create_large(&local).await?;
    let program = staging(LARGE, "/large");
    let function = Function::start(&program, Cpu::Full, throttle, &[]).await?;
    let large = play_large(
        Player::new(function, &endpoint, LARGE_REFILL),
        throttle,
        &local,
        day,
        progress,
    )
    .await?;
    Ok(Played { three, large })
}

/// One calendar for all, so that all go to sleep at the same time.
fn document(cluster: &str, databases: &[String]) -> String {
    let databases = databases.join(", ");
    format!(
        "version: 1\nsleep:\n  calendar: business\n  cluster: {cluster}\n  services: all\n  databases: [{databases}]\n"
    )
}

/// The first Tuesday of three working days in a row that are yet to come.
#[expect(
    clippy::disallowed_methods,
    reason = "what is played lies in the future of the machine's time"
)]
fn three_working_days() -> Result<Date> {
    let today = Timestamp::now().in_tz("Asia/Tokyo")?.date();
    let is_off = |date: Date| {
        (date.month(), date.day()) >= (12, 28)
            || (date.month(), date.day()) <= (1, 4)
            || holidays::japan(date).is_some()
    };
    today
        .series(1.day())
        .skip(8)
        .take(100)
        .find(|date| {
            let days = [0, 1, 2].map(|days: i64| date.saturating_add(days.days()));
            date.weekday() == Weekday::Tuesday && !days.into_iter().any(is_off)
        })
        .context("no three working days in a quarter of a year")
}

fn must_sleep(snapshot: &Snapshot, services_awake: usize) -> Result<()> {
    let awake = snapshot
        .services
        .values()
        .filter(|service| service.desired + service.running > 0)
        .count();
    let asleep = snapshot
        .databases
        .values()
        .all(|status| status == "stopped");
    ensure!(awake == services_awake && asleep, "not asleep:\n{snapshot}");
    Ok(())
}

/// Fresh processes that are asked for a look at once.
async fn cold_look(
    program: &Program,
    endpoint: &Endpoint,
    cpu: Cpu,
    throttle: &Throttle,
    day: Date,
    runs: usize,
) -> Result<ColdLook> {
    let (mut all, mut own, mut used) = (Vec::new(), Vec::new(), Vec::new());
    let mut handshakes = 0;
    for run in 0..runs {
        let at = at(day, "18:12")?.checked_add(SignedDuration::from_mins(i64::try_from(run)?))?;
        let look = json!({ "command": "reconcile", "estate": "all", "at": at.to_string() });
        let (_, _) = (endpoint.take_calls(), endpoint.take_connections());
        let mut function = Function::start(program, cpu, throttle, &[look]).await?;
        function.polled().await?;
        let answer = function.answered().await?;
        must_be_awake(&answer.payload)?;
        let took = answer.at - function.started;
        let with_aws = busy(&endpoint.take_calls());
        all.push(took.as_secs_f64());
        own.push(took.saturating_sub(with_aws).as_secs_f64());
        used.push(function.cpu()?.as_secs_f64());
        handshakes = handshakes.max(endpoint.take_connections());
        function.end().await?;
    }
    Ok(ColdLook {
        all: Spread::of(all),
        own: Spread::of(own),
        used: Spread::of(used),
        handshakes,
    })
}

/// For how long at least one call was with AWS, or with Slack.
#[must_use]
pub(crate) fn busy(calls: &[Seen]) -> Duration {
    let mut spans: Vec<(Instant, Instant)> =
        calls.iter().map(|seen| (seen.at, seen.until)).collect();
    spans.sort_unstable();
    let mut total = Duration::ZERO;
    let mut reached: Option<Instant> = None;
    for (from, until) in spans {
        let from = reached.map_or(from, |reached| reached.max(from));
        total += until.saturating_duration_since(from);
        reached = Some(reached.map_or(until, |reached| reached.max(until)));
    }
    total
}

fn reports(answer: &Value) -> impl Iterator<Item = &Value> {
    answer["estates"].as_array().into_iter().flatten()
}

fn must_be_awake(answer: &Value) -> Result<()> {
    ensure!(answer["ready"] == true, "not all is awake: {answer}");
    let changes = reports(answer).filter_map(|report| report["changes"].as_array());
    let count: usize = changes.map(Vec::len).sum();
    ensure!(count == 0, "a look at what is awake changes it: {answer}");
    Ok(())
}

struct Player<'a> {
    function: Function,
    refill: Duration,
    endpoint: &'a Endpoint,
    calls: Vec<Seen>,
}

impl<'a> Player<'a> {
    fn new(function: Function, endpoint: &'a Endpoint, refill: Duration) -> Self {
        Self {
            function,
            refill,
            endpoint,
            calls: Vec::new(),
        }
    }

    /// Lets the clock tick once; what that cost is added.
    async fn tick(&mut self, at: Timestamp, cost: &mut Cost) -> Result<Value> {
        tokio::time::sleep(self.refill).await;
        let used = self.function.cpu()?;
        let tick = json!({ "command": "tick", "at": at.to_string() });
        let (answer, took) = self
            .function
            .invoke(&tick)
            .await
            .with_context(|| format!("the tick of {at}"))?;
        let calls = self.endpoint.take_calls();
        cost.add(took, &calls);
        self.calls.extend(calls);
        cost.used += self.function.cpu()?.saturating_sub(used);
        cost.peak = self.function.peak()?;
        Ok(answer.payload)
    }

    /// The first look at new documents, which is not counted; then one tick with nothing due, and
    /// the look of ten minutes later.
    async fn day(&mut self, day: Date) -> Result<(Cost, Cost)> {
        let (_, due) = self.settle(at(day, "17:40")?).await?;
        ensure!(due.is_some(), "nothing is due");
        self.function.forget_peak()?;
        let mut tick = Cost::default();
        let answer = self.tick(at(day, "17:45")?, &mut tick).await?;
        ensure!(answer["idle"] == true, "a settled tick answers {answer}");
        ensure!(tick.count() == 1, "a settled tick calls {:?}", tick.calls);
        let look = self.look(at(day, "18:10")?).await?;
        Ok((tick, look))
    }

    /// A look at what is awake and to stay so.
    async fn look(&mut self, at: Timestamp) -> Result<Cost> {
        self.function.forget_peak()?;
        let mut look = Cost::default();
        let answer = self.tick(at, &mut look).await?;
        ensure!(answer["idle"] == false, "at {at} no look was due");
        must_be_awake(&answer)?;
        Ok(look)
    }

    /// Ticks until a tick finds nothing due; that one is not counted. Says what is due next. Each
    /// tick comes a minute after the one before, or later if that one took longer.
    async fn settle(&mut self, from: Timestamp) -> Result<(Cost, Option<Timestamp>)> {
        let mut cost = Cost::default();
        let mut due: BTreeMap<String, Timestamp> = BTreeMap::new();
        let mut now = from;
        self.function.forget_peak()?;
        for _ in 0..PATIENCE {
            let before = cost.clone();
            let answer = self.tick(now, &mut cost).await?;
            if answer["idle"] == true {
                return Ok((before, due.into_values().min()));
            }
            for report in reports(&answer) {
                let name = report["estate"].as_str().unwrap_or_default().to_owned();
                if let Some(next) = report["next"].as_str() {
                    due.insert(name, next.parse()?);
                }
            }
            let took = cost.total.saturating_sub(before.total);
            let minutes = took.as_secs().div_ceil(60).max(1);
            now = now.checked_add(SignedDuration::from_mins(i64::try_from(minutes)?))?;
        }
        bail!("not settled {PATIENCE} ticks after {from}")
    }
}

async fn play_large(
    mut player: Player<'_>,
    throttle: &Throttle,
    local: &LocalAws,
    day: Date,
    progress: &mut dyn FnMut(&str),
) -> Result<Large> {
    progress("a look at all of it");
    player.settle(at(day, "17:40")?).await?;
    let quick = player.look(at(day, "18:10")?).await?;
    let _hold = throttle.hold(player.function.pid())?;
    let look = player.look(at(day, "18:30")?).await?;
    progress("all of it goes to sleep, at the rates that ECS allows (about 4 min)");
    // What was called before has refilled the buckets meanwhile, on AWS too.
    player.calls.clear();
    let (sleep, _) = player.settle(at(day, "19:00")?).await?;
    let awake_elsewhere = estates::ALL
        .iter()
        .map(|estate| estate.services.len())
        .sum();
    let mut snapshot = local.snapshot().await?;
    snapshot
        .databases
        .retain(|name, _| name.starts_with("db:large-"));
    ensure!(
        snapshot.databases.len() == usize::try_from(DATABASES)?,
        "{} databases",
        snapshot.databases.len()
    );
    must_sleep(&snapshot, awake_elsewhere)?;
    let rates = CLASSES.map(|class| (class, class.rate(&player.calls)));
    player.function.end().await?;
    Ok(Large {
        quick,
        look,
        sleep,
        rates: rates.into(),
    })
}

/// Makes a table like the ledger's.
///
/// # Errors
/// When DynamoDB refuses.
pub(crate) async fn create_table(local: &LocalAws, name: &str) -> Result<()> {
    let table = json!({
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            { "AttributeName": "pk", "AttributeType": "S" },
            { "AttributeName": "sk", "AttributeType": "S" },
        ],
        "KeySchema": [
            { "AttributeName": "pk", "KeyType": "HASH" },
            { "AttributeName": "sk", "KeyType": "RANGE" },
        ],
    });
    local.aws.json(DYNAMODB, "CreateTable", &table).await?;
    Ok(())
}

async fn create_large(local: &LocalAws) -> Result<()> {
    create_table(local, LARGE).await?;
    let cluster = json!({ "clusterName": LARGE_CLUSTER });
    local.aws.json(ECS, "CreateCluster", &cluster).await?;
    for number in 0..SERVICES {
        create_service(local, number).await?;
    }
    let names: Vec<String> = (0..DATABASES)
        .map(|number| format!("large-{number:02}"))
        .collect();
    for name in &names {
        let database = [
            ("DBInstanceIdentifier", name.as_str()),
            ("DBInstanceClass", "db.t4g.micro"),
            ("Engine", "postgres"),
            ("AllocatedStorage", "20"),
            ("MasterUsername", "master"),
            ("MasterUserPassword", "only-on-loopback"),
            ("Tags.Tag.1.Key", SLEEP_TAG),
            ("Tags.Tag.1.Value", LARGE),
        ];
        local.aws.query(RDS, "CreateDBInstance", &database).await?;
    }
    local
        .put_document("/large/company", &stage::company("en")?)
        .await?;
    let document = document(LARGE_CLUSTER, &names);
    local
        .put_document(&format!("/large/estates/{LARGE}"), &document)
        .await
}

/// Each has a task definition of its own; every tenth is under auto scaling.
async fn create_service(local: &LocalAws, number: u32) -> Result<()> {
    let name = format!("large-service-{number:03}");
    estates::register_task_definition(local, &name, ("256", "512")).await?;
    let service = json!({
        "cluster": LARGE_CLUSTER,
        "serviceName": name,
        "taskDefinition": name,
        "desiredCount": number % 3 + 1,
        "launchType": "FARGATE",
        "deploymentConfiguration": {
            "maximumPercent": 200,
            "minimumHealthyPercent": 100,
            "deploymentCircuitBreaker": { "enable": true, "rollback": true },
        },
        "networkConfiguration": { "awsvpcConfiguration": { "subnets": ["subnet-0123456789abcdef0"] } },
        "loadBalancers": [{
            "targetGroupArn": format!("arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:targetgroup/{name}/0123456789abcdef"),
            "containerName": "app",
            "containerPort": 8080,
        }],
        "tags": [{ "key": SLEEP_TAG, "value": LARGE }],
    });
    local.aws.json(ECS, "CreateService", &service).await?;
    if number.is_multiple_of(10) {
        let target = json!({
            "ServiceNamespace": "ecs",
            "ScalableDimension": "ecs:service:DesiredCount",
            "ResourceId": format!("service/{LARGE_CLUSTER}/{name}"),
            "MinCapacity": 1,
            "MaxCapacity": 4,
            "Tags": { SLEEP_TAG: LARGE },
        });
        local
            .aws
            .json(AUTOSCALING, "RegisterScalableTarget", &target)
            .await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use nightshift_tests::gateway::Call;

    use super::*;

    #[test]
    fn calls_side_by_side_count_once() {
        let start = Instant::now();
        let spans = [(0, 10), (5, 20), (6, 7), (30, 40)];
        let calls = spans.map(|(at, until)| Seen {
            at: start + Duration::from_millis(at),
            until: start + Duration::from_millis(until),
            call: Call {
                service: "ecs".into(),
                action: "ListServices".into(),
            },
        });
        assert_eq!(busy(&calls), Duration::from_millis(30));
    }
}
