//! A deployment that fails is explained, once, whatever is late, lost, doubled, refused or dead: the
//! whole function on the simulated cloud, with the role and the rules of the template.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests are tests as well"
)]

mod account;
mod around;
mod bluegreen;
mod by_hand;
mod causes;
mod idle;
mod killed;
mod line;
mod log;
mod orders;
mod permissions;
mod refused;
mod secrets_stay;
mod shop;
mod stage;
mod stalled;
