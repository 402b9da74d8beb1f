//! Rotation on an Atlas that follows its published API, with MongoDB's own driver to use what was set.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests as well")]

mod refusing;
mod secrecy;
mod slow;
mod stage;
mod steps;
