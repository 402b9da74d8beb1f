//! What Atlas knows, and what of it each server of the cluster has taken already.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use serde_json::{Map, Value as Json};

use crate::trouble::{Plan, Trouble};

/// A request to the Admin API, as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `PATCH` and so on.
    pub method: String,
    /// Without the host.
    pub path: String,
    /// The version that was asked for.
    pub accept: String,
    /// The names of the attributes that were sent; never their values.
    pub attributes: Vec<String>,
    /// What was answered; 0 where nothing was.
    pub status: u16,
}

/// A database user.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Account {
    /// Another one for each user that is made, also of the same name.
    pub(crate) id: u64,
    pub(crate) password: String,
    /// All that the API shows.
    pub(crate) shown: Map<String, Json>,
}

/// What the cluster is to have, from an instant on.
#[derive(Clone, Debug)]
struct Applied {
    at: Instant,
    user: String,
    account: Option<Account>,
}

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) project: String,
    pub(crate) cluster: String,
    pub(crate) users: BTreeMap<String, Account>,
    pub(crate) tokens: BTreeSet<String>,
    pub(crate) nonces: BTreeSet<String>,
    /// Whether challenges name `qop`, as real ones do and the documents' do not.
    pub(crate) has_qop: bool,
    pub(crate) requests: Vec<Request>,
    pub(crate) delay: Duration,
    /// By the number of the server.
    pub(crate) lags: BTreeMap<usize, Duration>,
    /// The servers that take no connection.
    pub(crate) down: BTreeSet<usize>,
    /// The servers that are about to stop.
    pub(crate) stopping: BTreeSet<usize>,
    applied: Vec<Applied>,
    plans: Vec<Plan>,
    made: u64,
}

impl State {
    pub(crate) fn new(project: String, cluster: String) -> Self {
        Self {
            project,
            cluster,
            users: BTreeMap::new(),
            tokens: BTreeSet::new(),
            nonces: BTreeSet::new(),
            has_qop: true,
            requests: Vec::new(),
            delay: Duration::ZERO,
            lags: BTreeMap::new(),
            down: BTreeSet::new(),
            stopping: BTreeSet::new(),
            applied: Vec::new(),
            plans: Vec::new(),
            made: 0,
        }
    }

    /// A number that was never given before: for ids, tokens and nonces.
    pub(crate) fn number(&mut self) -> u64 {
        self.made += 1;
        self.made
    }

    pub(crate) fn plan(&mut self, plan: Plan) {
        self.plans.push(plan);
    }

    pub(crate) fn forgive(&mut self) {
        self.plans.clear();
    }

    /// What goes wrong with a request of this name.
    pub(crate) fn trouble(&mut self, name: &str) -> Option<Trouble> {
        let plan = self.plans.iter_mut().find_map(|plan| {
            let trouble = plan.trouble.clone();
            plan.takes(name).then_some(trouble)
        });
        self.plans.retain(|plan| !plan.is_over());
        plan
    }

    /// Writes a user, or none; the cluster follows.
    pub(crate) fn put(&mut self, user: &str, account: Option<Account>) {
        match &account {
            Some(account) => self.users.insert(user.to_owned(), account.clone()),
            None => self.users.remove(user),
        };
        self.applied.push(Applied {
            at: Instant::now() + self.delay,
            user: user.to_owned(),
            account,
        });
    }

    /// A user as a server of the cluster knows it now.
    pub(crate) fn on_server(&self, server: usize, user: &str) -> Option<&Account> {
        let lag = self.lags.get(&server).copied().unwrap_or_default();
        let now = Instant::now();
        let mut taken = self.applied.iter().rev();
        let known = taken.find(|it| it.user == user && it.at + lag <= now)?;
        known
            .account
            .as_ref()
            .filter(|account| self.is_for_us(account))
    }

    /// A user without scopes is for each cluster of the project.
    fn is_for_us(&self, account: &Account) -> bool {
        let scopes = account.shown.get("scopes").and_then(Json::as_array);
        let scopes = scopes.map(Vec::as_slice).unwrap_or_default();
        scopes.is_empty()
            || scopes
                .iter()
                .any(|scope| scope["name"] == self.cluster.as_str())
    }
}
