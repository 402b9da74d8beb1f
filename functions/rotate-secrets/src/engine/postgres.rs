//! Two PostgreSQL users take turns and own everything through one common role. Only the inactive one is
//! ever touched, the server is given a verifier instead of a password, and nothing is ever dropped.

mod connect;
mod error;
mod manage;
mod prove;
mod sql;
mod tls;

pub use connect::Session;
pub use error::{Action, Cause, Distrust, Error};
pub use manage::Sessions;
pub use prove::{Proof, connect, test};
pub use tls::{RootsError, Tls};
