//! A server with an application's database: a common role that owns it, a first user, and who rotates.

use std::time::Duration;

use nightshift_postgres::Postgres;
use rotate_secrets::engine::postgres::{Error, Proof, Session, Tls, test};
use rotate_secrets::users::Inactive;
use rotate_secrets::value::scram::Verifier;
use rotate_secrets::value::url::Url;
use rotate_secrets::value::{Value, generate};
use tokio_postgres::{Client, Config};

/// Long enough for a machine that builds something else meanwhile.
pub(crate) const LIMIT: Duration = Duration::from_secs(20);
pub(crate) const ROLE: &str = "app";
pub(crate) const USERS: [&str; 2] = ["app_a", "app_b"];
/// The first user's password, looked for wherever it should not be.
pub(crate) const FIRST: &str = "canary-first-2f6d0c51a9";
/// The password of who rotates.
pub(crate) const ROTATOR: &str = "canary-rotator-77b1e0d3c4";

pub(crate) struct Stage {
    pub(crate) server: Postgres,
    pub(crate) tls: Tls,
}

impl Stage {
    /// A server with the application's database, and with more settings.
    pub(crate) async fn new(settings: &[(&str, &str)]) -> Self {
        let server = Postgres::start(settings).await.unwrap();
        let tls = Tls::trusting(server.authority().pem().as_bytes()).unwrap();
        let stage = Self { server, tls };
        let (first, rotator) = (verifier(FIRST), verifier(ROTATOR));
        stage
            .run(&format!(
                "CREATE ROLE {ROLE} NOLOGIN;
                 CREATE ROLE app_a LOGIN IN ROLE {ROLE} PASSWORD '{}';
                 ALTER ROLE app_a SET role TO {ROLE};
                 CREATE ROLE rotator LOGIN CREATEROLE PASSWORD '{}';
                 GRANT {ROLE}, app_a TO rotator WITH ADMIN OPTION;
                 CREATE SCHEMA shop AUTHORIZATION {ROLE};
                 CREATE TABLE shop.orders (id bigserial PRIMARY KEY);
                 ALTER TABLE shop.orders OWNER TO {ROLE}",
                first.expose(),
                rotator.expose(),
            ))
            .await;
        stage
    }

    /// Runs statements as a superuser.
    pub(crate) async fn run(&self, statements: &str) {
        let root = self.client(&url(&self.server.admin_url())).await.unwrap();
        root.batch_execute(statements).await.unwrap();
    }

    /// One text that a superuser asks for.
    pub(crate) async fn ask(&self, query: &str) -> String {
        let root = self.client(&url(&self.server.admin_url())).await.unwrap();
        root.query_one(query, &[]).await.unwrap().get(0)
    }

    /// The URL of a user of the application.
    pub(crate) fn url(&self, user: &str, password: &str) -> Url {
        url(&self.server.url(user, password, "postgres"))
    }

    /// The URL that is published at first.
    pub(crate) fn first(&self) -> Url {
        self.url("app_a", FIRST)
    }

    /// Connects as any client does.
    pub(crate) async fn client(&self, url: &Url) -> Result<Client, tokio_postgres::Error> {
        client(url, &self.tls).await
    }

    /// Who rotates.
    pub(crate) async fn rotator(&self) -> Session {
        self.admin("rotator", ROTATOR).await.unwrap()
    }

    pub(crate) async fn admin(&self, user: &str, password: &str) -> Result<Session, Error> {
        Session::admin(&self.url(user, password), &self.tls, LIMIT).await
    }

    /// Everything up to publishing. Gives the URL to publish.
    pub(crate) async fn rotate(&self, published: &Url) -> Result<Url, Error> {
        let admin = self.admin("rotator", ROTATOR).await?;
        let new = rotate(&admin, published).await?;
        self.test(&new, published.user()).await?;
        admin.close().await;
        Ok(new)
    }

    /// Uses a new credential.
    pub(crate) async fn test(&self, new: &Url, present: &str) -> Result<(), Error> {
        let proof = Proof {
            present,
            role: ROLE,
            limit: LIMIT,
        };
        test(new, &self.tls, &proof).await
    }
}

/// Makes the other user ready and gives it a new password.
pub(crate) async fn rotate(admin: &Session, published: &Url) -> Result<Url, Error> {
    let inactive = inactive(published.user());
    let password = generate::password().unwrap();
    admin.prepare(&inactive, ROLE).await?;
    admin.set(&inactive, &Verifier::of(&password)).await?;
    Ok(published
        .with_credentials(inactive.user(), &password)
        .unwrap())
}

/// Connects as any client does, and stays connected as long as the client is kept.
pub(crate) async fn client(url: &Url, tls: &Tls) -> Result<Client, tokio_postgres::Error> {
    let host = url.hosts().first().unwrap();
    let (client, connection) = Config::new()
        .host(&host.name)
        .port(host.port.unwrap())
        .user(url.user())
        .password(url.password().expose())
        .dbname(url.database().unwrap())
        .ssl_mode(tokio_postgres::config::SslMode::Require)
        .connect(tls.clone())
        .await?;
    tokio::spawn(connection);
    Ok(client)
}

pub(crate) fn url(text: &str) -> Url {
    Url::parse(value(text)).unwrap()
}

pub(crate) fn value(text: &str) -> Value {
    Value::new(text.to_owned())
}

pub(crate) fn verifier(password: &str) -> Verifier {
    Verifier::of(&value(password))
}

/// Whose turn it is while somebody is active.
pub(crate) fn inactive(present: &str) -> Inactive {
    Inactive::of(&USERS.map(str::to_owned), present).unwrap()
}
