//! The secrets of two estates on a local AWS: parameters and secrets with their tags, services whose
//! task definitions read them, a real PostgreSQL behind the URLs, and an Atlas.

use anyhow::{Context as _, Result, ensure};
use nightshift_atlas::{Atlas, Options};
use nightshift_postgres::Postgres;
use serde_json::{Value, json};
use tokio_postgres::NoTls;

use crate::aws::{ACCOUNT, ECS, REGION, SECRETS_MANAGER, SSM};
use crate::estates::{Estate, PRODUCTION, R2E};
use crate::local::LocalAws;

/// The tag that consents to replacing; its value is the estate's name.
pub const ROTATE_TAG: &str = "nightshift:rotate";

/// Production's URL of its database.
pub const DATABASE_URL: &str = "/bookmark-manager/production/DATABASE_URL";
/// Its key that signs tokens.
pub const SIGNING_KEY: &str = "/bookmark-manager/production/JWT_SIGNING_KEY";
/// Where the signing key's former value stays readable.
pub const FORMER_KEY: &str = "/bookmark-manager/production/JWT_SIGNING_KEY_PREVIOUS";
/// A key that only its issuer makes.
pub const DATADOG: &str = "/bookmark-manager/production/DATADOG_API_KEY";
/// The URL of r2e's database.
pub const R2E_URL: &str = "r2e/database-url";
/// r2e's key that only its issuer makes.
pub const OPENAI: &str = "r2e/openai-api-key";

/// Production's URL of its cluster in Atlas.
pub const MONGODB_URI: &str = "/bookmark-manager/production/MONGODB_URI";

const ATLAS_API: &str = "/bookmark-manager/production/ATLAS_API";
/// The project that production's document names.
const PROJECT: &str = "5f1b2c3d4e5f6a7b8c9d0e1f";
const ADMIN_URL: &str = "/bookmark-manager/production/DATABASE_ADMIN_URL";
const R2E_ADMIN: &str = "r2e/database-admin-url";

/// Passwords that the estates begin with, looked for wherever they should not be.
pub const CANARIES: [&str; 7] = [
    "cAnAryBookmarkA",
    "cAnAryR2eA",
    "cAnAryRotator",
    "cAnArySigningKey",
    "cAnAryDatadog",
    "cAnAryOpenAi",
    "cAnAryMongo",
];

/// The ARNs of everything that rotate-secrets reads here.
#[must_use]
pub fn arns() -> String {
    format!(
        "arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/bookmark-manager/production/*,\
         arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:r2e/*"
    )
}

/// The secrets with the database behind them.
pub struct Secrets<'a> {
    local: &'a LocalAws,
    server: Postgres,
    atlas: &'a Atlas,
}

/// An Atlas with production's project and its first user.
///
/// # Errors
/// When there is no port to listen on.
pub async fn an_atlas() -> Result<Atlas> {
    let atlas = Atlas::with(Options {
        project: PROJECT.to_owned(),
        cluster: "bookmark-manager".to_owned(),
        ..Options::default()
    })
    .await?;
    let roles = [("readWrite", "bookmarks")];
    atlas.add("bookmark-app-a", CANARIES[6], &roles);
    Ok(atlas)
}

/// An application's database: its name, the role that owns it, and its first user's password.
struct Database {
    name: &'static str,
    role: &'static str,
    user: &'static str,
    password: &'static str,
}

const DATABASES: [Database; 2] = [
    Database {
        name: "bookmarkdb",
        role: "bookmark_app",
        user: "bookmark_app_a",
        password: CANARIES[0],
    },
    Database {
        name: "r2e",
        role: "r2e_app",
        user: "r2e_app_a",
        password: CANARIES[1],
    },
];

impl<'a> Secrets<'a> {
    /// Makes the databases, the secrets, and the services that read them.
    ///
    /// # Errors
    /// When there is no PostgreSQL and none can be had, or AWS refuses something.
    pub async fn make(local: &'a LocalAws, atlas: &'a Atlas) -> Result<Self> {
        let mut server = Postgres::start(&[]).await?;
        // On loopback a URL may ask for no TLS; elsewhere the function never goes without.
        server.admit("host all all 127.0.0.1/32 scram-sha-256\n")?;
        server.restart().await?;
        prepare(&server).await?;
        let secrets = Self {
            local,
            server,
            atlas,
        };
        let [bookmarks, r2e] = &DATABASES;
        let query = "?schema=public&sslmode=disable";
        let url = |of: &Database| secrets.url(of.user, of.password, of.name, query);
        let admin = |of: &Database| secrets.url("rotator", CANARIES[2], of.name, query);
        for (name, value) in [
            (DATABASE_URL, url(bookmarks)),
            (ADMIN_URL, admin(bookmarks)),
            (SIGNING_KEY, CANARIES[3].to_owned()),
            (FORMER_KEY, CANARIES[3].to_owned()),
            (DATADOG, CANARIES[4].to_owned()),
            (
                MONGODB_URI,
                atlas.cluster_url("bookmark-app-a", CANARIES[6]),
            ),
            (ATLAS_API, atlas.service_account()),
        ] {
            secrets.parameter(name, &value).await?;
        }
        for (name, value) in [
            (R2E_URL, url(r2e)),
            (R2E_ADMIN, admin(r2e)),
            (OPENAI, CANARIES[5].to_owned()),
        ] {
            secrets.secret(name, &value).await?;
        }
        let parameter = |name: &str| format!("arn:aws:ssm:{REGION}:{ACCOUNT}:parameter{name}");
        let partial =
            |name: &str| format!("arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}");
        let api = [
            ("DATABASE_URL", DATABASE_URL.to_owned()),
            ("JWT_SIGNING_KEY", parameter(SIGNING_KEY)),
            ("JWT_SIGNING_KEY_PREVIOUS", parameter(FORMER_KEY)),
            ("DD_API_KEY", parameter(DATADOG)),
            ("MONGODB_URI", parameter(MONGODB_URI)),
        ];
        let service = "bookmark-manager-production-api";
        secrets.reads(&PRODUCTION, service, &api).await?;
        let service = "bookmark-manager-production-web";
        secrets.reads(&PRODUCTION, service, &api[..1]).await?;
        let all = [
            ("DATABASE_URL", partial(R2E_URL)),
            ("OPENAI_API_KEY", partial(OPENAI)),
        ];
        secrets.reads(&R2E, "r2e-api-service", &all).await?;
        Ok(secrets)
    }

    fn url(&self, user: &str, password: &str, database: &str, query: &str) -> String {
        let port = self.server.port();
        format!("postgresql://{user}:{password}@127.0.0.1:{port}/{database}{query}")
    }

    async fn parameter(&self, name: &str, value: &str) -> Result<()> {
        let input = json!({
            "Name": name, "Value": value, "Type": "SecureString",
            "Tags": [{ "Key": ROTATE_TAG, "Value": PRODUCTION.name }],
        });
        self.local.aws.json(SSM, "PutParameter", &input).await?;
        Ok(())
    }

    async fn secret(&self, name: &str, value: &str) -> Result<()> {
        let input = json!({
            "Name": name, "SecretString": value,
            "Tags": [{ "Key": ROTATE_TAG, "Value": R2E.name }],
        });
        let aws = &self.local.aws;
        aws.json(SECRETS_MANAGER, "CreateSecret", &input).await?;
        Ok(())
    }

    /// Deploys a service with a task definition that reads these, and lets it be rolled.
    async fn reads(
        &self,
        estate: &Estate,
        service: &str,
        secrets: &[(&str, String)],
    ) -> Result<()> {
        let secrets: Vec<Value> = secrets
            .iter()
            .map(|(name, from)| json!({ "name": name, "valueFrom": from }))
            .collect();
        let image = format!("{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/{service}:latest");
        let input = json!({
            "family": service, "requiresCompatibilities": ["FARGATE"], "networkMode": "awsvpc",
            "cpu": "256", "memory": "512",
            "containerDefinitions": [{ "name": "app", "image": image, "secrets": secrets }],
        });
        let aws = &self.local.aws;
        aws.json(ECS, "RegisterTaskDefinition", &input).await?;
        let input = json!({
            "cluster": estate.cluster, "service": service, "taskDefinition": service,
        });
        let updated = aws.json(ECS, "UpdateService", &input).await?;
        let arn = updated["service"]["serviceArn"].as_str();
        let input = json!({
            "resourceArn": arn.context("a service without an ARN")?,
            "tags": [{ "key": ROTATE_TAG, "value": estate.name }],
        });
        aws.json(ECS, "TagResource", &input).await?;
        Ok(())
    }

    /// The value of a parameter or a secret now.
    ///
    /// # Errors
    /// When it is not there.
    pub async fn value(&self, name: &str) -> Result<String> {
        let aws = &self.local.aws;
        let value = if name.starts_with('/') {
            let input = json!({ "Name": name, "WithDecryption": true });
            let read = aws.json(SSM, "GetParameter", &input).await?;
            read["Parameter"]["Value"].clone()
        } else {
            let input = json!({ "SecretId": name });
            let read = aws.json(SECRETS_MANAGER, "GetSecretValue", &input).await?;
            read["SecretString"].clone()
        };
        Ok(value.as_str().context("no text")?.to_owned())
    }

    /// Somebody writes a value, as a person or Terraform does.
    ///
    /// # Errors
    /// When AWS refuses it.
    pub async fn write(&self, name: &str, value: &str) -> Result<()> {
        let aws = &self.local.aws;
        if name.starts_with('/') {
            self.local.put_secret(name, value).await
        } else {
            let input = json!({ "SecretId": name, "SecretString": value });
            aws.json(SECRETS_MANAGER, "PutSecretValue", &input).await?;
            Ok(())
        }
    }

    /// Connects with a URL as an application does, and asks who it is; of Atlas it is asked what it
    /// would let in.
    ///
    /// # Errors
    /// When the server does not let it in.
    pub async fn connects(&self, url: &str) -> Result<String> {
        if let Some(rest) = url.strip_prefix("mongodb://") {
            let (user, rest) = rest.split_once(':').context("no user")?;
            let (password, _) = rest.split_once('@').context("no password")?;
            let known = self.atlas.password(user);
            ensure!(known.as_deref() == Some(password), "{user} is not let in");
            return Ok(user.to_owned());
        }
        // What Prisma reads is nothing to this client.
        let url = url.replace("schema=public&", "");
        let (client, connection) = tokio_postgres::connect(&url, NoTls).await?;
        let connection = tokio::spawn(connection);
        let row = client.query_one("SELECT session_user::text", &[]).await?;
        drop(client);
        let _ = connection.await;
        Ok(row.get(0))
    }

    /// What the server has logged: every statement.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn log(&self) -> Result<String> {
        self.server.log()
    }

    /// When the tasks of a service were made, and of which deployment.
    ///
    /// # Errors
    /// When ECS does not know it.
    pub async fn deployment(&self, estate: &Estate, service: &str) -> Result<String> {
        let input = json!({ "cluster": estate.cluster, "services": [service] });
        let described = self.local.aws.json(ECS, "DescribeServices", &input).await?;
        let id = described["services"][0]["deployments"][0]["id"].as_str();
        Ok(id.context("no deployment")?.to_owned())
    }
}

/// Roles and databases as docs/rotation.md has people make them.
async fn prepare(server: &Postgres) -> Result<()> {
    let url = server.admin_url();
    let url = url.replace("sslmode=verify-full", "sslmode=disable");
    let (root, connection) = tokio_postgres::connect(&url, NoTls).await?;
    let connection = tokio::spawn(connection);
    let mut statements = vec![format!(
        "CREATE ROLE rotator LOGIN CREATEROLE PASSWORD '{}'",
        CANARIES[2]
    )];
    for Database {
        name,
        role,
        user,
        password,
    } in &DATABASES
    {
        statements.extend([
            format!("CREATE ROLE {role} NOLOGIN"),
            format!("CREATE ROLE {user} LOGIN IN ROLE {role} PASSWORD '{password}'"),
            format!("ALTER ROLE {user} SET role TO {role}"),
            format!("GRANT {role}, {user} TO rotator WITH ADMIN OPTION"),
            format!("CREATE DATABASE {name} OWNER {role}"),
        ]);
    }
    for statement in &statements {
        root.batch_execute(statement).await?;
    }
    drop(root);
    let ended = connection.await?;
    ensure!(ended.is_ok(), "the connection broke off");
    Ok(())
}
