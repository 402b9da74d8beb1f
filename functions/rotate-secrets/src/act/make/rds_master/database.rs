//! The instance or the cluster as RDS shows it, and the call that sets its master password. What RDS
//! would refuse for good is refused before, with the mend; what AWS says of a call that carried a password
//! is not repeated.

use aws_sdk_rds::types::{DbCluster, DbInstance, MasterUserSecret, Tag};
use aws_smithy_runtime_api::{
    client::result::SdkError,
    http::{Response, StatusCode},
};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use nightshift::kind::{ROTATE_TAG, aurora_cluster, rds_instance};

use super::{Act, Trouble};
use crate::{
    context::Context,
    store::{self, Place},
    value::{
        Value,
        url::{Url, UrlError},
    },
};

/// What RDS answers to a change while another one is under way: without `Fault` for an instance, with it
/// for a cluster, as its model has them.
const BUSY: [&str; 2] = ["InvalidDBInstanceState", "InvalidDBClusterStateFault"];

/// What RDS says about the database alone, and never about the password.
const PLAIN: [&str; 5] = [
    "InvalidDBInstanceState",
    "InvalidDBClusterStateFault",
    "DBInstanceNotFound",
    "DBClusterNotFoundFault",
    "Throttling",
];

/// A database whose master password can be set.
pub(super) struct Database {
    /// Its name.
    pub(super) name: String,
    /// Where its writer answers.
    pub(super) host: String,
    pub(super) port: u16,
    /// The master user.
    pub(super) user: String,
    /// The database to connect to.
    schema: String,
    is_cluster: bool,
    status: String,
    /// Whether a password was asked for and is not in force yet.
    pending: bool,
}

/// What became of asking for a password.
pub(super) enum Asked {
    /// RDS will set it.
    Yes,
    /// RDS refused it: nothing has changed.
    No(Trouble),
    /// Nobody knows.
    Perhaps(Trouble),
}

/// What instances and clusters have in common, and what speaks against setting a password.
struct Seen<'a> {
    engine: Option<&'a str>,
    host: Option<&'a str>,
    port: Option<i32>,
    user: Option<&'a str>,
    schema: Option<&'a str>,
    status: Option<&'a str>,
    secret: Option<&'a MasterUserSecret>,
    cluster: Option<&'a str>,
    source: Option<&'a str>,
    tags: &'a [Tag],
    pending: bool,
    is_cluster: bool,
}

impl Database {
    /// Finds it; of two of the same name the cluster is meant, as everywhere.
    ///
    /// # Errors
    /// When RDS cannot be read or knows none, its tag does not consent, RDS manages the password itself,
    /// or the password could not be set or proved.
    pub(super) async fn find(act: &Act<'_>, place: &Place, name: &str) -> Result<Self, Trouble> {
        let (function, estate) = (act.context.function, act.rotator.name.as_str());
        let clusters = aurora_cluster::list(function.rds(), &function.pace);
        let instances = rds_instance::list(function.rds(), &function.pace);
        let (clusters, instances) = tokio::join!(clusters, instances);
        let trouble = |failure| Trouble::new("read", failure);
        let clusters = clusters.map_err(trouble)?;
        let instances = instances.map_err(trouble)?;
        let cluster = clusters
            .iter()
            .find(|it| it.db_cluster_identifier.as_deref() == Some(name));
        let instance = instances
            .iter()
            .find(|it| it.db_instance_identifier.as_deref() == Some(name));
        match (cluster, instance) {
            (Some(cluster), _) => Self::of(place, estate, name, &of_cluster(cluster)),
            (None, Some(instance)) => Self::of(place, estate, name, &of_instance(instance)),
            (None, None) => Err(Trouble::of(
                "read",
                place,
                "no-database",
                format!("RDS knows no `{name}`: look at `database` in the document"),
            )),
        }
    }

    fn of(place: &Place, estate: &str, name: &str, seen: &Seen<'_>) -> Result<Self, Trouble> {
        if let Some((code, message)) = never(name, seen) {
            return Err(Trouble::of("read", place, code, message));
        }
        let mut tags = seen.tags.iter();
        let tag = tags.find(|tag| tag.key.as_deref() == Some(ROTATE_TAG));
        if tag.and_then(|tag| tag.value.as_deref()) != Some(estate) {
            let message =
                format!("`{name}` does not consent: give it the tag `{ROTATE_TAG}` = `{estate}`");
            return Err(Trouble::of("read", place, "consent", message));
        }
        let port = seen.port.and_then(|port| u16::try_from(port).ok());
        let (Some(host), Some(port), Some(user)) = (seen.host, port, seen.user) else {
            let message = format!("RDS gives no endpoint of `{name}`: it is not there yet");
            return Err(Trouble::of("read", place, "no-endpoint", message));
        };
        Ok(Self {
            name: name.to_owned(),
            host: host.to_owned(),
            port,
            user: user.to_owned(),
            // Every server on RDS has it.
            schema: seen.schema.unwrap_or("postgres").to_owned(),
            is_cluster: seen.is_cluster,
            status: seen.status.unwrap_or_default().to_owned(),
            pending: seen.pending,
        })
    }

    /// A URL of its own for the master user with this password.
    pub(super) fn url(&self, password: &Value) -> Result<Url, UrlError> {
        let (host, port, schema) = (&self.host, self.port, &self.schema);
        let url = format!("postgres://user:password@{host}:{port}/{schema}");
        Url::parse(Value::new(url))?.with_credentials(&self.user, password)
    }

    /// Whether RDS would take a password now.
    ///
    /// # Errors
    /// With what it is busy with, which passes.
    pub(super) fn is_free(&self, place: &Place) -> Result<(), Trouble> {
        if self.status == "available" && !self.pending {
            return Ok(());
        }
        let (name, status) = (&self.name, &self.status);
        let message = format!("`{name}` is {status}: a password is set when it is available");
        Err(Trouble::of("set", place, "busy", message).passing())
    }

    /// Asks RDS to set the password.
    pub(super) async fn set(
        &self,
        context: &Context<'_>,
        place: &Place,
        password: &Value,
    ) -> Asked {
        let rds = context.function.rds();
        context.function.pace.rds.acquire_one().await;
        if self.is_cluster {
            let call = rds
                .modify_db_cluster()
                .db_cluster_identifier(&self.name)
                .master_user_password(password.expose())
                .apply_immediately(true);
            asked(place, "rds:ModifyDBCluster", call.send().await)
        } else {
            let call = rds
                .modify_db_instance()
                .db_instance_identifier(&self.name)
                .master_user_password(password.expose())
                .apply_immediately(true);
            asked(place, "rds:ModifyDBInstance", call.send().await)
        }
    }
}

fn asked<T, E>(place: &Place, action: &str, answer: Result<T, SdkError<E, Response>>) -> Asked
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let Err(error) = answer else {
        return Asked::Yes;
    };
    let status = error.raw_response().map(Response::status);
    let is_refused =
        error.as_service_error().is_some() && status.is_some_and(StatusCode::is_client_error);
    let failure = store::sealed(place, action, &error, &PLAIN);
    let passes = BUSY.contains(&failure.code.as_str());
    let mut trouble = Trouble::new("set", failure);
    trouble.passes = passes;
    if is_refused {
        Asked::No(trouble)
    } else {
        Asked::Perhaps(trouble)
    }
}

/// Why no password of ours can ever be set there, if so: a code, and the mend.
fn never(name: &str, seen: &Seen<'_>) -> Option<(&'static str, String)> {
    let engine = seen.engine.unwrap_or_default();
    if seen.secret.is_some() {
        Some((
            "managed",
            format!(
                "RDS manages the master password of `{name}` itself, and rotates it: take this secret out of the document, or turn ManageMasterUserPassword off"
            ),
        ))
    } else if let Some(cluster) = seen.cluster {
        Some((
            "member",
            format!(
                "`{name}` is a member of `{cluster}`, whose master password it has: name the cluster as `database`"
            ),
        ))
    } else if let Some(source) = seen.source {
        Some((
            "replica",
            format!(
                "`{name}` replicates `{source}`, whose master password it has: name that as `database`"
            ),
        ))
    } else if !engine.ends_with("postgres") && !engine.ends_with("postgresql") {
        Some((
            "engine",
            format!(
                "`{name}` runs {engine}: a password can be proved on PostgreSQL only, and what cannot be proved is not set"
            ),
        ))
    } else {
        None
    }
}

fn of_cluster(cluster: &DbCluster) -> Seen<'_> {
    let pending = cluster.pending_modified_values.as_ref();
    Seen {
        engine: cluster.engine.as_deref(),
        host: cluster.endpoint.as_deref(),
        port: cluster.port,
        user: cluster.master_username.as_deref(),
        schema: named(cluster.database_name.as_ref()),
        status: cluster.status.as_deref(),
        secret: cluster.master_user_secret.as_ref(),
        cluster: None,
        source: named(cluster.replication_source_identifier.as_ref()),
        tags: cluster.tag_list(),
        pending: pending.is_some_and(|it| it.master_user_password.is_some()),
        is_cluster: true,
    }
}

fn of_instance(instance: &DbInstance) -> Seen<'_> {
    let endpoint = instance.endpoint.as_ref();
    let pending = instance.pending_modified_values.as_ref();
    let source = named(instance.read_replica_source_db_instance_identifier.as_ref());
    Seen {
        engine: instance.engine.as_deref(),
        host: endpoint.and_then(|it| it.address.as_deref()),
        port: endpoint.and_then(|it| it.port),
        user: instance.master_username.as_deref(),
        schema: named(instance.db_name.as_ref()),
        status: instance.db_instance_status.as_deref(),
        secret: instance.master_user_secret.as_ref(),
        cluster: named(instance.db_cluster_identifier.as_ref()),
        source: source
            .or_else(|| named(instance.read_replica_source_db_cluster_identifier.as_ref())),
        tags: instance.tag_list(),
        pending: pending.is_some_and(|it| it.master_user_password.is_some()),
        is_cluster: false,
    }
}

/// A name that is there.
fn named(name: Option<&String>) -> Option<&str> {
    name.map(String::as_str).filter(|name| !name.is_empty())
}
