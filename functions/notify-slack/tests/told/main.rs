//! Every alert reaches Slack, once: whatever Slack answers, however often it is brought, wherever
//! the function dies.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests are tests as well"
)]

mod never_lost;
mod once;
mod permissions;
mod picture;
mod sleepers;
mod stage;
