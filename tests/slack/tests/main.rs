//! The local Slack from outside, over HTTP: what it accepts and refuses, how it goes wrong on command,
//! and what its page shows.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests as well")]

mod api;
mod browser;
mod client;
mod files;
mod manifest;
mod page;
mod png;
mod rates;
mod reactions;
mod samples;
mod troubles;
mod webhook;
