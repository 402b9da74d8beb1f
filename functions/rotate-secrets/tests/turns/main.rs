//! A secret is replaced, once, whatever is late, doubled, refused or dead: the whole function on the
//! simulated cloud, through the clients' own bytes.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests are tests as well"
)]

mod account;
mod atlas;
mod atlas_dead;
mod code_deploy;
mod database;
mod engine;
mod failing;
mod foreign;
mod json;
mod killed;
#[path = "../../../explain-rollback/tests/explained/line.rs"]
mod line;
#[path = "../../../explain-rollback/tests/explained/log.rs"]
mod log;
mod master;
mod orders;
mod permissions;
mod reach;
mod secrecy;
#[path = "../rotated/stage.rs"]
#[allow(
    dead_code,
    reason = "the other tests of the same server need more of it"
)]
mod server;
mod stage;
mod whole;
