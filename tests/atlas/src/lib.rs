//! A MongoDB Atlas on loopback: the part of its Admin API that is about database users, by tokens of
//! service accounts and by digest, and a cluster that logs those users in over MongoDB's own protocol.
//! It refuses what Atlas refuses, goes wrong on command, and remembers what it was asked.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> anyhow::Result<()> {
//! use nightshift_atlas::{Atlas, Trouble, When};
//!
//! let atlas = Atlas::start().await?;
//! atlas.add("shop_a", "secret-of-a", &[("readWrite", "shop")]);
//! // For the function: atlas.url(), atlas.service_account(), atlas.project(), and in the secret:
//! let url = atlas.cluster_url("shop_a", "secret-of-a");
//! atlas.will(Trouble::Lost(When::After).on("PATCH"));
//! // … what is tested runs here …
//! assert_eq!(atlas.requests().len(), 0);
//! # Ok(()) }
//! ```
//!
//! As there, a change is answered before the cluster has it: [`Atlas::applies_after`] says how long
//! before, [`Atlas::lags`] of one server only. A user that was deleted is logged out where it is
//! connected; one whose password changed is not.
//!
//! By hand: `cargo run -p nightshift-atlas`.
//!
//! <https://www.mongodb.com/docs/api/doc/atlas-admin-api-v2/group/endpoint-database-users>,
//! <https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/>

mod api;
mod atlas;
mod mongo;
mod state;
mod trouble;

pub use atlas::{Atlas, Options};
pub use state::Request;
pub use trouble::{Plan, Trouble, When};
