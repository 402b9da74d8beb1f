//! What PostgreSQL refuses is told by its SQLSTATE, in our words. The server's own words are never
//! shown: they may quote a statement.
//!
//! <https://www.postgresql.org/docs/current/errcodes-appendix.html>

mod map;

use std::fmt;
use std::io;
use std::time::Duration;

use thiserror::Error;

/// What could not be done, on which host, and why. It holds no URL, no password and no verifier.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{action} on {host}: {cause}")]
pub struct Error {
    /// What was being done.
    pub action: Action,
    /// The host that it was done on.
    pub host: String,
    /// Why it could not be done.
    pub cause: Cause,
}

/// What the engine does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Connecting as a user.
    Connect(String),
    /// Making a user ready for its turn.
    Prepare(String),
    /// Giving a user its new password.
    Set(String),
    /// Taking a user's password and its right to connect.
    Disable(String),
    /// Using the new credential.
    Test(String),
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect(user) => write!(f, "cannot connect as {user}"),
            Self::Prepare(user) => write!(f, "cannot prepare {user}"),
            Self::Set(user) => write!(f, "cannot set the password of {user}"),
            Self::Disable(user) => write!(f, "cannot disable {user}"),
            Self::Test(user) => write!(f, "{user} does not stand the test"),
        }
    }
}

/// Why a certificate is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distrust {
    /// No root that is known vouches for it.
    Issuer,
    /// It is another host's.
    Name,
    /// Its time has passed, or has not come.
    Time,
    /// Anything else.
    Other,
}

impl fmt::Display for Distrust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Issuer => "no known root vouches for it; give the root of this server",
            Self::Name => "it is another host's; use the name that the certificate is for",
            Self::Time => "it is not valid now; renew it",
            Self::Other => "it cannot be verified",
        })
    }
}

/// Why something could not be done, with what to do.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Cause {
    /// No connection came about.
    #[error(
        "not reached ({0}); look at the name, the route and the security groups between the function and the database"
    )]
    Unreached(io::ErrorKind),
    /// It took too long.
    #[error("no answer within {} s; look at the route and the security groups, and at what holds locks", .0.as_secs_f32())]
    TimedOut(Duration),
    /// 57014.
    #[error("it was not done in time, and so not at all (57014); it is tried again")]
    Late,
    /// The connection ended in the middle.
    #[error("the connection ended early; it is tried again")]
    Lost,
    /// The server offers no TLS.
    #[error("the server offers no TLS; turn `ssl` on")]
    NoTls,
    /// The server's certificate is not believed.
    #[error("the server's certificate is not believed: {0}")]
    Certificate(Distrust),
    /// The handshake failed otherwise.
    #[error("the TLS handshake failed")]
    Handshake,
    /// It is no PostgreSQL URL.
    #[error("the URL is not one of PostgreSQL")]
    NotPostgres,
    /// 28P01.
    #[error("user or password is wrong, or the user's VALID UNTIL has passed (28P01)")]
    WrongPassword,
    /// 28000.
    #[error(
        "the server does not let this user in from here (28000); look at LOGIN, at pg_hba.conf and at rds.force_ssl"
    )]
    NotLetIn,
    /// The server asks for a way to log in that the client does not have.
    #[error(
        "the server asks for a way to log in that is not SCRAM, or it could not prove that it knows the password"
    )]
    Login,
    /// 42501 for managing a user.
    #[error(
        "{admin} may not do that (42501); it needs CREATEROLE, and from PostgreSQL 16 on also ADMIN OPTION on {user} and on {role}"
    )]
    MayNotManage {
        /// Who manages.
        admin: String,
        /// Who is managed.
        user: String,
        /// The common role, or the user again where no role is concerned.
        role: String,
    },
    /// 42501 while `rds.restrict_password_commands` is on.
    #[error(
        "{admin} may not set passwords (42501); rds.restrict_password_commands is on: GRANT rds_password TO {admin}"
    )]
    PasswordsRestricted {
        /// Who manages.
        admin: String,
    },
    /// 42501 for ending sessions.
    #[error(
        "{admin} may not end the sessions of {user} (42501); GRANT pg_signal_backend TO {admin}"
    )]
    MayNotEnd {
        /// Who manages.
        admin: String,
        /// Whose sessions they are.
        user: String,
    },
    /// 42501 elsewhere.
    #[error("a privilege is missing (42501)")]
    Privilege,
    /// 57P03.
    #[error(
        "the server does not accept connections now (57P03): it starts or stops; it is tried again"
    )]
    NotAccepting,
    /// 57P01, 57P02, 57P05.
    #[error("the server ended the connection (57P01): it stops or starts anew; it is tried again")]
    Ended,
    /// 53300.
    #[error(
        "the server has no connection left (53300); raise max_connections, or have the services' pools hold fewer"
    )]
    Full,
    /// 3D000.
    #[error("there is no such database (3D000); look at the URL")]
    NoDatabase,
    /// 25006, or a standby.
    #[error("the server is read-only (25006); the admin's URL has to name the writer")]
    ReadOnly,
    /// The common role is not there.
    #[error(
        "the common role {0} does not exist; create it, make it own what the present user owns, and grant it to both users"
    )]
    NoRole(String),
    /// The user is not there.
    #[error("the user {0} does not exist; it is created when it is prepared")]
    NoUser(String),
    /// A name that PostgreSQL would cut off or refuse.
    #[error("a user or a role has a name that is empty, longer than 63 bytes or has a NUL")]
    Name,
    /// The user manages itself, or is its own role.
    #[error("{0} cannot be the admin or the common role as well; use another user")]
    Itself(String),
    /// `password_encryption` is `md5`.
    #[error(
        "the server keeps passwords as MD5; set password_encryption = scram-sha-256 once all clients know SCRAM: they would not get in with the new password"
    )]
    Md5,
    /// Somebody else was logged in, as some poolers do.
    #[error("the server has logged somebody else in; the URL must lead to PostgreSQL itself")]
    SomebodyElse,
    /// The role is not taken on at connect.
    #[error(
        "the user does not act as {0} after it has connected; a setting of the role in this database may win over that of the user"
    )]
    NotInRole(String),
    /// The schema of the URL is not there, or not for this user.
    #[error(
        "there is no schema {0} that the user may use, and the URL names it; look at the URL, or GRANT USAGE ON it to the common role"
    )]
    NoSchema(String),
    /// The present user may do what the new one may not.
    #[error("the present user has {privilege} on {object}{}, and the new one has not; GRANT it to the common role, or REASSIGN OWNED BY the present user TO it", and_more(*.more))]
    Lacks {
        /// `SELECT`, `USAGE`, `OWNERSHIP` and so on.
        privilege: String,
        /// The table, the sequence or the schema.
        object: String,
        /// How many more there are.
        more: u64,
    },
    /// The present user has a setting of its own that the new one has not.
    #[error(
        "the present user has a setting of its own for {0}, and the new one has not the same; ALTER ROLE … SET it for both"
    )]
    Setting(String),
    /// Any other SQLSTATE.
    #[error("the server refused with SQLSTATE {0}")]
    Other(String),
    /// The server said what it should not.
    #[error("the server's answer is not understood")]
    Odd,
}

impl Cause {
    /// Whether the same may work a little later without anybody's doing.
    #[must_use]
    pub fn passes(&self) -> bool {
        matches!(
            self,
            Self::Unreached(_)
                | Self::TimedOut(_)
                | Self::Late
                | Self::Lost
                | Self::NotAccepting
                | Self::Ended
                | Self::Full
        )
    }

    pub(super) fn of(error: &tokio_postgres::Error) -> Self {
        map::cause(error)
    }
}

fn and_more(more: u64) -> String {
    if more == 0 {
        String::new()
    } else {
        format!(" and {more} more")
    }
}

#[cfg(test)]
mod tests;
