//! What the five functions stand on. The pure modules (configuration, calendar, kinds, ledger,
//! report) compile without any AWS client; each client hides behind a feature of its own, so that
//! a function links only those that it calls.

#[cfg(feature = "aws")]
pub mod aws;
pub mod calendar;
#[cfg(feature = "aws")]
pub mod clock;
pub mod config;
pub mod documents;
pub mod holidays;
pub mod keep;
pub mod kind;
#[cfg(feature = "lambda")]
pub mod lambda;
pub mod ledger;
pub mod log;
pub mod money;
pub mod report;
#[cfg(feature = "aws")]
pub mod timestamp;
