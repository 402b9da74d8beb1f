//! What was read once and hardly ever changes: task definitions, how versions of a secret compare, and
//! who deploys a service. A value never stands here.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;
use nightshift::kind::Arn;

use crate::{observe::readers::Source, store::Traced};

/// What a process remembers.
#[derive(Debug, Default)]
pub struct Facts {
    definitions: Mutex<BTreeMap<String, Arc<Vec<Source>>>>,
    versions: Mutex<BTreeMap<Compared, Comparison>>,
    groups: Mutex<BTreeMap<String, (String, String)>>,
}

/// A version of a secret, held against the one that is known to be in use.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Compared {
    /// The secret.
    pub arn: Arn,
    /// The version.
    pub version: String,
    /// When it was written: a parameter that is made anew counts from 1 again.
    pub at: Timestamp,
    /// The one that is known.
    pub known: String,
}

/// What came of comparing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Whether both hold the same value.
    pub same: bool,
    /// The user that the version names, where users take turns.
    pub user: Option<String>,
    /// What the versions before it tell of its value, where that was looked up.
    pub traced: Option<Traced>,
}

impl Facts {
    /// What a task definition reads, if that is known.
    pub fn definition(&self, arn: &str) -> Option<Arc<Vec<Source>>> {
        open(&self.definitions).get(arn).cloned()
    }

    /// Remembers what a task definition reads.
    pub fn define(&self, arn: &str, reads: Vec<Source>) -> Arc<Vec<Source>> {
        let reads = Arc::new(reads);
        open(&self.definitions).insert(arn.to_owned(), Arc::clone(&reads));
        reads
    }

    /// `CodeDeploy`'s application and deployment group of a service, if they are known.
    pub fn group(&self, service: &str) -> Option<(String, String)> {
        open(&self.groups).get(service).cloned()
    }

    /// Remembers who deploys a service.
    pub fn remember_group(&self, service: &str, application: &str, group: &str) {
        let names = (application.to_owned(), group.to_owned());
        open(&self.groups).insert(service.to_owned(), names);
    }

    /// How a version compares, if that is known.
    pub fn comparison(&self, of: &Compared) -> Option<Comparison> {
        open(&self.versions).get(of).cloned()
    }

    /// Remembers how a version compares.
    pub fn compare(&self, of: Compared, comparison: Comparison) {
        open(&self.versions).insert(of, comparison);
    }
}

/// Nothing in it is ever half written.
fn open<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
