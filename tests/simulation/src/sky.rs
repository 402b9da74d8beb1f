//! The cloud and everything around it that a call meets: weather, death, the record of who called
//! what. One lock, held between two awaits and never across one.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use nightshift::clock::Clock;
use nightshift_cloud::{
    call::{Actor, Call, Fault, Outcome},
    services::{Service, dynamodb},
    wire::{self, Request, Response, Understood},
    world::{ACCOUNT, Noted, REGION, World},
};
use serde_json::Value;

use crate::{
    played::{Played as _, TABLE},
    rules::Broken,
    subject::{Rules as _, Subject},
    weather::{Fate, Weather},
};

/// How old a stale answer is at most.
const OLDEST: SignedDuration = SignedDuration::from_secs(20);

/// What every secret that the estates have contains, and nothing that leaves the function may.
pub const CANARY: &str = "CANARY";

/// A call, as the process that made it knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// The action: `ecs:UpdateService`.
    pub action: String,
    /// The error of the last attempt, if it was one; `lost` when nothing came back.
    pub code: Option<String>,
    /// Whether an effect was hidden from the caller.
    pub hidden: bool,
    /// Whether the function called that is judged, and none beside it.
    pub own: bool,
}

/// One process of the function, as the cloud sees it.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// What it called in its present invocation, by the SDK's own id of the call.
    pub made: BTreeMap<String, Made>,
    /// The id of its present invocation.
    pub invocation: String,
}

/// How the cloud is made to answer otherwise than AWS does, which the rules must notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie {
    /// Every lease is given, whoever holds it.
    NoLease,
    /// A failed condition has another code than the model's.
    WrongCode,
    /// A refusal by a database's status has a `Fault` where the model has none, and none where it
    /// has one: what a function that expects the wrong one meets.
    WrongFault,
}

/// Kills at one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bullet {
    /// How many calls still pass.
    pub after: usize,
    /// Whether the call is done.
    pub done: bool,
}

/// All of it.
#[derive(Debug)]
pub struct Sky<S: Subject> {
    /// The cloud.
    pub world: World,
    /// What fails.
    pub weather: Weather,
    /// The time.
    pub clock: Clock,
    /// Randomness apart from the world's own, so that the same world meets other weather.
    pub random: Rng,
    /// The processes.
    pub processes: BTreeMap<u64, Seen>,
    /// What must never happen: asked after every change, while the world is as it was left.
    pub rules: S::Rules,
    /// What was broken.
    pub broken: Vec<Broken>,
    /// What changed since it was last taken.
    pub journal: Vec<Noted>,
    /// How many calls there were.
    pub count: u64,
    /// How many of them were of the function that is judged.
    pub own_count: u64,
    /// Kills at one call.
    pub bullet: Option<Bullet>,
    /// A lie of the cloud's.
    pub lie: Option<Lie>,
    /// Which process called which service when.
    callers: BTreeMap<(&'static str, u64), Timestamp>,
    /// What was told, where somebody wants to read it.
    pub trace: Option<Vec<String>>,
    past: VecDeque<(Timestamp, World)>,
}

/// The sky, shared between processes and people.
#[derive(Clone, Debug)]
pub struct Shared<S: Subject>(Arc<Mutex<Sky<S>>>);

impl<S: Subject> Shared<S> {
    /// Shares a sky.
    #[must_use]
    pub fn new(sky: Sky<S>) -> Self {
        Self(Arc::new(Mutex::new(sky)))
    }

    /// The sky, brought to the present.
    pub fn now(&self) -> MutexGuard<'_, Sky<S>> {
        let mut sky = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = sky.clock.now();
        if sky.world.next().is_some_and(|at| at <= now) {
            sky.world.advance(now);
            sky.judge();
            sky.watch();
        }
        sky.world.now = now;
        sky
    }
}

impl<S: Subject> Sky<S> {
    /// A sky over a world.
    #[must_use]
    pub fn over(world: World, rules: S::Rules, weather: Weather, clock: Clock, seed: u64) -> Self {
        Self {
            world,
            rules,
            journal: Vec::new(),
            weather,
            clock,
            random: Rng::with_seed(seed ^ 0x5eed),
            processes: BTreeMap::new(),
            broken: Vec::new(),
            count: 0,
            own_count: 0,
            bullet: None,
            lie: None,
            callers: BTreeMap::new(),
            trace: None,
            past: VecDeque::new(),
        }
    }

    /// Tells whoever reads along.
    pub fn tell(&mut self, what: impl FnOnce() -> String) {
        if self.trace.is_some() {
            let line = format!("{} {}", self.world.now, what());
            if let Some(trace) = &mut self.trace {
                trace.push(line);
            }
        }
    }

    /// Reports a broken rule.
    pub fn break_rule(&mut self, rule: &'static str, detail: impl Into<String>) {
        let broken = Broken {
            at: self.world.now,
            rule,
            detail: detail.into(),
        };
        self.tell(|| format!("!! {broken}"));
        self.broken.push(broken);
    }

    /// Holds what was noted against the rules.
    pub fn judge(&mut self) {
        let mut journal = self.world.take_journal();
        if journal.is_empty() {
            return;
        }
        for one in &journal {
            self.tell(|| format!("      {} {} {:?}", one.by, one.arn, one.what));
        }
        for one in self.rules.judge(&self.world, &journal) {
            self.break_rule(one.rule, one.detail);
        }
        self.journal.append(&mut journal);
    }

    /// Lets the rules look at what is noted nowhere.
    pub fn watch(&mut self) {
        self.rules.watch(&self.world);
        for one in self.rules.broken() {
            self.break_rule(one.rule, one.detail);
        }
    }

    /// What becomes of the next call; `own` is one of the function that is judged.
    pub fn fate(&mut self, own: bool) -> Fate {
        self.count += 1;
        self.own_count += u64::from(own);
        if let Some(bullet) = self.bullet.as_mut().filter(|_| own) {
            if bullet.after == 0 {
                let done = bullet.done;
                self.bullet = None;
                self.rules.note_rough(self.world.now);
                return if done {
                    Fate::KilledAfter
                } else {
                    Fate::KilledBefore
                };
            }
            bullet.after -= 1;
        }
        let fate = self.weather.fate(&mut self.random, self.world.now);
        if fate != Fate::Answered {
            self.rules.note_rough(self.world.now);
        }
        fate
    }

    /// Answers a call, as its fate will have it. None when nothing comes back.
    pub fn answer(
        &mut self,
        process: u64,
        id: &str,
        request: &Request<'_>,
        fate: Fate,
    ) -> Option<Response> {
        let understood = match wire::understand(request) {
            Ok(understood) => understood,
            Err(refused) => return Some(refused),
        };
        let operation = &understood.call.operation;
        let carries = S::CARRIES.contains(&operation.as_str());
        if !carries && self.is_secret(request.body) {
            let operation = operation.clone();
            self.break_rule("no secret leaves the function", operation);
        }
        let action = format!(
            "{}:{}",
            understood.service.name(),
            understood.call.operation
        );
        let (response, code) = self.outcome(process, &understood, fate);
        self.tell(|| {
            let code = code.as_deref().unwrap_or("ok");
            format!(
                "    {action} {} → {code}{}",
                brief(&understood),
                shown(fate)
            )
        });
        let throttled = code
            .as_deref()
            .is_some_and(|code| code.starts_with("Throttling"));
        if fate.hides_the_effect() {
            // The client itself sends it again.
            self.rules.reports().note_trouble(self.world.now);
        }
        let name = understood.service.name();
        self.callers.insert((name, process), self.world.now);
        if throttled && fate == Fate::Answered && self.is_alone(name, process) {
            self.break_rule("one look keeps the documented rates", action.clone());
        }
        let seen = self.processes.entry(process).or_default();
        let made = Made {
            action,
            own: understood.call.actor == Actor::Function(S::Played::NAME.to_owned()),
            hidden: fate.hides_the_effect() || seen.made.get(id).is_some_and(|made| made.hidden),
            code,
        };
        seen.made.insert(id.to_owned(), made);
        response
    }

    /// Whether no other process called the service in the last minute.
    fn is_alone(&self, name: &'static str, process: u64) -> bool {
        self.callers.iter().all(|((other, caller), at)| {
            *other != name
                || *caller == process
                || self.world.now.duration_since(*at) > SignedDuration::from_mins(1)
        })
    }

    fn outcome(
        &mut self,
        process: u64,
        understood: &Understood,
        fate: Fate,
    ) -> (Option<Response>, Option<String>) {
        let lost = || Some("lost".to_owned());
        let Understood { service, call, .. } = understood;
        let refused = match fate {
            Fate::Throttled => Some(service.throttled()),
            Fate::Broken => Some(Fault::with_status(500, "InternalFailure", "try again")),
            _ => None,
        };
        if let Some(fault) = refused {
            let code = Some(fault.code.clone());
            let response = wire::answer(&mut self.world, understood, &Err(fault));
            return (Some(response), code);
        }
        if !fate.takes_effect() {
            return (None, lost());
        }
        let reads = is_read(&call.operation);
        if fate == Fate::Stale
            && reads
            && service.name() != "dynamodb"
            && let Some((_, past)) = self.past.front_mut()
        {
            let outcome = past.call(*service, call);
            past.take_calls();
            let code = outcome.as_ref().err().map(|fault| fault.code.clone());
            let response = wire::answer(&mut self.world, understood, &outcome);
            return (Some(response), code);
        }
        if !reads {
            self.remember();
            self.ask_the_ledger(process, *service, call);
        }
        let outcome = self.world.call(*service, call);
        let outcome = self.lied(call, outcome);
        self.judge();
        let code = outcome.as_ref().err().map(|fault| fault.code.clone());
        match fate {
            Fate::BrokenAfter => {
                let fault = Fault::with_status(500, "InternalFailure", "try again");
                let response = wire::answer(&mut self.world, understood, &Err(fault));
                (Some(response), Some("InternalFailure".to_owned()))
            }
            Fate::SilentAfter | Fate::LostAfter | Fate::KilledAfter => (None, lost()),
            _ => (
                Some(wire::answer(&mut self.world, understood, &outcome)),
                code,
            ),
        }
    }

    fn lied(&self, call: &Call, outcome: Outcome) -> Outcome {
        let conflict = "ConditionalCheckFailedException";
        match (self.lie, outcome) {
            (Some(Lie::NoLease), Err(fault)) if fault.code == conflict && takes_lease(call) => {
                Ok(Value::Object(serde_json::Map::new()))
            }
            (Some(Lie::WrongCode), Err(fault)) if fault.code == conflict => {
                Err(Fault::client("ConditionalCheckFailedFault", fault.message))
            }
            (Some(Lie::WrongFault), Err(fault)) if fault.code.starts_with("InvalidDB") => {
                let code = fault
                    .code
                    .strip_suffix("Fault")
                    .map_or_else(|| format!("{}Fault", fault.code), ToOwned::to_owned);
                Err(Fault::client(&code, fault.message))
            }
            (_, outcome) => outcome,
        }
    }

    /// Who changes a service or a database holds the lease of its estate, and has saved what it was.
    fn ask_the_ledger(&mut self, process: u64, service: &dyn Service, call: &Call) {
        let demands = service.demands(&self.world, call);
        let tag = demands.iter().find_map(|demand| demand.tags.get(S::TAG));
        let Some(estate) = tag.cloned() else {
            return;
        };
        let me = self
            .processes
            .get(&process)
            .map(|seen| seen.invocation.clone());
        let items = dynamodb::items(&self.world, TABLE);
        let lease = items
            .iter()
            .find(|item| item["pk"]["S"] == "tick" && item["sk"]["S"] == estate.as_str());
        let holder = lease
            .and_then(|item| item.get("leased_by")?["S"].as_str())
            .map(ToOwned::to_owned);
        // Of several functions in one process each has a name of its own.
        let is_held = holder
            .as_deref()
            .zip(me.as_deref())
            .is_some_and(|(holder, me)| {
                let rest = holder.strip_prefix(me);
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            });
        if !is_held {
            let operation = &call.operation;
            let detail = format!("{operation} on {estate}: {holder:?} holds it, not {me:?}");
            self.break_rule("only the holder of the lease changes anything", detail);
        }
        let resource = call.text("ResourceId").map_or_else(
            || {
                demands
                    .first()
                    .map_or_else(String::new, |demand| demand.resource.clone())
            },
            |id| format!("arn:aws:ecs:{REGION}:{ACCOUNT}:{id}"),
        );
        if !S::is_saved(&call.actor, &items, &resource) {
            let detail = format!("{} on {resource}", call.operation);
            self.break_rule("nothing is changed that is not saved", detail);
        }
    }

    /// Whether a text holds a secret that should not leave the function.
    #[must_use]
    pub fn is_secret(&self, text: &[u8]) -> bool {
        contains(text, CANARY.as_bytes()) || self.rules.holds_secret(text)
    }

    /// Keeps the world as it is, for answers that will be old.
    pub fn remember(&mut self) {
        let now = self.world.now;
        while self
            .past
            .front()
            .is_some_and(|(at, _)| now.duration_since(*at) > OLDEST)
        {
            self.past.pop_front();
        }
        if self.weather.may_be_stale(now) && self.past.len() < 8 {
            self.past.push_back((now, self.world.clone()));
        }
    }
}

fn takes_lease(call: &Call) -> bool {
    call.text("UpdateExpression")
        .is_some_and(|update| update.contains("leased_by = :me"))
}

/// Whether an operation only reads.
#[must_use]
pub fn is_read(operation: &str) -> bool {
    ["Describe", "List", "Get", "Query", "Scan"]
        .iter()
        .any(|verb| operation.starts_with(verb))
}

fn contains(body: &[u8], word: &[u8]) -> bool {
    body.windows(word.len()).any(|window| window == word)
}

fn shown(fate: Fate) -> String {
    if fate == Fate::Answered {
        String::new()
    } else {
        format!(" [{fate:?}]")
    }
}

/// What a call is about, in a few words.
fn brief(understood: &Understood) -> String {
    let input = &understood.call.input;
    let mut words = Vec::new();
    for name in [
        "service",
        "desiredCount",
        "ResourceId",
        "DBInstanceIdentifier",
        "DBClusterIdentifier",
        "SuspendedState",
        "Key",
        "UpdateExpression",
        "Subject",
        "MinCapacity",
        "ServerlessV2ScalingConfiguration.MinCapacity",
    ] {
        if let Some(value) = input.get(name) {
            words.push(value.to_string());
        }
    }
    if let Some(key) = input.pointer("/Item/sk/S") {
        words.push(key.to_string());
    }
    words.join(" ")
}
