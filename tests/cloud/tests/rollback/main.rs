//! What is asked about a release that failed, through the clients as a function has them: both must read
//! what the other writes.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests are tests as well"
)]

mod bluegreen;
mod estate;
mod evidence;
#[path = "../line/mod.rs"]
mod line;
mod releases;
mod secrets;
