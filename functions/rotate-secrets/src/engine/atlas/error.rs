//! What Atlas or a cluster refuses is told by its own code, in our words. Their words are never shown:
//! they may quote a request or a URL.
//!
//! <https://www.mongodb.com/docs/atlas/reference/api-errors/>,
//! <https://github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml>

use std::fmt;
use std::time::Duration;

use thiserror::Error;

/// What could not be done, where, and why. It holds no URL, no password and no key.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{action} {place}: {cause}")]
pub struct Error {
    /// What was being done.
    pub action: Action,
    /// The project, or the cluster's host.
    pub place: Place,
    /// Why it could not be done.
    pub cause: Cause,
}

/// Where something was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a project, by the Admin API.
    Project(String),
    /// On a cluster, by its host.
    Cluster(String),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Project(id) => write!(f, "in Atlas project {id}"),
            Self::Cluster(host) => write!(f, "on {host}"),
        }
    }
}

/// What the engine does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Looking a user up.
    Look(String),
    /// Giving a user its new password.
    Set(String),
    /// Taking a user out of use.
    Disable(String),
    /// Using the new credential.
    Test(String),
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Look(user) => write!(f, "cannot look {user} up"),
            Self::Set(user) => write!(f, "cannot set the password of {user}"),
            Self::Disable(user) => write!(f, "cannot disable {user}"),
            Self::Test(user) => write!(f, "{user} does not stand the test"),
        }
    }
}

/// Why something could not be done, with what to do.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Cause {
    /// No connection to the Admin API came about, or it broke off.
    #[error(
        "the Admin API was not reached; look at the function's way to the internet; it is tried again"
    )]
    ApiUnreached,
    /// The Admin API took too long.
    #[error("no answer of the Admin API within {} s; it is tried again", .0.as_secs_f32())]
    ApiLate(Duration),
    /// The secret that `api` names holds no credentials.
    #[error(
        "the secret that `api` names is no JSON object with client_id and client_secret, or with public_key and private_key"
    )]
    Credentials,
    /// 401 without a code, or what the token's endpoint refuses.
    #[error(
        "Atlas does not know the service account or the API key (401); renew what the secret that `api` names holds: secrets of service accounts expire"
    )]
    WrongKey,
    /// The Admin API asks for a way to log in that is not known here.
    #[error("the Admin API asks for a way to log in that is neither a token nor an MD5 digest")]
    Challenge,
    /// 403 because of the caller's address.
    #[error(
        "the Admin API does not take calls from this address ({0}); put the function's fixed address on the API access list of the service account or the API key"
    )]
    AccessList(String),
    /// 401 or 403 because of a role.
    #[error(
        "the service account or the API key may not do it ({0}); give it the role Project Database Access Admin in this project"
    )]
    Role(String),
    /// 404 of the project.
    #[error("there is no such project, or not for this key ({0}); look at `project`")]
    NoProject(String),
    /// 404 of a user.
    #[error("there is no database user {0} (USERNAME_NOT_FOUND); look at the URL and at `project`")]
    NoUser(String),
    /// 429.
    #[error("too many calls ({0}); it is tried again")]
    RateLimited(String),
    /// 5xx.
    #[error("Atlas has a fault of its own ({0}); it is tried again")]
    Fault(u16),
    /// Any other code.
    #[error("Atlas refused it with {status} {code}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// Atlas's own code.
        code: String,
    },
    /// The answer is not that of the Admin API.
    #[error("the Admin API's answer is not understood")]
    Odd,
    /// The user logs in by a certificate, LDAP, OIDC or AWS IAM.
    #[error("the database user {0} does not log in with a password; name another one in `users`")]
    NoPassword(String),
    /// Atlas would delete the user in the middle of its turn.
    #[error("the database user {0} is temporary; take away the date at which Atlas deletes it")]
    Temporary(String),
    /// The operating system gave no randomness.
    #[error("the operating system gave no randomness")]
    Randomness,
    /// It is no MongoDB URL, or its options do not fit together.
    #[error("the URL is not one that MongoDB's driver takes; look at its scheme and its options")]
    NotMongo,
    /// The name behind `mongodb+srv` leads nowhere.
    #[error(
        "the name in the URL has no SRV record that can be read; look at the URL and at the DNS"
    )]
    NoDns,
    /// No server of the cluster was reached.
    #[error(
        "no server of the cluster was reached; look at the project's IP access list, or the peering, and at the route from the function; it is tried again"
    )]
    Unreached,
    /// The cluster does not take the credential.
    #[error(
        "the cluster does not take user and password yet (18); Atlas may still be applying the change; it is tried again"
    )]
    NotTaken,
    /// Somebody else was logged in.
    #[error("the cluster has logged somebody else in; look at authSource in the URL")]
    SomebodyElse,
    /// The present user may do what the new one may not.
    #[error("the present user may {action} on {resource}{}, and the new one may not; look at the roles and the scopes of both", and_more(*.more))]
    Lacks {
        /// `find`, `insert` and so on.
        action: String,
        /// The database and the collection, or `cluster`.
        resource: String,
        /// How many more there are.
        more: usize,
    },
    /// Any other code of the server.
    #[error("the cluster refused with code {0}")]
    Command(i32),
    /// Anything else that the driver says.
    #[error("the cluster's answer is not understood")]
    OddCluster,
}

impl Cause {
    /// Whether the same may work a little later without anybody's doing.
    #[must_use]
    pub fn passes(&self) -> bool {
        matches!(
            self,
            Self::ApiUnreached
                | Self::ApiLate(_)
                | Self::RateLimited(_)
                | Self::Fault(_)
                | Self::Unreached
                | Self::NotTaken
        )
    }

    /// What an answer of the Admin API means. `user` is whom the call was about.
    pub(super) fn of_answer(status: u16, code: Option<&str>, user: &str) -> Self {
        let named = || code.map_or_else(|| status.to_string(), ToOwned::to_owned);
        match (status, code) {
            (429, _) => Self::RateLimited(named()),
            (500.., _) => Self::Fault(status),
            (_, Some("IP_ADDRESS_NOT_ON_ACCESS_LIST" | "ORG_REQUIRES_ACCESS_LIST")) => {
                Self::AccessList(named())
            }
            (404, Some("USERNAME_NOT_FOUND" | "USER_NOT_FOUND")) => Self::NoUser(user.to_owned()),
            (_, Some("GROUP_NOT_FOUND" | "INVALID_GROUP_ID")) | (404, None) => {
                Self::NoProject(named())
            }
            (401, None) => Self::WrongKey,
            (401 | 403, _) => Self::Role(named()),
            (400.., Some(code)) => Self::Refused {
                status,
                code: code.to_owned(),
            },
            _ => Self::Odd,
        }
    }
}

fn and_more(more: usize) -> String {
    if more == 0 {
        String::new()
    } else {
        format!(" and {more} more")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_depends_on_status_and_code() {
        let role = |code: &str| Cause::Role(code.to_owned());
        let refused = |status, code: &str| Cause::Refused {
            status,
            code: code.to_owned(),
        };
        for (status, code, wanted, passes) in [
            (401, "", Cause::WrongKey, false),
            (401, "USER_UNAUTHORIZED", role("USER_UNAUTHORIZED"), false),
            (403, "", role("403"), false),
            (
                403,
                "IP_ADDRESS_NOT_ON_ACCESS_LIST",
                Cause::AccessList("IP_ADDRESS_NOT_ON_ACCESS_LIST".to_owned()),
                false,
            ),
            (
                403,
                "ORG_REQUIRES_ACCESS_LIST",
                Cause::AccessList("ORG_REQUIRES_ACCESS_LIST".to_owned()),
                false,
            ),
            (
                404,
                "GROUP_NOT_FOUND",
                Cause::NoProject("GROUP_NOT_FOUND".to_owned()),
                false,
            ),
            (
                404,
                "USERNAME_NOT_FOUND",
                Cause::NoUser("shop_b".to_owned()),
                false,
            ),
            (404, "", Cause::NoProject("404".to_owned()), false),
            (
                400,
                "INVALID_ATTRIBUTE",
                refused(400, "INVALID_ATTRIBUTE"),
                false,
            ),
            (
                409,
                "USER_ALREADY_EXISTS",
                refused(409, "USER_ALREADY_EXISTS"),
                false,
            ),
            (
                429,
                "RATE_LIMITED_TOKEN_BUCKET",
                Cause::RateLimited("RATE_LIMITED_TOKEN_BUCKET".to_owned()),
                true,
            ),
            (429, "", Cause::RateLimited("429".to_owned()), true),
            (500, "UNEXPECTED_ERROR", Cause::Fault(500), true),
            (503, "", Cause::Fault(503), true),
            (302, "", Cause::Odd, false),
            (418, "", Cause::Odd, false),
        ] {
            let code = Some(code).filter(|code| !code.is_empty());
            let cause = Cause::of_answer(status, code, "shop_b");
            assert_eq!(cause, wanted, "{status} {code:?}");
            assert_eq!(cause.passes(), passes, "{status} {code:?}");
        }
    }

    #[test]
    fn a_person_reads_what_failed_where_and_what_to_do() {
        let error = Error {
            action: Action::Set("shop_b".to_owned()),
            place: Place::Project("0123456789abcdef01234567".to_owned()),
            cause: Cause::Role("USER_UNAUTHORIZED".to_owned()),
        };
        assert_eq!(
            error.to_string(),
            "cannot set the password of shop_b in Atlas project 0123456789abcdef01234567: the service \
             account or the API key may not do it (USER_UNAUTHORIZED); give it the role Project Database \
             Access Admin in this project"
        );
        let lacks = |more| Cause::Lacks {
            action: "insert".to_owned(),
            resource: "shop.orders".to_owned(),
            more,
        };
        assert!(
            lacks(0)
                .to_string()
                .contains("may insert on shop.orders, and")
        );
        assert!(lacks(2).to_string().contains("shop.orders and 2 more, and"));
    }
}
