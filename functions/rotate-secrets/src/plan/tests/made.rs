//! What the tables are made of: an estate with two services that read two secrets, all well.

use std::collections::BTreeMap;

use jiff::Timestamp;
use nightshift::{
    config::{Rotator, SecretName, company, estate, rotator},
    kind::{Arn, DatabaseState, Deployment, Rollout, Service},
    ledger::{
        Kept, Owner,
        rollout::FailedRotation,
        rotation::{Adopted, Asked, Entry, Order, Published, Secret, Stage, Turn, Why},
    },
};

use crate::{
    plan::{Plan, View, plan, watched},
    snapshot::{Controller, Found, Reader, Reference, Seen, Snapshot},
};

pub(super) const ESTATE: &str = "shop";
pub(super) const URL: &str = "/shop/DATABASE_URL";
pub(super) const KEY: &str = "/shop/KEY";

const COMPANY: &str = "version: 1\ntime_zone: Asia/Tokyo\nholidays: { country: japan }\n";

/// An instant of Tuesday, 2026-11-24, in Tokyo.
pub(super) fn at(time: &str) -> Timestamp {
    format!("2026-11-24T{time}:00+09:00").parse().unwrap()
}

/// An instant so many days before the Tuesday's noon.
pub(super) fn days_ago(days: i64) -> Timestamp {
    at("12:00") - jiff::SignedDuration::from_hours(24 * days)
}

pub(super) fn name(text: &str) -> SecretName {
    text.parse().unwrap()
}

pub(super) fn arn_of(secret: &str) -> Arn {
    Arn::new(format!("arn:aws:ssm:r:1:parameter{secret}"))
}

pub(super) fn published(version: &str, at: Timestamp, user: Option<&str>) -> Published {
    Published {
        version: version.to_owned(),
        at,
        user: user.map(ToOwned::to_owned),
    }
}

pub(super) fn document(secrets: &str) -> Rotator {
    let text = format!("version: 1\nrotate:\n  cluster: c\n  secrets:\n{secrets}");
    let estate = estate("e", &text).unwrap();
    let company = company("c", COMPANY).unwrap();
    rotator("e", ESTATE, &estate, &company).unwrap().unwrap()
}

/// Everything that a plan is made from, to be spoilt by a test.
#[derive(Clone)]
pub(super) struct Set {
    pub(super) rotator: Rotator,
    pub(super) is_whole: bool,
    pub(super) snapshot: Snapshot,
    pub(super) entries: BTreeMap<Arn, Kept<Entry>>,
    pub(super) owners: BTreeMap<Arn, Owner>,
    pub(super) broken: Option<Timestamp>,
    pub(super) failed: Vec<FailedRotation>,
    pub(super) elsewhere: Option<String>,
}

impl Set {
    /// A URL of a hundred days and a key of ten; `api` reads both, `web` the key.
    pub(super) fn of_a_hundred_days() -> Self {
        let document = document(
            "    /shop/DATABASE_URL: { kind: postgres, every: 90d, users: [a, b], role: r, admin: /shop/ADMIN, database: main }\n    /shop/KEY: { kind: random, every: 180d }\n",
        );
        let mut set = Self {
            rotator: document,
            is_whole: true,
            snapshot: Snapshot::default(),
            entries: BTreeMap::new(),
            owners: BTreeMap::new(),
            broken: None,
            failed: Vec::new(),
            elsewhere: None,
        };
        set.see(URL, published("7", days_ago(100), Some("a")));
        set.see(KEY, published("3", days_ago(10), None));
        set.adopt(URL);
        set.adopt(KEY);
        set.snapshot.readers = vec![reader("api", &[URL, KEY]), reader("web", &[KEY])];
        set.snapshot
            .databases
            .insert("main".to_owned(), Ok(DatabaseState::Available));
        set
    }

    pub(super) fn see(&mut self, secret: &str, newest: Published) {
        let seen = Seen {
            arn: arn_of(secret),
            newest,
            by: "rotate-secrets".to_owned(),
            ours: true,
            tag: Some(ESTATE.to_owned()),
            fingerprint: None,
            same_as: None,
        };
        self.snapshot
            .secrets
            .insert(name(secret), Found::Seen(seen));
    }

    pub(super) fn seen(&mut self, secret: &str) -> &mut Seen {
        match self.snapshot.secrets.get_mut(&name(secret)).unwrap() {
            Found::Seen(seen) => seen,
            other => panic!("{secret}: {other:?}"),
        }
    }

    /// Its value is in use since then.
    pub(super) fn aged(&mut self, secret: &str, since: Timestamp) {
        self.seen(secret).newest.at = since;
        let newest = self.seen(secret).newest.clone();
        self.entry(secret, |entry| entry.current = Some(newest));
    }

    pub(super) fn reader(&mut self, service: &str) -> &mut Reader {
        let mut readers = self.snapshot.readers.iter_mut();
        readers.find(|it| it.service.name == service).unwrap()
    }

    pub(super) fn adopt(&mut self, secret: &str) {
        let newest = self.seen(secret).newest.clone();
        self.entry(secret, |entry| {
            entry.adopted = Some(Adopted {
                at: days_ago(200),
                who: "mika".to_owned(),
                reason: "first".to_owned(),
            });
            entry.current = Some(newest);
        });
    }

    pub(super) fn entry(&mut self, secret: &str, change: impl FnOnce(&mut Secret)) {
        let kept = self.entries.remove(&arn_of(secret));
        let known = kept.as_ref().and_then(|kept| kept.item.secret().cloned());
        let mut entry = known.unwrap_or_else(|| Secret::new(arn_of(secret), ESTATE, name(secret)));
        change(&mut entry);
        self.entries
            .insert(arn_of(secret), Kept::new(Entry::Secret(Box::new(entry))));
    }

    pub(super) fn ask(&mut self, secret: &str, order: Order) {
        self.entry(secret, |entry| {
            entry.asked = Some(asked(order));
        });
    }

    /// The URL's turn at this stage: begun at 12:00, published as version 8 at 12:02, back at 12:20.
    pub(super) fn turn(&mut self, stage: Stage, change: impl FnOnce(&mut Turn)) {
        let mut turn = Turn {
            id: "t".to_owned(),
            why: Why::Age,
            began: at("12:00"),
            stage,
            since: at("12:00"),
            from: published("7", days_ago(100), Some("a")),
            user: Some("b".to_owned()),
            fingerprint: (stage >= Stage::Tested).then(|| "f".to_owned()),
            to: (stage >= Stage::Published).then(|| published("8", at("12:02"), Some("b"))),
            back: (stage >= Stage::Reverted).then(|| published("9", at("12:20"), Some("a"))),
            cause: None,
        };
        change(&mut turn);
        if let Some(newest) = turn.back.clone().or_else(|| turn.to.clone()) {
            self.seen(URL).newest = newest;
        }
        self.entry(URL, |entry| entry.turn = Some(turn));
    }

    /// A service's PRIMARY deployment began at this time.
    pub(super) fn deploy(&mut self, service: &str, time: &str, rollout: Rollout) -> &mut Reader {
        let reader = self.reader(service);
        reader.service.deployment = Some(Deployment {
            id: format!("ecs-svc/{time}"),
            rollout,
            rolls_back: false,
            created_at: Some(at(time)),
            failed_tasks: 0,
        });
        reader
    }

    pub(super) fn plan(&self, time: &str) -> Plan {
        self.plan_at(at(time))
    }

    pub(super) fn plan_at(&self, now: Timestamp) -> Plan {
        plan(&self.view(now))
    }

    /// The same under `Mode: watch`.
    pub(super) fn watched(&self, time: &str) -> Plan {
        let view = self.view(at(time));
        let mut plan = plan(&view);
        watched(&view, &mut plan);
        plan
    }

    fn view(&self, now: Timestamp) -> View<'_> {
        View {
            rotator: &self.rotator,
            is_whole: self.is_whole,
            snapshot: &self.snapshot,
            entries: &self.entries,
            owners: &self.owners,
            broken: self.broken,
            failed: &self.failed,
            elsewhere: self.elsewhere.as_deref(),
            next_id: "next",
            now,
        }
    }
}

pub(super) fn asked(order: Order) -> Asked {
    Asked {
        at: at("11:00"),
        who: "mika".to_owned(),
        reason: "because".to_owned(),
        order,
    }
}

/// A steady service with two tasks that reads these.
pub(super) fn reader(service: &str, secrets: &[&str]) -> Reader {
    let reads = secrets.iter().map(|secret| Reference {
        name: name(secret),
        pinned: None,
    });
    Reader {
        reads: reads.collect(),
        controller: Controller::Ecs,
        tasks_since: None,
        service: Service {
            arn: Arn::new(format!("arn:aws:ecs:r:1:service/c/{service}")),
            cluster: "c".to_owned(),
            name: service.to_owned(),
            desired: 2,
            running: 2,
            pending: 0,
            deployment: Some(Deployment {
                id: "ecs-svc/old".to_owned(),
                rollout: Rollout::Completed,
                rolls_back: false,
                created_at: Some(days_ago(20)),
                failed_tasks: 0,
            }),
            older: 0,
            tag: Some(ESTATE.to_owned()),
            target: None,
            circuit_breaker: true,
            load_balanced: true,
            daemon: false,
            task_definition: "t:1".to_owned(),
            size: None,
            healthy: None,
        },
    }
}
