//! The proof: weeks and years in which nothing that must not happen happens, the same at every single
//! call at which a process can die, and known bugs that the same rules catch.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests are tests as well"
)]

mod bugs;
mod found;
mod killed;
mod large;
mod permissions;
mod rotate;
mod slim;
mod weeks;
