//! A little world in which turns are made: a database with two users, services whose tasks read the
//! newest version when they start, deployments that fail, and a function that dies anywhere. No task
//! that runs ever holds a credential that does not work.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use nightshift::{
    kind::{Deployment, Rollout},
    ledger::{
        Kept,
        rotation::{Entry, Order, Secret, Stage, Turn},
    },
};
use proptest::prelude::*;

use super::made::{Set, URL, arn_of, at, days_ago, name, published};
use crate::plan::{BACK_OFF, Plan, Step};

/// What a version holds: a user and the number of its password.
type Value = (&'static str, u32);

/// How long a deployment takes, in minutes.
const ROLL: i64 = 4;

struct Version {
    value: Value,
    at: Timestamp,
    ours: bool,
}

struct Svc {
    name: &'static str,
    /// The values that its tasks hold.
    tasks: Vec<Value>,
    created: Timestamp,
    rollout: Rollout,
    rolls_back: bool,
}

struct World {
    set: Set,
    now: Timestamp,
    versions: Vec<Version>,
    /// The password that each user has.
    passwords: BTreeMap<&'static str, u32>,
    made: u32,
    services: Vec<Svc>,
    luck: Luck,
    turns: usize,
}

/// What goes wrong, drawn once and used up in order; then all goes well.
struct Luck(std::vec::IntoIter<u8>);

impl Luck {
    /// Whether it goes wrong this time, with a chance of so many in 256.
    fn strikes(&mut self, chance: u8) -> bool {
        self.0.next().is_some_and(|drawn| drawn < chance)
    }
}

/// The function died.
struct Died;

impl World {
    fn new(luck: Vec<u8>) -> Self {
        let first = ("a", 0);
        let mut set = Set::of_a_hundred_days();
        set.rotator.rotate.secrets.retain(|it, _| *it == name(URL));
        set.snapshot.readers = vec![
            super::made::reader("api", &[URL]),
            super::made::reader("worker", &[URL]),
        ];
        set.entries.retain(|arn, _| *arn == arn_of(URL));
        set.entry(URL, |entry| {
            entry.current = Some(published("0", days_ago(100), Some("a")));
        });
        let service = |name| Svc {
            name,
            tasks: vec![first, first],
            created: days_ago(20),
            rollout: Rollout::Completed,
            rolls_back: false,
        };
        Self {
            set,
            now: at("10:00"),
            versions: vec![Version {
                value: first,
                at: days_ago(100),
                ours: true,
            }],
            passwords: BTreeMap::from([("a", 0), ("b", 0)]),
            made: 0,
            services: vec![service("api"), service("worker")],
            luck: Luck(luck.into_iter()),
            turns: 0,
        }
    }

    fn newest(&self) -> &Version {
        self.versions.last().unwrap()
    }

    fn works(&self, value: Value) -> bool {
        self.passwords.get(value.0) == Some(&value.1)
    }

    /// A minute passes: deployments end, well or badly, and their tasks read what is newest.
    fn pass(&mut self) {
        self.now += SignedDuration::from_mins(1);
        let newest = self.newest().value;
        for service in &mut self.services {
            // A task that dies is replaced, and the new one reads what is newest.
            if self.luck.strikes(8) {
                service.tasks[0] = newest;
            }
            if service.rollout != Rollout::InProgress {
                continue;
            }
            let age = self.now.duration_since(service.created).as_mins();
            if age == 1 {
                service.tasks.push(newest);
            }
            if age >= ROLL {
                if !service.rolls_back && self.luck.strikes(60) {
                    service.tasks.pop();
                    service.created = self.now;
                    service.rolls_back = true;
                } else {
                    service.tasks = vec![newest, newest];
                    service.rollout = Rollout::Completed;
                }
            }
        }
    }

    fn see(&mut self) {
        let version = self.versions.len() - 1;
        let (at, ours, (user, number)) = {
            let newest = self.newest();
            (newest.at, newest.ours, newest.value)
        };
        let value = (user, number);
        let mut older = self.versions[..version].iter();
        let same_as = older
            .position(|it| it.value == value)
            .map(|it| it.to_string());
        let turn = self.entry().turn.clone();
        let seen = self.set.seen(URL);
        seen.newest = published(&version.to_string(), at, Some(user));
        seen.ours = ours;
        seen.same_as = (!ours).then_some(same_as).flatten();
        seen.fingerprint = turn.map(|turn| fingerprint(&turn, number));
        for service in &self.services {
            let running = u32::try_from(service.tasks.len()).unwrap();
            let mut readers = self.set.snapshot.readers.iter_mut();
            let reader = readers.find(|it| it.service.name == service.name).unwrap();
            // In this world a deployment that takes another back replaces every task.
            reader.tasks_since = Some(service.created);
            reader.service.running = running;
            reader.service.older = u32::from(service.rollout == Rollout::InProgress);
            reader.service.deployment = Some(Deployment {
                id: format!("ecs-svc/{}", service.created),
                rollout: service.rollout,
                rolls_back: service.rolls_back,
                created_at: Some(service.created),
                failed_tasks: 0,
            });
        }
    }

    fn entry(&self) -> &Secret {
        self.set.entries[&arn_of(URL)].item.secret().unwrap()
    }

    fn save(&mut self, secret: &Secret) -> Result<(), Died> {
        self.live()?;
        if self.entry().turn.is_none() && secret.turn.is_some() {
            self.turns += 1;
        }
        let item = Entry::Secret(Box::new(secret.clone()));
        self.set.entries.insert(arn_of(URL), Kept::new(item));
        self.live()
    }

    fn live(&mut self) -> Result<(), Died> {
        if self.luck.strikes(25) {
            Err(Died)
        } else {
            Ok(())
        }
    }

    fn look(&mut self) -> Plan {
        self.see();
        let plan = self.set.plan_at(self.now);
        for step in &plan.steps {
            if self.take(step).is_err() {
                break;
            }
        }
        plan
    }

    fn take(&mut self, step: &Step) -> Result<(), Died> {
        match step {
            Step::Save(secret) => self.save(secret),
            Step::Settle { secrets, .. } => secrets.iter().try_for_each(|secret| self.save(secret)),
            Step::Make(secret) => self.make(secret),
            Step::PutBack(secret) => {
                self.live()?;
                let mut secret = (**secret).clone();
                let turn = secret.turn.as_mut().unwrap();
                let number: usize = turn.from.version.parse().unwrap();
                let value = self.versions[number].value;
                turn.back = Some(self.publish(value));
                turn.stage = Stage::Reverted;
                turn.since = self.now;
                self.save(&secret)
            }
            Step::Roll { service, name, .. } => {
                self.live()?;
                let item = Entry::Service(service.clone());
                self.set
                    .entries
                    .insert(service.arn.clone(), Kept::new(item));
                self.live()?;
                let mut services = self.services.iter_mut();
                let svc = services.find(|it| it.name == name).unwrap();
                svc.created = self.now;
                svc.rollout = Rollout::InProgress;
                svc.rolls_back = false;
                self.live()
            }
            Step::Keep(service) => {
                let item = Entry::Service(service.clone());
                self.set
                    .entries
                    .insert(service.arn.clone(), Kept::new(item));
                self.live()
            }
            Step::Free(service) => {
                self.live()?;
                self.set.entries.remove(&service.arn);
                self.live()
            }
            Step::End(secret) => {
                self.live()?;
                let former = secret.former.as_ref().unwrap();
                let user = if former.published.user.as_deref() == Some("a") {
                    "a"
                } else {
                    "b"
                };
                self.made += 1;
                self.passwords.insert(user, self.made);
                let mut secret = (**secret).clone();
                secret.former.as_mut().unwrap().ended = true;
                self.save(&secret)
            }
        }
    }

    fn make(&mut self, secret: &Secret) -> Result<(), Died> {
        self.live()?;
        let mut secret = secret.clone();
        let turn = secret.turn.as_mut().unwrap();
        let user = if turn.user.as_deref() == Some("a") {
            "a"
        } else {
            "b"
        };
        self.made += 1;
        self.passwords.insert(user, self.made);
        self.live()?;
        let value = (user, self.made);
        let turn = secret.turn.as_mut().unwrap();
        turn.stage = Stage::Tested;
        turn.fingerprint = Some(fingerprint(turn, self.made));
        self.save(&secret)?;
        let to = self.publish(value);
        self.live()?;
        let turn = secret.turn.as_mut().unwrap();
        turn.stage = Stage::Published;
        turn.since = self.now;
        turn.to = Some(to);
        self.save(&secret)
    }

    /// Somebody writes what a former version held, as an apply of Terraform does.
    fn write_older(&mut self, number: usize) {
        let value = self.versions[number % self.versions.len()].value;
        if !self.works(value) {
            return;
        }
        self.publish(value);
        if let Some(version) = self.versions.last_mut() {
            version.ours = false;
        }
    }

    fn publish(&mut self, value: Value) -> nightshift::ledger::rotation::Published {
        self.versions.push(Version {
            value,
            at: self.now,
            ours: true,
        });
        let number = self.versions.len() - 1;
        published(&number.to_string(), self.now, Some(value.0))
    }
}

fn fingerprint(turn: &Turn, number: u32) -> String {
    format!("{}/{number}", turn.id)
}

/// Six months, a look every minute while something is under way, and when something is due otherwise.
fn play(luck: Vec<u8>, people: &[u8]) -> World {
    let mut world = World::new(luck);
    let end = world.now + SignedDuration::from_hours(24 * 180);
    let mut people = people.iter().copied();
    let mut looks = 0_u32;
    while world.now < end {
        looks += 1;
        if looks.is_multiple_of(40) {
            let drawn = people.next();
            if let Some(older @ 200..) = drawn {
                world.write_older(usize::from(older - 200));
            }
            let order = match drawn {
                Some(0..20) => Some(Order::Rotate),
                Some(20..30) => Some(Order::Leaked),
                Some(30..50) => Some(Order::Revert),
                _ => None,
            };
            if let Some(order) = order {
                world.set.ask(URL, order);
            }
        }
        let plan = world.look();
        for service in &world.services {
            for task in &service.tasks {
                assert!(
                    world.works(*task),
                    "{} holds {task:?} at {}, and {:?} is in force: {plan:?}",
                    service.name,
                    world.now,
                    world.passwords
                );
            }
        }
        let is_calm = world.entry().turn.is_none()
            && world
                .services
                .iter()
                .all(|it| it.rollout == Rollout::Completed);
        world.pass();
        if is_calm && plan.steps.is_empty() {
            // A tick that comes before anything is due would decide the same.
            let half_a_day = world.now + SignedDuration::from_hours(12);
            let due = plan.due.unwrap_or(half_a_day).min(half_a_day);
            world.now = world.now.max(due);
        }
    }
    world
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 64, ..ProptestConfig::default() })]

    #[test]
    fn nor_whatever_somebody_else_writes_as_long_as_it_works(
        luck in prop::collection::vec(any::<u8>(), 0..400),
        people in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        play(luck, &people);
    }

    #[test]
    fn no_task_ever_holds_a_credential_that_does_not_work(
        luck in prop::collection::vec(any::<u8>(), 0..400),
        people in prop::collection::vec(0..200_u8, 0..40),
    ) {
        let world = play(luck, &people);
        // Whatever went wrong is over by then: the secret is younger than its age.
        let newest = world.newest();
        prop_assert!(world.works(newest.value));
        let age = world.now.duration_since(newest.at);
        let oldest = SignedDuration::from_hours(24 * 90) + BACK_OFF + SignedDuration::from_hours(24 * 7);
        prop_assert!(age <= oldest, "{age:?}");
        prop_assert!(world.entry().turn.is_none());
        for service in &world.services {
            prop_assert!(service.tasks.iter().all(|task| *task == newest.value));
        }
        prop_assert!(world.turns >= 1);
    }
}

#[test]
fn where_nothing_goes_wrong_a_secret_is_replaced_when_it_is_too_old_and_not_before() {
    let world = play(Vec::new(), &[]);
    assert_eq!(
        world.turns, 2,
        "at once, since it is a hundred days old, and after ninety more"
    );
    assert_eq!(world.newest().value.0, "a", "the users took turns");
    assert_eq!(world.made, 2);
}
