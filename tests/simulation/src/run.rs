//! One run: the function is invoked as EventBridge would, late, doubled or not at all; time jumps to
//! the next instant at which anything can happen; after every step the rules are asked.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use fastrand::Rng;
use futures_util::{FutureExt, StreamExt, future::LocalBoxFuture, stream::FuturesUnordered};
use jiff::{SignedDuration, Timestamp};
use nightshift::{clock::Clock, lambda::Failed};
use nightshift_cloud::{
    call::Actor,
    policy::Used,
    services::dynamodb,
    world::{What, World},
};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

use crate::{
    logs,
    people::{self, Hand},
    places::Place,
    played::{Played as _, TABLE},
    process::{Ended, Ending, Note, Process, Sent},
    rules::Broken,
    sky::{Bullet, Lie, Shared, Sky},
    subject::{Deed as _, Estate as _, Rules as _, Should, Subject},
    template::Stack,
    weather::Weather,
};

/// A full look comes every ten minutes; after something happened every tick counts until then.
const ATTENTIVE: SignedDuration = SignedDuration::from_mins(13);

/// Codes that are answers, not failures.
const EXPECTED: [&str; 3] = [
    "ConditionalCheckFailedException",
    "ParameterNotFound",
    "ClusterNotFoundException",
];

/// What is played.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "switches that tests turn one by one"
)]
pub struct Script<S: Subject> {
    /// Where in time.
    pub place: Place,
    /// Where everything random comes from.
    pub seed: u64,
    /// How many storms.
    pub storms: usize,
    /// How many deeds of people.
    pub deeds: usize,
    /// Whether every tick is played, also where nothing can happen.
    pub every_tick: bool,
    /// `Mode: watch`.
    pub watch: bool,
    /// Which of the functions beside the one that is judged are not there.
    pub absent: Vec<&'static str>,
    /// A known bug of the function's, put back.
    pub bug: Option<S::Bug>,
    /// A lie of the cloud's.
    pub lie: Option<Lie>,
    /// An action that the policy does not allow after all: the run ends with the first failure that
    /// names it.
    pub without: Option<String>,
    /// Only this estate.
    pub only: Option<&'static str>,
    /// So many more services, and a tenth of it more databases.
    pub more: u32,
    /// Whether each tick comes twice at the same time.
    pub doubled: bool,
    /// A service whose name is a secret, to see that the rule notices.
    pub leaks: bool,
    /// Whether each step is written down.
    pub tells: bool,
}

impl<S: Subject> Script<S> {
    /// A run with what its seed draws.
    #[must_use]
    pub fn drawn(place: Place, seed: u64) -> Self {
        let mut random = Rng::with_seed(seed ^ 0xd1ce);
        let weeks = usize::try_from(place.days / 7).unwrap_or(1).max(1);
        Self {
            place,
            seed,
            storms: random.usize(0..4) * weeks,
            deeds: random.usize(0..6) * weeks,
            every_tick: false,
            watch: random.u8(0..25) == 0,
            absent: S::BESIDE
                .iter()
                .map(|(_, function)| *function)
                .filter(|_| random.bool())
                .collect(),
            bug: None,
            lie: None,
            without: None,
            only: None,
            more: 0,
            doubled: false,
            leaks: false,
            tells: false,
        }
    }
}

/// What came of a run.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// What was broken.
    pub broken: Vec<Broken>,
    /// How many invocations there were.
    pub invocations: u64,
    /// How many calls.
    pub calls: u64,
    /// How many of them were of the function that is judged.
    pub own_calls: u64,
    /// How often an estate was held against what it should be.
    pub checks: u64,
    /// Which permissions were used.
    pub used: BTreeSet<Used>,
    /// With what invocations failed.
    pub failures: BTreeSet<String>,
    /// What was told step by step.
    pub trace: Vec<String>,
}

enum Doing<D> {
    Deliver(Value),
    Deed(Hand<D>),
    Order(Sent),
    Check,
}

#[derive(Clone, Debug)]
struct Standing {
    verb: &'static str,
    since: Timestamp,
    until: Timestamp,
}

/// What is known of one estate: what its people did, and how the function left it.
#[derive(Debug, Default)]
struct Known {
    /// Every opening and closing of the place.
    turns: Vec<Timestamp>,
    /// Every opening of the place.
    openings: Vec<Timestamp>,
    /// In which phase each function found it.
    phases: BTreeMap<String, String>,
    /// How the last look of each function left it: whether settled, and when something is due.
    left: BTreeMap<String, (bool, Option<Timestamp>)>,
    /// What it should be is not certain before that.
    uncertain_until: Option<Timestamp>,
    /// The order in force.
    order: Option<Standing>,
    /// When the orders end that were given.
    order_ends: Vec<Timestamp>,
    /// Orders that no answer came for yet, by number.
    asked: BTreeMap<u64, (&'static str, Timestamp)>,
    document: Document,
}

/// Which document of an estate is in force.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Document {
    /// The one that stands there, or the last that was not broken.
    #[default]
    Read,
    /// None: it was broken before anybody had read it.
    NeverRead,
    /// None any more, since then.
    Deleted(Timestamp),
}

impl Known {
    fn unsure(&mut self, until: Timestamp) {
        self.uncertain_until = self.uncertain_until.max(Some(until));
    }
}

/// A run under way.
pub struct Run<S: Subject> {
    script: Script<S>,
    sky: Shared<S>,
    clock: Clock,
    origin: (Timestamp, Instant),
    until: Timestamp,
    random: Rng,
    estates: Vec<S::Estate>,
    stack: Arc<Stack>,
    queue: BTreeMap<(Timestamp, u64), Doing<S::Deed>>,
    sequence: u64,
    idle: Vec<Process<S>>,
    processes: u64,
    running: FuturesUnordered<LocalBoxFuture<'static, Ended<S>>>,
    attentive_until: Timestamp,
    known: BTreeMap<&'static str, Known>,
    last_tick: Timestamp,
    idle_tick: Timestamp,
    /// When anything changed or failed for the last time, by whomever.
    stirred_at: Timestamp,
    /// When the last look began that was answered.
    looked_at: Timestamp,
    silent_until: Timestamp,
    outcome: Outcome,
}

/// Everything at one instant, from which a run can go on again and again.
#[derive(Clone, Debug)]
pub struct Still<S: Subject> {
    /// The cloud.
    pub world: World,
    /// What is right.
    pub rules: S::Rules,
    /// The estates.
    pub estates: Vec<S::Estate>,
    /// The instant.
    pub at: Timestamp,
    invocations: u64,
}

/// What of a script is played.
#[derive(Clone, Debug)]
pub enum Part<S: Subject> {
    /// All of it.
    Whole,
    /// From the beginning to an instant.
    Until(Timestamp),
    /// From a still to an instant; a bullet kills the function at one call.
    From(Box<Still<S>>, Timestamp, Option<Bullet>),
}

/// Plays a script to its end, or to the first broken rule.
#[must_use]
pub fn play<S: Subject>(script: &Script<S>) -> Outcome {
    S::perform(script, Part::Whole).0
}

/// Plays a script to an instant.
#[must_use]
pub fn play_to<S: Subject>(script: &Script<S>, until: Timestamp) -> (Outcome, Option<Still<S>>) {
    S::perform(script, Part::Until(until))
}

/// Goes on from a still to an instant; a bullet kills the function at one call.
#[must_use]
pub fn play_on<S: Subject>(
    script: &Script<S>,
    still: &Still<S>,
    until: Timestamp,
    bullet: Option<Bullet>,
) -> (Outcome, Option<Still<S>>) {
    let still = Box::new(still.clone());
    S::perform(script, Part::From(still, until, bullet))
}

/// Plays a part of a script. What a run is made of is a lot to compile: each function calls this in one
/// place, in this crate, and everybody else calls that.
pub(crate) fn perform<S: Subject>(
    script: &Script<S>,
    part: Part<S>,
) -> (Outcome, Option<Still<S>>) {
    on_stage(script, |script| match part {
        Part::Whole => Run::set(script),
        Part::Until(until) => {
            let mut run = Run::set(script)?;
            run.until = until;
            Ok(run)
        }
        Part::From(still, until, bullet) => {
            let run = Run::resume(script, *still, until)?;
            run.sky.now().bullet = bullet;
            Ok(run)
        }
    })
}

fn on_stage<S: Subject>(
    script: &Script<S>,
    set: impl FnOnce(Script<S>) -> Result<Run<S>, String>,
) -> (Outcome, Option<Still<S>>) {
    fastrand::seed(script.seed);
    S::put_back(script.bug);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build();
    let played = runtime
        .map_err(|error| error.to_string())
        .and_then(|runtime| {
            let _logs = logs::collect();
            runtime.block_on(async {
                let mut run = set(script.clone())?;
                run.go().await;
                Ok(run.end())
            })
        });
    match played {
        Ok((outcome, still)) => (outcome, Some(still)),
        Err(detail) => {
            let broken = vec![Broken {
                at: script.place.begin(),
                rule: "the simulation runs",
                detail,
            }];
            let outcome = Outcome {
                broken,
                ..Outcome::default()
            };
            (outcome, None)
        }
    }
}

impl<S: Subject> Run<S> {
    fn set(script: Script<S>) -> Result<Self, String> {
        let place = script.place;
        let begin = place.begin();
        let mut random = Rng::with_seed(script.seed);
        let mut world = World::new(begin, random.u64(..));
        let mut estates = S::furnish(&mut world, &mut random, &script);
        estates.retain(|estate| script.only.is_none_or(|only| only == estate.name()));
        Stack::of::<S>()?.deploy(&mut world, script.watch, script.without.as_deref());
        let rules = S::Rules::new(&world, place, &estates, script.watch);
        let still = Still {
            world,
            rules,
            estates,
            at: begin,
            invocations: 0,
        };
        let turns: Vec<Timestamp> = still
            .estates
            .iter()
            .flat_map(|estate: &S::Estate| estate.hours().turns(&place))
            .collect();
        let weather = Weather::of(&mut random, begin, place.end(), script.storms, &turns);
        let deeds = people::draw::<S>(&mut random, &place, &still.estates, script.deeds);
        let mut run = Self::resume(script, still, place.end())?;
        run.sky.now().weather = weather;
        let first = S::begin(&run.estates, begin + SignedDuration::from_secs(70));
        for (at, hand) in first.into_iter().chain(deeds) {
            run.plan(at, Doing::Deed(hand));
        }
        Ok(run)
    }

    /// Goes on from a still.
    fn resume(script: Script<S>, still: Still<S>, until: Timestamp) -> Result<Self, String> {
        let begin = still.at;
        let clock = Clock::set_to(begin);
        let mut sky: Sky<S> = Sky::over(
            still.world,
            still.rules,
            Weather::calm(),
            clock,
            script.seed,
        );
        sky.lie = script.lie;
        sky.trace = script.tells.then(Vec::new);
        let known = still.estates.iter().map(|estate| {
            let (hours, place) = (estate.hours(), &script.place);
            let turns = hours.turns(place);
            let opens = |turn: &Timestamp| hours.is_open(place, *turn);
            let openings: Vec<Timestamp> = turns.iter().copied().filter(opens).collect();
            let reports = sky.rules.reports();
            reports.note_openings(estate.name(), openings.clone());
            let known = Known {
                turns,
                openings,
                ..Known::default()
            };
            (estate.name(), known)
        });
        let known = known.collect();
        let mut run = Self {
            sky: Shared::new(sky),
            clock,
            origin: (begin, Instant::now()),
            until,
            random: Rng::with_seed(script.seed ^ 0xfade),
            stack: Stack::of::<S>()?,
            known,
            estates: still.estates,
            queue: BTreeMap::new(),
            sequence: 0,
            idle: Vec::new(),
            processes: 0,
            running: FuturesUnordered::new(),
            attentive_until: begin + ATTENTIVE,
            last_tick: begin,
            idle_tick: begin,
            stirred_at: begin,
            looked_at: begin,
            silent_until: begin,
            outcome: Outcome {
                invocations: still.invocations,
                ..Outcome::default()
            },
            script,
        };
        let mut at = begin + SignedDuration::from_mins(30);
        while at < until {
            run.plan(at, Doing::Check);
            at += SignedDuration::from_mins(60);
        }
        let openings = run.known.values().flat_map(|known| &known.openings);
        let openings: Vec<Timestamp> = openings.copied().collect();
        for opening in openings {
            if begin < opening && opening < until {
                run.plan(opening, Doing::Check);
            }
        }
        Ok(run)
    }

    fn plan(&mut self, at: Timestamp, doing: Doing<S::Deed>) {
        self.sequence += 1;
        self.queue.insert((at, self.sequence), doing);
    }

    async fn go(&mut self) {
        let end = self.until;
        loop {
            let now = self.clock.now();
            let is_over = now >= end && self.running.is_empty();
            if is_over || !self.outcome.broken.is_empty() || self.is_named() {
                break;
            }
            let next = self.next(now);
            self.wait(next).await;
            self.step();
            self.judge();
        }
    }

    /// Whether a failure names the action that is not allowed.
    fn is_named(&self) -> bool {
        let words = self.script.without.as_ref();
        words.is_some_and(|action| {
            let mut failures = self.outcome.failures.iter();
            failures.any(|text| text.contains(&format!("perform: {action} on")))
        })
    }

    /// Something happened: every tick counts for a while. While nobody is invoked nothing of it is seen.
    fn attend(&mut self, now: Timestamp) {
        self.attentive_until = now.max(self.silent_until) + ATTENTIVE;
    }

    /// What came of it, and how it left everything.
    fn end(mut self) -> (Outcome, Still<S>) {
        let at = self.clock.now();
        let mut sky = self.sky.now();
        self.outcome.calls = sky.count;
        self.outcome.own_calls = sky.own_count;
        self.outcome.trace = sky.trace.take().unwrap_or_default();
        self.outcome.used = std::mem::take(&mut sky.world.used);
        let still = Still {
            world: sky.world.clone(),
            rules: sky.rules.clone(),
            estates: self.estates.clone(),
            at,
            invocations: self.outcome.invocations,
        };
        drop(sky);
        (self.outcome, still)
    }

    /// Lets invocations run until an instant, or until one of them ends.
    async fn wait(&mut self, until: Timestamp) {
        let (begin, origin) = self.origin;
        let left = until.duration_since(begin);
        let instant = origin + left.unsigned_abs();
        if self.running.is_empty() {
            sleep_until(instant).await;
            return;
        }
        let ended = tokio::select! {
            biased;
            ended = self.running.next() => ended,
            () = sleep_until(instant) => None,
        };
        if let Some(ended) = ended {
            self.ended(ended);
        }
    }

    /// The next instant at which anything is to be done.
    fn next(&self, now: Timestamp) -> Timestamp {
        let queued = self.queue.keys().next().map(|(at, _)| *at);
        let world = self.sky.now().world.next();
        let tick = self.next_tick(now, world);
        [queued, world]
            .into_iter()
            .flatten()
            .fold(tick, Timestamp::min)
            .max(now)
    }

    /// A tick comes each minute. While everything is settled a tick changes nothing until something
    /// happens or is due, so those in between are left out, but for a few.
    fn next_tick(&self, now: Timestamp, world: Option<Timestamp>) -> Timestamp {
        let just_before = |at: Timestamp| at - SignedDuration::from_millis(1);
        let soonest = minute_after(self.last_tick)
            .max(minute_after(just_before(now)))
            .max(minute_after(just_before(self.silent_until)));
        let mut left = self
            .known
            .values()
            .flat_map(|known| known.left.values().copied())
            .peekable();
        let settled = left.peek().is_some() && left.all(|(settled, _)| settled);
        let quiet = settled && self.running.is_empty() && now >= self.attentive_until;
        let waits = self.looked_at > self.stirred_at && self.running.is_empty();
        if self.script.every_tick || !(quiet || waits) {
            return soonest;
        }
        let opens = |turn: &Timestamp| now < *turn && *turn <= now + S::PROMPT;
        let mut openings = self.known.values().flat_map(|known| &known.openings);
        if !quiet && openings.any(opens) {
            return soonest;
        }
        let world = world.filter(|_| S::HEEDS_SCALING);
        let left = self.known.values().flat_map(|known| known.left.values());
        let dues = left.filter_map(|(_, due)| *due);
        // While something may have happened that no look saw yet, one comes before that is over.
        let attentive = self.attentive_until - SignedDuration::from_mins(1);
        let waited = self.last_tick + S::WAITING;
        let at_last = if quiet {
            self.idle_tick
        } else if self.last_tick < attentive {
            waited.min(attentive)
        } else {
            waited
        };
        let at = dues
            .chain(world)
            .chain([at_last])
            .fold(self.until, Timestamp::min);
        minute_after(just_before(at)).max(soonest)
    }

    fn step(&mut self) {
        let now = self.clock.now();
        self.end_orders(now);
        while let Some(entry) = self.queue.first_entry()
            && entry.key().0 <= now
        {
            let doing = entry.remove();
            self.does(doing, now);
        }
        let world = self.sky.now().world.next();
        if now >= self.next_tick(now, world) && now >= self.silent_until {
            self.tick(now);
        }
    }

    /// An order that is over is a reason for news, as any deed is.
    fn end_orders(&mut self, now: Timestamp) {
        let mut sky = self.sky.now();
        for (estate, known) in &mut self.known {
            if known.order.take_if(|order| order.until <= now).is_some() {
                sky.rules.reports().expect_news(estate);
            }
        }
    }

    fn does(&mut self, doing: Doing<S::Deed>, now: Timestamp) {
        match doing {
            Doing::Deliver(envelope) => {
                if now >= self.silent_until {
                    let what = envelope["detail-type"]
                        .as_str()
                        .unwrap_or("event")
                        .to_owned();
                    self.invoke(Sent {
                        payload: envelope,
                        note: note(what),
                    });
                }
            }
            Doing::Deed(hand) => self.deed(&hand, now),
            Doing::Order(sent) => self.invoke(sent),
            Doing::Check => self.check(now),
        }
    }

    fn tick(&mut self, now: Timestamp) {
        self.last_tick = now;
        let seconds = S::IDLE.start * 3600..S::IDLE.end * 3600;
        self.idle_tick = now + SignedDuration::from_secs(self.random.i64(seconds));
        let payload = self.stack.tick.clone();
        self.invoke(Sent {
            payload: payload.clone(),
            note: note("tick"),
        });
        if self.script.doubled || self.random.u16(0..200) == 0 {
            self.invoke(Sent {
                payload,
                note: note("tick again"),
            });
        }
    }

    fn invoke(&mut self, sent: Sent) {
        // Lambda keeps processes warm, and drops one now and then.
        let cold = self.random.u8(0..50) == 0;
        let process = self.idle.pop().filter(|_| !cold).unwrap_or_else(|| {
            self.processes += 1;
            Process::start(&self.sky, self.processes, &self.script)
        });
        self.outcome.invocations += 1;
        let id = format!("invocation-{}", self.outcome.invocations);
        self.running
            .push(process.invoke(self.sky.clone(), id, sent).boxed_local());
    }

    fn ended(&mut self, ended: Ended<S>) {
        let now = self.clock.now();
        self.judge();
        let troubled = ended
            .made
            .iter()
            .any(|made| made.hidden || made.code.is_some())
            || ended.process.is_none();
        if troubled {
            self.sky.now().rules.reports().note_trouble(now);
            self.stirred_at = now;
        }
        let mut all = logs::take();
        all.push_str(&logs::take_metrics().join("\n"));
        match &ended.ending {
            Ending::Answered(answer) => {
                all.push_str(&answer.to_string());
                self.answered(answer, &ended, now);
            }
            Ending::Failed(failed) => {
                all.push_str(&failed.to_string());
                if self.script.without.is_some() {
                    self.outcome.failures.insert(failed.to_string());
                }
                self.failed(failed, &ended);
                self.attend(now);
            }
            Ending::Died | Ending::TimedOut => self.attend(now),
        }
        {
            let mut sky = self.sky.now();
            if sky.is_secret(all.as_bytes()) {
                sky.break_rule("no secret leaves the function", all);
            }
        }
        self.order_ended(&ended, now);
        self.send_again(&ended, now);
        self.idle.extend(ended.process);
    }

    fn answered(&mut self, answer: &Value, ended: &Ended<S>, now: Timestamp) {
        let hidden: Vec<String> = ended
            .made
            .iter()
            .filter(|made| made.own)
            .filter_map(|made| {
                let code = made.code.as_deref()?;
                (!is_expected::<S>(code)).then(|| format!("{} failed with {code}", made.action))
            })
            .collect();
        if !hidden.is_empty() {
            self.sky
                .now()
                .break_rule("a failure fails the invocation", hidden.join(", "));
        }
        if answer["busy"]
            .as_array()
            .is_some_and(|busy| !busy.is_empty())
        {
            self.attend(now);
        }
        if answer["estates"]
            .as_array()
            .is_some_and(|all| !all.is_empty())
        {
            self.looked_at = self.last_tick;
        }
        for report in answer["estates"].as_array().into_iter().flatten() {
            let Some(estate) = report["estate"].as_str() else {
                continue;
            };
            let next = report["next"].as_str().and_then(|next| next.parse().ok());
            if let Some(known) = self.known.get_mut(estate) {
                let function = report["function"].as_str().unwrap_or_default();
                let left = (report["settled"] == true, next);
                known.left.insert(function.to_owned(), left);
                let phase = report["phase"].as_str().unwrap_or_default().to_owned();
                let before = known.phases.insert(function.to_owned(), phase.clone());
                if !S::BESIDE.is_empty() && before.is_some_and(|before| before != phase) {
                    // What one function has come to the others see with their next full look.
                    self.attend(now);
                }
            }
        }
    }

    /// An invocation fails when something failed, and only then: a lost race is no failure, but for
    /// a person whose order it was.
    fn failed(&mut self, failed: &Failed, ended: &Ended<S>) {
        let something = ended.made.iter().any(|made| {
            made.hidden
                || made.code.as_deref().is_some_and(|code| {
                    !is_expected::<S>(code) && !code.starts_with("ConditionalCheckFailed")
                })
        });
        // Of an estate without a document nobody can order anything.
        let mut estates = self.known.values();
        let any_is_gone = estates.any(|known| known.document != Document::Read);
        let refused = ended.note.again.is_some() && !matches!(failed, Failed::Partial(_));
        let unknown = refused || any_is_gone && matches!(failed, Failed::BadInput(_));
        let outrun = ended.note.order.is_some()
            && ended.made.iter().any(|made| {
                let code = made.code.as_deref();
                made.action == "dynamodb:PutItem"
                    && code.is_some_and(|code| code.starts_with("ConditionalCheckFailed"))
            });
        if !something && !unknown && !outrun {
            let detail = format!("{}: {failed}", ended.note.what);
            self.sky
                .now()
                .break_rule("an invocation fails only when something failed", detail);
        }
    }

    fn deed(&mut self, hand: &Hand<S::Deed>, now: Timestamp) {
        let (estate, open) = {
            let mut sky = self.sky.now();
            sky.tell(|| format!("- {hand:?}"));
            sky.remember();
            let done = hand.does(&mut sky.world, &self.estates);
            sky.judge();
            done
        };
        let names: Vec<&'static str> = match estate {
            Some(name) => vec![name],
            None => self.estates.iter().map(S::Estate::name).collect(),
        };
        for name in names {
            self.known(name).unsure(now + open);
            self.sky.now().rules.reports().expect_news(name);
        }
        match hand {
            Hand::Silence { minutes } => {
                self.silent_until = now + SignedDuration::from_mins(*minutes);
                self.sky.now().rules.note_rough(self.silent_until);
            }
            Hand::DeleteDocument { estate } => {
                let document = &mut self.known(estate).document;
                if *document == Document::Read {
                    *document = Document::Deleted(now);
                }
                self.sky.now().rules.let_go(estate, Timestamp::MAX);
            }
            Hand::MendDocument { estate } => {
                self.known(estate).document = Document::Read;
                self.sky.now().rules.let_go(estate, now);
            }
            Hand::BreakDocument { estate } if !self.is_read(estate) => {
                self.known(estate).document = Document::NeverRead;
            }
            Hand::Order {
                estate,
                verb,
                minutes,
            } => {
                let until = now + SignedDuration::from_mins(*minutes);
                self.sky.now().rules.let_go(estate, until);
                self.order(estate, verb, *minutes, now);
            }
            Hand::Own(deed) => {
                if let Some(payload) = deed.sends() {
                    let mut note = note(payload["command"].as_str().unwrap_or_default());
                    note.again = Some(payload.clone());
                    self.invoke(Sent { payload, note });
                }
            }
            _ => {}
        }
        self.attend(now);
    }

    /// Whether the ledger has a document of the estate's that parsed.
    fn is_read(&self, estate: &str) -> bool {
        let key = format!("document/{estate}");
        let sky = self.sky.now();
        let items = dynamodb::items(&sky.world, TABLE);
        items.iter().any(|item| {
            let sort_key = item.get("sk").and_then(|sk| sk["S"].as_str());
            sort_key.is_some_and(|sort_key| sort_key.ends_with(&key))
        })
    }

    /// A person sends again after two minutes what was not answered.
    fn send_again(&mut self, ended: &Ended<S>, now: Timestamp) {
        let Some(payload) = ended.note.again.clone() else {
            return;
        };
        let is_lost = match &ended.ending {
            Ending::Answered(_) => false,
            Ending::Failed(failed) => matches!(failed, Failed::Unavailable(_)),
            Ending::Died | Ending::TimedOut => true,
        };
        if is_lost && ended.note.tries < 50 {
            let note = Note {
                tries: ended.note.tries + 1,
                ..ended.note.clone()
            };
            let sent = Sent { payload, note };
            self.plan(now + SignedDuration::from_mins(2), Doing::Order(sent));
        }
    }

    fn known(&mut self, estate: &'static str) -> &mut Known {
        self.known.entry(estate).or_default()
    }

    fn order(&mut self, estate: &'static str, verb: &'static str, minutes: i64, now: Timestamp) {
        self.sequence += 1;
        let number = self.sequence;
        let until = now + SignedDuration::from_mins(minutes);
        let payload = ordered(estate, verb, until);
        self.known(estate).asked.insert(number, (verb, until));
        let mut note = note(verb);
        note.order = Some((estate, number));
        self.invoke(Sent { payload, note });
    }

    /// A person whose order failed sends it again after two minutes.
    fn order_ended(&mut self, ended: &Ended<S>, now: Timestamp) {
        let Some((estate, number)) = ended.note.order else {
            return;
        };
        let known = self.known(estate);
        let Some((verb, until)) = known.asked.get(&number).copied() else {
            return;
        };
        known.unsure(now + SignedDuration::from_mins(10));
        if matches!(ended.ending, Ending::Answered(_)) {
            known.asked.remove(&number);
            known.order = (verb != "clear").then_some(Standing {
                verb,
                since: now,
                until,
            });
            if verb != "clear" {
                known.order_ends.push(until);
            }
            return;
        }
        // It may have been written all the same.
        known.unsure(until.max(now) + SignedDuration::from_mins(10));
        if now >= until && verb != "clear" || ended.note.tries > 50 {
            known.asked.remove(&number);
            return;
        }
        let payload = ordered(estate, verb, until);
        let note = Note {
            tries: ended.note.tries + 1,
            ..ended.note.clone()
        };
        self.plan(
            now + SignedDuration::from_mins(2),
            Doing::Order(Sent { payload, note }),
        );
    }

    fn judge(&mut self) {
        let now = self.clock.now();
        let (journal, emitted) = {
            let mut sky = self.sky.now();
            sky.judge();
            sky.watch();
            sky.world.take_calls();
            self.outcome.broken.append(&mut sky.broken);
            (std::mem::take(&mut sky.journal), sky.world.events.take())
        };
        for noted in &journal {
            let heeded = S::HEEDS_SCALING || noted.by != Actor::AutoScaling;
            let stirs = heeded && !matches!(noted.what, What::Published { .. } | What::Written);
            if stirs {
                self.stirred_at = now;
            }
            if matches!(&noted.by, Actor::Function(name) if name == S::Played::NAME) {
                continue;
            }
            if stirs {
                self.attend(now);
            }
            if let What::Status { to, .. } = &noted.what
                && !["stopped", "available"].contains(&to.as_str())
            {
                let estate = self
                    .estates
                    .iter()
                    .find(|estate| estate.databases().contains(&noted.arn));
                if let Some(name) = estate.map(S::Estate::name) {
                    self.known(name).unsure(now);
                }
            }
        }
        for event in emitted {
            self.deliver(&event.envelope, now);
        }
    }

    /// Events come at least once, late, in any order, or not at all.
    fn deliver(&mut self, envelope: &Value, now: Timestamp) {
        if !self.stack.hears(envelope) {
            return;
        }
        let copies = match self.random.u8(0..20) {
            0 => 0,
            1 => 2,
            _ => 1,
        };
        for _ in 0..copies {
            let late = if self.random.u8(0..10) == 0 { 1800 } else { 20 };
            let at = now + SignedDuration::from_millis(self.random.i64(500..late * 1000));
            self.plan(at, Doing::Deliver(envelope.clone()));
        }
    }

    fn check(&mut self, now: Timestamp) {
        if self.script.watch {
            return;
        }
        let estates = self.estates.clone();
        for estate in &estates {
            let should = self.should(estate, now);
            if should == Should::Unknown {
                continue;
            }
            let wrong = {
                let mut sky = self.sky.now();
                let sky = &mut *sky;
                sky.rules.wrong(&sky.world, estate, should)
            };
            self.outcome.checks += 1;
            if !wrong.is_empty() {
                let rule = match should {
                    Should::Closed => S::CLOSED,
                    Should::GivenBack => "what is released is given back",
                    _ => S::OPEN,
                };
                let detail = format!("{}: {}", estate.name(), wrong.join(", "));
                self.sky.now().break_rule(rule, detail);
            }
        }
        self.outcome.broken.append(&mut self.sky.now().broken);
    }

    fn should(&self, estate: &S::Estate, now: Timestamp) -> Should {
        let place = &self.script.place;
        let calm_since = self.sky.now().weather.calm_since(now);
        let Some(known) = self.known.get(estate.name()) else {
            return Should::Unknown;
        };
        // When an order ends, the calendar takes over.
        let taken_over = |end: &Timestamp| *end <= now && now < *end + S::BOUND;
        let unsure = [calm_since, known.uncertain_until, Some(place.begin())]
            .into_iter()
            .flatten()
            .any(|at| now < at + S::BOUND);
        if unsure
            || known.document == Document::NeverRead
            || !known.asked.is_empty()
            || known.order_ends.iter().any(taken_over)
        {
            return Should::Unknown;
        }
        if let Document::Deleted(deleted_at) = known.document {
            return if now < deleted_at + S::BOUND {
                Should::Unknown
            } else {
                Should::GivenBack
            };
        }
        if let Some(order) = &known.order {
            return match order.verb {
                _ if now < order.since + S::BOUND => Should::Unknown,
                verb => S::ordered(verb),
            };
        }
        let turning = |turn: &Timestamp| {
            let opens = estate.hours().is_open(place, *turn);
            let after = if opens { S::LATE } else { S::BOUND };
            now - after < *turn && *turn < now + S::LEAD
        };
        if known.turns.iter().any(turning) {
            Should::Unknown
        } else if estate.hours().is_open(place, now) {
            Should::Open
        } else {
            Should::Closed
        }
    }
}

/// What a person sends.
fn ordered(estate: &str, verb: &str, until: Timestamp) -> Value {
    let mut payload = json!({ "command": verb, "estate": estate, "by": "tanaka" });
    if verb != "clear" {
        payload["until"] = until.to_string().into();
        payload["reason"] = "load test".into();
    }
    payload
}

fn is_expected<S: Subject>(code: &str) -> bool {
    EXPECTED.contains(&code) || S::ANSWERS.contains(&code)
}

fn note(what: impl Into<String>) -> Note {
    Note {
        what: what.into(),
        order: None,
        again: None,
        tries: 0,
    }
}

/// The next full minute after an instant.
fn minute_after(at: Timestamp) -> Timestamp {
    let second = at.as_second();
    Timestamp::from_second((second.div_euclid(60) + 1) * 60).unwrap_or(at)
}

/// The command that plays a script again, step by step.
#[must_use]
pub fn again<S: Subject>(script: &Script<S>) -> String {
    format!(
        "make simulate PLACE={}{} SEED={}   # {}",
        S::WORD,
        script.place.name,
        script.seed,
        S::Played::NAME
    )
}
