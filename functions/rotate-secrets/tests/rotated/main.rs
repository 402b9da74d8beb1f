//! Rotation on a real PostgreSQL with SCRAM and TLS, which the tests start themselves.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests as well")]

mod app;
mod connecting;
mod late;
mod proxy;
mod secrecy;
mod stage;
mod steps;
mod turns;
