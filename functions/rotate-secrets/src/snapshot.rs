//! What a look reads: secrets without their values, the services that read them, and the databases
//! behind them. A value is told again by its fingerprint; it never stands here.

use std::collections::BTreeMap;

use jiff::Timestamp;
use nightshift::{
    config::SecretName,
    kind::{Arn, DatabaseState, Service},
    ledger::rotation::Published,
    report::{Failure, rotation::Unrollable},
};

/// An estate's secrets and what concerns them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// Each secret that the document names, or that is remembered.
    pub secrets: BTreeMap<SecretName, Found>,
    /// The services of the cluster that read any of them, by name.
    pub readers: Vec<Reader>,
    /// The databases that the document names.
    pub databases: BTreeMap<String, Result<DatabaseState, Failure>>,
    /// Why services could not be read: without them nobody knows who reads what.
    pub unread: Option<Failure>,
    /// Since when the estate sleeps, if it does.
    pub asleep: bool,
}

/// What became of reading a secret.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// It is there.
    Seen(Seen),
    /// There is no such parameter, secret or key.
    Missing,
    /// It could not be read.
    Unread(Failure),
}

/// A secret as it was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The parameter or the secret, with `#` and the key behind it.
    pub arn: Arn,
    /// The newest version.
    pub newest: Published,
    /// Who wrote it, as AWS tells.
    pub by: String,
    /// Whether that was this function.
    pub ours: bool,
    /// The value of the tag that consents to rotating.
    pub tag: Option<String>,
    /// The newest version's fingerprint in the turn that is under way.
    pub fingerprint: Option<String>,
    /// The older version whose value the newest one has, where that was looked up.
    pub same_as: Option<String>,
}

/// A service that reads secrets when its tasks start.
#[derive(Clone, Debug, PartialEq)]
pub struct Reader {
    /// The service.
    pub service: Service,
    /// What it reads.
    pub reads: Vec<Reference>,
    /// By whom its tasks are replaced.
    pub controller: Controller,
    /// Since when the oldest of its tasks is there; none where it has none. A deployment that took a
    /// failed one back keeps the tasks from before, and does not look it once it is complete.
    pub tasks_since: Option<Timestamp>,
}

/// A secret in a task definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The parameter or the secret, and maybe the key.
    pub name: SecretName,
    /// The version that it is pinned to: tasks that start anew read the same value again.
    pub pinned: Option<String>,
}

/// By whom a service's tasks are replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Controller {
    /// ECS.
    Ecs,
    /// `CodeDeploy`, which refuses a forced deployment; or why its deployment group cannot be asked.
    CodeDeploy(Result<BlueGreen, Unrollable>),
    /// Somebody else.
    External,
}

/// The deployment group of a service in `CodeDeploy`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlueGreen {
    /// The application's name.
    pub application: String,
    /// The group's name.
    pub group: String,
    /// The last deployment that went well: what it brought is deployed again.
    pub successful: String,
    /// The last one that was begun.
    pub attempt: Option<Attempt>,
}

/// A deployment of `CodeDeploy`'s.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// `d-…`.
    pub id: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Whether it has not ended: it has not before the tasks from before are gone.
    pub is_open: bool,
}

impl Reader {
    /// Whether all its tasks began at this instant or later, as far as its PRIMARY deployment tells.
    #[must_use]
    pub fn began_since(&self, since: Timestamp) -> bool {
        self.service.deployment.as_ref().is_some_and(|deployment| {
            deployment.created_at.is_some_and(|at| at >= since)
                && self.tasks_since.is_none_or(|at| at >= since)
        })
    }

    /// When it is rolled again for what was published at `since`, after the last deployment failed: each
    /// time after twice as long. What keeps its tasks from starting is seldom the secret, and each
    /// deployment that fails is told.
    #[must_use]
    pub fn rolls_again_at(&self, since: Timestamp) -> Option<Timestamp> {
        let began = match &self.controller {
            Controller::CodeDeploy(Ok(group)) => group.attempt.as_ref()?.created_at,
            _ => self.service.deployment.as_ref()?.created_at?,
        };
        began.checked_add(began.duration_since(since)).ok()
    }

    /// Whether its tasks read this secret: as a whole, by its key, or the whole of which it is a key.
    #[must_use]
    pub fn reads(&self, secret: &SecretName) -> bool {
        self.reads.iter().any(|read| read.is_of(secret))
    }
}

impl Reference {
    /// Whether it refers to this secret. Who reads a JSON object whole reads each of its keys.
    #[must_use]
    pub fn is_of(&self, secret: &SecretName) -> bool {
        self.name.name == secret.name
            && match (&self.name.key, &secret.key) {
                (Some(read), Some(key)) => read == key,
                _ => true,
            }
    }
}

impl Snapshot {
    /// A secret that was seen.
    #[must_use]
    pub fn seen(&self, name: &SecretName) -> Option<&Seen> {
        match self.secrets.get(name)? {
            Found::Seen(seen) => Some(seen),
            Found::Missing | Found::Unread(_) => None,
        }
    }

    /// The services whose tasks read this secret.
    pub fn readers_of<'a>(&'a self, secret: &'a SecretName) -> impl Iterator<Item = &'a Reader> {
        self.readers.iter().filter(|reader| reader.reads(secret))
    }
}
