//! The ledger holds what was saved before it was changed. Save, then change; a saved non-zero
//! count is never overwritten by zero; an entry is open until what it holds was *seen* restored,
//! and nothing saved ever expires by itself.
//!
//! Each function that keeps estates has a ledger of its own in the one table. Of the others' it
//! reads one thing: which resources they are changing now.

pub mod rollout;
pub mod rotation;
pub mod slim;
#[cfg(feature = "dynamodb")]
pub mod store;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    config::Problem,
    kind::{Arn, Bounds, Kind, Size, Sizing, Suspension},
};

/// The version of what this release writes. The release before reads it: fields are only added.
pub const VERSION: u32 = 1;

/// How often an item was written; a write names the revision that it read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision(pub u64);

/// An item together with the revision at which it was read; revision 0 was never written.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept<T> {
    /// The item.
    pub item: T,
    /// Its revision.
    pub revision: Revision,
}

impl<T> Kept<T> {
    /// An item that is not in the table yet.
    pub const fn new(item: T) -> Self {
        Self {
            item,
            revision: Revision(0),
        }
    }
}

/// What a function saves of a resource before it changes it.
pub trait Saved: Clone + fmt::Debug + PartialEq + Serialize + DeserializeOwned {
    /// What the sort keys of the function's ledger begin with: nothing, or a word and `/`.
    const NAMESPACE: &'static str;

    /// The resource.
    fn arn(&self) -> &Arn;

    /// The estate in whose name it was saved.
    fn estate(&self) -> &str;

    /// Whether what it holds was not yet seen restored.
    fn is_open(&self) -> bool;
}

/// What is known of one resource that was, or is being, put to sleep.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The version of this format.
    pub version: u32,
    /// The resource.
    pub arn: Arn,
    /// Its kind.
    pub kind: Kind,
    /// The estate that put it to sleep.
    pub estate: String,
    /// Where in its life the entry is.
    pub stage: Stage,
    /// Since when it is at that stage.
    pub since: Timestamp,
    /// When what it holds was saved first in this sleep.
    pub saved_at: Timestamp,
    /// What a service was before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<SavedService>,
    /// What a database was before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<SavedDatabase>,
    /// Who changes it now, why and until when; all functions keep off until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Owner>,
}

/// Where in its life an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Saved; on its way to sleep, which was not seen yet.
    ToSleep,
    /// Seen asleep.
    Asleep,
    /// On its way back.
    ToWake,
    /// Seen restored. The count stays readable until the next save.
    Closed,
}

/// What a service was before it was put to sleep.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SavedService {
    /// The desired count that returns; never 0.
    pub count: u32,
    /// An earlier saved count that a person's or a deployment's newer one replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced: Option<u32>,
    /// The suspension as it was found; none where there was no scalable target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspension: Option<Suspension>,
    /// The bounds as they were found, to notice when they change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bounds: Option<Bounds>,
    /// The PRIMARY deployment as it was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployment: Option<String>,
    /// A deployment that was made while it slept, and so proved nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dark: Option<String>,
    /// Whether the count was seen restored: from then on a 0 is a person's.
    #[serde(default)]
    pub counted: bool,
    /// What one task is made of, for its price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<Size>,
}

/// What is remembered of a database that was put to sleep.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SavedDatabase {
    /// When AWS starts it by itself, as AWS told it while it was stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restart_at: Option<Timestamp>,
    /// What it is made of, for its price.
    #[serde(default)]
    pub sizing: Sizing,
}

/// The function that changes a resource now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// The function's name.
    pub function: String,
    /// What it does: `sleep`, `wake`, `rotate` and the like.
    pub purpose: String,
    /// Until when the others keep off.
    pub until: Timestamp,
}

impl Saved for Entry {
    const NAMESPACE: &'static str = "";

    fn arn(&self) -> &Arn {
        &self.arn
    }

    fn estate(&self) -> &str {
        &self.estate
    }

    fn is_open(&self) -> bool {
        self.is_open()
    }
}

impl Entry {
    /// Whether what it holds was not yet seen restored.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.stage != Stage::Closed
    }

    /// The function other than `function` that changes the resource at this instant.
    #[must_use]
    pub fn owned_by_another(&self, function: &str, now: Timestamp) -> Option<&Owner> {
        self.owner
            .as_ref()
            .filter(|owner| owner.function != function && owner.until > now)
    }
}

/// What a person, or a deployment, wants instead of what the calendar says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Override {
    /// The version of this format.
    pub version: u32,
    /// What is wanted.
    pub order: Order,
    /// Until when.
    pub until: Timestamp,
    /// Who wants it.
    pub by: String,
    /// Why.
    #[serde(default)]
    pub reason: String,
    /// When it was said.
    pub set_at: Timestamp,
    /// Whether a deployment gave it, not a person.
    #[serde(default)]
    pub deployment: bool,
}

/// What an override wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Order {
    /// Be awake.
    Wake,
    /// Be asleep.
    Sleep,
    /// Be at the day's size.
    Day,
    /// Be at the night's size.
    Night,
    /// Change nothing.
    Hold,
}

impl Override {
    /// Whether it still holds.
    #[must_use]
    pub fn holds(&self, now: Timestamp) -> bool {
        now < self.until
    }
}

/// How an estate fares as a whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EstateRecord {
    /// The version of this format.
    pub version: u32,
    /// Where between asleep and awake it is.
    pub phase: Phase,
    /// Since when.
    pub since: Timestamp,
    /// When it last began to go to sleep.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slept_at: Option<Timestamp>,
    /// Its last wakes, newest last; at most ten.
    #[serde(default)]
    pub wakes: Vec<Wake>,
    /// What is the matter now, by key, and since when.
    #[serde(default)]
    pub matters: BTreeMap<String, Matter>,
    /// What is known of the night of an estate that is slimmed, until it is told in the morning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub night: Option<slim::Night>,
    /// What slimming saved in the month of the last night that was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub month: Option<slim::Month>,
}

/// Where between asleep and awake, or between night and day, an estate is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Usable, as far as the calendar and people want it.
    Awake,
    /// On its way to sleep.
    ToSleep,
    /// All of it was seen asleep.
    Asleep,
    /// On its way back.
    ToWake,
    /// At the day's size.
    Day,
    /// On its way to the night's size.
    ToNight,
    /// All of it was seen at the night's size.
    Night,
    /// On its way back to the day's size.
    ToDay,
}

/// How long one wake took.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wake {
    /// When it began.
    pub began: Timestamp,
    /// Seconds until everything was usable.
    pub seconds: i64,
    /// Seconds until the databases were usable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database_seconds: Option<i64>,
}

/// Something that lasts, and whether people know of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Matter {
    /// Since when it lasts.
    pub since: Timestamp,
    /// When it was told, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<Timestamp>,
}

/// How many wakes are remembered.
const WAKES: usize = 10;

impl EstateRecord {
    /// An estate that was never looked at before: taken for awake.
    #[must_use]
    pub const fn new(now: Timestamp) -> Self {
        Self::at(Phase::Awake, now)
    }

    /// An estate that was never looked at before, at the phase that it is taken for.
    #[must_use]
    pub const fn at(phase: Phase, now: Timestamp) -> Self {
        Self {
            version: VERSION,
            phase,
            since: now,
            slept_at: None,
            wakes: Vec::new(),
            matters: BTreeMap::new(),
            night: None,
            month: None,
        }
    }

    /// The same estate at another phase, since now.
    pub fn enter(&mut self, phase: Phase, now: Timestamp) {
        if self.phase != phase {
            self.phase = phase;
            self.since = now;
        }
    }

    /// Remembers a wake, and forgets the eleventh last.
    pub fn remember(&mut self, wake: Wake) {
        self.wakes.push(wake);
        let surplus = self.wakes.len().saturating_sub(WAKES);
        self.wakes.drain(..surplus);
    }

    /// How long before opening waking must begin: the slowest of the last ten wakes and a fifth
    /// more, and two minutes for the tick; what the document says until there was a wake.
    #[must_use]
    pub fn lead(&self, untaught: SignedDuration) -> SignedDuration {
        self.wakes
            .iter()
            .map(|wake| wake.seconds)
            .max()
            .map_or(untaught, |slowest| {
                let seconds = slowest.saturating_add(slowest / 5).saturating_add(120);
                SignedDuration::from_secs(seconds.clamp(5 * 60, 3 * 60 * 60))
            })
    }
}

/// The last documents of an estate that fitted together, and what is the matter with newer ones.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// The version of this format.
    pub version: u32,
    /// The estate's document.
    pub estate: String,
    /// The company's document.
    pub company: String,
    /// What is wrong with the documents that stand in SSM now.
    #[serde(default)]
    pub problems: Vec<Problem>,
    /// When a complete listing first did not have the estate's document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing_since: Option<Timestamp>,
}

/// Everything that one function's ledger holds, and whom it has to keep off.
#[derive(Clone, Debug, PartialEq)]
pub struct Ledger<E = Entry> {
    /// Entries by resource, of all estates.
    pub entries: BTreeMap<Arn, Kept<E>>,
    /// The resources that other functions were changing when they last wrote, with their deadline.
    pub owners: BTreeMap<Arn, Owner>,
    /// The estates with a rollout that is broken, as explain-rollback saw it last.
    pub broken: BTreeMap<String, rollout::Broken>,
    /// The deployment groups of `CodeDeploy`'s whose failures explain-rollback tells.
    pub explained: BTreeSet<rollout::DeploymentGroup>,
    /// Overrides by estate.
    pub overrides: BTreeMap<String, Kept<Override>>,
    /// How each estate fares.
    pub estates: BTreeMap<String, Kept<EstateRecord>>,
    /// The last good documents by estate.
    pub documents: BTreeMap<String, Kept<Document>>,
    /// Items that this release cannot read, by key: left alone, and reported.
    pub unreadable: Vec<String>,
}

impl<E> Default for Ledger<E> {
    fn default() -> Self {
        Self {
            entries: BTreeMap::new(),
            owners: BTreeMap::new(),
            broken: BTreeMap::new(),
            explained: BTreeSet::new(),
            overrides: BTreeMap::new(),
            estates: BTreeMap::new(),
            documents: BTreeMap::new(),
            unreadable: Vec::new(),
        }
    }
}

impl<E> Ledger<E> {
    /// The function other than ours that changes the resource at this instant.
    #[must_use]
    pub fn owner_of(&self, arn: &Arn, now: Timestamp) -> Option<&Owner> {
        self.owners.get(arn).filter(|owner| owner.until > now)
    }

    /// Since when a rollout of the estate is broken, if one is at this instant.
    #[must_use]
    pub fn broken_since(&self, estate: &str, now: Timestamp) -> Option<Timestamp> {
        let broken = self.broken.get(estate)?;
        (now < broken.until).then_some(broken.since)
    }

    /// Notes that a rollout of an estate is broken; of several the one that others keep off longest.
    pub fn note_broken(&mut self, estate: Option<String>, broken: Option<rollout::Broken>) {
        let Some((estate, broken)) = estate.zip(broken) else {
            return;
        };
        let known = self.broken.get(&estate).map(|known| known.until);
        if known.is_none_or(|until| until < broken.until) {
            self.broken.insert(estate, broken);
        }
    }

    /// Notes who changes a resource; of several the one that takes longest.
    pub fn own(&mut self, arn: Arn, owner: Option<Owner>) {
        let Some(owner) = owner else { return };
        let known = self.owners.get(&arn).map(|known| known.until);
        if known.is_none_or(|until| until < owner.until) {
            self.owners.insert(arn, owner);
        }
    }
}

/// What one function remembers of an estate between two looks, so that a tick may cost one read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The estate.
    pub estate: String,
    /// When the next full look is due; none while a look is under way or died.
    pub look_again_at: Option<Timestamp>,
    /// When the last full look began.
    pub looked_at: Option<Timestamp>,
    /// The clusters and databases that the last look saw; none before the first.
    pub watched: Option<Vec<String>>,
}

impl Mark {
    /// Whether a full look is due.
    #[must_use]
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.look_again_at.is_none_or(|at| at <= now)
    }

    /// Whether something that happened to these resources may concern the estate. What a document
    /// names since the last look is found by the next one, ten minutes later at the latest.
    #[must_use]
    pub fn is_concerned(&self, resources: &[Arn]) -> bool {
        let Some(watched) = &self.watched else {
            return true;
        };
        let is_watched = |arn: &Arn| {
            let name = arn.cluster().unwrap_or_else(|| arn.name());
            watched.iter().any(|watched| watched == name)
        };
        resources.is_empty() || resources.iter().any(is_watched)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wake(seconds: i64) -> Wake {
        Wake {
            began: Timestamp::UNIX_EPOCH,
            seconds,
            database_seconds: None,
        }
    }

    fn at(minute: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minute)
    }

    fn entry(stage: Stage) -> Entry {
        Entry {
            version: VERSION,
            arn: Arn::new("arn:aws:ecs:r:1:service/c/s"),
            kind: Kind::EcsService,
            estate: "e".to_owned(),
            stage,
            since: at(0),
            saved_at: at(0),
            service: None,
            database: None,
            owner: None,
        }
    }

    #[test]
    fn an_entry_is_open_until_what_it_holds_was_seen_restored() {
        for stage in [Stage::ToSleep, Stage::Asleep, Stage::ToWake] {
            assert!(entry(stage).is_open(), "{stage:?}");
        }
        assert!(!entry(Stage::Closed).is_open());
    }

    #[test]
    fn a_function_keeps_off_what_another_changes_until_its_time_is_over() {
        let mut entry = entry(Stage::Asleep);
        assert_eq!(entry.owned_by_another("sleep", at(0)), None);
        let owner = Owner {
            function: "rotate".to_owned(),
            purpose: "rotate".to_owned(),
            until: at(10),
        };
        entry.owner = Some(owner.clone());
        assert_eq!(entry.owned_by_another("rotate", at(9)), None);
        assert_eq!(entry.owned_by_another("sleep", at(9)), Some(&owner));
        assert_eq!(entry.owned_by_another("sleep", at(10)), None);
    }

    #[test]
    fn of_those_that_change_a_resource_the_one_that_takes_longest_is_kept_off_until_it_ends() {
        let arn = Arn::new("arn:aws:ecs:r:1:service/c/s");
        let owner = |purpose: &str, minute| Owner {
            function: "rotate-secrets".to_owned(),
            purpose: purpose.to_owned(),
            until: at(minute),
        };
        let (first, longer) = (owner("first", 10), owner("longer", 20));
        let (same, shorter) = (owner("same", 20), owner("shorter", 15));
        for order in [[&first, &longer, &same], [&longer, &shorter, &first]] {
            let mut ledger = Ledger::<Entry>::default();
            assert_eq!(ledger.owner_of(&arn, at(0)), None);
            for owner in order {
                ledger.own(arn.clone(), Some(owner.clone()));
            }
            ledger.own(arn.clone(), None);
            assert_eq!(ledger.owner_of(&arn, at(19)), Some(&longer));
            assert_eq!(ledger.owner_of(&arn, at(20)), None);
            assert_eq!(ledger.owner_of(&arn, at(21)), None);
        }
    }

    #[test]
    fn of_the_broken_rollouts_of_an_estate_the_one_that_lasts_longest_counts_until_it_ends() {
        let broken = |since, until| rollout::Broken {
            since: at(since),
            until: at(until),
        };
        let (first, longer) = (broken(1, 10), broken(2, 20));
        let (same, shorter) = (broken(3, 20), broken(4, 15));
        for order in [[&first, &longer, &same], [&longer, &shorter, &first]] {
            let mut ledger = Ledger::<Entry>::default();
            assert_eq!(ledger.broken_since("e", at(0)), None);
            for broken in order {
                ledger.note_broken(Some("e".to_owned()), Some(broken.clone()));
            }
            ledger.note_broken(Some("e".to_owned()), None);
            ledger.note_broken(None, Some(broken(5, 99)));
            assert_eq!(ledger.broken_since("e", at(19)), Some(at(2)));
            assert_eq!(ledger.broken_since("e", at(20)), None);
            assert_eq!(ledger.broken_since("e", at(21)), None);
            assert_eq!(ledger.broken_since("other", at(19)), None);
        }
    }

    #[test]
    fn an_override_holds_up_to_its_end_and_not_at_it() {
        let order = Override {
            version: VERSION,
            order: Order::Hold,
            until: at(10),
            by: "tanaka".to_owned(),
            reason: String::new(),
            set_at: at(0),
            deployment: false,
        };
        assert!(order.holds(at(9)) && !order.holds(at(10)) && !order.holds(at(11)));
    }

    #[test]
    fn a_phase_is_entered_once() {
        let mut record = EstateRecord::new(at(0));
        record.enter(Phase::Awake, at(1));
        assert_eq!((record.phase, record.since), (Phase::Awake, at(0)));
        record.enter(Phase::ToSleep, at(2));
        record.enter(Phase::ToSleep, at(3));
        assert_eq!((record.phase, record.since), (Phase::ToSleep, at(2)));
    }

    #[test]
    fn a_mark_is_due_at_its_instant_and_when_a_look_left_none() {
        let mark = |look_again_at| Mark {
            estate: "e".to_owned(),
            look_again_at,
            looked_at: None,
            watched: None,
        };
        assert!(mark(None).is_due(at(0)));
        let later = mark(Some(at(10)));
        assert!(!later.is_due(at(9)) && later.is_due(at(10)) && later.is_due(at(11)));
    }

    #[test]
    fn an_event_concerns_the_estates_whose_cluster_or_database_it_names() {
        let mark = |watched: Option<&[&str]>| Mark {
            estate: "e".to_owned(),
            look_again_at: None,
            looked_at: None,
            watched: watched.map(|names| names.iter().map(ToString::to_string).collect()),
        };
        let service = Arn::new("arn:aws:ecs:r:1:service/staging/api");
        let database = Arn::new("arn:aws:rds:r:1:db:main");
        let both = [service.clone(), database.clone()];
        for (watched, resources, concerned) in [
            (None, &both[..1], true),
            (Some(&["staging"][..]), &both[..1], true),
            (Some(&["staging"][..]), &both[1..], false),
            (Some(&["main"][..]), &both[1..], true),
            (Some(&["main"][..]), &both[..], true),
            (Some(&["api", "other"][..]), &both[..], false),
            (Some(&[][..]), &both[..], false),
            (Some(&["other"][..]), &[], true),
        ] {
            assert_eq!(
                mark(watched).is_concerned(resources),
                concerned,
                "{watched:?} {resources:?}"
            );
        }
    }

    #[test]
    fn the_lead_is_the_documents_until_a_wake_has_taught_better() {
        let mut record = EstateRecord::new(Timestamp::UNIX_EPOCH);
        let untaught = SignedDuration::from_mins(20);
        assert_eq!(record.lead(untaught), untaught);
        record.remember(wake(400));
        assert_eq!(
            record.lead(untaught),
            SignedDuration::from_secs(400 + 80 + 120)
        );
    }

    #[test]
    fn the_slowest_of_the_last_ten_wakes_sets_the_lead_and_the_eleventh_is_forgotten() {
        let mut record = EstateRecord::new(Timestamp::UNIX_EPOCH);
        record.remember(wake(3000));
        for _ in 0..9 {
            record.remember(wake(300));
        }
        assert_eq!(
            record.lead(SignedDuration::ZERO).as_secs(),
            3000 + 600 + 120
        );
        record.remember(wake(300));
        assert_eq!(record.wakes.len(), 10);
        assert_eq!(record.lead(SignedDuration::ZERO).as_secs(), 300 + 60 + 120);
    }

    #[test]
    fn a_lead_is_between_five_minutes_and_three_hours() {
        let mut record = EstateRecord::new(Timestamp::UNIX_EPOCH);
        record.remember(wake(1));
        assert_eq!(
            record.lead(SignedDuration::ZERO),
            SignedDuration::from_mins(5)
        );
        record.remember(wake(86_400));
        assert_eq!(
            record.lead(SignedDuration::ZERO),
            SignedDuration::from_hours(3)
        );
    }

    #[test]
    fn an_entry_that_a_later_release_wrote_can_be_read() {
        let text = r#"{"version":2,"arn":"arn:aws:ecs:r:1:service/c/s","kind":"ecs-service",
            "estate":"e","stage":"asleep","since":"2026-11-20T10:00:00Z",
            "saved_at":"2026-11-20T09:00:00Z","service":{"count":3,"colour":"blue"},"mood":1}"#;
        let entry: Entry = serde_json::from_str(text).unwrap();
        assert_eq!(entry.service.unwrap().count, 3);
    }
}
