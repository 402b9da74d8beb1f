//! How databases are reached: over the network, or in a simulation by a network of its own. What is
//! refused is told in words and by a code, neither of which holds a credential.

pub mod atlas;

use std::{fmt::Debug, pin::Pin, sync::OnceLock, time::Duration};

use crate::{
    engine::postgres::{self, Action, Cause, Proof, RootsError, Session, Sessions, Tls},
    users::Inactive,
    value::{scram::Verifier, url::Url},
};

/// How long each thing that is done with a database may take.
pub const LIMIT: Duration = Duration::from_secs(15);

/// What a database answers.
pub type Answer<'a> = Pin<Box<dyn Future<Output = Result<(), Refusal>> + 'a>>;

/// A way to PostgreSQL.
pub trait Dial: Debug + Send + Sync {
    /// Makes the inactive user ready for its turn, and gives it a password by its verifier.
    fn set<'a>(
        &'a self,
        admin: &'a Url,
        inactive: &'a Inactive,
        role: &'a str,
        verifier: &'a Verifier,
    ) -> Answer<'a>;

    /// Uses a credential: it connects, acts as the role, and may do what the present user may.
    fn test<'a>(&'a self, url: &'a Url, present: &'a str, role: &'a str) -> Answer<'a>;

    /// Connects, and looks whether that is who it should be.
    fn connect<'a>(&'a self, url: &'a Url) -> Answer<'a>;

    /// Takes the inactive user out of use.
    fn disable<'a>(
        &'a self,
        admin: &'a Url,
        inactive: &'a Inactive,
        sessions: Sessions,
    ) -> Answer<'a>;
}

/// What a database, or the way there, refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// Its own code for the reason: an SQLSTATE, a code of Atlas's, or a word.
    pub code: String,
    /// What failed, on which host, and what to do.
    pub message: String,
}

/// PostgreSQL over TCP, with TLS that Amazon RDS's roots vouch for unless others are given.
#[derive(Default)]
pub struct Network {
    tls: OnceLock<Result<Tls, RootsError>>,
}

impl Debug for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Network")
    }
}

impl Network {
    /// A network in which other roots are believed.
    #[must_use]
    pub fn trusting(tls: Tls) -> Self {
        Self {
            tls: OnceLock::from(Ok(tls)),
        }
    }

    fn tls(&self) -> Result<&Tls, Refusal> {
        let made = self.tls.get_or_init(Tls::rds);
        made.as_ref().map_err(|error| Refusal {
            code: "roots".to_owned(),
            message: error.to_string(),
        })
    }
}

impl Dial for Network {
    fn set<'a>(
        &'a self,
        admin: &'a Url,
        inactive: &'a Inactive,
        role: &'a str,
        verifier: &'a Verifier,
    ) -> Answer<'a> {
        Box::pin(async move {
            let session = Session::admin(admin, self.tls()?, LIMIT).await?;
            let done = match session.prepare(inactive, role).await {
                Ok(()) => session.set(inactive, verifier).await,
                failed => failed,
            };
            session.close().await;
            Ok(done?)
        })
    }

    fn test<'a>(&'a self, url: &'a Url, present: &'a str, role: &'a str) -> Answer<'a> {
        Box::pin(async move {
            let proof = Proof {
                present,
                role,
                limit: LIMIT,
            };
            Ok(postgres::test(url, self.tls()?, &proof).await?)
        })
    }

    fn connect<'a>(&'a self, url: &'a Url) -> Answer<'a> {
        Box::pin(async move { Ok(postgres::connect(url, self.tls()?, LIMIT).await?) })
    }

    fn disable<'a>(
        &'a self,
        admin: &'a Url,
        inactive: &'a Inactive,
        sessions: Sessions,
    ) -> Answer<'a> {
        Box::pin(async move {
            let session = Session::admin(admin, self.tls()?, LIMIT).await?;
            let done = session.disable(inactive, sessions).await;
            session.close().await;
            done?;
            Ok(())
        })
    }
}

impl From<postgres::Error> for Refusal {
    fn from(error: postgres::Error) -> Self {
        Self {
            code: code(&error.action, &error.cause),
            message: error.to_string(),
        }
    }
}

/// The SQLSTATE where the server gave one, else a word.
fn code(action: &Action, cause: &Cause) -> String {
    let word = match cause {
        Cause::Unreached(_) => "unreached",
        Cause::TimedOut(_) | Cause::Late => "timeout",
        Cause::Lost | Cause::Ended => "connection-lost",
        Cause::NoTls | Cause::Handshake | Cause::Certificate(_) => "tls",
        Cause::NotPostgres => "not-postgres",
        Cause::WrongPassword => "28P01",
        Cause::NotLetIn => "28000",
        Cause::Login => "login",
        Cause::MayNotManage { .. }
        | Cause::PasswordsRestricted { .. }
        | Cause::MayNotEnd { .. }
        | Cause::Privilege => "42501",
        Cause::NotAccepting => "57P03",
        Cause::Full => "53300",
        Cause::NoDatabase => "3D000",
        Cause::ReadOnly => "25006",
        Cause::NoRole(_) => "no-role",
        Cause::NoUser(_) => "no-user",
        Cause::Other(state) => state,
        _ => match action {
            Action::Test(_) => "test",
            _ => "refused",
        },
    };
    word.to_owned()
}
