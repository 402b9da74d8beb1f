//! The master user: a new password is taken at once, shown by nobody, and in force only after
//! `resetting-master-credentials`. Whom RDS manages itself, and who is a member or a mirror, has none to
//! set.

use serde_json::{Value, json};

use crate::{
    call::{Call, Fault},
    services::rds::{
        Database,
        life::{self, Next},
        refuse,
    },
    world::{ACCOUNT, REGION, World},
};

/// Who owns a database, and where it answers.
#[derive(Clone, Debug)]
pub struct Master {
    /// The user's name.
    pub user: String,
    /// The password in force: what the engine itself lets in.
    pub password: String,
    /// Whether RDS makes the password, and keeps it in a secret of its own.
    pub managed: bool,
    /// The database that was made with it.
    pub database: Option<String>,
    /// Where it answers; by its name and its Region unless something else is said.
    pub endpoint: Option<(String, u16)>,
    /// What was asked for and is not in force yet.
    pub(super) pending: Option<String>,
}

impl Default for Master {
    fn default() -> Self {
        Self {
            user: "postgres".to_owned(),
            password: "as it was made".to_owned(),
            managed: false,
            database: None,
            endpoint: None,
            pending: None,
        }
    }
}

impl Master {
    /// Host and port.
    pub(super) fn answers_at(&self, name: &str, is_cluster: bool) -> (String, u16) {
        let kind = if is_cluster { "cluster-" } else { "" };
        self.endpoint.clone().unwrap_or_else(|| {
            let host = format!("{name}.{kind}c1a2b3c4d5e6.{REGION}.rds.amazonaws.com");
            (host, 5432)
        })
    }

    /// The secret that RDS keeps the password in.
    // https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-secrets-manager.html
    pub(super) fn secret(&self, name: &str) -> Value {
        if !self.managed {
            return Value::Null;
        }
        json!({
            "SecretArn": format!("arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:rds!db-{name}-a1b2c3"),
            "SecretStatus": "active",
        })
    }
}

/// Refuses a password that cannot be set.
pub(super) fn check(call: &Call, database: &Database) -> Result<(), Fault> {
    let Some(password) = call.text("MasterUserPassword") else {
        return Ok(());
    };
    // https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBInstance.html says which
    // of these do not go together; the texts are guesses.
    if database.is_member() {
        return Err(refuse::combination(
            "The specified DB Instance is a member of a cluster. Modify the master user password \
             for the DB Cluster using the ModifyDbCluster API",
        ));
    }
    if database.master.managed {
        return Err(refuse::combination(
            "You can't specify MasterUserPassword when ManageMasterUserPassword is enabled.",
        ));
    }
    let is_replica = database
        .instance()
        .is_some_and(|instance| instance.replica_of.is_some());
    if is_replica {
        return Err(refuse::instance_state(
            "The master user password of a read replica is that of its source.",
        ));
    }
    let most = if database.cluster().is_some() {
        41
    } else {
        128
    };
    let fits = |byte: u8| matches!(byte, b'!'..=b'~') && !b"/\"@".contains(&byte);
    if !(8..=most).contains(&password.len()) || !password.bytes().all(fits) {
        return Err(refuse::invalid(
            "The parameter MasterUserPassword is not a valid password.",
        ));
    }
    Ok(())
}

/// A new master password is set asynchronously, as soon as possible, whatever else is asked.
// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBInstance.html
pub(super) fn reset(world: &mut World, call: &Call, arn: &str) {
    let Some(password) = call.text("MasterUserPassword") else {
        return;
    };
    if let Some(database) = world.rds.databases.get_mut(arn) {
        database.master.pending = Some(password.to_owned());
    }
    let seconds = world.timings.credentials.clone();
    life::pass(world, arn, "resetting-master-credentials", &call.actor);
    life::then(world, arn, seconds, Next::CredentialsReset);
}

/// What was asked for is in force, or lost.
pub(super) fn take_effect(world: &mut World, arn: &str) {
    let fails = world.rds.failing_resets.contains(arn);
    if let Some(database) = world.rds.databases.get_mut(arn)
        && let Some(password) = database.master.pending.take()
        && !fails
    {
        database.master.password = password;
    }
    life::settle(world, arn);
    // https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Events.Messages.html
    let (id, message) = if fails {
        let message = "An attempt to reset the master password for the DB instance has failed.";
        ("0067", message)
    } else {
        ("0016", "The password for the master user has been reset.")
    };
    life::emit(world, arn, id, "configuration change", message);
}
