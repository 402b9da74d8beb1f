//! A new credential is used before anybody depends on it: it connects, acts as the common role, and may
//! do whatever the present user may.

use std::time::Duration;

use tokio_postgres::types::Type;

use super::manage::read;
use super::{Action, Cause, Error, Session, Tls};
use crate::value::url::Url;

/// What a new credential is held against.
#[derive(Clone, Copy, Debug)]
pub struct Proof<'a> {
    /// The user that the running tasks hold.
    pub present: &'a str,
    /// The common role.
    pub role: &'a str,
    /// How long the connecting, and then the looking, may take.
    pub limit: Duration,
}

const WHO: &str = "
    SELECT session_user::text AS session, current_user::text AS acting,
           $1 IS NULL OR EXISTS (
               SELECT FROM pg_namespace
               WHERE nspname = $1 AND has_schema_privilege(oid, 'USAGE')) AS there";

/// What a user may do, by what it acts as once it has connected: its role, where it takes one on.
const LACKS: &str = "
    WITH present AS (
        SELECT coalesce(
            (SELECT nullif(substr(c.setting, 6), 'none')
             FROM pg_db_role_setting s
             LEFT JOIN pg_database d ON d.oid = s.setdatabase
             CROSS JOIN LATERAL unnest(s.setconfig) AS c (setting)
             WHERE s.setrole = u.oid AND c.setting LIKE 'role=%'
               AND (s.setdatabase = 0 OR d.datname = current_database())
             ORDER BY s.setdatabase DESC LIMIT 1),
            u.rolname)::name AS name
        FROM pg_roles u WHERE u.rolname = $1
    ), schemas AS (
        SELECT oid, nspname, nspowner FROM pg_namespace
        WHERE nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema'
    ), relations AS (
        SELECT c.oid, c.relkind, c.relowner, s.nspname || '.' || c.relname AS name
        FROM pg_class c JOIN schemas s ON s.oid = c.relnamespace
    ), lacking AS (
        SELECT 1 AS rank, s.nspname::text AS object, p.privilege
        FROM present, schemas s, (VALUES ('USAGE'), ('CREATE')) AS p (privilege)
        WHERE has_schema_privilege(present.name, s.oid, p.privilege)
          AND NOT has_schema_privilege(current_user, s.oid, p.privilege)
        UNION ALL
        SELECT 2, r.name, p.privilege
        FROM present, relations r,
             (VALUES ('SELECT'), ('INSERT'), ('UPDATE'), ('DELETE')) AS p (privilege)
        WHERE r.relkind IN ('r', 'p', 'v', 'm', 'f')
          AND has_table_privilege(present.name, r.oid, p.privilege)
          AND NOT has_table_privilege(current_user, r.oid, p.privilege)
        UNION ALL
        SELECT 3, r.name, 'USAGE'
        FROM present, relations r
        WHERE r.relkind = 'S'
          AND has_sequence_privilege(present.name, r.oid, 'USAGE')
          AND NOT has_sequence_privilege(current_user, r.oid, 'USAGE')
        UNION ALL
        SELECT 4, o.name, 'OWNERSHIP'
        FROM present,
             (SELECT name, relowner AS owner FROM relations
              WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
              UNION ALL SELECT nspname::text, nspowner FROM schemas) AS o
        WHERE pg_has_role(present.name, o.owner, 'USAGE')
          AND NOT pg_has_role(current_user, o.owner, 'USAGE')
    )
    SELECT object, privilege, count(*) OVER () AS found
    FROM lacking ORDER BY rank, object, privilege LIMIT 1";

/// Settings that the present user has for itself, and the new one has not alike.
const SETTINGS: &str = "
    WITH settings AS (
        SELECT u.rolname, s.setdatabase, c.setting
        FROM pg_db_role_setting s
        JOIN pg_roles u ON u.oid = s.setrole
        LEFT JOIN pg_database d ON d.oid = s.setdatabase
        CROSS JOIN LATERAL unnest(s.setconfig) AS c (setting)
        WHERE c.setting NOT LIKE 'role=%'
          AND (s.setdatabase = 0 OR d.datname = current_database())
    )
    SELECT split_part(setting, '=', 1) AS name FROM (
        SELECT setdatabase, setting FROM settings WHERE rolname = $1
        EXCEPT
        SELECT setdatabase, setting FROM settings WHERE rolname = session_user
    ) AS only_present ORDER BY 1 LIMIT 1";

/// Uses a new credential.
///
/// # Errors
/// When it does not connect, does not act as the common role, or may not do what the present user may.
pub async fn test(url: &Url, tls: &Tls, proof: &Proof<'_>) -> Result<(), Error> {
    let session = Session::user(url, tls, proof.limit).await?;
    let action = Action::Test(url.user().to_owned());
    let proven = session.within(action, session.stands(url, proof)).await;
    session.close().await;
    proven
}

/// Connects, and looks whether the server has logged in who it should.
///
/// # Errors
/// When it does not connect, or as somebody else.
pub async fn connect(url: &Url, tls: &Tls, limit: Duration) -> Result<(), Error> {
    let session = Session::user(url, tls, limit).await?;
    let action = Action::Test(url.user().to_owned());
    let connected = session.within(action, session.is_who_it_says(url)).await;
    session.close().await;
    connected
}

impl Session {
    async fn is_who_it_says(&self, url: &Url) -> Result<(), Cause> {
        let asked = "SELECT session_user::text AS session";
        let row = self.client().query_typed_one(asked, &[]).await;
        let row = row.map_err(|error| Cause::of(&error))?;
        if read::<String>(&row, "session")? != url.user() {
            return Err(Cause::SomebodyElse);
        }
        Ok(())
    }

    async fn stands(&self, url: &Url, proof: &Proof<'_>) -> Result<(), Cause> {
        let schema = url.schema();
        let row = self
            .client()
            .query_typed_one(WHO, &[(&schema, Type::TEXT)])
            .await
            .map_err(|error| Cause::of(&error))?;
        if read::<String>(&row, "session")? != url.user() {
            return Err(Cause::SomebodyElse);
        }
        if read::<String>(&row, "acting")? != proof.role {
            return Err(Cause::NotInRole(proof.role.to_owned()));
        }
        let there: bool = read(&row, "there")?;
        if let Some(schema) = schema.filter(|_| !there) {
            return Err(Cause::NoSchema(schema));
        }
        self.may_do_as_much(proof).await?;
        self.has_its_settings(proof).await
    }

    async fn may_do_as_much(&self, proof: &Proof<'_>) -> Result<(), Cause> {
        let row = self
            .client()
            .query_typed_opt(LACKS, &[(&proof.present, Type::TEXT)])
            .await
            .map_err(|error| Cause::of(&error))?;
        let Some(row) = row else {
            return Ok(());
        };
        let found: i64 = read(&row, "found")?;
        Err(Cause::Lacks {
            privilege: read(&row, "privilege")?,
            object: read(&row, "object")?,
            more: u64::try_from(found).unwrap_or(1).saturating_sub(1),
        })
    }

    async fn has_its_settings(&self, proof: &Proof<'_>) -> Result<(), Cause> {
        let row = self
            .client()
            .query_typed_opt(SETTINGS, &[(&proof.present, Type::TEXT)])
            .await
            .map_err(|error| Cause::of(&error))?;
        match row {
            Some(row) => Err(Cause::Setting(read(&row, "name")?)),
            None => Ok(()),
        }
    }
}
