//! explain-rollback as built: a release that fails, told in Slack, and what people send by hand.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests are tests as well"
)]

mod by_hand;
mod release;
