//! What must never happen to secrets and who reads them, judged by the cloud's own journal and by what
//! each task holds. What a rule lets pass, for the seconds between a look and its deed, is said beside
//! it.

mod told;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use nightshift::ledger::rotation::{Secret, Stage};
use nightshift_cloud::{
    call::Actor,
    world::{Noted, What, World},
};
use rotate_secrets::plan::FUNCTION;

use super::{
    databases::Databases,
    estates::{self, Estate, KEY, PREVIOUS, URL},
    ledger,
    tasks::{Tasks, user_and_password},
};
use crate::{
    places::Place,
    rules::{Broken, MOMENT, Reports},
    subject::{self, Should},
};

/// How long a turn takes at most where nothing disturbs it: to make, to roll, and the way back.
const LASTS: SignedDuration = SignedDuration::from_mins(90);

/// So many hours of an open window a secret may wait beyond its age.
const WAITS: u32 = 4;

/// After a turn that went back a secret is left alone for a week, of which people were told.
const TOLD: SignedDuration = SignedDuration::from_hours(24 * 8);

/// A value that was in place.
#[derive(Clone, Debug)]
struct Version {
    value: String,
    at: Timestamp,
    by: Actor,
}

/// What is known of a secret.
#[derive(Clone, Debug, Default)]
struct History {
    /// The oldest first.
    versions: Vec<Version>,
    /// Since when its value is in use.
    since: Option<Timestamp>,
    /// When people were told of it for the last time.
    told_at: Option<Timestamp>,
    /// Whether that was something that lasts, of which they are told once.
    lasts: bool,
    /// For how many hours of an open window it waits.
    waits: u32,
}

impl History {
    fn newest(&self) -> Option<&Version> {
        self.versions.last()
    }
}

/// The judge of one run.
#[derive(Clone, Debug)]
pub struct Rules {
    estates: Vec<Estate>,
    databases: Databases,
    tasks: Tasks,
    histories: BTreeMap<&'static str, History>,
    /// Keys whose tokens nobody has to verify: they leaked, were taken back, or came from elsewhere.
    lost: BTreeSet<String>,
    reports: Reports,
    broken: Vec<Broken>,
    /// `Mode: watch`: nothing may change.
    watch: bool,
}

impl subject::Rules<Estate> for Rules {
    fn new(world: &World, _place: Place, estates: &[Estate], watch: bool) -> Self {
        let mut databases = Databases::default();
        for (user, password) in estates.iter().flat_map(|estate| &estate.users) {
            databases.give(user, password);
        }
        let mut rules = Self {
            estates: estates.to_vec(),
            databases,
            tasks: Tasks::default(),
            histories: BTreeMap::new(),
            lost: BTreeSet::new(),
            reports: Reports::default(),
            broken: Vec::new(),
            watch,
        };
        for name in rules.names() {
            rules.note_value(world, name, &Actor::Terraform, world.now);
        }
        rules
    }

    fn judge(&mut self, world: &World, journal: &[Noted]) -> Vec<Broken> {
        let mut broken = std::mem::take(&mut self.broken);
        let mut fail = |at, rule, detail| broken.push(Broken { at, rule, detail });
        let mut is_ledger = false;
        for noted in journal {
            let ours = noted.by == Actor::Function(FUNCTION.to_owned());
            let anybodys = matches!(noted.by, Actor::Function(_));
            let of_its_own = noted.arn.contains(":dynamodb:") || noted.arn.contains(":sns:");
            is_ledger |= ours && noted.arn.contains("rotate/resource/");
            if anybodys && self.watch && !of_its_own {
                fail(noted.at, "watch mode changes nothing", format!("{noted:?}"));
            }
            if let What::Published { message, .. } = &noted.what {
                if ours {
                    self.published(world, noted.at, message, &mut fail);
                } else if noted.by == Actor::Function("explain-rollback".to_owned()) {
                    self.reports.read_story(noted.at, message, &mut fail);
                }
            }
            if !of_its_own {
                self.noted(world, noted, ours, &mut fail);
            }
        }
        if is_ledger {
            one_estate_is_in_a_turn(world, &mut fail);
        }
        broken
    }

    fn reports(&mut self) -> &mut Reports {
        &mut self.reports
    }

    fn wrong(&mut self, world: &World, estate: &Estate, should: Should) -> Vec<String> {
        let now = world.now;
        let secrets = ledger::secrets(world);
        let own: Vec<&Secret> = secrets
            .iter()
            .filter(|it| it.estate == estate.name)
            .collect();
        let turns = own
            .iter()
            .filter_map(|secret| Some((secret, secret.turn.as_ref()?)));
        let mut wrong: Vec<String> = turns
            .filter(|(_, turn)| now.duration_since(turn.began) > LASTS)
            .map(|(secret, turn)| {
                format!(
                    "{} is in a turn since {}: {:?}",
                    secret.name, turn.began, turn.stage
                )
            })
            .collect();
        if should != Should::Open {
            return wrong;
        }
        for secret in estate.secrets.iter().filter(|secret| !secret.external) {
            let Some(history) = self.histories.get_mut(secret.name) else {
                continue;
            };
            let every = SignedDuration::from_hours(24 * secret.every);
            let entry = own.iter().find(|it| it.name.to_string() == secret.name);
            // One key of a text that is adopted anew is as old as the text.
            let adopted = entry.and_then(|entry| Some(entry.adopted.as_ref()?.at));
            let adopted = adopted.filter(|_| secret.name.contains('#'));
            let is_due = history
                .since
                .max(adopted)
                .is_some_and(|since| now.duration_since(since) > every);
            let is_told = history.told_at.is_some_and(|told| {
                now.duration_since(told) < TOLD || history.lasts && Some(told) > history.since
            });
            history.waits = if is_due && !is_told {
                history.waits + 1
            } else {
                0
            };
            if history.waits > WAITS {
                wrong.push(format!(
                    "{} is in use since {:?}, {} days are its age; the ledger says {}",
                    secret.name,
                    history.since,
                    secret.every,
                    serde_json::to_string(&entry).unwrap_or_default()
                ));
            }
        }
        wrong
    }

    fn holds_secret(&self, text: &[u8]) -> bool {
        let Ok(text) = std::str::from_utf8(text) else {
            return false;
        };
        self.histories.values().any(|history| {
            let mut newest = history.versions.iter().rev().take(2);
            newest.any(|version| {
                let url = user_and_password(&version.value);
                let secret = url.map_or(version.value.as_str(), |(_, password)| password);
                text.contains(secret)
            })
        })
    }

    fn watch(&mut self, world: &World) {
        let theirs = self.histories.iter().filter(|(_, history)| {
            let newest = history.newest();
            newest.is_some_and(|newest| !matches!(newest.by, Actor::Function(_)))
        });
        let theirs = theirs.map(|(name, _)| *name).collect();
        self.tasks
            .look(world, &self.estates, &mut self.databases, &theirs);
        let mut fail = |rule, detail| {
            let at = world.now;
            self.broken.push(Broken { at, rule, detail });
        };
        for detail in self.tasks.wrong(&mut self.databases) {
            fail("every task that runs holds a credential that works", detail);
        }
        for detail in self.tasks.unverified(&self.lost) {
            fail("what an older task signs a younger one verifies", detail);
        }
    }

    fn broken(&mut self) -> Vec<Broken> {
        std::mem::take(&mut self.broken)
    }
}

type Fail<'a> = dyn FnMut(Timestamp, &'static str, String) + 'a;

impl Rules {
    /// The databases.
    pub const fn databases(&mut self) -> &mut Databases {
        &mut self.databases
    }

    /// Whether any estate is in a turn.
    #[must_use]
    pub fn is_in_turn(&self, world: &World) -> bool {
        let secrets = ledger::secrets(world);
        secrets.iter().any(|secret| secret.turn.is_some())
    }

    /// Whether production's database answers.
    #[must_use]
    pub fn is_up(&self, world: &World) -> bool {
        let production = self.estates.iter().find(|estate| !estate.users.is_empty());
        let database = production.and_then(|estate| estate.databases.first());
        let database = database.and_then(|arn| world.rds.database(arn));
        database.is_some_and(|database| database.status != "stopped")
    }

    /// Every secret that is watched, copies too.
    fn names(&self) -> Vec<&'static str> {
        let secrets = self.estates.iter().flat_map(|estate| &estate.secrets);
        let mut names: Vec<&'static str> = secrets.map(|secret| secret.name).collect();
        if names.contains(&KEY) {
            names.push(PREVIOUS);
        }
        names
    }

    /// Takes note of the value that is in place; answers whether it is another one.
    fn note_value(&mut self, world: &World, name: &'static str, by: &Actor, at: Timestamp) -> bool {
        let Some(value) = estates::value(world, name) else {
            return false;
        };
        let history = self.histories.entry(name).or_default();
        if history.newest().is_some_and(|newest| newest.value == value) {
            return false;
        }
        // A former value that we publish again is as old as it was.
        let mut earlier = history.versions.iter().rev();
        let earlier = earlier.find(|version| version.value == value);
        let ours = matches!(by, Actor::Function(_));
        history.since = Some(earlier.filter(|_| ours).map_or(at, |earlier| earlier.at));
        let by = by.clone();
        history.versions.push(Version { value, at, by });
        true
    }

    fn noted(&mut self, world: &World, noted: &Noted, ours: bool, fail: &mut Fail<'_>) {
        let at = noted.at;
        let is_function = matches!(noted.by, Actor::Function(_));
        match &noted.what {
            What::Written | What::Created => {
                let is_secret = [":ssm:", ":secretsmanager:"]
                    .iter()
                    .any(|it| noted.arn.contains(it));
                let written: Vec<&'static str> = self
                    .names()
                    .into_iter()
                    .filter(|name| is_secret && estates::arn(world, name) == noted.arn)
                    .collect();
                if is_function && is_secret && (!ours || written.is_empty()) {
                    fail(at, "only what is adopted is written", format!("{noted:?}"));
                }
                let mut changed = Vec::new();
                for name in written {
                    let before = self.histories.get(name).and_then(History::newest).cloned();
                    if self.note_value(world, name, &noted.by, at) {
                        changed.push(name);
                        self.wrote(world, name, before, ours, at, fail);
                    }
                }
                if ours && changed.len() > 1 {
                    let detail = format!("{changed:?} at once");
                    fail(at, "every other byte stays", detail);
                }
            }
            What::Deployment { .. } if ours => self.rolled(world, noted, fail),
            What::Count { .. } | What::Bounds { .. } if ours => {
                fail(at, "no count is ours to set", format!("{noted:?}"));
            }
            What::Count { .. } if is_function => {
                let Actor::Function(function) = &noted.by else {
                    return;
                };
                if let Some(owner) = ledger::owner_of(world, &noted.arn, function, at)
                    && owner == FUNCTION
                {
                    let detail = format!("{function} sets the count of {}", noted.arn);
                    fail(at, "nobody changes what another function owns", detail);
                }
            }
            _ => {}
        }
    }

    /// A secret has another value.
    fn wrote(
        &mut self,
        world: &World,
        name: &'static str,
        before: Option<Version>,
        ours: bool,
        at: Timestamp,
        fail: &mut Fail<'_>,
    ) {
        let history = self.histories.get(name);
        let Some(newest) = history.and_then(History::newest).cloned() else {
            return;
        };
        let earlier = history.is_some_and(|history| {
            let mut earlier = history.versions.iter().rev().skip(1);
            earlier.any(|version| version.value == newest.value)
        });
        if name == KEY && (!ours || earlier) {
            // What was signed meanwhile is lost with the key that is taken back.
            self.lost
                .extend(before.iter().map(|before| before.value.clone()));
        }
        if (name == KEY || name == PREVIOUS) && !ours {
            let all = history.into_iter().flat_map(|history| &history.versions);
            self.lost.extend(all.map(|version| version.value.clone()));
        }
        if !ours {
            return;
        }
        if let Some(before) = before
            && !matches!(before.by, Actor::Function(_))
            && name != PREVIOUS
        {
            Self::overwrote(world, name, &before, at, fail);
        }
        if name == URL && !earlier {
            let tried = user_and_password(&newest.value)
                .is_some_and(|(user, password)| self.databases.is_tried(user, password));
            if !tried {
                fail(
                    at,
                    "nothing is published that was not tried",
                    name.to_owned(),
                );
            }
        }
        let secrets = ledger::secrets(world);
        let leaks = secrets.iter().any(|secret| {
            let asked = secret.turn.as_ref().map(|turn| format!("{:?}", turn.why));
            secret.name.to_string() == KEY && asked.is_some_and(|why| why.contains("Leaked"))
        });
        if leaks {
            let keys = self
                .histories
                .get(KEY)
                .into_iter()
                .flat_map(|key| &key.versions);
            self.lost.extend(keys.map(|version| version.value.clone()));
        }
    }

    /// What somebody else wrote is replaced by us: only once it was taken note of, by its age or by a
    /// person's order, or in the moment between a look and its deed.
    fn overwrote(
        world: &World,
        name: &'static str,
        before: &Version,
        at: Timestamp,
        fail: &mut Fail<'_>,
    ) {
        if at.duration_since(before.at) <= MOMENT {
            return;
        }
        let secrets = ledger::secrets(world);
        let secret = secrets
            .iter()
            .find(|secret| secret.name.to_string() == name);
        let turn = secret.and_then(|secret| secret.turn.as_ref());
        let is_seen = turn.is_some_and(|turn| turn.began >= before.at);
        if !is_seen {
            let detail = format!("{name}, which {} wrote at {}", before.by, before.at);
            fail(at, "what somebody else wrote is not overwritten", detail);
        }
    }

    /// A service's tasks are replaced by us.
    fn rolled(&self, world: &World, noted: &Noted, fail: &mut Fail<'_>) {
        let at = noted.at;
        if let Some(owner) = ledger::owner_of(world, &noted.arn, FUNCTION, at) {
            let detail = format!("{} is rolled while {owner} owns it", noted.arn);
            fail(at, "nobody changes what another function owns", detail);
        }
        let services = self.estates.iter().flat_map(|estate| &estate.services);
        let Some(service) = services.into_iter().find(|it| it.arn == noted.arn) else {
            fail(at, "nobody's service is rolled", noted.arn.clone());
            return;
        };
        let secrets = ledger::secrets(world);
        let turns = secrets
            .iter()
            .filter_map(|it| Some((it.name.to_string(), it.turn.as_ref()?)));
        let mut published = 0;
        for (name, turn) in turns.filter(|(name, _)| service.reads.contains(&name.as_str())) {
            published += usize::from(matches!(turn.stage, Stage::Published | Stage::Reverted));
            let history = self.histories.iter().find(|(other, _)| **other == name);
            let Some((_, history)) = history else {
                continue;
            };
            let why = serde_json::to_value(&turn.why).unwrap_or_default();
            let newest = history.newest();
            let is_older = newest.is_some_and(|newest| {
                let mut earlier = history.versions.iter().rev().skip(1);
                !matches!(newest.by, Actor::Function(_))
                    && earlier.any(|version| version.value == newest.value)
            });
            if why["why"] == "written" && is_older {
                fail(at, "an older value is never rolled out", name);
            }
        }
        if published == 0 {
            fail(at, "nobody is rolled for nothing", noted.arn.clone());
        }
    }
}

fn one_estate_is_in_a_turn(world: &World, fail: &mut Fail<'_>) {
    let secrets = ledger::secrets(world);
    let open = secrets.iter().filter(|secret| secret.turn.is_some());
    let estates: BTreeSet<&str> = open.map(|secret| secret.estate.as_str()).collect();
    if estates.len() > 1 {
        let detail = format!("{estates:?}");
        fail(world.now, "of all estates one is in a turn", detail);
    }
}
