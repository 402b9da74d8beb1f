//! Databases behind the simulated RDS: an engine lets in who has the password in force. Where a real
//! server stands behind it, that is given the password as soon as it is.

use std::sync::{Arc, Mutex};

use nightshift_cloud::services::rds::Database;
use rotate_secrets::{
    dial::{Answer, Dial, Network, Refusal},
    engine::postgres::Sessions,
    users::Inactive,
    value::{scram::Verifier, url::Url},
};

use crate::{line::Line, server};

/// The engines of all databases of a world.
#[derive(Debug)]
pub(crate) struct Engine {
    line: Line,
    network: Network,
}

impl Engine {
    pub(crate) fn on(line: Line) -> Self {
        let network = Network::default();
        Self { line, network }
    }

    fn lets_in(&self, url: &Url) -> Result<(), Refusal> {
        let host = &url.hosts()[0].name;
        let found = self.line.with(|world| {
            let mut all = world.rds.databases();
            let known = all.find(|it| is_at(it, host))?;
            let is_right = known.master.password == url.password().expose();
            Some(is_right && known.master.user == url.user())
        });
        let refusal = |code: &str| Refusal {
            code: code.to_owned(),
            message: format!("{} on {host}: {code}", url.user()),
        };
        match found {
            Some(true) => Ok(()),
            Some(false) => Err(refusal("28P01")),
            None => Err(refusal("unreached")),
        }
    }
}

/// Whether a host's name leads to a database.
fn is_at(database: &Database, host: &str) -> bool {
    let is_cluster = host.contains(".cluster-");
    match &database.master.endpoint {
        Some((own, _)) => own == host,
        None => {
            host.split('.').next() == Some(&database.name)
                && database.cluster().is_some() == is_cluster
        }
    }
}

impl Dial for Engine {
    fn set<'a>(
        &'a self,
        admin: &'a Url,
        inactive: &'a Inactive,
        role: &'a str,
        verifier: &'a Verifier,
    ) -> Answer<'a> {
        self.network.set(admin, inactive, role, verifier)
    }

    fn test<'a>(&'a self, url: &'a Url, present: &'a str, role: &'a str) -> Answer<'a> {
        self.network.test(url, present, role)
    }

    fn connect<'a>(&'a self, url: &'a Url) -> Answer<'a> {
        Box::pin(async move { self.lets_in(url) })
    }

    fn disable<'a>(
        &'a self,
        admin: &'a Url,
        inactive: &'a Inactive,
        sessions: Sessions,
    ) -> Answer<'a> {
        self.network.disable(admin, inactive, sessions)
    }
}

/// A real server behind one database of a world, which it is the master user of.
pub(crate) struct Real {
    line: Line,
    arn: String,
    server: Arc<server::Stage>,
    network: Network,
    /// The password that the server was given last.
    given: Mutex<String>,
}

impl Real {
    pub(crate) fn behind(line: Line, arn: &str, server: Arc<server::Stage>) -> Self {
        let network = Network::trusting(server.tls.clone());
        Self {
            line,
            arn: arn.to_owned(),
            server,
            network,
            given: Mutex::default(),
        }
    }

    /// Gives the server the password in force.
    pub(crate) async fn follow(&self) {
        let master = self.line.with(|world| {
            let database = world.rds.database(&self.arn).unwrap();
            database.master.clone()
        });
        if *self.given.lock().unwrap() == master.password {
            return;
        }
        let verifier = server::verifier(&master.password);
        let (user, verifier) = (&master.user, verifier.expose());
        let statement = format!("ALTER ROLE {user} PASSWORD '{verifier}'");
        self.server.run(&statement).await;
        *self.given.lock().unwrap() = master.password;
    }
}

impl std::fmt::Debug for Real {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Real")
    }
}

impl Dial for Real {
    fn set<'a>(
        &'a self,
        admin: &'a Url,
        inactive: &'a Inactive,
        role: &'a str,
        verifier: &'a Verifier,
    ) -> Answer<'a> {
        self.network.set(admin, inactive, role, verifier)
    }

    fn test<'a>(&'a self, url: &'a Url, present: &'a str, role: &'a str) -> Answer<'a> {
        self.network.test(url, present, role)
    }

    fn connect<'a>(&'a self, url: &'a Url) -> Answer<'a> {
        Box::pin(async move {
            self.follow().await;
            self.network.connect(url).await
        })
    }

    fn disable<'a>(
        &'a self,
        admin: &'a Url,
        inactive: &'a Inactive,
        sessions: Sessions,
    ) -> Answer<'a> {
        self.network.disable(admin, inactive, sessions)
    }
}
