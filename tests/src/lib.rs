//! The local AWS that the functions are deployed to, and what is played on it.
//!
//! `local` is the whole of it: `MiniStack` and moto as processes, behind a gateway that is the one
//! endpoint for everybody, mends what the two lack and remembers who called what.

pub mod alarms;
pub mod aws;
pub mod cloud;
pub mod dead_letters;
pub mod estates;
pub mod function;
pub mod gateway;
pub mod hits;
pub mod local;
pub mod play;
pub mod process;
pub mod rollouts;
pub mod rotation;
pub mod secrets;
pub mod stage;
pub mod week;
pub mod weekend;
