//! A production estate whose load follows the hour: days of it, and the calls on it through the clients
//! as functions have them.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests are tests as well"
)]

mod clients;
mod days;
mod estate;
#[path = "../line/mod.rs"]
mod line;
