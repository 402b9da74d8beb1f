//! How MongoDB Atlas is reached: its Admin API and its clusters over the network, or in a simulation
//! something of its own.

use std::{fmt::Debug, time::Duration};

use nightshift::aws;

use super::{Answer, Refusal};
use crate::{
    engine::{
        atlas::{self, Api, Cause, Host, Project, Proof},
        postgres::Sessions,
    },
    users::Inactive,
    value::{Value, url::Url},
};

/// How long Atlas may take until a cluster has a new credential: an invocation has two minutes.
const LIMIT: Duration = Duration::from_secs(75);

/// A way to MongoDB Atlas.
pub trait Atlas: Debug + Send + Sync {
    /// Gives the inactive user a password, and the roles and clusters of the present one.
    fn set<'a>(
        &'a self,
        project: Project<'a>,
        inactive: &'a Inactive,
        password: &'a Value,
    ) -> Answer<'a>;

    /// Uses a credential: it connects, and may do what the present one may, where that is known.
    fn test<'a>(&'a self, url: &'a Url, present: Option<&'a Url>) -> Answer<'a>;

    /// Takes the inactive user out of use.
    fn disable<'a>(
        &'a self,
        project: Project<'a>,
        inactive: &'a Inactive,
        sessions: Sessions,
    ) -> Answer<'a>;
}

/// Atlas over the internet.
#[derive(Debug)]
pub struct Internet {
    api: Api,
    limit: Duration,
}

impl Internet {
    /// Atlas at its own host, or at a loopback address.
    #[must_use]
    pub fn to(host: Host) -> Self {
        Self {
            api: Api::new(aws::connector(), host),
            limit: LIMIT,
        }
    }

    /// The same, but clusters are waited for no longer than this.
    #[must_use]
    pub const fn within(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }
}

impl Atlas for Internet {
    fn set<'a>(
        &'a self,
        project: Project<'a>,
        inactive: &'a Inactive,
        password: &'a Value,
    ) -> Answer<'a> {
        Box::pin(async move { Ok(self.api.set(project, inactive, password).await?) })
    }

    fn test<'a>(&'a self, url: &'a Url, present: Option<&'a Url>) -> Answer<'a> {
        Box::pin(async move {
            let proof = Proof {
                present,
                limit: self.limit,
            };
            Ok(atlas::test(url, &proof).await?)
        })
    }

    fn disable<'a>(
        &'a self,
        project: Project<'a>,
        inactive: &'a Inactive,
        sessions: Sessions,
    ) -> Answer<'a> {
        Box::pin(async move { Ok(self.api.disable(project, inactive, sessions).await?) })
    }
}

impl From<atlas::Error> for Refusal {
    fn from(error: atlas::Error) -> Self {
        Self {
            code: code(&error.cause),
            message: error.to_string(),
        }
    }
}

/// Atlas's or the server's own code where there is one, else a word.
#[must_use]
pub(crate) fn code(cause: &Cause) -> String {
    let word = match cause {
        Cause::AccessList(code)
        | Cause::Role(code)
        | Cause::NoProject(code)
        | Cause::RateLimited(code)
        | Cause::Refused { code, .. } => code,
        Cause::Fault(status) => return status.to_string(),
        Cause::Command(code) => return code.to_string(),
        Cause::ApiUnreached => "api-unreached",
        Cause::ApiLate(_) => "timeout",
        Cause::Credentials => "credentials",
        Cause::WrongKey => "401",
        Cause::Challenge => "challenge",
        Cause::NoUser(_) => "USERNAME_NOT_FOUND",
        Cause::Odd | Cause::OddCluster => "answer",
        Cause::NoPassword(_) => "no-password",
        Cause::Temporary(_) => "temporary",
        Cause::Randomness => "random",
        Cause::NotMongo => "not-mongodb",
        Cause::NoDns => "dns",
        Cause::Unreached => "unreached",
        Cause::NotTaken => "18",
        Cause::SomebodyElse | Cause::Lacks { .. } => "test",
    };
    word.to_owned()
}
