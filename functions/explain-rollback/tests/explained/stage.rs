//! The function on its stage: ticks, a post that brings events as badly as AWS may, and what was told.

use std::{rc::Rc, time::Duration};

use explain_rollback::{
    context::{Function, Settings},
    handle::handle,
};
use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use nightshift::{
    kind::Arn,
    lambda::{Failed, Invocation},
    ledger::{rollout::Entry, store::Store},
    report::{
        News,
        message::Message,
        rollback::{Fault, Stage as Step, Story},
    },
};
use nightshift_cloud::{
    call::Fault as Refusal,
    services::events,
    world::{ACCOUNT, REGION, World},
};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::{
    account::{FUNCTION, TABLE, policy, stack},
    line::Line,
};

/// The function's timeout in the template.
const TIMEOUT: Duration = Duration::from_mins(2);

/// How events are brought.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Post {
    /// How many of a hundred are lost.
    pub(crate) lost: u32,
    /// How many of a hundred are brought twice.
    pub(crate) doubled: u32,
    /// By how many seconds they are late at most.
    pub(crate) late: u64,
}

/// No event comes.
pub(crate) const SILENT: Post = Post {
    lost: 100,
    doubled: 0,
    late: 0,
};

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
    post: Post,
    random: Rng,
    due: Vec<(Timestamp, Value)>,
    next_tick: Timestamp,
    number: u32,
}

/// The stage.
pub(crate) struct Stage {
    pub(crate) line: Line,
    pub(crate) post: Post,
    /// Whether the schedule ticks.
    pub(crate) ticks: bool,
    /// Every invocation since it was last taken.
    pub(crate) ended: Vec<Ended>,
    /// Everything as it was before each invocation, if that is asked for.
    pub(crate) checkpoints: Option<Vec<Checkpoint>>,
    random: Rng,
    process: Option<Rc<Function>>,
    due: Vec<(Timestamp, Value)>,
    next_tick: Timestamp,
    number: u32,
}

fn later(at: Timestamp, seconds: i64) -> Timestamp {
    at + SignedDuration::from_secs(seconds)
}

impl Stage {
    pub(crate) fn set(world: World) -> Self {
        let now = world.now;
        Self {
            line: Line::to(world),
            post: Post::default(),
            ticks: true,
            ended: Vec::new(),
            checkpoints: None,
            random: Rng::with_seed(1),
            process: None,
            due: Vec::new(),
            next_tick: later(now, 60 - now.as_second().rem_euclid(60)),
            number: 0,
        }
    }

    /// Gives it chance of its own.
    pub(crate) fn seed(&mut self, seed: u64) {
        self.random = Rng::with_seed(seed);
    }

    /// Goes on where an invocation began, but its process dies after so many answers.
    pub(crate) async fn resume(checkpoint: Checkpoint, calls: usize) -> Self {
        let mut stage = Self::set(checkpoint.world);
        stage.post = checkpoint.post;
        stage.random = checkpoint.random;
        stage.due = checkpoint.due;
        stage.next_tick = checkpoint.next_tick;
        stage.number = checkpoint.number;
        stage.line.die_after(Some(calls));
        let answer = stage.invoke(checkpoint.payload).await;
        assert!(answer.is_none(), "nobody died");
        stage
    }

    fn checkpoint(&self, payload: &Value) -> Checkpoint {
        Checkpoint {
            world: self.with(|world| world.clone()),
            payload: payload.clone(),
            post: self.post,
            random: self.random.clone(),
            due: self.due.clone(),
            next_tick: self.next_tick,
            number: self.number,
        }
    }

    /// Takes a permission away.
    pub(crate) fn deny(&self, action: &str) {
        self.with(|world| {
            let role = world.roles.get_mut(FUNCTION).unwrap();
            for statement in &mut role.statements {
                statement.actions.retain(|one| one != action);
            }
        });
    }

    /// Gives the role back all that the template gives it.
    pub(crate) fn allow(&self) {
        self.with(|world| world.roles.insert(FUNCTION.to_owned(), policy()));
    }

    /// Lets an action fail for everybody, or not any more.
    pub(crate) fn broken(&self, action: &str, refusal: Option<Refusal>) {
        self.with(|world| match refusal {
            Some(refusal) => world.broken.insert(action.to_owned(), refusal),
            None => world.broken.remove(action),
        });
    }

    pub(crate) fn with<T>(&self, look: impl FnOnce(&mut World) -> T) -> T {
        self.line.with(look)
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.line.clock().now()
    }

    fn function(&mut self) -> Rc<Function> {
        let line = &self.line;
        let made = || {
            let settings = Settings {
                table: TABLE.to_owned(),
                topic: format!("arn:aws:sns:{REGION}:{ACCOUNT}:Reports"),
                may_play: false,
                prefix: "/nightshift".to_owned(),
                function_name: format!("nightshift-{FUNCTION}"),
                region: REGION.to_owned(),
            };
            Rc::new(Function::new(line.config(FUNCTION), settings))
        };
        self.process.get_or_insert_with(made).clone()
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

    /// One invocation, to its end or to its process's; answers what it answered.
    pub(crate) async fn invoke(&mut self, payload: Value) -> Option<Result<Value, Failed>> {
        let checkpoint = self
            .checkpoints
            .is_some()
            .then(|| self.checkpoint(&payload));
        if let (Some(checkpoints), Some(checkpoint)) = (&mut self.checkpoints, checkpoint) {
            checkpoints.push(checkpoint);
        }
        let at = self.now();
        let before = self.with(|world| world.calls.len());
        let function = self.function();
        let invocation = self.invocation(payload);
        let answer = tokio::select! {
            biased;
            () = self.line.death() => None,
            answer = handle(&function, invocation) => Some(answer),
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
    pub(crate) async fn invoke_both(&mut self, payloads: [Value; 2]) -> [Result<Value, Failed>; 2] {
        let one = self.function();
        self.process = None;
        let other = self.function();
        let [first, second] = payloads.map(|payload| self.invocation(payload));
        tokio::join!(handle(&one, first), handle(&other, second)).into()
    }

    pub(crate) async fn tick(&mut self) -> Result<Value, Failed> {
        self.invoke(stack().tick.clone()).await.unwrap()
    }

    /// Every event that a rule took so far, in the order in which they were emitted, taken off the post.
    pub(crate) fn take_events(&mut self) -> Vec<Value> {
        self.collect();
        self.due.drain(..).map(|(_, payload)| payload).collect()
    }

    /// Brings what rules take of what was emitted, as the post pleases.
    fn collect(&mut self) {
        for event in self.with(|world| world.events.take()) {
            let patterns = &stack().patterns;
            let takers = patterns
                .iter()
                .filter(|pattern| events::matches(pattern, &event.envelope));
            for _ in 0..takers.count() {
                let copies = match self.random.u32(0..100) {
                    drawn if drawn < self.post.lost => 0,
                    drawn if drawn >= 100 - self.post.doubled => 2,
                    _ => 1,
                };
                for _ in 0..copies {
                    let late = self.random.u64(0..=self.post.late);
                    let at = later(event.at, i64::try_from(late).unwrap());
                    self.due.push((at, event.envelope.clone()));
                }
            }
        }
        self.due.sort_by_key(|(at, _)| *at);
    }

    /// Lets so many seconds pass, with all ticks and events of that time.
    pub(crate) async fn pass(&mut self, seconds: i64) {
        let end = later(self.now(), seconds);
        loop {
            self.collect();
            let now = self.now();
            let event = self.due.first().map(|(at, _)| *at);
            let tick = Some(self.next_tick).filter(|_| self.ticks);
            let world = self.with(|world| world.next());
            let next = [event, tick, world, Some(end)].into_iter().flatten().min();
            let next = next.unwrap();
            if next > now {
                let wait = next.duration_since(now);
                sleep(wait.try_into().unwrap()).await;
                continue;
            }
            if event.is_some_and(|at| at <= now) {
                let (_, payload) = self.due.remove(0);
                self.invoke(payload).await;
            } else if tick.is_some_and(|at| at <= now) {
                while self.next_tick <= self.now() {
                    self.next_tick = later(self.next_tick, 60);
                }
                self.invoke(stack().tick.clone()).await;
            } else {
                return;
            }
        }
    }

    /// Every message that was published.
    pub(crate) fn messages(&self) -> Vec<Message> {
        let published = self.with(|world| world.sns.published.clone());
        published
            .iter()
            .map(|one| serde_json::from_str(&one.message_for("lambda")).unwrap())
            .collect()
    }

    /// Every story that was told, as it stood then.
    pub(crate) fn stories(&self) -> Vec<Story> {
        let told = self
            .messages()
            .into_iter()
            .map(|message| match message.news {
                News::Rollback { story } => *story,
                other => panic!("{other:?}"),
            });
        told.collect()
    }

    pub(crate) fn stages(&self) -> Vec<Step> {
        self.stories().iter().map(|story| story.stage).collect()
    }

    pub(crate) fn last(&self) -> Story {
        self.stories().pop().unwrap()
    }

    /// The stages as they reach people: who forwards them tells each of a deployment once.
    pub(crate) fn heard(&self) -> Vec<(String, Step)> {
        let mut heard = Vec::new();
        for story in self.stories() {
            let key = (story.deployment, story.stage);
            if !heard.contains(&key) {
                heard.push(key);
            }
        }
        heard
    }

    /// The invocations that failed.
    pub(crate) fn failures(&self) -> Vec<String> {
        let failed = self.ended.iter().filter_map(|ended| match &ended.answer {
            Some(Err(failed)) => Some(format!("{} {failed}", ended.at)),
            _ => None,
        });
        failed.collect()
    }

    /// Nothing failed, and no permission was lacking.
    pub(crate) fn is_well(&self) {
        assert_eq!(self.failures(), [""; 0]);
        assert_eq!(self.refused(), [""; 0]);
    }

    /// What is remembered of a service.
    pub(crate) async fn entry(&self, service: &str) -> Option<Entry> {
        let client = aws_sdk_dynamodb::Client::new(&self.line.config("reader"));
        let store: Store<Entry> = Store::new(client, TABLE, "reader", "reader");
        let mut entries = store.ledger().await.unwrap().entries;
        let kept = entries.remove(&Arn::new(service));
        kept.map(|kept| kept.item)
    }

    /// The calls that were refused.
    pub(crate) fn refused(&self) -> Vec<String> {
        self.with(|world| {
            let calls = world.calls.iter();
            let refused = calls.filter_map(|call| {
                let code = call.code.as_ref()?;
                code.contains("Denied")
                    .then(|| format!("{} {code}", call.action))
            });
            refused.collect()
        })
    }
}

/// What is told of a cause, in one line.
pub(crate) fn cause(story: &Story) -> Fault {
    story.faults.first().unwrap().fault.clone()
}
