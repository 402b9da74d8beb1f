//! Two database users of a MongoDB Atlas project take turns. Only the inactive one is ever changed, it
//! gets the roles and the clusters of the present one, and nobody depends on its new password before
//! every server that can be reached has taken it.
//!
//! <https://www.mongodb.com/docs/api/doc/atlas-admin-api-v2/group/endpoint-database-users>

mod access;
mod api;
mod digest;
mod error;
mod manage;
mod prove;
mod user;

pub use access::Access;
pub use api::{Api, Host, Project};
pub use error::{Action, Cause, Error};
pub use prove::{Proof, test};
