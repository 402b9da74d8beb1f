//! The running Atlas and everything that a test does with it.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::{Value as Json, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::api::{self, ACCOUNT, KEY, users};
use crate::mongo;
use crate::state::{Request, State};
use crate::trouble::Plan;

/// How an Atlas is to be.
#[derive(Clone, Debug)]
pub struct Options {
    /// The Admin API's port; any that is free where it is 0.
    pub port: u16,
    /// The project's id.
    pub project: String,
    /// The name of the one cluster.
    pub cluster: String,
    /// How many servers it has.
    pub servers: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            port: 0,
            project: "5f0c0ffee0c0ffee0c0ffee0".to_owned(),
            cluster: "shop".to_owned(),
            servers: 1,
        }
    }
}

/// What the servers and their handle share.
#[derive(Clone, Debug)]
pub(crate) struct Shared(Arc<Mutex<State>>);

impl Shared {
    /// Nothing that is done under this lock can leave the state half-changed.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An Atlas with one project and one cluster, on loopback. It ends when this is dropped.
#[derive(Debug)]
pub struct Atlas {
    address: SocketAddr,
    servers: Vec<SocketAddr>,
    shared: Shared,
    tasks: Vec<JoinHandle<Infallible>>,
}

impl Atlas {
    /// A project with a cluster of one server and without users.
    ///
    /// # Errors
    /// When there is no port to listen on.
    pub async fn start() -> Result<Self> {
        Self::with(Options::default()).await
    }

    /// An Atlas as wanted.
    ///
    /// # Errors
    /// When a port cannot be listened on.
    pub async fn with(options: Options) -> Result<Self> {
        let state = State::new(options.project, options.cluster);
        let shared = Shared(Arc::new(Mutex::new(state)));
        let listener = listen(options.port).await?;
        let address = listener.local_addr()?;
        let mut tasks = vec![tokio::spawn(api::serve(listener, shared.clone()))];
        let mut servers = Vec::new();
        for number in 0..options.servers {
            let listener = listen(0).await?;
            servers.push(listener.local_addr()?);
            tasks.push(tokio::spawn(mongo::serve(listener, shared.clone(), number)));
        }
        Ok(Self {
            address,
            servers,
            shared,
            tasks,
        })
    }

    /// What stands in for `https://cloud.mongodb.com`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The project's id.
    #[must_use]
    pub fn project(&self) -> String {
        self.shared.lock().project.clone()
    }

    /// The secret of a service account, as `api` names it.
    #[must_use]
    pub fn service_account(&self) -> String {
        json!({ "client_id": ACCOUNT.0, "client_secret": ACCOUNT.1 }).to_string()
    }

    /// The secret of an API key, as `api` names it.
    #[must_use]
    pub fn api_key(&self) -> String {
        json!({ "public_key": KEY.0, "private_key": KEY.1 }).to_string()
    }

    /// The cluster's URL for a user; the password is one that needs no encoding.
    #[must_use]
    pub fn cluster_url(&self, user: &str, password: &str) -> String {
        let servers: Vec<String> = self.servers.iter().map(ToString::to_string).collect();
        let servers = servers.join(",");
        format!("mongodb://{user}:{password}@{servers}/shop?authSource=admin&retryWrites=true")
    }

    /// A user with roles, each with its database, on all clusters. The cluster has it at once.
    pub fn add(&self, user: &str, password: &str, roles: &[(&str, &str)]) {
        let role = |(name, on): &(&str, &str)| json!({ "roleName": name, "databaseName": on });
        let roles: Vec<Json> = roles.iter().map(role).collect();
        self.add_with(user, password, json!({ "roles": roles }));
    }

    /// A user with these attributes, in the API's form. The cluster has it at once.
    pub fn add_with(&self, user: &str, password: &str, attributes: Json) {
        let mut state = self.shared.lock();
        let delay = std::mem::take(&mut state.delay);
        let account = users::account(&mut state, user, password, attributes);
        state.put(user, Some(account));
        state.delay = delay;
    }

    /// Somebody else deletes a user.
    pub fn remove(&self, user: &str) {
        self.shared.lock().put(user, None);
    }

    /// A user as the API shows it.
    #[must_use]
    pub fn shown(&self, user: &str) -> Option<Json> {
        let state = self.shared.lock();
        let account = state.users.get(user)?;
        Some(Json::Object(account.shown.clone()))
    }

    /// The password that was set last.
    #[must_use]
    pub fn password(&self, user: &str) -> Option<String> {
        let state = self.shared.lock();
        Some(state.users.get(user)?.password.clone())
    }

    /// What goes wrong next.
    pub fn will(&self, plan: impl Into<Plan>) {
        self.shared.lock().plan(plan.into());
    }

    /// Nothing goes wrong any more.
    pub fn forgive(&self) {
        self.shared.lock().forgive();
    }

    /// How long after an answer the cluster has what was changed.
    pub fn applies_after(&self, delay: Duration) {
        self.shared.lock().delay = delay;
    }

    /// One server has it so much later than the others.
    pub fn lags(&self, server: usize, by: Duration) {
        self.shared.lock().lags.insert(server, by);
    }

    /// One server takes no connections, or does so again.
    pub fn is_down(&self, server: usize, down: bool) {
        let mut state = self.shared.lock();
        if down {
            state.down.insert(server);
        } else {
            state.down.remove(&server);
        }
    }

    /// One server takes connections, and refuses everything because it is about to stop.
    pub fn is_stopping(&self, server: usize) {
        self.shared.lock().stopping.insert(server);
    }

    /// Challenges name no `qop`, as in Atlas's documents.
    pub fn challenges_as_documented(&self) {
        self.shared.lock().has_qop = false;
    }

    /// What the Admin API was asked, in order.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.shared.lock().requests.clone()
    }

    /// The changes that the Admin API was asked for: method and user.
    #[must_use]
    pub fn changes(&self) -> Vec<String> {
        let requests = self.requests();
        let changes = requests.iter().filter(|it| it.path.contains("/groups/"));
        let changes = changes.filter(|it| it.method != "GET" && it.status != 401);
        let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
        changes
            .map(|it| format!("{} {}", it.method, name(&it.path)))
            .collect()
    }
}

impl Drop for Atlas {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

async fn listen(port: u16) -> Result<TcpListener> {
    let listening = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
    listening.with_context(|| format!("the port {port} of the local Atlas"))
}
