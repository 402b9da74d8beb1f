//! The function on its stage: a tick each minute, commands by hand, and what came of it.

use std::{rc::Rc, sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use nightshift::{
    lambda::{Failed, Invocation},
    ledger::{
        Ledger,
        rotation::{Entry, Secret, Stage as Step},
        store::Store,
    },
};
use nightshift_cloud::{
    call::{Actor, Fault as Refusal},
    services::{dynamodb, ecs, secretsmanager, ssm},
    world::{ACCOUNT, REGION, What, World},
};
use rotate_secrets::{
    context::{Function, Reach, Settings},
    dial::{
        Dial,
        atlas::{Atlas, Internet},
    },
    engine::atlas::Host,
    handle::handle,
};
use serde_json::{Value, json};
use tokio::{
    sync::Notify,
    time::{Instant, sleep},
};

use crate::{
    account::{ESTATE, FUNCTION, KEY, TABLE, role, service_arn, world},
    engine::Engine,
    line::Line,
    log::Log,
};

/// The function's timeout.
const TIMEOUT: Duration = Duration::from_mins(2);

/// An invocation that ended.
#[derive(Clone, Debug)]
pub(crate) struct Ended {
    pub(crate) at: Timestamp,
    /// None of a process that died.
    pub(crate) answer: Option<Result<Value, Failed>>,
    /// How many calls it made.
    pub(crate) calls: usize,
}

/// Everything as it was before an invocation.
#[derive(Clone)]
pub(crate) struct Checkpoint {
    world: World,
    payload: Value,
    next_tick: Timestamp,
    number: u32,
}

pub(crate) struct Stage {
    pub(crate) line: Line,
    pub(crate) dial: Arc<dyn Dial>,
    pub(crate) atlas: Arc<dyn Atlas>,
    /// Ends the process of an invocation, as the line's own death does.
    pub(crate) death: Arc<Notify>,
    pub(crate) ended: Vec<Ended>,
    /// Everything as it was before each invocation, if that is asked for.
    pub(crate) checkpoints: Option<Vec<Checkpoint>>,
    /// Whether each tick comes twice at the same time.
    pub(crate) doubled: bool,
    /// Whether time is real but for the minutes in which nothing happens, as a real database needs it.
    pub(crate) skips: bool,
    /// What the deployment reaches.
    pub(crate) reach: Reach,
    /// Whether the stack's mode is `watch`.
    pub(crate) watch: bool,
    process: Option<Rc<Function>>,
    next_tick: Timestamp,
    number: u32,
}

pub(crate) fn tick() -> Value {
    json!({ "source": "aws.scheduler", "detail-type": "Scheduled Event", "detail": "{}" })
}

fn later(at: Timestamp, seconds: i64) -> Timestamp {
    at + SignedDuration::from_secs(seconds)
}

impl Stage {
    /// The shop with this document.
    pub(crate) fn with_document(document: &str) -> Self {
        Log::keep();
        Self::set(world(document))
    }

    /// The shop, with these secrets adopted.
    pub(crate) async fn adopted(secrets: &[&str]) -> Self {
        let mut stage = Self::with_document(crate::account::DOCUMENT);
        for secret in secrets {
            stage.adopt(secret).await;
        }
        stage
    }

    pub(crate) fn set(world: World) -> Self {
        let next_tick = later(world.now, 60 - world.now.as_second().rem_euclid(60));
        let line = Line::to(world);
        Self {
            dial: Arc::new(Engine::on(line.clone())),
            line,
            atlas: Arc::new(Internet::to(Host::Local("http://127.0.0.1:1".to_owned()))),
            death: Arc::default(),
            ended: Vec::new(),
            checkpoints: None,
            doubled: false,
            skips: false,
            reach: Reach::Everything,
            watch: false,
            process: None,
            next_tick,
            number: 0,
        }
    }

    /// Goes on where an invocation began, but its process dies after so many answers; or it does not,
    /// where less was throttled this time.
    pub(crate) async fn resume(checkpoint: Checkpoint, calls: usize) -> (Self, bool) {
        let mut stage = Self::set(checkpoint.world);
        stage.next_tick = checkpoint.next_tick;
        stage.number = checkpoint.number;
        stage.line.die_after(Some(calls));
        let answer = stage.invoke(checkpoint.payload).await;
        stage.line.die_after(None);
        (stage, answer.is_none())
    }

    pub(crate) fn with<T>(&self, look: impl FnOnce(&mut World) -> T) -> T {
        self.line.with(look)
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.line.clock().now()
    }

    /// A new process with another way to databases.
    pub(crate) fn anew(&mut self, dial: Arc<dyn Dial>) {
        self.dial = dial;
        self.process = None;
    }

    /// The other deployment, with a process of its own.
    pub(crate) fn from(&mut self, reach: Reach) {
        self.reach = reach;
        self.process = None;
    }

    fn function(&mut self) -> Rc<Function> {
        let (line, watch, reach) = (&self.line, self.watch, self.reach);
        let (dial, atlas) = (&self.dial, &self.atlas);
        let made = || {
            let settings = Settings {
                table: TABLE.to_owned(),
                topic: format!("arn:aws:sns:{REGION}:{ACCOUNT}:Reports"),
                watch,
                may_play: false,
                prefix: "/nightshift".to_owned(),
                function_name: format!("nightshift-{FUNCTION}"),
                region: REGION.to_owned(),
                reach,
            };
            let config = line.config(FUNCTION);
            Rc::new(Function::new(
                config,
                settings,
                Arc::clone(dial),
                Arc::clone(atlas),
            ))
        };
        self.process.get_or_insert_with(made).clone()
    }

    /// The next invocation is another process's.
    pub(crate) fn renew(&mut self) {
        self.process = None;
    }

    fn invocation(&mut self, payload: Value) -> Invocation {
        self.number += 1;
        Invocation {
            payload,
            id: format!("invocation-{}", self.number),
            clock: self.line.clock(),
            deadline: Instant::now() + TIMEOUT,
            account: ACCOUNT.to_owned(),
        }
    }

    /// One invocation, to its end or to its process's.
    pub(crate) async fn invoke(&mut self, payload: Value) -> Option<Result<Value, Failed>> {
        let checkpoint = self.checkpoints.is_some().then(|| Checkpoint {
            world: self.with(|world| world.clone()),
            payload: payload.clone(),
            next_tick: self.next_tick,
            number: self.number,
        });
        if let (Some(all), Some(checkpoint)) = (&mut self.checkpoints, checkpoint) {
            all.push(checkpoint);
        }
        let at = self.now();
        let before = self.with(|world| world.calls.len());
        let function = self.function();
        let invocation = self.invocation(payload);
        let death = Arc::clone(&self.death);
        let answer = tokio::select! {
            biased;
            () = self.line.death() => None,
            () = death.notified() => None,
            answer = Box::pin(handle(&function, invocation)) => Some(answer),
        };
        if answer.is_none() {
            self.process = None;
        }
        let calls = self.with(|world| world.calls.len()) - before;
        self.ended.push(Ended {
            at,
            answer: answer.clone(),
            calls,
        });
        answer
    }

    /// Two invocations at the same time, each in a process of its own.
    async fn invoke_both(&mut self, payload: Value) {
        let one = self.function();
        self.process = None;
        let other = self.function();
        let (first, second) = (self.invocation(payload.clone()), self.invocation(payload));
        let at = self.now();
        let (first, second) = tokio::join!(
            Box::pin(handle(&one, first)),
            Box::pin(handle(&other, second))
        );
        for answer in [first, second] {
            self.ended.push(Ended {
                at,
                answer: Some(answer),
                calls: 0,
            });
        }
    }

    /// A command that is answered.
    pub(crate) async fn ask(&mut self, payload: Value) -> Value {
        self.invoke(payload).await.unwrap().unwrap()
    }

    pub(crate) async fn adopt(&mut self, secret: &str) {
        let mut order = order("adopt", secret);
        order["confirm"] = true.into();
        self.ask(order).await;
    }

    /// Lets so many seconds pass, with all ticks of that time.
    pub(crate) async fn pass(&mut self, seconds: i64) {
        let end = later(self.now(), seconds);
        loop {
            let now = self.now();
            let world = self.with(|world| world.next());
            let next = [Some(self.next_tick), world, Some(end)];
            let next = next.into_iter().flatten().min().unwrap();
            if next > now {
                let wait = next.duration_since(now);
                let wait = wait.try_into().unwrap();
                if self.skips {
                    tokio::time::pause();
                    tokio::time::advance(wait).await;
                    tokio::time::resume();
                } else {
                    sleep(wait).await;
                }
                continue;
            }
            if self.next_tick <= now {
                while self.next_tick <= self.now() {
                    self.next_tick = later(self.next_tick, 60);
                }
                if self.doubled {
                    self.invoke_both(tick()).await;
                } else {
                    self.invoke(tick()).await;
                }
            } else if now >= end {
                return;
            }
        }
    }

    /// Ticks until nothing is in a turn, so many minutes at most.
    pub(crate) async fn until_over(&mut self, minutes: usize) {
        for _ in 0..minutes {
            self.pass(60).await;
            let ledger = self.ledger().await;
            let mut secrets = ledger.entries.values().filter_map(|it| it.item.secret());
            if !secrets.any(|it| it.turn.is_some()) {
                return;
            }
        }
        panic!("still in a turn: {:?}", self.failures());
    }

    /// Ticks until the turn of a secret is at a stage.
    pub(crate) async fn until(&mut self, secret: &str, step: Step) {
        for _ in 0..120 {
            let turn = self.entry(secret).await.turn;
            if turn.is_some_and(|turn| turn.stage == step) {
                return;
            }
            self.pass(60).await;
        }
        let (failures, told) = (self.failures(), self.told());
        panic!(
            "never {step:?}: {failures:?} {told:?} {:?}",
            self.entry(secret).await
        );
    }

    pub(crate) async fn ledger(&self) -> Ledger<Entry> {
        let client = aws_sdk_dynamodb::Client::new(&self.line.config("reader"));
        let store: Store<Entry> = Store::new(client, TABLE, "reader", "reader");
        store.ledger().await.unwrap()
    }

    /// What is remembered of a secret.
    pub(crate) async fn entry(&self, secret: &str) -> Secret {
        let ledger = self.ledger().await;
        let mut secrets = ledger.entries.values().filter_map(|it| it.item.secret());
        let found = secrets.find(|it| it.name.to_string() == secret);
        found.unwrap().clone()
    }

    /// What people were told, in a word and with what it is about.
    #[expect(clippy::unused_self, reason = "the log is that of the thread")]
    pub(crate) fn told(&self) -> Vec<String> {
        let lines = Log::text();
        let lines = lines.lines();
        let lines = lines.filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let told = lines.filter(|line| line["kind"] == "told");
        told.map(|line| {
            let (told, about) = (line["told"].as_str(), line["about"].as_str());
            format!("{} {}", told.unwrap(), about.unwrap())
        })
        .collect()
    }

    /// The invocations that failed.
    pub(crate) fn failures(&self) -> Vec<String> {
        let failed = self.ended.iter().filter_map(|ended| match &ended.answer {
            Some(Err(failed)) => Some(format!("{} {failed}", ended.at)),
            _ => None,
        });
        failed.collect()
    }

    /// How often an action was called by the function.
    pub(crate) fn count(&self, action: &str) -> usize {
        self.with(|world| {
            let mut calls: Vec<_> = world.calls.iter().collect();
            calls.retain(|call| call.action == action && call.code.is_none());
            calls.retain(|call| call.actor == Actor::Function(FUNCTION.to_owned()));
            calls.len()
        })
    }

    /// A parameter's newest value.
    pub(crate) fn parameter(&self, name: &str) -> String {
        self.with(|world| ssm::value(world, name).unwrap().to_owned())
    }

    pub(crate) fn secret(&self, name: &str) -> String {
        self.with(|world| secretsmanager::value(world, name).unwrap().to_owned())
    }

    /// What a parameter has under a label or a number.
    pub(crate) fn labelled(&self, name: &str, selector: &str) -> Option<String> {
        let input = json!({ "Name": format!("{name}:{selector}"), "WithDecryption": true });
        self.with(|world| {
            let answer = world.ask(&ssm::SERVICE, Actor::Person, "GetParameter", input);
            Some(answer.ok()?["Parameter"]["Value"].as_str()?.to_owned())
        })
    }

    /// Since when the tasks of a service run, the oldest first.
    pub(crate) fn tasks_since(&self, service: &str) -> Vec<Timestamp> {
        self.with(|world| {
            let service = world.ecs.service(&service_arn(service)).unwrap();
            let running = service.tasks.iter().filter(|task| task.is_running());
            let mut since: Vec<Timestamp> = running.map(|task| task.created_at).collect();
            since.sort();
            since
        })
    }

    /// How often a service was deployed since the play began.
    pub(crate) fn deployments(&self, service: &str) -> usize {
        let arn = service_arn(service);
        self.with(|world| {
            let mut journal = world.journal.iter().filter(|noted| noted.arn == arn);
            let mut ids: Vec<_> = journal
                .by_ref()
                .filter_map(|noted| match &noted.what {
                    What::Deployment { id } => Some(id),
                    _ => None,
                })
                .collect();
            ids.dedup();
            ids.len()
        })
    }

    /// Puts a flaw on all new tasks of a service, or takes it away.
    pub(crate) fn spoil(&self, service: &str, flaw: Option<ecs::Flaw>) {
        let place = ecs::Place::Service(service_arn(service));
        self.with(|world| match flaw {
            Some(flaw) => ecs::flaws::put(world, place, flaw),
            None => ecs::flaws::mend(world, &place),
        });
    }

    /// Somebody else writes a parameter.
    pub(crate) fn write(&self, name: &str, value: &str) {
        let input =
            json!({ "Name": name, "Value": value, "Overwrite": true, "Type": "SecureString" });
        self.with(|world| {
            world
                .ask(&ssm::SERVICE, Actor::Terraform, "PutParameter", input)
                .unwrap();
        });
    }

    /// Takes a permission away.
    pub(crate) fn deny(&self, action: &str) {
        self.with(|world| {
            let mut role = role();
            for statement in &mut role.statements {
                statement.actions.retain(|one| one != action);
            }
            world.roles.insert(FUNCTION.to_owned(), role);
        });
    }

    /// Lets an action fail, or not any more.
    pub(crate) fn broken(&self, action: &str, refusal: Option<Refusal>) {
        self.with(|world| match refusal {
            Some(refusal) => world.broken.insert(action.to_owned(), refusal),
            None => world.broken.remove(action),
        });
    }

    /// Everything that left the process.
    pub(crate) fn left(&self) -> String {
        let (messages, items) = self.with(|world| {
            let published = world.sns.published.iter();
            let messages: Vec<String> = published
                .map(|it| format!("{} {}", it.subject, it.message))
                .collect();
            (messages.join("\n"), dynamodb::items(world, TABLE))
        });
        let answers: Vec<String> = self
            .ended
            .iter()
            .map(|it| format!("{:?}", it.answer))
            .collect();
        let items = serde_json::to_string(&items).unwrap();
        [messages, items, answers.join("\n"), Log::text()].join("\n")
    }
}

/// A command about a secret of the shop.
pub(crate) fn order(command: &str, secret: &str) -> Value {
    json!({
        "command": command, "estate": ESTATE, "secret": secret, "by": "mika", "reason": "because",
    })
}

/// The shop with its key adopted.
pub(crate) async fn with_key() -> Stage {
    Stage::adopted(&[KEY]).await
}
