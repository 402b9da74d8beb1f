//! The inactive user is made ready, given a password, and taken out of use. Each can be done again at
//! any time; what is as it should be is not touched.

use tokio::time::Instant;
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, Type};

use super::{Action, Cause, Error, Session, sql};
use crate::users::Inactive;
use crate::value::scram::Verifier;

/// What becomes of the connections of a user that is disabled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sessions {
    /// They go on until they end by themselves.
    Keep,
    /// They are ended: the password has leaked.
    End,
}

/// How a user and its role are now. A null stands for what is not there.
const FACTS: &str = "
    SELECT current_setting('password_encryption') AS encryption,
           r.oid IS NOT NULL AS role,
           u.rolcanlogin AS logs_in,
           pg_has_role(u.oid, r.oid,
               CASE WHEN current_setting('server_version_num')::int >= 160000
                    THEN 'SET' ELSE 'MEMBER' END) AS member,
           EXISTS (SELECT FROM pg_db_role_setting s
                   WHERE s.setrole = u.oid AND s.setdatabase = 0
                     AND 'role=' || $2 = ANY (s.setconfig)) AS takes_on
    FROM (VALUES (1)) AS one
    LEFT JOIN pg_roles u ON u.rolname = $1
    LEFT JOIN pg_roles r ON r.rolname = $2";

const END: &str = "
    SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) AS ended
    FROM pg_stat_activity WHERE usename = $1 AND pid <> pg_backend_pid()";

/// Anywhere but on RDS there is no such setting.
const RESTRICTED: &str = "
    SELECT coalesce(current_setting('rds.restrict_password_commands', true), 'off')
           IN ('on', '1', 'true') AS restricted";

struct Facts {
    encryption: String,
    role: bool,
    logs_in: Option<bool>,
    member: bool,
    takes_on: bool,
}

impl Session {
    /// Makes the inactive user ready for its turn: it exists and may log in, is a member of the common
    /// role, and takes it on when it connects, so that what it creates belongs to both.
    ///
    /// The role itself must be there: what it owns is for a person to decide.
    ///
    /// # Errors
    /// When the role is not there, the admin may not do it, or the server keeps passwords as MD5.
    pub async fn prepare(&self, inactive: &Inactive, role: &str) -> Result<(), Error> {
        let action = Action::Prepare(inactive.user().to_owned());
        self.within(action, self.make_ready(inactive, role)).await
    }

    async fn make_ready(&self, inactive: &Inactive, role: &str) -> Result<(), Cause> {
        let user = inactive.user();
        let (user_name, role_name) = (sql::name(user)?, sql::name(role)?);
        self.not_itself(user)?;
        for other in [self.name(), user] {
            if role == other {
                return Err(Cause::Itself(role.to_owned()));
            }
        }
        let facts = self.facts(user, role).await?;
        if !facts.encryption.starts_with("scram") {
            return Err(Cause::Md5);
        }
        if !facts.role {
            return Err(Cause::NoRole(role.to_owned()));
        }
        let mut missing = Vec::new();
        match facts.logs_in {
            None => missing.push(format!("CREATE ROLE {user_name} LOGIN")),
            Some(false) => missing.push(format!("ALTER ROLE {user_name} LOGIN")),
            Some(true) => {}
        }
        if !facts.member {
            missing.push(format!("GRANT {role_name} TO {user_name}"));
        }
        if !facts.takes_on {
            missing.push(format!("ALTER ROLE {user_name} SET role TO {role_name}"));
        }
        for statement in missing {
            self.run(&statement, user, role).await?;
        }
        Ok(())
    }

    /// Gives the inactive user a password, by its verifier: the password itself is not sent.
    ///
    /// # Errors
    /// When the user is not there, or the admin may not do it.
    pub async fn set(&self, inactive: &Inactive, verifier: &Verifier) -> Result<(), Error> {
        let user = inactive.user();
        let work = async {
            self.not_itself(user)?;
            let statement = sql::password(user, verifier)?;
            let done = self.run_in_time(&statement, user).await;
            if let Err(Cause::MayNotManage { admin, .. }) = &done
                && self.restricts_passwords().await
            {
                let admin = admin.clone();
                return Err(Cause::PasswordsRestricted { admin });
            }
            done
        };
        self.within(Action::Set(user.to_owned()), work).await
    }

    /// Takes the inactive user's password and its right to connect, and ends its connections where
    /// asked to. Says how many were ended. The next [`Session::prepare`] lets it in again.
    ///
    /// # Errors
    /// When the user is not there, or the admin may not do it.
    pub async fn disable(&self, inactive: &Inactive, sessions: Sessions) -> Result<u64, Error> {
        let user = inactive.user();
        let work = async {
            self.not_itself(user)?;
            let name = sql::name(user)?;
            let statement = format!("ALTER ROLE {name} NOLOGIN PASSWORD NULL");
            self.run_in_time(&statement, user).await?;
            match sessions {
                Sessions::Keep => Ok(0),
                Sessions::End => self.end_sessions(user).await,
            }
        };
        self.within(Action::Disable(user.to_owned()), work).await
    }

    async fn end_sessions(&self, user: &str) -> Result<u64, Cause> {
        let found = self
            .client()
            .query_typed_one(END, &[(&user, Type::TEXT)])
            .await;
        let row = found.map_err(|error| match Cause::of(&error) {
            Cause::Privilege => Cause::MayNotEnd {
                admin: self.name().to_owned(),
                user: user.to_owned(),
            },
            other => other,
        })?;
        let ended: i64 = read(&row, "ended")?;
        u64::try_from(ended).map_err(|_| Cause::Odd)
    }

    /// Nobody manages himself: the admin's own URL would no longer work.
    fn not_itself(&self, user: &str) -> Result<(), Cause> {
        if user == self.name() {
            return Err(Cause::Itself(user.to_owned()));
        }
        Ok(())
    }

    async fn facts(&self, user: &str, role: &str) -> Result<Facts, Cause> {
        let row = self
            .client()
            .query_typed_one(FACTS, &[(&user, Type::TEXT), (&role, Type::TEXT)])
            .await
            .map_err(|error| Cause::of(&error))?;
        Ok(Facts {
            encryption: read(&row, "encryption")?,
            role: read(&row, "role")?,
            logs_in: read(&row, "logs_in")?,
            member: read::<Option<bool>>(&row, "member")?.unwrap_or(false),
            takes_on: read(&row, "takes_on")?,
        })
    }

    async fn run(&self, statement: &str, user: &str, role: &str) -> Result<(), Cause> {
        let done = self.client().batch_execute(statement).await;
        done.map_err(|error| match Cause::of(&error) {
            Cause::Privilege => Cause::MayNotManage {
                admin: self.name().to_owned(),
                user: user.to_owned(),
                role: role.to_owned(),
            },
            Cause::Other(code) if code == "42704" => Cause::NoUser(user.to_owned()),
            other => other,
        })
    }

    /// Does what would lock everybody out if it were done in the next turn instead of this one: it is
    /// done before we give up waiting for it, or never.
    async fn run_in_time(&self, statement: &str, user: &str) -> Result<(), Cause> {
        let begun = Instant::now();
        let row = self.client().query_typed_one(sql::CLOCK, &[]).await;
        let row = row.map_err(|error| Cause::of(&error))?;
        // What the answer took on its way is taken off rather than added.
        let left = self.limit().saturating_sub(begun.elapsed());
        let until = read::<f64>(&row, "now")? + left.as_secs_f64();
        let statement = sql::in_time(statement, until);
        self.run(&statement, user, user).await
    }

    /// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Appendix.PostgreSQL.CommonDBATasks.RestrictPasswordMgmt.html>
    async fn restricts_passwords(&self) -> bool {
        let row = self.client().query_typed_one(RESTRICTED, &[]).await;
        row.is_ok_and(|row| read(&row, "restricted").unwrap_or(false))
    }
}

pub(super) fn read<'a, T: FromSql<'a>>(row: &'a Row, column: &str) -> Result<T, Cause> {
    row.try_get(column).map_err(|_| Cause::Odd)
}
